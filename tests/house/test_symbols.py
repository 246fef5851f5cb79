# SPDX-License-Identifier: MIT
"""What a linker sees of the library: the functions of its headers and no more, no state, no voice of its own."""

from __future__ import annotations

import re
import unittest

import house

# A library that is embedded does not print, exit, read the environment or depend on the locale or libc's time zone.
FORBIDDEN = set(
    "abort exit _exit fprintf fputs gmtime gmtime_r localeconv localtime localtime_r mktime perror printf puts"
    " putchar rand setlocale signal sigaction srand system vfprintf vprintf".split()
)


def declared() -> set[str]:
    """Functions that the public headers export."""
    names: set[str] = set()
    for header in (house.SOURCE / "include/dora").glob("*.h"):
        names |= set(re.findall(r"^DORA_API [^;()]*?\b(dora_\w+)\(", header.read_text(encoding="utf-8"), re.MULTILINE))
    return names


def nm(*arguments: str) -> list[list[str]]:
    """Symbol lines as words; those that name an archive's member left out."""
    lines = house.run(["nm", *arguments]).splitlines()
    return [words for words in map(str.split, lines) if words and not words[-1].endswith(":")]


class Symbols(unittest.TestCase):
    archive = str(house.BUILD / "lib/libdora.a")
    shared = str(house.BUILD / "lib/libdora.so")

    def test_shared_library_exports_its_headers(self) -> None:
        exported = {words[-1].split("@")[0] for words in nm("-D", "--defined-only", self.shared)}
        self.assertGreater(len(declared()), 20)
        self.assertEqual(exported, declared())

    def test_archive_keeps_to_its_name(self) -> None:
        strangers = {words[-1] for words in nm("-g", "--defined-only", self.archive) if len(words) == 3}
        self.assertEqual({name for name in strangers if not name.startswith("dora_")}, set())

    def test_nothing_is_called_that_an_embedded_library_must_not(self) -> None:
        called = {re.sub(r"^__(\w+)_chk$", r"\1", words[-1]) for words in nm("-u", self.archive)}
        self.assertIn("malloc", called)
        self.assertEqual(called & FORBIDDEN, set())

    def test_no_state(self) -> None:
        """No symbol lies in a section that can be written: constants with pointers are in .data.rel.ro."""
        state = []
        for line in house.run(["objdump", "-t", self.archive]).splitlines():
            found = re.match(r"^[0-9a-f]+ .{7} (\S+)\s+([0-9a-f]+)\s+(.+)$", line)
            if not found or found[1] == found[3] or int(found[2], 16) == 0:
                continue
            if re.match(r"(\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*)", found[1]):
                state.append(f"{found[3]} in {found[1]}")
        self.assertEqual(state, [])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT
"""What programs that were built with this version can rely on: symbols.txt and libdora.abi in tests/abi, both of which
`python3 tests/house/test_abi.py --write` makes anew from the library in $DORA_BUILD.

A function more means a line more in symbols.txt. Functions that are gone, and types that changed other than by growing
at their end, break programs: then the number of the shared library changes, too. The types are compared by libabigail,
where it is installed and the library has debugging information of 64-bit x86.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import house

FOLDER = house.SOURCE / "tests/abi"
SYMBOLS = FOLDER / "symbols.txt"
TYPES = FOLDER / "libdora.abi"
LIBRARY = house.BUILD / "lib/libdora.so"
HEADERS = house.SOURCE / "include/dora"


def exported() -> list[str]:
    lines = house.run(["nm", "-D", "--defined-only", str(LIBRARY)]).splitlines()
    return sorted(line.split()[-1].split("@")[0] for line in lines)


def why_not() -> str:
    """Why the types cannot be compared here, or nothing."""
    if not shutil.which("abidiff") or not shutil.which("abidw"):
        return "no libabigail (abigail-tools)"
    header = house.run(["readelf", "-h", "-S", "-W", str(LIBRARY)])
    if "X86-64" not in header or "ELF64" not in header:
        return "the saved types are those of 64-bit x86"
    return "" if ".debug_info" in header else "the library has no debugging information"


def write_types(path: Path) -> None:
    options = (
        "--exported-interfaces-only --no-comp-dir-path --no-corpus-path --no-show-locs --drop-private-types".split()
    )
    house.run(["abidw", *options, "--headers-dir", str(HEADERS), "--out-file", str(path), str(LIBRARY)])
    text = re.sub(r" path='[^']*/(lib/[^']*)'", r" path='\1'", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


# Lines of a report on structures that grew at their end and nothing else.
GROWTH = re.compile(
    r"(Leaf changes|Changed leaf types|Removed/Changed/Added (functions|variables)) summary: .*"
    r"|'struct dora_\w+' changed:|  type size changed from \d+ to \d+ \(in bits\)"
    r"|  \d+ data member insertions?:|    '.*', at offset \d+ \(in bits\)|"
)


def report_of(before: Path, now: Path) -> list[str]:
    """What programs built with `before` would miss in `now`."""
    command = ["abidiff", "--leaf-changes-only", "--no-show-locs", "--no-added-syms", str(before), str(now)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 4, 8, 12):  # bits: 4 changed, 8 not compatible
        raise AssertionError(f"exit {done.returncode}: {' '.join(command)}\n{done.stderr}")
    lines = done.stdout.splitlines()
    return [] if done.returncode <= 4 and all(GROWTH.fullmatch(line) for line in lines) else lines


class Abi(unittest.TestCase):
    def test_symbols(self) -> None:
        self.assertEqual(exported(), SYMBOLS.read_text(encoding="utf-8").split(), "see the first lines of test_abi.py")

    def test_types(self) -> None:
        if why_not():
            raise unittest.SkipTest(why_not())
        with tempfile.TemporaryDirectory() as folder:
            now = Path(folder) / TYPES.name
            write_types(now)
            self.assertEqual("\n".join(report_of(TYPES, now)), "", "see the first lines of test_abi.py")

    def test_changes_are_found(self) -> None:
        """A structure that grows may; a field that moves or changes its type, or a function that is gone, may not."""
        if why_not():
            raise unittest.SkipTest(why_not())
        text = TYPES.read_text(encoding="utf-8")
        found = re.search(
            r"<class-decl name='dora_writer_options' size-in-bits='(\d+)'.*?</class-decl>", text, re.DOTALL
        )
        assert found
        options = found[0]
        shorter = options[: options.rindex("<data-member")] + "</class-decl>"
        shorter = shorter.replace(f"size-in-bits='{found[1]}'", f"size-in-bits='{int(found[1]) - 64}'")
        moved = options.replace("layout-offset-in-bits='192'", "layout-offset-in-bits='224'")
        other = re.sub(r"(name='rows_most') type-id='.*?'", r"\1 type-id='type-id-8'", options)
        gone = text.replace("dora_engine_free", "dora_engine_gone")
        cases = [(text.replace(options, shorter), False), (gone, True)]
        cases += [(text.replace(options, one), True) for one in (moved, other)]
        with tempfile.TemporaryDirectory() as folder:
            for number, (before, bad) in enumerate(cases):
                path = Path(folder) / f"{number}.abi"
                path.write_text(before, encoding="utf-8")
                self.assertEqual(bool(report_of(path, TYPES)), bad, number)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        SYMBOLS.write_text("\n".join(exported()) + "\n", encoding="utf-8")
        if why_not():
            sys.exit(f"{TYPES.name} was not made: {why_not()}")
        write_types(TYPES)
    else:
        unittest.main()

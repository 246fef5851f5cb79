# SPDX-License-Identifier: MIT
"""The form of the sources: how files begin, how long they are, and what the formatters and linters say.

Tools are looked for in the folder DORA_TOOLS (set by ./dev test), then on PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import house

LINES_MAX = 700
CLANG_FORMAT = 14
MACHINE_PATH = re.compile(r"(?<![\w.}~*])/(?:work|home|root|Users|tmp)/")


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows; in an unpacked archive all that match."""
    listed = subprocess.run(
        ["git", "-C", str(house.SOURCE), "ls-files", "-z", "--", *patterns], capture_output=True, text=True
    )
    if listed.returncode == 0:
        found = [house.SOURCE / name for name in listed.stdout.split("\0") if name]
    else:
        found = [path for pattern in patterns for path in house.SOURCE.rglob(pattern)]
    return sorted(path for path in found if path.is_file())


class Style(unittest.TestCase):
    def tool(self, name: str) -> str:
        found = shutil.which(name, path=os.environ.get("DORA_TOOLS")) or shutil.which(name)
        if not found:
            self.skipTest(f"{name} is not installed")
        return found

    def each(self, *patterns: str) -> list[tuple[Path, str]]:
        files = [(path, path.read_text(encoding="utf-8")) for path in tracked(*patterns)]
        self.assertTrue(files)
        return files

    def test_files_open_with_licence_and_idea(self) -> None:
        for path, text in self.each("*.c", "*.h", "*.py", "*meson.build", "meson_options.txt", "dev", ".ci/run"):
            lines = [line for line in text.splitlines()[:4] if not line.startswith("#!")]
            with self.subTest(str(path.relative_to(house.SOURCE))):
                self.assertRegex(lines[0], r"^(/\* |# )SPDX-License-Identifier: MIT( \*/)?$")
                if path.suffix in (".c", ".h"):
                    self.assertRegex(lines[1], r"^/\*")
                elif path.suffix == ".py":
                    self.assertRegex(lines[1], r'^("""|#)')

    def test_files_have_one_job(self) -> None:
        for path, text in self.each("*.c", "*.h", "*.py"):
            with self.subTest(str(path.relative_to(house.SOURCE))):
                self.assertLessEqual(text.count("\n"), LINES_MAX)

    def test_no_path_of_one_machine(self) -> None:
        for path, text in self.each("*.c", "*.h", "*.py", "*.md", "*.toml", "*.txt", "*meson.build", "dev", ".ci/run"):
            with self.subTest(str(path.relative_to(house.SOURCE))):
                self.assertIsNone(MACHINE_PATH.search(text))

    def test_c_is_formatted(self) -> None:
        tool = self.tool("clang-format")
        if f"version {CLANG_FORMAT}." not in house.run([tool, "--version"]):
            self.skipTest(f"each clang-format has a form of its own; this tree has that of {CLANG_FORMAT}")
        house.run([tool, "--dry-run", "-Werror", *map(str, tracked("*.c", "*.h"))])

    def test_meson_is_formatted(self) -> None:
        meson = self.tool("meson")
        if not re.search(r"[{,]format[,}]", house.run([meson, "--help"])):
            self.skipTest("this meson has no formatter")
        for path in tracked("*meson.build", "meson_options.txt"):
            with self.subTest(str(path.relative_to(house.SOURCE))):
                house.run([meson, "format", "--check-only", "--editor-config", str(path)])

    def test_python_is_formatted(self) -> None:
        house.run([self.tool("ruff"), "format", "--no-cache", "--check", *map(str, tracked("*.py"))])

    def test_python_is_linted(self) -> None:
        house.run([self.tool("ruff"), "check", "--no-cache", *map(str, tracked("*.py"))])

    def test_python_is_typed(self) -> None:
        os.chdir(house.SOURCE)
        house.run([self.tool("mypy"), "--cache-dir", os.devnull, *map(str, tracked("*.py"))])

    def test_shell_is_checked(self) -> None:
        house.run([self.tool("shellcheck"), *map(str, tracked("dev", ".ci/run"))])


if __name__ == "__main__":
    unittest.main()

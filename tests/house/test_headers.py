# SPDX-License-Identifier: MIT
"""Each public header compiles alone, as the first and only include, in C and C++, without a warning."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import house

LANGUAGES = [
    (house.compilers("gcc", "clang"), ".c", "c11"),
    (house.compilers("gcc", "clang"), ".c", "c17"),
    (house.compilers("g++", "clang++"), ".cpp", "c++17"),
]
FOLDERS = [f"-I{house.SOURCE / 'include'}", f"-I{house.BUILD / 'include'}"]
ONLY_C = ["-Wstrict-prototypes", "-Wmissing-prototypes"]


class Headers(unittest.TestCase):
    def test_each_alone(self) -> None:
        headers = sorted(path.name for path in (house.SOURCE / "include/dora").glob("*.h"))
        self.assertIn("dora.h", headers)
        tried = 0
        for header in [*headers, "version.h"]:
            for commands, suffix, standard in LANGUAGES:
                for command in commands:
                    with self.subTest(f"{header}: {command} -std={standard}"), tempfile.TemporaryDirectory() as folder:
                        file = Path(folder, f"alone{suffix}")
                        file.write_text(f"#include <dora/{header}>\n#include <dora/{header}>\nint alone;\n")
                        extra = ["-Wshadow", "-Wundef", *(ONLY_C if suffix == ".c" else [])]
                        house.run(
                            [command, f"-std={standard}", *house.WARNINGS, *extra, *FOLDERS, "-fsyntax-only", str(file)]
                        )
                        tried += 1
        self.assertGreater(tried, 0, "no compiler")


if __name__ == "__main__":
    unittest.main()

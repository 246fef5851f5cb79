# SPDX-License-Identifier: MIT
"""The floors of the library know each other in one direction only.

Each folder of lib/ has a row that names the folders it may include from. Public headers may be included from anywhere;
the command, the benchmarks and the API tests see nothing but them. Headers never include each other in a circle.
"""

from __future__ import annotations

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import harness  # noqa: E402

LIB = harness.SOURCE / "lib"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:<([^>]+)>|"([^"]+)")', re.MULTILINE)

FLOORS: dict[str, set[str]] = {
    "base": set(),
    "calendar": {"base"},
    "facts": {"base", "calendar"},
    "read": {"base", "calendar", "facts"},
    "derive": {"base", "calendar", "facts"},
    "state": {"base", "calendar", "facts"},
    "cells": {"base", "calendar", "facts", "derive"},
    "query": {"base", "calendar", "facts", "derive", "cells"},
    "write": {"base", "calendar", "facts", "derive", "cells", "query"},
}
FORBIDDEN_SYSTEM_HEADERS = {"locale.h", "signal.h", "setjmp.h"}
EXCEPTIONS = {("base/threads.c", "signal.h")}  # its threads take no signals
PUBLIC_ONLY = ["tools", "bench", "bindings", "tests/api"]


def sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.[ch]") if path.is_file())


def includes(path: Path) -> list[tuple[str, bool]]:
    """Names included by a file, and whether in quotes."""
    return [(quoted or system, bool(quoted)) for system, quoted in INCLUDE.findall(path.read_text(encoding="utf-8"))]


class Includes(unittest.TestCase):
    def test_floors_are_known(self) -> None:
        floors = {path.name for path in LIB.iterdir() if path.is_dir() and sources(path)}
        self.assertTrue(floors)
        self.assertEqual(floors - FLOORS.keys(), set(), "folders without a row in FLOORS")

    def test_an_arrow_never_runs_back(self) -> None:
        for path in sources(LIB):
            floor = path.relative_to(LIB).parts[0] if path.parent != LIB else None
            for name, quoted in includes(path):
                with self.subTest(f"{path.relative_to(LIB)} includes {name}"):
                    if not quoted:
                        if (str(path.relative_to(LIB)), name) in EXCEPTIONS:
                            continue
                        self.assertNotIn(name, FORBIDDEN_SYSTEM_HEADERS)
                        continue
                    self.assertTrue((LIB / name).is_file(), "a path from lib/ in quotes, else <>")
                    if floor is not None:
                        self.assertIn(name.split("/")[0], FLOORS[floor] | {floor})

    def test_no_circle(self) -> None:
        edges = {
            str(path.relative_to(LIB)): [name for name, quoted in includes(path) if quoted] for path in sources(LIB)
        }
        done: set[str] = set()
        for start in edges:
            path: list[str] = []
            stack = [(start, False)]
            while stack:
                name, leaving = stack.pop()
                if leaving:
                    done.add(path.pop())
                elif name in path:
                    self.fail(f"a circle: {' > '.join(path[path.index(name) :])} > {name}")
                elif name not in done:
                    path.append(name)
                    stack.append((name, True))
                    stack += [(other, False) for other in edges.get(name, [])]

    def test_outside_sees_public_headers_only(self) -> None:
        for folder in PUBLIC_ONLY:
            for path in sources(harness.SOURCE / folder):
                for name, quoted in includes(path):
                    with self.subTest(f"{path.relative_to(harness.SOURCE)} includes {name}"):
                        if quoted:
                            self.assertTrue((path.parent / name).is_file(), "own headers or <dora/...> only")


if __name__ == "__main__":
    unittest.main()

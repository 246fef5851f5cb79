# SPDX-License-Identifier: MIT
"""The documents keep their word: programs compile and say what is said, commands print what is shown, links lead on.

A ```console block is a session in the source folder: lines that begin with "$ " are run, the others are their output.
A ```csv or ```ndjson block in docs/facts.md is input that `dora check --strict` takes.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import house

SAID = "median lead time: 2 h\n"
DOCUMENTS = sorted([*house.SOURCE.glob("*.md"), *house.SOURCE.glob("docs/*.md")])
PROGRAM_LINES_MAX = 30


def blocks(path: Path, *languages: str) -> list[str]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for language, text in fences if language in languages]


class Documents(unittest.TestCase):
    maxDiff = None

    def test_program(self) -> None:
        (program,) = blocks(house.SOURCE / "README.md", "c")
        self.assertEqual(program, house.header_example(), "README.md and dora.h show the same program")
        self.assertLessEqual(len(program.splitlines()), PROGRAM_LINES_MAX)
        with house.installed() as here, tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "example.c")
            file.write_text(program, encoding="utf-8")
            self.assertEqual(here.run(here.build(["cc"], file)), SAID)

    def test_commands(self) -> None:
        shown = 0
        path = f"{Path(house.DORA).parent}{os.pathsep}{os.environ['PATH']}"
        for document in DOCUMENTS:
            for block in blocks(document, "console"):
                for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                    command, _, output = part.partition("\n")
                    with self.subTest(f"{document.name}: {command}"):
                        done = subprocess.run(
                            ["bash", "-c", command],
                            cwd=house.SOURCE,
                            env=os.environ | {"PATH": path},
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT,
                            text=True,
                        )
                        self.assertEqual(done.stdout, output)
                        shown += 1
        self.assertGreater(shown, 0)

    def test_inputs(self) -> None:
        examples = blocks(house.SOURCE / "docs/facts.md", "csv", "ndjson")
        self.assertGreater(len(examples), 1)
        for example in examples:
            with self.subTest(example):
                done = house.dora("check", "--strict", "-", stdin=example.encode())
                self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_links(self) -> None:
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
                if "://" not in target:
                    with self.subTest(f"{document.name}: {target}"):
                        self.assertTrue((document.parent / target).exists())


if __name__ == "__main__":
    unittest.main()

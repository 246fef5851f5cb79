# SPDX-License-Identifier: MIT
"""Runs the cases of *.test in this folder: small inputs whose results are worked out by hand.

usage: run_golden.py [--oracle] [FILE...]        with --oracle the slow reference answers in place of the command

support/cases.py says how a case is written.
"""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))
import cases  # noqa: E402
import harness  # noqa: E402


def flat_account(account: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The counters of `check` under dotted names, those of kinds that the case names in full."""
    flat = {name: value for name, value in account.items() if isinstance(value, int)}
    if "facts" in wanted:
        flat["facts"] = sum(n for kind in account["facts"].values() for n in kind.values())
    kinds = {name.split(".")[0] for name in wanted if "." in name}
    for kind in kinds:
        flat |= {f"{kind}.{name}": n for name, n in account["facts"].get(kind, {}).items()}
    return flat


class Golden(unittest.TestCase):
    oracle: Any = None

    def run_file(self, path: Path) -> None:
        for case in cases.parse(path):
            for command in case.commands:
                with self.subTest(f"{path.name}:{command.line}: {case.title}"):
                    self.run_command(case, command)

    def run_command(self, case: cases.Case, command: cases.Command) -> None:
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write(case.input)
            file.flush()
            if self.oracle:
                got = self.ask_oracle(case, command, file.name)
            else:
                got = self.ask_dora(command, file.name)
        if got is None:
            return
        if command.words[0] == "check":
            wanted = command.rows[0]
            flat = flat_account(got[0], wanted)
            kinds = {name.split(".")[0] for name in wanted if "." in name}
            got = [{name: n for name, n in flat.items() if name in wanted or name.split(".")[0] in kinds}]
            got[0] |= {name: 0 for name in wanted if name not in got[0]}
            self.assertEqual(got[0], wanted)
            return
        keys = [name for name in ("service", "team", "product", "window_start", "phase") if got and name in got[0]]
        self.assertEqual(len(got), len(command.rows), [[row[key] for key in keys] for row in got])
        for row, wanted in zip(got, command.rows):
            where = {key: row[key] for key in keys}
            for name, value in wanted.items():
                if value == "absent":
                    self.assertNotIn(name, row)
                    continue
                self.assertIn(name, row)
                self.assertTrue(harness.same(row[name], value), f"{where} {name}: got {row[name]!r}, want {value!r}")

    def ask_dora(self, command: cases.Command, file: str) -> list[harness.Row] | None:
        verb, *options = command.words
        done = harness.dora(verb, "--format", "json" if verb == "check" else "ndjson", *options, file)
        message = done.stderr.decode()
        if command.failure:
            self.assertEqual(done.returncode, command.failure[0], message)
            self.assertIn(command.failure[1], message)
            return None
        self.assertEqual(done.returncode, 0, message)
        return [json.loads(done.stdout)] if verb == "check" else harness.as_rows(done.stdout)

    def ask_oracle(self, case: cases.Case, command: cases.Command, file: str) -> list[harness.Row] | None:
        verb, *options = command.words
        if command.failure or {"--metrics", "--only"} & set(options) or not case.input.lstrip().startswith(b"{"):
            return None  # the oracle reads NDJSON, knows no errors and gives all metrics and groups
        mode = {"report": [], "phases": ["--phases"], "check": ["--check"]}[verb]
        return harness.oracle_rows(self.oracle, [*mode, *options, file])


def main(arguments: list[str]) -> int:
    if "--oracle" in arguments:
        arguments.remove("--oracle")
        Golden.oracle = harness.module(harness.shared("oracle"), "oracle")
    suite = unittest.TestSuite()
    for path in [Path(name) for name in arguments] or sorted(HERE.glob("*.test")):
        name = f"test_{path.stem}"
        setattr(Golden, name, lambda self, path=path: self.run_file(path))
        suite.addTest(Golden(name))
    return 0 if unittest.TextTestRunner().run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: MIT
"""Runs the cases of *.test in this folder: small inputs whose results are worked out by hand.

usage: run_golden.py [--oracle] [FILE...]        with --oracle the slow reference answers in place of the command

A file is a list of cases. The first character of a line says what it is:
    == title            a case begins; text up to the next special line explains the numbers
    > record            a line of the input, NDJSON or CSV; `>20 record` stands for 20 such lines
    $ report OPTIONS    runs `dora report --format ndjson OPTIONS`, likewise `phases`; `check` is `check --format json`
    = column=value ...  the next row of the result; columns not named may hold anything. Shell quoting; a value is JSON,
                        or else a string. Of `check`, names are `records`, `deployment.counted`, ...: a disposition not
                        named of a kind that is named must be 0.
    ! code text         in place of rows: the exit code, and text that standard error contains
A command without = and ! lines gives no rows. A case may run several commands on its input.
"""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import unittest
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))
import harness  # noqa: E402


@dataclass
class Command:
    line: int
    words: list[str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    failure: tuple[int, str] | None = None


@dataclass
class Case:
    title: str
    input: bytes = b""
    commands: list[Command] = field(default_factory=list)


def value_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse(path: Path) -> list[Case]:
    cases: list[Case] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark, rest = line[:1], line[2:]
        if line.startswith("== "):
            cases.append(Case(line[3:]))
        elif mark == ">":
            count, _, record = line[1:].partition(" ")
            cases[-1].input += int(count or 1) * (record.encode() + b"\n")
        elif mark == "$":
            cases[-1].commands.append(Command(number, shlex.split(rest)))
        elif mark == "=":
            pairs = (word.split("=", 1) for word in shlex.split(rest))
            cases[-1].commands[-1].rows.append({name: value_of(value) for name, value in pairs})
        elif mark == "!":
            code, _, message = rest.partition(" ")
            cases[-1].commands[-1].failure = int(code), message
    return cases


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
        for case in parse(path):
            for command in case.commands:
                with self.subTest(f"{path.name}:{command.line}: {case.title}"):
                    self.run_command(case, command)

    def run_command(self, case: Case, command: Command) -> None:
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
                self.assertIn(name, row)
                self.assertTrue(harness.same(row[name], value), f"{where} {name}: got {row[name]!r}, want {value!r}")

    def ask_dora(self, command: Command, file: str) -> list[harness.Row] | None:
        verb, *options = command.words
        done = harness.dora(verb, "--format", "json" if verb == "check" else "ndjson", *options, file)
        message = done.stderr.decode()
        if command.failure:
            self.assertEqual(done.returncode, command.failure[0], message)
            self.assertIn(command.failure[1], message)
            return None
        self.assertEqual(done.returncode, 0, message)
        return [json.loads(done.stdout)] if verb == "check" else harness.as_rows(done.stdout)

    def ask_oracle(self, case: Case, command: Command, file: str) -> list[harness.Row] | None:
        verb, *options = command.words
        if command.failure or not case.input.lstrip().startswith(b"{"):
            return None  # the oracle reads NDJSON and knows no errors
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

# SPDX-License-Identifier: MIT
"""The golden cases as data.

A file is a list of cases. The first character of a line says what it is:
    == title            a case begins; text up to the next special line explains the numbers
    > record            a line of the input, NDJSON or CSV; `>20 record` stands for 20 such lines
    $ report OPTIONS    runs `dora report --format ndjson OPTIONS`, likewise `phases`; `check` is `check --format json`
    = column=value ...  the next row of the result; columns not named may hold anything. Shell quoting; a value is JSON,
                        or else a string; `absent` where there must be no such column. Of `check`, names are `records`,
                        `deployment.counted`, ...: a disposition not named of a kind that is named must be 0.
    ! code text         in place of rows: the exit code, and text that standard error contains
A command without = and ! lines gives no rows. A case may run several commands on its input.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


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

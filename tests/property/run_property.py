# SPDX-License-Identifier: MIT
"""A report is a function of the set of facts: other orders, files, pieces, repeats and formats give the same bytes.

usage: run_property.py [--seeds 12 | --long] [--first SEED]

The histories are random ones of the shared material, where it is there, and always the inputs of the golden cases.
"""

from __future__ import annotations

import argparse
import csv
import functools
import gzip
import io
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import cases  # noqa: E402
import harness  # noqa: E402

QUERIES = [
    ["report", "--format", "ndjson", "--by", "service", "--period", "week", "--intervals"],
    ["report", "--format", "csv", "--by", "team", "--window", "28", "--step", "7"],
    ["report", "--format", "json", "--changes", "time", "--infer-rollbacks", "--tz", "Europe/Berlin"],
    ["phases", "--format", "ndjson", "--by", "product"],
    ["check", "--format", "json"],
]
COLUMNS = """kind id service environment status started_at finished_at version sha release changes committed_at rework
rollback_of rolled_back_at failed restored_at opened_at first_review_at merged_at parents deployment resolved_at
severity category released_at name active found_at ended_at measure value at enabled_at team product as_of
deleted""".split()


def fed(command: list[str], history: bytes, random_: random.Random) -> bytes:
    """Standard output where the history comes through a pipe in odd pieces."""
    words = [harness.DORA, *command, "-"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin and process.stdout
    at = 0
    while at < len(history):
        size = random_.choice([1, 2, 3, 17, 100, 4095, 4096, 4097, 70000])
        process.stdin.write(history[at : at + size])
        process.stdin.flush()
        at += size
    process.stdin.close()
    output = process.stdout.read()
    assert process.wait() == 0
    return output


def cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(str(item) for item in value if item)
    return "" if value is None else str(value)


def as_csv(history: bytes) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in history.splitlines():
        record = json.loads(line, parse_float=str)
        assert record.keys() <= set(COLUMNS)
        writer.writerow([cell(record.get(name)) for name in COLUMNS])
    return out.getvalue().encode()


def variants(history: bytes, random_: random.Random, folder: Path) -> Iterator[tuple[str, list[Path], bool]]:
    """A name, the files, and whether the counts of records are the same as well."""
    lines = history.splitlines(keepends=True)
    number = 0

    def file(content: bytes, suffix: str = "ndjson") -> Path:
        nonlocal number
        number += 1
        path = folder / f"{number}.{suffix}"
        path.write_bytes(content)
        return path

    shuffled = random_.sample(lines, len(lines))
    yield "shuffled", [file(b"".join(shuffled))], True
    yield "reversed", [file(b"".join(reversed(lines)))], True
    cuts = sorted(random_.choices(range(len(lines) + 1), k=3))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(lines)])]
    yield "split over files", [file(b"".join(part)) for part in parts], True
    with_id = [line for line in lines if b'"id":' in line.replace(b" ", b"")]
    repeats = random_.choices(with_id, k=len(with_id) // 2)
    yield "repeats", [file(b"".join(random_.sample(lines + repeats, len(lines) + len(repeats))))], False
    yield "CRLF", [file(history.replace(b"\n", b"\r\n"))], True
    yield "byte-order mark, no last newline", [file(b"\xef\xbb\xbf" + history.rstrip(b"\n"))], True
    if reads_gzip():
        yield "gzip", [file(gzip.compress(history), "ndjson.gz")], True


@functools.cache
def reads_gzip() -> bool:
    """Whether the command was built with zlib, which is optional."""
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        file.write(gzip.compress(b'{"id":"x"}'))
        file.flush()
        done = harness.dora("check", file.name)
    return done.returncode == 0 or b"built without zlib" not in done.stderr


def with_a_file(command: list[str], content: bytes, name: str, folder: Path) -> bytes:
    path = folder / name
    path.write_bytes(content)
    return answer(command, [path])


def answer(command: list[str], files: list[Path]) -> bytes:
    done = harness.dora(*command, *files)
    assert done.returncode == 0, f"{command}: exit code {done.returncode}: {done.stderr.decode()}"
    return done.stdout


def run_seed(seed: int) -> int:
    random_ = random.Random(seed)
    records = random_.choice([60, 400, 2500])
    clean = harness.history(seed, records, "--no-bad")
    bad = harness.history(seed, records)
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for history, is_clean in ((clean, True), (bad, False)):
            for command in QUERIES:
                want = with_a_file(command, history, "history.ndjson", folder)
                got = {"pieces of a pipe": fed(command, history, random_)}
                for title, files, same_records in variants(history, random_, folder):
                    if same_records or command[0] != "check":
                        got[title] = answer(command, files)
                if is_clean:
                    got["CSV"] = with_a_file(command, as_csv(history), "history.csv", folder)
                    if command[0] == "report":
                        got["CSV in pieces"] = fed(command, as_csv(history), random_)
                for title, output in got.items():
                    if output != want:
                        failures += 1
                        bad_option = "--no-bad " if is_clean else ""
                        print(f"seed {seed}: {title}: other bytes from dora {' '.join(command)}")
                        print(f"    history.py --seed {seed} --records {records} {bad_option}> history.ndjson")
    return failures


def run_golden_inputs() -> int:
    """The golden cases with their records in reverse, and with all that have an id twice."""
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in sorted((Path(__file__).parents[1] / "golden").glob("*.test")):
            for case in cases.parse(path):
                lines = case.input.splitlines(keepends=True)
                if not lines or not lines[0].startswith(b"{"):
                    continue
                with_id = [line for line in lines if b'"id":' in line]
                for command in case.commands:
                    if command.failure:
                        continue
                    words = [command.words[0], "--format", "json", *command.words[1:]]
                    want = with_a_file(words, case.input, "case", folder)
                    got = {"reversed": with_a_file(words, b"".join(reversed(lines)), "case", folder)}
                    if words[0] != "check":
                        got["repeats"] = with_a_file(words, b"".join(with_id + lines), "case", folder)
                    for title, output in got.items():
                        if output != want:
                            failures += 1
                            print(f"{path.name}:{command.line}: {case.title}: {title}: other bytes")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=min(12, int(os.environ.get("DORA_SEEDS", "12"))))
    parser.add_argument("--long", action="store_true", help="200 seeds")
    parser.add_argument("--first", type=int, default=1)
    arguments = parser.parse_args()
    failures = run_golden_inputs()
    if (harness.SHARED / "oracle").is_dir():
        seeds = range(arguments.first, arguments.first + (200 if arguments.long else arguments.seeds))
        for seed in seeds:
            failures += run_seed(seed)
        print(f"seeds {seeds.start} to {seeds.stop - 1}: {failures} failures")
    else:
        print(f"golden inputs alone (no shared material): {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

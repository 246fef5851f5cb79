# SPDX-License-Identifier: MIT
"""Compares the command with the slow reference on random histories, under rotating query options.

usage: run_oracle.py [--seeds 60 | --long] [--first SEED] [--options 'one set']

Each seed gives a realistic history of its own size and a dense one (support/dense.py); some of the option sets are
asked of both, so that each set meets many seeds. A difference is printed with the commands that repeat it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import harness  # noqa: E402
from dense import dense_history  # noqa: E402

SETS_A_SEED = 16
DIFFERENCES_SHOWN = 5
OPTION_SETS = [
    "",
    "--check",
    "--phases",
    "--by service",
    "--by team --period week",
    "--by product --period quarter",
    "--period day --tz Europe/Berlin",
    "--period week --tz America/New_York --by service",
    "--period month --tz Australia/Lord_Howe --by team",
    "--period day --tz Asia/Kolkata --by product",
    "--period week --tz +05:30",
    "--period quarter --tz=-11:00",
    "--period year --by service",
    "--period all --by service --intervals",
    "--period all --intervals --percentiles 0,1,25,50,99.9,100",
    "--window 28",
    "--window 28 --by team",
    "--window 28 --step 7 --by service",
    "--window 28 --step 7 --tz America/New_York --intervals",
    "--window 7 --step 3 --by service --since 2024-02-10 --until 2024-04-20",
    "--window 90 --step 7 --since 2024-03-01 --percentile-rule lower",
    "--window 1 --by service",
    "--window 500 --step 20 --by product --until 2024-06-01",
    "--changes time",
    "--changes time --by service --period week",
    "--changes time --check",
    "--infer-rollbacks --by service",
    "--infer-rollbacks --changes time --window 14 --step 7 --by team",
    "--percentile-rule lower --percentiles 0,50,99.9,100 --by service",
    "--percentile-rule nearest_rank --percentiles 0,50,99.9,100 --by team",
    "--percentile-rule nearest_rank --window 28 --step 5 --percentiles 10,50,90",
    "--percentiles 33.3333,66.6667,12.5 --by service",
    "--tiers 2018 --by service",
    "--tiers 2019 --by service --period week",
    "--tiers 2021 --by team --period all",
    "--tiers 2022 --by service --window 28 --step 7",
    "--tiers 2023 --by product --period week",
    "--since 2024-02-15",
    "--until 2024-04-15 --by service --period week",
    "--since 2024-03-03 --until 2024-03-20 --period day --by service",
    "--since 2024-06-01 --until 2024-05-01",
    "--attribution 0 --check",
    "--attribution none --check",
    "--attribution 0 --by service",
    "--attribution none --by service --intervals",
    "--attribution 36h --by team",
    "--attribution 36h --check",
    "--production staging,Prod --by service",
    "--production test --check",
    "--phases --by service --period week",
    "--phases --by team --window 28 --step 7 --tz Asia/Kolkata --percentile-rule lower",
    "--phases --period all --percentile-rule nearest_rank --percentiles 0,50,99.9,100",
    "--phases --by product --since 2024-02-10 --until 2024-04-20",
]


def history_options(seed: int) -> list[str]:
    records = [200, 500, 800, 1200, 3000][seed % 5]
    services = [1, 3, 5, 10, 30][seed // 5 % 5]
    days = [20, 60, 120, 400][seed // 3 % 4]
    extra = ["--clean"] if seed % 11 == 0 else []
    return ["--records", str(records), "--services", str(services), "--days", str(days), *extra]


def read_facts(oracle: Any, history: bytes) -> Any:
    facts = oracle.Facts()
    for line in history.split(b"\n"):
        if not line.strip(b" \t\r\n"):
            continue
        try:
            record = json.loads(line.decode(), parse_constant=oracle.bad_constant, parse_float=oracle.number)
        except (ValueError, RecursionError):
            facts.records += 1
            facts.rejected += 1
            continue
        facts.add(record)
    return facts


def wanted(oracle: Any, facts: Any, options: list[str]) -> list[harness.Row]:
    query = oracle.options(options)
    derived = oracle.Derived(facts, query)
    if not query.check:
        return list(oracle.report(derived, query))
    kinds = {kind: {name: n for name, n in counts.items() if n} for kind, counts in derived.account.items()}
    totals = {"records": facts.records, "merged": facts.merged, "rejected": facts.rejected}
    return [{**totals, "facts": {kind: counts for kind, counts in kinds.items() if counts}}]


def command_of(options: list[str]) -> list[str]:
    """Arguments of the command for the oracle's options."""
    rest = [option for option in options if option not in ("--check", "--phases")]
    if "--check" in options:
        return ["check", "--format", "json", *rest]
    return ["phases" if "--phases" in options else "report", "--format", "ndjson", *rest]


def differences(got: list[harness.Row], want: list[harness.Row], whole: bool) -> list[str]:
    found = [] if len(got) == len(want) else [f"{len(got)} rows, want {len(want)}"]
    for number, (row, expected) in enumerate(zip(got, want)):
        names = row.keys() | expected.keys() if whole else expected.keys()
        where = [expected.get(name) for name in ("service", "team", "product", "window_start", "phase")]
        for name in sorted(names):
            left, right = row.get(name, "no such column"), expected.get(name, "no such column")
            if not harness.same(left, right):
                place = ", ".join(str(value) for value in where if value is not None)
                found.append(f"row {number} ({place}) {name}: got {left!r}, want {right!r}")
    return found


def compare(oracle: Any, history: bytes, sets: list[str], made: str) -> list[str]:
    """What differs, with the commands that show it; `made` is the one that made the history."""
    facts = read_facts(oracle, history)
    report = []
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        file.write(history)
        file.flush()
        for text in sets:
            options = shlex.split(text)
            command = command_of(options)
            done = harness.dora(*command, file.name)
            if done.returncode:
                found = [f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"]
            else:
                got = [json.loads(done.stdout)] if "--check" in options else harness.as_rows(done.stdout)
                found = differences(got, wanted(oracle, facts, options), "--check" not in options)
            if found:
                report.append(f"options '{text}': {len(found)} differences")
                report += [f"    {line}" for line in found[:DIFFERENCES_SHOWN]]
                report += [f"    {made} > facts.ndjson", f"    dora {shlex.join(command)} facts.ndjson"]
    return report


def run_seed(seed: int, only: str | None) -> tuple[int, list[str]]:
    """How many comparisons were made, and what differed."""
    oracle = harness.module(harness.SHARED / "oracle", "oracle")
    first = seed * SETS_A_SEED
    sets = [only] if only is not None else [OPTION_SETS[(first + i) % len(OPTION_SETS)] for i in range(SETS_A_SEED)]
    options = history_options(seed)
    history = harness.history(seed, int(options[1]), *options[2:])
    report = compare(oracle, history, sets, f"history.py --seed {seed} {' '.join(options)}")
    report += compare(oracle, dense_history(seed), sets, f"dense.py {seed}")
    return 2 * len(sets), [f"seed {seed}, {line}" if line.startswith("options") else line for line in report]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=int(os.environ.get("DORA_SEEDS", "60")))
    parser.add_argument("--long", action="store_true", help="1,000 seeds")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--options", help="ask this set alone")
    arguments = parser.parse_args()
    harness.shared("oracle")
    seeds = range(arguments.first, arguments.first + (1000 if arguments.long else arguments.seeds))
    compared = failed = 0
    with concurrent.futures.ProcessPoolExecutor(max_workers=2) as pool:
        for count, report in pool.map(run_seed, seeds, [arguments.options] * len(seeds)):
            compared += count
            failed += bool(report)
            for line in report:
                print(line, flush=True)
    print(f"{compared} comparisons over seeds {seeds.start} to {seeds.stop - 1}; {failed} seeds with differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

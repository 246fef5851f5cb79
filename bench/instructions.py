# SPDX-License-Identifier: MIT
"""Instructions a fact, counted by callgrind: the same on every run, whatever else the machine does.

A small history of each kind goes through a job once. What a query takes is told without what reading took.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from histories import History, Maker
from processes import Failure, note

ROWS = 50_000
FEW = ("--services", "20", "--days", "200")  # windows in proportion to the facts
CSV = History("small", FEW)
CALLS = {"read-arrow": "dora_engine_add_arrow"}
COUNTS: tuple[tuple[str, str, History | None, str], ...] = (
    # what, step of bench_measure with its options, history, what of it is not counted
    ("read CSV", "read", CSV, ""),
    ("read CSV with two threads", "read --threads 2", CSV, ""),
    ("read NDJSON", "read", History("small", FEW, format="ndjson"), ""),
    ("read NDJSON with ids, shuffled", "read", History("small-ids", (*FEW, "--ids", "--shuffle"), format="ndjson"), ""),
    ("read CSV with ids, shuffled", "read", History("small-ids", (*FEW, "--ids", "--shuffle")), ""),
    (
        "read relational",
        "read",
        History("small-linked", (*FEW, "--kind", "relational", "--shuffle"), 5, "ndjson"),
        "",
    ),
    (
        "settle and query relational (C)",
        "monthly-keys",
        History("small-linked", (*FEW, "--kind", "relational", "--shuffle"), 5, "ndjson"),
        "read relational",
    ),
    ("settle inline", "settle", CSV, "read CSV"),
    ("query days and weeks (A)", "days-and-weeks", CSV, "read CSV"),
    ("query rolling whole (B)", "rolling-whole", CSV, "read CSV"),
    ("query rolling by service (B)", "rolling-by-service", CSV, "read CSV"),
    ("query and write rolling by service", "rows-as-csv", CSV, "read CSV"),
    ("read Arrow", "read-arrow", None, ""),
    ("one call, service handle", "add-by-handle", None, ""),
    ("one call, service name", "add-by-name", None, ""),
)


def count(measure: Path, step: str, path: Path | None) -> tuple[int, int]:
    """Instructions of a job run once, and its facts. Without a file, only what happens inside of the call."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        command += [] if path else [f"--toggle-collect={CALLS.get(step, 'dora_engine_add_deployment')}"]
        command += [str(measure), *step.split(), "--repeat", "1", *([str(path)] if path else ["--rows", str(ROWS)])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    records = re.search(r'"records": (\d+)', done.stdout)
    if done.returncode != 0 or not collected or not records:
        raise Failure(f"callgrind, {step}: {done.stderr.strip().splitlines()[-1:]}")
    return int(collected[1]), int(records[1])


def table(measure: Path, maker: Maker) -> str:
    lines = [f"{'instructions a fact':36}      facts  instructions/fact"]
    totals: dict[str, int] = {}
    for name, step, history, without in COUNTS:
        try:
            instructions, facts = count(measure, step, maker.file(history, ROWS) if history else None)
        except (Failure, OSError) as failure:
            note(f"{name}: {failure}")
            continue
        totals[name] = instructions
        lines.append(f"{name:36} {facts:10,} {(instructions - totals.get(without, 0)) / facts:18,.1f}")
    return "\n".join(lines) + "\n"

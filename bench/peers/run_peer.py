#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one job once on one peer, in a Python that has it, and tells seconds and peak memory as a line of JSON.

A peer is a module `ENGINE_peer` with a class Peer. Opening it and `prepare` are not timed; `run` is, and must leave its
whole result in memory. `write_answer` writes the result as bench_measure does: doubles, eight a row (part, group, day,
values; -1 where there is none), in order. A streaming job calls `late` for each late fact instead, timed one by one.
"""

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

LATE_FACTS = 1000
WARM_UP = 20
WINDOW_SECONDS = 28 * 86400


class Peer(Protocol):
    """What a module has to offer; `threads` is how many it may use."""

    def __init__(self, threads: int) -> None: ...

    def prepare(self, job: str, path: str) -> None: ...

    def run(self, job: str, path: str) -> None: ...

    def late(self, finished: int, lead: int) -> None: ...

    def last_second(self) -> int: ...

    def write_answer(self, job: str, path: str) -> None: ...


def peak_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def late_facts(last_second: int) -> Iterator[tuple[int, int]]:
    """When a late deployment finished, and its lead time; the same as in measure_stream.c."""
    for number in range(LATE_FACTS):
        random = number * 2654435761 & 0xFFFFFFFF
        yield last_second - random % WINDOW_SECONDS, 60 + (random >> 8) % 86400


def stream(peer: Peer) -> dict[str, float]:
    latencies = []
    for finished, lead in late_facts(peer.last_second()):
        start = time.perf_counter()
        peer.late(finished, lead)
        latencies.append(time.perf_counter() - start)
    counted = sorted(latencies[WARM_UP:])
    return {
        "seconds": counted[len(counted) // 2],
        "median_us": counted[len(counted) // 2] * 1e6,
        "p99_us": counted[len(counted) - 1 - len(counted) // 100] * 1e6,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["duckdb", "clickhouse", "polars", "pandas"])
    parser.add_argument("job")
    parser.add_argument("file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--answers", default="")
    asked = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = str(asked.threads)  # read once, when it is imported
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # would slow numpy down
        os.environ.pop(name, None)
    peer: Peer = importlib.import_module(f"{asked.engine}_peer").Peer(asked.threads)
    peer.prepare(asked.job, asked.file)
    if asked.job == "stream":
        told = stream(peer)
    else:
        start = time.perf_counter()
        peer.run(asked.job, asked.file)
        told = {"seconds": time.perf_counter() - start}
    told["peak_bytes"] = peak_bytes()
    if asked.answers:
        peer.write_answer(asked.job, asked.answers)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())

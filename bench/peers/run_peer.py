#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one job on one peer, in a Python that has it, and tells seconds and peak memory as a line of JSON.

Like libdora, a peer repeats the job in one process, each time from the beginning, since the first run also pays for
memory that the system has to provide; one that takes long is not repeated. Memory is that of the first run.

A peer is a module `ENGINE_peer` with a class Peer. Opening it and `prepare` are not timed; `run` is, and must leave its
whole result in memory. `write_answer` writes the result as bench_measure does: doubles, eight a row (part, group, day,
values; -1 where there is none), in order. A streaming job calls `late` for each late fact instead, timed one by one.
"""

import argparse
import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

LATE_FACTS = 1000
WARM_UP = 20
LONG_SECONDS = 25  # in all, after which a job is not repeated
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


def repeat(make: Callable[[], Peer], job: str, path: str, times: int) -> tuple[Peer, dict[str, object]]:
    """The last peer, and what the runs came to."""
    every: list[float] = []
    peak = 0
    while True:
        peer = make()
        peer.prepare(job, path)
        start = time.perf_counter()
        peer.run(job, path)
        every.append(time.perf_counter() - start)
        peak = peak or peak_bytes()
        if len(every) == times or sum(every) + every[-1] > LONG_SECONDS:
            return peer, {"seconds": min(every), "all_seconds": every, "peak_bytes": peak}
        del peer
        gc.collect()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["duckdb", "clickhouse", "polars", "pandas", "libdora"])
    parser.add_argument("job")
    parser.add_argument("file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--answers", default="")
    asked = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = str(asked.threads)  # read once, when it is imported
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # would slow numpy down
        os.environ.pop(name, None)
    module = importlib.import_module(f"{asked.engine}_peer")
    peer: Peer
    told: dict[str, object]
    if asked.job == "stream":
        peer = module.Peer(asked.threads)
        peer.prepare(asked.job, asked.file)
        told = {**stream(peer), "peak_bytes": peak_bytes()}
    else:
        peer, told = repeat(lambda: module.Peer(asked.threads), asked.job, asked.file, asked.repeat)
    if asked.answers:
        peer.write_answer(asked.job, asked.answers)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())

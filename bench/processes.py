# SPDX-License-Identifier: MIT
"""Running programs on chosen cores, and what they tell as a line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Told = dict[str, Any]


class Failure(Exception):
    """A program that did not do its work, with the last line that it said."""


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def cores_there() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


ALL_CORES = cores_there()


def use_cores(count: int) -> None:
    """From now on this process, and those that it starts, run on the last `count` cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, ALL_CORES[-count:])


def output_of(command: Sequence[str]) -> str:
    """What a command prints, "" if it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


# What is freed stays with the process, as it does by the allocators that most engines bring along: a job that is done
# again then measures the engine and not how the system provides memory.
KEEP_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1099511627776"}


def told_by(command: Sequence[str], cores: int = 1, seconds_max: float = 3600) -> Told:
    """The last line that the command prints, which is JSON."""
    use_cores(cores)
    environment = os.environ | KEEP_MEMORY
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds_max, check=False, env=environment
        )
    except subprocess.TimeoutExpired as late:
        raise Failure(f"not done after {seconds_max:.0f} s") from late
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        reason = next((line for line in reversed(said) if line.strip()), "nothing said")
        raise Failure(f"exit {done.returncode}: {reason[:200]}")
    told: Told = json.loads(done.stdout.strip().splitlines()[-1])
    return told

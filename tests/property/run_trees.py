# SPDX-License-Identifier: MIT
"""Random histories are split at random, and merged through states in trees of random shape: same states, same reports.

usage: run_trees.py [--seeds 3] [--first SEED]

Each split is merged in several trees, whose states must be the same bytes. Other splits are other inputs, whose digests
a state keeps: all else in it must be the same, and what it reports. A node of a tree is a `dora merge`, or a state that
is kept with --state and takes the rest. Facts that have an id are also tried alone, and merged with themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import harness  # noqa: E402

INPUTS = 3  # the section of a state with the digests of what was read; docs/state.md
SPLITS = 3
TREES = 3
QUERIES = [
    ["report", "--format", "ndjson", "--by", "service", "--period", "week", "--intervals"],
    ["report", "--format", "csv", "--by", "team", "--window", "28", "--step", "7", "--changes", "time"],
    ["report", "--format", "json", "--infer-rollbacks", "--tz", "Europe/Berlin", "--attribution", "none"],
    ["phases", "--format", "ndjson", "--by", "product"],
]


class Failed(Exception):
    """Says what differs."""


def run(*arguments: str | Path) -> bytes:
    done = harness.dora(*arguments)
    if done.returncode:
        raise Failed(f"dora {' '.join(map(str, arguments))}: exit code {done.returncode}: {done.stderr.decode()}")
    return done.stdout


class Trees:
    """The folder of one history, and the random choices made in it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.number = 0

    def path(self, suffix: str) -> Path:
        self.number += 1
        return self.folder / f"{self.number}.{suffix}"

    def split(self, lines: list[bytes]) -> list[Path]:
        """Files that have a line each at random, of some two to seven; one may be empty."""
        parts: list[list[bytes]] = [[] for _ in range(self.random.randint(2, 7))]
        for line in lines:
            self.random.choice(parts).append(line)
        files = []
        for part in parts:
            files.append(self.path("ndjson"))
            files[-1].write_bytes(b"".join(part))
        return files

    def merged(self, files: list[Path]) -> Path:
        """A state of all files, by a tree of random shape. Leaves are the files or states of one."""
        if len(files) == 1 and self.random.random() < 0.5:
            return files[0]
        files = self.random.sample(files, len(files))
        children = [files]
        if len(files) > 1:
            cuts = sorted(self.random.sample(range(1, len(files)), self.random.randint(1, min(3, len(files) - 1))))
            children = [files[a:b] for a, b in zip([0, *cuts], [*cuts, len(files)])]
        inputs = [self.merged(child) if len(child) < len(files) else child[0] for child in children]
        state = self.path("dora")
        if self.random.random() < 0.5:
            run("merge", "--quiet", "-o", state, *inputs)
            return state
        if inputs[0].suffix == ".dora":
            shutil.copyfile(inputs.pop(0), state)
        for path in inputs:
            run("check", "--quiet", "--state", state, path)
        return state

    def root(self, files: list[Path]) -> Path:
        state = self.merged(files)
        if state.suffix == ".dora":
            return state
        kept = self.path("dora")
        run("merge", "--quiet", "-o", kept, state)
        return kept


def sections(state: bytes) -> dict[int, bytes]:
    """All of a state but the digests of its inputs."""
    (count,) = struct.unpack_from("<I", state, 12)
    at = 16 + 24 * count + 8
    found = {}
    for number in range(count):
        kind, _, size = struct.unpack_from("<IIQ", state, 16 + 24 * number)
        found[kind] = state[at : at + size]
        at += size
    if at != len(state):
        raise Failed("sections do not end where the state does")
    found.pop(INPUTS, None)
    return found


def facts_of(path: Path) -> object:
    return json.loads(run("check", "--format", "json", path))["facts"]


def compare_splits(trees: Trees, lines: list[bytes], has_ids: bool) -> int:
    """How many trees were compared."""
    whole = trees.path("ndjson")
    whole.write_bytes(b"".join(lines))
    reports = [run(*query, whole) for query in QUERIES]
    whole_state = trees.path("dora")
    run("merge", "--quiet", "-o", whole_state, whole)
    facts = sections(whole_state.read_bytes())
    for split in range(SPLITS):
        files = trees.split(lines)
        roots = [trees.root(files) for _ in range(TREES)]
        state = roots[0].read_bytes()
        if any(root.read_bytes() != state for root in roots):
            raise Failed(f"split {split}: trees give other bytes")
        if sections(state) != facts:
            raise Failed(f"split {split}: the state holds other facts than the history's")
        if [run(*query, roots[0]) for query in QUERIES] != reports:
            raise Failed(f"split {split}: the state reports other than the history")
        if facts_of(roots[0]) != facts_of(whole):
            raise Failed(f"split {split}: the account of facts is other than the history's")
        if has_ids and run("merge", "--quiet", roots[1], *files, roots[0]) != state:
            raise Failed(f"split {split}: merged with itself and its parts, it is other bytes")
    return SPLITS * TREES


def run_seed(seed: int) -> int:
    options = ["--services", str([1, 4, 12][(seed + seed // 3) % 3]), *(["--no-bad"] if seed % 2 else [])]
    records = [80, 400, 1500][seed % 3]
    lines = harness.history(seed, records, *options).splitlines(keepends=True)
    with_id = [line for line in lines if b'"id":' in line.replace(b" ", b"")]
    compared = 0
    for kept, has_ids in ((lines, False), (with_id, True)):
        with tempfile.TemporaryDirectory() as name:
            try:
                compared += compare_splits(Trees(Path(name), seed), kept, has_ids)
            except Failed as failed:
                which = "facts with an id" if has_ids else "all facts"
                raise Failed(
                    f"history.py --seed {seed} --records {records} {' '.join(options)}, {which}: {failed}"
                ) from failed
    return compared


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=min(3, int(os.environ.get("DORA_SEEDS", "3"))))
    parser.add_argument("--first", type=int, default=1)
    arguments = parser.parse_args()
    harness.shared("oracle")
    compared = failures = 0
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    for seed in seeds:
        try:
            compared += run_seed(seed)
        except Failed as failed:
            failures += 1
            print(failed, flush=True)
    print(f"{compared} trees over seeds {seeds.start} to {seeds.stop - 1}; {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""The jobs of the suite, one a row, and how one is run on libdora and on its peers."""

from __future__ import annotations

import dataclasses
import statistics
from pathlib import Path

import answers
from histories import ANCESTRY, CSV, CSV_TENTH, IDS, NDJSON, PARQUET, RELATIONAL, History, Maker
from processes import ROOT, Failure, Told, note, told_by

PEERS = ("duckdb", "clickhouse", "polars", "pandas")
PYTHON = "libdora"  # the package, as installed beside the peers
SIMDJSON = "simdjson"  # a program of its own, for reading NDJSON on one core
ALONE = ("pandas", SIMDJSON)  # use one core only
SLOW_NS_A_ROW = 3000  # what takes longer is not run again: 30 s for 10 million rows


@dataclasses.dataclass(frozen=True)
class Job:
    """`step` of bench_measure on a history, and of the peers on the same one or on `theirs`."""

    name: str
    step: str
    history: History | None = CSV
    peers: tuple[str, ...] = ()
    peer_step: str = ""
    theirs: History | None = None
    cores: tuple[int, ...] = (1,)
    repeat: int = 3  # runs a round, in one process
    rows: int = 1  # of jobs without a file: a share of the rows asked for
    quick: bool = True
    rounds_max: int = 9
    python: bool = False  # libdora is run by its Python package


JOBS = (
    Job("limits", "limits", repeat=5),
    Job("read CSV", "read", CSV, PEERS, cores=(1, 2)),
    Job("read NDJSON", "read", NDJSON, (*PEERS, SIMDJSON), cores=(1, 2)),
    Job("read NDJSON with ids, shuffled", "read", IDS, ("duckdb",), "read-ids"),
    Job("read Arrow", "read-arrow", None, ("duckdb",), "read", PARQUET),
    Job("read a pyarrow table in Python", "read", PARQUET, python=True),
    Job("A on a pyarrow table in Python", "table-days-and-weeks", PARQUET, ("duckdb", "polars"), python=True),
    Job(
        "B by service on a pyarrow table in Python",
        "table-rolling-by-service",
        PARQUET,
        ("duckdb", "polars"),
        python=True,
    ),
    Job("A", "days-and-weeks", CSV, PEERS, cores=(1, 2)),
    Job("A, peers from Parquet", "days-and-weeks", CSV, PEERS, theirs=PARQUET, quick=False),
    Job("B whole", "rolling-whole", CSV, PEERS[:3], cores=(1, 2)),
    Job("B by service", "rolling-by-service", CSV, PEERS[:3], cores=(1, 2)),
    Job("B whole, a tenth", "rolling-whole", CSV_TENTH, ("pandas",)),
    Job("B by service, a tenth", "rolling-by-service", CSV_TENTH, ("pandas",)),
    Job("C", "monthly-keys", RELATIONAL, ("duckdb",), cores=(1, 2)),
    Job("D", "stream", CSV, PEERS[:2], repeat=1, rounds_max=1),
    Job("D, late ancestor", "stream-ancestor", ANCESTRY, repeat=1, rounds_max=1),
    Job("ancestry", "settle", ANCESTRY),
    Job("one call, service handle", "add-by-handle", None),
    Job("one call, service name", "add-by-name", None),
    Job("one call, id among ten times as many", "add-by-id", None, rows=10),
    Job("one call, dora_engine_add", "add-fact", None),
    Job("rows of B by service as CSV", "rows-as-csv", CSV),
    *(
        Job(f"{what} a state{ids}", f"state-{what}", history)
        for history, ids in ((CSV, ""), (IDS, ", with ids"))
        for what in ("save", "load", "merge", "compact")
    ),
)


@dataclasses.dataclass(frozen=True)
class Suite:
    """What was asked for, and where things are."""

    maker: Maker
    measure: Path
    python: str  # of the peers; "" where there is none
    simdjson: Path  # its program
    peers: tuple[str, ...]  # those that it can import
    rows: int
    rounds: int
    scratch: Path

    def answer_file(self, engine: str) -> Path:
        return self.scratch / f"{engine}.answer"


def ours(suite: Suite, job: Job, cores: int, answer: Path | None) -> Told:
    if job.python:
        return peers_run(suite, job, PYTHON, cores, answer)
    command = [str(suite.measure), job.step, "--repeat", str(job.repeat), "--threads", str(cores)]
    if job.history:
        command.append(str(suite.maker.file(job.history, suite.rows)))
    else:
        command += ["--rows", str(suite.rows // job.rows), "--seed", str(suite.maker.seed)]
    if answer:
        command += ["--answers", str(answer)]
    return told_by(command, cores)


def peers_run(suite: Suite, job: Job, engine: str, cores: int, answer: Path | None) -> Told:
    history = job.theirs or job.history
    assert history
    command = [suite.python, str(ROOT / "bench/peers/run_peer.py"), engine, job.peer_step or job.step]
    command += ["--threads", str(cores)]
    command = [str(suite.simdjson)] if engine == SIMDJSON else command
    command += [str(suite.maker.file(history, suite.rows)), "--repeat", str(job.repeat)]
    if answer:
        command += ["--answers", str(answer)]
    return told_by(command, cores, 900)


def first_answer(suite: Suite, job: Job, engine: str, cores: int) -> tuple[Told, str]:
    """The first run, and what is to be said of its answer beside that of libdora on one core."""
    path = suite.answer_file(engine if cores == 1 or engine != "libdora" else "libdora2")
    compared = bool(job.peers) or cores > 1
    if engine == "libdora":
        told = ours(suite, job, cores, path if compared else None)
        if not compared or cores == 1:
            return told, ""
        same = path.read_bytes() == suite.answer_file("libdora").read_bytes()
        return told, "equal" if same else "differs from that on one core"
    told = peers_run(suite, job, engine, cores, path)
    difference = answers.difference(suite.answer_file("libdora"), path)
    path.unlink()
    return told, difference or "equal"


def gather(first: Told, rest: list[Told]) -> Told:
    """The best of all runs; its memory and answer are those of the first, which began with nothing in place, and whose
    time is told, too."""
    runs = [first, *rest]
    if "seconds" not in first:
        return first
    best = min(runs, key=lambda told: float(told["seconds"]))
    every = [seconds for told in runs for seconds in told.get("all_seconds", [told["seconds"]])]
    kept = {name: first[name] for name in ("peak_bytes", "rest_bytes", "job_bytes", "answer") if name in first}
    return best | kept | {"all_seconds": every, "first_seconds": every[0], "median_seconds": statistics.median(every)}


def run_job(suite: Suite, job: Job, cores: int) -> list[Told]:
    """One result an engine. The engines take turns, round by round, so that what slows the machine slows all."""
    if job.python and PYTHON not in suite.peers:
        note("  the Python package is not installed beside the peers")
        return []
    engines = ["libdora", *(peer for peer in job.peers if peer in suite.peers and (cores == 1 or peer not in ALONE))]
    told: dict[str, Told] = {}
    again: dict[str, list[Told]] = {engine: [] for engine in engines}
    slow_seconds = suite.rows * SLOW_NS_A_ROW * 1e-9
    rounds = suite.rounds if cores == 1 else max(suite.rounds - 1, 1)
    for round_ in range(min(rounds, job.rounds_max)):
        for engine in engines:
            try:
                if round_ == 0:
                    first, answer = first_answer(suite, job, engine, cores)
                    told[engine] = first | ({"answer": answer} if answer else {})
                elif "failed" not in told[engine] and told[engine].get("seconds", 0.0) < slow_seconds:
                    run = ours(suite, job, cores, None) if engine == "libdora" else None
                    again[engine].append(run or peers_run(suite, job, engine, cores, None))
            except Failure as failure:
                note(f"  {engine}: {failure}")
                told[engine] = {"failed": str(failure)}
                if engine == "libdora":
                    return [{"job": job.name, "engine": engine, "cores": cores} | told[engine]]
    return [
        gather(told[engine], again[engine]) | {"job": job.name, "engine": engine, "cores": cores} for engine in engines
    ]

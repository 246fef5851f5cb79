#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the library beside other engines that do the same jobs; see docs/benchmarks.md.

Each run is a process of its own on one core or two. Results are lines of JSON, from which tables are made. No time is
ever asserted.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import growth
import instructions
import render
from histories import Maker
from jobs import JOBS, PEERS, PYTHON, SIMDJSON, Job, Suite, run_job
from processes import ALL_CORES, ROOT, Failure, Told, note, output_of, told_by

PACKAGES = {"duckdb": "duckdb", "clickhouse": "chdb", "polars": "polars", "pandas": "pandas", PYTHON: "libdora"}
VERSIONS = """
import importlib.metadata as m, json
found = {}
for engine, package in %r.items():
    try: found[engine] = m.version(package)
    except m.PackageNotFoundError: pass
print(json.dumps(found))
"""


def versions_of(python: str) -> dict[str, str]:
    told = output_of([python, "-c", VERSIONS % PACKAGES]) if python else ""
    found: dict[str, str] = json.loads(told) if told else {}
    return found


def peers_named(versions: dict[str, str], python: str) -> str:
    names = {
        "duckdb": "DuckDB",
        "clickhouse": "chdb",
        "polars": "Polars",
        "pandas": "pandas",
        SIMDJSON: "simdjson",
    }
    said = [f"{names[engine]} {version}" for engine, version in versions.items() if engine in names]
    if "clickhouse" in versions:
        engine = output_of([python, "-c", "import chdb; print(chdb.query('SELECT version()', 'TSV'))"])
        said[list(versions).index("clickhouse")] += f" (ClickHouse {engine.strip()})"
    return ", ".join(said) or "no peers"


def describe(suite: Suite, versions: dict[str, str]) -> Told:
    """The machine and versions, for the head of the results."""
    processors = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"^model name\s*:\s*(.*)$", processors, re.MULTILINE)
    about = told_by([str(suite.measure), "--about"])
    commit = output_of(["git", "rev-parse", "--short=12", "HEAD"]) or "unknown"
    changed = output_of(["git", "status", "--porcelain", "--untracked-files=no"]) != ""
    return {
        "machine": model.group(1) if model else platform.processor() or platform.machine(),
        "cores": len(ALL_CORES),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "compiler": about["compiler"],
        "library": about["library"],
        "commit": commit + (" with changes" if changed else ""),
        "peers": peers_named(versions, suite.python),
        "rows": suite.rows,
        "seed": suite.maker.seed,
        "rounds": suite.rounds,
        "load_average": round(os.getloadavg()[0], 2),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }


def jobs_asked(asked: argparse.Namespace) -> list[tuple[Job, int]]:
    """One core first, so that a second core has an answer to be compared with."""
    chosen = [job for job in JOBS if re.search(asked.only, job.name) and (job.quick or not asked.quick)]
    cores_asked = [cores for cores in (1, 2) if not asked.cores or cores == asked.cores]
    return [(job, cores) for job in chosen for cores in job.cores if cores in cores_asked and cores <= len(ALL_CORES)]


def measure(suite: Suite, asked: argparse.Namespace, about: Told, path: Path) -> list[Told]:
    results: list[Told] = []
    with path.open("w", encoding="utf-8") as log:

        def tell(told: list[Told]) -> None:
            results.extend(told)
            for one in told:
                log.write(json.dumps(one) + "\n")
            log.flush()

        log.write(json.dumps({"about": about}) + "\n")
        for job, cores in [] if asked.growth else jobs_asked(asked):
            note(f"{job.name}, {cores} core{'s' if cores > 1 else ''}")
            tell(run_job(suite, job, cores))
        if asked.growth or not (asked.quick or asked.only):
            tell(growth.odd_histories(suite, asked.odd_rows))
            tell(growth.sizes(suite, [suite.rows // 10, suite.rows, *([] if asked.quick else [suite.rows * 5])]))
    return results


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev bench", description="Measures the library beside other engines.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, without growth; a few minutes")
    parser.add_argument("--rows", type=int, help="inline deployments (default 10,000,000)")
    parser.add_argument("--seed", type=int, default=1, help="of the histories (default 1)")
    parser.add_argument("--rounds", type=int, help="how often each engine takes its turn (default 3, quick 1)")
    parser.add_argument("--only", default="", metavar="REGEX", help="jobs whose name matches, without growth")
    parser.add_argument("--cores", type=int, choices=(1, 2), help="only on that many")
    parser.add_argument("--growth", action="store_true", help="only growth and odd histories")
    parser.add_argument("--odd-rows", type=int, help="facts of an odd history (default a tenth of --rows)")
    parser.add_argument("--instructions", action="store_true", help="only count instructions of small jobs")
    parser.add_argument("--list", action="store_true", help="name the jobs and end")
    parser.add_argument("--no-peers", action="store_true", help="only libdora")
    parser.add_argument("--peers", metavar="PYTHON", default=str(ROOT / ".dev/peers/bin/python"), help="that has them")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="build folder (default build)")
    parser.add_argument("--work", type=Path, default=ROOT / ".dev/bench", help="folder of data and results")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="write results.jsonl and RESULTS.md there")
    asked = parser.parse_args()
    asked.rows = asked.rows or (1_000_000 if asked.quick else 10_000_000)
    asked.rounds = asked.rounds or (1 if asked.quick else 3)
    asked.odd_rows = asked.odd_rows or asked.rows // 10
    if asked.rows < 10_000 or asked.rounds < 1:
        parser.error("rows from 10,000, rounds from 1")
    return asked


def build_programs(build: Path) -> None:
    programs = ["bench/bench_generate", "bench/bench_measure"]
    subprocess.run(["ninja", "--quiet", "-C", str(build), *programs], check=True, stdout=sys.stderr)


def simdjson_version(program: Path) -> str:
    """Builds the program for this machine where simdjson's headers are; "" where they are not."""
    source = ROOT / "bench/peers/simdjson_peer.cpp"
    command = ["c++", "-std=c++17", "-O3", "-march=native", str(source), "-lsimdjson", "-o", str(program)]
    program.parent.mkdir(parents=True, exist_ok=True)
    output_of(command)
    return output_of([str(program), "--version"])


def main() -> int:
    asked = parse_arguments()
    if asked.list:
        print("\n".join(job.name for job in JOBS))
        return 0
    build, work = asked.build.resolve(), asked.work.resolve()
    build_programs(build)
    python = "" if asked.no_peers or not Path(asked.peers).exists() else asked.peers
    versions = versions_of(python)
    simdjson = work / "simdjson_peer"
    if not asked.no_peers and (version := simdjson_version(simdjson)):
        versions[SIMDJSON] = version
    maker = Maker(work / "data", build / "bench/bench_generate", python, asked.seed)
    maker.clean()
    suite = Suite(
        maker,
        build / "bench/bench_measure",
        python,
        simdjson,
        tuple(engine for engine in (*PEERS, PYTHON, SIMDJSON) if engine in versions),
        asked.rows,
        asked.rounds,
        work,
    )
    if asked.instructions:
        print(instructions.table(suite.measure, maker), end="")
        return 0
    if not python and not asked.no_peers:
        note("The peers are missing; only libdora is measured.")
    about = describe(suite, versions)
    log = work / "results.jsonl"
    results = measure(suite, asked, about, log)
    print(render.text(about, results), end="")
    (work / "RESULTS.md").write_text(render.markdown(about, results), encoding="utf-8")
    if asked.results:
        asked.results.mkdir(parents=True, exist_ok=True)
        for name in ("results.jsonl", "RESULTS.md"):
            (asked.results / name).write_text((work / name).read_text(encoding="utf-8"), encoding="utf-8")
    return 1 if any("failed" in one for one in results) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        note(str(failure))
        sys.exit(1)

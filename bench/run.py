#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the library and the command beside `wc -l` and DuckDB; see docs/benchmarks.md.

Each job runs in a fresh process on one core. Results go to build/bench.jsonl and, as a table, to standard output.
No time is ever asserted.
"""

import argparse
import dataclasses
import datetime
import hashlib
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ROLLING = "--window 28 --step 1 --percentiles 50,90 --metrics deployments,change_lead_time,change_fail_rate".split()


@dataclasses.dataclass(frozen=True)
class Data:
    """A file to measure with: options of bench_generate, and rows as a share of those asked for."""

    options: tuple[str, ...]
    share: int = 1

    @property
    def format(self) -> str:
        return "ndjson" if "ndjson" in self.options else "csv"

    @property
    def ids(self) -> bool:
        return "--ids" in self.options


CSV = Data(())
CSV_IDS = Data(("--ids",))
CSV_SHUFFLED = Data(("--ids", "--shuffle"))
NDJSON = Data(("--format", "ndjson"))
RELATIONAL = Data(("--format", "ndjson", "--kind", "relational"), share=4)  # a row is about three records


@dataclasses.dataclass(frozen=True)
class Job:
    """A step of bench_measure, or with `command` a whole run of dora."""

    name: str
    data: Data
    step: str
    command: tuple[str, ...] = ()
    peer: bool = True


JOBS = (
    Job("read csv", CSV, "read"),
    Job("read ndjson", NDJSON, "read"),
    Job("read csv with ids", CSV_IDS, "read"),
    Job("read csv with ids, shuffled", CSV_SHUFFLED, "read"),
    Job("read relational", RELATIONAL, "read", peer=False),
    Job("settle", CSV, "settle"),
    Job("settle with ids, shuffled", CSV_SHUFFLED, "settle"),
    Job("settle relational", RELATIONAL, "settle", peer=False),
    Job("report monthly", CSV, "report monthly"),
    Job("report by service monthly", CSV, "report by service monthly"),
    Job("day by service", CSV, "day by service"),
    Job("rolling whole", CSV, "rolling whole"),
    Job("rolling by service 28 days step 1", CSV, "rolling by service 28 days step 1"),
    Job("rolling by service, rows only", CSV, "rolling by service, rows only"),
    Job("command: report monthly, csv", CSV, "report monthly", ("report", "--format", "csv")),
    Job("command: report monthly, ndjson", NDJSON, "report monthly", ("report", "--format", "csv")),
    Job(
        "command: rolling by service, csv",
        CSV,
        "rolling by service 28 days step 1",
        ("report", "--format", "csv", "--by", "service", *ROLLING),
    ),
)


@dataclasses.dataclass(frozen=True)
class Bench:
    """What was asked for, and where things are."""

    build: Path
    rows: int
    repeat: int
    duckdb: str  # a Python that has it, or ""

    @property
    def measure(self) -> str:
        return str(self.build / "bench" / "bench_measure")


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def output_of(*command: str) -> str:
    """What a command prints, "" if it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def make_data(bench: Bench, data: Data, rows: int) -> Path:
    """The file, from an earlier run if the generator is still the same."""
    sources = b"".join((ROOT / "bench" / name).read_bytes() for name in ("generate.c", "history.c", "history.h"))
    mark = hashlib.sha256(sources).hexdigest()[:8]
    folder = bench.build / "bench-data"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if not old.name.startswith(mark):
            old.unlink()
    words = [word.strip("-") for word in data.options if word not in ("--format", "--kind", "ndjson")]
    path = folder / ".".join(["-".join([mark, str(rows), *words]), data.format])
    if not path.exists():
        note(f"making {path.name}")
        partial = path.with_suffix(".partial")
        command = [str(bench.build / "bench" / "bench_generate"), "--rows", str(rows), *data.options]
        with partial.open("wb") as out:
            subprocess.run(command, stdout=out, check=True)
        partial.rename(path)
    return path


def told_by(command: list[str]) -> dict[str, Any]:
    """The one JSON object that a measuring program prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def run_process(command: list[str], repeat: int) -> dict[str, Any]:
    """Best wall time of whole processes, and the peak memory of the first."""
    told: dict[str, Any] = {}
    for repetition in range(repeat):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, command)
        if repetition == 0:
            told = {"seconds": seconds, "first_seconds": seconds, "peak_bytes": used.ru_maxrss * 1024}
        told["seconds"] = min(told["seconds"], seconds)
    return told


def run_job(bench: Bench, job: Job, path: Path, rows: int) -> dict[str, Any]:
    if not job.command:
        return told_by([bench.measure, "--repeat", str(bench.repeat), "--step", job.step, str(path)])
    command = [str(bench.build / "tools" / "dora"), *job.command, str(path)]
    told = run_process(command, bench.repeat)
    size = path.stat().st_size
    return told | {
        "rows": rows,
        "bytes": size,
        "rows_per_s": rows / told["seconds"],
        "mb_per_s": size / told["seconds"] * 1e-6,
        "ns_per_row": told["seconds"] * 1e9 / rows,
    }


def run_duckdb(bench: Bench, job: Job, path: Path) -> dict[str, Any]:
    command = [bench.duckdb, str(ROOT / "bench" / "duckdb_peer.py"), "--step", job.step, str(path)]
    command += ["--ids"] if job.data.ids else []
    if job.command:
        return run_process([*command, "--whole"], bench.repeat)
    return told_by([*command, "--repeat", str(bench.repeat)])


def measure(bench: Bench, job: Job, wc_seconds: dict[Path, float]) -> dict[str, Any]:
    """One job with its growth from a tenth of the rows, and its peers."""
    rows = bench.rows // job.data.share
    path, small = (make_data(bench, job.data, count) for count in (rows, rows // 10))
    if path not in wc_seconds:
        wc_seconds[path] = run_process(["wc", "-l", str(path)], max(bench.repeat, 3))["seconds"]
    note(job.name)
    told: dict[str, Any] = {"job": job.name} | run_job(bench, job, path, rows)
    told["growth"] = told["ns_per_row"] / run_job(bench, job, small, rows // 10)["ns_per_row"]
    told["wc_seconds"] = wc_seconds[path]
    told["wc_ratio"] = told["seconds"] / wc_seconds[path]
    if job.peer and bench.duckdb:
        duckdb = run_duckdb(bench, job, path)
        told["duckdb_seconds"] = duckdb["seconds"]
        told["duckdb_peak_bytes"] = duckdb["peak_bytes"]
        told["duckdb_ratio"] = duckdb["seconds"] / told["seconds"]
    return told


def find_duckdb(asked: str, get: bool) -> str:
    """A Python that can import duckdb, "" if there is none."""
    venv = ROOT / ".dev" / "venv"
    candidates = [asked] if asked else [sys.executable, str(venv / "bin" / "python")]
    for python in candidates:
        if output_of(python, "-c", "import duckdb; print(duckdb.__version__)"):
            return python
    if get and not asked:
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(venv / "bin" / "python"), "-m", "pip", "install", "-q", "duckdb"], check=True)
        return find_duckdb("", get=False)
    return ""


def describe(bench: Bench, core: int) -> dict[str, Any]:
    """The machine and versions, for the head of the results."""
    processors = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"^model name\s*:\s*(.*)$", processors, re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    about = told_by([bench.measure, "--about"])
    commit = output_of("git", "rev-parse", "--short=12", "HEAD") or "unknown"
    changed = output_of("git", "status", "--porcelain", "--untracked-files=no") != ""
    version = "import duckdb; print(duckdb.__version__)"
    return {
        "machine": model.group(1) if model else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "core_used": core,
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "compiler": about["compiler"],
        "library": about["library"],
        "commit": commit + (" with changes" if changed else ""),
        "duckdb": output_of(bench.duckdb, "-c", version) if bench.duckdb else "missing",
        "rows": bench.rows,
        "repeat": bench.repeat,
        "load_average": round(os.getloadavg()[0], 2),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }


HEADINGS = (
    "job",
    "rows",
    "s",
    "first s",
    "rows/s",
    "MB/s",
    "ns/row",
    "peak MB",
    "growth",
    "x wc -l",
    "DuckDB s",
    "DuckDB MB",
    "DuckDB x",
)


def cells_of(told: dict[str, Any]) -> list[str]:
    def number(name: str, shape: str, unit: float = 1) -> str:
        return format(told[name] / unit, shape) if name in told else "-"

    return [
        told["job"],
        number("rows", ",.0f"),
        number("seconds", ".3f"),
        number("first_seconds", ".3f"),
        number("rows_per_s", ",.0f"),
        number("mb_per_s", ",.0f"),
        number("ns_per_row", ".1f"),
        number("peak_bytes", ",.0f", 1e6),
        number("growth", ".2f"),
        number("wc_ratio", ".2f"),
        number("duckdb_seconds", ".3f"),
        number("duckdb_peak_bytes", ",.0f", 1e6),
        number("duckdb_ratio", ".1f"),
    ]


def render(results: list[dict[str, Any]], markdown: bool) -> str:
    rows = [list(HEADINGS)] + [cells_of(told) for told in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("| " + " | ".join(cells) + " |" if markdown else "  ".join(cells))
    if markdown:
        rules = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
        lines.insert(1, "| " + " | ".join(rules) + " |")
    return "\n".join(lines) + "\n"


def headline(about: dict[str, Any]) -> str:
    return (
        f"{about['machine']}, {about['cores']} cores (one used), {about['memory_gib']} GiB, {about['system']}; "
        f"{about['compiler']}; libdora {about['library']}, commit {about['commit']}; DuckDB {about['duckdb']}; "
        f"best of {about['repeat']}; load {about['load_average']}; {about['date']}\n"
    )


def write_markdown(path: Path, about: dict[str, Any], results: list[dict[str, Any]]) -> None:
    text = "# Benchmark results\n\n" + headline(about) + "\n" + render(results, markdown=True)
    text += "\nWhat the columns mean: [docs/benchmarks.md](../docs/benchmarks.md).\n"
    path.write_text(text, encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev bench", description="Measures the library beside wc -l and DuckDB.")
    parser.add_argument("--rows", type=int, help="deployments (default 10,000,000)")
    parser.add_argument("--quick", action="store_true", help="one million rows")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each job, of which the best is told (default 3)")
    parser.add_argument("--only", default="", metavar="REGEX", help="jobs whose name matches")
    parser.add_argument("--list", action="store_true", help="name the jobs and end")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="build folder (default build)")
    parser.add_argument("--core", type=int, help="core to run on (default the last)")
    parser.add_argument("--python", default="", help="a Python that has DuckDB")
    parser.add_argument("--get-duckdb", action="store_true", help="install DuckDB into .dev/venv where it is missing")
    parser.add_argument("--no-duckdb", action="store_true", help="leave DuckDB out")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table as Markdown as well")
    asked = parser.parse_args()
    asked.rows = asked.rows or (1_000_000 if asked.quick else 10_000_000)
    if asked.rows < 1000 or asked.repeat < 1:
        parser.error("rows from 1000, repeat from 1")
    return asked


def main() -> int:
    asked = parse_arguments()
    jobs = [job for job in JOBS if re.search(asked.only, job.name)]
    if asked.list:
        print("\n".join(job.name for job in jobs))
        return 0
    build = asked.build.resolve()
    subprocess.run(["ninja", "-C", str(build), "bench/bench_generate", "bench/bench_measure", "tools/dora"], check=True)
    duckdb = "" if asked.no_duckdb else find_duckdb(asked.python, asked.get_duckdb)
    if not duckdb:
        note("DuckDB is left out" if asked.no_duckdb else "DuckDB is missing: --get-duckdb installs it into .dev/venv")
    bench = Bench(build, asked.rows, asked.repeat, duckdb)

    core = asked.core
    if hasattr(os, "sched_setaffinity"):
        core = max(os.sched_getaffinity(0)) if core is None else core
        os.sched_setaffinity(0, {core})  # children stay on it
    about = describe(bench, core if core is not None else -1)
    results: list[dict[str, Any]] = []
    wc_seconds: dict[Path, float] = {}
    with (build / "bench.jsonl").open("w", encoding="utf-8") as log:
        log.write(json.dumps({"about": about}) + "\n")
        for job in jobs:
            try:
                results.append(measure(bench, job, wc_seconds))
            except subprocess.CalledProcessError as failure:
                note(f"{job.name}: failed ({failure.returncode}): {shlex.join(failure.cmd)}")
                continue
            log.write(json.dumps(results[-1]) + "\n")
            log.flush()
    print(headline(about) + "\n" + render(results, markdown=False), end="")
    if asked.markdown:
        write_markdown(asked.markdown, about, results)
    return 0 if len(results) == len(jobs) else 1


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""Results as text for a terminal and as bench/RESULTS.md: nothing but what was measured."""

from __future__ import annotations

from collections.abc import Iterable

from goals import GOALS, NAMES, Results, quotient
from jobs import JOBS, PEERS
from processes import Told

Row = list[str]


def table(headings: Row, rows: Iterable[Row], markdown: bool) -> str:
    """The first column to the left, the others to the right; as wide as they need."""
    rows = list(rows)
    if not rows:
        return "nothing measured\n"
    every = [headings, *rows]
    widths = [max(len(row[column]) for row in every) for column in range(len(headings))]
    lines = []
    for row in every:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("| " + " | ".join(cells) + " |" if markdown else "  ".join(cells).rstrip())
    if markdown:
        rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        lines.insert(1, "| " + " | ".join(rules) + " |")
    return "\n".join(lines) + "\n"


def figure(value: float | None, digits: int = 3) -> str:
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if abs(value) < 100 else f"{value:.0f}"


def goal_rows(results: Results, lost_only: bool = False) -> list[Row]:
    rows = []
    for goal in GOALS:
        value = goal.measure(results)
        met = "not measured" if value is None else "yes" if goal.met(value) else "no"
        wanted = f"{'<=' if goal.at_most else '>='} {goal.wanted:g} {goal.unit}"
        if value is not None and (met == "no" or not lost_only):
            rows.append([goal.name, wanted, figure(value), met])
    return rows


def seconds_cell(results: Results, job: str, engine: str, cores: int, name: str = "seconds") -> str:
    """Seconds, and for a peer how many times those of libdora."""
    one = results.by_name.get((job, engine, cores))
    if one is None:
        return "-"
    if "failed" in one:
        return "failed"
    if one.get("answer", "equal") != "equal":
        return "other answer"
    ratio = quotient(results.number(name, job, engine, cores), results.number(name, job, cores=cores))
    beside = f" ({figure(ratio)}x)" if ratio is not None and engine != "libdora" else ""
    return figure(float(one[name])) + beside if name in one else "-"


def job_rows(results: Results, cores: int, name: str = "seconds") -> list[Row]:
    """Jobs that a peer takes part in."""
    rows = []
    for job in JOBS:
        mine = results.number(name, job.name, cores=cores)
        if mine is None or not job.peers or job.step == "stream":
            continue
        records = results.number("records", job.name, cores=cores)
        rows.append(
            [
                job.name,
                figure(records),
                *(seconds_cell(results, job.name, engine, cores, name) for engine in ("libdora", *PEERS)),
            ]
        )
    return rows


def memory_rows(results: Results) -> list[Row]:
    rows = []
    for job in JOBS:
        peaks = [results.number("peak_bytes", job.name, engine) for engine in ("libdora", *PEERS)]
        if job.peers and peaks[0] is not None:
            rows.append([job.name, *(figure(peak / 1e6 if peak else None) for peak in peaks)])
    return rows


def stage_rows(results: Results) -> list[Row]:
    """Where libdora's time goes, in nanoseconds a record."""
    rows = []
    for job in JOBS:
        for cores in (1, 2):
            one = results.by_name.get((job.name, "libdora", cores), {})
            if "read_seconds" not in one:
                continue
            records = float(one["records"])
            parts = (float(one[f"{stage}_seconds"]) * 1e9 / records for stage in ("read", "settle", "query"))
            total = float(one["seconds"]) * 1e9 / records
            rest = float(one["rest_bytes"]) / records if "rest_bytes" in one else None
            peak = float(one["job_bytes"]) / records if "job_bytes" in one else None
            name = job.name + (", two threads" if cores == 2 else "")
            rows.append([name, *(figure(part or None) for part in (*parts, total, rest, peak))])
    return rows


def limit_rows(results: Results) -> list[Row]:
    """The machine, and how near libdora's reading and its rolling windows come."""

    def number(name: str, job: str = "limits") -> float | None:
        return results.number(name, job)

    rows = [
        ["copying memory, GB/s", figure(number("copy_gb_per_s"))],
        ["reading the CSV file from the page cache, GB/s", figure(number("read_gb_per_s"))],
        ["reading it and finding newlines (memchr), GB/s", figure(number("newline_gb_per_s"))],
        ["sorting 32-bit keys by radix, ns a key", figure(number("sort_ns_per_key"))],
    ]
    size, seconds = number("bytes", "read CSV"), number("seconds", "read CSV")
    if size and seconds:
        rows.append(["libdora: reading CSV to placed facts, GB/s", figure(size / seconds * 1e-9)])
    for engine, what in (("libdora", "to placed facts"), ("simdjson", "to typed columns, by its On-Demand")):
        size, seconds = (results.number(name, "read NDJSON", engine) for name in ("bytes", "seconds"))
        if size and seconds:
            rows.append([f"{NAMES[engine]}: reading NDJSON {what}, GB/s", figure(size / seconds * 1e-9)])
    query, records = number("query_seconds", "B whole"), number("records", "B whole")
    if query and records:
        rows.append(["libdora: rolling windows of the whole, ns a fact", figure(query * 1e9 / records)])
    return [row for row in rows if row[1] != "-"]


def latency_rows(results: Results) -> list[Row]:
    rows = []
    for job in ("D", "D, late ancestor"):
        for engine in ("libdora", *PEERS):
            median = results.number("median_us", job, engine)
            if median is not None:
                rows.append([f"{job}: {NAMES[engine]}", figure(median), figure(results.number("p99_us", job, engine))])
    return rows


def other_rows(results: Results) -> list[Row]:
    """Jobs of libdora alone."""
    rows = []
    for job in JOBS:
        one = results.by_name.get((job.name, "libdora", 1), {})
        apart = job.step.startswith(("stream", "state"))
        if not job.peers and not apart and "seconds" in one and "records" in one:
            per_fact = float(one["seconds"]) * 1e9 / float(one["records"])
            rows.append([job.name, figure(float(one["records"])), figure(float(one["seconds"])), figure(per_fact)])
    return rows


def state_rows(results: Results) -> list[Row]:
    """What a state takes of time a fact, and the bytes a fact that it then has."""
    rows = []
    for job in JOBS:
        one = results.by_name.get((job.name, "libdora", 1), {})
        if "state_bytes" in one:
            records = float(one["records"])
            seconds, size = float(one["seconds"]), float(one["state_bytes"])
            rows.append([job.name, *(figure(x) for x in (records, seconds, seconds * 1e9 / records, size / records))])
    return rows


def growth_rows(results: Results) -> list[Row]:
    rows = []
    for one in results.told:
        if "ns_per_fact" not in one:
            continue
        names = ("records", "result_rows", "ns_per_fact", "rest_bytes_per_fact", "beside_reference", "slope")
        rows.append([one["job"], *(figure(float(one[name]) if name in one else None) for name in names)])
    return rows


def faults(results: Results) -> list[str]:
    said = []
    for one in results.told:
        reason = one.get("failed") or (one.get("answer", "equal") != "equal" and one["answer"])
        if reason:
            said.append(f"- {one['job']}, {NAMES[one['engine']]}, {one['cores']} core(s): {reason}")
    return said


def losses(results: Results) -> list[str]:
    """Goals that are missed and peers that are faster."""
    said = [f"- {name}: {value}, goal {wanted}" for name, wanted, value, _ in goal_rows(results, lost_only=True)]
    for one in results.told:
        ratio = results.ratio(one["job"], one["engine"], one["cores"]) if one["engine"] != "libdora" else None
        if ratio is not None and ratio < 1:
            said.append(
                f"- {one['job']}, {one['cores']} core(s): {NAMES[one['engine']]} takes {figure(ratio)} of our time"
            )
    return said


def headline(about: Told) -> str:
    return (
        f"{about['machine']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}; "
        f"{about['compiler']}; libdora {about['library']}, commit {about['commit']}; {about['peers']}; "
        f"{about['rows']:,} rows, seed {about['seed']}, {about['rounds']} rounds; load {about['load_average']}; "
        f"{about['date']}\n"
    )


def sections(results: Results) -> list[tuple[str, str, Row, list[Row]]]:
    engines = ["job", "records", *(NAMES[engine] for engine in ("libdora", *PEERS))]
    beside = "Seconds from the file to the result in memory, and how many times ours. Best of all rounds."
    cold = "The same on one core where nothing was done before in the process: the system has to provide all memory."
    stages = ["job", "read", "settle", "query", "all", "bytes at rest", "bytes at peak"]
    sizes = ["history", "records", "result rows", "ns/fact", "bytes/fact at rest", "x reference", "x smaller size"]
    return [
        ("Goals", "", ["goal", "wanted", "measured", "met"], goal_rows(results)),
        ("One core", beside, engines, job_rows(results, 1)),
        ("Two cores", beside, engines, job_rows(results, 2)),
        ("The first time", cold, engines, job_rows(results, 1, "first_seconds")),
        ("Peak memory", "Megabytes of the whole process, one core.", ["job", *engines[2:]], memory_rows(results)),
        ("Where the time goes", "libdora, nanoseconds and bytes a record.", stages, stage_rows(results)),
        ("The machine", "One core.", ["what", "measured"], limit_rows(results)),
        (
            "One late fact and the current window",
            "Microseconds.",
            ["job", "median", "99th percentile"],
            latency_rows(results),
        ),
        ("libdora alone", "", ["job", "records", "seconds", "ns/record"], other_rows(results)),
        (
            "States",
            "Bytes are those of the state afterwards; merging is into an engine with the same facts.",
            ["job", "facts", "seconds", "ns/fact", "bytes/fact"],
            state_rows(results),
        ),
        (
            "Growth",
            "A monthly report by service from the file.",
            sizes,
            growth_rows(results),
        ),
    ]


def text(about: Told, told: list[Told]) -> str:
    results = Results(told)
    parts = [headline(about)]
    for title, _, headings, rows in sections(results):
        if rows:
            parts.append(f"{title}\n{table(headings, rows, markdown=False)}")
    parts += ["\n".join(["Faults", *faults(results)]) + "\n"] if faults(results) else []
    return "\n".join(parts)


def markdown(about: Told, told: list[Told]) -> str:
    results = Results(told)
    parts = ["# Benchmark results", headline(about).rstrip()]
    for title, remark, headings, rows in sections(results):
        if rows:
            parts += [f"## {title}", *([remark] if remark else []), table(headings, rows, markdown=True).rstrip()]
    parts += ["## What is missed or lost", "\n".join(losses(results)) or "Nothing."]
    if faults(results):
        parts += ["## What did not run or differs", "\n".join(faults(results))]
    parts.append("What the jobs and columns are: [docs/benchmarks.md](../docs/benchmarks.md).")
    return "\n\n".join(parts) + "\n"

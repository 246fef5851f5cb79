# SPDX-License-Identifier: MIT
"""What the library is to reach, one goal a row, and what was measured of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from processes import Told


class Results:
    """What was told, by (job, engine, cores)."""

    def __init__(self, told: list[Told]) -> None:
        self.told = told
        self.by_name = {(one["job"], one["engine"], one["cores"]): one for one in told}

    def number(self, name: str, job: str, engine: str = "libdora", cores: int = 1) -> float | None:
        """A figure of a run that worked and whose answer is right."""
        one = self.by_name.get((job, engine, cores))
        if one is None or "failed" in one or one.get("answer", "equal") != "equal" or name not in one:
            return None
        return float(one[name])

    def ratio(self, job: str, engine: str, cores: int = 1) -> float | None:
        """How much longer another engine takes."""
        return quotient(self.number("seconds", job, engine, cores), self.number("seconds", job, "libdora", cores))


def quotient(a: float | None, b: float | None) -> float | None:
    return a / b if a is not None and b else None


@dataclasses.dataclass(frozen=True)
class Goal:
    """`wanted` is a least value, or with `at_most` a greatest."""

    name: str
    wanted: float
    unit: str
    measure: Callable[[Results], float | None]
    at_most: bool = False

    def met(self, value: float) -> bool:
        return value <= self.wanted if self.at_most else value >= self.wanted


NAMES = {
    "duckdb": "DuckDB",
    "clickhouse": "ClickHouse",
    "polars": "Polars",
    "pandas": "pandas",
    "simdjson": "simdjson",
    "libdora": "libdora",
}


def beats(job: str, **wanted: float) -> list[Goal]:
    """By how much each of some engines is to be beaten."""

    def goal(engine: str, ratio: float) -> Goal:
        return Goal(f"{job} beside {NAMES[engine]}", ratio, "x", lambda results: results.ratio(job, engine))

    return [goal(engine, ratio) for engine, ratio in wanted.items()]


def rate(job: str, per: str, scale: float) -> Callable[[Results], float | None]:
    """Bytes or records a second, in units of `scale`."""

    def measure(results: Results) -> float | None:
        speed = quotient(results.number(per, job), results.number("seconds", job))
        return speed / scale if speed else None

    return measure


def told(name: str, job: str) -> Callable[[Results], float | None]:
    return lambda results: results.number(name, job)


def bytes_a_fact(name: str, job: str) -> Callable[[Results], float | None]:
    return lambda results: quotient(results.number(name, job), results.number("records", job))


def two_threads(job: str) -> Goal:
    return Goal(
        f"{job}, two threads beside one",
        1.7,
        "x",
        lambda results: quotient(results.number("seconds", job), results.number("seconds", job, cores=2)),
    )


def growth(kind: str) -> Callable[[Results], float | None]:
    return lambda results: results.number("growth", f"growth, {kind}")


def worst_odd(results: Results) -> float | None:
    ratios = [float(one["beside_reference"]) for one in results.told if "beside_reference" in one]
    return max(ratios, default=None)


GOALS = (
    *beats("A", duckdb=10, clickhouse=8, polars=25),
    *beats("B whole", duckdb=20, clickhouse=12),
    *beats("B by service", duckdb=25, clickhouse=12),
    *beats("C", duckdb=10),
    Goal("read CSV", 1.8, "GB/s", rate("read CSV", "bytes", 1e9)),
    *beats("read CSV", duckdb=7),
    Goal("read NDJSON", 1.5, "GB/s", rate("read NDJSON", "bytes", 1e9)),
    *beats("read NDJSON", duckdb=3, simdjson=0.6),
    Goal("read Arrow", 60, "million rows/s", rate("read Arrow", "records", 1e6)),
    Goal(
        "reading a pyarrow table in Python beside Arrow in C",
        1.5,
        "x",
        lambda results: quotient(
            results.number("seconds", "read a pyarrow table in Python"), results.number("seconds", "read Arrow")
        ),
        at_most=True,
    ),
    *beats("A on a pyarrow table in Python", duckdb=5, polars=5),
    *beats("B by service on a pyarrow table in Python", duckdb=5, polars=5),
    Goal("one call, service handle", 25, "ns", told("ns_per_call", "one call, service handle"), at_most=True),
    Goal("one call, service name", 40, "ns", told("ns_per_call", "one call, service name"), at_most=True),
    Goal(
        "one call, id among ten times as many",
        150,
        "ns",
        told("ns_per_call", "one call, id among ten times as many"),
        at_most=True,
    ),
    Goal("read NDJSON with ids, shuffled", 5, "million/s", rate("read NDJSON with ids, shuffled", "records", 1e6)),
    Goal("ancestry, settling", 0.5, "s", told("settle_seconds", "ancestry"), at_most=True),
    Goal("D, median", 100, "us", told("median_us", "D"), at_most=True),
    Goal("D, 99th percentile", 1000, "us", told("p99_us", "D"), at_most=True),
    Goal("memory at rest, inline facts", 32, "bytes/fact", bytes_a_fact("rest_bytes", "A"), at_most=True),
    Goal("peak of B whole", 56, "bytes/fact", bytes_a_fact("job_bytes", "B whole"), at_most=True),
    Goal("peak of B by service", 56, "bytes/fact", bytes_a_fact("job_bytes", "B by service"), at_most=True),
    two_threads("A"),
    two_threads("B whole"),
    two_threads("B by service"),
    Goal("growth, time a fact, inline", 1.25, "x", growth("inline"), at_most=True),
    Goal("growth, time a fact, with ids", 1.5, "x", growth("with ids"), at_most=True),
    Goal("worst odd history beside its reference", 4, "x", worst_odd, at_most=True),
)

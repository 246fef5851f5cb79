# SPDX-License-Identifier: MIT
"""Options of engines and queries, by the names that the `dora` command gives them, and how they become C."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import operator
import os
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from libdora._libdora import ffi, lib
from libdora.errors import ArgumentError
from libdora.tiers import Tiers, tiers_struct

Date = str | datetime.date
Numbers = str | Iterable[int | float | str]
Names = str | Iterable[str]


class _Choice(str, enum.Enum):
    def __str__(self) -> str:
        return str(self.value)


class Table(_Choice):
    """What a query is about: metrics a group and window, or also a phase."""

    REPORT = "report"
    PHASES = "phases"


class Group(_Choice):
    """What rows are for; without one, for everything together."""

    SERVICE = "service"
    TEAM = "team"
    PRODUCT = "product"


class Period(_Choice):
    """Calendar units; weeks begin on Monday, and ALL is one row from the first to the last day."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ALL = "all"


class PercentileRule(_Choice):
    """How a percentile between two values is found: Hyndman-Fan 7, the lower of them, or Hyndman-Fan 1."""

    LINEAR = "linear"
    LOWER = "lower"
    NEAREST_RANK = "nearest_rank"


class Changes(_Choice):
    """Whether a change that nothing lists belongs to the first deployment of its service after its merge."""

    LISTED = "listed"
    TIME = "time"


class Format(_Choice):
    """Of an input; AUTO looks at its first bytes."""

    AUTO = "auto"
    NDJSON = "ndjson"
    CSV = "csv"


class Tier(_Choice):
    """What a value earns by an edition's table."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    ELITE = "elite"


class Attribution(enum.Enum):
    """How long after a deployment an incident that names none is its own, where that is no time."""

    EXPLICIT = "explicit"  #: never: only incidents that name their deployment
    UNLIMITED = "unlimited"  #: always: the last deployment before, however long ago


_ChoiceType = TypeVar("_ChoiceType", bound=_Choice)


def choose(kind: type[_ChoiceType], option: str, value: str) -> _ChoiceType:
    try:
        return kind(value)
    except ValueError:
        words = ", ".join(member.value for member in kind)
        raise ArgumentError(f"{option} takes one of {words}; not {value!r}") from None


def number_of(choice: _Choice) -> int:
    """DORA_GROUP_SERVICE of Group.SERVICE."""
    prefix = "PERCENTILE" if isinstance(choice, PercentileRule) else type(choice).__name__.upper()
    return int(getattr(lib, f"DORA_{prefix}_{choice.name}"))


def joined(values: Numbers | Names) -> str:
    if isinstance(values, str):
        return values
    return ",".join(f"{value:.15g}" if isinstance(value, float) else str(value) for value in values)


def text(value: str | None, kept: list[Any]) -> Any:
    """A C string that lives as long as `kept`; NULL of None."""
    if value is None:
        return ffi.NULL
    encoded = value.encode()
    if b"\0" in encoded:
        raise ArgumentError(f"{value!r} holds a zero byte")
    kept.append(ffi.new("char[]", encoded))
    return kept[-1]


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def attribution_us(value: datetime.timedelta | float | str | Attribution | None) -> int:
    """Microseconds as dora_engine_options has them: a timedelta, seconds, "72h", an Attribution, or None for 7 days."""
    if value is None:
        return int(lib.DORA_ATTRIBUTION_DEFAULT)
    if isinstance(value, Attribution):
        return int(getattr(lib, f"DORA_ATTRIBUTION_{value.name}"))
    if isinstance(value, str):
        digits, unit = (value[:-1], _SECONDS[value[-1]]) if value[-1:] in _SECONDS else (value, 1)
        if not digits.isascii() or not digits.isdigit():
            raise ArgumentError(f"attribution takes a time such as '72h' or '7d', not {value!r}")
        us = int(digits) * unit * 1_000_000
    elif isinstance(value, datetime.timedelta):
        us = value // datetime.timedelta(microseconds=1)
    elif not math.isfinite(value):
        raise ArgumentError("attribution takes a number of seconds; without end it is Attribution.UNLIMITED")
    else:
        us = round(value * 1_000_000)
    if us < 0:
        raise ArgumentError("attribution is negative")
    if us == 0:
        return int(lib.DORA_ATTRIBUTION_EXPLICIT)
    return min(us, int(lib.DORA_ATTRIBUTION_UNLIMITED))


def threads_to_use(threads: int | None) -> int:
    """As many as the process has processors, up to 8, unless told."""
    if threads is not None:
        if not 1 <= threads <= 64:
            raise ArgumentError("threads takes a number from 1 to 64")
        return threads
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(there, 8)


def days(option: str, value: int | None) -> int:
    if value is None:
        return 0
    number = operator.index(value)
    if not 1 <= number <= 690_000:
        raise ArgumentError(f"{option} takes a number of days from 1 to 690,000")
    return number


@dataclasses.dataclass(frozen=True)
class Query:
    """What a report was asked for; see `Engine.query` for the meaning of the fields."""

    table: Table = Table.REPORT
    by: Group | None = None
    only: str | None = None
    period: Period = Period.MONTH
    window: int | None = None
    step: int | None = None
    since: Date | None = None
    until: Date | None = None
    percentiles: str | None = None
    percentile_rule: PercentileRule = PercentileRule.LINEAR
    metrics: str | None = None
    tiers: int | Tiers = 2024
    intervals: bool = False
    max_rows: int | None = None
    only_columns: str | None = None

    def struct(self, kept: list[Any]) -> Any:
        """A dora_query that lives as long as `kept`."""
        query = ffi.new("dora_query *", {"struct_size": ffi.sizeof("dora_query")})
        query.table = number_of(self.table)
        query.by = number_of(self.by) if self.by else lib.DORA_GROUP_NONE
        query.period = number_of(self.period)
        query.window_days = days("window", self.window)
        query.step_days = days("step", self.step)
        query.percentile_rule = number_of(self.percentile_rule)
        query.intervals = self.intervals
        query.rows_max = 0 if self.max_rows is None else self.max_rows
        query.tiers = tiers_struct(self.tiers, kept)
        query.since = text(None if self.since is None else str(self.since), kept)
        query.until = text(None if self.until is None else str(self.until), kept)
        query.percentiles = text(self.percentiles, kept)
        query.metrics = text(self.metrics, kept)
        query.only = text(self.only, kept)
        query.columns = text(self.only_columns, kept)
        return query


def make_query(
    *,
    table: str = "report",
    by: str | None = None,
    only: str | None = None,
    period: str | None = None,
    window: int | None = None,
    step: int | None = None,
    since: Date | None = None,
    until: Date | None = None,
    percentiles: Numbers | None = None,
    percentile_rule: str = "linear",
    metrics: Names | None = None,
    only_columns: Names | None = None,
    tiers: int | Tiers | None = None,
    intervals: bool = False,
    max_rows: int | None = None,
) -> Query:
    if max_rows is not None and not 1 <= max_rows <= sys.maxsize:
        raise ArgumentError(f"max_rows takes a number from 1 to {sys.maxsize}")
    if isinstance(since, datetime.datetime) or isinstance(until, datetime.datetime):
        raise ArgumentError("since and until take dates, without a time")
    return Query(
        table=choose(Table, "table", table),
        by=None if by is None else choose(Group, "by", by),
        only=only,
        period=Period.MONTH if period is None else choose(Period, "period", period),
        window=window,
        step=step,
        since=since,
        until=until,
        percentiles=None if percentiles is None else joined(percentiles),
        percentile_rule=choose(PercentileRule, "percentile_rule", percentile_rule),
        metrics=None if metrics is None else joined(metrics),
        only_columns=None if only_columns is None else joined(only_columns),
        tiers=2024 if tiers is None else tiers,
        intervals=bool(intervals),
        max_rows=max_rows,
    )

# SPDX-License-Identifier: MIT
"""A metric over time, as rows for a picture: the line, its bands, the tiers behind it, and what is not known."""

from __future__ import annotations

import dataclasses
import datetime
import math
from typing import TYPE_CHECKING, Any

from libdora.errors import ArgumentError
from libdora.pictures import words
from libdora.pictures.axes import instant
from libdora.tiers import Tiers, tiers

if TYPE_CHECKING:
    from libdora.options import Query
    from libdora.report import Report, Row

GROUPS_MOST = 60
_LOG_SPREAD = 20  # durations that spread more have a logarithmic axis
_EVIDENCE = {
    "change_fail_rate": "nothing says that anything failed",
    "deployment_rework_rate": "nothing says that anything was rework",
}


@dataclasses.dataclass
class Series:
    """A metric of a report.

    A row has the keys t (the middle of its slot), begin and end (of its slot), first and last (day of its window),
    group, order, y (the line), text, samples, window, partial and tier; low0, high0, text0, low1, ... for each band;
    low, high and interval where intervals were asked for. A slot is the window, or of rolling windows the days by
    which one moves on. Instants are milliseconds since 1970.
    """

    metric: str
    unit: str
    rows: list[dict[str, Any]]
    groups: list[str]  # as they are shown, in the order of the report; the busiest first where some are left out
    left_out: int  # groups that were too many
    bands: list[str]  # what the bands are, the wide one first
    line: str  # what the line is
    scope: str  # windows, span and group
    rolling: bool
    begin: int  # of the axis of time
    end: int
    low: float  # of the axis of values
    high: float
    logarithmic: bool
    table: Tiers | None  # that judges the line
    absence: str  # why there is nothing to draw

    @property
    def known(self) -> bool:
        return any(row["y"] is not None for row in self.rows)


def number(row: Row, column: str) -> float | None:
    found = row[column]
    if isinstance(found, (str, datetime.date)):
        raise ArgumentError(f"{column} has no numbers to draw")
    return found


def narrowed(report: Report, group: str | None, **changes: Any) -> Report:
    """One answer for all groups together, or for the group that was asked for, here or by the report's own query."""
    only = report.query.only if group is None else group
    by = None if only is None else report.query.by
    return report.requery(table="report", by=by, only=only, **changes)


def together(report: Report, group: str | None) -> list[str]:
    """In words, that a picture is of all groups together."""
    by, only = report.query.by, group or report.query.only
    return [f"all {by}s together"] if by is not None and only is None else []


def scope_of(report: Report, group: str | None) -> list[str]:
    """In words, what a picture of the whole span is of."""
    only = group or report.query.only
    asked = narrowed(report, group, period="all", window=None, step=None, metrics="deployments")
    span = [f"{asked[0].start} to {asked[-1].end}"] if len(asked) else []
    said = [*together(report, group), *([words.safe(only)] if only else []), *span]
    return [", ".join(said)] if said else []


def tiers_of(query: Query) -> Tiers:
    return query.tiers if isinstance(query.tiers, Tiers) else tiers(query.tiers)


def judging(table: Tiers, metric: str) -> str | None:
    """The row of a table that judges a metric."""
    recovery = "time_to_restore_service" if table.restore else "failed_deployment_recovery_time"
    return {
        "deployment_frequency": "frequency",
        "change_lead_time": "lead_time",
        "change_fail_rate": "fail_rate",
        recovery: "recovery",
    }.get(metric)


def tier_bands(series: Series) -> list[dict[str, Any]]:
    """The tiers that the axis shows: {tier, low, high}, with the bounds of the report's own table."""
    name = None if series.table is None else judging(series.table, series.metric)
    if name is None:
        return []
    bounds = getattr(series.table, name)
    edges = [(tier, bounds[tier].value) for tier in ("elite", "high", "medium") if bounds[tier] is not None]
    more_is_better = name == "frequency"
    edge = math.inf if more_is_better else 0.0
    made: list[dict[str, Any]] = []
    for tier, bound in [*edges, ("low", 0.0 if more_is_better else math.inf)]:
        low, high = max(min(edge, bound), series.low), min(max(edge, bound), series.high)
        edge = bound
        if low < high:
            made.append({"tier": tier, "low": low, "high": high})
    return made


def _percentiles(report: Report, metric: str) -> dict[float, str]:
    begin = f"{metric}_p"
    found: dict[float, str] = {}
    for column in report.columns:
        if column.startswith(begin):
            try:
                found[float(column[len(begin) :])] = column
            except ValueError:
                continue  # ..._p50_lo of an interval
    return found


@dataclasses.dataclass
class _Columns:
    """Which columns are drawn: the line and its name, and of each band the name and both ends, the wide one first."""

    line: str
    name: str
    bands: list[tuple[str, str, str]]
    judged: bool  # whether tiers speak of this line


def _columns(report: Report, metric: str) -> _Columns:
    if metric in report.columns:
        low, high = f"{metric}_lo", f"{metric}_hi"
        interval = [("95 % interval", low, high)] if low in report.columns and high in report.columns else []
        return _Columns(metric, words.title(metric), interval, True)
    found = _percentiles(report, metric)
    if not found:
        raise ArgumentError(f"{metric} has no numbers in this report")
    middle = min(found, key=lambda p: (abs(p - 50), p))
    above = sorted(p for p in found if p > middle)
    wanted = {95.0 if 95.0 in found else above[-1], 75.0 if 75.0 in found else above[0]} if above else set()
    name = "median" if middle == 50 else f"p{middle:g}"
    bands = [(f"{name} to p{p:g}", found[middle], found[p]) for p in sorted(wanted & set(above), reverse=True)]
    return _Columns(found[middle], name, bands, middle == 50)


def _with_metric(report: Report, metric: str) -> Report:
    """The report, or one of the same query that has the metric."""
    whole = report.query.table == "report" and report.query.only_columns is None
    if whole and (metric in report.columns or f"{metric}_n" in report.columns):
        return report
    return report.requery(table="report", metrics=f"{metric},deployments")


def _samples(row: Row, metric: str) -> float | None:
    return next((number(row, name) for name in (f"{metric}_n", "deployments") if name in row), None)


def _slot(row: Row, query: Query) -> tuple[int, int]:
    end = row.end + datetime.timedelta(days=1)
    begin = row.start if query.window is None else end - datetime.timedelta(days=query.step or 1)
    return instant(begin), instant(end)


def _row(row: Row, query: Query, metric: str, columns: _Columns, unit: str) -> dict[str, Any]:
    y = number(row, columns.line)
    begin, end = _slot(row, query)
    period = None if query.window is not None else str(query.period)
    made: dict[str, Any] = {
        "t": (begin + end) // 2,
        "begin": begin,
        "end": end,
        "y": y,
        "text": words.value(y, unit),
        "samples": _samples(row, metric),
        "first": instant(row.start),
        "last": instant(row.end),
        "window": words.window(row.start, row.end, period),
        "partial": (number(row, "days") or 0) < (row.end - row.start).days + 1,
    }
    for i, (_, low, high) in enumerate(columns.bands):
        made[f"low{i}"], made[f"high{i}"] = number(row, low), number(row, high)
        made[f"text{i}"] = _from_to(made[f"low{i}"], made[f"high{i}"], unit)
    low, high = f"{columns.line}_lo", f"{columns.line}_hi"
    if low in row and high in row:
        made["low"], made["high"] = number(row, low), number(row, high)
        made["interval"] = _from_to(made["low"], made["high"], unit)
    if f"{metric}_tier" in row:
        made["tier"] = row[f"{metric}_tier"] or "not judged"
    return made


def _from_to(low: float | None, high: float | None, unit: str) -> str:
    if low is None and high is None:
        return "too few samples" if unit == "seconds" else "no data"
    ends = [words.value(end, unit) if end is not None else "?" for end in (low, high)]
    return " to ".join(ends)


def _extent(rows: list[dict[str, Any]], unit: str, bands: bool) -> tuple[float, float, bool]:
    """Least and greatest of the axis, and whether it is logarithmic."""
    keys = ("y", "low0", "high0") if bands else ("y",)
    values = [row[key] for row in rows for key in keys if row.get(key) is not None]
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    if unit == "seconds":
        low = max(low, 1.0)
        high = max(high, low)
        if high > _LOG_SPREAD * low:
            return low / 1.3, high * 1.3, True
    if unit == "score":
        return 0.0, 10.0, False
    if unit == "ratio" and high <= 1:
        return 0.0, min(max(high * 1.08, 0.05), 1.0), False
    return min(low, 0.0), high * 1.08 or 1.0, False


def _scope(report: Report, group: str) -> str:
    query = report.query
    said = [*([group] if group else []), windows_of(query)]
    if query.window is not None and len(report):
        said[-1] += f" that end {min(row.end for row in report)} to {max(row.end for row in report)}"
    elif len(report):
        said.append(f"{min(row.start for row in report)} to {max(row.end for row in report)}")
    return ", ".join(said)


def windows_of(query: Query) -> str:
    if query.window is not None:
        return f"windows of {query.window} days"
    return "the whole span" if query.period == "all" else f"by {query.period}"


def _absence(rows: list[dict[str, Any]], metric: str) -> str:
    if not rows:
        return "no records in this span"
    recorded = metric in _EVIDENCE and any(row["samples"] for row in rows)
    return _EVIDENCE[metric] if recorded else "no samples"


def make_series(report: Report, metric: str, group: str | None = None, groups_most: int = GROUPS_MOST) -> Series:
    asked = _with_metric(report, metric) if group is None else report.requery(table="report", only=group)
    asked = _with_metric(asked, metric)
    columns, query = _columns(asked, metric), asked.query
    unit, table = asked.units[columns.line], tiers_of(query)
    rows: list[dict[str, Any]] = []
    weight: dict[str | None, float] = {}
    for row in asked:
        rows.append(_row(row, query, metric, columns, unit) | {"group": row.group})
        weight[row.group] = weight.get(row.group, 0) + (rows[-1]["samples"] or 0)
    busiest = sorted(weight, key=lambda group: -weight[group])
    kept = list(weight) if len(weight) <= groups_most else busiest[:groups_most]
    shown = words.safe_names(kept, f"(no {query.by})" if query.by is not None else "")
    order = {group: i for i, group in enumerate(busiest)}
    rows = [row | {"group": shown[row["group"]], "order": order[row["group"]]} for row in rows if row["group"] in shown]
    rolling = query.window is not None
    # The first rolling windows have a day or two, in which a rate can be anything; they must not set the axis.
    whole = [row for row in rows if not (rolling and row["partial"])]
    seen = whole if any(row["y"] is not None for row in whole) else rows
    low, high, logarithmic = _extent(seen, unit, len(kept) <= 1)
    known = any(row["y"] is not None for row in rows)
    return Series(
        metric=metric,
        unit=unit,
        rows=rows,
        groups=list(shown.values()),
        left_out=len(weight) - len(kept),
        bands=[name for name, _, _ in columns.bands],
        line=columns.name,
        scope=_scope(asked, next(iter(shown.values())) if len(shown) == 1 else ""),
        rolling=rolling,
        begin=min((row["begin"] for row in rows), default=0),
        end=max((row["end"] for row in rows), default=1),
        low=low,
        high=high,
        logarithmic=logarithmic,
        table=table if known and columns.judged and judging(table, metric) is not None else None,
        absence="" if known else _absence(rows, metric),
    )

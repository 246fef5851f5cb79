# SPDX-License-Identifier: MIT
"""A metric over time.

One group has a line with the bands of its percentiles or its interval, and the bands of tiers behind it. A few groups
have a line and a colour each, many a small picture each. Windows of which not all days are observed are hatched.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
from typing import TYPE_CHECKING, Any

from libdora.errors import ArgumentError
from libdora.pictures import words
from libdora.pictures.theme import Theme, altair
from libdora.tiers import Tiers, tiers

if TYPE_CHECKING:
    from libdora.report import Report, Row

COLOURED_GROUPS = 6
GROUPS_MOST = 60
_HATCHES = 16  # slanted lines of a hatched window, one above the other
_NAMED_SHARE = 0.06  # of the height, from which on the band of a tier is named
#: Which bounds of a table of tiers judge a metric, and whether more is better.
_JUDGED = {
    "deployment_frequency": ("frequency", True),
    "change_lead_time": ("lead_time", False),
    "change_fail_rate": ("fail_rate", False),
    "failed_deployment_recovery_time": ("recovery", False),
    "time_to_restore_service": ("recovery", False),
}


@dataclasses.dataclass
class Series:
    """A metric of a report, as rows for a picture.

    A row has the keys t (ISO date), begin and end (of its window), group, y (the line), text, samples, window, partial,
    and low0, high0, low1, high1 where there are bands.
    """

    metric: str
    unit: str
    rows: list[dict[str, Any]]
    groups: list[str]
    left_out: int  # groups that were too many
    bands: list[str]  # what the bands are, the wide one first
    line: str  # what the line is
    low: float  # of the axis
    high: float
    logarithmic: bool
    table: Tiers | None

    @property
    def field(self) -> str:
        return words.title(self.metric)


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


def _with_metric(report: Report, metric: str) -> Report:
    """The report, or one of the same query that has the metric."""
    if metric in report.columns or f"{metric}_n" in report.columns:
        return report
    return report.requery(metrics=f"{metric},deployments")


def _line_and_bands(report: Report, metric: str) -> tuple[str, str, list[tuple[str, str, str]]]:
    """Column and name of the line, and of each band name, low and high column, the wide one first."""
    if metric in report.columns:
        low, high = f"{metric}_lo", f"{metric}_hi"
        interval = [("95 % interval", low, high)] if low in report.columns and high in report.columns else []
        return metric, "value", interval
    found = _percentiles(report, metric)
    if not found:
        raise ArgumentError(f"{metric} has no percentile in this report")
    middle = min(found, key=lambda p: (abs(p - 50), p))
    above = [p for p in (95.0, 90.0, 75.0) if p in found and p > middle]
    bands = [(f"p{middle:g} to p{p:g}", found[middle], found[p]) for p in above]
    return found[middle], f"p{middle:g}", bands[:1] + bands[-1:] if len(bands) > 1 else bands


def _partial(row: Row) -> bool:
    return int(row["days"]) < (row.end - row.start).days + 1  # type: ignore[arg-type]


def _samples(row: Row, metric: str) -> int | None:
    for name in (f"{metric}_n", "deployments"):
        if name in row and row[name] is not None:
            return int(row[name])  # type: ignore[arg-type]
    return None


def _extent(rows: list[dict[str, Any]], unit: str, groups: int) -> tuple[float, float, bool]:
    """Least and greatest of the axis, and whether it is logarithmic. The bands of several groups are not drawn."""
    keys = ("y",) if groups > 1 else ("y", "low0", "high0")
    values = [row[key] for row in rows for key in keys if row.get(key) is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if unit == "seconds":
        low = max(low, 1.0)
        high = max(high, low)
        if high > 20 * low:
            return low / 1.3, high * 1.3, True
    if unit == "score":
        return 0.0, 10.0, False
    return 0.0, high * 1.08 or 1.0, False


def make_series(report: Report, metric: str, groups_most: int = GROUPS_MOST) -> Series:
    asked = _with_metric(report, metric)
    line, line_name, bands = _line_and_bands(asked, metric)
    unit = asked.units[line]
    weight: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    rolling = asked.query.window is not None
    for row in asked:
        group = "" if asked.query.by is None else row.group if row.group is not None else "(none)"
        samples, y = _samples(row, metric), row[line]
        weight[group] = weight.get(group, 0) + (samples or 0)
        begin, end = (datetime.datetime.combine(day, datetime.time()) for day in (row.start, row.end))
        end += datetime.timedelta(days=1)
        made: dict[str, Any] = {
            "t": (row.end.isoformat() if rolling else (begin + (end - begin) / 2).isoformat()),
            "begin": begin.isoformat(),
            "end": end.isoformat(),
            "group": group,
            "y": y,
            "text": words.value(y, unit),
            "samples": samples,
            "window": f"{row.start} to {row.end}",
            "partial": not rolling and _partial(row),
        }
        for i, (_, low, high) in enumerate(bands):
            made[f"low{i}"], made[f"high{i}"] = row[low], row[high]
            made[f"text{i}"] = f"{words.value(row[low], unit)} to {words.value(row[high], unit)}"
        rows.append(made)
    kept = sorted(sorted(weight), key=lambda name: -weight[name])[:groups_most]
    rows = [row for row in rows if row["group"] in set(kept)]
    low_y, high_y, logarithmic = _extent(rows, unit, len(kept))
    judged = metric in _JUDGED and any(row["y"] is not None for row in rows)
    table = tiers(asked.query.tiers) if judged and isinstance(asked.query.tiers, int) else asked.query.tiers
    return Series(
        metric=metric,
        unit=unit,
        rows=rows,
        groups=kept,
        left_out=len(weight) - len(kept),
        bands=[name for name, _, _ in bands],
        line=line_name,
        low=low_y,
        high=high_y,
        logarithmic=logarithmic,
        table=table if judged and isinstance(table, Tiers) else None,
    )


def tier_bands(series: Series) -> list[dict[str, Any]]:
    """The tiers that the axis shows: {tier, low, high}, with the bounds of the report's own table."""
    if series.table is None:
        return []
    name, more_is_better = _JUDGED[series.metric]
    bounds = getattr(series.table, name)
    edges = [(tier, bounds[tier].value) for tier in ("elite", "high", "medium") if bounds[tier] is not None]
    edge = math.inf if more_is_better else 0.0
    made: list[dict[str, Any]] = []
    for tier, bound in [*edges, ("low", 0.0 if more_is_better else math.inf)]:
        low, high = min(edge, bound), max(edge, bound)
        edge = bound
        low, high = max(low, series.low), min(high, series.high)
        if low < high:
            made.append({"tier": tier, "low": low, "high": high})
    return made


def _y_axis(series: Series, small: bool = False, titled: bool = True) -> dict[str, Any]:
    alt = altair()
    scale: dict[str, Any] = {"domain": [series.low, series.high], "nice": False, "clamp": True}
    name = f"{series.field}, a day" if series.unit == "per_day" else series.field
    axis: dict[str, Any] = {"title": name if titled and not small else None, "tickCount": 3 if small else 6}
    if series.unit == "seconds":
        axis["labelExpr"] = words.DURATION_LABEL
        most = 3 if small else 7
        axis["values"] = (
            words.marks(series.low, series.high, most) if series.logarithmic else words.even_marks(series.high, most)
        )
    elif series.unit == "ratio":
        axis["format"] = "~%"
    if series.logarithmic:
        scale["type"] = "log"
    return {"scale": alt.Scale(**scale), "axis": alt.Axis(**axis)}


def _tooltip(series: Series) -> list[Any]:
    alt = altair()
    told = [alt.Tooltip("group:N", title="group")] if series.groups != [""] else []
    told += [alt.Tooltip("window:N", title="window"), alt.Tooltip("text:N", title=series.line)]
    told += [alt.Tooltip(f"text{i}:N", title=name) for i, name in enumerate(series.bands)]
    return [*told, alt.Tooltip("samples:Q", title="samples", format=",")]


def _height(series: Series, share: float) -> float:
    """The value at a share of the height."""
    if series.logarithmic:
        return float(series.low * (series.high / series.low) ** share)
    return series.low + (series.high - series.low) * share


def _share(series: Series, value: float) -> float:
    if series.logarithmic:
        return math.log(value / series.low) / math.log(series.high / series.low)
    return (value - series.low) / (series.high - series.low)


def _hatching(series: Series) -> list[dict[str, Any]]:
    """Slanted lines over each window of which not all days are observed."""
    return [
        {"x": begin, "x2": end, "y": _height(series, i / _HATCHES), "y2": _height(series, (i + 1) / _HATCHES)}
        for begin, end in sorted({(row["begin"], row["end"]) for row in series.rows if row["partial"]})
        for i in range(_HATCHES)
    ]


def _inline(rows: list[dict[str, Any]]) -> Any:
    return altair().Data(values=rows)


def _backdrop(series: Series, theme: Theme, y: dict[str, Any]) -> list[Any]:
    """Bands of tiers, with their names, and hatching."""
    alt = altair()
    bands, hatching = tier_bands(series), _hatching(series)
    colours = alt.Color(
        "tier:N",
        scale=alt.Scale(domain=list(theme.tiers), range=list(theme.tiers.values())),
        legend=None,
    )
    made: list[Any] = []
    if bands:
        base = alt.Chart(_inline(bands))
        made.append(base.mark_rect(opacity=0.09).encode(y=alt.Y("low:Q", **y), y2="high:Q", color=colours))
        names = [band for band in bands if _share(series, band["high"]) - _share(series, band["low"]) > _NAMED_SHARE]
        middles = [
            band | {"middle": _height(series, (_share(series, band["low"]) + _share(series, band["high"])) / 2)}
            for band in names
        ]
        mark = alt.Chart(_inline(middles)).mark_text(align="left", baseline="middle", dx=6, fontSize=10)
        made.append(mark.encode(x=alt.value("width"), y=alt.Y("middle:Q", **y), text="tier:N", color=colours))
    if hatching:
        mark = alt.Chart(_inline(hatching)).mark_rule(color=theme.faint, opacity=0.35, strokeWidth=1, clip=True)
        made.append(mark.encode(x="x:T", x2="x2:T", y=alt.Y("y:Q", **y), y2="y2:Q"))
    return made


def _one_group(series: Series, theme: Theme, y: dict[str, Any]) -> list[Any]:
    alt = altair()
    base = alt.Chart(_inline(series.rows))
    x = alt.X("t:T", axis=alt.Axis(title=None, tickCount=8, grid=False))
    made = [
        base.mark_area(opacity=0.16 + 0.1 * i, color=theme.line, clip=True).encode(
            x=x, y=alt.Y(f"low{i}:Q", **y), y2=f"high{i}:Q"
        )
        for i in range(len(series.bands))
    ]
    line = base.mark_line(color=theme.line, strokeWidth=2, clip=True).encode(x=x, y=alt.Y("y:Q", **y))
    points = base.mark_circle(color=theme.line, size=36 if len(series.rows) <= 120 else 8, clip=True)
    return [*made, line, points.encode(x=x, y=alt.Y("y:Q", **y), tooltip=_tooltip(series))]


def _few_groups(series: Series, theme: Theme, y: dict[str, Any]) -> list[Any]:
    alt = altair()
    base = alt.Chart(_inline(series.rows))
    x = alt.X("t:T", axis=alt.Axis(title=None, tickCount=8, grid=False))
    scale = alt.Scale(domain=series.groups, range=list(theme.groups[: len(series.groups)]))
    colour = alt.Color("group:N", scale=scale, legend=alt.Legend(title=None, orient="top", symbolType="stroke"))
    line = base.mark_line(strokeWidth=2, clip=True).encode(x=x, y=alt.Y("y:Q", **y), color=colour)
    points = base.mark_circle(size=30 if len(series.rows) <= 400 else 6, clip=True)
    same = alt.Color("group:N", scale=scale, legend=None)
    return [line, points.encode(x=x, y=alt.Y("y:Q", **y), color=same, tooltip=_tooltip(series))]


def _many_groups(series: Series, theme: Theme, width: int) -> Any:
    """A small picture a group, the busiest first, all with the same axes."""
    alt = altair()
    y = _y_axis(series, small=True)
    columns = 6 if width >= 600 else 3
    base = alt.Chart()
    x = alt.X("t:T", axis=alt.Axis(title=None, tickCount=2, grid=False, format="%Y"))
    line = base.mark_line(color=theme.line, strokeWidth=1.5, clip=True).encode(x=x, y=alt.Y("y:Q", **y))
    points = base.mark_circle(color=theme.line, size=8, clip=True)
    layers = alt.layer(line, points.encode(x=x, y=alt.Y("y:Q", **y), tooltip=_tooltip(series)))
    facet = alt.Facet("group:N", sort=series.groups, title=None)
    small = layers.properties(width=max(width // columns - 30, 60), height=56)
    return small.facet(facet=facet, data=_inline(series.rows), columns=columns, spacing=12)


def series_chart(series: Series, theme: Theme, width: int, height: int, titled: bool = True) -> Any:
    alt = altair()
    if len(series.groups) > COLOURED_GROUPS:
        return _many_groups(series, theme, width)
    y = _y_axis(series, titled=titled)
    layers = _one_group(series, theme, y) if len(series.groups) <= 1 else _few_groups(series, theme, y)
    return (
        alt.layer(*_backdrop(series, theme, y), *layers)
        .resolve_scale(color="independent")
        .properties(width=width, height=height)
    )


def notes(series: Series) -> list[str]:
    """What a reader should know of the picture."""
    said = [f"{series.line}; {' and '.join(series.bands)} shaded"] if series.bands and len(series.groups) <= 1 else []
    if series.line != "value" and not said:
        said.append(series.line)
    if series.table is not None and len(series.groups) <= COLOURED_GROUPS:
        said.append(f"tiers of {series.table.name}")
    if any(row["partial"] for row in series.rows) and len(series.groups) <= COLOURED_GROUPS:
        said.append("hatched: not all days observed")
    if series.left_out:
        said.append(f"the {len(series.groups)} busiest groups, {series.left_out:,} more are not shown")
    return ["; ".join(said)] if said else []

# SPDX-License-Identifier: MIT
"""Deployments by day: a heat map with a column a week and a row a weekday, a block a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libdora.pictures.series import narrowed, number
from libdora.pictures.theme import Theme, altair, inline, layered

if TYPE_CHECKING:
    from libdora.report import Report

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKS = 54  # that a year can touch
_SQRT_FROM = 20  # deployments a day, from which on the few are told apart better than the many
YEARS_MOST = 10


def calendar_rows(report: Report, group: str | None = None) -> list[dict[str, Any]]:
    """{year, week, weekday, day, count, month} of each day that the report's span has.

    `month` is the name of the month that begins there, else None.
    """
    asked = narrowed(report, group, period="day", window=None, step=None, metrics="deployments", max_rows=None)
    rows: list[dict[str, Any]] = []
    for row in asked:
        year_begin = row.start.replace(month=1, day=1)
        rows.append(
            {
                "year": row.start.year,
                "week": ((row.start - year_begin).days + year_begin.weekday()) // 7,
                "weekday": _WEEKDAYS[row.start.weekday()],
                "day": row.start.isoformat(),
                "count": number(row, "deployments"),
                "month": _MONTHS[row.start.month - 1] if row.start.day == 1 else None,
            }
        )
    return rows


def _first_year(rows: list[dict[str, Any]]) -> int:
    """Of those that are drawn."""
    return int(rows[-1]["year"]) - YEARS_MOST + 1 if rows else 0


def years_note(rows: list[dict[str, Any]]) -> list[str]:
    """In words, that there are more years than are drawn."""
    return [f"the last {YEARS_MOST} years"] if rows and rows[0]["year"] < _first_year(rows) else []


def _legend_values(most: float) -> list[int]:
    return sorted({1, round(1 + (most - 1) / 2), int(most)}) if most > 1 else [1, 2]


def calendar_chart(rows: list[dict[str, Any]], theme: Theme, width: int) -> Any:
    """Of the last ten years."""
    alt = altair()
    rows = [row for row in rows if row["year"] >= _first_year(rows)]
    most = max((row["count"] for row in rows), default=0)
    scale = alt.Scale(
        type="sqrt" if most > _SQRT_FROM else "linear", domain=[1, max(most, 2)], range=list(theme.heat), nice=False
    )
    legend = alt.Legend(
        title="Deployments a day",
        titleFontWeight="normal",
        orient="bottom",
        direction="horizontal",
        titleOrient="left",
        gradientLength=120,
        gradientThickness=8,
        values=_legend_values(most),
        format=",d",
        offset=10,
    )
    colour = alt.condition("datum.count > 0", alt.Color("count:Q", scale=scale, legend=legend), alt.value(theme.empty))
    step = max(min((width - 70) // _WEEKS, 18), 6)
    base = alt.Chart().encode(x=alt.X("week:O", axis=None, scale=alt.Scale(domain=list(range(_WEEKS)))))
    axis = alt.Axis(title=None, grid=False, labelFontSize=10, values=["Mon", "Wed", "Fri"])
    days = base.mark_rect(stroke=theme.background, strokeWidth=1.5, cornerRadius=2).encode(
        y=alt.Y("weekday:O", sort=list(_WEEKDAYS), scale=alt.Scale(domain=list(_WEEKDAYS)), axis=axis),
        color=colour,
        tooltip=[alt.Tooltip("day:N", title="day"), alt.Tooltip("count:Q", title="deployments", format=",")],
    )
    months = base.mark_text(align="left", baseline="bottom", dx=-step / 2, fontSize=10, color=theme.faint)
    months = months.encode(y=alt.value(-3), text="month:N").transform_filter("datum.month !== null")
    chart = layered([days, months], step * _WEEKS, step * 7)
    row = alt.Row("year:O", title=None, header=alt.Header(labelAngle=0, labelAlign="left", labelPadding=4))
    return chart.facet(row=row, data=inline(rows), spacing=20)

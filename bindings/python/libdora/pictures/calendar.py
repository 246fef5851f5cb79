# SPDX-License-Identifier: MIT
"""Deployments by day: a heat map with a column a week and a row a weekday, a block a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libdora.pictures.theme import Theme, altair

if TYPE_CHECKING:
    from libdora.report import Report

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
YEARS_MOST = 10


def calendar_rows(report: Report, group: str | None = None) -> list[dict[str, Any]]:
    """{year, week, weekday, day, count} of each day that the report's span has, the last ten years of it."""
    by = report.query.by if group is not None else None
    asked = report.requery(
        table="report", by=by, only=group, period="day", window=None, step=None, metrics="deployments", max_rows=None
    )
    rows: list[dict[str, Any]] = []
    for row in asked:
        year_begin = row.start.replace(month=1, day=1)
        week = ((row.start - year_begin).days + year_begin.weekday()) // 7
        rows.append(
            {
                "year": row.start.year,
                "week": week,
                "weekday": _WEEKDAYS[row.start.weekday()],
                "day": row.start.isoformat(),
                "count": row["deployments"],
            }
        )
    first = max((row["year"] for row in rows), default=0) - YEARS_MOST + 1
    return [row for row in rows if row["year"] >= first]


def calendar_chart(rows: list[dict[str, Any]], theme: Theme, width: int) -> Any:
    alt = altair()
    most = max((row["count"] for row in rows), default=0)
    scale = alt.Scale(type="sqrt" if most > 20 else "linear", domain=[1, max(most, 2)], range=list(theme.heat))
    colour = alt.condition(
        "datum.count > 0",
        alt.Color("count:Q", scale=scale, legend=alt.Legend(title="deployments", orient="right", gradientLength=80)),
        alt.value(theme.empty),
    )
    step = max(min(width // 56, 16), 6)
    chart = (
        alt.Chart()
        .mark_rect(stroke=theme.background, strokeWidth=1.5, cornerRadius=2)
        .encode(
            x=alt.X("week:O", axis=None, scale=alt.Scale(domain=list(range(54)))),
            y=alt.Y("weekday:O", sort=list(_WEEKDAYS), axis=alt.Axis(title=None, grid=False)),
            color=colour,
            tooltip=[alt.Tooltip("day:N", title="day"), alt.Tooltip("count:Q", title="deployments", format=",")],
        )
        .properties(width={"step": step}, height={"step": step})
    )
    row = alt.Row("year:O", title=None, header=alt.Header(labelAngle=0, labelAlign="left", labelPadding=4))
    return chart.facet(row=row, data=alt.Data(values=rows), spacing=8)

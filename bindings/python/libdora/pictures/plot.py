# SPDX-License-Identifier: MIT
"""One picture of one metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libdora.errors import ArgumentError
from libdora.pictures import words
from libdora.pictures.calendar import calendar_chart, calendar_rows
from libdora.pictures.distribution import distribution_chart, stage_rows, stages_chart
from libdora.pictures.series import make_series, notes, series_chart
from libdora.pictures.theme import dressed, theme_of

if TYPE_CHECKING:
    from libdora.report import Report

#: What kinds of pictures there are.
KINDS = ("series", "calendar", "distribution", "stages")


def _titled(chart: Any, title: str, subtitle: list[str]) -> Any:
    return chart.properties(title={"text": title, "subtitle": subtitle} if subtitle else title)


def plot(
    report: Report,
    metric: str,
    *,
    kind: str = "series",
    group: str | None = None,
    theme: str = "light",
    width: int = 640,
    height: int = 260,
) -> Any:
    """A picture of a metric of a report, as an altair.Chart.

    Args:
        report: what is shown, by its groups and windows; a metric that it does not have is asked for.
        metric: a name of docs/metrics.md, such as "change_lead_time"; for "calendar" and "stages" it does not matter.
        kind: "series", the metric over time; "calendar", deployments by day; "distribution", how a duration is spread
            over the whole span: a histogram with the share of samples up to each value; "stages", the mean of the four
            stages of lead time in each window.
        group: for all but "series", of this group alone; None: of everything.
        theme: "light" or "dark".
        width, height: of the drawing area in pixels; a calendar takes the height that it needs.

    Raises:
        ArgumentError: no such kind, theme or metric.
        ImportError: altair is not installed.
    """
    colours = theme_of(theme)
    if kind not in KINDS:
        raise ArgumentError(f"kind takes one of {', '.join(KINDS)}; not {kind!r}")
    if group is not None and report.query.by is None:
        raise ArgumentError("group needs a report with by")
    title, said = words.title(metric), [group] if group is not None else []
    if kind == "calendar":
        chart, title = calendar_chart(calendar_rows(report, group), colours, width), "Deployments by day"
    elif kind == "distribution":
        chart = distribution_chart(report, metric, colours, width, height, group)
    elif kind == "stages":
        chart, title = stages_chart(stage_rows(report, group), colours, width, height), "Stages of lead time"
    else:
        series = make_series(report, metric)
        chart, said = series_chart(series, colours, width, height), notes(series)
    return dressed(_titled(chart, title, said), colours)

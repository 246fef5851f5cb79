# SPDX-License-Identifier: MIT
"""One picture of one metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libdora.errors import ArgumentError
from libdora.pictures import words
from libdora.pictures.calendar import calendar_chart, calendar_rows, years_note
from libdora.pictures.distribution import distribution_chart, distribution_note, quantiles
from libdora.pictures.lines import notes, series_chart, wants_together
from libdora.pictures.series import make_series, scope_of
from libdora.pictures.stages import stage_series, stages_chart
from libdora.pictures.theme import dressed, theme_of

if TYPE_CHECKING:
    from libdora.report import Report

#: What kinds of pictures there are.
KINDS = ("series", "calendar", "distribution", "stages")


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
            over the whole span: a histogram with the share of samples up to each value, from the samples themselves
            where there are at most 200, else in steps of half a percent; "stages", the mean of the four stages of lead
            time in each window.
        group: of this group alone; None: a series shows all groups, the other kinds everything together.
        theme: "light" or "dark".
        width, height: of the drawing area in pixels. A calendar takes the height that it needs, and so do the small
            pictures of more than six groups.

    Raises:
        ArgumentError: no such kind, theme or metric, or one that has no numbers to draw.
        ImportError: altair is not installed.
    """
    colours = theme_of(theme)
    if kind not in KINDS:
        raise ArgumentError(f"kind takes one of {', '.join(KINDS)}; not {kind!r}")
    if group is not None and report.query.by is None:
        raise ArgumentError("group needs a report with by")
    if width < 1 or height < 1:
        raise ArgumentError("width and height take positive numbers")
    title = words.title(metric)
    if kind == "calendar":
        days = calendar_rows(report, group)
        title, said = "Deployments by day", [*scope_of(report, group), *years_note(days)]
        chart = calendar_chart(days, colours, width)
    elif kind == "distribution":
        points, count = quantiles(report, metric, group)
        said = [*scope_of(report, group), distribution_note(points, count)]
        chart = distribution_chart(points, count, metric, colours, width, height)
    elif kind == "stages":
        series, rows = stage_series(report, group)
        title, said = "Stages of lead time", notes(series)
        chart = stages_chart(series, rows, colours, width, height)
    else:
        series = make_series(report, metric, group)
        behind = make_series(report.requery(table="report", by=None), metric) if wants_together(series) else None
        chart = series_chart(series, colours, width, height, together=behind)
        said = notes(series, behind is not None)
    return dressed(chart, colours, {"text": title, "subtitle": said} if said else {"text": title})

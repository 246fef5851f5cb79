# SPDX-License-Identifier: MIT
"""The stages of lead time in each window, one on top of the other.

They are means, as medians would not add up. A stage counts the changes of which both its ends are known, so the sum of
stages is not the mean of lead time where some are not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libdora.pictures import words
from libdora.pictures.axes import time_axis, value_axis
from libdora.pictures.backdrop import hatching
from libdora.pictures.lines import nothing_chart
from libdora.pictures.series import Series, make_series, narrowed, number, together
from libdora.pictures.theme import Theme, altair, inline, layered

if TYPE_CHECKING:
    from libdora.report import Report

STAGES = ("coding", "pickup", "review", "deploy")
_INSET = 0.08  # of a slot, on either side of its bar


def stage_series(report: Report, group: str | None = None) -> tuple[Series, list[dict[str, Any]]]:
    """The windows, and {window, stage, order, begin, end, low, high, text, samples} of each stage in each of them."""
    metrics = ",".join(f"lead_{stage}" for stage in STAGES)
    asked = narrowed(report, group, metrics=f"deployments,{metrics}", percentiles="50")
    series = make_series(asked, "deployments")
    series.scope = ", ".join([*together(report, group), series.scope])
    rows: list[dict[str, Any]] = []
    for row, window in zip(asked, series.rows):
        low, inset = 0.0, (window["end"] - window["begin"]) * _INSET
        for order, stage in enumerate(STAGES):
            mean = number(row, f"lead_{stage}_mean")
            if mean is None:
                continue
            rows.append(
                {
                    "window": window["window"],
                    "stage": stage,
                    "order": order,
                    "begin": window["begin"] + inset,
                    "end": window["end"] - inset,
                    "low": low,
                    "high": low + mean,
                    "text": words.duration(mean),
                    "samples": number(row, f"lead_{stage}_n"),
                }
            )
            low += mean
    series.low, series.high = 0.0, max((row["high"] for row in rows), default=1.0) * 1.05 or 1.0
    series.unit, series.logarithmic, series.absence = "seconds", False, "" if rows else "no stage of a change is known"
    return series, rows


def stages_chart(series: Series, rows: list[dict[str, Any]], theme: Theme, width: int, height: int) -> Any:
    alt = altair()
    if not rows:
        return nothing_chart(series, theme, width, height)
    x = time_axis(series.begin, series.end, width)
    y = value_axis("mean_time_by_stage", "seconds", series.low, series.high, False)
    scale = alt.Scale(domain=list(STAGES), range=list(theme.stages))
    tooltip = [
        alt.Tooltip("window:N", title="window"),
        alt.Tooltip("stage:N", title="stage"),
        alt.Tooltip("text:N", title="mean"),
        alt.Tooltip("samples:Q", title="samples", format=","),
    ]
    bars = (
        alt.Chart(inline(rows))
        .mark_rect()
        .encode(
            x=alt.X("begin:T", **x),
            x2="end:T",
            y=alt.Y("low:Q", **y),
            y2="high:Q",
            color=alt.Color("stage:N", scale=scale, legend=alt.Legend(title=None, orient="top", offset=6)),
            tooltip=tooltip,
        )
    )
    return layered([bars, *hatching(series, theme, x, y, width, height)], width, height)

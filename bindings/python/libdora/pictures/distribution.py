# SPDX-License-Identifier: MIT
"""How long changes take: the distribution of a duration, and the stages of lead time over time.

The library gives percentiles, not samples. The 201 that are asked for here are the distribution in steps of half a
percent, and the shares of the histogram follow from them.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Any

from libdora.pictures import words
from libdora.pictures.theme import Theme, altair

if TYPE_CHECKING:
    from libdora.report import Report

_STEPS = [i / 2 for i in range(201)]
_AT_ONCE = 100  # percentiles of a query
_BINS_A_DECADE = 6
STAGES = ("lead_coding", "lead_pickup", "lead_review", "lead_deploy")


def quantiles(report: Report, metric: str, group: str | None = None) -> tuple[list[tuple[float, float]], int]:
    """(value, share of samples up to it) in order, over the whole span, and the number of samples."""
    by = report.query.by if group is not None else None
    points: list[tuple[float, float]] = []
    count = 0
    for begin in range(0, len(_STEPS), _AT_ONCE):
        steps = _STEPS[begin : begin + _AT_ONCE]
        asked = report.requery(
            table="report",
            by=by,
            only=group,
            period="all",
            window=None,
            step=None,
            percentiles=steps,
            percentile_rule="lower",
            metrics=metric,
            intervals=False,
        )
        columns = [name for name in asked.columns if name.startswith(f"{metric}_p")]
        for row in asked:
            values = [row[name] for name in columns]
            if values and values[0] is not None:
                points += zip(map(float, values), (step / 100 for step in steps))  # type: ignore[arg-type]
                count = int(row[f"{metric}_n"])  # type: ignore[arg-type]
    return points, count


def histogram(points: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """{low, high, share} in bins of equal width on a logarithmic axis."""
    values = [max(value, 1.0) for value, _ in points]
    if not values:
        return []
    ratio = 10 ** (1 / _BINS_A_DECADE)
    edges = [values[0] / ratio**0.5]
    while edges[-1] <= values[-1]:
        edges.append(edges[-1] * ratio)
    return [
        {"low": low, "high": high, "share": share}
        for low, high in zip(edges, edges[1:])
        if (share := (bisect.bisect_left(values, high) - bisect.bisect_left(values, low)) / len(values)) > 0
    ]


def distribution_chart(report: Report, metric: str, theme: Theme, width: int, height: int, group: str | None) -> Any:
    alt = altair()
    points, count = quantiles(report, metric, group)
    bars = [
        row
        | {
            "range": f"{words.duration(row['low'])} to {words.duration(row['high'])}",
            "told": f"{100 * row['share']:.1f} %",
        }
        for row in histogram(points)
    ]
    curve = [{"value": max(value, 1.0), "share": share, "text": words.duration(value)} for value, share in points]
    low = bars[0]["low"] if bars else 1.0
    high = bars[-1]["high"] if bars else 10.0
    x = {
        "scale": alt.Scale(type="log", domain=[low, high], nice=False),
        "axis": alt.Axis(
            title=f"{words.title(metric)}, {count:,} samples",
            values=words.marks(low, high, 9),
            labelExpr=words.DURATION_LABEL,
            grid=False,
        ),
    }
    histogram_mark = (
        alt.Chart(alt.Data(values=bars))
        .mark_rect(color=theme.line, opacity=0.55, stroke=theme.background, strokeWidth=1)
        .encode(
            x=alt.X("low:Q", **x),
            x2="high:Q",
            y=alt.Y("share:Q", axis=alt.Axis(title="Share of samples", format="~%", tickCount=4)),
            y2=alt.datum(0),
            tooltip=[alt.Tooltip("range:N", title="from"), alt.Tooltip("told:N", title="share")],
        )
    )
    cumulative = (
        alt.Chart(alt.Data(values=curve))
        .mark_line(color=theme.text, strokeWidth=1.5, interpolate="step-after")
        .encode(
            x=alt.X("value:Q", **x),
            y=alt.Y(
                "share:Q",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(title="Up to this long", format="~%", tickCount=5, grid=False),
            ),
            tooltip=[
                alt.Tooltip("text:N", title="up to"),
                alt.Tooltip("share:Q", title="of samples", format=".1%"),
            ],
        )
    )
    return alt.layer(histogram_mark, cumulative).resolve_scale(y="independent").properties(width=width, height=height)


def stage_rows(report: Report, group: str | None = None) -> list[dict[str, Any]]:
    """{t, stage, order, days, text, samples}: the mean of each stage in each window."""
    by = report.query.by if group is not None else None
    asked = report.requery(table="report", by=by, only=group, metrics=",".join(STAGES), percentiles="50")
    rows = []
    for row in asked:
        for order, stage in enumerate(STAGES):
            mean = row[f"{stage}_mean"]
            if mean is not None:
                rows.append(
                    {
                        "t": row.start.isoformat(),
                        "window": f"{row.start} to {row.end}",
                        "stage": stage.removeprefix("lead_"),
                        "order": order,
                        "days": float(mean) / 86400,  # type: ignore[arg-type]
                        "text": words.duration(float(mean)),  # type: ignore[arg-type]
                        "samples": row[f"{stage}_n"],
                    }
                )
    return rows


def stages_chart(rows: list[dict[str, Any]], theme: Theme, width: int, height: int) -> Any:
    alt = altair()
    names = [stage.removeprefix("lead_") for stage in STAGES]
    scale = alt.Scale(domain=names, range=list(theme.groups[: len(names)]))
    windows = len({row["t"] for row in rows})
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(size=max(min(width / (windows + 1) * 0.8, 28), 1))
        .encode(
            x=alt.X("t:T", axis=alt.Axis(title=None, grid=False)),
            y=alt.Y("days:Q", stack="zero", axis=alt.Axis(title="Mean lead time by stage, days")),
            color=alt.Color("stage:N", scale=scale, legend=alt.Legend(title=None, orient="top")),
            order="order:Q",
            tooltip=[
                alt.Tooltip("window:N", title="window"),
                alt.Tooltip("stage:N", title="stage"),
                alt.Tooltip("text:N", title="mean"),
                alt.Tooltip("samples:Q", title="samples", format=","),
            ],
        )
        .properties(width=width, height=height)
    )

# SPDX-License-Identifier: MIT
"""How long something takes, over the whole span: a histogram, and the share of samples up to each value (ECDF).

The library gives percentiles, not samples. By the rule of nearest rank those at i/n are the samples themselves, which
is what is asked for where there are up to 200; of more, the 200 steps of half a percent. The shares of the histogram
follow from them, to half a percent.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Any

from libdora.errors import ArgumentError
from libdora.pictures import words
from libdora.pictures.axes import value_axis
from libdora.pictures.series import narrowed, number
from libdora.pictures.theme import Theme, altair, inline, layered

if TYPE_CHECKING:
    from libdora.report import Report

STEPS_MOST = 200
_AT_ONCE = 100  # percentiles of a query
_BINS_A_DECADE = 6
_MARK_ROOM = 60  # pixels
_TOLD = (0.5, 0.95)

Points = list[tuple[float, float]]


def _values(report: Report, metric: str, group: str | None, percentiles: list[str]) -> tuple[list[float], int]:
    """The values at some percentiles of the whole span, and the number of samples."""
    asked = narrowed(
        report,
        group,
        period="all",
        window=None,
        step=None,
        percentiles=",".join(percentiles),
        percentile_rule="nearest_rank",
        metrics=metric,
        intervals=False,
    )
    if f"{metric}_n" not in asked.columns:
        raise ArgumentError(f"{metric} is not a distribution")
    if not len(asked):
        return [], 0
    found = [number(asked[0], name) for name in asked.columns if name.startswith(f"{metric}_p")]
    return [value for value in found if value is not None], int(number(asked[0], f"{metric}_n") or 0)


def _percentile(i: int, steps: int) -> str:
    """100 i / steps in the six digits that a query takes, rounded down: of `steps` values its nearest rank is i."""
    digits = 10**6 * i // steps
    return f"{digits // 10**4}.{digits % 10**4:04}".rstrip("0").rstrip(".")


def quantiles(report: Report, metric: str, group: str | None = None) -> tuple[Points, int]:
    """(value, share of samples up to it) in order, the first is the least value and 0, and the number of samples."""
    values, count = _values(report, metric, group, ["0"])
    steps = min(count, STEPS_MOST)
    for begin in range(1, steps + 1, _AT_ONCE):
        wanted = [_percentile(i, steps) for i in range(begin, min(begin + _AT_ONCE, steps + 1))]
        values += _values(report, metric, group, wanted)[0]
    return [(value, i / steps) for i, value in enumerate(values)], count


def up_to(points: Points, share: float) -> float:
    """The least value that at least this share of samples do not exceed."""
    return next(value for value, of in points if of >= share - 1e-9)


def histogram(points: Points) -> list[dict[str, Any]]:
    """{low, high, share} in bins of equal width on a logarithmic axis."""
    values = [max(value, 1.0) for value, _ in points[1:]]
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


def distribution_note(points: Points, count: int) -> str:
    if not points:
        return "no samples"
    half, most = (words.duration(up_to(points, share)) for share in _TOLD)
    return f"half within {half}, 95 % within {most}; {count:,} samples"


def _told_marks(points: Points, theme: Theme, x: dict[str, Any]) -> list[Any]:
    """Where half and nearly all samples are."""
    alt = altair()
    made: list[Any] = []
    for share, align, dx in zip(_TOLD, ("right", "left"), (4, -4)):
        value = up_to(points, share)
        said = f"{100 * share:g} %: {words.duration(value)}"
        base = alt.Chart(inline([{"value": max(value, 1.0), "text": said}])).encode(x=alt.X("value:Q", **x))
        made.append(base.mark_rule(color=theme.faint, strokeDash=[3, 3]))
        mark = base.mark_text(color=theme.text, align=align, dx=dx, baseline="bottom", fontSize=11)
        made.append(mark.encode(y=alt.value(-3), text="text:N"))
    return made


def distribution_chart(
    points: Points, count: int, metric: str, theme: Theme, width: int, height: int, titled: bool = True
) -> Any:
    alt = altair()
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
    x = value_axis(metric, "seconds", low, high, True, most=max(width // _MARK_ROOM, 2), titled=titled)
    x["axis"].grid = False
    x["axis"].labelOverlap = True
    most = max(height // 35, 2)
    axis = alt.Axis(title="Share of samples, bars" if titled else None, format="~%", tickCount=most)
    histogram_mark = (
        alt.Chart(inline(bars))
        .mark_rect(color=theme.line, opacity=0.5, stroke=theme.background, strokeWidth=1)
        .encode(
            x=alt.X("low:Q", **x),
            x2="high:Q",
            y=alt.Y("share:Q", axis=axis, scale=alt.Scale(domainMin=0)),
            y2=alt.datum(0),
            tooltip=[alt.Tooltip("range:N", title="from"), alt.Tooltip("told:N", title="share of samples")],
        )
    )
    axis = alt.Axis(
        title="Share up to this long, line" if titled else None, format="~%", tickCount=5, grid=False, orient="right"
    )
    cumulative = (
        alt.Chart(inline(curve))
        .mark_line(color=theme.text, strokeWidth=1.5, interpolate="step-after")
        .encode(
            x=alt.X("value:Q", **x),
            y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 1]), axis=axis),
            tooltip=[
                alt.Tooltip("text:N", title="up to"),
                alt.Tooltip("share:Q", title="share of samples", format=".1%"),
            ],
        )
    )
    marks = _told_marks(points, theme, x) if points and titled else []
    both = layered([histogram_mark, cumulative], width, height, apart=["y"])
    return layered([both, *marks], width, height)

# SPDX-License-Identifier: MIT
"""What stands behind a line: bands of tiers with their names beside them, hatching where not all days are observed."""

from __future__ import annotations

import math
from typing import Any

from libdora.pictures.series import Series, tier_bands
from libdora.pictures.theme import Theme, altair, inline

_HATCH = 7  # pixels from one slanted line to the next
_NAME_HEIGHT = 12  # pixels that the name of a tier takes


def _value_at(series: Series, share: float) -> float:
    """The value at a share of the height."""
    if series.logarithmic:
        return float(series.low * (series.high / series.low) ** share)
    return series.low + (series.high - series.low) * share


def _share_of(series: Series, value: float) -> float:
    if series.logarithmic:
        return math.log(value / series.low) / math.log(series.high / series.low)
    return (value - series.low) / (series.high - series.low)


def partial_spans(rows: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """From when to when not all days of the windows are observed."""
    spans: list[tuple[int, int]] = []
    for begin, end in sorted({(row["begin"], row["end"]) for row in rows if row["partial"]}):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


def hatches(
    spans: list[tuple[int, int]], begin: int, end: int, width: int, height: int
) -> list[tuple[float, float, float, float]]:
    """Lines that rise by 45 degrees over each span: two instants, and the shares of the height at them."""
    made = []
    for span_begin, span_end in spans:
        left, right = ((instant - begin) / (end - begin) * width for instant in (span_begin, span_end))
        for rise in range(-math.ceil(right / _HATCH) * _HATCH, math.ceil(height - left), _HATCH):
            x, x2 = max(left, -rise), min(right, height - rise)
            if x < x2:
                times = [begin + pixel / width * (end - begin) for pixel in (x, x2)]
                made.append((times[0], times[1], (x + rise) / height, (x2 + rise) / height))
    return made


def hatching(series: Series, theme: Theme, x: dict[str, Any], y: dict[str, Any], width: int, height: int) -> list[Any]:
    alt = altair()
    lines = hatches(partial_spans(series.rows), series.begin, series.end, width, height)
    rows = [
        {"from": begin, "to": end, "low": _value_at(series, low), "high": _value_at(series, high)}
        for begin, end, low, high in lines
    ]
    mark = alt.Chart(inline(rows)).mark_rule(color=theme.faint, opacity=0.3, strokeWidth=1)
    drawn = mark.encode(x=alt.X("from:T", **x), x2="to:T", y=alt.Y("low:Q", **y), y2="high:Q")
    return [drawn] if rows else []


def tier_layers(series: Series, theme: Theme, y: dict[str, Any], width: int, height: int) -> list[Any]:
    alt = altair()
    bands = tier_bands(series)
    if not bands:
        return []
    scale = alt.Scale(domain=list(theme.tiers), range=list(theme.tiers.values()))
    colours = alt.Color("tier:N", scale=scale, legend=None)
    mark = alt.Chart(inline(bands)).mark_rect(opacity=theme.tier_opacity)
    made = [mark.encode(y=alt.Y("low:Q", **y), y2="high:Q", color=colours)]
    named = []
    for band in bands:
        low, high = _share_of(series, band["low"]), _share_of(series, band["high"])
        if (high - low) * height >= _NAME_HEIGHT:
            named.append({"tier": band["tier"], "middle": _value_at(series, (low + high) / 2)})
    mark = alt.Chart(inline(named)).mark_text(align="left", baseline="middle", dx=6, fontSize=10)
    return [*made, mark.encode(x=alt.value(width), y=alt.Y("middle:Q", **y), text="tier:N", color=colours)]

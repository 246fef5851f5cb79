# SPDX-License-Identifier: MIT
"""Axes: marks where people expect them, in units that people use, and instants as UTC, whatever zone shows them.

Instants are days of the report's own calendar; a picture must not move them by the zone of who looks at it.
"""

from __future__ import annotations

import datetime
import math
from typing import Any

from libdora.pictures import words
from libdora.pictures.theme import altair

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: Where an axis of durations may have its marks, in seconds.
_DURATIONS = (
    *(1, 5, 15, 30),
    *(n * _MINUTE for n in (1, 5, 15, 30)),
    *(n * _HOUR for n in (1, 2, 4, 8, 12)),
    *(n * _DAY for n in (1, 2, 4, 7, 14, 28, 56, 91, 182, 365, 730, 1825, 3650)),
)
# Expressions of Vega see numbers of the axis alone; nothing that came with the data is ever part of one.
_DURATION_LABEL = (
    "datum.value == 0 ? '0'"
    " : datum.value < 60 ? format(datum.value, '.3~g') + ' s'"
    " : datum.value < 3600 ? format(datum.value / 60, '.3~g') + ' min'"
    " : datum.value < 86400 ? format(datum.value / 3600, '.3~g') + ' h'"
    " : format(datum.value / 86400, '.3~g') + ' d'"
)
_TIME_LABEL = (
    "utchours(datum.value) ? utcFormat(datum.value, '%H:%M')"
    " : utcdate(datum.value) > 1 ? utcFormat(datum.value, '%-d %b')"
    " : utcmonth(datum.value) ? utcFormat(datum.value, '%b') : utcFormat(datum.value, '%Y')"
)
_MONTH_WIDTH = 80  # pixels for each mark of an axis of time


def instant(day: datetime.date) -> int:
    """Midnight of a day in milliseconds since 1970."""
    return (day - datetime.date(1970, 1, 1)).days * _DAY * 1000


def time_axis(begin: int, end: int, width: int, labels: bool = True) -> dict[str, Any]:
    """Options of alt.X, from one instant to another."""
    alt = altair()
    scale = alt.Scale(type="utc", domain=[begin, end], nice=False)
    if not labels:
        return {"scale": scale, "axis": None}
    axis = alt.Axis(
        title=None,
        grid=False,
        labelExpr=_TIME_LABEL,
        labelOverlap=True,
        labelFlush=True,
        tickCount=max(width // _MONTH_WIDTH, 2),
    )
    return {"scale": scale, "axis": axis}


def log_marks(low: float, high: float, most: int) -> list[float]:
    """At most so many marks of a logarithmic axis of durations."""
    inside = [mark for mark in _DURATIONS if low <= mark <= high]
    step = -(-len(inside) // most) or 1
    return [float(mark) for mark in inside[::step]]


def _says_well(step: int, high: float) -> bool:
    """Whether the multiples of a step are short words: not 1.33 d, as 8 h would make it."""
    larger = next((unit for unit in (_MINUTE, _HOUR, _DAY) if step < unit), step)
    return high <= larger or larger // step in (1, 2, 4)


def duration_marks(high: float, most: int) -> list[float]:
    """At most so many marks of an axis of durations from 0 on."""
    steps = [mark for mark in _DURATIONS if high / mark < most and _says_well(mark, high)]
    step = steps[0] if steps else high
    return [float(step * i) for i in range(int(high / step) + 1)]


def even_marks(high: float, most: int, whole: bool = False) -> list[float]:
    """At most so many marks of an axis from 0 on, at 1, 2 or 5 times a power of ten."""
    size = 10.0 ** math.floor(math.log10(high / most))
    step = next(size * factor for factor in (1, 2, 5, 10, 20) if high / (size * factor) < most)
    step = max(step, 1.0) if whole else step
    return [step * i for i in range(int(high / step * (1 + 1e-9)) + 1)]


def value_axis(
    metric: str, unit: str, low: float, high: float, logarithmic: bool, *, most: int = 7, titled: bool = True
) -> dict[str, Any]:
    """Options of alt.Y for values of a unit."""
    alt = altair()
    name, label = words.title(metric), "format(datum.value, ',.4~g')"
    if unit == "seconds":
        marks = log_marks(low, high, most) if logarithmic else duration_marks(high, most)
        label = _DURATION_LABEL
        name += ", log scale" if logarithmic else ""
    elif unit == "per_day":
        per, days = words.rate_unit(high)
        marks = [mark / days for mark in even_marks(high * days, most)]
        label = f"format(datum.value * {days!r}, ',.4~g')"
        label = label if titled else f"datum.value == 0 ? '0' : {label} + '/{per}'"
        name = f"{name.removesuffix(' frequency')}s a {per}"
    elif unit == "ratio":
        marks = even_marks(high, most)
        label = "format(datum.value, '.4~%')"
        name += ", share"
    else:
        marks = even_marks(high, most, whole=unit in ("count", "days", "score"))
        name += ", 0 to 10" if unit == "score" else ""
    scale: dict[str, Any] = {"domain": [low, high], "nice": False}
    if logarithmic:
        scale |= {"type": "log", "clamp": True}  # no time at all has no place on it
    axis = alt.Axis(title=name if titled else None, values=marks, labelExpr=label)
    return {"scale": alt.Scale(**scale), "axis": axis}

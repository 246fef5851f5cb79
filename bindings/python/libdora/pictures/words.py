# SPDX-License-Identifier: MIT
"""Values in words: titles of metrics, durations for people, and marks of axes where people expect them."""

from __future__ import annotations

from typing import Any

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TITLES = {
    "dora": "DORA",
    "n": "samples",
}
#: Where an axis of durations may have its marks, in seconds.
_MARKS = (
    *(1, 5, 15, 30),
    *(n * _MINUTE for n in (1, 5, 15, 30)),
    *(n * _HOUR for n in (1, 2, 4, 8, 12)),
    *(n * _DAY for n in (1, 2, 4, 7, 14, 28, 56, 91, 182, 365, 730, 1825, 3650)),
)
#: The same words as `duration`, as an axis says them. Only numbers of the axis go in.
DURATION_LABEL = (
    "datum.value < 60 ? format(datum.value, '.3~g') + ' s'"
    " : datum.value < 3600 ? format(datum.value / 60, '.3~g') + ' min'"
    " : datum.value < 86400 ? format(datum.value / 3600, '.3~g') + ' h'"
    " : format(datum.value / 86400, '.3~g') + ' d'"
)


def title(metric: str) -> str:
    words = metric.split("_")
    return " ".join(_TITLES.get(word, word) for word in words).capitalize()


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "no data"
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds / size < 1000 else f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.3g} s"


def value(number: Any, unit: str) -> str:
    """A value of a column, by its unit."""
    if number is None:
        return "no data"
    if unit == "seconds":
        return duration(float(number))
    if unit == "ratio":
        return f"{100 * number:.1f} %"
    if unit == "per_day":
        for name, days in (("day", 1), ("week", 7), ("month", 30.436875)):
            if number * days >= 1:
                return f"{number * days:.1f} a {name}"
        return f"{number * 365.2425:.1f} a year"
    if unit == "score":
        return f"{number:.1f} of 10"
    return f"{number:,.3g}" if isinstance(number, float) else f"{number:,}"


def marks(low: float, high: float, most: int = 7) -> list[float]:
    """At most so many marks of a logarithmic axis of durations."""
    inside = [mark for mark in _MARKS if low <= mark <= high]
    step = -(-len(inside) // most) or 1
    return [float(mark) for mark in inside[::step]]


def even_marks(high: float, most: int = 7) -> list[float]:
    """At most so many marks of an axis of durations from 0 on."""
    step = next((mark for mark in _MARKS if high / mark < most), high)
    return [float(step * i) for i in range(int(high / step) + 1)]

# SPDX-License-Identifier: MIT
"""Values in words: titles of metrics, amounts as the tables of `dora report` say them, names of windows and groups."""

from __future__ import annotations

import datetime
import math
import unicodedata
from collections.abc import Iterable

_TITLES = {"n": "samples"}
_SECONDS = (("s", 1, 60), ("min", 60, 60), ("h", 3600, 24), ("d", 86400, 1000), ("y", 31557600, float("inf")))
_RATES = (("day", 1.0), ("week", 7.0), ("month", 30.4375), ("year", 365.25))
_NAME_MOST = 80
_WORD_JOINER = "\u2060"


def title(metric: str) -> str:
    words = metric.split("_")
    return safe(" ".join(_TITLES.get(word, word) for word in words).capitalize())


def _rounded(number: float) -> float:
    """Two digits at least: a decimal below 10, none above. Halves go up, as in the tables."""
    return math.floor(number * 10 + 0.5) / 10 if number < 9.95 else math.floor(number + 0.5)


def _short(number: float) -> str:
    if number == 0:
        return "0"
    if number < 0.05:
        return "<0.1"
    return f"{_rounded(number):.1f}" if number < 9.95 else f"{_rounded(number):,.0f}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "no data"
    unit, size = next((unit, size) for unit, size, limit in _SECONDS if _rounded(seconds / size) < limit)
    return f"{_short(seconds / size)} {unit}"


def ratio(share: float) -> str:
    """In percent; only all and nothing are 100 % and 0 %."""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if 0 < share < 0.0005:
        return "<0.1 %"
    return ">99.9 %" if 0.9995 <= share < 1 else f"{math.floor(1000 * share + 0.5) / 10:,.1f} %"


def rate_unit(per_day: float) -> tuple[str, float]:
    """The shortest unit in which something happens about once, and its days."""
    return next(((unit, days) for unit, days in _RATES if per_day * days >= 0.95), _RATES[-1 if per_day else 0])


def value(number: float | None, unit: str) -> str:
    """A value of a column, by its unit."""
    if number is None:
        return "no data"
    if unit == "seconds":
        return duration(number)
    if unit == "ratio":
        return ratio(number)
    if unit == "per_day":
        name, days = rate_unit(number)
        return f"{_short(number * days)}/{name}"
    if unit == "score":
        return f"{number:.1f} of 10"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


def window(first: datetime.date, last: datetime.date, period: str | None) -> str:
    """A window as the tables of `dora report` name it; a rolling one has no period."""
    if period == "month":
        return f"{first:%Y-%m}"
    if period == "quarter":
        return f"{first.year}-Q{(first.month + 2) // 3}"
    if period == "year":
        return f"{first.year}"
    if period == "week":
        year, week, _ = first.isocalendar()
        return f"{year}-W{week:02}"
    return f"{first}" if first == last else f"{first} to {last}"


def safe(name: str) -> str:
    """A name that came with the data, as pictures show it.

    A page may hold a picture in a <script>, where the name must neither end it nor begin a comment. So an invisible
    character follows each "<". Control characters are shown as such, and what is longer than 80 characters is cut.
    """
    shown = "".join("\N{REPLACEMENT CHARACTER}" if _controls(char) else char for char in name[: _NAME_MOST + 1])
    if len(shown) > _NAME_MOST:
        shown = shown[: _NAME_MOST - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return shown.replace("<", "<" + _WORD_JOINER)


def _controls(char: str) -> bool:
    directs = "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
    return directs or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def safe_names(names: Iterable[str | None], unnamed: str = "") -> dict[str | None, str]:
    """Each name as it is shown, None as `unnamed`; names that differ are shown differently."""
    made: dict[str | None, str] = {}
    taken: set[str] = set()
    for name in names:
        told = safe(unnamed if name is None else name)
        shown, count = told, 1
        while shown in taken:
            count += 1
            shown = f"{told} ({count})"
        taken.add(shown)
        made[name] = shown
    return made

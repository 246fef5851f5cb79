# SPDX-License-Identifier: MIT
"""How pictures look, in light and in dark: one palette, one set of fonts and sizes.

The colours of groups are those of Okabe and Ito, which colour-blind people tell apart. Tiers are told by name as well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from libdora.errors import ArgumentError

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def altair() -> Any:
    """The module, or an error that says how to get it."""
    try:
        import altair
    except ImportError:
        raise ImportError("pictures need altair: pip install 'libdora[plot]'") from None
    return altair


def inline(rows: list[dict[str, Any]]) -> Any:
    """Rows that the picture holds itself; layers that share them hold them once."""
    return altair().InlineData(values=rows)


@dataclasses.dataclass(frozen=True)
class Theme:
    """Colours as CSS has them."""

    background: str
    text: str
    faint: str  # of titles of axes, notes
    grid: str
    line: str  # of the one group that there is
    groups: tuple[str, ...]
    stages: tuple[str, ...]
    tiers: dict[str, str]
    heat: tuple[str, str]  # from few to many
    empty: str  # a day without any
    tier_opacity: float
    band_opacity: float


_OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LIGHT = Theme(
    background="#ffffff",
    text="#1f2328",
    faint="#59636e",
    grid="#e6e8eb",
    line="#0072B2",
    groups=_OKABE_ITO,
    stages=("#56B4E9", "#E69F00", "#009E73", "#CC79A7"),
    tiers={"elite": "#1a7f37", "high": "#0969da", "medium": "#9a6700", "low": "#cf222e"},
    heat=("#cfe8d8", "#0b5d2a"),
    empty="#f1f3f5",
    tier_opacity=0.09,
    band_opacity=0.18,
)
DARK = Theme(
    background="#0d1117",
    text="#e6edf3",
    faint="#9aa4af",
    grid="#262c34",
    line="#58a6ff",
    groups=("#58a6ff", "#f0883e", "#3fb98a", "#e29ac4", "#e3b341", "#8fd0f5"),
    stages=("#58a6ff", "#e3b341", "#3fb98a", "#e29ac4"),
    tiers={"elite": "#3fb950", "high": "#58a6ff", "medium": "#d29922", "low": "#f85149"},
    heat=("#12402a", "#56d98a"),
    empty="#1a2027",
    tier_opacity=0.11,
    band_opacity=0.22,
)
_THEMES = {"light": LIGHT, "dark": DARK}


def theme_of(name: str) -> Theme:
    if name not in _THEMES:
        raise ArgumentError(f"theme takes one of {', '.join(_THEMES)}; not {name!r}")
    return _THEMES[name]


def layered(charts: Iterable[Any], width: int, height: int, apart: Iterable[str] = ()) -> Any:
    """Charts one above the other; `apart` names channels of which each has a scale of its own.

    All at once, since whatever Altair changes later it does to a copy of everything.
    """
    resolve = {"scale": {channel: "independent" for channel in apart}}
    return altair().layer(*charts, width=width, height=height, **({"resolve": resolve} if apart else {}))


def dressed(chart: Any, theme: Theme, title: dict[str, Any]) -> Any:
    """A whole picture, changed in its place: its title, colours and fonts."""
    axis = {
        "domain": False,
        "ticks": False,
        "gridColor": theme.grid,
        "labelColor": theme.faint,
        "titleColor": theme.faint,
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "labelPadding": 6,
    }
    words = {"labelColor": theme.text, "titleColor": theme.faint, "titleFontWeight": "normal", "labelLimit": 240}
    titles = {"color": theme.text, "subtitleColor": theme.faint, "anchor": "start", "offset": 14}
    titles |= {"fontSize": 14, "subtitleFontSize": 11, "subtitlePadding": 4}
    chart.title = title
    chart.config = {
        "background": theme.background,
        "font": FONT,
        "padding": 12,
        "view": {"stroke": None},
        "axis": axis,
        "legend": words,
        "header": {**words, "labelFontSize": 11},
        "title": titles,
    }
    return chart

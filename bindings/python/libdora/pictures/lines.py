# SPDX-License-Identifier: MIT
"""A metric over time, drawn.

One group has a line with the bands of its percentiles or its interval, and the bands of tiers behind it. A few groups
have a line and a colour each, many a small picture each, with all together in grey behind it. Points of windows of
which not all days are observed are hollow.
"""

from __future__ import annotations

from typing import Any

from libdora.pictures import words
from libdora.pictures.axes import time_axis, value_axis
from libdora.pictures.backdrop import hatching, partial_spans, tier_layers
from libdora.pictures.series import Series
from libdora.pictures.theme import Theme, altair, inline, layered

COLOURED_GROUPS = 6
_POINT_ROOM = 7  # pixels a point needs to be seen apart from its neighbour
_SMALL_HEIGHT = 56
_NOT_DRAWN = ("begin", "end", "first", "last", "low", "high")
_LEGEND_ROOM = 150  # pixels that the name of a group takes at most
_SUMMED = ("count", "days", "per_day")  # units of which all together is no scale for one


def _drawn(series: Series, most: int) -> list[dict[str, Any]]:
    """The rows, of many rolling windows each k-th from the last one back, and whether one stands alone in its line."""
    made: list[dict[str, Any]] = []
    for group in series.groups:
        rows = [row for row in series.rows if row["group"] == group]
        step = -(-len(rows) // most) if series.rolling and rows else 1
        rows = rows[(len(rows) - 1) % step :: step]
        known = [False, *(row["y"] is not None for row in rows), False]
        rows = [{key: value for key, value in row.items() if key not in _NOT_DRAWN} for row in rows]
        made += [row | {"alone": known[i + 1] and not known[i] and not known[i + 2]} for i, row in enumerate(rows)]
    return made


def _tooltip(series: Series) -> list[Any]:
    alt = altair()
    told = [alt.Tooltip("group:N", title="group")] if series.groups != [""] else []
    told += [alt.Tooltip("window:N", title="window"), alt.Tooltip("text:N", title=series.line)]
    told += [alt.Tooltip(f"text{i}:N", title=name) for i, name in enumerate(series.bands)]
    row = series.rows[0] if series.rows else {}
    if "interval" in row and "95 % interval" not in series.bands:
        told.append(alt.Tooltip("interval:N", title=f"95 % interval of {series.line}"))
    if "tier" in row and series.table is not None:
        told.append(alt.Tooltip("tier:N", title="tier"))
    return [*told, alt.Tooltip("samples:Q", title="samples", format=",")]


def _points(base: Any, series: Series, theme: Theme, room: float, size: int, colour: Any) -> Any:
    """A point a window, hollow where it is partial; too small to be seen where there is no room for it, yet to be hit.

    `colour` is that of a theme, or the options of a channel.
    """
    alt = altair()
    if room < _POINT_ROOM:
        return base.mark_point(filled=True, opacity=0, size=60).encode(tooltip=_tooltip(series))
    if isinstance(colour, str):
        fill, stroke = alt.value(colour), {"stroke": alt.value(colour)}
    else:
        fill, stroke = alt.Fill(**colour), {"stroke": alt.Stroke(**colour)}
    fill = alt.condition("datum.partial", alt.value(theme.background), fill)
    mark = base.mark_point(size=size, opacity=1, strokeWidth=1.5)
    return mark.encode(fill=fill, tooltip=_tooltip(series), **stroke)


def _one_group(series: Series, theme: Theme, x: Any, y: dict[str, Any], width: int) -> list[Any]:
    alt = altair()
    rows = _drawn(series, width)
    base = alt.Chart(inline(rows)).encode(x=x, y=alt.Y("y:Q", **y))
    made = []
    for i in range(len(series.bands)):
        look = {"opacity": theme.band_opacity * (1 + 0.5 * i), "color": theme.line, "clip": series.rolling}
        ends = {"x": x, "y": alt.Y(f"low{i}:Q", **y), "y2": f"high{i}:Q"}
        made.append(alt.Chart(inline(rows)).mark_area(**look).encode(**ends))
        alone = [row for row in rows if row["alone"]]
        if alone:
            made.append(alt.Chart(inline(alone)).mark_rule(strokeWidth=6, **look).encode(**ends))
    line = base.mark_line(color=theme.line, strokeWidth=2, strokeJoin="round", clip=series.rolling)
    return [*made, line, _points(base, series, theme, width / max(len(rows), 1), 34, theme.line)]


def _few_groups(series: Series, theme: Theme, x: Any, y: dict[str, Any], width: int) -> list[Any]:
    alt = altair()
    rows = _drawn(series, width)
    base = alt.Chart(inline(rows)).encode(x=x, y=alt.Y("y:Q", **y))
    scale = alt.Scale(domain=series.groups, range=list(theme.groups[: len(series.groups)]))
    columns = max(width // _LEGEND_ROOM, 1)
    legend = alt.Legend(
        title=None,
        orient="top",
        symbolType="stroke",
        symbolStrokeWidth=3,
        offset=6,
        columns=columns if columns < len(series.groups) else 0,
        labelLimit=_LEGEND_ROOM - 30,
    )
    line = base.mark_line(strokeWidth=2, strokeJoin="round", clip=series.rolling).encode(
        color=alt.Color("group:N", scale=scale, legend=legend)
    )
    room = width * len(series.groups) / max(len(rows), 1)
    return [line, _points(base, series, theme, room, 26, {"shorthand": "group:N", "scale": scale, "legend": None})]


def _columns(groups: int, width: int) -> int:
    """How many small pictures stand in a row: few are wide, many not narrower than they can be read."""
    return max(min(4 if groups <= 12 else 5 if groups <= 30 else 6, width // 100), 1)


def _many_groups(series: Series, theme: Theme, width: int, together: Series | None) -> Any:
    """A small picture a group, the busiest first, all with the same axes."""
    alt = altair()
    columns = _columns(len(series.groups), width)
    small = max(width // columns - 14, 60)
    y = value_axis(series.metric, series.unit, series.low, series.high, series.logarithmic, most=3, titled=False)
    x = alt.X("t:T", **time_axis(series.begin, series.end, small))
    made = hatching(series, theme, time_axis(series.begin, series.end, small), y, small, _SMALL_HEIGHT)
    if together is not None and together.known:
        behind = alt.Chart(inline(_drawn(together, small)))
        mark = behind.mark_line(color=theme.faint, opacity=0.45, strokeWidth=1.2, clip=True)
        made.append(mark.encode(x=x, y=alt.Y("y:Q", **y)))
    rows = _drawn(series, small)
    base = alt.Chart().encode(x=x, y=alt.Y("y:Q", **y))
    made.append(base.mark_line(color=theme.line, strokeWidth=1.6, strokeJoin="round", clip=series.rolling))
    alone = base.mark_point(filled=True, color=theme.line, size=8, opacity=1).transform_filter("datum.alone")
    made += [alone, base.mark_point(filled=True, opacity=0, size=40).encode(tooltip=_tooltip(series))]
    header = alt.Header(labelAnchor="start", labelFontSize=10, labelPadding=3, labelLimit=small)
    sort = alt.EncodingSortField(field="order", op="min", order="ascending")
    facet = alt.Facet("group:N", sort=sort, title=None, header=header)
    layers = layered(made, small, _SMALL_HEIGHT)
    spacing = {"row": 28, "column": 14}
    return layers.facet(facet=facet, data=inline(rows), columns=columns, spacing=spacing, bounds="flush")


def nothing_chart(series: Series, theme: Theme, width: int, height: int) -> Any:
    alt = altair()
    said = alt.Chart(inline([{"text": series.absence}])).mark_text(color=theme.faint, fontSize=12)
    frame = alt.Chart(inline([{}])).mark_rect(color=theme.empty, opacity=0.6)
    frame = frame.encode(x=alt.value(0), x2=alt.value(width), y=alt.value(0), y2=alt.value(height))
    said = said.encode(x=alt.value(width / 2), y=alt.value(height / 2), text="text:N")
    return layered([frame, said], width, height)


def wants_together(series: Series) -> bool:
    return len(series.groups) > COLOURED_GROUPS and series.unit not in _SUMMED


def series_chart(
    series: Series, theme: Theme, width: int, height: int, *, titled: bool = True, together: Series | None = None
) -> Any:
    """`together`: of all groups, behind each of many."""
    alt = altair()
    if not series.known:
        return nothing_chart(series, theme, width, height)
    if len(series.groups) > COLOURED_GROUPS:
        return _many_groups(series, theme, width, together)
    most = max(height // 35, 2)
    y = value_axis(
        series.metric, series.unit, series.low, series.high, series.logarithmic, most=min(most, 7), titled=titled
    )
    options = time_axis(series.begin, series.end, width)
    x = alt.X("t:T", **options)
    draw = _one_group if len(series.groups) == 1 else _few_groups
    behind = tier_layers(series, theme, y, width, height) + hatching(series, theme, options, y, width, height)
    drawn = draw(series, theme, x, y, width)
    return layered([*behind, *drawn], width, height, apart=["color", "fill", "stroke"])


def notes(series: Series, together: bool = False) -> list[str]:
    """What a reader should know of the picture."""
    said = []
    one, few = len(series.groups) <= 1, len(series.groups) <= COLOURED_GROUPS
    if one and series.bands:
        ends = " and ".join(band.removeprefix(f"{series.line} to ") for band in reversed(series.bands))
        said.append(f"{series.line}, shaded: {'up to ' if series.unit == 'seconds' else ''}{ends}")
    elif series.line == "median" or series.line.startswith("p"):
        said.append(series.line)
    if not few:
        of = f" {len(series.groups)}, {series.left_out:,} more are not shown" if series.left_out else " first"
        said.append(f"busiest{of}")
    if together and not few:
        said.append("grey: all together")
    if series.table is not None and few:
        said.append(f"tiers of {words.safe(series.table.name)}")
    if not series.absence and partial_spans(series.rows):
        said.append("hatched: not all days observed")
    return [series.scope, *(["; ".join(said)] if said else [])]

# SPDX-License-Identifier: MIT
"""The five keys on one sheet: what they are now, how they changed, and how they went; when and how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from libdora.errors import ArgumentError
from libdora.pictures import words
from libdora.pictures.calendar import calendar_chart, calendar_rows, years_note
from libdora.pictures.distribution import distribution_chart, distribution_note, quantiles, up_to
from libdora.pictures.lines import series_chart
from libdora.pictures.series import Series, make_series, narrowed, tiers_of, together, windows_of
from libdora.pictures.theme import Theme, altair, dressed, inline, layered, theme_of

if TYPE_CHECKING:
    from libdora.report import Report

#: Metric, and whether more is better.
KEYS = (
    ("deployment_frequency", True),
    ("change_lead_time", False),
    ("change_fail_rate", False),
    ("failed_deployment_recovery_time", False),
    ("deployment_rework_rate", False),
)
_HEIGHT = 120  # of a panel
_HEAD = 84  # above it
_LEFT, _RIGHT = 46, 50  # beside it: marks of the axis, names of tiers
_GAP = 20
_NOT_COUNTED_MOST = 4


def now_and_before(rows: list[dict[str, Any]]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The last window that is whole, else the last, and the last before it that shares no day with it."""
    if not rows:
        return None, None
    now = next((row for row in reversed(rows) if not row["partial"]), rows[-1])
    earlier = [row for row in rows if row["last"] < now["first"] and not row["partial"]]
    return now, earlier[-1] if earlier else None


def _overlap(now: dict[str, Any], before: dict[str, Any]) -> bool:
    if any(row.get(name) is None for row in (now, before) for name in ("low", "high")):
        return False
    return bool(now["low"] <= before["high"] and before["low"] <= now["high"])


def change(series: Series, more_is_better: bool) -> str:
    """From the window before to the last that is whole."""
    now, before = now_and_before(series.rows)
    if now is None or now["y"] is None:
        return ""
    if before is None or before["y"] is None:
        return "nothing to compare with"
    if now["y"] == before["y"]:
        return f"as in {before['window']}"
    better = (now["y"] > before["y"]) == more_is_better
    arrow = "\N{UPWARDS ARROW}" if now["y"] > before["y"] else "\N{DOWNWARDS ARROW}"
    said = f"{arrow} {'better' if better else 'worse'} than {before['text']} before"
    return f"{said}, intervals overlap" if _overlap(now, before) else said


def _head(said: list[tuple[int, int, str, str]], theme: Theme) -> list[Any]:
    """Lines of text above a panel: pixels from its top, size, text, colour."""
    alt = altair()
    return [
        alt.Chart(inline([{"text": text}]))
        .mark_text(align="left", baseline="middle", fontSize=size, color=colour)
        .encode(text="text:N", x=alt.value(0), y=alt.value(y - _HEAD))
        for y, size, text, colour in said
        if text
    ]


def _key(report: Report, metric: str, more_is_better: bool, theme: Theme, width: int) -> Any:
    """A number, its tier, its change, and its way there."""
    alt = altair()
    series = make_series(report, metric)
    now, _ = now_and_before(series.rows)
    tier = str(now.get("tier", "")) if now and now["y"] is not None else ""
    counted = ""
    if now is not None and now["y"] is not None and now["samples"] is not None:
        unit = "samples" if series.unit == "seconds" else "deployments"
        counted = f"{now['samples']:,} {unit if now['samples'] != 1 else unit[:-1]}"
    value = now["text"] if now else "no data"
    said = [
        (6, 12, words.title(metric) + (f", {series.line}" if series.unit == "seconds" else ""), theme.faint),
        (30, 22, value, theme.text if value != "no data" else theme.faint),
        (52, 11, change(series, more_is_better), theme.faint),
        (68, 11, counted, theme.faint),
    ]
    layers = [series_chart(series, theme, width, _HEIGHT, titled=False), *_head(said, theme)]
    if tier in theme.tiers:
        mark = alt.Chart(inline([{"text": tier}])).mark_text(
            align="right", baseline="middle", fontSize=13, fontWeight="bold", color=theme.tiers[tier]
        )
        layers.append(mark.encode(text="text:N", x=alt.value(width), y=alt.value(30 - _HEAD)))
    return layered(layers, width, _HEIGHT, apart=["color"])


def _spread(report: Report, group: str | None, theme: Theme, width: int) -> Any:
    points, count = quantiles(report, "change_lead_time", group)
    said = [(6, 12, "Change lead time, whole span", theme.faint)]
    if points:
        half, most = (words.duration(up_to(points, share)) for share in (0.5, 0.95))
        said += [(30, 22, f"half within {half}", theme.text), (52, 11, f"95 % within {most}", theme.faint)]
        said += [(68, 11, f"{count:,} samples", theme.faint)]
    else:
        said.append((30, 22, distribution_note(points, count), theme.faint))
    chart = distribution_chart(points, count, "change_lead_time", theme, width, _HEIGHT, titled=False)
    return layered([chart, *_head(said, theme)], width, _HEIGHT)


def _not_counted(kind: str, dispositions: Mapping[str, int]) -> str:
    known, counted = sum(dispositions.values()), dispositions.get("counted", 0)
    left_out = sorted(((n, name) for name, n in dispositions.items() if name != "counted"), reverse=True)
    why = ", ".join(f"{n:,} {name.replace('_', ' ')}" for n, name in left_out[:_NOT_COUNTED_MOST])
    return f"{counted:,} of {known:,} {kind}s counted" + (f" ({why})" if why else "")


def _title(report: Report, asked: Report, group: str | None, years: list[str]) -> dict[str, Any]:
    query, account = asked.query, report.account
    span = f"{asked[0].start} to {asked[-1].end}" if len(asked) else "no data"
    name = words.safe(query.only) if query.only is not None else ""
    scope = [name, *together(report, group), windows_of(query), span, f"tiers of {words.safe(tiers_of(query).name)}"]
    now, _ = now_and_before(make_series(asked, "deployments").rows)
    if now is not None:
        scope.append(f"numbers are of {now['window']}{', not all days observed' if now['partial'] else ''}")
    kinds = [
        _not_counted(kind, account.dispositions[kind])
        for kind in ("deployment", "change")
        if kind in account.dispositions
    ]
    note = [f"{account.records:,} records: {account.merged:,} merged, {account.rejected:,} rejected", *kinds]
    more = [f"deployments by day: {said}" for said in years]
    return {
        "text": "Five keys of software delivery",
        "subtitle": ["; ".join(part for part in scope if part), "; ".join([*note, *more])],
        "offset": 16,
    }


def dashboard(report: Report, *, group: str | None = None, theme: str = "light", width: int = 1040) -> Any:
    """The five keys of a report on one sheet, with deployments by day and the distribution of lead times.

    The numbers are of the last window of which all days are observed, compared with the last before it that shares no
    day with it. Where the report has intervals and both overlap, that is said: the change may be chance.

    Args:
        report: its query says which windows; of its groups all together are shown, or `group` alone.
        group: the name of one of its groups.
        theme: "light" or "dark".
        width: of the whole in pixels.

    Raises:
        ArgumentError: no such theme; a group of a report without `by`.
        ImportError: altair is not installed.
    """
    alt, colours = altair(), theme_of(theme)
    if group is not None and report.query.by is None:
        raise ArgumentError("group needs a report with by")
    asked = narrowed(report, group, metrics=",".join(["deployments", *(metric for metric, _ in KEYS)]))
    beside = _LEFT + _RIGHT + _GAP
    panel = max((width - 3 * beside) // 3, 100)
    panels = [_key(asked, metric, better, colours, panel) for metric, better in KEYS]
    panels.append(_spread(asked, group, colours, panel))
    spacing = {"column": beside, "row": _HEAD + 56}
    sheet = alt.concat(*panels, columns=3, bounds="flush", spacing=spacing)
    days = calendar_rows(asked, group)
    calendar = calendar_chart(days, colours, 3 * panel + 2 * beside)
    whole = alt.vconcat(sheet, calendar, spacing=36, resolve={"scale": {"color": "independent"}})
    return dressed(whole, colours, _title(report, asked, group, years_note(days)))

# SPDX-License-Identifier: MIT
"""The five keys on one sheet: what they are now, how they changed, and how they went; when and how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libdora.pictures import words
from libdora.pictures.calendar import calendar_chart, calendar_rows
from libdora.pictures.distribution import distribution_chart
from libdora.pictures.series import Series, make_series, series_chart
from libdora.pictures.theme import Theme, altair, dressed, theme_of
from libdora.tiers import Tiers

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


def _change(series: Series, more_is_better: bool) -> str:
    """From the last but one to the last window that is whole."""
    whole = [row for row in series.rows if not row["partial"]]
    if len(whole) < 2 or whole[-1]["y"] is None or whole[-2]["y"] is None:
        return "nothing to compare with"
    now, before = whole[-1]["y"], whole[-2]["y"]
    if now == before:
        return "as the window before"
    better = (now > before) == more_is_better
    arrow = "\N{UPWARDS ARROW}" if now > before else "\N{DOWNWARDS ARROW}"
    return f"{arrow} {'better' if better else 'worse'} than {words.value(before, series.unit)}"


def _key(report: Report, metric: str, more_is_better: bool, theme: Theme, width: int) -> Any:
    """A number, its tier, its change, and its way there."""
    alt = altair()
    series = make_series(report, metric)
    whole = [i for i, row in enumerate(series.rows) if not row["partial"]] or list(range(len(series.rows)))
    last = series.rows[whole[-1]] if whole else None
    tier = ""
    if last is not None and f"{metric}_tier" in report.columns:
        tier = str(report[whole[-1]][f"{metric}_tier"] or "")
    said = [
        {"y": 12, "text": words.title(metric), "size": 12, "colour": theme.faint},
        {"y": 38, "text": last["text"] if last else "no data", "size": 22, "colour": theme.text},
        {"y": 60, "text": tier, "size": 12, "colour": theme.tiers.get(tier, theme.faint)},
        {"y": 78, "text": _change(series, more_is_better), "size": 11, "colour": theme.faint},
    ]
    texts = [
        alt.Chart(alt.Data(values=[{"text": one["text"]}]))
        .mark_text(align="left", baseline="middle", fontSize=one["size"], color=one["colour"])
        .encode(text="text:N", x=alt.value(0), y=alt.value(one["y"]))
        for one in said
    ]
    head = alt.layer(*texts).properties(width=width, height=88)
    return alt.vconcat(head, series_chart(series, theme, width, 130, titled=False), spacing=4)


def _title(report: Report) -> dict[str, Any]:
    query, account = report.query, report.account
    span = f"{report[0].start} to {report[-1].end}" if len(report) else "no data"
    every = f"rolling {query.window} days" if query.window else f"by {query.period}"
    edition = query.tiers.name if isinstance(query.tiers, Tiers) else str(query.tiers)
    deployments = account.dispositions.get("deployment", {})
    counted, known = deployments.get("counted", 0), sum(deployments.values())
    note = f"{account.records:,} records, {account.rejected:,} rejected; {counted:,} of {known:,} deployments counted"
    return {"text": "Five keys of software delivery", "subtitle": [f"{span}, {every}, tiers of {edition}", note]}


def dashboard(report: Report, *, group: str | None = None, theme: str = "light", width: int = 980) -> Any:
    """The five keys of a report on one sheet, with deployments by day and the distribution of lead times.

    Args:
        report: its query says which windows; of its groups all together are shown, or `group` alone.
        group: the name of one of its groups.
        theme: "light" or "dark".
        width: of the whole in pixels.

    Raises:
        ArgumentError: no such theme.
        ImportError: altair is not installed.
    """
    alt, colours = altair(), theme_of(theme)
    keys = ",".join(metric for metric, _ in KEYS)
    asked = report.requery(
        table="report", by=report.query.by if group is not None else None, only=group, metrics=f"deployments,{keys}"
    )
    panel = (width - 4 * 24) // 3 - 48
    panels = [_key(asked, metric, better, colours, panel) for metric, better in KEYS]
    spread = alt.vconcat(
        distribution_chart(asked, "change_lead_time", colours, panel - 20, 190, group),
        title=alt.TitleParams("Change lead time, whole span", fontSize=12, fontWeight="normal", color=colours.faint),
    )
    rows = [alt.hconcat(*panels[:3], spacing=24), alt.hconcat(*panels[3:], spread, spacing=24)]
    days = calendar_chart(calendar_rows(asked, group), colours, width - 120)
    sheet = alt.vconcat(*rows, days, spacing=28).resolve_scale(color="independent")
    return dressed(sheet.properties(title=_title(asked)), colours)

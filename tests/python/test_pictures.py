# SPDX-License-Identifier: MIT
"""Pictures: valid, with what they must show, also of little, of nothing and of hostile names."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

import libdora as dora

pytest.importorskip("altair")
from libdora.pictures import KINDS, plot, words  # noqa: E402
from libdora.pictures.distribution import histogram, quantiles  # noqa: E402
from libdora.pictures.series import make_series, tier_bands  # noqa: E402

HOSTILE = "'; datum = alert(1); <b>\\u0000\"]"


def facts(services: int, days: int = 200) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for service in range(services):
        for day in range(0, days, 3):
            finished = datetime.datetime(2024, 1, 10, 12) + datetime.timedelta(days=day)
            failed = day % 21 == 0
            made.append(
                {
                    "service": HOSTILE if service == 0 else f"svc-{service:02}",
                    "finished_at": finished,
                    "committed_at": finished - datetime.timedelta(hours=1 + day % 90 + service),
                    "failed": failed,
                    "restored_at": finished + datetime.timedelta(minutes=20 + day) if failed else None,
                    "rework": day % 30 == 0,
                }
            )
    return made


def spec(chart: Any) -> dict[str, Any]:
    made: dict[str, Any] = chart.to_dict()
    assert json.loads(json.dumps(made)) == made
    return made


def walk(node: Any) -> list[dict[str, Any]]:
    """All objects of a specification, but for its data."""
    if isinstance(node, list):
        return [found for item in node for found in walk(item)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for key, item in node.items() if key not in ("datasets", "values") for found in walk(item))]


def all_rows(made: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [row for rows in made.get("datasets", {}).values() for row in rows]
    return (
        rows
        + [row for node in walk(made) for row in node.get("values", []) if isinstance(row, dict)]
        + [row for node in walk(made) if isinstance(node.get("data"), dict) for row in node["data"].get("values", [])]
    )


METRICS = (
    "change_lead_time",
    "failed_deployment_recovery_time",
    "deployment_frequency",
    "change_fail_rate",
    "deployment_rework_rate",
    "score",
    "deployments",
)


@pytest.mark.parametrize("services", [1, 3, 60])
@pytest.mark.parametrize("metric", METRICS)
def test_series(metric: str, services: int) -> None:
    r = dora.report(facts(services, 90), by="service", period="month", metrics="dora", intervals=services == 1)
    for theme in ("light", "dark"):
        made = spec(r.plot(metric, theme=theme))
        tooltips = [node for node in walk(made) if "tooltip" in node]
        assert any(tip["field"] == "samples" for node in tooltips for tip in node["tooltip"])
    text = json.dumps(
        [{key: value for key, value in node.items() if key != "data"} for node in walk(made)][0]["config"]
    )
    assert "alert" not in text


def test_bands_are_the_librarys_bounds() -> None:
    for edition in dora.EDITIONS:
        r = dora.report(facts(1), period="month", tiers=edition, metrics="dora")
        series = make_series(r, "change_lead_time")
        bands = {band["tier"]: band for band in tier_bands(series)}
        table = dora.tiers(edition)
        for tier, bound in table.lead_time.items():
            if bound is not None and tier in bands and bands[tier]["high"] < series.high:
                assert bands[tier]["high"] == bound.value
        edges = [edge for band in bands.values() for edge in (band["low"], band["high"])]
        assert min(edges) == series.low and max(edges) == series.high


def test_frequency_bands_go_up() -> None:
    series = make_series(dora.report(facts(3), period="month"), "deployment_frequency")
    bands = tier_bands(series)
    assert bands[0]["tier"] == "elite" and bands[0]["high"] == series.high
    assert [band["high"] for band in bands] == sorted((band["high"] for band in bands), reverse=True)


def test_partial_windows_are_hatched() -> None:
    series = make_series(dora.report(facts(1), period="month"), "change_lead_time")
    assert [row["partial"] for row in series.rows][0] and not series.rows[1]["partial"]
    made = spec(dora.report(facts(1), period="month").plot("change_lead_time"))
    assert any(node.get("mark", {}).get("type") == "rule" for node in walk(made) if isinstance(node.get("mark"), dict))
    assert not any(row["partial"] for row in make_series(dora.report(facts(1), window=28), "change_lead_time").rows)


def test_names_are_never_expressions() -> None:
    r = dora.report(facts(3), by="service", period="month")
    charts = [r.plot(metric) for metric in METRICS]
    charts += [r.plot("change_lead_time", kind=kind, group=HOSTILE) for kind in KINDS if kind != "series"]
    charts.append(r.dashboard(group=HOSTILE))
    for chart in charts:
        for node in walk(spec(chart)):
            for key in ("expr", "labelExpr", "test", "calculate", "filter"):
                assert "alert" not in json.dumps(node.get(key, ""))


LITTLE: tuple[list[dict[str, Any]], ...] = ([], facts(1)[:1], [{"finished_at": "2024-01-01"}])


@pytest.mark.parametrize("kind", KINDS)
def test_little_and_nothing(kind: str) -> None:
    for given in (*LITTLE, [{"kind": "change", "id": "c"}]):
        spec(plot(dora.report(given), "change_lead_time", kind=kind))


@pytest.mark.parametrize("given", LITTLE, ids=["nothing", "one", "bare"])
def test_dashboards_of_little(given: list[dict[str, Any]]) -> None:
    spec(dora.report(given).dashboard())


def test_distribution() -> None:
    r = dora.report(facts(1), period="month")
    points, count = quantiles(r, "change_lead_time")
    assert count == len(facts(1)) and len(points) == 201
    assert [share for _, share in points] == [i / 200 for i in range(201)]
    assert points == sorted(points) and points[-1][0] == max(
        (fact["finished_at"] - fact["committed_at"]).total_seconds() for fact in facts(1)
    )
    assert abs(sum(row["share"] for row in histogram(points)) - 1) < 1e-9


def test_calendar_counts() -> None:
    r = dora.report(facts(2), by="service", period="month")
    made = spec(r.plot("deployments", kind="calendar"))
    rows = [row for row in all_rows(made) if "weekday" in row]
    unique = {row["day"]: row for row in rows}
    assert sum(row["count"] for row in unique.values()) == len(facts(2))
    assert all(datetime.date.fromisoformat(day).strftime("%a") == row["weekday"] for day, row in unique.items())


def test_dashboard_says_what_was_counted() -> None:
    r = dora.report([*facts(1), {"finished_at": "x"}], period="month")
    title = json.dumps(spec(r.dashboard())["title"])
    assert "1 rejected" in title and "tiers of 2024" in title


def test_what_cannot_be_drawn() -> None:
    r = dora.report(facts(1))
    for options in ({"kind": "pie"}, {"theme": "pink"}, {"group": "x"}):
        with pytest.raises(dora.ArgumentError):
            r.plot("change_lead_time", **options)
    with pytest.raises(dora.ArgumentError):
        r.plot("speed")


def test_words() -> None:
    assert [words.duration(s) for s in (None, 1, 90, 5400, 129600, 1e9)] == [
        "no data",
        "1 s",
        "1.5 min",
        "1.5 h",
        "1.5 d",
        "11,574 d",
    ]
    assert words.value(0.25, "ratio") == "25.0 %" and words.value(1 / 7, "per_day") == "1.0 a week"
    assert words.title("change_lead_time") == "Change lead time"
    assert words.marks(60, 86400)[0] == 60.0 and len(words.marks(1, 1e9)) <= 7

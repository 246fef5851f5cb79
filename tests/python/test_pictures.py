# SPDX-License-Identifier: MIT
"""Pictures: valid, with what they must show, also of little, of nothing and of hostile names."""

from __future__ import annotations

import datetime
import json
import math
import random
import sys
from typing import Any

import pytest

import libdora as dora

pytest.importorskip("altair", reason="pictures need altair")
from libdora.pictures import KINDS, axes, plot, words  # noqa: E402
from libdora.pictures.backdrop import hatches, partial_spans  # noqa: E402
from libdora.pictures.calendar import YEARS_MOST, calendar_rows  # noqa: E402
from libdora.pictures.dashboard import KEYS, change, now_and_before  # noqa: E402
from libdora.pictures.distribution import histogram, quantiles, up_to  # noqa: E402
from libdora.pictures.series import GROUPS_MOST, make_series, tier_bands  # noqa: E402
from libdora.pictures.stages import STAGES, stage_series  # noqa: E402
from libdora.pictures.theme import DARK, LIGHT  # noqa: E402

HOSTILE = "'; datum = alert(1); </script><!--<script>alert(2)</script> \x1b\u202e\"]"
METRICS = (
    "change_lead_time",
    "failed_deployment_recovery_time",
    "deployment_frequency",
    "change_fail_rate",
    "deployment_rework_rate",
    "score",
    "deployments",
    "lead_review",
)
Facts = list[dict[str, Any]]
_NOT_WALKED = ("config", "datasets", "values")


def facts(services: int, days: int = 200) -> Facts:
    """A deployment every three days from 2024-01-10 on."""
    made: Facts = []
    for service in range(services):
        name = HOSTILE if service == 0 else f"svc-{service:02}"
        for day in range(0, days, 3):
            finished = datetime.datetime(2024, 1, 10, 12) + datetime.timedelta(days=day)
            failed = day % 21 == 0
            made.append(
                {
                    "id": f"{service}-{day}",
                    "service": name,
                    "finished_at": finished,
                    "committed_at": finished - datetime.timedelta(hours=1 + day % 90 + service),
                    "failed": failed,
                    "restored_at": finished + datetime.timedelta(minutes=20 + day) if failed else None,
                    "rework": day % 30 == 0,
                }
            )
    return made


def changes(count: int) -> Facts:
    """Deployments of a change each, of which all stages are known: 1, 2, 3 and 4 hours."""
    made: Facts = []
    for i in range(count):
        at = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=i, hours=h) for h in (0, 1, 3, 6, 10)]
        names = ("committed_at", "opened_at", "first_review_at", "merged_at")
        made.append({"id": f"d{i}", "finished_at": at[4]})
        made.append({"kind": "change", "id": f"c{i}", "deployment": f"d{i}", **dict(zip(names, at))})
    return made


def spec(chart: Any) -> dict[str, Any]:
    made: dict[str, Any] = chart.to_dict()  # which validates it
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    return made


def walk(node: Any) -> list[dict[str, Any]]:
    """All objects of a specification, but for its data and its look."""
    if isinstance(node, list):
        return [found for item in node for found in walk(item)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for key, item in node.items() if key not in _NOT_WALKED for found in walk(item))]


def data_of(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for rows in made.get("datasets", {}).values() for row in rows]


def marks(made: dict[str, Any]) -> list[str]:
    found = [node["mark"] for node in walk(made) if "mark" in node]
    return [mark["type"] if isinstance(mark, dict) else mark for mark in found]


def tooltips(made: dict[str, Any]) -> list[list[str]]:
    return [[tip["field"] for tip in node["tooltip"]] for node in walk(made) if "tooltip" in node]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("services", [1, 3, 60])
@pytest.mark.parametrize("metric", METRICS)
def test_series(metric: str, services: int, theme: str) -> None:
    r = dora.report(facts(services, 90), by="service", period="month", intervals=services == 1)
    made = spec(r.plot(metric, theme=theme))
    colours = LIGHT if theme == "light" else DARK
    assert made["config"]["background"] == colours.background
    if metric == "lead_review":  # of which nothing is known
        assert any(row.get("text") == "no samples" for row in data_of(made))
        return
    assert all("samples" in fields and "window" in fields and "text" in fields for fields in tooltips(made))
    assert tooltips(made)
    assert len({row["group"] for row in data_of(made) if "group" in row}) in (services, services + 1)
    assert any("facet" in node for node in walk(made)) == (services > 6)
    legends = [node for node in walk(made) if isinstance(node.get("legend"), dict)]
    assert bool(legends) == (services == 3)


def test_percentiles_and_intervals_are_bands() -> None:
    r = dora.report(facts(1), period="month", intervals=True)
    lead = make_series(r, "change_lead_time")
    assert (lead.line, lead.bands) == ("median", ["median to p95", "median to p75"])
    for made, row in zip(lead.rows, r):
        assert made["y"] == made["low0"] == row["change_lead_time_p50"]
        assert (made["high0"], made["high1"]) == (row["change_lead_time_p95"], row["change_lead_time_p75"])
        assert made["samples"] == row["change_lead_time_n"] and made["tier"] == row["change_lead_time_tier"]
    rate = make_series(r, "change_fail_rate")
    assert rate.bands == ["95 % interval"]
    assert [row["low0"] for row in rate.rows] == r.column("change_fail_rate_lo")
    assert marks(spec(r.plot("change_lead_time"))).count("area") == 2
    assert "interval" in tooltips(spec(r.plot("change_lead_time")))[0]


def test_other_percentiles() -> None:
    ends = make_series(dora.report(facts(1), percentiles="50,60,80,99"), "change_lead_time")
    assert ends.bands == ["median to p99", "median to p60"]
    only = make_series(dora.report(facts(1), percentiles="75,95"), "change_lead_time")
    assert (only.line, only.table) == ("p75", None)  # tiers judge the median
    assert make_series(dora.report(facts(1), percentiles="50"), "change_lead_time").bands == []


JUDGED = {
    "deployment_frequency": "frequency",
    "change_lead_time": "lead_time",
    "change_fail_rate": "fail_rate",
    "failed_deployment_recovery_time": "recovery",
    "time_to_restore_service": "recovery",
}


@pytest.mark.parametrize("edition", dora.EDITIONS)
@pytest.mark.parametrize("metric", JUDGED)
def test_bands_are_the_librarys_bounds(metric: str, edition: int) -> None:
    incidents = [
        {
            "kind": "incident",
            "id": f"i{i}",
            "opened_at": f"2024-02-{i:02}",
            "resolved_at": f"2024-03-{i:02}T0{i % 10}:00:00Z",
        }
        for i in range(1, 20)
    ]
    r = dora.report([*facts(1), *incidents], period="month", tiers=edition)
    series = make_series(r, metric)
    bands = {band["tier"]: band for band in tier_bands(series)}
    assert bool(bands) == (f"{metric}_tier" in r.columns)
    if not bands:
        return
    bounds, more_is_better = getattr(dora.tiers(edition), JUDGED[metric]), metric == "deployment_frequency"
    for tier, bound in bounds.items():
        edge = "low" if more_is_better else "high"
        if tier in bands and bands[tier][edge] not in (series.low, series.high):
            assert bands[tier][edge] == bound.value
    edges = sorted((band["low"], band["high"]) for band in bands.values())
    assert edges[0][0] == series.low and edges[-1][1] == series.high
    assert [high for _, high in edges[:-1]] == [low for low, _ in edges[1:]]
    for row in series.rows:  # the line is in the band of its own tier
        if row["y"] is not None and not row["partial"] and row["tier"] in bands and not more_is_better:
            assert bands[row["tier"]]["low"] <= row["y"] <= bands[row["tier"]]["high"]


def test_tiers_of_ones_own() -> None:
    table = dora.tiers(
        str(dora.tiers(2024)).replace("< 1 week", "< 1/2 weeks").replace("name       2024", "name       ours")
    )
    series = make_series(dora.report(facts(1), tiers=table), "change_lead_time")
    assert {band["tier"]: band for band in tier_bands(series)}["high"]["high"] in (302400.0, series.high)


def test_a_report_of_some_columns_is_drawn_as_the_whole() -> None:
    whole = dora.report(facts(3), by="service", period="month")
    some = whole.requery(only_columns="change_lead_time_p95,change_fail_rate")
    for metric in ("change_lead_time", "change_fail_rate", "deployments"):
        assert some.plot(metric).to_dict() == whole.requery(metrics=f"{metric},deployments").plot(metric).to_dict()
    for kind in KINDS:
        assert some.plot("change_lead_time", kind=kind, group="svc-01").to_dict()["title"]["text"]
    assert some.dashboard().to_dict() == whole.dashboard().to_dict()


def test_partial_windows_are_hatched() -> None:
    r = dora.report(facts(1), period="month")
    series = make_series(r, "change_lead_time")
    partial = [row["partial"] for row in series.rows]
    assert partial[0] and partial[-1] and not any(partial[1:-1])
    made = spec(r.plot("change_lead_time"))
    lines = [row for row in data_of(made) if "from" in row]
    ends = partial_spans(series.rows)
    assert marks(made).count("rule") == 1 and len(ends) == 2 and ends[1][1] == series.end
    for begin, end in ends:
        assert any(begin <= line["from"] < line["to"] <= end for line in lines)
    assert all(any(b <= line["from"] and line["to"] <= e for b, e in ends) for line in lines)
    assert any(node.get("test") == "datum.partial" for node in walk(made))  # hollow points
    whole = dora.report(facts(1), period="month", since="2024-02-01", until="2024-06-30")
    assert "rule" not in marks(spec(whole.plot("change_lead_time")))
    for services in (3, 60):
        assert "rule" in marks(spec(dora.report(facts(services, 90), by="service").plot("change_lead_time")))


def test_hatches_rise_by_45_degrees() -> None:
    for begin, end, low, high in hatches([(0, 250), (900, 1000)], 0, 1000, 500, 100):
        assert (0 <= begin < end <= 250 or 900 <= begin < end <= 1000) and -1e-9 <= low < high <= 1 + 1e-9
        assert math.isclose((end - begin) / 1000 * 500, (high - low) * 100)


def test_first_rolling_windows_do_not_set_the_axis() -> None:
    series = make_series(dora.report(facts(1), window=28), "deployment_frequency")
    assert series.rows[0]["y"] == 1 and series.rows[0]["partial"] and not series.rows[-1]["partial"]
    assert series.high < 0.5 and series.rows[-1]["end"] - series.rows[-1]["begin"] == 86400000


def test_time_is_utc() -> None:
    r = dora.report(facts(1), period="month")
    for chart in (r.plot("change_lead_time"), r.plot("", kind="stages"), r.dashboard()):
        for node in walk(spec(chart)):
            if node.get("type") == "temporal" and "scale" in node:
                assert node["scale"]["type"] == "utc"
    assert axes.instant(datetime.date(2024, 1, 1)) == 1704067200000


def test_names_are_never_expressions() -> None:
    charts = []
    for services in (3, 8):
        r = dora.report(facts(services), by="service", period="month")
        charts += [r.plot(metric) for metric in METRICS]
    charts += [r.plot("change_lead_time", kind=kind, group=HOSTILE) for kind in KINDS]
    charts.append(r.dashboard(group=HOSTILE))
    for chart in charts:
        for node in walk(spec(chart)):
            for key in ("expr", "labelExpr", "test", "calculate", "filter", "signal", "field", "shorthand"):
                assert "alert" not in json.dumps(node.get(key, ""))
            for key in ("sort", "sortBy"):
                assert "alert" not in json.dumps(node.get(key, ""))


def test_names_do_not_leave_their_page() -> None:
    r = dora.report(facts(2), by="service")
    for chart in (
        r.plot("change_lead_time"),
        r.plot("deployments", kind="calendar", group=HOSTILE),
        r.dashboard(group=HOSTILE),
    ):
        text = chart.to_json()
        assert "alert(2)" in text or "alert(1)" in text
        assert "</" not in text and "<!--" not in text and "<script" not in text
        assert "\\u001b" not in text and "\\u202e" not in text
    pages = [dora.report([{"service": name, "finished_at": "2024-01-01"}], by="service") for name in ("shop", HOSTILE)]
    ends = [page.plot("deployments").to_html().count("</script") for page in pages]
    assert ends[0] == ends[1] > 0


def test_names_stay_apart() -> None:
    long = "x" * 200
    shown = words.safe_names([long + "a", long + "b", "a\0b", "a\nb", "a\tb", "plain", "日本語"])
    assert len(set(shown.values())) == 7 and all(len(name) <= 90 for name in shown.values())
    assert shown["plain"] == "plain" and shown["日本語"] == "日本語"
    r = dora.report([{"service": name, "finished_at": "2024-01-01"} for name in ("(no service)", None)], by="service")
    assert len(make_series(r, "deployments").groups) == 2


def test_colours_belong_to_groups() -> None:
    r = dora.report(facts(3), by="service", period="month")
    for metric in METRICS[:-1]:
        assert [name[:6] for name in make_series(r, metric).groups] == [words.safe(HOSTILE)[:6], "svc-01", "svc-02"]


def test_many_groups() -> None:
    given = [fact for fact in facts(GROUPS_MOST + 5, 30) if fact["service"] != "svc-07" or fact["id"] == "7-0"]
    r = dora.report(given, by="service")
    series = make_series(r, "deployments")
    assert len(series.groups) == GROUPS_MOST and series.left_out == 5 and "svc-07" not in series.groups
    title = json.dumps(spec(r.plot("change_lead_time"))["title"])
    assert "busiest 60, 5 more are not shown" in title and "grey: all together" in title
    assert "together" not in json.dumps(spec(r.plot("deployments"))["title"])


LITTLE: tuple[Facts, ...] = ([], facts(1)[:1], [{"finished_at": "2024-01-01"}], [{"kind": "change", "id": "c"}])


@pytest.mark.parametrize("given", LITTLE, ids=["nothing", "one", "bare", "undeployed"])
def test_little_and_nothing(given: Facts) -> None:
    for by in (None, "service"):
        r = dora.report(given, by=by)
        for metric in METRICS:
            spec(r.plot(metric))
        for kind in KINDS:
            spec(plot(r, "change_lead_time", kind=kind))
        for theme in ("light", "dark"):
            spec(r.dashboard(theme=theme))


def test_zero_durations() -> None:
    at = datetime.datetime(2024, 1, 1)
    given = [
        {"finished_at": at, "committed_at": at},
        {"finished_at": at, "committed_at": at - datetime.timedelta(days=9)},
    ]
    for r in (dora.report(given), dora.report(given[:1])):
        for kind in ("series", "distribution", "stages"):
            spec(r.plot("change_lead_time", kind=kind))


def test_what_is_not_known_is_said() -> None:
    r = dora.report([{"finished_at": "2024-01-01"}])
    assert make_series(r, "change_fail_rate").absence == "nothing says that anything failed"
    assert make_series(r, "change_lead_time").absence == "no samples"
    assert "nothing says that anything was rework" in json.dumps(spec(r.dashboard()))
    assert "hatched" not in json.dumps(r.plot("change_lead_time", kind="stages").to_dict()["title"])


def test_queries_are_kept() -> None:
    r = dora.report(facts(3), by="service", only="svc-02", period="month")
    assert make_series(r, "deployments").groups == ["svc-02"]
    assert sum(row["count"] for row in calendar_rows(r)) == len(facts(1))
    assert "svc-02" in json.dumps(r.dashboard().to_dict()["title"])
    by_group = dora.report(facts(3), by="service")
    assert quantiles(by_group, "change_lead_time", "svc-01")[1] == len(facts(1))
    assert make_series(by_group, "deployments", "svc-01").groups == ["svc-01"]
    spec(dora.phases(facts(1)).plot("change_lead_time"))
    fewer = dora.report(facts(1), metrics="deployments")
    assert (
        make_series(fewer, "change_lead_time").rows
        == make_series(dora.report(facts(1), metrics="change_lead_time,deployments"), "change_lead_time").rows
    )


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100, 199, 200])
def test_small_distributions_are_exact(count: int) -> None:
    random.seed(count)
    seconds = [random.randrange(10**7) for _ in range(count)]
    at = datetime.datetime(2024, 1, 1)
    given = [{"finished_at": at, "committed_at": at - datetime.timedelta(seconds=s)} for s in seconds]
    points, samples = quantiles(dora.report(given), "change_lead_time")
    assert samples == count
    assert points == [(min(seconds), 0.0), *((s, (i + 1) / count) for i, s in enumerate(sorted(seconds)))]
    for row in histogram(points):
        inside = sum(row["low"] <= max(s, 1) < row["high"] for s in seconds)
        assert math.isclose(row["share"], inside / count)


def test_large_distributions_are_exact_to_half_a_percent() -> None:
    seconds = [round(i**1.5) for i in range(5000)]
    at = datetime.datetime(2024, 1, 1)
    given = [{"finished_at": at, "committed_at": at - datetime.timedelta(seconds=s)} for s in seconds]
    points, samples = quantiles(dora.report(given), "change_lead_time")
    assert samples == 5000 and len(points) == 201 and points == sorted(points)
    assert points[0][0] == seconds[0] and points[-1] == (seconds[-1], 1.0)
    for value, share in points[1:]:
        assert abs(sum(s <= value for s in seconds) / 5000 - share) <= 0.005
    assert math.isclose(sum(row["share"] for row in histogram(points)), 1)
    assert up_to(points, 0.5) == seconds[2499]


def test_stages_add_up() -> None:
    r = dora.report(changes(40), period="month")
    series, rows = stage_series(r)
    first = [row for row in rows if row["window"] == "2024-01"]
    assert [(row["stage"], row["low"], row["high"]) for row in first] == [
        (stage, 3600.0 * sum(range(i + 1)), 3600.0 * sum(range(i + 2))) for i, stage in enumerate(STAGES)
    ]
    assert all(row["samples"] == 31 for row in first)
    made = spec(r.plot("change_lead_time", kind="stages"))
    assert "samples" in tooltips(made)[0] and "rule" in marks(made)  # the last month has only begun
    assert not series.absence and stage_series(dora.report(facts(1)))[0].absence


def test_calendar_counts() -> None:
    r = dora.report(facts(2), by="service", period="month")
    made = spec(r.plot("deployments", kind="calendar"))
    rows = [row for row in data_of(made) if "weekday" in row]
    assert sum(row["count"] for row in rows) == len(facts(2)) and len({row["day"] for row in rows}) == len(rows)
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    for row in rows:
        day = datetime.date.fromisoformat(row["day"])
        assert row["weekday"] == names[day.weekday()] and (row["month"] is not None) == (day.day == 1)
        before = datetime.date(day.year, 1, 1).weekday()  # days of the first week that are of the year before
        assert row["week"] == (day.timetuple().tm_yday - 1 + before) // 7


def test_calendars_end_with_ten_years() -> None:
    r = dora.report([{"finished_at": "1999-05-01"}, {"finished_at": "2024-05-01"}], period="year")
    for made in (spec(r.dashboard()), spec(r.plot("deployments", kind="calendar"))):
        years = {row["year"] for row in data_of(made) if "weekday" in row}
        assert years == set(range(2025 - YEARS_MOST, 2025))
        assert "the last 10 years" in json.dumps(made["title"])
    ten = dora.report([{"finished_at": "2015-01-01"}, {"finished_at": "2024-05-01"}], period="year")
    assert "the last" not in json.dumps(spec(ten.plot("deployments", kind="calendar"))["title"])


def test_dashboard() -> None:
    r = dora.report(
        [*facts(1), {"finished_at": "x"}, {"finished_at": "2024-02-01", "environment": "qa"}], period="month"
    )
    made = spec(r.dashboard())
    title = json.dumps(made["title"])
    for said in (
        "1 rejected",
        "67 of 68 deployments counted (1 not production)",
        "tiers of 2024",
        "numbers are of 2024-06",
    ):
        assert said in title
    june = next(row for row in r if str(row.start) == "2024-06-01")
    texts = {row["text"] for row in data_of(made) if set(row) == {"text"}}
    for metric, _ in KEYS:
        series = make_series(r, metric)
        now, before = now_and_before(series.rows)
        assert now is not None and before is not None and (now["window"], before["window"]) == ("2024-06", "2024-05")
        assert now["text"] in texts and words.title(metric) in {text.removesuffix(", median") for text in texts}
        tier = june[f"{metric}_tier"] if f"{metric}_tier" in june else None
        assert tier is None or tier in texts
    assert any("weekday" in row for row in data_of(made)) and any("share" in row for row in data_of(made))


def test_change_compares_windows_that_share_no_day() -> None:
    rolling = make_series(dora.report(facts(1), window=28, intervals=True), "deployment_frequency")
    now, before = now_and_before(rolling.rows)
    assert now is not None and before is not None
    assert now["first"] - before["last"] == 86400000
    made = dora.report(
        [
            {"finished_at": f"2024-{month:02}-{day:02}"}
            for month in (1, 2, 3)
            for day in range(1, 28 if month == 2 else 10)
        ],
        since="2024-01-01",
        until="2024-03-31",
    )
    assert change(make_series(made, "deployments"), True) == "\N{DOWNWARDS ARROW} worse than 27 before"
    sure = dora.report([fact for fact in facts(1) if fact["finished_at"].day < 15], period="month", intervals=True)
    assert change(make_series(sure, "deployment_frequency"), True).endswith(("intervals overlap", "2024-05"))
    one = dora.report(facts(1), period="all")
    assert change(make_series(one, "deployments"), True) == "nothing to compare with"


def test_what_cannot_be_drawn() -> None:
    r = dora.report(facts(1))
    for options in ({"kind": "pie"}, {"theme": "pink"}, {"group": "x"}, {"width": 0}):
        with pytest.raises(dora.ArgumentError):
            r.plot("change_lead_time", **options)
    for metric in ("speed", "window_start", "change_lead_time_tier"):
        with pytest.raises(dora.ArgumentError):
            r.plot(metric)
    with pytest.raises(dora.ArgumentError):
        r.plot("change_fail_rate", kind="distribution")
    with pytest.raises(dora.ArgumentError, match="has no numbers in this report"):
        r.requery(percentiles="75").plot("score_throughput")  # which is made from the median
    for options in ({"group": "x"}, {"theme": "pink"}):
        with pytest.raises(dora.ArgumentError):
            r.dashboard(**options)


def test_without_altair(monkeypatch: pytest.MonkeyPatch) -> None:
    r = dora.report(facts(1))
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(ImportError, match=r"pip install 'libdora\[plot\]'"):
        r.plot("change_lead_time")
    with pytest.raises(ImportError, match=r"pip install 'libdora\[plot\]'"):
        r.dashboard()


def test_long_rolling_pictures_stay_small() -> None:
    r = dora.report(facts(20, 700), by="service", window=28)
    assert len(r) > 13000 and len(r.plot("change_lead_time").to_json()) < 2_000_000
    last = make_series(r, "change_lead_time").rows[-1]["window"]
    assert any(row.get("window") == last for row in data_of(spec(r.plot("change_lead_time"))))


def test_pictures_become_images() -> None:
    converter = pytest.importorskip("vl_convert", reason="images need vl-convert-python")
    for services in (1, 3, 8):
        r = dora.report(facts(services, 60), by="service")
        for chart in (r.plot("change_lead_time"), r.dashboard(theme="dark")):
            assert converter.vegalite_to_svg(chart.to_json()).startswith("<svg")


def test_words() -> None:
    assert [words.duration(s) for s in (None, 0, 1, 59.7, 90, 5400, 86399, 129600, 1e9)] == [
        "no data",
        "0 s",
        "1.0 s",
        "1.0 min",
        "1.5 min",
        "1.5 h",
        "1.0 d",
        "1.5 d",
        "32 y",
    ]
    assert [
        words.value(n, unit)
        for n, unit in ((0.25, "ratio"), (0.0001, "ratio"), (1 / 7, "per_day"), (0.0, "per_day"), (3, "count"))
    ] == [
        "25.0 %",
        "<0.1 %",
        "1.0/week",
        "0/day",
        "3",
    ]
    day = datetime.date(2024, 12, 30)
    assert words.window(day, day + datetime.timedelta(days=6), "week") == "2025-W01"
    assert words.window(datetime.date(2024, 4, 1), datetime.date(2024, 6, 30), "quarter") == "2024-Q2"
    assert words.title("change_lead_time") == "Change lead time"


def test_amounts_read_as_in_the_tables_of_the_command() -> None:
    given = facts(1)
    for metric in ("change_lead_time", "deployment_frequency", "failed_deployment_recovery_time", "change_fail_rate"):
        r = dora.report(given, period="month", metrics=metric)
        table = r.to_markdown()
        for row in make_series(r, metric).rows:
            assert row["y"] is None or row["text"] in table


def test_marks() -> None:
    for high in (0.7, 1, 3, 9, 59, 61, 300, 3599, 3700, 4000, 86000, 87000, 1e5, 1e6, 1e8):
        assert 1 <= len(axes.duration_marks(high, 7)) <= 8 and 1 <= len(axes.even_marks(high, 7)) <= 8
        assert axes.even_marks(high, 4)[-1] <= high
    assert axes.duration_marks(145000, 7) == [0, 43200, 86400, 129600]
    assert axes.even_marks(2.2, 7, whole=True) == [0, 1, 2]
    assert axes.log_marks(60, 86400, 7)[0] == 60.0 and len(axes.log_marks(1, 1e9, 7)) <= 7

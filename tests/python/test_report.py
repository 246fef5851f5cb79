# SPDX-License-Identifier: MIT
"""Reports: rows in order, their values and texts, and what others take from them."""

from __future__ import annotations

import datetime
import gc
import itertools
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import libdora as dora

NOON = datetime.datetime(2024, 1, 1, 12)
FACTS: list[dict[str, Any]] = [
    {
        "id": f"d{i}",
        "service": ("till", "shop", "Köln <&>")[i % 3],
        "finished_at": NOON + datetime.timedelta(days=i % 28),
        "committed_at": NOON + datetime.timedelta(days=i % 28, hours=-1 - i),
        "failed": i % 7 == 0,
    }
    for i in range(60)
]


@pytest.fixture
def r() -> dora.Report:
    return dora.report(FACTS, by="service", period="week", metrics="dora")


def test_rows(r: dora.Report) -> None:
    row = r[0]
    assert list(row) == list(r.columns) and len(row) == len(r.columns)
    assert row.deployments == row["deployments"] and row.start == row["window_start"]
    assert isinstance(row.start, datetime.date) and isinstance(row["change_lead_time_p50"], float)
    assert isinstance(row["deployments"], int) and isinstance(row["days"], int)
    assert row["deployment_rework_rate"] is None
    with pytest.raises(KeyError):
        row["nothing"]
    with pytest.raises(AttributeError, match="nothing"):
        _ = row.nothing
    assert r.to_dicts()[0] == dict(row)
    assert "deployments=" in repr(row) and "deployments" in dir(row)
    assert row.get("nothing") is None and "nothing" not in row and not hasattr(row, "nothing")


def test_rows_in_order(r: dora.Report) -> None:
    assert len(r) == len(list(r)) == 12
    assert r[-1] == r[len(r) - 1] and r[0] in r and list(r)[3] == r[3]
    assert [one.start for one in r[1:3]] == [r[1].start, r[2].start]
    for cut in (slice(None), slice(5, 2), slice(None, None, -4), slice(-3, None), slice(90, 99)):
        assert r[cut] == list(r)[cut]
    assert list(reversed(r)) == r[::-1]
    for index in (len(r), -len(r) - 1, 1 << 40):
        with pytest.raises(IndexError):
            r[index]


def test_columns(r: dora.Report) -> None:
    assert r.column("deployments") == [row["deployments"] for row in r]
    assert set(r.column("service")) == {"till", "shop", "Köln <&>"}
    assert r.units["change_lead_time_p50"] == "seconds" and r.units["change_fail_rate"] == "ratio"
    assert tuple(r.units) == r.columns
    with pytest.raises(KeyError):
        r.column("nothing")


def test_groups_and_windows(r: dora.Report) -> None:
    assert [(row.group, row.start.isoformat(), row.end.isoformat()) for row in r[:2]] == [
        ("Köln <&>", "2024-01-01", "2024-01-07"),
        ("Köln <&>", "2024-01-08", "2024-01-14"),
    ]
    assert r.requery(by=None)[0].group is None
    assert dora.report([{"finished_at": "2024-01-01"}], by="service")[0].group is None
    assert [row.group for row in r.requery(only="shop", period="all")] == ["shop"]


def test_requery_and_query() -> None:
    r = dora.report(FACTS, by="service", period="month", percentiles=[50, 99.5], tiers=2019)
    assert r.query.percentiles == "50,99.5" and "change_lead_time_p99.5" in r.columns
    again = r.requery(by=None, period="all")
    assert (len(again), again.query.tiers, again.query.by) == (1, 2019, None)
    assert again.engine is r.engine and again.account.records == 60
    rolling = r.requery(window=7, step=7)
    assert rolling[0]["days"] == 7 and rolling.requery(period="all").query.window is None
    assert rolling.requery(period="all", window=3)[-1]["days"] == 3
    with pytest.raises(dora.ArgumentError, match="digits"):
        r.requery(percentiles=[99.9999999])
    with pytest.raises(TypeError):
        r.requery(colour="red")


def test_only_columns(r: dora.Report) -> None:
    names = ("deployments", "change_lead_time_p75", "change_lead_time_tier")
    for asked in (names, ",".join(names), reversed(names)):
        picked = r.requery(only_columns=asked)
        assert picked.columns == ("service", "window_start", "window_end", "days", *names)
        assert all(picked.column(name) == r.column(name) for name in picked.columns)
    assert dora.report(FACTS, by="service", period="week", only_columns=names).to_dicts() == picked.to_dicts()
    assert "lead time p75" in repr(picked) and "fail rate" not in repr(picked)
    assert "elite" in picked._repr_html_() and "fail rate" not in picked._repr_html_()
    assert picked.requery(period="month").columns == picked.columns
    assert picked.requery(metrics="dora", period="week").columns == r.columns
    assert "phase" in picked.requery(table="phases").columns
    with pytest.raises(dora.ArgumentError, match="columns: there is no 'happiness'"):
        r.requery(only_columns=["deployments", "happiness"])


def test_only_columns_as_frames(r: dora.Report) -> None:
    for module in ("pyarrow", "pandas"):
        pytest.importorskip(module, reason=f"{module} is not there, whose frames are compared")
    picked = r.requery(only_columns="deployments,change_lead_time_tier")
    assert picked.to_pyarrow().equals(r.to_pyarrow().select(list(picked.columns)))
    assert picked.to_pandas().equals(r.to_pandas()[list(picked.columns)])


def test_phases() -> None:
    day = datetime.timedelta(days=1)
    release = {"kind": "release", "service": "shop", "version": "1", "published_at": NOON}
    phases = dora.phases(FACTS, release, {**release, "version": "2", "published_at": NOON + 30 * day}, period="all")
    assert phases.query.table is dora.Table.PHASES and "phase" in phases.columns
    assert len(dora.phases(FACTS)) == 0


def test_texts(tmp_path: Path) -> None:
    r = dora.report(FACTS, period="all", metrics="deployments")
    assert r.to_csv(tmp_path / "r.csv") == "window_start,window_end,days,deployments\n2024-01-01,2024-01-28,28,60\n"
    assert (tmp_path / "r.csv").read_text() == r.to_csv()
    assert json.loads(r.to_json()) == [json.loads(r.to_ndjson())]
    assert r.to_markdown().startswith("| window |") and "<table" in r.to_html()
    assert repr(r).splitlines()[0].startswith("window")
    named = dora.report([{"service": "=1", "finished_at": "2024-01-01"}], by="service", metrics="deployments")
    assert named.to_csv(safe=True) == named.to_csv().replace("=1", '"\'=1"')
    for write in (r.to_csv, r.to_ndjson, r.to_json, r.to_html, r.to_markdown):
        assert write(tmp_path / "r") == (tmp_path / "r").read_text(encoding="utf-8")
        with pytest.raises(FileNotFoundError):
            write(tmp_path / "no folder" / "r")


def test_texts_say_what_rows_hold(r: dora.Report) -> None:
    lines = [json.loads(line) for line in r.to_ndjson().splitlines()]
    dates = ("window_start", "window_end")
    assert lines == [{**row, **{name: row[name].isoformat() for name in dates}} for row in r.to_dicts()]  # type: ignore[union-attr]


def test_shown_reports_are_short_and_of_their_own_facts() -> None:
    engine = dora.Engine().read(FACTS)
    r = engine.query(window=2, until="2025-12-31")
    assert "more rows" in repr(r) and len(repr(r).splitlines()) < 70
    assert "60 records" in r._repr_html_() and r._repr_html_().count("<tr") < 70
    before = engine.query(period="all")
    engine.add(service="new", finished_at="2024-01-05")
    assert engine.query(period="all")[0]["deployments"] == 61 and before[0]["deployments"] == 60
    assert " 60 " in f" {repr(before)} " and "records" not in before._repr_html_()


def test_html_is_escaped() -> None:
    r = dora.report([{"service": "<script>alert(1)</script>", "finished_at": "2024-01-01"}], by="service")
    assert "<script>" not in r._repr_html_() and "&lt;script&gt;" in r._repr_html_()


def test_nothing_to_report() -> None:
    r = dora.report(by="service")
    assert len(r) == 0 and not r and r.to_dicts() == [] and r[:] == []
    assert r.to_ndjson() == "" and json.loads(r.to_json()) == [] and r.to_csv().startswith("service,window_start,")
    assert repr(r) == "no rows" and "no rows" in r._repr_html_()
    pyarrow, _ = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    assert pyarrow.table(r).shape == r.to_polars().shape == r.to_pandas().shape == (0, len(r.columns))


def test_frames(r: dora.Report) -> None:
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    rows, columns = r.to_dicts(), list(r.columns)
    frame, table = r.to_polars(), r.to_pyarrow()
    assert isinstance(frame, polars.DataFrame) and frame.to_dicts() == table.to_pylist() == rows
    assert isinstance(r.to_pandas(), pandas.DataFrame)
    assert list(r.to_pandas().columns) == columns and r.to_pandas()["deployments"].tolist() == r.column("deployments")


def test_polars_takes_columns(r: dora.Report, monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    rows = r.to_dicts()
    nothing = dora.report([], metrics="dora")
    assert polars.DataFrame(nothing).columns == list(nothing.columns)
    for name in ("__getitem__", "__iter__"):
        monkeypatch.setattr(dora.Report, name, None)
    assert r.to_polars().to_dicts() == polars.DataFrame(r).to_dicts() == rows


def test_frames_of_columns_that_begin_empty() -> None:
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    late = {"finished_at": "2024-12-01", "committed_at": "2024-11-30"}
    r = dora.report([{"finished_at": "2024-01-01"}, late], period="day", metrics="change_lead_time")
    known = [None] * (len(r) - 1) + [86400.0]
    assert len(r) > 300 and polars.DataFrame(r)["change_lead_time_p50"].to_list() == known
    for frame in (pandas.DataFrame(r), r.to_pandas()):
        assert frame["change_lead_time_p50"].dropna().tolist() == [86400.0]


def test_pandas_without_pyarrow(r: dora.Report, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")
    frame = r.to_pandas()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError):
        r.to_pyarrow()
    plain = r.to_pandas()
    monkeypatch.undo()
    pandas.testing.assert_frame_equal(plain, frame)
    kinds = {name: plain[name].dtype.kind for name in ("deployments", "change_lead_time_p50", "window_start")}
    assert kinds == {"deployments": "i", "change_lead_time_p50": "f", "window_start": "M"}
    assert plain["window_start"].dt.date.tolist() == r.column("window_start")
    for name in r.columns:
        if plain[name].dtype.kind in "if":
            assert [None if value != value else value for value in plain[name].tolist()] == r.column(name)


def test_pandas_types_of_what_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")
    facts = [{"finished_at": "2024-01-01"}, {"finished_at": "2024-01-20", "committed_at": "2024-01-19"}]
    for pyarrow in (True, False):
        if not pyarrow:
            monkeypatch.setitem(sys.modules, "pyarrow", None)
        frame = dora.report(facts, period="week", metrics="change_lead_time").to_pandas()
        known = frame["change_lead_time_p50"]
        assert known.dtype == "float64" and known.isna().tolist() == [True, True, False]
        assert pandas.api.types.is_datetime64_dtype(frame["window_end"]) and frame["days"].dtype == "int64"
        assert dora.report([]).to_pandas().shape[0] == 0


@pytest.mark.memory
def test_others_take_reports(r: dora.Report) -> None:
    duckdb, nanoarrow = pytest.importorskip("duckdb"), pytest.importorskip("nanoarrow")
    total = sum(row["deployments"] for row in r.to_dicts())  # type: ignore[misc]
    relation = duckdb.connect().from_arrow(r)
    assert relation.aggregate("sum(deployments)::BIGINT").fetchall() == [(total,)]
    assert [row["service"] for row in r] == [row[0] for row in nanoarrow.ArrayStream(r).read_all().iter_tuples()]
    narwhals = pytest.importorskip("narwhals")
    assert narwhals.from_arrow(r, backend="polars").to_native().to_dicts() == r.to_dicts()


@pytest.mark.memory
def test_schema(r: dora.Report) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    schema = pyarrow.schema(r)
    assert schema == pyarrow.table(r).schema and schema.names == list(r.columns)
    types = {name: str(schema.field(name).type) for name in ("service", "window_start", "days", "change_fail_rate")}
    assert list(types.values()) == ["string", "date32[day]", "int64", "double"]
    kept = [r.__arrow_c_schema__() for _ in range(3)]
    del r
    gc.collect()
    assert len(kept) == 3


@pytest.mark.memory
def test_exports_outlive_their_report_in_any_order() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    for order in itertools.permutations(range(4)):
        r = dora.report(FACTS, by="service", metrics="deployments")
        rows = r.to_dicts()
        held: list[Any] = [r, pyarrow.table(r), r.__arrow_c_stream__(), pyarrow.RecordBatchReader.from_stream(r)]
        del r
        for i in order:
            for one in (held[1], held[0]):
                if one is not None:
                    assert (one.to_pylist() if one is held[1] else one.to_dicts()) == rows
            held[i] = None


@pytest.mark.memory
def test_a_column_outlives_its_table_and_engine() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    with dora.Engine() as engine:
        column = pyarrow.table(engine.read(FACTS).query(by="service", period="day"))["service"]
    del engine
    gc.collect()
    assert set(column.to_pylist()) == {"till", "shop", "Köln <&>"}


@pytest.mark.memory
def test_exports_by_many_threads(r: dora.Report) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    rows, seen = r.to_dicts(), []

    def work() -> None:
        for _ in range(20):
            seen.append(pyarrow.table(r).to_pylist() == rows and r.to_dicts() == rows)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 80


@pytest.mark.parametrize("show", [repr, dora.Report._repr_html_])
def test_shown_while_the_engine_is_closed_or_at_work(show: Callable[[dora.Report], str]) -> None:
    engine = dora.Engine().read(FACTS)
    r = engine.query(period="all")
    shown: list[str] = []
    engine.read(b"finished_at\n2024-01-01\n", progress=lambda *stage: shown.append(show(r)))
    engine.close()
    assert "60" in shown[0] and "60" in show(r)

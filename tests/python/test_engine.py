# SPDX-License-Identifier: MIT
"""Engines: options, errors with their places, threads, progress and interrupts."""

from __future__ import annotations

import contextlib
import copy
import datetime
import gzip
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import libdora as dora

FACTS: list[dict[str, Any]] = [
    {
        "id": f"d{i}",
        "service": "shop" if i % 3 else "till",
        "finished_at": datetime.datetime(2024, 1, 1 + i % 28, 12),
        "committed_at": datetime.datetime(2024, 1, 1 + i % 28, 12) - datetime.timedelta(hours=1 + i),
        "failed": i % 7 == 0,
    }
    for i in range(60)
]


def test_three_lines(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("finished_at,service\n2024-01-01T10:00:00Z,shop\n2024-01-09T10:00:00Z,shop\n")
    r = dora.report(str(path), by="service", window=28)
    assert len(r) == 9
    assert (r[-1].group, r[-1]["deployments"], r[-1].end) == ("shop", 2, datetime.date(2024, 1, 9))
    assert dora.report(path, by="service", window=28).to_ndjson() == r.to_ndjson()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"by": "colour"}, "by"),
        ({"period": "century"}, "period"),
        ({"window": 0}, "window"),
        ({"percentiles": "101"}, "percentile"),
        ({"metrics": "speed"}, "speed"),
        ({"tiers": 1999}, "1999"),
        ({"since": "yesterday"}, "since"),
        ({"since": datetime.datetime(2024, 1, 1)}, "since"),
        ({"only": "shop"}, "only"),
        ({"max_rows": 0}, "max_rows"),
        ({"max_rows": 1 << 70}, "max_rows"),
        ({"tiers": 1 << 40}, "tiers"),
        ({"percentiles": [99.9999999]}, "digits"),
        ({"until": "2024-02-30"}, "until"),
        ({"table": "chair"}, "table"),
        ({"percentile_rule": "upper"}, "percentile_rule"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], word: str) -> None:
    engine = dora.Engine().read(FACTS)
    with pytest.raises(dora.ArgumentError, match=word):
        engine.query(**options)
    assert len(engine.query(period="all")) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"attribution": "soon"},
        {"attribution": -1},
        {"attribution": float("inf")},
        {"attribution": float("nan")},
        {"changes": "never"},
        {"production": "a\0b"},
        {"threads": 0},
        {"threads": 65},
        {"time_zone": "+99:00"},
    ],
)
def test_engine_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(dora.ArgumentError):
        dora.Engine(**options)


def test_errors_by_status() -> None:
    with pytest.raises(dora.ArgumentError, match="Middle/Earth"):
        dora.Engine(time_zone="Middle/Earth")
    with pytest.raises(dora.LimitError, match="rows"):
        dora.report(FACTS, period="day", max_rows=3)
    with pytest.raises(dora.InputError) as caught:
        dora.Engine().add([{"finished_at": "2024-01-01"}, {"finished_at": "2024-13-01"}])
    assert (caught.value.record, caught.value.line) == (2, 2) and caught.value.byte > 0
    assert caught.value.status == dora.InputError.status != dora.ArgumentError.status
    assert isinstance(caught.value, ValueError) and "finished_at" in str(caught.value)


def test_attribution_spellings() -> None:
    facts: list[dict[str, Any]] = [
        {"finished_at": "2024-01-01T00:00:00Z", "service": "a"},
        {"kind": "incident", "id": 1, "service": "a", "opened_at": "2024-01-02", "resolved_at": "2024-01-03"},
    ]

    def failed(attribution: Any) -> Any:
        return dora.report(facts, attribution=attribution, period="all", until="2024-01-05")[0]["failed_deployments"]

    assert [failed(x) for x in (None, "24h", "1d", 86400, datetime.timedelta(days=1))] == [1] * 5
    assert [failed(x) for x in (0, "3h", dora.Attribution.EXPLICIT)] == [0] * 3
    assert failed(dora.Attribution.UNLIMITED) == 1


def test_account() -> None:
    engine = dora.Engine().read(
        [*FACTS, *FACTS[:5], {"finished_at": "2024-01-01", "environment": "test", "colour": "red"}, {"kind": "bicycle"}]
    )
    account = engine.account()
    assert (account.records, account.facts, account.merged, account.rejected) == (67, 61, 5, 1)
    assert account.dispositions["deployment"] == {"counted": 60, "not_production": 1}
    assert account.unknown_fields == {"colour": 1} and account.environments["test"] == 1
    assert "rejected" in str(account)
    assert engine.rejected == 1 and engine.rejections[0].record == 67 and "bicycle" in engine.rejections[0].message


def test_tiers() -> None:
    table = dora.tiers(2024)
    assert table == dora.tiers(str(table)) and hash(table) == hash(dora.tiers(2024)) and table != dora.tiers(2019)
    elite = table.lead_time["elite"]
    assert elite is not None and elite.value == 86400
    assert table.recovery["medium"] is None and 2024 in dora.EDITIONS
    own = dora.tiers(str(table).replace("2024", "ours"))
    assert dora.report(FACTS, tiers=own).query.tiers == own and own.name == "ours"
    with pytest.raises(dora.InputError):
        dora.tiers("lead_time < soon")


def test_closed_engines() -> None:
    with dora.Engine() as engine:
        r = engine.read(FACTS).query(period="all")
    assert r[0]["deployments"] == 60 and "closed" in repr(engine)
    engine.close()
    for use in (lambda: engine.read(FACTS), engine.query, engine.account):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert "60" in repr(r)


def test_neither_pickled_nor_copied() -> None:
    engine = dora.Engine()
    for what in (engine, engine.query()):
        for use in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="pickled"):
                use(what)


def test_an_engine_is_used_by_one_thread_at_a_time() -> None:
    engine = dora.Engine()
    seen: list[BaseException] = []

    def facts() -> Iterator[dict[str, Any]]:
        def other() -> None:
            try:
                engine.query()
            except BaseException as raised:
                seen.append(raised)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        yield from FACTS

    engine.read(facts())
    assert [type(one) for one in seen] == [RuntimeError] and "in use" in str(seen[0])
    assert engine.query(period="all")[0]["deployments"] == 60


def test_an_engine_that_works_in_c_refuses_other_threads() -> None:
    engine = dora.Engine().read(FACTS)
    engine._ticker.context.interval_us = 0
    uses: list[Callable[[], object]] = [
        lambda: engine.add(finished_at="2024-01-01"),
        lambda: engine.read(b""),
        engine.query,
        engine.account,
        engine.close,
    ]
    seen: list[str] = []

    def use_all() -> None:
        for use in uses:
            with pytest.raises(RuntimeError, match="in use"):
                use()
            seen.append("refused")

    def progress(stage: str, done: int, total: int) -> None:
        if not seen:
            thread = threading.Thread(target=use_all)
            thread.start()
            thread.join()

    assert engine.query(period="all", progress=progress)[0]["deployments"] == 60
    assert seen == ["refused"] * len(uses)


def test_an_engine_works_while_another_one_is_in_c() -> None:
    first, second = dora.Engine().read(FACTS), dora.Engine().read(FACTS)
    first._ticker.context.interval_us = 0
    got: list[str] = []

    def progress(stage: str, done: int, total: int) -> None:
        if not got:
            thread = threading.Thread(target=lambda: got.append(second.query(by="service").to_ndjson()))
            thread.start()
            thread.join()

    assert first.query(by="service", progress=progress).to_ndjson() == got[0]


def test_engines_work_in_parallel() -> None:
    wanted = dora.report(FACTS, by="service").to_ndjson()
    got: list[str] = []

    def work() -> None:
        for _ in range(20):
            got.append(dora.report(FACTS, by="service").to_ndjson())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [wanted] * 80


def test_progress() -> None:
    told: list[tuple[str, int, int]] = []
    engine = dora.Engine(progress=lambda *stage: told.append(stage))
    engine._ticker.context.interval_us = 0
    engine.read(b"finished_at\n" + b"2024-01-01\n" * 20000)
    engine.query()
    assert {stage for stage, _, _ in told} == {"reading", "settling", "querying"}
    assert all(0 <= done <= total for stage, done, total in told if total)

    def stop(stage: str, done: int, total: int) -> None:
        raise LookupError(stage)

    for use in (lambda: engine.read(b"finished_at\n2024-01-01\n", progress=stop), lambda: engine.query(progress=stop)):
        with pytest.raises(LookupError):
            use()
    assert engine.query(period="all")[0]["deployments"] in (20000, 20001)  # a reader may hold the last records back


def test_progress_that_cannot_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, progress: object) -> None:
            raise LookupError("no bar")

    engine = dora.Engine().read(FACTS)
    with monkeypatch.context() as patch:
        patch.setattr("libdora.engine.Shower", Broken)
        with pytest.raises(LookupError):
            engine.query(progress=True)
    assert engine.query(period="all")[0]["deployments"] == 60


@pytest.mark.parametrize("threads", [1, 2])
def test_what_progress_raises_in_c_comes_through(threads: int) -> None:
    engine = dora.Engine(threads=threads).read(many_facts())
    engine._ticker.context.interval_us = 0
    stages: list[str] = []

    def stop(stage: str, done: int, total: int) -> None:
        if stage not in stages:
            stages.append(stage)
            raise LookupError(stage)

    for stage in ("settling", "querying"):
        with pytest.raises(LookupError, match=stage):
            engine.query(by="service", period="day", progress=stop)
    assert engine.query(period="all", progress=stop)[0]["deployments"] == 400_000


def test_progress_is_silent_without_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    import builtins

    real = builtins.__import__

    def without_tqdm(name: str, *args: Any) -> Any:
        if name.startswith("tqdm"):
            raise ImportError(name)
        return real(name, *args)

    builtins.__import__ = without_tqdm  # type: ignore[assignment]
    try:
        dora.report(FACTS, progress=True)
    finally:
        builtins.__import__ = real
    assert capfd.readouterr() == ("", "")


def many_facts(rows: int = 400_000) -> bytes:
    days = [f"2024-{1 + i % 12:02}-{1 + i % 28:02}T10:{i % 60:02}:00Z" for i in range(1000)]
    block = "".join(f"svc-{i % 97},{day},2023-12-31\n" for i, day in enumerate(days))
    return ("service,finished_at,committed_at\n" + block * (rows // 1000)).encode()


@pytest.mark.parametrize("stage", ["reading", "settling", "querying"])
def test_an_interrupt_leaves_the_engine_usable(stage: str) -> None:
    data = many_facts()
    engine = dora.Engine(threads=1)
    engine._ticker.context.interval_us = 0
    done: list[str] = []

    def interrupt(now: str, part: int, total: int) -> None:
        if now == stage and not done:
            done.append(now)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        engine.read(data, progress=interrupt)
        engine.query(by="service", period="day", progress=interrupt)
    counted = engine.query(period="all")[0]["deployments"]
    assert isinstance(counted, int) and 0 < counted <= 400_000
    engine.add(service="one more", finished_at="2024-01-01")
    assert engine.query(period="all")[0]["deployments"] == counted + 1


@pytest.mark.parametrize("threads", [1, 2])
def test_questions_are_asked_often(threads: int) -> None:
    """A call takes long because of facts, of samples or of windows: each is asked about by the number."""
    engine = dora.Engine(threads=threads).read(many_facts())
    engine._ticker.context.interval_us = 0
    asked: list[str] = []

    def count(stage: str, done: int, total: int) -> None:
        asked.append(stage)

    before = engine.query(by="service", period="day", metrics="dora", progress=count)
    text = before.to_ndjson()
    assert asked.count("settling") > (400_000 >> 14 if threads == 1 else 1)
    assert asked.count("querying") >= 10 * threads
    for at in range(1, len(asked) + 1, len(asked) // 6):
        other = dora.Engine(threads=threads).merge(engine) if at < 4 else engine
        other._ticker.context.interval_us = 0
        left = at

        def stop(stage: str, done: int, total: int) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt

        with contextlib.suppress(KeyboardInterrupt):
            other.query(by="service", period="day", metrics="dora", progress=stop)
        assert other.query(by="service", period="day", metrics="dora").to_ndjson() == text


def many_dicts() -> Iterator[dict[str, Any]]:
    return ({"finished_at": 1704067200 + i, "service": f"s{i % 9}"} for i in range(10_000_000))


def many_columns() -> Any:
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.table({"finished_at": pyarrow.array(range(1704067200, 1704067200 + 2_000_000))})


@pytest.mark.parametrize("make", [many_facts, lambda: gzip.compress(many_facts(), 1), many_dicts, many_columns])
@pytest.mark.parametrize("delay", [0.01, 0.1])
def test_a_signal_ends_long_reading(make: Callable[[], Any], delay: float) -> None:
    engine = dora.Engine(threads=1)
    source = make()

    def work() -> None:
        while True:
            engine.read(source)

    interrupt(work, delay)
    engine.add(service="one more", finished_at="2024-01-01")
    counted = engine.query(by="service", period="all")[-1]["deployments"]
    assert isinstance(counted, int) and counted >= 1


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("delay", [0.01, 0.1])
def test_a_signal_ends_long_work(threads: int, delay: float) -> None:
    data = many_facts(200_000)
    engine = dora.Engine(threads=threads).read(data)

    def work() -> None:
        while True:
            engine.query(by="service", period="day", intervals=True)
            engine.account()

    interrupt(work, delay)
    assert engine.query(period="all")[0]["deployments"] == 200_000


def interrupt(work: Callable[[], None], delay: float) -> None:
    """Sends a SIGINT while `work` runs, which ends it soon; how soon depends on what else the machine does."""
    sent: list[float] = []

    def send() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(delay, send)
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        work()
    assert time.monotonic() - sent[0] < 5
    timer.join()

# SPDX-License-Identifier: MIT
"""States from Python: saved, loaded, merged, taken as sources; inputs read once."""

from __future__ import annotations

import datetime
import gzip
import io
import pathlib

import pytest

import libdora as dora

NAMELESS = b"service,finished_at\nshop,2024-01-05\nshop,2024-01-05\n"
NAMED = b"id,service,finished_at\nd1,shop,2024-01-05\nd2,pay,2024-01-06\n"


def deployments(engine: dora.Engine) -> int:
    count = engine.query(period="all")[0]["deployments"]
    assert isinstance(count, int)
    return count


def test_save_and_load(tmp_path: pathlib.Path) -> None:
    engine = dora.Engine().read(NAMELESS, NAMED)
    state = engine.save()
    path = tmp_path / "a.dora"
    assert engine.save(path) is None
    assert path.read_bytes() == state
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.dora"]
    for source in (path, str(path), state, bytearray(state), memoryview(state)):
        loaded = dora.Engine().load(source)
        assert loaded.save() == state
        assert loaded.query().to_ndjson() == engine.query().to_ndjson()
        assert (loaded.account().records, loaded.account().loaded, loaded.account().facts) == (0, 4, 4)


def test_bytes_do_not_depend_on_the_way() -> None:
    one = dora.Engine().read(NAMELESS, NAMED).save()
    other = dora.Engine().read(NAMED).merge(dora.Engine().read(NAMELESS))
    assert other.save() == one
    assert other.merge(dora.Engine().read(NAMED)).save() == one


def test_states_are_sources(tmp_path: pathlib.Path) -> None:
    state = dora.Engine().read(NAMELESS).save()
    path = tmp_path / "a.dora.gz"
    path.write_bytes(gzip.compress(state))
    for source in (state, memoryview(state), io.BytesIO(state), path, gzip.compress(state)):
        assert dora.report(source, NAMED, period="all")[0]["deployments"] == 4


class Drop(io.RawIOBase):
    """Gives few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = io.BytesIO(data)
        self._size = size

    def read(self, size: int = -1) -> bytes:
        return self._data.read(self._size)


def test_states_in_pieces() -> None:
    state = dora.Engine().read(NAMELESS).save()
    for size in range(1, 10):
        for data in (state, gzip.compress(state), NAMELESS, gzip.compress(NAMELESS)):
            assert deployments(dora.Engine().read(Drop(data, size))) == 2
    assert dora.Engine().read(Drop(b"", 1)).account().records == 0


def test_once() -> None:
    engine = dora.Engine().read(NAMELESS, once=True)
    with pytest.raises(dora.RepeatedError, match="read before"):
        engine.read(NAMELESS, once=True)
    assert deployments(engine) == 2
    loaded = dora.Engine().load(engine.save())
    with pytest.raises(dora.RepeatedError):
        loaded.read(io.BytesIO(NAMELESS), once=True)
    assert deployments(loaded.read(NAMELESS, once=True, again=True)) == 4
    with pytest.raises(dora.RepeatedError):
        loaded.merge(engine)
    with pytest.raises(dora.RepeatedError):
        loaded.load(engine.save())
    with pytest.raises(dora.RepeatedError):
        loaded.read(engine.save())
    assert deployments(loaded.merge(engine, again=True)) == 6
    facts = [{"service": "shop", "finished_at": "2024-01-05"}]
    engine.read(facts, once=True)
    with pytest.raises(dora.RepeatedError):
        engine.read(facts, once=True)


def test_columns_have_no_digest() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    with pytest.raises(dora.ArgumentError, match="once"):
        dora.Engine().read(pyarrow.table({"service": ["shop"]}), once=True)


def test_what_is_no_state(tmp_path: pathlib.Path) -> None:
    engine = dora.Engine().read(NAMED)
    before = engine.save()
    for bad in (b"", NAMED, before[:-1], before + b"x", before[:70] + b"\xff" + before[71:]):
        with pytest.raises(dora.StateError) as error:
            engine.load(bad)
        assert 0 <= error.value.byte <= len(bad)
    assert engine.save() == before
    with pytest.raises(FileNotFoundError):
        engine.load(tmp_path / "none")
    with pytest.raises(dora.FileError):
        engine.save(tmp_path / "none" / "a.dora")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "a.dora")
    with pytest.raises(dora.FileError, match="symbolic link"):
        engine.save(link)
    with pytest.raises(dora.ArgumentError):
        engine.merge(engine)
    closed = dora.Engine()
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        engine.merge(closed)


def test_forgetting() -> None:
    engine = dora.Engine(time_zone="+01:00").read(NAMELESS, NAMED)
    report = engine.query(by="service", period="day").to_ndjson()
    assert engine.compact(datetime.date(2024, 1, 8)) is engine
    account = engine.account()
    assert engine.query(by="service", period="day").to_ndjson() == report
    assert (account.facts, account.too_late, account.compacted_before) == (4, 0, datetime.date(2024, 1, 8))
    assert 0 < account.forgotten < 4
    assert dora.Engine().compact("2024-01-01").account().compacted_before == datetime.date(2024, 1, 1)
    assert dora.Engine().account().compacted_before is None

    loaded = dora.Engine().load(engine.save())
    assert loaded.query(by="service", period="day").to_ndjson() == report
    with pytest.raises(dora.ArgumentError, match="another time zone"):
        dora.Engine(time_zone="UTC").load(engine.save())
    with pytest.raises(dora.StateError, match="compacted"):
        dora.Engine().read(NAMED).merge(engine)


def test_what_is_forgotten_is_too_late() -> None:
    engine = dora.Engine().read(NAMED).compact("2024-02-01")
    late = {"id": "d3", "service": "shop", "finished_at": "2024-01-20"}
    engine.read(b"id,service,finished_at\nd3,shop,2024-01-20\nd4,shop,2024-02-20\n")
    assert (engine.rejected, engine.account().too_late) == (1, 1)
    assert "too late" in engine.rejections[0].message
    assert engine.rejections[0].record == 1
    engine.read([late])
    assert engine.account().too_late == 2
    assert dora.TooLateError.status == 9


def test_what_was_read_before_is_not_too_late() -> None:
    data = b"id,service,finished_at\nd1,shop,2024-01-20\nd2,shop,no date\nd3,shop,2024-01-21\n"
    engine = dora.Engine().read(data, once=True)
    assert engine.rejected == 1
    engine.compact("2024-02-01")
    with pytest.raises(dora.RepeatedError):
        engine.read(data, once=True)
    assert (engine.rejected, len(engine.rejections), engine.account().too_late) == (1, 1, 0)


def test_bad_days_to_compact_before() -> None:
    engine = dora.Engine().compact("2024-02-01")
    for before in ("2024-01-01", "no date"):
        with pytest.raises(dora.ArgumentError):
            engine.compact(before)

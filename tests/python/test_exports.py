# SPDX-License-Identifier: MIT
"""What facts may come from: each source means what the same facts mean as NDJSON."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import gzip
import io
import json
import uuid
from collections import UserDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import libdora as dora

CSV = "finished_at,service,committed_at\n2024-01-01T10:00:00Z,shop,2024-01-01T09:00:00Z\n2024-01-02,till,\n"
LINES = "".join(
    json.dumps({"finished_at": f"2024-01-{day:02}T10:00:00Z", "service": "shop", "id": f"d{day}"}) + "\n"
    for day in range(1, 29)
)


def told(*sources: Any, **options: Any) -> str:
    return dora.report(*sources, by="service", **options).to_ndjson()


def test_files_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "facts"
    for text in (CSV, LINES):
        path.write_text(text)
        data = text.encode()
        wanted = told(str(path))
        assert len(wanted.splitlines()) in (1, 2)
        for source in (path, data, bytearray(data), memoryview(data), io.BytesIO(data), io.StringIO(text)):
            assert told(source) == wanted
        with path.open("rb") as file:
            assert told(file) == wanted
        with path.open() as text_file:
            assert told(text_file) == wanted
        for packed in (gzip.compress(data), gzip.compress(data[:40]) + gzip.compress(data[40:]) + b"\0" * 9):
            path.write_bytes(packed)
            assert told(path) == told(packed) == told(io.BytesIO(packed)) == wanted


def test_files_that_come_in_small_pieces() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(1)

    assert told(Slow(CSV.encode())) == told(Slow(gzip.compress(CSV.encode()) + b"\0" * 9)) == told(CSV.encode())
    padded = gzip.compress(CSV.encode()) + b"\0" * (5 << 20)
    assert told(padded) == told(io.BytesIO(padded)) == told(CSV.encode())


def test_nothing_in_files() -> None:
    for nothing in (b"", "", gzip.compress(b""), b"finished_at,service\n"):
        source: Any = io.StringIO(nothing) if isinstance(nothing, str) else nothing
        assert told(source) == ""


def test_paths_of_bytes(tmp_path: Path) -> None:
    class Place:
        def __fspath__(self) -> bytes:
            return bytes(tmp_path / "facts")

    (tmp_path / "facts").write_text(CSV)
    assert told(Place()) == told(CSV.encode())
    (tmp_path / "facts").write_text("finished_at\nx\n")
    with pytest.raises(dora.InputError, match="facts, line 2"):
        told(Place(), strict=True)


def test_zstd(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    packed = zstandard.compress(CSV.encode()[:30]) + zstandard.compress(CSV.encode()[30:])
    assert told(packed) == told(io.BytesIO(packed)) == told(CSV.encode())
    with pytest.raises(dora.InputError, match="zstd"):
        told(packed[:-5])


def test_several_sources_are_one_history() -> None:
    lines = LINES.encode().splitlines(keepends=True)
    assert told(*reversed(lines), lines[3]) == told(LINES.encode())
    assert told() == ""


@pytest.mark.parametrize("packed", [gzip.compress(CSV.encode())[:-9], b"\x1f\x8b\x08\x00broken broken broken"])
def test_broken_gzip(packed: bytes) -> None:
    with pytest.raises(dora.InputError, match="gzip"):
        told(packed)


def test_what_is_no_source() -> None:
    for source in (None, 7, 3.5, object()):
        with pytest.raises(dora.ArgumentError, match="cannot read"):
            told(source)
    with pytest.raises(FileNotFoundError):
        told("no such file.csv")
    with pytest.raises(dora.InputError):
        told(b"colour,taste\nred,sour\n")
    with pytest.raises(dora.InputError, match="dict"):
        told([{"finished_at": "2024-01-01"}, 7])
    with pytest.raises(dora.InputError, match="object"):
        told([{"finished_at": object()}])


def test_one_dict_and_fields() -> None:
    engine = dora.Engine().add({"finished_at": "2024-01-01"}).add(finished_at="2024-01-02", service="shop")
    assert engine.query(period="all")[0]["deployments"] == 2
    with pytest.raises(dora.ArgumentError):
        engine.add()
    with pytest.raises(dora.ArgumentError):
        engine.add([], service="x")
    with pytest.raises(dora.ArgumentError):
        engine.add("file.csv")


class Status(enum.Enum):
    GOOD = "success"


def test_values_of_dicts() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    aware = datetime.datetime(2024, 1, 1, 15, 30, tzinfo=zone)
    same = [
        "2024-01-01T10:00:00Z",
        datetime.datetime(2024, 1, 1, 10),
        aware,
        1704103200,
        1704103200.0,
        1704103200000,
        decimal.Decimal("1704103200"),
    ]
    wanted = told([{"id": 7, "finished_at": same[0]}])
    for value in same:
        assert told([{"id": 7, "finished_at": value}]) == wanted
    assert told([{"finished_at": datetime.date(2024, 1, 1)}]) == told([{"finished_at": "2024-01-01"}])
    key = uuid.uuid4()
    facts: list[Any] = [
        {"id": key, "finished_at": same[0], "failed": None, "committed_at": float("nan"), "changes": ("a", "b")},
        UserDict({"id": str(key), "finished_at": same[0], "status": Status.GOOD, "changes": {"b", "c"}}),
    ]
    engine = dora.Engine().read(facts)
    assert (engine.account().merged, engine.rejected) == (1, 0)


def test_numpy_and_pandas_values() -> None:
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    wanted = told([{"id": 7, "finished_at": "2024-01-01T10:00:00Z", "failed": True, "changes": ["a"]}])
    assert wanted == told(
        [
            {
                "id": numpy.int64(7),
                "finished_at": pandas.Timestamp("2024-01-01T10:00:00"),
                "failed": numpy.bool_(True),
                "restored_at": pandas.NaT,
                "version": pandas.NA,
                "changes": numpy.array(["a"]),
            }
        ]
    )


ABSENT = [float("nan"), decimal.Decimal("NaN"), decimal.Decimal("sNaN"), None]
NO_VALUES = [float("inf"), float("-inf"), decimal.Decimal("Infinity"), "\ud800", 10**400]


def test_values_that_are_absent() -> None:
    numpy = pytest.importorskip("numpy")
    for absent in [*ABSENT, numpy.float32("nan"), numpy.float64("nan"), numpy.datetime64("NaT")]:
        engine = dora.Engine().read([{"finished_at": "2024-01-01", "committed_at": absent}], strict=True)
        assert engine.query(period="all")[0]["change_lead_time_p50"] is None


@pytest.mark.parametrize("value", NO_VALUES)
def test_values_that_reject_their_record(value: Any) -> None:
    good = {"finished_at": "2024-01-01"}
    engine = dora.Engine().read([good, {**good, "committed_at": value}, good])
    assert (engine.rejected, engine.rejections[0].record) == (1, 2)
    assert engine.query(period="all")[0]["deployments"] == 2
    with pytest.raises(dora.InputError) as caught:
        dora.Engine().add([good, {**good, "committed_at": value}])
    assert caught.value.record == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"finished_at": object()},
        {"finished_at": b"2024-01-01"},
        {"finished_at": datetime.timedelta(1)},
        {"finished_at": datetime.datetime.min.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=5)))},
        {(1, 2): "2024-01-01"},
        ["finished_at", "2024-01-01"],
        7,
    ],
)
def test_what_is_no_fact(wrong: Any) -> None:
    engine = dora.Engine()
    with pytest.raises(dora.InputError) as caught:
        engine.read([{"finished_at": "2024-01-01"}, {"finished_at": "2024-01-02"}, wrong])
    assert (caught.value.source, caught.value.record) == ("source 1", 3)
    assert engine.query(period="all")[0]["deployments"] == 2


def test_numpy_instants_and_ids() -> None:
    numpy = pytest.importorskip("numpy")
    wanted = told([{"id": 7, "finished_at": "2024-01-01"}])
    for unit in ("D", "s", "ms", "us", "ns"):
        assert told([{"id": numpy.uint8(7), "finished_at": numpy.datetime64("2024-01-01", unit)}]) == wanted
    same = [{"id": key, "finished_at": "2024-01-01"} for key in (7, "7", numpy.int32(7), decimal.Decimal(7))]
    assert dora.Engine().read(same, strict=True).account().merged == 3


def test_iterables_that_fail_keep_what_they_gave() -> None:
    def facts() -> Iterator[dict[str, Any]]:
        yield from ({"finished_at": "2024-01-01"} for _ in range(3))
        raise LookupError("no more")

    engine = dora.Engine()
    with pytest.raises(LookupError, match="no more"):
        engine.read(facts())
    assert engine.query(period="all")[0]["deployments"] == 3


def test_many_dicts() -> None:
    facts = [{"id": f"d{i}", "finished_at": 1704067200 + 60 * i, "service": f"s{i % 5}"} for i in range(40_000)]
    lines = "\n".join(json.dumps(fact) for fact in facts).encode()
    assert told(iter(facts)) == told(lines)
    facts[30_000]["finished_at"] = "never"
    engine = dora.Engine().read(facts)
    assert [(one.record, one.line) for one in engine.rejections] == [(30_001, 30_001)]


def test_columns_and_kind() -> None:
    facts = [{"when": "2024-01-01", "who": "shop", "number": 1}]
    engine = dora.Engine().read(facts, columns={"opened_at": "when", "service": "who", "id": "number"}, kind="incident")
    assert engine.account().dispositions == {"incident": {"unattributed": 1}}
    for columns in ({"nothing": "when"}, {"service": "a", "team": "a"}):
        with pytest.raises(dora.ArgumentError):
            dora.Engine().read(facts, columns=columns)
    with pytest.raises(dora.ArgumentError, match="kind"):
        dora.Engine().read(facts, kind="bicycle")
    assert told(b"finished_at|service\n2024-01-01|a\n", delimiter="|", format="csv") != ""
    with pytest.raises(dora.ArgumentError):
        told(b"", delimiter="||")


def test_rejections() -> None:
    engine = dora.Engine()
    engine.read(b'{"finished_at":"x"}\n{"finished_at":"2024-01-01"}\nrubbish\n', format="ndjson")
    assert engine.rejected == 2 and [one.line for one in engine.rejections] == [1, 3]
    assert engine.rejections[0].source == "source 1" and dataclasses.asdict(engine.rejections[0])["byte"] > 0
    engine.read([{"finished_at": "y"}] * 50)
    assert engine.rejected == 52 and len(engine.rejections) == 20
    with pytest.raises(dora.InputError) as caught:
        engine.read(CSV.encode(), b"finished_at\nz\n", strict=True)
    assert (caught.value.source, caught.value.line) == ("source 2", 2)
    assert engine.query(period="all")[0]["deployments"] == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_strict_reading_of_much(threads: int) -> None:
    rows = b"2024-01-01\n" * 1_000_000
    data = b"finished_at\n" + rows + b"x\n" + rows
    for source in (data, bytearray(data), io.BytesIO(data), gzip.compress(data, 1)):
        engine = dora.Engine(threads=threads)
        with pytest.raises(dora.InputError) as caught:
            engine.read(source, strict=True)
        assert (caught.value.line, caught.value.byte) == (1_000_002, len(rows) + 12)
        assert engine.query(period="all")[0]["deployments"] == 1_000_000


def test_a_file_that_fails_keeps_what_was_read() -> None:
    class Failing(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            if self.tell_ == 0:
                self.tell_ = 1
                return LINES.encode()
            raise OSError("the disk is gone")

        tell_ = 0

    engine = dora.Engine()
    with pytest.raises(OSError, match="gone"):
        engine.read(Failing())
    counted = engine.query(period="all")[0]["deployments"]
    assert isinstance(counted, int) and counted >= 27


BUILDS = {"allBuilds": [{"number": 7, "timestamp": 1704189600000, "duration": 60000, "result": "SUCCESS"}]}
MAPPING = 'items rows\nfact deployment\nid = "own:" project ":" n | "own:" n\nfinished_at = done\n'


def test_exports_of_tools(tmp_path: Path) -> None:
    data = json.dumps(BUILDS).encode()
    known = dora.Engine().read(data, project="shop")  # by its shape
    for given in (data, BUILDS, io.BytesIO(data)):
        engine = dora.Engine().read(given, source="jenkins", project="shop")
        assert engine.save() == known.save()
    account = known.account()
    assert (account.items, account.silent_items, account.records) == (1, 0, 1)
    (row,) = dora.report(data, source="jenkins", project="shop", by="service", period="all", metrics="all")
    assert (row["service"], row["deployments"]) == ("shop", 1)
    with pytest.raises(dora.ArgumentError, match="no source is named"):
        dora.report(data, source="nothing")


def test_parameters_of_mappings() -> None:
    issue = {"number": 3, "created_at": "2024-01-02T10:00:00Z", "title": "down", "labels": [{"name": "Outage"}]}
    assert dora.Engine().read([issue], source="github", project="o/r").account().facts == 0
    for words in (["nothing", "out*"], "nothing,out*"):
        given = {"incident_labels": words}
        engine = dora.Engine().read([issue], source="github", project="o/r", parameters=given)
        assert sum(engine.account().dispositions["incident"].values()) == 1
    with pytest.raises(dora.ArgumentError, match="incident_labels"):
        dora.report([issue], source="github", parameters={"no_such": "outage"})


def test_mappings(tmp_path: Path) -> None:
    file = tmp_path / "own.map"
    file.write_text(MAPPING, encoding="utf-8")
    rows = {"rows": [{"n": 1, "done": "2024-01-01"}, {"n": 2, "done": "2024-1-2"}]}
    engine = dora.Engine().read(rows, mapping=MAPPING, project="p")
    assert engine.save() == dora.Engine().read(json.dumps(rows).encode(), mapping=file, project="p").save()
    assert engine.save() == dora.Engine().read(b"n,done\n1,2024-01-01\n2,2024-1-2\n", mapping=file, project="p").save()
    with pytest.raises(dora.ArgumentError, match="mapping"):
        dora.Engine().read(rows, mapping="nothing")


def test_git() -> None:
    log = b"a" * 40 + b"\0\x001700000000\0tag: v1.0, tag: x-1\0\0\n"
    assert dora.report(log, project="shop", period="all")[0]["deployments"] == 1
    assert dora.report(log, source="git", tags="^x", by="service", period="all")[0]["deployments"] == 1

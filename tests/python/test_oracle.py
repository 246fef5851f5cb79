# SPDX-License-Identifier: MIT
"""Random histories through Python: the oracle's rows, and the same bytes by NDJSON, dicts and frames."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import harness
import libdora as dora
from dense import dense_history

run_oracle: Any = harness.module(Path(__file__).parents[1] / "oracle", "run_oracle")

SEEDS = (830001, 830002, 830003, 830004)
DENSE_SEEDS = (1, 2, 3)
ENGINES: dict[str, dict[str, Any]] = {
    "": {},
    "--changes time": {"changes": "time"},
    "--infer-rollbacks": {"infer_rollbacks": True},
    "--tz Europe/Berlin": {"time_zone": "Europe/Berlin"},
}
QUERIES: dict[str, dict[str, Any]] = {
    "": {},
    "--by service --period week": {"by": "service", "period": "week"},
    "--by team --window 28 --step 7": {"by": "team", "window": 28, "step": 7},
    "--period all --intervals --percentiles 0,50,99.9": {
        "period": "all",
        "intervals": True,
        "percentiles": [0, 50, 99.9],
    },
    "--tiers 2019 --by product": {"tiers": 2019, "by": "product"},
}

Records = list[dict[str, Any]]
Frame = Callable[[Records], Any]


@pytest.fixture(scope="module", params=[*SEEDS, *(f"dense {seed}" for seed in DENSE_SEEDS)])
def history(request: pytest.FixtureRequest) -> bytes:
    if not (harness.SHARED / "oracle").is_dir():
        pytest.skip("no oracle in the shared material (DORA_SHARED)")
    if isinstance(request.param, str):
        return dense_history(int(request.param.split()[1]))
    return harness.history(request.param, 500, "--services", "5", "--no-bad")


def by_kind(history: bytes) -> Iterator[tuple[str, Records]]:
    """The records of each kind, all with the same keys; what is not text in a column of texts becomes text."""
    kinds: dict[str, Records] = {}
    for line in history.splitlines():
        record = json.loads(line)
        kinds.setdefault(record.pop("kind", "deployment"), []).append(record)
    for kind, records in kinds.items():
        names = sorted({name for record in records for name in record})
        yield kind, [{name: text_of(name, record.get(name)) for name in names} for record in records]


def text_of(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, list)) or name == "value":
        return float(value) if name == "value" and value is not None else value
    return str(value)


def pyarrow_plain(records: Records) -> Any:
    import pyarrow

    return pyarrow.Table.from_pylist(records)


def pyarrow_dictionaries(records: Records) -> Any:
    """Dictionaries that differ from batch to batch, and string views."""
    import pyarrow

    whole = pyarrow.Table.from_pylist(records)
    pieces = []
    for begin in range(0, len(records), 37):
        piece = whole.slice(begin, 37)
        for i, field in enumerate(piece.schema):
            if pyarrow.types.is_string(field.type):
                column = piece.column(i)
                changed = column.cast(pyarrow.string_view()) if i % 2 else column.dictionary_encode()
                piece = piece.set_column(i, field.name, changed)
        pieces.append(piece)
    return pyarrow.concat_tables(pieces)


def polars_frame(records: Records) -> Any:
    import polars

    frame = polars.DataFrame(records, infer_schema_length=None)
    return frame.with_columns(polars.col("service").cast(polars.Categorical)) if "service" in frame.columns else frame


def pandas_frame(records: Records) -> Any:
    import pandas

    return pandas.DataFrame(records)


def duckdb_relation(records: Records) -> Any:
    import duckdb

    table = pyarrow_plain(records)
    return duckdb.connect().from_arrow(table)


def read_frames(history: bytes, engine: dora.Engine, frame: Frame) -> None:
    for kind, records in by_kind(history):
        engine.read(frame(records), kind=kind, strict=True)


def reports_of(engine: dora.Engine) -> list[str]:
    return [engine.query(**query).to_ndjson() for query in QUERIES.values()] + [engine.phases().to_ndjson()]


def test_as_the_oracle(history: bytes) -> None:
    oracle = harness.module(harness.SHARED / "oracle", "oracle")
    facts = run_oracle.read_facts(oracle, history)
    for engine_words, engine_options in ENGINES.items():
        engine = dora.Engine(**engine_options).read(history)
        for words, query in QUERIES.items():
            got = [json.loads(line) for line in engine.query(**query).to_ndjson().splitlines()]
            want = run_oracle.wanted(oracle, facts, f"{engine_words} {words}".split())
            assert not run_oracle.differences(got, want, True), f"{engine_words} {words}"


@pytest.mark.parametrize("threads", [1, 2])
def test_dicts(history: bytes, threads: int) -> None:
    wanted = reports_of(dora.Engine(changes="time").read(history))
    records = [json.loads(line) for line in history.splitlines()]
    assert reports_of(dora.Engine(changes="time", threads=threads).read(iter(records), strict=True)) == wanted
    assert reports_of(dora.Engine(changes="time", threads=threads).read(io.BytesIO(history))) == wanted


@pytest.mark.parametrize(
    "frame",
    [pyarrow_plain, pyarrow_dictionaries, polars_frame, pandas_frame, duckdb_relation],
    ids=lambda frame: str(frame.__name__),
)
def test_frames(history: bytes, frame: Frame) -> None:
    pytest.importorskip(frame.__name__.split("_")[0])
    pytest.importorskip("pyarrow")
    wanted = dora.Engine(changes="time").read(history)
    got = dora.Engine(changes="time")
    read_frames(history, got, frame)
    assert got.rejected == 0
    assert reports_of(got) == reports_of(wanted)
    assert got.account().dispositions == wanted.account().dispositions

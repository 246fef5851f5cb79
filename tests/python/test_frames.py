# SPDX-License-Identifier: MIT
"""Columns of every library in every layout that they emit: the same bytes as the same facts by NDJSON."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

import libdora as dora

pytestmark = pytest.mark.memory
pyarrow: Any = pytest.importorskip("pyarrow")

UTC = datetime.timezone.utc
FACTS: list[dict[str, Any]] = [
    {
        "id": f"deployment-with-a-long-id-{i}" if i % 2 else f"d{i}",
        "service": f"svc-{i % 7}" if i % 5 else None,
        "finished_at": datetime.datetime(2024, 1, 1, 10, i % 60) + datetime.timedelta(days=i),
        "committed_at": datetime.datetime(2024, 1, 1, 9) + datetime.timedelta(days=i) if i % 3 else None,
        "failed": i % 4 == 0,
        "changes": [f"c{i}", f"c{i + 1}"] if i % 6 else None,
    }
    for i in range(100)
]


def told(*sources: Any, **options: Any) -> str:
    engine = dora.Engine()
    for source in sources:
        engine.read(source, strict=True, **options)
    return engine.query(by="service", period="week").to_ndjson()


WANTED = told(FACTS)
HALF = told(FACTS[20:70])


def table(facts: list[dict[str, Any]] = FACTS) -> Any:
    return pyarrow.Table.from_pylist(facts, schema=pyarrow.Table.from_pylist(FACTS).schema)


def zoned(time: Any) -> Any:
    return None if time is None else time.replace(tzinfo=UTC).astimezone(datetime.timezone(datetime.timedelta(hours=5)))


LAYOUTS: dict[str, Callable[[], Any]] = {
    "plain": table,
    "sliced": lambda: pyarrow.concat_tables([table().slice(0, 33), table().slice(33, 1), table().slice(34)]),
    "batches": lambda: pyarrow.RecordBatchReader.from_batches(table().schema, table().to_batches(max_chunksize=9)),
    "one batch": lambda: table().combine_chunks().to_batches()[0],
    "large": lambda: table().cast(
        pyarrow.schema(
            [
                ("id", pyarrow.large_string()),
                ("service", pyarrow.large_string()),
                ("finished_at", pyarrow.timestamp("ns")),
                ("committed_at", pyarrow.timestamp("s")),
                ("failed", pyarrow.bool_()),
                ("changes", pyarrow.large_list(pyarrow.large_string())),
            ]
        )
    ),
    "views": lambda: (
        table()
        .set_column(0, "id", table()["id"].cast(pyarrow.string_view()))
        .set_column(1, "service", table()["service"].cast(pyarrow.string_view()))
    ),
    "dictionaries": lambda: pyarrow.concat_tables(
        table(FACTS[i : i + 23]).set_column(
            1,
            "service",
            pyarrow.chunked_array([table(FACTS[i : i + 23])["service"].combine_chunks().dictionary_encode()]),
        )
        for i in range(0, 100, 23)
    ),
    "zones": lambda: table().set_column(
        2,
        "finished_at",
        pyarrow.array([zoned(fact["finished_at"]) for fact in FACTS], pyarrow.timestamp("us", "Asia/Karachi")),
    ),
    "struct array": lambda: pyarrow.StructArray.from_arrays(
        [column.combine_chunks() for column in table().columns], names=table().column_names
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pyarrow(layout: str) -> None:
    assert told(LAYOUTS[layout]()) == WANTED


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("sign", ["int", "uint"])
def test_dictionaries_of_any_index(bits: int, sign: str) -> None:
    index = getattr(pyarrow, f"{sign}{bits}")()
    column = table()["service"].cast(pyarrow.dictionary(index, pyarrow.string()))
    assert told(table().set_column(1, "service", column)) == WANTED


def polars_frame(facts: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("polars").DataFrame(facts, infer_schema_length=None)


def pandas_frame(facts: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("pandas").DataFrame(facts)


def duckdb_relation(facts: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("duckdb").connect().from_arrow(table(facts))


def nanoarrow_stream(facts: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("nanoarrow").ArrayStream(table(facts))


LIBRARIES = (polars_frame, pandas_frame, duckdb_relation, nanoarrow_stream)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: str(library.__name__))
def test_libraries(library: Callable[[list[dict[str, Any]]], Any]) -> None:
    assert told(library(FACTS)) == WANTED
    assert told(library(FACTS[20:70])) == HALF
    assert told(library(FACTS[:50]), library(FACTS[50:])) == WANTED


def with_column(name: str, change: Callable[[Any], Any], facts: list[dict[str, Any]] = FACTS) -> Any:
    whole = table(facts)
    return whole.set_column(whole.column_names.index(name), name, change(whole[name]))


def changing_dictionaries() -> Any:
    """Batches of 23 rows, each with a dictionary of its own."""
    pieces = (FACTS[i : i + 23] for i in range(0, len(FACTS), 23))
    return pyarrow.concat_tables(
        with_column("service", lambda column: column.combine_chunks().dictionary_encode(), piece) for piece in pieces
    )


def all_views() -> Any:
    view = pyarrow.string_view()
    fields = [field.with_type(view) if pyarrow.types.is_string(field.type) else field for field in table().schema]
    return table().cast(pyarrow.schema(fields))


def in_a_zone(column: Any) -> Any:
    zoned_times = [zoned(time) for time in column.to_pylist()]
    return pyarrow.chunked_array([pyarrow.array(zoned_times, pyarrow.timestamp("us", "Asia/Karachi"))])


NULLS: list[dict[str, Any]] = [{**dict.fromkeys(FACTS[0]), "finished_at": fact["finished_at"]} for fact in FACTS]
NOTHING: list[dict[str, Any]] = [dict.fromkeys(FACTS[0]) for _ in range(9)]

#: By name: the table, and the facts that it holds.
SHAPES: dict[str, tuple[Callable[[], Any], list[dict[str, Any]]]] = {
    "plain": (table, FACTS),
    "sliced": (lambda: table().slice(20, 50), FACTS[20:70]),
    "empty": (lambda: table([]), []),
    "null but for the time": (lambda: table(NULLS), NULLS),
    "all null": (lambda: table(NOTHING), NOTHING),
    "changing dictionaries": (changing_dictionaries, FACTS),
    "views": (all_views, FACTS),
    "zones": (lambda: with_column("finished_at", in_a_zone), FACTS),
    "naive nanoseconds": (
        lambda: with_column("finished_at", lambda column: column.cast(pyarrow.timestamp("ns"))),
        FACTS,
    ),
}


def by_pandas(shape: Any) -> Any:
    pandas = pytest.importorskip("pandas")
    return shape.to_pandas(types_mapper=pandas.ArrowDtype)


def by_duckdb(shape: Any) -> Any:
    connection = pytest.importorskip("duckdb").connect()
    connection.execute("SET produce_arrow_string_view = true; SET arrow_output_version = '1.4'")
    return connection.from_arrow(shape)


MATRIX: dict[str, Callable[[Any], Any]] = {
    "pyarrow": lambda shape: shape,
    "pandas": by_pandas,
    "pandas, its own types": lambda shape: shape.to_pandas(),
    "polars": lambda shape: pytest.importorskip("polars").from_arrow(shape),
    "duckdb": by_duckdb,
    "nanoarrow": lambda shape: pytest.importorskip("nanoarrow").ArrayStream(shape),
}


def account_of(source: Any) -> tuple[Any, ...]:
    account = dora.Engine().read(source).account()
    return account.records, account.facts, account.rejected, account.dispositions


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("library", MATRIX)
def test_matrix(library: str, shape: str) -> None:
    if library.startswith("pandas"):
        pytest.importorskip("pandas")
    make, facts = SHAPES[shape]
    if shape == "all null":  # rows without a time are rejected, or undated: as by NDJSON
        assert account_of(MATRIX[library](make())) == account_of(facts)
    else:
        assert told(MATRIX[library](make())) == told(facts)


def test_what_the_matrix_emits() -> None:
    """That views and dictionaries reach the library as such, where these producers keep them."""

    def type_of(library: str, shape: str, name: str) -> str:
        stream = pyarrow.RecordBatchReader.from_stream(MATRIX[library](SHAPES[shape][0]()))
        return str(stream.schema.field(name).type)

    for library in ("pyarrow", "pandas", "polars", "duckdb", "nanoarrow"):
        assert type_of(library, "views", "id") == "string_view"
    for library in ("pyarrow", "pandas", "pandas, its own types", "polars", "nanoarrow"):
        assert type_of(library, "changing dictionaries", "service").startswith("dictionary")
    for library in MATRIX:
        assert "tz=" in type_of(library, "zones", "finished_at")


def test_slices_of_frames() -> None:
    assert told(polars_frame(FACTS)[20:70]) == told(pandas_frame(FACTS)[20:70]) == HALF
    assert told(duckdb_relation(FACTS).limit(50, offset=20)) == HALF


def test_polars_types() -> None:
    polars = pytest.importorskip("polars")
    frame = polars_frame(FACTS)
    changed = frame.with_columns(
        polars.col("service").cast(polars.Categorical),
        polars.col("finished_at").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York"),
        polars.col("committed_at").dt.cast_time_unit("ms"),
    )
    assert told(changed) == WANTED


def test_duckdb_types() -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("facts", table())
    connection.execute("SET timezone = 'Asia/Kolkata'")
    relation = connection.sql(
        "SELECT id, service::ENUM('svc-0', 'svc-1', 'svc-2', 'svc-3', 'svc-4', 'svc-5', 'svc-6') AS service,"
        " (finished_at AT TIME ZONE 'UTC') AS finished_at, committed_at::TIMESTAMP_S AS committed_at, failed, changes"
        " FROM facts"
    )
    assert told(relation) == WANTED


def test_pandas_types() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas_frame(FACTS)
    frame["service"] = frame["service"].astype("category")
    frame["finished_at"] = frame["finished_at"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    assert told(frame) == WANTED
    assert told(pandas.DataFrame({"finished_at": [pandas.NaT]})) == told([{"finished_at": None}])


def test_empty_and_null() -> None:
    for nothing in (table([]), polars_frame(FACTS)[:0], pandas_frame(FACTS)[:0]):
        assert told(nothing) == ""
    nulls = pyarrow.table({"finished_at": pyarrow.nulls(3), "service": pyarrow.nulls(3, pyarrow.string())})
    engine = dora.Engine().read(nulls)
    assert engine.account().dispositions["deployment"] == {"undated": 3} or engine.account().records == 3


def test_epochs_and_dates() -> None:
    wanted = told([{"finished_at": "2024-01-01"}, {"finished_at": "2024-01-02"}])
    for column in (
        pyarrow.array([1704067200, 1704153600]),
        pyarrow.array([1704067200.0, 1704153600.0]),
        pyarrow.array([19723, 19724], pyarrow.int32()).cast(pyarrow.date32()),
        pyarrow.array([19723, 19724], pyarrow.int32()).cast(pyarrow.date32()).cast(pyarrow.date64()),
    ):
        assert told(pyarrow.table({"finished_at": column})) == wanted


def test_columns_by_other_names() -> None:
    renamed = table().rename_columns(["key", "repository", "deployed", "commit_time", "broke", "commits"])
    names = {
        "id": "key",
        "service": "repository",
        "finished_at": "deployed",
        "committed_at": "commit_time",
        "failed": "broke",
        "changes": "commits",
    }
    assert told(renamed, columns=names) == WANTED


def test_rows_and_columns_that_cannot_be() -> None:
    engine = dora.Engine().read(pyarrow.table({"finished_at": ["2024-01-01", "x", None, "2024-01-02"]}))
    assert engine.rejected == 1 and engine.rejections[0].record == 2
    with pytest.raises(dora.InputError, match="finished_at"):
        engine.read(pyarrow.table({"finished_at": [[1]]}))
    with pytest.raises(dora.InputError):
        engine.read(pyarrow.array([1, 2]))
    assert engine.query(period="all")[0]["deployments"] == 2


def test_a_producer_that_fails() -> None:
    def batches() -> Any:
        yield table(FACTS[:10]).to_batches()[0]
        raise ArithmeticError("the producer broke")

    engine = dora.Engine()
    with pytest.raises(dora.FileError, match="the producer broke"):
        engine.read(pyarrow.RecordBatchReader.from_batches(table().schema, batches()))
    assert engine.query(period="all")[0]["deployments"] == 10


def test_capsules_are_used_once() -> None:
    class Used:
        capsule = table().__arrow_c_stream__()

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return self.capsule

    used = Used()
    assert told(used) == WANTED
    for _ in range(2):
        with pytest.raises(dora.DoraError):
            told(used)

    class Wrong:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return "no capsule"

    with pytest.raises(dora.ArgumentError, match="capsule"):
        told(Wrong())

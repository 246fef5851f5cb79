# SPDX-License-Identifier: MIT
"""Arrays that contradict themselves or their schema: an exception, never a crash. Also run with an address sanitizer.

A real array is exported and then spoilt. What the interface cannot tell, the size of a buffer, is not lied about; nor
is what the producer itself reads when it releases its children: that is done in C, in tests/api/test_arrow_bad.c.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import libdora as dora
from libdora import _native
from libdora._libdora import ffi, lib

pytestmark = pytest.mark.memory
pyarrow: Any = pytest.importorskip("pyarrow")

HUGE = 1 << 62
ROWS = 4
_kept: list[Any] = []


def batch() -> Any:
    return pyarrow.RecordBatch.from_pydict(
        {
            "service": ["a", "b", None, "d"],
            "finished_at": pyarrow.array([1, 2, 3, 4], pyarrow.timestamp("s")),
            "environment": pyarrow.array(["production"] * ROWS).dictionary_encode(),
            "changes": [["x"], [], None, ["y", "z"]],
        }
    )


class Spoilt:
    """Exports a batch after something was done to its structures."""

    def __init__(self, spoil: Callable[[Any, Any], None]) -> None:
        self.spoil = spoil

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        schema, array = batch().__arrow_c_array__()
        self.spoil(_native.schema_of(schema), _native.array_of(array))
        return schema, array


def text(value: bytes) -> Any:
    _kept.append(ffi.new("char[]", value))
    return _kept[-1]


def field(part: int, name: str, value: Any) -> Callable[[Any, Any], None]:
    """Sets a field of child `part`, or with -1 of the whole; "schema." before the name: of its schema."""

    def spoil(schema: Any, array: Any) -> None:
        root = schema if name.startswith("schema.") else array
        setattr(root if part < 0 else root.children[part], name.removeprefix("schema."), value)

    return spoil


def buffer(part: int, number: int, value: Any = ffi.NULL) -> Callable[[Any, Any], None]:
    def spoil(schema: Any, array: Any) -> None:
        array.children[part].buffers[number] = value

    return spoil


def offsets(part: int, *values: int) -> Callable[[Any, Any], None]:
    _kept.append(ffi.new("int32_t[]", values))
    return buffer(part, 1, _kept[-1])


def codes(*values: int) -> Callable[[Any, Any], None]:
    _kept.append(ffi.new("int32_t[]", values))
    return buffer(2, 1, _kept[-1])


CASES = {
    "negative length": field(-1, "length", -1),
    "negative length of a column": field(0, "length", -1),
    "column shorter than the rows": field(0, "length", ROWS - 1),
    "more rows than the columns": field(-1, "length", HUGE),
    "negative offset": field(-1, "offset", -1),
    "offset past the end": field(-1, "offset", HUGE),
    "offset of a column past the end": field(1, "offset", HUGE),
    "offset and length that wrap": field(1, "offset", (1 << 63) - 2),
    "too few buffers": field(0, "n_buffers", 2),
    "too many buffers": field(1, "n_buffers", 3),
    "negative buffers": field(0, "n_buffers", -1),
    "no buffers": field(0, "buffers", ffi.NULL),
    "no offsets": buffer(0, 1),
    "no values": buffer(1, 1),
    "no text": buffer(0, 2),
    "no codes": buffer(2, 1),
    "offsets that run backwards": offsets(0, 0, 3, 2, 3, 3),
    "a negative offset of text": offsets(0, -1, 0, 1, 2, 3),
    "offsets of a list that run backwards": offsets(3, 0, 3, 1, 1, 3),
    "offsets of a list past its items": offsets(3, 0, 1, 1, 1, 1 << 30),
    "a code past the dictionary": codes(0, 0, 7, 0),
    "a negative code": codes(0, -1, 0, 0),
    "no dictionary": field(2, "dictionary", ffi.NULL),
    "no dictionary in the schema": field(2, "schema.dictionary", ffi.NULL),
    "fewer columns than the schema": field(-1, "n_children", 1),
    "negative columns": field(-1, "n_children", -1),
    "negative columns in the schema": field(-1, "schema.n_children", -1),
    "no format": field(-1, "schema.format", ffi.NULL),
    "no format of a column": field(0, "schema.format", ffi.NULL),
    "an empty format": field(0, "schema.format", text(b"")),
    "a format of more buffers": field(1, "schema.format", text(b"u")),
    "an unknown format": field(0, "schema.format", text(b"?")),
    "no zone": field(1, "schema.format", text(b"ts")),
    "no struct": field(-1, "schema.format", text(b"i")),
    "an impossible null count": field(0, "null_count", -HUGE),
    "a null count of more than there are": field(0, "null_count", HUGE),
}


def test_a_batch_that_is_not_spoilt() -> None:
    engine = dora.Engine().read(Spoilt(lambda schema, array: None))
    assert engine.query(period="all")[0]["deployments"] == ROWS


#: What no reader has to look at, or what means something else than it did.
HARMLESS = {"too many buffers", "no dictionary in the schema", "a null count of more than there are"}


@pytest.mark.parametrize("case", CASES)
def test_spoilt(case: str) -> None:
    engine = dora.Engine().read([{"finished_at": "2024-01-01"}])
    try:
        engine.read(Spoilt(CASES[case]))
    except dora.DoraError as error:
        assert case not in HARMLESS and error.message
    else:
        assert case in HARMLESS
    engine.read([{"finished_at": "2024-01-01"}])
    counted = engine.query(period="all")[0]["deployments"]
    assert isinstance(counted, int) and counted >= 2


def test_released_structures() -> None:
    for release in ("array", "schema"):

        def spoil(schema: Any, array: Any, release: str = release) -> None:
            (array if release == "array" else schema).release = ffi.NULL

        with pytest.raises(dora.DoraError):
            dora.Engine().read(Spoilt(spoil))


def _release_schema(schema: Any) -> None:
    _released.append("schema")
    schema.release = ffi.NULL


def _release_array(array: Any) -> None:
    _released.append("array")
    array.release = ffi.NULL


_released: list[str] = []
untyped: Any = ffi  # the package declares what it uses itself
release_schema = untyped.callback("void(struct ArrowSchema *)", _release_schema)
release_array = untyped.callback("void(struct ArrowArray *)", _release_array)


class ByHand:
    """A struct of one column of instants, every part of it made here, so that any of it may be wrong."""

    def __init__(self, schema: dict[str, Any] | None = None, array: dict[str, Any] | None = None) -> None:
        self.times = ffi.new("int64_t[]", [1, 2, 3, 4])
        self.column_buffers = ffi.new("void *[]", [ffi.NULL, self.times])
        self.no_buffers = ffi.new("void *[]", [ffi.NULL])
        self.column_schema = ffi.new(
            "struct ArrowSchema *", {"format": text(b"tss:"), "name": text(b"finished_at"), "release": release_schema}
        )
        self.column = ffi.new(
            "struct ArrowArray *",
            {"length": ROWS, "n_buffers": 2, "buffers": self.column_buffers, "release": release_array},
        )
        self.schemas = ffi.new("struct ArrowSchema *[]", [self.column_schema])
        self.arrays = ffi.new("struct ArrowArray *[]", [self.column])
        whole = {"format": text(b"+s"), "n_children": 1, "children": self.schemas, "release": release_schema}
        rows = {
            "length": ROWS,
            "n_buffers": 1,
            "buffers": self.no_buffers,
            "n_children": 1,
            "children": self.arrays,
            "release": release_array,
        }
        self.schema = ffi.new("struct ArrowSchema *", {**whole, **(schema or {})})
        self.array = ffi.new("struct ArrowArray *", {**rows, **(array or {})})

    def add(self, engine: dora.Engine) -> int:
        """The status of the library's own call."""
        options = ffi.new("dora_arrow_options *", {"struct_size": ffi.sizeof("dora_arrow_options")})
        self.error = ffi.new("dora_error *")
        return int(lib.dora_engine_add_arrow_array(engine._engine, self.array, self.schema, options, self.error))


BY_HAND: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "huge columns": ({}, {"n_children": HUGE}),
    "huge columns in the schema": ({"n_children": HUGE}, {}),
    "huge columns in both": ({"n_children": HUGE}, {"n_children": HUGE}),
    "columns that wrap": ({"n_children": (1 << 63) - 1}, {"n_children": (1 << 63) - 1}),
    "no children": ({}, {"children": ffi.NULL}),
    "no children in the schema": ({"children": ffi.NULL}, {}),
    "no children in both": ({"children": ffi.NULL}, {"children": ffi.NULL}),
    "negative columns in both": ({"n_children": -1}, {"n_children": -1}),
    "negative length": ({}, {"length": -1}),
    "length and offset that wrap": ({}, {"length": HUGE, "offset": HUGE}),
    "no struct": ({"format": text(b"tss:")}, {}),
    "no format": ({"format": ffi.NULL}, {}),
    "released schema": ({"release": ffi.NULL}, {}),
    "released array": ({}, {"release": ffi.NULL}),
}


def test_by_hand_and_right() -> None:
    _released.clear()
    engine = dora.Engine()
    assert ByHand().add(engine) == lib.DORA_OK
    assert engine.query(period="all")[0]["deployments"] == ROWS
    assert _released.count("array") == 1


@pytest.mark.parametrize("case", BY_HAND)
def test_by_hand_and_wrong(case: str) -> None:
    _released.clear()
    engine = dora.Engine().read([{"finished_at": "2024-01-01"}])
    made = ByHand(*BY_HAND[case])
    assert made.add(engine) != lib.DORA_OK and ffi.string(made.error.message)
    assert _released.count("array") <= 1 and _released.count("schema") <= 1
    assert made.array.release == ffi.NULL
    assert engine.query(period="all")[0]["deployments"] == 1


@pytest.mark.parametrize("part", ["schemas", "arrays"])
def test_null_children(part: str) -> None:
    made = ByHand()
    getattr(made, part)[0] = ffi.NULL
    assert made.add(dora.Engine()) != lib.DORA_OK


@pytest.mark.parametrize("part", ["column", "column_schema"])
def test_released_children(part: str) -> None:
    made = ByHand()
    getattr(made, part).release = ffi.NULL
    status = made.add(dora.Engine())
    assert status in (lib.DORA_OK, lib.DORA_ERROR_INPUT, lib.DORA_ERROR_ARGUMENT)

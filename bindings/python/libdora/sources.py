# SPDX-License-Identifier: MIT
"""What facts may come from: files, bytes, dicts, and columns of any data frame.

Text and bytes go to the library's reader in pieces, between which Python handles signals. Dicts become NDJSON, so that
they mean what the same values mean in a file. Columns are handed over by the Arrow PyCapsule protocol and not copied.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import os
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from libdora import _native
from libdora._libdora import ffi, lib
from libdora.errors import ArgumentError, InputError, check, message_of, new_error
from libdora.options import Format, Names, joined, number_of, text

PIECE_BYTES = 4 << 20
_DICTS_BYTES = 1 << 20
_MAGIC_BYTES = 8  # of a state; compressed data tells itself by fewer


@runtime_checkable
class ArrowStream(Protocol):
    """pandas, polars, pyarrow, duckdb, nanoarrow, ...: frames, tables, relations and readers."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


@runtime_checkable
class ArrowArray(Protocol):
    """A record batch or an array of structs."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...


class FactTaker(Protocol):
    """Where facts go that are not to be added to the engine."""

    context: Any  #: of dora_python_convert

    def drain(self) -> None: ...
    def check(self) -> None: ...


class ReadableFile(Protocol):
    def read(self, size: int = -1, /) -> bytes | str: ...


Source = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | ArrowStream
    | ArrowArray
    | ReadableFile
    | Mapping[str, Any]
    | Iterable[Mapping[str, Any]]
)


@dataclasses.dataclass(frozen=True)
class Rejection:
    """A record that was left out: why and where; see `DoraError` for the places."""

    message: str
    source: str
    record: int
    line: int
    byte: int


@dataclasses.dataclass(frozen=True)
class Export:
    """Which tool's export text and bytes are."""

    source: str | None = None
    mapping: str | os.PathLike[str] | None = None
    project: str | None = None
    tags: str | None = None
    parameters: Mapping[str, Names] | None = None

    def fill(self, options: Any, kept: list[Any]) -> None:
        options.source, options.project = text(self.source, kept), text(self.project, kept)
        options.tags = text(self.tags, kept)
        if self.parameters is not None:
            given = ";".join(f"{name}={joined(words)}" for name, words in self.parameters.items())
            options.parameters = text(given, kept)
        if self.mapping is None:
            return
        mapping = self.mapping
        if not isinstance(mapping, str):
            with open(mapping, encoding="utf-8") as file:
                mapping = file.read()
        data = mapping.encode()
        kept.append(ffi.new("char[]", data))
        options.mapping, options.mapping_size = kept[-1], len(data)


@dataclasses.dataclass
class Reading:
    """How sources are to be read, and what was rejected on the way."""

    engine: Any
    threads: int
    columns: Mapping[str, str] | None
    kind: str | None
    format: Format
    delimiter: str | None
    strict: bool
    once: bool
    again: bool
    show: _native.Progress | None
    export: Export = Export()
    taker: FactTaker | None = None
    rejected: int = 0
    rejections: list[Rejection] = dataclasses.field(default_factory=list)

    def names(self, kept: list[Any]) -> tuple[Any, int]:
        given = self.columns or {}
        made = ffi.new("dora_field_name[]", max(len(given), 1))
        kept.append(made)
        for i, (field, source) in enumerate(given.items()):
            made[i].field, made[i].source = text(field, kept), text(source, kept)
        return made, len(given)

    def count(self, rejections: Any, source: str) -> None:
        for i in range(min(rejections.count, lib.DORA_PYTHON_REJECTIONS_KEPT)):
            error = rejections.first[i]
            self.rejections.append(Rejection(message_of(error), source, error.record, error.line, error.byte))
        self.rejected += rejections.count

    def new_rejections(self) -> Any:
        made = ffi.new("dora_python_rejections *")
        made.strict = self.strict
        return made


class _Reader:
    """The library's reader of one input; a context, at whose end the input ends."""

    def __init__(self, reading: Reading, source: str, format: Format) -> None:
        self.reading, self.source = reading, source
        self.kept: list[Any] = []
        self.rejections = reading.new_rejections()
        names, names_count = reading.names(self.kept)
        options = ffi.new("dora_reader_options *", {"struct_size": ffi.sizeof("dora_reader_options")})
        options.format = number_of(format)
        options.once = (
            lib.DORA_ONCE_OFF if not reading.once else lib.DORA_ONCE_AGAIN if reading.again else lib.DORA_ONCE
        )
        options.kind = text(reading.kind, self.kept)
        options.names, options.names_count = names, names_count
        reading.export.fill(options, self.kept)
        options.on_reject, options.on_reject_context = ffi.addressof(lib, "dora_python_reject"), self.rejections
        if reading.taker is not None:
            options.on_fact = ffi.addressof(lib, "dora_python_convert")
            options.on_fact_context = reading.taker.context
        if reading.delimiter is not None:
            delimiter = "\t" if reading.delimiter == "tab" else reading.delimiter
            if len(delimiter) != 1 or not delimiter.isascii():
                raise ArgumentError("delimiter takes one ASCII character, or 'tab'")
            options.delimiter = delimiter.encode()
        made, error = ffi.new("dora_reader **"), new_error()
        check(lib.dora_reader_new(reading.engine, options, made, error), error)
        self.kept.append(options)
        self.reader = made[0]

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        error = new_error()
        with ffi.from_buffer("char[]", data) as pointer:
            status = lib.dora_reader_feed(self.reader, pointer, len(data), error)
        self.check(status, error)

    def check(self, status: int, error: Any) -> None:
        if self.reading.taker is not None:
            self.reading.taker.check()
        check(status, error, self.source)
        if self.reading.taker is not None:
            self.reading.taker.drain()

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        error = new_error()
        status = lib.dora_reader_finish(self.reader, error) if kind is None else lib.DORA_OK
        lib.dora_reader_free(self.reader)
        if status != lib.DORA_ERROR_REPEATED:  # nothing of it counts
            self.reading.count(self.rejections, self.source)
        if kind is None:
            self.check(status, error)


def _gunzip(pieces: Iterator[bytes], source: str) -> Iterator[bytes]:
    """Of all members of a gzip file, the contents."""
    inflate, begun = zlib.decompressobj(31), False
    try:
        for piece in pieces:
            piece = piece if begun else piece.lstrip(b"\0")  # what pads the file, after a member
            while piece:
                begun = True
                out = inflate.decompress(piece, PIECE_BYTES)
                if out:
                    yield out
                piece = inflate.unconsumed_tail
                if inflate.eof:
                    piece, inflate, begun = inflate.unused_data.lstrip(b"\0"), zlib.decompressobj(31), False
        while not inflate.eof and begun:
            out = inflate.decompress(inflate.unconsumed_tail, PIECE_BYTES)
            if not out:
                raise InputError("the gzip data breaks off", source=source)
            yield out
    except zlib.error as wrong:
        raise InputError(f"broken gzip data: {wrong}", source=source) from None


def _unzstd(pieces: Iterator[bytes], source: str) -> Iterator[bytes]:
    """Of all frames of a zstd file, the contents."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14

        make, wrong = zstd.ZstdDecompressor, zstd.ZstdError
    except ImportError:
        try:
            import zstandard
        except ImportError:
            raise ArgumentError("zstd needs Python 3.14 or the package zstandard", source=source) from None

        def make() -> Any:
            return zstandard.ZstdDecompressor().decompressobj()

        wrong = zstandard.ZstdError
    inflate, begun = make(), False
    try:
        for piece in pieces:
            while piece:
                if inflate.eof:
                    inflate = make()
                begun = True
                out = inflate.decompress(piece)
                if out:
                    yield out
                piece = inflate.unused_data if inflate.eof else b""
    except wrong as error:
        raise InputError(f"broken zstd data: {error}", source=source) from None
    if begun and not inflate.eof:
        raise InputError("the zstd data breaks off", source=source)


_COMPRESSED = {b"\x1f\x8b": _gunzip, b"\x28\xb5\x2f\xfd": _unzstd}


def _pieces_of_file(file: Any) -> Iterator[bytes]:
    while True:
        piece = file.read(PIECE_BYTES)
        if not piece:
            return
        yield piece.encode() if isinstance(piece, str) else piece


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """The first pieces, as many as it takes to see what they are: a pipe gives as few bytes as it likes."""
    first = b""
    for piece in pieces:
        first += bytes(piece)
        if len(first) >= _MAGIC_BYTES:
            break
    return first


def _plain(pieces: Iterator[bytes], source: str) -> Iterator[bytes]:
    """Decompressed where the first bytes say so."""
    first = _beginning(pieces)

    def all_pieces() -> Iterator[bytes]:
        yield first
        yield from pieces

    for magic, decompress in _COMPRESSED.items():
        if first.startswith(magic):
            return decompress(all_pieces(), source)
    return all_pieces()


def _size_of(file: Any) -> int:
    try:
        return os.fstat(file.fileno()).st_size
    except (AttributeError, OSError, ValueError):
        return 0


def load_state(engine: Any, data: Any, again: bool, source: str = "") -> None:
    """Adds the facts of a state. Raises StateError or RepeatedError."""
    error = new_error()
    options = ffi.new("dora_merge_options *", {"struct_size": ffi.sizeof("dora_merge_options"), "again": again})
    with ffi.from_buffer("char[]", data) as pointer:
        check(lib.dora_engine_load(engine, pointer, len(data), options, error), error, source)


def _is_state(data: Any) -> bool:
    with ffi.from_buffer("char[]", data) as pointer:
        return bool(lib.dora_is_state(pointer, len(data)))


def _read_pieces(reading: Reading, pieces: Iterator[bytes], source: str) -> None:
    """Text, or a state, which is needed as a whole."""
    first = _beginning(pieces)
    if _is_state(first):
        load_state(reading.engine, b"".join([first, *pieces]), reading.again, source)
        return
    with _Reader(reading, source, reading.format) as reader:
        reader.feed(first)
        for piece in pieces:
            reader.feed(piece)


def _read_file(reading: Reading, file: Any, source: str) -> None:
    size, seen = _size_of(file), 0

    def counted() -> Iterator[bytes]:
        nonlocal seen
        for piece in _pieces_of_file(file):
            yield piece
            seen += len(piece)
            if reading.show:
                reading.show("reading", seen, size)

    _read_pieces(reading, _plain(counted(), source), source)


def _read_bytes(reading: Reading, data: Any, source: str) -> None:
    view = memoryview(data).cast("B")
    if bytes(view[:2]) in _COMPRESSED or bytes(view[:4]) in _COMPRESSED:
        _read_pieces(reading, _plain(iter([bytes(view)]), source), source)
        return
    if _is_state(view):
        load_state(reading.engine, view, reading.again, source)
        return
    step = PIECE_BYTES * (2 if reading.threads > 1 else 1)
    with _Reader(reading, source, reading.format) as reader:
        for begin in range(0, len(view), step):
            reader.feed(view[begin : begin + step])
            if reading.show:
                reading.show("reading", min(begin + step, len(view)), len(view))


def _value(value: Any) -> Any:
    """What JSON does not have by itself; an instant without a zone is UTC, as in a file."""
    if isinstance(value, datetime.datetime):
        if value != value:  # pandas' NaT
            return None
        return (value if value.tzinfo is None else value.astimezone(datetime.timezone.utc)).isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if isinstance(value, (uuid.UUID, os.PathLike)):
        return str(value)
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            return None if value.is_nan() else float(value)
        return int(value) if value == value.to_integral_value() else float(value)
    for method in ("item", "tolist"):  # numpy's scalars, and arrays
        if hasattr(value, method) and (method == "tolist" or getattr(value, "ndim", 0) == 0):
            return _without_nan(getattr(value, method)())
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    raise TypeError(f"a value of type {type(value).__name__}")


def _without_nan(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    return [_without_nan(item) for item in value] if isinstance(value, (list, tuple)) else value


def _encoder(allow_nan: bool) -> Callable[[Any], str]:
    return json.JSONEncoder(default=_value, allow_nan=allow_nan, separators=(",", ":"), check_circular=False).encode


_encode, _encode_infinite = _encoder(False), _encoder(True)


def _line_of(fact: Any, number: int, source: str) -> str:
    try:
        if not isinstance(fact, Mapping):
            raise TypeError(f"a fact is a dict, not {type(fact).__name__}")
        try:
            return _encode(fact if isinstance(fact, dict) else dict(fact))
        except ValueError:  # a NaN, which is absent, or an infinity, which the reader rejects
            return _encode_infinite(_without_nan(dict(fact)))
    except (ArithmeticError, RecursionError, TypeError, ValueError) as wrong:
        raise InputError(str(wrong), source=source, record=number) from wrong


def _pieces_of_dicts(
    facts: Iterable[Mapping[str, Any]], source: str, stopped: list[Exception]
) -> Iterator[tuple[int, bytes]]:
    """NDJSON, with the number of facts so far; where these end by an exception it is put into `stopped`."""
    lines: list[str] = []
    number = size = 0
    try:
        for number, fact in enumerate(facts, 1):
            lines.append(_line_of(fact, number, source))
            size += len(lines[-1])
            if size >= _DICTS_BYTES:
                yield number, ("\n".join(lines) + "\n").encode()
                lines, size = [], 0
    except Exception as wrong:
        stopped.append(wrong)
    yield number, "\n".join(lines).encode()


def _read_dicts(reading: Reading, facts: Iterable[Mapping[str, Any]], source: str) -> None:
    """The facts before one that cannot be, or before their iterable fails, are in."""
    stopped: list[Exception] = []
    is_export = reading.export.source is not None or reading.export.mapping is not None
    with _Reader(reading, source, Format.AUTO if is_export else Format.NDJSON) as reader:
        for number, piece in _pieces_of_dicts(facts, source, stopped):
            reader.feed(piece)
            if reading.show:
                reading.show("reading", number, 0)
    if stopped:
        raise stopped[0]


def _arrow_options(reading: Reading, rejections: Any, kept: list[Any]) -> Any:
    options = ffi.new("dora_arrow_options *", {"struct_size": ffi.sizeof("dora_arrow_options")})
    options.kind = text(reading.kind, kept)
    options.names, options.names_count = reading.names(kept)
    options.on_reject, options.on_reject_context = ffi.addressof(lib, "dora_python_reject"), rejections
    return options


def _capsule(pointer: Any, method: str) -> Any:
    if pointer == ffi.NULL:
        raise ArgumentError(f"{method} returned no capsule, or one that was used before")
    return pointer


def _read_arrow(reading: Reading, frame: Any, source: str) -> None:
    if reading.once:
        raise ArgumentError("once is for files, bytes and dicts: columns have no digest", source=source)
    kept: list[Any] = []
    rejections, error = reading.new_rejections(), new_error()
    options = _arrow_options(reading, rejections, kept)
    if hasattr(frame, "__arrow_c_stream__"):
        capsule = frame.__arrow_c_stream__()
        stream = _capsule(_native.stream_of(capsule), "__arrow_c_stream__")
        status = lib.dora_engine_add_arrow(reading.engine, stream, options, error)
    else:
        schema_capsule, array_capsule = frame.__arrow_c_array__()
        schema = _capsule(_native.schema_of(schema_capsule), "__arrow_c_array__")
        array = _capsule(_native.array_of(array_capsule), "__arrow_c_array__")
        status = lib.dora_engine_add_arrow_array(reading.engine, array, schema, options, error)
    reading.count(rejections, source)
    check(status, error, source)


def _read_path(reading: Reading, path: str) -> None:
    with open(path, "rb", buffering=0) as file:
        _read_file(reading, file, path)


def read_source(reading: Reading, source: Any, number: int) -> None:
    """Adds one source; `number` names it where it has no name."""
    name = f"source {number}"
    if isinstance(source, (str, os.PathLike)):
        _read_path(reading, os.fsdecode(source))
    elif isinstance(source, (bytes, bytearray, memoryview)):
        _read_bytes(reading, source, name)
    elif hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
        _read_arrow(reading, source, name)
    elif hasattr(source, "read"):
        _read_file(reading, source, str(getattr(source, "name", name)))
    elif isinstance(source, Mapping):
        _read_dicts(reading, [source], name)
    elif isinstance(source, Iterable):
        _read_dicts(reading, source, name)
    else:
        raise ArgumentError(
            f"cannot read facts from {type(source).__name__}: a path, a file, bytes, dicts or a data frame is needed"
        )

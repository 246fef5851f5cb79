# SPDX-License-Identifier: MIT
"""Facts as text of the normal form, to look at and to correct: what `dora convert` does.

Records are written as they are read, piece by piece, and nothing is kept of them. Only columns and states go through an
engine, whose facts are written at the end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from libdora import _native
from libdora._libdora import ffi, lib
from libdora.engine import Engine
from libdora.errors import ArgumentError, check, new_error
from libdora.options import Format, Names, choose
from libdora.sources import Export, Reading, Rejection, Source, read_source

_OUTPUTS = {Format.NDJSON: lib.DORA_OUTPUT_NDJSON, Format.CSV: lib.DORA_OUTPUT_CSV}


@dataclasses.dataclass(frozen=True)
class Conversion:
    """What became of the records: how many were left out, the first 20 of each source with their places."""

    rejected: int
    rejections: tuple[Rejection, ...]


class _Writer:
    """The library's writer of facts, whose text Python takes between the pieces of the input."""

    def __init__(self, output: int, write: Callable[[bytes], object]) -> None:
        self._write = write
        self.context = ffi.new("dora_python_conversion *")
        options = ffi.new("dora_writer_options *", {"struct_size": ffi.sizeof("dora_writer_options"), "output": output})
        made, error = ffi.new("dora_fact_writer **"), new_error()
        text = ffi.addressof(self.context, "text")
        sink = ffi.addressof(lib, "dora_python_write")
        check(lib.dora_fact_writer_new(options, sink, text, made, error), error)
        self.context.writer = made[0]

    def drain(self) -> None:
        text = self.context.text
        if text.size:
            self._write(bytes(ffi.buffer(text.data, text.size)))
            text.size = 0

    def check(self) -> None:
        """Raises what the writer refused: the reader only knows that it was told to stop."""
        error = ffi.addressof(self.context, "error")
        if error.status != lib.DORA_OK:
            check(error.status, error)

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        lib.dora_fact_writer_free(self.context.writer)
        lib.dora_python_text_free(ffi.addressof(self.context, "text"))


@contextlib.contextmanager
def _opened(to: Any) -> Iterator[Callable[[bytes], object]]:
    """What takes bytes: an open file, or a new one beside the path that takes its place at the end."""
    if not isinstance(to, (str, os.PathLike)):
        if not hasattr(to, "write"):
            raise ArgumentError(f"to takes a path or an open file, not {type(to).__name__}")
        is_text = isinstance(to, io.TextIOBase)
        yield (lambda data: to.write(data.decode())) if is_text else to.write
        return
    path = os.path.realpath(os.fsdecode(to))
    beside = f"{path}.{secrets.token_hex(8)}"
    try:
        with open(beside, "xb") as file:
            yield file.write
        with contextlib.suppress(OSError):  # a new file has the mode that it was made with
            os.chmod(beside, os.stat(path).st_mode & 0o777)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def convert(
    *sources: Source,
    to: str | os.PathLike[str] | IO[bytes] | IO[str],
    output: str = "ndjson",
    columns: Mapping[str, str] | None = None,
    kind: str | None = None,
    format: str = "auto",
    delimiter: str | None = None,
    strict: bool = False,
    source: str | None = None,
    mapping: str | os.PathLike[str] | None = None,
    project: str | None = None,
    tags: str | None = None,
    parameters: Mapping[str, Names] | None = None,
    threads: int | None = None,
    progress: bool | _native.Progress = False,
) -> Conversion:
    """Writes what the sources state in the normal form: one record for each that was understood.

    A report over what is written is the report over the sources.

    >>> convert("deployments.json", source="github", to="facts.ndjson")  # doctest: +SKIP

    Args:
        sources: as of `Engine.read`, as are the options that are not here.
        to: a path, whose old file stays until all is written; or a file that is open for bytes or text.
        output: "ndjson" or "csv", which has no place for lists with an item that holds a space or a semicolon.

    Raises:
        InputError: as of `Engine.read`; also a fact that CSV cannot say.
        ArgumentError: an option, or something that is no source.
        OSError: a file that cannot be read or written.
    """
    wanted, written = choose(Format, "format", format), choose(Format, "output", output)
    if written not in _OUTPUTS:
        raise ArgumentError("output takes one of ndjson, csv; not 'auto'")
    export = Export(source, mapping, project, tags, parameters)
    rejected, rejections = 0, list[Rejection]()
    engine = Engine(threads=threads, progress=progress)
    with engine, _opened(to) as write, _Writer(_OUTPUTS[written], write) as writer, engine._used() as (handle, shower):
        for number, given in enumerate(sources, 1):
            reading = Reading(
                handle,
                engine._threads,
                columns,
                kind,
                wanted,
                delimiter,
                strict,
                once=False,
                again=False,
                show=shower.function,
                export=export,
                taker=writer,
            )
            read_source(reading, given, number)
            rejected += reading.rejected
            rejections.extend(reading.rejections)
        error, take = new_error(), ffi.addressof(lib, "dora_python_convert")
        status = lib.dora_engine_facts(handle, take, writer.context, error)
        writer.check()
        check(status, error)
        check(lib.dora_fact_writer_finish(writer.context.writer, error), error)
        writer.drain()
    return Conversion(rejected, tuple(rejections))

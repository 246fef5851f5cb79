# SPDX-License-Identifier: MIT
"""What the library's statuses become: one exception each, with the place in the input where there is one."""

from __future__ import annotations

from typing import Any

from libdora import _native
from libdora._libdora import ffi, lib


class DoraError(Exception):
    """A call that failed.

    Attributes:
        status: the dora_status of dora.h, by class; 0 for this one.
        message: what was wrong, without the place.
        source: the name of the input, "" where there is none.
        record: number of the record in its input, or of the item in an iterable, from 1; 0: not known.
        line: line of the input on which the record starts, from 1; 0: not known.
        byte: offset from the start of the input (decompressed) of the place in question, from 0.
    """

    status: int = lib.DORA_OK

    def __init__(self, message: str, *, source: str = "", record: int = 0, line: int = 0, byte: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.record = record
        self.line = line
        self.byte = byte

    def __str__(self) -> str:
        places = [self.source] if self.source else []
        if self.line:
            places.append(f"line {self.line}")
        elif self.record:
            places.append(f"record {self.record}")
        return f"{', '.join(places)}: {self.message}" if places else self.message


class ArgumentError(DoraError, ValueError):
    """An option, query or source that cannot be; the message names it."""

    status: int = lib.DORA_ERROR_ARGUMENT


class InputError(DoraError, ValueError):
    """A record that was rejected where the first one stops the reading, or an input that cannot be read at all."""

    status: int = lib.DORA_ERROR_INPUT


class LimitError(DoraError):
    """More rows, strings or facts than allowed."""

    status: int = lib.DORA_ERROR_LIMIT


class CancelledError(DoraError):
    """A function of the caller's asked to stop."""

    status: int = lib.DORA_ERROR_CANCELLED


class FileError(DoraError, OSError):
    """A file of the system's (time zones), or a producer of columns, failed."""

    status: int = lib.DORA_ERROR_IO


class StateError(DoraError, ValueError):
    """Bytes that are no state: of another kind, damaged (`byte` is the place), or of a later major version."""

    status: int = lib.DORA_ERROR_STATE


class RepeatedError(DoraError, ValueError):
    """An input that was read before, or two states that have read the same one: its facts would count twice."""

    status: int = lib.DORA_ERROR_REPEATED


class TooLateError(DoraError, ValueError):
    """A fact that belongs to a day before that of `Engine.compact`, or has or names an id that was forgotten."""

    status: int = lib.DORA_ERROR_TOO_LATE


_KINDS: dict[int, type[DoraError]] = {
    kind.status: kind
    for kind in (
        ArgumentError,
        InputError,
        LimitError,
        CancelledError,
        FileError,
        StateError,
        RepeatedError,
        TooLateError,
    )
}


def new_error() -> Any:
    """A dora_error to be given to a call."""
    return ffi.new("dora_error *")


def message_of(error: Any) -> str:
    return str(ffi.string(error.message).decode("utf-8", "replace"))


def check(status: int, error: Any, source: str = "") -> None:
    """Raises what a callback raised during the call, or what `status` and `error` say."""
    _native.raise_pending()
    if status == lib.DORA_OK:
        return
    message = message_of(error) or "failed"
    if status == lib.DORA_ERROR_MEMORY:
        raise MemoryError(message)
    kind = _KINDS.get(status, DoraError)
    raise kind(message, source=source, record=error.record, line=error.line, byte=error.byte)

# SPDX-License-Identifier: MIT
"""Text that the library's writers make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from libdora._libdora import ffi, lib
from libdora.errors import check, new_error


def written_bytes(write: Callable[..., int], subject: Any, output: int, **options: int) -> bytes:
    """What a call such as dora_result_write says about its subject. Raises MemoryError."""
    error = new_error()
    made = ffi.new("dora_writer_options *", {"struct_size": ffi.sizeof("dora_writer_options"), "output": output})
    for name, value in options.items():
        setattr(made, name, value)
    gathered = ffi.new("dora_python_text *")
    try:
        check(write(subject, made, ffi.addressof(lib, "dora_python_write"), gathered, error), error)
        return bytes(ffi.buffer(gathered.data, gathered.size)) if gathered.size else b""
    finally:
        lib.dora_python_text_free(gathered)


def written(write: Callable[..., int], subject: Any, output: int, **options: int) -> str:
    return written_bytes(write, subject, output, **options).decode()

# SPDX-License-Identifier: MIT
"""The module in C: loaded, its version compared with the library's, and what calls back from it.

While C works, Python is asked now and then (`Ticker`): signals are handled there, so that Ctrl-C ends long work. What
is raised in a callback is kept for the thread that called C, and raised when C has returned (`raise_pending`).
"""

from __future__ import annotations

import sysconfig
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from libdora._libdora import ffi, lib

if sysconfig.get_config_var("Py_GIL_DISABLED"):
    raise ImportError("libdora does not support free-threaded builds of Python; use an ordinary build")


def _text(data: Any) -> str:
    return str(ffi.string(data).decode())


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


#: The version of the library that runs ("0.1.0").
version = _text(lib.dora_version())
_compiled = _text(lib.dora_python_compiled_version())
if _release(version) < _release(_compiled):
    raise ImportError(f"libdora {version} is older than {_compiled}, which this package was compiled with")

#: Called with the stage ("settling", "querying"), the steps done and their total (0: not known).
Progress = Callable[[str, int, int], object]

_pending = threading.local()


def _keep(kind: type[BaseException], value: BaseException, traceback: TracebackType | None) -> None:
    _pending.raised = value


@ffi.def_extern(error=1, onerror=_keep)
def dora_python_tick(target: Any, progress: Any) -> int:
    if target != ffi.NULL:
        ffi.from_handle(target)(_text(progress.stage), progress.done, progress.total)
    return 0


def raise_pending() -> None:
    """Raises what a callback of this thread raised since the last call; to be asked after each call of C."""
    raised, _pending.raised = getattr(_pending, "raised", None), None
    if raised is not None:
        raise raised


class Ticker:
    """What dora_engine_options takes as `progress` and `progress_context`; to be held as long as the engine."""

    def __init__(self, progress: Progress | None = None, interval: float = 0.05) -> None:
        self._handle = ffi.NULL if progress is None else ffi.new_handle(progress)
        self.context = ffi.new(
            "dora_python_ticker *", {"interval_us": round(interval * 1_000_000), "target": self._handle}
        )
        self.function = ffi.addressof(lib, "dora_python_progress")

    def set(self, progress: Progress | None) -> None:
        """Another function from now on; not while C works."""
        self._handle = ffi.NULL if progress is None else ffi.new_handle(progress)
        self.context.target = self._handle


def export_stream(result: Any, error: Any) -> tuple[int, object]:
    """A dora_status, and where that is DORA_OK a capsule with a stream of the result."""
    made: list[object] = []
    status = lib.dora_python_put_stream(result, id(made), error)
    return status, made[0] if made else None


def export_schema(result: Any, error: Any) -> tuple[int, object]:
    """A dora_status, and where that is DORA_OK a capsule with the schema of the result."""
    made: list[object] = []
    status = lib.dora_python_put_schema(result, id(made), error)
    return status, made[0] if made else None


def stream_of(capsule: object) -> Any:
    """The ArrowArrayStream in a capsule, NULL where it is none; valid as long as the capsule."""
    return lib.dora_python_stream_of(id(capsule))


def array_of(capsule: object) -> Any:
    """The ArrowArray in a capsule, NULL where it is none; valid as long as the capsule."""
    return lib.dora_python_array_of(id(capsule))


def schema_of(capsule: object) -> Any:
    """The ArrowSchema in a capsule, NULL where it is none; valid as long as the capsule."""
    return lib.dora_python_schema_of(id(capsule))

# SPDX-License-Identifier: MIT
"""What the test programs share: where the command and the shared material are, running it, comparing rows.

The environment names the command (DORA), the source tree (DORA_SOURCE) and the shared material (DORA_SHARED: the
oracle, random histories and public corpora). Tests that need shared material are skipped where it is absent.
DORA_MANY, where it is set, is support/many.c in some tool, and takes the place of the command where it reads files.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import io
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOURCE = Path(os.environ.get("DORA_SOURCE", Path(__file__).parents[2])).resolve()
DORA = os.environ.get("DORA", str(SOURCE / "build/tools/dora"))
SHARED = Path(os.environ.get("DORA_SHARED", SOURCE.parent / "shared"))
SKIPPED = 77

Row = dict[str, Any]


def shared(part: str) -> Path:
    """A folder of the shared material; without it the program ends as skipped."""
    path = SHARED / part
    if not path.is_dir():
        print(f"skipped: no {part} in the shared material (DORA_SHARED)")
        sys.exit(SKIPPED)
    return path


def module(folder: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def history(seed: int, records: int, *options: str) -> bytes:
    """A random event history as NDJSON."""
    command = [sys.executable, str(SHARED / "oracle/history.py"), "--seed", str(seed), "--records", str(records)]
    return subprocess.run([*command, *options], capture_output=True, check=True).stdout


class Many:
    """The command in one process, which is started when it is first asked."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([os.environ["DORA_MANY"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.folder = tempfile.TemporaryDirectory()
        self.files = [Path(self.folder.name) / name for name in ("output", "errors")]
        atexit.register(self.process.communicate)

    def run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("".join(f"{word}\x1f" for word in (*self.files, *arguments)).encode() + b"\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        output, errors = (path.read_bytes() for path in self.files)
        return subprocess.CompletedProcess(arguments, code, output, errors)


@functools.cache
def many() -> Many:
    return Many()


def dora(*arguments: str | Path, stdin: bytes = b"", timeout_s: float = 120) -> subprocess.CompletedProcess[bytes]:
    command = [DORA, *map(str, arguments)]
    if "DORA_MANY" in os.environ and not stdin:
        done = many().run(command[1:])
    else:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=timeout_s)
    if done.returncode < 0 or done.returncode > 4 or b"Sanitizer" in done.stderr or b"runtime error:" in done.stderr:
        raise AssertionError(
            f"{' '.join(command)}: ended with {done.returncode}\n{done.stderr.decode(errors='replace')}"
        )
    return done


def as_rows(output: bytes) -> list[Row]:
    return [json.loads(line) for line in output.decode().splitlines()]


def oracle_rows(oracle: Any, arguments: Sequence[str]) -> list[Row]:
    """What the oracle prints, in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        oracle.main(list(arguments))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def same(got: Any, want: Any, tolerance: float = 1e-9) -> bool:
    if type(got) in (int, float) and type(want) in (int, float):
        return math.isclose(got, want, rel_tol=tolerance, abs_tol=tolerance * tolerance)
    return type(got) is type(want) and bool(got == want)

# SPDX-License-Identifier: MIT
"""How far long work is, shown while it runs: by tqdm where that is installed, else plainly on a terminal.

A shower is a function of a stage ("reading", "settling", "querying"), the steps done and their total (0: not known).
"""

from __future__ import annotations

import sys
import time
from typing import Any

from libdora._native import Progress


class _Bar:
    """tqdm, a bar a stage."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
            unit: dict[str, object] = {"unit": "B", "unit_scale": True} if stage == "reading" else {"unit_scale": True}
            self._bar = self._tqdm(total=total or None, desc=stage, leave=False, **unit)
            self._stage = stage
        self._bar.total = total or None
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar, self._stage = None, ""


class _Line:
    """One line of a terminal's standard error, written over and over."""

    def __init__(self) -> None:
        self._next = 0.0
        self._width = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + 0.2
        amount = f"{done / 1e6:,.0f} MB" if stage == "reading" else f"{done:,}"
        line = f"{stage} {amount}" + (f" ({100 * done // total} %)" if total else "")
        print(f"\r{line.ljust(self._width)}", end="", file=sys.stderr, flush=True)
        self._width = len(line)

    def close(self) -> None:
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", file=sys.stderr, flush=True)
        self._width = 0


class Shower:
    """What an engine tells how far it is."""

    def __init__(self, progress: bool | Progress) -> None:
        self._show: _Bar | _Line | None = None
        self.function: Progress | None = None
        if callable(progress):
            self.function = progress
        elif progress:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                self._show = _Line() if sys.stderr is not None and sys.stderr.isatty() else None
            else:
                self._show = _Bar(tqdm)
            self.function = self._show

    def close(self) -> None:
        """The work has ended."""
        if self._show is not None:
            self._show.close()

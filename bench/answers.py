# SPDX-License-Identifier: MIT
"""Whether two engines came to the same: files of doubles, eight a row, as bench_measure writes them."""

from __future__ import annotations

import array
from pathlib import Path

WIDTH = 8
KEYS = ("part", "group", "day")
TOLERANCE = 1e-9  # quotients of the same numbers may round differently


def read(path: Path) -> array.array[float]:
    values = array.array("d")
    values.frombytes(path.read_bytes())
    return values


def close(a: float, b: float) -> bool:
    return a == b or abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def difference(ours: Path, theirs: Path) -> str:
    """The first place where they differ, "" where they do not."""
    left, right = read(ours), read(theirs)
    if left == right:
        return ""
    if len(left) != len(right):
        return f"{len(left) // WIDTH} rows, not {len(right) // WIDTH}"
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        if not close(a, b):
            row = place // WIDTH * WIDTH
            keys = ", ".join(f"{name} {left[row + i]:g}" for i, name in enumerate(KEYS))
            return f"value {place % WIDTH} of the row with {keys} is {a!r}, not {b!r}"
    return ""

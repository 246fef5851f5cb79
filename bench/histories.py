# SPDX-License-Identifier: MIT
"""The histories that are measured with, as files that are made once and kept while the generator stays as it is."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
from pathlib import Path

from processes import ROOT, Failure, note

SOURCES = ("generate.c", "history.c", "history.h", "record.c", "record.h", "peers/make_parquet.py")


@dataclasses.dataclass(frozen=True)
class History:
    """Options of bench_generate. Its rows are a `share`-th of those asked for."""

    name: str
    options: tuple[str, ...] = ()
    share: int = 1
    format: str = "csv"


CSV = History("inline")
CSV_TENTH = History("inline-tenth", share=10)
NDJSON = History("inline", format="ndjson")
PARQUET = History("inline", format="parquet")
IDS = History("ids", ("--ids", "--shuffle"), format="ndjson")
RELATIONAL = History(
    "relational", ("--kind", "relational", "--shuffle", "--failed", "15"), share=5, format="ndjson"
)  # a row is about five records
ANCESTRY = History("ancestry", ("--kind", "ancestry"), share=10, format="ndjson")


@dataclasses.dataclass(frozen=True)
class Maker:
    """Where files are kept, and what makes them."""

    folder: Path
    generator: Path
    python: str  # with DuckDB, which makes Parquet; "" where there is none
    seed: int

    def mark(self) -> str:
        sources = b"".join((ROOT / "bench" / name).read_bytes() for name in SOURCES)
        return hashlib.sha256(sources).hexdigest()[:8]

    def clean(self) -> None:
        """Forgets what an older generator made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.iterdir():
            if not old.name.startswith(self.mark()):
                old.unlink()

    def file(self, history: History, rows: int) -> Path:
        """The file of a history, where `rows` are those of the whole suite."""
        own_rows = max(rows // history.share, 1)
        path = self.folder / f"{self.mark()}-{history.name}-{own_rows}-{self.seed}.{history.format}"
        if path.exists():
            return path
        partial = path.with_suffix(".partial")
        if history.format == "parquet":
            csv = self.file(dataclasses.replace(history, format="csv"), rows)
            if not self.python:
                raise Failure("Parquet is made by DuckDB, which is missing")
            note(f"making {path.name}")
            subprocess.run([self.python, str(ROOT / "bench/peers/make_parquet.py"), str(csv), str(partial)], check=True)
        else:
            note(f"making {path.name}")
            words = ["--rows", str(own_rows), "--seed", str(self.seed), "--format", history.format, *history.options]
            with partial.open("wb") as out:
                subprocess.run([str(self.generator), *words], stdout=out, check=True)
        partial.rename(path)
        return path

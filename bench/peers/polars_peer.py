# SPDX-License-Identifier: MIT
"""The jobs in Polars. Results are data frames.

Instants are parsed from strings by a given format, which is faster than the reader's own inference. Rolling windows are
dynamic groups: slices of rows in order of day. Tried and slower: categories for services, lists that are sorted once
for both quantiles, explosion over 28 days.
"""

import importlib
from typing import Any

pl: Any = importlib.import_module("polars")

INSTANTS = ("finished_at", "committed_at", "restored_at")
SCHEMA = {
    "service": pl.String,
    "environment": pl.String,
    "finished_at": pl.String,
    "committed_at": pl.String,
    "failed": pl.Boolean,
    "restored_at": pl.String,
}
IN_MEMORY = "table-"  # before the name of a job: the columns of the file stand in memory
FIGURES = (
    pl.len().alias("deployments"),
    pl.col("lead").quantile(0.5, "linear").alias("lead_p50"),
    pl.col("lead").quantile(0.9, "linear").alias("lead_p90"),
    pl.col("failed").mean().alias("fail_rate"),
    pl.col("recovery").quantile(0.5, "linear").alias("recovery"),
)


def records_of(path: str) -> Any:
    if path.endswith(".parquet"):
        return pl.scan_parquet(path)
    strings = (
        pl.scan_csv(path, schema=SCHEMA, quote_char=None)
        if path.endswith(".csv")
        else pl.scan_ndjson(path, schema=SCHEMA)
    )
    format_ = "%Y-%m-%dT%H:%M:%SZ"
    return strings.with_columns(
        *(pl.col(name).str.to_datetime(format_, time_unit="us", cache=False) for name in INSTANTS)
    )


def derived_of(records: Any) -> Any:
    finished = pl.col("finished_at")
    return records.select(
        "service",
        finished.dt.date().alias("day"),
        "failed",
        (finished - pl.col("committed_at")).dt.total_seconds().cast(pl.Int32).alias("lead"),
        (pl.col("restored_at") - finished).dt.total_seconds().cast(pl.Int32).alias("recovery"),
    ).collect()


def rolling(derived: Any, by_service: bool) -> Any:
    """Windows of 28 days, labelled by the day after; those that end after the last day are cut off."""
    last = derived["day"].max()
    ordered = derived.sort("service", "day") if by_service else derived.sort("day")
    windows = ordered.group_by_dynamic(
        "day",
        every="1d",
        period="28d",
        offset="-27d",
        closed="left",
        label="right",
        start_by="window",
        group_by="service" if by_service else None,
    ).agg(*FIGURES)
    return windows.with_columns(pl.col("day").dt.offset_by("-1d")).filter(pl.col("day") <= last)


class Peer:
    """Frames of one process; the number of threads is set in the environment."""

    def __init__(self, threads: int) -> None:
        if pl.thread_pool_size() != threads:
            raise RuntimeError(f"Polars uses {pl.thread_pool_size()} threads")
        self.parts: list[Any] = []

    def prepare(self, job: str, path: str) -> None:
        if job.startswith(IN_MEMORY):
            table = importlib.import_module("pyarrow.parquet").read_table(
                path, read_dictionary=["service", "environment"]
            )
            self.frame = pl.from_arrow(table)

    def run(self, job: str, path: str) -> None:
        records = self.frame.lazy() if job.startswith(IN_MEMORY) else records_of(path)
        job = job.removeprefix(IN_MEMORY)
        if job == "read":
            self.parts = [records.collect()]
        elif job == "days-and-weeks":
            derived = derived_of(records)
            weeks = derived.with_columns(pl.col("day").dt.truncate("1w"))
            self.parts = [frame.lazy().group_by("service", "day").agg(*FIGURES).collect() for frame in (derived, weeks)]
        else:
            self.parts = [rolling(derived_of(records), job == "rolling-by-service")]

    def last_second(self) -> int:
        raise NotImplementedError

    def late(self, finished: int, lead: int) -> None:
        raise NotImplementedError

    def write_answer(self, job: str, path: str) -> None:
        if job == "read":
            finished = pl.col("finished_at")
            told = self.parts[0].select(
                part=0,
                group=0,
                day=0,
                deployments=pl.len(),
                lead=(finished - pl.col("committed_at")).dt.total_seconds().mean(),
                fail_rate=pl.col("failed").mean(),
                recovery=(pl.col("restored_at") - finished).dt.total_seconds().mean(),
                none=-1,
            )
        else:
            told = pl.concat(
                frame.select(
                    pl.lit(part).alias("part"),
                    pl.col("service").cast(pl.String).str.slice(4).cast(pl.Int64)
                    if "service" in frame.columns
                    else pl.lit(0),
                    pl.col("day").to_physical(),
                    *(pl.col(figure.meta.output_name()).fill_null(-1).cast(pl.Float64) for figure in FIGURES),
                )
                for part, frame in enumerate(self.parts)
            )
        in_order = told.cast(pl.Float64).sort(told.columns[:3])
        in_order.to_numpy(order="c").tofile(path)

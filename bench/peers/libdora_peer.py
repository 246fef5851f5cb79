# SPDX-License-Identifier: MIT
"""The jobs in libdora's own Python package, on a pyarrow table that stands in memory."""

import importlib
from typing import Any

dora: Any = importlib.import_module("libdora")

QUERIES: dict[str, tuple[dict[str, object], ...]] = {
    "read": (),
    "table-days-and-weeks": ({"period": "day"}, {"period": "week"}),
    "table-rolling-by-service": ({"window": 28},),
}
VALUES = (
    "deployments",
    "change_lead_time_p50",
    "change_lead_time_p90",
    "change_fail_rate",
    "failed_deployment_recovery_time_p50",
)
FIGURES = {"percentiles": "50,90", "only_columns": VALUES}


class Peer:
    """One engine."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def prepare(self, job: str, path: str) -> None:
        self.table = importlib.import_module("pyarrow.parquet").read_table(
            path, read_dictionary=["service", "environment"]
        )

    def run(self, job: str, path: str) -> None:
        self.engine = dora.Engine(threads=self.threads).read(self.table)
        self.parts = [self.engine.query(by="service", **query, **FIGURES) for query in QUERIES[job]]

    def last_second(self) -> int:
        raise NotImplementedError

    def late(self, finished: int, lead: int) -> None:
        raise NotImplementedError

    def write_answer(self, job: str, path: str) -> None:
        numpy = importlib.import_module("numpy")
        compute = importlib.import_module("pyarrow.compute")
        day = "window_end" if job == "table-rolling-by-service" else "window_start"
        with open(path, "wb") as file:
            for part, report in enumerate(self.parts):
                rows = report.to_pyarrow()
                rows = rows.filter(compute.greater(rows["deployments"], 0))
                columns = [
                    numpy.full(len(rows), part),
                    compute.cast(compute.utf8_slice_codeunits(rows["service"], 4), "int64").to_numpy(),
                    compute.cast(rows[day], "int32").to_numpy(),
                    *(compute.fill_null(compute.cast(rows[name], "double"), -1).to_numpy() for name in VALUES),
                ]
                numpy.column_stack([column.astype("float64") for column in columns]).tofile(file)

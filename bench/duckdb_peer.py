#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The jobs of bench_measure done by DuckDB with one thread, timed the same way.

Run by run.py in a Python that has DuckDB. `--whole` does everything once, from file to rows, for run.py to time the
process. Percentiles are exact and interpolated, as the library's are. Rows are written as CSV to nowhere, save for
"rows only", which makes a table.
"""

import argparse
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

COLUMNS = {
    "service": "VARCHAR",
    "environment": "VARCHAR",
    "finished_at": "TIMESTAMP",
    "committed_at": "TIMESTAMP",
    "failed": "BOOLEAN",
    "restored_at": "TIMESTAMP",
}

PREPARE = """
CREATE OR REPLACE TYPE service_name AS ENUM (SELECT DISTINCT service FROM raw ORDER BY service);
CREATE TABLE deployments AS
SELECT service::service_name AS service, finished_at::DATE AS day, failed,
       date_diff('second', committed_at, finished_at)::INTEGER AS lead,
       date_diff('second', finished_at, restored_at)::INTEGER AS recovery
FROM raw
"""

MONTHLY = """
SELECT {group} date_trunc('month', day) AS window_start, count(*) AS deployments,
       count(DISTINCT day) AS deployment_days,
       avg(lead) AS lead_mean, quantile_cont(lead, [0.5, 0.75, 0.9, 0.95]) AS leads, avg(failed::INTEGER) AS fail_rate,
       avg(recovery) AS recovery_mean, quantile_cont(recovery, [0.5, 0.75, 0.9, 0.95]) AS recoveries
FROM deployments GROUP BY ALL ORDER BY ALL
"""

DAY_BY_SERVICE = """
SELECT service, day, count(*) AS deployments, avg(lead) AS lead_mean, quantile_cont(lead, [0.5, 0.9]) AS leads,
       avg(failed::INTEGER) AS fail_rate
FROM deployments GROUP BY service, day ORDER BY service, day
"""

# Each deployment takes part in the 28 windows that end on its day or later.
ROLLING_WHOLE = """
SELECT day + later::INTEGER AS window_end, count(*) AS deployments, avg(lead) AS lead_mean,
       quantile_cont(lead, [0.5, 0.9]) AS leads, avg(failed::INTEGER) AS fail_rate
FROM deployments, range(28) AS ahead(later)
WHERE day + later::INTEGER <= (SELECT max(day) FROM deployments)
GROUP BY window_end ORDER BY window_end
"""

# A list of lead times a day, on every day since a service's first, joined over the days of the window.
ROLLING_BY_SERVICE = """
WITH daily AS (
    SELECT service, day, list(lead) AS leads, count(*) AS deployments, count(*) FILTER (failed) AS failures
    FROM deployments GROUP BY service, day
), days AS (
    SELECT service, unnest(generate_series(min(day), (SELECT max(day) FROM daily), INTERVAL 1 DAY))::DATE AS day
    FROM daily GROUP BY service
), windows AS (
    SELECT service, day, sum(deployments) OVER past AS deployments, sum(failures) OVER past AS failures,
           flatten(list(leads) FILTER (leads IS NOT NULL) OVER past) AS leads
    FROM days LEFT JOIN daily USING (service, day)
    WINDOW past AS (PARTITION BY service ORDER BY day ROWS 27 PRECEDING)
)
SELECT service, day AS window_end, deployments, list_avg(leads) AS lead_mean,
       list_aggregate(leads, 'quantile_cont', [0.5, 0.9]) AS leads, failures / deployments AS fail_rate
FROM windows ORDER BY service, window_end
"""

QUERIES = {
    "report monthly": MONTHLY.format(group=""),
    "report by service monthly": MONTHLY.format(group="service,"),
    "day by service": DAY_BY_SERVICE,
    "rolling whole": ROLLING_WHOLE,
    "rolling by service 28 days step 1": ROLLING_BY_SERVICE,
    "rolling by service, rows only": ROLLING_BY_SERVICE,
}


def load_sql(path: str, ids: bool) -> str:
    columns = ({"id": "VARCHAR"} if ids else {}) | COLUMNS
    described = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"
    quoted = path.replace("'", "''")
    if path.endswith(".csv"):
        source = f"read_csv('{quoted}', header = true, auto_detect = false, columns = {described})"
    else:
        source = f"read_json('{quoted}', format = 'newline_delimited', columns = {described})"
    return f"CREATE TABLE raw AS SELECT {'DISTINCT ON (id) *' if ids else '*'} FROM {source}"


def connect() -> Any:
    connection = importlib.import_module("duckdb").connect(":memory:")
    connection.execute("SET threads = 1")
    connection.execute("SET enable_progress_bar = false")
    return connection


def answer(connection: Any, name: str) -> int:
    if name.endswith("rows only"):
        made = f"CREATE OR REPLACE TEMP TABLE answer AS {QUERIES[name]}"
    else:
        made = f"COPY ({QUERIES[name]}) TO '/dev/null' (FORMAT csv)"
    return int(connection.execute(made).fetchone()[0])


def timed(repeat: int, prepare: Callable[[], None], work: Callable[[], int]) -> dict[str, float]:
    """Best of `repeat`, each after `prepare`; peak memory of the process after the first."""
    told: dict[str, float] = {}
    for repetition in range(repeat):
        prepare()
        start = time.perf_counter()
        rows = work()
        seconds = time.perf_counter() - start
        if repetition == 0:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            told = {"seconds": seconds, "first_seconds": seconds, "result_rows": rows, "peak_bytes": peak}
        told["seconds"] = min(told["seconds"], seconds)
    return told


def run_step(step: str, repeat: int, path: str, ids: bool) -> dict[str, float]:
    connection = connect()

    def load() -> int:
        return int(connection.execute(load_sql(path, ids)).fetchone()[0])

    def settle() -> int:
        connection.execute(PREPARE)
        return 0

    def nothing() -> None:
        return None

    if step == "read":
        return timed(repeat, lambda: connection.execute("DROP TABLE IF EXISTS raw"), load)
    load()
    if step == "settle":
        return timed(repeat, lambda: connection.execute("DROP TABLE IF EXISTS deployments"), settle)
    settle()
    connection.execute("DROP TABLE raw")
    return timed(repeat, nothing, lambda: answer(connection, step))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", required=True, choices=["read", "settle", *QUERIES])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ids", action="store_true", help="the file has ids, and repeats of one count once")
    parser.add_argument("--whole", action="store_true", help="once, from file to rows, untold")
    parser.add_argument("file")
    asked = parser.parse_args()
    told = run_step(asked.step, 1 if asked.whole else asked.repeat, asked.file, asked.ids)
    if not asked.whole:
        print(json.dumps({"step": asked.step} | told))
    return 0


if __name__ == "__main__":
    sys.exit(main())

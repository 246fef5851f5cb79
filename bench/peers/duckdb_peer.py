# SPDX-License-Identifier: MIT
"""The jobs in DuckDB. Results are temporary tables in memory.

Tried and slower (10 million rows, one thread): services as an enumeration made from the file; daily lists for job A; a
list a day joined over the window for the whole (half again as slow as the explosion) and the explosion for services
(twice as slow as the lists); quantiles as window functions over the rows (three times).
"""

import importlib
from typing import Any

COLUMNS = {
    "id": "VARCHAR",
    "service": "VARCHAR",
    "environment": "VARCHAR",
    "finished_at": "TIMESTAMP",
    "committed_at": "TIMESTAMP",
    "failed": "BOOLEAN",
    "restored_at": "TIMESTAMP",
}

LINKED_COLUMNS = {
    "kind": "VARCHAR",
    "id": "VARCHAR",
    "service": "VARCHAR",
    "finished_at": "TIMESTAMP",
    "committed_at": "TIMESTAMP",
    "merged_at": "TIMESTAMP",
    "opened_at": "TIMESTAMP",
    "resolved_at": "TIMESTAMP",
    "deployment": "VARCHAR",
    "sha": "VARCHAR",
    "changes": "VARCHAR[]",
    "parents": "VARCHAR[]",
    "rework": "BOOLEAN",
}

DERIVED = """
SELECT service, finished_at::DATE AS day, failed, date_diff('second', committed_at, finished_at)::INTEGER AS lead,
       date_diff('second', finished_at, restored_at)::INTEGER AS recovery
FROM {source}
"""

FIGURES = """
count(*) AS deployments, quantile_cont(lead, [0.5, 0.9]) AS leads, count(*) FILTER (failed) / count(*) AS fail_rate,
quantile_cont(recovery, 0.5) AS recovery
"""

DAYS_AND_WEEKS = f"""
CREATE TEMP TABLE answer AS
SELECT service, day, date_trunc('week', day)::DATE AS week, {FIGURES}
FROM ({DERIVED}) GROUP BY GROUPING SETS ((service, day), (service, week))
"""

# Each deployment takes part in the 28 windows that end on its day or later; 27 windows too many are dropped after.
ROLLING_WHOLE = f"""
CREATE TEMP TABLE windows AS
SELECT day + later::INTEGER AS window_end, {FIGURES} FROM ({DERIVED}), range(28) AS ahead(later) GROUP BY window_end;
CREATE TEMP TABLE answer AS
SELECT * FROM windows WHERE window_end <= (SELECT max(window_end) - 27 FROM windows)
"""

# A list of times a day, on every day since a service's first, joined over the days of the window.
ROLLING_BY_SERVICE = """
CREATE TEMP TABLE answer AS
WITH daily AS (
    SELECT service, day, count(*) AS deployments, count(*) FILTER (failed) AS failures, list(lead) AS leads,
           list(recovery) FILTER (recovery IS NOT NULL) AS recoveries
    FROM derived GROUP BY service, day
), days AS (
    SELECT service, unnest(generate_series(min(day), (SELECT max(day) FROM daily), INTERVAL 1 DAY))::DATE AS day
    FROM daily GROUP BY service
), windows AS (
    SELECT service, day, sum(deployments) OVER past AS deployments, sum(failures) OVER past AS failures,
           flatten(list(leads) FILTER (leads IS NOT NULL) OVER past) AS leads,
           flatten(list(recoveries) FILTER (recoveries IS NOT NULL) OVER past) AS recoveries
    FROM days LEFT JOIN daily USING (service, day)
    WINDOW past AS (PARTITION BY service ORDER BY day ROWS 27 PRECEDING)
)
SELECT service, day AS window_end, deployments, list_aggregate(leads, 'quantile_cont', [0.5, 0.9]) AS leads,
       failures / deployments AS fail_rate, list_aggregate(recoveries, 'quantile_cont', 0.5) AS recovery
FROM windows WHERE deployments > 0
"""

# The links are those that the history has: a change is listed once, and commits are a line a service. So a change by
# ancestry belongs to the first head above it, and no earliest of several deployments has to be found.
MONTHLY_KEYS = """
CREATE TEMP TABLE deployments AS
SELECT id, service, finished_at AS t, sha, changes, rework FROM records WHERE kind = 'deployment';
CREATE TEMP TABLE changes AS
SELECT id, service, committed_at, coalesce(merged_at, committed_at) AS merged_at, parents[1] AS parent
FROM records WHERE kind = 'change';
CREATE TEMP TABLE steps AS
SELECT id, parent FROM changes WHERE parent IS NOT NULL
AND parent NOT IN (SELECT sha FROM deployments WHERE sha IS NOT NULL);
CREATE TEMP TABLE listed AS SELECT unnest(changes) AS change, service, t FROM deployments WHERE changes IS NOT NULL;
CREATE TEMP TABLE inherited AS
WITH RECURSIVE walk AS (
    SELECT sha AS change, service, t FROM deployments WHERE sha IS NOT NULL
    UNION ALL
    SELECT steps.parent, walk.service, walk.t FROM walk JOIN steps ON steps.id = walk.change
)
SELECT * FROM walk;
CREATE TEMP TABLE loose AS
SELECT service, committed_at, merged_at FROM changes
ANTI JOIN (SELECT change FROM listed UNION ALL SELECT change FROM inherited) AS contained ON id = change;
CREATE TEMP TABLE timed AS
SELECT committed_at, loose.service, t FROM loose
ASOF JOIN (SELECT service, t FROM deployments) AS later
ON loose.service = later.service AND loose.merged_at <= later.t;
CREATE TEMP TABLE leads AS
WITH first AS (SELECT service, min(t) AS t FROM deployments GROUP BY service)
SELECT l.service, l.t, date_diff('second', committed_at, l.t) AS lead FROM listed l JOIN changes ON id = change
UNION ALL
SELECT i.service, i.t, date_diff('second', committed_at, i.t) FROM inherited i JOIN changes ON id = change
JOIN first ON first.service = i.service AND i.t > first.t
UNION ALL
SELECT d.service, d.t, date_diff('second', committed_at, d.t) FROM timed d
JOIN first ON first.service = d.service AND d.t > first.t;
CREATE TEMP TABLE failures AS
WITH incidents AS (
    SELECT id, service, opened_at, resolved_at, deployment FROM records WHERE kind = 'incident'
), attributed AS (
    SELECT deployment, resolved_at FROM incidents WHERE deployment IS NOT NULL
    UNION ALL
    SELECT before.id, resolved_at FROM incidents
    ASOF JOIN (SELECT service, t, max(id) AS id FROM deployments GROUP BY service, t) AS before
    ON incidents.service = before.service AND incidents.opened_at >= before.t
    WHERE deployment IS NULL AND opened_at - before.t <= INTERVAL 7 DAY
)
SELECT deployment, max(resolved_at) AS recovered_at FROM attributed GROUP BY deployment;
CREATE TEMP TABLE answer AS
SELECT * FROM (
    SELECT service, date_trunc('month', t)::DATE AS month, count(*) AS deployments,
           count(f.deployment) / count(*) AS fail_rate,
           quantile_cont(date_diff('second', t, recovered_at), 0.5) AS recovery,
           count(*) FILTER (rework) / count(*) AS rework_rate
    FROM deployments d LEFT JOIN failures f ON f.deployment = d.id GROUP BY ALL
) LEFT JOIN (
    SELECT service, date_trunc('month', t)::DATE AS month, quantile_cont(lead, 0.5) AS lead FROM leads GROUP BY ALL
) USING (service, month)
"""

ALL_TIME = """
SELECT 0, 0, 0, count(*), avg(epoch(finished_at) - epoch(committed_at)), avg(failed::INTEGER),
       avg(epoch(restored_at) - epoch(finished_at)) FILTER (failed), -1
FROM records
"""

LATE = "INSERT INTO derived VALUES ('svc-0000', make_timestamp(?)::DATE, false, ?, NULL)"
WINDOW = """
SELECT 0, 0, (SELECT last FROM bounds) - DATE '1970-01-01', count(*),
       quantile_cont(lead, 0.5), quantile_cont(lead, 0.9),
       count(*) FILTER (failed) / count(*), coalesce(quantile_cont(recovery, 0.5), -1)
FROM derived WHERE service = 'svc-0000' AND day > (SELECT last FROM bounds) - 28
"""

NUMBERED = "CAST(substr(service, 5) AS INTEGER), {day} - DATE '1970-01-01', deployments"
FIGURES_TOLD = "leads[1], leads[2], fail_rate, coalesce(recovery, -1)"
ANSWERS = {
    "days-and-weeks": f"""SELECT (week IS NOT NULL)::INTEGER, {NUMBERED.format(day="coalesce(day, week)")},
                          {FIGURES_TOLD} FROM answer""",
    "rolling-whole": f"SELECT 0, 0, window_end - DATE '1970-01-01', deployments, {FIGURES_TOLD} FROM answer",
    "rolling-by-service": f"SELECT 0, {NUMBERED.format(day='window_end')}, {FIGURES_TOLD} FROM answer",
    "monthly-keys": f"""SELECT 0, {NUMBERED.format(day="month")}, coalesce(lead, -1), fail_rate,
                        coalesce(recovery, -1), rework_rate FROM answer""",
    "read": ALL_TIME,
    "read-ids": ALL_TIME,
}

IN_MEMORY = "table-"  # before the name of a job: the columns of the file stand in memory


def described(columns: dict[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"


def source_of(path: str, job: str) -> str:
    """The file as a relation, with all that DuckDB would else have to find out."""
    inline = {name: kind for name, kind in COLUMNS.items() if name != "id" or job == "read-ids"}
    columns = described(LINKED_COLUMNS if job == "monthly-keys" else inline)
    if path.endswith(".parquet"):
        return f"read_parquet('{path}')"
    if path.endswith(".csv"):
        options = "header = true, auto_detect = false, delim = ',', quote = '', escape = '', strict_mode = false"
        return f"read_csv('{path}', {options}, columns = {columns})"
    return f"read_json('{path}', format = 'newline_delimited', columns = {columns})"


class Peer:
    """One database in memory."""

    def __init__(self, threads: int) -> None:
        self.connection: Any = importlib.import_module("duckdb").connect(":memory:")
        self.connection.execute(f"SET threads = {threads}")
        self.connection.execute("SET enable_progress_bar = false")
        self.connection.execute("SET preserve_insertion_order = false")

    def prepare(self, job: str, path: str) -> None:
        in_memory = job == "read" or job.startswith(IN_MEMORY)
        if in_memory and path.endswith(".parquet"):  # the columns stand in memory, as from any producer
            table = importlib.import_module("pyarrow.parquet").read_table(
                path, read_dictionary=["service", "environment"]
            )
            self.connection.register("columns", table)
        if job == "stream":
            self.connection.execute(f"CREATE TABLE derived AS {DERIVED.format(source=source_of(path, job))}")
            self.connection.execute("CREATE TEMP TABLE bounds AS SELECT max(day) AS last FROM derived")

    def run(self, job: str, path: str) -> None:
        source = "columns" if job.startswith(IN_MEMORY) else source_of(path, job)
        job = job.removeprefix(IN_MEMORY)
        if job == "read":
            relation = "columns" if path.endswith(".parquet") else source
            self.connection.execute(f"CREATE TABLE records AS SELECT * FROM {relation}")
        elif job == "read-ids":
            self.connection.execute(f"CREATE TABLE records AS SELECT DISTINCT ON (id) * FROM {source}")
        elif job in ("days-and-weeks", "rolling-whole"):
            self.connection.execute(
                (DAYS_AND_WEEKS if job == "days-and-weeks" else ROLLING_WHOLE).format(source=source)
            )
        elif job == "monthly-keys":
            self.connection.execute(f"CREATE TABLE records AS SELECT * FROM {source}")
            self.connection.execute(MONTHLY_KEYS)
        else:
            self.connection.execute(f"CREATE TABLE derived AS {DERIVED.format(source=source)}")
            self.connection.execute(ROLLING_BY_SERVICE)

    def last_second(self) -> int:
        last: int = self.connection.execute("SELECT epoch(last + INTERVAL 1 DAY)::BIGINT - 1 FROM bounds").fetchone()[0]
        return last

    def late(self, finished: int, lead: int) -> None:
        self.connection.execute(LATE, [finished * 1000000, lead])
        self.window = self.connection.execute(WINDOW).fetchone()

    def write_answer(self, job: str, path: str) -> None:
        numpy = importlib.import_module("numpy")
        if job == "stream":
            numpy.array(self.window, dtype="float64").tofile(path)
            return
        columns = (
            self.connection.execute(f"{ANSWERS[job.removeprefix(IN_MEMORY)]} ORDER BY 1, 2, 3").fetchnumpy().values()
        )
        numpy.column_stack([numpy.asarray(column, dtype="float64") for column in columns]).tofile(path)

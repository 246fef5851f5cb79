# SPDX-License-Identifier: MIT
"""The jobs in ClickHouse, in this process (chdb). Results are tables of the Memory engine.

Rolling windows merge the states of quantiles, one a day. Tried and slower (10 million rows, one thread): services as
LowCardinality while reading; grouping sets; explosion over 28 days; filling the days that lack with WITH FILL.
quantilesExactInclusive interpolates as the library does and costs no more than quantilesExact.
"""

import importlib
import re
import struct
from pathlib import Path
from typing import Any

INSTANT = "DateTime(\\'UTC\\')"
STRUCTURE = (
    f"service String, environment String, finished_at {INSTANT}, committed_at {INSTANT}, failed Bool, "
    f"restored_at Nullable({INSTANT})"
)
PARQUET = """(
    SELECT service, failed, toDateTime(finished_at, 'UTC') AS finished_at,
           toDateTime(committed_at, 'UTC') AS committed_at, toDateTime(restored_at, 'UTC') AS restored_at
    FROM file('{path}', Parquet)
)"""
DERIVED = """
SELECT toLowCardinality(service) AS service, toDate(finished_at) AS day, failed,
       toUInt32(finished_at - committed_at) AS lead, restored_at - finished_at AS recovery
FROM {source}
"""
FIGURES = """
count() AS deployments, quantilesExactInclusive(0.5, 0.9)(lead) AS leads, countIf(failed) / deployments AS fail_rate,
quantileExactInclusive(0.5)(recovery) AS recovery
"""
DAILY = """
CREATE TABLE daily ENGINE = Memory AS
SELECT {group} day, count() AS deployments, quantilesExactInclusiveState(0.5, 0.9)(lead) AS leads,
       countIf(failed) AS failures, quantileExactInclusiveState(0.5)(recovery) AS recoveries
FROM {derived} GROUP BY {group} day
"""
ROLLING = """
CREATE TABLE answer ENGINE = Memory AS
SELECT {group} day, sum(deployments) OVER past AS all_deployments,
       quantilesExactInclusiveMerge(0.5, 0.9)(leads) OVER past AS all_leads,
       (sum(failures) OVER past) / all_deployments AS fail_rate,
       quantileExactInclusiveMerge(0.5)(recoveries) OVER past AS recovery
FROM {source} WINDOW past AS ({partition} ORDER BY day {frame})
"""
# Every day since a service's first; a day without deployments joins an empty state.
DENSE = """(
    SELECT service, day, deployments, leads, failures, recoveries
    FROM (
        SELECT service, arrayJoin(arrayMap(i -> addDays(first, i), range(toUInt32(
            (SELECT max(day) FROM daily) - first + 1)))) AS day
        FROM (SELECT service, min(day) AS first FROM daily GROUP BY service)
    ) AS days LEFT JOIN daily USING (service, day)
)"""
STEPS = {
    "days-and-weeks": (
        f"CREATE TABLE days ENGINE = Memory AS SELECT service, day, {FIGURES} FROM derived GROUP BY service, day",
        f"CREATE TABLE weeks ENGINE = Memory AS SELECT service, toMonday(day) AS week, {FIGURES} "
        "FROM derived GROUP BY service, week",
    ),
    "rolling-whole": (
        DAILY.format(group="", derived=f"({DERIVED})"),
        ROLLING.format(group="", source="daily", partition="", frame="RANGE BETWEEN 27 PRECEDING AND CURRENT ROW"),
    ),
    "rolling-by-service": (
        DAILY.format(group="service,", derived="derived"),
        ROLLING.format(
            group="service,",
            source=DENSE,
            partition="PARTITION BY service",
            frame="ROWS BETWEEN 27 PRECEDING AND CURRENT ROW",
        ),
    ),
}
NUMBERED = "toFloat64(toUInt32(substring(toString(service), 5)))"
TOLD = "toFloat64({n}), toFloat64({q}[1]), toFloat64({q}[2]), toFloat64(fail_rate), {recovery}"
RECOVERY = "if(isNull(recovery) OR isNaN(recovery), -1., toFloat64(recovery))"


def told(count: str, leads: str) -> str:
    return TOLD.format(n=count, q=leads, recovery=RECOVERY)


ANSWERS = {
    "days-and-weeks": f"SELECT 0., {NUMBERED}, toFloat64(toUInt16(day)), {told('deployments', 'leads')} FROM days "
    f"UNION ALL SELECT 1., {NUMBERED}, toFloat64(toUInt16(week)), {told('deployments', 'leads')} FROM weeks",
    "rolling-whole": f"SELECT 0., 0., toFloat64(toUInt16(day)), {told('all_deployments', 'all_leads')} FROM answer",
    "rolling-by-service": f"SELECT 0., {NUMBERED}, toFloat64(toUInt16(day)), {told('all_deployments', 'all_leads')} "
    "FROM answer WHERE all_deployments > 0",
    "read": """SELECT 0., 0., 0., toFloat64(count()), avg(toInt64(finished_at) - toInt64(committed_at)),
               avg(toFloat64(failed)), avgIf(toInt64(assumeNotNull(restored_at)) - toInt64(finished_at), failed), -1.
               FROM records""",
}


class Peer:
    """One session in memory."""

    def __init__(self, threads: int) -> None:
        self.session: Any = importlib.import_module("chdb.session").Session()
        self.settings = f"max_threads = {threads}, max_insert_threads = {threads}"

    def query(self, sql: str, reading: bool = False) -> str:
        best_effort = ", date_time_input_format = 'best_effort'" if reading else ""
        return str(self.session.query(f"{sql} SETTINGS {self.settings}{best_effort}", "TSV"))

    def source(self, path: str) -> str:
        if path.endswith(".parquet"):
            return PARQUET.format(path=path)
        return f"file('{path}', {'CSVWithNames' if path.endswith('.csv') else 'JSONEachRow'}, '{STRUCTURE}')"

    def derive(self, path: str) -> None:
        self.query(f"CREATE TABLE derived ENGINE = Memory AS {DERIVED.format(source=self.source(path))}", reading=True)

    def prepare(self, job: str, path: str) -> None:
        if job == "stream":
            self.query(
                "CREATE TABLE derived ENGINE = MergeTree ORDER BY (service, day) AS "
                + DERIVED.format(source=self.source(path)),
                reading=True,
            )
            self.last_day = int(self.query("SELECT toUInt16(max(day)) FROM derived"))

    def run(self, job: str, path: str) -> None:
        if job == "read":
            self.query(f"CREATE TABLE records ENGINE = Memory AS SELECT * FROM {self.source(path)}", reading=True)
            return
        if job != "rolling-whole":
            self.derive(path)
        for sql in STEPS[job]:
            self.query(sql.format(source=self.source(path)), reading="{source}" in sql)

    def last_second(self) -> int:
        return (self.last_day + 1) * 86400 - 1

    def late(self, finished: int, lead: int) -> None:
        self.session.query(f"INSERT INTO derived VALUES ('svc-0000', {finished // 86400}, false, {lead}, NULL)")
        self.window = self.query(
            f"""SELECT {self.last_day}, {FIGURES} FROM derived
                WHERE service = 'svc-0000' AND day > toDate({self.last_day - 28})"""
        )

    def write_answer(self, job: str, path: str) -> None:
        structure = ", ".join(f"c{i} Float64" for i in range(8))
        if job == "stream":
            cells = (
                -1.0 if cell in ("\\N", "nan") else float(cell)
                for cell in re.split(r"[\t,]", re.sub(r"[\[\]\n]", "", self.window))
            )
            Path(path).write_bytes(struct.pack("8d", 0, 0, *cells))
            return
        # eight doubles a row are what RowBinary is
        self.session.query(
            f"INSERT INTO FUNCTION file('{path}', RowBinary, '{structure}') "
            f"SELECT * FROM ({ANSWERS[job]}) ORDER BY 1, 2, 3 SETTINGS engine_file_truncate_on_insert = 1"
        )

# SPDX-License-Identifier: MIT
"""The jobs in pandas. Results are data frames.

Windows of the whole are slices of the rows in order of day, which NumPy takes quantiles of; windows by service are
pandas' own rolling windows over the rows and one empty row a day, of which the last row of a day is kept.
"""

import importlib
from typing import Any

np: Any = importlib.import_module("numpy")
pd: Any = importlib.import_module("pandas")
DAYS = 28


def records_of(path: str) -> Any:
    if path.endswith(".parquet"):
        return pd.read_parquet(path)
    if path.endswith(".csv"):
        return pd.read_csv(path, engine="pyarrow")  # finds types by itself, instants among them
    frame = pd.read_json(path, lines=True, engine="pyarrow")
    for name in ("finished_at", "committed_at", "restored_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame


def seconds_between(first: Any, last: Any) -> Any:
    return (last - first).dt.total_seconds()


def derived_of(path: str) -> Any:
    records = records_of(path)
    finished = records["finished_at"]
    return pd.DataFrame(
        {
            "service": records["service"].astype("category"),
            "day": finished.dt.tz_localize(None).dt.floor("D"),
            "failed": records["failed"],
            "lead": seconds_between(records["committed_at"], finished),
            "recovery": seconds_between(finished, records["restored_at"]),
        }
    )


def grouped(derived: Any) -> Any:
    groups = derived.groupby(["service", "day"], observed=True, sort=False)
    leads = groups["lead"].quantile([0.5, 0.9]).unstack()
    return pd.DataFrame(
        {
            "deployments": groups.size(),
            "lead_p50": leads[0.5],
            "lead_p90": leads[0.9],
            "fail_rate": groups["failed"].mean(),
            "recovery": groups["recovery"].quantile(0.5),
        }
    ).reset_index()


def rolling_whole(derived: Any) -> Any:
    ordered = derived.sort_values("day")
    ordinals = ordered["day"].to_numpy().astype("datetime64[D]").astype("int64")
    leads, failed = ordered["lead"].to_numpy(), ordered["failed"].to_numpy()
    recoveries = ordered["recovery"].to_numpy()
    rows = []
    for day in range(ordinals[0], ordinals[-1] + 1):
        window = slice(*np.searchsorted(ordinals, [day - DAYS + 1, day + 1]))
        if window.start < window.stop:
            known = recoveries[window][~np.isnan(recoveries[window])]
            p50, p90 = np.quantile(leads[window], [0.5, 0.9])
            recovery = np.quantile(known, 0.5) if known.size else np.nan
            rows.append((day, window.stop - window.start, p50, p90, failed[window].mean(), recovery))
    whole = pd.DataFrame(rows, columns=["day", "deployments", "lead_p50", "lead_p90", "fail_rate", "recovery"])
    return whole.assign(day=whole["day"].to_numpy().astype("datetime64[D]").astype("datetime64[us]"))


def rolling_by_service(derived: Any) -> Any:
    last = derived["day"].max()
    first = derived.groupby("service", observed=True)["day"].min()
    spine = pd.concat(
        pd.DataFrame({"service": service, "day": pd.date_range(day, last)}) for service, day in first.items()
    )
    spine["service"] = spine["service"].astype(derived["service"].dtype)
    derived = derived.assign(count=1, failed=derived["failed"].astype("float64"))
    rows = pd.concat([derived, spine], ignore_index=True).sort_values(["service", "day"])
    windows = rows.groupby("service", observed=True).rolling(f"{DAYS}D", on="day", min_periods=1)
    told = pd.DataFrame(
        {
            "deployments": windows["count"].sum(),
            "lead_p50": windows["lead"].quantile(0.5),
            "lead_p90": windows["lead"].quantile(0.9),
            "fail_rate": windows["failed"].mean(),
            "recovery": windows["recovery"].quantile(0.5),
        }
    ).reset_index()
    told = told.drop_duplicates(["service", "day"], keep="last")
    return told[told["deployments"] > 0]


class Peer:
    """Frames of one process; pandas itself uses one thread, its CSV reader two where there are two cores."""

    def __init__(self, threads: int) -> None:
        importlib.import_module("pyarrow").set_cpu_count(threads)
        self.parts: list[Any] = []

    def prepare(self, job: str, path: str) -> None:
        pass

    def run(self, job: str, path: str) -> None:
        if job == "read":
            self.parts = [records_of(path)]
            return
        derived = derived_of(path)
        if job == "days-and-weeks":
            weeks = derived.assign(day=derived["day"] - pd.to_timedelta(derived["day"].dt.weekday, unit="D"))
            self.parts = [grouped(derived), grouped(weeks)]
        else:
            self.parts = [(rolling_by_service if job == "rolling-by-service" else rolling_whole)(derived)]

    def last_second(self) -> int:
        raise NotImplementedError

    def late(self, finished: int, lead: int) -> None:
        raise NotImplementedError

    def write_answer(self, job: str, path: str) -> None:
        if job == "read":
            frame = self.parts[0]
            lead = seconds_between(frame["committed_at"], frame["finished_at"]).mean()
            recovery = seconds_between(frame["finished_at"], frame["restored_at"]).mean()
            np.array([0, 0, 0, len(frame), lead, frame["failed"].mean(), recovery, -1], dtype="float64").tofile(path)
            return
        told = []
        for part, frame in enumerate(self.parts):
            service = frame["service"].astype(str).str[4:].astype("int64") if "service" in frame else 0
            day = frame["day"].to_numpy().astype("datetime64[D]").astype("int64")
            figures = frame[["deployments", "lead_p50", "lead_p90", "fail_rate", "recovery"]].fillna(-1)
            told.append(
                np.column_stack([np.full(len(frame), part), np.broadcast_to(service, len(frame)), day, figures])
            )
        every = np.concatenate(told).astype("float64")
        every[np.lexsort((every[:, 2], every[:, 1], every[:, 0]))].tofile(path)

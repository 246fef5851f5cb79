# SPDX-License-Identifier: MIT
"""Engines: facts in, reports out."""

from __future__ import annotations

import contextlib
import datetime
import os
import threading as locks
import weakref
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, overload

from libdora import _native
from libdora._libdora import ffi, lib
from libdora.account import Account, make_account
from libdora.errors import ArgumentError, check, new_error
from libdora.marks import Changed, Mark, changed_since
from libdora.options import (
    Attribution,
    Changes,
    Date,
    Format,
    Group,
    Names,
    Numbers,
    Query,
    attribution_us,
    choose,
    joined,
    make_query,
    number_of,
    text,
    threads_to_use,
)
from libdora.progress import Shower
from libdora.report import Report
from libdora.sources import Export, Reading, Rejection, Source, load_state, read_source
from libdora.tiers import Tiers
from libdora.writing import written

_REJECTIONS_KEPT = 20


class Engine:
    """A set of facts, and the reports that follow from them.

    The order in which facts come, and how they are split over sources, changes no digit of a report; records with an id
    may come again. One thread at a time may use an engine: a second one gets a RuntimeError. Different engines work in
    parallel, also within Python threads. An engine cannot be pickled or copied.

    Args:
        production: names of production environments, case ignored; None: production, prod and live.
        attribution: how long after a deployment an incident that names none is its own: a timedelta, seconds, text such
            as "72h" or "7d", `Attribution.UNLIMITED`, `Attribution.EXPLICIT` (or 0), or None for 7 days.
        changes: "time" places a change that no deployment lists into the first deployment of its service after its
            merge; "listed" does not.
        infer_rollbacks: whether a return to an earlier version is a rollback.
        time_zone: zone of the calendar: "UTC", "+05:30" or an IANA name; None: UTC, or that of a compacted state.
        threads: how many may work at once, 1 to 64; None: one a processor, up to 8. No result depends on it.
        progress: True shows how far long work is, by tqdm where it is installed, else on a terminal; or a function of
            (stage, done, total), which may raise to stop it.

    Raises:
        ArgumentError: an option that cannot be, such as a zone that is not on this system.
        FileError: the file of a zone cannot be read.
    """

    def __init__(
        self,
        *,
        production: Names | None = None,
        attribution: datetime.timedelta | float | str | Attribution | None = None,
        changes: str = "listed",
        infer_rollbacks: bool = False,
        time_zone: str | None = None,
        threads: int | None = None,
        progress: bool | _native.Progress = False,
    ) -> None:
        kept: list[Any] = []
        self._lock = locks.Lock()
        self._progress = progress
        self._ticker = _native.Ticker()
        self._threads = threads_to_use(threads)
        self._marks: weakref.WeakSet[Mark] = weakref.WeakSet()
        self._reads = 0
        self.rejected = 0
        self.rejections: list[Rejection] = []
        options = ffi.new("dora_engine_options *", {"struct_size": ffi.sizeof("dora_engine_options")})
        options.production = text(None if production is None else joined(production), kept)
        options.attribution_us = attribution_us(attribution)
        options.changes = number_of(choose(Changes, "changes", changes))
        options.infer_rollbacks = infer_rollbacks
        options.time_zone = text(time_zone, kept)
        options.threads = self._threads
        options.progress, options.progress_context = self._ticker.function, self._ticker.context
        made, error = ffi.new("dora_engine **"), new_error()
        check(lib.dora_engine_new(options, made, error), error)
        self._engine: Any = ffi.gc(made[0], lib.dora_engine_free)

    @contextlib.contextmanager
    def _used(self, progress: bool | _native.Progress | None = None) -> Iterator[tuple[Any, Shower]]:
        """The engine in C, for this thread alone, telling how far it is."""
        shower = Shower(self._progress if progress is None else progress)
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("this engine is in use, by another thread or by a call that is not done")
        try:
            if self._engine is None:
                raise ValueError("this engine is closed")
            self._ticker.set(shower.function)
            yield self._engine, shower
        finally:
            self._ticker.set(None)
            self._lock.release()
            shower.close()

    def read(
        self,
        *sources: Source,
        columns: Mapping[str, str] | None = None,
        kind: str | None = None,
        format: str = "auto",
        delimiter: str | None = None,
        strict: bool = False,
        once: bool = False,
        again: bool = False,
        source: str | None = None,
        mapping: str | os.PathLike[str] | None = None,
        project: str | None = None,
        tags: str | None = None,
        parameters: Mapping[str, Names] | None = None,
        progress: bool | _native.Progress | None = None,
    ) -> Engine:
        """Adds the facts of all sources; returns the engine.

        A source is a path of a CSV or NDJSON file, or of a state (see `save`), plain or compressed with gzip or zstd;
        an open file; bytes; dicts, or one dict; or anything with `__arrow_c_stream__` or `__arrow_c_array__`, such as
        frames of pandas and polars, tables of pyarrow and relations of duckdb. docs/facts.md has the fields. Values of
        dicts may be datetimes (without a zone they are UTC), dates, numbers, text, lists of text, None and NaN.

        A record that cannot be is left out, counted in `rejected`, and the first 20 are told in `rejections`.

        Args:
            columns: fields that go by another name: `{"finished_at": "deployed_at"}`.
            kind: of records that state none; None: "deployment".
            format: of text and bytes: "auto", "csv" or "ndjson".
            delimiter: of CSV: ",", ";" or "tab"; None: the one most used in the header.
            strict: a record that cannot be raises an InputError instead; those before it are in.
            once: takes each source as a whole and remembers it by a digest of its bytes, also in states: one that was
                read before raises a RepeatedError, and nothing of it is added.
            again: with `once`, and for states, takes what was read before all the same; facts without an id then count
                again.
            source: the tool whose export text, bytes and dicts are: "github", "git", ... (docs/sources.md). None: text
                and bytes are known by their shape.
            mapping: the text of a mapping of one's own, or the path (a `pathlib.Path`) of one (docs/mappings.md).
            project: what sources and mappings put in front of ids.
            tags: of git: a regular expression of the tags that are releases.
            parameters: words of the mapping's parameters, by name, in the place of its own:
                `{"incident_labels": ["outage", "sev*"]}`.
            progress: as of the engine, for this call.

        Raises:
            RepeatedError: see `once`; also a state that has read the same input, if that has facts without an id.
            StateError: a state that is damaged, or of a later version.
            InputError: see `strict`; or a source that is no CSV or NDJSON, or columns of a type that cannot be.
            ArgumentError: an option, or something that is no source.
            OSError: a file that cannot be read.
        """
        wanted = choose(Format, "format", format)
        with self._used(progress) as (engine, shower):
            self._reads += 1
            export = Export(source, mapping, project, tags, parameters)
            for number, given in enumerate(sources, 1):
                reading = Reading(
                    engine,
                    self._threads,
                    columns,
                    kind,
                    wanted,
                    delimiter,
                    strict,
                    once,
                    again,
                    shower.function,
                    export,
                )
                try:
                    read_source(reading, given, number)
                finally:
                    self.rejected += reading.rejected
                    room = max(_REJECTIONS_KEPT - len(self.rejections), 0)
                    self.rejections.extend(reading.rejections[:room])
        return self

    def add(
        self,
        facts: Source | None = None,
        /,
        *,
        kind: str | None = None,
        columns: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Engine:
        """Adds facts, or one fact given by its fields: `engine.add(service="shop", finished_at=now)`.

        Unlike `read` it raises an InputError for the first fact that cannot be; those before it are in. Returns the
        engine.
        """
        if facts is None and not fields:
            raise ArgumentError("add needs facts, or the fields of one")
        if facts is not None and fields:
            raise ArgumentError("add takes facts, or the fields of one, not both")
        if facts is not None and isinstance(facts, str):
            raise ArgumentError("add takes facts; read takes the path of a file")
        return self.read(fields if facts is None else facts, kind=kind, columns=columns, strict=True)

    @overload
    def save(self, path: str | os.PathLike[str]) -> None: ...
    @overload
    def save(self, path: None = None) -> bytes: ...
    def save(self, path: str | os.PathLike[str] | None = None) -> bytes | None:
        """The facts as a state: bytes, or a file, which at any moment is the old state or the new one.

        The same set of facts gives the same bytes, however they arrived. docs/state.md has the format.

        Raises:
            FileError: the file cannot be written, or is a symbolic link.
        """
        error = new_error()
        with self._used() as (engine, _):
            if path is not None:
                check(lib.dora_engine_save_file(engine, os.fsencode(path), error), error)
                return None
            gathered = ffi.new("dora_python_text *")
            try:
                check(lib.dora_engine_save(engine, ffi.addressof(lib, "dora_python_write"), gathered, error), error)
                return bytes(ffi.buffer(gathered.data, gathered.size))
            finally:
                lib.dora_python_text_free(gathered)

    def load(self, state: str | os.PathLike[str] | bytes | bytearray | memoryview, *, again: bool = False) -> Engine:
        """Adds the facts of a state, a file or bytes as `save` makes them; returns the engine.

        Args:
            again: also where the engine and the state have read the same input with facts without an id.

        Raises:
            StateError: no state, a damaged one, or one of a later version; the engine is unchanged.
            RepeatedError: see `again`; the engine is unchanged.
            OSError: a file that cannot be read.
        """
        data: Any = state
        if isinstance(state, (str, os.PathLike)):
            with open(state, "rb") as file:
                data = file.read()
        with self._used() as (engine, _):
            self._reads += 1
            load_state(engine, data, again, os.fsdecode(state) if isinstance(state, (str, os.PathLike)) else "")
        return self

    def compact(self, before: Date) -> Engine:
        """Forgets what happened before a day but for its samples by service and day; returns the engine.

        Reports stay the same, and the state becomes smaller. Records that come later and have to do with what is
        forgotten are too late: they are rejected, and counted in `Account.too_late`. docs/forgetting.md has the rules.

        Args:
            before: a date, or "2024-01-31", in the engine's time zone.

        Raises:
            ArgumentError: no date; an earlier one than before; changes by time or inferred rollbacks, which cannot be
                compacted. The engine is unchanged.
        """
        error = new_error()
        day = before.isoformat() if isinstance(before, datetime.date) else before
        with self._used() as (engine, _):
            self._reads += 1
            check(lib.dora_engine_compact(engine, day.encode(), error), error)
        return self

    def merge(self, other: Engine, *, again: bool = False) -> Engine:
        """Adds all facts of another engine, which stays as it is; returns the engine. See `load` for the errors."""
        if other is self:
            raise ArgumentError("merge takes another engine")
        error = new_error()
        options = ffi.new("dora_merge_options *", {"struct_size": ffi.sizeof("dora_merge_options"), "again": again})
        with self._used() as (engine, _), other._used() as (source, _):
            self._reads += 1
            check(lib.dora_engine_merge(engine, source, options, error), error)
        return self

    def query(
        self,
        *,
        table: str = "report",
        by: str | None = None,
        only: str | None = None,
        period: str | None = None,
        window: int | None = None,
        step: int | None = None,
        since: Date | None = None,
        until: Date | None = None,
        percentiles: Numbers | None = None,
        percentile_rule: str = "linear",
        metrics: Names | None = None,
        only_columns: Names | None = None,
        tiers: int | Tiers | None = None,
        intervals: bool = False,
        max_rows: int | None = None,
        progress: bool | _native.Progress | None = None,
    ) -> Report:
        """A report over all facts added: one row a group and window. docs/metrics.md has the columns.

        Args:
            table: "report", or "phases" for where releases spend their time.
            by: "service", "team" or "product"; None: everything together.
            only: with `by`, the rows of the group of that name alone.
            period: "day", "week", "month" (the default), "quarter", "year" or "all".
            window: days of rolling windows, instead of a period.
            step: days from one rolling window to the next; None: 1.
            since, until: first and last day, inclusive, as dates or "2024-01-31"; None: those of the data.
            percentiles: of distributions, "50,75,90,95" or numbers from 0 to 100.
            percentile_rule: "linear" (Hyndman-Fan 7), "lower" or "nearest_rank" (Hyndman-Fan 1).
            metrics: names and the sets dora, deployment, release and all; None: all.
            only_columns: names among the columns of these metrics and percentiles; the report has them alone, behind
                those of group, window and phase, and what none of them needs is not computed. None: all.
            tiers: edition or table that judges; None: 2024.
            intervals: adds 95 % confidence intervals.
            max_rows: refuses more rows; None: 10,000,000.
            progress: as of the engine, for this call.

        Raises:
            ArgumentError: an option that cannot be.
            LimitError: more rows than `max_rows`.
        """
        query = make_query(
            table=table,
            by=by,
            only=only,
            period=period,
            window=window,
            step=step,
            since=since,
            until=until,
            percentiles=percentiles,
            percentile_rule=percentile_rule,
            metrics=metrics,
            only_columns=only_columns,
            tiers=tiers,
            intervals=intervals,
            max_rows=max_rows,
        )
        return self._run(query, progress)

    def phases(self, **options: Any) -> Report:
        """As `query`, of the phases of releases: one row a group, window and phase."""
        return self.query(table="phases", **options)

    def _run(self, query: Query, progress: bool | _native.Progress | None = None) -> Report:
        kept: list[Any] = []
        made, error = ffi.new("dora_result **"), new_error()
        with self._used(progress) as (engine, _):
            check(lib.dora_query_run(engine, query.struct(kept), made, error), error)
            result = ffi.gc(made[0], lib.dora_result_free)
        return Report(result, self, query)

    def mark(
        self, by: str | None = None, *, from_nothing: bool = False, progress: bool | _native.Progress | None = None
    ) -> Mark:
        """What the samples are now, to ask `changes` about later.

        Args:
            by: "service", "team" or "product", as the reports that are kept; None: everything together.
            from_nothing: takes an engine without facts instead, so that all there is has changed since.
            progress: as of the engine, for this call.
        """
        group = None if by is None else choose(Group, "by", by)
        with self._used(progress) as (engine, _):
            made = Mark(engine, group, from_nothing)
            self._marks.add(made)
            return made

    def changes(self, mark: Mark, *, progress: bool | _native.Progress | None = None) -> Changed:
        """The days of groups whose samples differ between the mark and now; the mark is then one of now.

            mark, kept = engine.mark("service"), engine.query(by="service", period="month")
            engine.read("today.csv")
            changed = engine.changes(mark)
            stale = [row for row in kept if changed.may_differ(row)]

        Args:
            mark: of this engine.
            progress: as of the engine, for this call.

        Raises:
            ArgumentError: the mark of another engine.
        """
        with self._used(progress) as (engine, _):
            return changed_since(engine, mark, self)

    def account(self, *, progress: bool | _native.Progress | None = None) -> Account:
        """What became of every record."""
        with self._used(progress) as (engine, _):
            as_json = written(lib.dora_account_write, engine, lib.DORA_OUTPUT_JSON)
            as_text = written(lib.dora_account_write, engine, lib.DORA_OUTPUT_TABLE)
            return make_account(engine, as_json, as_text)

    def close(self) -> None:
        """Gives the memory back; reports stay. Nothing happens where it is closed."""
        with contextlib.suppress(ValueError), self._used() as (engine, _):
            self._engine = None
            for mark in self._marks:
                mark._close()
            ffi.release(engine)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError("an engine cannot be pickled or copied; save() makes bytes of its facts")

    def __repr__(self) -> str:
        return "<libdora.Engine, closed>" if self._engine is None else f"<libdora.Engine at {id(self):#x}>"


def report(
    *sources: Source,
    columns: Mapping[str, str] | None = None,
    kind: str | None = None,
    format: str = "auto",
    delimiter: str | None = None,
    strict: bool = False,
    source: str | None = None,
    mapping: str | os.PathLike[str] | None = None,
    project: str | None = None,
    tags: str | None = None,
    parameters: Mapping[str, Names] | None = None,
    production: Names | None = None,
    attribution: datetime.timedelta | float | str | Attribution | None = None,
    changes: str = "listed",
    infer_rollbacks: bool = False,
    time_zone: str | None = None,
    threads: int | None = None,
    progress: bool | _native.Progress = False,
    table: str = "report",
    by: str | None = None,
    only: str | None = None,
    period: str | None = None,
    window: int | None = None,
    step: int | None = None,
    since: Date | None = None,
    until: Date | None = None,
    percentiles: Numbers | None = None,
    percentile_rule: str = "linear",
    metrics: Names | None = None,
    only_columns: Names | None = None,
    tiers: int | Tiers | None = None,
    intervals: bool = False,
    max_rows: int | None = None,
) -> Report:
    """Reads sources and reports on them: an `Engine`, `Engine.read` and `Engine.query` in one.

    >>> report("deployments.csv", by="service", window=28)  # doctest: +SKIP
    """
    engine = Engine(
        production=production,
        attribution=attribution,
        changes=changes,
        infer_rollbacks=infer_rollbacks,
        time_zone=time_zone,
        threads=threads,
        progress=progress,
    )
    query = make_query(
        table=table,
        by=by,
        only=only,
        period=period,
        window=window,
        step=step,
        since=since,
        until=until,
        percentiles=percentiles,
        percentile_rule=percentile_rule,
        metrics=metrics,
        only_columns=only_columns,
        tiers=tiers,
        intervals=intervals,
        max_rows=max_rows,
    )
    engine.read(
        *sources,
        columns=columns,
        kind=kind,
        format=format,
        delimiter=delimiter,
        strict=strict,
        source=source,
        mapping=mapping,
        project=project,
        tags=tags,
        parameters=parameters,
    )
    return engine._run(query)


def phases(*sources: Source, **options: Any) -> Report:
    """As `report`, of the phases of releases: one row a group, window and phase."""
    return report(*sources, table="phases", **options)

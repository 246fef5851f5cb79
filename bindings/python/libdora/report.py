# SPDX-License-Identifier: MIT
"""Reports: rows of typed columns, shown, exported and drawn.

The columns stay where the library made them; a value becomes a Python object when it is asked for.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, overload

from libdora import _native
from libdora._libdora import ffi, lib
from libdora.errors import check, new_error
from libdora.options import Query
from libdora.writing import written, written_bytes

if TYPE_CHECKING:
    from libdora.account import Account
    from libdora.engine import Engine

Value = int | float | str | bool | datetime.date | None

_UNIX_EPOCH = datetime.date(1970, 1, 1).toordinal()
_UNITS = {
    getattr(lib, f"DORA_UNIT_{name.upper()}"): name
    for name in ("count", "days", "seconds", "per_day", "ratio", "per_release", "value", "score", "tier")
}
_SHOWN_ROWS = 60


def _date(day: int) -> datetime.date:
    return datetime.date.fromordinal(_UNIX_EPOCH + day)


class _Column:
    """One column of a result, valid as long as the result."""

    def __init__(self, result: Any, index: int) -> None:
        self.name = str(ffi.string(lib.dora_result_name(result, index)).decode())
        self.unit = _UNITS.get(lib.dora_result_unit(result, index), "")
        self.validity = lib.dora_result_validity(result, index)
        self.get = self._getter(result, index)
        self._of = result, index

    @staticmethod
    def _getter(result: Any, index: int) -> Callable[[int], Value]:
        type_ = lib.dora_result_type(result, index)
        if type_ == lib.DORA_TYPE_STRING:
            pointer = ffi.new("char **")
            offsets = lib.dora_result_string(result, index, pointer)
            data = pointer[0]

            def string(row: int) -> str:
                begin, end = offsets[row], offsets[row + 1]
                return bytes(ffi.buffer(data + begin, end - begin)).decode() if end > begin else ""

            return string
        if type_ == lib.DORA_TYPE_DATE:
            days = lib.dora_result_date(result, index)
            return lambda row: _date(days[row])
        if type_ == lib.DORA_TYPE_BOOL:
            flags = lib.dora_result_bool(result, index)
            return lambda row: bool(flags[row])
        values = (lib.dora_result_int64 if type_ == lib.DORA_TYPE_INT64 else lib.dora_result_double)(result, index)
        return lambda row: values[row]

    def value(self, row: int) -> Value:
        if self.validity != ffi.NULL and not self.validity[row >> 3] >> (row & 7) & 1:
            return None
        return self.get(row)

    def numbers(self, rows: int) -> Any:
        """The values as an array of numpy, a copy: int64, float64, bool or datetime64[ms]; where some are not known,
        int64 goes as float64 and bool as objects. None: no numbers, but strings.
        """
        import numpy

        result, index = self._of
        type_ = lib.dora_result_type(result, index)
        known = {
            lib.DORA_TYPE_INT64: ("int64", lib.dora_result_int64),
            lib.DORA_TYPE_DOUBLE: ("float64", lib.dora_result_double),
            lib.DORA_TYPE_BOOL: ("bool", lib.dora_result_bool),
            lib.DORA_TYPE_DATE: ("int32", lib.dora_result_date),
        }
        if type_ not in known:
            return None
        name, take = known[type_]
        type_of_values = numpy.dtype(name)
        if rows == 0:
            values: Any = numpy.empty(0, type_of_values)
        else:
            data = ffi.buffer(take(result, index), rows * type_of_values.itemsize)
            values = numpy.frombuffer(data, type_of_values).copy()
        if name == "int32":
            values = values.astype("datetime64[D]").astype("datetime64[ms]")
        if self.validity == ffi.NULL or rows == 0:
            return values
        bits = numpy.frombuffer(ffi.buffer(self.validity, (rows + 7) // 8), "uint8")
        missing = numpy.unpackbits(bits, count=rows, bitorder="little") == 0
        if missing.any():
            values = values.astype({"int64": "float64", "bool": "object"}.get(name, values.dtype))
            values[missing] = {"bool": None, "int32": numpy.datetime64("NaT")}.get(name, numpy.nan)
        return values


class Row(Mapping[str, Value]):
    """A row of a report: a mapping from column names to values, which are also attributes.

    Durations are seconds, rates are a day, ratios 0 to 1; None is "not known". `group`, `start` and `end` are the name
    of the row's group (None: none), and the first and last day of its window.
    """

    __slots__ = ("_index", "_report")

    def __init__(self, report: Report, index: int) -> None:
        self._report = report
        self._index = index

    def __getitem__(self, name: str) -> Value:
        return self._report._columns[name].value(self._index)

    def __getattr__(self, name: str) -> Value:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no column {name!r} in this report") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._report._columns)

    def __len__(self) -> int:
        return len(self._report._columns)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._report._columns]

    @property
    def group(self) -> str | None:
        by = self._report.query.by
        return None if by is None else str(self[by.value]) if self[by.value] is not None else None

    @property
    def start(self) -> datetime.date:
        return self["window_start"]  # type: ignore[return-value]

    @property
    def end(self) -> datetime.date:
        return self["window_end"]  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={value!r}' for name, value in self.items())})"


class Report:
    """The rows that answer a query, ordered by group (none first), then window.

    It has a length, rows by index and by slice, and an order. It does not change when facts are added to its engine. It
    exports `__arrow_c_stream__`, so that pyarrow.table, polars.DataFrame, duckdb and others take it as it is, without a
    copy of the numbers. It is no collections.abc.Sequence, which polars would take row by row, guessing the types of
    columns from the first hundred. pandas.DataFrame goes row by row in any case: use `to_pandas`, or from pandas 3 on
    pandas.DataFrame.from_arrow.

    Attributes:
        engine: the engine that was asked.
        query: what it was asked.
        columns: names of the columns.
        units: by column, "seconds", "ratio", "per_day", "count", "days", "score", "tier", "per_release", "value" or "".
    """

    def __init__(self, result: Any, engine: Engine, query: Query) -> None:
        self._result = result
        self._rows = int(lib.dora_result_rows(result))
        made = [_Column(result, index) for index in range(lib.dora_result_columns(result))]
        self._columns = {column.name: column for column in made}
        self.engine = engine
        self._reads = engine._reads
        self.query = query
        self.columns = tuple(self._columns)
        self.units = {column.name: column.unit for column in made}

    @property
    def account(self) -> Account:
        """What became of every record of the engine, as of now."""
        return self.engine.account()

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [Row(self, row) for row in range(*index.indices(self._rows))]
        row = index + self._rows if index < 0 else index
        if not 0 <= row < self._rows:
            raise IndexError("report index out of range")
        return Row(self, row)

    def __iter__(self) -> Iterator[Row]:
        return (Row(self, row) for row in range(self._rows))

    def column(self, name: str) -> list[Value]:
        """All values of a column. O(rows)."""
        column = self._columns[name]
        return [column.value(row) for row in range(self._rows)]

    def requery(self, **changes: Any) -> Report:
        """Another report of the same engine: this query with some options changed, named as in `Engine.query`.

        A period takes the place of rolling windows; other metrics, or another table, that of `only_columns`.
        """
        asked = {field.name: getattr(self.query, field.name) for field in dataclasses.fields(self.query)}
        if changes.get("period") is not None:
            asked.update(window=None, step=None)
        if "metrics" in changes or "table" in changes:
            asked.update(only_columns=None)
        return self.engine.query(**{**asked, **changes})

    def to_dicts(self) -> list[dict[str, Value]]:
        """One dict a row."""
        values = [self.column(name) for name in self.columns]
        return [dict(zip(self.columns, row)) for row in zip(*values)]

    def to_pandas(self) -> Any:
        """A pandas.DataFrame, of the same types with pyarrow and without: int64, float64, datetime64[ms], bool, text.
        Numbers that are not known are NaN, and their columns float64.
        """
        import pandas

        text_type = "str" if int(pandas.__version__.partition(".")[0]) >= 3 else "object"
        made: dict[str, Any] = {}
        try:
            table = self.to_pyarrow()
        except ImportError:
            table = None
        for name, column in self._columns.items():
            values = column.numbers(self._rows)
            if values is None and table is None:
                values = pandas.Series(self.column(name), dtype=text_type)
            made[name] = table[name].to_pandas().astype(text_type) if values is None else values
        return pandas.DataFrame(made)

    def to_polars(self) -> Any:
        """A polars.DataFrame, whose columns are not copied."""
        import polars

        return polars.DataFrame(self)

    def to_pyarrow(self) -> Any:
        """A pyarrow.Table."""
        import pyarrow

        return pyarrow.table(self)

    def to_csv(self, path: str | os.PathLike[str] | None = None, *, safe: bool = False) -> str:
        """The rows as CSV; also written to a file where `path` says so. `safe`: for spreadsheets, strings are quoted,
        and those that one would take for a formula get an apostrophe in front.
        """
        return self._text(lib.DORA_OUTPUT_CSV, path, csv_safe=safe)

    def to_ndjson(self, path: str | os.PathLike[str] | None = None) -> str:
        """The rows as a JSON object a line; also written to a file where `path` says so."""
        return self._text(lib.DORA_OUTPUT_NDJSON, path)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """The rows as a JSON array of objects; also written to a file where `path` says so."""
        return self._text(lib.DORA_OUTPUT_JSON, path)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """The rows as a table in HTML, for people; also written to a file where `path` says so."""
        return self._text(lib.DORA_OUTPUT_HTML, path)

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str:
        """The rows as a table in Markdown, for people; also written to a file where `path` says so."""
        return self._text(lib.DORA_OUTPUT_MARKDOWN, path)

    def _text(self, output: int, path: str | os.PathLike[str] | None = None, **options: int) -> str:
        made = written_bytes(lib.dora_result_write, self._result, output, **options)
        if path is not None:
            with open(path, "wb") as file:
                file.write(made)
        return made.decode()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        error = new_error()
        status, capsule = _native.export_stream(self._result, error)
        check(status, error)
        return capsule

    def __arrow_c_schema__(self) -> object:
        error = new_error()
        status, capsule = _native.export_schema(self._result, error)
        check(status, error)
        return capsule

    def plot(self, metric: str, **options: Any) -> Any:
        """A picture of a metric; see `libdora.pictures.plot`. Needs altair: `pip install libdora[plot]`."""
        from libdora.pictures import plot

        return plot(self, metric, **options)

    def dashboard(self, **options: Any) -> Any:
        """The five keys on one sheet; see `libdora.pictures.dashboard`. Needs altair: `pip install libdora[plot]`."""
        from libdora.pictures import dashboard

        return dashboard(self, **options)

    def _shown(self) -> Report:
        """The report that people look at: where all metrics were asked for, the five keys of the same facts."""
        whole = self.query.metrics is None and self.query.only_columns is None and self.query.table == "report"
        try:
            return self.requery(metrics="dora") if whole and self._reads == self.engine._reads else self
        except (RuntimeError, ValueError):  # the engine is at work, or closed
            return self

    def __repr__(self) -> str:
        """The table that `dora report` prints, its first and last rows."""
        return self._shown()._text(lib.DORA_OUTPUT_TABLE, rows_most=_SHOWN_ROWS).rstrip("\n")

    def _repr_html_(self) -> str:
        """A table for notebooks, its first and last rows, with a line of what was counted."""
        table = self._shown()._text(lib.DORA_OUTPUT_HTML, rows_most=_SHOWN_ROWS)
        if self._reads == self.engine._reads:
            with contextlib.suppress(RuntimeError, ValueError), self.engine._used() as (engine, _):
                return table + written(lib.dora_account_write, engine, lib.DORA_OUTPUT_HTML)
        return table  # the account is of other facts, or the engine at work or closed

    def __reduce__(self) -> Any:
        raise TypeError("a report cannot be pickled or copied; keep what to_dicts() or to_pyarrow() give")

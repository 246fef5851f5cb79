# SPDX-License-Identifier: MIT
"""What facts restated since a mark, for those who keep reports and refresh only the rows that may differ."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from libdora._libdora import ffi, lib
from libdora.errors import check, new_error
from libdora.options import Group, Query, number_of
from libdora.report import Report, Row


class Mark:
    """What an engine's samples were at one moment, by group and day; made by `Engine.mark`.

    Attributes:
        by: how it is grouped; None: everything together.
    """

    def __init__(self, engine: Any, by: Group | None, from_nothing: bool) -> None:
        made, error = ffi.new("dora_mark **"), new_error()
        group = lib.DORA_GROUP_NONE if by is None else number_of(by)
        check(lib.dora_mark_new(engine, group, from_nothing, made, error), error)

        def free(mark: Any, engine: Any = engine) -> None:  # which holds the engine until then
            lib.dora_mark_free(mark)

        self._mark: Any = ffi.gc(made[0], free)
        self.by = by

    def _close(self) -> None:
        mark, self._mark = self._mark, None
        if mark is not None:
            ffi.release(mark)

    def __reduce__(self) -> Any:
        raise TypeError("a mark cannot be pickled or copied")

    def __repr__(self) -> str:
        return f"<libdora.Mark by {self.by.value if self.by else 'nothing'}{'' if self._mark else ', closed'}>"


@dataclasses.dataclass(frozen=True)
class ChangedDay:
    """A day of a group with samples that differ.

    Attributes:
        group: the name of the group; None where the mark has no groups.
        day: the day, in the engine's time zone.
        first_day_moved: whether rows of the group for windows that end on or after this day have come or gone.
    """

    group: str | None
    day: datetime.date
    first_day_moved: bool


@dataclasses.dataclass(frozen=True)
class Changed:
    """What differs between a mark and now. False where nothing does.

    Attributes:
        days: in the order of groups, then days.
        span: the observed span moved: without both `since` and `until` there may be other windows, of other `days`.
        grouping: some service belongs to another group than before; its days are listed for both.
        evidence: whether there is any evidence of failures, or of rework, is not as it was: any row may differ.
    """

    days: tuple[ChangedDay, ...]
    span: bool
    grouping: bool
    evidence: bool

    def __bool__(self) -> bool:
        return bool(self.days) or self.span or self.grouping or self.evidence

    def may_differ(self, row: Row) -> bool:
        """Whether a row of a report from the mark's time, grouped as the mark, may be another now. O(days).

        False means that a query for the row's window gives the same row; True does not say that it gives another.
        """
        if self.span or self.evidence:
            return True
        group, start, end = row.group, row.start, row.end
        return any(
            group == changed.group and changed.day <= end and (changed.first_day_moved or start <= changed.day)
            for changed in self.days
        )


def changed_since(engine: Any, mark: Mark, owner: Any) -> Changed:
    """Compares, and moves the mark to now."""
    if mark._mark is None:
        raise ValueError("the engine of this mark is closed")
    moves = ffi.new("dora_moves *", {"struct_size": ffi.sizeof("dora_moves")})
    made, error = ffi.new("dora_result **"), new_error()
    check(lib.dora_engine_changes(engine, mark._mark, moves, made, error), error)
    cells = Report(ffi.gc(made[0], lib.dora_result_free), owner, Query(by=mark.by))
    groups = [None] * len(cells) if mark.by is None else cells.column(mark.by.value)
    days: Any = zip(groups, cells.column("day"), cells.column("first_day_moved"))
    return Changed(
        tuple(ChangedDay(*day) for day in days), bool(moves.span), bool(moves.grouping), bool(moves.evidence)
    )

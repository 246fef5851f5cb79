# SPDX-License-Identifier: MIT
"""DORA and release metrics from event histories.

    import libdora as dora
    dora.report("deployments.csv", by="service", window=28)

`report` reads sources and answers a query; `Engine` does so step by step. Sources are files, dicts and the frames of
any library that speaks Arrow. A `Report` is rows in order, a table in a notebook, a frame, and pictures.
"""

from libdora._native import version
from libdora.account import Account
from libdora.converting import Conversion, convert
from libdora.engine import Engine, phases, report
from libdora.errors import (
    ArgumentError,
    CancelledError,
    DoraError,
    FileError,
    InputError,
    LimitError,
    RepeatedError,
    StateError,
    TooLateError,
)
from libdora.marks import Changed, ChangedDay, Mark
from libdora.options import Attribution, Changes, Format, Group, PercentileRule, Period, Query, Table, Tier
from libdora.report import Report, Row
from libdora.sources import Rejection
from libdora.tiers import EDITIONS, Bound, Tiers, tiers

__version__ = version
__all__ = [
    "EDITIONS",
    "Account",
    "ArgumentError",
    "Attribution",
    "Bound",
    "CancelledError",
    "Changed",
    "ChangedDay",
    "Changes",
    "Conversion",
    "DoraError",
    "Engine",
    "FileError",
    "Format",
    "Group",
    "InputError",
    "LimitError",
    "Mark",
    "Period",
    "PercentileRule",
    "Query",
    "Rejection",
    "RepeatedError",
    "Report",
    "Row",
    "StateError",
    "TooLateError",
    "Table",
    "Tier",
    "Tiers",
    "convert",
    "phases",
    "report",
    "tiers",
    "version",
]

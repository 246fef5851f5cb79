# SPDX-License-Identifier: MIT
"""What became of every record."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from typing import Any

from libdora._libdora import ffi, lib


@dataclasses.dataclass(frozen=True)
class Account:
    """records + loaded = facts + merged + rejected, and the dispositions of a kind sum to its facts.

    Attributes:
        records: records seen.
        loaded: facts that came from states and other engines.
        facts: distinct facts that they made.
        merged: records that became part of an earlier fact.
        rejected: records that could not be.
        items: items of exports of tools, which state any number of facts each; those are the records.
        silent_items: items that state none.
        dispositions: by kind ("deployment"), then by what became of a fact ("counted", "not_production", ...), how
            many; what is zero is left out.
        unknown_fields: by name, how often a record carried a field that its kind does not have (the 1,000 first names).
        environments: of undeleted deployments, the most frequent first; an absent one reads as "production".
        too_late: records that had to do with what was forgotten (`Engine.compact`), among the rejected ones.
        forgotten: facts of which only samples are left, among `facts` and the dispositions.
        compacted_before: the day before which facts were forgotten; None: none were.
        text: all of it as `dora check` prints it.
    """

    records: int
    loaded: int
    facts: int
    merged: int
    rejected: int
    dispositions: Mapping[str, Mapping[str, int]]
    unknown_fields: Mapping[str, int]
    environments: Mapping[str, int]
    text: str = dataclasses.field(repr=False)
    items: int = 0
    silent_items: int = 0
    too_late: int = 0
    forgotten: int = 0
    compacted_before: datetime.date | None = None

    def __str__(self) -> str:
        return self.text


def _environments(engine: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    name = ffi.new("dora_name_count *")
    while lib.dora_engine_environment(engine, len(found), name):
        found[bytes(ffi.buffer(name.name.data, name.name.size)).decode()] = name.count
    return found


def make_account(engine: Any, as_json: str, as_text: str) -> Account:
    told = json.loads(as_json)
    before = told.get("compacted_before")
    return Account(
        records=told["records"],
        loaded=told.get("loaded", 0),
        facts=told["distinct_facts"],
        merged=told["merged"],
        rejected=told["rejected"],
        dispositions=told["facts"],
        unknown_fields=told["unknown_fields"]["names"],
        environments=_environments(engine),
        text=as_text,
        items=told.get("items", 0),
        silent_items=told.get("silent_items", 0),
        too_late=told.get("too_late", 0),
        forgotten=told.get("forgotten", 0),
        compacted_before=datetime.date.fromisoformat(before) if before else None,
    )

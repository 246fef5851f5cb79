# SPDX-License-Identifier: MIT
"""What became of every record."""

from __future__ import annotations

import dataclasses
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
    )

# SPDX-License-Identifier: MIT
"""A random history in which everything meets: few ids, few instants, all fields of all kinds.

Realistic histories hardly ever have ties, cycles, merges of conflicting statements or references across kinds; here
they are the rule.

usage: dense.py SEED > facts.ndjson
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

DAY_S = 86400
BEGIN_S = 1709164800  # 2024-02-29
FIELDS = {
    "deployment": """service environment status started_at finished_at version sha release changes committed_at rework
        rollback_of rolled_back_at failed restored_at""",
    "change": "service committed_at opened_at first_review_at merged_at parents deployment",
    "incident": "service opened_at resolved_at deployment severity",
    "release": "service version category started_at released_at rolled_back_at",
    "phase": "release name started_at finished_at active",
    "defect": "release found_at severity",
    "downtime": "service release deployment started_at ended_at",
    "feedback": "release measure value at",
    "flag": "service deployment release enabled_at",
    "service": "team product",
}
NEED_ID = {"change", "incident", "release", "defect", "flag", "service"}
CHOICES: dict[str, list[Any]] = {
    "service": ["a", "b", "B", ""],
    "environment": ["production", "Prod", "live", "test"],
    "status": ["success", "success", "success", "failure", "canceled", "in_progress"],
    "version": ["v1", "v2", "v3"],
    "category": ["emergency", "minor"],
    "name": ["x", "y"],
    "measure": ["complaints", "satisfaction", "adoption"],
    "value": [0, 1, 2.5, -3, 1e-6, 0.0000005],
    "severity": ["low"],
    "team": ["t", "u"],
    "product": ["p", "q"],
}
FOR_BOOLEANS = {"rework", "failed", "active"}
PREFIXES = {"sha": "change", "changes": "change", "parents": "change", "rollback_of": "deployment"}


def dense_history(seed: int) -> bytes:
    pick = random.Random(seed)
    ids = pick.choice([3, 8, 30])
    instants = pick.choice([3, 12, 200])
    step_s = pick.choice([1, 3600, 30000, DAY_S])
    present = pick.choice([0.3, 0.6, 0.9])
    tombstones = pick.choice([0, 0.05])

    def instant() -> int:
        return BEGIN_S + pick.randrange(instants) * step_s

    def reference(kind: str) -> str:
        return f"{kind[0]}{pick.randrange(ids + 1)}"

    def value(field: str) -> Any:
        if field.endswith("_at") or field == "at":
            return instant()
        if field in FOR_BOOLEANS:
            return pick.random() < 0.4
        if field in ("changes", "parents"):
            return [reference("change") for _ in range(pick.randrange(3))]
        if field in ("deployment", "release", "sha", "rollback_of"):
            return reference(PREFIXES.get(field, field))
        return pick.choice(CHOICES[field])

    lines = []
    for _ in range(pick.choice([10, 60, 300])):
        kind = pick.choice([*FIELDS, "deployment", "deployment", "deployment", "change", "change"])
        record: dict[str, Any] = {"kind": kind}
        if kind == "service":
            record["id"] = pick.choice(["a", "b", "B"])
        elif kind in NEED_ID or pick.random() < 0.8:
            record["id"] = reference(kind)
        for field in FIELDS[kind].split():
            if pick.random() < present:
                record[field] = value(field)
        if pick.random() < 0.3:
            record["as_of"] = instant()
        if pick.random() < tombstones:
            record["deleted"] = pick.random() < 0.8
        lines.append(json.dumps(record) + "\n")
    return "".join(lines).encode()


if __name__ == "__main__":
    sys.stdout.buffer.write(dense_history(int(sys.argv[1])))

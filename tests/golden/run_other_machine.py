# SPDX-License-Identifier: MIT
"""The command of another machine against this one's: the same states and reports to the byte, intervals to 1e-12.

DORA_OTHER names the other command, perhaps a script that runs it in an emulator; without it the test is skipped.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import harness  # noqa: E402

OTHER = os.environ.get("DORA_OTHER", "")
CURL = harness.SOURCE / "tests/data/curl/curl-history.ndjson"
EXAMPLES = [*sorted((harness.SOURCE / "docs/examples").glob("shop.*")), CURL]
ODD = b"""service,id,finished_at,committed_at,value,as_of,deleted
shop,a,1950-01-02T03:04:05.000006Z,1949-12-31,,2024-01-01,
shop,a,2024-01-02,2023-12-30T00:00:00.5Z,,2024-01-02,
sh\xc3\xb8p,b,2024-01-03,,,,true
,,2024-01-04,2024-01-01,,,
,,2024-01-04,2024-01-01,,,
"""

# A fact of each kind, and what gives each series a sample; once more without ids, where a kind does without.
FACTS: list[dict[str, object]] = [
    {"kind": "service", "id": "shop", "team": "red", "product": "web"},
    {
        "kind": "deployment",
        "id": "d1",
        "service": "shop",
        "environment": "Prod",
        "started_at": "2024-01-02T10:00:00Z",
        "finished_at": "2024-01-02T11:00:00.5Z",
        "version": "v1",
        "sha": "c2",
        "release": "r1",
        "changes": ["c9"],
    },
    {
        "kind": "deployment",
        "id": "d2",
        "service": "shop",
        "finished_at": "2024-01-04",
        "committed_at": "2024-01-01",
        "sha": "c4",
        "rollback_of": "d0",
        "rework": True,
    },
    {
        "kind": "deployment",
        "id": "d3",
        "service": "pay",
        "finished_at": "2024-01-05",
        "failed": True,
        "restored_at": "2024-01-06",
    },
    {"kind": "deployment", "id": "d4", "service": "shop", "status": "success", "finished_at": "2024-02-20"},
    {
        "kind": "change",
        "id": "c4",
        "committed_at": "2024-01-03",
        "opened_at": "2024-01-03T01:00:00Z",
        "first_review_at": "2024-01-03T02:00:00Z",
        "merged_at": "2024-01-03T03:00:00Z",
        "parents": ["c2"],
    },
    {"kind": "change", "id": "c2", "committed_at": "2024-01-01"},
    {
        "kind": "incident",
        "id": "i1",
        "service": "shop",
        "severity": "high",
        "deployment": "d2",
        "opened_at": "2024-01-04T02:00:00Z",
        "resolved_at": "2024-01-04T03:00:00Z",
    },
    {
        "kind": "release",
        "id": "r1",
        "service": "shop",
        "version": "v1",
        "category": "emergency",
        "started_at": "2024-01-01",
        "released_at": "2024-01-03",
    },
    {
        "kind": "phase",
        "id": "p1",
        "release": "r1",
        "name": "build",
        "active": True,
        "started_at": "2024-01-01",
        "finished_at": "2024-01-02",
    },
    {"kind": "defect", "id": "x1", "release": "r1", "found_at": "2024-01-05"},
    {"kind": "downtime", "id": "w1", "release": "r1", "started_at": "2024-01-03", "ended_at": "2024-01-04"},
    {"kind": "feedback", "id": "b1", "release": "r1", "measure": "complaints", "value": 2, "at": "2024-01-04"},
    {"kind": "feedback", "id": "b2", "release": "r1", "measure": "satisfaction", "value": -4.5},
    {"kind": "feedback", "id": "b3", "release": "r1", "measure": "adoption", "value": 0.5},
    {"kind": "flag", "id": "f1", "deployment": "d1", "service": "shop", "enabled_at": "2024-01-09"},
]
NEED_IDS = ("service", "change", "incident", "release", "defect", "flag")
WHOLE = "".join(json.dumps(fact) + "\n" for fact in FACTS)
NAMELESS = "".join(
    json.dumps({name: value for name, value in fact.items() if name != "id"}) + "\n"
    for fact in FACTS
    if fact["kind"] not in NEED_IDS
)
EVERYTHING = (WHOLE + NAMELESS).encode()

# docs/state.md: strings and inputs, and of each kind the facts with an id and those without; what was forgotten.
KINDS = ("deployment", "change", "incident", "release", "phase", "defect", "downtime", "feedback", "flag", "service")
SECTIONS = {1, 2, 3, *range(16, 36)} - {17 + 2 * KINDS.index(kind) for kind in NEED_IDS}
FORGOTTEN = {4, 5, *range(64, 81), 96}


def sections(state: bytes) -> set[int]:
    """The kinds of sections that a state has."""
    (count,) = struct.unpack_from("<I", state, 12)
    return {struct.unpack_from("<I", state, 16 + 24 * i)[0] for i in range(count)}


def other(*arguments: str | Path, stdin: bytes = b"") -> bytes:
    done = subprocess.run([OTHER, *map(str, arguments)], input=stdin, capture_output=True, timeout=300)
    if done.returncode:
        raise AssertionError(f"exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class OtherMachine(unittest.TestCase):
    def histories(self) -> list[bytes]:
        texts = [*(path.read_bytes() for path in EXAMPLES), ODD, EVERYTHING]
        if (harness.SHARED / "oracle/history.py").is_file():
            texts += [harness.history(seed, 400) for seed in range(5200, 5206)]
        return texts

    def test_every_section_is_met(self) -> None:
        self.assertEqual(sections(harness.dora("merge", "-", stdin=EVERYTHING).stdout), SECTIONS)
        compacted = harness.dora("compact", "-q", "--before", "2024-02-15", "-o", "-", stdin=EVERYTHING).stdout
        self.assertEqual(sections(compacted) & FORGOTTEN, FORGOTTEN)

    def test_states(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "there.dora"
            for text in self.histories():
                here, there = harness.dora("merge", "-", stdin=text).stdout, other("merge", "-", stdin=text)
                self.assertEqual(here, there)
                path.write_bytes(there)
                self.assertEqual(harness.dora("merge", path).stdout, here)
                self.assertEqual(other("merge", "-", stdin=here), here)

    def test_compacted_states(self) -> None:
        asked = ["compact", "-q", "--before", "2024-02-15", "-o", "-"]
        for text in self.histories():
            here, there = harness.dora(*asked, stdin=text).stdout, other(*asked, stdin=text)
            self.assertEqual(here, there)
            self.assertEqual(other("merge", "-", stdin=here), here)
            self.assertEqual(
                other("report", "--by", "service", "--format", "csv", "-q", stdin=here),
                harness.dora("report", "--by", "service", "--format", "csv", "-q", stdin=text).stdout,
            )

    def test_reports(self) -> None:
        asked = ["--by", "service", "--window", "14", "--step", "5", "--format", "ndjson", "-q"]
        for text in self.histories():
            here, there = harness.dora("report", *asked, stdin=text).stdout, other("report", *asked, stdin=text)
            self.assertEqual(here, there)
            asked_too = [*asked, "--intervals", "--metrics", "deployment"]
            rows = harness.as_rows(harness.dora("report", *asked_too, stdin=text).stdout)
            for row, same_row in zip(rows, harness.as_rows(other("report", *asked_too, stdin=text)), strict=True):
                self.assertEqual(row.keys(), same_row.keys())
                for name, value in row.items():
                    self.assertTrue(harness.same(same_row[name], value, 1e-12), f"{name}: {value} {same_row[name]}")


if __name__ == "__main__":
    if not OTHER:
        print("skipped: DORA_OTHER names no other command")
        sys.exit(harness.SKIPPED)
    unittest.main()

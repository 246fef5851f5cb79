# SPDX-License-Identifier: MIT
"""The command of another machine against this one's: the same states and reports to the byte, intervals to 1e-12.

DORA_OTHER names the other command, perhaps a script that runs it in an emulator; without it the test is skipped.
"""

from __future__ import annotations

import os
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


def other(*arguments: str | Path, stdin: bytes = b"") -> bytes:
    done = subprocess.run([OTHER, *map(str, arguments)], input=stdin, capture_output=True, timeout=300)
    if done.returncode:
        raise AssertionError(f"exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class OtherMachine(unittest.TestCase):
    def histories(self) -> list[bytes]:
        texts = [path.read_bytes() for path in EXAMPLES] + [ODD]
        if (harness.SHARED / "oracle/history.py").is_file():
            texts += [harness.history(seed, 400) for seed in range(5200, 5206)]
        return texts

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

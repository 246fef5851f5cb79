# SPDX-License-Identifier: MIT
"""Hostile and broken input: public corpora of JSON, CSV, UTF-8 and dates, and broken files.

What must hold: no crash, the right exit code, a message that says where and why, and every good record counted. Tests
of corpora are skipped where there is no shared material.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import harness  # noqa: E402

CORPORA = harness.SHARED / "corpora"
GOOD = b'{"id":"good","finished_at":"2024-03-01"}'


def check(content: bytes, *options: str) -> tuple[dict[str, Any], str]:
    """The account of an input, and what standard error says. The exit code is 3 where no record could be read."""
    done = harness.dora("check", "--format", "json", *options, "-", stdin=content)
    message = done.stderr.decode()
    account = json.loads(done.stdout)
    nothing = account["records"] > 0 and account["records"] == account["rejected"]
    if done.returncode != (3 if nothing else 0):
        raise AssertionError(f"exit code {done.returncode}: {message}")
    return account, message


def facts(account: dict[str, Any]) -> int:
    return sum(n for kind in account["facts"].values() for n in kind.values())


def corpus(name: str) -> Path:
    path = CORPORA / name
    if not path.exists():
        raise unittest.SkipTest(f"no {name} in the shared material")
    return path


class Json(unittest.TestCase):
    def test_suite(self) -> None:
        """Each text of JSONTestSuite as the value of an unknown key: y_ is accepted, n_ rejected, i_ either."""
        for path in sorted(corpus("JSONTestSuite/test_parsing").iterdir()):
            with self.subTest(path.name):
                value = path.read_bytes().rstrip(b"\n")
                if path.name.startswith("y_"):
                    value = value.replace(b"\n", b" ")
                account, _ = check(b'{"finished_at":"2024-01-01","unknown":' + value + b"}\n" + GOOD)
                self.assertEqual(account["records"], facts(account) + account["merged"] + account["rejected"])
                if path.name.startswith("y_"):
                    self.assertEqual((facts(account), account["rejected"]), (2, 0))
                elif path.name.startswith("n_"):
                    self.assertEqual(facts(account), 1)
                    self.assertGreaterEqual(account["rejected"], 1)

    def test_whole_files(self) -> None:
        """The same files as they are, as NDJSON and as whatever they look like: any answer, no crash."""
        for path in sorted(corpus("JSONTestSuite/test_parsing").iterdir()):
            for format_ in ("ndjson", "csv", "auto"):
                harness.dora("check", "--from", format_, path)

    def test_depth(self) -> None:
        """A record may nest 256 deep, its own braces counted."""
        for depth, open_, close in ((255, b"[", b"]"), (255, b'{"a":', b"}")):
            for more, rejected in ((0, 0), (1, 1), (100000, 1)):
                inner = open_ * (depth + more)
                value = inner + (b"1" if open_ != b"[" else b"") + close * (depth + more)
                account, message = check(b'{"unknown":' + value + b"}\n" + GOOD)
                self.assertEqual((account["rejected"], facts(account)), (rejected, 2 - rejected), depth + more)
                self.assertEqual("deeper than 256" in message, bool(rejected))

    def test_bad_lines(self) -> None:
        """The bad lines of the random histories, each between two good ones: line 2 is named, the others count."""
        source = (corpus("../oracle") / "history.py").read_text(encoding="utf-8")
        found = re.search(r"bad = (\[.*?'\])\n", source, re.DOTALL)
        assert found
        for line in ast.literal_eval(found[1]):
            if line == '{"id":5}':
                continue  # an integer is a text as well
            with self.subTest(line):
                content = GOOD + b"\n" + line.encode() + b"\n" + GOOD.replace(b"good", b"better") + b"\n"
                account, message = check(content)
                bad = 1 if line.strip() else 0
                self.assertEqual((facts(account), account["rejected"]), (2, bad))
                self.assertEqual("input:2:" in message, bool(bad), message)
                strict = harness.dora("check", "--strict", "-", stdin=content)
                self.assertEqual(strict.returncode, 3 if bad else 0)


class Csv(unittest.TestCase):
    def test_spectrum(self) -> None:
        """Each column of csv-spectrum as the id; the ids of its JSON twin must merge with them."""
        for path in sorted(corpus("csv-spectrum/csvs").glob("*.csv")):
            rows = json.loads((path.parent.parent / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
            rows = rows if isinstance(rows, list) else [rows]
            for column in rows[0].keys() - {"Contact Phone Number"}:  # the twin states another number
                with self.subTest(f"{path.stem}: {column}"), tempfile.NamedTemporaryFile(suffix=".ndjson") as twin:
                    twin.writelines(json.dumps({column: row[column]}).encode() + b"\n" for row in rows)
                    twin.flush()
                    done = harness.dora("check", "--format", "json", "--map", f"id={column}", path, twin.name)
                    account = json.loads(done.stdout)
                    self.assertEqual((account["records"], account["rejected"]), (2 * len(rows), 0))
                    values = [row[column] for row in rows]
                    self.assertEqual(facts(account), len(set(values) - {""}) + 2 * values.count(""))

    def test_unterminated_quote(self) -> None:
        """It is rejected, and what follows its line is read."""
        account, message = check(b'id,service,finished_at\n1,"a,2024-03-01\n2,b,2024-03-01\n3,c,2024-03-01\n')
        self.assertIn("input:2:", message)
        self.assertIn("quote", message)
        self.assertEqual((facts(account), account["rejected"]), (2, 1))

    def test_text_after_a_quote(self) -> None:
        account, message = check(b'id,service,finished_at\n1,"a"b,2024-03-01\n2,b,2024-03-01\n')
        self.assertIn("input:2:", message)
        self.assertEqual((facts(account), account["rejected"]), (1, 1))

    def test_ragged(self) -> None:
        account, message = check(b"id,service,finished_at\n1,a\n2,b,2024-03-01\n3,c,2024-03-01,\n")
        self.assertIn("input:2: 2 cells where the header has 3", message)
        self.assertIn("input:4: 4 cells where the header has 3", message)
        self.assertEqual((facts(account), account["rejected"]), (1, 2))

    def test_forms(self) -> None:
        """Line ends, byte-order mark and delimiters; all give the same account."""
        text = b"id,service,finished_at\n1,a,2024-03-01\n2,b,2024-03-01\n"
        want, _ = check(text)
        quoted = b'"id","service","finished_at"\n"1","a","2024-03-01"\n"2","b","2024-03-01"\n'
        for form in (text.replace(b",", b";"), text.replace(b",", b"\t"), text.rstrip(b"\n"), quoted, b"\n\n" + text):
            for other in (form, form.replace(b"\n", b"\r\n")):
                for mark in (b"", b"\xef\xbb\xbf"):
                    with self.subTest(mark + other):
                        self.assertEqual(check(mark + other)[0], want)

    def test_no_header(self) -> None:
        for content in (
            b"2024-03-01,a,b\n2024-03-02,c,d\n",
            b"a,b,c\n",
            b"\xff\xfe\x00a,b\n",
            b"\x00" * 5000,
            b'"id\n',
        ):
            done = harness.dora("report", "-", stdin=content)
            self.assertEqual(done.returncode, 3, content[:20])
            self.assertNotEqual(done.stderr, b"")
            self.assertEqual(done.stdout, b"")

    def test_many_columns(self) -> None:
        names = b",".join(b"column%d" % i for i in range(20000))
        account, _ = check(b"id," + names + b"\n1" + b",x" * 20000 + b"\n")
        self.assertEqual(facts(account), 1)


class Utf8(unittest.TestCase):
    def test_sequences(self) -> None:
        """Valid lines of utf8tests are accepted, invalid ones rejected, in known and unknown fields and in CSV."""
        valid: list[bytes] = []
        invalid: list[bytes] = []
        for line in corpus("utf8tests").joinpath("utf8tests.bin").read_bytes().split(b"\n"):
            parts = line.split(b":", 2)
            if len(parts) == 3 and parts[1] in (b"valid", b"invalid"):
                (valid if parts[1] == b"valid" else invalid).append(parts[2])
        self.assertGreater(min(len(valid), len(invalid)), 20)
        in_json = [text for text in valid if not re.search(rb'[\x00-\x1f"\\]', text)]
        forms = [
            (b"", b'{"id":"%d","service":"%s"}\n', in_json),
            (b"", b'{"id":"%d","unknown":"%s"}\n', in_json),
            (b"", b'{"id":"%d","%s":1}\n', in_json),
            (b"id,service\n", b'%d,"%s"\n', [text for text in valid if b'"' not in text]),
            (b"id,unknown\n", b'%d,"%s"\n', [text for text in valid if b'"' not in text]),
        ]
        for head, form, good in forms:
            account, message = check(head + b"".join(form % (i, text) for i, text in enumerate(good)))
            self.assertEqual((facts(account), account["rejected"]), (len(good), 0), message)
            account, message = check(head + b"".join(form % (i, text) for i, text in enumerate(invalid)))
            self.assertEqual((facts(account), account["rejected"]), (0, len(invalid)), form)
            self.assertNotRegex(message, r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def test_each_byte(self) -> None:
        """A byte above 127 alone is never UTF-8, wherever in a line it stands."""
        for byte in range(0x80, 0x100):
            lines = [bytes([byte]) + GOOD, GOOD + bytes([byte]), GOOD.replace(b"good", b"go" + bytes([byte]) + b"od")]
            account, _ = check(GOOD + b"\n" + b"\n".join(lines))
            self.assertEqual((facts(account), account["rejected"]), (1, 3), byte)

    def test_marks(self) -> None:
        """One UTF-8 mark at the start is skipped; a second one, or one further on, is not white space."""
        mark = b"\xef\xbb\xbf"
        self.assertEqual(check(mark + GOOD)[0]["rejected"], 0)
        self.assertEqual(check(GOOD + b"\n" + mark + GOOD)[0]["rejected"], 1)
        self.assertEqual(check(GOOD + mark)[0]["rejected"], 1)
        for text in (GOOD.decode().encode("utf-16"), b"\xfe\xff" + GOOD.decode().encode("utf-16-be")):
            done = harness.dora("report", "-", stdin=text)
            self.assertEqual(done.returncode, 3)
            self.assertIn(b"UTF-16", done.stderr)


class Dates(unittest.TestCase):
    # What SPEC section 1 takes on purpose though RFC 3339 does not, and the reverse.
    TAKEN = {
        "1998-12-31T23:58:60Z": "a leap second is the next second, in any minute",
        "1998-12-31T22:59:60Z": "the same",
        "1985-04-12T23:20:50+01": "an offset may be hours alone",
        "2020-11-28T23:55:45Z": "an instant field takes a date or a time",
        "2020-01-01 00:00:00Z": "the same, with a space",
        "20230328": "a signed integer is an epoch value",
        "": "an empty string is absent",
    }
    REFUSED = {
        "1985-04-12T00:59:59.999999999999999Z": "at most 9 digits of a second",
        "0400-02-29": "before 1900",
        "0001-01-01": "before 1900",
        "1582-10-10": "before 1900",
    }

    def test_json_schema(self) -> None:
        seen = set()
        for name in ("date-time", "date"):
            path = corpus("json-schema-formats") / f"tests/draft2020-12/optional/format/{name}.json"
            for group in json.loads(path.read_text(encoding="utf-8")):
                for test in group["tests"]:
                    text = test["data"]
                    if not isinstance(text, str):
                        continue
                    with self.subTest(text):
                        account, _ = check(json.dumps({"finished_at": text}).encode())
                        deviates = text in self.TAKEN or text in self.REFUSED
                        seen |= {text} if deviates else set()
                        taken = text in self.TAKEN or (test["valid"] and text not in self.REFUSED)
                        self.assertEqual(account["rejected"] == 0, taken, test["description"])
        self.assertEqual(seen, self.TAKEN.keys() | self.REFUSED.keys())


class Files(unittest.TestCase):
    def test_what_is_no_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for path in (folder, f"{folder}/missing.ndjson"):
                done = harness.dora("report", path)
                self.assertIn(done.returncode, (3, 4))
                self.assertIn(path.encode(), done.stderr)
                self.assertEqual(done.stdout, b"")

    def test_truncated(self) -> None:
        """Cut at every byte, the whole records count and the broken one is rejected."""
        content = GOOD + b"\n" + GOOD.replace(b"good", b"better") + b"\n"
        for end in range(len(content)):
            account, _ = check(content[:end])
            whole = sum(end >= at for at in (len(GOOD), len(content) - 1))
            rest = content[:end].split(b"\n")[-1] and end not in (len(GOOD), len(content) - 1)
            self.assertEqual((facts(account), account["rejected"]), (whole, 1 if rest else 0), end)

    def test_too_long_a_record(self) -> None:
        """A line of more than 16 MiB is rejected without harm to its neighbours."""
        long_line = b'{"id":"long","service":"' + b"x" * (17 << 20) + b'"}'
        account, message = check(b"\n".join([GOOD, long_line, GOOD.replace(b"good", b"better")]))
        self.assertEqual((facts(account), account["rejected"]), (2, 1))
        self.assertIn("input:2:", message)
        self.assertIn("longer", message)

    def test_bytes_of_every_kind(self) -> None:
        """Every byte alone, doubled, after a record, as NDJSON and as CSV: any answer, no crash."""
        for byte in range(256):
            for content in (bytes([byte]), bytes([byte]) * 2, GOOD + b"\n" + bytes([byte]), b"id\n" + bytes([byte])):
                harness.dora("check", "-", stdin=content)

    def test_flipped_bits(self) -> None:
        """Every bit of a small file flipped: the records are accounted for whatever becomes of them."""
        content = b'{"id":"a","finished_at":"2024-03-01","changes":["x"]}\n{"kind":"change","id":"x"}\n'
        for at in range(len(content)):
            for bit in range(0, 8, 1 if at % 4 == 0 else 3):
                flipped = bytearray(content)
                flipped[at] ^= 1 << bit
                done = harness.dora("check", "--from", "ndjson", "--format", "json", "-", stdin=bytes(flipped))
                if done.returncode == 0:
                    account = json.loads(done.stdout)
                    inline = 0
                    total = facts(account) - inline + account["merged"] + account["rejected"]
                    self.assertEqual(account["records"], total, flipped)


class Rows(unittest.TestCase):
    def test_too_many(self) -> None:
        """More than ten million rows are refused with the dates that stretch the span."""
        lines = [b'{"service":"%d","finished_at":"1900-01-01"}' % i for i in range(4)]
        content = b"\n".join([*lines, b'{"service":"0","finished_at":"9997-12-31"}'])
        done = harness.dora("report", "--by", "service", "--period", "day", "-", stdin=content)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"1900-01-01", done.stderr)
        self.assertIn(b"9997-12-31", done.stderr)
        self.assertEqual(done.stdout, b"")
        done = harness.dora("report", "--by", "service", "--period", "year", "--format", "csv", "-", stdin=content)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1 + 4 * 8098))

    def test_max_rows(self) -> None:
        """--max-rows moves the limit either way; as many as it says are allowed."""
        content = b'{"finished_at":"2024-01-01"}\n{"finished_at":"2024-04-09"}\n'
        for limit, code in ((99, 2), (100, 0)):
            done = harness.dora("report", "--period", "day", "--max-rows", str(limit), "-", stdin=content)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual(b"2024-01-01" in done.stderr and b"2024-04-09" in done.stderr, code == 2)


if __name__ == "__main__":
    unittest.main()

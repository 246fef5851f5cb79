# SPDX-License-Identifier: MIT
"""--from auto: each file is known by its shape, and what is in the normal form is taken for nothing else."""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import cases
import harness

TABLES = sorted((harness.SOURCE / "tests/data/sources/devlake").glob("*.csv"))
GITHUB = b'[{"id":1,"statuses_url":"u","sha":"aa","environment":"production","created_at":"2024-01-02T10:00:00Z"}]'
JENKINS = b'{"allBuilds":[{"number":1,"timestamp":1704189600000,"duration":60000,"result":"SUCCESS"}]}'
LOG = b"a" * 40 + b"\0\x001700000000\0tag: v1.0\0\0\n"


class Recognise(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name: str, content: bytes) -> pathlib.Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def test_several_sources_in_one_call(self) -> None:
        files = {
            "github": self.file("a.json", GITHUB),
            "jenkins": self.file("b.json", JENKINS),
            "git": self.file("c.txt", LOG),
            "devlake": TABLES[0],
        }
        normal = self.file("d.ndjson", b'{"id":"n","service":"s","environment":"production","sha":"x"}\n')
        done = harness.dora("convert", "--project", "p", *files.values(), normal)
        expected = b""
        for name, path in files.items():
            self.assertIn(f"{path}: read as {name}".encode(), done.stderr)
            told = harness.dora("convert", "--from", name, "--project", "p", path)
            self.assertEqual(told.stderr, b"")
            self.assertGreater(len(told.stdout), 0)
            expected += told.stdout
        self.assertNotIn(str(normal).encode(), done.stderr)
        self.assertEqual(done.stdout, expected + harness.dora("convert", normal).stdout)

    def test_tables_of_answers(self) -> None:
        """DevLake's raw tables have the same columns whatever the tool; the answer in the first row tells."""
        header = b"id,params,data,url,input,created_at\n"
        for name, answer in (("github", json.loads(GITHUB)[0]), ("jenkins", json.loads(JENKINS)["allBuilds"][0])):
            cell = b'"' + json.dumps(answer).encode().replace(b'"', b'""') + b'"'
            rows = header + b"1,{},%s,u,NULL,2024-01-02 10:00:00.000\n2,{},%s,u,NULL,\n" % (cell, cell)
            for content in (rows, b"data\n" + cell + b"\n" + cell + b"\n"):
                path = self.file("raw.csv", content)
                guessed = harness.dora("convert", "--project", "p", path)
                self.assertIn(b": read as " + name.encode(), guessed.stderr)
                told = harness.dora("convert", "--from", name, "--project", "p", path)
                self.assertEqual((guessed.stdout, told.stdout.count(b"\n")), (told.stdout, 2))
        unknown = self.file("raw.csv", header + b'1,{},"{""a"":1}",u,NULL,\n')
        done = harness.dora("convert", unknown)
        self.assertEqual((done.returncode, done.stdout), (3, b""))
        self.assertIn(b"raw.csv:2: a table of a tool's answers", done.stderr)
        for content, code, facts in (
            (header, 0, 0),
            (b"data\nx\n", 3, 0),
            (header + b"1,{},text,u,NULL,\n2,,,,,\n", 0, 2),
            (b'id,finished_at,data\n1,2024-01-01,"{""a"":1}"\n', 0, 1),
            (b"source,id,event_type,metadata\nx,1,y,{}\n", 0, 1),
        ):
            done = harness.dora("convert", "-q", "-", stdin=content)
            self.assertEqual((done.returncode, done.stdout.count(b"\n")), (code, facts), content)

    def test_empty_lists(self) -> None:
        """Where there is nothing tools give empty lists, also before those that are not."""
        for content in (b"[]", b"[ ]\n[\n]\n", b'{"count": 0, "value": []}', b'{"items":[],"next":null}\n', b"[]\n[]"):
            done = harness.dora("check", "--format", "json", "-", stdin=content)
            account = json.loads(done.stdout)
            self.assertEqual((done.returncode, done.stderr, account["records"]), (0, b"", 0), content)
            done = harness.dora("convert", "--project", "p", "-", stdin=content + b"\n" + GITHUB)
            self.assertIn(b"read as github", done.stderr)
            self.assertEqual(done.stdout, harness.dora("convert", "-q", "--project", "p", "-", stdin=GITHUB).stdout)
        bad = harness.dora("check", "-", stdin=b"[]\n[]\n" + GITHUB[:-1] + b",1]")
        self.assertIn(b"input:3: not an object", bad.stderr)
        for content, records in ((b'{"id":"1","opened_at":0,"items":[]}', 1), (b"[1]", 1), (b"[]\n[1]", 1)):
            done = harness.dora("check", "--format", "json", "-", stdin=content)
            self.assertEqual(json.loads(done.stdout or b'{"records":1}')["records"], records)
        done = harness.dora("report", "--from", "github", "-", stdin=b'{"message": "Bad credentials"}')
        self.assertIn(b"1 item of exports, none of which states anything", done.stderr)

    def test_tables(self) -> None:
        words = ("check", "--format", "json", "--project", "p")
        guessed = harness.dora(*words, "-q", *TABLES)
        self.assertEqual(guessed.stdout, harness.dora(*words, "--from", "devlake", *TABLES).stdout)
        self.assertEqual(guessed.stderr, b"")

    def test_normal_form(self) -> None:
        """No golden history, as NDJSON or CSV, is taken for an export."""
        for path in sorted((harness.SOURCE / "tests/golden").glob("*.test")):
            for case in cases.parse(path):
                for form in ("ndjson", "csv"):
                    converted = harness.dora("convert", "--format", form, "-", stdin=case.input)
                    self.assertNotIn(b"read as", converted.stderr, case.title)
                    again = harness.dora("check", "-", stdin=converted.stdout)
                    self.assertNotIn(b"read as", again.stderr, case.title)

    def test_a_fact_that_looks_like_an_export(self) -> None:
        for fact in (
            {"kind": "deployment", "id": 1, "statuses_url": "u", "sha": "aa", "environment": "production"},
            {"service": "s", "id": 1, "statuses_url": "u", "sha": "aa", "environment": "production"},
        ):
            done = harness.dora("convert", "-", stdin=json.dumps(fact).encode())
            self.assertEqual((json.loads(done.stdout)["id"], done.stderr), ("1", b""))
        rows = b"id,cicd_scope_id,environment,finished_date,finished_at\nd,x,production,,2024-01-01\n"
        done = harness.dora("convert", "-", stdin=rows)
        self.assertEqual((json.loads(done.stdout)["id"], done.stderr), ("d", b""))
        for words in (("--from", "csv"), ("--kind", "incident"), ("--map", "opened_at=finished_date")):
            done = harness.dora(
                "convert", *words, "-", stdin=rows.replace(b",finished_at", b"").replace(b",2024-01-01", b"")
            )
            self.assertEqual((json.loads(done.stdout)["id"], done.stderr), ("d", b""))

    def test_json_of_no_source(self) -> None:
        """One message and one exit code for a document that nothing knows, however it is laid out; lines stay lines."""
        item = {"number": 7, "colour": "red"}
        for shape in ([item], [item, item], item):
            for indent in (2, None):
                text = json.dumps(shape, indent=indent).encode()
                if indent is None and isinstance(shape, dict):
                    continue
                for words in (("check",), ("report",), ("convert",)):
                    done = harness.dora(*words, "-", stdin=text)
                    self.assertEqual(done.returncode, 3, done.stderr)
                    self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                    self.assertIn(b"name the source, or give a mapping", done.stderr)
                told = harness.dora("check", "--from", "ndjson", "-", stdin=text)
                self.assertNotIn(b"name the source", told.stderr)
        rows = b'[1, 2]\n{"id":"n","service":"s"}\n{\n'
        done = harness.dora("convert", "-", stdin=rows)
        self.assertEqual(json.loads(done.stdout)["id"], "n")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT
"""dora convert: to convert and report is to report, to the byte."""

from __future__ import annotations

import json
import pathlib
import shlex
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import cases
import harness

GITHUB = (
    b'[{"id":1,"statuses_url":"u","sha":"aa","environment":"production","created_at":"2024-01-02T10:00:00Z"},'
    b'{"id":12,"state":"success","deployment_url":"https://h/repos/o/r/deployments/1",'
    b'"created_at":"2024-01-02T10:05:00Z"},'
    b'{"tag_name":"v1","published_at":"2024-01-02T12:00:00Z","name":"caf\\u00e9"}]'
)
REPORTS = (
    ("report", "--format", "ndjson", "--by", "service", "--period", "day"),
    ("report", "--format", "csv", "--window", "7", "--changes", "time", "--infer-rollbacks"),
    ("phases", "--format", "ndjson", "--by", "product"),
)


class Convert(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def convert(self, text: bytes, *options: str, code: int = 0) -> bytes:
        done = harness.dora("convert", "-q", *options, "-", stdin=text)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def report(self, words: tuple[str, ...], text: bytes, *options: str) -> bytes:
        done = harness.dora(*words, "-q", *options, "-", stdin=text)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def facts_of(self, text: bytes) -> dict[str, object]:
        """What dora check says, but for what was rejected or unknown."""
        counts: dict[str, object] = json.loads(self.report(("check", "--format", "json"), text))
        return {
            name: count
            for name, count in counts.items()
            if name not in ("records", "rejected", "unknown_fields", "unknown_field_names")
        }

    def assert_same(self, text: bytes, *options: str) -> None:
        for form in ("ndjson", "csv"):
            converted = self.convert(text, "--format", form, *options)
            for words in REPORTS:
                self.assertEqual(self.report(words, converted), self.report(words, text, *options), form)

    def test_golden_histories(self) -> None:
        compared = 0
        for path in sorted((harness.SOURCE / "tests/golden").glob("*.test")):
            for case in cases.parse(path):
                words = [word for command in case.commands for word in command.words]
                good = case.input and not any(command.failure for command in case.commands)
                if not good or {"--map", "--kind", "--delimiter", "--from"} & set(words):
                    continue
                converted = self.convert(case.input)
                for command in case.commands:
                    if command.words[0] == "check":
                        continue
                    with self.subTest(file=path.name, title=case.title):
                        arguments = [*command.words, "--format", "ndjson", "-q", "-"]
                        direct = harness.dora(*arguments, stdin=case.input)
                        again = harness.dora(*arguments, stdin=converted)
                        self.assertEqual(again.stdout, direct.stdout)
                        compared += 1
        self.assertGreater(compared, 100)

    def test_random_histories(self) -> None:
        if not (harness.SHARED / "oracle").is_dir():
            self.skipTest("no oracle in the shared material (DORA_SHARED)")
        for seed in range(1, 6):
            text = harness.history(seed, 1500)
            with self.subTest(seed=seed):
                converted = self.convert(text)
                self.assertEqual(self.convert(converted), converted)
                self.assertEqual(self.facts_of(converted), self.facts_of(text))
                for words in REPORTS:
                    self.assertEqual(self.report(words, converted), self.report(words, text))

    def test_curl_in_both_forms(self) -> None:
        self.assert_same((harness.SOURCE / "tests/data/curl/curl-history.ndjson").read_bytes())

    def test_an_export(self) -> None:
        self.assert_same(GITHUB, "--from", "github", "--project", "o/r")
        facts = [json.loads(line) for line in self.convert(GITHUB, "--from", "github", "--project", "o/r").splitlines()]
        self.assertEqual({fact["id"] for fact in facts if fact["kind"] == "deployment"}, {"github:o/r:1"})

    def test_a_state(self) -> None:
        """Facts merged from several statements come with the times of each."""
        text = (
            b'{"id":"a","service":"s","finished_at":"2024-03-01T01:00:00Z","as_of":"2024-03-03","changes":["x","y"]}\n'
            b'{"id":"a","finished_at":"2024-03-01T02:00:00Z","service":"t","as_of":"2024-03-02"}\n'
            b'{"id":"a","version":"1"}\n{"id":"b","deleted":true}\n{"finished_at":"2024-03-02","failed":true}\n'
            b'{"kind":"incident","id":"i","opened_at":"2024-03-01T03:00:00Z","service":"s"}\n'
        )
        state, again = self.folder / "a.dora", self.folder / "b.dora"
        harness.dora("merge", "-o", state, "-", stdin=text)
        converted = harness.dora("convert", "-q", state).stdout
        late = b'{"id":"a","finished_at":"2024-03-01T05:00:00Z","as_of":"2024-03-02T12:00:00Z"}\n'
        harness.dora("merge", "-o", again, "-", stdin=converted)
        for words in REPORTS:
            self.assertEqual(
                harness.dora(*words, "-q", state, "-", stdin=late).stdout,
                harness.dora(*words, "-q", again, "-", stdin=late).stdout,
            )
        self.assertEqual(harness.dora("convert", "-q", again).stdout, converted)

    def test_several_files(self) -> None:
        first, second = self.folder / "a.csv", self.folder / "b.ndjson"
        first.write_bytes(b"id,finished_at\na,2024-01-01\n")
        second.write_bytes(b'{"kind":"change","id":"c"}\n')
        lines = harness.dora("convert", first, second).stdout.splitlines()
        self.assertEqual([json.loads(line)["kind"] for line in lines], ["deployment", "change"])

    def test_output_replaced_only_when_all_went_well(self) -> None:
        out = self.folder / "out.ndjson"
        out.write_bytes(b"old")
        done = harness.dora("convert", "--strict", "-o", out, "-", stdin=b'{"id":"a"}\nbad\n')
        self.assertEqual((done.returncode, out.read_bytes()), (3, b"old"))
        done = harness.dora("convert", "-o", out, "-", stdin=b'{"id":"a"}\nbad\n')
        self.assertEqual((done.returncode, out.read_bytes()), (0, b'{"kind":"deployment","id":"a"}\n'))
        self.assertIn(b"standard input:2: ", done.stderr)

    def test_recipes(self) -> None:
        """The lines of docs/sources.md with --map read files of those columns."""
        lines = (harness.SOURCE / "docs/sources.md").read_text(encoding="utf-8").splitlines()
        recipes = [shlex.split(line) for line in lines if line.startswith("    dora convert") and "--map" in line]
        self.assertGreater(len(recipes), 4)
        for words in recipes:
            fields = dict(word.split("=", 1) for word in words if "=" in word)
            values = ["2024-01-02 03:04:05" if field.endswith("_at") else "x" for field in fields]
            file = self.folder / "table.csv"
            file.write_text(",".join([*fields.values(), "Other"]) + "\n" + ",".join([*values, "y"]) + "\n")
            arguments = words[2 : words.index("-o") - 1]
            (fact,) = (json.loads(line) for line in harness.dora("convert", *arguments, file).stdout.splitlines())
            self.assertEqual(set(fact) - {"kind"}, set(fields))

    def test_what_cannot_be(self) -> None:
        done = harness.dora("convert", "--format", "csv", "-", stdin=b'{"changes":["a b"]}\n')
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"changes: CSV has no item with a space or a semicolon", done.stderr)
        for words, message in (
            (("--format", "table"), b"--format takes ndjson or csv"),
            (("--period", "day"), b"unknown option --period"),
            (("--map", "nothing=x"), b"no field is named"),
        ):
            done = harness.dora("convert", *words, "-", stdin=b"")
            self.assertEqual(done.returncode, 2)
            self.assertIn(message, done.stderr)


if __name__ == "__main__":
    unittest.main()

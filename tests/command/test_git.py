# SPDX-License-Identifier: MIT
"""git's output, as dora help git has it printed: of a small repository, of this one, and of curl's history."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness

LOG = ("log", "--decorate=full", "--format=%H%x00%P%x00%ct%x00%D%x00%b%x00")
TAGS = (
    "for-each-ref",
    "refs/tags",
    "--format=%(refname)%00%(*objectname)%00%(*objecttype)%00%(creatordate:unix)%00",
)
REPORTS = (
    ("report", "--format", "ndjson", "--by", "service"),
    ("report", "--format", "csv", "--window", "90", "--step", "7"),
)


def git(folder: pathlib.Path, *words: str, when: int = 1700000000) -> bytes:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": f"{when - 50} +0300",
        "GIT_COMMITTER_DATE": f"{when} -0200",
        **{f"GIT_{who}_{what}": "x@example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    return subprocess.run(["git", "-C", str(folder), *words], env=environment, capture_output=True, check=True).stdout


def facts(text: bytes, *options: str) -> list[dict[str, Any]]:
    done = harness.dora("convert", "-q", *options, "-", stdin=text)
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_kind(records: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in records if record["kind"] == kind}


class Help(unittest.TestCase):
    def test_the_formats_are_those_of_these_tests(self) -> None:
        text = harness.dora("help", "git").stdout.decode()
        for words in (LOG, TAGS):
            for word in words:
                self.assertIn(word.replace("--format=", "--format='"), text)


@unittest.skipUnless(shutil.which("git"), "no git here to make a repository and its log with")
class Git(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def commit(self, when: int, message: str) -> str:
        git(self.folder, "commit", "-q", "--allow-empty", "-m", message, when=when)
        return git(self.folder, "rev-parse", "HEAD").decode().strip()

    def test_small_repository(self) -> None:
        git(self.folder, "init", "-q", "-b", "main")
        root = self.commit(1700000000, "root")
        git(self.folder, "tag", "v1.0", when=1700000001)
        git(self.folder, "checkout", "-q", "-b", "side")
        side = self.commit(1700000100, "tag: refs/tags/v7.7\n\n\x1e\x1f\x01 " + "ab" * 20 + "\n" + "ab" * 20)
        git(self.folder, "checkout", "-q", "main")
        main = self.commit(1700000200, 'quote " , tag: v8.8')
        git(self.folder, "merge", "-q", "--no-ff", "-m", "merge", "side", when=1700000300)
        merge = git(self.folder, "rev-parse", "HEAD").decode().strip()
        git(self.folder, "tag", "-a", "-m", "x", "v1.1.0", when=1700009000)
        git(self.folder, "tag", "v1.2.0-rc.1")
        git(self.folder, "tag", "naïve-2,5")
        revert = self.commit(1700010000, f'Revert "quote"\n\nThis reverts commit {main}.')
        git(self.folder, "tag", "v1.1.1")
        blob = git(self.folder, "hash-object", "-w", "/dev/null").decode().strip()
        git(self.folder, "tag", "-a", "-m", "x", "v3.0", blob, when=1700000000)
        log, tags = git(self.folder, *LOG), git(self.folder, *TAGS)
        for text, options in ((log, ()), (log, ("--from", "git")), (git(self.folder, *LOG, "-z"), ())):
            records = facts(text, "--project", "o/shop", *options)
            changes = of_kind(records, "change")
            parents = {identity: set(change.get("parents", [])) for identity, change in changes.items()}
            self.assertEqual(parents, {root: set(), side: {root}, main: {root}, merge: {main, side}, revert: {merge}})
            self.assertEqual(changes[main]["committed_at"], "2023-11-14T22:16:40Z")
            deployments = of_kind(records, "deployment")
            self.assertEqual(
                {identity: record["sha"] for identity, record in deployments.items()},
                {"git:o/shop:v1.0": root, "git:o/shop:v1.1.0": merge, "git:o/shop:v1.1.1": revert},
            )
            self.assertEqual([i for i, record in deployments.items() if "rework" in record], ["git:o/shop:v1.1.1"])
            self.assertEqual(
                {record["version"]: record["category"] for record in of_kind(records, "release").values()},
                {"v1.0": "major", "v1.1.0": "minor", "v1.1.1": "patch"},
            )
        self.assertEqual(set(of_kind(facts(log, "--tags", "rc|,"), "release")), {"git:v1.2.0-rc.1", "git:naïve-2,5"})
        # The date of an annotated tag is later than that of its commit; that of a blob is no deployment.
        dated = of_kind(facts(tags, "--project", "o/shop"), "deployment")
        self.assertEqual(list(dated), ["git:o/shop:v1.1.0"])
        row = json.loads(
            harness.dora(
                "report", "--format", "ndjson", "--period", "all", "--project", "s", "-", stdin=log + tags
            ).stdout
        )
        self.assertEqual((row["deployments"], row["change_lead_time_n"], row["rework_deployments"]), (3, 4, 1))
        self.assertEqual(row["change_lead_time_p95"], 8885)  # of 8900, 8800, 8700 and 0

    def test_services_by_path(self) -> None:
        """A service has the commits that git log -- PATH shows since the deployment before; others join them."""
        git(self.folder, "init", "-q", "-b", "main")
        tags = []
        for number in range(12):
            for service in ("web", "api/é") if number % 5 == 4 else (("web", "api/é", "web")[number % 3],):
                path = self.folder / "services" / service / str(number)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(str(number), encoding="utf-8")
            if number == 7:
                git(self.folder, "checkout", "-q", "-b", "side")
            if number == 9:
                git(self.folder, "checkout", "-q", "main")
            git(self.folder, "add", "-A")
            git(self.folder, "commit", "-q", "-m", "x", when=1700000000 + 100 * number)
            if number % 4 == 1:
                tags.append(f"web@1.{number}")
                git(self.folder, "tag", tags[-1])
        git(self.folder, "merge", "-q", "-m", "merge", "side", when=1700010000)
        tags.append("web@2.0")
        git(self.folder, "tag", tags[-1])
        log = git(self.folder, LOG[0], "--name-only", *LOG[1:])
        lead: list[int] = []
        for before, tag in itertools.pairwise(tags):
            words = ("log", "--no-merges", "--format=%ct", f"{before}..{tag}", "--", "services/web")
            times = list(map(int, git(self.folder, *words).split()))
            at = int(git(self.folder, "log", "-1", "--format=%ct", tag))
            lead += [at - time for time in times]
        self.assertGreater(len(lead), 5)
        options = ("--project", "web", "--tags", "^web@", "--set", r"paths=/^services\/web\//")
        for source in ("git", "auto"):
            done = harness.dora(
                "report", "-q", "--format", "ndjson", "--period", "all", "--from", source, *options, "-", stdin=log
            )
            row = json.loads(done.stdout)
            self.assertEqual((row["deployments"], row["change_lead_time_n"]), (len(tags), len(lead)))
            self.assertEqual(row["change_lead_time_mean"], sum(lead) / len(lead))
        none = of_kind(facts(log, "--set", "paths=/^none/"), "change")
        self.assertEqual({len(change.get("parents", [])) for change in none.values()}, {0, 1, 2})
        self.assertFalse(any("committed_at" in change for change in none.values()))
        self.assertEqual(harness.dora("check", "--set", "paths=services", "-", stdin=log).returncode, 2)

    def test_this_repository(self) -> None:
        if not (harness.SOURCE / ".git").exists():
            self.skipTest("the source is no repository")
        expected = {
            words[0]: set(words[1:])
            for words in map(str.split, git(harness.SOURCE, "rev-list", "--parents", "HEAD").decode().splitlines())
        }
        times = dict(line.split() for line in git(harness.SOURCE, "log", "--format=%H %ct").decode().splitlines())
        changes = of_kind(facts(git(harness.SOURCE, *LOG)), "change")
        self.assertEqual({name: set(change.get("parents", [])) for name, change in changes.items()}, expected)
        normal = "".join(
            json.dumps({"kind": "change", "id": name, "committed_at": int(times[name]), "parents": sorted(parents)})
            + "\n"
            for name, parents in expected.items()
        )
        again = of_kind(facts(normal.encode()), "change")
        self.assertEqual(
            {n: c["committed_at"] for n, c in changes.items()}, {n: c["committed_at"] for n, c in again.items()}
        )


class Curl(unittest.TestCase):
    """curl's history as git would print it reports what its normal form does."""

    def compare(self, normal: pathlib.Path) -> None:
        records = [json.loads(line) for line in normal.read_bytes().splitlines()]
        tags: dict[str, list[str]] = {}
        dates = b""
        times = {record["id"]: record["committed_at"] for record in records if record["kind"] == "change"}
        for record in records:
            if record["kind"] == "deployment":
                tags.setdefault(record["sha"], []).append(f"tag: refs/tags/{record['version']}")
                if times[record["sha"]] != record["finished_at"]:
                    row = (f"refs/tags/{record['version']}", record["sha"], "commit", str(record["finished_at"]))
                    dates += "".join(field + "\0" for field in row).encode() + b"\n"
        log = b""
        for record in records:
            if record["kind"] == "change":
                refs = ", ".join(tags.get(record["id"], []))
                fields = (record["id"], " ".join(record.get("parents", [])), str(record["committed_at"]), refs, "x\n")
                log += "".join(field + "\0" for field in fields).encode() + b"\n"
        self.assertGreater(len(tags), 10)
        for words in REPORTS:
            got = harness.dora(*words, "-q", "--from", "git", "--project", "curl", "-", stdin=log + dates)
            want = harness.dora(*words, "-q", normal)
            self.assertEqual(got.returncode, 0, got.stderr)
            self.assertEqual(got.stdout, want.stdout)

    def test_three_years(self) -> None:
        self.compare(harness.SOURCE / "tests/data/curl/curl-history.ndjson")

    def test_longer(self) -> None:
        normal = harness.SHARED / "data/curl-history.ndjson"
        if not normal.is_file():
            self.skipTest("no data in the shared material (DORA_SHARED)")
        self.compare(normal)


if __name__ == "__main__":
    unittest.main()

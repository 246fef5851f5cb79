# SPDX-License-Identifier: MIT
"""DevLake's tables: what each states; changes and incidents go to the deployments that DevLake gives them to."""

from __future__ import annotations

import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness

FOLDER = harness.SOURCE / "tests/data/sources/devlake"
OPTIONS = ("--from", "devlake", "--project", "p")


def run(verb: str, *words: str | pathlib.Path, stdin: bytes = b"") -> list[dict[str, Any]]:
    done = harness.dora(verb, *OPTIONS, *words, stdin=stdin)
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(name: str) -> list[dict[str, Any]]:
    return run("convert", FOLDER / f"{name}.csv")


class DevLake(unittest.TestCase):
    def test_tables(self) -> None:
        """Each row of a table states so many facts of each kind."""
        expected = {
            "cicd_deployment_commits": {"deployment": 7, "change": 6},  # one failed
            "cicd_deployments": {"deployment": 2},
            "commits": {"change": 1},
            "commits_diffs": {"change": 3},
            "commit_parents": {"change": 3},
            "pull_requests": {"change": 10},
            "pull_request_commits": {"change": 6},
            "incidents": {"incident": 3},
            "issues": {"incident": 1},
            "project_mapping": {"service": 2},
        }
        self.assertEqual({path.stem for path in FOLDER.glob("*.csv")}, set(expected))
        for name, kinds in expected.items():
            found = [fact["kind"] for fact in table(name)]
            self.assertEqual({kind: found.count(kind) for kind in set(found)}, kinds, name)

    def test_deployments(self) -> None:
        deployments = {fact["id"]: fact for fact in table("cicd_deployment_commits") if fact["kind"] == "deployment"}
        self.assertEqual(
            deployments["devlake:d1"],
            {
                "kind": "deployment",
                "id": "devlake:d1",
                "as_of": "2023-04-07T05:00:00Z",
                "service": "p",
                "environment": "PRODUCTION",
                "status": "success",
                "started_at": "2023-04-07T04:52:00Z",
                "finished_at": "2023-04-07T05:00:00Z",
                "sha": "devlake:head:d1",
            },
        )
        self.assertNotIn("started_at", deployments["devlake:d2"])  # NULL
        self.assertEqual(
            [fact["status"] for fact in deployments.values()],
            ["success", "success", "success", "failure", "in_progress", "success"],
        )
        self.assertEqual(deployments["devlake:d6"]["environment"], "unclassified")
        self.assertEqual([fact["status"] for fact in table("cicd_deployments")], ["success", "canceled"])

    def test_links(self) -> None:
        files = [path for path in sorted(FOLDER.glob("*.csv")) if path.stem != "commits"]
        (account,) = run("check", "--format", "json", *files)
        self.assertEqual(account["rejected"], 0)
        self.assertEqual((account["items"], account["silent_items"]), (34, 2))  # a bug, an open pull request
        facts = account["facts"]
        self.assertEqual(
            facts["deployment"],
            {"counted": 2, "failed_attempt": 1, "canceled": 1, "in_progress": 1, "not_production": 2},
        )
        self.assertEqual(facts["change"]["counted"], 3)  # pr1, pr2, and pr5 of the other repository
        self.assertEqual(facts["incident"], {"by_time": 1, "unattributed": 2})
        (row,) = run("report", "--format", "ndjson", "--period", "all", "--attribution", "none", *files)
        # Deployed with d2: pr1 from its first commit, 48 h before; pr2 24 h; pr5 1 h.
        self.assertEqual((row["change_lead_time_n"], row["change_lead_time_mean"]), (3, 73 * 3600 / 3))
        self.assertEqual(row["change_lead_time_p50"], 24 * 3600)
        # i2 is of d1; i3, which is still open, of d2.
        self.assertEqual((row["failed_deployments"], row["open_failures"]), (2, 1))
        self.assertEqual(row["failed_deployment_recovery_time_p50"], 28 * 3600)

    def test_scopes_of_one_project(self) -> None:
        files = [FOLDER / f"{name}.csv" for name in ("cicd_deployments", "pull_requests", "incidents")]
        for scopes, expected in (
            ("cicd1,repo1,board1", {"deployment": 2, "change": 8, "incident": 3}),
            ("cicd*", {"deployment": 2}),
            ("repo2", {"change": 2}),
        ):
            found = [fact["kind"] for fact in run("convert", "--set", f"scopes={scopes}", *files)]
            self.assertEqual({kind: found.count(kind) for kind in set(found)}, expected)

    def test_scopes_of_project_mapping(self) -> None:
        """The line that docs/sources.md has for it, with quotes, line ends of both kinds, and other projects."""
        (line,) = re.findall(r"--set scopes=\$\((.*)\)$", (harness.SOURCE / "docs/sources.md").read_text("utf-8"), re.M)
        rows = (
            'project_name,table,row_id\nshop,cicd_scopes,cicd1\n"shop",repos,"repo1"\r\n'
            "shop2,repos,repo2\nshop,boards,b:1"
        )
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "project_mapping.csv").write_text(rows, encoding="utf-8", newline="")
            done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, check=True, timeout=60)
        self.assertEqual(done.stdout, b"cicd1,repo1,b:1\n")

    def test_without_differences(self) -> None:
        """commit_parents alone says the same as commits_diffs."""
        rows = b"commit_sha,parent_commit_sha\nc1,c0\nm1,c1\nx1,m1\nc2,x1\n"
        files = [
            FOLDER / f"{name}.csv" for name in ("cicd_deployment_commits", "pull_requests", "pull_request_commits")
        ]
        (row,) = run("report", "--format", "ndjson", "--period", "all", "-", *files, stdin=rows)
        self.assertEqual((row["change_lead_time_n"], row["change_lead_time_p50"]), (3, 24 * 3600))

    def test_another_table(self) -> None:
        done = harness.dora("check", "--from", "devlake", "-", stdin=b"a,b\n1,2\n")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"no column of the CSV header is one that the source reads", done.stderr)

    def test_columns_in_another_order(self) -> None:
        rows = b'commit_sha;"new_commit_sha"\r\na;b\r\n\r\n"c";"d"\r\n'
        facts = run("convert", "-", stdin=rows)
        self.assertEqual([(fact["id"], fact["parents"]) for fact in facts], [("b", ["a"]), ("d", ["c"])])

    def test_published_layout(self) -> None:
        """Tables with fewer columns, as DevLake's own tests have them: pipelines for deployments, durations for ends,
        no resolution_date, an empty old_commit_sha; known by their shape, with the scopes of one project."""
        tables = {
            "cicd_deployment_commits": (
                "id,result,started_date,duration_sec,cicd_pipeline_id,cicd_scope_id,repo_url,environment,"
                "prev_success_deployment_commit_id,_raw_data_remark,commit_sha,created_date\n"
                "1,SUCCESS,2023-05-01T06:00:00.000+00:00,60,p1,s1,A,PRODUCTION,,first,h1,2023-5-1 6:00:00\n"
                "2,FAILURE,2023-05-03T07:00:00.000+00:00,60,p2,s2,B,PRODUCTION,,,h2,2023-5-3 7:00:00\n"
                "4,SUCCESS,2023-05-03T07:20:00.000+00:00,90,p2,s2,A,PRODUCTION,1,,h4,2023-5-3 7:20:00\n"
                "3,SUCCESS,2023-05-03T07:10:00.000+00:00,60,p2,s2,B,PRODUCTION,,,h3,2023-5-3 7:10:00\n"
                "5,SUCCESS,2023-05-04T07:10:00.000+00:00,60,p3,s1,A,STAGING,4,,h5,2023-5-4 7:10:00\n"
                "6,SUCCESS,2023-05-04T08:10:00.000+00:00,60,p4,s3,C,PRODUCTION,,,h6,2023-5-4 8:10:00\n"
                "7,SUCCESS,2023-05-04T09:10:00.000+00:00,60,p5,s1,A,,,,h7,2023-5-4 9:10:00"
            ),
            "commits_diffs": "old_commit_sha,new_commit_sha,commit_sha\nh1,h4,m1\n,h2,m2\n,h3,m3\nh4,h5,m4",
            "project_mapping": "project_name,table,row_id\nx,cicd_scopes,s1\nx,cicd_scopes,s2\nx,repos,r1\ny,repos,r9",
            "pull_requests": (
                "id,base_repo_id,author_id,merge_commit_sha,created_date,merged_date,_raw_data_remark\n"
                "a1,r1,z,m1,2023-5-2 4:51:47,2023-5-2 5:51:47,\na2,r1,z,m2,2023-5-2 4:51:47,2023-5-2 5:51:47,\n"
                "a3,r1,,m3,2023-5-2 4:51:47,2023-5-2 5:51:47,\na4,r1,,m4,2023-5-2 4:51:47,2023-5-2 5:51:47,\n"
                "a5,r1,,m5,2023-5-2 4:51:47,,\na6,r9,,m3,2023-5-2 4:51:47,2023-5-2 5:51:47,"
            ),
            "pull_request_commits": (
                "commit_sha,pull_request_id,commit_authored_date,_raw_data_remark\n"
                "f2,a1,2023-5-2 2:51:47,\nf1,a1,2023-5-1 7:20:00,\nf3,a3,2023-5-3 3:20:00,\nf4,a4,2023-5-1 7:2:03,\n"
                "f0,a0,2023-5-1 7:2:03,"
            ),
            "pull_request_comments": "id,pull_request_id,created_date,account_id\nc1,a1,2023-5-2 4:51:47,z",
            "incidents": (
                "id,created_date,updated_date,table,scope_id\n"
                "i1,2023-05-02 08:00:00,2023-05-02 09:00:00,repos,r1\ni2,2023-05-03 08:00:00,,repos,r1\n"
                "i3,2023-05-03 08:00:00,,repos,r9\ni4,2023-04-03 08:00:00,,repos,r1\n"
            ),
        }
        with tempfile.TemporaryDirectory() as name:
            for stem, text in tables.items():
                (pathlib.Path(name) / f"{stem}.csv").write_text(text, encoding="utf-8", newline="")
            files = [pathlib.Path(name) / f"{stem}.csv" for stem in tables]
            # The order of files does not matter; but for the comments each is known by its columns.
            for words in (files, files[::-1]):
                options = ("--project", "x", "--set", "scopes=s1,s2,r1")
                done = harness.dora("check", "--format", "json", "--from", "devlake", *options, *words)
                (account,) = map(json.loads, done.stdout.splitlines())
                self.assertEqual(account["rejected"], 0)
                self.assertEqual(account["facts"]["deployment"], {"counted": 2, "not_production": 2})
                self.assertEqual(account["facts"]["incident"], {"by_time": 2, "unattributed": 1})
                self.assertEqual(account["facts"]["change"]["counted"], 2)  # a1 and a3; a2 failed, a4 is in staging
            told = [path for path in files if path.stem != "pull_request_comments"]
            done = harness.dora("check", *options, *told)
            self.assertEqual(done.stderr.count(b": read as devlake"), len(told))
            done = harness.dora("report", "-q", "--format", "ndjson", "--period", "all", *options, *told)
            (row,) = map(json.loads, done.stdout.splitlines())
            # Both with the last row of p2, 07:21:30: a1 from 1 May 07:20:00, a3 from 3 May 03:20:00.
            self.assertEqual((row["change_lead_time_n"], row["failed_deployments"]), (2, 2))
            self.assertEqual(row["change_lead_time_mean"], (2 * 86400 + 90 + 4 * 3600 + 90) / 2)
            self.assertEqual(row["deployment_duration_n"], 2)


class Cells(unittest.TestCase):
    """JSON in the cells of CSV."""

    def convert(self, mapping: str, rows: bytes) -> list[dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "own.map"
            file.write_text(mapping, encoding="utf-8")
            done = harness.dora("convert", "--mapping", file, "-", stdin=rows)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_entered(self) -> None:
        rows = b'id,more\n1,"{""a"":[{""b"":""x\\u00e9\\""y""},2],""c"":null}"\n2,{broken\n3,"[{""b"":1}]"\n4,\n'
        facts = self.convert("fact deployment\nid = id\nversion = more.a[0].b | more[0].b\n", rows)
        self.assertEqual([fact.get("version") for fact in facts], ['xé"y', None, "1", None])

    def test_answers_in_a_table(self) -> None:
        """The object in the column `data` is the item; its text is unescaped beside that of the cells."""
        rows = "params,data\n" + "".join(
            '"{""p"":""q""}","{""n"":""\\u00e9'
            + str(i)
            + '\\""\\/"",""when"":""2024-01-0'
            + str(i)
            + '"",""z"":""\\t""}"\n'
            for i in range(1, 4)
        )
        facts = self.convert("fact deployment\nid = n z\nfinished_at = when\n", rows.encode())
        self.assertEqual([fact["id"] for fact in facts], [f'é{i}"/\t' for i in range(1, 4)])

    def test_jenkins_sample(self) -> None:
        sample = harness.SHARED / "samples/jenkins/_raw_jenkins_api_builds.csv"
        if not sample.is_file():
            self.skipTest("no samples in the shared material (DORA_SHARED)")
        with sample.open(encoding="utf-8", newline="") as file:
            builds = [json.loads(row["data"]) for row in csv.DictReader(file)]
        expected = {
            f"jenkins:p:{build['fullDisplayName'].split(' #')[0]}:{build['number']}"
            for build in builds
            if build["result"] not in ("NOT_BUILT", "NOT_BUILD")
        }
        done = harness.dora("convert", "--from", "jenkins", "--project", "p", sample)
        found = {json.loads(line)["id"] for line in done.stdout.splitlines()}
        self.assertTrue(found and found <= expected, (found, expected))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT
"""Exports of tools: what the fixtures of each source state, and the samples of the tools' own documentation."""

import csv
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["DORA_SOURCE"])
SHARED = pathlib.Path(os.environ.get("DORA_SHARED", SOURCE.parent / "shared")) / "samples"
DATA = SOURCE / "tests" / "data" / "sources"
EXPECTED = "expected.ndjson"
failures = 0


def convert(source: str, files: list[pathlib.Path], *options: str) -> tuple[int, str, str]:
    """What `dora convert` writes of the files."""
    command = [
        os.environ["DORA"],
        "convert",
        "--quiet",
        "--from",
        source,
        "--project",
        "o/r",
        *options,
        *map(str, files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def check(name: str, got: object, expected: object) -> None:
    """Counts and says what differs."""
    global failures
    if got != expected:
        failures += 1
        print(f"{name}:\n  got      {got}\n  expected {expected}")


def fixtures() -> None:
    """The fixtures of each source against what they state, whole and without their ends."""
    for folder in sorted(path.parent for path in DATA.glob("*/" + EXPECTED)):
        files = sorted(path for path in folder.iterdir() if path.name != EXPECTED)
        code, out, errors = convert(folder.name, files)
        check(folder.name, (code, errors), (0, ""))
        expected = (folder / EXPECTED).read_text(encoding="utf-8").splitlines()
        for number, (got, line) in enumerate(zip(out.splitlines(), expected, strict=False), 1):
            check(f"{folder.name}, fact {number}", got, line)
        check(f"{folder.name}, facts", out.count("\n"), len(expected))


def conversions() -> None:
    """What is converted reports what the exports do, to the byte, by either format."""
    words = [os.environ["DORA"], "report", "-q", "--by", "service", "--period", "month", "--format", "ndjson"]
    for folder in sorted(path for path in DATA.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.iterdir() if path.name != EXPECTED)
        command = [*words, "--from", folder.name, "--project", "o/r", *map(str, files)]
        direct = subprocess.run(command, capture_output=True, check=False, timeout=60)
        with tempfile.TemporaryDirectory() as name:
            for form in ("ndjson", "csv"):
                out = str(pathlib.Path(name) / f"facts.{form}")
                convert(folder.name, files, "--format", form, "-o", out)
                done = subprocess.run([*words, out], capture_output=True, check=False, timeout=60)
                check(f"{folder.name}, {form}", (done.returncode, done.stdout), (direct.returncode, direct.stdout))
        check(f"{folder.name}, rows", direct.returncode, 0)


def parameters() -> None:
    """Words that are given stand for those of the mapping, by --from and by shape; unknown names are refused."""
    lists = [DATA / "github" / "lists.json"]
    for source in ("github", "auto"):
        _, out, _ = convert(source, lists, "--set", "incident_labels=x,BU*", "--set", "workflows=deploy")
        ids = {fact["id"] for fact in map(json.loads, out.splitlines()) if fact["kind"] in ("incident", "deployment")}
        check(f"set, {source}", ids, {"github:o/r:7", "github:o/r:9", "github:o/r:run:5"})
    _, out, _ = convert("github", lists, "--set", "incident_labels=/^b.g$/")
    check("set, regular expression", [line for line in out.splitlines() if "incident" in line][0].count(":7"), 1)
    for source, words in (("gitlab", "stag*,prod*"), ("octopus", "Environments-1,/^Prod/"), ("azure-devops", "prod*")):
        files = sorted(path for path in (DATA / source).iterdir() if path.name != EXPECTED)
        _, out, _ = convert(source, files, "--set", f"production={words}")
        environments = {fact.get("environment", "production") for fact in map(json.loads, out.splitlines())}
        check(f"set production, {source}", environments, {"production"})
    code, _, errors = convert("github", lists, "--set", "jobs=x")
    _, _, all_names = convert("auto", lists, "--set", "none=x")
    check("set, named once", all_names.count("production"), 1)
    check("set, option", "--set: no parameter" in errors, True)
    check("set, unknown", (code, "'jobs'; there are: production, incident_labels, workflows" in errors), (2, True))
    check("set, of another source", convert("auto", lists, "--set", "jobs=x")[0], 0)
    for bad in ("none=x", "jobs", "jobs=", "=x", "jobs=x;y"):
        check(f"set, {bad}", convert("auto", lists, "--set", bad)[0], 2)


def labels() -> None:
    """Names in lists may have spaces, of which none divides them."""
    issue: dict[str, object] = {
        "number": 1,
        "repository_url": "u",
        "labels_url": "u",
        "created_at": "2024-01-01T00:00:00Z",
    }
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "issues.json"
        named = ["production outage", "outage", "outage drill"]
        issues = [issue | {"number": n, "labels": [{"name": "x y"}, {"name": name}]} for n, name in enumerate(named)]
        path.write_text(json.dumps(issues), encoding="utf-8")
        for words, numbers in (("production outage", [0]), ("outage", [1]), ("*outage", [0, 1]), ("x y", [0, 1, 2])):
            _, out, _ = convert("github", [path], "--set", f"incident_labels={words}")
            got = [fact["id"] for fact in map(json.loads, out.splitlines())]
            check(f"labels {words}", got, [f"github:o/r:{number}" for number in numbers])


def which_incidents() -> None:
    """Incidents by type, label and priority, each with its option."""
    pagerduty, opsgenie, jira = "pagerduty:P1 P2 P3 P4", "opsgenie:o1 o2 o3", "jira:OPS-1 OPS-2"
    cases = [
        ("jira", [], jira),
        ("jira", ["incident_types=bug"], "jira:WEB-3 WEB-4"),
        ("jira", ["incident_priorities=Highest,High"], "jira:OPS-1"),
        ("jira", ["incident_labels=x"], "jira:"),
        ("opsgenie", [], opsgenie),
        ("opsgenie", ["incident_priorities=P1,P2"], "opsgenie:o1"),
        ("pagerduty", [], pagerduty),
        ("pagerduty", ["incident_priorities=P*,high"], "pagerduty:P1 P3 P4"),
        ("statuspage", ["incident_priorities=m*"], "statuspage:s1"),
        ("azure-devops", ["incident_priorities=2*"], "azure-devops:o/r:7"),
        ("azure-devops", ["incident_types=bug"], "azure-devops:o/r:8"),
        ("gitlab", ["incident_labels=in*"], "gitlab:o/r:issue:20 21"),
    ]
    for source, words, expected in cases:
        files = sorted(path for path in (DATA / source).iterdir() if path.name != EXPECTED)
        _, out, _ = convert(source, files, *(option for word in words for option in ("--set", word)))
        stated = {fact["id"] for fact in map(json.loads, out.splitlines()) if fact["kind"] == "incident"}
        first, *others = expected.split()
        front = first[: first.rindex(":") + 1]
        check(f"{source} {words}", stated, {front + name for name in [first[len(front) :], *others] if name})


def no_deployments() -> None:
    """What skipped, dry and allowed-to-fail runs of jobs are, by default and where told otherwise."""
    cases = [
        ("gitlab", "rest.json", "allowed_to_fail=-", {"gitlab:o/r:47", "gitlab:o/r:48"}, set()),
        ("gitlab", "rest.json", "allowed_to_fail=true:*", set(), {"gitlab:o/r:47", "gitlab:o/r:48"}),
        ("jenkins", "builds.json", "dry_runs=-", {"jenkins:o/r:7"}, set()),
        ("jenkins", "builds.json", "jobs=x", set(), {"jenkins:o/r:7", "jenkins:o/r:shop » deploy:1"}),
        ("github", "lists.json", "workflows=*", {"github:o/r:run:5"}, {"github:o/r:run:6", "github:o/r:run:10"}),
    ]
    for source, name, words, there, absent in cases:
        _, out, _ = convert(source, [DATA / source / name], "--set", words)
        stated = {fact["id"] for fact in map(json.loads, out.splitlines()) if fact["kind"] == "deployment"}
        check(f"{source} {words}", (there - stated, absent & stated), (set(), set()))
    for words, environment in (("-", "production"), ("/^dep/", "dep"), ("x,DEP*", "deploy:dry-run")):
        _, out, _ = convert("github", [DATA / "github" / "deployments.json"], "--set", f"dry_runs={words}")
        check(f"dry_runs={words}", json.loads(out.splitlines()[3])["environment"], environment)


def run_again() -> None:
    """The first success of a workflow run is its end, whatever came before and after, in any order and shape."""
    runs = [
        ("failure", "2024-01-01T10:00:00Z", "2024-01-01T10:01:00Z"),
        ("success", "2024-01-02T10:00:00Z", "2024-01-02T10:02:00Z"),
        ("success", "2024-01-03T10:00:00Z", "2024-01-03T10:04:00Z"),
        ("failure", "2024-01-04T10:00:00Z", "2024-01-04T10:08:00Z"),
    ]
    rest: list[dict[str, object]] = [
        {"id": 5, "name": "deploy", "run_number": 1, "run_attempt": n, "conclusion": conclusion}
        | {"run_started_at": begin, "updated_at": end, "repository": {"full_name": "o/r"}}
        for n, (conclusion, begin, end) in enumerate(runs, 1)
    ]
    hooks: list[dict[str, object]] = [{"workflow_run": run, "repository": {"full_name": "o/r"}} for run in rest]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "runs.json"
        for items in (rest, hooks):
            for order in (items, items[::-1], items[1:] + items[:1]):
                path.write_text(json.dumps(order), encoding="utf-8")
                command = [os.environ["DORA"], "report", "-q", "--from", "github", "--set", "workflows=deploy"]
                command += ["--period", "all", "--format", "ndjson", str(path)]
                row = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
                got = (row["deployments"], row["deployment_attempts"], row["deployment_duration_mean"])
                check("run again", (*got, row["window_start"]), (1, 1, 120, "2024-01-02"))


def squash_merges() -> None:
    """A squashed request begins with the first of its commits, in each shape, whatever stands before or after it."""
    sha, begin, merged = "a" * 40, "2024-01-02T08:00:00Z", "2024-01-04T08:00:00Z"
    dates = ["2024-01-03T08:00:00Z", begin]
    base: dict[str, object] = {
        "number": 1,
        "createdAt": "2024-01-03T09:00:00Z",
        "mergedAt": merged,
        "mergeCommit": {"oid": sha},
    }
    listed = base | {"baseRefName": "main", "commits": [{"oid": "x", "authoredDate": at} for at in dates]}
    nodes = base | {"baseRefName": "main", "commits": {"nodes": [{"commit": {"authoredDate": at}} for at in dates]}}
    rest: dict[str, object] = {
        "number": 1,
        "created_at": "2024-01-03T09:00:00Z",
        "merged_at": merged,
        "merge_commit_sha": sha,
    }
    rest |= {"head": {"ref": "f"}, "base": {"ref": "main", "repo": {"full_name": "o/r"}}}
    rest |= {"commits": [{"sha": "x", "commit": {"author": {"date": at}}} for at in dates]}
    log = {"sha": sha, "node_id": "n", "commit": {"committer": {"date": merged}}, "parents": []}
    request: dict[str, object] = {
        "iid": 1,
        "state": "merged",
        "target_branch": "main",
        "created_at": merged,
        "merged_at": merged,
    }
    request |= {"merge_commit_sha": None, "squash_commit_sha": sha, "commits": [{"authored_date": at} for at in dates]}
    commit = {"id": sha, "committed_date": merged, "parent_ids": []}
    cases = [
        ("github", [listed], log),
        ("github", {"data": {"repository": {"pullRequests": {"nodes": [nodes]}}}}, log),
        ("github", [rest], log),
        ("gitlab", [request], commit),
    ]
    deployment = {"kind": "deployment", "service": "o/r", "environment": "production", "finished_at": merged}
    history = {"kind": "change", "id": sha, "parents": ["b" * 40]}
    baseline = deployment | {"id": "d0", "sha": "b" * 40, "finished_at": "2024-01-01T00:00:00Z"}
    others = [history, baseline, {"kind": "change", "id": "b" * 40}, deployment | {"id": "d1", "sha": sha}]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        normal = folder / "normal.ndjson"
        normal.write_text("".join(json.dumps(fact) + "\n" for fact in others), encoding="utf-8")
        for number, (source, requests, logged) in enumerate(cases):
            (folder / "pulls.json").write_text(json.dumps(requests), encoding="utf-8")
            (folder / "log.json").write_text(json.dumps([logged]), encoding="utf-8")
            for words, seconds in (
                (["--set", "squash_merges=ma*"], 172800),
                (["--set", "squash_merges=-"], 0),
                ([], 172800),
            ):
                for files in (["pulls.json", "log.json"], ["log.json", "pulls.json"]):
                    command = [os.environ["DORA"], "report", "-q", "--project", "o/r", "--format", "ndjson"]
                    command += ["--period", "all", *words, str(normal), *(str(folder / file) for file in files)]
                    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
                    row = json.loads(done.stdout)
                    got = (row["change_lead_time_n"], row["change_lead_time_mean"])
                    check(f"squash, {source} {number} {words} {files}", got, (1, seconds))


def tag_services() -> None:
    """Several services in one repository, each by the group of an expression in its tags; others are the project."""
    at = "2024-01-02T08:00:00Z"
    tags = ["payments/v1.2.3", "team/web@2.0.1", "v7.1"]
    sha = "a" * 40
    github: list[dict[str, object]] = [{"tag_name": tag, "upload_url": "u", "published_at": at} for tag in tags]
    github += [{"id": 1, "statuses_url": "u", "sha": sha, "environment": "production", "ref": tag} for tag in tags]
    gitlab = [{"tag_name": tag, "released_at": at} for tag in tags]
    log = f"{sha}\0\x001704182400\0" + ", ".join(f"tag: refs/tags/{tag}" for tag in tags) + "\0\0\n"
    exports = {"github": json.dumps(github), "gitlab": json.dumps(gitlab), "git": log}
    named = ["payments", "team/web", "o/r"]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "export"
        for source, text in exports.items():
            path.write_text(text, encoding="utf-8")
            for take in (source, "auto"):
                for words, expected in (("/^(.+)[/@]v?[0-9]/", named), ("/x/", ["o/r"] * 3), (None, ["o/r"] * 3)):
                    _, out, _ = convert(take, [path], *(["--set", f"tag_services={words}"] if words else []))
                    facts = [fact for fact in map(json.loads, out.splitlines()) if fact["kind"] != "change"]
                    got = [
                        [fact["service"] for fact in facts if fact["kind"] == kind]
                        for kind in ("release", "deployment")
                    ]
                    check(f"tag_services, {take} {words}", got, [expected, [] if source == "gitlab" else expected])
        for words, status in (("payments*", 2), ("/(/", 2), ("/^(a|b)+/,/c/", 0)):
            for source in ("git", "github", "auto"):
                check(
                    f"{words}, {source}",
                    convert(source, [path], "--set", f"tag_services={words}")[0]
                    in (status, 3 if source == "github" else status),
                    True,
                )


def functions() -> None:
    """What a mapping of one's own finds by match, and seconds added to an instant."""
    cases = [
        ("match(p, /^r-([0-9]+)$/)", "r-12", "12"),
        ("match(p, /[0-9]+/)", "r-12-13", "12"),
        ("lower(match(p, /A(B)?/))", "xA", "a"),
        ('match(last(p), /(a b|c)/) "!" | "none"', "c/x", "none"),
        ('match(last(p), /(a b|c)/) "!" | "none"', "c/a b", "a b!"),
        ("match(p, $word)", "three", "ree"),
        ("match(p, $word)", "PLAIN", "PLAIN"),
        ('match(p, $word) | "none"', "plainer", "none"),
    ]
    with tempfile.TemporaryDirectory() as name:
        mapping, path = pathlib.Path(name) / "own.map", pathlib.Path(name) / "own.json"
        for expression, text, expected in cases:
            mapping.write_text(
                f"parameter word = plain /^tw(o)/ /^th(.+)/\nfact deployment\nid = {expression}\n"
                "finished_at = begin + seconds\n",
                encoding="utf-8",
            )
            for begin, seconds, end in (
                ("2024-1-2 3:04:05", "60", "2024-01-02T03:05:05Z"),
                ("2024-01-02T03:04:05.5+01:00", 90.7, "2024-01-02T02:05:35.5Z"),
                (1704164645000, 1500, "2024-01-02T03:04:06.5Z"),
                (0, 1500, None),
                ("1970-01-01T00:00:00.000Z", 60, None),
                ("0001-01-01T00:00:00", 60, None),
                ("2024-01-02", "-1", None),
                ("soon", 1, None),
                ("2024-01-02", 999999999999999, None),
            ):
                path.write_text(json.dumps({"p": text, "begin": begin, "seconds": seconds}), encoding="utf-8")
                command = [os.environ["DORA"], "convert", "--mapping", str(mapping), str(path)]
                done = subprocess.run(
                    command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60
                )
                fact = json.loads(done.stdout)
                check(f"{expression}, {begin}", (fact["id"], fact.get("finished_at")), (expected, end))
        for wrong in ("match(p)", "match(p, x)", "match(, /a/)", "match(p, $none)", "match(p, /(/)"):
            mapping.write_text(f"fact deployment\nid = {wrong}\n", encoding="utf-8")
            command = [os.environ["DORA"], "convert", "--mapping", str(mapping), str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            check(wrong, (done.returncode, "line 2" in done.stderr), (2, True))


def events_raw() -> None:
    """The webhooks that Four Keys keeps as text state what they do by themselves, from CSV and from JSON."""
    for source in ("github", "gitlab", "pagerduty"):
        path = DATA / source / ("incidents.json" if source == "pagerduty" else "webhooks.json")
        text = path.read_text(encoding="utf-8")
        decoder, at = json.JSONDecoder(), 0
        events: list[object] = []
        while text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            event, at = decoder.raw_decode(text, at)
            events += event if isinstance(event, list) else event.get("incidents", [event])
        rows = [
            {"event_type": "x", "id": "1", "metadata": json.dumps(event), "time_created": "t", "source": source}
            for event in events
        ]
        with tempfile.TemporaryDirectory() as folder:
            bare, table, cells = (pathlib.Path(folder) / name for name in ("bare.json", "rows.json", "rows.csv"))
            bare.write_text(json.dumps(events), encoding="utf-8")
            table.write_text(json.dumps(rows), encoding="utf-8")
            with cells.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)
            expected = convert(source, [bare])
            check(f"events_raw, {source}", expected[0] == 0 and expected[1].count("\n") > 0, True)
            for path in (table, cells):
                for take in (source, "auto"):
                    check(f"events_raw, {take} {source}, {path.suffix}", convert(take, [path]), expected)


def load(path: pathlib.Path) -> object:
    """The JSON of a sample, with or without a byte-order mark."""
    return json.loads(path.read_text(encoding="utf-8-sig"))


def facts(source: str, files: list[pathlib.Path], kind: str) -> list[dict[str, object]]:
    """The facts of that kind that the files state."""
    code, out, _ = convert(source, files)
    check(f"{source}, samples", code, 0)
    return [fact for fact in map(json.loads, out.splitlines()) if fact["kind"] == kind]


def same_instants(name: str, got: list[object], expected: list[str]) -> None:
    """Instants to the second, which both spell the same way."""
    check(name, sorted(str(at)[:19] for at in got), sorted(at[:19] for at in expected))


def by_shape() -> None:
    """Each fixture, and each sample that states something, is taken by its shape for what it is."""
    files = [(path.parent.name, path) for path in sorted(DATA.glob("*/*")) if path.name != EXPECTED]
    told = 0
    for folder in ("cdevents", "github", "gitlab", "launchdarkly", "octopus"):
        files += [(folder, path) for path in sorted((SHARED / folder).glob("**/*.json"))]
    for source, path in files:
        expected = convert(source, [path])
        if expected[0] == 0 and expected[1]:
            check(f"{path}, by its shape", convert("auto", [path]), expected)
            told += 1
    items = {  # the first of an export need not have all values
        "gitlab": {"id": 5, "iid": 1, "status": "success", "environment": {"name": "production"}, "deployable": None},
        "github": {
            "number": 1,
            "merge_commit_sha": None,
            "merged_at": None,
            "head": {"ref": "f"},
            "base": {"repo": {"full_name": "o/r"}},
        },
        "fourkeys": {
            "source": "s",
            "incident_id": "i",
            "time_created": "2024-01-02 03:04:05 UTC",
            "time_resolved": None,
        },
    }
    for source, item in items.items():
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "nulls.json"
            path.write_text(json.dumps([item]), encoding="utf-8")
            check(f"nulls, {source}", convert("auto", [path]), convert(source, [path]))
    check("files told by their shape", told > 30, True)


def samples() -> None:
    """Counts and chosen fields of the samples, against the samples themselves."""
    github = sorted((SHARED / "github").glob("*.json"))
    published = [load(path)["release"]["published_at"] for path in github if path.name.startswith("release.")]  # type: ignore[index]
    releases = facts("github", github, "release")
    same_instants("github, releases", [fact["released_at"] for fact in releases], [at for at in published if at])

    webhook = load(SHARED / "gitlab" / "testdata" / "webhooks" / "deployment.json")
    stated = facts("gitlab", [SHARED / "gitlab" / "testdata" / "webhooks" / "deployment.json"], "deployment")
    check("gitlab, hash", stated[0]["sha"], webhook["commit_url"].rsplit("/", 1)[1])  # type: ignore[index]
    check("gitlab, offset", stated[1]["finished_at"], "2021-04-28T19:50:00Z")

    pipeline = SHARED / "gitlab" / "testdata" / "webhooks" / "pipeline.json"
    attributes = load(pipeline)["object_attributes"]  # type: ignore[index]
    _, out, _ = convert("auto", [pipeline], "--set", f"pipeline_refs={attributes['ref']}")
    got = json.loads(out)
    ends = [got["started_at"], got["finished_at"]]
    check("gitlab, pipeline", (got["sha"], got["status"]), (attributes["sha"], attributes["status"]))
    expected = [attributes[name].replace(" UTC", "Z").replace(" ", "T") for name in ("created_at", "finished_at")]
    check("gitlab, pipeline's times", ends, expected)
    check("gitlab, pipelines by default", convert("auto", [pipeline])[1], "")

    release = SHARED / "azure_devops" / "specification" / "release" / "7.1" / "httpExamples" / "deployments"
    interventions = sorted(release.parent.glob("manualInterventions/*.json"))
    stated = facts("azure-devops", interventions, "release")
    check("azure-devops, interventions", (len(interventions) > 1, stated), (True, []))
    listed = release / "GET__ListDeployments.json"
    rows = load(listed)["responses"]["200"]["body"]["value"]  # type: ignore[index]
    taken = [row for row in rows if row["deploymentStatus"] != "notDeployed" or "Failed" in row["operationStatus"]]
    deployments = facts("azure-devops", [listed], "deployment")
    check("azure-devops, deployments", len({fact["id"] for fact in deployments}), len({row["id"] for row in taken}))

    tasks = sorted((SHARED / "octopus").glob("source/**/tasks.*.json"))
    rows = [row for path in tasks for row in load(path)["Items"] if row["Arguments"].get("DeploymentId")]  # type: ignore[index]
    ended = [row["CompletedTime"] for row in rows if row["CompletedTime"]]
    deployments = facts("octopus", tasks, "deployment")
    same_instants("octopus, tasks", [fact["finished_at"] for fact in deployments if "finished_at" in fact], ended)
    check(
        "octopus, successes",
        sum(fact["status"] == "success" for fact in deployments),
        sum(row["State"] == "Success" for row in rows),
    )

    for version in ("v0.4.1", "v0.5.1"):
        events = sorted((SHARED / "cdevents" / version / "conformance").glob("*.json"))
        deployments = facts("cdevents", events, "deployment")
        check(f"cdevents {version}, deployments", sum("finished_at" in fact for fact in deployments), 3)
        check(f"cdevents {version}, rollbacks", sum(fact.get("rework") is True for fact in deployments), 1)
        check(f"cdevents {version}, incidents", len(facts("cdevents", events, "incident")), 3)

    stated = facts("jenkins", [SHARED / "jenkins" / "_raw_jenkins_api_builds.csv"], "deployment")
    with (SHARED / "jenkins" / "_raw_jenkins_api_builds.csv").open(encoding="utf-8", newline="") as file:
        builds = [json.loads(row["data"]) for row in csv.DictReader(file)]
    builds = [build for build in builds if not build.get("building") and build["result"] != "NOT_BUILD"]
    ended = [(build["timestamp"] + build["duration"]) // 1000 for build in builds]
    same_instants(
        "jenkins, ends",
        [fact["finished_at"] for fact in stated],
        [datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat() for at in ended],
    )
    statuses = {"SUCCESS": "success", "UNSTABLE": "success", "FAILURE": "failure", "ABORTED": "canceled"}
    check("jenkins, statuses", [fact["status"] for fact in stated], [statuses[build["result"]] for build in builds])
    hashes = [
        next((a["lastBuiltRevision"]["SHA1"] for a in b["actions"] if a.get("lastBuiltRevision")), None) for b in builds
    ]
    check("jenkins, hashes", [fact.get("sha") for fact in stated], hashes)

    # What Four Keys' parsers are tested with: a row of events_raw each. Rows of its tables come from its schemas.
    for path in sorted((SHARED / "fourkeys").glob("*-parser.*.json")):
        rows = [row for row in load(path).values() if isinstance(row, dict) and "metadata" in row]  # type: ignore[attr-defined]
        tool = {"github": "github", "gitlab": "gitlab", "pagerduty": "pagerduty"}.get(path.name.split("-")[0])
        with tempfile.TemporaryDirectory() as folder:
            table, bare = pathlib.Path(folder) / "events_raw.json", pathlib.Path(folder) / "bare.json"
            table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            bare.write_text("".join(row["metadata"] + "\n" for row in rows), encoding="utf-8")
            check(f"{path.name}", tool is None or convert(tool, [table]) == convert(tool, [bare]), True)
    for name, required in (("deployments", "deploy_id"), ("changes", "change_id"), ("incidents", "incident_id")):
        columns = [column["name"] for column in load(SHARED / "fourkeys" / f"{name}_schema.json")]  # type: ignore[attr-defined]
        check(f"fourkeys, {name}", required in columns, True)
        cells = {column: "2024-01-02 03:04:05 UTC" if "time" in column else "c" * 40 for column in columns}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "table.json"
            path.write_text(json.dumps([cells]), encoding="utf-8")
            check(f"fourkeys, {name}, facts", len(facts("auto", [path], name[:-1])), 1)

    audit = SHARED / "launchdarkly" / "AuditLogEntryListingRepCollection.example.json"
    check("launchdarkly, flags", len(facts("launchdarkly", [audit], "flag")), len(load(audit)["items"]))  # type: ignore[index]


def main() -> int:
    fixtures()
    conversions()
    parameters()
    labels()
    which_incidents()
    no_deployments()
    run_again()
    squash_merges()
    tag_services()
    functions()
    events_raw()
    by_shape()
    if SHARED.is_dir():
        samples()
    else:
        print(f"no samples at {SHARED}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""States at the command line: kept by --state, merged, taken as inputs; what happens when something goes wrong."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import itertools
import json
import os
import pathlib
import pty
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_command import DORA, Case, deployment, history  # noqa: E402

DAYS = range(1, 29)


def nameless(day: int, count: int = 3) -> bytes:
    return ("service,finished_at\n" + f"shop,2024-03-{day:02}\n" * count).encode()


class Kept(Case):
    def setUp(self) -> None:
        super().setUp()
        self.state = str(self.folder / "all.dora")

    def read(self, path: str) -> bytes:
        return pathlib.Path(path).read_bytes()

    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


class States(Kept):
    def test_state_grows_and_reports_over_everything(self) -> None:
        files = [self.file(f"{day}.csv", nameless(day)) for day in (1, 2, 3)]
        for count, file in enumerate(files, start=1):
            self.assertEqual(self.deployments("--state", self.state, file), 3 * count)
        self.assertEqual(self.deployments("--state", self.state), 9)
        self.assertEqual(self.deployments(self.state), 9)
        self.assertEqual(self.left(), ["1.csv", "2.csv", "3.csv", "all.dora"])

    def test_bytes_do_not_depend_on_the_way(self) -> None:
        files = [self.file(f"{day}.csv", nameless(day)) for day in (1, 2, 3)]
        files.append(self.file("ids.ndjson", history()))
        states = set()
        for order in itertools.islice(itertools.permutations(files), 0, 24, 5):
            pathlib.Path(self.state).unlink(missing_ok=True)
            for file in order[:2]:
                self.run_dora("check", "--state", self.state, file)
            self.run_dora("check", "--state", self.state, *order[2:])
            states.add(self.read(self.state))
        merged = str(self.folder / "merged.dora")
        self.run_dora("merge", "-o", merged, *reversed(files))
        states.add(self.read(merged))
        states.add(subprocess.run([DORA, "merge", self.state], capture_output=True, check=True).stdout)
        self.assertEqual(len(states), 1)
        self.assertEqual(self.rows(merged, "--by", "service"), self.rows(*files, "--by", "service"))

    def test_an_input_counts_once(self) -> None:
        first, second = self.file("1.csv", nameless(1)), self.file("2.csv", nameless(2))
        self.run_dora("report", "--state", self.state, first)
        before = self.read(self.state)
        _, errors = self.run_dora("report", "--state", self.state, first)
        self.assertIn("1.csv: read before", errors)
        self.assertEqual(self.read(self.state), before)
        self.assertEqual(self.deployments("--state", self.state, first, second), 6)
        self.run_dora("report", "--strict", "--state", self.state, first, code=3)
        self.assertEqual(self.deployments("--state", self.state, "--again", first), 9)

    def test_states_with_the_same_input(self) -> None:
        shared, other = self.file("1.csv", nameless(1)), self.file("2.csv", nameless(2))
        north, south = str(self.folder / "north.dora"), str(self.folder / "south.dora")
        self.run_dora("merge", "-o", north, shared)
        self.run_dora("merge", "-o", south, shared, other)
        _, errors = self.run_dora("merge", "-o", self.state, north, south, code=3)
        self.assertIn("--again", errors)
        self.assertFalse(pathlib.Path(self.state).exists())
        self.run_dora("merge", "--again", "-o", self.state, north, south)
        self.assertEqual(self.deployments(self.state), 9)
        self.run_dora("merge", "-o", north, north, other)
        self.assertEqual(self.deployments(north), 6)

    def test_states_as_inputs(self) -> None:
        self.run_dora("merge", "-o", self.state, "-", stdin=nameless(1))
        self.assertEqual(self.deployments(stdin=self.read(self.state)), 3)
        self.assertEqual(self.deployments(self.state, self.file("2.csv", nameless(2))), 6)
        output, _ = self.run_dora("check", "--format", "json", self.state)
        self.assertIn('"records":0,"loaded":3,"distinct_facts":3', output)

    def test_compressed(self) -> None:
        packed = self.file("1.csv.gz", gzip.compress(nameless(1)))
        done = subprocess.run([DORA, "merge", "-o", self.state, packed], capture_output=True, timeout=60, check=False)
        if b"built without zlib" in done.stderr:
            self.assertEqual(done.returncode, 4)
            self.skipTest("built without zlib")
        self.assertEqual(self.deployments(self.file("all.dora.gz", gzip.compress(self.read(self.state)))), 3)
        _, errors = self.run_dora("report", "--state", self.state, self.file("1.csv", nameless(1)))
        self.assertIn("read before", errors)

    def test_compressed_with_zstd(self) -> None:
        if not shutil.which("zstd"):
            self.skipTest("no zstd command")

        def compress(data: bytes) -> bytes:
            return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout

        packed = self.file("1.csv.zst", compress(nameless(1)))
        done = subprocess.run([DORA, "merge", "-o", self.state, packed], capture_output=True, timeout=60, check=False)
        if b"built without libzstd" in done.stderr:
            self.assertEqual(done.returncode, 4)
            self.skipTest("built without libzstd")
        state = self.read(self.state)
        self.assertEqual(self.deployments(self.file("all.dora.zst", compress(state))), 3)
        _, errors = self.run_dora("report", "--state", self.state, self.file("1.csv", nameless(1)))
        self.assertIn("read before", errors)
        self.run_dora("check", self.file("cut.dora.zst", compress(state)[:-3]), code=4)
        self.run_dora("check", self.file("half.dora.zst", compress(state[: len(state) // 2])), code=3)

    def test_nothing_is_saved_when_something_failed(self) -> None:
        good, bad = self.file("1.csv", nameless(1)), self.file("bad.ndjson", b"{}\n[]\n")
        self.run_dora("report", "--state", self.state, good)
        before = self.read(self.state)
        self.run_dora("report", "--strict", "--state", self.state, bad, code=3)
        _, errors = self.run_dora(
            "report", "--state", self.state, good, self.file("2.csv", nameless(2)), "none", code=4
        )
        self.assertIn("was not changed", errors)
        self.run_dora("report", "--state", self.state, "--only", "x", good, code=2)
        self.assertEqual(self.read(self.state), before)
        self.run_dora(
            "report", "--state", self.state, "--fail-if", "deployments>1", self.file("3.csv", nameless(3)), code=1
        )
        self.assertNotEqual(self.read(self.state), before)

    def test_bad_states(self) -> None:
        good = self.file("1.csv", nameless(1))
        self.run_dora("report", "--state", self.state, code=4)
        self.run_dora("report", "--state", self.state, good)
        whole = self.read(self.state)
        for content in (b"", b"not a state", whole[:40], whole[:-1], whole + b"x", whole[:60] + b"\xff" + whole[61:]):
            path = self.file("bad.dora", content)
            _, errors = self.run_dora("report", "--state", path, good, code=3)
            self.assertRegex(errors, r"bad\.dora: .* \(byte \d+\)")
            self.assertEqual(self.read(path), content)
        later = self.file("later.dora", whole[:8] + b"\x02" + whole[9:])
        _, errors = self.run_dora("check", later, code=3)
        self.assertIn("format 2.0", errors)

    def test_links_modes_and_folders(self) -> None:
        good = self.file("1.csv", nameless(1))
        self.run_dora("report", "--state", self.state, good)
        os.chmod(self.state, 0o640)
        self.run_dora("report", "--state", self.state, self.file("2.csv", nameless(2)))
        self.assertEqual(os.stat(self.state).st_mode & 0o7777, 0o640)
        link = self.folder / "link.dora"
        link.symlink_to(self.state)
        before = self.read(self.state)
        _, errors = self.run_dora("report", "--state", str(link), self.file("3.csv", nameless(3)), code=4)
        self.assertIn("symbolic link", errors)
        self.assertEqual(self.read(self.state), before)
        self.run_dora("report", "--state", str(self.folder / "none" / "a.dora"), good, code=4)

    def test_file_too_large(self) -> None:
        self.run_dora("report", "--state", self.state, self.file("1.csv", nameless(1)))
        before = self.read(self.state)
        large = self.file("large.ndjson", "".join(deployment(i) for i in range(5000)).encode())
        limited = f"ulimit -f 8; trap '' XFSZ; exec '{DORA}' report -q --state '{self.state}' '{large}'"
        done = subprocess.run(["bash", "-c", limited], capture_output=True, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual(self.read(self.state), before)
        self.assertEqual([name for name in self.left() if "tmp" in name or "lock" in name], [])

    def test_two_jobs_lose_nothing(self) -> None:
        files = [self.file(f"{day}.csv", nameless(day)) for day in DAYS]
        jobs = [
            subprocess.Popen([DORA, "check", "-q", "--state", self.state, file], stdout=subprocess.DEVNULL)
            for file in files
        ]
        self.assertEqual([job.wait(timeout=120) for job in jobs], [0] * len(jobs))
        self.assertEqual(self.deployments(self.state), 3 * len(files))
        self.assertEqual([name for name in self.left() if name.endswith((".lock", ".tmp"))], [])

    def test_killed_at_any_moment(self) -> None:
        self.run_dora("merge", "-o", self.state, self.file("old.csv", nameless(1)))
        old = self.read(self.state)
        new_file = self.file("new.ndjson", "".join(deployment(i) for i in range(3000)).encode())
        new = subprocess.run([DORA, "merge", self.state, new_file], capture_output=True, check=True).stdout
        chance = random.Random(5)
        for _ in range(40):
            pathlib.Path(self.state).write_bytes(old)
            command = [DORA, "check", "-q", "--state", self.state, new_file]
            job = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            time.sleep(chance.random() * 0.03)
            job.send_signal(signal.SIGKILL)
            job.wait()
            self.assertIn(self.read(self.state), (old, new))
        self.run_dora("check", "--state", self.state, new_file)
        self.assertEqual(self.read(self.state), new)

    def test_disk_full(self) -> None:
        disk = self.folder / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            self.skipTest("no small disk can be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(disk)], check=True)
        state = str(disk / "all.dora")
        self.run_dora("check", "--state", state, self.file("1.csv", nameless(1)))
        before = self.read(state)
        names = "".join(deployment(i, service=f"{i}-{random.Random(i).random()}") for i in range(5000))
        _, errors = self.run_dora("check", "--state", state, self.file("large.ndjson", names.encode()), code=4)
        self.assertIn("no space left", errors)
        self.assertEqual(self.read(state), before)
        self.assertEqual([path.name for path in disk.iterdir()], ["all.dora"])

    def test_rejected_records_are_told_once_it_is_known_that_they_are_new(self) -> None:
        bad = self.file("bad.ndjson", deployment(1).encode() + b"[]\n" * 25)
        _, errors = self.run_dora("report", "--state", self.state, bad)
        self.assertEqual(errors.count("bad.ndjson:"), 20)
        self.assertIn("... and 5 more rejected", errors)
        _, errors = self.run_dora("report", "--state", self.state, bad)
        self.assertEqual(errors.count("\n"), 1)
        self.assertIn("bad.ndjson: read before", errors)
        pathlib.Path(self.state).unlink()
        _, errors = self.run_dora("report", "--strict", "--state", self.state, bad, code=3)
        self.assertEqual(errors.count("bad.ndjson:"), 1)
        self.assertIn("bad.ndjson:2: ", errors)
        self.assertEqual(self.left(), ["bad.ndjson"])

    def test_not_changed_is_said(self) -> None:
        bad, first = self.file("bad.ndjson", b"[1]\n"), self.file("1.csv", nameless(1))
        self.run_dora("check", "--state", self.state, first)
        for arguments, code in (([bad, "--strict"], 3), (["none"], 4), ([first, "--strict"], 3), ([self.state], 3)):
            _, errors = self.run_dora("report", "--state", self.state, *arguments, code=code)
            self.assertIn("all.dora' was not changed", errors)
        _, errors = self.run_dora("report", "--state", self.state, "--fail-if", "deployments>1", code=1)
        self.assertNotIn("not changed", errors)

    def test_standard_input(self) -> None:
        first = self.file("1.csv", nameless(1))
        self.assertEqual(self.deployments("--state", self.state, first), 3)
        before, times = self.read(self.state), os.stat(self.state)
        self.assertEqual(self.deployments("--state", self.state, stdin=nameless(2)), 3)
        self.assertEqual((self.read(self.state), os.stat(self.state).st_ino), (before, times.st_ino))
        self.assertEqual(self.deployments("--state", self.state, "-", stdin=nameless(2)), 6)
        _, errors = self.run_dora("report", "--state", self.state, "-", stdin=nameless(2))
        self.assertIn("standard input: read before", errors)

    def test_phases(self) -> None:
        release = b'{"kind":"release","id":"r1","service":"shop","released_at":"2024-03-05"}\n'
        phase = b'{"kind":"phase","release":"r1","name":"build","started_at":"2024-03-01","finished_at":"2024-03-03"}\n'
        files = [self.file("release.ndjson", release), self.file("phase.ndjson", phase)]
        for file in files:
            kept = self.run_dora("phases", "--format", "csv", "--state", self.state, file)[0]
        self.assertEqual(kept, self.run_dora("phases", "--format", "csv", *files)[0])
        self.assertIn("build", kept)

    def test_state_in_pieces(self) -> None:
        self.run_dora("merge", "-o", self.state, self.file("1.csv", nameless(1)))
        state = self.read(self.state)
        whole = self.run_dora("report", self.state)[0]
        for sizes in ((1, 8), (6, 7), (7, 8), (8, 9), (3, len(state) - 1)):
            job = subprocess.Popen([DORA, "report"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
            assert job.stdin and job.stdout
            for begin, end in itertools.pairwise((0, *sizes, len(state))):
                job.stdin.write(state[begin:end])
                time.sleep(0.03)
            job.stdin.close()
            with job.stdout as output:
                self.assertEqual(output.read().decode(), whole)
            self.assertEqual(job.wait(timeout=60), 0)


class Compacted(Kept):
    """What `dora compact` leaves says what it said before, and takes what is new."""

    def setUp(self) -> None:
        super().setUp()
        self.history = self.file("history.ndjson", history(20))
        self.late = self.file("late.ndjson", (deployment(3, version="new") + deployment(26)).encode())
        self.run_dora("merge", "-o", self.state, self.history)

    def report(self, *arguments: str) -> str:
        return self.run_dora("report", "--by", "service", "--period", "day", "--format", "csv", *arguments)[0]

    def compact(self, before: str, *arguments: str, code: int = 0) -> str:
        return self.run_dora("compact", "--before", before, *arguments, code=code)[1]

    def account(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run_dora("check", "--format", "json", *arguments, code=code)[0])
        return told

    def test_in_its_place(self) -> None:
        before, other = self.report(self.state), str(self.folder / "other.dora")
        self.compact("2024-03-15", "-o", other, self.history)
        said = self.compact("2024-03-15", self.state)
        self.assertRegex(said, r"\d+ of 20 facts are forgotten but for their samples")
        self.assertEqual(self.read(self.state), self.read(other))
        self.assertEqual(self.report(self.state), before)
        self.assertEqual(self.left(), ["all.dora", "history.ndjson", "late.ndjson", "other.dora"])
        account = self.account(self.state)
        self.assertEqual((account["compacted_before"], account["distinct_facts"]), ("2024-03-15", 20))
        self.assertGreater(account["forgotten"], 10)
        self.assertIn("forgotten, before 2024-03-15", self.run_dora("check", self.state)[0])
        self.assertNotIn("forgotten", self.run_dora("check", self.history)[0])

    def test_what_comes_later(self) -> None:
        self.compact("2024-03-15", self.state)
        _, errors = self.run_dora("report", "--state", self.state, self.late)
        self.assertIn("late.ndjson:1: too late: its id is of, or was named by, what is forgotten", errors)
        self.assertEqual(self.account("--state", self.state)["distinct_facts"], 21)
        account = self.account(self.state, self.late)
        self.assertEqual((account["rejected"], account["too_late"], account["merged"]), (1, 1, 1))
        self.run_dora("report", "--strict", self.state, self.late, code=3)
        self.compact("2024-03-20", self.state)
        self.assertEqual(self.account(self.state)["compacted_before"], "2024-03-20")

    def test_what_was_read_before_is_not_too_late(self) -> None:
        self.run_dora("report", "--state", self.state, self.late)
        self.compact("2024-03-31", self.state)
        before = self.read(self.state)
        for options, code in (([], 0), (["--quiet"], 0), (["--threads", "2"], 0), (["--strict"], 3)):
            for verb in ("report", "check"):
                _, errors = self.run_dora(verb, *options, "--state", self.state, self.late, code=code)
                lines = [line for line in errors.splitlines() if "not changed" not in line]
                self.assertEqual(lines, [f"dora: {self.late}: read before, passed over; --again counts it again"])
                self.assertEqual(self.read(self.state), before)
        _, errors = self.run_dora("report", "--again", "--state", self.state, self.late)
        self.assertIn("late.ndjson:1: too late", errors)

    def test_merging(self) -> None:
        north, south, all_apart = (str(self.folder / name) for name in ("north.dora", "south.dora", "apart.dora"))
        for name, service in ((north, "north"), (south, "south")):
            lines = [deployment(day, service, id=f"{service}-{day}") for day in range(1, 21)]
            self.compact("2024-03-15", "-o", name, self.file(service + ".ndjson", "".join(lines).encode()))
        self.run_dora("merge", "-o", all_apart, north, south)
        self.assertEqual(
            self.report(all_apart), self.report(*(str(self.folder / f"{part}.ndjson") for part in ("north", "south")))
        )
        self.run_dora("merge", "-o", north, north, north)
        self.assertEqual(self.account(north)["distinct_facts"], 20)
        self.compact("2024-03-16", south)
        self.assertIn("different days", self.run_dora("merge", "-o", all_apart, north, south, code=3)[1])
        self.assertIn("a compacted state comes first", self.run_dora("report", self.history, north, code=3)[1])

    def test_options(self) -> None:
        self.compact("2024-03-15", "--tz", "+02:00", "--production", "live", "--attribution", "none", self.state)
        there = self.report(self.state)
        self.assertEqual(
            self.report("--tz", "+02:00", "--production", "LIVE", "--attribution", "none", self.state), there
        )
        for option in ("--tz=UTC", "--production=prod", "--attribution=1d"):
            self.assertIn("compacted with another", self.run_dora("report", option, self.state, code=2)[1])
        for option in ("--infer-rollbacks", "--changes=time"):
            self.assertIn("cannot be compacted", self.run_dora("report", option, self.state, code=2)[1])

    def test_usage(self) -> None:
        state = self.read(self.state)
        self.assertIn("--before is needed", self.run_dora("compact", self.state, code=2)[1])
        self.assertIn("is no date", self.compact("yesterday", self.state, code=2))
        self.assertIn("-o names the state", self.compact("2024-03-15", self.history, code=2))
        self.assertIn("-o names the state", self.compact("2024-03-15", self.state, self.state, code=2))
        self.assertIn("-o names the state", self.compact("2024-03-15", str(self.folder / "none"), code=2))
        self.assertEqual(self.read(self.state), state)
        self.compact("2024-03-15", self.state)
        self.assertIn("forgotten already", self.compact("2024-03-14", self.state, code=2))
        self.assertIn("cannot be stated", self.run_dora("convert", self.state, code=2)[1])
        self.assertIn("dora compact", self.run_dora("help", "compact")[0])


class Lock(Kept):
    def start(self, *options: str) -> subprocess.Popen[bytes]:
        command = [DORA, "check", "--state", self.state, self.file("1.csv", nameless(1)), *options]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def test_waits_and_says_so(self) -> None:
        for options, word in (((), b"waiting for another dora"), (("-q",), b"")):
            with (self.folder / "all.dora.lock").open("w") as other:
                fcntl.lockf(other, fcntl.LOCK_EX)
                job = self.start(*options)
                with self.assertRaises(subprocess.TimeoutExpired):
                    job.wait(timeout=2)
                self.assertFalse(pathlib.Path(self.state).exists())
                # Whoever is done removes the file first: who waits then has a lock on nothing, and must see it.
                (self.folder / "all.dora.lock").unlink()
            errors = job.communicate(timeout=60)[1]
            self.assertEqual(job.returncode, 0)
            self.assertEqual(errors.count(b"waiting"), 1 if word else 0)
            self.assertIn(word, errors)
            pathlib.Path(self.state).unlink()

    def test_short_wait_without_a_word(self) -> None:
        with (self.folder / "all.dora.lock").open("w") as other:
            fcntl.lockf(other, fcntl.LOCK_EX)
            job = self.start()
            time.sleep(0.2)
        self.assertEqual(job.communicate(timeout=60)[1], b"")
        self.assertEqual(job.returncode, 0)

    def test_what_a_killed_job_left(self) -> None:
        self.file("all.dora.lock", b"")
        self.assertEqual(self.deployments("--state", self.state, self.file("1.csv", nameless(1))), 3)
        self.assertEqual(self.left(), ["1.csv", "all.dora"])

    def test_lock_is_no_link(self) -> None:
        victim = self.file("victim", b"as it was")
        (self.folder / "all.dora.lock").symlink_to(victim)
        _, errors = self.run_dora("check", "--state", self.state, self.file("1.csv", nameless(1)), code=4)
        self.assertIn("cannot lock", errors)
        self.assertEqual(self.read(victim), b"as it was")


class Usage(Case):
    def test_merge_to_a_terminal(self) -> None:
        file = self.file("1.csv", nameless(1))
        main, side = pty.openpty()
        with contextlib.closing(os.fdopen(main, "rb")):
            done = subprocess.run([DORA, "merge", file], stdout=side, stderr=subprocess.PIPE, timeout=60, check=False)
            os.close(side)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"terminal", done.stderr)

    def test_merge(self) -> None:
        self.run_dora("merge", "-o", "x", "--state", "y", code=2)
        self.run_dora("merge", "-o", "x", "--by", "service", code=2)
        self.assertIn("dora merge", self.run_dora("help", "merge")[0])
        self.run_dora("merge", "-o", str(self.folder / "a.dora"), "none", code=4)
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()

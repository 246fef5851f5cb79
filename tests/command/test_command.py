# SPDX-License-Identifier: MIT
"""The dora command as a user meets it: exit codes, messages, files, pipes and terminals.

The binary is $DORA, else build/tools/dora. Numbers are not this file's business, but for the few that conditions need.
"""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import pty
import shlex
import shutil
import signal
import subprocess
import tempfile
import unittest
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
DORA = os.environ.get("DORA") or str(ROOT / "build" / "tools" / "dora")


def deployment(number: int, service: str = "shop", **fields: Any) -> str:
    day = 1 + number % 28
    fact: dict[str, Any] = {
        "kind": "deployment",
        "id": f"{service}-{number}",
        "service": service,
        "finished_at": f"2024-03-{day:02}T12:00:00Z",
        "committed_at": f"2024-03-{day:02}T02:00:00Z",
    }
    return json.dumps(fact | fields) + "\n"


def large_csv() -> bytes:
    """Enough rows to be shared out among threads, with a bad one now and then."""
    lines = [f"{i % 7},{1709251200 + i * 60},x" if i % 999 else "bad" for i in range(200000)]
    return ("service,finished_at,other\n" + "\n".join(lines)).encode()


def history(count: int = 10, failed: int = 2, **fields: Any) -> bytes:
    return "".join(deployment(i, failed=i < failed, **fields) for i in range(count)).encode()


class Case(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def run_dora(
        self, *arguments: str, code: int = 0, stdin: bytes = b"", environment: dict[str, str] | None = None
    ) -> tuple[str, str]:
        """Standard output and error of a run that must end with `code`."""
        done = subprocess.run(
            [DORA, *arguments],
            input=stdin,
            capture_output=True,
            timeout=300,
            check=False,
            env={**os.environ, **(environment or {})},
        )
        errors = done.stderr.decode()
        self.assertEqual(done.returncode, code, f"dora {' '.join(arguments)}: {errors}")
        return done.stdout.decode(), errors

    def rows(self, *arguments: str, code: int = 0, stdin: bytes = b"") -> list[dict[str, object]]:
        output, _ = self.run_dora("report", "--format", "ndjson", *arguments, code=code, stdin=stdin)
        return [json.loads(line) for line in output.splitlines()]

    def deployments(self, *arguments: str, code: int = 0, stdin: bytes = b"") -> int:
        return sum(int(str(row["deployments"])) for row in self.rows(*arguments, code=code, stdin=stdin))


class Texts(Case):
    def test_no_arguments(self) -> None:
        output, errors = self.run_dora(code=2)
        self.assertEqual(output, "")
        self.assertIn("usage: dora report", errors)

    def test_version(self) -> None:
        for argument in ("--version", "version", "-V"):
            self.assertRegex(self.run_dora(argument)[0], r"\Adora \d+\.\d+\.\d+\n\Z")

    def test_help(self) -> None:
        self.assertIn("usage:", self.run_dora("--help")[0])
        self.assertEqual(self.run_dora("help")[0], self.run_dora("-h")[0])
        for verb in ("report", "phases", "check", "tiers"):
            text, errors = self.run_dora("help", verb)
            self.assertEqual(text, self.run_dora(verb, "--help")[0])
            self.assertEqual(errors, "")
            self.assertIn(f"usage: dora {verb}", text)
        self.run_dora("help", "nonsense", code=2)

    def test_help_has_the_parameters_of_a_source(self) -> None:
        text = self.run_dora("help", "circleci")[0]
        self.assertIn("\n  --set 'workflows=*deploy*'\n", text)
        self.assertNotIn("--set '", self.run_dora("help", "cdevents")[0].replace("--set 'production=-'", ""))

    def test_help_is_at_most_100_columns(self) -> None:
        for topic in ("report", "phases", "check", "tiers", "metrics"):
            for line in self.run_dora("help", topic)[0].splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_help_metrics_are_those_of_the_library(self) -> None:
        lines = self.run_dora("help", "metrics")[0].splitlines()
        for name in [line.split()[0] for line in lines if line.startswith("  ")]:
            self.run_dora("report", "--metrics", name)


class Usage(Case):
    def assert_usage(self, expected: str, *arguments: str) -> None:
        output, errors = self.run_dora(*arguments, code=2)
        self.assertEqual(output, "")
        self.assertIn(expected, errors)

    def test_wrong_verbs(self) -> None:
        self.assert_usage("did you mean dora report?", "reprot")
        self.assert_usage("there is no command 'xyzzy'", "xyzzy")
        self.assert_usage("--by comes after a command", "--by", "service")

    def test_wrong_options(self) -> None:
        self.assert_usage("unknown option --periods; did you mean --period?", "report", "--periods", "day")
        self.assert_usage("unknown option --foramt; did you mean --format?", "report", "--foramt=csv")
        self.assert_usage("unknown option --state", "merge", "--state", "x")
        self.assert_usage("unknown option -x", "report", "-x")
        self.assert_usage("unknown option --strict", "tiers", "--strict")
        self.assert_usage("--strict takes no value", "report", "--strict=1")
        self.assert_usage("--since needs a value", "report", "--since")

    def test_wrong_values(self) -> None:
        self.assert_usage(
            "dora: --period takes day, week, month, quarter, year or all, not 'fortnight'\n",
            "report",
            "--period",
            "fortnight",
        )
        for option, values in {
            "--format": ["xml", ""],
            "--from": ["xml"],
            "--by": ["galaxy"],
            "--window": ["0", "-1", "4294967297", "x", "690001"],
            "--step": ["0", "1.5"],
            "--max-rows": ["0", "many", "99999999999999999999"],
            "--threads": ["0", "65", "two", ""],
            "--attribution": ["7x", "-1", "9999999999999999w", "99999999999999999999", "1.5h", ""],
            "--percentile-rule": ["upper"],
            "--delimiter": ["|", ""],
            "--kind": ["deploy"],
            "--map": ["x", "=x", "x="],
            "--changes": ["all"],
            "--color": ["maybe"],
            "--tiers": ["2020", "1"],
            "--fail-if": ["x", "x>", ">1", "x>y", "x>1q", "x>nan", "x>0x10", "x>1e999"],
        }.items():
            for value in values:
                self.assert_usage(option.lstrip("-"), "report", option, value)

    def test_values_that_the_library_judges(self) -> None:
        for arguments in (
            ("--tz", "Mars/Olympus"),
            ("--since", "2024-02-30"),
            ("--until", "tomorrow"),
            ("--percentiles", "50,101"),
            ("--metrics", "happiness"),
            ("--only", "shop"),
            ("--map", "no_such_field=x"),
        ):
            output, errors = self.run_dora("report", *arguments, code=2, stdin=history())
            self.assertEqual(output, "")
            self.assertTrue(errors.startswith("dora: "), errors)

    def test_both_ways_to_give_a_value(self) -> None:
        data = history()
        self.assertEqual(
            self.run_dora("report", "--by=service", "--format=csv", stdin=data),
            self.run_dora("report", "--by", "service", "--format", "csv", stdin=data),
        )

    def test_two_dashes_end_options(self) -> None:
        _, errors = self.run_dora("report", "--", "--period", code=4)
        self.assertIn("cannot read '--period'", errors)

    def test_control_characters_are_escaped(self) -> None:
        _, errors = self.run_dora("report", "no\x1b[31msuch\nfile\u202e", code=4)
        self.assertIn("no\\x1b[31msuch\\x0afile\\u{202e}", errors)
        self.assertNotIn("\x1b", errors)

    def test_same_options_for_all_three_verbs(self) -> None:
        arguments = shlex.split(
            "--by service --only shop --period week --tz +05:30 --percentiles 50 --attribution 72h --changes time "
            "--infer-rollbacks --intervals --tiers 2022 --since 2024-03-01 --production prod "
            "--max-rows 1000 --metrics all --window 28 --step 7 --color never --quiet --format json"
        )
        for verb in ("report", "phases", "check"):
            json.loads(self.run_dora(verb, *arguments, stdin=history())[0])
        self.run_dora("check", "--format", "csv", code=2)


class Input(Case):
    def test_files_and_standard_input_are_one_history(self) -> None:
        one, two = self.file("one.ndjson", history(3)), self.file("two.ndjson", history(5))
        self.assertEqual(self.deployments(one, two), 5)
        self.assertEqual(self.deployments(one, "-", stdin=history(7)), 7)
        self.assertEqual(self.deployments(stdin=history(4)), 4)

    def test_csv(self) -> None:
        text = "id;service;deployed\n1;shop;2024-03-01\n2;shop;2024-03-02\n"
        self.assertEqual(self.deployments("--map", "finished_at=deployed", stdin=text.encode()), 2)
        text = text.replace(";", "\t")
        arguments = ("--from", "csv", "--delimiter", "tab", "--map=finished_at=deployed")
        self.assertEqual(self.deployments(*arguments, stdin=text.encode()), 2)

    def test_threads_change_nothing(self) -> None:
        data = large_csv()
        path = self.file("large.csv", data)
        for verb in ("report", "check"):
            wanted = self.run_dora(verb, "--threads", "1", "--format", "json", path, code=0)
            for threads in ("2", "3", "64"):
                arguments = (verb, f"--threads={threads}", "--format", "json")
                self.assertEqual(self.run_dora(*arguments, path), wanted)
                output, errors = self.run_dora(*arguments, stdin=data)
                self.assertEqual((output, errors.replace("standard input", path)), wanted)
        failed = [self.run_dora("report", "--strict", f"--threads={n}", path, code=3) for n in (1, 2)]
        self.assertEqual(failed[0], failed[1])

    def test_empty_input(self) -> None:
        output, errors = self.run_dora("report", "--format", "ndjson")
        self.assertEqual(output, "")
        self.assertEqual(errors, "dora: no records\n")
        self.assertEqual(self.run_dora("report", "--format", "json", "--quiet")[1], "")

    def test_unreadable_files(self) -> None:
        good = self.file("good.ndjson", history(3))
        missing, folder = str(self.folder / "missing"), str(self.folder)
        self.assertEqual(self.deployments(missing, good, code=4), 3)
        _, errors = self.run_dora("report", good, missing, folder, code=4)
        self.assertIn(f"cannot read '{missing}': No such file or directory", errors)
        self.assertIn(f"cannot read '{folder}': Is a directory", errors)
        output, _ = self.run_dora("report", "--format", "json", missing, folder, code=4)
        self.assertEqual(output, "")
        output, _ = self.run_dora("check", missing, code=4)
        self.assertEqual(output, "")

    def test_rejected_records(self) -> None:
        lines = history(3) + b"bad\n" * 30
        path = self.file("some.ndjson", lines)
        output, errors = self.run_dora("report", "--format", "ndjson", path)
        self.assertEqual(len(output.splitlines()), 1)
        self.assertIn(f"{path}:4: ", errors)
        self.assertEqual(errors.count("some.ndjson:"), 20)
        self.assertIn("... and 10 more rejected", errors)
        self.assertEqual(self.run_dora("report", "--quiet", path)[1], "")
        _, errors = self.run_dora("report", path)
        self.assertIn("33 records: 3 facts, 0 merged, 30 rejected", errors)

    def test_strict(self) -> None:
        path = self.file("some.ndjson", history(3) + b"bad\n" * 30)
        output, errors = self.run_dora("report", "--strict", "--format", "json", path, code=3)
        self.assertEqual(output, "")
        self.assertIn("some.ndjson:4: ", errors)
        self.assertEqual(len(errors.splitlines()), 1)
        self.assertEqual(self.deployments("--strict", stdin=history(3)), 3)

    def test_nothing_readable(self) -> None:
        output, errors = self.run_dora("report", "--from", "ndjson", code=3, stdin=b"bad\nbad\n")
        self.assertEqual(output, "")
        self.assertIn("none of the 2 records could be read", errors)
        self.assertNotEqual(self.run_dora("check", "--from", "ndjson", code=3, stdin=b"bad\n")[0], "")

    def test_zeros(self) -> None:
        path = self.file("zeros", bytes(1 << 20))
        for form in ("auto", "ndjson", "csv"):
            done = subprocess.run([DORA, "report", "--from", form, path], capture_output=True, timeout=60, check=False)
            self.assertIn(done.returncode, (0, 3), form)
            self.assertIn(b"zeros", done.stderr)

    def test_long_line(self) -> None:
        """A line of 100 MB is rejected in bounded memory, and the rest is read on."""
        limit = f'ulimit -v 400000; exec "{DORA}"'
        if subprocess.run(["sh", "-c", f"{limit} version"], capture_output=True, check=False).returncode != 0:
            self.skipTest("cannot limit the memory of this build")
        command = f"{limit} report --format ndjson --metrics deployments"
        with subprocess.Popen(
            ["sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as run:
            assert run.stdin
            run.stdin.write(b'{"id": "')
            for _ in range(100):
                run.stdin.write(b"x" * 1000000)
            run.stdin.write(b'"}\n' + history(2))
            output, errors = run.communicate(timeout=120)
        self.assertEqual(run.returncode, 0, errors)
        self.assertIn(b"standard input:1: ", errors)
        self.assertEqual(json.loads(output)["deployments"], 2)

    def test_file_that_ends_in_a_record(self) -> None:
        data = history(3)
        self.assertEqual(self.deployments(stdin=data[:-1]), 3)
        _, errors = self.run_dora("report", stdin=data[:-30])
        self.assertIn("standard input:3: ", errors)

    def test_notes_say_why_there_is_nothing(self) -> None:
        _, errors = self.run_dora("report", stdin=history(4, environment="prd\u001b"))
        self.assertIn("4 deployments, none in production; their environments: prd\\x1b (4); see --production", errors)
        _, errors = self.run_dora(
            "report", stdin=b'{"service": "shop", "deployed_at": "2024-01-01", "status": "success"}\n'
        )
        self.assertIn("1 deployment, none counted: 1 without a date", errors)
        self.assertIn("deployed_at (1); see --map", errors)
        _, errors = self.run_dora("report", stdin=b'{"kind": "change", "id": "1"}\n')
        self.assertIn("no deployments among 1 facts: 1 change", errors)


class Compressed(Case):
    def refused(self, content: bytes, reason: str) -> None:
        path = self.file("broken.gz", content)
        _, errors = self.run_dora("report", path, code=4)
        self.assertIn(f"cannot read '{path}': ", errors)
        self.assertIn(reason, errors)

    def setUp(self) -> None:
        super().setUp()
        path = self.file("probe.gz", gzip.compress(history(1)))
        done = subprocess.run([DORA, "check", path], capture_output=True, timeout=60, check=False)
        if b"built without zlib" in done.stderr:
            self.assertEqual(done.returncode, 4)
            self.skipTest("built without zlib")

    def test_threads_change_nothing(self) -> None:
        packed = self.file("packed", gzip.compress(large_csv(), 1))
        for verb in ("report", "check"):
            wanted = self.run_dora(verb, "--threads", "1", "--format", "json", packed)
            for threads in ("2", "3", "64"):
                self.assertEqual(self.run_dora(verb, f"--threads={threads}", "--format", "json", packed), wanted)

    def test_gzip(self) -> None:
        data = history(28 * 40)
        packed = gzip.compress(data)
        self.assertEqual(self.deployments(self.file("any.name", packed)), 1120)
        self.assertEqual(self.deployments(stdin=packed), 1120)
        members = b"".join(gzip.compress(data[i : i + 5000]) for i in range(0, len(data), 5000))
        self.assertEqual(self.deployments(stdin=members + gzip.compress(b"")), 1120)

    def test_broken_gzip(self) -> None:
        packed = gzip.compress(history(200))
        self.refused(packed[: len(packed) // 2], "the gzip data is cut off")
        self.refused(packed[:-1], "the gzip data is cut off")
        self.refused(packed[:5], "the gzip data is cut off")
        self.refused(packed + b"garbage", "garbage after the gzip data")
        damaged = bytearray(packed)
        damaged[-6] ^= 1
        self.refused(bytes(damaged), "damaged gzip data")

    def test_cut_off_data_never_gives_half_a_record(self) -> None:
        text = "id,service,finished_at\n" + "".join(f"{i},service{i},2024-03-01\n" for i in range(5000))
        packed = gzip.compress(text.encode())
        path = self.file("cut.csv.gz", packed[: len(packed) // 2])
        rows = self.rows("--by", "service", path, code=4)
        self.assertGreater(len(rows), 100)
        self.assertTrue({str(row["service"]) for row in rows} <= {f"service{i}" for i in range(5000)})
        self.assertLess(max(len(str(row["service"])) for row in rows), 12)

    def test_zstd(self) -> None:
        if not shutil.which("zstd"):
            self.skipTest("no zstd command")

        def compress(data: bytes) -> bytes:
            return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout

        packed = compress(history(20))
        done = subprocess.run([DORA, "check"], input=packed, capture_output=True, timeout=60, check=False)
        if b"built without libzstd" in done.stderr:
            self.skipTest("built without libzstd")
        self.assertEqual(self.deployments(stdin=packed), 20)
        self.assertEqual(self.deployments(stdin=packed + compress(history(25))), 25)
        self.refused(packed[:-3], "the zstd data is cut off")
        self.refused(packed + b"garbage", "garbage after the zstd data")

    def test_other_compression(self) -> None:
        self.refused(b"\xfd7zXZ\0\0\0", "compressed with xz, which dora does not read")


class Output(Case):
    def test_file_is_replaced(self) -> None:
        path = self.folder / "out.csv"
        path.write_text("old")
        path.chmod(0o640)
        output, _ = self.run_dora("report", "--format", "csv", "-o", str(path), stdin=history())
        self.assertEqual(output, "")
        self.assertIn("window_start", path.read_text())
        self.assertEqual(path.stat().st_mode & 0o777, 0o640)
        self.assertEqual([file.name for file in self.folder.iterdir()], ["out.csv"])

    def test_symbolic_link_stays(self) -> None:
        target, link = self.folder / "target", self.folder / "link"
        target.write_text("old")
        link.symlink_to(target)
        self.run_dora("report", f"-o{link}", stdin=history())
        self.assertTrue(link.is_symlink())
        self.assertNotEqual(target.read_text(), "old")

    def test_failure_leaves_the_old_file(self) -> None:
        path = self.folder / "out.csv"
        path.write_text("old")
        for arguments, code in (
            (("--strict",), 3),
            (("--max-rows", "1", "--by", "service", "--period", "day"), 2),
            (("missing", "-"), 4),
        ):
            self.run_dora("report", "--output", str(path), *arguments, code=code, stdin=history() + b"bad\n")
            self.assertEqual(path.read_text(), "old")
        self.assertEqual([file.name for file in self.folder.iterdir()], ["out.csv"])

    def test_places_that_cannot_be_written(self) -> None:
        for path in (str(self.folder), str(self.folder / "no" / "file")):
            _, errors = self.run_dora("report", "-o", path, code=4, stdin=history())
            self.assertIn(f"cannot write '{path}': ", errors)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_full_disk(self) -> None:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([DORA, "report"], input=history(), stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"cannot write 'standard output': No space left on device", done.stderr)
        self.run_dora("report", "-o", "/dev/full", code=4, stdin=history())
        self.run_dora("report", "-o", "/dev/null", stdin=history())

    def test_closed_standard_output(self) -> None:
        path = self.file("history.ndjson", history())
        done = subprocess.run(["sh", "-c", f'"{DORA}" report "{path}" >&-'], capture_output=True, check=False)
        self.assertEqual(done.returncode, 4)

    def test_broken_pipe(self) -> None:
        path = self.file("history.ndjson", "".join(deployment(i, f"service{i}") for i in range(5000)).encode())
        arguments = [DORA, "report", "--format", "json", "--by", "service", "--period", "day", path]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            assert run.stdout and run.stderr
            run.stdout.read(10)
            run.stdout.close()
            errors = run.stderr.read()
        self.assertEqual(run.returncode, 0)
        self.assertEqual(errors, b"")

    def test_interrupt_removes_the_temporary_file(self) -> None:
        arguments = [DORA, "report", "-o", str(self.folder / "out")]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
            assert run.stdin
            while not list(self.folder.iterdir()):
                self.assertIsNone(run.poll())
            run.send_signal(signal.SIGTERM)
            run.wait(60)
        self.assertEqual(run.returncode, -signal.SIGTERM)
        self.assertEqual(list(self.folder.iterdir()), [])

    def terminal(self, *arguments: str, **environment: str) -> str:
        """What a terminal on standard output is sent."""
        path = self.file("history.ndjson", history())
        ours, theirs = pty.openpty()
        surroundings = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
        with subprocess.Popen(
            [DORA, "report", *arguments, path],
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env={**surroundings, **environment},
        ) as run:
            os.close(theirs)
            sent = b""
            while True:
                try:
                    piece = os.read(ours, 65536)
                except OSError:
                    break
                if not piece:
                    break
                sent += piece
        os.close(ours)
        self.assertEqual(run.returncode, 0)
        return sent.decode()

    def test_colors(self) -> None:
        self.assertIn("\x1b[", self.terminal(TERM="xterm"))
        self.assertIn("\x1b[", self.terminal(TERM="xterm", NO_COLOR=""))
        self.assertNotIn("\x1b[", self.terminal(TERM="xterm", NO_COLOR="1"))
        self.assertNotIn("\x1b[", self.terminal(TERM="dumb"))
        self.assertNotIn("\x1b[", self.terminal("--color=never", TERM="xterm"))
        self.assertIn("\x1b[", self.terminal("--color=always", TERM="dumb", NO_COLOR="1"))
        self.assertIn("\x1b[", self.run_dora("report", "--color=always", stdin=history())[0])
        self.assertNotIn("\x1b[", self.run_dora("report", stdin=history())[0])

    def test_standard_error_is_no_place_for_data(self) -> None:
        output, errors = self.run_dora("report", "--format", "csv", stdin=history() + b"bad\n")
        self.assertNotIn("rejected", output)
        self.assertNotIn("window_start", errors)


class FailIf(Case):
    def test_holds(self) -> None:
        output, errors = self.run_dora("report", "--fail-if", "change_fail_rate>0.15", code=1, stdin=history())
        self.assertNotEqual(output, "")
        self.assertIn("dora: change_fail_rate 0.2 > 0.15 (2024-03-01 to 2024-03-31)\n", errors)

    def test_operators(self) -> None:
        for condition, holds in {
            "change_fail_rate>0.2": False,
            "change_fail_rate>=0.2": True,
            "change_fail_rate<0.2": False,
            "change_fail_rate <= 0.2": True,
            "change_fail_rate=0.2": True,
            "change_fail_rate==0.2": True,
            "change_fail_rate!=0.2": False,
            "change_fail_rate>19%": True,
            "change_lead_time_p50=10h": True,
            "change_lead_time_p50>1d": False,
            "change_lead_time_p50=36000": True,
            "change_lead_time_tier<elite": False,
            "change_lead_time_tier=elite": True,
            "deployments<11": True,
            "time_to_restore_service_p50>0": False,  # null never holds
        }.items():
            self.run_dora("report", "--fail-if", condition, code=int(holds), stdin=history())

    def test_wrong_columns(self) -> None:
        for condition, expected in {
            "change_fail_rat>0": "there is no column 'change_fail_rat'; did you mean 'change_fail_rate'?",
            "change_lead_time_p42>0": "there is no column 'change_lead_time_p42'",
            "change_fail_rate>7d": "'change_fail_rate' cannot be compared with '7d'",
            "window_start>7": "'window_start' cannot be compared with '7'",
            "change_lead_time_tier>7": "'change_lead_time_tier' cannot be compared with '7'",
        }.items():
            output, errors = self.run_dora("report", "--fail-if", condition, code=2, stdin=history())
            self.assertEqual(output, "")
            self.assertIn(expected, errors)

    def test_column_that_the_report_does_not_have(self) -> None:
        arguments = ("report", "--metrics", "deployments", "--format", "csv")
        output, _ = self.run_dora(*arguments, stdin=history())
        again, errors = self.run_dora(*arguments, "--fail-if", "change_lead_time_p50>7h", code=1, stdin=history())
        self.assertEqual(again, output)
        self.assertIn("change_lead_time_p50 36000 s > 7h (", errors)

    def test_columns_leave_it_alone(self) -> None:
        arguments = ("report", "--columns", "deployments", "--format", "csv")
        output, _ = self.run_dora(*arguments, stdin=history())
        self.assertTrue(output.startswith("window_start,window_end,days,deployments\n"), output)
        conditions = ("--fail-if", "change_lead_time_tier=elite", "--fail-if", "deployments>=10")
        again, errors = self.run_dora(*arguments, *conditions, code=1, stdin=history())
        self.assertEqual(again, output)
        self.assertIn("dora: change_lead_time_tier elite = elite (", errors)
        self.assertIn("dora: deployments 10 >= 10 (", errors)

    def test_last_window_of_each_group(self) -> None:
        good: dict[str, Any] = {"failed": False, "finished_at": "2024-04-02"}
        data = history() + (deployment(99, **good) + deployment(0, "cart", failed=True)).encode()
        data += deployment(1, "cart", **(good | {"failed": True})).encode()
        arguments = ("report", "--by", "service", "--fail-if", "change_fail_rate>0")
        _, errors = self.run_dora(*arguments, code=1, stdin=data)
        held = [line for line in errors.splitlines() if "change_fail_rate" in line]
        self.assertEqual(held, ["dora: change_fail_rate 1 > 0 (service cart, 2024-04-01 to 2024-04-30)"])

    def test_broken_pipe_does_not_hide_it(self) -> None:
        command = f'("{DORA}" report --format csv --fail-if "change_fail_rate>0.15"; echo $? >&2) | true'
        done = subprocess.run(["sh", "-c", command], input=history(), capture_output=True, check=False)
        self.assertTrue(done.stderr.endswith(b"\n1\n"), done.stderr)


class Tiers(Case):
    def test_all_editions(self) -> None:
        output, _ = self.run_dora("tiers", "--format", "json")
        self.assertEqual(len(json.loads(output)), 6)
        self.assertNotEqual(self.run_dora("tiers")[0], "")

    def test_table_of_ones_own(self) -> None:
        text, _ = self.run_dora("tiers", "2023")
        path = self.file("own.tiers", text.encode())
        self.assertEqual(self.run_dora("tiers", path)[0], text)
        data = history()
        self.assertEqual(
            self.run_dora("report", "--tiers", path, stdin=data), self.run_dora("report", "--tiers=2023", stdin=data)
        )

    def test_wrong_tables(self) -> None:
        path = self.file("own.tiers", b"nonsense\n")
        for arguments in (("tiers", path), ("report", "--tiers", path)):
            _, errors = self.run_dora(*arguments, code=2)
            self.assertIn(f"{path}:1: ", errors)
        self.run_dora("tiers", "2020", code=2)
        self.run_dora("tiers", str(self.folder / "none"), code=4)
        self.run_dora("tiers", "--format", "csv", code=2)


if __name__ == "__main__":
    unittest.main()

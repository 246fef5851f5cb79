# SPDX-License-Identifier: MIT
"""What `--format html` gives: tags that close, tables whose rows are of one width, nothing that runs or is fetched, and
colours that can be read on the pages of notebooks, light and dark.
"""

from __future__ import annotations

import html.parser
import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DORA = os.environ.get("DORA") or str(ROOT / "build" / "tools" / "dora")
CURL = ROOT / "tests" / "data" / "curl" / "curl-history.ndjson"
TAGS = {"br", "caption", "div", "p", "span", "style", "table", "tbody", "td", "th", "thead", "tr"}
ATTRIBUTES = {"aria-label", "class", "colspan", "role", "scope", "tabindex", "title"}
NAMES = [
    "<script>alert(1)</script>",
    "tom & \"jerry\" 'x'",
    "</td></table></style>",
    "a\tb\u202ec\x00\x1b",
    "&lt;",
    "日本",
]

# Text and background: JupyterLab, VS Code and a plain page; the dark ones last.
PAGES = [((33, 33, 33), (255, 255, 255)), ((59, 59, 59), (255, 255, 255)), ((0, 0, 0), (255, 255, 255))]
PAGES += [((224, 224, 224), (17, 17, 17)), ((204, 204, 204), (31, 31, 31)), ((255, 255, 255), (0, 0, 0))]

Color = tuple[float, ...]


def over(color: Color, alpha: float, below: Color) -> Color:
    return tuple(alpha * c + (1 - alpha) * b for c, b in zip(color, below, strict=True))


def luminance(color: Color) -> float:
    """As WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Color, other: Color) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class Page(html.parser.HTMLParser):
    """Fails at the first tag that is not closed in turn, is not of TAGS, or has an attribute not of ATTRIBUTES."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.style = ""
        self.widths: list[int] = []  # columns of each row
        self.titles: list[str] = []  # texts of the first cell of each row
        self.first = False
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        if self.open:
            raise AssertionError(f"not closed: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS or not ATTRIBUTES.issuperset(name for name, _ in attrs):
            raise AssertionError(f"<{tag} {attrs}>")
        found = dict(attrs)
        self.seen.append((tag, found))
        if tag == "tr":
            self.widths.append(0)
            self.titles.append("")
        if tag in ("td", "th"):
            self.first = self.widths[-1] == 0
            self.widths[-1] += int(found.get("colspan") or 1)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing")
        self.first &= tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        elif self.first:
            self.titles[-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")


def run_dora(*arguments: str, facts: list[dict[str, object]] | None = None) -> str:
    given = "".join(json.dumps(fact) + "\n" for fact in facts or []).encode()
    done = subprocess.run([DORA, *arguments], input=given, capture_output=True, timeout=60, check=True)
    return done.stdout.decode()


def deployments() -> list[dict[str, object]]:
    facts: list[dict[str, object]] = []
    for number, name in enumerate(NAMES):
        day = f"2024-0{1 + number % 3}-1{number}"
        facts.append({"service": name, "finished_at": f"{day}T12:00:00Z", "committed_at": f"{day}T00:00:00Z"})
        facts.append({"service": name, "finished_at": f"{day}T14:00:00Z", "failed": True})
    return facts


class Html(unittest.TestCase):
    def check(self, text: str) -> Page:
        page = Page(text)
        self.assertEqual(len(set(page.widths)), 1)
        for tag, attributes in page.seen:
            self.assertTrue(all(name.startswith("dora-") for name in (attributes.get("class") or "").split()))
            self.assertTrue(tag != "th" or attributes["scope"] in ("col", "colgroup", "row"))
        self.assertNotRegex(page.style, r"url|@import|expression|/\*|<")
        for selector in re.findall(r"([^{}]+)\{", page.style):
            self.assertTrue(all(one.startswith(".dora-") for one in selector.strip().split(",")), selector)
        return page

    def test_reports(self) -> None:
        for options in (
            ["--period", "all"],
            ["--period", "quarter", "--intervals"],
            ["--metrics", "all", "--percentiles", "1,50,99.9"],
            ["--window", "28", "--step", "7", "--metrics", "change_lead_time"],
            ["--since", "1990-01-01", "--until", "1990-01-31"],
        ):
            self.check(run_dora("report", "--format", "html", *options, str(CURL)))
        self.check(run_dora("phases", "--format", "html", str(CURL)))
        self.check(run_dora("report", "--format", "html"))

    def test_names_are_text(self) -> None:
        for options in (["--metrics", "all"], ["--period", "day"]):
            page = self.check(run_dora("report", "--by", "service", "--format=html", *options, facts=deployments()))
            shown = {name.replace("\t", r"\x09").replace("\x00", r"\x00").replace("\x1b", r"\x1b") for name in NAMES}
            shown = {name.replace("\u202e", r"\u{202e}") for name in shown}
            self.assertEqual(set(page.titles), {"service", *shown})

    def test_durations_have_their_seconds(self) -> None:
        text = run_dora("report", "--period=all", "--format=html", facts=deployments()[:1])
        self.assertIn('title="43200 s">12 h</td>', text)

    def test_account(self) -> None:
        text = run_dora("check", "--format", "html", str(CURL))
        self.assertEqual([(tag, at) for tag, at in Page(text).seen], [("p", {"class": "dora-account"})])
        self.assertEqual(text.count("\n"), 1)
        plain = run_dora("check", "--format", "markdown", str(CURL))
        self.assertEqual(text, f'<p class="dora-account">{plain.strip()}</p>\n')
        self.assertEqual(
            plain, "2,923 records: 2,923 facts, 0 merged, 0 rejected; not counted: 1 change in the baseline\n"
        )

    def test_colors_can_be_read(self) -> None:
        style = Page(run_dora("report", "--format", "html", str(CURL))).style
        tiers = re.findall(r"\.dora-(\w+)\{background:rgba\((\d+),(\d+),(\d+),([\d.]+)\)\}", style)
        self.assertEqual([name for name, *_ in tiers], ["elite", "high", "medium", "low"])
        pale = [float(alpha) for alpha in re.findall(r"opacity:([\d.]+)", style)]
        for text, behind in PAGES:
            for _, *color, alpha in tiers:
                tint = over(tuple(map(float, color)), float(alpha), behind)
                self.assertGreaterEqual(contrast(text, tint), 4.5)
            self.assertTrue(all(contrast(over(text, alpha, behind), behind) >= 4.5 for alpha in pale))


if __name__ == "__main__":
    unittest.main(verbosity=2)

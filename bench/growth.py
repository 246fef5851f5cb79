# SPDX-License-Identifier: MIT
"""How the time a fact grows: with the number of facts, and with histories that are odd or hostile.

Each is read, settled and asked for a monthly report by service. An odd history stands beside the reference that is
like it in all else, and is run at two sizes, so that what grows faster than the facts is seen.
"""

from __future__ import annotations

import dataclasses

from histories import History
from jobs import Suite
from processes import Failure, Told, note, told_by

IDS = ("--ids", "--shuffle")
REFERENCES = {
    "inline": History("inline"),
    "ids": History("ids", IDS),
    "lines": History("inline", format="ndjson"),
}
SMALLER = 4  # how many times smaller the second size is


@dataclasses.dataclass(frozen=True)
class Odd:
    """A history and its reference."""

    name: str
    reference: str
    options: tuple[str, ...]
    share: int = 1
    services_of: int = 0  # facts a service; 0: as the options say


ODD = (
    Odd("ten facts a service", "inline", ("--even-services",), services_of=10),
    Odd("one service", "inline", ("--services", "1")),
    Odd("one day", "inline", ("--days", "1")),
    Odd("equal lead times", "inline", ("--equal-times",)),
    Odd("reversed time", "inline", ("--reverse",)),
    Odd("three updates of each fact", "ids", (*IDS, "--updates", "3"), share=4),
    Odd("ids with long equal beginnings", "ids", (*IDS, "--long-ids")),
    Odd("distinct unknown keys", "lines", ("--unknown-keys",)),
)


def run(suite: Suite, history: History, rows: int) -> Told:
    path = suite.maker.file(history, rows)
    return told_by([str(suite.measure), "growth", "--repeat", str(suite.rounds), str(path)])


def nanoseconds(told: Told) -> float:
    return float(told["seconds"]) * 1e9 / float(told["records"])


def odd_history(odd: Odd, rows: int) -> History:
    services = ("--services", str(max(rows // odd.services_of, 1))) if odd.services_of else ()
    name = "-".join(odd.name.split())
    return History(name, (*odd.options, *services), odd.share, REFERENCES[odd.reference].format)


def odd_histories(suite: Suite, rows: int) -> list[Told]:
    results: list[Told] = []
    references = {name: run(suite, history, rows) for name, history in REFERENCES.items()}
    for odd in ODD:
        note(f"growth: {odd.name}")
        result: Told = {"job": f"odd: {odd.name}", "engine": "libdora", "cores": 1, "reference": odd.reference}
        try:
            large = run(suite, odd_history(odd, rows), rows)
            small = run(suite, odd_history(odd, rows // SMALLER), rows // SMALLER)
        except Failure as failure:
            results.append(result | {"failed": str(failure)})
            continue
        result |= large | {"job": result["job"], "ns_per_fact": nanoseconds(large)}
        result["beside_reference"] = nanoseconds(large) / nanoseconds(references[odd.reference])
        result["slope"] = nanoseconds(large) / nanoseconds(small)
        results.append(result)
    return results


def sizes(suite: Suite, counts: list[int]) -> list[Told]:
    """Time and memory a fact at each size; `growth` is the last over the first."""
    results: list[Told] = []
    for kind, history in (("inline", REFERENCES["inline"]), ("with ids", REFERENCES["ids"])):
        costs: list[float] = []
        for count in counts:
            note(f"growth: {count:,} {kind}")
            told = run(suite, history, count)
            costs.append(nanoseconds(told))
            result = told | {"job": f"{count:,} {kind}", "engine": "libdora", "cores": 1, "ns_per_fact": costs[-1]}
            results.append(result | {"rest_bytes_per_fact": float(told["rest_bytes"]) / float(told["records"])})
            if count > suite.rows:
                suite.maker.file(history, count).unlink()  # it is large
        summary: Told = {"job": f"growth, {kind}", "engine": "libdora", "cores": 1, "growth": costs[-1] / costs[0]}
        results.append(summary)
    return results

# SPDX-License-Identifier: MIT
"""Draws the pictures of docs/pictures.md: `python docs/pictures/draw.py`, with altair, vl-convert-python and pillow.

The history is made up and always the same: services that deploy more often and in less time as two years pass.
"""

from __future__ import annotations

import datetime
import io
import random
from pathlib import Path
from typing import Any

import vl_convert
from PIL import Image

import libdora as dora

FOLDER = Path(__file__).resolve().parent
DAYS = 730
COLOURS = 112  # of a file, which keeps it small
SCALE = 1.2
NAMES = ("shop", "search", "billing")


def history(names: tuple[str, ...], seed: int = 5) -> list[dict[str, Any]]:
    """A deployment with one change each."""
    chance = random.Random(seed)
    made: list[dict[str, Any]] = []
    for name in names:
        often, slow = chance.uniform(0.1, 0.6), chance.uniform(8.5, 11)
        for day in range(DAYS):
            finished = datetime.datetime(2023, 1, 1) + datetime.timedelta(days=day, hours=chance.gauss(14, 3))
            wanted = often * (0.6 + 0.8 * day / DAYS) * (0.05 if finished.weekday() > 4 else 1)
            if chance.random() > wanted:
                continue
            lead = datetime.timedelta(seconds=chance.lognormvariate(slow - 1.5 * day / DAYS, 1.1))
            cuts = sorted(chance.random() ** 0.7 for _ in range(3))
            failed = chance.random() < 0.14 - 0.08 * day / DAYS
            restored = finished + datetime.timedelta(seconds=chance.lognormvariate(8.5, 1))
            identity = f"{name}-{len(made)}"
            made.append(
                {
                    "id": identity,
                    "service": name,
                    "finished_at": finished,
                    "failed": failed,
                    "restored_at": restored if failed else None,
                    "rework": chance.random() < 0.06,
                }
            )
            begun = finished - lead
            times = [begun, *(begun + cut * lead for cut in cuts)]
            fields = dict(zip(("committed_at", "opened_at", "first_review_at", "merged_at"), times))
            made.append({"kind": "change", "id": f"c-{identity}", "deployment": identity, "service": name, **fields})
    return made


def draw(name: str, chart: Any) -> None:
    png = vl_convert.vegalite_to_png(chart.to_json(), scale=SCALE)
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, kmeans=4, dither=Image.Dither.NONE)
    picture.save(FOLDER / f"{name}.png", optimize=True)


def main() -> None:
    facts = history(NAMES)
    three = dora.report(facts, by="service", period="month", since="2023-01-01", until="2024-12-18")
    one = three.requery(by=None, intervals=True)
    many = dora.report(history(tuple(f"service {i:02}" for i in range(1, 25))), by="service", period="month")
    draw("change-lead-time", one.plot("change_lead_time"))
    draw("services", three.plot("change_lead_time"))
    draw("many-services", many.plot("change_lead_time"))
    draw("calendar", one.plot("deployments", kind="calendar"))
    draw("distribution", one.plot("change_lead_time", kind="distribution"))
    draw("stages", one.plot("change_lead_time", kind="stages"))
    for theme in ("light", "dark"):
        draw(f"dashboard-{theme}", one.dashboard(theme=theme))


if __name__ == "__main__":
    main()

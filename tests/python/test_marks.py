# SPDX-License-Identifier: MIT
"""What changed since a mark: rows of a kept report that `may_differ` does not name are those of a new report."""

import copy
import datetime
import gc
import random
from typing import Any

import pytest

import libdora as dora


def some_facts(count: int, seed: int) -> list[dict[str, Any]]:
    """Deployments of January, the first two of which begin and end the span and give evidence of failures."""
    chance, begin = random.Random(seed), datetime.datetime(2024, 1, 1)
    services = ["shop", "pay", "näh", None]
    facts: list[dict[str, Any]] = [
        {"finished_at": begin, "failed": True, "rework": True},
        {"finished_at": datetime.datetime(2024, 1, 31), "failed": False},
    ]
    for number in range(count):
        at = begin + datetime.timedelta(hours=chance.randrange(720))
        failed = chance.choice([True, False, None])
        facts.append({"id": f"d{number}", "service": chance.choice(services), "finished_at": at, "failed": failed})
    return facts


@pytest.mark.parametrize("by", [None, "service"])
@pytest.mark.parametrize("options", [{"period": "week"}, {"window": 7}])
def test_rows_that_may_not_differ_are_as_they_were(by: str | None, options: dict[str, Any]) -> None:
    facts = some_facts(60, 7)
    engine = dora.Engine().read(facts[:30])
    mark, kept = engine.mark(by), engine.query(by=by, **options)
    held = stale = 0
    for fact in facts[30:]:
        engine.read([fact])
        changed = engine.changes(mark)
        assert changed and not changed.span and not changed.evidence
        now = engine.query(by=by, **options)
        rows = {(row.group, row.start): dict(row) for row in now}
        for row in kept:
            if changed.may_differ(row):
                stale += 1
            else:
                held += 1
                assert rows[row.group, row.start] == dict(row)
        kept = now
    assert held and stale and not engine.changes(mark)


def test_what_changed() -> None:
    engine = dora.Engine()
    mark, nothing = engine.mark("service"), engine.mark(from_nothing=True)
    assert mark.by is dora.Group.SERVICE and repr(mark) == "<libdora.Mark by service>"
    assert not engine.changes(mark)
    engine.add(service="shop", finished_at="2024-01-02T10:00:00Z", failed=True)
    changed = engine.changes(mark)
    day = datetime.date(2024, 1, 2)
    assert changed.days == (dora.ChangedDay("shop", day, True),)
    assert changed.span and changed.evidence
    assert all(changed.may_differ(row) for row in engine.query(by="service"))
    assert engine.changes(nothing).days == (dora.ChangedDay(None, day, True),)
    assert not engine.changes(mark) and not engine.changes(nothing)


def test_marks_and_their_engine() -> None:
    engine, other = dora.Engine(), dora.Engine()
    mark = engine.mark()
    with pytest.raises(dora.ArgumentError, match="mark"):
        other.changes(mark)
    with pytest.raises(dora.ArgumentError, match="by"):
        engine.mark("colour")
    with pytest.raises(TypeError):
        copy.copy(mark)
    engine.close()
    assert "closed" in repr(mark)
    with pytest.raises(ValueError, match="closed"):
        engine.changes(mark)
    with pytest.raises(ValueError, match="closed"):
        other.changes(mark)
    kept = dora.Engine().read(some_facts(9, 1)).mark("service")  # outlives what it was made by
    gc.collect()
    assert kept.by is dora.Group.SERVICE

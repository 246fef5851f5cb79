# SPDX-License-Identifier: MIT
"""What sources state as text: it says what the sources say, and is what the file holds, or nothing changes in it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import libdora as dora

GITHUB = json.dumps(
    [
        {
            "id": number,
            "statuses_url": "u",
            "sha": "ab" * 20,
            "environment": "production",
            "created_at": f"2024-01-{number:02}T10:00:00Z",
        }
        for number in range(1, 20)
    ]
).encode()
LINES = b'{"id":"d1","finished_at":"2024-01-02T10:00:00Z","service":"shop","changes":["c 1"]}\n'


def converted(*sources: Any, **options: Any) -> bytes:
    made = io.BytesIO()
    dora.convert(*sources, to=made, **options)
    return made.getvalue()


def test_an_export(tmp_path: Path) -> None:
    path = tmp_path / "deployments.json"
    path.write_bytes(GITHUB)
    told = converted(path, source="github", project="o/r")
    assert len(told.splitlines()) == 19
    assert json.loads(told.splitlines()[0])["id"].startswith("github:o/r:")
    assert dora.report(told).to_ndjson() == dora.report(path, source="github", project="o/r").to_ndjson()
    rows = converted(GITHUB, source="github", project="o/r", output="csv")
    assert dora.report(rows).to_ndjson() == dora.report(told).to_ndjson()
    assert converted(told) == told


def test_where_it_goes(tmp_path: Path) -> None:
    target = tmp_path / "facts.ndjson"
    target.write_text("old")
    done = dora.convert(LINES + b"oops\n", to=target)
    assert (done.rejected, done.rejections[0].line) == (1, 2)
    assert target.read_bytes() == converted(LINES)
    written = io.StringIO()
    dora.convert(LINES, to=written)
    assert written.getvalue().encode() == converted(LINES)
    assert [path.name for path in tmp_path.iterdir()] == ["facts.ndjson"]


def test_states_frames_and_dicts() -> None:
    facts = [{"id": "d1", "finished_at": "2024-01-02T10:00:00Z", "service": "shop"}]
    state = dora.Engine().read(facts).save()
    assert json.loads(converted(state)) == json.loads(converted(facts))
    pyarrow = pytest.importorskip("pyarrow", reason="columns are tried as a table of pyarrow")
    assert json.loads(converted(pyarrow.Table.from_pylist(facts))) == json.loads(converted(facts))


def test_what_fails_changes_no_file(tmp_path: Path) -> None:
    target = tmp_path / "facts.csv"
    target.write_text("old")
    with pytest.raises(dora.InputError):
        dora.convert(LINES, to=target, output="csv")  # a list whose item holds a space
    with pytest.raises(dora.InputError):
        dora.convert(b"{\n", to=target, format="ndjson", strict=True)
    with pytest.raises(OSError):
        dora.convert(tmp_path / "none", to=target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["facts.csv"]
    for options in ({"output": "auto"}, {"output": "xml"}, {"source": "none"}):
        with pytest.raises(dora.ArgumentError):
            converted(LINES, **options)
    to: Any = 7
    with pytest.raises(dora.ArgumentError):
        dora.convert(LINES, to=to)


def test_a_file_that_cannot_be_written() -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        dora.convert(LINES, to=Full())

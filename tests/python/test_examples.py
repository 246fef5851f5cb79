# SPDX-License-Identifier: MIT
"""The examples of the documents run, in a folder that has the file which they read, and are typed."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSV = "finished_at,committed_at,failed,restored_at\n" + "".join(
    f"2024-03-{day:02}T10:00:00Z,2024-03-{day:02}T08:00:00Z,no,\n" for day in range(1, 29)
)
PLACES = [
    (page, number)
    for page in ("README.md", "bindings/python/README.md", "docs/pictures.md")
    for number in range((ROOT / page).read_text(encoding="utf-8").count("```python"))
]


def example(page: str, number: int) -> str:
    blocks: list[str] = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    return blocks[number]


@pytest.mark.parametrize(("page", "number"), PLACES)
def test_examples_run(page: str, number: int, tmp_path: Path) -> None:
    if "plot" in example(page, number):
        pytest.importorskip("altair")
    (tmp_path / "deployments.csv").write_text(CSV)
    for part in ("docs", "tests"):
        (tmp_path / part).symlink_to(ROOT / part)
    done = subprocess.run(
        [sys.executable, "-c", example(page, number)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("page", "number"), PLACES)
def test_examples_are_typed(page: str, number: int, tmp_path: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("no mypy beside the package")
    path = tmp_path / "example.py"
    path.write_text(example(page, number))
    settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    command = [sys.executable, "-m", "mypy", "--strict", *settings, str(path)]
    environment = os.environ | {"MYPYPATH": str(ROOT / "bindings/python")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

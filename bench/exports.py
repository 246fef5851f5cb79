# SPDX-License-Identifier: MIT
"""How fast an export of GitHub deployments is read, and in how much memory.

    python3 bench/exports.py DORA FOLDER [DEPLOYMENTS]

makes one JSON array of that many deployments (5,000,000 if not told, some 3.4 GB), reads it with `dora check`, and
reads the same facts in the normal form, which `dora convert` makes. Both readers hold the same facts, so the difference
between their memory is what one takes beyond the other.
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = "https://api.github.com/repos/octo/shop"
BEGIN = datetime.datetime(2020, 1, 1)


def deployment(number: int) -> str:
    """As GitHub's REST API gives it, in the order of its documentation."""
    time = (BEGIN + datetime.timedelta(seconds=number * 30)).isoformat() + "Z"
    sha = f"{number * 2654435761 % (1 << 64):016x}" * 2 + f"{number:08x}"
    address = f"{REPOSITORY}/deployments/{number}"
    return (
        f'{{"url":"{address}","id":{number},"node_id":"MDEwOkRlcGxveW1lbnQ{number}","task":"deploy",'
        '"original_environment":"production","environment":"production","description":null,'
        f'"created_at":"{time}","updated_at":"{time}","statuses_url":"{address}/statuses",'
        f'"repository_url":"{REPOSITORY}","creator":{{"login":"octocat","id":1,"type":"User","site_admin":false}},'
        f'"sha":"{sha}","ref":"main","payload":{{}},"transient_environment":false,"production_environment":true,'
        '"performed_via_github_app":null}'
    )


def make(path: Path, count: int) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write("[")
        for number in range(1, count + 1):
            file.write((",\n" if number > 1 else "") + deployment(number))
        file.write("]\n")


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds of CPU time, and the most memory in MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    dora, folder = sys.argv[1], Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) == 4 else 5_000_000
    export, normal = folder / f"github-{count}.json", folder / f"github-{count}.ndjson"
    if not export.exists():
        make(export, count)
    from_github = ["--from", "github", "--project", "octo/shop", str(export)]
    if not normal.exists():
        subprocess.run([dora, "convert", *from_github, "-o", str(normal)], check=True)
    seconds, memory = measure([dora, "check", *from_github])
    _, facts_memory = measure([dora, "check", "--threads", "1", str(normal)])
    size = export.stat().st_size / 1e6
    print(f"{count} deployments, {size:.0f} MB: {seconds:.2f} s of CPU time, {size / seconds:.0f} MB/s")
    print(f"at most {memory:.0f} MB of memory; the same facts in the normal form {facts_memory:.0f} MB")


if __name__ == "__main__":
    main()

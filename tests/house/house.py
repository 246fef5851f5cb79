# SPDX-License-Identifier: MIT
"""What the tests of the house share: the build folder, the compilers at hand, and the library as installed.

The build is installed below a temporary folder (DESTDIR); pkg-config sees that folder as the root of the system.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
import harness  # noqa: E402

SOURCE = harness.SOURCE
DORA = harness.DORA
dora = harness.dora
BUILD = Path(os.environ.get("DORA_BUILD", Path(DORA).parents[1]))
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(command: list[str], **environment: str) -> str:
    """Standard output of a command that has to succeed."""
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def compilers(*names: str) -> list[str]:
    return [name for name in names if shutil.which(name)]


@dataclass
class Installed:
    root: Path
    installed_libraries: Path

    def flags(self, *options: str) -> list[str]:
        return run(
            ["pkg-config", *options, "libdora"],
            PKG_CONFIG_PATH=str(self.installed_libraries / "pkgconfig"),
            PKG_CONFIG_SYSROOT_DIR=str(self.root),
        ).split()

    def build(self, compiler: list[str], program: Path, *pkg_config_options: str) -> Path:
        """Compiles a program as a stranger to the source tree would."""
        executable = program.with_suffix(".exe")
        flags = self.flags("--cflags", "--libs", *pkg_config_options)
        run([*compiler, *WARNINGS, str(program), "-o", str(executable), *flags])
        return executable

    def run(self, *command: str | Path) -> str:
        return run([str(word) for word in command], LD_LIBRARY_PATH=str(self.installed_libraries))


@contextlib.contextmanager
def installed() -> Iterator[Installed]:
    with tempfile.TemporaryDirectory() as folder:
        run(["ninja", "-C", str(BUILD), "install"], DESTDIR=folder)
        root = Path(folder)
        (package,) = root.rglob("libdora.pc")
        yield Installed(root, package.parents[1])


def header_example() -> str:
    """The program in the opening comment of dora.h."""
    text = (SOURCE / "include/dora/dora.h").read_text(encoding="utf-8")
    comment = text[: text.index("#ifndef")].splitlines()
    lines = [line[7:] for line in comment if line.startswith(" *     ")]
    return "\n".join(lines) + "\n"

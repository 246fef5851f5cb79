# SPDX-License-Identifier: MIT
"""The package as it is built, packed and installed: an archive of sources that needs no git, a wheel for all versions
of Python that holds the package and no more, and installs elsewhere without a compiler.

Python is taken in the oldest version at hand to build and in the newest to install. What the machine lacks (git, other
Pythons, the network for pip) is said, and the test skipped.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import harness

pytestmark = pytest.mark.build

PACKAGE = harness.SOURCE / "bindings" / "python" / "libdora"
SMOKE = "from libdora import _native; print(_native.version)"
NO_NETWORK = re.compile(r"Could not find a version|NewConnectionError|Temporary failure|Network is unreachable")
MINOR_LEAST = 10


def run(command: list[str | Path], folder: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """Standard output of a command that has to succeed."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=os.environ | (environment or {}), capture_output=True, text=True)
    if done.returncode != 0 and "pip" in words and NO_NETWORK.search(done.stderr):
        pytest.skip(f"pip reached no registry: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, f"exit {done.returncode}: {' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


def version() -> str:
    found = re.search(r"^    version: '(.+)',$", (harness.SOURCE / "meson.build").read_text(encoding="utf-8"), re.M)
    assert found
    return found[1]


def pythons() -> dict[int, str]:
    """Minor versions of Python 3 at hand, from the least supported on, that can make virtual environments."""
    names = [f"python3.{minor}" for minor in range(MINOR_LEAST, 20)]
    candidates = [found for name in names if (found := shutil.which(name))]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += [str(path) for path in sorted(root.glob("versions/3.*/bin/python3"))]
    candidates.append(str(Path(sys.base_prefix) / "bin" / "python3"))
    found_minors: dict[int, str] = {}
    probe = (
        "import ensurepip, os, sys, sysconfig, venv\n"
        "headers = os.path.exists(os.path.join(sysconfig.get_path('include'), 'Python.h'))\n"
        "print(sys.version_info.minor, headers and not sysconfig.get_config_var('Py_GIL_DISABLED'))"
    )
    for candidate in candidates:
        done = subprocess.run([candidate, "-c", probe], capture_output=True, text=True)
        minor, _, usable = done.stdout.strip().partition(" ")
        if done.returncode == 0 and usable == "True" and int(minor) >= MINOR_LEAST:
            found_minors[int(minor)] = candidate
    return found_minors


def new_environment(python: str, folder: Path) -> Path:
    """The Python of a new, empty virtual environment."""
    run([python, "-m", "venv", folder])
    return folder / "bin" / "python3"


def without_git(folder: Path) -> str:
    """A PATH on which git is no help."""
    folder.mkdir()
    (folder / "git").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (folder / "git").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def tools_path() -> str:
    """A PATH on which the tools of this environment come first."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of sources of what is committed."""
    pytest.importorskip("mesonpy")
    if not shutil.which("git") or not (harness.SOURCE / ".git").exists():
        pytest.skip("the archive of sources is made from a git repository")
    folder = tmp_path_factory.mktemp("sources")
    program = f"import mesonpy; mesonpy.build_sdist({str(folder)!r})"
    run([sys.executable, "-c", program], harness.SOURCE, {"PATH": tools_path()})
    (archive,) = folder.iterdir()
    return archive


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel made from the archive by the oldest Python, as `pip wheel` does it for anybody, without git."""
    folder = tmp_path_factory.mktemp("wheel")
    versions = pythons()
    python = new_environment(versions[min(versions)], folder / "builder")
    run(
        [python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder / "made", sources],
        environment={"PATH": without_git(folder / "path")},
    )
    (made,) = (folder / "made").iterdir()
    return made


def unpacked(sources: Path, folder: Path) -> Path:
    with tarfile.open(sources) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    return tree


def test_sources_hold_what_a_build_needs(sources: Path) -> None:
    assert sources.name == f"libdora-{version()}.tar.gz"
    with tarfile.open(sources) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for wanted in ["LICENSE", "PKG-INFO", "lib/engine.c", "include/dora/dora.h", "bindings/python/declarations.txt"]:
        assert wanted in names
    assert not [name for name in names if name.startswith((".git/", "build/", ".dev/"))]


def test_wheel_holds_the_package_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
    information = f"libdora-{version()}.dist-info"
    listed: list[str | Path] = [
        "git",
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        "HEAD",
        PACKAGE.relative_to(harness.SOURCE),
    ]
    tracked = run(listed, harness.SOURCE).split("\0")
    expected = {str(Path("libdora", Path(harness.SOURCE, name).relative_to(PACKAGE))) for name in tracked if name}
    expected.add("libdora/_libdora.abi3.so")
    assert {name for name in names if not name.startswith(f"{information}/")} == expected
    assert f"{information}/licenses/LICENSE" in names
    assert f"\nVersion: {version()}\n" in metadata
    required = re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)
    assert {line.split(">")[0] for line in required if "extra ==" not in line} == {"cffi"}


def test_wheel_is_for_every_later_version(wheel: Path) -> None:
    assert wheel.name.startswith(f"libdora-{version()}-cp3{min(pythons())}-abi3-")
    pytest.importorskip("abi3audit")
    run([sys.executable, "-m", "abi3audit", "--strict", wheel])


def test_module_shows_nothing_but_itself(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        module = archive.extract("libdora/_libdora.abi3.so", tmp_path)
    lines = run(["nm", "-D", "--defined-only", module]).splitlines()
    assert [line.split()[-1] for line in lines] == ["PyInit__libdora"]


def test_wheel_needs_the_system_alone(wheel: Path, tmp_path: Path) -> None:
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        pytest.skip("auditwheel knows Linux with glibc")
    pytest.importorskip("auditwheel")
    run(
        [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", tmp_path, wheel],
        environment={"PATH": tools_path()},
    )
    (repaired,) = tmp_path.iterdir()
    assert "manylinux" in repaired.name
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(repaired) as after:
        added = set(after.namelist()) - set(before.namelist())
    assert not [name for name in added if ".so" in name]


def test_wheel_in_another_python_without_a_compiler(wheel: Path, tmp_path: Path) -> None:
    versions = pythons()
    if len(versions) < 2:
        pytest.skip("there is one Python here")
    python = new_environment(versions[max(versions)], tmp_path / "other")
    alone = {"PATH": str(python.parent), "PIP_ONLY_BINARY": ":all:", "CC": "false"}
    run([python, "-m", "pip", "install", "--quiet", wheel, "pytest"], environment=alone)
    assert run([python, "-c", SMOKE], tmp_path, alone).strip() == version()
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not build"]
    run([python, *tests, harness.SOURCE / "tests" / "python"], harness.SOURCE, alone)


def test_editable_with_the_installed_library(sources: Path, tmp_path: Path) -> None:
    build = Path(os.environ.get("DORA_BUILD", Path(harness.DORA).parents[1]))
    if not (build / "build.ninja").exists() or not shutil.which("pkg-config"):
        pytest.skip("no build of the library to install (DORA_BUILD), or no pkg-config")
    pytest.importorskip("cffi")
    tree = unpacked(sources, tmp_path / "tree")
    run(["ninja", "-C", build, "install"], environment={"DESTDIR": str(tmp_path / "root")})
    (package,) = (tmp_path / "root").rglob("libdora.pc")
    text = package.read_text(encoding="utf-8")
    package.write_text(re.sub("^prefix=", f"prefix={tmp_path / 'root'}", text, flags=re.MULTILINE), encoding="utf-8")
    python = new_environment(sys.executable, tmp_path / "editable")
    environment = {
        "LD_LIBRARY_PATH": str(package.parents[1]),
        "PATH": tools_path(),
        "PKG_CONFIG_PATH": str(package.parent),
    }
    tools = sysconfig.get_path("purelib")  # of this environment, which has what a build needs
    install = ["-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps"]
    command: list[str | Path] = [python, *install, "-Csetup-args=-Dpython_system=true", "--editable", tree]
    run(command, environment={**environment, "PYTHONPATH": tools})
    # Behind the new environment's own path: an editable libdora of this one has a finder of the same name.
    program = f"import sys; sys.path.append({tools!r}); {SMOKE}; from libdora import _libdora; print(_libdora.__file__)"
    said, module = run([python, "-c", program], tmp_path, environment).splitlines()
    assert said == version()
    assert Path(module).is_relative_to(tree)
    assert "libdora.so.0" in run(["readelf", "-d", module])


def test_free_threaded_builds_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("mesonbuild")
    pretence = "import sysconfig\nsysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1\n"
    (tmp_path / "sitecustomize.py").write_text(pretence, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mesonbuild.mesonmain", "setup", tmp_path / "build", harness.SOURCE, "-Dpython=true"],
        env=os.environ | {"PATH": tools_path(), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "libdora does not support free-threaded builds of Python" in done.stdout

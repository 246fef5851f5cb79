# SPDX-License-Identifier: MIT
"""The installed library as others use it: by pkg-config, shared, static and from C++, and as a meson subproject."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

import house

SAID = "median lead time: 2 h\n"
CPP_PROGRAM = """
#include <dora/dora.h>
#include <cstring>
#include <memory>

int main() {
    dora_engine *engine = nullptr;
    dora_engine_options options{};
    options.struct_size = sizeof options;
    if (dora_engine_new(&options, &engine, nullptr) != DORA_OK)
        return 1;
    std::unique_ptr<dora_engine, decltype(&dora_engine_free)> owner(engine, dora_engine_free);
    return std::strcmp(dora_version(), DORA_VERSION_STRING) != 0;
}
"""
SUBPROJECT_BUILD = """
project('consumer', 'c', default_options: ['optimization=0', 'default_library=static', 'werror=true'])
executable('consumer', 'main.c', dependencies: dependency('libdora', fallback: 'dora'))
"""


class Install(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_what_is_installed(self) -> None:
        with house.installed() as here:
            names = sorted(str(path.relative_to(here.root)) for path in here.root.rglob("*") if not path.is_dir())
            for wanted in ["libdora.so", "libdora.so.0", "libdora.a", "libdora.pc", "bin/dora"]:
                self.assertTrue(any(name.endswith("/" + wanted) for name in names), f"{wanted} in {names}")
            headers = {Path(name).name for name in names if "/include/dora/" in name}
            wanted_headers = {path.name for path in (house.SOURCE / "include/dora").glob("*.h")} | {"version.h"}
            self.assertEqual(headers, wanted_headers)
            (command,) = here.root.rglob("bin/dora")
            version = here.flags("--modversion")[0]
            self.assertIn(version, here.run(command, "--version"))

    def test_consumers(self) -> None:
        program = self.write("main.c", house.header_example())
        cpp_program = self.write("main.cpp", CPP_PROGRAM)
        with house.installed() as here:
            self.assertEqual(here.run(here.build(["cc", "-std=c11"], program)), SAID)
            self.assertIn("-lm", here.flags("--libs", "--static"))
            self.assertEqual(here.run(here.build(["cc", "-std=c11", "-static"], program, "--static")), SAID)
            here.run(here.build(["c++", "-std=c++17"], cpp_program))

    def test_subproject(self) -> None:
        if not shutil.which("meson"):
            self.skipTest("meson was run from outside PATH")
        self.write("main.c", house.header_example())
        self.write("meson.build", SUBPROJECT_BUILD)
        (self.folder / "subprojects").mkdir()
        (self.folder / "subprojects/dora").symlink_to(house.SOURCE)
        out = str(self.folder / "out")
        house.run(["meson", "setup", out, str(self.folder)])
        house.run(["ninja", "-C", out, "consumer"])
        self.assertEqual(house.run([f"{out}/consumer"]), SAID)


if __name__ == "__main__":
    unittest.main()

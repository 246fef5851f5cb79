# SPDX-License-Identifier: MIT
"""Writes the C table of the mappings that are built in: builtins.py OUTPUT FILE.map..."""

import pathlib
import sys


def identifier(file: pathlib.Path) -> str:
    """The name of a mapping as C takes it."""
    return file.stem.replace("-", "_")


files = [pathlib.Path(name) for name in sys.argv[2:]]
lines = ["/* Made by builtins.py. */", '#include "read/source/mapping.h"']
for file in files:
    data = file.read_bytes() + b"\0"
    lines.append(f"static const unsigned char {identifier(file)}_text[] = {{")
    lines += ["    " + ",".join(map(str, data[i : i + 24])) + "," for i in range(0, len(data), 24)]
    lines.append("};")
lines.append("const struct dora__builtin dora__builtins[] = {")
lines += [f'    {{"{file.stem}", {identifier(file)}_text, sizeof {identifier(file)}_text - 1}},' for file in files]
lines += ["};", f"const size_t dora__builtins_count = {len(files)};"]
pathlib.Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")

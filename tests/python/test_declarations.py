# SPDX-License-Identifier: MIT
"""What CFFI reads is what the headers say, whole, and what the compiler made of them."""

from __future__ import annotations

import ast
import importlib.resources
import re

import pytest

import harness

PYTHON = harness.SOURCE / "bindings" / "python"
declarations = harness.module(PYTHON, "declarations")
HEADERS = sorted((harness.SOURCE / "include" / "dora").glob("*.h"))


def test_what_is_kept_is_what_the_headers_say() -> None:
    for path, text in declarations.outputs().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run bindings/python/declarations.py"


def test_stub_is_python() -> None:
    ast.parse(declarations.STUB.read_text(encoding="utf-8"))  # a parameter may have the name of a keyword


def test_every_header_is_read() -> None:
    assert set(HEADERS) < set(declarations.HEADERS)


def exported() -> set[str]:
    """Functions of the library, found in another way than by the generator."""
    words = (re.findall(r"DORA_API\s[^;()]*?\b(dora_\w+)\(", path.read_text(encoding="utf-8")) for path in HEADERS)
    return {name for names in words for name in names}


def test_every_function_is_in_the_module() -> None:
    from libdora._libdora import lib

    assert len(exported()) > 40
    assert exported() - set(dir(lib)) == set()


def test_every_constant_is_what_the_compiler_says() -> None:
    from libdora._libdora import lib

    stub = importlib.resources.files("libdora").joinpath("_libdora.pyi").read_text(encoding="utf-8")
    names = re.findall(r"^    ((?:DORA|ARROW)_\w+): int$", stub, re.MULTILINE)
    assert len(names) > 80
    for name in names:
        assert isinstance(getattr(lib, name), int), name
    assert lib.DORA_ABSENT == -(2**63)
    assert lib.DORA_ATTRIBUTION_UNLIMITED == 2**63 - 1
    assert lib.DORA_ERROR_IO == 6


def test_every_structure_has_the_size_that_the_compiler_says() -> None:
    from libdora._libdora import ffi

    text = declarations.DECLARATIONS.read_text(encoding="utf-8")
    names = re.findall(r"^(?:typedef )?(struct \w+) \{", text, re.MULTILINE)
    assert len(names) > 15
    for name in names:
        assert ffi.sizeof(name) > 0, name
        assert ffi.new(f"{name} *"), name


@pytest.mark.parametrize(
    "text",
    [
        "int dora_x(void) { return 1; }\n",
        "DORA_API int dora_x(void (*f)(int));\n",
        "DORA_API long dora_x(void);\n",
        "DORA_API unsigned dora_x(void);\n",
        "DORA_API int dora_x();\n",
        "DORA_API int dora_x(int n, ...);\n",
        "DORA_OTHER int dora_x(void);\n",
        "int dora_x(void);\n",
        "extern int dora_x;\n",
        "typedef union dora_x { int a; } dora_x;\n",
        "typedef struct dora_x { int a : 3; } dora_x;\n",
        "typedef struct dora_x { struct { int b; } a; } dora_x;\n",
        "typedef struct dora_x { long a; } dora_x;\n",
        "typedef struct dora_x { int a, b; } dora_x;\n",
        "typedef enum dora_x { DORA_A = sizeof(int) } dora_x;\n",
        "typedef int dora_x;\n",
        "#define DORA_X(a) a\n",
        '#define DORA_X "x"\n',
        "#define DORA_X\n",
        "#define DORA_X 1 + \\\n 2\n",
        "#if DORA_X > 1\n#endif\n",
        "#ifndef DORA_X_H\n",
        "#pragma once\n",
        "#include <stdio.h>\n",
        "DORA_API int dora_x(void)\n#define DORA_X 1\n;\n",
        "DORA_API int dora_x(void)\n",
    ],
)
def test_what_is_not_known_is_an_error(text: str) -> None:
    with pytest.raises(declarations.Unknown, match="x.h, "):
        declarations.declarations_of("x.h", text)


def test_known_forms() -> None:
    text = """\
#ifndef DORA_X_H /* a guard */
#define DORA_X_H
#include <stdint.h>
#define DORA_TEN  10
#define DORA_LESS (-10) /* what
a comment */
#ifdef __cplusplus
extern "C" {
#endif
typedef struct dora_x dora_x; /* int hidden(void); */
DORA_API const char *const *dora_x_names(const dora_x *x, uint8_t bits[DORA_TEN],
                                         const void **to);
DORA_PYTHON_CALLBACK int dora_python_x(void);
struct ArrowX {
    int64_t *at[2][DORA_TEN];
    int (*call)(struct ArrowX *, void *);
};
#endif
"""
    assert declarations.declarations_of("x.h", text) == [
        "#define DORA_TEN 10",
        "#define DORA_LESS ...",
        "typedef struct dora_x dora_x;",
        "const char *const *dora_x_names(const dora_x *x, uint8_t bits[DORA_TEN], const void **to);",
        'extern "Python+C" int dora_python_x(void);',
        "struct ArrowX {\n    int64_t *at[2][DORA_TEN];\n    int (*call)(struct ArrowX *, void *);\n};",
    ]

# SPDX-License-Identifier: MIT
"""Makes what CFFI reads of the library, and its types for type checkers, from the public headers and glue.h.

    python3 declarations.py            writes declarations.txt and libdora/_libdora.pyi
    python3 declarations.py --check    ends with 1 where they are not what the headers say

No compiler is needed. The headers are written in few forms, one a row of FORMS; whatever is in none of them is an
error with the place, never skipped. Numbers and sizes are stated as in the headers, and CFFI has the C compiler check
them; a constant that is not a plain number is left to the compiler.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "include" / "dora"
HEADERS = [
    INCLUDE / "dora.h",
    INCLUDE / "arrow.h",
    INCLUDE / "compact.h",
    INCLUDE / "facts.h",
    INCLUDE / "sources.h",
    HERE / "glue.h",
]
DECLARATIONS = HERE / "declarations.txt"
STUB = HERE / "libdora" / "_libdora.pyi"

INCLUDES = {
    "<stddef.h>",
    "<stdint.h>",
    "<dora/version.h>",
    "<dora/dora.h>",
    "<dora/arrow.h>",
    "<dora/compact.h>",
    "<dora/facts.h>",
    "<dora/sources.h>",
}
MARKERS = {"DORA_API": "", "DORA_PYTHON_CALLBACK": 'extern "Python+C"'}
CONDITIONS = {"ifdef __cplusplus": False, "if defined(__GNUC__)": True}
GUARD = re.compile(r"ifndef (DORA_\w+_H|ARROW_C_\w+_INTERFACE)")

Form = Callable[[re.Match[str]], str]


class Unknown(Exception):
    """A construct that this generator does not know."""


def without_comments(text: str) -> str:
    """The text with comments as blanks; lines stay where they are."""
    return re.sub(r"/\*.*?\*/", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)


class Preprocessor:
    """Lines that a compiler of C would see, and the constants that it would know."""

    def __init__(self) -> None:
        self.taken: list[bool] = []  # a level of #if: whether its lines count

    def directive(self, text: str) -> str:
        """What a directive declares; mostly nothing."""
        text = " ".join(text.split())
        word, _, rest = text.partition(" ")
        if word in ("if", "ifdef", "ifndef"):
            if text not in CONDITIONS and not GUARD.fullmatch(text):
                raise Unknown(f"condition #{text}")
            self.taken.append(CONDITIONS.get(text, True))
        elif word == "else":
            self.taken.append(not self.taken.pop())
        elif word == "endif":
            self.taken.pop()
        elif not all(self.taken):
            pass
        elif word == "include":
            if rest not in INCLUDES:
                raise Unknown(f"#{text}")
        elif word == "define":
            return self.define(rest)
        else:
            raise Unknown(f"#{text}")
        return ""

    def define(self, rest: str) -> str:
        name, _, value = rest.partition(" ")
        if name in MARKERS or not value and (name.endswith("_H") or name.startswith("ARROW_C_")):
            return ""
        if not re.fullmatch(r"[A-Z_0-9]+", name) or not value or '"' in value:
            raise Unknown(f"#define {rest}")
        return f"#define {name} {value if re.fullmatch(r'[0-9]+', value) else '...'}"

    def lines(self, text: str) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(without_comments(text).splitlines(), 1):
            if line.rstrip().endswith("\\"):
                raise Unknown(f"line {number}: a line that goes on in the next")
            try:
                if line.lstrip().startswith("#"):
                    line = self.directive(line.lstrip()[1:])
                elif not all(self.taken):
                    line = ""
            except Unknown as unknown:
                raise Unknown(f"line {number}: {unknown}") from None
            yield number, line
        if self.taken:
            raise Unknown("an #if without its #endif")


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Declarations, each with the line on which it begins, in one line, without the `;`."""
    words: list[str] = []
    begin = depth = 0
    for number, line in Preprocessor().lines(text):
        if line.startswith("#"):
            if words:
                raise Unknown(f"line {number}: a constant within a declaration")
            yield number, line
            continue
        for word in re.findall(r"[{};]|[^{};]+", line):
            if not word.strip():
                continue
            if not words:
                begin = number
            depth += (word == "{") - (word == "}")
            if word == ";" and depth == 0:
                yield begin, " ".join(" ".join(words).split())
                words = []
            else:
                words.append(word)
    if words:
        raise Unknown(f"line {begin}: a declaration without its end")


# A type of numbers, a named type or a structure, perhaps constant.
BASE = r"(?:const )?(?:struct [A-Z]\w+|(?:dora_|u?int(?:8|16|32|64|ptr)_t|size_t|int\b|char\b|double\b|void\b)\w*)"
# With its stars, up to the name that follows.
TYPE = rf"{BASE}(?: |(?: \*+)(?:const \*)*)"
LIST = r"[^(){}]*"
FUNCTION_POINTER = rf"{TYPE}\(\*\w+\)\({LIST}\)"
FIELD = rf"{TYPE}\w+(?:\[\w+\])*"


def block(head: str, body: str, tail: str, separator: str) -> str:
    parts = [part.strip() for part in body.split(separator)]
    lines = "".join(f"    {part}{separator}\n" for part in parts if part)
    return f"{head} {{\n{lines}}}{tail};"


def enum(found: re.Match[str]) -> str:
    for item in found["body"].split(","):
        if not re.fullmatch(r" *[A-Z_0-9]+(?: = [0-9]+)? *", item):
            raise Unknown(f"enumerator {item}")
    return block(f"typedef enum {found['name']}", found["body"], f" {found['name']}", ",")


def structure(found: re.Match[str]) -> str:
    for field in found["body"].split(";"):
        if field.strip() and not re.fullmatch(rf"{FIELD}|{FUNCTION_POINTER}", field.strip()):
            raise Unknown(f"field {field}")
    return block(found["head"], found["body"], found["tail"], ";")


def function(found: re.Match[str]) -> str:
    marker = str(found["marker"] or "")
    if marker not in MARKERS and (marker or not found["name"].startswith("dora_python_")):
        raise Unknown(f"{marker or 'no marker'} at {found['name']}")
    for parameter in found["list"].split(","):
        if not re.fullmatch(rf"{FIELD}|void", parameter.strip()):
            raise Unknown(f"parameter {parameter}")
    return f"{MARKERS.get(marker, '')} {found['result']}{found['name']}({found['list']});".lstrip()


def as_it_is(found: re.Match[str]) -> str:
    return f"{found[0]};"


FORMS: list[tuple[str, Form]] = [
    (r"typedef enum (?P<name>dora_\w+) \{(?P<body>[^{}]*)\} (?P=name)", enum),
    (r"(?P<head>typedef struct (?P<name>dora_\w+)) \{(?P<body>[^{}]*)\}(?P<tail> (?P=name))", structure),
    (r"(?P<head>struct Arrow\w+) \{(?P<body>[^{}]*)\}(?P<tail>)", structure),
    (r"typedef struct (?P<name>dora_\w+) (?P=name)", as_it_is),
    (rf"typedef {FUNCTION_POINTER}", as_it_is),
    (rf"(?:(?P<marker>DORA_\w+) )?(?P<result>{TYPE})(?P<name>dora_\w+)\((?P<list>{LIST})\)", function),
]


def declared(statement: str) -> str:
    """What CFFI is to read of a declaration."""
    if statement.startswith("#"):
        return statement
    for pattern, form in FORMS:
        found = re.fullmatch(pattern, statement)
        if found:
            return form(found)
    raise Unknown(statement)


def declarations_of(name: str, text: str) -> list[str]:
    """The declarations of a header, in order."""
    found = []
    try:
        for number, statement in statements(text):
            try:
                found.append(declared(statement))
            except Unknown as unknown:
                raise Unknown(f"line {number}: not known here: {unknown}") from None
    except Unknown as unknown:
        raise Unknown(f"{name}, {unknown}") from None
    return found


def all_declarations() -> list[str]:
    return [line for header in HEADERS for line in declarations_of(header.name, header.read_text(encoding="utf-8"))]


# ---- types for type checkers: numbers are int or float, everything else is CFFI's CData


def python_type(text: str) -> str:
    text = text.replace("const ", "").strip()
    if "*" in text or "[" in text:
        return "CData"
    if re.match(r"u?int(8|16|32|64|ptr)?(_t)?\b|size_t\b", text):
        return "int"
    return {"double": "float", "void": "None"}.get(text.split()[0], "CData")


def stub_lines(declaration: str, enums: set[str]) -> list[str]:
    constant = re.match(r"#define (\w+)", declaration)
    if constant:
        return [f"    {constant[1]}: int"]
    listed = re.match(r"typedef enum (\w+) \{(.*)\}", declaration, re.DOTALL)
    if listed:
        enums.add(listed[1])
        return [f"    {name}: int" for name in re.findall(r"^    (\w+)", listed[2], re.MULTILINE)]
    called = re.fullmatch(rf"(?P<result>{TYPE})(?P<name>dora_\w+)\((?P<list>{LIST})\);", declaration)
    if not called:
        return []

    def typed(text: str) -> str:
        word = text.split()[0]
        return "int" if word in enums and "*" not in text else python_type(text)

    parameters = [part.strip() for part in called["list"].split(",") if part.strip() != "void"]
    names = [re.sub(r"\[.*", "", part).split("*")[-1].split()[-1] for part in parameters]
    names = [f"{name}_" if keyword.iskeyword(name) else name for name in names]
    arguments = ", ".join(["self", *(f"{name}: {typed(part)}" for name, part in zip(names, parameters)), "/"])
    return [f"    def {called['name']}({arguments}) -> {typed(called['result'])}: ..."]


STUB_HEAD = """\
# SPDX-License-Identifier: MIT
# Made by declarations.py from the headers: the module that CFFI makes, as type checkers see it.
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

CData: TypeAlias = Any
_Function = TypeVar("_Function", bound=Callable[..., Any])

class _FFI:
    NULL: CData
    error: type[Exception]
    def new(self, cdecl: str, init: Any = ...) -> CData: ...
    def cast(self, cdecl: str, source: Any) -> CData: ...
    def string(self, cdata: CData, maxlen: int = ...) -> Any: ...
    def unpack(self, cdata: CData, length: int) -> Any: ...
    def buffer(self, cdata: CData, size: int = ...) -> Any: ...
    def from_buffer(self, cdecl: str, python_buffer: Any, require_writable: bool = ...) -> CData: ...
    def memmove(self, dest: Any, src: Any, n: int) -> None: ...
    def addressof(self, cdata: Any, *fields: str | int) -> CData: ...
    def sizeof(self, cdecl: Any) -> int: ...
    def typeof(self, cdecl: Any) -> Any: ...
    def gc(self, cdata: CData, destructor: Callable[[CData], Any] | None, size: int = ...) -> CData: ...
    def release(self, cdata: CData) -> None: ...
    def new_handle(self, python_object: object) -> CData: ...
    def from_handle(self, handle: CData) -> Any: ...
    def def_extern(
        self, name: str = ..., error: Any = ..., onerror: Callable[[Any, Any, Any], Any] | None = ...
    ) -> Callable[[_Function], _Function]: ...

class _Lib:
"""
STUB_TAIL = "\nffi: _FFI\nlib: _Lib\n"


def outputs() -> dict[Path, str]:
    """What each of the files made here is to hold."""
    declarations = all_declarations()
    enums: set[str] = set()
    stub = [line for declaration in declarations for line in stub_lines(declaration, enums)]
    return {
        DECLARATIONS: "\n".join(declarations) + "\n",
        STUB: STUB_HEAD + "\n".join(stub) + "\n" + STUB_TAIL,
    }


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    code = 0
    for path, text in outputs().items():
        if not arguments:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            print(f"{path.name} is not what the headers say; run declarations.py", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

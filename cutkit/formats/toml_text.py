"""TOML files with the lines that their keys stand in, which tomllib does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cutkit.errors import InputError

Path = tuple[str | int, ...]
"""Where a value is: the keys that lead to it, and numbers in arrays of tables."""
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""'
    r"|'''.*?'''"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}=\n]"
    r"|[^\[\]{}=\n\"'#]+",
    re.DOTALL,
)


@dataclass(frozen=True)
class TomlText:
    """What a TOML file says, and the line of each key and table."""

    where: str
    values: dict[str, Any]
    lines: Mapping[Path, int]

    def place(self, *path: str | int) -> str:
        """File and line of a key; of the nearest table around it where it has no line of its own."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return f"{self.where}, line {self.lines[path[:end]]}"
        return self.where


def parse_toml(data: bytes, where: str) -> TomlText:
    """The bytes of a TOML file; InputError, naming ``where``, where they are none."""
    try:
        text = data.decode("utf-8-sig")
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start})", where=where) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"not TOML: {error}", where=where) from error
    return TomlText(where, values, _lines(text))


def _lines(text: str) -> dict[Path, int]:
    """The line of every key and every table of a text that is TOML."""
    lines: dict[Path, int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: Path = ()
    for number, head, is_table in _statements(text):
        names, is_array = _names(head if is_table else f"{head} = 0")
        if is_array:
            counts[names] = counts.get(names, -1) + 1
        if is_table:
            table = _numbered(names, counts)
        path = table if is_table else (*table, *names)
        for end in range(len(table) if not is_table else 0, len(path)):
            lines.setdefault(path[: end + 1], number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str, bool]]:
    """Each key and each table's head: the line that it begins in, its text, and whether it is a table's."""
    line, start, depth, head, has_value = 1, 1, 0, "", False
    for match in _TOKEN.finditer(text + "\n"):
        token = match[0]
        if token == "\n" and depth == 0:
            if head.strip():
                yield start, head.strip(), not has_value
            head, has_value = "", False
        elif token == "=" and depth == 0:
            has_value = True
        elif not has_value and token[0] != "#":
            start = start if head.strip() else line
            head += token
        depth += (token in ("[", "{")) - (token in ("]", "}"))
        line += token.count("\n")


def _names(statement: str) -> tuple[tuple[str, ...], bool]:
    """The names that a statement leads through, and whether it begins an element of an array of tables."""
    value: Any = tomllib.loads(statement)
    names: list[str] = []
    while isinstance(value, dict) and value:
        ((name, value),) = value.items()
        names.append(name)
    return tuple(names), isinstance(value, list)


def _numbered(names: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> Path:
    """The path of a table: behind the name of each array the number of its last element."""
    path: list[str | int] = []
    for end, name in enumerate(names, 1):
        path.append(name)
        if names[:end] in counts:
            path.append(counts[names[:end]])
    return tuple(path)

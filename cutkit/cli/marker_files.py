"""Markers on the command line: files, and folders of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cutkit.errors import InputError

SUFFIX = ".marker.json"


def marker_paths(given: Iterable[str]) -> list[Path]:
    """The marker files that are given, a folder standing for all ``*.marker.json`` below it, in order of their names.

    InputError (exit 3) for a folder without any.
    """
    paths: list[Path] = []
    for name in given:
        path = Path(name)
        found = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not found:
            raise InputError(f"no marker in this folder (*{SUFFIX})", where=name)
        paths += found
    return list(dict.fromkeys(paths))

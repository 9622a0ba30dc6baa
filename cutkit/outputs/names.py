"""What files are called where one name was given for several."""

from __future__ import annotations

from pathlib import Path

MARKER_SUFFIX = ".marker.json"


def with_ending(path: Path, ending: str) -> Path:
    """The name for one of several markers: ``m.marker.json`` and ``shell`` to ``m-shell.marker.json``; the name itself
    where there is no ending."""
    ending = "".join(c if c.isalnum() or c in "-_." else "-" for c in ending).strip("-.")
    if not ending:
        return path
    suffix = MARKER_SUFFIX if path.name.endswith(MARKER_SUFFIX) else path.suffix
    return path.with_name(f"{path.name.removesuffix(suffix)}-{ending}{suffix}")


def of_windows(path: Path, count: int) -> list[Path]:
    """PROGRAM, or of several windows PROGRAM-1, PROGRAM-2, ... before the suffix."""
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(1, count + 1)]


def marker_title(path: str | Path) -> str:
    """What a marker file's marker is called: its name without the suffix."""
    return Path(path).name.removesuffix(".json").removesuffix(".marker")

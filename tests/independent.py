"""Programs of others that judge ours, where they are installed: hp2xx and LinuxCNC's rs274.

rs274 is taken from CUTKIT_RS274 (the program, or a folder with Debian's packages unpacked) or from the PATH:

    apt-get download linuxcnc-uspace libboost-python1.74.0 libmodbus5
    for package in *.deb; do dpkg -x "$package" rs274; done
    CUTKIT_RS274=rs274 make test
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

Polyline = list[tuple[float, float]]
LOADER_FAILED = 127


@dataclass(frozen=True)
class Answer:
    """What rs274 did with a program: its canonical calls as name and numbers, and its fault, if it has one."""

    calls: list[tuple[str, list[float]]]
    fault: str | None


@lru_cache
def rs274_program() -> Path | None:
    """The program rs274; None where it is not to be had, or lacks a library."""
    given = os.environ.get("CUTKIT_RS274")
    found = _program_in(Path(given).absolute()) if given else shutil.which("rs274")
    if found is None or not Path(found).exists():
        return None
    program = Path(found)
    ran = subprocess.run([program, "-h"], capture_output=True, check=False, env=_environment(program))
    return None if ran.returncode == LOADER_FAILED else program


def _program_in(path: Path) -> Path:
    return path / "usr" / "bin" / "rs274" if path.is_dir() else path


def _environment(program: Path) -> dict[str, str]:
    """Where its libraries are: beside it, where Debian's packages were only unpacked."""
    libraries = program.parents[1] / "lib"
    if program.parents[1] == Path("/usr"):
        return dict(os.environ)
    paths = [str(libraries), *(str(path) for path in libraries.glob("*-linux-gnu"))]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(paths)}


def ask_rs274(text: str, folder: Path) -> Answer:
    """Let rs274 interpret a program; ``folder`` takes its files."""
    program = rs274_program()
    assert program is not None
    (folder / "job.ngc").write_text(text)
    (folder / "one.tbl").write_text("T1 P1\nT2 P2\n")
    command = [program, "-g", "-t", "one.tbl", "-v", "s.var", "job.ngc"]
    streams = {"capture_output": True, "stdin": subprocess.DEVNULL, "text": True}
    ran = subprocess.run(command, cwd=folder, check=False, env=_environment(program), **streams)
    talk = ("executing", "link (updating variable file)")
    lines = [line for line in (ran.stdout + "\n" + ran.stderr).splitlines() if not line.startswith(talk)]
    calls = [re.fullmatch(r"\s*\d+ N\S+\s+(\w+)\((.*)\)", line) for line in lines]
    faults = [line for line, call in zip(lines, calls, strict=True) if call is None and line.strip()]
    numbers = [(call[1], [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", call[2])]) for call in calls if call]
    return Answer(numbers, faults[0] if faults else None)


def cut_by(calls: list[tuple[str, list[float]]], *, through_mm: float | None) -> list[Polyline]:
    """The tool-down polylines of rs274's calls: between spindle on and off, or with ``through_mm`` at that height."""
    lines: list[Polyline] = []
    here, down = (0.0, 0.0), False
    for name, numbers in calls:
        if name.startswith("START_SPINDLE") and through_mm is None:
            lines.append([here])
            down = True
        elif name.startswith("STOP_SPINDLE") and through_mm is None:
            down = False
        elif name in ("STRAIGHT_TRAVERSE", "STRAIGHT_FEED"):
            here = (numbers[0], numbers[1])
            was_down = down
            down = down if through_mm is None else numbers[2] <= through_mm
            if down and (not was_down or name == "STRAIGHT_TRAVERSE"):
                lines.append([here])
            elif down and here != lines[-1][-1]:
                lines[-1].append(here)
    return lines


def ask_hp2xx(program: bytes, folder: Path) -> tuple[str, str]:
    """hp2xx's picture of an HP-GL program, as SVG, and what it said."""
    (folder / "m.plt").write_bytes(program)
    command = ["hp2xx", "-q", "-m", "svg", "-t", "-f", "m.svg", "m.plt"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return (folder / "m.svg").read_text(), ran.stdout + ran.stderr


def hp2xx_polylines(svg: str, corner: tuple[float, float]) -> list[Polyline]:
    """The polylines of hp2xx's picture in millimetres, for a device of 1016 units an inch.

    It draws in points of 1/72 inch, y downward, moved by an amount of its own: ``corner`` is where the lower left
    corner of all lines belongs. A long line comes in parts of ten points, each starting where the last one ended.
    """
    lines: list[Polyline] = []
    part: Polyline = []
    for path in re.findall(r'<path d="([^"]*)"', svg):
        numbers = [float(n) * 25.4 / 72 for n in re.findall(r"-?\d+(?:\.\d+)?", path)]
        last, part = part, [(x, -y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        if len(last) >= 10 and near(last[-1], part[0]):
            lines[-1] += part
        else:
            lines.append(list(part))
    dx = corner[0] - min(x for line in lines for x, _ in line)
    dy = corner[1] - min(y for line in lines for _, y in line)
    moved = [[(x + dx, y + dy) for x, y in line] for line in lines]
    return [[p for k, p in enumerate(line) if k == 0 or not near(p, line[k - 1])] for line in moved]


def near(a: tuple[float, float], b: tuple[float, float]) -> bool:
    """Whether two points in millimetres are the same."""
    return max(abs(a[0] - b[0]), abs(a[1] - b[1])) < 0.005


def ezdxf_segments(program: bytes) -> list[Polyline]:
    """The single lines that ezdxf's HP-GL/2 interpreter draws, in device units."""
    from ezdxf.addons.hpgl2.backend import Recorder, RecordType
    from ezdxf.addons.hpgl2.interpreter import Interpreter
    from ezdxf.addons.hpgl2.plotter import Plotter
    from ezdxf.addons.hpgl2.tokenizer import hpgl2_commands

    recorder = Recorder()
    # It reads HP-GL/2 only after the escape sequence that ends PCL.
    Interpreter(Plotter(recorder)).run(hpgl2_commands(b"\x1b%1B" + program))
    recorded = [(kind, data) for kind, _, data in recorder.player().recordings()]
    assert {kind for kind, _ in recorded} == {RecordType.POLYLINE}
    return [[(p.x, p.y) for p in data.vertices()] for _, data in recorded]

"""What the tests of the whole line share: commands run in this process, and markers measured by shapely alone.

Nothing here but ``run`` knows cutkit: what a marker file says is rebuilt from its JSON as the contract describes it.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import shapely
from conftest import REPOSITORY, Ran
from shapely.affinity import rotate, scale, translate
from shapely.geometry import Polygon

PATTERNS = sorted((REPOSITORY / "patterns").glob("*.dxf"))
SHARED = (REPOSITORY / "../shared").resolve()
REFEREE = SHARED / "tools" / "check_marker.py"
LONGEST_START_S = 400
"""How long a process may take: on a new machine the first nest compiles the search."""


def run(*args: object) -> Ran:
    """``cutkit ARG...`` in this process; what the fixture ``cutkit`` does, for fixtures of any scope."""
    from cutkit.cli import group
    from cutkit.cli.common import run as run_group

    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["cutkit", *map(str, args)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_group(group)
    finally:
        sys.argv = before
    return Ran(code, out.getvalue(), err.getvalue())


def ordered(*sizes: str) -> str:
    """An order of one garment of each size, or of as many as a size is named."""
    return ",".join(f"{size}={sizes.count(size)}" for size in dict.fromkeys(sizes))


def nest(path: Path, order: str | None, output: Path, *options: object, width: str = "150cm") -> Ran:
    """Nest a pattern with an effort of one round unless ``options`` say more; JSON on stdout."""
    effort = () if "--rounds" in options else ("--rounds", 1)
    asked = ("--order", order) if order else ()
    return run("nest", path, "--width", width, *asked, *effort, "--json", "-o", output, *options)


def markers_of(ran: Ran) -> list[tuple[Path, dict]]:
    """The path and the JSON of every marker that ``nest --json`` tells of."""
    paths = [Path(entry["path"]) for entry in json.loads(ran.out)["markers"]]
    return [(path, json.loads(path.read_text())) for path in paths]


def outlines(marker: dict) -> dict[str, Polygon]:
    """The outlines of a marker's pieces by id."""
    return {piece["id"]: Polygon(piece["outline"], piece["holes"]) for piece in marker["pieces"]}


def laid(marker: dict) -> list[Polygon]:
    """Every placement's outline on the fabric: mirrored, turned about the piece's origin, moved."""
    shapes = outlines(marker)
    polygons = []
    for p in marker["placements"]:
        shape = scale(shapes[p["piece"]], 1, -1 if p["mirrored"] else 1, origin=(0, 0))
        polygons.append(translate(rotate(shape, p["angle_deg"], origin=(0, 0)), p["x_mm"], p["y_mm"]))
    return polygons


def least_distance_mm(polygons: list[Polygon], reach_mm: float) -> float:
    """The least distance of two of the polygons, as far as it is below ``reach_mm``.

    Where two overlap it is negative: minus the width of a strip of the overlap's area and perimeter.
    """
    tree = shapely.STRtree(polygons)
    first, second = tree.query(polygons, predicate="dwithin", distance=reach_mm)
    least = reach_mm
    for i, j in zip(first, second, strict=True):
        if i < j:
            common = polygons[i].intersection(polygons[j])
            depth = 2 * common.area / common.length if common.area > 0 else 0.0
            least = min(least, -depth if depth else polygons[i].distance(polygons[j]))
    return float(least)


def assert_valid(path: Path, marker: dict) -> None:
    """The marker lies within its fabric, without overlap, its gap kept, and its figures are true."""
    polygons = laid(marker)
    x0, y0, x1, y1 = np.array([polygon.bounds for polygon in polygons]).T
    width, gap = marker["fabric"]["usable_width_mm"], marker["settings"]["gap_mm"]
    assert min(x0.min(), y0.min()) > -1e-3
    assert y1.max() < width + 1e-3
    assert least_distance_mm(polygons, gap + 1.0) > (gap - 0.01 if gap else -1e-3)
    assert abs(x1.max() - marker["length_mm"]) < 0.01
    area = sum(polygon.area for polygon in polygons)
    assert abs(area / (width * marker["length_mm"]) - marker["efficiency"]) < 1e-4
    assert_referee_agrees(path)


def assert_referee_agrees(path: Path) -> None:
    """The contract's own tool finds no fault; where it is not beside the repository, the other checks must do."""
    if REFEREE.exists():
        done = subprocess.run([sys.executable, REFEREE, path], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert " 0 faults" in done.stdout


def start(*args: object, **options) -> subprocess.Popen:
    """``python -m cutkit ARG...`` as a process of its own, its streams as pipes unless ``options`` say otherwise."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-m", "cutkit", *map(str, args)], text=True, **(pipes | options))


def finish(process: subprocess.Popen) -> Ran:
    """What the process did, once it has ended."""
    try:
        out, err = process.communicate(timeout=LONGEST_START_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Ran(process.returncode, out or "", err or "")

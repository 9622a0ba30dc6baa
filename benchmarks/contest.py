"""One nest by cutkit or by sparrow, in a process of its own, watched from outside and judged by shapely alone.

What the other benchmarks share. ``run("cutkit", job)`` starts this file once more as a child, which nests and prints a
JSON object; the parent judges the layout. Both sides get the same copies, mirrored ones as pieces of their own, and the
same seconds and workers. sparrow comes with its Python binding, spyrrow, of the extra ``bench``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from shapely.geometry import Polygon

    from cutkit.model import Demand, Fabric

Side = Literal["cutkit", "sparrow"]
SIDES: tuple[Side, ...] = ("cutkit", "sparrow")

OVERLAP_MM = 1e-3
"""How deep two pieces may overlap, or reach over the selvedge: the rounding of written coordinates."""
GAP_SHORT_MM = 1e-2
LATE_S = 3.0
POLL_S = 0.02


@dataclass(frozen=True)
class Job:
    """What to nest, for how long: a strip-packing instance, or a pattern file with an order and a fabric's width.

    With 0 seconds cutkit does a single round, however long it takes.
    """

    source: str
    seconds: int
    seed: int = 1
    workers: int = 2
    gap_mm: float = 0.0
    order: str = ""
    width_mm: float = 0.0

    @property
    def name(self) -> str:
        """The source without folder and suffix."""
        return Path(self.source).stem

    def load(self) -> tuple[Fabric, Demand]:
        """The fabric, and the copies to lay on it: of a pattern, those of its first material."""
        from cutkit.formats.orders import read_order
        from cutkit.formats.patterns import read_pattern
        from cutkit.formats.strip_packing import read_instance
        from cutkit.model import Fabric
        from cutkit.plan.demand import plan_demands

        if self.order:
            plan = plan_demands([read_pattern(Path(self.source))], read_order(self.order), nap="two-way")
            return Fabric(self.width_mm), plan[0]
        instance = read_instance(self.source)
        return Fabric(instance.strip_height_mm), instance.demand


@dataclass(frozen=True)
class Lying:
    """Where a copy lies: mirrored (y -> -y), turned about the piece's origin, moved."""

    piece: str
    mirrored: bool
    angle_deg: float
    x_mm: float
    y_mm: float


@dataclass(frozen=True)
class Outcome:
    """What a child reports. Seconds count from the begin of the nest, process start and compilation left out.

    ``trace`` has the seconds and the density of every layout without overlaps that was reported; ``prepared_s`` and
    ``first_s`` are when cutkit's tables were ready and when its search had its first layout, and with ``cpu`` what that
    took of the processors; None where it never came so far (and for sparrow, which does not say). ``rounds`` are those
    of cutkit's search.
    """

    lying: list[Lying]
    trace: list[tuple[float, float]]
    peak_mb: float
    cpu_s: float
    prepared_s: float | None = None
    prepared_cpu_s: float | None = None
    first_s: float | None = None
    first_cpu_s: float | None = None
    rounds: int = 0

    @property
    def million_evaluations_s(self) -> float:
        """Exact evaluations a second of a processor in cutkit's search, in millions; 0 where it had none."""
        from cutkit.nest.search import ROUND_WORK

        spent_s = self.cpu_s - (self.first_cpu_s or 0.0)
        return self.rounds * ROUND_WORK / spent_s / 1e6 if self.rounds and spent_s > 0 else 0.0


@dataclass(frozen=True)
class Run:
    """A child's outcome and the judgement of its layout. ``density`` is in percent, 0 where there is no layout."""

    side: Side
    job: Job
    wall_s: float
    outcome: Outcome | None
    density: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def taken_s(self) -> float:
        """The seconds of the nest, without the start of the process."""
        return self.outcome.trace[-1][0] if self.outcome else 0.0

    @property
    def remark(self) -> str:
        """The first fault, or that it took too long, or nothing."""
        if self.faults:
            return self.faults[0]
        is_late = self.taken_s > self.job.seconds + LATE_S
        return f"late: {self.taken_s:.1f} s for {self.job.seconds} s" if is_late else ""

    @property
    def score(self) -> float:
        """The density; nothing for a nest of cutkit's that has a fault or is late.

        sparrow's faults are told and forgiven: it works in single precision, its layouts may overlap by thousandths.
        """
        return 0.0 if self.remark and self.side == "cutkit" else self.density


def run(side: Side, job: Job, checkout: Path | None = None) -> Run:
    """Nest ``job`` in a child, with the cutkit of another ``checkout`` where one is given, and judge its layout."""
    begin = time.perf_counter()
    command = [sys.executable, __file__, side, json.dumps(asdict(job))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(checkout))
    wall_s = time.perf_counter() - begin
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return Run(side, job, wall_s, None, faults=[f"exit {done.returncode}: {last}"])
    told = json.loads(done.stdout.splitlines()[-1])
    told["lying"] = [Lying(*row) for row in told["lying"]]
    outcome = Outcome(**told)
    return Run(side, job, wall_s, outcome, *judge(job, outcome.lying))


def environment(checkout: Path | None) -> dict[str, str]:
    """The environment of a child that imports the cutkit of a checkout; as it is where none is given."""
    return dict(os.environ) if checkout is None else {**os.environ, "PYTHONPATH": str(checkout)}


def in_turn(job: Job, *, sparrow_first: bool = False) -> dict[Side, Run]:
    """The same job for both, one after the other."""
    order = SIDES[::-1] if sparrow_first else SIDES
    return {side: run(side, job) for side in order}


def warm_up(job: Job) -> None:
    """Let cutkit compile its kernels and load its files once, uncounted, on a small job."""
    first = run("cutkit", replace(job, seconds=0))
    if first.faults:
        raise SystemExit(f"cutkit cannot nest {job.source}: {first.remark}")


# --- the judgement, with shapely alone


def judge(job: Job, lying: list[Lying]) -> tuple[float, list[str]]:
    """The density in percent, by the outlines as they were given, and every kind of fault, each with its worst case."""
    import shapely

    fabric, demand = job.load()
    outlines = {piece.id: piece.outline for piece in demand.pieces}
    wanted = Counter((copy.piece, bool(copy.mirrored)) for copy in demand.copies)
    faults = []
    if Counter((p.piece, p.mirrored) for p in lying) != wanted:
        faults.append(f"{len(lying)} copies, not the {len(demand.copies)} that were asked for")
    allowed = {(c.piece, angle % 360) for c in demand.copies for angle in c.angles_deg}
    if not all((p.piece, round(p.angle_deg, 6) % 360) in allowed for p in lying):
        faults.append("a copy lies at an angle that is not allowed")
    laid = [_laid(outlines[p.piece], p) for p in lying if p.piece in outlines]
    if not laid:
        return 0.0, ["nothing is placed"]
    bounds = shapely.total_bounds(laid)
    outside = max(-bounds[1], bounds[3] - fabric.usable_width_mm)
    if outside > OVERLAP_MM:
        faults.append(f"a piece lies {outside:.4f} mm outside")
    faults += _too_close(laid, job.gap_mm)
    area = sum(outlines[c.piece].area for c in demand.copies)
    return 100 * area / (fabric.usable_width_mm * (bounds[2] - bounds[0])), faults


def _laid(outline: Polygon, lying: Lying) -> Polygon:
    from shapely.affinity import rotate, scale, translate

    flipped = scale(outline, 1, -1, origin=(0, 0)) if lying.mirrored else outline
    return translate(rotate(flipped, lying.angle_deg, origin=(0, 0)), lying.x_mm, lying.y_mm)


def _too_close(laid: list[Polygon], gap_mm: float) -> list[str]:
    """The deepest overlap and the narrowest gap, where they are faults."""
    import numpy as np
    import shapely

    shapes = np.array(laid, dtype=object)
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap_mm)
    a, b = a[a < b], b[a < b]
    deepest = max((_depth_mm(common) for common in shapely.intersection(shapes[a], shapes[b])), default=0.0)
    narrowest = float(shapely.distance(shapes[a], shapes[b]).min(initial=gap_mm))
    faults = []
    if deepest > OVERLAP_MM:
        faults.append(f"two pieces overlap by {deepest:.4f} mm")
    if narrowest < gap_mm - GAP_SHORT_MM:
        faults.append(f"two pieces are {narrowest:.4f} mm apart, not {gap_mm:g}")
    return faults


def _depth_mm(common: Any) -> float:
    """The diameter of the largest circle within an overlap."""
    import shapely

    parts = [part for part in shapely.get_parts(common) if part.area > OVERLAP_MM**2 / 2]
    return max((2 * shapely.maximum_inscribed_circle(part, 1e-5).length for part in parts), default=0.0)


# --- the children


def peak_mb() -> float:
    """The most memory this process ever held, in MB."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, ValueError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1024**2 if sys.platform == "darwin" else 1024)


def nest_with_cutkit(job: Job) -> Outcome:
    """A nest by the library call that the command line makes, listened to."""
    from cutkit.model import NestSettings
    from cutkit.nest import Progress, nest
    from cutkit.nest import run as run_module

    fabric, demand = job.load()
    reports: list[Progress] = []
    clocks: list[float] = []
    prepared: list[float] = []
    run_module.build_tables = _noting(run_module.build_tables, prepared)

    def listen(progress: Progress) -> None:
        reports.append(progress)
        clocks.append(time.process_time() - begin_cpu)

    begin, begin_cpu = time.perf_counter(), time.process_time()
    effort = {"time_s": float(job.seconds)} if job.seconds else {"rounds": 1}
    settings = NestSettings(gap_mm=job.gap_mm, seed=job.seed, workers=job.workers, **effort)
    marker = nest(fabric, demand, settings, listener=listen)
    end_s, end_cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    trace = [(r.elapsed_s, 100 * r.efficiency) for r in reports if r.efficiency]
    searching = [(r.elapsed_s, cpu) for r, cpu in zip(reports, clocks, strict=True) if r.stage == "searching"]
    return Outcome(
        lying=[Lying(p.piece, p.mirrored, p.angle_deg, p.x_mm, p.y_mm) for p in marker.placements],
        trace=_steps(trace, end_s, 100 * marker.efficiency),
        peak_mb=peak_mb(),
        cpu_s=end_cpu,
        prepared_s=prepared[0] - begin if prepared else None,
        prepared_cpu_s=prepared[1] - begin_cpu if prepared else None,
        first_s=searching[0][0] if searching else None,
        first_cpu_s=searching[0][1] if searching else None,
        rounds=marker.search.rounds,
    )


def _noting(build: Callable[..., Any], ended: list[float]) -> Callable[..., Any]:
    """``build``, which notes the wall and the CPU clock when it has built something."""

    def noting(*args: Any) -> Any:
        built = build(*args)
        if built is not None:
            ended.extend((time.perf_counter(), time.process_time()))
        return built

    return noting


def nest_with_sparrow(job: Job) -> Outcome:
    """A nest by spyrrow, whose reports are collected meanwhile.

    Its separation keeps pieces a gap away from the strip's edges, too; cutkit's gap is between pieces only. So its
    strip is higher by two gaps, and lengths are taken from piece to piece.
    """
    import spyrrow

    fabric, demand = job.load()
    wanted = Counter((copy.piece, bool(copy.mirrored), copy.angles_deg) for copy in demand.copies)
    outlines = {piece.id: piece.outline for piece in demand.pieces}
    ways = list(wanted)
    items = [
        spyrrow.Item(str(k), _ring(outlines[piece], mirrored), wanted[piece, mirrored, angles], list(angles))
        for k, (piece, mirrored, angles) in enumerate(ways)
    ]
    instance = spyrrow.StripPackingInstance(job.name, fabric.usable_width_mm + 2 * job.gap_mm, items)
    config = spyrrow.StripPackingConfig(
        early_termination=False,
        total_computation_time=job.seconds,
        num_workers=job.workers,
        min_items_separation=job.gap_mm or None,
        seed=job.seed,
    )
    begin, begin_cpu = time.perf_counter(), time.process_time()
    solution, widths = _solved(spyrrow, instance, config)
    end_s, end_cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    area = sum(outlines[copy.piece].area for copy in demand.copies)
    per_length = 100 * area / fabric.usable_width_mm
    trace = [(seconds, per_length / (width - 2 * job.gap_mm)) for seconds, width in widths]
    lying = []
    for placed in solution.placed_items:
        piece, mirrored, _ = ways[int(placed.id)]
        x, y = placed.translation
        lying.append(Lying(piece, mirrored, float(placed.rotation), float(x), float(y) - job.gap_mm))
    return Outcome(lying, _steps(trace, end_s, per_length / (solution.width - 2 * job.gap_mm)), peak_mb(), end_cpu)


def _ring(outline: Polygon, mirrored: bool) -> list[tuple[float, float]]:
    flip = -1 if mirrored else 1
    return [(x, flip * y) for x, y in outline.exterior.coords[:-1]]


def _solved(spyrrow: Any, instance: Any, config: Any) -> tuple[Any, list[tuple[float, float]]]:
    """The solution, and when which width of a layout without overlaps was reported."""
    queue = spyrrow.ProgressQueue()
    found: list[Any] = []
    solver = threading.Thread(target=lambda: found.append(instance.solve(config, queue)), daemon=True)
    feasible = (spyrrow.ReportType.ExplFeas, spyrrow.ReportType.CmprFeas)
    widths = []
    begin = time.perf_counter()
    solver.start()
    while solver.is_alive():
        solver.join(POLL_S)
        now = time.perf_counter() - begin
        widths += [(now, solution.width) for kind, solution in queue.drain() if kind in feasible]
    if not found:
        raise SystemExit("spyrrow gave up")
    return found[0], widths


def _steps(trace: list[tuple[float, float]], end_s: float, density: float) -> list[tuple[float, float]]:
    """The times at which the density rose, and the end."""
    steps: list[tuple[float, float]] = []
    for seconds, reached in trace:
        if not steps or reached > steps[-1][1] + 1e-9:
            steps.append((round(seconds, 3), round(reached, 4)))
    return [*steps, (round(end_s, 3), round(density, 4))]


def main() -> None:
    """The child: nest the job of the command line and print the outcome as one line of JSON."""
    side, job = sys.argv[1], Job(**json.loads(sys.argv[2]))
    outcome = nest_with_cutkit(job) if side == "cutkit" else nest_with_sparrow(job)
    told = {key: getattr(outcome, key) for key in outcome.__dataclass_fields__}
    told["lying"] = [list(asdict(p).values()) for p in outcome.lying]
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()

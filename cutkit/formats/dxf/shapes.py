"""The entities of a DXF as flat shapes in millimetres: paths, points and texts on layers.

Curves are flattened to ``FLAT_MM``. INSERTs inside a block are carried out, with offset, scale, turn and mirroring;
what lies on layer 0 of an inserted block lies on the INSERT's layer, as in every CAD. Paper space, which frames a
drawing for the printer, is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cutkit.errors import InputError
from cutkit.formats.dxf.container import EXPORT_AGAIN, Block, Drawing, Record, finite, guard
from cutkit.formats.dxf.layers import AS_THE_FILE_HAS_THEM, LayerRoles, Role, plain_colour
from cutkit.geometry import Affine, after, angle_of, move_points
from cutkit.model import Point

FLAT_MM = 0.05
"""How far a flattened curve may lie off the curve, in mm."""
DEEPEST_INSERT = 8
MOST_SHAPES = 2_000_000
MOST_INSERTS = 200_000
MOST_POINTS = 50_000
"""No line of a pattern has more points: a metre with a point every fiftieth of a millimetre."""
LONGEST_TEXT = 1000
FINEST_SHARE = 1e-7
"""A curve is flattened no finer than this share of its size: 0.0003 mm in three metres."""
_TEXT_CODES = {"%%D": "°", "%%P": "±", "%%C": "⌀", "%%U": "", "%%O": "", "%%K": "", "%%%": "%"}


@dataclass(slots=True)
class Shape:
    """One drawn thing. ``points`` is a path (``closed`` or not), one point, or where a text begins.

    ``depth_mm``, ``width_mm`` and ``angle_deg`` are what a POINT says of a notch; ``line`` is the line of the file;
    ``colour`` is None where it is not known; ``role`` is what the user gave its layer; ``order`` is its place among all
    shapes read. A path has a ``text`` where the
    file names it: by its id in a picture, by its block in a plain drawing.
    """

    kind: str
    layer: str
    points: list[Point]
    line: int
    closed: bool = False
    text: str = ""
    depth_mm: float | None = None
    width_mm: float | None = None
    angle_deg: float | None = None
    colour: int | None = None
    role: Role | None = None
    order: int = 0

    @property
    def is_path(self) -> bool:
        """True of a line, polyline, arc or curve; false of a point or text."""
        return self.kind not in ("POINT", "TEXT")


@dataclass(frozen=True, slots=True)
class _Inside:
    """Where a record stands: in which blocks, the layer that stands for layer 0 there, and what paths are called."""

    blocks: tuple[str, ...] = ()
    layer: str = "0"
    path_name: str = ""


@dataclass
class ShapeReader:
    """Turns the records of a drawing into shapes. ``ignored`` counts the entities that are nothing to cut or draw.

    What lies on a layer that the user wants ignored is left out; ``seen`` are all layers with the colours on them;
    ``on_paper`` counts the entities of paper space.
    """

    drawing: Drawing
    where: str
    mm_per_unit: float
    roles: LayerRoles = AS_THE_FILE_HAS_THEM
    seen: dict[tuple[str, int | None], None] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)
    on_paper: int = 0
    read: int = 0
    made: int = 0
    inserted: int = 0

    def __post_init__(self) -> None:
        self._blocks = {block.name.upper(): block for block in reversed(self.drawing.blocks)}

    def block_shapes(self, block: Block, insert: Record | None = None) -> list[Shape]:
        """The shapes of a block as its INSERT lays it; as drawn in the block where it is inserted nowhere."""
        matrix = _scaling(self.mm_per_unit)
        layer = "0"
        if insert is not None:
            where = self._where(block)
            matrix = after(guard(where, insert.line, "INSERT", lambda: _insert_matrix(insert, block.base)), matrix)
            layer = "0" if draws_outline(block) else insert.layer
        return self._shapes(block.records, matrix, self._where(block), _Inside((block.name.upper(),), layer))

    def loose_shapes(self, records: Sequence[Record]) -> list[Shape]:
        """The shapes of entities that are in no block; their INSERTs are carried out."""
        return self._shapes(records, _scaling(self.mm_per_unit), self.where, _Inside())

    def named_shapes(self, block: Block) -> list[Shape]:
        """The shapes of a block that is inserted nowhere, of a plain drawing: its paths are called as it is."""
        inside = _Inside((block.name.upper(),), path_name=block.name)
        return self._shapes(block.records, _scaling(self.mm_per_unit), self._where(block), inside)

    def _where(self, block: Block) -> str:
        return f"{self.where}, block {block.name!r}"

    def _shapes(self, records: Sequence[Record], matrix: Affine, where: str, inside: _Inside) -> list[Shape]:
        shapes: list[Shape] = []
        for record in records:
            if record.on_paper:
                self.on_paper += 1
            elif record.kind == "INSERT":
                shapes += self._inserted(record, matrix, where, inside)
            elif (convert := _CONVERT.get(record.kind)) is not None:
                shape = self._shape(record, convert, matrix, where, inside)
                if shape.role != "ignore":
                    shapes.append(shape)
            elif record.kind == "VERTEX":
                raise InputError("a VERTEX outside a POLYLINE", where=f"{where}, line {record.line}", hint=EXPORT_AGAIN)
            else:
                self.ignored[record.kind] += 1
        self.made += len(shapes)
        if self.made > MOST_SHAPES:
            raise InputError(f"more than {MOST_SHAPES} entities", where=where, hint=EXPORT_AGAIN)
        return shapes

    def _shape(self, record: Record, convert: _Converter, matrix: Affine, where: str, inside: _Inside) -> Shape:
        a, b, d, e, _, _ = matrix
        scale = math.sqrt(abs(a * e - b * d))
        what = f"{record.kind} on layer {record.layer}"
        if not 1e-9 < scale < 1e9:
            raise InputError(f"{what} is scaled by {scale:.3g}", where=where, hint=EXPORT_AGAIN)
        shape = guard(where, record.line, what, lambda: convert(record, FLAT_MM / scale))
        if len(shape.points) > MOST_POINTS:
            raise InputError(
                f"{what} has more than {MOST_POINTS} points", where=f"{where}, line {record.line}", hint=EXPORT_AGAIN
            )
        self.read += 1
        shape.order = self.read
        shape.points = move_points(shape.points, matrix)
        if shape.layer == "0":
            shape.layer = inside.layer
        if shape.is_path:
            shape.text = inside.path_name
        if shape.colour is None:
            shape.colour = plain_colour(self.drawing.layer_colours.get(shape.layer))
        shape.role = self.roles.of(shape.layer, shape.colour)
        self.seen[shape.layer, shape.colour] = None
        if shape.angle_deg is not None:
            shape.angle_deg = _turned(shape.angle_deg, matrix)
        if shape.depth_mm is not None:
            shape.depth_mm *= scale
        if shape.width_mm is not None:
            shape.width_mm *= scale
        return shape

    def _inserted(self, record: Record, matrix: Affine, where: str, inside: _Inside) -> list[Shape]:
        name = record.text(2).upper()
        within = inside.blocks
        if name in within or len(within) >= DEEPEST_INSERT:
            raise InputError(
                f"block {record.text(2)!r} is inserted in itself" if name in within else "blocks are nested too deep",
                where=f"{where}, line {record.line}",
                hint=EXPORT_AGAIN,
            )
        block = self._blocks.get(name)
        if block is None:
            raise InputError(
                f"INSERT of block {record.text(2)!r}, which the file does not have",
                where=f"{where}, line {record.line}",
                hint=EXPORT_AGAIN,
            )
        layer = inside.layer if record.layer == "0" else record.layer
        is_named = (inside.path_name or not within) and not name.startswith("*")  # those are a CAD's own
        here = _Inside((*within, name), layer, block.name if is_named else "")
        shapes: list[Shape] = []
        for local in guard(where, record.line, "INSERT", lambda: _insert_matrices(record, block.base)):
            self.inserted += 1
            if self.inserted > MOST_INSERTS:
                raise InputError(f"more than {MOST_INSERTS} blocks are inserted", where=where, hint=EXPORT_AGAIN)
            shapes += self._shapes(block.records, after(local, matrix), self._where(block), here)
        return shapes


_Converter = Callable[[Record, float], Shape]


def _scaling(factor: float) -> Affine:
    return factor, 0.0, 0.0, factor, 0.0, 0.0


def _turned(angle_deg: float, matrix: Affine) -> float:
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    a, b, d, e, _, _ = matrix
    return angle_of((0.0, 0.0), (a * c + b * s, d * c + e * s))


def _insert_matrix(record: Record, base: Point) -> Affine:
    sx, sy = record.number(41, 1.0), record.number(42, 1.0)
    if sx == 0 or sy == 0:
        raise ValueError("its scale is 0")
    turn = math.radians(record.number(50, 0.0))
    c, s = math.cos(turn), math.sin(turn)
    if record.number(50, 0.0) % 90 == 0:
        c, s = float(round(c)), float(round(s))
    flip = -1.0 if _seen_from_below(record) else 1.0
    placed = (c * sx, -s * sy, s * sx, c * sy, record.number(10, 0.0), record.number(20, 0.0))
    moved = after((1.0, 0.0, 0.0, 1.0, -base[0], -base[1]), placed)
    return after(moved, (flip, 0.0, 0.0, 1.0, 0.0, 0.0))


def _insert_matrices(record: Record, base: Point) -> list[Affine]:
    """One map for every copy of an INSERT, which may be a grid of rows and columns."""
    columns, rows = int(record.number(70, 1.0)), int(record.number(71, 1.0))
    if columns * rows > 10_000:
        raise ValueError(f"{columns} x {rows} copies")
    first = _insert_matrix(record, base)
    step_x, step_y = record.number(44, 0.0), record.number(45, 0.0)
    shifts = [(i * step_x, j * step_y) for j in range(max(rows, 1)) for i in range(max(columns, 1))]
    return [after(first, (1.0, 0.0, 0.0, 1.0, x, y)) for x, y in shifts]


def draws_outline(block: Block) -> bool:
    """Whether a block has a line on the layer of outlines, or of their copies, itself."""
    return any(r.layer in ("1", "84") for r in block.records if r.kind not in ("INSERT", "TEXT", "MTEXT", "POINT"))


def turn_of(insert: Record) -> tuple[float, bool]:
    """In which direction, in degrees, an INSERT lays its block's x axis, and whether it mirrors the block."""
    a, _, d, _, _, _ = _insert_matrix(insert, (0.0, 0.0))
    return angle_of((0.0, 0.0), (a, d)), mirrors(insert)


def copies(insert: Record) -> int:
    """How many copies an INSERT lays: it may be a grid of rows and columns."""
    return max(int(insert.number(70, 1.0)), 1) * max(int(insert.number(71, 1.0)), 1)


def lies_as_drawn(insert: Record) -> bool:
    """Whether an INSERT lays its block neither scaled nor turned nor mirrored."""
    scales = (insert.number(41, 1.0), insert.number(42, 1.0))
    return scales == (1.0, 1.0) and insert.number(50, 0.0) % 360 == 0 and not _seen_from_below(insert)


def mirrors(insert: Record) -> bool:
    """Whether an INSERT lays the mirror image of its block."""
    return (insert.number(41, 1.0) * insert.number(42, 1.0) < 0) != _seen_from_below(insert)


def _seen_from_below(record: Record) -> bool:
    """True where the entity's own plane looks down: its x then runs to the left."""
    return record.number(230, 1.0) < 0


def _path(record: Record, points: list[Point], *, closed: bool = False, flat: bool = True) -> Shape:
    if flat and _seen_from_below(record):
        points = [(-x, y) for x, y in points]
    colour = record.maybe(62)
    number = plain_colour(None if colour is None else int(colour))
    return Shape(record.kind, record.layer, points, record.line, closed, colour=number)


def _xy(record: Record, code: int = 10) -> Point:
    return record.number(code), record.number(code + 10)


def _line(record: Record, _tolerance: float) -> Shape:
    return _path(record, [_xy(record), _xy(record, 11)], flat=False)


def _point(record: Record, _tolerance: float) -> Shape:
    shape = _path(record, [_xy(record)], flat=False)
    shape.depth_mm, shape.width_mm, shape.angle_deg = record.maybe(30), record.maybe(39), record.maybe(50)
    return shape


def _polyline(record: Record, tolerance: float) -> Shape:
    flags = int(record.number(70, 0.0))
    if flags & (16 | 64):
        raise ValueError("it is a mesh, not an outline")
    vertices: list[Point] = []
    bulges: list[float] = []
    for part in record.parts:
        if int(part.number(70, 0.0)) & 16:  # the frame of a spline that is given as points too
            continue
        vertices.append(guard_vertex(part))
        bulges.append(part.number(42, 0.0))
    if not vertices:
        raise ValueError("it has no vertex")
    return _path(record, _with_bulges(vertices, bulges, bool(flags & 1), tolerance), closed=bool(flags & 1))


def guard_vertex(part: Record) -> Point:
    """The coordinates of a VERTEX; ValueError that names its line."""
    try:
        return _xy(part)
    except ValueError as error:
        raise ValueError(f"vertex at line {part.line}: {error}") from error


def _lwpolyline(record: Record, tolerance: float) -> Shape:
    vertices: list[Point] = []
    bulges: list[float] = []
    x: float | None = None
    for code, value in record.tags:
        if code in (10, 20) and (x is None) == (code == 20):
            raise ValueError(f"vertex {len(vertices) + 1} has only one coordinate")
        if code == 10:
            x = finite(value)
        elif code == 20 and x is not None:
            vertices.append((x, finite(value)))
            bulges.append(0.0)
            x = None
        elif code == 42 and bulges:
            bulges[-1] = finite(value)
    if not vertices:
        raise ValueError("it has no vertex")
    if x is not None:
        raise ValueError(f"vertex {len(vertices) + 1} has only one coordinate")
    closed = bool(int(record.number(70, 0.0)) & 1)
    return _path(record, _with_bulges(vertices, bulges, closed, tolerance), closed=closed)


def _with_bulges(vertices: list[Point], bulges: list[float], closed: bool, tolerance: float) -> list[Point]:
    if not any(bulges):
        return vertices
    points: list[Point] = []
    count = len(vertices)
    for index, (start, bulge) in enumerate(zip(vertices, bulges, strict=True)):
        points.append(start)
        end = vertices[(index + 1) % count]
        if bulge and start != end and (closed or index + 1 < count):
            points += _bulge_points(start, end, bulge, tolerance)
    return points


def _bulge_points(start: Point, end: Point, bulge: float, tolerance: float) -> list[Point]:
    """The points between the ends of an arc whose bulge is the tangent of a quarter of its angle."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    centre_off = (1 - bulge * bulge) / (4 * bulge)
    centre = (start[0] + dx / 2 - dy * centre_off, start[1] + dy / 2 + dx * centre_off)
    radius = math.hypot(start[0] - centre[0], start[1] - centre[1])
    first = math.atan2(start[1] - centre[1], start[0] - centre[0])
    return _arc_points(centre, radius, first, 4 * math.atan(bulge), tolerance)[1:-1]


def _arc_points(centre: Point, radius: float, first: float, sweep: float, tolerance: float) -> list[Point]:
    """Points on an arc (angles in radians), near enough that no chord is further off than the tolerance."""
    if not 0 < radius < 1e9:
        raise ValueError("its radius is not one of a curve")
    widest = 2 * math.acos(max(1 - tolerance / radius, 0.0)) if radius > tolerance else math.pi / 4
    steps = min(max(math.ceil(abs(sweep) / min(widest, math.pi / 4)), 1), 20_000)
    angles = [first + sweep * k / steps for k in range(steps + 1)]
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def _arc(record: Record, tolerance: float) -> Shape:
    start, end = record.number(50), record.number(51)
    sweep = math.radians((end - start) % 360.0 or 360.0)
    return _path(record, _arc_points(_xy(record), record.number(40), math.radians(start), sweep, tolerance))


def _circle(record: Record, tolerance: float) -> Shape:
    points = _arc_points(_xy(record), record.number(40), 0.0, 2 * math.pi, tolerance)
    shape = _path(record, points[:-1], closed=True)
    shape.width_mm = 2 * record.number(40)
    return shape


def _ellipse(record: Record, tolerance: float) -> Shape:
    from ezdxf.math import ConstructionEllipse, Vec3

    start, end = record.number(41, 0.0), record.number(42, 2 * math.pi)
    ellipse = ConstructionEllipse(
        center=Vec3(*_xy(record)),
        major_axis=Vec3(*_xy(record, 11)),
        extrusion=Vec3(0, 0, -1 if _seen_from_below(record) else 1),
        ratio=record.number(40),
        start_param=start,
        end_param=end,
    )
    if not 0 < ellipse.major_axis.magnitude < 1e9 or not 0 < ellipse.ratio <= 1e3:
        raise ValueError("its axes are not those of a curve")
    finest = FINEST_SHARE * ellipse.major_axis.magnitude
    points = [(p.x, p.y) for p in ellipse.flattening(max(tolerance, finest), segments=8)]
    return _path(record, points, closed=abs(end - start) >= 2 * math.pi - 1e-9, flat=False)


def _spline(record: Record, tolerance: float) -> Shape:
    from ezdxf.lldxf.const import DXFError
    from ezdxf.math import BSpline, Vec3, fit_points_to_cad_cv

    def points_of(code: int) -> list[Vec3]:
        xs, ys = record.all(code), record.all(code + 10)
        return [Vec3(finite(x), finite(y)) for x, y in zip(xs, ys, strict=True)]

    control, degree = points_of(10), int(record.number(71, 3.0))
    if control:
        if not 1 <= degree < len(control):
            raise ValueError(f"degree {degree} with {len(control)} control points")
        knots = [finite(k) for k in record.all(40)]
        weights = [finite(w) for w in record.all(41)]
        try:
            curve = BSpline(control, degree + 1, knots or None, weights or None)
        except DXFError as error:
            raise ValueError(str(error)) from error
    else:
        fit = points_of(11)
        if len(fit) < 2:
            raise ValueError("it has neither control points nor fit points")
        curve = fit_points_to_cad_cv(fit)
    finest = FINEST_SHARE * max(abs(v) for p in curve.control_points for v in (p.x, p.y))
    points = [(p.x, p.y) for p in curve.flattening(max(tolerance, finest), segments=4)]
    return _path(record, points, closed=bool(int(record.number(70, 0.0)) & 1), flat=False)


def _text(record: Record, _tolerance: float) -> Shape:
    aligned = record.kind != "MTEXT" and (record.number(72, 0.0) or record.number(73, 0.0))
    anchor = 11 if aligned and record.maybe(11) is not None else 10
    place = (record.number(anchor, 0.0), record.number(anchor + 10, 0.0))
    shape = _path(record, [place], flat=record.kind != "MTEXT")
    shape.kind, shape.angle_deg = "TEXT", record.number(50, 0.0)
    pieces = record.all(3) + record.all(1) if record.kind == "MTEXT" else record.all(1)[:1]
    shape.text = _plain_text("".join(pieces), is_mtext=record.kind == "MTEXT")
    return shape


def _plain_text(text: str, *, is_mtext: bool) -> str:
    text = text[: 10 * LONGEST_TEXT]
    if is_mtext and "\\" in text:
        from ezdxf.tools.text import fast_plain_mtext

        text = str(fast_plain_mtext(text))
    elif is_mtext:
        text = text.replace("{", "").replace("}", "").replace("^J", "\n").replace("^I", " ")
    if "%%" in text:
        for code, meaning in _TEXT_CODES.items():
            text = text.replace(code, meaning).replace(code.lower(), meaning)
    return text.strip()[:LONGEST_TEXT]


_CONVERT: dict[str, _Converter] = {
    "LINE": _line,
    "POINT": _point,
    "POLYLINE": _polyline,
    "LWPOLYLINE": _lwpolyline,
    "ARC": _arc,
    "CIRCLE": _circle,
    "ELLIPSE": _ellipse,
    "SPLINE": _spline,
    "TEXT": _text,
    "MTEXT": _text,
    "ATTRIB": _text,
}

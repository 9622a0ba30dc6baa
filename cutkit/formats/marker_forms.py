"""The JSON of a marker file to nouns: what it may say, and what is refused because it cannot be meant.

Whether what it says is right is for the referee to find; here only what has no meaning ends in an InputError.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from shapely.geometry import Polygon

from cutkit.check import MOST_STEP_DEG
from cutkit.errors import InputError, did_you_mean
from cutkit.model import (
    Bundling,
    Defect,
    Fabric,
    FoldSide,
    InputFile,
    Mark,
    Marker,
    MarkerSet,
    MarkKind,
    Match,
    Nap,
    NestSettings,
    NotchShape,
    OrderedPiece,
    Placement,
    Planned,
    Point,
    Repeat,
    SearchRecord,
    Spread,
    Stated,
    Stretch,
    Tie,
    Tool,
    Unplaced,
    Zone,
    in_steps,
)

FARTHEST_MM = 1e8
"""No length or coordinate of a marker is larger; beyond it, micrometres are lost and areas overflow."""
SMALLEST_REPEAT_MM = 0.1
"""A finer repeat is no pattern that anybody could match."""
MOST_PER_COPY = 1000
MOST_PLIES = 10_000
_WIDTH_TOLERANCE_MM = 1e-3

_ANY_QUARTER_TURN = (0.0, 90.0, 180.0, 270.0)
"""How a piece of a foreign marker that names no angles may lie: the strip-packing form's default."""


class _DefectForm(msgspec.Struct):
    box_mm: tuple[float, float, float, float]
    allows: list[str] = []


class _ZoneForm(msgspec.Struct):
    name: str
    y0_mm: float
    y1_mm: float


class _RepeatForm(msgspec.Struct):
    x_mm: float | None = None
    y_mm: float | None = None
    offset_x_mm: float = 0.0
    offset_y_mm: float = 0.0
    angle_deg: float = 0.0


class _FabricForm(msgspec.Struct):
    width_mm: float
    usable_width_mm: float
    name: str = ""
    material: str = ""
    selvedge_mm: float | None = None
    high_selvedge_mm: float | None = None
    nap: Nap | None = None
    max_length_mm: float | None = None
    defects: list[_DefectForm] = []
    flaws: list[_DefectForm] = []
    start_margin_mm: float = 0.0
    end_margin_mm: float = 0.0
    spread: Spread = "face-up"
    has_face: bool = True
    zones: list[_ZoneForm] = []
    repeat: _RepeatForm | None = None
    shrinkage: tuple[float, float] = (0.0, 0.0)
    weight_gsm: float | None = None
    price_per_m: float | None = None


class _SettingsForm(msgspec.Struct):
    gap_mm: float = 0.0
    bundle_span_mm: float | None = None
    bundling: Bundling = "mixed"


class _SearchForm(msgspec.Struct):
    time_s: float | None = None
    rounds: int | None = None
    workers: int | None = None


class _InputForm(msgspec.Struct):
    path: str
    sha256: str


class _MarkForm(msgspec.Struct):
    kind: MarkKind
    points: list[Point]
    tool: Tool = "pen"
    depth_mm: float | None = None
    width_mm: float | None = None
    angle_deg: float | None = None
    shape: NotchShape | None = None
    text: str | None = None
    layer: str | None = None


class _MatchForm(msgspec.Struct):
    name: str
    point: Point
    group: str = ""
    at_mm: Point = (0.0, 0.0)
    along: bool = True
    across: bool = True


class _TieForm(msgspec.Struct):
    point: Point
    x_mm: float | None = None
    y_mm: float | None = None


class _BlockForm(msgspec.Struct):
    outline: list[Point]
    holes: list[list[Point]] = []


class _PieceForm(msgspec.Struct):
    id: str
    ordered: int
    outline: list[Point]
    name: str = ""
    size: str = ""
    ordered_mirrored: int = 0
    holes: list[list[Point]] = []
    marks: list[_MarkForm] = []
    allowed_angles_deg: list[float] | None = None
    tilt_deg: float = 0.0
    tilt_steps_deg: list[float] = []
    may_mirror: bool = False
    ignores_nap: bool = False
    material: str = ""
    style: str = ""
    category: str = ""
    quality: str = ""
    zones: list[str] = []
    fold: FoldSide | None = None
    per_copy: int = 1
    matches: list[_MatchForm] = []
    ties: list[_TieForm] = []
    buffer_mm: float = 0.0
    block: _BlockForm | None = None
    cut_block: bool = False


class _PlacementForm(msgspec.Struct):
    piece: str
    x_mm: float
    y_mm: float
    angle_deg: float
    bundle: int = 1
    mirrored: bool = False
    locked: bool = False


class _UnplacedForm(msgspec.Struct):
    piece: str
    count: int = 1
    reason: str = ""


class _PlannedForm(msgspec.Struct):
    plies: int = 1
    sets: MarkerSet = "full"
    sharing: dict[int, int] = {}


class MarkerForm(msgspec.Struct):
    """All that a marker file may say; what it says beyond that is not read."""

    schema: str
    fabric: _FabricForm
    pieces: list[_PieceForm]
    placements: list[_PlacementForm]
    length_mm: float
    efficiency: float
    settings: _SettingsForm = msgspec.field(default_factory=_SettingsForm)
    seed: int = 0
    search: _SearchForm = msgspec.field(default_factory=_SearchForm)
    inputs: list[_InputForm] = []
    unplaced: list[_UnplacedForm] = []
    cutkit: str = ""
    stretch: Stretch | None = None
    planned: _PlannedForm = msgspec.field(default_factory=_PlannedForm)


def marker_of(form: MarkerForm, where: str) -> Marker:
    """The marker that a file's form describes. InputError where something in it has no meaning; ``where`` names it."""
    for p in form.placements:
        _refuse_beyond(f"a placement of {p.piece!r}", [p.x_mm, p.y_mm], where)
    return Marker(
        fabric=_fabric_of(form.fabric, where),
        pieces=tuple(_piece_of(p, form.fabric, where) for p in form.pieces),
        placements=tuple(
            Placement(p.piece, p.bundle, p.x_mm, p.y_mm, p.angle_deg, p.mirrored, p.locked) for p in form.placements
        ),
        settings=_settings_of(form, where),
        unplaced=tuple(Unplaced(u.piece, u.count, u.reason) for u in form.unplaced),
        inputs=tuple(InputFile(i.path, i.sha256) for i in form.inputs),
        search=SearchRecord(form.search.time_s, form.search.rounds or 0, form.search.workers),
        stated=Stated(form.length_mm, form.efficiency),
        stretch=_stretch_of(form.stretch, where),
        planned=_planned_of(form.planned, where),
    )


def _planned_of(form: _PlannedForm, where: str) -> Planned:
    least = 2 if form.sets == "half" else 1
    if not least <= form.plies <= MOST_PLIES or form.plies % least:
        raise InputError(
            f"the marker is planned for {form.plies} plies",
            where=where,
            hint=f"1 to {MOST_PLIES}; half sets take them in pairs.",
        )
    if any(not 1 <= count <= MOST_PLIES for count in form.sharing.values()):
        raise InputError("the garments that share another one's copies are no numbers of garments", where=where)
    return Planned(form.plies, form.sets, tuple(sorted(form.sharing.items())))


def _stretch_of(stretch: Stretch | None, where: str) -> Stretch | None:
    if stretch is None:
        return None
    _refuse_beyond("the stretch of a roll", [stretch.from_mm, stretch.to_mm, stretch.left_mm], where)
    if not 0 <= stretch.from_mm <= stretch.to_mm or stretch.left_mm < 0:
        raise InputError(f"the stretch of roll {stretch.roll!r} ends before it begins", where=where)
    return stretch


# --- cloth and settings ------------------------------------------------------------------------------------------


def _fabric_of(form: _FabricForm, where: str) -> Fabric:
    _refuse_bad_fabric(form, where)
    # Where the file tells one selvedge only, or none, both are alike.
    both = (form.width_mm - form.usable_width_mm) / 2
    return Fabric(
        width_mm=form.width_mm,
        selvedge_mm=both if form.high_selvedge_mm is None else form.selvedge_mm or 0.0,
        nap=form.nap or "two-way",
        name=form.name,
        material=form.material,
        max_length_mm=form.max_length_mm,
        defects=tuple(Defect(d.box_mm, tuple(d.allows)) for d in (*form.defects, *form.flaws)),
        high_selvedge_mm=form.high_selvedge_mm,
        start_margin_mm=form.start_margin_mm,
        end_margin_mm=form.end_margin_mm,
        spread=form.spread,
        has_face=form.has_face,
        zones=tuple(Zone(z.name, z.y0_mm, z.y1_mm) for z in form.zones),
        repeat=None if form.repeat is None else _repeat_of(form.repeat, where),
        shrinkage=form.shrinkage,
        weight_gsm=form.weight_gsm,
        price_per_m=form.price_per_m,
    )


def _refuse_bad_fabric(form: _FabricForm, where: str) -> None:
    limit = () if form.max_length_mm is None else (form.max_length_mm,)
    _refuse_beyond("the fabric", [form.width_mm, form.usable_width_mm, *limit], where)
    for defect in (*form.defects, *form.flaws):
        _refuse_beyond("a defect", defect.box_mm, where)
    high = form.high_selvedge_mm
    for name, value in {
        "selvedge_mm": None if high is None else form.selvedge_mm,  # read only then
        "high_selvedge_mm": high,
        "start_margin_mm": form.start_margin_mm,
        "end_margin_mm": form.end_margin_mm,
        "weight_gsm": form.weight_gsm,
        "price_per_m": form.price_per_m,
    }.items():
        _refuse_no_size(f"the fabric's {name}", value, where)
    told = form.width_mm - (form.selvedge_mm or 0.0) - (high or 0.0)
    if high is not None and abs(told - form.usable_width_mm) > _WIDTH_TOLERANCE_MM:
        raise InputError(
            f"the fabric's usable width is {form.usable_width_mm:g} mm, but its selvedges leave {told:g} mm",
            where=where,
            hint="usable_width_mm is width_mm less selvedge_mm and high_selvedge_mm.",
        )
    for zone in form.zones:
        _refuse_bad_zone(zone, where)
    if not all(-1 < part < 1 for part in form.shrinkage):
        raise InputError(
            f"the fabric's shrinkage is {list(form.shrinkage)}",
            where=where,
            hint="shrinkage holds parts of the length and of the width: [0.02, 0.015] for 2 and 1.5 percent.",
        )


def _refuse_bad_zone(zone: _ZoneForm, where: str) -> None:
    _refuse_beyond(f"zone {zone.name!r}", [zone.y0_mm, zone.y1_mm], where)
    if not zone.name:
        raise InputError("a zone of the fabric has no name", where=where, hint='Pieces ask for it by "name".')
    if zone.y0_mm >= zone.y1_mm:
        raise InputError(
            f"zone {zone.name!r} goes from {zone.y0_mm:g} to {zone.y1_mm:g} mm",
            where=where,
            hint="y0_mm is its lower edge across the cloth, y1_mm the higher one.",
        )


def _repeat_of(form: _RepeatForm, where: str) -> Repeat:
    sizes = {"x_mm": form.x_mm, "y_mm": form.y_mm}
    _refuse_beyond("the fabric's repeat", [form.offset_x_mm, form.offset_y_mm, form.angle_deg], where)
    for name, size in sizes.items():
        if size is not None and not SMALLEST_REPEAT_MM <= size <= FARTHEST_MM:
            raise InputError(
                f"the fabric's repeat has {name} {size:g}",
                where=where,
                hint=f"At least {SMALLEST_REPEAT_MM:g} mm; null where the cloth is plain in that direction.",
            )
    return Repeat(form.x_mm, form.y_mm, form.offset_x_mm, form.offset_y_mm, form.angle_deg)


def _settings_of(form: MarkerForm, where: str) -> NestSettings:
    settings = form.settings
    _refuse_beyond("the fabric", [settings.gap_mm], where)
    span = settings.bundle_span_mm
    if span is not None and not 0 < span <= FARTHEST_MM:
        raise InputError(
            f"the settings' bundle_span_mm is {span:g}",
            where=where,
            hint="A length above 0; null where the pieces of a garment may lie anywhere.",
        )
    return NestSettings(settings.gap_mm, form.seed, bundle_span_mm=span, bundling=settings.bundling)


# --- pieces ------------------------------------------------------------------------------------------------------


def _piece_of(form: _PieceForm, fabric: _FabricForm, where: str) -> OrderedPiece:
    outline = _polygon_of(f"piece {form.id!r}", "an outline", form, where)
    for mark in form.marks:
        _refuse_bad_mark(form.id, mark, where)
    _refuse_bad_rules(form, fabric, where)
    turns = _ANY_QUARTER_TURN if form.allowed_angles_deg is None else tuple(form.allowed_angles_deg)
    return OrderedPiece(
        id=form.id,
        name=form.name,
        size=form.size,
        outline=outline,
        ordered=form.ordered,
        ordered_mirrored=form.ordered_mirrored,
        marks=tuple(_mark_of(m) for m in form.marks),
        allowed_angles_deg=in_steps(turns, form.tilt_steps_deg) if form.tilt_steps_deg else turns,
        tilt_deg=0.0 if form.tilt_steps_deg else form.tilt_deg,
        may_mirror=form.may_mirror,
        ignores_nap=form.ignores_nap,
        material=form.material,
        style=form.style,
        block=form.block and _polygon_of(f"piece {form.id!r}: its block", "a block", form.block, where),
        buffer_mm=form.buffer_mm,
        quality=form.quality,
        zones=tuple(form.zones),
        fold=form.fold,
        matches=tuple(Match(m.name, m.point, m.group, m.at_mm, m.along, m.across) for m in form.matches),
        ties=tuple(Tie(t.point, t.x_mm, t.y_mm) for t in form.ties),
        per_copy=form.per_copy,
        category=form.category,
        cut_block=form.cut_block,
    )


def _polygon_of(what: str, kind: str, form: _PieceForm | _BlockForm, where: str) -> Polygon:
    for ring in (form.outline, *form.holes):
        if len(ring) < 3:
            raise InputError(f"{what}: {kind} needs at least three points", where=where)
        _refuse_beyond(what, [v for point in ring for v in point], where)
    return Polygon(form.outline, form.holes)


def _refuse_bad_rules(form: _PieceForm, fabric: _FabricForm, where: str) -> None:
    """The rules of a piece have a meaning: its zones are the cloth's, its points are points."""
    _refuse_no_size(f"piece {form.id!r}: buffer_mm", form.buffer_mm, where)
    if not 1 <= form.per_copy <= MOST_PER_COPY:
        raise InputError(
            f"piece {form.id!r}: per_copy is {form.per_copy}",
            where=where,
            hint="How many pieces a copy stands for in every ply: 1, or 2 on folded cloth.",
        )
    if form.cut_block and form.block is None:
        raise InputError(f"piece {form.id!r}: its block is to be cut, and it has none", where=where)
    if not all(0 <= step <= MOST_STEP_DEG for step in form.tilt_steps_deg):
        raise InputError(
            f"piece {form.id!r}: tilt_steps_deg is {form.tilt_steps_deg}",
            where=where,
            hint=f"Steps off its turns, from 0 to {MOST_STEP_DEG:g} degrees; they hold to either side.",
        )
    known = [zone.name for zone in fabric.zones]
    for name in form.zones:
        if name not in known:
            raise InputError(
                f"piece {form.id!r} lies in zone {name!r}, which the fabric does not have",
                where=where,
                hint=did_you_mean(name, known) or f"Its zones: {', '.join(known) or 'none'}.",
            )
    for match in form.matches:
        _refuse_beyond(f"match {match.name!r} of piece {form.id!r}", [*match.point, *match.at_mm], where)
    for tie in form.ties:
        ways = [v for v in (tie.x_mm, tie.y_mm) if v is not None]
        _refuse_beyond(f"a tie of piece {form.id!r}", [*tie.point, *ways], where)
        if not ways:
            raise InputError(
                f"piece {form.id!r}: a tie says neither x_mm nor y_mm",
                where=where,
                hint="Give the place of its point along the cloth, across it, or both.",
            )


def _refuse_bad_mark(piece: str, mark: _MarkForm, where: str) -> None:
    """A mark lies somewhere, and its sizes are sizes."""
    if not mark.points:
        raise InputError(f"piece {piece!r}: a mark ({mark.kind}) has no points", where=where)
    sizes = [size for size in (mark.depth_mm, mark.width_mm) if size is not None]
    if any(size < 0 for size in sizes):
        raise InputError(f"piece {piece!r}: a mark ({mark.kind}) has a negative depth or width", where=where)
    _refuse_beyond(f"a mark of piece {piece!r}", [*sizes, *(v for point in mark.points for v in point)], where)


def _mark_of(form: _MarkForm) -> Mark:
    return Mark(
        kind=form.kind,
        points=tuple(form.points),
        tool=form.tool,
        depth_mm=form.depth_mm,
        width_mm=form.width_mm,
        angle_deg=form.angle_deg,
        shape=form.shape,
        text=form.text,
        layer=form.layer,
    )


# --- numbers -----------------------------------------------------------------------------------------------------


def _refuse_beyond(what: str, values: Iterable[float], where: str) -> None:
    if any(abs(value) > FARTHEST_MM for value in values):
        raise InputError(f"{what} reaches beyond {FARTHEST_MM:g} mm", where=where)


def _refuse_no_size(what: str, value: float | None, where: str) -> None:
    """Refuse what is below nothing or beyond anything."""
    if value is not None and not 0 <= value <= FARTHEST_MM:
        raise InputError(
            f"{what} is {value:g}", where=where, hint="A number from 0 on, in the unit that its name says."
        )

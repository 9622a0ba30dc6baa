"""The nouns of cutting cloth, and their glossary. Plain frozen data: no files, no search, no command line.

Glossary
    piece       one part of a garment, in one size; its outline is the line to cut
    mark        anything on a piece that is not its outline: a notch, a drill hole, an internal line, a label
    pattern     all pieces of one style in all its sizes
    grain       the direction in a piece that must lie along the fabric's length (the warp)
    nap         whether the cloth looks different upside down, and so which pieces must point the same way
    selvedge    the edge of the cloth, along its length; not usable
    fold piece  a piece drawn as a half, to be unfolded about its mirror line
    bundle      all pieces of one garment
    order       how many garments of which sizes
    demand      the copies of one material that an order needs
    copy        one piece to be cut out, belonging to one bundle
    marker      the layout of all copies on the fabric
    spread      the plies that are laid on one another and cut at once
    ply         one layer of cloth in a spread
    splice      where one length of cloth ends within a ply and the next one begins, overlapping it
    roll        a length of cloth in stock, with the flaws that were found in it
    remnant     cloth that is left of a roll, for another day
    flaw        a fault of the cloth; also called a defect
    quality     the class of a piece: which flaws may lie within it, because nobody will see them there
    zone        a strip along the cloth, at a place across its width, as the shade differs from edge to edge
    block       the larger shape that a piece reserves, to be cut again by hand or kept clear of its neighbours
    fold        where folded or tubular cloth turns over; a piece drawn as a half may lie with its fold line on it
    repeat      the distance at which the cloth's pattern of stripes or checks comes again
    match       a point of a piece that must lie at a certain place of the repeat
    section     a stretch of a marker that belongs to some garments alone
    efficiency  the area of the pieces over usable width times marker length
    utilisation the area of the pieces over all the cloth that was issued

Inside cutkit every length is in millimetres and every angle in degrees, counter-clockwise, and the name says so.
On the fabric, x runs along its length and y across its usable width, from the lower left corner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import shapely
from shapely.affinity import affine_transform
from shapely.geometry import Polygon

Point = tuple[float, float]
MarkKind = Literal["notch", "drill", "internal", "sew", "grain", "fold", "label", "match"]
NotchShape = Literal["slit", "v", "t", "castle", "check", "u"]
Tool = Literal["knife", "pen", "punch"]
Nap = Literal["two-way", "one-way", "per-bundle"]
Spread = Literal["face-up", "face-to-face", "folded", "tubular"]
FoldSide = Literal["low", "high"]
Bundling = Literal["mixed", "sections"]
RollKind = Literal["roll", "remnant"]
MarkerSet = Literal["full", "half"]
Units = Literal["mm", "cm", "in"]
UnitsFrom = Literal["option", "text", "insunits", "assumed"]
Dialect = Literal["ASTM D6673", "AAMA-292", "plain"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on a piece besides its outline, in the piece's own coordinates.

    ``points`` is one point (notch, drill, label) or a line. A notch lies on the outline; its ``angle_deg`` points into
    the piece and ``depth_mm`` is positive. ``layer`` is the layer of the pattern file it came from.
    """

    kind: MarkKind
    points: tuple[Point, ...]
    tool: Tool = "pen"
    depth_mm: float | None = None
    width_mm: float | None = None
    angle_deg: float | None = None
    shape: NotchShape | None = None
    text: str | None = None
    layer: str | None = None


@dataclass(frozen=True)
class Piece:
    """One piece in one size, whole (a fold piece is unfolded), as a pattern file describes it.

    The grain of ``outline`` lies along +x and its bounding box starts at (0, 0); ``grain_deg`` is the grain's direction
    in the file (0 <= a < 180; None where the file has none, and then the piece keeps the direction given by
    ``turned_deg``). ``turned_deg`` is what the reader turned the file's coordinates by, counter-clockwise, to lay the
    grain along +x. Cut-outs are the holes of ``outline``. One garment needs ``as_drawn`` copies as drawn and
    ``mirrored`` mirrored ones.
    """

    name: str
    size: str
    outline: Polygon
    as_drawn: int = 1
    mirrored: int = 0
    material: str = ""
    marks: tuple[Mark, ...] = ()
    grain_deg: float | None = None
    turned_deg: float = 0.0
    unfolded: bool = False
    category: str = ""
    annotation: str = ""

    @property
    def per_garment(self) -> int:
        """How many copies of the piece one garment needs."""
        return self.as_drawn + self.mirrored


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader assumed, mended or could not use. ``code`` is stable; scripts may rely on it."""

    code: str
    message: str
    piece: str | None = None


@dataclass(frozen=True)
class Pattern:
    """One style: what one pattern file holds. ``sizes`` are in the file's order; ``sha256`` is of the file's bytes.

    ``rule_table`` is the file of the grade rules that its sizes were made with.
    """

    path: str
    style: str
    sizes: tuple[str, ...]
    sample_size: str | None
    pieces: tuple[Piece, ...]
    dialect: Dialect = "plain"
    cad: str = ""
    units: Units = "mm"
    units_from: UnitsFrom = "assumed"
    notices: tuple[Notice, ...] = ()
    sha256: str = ""
    rule_table: InputFile | None = None


@dataclass(frozen=True, slots=True)
class Defect:
    """A flaw of the cloth: an axis-parallel box, x0, y0, x1, y1.

    No piece may lie on it but those whose quality class is one that it ``allows``.
    """

    box_mm: tuple[float, float, float, float]
    allows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roll:
    """A length of cloth in stock: a roll, or a remnant, which is used up before any roll is begun.

    Its flaws are boxes in its own coordinates: x along it from the end that is cut first, y across its full width, from
    the low edge, selvedge included. ``material`` "" holds for any.
    """

    name: str
    width_mm: float
    length_mm: float
    kind: RollKind = "roll"
    flaws: tuple[Defect, ...] = ()
    material: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The cloth of a roll that one ply of a marker takes: from ``from_mm`` to ``to_mm`` on it, both margins within.

    ``left_mm`` of the roll are left behind it for another day; 0 where another marker of the same lay is cut there.
    """

    roll: str
    from_mm: float
    to_mm: float
    left_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Zone:
    """A strip along the whole cloth, from ``y0_mm`` to ``y1_mm`` across the usable width."""

    name: str
    y0_mm: float
    y1_mm: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """The pattern of the cloth: a grid that begins at an offset from the origin of the usable width.

    Along the direction ``angle_deg`` (0: the warp) it comes again every ``x_mm``, across it every ``y_mm``; None where
    the cloth is plain in that direction, as stripes are along themselves.
    """

    x_mm: float | None
    y_mm: float | None
    offset_x_mm: float = 0.0
    offset_y_mm: float = 0.0
    angle_deg: float = 0.0

    def phase(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """Where in the repeat a point of the cloth lies: from 0 to below the repeat; 0 in a plain direction."""
        c, s = cos_sin_deg(self.angle_deg)
        x, y = x_mm - self.offset_x_mm, y_mm - self.offset_y_mm
        along, across = c * x + s * y, c * y - s * x
        return along % self.x_mm if self.x_mm else 0.0, across % self.y_mm if self.y_mm else 0.0


@dataclass(frozen=True, slots=True)
class Match:
    """A point of a piece, in its own coordinates, that must lie at a certain place of the cloth's repeat.

    With ``group`` "" that place is ``at_mm`` of the repeat, along and across. Otherwise it is the place at which all
    other points of that group lie in the same garment, wherever that is. ``along`` and ``across`` say in which of the
    repeat's directions it must.
    """

    name: str
    point: Point
    group: str = ""
    at_mm: Point = (0.0, 0.0)
    along: bool = True
    across: bool = True


@dataclass(frozen=True, slots=True)
class Tie:
    """A point of a piece that must lie at a place of the cloth: a border print, a panel. None: anywhere that way."""

    point: Point
    x_mm: float | None = None
    y_mm: float | None = None


@dataclass(frozen=True)
class Fabric:
    """The cloth to lay pieces on, as it lies on the table.

    The usable width is the width less the selvedges: ``selvedge_mm`` at the low edge (y = 0) and ``high_selvedge_mm``,
    or the same, at the other one. ``width_mm`` is of one layer: half the opened width where the cloth is folded, with
    the fold at y = 0, and the flat width of a tube, with a fold at either edge; a fold has no selvedge. In the lengths
    ``start_margin_mm`` and ``end_margin_mm`` before x = 0 and behind the last piece lies nothing; a ``max_length_mm``
    holds with both of them. The ``shrinkage`` (parts of the length and of the width) is in the outlines already.
    ``has_face`` False: both sides of the cloth are alike.
    """

    width_mm: float
    selvedge_mm: float = 0.0
    nap: Nap = "two-way"
    name: str = ""
    material: str = ""
    max_length_mm: float | None = None
    defects: tuple[Defect, ...] = ()
    high_selvedge_mm: float | None = None
    start_margin_mm: float = 0.0
    end_margin_mm: float = 0.0
    spread: Spread = "face-up"
    has_face: bool = True
    zones: tuple[Zone, ...] = ()
    repeat: Repeat | None = None
    shrinkage: tuple[float, float] = (0.0, 0.0)
    weight_gsm: float | None = None
    price_per_m: float | None = None

    @property
    def usable_width_mm(self) -> float:
        """What is left between the selvedges."""
        high = self.selvedge_mm if self.high_selvedge_mm is None else self.high_selvedge_mm
        return self.width_mm - self.selvedge_mm - high

    @property
    def longest_mm(self) -> float | None:
        """The longest that the pieces may reach: the length limit less the margins at both ends."""
        limit = self.max_length_mm
        return None if limit is None else limit - self.start_margin_mm - self.end_margin_mm

    @property
    def folds_mm(self) -> tuple[float, ...]:
        """Where across the usable width the cloth is folded."""
        return {"folded": (0.0,), "tubular": (0.0, self.usable_width_mm)}.get(self.spread, ())

    @property
    def layers(self) -> int:
        """How many layers of cloth one ply of the spread has."""
        return 2 if self.folds_mm else 1


@dataclass(frozen=True)
class OrderedPiece:
    """A piece in a marker: how often it was ordered, and how its copies may lie.

    ``ordered`` copies lie as drawn and ``ordered_mirrored`` mirrored; where ``may_mirror`` is true the search chooses
    and only the sum counts. A copy lies at one of ``allowed_angles_deg``, up to ``tilt_deg`` off it.

    What lies there is the ``outline``; neighbours and the edges of the cloth keep from the ``block`` where there is
    one, which contains the outline, with ``buffer_mm`` told for what it is made of. The piece lies on flaws that allow
    its ``quality``, in one of the ``zones`` by name (none: anywhere), and with its ``fold`` side, low or high across
    its own coordinates, on a fold of the cloth. ``ordered`` counts copies in the marker; each stands for
    ``per_copy`` pieces of every ply. With ``cut_block`` the machine cuts the block, and people the piece out of it.
    """

    id: str
    name: str
    size: str
    outline: Polygon
    ordered: int
    ordered_mirrored: int = 0
    marks: tuple[Mark, ...] = ()
    allowed_angles_deg: tuple[float, ...] = (0.0, 180.0)
    tilt_deg: float = 0.0
    may_mirror: bool = False
    ignores_nap: bool = False
    material: str = ""
    style: str = ""
    block: Polygon | None = None
    buffer_mm: float = 0.0
    quality: str = ""
    zones: tuple[str, ...] = ()
    fold: FoldSide | None = None
    matches: tuple[Match, ...] = ()
    ties: tuple[Tie, ...] = ()
    per_copy: int = 1
    category: str = ""
    cut_block: bool = False

    @property
    def total(self) -> int:
        """How many copies were ordered."""
        return self.ordered + self.ordered_mirrored

    @property
    def reserved(self) -> Polygon:
        """What nothing else may lie on: the block, or the outline where there is none."""
        return self.outline if self.block is None else self.block


@dataclass(frozen=True, slots=True)
class Copy:
    """One piece to be cut out of the cloth: which, for which garment, and how it may lie.

    ``mirrored`` is None where the search may choose. ``angles_deg`` is a subset of the piece's allowed angles. One that
    is ``locked`` lies there already, and stays.
    """

    piece: str
    bundle: int
    mirrored: bool | None
    angles_deg: tuple[float, ...]
    locked: Placement | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """``count`` garments of one size; ``style`` None: of the only style. ``bundle`` is the first garment's number."""

    size: str
    count: int
    style: str | None = None
    bundle: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What to cut: garments by size, in the order in which they were asked for."""

    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """On what a marker was planned to be cut: on so many ``plies``.

    Every ply gives one of each of its garments; with ``sets`` "half" it takes two of them, face to face. ``sharing``
    are the garments that have no copy of their own, for those of another one serve for them, too: how many, by its
    number.
    """

    plies: int = 1
    sets: MarkerSet = "full"
    sharing: tuple[tuple[int, int], ...] = ()

    @property
    def plies_per_garment(self) -> int:
        """Of how many plies a garment of the marker is cut."""
        return 2 if self.sets == "half" else 1

    def within(self, bundles: Collection[int]) -> Planned:
        """The same for a marker that holds these garments alone."""
        return replace(self, sharing=tuple((bundle, count) for bundle, count in self.sharing if bundle in bundles))


AS_LAID = Planned()


@dataclass(frozen=True)
class Demand:
    """What one marker must hold: the pieces of one material, and every copy of them that the order needs.

    It is cut from ``plies`` plies, on all of which each of its garments stands for ``garments_per_bundle``; they give
    ``surplus`` pieces more than these need, by the id of the piece. ``sets`` and ``sharing``: see ``Planned``.
    """

    material: str
    pieces: tuple[OrderedPiece, ...]
    copies: tuple[Copy, ...]
    plies: int = 1
    garments_per_bundle: int = 1
    surplus: tuple[tuple[str, int], ...] = ()
    sets: MarkerSet = "full"
    sharing: tuple[tuple[int, int], ...] = ()

    @property
    def planned(self) -> Planned:
        """On what its marker is to be cut."""
        return Planned(self.plies, self.sets, self.sharing)

    @property
    def garments(self) -> int:
        """How many garments its marker is for, each out of one ply or one pair of them."""
        bundles = {copy.bundle for copy in self.copies}
        return len(bundles) + sum(count for bundle, count in self.sharing if bundle in bundles)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one copy lies: mirror (y -> -y) if ``mirrored``, turn by ``angle_deg``, move by (``x_mm``, ``y_mm``).

    Mirroring and turning are about the origin of the piece's own coordinates. Where it is ``locked``, a search that
    starts from its marker leaves it where it is.
    """

    piece: str
    bundle: int
    x_mm: float
    y_mm: float
    angle_deg: float
    mirrored: bool = False
    locked: bool = False

    @property
    def matrix(self) -> tuple[float, float, float, float, float, float]:
        """The affine map (a, b, d, e, x, y): x' = a x + b y + x_mm, y' = d x + e y + y_mm. Exact at quarter turns."""
        c, s = cos_sin_deg(self.angle_deg)
        flip = -1.0 if self.mirrored else 1.0
        return (c, -s * flip, s, c * flip, self.x_mm, self.y_mm)

    def polygon(self, outline: Polygon) -> Polygon:
        """``outline`` as it lies on the fabric."""
        return affine_transform(outline, self.matrix)

    def points(self, points: tuple[Point, ...]) -> tuple[Point, ...]:
        """``points`` of a piece as they lie on the fabric."""
        a, b, d, e, x, y = self.matrix
        return tuple((a * px + b * py + x, d * px + e * py + y) for px, py in points)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Copies of a piece that found no place, and why."""

    piece: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file a marker was made from: its path as given and the SHA-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class NestSettings:
    """What the nest search is told. Exactly one of ``time_s`` and ``rounds`` limits the effort.

    All pieces of a garment lie within ``bundle_span_mm`` along the cloth (None: anywhere), and with ``bundling``
    "sections" no piece of another garment lies in a garment's stretch.
    """

    gap_mm: float = 0.0
    seed: int = 0
    time_s: float | None = None
    rounds: int | None = None
    workers: int = 2
    bundle_span_mm: float | None = None
    bundling: Bundling = "mixed"


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """What the search spent. ``time_s`` and ``workers`` are None in a run by rounds, so that its bytes repeat."""

    time_s: float | None
    rounds: int
    workers: int | None


@dataclass(frozen=True, slots=True)
class Stated:
    """What a marker file says its length and efficiency are; the referee holds it against the pieces."""

    length_mm: float
    efficiency: float


@dataclass(frozen=True)
class Marker:
    """The layout of all copies on the fabric; self-contained. Length and efficiency are derived from the pieces.

    ``stretch`` tells which cloth it is cut from, where that was chosen among rolls, and ``planned`` on how many plies.
    """

    fabric: Fabric
    pieces: tuple[OrderedPiece, ...]
    placements: tuple[Placement, ...]
    settings: NestSettings
    unplaced: tuple[Unplaced, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    search: SearchRecord = field(default_factory=lambda: SearchRecord(None, 0, None))
    stated: Stated | None = None
    stretch: Stretch | None = None
    planned: Planned = AS_LAID

    @cached_property
    def by_id(self) -> dict[str, OrderedPiece]:
        """The pieces by their id."""
        return {piece.id: piece for piece in self.pieces}

    @cached_property
    def polygons(self) -> tuple[Polygon, ...]:
        """The outline of every placement as it lies on the fabric, in the order of ``placements``."""
        return tuple(p.polygon(self.by_id[p.piece].outline) for p in self.placements)

    @cached_property
    def length_mm(self) -> float:
        """The length the pieces take, from the fabric's start to the end of the last piece; 0 for no piece."""
        if not self.placements:
            return 0.0
        return float(shapely.bounds(np.array(self.polygons, dtype=object))[:, 2].max())

    @cached_property
    def reach_mm(self) -> float:
        """The length that pieces take with what they reserve: where the last block ends, or the last piece."""
        return max(self.length_mm, self._end_mm(piece.id for piece in self.pieces if piece.block is not None))

    @cached_property
    def overhang_mm(self) -> float:
        """How far blocks that the machine cuts end behind the last piece: cloth that a ply needs beyond the length."""
        return max(0.0, self._end_mm(piece.id for piece in self.pieces if piece.cut_block) - self.length_mm)

    def _end_mm(self, pieces: Iterable[str]) -> float:
        """Where the last of what some pieces reserve ends; 0 where none of them is placed."""
        reserved = {id_: self.by_id[id_].reserved for id_ in pieces}
        placed = [p.polygon(reserved[p.piece]) for p in self.placements if p.piece in reserved]
        return max((shape.bounds[2] for shape in placed), default=0.0)

    @cached_property
    def placed_area_mm2(self) -> float:
        """The area of the placed pieces, cut-outs taken off."""
        return float(sum(self.by_id[p.piece].outline.area for p in self.placements))

    @property
    def efficiency(self) -> float:
        """Area of the placed pieces / (usable width x length), a fraction; 0 for an empty marker."""
        cloth = self.fabric.usable_width_mm * self.length_mm
        return self.placed_area_mm2 / cloth if cloth > 0 else 0.0

    @property
    def bundles(self) -> tuple[int, ...]:
        """The garments in the marker, by number."""
        return tuple(sorted({p.bundle for p in self.placements}))


_EXACT_TURNS = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}


def cos_sin_deg(angle_deg: float) -> Point:
    """Cosine and sine of an angle in degrees, exact at quarter turns."""
    turn = angle_deg % 360.0
    if turn in _EXACT_TURNS:
        return _EXACT_TURNS[turn]
    radians = np.radians(turn)
    return float(np.cos(radians)), float(np.sin(radians))


def in_steps(turns_deg: Iterable[float], steps_deg: Iterable[float]) -> tuple[float, ...]:
    """The angles that lie off turns by one of some steps, to either side: turn by turn, the smallest step first."""
    off = sorted({sign * abs(step) for step in steps_deg for sign in (1, -1)}, key=lambda a: (abs(a), -a))
    return tuple(dict.fromkeys((turn + step) % 360.0 for turn in turns_deg for step in off))

"""A men's shirt: yoke with forward shoulder, two-piece collar, cuffs, tower plackets, band and facing, chest pocket."""

from __future__ import annotations

from dataclasses import dataclass

from patterns.draft import shirt_small as small
from patterns.draft.block import Block, BlockRule, Cap, body_block, sleeve_cap
from patterns.draft.geometry import (
    Path,
    Point,
    back,
    closed,
    curve,
    cut_by,
    direction,
    join,
    length,
    line,
    mirrored,
    moved,
    pt,
    solve,
    split,
    unit,
)
from patterns.draft.piece import Edge, Garment, Internal, Notch, Piece, Seam, mirror_piece
from patterns.draft.sizes import MEN, Body

SIZES = ("XS", "S", "M", "L", "XL", "XXL")
SAMPLE = "M"

EASE_MM = 144.0
SEAM_MM = 10.0
NECK_SEAM_MM = 7.0
HEM_MM = 12.0
NECK_EASE_MM = 12.0
CAP_EASE_MM = 8.0
FORWARD_MM = 30.0
STAND_MM = 17.0
FACING_MM = 30.0
BACK_PLEAT_MM = 20.0
CUFF_PLEATS_MM = 50.0


@dataclass(frozen=True, eq=False)
class Lines:
    """The block of one size, cut up along the yoke: what front, back, yoke and collar are made of."""

    body: Body
    front: Block
    rear: Block
    neck_strip: Path
    neck: Path
    arm_front: Path
    arm_strip: Path
    arm_back: Path
    arm_yoke: Path
    yoke_y: float

    @property
    def neck_end(self) -> Path:
        """The last of the neckline, from as far before the centre front as the button stand reaches beyond it."""
        near = split(self.neck, length(self.neck) - STAND_MM)[1]
        return join(near, line(near[-1], pt(-STAND_MM, near[-1][1])))

    @property
    def front_seam(self) -> Path:
        """The front's edge to the yoke, from armhole to neck."""
        return line(self.arm_front[-1], self.neck[0])


def draft(size: str) -> Garment:
    """The shirt in one size."""
    lines = _lines(MEN[size])
    front = _front(lines, facing=False)
    sleeve, cuff_mm, underarm_mm = _sleeve(lines)
    neck_mm = length(lines.rear.neck) + length(lines.neck_strip) + length(lines.neck) + STAND_MM
    yoke_mm = length(lines.rear.neck) + length(lines.neck_strip)
    stand = small.stand(neck_mm, yoke_mm, STAND_MM)
    collar_mm = length(stand.edge("collar").path)
    pieces = (
        _with_pocket(front, lines),
        mirror_piece(_front(lines, facing=True), "FRONT_R"),
        _back(lines),
        _yoke(lines),
        small.collar("COLLAR_TOP", collar_mm, 45.0),
        small.collar("COLLAR_UNDER", collar_mm, 45.0 - small.ROLL_MM),
        stand,
        sleeve,
        small.cuff(cuff_mm, underarm_mm),
        small.tower(),
        small.binding(),
        small.pocket(_pocket_width(lines.body)),
        _band(lines),
        small.loop(),
    )
    return Garment(size, pieces, _seams())


def _rule(body: Body, front_neck_mm: float) -> BlockRule:
    """A roomy block with a low scye; ``front_neck_mm`` is found from the collar's length."""
    return BlockRule(
        chest_quarter_mm=(body.chest_mm + EASE_MM) / 4,
        neck_width_mm=body.neck_mm / 5 + 1,
        back_neck_mm=22.0,
        front_neck_mm=front_neck_mm,
        shoulder_x_mm=body.back_width_mm / 2 + 16,
        slope_deg=19.0,
        scye_mm=body.scye_mm - 2,
        across_mm=body.back_width_mm / 2 + 9,
        front_hollow_mm=11.0,
    )


def _lines(body: Body) -> Lines:
    """Front and back blocks on the same shoulder, the neckline as long as neck plus ease, cut along the yoke."""
    rear = body_block(_rule(body, 90.0), front=False)
    half_neck = (body.neck_mm + NECK_EASE_MM) / 2 - length(rear.neck)
    depth = solve(lambda d: length(body_block(_rule(body, d), front=True).neck) - half_neck, 40.0, 160.0)
    front = body_block(_rule(body, depth), front=True)
    along = unit(front.neck_point - front.shoulder_point)
    inward = pt(-along[1], along[0]) * FORWARD_MM
    low, high = front.shoulder_point + inward - along * 80, front.neck_point + inward + along * 80
    strip, neck = split(front.neck, cut_by(front.neck, low, high))
    arm_front, arm_strip = split(front.armhole, cut_by(front.armhole, low, high))
    yoke_y = -(0.22 * body.scye_mm + 42)
    arm_back, arm_yoke = split(rear.armhole, cut_by(rear.armhole, pt(0.0, yoke_y), pt(600.0, yoke_y)))
    return Lines(body, front, rear, strip, neck, arm_front, arm_strip, arm_back, arm_yoke, yoke_y)


def _side(lines: Lines) -> Path:
    """From the hem up: a little in at the waist, out again to the underarm."""
    under, waist_y = lines.front.underarm, -lines.body.nape_to_waist_mm
    foot, waist = pt(under[0] - 3, waist_y - 215), pt(under[0] - 14, waist_y)
    lower = curve(foot, pt(-0.12, 1.0), waist, pt(0.0, 1.0), (0.35, 0.35))
    return join(lower, curve(waist, pt(0.0, 1.0), under, pt(0.12, 1.0), (0.35, 0.35)))


def _tail(start_x: float, y: float, foot: Point) -> Path:
    """The shirt tail's hem from the middle to the side: level, then up in an S."""
    flat = pt(0.22 * foot[0], y)
    return join(line(pt(start_x, y), flat), curve(flat, pt(1.0, 0.0), foot, direction(12), (0.5, 0.4)))


def _front_hem_y(body: Body) -> float:
    return -(body.nape_to_waist_mm + 305)


def _front(lines: Lines, facing: bool) -> Piece:
    """The left front, or (mirrored later) the right one with its facing."""
    hem_y, side = _front_hem_y(lines.body), _side(lines)
    neck, neck_end = split(lines.neck, length(lines.neck) - STAND_MM)[0], lines.neck_end
    hem = _tail(-STAND_MM, hem_y, side[0])
    arm = length(lines.arm_front) + length(lines.arm_strip)
    edges: list[Edge] = [
        Edge("hem", hem, HEM_MM),
        Edge("side", side, SEAM_MM, (Notch("waist", 216.0),)),
        Edge("armhole", lines.arm_front, SEAM_MM, (Notch("front", 0.40 * arm),)),
        Edge("yoke", lines.front_seam, SEAM_MM),
        Edge("neck", neck, NECK_SEAM_MM),
        Edge("neck_end", neck_end, NECK_SEAM_MM, (Notch("centre front", STAND_MM),)),
    ]
    top, foot = neck_end[-1], hem[0]
    grain = (pt(110.0, hem_y + 130), pt(110.0, lines.front.underarm[1] - 20))
    if not facing:
        edges.append(Edge("front", line(top, foot), SEAM_MM))
        band = (Internal("BAND", line(pt(STAND_MM, hem_y), neck[-1])),)
        return Piece("FRONT_L", "FRONT", tuple(edges), grain, internals=band)
    turn = back(mirrored(split(neck_end, length(neck_end) - FACING_MM)[1], top, foot))
    edges += [
        Edge("neck_facing", turn, NECK_SEAM_MM, (Notch("fold", 0.0, free=True),)),
        Edge("facing", line(turn[-1], pt(turn[-1][0], hem_y)), 8.0),
        Edge("hem_facing", line(pt(turn[-1][0], hem_y), foot), HEM_MM),
    ]
    inner = (Internal("FOLD", line(foot, top)), Internal("CENTRE FRONT", line(pt(0.0, hem_y), lines.neck[-1])))
    return Piece("FRONT", "FRONT", tuple(edges), grain, internals=inner)


def _pocket_width(body: Body) -> float:
    return body.chest_mm / 12 + 34


def _with_pocket(front: Piece, lines: Lines) -> Piece:
    """The left front with the place of its pocket, and drill holes just inside the pocket's upper corners."""
    width = _pocket_width(lines.body)
    left = 0.19 * lines.front.underarm[0] + 6
    top = lines.front.underarm[1] + 38
    shape = moved(small.pocket_shape(width), left, top)
    drills = (pt(left + 5, top - 5), pt(left + width - 5, top - 5))
    inner = (*front.internals, Internal("POCKET", closed(shape)))
    return Piece(front.name, front.category, front.edges, front.grain, front.copies, internals=inner, drills=drills)


def _band(lines: Lines) -> Piece:
    """The left front's band: it covers the front edge from the button stand to as far beyond the centre."""
    hem_y = _front_hem_y(lines.body)
    neck_end = lines.neck_end
    inner_foot, outer_foot = pt(STAND_MM, hem_y), pt(-STAND_MM, hem_y)
    edges = (
        Edge("hem", line(outer_foot, inner_foot), HEM_MM),
        Edge("inner", line(inner_foot, neck_end[0]), 8.0),
        Edge("neck", neck_end, NECK_SEAM_MM, (Notch("centre front", STAND_MM),)),
        Edge("front", line(neck_end[-1], outer_foot), SEAM_MM),
    )
    grain = (pt(0.0, hem_y + 150), pt(0.0, hem_y + 500))
    buttons = tuple(pt(0.0, neck_end[-1][1] - 75 - 90 * i) for i in range(6))
    return Piece("FRONT_BAND", "PLACKET", edges, grain, drills=buttons)


def _back(lines: Lines) -> Piece:
    """The back under the yoke, half, with a box pleat at the centre: wider than the yoke by the pleat."""
    side = moved(_side(lines), BACK_PLEAT_MM, 0.0)
    arm = moved(lines.arm_back, BACK_PLEAT_MM, 0.0)
    hem_y = _front_hem_y(lines.body) - 20
    top = line(arm[-1], pt(0.0, lines.yoke_y))
    width = length(top)
    whole = length(lines.rear.armhole)
    edges = (
        Edge("hem", _tail(0.0, hem_y, side[0]), HEM_MM),
        Edge("side", side, SEAM_MM, (Notch("waist", 216.0),)),
        Edge("armhole", arm, SEAM_MM, (Notch("back", 0.36 * whole), Notch("back", 0.36 * whole + 12))),
        Edge(
            "yoke",
            top,
            SEAM_MM,
            (
                Notch("yoke", 0.4 * (width - BACK_PLEAT_MM)),
                Notch("pleat", width - 40, free=True),
                Notch("pleat", width - 20, free=True),
            ),
        ),
        Edge("fold", line(top[-1], pt(0.0, hem_y)), 0.0, fold=True),
    )
    grain = (pt(120.0, hem_y + 150), pt(120.0, lines.yoke_y - 100))
    inner = (
        Internal("PLEAT", line(pt(20.0, lines.yoke_y), pt(20.0, lines.yoke_y - 60))),
        Internal("PLEAT", line(pt(40.0, lines.yoke_y), pt(40.0, lines.yoke_y - 60))),
    )
    return Piece("BACK", "BACK", edges, grain, internals=inner)


def _yoke(lines: Lines) -> Piece:
    """The back above the yoke seam, half, with the front's strip turned over the shoulder to it."""
    sp, hps = lines.front.shoulder_point, lines.front.neck_point
    arm = join(lines.arm_yoke, back(mirrored(lines.arm_strip, sp, hps)))
    neck = join(back(mirrored(lines.neck_strip, sp, hps)), lines.rear.neck)
    bottom = line(pt(0.0, lines.yoke_y), lines.arm_yoke[0])
    edges = (
        Edge("back", bottom, SEAM_MM, (Notch("yoke", 0.6 * length(bottom)),)),
        Edge("armhole", arm, SEAM_MM, (Notch("shoulder", length(lines.arm_yoke)),)),
        Edge("front", line(arm[-1], neck[0]), SEAM_MM),
        Edge("neck", neck, NECK_SEAM_MM),
        Edge("fold", line(neck[-1], bottom[0]), 0.0, fold=True),
    )
    grain = (pt(40.0, lines.yoke_y + 15), pt(40.0, -12.0))
    return Piece("YOKE", "YOKE", edges, grain, copies=(2, 0))


def _sleeve(lines: Lines) -> tuple[Piece, float, float]:
    """The sleeve, the cuff's length, and how far from its overlapping end the cuff meets the sleeve seam."""
    body = lines.body
    front_arm, rear_arm = length(lines.front.armhole), length(lines.rear.armhole)
    cap = sleeve_cap(front_arm + CAP_EASE_MM / 2, rear_arm + CAP_EASE_MM / 2, 0.265 * (front_arm + rear_arm))
    cuff_mm = body.wrist_mm + 72
    hem_mm = cuff_mm - small.TOWER_MM + CUFF_PLEATS_MM
    hem_y = -(body.arm_mm + 14 - small.CUFF_MM - cap.height_mm)
    shift = (cap.front_width_mm - cap.back_width_mm) / 2
    rear_foot, front_foot = pt(shift - hem_mm / 2, hem_y), pt(shift + hem_mm / 2, hem_y)
    slit = pt(shift - 0.27 * hem_mm, hem_y)
    whole = length(cap.back)
    knife = Notch("back", whole - 0.36 * rear_arm), Notch("back", whole - 0.36 * rear_arm - 12)
    seam_front, seam_back = _sleeve_seams(cap, front_foot, rear_foot)
    pleats = tuple(Notch("pleat", d, free=True) for d in (30.0, 55.0, 70.0, 95.0))
    edges = (
        Edge("hem_back", line(rear_foot, slit), SEAM_MM),
        Edge("hem_front", line(slit, front_foot), SEAM_MM, pleats),
        Edge("under_front", seam_front, SEAM_MM, (Notch("elbow", 0.55 * length(seam_front)),)),
        Edge("cap_front", cap.front, SEAM_MM, (Notch("front", 0.40 * front_arm), Notch("shoulder", length(cap.front)))),
        Edge("cap_back", cap.back, SEAM_MM, knife),
        Edge("under_back", seam_back, SEAM_MM, (Notch("elbow", 0.45 * length(seam_back)),)),
    )
    head = slit + pt(0.0, small.SLIT_MM)
    grain = (pt(0.0, hem_y + 60), pt(0.0, cap.height_mm - 40))
    inner = (Internal("SLIT", line(slit, head)),)
    sleeve = Piece("SLEEVE", "SLEEVE", edges, grain, (1, 1), internals=inner, drills=(head,))
    return sleeve, cuff_mm, small.TOWER_MM + length(edges[1].path) - CUFF_PLEATS_MM


def _sleeve_seams(cap: Cap, front_foot: Point, rear_foot: Point) -> tuple[Path, Path]:
    """Both sides of the sleeve seam: slightly hollow, mirror images of one another."""
    right = curve(front_foot, pt(0.05, 1.0), cap.front[0], pt(0.22, 1.0), (0.35, 0.3))
    left = curve(rear_foot, pt(-0.05, 1.0), cap.back[-1], pt(-0.22, 1.0), (0.35, 0.3))
    return right, back(left)


def _seams() -> tuple[Seam, ...]:
    pleats = small.TOWER_MM - CUFF_PLEATS_MM
    outer = CAP_EASE_MM
    return (
        *(Seam(f"side, {side}", (f"{sign}FRONT_{side}.side",), ("BACK.side",)) for side, sign in _SIDES),
        *(Seam(f"front yoke, {side}", (f"{sign}FRONT_{side}.yoke",), ("YOKE.front",)) for side, sign in _SIDES),
        Seam("back yoke", ("YOKE.back",), ("-BACK.yoke",), BACK_PLEAT_MM, eased_mm={"yoke": (BACK_PLEAT_MM,)}),
        *(
            Seam(
                f"armhole, {side}",
                (f"{sign}FRONT_{side}.armhole", "-YOKE.armhole", "-BACK.armhole"),
                ("SLEEVE.cap_front", "SLEEVE.cap_back"),
                CAP_EASE_MM,
                eased_mm={"shoulder": (outer / 2,), "back": (outer, outer)},
            )
            for side, sign in _SIDES
        ),
        Seam("sleeve", ("SLEEVE.under_front",), ("-SLEEVE.under_back",)),
        *(
            Seam(
                f"stand, {side}",
                ("-YOKE.neck", ":yoke seam", f"{sign}FRONT_{side}.neck", f"{sign}FRONT_{side}.neck_end"),
                ("STAND.neck",),
            )
            for side, sign in _SIDES
        ),
        Seam("band", ("FRONT_L.front",), ("FRONT_BAND.front",)),
        Seam("band, neck", ("FRONT_L.neck_end",), ("FRONT_BAND.neck",)),
        *(Seam(f"collar, {layer}", ("STAND.collar",), (f"-COLLAR_{layer}.stand",)) for layer in ("TOP", "UNDER")),
        Seam("collar, outer", ("COLLAR_TOP.outer",), ("COLLAR_UNDER.outer",)),
        Seam("collar, point", ("COLLAR_TOP.point",), ("COLLAR_UNDER.point",), -small.POINT_ROLL_MM),
        Seam(
            "cuff",
            ("SLEEVE.hem_front", ":underarm", "SLEEVE.hem_back"),
            ("CUFF.sleeve",),
            pleats,
            eased_mm={"underarm": (pleats,)},
        ),
    )


_SIDES = (("L", ""), ("R", "-"))

"""A hooded sweatshirt: three-panel hood, kangaroo pocket, cuffs and hem of rib."""

from __future__ import annotations

from dataclasses import dataclass, replace

from patterns.draft.block import Block, BlockRule, body_block, sleeve_cap
from patterns.draft.geometry import Path, curve, direction, join, length, line, pt, solve
from patterns.draft.piece import Edge, Garment, Internal, Notch, Piece, Seam
from patterns.draft.shapes import Strip, strip
from patterns.draft.sizes import MEN, Body

SIZES = ("XS", "S", "M", "L", "XL", "XXL")
SAMPLE = "M"

EASE_MM = 210.0
SEAM_MM = 9.525
CASING_MM = 31.75
CAP_EASE_MM = 5.0
RIB_MM = 63.5
HEM_STRETCH = 0.84
CUFF_STRETCH = 0.74
PANEL_MM = 44.0


def draft(size: str) -> Garment:
    """The sweatshirt in one size."""
    body = MEN[size]
    rule = _rule(body)
    front, rear = body_block(rule, front=True), body_block(rule, front=False)
    hem_y = -(body.nape_to_waist_mm + 195 + 0.15 * (body.chest_mm - 980))
    front_piece = _body_piece("FRONT", front, hem_y)
    sleeve = _sleeve(body, front, rear)
    hem_mm = length(front_piece.edge("hem").path) * HEM_STRETCH
    cuff_mm = length(sleeve.edge("hem").path) * CUFF_STRETCH
    half_neck = length(front.neck) + length(rear.neck)
    hood = _hood_side(body, half_neck - PANEL_MM, length(rear.neck) - PANEL_MM)
    pieces = (
        _with_pocket_place(front_piece, hem_y),
        _body_piece("BACK", rear, hem_y),
        sleeve,
        hood,
        _hood_centre(length(hood.edge("panel").path), hood.edge("panel").notches),
        _pocket(),
        _tape(length(rear.neck)),
        _rib(RibRule("RIB_HEM", 2 * hem_mm, (1, 0), side_mm=hem_mm)),
        _rib(RibRule("RIB_CUFF", cuff_mm, (2, 0))),
    )
    return Garment(size, pieces, _seams())


def _rule(body: Body) -> BlockRule:
    """A wide block with a dropped shoulder and a neck wide enough for the hood."""
    return BlockRule(
        chest_quarter_mm=(body.chest_mm + EASE_MM) / 4,
        neck_width_mm=body.neck_mm / 5 + 14,
        back_neck_mm=22.0,
        front_neck_mm=body.neck_mm / 5 + 28,
        shoulder_x_mm=body.back_width_mm / 2 + 42,
        slope_deg=19.0,
        scye_mm=body.scye_mm + 20,
        across_mm=body.back_width_mm / 2 + 26,
        front_hollow_mm=9.0,
    )


def _body_piece(name: str, block: Block, hem_y: float) -> Piece:
    underarm = block.underarm
    foot = pt(underarm[0] - 6, hem_y)
    side = curve(foot, pt(0.02, 1.0), underarm, pt(0.04, 1.0), (0.3, 0.3))
    arm = length(block.armhole)
    front = name == "FRONT"
    neck = (Notch("centre front", length(block.neck)),) if front else (Notch("panel", length(block.neck) - PANEL_MM),)
    edges = (
        Edge("hem", line(pt(0.0, hem_y), foot), SEAM_MM),
        Edge("side", side, SEAM_MM, (Notch("side", 190.0),)),
        Edge("armhole", block.armhole, SEAM_MM, _arm_notches(front, arm)),
        Edge("shoulder", block.shoulder, SEAM_MM),
        Edge("neck", block.neck, SEAM_MM, neck),
        Edge("fold", line(block.neck[-1], pt(0.0, hem_y)), 0.0, fold=True),
    )
    grain = (pt(0.45 * foot[0], hem_y + 230), pt(0.45 * foot[0], underarm[1] + 20))
    return Piece(name, name, edges, grain)


def _arm_notches(front: bool, arm_mm: float) -> tuple[Notch, ...]:
    if front:
        return (Notch("front", 0.42 * arm_mm),)
    return (Notch("back", 0.42 * arm_mm), Notch("back", 0.42 * arm_mm + 12.7))


def _sleeve(body: Body, front: Block, rear: Block) -> Piece:
    front_arm, rear_arm = length(front.armhole), length(rear.armhole)
    cap = sleeve_cap(front_arm + CAP_EASE_MM / 2, rear_arm + CAP_EASE_MM / 2, 0.25 * (front_arm + rear_arm))
    hem_mm = body.wrist_mm + 92
    hem_y = -(body.arm_mm - 18 - RIB_MM - cap.height_mm)
    shift = (cap.front_width_mm - cap.back_width_mm) / 2
    rear_foot, front_foot = pt(shift - hem_mm / 2, hem_y), pt(shift + hem_mm / 2, hem_y)
    whole = length(cap.back)
    double = tuple(Notch(n.name, whole - n.at_mm) for n in _arm_notches(False, rear_arm))
    shoulder = Notch("shoulder", length(cap.front))
    edges = (
        Edge("hem", line(rear_foot, front_foot), SEAM_MM),
        Edge("under_front", curve(front_foot, pt(0.12, 1.0), cap.front[0], pt(0.24, 1.0), (0.35, 0.3)), SEAM_MM),
        Edge("cap_front", cap.front, SEAM_MM, (*_arm_notches(True, front_arm), shoulder)),
        Edge("cap_back", cap.back, SEAM_MM, double),
        Edge("under_back", curve(rear_foot, pt(-0.12, 1.0), cap.back[-1], pt(-0.24, 1.0), (0.35, 0.3))[::-1], SEAM_MM),
    )
    grain = (pt(0.0, hem_y + 60), pt(0.0, cap.height_mm - 40))
    return Piece("SLEEVE", "SLEEVE", edges, grain, copies=(1, 1))


def _hood_side(body: Body, neck_mm: float, shoulder_mm: float) -> Piece:
    """The side of the hood, face to the left; the neck edge is as long as the half neckline less the panel."""
    height, depth = body.head_mm / 2 + 62, 0.43 * body.head_mm

    def neck(x: float) -> Path:
        return curve(pt(0.0, 0.0), direction(-14.0), pt(x, 14.0), direction(22.0), (0.4, 0.4))

    edge = neck(solve(lambda x: length(neck(x)) - neck_mm, 60.0, neck_mm))
    nape, crown, brow = edge[-1], pt(depth, 0.56 * height), pt(14.0, height)
    rear = curve(nape, direction(82.0), crown, pt(0.0, 1.0), (0.32, 0.38))
    over = curve(crown, pt(0.0, 1.0), brow, direction(186.0), (0.42, 0.45))
    panel = join(rear, over)
    crown_mark = Notch("crown", length(rear))
    edges = (
        Edge("neck", edge, SEAM_MM, (Notch("shoulder", neck_mm - shoulder_mm),)),
        Edge("panel", panel, SEAM_MM, (crown_mark,)),
        Edge("face", line(brow, edge[0]), CASING_MM, turn_up=True),
    )
    inner = (Internal("CASING", edges[2].path),)
    grain = (pt(0.45 * depth, 50.0), pt(0.45 * depth, height - 60))
    return Piece("HOOD_SIDE", "HOOD", edges, grain, (2, 2), internals=inner, drills=(pt(16.0, 40.0),))


def _hood_centre(panel_mm: float, notches: tuple[Notch, ...]) -> Piece:
    """The strip over the head, half, from the nape up; a little narrower over the brow."""
    side = line(pt(PANEL_MM, 0.0), pt(PANEL_MM, panel_mm))
    edges = (
        Edge("neck", line(pt(0.0, 0.0), pt(PANEL_MM, 0.0)), SEAM_MM),
        Edge("panel", side, SEAM_MM, notches),
        Edge("face", line(side[-1], pt(0.0, panel_mm)), CASING_MM, turn_up=True),
        Edge("fold", line(pt(0.0, panel_mm), pt(0.0, 0.0)), 0.0, fold=True),
    )
    return Piece("HOOD_CENTRE", "HOOD", edges, (pt(22.0, 60.0), pt(22.0, panel_mm - 60)), (2, 0))


def _pocket_line() -> Path:
    """Half the kangaroo pocket from the centre of its foot, counter-clockwise."""
    opening = curve(pt(190.0, 58.0), pt(-0.25, 1.0), pt(122.0, 205.0), pt(-0.62, 1.0), (0.35, 0.35))
    return join(line(pt(0.0, 0.0), pt(190.0, 0.0), pt(190.0, 58.0)), opening, line(opening[-1], pt(0.0, 205.0)))


def _pocket() -> Piece:
    ring = _pocket_line()
    edges = (
        Edge("foot", ring[:2], SEAM_MM),
        Edge("side", ring[1:3], SEAM_MM),
        Edge("opening", ring[2:-1], 19.05),
        Edge("top", ring[-2:], SEAM_MM),
        Edge("fold", line(ring[-1], ring[0]), 0.0, fold=True),
    )
    return Piece("POCKET", "POCKET", edges, (pt(60.0, 30.0), pt(60.0, 175.0)))


def _with_pocket_place(front: Piece, hem_y: float) -> Piece:
    """The front with the pocket drawn where it is sewn, on the hem, and holes inside its upper and side corners."""
    place = _pocket_line() + pt(0.0, hem_y)
    drills = (pt(116.0, hem_y + 199), pt(184.0, hem_y + 56))
    inner = (Internal("POCKET", place[1:]),)
    return Piece(front.name, front.category, front.edges, front.grain, internals=inner, drills=drills)


def _tape(neck_mm: float) -> Piece:
    """The tape over the back neck seam."""
    return strip(Strip("NECK_TAPE", 2 * neck_mm, 12.7, SEAM_MM, SEAM_MM, (Notch("centre back", neck_mm),)))


@dataclass(frozen=True)
class RibRule:
    """A rib band: how long it is cut, how many, and for the hem, drawn as a half, where the side seam meets it."""

    name: str
    size_mm: float
    copies: tuple[int, int]
    side_mm: float | None = None


def _rib(rule: RibRule) -> Piece:
    """A rib band, twice its finished width, folded along its middle; it stretches across the grain."""
    lower = () if rule.side_mm is None else (Notch("side", rule.side_mm),)
    upper = tuple(Notch(n.name, rule.size_mm - n.at_mm) for n in lower)
    fold = Internal("FOLD", line(pt(0.0, RIB_MM), pt(rule.size_mm, RIB_MM)))
    band = Strip(rule.name, rule.size_mm, 2 * RIB_MM, SEAM_MM, SEAM_MM, lower, upper, rule.copies, "RIB", (fold,))
    return strip(replace(band, grain_across=True, on_fold=rule.side_mm is not None))


def _seams() -> tuple[Seam, ...]:
    return (
        Seam("side", ("FRONT.side",), ("BACK.side",)),
        Seam("shoulder", ("FRONT.shoulder",), ("BACK.shoulder",)),
        Seam(
            "armhole",
            ("FRONT.armhole", ":shoulder", "-BACK.armhole"),
            ("SLEEVE.cap_front", "SLEEVE.cap_back"),
            CAP_EASE_MM,
            eased_mm={"shoulder": (CAP_EASE_MM / 2,), "back": (CAP_EASE_MM, CAP_EASE_MM)},
        ),
        Seam("sleeve", ("SLEEVE.under_front",), ("-SLEEVE.under_back",)),
        Seam(
            "hood to neckline",
            ("-BACK.neck", ":shoulder", "FRONT.neck"),
            ("HOOD_CENTRE.neck", ":panel", "-HOOD_SIDE.neck", ":centre front"),
        ),
        Seam("hood panel", ("HOOD_SIDE.panel",), ("HOOD_CENTRE.panel",)),
        Seam("cuff", ("SLEEVE.hem",), ("RIB_CUFF.lower",), stretch=CUFF_STRETCH),
        Seam("cuff, inside", ("SLEEVE.hem",), ("RIB_CUFF.upper",), stretch=CUFF_STRETCH),
        Seam("hem", ("FRONT.hem", ":side", "-BACK.hem"), ("RIB_HEM.lower",), stretch=HEM_STRETCH),
        Seam("hem, inside", ("FRONT.hem", ":side", "-BACK.hem"), ("-RIB_HEM.upper",), stretch=HEM_STRETCH),
        Seam("tape", ("BACK.neck", ":centre back", "-BACK.neck"), ("NECK_TAPE.lower",)),
    )

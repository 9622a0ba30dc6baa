"""A sleeveless A-line dress with side bust darts, zip at the centre back, pockets in the side seams, and a lining.

The front's upper part lies higher than the back's by the width of the bust dart: what the dart takes out of the side
seam is what the bust needs in length. The lining is cut to the facings, whose curve it shares.
"""

from __future__ import annotations

from dataclasses import dataclass

from patterns.draft import dress_small as small
from patterns.draft.block import Block, BlockRule, body_block
from patterns.draft.dress_small import Dart
from patterns.draft.geometry import Path, Point, at, curve, length, line, moved, pt, solve, split, unit
from patterns.draft.piece import Edge, Garment, Internal, Notch, Piece, Seam
from patterns.draft.sizes import WOMEN, Body

SIZES = tuple(WOMEN)
SAMPLE = "38"

EASE_MM = 50.0
SEAM_MM = 10.0
NECK_SEAM_MM = 6.0
HEM_MM = 25.0
ZIP_SEAM_MM = 15.0
DART_MM = 28.0
FACING_MM = 55.0
LINING_SHORTER_MM = 25.0
SKIRT_MM = 590.0
FLARE_MM = 105.0
POCKET_MM = 160.0


@dataclass(frozen=True, eq=False)
class Half:
    """Half a front or back: the block, moved up for the bust in front, and the lines below it."""

    block: Block
    side: Path
    hem: Path
    neck_facing: Path
    shoulder_split: tuple[Path, Path]
    dart: Dart | None


def draft(size: str) -> Garment:
    """The dress in one size."""
    body = WOMEN[size]
    rear = _half(body, front=False)
    front = _fitted_front(body, length(rear.side))
    pocket_mm = _pocket_top(body)
    pieces = (
        _front(body, front, pocket_mm),
        _back(body, rear, front, pocket_mm),
        _facing("FACING_FRONT", front),
        _facing("FACING_BACK", rear),
        small.binding(length(front.block.armhole) + length(rear.block.armhole), length(front.block.armhole)),
        _lining(body, "LINING_FRONT", front, front),
        _lining(body, "LINING_BACK", rear, front),
        small.pocket(POCKET_MM),
    )
    return Garment(size, pieces, _seams())


def _rule(body: Body, front: bool) -> BlockRule:
    """A close block without sleeves: shoulders narrowed, neck widened."""
    return BlockRule(
        chest_quarter_mm=(body.chest_mm + EASE_MM) / 4 + (5 if front else -5),
        neck_width_mm=body.neck_mm / 5 + 22,
        back_neck_mm=24.0,
        front_neck_mm=body.neck_mm / 5 + 42,
        shoulder_x_mm=body.back_width_mm / 2 + 4,
        slope_deg=20.0,
        scye_mm=body.scye_mm - 8,
        across_mm=body.back_width_mm / 2 - 9,
        front_hollow_mm=9.0,
    )


def _fitted_front(body: Body, back_side_mm: float) -> Half:
    """The front, lifted by about the dart's width until its side less the dart is as long as the back's."""
    wanted = back_side_mm + DART_MM
    lift = solve(lambda up: length(_half(body, True, up).side) - wanted, 0.0, 2 * DART_MM)
    return _half(body, True, lift)


def _half(body: Body, front: bool, lift_mm: float = 0.0) -> Half:
    """Half a front or back from neck to hem, its upper part lifted."""
    block = body_block(_rule(body, front), front)
    block = Block(*(moved(path, 0.0, lift_mm) for path in (block.neck, block.shoulder, block.armhole)))
    foot_x = block.underarm[0] + FLARE_MM
    level = -(body.nape_to_waist_mm + SKIRT_MM)
    foot = pt(foot_x, level + 0.062 * foot_x)
    side = curve(foot, pt(-0.125, 1.0), block.underarm, pt(-0.02, 1.0), (0.45, 0.3))
    along = unit(side[1] - side[0])
    hem = curve(pt(0.0, level), pt(1.0, 0.0), foot, pt(along[1], -along[0]), (0.4, 0.35))
    shoulder_cut = length(block.shoulder) - FACING_MM
    on_shoulder = at(block.shoulder, shoulder_cut)
    centre = block.neck[-1] - pt(0.0, FACING_MM + 10)
    down = block.neck[0] - block.shoulder[0]
    facing = curve(centre, pt(1.0, 0.0), on_shoulder, pt(-down[1], down[0]) * -1.0, (0.5, 0.42))
    dart = Dart.on(side, body.chest_mm / 10 + 6, -(body.scye_mm + 38), DART_MM) if front else None
    return Half(block, side, hem, facing, split(block.shoulder, shoulder_cut), dart)


def _pocket_top(body: Body) -> float:
    """The pocket's upper end on the side seam, from the hem."""
    return SKIRT_MM - 75


def _side_edges(half: Half, front: Half, notches: tuple[Notch, ...], hem_from: float) -> tuple[Edge, ...]:
    """The side from ``hem_from`` mm above the dress's hem; in front with the dart in it."""
    low = split(half.side, hem_from)[1] if hem_from else half.side
    kept = tuple(Notch(n.name, n.at_mm - hem_from, n.free) for n in notches)
    assert front.dart is not None
    dart_mm = front.dart.low_mm - hem_from
    if half.dart is None:
        return (Edge("side", low, SEAM_MM, (*kept, Notch("dart", dart_mm))),)
    return half.dart.edges(low, hem_from, kept, SEAM_MM)


def _pocket_notches(top_mm: float) -> tuple[Notch, ...]:
    return Notch("pocket", top_mm - POCKET_MM), Notch("pocket", top_mm)


def _arm_notch(half: Half, front: bool) -> tuple[Notch, ...]:
    arm = length(half.block.armhole)
    return (Notch("front" if front else "back", 0.4 * arm),)


def _front(body: Body, half: Half, pocket_mm: float) -> Piece:
    assert half.dart is not None
    block = half.block
    edges = (
        Edge("hem", half.hem, HEM_MM, turn_up=True),
        *_side_edges(half, half, _pocket_notches(pocket_mm), 0.0),
        Edge("armhole", block.armhole, NECK_SEAM_MM, _arm_notch(half, True)),
        Edge("shoulder", block.shoulder, SEAM_MM),
        Edge("neck", block.neck, NECK_SEAM_MM, (Notch("centre front", length(block.neck)),)),
        Edge("fold", line(block.neck[-1], half.hem[0]), 0.0, fold=True),
    )
    grain = (pt(60.0, half.hem[0][1] + 120), pt(60.0, -body.nape_to_waist_mm))
    inner = (Internal("HEM", half.hem), *half.dart.internals)
    return Piece("FRONT", "FRONT", edges, grain, internals=inner, drills=(half.dart.drill,))


def _back(body: Body, half: Half, front: Half, pocket_mm: float) -> Piece:
    block = half.block
    waist_y = -body.nape_to_waist_mm
    centre = line(block.neck[-1], half.hem[0])
    tuck = small.waist_dart(pt(0.42 * block.underarm[0], waist_y))
    edges = (
        Edge("hem", half.hem, HEM_MM, turn_up=True),
        *_side_edges(half, front, _pocket_notches(pocket_mm), 0.0),
        Edge("armhole", block.armhole, NECK_SEAM_MM, _arm_notch(half, False)),
        Edge("shoulder", block.shoulder, SEAM_MM),
        Edge("neck", block.neck, NECK_SEAM_MM),
        Edge("centre", centre, ZIP_SEAM_MM, (Notch("zip", 520.0, free=True),)),
    )
    grain = (pt(50.0, half.hem[0][1] + 120), pt(50.0, waist_y - 40))
    inner = (Internal("HEM", half.hem), Internal("DART", tuck))
    return Piece("BACK", "BACK", edges, grain, (1, 1), internals=inner, drills=small.dart_holes(tuck))


def _facing(name: str, half: Half) -> Piece:
    """The neck facing: what the facing's curve cuts off the upper part."""
    block = half.block
    front = half.dart is not None
    middle = (Notch("centre front", length(block.neck)),) if front else ()
    centre = line(block.neck[-1], half.neck_facing[0])
    last = Edge("fold", centre, 0.0, fold=True) if front else Edge("centre", centre, ZIP_SEAM_MM)
    edges = (
        Edge("lining", half.neck_facing, SEAM_MM, (Notch("facing", 0.5 * length(half.neck_facing)),)),
        Edge("shoulder", half.shoulder_split[1], SEAM_MM),
        Edge("neck", block.neck, NECK_SEAM_MM, middle),
        last,
    )
    top = block.neck[-1] + pt(18.0, -12.0)
    return Piece(name, "FACING", edges, (top - pt(0.0, FACING_MM - 15), top), (1, 0) if front else (1, 1))


def _lining(body: Body, name: str, half: Half, front: Half) -> Piece:
    """The lining: the dress without its facing, and shorter."""
    block = half.block
    is_front = half.dart is not None
    up = LINING_SHORTER_MM
    cut_side = split(half.side, up)[1]
    along = unit(cut_side[1] - cut_side[0])
    start = half.hem[0] + pt(0.0, up)
    hem = curve(start, pt(1.0, 0.0), cut_side[0], pt(along[1], -along[0]), (0.4, 0.35))
    centre = line(half.neck_facing[0], start)
    last = Edge("fold", centre, 0.0, fold=True) if is_front else Edge("centre", centre, ZIP_SEAM_MM)
    whole = length(half.neck_facing)
    edges = (
        Edge("hem", hem, 20.0, turn_up=True),
        *_side_edges(half, front, (), up),
        Edge("armhole", block.armhole, NECK_SEAM_MM, _arm_notch(half, is_front)),
        Edge("shoulder", half.shoulder_split[0], SEAM_MM),
        Edge("facing", half.neck_facing[::-1], SEAM_MM, (Notch("facing", 0.5 * whole),)),
        last,
    )
    grain = (pt(60.0, start[1] + 120), pt(60.0, -body.nape_to_waist_mm))
    inner = half.dart.internals if half.dart else ()
    drills: tuple[Point, ...] = (half.dart.drill,) if half.dart else ()
    return Piece(name, "LINING", edges, grain, (1, 0) if is_front else (1, 1), "LINING", inner, drills)


def _seams() -> tuple[Seam, ...]:
    arm = ("FRONT.armhole", ":shoulder", "-BACK.armhole")
    lining_arm = ("LINING_FRONT.armhole", ":shoulder", "-LINING_BACK.armhole")
    return (
        Seam("side", ("FRONT.side_low", "FRONT.side"), ("BACK.side",)),
        Seam("lining, side", ("LINING_FRONT.side_low", "LINING_FRONT.side"), ("LINING_BACK.side",)),
        Seam("shoulder", ("FRONT.shoulder",), ("BACK.shoulder",)),
        Seam("facing, shoulder", ("FACING_FRONT.shoulder",), ("FACING_BACK.shoulder",)),
        Seam("lining, shoulder", ("LINING_FRONT.shoulder",), ("LINING_BACK.shoulder",)),
        Seam("facing, front neck", ("FRONT.neck",), ("FACING_FRONT.neck",)),
        Seam("facing, back neck", ("BACK.neck",), ("FACING_BACK.neck",)),
        Seam("lining to front facing", ("LINING_FRONT.facing",), ("-FACING_FRONT.lining",)),
        Seam("lining to back facing", ("LINING_BACK.facing",), ("-FACING_BACK.lining",)),
        Seam("armhole, lining", arm, lining_arm),
        Seam("armhole, binding", arm, ("BINDING.lower",)),
        Seam("pocket", ("POCKET.opening",), ("POCKET.opening",)),
    )

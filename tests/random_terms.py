"""Random cloth, spreads, rules and orders on a pattern, each made from a seeded generator alone."""

from __future__ import annotations

import random

from cutkit.model import Defect, Fabric, Order, OrderLine, Pattern, Repeat, Zone
from cutkit.plan.terms import Terms
from cutkit.rules import (
    BlockRule,
    EdgeBuffer,
    MatchRule,
    PieceRules,
    Rule,
    RuleBook,
    TieRule,
    parse_edge,
    parse_point,
)


def some(rng: random.Random, share: float, make):
    """What ``make`` gives in a share of all cases, else nothing."""
    return make() if rng.random() < share else None


def random_fabric(rng: random.Random) -> Fabric:
    return Fabric(
        rng.choice([900.0, 1500.0]),
        nap=rng.choice(["two-way", "one-way", "per-bundle"]),
        spread=rng.choice(["face-up", "face-up", "face-to-face", "folded", "tubular"]),
        has_face=rng.random() < 0.7,
        zones=(Zone("left", 0.0, 400.0), Zone("right", 500.0, 900.0)),
        defects=(Defect((0, 0, 10, 10), ("B",)),),
        repeat=some(rng, 0.6, lambda: Repeat(rng.choice([60.0, None]), rng.choice([80.0, None]), 5.0, 7.0)),
        shrinkage=rng.choice([(0.0, 0.0), (0.0, 0.0), (0.03, 0.015), (0.02, 0.02)]),
    )


def random_rules(rng: random.Random, pattern: Pattern) -> PieceRules:
    length = rng.choice([0.0, 2.0, 7.5])
    blocks = [BlockRule(offset_mm=4.0), BlockRule(box=True), BlockRule(piece=rng.choice(pattern.pieces).name)]
    edges = [EdgeBuffer(parse_edge(e), length) for e in ("top", "left", "notch:1-notch:2", "corner:2-corner:1")]
    return PieceRules(
        nap=some(rng, 0.2, lambda: rng.choice(["two-way", "one-way", "per-bundle", "ignore"])),
        turns=some(rng, 0.2, lambda: rng.choice(["grain", "quarter", "any"])),
        tilt_deg=some(rng, 0.2, lambda: rng.choice([0.0, 3.0])),
        tilt_steps_deg=some(rng, 0.1, lambda: (0.0, 1.0)),
        mirror=some(rng, 0.2, lambda: rng.choice(["free", "forced", "forbidden"])),
        pairs=some(rng, 0.2, lambda: rng.random() < 0.5),
        quality=some(rng, 0.2, lambda: "B"),
        zones=some(rng, 0.1, lambda: ("left",)),
        buffer_mm=some(rng, 0.3, lambda: length),
        edge_buffers=some(rng, 0.2, lambda: tuple(rng.sample(edges, 2))),
        block=some(rng, 0.15, lambda: rng.choice(blocks)),
        allowance_mm=some(rng, 0.2, lambda: 5.0),
        fold=some(rng, 0.2, lambda: rng.choice(["never", "may", "must"])),
        matches=some(rng, 0.3, lambda: tuple(random_match(rng) for _ in range(rng.randint(1, 2)))),
        ties=some(rng, 0.05, lambda: (TieRule((0.0, 0.0), y_mm=500.0),)),
    )


def random_match(rng: random.Random) -> MatchRule:
    point = rng.choice([parse_point("notch:1"), parse_point("corner:1"), (30.0, 20.0)])
    return MatchRule("m", point, rng.choice(["", "g", "h"]), (3.0, 4.0), across=rng.random() < 0.3)


def random_book(rng: random.Random, pattern: Pattern) -> RuleBook:
    names = [piece.name for piece in pattern.pieces]
    rules = [Rule("style", "*", random_rules(rng, pattern))] if rng.random() < 0.3 else []
    rules += [Rule("piece", rng.choice(names), random_rules(rng, pattern)) for _ in range(rng.randint(0, 5))]
    return RuleBook(tuple(rules), PieceRules(tilt_deg=rng.choice([0.0, 0.0, 2.0])))


def random_terms(rng: random.Random, pattern: Pattern) -> Terms:
    fabric = random_fabric(rng)
    half = fabric.spread == "face-to-face" and rng.random() < 0.5
    plies = rng.choice([None, None, 2, 4])
    return Terms(fabric, random_book(rng, pattern), plies, "half" if half else "full", remainder=rng.random() < 0.7)


def random_order(rng: random.Random, pattern: Pattern) -> Order:
    sizes = rng.sample(pattern.sizes, 2)
    return Order(tuple(OrderLine(size, rng.randint(1, 5)) for size in sizes))

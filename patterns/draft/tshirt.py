"""A crew-neck T-shirt in jersey: front and back on fold, set-in short sleeve, neckband, back neck tape."""

from __future__ import annotations

from patterns.draft.block import Block, BlockRule, body_block, sleeve_cap
from patterns.draft.geometry import Point, curve, length, line, pt
from patterns.draft.piece import Edge, Garment, Internal, Notch, Piece, Seam
from patterns.draft.sizes import MEN, Body

SIZES = tuple(MEN)
SAMPLE = "M"

EASE_MM = 60.0
SEAM_MM = 8.0
HEM_MM = 25.0
BAND_MM = 20.0
BAND_STRETCH = 0.86
CAP_EASE_MM = 6.0


def draft(size: str) -> Garment:
    """The T-shirt in one size."""
    body = MEN[size]
    rule = _rule(body)
    front, rear = body_block(rule, front=True), body_block(rule, front=False)
    sleeve, eased = _sleeve(body, front, rear)
    pieces = (
        _body_piece("FRONT", front, _hem_y(body)),
        _body_piece("BACK", rear, _hem_y(body)),
        sleeve,
        _band(length(front.neck), length(rear.neck)),
        _tape(length(rear.neck)),
    )
    return Garment(size, pieces, _seams(eased))


def _rule(body: Body) -> BlockRule:
    """Ease over the chest, a neck a little wider than the body's, the shoulder carried 30 mm out."""
    return BlockRule(
        chest_quarter_mm=(body.chest_mm + EASE_MM) / 4,
        neck_width_mm=body.neck_mm / 5 + 8,
        back_neck_mm=22.0,
        front_neck_mm=body.neck_mm / 5 + 23,
        shoulder_x_mm=body.back_width_mm / 2 + 30,
        slope_deg=20.0,
        scye_mm=body.scye_mm + 10,
        across_mm=body.back_width_mm / 2 + 14,
        front_hollow_mm=9.0,
    )


def _hem_y(body: Body) -> float:
    """The hem: 260 mm below the waist, and 2 mm more for each centimetre of chest over 98 cm."""
    return -(body.nape_to_waist_mm + 260 + 0.2 * (body.chest_mm - 980))


def _body_piece(name: str, block: Block, hem_y: float) -> Piece:
    underarm = block.underarm
    foot = pt(underarm[0] - 4, hem_y)
    centre = block.neck[-1]
    side = curve(foot, pt(-0.05, 1.0), underarm, pt(0.08, 1.0), (0.3, 0.3))
    arm = length(block.armhole)
    middle = Notch("centre front" if name == "FRONT" else "centre back", length(block.neck))
    edges = (
        Edge("hem", line(pt(0.0, hem_y), foot), HEM_MM, turn_up=True),
        Edge("side", side, SEAM_MM, (Notch("side", length(side) / 2),)),
        Edge("armhole", block.armhole, SEAM_MM, _arm_notches(name == "FRONT", arm)),
        Edge("shoulder", block.shoulder, SEAM_MM),
        Edge("neck", block.neck, SEAM_MM, (middle,)),
        Edge("fold", line(centre, pt(0.0, hem_y)), 0.0, fold=True),
    )
    grain = (pt(0.45 * foot[0], hem_y + 120), pt(0.45 * foot[0], underarm[1] - 20))
    inner = Internal("HEM", line(pt(0.0, hem_y), foot))
    return Piece(name, name, edges, grain, internals=(inner,))


def _arm_notches(front: bool, arm_mm: float) -> tuple[Notch, ...]:
    """One notch in the front armhole, two in the back, as sleeves are told apart by them."""
    if front:
        return (Notch("front", 0.42 * arm_mm),)
    return (Notch("back", 0.42 * arm_mm), Notch("back", 0.42 * arm_mm + 12))


def _sleeve(body: Body, front: Block, rear: Block) -> tuple[Piece, float]:
    """The sleeve, and the ease that lies before its top notch, walking from the front underarm."""
    front_arm, rear_arm = length(front.armhole), length(rear.armhole)
    cap = sleeve_cap(front_arm + CAP_EASE_MM / 2, rear_arm + CAP_EASE_MM / 2, 0.27 * (front_arm + rear_arm))
    cuff_y = -(0.34 * body.arm_mm - 90)
    taper = 14.0
    front_foot, back_foot = pt(cap.front_width_mm - taper, cuff_y), pt(-cap.back_width_mm + taper, cuff_y)
    notches = _arm_notches(True, front_arm) + (Notch("shoulder", length(cap.front)),)
    size = length(cap.back)
    rear_notches = tuple(Notch("back", size - n.at_mm) for n in _arm_notches(False, rear_arm))
    edges = (
        Edge("hem", line(back_foot, front_foot), HEM_MM, turn_up=True),
        Edge("under_front", line(front_foot, cap.front[0]), SEAM_MM),
        Edge("cap_front", cap.front, SEAM_MM, notches),
        Edge("cap_back", cap.back, SEAM_MM, rear_notches),
        Edge("under_back", line(cap.back[-1], back_foot), SEAM_MM),
    )
    grain = (pt(0.0, cuff_y + 20), pt(0.0, cap.height_mm - 40))
    inner = Internal("HEM", line(back_foot, front_foot))
    return Piece("SLEEVE", "SLEEVE", edges, grain, copies=(1, 1), internals=(inner,)), CAP_EASE_MM / 2


def _band(front_mm: float, rear_mm: float) -> Piece:
    """The neckband, a strip folded along its middle; both long edges are sewn to the neckline, stretched."""
    size = 2 * (front_mm + rear_mm) * BAND_STRETCH
    shoulder, middle = rear_mm * BAND_STRETCH, size / 2
    lower = (Notch("shoulder", shoulder), Notch("centre front", middle), Notch("shoulder", size - shoulder))
    return _strip("NECKBAND", size, 2 * BAND_MM, lower, Internal("FOLD", line(pt(0.0, BAND_MM), pt(size, BAND_MM))))


def _tape(rear_mm: float) -> Piece:
    """The tape that covers the back neck seam from shoulder to shoulder, cut along the cloth."""
    return _strip("NECK_TAPE", 2 * rear_mm, 12.0, (Notch("centre back", rear_mm),), None)


def _strip(name: str, size: float, height: float, lower: tuple[Notch, ...], inner: Internal | None) -> Piece:
    corners = [pt(0.0, 0.0), pt(size, 0.0), pt(size, height), pt(0.0, height)]
    upper = tuple(Notch(n.name, size - n.at_mm) for n in lower)
    edges = (
        Edge("lower", line(corners[0], corners[1]), SEAM_MM, lower),
        Edge("end", line(corners[1], corners[2]), SEAM_MM),
        Edge("upper", line(corners[2], corners[3]), SEAM_MM, upper),
        Edge("start", line(corners[3], corners[0]), SEAM_MM),
    )
    across = name == "NECKBAND"
    grain = _across(size, height) if across else (pt(0.1 * size, height / 2), pt(0.9 * size, height / 2))
    return Piece(name, name.replace("_", " "), edges, grain, internals=(inner,) if inner else ())


def _across(size: float, height: float) -> tuple[Point, Point]:
    return pt(size / 4, 0.1 * height), pt(size / 4, 0.9 * height)


def _seams(eased: float) -> tuple[Seam, ...]:
    neckline = ("-BACK.neck", ":shoulder", "FRONT.neck", "-FRONT.neck", ":shoulder", "BACK.neck")
    return (
        Seam("side", ("FRONT.side",), ("BACK.side",)),
        Seam("shoulder", ("FRONT.shoulder",), ("BACK.shoulder",)),
        Seam(
            "armhole",
            ("FRONT.armhole", ":shoulder", "-BACK.armhole"),
            ("SLEEVE.cap_front", "SLEEVE.cap_back"),
            ease_mm=CAP_EASE_MM,
            eased_mm={"shoulder": (eased,), "back": (CAP_EASE_MM, CAP_EASE_MM)},
        ),
        Seam("sleeve", ("SLEEVE.under_front",), ("-SLEEVE.under_back",)),
        *(
            Seam(
                f"neckband, {row}", neckline, (":centre back", f"NECKBAND.{row}", ":centre back"), stretch=BAND_STRETCH
            )
            for row in ("lower", "upper")
        ),
        *(Seam(f"tape, {row}", ("-BACK.neck", "BACK.neck")[::-1], (f"NECK_TAPE.{row}",)) for row in ("lower", "upper")),
        Seam("neckband, ends", ("NECKBAND.start",), ("NECKBAND.end",)),
    )

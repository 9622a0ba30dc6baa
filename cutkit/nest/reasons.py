"""Why a piece finds no place, in words for who has to do something about it."""

from __future__ import annotations

from cutkit.model import Fabric, NestSettings, OrderedPiece


def why_not(piece: OrderedPiece, fabric: Fabric, settings: NestSettings) -> str:
    """Why a piece fits the fabric in none of its orientations."""
    x0, y0, x1, y1 = piece.reserved.bounds
    if piece.zones and not any(zone.name in piece.zones for zone in fabric.zones):
        return f"the cloth has none of its zones ({', '.join(piece.zones)})"
    if piece.fold and not fabric.folds_mm:
        return "it must lie on a fold, and the cloth has none"
    text = _too_large(x1 - x0, y1 - y0, fabric)
    if piece.block is not None:
        text += "; that is with what it reserves"
    if piece.tilt_deg > 0:
        text += f"; it does not fit when tilted by up to {piece.tilt_deg:g} degrees either"
    if settings.bundle_span_mm is not None:
        text += f"; its garment is to lie within {settings.bundle_span_mm:.1f} mm"
    if piece.fold:
        text += "; its fold side must lie on a fold"
    zones = [zone for zone in fabric.zones if zone.name in piece.zones]
    if zones:
        text += "; its zones are " + ", ".join(f"{z.name} of {z.y1_mm - z.y0_mm:.1f} mm" for z in zones)
    if piece.ties:
        places = ((axis, at) for t in piece.ties for axis, at in (("x", t.x_mm), ("y", t.y_mm)))
        ties = (f"{axis} {at:.1f} mm" for axis, at in places if at is not None)
        text += "; it is tied to " + ", ".join(ties)
    return text


def _too_large(along_mm: float, across_mm: float, fabric: Fabric) -> str:
    """The piece's size against the cloth's, in clauses: the figure that decides is in the first one."""
    along, across = f"{along_mm:.1f} mm along the grain", f"{across_mm:.1f} mm across"
    width = f"the usable width is {fabric.usable_width_mm:.1f} mm"
    limit = f"the length limit is {fabric.longest_mm:.1f} mm" if fabric.longest_mm is not None else ""
    if across_mm > fabric.usable_width_mm:
        clauses = [f"it is {across}, {width}", f"it is {along}" + (f", {limit}" if limit else "")]
    elif fabric.longest_mm is not None and along_mm > fabric.longest_mm:
        clauses = [f"it is {along}, {limit}", f"it is {across}, {width}"]
    else:
        clauses = [f"it is {along} and {across}", width, *([limit] if limit else [])]
    return "; ".join(clauses)


def no_place(piece: OrderedPiece, fabric: Fabric, settings: NestSettings) -> str:
    """Why a piece that fits the fabric found no place under the rules."""
    return "no place is left for it " + (", ".join(_asked(piece, fabric, settings)) or "on the cloth")


def no_room(piece: OrderedPiece, fabric: Fabric, settings: NestSettings) -> str:
    """Why a piece is left out that lay beyond the length limit."""
    return ", ".join(
        [f"no room within the length limit of {fabric.longest_mm:.1f} mm", *_asked(piece, fabric, settings)]
    )


def _asked(piece: OrderedPiece, fabric: Fabric, settings: NestSettings) -> list[str]:
    """What the rules ask of the place of a piece."""
    asked = []
    if piece.fold:
        asked.append("on a fold")
    if piece.zones:
        asked.append(f"in {' or '.join(piece.zones)}")
    if piece.ties:
        asked.append("where it is tied to")
    if piece.matches and fabric.repeat is not None:
        asked.append("where its match points meet the repeat")
    if settings.bundle_span_mm is not None:
        asked.append(f"within {settings.bundle_span_mm:.0f} mm of the rest of its garment")
    if fabric.defects:
        asked.append("clear of the flaws")
    return asked

"""What the texts of a pattern file say: style, piece names, sizes, quantities, materials, and who wrote the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cutkit.formats.dxf.container import Drawing
from cutkit.formats.dxf.shapes import Shape
from cutkit.model import Dialect, Units

_KEYS = {
    "piece name": "name",
    "piece": "name",
    "size": "size",
    "size name": "size",
    "quantity": "quantity",
    "qty": "quantity",
    "material": "material",
    "fabric": "material",
    "category": "category",
    "annotation": "annotation",
    "rotation": "",
    "flip": "",
    "tilt": "",
    "fold": "fold",
    "style name": "style",
    "style": "style",
    "sample size": "sample size",
    "base size": "sample size",
    "units": "units",
    "unit": "units",
    "author": "author",
    "product": "product",
    "version": "version",
    "grade rule table": "rule table",
    "creation date": "",
    "creation time": "",
    "tolerance": "",
    "curve tolerance": "",
}
"""Keys of system texts, in lower case, and what they are known as here; "" is known and not needed."""

RULE_LABEL = re.compile(r"#\s*(\d{1,9})")
_PAIR = re.compile(r"[(\[]?\s*(\d{1,9})\s*[,;/+]\s*(\d{1,9})\s*[)\]]?")
_SINGLE = re.compile(r"(\d{1,9})(?:\.0*)?")
_LEFT_RIGHT = re.compile(r"\bL\s*[*x]?\s*(\d+)(?:\s*[-+,/&]\s*|\s+)R\s*[*x]?\s*(\d+)\b", re.IGNORECASE)
_RIGHT_LEFT = re.compile(r"\bR\s*[*x]?\s*(\d+)(?:\s*[-+,/&]\s*|\s+)L\s*[*x]?\s*(\d+)\b", re.IGNORECASE)
_COUNT_LEFT_RIGHT = re.compile(r"\b(\d+)\s*L\b(?:\s*[-+,/&]\s*|\s+)(\d+)\s*R\b", re.IGNORECASE)
_COUNT_RIGHT_LEFT = re.compile(r"\b(\d+)\s*R\b(?:\s*[-+,/&]\s*|\s+)(\d+)\s*L\b", re.IGNORECASE)
_PAIRS = re.compile(r"(?:\b(\d+)\s*x?\s*)?(?:\bpairs?|(?<=\d)\s*prs?)\b", re.IGNORECASE)
_NUMBER_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "eight": 8}
_CUT_IN_WORDS = re.compile(rf"\bcut\s+({'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_COUNTS = (
    re.compile(r"\bcut\s*[:=]?\s*\(?\s*(?:x\s*)?0*(\d+)\s*x?\b(?![.,]\d)(?!\s*x?\s*\d)", re.IGNORECASE),
    re.compile(r"\b(?:qty|quantity)\b\.?\s*[:=]?\s*0*(\d+)\b(?![.,]\d)", re.IGNORECASE),
    re.compile(r"(?<![.,\d])\b0*(\d+)\s*(?:pcs?|pieces?|off)\b", re.IGNORECASE),
    re.compile(r"[*]\s*0*(\d+)\b"),
    re.compile(r"(?<!size )\bx\s*0*(\d+)\b", re.IGNORECASE),
    re.compile(r"(?:^|[,;(])\s*0*(\d+)\s*x\b(?!\s*\d)", re.IGNORECASE),
)
_DIMENSIONS = re.compile(r"\d[\d.,]*\s*(?:mm|cm|in|[\"'″′])?\s*[x×]\s*\d[\d.,]*", re.IGNORECASE)
"""Two lengths, as on a control square (10" x 10"): no count of copies."""
_ON_FOLD = re.compile(r"\b(?:on|cut|place on)\s+(?:the\s+)?fold\b", re.IGNORECASE)
MOST_SIDES = 20
"""Of left and right pieces: L 32 R 34 is a size."""
MOST_COPIES = 1000
"""More copies of one piece in one garment than this is a misread number."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """How often a garment needs a piece; ``assumed`` tells the user how a number was read that can mean two things."""

    as_drawn: int
    mirrored: int
    assumed: str = ""


@dataclass(slots=True)
class Labels:
    """What the texts of one block say; None where they do not say it. ``free`` are the texts without a key."""

    name: str | None = None
    size: str | None = None
    quantity: str | None = None
    material: str | None = None
    category: str | None = None
    annotation: str | None = None
    fold: str | None = None
    free: tuple[str, ...] = ()


@dataclass(slots=True)
class Style:
    """What the texts outside the blocks say of the whole file."""

    name: str = ""
    sample_size: str | None = None
    units: str | None = None
    rule_table: str = ""
    cad: str = ""
    dialect: Dialect | None = None


def key_and_value(text: str) -> tuple[str, str] | None:
    """The meaning of a system text's key, and its value; None for a text that is none."""
    key, colon, value = text.replace("：", ":").partition(":")
    known = _KEYS.get(" ".join(key.lower().split())) if colon else None
    return None if known is None else (known, value.strip())


def is_system_text(text: str) -> bool:
    """True of "Key: value" texts and grade rule labels, which are not there to be read on the cloth."""
    return key_and_value(text) is not None or RULE_LABEL.fullmatch(text) is not None


def labels_of(shapes: Iterable[Shape]) -> Labels:
    """What the texts among the shapes of a block say. Of a key that comes twice the first value counts."""
    found: dict[str, str] = {}
    free: list[str] = []
    for shape in shapes:
        for text in shape.text.splitlines() if shape.kind == "TEXT" else ():
            pair = key_and_value(text)
            if pair is None:
                if text.strip() and not RULE_LABEL.fullmatch(text.strip()) and shape.layer not in _LINE_LABEL_LAYERS:
                    free.append(text.strip())
            elif pair[1]:
                found.setdefault(*pair)
    return Labels(
        **{k: found.get(k) for k in ("name", "size", "quantity", "material", "category", "annotation", "fold")},
        free=tuple(free),
    )


_LINE_LABEL_LAYERS = {"2", "3", "4", "5", "6", "7", "8", "11", "13", "14", "80", "81", "82", "83", "85", "86", "87"}
"""Layers whose texts name the kind of a line or point ("NM", "B", "D"), not the piece."""


def style_of(shapes: Iterable[Shape], drawing: Drawing) -> Style:
    """What the texts outside the blocks say of the style, its units and its CAD."""
    texts = [line for shape in shapes if shape.kind == "TEXT" for line in shape.text.splitlines()]
    found: dict[str, str] = {}
    style = Style()
    for text in texts:
        pair = key_and_value(text)
        if pair and pair[1]:
            found.setdefault(*pair)
        upper = text.upper()
        if upper.startswith("ASTM") or "ASTM/D13" in upper.replace(" ", ""):
            style.dialect = "ASTM D6673"
        elif "AAMA" in upper and style.dialect is None:
            style.dialect = "AAMA-292"
    style.name = found.get("style", "")
    style.sample_size = found.get("sample size")
    style.units = found.get("units")
    style.rule_table = found.get("rule table", "")
    style.cad = _cad(found, drawing)
    if style.dialect is None and found:
        style.dialect = "AAMA-292"
    return style


def _cad(found: dict[str, str], drawing: Drawing) -> str:
    """The program that wrote the file, from its texts, else from its comments."""
    parts = [p.strip() for p in found.get("author", "").split(";")]
    parts += [found.get("product", ""), found.get("version", "")]
    told = " ".join(dict.fromkeys(p for p in parts if p))
    if told or not drawing.comments:
        return told
    comment = drawing.comments[0].replace('"', "")
    return f"Valentina or Seamly2D ({comment})" if comment.startswith("dxfrw") else comment


def layers_dialect(layers: set[str]) -> Dialect:
    """The dialect that layer numbers alone speak of, in a file without system texts."""
    if "1" not in layers and "14" not in layers and "84" not in layers:
        return "plain"
    return "ASTM D6673" if layers & {"14", "84", "85", "86", "87", "80", "81", "82", "83"} else "AAMA-292"


def spoken_quantity(labels: Labels) -> tuple[Quantity, str] | None:
    """The copies that a free text or the annotation of a piece asks for, and that text."""
    words = [*labels.free, *([labels.annotation] if labels.annotation else [])]
    return next(((quantity, text) for text in words if (quantity := quantity_in_words(text))), None)


def says_quantity(labels: Labels) -> bool:
    """Whether any text of a piece says how often to cut it."""
    return labels.quantity is not None or spoken_quantity(labels) is not None


def read_quantity(text: str) -> Quantity | None:
    """The copies a quantity text asks for; None where it holds no number.

    "1,0" is one as drawn and none mirrored (never the number 1.0); a single number from two up is read as pairs, as
    the same styles exported in both dialects show.
    """
    text = text.strip()
    if match := _PAIR.fullmatch(text):
        return _checked(int(match.group(1)), int(match.group(2)))
    if match := _SINGLE.fullmatch(text):
        return _of_total(int(match.group(1)))
    return quantity_in_words(text)


def quantity_in_words(text: str) -> Quantity | None:
    """The copies that a free text asks for, else None.

    Known are "SHL(L*1-R*1)", "L1 R1", "Cut 1 pair", "Cut 2", "CUT (2)", "CUT TWO", "CUT X02", "SL X2", "2X FABRIC",
    "2 pcs" and "Qty 2"; not "PLUS 3X", which is a size.
    """
    for pattern, drawn in ((_LEFT_RIGHT, 2), (_COUNT_LEFT_RIGHT, 2), (_RIGHT_LEFT, 1), (_COUNT_RIGHT_LEFT, 1)):
        match = pattern.search(text)
        if (
            match
            and max(len(n.lstrip("0")) for n in match.groups()) < 3
            and max(map(int, match.groups())) <= MOST_SIDES
        ):
            return _checked(int(match.group(drawn)), int(match.group(3 - drawn)))
    if match := _CUT_IN_WORDS.search(text):
        return _of_total(_NUMBER_WORDS[match.group(1).lower()])
    if match := _PAIRS.search(text):
        pairs = int(match.group(1) or 1)
        return _checked(pairs, pairs)
    for pattern in _COUNTS:
        if match := pattern.search(text if pattern is _COUNTS[0] else _DIMENSIONS.sub("", text)):
            return _of_total(int(match.group(1)))
    return None


def _of_total(total: int) -> Quantity | None:
    if total <= 1:
        return Quantity(total, 0)
    mirrored = total // 2
    drawn = total - mirrored
    return _checked(drawn, mirrored, f"{total} copies are read as {drawn} as drawn and {mirrored} mirrored")


def _checked(drawn: int, mirrored: int, assumed: str = "") -> Quantity | None:
    return Quantity(drawn, mirrored, assumed) if max(drawn, mirrored) <= MOST_COPIES else None


def material_in_words(text: str) -> str | None:
    """The material in a label such as "Fabric, Cut 2" or "SHL(L*1-R*1)"; None where it has none."""
    match = re.fullmatch(r"\s*([^\d,(*:]+?)\s*(?:,\s*cut\b.*|\(L\*.*|\*\s*\d+)\s*", text, re.IGNORECASE)
    return match.group(1) if match else None


def says_on_fold(texts: Iterable[str]) -> str | None:
    """The text that says that the piece is to be cut on the fold of the cloth, if one does."""
    return next((text for text in texts if _ON_FOLD.search(text)), None)


def name_without_size(block: str, size: str) -> str:
    """A block's name without the size that some programs append to it."""
    for mark in ("_", "-", " "):
        ending = mark + size
        if size and block.upper().endswith(ending.upper()) and len(block) > len(ending):
            return block[: -len(ending)]
    return block


_UNIT_WORDS: dict[str, Units] = {
    "METRIC": "mm",
    "MM": "mm",
    "MILLIMETER": "mm",
    "MILLIMETRE": "mm",
    "MILLIMETERS": "mm",
    "MILLIMETRES": "mm",
    "CM": "cm",
    "CENTIMETER": "cm",
    "CENTIMETRE": "cm",
    "CENTIMETERS": "cm",
    "CENTIMETRES": "cm",
    "ENGLISH": "in",
    "IMPERIAL": "in",
    "INCH": "in",
    "INCHES": "in",
    "IN": "in",
}
"""The words for a unit in the texts of pattern files."""


def unit_named(text: str) -> Units | None:
    """The unit that a text of a pattern file names ("METRIC" is mm, "ENGLISH" inch); None for a word that is none."""
    words = re.findall(r"[A-Z]+", text.upper())
    if words[:1] == ["METRIC"] and len(words) > 1:
        words = words[1:]  # METRIC (CM)
    return _UNIT_WORDS.get(words[0]) if len(words) == 1 else None

"""Text in pictures: how wide it is at the most, in any usual sans serif, and how to break and shorten it.

An SVG cannot ask for the width of its text, and the font differs from viewer to viewer. So widths here are an upper
bound: those of DejaVu Sans, the widest of the common ones. What fits by them fits in Arial and Helvetica too.
"""

from __future__ import annotations

import re
import unicodedata

FONT_FAMILY = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
ASCENT_EM = 0.76
"""Height of capitals and digits over the baseline; an accent on a capital may stand 0.17 em higher."""
DESCENT_EM = 0.24
BOLD = 1.13
"""How much wider than the regular face the bold one is at the most."""

_WIDTHS_EM = (
    ("ijlIJ'", 0.33),
    (" .,:;/\\-|·", 0.37),
    ("frt()[]!", 0.44),
    ("ELTF", 0.65),
    ("mwM#+<>=~×&@%W…—", 1.0),
    ("ABCDGHKNOPQRSUVXYZ", 0.79),
)
_WIDTH_OF = {char: width for chars, width in _WIDTHS_EM for char in chars}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def clean_text(text: str) -> str:
    """``text`` on one line, with a replacement character for each one that XML does not allow."""
    return _UNPRINTABLE.sub("\ufffd", re.sub(r"[\t\r\n]+", " ", text)).strip()


def text_width_em(text: str, *, bold: bool = False) -> float:
    """An upper bound of the width of ``text``, in multiples of its font size."""
    return sum(map(_char_width_em, text)) * (BOLD if bold else 1.0)


def _char_width_em(char: str) -> float:
    if char in _WIDTH_OF:
        return _WIDTH_OF[char]
    if char.isascii():
        return 0.64 if char.islower() or char.isdigit() else 0.84
    if unicodedata.combining(char):
        return 0.0
    base = unicodedata.normalize("NFD", char)[0]
    return _char_width_em(base) if base.isascii() else 1.1


def shorten_to(text: str, width_em: float, *, bold: bool = False) -> str:
    """``text`` cut to ``width_em``, ending in an ellipsis where something was left out."""
    if text_width_em(text, bold=bold) <= width_em:
        return text
    while text and text_width_em(text + "…", bold=bold) > width_em:
        text = text[:-1].rstrip()
    return text + "…"


def wrap_text(text: str, width_em: float, *, bold: bool = False) -> list[str]:
    """``text`` broken at blanks into lines of at most ``width_em``; a word longer than that is shortened."""
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width_em(joined, bold=bold) <= width_em:
            lines[-1] = joined
        else:
            lines.append(shorten_to(word, width_em, bold=bold))
    return lines


def two_lines(name: str) -> tuple[str, str] | None:
    """A name of several words on two lines, as even as can be; None for a single word."""
    breaks = [m.end() for m in re.finditer(r"[ _\-/.]+", name) if m.start() > 0 and m.end() < len(name)]
    if not breaks:
        return None
    at = min(breaks, key=lambda i: max(text_width_em(name[:i].rstrip(" _")), text_width_em(name[i:])))
    return name[:at].rstrip(" _"), name[at:]


def abbreviate(name: str) -> str:
    """A name with its longer words cut to three letters and a full stop: ``Poc. bag 12`` for ``Pocket bag 12``."""
    words = re.findall(r"\d+|[^\W\d_]+", name)
    return " ".join(word if word.isdigit() or len(word) <= 4 else f"{word[:3]}." for word in words)

"""Pictures as PNG, of the SVG that cutkit draws; by resvg, which comes as a wheel of its own and needs nothing else.

It is an extra (``pip install 'cutkit[png]'``). Its letters are those of the system's fonts.
"""

from __future__ import annotations

from functools import cache

from cutkit.errors import UsageError
from cutkit.formats.svg.text import FONT_FAMILY
from cutkit.model import Notice

PX_PER_UNIT = 17
"""The size of body text, to be read without enlarging."""
MOST_PX = 12_000


def svg_to_png(svg: str, width_units: float) -> tuple[bytes, list[Notice]]:
    """A picture as the bytes of a PNG, and a word where the system has no font for its texts.

    ``width_units`` is its width in units of body text, which is written ``PX_PER_UNIT`` high as far as that goes. An
    animation shows its end. UsageError where the renderer is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise UsageError(
            "PNG needs the package resvg-py", hint="Install it: pip install 'cutkit[png]'; or write SVG."
        ) from error
    data: bytes = resvg_py.svg_to_bytes(
        svg_string=svg, width=min(MOST_PX, round(PX_PER_UNIT * width_units)), background="white"
    )
    if "<text" in svg and not _has_fonts():
        return data, [Notice("no-fonts", "this system has no fonts: the PNG is without words")]
    return data, []


@cache
def _has_fonts() -> bool:
    """Whether a text leaves any trace in a picture."""
    import resvg_py

    def drawn(inside: str) -> bytes:
        form = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" font-family="{FONT_FAMILY}">'
        found: bytes = resvg_py.svg_to_bytes(svg_string=f"{form}{inside}</svg>", width=20)
        return found

    return drawn('<text x="2" y="16" font-size="14">M</text>') != drawn("")

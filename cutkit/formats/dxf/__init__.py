"""DXF, in and out: pattern files of every CAD to a ``Pattern`` (``reader``), and a marker as DXF (``marker``).

The way of a pattern file: container (``container``), shapes in mm (``shapes``), texts (``meaning``), unit (``units``),
drafts of the pieces as drawn (``draft`` with ``outline`` and ``notch``; ``plain`` for a file without blocks), names and
sizes (``sizes``), grading (``grade``), and the pieces (``piece``). What is assumed on the way is said in ``remarks``.
"""

from cutkit.formats.dxf.reader import parse_dxf

__all__ = ["parse_dxf"]

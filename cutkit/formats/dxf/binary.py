"""Binary DXF as the text it stands for, so that one reader serves both.

ezdxf's splitter decides by the version that the header names whether a group code has one byte or two. libdxfrw
(Valentina, Seamly2D, LibreCAD) writes two under every version and often no header at all, so the first code decides
here. Which type a group code has is in Autodesk's DXF reference, "Group code value types".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

BINARY_MARK = b"AutoCAD Binary DXF"
_START = len(BINARY_MARK) + 4  # CR, LF, SUB and NUL follow the mark
_DOUBLE, _INT16, _INT32, _INT64, _BYTE = "<d", "<h", "<i", "<q", "<B"
_NUMBERS = (
    (range(10, 60), _DOUBLE),
    (range(60, 80), _INT16),
    (range(90, 100), _INT32),
    (range(110, 150), _DOUBLE),
    (range(160, 170), _INT64),
    (range(170, 180), _INT16),
    (range(210, 240), _DOUBLE),
    (range(270, 290), _INT16),
    (range(290, 300), _BYTE),
    (range(370, 390), _INT16),
    (range(400, 410), _INT16),
    (range(420, 430), _INT32),
    (range(440, 460), _INT32),
    (range(460, 470), _DOUBLE),
    (range(1010, 1060), _DOUBLE),
    (range(1060, 1071), _INT16),
    (range(1071, 1072), _INT32),
)
"""Group codes whose values are numbers, and how they are packed. All others are texts, but for the chunks."""
_PACKED = {code: struct.Struct(packed) for codes, packed in _NUMBERS for code in codes}
_CHUNKS = {*range(310, 320), 1004}
"""Group codes whose values are bytes after a length."""
_WIDE_CODE_AT_START = (b"\0\0", b"\xe7\x03")
"""A 0 or a 999 of two bytes, with which a file begins; of one byte a 0 is followed by a letter, and 999 is escaped."""
_LONG_CODE = 255


def text_of_binary(data: bytes) -> bytes:
    """The text DXF that a binary one stands for; ValueError where it is cut off or damaged."""
    out: list[bytes] = []
    try:
        for code, value in _tags(data):
            out += (b"%d" % code, value)
    except (struct.error, IndexError) as error:
        raise ValueError("it is cut off within a value") from error
    return b"\n".join(out)


def _tags(data: bytes) -> Iterator[tuple[int, bytes]]:
    wide = data[_START : _START + 2] in _WIDE_CODE_AT_START
    at, end = _START, len(data)
    while at < end:
        if wide or data[at] == _LONG_CODE:
            at += 0 if wide else 1
            code = data[at] | data[at + 1] << 8
            at += 2
        else:
            code = data[at]
            at += 1
        if packed := _PACKED.get(code):
            value = repr(packed.unpack_from(data, at)[0]).encode()
            at += packed.size
        elif code in _CHUNKS:
            value = data[at + 1 : at + 1 + data[at]].hex().encode()
            at += 1 + data[at]
        else:
            stop = data.find(b"\0", at)
            if stop < 0:
                raise ValueError("it is cut off within a text")
            value = data[at:stop].replace(b"\r", b" ").replace(b"\n", b" ")
            at = stop + 1
        yield code, value
        if code == 0 and value == b"EOF":
            return

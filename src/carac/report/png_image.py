"""A small picture of coloured cells as a PNG, for heat maps whose cells are too many to draw one by one."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]


def colour(hexadecimal: str) -> Colour:
    """Red, green and blue of a colour such as ``#fc8d59``."""
    return int(hexadecimal[1:3], 16), int(hexadecimal[3:5], 16), int(hexadecimal[5:7], 16)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_of(rows: Sequence[Sequence[Colour]]) -> bytes:
    """A PNG with one pixel per cell.

    Parameters
    ----------
    rows: top to bottom; each has the colours of its cells from left to right, all as many.
    """
    width, height = len(rows[0]), len(rows)
    raw = b"".join(b"\0" + b"".join(bytes(cell) for cell in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(raw, 9)), _chunk(b"IEND", b""))
    )


def data_address(rows: Sequence[Sequence[Colour]]) -> str:
    """The picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png_of(rows)).decode("ascii")


#: Metres of an inch.
_INCH = 0.0254
#: A PNG begins with a signature of 8 bytes and its head of 25.
_HEAD = 33


def with_dots(picture: bytes, dots: int) -> bytes:
    """A PNG that says how many dots to the inch it has, which journals and Word go by."""
    to_the_metre = round(dots / _INCH)
    return picture[:_HEAD] + _chunk(b"pHYs", struct.pack(">IIB", to_the_metre, to_the_metre, 1)) + picture[_HEAD:]

"""What a QR code looks like: a black and white picture, under the mask that is the easiest to scan."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import zxingcpp

_QUIET: Final = 4  # light modules around a code
_MODULES: Final = bytes(0x30 if shade else 0x31 for shade in range(256))  # one dark module is a 1


def qr_png(payload: str) -> bytes:
    """The payload as a black and white PNG, four pixels a module, with error correction M and a quiet zone of four.

    The text is written as plain UTF-8 bytes. Left to itself the library picks an older charset and announces it by an
    ECI header, which banking apps that only read the payload's own charset line get wrong; `Unknown` forbids it.
    """
    code = _under_best_mask(*_drawn(payload, data_mask=0))
    # A module of four pixels is a nibble, dark a 0; a row ends with a whole byte.
    pixels = f"{code.rows:0{code.side**2}b}".replace("0", "f").replace("1", "0")
    even = "f" * (code.side % 2)
    lines = (f"00{pixels[at : at + code.side]}{even}" * 4 for at in range(0, code.side**2, code.side))
    header = struct.pack(">IIBBBBB", code.side * 4, code.side * 4, 1, 0, 0, 0, 0)
    packed = zlib.compress(bytes.fromhex("".join(lines)), 1, 12)  # a small window, as setting up a large one takes long
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# Masks. Of the eight, ISO/IEC 18004 (7.8.3) wants the one that scores the fewest points. The library finds it too, but
# takes most of its time for it. Here a code is one number, a bit a module, so that all its rows are scored at once.


class _Code(NamedTuple):
    """A code with its quiet zone: modules a side, and its bits row by row and column by column, dark ones 1."""

    side: int
    rows: int
    columns: int


def _drawn(payload: str, **options: object) -> _Code:
    code = zxingcpp.create_barcode(
        payload.encode(), zxingcpp.BarcodeFormat.QRCode, ec_level="M", eci="Unknown", **options
    )
    image: Any = code.to_image(scale=1, add_quiet_zones=True)  # a buffer, which its type does not say
    side, bits = image.shape[0], bytes(image).translate(_MODULES)
    return _Code(side, int(bits, 2), int(b"".join(bits[at::side] for at in range(side)), 2))


def _under_best_mask(side: int, rows: int, columns: int) -> _Code:
    """The same code, drawn under mask 0, under the mask that scores the fewest points."""
    codes = (_Code(side, rows ^ by_rows, columns ^ by_columns) for _, by_rows, by_columns in _masks(side))
    return min(codes, key=_points)


@lru_cache(maxsize=40)
def _masks(side: int) -> Sequence[_Code]:
    """What turns mask 0 into each of the eight, for codes of a size: it is the same whatever they say."""
    version = (side - 2 * _QUIET - 17) // 4
    codes = [_drawn("0", version=version, data_mask=mask) for mask in range(8)]
    return [_Code(side, code.rows ^ codes[0].rows, code.columns ^ codes[0].columns) for code in codes]


def _points(code: _Code) -> int:
    """How hard a code is to scan (ISO/IEC 18004, table 11)."""
    side, rows, columns = code
    pairs, squares = _places(side)
    modules = side - 2 * _QUIET
    alike = rows ^ ~(rows << 1)  # a module and the next one, which stands one bit lower
    blocks = alike & (alike << side) & (rows ^ ~(rows << side)) & squares
    uneven = abs(rows.bit_count() * 2 - modules**2) * 10 // modules**2  # in steps of 5 %
    return (
        _in_line(rows, alike & pairs)
        + _in_line(columns, (columns ^ ~(columns << 1)) & pairs)
        + 3 * blocks.bit_count()
        + 10 * uneven
    )


def _in_line(bits: int, alike: int) -> int:
    """The points of runs of five and more modules alike, and of what looks like a finder beside four light ones."""
    twos = alike & (alike << 1)
    fives = twos & (twos << 2)
    runs = fives & ~(fives >> 1)
    three = bits & (bits << 1) & (bits << 2)
    finders = bits & (three << 2) & (bits << 6) & ~((bits << 1) | (bits << 5))
    if finders:
        dark = bits | (bits << 1)
        dark |= dark << 2  # among a module and the next three
        finders &= ~(dark << 7) | ~(dark >> 4)
    return fives.bit_count() + 2 * runs.bit_count() + 40 * finders.bit_count()


@lru_cache(maxsize=40)
def _places(side: int) -> tuple[int, int]:
    """The modules of a code, without its quiet zone, that have one to their right, and below that a square of four."""
    modules, empty = side - 2 * _QUIET, "0" * side
    row = f"{'0' * _QUIET}{'1' * (modules - 1)}{'0' * (_QUIET + 1)}"
    quiet = empty * _QUIET
    return int(quiet + row * modules + quiet, 2), int(quiet + row * (modules - 1) + empty + quiet, 2)

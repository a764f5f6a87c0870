"""Changes files as damage and ill will do: cut off, bits turned, parts doubled, left out, exchanged or overwritten."""

from __future__ import annotations

from random import Random

_WORDS = (
    b"<!DOCTYPE x [<!ENTITY a 'a'>]>", b"&a;", b"<", b">", b"]]>", b"<![CDATA[", b"\0", b"\xff\xfe", b"-", b"NaN",
    b"1e9999",
    b"99999999999999999999", b"/EmbeddedFiles", b"stream\n", b"PK\x03\x04", b"PK\x01\x02", b"xmlns=''", b"0000-00-00",
)  # fmt: skip


def changed(data: bytes, other: bytes, random: Random) -> bytes:
    """The file with one to six changes."""
    for _ in range(random.randint(1, 6)):
        data = _change(bytearray(data), other, random)
    return data


def _change(data: bytearray, other: bytes, random: Random) -> bytes:
    if not data:
        return other
    at = random.randrange(len(data))
    length = min(len(data) - at, random.choice((1, 2, 8, 64, 1024)))
    kind = random.randrange(8)
    if kind == 0:
        del data[at:]
    elif kind == 1:
        data[at] ^= 1 << random.randrange(8)
    elif kind == 2:
        data[at : at + length] = random.randbytes(length)
    elif kind == 3:
        del data[at : at + length]
    elif kind == 4:
        data[at:at] = data[at : at + length] * random.randint(1, 20)
    elif kind == 5:
        data[at:at] = random.choice(_WORDS)
    elif kind == 6:
        start = random.randrange(len(other)) if other else 0
        data[at : at + length] = other[start : start + length]
    else:
        to = random.randrange(len(data))
        data[to : to + length] = data[at : at + length]
    return bytes(data)

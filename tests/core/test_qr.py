"""A payment code is scanned as it was meant, and is drawn as scanners like it."""

from __future__ import annotations

import struct
import zlib
from decimal import Decimal
from typing import Any

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from amable.core.money import Money, to_minor
from amable.core.paying import epc_payload
from amable.core.qr import qr_png

SPAIN = "ES91 2100 0418 4502 0005 1332"
ROMANIA = "RO49AAAA1B31007593840000"


def amount(text: str) -> Money:
    return Money(to_minor(Decimal(text), "EUR"), "EUR")


def pixels(png: bytes) -> tuple[int, list[str]]:
    """The side of a black and white PNG and its rows as text of 0 (black) and 1, every checksum looked at."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + data)
        chunks[kind], at = data, at + 12 + size
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (width, form) == (height, [1, 0, 0, 0, 0])
    raw, stride = zlib.decompress(chunks[b"IDAT"]), (width + 7) // 8 + 1
    assert len(raw) == stride * height
    rows = [raw[y * stride : (y + 1) * stride] for y in range(height)]
    assert {row[0] for row in rows} == {0}
    return width, ["".join(f"{byte:08b}" for byte in row[1:])[:width] for row in rows]


def scanned(png: bytes) -> zxingcpp.Barcode:
    side, rows = pixels(png)
    grey = bytes(255 * int(bit) for row in rows for bit in row)
    (found,) = zxingcpp.read_barcodes(memoryview(grey).cast("B", shape=[side, side]))
    return found


@pytest.mark.parametrize(
    "name",
    [
        "Harbour Supplies Ltd",
        "Suministros Ibáñez y Muñoz, S.L.",
        "Țesătoria Ștefănescu & Fiii S.R.L.",
        "Société Générale d’Électricité — Œuvres",
        "Café",
        "Ș",
        "Παπαδοπούλου",
        "日本語テスト",
    ],
)
@pytest.mark.parametrize("text", ["0.01", "1234.50", "999999999.99"])
def test_a_scanned_code_says_what_it_should(name: str, text: str) -> None:
    payload = epc_payload(amount(text), name=name, iban=SPAIN, quoting="2026-0012")
    assert payload is not None
    found = scanned(qr_png(payload))
    assert found.text == payload
    assert found.bytes == payload.encode("utf-8")
    assert (found.format, found.ec_level) == (zxingcpp.BarcodeFormat.QRCode, "M")
    assert f"\nEUR{text}\n" in found.text


@given(st.text(st.characters(min_codepoint=0xA1, max_codepoint=0x24F), min_size=1, max_size=70))
@settings(max_examples=100, deadline=None)
def test_any_european_name_is_scanned_letter_by_letter(name: str) -> None:
    payload = epc_payload(amount("12.34"), name=name, iban=ROMANIA, quoting="RF18539007547034")
    if payload is not None:
        assert scanned(qr_png(payload)).bytes == payload.encode("utf-8")


@pytest.mark.parametrize("letter", ["a", "é", "ș", "日"])
def test_the_longest_payload_fits_the_largest_code_that_banks_read(letter: str) -> None:
    letters, rest = divmod(331, len(letter.encode()))
    payload = letter * letters + "x" * rest
    side, _ = pixels(qr_png(payload))
    assert side == (69 + 8) * 4
    assert scanned(qr_png(payload)).bytes == payload.encode()


def test_a_code_is_crisp_and_has_a_quiet_zone_of_four_modules() -> None:
    side, rows = pixels(qr_png("BCD"))
    assert side == (21 + 8) * 4
    quiet, finder = 4 * 4, 7 * 4
    assert all(row == "1" * side for row in rows[:quiet] + rows[-quiet:])
    assert all(row[:quiet] + row[-quiet:] == "1" * 2 * quiet for row in rows)
    assert rows[quiet][quiet : quiet + finder] == "0" * finder
    assert all(rows[y] == rows[y - y % 4] for y in range(side))
    assert all(row[x] == row[x - x % 4] for row in rows for x in range(side))


def test_the_same_payload_gives_the_same_small_picture() -> None:
    payload = epc_payload(amount("1234.50"), name="Suministros Ibáñez", iban=SPAIN, quoting="2026-0012")
    assert payload is not None
    assert qr_png(payload) == qr_png(payload)
    assert len(qr_png(payload)) < 1000


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), min_size=1, max_size=160))
@settings(max_examples=200, deadline=None)
def test_the_mask_is_the_one_the_library_picks_when_it_tries_all(payload: str) -> None:
    side, rows = pixels(qr_png(payload))
    code = zxingcpp.create_barcode(payload.encode(), zxingcpp.BarcodeFormat.QRCode, ec_level="M", eci="Unknown")
    picked: Any = code.to_image(scale=4, add_quiet_zones=True)
    assert picked.shape == (side, side)
    assert "".join(rows) == "".join("1" if shade else "0" for shade in bytes(picked))

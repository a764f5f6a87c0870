"""Reads PDF pages back as somebody does who has only the file: words, pictures, codes, and what an archive asks for."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import zxingcpp
from pikepdf import pdfa


def pages_text(data: bytes) -> list[str]:
    """The words of each page, one line a line."""
    pdf = pypdfium2.PdfDocument(data)
    found = [page.get_textpage().get_text_range() for page in pdf]
    return [text.replace("\r\n", "\n").replace("\u200b", "") for text in found]


def pdf_text(data: bytes) -> str:
    """The words of all pages."""
    return "\n".join(pages_text(data))


def codes(data: bytes) -> list[str]:
    """What the QR codes of the pages say, read from a picture of them."""
    pictures = (page.render(scale=3).to_pil() for page in pypdfium2.PdfDocument(data))
    return [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]


# pikepdf's validator allows only what it knows. It does not know the conformance level A, properties described by an
# extension schema (which PDF/A-2 allows and PDF/UA needs), nor a bookmark's destination kept as an object of its own.
_UNKNOWN = ("ISO_19005_2:6.6.2.3.1-1", "ISO_19005_2:6.6.4-3", "pikepdf:schema-OutlineItem")


def not_archivable(data: bytes) -> list[str]:
    """What keeps a file from being PDF/A-2b, as far as pikepdf's validator knows."""
    with pikepdf.open(BytesIO(data)) as pdf:
        found = map(str, pdfa.check(pdf, pdfa.Flavour.PDFA_2B).violations)
        return [finding for finding in found if not any(rule in finding for rule in _UNKNOWN)]


def tags(data: bytes) -> list[str]:
    """The structure of a tagged file, in reading order: `Document`, `H1`, `P`, `Table`, `Figure` …"""
    with pikepdf.open(BytesIO(data)) as pdf:
        return list(_kinds(pdf.Root.StructTreeRoot.K))


def _kinds(node: Any) -> list[str]:
    if isinstance(node, pikepdf.Array):
        return [kind for kid in node for kind in _kinds(kid)]
    if not isinstance(node, pikepdf.Dictionary) or "/S" not in node:
        return []
    return [str(node.S)[1:], *(_kinds(node.K) if "/K" in node else [])]


def claims(data: bytes) -> str:
    """What a file says of itself, as XMP."""
    with pikepdf.open(BytesIO(data)) as pdf:
        return pdf.Root.Metadata.read_bytes().decode()

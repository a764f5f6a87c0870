"""Files that mean harm or were torn: always an answer in words, nothing opened, nothing fetched, memory bounded."""

from __future__ import annotations

import socket
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from random import Random

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.answering import answered
from tests.fuzz.changing import changed
from tests.plugs.test_einvoices import SAMPLES, signed, ubl, zipped

CMS = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"  # signed data
HOSTILE = SAMPLES.parent / "hostile"
SECRET = "the-secret-of-another-file"


def rules(data: bytes) -> list[str]:
    return [complaint.rule for _, complaint in answered(data).complaints]


# --- XML that reaches out --------------------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET, "utf-8")
    return path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def with_doctype(doctype: str, encoding: str = "utf-8", declared: str = "UTF-8") -> bytes:
    text = ubl().decode().replace('encoding="UTF-8"?>', f'encoding="{declared}"?>{doctype}')
    return text.replace("F-2026/0012", "&x;").encode(encoding)


DOCTYPES = {
    "file": '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "{file}">]>',
    "address": '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "{address}">]>',
    "parameter": '<!DOCTYPE Invoice [<!ENTITY % p SYSTEM "{address}"> %p;]>',
    "outside": '<!DOCTYPE Invoice SYSTEM "{address}">',
    "public": '<!DOCTYPE Invoice PUBLIC "-//X//EN" "{address}">',
    "bomb": '<!DOCTYPE Invoice [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c '
    '"&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY x "&d;&d;&d;&d;&d;&d;&d;&d;">]>',
    "quadratic": '<!DOCTYPE Invoice [<!ENTITY x "' + "a" * 100_000 + '">]>',
}


@pytest.mark.parametrize("name", DOCTYPES)
@pytest.mark.parametrize(("encoding", "declared"), [("utf-8", "UTF-8"), ("utf-16", "UTF-16")])
def test_a_document_type_is_refused_and_nothing_it_names_is_opened(
    name: str, encoding: str, declared: str, secret: Path, listener: socket.socket
) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    doctype = DOCTYPES[name].replace("{file}", secret.as_uri()).replace("{address}", address)
    found = answered(with_doctype(doctype, encoding, declared))
    assert [complaint.rule for _, complaint in found.complaints] == ["xml_doctype"]
    assert SECRET not in repr(found)
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize(
    "inside",
    [
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{file}" parse="text"/>',
        '<?xml-stylesheet href="{address}"?>',
        '<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x {address}"/>',
    ],
)
def test_what_points_elsewhere_is_not_followed(inside: str, secret: Path, listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    found = answered(ubl(head=inside.replace("{file}", secret.as_uri()).replace("{address}", address)))
    assert len(found.records) == 1
    assert SECRET not in repr(found)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_an_encoding_that_hides_tags_is_refused() -> None:
    hidden = ubl().decode().replace('encoding="UTF-8"', 'encoding="UTF-7"').encode("utf-8")
    assert rules(hidden) == ["xml_encoding"]


# --- files that grow -------------------------------------------------------------------------------------------------


def bomb_in_zip() -> bytes:
    return zipped(**{"a.xml": b" " * (39 * 2**20)})


def lying_zip() -> bytes:
    """An archive that says its file is small while it is large."""
    data = bytearray(zipped(**{"a.xml": b"<a>" + b" " * 2**22}))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        size = archive.infolist()[0].file_size.to_bytes(4, "little")
    at = data.find(size)
    while at >= 0:
        data[at : at + 4] = (1000).to_bytes(4, "little")
        at = data.find(size, at + 4)
    return bytes(data)


def bomb_in_pdf() -> bytes:
    pdf, file = pikepdf.new(), BytesIO()
    pdf.add_blank_page()
    stream = pdf.make_stream(b"x")
    stream.write(zlib.compress(zlib.compress(b" " * (110 * 2**20), 9), 9), filter=pikepdf.Array(
        [pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode]))  # fmt: skip
    pdf.Root.Bomb = stream
    pdf.save(file, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return file.getvalue()


GROWING: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb in an archive": (bomb_in_zip, "archive_ratio"),
    "an archive that lies": (lying_zip, "archive_file_broken"),
    "a bomb in a PDF": (bomb_in_pdf, "pdf_bomb"),
    "elements": (lambda: ubl(head="<a/>" * 1_100_000), "xml_too_large"),
    "attributes": (lambda: ubl(head="<a " + " ".join(f"b{n}=''" for n in range(1_100_000)) + "/>"), "xml_too_large"),
    "depth": (lambda: ubl(head="<a>" * 200_000), "xml_broken"),
    "a large file": (lambda: ubl(head="<!--" + "x" * 41 * 2**20 + "-->"), "xml_too_large"),
    "strange and large": (lambda: b"<a>" + b"x" * 61 * 2**20 + b"</a>", "xml_too_large"),
    "strange and deep": (lambda: b"<a>" * 100_000, "xml_broken"),
}


@pytest.mark.parametrize("name", GROWING)
def test_what_would_grow_is_refused(name: str) -> None:
    make, rule = GROWING[name]
    assert rules(make()) == [rule]


_MEASURED = """
import resource, sys
from tests.fuzz.answering import answered
from tests.plugs.test_einvoices import ubl
from tests.plugs.test_hostile_files import GROWING
answered(ubl())
data = GROWING[sys.argv[1]][0]()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
answered(data)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("name", ["a bomb in an archive", "attributes"])
def test_what_would_grow_takes_little_memory(name: str) -> None:
    ran = subprocess.run([sys.executable, "-c", _MEASURED, name], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 200


def test_an_attachment_too_large_to_keep_is_left_out_and_said() -> None:
    binary = "<cbc:EmbeddedDocumentBinaryObject>" + "A" * 11_000_000 + "</cbc:EmbeddedDocumentBinaryObject>"
    attached = (
        f"<cac:AdditionalDocumentReference><cac:Attachment>{binary}</cac:Attachment></cac:AdditionalDocumentReference>"
    )
    found = answered(ubl(head=attached))
    assert len(found.records) == 1
    assert "einvoice_attachment_large" in [complaint.rule for _, complaint in found.complaints]


# --- archives and PDFs that lie --------------------------------------------------------------------------------------


def test_names_in_an_archive_are_never_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["../../etc/cron.d/x.xml", "/etc/passwd", "C:\\Windows\\x.xml", "..\\..\\x.xml", "a\x1b[2J.xml"]
    found = answered(zipped(**{name: ubl(number=str(place)) for place, name in enumerate(names)}))
    assert sorted(file for file, _ in found.records) == [
        "file/a[2J.xml", "file/passwd", "file/x.xml", "file/x.xml", "file/x.xml",
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_an_archive_is_not_followed(secret: Path) -> None:
    packed = BytesIO()
    link = zipfile.ZipInfo("link.xml")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, str(secret))
    assert SECRET not in repr(answered(packed.getvalue()))


def carrying(
    change: Callable[[pikepdf.Pdf, pikepdf.Dictionary], None] | None = None, invoice: bytes | None = None
) -> bytes:
    """A PDF with an invoice inside, changed before it is saved."""
    pdf, file = pikepdf.new(), BytesIO()
    pdf.add_blank_page()
    inside = pikepdf.AttachedFileSpec(pdf, invoice or ubl(), filename="factur-x.xml")
    pdf.attachments["factur-x.xml"] = inside
    if change:
        change(pdf, pdf.Root.Names.EmbeddedFiles)
    pdf.save(file)
    return file.getvalue()


def test_a_script_in_a_pdf_is_left_alone() -> None:
    def script(pdf: pikepdf.Pdf, _: pikepdf.Dictionary) -> None:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.launchURL('http://127.0.0.1')")

    found = answered(carrying(script))
    assert [record.invoice_number for _, record in found.records] == ["F-2026/0012"]


def test_a_name_tree_that_goes_in_circles_ends() -> None:
    def circle(_: pikepdf.Pdf, files: pikepdf.Dictionary) -> None:
        files.Kids = pikepdf.Array([files, files])

    assert len(answered(carrying(circle)).records) <= 1


def test_a_file_of_a_pdf_that_lies_elsewhere_is_not_fetched(listener: socket.socket) -> None:
    def elsewhere(pdf: pikepdf.Pdf, _: pikepdf.Dictionary) -> None:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        spec = pikepdf.Dictionary(Type=pikepdf.Name.Filespec, FS=pikepdf.Name.URL, F=address)
        pdf.Root.Names.EmbeddedFiles = pikepdf.Dictionary(Names=pikepdf.Array(["x.xml", pdf.make_indirect(spec)]))
        del pdf.Root.AF

    assert rules(carrying(elsewhere)) == ["pdf_plain"]
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_locked_pdf_says_so() -> None:
    with pikepdf.open(BytesIO(carrying())) as pdf:
        file = BytesIO()
        pdf.save(file, encryption=pikepdf.Encryption(owner="a", user="b"))
    assert rules(file.getvalue()) == ["pdf_locked"]


# --- torn files ------------------------------------------------------------------------------------------------------

SEEDS = [path.read_bytes() for path in sorted(SAMPLES.glob("*.xml"))]
SEEDS += [
    signed(SEEDS[0]),
    carrying(),
    zipped(**{"1.xml": SEEDS[0], "2.pdf": carrying(), "3.csv": b"invoice_number;total\n1;2\n"}),
]


@pytest.mark.parametrize("place", range(len(SEEDS)))
def test_a_file_cut_off_anywhere_gets_an_answer(place: int) -> None:
    data = SEEDS[place]
    for length in range(0, len(data), max(1, len(data) // 25)):
        answered(data[:length])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(range(len(SEEDS))), st.sampled_from(range(len(SEEDS))))
def test_a_changed_file_gets_an_answer(seed: int, place: int, other: int) -> None:
    answered(changed(SEEDS[place], SEEDS[other], Random(seed)))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    answered(data)


# The beginnings of every kind of file and nothing behind them, and what `make fuzz` once found.
CUT_OFF = (b"", b"<", b"\xff\xfe<\0", b"%PDF-1.7", b"PK\x03\x04", b"PK\x05\x06", b"\x30\x80" + CMS, b":20:", b"11")
FOUND = tuple(path.read_bytes() for path in sorted(HOSTILE.glob("*.bin")))


@pytest.mark.parametrize("data", CUT_OFF + FOUND)
def test_what_only_begins_is_answered(data: bytes) -> None:
    answered(data)

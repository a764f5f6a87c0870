"""Files that mean harm or were torn: always an answer in words, nothing opened, nothing fetched, memory bounded."""

from __future__ import annotations

import re
import socket
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

from amable.work.reading import LARGEST_FILE
from tests.fuzz import hostile
from tests.fuzz.answering import answered
from tests.fuzz.changing import changed
from tests.fuzz.limits import measured
from tests.fuzz.torn import files, pieces
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


DOCTYPES = {
    "file": '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "{file}">]>',
    "address": '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "{address}">]>',
    "parameter": '<!DOCTYPE Invoice [<!ENTITY % p SYSTEM "{address}"> %p;]>',
    "parameter of a file": '<!DOCTYPE Invoice [<!ENTITY % p SYSTEM "{file}"><!ENTITY % q "<!ENTITY x SYSTEM \'{address}'
    "?%p;'>\"> %q;]>",
    "outside": '<!DOCTYPE Invoice SYSTEM "{address}">',
    "public": '<!DOCTYPE Invoice PUBLIC "-//X//EN" "{address}">',
    "notation": '<!DOCTYPE Invoice [<!NOTATION n SYSTEM "{address}"><!ENTITY x SYSTEM "{file}" NDATA n>]>',
    "attribute": '<!DOCTYPE Invoice [<!ENTITY x "a"><!ATTLIST Invoice b CDATA "&x;&x;">]>',
    "bomb": '<!DOCTYPE Invoice [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c '
    '"&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY x "&d;&d;&d;&d;&d;&d;&d;&d;">]>',
    "quadratic": '<!DOCTYPE Invoice [<!ENTITY x "' + "a" * 100_000 + '">]>',
}
WRITTEN = {path.stem: path.read_text("utf-8") for path in sorted(SAMPLES.glob("*.xml"))} | {
    "camt": (hostile.CAMT + hostile.ENTRY + hostile.CAMT_END).decode(),
    "unknown": "<Order><Number>1</Number></Order>",
}


def armed(text: str, doctype: str, encoding: str = "utf-8") -> bytes:
    """The XML with a document type, and its entity where the first text ends."""
    head, mark, rest = text.partition("?>") if text.startswith("<?xml") else ('<?xml version="1.0"', "?>", text)
    if encoding != "utf-8":
        head = re.sub('encoding="[^"]*"', "", head) + f' encoding="{encoding.upper()}"'
    return f"{head}{mark}{doctype}{rest.replace('</', '&x;</', 1)}".encode(encoding)


@pytest.mark.parametrize("name", DOCTYPES)
@pytest.mark.parametrize("sample", WRITTEN)
def test_a_document_type_is_refused_and_nothing_it_names_is_opened(
    name: str, sample: str, secret: Path, listener: socket.socket
) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    doctype = DOCTYPES[name].replace("{file}", secret.as_uri()).replace("{address}", address)
    for encoding in ("utf-8", "utf-16"):
        data = armed(WRITTEN[sample], doctype, encoding)
        for carrier in (data, zipped(**{"1.xml": data}), signed(data), carrying(invoice=data)):
            found = answered(carrier)
            assert [one.rule for _, one in found.complaints] in (["xml_doctype"], ["bank_doctype"], ["pdf_plain"])
            assert not found.records
            assert not found.invoices
            assert SECRET not in repr(found)
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("name", DOCTYPES)
def test_a_document_type_in_a_workbook_or_in_ofx_is_refused(name: str, secret: Path, listener: socket.socket) -> None:
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    doctype = DOCTYPES[name].replace("{file}", secret.as_uri()).replace("{address}", address)
    assert rules(hostile.OFX + doctype.encode() + b"<STMTTRN><NAME>&x;</STMTTRN>") == ["bank_doctype"]
    for part in ("xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"):
        assert rules(hostile.xlsx(more={part: doctype.encode() + b"<a>&x;</a>"})) == ["workbook_unreadable"]
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


# Of those that `make limits` reads, some that took minutes or gigabytes once, and take little to make.
BOUNDED = {
    "OFX: sections": "bank_too_much",
    "MT940: words without end": "bank_too_much",
    "camt: entries of nothing": "bank_too_much",
    "PDF: streams in streams": "pdf_bomb",
    "UBL: attributes": "xml_too_large",
    "XLSX: formulas without end": "workbook_unreadable",
    "XLSX: sheets with corners": "workbook_too_large",
    "ZIP: a thousand files": "ledger_not_recognised",
    "ZIP: three million files": "archive_too_many",
}


@pytest.mark.parametrize("name", BOUNDED)
def test_what_would_grow_takes_little_time_and_memory(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile, "LARGE", 20_000_000)
    found = measured(hostile.ALL[name]())
    assert found.wrong == ""
    assert BOUNDED[name] in found.said


def test_a_file_larger_than_is_read_is_refused_at_once() -> None:
    assert rules(b"a;b\n" * (LARGEST_FILE // 4 + 1)) == ["file_too_large"]


def test_archives_in_archives_share_one_limit() -> None:
    said = rules(hostile.nested())
    assert said[-1] == "archive_too_large"
    assert set(said[:-1]) == {"not_ours"}


def test_a_bank_file_of_which_too_much_cannot_be_read_is_refused_as_a_whole() -> None:
    good = b":61:2603160316C1,NTRF\n"
    assert rules(hostile.MT940 + good + b":61:260316\n" * 3) == ["bank_line"] * 3
    found = answered(hostile.MT940 + good + b":61:260316\n" * 1_001)
    assert [one.rule for _, one in found.complaints] == ["bank_unusable"]
    assert found.statements[0][1] == []


def test_an_invoice_of_a_hundred_thousand_lines_is_read() -> None:
    line = "<cac:InvoiceLine><cac:Item><cbc:Name>Tornillo</cbc:Name></cac:Item></cac:InvoiceLine>"
    found = answered(ubl(terms=line * 100_000))
    assert [record.description for _, record in found.records] == ["Tornillo, …"]


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


SEEDS += [
    path.read_bytes()
    for kind in ("bank/mt940", "bank/norma43", "bank/ofx", "bank/table", "ledgers")
    for path in sorted((SAMPLES.parent / kind).iterdir())
    if path.suffix not in (".json", ".xls") and path.stat().st_size < 20_000  # an XLS costs a process each
]
SEEDS.append(hostile.CAMT + hostile.ENTRY * 3 + hostile.CAMT_END)


@pytest.mark.parametrize("place", range(len(SEEDS)))
def test_a_file_cut_off_anywhere_gets_an_answer(place: int) -> None:
    data = SEEDS[place]
    for length in range(0, len(data), max(1, len(data) // 25)):
        answered(data[:length])


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in files()])
def test_a_real_file_cut_off_gets_an_answer(path: Path) -> None:
    """After three of its thousandth bytes; `make torn` does them all."""
    cut = list(pieces(path.read_bytes()))
    for data in {cut[len(cut) // 4], cut[len(cut) // 2], cut[-1]}:
        answered(data)


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

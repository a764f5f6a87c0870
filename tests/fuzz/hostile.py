"""Files made to do harm, by what they are: each is met with an answer, in little time and memory (`make limits`)."""

from __future__ import annotations

import struct
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from random import Random

import pikepdf

from tests.plugs.test_einvoices import ubl, zipped

TOO_LARGE = 200_000_000  # bytes: more than is read of any file
LARGE = 160_000_000  # bytes: just less
SIGNED_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
LEDGER = b"customer_id,customer_name,email,invoice_number,due_date,currency,total\n"
BANK_TABLE = b"Fecha;Fecha valor;Concepto;Importe;Saldo\n"
CAMT = (
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>1</Id>'
    b"<Acct><Id><IBAN>ES9121000418450200051332</IBAN></Id></Acct>"
)
CAMT_END = b"</Stmt></BkToCstmrStmt></Document>"
MT940 = b":20:S\n:25:ES9121000418450200051332\n:28C:1\n:60F:C260315EUR0,00\n"
NORMA43 = f"11210004180200051332260301260316{2}{0:014d}9783{'TITULAR':<26}   \n".encode()
OFX = b"OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>"


def filled(head: bytes, piece: bytes, tail: bytes = b"", *, size: int = 0) -> bytes:
    """The piece again and again, as large as said."""
    return head + piece * (((size or LARGE) - len(head) - len(tail)) // len(piece)) + tail


# --- archives --------------------------------------------------------------------------------------------------------


def many_entries() -> bytes:
    """An archive that is nothing but a list of three million files."""
    name = b"a"
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
    entries = filled(b"", entry)
    size, start = len(entries), len(local)
    wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 3_000_000, 3_000_000, size, start)
    where = struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return local + entries + wide + where + end


def packed(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def thousand_files() -> bytes:
    """As large as is read: a thousand files of nothing in particular."""
    piece = Random(1).randbytes(LARGE // 1000 - 200)
    return packed({f"{n}.bin": piece for n in range(1000)}, method=zipfile.ZIP_STORED)


def nested(*, each: int = 16) -> bytes:
    """Archives in an archive, none of them too large by itself."""
    letters = bytes(Random(1).choices(range(97, 123), k=2**13)) * 2**7
    inner = packed({f"{n}.xml": b"<a>" + letters + b"</a>" for n in range(each)})
    return packed({f"{n}.zip": inner for n in range(each)}, method=zipfile.ZIP_STORED)


def overlapping() -> bytes:
    """One packed file under a thousand names, each of which the list sends to the same place."""
    once = packed({"a.xml": b"<a>" + b" " * (2**20 - 10) + b"</a>"})
    start = once.index(b"PK\x01\x02")
    end = once.index(b"PK\x05\x06")
    entries = once[start:end] * 1000
    return once[:start] + entries + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1000, 1000, len(entries), start, 0)


# --- PDF -------------------------------------------------------------------------------------------------------------


def pdf_of_streams(size: int) -> bytes:
    """Huge streams that are not even packed."""
    pdf, file = pikepdf.new(), BytesIO()
    pdf.add_blank_page()
    noise = Random(1).randbytes(size // 10)
    pdf.Root.Held = pikepdf.Array([pdf.make_indirect(pdf.make_stream(noise)) for _ in range(10)])
    pdf.save(file, compress_streams=False)
    return file.getvalue()


def pdf_of_objects() -> bytes:
    """As many objects as fit, and no list of them, so that a reader looks for each."""
    objects = b"".join(b"%d 0 obj\n1\nendobj\n" % n for n in range(1, 1_200_000))
    return b"%PDF-1.7\n" + objects + b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"


def pdf_of_references() -> bytes:
    """A list of objects, packed a thousand to one, that goes on for twenty million."""
    rows = zlib.compress(b"\0" * (4 * 20_000_000), 9)
    head = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n"
    table = b"2 0 obj\n<</Type/XRef/Size 20000000/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>\nstream\n" % len(
        rows
    )
    return head + table + rows + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % len(head)


def pdf_of_overlaps() -> bytes:
    """Packed streams one within another, all ending in the same long nothing: each unpacks all of it."""
    nothing = b"\x00\x00\x00\xff\xff" * 2_000_000
    count, mark = 1_000, b"stream\n\x78\x9c"
    step = len(mark) + 5
    body = b""
    for place in range(count):
        rest = (count - place - 1) * step
        body += mark + struct.pack("<BHH", 0, rest, rest ^ 0xFFFF)
    return b"%PDF-1.7\n" + body + nothing


def pdf_deep() -> bytes:
    """Lists in lists in lists."""
    return b"%PDF-1.7\n1 0 obj\n" + b"[" * 5_000_000 + b"\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"


# --- signed envelopes ------------------------------------------------------------------------------------------------


def envelope(content: bytes) -> bytes:
    """A signed envelope of no stated length around pieces of content."""
    held = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80\x24\x80" + content + b"\0" * 6
    inside = b"\x30\x80\x02\x01\x01\x31\x00" + held + b"\x31\x00\0\0"
    return b"\x30\x80" + SIGNED_DATA + b"\xa0\x80" + inside + b"\0" * 4


# --- workbooks -------------------------------------------------------------------------------------------------------

_OF_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OF_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OF_PARTS = "http://schemas.openxmlformats.org/package/2006/relationships"


def xlsx(sheet: bytes = b"", strings: bytes = b"", *, sheets: int = 1, more: dict[str, bytes] | None = None) -> bytes:
    """The least a workbook is, around these parts."""
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, sheets + 1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_OF_LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, sheets + 1)
    )
    links += f'<Relationship Id="s" Type="{_OF_LINKS}/sharedStrings" Target="sharedStrings.xml"/>'
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{_OF_PARTS}"><Relationship Id="b" Type="{_OF_LINKS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'.encode(),
        "xl/workbook.xml": f'<workbook xmlns="{_OF_SHEETS}" xmlns:r="{_OF_LINKS}"><sheets>{names}</sheets></workbook>'
        .encode(),
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OF_PARTS}">{links}</Relationships>'.encode(),
        "xl/sharedStrings.xml": b'<sst xmlns="%s">' % _OF_SHEETS.encode() + strings + b"</sst>",
    }  # fmt: skip
    whole = b'<worksheet xmlns="%s"><sheetData>' % _OF_SHEETS.encode() + sheet + b"</sheetData></worksheet>"
    parts |= {f"xl/worksheets/sheet{n}.xml": whole for n in range(1, sheets + 1)}
    return packed(parts | (more or {}))


def noisy(count: int, piece: bytes) -> bytes:
    """The piece with other figures each time, so that it packs as texts do."""
    random = Random(1)
    return b"".join(piece % random.getrandbits(60) for _ in range(count))


def old_office(size: int) -> bytes:
    """An old office file of noise."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + Random(1).randbytes(size)


# --- all of them -----------------------------------------------------------------------------------------------------

ENTRY = (
    b'<Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
    b"<BookgDt><Dt>2026-03-16</Dt></BookgDt></Ntry>"
)

TOO_LARGE_FILES: dict[str, Callable[[], bytes]] = {
    "200 MB: table": lambda: filled(LEDGER, b"C-1,Ruiz,,F-1,2026-03-17,EUR,121.00\n", size=TOO_LARGE),
    "200 MB: XML of one element": lambda: filled(b"<a>", b"x", b"</a>", size=TOO_LARGE),
    "200 MB: deep XML": lambda: filled(b"", b"<a>", size=TOO_LARGE),
    "200 MB: attributes": lambda: filled(b"<a ", b"b='' ", b"/>", size=TOO_LARGE),
    "200 MB: camt": lambda: filled(CAMT, ENTRY, CAMT_END, size=TOO_LARGE),
    "200 MB: MT940": lambda: filled(MT940, b":61:2603160316C1,NTRF\n", size=TOO_LARGE),
    "200 MB: PDF of streams": lambda: pdf_of_streams(TOO_LARGE),
    "200 MB: blanks": lambda: b" " * TOO_LARGE,
}

TABLES: dict[str, Callable[[], bytes]] = {
    "table: without headings": lambda: filled(b"", b"1,2,3\n"),
    "table: nothing but lines": lambda: b"\n" * LARGE,
    "table: nothing but blanks": lambda: b" " * LARGE,
    "table: headings and lines": lambda: filled(LEDGER, b"\n"),
    "table: one line": lambda: b"a" * LARGE,
    "table: one line of separators": lambda: b"," * LARGE,
    "table: quotation marks": lambda: filled(LEDGER, b'"'),
    "table: open quotation marks": lambda: filled(LEDGER, b'"a\n'),
    "table: rows of nothing": lambda: filled(LEDGER, b"," * 16_000 + b"\n"),
    "table: rows of one letter": lambda: filled(LEDGER, b"a\n"),
    "table: noise": lambda: bytes(Random(1).randbytes(LARGE // 8).replace(b"\0", b"a")) * 8,
    "table: faces": lambda: filled(b"", "😀,".encode() * 8 + b"\n"),
    "table: figures without end": lambda: LEDGER + b"C,R,,F,2026-03-17,EUR," + b"9" * 100_000 + b"\n",
    "table of a bank: nothing but lines": lambda: filled(BANK_TABLE, b"\n"),
    "table of a bank: rows of one letter": lambda: filled(BANK_TABLE, b"a\n"),
    "table of a bank: days that are none": lambda: filled(BANK_TABLE, b"99/99/2026;;x;1,00;\n"),
}  # fmt: skip

XML: dict[str, Callable[[], bytes]] = {
    "XML: one element": lambda: filled(b"<a>", b"x", b"</a>"),
    "XML: deep": lambda: filled(b"", b"<a>", size=50_000_000),
    "XML: attributes": lambda: filled(b"<a ", b"b='' ", b"/>", size=50_000_000),
    "XML: other attributes": lambda: b"<a " + b" ".join(b"b%d=''" % n for n in range(490_000)) + b"/>",
    "XML: elements": lambda: filled(b"<a>", b"<b/>x", b"</a>", size=50_000_000),
    "XML: names of spaces": lambda: b"<a " + b" ".join(b"xmlns:b%d='u'" % n for n in range(490_000)) + b"/>",
    "UBL: a comment": lambda: ubl(head="<!--" + "x" * 39_000_000 + "-->"),
    "UBL: elements": lambda: ubl(head="<a/>x" * 490_000),
    "UBL: more elements": lambda: ubl(head="<a/>x" * 7_000_000),
    "UBL: attributes": lambda: ubl(head="<a " + " ".join(f"b{n}=''" for n in range(490_000)) + "/>"),
    "UBL: lines": lambda: ubl(head="<cac:InvoiceLine/>" * 2_000_000),
    "UBL: deep": lambda: ubl(head="<a>" * 10_000_000),
    "UBL: text": lambda: ubl(head="<a>" + "x" * 39_000_000 + "</a>"),
    "UBL: base64": lambda: ubl(head="<a>" + "A" * 39_000_000),
    "UBL: base64 in pieces": lambda: ubl(head=("<a>" + "A" * 9_000_000 + "</a>") * 4),
    "UBL: instalments": lambda: ubl(terms="<cac:PaymentTerms><cbc:Note>1</cbc:Note></cac:PaymentTerms>" * 80_000),
    "UBL: wide characters": lambda: ubl(head="<a/>" * 400_000).decode().replace('"UTF-8"', '"UTF-16"').encode("utf-16"),
    "UBL: an entity in an attribute": lambda: ubl().replace(
        b"?>", b"?><!DOCTYPE Invoice [<!ENTITY a '" + b"a" * 30_000 + b"'><!ATTLIST Invoice b CDATA '" + b"&a;" * 3_000
        + b"'>]>", 1,
    ),
}  # fmt: skip

CAMTS: dict[str, Callable[[], bytes]] = {
    "camt: entries of nothing": lambda: filled(CAMT, b"<Ntry/>", CAMT_END),
    "camt: statements of nothing": lambda: filled(
        b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>', b"<Stmt/>",
        b"</BkToCstmrStmt></Document>"),
    "camt: messages of nothing": lambda: filled(b"<Document>", b"<BkToCstmrStmt/>", b"</Document>"),
    "camt: elements beside entries": lambda: filled(CAMT, b"<a/>", CAMT_END),
    "camt: elements between entries": lambda: filled(CAMT, b"<a/>" + ENTRY, CAMT_END),
    "camt: elements in an entry": lambda: filled(CAMT + b"<Ntry>", b"<a/>x", b"</Ntry>" + CAMT_END),
    "camt: payments in an entry": lambda: filled(
        CAMT + b"<Ntry><NtryDtls>", b"<TxDtls/>", b"</NtryDtls></Ntry>" + CAMT_END
    ),
    "camt: text in an entry": lambda: filled(
        CAMT + b"<Ntry>", b"<a>" + b"x" * 9_000_000 + b"</a>", b"</Ntry>" + CAMT_END
    ),
    "camt: attributes": lambda: (
        CAMT + b"<Ntry " + b" ".join(b"b%d=''" % n for n in range(10_000_000)) + b"/>" + CAMT_END
    ),
    "camt: balances": lambda: filled(CAMT, b"<Bal><Amt/></Bal>", CAMT_END),
    "camt: deep": lambda: filled(CAMT, b"<a>"),
    "camt: cut off": lambda: filled(CAMT, b"<Ntry>"),
}  # fmt: skip

BANK_TEXTS: dict[str, Callable[[], bytes]] = {
    "MT940: entries of nothing": lambda: filled(MT940, b":61:\n"),
    "MT940: entries that only begin": lambda: filled(MT940, b":61:260316\n"),
    "MT940: messages of nothing": lambda: filled(b"", b":20:\n"),
    "MT940: words without end": lambda: filled(MT940 + b":61:2603160316C1,NTRF\n:86:", b"a\n"),
    "MT940: one line": lambda: filled(MT940 + b":61:2603160316C1,NTRF\n:86:", b"?20a"),
    "MT940: balances": lambda: filled(MT940, b":60F:x\n"),
    "MT940: envelopes": lambda: filled(MT940, b"{1:{a}"),
    "MT940: lines": lambda: filled(MT940, b"\n"),
    "MT940: a face": lambda: filled(MT940 + "😀".encode(), b"\n"),
    "Norma 43: movements of nothing": lambda: filled(NORMA43, b"22\n"),
    "Norma 43: texts": lambda: filled(NORMA43 + b"22" + b"0" * 78 + b"\n", b"2301" + b"a" * 76 + b"\n"),
    "Norma 43: accounts": lambda: filled(NORMA43, b"11\n"),
    "Norma 43: records of no kind": lambda: filled(NORMA43, b"99\n"),
    "Norma 43: lines": lambda: filled(NORMA43, b"\n"),
    "Norma 43: one line": lambda: filled(NORMA43.rstrip(b"\n").ljust(80), b"22" + b" " * 78),
    "OFX: movements of nothing": lambda: filled(OFX, b"<STMTTRN></STMTTRN>"),
    "OFX: accounts": lambda: filled(OFX, b"<STMTRS></STMTRS>"),
    "OFX: marks": lambda: filled(OFX, b"<A>"),
    "OFX: other marks": lambda: OFX + b"<STMTTRN>" + b"".join(b"<A%d>x" % n for n in range(8_000_000)),
    "OFX: one text": lambda: filled(OFX + b"<STMTTRN><MEMO>", b"x"),
    "OFX: sections": lambda: filled(OFX, b"<![CDATA["),
    "OFX: blanks in marks": lambda: filled(OFX, b"<A" + b" " * 10_000),
    "OFX: brackets": lambda: filled(OFX, b"<"),
}  # fmt: skip

CONTAINERS: dict[str, Callable[[], bytes]] = {
    "ZIP: three million files": many_entries,
    "ZIP: a thousand files": thousand_files,
    "ZIP: in ZIP": nested,
    "ZIP: the same place a thousand times": overlapping,
    "ZIP: blanks": lambda: zipped(**{f"{n}.xml": b" " * (39 * 2**20) for n in range(4)}),
    "ZIP: XML that is full": lambda: zipped(**{f"{n}.xml": ubl(head="<a/>x" * 490_000) for n in range(4)}),
    "p7m: a large one": lambda: filled(b"\x30\x80" + SIGNED_DATA, b"\x24\x80"),
    "p7m: pieces of one byte": lambda: envelope(b"\x04\x01A" * 6_000_000),
    "p7m: deep": lambda: filled(b"\x30\x80" + SIGNED_DATA, b"\x30\x80", size=19_000_000),
    "p7m: in base64": lambda: b64encode(envelope(b"\x04\x01A" * 4_000_000)),
    "PDF: streams": lambda: pdf_of_streams(29_000_000),
    "PDF: objects": pdf_of_objects,
    "PDF: a list of objects": pdf_of_references,
    "PDF: streams in streams": pdf_of_overlaps,
    "PDF: deep": pdf_deep,
    "PDF: noise": lambda: b"%PDF-1.7\n" + Random(1).randbytes(30_000_000),
}  # fmt: skip

WORKBOOKS: dict[str, Callable[[], bytes]] = {
    "XLSX: texts": lambda: xlsx(strings=b"<si><t>x</t></si>" * 14_000_000),
    "XLSX: texts that differ": lambda: xlsx(strings=noisy(4_000_000, b"<si><t>%d</t></si>")),
    "XLSX: one text": lambda: xlsx(strings=b"<si><t>" + b"x" * 240_000_000 + b"</t></si>"),
    "XLSX: rows": lambda: xlsx(b"<row/>" * 10_000_000),
    "XLSX: cells far apart": lambda: xlsx(
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    ),
    "XLSX: sheets with corners": lambda: xlsx(
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="99999"><c r="Z99999"><v>1</v></c></row>', sheets=1_000
    ),
    "XLSX: formulas without end": lambda: xlsx(b"<row><c><f/>" + b" " * 1_000_000 + b"</row>"),
    "XLSX: cells without end": lambda: xlsx(b"<row>" + b"<c " * 10_000_000),
    "XLSX: styles": lambda: xlsx(more={"xl/styles.xml": b"<styleSheet>" + b"<xf/>" * 10_000_000}),
    "XLSX: links outside": lambda: xlsx(more={
        "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": b'<Relationships><Relationship Id="r1" TargetMode="External" '
        b'Target="file:///etc/passwd"/></Relationships>',
    }),
    "XLSX: a document type": lambda: xlsx(strings=b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"),
    "XLSX: parts": lambda: xlsx(more={f"xl/{n}.xml": b"<a/>" for n in range(6_000)}),
    "ODS: cells repeated": lambda: packed({
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": b'<office:document-content><office:body><office:spreadsheet><table:table table:name="a">'
        + b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="string" '
        b'table:number-columns-repeated="16000"><text:p>x</text:p></table:table-cell></table:table-row>' * 50,
    }),
    "XLS: noise": lambda: old_office(5_000_000),
    "XLS: large": lambda: old_office(59_000_000),
}  # fmt: skip

ALL = TOO_LARGE_FILES | TABLES | XML | CAMTS | BANK_TEXTS | CONTAINERS | WORKBOOKS

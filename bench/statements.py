"""Reading bank files of every format beside the least that reading them can cost.

The floor of camt is lxml going through the same bytes entry by entry and forgetting them; of the other formats it is
the text decoded and split into lines. Memory is the peak of the whole process, with the file in it: the camt file is as
large as asked for (`--megabytes`), the others have as many movements as `--lines`.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from measure import Clock, compare, measure, report

ACCOUNT = "ES9121000418450200051332"


def camt(megabytes: int) -> bytes:
    """A camt.053 of one account, a payment an entry, of this size."""
    entry = (
        '<Ntry><Amt Ccy="EUR">{amount}.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        "<BookgDt><Dt>2026-03-16</Dt></BookgDt><AcctSvcrRef>B{n}</AcctSvcrRef><NtryDtls><TxDtls><Refs>"
        "<EndToEndId>E{n}</EndToEndId></Refs><RltdPties><Dbtr><Nm>Customer {n} SL</Nm></Dbtr><DbtrAcct><Id>"
        "<IBAN>ES91{n:020d}</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>Factura F-2026-{n:06d}</Ustrd></RmtInf>"
        "</TxDtls></NtryDtls></Ntry>\n"
    )
    whole = io.BytesIO()
    whole.write(
        b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id>'
        b"<Acct><Id><IBAN>" + ACCOUNT.encode() + b"</IBAN></Id></Acct>"
    )
    n = 0
    while whole.tell() < megabytes * 1_000_000:
        n += 1
        whole.write(entry.format(n=n, amount=n % 900 + 1).encode())
    whole.write(b"</Stmt></BkToCstmrStmt></Document>")
    return whole.getvalue()


def mt940(lines: int) -> bytes:
    """An MT940 in the German dialect."""
    entries = (
        f":61:2603160316CR{n % 900 + 1},00N062NONREF//B{n}\n:86:166?00GUTSCHRIFT?20EREF+E{n}?21SVWZ+Rechnung F-2026-"
        f"{n:06d}?30BYLADEM1001?31DE02120300000000202051?32Kunde {n} GmbH\n"
        for n in range(lines)
    )
    return (":20:S\n:25:" + ACCOUNT + "\n:28C:1\n:60F:C260315EUR0,00\n" + "".join(entries) + "-\n").encode()


def norma43(lines: int) -> bytes:
    """A Norma 43 of one account, without its end."""
    entries = (
        f"22    0418260316260316040072{(n % 900 + 1) * 100:014d}{'':10}{n:012d}{'':16}\n"
        f"2301{f'TRANSFERENCIA DE CLIENTE {n} SL':<38}{f'FACTURA F-2026-{n:06d}':<38}\n"
        for n in range(lines)
    )
    head = f"11210004180200051332260301260316{2}{0:014d}9783{'TITULAR':<26}   \n"
    return (head + "".join(entries)).encode()


def ofx(lines: int) -> bytes:
    """An OFX in SGML."""
    entries = (
        f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260316<TRNAMT>{n % 900 + 1}.00<FITID>B{n}<NAME>Client {n} SARL"
        f"<MEMO>Facture F-2026-{n:06d}</STMTTRN>\n"
        for n in range(lines)
    )
    head = "OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>"
    return (head + "".join(entries) + "</STMTRS></OFX>").encode()


def table(lines: int) -> bytes:
    """A table with a running balance."""
    page, balance = io.StringIO(), 0
    writer = csv.writer(page, delimiter=";")
    writer.writerow(("Fecha", "Fecha valor", "Concepto", "Importe", "Saldo"))
    for n in range(lines):
        balance += n % 900 + 1
        writer.writerow(
            (
                "16/03/2026",
                "16/03/2026",
                f"TRANSF. DE CLIENTE {n} SL F-2026-{n:06d}",
                f"{n % 900 + 1},00",
                f"{balance},00",
            )
        )
    return page.getvalue().encode()


def files(megabytes: int, lines: int) -> dict[str, bytes]:
    """The files by format."""
    return {"mt940": mt940(lines), "norma43": norma43(lines), "ofx": ofx(lines), "table": table(lines)}


def floor_camt(clock: Clock, megabytes: int, lines: int) -> None:
    """lxml alone."""
    from lxml import etree

    data = camt(megabytes)
    with clock("camt") as noted:
        noted["lines"] = 0
        for _, entry in etree.iterparse(io.BytesIO(data), tag="{*}Ntry", resolve_entities=False):
            noted["lines"] += 1
            entry.clear()
            while entry.getprevious() is not None:
                del entry.getparent()[0]


def ours_camt(clock: Clock, megabytes: int, lines: int) -> None:
    """Our reader of camt."""
    _read(clock, "camt", camt(megabytes))


def floor(clock: Clock, megabytes: int, lines: int) -> None:
    """Every other file, decoded and split."""
    for name, data in files(megabytes, lines).items():
        with clock(name) as noted:
            noted["lines"] = sum(1 for _ in data.decode().splitlines())


def ours(clock: Clock, megabytes: int, lines: int) -> None:
    """Our readers of the others."""
    for name, data in files(megabytes, lines).items():
        _read(clock, name, data)


def _read(clock: Clock, name: str, data: bytes) -> None:
    from amable.plugs.bank import Statement
    from amable.plugs.loading import bank_readers

    reader = bank_readers()[name]
    with clock(name) as noted:
        noted["lines"] = sum(len(one.lines) for one in reader.read(data) if isinstance(one, Statement))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="append a line of JSON for each row to this file")
    asked = parser.parse_args()
    sizes = (asked.megabytes, asked.lines)
    for cases in ({"floor": floor_camt, "ours": ours_camt}, {"floor": floor, "ours": ours}):
        figures = measure(cases, sizes, asked.rounds)
        compare(figures, over="floor")
        report(figures, asked.json, megabytes=asked.megabytes, lines=asked.lines)


if __name__ == "__main__":
    main()

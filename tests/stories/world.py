"""A creditor in Valencia with a ledger and a bank, and days on which Amable is run by its command.

`Business` writes the files a bookkeeper would have that morning and runs the command on them; `Day` is what then lies
in the folder, read back as its users read it: reasons by a spreadsheet, mails by a mail program.
"""

from __future__ import annotations

import csv
import email
import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from decimal import Decimal
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from amable.cli import main
from tests.pages import pdf_text
from tests.stories.oracle import check_folder

COLUMNS = (
    "customer_id", "customer_name", "contact_name", "email", "phone", "address", "language", "country", "region",
    "timezone", "kind", "tax_id", "segment", "account_manager", "account_manager_email", "opt_out", "pause_until",
    "payment_method", "invoice_number", "instalment", "applies_to", "po_number", "description", "issue_date",
    "due_date", "terms_days", "currency", "total", "open_amount", "settled_date", "disputed", "promise_date",
    "discount_percent", "discount_until",
    "delivered_date", "pdf",
)  # fmt: skip
IBAN = "ES9121000418450200051332"

CREDITOR = f"""\
name: Ferretería del Turia
legal_name: Ferretería del Turia, S.L.
address: Calle de la Paz 1, 46003 Valencia
tax_id: B46123454
email: hola@turia.example
iban: {IBAN}
language: es
country: ES
region: VC
timezone: Europe/Madrid
sender:
  name: Lucía Soler
  email: cobros@turia.example
  phone: "+34 960 000 001"
  signature: Administración
"""

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass
class Line:
    """One movement of a bank statement; money out is negative."""

    day: str
    amount: str
    text: str = ""
    name: str = ""
    iban: str = ""
    currency: str = "EUR"
    returned: bool = False
    end_to_end: str = ""
    number: int = 0


@dataclass
class Day:
    """What one run left behind."""

    code: int
    printed: str
    said: str
    folder: Path

    @property
    def why(self) -> dict[str, dict[str, str]]:
        """The rows of why.csv by invoice."""
        return {row["invoice"]: row for row in self.rows("why.csv")}

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def mails(self) -> list[EmailMessage]:
        return [read_mail(path) for path in sorted((self.folder / "mail").glob("*.eml"))]

    @property
    def mail(self) -> EmailMessage:
        """The only mail of the day."""
        (mail,) = self.mails
        return mail

    @property
    def staff(self) -> list[EmailMessage]:
        return [read_mail(path) for path in sorted((self.folder / "staff").glob("*.eml"))]

    @property
    def tasks(self) -> list[str]:
        return [path.read_text("utf-8") for path in sorted((self.folder / "tasks").glob("*.md"))]

    @property
    def briefs(self) -> list[str]:
        """What the pages for calls and meetings say."""
        return [pdf_text(path.read_bytes()) for path in sorted((self.folder / "tasks").glob("*.pdf"))]

    def outcome(self, invoice: str) -> tuple[str, str]:
        row = self.why[invoice]
        return row["outcome"], row["rule"]

    def carrier(self, invoice: str) -> EmailMessage:
        """The mail that carries an invoice's verdict."""
        return read_mail(self.folder / self.why[invoice]["message"])


def read_mail(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content().replace("\xa0", " ").replace("\u202f", " ")


def html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return part.get_content()


@dataclass
class Business:
    """The files of the creditor and the folder its runs are kept in."""

    place: Path
    outbox: Path
    items: list[dict[str, str]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    creditor: str = CREDITOR
    banks: bool = False
    hostile: bool = False

    def owes(self, invoice: str, total: str, due: str, **facts: str) -> dict[str, str]:
        """A customer owes; the facts are columns of the ledger. Returns the row, which may be changed later."""
        row = {
            "customer_id": "C-1",
            "customer_name": "Talleres Miró, S.L.",
            "contact_name": "Ana Miró",
            "email": "ana@miro.example",
            "country": "ES",
            "region": "VC",
            "tax_id": "B46999996",
            "currency": "EUR",
            "issue_date": "2026-01-02",
            "description": "Material de obra",
            "invoice_number": invoice,
            "total": total,
            "due_date": due,
        } | facts
        self.items.append(row)
        return row

    def receives(self, day: str, amount: str, text: str = "", **facts: Any) -> Line:
        """Money comes in (or goes out) on the account."""
        self.banks = True
        line = Line(day, amount, text, number=len(self.lines), **facts)
        self.lines.append(line)
        return line

    def ledger(self, name: str = "ledger.csv") -> Path:
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(self.items)
        path = self.place / name
        path.write_text(out.getvalue(), "utf-8")
        return path

    def statement(self, closing: str, name: str = "") -> Path:
        """A camt.053 with every movement up to its closing day."""
        path = self.place / (name or f"statement-{closing}.xml")
        path.write_text(camt([line for line in self.lines if line.day <= closing], closing), "utf-8")
        return path

    def run(self, as_of: str, *more: str, bank: str = "", known: bool = True) -> Day:
        """Run the command; `bank` is the closing day of the statement given, `known` whether the creditor file is."""
        arguments = ["run", "--ledger", str(self.ledger()), "--outbox", str(self.outbox), "--as-of", as_of]
        if known:
            path = self.place / "creditor.yaml"
            path.write_text(self.creditor, "utf-8")
            arguments += ["--creditor", str(path)]
        if bank:
            arguments += ["--bank", str(self.statement(bank))]
        return self.call([*arguments, *more])

    def call(self, arguments: list[str]) -> Day:
        printed, said = io.StringIO(), io.StringIO()
        with redirect_stdout(printed), redirect_stderr(said):
            code = main(arguments)
        if code < 2 and arguments[0] == "run":
            check_folder(self.outbox, read_mail, words=not self.hostile)
        return Day(code, printed.getvalue(), said.getvalue(), self.outbox)


def camt(lines: list[Line], closing: str) -> str:
    """The statement as a bank writes it (camt.053.001.02)."""
    total = sum((Decimal(line.amount) for line in lines), Decimal(1000))
    entries = "".join(map(_entry, lines))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>M{closing}</MsgId><CreDtTm>{closing}T20:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S{closing}</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>{closing}T20:00:00</CreDtTm>
<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{abs(total)}</Amt>
<CdtDbtInd>{"CRDT" if total >= 0 else "DBIT"}</CdtDbtInd><Dt><Dt>{closing}</Dt></Dt></Bal>
{entries}</Stmt></BkToCstmrStmt></Document>
"""


def _entry(line: Line) -> str:
    incoming = not line.amount.startswith("-")
    party, account = ("Dbtr", "DbtrAcct") if incoming else ("Cdtr", "CdtrAcct")
    who = f"<{party}><Nm>{escape(line.name)}</Nm></{party}>" if line.name else ""
    which = f"<{account}><Id><IBAN>{line.iban}</IBAN></Id></{account}>" if line.iban else ""
    said = f"<RmtInf><Ustrd>{escape(line.text)}</Ustrd></RmtInf>" if line.text else ""
    sent_back = "<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf>" if line.returned else ""
    reference = f"<EndToEndId>{line.end_to_end}</EndToEndId>" if line.end_to_end else ""
    return f"""<Ntry><Amt Ccy="{line.currency}">{line.amount.removeprefix("-")}</Amt>
<CdtDbtInd>{"CRDT" if incoming else "DBIT"}</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><Dt>{line.day}</Dt></BookgDt><ValDt><Dt>{line.day}</Dt></ValDt><AcctSvcrRef>R{line.number}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs>{reference}</Refs><RltdPties>{who}{which}</RltdPties>{said}{sent_back}</TxDtls></NtryDtls></Ntry>
"""

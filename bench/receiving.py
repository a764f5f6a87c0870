"""Taking a bank statement in: camt read, each line matched with what is open, and booked in a SQLite database.

No floor: it is what matching (`bench/matching.py`) costs in a product around it, with rows, evidence and fingerprints.
Parts: `camt` (the file to a statement), `take` (every line kept, matched, booked or proposed), `again` (the same
statement under another digest: every line is known). The world is that of matching.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from matching import Payment, World, make
from measure import Clock, measure, report

TODAY = date(2026, 3, 17)


def document(payments: list[Payment]) -> bytes:
    """The payments as a camt.053 of one account."""
    entries = "".join(
        f'<Ntry><Amt Ccy="EUR">{Decimal(payment.amount).scaleb(-2)}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-16</Dt></BookgDt><AcctSvcrRef>B{number}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>{escape(payment.payer)}</Nm></Pty></Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>{escape(payment.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for number, payment in enumerate(payments)
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><IBAN>ES9121000418450200051332</IBAN></Id></Acct>{entries}</Stmt></BkToCstmrStmt>"
        "</Document>"
    ).encode()


def received(clock: Clock, invoices: int, payments: int) -> None:
    """A morning's statement of a large creditor."""
    from amable.plugs.bank import Statement
    from amable.plugs.loading import bank_readers
    from amable.server.database import open_database

    world = make(invoices, payments)
    data = document(world.quoting + world.nameless)
    with clock("camt") as noted:
        (statement,) = (found for found in bank_readers()["camt"].read(data) if isinstance(found, Statement))
        noted["n"] = len(statement.lines)
    del data
    with tempfile.TemporaryDirectory() as folder:
        open_database(Path(folder))
        from amable.banking.intake import take_statements
        from amable.core.creditor import placeholder
        from amable.organisation.actions import install
        from amable.organisation.tenancy import acting_for

        creditor = install(placeholder("es"), placeholder=True)
        owe(creditor.pk, world)
        with acting_for(creditor):
            with clock("take") as noted:
                taken = take_statements(creditor, [("first", [statement])], TODAY)
                noted |= {"n": taken.lines, "booked": taken.booked, "proposed": taken.proposed}
            with clock("again") as noted:
                noted["n"] = take_statements(creditor, [("second", [statement])], TODAY).known_already


def owe(creditor: int, world: World) -> None:
    """The invoices of the world, as rows."""
    from django.db import transaction

    from amable.ledger.models import Customer, Item
    from amable.organisation.bulk import insert

    texts = ("tax_id", "kind", "country", "region", "timezone", "segment", "address", "manager_name", "manager_email")
    empty = ("",) * (len(texts) + 2)
    facts = ("kind", "currency", "settled_by", "applies_to", "po_number", "description", "duplicate_of", "pdf_path")
    said = ("invoice", "EUR", *("",) * 6)
    with transaction.atomic():
        insert(
            Customer,
            ("id", "creditor", "key", "keyed_by", "name", "language", *texts, "opt_out", "payment_method"),
            ((pk, creditor, f"C-{pk}", "id", name, "es", *empty) for pk, name in enumerate(world.names, 1)),
        )
        insert(
            Item,
            (
                "creditor", "customer", "source", "number", "instalment", "due_on", "total", "ledger_open", "allocated",
                "open", "cycle", "disputed", "direct_debit", "first_seen_on", *facts,
            ),
            (
                (
                    creditor, one.customer + 1, "ledger", one.number, "", TODAY, one.amount, one.amount, 0, one.amount,
                    1, False, False, TODAY, *said,
                )
                for one in world.invoices
            ),
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--payments", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="append a line of JSON for each row to this file")
    asked = parser.parse_args()
    figures = measure({"ours": received}, (asked.invoices, asked.payments), asked.rounds)
    report(figures, asked.json, invoices=asked.invoices, payments=asked.payments)


if __name__ == "__main__":
    main()

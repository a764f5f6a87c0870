"""What files say, as JSON for programs: one object a document and line, amounts with a point, days in ISO."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from amable.core import payment_terms
from amable.core.languages import say
from amable.plugs.bank import Statement
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import Invoice, Party
from amable.work import invoicing, reading
from amable.work.invoicing import Whose
from amable.work.reading import Input

_NOT_OURS = ("not_ours", "pdf_plain")


def read(paths: Sequence[Path], headings: dict[str, str], folders: Sequence[Path]) -> Input:
    """What all these files say, each named as it was given; a file that cannot be opened is a complaint like others."""
    given = reading.begun(headings)
    for path in paths:
        try:
            too_large = path.stat().st_size > reading.LARGEST_FILE
            data = b"" if too_large else path.read_bytes()
        except OSError as error:
            params: dict[str, object] = {"file": str(path), "why": error.strerror or ""}
            given.complaints.append((str(path), Complaint("file_unreadable", params=params)))
            continue
        if too_large:
            limit: dict[str, object] = {"limit": reading.LARGEST_FILE // 2**20}
            given.complaints.append((str(path), Complaint("file_too_large", params=limit)))
            continue
        reading.read(str(path), data, headings, (path.resolve().parent, *folders), given)
    return given


def print_all(given: Input, whose: Whose, language: str) -> int:
    """Print every document; 1 when something could not be used."""
    wrong = False
    for found, complaints in _documents(given, whose):
        wrong = wrong or any(not one.notice for one in complaints)
        print(json.dumps(found | {"complaints": [_sentence(one, language) for one in complaints]}, ensure_ascii=False))
    return 1 if wrong else 0


def _documents(given: Input, whose: Whose) -> Iterator[tuple[dict[str, Any], list[Complaint]]]:
    """Each document with what is to be said about it, file by file."""
    invoices = list(given.invoices)
    kept = {id(one.invoice) for one in invoicing.chosen(given, whose)}
    said: dict[str, list[Complaint]] = defaultdict(list)
    for file, complaint in given.complaints:
        said[file].append(complaint)
    told: set[str] = set()
    for file, invoice, picture in invoices:
        about = [one for one in said[file] if invoice.at is None or one.line in (None, invoice.at)]
        said[file] = [one for one in said[file] if one not in about]
        if id(invoice) in kept:
            about += invoicing.items(reading.Document(file, invoice, picture), whose)[1]
        told.add(file)
        yield _invoice(file, invoice, whose), about
    rows: dict[str, int] = defaultdict(int)
    for file, _ in given.records:
        rows[file] += 1
    for file, count in rows.items():
        told.add(file)
        yield {"file": file, "kind": "ledger", "rows": count}, said.pop(file, [])
    for digest, statements in given.statements:
        file = given.bank_files[digest]
        for statement in statements:
            told.add(file)
            yield _statement(file, statement), said.pop(file, [])
    for file, complaints in said.items():
        if complaints:
            yield {"file": file, "kind": _kind(complaints, known=file in told)}, complaints


def _kind(complaints: Sequence[Complaint], *, known: bool) -> str:
    if not known and all(one.rule.startswith(_NOT_OURS) for one in complaints):
        return "not_ours"
    return "error"


def _invoice(file: str, invoice: Invoice, whose: Whose) -> dict[str, Any]:
    terms = payment_terms.read(invoice.terms, invoice.issue_date, notes=invoice.notes)
    return {
        "file": file,
        "kind": invoice.kind,
        "number": invoice.number,
        "issue_date": _day(invoice.issue_date),
        "due_date": _day(invoicing.due_of(invoice, terms, whose.terms).day),
        "currency": invoice.currency,
        "total": _amount(invoice.total),
        "prepaid": _amount(invoice.prepaid),
        "payable": _amount(invoicing.printed(invoice)),
        "buyer": _party(invoice.buyer),
        "seller": _party(invoice.seller),
        "iban": ";".join(invoice.accounts),
        "payment_reference": ";".join(invoice.payment_references),
        "preceding": ";".join(invoice.preceding),
        "instalments": [{"due_date": _day(one.due_date), "amount": _amount(one.amount)} for one in invoice.instalments],
    }


def _party(party: Party) -> dict[str, str]:
    return {
        "name": party.name,
        "tax_id": party.tax_id,
        "address": party.address,
        "country": party.country,
        "contact": party.contact,
        "email": party.email or party.electronic_address,
        "phone": party.phone,
    }


def _statement(file: str, statement: Statement) -> dict[str, Any]:
    return {
        "file": file,
        "kind": "statement",
        "account": statement.account,
        "currency": statement.currency,
        "opening": _amount(statement.opening),
        "closing": _amount(statement.closing),
        "entries": [
            {
                "date": _day(line.booked_on),
                "amount": _amount(line.amount),
                "reference": line.reference,
                "text": line.text,
                "name": line.name,
                "iban": line.iban,
                "kind": line.kind,
            }
            for line in statement.lines
        ],
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _sentence(complaint: Complaint, language: str) -> str:
    if complaint.rule == "file_unreadable":
        return say("cli.file_unreadable", language, **complaint.params)
    return " ".join(reading.in_words(complaint, language))

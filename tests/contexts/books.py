"""A bookkeeper's morning as values: ledgers and statements taken in for a creditor, and rows read back to compare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import models

from amable.banking import intake as banking
from amable.banking.intake import TakenIn
from amable.banking.models import BankLine
from amable.correspondence.models import Message
from amable.dunning import actions, notices
from amable.dunning.actions import Reviewed
from amable.dunning.models import Look
from amable.dunning.verdicts import unpack
from amable.evidence import log
from amable.evidence.models import Blob
from amable.ledger import intake as ledger
from amable.ledger.intake import Sourced, Taking
from amable.ledger.models import Customer, Item
from amable.organisation.models import Creditor
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.invoices import ItemRecord
from tests.cast import procedure

TODAY = date(2026, 3, 17)  # a Tuesday
DAY = timedelta(days=1)
ANA_IBAN = "ES7921000813610123456789"


def row(number: str = "F-1001", total: str = "500.00", **facts: Any) -> ItemRecord:
    """A row of a ledger: Ana owes an invoice that fell due on 3 March."""
    amount = Decimal(total)
    given: dict[str, Any] = {
        "line": 2,
        "customer_id": "C-1",
        "customer_name": "Talleres Miró, S.L.",
        "invoice_number": number,
        "due_date": date(2026, 3, 3),
        "terms_days": None,
        "total": amount,
        "open_amount": amount,
        "email": "ana@miro.example",
        "contact_name": "Ana Miró",
        "country": "ES",
        "region": "VC",
        "tax_id": "B46999996",
        "currency": "EUR",
        "issue_date": date(2026, 1, 2),
    }
    return ItemRecord(**(given | facts))


def take(creditor: Creditor, *records: ItemRecord, today: date = TODAY, whole: bool = True, file: str = "") -> Taking:
    """Take a ledger of these rows in; its bytes differ when its rows do, or when it is another file."""
    digest = sha256(f"{file}{records}".encode("utf-8", "replace")).hexdigest()
    return ledger.take_ledger(creditor, [Sourced("ledger.csv", r) for r in records], [digest], today, whole=whole)


def paid(amount: str, text: str = "", on: date = TODAY, **facts: Any) -> StatementLine:
    """Money in from Ana's account."""
    given: dict[str, Any] = {"name": "Talleres Miró SL", "iban": ANA_IBAN, "currency": "EUR", "kind": "payment"}
    return StatementLine(booked_on=on, amount=Decimal(amount), text=text, **(given | facts))


def sent_back(amount: str, on: date = TODAY, **facts: Any) -> StatementLine:
    """A payment of Ana's that comes back: money out again."""
    return paid(f"-{amount}", on=on, kind="return", **facts)


def statement(*lines: StatementLine, closing_on: date | None = TODAY, account: str = "ES91") -> Statement:
    return Statement(account, "EUR", "1", lines, closing_on=closing_on)


def receive(
    creditor: Creditor, *lines: StatementLine, today: date = TODAY, file: str = "", statements: Sequence[Statement] = ()
) -> TakenIn:
    """Take a bank file in, of one statement with these lines."""
    listed = list(statements) or [statement(*lines, closing_on=today)]
    digest = sha256(f"{file}{listed}".encode("utf-8", "replace")).hexdigest()
    return banking.take_statements(creditor, [(digest, listed)], today)


def item(number: str = "F-1001", **which: Any) -> Item:
    return Item.objects.get(number=number, **which)


def open_of(*numbers: str) -> list[int]:
    return [item(number).open for number in numbers]


def states() -> list[str]:
    """What became of each movement, in the order in which they were booked."""
    return list(BankLine.objects.order_by("booked_on", "id").values_list("state", flat=True))


def customer(key: str = "C-1") -> Customer:
    return Customer.objects.get(key=key)


def all_rows(*kinds: type[models.Model]) -> dict[str, list[dict[str, object]]]:
    """Every row of these models, to compare before with after."""
    return {kind.__name__: list(kind.objects.order_by("pk").values()) for kind in kinds}  # type: ignore[attr-defined]


def rules(taking: Taking | TakenIn) -> list[str]:
    return [complaint.rule for _, complaint in taking.complaints]


def live(
    creditor: Creditor, *ledger_rows: ItemRecord, today: date = TODAY, bank: Sequence[StatementLine] | None = None
) -> Reviewed:
    """One day as the command lives it: yesterday is said, the files are taken in, every customer is looked at."""
    actions.close_days_before(creditor, today, written=lambda path: True)
    if ledger_rows:
        take(creditor, *ledger_rows, today=today)
    if bank is not None:
        receive(creditor, *bank, today=today)
    done = actions.review(creditor, procedure(), today, None)
    notices.write(creditor, today, None)
    log.seal(creditor)
    assert log.verify(creditor) == []
    return done


def messages(**which: Any) -> list[Message]:
    """Messages to customers, the oldest first."""
    return list(Message.objects.filter(act__in=("email", "thanks"), **which).order_by("id"))


def tasks(**which: Any) -> dict[str, str]:
    """The text of each task by its step, as it lies in the folder."""
    found = Message.objects.exclude(act__in=("email", "thanks", "staff")).filter(**({"state": "proposed"} | which))
    return {task.step: content(task).decode() for task in found.order_by("id")}


def content(message: Message) -> bytes:
    return bytes(Blob.objects.get(digest=message.blob).data)


def verdict(number: str = "F-1001") -> tuple[str, str]:
    """Outcome and rule of an item in the latest look."""
    found = item(number)
    kept = unpack(Look.objects.get(customer=found.customer_id).verdicts)
    (mine,) = [one for one in kept if one.item == found.pk]
    return mine.outcome.value, mine.rule

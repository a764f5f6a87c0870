"""Ledgers that say less than they might: what they leave out stays as it was, and what contradicts itself is said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from amable.adapters.invoices.spreadsheet import Spreadsheet
from amable.core.languages import LANGUAGES, say
from amable.ledger.intake import Sourced, Taking, take_ledger
from amable.ledger.models import Contact, Customer, Item
from amable.organisation.models import Creditor
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord
from tests.contexts.books import DAY, TODAY, all_rows, customer, item, paid, receive, row, rules, take

NARROW = frozenset(("customer_id", "invoice_number", "due_date", "open_amount"))


def take_file(creditor: Creditor, text: str, today: date = TODAY) -> Taking:
    """Take a CSV ledger in as the command does, with the numbers of the rows its reader could not use."""
    found = Spreadsheet().read(text.encode(), folders=(), heading_map={})
    records = [Sourced("ledger.csv", one) for one in found if isinstance(one, ItemRecord)]
    rejected = {one.item for one in found if isinstance(one, Complaint)}
    return take_ledger(creditor, records, [], today, rejected=rejected)


def only_open(amount: str, **facts: Any) -> ItemRecord:
    """A row of a ledger that shows what is open and no total."""
    return row(total=amount, total_stated=False, **facts)


# --- a ledger without totals ------------------------------------------------------------------------------------------


def test_a_payment_that_the_ledger_follows_does_not_count_twice(acting: Creditor) -> None:
    ledger = "customer_id,invoice_number,due_date,open_amount,currency\nC-1,F-1001,2026-03-03,{},EUR\n"
    take_file(acting, ledger.format("1000.00"), date(2026, 3, 12))
    receive(acting, paid("600.00", "F-1001", date(2026, 3, 13), name="C-1"), today=date(2026, 3, 13))
    assert item().open == 400_00
    take_file(acting, ledger.format("400.00"), date(2026, 3, 16))
    found = item()
    assert (found.total, found.ledger_open, found.open, found.settled_on) == (1000_00, 400_00, 400_00, None)
    take_file(acting, ledger.format("0.00"), date(2026, 3, 17))
    assert (item().total, item().open) == (1000_00, 0)


@pytest.mark.parametrize(
    ("before", "now", "total", "open_"),
    [("1000", "400", 1000, 400), ("400", "1000", 1000, 1000), ("-50", "-20", -50, -20), ("50", "-20", -20, -20)],
    ids=["less", "more", "credit note", "turned round"],
)
def test_a_total_that_is_not_stated_is_the_most_that_was_open(
    acting: Creditor, before: str, now: str, total: int, open_: int
) -> None:
    take(acting, only_open(before))
    take(acting, only_open(now))
    assert (item().total, item().open) == (total * 100, open_ * 100)


def test_a_total_that_is_stated_is_believed(acting: Creditor) -> None:
    take(acting, row(total="1000"))
    take(acting, row(total="400"))
    assert (item().total, item().open) == (400_00, 400_00)


# --- columns that are not there ---------------------------------------------------------------------------------------

FULL: dict[str, Any] = {
    "opt_out": ("email",), "pause_until": date(2026, 5, 1), "segment": "A", "address": "Calle 1", "kind": "company",
    "language": "fr", "timezone": "Europe/Madrid", "account_manager": "Eva", "phone": "600",
    "account_manager_email": "eva@turia.example", "payment_method": "Domiciliación", "applies_to": "F-9",
    "po_number": "PO 7", "description": "Obra", "disputed": True, "promise_date": date(2026, 3, 20),
    "delivered": date(2026, 1, 3),
}  # fmt: skip
EMPTY: dict[str, Any] = {
    "customer_name": "", "contact_name": "", "email": "", "country": "", "region": "", "tax_id": "", "currency": "",
    "issue_date": None,
}  # fmt: skip


def test_a_ledger_without_a_column_leaves_what_was_known(acting: Creditor) -> None:
    take(acting, row(**FULL))
    before = all_rows(Customer, Contact, Item)
    take(acting, row(columns=NARROW, **EMPTY))
    assert all_rows(Customer, Contact, Item) == before


def test_an_empty_cell_of_a_column_clears_it(acting: Creditor) -> None:
    take(acting, row(**FULL))
    take(acting, row(columns=NARROW | FULL.keys() | EMPTY.keys(), **EMPTY))
    found, who, contact = item(), customer(), Contact.objects.get()
    assert (found.disputed, found.promised_on, found.delivered, found.delivered_on) == (False, None, None, None)
    assert (found.applies_to, found.po_number, found.description, found.issued_on) == ("", "", "", None)
    assert found.direct_debit is False
    assert (who.opt_out, who.pause_until, who.segment, who.address, who.kind, who.timezone) == (
        "",
        None,
        "",
        "",
        "",
        "",
    )
    assert (who.name, who.tax_id, who.country, who.language, who.payment_method) == ("C-1", "", "", "es", "")
    assert (contact.name, contact.email, contact.phone) == ("", "", "")


def test_a_column_of_one_file_is_heard_beside_a_file_without_it(acting: Creditor) -> None:
    take(acting, row("F-1", opt_out=("email",), columns=NARROW | {"opt_out"}))
    take(acting, row("F-1", columns=NARROW | {"opt_out"}), row("F-2", columns=NARROW))
    assert customer().opt_out == ""
    take(acting, row("F-1", opt_out=("sms",), columns=NARROW | {"opt_out"}), row("F-2", columns=NARROW))
    assert customer().opt_out == "sms"


def test_a_refusal_and_a_dispute_survive_a_narrower_file(acting: Creditor) -> None:
    take_file(
        acting,
        "customer_id,invoice_number,due_date,total,currency,opt_out,disputed,delivered_date,email\n"
        "C-1,F-1,2026-03-03,100.50,EUR,email,yes,2026-01-03,ana@miro.example\n",
    )
    before = all_rows(Customer, Contact, Item)
    assert (customer().opt_out, item("F-1").disputed, item("F-1").delivered_on) == ("email", True, date(2026, 1, 3))
    take_file(acting, "customer_id,invoice_number,due_date,total\nC-1,F-1,2026-03-03,100.50\n")
    assert all_rows(Customer, Contact, Item) == before
    take_file(
        acting,
        "customer_id,invoice_number,due_date,total,opt_out,disputed,delivered_date\nC-1,F-1,2026-03-03,100.50,,,\n",
    )
    assert (customer().opt_out, item("F-1").disputed, item("F-1").delivered_on) == ("", False, None)
    assert Contact.objects.get().email == "ana@miro.example"


def test_a_currency_without_its_column_stays(acting: Creditor) -> None:
    take(acting, row(currency="JPY", total="500"))
    take(acting, row(currency="", total="500", columns=NARROW))
    assert (item().currency, item().total) == ("JPY", 500)
    taking = take(acting, row(currency="", total="500.50", columns=NARROW))
    assert (rules(taking), taking.missing_items, item().total) == (["amount_too_precise"], 0, 500)


@pytest.mark.parametrize(
    ("stated", "language"), [("", "ro"), ("es", "ro"), ("fr", "fr")], ids=["followed", "the same", "stated"]
)
def test_a_language_that_followed_from_the_country_follows_the_new_one(
    acting: Creditor, stated: str, language: str
) -> None:
    take(acting, row(country="ES", language=stated))
    take(acting, row(country="RO", region="", columns=NARROW | {"country"}))
    assert customer().language == language


def test_a_region_does_not_outlive_its_country(acting: Creditor) -> None:
    take(acting, row(timezone="Europe/Madrid"))
    take(acting, row(country="FR", region="", columns=NARROW | {"country"}))
    assert (customer().country, customer().region, customer().timezone) == ("FR", "", "")


# --- settled, and yet not ---------------------------------------------------------------------------------------------


def test_nothing_was_settled_after_the_day_of_the_run(acting: Creditor) -> None:
    take(acting, row())
    taking = take(acting, row(settled_date=TODAY + DAY))
    assert (rules(taking), taking.missing_items, item().open) == (["settled_in_future"], 0, 500_00)
    for language in LANGUAGES:
        for part in ("complaint", "advice"):
            assert say(f"{part}.settled_in_future", language, **taking.complaints[0][1].params)
    take(acting, row(settled_date=TODAY))
    assert item().open == 0


# --- in the ledger, but rejected --------------------------------------------------------------------------------------


def test_an_item_of_a_rejected_row_is_not_missing(acting: Creditor) -> None:
    head = "customer_id,invoice_number,due_date,total,open_amount,settled_date\n"
    take_file(acting, f"{head}C-1,F-1,2026-03-03,10,10,\nC-1,F-2,2026-03-03,20,20,\nC-1,F-3,2026-03-03,30,30,\n")
    before = all_rows(Item)["Item"][1]
    taking = take_file(acting, f"{head}C-1,F-1,2026-03-03,10,10,\nC-1,F-2,2026-03-03,20,20,2026-03-16\n")
    assert taking.missing_items == 1
    assert all_rows(Item)["Item"][1] == before
    assert item("F-3").missing_since == TODAY


def test_an_item_whose_amounts_cannot_be_right_is_not_missing(acting: Creditor) -> None:
    take(acting, row())
    taking = take(acting, row(open_amount=Decimal(501)))
    assert (rules(taking), taking.missing_items, item().missing_since) == (["open_exceeds_total"], 0, None)


# --- suspected duplicates ---------------------------------------------------------------------------------------------

TWICE = (row("F-2026/0012"), row("f 2026 12"))


def test_nothing_stays_suspected_when_the_other_is_settled(acting: Creditor) -> None:
    take(acting, *TWICE)
    assert item("f 2026 12").duplicate_of == "F-2026/0012"
    take(acting, row("F-2026/0012", open_amount=Decimal(0)), TWICE[1])
    assert item("f 2026 12").duplicate_of == ""


def test_nothing_stays_suspected_when_the_other_is_gone(acting: Creditor) -> None:
    take(acting, *TWICE)
    take(acting, TWICE[1])
    assert item("f 2026 12").duplicate_of == ""
    take(acting, *TWICE)
    assert item("f 2026 12").duplicate_of == "F-2026/0012"


def test_a_settled_item_is_not_the_other_of_a_duplicate(acting: Creditor) -> None:
    take(acting, row("F-2026/0012", open_amount=Decimal(0), settled_date=TODAY))
    take(acting, row("F-2026/0012", open_amount=Decimal(0), settled_date=TODAY), TWICE[1])
    assert item("f 2026 12").duplicate_of == ""


def test_a_known_item_is_suspected_once_it_is_like_another(acting: Creditor) -> None:
    take(acting, TWICE[0], row("f 2026 12", "70.00"))
    assert item("f 2026 12").duplicate_of == ""
    take(acting, *TWICE)
    assert item("f 2026 12").duplicate_of == "F-2026/0012"

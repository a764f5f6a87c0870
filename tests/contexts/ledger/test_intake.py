"""A ledger taken in: rows become customers and items, nothing twice, nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from amable.core.languages import LANGUAGES, say
from amable.evidence.models import Entry, Personal
from amable.ledger import intake
from amable.ledger.models import Allocation, Contact, Customer, Item, Payment, Taken
from amable.organisation.models import Creditor
from tests.contexts.books import DAY, TODAY, all_rows, customer, item, paid, receive, row, rules, take

ROWS = (Customer, Contact, Item, Payment, Allocation, Taken)


# --- the same again ---------------------------------------------------------------------------------------------------


def test_the_same_ledger_again_changes_nothing(acting: Creditor) -> None:
    ledger = (
        row(),
        row("F-1002", "120.00", open_amount=Decimal(20), disputed=True, promise_date=date(2026, 3, 20)),
        row("AB-1", "-50.00"),
        row("F-2", "80.00", customer_id="", customer_name="Kovács", tax_id="", delivered=date(2026, 1, 3)),
        row("F-3", "80.00", customer_id="", settled_date=date(2026, 3, 1)),
    )
    first = take(acting, *ledger)
    before = all_rows(*ROWS)
    again = take(acting, *ledger)
    assert all_rows(*ROWS) == before
    assert (first.new_items, again.new_items, again.changed_items, again.missing_items) == (5, 0, 0, 0)


def test_a_new_day_adds_only_that_the_ledger_was_seen_again(acting: Creditor) -> None:
    take(acting, row())
    before = all_rows(Customer, Contact, Item)
    take(acting, row(), today=TODAY + DAY)
    assert all_rows(Customer, Contact, Item) == before
    assert Taken.objects.count() == 2


def test_changed_facts_are_taken_over(acting: Creditor) -> None:
    take(acting, row())
    changed = row(
        due_date=date(2026, 4, 1), description="Obra", po_number="PO 7", disputed=True, delivered=False,
        promise_date=date(2026, 3, 20), payment_method="Domiciliación", applies_to="F-9",
    )  # fmt: skip
    assert take(acting, changed).changed_items == 1
    found = item()
    assert (found.due_on, found.description, found.po_number) == (date(2026, 4, 1), "Obra", "PO 7")
    assert (found.disputed, found.promised_on, found.delivered) == (True, date(2026, 3, 20), False)
    assert (found.direct_debit, found.applies_to) == (True, "F-9")


def test_a_row_of_other_batches_is_no_other_row(acting: Creditor) -> None:
    ledger = [row(f"F-{n}", "10.00", line=n, customer_id=f"C-{n % 7}") for n in range(2300)]
    assert take(acting, *ledger).new_items == 2300
    before = all_rows(Customer, Contact, Item)
    again = take(acting, *ledger)
    assert (again.new_items, again.changed_items, again.missing_items, again.complaints) == (0, 0, 0, [])
    assert all_rows(Customer, Contact, Item) == before
    assert Customer.objects.count() == 7


# --- settled, reopened, missing ---------------------------------------------------------------------------------------


def test_an_item_the_ledger_calls_paid_is_settled_by_this_run(acting: Creditor) -> None:
    take(acting, row())
    taking = take(acting, row(open_amount=Decimal(0), settled_date=date(2026, 3, 16)), today=TODAY + DAY)
    found = item()
    assert taking.settled_items == 1
    assert (found.open, found.settled_on, found.settled_in_run) == (0, date(2026, 3, 16), TODAY + DAY)
    assert '"paid.ledger"' in found.settled_by


def test_a_settled_date_settles_whatever_the_open_amount_says(acting: Creditor) -> None:
    take(acting, row())
    take(acting, row(settled_date=date(2026, 3, 16)))
    assert item().open == 0


def test_history_is_settled_by_no_run(acting: Creditor) -> None:
    take(acting, row(open_amount=Decimal(0), settled_date=date(2026, 1, 9)))
    found = item()
    assert (found.settled_on, found.settled_in_run, found.settled_by) == (date(2026, 1, 9), None, "")


def test_a_settled_item_that_is_open_again_begins_a_new_cycle(acting: Creditor) -> None:
    take(acting, row())
    take(acting, row(open_amount=Decimal(0)))
    take(acting, row())
    found = item()
    assert (found.open, found.cycle, found.settled_on, found.settled_in_run, found.settled_by) == (
        500_00, 2, None, None, "",
    )  # fmt: skip
    take(acting, row(open_amount=Decimal(0)))
    take(acting, row(open_amount=Decimal(100)))
    assert (item().open, item().cycle) == (100_00, 3)


def test_an_item_the_ledger_no_longer_shows_is_missing_until_it_comes_back(acting: Creditor) -> None:
    take(acting, row(), row("F-1002"))
    assert take(acting, row(), today=TODAY + DAY).missing_items == 1
    assert (item().missing_since, item("F-1002").missing_since) == (None, TODAY + DAY)
    assert take(acting, row(), today=TODAY + 2 * DAY).missing_items == 0
    assert item("F-1002").missing_since == TODAY + DAY
    take(acting, row(), row("F-1002"), today=TODAY + 3 * DAY)
    assert item("F-1002").missing_since is None


def test_a_settled_item_may_leave_the_ledger(acting: Creditor) -> None:
    take(acting, row(), row("F-1002"))
    take(acting, row(open_amount=Decimal(0)), row("F-1002"))
    assert take(acting, row("F-1002")).missing_items == 0


def test_nothing_is_missing_when_a_file_could_not_be_read(acting: Creditor) -> None:
    take(acting, row(), row("F-1002"))
    assert take(acting, row(), whole=False).missing_items == 0
    assert item("F-1002").missing_since is None


# --- who the customer is ----------------------------------------------------------------------------------------------


def test_a_customer_is_known_by_id_then_tax_id_then_name(acting: Creditor) -> None:
    take(
        acting,
        row("F-1"),
        row("F-2", customer_id="", tax_id="B12345674"),
        row("F-3", customer_id="", tax_id="", customer_name="Panadería Núñez, S.L."),
        row("F-4", customer_id="", tax_id="", customer_name="NUNEZ PANADERIA SL"),
    )
    keys = dict(Customer.objects.values_list("key", "keyed_by"))
    assert keys == {"C-1": "id", "B12345674": "tax_id", "nunez panaderia|sl": "name"}
    assert item("F-3").customer_id == item("F-4").customer_id


def test_a_name_of_nothing_but_signs_is_still_somebody(acting: Creditor) -> None:
    take(acting, row("F-1", customer_id="", tax_id="", customer_name="???"))
    assert Customer.objects.get().name == "???"


def test_very_long_names_that_begin_alike_are_two_customers(acting: Creditor) -> None:
    long = "comunidad de propietarios " * 30
    take(
        acting,
        row("F-1", customer_id="", tax_id="", customer_name=f"{long} zaragoza"),
        row("F-2", customer_id="", tax_id="", customer_name=f"{long} zamora"),
    )
    assert Customer.objects.count() == 2
    assert max(map(len, Customer.objects.values_list("key", flat=True))) <= 200


@pytest.mark.parametrize(
    ("before", "key"),
    [({"customer_id": "", "tax_id": ""}, "miro talleres|sl"), ({"customer_id": ""}, "B46999996")],
    ids=["by name", "by tax id"],
)
def test_a_customer_who_is_given_an_identifier_stays_the_same(
    acting: Creditor, before: dict[str, str], key: str
) -> None:
    take(acting, row(**before))
    known = Customer.objects.get()
    assert known.key == key
    taking = take(acting, row())
    assert customer().pk == known.pk
    assert customer().keyed_by == "id"
    assert (Item.objects.count(), taking.missing_items) == (1, 0)
    entry = Entry.objects.get(kind="customer.rekeyed")
    assert dict(Personal.objects.filter(entry=entry).values_list("field", "value")) == {"before": key, "key": "C-1"}
    take(acting, row())
    assert Entry.objects.filter(kind="customer.rekeyed").count() == 1


def test_nobody_is_taken_for_another_when_several_may_be_meant(acting: Creditor) -> None:
    take(acting, row("F-1", customer_id="", tax_id=""))
    take(acting, row("F-1", customer_id="C-1", tax_id=""), row("F-2", customer_id="C-2", tax_id=""))
    assert Customer.objects.count() == 3
    assert Item.objects.filter(missing_since=None).count() == 2


def test_nobody_is_taken_for_another_against_a_tax_id(acting: Creditor) -> None:
    take(acting, row("F-1", customer_id="", tax_id="B12345674", customer_name="Ana"))
    Customer.objects.update(key="ana", keyed_by="name")
    take(acting, row("F-1", customer_id="C-9", tax_id="B99999999", customer_name="Ana"))
    assert Customer.objects.count() == 2


def test_nobody_is_taken_for_another_who_is_still_named_so(acting: Creditor) -> None:
    take(acting, row("F-1", customer_id="", tax_id=""))
    take(acting, row("F-1", customer_id="", tax_id=""), row("F-2", tax_id=""))
    assert Customer.objects.count() == 2


def test_an_identifier_that_is_also_the_tax_id_counts_as_the_firmer(acting: Creditor) -> None:
    take(acting, row("F-1", customer_id="", tax_id="B46999996"))
    take(acting, row("F-1", customer_id="B46999996"), row("F-2", customer_id=""))
    assert Customer.objects.get().keyed_by == "id"


def test_an_invoice_of_another_customer_is_another_item(acting: Creditor) -> None:
    """Nothing tells whether it was moved or is another's of that number: the old one is missing, so asked about."""
    take(acting, row())
    take(acting, row(customer_id="C-2", tax_id=""))
    assert item(customer__key="C-1").missing_since == TODAY
    assert item(customer__key="C-2").missing_since is None


# --- what rows say of their customer ----------------------------------------------------------------------------------


def test_a_refusal_in_one_row_is_heard_whatever_the_others_say(acting: Creditor) -> None:
    take(acting, row("F-1", opt_out=("email",)), row("F-2", opt_out=("sms",)), row("F-3"))
    assert customer().opt_out == "email,sms"


def test_a_pause_in_one_row_is_kept(acting: Creditor) -> None:
    until = date(2026, 5, 1)
    take(acting, row("F-1", pause_until=until), row("F-2", pause_until=until - DAY), row("F-3"))
    assert customer().pause_until == until


def test_what_only_an_earlier_row_says_is_kept(acting: Creditor) -> None:
    take(
        acting,
        row("F-1", address="Calle 1", segment="A", account_manager="Eva", account_manager_email="eva@turia.example"),
        row("F-2", contact_name="", email="", country="", region="", tax_id=""),
    )
    found = customer()
    assert (found.address, found.segment, found.manager_email) == ("Calle 1", "A", "eva@turia.example")
    assert (found.country, found.region, found.tax_id) == ("ES", "VC", "B46999996")
    assert Contact.objects.get().email == "ana@miro.example"


def test_the_later_row_wins_where_both_speak(acting: Creditor) -> None:
    take(
        acting,
        row("F-1"),
        row("F-2", customer_name="Talleres Miró Hermanos, S.L.", email="eva@miro.example", contact_name=""),
    )
    contact = Contact.objects.get()
    assert customer().name == "Talleres Miró Hermanos, S.L."
    assert (contact.name, contact.email) == ("", "eva@miro.example")  # never one person's name with another's address


def test_a_region_goes_with_its_country(acting: Creditor) -> None:
    take(acting, row("F-1"), row("F-2", country="FR", region=""))
    assert (customer().country, customer().region) == ("FR", "")


def test_what_rows_say_is_heard_across_batches(acting: Creditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_BATCH", 1)
    take(acting, row("F-1", opt_out=("email",), address="Calle 1"), row("F-2", contact_name="", email=""))
    assert (customer().opt_out, customer().address) == ("email", "Calle 1")
    assert Contact.objects.get().email == "ana@miro.example"


def test_what_a_later_ledger_no_longer_says_is_gone(acting: Creditor) -> None:
    take(acting, row(opt_out=("email",), pause_until=date(2026, 5, 1)))
    take(acting, row(email="", contact_name=""))
    assert (customer().opt_out, customer().pause_until) == ("", None)
    assert Contact.objects.get().email == ""


@pytest.mark.parametrize(
    ("facts", "language"),
    [({"language": "fr"}, "fr"), ({"country": "RO"}, "ro"), ({"country": "DE"}, "es"), ({"country": ""}, "es")],
)
def test_the_language_is_the_rows_the_countrys_or_the_creditors(
    acting: Creditor, facts: dict[str, str], language: str
) -> None:
    take(acting, row(**facts))
    assert customer().language == language


# --- the same number twice --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 1000])
def test_the_same_item_twice_is_taken_once_and_said(
    acting: Creditor, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_BATCH", batch)
    for _ in range(2):
        taking = take(acting, row(), row(total="70.00", line=9), row(instalment="2"))
        assert [(c.rule, c.line) for _, c in taking.complaints] == [("duplicate_in_files", 9)]
        assert sorted(Item.objects.values_list("instalment", "total")) == [("", 500_00), ("2", 500_00)]


def test_a_number_written_otherwise_for_the_same_amount_is_suspected(acting: Creditor) -> None:
    take(acting, row("F-2026/0012"), row("f 2026 12"), row("F 2026-13"), row("F-2026-012", "70.00"))
    assert dict(Item.objects.values_list("number", "duplicate_of")) == {
        "F-2026/0012": "", "f 2026 12": "F-2026/0012", "F 2026-13": "", "F-2026-012": "",
    }  # fmt: skip


def test_a_number_suspected_against_an_earlier_ledger(acting: Creditor) -> None:
    take(acting, row("F-2026/0012"))
    take(acting, row("F-2026/0012"), row("f 2026 12"))
    assert item("f 2026 12").duplicate_of == "F-2026/0012"


# --- amounts, terms, texts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("country", "currency"), [("ES", "EUR"), ("RO", "RON"), ("MD", "MDL"), ("GB", "GBP")])
def test_a_ledger_without_a_currency_is_in_the_creditors(acting: Creditor, country: str, currency: str) -> None:
    acting.country = country
    take(acting, row(currency=""))
    assert item().currency == currency


def test_without_currency_and_country_there_is_no_amount(acting: Creditor) -> None:
    acting.country = ""
    assert rules(take(acting, row(currency=""))) == ["currency_unknown"]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"currency": "XXQ"}, "currency_unknown"),
        ({"currency": "eur"}, "currency_unknown"),
        ({"total": Decimal("10.001")}, "amount_too_precise"),
        ({"total": Decimal("10.5"), "open_amount": Decimal(10), "currency": "JPY"}, "amount_too_precise"),
        ({"open_amount": Decimal("500.01")}, "open_exceeds_total"),
        ({"open_amount": Decimal(-1)}, "open_exceeds_total"),
        ({"total": Decimal(-10), "open_amount": Decimal(10)}, "open_exceeds_total"),
        ({"total": Decimal(-10), "open_amount": Decimal(-11)}, "open_exceeds_total"),
        ({"total": Decimal(10) ** 13, "open_amount": Decimal(0)}, "amount_too_large"),
        ({"total": Decimal("1e400"), "open_amount": Decimal(1)}, "amount_too_large"),
        ({"invoice_number": "9" * 201}, "identifier_too_long"),
        ({"customer_id": "C" * 201}, "identifier_too_long"),
        ({"customer_id": "", "tax_id": "B" * 201}, "identifier_too_long"),
        ({"instalment": "1" * 201}, "identifier_too_long"),
    ],
)
def test_a_row_that_cannot_be_right_is_said_and_the_others_land(
    acting: Creditor, facts: dict[str, object], rule: str
) -> None:
    taking = take(acting, replace(row(line=7), **facts), row("F-1002"))  # type: ignore[arg-type]
    assert [(file, c.rule, c.line) for file, c in taking.complaints] == [("ledger.csv", rule, 7)]
    assert list(Item.objects.values_list("number", flat=True)) == ["F-1002"]
    complaint = taking.complaints[0][1]
    for language in LANGUAGES:  # whatever is complained of can be said
        assert say(f"complaint.{rule}", language, **complaint.params)
        assert say(f"advice.{rule}", language, **complaint.params)


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("EUR", "0.01", 1), ("JPY", "500", 500), ("KWD", "1.234", 1234), ("EUR", "1e3", 1000_00)],
)
def test_amounts_are_minor_units_of_their_currency(acting: Creditor, currency: str, amount: str, minor: int) -> None:
    take(acting, row(total=amount, currency=currency))
    assert item().total == minor


def test_the_largest_amount_that_is_believed(acting: Creditor) -> None:
    take(acting, row(total="9999999999999.99"))
    assert item().open == 10**15 - 1


def test_a_negative_item_is_a_credit_note(acting: Creditor) -> None:
    take(acting, row("AB-1", "-50.00", open_amount=Decimal(-20)))
    assert (item("AB-1").kind, item("AB-1").open) == ("credit_note", -20_00)


def test_terms_are_counted_from_the_issue_date(acting: Creditor) -> None:
    take(acting, row(due_date=None, terms_days=60))
    assert item().due_on == date(2026, 1, 2) + timedelta(days=60)


TEXTS = (
    "customer_name", "contact_name", "phone", "address", "segment", "account_manager", "payment_method", "description",
    "applies_to", "po_number", "email", "account_manager_email",
)  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_of_any_length_lands(acting: Creditor, name: str) -> None:
    long = "ș" * 5000
    assert take(acting, row(**{name: long})).complaints == []
    kept = [customer().name, *Contact.objects.values_list("name", "phone", "email")[0], customer().address]
    kept += [customer().segment, customer().manager_name, customer().payment_method, customer().manager_email]
    assert long in [*kept, item().description, item().applies_to, item().po_number]


@pytest.mark.parametrize("sign", ["\x00", "\ud800"])
def test_signs_no_database_keeps_are_replaced(acting: Creditor, sign: str) -> None:
    take(acting, row(f"F{sign}1", customer_name=f"An{sign}a", description=f"{sign}", customer_id=f"C{sign}1"))
    assert customer("C\ufffd1").name == "An\ufffda"
    assert item("F\ufffd1").description == "\ufffd"
    take(acting, row(f"F{sign}1", customer_name=f"An{sign}a", description=f"{sign}", customer_id=f"C{sign}1"))
    assert Item.objects.count() == 1


# --- the ledger and what the bank told --------------------------------------------------------------------------------


def test_a_payment_survives_a_ledger_that_still_shows_the_item_open(acting: Creditor) -> None:
    take(acting, row())
    receive(acting, paid("500.00", "F-1001"))
    take(acting, row(description="Obra"), today=TODAY + DAY)
    found = item()
    assert (found.open, found.settled_in_run, found.cycle, found.ledger_open) == (0, TODAY, 1, 500_00)


def test_ledger_and_bank_are_never_added_up(acting: Creditor) -> None:
    take(acting, row())
    receive(acting, paid("200.00", "F-1001"))
    take(acting, row(open_amount=Decimal(300)))
    assert item().open == 300_00
    take(acting, row(open_amount=Decimal(250)))
    assert item().open == 250_00
    take(acting, row(open_amount=Decimal(400)))
    assert item().open == 300_00


def test_an_item_settled_by_the_bank_stays_so_when_the_ledger_follows(acting: Creditor) -> None:
    take(acting, row())
    receive(acting, paid("500.00", "F-1001"))
    before = all_rows(Item)["Item"][0]
    take(acting, row(open_amount=Decimal(0), settled_date=TODAY), today=TODAY + DAY)
    assert all_rows(Item)["Item"][0] == before | {"ledger_open": 0}


def test_a_promise_that_becomes_known_is_noted_on_that_day(acting: Creditor) -> None:
    take(acting, row("F-1"), row("F-2", promise_date=date(2026, 3, 20)))
    take(
        acting,
        row("F-1", promise_date=date(2026, 3, 25)),
        row("F-2", promise_date=date(2026, 3, 20)),
        today=TODAY + DAY,
    )
    assert item("F-1").promise_noted_on == TODAY + DAY
    assert item("F-2").promise_noted_on is None  # it came with the item: nobody knows since when
    take(acting, row("F-1", promise_date=date(2026, 3, 25)), row("F-2"), today=TODAY + 2 * DAY)
    assert item("F-1").promise_noted_on == TODAY + DAY
    take(acting, row("F-1"), row("F-2", promise_date=date(2026, 3, 30)), today=TODAY + 3 * DAY)
    assert item("F-1").promise_noted_on is None
    assert item("F-2").promise_noted_on == TODAY + 3 * DAY


def test_a_discount_is_kept_with_the_item(acting: Creditor) -> None:
    take(acting, row("F-1", discount_percent=Decimal("2.5"), discount_until=date(2026, 3, 1)))
    assert (item("F-1").discount_percent, item("F-1").discount_until) == (Decimal("2.5"), date(2026, 3, 1))
    take(acting, row("F-1"))
    assert (item("F-1").discount_percent, item("F-1").discount_until) == (None, None)

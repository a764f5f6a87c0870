"""Two customers made one: what moves, what the next ledger and the next payment find, and how it is undone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps

from amable.agreements import actions as agreements
from amable.agreements.models import Promise
from amable.banking import actions as banking
from amable.banking.models import BankLine, PayerAccount
from amable.core.agreements import Ground, instalments_of
from amable.core.duplicates import RefusedError
from amable.correspondence.models import Message, MessageItem
from amable.dunning import actions, duplicates, holds, merging
from amable.dunning.dossier import setting
from amable.dunning.finding import search
from amable.dunning.merging import ABOUT_ITEMS, MOVED, ONE_EACH, merge, obstacles, tell_apart, undo
from amable.dunning.models import Ask, Look
from amable.evidence import log
from amable.evidence.models import Entry
from amable.ledger import notes, queries
from amable.ledger.corrections import correct, name_contact
from amable.ledger.models import Apart, Contact, Customer, Item, Merged, Payment, Taken
from amable.organisation.models import Creditor
from amable.plugs.invoices import ItemRecord
from tests.cast import procedure
from tests.contexts.books import DAY, TODAY, all_rows, customer, item, live, paid, receive, row, rules, take
from tests.contexts.office import NOON

BY: dict[str, Any] = {"today": TODAY, "by": "lucia@turia.example"}
AT: dict[str, Any] = BY | {"now": NOON}
OTHER_IBAN = "ES6099990001440000000022"


def other(number: str = "F-2001", total: str = "300.00", **facts: Any) -> ItemRecord:
    """A row of the same workshop under another number: no tax id, another spelling, another contact."""
    said = {
        "customer_id": "C-9", "customer_name": "TALLERES MIRO SL", "tax_id": "", "email": "taller@miro.example",
        "contact_name": "Pere Miró",
    }  # fmt: skip
    return row(number, total, **(said | facts))


@pytest.fixture
def two(acting: Creditor) -> tuple[Customer, Customer]:
    """The workshop, twice in the ledger."""
    take(acting, row(), other())
    return customer("C-1"), customer("C-9")


def everything(creditor: Creditor) -> dict[str, list[dict[str, object]]]:
    """Every row but the record and when customers are looked at, which an undo brings forward."""
    mine = [model for model in apps.get_models() if model.__module__.startswith("amable.")]
    kept = all_rows(
        *(
            m
            for m in mine
            if hasattr(m, "creditor") and m._meta.app_label not in ("evidence", "work") and m is not Taken
        )
    )
    for one in kept["Customer"]:
        one["review_on"] = None
    return kept


def entries(kind: str) -> list[dict[str, Any]]:
    return [json.loads(body) for body in Entry.objects.filter(kind=kind).order_by("pk").values_list("body", flat=True)]


# --- what moves -------------------------------------------------------------------------------------------------------


def test_every_table_that_points_at_a_customer_or_an_item_is_thought_of(acting: Creditor) -> None:
    """A table that is added later says in `merging` what becomes of its rows."""
    for model, known in ((Customer, (*MOVED, *ONE_EACH)), (Item, ABOUT_ITEMS)):
        pointing = {field.related_model for field in model._meta.get_fields(include_hidden=True) if field.auto_created
                    and not field.concrete and field.is_relation}  # fmt: skip
        assert pointing == set(known)


def test_all_that_was_theirs_is_the_others(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    stays, goes = two
    furnish(goes)
    receive(acting, paid("300.00", "F-2001", iban=OTHER_IBAN, name="Talleres Miro"))
    before = {model: model.objects.count() for model in MOVED if model is not Merged}
    merged = merge(stays, goes, **AT)
    assert not Customer.objects.filter(pk=goes.pk).exists()
    assert {model: model.objects.count() for model in before} == before
    for model in (*MOVED, Contact):
        if model not in (Merged, BankLine):
            assert set(model.objects.values_list("customer", flat=True)) <= {stays.pk, None}, model.__name__
    assert (item("F-2001").customer_id, item("F-2001").open) == (stays.pk, 0)
    assert sorted(Contact.objects.values_list("role", "email")) == [
        ("approver", "boss@miro.example"), ("billing", "ana@miro.example"),
    ]  # fmt: skip
    assert (merged.key, merged.name, merged.was) == ("C-9", "TALLERES MIRO SL", goes.pk)
    assert customer().review_on == TODAY
    (told,) = entries("customer.merged")
    assert (told["customer"], told["was"], told["items"], told["payments"]) == (stays.pk, goes.pk, 1, 1)
    log.seal(acting)
    assert log.verify(acting) == []


def furnish(of: Customer) -> None:
    """A row of every kind a person states of a customer."""
    (mine,) = Item.objects.filter(customer=of)
    about: dict[str, Any] = {"currency": "EUR", "items": [mine.pk]}
    agreements.promise(of, amount=100_00, on=TODAY + 3 * DAY, said_by="Pere", **about, **AT)
    agreements.dispute(of, ground=Ground.PRICE, note="", parts={mine.pk: 100}, **AT)
    ended = agreements.plan(of, instalments=instalments_of(mine.open, 2, TODAY + 9 * DAY, 7), note="", **about, **AT)
    agreements.end_plan(ended, **AT)
    notes.write(of, "Prefers the telephone.", **AT)
    holds.hold(of, TODAY + 5 * DAY, "On holiday", TODAY, NOON, by="lucia")
    Ask.objects.create(creditor=of.creditor, customer=of, day=TODAY, asked_at=NOON, asked_by="lucia")
    name_contact(of, "approver", name="Boss", email="boss@miro.example", phone="", **BY)


def test_what_nobody_knew_of_who_stays_is_filled_in_and_a_refusal_stands(acting: Creditor) -> None:
    bare = {"email": "", "phone": "", "contact_name": "", "tax_id": "", "address": ""}
    take(acting, row(**bare), other(
        phone="+34 600 000 001", address="Calle Colón 1, 46004 València", tax_id="B46999996", opt_out=("sms",)
    ))  # fmt: skip
    merge(customer("C-1"), customer("C-9"), **AT)
    stays, contact = customer(), Contact.objects.get(role="billing")
    assert (stays.tax_id, stays.address, stays.opt_out) == ("B46999996", "Calle Colón 1, 46004 València", "sms")
    assert (contact.name, contact.email, contact.phone) == ("Pere Miró", "taller@miro.example", "+34 600 000 001")
    take(acting, row(**bare), today=TODAY + DAY)  # a ledger without the other row: whatever it says, no text message
    assert customer().opt_out == "sms"


def test_who_stays_keeps_its_own_contact(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    merge(*two, **AT)
    assert Contact.objects.get(role="billing").email == "ana@miro.example"


@pytest.mark.parametrize(("tax_id", "rule"), [("B46000002", "tax_ids"), ("ES-B46999996", "")])
def test_two_tax_ids_are_two_customers(acting: Creditor, tax_id: str, rule: str) -> None:
    take(acting, row(), other(tax_id=tax_id))
    before = everything(acting)
    if not rule:
        merge(customer("C-1"), customer("C-9"), **AT)
        return
    with pytest.raises(RefusedError, match=rule):
        merge(customer("C-1"), customer("C-9"), **AT)
    assert everything(acting) == before


def test_nobody_is_merged_into_itself_nor_twice(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    stays, goes = two
    with pytest.raises(RefusedError, match="same"):
        merge(stays, stays, **AT)
    merge(stays, goes, **AT)
    with pytest.raises(RefusedError, match="gone"):
        merge(stays, goes, **AT)


# --- the next ledger and the next payment -----------------------------------------------------------------------------


def test_the_next_ledger_finds_who_stayed_under_either_number(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    merge(*two, **AT)
    taking = take(acting, row(), other(), row("F-1002"), other("F-2002"), today=TODAY + DAY)
    assert rules(taking) == []
    assert (Customer.objects.count(), taking.new_items, taking.missing_items) == (1, 2, 0)
    stays = customer()
    assert (stays.name, stays.tax_id, stays.keyed_by) == ("Talleres Miró, S.L.", "B46999996", "id")
    assert Contact.objects.get().email == "ana@miro.example"  # the other row does not overrule its own
    again = take(acting, other(), row(), other("F-2002"), row("F-1002"), today=TODAY + 2 * DAY)
    assert (again.new_items, again.changed_items, again.missing_items) == (0, 0, 0)
    assert (customer().name, Contact.objects.get().email) == ("Talleres Miró, S.L.", "ana@miro.example")


@pytest.mark.parametrize("facts", [{"customer_id": ""}, {"customer_id": "", "customer_name": "Talleres Miró"}])
def test_a_row_by_name_is_theirs_too(acting: Creditor, two: tuple[Customer, Customer], facts: dict[str, str]) -> None:
    merge(*two, **AT)
    take(acting, other("F-2003", **facts), today=TODAY + DAY)
    assert Customer.objects.count() == 1


def test_a_merged_name_that_gets_a_number_stays_merged(acting: Creditor) -> None:
    """The ledger names a number for whom it knew by name: it is still the one that was merged."""
    take(acting, row(), other(customer_id="", customer_name="Miró Reparaciones, S.L."))
    gone = Customer.objects.exclude(key="C-1").get()
    merge(customer("C-1"), gone, **AT)
    later = {"customer_id": "C-77", "customer_name": "Miró Reparaciones, S.L."}
    take(acting, row(), other(**later), today=TODAY + DAY)
    take(acting, row(), other(**later), other("F-2002", **later), today=TODAY + 2 * DAY)
    assert Customer.objects.count() == 1
    assert (Merged.objects.get().key, Item.objects.count()) == ("C-77", 3)


def test_the_next_payment_finds_who_stayed_by_the_old_name_and_account(acting: Creditor) -> None:
    take(acting, row(), other(customer_name="Garaje Colón, S.L."))
    receive(acting, paid("100.00", "F-2001", iban=OTHER_IBAN, name="Garaje Colón"))
    merge(customer("C-1"), customer("C-9"), **AT)
    receive(acting, paid("200.00", "", iban=OTHER_IBAN, name="Garaje Colón", on=TODAY + DAY), today=TODAY + DAY)
    assert BankLine.objects.latest("pk").customer_id == customer().pk


def test_who_stayed_is_found_by_either_number(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    stays, goes = two
    assert queries.by_key(acting, "C-9") == goes
    merge(stays, goes, **AT)
    assert [queries.by_key(acting, key) for key in ("C-1", "C-9", "C-8")] == [stays, stays, None]
    assert [one.pk for one in search(acting, None, "C-9").customers] == [stays.pk]


def test_a_decision_about_a_line_from_before_can_still_be_undone(
    acting: Creditor, two: tuple[Customer, Customer]
) -> None:
    """What the line was before names the customer that went."""
    stays, goes = two
    receive(acting, paid("77.00", "thanks", iban=OTHER_IBAN, name="Pere"))
    line = BankLine.objects.get()
    banking.say_whose(line, goes, seen=banking.version(line), **AT)
    line.refresh_from_db()
    assert line.customer_id == goes.pk
    banking.leave(line, seen=banking.version(line), **AT)
    merge(stays, goes, **AT)
    line.refresh_from_db()
    banking.undo(line, seen=banking.version(line), **BY)
    line.refresh_from_db()
    assert (line.state, line.customer_id) == ("proposed", stays.pk)
    assert PayerAccount.objects.get().customer_id == stays.pk


# --- the same invoice at both -----------------------------------------------------------------------------------------


def test_an_invoice_that_both_have_is_one(acting: Creditor) -> None:
    """The ledger changed its customers' numbers: the old ones went missing, and all invoices came again."""
    take(acting, row(), row("F-1002"))
    receive(acting, paid("200.00", "F-1001"))
    live(acting, today=TODAY)
    live(acting, today=TODAY + DAY)
    new = {"customer_id": "N-1", "customer_name": "Talleres Miro"}
    take(
        acting,
        row(tax_id="", **new),
        row("F-1002", tax_id="", **new),
        row("F-1003", tax_id="", **new),
        today=TODAY + DAY,
    )
    old, fresh = item("F-1001", customer__key="C-1"), item("F-1001", customer__key="N-1")
    assert (old.missing_since, old.open, fresh.open) == (TODAY + DAY, 300_00, 500_00)
    told = MessageItem.objects.filter(item=old, withdrawn=False).count()
    before = everything(acting)
    merged = merge(customer("C-1"), customer("N-1"), **AT)
    assert Item.objects.count() == 3
    now = item("F-1001")
    assert (now.missing_since, now.open, now.allocated) == (None, 300_00, 200_00)
    assert MessageItem.objects.filter(item=now, withdrawn=False).count() == told
    taking = take(
        acting, *(row(number, tax_id="", **new) for number in ("F-1001", "F-1002", "F-1003")), today=TODAY + 2 * DAY
    )
    assert (taking.new_items, taking.changed_items, taking.missing_items) == (0, 0, 0)
    undo(merged, **BY)
    assert everything(acting) == before


def test_an_invoice_told_of_at_both_counts_as_told_twice(acting: Creditor) -> None:
    take(acting, row(), other("F-1001", "500.00"))
    live(acting, today=TODAY)
    live(acting, today=TODAY + DAY)
    both = MessageItem.objects.filter(withdrawn=False, step="early_late", message__state="said")
    assert both.count() == 2
    before = everything(acting)
    merged = merge(customer("C-1"), customer("C-9"), **AT)
    assert sorted(both.values_list("item__number", "occurrence")) == [("F-1001", 1), ("F-1001", 2)]
    undo(merged, **BY)
    assert everything(acting) == before


def test_two_invoices_of_one_number_are_not_one(acting: Creditor) -> None:
    take(acting, row(), other("F-1001", "300.00"))
    before = everything(acting)
    with pytest.raises(RefusedError, match="invoices_differ"):
        merge(customer("C-1"), customer("C-9"), **AT)
    assert everything(acting) == before


def test_an_invoice_paid_at_both_is_for_a_person(acting: Creditor) -> None:
    take(acting, row(), other("F-1001", "500.00", customer_name="Garaje Colón"))
    for key in ("C-1", "C-9"):
        by_hand(customer(key), 400_00, {item("F-1001", customer__key=key).pk: 400_00}, key)
    with pytest.raises(RefusedError, match="paid_twice"):
        merge(customer("C-1"), customer("C-9"), **AT)


def by_hand(of: Customer, amount: int, shares: dict[int, int], identity: str) -> Payment:
    from amable.ledger import actions as ledger

    money = ledger.Money(identity, of.pk, TODAY, "EUR", amount, "", "", "cash")
    return ledger.record_payment(of, money, shares=shares, **BY)


def test_an_invoice_paid_in_parts_at_both_is_settled(acting: Creditor) -> None:
    take(acting, row(), other("F-1001", "500.00"))
    by_hand(customer("C-1"), 200_00, {item("F-1001", customer__key="C-1").pk: 200_00}, "one")
    by_hand(customer("C-9"), 300_00, {item("F-1001", customer__key="C-9").pk: 300_00}, "two")
    before = everything(acting)
    merged = merge(customer("C-1"), customer("C-9"), **AT)
    now = item("F-1001")
    assert (now.open, now.settled_on, json.loads(now.settled_by)["rule"]) == (0, TODAY, "paid.by_hand")
    undo(merged, **BY)
    assert everything(acting) == before


# --- undone -----------------------------------------------------------------------------------------------------------


def test_undone_at_once_everything_is_as_it_was(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    stays, goes = two
    furnish(goes)
    correct(goes, facts={"opt_out": "sms", "language": "fr"}, contact={"phone": "+34 600 000 001"}, **AT)
    Ask.objects.create(creditor=acting, customer=stays, day=TODAY, asked_at=NOON, asked_by="marta")
    take(acting, row(), other(), row("F-5", customer_id="C-5", customer_name="Bodegas Requena", tax_id=""))
    tell_apart(goes, customer("C-5"), **AT)
    tell_apart(stays, goes, **AT)
    receive(acting, paid("100.00", "F-2001", iban=OTHER_IBAN), paid("12.00", "?", iban=OTHER_IBAN))
    live(acting, today=TODAY)
    live(acting, today=TODAY + DAY)
    before = everything(acting)
    merged = merge(stays, goes, **AT)
    assert [(one.one_id, one.other_id) for one in Apart.objects.all()] == [(stays.pk, customer("C-5").pk)]
    assert everything(acting) != before
    undo(merged, **BY)
    assert everything(acting) == before
    assert [one["was"] for one in entries("customer.parted")] == [goes.pk]
    assert {customer("C-1").review_on, customer("C-9").review_on} == {TODAY}


def test_what_came_since_goes_to_whose_it_is(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    stays, goes = two
    merged = merge(stays, goes, **AT)
    take(acting, row(), other(), row("F-1002"), other("F-2002"), today=TODAY + DAY)
    by_hand(customer(), 500_00, {item("F-1001").pk: 500_00}, "mine")
    about = {"currency": "EUR", "items": [item("F-2002").pk]}
    agreements.promise(customer(), amount=300_00, on=TODAY + 9 * DAY, said_by="Pere", **about, **AT)
    notes.write(customer(), "Called in.", **AT)
    assert obstacles(Merged.objects.get()) == []
    undo(merged, **BY)
    assert {number: item(number).customer.key for number in ("F-1001", "F-1002", "F-2001", "F-2002")} == {
        "F-1001": "C-1", "F-1002": "C-1", "F-2001": "C-9", "F-2002": "C-9",
    }  # fmt: skip
    assert Promise.objects.get().customer.key == "C-9"
    taking = take(acting, row(), other(), row("F-1002"), other("F-2002"), today=TODAY + 2 * DAY)
    assert (taking.new_items, taking.missing_items) == (0, 0)


def paid_for_the_other(creditor: Creditor) -> None:
    by_hand(customer(), 300_00, {item("F-2001").pk: 300_00}, "theirs")


def paid_with_a_rest(creditor: Creditor) -> None:
    by_hand(customer(), 900_00, {item("F-1001").pk: 500_00}, "rest")


def promised_for_both(creditor: Creditor) -> None:
    both = [item("F-1001").pk, item("F-2001").pk]
    agreements.promise(customer(), currency="EUR", items=both, amount=800_00, on=TODAY + DAY, said_by="Ana", **AT)


def written_to(creditor: Creditor) -> None:
    live(creditor, today=TODAY)
    live(creditor, today=TODAY + DAY)


def merged_another(creditor: Creditor) -> None:
    take(creditor, row(), other(), row("F-7", customer_id="C-7", tax_id=""), today=TODAY)
    merge(customer(), customer("C-7"), **AT)


@pytest.mark.parametrize(
    ("happens", "rule"),
    [
        (paid_for_the_other, "paid_since"),
        (paid_with_a_rest, "paid_since"),
        (promised_for_both, "promise_since"),
        (written_to, "written_since"),
        (merged_another, "merged_since"),
    ],
)
def test_what_rests_on_both_stands_in_the_way_and_nothing_changes(
    acting: Creditor, two: tuple[Customer, Customer], happens: Any, rule: str
) -> None:
    merged = merge(*two, **AT)
    happens(acting)
    assert [obstacle.rule for obstacle in obstacles(Merged.objects.get(pk=merged.pk))] == [rule]
    before = everything(acting)
    with pytest.raises(RefusedError, match=rule):
        undo(merged, **BY)
    assert everything(acting) == before


def test_once_it_is_out_of_the_way_they_are_two_again(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    from amable.ledger import actions as ledger

    before = everything(acting)
    merged = merge(*two, **AT)
    paid_for_the_other(acting)
    ledger.remove_payment(Payment.objects.get(), **BY)
    undo(merged, **BY)
    assert everything(acting) == before
    with pytest.raises(RefusedError, match="undone_before"):
        undo(merged, **BY)


def test_one_merged_into_one_that_is_merged_comes_back_in_turn(
    acting: Creditor, two: tuple[Customer, Customer]
) -> None:
    take(acting, row(), other(), row("F-7", customer_id="C-7", tax_id=""))
    before = everything(acting)
    first = merge(customer("C-9"), customer("C-7"), **AT)
    second = merge(customer("C-1"), customer("C-9"), **AT)
    taking = take(acting, row(), other(), row("F-7", customer_id="C-7", tax_id=""), today=TODAY + DAY)
    assert (Customer.objects.count(), taking.new_items, taking.missing_items) == (1, 0, 0)
    with pytest.raises(RefusedError, match="merged_since"):
        undo(Merged.objects.get(pk=first.pk), **BY)
    undo(Merged.objects.get(pk=second.pk), **BY)
    undo(Merged.objects.get(pk=first.pk), **BY)
    assert everything(acting) == before


def test_what_a_ledger_says_since_is_not_taken_back(acting: Creditor) -> None:
    take(acting, row(address=""), other(address="Calle Colón 1, 46004 València"))
    merged = merge(customer("C-1"), customer("C-9"), **AT)
    take(acting, row(address="Calle Nueva 2, 46005 València"), other(), today=TODAY + DAY)
    undo(Merged.objects.get(pk=merged.pk), **BY)
    assert customer("C-1").address == "Calle Nueva 2, 46005 València"


# --- today's plan -----------------------------------------------------------------------------------------------------


def test_one_reminder_leaves_for_the_two(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    live(acting, today=TODAY)
    proposed = Message.objects.filter(act="email", state="proposed")
    assert proposed.count() == 2
    merged = merge(*two, **AT)
    assert not proposed.exists()
    live(acting, today=TODAY)
    (message,) = proposed
    assert set(MessageItem.objects.filter(message=message, withdrawn=False).values_list("item__number", flat=True)) == {
        "F-1001", "F-2001",
    }  # fmt: skip
    assert Look.objects.count() == 1
    undo(merged, **BY)
    live(acting, today=TODAY)
    assert {one.customer.key for one in proposed.select_related("customer") if one.customer} == {"C-1", "C-9"}


def test_while_a_message_leaves_nobody_is_merged(acting: Creditor, two: tuple[Customer, Customer]) -> None:
    live(acting, today=TODAY)
    Message.objects.filter(customer=two[1], act="email").update(state="claimed")
    with pytest.raises(RefusedError, match="leaving"):
        merge(*two, **AT)


def test_a_plan_that_is_being_made_goes_on_without_who_was_merged(acting: Creditor) -> None:
    """A worker read three customers; before it looked at them, two became one."""
    take(acting, row(), other(), row("F-7", customer_id="C-7", tax_id=""))
    read = queries.customers(acting, list(Customer.objects.values_list("pk", flat=True)))
    merge(customer("C-1"), customer("C-9"), **AT)
    day = actions._Day(setting(acting, procedure(), TODAY), None, None, composed=True)
    done = actions.Reviewed()
    actions._look(read, day, done)
    assert done.customers == 2


# --- who is asked about -----------------------------------------------------------------------------------------------


def test_pairs_are_found_with_their_reasons_until_they_are_said_to_be_two(
    acting: Creditor, two: tuple[Customer, Customer]
) -> None:
    stays, goes = two
    (pair,) = duplicates.pairs(acting)
    assert (pair.one, pair.other, [why.rule for why in pair.reasons]) == (stays.pk, goes.pk, ["same_name"])
    assert tell_apart(goes, stays, **AT)
    assert not tell_apart(stays, goes, **AT)
    assert duplicates.pairs(acting) == []
    (said,) = duplicates.told_apart(acting, 5)
    merging.ask_again(said, **BY)
    assert len(duplicates.pairs(acting)) == 1
    assert [len(entries(f"customer.{kind}")) for kind in ("told_apart", "asked_again")] == [1, 1]


def test_an_account_that_paid_for_both_is_a_reason(acting: Creditor) -> None:
    take(acting, row(tax_id=""), other(customer_name="Talleres Miró e Hijos"))
    receive(acting, paid("500.00", "F-1001", iban="ES60 9999 0001 4400 0000 0022"))
    receive(acting, paid("300.00", "F-2001", iban=OTHER_IBAN, on=TODAY - timedelta(days=1)), file="second")
    (pair,) = duplicates.pairs(acting)
    assert [(why.rule, why.value) for why in pair.reasons] == [("iban", OTHER_IBAN)]

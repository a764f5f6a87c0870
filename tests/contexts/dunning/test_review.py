"""A customer looked at: what is written, kept, recomposed and withdrawn, and how often the same is said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from amable.core import creditor as core
from amable.core.money import Money
from amable.correspondence.models import Message, MessageItem
from amable.dunning import actions
from amable.dunning.dossier import gather, setting
from amable.dunning.models import Look, StoredProcedure
from amable.evidence import log
from amable.evidence.models import Blob, Entry, Head, Personal
from amable.ledger.models import Contact, Customer, Item
from amable.ledger.queries import customers
from amable.organisation.actions import install
from amable.organisation.models import Creditor
from tests.cast import procedure
from tests.contexts.books import (
    DAY,
    TODAY,
    all_rows,
    content,
    customer,
    item,
    live,
    messages,
    paid,
    row,
    sent_back,
    take,
    tasks,
    verdict,
)  # fmt: skip
from tests.stories.world import CREDITOR, PDF

ROWS = (Message, MessageItem, Look, Customer, Contact, Item, Entry, Head, Blob)
WEDNESDAY = TODAY + DAY
BEFORE = date(2026, 3, 10)
LATE = row(due_date=date(2026, 3, 10))  # 17 March is the day of its first reminder


def rows_again() -> dict[str, list[dict[str, object]]]:
    """Every row, apart from the numbers that say which row it is."""
    found = all_rows(*ROWS)
    for listed in found["MessageItem"]:
        del listed["id"]
    for look in found["Look"]:
        del look["id"]
    return found


def kinds(day: date = TODAY) -> list[str]:
    return list(Entry.objects.filter(day=day).order_by("id").values_list("kind", flat=True))


# --- deciding again ---------------------------------------------------------------------------------------------------


def test_deciding_again_on_the_same_day_changes_nothing(acting: Creditor) -> None:
    ledger = (
        LATE,
        row("F-1002", "120.00", due_date=date(2026, 3, 20)),
        row("G-1", "80.00", customer_id="C-2", customer_name="Eva", tax_id="", email=""),
        row("H-1", "90.00", customer_id="C-3", customer_name="Leo", tax_id="", disputed=True),
        row("I-1", "70.00", customer_id="C-4", customer_name="Mia", tax_id=""),
    )
    bank = [paid("70.00", "I-1", name="Mia", iban=""), paid("11.00", "hola", name="Leo", iban="")]
    live(acting, *ledger, bank=bank)
    before = rows_again()
    assert len(messages()) == 2
    done = live(acting, *ledger, bank=bank)
    assert rows_again() == before
    assert done.withdrawn == 0


def test_a_changed_creditor_recomposes_under_the_same_name(acting: Creditor) -> None:
    live(acting, LATE)
    (before,) = messages()
    entries = Entry.objects.count()
    install(core.read(CREDITOR.replace("Lucía Soler", "Eva Soler")), placeholder=False)
    acting.refresh_from_db()
    live(acting)
    (after,) = messages()
    assert (after.pk, after.path, after.key, after.message_id) == (
        before.pk, before.path, before.key, before.message_id,
    )  # fmt: skip
    assert after.blob != before.blob
    assert content(after).count(b"Eva Soler") > 0
    new = list(Entry.objects.order_by("id")[entries:].values_list("kind", flat=True))
    assert sorted(new) == ["message.written", "message.written"]  # the mail, and the digest, whose recipient changed


def test_a_payment_of_the_same_day_withdraws_the_demand(acting: Creditor) -> None:
    live(acting, LATE)
    live(acting, LATE, bank=[paid("500.00", "F-1001", end_to_end="E1")])
    demand, thanks = messages()
    assert (demand.state, demand.slot) == ("withdrawn", "demand.EUR")
    assert json.loads(demand.reason)[0][2] == "paid.bank"
    assert (thanks.state, thanks.act) == ("proposed", "thanks")
    assert verdict() == ("paid", "paid.bank")
    assert "message.withdrawn" in kinds()


def test_a_demand_comes_back_when_the_payment_does(acting: Creditor) -> None:
    live(acting, LATE)
    (first,) = messages()
    before = content(first)
    live(acting, LATE, bank=[paid("500.00", "F-1001", end_to_end="E1")])
    live(acting, LATE, bank=[sent_back("500.00", end_to_end="E1")])
    demand, thanks = messages()
    assert (demand.pk, demand.state, demand.reason) == (first.pk, "proposed", "")
    assert content(demand) == before
    assert thanks.state == "withdrawn"
    assert item().cycle == 2
    assert "ask.reversed" in tasks()


def test_thanks_are_said_again_for_money_that_came_again(acting: Creditor) -> None:
    live(acting, LATE, today=BEFORE)
    live(acting, LATE, today=TODAY, bank=[paid("500.00", "F-1001", end_to_end="E1")])
    live(acting, LATE, today=WEDNESDAY, bank=[sent_back("500.00", end_to_end="E1", on=WEDNESDAY)])
    friday = TODAY + 3 * DAY
    live(acting, LATE, today=friday, bank=[paid("500.00", "F-1001", end_to_end="E2", on=friday)])
    assert [message.day for message in messages(act="thanks", state__in=("said", "proposed"))] == [TODAY, friday]


# --- said, and never said ---------------------------------------------------------------------------------------------


def test_what_was_written_counts_as_said_from_the_next_day_on(acting: Creditor) -> None:
    live(acting, LATE)
    live(acting, LATE, today=WEDNESDAY)
    (first,) = messages()
    assert first.state == "said"
    assert verdict() == ("not_yet", "between.messages")
    assert "message.said" in kinds(WEDNESDAY)
    live(acting, LATE, today=WEDNESDAY)
    assert len(messages()) == 1


def test_the_next_message_stands_in_the_thread_of_the_first(acting: Creditor) -> None:
    live(acting, LATE)
    for n in range(1, 8):
        live(acting, LATE, today=TODAY + n * DAY)
    first, second, *_ = messages()
    assert (first.step, second.step) == ("early_late", "late_late")
    assert f"In-Reply-To: <{first.message_id}>".encode() in content(second)


def test_a_rehearsal_is_never_said_and_its_steps_are_free_again(acting: Creditor) -> None:
    acting.placeholder = True
    acting.save()
    live(acting, LATE)
    live(acting, LATE, today=WEDNESDAY)
    first, second = messages()
    assert (first.state, first.rehearsal, second.state) == ("withdrawn", True, "proposed")
    assert (first.step, second.step) == ("early_late", "early_late")
    assert set(MessageItem.objects.filter(message=first).values_list("withdrawn", flat=True)) == {True}
    assert not Entry.objects.filter(kind="message.said").exists()


def test_a_real_run_after_a_rehearsal_of_the_same_day_is_real(acting: Creditor) -> None:
    acting.placeholder = True
    acting.save()
    live(acting, LATE)
    acting.placeholder = False
    acting.save()
    live(acting, LATE)
    live(acting, LATE, today=WEDNESDAY)
    assert [message.state for message in messages()] == ["said"]


def test_a_step_is_carried_out_once(acting: Creditor) -> None:
    live(acting, LATE)
    (told,) = MessageItem.objects.all()
    copy = {f.name: getattr(told, f.name) for f in MessageItem._meta.fields if f.name != "id"}
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageItem.objects.create(**copy)
    MessageItem.objects.create(**(copy | {"withdrawn": True}))
    MessageItem.objects.create(**(copy | {"cycle": 2}))
    MessageItem.objects.create(**(copy | {"occurrence": 2}))


def test_a_message_is_one_by_its_key(acting: Creditor) -> None:
    live(acting, LATE)
    (message,) = messages()
    message.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        message.save(force_insert=True)


# --- thanks that wait -------------------------------------------------------------------------------------------------


def test_thanks_for_money_of_a_saturday_are_said_on_monday_whoever_looks_in_between(acting: Creditor) -> None:
    saturday = date(2026, 3, 14)
    ledger = row(due_date=date(2026, 3, 20))
    live(acting, ledger, today=saturday - DAY)
    live(acting, ledger, today=saturday, bank=[paid("500.00", "F-1001", on=saturday)])
    live(acting, ledger, today=saturday + DAY)
    assert messages(act="thanks") == []
    live(acting, ledger, today=saturday + 2 * DAY)
    (thanks,) = messages(act="thanks")
    assert thanks.day == date(2026, 3, 16)
    live(acting, ledger, today=saturday + 3 * DAY)
    assert len(messages(act="thanks")) == 1


def test_thanks_of_today_follow_a_changed_creditor(acting: Creditor) -> None:
    saturday = date(2026, 3, 14)
    live(acting, row(due_date=date(2026, 3, 20)), today=saturday, bank=[paid("500.00", "F-1001", on=saturday)])
    monday = saturday + 2 * DAY
    live(acting, today=monday)
    (before,) = messages(act="thanks")
    install(core.read(CREDITOR.replace("Lucía Soler", "Eva Soler")), placeholder=False)
    acting.refresh_from_db()
    live(acting, today=monday)
    (after,) = messages(act="thanks")
    assert after.pk == before.pk
    assert after.blob != before.blob


def test_thanks_for_what_the_ledger_says_was_paid(acting: Creditor) -> None:
    live(acting, LATE, today=BEFORE)
    live(acting, replace(LATE, open_amount=Decimal(0), settled_date=TODAY))
    (thanks,) = messages(act="thanks")
    assert thanks.state == "proposed"
    assert verdict() == ("paid", "paid.ledger")


def test_one_payment_told_by_ledger_and_bank_is_thanked_for_once(acting: Creditor) -> None:
    live(acting, LATE, today=BEFORE)
    settled = replace(LATE, open_amount=Decimal(0), settled_date=TODAY)
    live(acting, settled)
    live(acting, settled, today=WEDNESDAY, bank=[paid("500.00", "F-1001")])
    assert len(messages(act="thanks")) == 1
    assert tasks(day=WEDNESDAY) == {}


# --- words that may not leave -----------------------------------------------------------------------------------------


def test_a_document_that_vanished_withholds_the_message_and_asks_a_person(acting: Creditor, tmp_path: Path) -> None:
    pdf = tmp_path / "one.pdf"
    pdf.write_bytes(PDF)
    ledger = replace(LATE, pdf=pdf)
    live(acting, ledger)
    assert [message.state for message in messages()] == ["proposed"]
    pdf.unlink()
    live(acting)
    assert [message.state for message in messages()] == ["withdrawn"]
    assert verdict() == ("task", "wording.refused")
    assert list(tasks()) == ["ask.kindness"]
    assert not MessageItem.objects.exists()  # nothing was told, the step is still free
    pdf.write_bytes(PDF)
    live(acting)
    assert [message.state for message in messages()] == ["proposed"]
    assert tasks() == {}
    assert verdict() == ("sent", "step.early_late")


def test_a_name_that_stands_in_a_reason_can_be_erased(acting: Creditor) -> None:
    live(acting, LATE, today=BEFORE)
    live(acting, LATE, bank=[paid("500.00", "F-1001", name="Ana Miró García")])
    assert not Entry.objects.filter(body__contains="Ana Miró").exists()
    assert Personal.objects.filter(value="Ana Miró García", entry__kind="customer.looked").exists()
    Personal.objects.all().delete()
    assert log.verify(acting) == []


@pytest.mark.parametrize("emails", ["josé@miro.example", "josé@miro.example, ana@miro.example"])
def test_an_address_no_mail_reaches_is_left_out(acting: Creditor, emails: str) -> None:
    live(acting, replace(LATE, email=emails))
    if "ana@" in emails:
        assert b"To: =?utf-8?q?Ana_Mir=C3=B3?= <ana@miro.example>" in content(messages()[0])
    else:
        assert verdict() == ("task", "hold.no_contact")


# --- gates ------------------------------------------------------------------------------------------------------------


def test_stale_data_holds_what_is_overdue_and_not_what_falls_due(acting: Creditor) -> None:
    soon = row("G-1", "80.00", customer_id="C-2", customer_name="Eva SL", tax_id="", due_date=date(2026, 3, 20))
    live(acting, LATE, soon, today=date(2026, 3, 11), bank=[])
    live(acting, LATE, soon)
    gate = actions.stale_data(setting(acting, procedure(), TODAY))
    assert gate is not None
    assert gate.params == {"day": date(2026, 3, 11)}
    assert {message.customer_id for message in messages(day=TODAY)} == {customer("C-2").pk}
    assert not MessageItem.objects.filter(item=item(), message__day=TODAY).exists()
    live(acting, LATE, soon, bank=[])
    assert actions.stale_data(setting(acting, procedure(), TODAY)) is None
    assert len(messages(day=TODAY)) == 2


def test_whoever_a_shut_gate_holds_is_looked_at_once_a_run_and_stays_due(acting: Creditor) -> None:
    live(acting, LATE, today=date(2026, 3, 9), bank=[])  # nothing for days, so that the look is overdue
    for day in (TODAY, TODAY + DAY):
        assert live(acting, LATE, today=day).customers == 1
        assert customer().review_on == day
        recorded = Entry.objects.count()
        live(acting, LATE, today=day)
        assert Entry.objects.count() == recorded


def test_three_working_days_are_not_yet_stale(acting: Creditor) -> None:
    friday = date(2026, 3, 13)
    live(acting, LATE, today=friday, bank=[])
    wednesday = date(2026, 3, 18)
    assert actions.stale_data(setting(acting, procedure(), wednesday)) is None
    assert actions.stale_data(setting(acting, procedure(), date(2026, 3, 20))) is not None  # San José is no working day


def test_without_any_bank_file_there_is_no_gate(acting: Creditor) -> None:
    take(acting, LATE)
    assert actions.stale_data(setting(acting, procedure(), TODAY)) is None


# --- the record -------------------------------------------------------------------------------------------------------


def test_a_look_is_recorded_only_when_something_changed(acting: Creditor) -> None:
    ledger = row(due_date=date(2026, 6, 1))
    live(acting, ledger)
    for n in range(1, 5):
        live(acting, ledger, today=TODAY + n * DAY)
    assert Entry.objects.filter(kind="customer.looked").count() == 1
    live(acting, replace(ledger, disputed=True), today=TODAY + 5 * DAY)
    assert Entry.objects.filter(kind="customer.looked").count() == 2


def test_a_message_is_recorded_with_its_bytes_and_without_its_names(acting: Creditor) -> None:
    live(acting, LATE)
    (message,) = messages()
    entry = next(e for e in Entry.objects.filter(kind="message.written") if message.key in e.body)
    assert json.loads(entry.body)["blob"] == log.digest(content(message))
    assert json.loads(entry.body)["items"] == [[item().pk, "early_late", 1, 1, 500_00]]
    assert "Mir" not in entry.body
    assert dict(Personal.objects.filter(entry=entry).values_list("field", "value")) == {
        "to": "ana@miro.example", "customer": "Talleres Miró, S.L.",
    }  # fmt: skip


def test_a_procedure_is_kept_once_by_its_digest(acting: Creditor) -> None:
    for _ in range(2):
        actions.remember_procedure(acting, "a: ñ")
    assert StoredProcedure.objects.get().digest == log.digest("a: ñ".encode())


# --- the dossier ------------------------------------------------------------------------------------------------------


def known(creditor: Creditor, key: str = "C-1", today: date = TODAY) -> Any:
    return gather(setting(creditor, procedure(), today), customers(creditor, [customer(key).pk]))[0]


@pytest.mark.parametrize(
    ("country", "region", "place"), [("ES", "CT", "ES-CT"), ("", "CT", "ES-CT"), ("", "", "ES-VC"), ("RO", "", "RO")]
)
def test_the_calendar_is_the_customers_place(acting: Creditor, country: str, region: str, place: str) -> None:
    take(acting, replace(LATE, country=country, region=region))
    assert known(acting).dossier.calendar.place == place


def test_a_payment_for_several_customers_holds_what_it_would_settle(acting: Creditor) -> None:
    other = row("G-2001", "80.00", customer_id="C-2", customer_name="Eva SL", tax_id="", due_date=date(2026, 3, 10))
    live(acting, LATE, other, bank=[paid("580.00", "F-1001 G-2001", name="Gestoría", iban="")])
    assert verdict("F-1001") == verdict("G-2001") == ("held", "hold.match_proposed")
    assert messages() == []
    assert "ask.shared_payment" in tasks()


def test_what_may_be_paid_is_not_asked_for(acting: Creditor) -> None:
    """The ledger knows of 200 paid long ago, the bank brings the 300 left: the same money in part, or all there is."""
    part = replace(LATE, open_amount=Decimal(300))
    live(acting, part, today=BEFORE)
    live(acting, part, bank=[paid("300.00", "F-1001")])
    assert item().open == 200_00
    assert verdict() == ("held", "hold.match_proposed")
    assert "ask.amount_differs" in tasks()
    live(acting, replace(LATE, open_amount=Decimal(0), settled_date=TODAY), today=WEDNESDAY)
    assert verdict() == ("paid", "paid.ledger")


def test_what_cannot_be_paid_whatever_is_the_same_money_is_asked_for(acting: Creditor) -> None:
    part = replace(LATE, open_amount=Decimal(400))
    live(acting, part, bank=[paid("200.00", "F-1001")])
    assert item().open == 300_00
    assert verdict() == ("sent", "step.early_late")


def test_money_that_is_probably_theirs_holds_as_much_as_it_is(acting: Creditor) -> None:
    live(acting, LATE, bank=[paid("60.00", "gracias")])
    assert known(acting).dossier.suspense == {"EUR": 60_00}
    assert verdict() == ("held", "hold.unmatched_money")


def test_money_without_an_item_is_an_item_of_its_own(acting: Creditor) -> None:
    take(acting, LATE, row("F-9001", "10.00"))
    live(acting, LATE, row("F-9001", "10.00"), bank=[paid("12.00", "F-9001")])
    cash = next(one for one in known(acting).dossier.items if one.kind == "unapplied_cash")
    assert (cash.open, cash.id < 0) == (-2_00, True)
    (message,) = messages(act="email")
    assert message.demanded == 498_00


def test_what_was_said_of_an_earlier_cycle_counts_no_more(acting: Creditor) -> None:
    live(acting, LATE)
    live(acting, LATE, today=WEDNESDAY)
    assert [told.step for told in known(acting, today=WEDNESDAY).dossier.items[0].told] == ["early_late"]
    Item.objects.update(cycle=2)
    again = known(acting, today=WEDNESDAY)
    assert again.dossier.items[0].told == ()
    assert again.threads[item().pk] != ()  # the thread goes on


def test_the_minimum_is_in_units_of_the_currency(acting: Creditor) -> None:
    take(acting, LATE, row("Y-1", "500", currency="JPY"))
    assert known(acting).dossier.minimum == {"EUR": 5_00, "JPY": 5}


@pytest.mark.parametrize(
    ("refused", "channels"),
    [((), set()), (("email",), {"email"}), (("all",), {"all", "email", "sms", "letter", "call"})],
)
def test_refused_channels(acting: Creditor, refused: Sequence[str], channels: set[str]) -> None:
    take(acting, replace(LATE, opt_out=tuple(refused)))
    assert known(acting).dossier.refused == channels


@pytest.mark.parametrize(
    ("facts", "consumer"),
    [
        ({"kind": "consumer"}, True), ({"kind": "business", "customer_name": "Ana", "tax_id": ""}, False),
        ({"tax_id": "", "customer_name": "Ana Miró"}, True), ({"tax_id": ""}, False), ({"customer_name": "Ana"}, False),
    ],
)  # fmt: skip
def test_who_counts_as_a_consumer(acting: Creditor, facts: dict[str, str], *, consumer: bool) -> None:
    take(acting, replace(LATE, **facts))  # type: ignore[arg-type]
    assert known(acting).recipient.consumer is consumer


def test_a_batch_is_gathered_in_as_many_queries_whoever_is_in_it(acting: Creditor) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    take(acting, *(row(f"F-{n}", customer_id=f"C-{n % 40}", tax_id="", line=n) for n in range(200)))
    it = setting(acting, procedure(), TODAY)
    counts = []
    for size in (2, 40):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            gather(it, customers(acting, [c.pk for c in Customer.objects.order_by("pk")[:size]]))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 18


def test_the_amount_of_an_item_is_a_reason_in_its_currency(acting: Creditor) -> None:
    live(acting, LATE, today=BEFORE)
    live(acting, LATE, bank=[paid("500.00", "F-1001")])
    paid_ = known(acting).dossier.paid[0]
    assert paid_.params["amount"] == Money(500_00, "EUR")

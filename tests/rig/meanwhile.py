"""Faults of the world around: events in any order, payments and edits at the worst moment, clocks that jump, poison."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from itertools import permutations
from typing import Any

from amable.core.delivery import EVENTS, State
from amable.correspondence import outbox
from amable.correspondence.models import DeliveryEvent, Message, StoredWording
from amable.dunning import brakes, holds
from amable.evidence.models import Entry
from amable.ledger.models import Customer
from amable.organisation.models import Sending
from amable.plugs.transport import Envelope
from amable.work import duties
from amable.work.embedded import Embedded
from tests.contexts.books import content, customer, item, paid, receive, row, take, verdict
from tests.contexts.office import LATE, NOON, Office
from tests.rig.house import Rig
from tests.rig.results import Result
from tests.rig.rounds import DUE, Recording, in_threads, many, office
from tests.servers.smtp import MailServer
from tests.stories.world import PDF

# --- delivery events -------------------------------------------------------------------------------------------------


def e2_events_in_any_order(rig: Rig, often: int) -> Result:
    """Five delivery events in each of their 120 orders, and one of them a hundred times at once."""
    wrong: list[str] = []
    with office(rig, daily_cap=1000) as at:
        at.plan(*many(121))
        at.approve()
        duties.send(at.creditor, at.clock, [Recording(at.clock)])
        *each, last = Message.objects.filter(act="email").order_by("pk")
        for message, order in zip(each, permutations(sorted(EVENTS)), strict=True):
            for place, event in enumerate(order):
                at_ = at.now + timedelta(minutes=place)
                outbox.hear(at.creditor, message.key, event, at_, at.today, origin=f"{message.key}.{event}")
        ends = set(Message.objects.filter(pk__in=[message.pk for message in each]).values_list("state", flat=True))
        if ends != {"complained"}:
            wrong.append(f"the end depends on the order: {ends}")

        def again(_: int) -> None:
            for _ in range(max(1, often // 8)):
                outbox.hear(
                    at.creditor, last.key, State.BOUNCED, at.now, at.today, origin="once", recipient="a@c.example"
                )

        wrong += in_threads(again, 8, at.creditor)
        heard = DeliveryEvent.objects.filter(message=last).count()
        told = Entry.objects.filter(kind="message.bounced", body__contains=last.key).count()
        if (heard, told) != (1, 1):
            wrong.append(f"the same event counted {heard} times and was told {told} times")
    return Result("E2 events in any order", 120 + often, wrong=wrong)


# --- payments --------------------------------------------------------------------------------------------------------


def e4_paid_meanwhile(rig: Rig, often: int) -> Result:
    """Paid between plan and claim: nothing leaves. Paid between claim and DATA: told as crossed, and nothing more."""
    wrong: list[str] = []
    for _ in range(often):
        with office(rig) as at:
            at.ready(LATE)
            receive(at.creditor, paid("500.00", "F-1001"))
            at.send()
            if at.to_customers():
                wrong.append("asked for what was paid before the claim")
        with office(rig) as at:
            message = at.ready(LATE)
            wire = Recording(at.clock, first=lambda _, at=at: pay_beside(at))  # type: ignore[misc]
            duties.send(at.creditor, at.clock, [wire])
            at.plan()
            message.refresh_from_db()
            crossed = Entry.objects.filter(kind="message.crossed", body__contains=message.key).count()
            if (message.state, crossed, verdict()[0]) != ("accepted", 1, "paid"):
                wrong.append(f"{message.state}, told as crossed {crossed} times, {verdict()}")
            at.approve()
            duties.send(at.creditor, at.clock, [wire])
            thanks = next((m for m in Message.objects.filter(act="thanks")), None)
            if thanks is None or "se cruzaron" not in read(content(thanks)):
                wrong.append("the thank-you does not say that messages crossed")
            for _ in range(30):  # days
                at.later(days=1)
                at.plan()
                at.approve()
                duties.send(at.creditor, at.clock, [wire])
            if (again := Message.objects.filter(act="email").exclude(state="withdrawn").count()) != 1:
                wrong.append(f"{again} reminders about a paid invoice")
            if Entry.objects.filter(kind="message.crossed").count() != 1:
                wrong.append("told as crossed again")
    return Result("E4 paid meanwhile", often, wrong=wrong)


def read(data: bytes) -> str:
    """The words of a mail."""
    from tests.rig.books import heard
    from tests.rig.house import Mail
    from tests.stories.oracle import said

    return " ".join(said(heard(Mail((), data))).split())


def pay_beside(at: Office) -> None:
    """Money comes in by a connection of its own, while a message is in hand."""
    if item().open:
        faults = in_threads(lambda _: receive(at.creditor, paid("500.00", "F-1001")), 1, at.creditor)
        assert not faults, faults


# --- clocks ----------------------------------------------------------------------------------------------------------

HARMLESS = (timedelta(hours=1), -timedelta(hours=1))
JUMPS: tuple[timedelta, ...] = (
    timedelta(days=1),
    -timedelta(days=1),
    timedelta(days=3650),
    -timedelta(days=3650),
    datetime(1970, 1, 1, 12, tzinfo=UTC) - NOON,
)


def e7_the_clock_jumps(rig: Rig, often: int) -> Result:
    """While it works: an hour more or less harms nothing, more than two stop sending. No step twice."""
    wrong: list[str] = []
    twice = 0
    for _ in range(often):
        for jump in (*HARMLESS, *JUMPS):
            with office(rig) as at:
                began = time.monotonic()
                leap = [timedelta()]
                clock = lambda began=began, leap=leap: NOON + leap[0] + timedelta(seconds=time.monotonic() - began)  # type: ignore[misc]  # noqa: E731
                work = Embedded(clock, remember=lambda c, n: None, handed_over=lambda c, d: None)
                at.ready(LATE)
                work.start()
                try:
                    wait_for(lambda at=at: "accepted" in at.states())  # type: ignore[misc]
                    at.plan(
                        LATE,
                        row(
                            "F-2",
                            "75.00",
                            customer_id="C-2",
                            customer_name="B, S.L.",
                            email="b@b.example",
                            tax_id="",
                            kind="business",
                            due_date=DUE,
                        ),
                    )
                    leap[0] = jump
                    at.approve()
                    now = clock()
                    waiting = Message.objects.filter(state="approved")
                    waiting.update(due_at=now, until_at=now + timedelta(hours=6), day=now.date())
                    for _ in range(10):  # passes
                        work.wake()
                        time.sleep(0.05)
                finally:
                    work.stop()
                stopped = Sending.objects.get().stopped_because
                mails = [m for m in at.to_customers() if m.recipients == ("b@b.example",)]
                if jump in HARMLESS and stopped:
                    wrong.append(f"{jump}: stopped")
                if jump in JUMPS and (stopped != "clock" or mails):
                    wrong.append(f"{jump}: {stopped or 'not stopped'}, {len(mails)} left")
                twice += len(at.to_customers()) - len({m.data for m in at.to_customers()})
    return Result("E7 the clock jumps", often * 7, twice=twice, wrong=wrong)


def wait_for(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def e7_begun_at_another_time(rig: Rig, often: int) -> Result:
    """Begun again with another clock: behind by more than two hours or ahead by more than a month, nothing leaves."""
    wrong: list[str] = []
    for _ in range(often):
        for jump in (*JUMPS, timedelta(days=40)):
            with office(rig) as at:
                at.ready(LATE)
                Sending.objects.update(instance="here")
                at.now += jump
                brakes.opened(at.creditor, at.today, at.now, instance="here")
                at.send()
                stopped = Sending.objects.get().stopped_because
                if jump == timedelta(days=1):  # a machine may be off for a day: yesterday's plan is not sent
                    if stopped or at.to_customers():
                        wrong.append(f"{jump}: {stopped}, {len(at.to_customers())} left")
                elif stopped != "clock" or at.to_customers():
                    wrong.append(f"{jump}: {stopped or 'not stopped'}, {len(at.to_customers())} left")
    return Result("E7 begun at another time", often * (len(JUMPS) + 1), wrong=wrong)


# --- edits -----------------------------------------------------------------------------------------------------------


def _cancelled(at: Office) -> None:
    take(at.creditor, row(due_date=DUE, open_amount=Decimal(0)), today=at.today, file="cancelled")


def _moved(at: Office) -> None:
    take(at.creditor, row(due_date=DUE, email="nueva@miro.example"), today=at.today, file="moved")


def _reworded(at: Office) -> None:
    use(at, words("es", lambda text: text.replace("Un cordial saludo", "Un saludo afectuoso")))


def _stopped(at: Office) -> None:
    brakes.stop(at.creditor, at.today, at.now, by="lucia", because="enough")


def _held(at: Office) -> None:
    holds.hold(customer(), at.today + timedelta(days=9), "they asked", at.today, at.now, by="lucia")


EDITS = (_cancelled, _moved, _reworded, _stopped, _held)
# To whom a message leaves that was approved and not claimed before an edit: after the others it does not.
BEFORE = {_moved: ("nueva@miro.example",), _reworded: ("ana@miro.example",)}


def e12_edited_meanwhile(rig: Rig, often: int) -> Result:
    """Cancelled, moved, reworded, stopped, held: before the claim it counts; after it what is kept leaves."""
    wrong: list[str] = []
    for _ in range(often):
        for edit in EDITS:
            with office(rig) as at:
                message = at.ready(LATE)
                edit(at)
                wire = Recording(at.clock)
                duties.send(at.creditor, at.clock, [wire])
                to = tuple(envelope.recipients[0] for envelope in wire.to_customers())
                if to != BEFORE.get(edit, ()):
                    wrong.append(f"{edit.__name__} before the claim: went to {to}")
                if edit is _reworded and "Un saludo afectuoso" not in read(wire.to_customers()[0].data):
                    wrong.append("reworded before the claim: the old words left")
            with office(rig) as at:
                message = at.ready(LATE)
                done: list[Envelope] = []

                def beside(envelope: Envelope, at: Office = at, edit: Any = edit, done: list[Envelope] = done) -> None:
                    if envelope.recipients == ("ana@miro.example",):
                        done.append(envelope)
                        wrong.extend(in_threads(lambda _: edit(at), 1, at.creditor))

                wire = Recording(at.clock, first=beside)
                duties.send(at.creditor, at.clock, [wire])
                message.refresh_from_db()
                kinds = list(Entry.objects.order_by("pk").values_list("kind", flat=True))
                if len(done) != 1 or done[0].data != content(message) or message.state != "accepted":
                    wrong.append(f"{edit.__name__} after the claim: {message.state}, other bytes than are kept")
                too_late = {"_stopped": "sending.stopped", "_held": "customer.held"}.get(edit.__name__)
                if too_late and not kinds.index("message.handed_over") < kinds.index(too_late):
                    wrong.append(f"{edit.__name__}: the record does not show that it came too late")
                if edit is not _stopped:
                    at.plan()
                    at.approve()
                    duties.send(at.creditor, at.clock, [wire])
                if len([one for one in wire.to_customers() if one.key == message.key]) != 1:
                    wrong.append(f"{edit.__name__} after the claim: it left again")
    return Result("E12 edited meanwhile", often * len(EDITS) * 2, wrong=wrong)


# --- poison ----------------------------------------------------------------------------------------------------------


def c11_poison(rig: Rig, often: int) -> Result:
    """One in a hundred cannot be sent, for its words, its address or its size: the others leave, and it is told."""
    wrong: list[str] = []
    lost = 0
    for turn in range(often):
        kind = ("words", "address", "size")[turn % 3]
        with office(rig, MailServer(size=2_000_000) if kind == "size" else None, daily_cap=1000) as at:
            ledger, number = many(100), "C-50"
            if kind == "address":
                at.server.refuse["ana@c50.example"] = "553 5.1.3 not an address"
            if kind == "size":
                pdf = rig.place / "large.pdf"
                pdf.write_bytes(PDF + b"%" * 4_000_000)
                ledger[50] = replace(ledger[50], pdf=pdf)
            at.plan(*ledger)
            at.approve()
            if kind == "words":
                Customer.objects.filter(key=number).update(language="fr")
                # They need a link to pay by, which this creditor has not.
                use(at, words("fr", lambda text: text.replace("required_fields: [", "required_fields: [pay_link, ")))
            for _ in range(4):
                at.send()
                at.later(minutes=6)
            bad = Message.objects.get(customer__key=number, act="email")
            lost += 99 - sum(state == "accepted" for state in at.states())
            if bad.state not in {"rejected", "withdrawn", "proposed"} or bad.tries > 3:
                wrong.append(f"{kind}: {bad.state} after {bad.tries} tries, {bad.answer!r}")
            if not bad.answer and not Message.objects.filter(customer__key=number, act="check").exists():
                wrong.append(f"{kind}: nobody is told")
    return Result("C11 poison", often, lost=lost, wrong=wrong)


def words(language: str, change: Callable[[str], str]) -> dict[str, str]:
    """Our words for the first reminder of one invoice, changed, by the name of their file."""
    ours = files("amable.core").joinpath("wordings", language).iterdir()
    return {path.name: change(path.read_text("utf-8")) for path in ours if path.name.startswith("early_late.")}


def use(at: Office, own: dict[str, str]) -> None:
    """Let these be the creditor's own words."""
    for name, text in own.items():
        StoredWording.objects.update_or_create(creditor=at.creditor, name=name, defaults={"text": text})

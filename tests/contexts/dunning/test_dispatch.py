"""From the plan to the mail server: what leaves, what no longer does, and what became of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from django.db import connection, connections

from amable.core.delivery import State
from amable.correspondence import composing, outbox
from amable.correspondence.models import Bucket, ClosedAddress, Message, MessageItem
from amable.dunning import brakes, holds, writing
from amable.evidence.models import Entry
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.plugs.transport import Connection, Envelope, Receipt, Unreachable
from amable.work import duties
from tests.contexts.books import TODAY, content, customer, item, paid, receive, row, statement, take, verdict
from tests.contexts.office import BY_ITSELF, LATE, MADRID, NOON, Office
from tests.servers.smtp import MailServer

DAY = timedelta(days=1)
MORE = row("F-1002", "120.00", due_date=date(2026, 3, 10))


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as listening:
        yield listening


@pytest.fixture
def office(acting: Creditor, server: MailServer) -> Office:
    return Office(acting, server)


def read(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def events(message: Message) -> list[str]:
    """What the record says of a message, in order."""
    told = Entry.objects.filter(kind__startswith="message.", body__contains=message.key).order_by("seq", "id")
    return [kind.removeprefix("message.") for kind in told.values_list("kind", flat=True)]


# --- once, and as it is kept ------------------------------------------------------------------------------------------


def test_what_is_approved_leaves_once_byte_for_byte_as_it_is_kept(office: Office) -> None:
    message = office.ready(LATE)
    assert office.send()["accepted"] >= 1
    (received,) = office.to_customers()
    message.refresh_from_db()
    assert message.state == "accepted"
    assert received.data == content(message)
    assert received.recipients == ("ana@miro.example",)
    mail = read(received.data)
    assert mail["Message-ID"] == f"<{message.message_id}>"
    assert "X-Unsent" not in mail
    assert mail["Date"].datetime == NOON
    assert events(message) == ["approved", "written", "handed_over", "accepted"]
    assert office.send() == {}
    assert len(office.to_customers()) == 1


def test_that_a_message_leaves_is_on_the_disk_before_it_does(office: Office) -> None:
    """Only what a power cut cannot undo counts: SQLite is told to wait for the disk."""
    if connection.vendor != "sqlite":  # PostgreSQL always does
        return
    office.ready(LATE)
    told: list[str] = []
    connection.ensure_connection()
    connection.connection.set_trace_callback(lambda sql: told.append(sql.strip()))
    office.send()
    connection.connection.set_trace_callback(None)
    marks = [place for place, sql in enumerate(told) if "SET state = 'handed_over'" in sql]
    assert marks
    for mark in marks:
        before = [sql for sql in told[:mark] if sql.startswith("PRAGMA synchronous")]
        commit = told.index("COMMIT", mark)
        assert before[-1] == "PRAGMA synchronous = FULL"
        assert "INSERT INTO evidence_entry" in " ".join(told[mark:commit])
        assert not any(sql.startswith(("PRAGMA", "BEGIN")) for sql in told[mark:commit])


def test_what_nobody_approved_stays(office: Office) -> None:
    (message,) = office.plan(LATE)
    office.send()
    assert office.to_customers() == []
    message.refresh_from_db()
    assert message.state == "proposed"


def test_an_approval_can_be_undone_within_its_time(office: Office) -> None:
    (message,) = office.plan(LATE)
    outbox.approve(office.creditor, [message.pk], office.now, by="lucia", undo=timedelta(minutes=10))
    office.later(minutes=9)
    office.send()
    assert outbox.unapprove(office.creditor, [message.pk], by="lucia") == 1
    office.later(minutes=9)
    office.send()
    assert office.to_customers() == []
    assert events(message) == ["approved", "unapproved"]


def test_running_the_whole_job_again_and_again_is_running_it_once(office: Office) -> None:
    office.ready(LATE)
    for _ in range(20):
        office.plan()
        office.send()
        office.later(minutes=1)
    assert len(office.to_customers()) == 1
    assert office.states() == ["accepted"]


def test_the_next_day_builds_on_what_was_said(office: Office) -> None:
    office.ready(LATE)
    office.send()
    office.now += DAY
    assert office.plan() == []
    told = [known.step for known in MessageItem.objects.filter(withdrawn=False)]
    assert told == ["early_late"]


# --- decided again at the claim ---------------------------------------------------------------------------------------


def test_what_was_paid_meanwhile_is_not_asked_for(office: Office) -> None:
    message = office.ready(LATE)
    receive(office.creditor, paid("500.00", "F-1001"))
    assert office.send()["withdrawn"] == 1
    assert office.to_customers() == []
    message.refresh_from_db()
    assert message.state == "withdrawn"
    assert verdict() == ("paid", "paid.bank")


def test_a_part_payment_makes_the_message_ask_for_the_rest(office: Office) -> None:
    other = row("F-1003", "80.00", due_date=date(2026, 3, 10))
    message = office.ready(LATE, other)
    receive(office.creditor, paid("80.00", "F-1003"))
    assert office.send()["accepted"] >= 1
    (received,) = office.to_customers()
    message.refresh_from_db()
    assert message.demanded == 500_00
    words = read(received.data).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "500,00" in words
    assert "580,00" not in words
    assert set(MessageItem.objects.filter(message=message).values_list("item", "step")) >= {(item().pk, "early_late")}


def test_what_has_grown_is_asked_about_again(office: Office) -> None:
    message = office.ready(LATE)
    take(office.creditor, LATE, MORE)
    assert office.send()["proposed"] == 1
    assert office.to_customers() == []
    message.refresh_from_db()
    assert (message.state, message.approved_at) == ("proposed", None)


def test_who_is_held_hears_nothing(office: Office) -> None:
    message = office.ready(LATE)
    holds.hold(customer(), TODAY + 9 * DAY, "spoke with Ana", TODAY, office.now, by="lucia")
    assert office.send()["withdrawn"] == 1
    message.refresh_from_db()
    assert "hold.paused" in message.reason
    assert holds.release(customer(), TODAY, office.now, by="lucia") == 1
    assert [one.key for one in office.plan()] == [message.key]


def test_stale_bank_data_holds_what_was_approved(office: Office) -> None:
    message = office.ready(LATE)
    receive(office.creditor, statements=[statement(closing_on=date(2026, 3, 9))])
    assert office.send()["withdrawn"] == 1
    assert events(message)[-1] == "withdrawn"
    assert "gate.stale_data" in Entry.objects.filter(kind="message.withdrawn").get().body


def test_an_address_that_was_corrected_is_the_one_written_to(office: Office) -> None:
    office.ready(LATE)
    take(office.creditor, row(due_date=date(2026, 3, 10), email="new@miro.example"))
    office.send()
    assert [one.recipients for one in office.to_customers()] == [("new@miro.example",)]


# --- the hours and the days -------------------------------------------------------------------------------------------


def test_what_is_approved_in_the_evening_leaves_in_the_morning(office: Office) -> None:
    (first,) = office.plan(LATE)
    office.now = NOON.replace(hour=19)
    office.approve()
    office.send()
    assert office.to_customers() == []
    office.now = datetime(2026, 3, 18, 4, 0, tzinfo=MADRID)
    assert office.plan() == []  # the same words about the same item: approved as before
    first.refresh_from_db()
    assert first.state == "withdrawn"
    office.send()
    assert office.to_customers() == []
    office.now = datetime(2026, 3, 18, 6, 0, tzinfo=MADRID)
    office.send()
    (received,) = office.to_customers()
    assert read(received.data)["Date"].datetime.date() == date(2026, 3, 18)
    assert Message.objects.get(state="accepted", act="email", customer__isnull=False).approved_by == "lucia"


def test_what_grew_over_night_is_asked_about_again(office: Office) -> None:
    office.ready(LATE)
    office.now = datetime(2026, 3, 18, 9, 0, tzinfo=MADRID)
    (message,) = office.plan(LATE, MORE)
    assert message.demanded == 620_00
    office.send()
    assert office.to_customers() == []


def test_nothing_leaves_at_night(office: Office) -> None:
    office.ready(LATE)
    for hour in (18, 21, 23):
        office.now = NOON.replace(hour=hour)
        office.send()
    assert office.to_customers() == []


# --- what servers answer ----------------------------------------------------------------------------------------------


def test_a_temporary_refusal_is_offered_again_as_it_was(office: Office) -> None:
    message = office.ready(LATE)
    office.server.verdict = "451 4.7.1 greylisted"
    assert office.send()["refused"] >= 1
    message.refresh_from_db()
    assert (message.state, message.tries, message.answer) == ("refused", 1, "451 4.7.1 greylisted")
    kept = content(message)
    office.server.verdict = None
    office.send()
    assert office.to_customers() == []  # not before its time
    office.later(minutes=1)
    office.plan()  # a plan in between neither doubles nor replaces it
    office.send()
    assert [one.data for one in office.to_customers()] == [kept]
    message.refresh_from_db()
    assert (message.state, message.tries) == ("accepted", 2)


def test_what_is_refused_for_a_day_is_given_up_and_told(office: Office) -> None:
    message = office.ready(LATE)
    office.server.verdict = "452 4.2.2 full"
    gaps: list[timedelta] = []
    for _ in range(60):
        office.send()
        message.refresh_from_db()
        if message.state != State.REFUSED:
            break
        assert message.due_at is not None
        gaps.append(message.due_at - office.now)
        office.now = message.due_at
    assert message.state == "rejected"
    assert gaps[:4] == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)]
    assert office.now - NOON <= timedelta(hours=24)
    assert not MessageItem.objects.filter(message=message, withdrawn=False).exists()


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "552 5.2.2 full for good", "553 5.1.3 no"])
def test_an_address_that_is_refused_for_good_is_closed(office: Office, answer: str) -> None:
    message = office.ready(row(due_date=date(2026, 3, 10), address="Calle de la Paz 1, 46003 Valencia"))
    office.server.refuse["ana@miro.example"] = answer
    assert office.send()["rejected"] == 1
    message.refresh_from_db()
    assert message.state == "rejected"
    assert ClosedAddress.objects.get().address == "ana@miro.example"
    (letter,) = office.proposed()
    assert (letter.channel, letter.step) == ("letter", "early_late")
    office.server.refuse.clear()
    office.approve()
    assert office.send()["accepted"] >= 1
    assert office.to_customers() == []
    letter.refresh_from_db()
    assert (letter.state, content(letter)[:4]) == ("accepted", b"%PDF")


def test_letters_set_at_once_are_those_set_one_by_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    composed: dict[str, tuple[composing.Occasion, str]] = {}
    compose = composing.compose

    def noted(occasion: composing.Occasion) -> composing.Composed | composing.Withheld:
        composed[occasion.key] = occasion, threading.current_thread().name
        return compose(occasion)

    monkeypatch.setattr(composing, "compose", noted)
    monkeypatch.setattr(writing, "_processors", lambda: 3)
    by_letter: dict[str, Any] = {
        "due_date": date(2026, 3, 10),
        "email": "",
        "address": "Calle de la Paz 1, 46003 Valencia",
    }
    names = ["Talleres Uno", "Talleres Dos", "Talleres Tres", "客户"]  # the last in no font of ours
    rows = [row(f"F-{n}", customer_id=f"C-{n}", customer_name=name, **by_letter) for n, name in enumerate(names)]
    assert len(office.plan(*rows)) == 4
    office.approve()
    sent = office.send()
    assert (sent["accepted"] - len(asked(office, "")), sent["withdrawn"]) == (3, 1)
    left = Message.objects.filter(channel="letter", state="accepted")
    assert {message.customer.name for message in left if message.customer} == set(names[:3])
    for message in left:
        occasion, thread = composed[message.key]
        alone = compose(occasion)
        assert isinstance(alone, composing.Composed)
        assert (content(message), thread.startswith("letters")) == (alone.data, True)


def test_without_another_way_a_person_is_asked(office: Office) -> None:
    office.ready(LATE)
    office.server.refuse["ana@miro.example"] = "550 5.1.1 no such user"
    office.send()
    assert verdict() == ("task", "hold.no_contact")
    office.later(minutes=30)
    office.send()
    (mail,) = asked(office, "Sin forma de contactar")
    assert "Talleres Miró" in mail["Subject"]


def test_one_recipient_of_several_may_be_refused(office: Office) -> None:
    message = office.ready(row(due_date=date(2026, 3, 10), email="ana@miro.example, eva@miro.example"))
    office.server.refuse["eva@miro.example"] = "550 5.1.1 gone"
    office.send()
    (received,) = office.to_customers()
    assert received.recipients == ("ana@miro.example",)
    message.refresh_from_db()
    assert message.state == "accepted"
    assert "eva@miro.example" in message.refused
    assert [closed.address for closed in ClosedAddress.objects.all()] == ["eva@miro.example"]


def test_a_mailbox_that_cannot_be_reached_rests_and_nothing_is_lost(office: Office) -> None:
    message = office.ready(LATE)
    Sending.objects.update(port=1)
    assert office.send() == {}
    message.refresh_from_db()
    assert (message.state, message.tries, message.offered_at) == ("approved", 0, None)
    assert office.brakes() == ["resting"]
    Sending.objects.update(port=office.server.port)
    office.send()
    assert office.to_customers() == []
    office.later(minutes=1)
    office.send()
    assert len(office.to_customers()) == 1
    assert office.brakes() == []


# --- cut off ----------------------------------------------------------------------------------------------------------


def claimed(office: Office) -> tuple[str, outbox.Claimed]:
    claim = outbox.claim(office.creditor, Sending.objects.get(), office.today, office.now, limit=9)
    (message,) = [one for one in claim.messages if one.act in outbox.TO_CUSTOMERS]
    return claim.token, message


def test_what_was_only_claimed_waits_again_when_its_lease_ends(office: Office) -> None:
    message = office.ready(LATE)
    claimed(office)
    office.send()
    assert office.to_customers() == []
    office.later(minutes=2)
    office.send()
    assert len(office.to_customers()) == 1
    message.refresh_from_db()
    assert message.tries == 1


def test_what_was_handed_over_when_somebody_died_is_unknown_and_stays_so(office: Office) -> None:
    message = office.ready(LATE)
    token, mine = claimed(office)
    assert outbox.hand_over(office.creditor, mine, token, office.today, office.now, server="s")
    office.later(minutes=11)
    office.send()
    message.refresh_from_db()
    assert message.state == "handed_over"
    office.later(minutes=2)
    for _ in range(5):
        office.plan()
        office.send()
        office.later(hours=1)
    message.refresh_from_db()
    assert (message.state, office.to_customers()) == ("unknown", [])
    office.now += DAY
    assert office.plan() == []  # it counts as said


def asked(office: Office, word: str) -> list[EmailMessage]:
    """The mails to our own people whose subject has the word."""
    ours = [read(one.data) for one in office.server.messages if one.recipients == ("cobros@turia.example",)]
    return [mail for mail in ours if word in mail["Subject"]]


def test_a_person_is_asked_once_about_a_message_of_unknown_fate(office: Office) -> None:
    message = office.ready(LATE)
    token, mine = claimed(office)
    outbox.hand_over(office.creditor, mine, token, office.today, office.now, server="s")
    office.later(minutes=13)
    for _ in range(3):
        office.send()
        office.plan()
        office.later(hours=1)
    (mail,) = asked(office, "desconocido")
    assert message.key in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_person_is_told_once_of_what_could_not_be_handed_over(office: Office) -> None:
    office.ready(LATE)
    office.server.refuse["ana@miro.example"] = "550 5.1.1 no such user"
    for _ in range(3):
        office.send()
        office.later(minutes=30)
    (mail,) = asked(office, "Sin entregar")
    assert "no such user" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_start_takes_over_at_once_what_the_dead_had_in_hand(office: Office) -> None:
    office.ready(LATE)
    token, mine = claimed(office)
    outbox.hand_over(office.creditor, mine, token, office.today, office.now, server="s")
    assert outbox.reclaim(office.creditor, office.today, office.now) == 0
    assert outbox.reclaim(office.creditor, office.today, office.now, orphaned=True) == 1


def test_whoever_holds_the_token_may_still_say_what_became_of_it(office: Office) -> None:
    from amable.plugs.transport import Accepted

    message = office.ready(LATE)
    token, mine = claimed(office)
    outbox.hand_over(office.creditor, mine, token, office.today, office.now, server="s")
    office.later(minutes=13)
    outbox.reclaim(office.creditor, office.today, office.now)
    late = Accepted("s", "250 ok")
    assert outbox.settle(office.creditor, mine, "other", office.today, office.now, late) is State.UNKNOWN
    message.refresh_from_db()
    assert message.state == "unknown"
    assert outbox.settle(office.creditor, mine, token, office.today, office.now, late) is State.ACCEPTED
    message.refresh_from_db()
    assert message.state == "accepted"


@pytest.mark.parametrize("arrived", [True, False])
def test_a_person_says_what_became_of_it(office: Office, arrived: bool) -> None:
    message = office.ready(LATE)
    token, mine = claimed(office)
    outbox.hand_over(office.creditor, mine, token, office.today, office.now, server="s")
    outbox.reclaim(office.creditor, office.today, office.now, orphaned=True)
    assert not outbox.resolve(office.creditor, "none", office.today, office.now, arrived=arrived, by="lucia")
    assert outbox.resolve(office.creditor, message.key, office.today, office.now, arrived=arrived, by="lucia")
    office.send()
    assert len(office.to_customers()) == (0 if arrived else 1)
    message.refresh_from_db()
    assert message.state == "accepted"


# --- message by message -----------------------------------------------------------------------------------------------


class Watched:
    """A connection to the server that does something once a message was answered."""

    def __init__(self, kept: Connection, once_answered: Callable[[], None]) -> None:
        self.kept, self.once_answered = kept, once_answered

    def open(self) -> Unreachable | None:
        return self.kept.open()

    def deliver(self, envelope: Envelope) -> Receipt:
        receipt = self.kept.deliver(envelope)
        self.once_answered()
        return receipt

    def close(self) -> None:
        self.kept.close()


def send_watched(office: Office, once_answered: Callable[[], None]) -> dict[str, int]:
    with office.connections() as kept:
        watched = [Watched(one, once_answered) for one in kept]
        return dict(duties.send(office.creditor, office.clock, watched).sent.states)


def test_one_message_is_in_hand_at_a_time_and_the_one_before_it_is_settled(office: Office) -> None:
    office.plan(*many(6))
    office.approve()
    seen: list[tuple[int, int, int]] = []

    def look() -> None:
        states = list(Message.objects.values_list("state", flat=True))
        seen.append((states.count("handed_over"), states.count("accepted"), len(office.server.messages)))

    sent = send_watched(office, look)
    assert seen == [(1, before, before + 1) for before in range(len(seen))]
    assert len(seen) == sent["accepted"] > 6  # and what is for our own people
    assert office.states() == ["accepted"] * 6
    for message in Message.objects.filter(customer__isnull=False, act="email"):
        assert events(message) == ["approved", "written", "handed_over", "accepted"]


def test_the_switch_keeps_the_next_message_and_the_last_is_settled_all_the_same(office: Office) -> None:
    office.plan(*many(4))
    office.approve()
    gone: list[int] = []

    def stop() -> None:
        gone.append(1)
        if len(gone) == 2:
            brakes.stop(office.creditor, office.today, office.now, by="lucia", because="wrong price list")

    sent = send_watched(office, stop)
    assert (len(gone), len(office.server.messages), sent) == (2, 2, {"accepted": 2})
    states = list(Message.objects.exclude(channel="").values_list("state", flat=True))
    assert (states.count("accepted"), states.count("approved")) == (2, len(states) - 2)


# --- brakes -----------------------------------------------------------------------------------------------------------


def test_the_switch_keeps_also_what_is_in_hand(office: Office) -> None:
    office.ready(LATE)
    token, mine = claimed(office)
    brakes.stop(office.creditor, office.today, office.now, by="lucia", because="wrong price list")
    assert not outbox.hand_over(office.creditor, mine, token, office.today, office.now, server="s")
    outbox.release(office.creditor, token)
    assert office.send() == {}
    assert office.brakes() == ["stopped.person"]
    brakes.resume(office.creditor, office.today, office.now, by="lucia", instance="here")
    office.send()
    assert len(office.to_customers()) == 1


def test_before_a_person_trusted_a_plan_nothing_leaves(acting: Creditor, server: MailServer) -> None:
    office = Office(acting, server, BY_ITSELF, trusted_at=None)
    assert len(office.plan(LATE)) == 1
    office.send()
    assert (server.messages, office.brakes()) == ([], ["untrusted"])
    office.approve()
    brakes.trust(acting, office.now)
    office.send()
    assert len(office.to_customers()) == 1
    office.now += 3 * DAY
    assert office.plan(LATE, row("G-1", customer_id="C-2", due_date=date(2026, 3, 12), tax_id="B46111111")) == []
    assert office.states().count("approved") >= 1  # from now on the procedure approves by itself


def many(count: int) -> list[Any]:
    return [
        row(f"F-{n}", due_date=date(2026, 3, 10), customer_id=f"C-{n}", customer_name=f"Talleres {n}, S.L.",
            tax_id=f"B4600{n:04}", email=f"ana@kunde{n % 2}.example")
        for n in range(count)
    ]  # fmt: skip


def test_the_cap_of_the_day_holds_for_customers(acting: Creditor, server: MailServer) -> None:
    office = Office(acting, server, daily_cap=3)
    office.plan(*many(8))
    office.approve()
    for _ in range(3):
        office.send()
    assert len(office.to_customers()) == 3
    assert len(server.messages) > 3  # our own people are told all the same
    assert office.brakes() == ["cap"]


def test_a_rate_holds_for_the_mailbox_and_for_each_domain(acting: Creditor, server: MailServer) -> None:
    office = Office(acting, server, per_minute=600, per_minute_and_domain=20)
    office.plan(*many(10))
    office.approve()
    left = []
    for _ in range(20):
        office.send()
        left.append(len(office.to_customers()))
        office.later(seconds=3)
    assert left == [2, 4, 6, 8, 10, *[10] * 15]
    assert Bucket.objects.filter(domain__startswith="kunde").count() == 2


def test_in_test_mode_everything_goes_to_one_address_and_nothing_counts(acting: Creditor, server: MailServer) -> None:
    office = Office(acting, server, test_to="me@turia.example")
    office.ready(LATE)
    office.send()
    assert {one.recipients for one in server.messages} == {("me@turia.example",)}
    Sending.objects.update(test_to="")
    office.now += DAY
    (again,) = office.plan()
    assert again.step == "early_late"


# --- together ---------------------------------------------------------------------------------------------------------


def test_several_connections_send_each_message_once(acting: Creditor, server: MailServer) -> None:
    office = Office(acting, server, connections=4)
    office.plan(*many(30))
    office.approve()
    assert office.send()["accepted"] >= 30
    assert len({(*one.recipients, read(one.data)["Message-ID"]) for one in server.messages}) == len(server.messages)
    assert len({one.connection for one in office.to_customers()}) == 4


def test_two_at_once_share_the_work_and_double_nothing(office: Office) -> None:
    office.plan(*many(40))
    office.approve()
    faults: list[Exception] = []

    def work() -> None:
        try:
            with acting_for(office.creditor), office.connections() as kept:
                duties.send(office.creditor, office.clock, kept)
        except Exception as fault:  # noqa: BLE001 - told below
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    office.send()
    assert sorted(read(one.data)["Subject"] for one in office.to_customers()).__len__() == 40
    assert len({one.data for one in office.to_customers()}) == 40
    assert office.states() == ["accepted"] * 40


# --- what cannot be composed ------------------------------------------------------------------------------------------


def test_one_that_cannot_be_worked_on_does_not_keep_the_others(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from amable.dunning import writing

    office.plan(*many(5))
    office.approve()
    poisoned: Callable[..., Any] = writing.Writer.write

    def write(self: Any, customer: Any, known: Any, planned: Any) -> Any:
        if customer.key == "C-3":
            raise RuntimeError("a fault of ours")
        return poisoned(self, customer, known, planned)

    monkeypatch.setattr(writing.Writer, "write", write)
    for _ in range(4):
        office.send()
        office.later(minutes=6)
    bad = Message.objects.get(customer__key="C-3", act="email")
    assert (bad.state, bad.tries) == ("rejected", 3)
    assert "a fault of ours" in bad.answer
    assert sorted(office.states()) == [*["accepted"] * 4, "rejected"]

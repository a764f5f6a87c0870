"""Faults done within one process: a creditor at work, mail servers that answer as they like, and a clock we set."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connections

from amable.adapters.transports.smtp import Patience, Smtp
from amable.core.delivery import State
from amable.correspondence import outbox
from amable.correspondence.models import ClosedAddress, Message
from amable.evidence import log
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.plugs.invoices import ItemRecord
from amable.plugs.transport import Accepted, Connection, Envelope, Receipt
from amable.server.database import close_database, open_database
from amable.work import duties, mailboxes
from tests.contexts.books import row, take
from tests.contexts.office import BY_ITSELF, LATE, NOON, Office
from tests.rig.house import Rig
from tests.rig.results import Result
from tests.servers import scripted
from tests.servers.certificates import Authority
from tests.servers.scripted import Scripted
from tests.servers.smtp import MailServer
from tests.stories.world import CREDITOR

DUE = date(2026, 3, 10)
SOON = Patience(before_data=1, block=1, verdict=1, goodbye=0.2)


@contextmanager
def office(rig: Rig, server: Any = None, **facts: Any) -> Iterator[Office]:
    """A creditor in a database of their own, with a good mail server unless another is given."""
    from amable.core import creditor as core
    from amable.organisation.actions import install

    folder = rig.place / "office"
    folder.mkdir()
    shutil.copy(rig.migrated / "amable.sqlite3", folder)
    open_database(folder)
    try:
        creditor = install(core.read(CREDITOR), placeholder=False)
        with acting_for(creditor), server or MailServer() as listening:
            yield Office(creditor, listening, **facts)
    finally:
        close_database()
        shutil.rmtree(folder)


def many(count: int, **facts: Any) -> list[ItemRecord]:
    """So many customers who owe an invoice each."""
    return [
        row(
            f"F-{n:05}",
            f"{100 + n}.37",
            customer_id=f"C-{n}",
            customer_name=f"Talleres {n}, S.L.",
            email=f"ana@c{n}.example",
            tax_id="",
            **({"kind": "business", "due_date": DUE} | facts),
        )
        for n in range(count)
    ]


class Recording:
    """A connection that takes everything, and notes what and when; `first` is done before it does."""

    def __init__(self, clock: Callable[[], datetime], first: Callable[[Envelope], object] = lambda e: None) -> None:
        self.clock, self.first = clock, first
        self.taken: list[tuple[datetime, Envelope]] = []

    def open(self) -> None:
        return None

    def deliver(self, envelope: Envelope) -> Receipt:
        self.first(envelope)
        self.taken.append((self.clock(), envelope))
        return Accepted("recording", "250 2.0.0 Ok")

    def close(self) -> None:
        pass

    def to_customers(self) -> list[Envelope]:
        return [envelope for _, envelope in self.taken if envelope.recipients != ("cobros@turia.example",)]


def in_threads(work: Callable[[int], object], count: int, creditor: Creditor) -> list[str]:
    """Do it so often at once; what went wrong."""
    faults: list[str] = []

    def one(place: int) -> None:
        try:
            with acting_for(creditor):
                work(place)
        except Exception as fault:  # noqa: BLE001 - told by the caller
            faults.append(repr(fault))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def more_than_once(envelopes: Sequence[Envelope]) -> int:
    return len(envelopes) - len({envelope.key for envelope in envelopes})


# --- the job started again and again ---------------------------------------------------------------------------------


def c5_run_a_thousand_times(rig: Rig, often: int) -> Result:
    """The whole job, so often in one day and several at once: what leaves is what one run sends."""
    wrong: list[str] = []
    twice = 0
    for lanes in (1, 4):
        with office(rig, procedure=BY_ITSELF) as at:
            wire = Recording(at.clock)
            take(at.creditor, *many(12), today=at.today)
            rounds = often if lanes == 1 else max(1, often // 10)

            def job(_: int, at: Office = at, wire: Recording = wire, rounds: int = rounds, lanes: int = lanes) -> None:
                for _ in range(rounds):
                    duties.plan(at.creditor, at.clock)
                    duties.look_again(at.creditor, at.clock)
                    duties.send(at.creditor, at.clock, [wire])
                    if lanes == 1:
                        at.later(seconds=20)

            wrong += in_threads(job, lanes, at.creditor)
            duties.send(at.creditor, at.clock, [wire])
            sent = wire.to_customers()
            twice += more_than_once(sent)
            if len(sent) != 12 or set(at.states()) != {"accepted"}:
                wrong.append(f"{lanes} at once: {len(sent)} left, {Counter(at.states())}")
            wrong += [f"{fault.rule} {fault.place}" for fault in log.verify(at.creditor)]
    return Result("C5 the job again and again", often, twice=twice, wrong=wrong)


# --- what servers answer ---------------------------------------------------------------------------------------------


def m1_not_now(rig: Rig, often: int) -> Result:
    """421, 450, 451, 452: the same bytes again, at growing gaps, for a day; greylisting ends in the mailbox."""
    wrong: list[str] = []
    codes = (421, 450, 451, 452)
    for turn in range(often):
        code = codes[turn % len(codes)]
        answer = f"{code} 4.7.1 not now\r\n".encode()
        with office(rig, Scripted({".": answer})) as at:
            message, gaps = offered_until_given_up(at)
            if gaps[:4] != [timedelta(minutes=m) for m in (1, 5, 15, 60)] or min(gaps[4:]) < timedelta(hours=1):
                wrong.append(f"{code}: gaps {gaps}")
            mine = [data for data in at.server.messages if b"ana@miro.example" in data]
            if len(set(mine)) != 1 or len(mine) != message.tries:
                wrong.append(f"{code}: {len(set(mine))} different messages in {message.tries} tries")
            if message.state != "rejected" or at.now - NOON > timedelta(hours=24):
                wrong.append(f"{code}: {message.state} after {at.now - NOON}")
        with office(rig, Scripted({".": [answer, answer, answer, b"250 2.0.0 Ok\r\n"]})) as at:
            message, _ = offered_until_given_up(at)
            mine = [data for data in at.server.messages if b"ana@miro.example" in data]
            if message.state != "accepted" or len(set(mine)) != 1:
                wrong.append(f"{code}: greylisted, and {message.state}, {len(set(mine))} different messages")
    return Result("M1 not now", often, wrong=wrong)


def offered_until_given_up(at: Office) -> tuple[Message, list[timedelta]]:
    """Send, and wait for the next time, until nothing waits any more; the gaps between the tries."""
    message = at.ready(LATE)
    gaps: list[timedelta] = []
    for _ in range(60):
        at.send()
        message.refresh_from_db()
        if message.state != State.REFUSED:
            break
        assert message.due_at is not None
        gaps.append(message.due_at - at.now)
        at.now = message.due_at
    return message, gaps


def m2_never(rig: Rig, often: int) -> Result:
    """550 to 554 for a recipient or after the message: not offered again; the step takes another way."""
    wrong: list[str] = []
    codes = (550, 552, 553, 554)
    for turn in range(often):
        answer = f"{codes[turn % 4]} 5.1.1 never"
        for stage in ("RCPT", "."):
            line = f"{answer}\r\n".encode()
            with office(rig, Scripted({stage: [line, b"250 2.0.0 Ok\r\n"]})) as at:
                message = at.ready(LATE)
                Message.objects.exclude(pk=message.pk).filter(state="approved").update(state="withdrawn")
                at.send()
                message.refresh_from_db()
                closed = list(ClosedAddress.objects.values_list("address", flat=True))
                if message.state != "rejected" or message.tries != 1:
                    wrong.append(f"{answer} at {stage}: {message.state}, {message.tries} tries")
                if stage == "RCPT" and closed != ["ana@miro.example"]:
                    wrong.append(f"{answer} at {stage}: closed {closed}")
                for _ in range(10):  # days
                    at.plan()
                    at.approve()
                    at.send()
                    at.later(days=1)
                again = [data for data in at.server.messages[1:] if b"To: " in data and b"<ana@miro.example>" in data]
                if stage == "RCPT" and again:
                    wrong.append(f"{answer} at {stage}: {len(again)} more to a closed address")
                if any(message.message_id.encode() in data for data in again):
                    wrong.append(f"{answer} at {stage}: offered again")
                if not Message.objects.filter(act__in=("letter", "check", "call", "task", "decision")).exists():
                    wrong.append(f"{answer} at {stage}: nobody is asked")
    return Result("M2 never", often, wrong=wrong)


def m3_no_way_in(rig: Rig, often: int) -> Result:
    """Nobody there, no name, no encryption, an old certificate, a drip, garbage: nothing leaves bare, all waits."""
    wrong: list[str] = []
    authority = Authority(rig.place)
    trusted = {"authority": str(authority.pem)}
    faults: dict[str, tuple[Any, dict[str, object]]] = {
        "refused": (Scripted(), {"port": 1}),
        "no such name": (Scripted(), {"server": "mail.invalid"}),
        "no encryption offered": (Scripted(), {"encryption": "starttls"}),
        "encryption fails": (Scripted({"STARTTLS": b"454 4.7.0 no\r\n"}), {"encryption": "starttls"}),
        "expired": (Scripted(context=authority.context(expired=True)), {"encryption": "starttls"} | trusted),
        "another's certificate": (
            Scripted(context=authority.context("other.example")),
            {"encryption": "starttls"} | trusted,
        ),
        "a drip": (Scripted({"greeting": scripted.drip(b"220 " + b"x" * 900 + b"\r\n")}), {}),
        "garbage": (Scripted({"greeting": b"\x00\xff garbage\r\n"}), {}),
    }
    for _ in range(often):
        for name, (server, settings) in faults.items():
            fresh = Scripted(server._script, context=server._context)
            with office(rig, fresh) as at:
                message = at.ready(LATE)
                good = {"server": at.server.host, "port": at.server.port, "encryption": "none"}
                Sending.objects.update(**settings)
                gaps = []
                for _ in range(5):
                    began = time.monotonic()
                    with impatient() as kept:
                        done = duties.send(at.creditor, at.clock, kept)
                    if done.sent.unreachable is None or time.monotonic() - began > 60:
                        wrong.append(f"{name}: {done.sent.states}")
                    resting = Sending.objects.get().resting_until
                    if resting is None:
                        wrong.append(f"{name}: the mailbox does not rest")
                        break
                    gaps.append(resting - at.now)
                    at.now = resting
                if gaps != [timedelta(minutes=m) for m in (1, 5, 15, 60, 60)]:
                    wrong.append(f"{name}: rests {gaps}")
                message.refresh_from_db()
                if (message.state, message.tries) != ("approved", 0) or at.server.messages:
                    wrong.append(f"{name}: {message.state}, {len(at.server.messages)} messages in the clear")
            with office(rig) as at:  # the same mailbox, mended
                at.ready(LATE)
                Sending.objects.update(**settings)
                at.send()
                Sending.objects.update(server=at.server.host, port=at.server.port, encryption=good["encryption"])
                at.later(minutes=1)
                at.send()
                if len(at.to_customers()) != 1:
                    wrong.append(f"{name}: mended, and {len(at.to_customers())} left")
    return Result("M3 no way in", often * len(faults), wrong=wrong)


@contextmanager
def impatient() -> Iterator[list[Connection]]:
    """The mailbox as it is set up, given up on within a second."""
    connection = Smtp(SOON).connect(mailboxes.login(Sending.objects.get()))
    try:
        yield [connection]
    finally:
        connection.close()


def m4_one_of_three(rig: Rig, often: int) -> Result:
    """One of three recipients is refused: the others have it, and it is kept who has not."""
    wrong: list[str] = []
    for turn in range(often):
        with office(rig) as at:
            message = at.ready(row(due_date=DUE, email="ana@miro.example, eva@miro.example, ion@miro.example"))
            at.server.refuse["eva@miro.example"] = ("550 5.1.1 gone", "450 4.2.1 busy")[turn % 2]
            at.send()
            (received,) = at.to_customers()
            message.refresh_from_db()
            if received.recipients != ("ana@miro.example", "ion@miro.example") or message.state != "accepted":
                wrong.append(f"{message.state}: {received.recipients}")
            if "eva@miro.example" not in message.refused or ClosedAddress.objects.count() != (1 - turn % 2):
                wrong.append(f"not kept: {message.refused!r}")
    return Result("M4 one of three refused", often, wrong=wrong)


def m5_sixty_a_minute(rig: Rig, often: int) -> Result:
    """So many at once for two creditors, at sixty a minute each: at that rate, in order, and neither starves."""
    from amable.core import creditor as core

    wrong: list[str] = []
    with office(rig, per_minute=60, per_minute_and_domain=60, daily_cap=100_000) as at:
        other = Creditor.objects.get(pk=at.creditor.pk)
        described = core.read(CREDITOR.replace("Ferretería del Turia", "Panadería Núñez"))
        other.pk, other.ref, other.name = None, "other", described.name
        other.save()
        offices = [at]
        with acting_for(other):
            offices.append(Office(other, at.server, per_minute=60, per_minute_and_domain=60, daily_cap=100_000))
        wires = [Recording(at.clock), Recording(at.clock)]
        expected: list[list[str]] = []
        for one in offices:
            with acting_for(one.creditor):
                take(one.creditor, *many(often // 2), today=one.today)
                duties.plan(one.creditor, at.clock)
                mine = Message.objects.filter(creditor=one.creditor, state="proposed")
                outbox.approve(
                    one.creditor, list(mine.values_list("pk", flat=True)), at.now, by="lucia", undo=timedelta()
                )
                order = Message.objects.filter(creditor=one.creditor, act="email").order_by("due_at", "pk")
                expected.append(list(order.values_list("key", flat=True)))
        while any(len(wire.to_customers()) < often // 2 for wire in wires) and at.now < NOON + timedelta(hours=7):
            for one, wire in zip(offices, wires, strict=True):
                with acting_for(one.creditor):
                    duties.send(one.creditor, at.clock, [wire])
            at.later(seconds=1)
        for wire, keys in zip(wires, expected, strict=True):
            wrong += kept_rate(wire, 60)
            if [envelope.key for envelope in wire.to_customers()] != keys:
                wrong.append("not in the order in which they were due")
            if wire.taken[-1][0] - wire.taken[0][0] > timedelta(minutes=len(wire.taken) / 60) * 1.05:
                wrong.append("one creditor waited for the other")
        twice = sum(more_than_once(wire.to_customers()) for wire in wires)
    return Result("M5 sixty a minute", often, twice=twice, wrong=wrong)


def kept_rate(wire: Recording, rate: int) -> list[str]:
    """What is wrong with the rate, in any whole minute and in all."""
    began = wire.taken[0][0]
    minutes = Counter((moment - began) // timedelta(minutes=1) for moment, _ in wire.taken)
    whole = [minutes[minute] for minute in range(max(minutes))]  # the last one may have begun only
    off = [count for count in whole if abs(count - rate) > rate * 0.05]
    overall = sum(whole) / (len(whole) * rate) if whole else 1
    return [f"in some minutes {off}, overall {overall:.3f}"] if off or abs(overall - 1) > 0.05 else []

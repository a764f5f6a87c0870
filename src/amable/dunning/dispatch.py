"""Hands over what was approved: decided again with the facts of the moment, composed, marked, offered, settled.

The order is strict for every message: it is committed that it is being handed over, it is handed over, it is committed
what became of it. Whatever happens in between, nobody offers it a second time unasked.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.headerregistry import AddressHeader
from email.policy import default as modern
from itertools import islice
from queue import SimpleQueue
from threading import Lock
from typing import Final, NamedTuple, cast

from django.db import connections, transaction

from amable.core.delivery import State
from amable.core.planning import Decision, Planned, decide
from amable.core.procedure import COURTESIES, MESSAGES, TASKS, Act, Procedure
from amable.core.wording import Library
from amable.correspondence import composing, outbox
from amable.correspondence.models import Message, MessageItem
from amable.correspondence.outbox import Claim, Claimed
from amable.dunning import editing
from amable.dunning.actions import Earlier, gated_act, no_more_than, stale_data
from amable.dunning.dossier import Known, Setting, gather, setting
from amable.dunning.verdicts import kept, pack
from amable.dunning.writing import TALKS, StepDone, Writer, Written, message_event
from amable.evidence import log
from amable.evidence.models import Blob
from amable.ledger import queries
from amable.ledger.actions import look_again
from amable.ledger.queries import CustomerRow
from amable.organisation import bulk
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.plugs.transport import Accepted, Connection, Envelope, Receipt, Unreachable

_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
DECIDED: Final = MESSAGES | COURTESIES | TASKS | {Act.DECISION}
_TOGETHER, _MOST = 64, 256  # messages decided again in one handful of queries
_SOON: Final = timedelta(seconds=1)  # in which a handful has left for the next to be twice as many
PRINTED: Final = "print"  # the server of what is printed


@dataclass(slots=True)
class Sent:
    """What became of a batch, and when there may be more: `next_at` is None when nothing waits."""

    states: Counter[State] = field(default_factory=Counter)
    next_at: datetime | None = None
    unreachable: Unreachable | None = None
    stopped: bool = False
    changed: set[int] = field(default_factory=set)  # customers who must be looked at for what became of theirs


class _Ready(NamedTuple):
    """A message in hand with its bytes and where they go."""

    message: Claimed
    data: bytes
    to: tuple[str, ...]


class Dispatch:
    """Hands the messages of one creditor over, batch after batch, by connections that are kept for the next one."""

    def __init__(
        self,
        creditor: Creditor,
        procedure: Procedure,
        clock: Clock,
        connections_: Sequence[Connection],
        *,
        wordings: Library | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.creditor, self.procedure, self.clock, self.wordings = creditor, procedure, clock, wordings
        self.connections, self.stopping = connections_, stopping
        self.counting = Lock()

    def batch(self, sending: Sending, today: date, *, limit: int, channel: str = "email") -> Sent:
        """Hand over up to so many messages that are due."""
        claim = outbox.claim(self.creditor, sending, today, self.clock(), limit=limit, channel=channel)
        sent = Sent(next_at=claim.next_at)
        if not claim.messages:
            return sent
        try:
            ready = _Preparing(self, sending, today, claim, sent).ready()
            if channel == Act.EMAIL:
                self.hand_over(ready, claim.token, sending, today, sent)
            else:
                for one in ready:
                    self.offer(_Printer(), one, claim.token, sending, today, sent)
        finally:
            outbox.release(self.creditor, claim.token)
        return sent

    def hand_over(self, ready: Iterator[_Ready], token: str, sending: Sending, today: date, sent: Sent) -> None:
        """Offer each message by one of the connections; with several, the next ones are prepared meanwhile."""
        if len(self.connections) == 1:
            self.offer_all(self.connections[0], ready, token, sending, today, sent)
            return
        waiting: SimpleQueue[_Ready | None] = SimpleQueue()

        def lane(connection: Connection) -> None:
            try:
                with acting_for(self.creditor):
                    self.offer_all(connection, iter(waiting.get, None), token, sending, today, sent)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(self.connections)) as pool:
            lanes = [pool.submit(lane, connection) for connection in self.connections]
            try:
                for one in ready:
                    waiting.put(one)
                    if self.is_over(sent):
                        break
            finally:
                for _ in lanes:
                    waiting.put(None)
            for done in lanes:
                done.result()

    def is_over(self, sent: Sent) -> bool:
        """Whether nothing more is to be offered: it was stopped, or nobody can be reached."""
        return sent.stopped or sent.unreachable is not None or self.stopping()

    def offer_all(
        self, connection: Connection, ready: Iterable[_Ready], token: str, sending: Sending, today: date, sent: Sent
    ) -> None:
        """Offer one message after the other, until one may not leave or nobody can be reached."""
        for one in ready:
            if self.is_over(sent):
                return
            self.offer(connection, one, token, sending, today, sent)

    def offer(self, connection: Connection, one: _Ready, token: str, sending: Sending, today: date, sent: Sent) -> None:
        """Mark, offer, settle: one message, each in a transaction of its own."""
        recipients = (sending.test_to,) if sending.test_to else one.to
        envelope = Envelope(one.message.key, self.creditor.sender_email, recipients, one.data)
        if (unreachable := connection.open()) is not None:
            sent.unreachable = unreachable
            return
        if not outbox.hand_over(self.creditor, one.message, token, today, self.clock(), server=sending.server):
            sent.stopped = True
            return
        receipt = connection.deliver(envelope)
        state = outbox.settle(self.creditor, one.message, token, today, self.clock(), receipt)
        if isinstance(receipt, Unreachable):
            sent.unreachable = receipt
            return
        with self.counting:
            sent.states[state] += 1
            if state is State.REJECTED and one.message.customer_id is not None:
                sent.changed.add(one.message.customer_id)
        _log.info("message settled", extra={"key": one.message.key, "state": str(state), "server": receipt.server})


class _Printer:
    """Letters are handed over when they are composed: the print run is made of what was accepted."""

    def open(self) -> None:
        return None

    def deliver(self, envelope: Envelope) -> Receipt:
        return Accepted(PRINTED, "")

    def close(self) -> None:
        pass


# --- deciding again and composing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Again:
    """A customer looked at once more: what was known and what was decided, on the day the message is of."""

    customer: CustomerRow
    known: Known
    decision: Decision


class _Unwanted(NamedTuple):
    """A message that is not to leave, and the rules that say so where the verdicts do not."""

    message: Claimed
    look: _Again
    rules: tuple[str, ...]


_EARLIER: Final = bulk.Question(
    Earlier,
    lambda creditor, numbers: MessageItem.objects.filter(creditor=creditor, message__in=bulk.these(numbers)),
)


class _Preparing:
    """One claim: what is still wanted gets its bytes, the rest is withdrawn with its reason."""

    def __init__(self, dispatch: Dispatch, sending: Sending, today: date, claim: Claim, sent: Sent) -> None:
        self.creditor, self.procedure, self.wordings = dispatch.creditor, dispatch.procedure, dispatch.wordings
        self.sending, self.today, self.claim, self.sent = sending, today, claim, sent
        self.clock, self.counting, self.connections = dispatch.clock, dispatch.counting, dispatch.connections
        self.now = self.clock()
        numbers = [message.pk for message in claim.messages]
        self.before: dict[int, list[Earlier]] = defaultdict(list)
        for row in _EARLIER.ask(self.creditor, numbers):
            self.before[row.message_id].append(row)

    def ready(self) -> Iterator[_Ready]:
        """What may leave, in the order of the claim, decided as late as it can be without asking for each alone."""
        waiting = iter(self.claim.messages)
        size = max(1, _TOGETHER // len(self.connections))  # few where several would wait for them
        while some := list(islice(waiting, size)):
            self.now = self.clock()
            yield from self.of_some(some)
            if self.clock() - self.now < _SOON:
                size = min(_MOST, size * 2)

    def of_some(self, some: Sequence[Claimed]) -> list[_Ready]:
        decided = [message for message in some if self.is_decided(message)]
        found = {one.message.pk: one for one in self.as_they_are([m for m in some if not self.is_decided(m)])}
        days: dict[date, list[Claimed]] = defaultdict(list)
        for message in decided:
            days[message.day].append(message)
        for day, messages in days.items():
            found |= {one.message.pk: one for one in self.of_day(day, messages)}
        return [found[message.pk] for message in some if message.pk in found]

    def is_decided(self, message: Claimed) -> bool:
        """Whether it depends on what is decided about its customer; what our own people are told does not."""
        ours = message.act not in outbox.TO_CUSTOMERS and message.blob
        return message.customer_id is not None and message.act in DECIDED and not ours

    def as_they_are(self, messages: Sequence[Claimed]) -> list[_Ready]:
        """The messages to our own people, in their final bytes."""
        data = self.bytes_of(messages)
        return [_Ready(message, data[message.blob], recipients(data[message.blob])) for message in messages]

    def bytes_of(self, messages: Sequence[Claimed]) -> dict[str, bytes]:
        digests = {message.blob for message in messages if message.blob}
        if not digests:
            return {}
        kept_ = Blob.objects.filter(creditor=self.creditor, digest__in=digests).values_list("digest", "data")
        return {digest: bytes(data) for digest, data in kept_}

    def of_day(self, day: date, messages: Sequence[Claimed]) -> list[_Ready]:
        """The messages of one day that are still wanted. One that cannot be worked on does not keep the others."""
        try:
            return self.wanted(day, messages)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one message, the others leave
            if len(messages) > 1:
                return [one for message in messages for one in self.of_day(day, [message])]
            _log.exception("a message could not be composed", extra={"key": messages[0].key})
            self.stumble(messages[0], error)
            return []

    def stumble(self, message: Claimed, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        state = outbox.stumble(self.creditor, message, self.claim.token, self.today, self.now, said=said)
        self.count(state)

    def count(self, state: State, n: int = 1) -> None:
        with self.counting:
            self.sent.states[state] += n

    def wanted(self, day: date, messages: Sequence[Claimed]) -> list[_Ready]:
        it = setting(self.creditor, self.procedure, day)
        gate = stale_data(it)
        again = self.look(it, [m.customer_id for m in messages if m.customer_id is not None])
        held = self.held_today(day, again)
        first = [message for message in messages if not message.blob]
        talks = [again[m.customer_id].customer for m in first if m.act in TALKS and m.customer_id in again]
        words = editing.words_of(self.creditor, [message.pk for message in messages])
        writer = Writer(it, self.now, composed=True, wordings=self.wordings, talks=talks, words=words)
        chosen: list[Claimed] = []
        unwanted: list[_Unwanted] = []
        grown: list[Claimed] = []
        fresh: list[tuple[Claimed, _Again, Planned]] = []
        data = self.bytes_of(messages)
        for message in messages:
            look = again[cast("int", message.customer_id)]
            planned = self.planned(writer, look, message)
            shut = gate is not None and planned is not None and gated_act(planned, self.procedure)
            if planned is None or shut or look.customer.pk in held:
                unwanted.append(_Unwanted(message, look, (gate.rule,) if gate and shut else ()))
                continue
            if not no_more_than(writer.steps(planned, look.known), self.before[message.pk]):
                grown.append(message)
                continue
            if message.blob and message.tries:  # offered before: the same bytes
                chosen.append(message)
                continue
            fresh.append((message, look, planned))
        writer.compose_letters((look.customer, look.known, planned) for _, look, planned in fresh)
        for message, look, planned in fresh:
            written = writer.write(look.customer, look.known, planned)
            if isinstance(written, composing.Withheld):
                unwanted.append(_Unwanted(message, look, tuple(finding.rule for finding in written.findings)))
                writer.write_task(look.customer, look.known, planned, "ask.kindness", written.findings)
                continue
            if written in writer.outdated:  # a person's words were for another message than it is by now
                grown.append(message)
                continue
            chosen.append(message)
        with transaction.atomic():
            # In the order in which whoever looks at these customers locks them, so that neither waits for the other.
            for one in sorted(unwanted, key=lambda one: one.message.pk):
                self.withdraw(*one)
            for message in sorted(grown, key=lambda message: message.pk):
                outbox.propose_again(self.creditor, message, self.claim.token, self.today)
            editing.set_aside(self.creditor, [message for message in grown if message.key in words], self.today)
            ready = self.keep(writer, chosen, data)
        self.sent.changed.update(one.look.customer.pk for one in unwanted)
        self.count(State.WITHDRAWN, len(unwanted))
        self.count(State.PROPOSED, len(grown))
        return ready

    def look(self, it: Setting, customers: Sequence[int]) -> dict[int | None, _Again]:
        rows = queries.customers(self.creditor, sorted(set(customers)))
        now = self.now if it.today == self.today else None
        return {
            row.pk: _Again(row, known, decide(known.dossier, it.today, now))
            for row, known in zip(rows, gather(it, rows), strict=True)
        }

    def held_today(self, day: date, again: dict[int | None, _Again]) -> frozenset[int]:
        """Who is held today, of those whose message is of an earlier day."""
        if day == self.today:
            return frozenset()
        today = self.look(setting(self.creditor, self.procedure, self.today), [c for c in again if c is not None])
        return frozenset(
            number
            for number, look in today.items()
            if number is not None and all(verdict.rule.startswith("hold.") for verdict in look.decision.verdicts)
        )

    def planned(self, writer: Writer, look: _Again, message: Claimed) -> Planned | None:
        """What is decided now in place of a message, None when it is not wanted any more."""
        return next((p for p in look.decision.planned if writer.name_of(look.customer, p)[1] == message.key), None)

    def withdraw(self, message: Claimed, look: _Again, rules: Sequence[str]) -> None:
        about = {row.item_id for row in self.before[message.pk]}
        why = [kept(verdict, "") for verdict in look.decision.verdicts if verdict.item in about]
        rules = rules or sorted({verdict.rule for verdict in why})
        outbox.withdraw(self.creditor, message, self.claim.token, self.today, reason=pack(why), rules=rules)
        look_again(self.creditor, [look.customer.pk], self.today)

    def keep(self, writer: Writer, chosen: Sequence[Claimed], data: dict[str, bytes]) -> list[_Ready]:
        """Keep what was composed, with what it says, before anything of it leaves."""
        keys = {message.key: message for message in chosen}
        written = {key: one for key, one in writer.written.items() if key not in writer.outdated}
        fresh = {key: one for key, one in written.items() if key in keys}
        asks = {key: one for key, one in written.items() if key not in keys}
        log.keep(self.creditor, (one.data for one in written.values() if one.data is not None))
        changing = ("wording", "language", "demanded", "message_id", "subject", "path", "blob", "leaves_at", "domain")
        bulk.update(
            Message,
            changing,
            ([*(one.facts[name] for name in changing), self.creditor.pk, keys[key].pk] for key, one in fresh.items()),
        )
        self.keep_steps({keys[key].pk: one.steps for key, one in fresh.items()})
        self.ask(asks)
        log.record(self.creditor, [message_event(one, self.today) for one in written.values()])
        ready: list[_Ready] = []
        for message in chosen:
            one = fresh.get(message.key)
            if one is None or one.data is None:
                ready.append(_Ready(message, data[message.blob], recipients(data[message.blob])))
                continue
            composed = {name: one.facts[name] for name in ("blob", "path", "subject", "message_id")}
            ready.append(_Ready(message._replace(**composed), one.data, one.to))
        return ready

    def keep_steps(self, steps: dict[int, tuple[StepDone, ...]]) -> None:
        """Bring the steps of recomposed messages into line, where fewer or smaller ones are left."""
        for number, now in steps.items():
            if [tuple(step) for step in now] == [row[1:] for row in self.before[number]]:
                continue
            MessageItem.objects.filter(creditor=self.creditor, message=number).delete()
            rows = ((self.creditor.pk, number, False, *step) for step in now)
            bulk.insert(MessageItem, ("creditor", "message", "withdrawn", *StepDone._fields), rows)

    def ask(self, tasks: dict[str, Written]) -> None:
        """Put what a person is asked instead beside the other tasks of the day; asked already is asked."""
        if not tasks:
            return
        fields = next(iter(tasks.values())).facts
        bulk.insert(Message, tuple(fields), (tuple(one.facts.values()) for one in tasks.values()), unless_known=True)


def preview(
    creditor: Creditor, rules: Procedure, message: Message, now: datetime, *, wordings: Library | None = None
) -> Written | composing.Withheld | None:
    """A planned message as it would leave now, None when it would not; nothing is kept."""
    found = editing.planned_now(creditor, rules, message, now, wordings)
    if found is None:
        return None
    written = found.writer.write(found.customer, found.known, found.planned)
    return written if isinstance(written, composing.Withheld) else found.writer.written[written]


def recipients(data: bytes) -> tuple[str, ...]:
    """Whom the bytes of a mail are for, as their header says."""
    header = message_from_bytes(data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", policy=modern)["To"]
    with suppress(AttributeError):
        return tuple(address.addr_spec for address in cast("AddressHeader", header).addresses)
    return ()

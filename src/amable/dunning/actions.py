"""Looks at customers and carries out what was decided: verdicts kept, messages and tasks written, evidence recorded."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Exists, OuterRef

from amable import __version__
from amable.core.delivery import CLAIMABLE, IN_HAND, OPEN, State
from amable.core.kindness import Finding
from amable.core.payers import Profile
from amable.core.planning import Decision, Outcome, Planned, Section, Verdict, decide
from amable.core.procedure import COURTESIES, MESSAGES, Procedure
from amable.core.wording import Library
from amable.correspondence import composing
from amable.correspondence.models import EditedWords, Message, MessageItem
from amable.dunning.dossier import Known, Setting, gather, setting
from amable.dunning.models import Look, StoredProcedure
from amable.dunning.verdicts import KeptVerdict, gist, kept, pack, plain, unpack
from amable.dunning.writing import TALKS, StepDone, Writer, Written, message_event
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import queries
from amable.ledger.actions import look_again
from amable.ledger.models import Customer, Item
from amable.ledger.queries import CustomerRow
from amable.organisation import bulk
from amable.organisation.models import Creditor

BATCH = 500
_log = logging.getLogger(__name__)

UNPLANNED: Final = "task.unplanned"  # the rule of an item whose customer could not be looked at, and the task's slot
MONEY = "money."  # the slots of tasks about money, which `notices` writes


@dataclass(frozen=True, slots=True)
class Gate:
    """A reason of the whole creditor's why nothing from the first overdue step on leaves: overlaid, never stored."""

    rule: str
    params: dict[str, object]


@dataclass(slots=True)
class Reviewed:
    """What a review came to; of the `broken` it could not be decided what comes next, a person should look."""

    customers: int = 0
    messages: int = 0
    tasks: int = 0
    withdrawn: int = 0
    broken: list[int] = field(default_factory=list)

    def add(self, more: Reviewed) -> None:
        """Count another one in."""
        self.customers += more.customers
        self.messages += more.messages
        self.tasks += more.tasks
        self.withdrawn += more.withdrawn
        self.broken += more.broken


def close_days_before(creditor: Creditor, today: date, *, written: Callable[[str], bool]) -> None:
    """What earlier days wrote counts as said from now on; a rehearsal never does.

    Of a day whose run was cut off before all its files were in place, only what was `written` (asked by path) counts:
    nobody can have sent the rest.
    """
    with transaction.atomic():
        earlier = Message.objects.filter(creditor=creditor, state="proposed", day__lt=today).order_by("id")
        whole = creditor.last_written_on
        said = [
            (pk, key, day)
            for pk, key, day, path, rehearsal in earlier.values_list("pk", "key", "day", "path", "rehearsal")
            if not rehearsal and ((whole and day <= whole) or written(path))
        ]
        for ids in bulk.batched(pk for pk, _, _ in said):
            Message.objects.filter(creditor=creditor, pk__in=bulk.these(ids)).update(state="said")
        never = list(earlier.values_list("pk", "key"))
        for batch in bulk.batched(pk for pk, _ in never):
            MessageItem.objects.filter(creditor=creditor, message__in=bulk.these(batch)).update(withdrawn=True)
            Message.objects.filter(creditor=creditor, pk__in=bulk.these(batch)).update(state="withdrawn")
        events = [Event("message.said", today, {"message": key, "day": day.isoformat()}) for _, key, day in said]
        events += [Event("message.withdrawn", today, {"message": key, "rules": []}) for _, key in never]
        log.record(creditor, events)


TOLD: Final = "task.told."  # slots of tasks that no later look would put again


def take_over(creditor: Creditor, today: date, *, written: Callable[[str], bool]) -> None:
    """Let the messages of a folder leave by themselves from now on.

    What lies there as a draft counts as said, today's too: nobody can know whether it was sent, and not writing twice
    comes before writing once.
    """
    close_days_before(creditor, today + timedelta(days=1), written=written)


def look_now(
    creditor: Creditor, procedure: Procedure, today: date, now: datetime, customers: Sequence[int]
) -> Reviewed:
    """Look at these customers at once: something became of a message of theirs."""
    it = setting(creditor, procedure, today)
    done = Reviewed()
    for ids in bulk.batched(sorted(customers), BATCH):
        _look(queries.customers(creditor, ids), _Day(it, now, stale_data(it), composed=False), done)
    return done


def unplanned_key(creditor: Creditor, customer: str, today: date) -> str:
    """The key of the task about a customer, by their key, who could not be looked at."""
    return composing.message_key(creditor, customer, today, UNPLANNED)


def turn_day(creditor: Creditor, today: date) -> None:
    """Begin a day where messages leave by themselves: what did not leave before is decided anew today.

    What was approved is remembered, so that the same words about the same items need not be approved again.
    """
    with transaction.atomic():
        before = Message.objects.select_for_update().filter(creditor=creditor, state__in=OPEN, day__lt=today)
        waiting = before.exclude(slot__startswith=TOLD).order_by("pk")
        left = list(waiting.values_list("pk", "key", "customer_id"))
        for batch in bulk.batched(pk for pk, _, _ in left):
            MessageItem.objects.filter(creditor=creditor, message__in=bulk.these(batch)).update(withdrawn=True)
            Message.objects.filter(creditor=creditor, pk__in=bulk.these(batch)).update(state=State.WITHDRAWN)
        look_again(creditor, {customer for _, _, customer in left if customer is not None}, today)
        log.record(
            creditor, [Event("message.withdrawn", today, {"message": key, "rules": ["day_over"]}) for _, key, _ in left]
        )


def review(
    creditor: Creditor,
    procedure: Procedure,
    today: date,
    now: datetime | None,
    *,
    composed: bool = True,
    among: tuple[int, int] | None = None,
    progress: Callable[[int], object] = lambda n: None,
    wordings: Library | None = None,
) -> Reviewed:
    """Look at every customer whose day has come, decide, and propose what should leave today, `composed` or not yet.

    `among` are the first and the last number of the customers, of all when there is none.

    Deciding again on the same day replaces what is not said yet: the same bytes when nothing changed, recomposed under
    the same name when something did, withdrawn when no longer wanted. Each batch is one transaction.
    """
    it = setting(creditor, procedure, today)
    day = _Day(it, now, stale_data(it), wordings, composed=composed)
    done = Reviewed()
    for customers in _batches(creditor, today, among):
        _look(customers, day, done)
        progress(len(customers))
    return done


@dataclass(frozen=True, slots=True)
class _Day:
    """What is the same for every batch of a review."""

    it: Setting
    now: datetime | None
    gate: Gate | None
    wordings: Library | None = None
    composed: bool = field(kw_only=True)


def _look(customers: Sequence[CustomerRow], day: _Day, done: Reviewed) -> None:
    """Look at a batch. Where messages leave by themselves, what is wrong with one customer does not keep the others.

    What is wrong with all of them, or with the database, is no customer's.
    """
    try:
        done.add(_looked(customers, day))
    except IntegrityError:
        there = queries.customers(day.it.creditor, [customer.pk for customer in customers])
        if len(there) == len(customers):
            raise
        done.add(_looked(there, day))  # the others were merged meanwhile
    except DatabaseError:
        raise
    except Exception as fault:
        if day.it.sending is None:
            raise
        _look_one_by_one(customers, day, done, fault)


def _look_one_by_one(customers: Sequence[CustomerRow], day: _Day, done: Reviewed, fault: Exception) -> None:
    found, faults = Reviewed(), {}
    for customer in customers:
        try:
            found.add(_looked([customer], day))
        except DatabaseError:
            raise
        except Exception as their:  # noqa: BLE001 - told in the log, and to a person
            faults[customer.pk] = their
    if len(faults) == len(customers) > 1:
        raise fault
    done.add(found)
    for customer in customers:
        if (their_fault := faults.get(customer.pk)) is not None:
            _log.error("a customer could not be looked at", extra={"customer": customer.pk}, exc_info=their_fault)
            with transaction.atomic():
                _Review(day.it, day.now, day.gate, done, day.wordings, composed=day.composed).leave(customer)
            done.broken.append(customer.pk)


def _looked(customers: Sequence[CustomerRow], day: _Day) -> Reviewed:
    done = Reviewed()
    with transaction.atomic():
        _Review(day.it, day.now, day.gate, done, day.wordings, composed=day.composed).batch(customers)
    return done


def stale_data(it: Setting) -> Gate | None:
    """Bank data older than three working days: reminders rest. No gate when no bank file was ever given."""
    newest = it.bank_until
    if newest is None or it.creditor_calendar.add(newest, 3) >= it.today:
        return None
    return Gate("gate.stale_data", {"day": newest})


def remember_procedure(creditor: Creditor, text: str) -> str:
    """Keep the text of a procedure as it is used; its digest goes into the evidence."""
    digest = log.digest(text.encode())
    StoredProcedure.objects.get_or_create(creditor=creditor, digest=digest, defaults={"text": text})
    return digest


def procedure_last_used(creditor: Creditor) -> str:
    """The text of the procedure of the last run, empty when there was none."""
    last = log.last_run(creditor)
    stored = StoredProcedure.objects.filter(creditor=creditor, digest=last.get("procedure", "")).first()
    return stored.text if stored else ""


def look_at_all_by_new_rules(creditor: Creditor, procedure: str, today: date) -> bool:
    """Have everybody with something open looked at when the procedure (by digest), the creditor or Amable changed.

    Whether they did.
    """
    kept = Creditor.objects.values().get(pk=creditor.pk)  # as the database has it, whatever file was read
    facts = {name: str(value) for name, value in kept.items() if name not in _NO_RULES}
    rules = log.digest(json.dumps([__version__, procedure, facts], sort_keys=True).encode())
    if creditor.looked_by == rules:
        return False
    with transaction.atomic():
        theirs = Item.objects.filter(creditor=creditor, customer=OuterRef("pk")).exclude(open=0)
        Customer.objects.filter(Exists(theirs), creditor=creditor).update(review_on=today)
        creditor.looked_by = rules
        creditor.save(update_fields=("looked_by",))
    return True


_NO_RULES: Final = ("id", "last_run_on", "last_run_at", "last_written_on", "looked_by", "passed", "second_factor")


def _batches(creditor: Creditor, today: date, among: tuple[int, int] | None) -> Iterable[list[CustomerRow]]:
    """The customers whose day has come, and whoever was written to earlier today: that is decided again."""
    written_to = Message.objects.filter(creditor=creditor, day=today, customer__isnull=False).values("customer_id")
    everybody = Customer.objects.filter(creditor=creditor)
    if among is not None:
        written_to = written_to.filter(customer__gte=among[0], customer__lte=among[1])
        everybody = everybody.filter(pk__range=among)
    # All on one day, so that whoever stays due on it (a gate is shut) does not come by twice.
    everybody.filter(review_on__lt=today).update(review_on=today)
    everybody.filter(pk__in=written_to).exclude(review_on=today).update(review_on=today)
    after = 0
    while True:
        waiting = everybody.filter(review_on=today, pk__gt=after).order_by("pk")
        ids = list(waiting.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        after = ids[-1]
        yield queries.customers(creditor, ids)


class _Review:
    """One batch of customers: decided, composed, and brought into line with what an earlier run of the day wrote."""

    def __init__(
        self,
        it: Setting,
        now: datetime | None,
        gate: Gate | None,
        done: Reviewed,
        wordings: Library | None = None,
        *,
        composed: bool,
    ) -> None:
        self.it, self.now, self.gate, self.done = it, now, gate, done
        self.composed, self.wordings = composed, wordings
        self.events: list[Event] = []
        self.verdicts: dict[int, KeptVerdict] = {}
        self.leaving: dict[str, datetime] = {}

    def batch(self, customers: Sequence[CustomerRow]) -> None:
        creditor, today = self.it.creditor, self.it.today
        if self.it.sending and (busy := self.in_hand([customer.pk for customer in customers])):
            customers = [customer for customer in customers if customer.pk not in busy]
        ids = [customer.pk for customer in customers]
        stood = Look.objects.filter(creditor=creditor, customer__in=bulk.these(ids))
        looks = {owner: (day, text) for owner, day, text in stood.values_list("customer_id", "day", "verdicts")}
        gone = self.gone(ids)
        fresh: list[bulk.Row] = []
        reviews: list[bulk.Row] = []
        decided = [
            (customer, known, decide(known.dossier, today, None if customer.pk in gone else self.now))
            for customer, known in zip(customers, gather(self.it, customers), strict=True)
        ]
        self.writer = Writer(
            self.it,
            self.now,
            composed=self.composed,
            wordings=self.wordings,
            leaving=self.leaving,
            talks=[customer for customer, _, decision in decided if any(p.act in TALKS for p in decision.planned)],
        )
        if self.composed:
            self.writer.compose_letters(
                (customer, known, planned)
                for customer, known, decision in decided
                for planned in decision.planned
                if not self.is_gated(planned)
            )
        for customer, known, decision in decided:
            verdicts = self.carry_out(customer, known, decision)
            self.verdicts |= {verdict.item: verdict for verdict in verdicts}
            looked_on, before = looks.get(customer.pk, (None, ""))
            shown = [gated(verdict, self.gate, today, self.it.procedure) for verdict in verdicts]
            held_anew = shown != verdicts and looked_on != today
            if looked_on is None or held_anew or gist(unpack(before)) != gist(verdicts):
                self.events.append(_look_event(customer, known.dossier.profile, shown, today))
            if known.crossed:
                self.events += _crossings(known, unpack(before or "[]"), verdicts, today)
            fresh.append((creditor.pk, customer.pk, today, pack(verdicts)))
            reviews.append((self.next_look(decision), creditor.pk, customer.pk))
            self.done.customers += 1
        bulk.upsert(Look, ("creditor", "customer"), ("day", "verdicts"), fresh)
        bulk.update(Customer, ("review_on",), reviews)
        messages = sum(written.facts["act"] in _LEAVING for written in self.writer.written.values())
        self.done.messages += messages
        self.done.tasks += len(self.writer.written) - messages
        self.settle(ids)
        log.record(creditor, self.events)

    def leave(self, customer: CustomerRow) -> None:
        """Say of each of a customer's open items that a person should look; what was proposed to them is withdrawn."""
        creditor, today = self.it.creditor, self.it.today
        tomorrow = today + timedelta(days=1)
        open_ = Item.objects.filter(creditor=creditor, customer=customer.pk).exclude(open=0).order_by("pk")
        key = unplanned_key(creditor, customer.key, today)
        verdicts = [
            KeptVerdict(item, Outcome.TASK, UNPLANNED, {}, "", tomorrow, key)
            for item in open_.values_list("pk", flat=True)
        ]
        self.verdicts |= {verdict.item: verdict for verdict in verdicts}
        self.writer = Writer(self.it, self.now, composed=self.composed, wordings=self.wordings, leaving=self.leaving)
        bulk.upsert(
            Look, ("creditor", "customer"), ("day", "verdicts"), [(creditor.pk, customer.pk, today, pack(verdicts))]
        )
        bulk.update(Customer, ("review_on",), [(tomorrow, creditor.pk, customer.pk)])
        self.events.append(_look_event(customer, Profile(), verdicts, today))
        self.settle([customer.pk])
        log.record(creditor, self.events)

    def next_look(self, decision: Decision) -> date | None:
        """When a customer is looked at next: today again while a gate is shut, else when something may change.

        What happened today is the news of one day: tomorrow it reads otherwise, whether or not anything is due then.
        """
        if any(map(self.is_gated, decision.planned)):
            return self.it.today
        tomorrow = self.it.today + timedelta(days=1)
        news = decision.planned or any(
            verdict.outcome in (Outcome.PAID, Outcome.MOVED) or verdict.rule == "skipped"
            for verdict in decision.verdicts
        )
        return tomorrow if news else decision.look_again

    def in_hand(self, customers: Sequence[int]) -> set[int]:
        """Whose message is being handed over just now: they are looked at when that is over.

        Whatever else of theirs is open is locked, so that nobody takes it in hand before this look is done.
        """
        open_ = Message.objects.select_for_update().filter(
            creditor=self.it.creditor, customer__in=bulk.these(customers), state__in=OPEN | CLAIMABLE | IN_HAND
        )
        return {
            customer
            for customer, state in open_.order_by("pk").values_list("customer_id", "state")
            if state in IN_HAND and customer
        }

    def gone(self, customers: Sequence[int]) -> set[int]:
        """Who was written to earlier today, by a mail whose moment is over: quiet hours cannot take it back."""
        earlier = Message.objects.filter(
            creditor=self.it.creditor, customer__in=bulk.these(customers), day=self.it.today, state="proposed"
        ).exclude(leaves_at=None)
        if self.it.sending:  # nothing is gone that was not handed over
            return set()
        gone: set[int] = set()
        for key, customer, leaves_at in earlier.values_list("key", "customer_id", "leaves_at"):
            if leaves_at is None or customer is None:
                continue
            self.leaving[key] = leaves_at
            if self.now and leaves_at <= self.now:
                gone.add(customer)
        return gone

    # --- one customer --------------------------------------------------------------------------------------------

    def carry_out(self, customer: CustomerRow, known: Known, decision: Decision) -> list[KeptVerdict]:
        """Compose what was planned; the verdicts, each with the message that carries it."""
        keys: list[str] = []
        refused: dict[int, tuple[Finding, ...]] = {}
        for place, planned in enumerate(decision.planned):
            if self.is_gated(planned):
                keys.append("")
                continue
            result = self.writer.write(customer, known, planned)
            if isinstance(result, composing.Withheld):
                refused[place] = result.findings
                result = self.writer.write_task(customer, known, planned, "ask.kindness", result.findings)
            keys.append(result)
        return [self.judged(verdict, decision, keys, refused) for verdict in decision.verdicts]

    def is_gated(self, planned: Planned) -> bool:
        """Whether stale data keep it from being written."""
        return self.gate is not None and gated_act(planned, self.it.procedure)

    def judged(
        self, verdict: Verdict, decision: Decision, keys: Sequence[str], refused: dict[int, tuple[Finding, ...]]
    ) -> KeptVerdict:
        """The verdict as kept: withheld wording turns a message into a task."""
        key = keys[verdict.carrier] if verdict.carrier >= 0 else ""
        if verdict.carrier in refused and verdict.outcome is Outcome.SENT:
            finding = refused[verdict.carrier][0]
            params: dict[str, object] = {"finding": finding.rule, **plain(dict(finding.params))}
            return KeptVerdict(
                verdict.item, Outcome.TASK, "wording.refused", params, verdict.step, verdict.next_look, key
            )
        if verdict.outcome is Outcome.SENT and "effect" not in verdict.params:
            verdict = verdict._replace(params=verdict.params | self.writer.worded.get(key, {}))
        return kept(verdict, key)

    # --- the batch against what stands ---------------------------------------------------------------------------

    def approved_before(self, new: Sequence[Written]) -> dict[str, dict[str, Any]]:
        """What of this was approved on an earlier day and did not leave then, by key."""
        customers = {one.facts["customer"] for one in new}
        since = self.it.today - timedelta(days=_REMEMBERED)
        left = Message.objects.filter(
            creditor=self.it.creditor, customer__in=bulk.these(customers), state=State.WITHDRAWN, day__gte=since
        ).exclude(approved_at=None)
        # What was approved in somebody's own words is not approved in ours.
        edited = EditedWords.objects.filter(creditor=self.it.creditor, message=OuterRef("pk"))
        left = left.exclude(Exists(edited))
        facts = {pk: (customer, slot, at, by) for pk, customer, slot, at, by in left.values_list(*_APPROVAL)}
        steps: dict[int, list[Earlier]] = defaultdict(list)
        rows = MessageItem.objects.filter(creditor=self.it.creditor, message__in=bulk.these(facts))
        for row in map(Earlier._make, rows.values_list(*Earlier._fields)):
            steps[row.message_id].append(row)
        proposed = [one for one in new if one.facts["state"] == State.PROPOSED]
        same = {(one.facts["customer"], one.facts["slot"]): one for one in proposed}
        found: dict[str, dict[str, Any]] = {}
        for pk, (customer, slot, at, by) in sorted(facts.items()):
            one = same.get((customer, slot))
            if one and no_more_than(one.steps, steps[pk]):
                facts_now = {"approved_at": at, "approved_by": by, "due_at": one.facts["leaves_at"]}
                found[one.facts["key"]] = {"state": State.APPROVED, **facts_now}
        return found

    def settle(self, customers: Sequence[int]) -> None:
        """Bring the messages of the day into line: new, recomposed, unchanged, withdrawn. What left stays as it is."""
        creditor, today, written = self.it.creditor, self.it.today, self.writer.written
        of_today = Message.objects.filter(creditor=creditor, customer__in=bulk.these(customers), day=today)
        decided = of_today.exclude(slot__startswith=MONEY).exclude(slot__startswith=TOLD)
        standing = {message.key: message for message in decided}
        for key in [key for key, message in standing.items() if message.state not in REPLACEABLE]:
            del standing[key]
            written.pop(key, None)
        spoken: dict[int, list[Earlier]] = defaultdict(list)
        rows_before = MessageItem.objects.filter(
            creditor=creditor, message__in=bulk.these([message.pk for message in standing.values()])
        )
        for row in map(Earlier._make, rows_before.values_list(*Earlier._fields)):
            spoken[row.message_id].append(row)
        rows_before.delete()
        for key, message in standing.items():
            if key not in written and message.state != State.WITHDRAWN:
                why = [self.verdicts[row.item_id] for row in spoken[message.pk] if row.item_id in self.verdicts]
                message.state, message.reason = State.WITHDRAWN, pack(why)
                message.save(update_fields=("state", "reason"))
                rules = sorted({verdict.rule for verdict in why})
                self.events.append(Event("message.withdrawn", today, {"message": key, "rules": rules}))
                self.done.withdrawn += 1
        log.keep(creditor, (one.data for one in written.values() if one.data is not None))
        new = [key for key in written if key not in standing]
        ids = {key: message.pk for key, message in standing.items()}
        ids |= zip(new, bulk.numbers(Message, len(new)), strict=True)
        approved = self.approved_before([written[key] for key in new]) if self.it.sending else {}
        for key, one in written.items():
            before = standing.get(key)
            if one.data is not None and (
                before is None or before.blob != one.facts["blob"] or before.state == State.WITHDRAWN
            ):
                self.events.append(message_event(one, today))
            if before is not None:
                facts = one.facts
                if before.state == State.APPROVED and no_more_than(one.steps, spoken[before.pk]):
                    facts = {name: value for name, value in facts.items() if name not in _OF_APPROVAL}
                Message.objects.filter(creditor=creditor, pk=before.pk).update(**facts)
        if new:
            fields = written[new[0]].facts
            rows = ((ids[key], *(written[key].facts | approved.get(key, {})).values()) for key in new)
            bulk.insert(Message, ("id", *fields), rows)
        bulk.insert(
            MessageItem,
            ("creditor", "message", "withdrawn", *StepDone._fields),
            ((creditor.pk, ids[key], False, *step) for key, one in written.items() for step in one.steps),
        )


class Earlier(NamedTuple):
    """A step as an earlier look had it carried out."""

    message_id: int
    item_id: int
    step: str
    cycle: int
    occurrence: int
    section: str
    amount: int


def no_more_than(steps: Sequence[StepDone], before: Sequence[Earlier]) -> bool:
    """Whether a message says only what an approved one said: the same steps about items of it, for no more money.

    To be thanked beside it asks for nothing.
    """
    approved = {(row.item_id, row.step, row.cycle, row.occurrence): row.amount for row in before}
    return all(
        step.amount <= approved.get((step.item, step.step, step.cycle, step.occurrence), step.amount - 1)
        for step in steps
        if step.section != Section.SETTLED
    )


_APPROVAL: Final = ("pk", "customer_id", "slot", "approved_at", "approved_by")
_OF_APPROVAL: Final = frozenset({"state", "approved_at", "approved_by", "due_at"})
_REMEMBERED: Final = 7  # days for which an approval is remembered
REPLACEABLE: Final = OPEN | {State.WITHDRAWN}
_LEAVING: Final = MESSAGES | COURTESIES


def gated_act(planned: Planned, procedure: Procedure) -> bool:
    """Whether a gate keeps this from leaving: all from the first overdue step on."""
    return planned.step in procedure.after_due


_OF_PEOPLE = ("payer", "value")  # parameters of rules that may be somebody's name


def _crossings(
    known: Known, before: Sequence[KeptVerdict], verdicts: Sequence[KeptVerdict], today: date
) -> Iterable[Event]:
    """That a message of ours and the payment of what it asked for crossed, told when the item is first seen as paid."""
    known_as_paid = {verdict.item for verdict in before if verdict.outcome is Outcome.PAID}
    for verdict in verdicts:
        if verdict.outcome is Outcome.PAID and verdict.item in known.crossed and verdict.item not in known_as_paid:
            key, day = known.crossed[verdict.item]
            yield Event("message.crossed", today, {"message": key, "day": day.isoformat(), "item": verdict.item})


def _look_event(customer: CustomerRow, profile: Profile, verdicts: Sequence[KeptVerdict], today: date) -> Event:
    """What was seen of a customer, their habits included; names stand apart, so that they can be erased."""
    seen: list[list[object]] = []
    personal: dict[str, str] = {}
    for verdict in verdicts:
        params = plain(verdict.params)
        personal |= {f"{name}.{verdict.item}": str(params.pop(name)) for name in _OF_PEOPLE if name in params}
        seen.append([verdict.item, verdict.outcome.value, verdict.rule, params, verdict.step, verdict.message])
    return Event(
        "customer.looked",
        today,
        {"customer": customer.pk, "profile": profile.facts(), "verdicts": seen},
        personal,
    )


def gated(verdict: KeptVerdict, gate: Gate | None, today: date, procedure: Procedure) -> KeptVerdict:
    """A verdict as it is shown while a gate of the creditor is shut: what is past due is held."""
    acts = verdict.outcome in (Outcome.SENT, Outcome.TASK, Outcome.ESCALATED)
    if gate is None or not acts or verdict.step not in procedure.after_due:
        return verdict
    return verdict._replace(
        outcome=Outcome.HELD, rule=gate.rule, params=gate.params, message="", next_look=today + timedelta(days=1)
    )

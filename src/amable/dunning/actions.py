"""Looks at customers and carries out what was decided: verdicts kept, messages and tasks written, evidence recorded."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef

from amable import __version__
from amable.core.days import leaving_moment
from amable.core.kindness import Finding
from amable.core.planning import Decision, Outcome, Planned, Verdict, decide
from amable.core.procedure import COURTESIES, MESSAGES, Act, Procedure, Step
from amable.core.wording import Library
from amable.correspondence import briefs, composing, tasks
from amable.correspondence.models import Message, MessageItem
from amable.dunning.background import Backgrounds
from amable.dunning.dossier import Known, Setting, gather, setting
from amable.dunning.models import Look, StoredProcedure
from amable.dunning.verdicts import KeptVerdict, gist, kept, pack, plain, unpack
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import queries
from amable.ledger.models import Customer, Item
from amable.ledger.queries import CustomerRow
from amable.organisation import bulk
from amable.organisation.models import Creditor
from amable.plugs.channel import Parcel, UnfitError
from amable.plugs.loading import calls

BATCH = 500
MONEY = "money."  # the slots of tasks about money, which `notices` writes


@dataclass(frozen=True, slots=True)
class Gate:
    """A reason of the whole creditor's why nothing from the first overdue step on leaves: overlaid, never stored."""

    rule: str
    params: dict[str, object]


@dataclass(slots=True)
class Reviewed:
    """What a review came to."""

    customers: int = 0
    messages: int = 0
    tasks: int = 0
    withdrawn: int = 0


class _Step(NamedTuple):
    """A step carried out about an item, as a message or task will have it in a row."""

    item: int
    step: str
    cycle: int
    occurrence: int
    section: str
    amount: int


@dataclass(frozen=True, slots=True)
class _Written:
    """A message or task ready to be kept: the facts of its row, the steps it carries, and its bytes once composed."""

    facts: dict[str, Any]
    steps: tuple[_Step, ...]
    data: bytes | None
    personal: dict[str, str]


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


def review(
    creditor: Creditor,
    procedure: Procedure,
    today: date,
    now: datetime | None,
    *,
    composed: bool = True,
    progress: Callable[[int], object] = lambda n: None,
    wordings: Library | None = None,
) -> Reviewed:
    """Look at every customer whose day has come, decide, and propose what should leave today, `composed` or not yet.

    Deciding again on the same day replaces what is not said yet: the same bytes when nothing changed, recomposed under
    the same name when something did, withdrawn when no longer wanted. Each batch is one transaction.
    """
    it = setting(creditor, procedure, today)
    gate = stale_data(it)
    done = Reviewed()
    for customers in _batches(creditor, today):
        with transaction.atomic():
            _Review(it, now, gate, done, wordings, composed=composed).batch(customers)
        progress(len(customers))
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


def look_at_all_by_new_rules(creditor: Creditor, procedure: str, today: date) -> None:
    """Have everybody with something open looked at when the procedure (by digest), the creditor or Amable changed."""
    kept = Creditor.objects.values().get(pk=creditor.pk)  # as the database has it, whatever file was read
    facts = {name: str(value) for name, value in kept.items() if name not in _NO_RULES}
    rules = log.digest(json.dumps([__version__, procedure, facts], sort_keys=True).encode())
    if creditor.looked_by == rules:
        return
    with transaction.atomic():
        theirs = Item.objects.filter(creditor=creditor, customer=OuterRef("pk")).exclude(open=0)
        Customer.objects.filter(Exists(theirs), creditor=creditor).update(review_on=today)
        creditor.looked_by = rules
        creditor.save(update_fields=("looked_by",))


_NO_RULES: Final = ("id", "last_run_on", "last_run_at", "last_written_on", "looked_by")


def _batches(creditor: Creditor, today: date) -> Iterable[list[CustomerRow]]:
    """The customers whose day has come, and whoever was written to earlier today: that is decided again."""
    written_to = Message.objects.filter(creditor=creditor, day=today, customer__isnull=False).values("customer_id")
    everybody = Customer.objects.filter(creditor=creditor)
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
        self.it, self.now, self.gate, self.done, self.composed = it, now, gate, done, composed
        self.wordings = wordings
        self.written: dict[str, _Written] = {}
        self.events: list[Event] = []
        self.verdicts: dict[int, KeptVerdict] = {}
        self.leaving: dict[str, datetime] = {}
        self.worded: dict[str, dict[str, object]] = {}  # why a message has its words, by its key

    def batch(self, customers: Sequence[CustomerRow]) -> None:
        creditor, today = self.it.creditor, self.it.today
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
        talks = [customer for customer, _, decision in decided if any(p.act in _TALKS for p in decision.planned)]
        self.backgrounds = Backgrounds(self.it, talks if self.composed else ())
        for customer, known, decision in decided:
            verdicts = self.carry_out(customer, known, decision)
            self.verdicts |= {verdict.item: verdict for verdict in verdicts}
            looked_on, before = looks.get(customer.pk, (None, ""))
            shown = [gated(verdict, self.gate, today, self.it.procedure) for verdict in verdicts]
            held_anew = shown != verdicts and looked_on != today
            if looked_on is None or held_anew or gist(unpack(before)) != gist(verdicts):
                self.events.append(_look_event(customer, known, shown, today))
            fresh.append((creditor.pk, customer.pk, today, pack(verdicts)))
            reviews.append((self.next_look(decision), creditor.pk, customer.pk))
            self.done.customers += 1
        bulk.upsert(Look, ("creditor", "customer"), ("day", "verdicts"), fresh)
        bulk.update(Customer, ("review_on",), reviews)
        self.settle(ids)
        log.record(creditor, self.events)

    def next_look(self, decision: Decision) -> date | None:
        """When a customer is looked at next: today again while a gate is shut, else when something may change.

        What happened today is the news of one day: tomorrow it reads otherwise, whether or not anything is due then.
        """
        if self.gate and any(_gated(planned, self.it.procedure) for planned in decision.planned):
            return self.it.today
        tomorrow = self.it.today + timedelta(days=1)
        news = decision.planned or any(
            verdict.outcome in (Outcome.PAID, Outcome.MOVED) or verdict.rule == "skipped"
            for verdict in decision.verdicts
        )
        return tomorrow if news else decision.look_again

    def gone(self, customers: Sequence[int]) -> set[int]:
        """Who was written to earlier today, by a mail whose moment is over: quiet hours cannot take it back."""
        earlier = Message.objects.filter(
            creditor=self.it.creditor, customer__in=bulk.these(customers), day=self.it.today, state="proposed"
        ).exclude(leaves_at=None)
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
            if self.gate and _gated(planned, self.it.procedure):
                keys.append("")
                continue
            result = self.write(customer, known, planned, decision.verdicts)
            if isinstance(result, composing.Withheld):
                refused[place] = result.findings
                result = self.write_task(customer, known, planned, "ask.kindness", result.findings)
            keys.append(result)
        return [self.judged(verdict, decision, keys, refused) for verdict in decision.verdicts]

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
            verdict = verdict._replace(params=verdict.params | self.worded.get(key, {}))
        return kept(verdict, key)

    def write(
        self, customer: CustomerRow, known: Known, planned: Planned, verdicts: Sequence[Verdict]
    ) -> str | composing.Withheld:
        """Compose one planned message or task and put it with the batch; its key."""
        if planned.act not in MESSAGES and planned.act not in COURTESIES:
            return self.write_task(customer, known, planned, planned.step, (), verdicts)
        it = self.it
        channel = planned.channel or Act.EMAIL
        slot = _SLOTS.get(planned.act) or f"demand.{planned.currency}"
        if channel is not Act.EMAIL:  # a message that changes its way is another one: a letter may lie printed already
            slot = f"{slot}.{channel}"
        key = composing.message_key(it.creditor, customer.key, it.today, slot)
        dossier = known.dossier
        if key in self.leaving:
            leaves_at = self.leaving[key].astimezone(dossier.zone)
        else:
            early = channel is Act.EMAIL and not known.recipient.consumer  # a telephone would wake its owner
            leaves_at = leaving_moment(key, it.today, self.now, dossier.zone, business=early)
        step = it.procedure.carried_out(planned.act, planned.step)
        assert step is not None, "decide plans only steps of its procedure"
        act = planned.act if planned.act in COURTESIES else channel
        facts = self.facts(customer, slot, key, act, planned.step, planned.currency) | {
            "language": known.recipient.language,
            "demanded": planned.demanded,
            "before_due": step.before_due,
            "leaves_at": leaves_at,
        }
        data, to = None, known.recipient.emails
        if self.composed:
            composed = self.compose(known, planned, step, key, leaves_at)
            if isinstance(composed, composing.Withheld):
                return composed
            self.worded[key] = dossier.profile.worded(composed.variant)
            data, to = composed.data, composed.to
            facts |= {
                "wording": composed.wording,
                "message_id": composed.message_id,
                "subject": composed.subject,
                "path": f"{_FOLDERS[channel]}/{self.name(customer, key)}{composed.ending}",
                "blob": log.digest(data),
            }
        personal = {"to": ", ".join(to), "customer": customer.name}
        self.written[key] = _Written(facts, self.steps(planned, known), data, personal)
        self.done.messages += 1
        return key

    def facts(self, customer: CustomerRow, slot: str, key: str, act: str, step: str, currency: str) -> dict[str, Any]:
        """What the row of any message or task says; what is empty here is filled in when it is known."""
        return {
            "creditor": self.it.creditor.pk,
            "customer": customer.pk,
            "day": self.it.today,
            "slot": slot,
            "key": key,
            "act": act,
            "step": step,
            "wording": "",
            "language": self.it.creditor.language,
            "currency": currency,
            "demanded": 0,
            "before_due": False,
            "state": "proposed",
            "reason": "",
            "rehearsal": self.it.creditor.placeholder,
            "message_id": "",
            "subject": "",
            "leaves_at": None,
            "path": "",
            "blob": "",
        }

    def compose(
        self, known: Known, planned: Planned, step: Step, key: str, leaves_at: datetime
    ) -> composing.Composed | composing.Withheld:
        thread = dict.fromkeys(i for line in planned.lines for i in known.threads.get(line.item, ()))
        return composing.compose(
            composing.Occasion(
                planned,
                step,
                self.it.creditor,
                known.recipient,
                known.facts,
                key,
                self.it.today,
                leaves_at,
                known.addresses,
                tuple(thread),
                self.wordings,
            )
        )

    def write_task(
        self,
        customer: CustomerRow,
        known: Known,
        planned: Planned,
        step: str,
        findings: Sequence[Finding],
        verdicts: Sequence[Verdict] = (),
    ) -> str:
        """Write one task for a person of the creditor's, in the creditor's language."""
        it = self.it
        key = composing.message_key(it.creditor, customer.key, it.today, f"task.{step}.{planned.currency}")
        talks = planned.act in _TALKS and not findings
        act = planned.act if not findings else Act.CHECK
        facts = self.facts(customer, f"task.{step}", key, act, step, planned.currency)
        data = None
        if self.composed:
            if talks:
                page = self.brief(customer, known, planned)
            else:
                text = tasks.describe(
                    it.creditor, customer, known.recipient, known.facts, planned, step, findings, it.today
                )
                page = Parcel(text.encode(), ".md")
            data = page.data
            facts |= {
                "subject": tasks.title(it.creditor, customer, planned.act if talks else step),
                "path": f"tasks/{self.name(customer, key)}{page.ending}",
                "blob": log.digest(data),
            }
        steps = self.steps(planned, known) if not findings else ()
        self.written[key] = _Written(facts, steps, data, {"customer": customer.name})
        self.done.tasks += 1
        return key

    def brief(self, customer: CustomerRow, known: Known, planned: Planned) -> Parcel:
        """The page for whoever calls or meets the customer; as Markdown when our fonts lack a letter of it."""
        background = self.backgrounds.of(customer, known.dossier, planned)
        page = briefs.brief(self.it.creditor, known.recipient, known.facts, planned, background, self.it.today)
        try:
            return calls()["call"].print(page)
        except UnfitError:
            return Parcel(briefs.as_markdown(page).encode(), ".md")

    def name(self, customer: CustomerRow, key: str) -> str:
        """Day, slug of the customer's identifier and a short key; never the customer's name."""
        slug = tasks.slug(customer.key) if customer.keyed_by != "name" else ""
        return "-".join(filter(None, (self.it.today.isoformat(), slug, key[:12])))

    def steps(self, planned: Planned, known: Known) -> tuple[_Step, ...]:
        """The steps carried out, one an item; unapplied cash is no item and has none."""
        steps = [
            _Step(line.item, line.step, known.cycles[line.item], line.occurrence, line.section, line.amount)
            for line in planned.lines
            if line.item > 0
        ]
        thanks = self.it.procedure.thanks
        if planned.thanks and planned.act is not Act.THANKS and thanks:
            settled = dict.fromkeys(item for receipt in planned.thanks for item in receipt.settled)
            steps += [_Step(item, thanks.id, known.cycles[item], 1, "settled", 0) for item in settled]
        return tuple(steps)

    # --- the batch against what stands ---------------------------------------------------------------------------

    def settle(self, customers: Sequence[int]) -> None:
        """Bring the messages of the day into line: new, recomposed, unchanged, withdrawn."""
        creditor, today = self.it.creditor, self.it.today
        of_today = Message.objects.filter(creditor=creditor, customer__in=bulk.these(customers), day=today)
        decided = of_today.exclude(state="said").exclude(slot__startswith=MONEY)
        standing = {message.key: message for message in decided}
        spoken: dict[int, list[int]] = defaultdict(list)
        rows_before = MessageItem.objects.filter(
            creditor=creditor, message__in=bulk.these([message.pk for message in standing.values()])
        )
        for message_id, item in rows_before.values_list("message_id", "item_id"):
            spoken[message_id].append(item)
        rows_before.delete()
        for key, message in standing.items():
            if key not in self.written and message.state != "withdrawn":
                why = [self.verdicts[item] for item in spoken[message.pk] if item in self.verdicts]
                message.state, message.reason = "withdrawn", pack(why)
                message.save(update_fields=("state", "reason"))
                rules = sorted({verdict.rule for verdict in why})
                self.events.append(Event("message.withdrawn", today, {"message": key, "rules": rules}))
                self.done.withdrawn += 1
        log.keep(creditor, (written.data for written in self.written.values() if written.data is not None))
        new = [key for key in self.written if key not in standing]
        ids = {key: message.pk for key, message in standing.items()}
        ids |= zip(new, bulk.numbers(Message, len(new)), strict=True)
        for key, written in self.written.items():
            before = standing.get(key)
            if written.data is not None and (
                before is None or before.blob != written.facts["blob"] or before.state == "withdrawn"
            ):
                self.events.append(_message_event(written, today))
            if before is not None:
                Message.objects.filter(creditor=creditor, pk=before.pk).update(**written.facts)
        if new:
            fields = self.written[new[0]].facts
            bulk.insert(Message, ("id", *fields), ((ids[key], *self.written[key].facts.values()) for key in new))
        bulk.insert(
            MessageItem,
            ("creditor", "message", "withdrawn", *_Step._fields),
            ((creditor.pk, ids[key], False, *step) for key, written in self.written.items() for step in written.steps),
        )


_TALKS = frozenset({Act.CALL, Act.MEETING})  # a person needs a brief for these
_SLOTS = {Act.THANKS: "thanks", Act.CONFIRM: "confirmation"}


def _gated(planned: Planned, procedure: Procedure) -> bool:
    """Whether a gate keeps this from leaving: all from the first overdue step on."""
    return planned.step in procedure.after_due


_FOLDERS = {Act.EMAIL: "mail", Act.LETTER: "letters", Act.SMS: "sms"}
_OF_PEOPLE = ("payer", "value")  # parameters of rules that may be somebody's name


def _look_event(customer: CustomerRow, known: Known, verdicts: Sequence[KeptVerdict], today: date) -> Event:
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
        {"customer": customer.pk, "profile": known.dossier.profile.facts(), "verdicts": seen},
        personal,
    )


def _message_event(written: _Written, today: date) -> Event:
    named = ("customer", "slot", "act", "step", "wording", "currency", "demanded", "rehearsal", "blob")
    return Event(
        "message.written",
        today,
        {
            "message": written.facts["key"],
            **{name: written.facts[name] for name in named},
            "items": [[step.item, step.step, step.cycle, step.occurrence, step.amount] for step in written.steps],
        },
        written.personal,
    )


def gated(verdict: KeptVerdict, gate: Gate | None, today: date, procedure: Procedure) -> KeptVerdict:
    """A verdict as it is shown while a gate of the creditor is shut: what is past due is held."""
    acts = verdict.outcome in (Outcome.SENT, Outcome.TASK, Outcome.ESCALATED)
    if gate is None or not acts or verdict.step not in procedure.after_due:
        return verdict
    return verdict._replace(
        outcome=Outcome.HELD, rule=gate.rule, params=gate.params, message="", next_look=today + timedelta(days=1)
    )

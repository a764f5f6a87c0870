"""Looks at customers and carries out what was decided: verdicts kept, messages and tasks written, evidence recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from amable.core.days import leaving_moment
from amable.core.kindness import Finding
from amable.core.planning import Decision, Outcome, Planned, Verdict, decide
from amable.core.procedure import COURTESIES, MESSAGES, Act, Procedure
from amable.core.wording import Library
from amable.correspondence import briefs, outbox, tasks
from amable.correspondence.models import Message, MessageItem
from amable.dunning.background import Backgrounds
from amable.dunning.dossier import Known, Setting, addresses, gather, setting
from amable.dunning.models import Look, StoredProcedure
from amable.dunning.verdicts import KeptVerdict, gist, kept, pack, plain, unpack
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.models import Contact, Customer, Item
from amable.organisation.models import Creditor

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


@dataclass(frozen=True, slots=True)
class _Written:
    """A message or task ready to be kept, with its bytes."""

    message: Message
    items: tuple[MessageItem, ...]
    data: bytes
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
            message
            for message in earlier
            if not message.rehearsal and ((whole and message.day <= whole) or written(message.path))
        ]
        Message.objects.filter(creditor=creditor, pk__in=[message.pk for message in said]).update(state="said")
        never = list(earlier.values_list("pk", "key"))
        MessageItem.objects.filter(creditor=creditor, message__in=[pk for pk, _ in never]).update(withdrawn=True)
        Message.objects.filter(creditor=creditor, pk__in=[pk for pk, _ in never]).update(state="withdrawn")
        events = [Event("message.said", today, {"message": m.key, "day": m.day.isoformat()}) for m in said]
        events += [Event("message.withdrawn", today, {"message": key, "rules": []}) for _, key in never]
        log.record(creditor, events)


def review(
    creditor: Creditor,
    procedure: Procedure,
    today: date,
    now: datetime | None,
    *,
    progress: Callable[[int], object] = lambda n: None,
    wordings: Library | None = None,
) -> Reviewed:
    """Look at every customer with something open, decide, and write what should leave today.

    Deciding again on the same day replaces what is not said yet: the same bytes when nothing changed, recomposed under
    the same name when something did, withdrawn when no longer wanted. Each batch is one transaction.
    """
    it = setting(creditor, procedure, today)
    gate = stale_data(it)
    done = Reviewed()
    for customers in _batches(creditor, today):
        with transaction.atomic():
            _Review(it, now, gate, done, wordings).batch(customers)
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


def _batches(creditor: Creditor, today: date) -> Iterable[list[Customer]]:
    """Customers with something open, settled today, seen last time or waiting for today, in order of their number."""
    ids = set(Item.objects.filter(creditor=creditor).exclude(open=0).values_list("customer_id", flat=True))
    ids |= set(Item.objects.filter(creditor=creditor, settled_in_run=today).values_list("customer_id", flat=True))
    ids |= set(Look.objects.filter(creditor=creditor).exclude(verdicts="[]").values_list("customer_id", flat=True))
    # Thanks that wait for a working day, and whoever was written to earlier today.
    ids |= set(Customer.objects.filter(creditor=creditor, review_on__lte=today).values_list("id", flat=True))
    of_today = Message.objects.filter(creditor=creditor, day=today, customer__isnull=False)
    ids |= set(of_today.values_list("customer_id", flat=True))
    ordered = sorted(ids)
    for start in range(0, len(ordered), BATCH):
        yield list(Customer.objects.filter(creditor=creditor, pk__in=ordered[start : start + BATCH]).order_by("pk"))


class _Review:
    """One batch of customers: decided, composed, and brought into line with what an earlier run of the day wrote."""

    def __init__(
        self, it: Setting, now: datetime | None, gate: Gate | None, done: Reviewed, wordings: Library | None = None
    ) -> None:
        self.it, self.now, self.gate, self.done, self.wordings = it, now, gate, done, wordings
        self.written: dict[str, _Written] = {}
        self.events: list[Event] = []
        self.verdicts: dict[int, KeptVerdict] = {}
        self.addresses: dict[int, frozenset[str]] = {}
        self.leaving: dict[str, datetime] = {}
        self.worded: dict[str, dict[str, object]] = {}  # why a message has its words, by its key

    def batch(self, customers: Sequence[Customer]) -> None:
        creditor, today = self.it.creditor, self.it.today
        looks = {look.customer_id: look for look in Look.objects.filter(creditor=creditor, customer__in=customers)}
        contacts = Contact.objects.filter(creditor=creditor, customer__in=customers)
        self.addresses = {contact.customer_id: frozenset(addresses(contact)) for contact in contacts}
        gone = self.gone(customers)
        fresh: list[Look] = []
        reviews: list[tuple[date | None, int, int]] = []
        decided = [
            (customer, known, decide(known.dossier, today, None if customer.pk in gone else self.now))
            for customer, known in zip(customers, gather(self.it, customers), strict=True)
        ]
        talks = [customer for customer, _, decision in decided if any(p.act in _TALKS for p in decision.planned)]
        self.backgrounds = Backgrounds(self.it, talks)
        for customer, known, decision in decided:
            verdicts = self.carry_out(customer, known, decision)
            self.verdicts |= {verdict.item: verdict for verdict in verdicts}
            look = looks.get(customer.pk)
            shown = [gated(verdict, self.gate, today, self.it.procedure) for verdict in verdicts]
            if look is None or shown != verdicts or gist(unpack(look.verdicts)) != gist(verdicts):
                self.events.append(_look_event(customer, known, shown, today))
            fresh.append(Look(creditor=creditor, customer=customer, day=today, verdicts=pack(verdicts)))
            if customer.review_on != decision.look_again:
                reviews.append((decision.look_again, customer.pk, creditor.pk))
            self.done.customers += 1
        Look.objects.bulk_create(
            fresh,
            update_conflicts=True,
            unique_fields=("creditor", "customer"),
            update_fields=("day", "verdicts"),
            batch_size=500,
        )
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE ledger_customer SET review_on = %s WHERE id = %s AND creditor_id = %s", reviews)
        self.settle(customers)
        log.record(creditor, self.events)

    def gone(self, customers: Sequence[Customer]) -> set[int]:
        """Who was written to earlier today, by a mail whose moment is over: quiet hours cannot take it back."""
        earlier = Message.objects.filter(
            creditor=self.it.creditor, customer__in=customers, day=self.it.today, state="proposed"
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

    def carry_out(self, customer: Customer, known: Known, decision: Decision) -> list[KeptVerdict]:
        """Compose what was planned; the verdicts, each with the message that carries it."""
        keys: list[str] = []
        refused: dict[int, tuple[Finding, ...]] = {}
        for place, planned in enumerate(decision.planned):
            if self.gate and _gated(planned, self.it.procedure):
                keys.append("")
                continue
            result = self.write(customer, known, planned, decision.verdicts)
            if isinstance(result, outbox.Withheld):
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
        self, customer: Customer, known: Known, planned: Planned, verdicts: Sequence[Verdict]
    ) -> str | outbox.Withheld:
        """Compose one planned message or task and put it with the batch; its key."""
        if planned.act not in MESSAGES and planned.act not in COURTESIES:
            return self.write_task(customer, known, planned, planned.step, (), verdicts)
        it = self.it
        slot = _SLOTS.get(planned.act) or f"demand.{planned.currency}"
        key = outbox.message_key(it.creditor, customer.key, it.today, slot)
        dossier = known.dossier
        if key in self.leaving:
            leaves_at = self.leaving[key].astimezone(dossier.zone)
        else:
            leaves_at = leaving_moment(key, it.today, self.now, dossier.zone, business=not known.recipient.consumer)
        step = it.procedure.carried_out(planned.act, planned.step)
        assert step is not None, "decide plans only steps of its procedure"
        thread = dict.fromkeys(i for line in planned.lines for i in known.threads.get(line.item, ()))
        composed = outbox.compose(
            outbox.Occasion(
                planned,
                step,
                it.creditor,
                known.recipient,
                known.facts,
                key,
                it.today,
                leaves_at,
                self.addresses.get(customer.pk, frozenset()),
                tuple(thread),
                self.wordings,
            )
        )
        if isinstance(composed, outbox.Withheld):
            return composed
        self.worded[key] = dossier.profile.worded(composed.variant)
        message = Message(
            creditor=it.creditor,
            customer=customer,
            day=it.today,
            slot=slot,
            key=key,
            act=Act.EMAIL,
            step=planned.step,
            wording=composed.wording,
            language=known.recipient.language,
            currency=planned.currency,
            demanded=planned.demanded,
            before_due=step.before_due,
            rehearsal=it.creditor.placeholder,
            message_id=composed.message_id,
            subject=composed.subject,
            leaves_at=leaves_at,
            path=f"mail/{self.name(customer, key)}{composed.ending}",
            blob=log.digest(composed.data),
        )
        if planned.act in COURTESIES:
            message.act = planned.act
        personal = {"to": ", ".join(composed.to), "customer": customer.name}
        self.written[key] = _Written(message, self.items(message, planned, known), composed.data, personal)
        self.done.messages += 1
        return key

    def write_task(
        self,
        customer: Customer,
        known: Known,
        planned: Planned,
        step: str,
        findings: Sequence[Finding],
        verdicts: Sequence[Verdict] = (),
    ) -> str:
        """Write one task for a person of the creditor's, in the creditor's language."""
        it = self.it
        key = outbox.message_key(it.creditor, customer.key, it.today, f"task.{step}.{planned.currency}")
        if planned.act in _TALKS and not findings:
            background = self.backgrounds.of(customer, known.dossier, planned)
            page = briefs.brief(it.creditor, known.recipient, known.facts, planned, background, it.today)
            text = briefs.as_markdown(page)
        else:
            text = tasks.describe(
                it.creditor, customer, known.recipient, known.facts, planned, step, findings, it.today
            )
        message = Message(
            creditor=it.creditor,
            customer=customer,
            day=it.today,
            slot=f"task.{step}",
            key=key,
            act=planned.act if not findings else Act.CHECK,
            step=step,
            language=it.creditor.language,
            currency=planned.currency,
            rehearsal=it.creditor.placeholder,
            subject=tasks.title(it.creditor, customer, planned.act if planned.act in _TALKS and not findings else step),
            path=f"tasks/{self.name(customer, key)}.md",
            blob=log.digest(text.encode()),
        )
        items = self.items(message, planned, known) if not findings else ()
        self.written[key] = _Written(message, items, text.encode(), {"customer": customer.name})
        self.done.tasks += 1
        return key

    def name(self, customer: Customer, key: str) -> str:
        """Day, slug of the customer's identifier and a short key; never the customer's name."""
        slug = tasks.slug(customer.key) if customer.keyed_by != "name" else ""
        return "-".join(filter(None, (self.it.today.isoformat(), slug, key[:12])))

    def items(self, message: Message, planned: Planned, known: Known) -> tuple[MessageItem, ...]:
        """The steps carried out, one row an item; unapplied cash is no item and has none."""
        rows = [
            MessageItem(
                creditor=self.it.creditor,
                message=message,
                item_id=line.item,
                step=line.step,
                cycle=known.cycles[line.item],
                occurrence=line.occurrence,
                section=line.section,
                amount=line.amount,
            )
            for line in planned.lines
            if line.item > 0
        ]
        if planned.thanks and planned.act is not Act.THANKS and self.it.procedure.thanks:
            for item in dict.fromkeys(item for receipt in planned.thanks for item in receipt.settled):
                rows.append(
                    MessageItem(
                        creditor=self.it.creditor,
                        message=message,
                        item_id=item,
                        step=self.it.procedure.thanks.id,
                        cycle=known.cycles[item],
                        occurrence=1,
                        section="settled",
                        amount=0,
                    )
                )
        return tuple(rows)

    # --- the batch against what stands ---------------------------------------------------------------------------

    def settle(self, customers: Sequence[Customer]) -> None:
        """Bring the messages of the day into line: new, recomposed, unchanged, withdrawn."""
        creditor, today = self.it.creditor, self.it.today
        of_today = Message.objects.filter(creditor=creditor, customer__in=customers, day=today)
        decided = of_today.exclude(state="said").exclude(slot__startswith=MONEY)
        standing = {message.key: message for message in decided}
        spoken: dict[int, list[int]] = defaultdict(list)
        rows_before = MessageItem.objects.filter(creditor=creditor, message__in=standing.values())
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
        log.keep(creditor, (written.data for written in self.written.values()))
        new: list[_Written] = []
        for key, written in self.written.items():
            before = standing.get(key)
            if before is not None:
                written.message.pk = before.pk
            if before is None or before.blob != written.message.blob or before.state == "withdrawn":
                self.events.append(_message_event(written, today))
            if before is None:
                new.append(written)
            else:
                written.message.save(force_update=True)
        Message.objects.bulk_create([written.message for written in new], batch_size=200)
        rows = [row for written in self.written.values() for row in written.items]
        for row in rows:
            row.message_id = row.message.pk
        MessageItem.objects.bulk_create(rows, batch_size=500)


_TALKS = frozenset({Act.CALL, Act.MEETING})  # a person needs a brief for these
_SLOTS = {Act.THANKS: "thanks", Act.CONFIRM: "confirmation"}


def _gated(planned: Planned, procedure: Procedure) -> bool:
    """Whether a gate keeps this from leaving: all from the first overdue step on."""
    return planned.step in procedure.after_due


_OF_PEOPLE = ("payer", "value")  # parameters of rules that may be somebody's name


def _look_event(customer: Customer, known: Known, verdicts: Sequence[KeptVerdict], today: date) -> Event:
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
    message = written.message
    return Event(
        "message.written",
        today,
        {
            "message": message.key,
            "customer": message.customer_id,
            "slot": message.slot,
            "act": str(message.act),
            "step": message.step,
            "wording": message.wording,
            "currency": message.currency,
            "demanded": message.demanded,
            "rehearsal": message.rehearsal,
            "blob": message.blob,
            "items": [[row.item_id, row.step, row.cycle, row.occurrence, row.amount] for row in written.items],
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

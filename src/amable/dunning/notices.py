"""Tells the creditor's own people: tasks about money nobody could match, and one digest a manager and day."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from amable.banking.models import BankLine, Proposal
from amable.core import marked
from amable.core.days import leaving_moment
from amable.core.delivery import OPEN, SAID, State
from amable.core.languages import say, show_money
from amable.core.marked import mark
from amable.core.money import Money
from amable.core.procedure import COURTESIES, MESSAGES, Act
from amable.core.reasons import step_name
from amable.core.receivables import credits_differ
from amable.correspondence import composing, outbox, tasks
from amable.correspondence.models import Message, in_states
from amable.dunning.actions import MONEY, REPLACEABLE, TOLD, UNPLANNED, unplanned_key
from amable.dunning.writing import domain_of, in_charge
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.models import Customer, Item
from amable.organisation.models import Creditor, Sending
from amable.plugs.channel import Address, Draft, Parcel
from amable.plugs.loading import channels

_ASK_AGAIN = 7  # days after which a person is asked about the same money again


@dataclass(slots=True)
class _Digest:
    """What one person is told on one day."""

    name: str
    emails: tuple[str, ...]
    lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def write(creditor: Creditor, today: date, now: datetime | None) -> None:
    """Write the tasks about money and the digests of the day, in place of what an earlier run of the day wrote."""
    sends = Sending.objects.filter(creditor=creditor).exists()
    with transaction.atomic():
        about_money = ((message, data) for message, data in _about_money(creditor, today))
        fresh = {
            message.key: _as_mail(creditor, message, data, now) if sends else (message, data)
            for message, data in about_money
        }
        _settle(creditor, today, MONEY, fresh)
        digests = {message.key: (message, data) for message, data in _digests(creditor, today, now, sends=sends)}
        _settle(creditor, today, "staff.", digests)


def tell_of_fates(creditor: Creditor, today: date, now: datetime) -> None:
    """Ask a person about each message that could not be handed over, or whose fate is unknown; once each."""
    asks = {State.REJECTED: "not_handed_over", State.UNKNOWN: "unknown_fate"}
    lately = Message.objects.filter(in_states(asks), creditor=creditor, settled_at__gt=now - _LATELY)
    lately = lately.filter(act__in=outbox.TO_CUSTOMERS)
    told: list[tuple[Message, bytes]] = []
    for message in lately.select_related("customer").order_by("pk"):
        ask = asks[State(message.state)]
        key = composing.message_key(creditor, message.key, message.day, f"{TOLD}{ask}")
        facts = (message.key, message.subject, message.answer, message.message_id)
        text = tasks.describe_fate(creditor, ask, _name(message.customer), *facts)
        task, data = _task(creditor, message.customer, ask, today, text, key)
        task.slot = f"{TOLD}{ask}"
        told.append(_as_mail(creditor, task, data, now))
    known = set(Message.objects.filter(key__in=[task.key for task, _ in told]).values_list("key", flat=True))
    with transaction.atomic():
        fresh = [(task, data) for task, data in told if task.key not in known]
        log.keep(creditor, (data for _, data in fresh))
        Message.objects.bulk_create([task for task, _ in fresh], ignore_conflicts=True)
        log.record(creditor, [_written(task, today) for task, _ in fresh])


_LATELY: Final = timedelta(days=2)


def tell_of_unplanned(creditor: Creditor, customers: Sequence[int], today: date, now: datetime) -> None:
    """Ask a person about each customer of whom it could not be decided what comes next; again after a week."""
    week = today - timedelta(days=_ASK_AGAIN)
    asked = Message.objects.filter(creditor=creditor, slot=UNPLANNED, day__gt=week).exclude(state=State.WITHDRAWN)
    listed = Customer.objects.filter(creditor=creditor, pk__in=customers)
    for customer in listed.exclude(pk__in=asked.values("customer_id")).order_by("pk"):
        text = tasks.describe_unplanned(creditor, customer.name)
        task, data = _task(creditor, customer, "unplanned", today, text, unplanned_key(creditor, customer.key, today))
        task.slot = UNPLANNED
        task, data = _as_mail(creditor, task, data, now)
        with transaction.atomic():
            task.pk = Message.objects.filter(creditor=creditor, key=task.key).values_list("pk", flat=True).first()
            log.keep(creditor, [data])
            task.save()
            log.record(creditor, [_written(task, today)])


# --- money that waits for a person -----------------------------------------------------------------------------------


def _about_money(creditor: Creditor, today: date) -> Iterable[tuple[Message, bytes]]:
    waiting: dict[tuple[str, int], list[BankLine]] = defaultdict(list)
    asked: dict[tuple[str, int], date] = {}
    before = Message.objects.filter(creditor=creditor, slot__startswith=MONEY, day__lt=today, state__in=SAID)
    for slot, customer_id, day in before.order_by("day").values_list("slot", "customer_id", "day"):
        asked[slot.removeprefix(MONEY), customer_id or 0] = day
    lines = BankLine.objects.filter(creditor=creditor, state__in=("proposed", "unknown", "reversal"))
    for line in lines.select_related("customer").order_by("booked_on", "id"):
        ask, customer_id = _ask(line), (line.customer_id or 0) if line.state != "unknown" else 0
        last = asked.get((ask, customer_id))
        # Asked once; about money that holds demands, again after a week.
        again = line.state == "proposed" and last is not None and (today - last).days >= _ASK_AGAIN
        if last is None or last < line.in_run or again:
            waiting[ask, customer_id].append(line)
    for (ask, customer_id), listed in sorted(waiting.items()):
        customer = listed[0].customer if customer_id else None
        facts = [_line_facts(line) for line in listed]
        yield _task(creditor, customer, ask, today, tasks.describe_money(creditor, ask, _name(customer), facts))
    yield from _differences(creditor, today)


def _ask(line: BankLine) -> str:
    """What a person is asked about a movement."""
    if line.state == "reversal":
        return "reversed"
    if line.amount < 0:
        return "return_unclear"
    if line.state == "unknown":
        return "unknown_payer"
    return "unmatched_money" if line.customer_id else "shared_payment"


def _line_facts(line: BankLine) -> tasks.BankLineFacts:
    shares = Proposal.objects.filter(creditor=line.creditor_id, line=line).select_related("item").order_by("pk")
    return tasks.BankLineFacts(
        line.booked_on,
        Money(abs(line.amount), line.currency),
        line.name,
        line.text or line.reference,
        tuple((share.item.number, Money(share.amount, line.currency)) for share in shares),
        tuple((rule, params) for rule, params in json.loads(line.reasons or "[]")),
    )


def _differences(creditor: Creditor, today: date) -> Iterable[tuple[Message, bytes]]:
    """Items for which ledger and bank both saw money, and not the same; asked when the difference is first seen."""
    differing: dict[int, list[Item]] = defaultdict(list)
    seen = Item.objects.filter(creditor=creditor).exclude(allocated=0).exclude(open=0)
    for item in seen.select_related("customer").order_by("due_on", "id"):
        if credits_differ(item.total, item.ledger_open, item.allocated):
            differing[item.customer_id].append(item)
    for listed in differing.values():
        customer = listed[0].customer
        key = _key(creditor, customer, today, "amount_differs")
        week = today - timedelta(days=_ASK_AGAIN)
        asked = Message.objects.filter(
            creditor=creditor, customer=customer, slot=f"{MONEY}amount_differs", day__gt=week, day__lt=today
        )
        if asked.exists():
            continue
        differences = [
            tasks.Difference(item.number, item.currency, item.open, item.total - item.ledger_open, item.allocated)
            for item in listed
        ]
        text = tasks.describe_differences(creditor, customer.name, differences)
        yield _task(creditor, customer, "amount_differs", today, text, key)


def _task(
    creditor: Creditor, customer: Customer | None, ask: str, today: date, text: str, key: str = ""
) -> tuple[Message, bytes]:
    key = key or _key(creditor, customer, today, ask)
    slug = tasks.slug(customer.key) if customer and customer.keyed_by != "name" else ""
    name = "-".join(filter(None, (today.isoformat(), slug, key[:12])))
    message = Message(
        creditor=creditor,
        customer=customer,
        day=today,
        slot=f"{MONEY}{ask}",
        key=key,
        act=Act.CHECK,
        step=f"ask.{ask}",
        language=creditor.language,
        rehearsal=creditor.placeholder,
        subject=say(f"task.title.{ask}", creditor.language, customer=_name(customer)),
        path=f"tasks/{name}.md",
        blob=log.digest(text.encode()),
    )
    return message, text.encode()


def _key(creditor: Creditor, customer: Customer | None, today: date, ask: str) -> str:
    return composing.message_key(creditor, customer.key if customer else "", today, f"{MONEY}{ask}")


def _name(customer: Customer | None) -> str:
    return customer.name if customer else ""


# --- the digest of the day -------------------------------------------------------------------------------------------


def _digests(creditor: Creditor, today: date, now: datetime | None, *, sends: bool) -> Iterable[tuple[Message, bytes]]:
    """One message a manager: what leaves to their customers today, who paid, and what is asked of them."""
    people: dict[str, _Digest] = {}
    of_today = Message.objects.filter(creditor=creditor, day=today, state__in=OPEN).exclude(slot__startswith="staff.")
    for message in of_today.select_related("customer").order_by("customer__key", "slot"):
        customer = message.customer
        to = in_charge(creditor, customer.manager_name if customer else "", customer.manager_email if customer else "")
        emails = tuple(address.email for address in to)
        digest = people.setdefault(", ".join(emails).lower(), _Digest(to[0].name or emails[0], emails))
        digest.lines[_heading(message)].append(_line(message, creditor.language))
    for digest in people.values():
        yield _digest_message(creditor, digest, today, now, sends=sends)


def _heading(message: Message) -> str:
    if message.act == Act.THANKS:
        return "digest.thanks"
    return "digest.messages" if message.act in MESSAGES or message.act == Act.CONFIRM else "digest.tasks"


def _line(message: Message, language: str) -> str:
    """One message in a line: to whom, what, how much."""
    if message.act not in MESSAGES and message.act not in COURTESIES:
        return mark(message.subject)
    who = mark(message.customer.name) if message.customer else ""
    how_much = mark(show_money(Money(message.demanded, message.currency), language)) if message.demanded else ""
    return " · ".join(filter(None, (who, step_name(message.step, language), how_much)))


def _digest_message(
    creditor: Creditor, digest: _Digest, today: date, now: datetime | None, *, sends: bool
) -> tuple[Message, bytes]:
    language = creditor.language
    written = len(digest.lines.get("digest.messages", ())) + len(digest.lines.get("digest.thanks", ()))
    subject = say("digest.subject", language, n=written, date=today)
    blocks = [say("digest.greeting", language, name=mark(digest.name))]
    blocks.append(say("digest.opening", language, n=written) if written else say("digest.none", language))
    for heading in ("digest.messages", "digest.thanks", "digest.tasks"):
        if lines := digest.lines.get(heading):
            blocks.append(f"## {say(heading, language)}")
            blocks.append("\n".join(f"- {line}" for line in lines))
    blocks.append(say("digest.closing", language))
    body = "\n\n".join(blocks)
    address = ", ".join(digest.emails).lower()
    key = composing.message_key(creditor, "", today, f"staff.{address}")
    leaves_at = leaving_moment(key, today, now, ZoneInfo(creditor.timezone), business=True)
    message_id = composing.identifier(creditor, key)
    draft = Draft(
        key=key,
        sender=Address(creditor.name, creditor.sender_email),
        to=tuple(Address(digest.name, email) for email in digest.emails),
        subject=subject,
        text=f"{marked.lay_text(body)}\n",
        html=marked.document(marked.lay_html(body), language=language, title=subject),
        language=language,
        leaves_at=leaves_at,
        message_id=message_id,
        as_draft=not sends,
    )
    data = channels()["email"].compose(draft).data
    message = Message(
        creditor=creditor,
        day=today,
        slot=f"staff.{log.digest(address.encode())[:16]}",
        key=key,
        act="staff",
        step="digest",
        language=language,
        rehearsal=creditor.placeholder,
        message_id=message_id,
        subject=subject,
        leaves_at=leaves_at,
        path=f"staff/{today.isoformat()}-{key[:12]}.eml",
        blob=log.digest(data),
    )
    if sends:
        _leaves(message, digest.emails, leaves_at)
    return message, data


def _as_mail(creditor: Creditor, message: Message, data: bytes, now: datetime | None) -> tuple[Message, bytes]:
    """A task about money as a mail to whoever is in charge of the customer."""
    customer = message.customer
    to = in_charge(creditor, customer.manager_name, customer.manager_email) if customer else in_charge(creditor, "", "")
    leaves_at = leaving_moment(message.key, message.day, now, ZoneInfo(creditor.timezone), business=True)
    mail = tasks.as_mail(creditor, message.key, to, message.subject, Parcel(data, ".md"), leaves_at).data
    message.message_id = composing.identifier(creditor, message.key)
    message.path, message.blob = message.path.removesuffix(".md") + ".eml", log.digest(mail)
    _leaves(message, [address.email for address in to], leaves_at)
    return message, mail


def _leaves(message: Message, to: Sequence[str], leaves_at: datetime) -> None:
    """What is for our own people leaves without anybody's approval."""
    message.channel, message.domain, message.state = Act.EMAIL, domain_of(to), State.APPROVED
    message.leaves_at = message.due_at = leaves_at


# --- in place of what stood ------------------------------------------------------------------------------------------


def _settle(creditor: Creditor, today: date, slot: str, fresh: dict[str, tuple[Message, bytes]]) -> None:
    """Keep what is new or changed; what an earlier run of the day wrote and is no longer wanted is withdrawn."""
    standing = {
        message.key: message for message in Message.objects.filter(creditor=creditor, day=today, slot__startswith=slot)
    }
    events: list[Event] = []
    for key in [key for key, message in standing.items() if message.state not in REPLACEABLE]:
        del standing[key]
        fresh.pop(key, None)
    for key, message in standing.items():
        if key not in fresh and message.state in OPEN:
            message.state = State.WITHDRAWN
            message.save(update_fields=("state",))
            events.append(Event("message.withdrawn", today, {"message": key, "rules": []}))
    log.keep(creditor, (data for _, data in fresh.values()))
    for key, (message, _) in fresh.items():
        before = standing.get(key)
        if before is None or before.blob != message.blob or before.state == State.WITHDRAWN:
            events.append(_written(message, today))
        if before is not None:
            message.pk = before.pk
        message.save(force_update=before is not None)
    log.record(creditor, events)


def _written(message: Message, today: date) -> Event:
    facts = {"message": message.key, "slot": message.slot, "blob": message.blob, "customer": message.customer_id}
    return Event("message.written", today, facts)

"""Tasks and digests: what people of the creditor's are asked and told, in their language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from anyascii import anyascii

from amable.core import marked
from amable.core.course import ASK
from amable.core.kindness import Finding
from amable.core.languages import LANGUAGES, say, sentences, show_date, show_money
from amable.core.marked import mark
from amable.core.money import Money
from amable.core.planning import Planned
from amable.correspondence.composing import ItemFacts, Recipient, identifier
from amable.ledger.queries import CustomerRow
from amable.organisation.models import Creditor
from amable.plugs.channel import Address, Attachment, Draft, Parcel
from amable.plugs.loading import channels

_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>#|~])")
_ESCAPED: Final = re.compile(r"\\([\\`*_\[\]<>#|~])")


def slug(key: str) -> str:
    """An identifier as part of a file name: small Latin letters, digits and hyphens, at most forty."""
    return re.sub(r"[^a-z0-9]+", "-", anyascii(key).lower()).strip("-")[:40].strip("-")


def kind(step: str) -> str:
    """Which task a step or an ask is, in the words of the catalogue."""
    name = step.removeprefix(ASK)
    return name if f"task.title.{name}" in sentences(LANGUAGES[0]) else "check"


def title(creditor: Creditor, customer: CustomerRow, step: str) -> str:
    """The heading of a task."""
    return say(f"task.title.{kind(step)}", creditor.language, customer=customer.name)


def describe(
    creditor: Creditor,
    customer: CustomerRow,
    recipient: Recipient,
    facts: Mapping[int, ItemFacts],
    planned: Planned,
    step: str,
    findings: Sequence[Finding],
    today: date,
) -> str:
    """A task as Markdown: what is asked, the facts, and what happens otherwise."""
    language = creditor.language
    page = _Page(language)
    items = [(line, facts[line.item]) for line in planned.lines]
    page.heading(say(f"task.title.{kind(step)}", language, customer=escaped(customer.name)))
    first = items[0][1]
    amounts: dict[str, int] = {}
    for line, item in items:
        amounts[item.currency] = amounts.get(item.currency, 0) + line.amount
    owed = _sums(amounts, language)
    page.text(
        say(
            f"task.ask.{kind(step)}",
            language,
            n=len(items),
            customer=escaped(customer.name),
            invoice=escaped(first.number),
            amount=owed,
            date=first.due_on,
        )
    )
    for finding in findings:
        page.point(say(f"kindness.{finding.rule}", language, **dict(finding.params)))
    page.heading(say("task.facts", language), 2)
    page.fact("task.customer", f"{customer.name} ({customer.key})" if customer.keyed_by == "id" else customer.name)
    page.fact("task.contact", recipient.contact)
    page.fact("task.phone", recipient.phone)
    page.fact("task.email", ", ".join(recipient.emails))
    page.fact("task.owner", customer.manager_name or creditor.sender_name)
    page.fact("task.owed", owed)
    columns = ("task.item", "task.due", "task.days_late", "task.open")
    rows = [
        (
            item.number,
            show_date(item.due_on, language),
            str(max(0, (today - item.due_on).days)),
            show_money(Money(item.open, item.currency), language),
        )
        for _, item in items
    ]
    page.table([say(column, language) for column in columns], rows)
    return page.done()


def _sums(amounts: Mapping[str, int], language: str) -> str:
    return ", ".join(show_money(Money(minor, currency), language) for currency, minor in sorted(amounts.items()))


@dataclass(frozen=True, slots=True)
class BankLineFacts:
    """A movement as a task shows it, and the items it may pay."""

    booked_on: date
    amount: Money
    name: str
    text: str
    items: tuple[tuple[str, Money], ...] = ()
    reasons: tuple[tuple[str, Mapping[str, object]], ...] = ()


def describe_money(creditor: Creditor, ask: str, customer: str, lines: Sequence[BankLineFacts]) -> str:
    """A task about money that came in and waits for a person: whose is it, what does it pay?"""
    language = creditor.language
    page = _Page(language)
    page.heading(say(f"task.title.{ask}", language, customer=escaped(customer)))
    amounts: dict[str, int] = {}
    for line in lines:
        amounts[line.amount.currency] = amounts.get(line.amount.currency, 0) + line.amount.minor
    page.text(
        say(
            f"task.ask.{ask}",
            language,
            n=len(lines),
            customer=escaped(customer),
            amount=_sums(amounts, language),
            date=max(line.booked_on for line in lines),
        )
    )
    for line in lines:
        shown = f"{show_date(line.booked_on, language)} · {show_money(line.amount, language)}"
        page.fact("task.bank_line", " · ".join(filter(None, (shown, line.name, line.text))))
        if line.items:
            proposed = ", ".join(f"{number} ({show_money(amount, language)})" for number, amount in line.items)
            page.fact("task.proposed_items", proposed)
        for rule, params in line.reasons:
            filled = {name: Money(*value) if isinstance(value, list) else value for name, value in params.items()}
            page.fact("task.why", say(f"match.{rule}", language, **filled))
    return page.done()


def describe_fate(
    creditor: Creditor, ask: str, customer: str, key: str, subject: str, answer: str, known_as: str
) -> str:
    """A task about a message that did not get there, or of which nobody knows; `known_as` is its Message-ID."""
    language = creditor.language
    page = _Page(language)
    page.heading(say(f"task.title.{ask}", language, customer=escaped(customer)))
    said = escaped(answer) or "–"
    page.text(
        say(
            f"task.ask.{ask}",
            language,
            customer=escaped(customer),
            subject=escaped(subject),
            answer=said,
            key=escaped(key),
        )
    )
    if known_as:
        page.text(f"Message-ID: {escaped(known_as)}")
    return page.done()


def describe_unplanned(creditor: Creditor, customer: str) -> str:
    """A task about a customer of whom it could not be decided what comes next."""
    page = _Page(creditor.language)
    page.heading(say("task.title.unplanned", creditor.language, customer=escaped(customer)))
    page.text(say("task.ask.unplanned", creditor.language, customer=escaped(customer)))
    return page.done()


class Difference(NamedTuple):
    """An item for which ledger and bank saw different money, in minor units."""

    number: str
    currency: str
    open: int
    by_ledger: int
    by_bank: int


def describe_differences(creditor: Creditor, customer: str, items: Sequence[Difference]) -> str:
    """A task about items for which the ledger and the bank disagree on what was paid."""
    language = creditor.language
    page = _Page(language)
    page.heading(say("task.title.amount_differs", language, customer=escaped(customer)))
    first = escaped(items[0].number)
    page.text(say("task.ask.amount_differs", language, n=len(items), customer=escaped(customer), invoice=first))
    columns = ("task.item", "task.open", "task.paid_ledger", "task.paid_bank")
    rows = [(item.number, *(show_money(Money(minor, item.currency), language) for minor in item[2:])) for item in items]
    page.table([say(column, language) for column in columns], rows)
    return page.done()


def as_mail(
    creditor: Creditor, key: str, to: tuple[Address, ...], subject: str, page: Parcel, leaves_at: datetime
) -> Parcel:
    """A task as a mail to the creditor's own people: its text as it is, a printed page attached."""
    language = creditor.language
    if page.ending == ".md":
        body = _marked(page.data.decode().partition("\n\n")[2])
        attached: tuple[Attachment, ...] = ()
    else:
        body = say("task.attached", language)
        attached = (Attachment(f"{slug(subject)}{page.ending}", "application/pdf", page.data),)
    draft = Draft(
        key=key,
        sender=Address(creditor.name, creditor.sender_email),
        to=to,
        subject=subject,
        text=f"{marked.lay_text(body)}\n",
        html=marked.document(marked.lay_html(body), language=language, title=subject),
        language=language,
        leaves_at=leaves_at,
        message_id=identifier(creditor, key),
        attachments=attached,
    )
    return channels()["email"].compose(draft)


def _marked(markdown: str) -> str:
    """Markdown of ours for whoever lays it out: what is escaped in it is a value."""
    return _ESCAPED.sub(lambda found: mark(found[1]), markdown.strip())


def escaped(text: str) -> str:
    """A value that Markdown shows as it is: no markup, no line break."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


class _Page:
    """A Markdown page written top to bottom."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.blocks: list[str] = []
        self.facts: list[str] = []

    def heading(self, text: str, level: int = 1) -> None:
        self.blocks.append(f"{'#' * level} {text}")

    def text(self, text: str) -> None:
        self.blocks.append(text)

    def point(self, text: str) -> None:
        self.blocks.append(f"- {text}")

    def fact(self, label: str, value: str) -> None:
        if value:
            self.blocks.append(f"- {say(label, self.language)}: {escaped(value)}")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
        lines += [f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows]
        self.blocks.append("\n".join(lines))

    def done(self) -> str:
        text = ""
        for before, block in zip(["", *self.blocks], self.blocks, strict=False):
            gap = "\n" if before.startswith("- ") and block.startswith("- ") else "\n\n"
            text += (gap if before else "") + block
        return f"{text}\n"

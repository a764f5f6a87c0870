"""Briefs: one page for whoever calls or meets a customer, as a value, and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale

from amable.core import marked, wording
from amable.core.days import CALLS
from amable.core.languages import say, show_date, show_money, show_number
from amable.core.money import Money
from amable.core.payers import Profile
from amable.core.paying import show_iban
from amable.core.planning import Planned
from amable.core.procedure import Act
from amable.core.reasons import step_name
from amable.correspondence import tasks
from amable.correspondence.composing import ItemFacts, Recipient
from amable.organisation.models import Creditor
from amable.plugs.channel import Piece, Sheet

_LAST_WORDS: Final = 5
_LAST_PAYMENTS: Final = 3
_QUESTIONS: Final = ("received", "approved", "disputed", "when", "how")
_MEETING: Final = ("open", "why", "propose", "thank")
_UNKNOWN: Final = "–"
_TO_FILL: Final = "…" * 12
_NUMBERED: Final = re.compile(r"\d\. ")


class Spoken(NamedTuple):
    """A message, call or meeting of ours with the customer."""

    day: date
    step: str
    subject: str


@dataclass(frozen=True, slots=True)
class Background:
    """What whoever calls should know beside the items.

    `since` is the day of their first invoice, `method` how they pay in the ledger's own words, `spoken` and `payments`
    are the newest first. `disputed` and `promised` are numbers of open items, the latter with their days. `written`
    counts the messages about the oldest item the task is for, the last of them on `written_on`.
    """

    zone: ZoneInfo
    profile: Profile
    manager: str = ""
    since: date | None = None
    method: str = ""
    spoken: tuple[Spoken, ...] = ()
    payments: tuple[tuple[date, Money], ...] = ()
    disputed: tuple[str, ...] = ()
    promised: tuple[tuple[str, date], ...] = ()
    written: int = 0
    written_on: date | None = None


def brief(
    creditor: Creditor,
    recipient: Recipient,
    facts: Mapping[int, ItemFacts],
    planned: Planned,
    known: Background,
    today: date,
) -> Sheet:
    """Everything for the conversation on one page, in the creditor's language; what is said aloud in the customer's."""
    page = _Page(creditor, recipient, facts, planned, known, today)
    title = say(
        f"task.title.{'call' if planned.act is Act.CALL else 'meeting'}", page.language, customer=recipient.name
    )
    pieces = (
        page.who(),
        page.owed(),
        page.last_words(),
        page.agreed(),
        page.habits(),
        page.aloud(),
        page.questions(),
        page.to_hand(),
        page.outcome(),
        page.why(),
        page.noted(),
    )
    return Sheet(title, page.language, today, tuple(piece for piece in pieces if any(piece[1:])))


def as_markdown(sheet: Sheet) -> str:
    """The page as Markdown; every value is shown as it is."""
    blocks = [f"# {tasks.escaped(sheet.title)}"]
    colon = "\u00a0:" if sheet.language == "fr" else ":"
    for piece in sheet.pieces:
        blocks.append(f"## {tasks.escaped(piece.heading)}")
        blocks.append(
            "\n".join(f"- {tasks.escaped(label)}{colon} {tasks.escaped(value)}" for label, value in piece.facts)
        )
        if piece.columns:
            ruler = ("---:" if place in piece.figures else "---" for place in range(len(piece.columns)))
            rows = (piece.columns, *piece.rows)
            head, *rest = (f"| {' | '.join(map(tasks.escaped, row))} |" for row in rows)
            blocks.append("\n".join((head, f"| {' | '.join(ruler)} |", *rest)))
        blocks.append("\n".join(_listed(line) for line in piece.lines))
        blocks.append("\n".join(f"- [ ] {tasks.escaped(box)}" for box in piece.boxes))
    return "\n\n".join(filter(None, blocks)) + "\n"


def _listed(line: str) -> str:
    """A line of a list; one that has its number already keeps it."""
    return tasks.escaped(line) if _NUMBERED.match(line) else f"- {tasks.escaped(line)}"


class _Page:
    """The parts of a brief, one a method."""

    def __init__(
        self,
        creditor: Creditor,
        recipient: Recipient,
        facts: Mapping[int, ItemFacts],
        planned: Planned,
        known: Background,
        today: date,
    ) -> None:
        self.creditor, self.recipient, self.planned, self.known, self.today = creditor, recipient, planned, known, today
        self.language = creditor.language
        asked = {line.item for line in planned.lines}
        self.open = sorted((f for f in facts.values() if f.open > 0), key=lambda item: (item.due_on, item.number))
        self.credits = [item for item in facts.values() if item.open < 0]
        self.first = min((facts[item] for item in asked if item in facts), key=lambda item: (item.due_on, item.number))

    def words(self, key: str, **params: object) -> str:
        return say(f"brief.{key}", self.language, **params)

    def money(self, items: Sequence[ItemFacts], language: str = "") -> str:
        """The sum of open amounts, one for each currency."""
        sums: dict[str, int] = {}
        for item in items:
            sums[item.currency] = sums.get(item.currency, 0) + item.open
        return ", ".join(
            show_money(Money(n, currency), language or self.language) for currency, n in sorted(sums.items())
        )

    def late(self, item: ItemFacts) -> int:
        return max(0, (self.today - item.due_on).days)

    def filled(self, *pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        """The facts that are known, with their labels."""
        return tuple((self.words(label), value) for label, value in pairs if value)

    def who(self) -> Piece:
        recipient, profile = self.recipient, self.known.profile
        spoken = Locale(self.language).languages.get(recipient.language, recipient.language)
        settled = say(f"brief.{profile.relationship}", self.language, n=profile.settled)
        return Piece(
            self.words("who"),
            self.filled(
                ("customer", recipient.name),
                ("contact", recipient.contact),
                ("phone", recipient.phone),
                ("email", ", ".join(recipient.emails)),
                ("language", spoken),
                ("hours", self.hours()),
                ("manager", self.known.manager),
                ("relationship", settled),
                ("since", show_date(self.known.since, self.language) if self.known.since else ""),
            ),
        )

    def hours(self) -> str:
        """When they may be called, on their clock and on ours."""
        first, last = (datetime.combine(self.today, hour, self.known.zone) for hour in CALLS)
        ours = ZoneInfo(self.creditor.timezone)
        here = f"{first.astimezone(ours):%H:%M}–{last.astimezone(ours):%H:%M}"
        there = f"{first:%H:%M}–{last:%H:%M}"
        if here == there:
            return there
        return self.words("hours_there", there=there, zone=self.known.zone.key, here=here)

    def owed(self) -> Piece:
        columns = tuple(self.words(name) for name in ("document", "due", "late", "open", "what"))
        rows = [
            (
                item.number,
                show_date(item.due_on, self.language),
                show_number(self.late(item), self.language) if self.late(item) else _UNKNOWN,
                show_money(Money(item.open, item.currency), self.language),
                item.description,
            )
            for item in self.open
        ]
        oldest = max(map(self.late, self.open), default=0)
        due = [item for item in self.open if self.late(item)]
        facts = self.filled(
            ("total", self.money([*self.open, *self.credits])),
            ("overdue", self.money(due)),
            ("oldest", self.words("days", n=oldest) if oldest else ""),
            ("credits", self.money(self.credits)),
        )
        return Piece(self.words("owed"), facts, columns, tuple(rows), figures=(2, 3))

    def last_words(self) -> Piece:
        shown = (
            " · ".join(
                filter(None, (show_date(one.day, self.language), step_name(one.step, self.language), one.subject))
            )
            for one in self.known.spoken[:_LAST_WORDS]
        )
        return Piece(self.words("last_words"), lines=tuple(shown) or (self.words("nothing_said"),))

    def agreed(self) -> Piece:
        """Promises and disputes."""
        profile = self.known.profile
        counts = self.filled(("kept", str(profile.promises_kept or "")), ("broken", str(profile.promises_broken or "")))
        promised = (self.words("promised", number=number, day=day) for number, day in self.known.promised)
        disputed = (self.words("disputed", number=number) for number in self.known.disputed)
        return Piece(self.words("agreed"), counts, lines=(*promised, *disputed))

    def habits(self) -> Piece:
        """How they usually pay."""
        profile, known = self.known.profile, self.known
        paid = (
            f"{show_date(day, self.language)} · {show_money(amount, self.language)}"
            for day, amount in known.payments[:_LAST_PAYMENTS]
        )
        median = "" if profile.median_late is None else self.words("days", n=max(0, round(profile.median_late)))
        on_time = self.words("on_time", n=profile.on_time, settled=profile.settled) if profile.settled else ""
        way = self.recipient.method
        return Piece(
            self.words("habits"),
            self.filled(
                ("median", median),
                ("punctual", on_time),
                ("method", say(f"wording.method.{way}", self.language) if way else known.method),
                ("payments", "; ".join(paid)),
            ),
        )

    def aloud(self) -> Piece:
        """What is said, in the customer's language."""
        theirs = self.recipient.language
        if self.planned.act is not Act.CALL:
            lines = tuple(say(f"brief.meeting.{name}", theirs, **self.meeting()) for name in _MEETING)
            return Piece(self.words("aloud"), lines=lines)
        script = wording.sections(wording.render(self.template(theirs), self.fields(theirs))).prose
        return Piece(self.words("aloud"), lines=tuple(marked.lay_text(script).split("\n")))

    def meeting(self) -> dict[str, object]:
        return {
            "contact": self.recipient.contact or self.recipient.name,
            "sender": self.creditor.sender_name,
            "company": self.creditor.name,
            "amount": self.money(self.open, self.recipient.language),
        }

    def questions(self) -> Piece:
        return Piece(
            self.words("questions"),
            lines=tuple(say(f"brief.question.{name}", self.recipient.language) for name in _QUESTIONS),
        )

    def to_hand(self) -> Piece:
        """What helps on the telephone, in the creditor's language."""
        if self.planned.act is not Act.CALL:
            return Piece("")
        rendered = wording.render(self.template(self.language), self.fields(self.language))
        lines = marked.lay_text(wording.sections(rendered).annex.strip("\n")).split("\n")
        return Piece(
            self.words("to_hand"), lines=tuple(line.removeprefix("- ") for line in lines if line.startswith("- "))
        )

    def outcome(self) -> Piece:
        return Piece(self.words("outcome"), boxes=self.template(self.language).outcomes)

    def why(self) -> Piece:
        return Piece(self.words("reason"), boxes=self.template(self.language).reasons)

    def noted(self) -> Piece:
        """What comes of it, and what happens otherwise."""
        labels = ("agreed_amount", "agreed_day", "notes")
        kind = "call" if self.planned.act is Act.CALL else "meeting"
        overdue = self.money([item for item in self.open if self.late(item)])
        ask = say(f"task.ask.{kind}", self.language, customer=self.recipient.name, amount=overdue)
        return Piece(self.words("noted"), tuple((self.words(label), _TO_FILL) for label in labels), lines=(ask,))

    def template(self, language: str) -> wording.Template:
        return wording.choose("call_script", language, regular=self.recipient.regular, had=(), key=self.recipient.key)

    def fields(self, language: str) -> dict[str, object]:
        """The fields of the script, for a reader of the language."""
        item, creditor, recipient = self.first, self.creditor, self.recipient
        last = self.known.written_on

        def money(minor: int) -> str:
            return show_money(Money(minor, item.currency), language)

        return {
            "customer.name": recipient.name,
            "customer.is_consumer": recipient.consumer,
            "contact.name": "" if recipient.contact == recipient.name else recipient.contact,
            "invoice.number": item.number,
            "invoice.balance": money(item.open),
            "invoice.total": money(item.total),
            "invoice.due_date": show_date(item.due_on, language),
            "invoice.issue_date": show_date(item.issued_on, language) if item.issued_on else _UNKNOWN,
            "invoice.description": item.description,
            "days_overdue": self.late(item),
            "sender.name": creditor.sender_name,
            "sender.phone": creditor.sender_phone or creditor.phone or _UNKNOWN,
            "company.name": creditor.name,
            "history.messages_sent": self.known.written,
            "history.last_sent": show_date(last, language) if last else "",
            "pay_link": "",
            "payment.iban": show_iban(creditor.iban) if creditor.iban else "",
        }

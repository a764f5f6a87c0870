"""The heart: from all that is known of one customer on one day to what to say, to whom to turn, and why.

`decide` is a function of values. It asks every reason to rest before any reason to write, and gives every item exactly
one verdict. Rules are identifiers with parameters (`hold.disputed`, `grace`); sentences are made from them when shown.
The rules themselves are settled in `docs/explanation/planning.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from amable.core.agreements import waited_for
from amable.core.course import (
    ASK,
    CONTACTS,
    LISTED,
    PAID_LATELY,
    Coming,
    Spoken,
    Standing,
    Told,
    askable_on,
    both,
    course,
    crowded,
    times,
)  # fmt: skip
from amable.core.days import Calendar, hours_left
from amable.core.money import Money
from amable.core.payers import Profile
from amable.core.procedure import COURTESIES, MESSAGES, WAYS, Act, Procedure, Step
from amable.core.receivables import discount

THANKS_WORKING_DAYS: Final = 2
ASKED_BY_COLLEAGUE_DAYS: Final = 2
_FAR: Final = 60  # days ahead in which an allowed day is looked for

type_params = dict[str, object]


class Kind(StrEnum):
    """What an item is. Credit notes and unapplied cash have a negative open amount."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    LATE_CHARGE = "late_charge"
    UNAPPLIED = "unapplied_cash"


class Outcome(StrEnum):
    """What became of an item today, in the order in which the first that applies is given."""

    PAID = "paid"
    SENT = "sent"
    ESCALATED = "escalated"
    TASK = "task"
    HELD = "held"
    MOVED = "moved"
    NOT_YET = "not_yet"


class Promise(NamedTuple):
    """So much by that day; `noted` is the day the promise became known, None when it was known from the first."""

    amount: int
    on: date
    noted: date | None = None


class Discount(NamedTuple):
    """So much less, in minor units, for what is paid by that day; `percent` is how the terms say it."""

    amount: int
    until: date
    percent: Decimal = Decimal(0)


class Item(NamedTuple):
    """One open item. Amounts are minor units of its currency; `due` is its instalment's or extension's day if any.

    `told` is what was done about it in this cycle, oldest first. `missing` is not in the latest complete ledger.
    `plan_until` is the day on which the next instalment of a plan being kept is judged.
    `paid_since` is the day on which the newest part payment was booked against it.
    """

    id: int
    kind: str
    number: str
    currency: str
    open: int
    due: date
    issued: date | None = None
    cycle: int = 1
    told: tuple[Told, ...] = ()
    disputed: int = 0
    promise: Promise | None = None
    plan_kept: bool = False
    plan_until: date | None = None
    debit_until: date | None = None
    delivered: bool | None = None
    duplicate_of: str = ""
    missing: bool = False
    match_proposed: bool = False
    asked_by_colleague: date | None = None
    notice_deadline: date | None = None
    paid_since: date | None = None
    discount: Discount | None = None


class Paid(NamedTuple):
    """An item settled by this run, and by what."""

    item: int
    rule: str
    params: type_params


class Receipt(NamedTuple):
    """A payment booked, and the items it settled in full and nobody was thanked for yet.

    `crossed` is the day of a message that asked for one of them when the money was there already, None for none.
    """

    currency: str
    amount: int
    booked_on: date
    settled: tuple[int, ...]
    crossed: date | None = None


class Contact(NamedTuple):
    """A message to the customer (or a call) on a day; thanks and staff notices are not contacts."""

    day: date
    act: str
    before_due: bool = False


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one customer on one day.

    `reach` are the channels that have what they need, `refused` those the customer does not want. `written_to` says
    that we ever wrote to them, `unspeakable` names the wordings for which facts of theirs are lacking. `suspense` is
    money that is probably theirs and not matched to an item, by currency. `bank_until` is the newest closing date of a
    bank statement, None when no bank file was ever given. `asked` says that a person wants the customer reminded today.
    """

    customer: int
    procedure: Procedure
    items: tuple[Item, ...]
    calendar: Calendar = field(default_factory=Calendar)
    creditor_calendar: Calendar = field(default_factory=Calendar)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    country: str = ""
    segment: str = ""
    reach: frozenset[str] = frozenset({"email"})
    refused: frozenset[str] = frozenset()
    written_to: bool = False
    unspeakable: frozenset[str] = frozenset()
    paid: tuple[Paid, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    contacts: tuple[Contact, ...] = ()
    suspense: Mapping[str, int] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)
    bank_until: date | None = None
    vulnerable: bool = False
    insolvent: bool = False
    unhappy: bool = False
    unread_reply: date | None = None
    bounced: date | None = None
    away_until: date | None = None
    paused_until: date | None = None
    minimum: Mapping[str, int] = field(default_factory=dict)
    asked: bool = False


class Section(StrEnum):
    """Under which heading of a message an item stands."""

    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    CREDIT = "credit"
    SETTLED = "settled"
    PROMISED = "promised"


class Line(NamedTuple):
    """One item in a message or task; `amount` is what is asked for it, negative for a credit."""

    item: int
    amount: int
    section: Section
    step: str
    occurrence: int


class Named(NamedTuple):
    """An item left out of a demand, named with its reason."""

    item: int
    rule: str
    params: type_params


@dataclass(frozen=True, slots=True)
class Planned:
    """One message or task. `demanded` is the sum asked for; `thanks` are the receipts it thanks for.

    `reply_by` is the last day that still counts: the working day before anything of it is looked at again.
    """

    act: Act
    step: str
    currency: str
    lines: tuple[Line, ...]
    demanded: int = 0
    named: tuple[Named, ...] = ()
    thanks: tuple[Receipt, ...] = ()
    reply_by: date | None = None
    channel: Act | None = None  # by which a message leaves


class Verdict(NamedTuple):
    """What became of one item, why, and when it is looked at again; `carrier` is the place in Decision.planned."""

    item: int
    outcome: Outcome
    rule: str
    params: type_params
    step: str = ""
    next_look: date | None = None
    carrier: int = -1


@dataclass(frozen=True, slots=True)
class Decision:
    """What one customer should hear today, and why: at most one demand, with thanks, tasks and decisions beside it."""

    planned: tuple[Planned, ...]
    verdicts: tuple[Verdict, ...]
    look_again: date | None


class Hold(NamedTuple):
    """A reason not to write; `until` is its end or review date, `ask` what a person is asked, if anything."""

    rule: str
    params: type_params
    until: date
    ask: str = ""
    at_once: bool = False  # ask when the hold is first met, not only when a step is due


def decide(dossier: Dossier, today: date, now: datetime | None = None) -> Decision:
    """Say what this customer should hear today, if anything, and why.

    `today` is the creditor's date. `now` is the aware moment of the run; None means the whole day is still ahead.
    """
    return _Look(dossier, today, now).decision()


class _Look:
    """One look at one customer: the facts, the day, and the verdicts as they fall."""

    def __init__(self, dossier: Dossier, today: date, now: datetime | None) -> None:
        self.dossier = dossier
        self.procedure = dossier.procedure
        self.limits = dossier.procedure.limits
        self.today = today
        self.now = now
        # When a hold without an end of its own is looked at again.
        self.review = dossier.creditor_calendar.on_or_after(today + timedelta(days=self.limits.review))
        self.planned: list[Planned] = []
        self.verdicts: dict[int, Verdict] = {}
        spoken = (Spoken(contact.day, contact.before_due) for contact in dossier.contacts if contact.act in MESSAGES)
        self.messages = tuple(sorted(spoken, key=lambda message: message.day))
        self.course = course(
            dossier.procedure,
            today,
            dossier.calendar,
            dossier.creditor_calendar,
            segment=dossier.segment,
            country=dossier.country,
            relationships=relationships(dossier),
            unspeakable=dossier.unspeakable,
            late=dossier.profile.habitually_late,
            pace=dossier.profile.pace,
            texted=channel(Act.SMS, dossier) is not None or not writable(dossier),
        )
        self.by_currency = _by_currency(dossier.items)
        self.coming: dict[int, Coming] = {}
        self.holds: dict[int, Hold] = {}
        self.wanted: dict[int, int] = {}  # what may be asked for an item
        self.judged = date.max  # when the first promise, if of a part only, is waited for no longer
        self.promised: dict[int, int] = {}  # what of an item is promised and waited for
        self.another_day: list[date] = []  # for thanks and confirmations still to be said

    def decision(self) -> Decision:
        """Rest first, then the firmest word that is allowed today, then what people are asked, then the rest."""
        whole = customer_hold(self.dossier, self.today)
        claims = [item for item in self.dossier.items if item.open > 0]
        for item in claims:
            coming = self.come(item, item.told)
            self.coming[item.id] = self.brought_forward(item, coming) if self.dossier.asked else coming
        for currency, items in self.by_currency.items():
            self.hold_items(currency, items, whole)
        if whole is None:
            self.demand()
        self.thank(silent=whole is not None and whole.rule in _NO_THANKS)
        if whole is None:
            self.confirm()
        self.ask_about_holds()
        free = [item for item in claims if item.id not in self.holds]
        self.turn_to_people(free)
        self.ask_at_the_end(free)
        for item in self.dossier.items:
            if item.id not in self.verdicts:
                self.verdicts[item.id] = self.quiet(item)
        order = [paid.item for paid in self.dossier.paid] + [item.id for item in self.dossier.items]
        verdicts = tuple(self.verdicts[id_] for id_ in dict.fromkeys(order))
        begins = (self.coming[item.id].begins for item in free)  # from then on it waits for another reason
        looks = [look for look in (*(verdict.next_look for verdict in verdicts), *begins, *self.another_day) if look]
        return Decision(tuple(self.planned), verdicts, min(looks, default=None))

    # --- holds ---------------------------------------------------------------------------------------------------

    def hold_items(self, currency: str, items: Sequence[Item], whole: Hold | None) -> None:
        """The reason each item of a currency rests, if it does, and what may be asked for the others."""
        if whole is not None:
            self.holds.update({item.id: whole for item in items})
            return
        if hold := net_hold(items, self.dossier.suspense.get(currency, 0), self.review):
            self.holds.update({item.id: self.missing() if item.missing else hold for item in items})
            return
        for item in items:
            if item.open <= 0:
                if item.missing:
                    self.holds[item.id] = self.missing()
                continue
            until = promise_rests(item.promise, self.dossier, self.today) if item.promise else None
            if item.promise and until:
                self.promised[item.id] = min(item.promise.amount, undisputed(item))
                self.judged = min(self.judged, until)
            if hold := self.item_hold(item, until):
                self.holds[item.id] = hold
            else:
                self.wanted[item.id] = undisputed(item) - self.promised.get(item.id, 0)
        self.hold_for_money(currency, items)
        self.hold_small(currency, items)

    def item_hold(self, item: Item, promised_until: date | None) -> Hold | None:
        """Why this item rests although the customer may be written to; the first reason that holds."""
        today = self.today
        if not undisputed(item):
            return Hold("hold.disputed", {}, self.review)
        if item.promise and promised_until and self.promised[item.id] >= undisputed(item):
            return Hold("hold.promised", {"day": item.promise.on}, promised_until)
        if item.plan_kept:
            return Hold("hold.plan_kept", {}, min(self.review, item.plan_until or self.review))
        if item.debit_until and today <= item.debit_until:
            return Hold("hold.direct_debit", {"day": item.debit_until}, item.debit_until + timedelta(days=1))
        if item.delivered is False:
            return Hold("hold.not_delivered", {}, self.review, "not_delivered", at_once=True)
        if item.duplicate_of:
            return Hold("hold.duplicate", {"other": item.duplicate_of}, self.review, "duplicate", at_once=True)
        if item.missing:
            return self.missing()
        if item.discount and item.open <= item.discount.amount:
            rest = Money(item.open, item.currency)
            return Hold("hold.discount_taken", {"amount": rest}, self.review, "discount_taken", at_once=True)
        if item.match_proposed:
            return Hold("hold.match_proposed", {}, self.review)
        if item.asked_by_colleague and (today - item.asked_by_colleague).days <= ASKED_BY_COLLEAGUE_DAYS:
            until = item.asked_by_colleague + timedelta(days=ASKED_BY_COLLEAGUE_DAYS + 1)
            return Hold("hold.asked_by_colleague", {"day": item.asked_by_colleague}, until)
        return None

    def missing(self) -> Hold:
        """What the ledger no longer shows rests, claim or credit, and a person is asked what became of it."""
        return Hold("hold.missing_from_ledger", {}, self.review, "missing_from_ledger", at_once=True)

    def hold_for_money(self, currency: str, items: Sequence[Item]) -> None:
        """Unmatched money of the customer holds the oldest demands up to its amount."""
        left = self.dossier.suspense.get(currency, 0)
        for item in sorted(items, key=lambda item: (item.due, item.id)):
            if left <= 0:
                return
            if item.id in self.wanted:
                money = Money(self.dossier.suspense[currency], currency)
                self.holds[item.id] = Hold("hold.unmatched_money", {"amount": money}, self.review)
                left -= self.wanted.pop(item.id)

    def hold_small(self, currency: str, items: Sequence[Item]) -> None:
        """What is too little to write about, added up per customer, rests."""
        free = [item for item in items if item.id in self.wanted]
        least = self.dossier.minimum.get(currency, 0)
        credit = sum(item.open for item in credits_left(items))
        owed = sum(self.wanted[item.id] for item in free)
        if not free or owed + credit >= least:
            return
        for item in free:
            del self.wanted[item.id]
            self.holds[item.id] = self.too_little(currency, owed, min(self.review, self.judged))

    def too_little(self, currency: str, owed: int, until: date) -> Hold:
        """Why so little is not asked for: it is below the minimum by itself, or once credits are subtracted."""
        least = self.dossier.minimum.get(currency, 0)
        if owed >= least:
            return Hold("hold.credit_covers", {}, until)
        return Hold("hold.minimum", {"minimum": Money(least, currency)}, until)

    # --- the step an item has come to ----------------------------------------------------------------------------

    def come(self, item: Item, told: tuple[Told, ...]) -> Coming:
        """The step the item has come to, had it been told as much."""
        return self.course.come(self.standing(item, told))

    def brought_forward(self, item: Item, coming: Coming) -> Coming:
        """The next message about an overdue item, today instead of on its day: a person asked for it.

        Only the wait is cut short. What is not a message, or waits because money came in or an answer is owed, stays.
        """
        step = coming.step
        if coming.due or step is None or step.act not in MESSAGES or item.due >= self.today:
            return coming
        if coming.rule not in _WAITS:
            return coming
        return coming._replace(on=self.today, due=True, rule=f"step.{step.id}", begins=None)

    def standing(self, item: Item, told: tuple[Told, ...]) -> Standing:
        """What of the item its step depends on."""
        promise = item.promise
        broken = promise is not None and promise_rests(promise, self.dossier, self.today) is None
        over = item.due < self.today
        return Standing(
            item.due, None if over else item.issued, told, item.paid_since, item.notice_deadline,
            () if over else self.messages, self.too_small_for(item),
            item.discount.until if item.discount else None, promise.on if promise and broken else None,
        )  # fmt: skip

    def too_small_for(self, item: Item) -> frozenset[str]:
        """The steps whose minimum amount the item does not reach."""
        asked = undisputed(item)
        small = [step.id for step in self.procedure.with_minimum if asked < step.only.least(item.currency)]
        return frozenset(small) if small else _NONE

    def last_day(self, item: Item) -> date:
        """The last day on which the step an item has come to is in time, when that is before the due date."""
        return self.course.last_day(_step(self.coming[item.id]), self.standing(item, item.told))

    def effect(self, coming: Coming) -> type_params:
        """How the payer's habits moved the day of a step, empty when they did not."""
        if coming.earlier:
            return self.dossier.profile.earlier(coming.earlier)
        return self.dossier.profile.paced() if coming.paced else {}

    # --- what is allowed today -----------------------------------------------------------------------------------

    def refusal(self, day: date, *, before_due: bool, now: datetime | None) -> tuple[str, type_params] | None:
        """Why no message may leave on `day`, None when it may."""
        calendar = self.dossier.calendar
        if not calendar.works(day):
            if name := calendar.holidays.get(day, ""):
                return "calendar.holiday", {"holiday": name}
            return "calendar.weekend", {}
        if not hours_left(day, now, self.dossier.zone):
            return "hours.quiet", {}
        if crowded(self.messages, day, self.limits, before_due=before_due):
            return "spacing.message", {"day": self.messages[-1].day}
        week = day - timedelta(days=6)
        if sum(contact.day >= week for contact in self.messages) >= self.limits.messages_a_week:
            return "cap.messages", {"n": self.limits.messages_a_week}
        if sum(contact.day >= week for contact in self.dossier.contacts) >= self.limits.contacts_a_week:
            return "cap.contacts", {"n": self.limits.contacts_a_week}
        return None

    def allowed_from(self, *, before_due: bool) -> date:
        """The first day after today on which a message may leave."""
        day = self.today
        for _ in range(_FAR):
            day += timedelta(days=1)
            if self.refusal(day, before_due=before_due, now=None) is None:
                return day
        return day

    # --- the demand ----------------------------------------------------------------------------------------------

    def demand(self) -> None:
        """At most one message: overdue before due soon, then whatever waited longest; the others on another day."""
        groups: list[tuple[bool, date, int, str]] = []
        for currency, items in self.by_currency.items():
            for overdue in (True, False):
                if due := self.due_for_word(items, overdue=overdue):
                    firmest = max(self.procedure.rank[_step(self.coming[item.id]).id] for item in due)
                    since = min(self.coming[item.id].on for item in due)
                    groups.append((not overdue, since, -firmest, currency))
        refused: tuple[str, type_params] | None = None
        for due_soon, _, _, currency in sorted(groups):
            items = self.by_currency[currency]
            due = self.due_for_word(items, overdue=not due_soon)
            if not due:
                continue  # spoken of in the overdue message, or covered by credits
            # What could not be said today keeps its place: a softer word today would only delay it.
            refused = refused or self.refusal(self.today, before_due=due_soon, now=self.now)
            if refused is not None:
                self.move(due, *refused, overdue=not due_soon)
            elif self.speak(currency, due, items, overdue=not due_soon):
                refused = "cap.day", {}

    def due_for_word(self, items: Iterable[Item], *, overdue: bool) -> list[Item]:
        """The items free to be asked for whose message step has come, and of which nothing was said yet today."""
        return [
            item
            for item in items
            if item.id in self.wanted
            and item.id not in self.verdicts
            and (coming := self.coming[item.id]).due
            and _act(coming) in MESSAGES
            and _step(coming).before_due is not overdue
        ]

    def move(self, due: Sequence[Item], rule: str, params: type_params, *, overdue: bool) -> None:
        """Not allowed today: it leaves on the first allowed day on which it is still in time, else it is skipped."""
        day = self.allowed_from(before_due=not overdue)
        for item in due:
            if overdue or day <= self.last_day(item):
                self.say(item.id, Outcome.MOVED, rule, params, _step(self.coming[item.id]).id, self.no_later(item, day))
            else:
                self.say(item.id, Outcome.NOT_YET, "skipped", {"why": rule, **params}, next_look=self.after(item))

    def speak(self, currency: str, due: Sequence[Item], items: Sequence[Item], *, overdue: bool) -> bool:
        """One message for everything of a currency that may be said today; False when credits cover it all."""
        step = max((_step(self.coming[item.id]) for item in due), key=lambda step: self.procedure.rank[step.id])
        chosen = {item.id for item in due}
        free = [item for item in items if item.id in self.wanted]
        main = [item for item in free if item.id in chosen or (overdue and self.past_grace(item))]
        listed = {item.id for item in main}
        soon = [item for item in free if item.id not in listed and self.due_soon(item)]
        credited = credits_left(items)
        asked = main if overdue else main + soon
        demanded = sum(self.wanted[item.id] for item in asked) + sum(item.open for item in credited)
        if demanded < max(1, self.dossier.minimum.get(currency, 0)):
            # Another item may make it enough any day.
            soonest = self.dossier.calendar.on_or_after(self.today + timedelta(days=1))
            hold = self.too_little(currency, sum(self.wanted[item.id] for item in asked), soonest)
            for item in asked:
                self.holds[item.id] = hold
                del self.wanted[item.id]
            return False
        as_told = {item.id: self.told_as(item, step.id) for item in (*main, *soon)}
        first = Section.OVERDUE if overdue else Section.DUE_SOON
        lines = [Line(item.id, self.wanted[item.id], first, *as_told[item.id]) for item in main]
        lines += [Line(item.id, self.wanted[item.id], Section.DUE_SOON, *as_told[item.id]) for item in soon]
        lines += [Line(item.id, item.open, Section.CREDIT, LISTED, times(LISTED, item.told) + 1) for item in credited]
        thanks = tuple(receipt for receipt in self.thankable() if receipt.currency == currency)
        place = len(self.planned)
        self.messages = (*self.messages, Spoken(self.today, before_due=not overdue))
        looks = {
            item.id: self.after(item, Told(*as_told[item.id][:1], self.today, step.id, as_told[item.id][1]))
            for item in (*main, *soon)
        }
        reply_by = self.dossier.calendar.on_or_before(min(looks[item.id] for item in due) - timedelta(days=1))
        self.planned.append(
            Planned(
                step.act, step.id, currency, tuple(lines), demanded, self.named(items, asked), thanks,
                max(reply_by, self.today), channel(step.act, self.dossier),
            )
        )  # fmt: skip
        detour = detoured(step.act, self.dossier)
        for item in (*main, *soon):
            told, _ = as_told[item.id]
            rule = f"step.{told}" if told != LISTED else "listed.item"
            effect = self.effect(self.coming[item.id]) if told != LISTED else {}
            self.say(item.id, Outcome.SENT, rule, effect | detour, step.id, looks[item.id], place)
        for item in credited:
            self.say(item.id, Outcome.SENT, "listed.credit", {}, step.id, self.review, place)
        for receipt in thanks:
            self.pay(receipt, place)
        return True

    def named(self, items: Sequence[Item], asked: Sequence[Item]) -> tuple[Named, ...]:
        """What a demand leaves out and names with its reason, so that the customer knows it was not overlooked."""
        held = [Named(i.id, h.rule, h.params) for i in items if (h := self.holds.get(i.id)) and h.rule in _NAMED]
        parts: list[Named] = []
        for item in asked:
            if item.disputed:
                parts.append(Named(item.id, "hold.disputed_part", {"amount": Money(item.disputed, item.currency)}))
            if item.promise and (amount := self.promised.get(item.id)):
                params: type_params = {"amount": Money(amount, item.currency), "day": item.promise.on}
                parts.append(Named(item.id, "hold.promised_part", params))
        return (*held, *parts)

    def told_as(self, item: Item, wording: str) -> tuple[str, int]:
        """As which step, and the how manyeth time, an item is told in a message in these words.

        By its own step when that is due, or when its window is open and these words are as firm; else it is listed.
        """
        coming = self.coming[item.id]
        step = coming.step
        if step is not None and step.act in MESSAGES:
            rank = self.procedure.rank
            if coming.due or (coming.rule == "window.preferred_day" and rank[step.id] <= rank[wording]):
                return step.id, coming.occurrence
        return LISTED, times(LISTED, item.told) + 1

    def past_grace(self, item: Item) -> bool:
        """Overdue, and the days of courtesy are over."""
        first = self.procedure.first_overdue
        if first is None or item.due >= self.today:
            return False
        return self.today >= first.when.start(item.due, self.dossier.calendar)

    def due_soon(self, item: Item) -> bool:
        """Falls due within the next days."""
        return 0 <= (item.due - self.today).days <= self.limits.due_soon

    # --- thanks --------------------------------------------------------------------------------------------------

    def thankable(self) -> list[Receipt]:
        """Receipts of the last two working days that settled something and nobody was thanked for."""
        if self.procedure.thanks is None:
            return []
        since = self.thanked_since(self.today)
        return [r for r in self.dossier.receipts if r.settled and since <= r.booked_on <= self.today]

    def thanked_since(self, day: date) -> date:
        """The oldest booking that is still thanked for on a day."""
        return self.dossier.calendar.add(day, -THANKS_WORKING_DAYS)

    def thank(self, *, silent: bool) -> None:
        """A word of thanks of its own when no demand leaves today; every item settled by this run is paid."""
        if not self.dossier.receipts and not self.dossier.paid:
            return
        receipts = self.thankable()
        spoken = any(planned.act in MESSAGES for planned in self.planned)
        works = self.dossier.calendar.works(self.today) and hours_left(self.today, self.now, self.dossier.zone)
        if receipts and works and not spoken and not silent and channel(Act.EMAIL, self.dossier):
            currency = max(receipts, key=lambda receipt: (receipt.amount, receipt.currency)).currency
            mine = tuple(receipt for receipt in receipts if receipt.currency == currency)
            step = self.procedure.thanks
            assert step is not None  # thankable() is empty without it
            ids = dict.fromkeys(item for receipt in mine for item in receipt.settled)
            lines = tuple(Line(item, 0, Section.SETTLED, step.id, 1) for item in ids)
            by = channel(Act.EMAIL, self.dossier)
            self.planned.append(Planned(Act.THANKS, step.id, currency, lines, thanks=mine, channel=by))
            for receipt in mine:
                self.pay(receipt, self.last())
        for paid in self.dossier.paid:
            if paid.item not in self.verdicts:
                self.say(paid.item, Outcome.PAID, paid.rule, paid.params)
        said = [receipt for planned in self.planned for receipt in planned.thanks]
        left = [receipt.booked_on for receipt in receipts if receipt not in said]
        later = self.dossier.calendar.on_or_after(self.today + timedelta(days=1))
        if left and not silent and max(left) >= self.thanked_since(later):
            self.another_day.append(later)

    # --- promises ------------------------------------------------------------------------------------------------

    def confirm(self) -> None:
        """A promise noted in the last two working days is confirmed, once, unless something else was said since.

        Like thanks it asks for nothing and counts for no cap; one word a day to a customer holds for it too.
        """
        step = self.procedure.confirmation
        if step is None:
            return
        promised = [item for item in self.dossier.items if self.to_confirm(item, step)]
        if not promised:
            return
        by_currency = _by_currency(promised)
        sums = {currency: sum(self.promised[item.id] for item in items) for currency, items in by_currency.items()}
        works = self.dossier.calendar.works(self.today) and hours_left(self.today, self.now, self.dossier.zone)
        spoken = any(planned.act in MESSAGES or planned.act in COURTESIES for planned in self.planned)
        if spoken or not works:
            self.another_day.append(self.dossier.calendar.on_or_after(self.today + timedelta(days=1)))
            return
        currency = max(sums, key=lambda currency: (sums[currency], currency))
        items = by_currency[currency]
        lines = tuple(
            Line(item.id, self.promised[item.id], Section.PROMISED, step.id, times(step.id, item.told) + 1)
            for item in items
        )
        self.planned.append(Planned(Act.CONFIRM, step.id, currency, lines, channel=channel(Act.EMAIL, self.dossier)))
        for item in items:
            self.say(item.id, Outcome.SENT, f"step.{step.id}", {}, step.id, self.holds[item.id].until, self.last())
        if len(sums) > 1:
            self.another_day.append(self.dossier.calendar.on_or_after(self.today + timedelta(days=1)))

    def to_confirm(self, item: Item, step: Step) -> bool:
        """Whether the promise about an item is new and nothing was said to the customer since it became known."""
        hold, noted = self.holds.get(item.id), item.promise.noted if item.promise else None
        if hold is None or hold.rule != "hold.promised" or noted is None or item.id in self.verdicts:
            return False
        if any(contact.day >= noted for contact in self.messages):
            return False
        confirmed = any(told.step == step.id and told.day >= noted and not told.failed for told in item.told)
        return not confirmed and self.thanked_since(self.today) <= noted <= self.today

    def pay(self, receipt: Receipt, place: int) -> None:
        """The items a thanked receipt settled are paid, and the message that thanks carries them."""
        settled = set(receipt.settled)
        for paid in self.dossier.paid:
            if paid.item in settled:
                self.say(paid.item, Outcome.PAID, paid.rule, paid.params, carrier=place)

    # --- people --------------------------------------------------------------------------------------------------

    def ask_about_holds(self) -> None:
        """A hold that needs a person asks one, once, and again when its review date has passed.

        Of credits only what is asked at once: no step is ever due about them.
        """
        if not self.holds:
            return
        asks: dict[str, list[Item]] = {}
        for item in self.dossier.items:
            hold, coming = self.holds.get(item.id), self.coming.get(item.id)
            if hold is None or not hold.ask or not (hold.at_once or (coming and coming.due)):
                continue
            if self.may_ask(item, hold.ask):
                asks.setdefault(hold.ask, []).append(item)
        for ask, items in sorted(asks.items()):
            name = ASK + ask
            lines = tuple(self.task_line(item, name) for item in items)
            self.planned.append(Planned(Act.CHECK, name, "", lines))
            for item in items:
                hold = self.holds[item.id]
                look = min(hold.until, self.today + timedelta(days=self.limits.review))
                self.say(item.id, Outcome.TASK, hold.rule, hold.params, name, look, self.last())

    def may_ask(self, item: Item, ask: str) -> bool:
        """Whether a person was not asked this about the item within the review time."""
        return askable_on(item.told, ask, self.today, self.limits.review) <= self.today

    def ask_at_the_end(self, items: Sequence[Item]) -> None:
        """An item for which the procedure has nothing left is a person's to decide; nothing due is ever nowhere."""
        ended = [item for item in items if self.coming[item.id].rule == "procedure.ended"]
        asked = [item for item in ended if item.id not in self.verdicts and self.may_ask(item, "procedure_ended")]
        if not asked:
            return
        name = ASK + "procedure_ended"
        self.planned.append(Planned(Act.CHECK, name, "", tuple(self.task_line(item, name) for item in asked)))
        for item in asked:
            look = self.today + timedelta(days=self.limits.review)
            self.say(item.id, Outcome.ESCALATED, "procedure.ended", {}, name, look, self.last())

    def turn_to_people(self, items: Sequence[Item]) -> None:
        """The checks, calls, meetings and decisions whose time has come, one task a kind, the oldest first.

        One contact a day: what was not said today keeps its place for another day.
        """
        spoken = any(planned.act in MESSAGES for planned in self.planned)
        groups: dict[str, list[Item]] = {}
        for item in items:
            coming = self.coming[item.id]
            if coming.due and _step(coming).act not in MESSAGES:
                groups.setdefault(_step(coming).id, []).append(item)
        rank = self.procedure.rank
        for name in sorted(groups, key=lambda name: (min(self.coming[i.id].on for i in groups[name]), rank[name])):
            step, due = self.procedure.steps[rank[name]], groups[name]
            if refused := self.task_refusal(step, spoken=spoken):
                for item in due:
                    self.put_off(item, step, *refused)
                continue
            self.planned.append(Planned(step.act, name, "", tuple(self.task_line(item, name) for item in due)))
            outcome = Outcome.ESCALATED if step.act is Act.DECISION else Outcome.TASK
            for item in due:
                if item.id not in self.verdicts:
                    effect = self.effect(self.coming[item.id])
                    self.say(item.id, outcome, f"step.{name}", effect, name, self.after(item), self.last())
            spoken = spoken or step.act in CONTACTS

    def put_off(self, item: Item, step: Step, rule: str, params: type_params, day: date) -> None:
        """A task that is not for today moves; an item told of in a message is looked at again for it."""
        told = self.verdicts.get(item.id)
        day = self.no_later(item, day)
        if told is None:
            self.say(item.id, Outcome.MOVED, rule, params, step.id, day)
        elif told.next_look:
            self.verdicts[item.id] = told._replace(next_look=min(told.next_look, day))

    def no_later(self, item: Item, day: date) -> date:
        """The day on which something moved is looked at: its own, or when a later step takes its place."""
        return min(day, self.coming[item.id].overtaken or day)

    def task_refusal(self, step: Step, *, spoken: bool) -> tuple[str, type_params, date] | None:
        """Why a task is not for today: nobody is there, or the customer hears from us already."""
        tomorrow = self.today + timedelta(days=1)
        ours = self.dossier.creditor_calendar
        if not ours.works(self.today):
            return "calendar.closed", {}, ours.on_or_after(tomorrow)
        if step.act not in CONTACTS:
            return None
        day = both(self.dossier.calendar, ours, tomorrow)
        if not self.dossier.calendar.works(self.today):
            holiday = self.dossier.calendar.holidays.get(self.today, "")
            return ("calendar.holiday", {"holiday": holiday}, day) if holiday else ("calendar.weekend", {}, day)
        if spoken:
            return "cap.day", {}, day
        week = self.today - timedelta(days=6)
        if sum(contact.day >= week for contact in self.dossier.contacts) >= self.limits.contacts_a_week:
            return "cap.contacts", {"n": self.limits.contacts_a_week}, day
        return None

    def task_line(self, item: Item, step: str) -> Line:
        section = Section.OVERDUE if item.due < self.today else Section.DUE_SOON
        if item.open < 0:
            section = Section.CREDIT
        return Line(item.id, self.wanted.get(item.id, item.open), section, step, times(step, item.told) + 1)

    # --- the rest ------------------------------------------------------------------------------------------------

    def quiet(self, item: Item) -> Verdict:
        """The verdict of an item about which nothing is said or asked today."""
        if hold := self.holds.get(item.id):
            until = hold.until
            if hold.ask and (coming := self.coming.get(item.id)):
                waits = not coming.due and not hold.at_once
                until = min(
                    until, coming.on if waits else askable_on(item.told, hold.ask, self.today, self.limits.review)
                )
            return Verdict(item.id, Outcome.HELD, hold.rule, hold.params, next_look=until)
        if item.open <= 0:
            return Verdict(item.id, Outcome.NOT_YET, "credit.waiting", {}, next_look=self.review)
        coming = self.coming[item.id]
        step = coming.step.id if coming.step else ""
        if coming.rule in ("escalation.waiting", "procedure.ended"):
            return Verdict(item.id, Outcome.ESCALATED, coming.rule, {}, step, self.no_later(item, coming.on))
        params: type_params = {"day": coming.on}
        if coming.skipped:
            params = {"why": "spacing.message", "day": self.messages[-1].day}
            return Verdict(item.id, Outcome.NOT_YET, "skipped", params, step, coming.on)
        if coming.rule == PAID_LATELY:
            params = {"day": item.paid_since}
        elif coming.step is not None:
            params["step"] = step
        return Verdict(item.id, Outcome.NOT_YET, coming.rule, params | self.effect(coming), step, coming.on)

    def after(self, item: Item, told: Told | None = None) -> date:
        """When an item dealt with today is looked at next: as if its step had been done, and told in a message."""
        coming = self.coming[item.id]
        now = item.told if told is None else (*item.told, told)
        if coming.step and coming.due and (told is None or coming.step.id != told.step):
            asked = coming.step.act is Act.DECISION
            now = (*now, Told(coming.step.id, self.today, "", coming.occurrence, asked))
        return max(self.come(item, now).on, self.today + timedelta(days=1))

    def say(
        self,
        item: int,
        outcome: Outcome,
        rule: str,
        params: type_params,
        step: str = "",
        next_look: date | None = None,
        carrier: int = -1,
    ) -> None:
        self.verdicts[item] = Verdict(item, outcome, rule, params, step, next_look, carrier)

    def last(self) -> int:
        return len(self.planned) - 1


_NONE: Final[frozenset[str]] = frozenset()
# Why a message waits that a person may ask for at once.
_WAITS: Final = frozenset({"grace", "window.preferred_day", "between.messages", "step.later"})
# Held items named in a demand, so that the customer knows they were not overlooked.
_NAMED: Final = frozenset({"hold.disputed", "hold.promised", "hold.plan_kept"})
# Holds under which not even thanks are said.
_NO_THANKS: Final = frozenset(
    {"hold.channel_refused", "hold.no_contact", "hold.bounced", "hold.vulnerable", "hold.insolvent", "hold.paused"}
)


def channel(act: Act, dossier: Dossier) -> Act | None:
    """The channel by which such a message leaves: the first the customer has and did not refuse, None without any."""
    return next((way for way in WAYS[act] if way in dossier.reach and way not in dossier.refused), None)


def detoured(act: Act, dossier: Dossier) -> type_params:
    """Why a message leaves by another channel than its step names; empty when it does not."""
    by = channel(act, dossier)
    if by is None or by is act:
        return {}
    why = "refused" if act in dossier.refused else "lacking"
    return {"detour": f"detour.{by}.{why}"}


def writable(dossier: Dossier) -> bool:
    """Whether the customer can be written to, as far as the procedure writes at all."""
    ways = dossier.procedure.ways_to_write
    return not ways or bool(ways & dossier.reach - dossier.refused)


def customer_hold(dossier: Dossier, today: date) -> Hold | None:
    """Why the customer as a whole is not written to; the first reason that holds."""
    review = dossier.creditor_calendar.on_or_after(today + timedelta(days=dossier.procedure.limits.review))
    if not writable(dossier):
        if dossier.procedure.ways_to_write & dossier.refused:
            return Hold("hold.channel_refused", {}, review, "channel_refused")
        return Hold("hold.no_contact", {}, review, "no_contact")
    if dossier.vulnerable:
        return Hold("hold.vulnerable", {}, review, "vulnerable")
    if dossier.insolvent:
        return Hold("hold.insolvent", {}, review, "vulnerable")
    if dossier.unhappy:
        return Hold("hold.unhappy", {}, review)
    if dossier.unread_reply:
        return Hold("hold.unread_reply", {"day": dossier.unread_reply}, review)
    if dossier.bounced:
        return Hold("hold.bounced", {"day": dossier.bounced}, review)
    if dossier.away_until and today <= dossier.away_until:
        return Hold("hold.away", {"day": dossier.away_until}, dossier.away_until + timedelta(days=1))
    if dossier.paused_until and today < dossier.paused_until:
        return Hold("hold.paused", {"day": dossier.paused_until}, dossier.paused_until)
    return None


def net_hold(items: Iterable[Item], suspense: int, review: date) -> Hold | None:
    """A customer whose net position in a currency is zero or in credit is never chased in it.

    Credits the ledger no longer shows are probably used up: they count against claims missing with them, no further.
    """
    listed = list(items)
    counted = [item for item in listed if not (item.match_proposed and item.open > 0)]
    missing = sum(item.open for item in counted if item.missing)
    net = sum(item.open for item in counted if not item.missing) + max(0, missing) - suspense
    if net > 0 or not any(item.open > 0 for item in listed):
        return None
    if all(item.match_proposed for item in listed if item.open > 0) and net == 0:
        return None  # each item rests for a reason of its own
    return Hold("hold.net_credit", {}, review)


def relationships(dossier: Dossier) -> frozenset[str]:
    """What the customer is to us: new or regular, and before the first word also `first`."""
    known = dossier.profile.relationship
    return frozenset((known, "first") if known == "new" and not dossier.written_to else (known,))


def credits_left(items: Iterable[Item]) -> list[Item]:
    """The credits that are subtracted from what is asked for; not those the ledger no longer shows."""
    return [item for item in items if item.open < 0 and not item.missing]


def early_payment(total: int, percent: Decimal | None, until: date | None) -> Discount | None:
    """What is let off an invoice of this total for early payment; None without terms, and for credits."""
    if percent is None or until is None or total <= 0:
        return None
    return Discount(discount(total, percent), until, percent)


def undisputed(item: Item) -> int:
    """What of an item nobody contests."""
    return item.open - min(item.disputed, item.open) if item.disputed else item.open


def promise_rests(promise: Promise, dossier: Dossier, today: date) -> date | None:
    """The day until which a promise is waited for, None when it has had its time."""
    return waited_for(promise.on, today, dossier.creditor_calendar, dossier.bank_until)


def _by_currency(items: Iterable[Item]) -> dict[str, list[Item]]:
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.currency, []).append(item)
    return dict(sorted(grouped.items()))


def _step(coming: Coming) -> Step:
    assert coming.step is not None, "only asked of items whose step is due"
    return coming.step


def _act(coming: Coming) -> Act | None:
    return coming.step.act if coming.step else None

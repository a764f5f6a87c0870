"""A dunning procedure: the ordered steps from before the due date to the last resort, written in words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from amable.core.days import Calendar
from amable.core.document import Entry, UnreadableError, parse
from amable.core.money import exponent


class Act(StrEnum):
    """What a step does."""

    EMAIL = "email"
    LETTER = "letter"
    SMS = "sms"
    CHECK = "check"
    CALL = "call"
    MEETING = "meeting"
    DECISION = "decision"
    THANKS = "thanks"
    CONFIRM = "confirm"


MESSAGES: Final = frozenset({Act.EMAIL, Act.LETTER, Act.SMS})
WRITTEN: Final = frozenset({Act.EMAIL, Act.LETTER})  # one wording serves both
# By which channels a message of a kind may leave, the first that is allowed. A text message says too little to stand
# for a letter, and may be read by others: it is sent only where the procedure asks for it.
WAYS: Final[Mapping[Act, tuple[Act, ...]]] = {
    Act.EMAIL: (Act.EMAIL, Act.LETTER),
    Act.LETTER: (Act.LETTER, Act.EMAIL),
    Act.SMS: (Act.SMS,),
}
COURTESIES: Final = frozenset({Act.THANKS, Act.CONFIRM})  # said to the customer, without asking for anything
TASKS: Final = frozenset({Act.CHECK, Act.CALL, Act.MEETING})


class Anchor(StrEnum):
    """What an offset is counted from."""

    ISSUE = "issue"
    DUE = "due"
    STEP = "step"
    STEP_BEFORE = "the step before"
    DEADLINE = "the deadline"
    PAYMENT = "payment"
    PROMISE = "promise"
    BROKEN_PROMISE = "a broken promise"


# Words that are true in one place only.
DISCOUNT: Final = "early_payment_discount"
BROKEN_PROMISE: Final = "broken_promise"
CONFIRMATION: Final = "promise_confirmation"


class Offset(NamedTuple):
    """A stretch of days after an anchor (before it when negative): `4 to 5 working days after due`."""

    low: int
    high: int
    working: bool
    anchor: Anchor
    step: str = ""
    occurrence: int = 0

    def start(self, day: date, calendar: Calendar) -> date:
        """The first day of the stretch, counted from `day`."""
        return self._from(day, self.low, calendar)

    def end(self, day: date, calendar: Calendar) -> date:
        """The last day of the stretch, counted from `day`."""
        return self._from(day, self.high, calendar)

    def _from(self, day: date, count: int, calendar: Calendar) -> date:
        return calendar.add(day, count) if self.working else day + timedelta(days=count)


@dataclass(frozen=True, slots=True)
class Conditions:
    """For which items a step is meant; an empty condition holds for all. `minimum` is in major units."""

    minimum: Decimal = Decimal(0)
    days_late: int = 0
    segments: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    relationship: str = ""

    def least(self, currency: str) -> int:
        """The minimum in minor units of a currency."""
        return _least(self.minimum, currency)


@lru_cache(maxsize=256)
def _least(minimum: Decimal, currency: str) -> int:
    return int(minimum.scaleb(exponent(currency)))


ALL_ITEMS: Final = Conditions()


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `again` is the stretch after the customer's last message; `repeat` how often the step may come."""

    id: str
    act: Act
    when: Offset
    wording: str = ""
    again: Offset | None = None
    repeat: int = 1
    presumes: tuple[str, ...] = ()
    only: Conditions = ALL_ITEMS
    switched_on: bool = True

    @property
    def before_due(self) -> bool:
        """Whether the step comes on or before the due date; what is counted from the issue comes never after it."""
        return self.when.anchor is Anchor.ISSUE or (self.when.anchor is Anchor.DUE and self.when.high <= 0)

    @property
    def offers_discount(self) -> bool:
        """Whether the step offers a discount for early payment: only for what has one, and while it runs."""
        return self.wording == DISCOUNT


@dataclass(frozen=True, slots=True)
class Limits:
    """Spacing in days between messages to one customer, caps in any seven days, and how long a question may wait."""

    spacing_before_due: int = 2
    spacing: int = 3
    messages_a_week: int = 2
    contacts_a_week: int = 3
    due_soon: int = 7
    earlier_when_late: int = 3
    reply_working_days: int = 3
    review: int = 7


@dataclass(frozen=True)
class Procedure:
    """Steps in order of firmness, the courtesies (thanks, and the confirmation of a promise) apart.

    `approves_itself` says that what it plans leaves without a person's approval, once one was given.
    """

    name: str
    version: str
    steps: tuple[Step, ...]
    limits: Limits = field(default_factory=Limits)
    thanks: Step | None = None
    confirmation: Step | None = None
    approves_itself: bool = False

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """How firm a step is: its place in the order."""
        return {step.id: place for place, step in enumerate(self.steps)}

    @cached_property
    def after_due(self) -> frozenset[str]:
        """The identifiers of all steps that come after the due date."""
        return frozenset(step.id for step in self.since_due)

    @cached_property
    def first_overdue(self) -> Step | None:
        """The first message after the due date; its start is where the grace period ends."""
        return next((step for step in self.messages if not step.before_due), None)

    @cached_property
    def first_reminder(self) -> Step | None:
        """The first message counted from the due date, on or before it."""
        return next((step for step in self.messages if step.before_due and step.when.anchor is Anchor.DUE), None)

    @cached_property
    def messages(self) -> tuple[Step, ...]:
        """The steps that speak to the customer and are switched on."""
        return tuple(step for step in self.steps if step.act in MESSAGES and step.switched_on)

    @cached_property
    def ways_used(self) -> frozenset[Act]:
        """By which channels a message, thanks included, may ever leave."""
        kinds = {step.act for step in self.messages} | {Act.EMAIL}
        return frozenset(way for act in kinds for way in WAYS[act])

    @cached_property
    def ways_to_write(self) -> frozenset[Act]:
        """By which channels a customer can be written to: text messages count when there is nothing else."""
        kinds = {step.act for step in self.messages}
        return frozenset(way for act in kinds & WRITTEN or kinds for way in WAYS[act])

    @cached_property
    def until_due(self) -> tuple[Step, ...]:
        """The steps on or before the due date."""
        return tuple(step for step in self.steps if step.before_due)

    @cached_property
    def since_due(self) -> tuple[Step, ...]:
        """The steps after the due date."""
        return tuple(step for step in self.steps if not step.before_due)

    @cached_property
    def with_minimum(self) -> tuple[Step, ...]:
        """The steps that are for items of a minimum amount only."""
        return tuple(step for step in self.steps if step.only.minimum)

    @property
    def courtesies(self) -> tuple[Step, ...]:
        """The thanks and the confirmation, as far as there are any."""
        return tuple(filter(None, (self.thanks, self.confirmation)))

    def carried_out(self, act: Act, name: str) -> Step | None:
        """The step behind something planned: one of the steps, or a courtesy."""
        return next((step for step in self.courtesies if step.act is act), None) or self.step(name)

    def step(self, name: str) -> Step | None:
        """The step of this name."""
        place = self.rank.get(name)
        return None if place is None else self.steps[place]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a procedure file; the sentence is `procedure.<rule>`."""

    rule: str
    line: int
    params: Mapping[str, object]


class ProcedureError(ValueError):
    """A procedure that cannot be used, with every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{problem.line}: {problem.rule}" for problem in problems))
        self.problems = tuple(problems)


# --- reading -----------------------------------------------------------------------------------------------------

_COUNT: Final = r"(?P<low>\d{1,3})(?: to (?P<high>\d{1,3}))? (?P<working>working )?days?"
_BEFORE: Final = re.compile(rf"{_COUNT} before due")
_AFTER: Final = re.compile(
    rf"{_COUNT} after (?:(?P<due>due)|(?P<issue>issue)|(?P<broken>a broken promise)"
    r"|(?P<before>the step before)|(?P<last>the last message)"
    r"|the deadline of (?P<deadline>[a-z][a-z0-9_]*)|(?P<step>[a-z][a-z0-9_]*)(?: (?P<occurrence>\d{1,2}))?)"
)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RESERVED: Final = frozenset({"due", "issue", "later", "listed", "other"})  # mean something else beside steps
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
_STEP_KEYS: Final = ("step", "do", "when", "wording", "again", "repeat", "presumes", "only", "switched")
LIMIT_KEYS: Final = {
    "days between messages before due": "spacing_before_due",
    "days between messages": "spacing",
    "messages in seven days": "messages_a_week",
    "contacts in seven days": "contacts_a_week",
    "due soon within days": "due_soon",
    "days earlier for habitual late payers": "earlier_when_late",
    "working days to reply": "reply_working_days",
    "review after days": "review",
}
_AT_LEAST_ONE: Final = ("messages in seven days", "contacts in seven days", "review after days")


def offset(text: str) -> Offset | None:
    """An offset in words, None when it cannot be read.

    `7 days before due`, `on due`, `4 to 5 working days after due`, `3 to 5 days after the last message`,
    `3 working days after late_late 2`, `3 working days after the step before`, `15 days after the deadline of
    formal_notice`, `2 to 5 days after issue`, `1 day after a broken promise`, `on payment`, `on promise`.
    """
    words = " ".join(text.lower().split())
    if words == "on due":
        return Offset(0, 0, working=False, anchor=Anchor.DUE)
    if words in ("on payment", "on promise"):
        return Offset(0, 0, working=False, anchor=Anchor(words.removeprefix("on ")))
    if found := _BEFORE.fullmatch(words):
        count = int(found["low"])
        last = int(found["high"] or count)
        return Offset(-max(count, last), -min(count, last), bool(found["working"]), Anchor.DUE)
    found = _AFTER.fullmatch(words)
    if not found:
        return None
    low = int(found["low"])
    high = int(found["high"] or low)
    working = bool(found["working"])
    if high < low:
        return None
    if found["due"]:
        return Offset(low, high, working, Anchor.DUE)
    if found["issue"]:
        return Offset(low, high, working, Anchor.ISSUE)
    if found["broken"]:
        return Offset(low, high, working, Anchor.BROKEN_PROMISE)
    if found["before"]:
        return Offset(low, high, working, Anchor.STEP_BEFORE)
    if found["last"]:
        return Offset(low, high, working, Anchor.STEP)
    if found["deadline"]:
        return Offset(low, high, working, Anchor.DEADLINE, found["deadline"])
    return Offset(low, high, working, Anchor.STEP, found["step"], int(found["occurrence"] or 0))


def written(when: Offset) -> str:
    """An offset as a procedure says it: what `offset` reads."""
    if when.anchor in (Anchor.PAYMENT, Anchor.PROMISE) or (
        when.anchor is Anchor.DUE and when.low == when.high == 0 and not when.working
    ):
        return f"on {when.anchor}"
    low, high = sorted((abs(when.low), abs(when.high)))
    working = "working " if when.working else ""
    span = f"{low} to {high}" if high > low else str(low)
    count = f"{span} {working}{'day' if high == 1 else 'days'}"
    if when.anchor is Anchor.DUE and when.low < 0:
        return f"{count} before due"
    if when.anchor is Anchor.DEADLINE:
        return f"{count} after the deadline of {when.step}"
    if when.anchor is Anchor.STEP:
        named = f"{when.step} {when.occurrence}" if when.occurrence else when.step
        return f"{count} after {named or 'the last message'}"
    return f"{count} after {when.anchor}"


def read(text: str) -> Procedure:
    """The procedure of a YAML text; raises ProcedureError with every problem, each with its line."""
    try:
        document = parse(text)
    except UnreadableError as error:
        raise ProcedureError([Problem(error.rule, error.line, error.params)]) from error
    reading = _Reading()
    procedure = reading.procedure(document)
    if reading.problems or procedure is None:
        raise ProcedureError(sorted(reading.problems, key=lambda problem: problem.line))
    return procedure


class _Reading:
    """One pass over a document, collecting what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, rule: str, line: int, **params: object) -> None:
        self.problems.append(Problem(rule, line, params))

    def procedure(self, document: Entry) -> Procedure | None:
        top = self.mapping(document, ("procedure", "version", "approval", "steps", "limits"))
        if top is None:
            return None
        name = self.text(top.get("procedure"), "")
        if not name:
            self.wrong("no_name", document.line)
        listed = top.get("steps")
        if listed is None or not isinstance(listed.value, tuple) or not listed.value:
            self.wrong("no_steps", document.line if listed is None else listed.line)
            return None
        steps: list[Step] = []
        lines: dict[str, int] = {}
        for entry in listed.value:
            step = self.step(entry)
            if step is None:
                continue
            if step.id in lines:
                self.wrong("step_twice", entry.line, step=step.id, first=lines[step.id])
                continue
            lines[step.id] = entry.line
            steps.append(step)
        thanks = self.only_one(Act.THANKS, steps, lines)
        confirmations = self.only_one(Act.CONFIRM, steps, lines)
        ordered = tuple(step for step in steps if step.act not in COURTESIES)
        self.together(ordered, lines)
        return Procedure(
            name,
            self.text(top.get("version"), "1"),
            ordered,
            self.limits(top.get("limits")),
            next((step for step in thanks if step.switched_on), None),
            next((step for step in confirmations if step.switched_on), None),
            self.approves_itself(top.get("approval")),
        )

    def approves_itself(self, entry: Entry | None) -> bool:
        word = self.text(entry, "by a person")
        if entry is not None and word not in ("by a person", "by itself"):
            self.wrong("approval", entry.line, value=word)
        return word == "by itself"

    def only_one(self, act: Act, steps: Sequence[Step], lines: Mapping[str, int]) -> list[Step]:
        """The steps of a courtesy, of which there may be one."""
        found = [step for step in steps if step.act is act]
        for step in found[1:]:
            self.wrong("courtesy_twice", lines[step.id], step=step.id, act=str(act), other=found[0].id)
        return found

    def step(self, entry: Entry) -> Step | None:
        fields = self.mapping(entry, _STEP_KEYS)
        if fields is None:
            return None
        name = self.text(fields.get("step"), "")
        if not _NAME.fullmatch(name):
            self.wrong("step_name", entry.line, value=name)
            return None
        if name in _RESERVED:
            self.wrong("step_reserved", entry.line, value=name)
            return None
        act = self.act(fields.get("do"), entry.line)
        when_entry = fields.get("when")
        when = offset(self.text(when_entry, ""))
        if when is None or (when.anchor is Anchor.STEP and not when.step):
            self.wrong(
                "when", when_entry.line if when_entry else entry.line, step=name, value=self.text(when_entry, "")
            )
            return None
        if (act is Act.THANKS) != (when.anchor is Anchor.PAYMENT):
            self.wrong("thanks_on_payment", entry.line, step=name)
        if (act is Act.CONFIRM) != (when.anchor is Anchor.PROMISE):
            self.wrong("confirm_on_promise", entry.line, step=name)
        again = self.again(fields.get("again"), name)
        wording = self.text(fields.get("wording"), name if act in MESSAGES or act in COURTESIES else "")
        step = Step(
            name,
            act,
            when,
            wording,
            again,
            self.number(fields.get("repeat"), 1, low=1, high=20),
            tuple(self.names(fields.get("presumes"))),
            self.conditions(fields.get("only")),
            self.switched(fields.get("switched")),
        )
        if not _in_place(step):
            self.wrong("wording_out_of_place", entry.line, step=name, value=wording)
        return step

    def again(self, entry: Entry | None, step: str) -> Offset | None:
        if entry is None:
            return None
        found = offset(self.text(entry, ""))
        if found is None or found.anchor is not Anchor.STEP or found.step:
            self.wrong("again", entry.line, step=step, value=self.text(entry, ""))
            return None
        return found

    def act(self, entry: Entry | None, line: int) -> Act:
        word = self.text(entry, "email")
        try:
            return Act(word)
        except ValueError:
            self.wrong("act", entry.line if entry else line, value=word, known=", ".join(Act))
            return Act.EMAIL

    def conditions(self, entry: Entry | None) -> Conditions:
        if entry is None:
            return ALL_ITEMS
        fields = self.mapping(entry, ("minimum", "days late", "segments", "countries", "relationship"))
        if fields is None:
            return ALL_ITEMS
        relationship = self.text(fields.get("relationship"), "")
        if relationship not in ("", "first", "new", "regular"):
            self.wrong("relationship", fields["relationship"].line, value=relationship)
        return Conditions(
            self.amount(fields.get("minimum")),
            self.number(fields.get("days late"), 0, low=0, high=3650),
            frozenset(self.names(fields.get("segments"))),
            frozenset(name.upper() for name in self.names(fields.get("countries"))),
            relationship,
        )

    def limits(self, entry: Entry | None) -> Limits:
        if entry is None:
            return Limits()
        fields = self.mapping(entry, tuple(LIMIT_KEYS))
        if fields is None:
            return Limits()
        given = {
            LIMIT_KEYS[key]: self.number(value, 1, low=1 if key in _AT_LEAST_ONE else 0, high=365)
            for key, value in fields.items()
        }
        return Limits(**given)

    def together(self, steps: Sequence[Step], lines: Mapping[str, int]) -> None:
        """What can only be judged with all the steps at hand."""
        places = {step.id: place for place, step in enumerate(steps)}
        for place, step in enumerate(steps):
            for other in (*step.presumes, step.when.step):
                if other and places.get(other, len(steps)) >= place:
                    self.wrong("refers_back", lines[step.id], step=step.id, other=other)
            if step.repeat > 1 and step.again is None:
                self.wrong("repeat_without_again", lines[step.id], step=step.id)
            contacts = (before for before in steps[:place] if before.act not in (Act.CHECK, Act.DECISION))
            if step.when.anchor is Anchor.STEP_BEFORE and not any(contacts):
                self.wrong("nothing_before", lines[step.id], step=step.id)
        dated = [step for step in steps if step.when.anchor is Anchor.DUE]
        for earlier, later in itertools.pairwise(dated):
            if _rough(later.when) < _rough(earlier.when):
                self.wrong("order", lines[later.id], step=later.id, other=earlier.id)

    # scalars

    def mapping(self, entry: Entry, known: Sequence[str]) -> Mapping[str, Entry] | None:
        if not isinstance(entry.value, dict):
            self.wrong("not_a_mapping", entry.line, known=", ".join(known))
            return None
        for key, child in entry.value.items():
            if key not in known:
                if near := get_close_matches(key, known, 1):
                    self.wrong("unknown_key_near", child.line, key=key, near=near[0])
                else:
                    self.wrong("unknown_key", child.line, key=key, known=", ".join(known))
        return {key: child for key, child in entry.value.items() if key in known}

    def text(self, entry: Entry | None, default: str) -> str:
        if entry is None:
            return default
        if not isinstance(entry.value, str):
            self.wrong("not_text", entry.line)
            return default
        return entry.value.strip()

    def names(self, entry: Entry | None) -> list[str]:
        if entry is None:
            return []
        if isinstance(entry.value, tuple):
            return [self.text(child, "") for child in entry.value]
        return [part.strip() for part in self.text(entry, "").split(",") if part.strip()]

    def number(self, entry: Entry | None, default: int, *, low: int, high: int) -> int:
        if entry is None:
            return default
        word = self.text(entry, "")
        if not word.isascii() or not word.isdigit() or not low <= int(word) <= high:
            self.wrong("number", entry.line, value=word, low=low, high=high)
            return default
        return int(word)

    def amount(self, entry: Entry | None) -> Decimal:
        if entry is None:
            return Decimal(0)
        word = self.text(entry, "")
        if not _AMOUNT.fullmatch(word):
            self.wrong("amount", entry.line, value=word)
            return Decimal(0)
        return Decimal(word)

    def switched(self, entry: Entry | None) -> bool:
        word = self.text(entry, "on").lower()
        if word not in ("on", "off"):
            self.wrong("switched", entry.line if entry else 1, value=word)
        return word != "off"


def _in_place(step: Step) -> bool:
    """Whether a wording that is true in one place only stands there: an offer before the due date, a broken promise
    after one, and a confirmation or thanks where there is something to confirm or to thank for.
    """
    if step.wording == DISCOUNT:
        return step.before_due
    if step.wording == BROKEN_PROMISE:
        return step.when.anchor is Anchor.BROKEN_PROMISE
    courtesies = {"thank_you": Act.THANKS, CONFIRMATION: Act.CONFIRM}
    return step.wording not in courtesies or step.act is courtesies[step.wording]


def _rough(when: Offset) -> float:
    """Calendar days of an offset, near enough to tell which of two comes first: five working days make a week."""
    return when.low * 1.4 if when.working else when.low

"""Which step of a procedure an item has come to on a day, seen apart from everything else about its customer.

A day has thousands of items that are alike: due on the same day, told the same, in the same place. What is found for
one of them is kept for the others, so everything a step depends on is named in `Course` and `Standing`, and nothing
else is in reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from amable.core.days import Calendar
from amable.core.procedure import ALL_ITEMS, MESSAGES, TASKS, WRITTEN, Act, Anchor, Limits, Procedure, Step

LISTED: Final = "listed"  # told in a message that another item's step brought about
PAID_LATELY: Final = "paid_lately"  # money came in since the last word: nothing firmer yet
ASK: Final = "ask."  # a person was asked about a hold: `ask.no_contact`
CONTACTS: Final = frozenset({Act.CALL, Act.MEETING})  # tasks in which the customer hears from us
_KEPT: Final = 50_000  # comings kept for items alike


class Told(NamedTuple):
    """A step carried out about an item: `wording` is the step in whose words a message spoke.

    `asked` marks a decision put to a person but not taken, `failed` a message that bounced.
    """

    step: str
    day: date
    wording: str = ""
    occurrence: int = 1
    asked: bool = False
    failed: bool = False


class Coming(NamedTuple):
    """The step an item has come to. `on` is the day it is for; `due` whether that day has come.

    `overtaken` is the day on which a later step takes its place, if it is due and cannot be carried out until then.
    The payer's habits brought it `earlier` by so many days, or `paced` it towards a bound of its interval. `skipped`
    says that a reminder before the due date was for today and is left out. `begins` is the day on which the window of
    a step still to come begins, when that lies ahead.
    """

    step: Step | None
    occurrence: int
    on: date
    due: bool
    rule: str
    overtaken: date | None = None
    earlier: int = 0
    paced: bool = False
    skipped: bool = False
    begins: date | None = None


class Spoken(NamedTuple):
    """A message to the customer on a day."""

    day: date
    before_due: bool


class Standing(NamedTuple):
    """What of an item its step depends on.

    `spoken` are the messages to its customer so far, oldest first; like the day it was `issued` they matter up to the
    due date and are left out after it, so that more items are alike. `too_small_for` are the steps whose minimum amount
    it does not reach. `discount_until` is the last day of its discount for early payment, `broken_on` the day of a
    promise that was not kept.
    """

    due: date
    issued: date | None
    told: tuple[Told, ...]
    paid_since: date | None
    notice_deadline: date | None
    spoken: tuple[Spoken, ...]
    too_small_for: frozenset[str]
    discount_until: date | None
    broken_on: date | None


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A procedure on one day for customers alike: in one place, of one segment, with the same habits.

    `late` is the habit of paying late, `pace` where in an interval the payer's answers put a message, `texted` whether
    the customer can be and is to be reached by SMS. `unspeakable` are the wordings for which facts of theirs are
    lacking.
    """

    procedure: Procedure
    today: date
    calendar: Calendar
    creditor_calendar: Calendar
    segment: str
    country: str
    relationships: frozenset[str]
    unspeakable: frozenset[str]
    late: bool
    pace: int
    texted: bool

    def come(self, item: Standing) -> Coming:
        """The latest step whose time has come and that was not done in this cycle; else the next one to come."""
        found = _comings.get((self, item))
        if found is None:
            if len(_comings) >= _KEPT:
                _comings.clear()
                _courses.clear()
            found = _comings[self, item] = self._come(item)
        return found

    def _come(self, item: Standing) -> Coming:
        if self.today <= item.due:
            coming, skipped = self._latest(self.procedure.until_due, item)
            coming = coming or self._latest(self.procedure.since_due, item)[0]
            coming = coming or Coming(None, 0, item.due + timedelta(days=1), due=False, rule="not_due")
            return coming._replace(skipped=True) if skipped else coming
        coming, _ = self._latest(self.procedure.since_due, item)
        return coming or Coming(None, 0, self._ask_at_end_on(item), due=False, rule="procedure.ended")

    def _latest(self, steps: Sequence[Step], item: Standing) -> tuple[Coming | None, bool]:
        """The same among some of the steps, None when none is due or to come; and whether one of today is left out."""
        waiting: list[Coming] = []
        skipped = False
        for step in reversed(steps):
            done = self._done(step, item)
            if done and done[-1].asked:
                again = self._ask_again(step, item, done[-1].day)
                return again._replace(overtaken=min((later.on for later in waiting), default=None)), skipped
            if len(done) >= step.repeat:
                break
            if not self._meant(step, item):
                if done:  # what comes before it is passed over, also when it is not meant for the item any more
                    break
                continue
            coming = self._opens(step, item, done)
            if coming is not None and coming.rule == "passed":
                skipped = coming.skipped
                break
            if coming is not None and coming.due:
                coming = self._spare(self._soften(coming, item), item)
                if coming.due:
                    return coming._replace(overtaken=min((later.on for later in waiting), default=None)), skipped
                if coming.rule == PAID_LATELY:  # nothing else is said instead
                    waiting.append(coming)
                    break
            if coming is not None:
                waiting.append(self._spare(coming, item))
            if done:
                break
        soonest = min(waiting, key=lambda coming: (coming.rule == "procedure.ended", coming.on), default=None)
        return soonest, skipped

    def _ask_again(self, step: Step, item: Standing, asked: date) -> Coming:
        """A decision put to a person and not taken is put to them again when the review time has passed."""
        on = self.creditor_calendar.on_or_after(asked + timedelta(days=self.procedure.limits.review))
        due = on <= self.today
        rule = f"step.{step.id}" if due else "escalation.waiting"
        return Coming(step, times(step.id, item.told) + 1, on, due=due, rule=rule)

    def _spare(self, coming: Coming, item: Standing) -> Coming:
        """A message that presses ("again") waits when money came in since the last word, as long as for an answer.

        The first reminder after the due date presumes nothing and asks kindly for the rest: it does not wait.
        """
        step, since = coming.step, item.paid_since
        if step is None or since is None or not step.presumes or step.act not in MESSAGES:
            return coming
        last = next((told for told in reversed(item.told) if told.wording and not told.failed), None)
        rank = self.procedure.rank
        if last is None or last.day > since or rank[step.id] <= rank.get(last.wording, -1):
            return coming
        calendar = self.calendar
        over = calendar.on_or_after(calendar.add(since, self.procedure.limits.reply_working_days) + timedelta(days=1))
        if over <= max(self.today, coming.on):
            return coming
        return coming._replace(on=over, due=False, rule=PAID_LATELY)

    def _done(self, step: Step, item: Standing) -> Sequence[Told]:
        """When a step was carried out; an overdue step only since the item fell due, which an extension moves."""
        return item.told and [
            told
            for told in item.told
            if told.step == step.id and not told.failed and (step.before_due or told.day >= item.due)
        ]

    def _meant(self, step: Step, item: Standing) -> bool:
        """Whether a step is switched on and meant for this item."""
        only = step.only
        if not step.switched_on:
            return False
        if step.wording in self.unspeakable:
            return False
        if step.offers_discount and (item.discount_until is None or self.today > item.discount_until):
            return False
        if step.when.anchor is Anchor.BROKEN_PROMISE and not item.broken_on and not self._done(step, item):
            return False
        if step.act is Act.SMS and not self.texted:
            return False
        return only is ALL_ITEMS or (
            step.id not in item.too_small_for
            and (not only.segments or self.segment in only.segments)
            and (not only.countries or self.country in only.countries)
            and (not only.relationship or only.relationship in self.relationships)
        )

    def _opens(self, step: Step, item: Standing, done: Sequence[Told]) -> Coming | None:
        """When the next occurrence of a step is for; None when what it is counted from has not happened."""
        if step.when.anchor is Anchor.ISSUE:
            return self._opens_after_issue(step, item)
        if step.before_due:
            return self._opens_before_due(step, item)
        anchor = self._anchor(step, item)
        if anchor is None:
            return None
        occurrence = times(step.id, item.told) + 1
        calendar = self._calendar_for(step)
        start, end = step.when.start(anchor, calendar), step.when.end(anchor, calendar)
        about = [told.day for told in item.told if told.wording and not told.failed]
        # Never on the due date itself, nor before the age the step is meant for.
        start = max(start, item.due + timedelta(days=max(1, step.only.days_late)))
        if step.repeat == 1 and step.act in MESSAGES and self._said_since(start, step, item):
            return Coming(step, occurrence, start, due=False, rule="passed")
        if step.act is Act.DECISION:
            start = self._unanswered(step, item, start)
        begins, on = self._window(step, start, end, about, self.pace)
        paced = False
        if step.again and self.pace:
            _, usual = self._window(step, start, end, about, 0)
            paced = on < usual > self.today or usual < on >= self.today
        if on <= self.today:
            return Coming(step, occurrence, on, due=True, rule=f"step.{step.id}", paced=paced)
        wait = self._why_wait(step, item, begins, bool(done))
        return Coming(
            step, occurrence, on, due=False, rule=wait, paced=paced, begins=begins if begins > self.today else None
        )

    def _window(self, step: Step, start: date, end: date, about: Sequence[date], pace: int) -> tuple[date, date]:
        """When a step's window begins, and its day in it; `about` are the days of the messages about the item."""
        calendar = self._calendar_for(step)
        if step.again and about:
            low, high = step.again.low, step.again.high
            again = step.again._replace(low=high if pace > 0 else low, high=low if pace < 0 else high)
            start = max(start, again.start(max(about), calendar))
            end = again.end(max(about), calendar)
        end = max(start, end)
        # A first contact goes on the first working day, whatever weekday.
        on = calendar.preferred(start, end) if step.act in WRITTEN and about else calendar.on_or_after(start)
        if step.act in CONTACTS:
            on = both(self.calendar, self.creditor_calendar, on)
        return start, on

    def _opens_before_due(self, step: Step, item: Standing) -> Coming | None:
        """A step on or before the due date: its day, or the last working day before; never after the due date."""
        today, calendar = self.today, self.calendar
        if today > item.due:
            return None
        occurrence = times(step.id, item.told) + 1
        early = self.procedure.limits.earlier_when_late if self.late else 0
        first = step is self.procedure.first_reminder and step.when.low < 0
        usual = on = calendar.on_or_before(step.when.start(item.due, calendar))
        if early and first:
            on = calendar.on_or_before(step.when.start(item.due - timedelta(days=early), calendar))
        earlier = (usual - on).days if on < usual > today else 0
        speaks = step.act in MESSAGES
        if item.issued and on <= item.issued:  # the invoice itself is the word of that day
            return None
        if speaks and any(told.wording and not told.failed and told.day >= on for told in item.told):
            return Coming(step, occurrence, on, due=False, rule="passed")
        if on > today:
            return Coming(step, occurrence, on, due=False, rule="step.later", earlier=earlier)
        if speaks and crowded(item.spoken, on, self.procedure.limits, before_due=True):
            return Coming(step, occurrence, on, due=False, rule="passed", skipped=on == today)
        return Coming(step, occurrence, on, due=True, rule=f"step.{step.id}", earlier=earlier)

    def _opens_after_issue(self, step: Step, item: Standing) -> Coming | None:
        """A step counted from the day of the invoice: within its days or not at all, and never after the due date."""
        if item.issued is None:
            return None
        on = self._first_day(step, item.issued)
        if self.today > self.last_day(step, item) or on > item.due:
            return None
        occurrence = times(step.id, item.told) + 1
        if step.act in MESSAGES and any(told.wording and not told.failed and told.day >= on for told in item.told):
            return Coming(step, occurrence, on, due=False, rule="passed")
        due = on <= self.today
        return Coming(step, occurrence, on, due=due, rule=f"step.{step.id}" if due else "step.later")

    def _first_day(self, step: Step, issued: date) -> date:
        """The day from which on a step counted from the issue is due: never that day itself."""
        start = max(step.when.start(issued, self.calendar), issued + timedelta(days=1))
        return self.calendar.on_or_after(start)

    def last_day(self, step: Step, item: Standing) -> date:
        """The last day on which a step before the due date is still in time."""
        last = item.due
        if step.when.anchor is Anchor.ISSUE and item.issued:
            end = step.when.end(item.issued, self.calendar)
            last = min(last, max(end, self._first_day(step, item.issued)))
        if step.offers_discount and item.discount_until:
            last = min(last, item.discount_until)
        return last

    def _anchor(self, step: Step, item: Standing) -> date | None:
        """The day an offset is counted from."""
        when = step.when
        if when.anchor is Anchor.DUE:
            return item.due
        if when.anchor is Anchor.BROKEN_PROMISE:
            return item.broken_on
        if when.anchor is Anchor.DEADLINE:
            noticed = item.notice_deadline  # one from before an extension counts no more
            return noticed if noticed and noticed >= item.due else None
        if not item.told:
            return None
        before = self._step_before(step, item) if when.anchor is Anchor.STEP_BEFORE else self.procedure.step(when.step)
        if before is None:
            return None
        days = [told.day for told in self._done(before, item) if not told.asked]
        wanted = when.occurrence or before.repeat
        return days[wanted - 1] if len(days) >= wanted else None

    def _step_before(self, step: Step, item: Standing) -> Step | None:
        """The nearest earlier contact that is meant for this item."""
        earlier = self.procedure.steps[: self.procedure.rank[step.id]]
        contacts = (before for before in reversed(earlier) if before.act in MESSAGES or before.act in TASKS)
        return next((before for before in contacts if before.act is not Act.CHECK and self._meant(before, item)), None)

    def _calendar_for(self, step: Step) -> Calendar:
        """The customer's calendar; the creditor's for what its own people do alone."""
        ours = step.act in (Act.CHECK, Act.DECISION)
        return self.creditor_calendar if ours else self.calendar

    def _overdue_word(self, told: Told, item: Standing) -> bool:
        """Whether a message spoke of the item as overdue."""
        return told.wording in self.procedure.after_due and not told.failed and told.day > item.due

    def _said_since(self, start: date, step: Step, item: Standing) -> bool:
        """Whether an overdue message as firm as a step has named the item since the step's time came."""
        rank = self.procedure.rank
        words = (told for told in item.told if self._overdue_word(told, item) and told.day >= start)
        return any(rank[told.wording] >= rank[step.id] for told in words)

    def _unanswered(self, step: Step, item: Standing, start: date) -> date:
        """A decision waits until the last word about the item has had its time to be answered."""
        own = [told.day for told in item.told if told.step in self.procedure.after_due and not told.failed]
        if not own or not step.presumes:
            return start
        answered_by = self.calendar.add(max(own), self.procedure.limits.reply_working_days)
        return max(start, answered_by + timedelta(days=1))

    def _soften(self, coming: Coming, item: Standing) -> Coming:
        """A step that presumes what is not on record gives way to the nearest softer overdue message."""
        step = coming.step
        if step is None or self._presumed(step, item):
            return coming
        for softer in reversed(self.procedure.steps[: self.procedure.rank[step.id]]):
            if softer.act in MESSAGES and not softer.before_due and self._meant(softer, item):
                done = self._done(softer, item)
                opened = self._opens(softer, item, done) if len(done) < softer.repeat else None
                if opened and opened.rule != "passed" and self._presumed(softer, item):
                    return opened
        return coming._replace(due=False, on=self._ask_at_end_on(item), rule="procedure.ended")

    def _presumed(self, step: Step, item: Standing) -> bool:
        """Whether the messages a step presumes are on record, accepted and not bounced.

        A message presumes that the item was spoken of since it fell due; a decision as many words as it names, each at
        least as firm, and the calls and meetings it names.
        """
        if not step.presumes:
            return True
        rank = self.procedure.rank
        words = sorted((rank[told.wording] for told in item.told if self._overdue_word(told, item)), reverse=True)
        if step.act is not Act.DECISION:
            return bool(words)
        named = [before for name in step.presumes if (before := self.procedure.step(name))]
        needed = sorted((rank[before.id] for before in named if before.act in MESSAGES), reverse=True)
        firm_enough = all(word >= need for word, need in zip(words, needed, strict=False))
        others = (self._done(before, item) for before in named if before.act not in MESSAGES)
        return len(words) >= len(needed) and firm_enough and all(others)

    def _why_wait(self, step: Step, item: Standing, start: date, done: bool) -> str:
        """The rule by which a step that is not due yet waits."""
        if start <= self.today and step.act in WRITTEN:
            return "window.preferred_day"
        if step is self.procedure.first_overdue and self.today > item.due and not done:
            return "grace"
        return "between.messages" if done or step.again else "step.later"

    def _ask_at_end_on(self, item: Standing) -> date:
        """The next day on which a person may be asked what to do now that the procedure has nothing left."""
        days = self.procedure.limits.review
        review = self.creditor_calendar.on_or_after(self.today + timedelta(days=days))
        tomorrow = self.today + timedelta(days=1)
        return min(review, max(tomorrow, askable_on(item.told, "procedure_ended", self.today, days)))


_comings: dict[tuple[Course, Standing], Coming] = {}
_courses: dict[tuple[object, ...], Course] = {}


def course(
    procedure: Procedure,
    today: date,
    calendar: Calendar,
    creditor_calendar: Calendar,
    *,
    segment: str,
    country: str,
    relationships: frozenset[str],
    unspeakable: frozenset[str],
    late: bool,
    pace: int,
    texted: bool,
) -> Course:
    """The course for these customers, the same one for the same values while it is kept."""
    # By identity: comparing procedures and calendars would cost more than is saved. The course keeps them alive.
    facts = (today, segment, country, relationships, unspeakable, late, pace, texted)
    key = (id(procedure), id(calendar), id(creditor_calendar), *facts)
    found = _courses.get(key)
    if found is None:
        found = _courses[key] = Course(procedure, today, calendar, creditor_calendar, *facts[1:])
    return found


def crowded(spoken: Sequence[Spoken], day: date, limits: Limits, *, before_due: bool) -> bool:
    """Whether the customer's last message before (or on) `day` is too near; `spoken` are all, oldest first."""
    last = next((message for message in reversed(spoken) if message.day <= day), None)
    if last is None:
        return False
    both_before = before_due and last.before_due
    return (day - last.day).days < (limits.spacing_before_due if both_before else limits.spacing)


def askable_on(told: Sequence[Told], ask: str, today: date, review: int) -> date:
    """The day from which on a person may be asked this about an item, again after the review time."""
    last = max((one.day for one in told if one.step == ASK + ask), default=None)
    return today if last is None else last + timedelta(days=review)


def times(step: str, told: Sequence[Told]) -> int:
    """How often an item was told as a step, also in messages that bounced."""
    return sum(one.step == step for one in told)


def both(one: Calendar, other: Calendar, day: date) -> date:
    """The first day from `day` on that both calendars work."""
    while not (one.works(day) and other.works(day)):
        day += timedelta(days=1)
    return day

"""Puts what was decided about one customer into rows and bytes: messages, letters, text messages and tasks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from amable.core.days import last_moment, leaving_moment
from amable.core.delivery import State
from amable.core.kindness import Finding
from amable.core.planning import Planned
from amable.core.procedure import COURTESIES, MESSAGES, Act, Step
from amable.core.rewording import Words
from amable.core.wording import Library
from amable.correspondence import briefs, composing, tasks
from amable.dunning.background import Backgrounds
from amable.dunning.dossier import Known, Setting
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.queries import CustomerRow
from amable.organisation.models import Creditor
from amable.plugs.channel import Address, Parcel, Reach, Sheet, UnfitError
from amable.plugs.loading import calls, channels

TALKS: Final = frozenset({Act.CALL, Act.MEETING})  # a person needs a brief for these
_SLOTS: Final = {Act.THANKS: "thanks", Act.CONFIRM: "confirmation"}
# The columns of what leaves by itself; a draft in a folder has none of them.
_LEAVING: Final = ("channel", "domain", "due_at", "until_at", "approved_at", "approved_by")
_AT_ONCE: Final = 4  # letters: more would wait for each other's words
_FOLDERS: Final = {Act.EMAIL: "mail", Act.LETTER: "letters", Act.SMS: "sms"}


class StepDone(NamedTuple):
    """A step carried out about an item, as a message or task will have it in a row."""

    item: int
    step: str
    cycle: int
    occurrence: int
    section: str
    amount: int


@dataclass(frozen=True, slots=True)
class Written:
    """A message or task ready to be kept: the facts of its row, the steps it carries, and its bytes once composed."""

    facts: dict[str, Any]
    steps: tuple[StepDone, ...]
    data: bytes | None
    personal: dict[str, str]
    to: tuple[str, ...] = ()


class Writer:
    """Writes for the customers of a batch, one after the other; what it wrote is by key in `written`.

    `now` is the moment of the run, None when the whole day is ahead. `leaving` are the moments of messages that exist
    already, by key, `words` those a person gave them. Without `composed` the rows have no words or bytes yet.
    """

    def __init__(
        self,
        it: Setting,
        now: datetime | None,
        *,
        composed: bool,
        wordings: Library | None = None,
        leaving: dict[str, datetime] | None = None,
        talks: Sequence[CustomerRow] = (),
        words: Mapping[str, Words] | None = None,
    ) -> None:
        self.it, self.now, self.composed, self.wordings = it, now, composed, wordings
        self.words = words or {}
        self.outdated: set[str] = set()  # whose words, a person's, no longer fit
        self.leaving = leaving or {}
        self.backgrounds = Backgrounds(it, talks if composed else ())
        self.written: dict[str, Written] = {}
        self.worded: dict[str, dict[str, object]] = {}  # why a message has its words, by its key
        self.letters: dict[str, composing.Composed | composing.Withheld] = {}  # composed already, by key

    def compose_letters(self, wanted: Iterable[tuple[CustomerRow, Known, Planned]]) -> None:
        """Compose the letters among these for `write` to take, several at once: setting one lets other threads run."""
        if (threads := min(_AT_ONCE, _processors())) == 1:
            return
        occasions = {
            key: self.occasion(known, planned, key)
            for customer, known, planned in wanted
            if planned.channel is Act.LETTER
            for _, key in [self.name_of(customer, planned)]
        }
        if len(occasions) > 1:
            with ThreadPoolExecutor(threads, "letters") as pool:
                self.letters |= zip(occasions, pool.map(composing.compose, occasions.values()), strict=True)

    def write(self, customer: CustomerRow, known: Known, planned: Planned) -> str | composing.Withheld:
        """Compose one planned message or task and put it with the batch; its key."""
        if planned.act not in MESSAGES and planned.act not in COURTESIES:
            return self.write_task(customer, known, planned, planned.step, ())
        it = self.it
        channel = planned.channel or Act.EMAIL
        slot, key = self.name_of(customer, planned)
        dossier = known.dossier
        leaves_at = self.leaves_at(known, planned, key)
        step = self.step(planned)
        act = planned.act if planned.act in COURTESIES else channel
        facts = self.facts(customer, slot, key, act, planned.step, planned.currency) | {
            "language": known.recipient.language,
            "demanded": planned.demanded,
            "before_due": step.before_due,
            "leaves_at": leaves_at,
        }
        if it.sending:
            facts |= {
                "channel": channel,
                "domain": domain_of(known.recipient.emails) if channel is Act.EMAIL else "",
                "until_at": last_moment(it.today, dossier.zone),
            }
        data, to = None, known.recipient.emails
        if self.composed:
            composed = self.letters.pop(key, None) or composing.compose(self.occasion(known, planned, key))
            if isinstance(composed, composing.Withheld):
                return composed
            if not composed.fits:
                self.outdated.add(key)
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
        self.written[key] = Written(facts, self.steps(planned, known), data, personal, to)
        return key

    def name_of(self, customer: CustomerRow, planned: Planned) -> tuple[str, str]:
        """Slot and key of a message or task: the same for as long as it is the same one."""
        currency = planned.currency
        if planned.act not in MESSAGES and planned.act not in COURTESIES:
            return self.name_of_task(customer, planned.step, currency)
        slot = _SLOTS.get(planned.act) or f"demand.{currency}"
        if planned.channel not in (None, Act.EMAIL):  # one that changes its way is another: a letter may lie printed
            slot = f"{slot}.{planned.channel}"
        return slot, composing.message_key(self.it.creditor, customer.key, self.it.today, slot)

    def name_of_task(self, customer: CustomerRow, step: str, currency: str) -> tuple[str, str]:
        """Slot and key of what a person is asked."""
        slot = f"task.{step}"
        return slot, composing.message_key(self.it.creditor, customer.key, self.it.today, f"{slot}.{currency}")

    def facts(self, customer: CustomerRow, slot: str, key: str, act: str, step: str, currency: str) -> dict[str, Any]:
        """What the row of any message or task says; what is empty here is filled in when it is known."""
        leaving = dict.fromkeys(_LEAVING, None) | {"channel": "", "domain": "", "approved_by": ""}
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
            "rehearsal": self.it.rehearses,
            "message_id": "",
            "subject": "",
            "leaves_at": None,
            "path": "",
            "blob": "",
        } | (leaving if self.it.sending else {})

    def leaves_at(self, known: Known, planned: Planned, key: str) -> datetime:
        """When a message leaves."""
        zone = known.dossier.zone
        if key in self.leaving:
            return self.leaving[key].astimezone(zone)
        by_mail = (planned.channel or Act.EMAIL) is Act.EMAIL  # a telephone would wake its owner
        return leaving_moment(key, self.it.today, self.now, zone, business=by_mail and not known.recipient.consumer)

    def step(self, planned: Planned) -> Step:
        """The step a message carries out."""
        step = self.it.procedure.carried_out(planned.act, planned.step)
        assert step is not None, "decide plans only steps of its procedure"
        return step

    def occasion(self, known: Known, planned: Planned, key: str) -> composing.Occasion:
        """Everything the words of a planned message need."""
        it = self.it
        thread = dict.fromkeys(i for line in planned.lines for i in known.threads.get(line.item, ()))
        return composing.Occasion(
            planned,
            self.step(planned),
            it.creditor,
            known.recipient,
            known.facts,
            key,
            it.today,
            self.leaves_at(known, planned, key),
            known.addresses,
            tuple(thread),
            self.wordings,
            as_draft=it.sending is None,
            words=self.words.get(key),
        )

    def write_task(
        self,
        customer: CustomerRow,
        known: Known,
        planned: Planned,
        step: str,
        findings: Sequence[Finding],
    ) -> str:
        """Write one task for a person of the creditor's, in the creditor's language."""
        it = self.it
        slot, key = self.name_of_task(customer, step, planned.currency)
        talks = planned.act in TALKS and not findings
        act = planned.act if not findings else Act.CHECK
        facts = self.facts(customer, slot, key, act, step, planned.currency)
        data = None
        to = in_charge(it.creditor, customer.manager_name, customer.manager_email) if it.sending else ()
        leaves_at = self.leaving.get(key) or self.leaves_for_our_own(key)
        facts["subject"] = subject = tasks.title(it.creditor, customer, planned.act if talks else step)
        if self.composed:
            if talks:
                page = self.brief(customer, known, planned)
            else:
                text = tasks.describe(
                    it.creditor, customer, known.recipient, known.facts, planned, step, findings, it.today
                )
                page = Parcel(text.encode(), ".md")
            if it.sending:
                page = tasks.as_mail(it.creditor, key, to, subject, page, leaves_at)
                facts["message_id"] = composing.identifier(it.creditor, key)
            data = page.data
            facts |= {
                "path": f"tasks/{self.name(customer, key)}{page.ending}",
                "blob": log.digest(data),
            }
        emails = tuple(address.email for address in to)
        if it.sending:  # what is for our own people needs nobody's approval
            facts |= {"channel": Act.EMAIL, "domain": domain_of(emails), "state": State.APPROVED}
            facts |= {"leaves_at": leaves_at, "due_at": leaves_at}
        steps = self.steps(planned, known) if not findings else ()
        self.written[key] = Written(facts, steps, data, {"customer": customer.name}, emails)
        return key

    def leaves_for_our_own(self, key: str) -> datetime:
        """When a mail to one of the creditor's own people leaves."""
        return leaving_moment(key, self.it.today, self.now, ZoneInfo(self.it.creditor.timezone), business=True)

    def sheet(self, customer: CustomerRow, known: Known, planned: Planned) -> Sheet:
        """The page for whoever calls or meets the customer."""
        background = self.backgrounds.of(customer, known.dossier, planned)
        return briefs.brief(self.it.creditor, known.recipient, known.facts, planned, background, self.it.today)

    def brief(self, customer: CustomerRow, known: Known, planned: Planned) -> Parcel:
        """That page printed; as Markdown when our fonts lack a letter of it."""
        page = self.sheet(customer, known, planned)
        try:
            return calls()["call"].print(page)
        except UnfitError:
            return Parcel(briefs.as_markdown(page).encode(), ".md")

    def name(self, customer: CustomerRow, key: str) -> str:
        """Day, slug of the customer's identifier and a short key; never the customer's name."""
        slug = tasks.slug(customer.key) if customer.keyed_by != "name" else ""
        return "-".join(filter(None, (self.it.today.isoformat(), slug, key[:12])))

    def steps(self, planned: Planned, known: Known) -> tuple[StepDone, ...]:
        """The steps carried out, one an item; unapplied cash is no item and has none."""
        steps = [
            StepDone(line.item, line.step, known.cycles[line.item], line.occurrence, line.section, line.amount)
            for line in planned.lines
            if line.item > 0
        ]
        thanks = self.it.procedure.thanks
        if planned.thanks and planned.act is not Act.THANKS and thanks:
            settled = dict.fromkeys(item for receipt in planned.thanks for item in receipt.settled)
            steps += [StepDone(item, thanks.id, known.cycles[item], 1, "settled", 0) for item in settled]
        return tuple(steps)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_charge(creditor: Creditor, name: str, written: str) -> tuple[Address, ...]:
    """Who is written to about a customer: the account manager, by each address that reaches, else whoever signs."""
    found = tuple(part.strip() for part in written.split(","))
    reached = tuple(Address(name, address) for address in found if channels()["email"].reaches(Reach(address)))
    return reached or (Address(creditor.sender_name, creditor.sender_email),)


def domain_of(to: Sequence[str]) -> str:
    """The domain mail goes to: that of the first address, in small letters."""
    return to[0].rpartition("@")[2].lower() if to else ""


def message_event(written: Written, today: date) -> Event:
    """That a message was put into these bytes."""
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

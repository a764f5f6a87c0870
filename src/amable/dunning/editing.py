"""Changes the words of a planned message before it leaves: what may be changed, what is wrong with it, and keeping it.

What a person wrote belongs to the message as it was then. When it says something else by the time it leaves (another
amount, another step), their words are set aside, the message waits for approval again, and they are told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import F

from amable.core.delivery import OPEN
from amable.core.planning import Planned, decide
from amable.core.procedure import Procedure
from amable.core.rewording import Words
from amable.core.wording import Library
from amable.correspondence import composing
from amable.correspondence.composing import Withheld, Worded
from amable.correspondence.models import EditedWords, Message
from amable.correspondence.outbox import TO_CUSTOMERS, Claimed
from amable.dunning.dossier import Known, gather, setting
from amable.dunning.writing import TALKS, Writer
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import queries
from amable.ledger.queries import CustomerRow
from amable.organisation import bulk
from amable.organisation.models import Creditor
from amable.plugs.channel import Sheet


class PlannedNow(NamedTuple):
    """A message as it is decided now, and who would write it."""

    writer: Writer
    customer: CustomerRow
    known: Known
    planned: Planned

    def words(self, words: Words | None) -> Worded | Withheld:
        """The message in these words, ours for None."""
        slot_and_key = self.writer.name_of(self.customer, self.planned)
        self.writer.words = {slot_and_key[1]: words} if words else {}
        return composing.in_words(self.writer.occasion(self.known, self.planned, slot_and_key[1]))

    def sheet(self) -> Sheet | None:
        """The brief, where it is a call or a meeting."""
        return self.writer.sheet(self.customer, self.known, self.planned) if self.planned.act in TALKS else None


def planned_now(
    creditor: Creditor, rules: Procedure, message: Message, now: datetime, wordings: Library | None
) -> PlannedNow | None:
    """What is decided now in place of a message, None when nothing is; with the words somebody gave it."""
    it = setting(creditor, rules, message.day)
    (customer,) = queries.customers(creditor, [message.customer_id] if message.customer_id else []) or (None,)
    if customer is None:
        return None
    (known,) = gather(it, [customer])
    words = words_of(creditor, [message.pk])
    writer = Writer(it, now, composed=True, wordings=wordings, talks=[customer], words=words)
    for planned in decide(known.dossier, message.day, now).planned:
        if writer.name_of(customer, planned)[1] == message.key:
            return PlannedNow(writer, customer, known, planned)
    return None


def words_of(creditor: Creditor, messages: Collection[int]) -> dict[str, Words]:
    """The words people gave these messages, by key."""
    edited = [one.pk for one in _EDITED.ask(creditor, messages)]
    if not edited:
        return {}
    rows = EditedWords.objects.filter(creditor=creditor, pk__in=edited)
    facts = rows.values_list("message__key", "subject", "texts", "basis")
    return {key: Words(subject, tuple(texts), basis) for key, subject, texts, basis in facts}


class _Edited(NamedTuple):
    """The words a person gave a message, by their number."""

    pk: int


_EDITED: Final = bulk.Question(
    _Edited,
    lambda creditor, messages: EditedWords.objects.filter(
        creditor=creditor, message__in=bulk.these(messages), outdated=False
    ),
)


def may_be_edited(message: Message) -> bool:
    """Whether its words are still to be chosen: it is for a customer and nobody is at work on it."""
    return (
        message.act in TO_CUSTOMERS and message.state in OPEN and not message.tries and message.customer_id is not None
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether words were kept. If not, `newer` are those somebody else gave it; without them it is too late."""

    done: bool
    newer: EditedWords | None = None


def keep(creditor: Creditor, message: Message, words: Words, today: date, now: datetime, *, seen: int, by: str) -> Kept:
    """Give a message these words. `seen` is the version their writer began with: nobody overwrites a newer one."""
    with transaction.atomic():
        row = Message.objects.select_for_update().get(creditor=creditor, pk=message.pk)
        standing = EditedWords.objects.filter(creditor=creditor, message=row).first()
        if not may_be_edited(row):
            return Kept(done=False)
        if (standing.version if standing else 0) != seen:
            return Kept(done=False, newer=standing)
        facts = {"subject": words.subject, "texts": list(words.texts), "basis": words.basis, "outdated": False}
        facts |= {"version": seen + 1, "edited_at": now, "edited_by": by}
        EditedWords.objects.update_or_create(creditor=creditor, message=row, defaults=facts)
        said = "\n\n".join((words.subject, *words.texts))
        log.record(creditor, [Event("message.edited", today, {"message": row.key}, {"words": said, "by": by})])
    return Kept(done=True)


def discard(creditor: Creditor, message: Message, today: date, now: datetime, *, seen: int, by: str) -> bool:
    """Let a message say again what we wrote. False when somebody changed it meanwhile, or it is too late."""
    with transaction.atomic():
        row = Message.objects.select_for_update().get(creditor=creditor, pk=message.pk)
        standing = EditedWords.objects.filter(creditor=creditor, message=row, version=seen)
        nothing = {"subject": "", "texts": [], "outdated": True, "edited_at": now, "edited_by": by}
        if not may_be_edited(row) or not standing.update(version=seen + 1, **nothing):
            return False
        log.record(creditor, [Event("message.edit_dropped", today, {"message": row.key}, {"by": by})])
    return True


def set_aside(creditor: Creditor, messages: Iterable[Claimed], today: date) -> None:
    """Use a person's words no more: the message is another one by now."""
    keys = {message.pk: message.key for message in messages}
    if keys:
        edited = EditedWords.objects.filter(creditor=creditor, message__in=bulk.these(keys), outdated=False)
        edited.update(outdated=True, version=F("version") + 1)
        log.record(creditor, [Event("message.edit_set_aside", today, {"message": key}) for key in keys.values()])

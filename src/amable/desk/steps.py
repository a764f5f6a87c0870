"""The steps of the guided start: how far a creditor is, as its rows show, and what was passed over."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db import transaction
from django.urls import reverse
from django.utils.translation import get_language

from amable.banking.models import Statement
from amable.core.languages import say
from amable.desk.door import Here, to
from amable.ledger.models import Item
from amable.organisation.models import Creditor, Sending
from amable.organisation.roles import May

STEPS: Final = ("you", "company", "mailbox", "ledger", "bank", "procedure", "plan")
_OF_A_CREDITOR: Final = STEPS[1:]


class Step(NamedTuple):
    """A line of the list of steps; `address` is empty where there is nothing to go to yet."""

    name: str
    number: int
    title: str
    address: str
    done: bool
    current: bool


def listed(current: str, here: Here | None) -> list[Step]:
    """All steps, as seen from the current one; without a creditor only the first ones can be done."""
    language = get_language() or "en"
    ready = done(here) if here else frozenset(STEPS[: STEPS.index(current)])

    def address(name: str) -> str:
        return to(here, f"start-{name}") if here and name in _OF_A_CREDITOR else ""

    return [
        Step(name, number, say(f"desk.start.{name}", language), address(name), name in ready, name == current)
        for number, name in enumerate(STEPS, 1)
    ]


def done(here: Here) -> frozenset[str]:
    """The steps whose rows are there, or that somebody passed over."""
    creditor = here.creditor
    sending = Sending.objects.filter(creditor=creditor).first()
    found = {"you", "company", *creditor.passed}
    if sending is not None and sending.server:
        found.add("mailbox")
    if sending is not None and sending.trusted_at:
        found |= {"procedure", "plan"}
    if Item.objects.filter(creditor=creditor).exists():
        found.add("ledger")
    if Statement.objects.filter(creditor=creditor).exists():
        found.add("bank")
    return frozenset(found)


def left(here: Here) -> int:
    """How many steps an owner still has before them; none once the first plan was looked at."""
    if not here.may(May.OWN) or "plan" in here.creditor.passed:
        return 0
    ready = done(here)
    return 0 if "plan" in ready else len(STEPS) - len(ready)


def next_address(here: Here, after: str = "") -> str:
    """Where to go on: the first step after this one that is not done, else the first of all; Today when none is."""
    ready = done(here)
    later = STEPS[STEPS.index(after) + 1 :] if after else ()
    open_ = [name for name in (*later, *_OF_A_CREDITOR) if name not in ready]
    return to(here, f"start-{open_[0]}") if open_ else to(here, "today")


def passed(here: Here, step: str) -> None:
    """Note that somebody confirmed or skipped a step."""
    with transaction.atomic():
        kept = Creditor.objects.select_for_update().get(pk=here.creditor.pk)
        here.creditor.passed = sorted({*kept.passed, step})
        here.creditor.save(update_fields=("passed",))


def begins(creditor: Creditor) -> str:
    """Where the start of a creditor goes on."""
    return reverse("desk:start", kwargs={"creditor": creditor.ref})

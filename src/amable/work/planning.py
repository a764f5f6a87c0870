"""Makes today's plan, or brings it into line with what changed: at once in a small book, in a large one as a job."""

from __future__ import annotations

import time
from datetime import date
from typing import Any, Final, NamedTuple

from amable.dunning import actions
from amable.dunning.dispatch import Clock
from amable.ledger.models import Customer
from amable.organisation.models import Creditor, Sending
from amable.work import duties, jobs
from amable.work.jobs import Progress, kind
from amable.work.models import Job
from amable.work.waking import wake

PLAN: Final = "plan"
_FEW: Final = 100  # customers who are looked at while somebody waits for the page
_AGAIN: Final = 0.5  # seconds after which is looked whether others are done


class Followed(NamedTuple):
    """Whether today's plan follows a change `at_once`, or by a job; neither where the change does not concern it."""

    at_once: bool
    job: Job | None = None


def follow(creditor: Creditor, clock: Clock, *, by: str) -> Followed:
    """Have today's plan follow new rules or settings, once its hour has come."""
    as_it_is = Creditor.objects.get(pk=creditor.pk)
    now = clock()
    today = duties.today_of(as_it_is, now)
    sending = Sending.objects.filter(creditor=as_it_is).first()
    if sending is None:
        return Followed(at_once=False)
    if sending.planned_on == today:
        changed = actions.look_at_all_by_new_rules(as_it_is, sending.procedure, today)
    else:  # else the next plan looks at everybody by them
        changed = duties.plan_due(as_it_is, sending, now)
    if not changed:
        return Followed(at_once=False)
    job = make(as_it_is, clock, by=by)
    return Followed(job is None, job)


def make(creditor: Creditor, clock: Clock, *, by: str, then: str = "today") -> Job | None:
    """Make today's plan, whatever its hour, or bring it into line. The job of it leads to the page `then`."""
    now = clock()
    if _waiting(creditor, duties.today_of(creditor, now)) > _FEW:
        return jobs.ask_once(creditor, PLAN, {"then": then}, by=by, now=now)
    if not duties.look_again(creditor, clock) and not duties.plan(creditor, clock):
        return jobs.ask_once(creditor, PLAN, {"then": then}, by=by, now=now)  # others are at it: that is waited for
    wake(creditor)
    return None


@kind(PLAN, alone=True)
def plan(creditor: Creditor, job: Job, progress: Progress) -> dict[str, Any]:
    """Look at every customer whose day has come. Stopped half-way, what was decided stays; the next plan goes on."""
    today = duties.today_of(creditor, progress.clock())
    progress(0, 0, "deciding")
    if Sending.objects.get(creditor=creditor).planned_on != today:
        duties.begin_plan(creditor, today)
    done, total = 0, _waiting(creditor, today)

    def on(count: int) -> None:
        nonlocal done
        done += count
        progress(done, max(done, total), "deciding")

    progress(0, total, "deciding")
    if not duties.look_again(creditor, progress.clock, progress=on):
        while not duties.plan(creditor, progress.clock, progress=on):
            progress(0, 0, "others")  # raises when somebody stops it, or the process does
            time.sleep(_AGAIN)
    wake(creditor)
    return {"customers": done}


def _waiting(creditor: Creditor, today: date) -> int:
    return Customer.objects.filter(creditor=creditor, review_on__lte=today).count()

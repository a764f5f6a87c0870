"""What is due of a creditor now: the plan of the day, and what is to leave. Doing it again does nothing more.

The rows say what is due; whatever wakes these duties, a timer, a command or a queue, may do so late, twice or at the
same time. Each takes its work in hand under a lease, so that another goes on where one was killed.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from django.db import DatabaseError, transaction
from django.db.models import F, Q

from amable.core import procedure
from amable.core.delivery import CLAIMABLE, IN_HAND, State
from amable.core.procedure import Procedure
from amable.core.wording import Library
from amable.correspondence import outbox, wordings
from amable.correspondence.models import Message, in_states
from amable.dunning import actions, brakes, figures, notices
from amable.dunning.dispatch import Clock, Dispatch, Sent
from amable.dunning.models import Range, StoredProcedure
from amable.evidence import log
from amable.ledger.models import Customer
from amable.organisation.models import Creditor, Sending
from amable.plugs.transport import Connection

_log = logging.getLogger(__name__)

RANGE: Final = 5_000  # customers one worker looks at before it asks for more
LEASE: Final = timedelta(seconds=40)  # on a range; renewed with each batch, which takes a fraction of it
END: Final = -1  # the range that stands for the end of a plan
_LAST: Final = 2**62  # beyond the number of any customer
_FEW, _MANY = 25, 400  # messages taken in hand at once: few by each connection to begin with
_QUICK, _SLOW = timedelta(seconds=5), timedelta(seconds=20)


def today_of(creditor: Creditor, now: datetime) -> date:
    """The creditor's date."""
    return now.astimezone(ZoneInfo(creditor.timezone)).date()


def procedure_of(creditor: Creditor, sending: Sending) -> Procedure:
    """The procedure in force."""
    text = StoredProcedure.objects.values_list("text", flat=True).get(creditor=creditor, digest=sending.procedure)
    return _procedure(text)


@lru_cache(maxsize=16)
def _procedure(text: str) -> Procedure:
    return procedure.read(text)


def wordings_of(creditor: Creditor) -> Library:
    """Our wordings and the creditor's own."""
    return wordings.in_force(creditor)


# --- the plan of the day ---------------------------------------------------------------------------------------------


def plan_due(creditor: Creditor, sending: Sending, now: datetime) -> bool:
    """Whether the plan of today is still to be made and its hour has come."""
    local = now.astimezone(ZoneInfo(creditor.timezone))
    return sending.planned_on != local.date() and local.time() >= sending.plan_at


def plan(creditor: Creditor, clock: Clock, *, progress: Callable[[int], object] = lambda n: None) -> bool:
    """Make the plan of today, or what others leave of it. False while somebody else is still at it."""
    now = clock()
    today = today_of(creditor, now)
    begin_plan(creditor, today)
    while (range_ := take_range(creditor, today, clock())) is not None:
        look_at_range(creditor, range_, clock, progress=progress)
    return not Range.objects.filter(creditor=creditor, day=today, done_at=None).exists()


def begin_plan(creditor: Creditor, today: date) -> list[int]:
    """Cut the customers whose day has come into ranges; the first numbers of those not looked at yet."""
    days = Range.objects.filter(creditor=creditor, day=today)
    if not days.exists():
        sending = Sending.objects.get(creditor=creditor)
        actions.turn_day(creditor, today)
        actions.look_at_all_by_new_rules(creditor, sending.procedure, today)
        due = Customer.objects.filter(creditor=creditor, review_on__lte=today).order_by("pk")
        firsts = [0, *list(due.values_list("pk", flat=True).iterator())[RANGE::RANGE]]
        lasts = [*(first - 1 for first in firsts[1:]), _LAST]
        with transaction.atomic():
            Sending.objects.select_for_update().get(creditor=creditor)
            if days.exists():  # somebody else has cut them meanwhile, perhaps elsewhere
                return undone(creditor, today)
            Range.objects.filter(creditor=creditor, day__lt=today).delete()
            Range.objects.bulk_create(
                (
                    Range(creditor=creditor, day=today, first=first, last=last)
                    for first, last in [*zip(firsts, lasts, strict=True), (END, END)]
                )
            )
    return undone(creditor, today)


def undone(creditor: Creditor, today: date) -> list[int]:
    """The first numbers of the ranges of a plan that was begun and is not done; END alone when only that is left."""
    ranges = Range.objects.filter(creditor=creditor, day=today, done_at=None)
    return list(ranges.order_by("first").values_list("first", flat=True))


def take_range(creditor: Creditor, today: date, now: datetime) -> Range | None:
    """Take a range of today in hand that nobody is at work on; the end of the plan when everything else is done."""
    with transaction.atomic():
        undone = Range.objects.filter(creditor=creditor, day=today, done_at=None)
        free = undone.filter(Q(lease_until=None) | Q(lease_until__lt=now)).exclude(first=END)
        range_ = free.select_for_update(skip_locked=True).order_by("first").first()
        if range_ is None:
            end = undone.filter(Q(lease_until=None) | Q(lease_until__lt=now), first=END)
            if undone.exclude(first=END).exists():
                return None
            range_ = end.select_for_update(skip_locked=True).first()
        if range_ is None:
            return None
        range_.token, range_.lease_until = secrets.token_hex(16), now + LEASE
        range_.save(update_fields=("token", "lease_until"))
        return range_


@contextmanager
def told_when_broken(creditor: Creditor, clock: Clock) -> Iterator[None]:
    """Let people know that today's plan broke off; whoever makes plans tries again."""
    try:
        yield
    except Exception:
        with suppress(DatabaseError):  # then the database is what is wrong
            Sending.objects.filter(creditor=creditor).update(broke_off_at=clock())
        raise


class _LostError(Exception):
    """Somebody else has taken the range over."""


def look_at_range(
    creditor: Creditor, range_: Range, clock: Clock, *, progress: Callable[[int], object] = lambda n: None
) -> None:
    """Look at the customers of a range, or end the plan. Whoever lost the lease leaves it to the other.

    Whatever else ends it before its time lets go of the range, so that it is taken up at once.
    """
    ours = Range.objects.filter(creditor=creditor, pk=range_.pk, token=range_.token)

    def on(count: int) -> None:
        if not ours.update(lease_until=clock() + LEASE):
            raise _LostError
        progress(count)

    sending = Sending.objects.get(creditor=creditor)
    try:
        if range_.first == END:
            end_plan(creditor, sending, range_.day, clock())
        else:
            among = (range_.first, range_.last)
            rules = procedure_of(creditor, sending)
            done = actions.review(creditor, rules, range_.day, clock(), composed=False, among=among, progress=on)
            notices.tell_of_unplanned(creditor, done.broken, range_.day, clock())
    except _LostError:
        _log.warning("a range was taken over by another worker")
        return
    except BaseException:
        with suppress(DatabaseError):  # the lease runs out then
            ours.update(lease_until=None)
        raise
    ours.update(done_at=clock(), lease_until=None)


def end_plan(creditor: Creditor, sending: Sending, today: date, now: datetime) -> None:
    """What is said of the plan as a whole: digests, oddities, approval by the procedure, the record."""
    notices.write(creditor, today, now)
    figures.examine(creditor, today)
    approve_itself(creditor, sending, today, now)
    log.record_run(creditor, today, now, sending.procedure, [], [])
    log.seal(creditor)
    Sending.objects.filter(creditor=creditor).update(planned_on=today, planned_at=now, broke_off_at=None)


def look_again(creditor: Creditor, clock: Clock, *, progress: Callable[[int], object] = lambda n: None) -> bool:
    """Bring today's plan into line with facts that changed since it was made; False when there is none yet."""
    now = clock()
    today = today_of(creditor, now)
    sending = Sending.objects.filter(creditor=creditor).first()
    if sending is None or sending.planned_on != today:
        return False
    actions.look_at_all_by_new_rules(creditor, sending.procedure, today)
    rules = procedure_of(creditor, sending)
    done = actions.review(creditor, rules, today, now, composed=False, progress=progress)
    notices.tell_of_unplanned(creditor, done.broken, today, now)
    end_plan(creditor, sending, today, now)
    return True


def approve_itself(creditor: Creditor, sending: Sending, today: date, now: datetime) -> int:
    """Approve what the procedure may approve by itself: nothing before a person trusted a plan, nor an odd one."""
    sending.refresh_from_db()
    if sending.trusted_at is None or sending.anomaly or not procedure_of(creditor, sending).approves_itself:
        return 0
    proposed = Message.objects.filter(creditor=creditor, day=today, state=State.PROPOSED)
    undo = timedelta(minutes=sending.undo_minutes)
    return outbox.approve(creditor, list(proposed.values_list("pk", flat=True)), now, by="procedure", undo=undo)


# --- sending ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Pass:
    """What one pass over the outbox came to, and when the next message may leave: None when nothing waits."""

    sent: Sent
    next_at: datetime | None


def send(
    creditor: Creditor, clock: Clock, connections: Sequence[Connection], *, stopping: Callable[[], bool] = lambda: False
) -> Pass:
    """Hand over everything that is due and may leave."""
    total = Sent()
    today = today_of(creditor, clock())
    if outbox.reclaim(creditor, today, clock()):  # told also while something keeps the rest
        notices.tell_of_fates(creditor, today, clock())
    sending = Sending.objects.get(creditor=creditor)
    if any(brake.wholly for brake in brakes.brakes(sending, today, clock())):
        log.seal(creditor)
        return Pass(total, None)
    rules = procedure_of(creditor, sending)
    dispatch = Dispatch(creditor, rules, clock, connections, wordings=wordings_of(creditor), stopping=stopping)
    limited: datetime | None = None
    few = min(_MANY, _FEW * len(connections))
    for channel in ("email", "letter"):
        limit = few
        while not stopping():
            began = clock()
            sent = dispatch.batch(sending, today, limit=limit, channel=channel)
            _add(total, sent)
            limited = sent.next_at if channel == "email" else limited
            if sent.unreachable is not None:
                brakes.rest(sending, clock(), sent.unreachable.said)
                break
            if sent.stopped or not sent.states.total():
                break
            brakes.reached(sending)
            took = clock() - began
            limit = min(_MANY, limit * 2) if took < _QUICK else max(1, limit // 2) if took > _SLOW else limit
    if total.states[State.REJECTED] or total.states[State.UNKNOWN]:
        notices.tell_of_fates(creditor, today, clock())
    if total.changed:
        done = actions.look_now(creditor, rules, today, clock(), sorted(total.changed))
        notices.tell_of_unplanned(creditor, done.broken, today, clock())
        approve_itself(creditor, sending, today, clock())
    log.seal(creditor)
    due = next_due(creditor, today, clock())
    return Pass(total, max(due, limited) if due and limited else due)


def _add(total: Sent, sent: Sent) -> None:
    total.states += sent.states
    total.changed |= sent.changed
    total.unreachable, total.stopped = sent.unreachable or total.unreachable, sent.stopped or total.stopped


def wants_sending(creditor: Creditor, sending: Sending, today: date, now: datetime) -> bool:
    """Whether there is anything for `send` to do: what is due and may leave, or what somebody left behind in hand."""
    messages = Message.objects.filter(creditor=creditor)
    if messages.filter(in_states(IN_HAND), lease_until__lt=now).exists():
        return True
    if any(brake.wholly for brake in brakes.brakes(sending, today, now)):
        return False
    leaving = Q(state=State.REFUSED) | Q(until_at=None) | Q(day=today, until_at__gt=now)
    return messages.filter(in_states(CLAIMABLE), leaving, due_at__lte=now).exists()


def next_due(creditor: Creditor, today: date, now: datetime) -> datetime | None:
    """When something is to leave next, None when nothing waits."""
    waiting = Message.objects.filter(in_states(CLAIMABLE), creditor=creditor)
    leaving = waiting.filter(Q(state=State.REFUSED) | Q(until_at=None) | Q(day=today, until_at__gt=F("due_at")))
    return leaving.order_by("due_at").values_list("due_at", flat=True).first()

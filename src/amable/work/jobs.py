"""Long work that a person asked for: told how far it is, stopped when asked, taken up again when its worker died.

To add a kind of job, write a module in `work` and name it in `apps`:

    @kind("replay")
    def replay(creditor: Creditor, job: Job, progress: Progress) -> dict[str, Any]:
        for done, day in enumerate(days):
            progress(done, len(days), "replaying")
            ...
        return {"messages": 12}

It finds what it was given in `job.facts` (JSON values; `job.asked_by` says by whom) and returns JSON values. `progress`
renews its lease, and raises what ends the job (a person asked for it, the process stops, another worker has it): call
it often, never inside a transaction, and do not catch what it raises. Sentences: `desk.job.kind_<kind>` names the job,
`desk.job.stage_<stage>` what it is at. A job may be begun again after its worker died: its work must bear that, by
transactions of its own. What only a person can mend is told by raising `FailedError`, whose sentence is
`desk.job.failed_<rule>`. A kind that changes the book is registered with `alone=True`: one of a creditor's at a time.

The desk asks for a job by `ask` and shows it by `{% include "desk/parts/job.html" %}`; `desk/jobs.py` says which page
shows what it came to.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connections, transaction
from django.db.models import F, Q, QuerySet

from amable.dunning.dispatch import Clock
from amable.organisation.models import Creditor
from amable.organisation.tenancy import acting_for
from amable.work.models import File, Job
from amable.work.waking import wake

_log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=40)
_OFTEN: Final = 0.4  # seconds between two tellings of how far a job is
_TRIES: Final = 3  # a job that ended its worker so often is not tried again


class Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """A person asked the job to stop."""


class FailedError(Exception):
    """The job cannot be done, and one sentence says why: `desk.job.failed_<rule>`."""

    def __init__(self, rule: str, /, **params: object) -> None:
        super().__init__(rule)
        self.rule, self.params = rule, params


class _LetGoError(Exception):
    """The process stops, or somebody else has the job: it is left as it is."""


class Progress:
    """How a job tells how far it is. `clock` is that of the process it runs in."""

    def __init__(self, job: Job, clock: Clock, stopping: Callable[[], bool]) -> None:
        self.clock, self._job, self._stopping = clock, job, stopping
        self._told, self._stage = float("-inf"), ""

    def __call__(self, done: int, total: int, stage: str) -> None:
        """Say that `done` of `total` (0: nobody knows) is done of a stage; raises what ends the job."""
        at = time.monotonic()
        if stage == self._stage and at - self._told < _OFTEN:
            return
        self._told, self._stage = at, stage
        mine = _held(self._job)
        if not mine.update(done=done, total=total, stage=stage, lease_until=self.clock() + LEASE):
            raise _LetGoError
        if self._stopping():
            raise _LetGoError
        if mine.filter(cancel_asked_at__isnull=False, settled=False).exists():
            raise Cancelled

    def settled(self) -> None:
        """From here on nobody can stop it: what it does now would only be half a thing."""
        _held(self._job).update(settled=True)

    def settle(self) -> None:
        """The same, unless somebody asked it to stop before: then it ends here, as they were told it would."""
        mine = _held(self._job)
        if not mine.filter(Q(cancel_asked_at=None) | Q(settled=True)).update(settled=True):
            raise Cancelled if mine.exists() else _LetGoError


Work = Callable[[Creditor, Job, Progress], dict[str, Any]]


class _Kind(NamedTuple):
    work: Work
    alone: bool


KINDS: Final[dict[str, _Kind]] = {}


def kind(name: str, *, alone: bool = False) -> Callable[[Work], Work]:
    """Register how jobs of a kind are done; `alone` when it changes the book."""

    def register(work: Work) -> Work:
        KINDS[name] = _Kind(work, alone)
        return work

    return register


# --- asking ----------------------------------------------------------------------------------------------------------


def ask(
    creditor: Creditor,
    name: str,
    given: Mapping[str, object],
    *,
    by: str,
    now: datetime,
    file: File | None = None,
) -> Job:
    """Have a job done as soon as somebody is free."""
    if name not in KINDS:
        raise KeyError(name)
    with transaction.atomic():
        job = Job.objects.create(
            creditor=creditor, kind=name, given=_written(given), asked_by=by, asked_at=now, file=file
        )
        wake(creditor)
    return job


def ask_once(creditor: Creditor, name: str, given: Mapping[str, object], *, by: str, now: datetime) -> Job:
    """The same, unless the very same is in hand: then that is waited for."""
    with transaction.atomic():
        Creditor.objects.select_for_update().get(pk=creditor.pk)  # two may ask at once
        job = newest(creditor, name, given)
        if job is not None and job.ended_at is None and job.cancel_asked_at is None:
            return job
        return ask(creditor, name, given, by=by, now=now)


def newest(creditor: Creditor, name: str, given: Mapping[str, object]) -> Job | None:
    """The newest job of a kind that was given just this."""
    same = Job.objects.filter(creditor=creditor, kind=name, given=_written(given))
    return same.order_by("-pk").first()


def in_hand(creditor: Creditor, name: str) -> Job | None:
    """The oldest job of a kind that has not ended."""
    return Job.objects.filter(creditor=creditor, kind=name, ended_at=None).order_by("pk").first()


def cancel(job: Job, *, now: datetime) -> None:
    """Ask it to stop; one that has not begun ends here."""
    unended = Job.objects.filter(pk=job.pk, creditor=job.creditor_id, ended_at=None, settled=False)
    unended.filter(cancel_asked_at=None).update(cancel_asked_at=now)
    unended.filter(begun_at=None).update(outcome="cancelled", ended_at=now)


def before(job: Job) -> int:
    """How many jobs of the creditor were asked for earlier and have not ended."""
    return Job.objects.filter(creditor=job.creditor_id, ended_at=None, pk__lt=job.pk).count()


def waiting(creditor: Creditor, now: datetime) -> bool:
    """Whether there is a job nobody is at work on."""
    return _free(creditor, now).exists()


def orphaned(creditor: Creditor) -> None:
    """Nobody else works here, so whatever is in hand was left by the dead: let it be taken up at once."""
    Job.objects.filter(creditor=creditor, ended_at=None).update(lease_until=None)


# --- doing -----------------------------------------------------------------------------------------------------------


def do_all(creditor: Creditor, clock: Clock, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Do what waits, one after the other; how many jobs that were."""
    count = 0
    while not stopping() and waiting(creditor, clock()) and (job := _take(creditor, clock())) is not None:
        _do(job.creditor, job, clock, stopping)
        count += 1
    return count


def _free(creditor: Creditor, now: datetime) -> QuerySet[Job]:
    unended = Job.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), creditor=creditor, ended_at=None)
    if Job.objects.filter(creditor=creditor, ended_at=None, lease_until__gte=now, kind__in=_alone()).exists():
        unended = unended.exclude(kind__in=_alone())
    return unended


def _alone() -> list[str]:
    return [name for name, one in KINDS.items() if one.alone]


def _take(creditor: Creditor, now: datetime) -> Job | None:
    """Take the oldest job in hand that nobody is at work on; one that ended its workers too often has failed."""
    while True:
        with transaction.atomic():
            as_it_is = Creditor.objects.select_for_update().get(
                pk=creditor.pk
            )  # two do not both find nobody at the book
            job = _free(creditor, now).select_for_update().order_by("pk").first()
            if job is None:
                return None
            job.token, job.lease_until, job.begun_at = secrets.token_hex(16), now + LEASE, job.begun_at or now
            job.tries += 1
            job.creditor = as_it_is  # its settings may have changed since whoever works here looked
            job.save(update_fields=("token", "lease_until", "begun_at", "tries"))
        if job.tries <= _TRIES:
            return job
        _end(job, now, "failed", failure=("died", {}))


def _do(creditor: Creditor, job: Job, clock: Clock, stopping: Callable[[], bool]) -> None:
    """Do one job; whatever becomes of it is written down for who asked."""
    try:
        with _kept(creditor, job, clock):
            if job.cancel_asked_at:
                raise Cancelled
            found = KINDS[job.kind].work(creditor, job, Progress(job, clock, stopping))
    except Cancelled:
        _end(job, clock(), "cancelled")
    except FailedError as error:
        _end(job, clock(), "failed", failure=(error.rule, error.params))
    except _LetGoError:
        _held(job).update(lease_until=None, token="", tries=F("tries") - 1)
    except Exception:  # noqa: BLE001 - told in the log, and to who asked
        _log.exception("a job failed", extra={"job": job.pk, "kind": job.kind})
        _end(job, clock(), "failed", failure=("unexpected", {}))
    else:
        _end(job, clock(), "done", result=found)


def _end(
    job: Job,
    now: datetime,
    outcome: str,
    *,
    result: Mapping[str, object] | None = None,
    failure: tuple[str, Mapping[str, object]] | None = None,
) -> None:
    facts: dict[str, Any] = {"outcome": outcome, "ended_at": now, "lease_until": None}
    facts |= {"result": _written(result)} if result is not None else {}
    facts |= {"failure": _written(failure)} if failure is not None else {}
    _held(job).update(**facts)


def _held(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(creditor=job.creditor_id, pk=job.pk, token=job.token, ended_at=None)


@contextmanager
def _kept(creditor: Creditor, job: Job, clock: Clock) -> Iterator[None]:
    """Keep the lease while the work within goes on, also where it cannot tell how far it is: reading a large file."""
    over = threading.Event()

    def renew() -> None:
        try:
            while not over.wait(LEASE.total_seconds() / 4):
                with acting_for(creditor):
                    _held(job).update(lease_until=clock() + LEASE)
        except Exception:  # noqa: BLE001 - the lease runs out, and another takes the job up
            _log.exception("a job could not be kept", extra={"job": job.pk})
        finally:
            connections.close_all()

    keeper = threading.Thread(target=renew, name=f"keeping job {job.pk}")
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _written(facts: object) -> str:
    return json.dumps(facts)

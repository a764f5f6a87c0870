"""The places files come from by themselves: when each is looked at, by one at a time, and what keeps it from that.

A kind of place registers how it is looked at:

    @source("folder", wanted=lambda creditor: bool(creditor.watched_folder))
    def look_into(creditor: Creditor, look: Look) -> bool:
        ...

It raises `FaultError` where the place itself cannot be looked at; then the next look waits, the longer the more often
that happened. It says whether something is at work that it wants to see the end of. `look.seen` is what the look before
left; `look.go_on()` renews the lease, and raises what ends the look. No transaction is open while the world is touched.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import F, Q

from amable.dunning import brakes
from amable.dunning.dispatch import Clock
from amable.organisation.models import Creditor, Sending
from amable.work.models import Watch, as_kept, told_again
from amable.work.waking import wake

_log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)
_SOON: Final = timedelta(seconds=5)  # while a file is being read
_LEASE: Final = timedelta(minutes=3)  # a large file is copied, or fetched, meanwhile
_RESTS: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))


class FaultError(Exception):
    """The place cannot be looked at, and one sentence says why: `arrival.fault_<rule>`."""

    def __init__(self, rule: str, /, **params: object) -> None:
        super().__init__(rule)
        self.rule, self.params = rule, params


class _LetGoError(Exception):
    """The process stops, or somebody else looks: what was not come to is left for the next look."""


class Look:
    """One look at a place: what the look before left, the clock, and the hold on it."""

    def __init__(self, watch: Watch, clock: Clock, stopping: Callable[[], bool]) -> None:
        self.clock, self._watch, self._stopping = clock, watch, stopping
        self.seen: dict[str, Any] = json.loads(watch.seen) if watch.seen else {}

    def go_on(self) -> None:
        """Renew the hold; raises what ends the look."""
        if self._stopping() or not _held(self._watch).update(lease_until=self.clock() + _LEASE):
            raise _LetGoError


Looking = Callable[[Creditor, Look], bool]


class _Source(NamedTuple):
    look: Looking
    wanted: Callable[[Creditor], bool]


SOURCES: Final[dict[str, _Source]] = {}


def source(name: str, *, wanted: Callable[[Creditor], bool]) -> Callable[[Looking], Looking]:
    """Register how a kind of place is looked at, and for which creditors."""

    def register(look: Looking) -> Looking:
        SOURCES[name] = _Source(look, wanted)
        return look

    return register


# --- when ------------------------------------------------------------------------------------------------------------


def due(creditor: Creditor, now: datetime) -> bool:
    """Whether a place of the creditor is to be looked at, and nobody does.

    None is where this database may be a copy, or of another time: another one may look there.
    """
    wanted = {name for name, one in SOURCES.items() if one.wanted(creditor)}
    if not wanted:
        return False
    sending = Sending.objects.filter(creditor=creditor).first()
    if sending is not None and brakes.doubtful(sending):
        return False
    resting = Watch.objects.filter(Q(next_at__gt=now) | Q(lease_until__gt=now), creditor=creditor)
    return bool(wanted - set(resting.values_list("source", flat=True)))


def look(creditor: Creditor, clock: Clock, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Look at every place of the creditor that is due; how many those were."""
    count = 0
    if not due(creditor, clock()):
        return count
    for name, one in SOURCES.items():
        if stopping() or not one.wanted(creditor) or (watch := _take(creditor, name, clock())) is None:
            continue
        count += 1
        _look(creditor, one, watch, Look(watch, clock, stopping))
    return count


def look_soon(creditor: Creditor, name: str, now: datetime) -> None:
    """Have a place looked at at once: it was just set, or set otherwise. What was seen of it and its faults is gone."""
    facts = {"next_at": now, "seen": "", "faults": 0, "fault": "", "failing_since": None}
    Watch.objects.update_or_create(creditor=creditor, source=name, defaults=facts)
    wake(creditor)


def let_be(creditor: Creditor, name: str) -> None:
    """Look at a place no more, so nothing is wrong with it either."""
    Watch.objects.filter(creditor=creditor, source=name).update(seen="", faults=0, fault="", failing_since=None)


def orphaned(creditor: Creditor) -> None:
    """Nobody else works here, so whoever held a place is dead: let it be looked at when it is due."""
    Watch.objects.filter(creditor=creditor).update(lease_until=None)


def _take(creditor: Creditor, name: str, now: datetime) -> Watch | None:
    """Hold a place that is due and that nobody holds."""
    with transaction.atomic():
        Watch.objects.get_or_create(creditor=creditor, source=name, defaults={"next_at": now})
        watch = Watch.objects.select_for_update().get(creditor=creditor, source=name)
        if watch.next_at > now or (watch.lease_until is not None and watch.lease_until > now):
            return None
        watch.token, watch.lease_until = secrets.token_hex(16), now + _LEASE
        watch.save(update_fields=("token", "lease_until"))
        return watch


def _held(watch: Watch) -> Any:
    return Watch.objects.filter(creditor=watch.creditor_id, pk=watch.pk, token=watch.token)


# --- looking ---------------------------------------------------------------------------------------------------------


def _look(creditor: Creditor, one: _Source, watch: Watch, looking: Look) -> None:
    """One look; whatever becomes of it, the next has its time."""
    try:
        busy = one.look(creditor, looking)
    except _LetGoError:
        _held(watch).update(lease_until=None)
    except FaultError as error:
        _log.warning("a source could not be looked at", extra={"source": watch.source, "rule": error.rule})
        _rest(watch, looking.clock(), error.rule, error.params)
    except Exception:  # noqa: BLE001 - told in the log, and on the pages
        _log.exception("a source could not be looked at", extra={"source": watch.source})
        _rest(watch, looking.clock(), "unexpected", {})
    else:
        now = looking.clock()
        _held(watch).update(
            next_at=now + (_SOON if busy else EVERY), lease_until=None, looked_at=now, seen=json.dumps(looking.seen),
            faults=0, fault="", failing_since=None,
        )  # fmt: skip


def _rest(watch: Watch, now: datetime, rule: str, params: dict[str, object]) -> None:
    """Leave a place alone for a while, the longer the more often it could not be looked at."""
    gap = _RESTS[min(watch.faults, len(_RESTS) - 1)]
    _held(watch).update(
        next_at=now + gap, lease_until=None, fault=json.dumps([rule, as_kept(params)]), faults=F("faults") + 1,
        failing_since=watch.failing_since or now,
    )  # fmt: skip


# --- how it goes -----------------------------------------------------------------------------------------------------


class Fault(NamedTuple):
    """Why a place cannot be looked at, since when, when it is tried again; the sentence is `arrival.fault_<rule>`."""

    source: str
    rule: str
    params: dict[str, Any]
    since: datetime
    again_at: datetime
    times: int


def faults(creditor: Creditor) -> Iterator[Fault]:
    """What is wrong with the creditor's places."""
    failing = Watch.objects.filter(creditor=creditor).exclude(fault="").order_by("source")
    for watch in failing:
        if watch.source in SOURCES and SOURCES[watch.source].wanted(creditor) and watch.why is not None:
            rule, params = watch.why
            told = {name: told_again(value) for name, value in params.items()}
            yield Fault(watch.source, rule, told, watch.failing_since or watch.next_at, watch.next_at, watch.faults)

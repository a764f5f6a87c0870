"""How the process is, for those who watch over it: whether it lives, whether it works, and its figures.

Nothing here is about a customer, and nobody has to log in: it is for the operator's own network.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.server.database import behind
from amable.work import sources
from amable.work.house import HOUSE, House
from amable.work.watching import Fault, Figures, figures

_log = logging.getLogger(__name__)


def watched(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer those who watch before anything else is asked of a request: also when the database cannot be read."""
    pages = {"/healthz": alive, "/readyz": ready, "/metrics": metrics}

    def answer(request: HttpRequest) -> HttpResponse:
        return pages.get(request.path, get_response)(request)

    return answer


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"alive": True})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether all works: 200, or 503 with the rules that say why not."""
    found = faults(request.META[HOUSE])
    reasons = [{name: value for name, value in fault._asdict().items() if value} for fault in found]
    return _fresh(JsonResponse({"ready": not found, "reasons": reasons}, status=503 if found else 200))


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures in the format of Prometheus."""
    house: House = request.META[HOUSE]
    registry = CollectorRegistry()
    registry.register(_Collector(house))
    return _fresh(HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST))


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def faults(house: House) -> list[Fault]:
    """Everything that keeps the process from its work, empty when nothing does."""
    found = house.silent()
    try:
        if behind():
            return [*found, Fault("migrations_missing")]
        found += [Fault("due_too_long", one.creditor) for one in everyones(house.clock()) if one.late]
    except DatabaseError:
        _log.warning("the database could not be read", exc_info=True)
        found.append(Fault("database_unusable"))
    return found


def everyones(now: datetime) -> list[Figures]:
    """The figures of each creditor that sends."""
    found = []
    for creditor in Creditor.objects.order_by("pk"):
        with acting_for(creditor):
            if Sending.objects.filter(creditor=creditor).exists():
                found.append(figures(creditor, now))
    return found


def _sources() -> Iterator[tuple[str, str, int]]:
    """The places of each creditor that cannot be looked at."""
    for creditor in Creditor.objects.order_by("pk"):
        with acting_for(creditor):
            yield from [(creditor.ref, one.source, one.times) for one in sources.faults(creditor)]


class _Collector:
    """Reads the figures when they are asked for; nothing is counted in between."""

    def __init__(self, house: House) -> None:
        self.house = house

    def describe(self) -> Sequence[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self.house.clock()
        all_ = everyones(now)
        for name, about, read in _GAUGES:
            gauge = GaugeMetricFamily(f"amable_{name}", about, labels=("creditor",))
            for one in all_:
                value = read(one, now)
                if value is not None:
                    gauge.add_metric((one.creditor,), value)
            yield gauge
        queue = GaugeMetricFamily(
            "amable_queue_messages", "Messages that are to leave through a mailbox.", labels=("creditor", "mailbox")
        )
        states = GaugeMetricFamily("amable_messages_today", "Messages of today.", labels=("creditor", "state"))
        for one in all_:
            queue.add_metric((one.creditor, one.mailbox), one.queued)
            for state, count in one.today.items():
                states.add_metric((one.creditor, state), count)
        failing = GaugeMetricFamily(
            "amable_source_faults",
            "Failures in a row to look for files in a watched folder or mailbox.",
            labels=("creditor", "source"),
        )
        for ref, source, count in _sources():
            failing.add_metric((ref, source), count)
        silent = GaugeMetricFamily("amable_duties_silent", "Duties that do not show that they live.")
        silent.add_metric((), len(self.house.silent()))
        yield from (queue, states, failing, silent)


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _waits(one: Figures, now: datetime) -> float:
    return max(0.0, (now - one.oldest_due_at).total_seconds()) if one.oldest_due_at else 0.0


def _bank_day(one: Figures) -> float | None:
    return datetime.combine(one.bank_until, time(), UTC).timestamp() if one.bank_until else None


_GAUGES: Sequence[tuple[str, str, Callable[[Figures, datetime], float | None]]] = (
    ("oldest_due_seconds", "How long the message has been due that waits longest.", _waits),
    ("due_messages", "Messages that should have left by now.", lambda one, now: one.due),
    ("approved_messages", "Messages approved and not handed over yet.", lambda one, now: one.approved),
    ("refused_messages", "Messages refused for now, to be offered again.", lambda one, now: one.refused),
    ("unknown_messages", "Messages nobody knows the fate of.", lambda one, now: one.unknown),
    ("leases_expired", "Messages somebody was at work on and no longer is.", lambda one, now: one.leases_expired),
    ("mailbox_rests", "Failures in a row to reach the mailbox.", lambda one, now: one.rests),
    ("late", "Whether something is kept longer than it may be.", lambda one, now: one.late),
    ("stopped", "Whether sending is stopped.", lambda one, now: one.stopped_at is not None),
    ("last_plan_timestamp_seconds", "When the last plan was made.", lambda one, now: _seconds(one.planned_at)),
    ("bank_until_timestamp_seconds", "Until which day the bank is known.", lambda one, now: _bank_day(one)),
    ("last_backup_timestamp_seconds", "When the last backup was made.", lambda one, now: _seconds(one.backed_up_at)),
)

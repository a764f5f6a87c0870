"""Wakes the workers of a PostgreSQL: a job in its queue says that there may be something to do, never what is true.

Jobs travel on the connection that wrote the rows, so what is deferred in a transaction is undone with it. Beside an
embedded database nobody needs to be woken: its threads look every second.
"""

from __future__ import annotations

from contextlib import suppress

from django.db import connection, transaction

from amable.organisation.models import Creditor

LOOK_AROUND = "look_around"


def wake(creditor: Creditor) -> None:
    """Have some worker look at what is due for a creditor now. A wish that is waiting already is not doubled."""
    if connection.vendor == "postgresql":
        defer(LOOK_AROUND, creditor)


def defer(task: str, creditor: Creditor, place: int | None = None, *, priority: int = 0) -> None:
    """Put a job into the queue, unless the same one (task, creditor and `place`) waits there already."""
    from procrastinate import App  # noqa: PLC0415 - installed where there is a PostgreSQL
    from procrastinate.contrib.django.django_connector import DjangoConnector  # noqa: PLC0415
    from procrastinate.exceptions import AlreadyEnqueued  # noqa: PLC0415

    about = {"creditor": creditor.pk} if place is None else {"creditor": creditor.pk, "place": place}
    waiting = " ".join(map(str, (task, *about.values())))
    job = App(connector=DjangoConnector()).configure_task(task, queueing_lock=waiting, priority=priority)
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(**about)

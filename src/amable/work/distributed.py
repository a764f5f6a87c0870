"""Runs the duties on any number of workers, woken by Procrastinate's queue in the same PostgreSQL.

A job says only where to look. It may come late, twice, or be lost with the worker that had it: what is to be done
stands in the rows, under leases, and every few seconds one worker looks for what is due and wakes the rest.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from typing import Final

from django.db import connection, connections
from procrastinate import App, JobContext
from procrastinate.builtin_tasks import remove_old_jobs
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.psycopg_connector import PsycopgConnector

from amable.dunning import brakes
from amable.dunning.dispatch import Clock
from amable.evidence import log
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.work import duties, heartbeat, jobs, mailboxes, sources
from amable.work.waking import LOOK_AROUND, defer

_log = logging.getLogger(__name__)

OFTEN: Final = "* * * * * */10"  # every ten seconds: with the lease of a range, less than a minute after a death
_NIGHTLY: Final = "17 3 * * *"
_FAILED_KEPT: Final = 72  # hours
_ASKED: Final = 5  # the priority of what a person waits for
_SENDING: Final = 10  # the priority over the plan: a range takes seconds, and there may be hundreds


class Distributed:
    """One worker of the fleet. `remember` and `handed_over` are those of `embedded.Embedded`."""

    def __init__(
        self,
        clock: Clock,
        *,
        remember: Callable[[Creditor, int], object],
        handed_over: Callable[[Creditor, date], object],
    ) -> None:
        self.clock, self.remember, self.handed_over = clock, remember, handed_over
        self.stopping = threading.Event()
        self.began, self.tick = clock(), time.monotonic()
        self.queue = self.tasks(App(connector=PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4)))

    def tasks(self, queue: App) -> App:
        """What a job can ask for, and what the clock does once for the whole fleet."""
        queue.task(name=LOOK_AROUND, priority=_SENDING)(self.look_around)
        queue.task(name="plan")(self.plan)
        queue.task(name="look_at_range")(self.look_at_range)
        queue.task(name="send", priority=_SENDING)(self.send)
        queue.task(name="do_jobs", priority=_ASKED)(self.do_jobs)
        queue.task(name="look_for_files")(self.look_for_files)
        often = queue.task(name="look_around_for_all", priority=2 * _SENDING)(self.look_around_for_all)
        queue.periodic(cron=OFTEN, queueing_lock="look_around_for_all")(often)
        rescue = queue.task(name="rescue", pass_context=True, priority=2 * _SENDING)(self.rescue)
        queue.periodic(cron=OFTEN, queueing_lock="rescue")(rescue)
        sweep = queue.task(name="sweep", pass_context=True)(self.sweep)
        queue.periodic(cron=_NIGHTLY, queueing_lock="sweep")(sweep)
        return queue

    def run(self, concurrency: int) -> bool:
        """Work until SIGTERM or SIGINT, with so many jobs at once. False when the database was lost instead."""
        asyncio.run(self.work(concurrency))
        return self.stopping.is_set()

    async def work(self, concurrency: int) -> None:
        async with self.queue.open_async():
            working = asyncio.create_task(
                self.queue.run_worker_async(
                    concurrency=concurrency, delete_jobs="successful", install_signal_handlers=False
                )
            )

            def stop() -> None:
                if not self.stopping.is_set():
                    self.stopping.set()
                    working.cancel()  # fetches no more, and waits for the jobs it has

            for name in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(name, stop)
            with suppress(asyncio.CancelledError):
                await working

    # --- what is due -------------------------------------------------------------------------------------------------

    def look_around_for_all(self, timestamp: int) -> None:
        """Wake the workers for every creditor that has something due. One creditor's fault does not keep the others."""
        with _own_connection():
            for creditor in Creditor.objects.order_by("pk"):
                try:
                    self.wake(creditor)
                except Exception:  # noqa: BLE001 - told in the log, and tried again in ten seconds
                    _log.exception("nobody could be woken", extra={"creditor": creditor.ref})

    def look_around(self, creditor: int) -> None:
        """The same for one creditor, of whom something has just become due."""
        with _own_connection():
            self.wake(Creditor.objects.get(pk=creditor))

    def wake(self, creditor: Creditor) -> None:
        with acting_for(creditor):
            now = self.clock()
            if jobs.waiting(creditor, now):
                defer("do_jobs", creditor, priority=_ASKED)
            if sources.due(creditor, now):
                defer("look_for_files", creditor)
            sending = Sending.objects.filter(creditor=creditor).first()
            if sending is None:
                return
            today = duties.today_of(creditor, now)
            if duties.plan_due(creditor, sending, now) and not brakes.doubtful(sending):
                defer("plan", creditor)
            if duties.wants_sending(creditor, sending, today, now):
                for lane in range(sending.connections):
                    defer("send", creditor, lane, priority=_SENDING)

    # --- the plan of the day -----------------------------------------------------------------------------------------

    def plan(self, creditor: int) -> None:
        """Cut the day's customers into ranges, and have each of them looked at by whoever is free."""
        with self.at_work_for(creditor) as acting, duties.told_when_broken(acting, self.clock):
            self.fan_out(acting, duties.begin_plan(acting, duties.today_of(acting, self.clock())))

    def fan_out(self, creditor: Creditor, undone: list[int]) -> None:
        for first in [first for first in undone if first != duties.END] or undone:
            defer("look_at_range", creditor, first)

    def look_at_range(self, creditor: int, place: int) -> None:
        """Look at one range that nobody is at work on; whoever does the last one has the plan ended."""
        with self.at_work_for(creditor) as acting:
            today = duties.today_of(acting, self.clock())
            range_ = duties.take_range(acting, today, self.clock())
            if range_ is None:
                return
            with duties.told_when_broken(acting, self.clock):
                duties.look_at_range(acting, range_, self.clock)
            if duties.undone(acting, today) == [duties.END]:
                defer("look_at_range", acting, duties.END)
            heart = Sending.objects.values_list("heartbeat", flat=True).get(creditor=acting)
        if range_.first == duties.END:
            heartbeat.call_aside(heart)
            self.look_around(creditor)

    # --- what people ask for -----------------------------------------------------------------------------------------

    def do_jobs(self, creditor: int) -> None:
        """Do the long work that people of a creditor's staff wait for."""
        with self.at_work_for(creditor) as acting:
            jobs.do_all(acting, self.clock, stopping=self.stopping.is_set)

    def look_for_files(self, creditor: int) -> None:
        """Look at the places a creditor's files come from."""
        with self.at_work_for(creditor) as acting:
            sources.look(acting, self.clock, stopping=self.stopping.is_set)

    # --- sending -----------------------------------------------------------------------------------------------------

    def send(self, creditor: int, place: int) -> None:
        """Hand over what is due, by one of the mailbox's connections: nobody else in the fleet uses that one now."""
        with self.at_work_for(creditor) as acting, _alone(f"amable send {creditor} {place}") as alone:
            if not alone or not self.clock_is_right(acting):
                return
            now = self.clock()
            connections_ = mailboxes.connect(Sending.objects.get(creditor=acting))[:1]
            try:
                done = duties.send(acting, self.clock, connections_, stopping=self.stopping.is_set)
            finally:
                for connection_ in connections_:
                    connection_.close()
            if done.sent.states:
                self.handed_over(acting, duties.today_of(acting, now))
            self.remember(acting, log.length(acting))

    def clock_is_right(self, creditor: Creditor) -> bool:
        """Note that work goes on; False when this machine's clock has jumped, which stops sending."""
        now = self.clock()
        expected = self.began + timedelta(seconds=time.monotonic() - self.tick)
        if brakes.seen(creditor, duties.today_of(creditor, now), now, expected=expected):
            return True
        self.began, self.tick = now, time.monotonic()  # once told, the clock is what it is
        return False

    # --- the queue itself --------------------------------------------------------------------------------------------

    async def rescue(self, context: JobContext, timestamp: int) -> None:
        """Put back the jobs of workers whose heart has stopped; one that waits again already is dropped."""
        jobs = self.queue.job_manager
        for job in await jobs.get_stalled_jobs():
            try:
                await jobs.retry_job(job)
            except UniqueViolation:
                await jobs.finish_job(job, status=Status.FAILED, delete_job=True)

    async def sweep(self, context: JobContext, timestamp: int) -> None:
        """Throw away what failed some days ago; what succeeded is gone already."""
        await remove_old_jobs(
            context, max_hours=_FAILED_KEPT, remove_failed=True, remove_cancelled=True, remove_aborted=True
        )

    @contextmanager
    def at_work_for(self, creditor: int) -> Iterator[Creditor]:
        """Act for a creditor, on a connection that ends with the job: threads are used again, for others."""
        with _own_connection():
            acting = Creditor.objects.get(pk=creditor)
            with acting_for(acting):
                yield acting


@contextmanager
def _own_connection() -> Iterator[None]:
    try:
        yield
    finally:
        connections.close_all()


@contextmanager
def _alone(name: str) -> Iterator[bool]:
    """Whether nobody else in the fleet does what has this name. Who dies lets go of it with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        (got,) = cursor.fetchone()
    try:
        yield got
    finally:
        if got:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])

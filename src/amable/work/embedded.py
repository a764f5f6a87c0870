"""Runs the duties in threads: for each creditor one that plans and one that sends, and one for what people ask for.

One more looks for creditors that were set up meanwhile, and takes them up; one looks at the places files come from.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from django.db import connection, connections

from amable.correspondence import outbox
from amable.dunning import brakes, notices
from amable.dunning.dispatch import Clock
from amable.evidence import log
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.plugs.transport import Connection
from amable.work import duties, heartbeat, jobs, mailboxes, sources, watching
from amable.work.watching import Fault

_log = logging.getLogger(__name__)

BEAT: Final = 1.0  # seconds after which each thread looks at what is due, also when nobody woke it
_AFTER_A_FAULT: Final = 30.0  # seconds
_JOBS: Final = 0.5  # seconds after which somebody who waits for a page is waited for
_NEWCOMERS: Final = 3.0  # seconds after which creditors that began to send are found


class _Work(Protocol):
    """What is done for a creditor when there is something to do, and left when it is asked to stop."""

    def __call__(self, creditor: Creditor, clock: Clock, /, *, stopping: Callable[[], bool]) -> object: ...


class Embedded:
    """The duties of this process, from `start` to `stop`. What was cut off is taken up again by the next start.

    `remember` keeps the length of the record outside of the database, so that an older state of it is noticed;
    `handed_over` is told of a creditor and a day on which something left.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        remember: Callable[[Creditor, int], object],
        handed_over: Callable[[Creditor, date], object],
        ticking: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock, self.remember, self.handed_over, self.ticking = clock, remember, handed_over, ticking
        self.stopping = threading.Event()
        self.woken = threading.Condition()
        self.threads: list[threading.Thread] = []
        self.began, self.tick = clock(), ticking()
        self.beats: dict[tuple[str, str], float] = {}
        self.taken_up: set[int] = set()

    def start(self) -> None:
        """Begin to work for every creditor that sends, for others once they do, and for who asks for long work."""
        if connection.vendor == "sqlite":  # nobody else works on a file of ours
            for creditor in Creditor.objects.order_by("pk"):
                with acting_for(creditor):
                    jobs.orphaned(creditor)
                    sources.orphaned(creditor)
        self.take_up()
        for work, name in ((self.look_out, "newcomers"), (self.do_jobs, "jobs"), (self.look_for_files, "sources")):
            thread = threading.Thread(target=work, name=name)
            thread.start()
            self.threads.append(thread)

    def look_out(self) -> None:
        """Take up who begins to send. A fault is told; whoever could not be taken up is the next time."""
        while not self.stopping.is_set():
            self.rest(_NEWCOMERS)
            try:
                if not self.stopping.is_set():
                    self.take_up()
            except Exception:  # noqa: BLE001 - told in the log
                _log.exception("nobody could be taken up")
            finally:
                connections.close_all()

    def take_up(self) -> None:
        """Begin to work for every creditor that sends and is not worked for yet."""
        for creditor in Creditor.objects.exclude(pk__in=self.taken_up).order_by("pk"):
            with acting_for(creditor):
                if not Sending.objects.filter(creditor=creditor).exists():
                    continue
                # Nobody else works on a file of ours, so whatever is in hand was left there by the dead; beside a
                # PostgreSQL there may be workers, and a lease tells.
                now = self.clock()
                alone = connection.vendor == "sqlite"
                today = duties.today_of(creditor, now)
                if outbox.reclaim(creditor, today, now, orphaned=alone):
                    notices.tell_of_fates(creditor, today, now)
            self.taken_up.add(creditor.pk)
            for duty in (self.plans, self.sends):
                name = f"{duty.__name__} {creditor.ref}"
                self.beat(creditor, duty.__name__)
                thread = threading.Thread(target=self.keep_at, args=(creditor, duty), name=name)
                thread.start()
                self.threads.append(thread)

    def stop(self) -> None:
        """Let every thread finish the message or the batch it is at, and wait for that."""
        self.stopping.set()
        self.wake()
        for thread in self.threads:  # the list may grow until who looks for newcomers has ended
            thread.join()

    def wake(self) -> None:
        """Look at what is due now."""
        with self.woken:
            self.woken.notify_all()

    def beat(self, creditor: Creditor, duty: str) -> None:
        """Show that a duty lives: after each pass, and between the batches or messages of a long one."""
        self.beats[creditor.ref, duty] = self.ticking()

    def silent(self) -> list[Fault]:
        """The duties that do not show it any more."""
        return watching.silent(self.beats, self.ticking())

    def keep_at(self, creditor: Creditor, duty: Callable[[Creditor], Generator[None, None, None]]) -> None:
        """Do a duty again and again; a fault is told and does not end it."""
        while not self.stopping.is_set():
            try:
                with acting_for(creditor), closing(duty(creditor)) as passes:
                    for _ in passes:
                        self.beat(creditor, duty.__name__)
                        self.rest(BEAT)
                        if self.stopping.is_set():
                            break
            except Exception:  # noqa: BLE001 - told in the log, and by the beat that is missing
                _log.exception("a duty failed and will be tried again", extra={"duty": duty.__name__})
                self.rest(_AFTER_A_FAULT)
            finally:
                connections.close_all()

    def do_jobs(self) -> None:
        """Do what people ask for."""
        self.do_for_all(jobs.do_all, _JOBS)

    def look_for_files(self) -> None:
        """Look at the places files come from."""
        self.do_for_all(sources.look, BEAT)

    def do_for_all(self, work: _Work, rest: float) -> None:
        """Do some work for every creditor there is by now, again and again; a fault is told and does not end it."""
        while not self.stopping.is_set():
            try:
                for creditor in Creditor.objects.order_by("pk"):
                    with acting_for(creditor):
                        work(creditor, self.clock, stopping=self.stopping.is_set)
            except Exception:  # noqa: BLE001 - told in the log
                _log.exception(
                    "work for all failed and will be tried again", extra={"duty": threading.current_thread().name}
                )
                connections.close_all()
                self.rest(_AFTER_A_FAULT)
            self.rest(rest)
        connections.close_all()

    def rest(self, seconds: float) -> None:
        with self.woken:
            if not self.stopping.is_set():
                self.woken.wait(seconds)

    def expected(self) -> datetime:
        """What the clock should say, by the time that has passed since we began."""
        return self.began + timedelta(seconds=self.ticking() - self.tick)

    def plans(self, creditor: Creditor) -> Generator[None, None, None]:
        """Make the plan of the day when its hour has come."""
        while True:
            now = self.clock()
            as_it_is = Creditor.objects.get(pk=creditor.pk)  # its settings may have changed at the desk
            sending = Sending.objects.get(creditor=as_it_is)
            if duties.plan_due(as_it_is, sending, now) and not brakes.doubtful(sending):
                with duties.told_when_broken(as_it_is, self.clock):
                    made = duties.plan(as_it_is, self.clock, progress=lambda _: self.beat(creditor, "plans"))
                if made:
                    heartbeat.call_aside(sending.heartbeat)
                self.wake()
            yield

    def sends(self, creditor: Creditor) -> Generator[None, None, None]:
        """Hand over what is due, by connections that are kept as long as the mailbox stays the same."""
        kept: list[Connection] = []
        of: tuple[object, ...] = ()
        told = False  # what was handed over before we began

        def stopping() -> bool:  # asked before each message
            self.beat(creditor, "sends")
            return self.stopping.is_set()

        try:
            while True:
                now = self.clock()
                creditor = Creditor.objects.get(pk=creditor.pk)
                today = duties.today_of(creditor, now)
                if not brakes.seen(creditor, today, now, expected=self.expected()):
                    self.began, self.tick = now, self.ticking()  # once told, the clock is what it is
                else:
                    sending = Sending.objects.get(creditor=creditor)
                    now_of = tuple(getattr(sending, name) for name in _MAILBOX)
                    if now_of != of:
                        _close(kept)
                        kept, of = mailboxes.connect(sending), now_of
                    done = duties.send(creditor, self.clock, kept, stopping=stopping)
                    if done.sent.unreachable is not None:
                        of = ()  # a password may have been mended meanwhile
                    if done.sent.states or not told:
                        self.handed_over(creditor, today)
                        told = True
                    self.remember(creditor, log.length(creditor))
                yield
        finally:
            _close(kept)


_MAILBOX: Final = ("server", "port", "encryption", "user", "password_from", "authority", "connections")


def _close(kept: Iterable[Connection]) -> None:
    for one in kept:
        one.close()

"""A creditor whose messages leave by themselves, to a real mail server, by a clock of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from amable.correspondence import outbox
from amable.correspondence.models import Message
from amable.dunning import actions, brakes
from amable.evidence import log
from amable.organisation.models import Creditor, Sending
from amable.plugs.invoices import ItemRecord
from amable.plugs.transport import Connection
from amable.work import duties, mailboxes
from tests.contexts.books import row, take
from tests.servers.smtp import MailServer, Received

MADRID = ZoneInfo("Europe/Madrid")
NOON = datetime(2026, 3, 17, 11, 0, tzinfo=MADRID)
LATE = row(due_date=date(2026, 3, 10))  # 17 March is the day of its first reminder
STARTER = files("amable").joinpath("dunning", "starters", "starter.yaml").read_text("utf-8")
BY_ITSELF = STARTER.replace("version: 1\n", "version: 1\napproval: by itself\n", 1)


class Office:
    """One creditor at work; `now` moves when told to."""

    def __init__(self, creditor: Creditor, server: MailServer, procedure: str = STARTER, **facts: Any) -> None:
        self.creditor, self.server, self.now = creditor, server, NOON
        rules = actions.remember_procedure(creditor, procedure)
        given: dict[str, Any] = {
            "server": server.host, "port": server.port, "encryption": "none", "procedure": rules, "undo_minutes": 0,
            "per_minute": 6000, "per_minute_and_domain": 6000, "trusted_at": NOON - timedelta(days=1), "seen_at": NOON,
        }  # fmt: skip
        Sending.objects.create(creditor=creditor, **(given | facts))

    def clock(self) -> datetime:
        return self.now

    @property
    def today(self) -> date:
        return self.now.astimezone(MADRID).date()

    def plan(self, *ledger: ItemRecord) -> list[Message]:
        """Take a ledger in and plan the day; what is proposed."""
        if ledger:
            take(self.creditor, *ledger, today=self.today)
        if not duties.look_again(self.creditor, self.clock):
            assert duties.plan(self.creditor, self.clock)
        return self.proposed()

    def proposed(self) -> list[Message]:
        return list(Message.objects.filter(state="proposed", day=self.today).order_by("pk"))

    def approve(self) -> int:
        wanted = [message.pk for message in self.proposed()]
        return outbox.approve(self.creditor, wanted, self.now, by="lucia", undo=timedelta())

    def ready(self, *ledger: ItemRecord) -> Message:
        """Plan and approve one message."""
        (message,) = self.plan(*ledger)
        assert self.approve() == 1
        return message

    @contextmanager
    def connections(self) -> Iterator[list[Connection]]:
        kept = mailboxes.connect(Sending.objects.get())
        try:
            yield kept
        finally:
            for connection in kept:
                connection.close()

    def send(self) -> dict[str, int]:
        """One pass over the outbox: how many messages to what end."""
        with self.connections() as kept:
            done = duties.send(self.creditor, self.clock, kept)
        assert log.verify(self.creditor) == []
        return dict(done.sent.states)

    def to_customers(self) -> list[Received]:
        """What arrived, apart from what was for our own people."""
        ours = {"cobros@turia.example"}
        return [one for one in self.server.messages if not set(one.recipients) <= ours]

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def states(self) -> list[str]:
        """Where the messages to customers stand, by their number."""
        listed = Message.objects.filter(act__in=outbox.TO_CUSTOMERS)
        return list(listed.order_by("pk").values_list("state", flat=True))

    def brakes(self) -> list[str]:
        found = brakes.brakes(Sending.objects.select_related("creditor").get(), self.today, self.now)
        return [brake.rule for brake in found]

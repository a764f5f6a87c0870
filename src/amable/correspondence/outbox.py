"""The rows that leave: approved, claimed in batches under a lease, handed over one by one, and what became of them.

Each change is one short transaction that says in its condition what it changes from, so that whoever comes second
changes nothing. None is open while the world is touched. A claim charges the rates of the mailbox and of the
recipients' domains; who was killed with messages in hand is found by the end of its lease.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from amable.core.delivery import CLAIMABLE, EVENTS, IN_HAND, State, after, offered_again
from amable.core.procedure import COURTESIES, MESSAGES
from amable.core.rates import Rate
from amable.correspondence.models import Bucket, ClosedAddress, DeliveryEvent, Message, MessageItem, in_states
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.actions import look_again
from amable.organisation import bulk
from amable.organisation.models import Creditor, Sending
from amable.plugs.transport import Accepted, Answer, GiveUp, Receipt, TryLater, Unknown, Unreachable

LEASE: Final = timedelta(minutes=1)  # for what is claimed: others take it over after that
HANDING_OVER: Final = timedelta(minutes=12)  # for what is handed over: a server may think long about the last dot
TO_CUSTOMERS: Final = MESSAGES | COURTESIES
_DAY: Final = timedelta(days=1)
_MORNING: Final = timedelta(hours=14)  # from the end of one day's hours to the next day's first


class Claimed(NamedTuple):
    """A message somebody is at work on, as far as its next owner must know it."""

    pk: int
    key: str
    customer_id: int | None
    day: date
    slot: str
    act: str
    step: str
    blob: str
    path: str
    subject: str
    message_id: str
    tries: int
    offered_at: datetime | None
    until_at: datetime | None
    rehearsal: bool


@dataclass(slots=True)
class Claim:
    """A batch in hand, and when there may be more: `next_at` is None when nothing waits."""

    token: str
    messages: list[Claimed] = field(default_factory=list)
    next_at: datetime | None = None


# --- approving -------------------------------------------------------------------------------------------------------


def approve(creditor: Creditor, messages: Collection[int], now: datetime, *, by: str, undo: timedelta) -> int:
    """Let proposals leave, after the time in which it can be undone. Returns how many there were."""
    count = 0
    for batch in bulk.batched(sorted(messages)):
        with transaction.atomic():
            proposed = Message.objects.select_for_update().filter(
                creditor=creditor, pk__in=bulk.these(batch), state=State.PROPOSED
            )
            listed = list(proposed.order_by("pk").values_list("pk", "key", "day", "leaves_at"))
            rows = [
                (State.APPROVED, now, by, max(now + undo, leaves_at or now), creditor.pk, pk)
                for pk, _, _, leaves_at in listed
            ]
            bulk.update(Message, ("state", "approved_at", "approved_by", "due_at"), rows)
            log.record(creditor, [Event("message.approved", day, {"message": k, "by": by}) for _, k, day, _ in listed])
            count += len(listed)
    return count


def hurry(creditor: Creditor, today: date, now: datetime, messages: Collection[int] | None = None) -> None:
    """Let what is approved for today, or these messages of it, leave without the time to undo it.

    Though never before its hour.
    """
    approved = Message.objects.filter(creditor=creditor, day=today, state=State.APPROVED)
    if messages is not None:
        approved = approved.filter(pk__in=bulk.these(messages))
    approved.filter(leaves_at__lte=now, due_at__gt=now).update(due_at=now)
    approved.filter(leaves_at__gt=now).update(due_at=F("leaves_at"))


def unapprove(creditor: Creditor, messages: Collection[int], *, by: str) -> int:
    """Take approvals back, of what nobody is at work on yet. Returns how many."""
    with transaction.atomic():
        approved = Message.objects.select_for_update().filter(
            creditor=creditor, pk__in=bulk.these(messages), state=State.APPROVED, tries=0
        )
        listed = list(approved.order_by("pk").values_list("pk", "key", "day"))
        Message.objects.filter(creditor=creditor, pk__in=bulk.these([pk for pk, _, _ in listed])).update(
            state=State.PROPOSED, approved_at=None, approved_by="", due_at=None
        )
        log.record(creditor, [Event("message.unapproved", day, {"message": key, "by": by}) for _, key, day in listed])
    return len(listed)


def withdraw(
    creditor: Creditor, message: Claimed, token: str, today: date, *, reason: str, rules: Sequence[str]
) -> bool:
    """Let a message in hand go unsaid: it is no longer wanted. False when it is not ours any more."""
    with transaction.atomic():
        ours = Message.objects.filter(creditor=creditor, pk=message.pk, token=token, state=State.CLAIMED)
        if not ours.update(state=State.WITHDRAWN, reason=reason, token="", lease_until=None):
            return False
        MessageItem.objects.filter(creditor=creditor, message=message.pk).update(withdrawn=True)
        log.record(creditor, [Event("message.withdrawn", today, {"message": message.key, "rules": sorted(rules)})])
    return True


def propose_again(creditor: Creditor, message: Claimed, token: str, today: date) -> None:
    """Ask for another approval: what was approved has grown since."""
    with transaction.atomic():
        ours = Message.objects.filter(creditor=creditor, pk=message.pk, token=token, state=State.CLAIMED)
        facts = {"approved_at": None, "approved_by": "", "due_at": None, "token": "", "lease_until": None}
        if ours.update(state=State.PROPOSED, **facts):
            log.record(creditor, [Event("message.unapproved", today, {"message": message.key, "by": ""})])


def stumble(creditor: Creditor, message: Claimed, token: str, today: date, now: datetime, *, said: str) -> State:
    """Set a message aside that cannot be composed: tried again twice, then given up with the reason."""
    tries = message.tries + 1
    state = State.REFUSED if tries < _STUMBLES else State.REJECTED
    with transaction.atomic():
        ours = Message.objects.filter(creditor=creditor, pk=message.pk, token=token, state=State.CLAIMED)
        facts = {"tries": tries, "due_at": now + _STUMBLED, "answer": said, "token": "", "lease_until": None}
        if ours.update(state=state, settled_at=now, **facts):
            log.record(creditor, [Event(f"message.{state}", today, {"message": message.key}, {"answer": said})])
            if state is State.REJECTED:
                MessageItem.objects.filter(creditor=creditor, message=message.pk).update(withdrawn=True)
    return state


_STUMBLES: Final = 3
_STUMBLED: Final = timedelta(minutes=5)


# --- claiming --------------------------------------------------------------------------------------------------------


def claim(
    creditor: Creditor, sending: Sending, today: date, now: datetime, *, limit: int, channel: str = "email"
) -> Claim:
    """Take up to so many messages in hand, the longest due first, as far as the rates and the cap of the day allow."""
    found = Claim(secrets.token_hex(16))
    with transaction.atomic():
        bulk.insert(Bucket, ("creditor", "domain"), [(creditor.pk, "")], unless_known=True)
        mailbox = Bucket.objects.select_for_update().get(creditor=creditor, domain="")
        rate = Rate(sending.per_minute)
        free = min(limit, rate.left(mailbox.full_on, now)) if channel == "email" else limit
        room = max(0, sending.daily_cap - left_today(creditor, today))
        waiting = _waiting(creditor, today, now, channel, free + _BESIDE, customers=room > 0)
        chosen = _within_cap(waiting, room)
        some_wait = len(chosen) > free
        if channel == "email":
            chosen = _within_domains(creditor, sending, now, chosen, free)
            mailbox.full_on = rate.taken(mailbox.full_on, now, len(chosen))
            mailbox.save(update_fields=("full_on",))
            found.next_at = rate.next_on(mailbox.full_on, now) if some_wait else None
        else:
            chosen = chosen[:free]
            found.next_at = now if some_wait else None
        ids = [row.pk for row in chosen]
        Message.objects.filter(creditor=creditor, pk__in=bulk.these(ids)).update(
            state=State.CLAIMED, token=found.token, lease_until=now + LEASE
        )
        held = Message.objects.filter(creditor=creditor, pk__in=bulk.these(ids)).order_by("due_at", "id")
        found.messages = list(map(Claimed._make, held.values_list(*Claimed._fields)))
    return found


_BESIDE: Final = 100  # more than can be taken, since a domain may have to wait


class _Waiting(NamedTuple):
    pk: int
    domain: str
    act: str
    due_at: datetime


# The states are asked for as the index of what waits says them (`in_states`): only so does SQLite see that it will do.
_WAITING: Final = """
SELECT id, domain, act, due_at FROM correspondence_message
WHERE creditor_id = %s AND channel = %s AND (state = 'approved' OR state = 'refused') AND due_at <= %s
  AND (state = 'refused' OR until_at IS NULL OR (day = %s AND until_at > %s)) {ours_only}
ORDER BY due_at, id LIMIT %s {passing}
"""


def _waiting(
    creditor: Creditor, today: date, now: datetime, channel: str, limit: int, *, customers: bool
) -> list[_Waiting]:
    """What is due, the longest first; on PostgreSQL what others are changing is passed over."""
    moment = _moment(now)
    ours_only = "" if customers else "AND act NOT IN ('email', 'letter', 'sms', 'thanks', 'confirm')"
    passing = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING.format(ours_only=ours_only, passing=passing),
            [creditor.pk, channel, moment, today, moment, limit],
        )
        return [_Waiting._make(row) for row in cursor.fetchall()]


def _within_cap(waiting: Sequence[_Waiting], room: int) -> list[_Waiting]:
    """Those that the cap of the day leaves room for; what is for our own people is not counted."""
    chosen: list[_Waiting] = []
    for row in waiting:
        if row.act in TO_CUSTOMERS:
            if room <= 0:
                continue
            room -= 1
        chosen.append(row)
    return chosen


def left_today(creditor: Creditor, today: date) -> int:
    """How many messages to customers left today, are in hand, or may have left."""
    gone = Message.objects.filter(creditor=creditor, day=today, act__in=TO_CUSTOMERS, customer__isnull=False)
    idle = (State.PROPOSED, State.APPROVED, State.WITHDRAWN, State.SAID)
    return gone.exclude(state__in=idle).count()


def _within_domains(
    creditor: Creditor, sending: Sending, now: datetime, waiting: Sequence[_Waiting], free: int
) -> list[_Waiting]:
    """The first so many that their domains have room for; the others are due when there will be."""
    domains = sorted({row.domain for row in waiting} - {""})
    bulk.insert(Bucket, ("creditor", "domain"), ((creditor.pk, domain) for domain in domains), unless_known=True)
    buckets = {bucket.domain: bucket for bucket in Bucket.objects.filter(creditor=creditor, domain__in=domains)}
    rate = Rate(sending.per_minute_and_domain)
    chosen: list[_Waiting] = []
    taken: Counter[str] = Counter()
    later: dict[int, datetime] = {}
    waits: Counter[str] = Counter()
    for row in waiting:
        bucket = buckets.get(row.domain)
        if bucket is None or taken[row.domain] < rate.left(bucket.full_on, now):
            if len(chosen) < free:
                chosen.append(row)
                taken[row.domain] += 1
            continue
        waits[row.domain] += 1
        full = rate.taken(bucket.full_on, now, taken[row.domain])
        later[row.pk] = rate.next_on(full, now, waits[row.domain])
    for domain, count in taken.items():
        if domain:
            buckets[domain].full_on = rate.taken(buckets[domain].full_on, now, count)
    bulk.update(
        Bucket, ("full_on",), ((buckets[domain].full_on, creditor.pk, buckets[domain].pk) for domain in taken if domain)
    )
    bulk.update(Message, ("due_at",), ((moment, creditor.pk, pk) for pk, moment in later.items()))
    return chosen


def release(creditor: Creditor, token: str) -> None:
    """Put back what is still claimed: nobody was told."""
    with transaction.atomic():
        _give_back(creditor, Message.objects.filter(creditor=creditor, token=token, state=State.CLAIMED))


def _give_back(creditor: Creditor, claimed: Any) -> int:
    back = claimed.filter(tries__gt=0).update(state=State.REFUSED, token="", lease_until=None)
    return int(back + claimed.filter(tries=0).update(state=State.APPROVED, token="", lease_until=None))


def reclaim(creditor: Creditor, today: date, now: datetime, *, orphaned: bool = False) -> int:
    """Take over what somebody's lease ended on: what was claimed waits again, what was handed over is unknown.

    `orphaned` says that nobody else can be alive, so every lease is over. Returns how many became unknown.
    """
    with transaction.atomic():
        held = Message.objects.select_for_update().filter(in_states(IN_HAND), creditor=creditor)
        held = held.filter(lease_until__isnull=False) if orphaned else held.filter(lease_until__lt=now)
        _give_back(creditor, held.filter(state=State.CLAIMED))
        lost = sorted(held.filter(state=State.HANDED_OVER).values_list("pk", "key"))
        if lost:
            Message.objects.filter(creditor=creditor, pk__in=bulk.these([pk for pk, _ in lost])).update(
                state=State.UNKNOWN, lease_until=None, settled_at=now
            )
            log.record(creditor, [Event("message.unknown", today, {"message": key}) for _, key in lost])
    return len(lost)


# --- handing over ----------------------------------------------------------------------------------------------------

_MARK: Final = """
UPDATE correspondence_message SET state = 'handed_over', tries = tries + 1, lease_until = %s, server = %s,
  offered_at = coalesce(offered_at, %s)
WHERE id = %s AND creditor_id = %s AND token = %s AND state = 'claimed' AND lease_until > %s
  AND NOT EXISTS (SELECT 1 FROM organisation_sending s WHERE s.creditor_id = %s AND s.stopped_at IS NOT NULL)
"""


def hand_over(creditor: Creditor, message: Claimed, token: str, today: date, now: datetime, *, server: str) -> bool:
    """Commit that a message is being handed over, before it is. False when it must not be: stopped, or not ours."""
    moment = _moment(now)
    given = [_moment(now + HANDING_OVER), server, moment, message.pk, creditor.pk, token, moment, creditor.pk]
    facts = {"message": message.key, "blob": message.blob, "try": message.tries + 1}
    return _changed(creditor, _MARK, given, Event("message.handed_over", today, facts), on_disk=True)


def _changed(creditor: Creditor, change: str, given: Sequence[Any], event: Event, *, on_disk: bool = False) -> bool:
    """Change a message and record it, both or neither; False where there was nothing to change.

    Every message that leaves does this twice, so it takes the shortest way there is: one statement to PostgreSQL, and
    to SQLite a transaction by the driver itself, as Django's costs more than what is done in it. With `on_disk` it is
    on the disk before one goes on, with all that was committed before: else SQLite leaves that to the system for a
    while, and after a power cut it would not be known that a message left.
    """
    entry = log.plain(creditor, event)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_and_its_entry(change), [*given, *entry])
            return bool(cursor.rowcount)
    connection.ensure_connection()
    direct = connection.connection
    with connection.wrap_database_errors:
        direct.execute(f"PRAGMA synchronous = {'FULL' if on_disk else 'NORMAL'}")
        direct.execute("BEGIN IMMEDIATE")
        with direct:  # commits, or takes back what an error left half done
            changed = direct.execute(_for_sqlite(change), given).rowcount
            if changed:
                direct.execute(_for_sqlite(_ENTRY), entry)
    return bool(changed)


_ENTRY: Final = log.PLAIN + " VALUES (%s, %s, %s, %s, %s, %s)"


@lru_cache(maxsize=8)
def _and_its_entry(change: str) -> str:
    values = "%s, %s, %s, %s, %s, %s"
    return f"WITH changed AS ({change} RETURNING id) {log.PLAIN} SELECT {values} FROM changed"  # noqa: S608 - all ours


@lru_cache(maxsize=8)
def _for_sqlite(statement: str) -> str:
    return statement.replace("%s", "?")


def settle(creditor: Creditor, message: Claimed, token: str, today: date, now: datetime, receipt: Receipt) -> State:
    """Commit what became of a message that was handed over. It is settled once, by whoever holds it."""
    tries, began = message.tries + 1, message.offered_at or now
    first: datetime | None = began
    due: datetime | None = None
    match receipt:
        case Accepted():
            state = State.ACCEPTED
        case Unknown():
            state = State.UNKNOWN
        case Unreachable():  # nobody was told, and it does not count as tried
            state = State.REFUSED if message.tries else State.APPROVED
            tries, first = message.tries, message.offered_at
        case TryLater() if (gap := offered_again(tries, now - began)) is not None:
            state, due = State.REFUSED, _within_hours(now + gap, now, message.until_at)
        case TryLater() | GiveUp():
            state = State.REJECTED
    refused: tuple[Answer, ...] = () if isinstance(receipt, Unknown | Unreachable) else receipt.refused
    held = "" if state in CLAIMABLE else token
    told = (state, tries, held, receipt.server, receipt.said, json.dumps(refused) if refused else "")
    # A lease may have ended while the server thought: whoever took over wrote `unknown`, and we know better.
    given = [*told, _moment(first), _moment(due), _moment(now), message.pk, creditor.pk, token]
    said = {"message": message.key, "server": receipt.server}
    if state is State.ACCEPTED and not refused and not message.rehearsal:  # as nearly all are
        event = Event("message.accepted", today, said | {"answer": receipt.said})
        return state if _changed(creditor, _SETTLE, given, event) else State.UNKNOWN
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTLE, given)
        if not cursor.rowcount:
            return State.UNKNOWN
        personal = _personal(refused)
        if state is State.ACCEPTED:
            said["answer"] = receipt.said
        elif receipt.said:  # a refusal quotes whom it refuses
            personal["answer"] = receipt.said
        log.record(creditor, [Event(f"message.{state}", today, said, personal)])
        for_good = [answer for answer in refused if answer.code >= 500 and not answer.said.startswith(_NOT_THEIRS)]
        if for_good:
            close(creditor, for_good, now)
        if state is State.REJECTED or (message.rehearsal and state not in CLAIMABLE):  # no step was carried out
            MessageItem.objects.filter(creditor=creditor, message=message.pk).update(withdrawn=True)
        if (state is State.REJECTED or for_good) and message.customer_id is not None:
            look_again(creditor, [message.customer_id], today)
    return state


# Answers that are about the message or a server and not about an address (RFC 3463: mail system, network).
_NOT_THEIRS: Final = ("5.3.", "5.4.")
_SETTLE: Final = """
UPDATE correspondence_message SET state = %s, tries = %s, token = %s, server = %s, answer = %s, refused = %s,
  offered_at = %s, due_at = coalesce(%s, due_at), settled_at = %s, lease_until = NULL
WHERE id = %s AND creditor_id = %s AND token = %s AND state IN ('handed_over', 'unknown')
"""


def _moment(moment: datetime | None) -> Any:
    """A moment as the database wants it in a plain statement."""
    return None if moment is None else connection.ops.adapt_datetimefield_value(moment)


def _within_hours(moment: datetime, now: datetime, until: datetime | None) -> datetime:
    """The moment, or the next morning when the hours of today are over by then; `until` is when a day's hours end."""
    if until is None:
        return moment
    over = until + max(0, (now - until) // _DAY + 1) * _DAY
    return over + _MORNING if moment > over else moment


def _personal(refused: Sequence[Answer]) -> dict[str, str]:
    return {f"refused.{place}": f"{a.recipient}: {a.code} {a.said}" for place, a in enumerate(refused)}


def close(creditor: Creditor, answers: Iterable[Answer], now: datetime) -> None:
    """Send nothing more to these addresses: their servers said for good that they do not want it."""
    rows = ((creditor.pk, answer.recipient.lower()[:320], now, f"{answer.code} {answer.said}") for answer in answers)
    bulk.insert(ClosedAddress, ("creditor", "address", "closed_at", "because"), rows, unless_known=True)


def closed(creditor: Creditor, addresses: Collection[str]) -> frozenset[str]:
    """Those of these addresses (in small letters) that nothing is sent to any more."""
    if not addresses:
        return frozenset()
    return frozenset(row.address for row in _CLOSED.ask(creditor, addresses))


class _Closed(NamedTuple):
    address: str


_CLOSED: Final = bulk.Question(
    _Closed,
    lambda creditor, addresses: ClosedAddress.objects.filter(creditor=creditor, address__in=bulk.those(addresses)),
)


# --- afterwards ------------------------------------------------------------------------------------------------------


def hear(
    creditor: Creditor,
    key: str,
    event: State,
    at: datetime,
    today: date,
    *,
    origin: str,
    recipient: str = "",
    said: str = "",
) -> bool:
    """Take a delivery event of a message; the same one again, or one of a message we never sent, changes nothing."""
    if event not in EVENTS:
        raise ValueError(f"{event} is nothing one hears of a message")
    with transaction.atomic():
        message = Message.objects.select_for_update().filter(creditor=creditor, key=key).first()
        if (
            message is None
            or message.tries == 0
            or DeliveryEvent.objects.filter(creditor=creditor, origin=origin).exists()
        ):
            return False
        DeliveryEvent.objects.create(
            creditor=creditor, message=message, kind=event, recipient=recipient, at=at, origin=origin, said=said
        )
        before = State(message.state)
        message.state = after(before, event)
        message.save(update_fields=("state",))
        personal = {name: value for name, value in (("recipient", recipient), ("answer", said)) if value}
        log.record(creditor, [Event(f"message.{event}", today, {"message": key}, personal)])
        if event in (State.BOUNCED, State.COMPLAINED):
            if recipient:
                close(creditor, [Answer(recipient, 550, said)], at)
            if event is State.BOUNCED:
                MessageItem.objects.filter(creditor=creditor, message=message).update(withdrawn=True)
            if message.customer_id is not None:
                look_again(creditor, [message.customer_id], today)
    return True


def resolve(creditor: Creditor, key: str, today: date, now: datetime, *, arrived: bool, by: str) -> bool:
    """A person says what became of a message of unknown fate: it arrived, or it is offered again as it is."""
    with transaction.atomic():
        unknown = Message.objects.filter(creditor=creditor, key=key, state=State.UNKNOWN)
        again = {"state": State.REFUSED, "due_at": now, "offered_at": now, "token": ""}
        if not unknown.update(**({"state": State.ACCEPTED} if arrived else again)):
            return False
        log.record(creditor, [Event("message.resolved", today, {"message": key, "arrived": arrived, "by": by})])
    return True

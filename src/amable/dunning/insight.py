"""What the overview asks of a book: months gone, what brought money, promises, work, and whom to call.

Everything is added up by the database or looks at a bounded number of the newest rows, so that it stays quick with a
hundred thousand items. Amounts are minor units of the one currency that is asked for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any, Final, NamedTuple

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from amable.agreements.models import PlanItem, PromiseItem
from amable.banking.models import Statement
from amable.core.agreements import waited_for
from amable.core.delivery import SAID, State
from amable.core.insight import (
    Brought,
    Came,
    Owing,
    Stretch,
    Told,
    Word,
    brought,
    first_to_call,
    months,
    word,
)
from amable.core.payers import LATE_ITEMS
from amable.correspondence.models import Message, MessageItem
from amable.correspondence.outbox import TO_CUSTOMERS
from amable.dunning.book import BUCKETS, bucket_of, held_now, is_disputed, is_promised, said_last
from amable.dunning.models import TaskOutcome
from amable.dunning.outcomes import Outcome
from amable.ledger.models import Allocation, Contact, Customer, Item, Taken
from amable.ledger.queries import Day, by_due_day
from amable.organisation import calendars
from amable.organisation.bulk import these
from amable.organisation.models import Creditor

MONTHS: Final = 12
LATELY: Final = timedelta(days=90)
MOST: Final = 3_000  # payments of which it is asked what went before
FORTNIGHT: Final = 14  # days of work that are shown
CALLS: Final = 10  # customers to call that are named
_CANDIDATES: Final = 80
_SPOKEN: Final = ("email", "letter", "sms", "call", "meeting")  # what may bring money
_MEETING: Final = ("call", "meeting")
_REACHED: Final = (Outcome.REACHED, Outcome.PROMISED, Outcome.PAID_NOW, Outcome.DISPUTED, Outcome.REFUSED)
# How a ledger that gave no day is written down, see `ledger.intake`.
_NO_DAY: Final = '"amount": 0}'


@dataclass(frozen=True, slots=True)
class Cut:
    """The part of a book that is looked at: a currency, and the customers chosen (all when None)."""

    creditor: Creditor
    chosen: QuerySet[Customer] | None
    currency: str
    today: date

    def of(self, rows: QuerySet[Any], customer: str = "customer") -> QuerySet[Any]:
        """Those of these rows that are about a chosen customer."""
        return rows if self.chosen is None else rows.filter(**{f"{customer}__in": self.chosen.values("pk")})

    @property
    def items(self) -> QuerySet[Item]:
        """The items, in no order."""
        return self.of(Item.objects.filter(creditor=self.creditor, currency=self.currency)).order_by()

    @property
    def late(self) -> QuerySet[Item]:
        """The invoices that are past due."""
        return self.items.exclude(open=0).filter(open__gt=0, due_on__lt=self.today)  # the index says it so


# What of a promised part is still to come, as `core.agreements.left_of` says it.
_LEFT: Final = Greatest(
    Value(0), Least(F("amount") - (F("open_then") - F("item__open")), F("item__open")), output_field=BigIntegerField()
)


class _Month(Func):
    """The month of a day, as `2026-03`, by what the database does quickly."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 7)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="to_char(%(expressions)s, 'YYYY-MM')", **context)


class _Days(Func):
    """The days from the second day to the first."""

    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template, joined = "CAST(julianday(%(expressions)s) AS INTEGER)", ") - julianday("
        return self.as_sql(compiler, connection, template=template, arg_joiner=joined, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)", arg_joiner=" - ", **context)


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


# --- how old it is ---------------------------------------------------------------------------------------------------


class Aged(NamedTuple):
    """What is open in a currency: invoices by how long they are past due (`BUCKETS`), and credit not used yet."""

    currency: str
    items: int = 0
    total: int = 0
    credits: int = 0
    buckets: tuple[int, ...] = (0,) * len(BUCKETS)

    @property
    def overdue(self) -> int:
        """What of the invoices is past due."""
        return sum(self.buckets[1:])


def aged(creditor: Creditor, chosen: QuerySet[Customer] | None, today: date) -> list[Aged]:
    """What is open, by currency, that of most items first."""
    items = Item.objects.filter(creditor=creditor).exclude(open=0)
    items = items if chosen is None else items.filter(customer__in=chosen.values("pk"))
    days: dict[str, list[Day]] = defaultdict(list)
    for day in by_due_day(items):
        days[day.currency].append(day)
    found = []
    for currency, listed in days.items():
        buckets: Counter[str] = Counter()
        for day in listed:
            buckets[bucket_of((today - day.due_on).days)] += day.claims
        whole, claims = sum(day.open for day in listed), buckets.total()
        count = sum(day.items for day in listed)
        found.append(Aged(currency, count, whole, whole - claims, tuple(buckets[name] for name in BUCKETS)))
    return sorted(found, key=lambda one: (-one.items, one.currency))


# --- months gone -----------------------------------------------------------------------------------------------------


class Settled(NamedTuple):
    """The invoices settled in a month: how many, and all their days after due."""

    items: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """The book over twelve months. What it was like before `known_since` is told by what the first ledger still held.

    `paid_unknown` is how many items were paid on a day nobody knows: they are billed, but stand at no month's end. For
    `undated` settled invoices the ledger gave no day; they count from the one on which it first showed them so.
    """

    months: Sequence[date]
    stretches: Sequence[Stretch]
    billed: Mapping[date, int]
    settled: Mapping[date, Settled]
    known_since: date | None
    paid_unknown: int
    undated: int


def past(cut: Cut) -> Past:
    """The twelve months up to this one."""
    listed = months(cut.today, MONTHS)
    billed: dict[date, int] = defaultdict(int)
    settled: dict[date, Settled] = {}
    stretches: list[Stretch] = []
    unknown = 0
    for begins, due, ends, amount, claims, total, n, days, lost in _groups(cut, listed[0]):
        billed[_first(begins)] += total
        unknown += lost
        month = _first(ends) if ends else None
        stretches.append(Stretch(_first(begins), _first(max(begins, due)), month, amount, claims))
        if month is not None and n:
            was = settled.get(month, Settled())
            settled[month] = Settled(was.items + n, was.days + days)
    stretches += _part_payments(cut, listed[0])
    first = Taken.objects.filter(creditor=cut.creditor, kind="ledger").aggregate(first=Min("day"))["first"]
    noticed = cut.items.filter(settled_in_run__gte=listed[0], settled_on__gte=listed[0], total__gt=0)
    undated = noticed.filter(settled_by__endswith=_NO_DAY).count()
    return Past(listed, stretches, billed, settled, first, unknown, undated)


def _groups(cut: Cut, since: date) -> Any:
    """What matters of the items for these months: sums by the months in which they began, fell due and were settled."""
    paid, invoice = Q(open=0, settled_on__isnull=False), Q(open=0, settled_on__isnull=False, total__gt=0)
    lost = Q(open=0, settled_on=None)
    amount = Case(
        When(lost, then=Value(0)), When(paid, then=F("total")), default=F("open"), output_field=BigIntegerField()
    )
    there = cut.items.filter(~Q(open=0) | Q(settled_on__gte=since) | Q(issued_on__gte=since))
    return there.values_list(
        _Month(Coalesce("issued_on", "first_seen_on")),
        _Month("due_on"),
        _Month("settled_on"),
    ).annotate(
        amount=Sum(amount),
        claims=Coalesce(Sum(amount, filter=Q(total__gt=0)), 0),
        whole=Sum("total"),
        n=Count("pk", filter=invoice),
        days=Coalesce(Sum(_Days("settled_on", "due_on"), filter=invoice), 0),
        lost=Count("pk", filter=lost),
    )


def _part_payments(cut: Cut, since: date) -> list[Stretch]:
    """What was paid in parts: until its own month it was open, not until the item's."""
    shares = Allocation.objects.filter(
        creditor=cut.creditor, reversed=False, payment__reversed_on=None, payment__received_on__gte=since,
        item__currency=cut.currency,
    ).filter(~Q(item__open=0) | Q(payment__received_on__lt=F("item__settled_on")))  # fmt: skip
    grouped = (
        cut.of(shares, "item__customer")
        .order_by()
        .values_list(
            _Month(Coalesce("item__issued_on", "item__first_seen_on")),
            _Month("item__due_on"),
            _Month("item__settled_on"),
            _Month("payment__received_on"),
        )
        .annotate(whole=Sum("amount"), claims=Coalesce(Sum("amount", filter=Q(item__total__gt=0)), 0))
    )
    found = []
    for begins, due, ends, received, amount, claims in grouped:
        first, late = _first(begins), _first(max(begins, due))
        found.append(Stretch(first, late, _first(received), amount, claims))
        if ends:
            found.append(Stretch(first, late, _first(ends), -amount, -claims))
    return found


# --- what brought money ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collected:
    """What came since a day, by the step that went before."""

    since: date
    steps: Sequence[Brought]


def collected(cut: Cut) -> Collected:
    """What came in the last 90 days, or as far back as the newest payments go that are looked at."""
    since = cut.today - LATELY
    by_bank = Allocation.objects.filter(
        creditor=cut.creditor, reversed=False, amount__gt=0, payment__reversed_on=None,
        payment__received_on__gte=since, item__currency=cut.currency,
    )  # fmt: skip
    shares = cut.of(by_bank, "item__customer").order_by("-payment__received_on", "-pk")
    by_ledger = cut.items.filter(
        open=0, total__gt=F("allocated"), settled_in_run__gte=since, settled_on__gte=since
    ).order_by("-settled_in_run", "-pk")
    found = []
    for rows, columns in (
        (shares, ("item_id", "payment__received_on", "amount")),
        (by_ledger, ("pk", "settled_on", F("total") - F("allocated"))),
    ):
        newest = [Came(*row) for row in rows.values_list(*columns)[:MOST]]
        if len(newest) == MOST:
            since = max(since, min(one.day for one in newest))
        found += newest
    came = [one for one in found if one.day >= since]
    words = MessageItem.objects.filter(
        creditor=cut.creditor, item__in=these({one.item for one in came}), withdrawn=False,
        message__state__in=SAID, message__rehearsal=False, message__act__in=_SPOKEN,
        message__day__gte=since - LATELY,
    )  # fmt: skip
    told = [Told(*row) for row in words.values_list("item_id", "message__day", "step")]
    return Collected(since, brought(came, told))


# --- promises and calls ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Words:
    """How many promises of the last twelve months came to what, and what was promised in them."""

    count: Counter[str]
    amount: Counter[str]

    def __bool__(self) -> bool:
        return bool(self.count)

    @property
    def over(self) -> int:
        """How many have had their day."""
        return sum(self.count.values()) - self.count[Word.WAITING]


def promises(cut: Cut) -> Words:
    """What became of promises, those a person noted and those the ledger brought."""
    until = _until(cut)
    found = Words(Counter(), Counter())
    since = months(cut.today, MONTHS)[0]
    noted = PromiseItem.objects.filter(
        creditor=cut.creditor, promise__currency=cut.currency, promise__ended_at=None, promise__on__gte=since
    )
    rows = (
        cut.of(noted, "promise__customer")
        .order_by()
        .values_list("promise_id", "promise__on", "promise__amount")
        .annotate(left=Sum(_LEFT), paid_on=Max("item__settled_on", filter=Q(item__open=0)))
    )
    for _, on, amount, left, paid_on in rows:
        what = word(left, paid_on, until(on), cut.today)
        found.count[what] += 1
        found.amount[what] += amount
    by_ledger = cut.items.filter(promised_on__gte=since, total__gt=0).exclude(
        Exists(PromiseItem.objects.filter(item=OuterRef("pk")))
    )
    still = Least(F("open"), Value(1), output_field=BigIntegerField())
    grouped = by_ledger.annotate(still=still).values_list("promised_on", "settled_on", "still")
    for on, paid_on, left, n, amount in grouped.annotate(n=Count("pk"), whole=Sum("total")):
        what = word(left, paid_on, until(on), cut.today)
        found.count[what] += n
        found.amount[what] += amount
    return found


def _until(cut: Cut) -> Callable[[date], date]:
    """Until which day money for a promise of a day is waited for, or was."""
    creditor, years = cut.creditor, (cut.today.year - 2, cut.today.year + 2)
    calendar = calendars.with_closed(
        calendars.public(creditor.country, creditor.region, *years), creditor.closed_days, *years
    )
    known = Statement.objects.filter(creditor=creditor, closing_on__isnull=False)
    bank_until = known.aggregate(last=Max("closing_on"))["last"]
    return lambda on: waited_for(on, cut.today, calendar, bank_until) or calendar.add(on, 1)


class Calls(NamedTuple):
    """Calls and meetings with an outcome in the last 90 days, and in how many of them somebody was spoken with."""

    made: int
    reached: int


def calls(cut: Cut) -> Calls:
    """How often somebody answers."""
    told = TaskOutcome.objects.filter(
        creditor=cut.creditor, message__act__in=_MEETING, message__day__gte=cut.today - LATELY
    )
    counted = cut.of(told, "message__customer").order_by().values_list("outcome").annotate(n=Count("pk"))
    rows: dict[str, int] = dict(counted)
    return Calls(sum(rows.values()), sum(rows.get(one, 0) for one in _REACHED))


# --- work ------------------------------------------------------------------------------------------------------------


class Work(NamedTuple):
    """What a day had: messages to customers, calls and meetings, and other tasks."""

    day: date
    messages: int
    calls: int
    tasks: int

    @property
    def all(self) -> int:
        """How many things there were to do."""
        return self.messages + self.calls + self.tasks


def work(cut: Cut) -> list[Work]:
    """The work of the last fortnight, by day; of today also what waits. It is not of one currency."""
    since = cut.today - timedelta(days=FORTNIGHT - 1)
    rows = Message.objects.filter(creditor=cut.creditor, day__gte=since, day__lte=cut.today)
    rows = rows.exclude(state__in=(State.WITHDRAWN, State.REJECTED))
    counts: dict[date, Counter[str]] = defaultdict(Counter)
    for day, act, n in cut.of(rows).order_by().values_list("day", "act").annotate(n=Count("pk")):
        kind = "messages" if act in TO_CUSTOMERS else "calls" if act in _MEETING else "tasks"
        counts[day][kind] += n
    days = (since + timedelta(days=n) for n in range(FORTNIGHT))
    return [Work(day, counts[day]["messages"], counts[day]["calls"], counts[day]["tasks"]) for day in days]


# --- who to call first -----------------------------------------------------------------------------------------------


class ToCall(NamedTuple):
    """A customer to call, with what speaks for it."""

    customer: Customer
    owing: Owing
    items: int
    oldest: date
    said_on: date | None
    phone: str


def to_call(cut: Cut) -> list[ToCall]:
    """Whom to call first. Nobody who is held, promised, disputes, keeps a plan or does not want to be called."""
    weight = Sum(F("open") * _Days(Value(cut.today, DateField()), "due_on"), output_field=BigIntegerField())
    heavy = cut.late.values_list("customer_id").annotate(weight=weight).order_by("-weight", "customer_id")
    ids = [customer for customer, _ in heavy[:_CANDIDATES]]
    known = Customer.objects.filter(creditor=cut.creditor, pk__in=these(ids)).exclude(held_now(cut.today))
    customers = {one.pk: one for one in known if not {"call", "all"} & set(one.opt_out.split(","))}
    planned = PlanItem.objects.filter(item=OuterRef("pk"), plan__ended_at=None)
    asked = (
        cut.late.filter(customer__in=these(list(customers)))
        .exclude(is_disputed())
        .exclude(is_promised(cut.today))
        .exclude(Exists(planned))
    )
    habits = _habits(cut, list(customers))
    broke = _broke(cut, list(customers))
    owing, items, oldest = {}, {}, {}
    for customer, overdue, n, since in asked.values_list("customer_id").annotate(
        overdue=Sum("open"), n=Count("pk"), since=Min("due_on")
    ):
        items[customer], oldest[customer] = n, since
        late = (cut.today - since).days
        owing[customer] = Owing(overdue, late, habits.get(customer), broke=customer in broke)
    first = first_to_call(owing, CALLS)
    said = said_last(cut.creditor, first)
    contacts = Contact.objects.filter(creditor=cut.creditor, customer__in=these(first), role="billing")
    phones = dict(contacts.values_list("customer_id", "phone"))
    return [
        ToCall(customers[one], owing[one], items[one], oldest[one], said.get(one), phones.get(one, "")) for one in first
    ]


def _habits(cut: Cut, customers: Sequence[int]) -> dict[int, int]:
    """By how many days late each usually pays: the median of a year, over three invoices at least."""
    late: dict[int, list[int]] = defaultdict(list)
    settled = Item.objects.filter(
        creditor=cut.creditor, customer__in=these(customers), open=0, total__gt=0,
        settled_on__gte=cut.today - timedelta(days=365),
    )  # fmt: skip
    for customer, days in settled.values_list("customer_id", _Days("settled_on", "due_on")):
        late[customer].append(days)
    return {customer: round(median(days)) for customer, days in late.items() if len(days) >= LATE_ITEMS}


def _broke(cut: Cut, customers: Sequence[int]) -> set[int]:
    """Which of them have a promise behind them that was not kept."""
    by_ledger = Item.objects.filter(
        creditor=cut.creditor, customer__in=these(customers), open__gt=0, promised_on__lt=cut.today
    )
    noted = PromiseItem.objects.filter(
        creditor=cut.creditor, promise__customer__in=these(customers), promise__ended_at=None, promise__on__lt=cut.today
    ).annotate(left=_LEFT)
    stated = noted.filter(left__gt=0).values_list("promise__customer_id", flat=True)
    return {*by_ledger.values_list("customer_id", flat=True), *stated}


# --- whose it is -----------------------------------------------------------------------------------------------------


class Share(NamedTuple):
    """What the customers of a segment, or of an account manager, owe. `value` is what the filter says for it."""

    name: str
    value: str
    owed: int
    overdue: int


class Shares(NamedTuple):
    """What is owed by segment and by account manager, the most overdue first."""

    segments: Sequence[Share]
    managers: Sequence[Share]


def shares(cut: Cut) -> Shares:
    """Whose customers owe how much."""
    overdue = Sum("open", filter=Q(open__gt=0, due_on__lt=cut.today))
    grouped = (
        cut.items.exclude(open=0)
        .values_list("customer__segment", "customer__manager_email")
        .annotate(owed=Sum("open"), overdue=overdue, name=Max("customer__manager_name"))
    )
    segments: dict[str, list[Any]] = defaultdict(lambda: ["", 0, 0])
    managers: dict[str, list[Any]] = defaultdict(lambda: ["", 0, 0])
    for segment, email, owed, late, name in grouped:
        for row, shown in ((segments[segment], segment), (managers[email.lower()], name or email)):
            row[0] = row[0] or shown
            row[1] += owed
            row[2] += late or 0
    return Shares(*(_most_overdue(found) for found in (segments, managers)))


def _most_overdue(found: Mapping[str, Sequence[Any]]) -> list[Share]:
    rows = [Share(name, value, owed, overdue) for value, (name, owed, overdue) in found.items()]
    return sorted(rows, key=lambda row: (-row.overdue, -row.owed, row.value))

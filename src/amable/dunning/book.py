"""The book of a creditor as people read it: what customers owe and which items, filtered, sorted and added up.

Everything is asked of the database as sums or as one page of rows: it must stay quick with a hundred thousand items.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Sum

from amable.agreements.models import DisputeItem, PromiseItem
from amable.core.delivery import SAID
from amable.core.finding import letters, wanted, words_of
from amable.core.payers import Profile, profile
from amable.correspondence.models import Message
from amable.dunning.models import Hold, Look
from amable.ledger.models import Customer, Item
from amable.ledger.queries import by_due_day, currencies
from amable.organisation.bulk import these
from amable.organisation.models import Creditor

PAGE: Final = 50
# The ageing columns: days past due from and to, both counted; None is without end.
BUCKETS: Final[Mapping[str, tuple[int | None, int | None]]] = {
    "not_due": (None, 0), "d30": (1, 30), "d60": (31, 60), "d90": (61, 90), "older": (91, None),
}  # fmt: skip
CUSTOMER_SORTS: Final = ("name", "owed", "overdue", "oldest", "next")
ITEM_SORTS: Final = ("due", "number", "customer", "open")
STATUSES: Final = ("open", "overdue", "disputed", "promised", "settled", "all")


@dataclass(frozen=True, slots=True)
class CustomersWanted:
    """Which customers, and in which order."""

    text: str = ""
    manager: str = ""
    segment: str = ""
    currency: str = ""
    overdue: bool = False
    held: bool = False
    everybody: bool = False
    sort: str = "overdue"
    falling: bool = True
    page: int = 1


class Balance(NamedTuple):
    """What a customer owes in one currency; no currency when nothing is open."""

    customer: int
    currency: str
    owed: int
    overdue: int
    oldest: date | None


class BookLine(NamedTuple):
    """A line of the list of customers."""

    customer: Customer
    balance: Balance
    said_on: date | None
    pays: Profile
    held: bool


class Total(NamedTuple):
    """What a list adds up to in one currency."""

    currency: str
    customers: int
    owed: int
    overdue: int


@dataclass(frozen=True, slots=True)
class CustomersPage:
    """A page of the list, the sums of all of it; how many there are on it and in all.

    Sorted by what is said of a customer, customers are counted; sorted by sums, of which there is one in each currency,
    lines.
    """

    lines: Sequence[BookLine]
    totals: Sequence[Total]
    shown: int
    count: int


def customers(
    creditor: Creditor, sight: QuerySet[Customer] | None, want: CustomersWanted, today: date
) -> CustomersPage:  # fmt: skip
    """The customers that are wanted, of those in sight (all when None), a line each and currency."""
    chosen = _chosen(Customer.objects.filter(creditor=creditor) if sight is None else sight, want, today)
    owing = Item.objects.filter(creditor=creditor).exclude(open=0)
    if sight is not None or want.text or want.manager or want.segment or want.held:
        owing = owing.filter(customer__in=chosen.values("pk"))
    if want.currency:
        owing = owing.filter(currency=want.currency)
    totals = _totals(owing, want, today)
    if want.sort in _SAID_OF_THEM:
        listed, shown, count = _by_customer(chosen, owing, want, today)
    else:
        listed, shown, count = _by_sum(chosen, owing, want, today, sum(total.customers for total in totals))
    return CustomersPage(_lines(creditor, listed, today), totals, shown, count)


_SAID_OF_THEM: Final = {"name": "folded", "next": "review_on"}
_Listed = tuple[list[Balance], int, int]  # the lines of a page, how many are on it, and how many there are


def _by_customer(chosen: QuerySet[Customer], owing: QuerySet[Item], want: CustomersWanted, today: date) -> _Listed:
    """A page of customers in the order of what is said of them; then what these owe."""
    theirs = owing.filter(open__gt=0, due_on__lt=today) if want.overdue else owing
    whose = chosen if _with_everybody(want) else chosen.filter(Exists(theirs.filter(customer=OuterRef("pk"))))
    ordered = whose.order_by(_directed(_SAID_OF_THEM[want.sort], want), "pk").values_list("pk", flat=True)
    start = (want.page - 1) * PAGE
    ids = list(ordered[start : start + PAGE])
    owed: dict[int, list[Balance]] = defaultdict(list)
    for one in _balances(owing.filter(customer__in=these(ids)), want, today).order_by("currency"):
        owed[one["whose"]].append(_balance(one))
    return [line for pk in ids for line in owed[pk] or [_nothing(pk)]], len(ids), whose.count()


def _by_sum(
    chosen: QuerySet[Customer], owing: QuerySet[Item], want: CustomersWanted, today: date, count: int
) -> _Listed:  # fmt: skip
    """A page of so many lines; whoever owes nothing comes after all who do."""
    lines = _balances(owing, want, today)
    first = ["currency"] if want.sort != "oldest" else []  # sums are compared within a currency
    start = (want.page - 1) * PAGE
    listed = [
        _balance(one) for one in lines.order_by(*first, _directed(want.sort, want), "whose")[start : start + PAGE]
    ]
    if _with_everybody(want):
        rest = chosen.exclude(Exists(owing.filter(customer=OuterRef("pk"))))
        beyond = max(0, start - count)
        numbers = rest.order_by("pk").values_list("pk", flat=True)[beyond : beyond + PAGE - len(listed)]
        listed += [_nothing(pk) for pk in numbers]
        count += rest.count()
    return listed, len(listed), count


def _with_everybody(want: CustomersWanted) -> bool:
    return want.everybody and not (want.overdue or want.currency)


def _directed(column: str, want: CustomersWanted) -> Any:
    """In the direction that is wanted; what is not known comes last in both."""
    return F(column).desc(nulls_last=True) if want.falling else F(column).asc(nulls_last=True)


def _balance(row: Any) -> Balance:
    return Balance(row["whose"], row["currency"], row["owed"], row["overdue"] or 0, row["oldest"])


def _nothing(customer: int) -> Balance:
    return Balance(customer, "", 0, 0, None)


def held_now(today: date) -> Q:
    """Customers whom somebody held, at the desk or in the ledger."""
    standing = Hold.objects.filter(customer=OuterRef("pk"), ended_at=None, until__gt=today)
    return Q(Exists(standing)) | Q(pause_until__gt=today)


def _chosen(sight: QuerySet[Customer], want: CustomersWanted, today: date) -> QuerySet[Customer]:
    found = sight
    for word in words_of(letters(want.text)):
        found = found.filter(Q(folded__contains=word) | Q(key__icontains=word) | Q(tax_id__icontains=word))
    if want.manager:
        found = found.filter(manager_email__iexact=want.manager)
    if want.segment:
        found = found.filter(segment=want.segment)
    return found.filter(held_now(today)) if want.held else found


def _balances(owing: QuerySet[Item], want: CustomersWanted, today: date) -> Any:
    """What each owes by currency: sums over the open items, of which the index holds all that is asked."""
    rows = owing.order_by().values("currency", whose=F("customer_id")).annotate(
        owed=Sum("open"),
        overdue=Sum("open", filter=Q(open__gt=0, due_on__lt=today)),
        oldest=Min("due_on", filter=Q(open__gt=0)),
    )  # fmt: skip
    return rows.filter(overdue__gt=0) if want.overdue else rows


def _totals(owing: QuerySet[Item], want: CustomersWanted, today: date) -> list[Total]:
    """What all of them owe, by currency, the one of most customers first; how many is asked of each by itself."""
    owed: Counter[str] = Counter()
    overdue: Counter[str] = Counter()
    for day in by_due_day(owing):
        owed[day.currency] += day.open
        overdue[day.currency] += day.claims if day.due_on < today else 0
    totals = []
    for currency in owed:
        theirs = owing.order_by().filter(currency=currency)
        listed = theirs.filter(open__gt=0, due_on__lt=today) if want.overdue else theirs
        if want.overdue:
            owed[currency] = theirs.filter(customer__in=listed.values("customer")).aggregate(it=Sum("open"))["it"] or 0
        if count := listed.values("customer").distinct().count():
            totals.append(Total(currency, count, owed[currency], overdue[currency]))
    return sorted(totals, key=lambda total: (-total.customers, total.currency))


def _lines(creditor: Creditor, listed: Sequence[Balance], today: date) -> list[BookLine]:
    ids = {balance.customer for balance in listed}
    known = Customer.objects.filter(creditor=creditor, pk__in=these(ids)).in_bulk()
    held = set(
        Customer.objects.filter(held_now(today), creditor=creditor, pk__in=these(ids)).values_list("pk", flat=True)
    )
    said = said_last(creditor, ids)
    pays = profiles(creditor, ids, today)
    return [
        BookLine(known[one.customer], one, said.get(one.customer), pays[one.customer], one.customer in held)
        for one in listed
    ]


def said_last(creditor: Creditor, customers: Collection[int]) -> dict[int, date]:
    """When each of these customers last heard from us."""
    said = Message.objects.filter(creditor=creditor, customer__in=these(customers), state__in=SAID, rehearsal=False)
    said = said.filter(act__in=("email", "letter", "sms", "thanks", "confirm", "call", "meeting"))
    return dict(said.values("customer_id").annotate(last=Max("day")).values_list("customer_id", "last"))


def profiles(creditor: Creditor, customers: Collection[int], today: date) -> dict[int, Profile]:
    """How each of these customers usually pays."""
    settled: dict[int, list[tuple[date, date]]] = defaultdict(list)
    unpaid: dict[int, list[date]] = defaultdict(list)
    rows = Item.objects.filter(creditor=creditor, customer__in=these(customers), total__gt=0)
    for customer, due, on, open_ in rows.values_list("customer_id", "due_on", "settled_on", "open"):
        if open_ > 0:
            unpaid[customer].append(due)
        elif on:
            settled[customer].append((due, on))
    return {one: profile(settled[one], unpaid[one], today) for one in customers}


class Choices(NamedTuple):
    """What the filters of the lists offer."""

    managers: Sequence[tuple[str, str]]
    segments: Sequence[str]
    currencies: Sequence[str]


def choices(creditor: Creditor, sight: QuerySet[Customer]) -> Choices:
    """The account managers, segments and currencies there are."""
    managers: dict[str, str] = {}
    segments = set()
    told = sight.order_by().values_list("manager_email", "segment").annotate(name=Max("manager_name"))
    for email, segment, name in told:
        managers[email] = max(managers.get(email, ""), name)
        segments.add(segment)
    return Choices(
        [(email, managers[email] or email) for email in sorted(managers) if email],
        sorted(segments - {""}),
        currencies(creditor),
    )


# --- items -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemsWanted:
    """Which items, and in which order. Amounts are minor units of `currency`, without which they say nothing."""

    text: str = ""
    status: str = "open"
    bucket: str = ""
    currency: str = ""
    manager: str = ""
    due_from: date | None = None
    due_to: date | None = None
    least: int | None = None
    most: int | None = None
    sort: str = "due"
    falling: bool = False
    page: int = 1


class Ageing(NamedTuple):
    """What a list of items adds up to in one currency."""

    currency: str
    items: int
    total: int
    buckets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """A page of items and the sums of all that were asked for."""

    items: Sequence[Item]
    ageing: Sequence[Ageing]
    count: int


def items(creditor: Creditor, sight: QuerySet[Customer] | None, want: ItemsWanted, today: date) -> ItemsPage:
    """The items that are wanted, of the customers in sight (all when None), with their customers."""
    found = wanted_items(creditor, sight, want, today)
    ageing = ageing_of(found, today)
    start = (want.page - 1) * PAGE
    ids = _by_name(creditor, found, want, start) if want.sort == "customer" else _page(found, want, start)
    rows = Item.objects.filter(creditor=creditor).select_related("customer").in_bulk(ids)
    return ItemsPage([rows[pk] for pk in ids], ageing, sum(one.items for one in ageing))


def _page(found: QuerySet[Item], want: ItemsWanted, start: int) -> list[int]:
    return list(found.order_by(*_item_order(want)).values_list("pk", flat=True)[start : start + PAGE])


def _by_name(creditor: Creditor, found: QuerySet[Item], want: ItemsWanted, start: int) -> list[int]:
    """The same by the names of the customers: a few customers' items are put in order, not those of the whole book."""
    of_each = dict(found.order_by().values_list("customer_id").annotate(n=Count("pk")))
    named = Customer.objects.filter(creditor=creditor).values_list("pk", flat=True)
    whose: list[int] = []
    there = 0  # items of these
    for pk in named.order_by("-folded" if want.falling else "folded", "pk").iterator():
        n = of_each.get(pk, 0)
        if not whose and n <= start:
            start -= n
        elif n:
            whose.append(pk)
            there += n
            if there >= start + PAGE:
                break
    return _page(found.filter(customer__in=these(whose)), want, start)


def ageing_of(found: QuerySet[Item], today: date) -> list[Ageing]:
    """The open amounts of items by how long they are past due, by currency, that of most items first."""
    counts: Counter[str] = Counter()
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for day in by_due_day(found):
        counts[day.currency] += day.items
        sums[day.currency][bucket_of((today - day.due_on).days)] += day.open
    return [
        Ageing(currency, count, sums[currency].total(), tuple(sums[currency][name] for name in BUCKETS))
        for currency, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def in_bucket(name: str, today: date) -> Q:
    """Items past due by so many days."""
    low, high = BUCKETS[name]
    found = Q()
    if low is not None:
        found &= Q(due_on__lte=today - timedelta(days=low))
    if high is not None:
        found &= Q(due_on__gte=today - timedelta(days=high))
    return found


def bucket_of(days_late: int) -> str:
    """The ageing column of an item so many days past due."""
    return next(
        name
        for name, (low, high) in BUCKETS.items()
        if (low is None or days_late >= low) and (high is None or days_late <= high)
    )


def wanted_items(
    creditor: Creditor, sight: QuerySet[Customer] | None, want: ItemsWanted, today: date
) -> QuerySet[Item]:  # fmt: skip
    """The items that are wanted, in no order."""
    found: QuerySet[Item] = Item.objects.filter(creditor=creditor)
    if sight is not None:
        found = found.filter(customer__in=sight.values("pk"))
    found = _of_status(found, want.status, today)
    if want.bucket:
        found = found.filter(in_bucket(want.bucket, today))
    if want.currency:
        found = found.filter(currency=want.currency)
        found = found.filter(open__gte=want.least) if want.least is not None else found
        found = found.filter(open__lte=want.most) if want.most is not None else found
    if want.manager:
        found = found.filter(customer__manager_email__iexact=want.manager)
    if want.due_from:
        found = found.filter(due_on__gte=want.due_from)
    if want.due_to:
        found = found.filter(due_on__lte=want.due_to)
    if want.text:
        found = found.filter(number_like(want.text) | _of_named(creditor, want.text))
    return found


def number_like(text: str, of: str = "") -> Q:
    """Items whose number is what was typed, however written, or contains it."""
    want = wanted(text)
    if not want.number:
        return Q(**{f"{of}number__icontains": want.text})
    part = Q(**{f"{of}folded__contains": want.number[:-1]})
    return part | Q(**{f"{of}folded__contains": want.piece}) if len(want.piece) > 3 else part


def _of_named(creditor: Creditor, text: str) -> Q:
    words = words_of(letters(text))
    named = Customer.objects.filter(creditor=creditor)
    for word in words:
        named = named.filter(Q(folded__contains=word) | Q(key__icontains=word))
    return Q(customer__in=named.values("pk")) if words else Q()


def _of_status(found: QuerySet[Item], status: str, today: date) -> QuerySet[Item]:
    if status == "settled":
        return found.filter(open=0)
    if status == "all":
        return found
    found = found.exclude(open=0)
    if status == "overdue":
        return found.filter(open__gt=0, due_on__lt=today)
    if status == "disputed":
        return found.filter(is_disputed())
    return found.filter(is_promised(today)) if status == "promised" else found


def is_disputed() -> Q:
    """Items contested, as the ledger or a person says."""
    stated = DisputeItem.objects.filter(item=OuterRef("pk")).filter(
        Q(dispute__outcome="") | Q(dispute__outcome="upheld", dispute__credited_at=None)
    )
    return Q(disputed=True) | Q(Exists(stated))


def is_promised(today: date) -> Q:
    """Items promised by a day that is not over, as the ledger or a person says."""
    stated = PromiseItem.objects.filter(item=OuterRef("pk"), promise__ended_at=None, promise__on__gte=today)
    return Q(promised_on__gte=today) | Q(Exists(stated))


def _item_order(want: ItemsWanted) -> list[Any]:
    column = {"due": "due_on", "customer": "customer__folded", "number": "folded"}.get(want.sort, want.sort)
    first = ["currency"] if want.sort == "open" else []
    then = ["customer_id", "pk"] if want.sort == "customer" else ["pk"]
    return [*first, f"-{column}" if want.falling else column, *then]


def marks(creditor: Creditor, listed: Collection[int], today: date) -> dict[int, set[str]]:
    """Which of these items are `disputed` or `promised`."""
    found: dict[int, set[str]] = defaultdict(set)
    mine = Item.objects.filter(creditor=creditor, pk__in=these(listed)).exclude(open=0)
    for name, condition in (("disputed", is_disputed()), ("promised", is_promised(today))):
        for pk in mine.filter(condition).values_list("pk", flat=True):
            found[pk].add(name)
    return found


def looks(creditor: Creditor, customers: Collection[int]) -> dict[int, Look]:
    """The latest look at each of these customers."""
    rows = Look.objects.filter(creditor=creditor, customer__in=these(customers))
    return {look.customer_id: look for look in rows}

"""What a ledger changes: how many items and how much is new, changed, settled, open again or missing, and whose."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import transaction

from amable.core.payer_names import Names
from amable.ledger.intake import SOURCE, Batch, Sourced, Taking, keys_of, own_first, take_ledger
from amable.ledger.models import Customer, Item
from amable.ledger.records import who
from amable.organisation.bulk import these
from amable.organisation.models import Creditor
from amable.plugs.complaint import Complaint

_BATCH: Final = 1000  # rows tried at once: others may write in between
_MOST_NAMES: Final = 5_000  # more than that are not compared with each other
_FACTS: Final = (
    "due_on", "issued_on", "total", "disputed", "promised_on", "delivered", "po_number", "description", "applies_to",
)  # fmt: skip

Progress = Callable[[int], object]


@dataclass(slots=True)
class Effect:
    """What becomes of the items, how many and how much by currency, and of the customers.

    What: `new`, `settled_new`, `changed`, `settled`, `reopened`, `missing`, `same`; among the sums also `open`, what is
    open afterwards. `open_before` counts what was open and not missing. `spellings` are names taken for one customer,
    `alike` names so alike that somebody should look.
    """

    items: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    open_before: int = 0
    customers: int = 0
    new_customers: int = 0
    spellings: list[tuple[str, ...]] = field(default_factory=list)
    alike: list[tuple[str, str]] = field(default_factory=list)
    complaints: list[tuple[str, Complaint]] = field(default_factory=list)

    def count(self, was: _Standing | None, now: _Standing) -> None:
        """Add what becomes of one item."""
        what = _what_became(was, now)
        self.items[what] += 1
        self.open_before += was is not None and was.open != 0 and not was.missing
        self.sums[now.currency][what] += was.open if was is not None and what == "settled" else now.open
        self.sums[now.currency]["open"] += now.open


def tried(
    creditor: Creditor,
    records: Sequence[Sourced],
    today: date,
    *,
    whole: bool,
    rejected: Collection[str],
    progress: Progress = lambda n: None,
) -> Effect:
    """What taking these records in would change. Customer by customer they are taken in and that is undone again.

    No transaction is longer than that of a batch. `progress` is told of the rows of each, outside of it.
    """
    effect, taking = Effect(), Taking()
    seen: set[int] = set()
    known = set(Customer.objects.filter(creditor=creditor).values_list("pk", flat=True))
    before = _standing(creditor)
    keys = keys_of(creditor, (one.record for one in records))
    for batch in _by_customer(own_first(keys, records), lambda one: keys.key(who(one.record))[0]):
        with transaction.atomic():
            Batch(creditor, today, taking, seen, {}, keys).land(batch)
            told = {keys.key(who(one.record))[0] for one in batch}
            customers = set(Customer.objects.filter(creditor=creditor, key__in=told).values_list("pk", flat=True))
            after = _standing(creditor, customers)
            transaction.set_rollback(True)
        effect.new_customers += len(customers - known)
        for key, now in after.items():
            was = before.get(key)
            if was is None or was.pk in seen:
                effect.count(was, now)
        progress(len(batch))
    shown = {*rejected, *(said.item for _, said in taking.complaints)}
    for (_, number, _), was in before.items():
        if was.pk not in seen:
            gone = whole and was.open and number not in shown
            effect.count(was, was._replace(missing=True) if gone else was)
    places = {id(one.record): place for place, one in enumerate(records)}
    lines = {(one.file, one.record.line): places[id(one.record)] for one in reversed(records)}
    effect.complaints = sorted(taking.complaints, key=lambda said: lines.get((said[0], said[1].line or 0), 0))
    _tell_customers(effect, records, creditor, progress)
    return effect


def taken(
    creditor: Creditor,
    records: Sequence[Sourced],
    digests: Sequence[str],
    today: date,
    *,
    whole: bool,
    rejected: Collection[str],
    progress: Progress = lambda n: None,
) -> Effect:
    """Take these records in, and say what it changed."""
    effect = Effect()
    known = set(Customer.objects.filter(creditor=creditor).values_list("pk", flat=True))
    before = _standing(creditor)
    taking = take_ledger(creditor, records, digests, today, whole=whole, rejected=rejected, progress=progress)
    for key, now in _standing(creditor).items():
        effect.count(before.get(key), now)
    effect.complaints = taking.complaints
    told = _tell_customers(effect, records, creditor)
    there = dict(Customer.objects.filter(creditor=creditor).values_list("key", "pk"))
    effect.new_customers = len({there[key] for key in told if key in there} - known)
    return effect


def _by_customer(records: Iterable[Sourced], key: Callable[[Sourced], str]) -> Iterator[list[Sourced]]:
    """The records in batches that part no customer, in the order in which customers come."""
    theirs: dict[str, list[Sourced]] = defaultdict(list)
    for one in records:
        theirs[key(one)].append(one)
    batch: list[Sourced] = []
    for rows in theirs.values():
        if batch and len(batch) + len(rows) > _BATCH:
            yield batch
            batch = []
        batch = [*batch, *rows]
    if batch:
        yield batch


class _Standing(NamedTuple):
    """An item as it stands: what is open in which currency, whether it is missing, and everything else of it."""

    pk: int
    open: int
    currency: str
    missing: bool
    rest: tuple[object, ...]


def _standing(creditor: Creditor, customers: Collection[int] | None = None) -> dict[tuple[int, str, str], _Standing]:
    """Every item of the ledger as it stands, or those of some customers."""
    items = Item.objects.filter(creditor=creditor, source=SOURCE)
    if customers is not None:
        items = items.filter(customer__in=these(customers))
    rows: Iterable[Any] = items.values_list(
        "customer_id", "number", "instalment", "pk", "open", "currency", "missing_since", *_FACTS
    )
    return {row[:3]: _Standing(row[3], row[4], row[5], row[6] is not None, row[7:]) for row in rows}


def _what_became(was: _Standing | None, now: _Standing) -> str:
    if was is None:
        return "new" if now.open else "settled_new"
    if was.open != now.open and not (was.open and now.open):
        return "reopened" if now.open else "settled"
    if now.missing:
        return "missing" if not was.missing else "same"
    return "same" if was == now else "changed"


def _tell_customers(
    effect: Effect, records: Sequence[Sourced], creditor: Creditor, progress: Progress = lambda n: None
) -> Mapping[str, object]:
    """Say how many customers the records are of, and of whose names somebody should know; the customers by key."""
    keys = keys_of(creditor, (one.record for one in records))
    names: dict[str, dict[str, None]] = defaultdict(dict)
    for one in records:
        names[keys.key(who(one.record))[0]].setdefault(one.record.customer_name)
    effect.customers = len(names)
    _compare_names(names, effect, progress)
    return names


def _compare_names(names: Mapping[str, Mapping[str, None]], effect: Effect, progress: Progress) -> None:
    """Names taken for one customer, and names so alike that somebody should look, though they were kept apart."""
    spoken = {key: [name for name in spelt if name] for key, spelt in names.items()}
    effect.spellings = [tuple(spelt) for spelt in spoken.values() if len(spelt) > 1]
    if len(spoken) > _MOST_NAMES:
        return
    known = Names()
    for number, spelt in enumerate(spoken.values()):
        progress(0)  # whoever waits may still end it
        for name in spelt[:1]:
            effect.alike += [(like.shown, name) for like in known.like(name)]
            known.add(number, name)

"""Knows which open items a payment received seems to settle, with the reasons and whether it may be booked unasked.

Amounts are integer minor units. A number in the text makes a match sure, if only its last digits beside a name and the
amount, or an account that a customer has paid from; a name and an amount never do: names are alike and round amounts
repeat (of 9,984 payments tried that way, 90 went to the wrong customer).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from itertools import accumulate, combinations
from typing import Final, NamedTuple

from amable.core.invoice_numbers import (
    LONG,
    Found,
    Level,
    Numbers,
    capitals,
    compact,
    cut_off,
    ends_with_one_of,
    fold_number,
    in_order,
)
from amable.core.money import Money, exponent
from amable.core.payer_names import Names, fold_name, has_legal_form, same_name
from amable.core.receivables import discount

__all__ = [
    "Certainty", "Index", "Match", "OpenItem", "PastPayment", "PastPayments", "Payer", "Reason", "Received", "Reversal",
    "Share", "certainty", "fold_name", "fold_number", "has_legal_form", "match", "match_return", "told_by_ledger",
]  # fmt: skip


class OpenItem(NamedTuple):
    """An item with what is open on it: above zero for an invoice, below for a credit note, zero once settled.

    `reference` is what the invoice asks the payer to quote. Paid in full by `discount_until`, `discount_percent` of its
    total is let off.
    """

    id: int
    customer: int
    number: str
    currency: str
    open: int
    due: date
    total: int
    po_number: str = ""
    reference: str = ""
    discount_percent: Decimal | None = None
    discount_until: date | None = None


class Payer(NamedTuple):
    """What is known of a customer as a payer: the names it uses and the accounts it has paid from."""

    customer: int
    names: tuple[str, ...]
    ibans: tuple[str, ...] = ()
    tax_id: str = ""


class Certainty(StrEnum):
    """How sure a reading is that was not booked unasked."""

    STRONG = "strong"  # the payer is told firmly, and the amount fits
    FAIR = "fair"
    PAYER = "payer"  # whose the money is, though not what it pays


def certainty(rules: Collection[str]) -> Certainty:
    """How sure a proposal is, from the rules of its reasons."""
    if not rules or not _NO_ITEM.isdisjoint(rules):
        return Certainty.PAYER
    firm = not _FIRM.isdisjoint(rules) and not _FITTING.isdisjoint(rules) and _DOUBTS.isdisjoint(rules)
    return Certainty.STRONG if firm else Certainty.FAIR


_NO_ITEM: Final = frozenset(("no_item", "other_currency"))
_FIRM: Final = frozenset(("number", "reference", "order", "run", "cut_number", "iban", "tax_id"))
_FITTING: Final = frozenset(("exact", "one_amount", "whole_balance", "discount"))
_DOUBTS: Final = frozenset((
    "other_name", "faint_number", "unknown_number", "several_customers", "already_paid", "told_otherwise", "whose_else",
))  # fmt: skip


class Received(NamedTuple):
    """A statement line in minor units: above zero for money in. Without `booked_on` no discount is in time."""

    amount: int
    currency: str
    name: str = ""
    iban: str = ""
    text: str = ""
    reference: str = ""
    end_to_end: str = ""
    booked_on: date | None = None


class Share(NamedTuple):
    """The part of a payment set against one item; below zero for a credit note used up.

    `let_off` is the discount for early payment that goes with it: no money, and settled all the same.
    """

    item: int
    amount: int
    let_off: int = 0


class Reason(NamedTuple):
    """Why: the sentence `match.<rule>` and what fills it."""

    rule: str
    params: Mapping[str, object]


class Match(NamedTuple):
    """One reading of a payment. The shares and `unapplied` add up to the payment; `sure` may be booked unasked.

    `customer` is None when the items of several customers are paid at once. A match without shares says whose the
    money probably is.
    """

    customer: int | None
    shares: tuple[Share, ...]
    unapplied: int
    sure: bool
    reasons: tuple[Reason, ...]


class PastPayment(NamedTuple):
    """A payment booked earlier, as it may come back; the amount is above zero."""

    id: int
    customer: int | None
    amount: int
    currency: str
    booked_on: date
    name: str = ""
    iban: str = ""
    reference: str = ""
    end_to_end: str = ""
    numbers: tuple[str, ...] = ()  # of the items it paid


class Reversal(NamedTuple):
    """An earlier payment that a movement seems to take back; `sure` when no other payment could be meant."""

    payment: int
    amount: int
    sure: bool
    reasons: tuple[Reason, ...]


_MOST_SHOWN: Final = 5


class Index:
    """Open items and payers, arranged for looking up a line at a time.

    It is told of each booking (`book`), so that the next line sees what is still open.
    """

    def __init__(self, items: Iterable[OpenItem], payers: Iterable[Payer]) -> None:
        self.items: dict[int, OpenItem] = {}
        self.open: dict[int, int] = {}
        self.numbers = Numbers()
        self.names = Names()
        self._of: dict[int, list[int]] = {}
        self._owed: dict[tuple[int, str], int] = {}
        self._by_amount: dict[int, dict[tuple[str, int], list[int]]] = {}
        self._ibans: dict[str, set[int]] = {}
        self._tax_ids: dict[str, set[int]] = {}
        for item in items:
            self._add(item)
        for payer in payers:
            for name in payer.names:
                self.names.add(payer.customer, name)
            for iban in payer.ibans:
                self._ibans.setdefault(_account(iban), set()).add(payer.customer)
            for tax_id in _tax_ids(payer.tax_id):
                self._tax_ids.setdefault(tax_id, set()).add(payer.customer)

    def _add(self, item: OpenItem) -> None:
        self.items[item.id] = item
        self.open[item.id] = item.open
        self._of.setdefault(item.customer, []).append(item.id)
        key = item.customer, item.currency
        self._owed[key] = self._owed.get(key, 0) + item.open
        self.numbers.add(item.id, item.number, item.po_number, item.reference)

    def book(self, match: Match) -> None:
        """Take the shares of a booked match off what is open."""
        for share in match.shares:
            item = self.items[share.item]
            before = self.open[share.item]
            left = self.open[share.item] = before - share.amount - share.let_off
            self._owed[item.customer, item.currency] += left - before
            if (amounts := self._by_amount.get(item.customer)) is not None:
                amounts[item.currency, before].remove(share.item)
                amounts.setdefault((item.currency, left), []).append(share.item)

    def reopen(self, item: OpenItem) -> None:
        """An item whose payment came back is open again, also one that was settled when the index was made."""
        if item.id in self.items:
            self._owed[item.customer, item.currency] += item.open - self.open[item.id]
            self.open[item.id] = item.open
        else:
            self._add(item)
        self._by_amount.pop(item.customer, None)

    def learn(self, customer: int, iban: str) -> None:
        """The customer has paid from this account."""
        self._ibans.setdefault(_account(iban), set()).add(customer)

    def owed(self, customer: int, currency: str) -> int:
        """What the customer owes in all, credit notes taken off."""
        return self._owed.get((customer, currency), 0)

    def of_amount(self, customer: int, currency: str, amount: int) -> list[OpenItem]:
        """The customer's items with exactly this amount open, the oldest due first."""
        amounts = self._by_amount.get(customer)
        if amounts is None:
            amounts = self._by_amount[customer] = {}
            for number in self._of.get(customer, ()):
                amounts.setdefault((self.items[number].currency, self.open[number]), []).append(number)
        return self.oldest_first(amounts.get((currency, amount), ()))

    def of_customer(self, customer: int, currency: str) -> list[OpenItem]:
        """All the customer still has open in this currency, the oldest due first."""
        return self.oldest_first(
            number
            for number in self._of.get(customer, ())
            if self.open[number] and self.items[number].currency == currency
        )

    def oldest_first(self, numbers: Iterable[int]) -> list[OpenItem]:
        return sorted((self.items[number] for number in numbers), key=_age)

    def with_iban(self, iban: str) -> set[int]:
        return self._ibans.get(_account(iban), set()) if iban else set()

    def with_tax_id(self, text: str) -> set[int]:
        """The customers whose tax number stands in the text."""
        if not self._tax_ids:
            return set()
        words = [key for word in capitals(text).split() for key in _tax_ids(word)]
        return {customer for word in words for customer in self._tax_ids.get(word, ())}


def _age(item: OpenItem) -> tuple[date, int]:
    return item.due, item.id


def _account(iban: str) -> str:
    return "".join(iban.split()).upper()


def _tax_ids(tax_id: str) -> Iterator[str]:
    """With and without the country: `ESB12345674`, `B12345674`."""
    together = compact(tax_id)
    if len(together) < 6:
        return
    yield together
    if together[:2].isalpha() and len(together) > 7:
        yield together[2:]


class _Standing(IntEnum):
    """What the line says of its payer, held against one customer."""

    OTHER = 0
    UNKNOWN = 1
    KNOWN = 2


class _Ranked(NamedTuple):
    weight: int
    match: Match


def match(received: Received, index: Index) -> tuple[Match, ...]:
    """What the payment may settle, the best reading first; empty when it says nothing of any customer.

    Only a reading that is `sure` may be booked unasked; then it is the only one.
    """
    if received.amount <= 0:
        return ()
    found, unknown = _named(received, index)
    ranked = _by_number(received, found, index)
    if len(ranked) == 1 and ranked[0].match.sure:
        if _explained(ranked[0].match, index):
            return (ranked[0].match,)
        more = _more_than_named(received, found, index)
        if not more and not _perhaps_more(received, ranked[0].match, index):
            return (ranked[0].match,)
        ranked = [*more, _unsure(ranked[0])]
    else:
        ranked += _more_than_named(received, found, index)
    if not any(reading.match.sure for reading in ranked):
        ranked += _by_payer(received, index, {number for name in found for number in name.ids}, unknown)
    ranked.sort(key=lambda reading: (not reading.match.sure, -reading.weight))
    if ranked and ranked[0].match.sure:
        return (ranked[0].match,)
    readings: dict[tuple[object, ...], Match] = {}
    for reading in ranked:
        readings.setdefault((reading.match.customer, reading.match.shares), reading.match)
    return tuple(readings.values())[:_MOST_SHOWN]


_MOST_OVER: Final = 4  # of a payment more than one part in so many is not paid by mistake


def _perhaps_more(received: Received, match: Match, index: Index) -> bool:
    """Whether the text means more items than it names one by one: from this to that, or a list that was cut off."""
    named = [index.items[share.item] for share in match.shares]
    others = index.of_customer(named[0].customer, received.currency)
    return (
        match.unapplied * _MOST_OVER > received.amount
        or index.numbers.run_in(received.text) is not None
        or (match.unapplied > 0 and _list_was_cut(received.text, named, others))
    )


def _explained(match: Match, index: Index) -> bool:
    """Whether the items named are exactly what was paid."""
    return not match.unapplied and all(share.amount + share.let_off == index.open[share.item] for share in match.shares)


def _unsure(reading: _Ranked) -> _Ranked:
    return reading._replace(match=reading.match._replace(sure=False))


def _named(received: Received, index: Index) -> tuple[list[Found], str]:
    """The items named by the reference, in the text, or, failing these, by the payer's own identifier."""
    found: list[Found] = []
    if received.reference and (ids := index.numbers.exactly(received.reference)):
        found.append(Found(ids, Level.CLEAR, "reference"))
    in_text, unknown = index.numbers.in_text(received.text) if received.text else ([], "")
    found += in_text
    if not found and received.end_to_end:
        ids = index.numbers.exactly(received.end_to_end)
        if ids and len(received.end_to_end) >= LONG:
            found.append(Found(ids, Level.PLAIN, "reference"))
    if not found and not unknown and index.numbers.is_reference(received.reference):
        unknown = received.reference
    return (found if len(found) < 2 else list(dict.fromkeys(found))), unknown


def _by_number(received: Received, found: list[Found], index: Index) -> list[_Ranked]:
    """Readings by the items named; whoever is named most firmly owns what is named less firmly."""
    if not found:
        return []
    if plain := _pays(received, found, index):
        return [plain]
    if len(found) == 1 and len(found[0].ids) == 1:
        return [_settle(received, index.items[found[0].ids[0]].customer, found, index, alone=True)]
    best = max(name.level for name in found)
    firm = {index.items[number].customer for name in found if name.level == best for number in name.ids}
    found = [
        name._replace(ids=tuple(number for number in name.ids if index.items[number].customer in firm))
        for name in found
    ]
    found = [name for name in found if name.ids and (name.level > Level.ORDER or best == Level.ORDER)]
    pinned = {owners[0] for name in found if len(owners := _owners(name, index)) == 1}
    if pinned:
        found = [
            name._replace(
                ids=tuple(number for number in name.ids if index.items[number].customer in pinned) or name.ids
            )
            for name in found
        ]
    customers = list(dict.fromkeys(index.items[number].customer for name in found for number in name.ids))
    if len(customers) == 1:
        return [_settle(received, customers[0], found, index, alone=True)]
    if not pinned:  # one number that several customers have: the payer may tell
        meant = [customer for customer in customers if _standing(received, customer, index) == _Standing.KNOWN]
        if len(meant) == 1:
            return [_settle(received, meant[0], found, index, alone=True)]
    readings = [_settle(received, customer, found, index, alone=False) for customer in customers[:_MOST_SHOWN]]
    together = _across(received, found, index) if len(pinned) == len(customers) else None
    return [together, *readings] if together else readings


def _owners(name: Found, index: Index) -> list[int]:
    return list(dict.fromkeys(index.items[number].customer for number in name.ids))


def _across(received: Received, found: list[Found], index: Index) -> _Ranked | None:
    """The named items of several customers, when they are exactly what was paid."""
    items = index.oldest_first({number for name in found for number in name.ids})
    shares = tuple(Share(item.id, index.open[item.id]) for item in items if index.open[item.id])
    if any(item.currency != received.currency for item in items) or sum(s.amount for s in shares) != received.amount:
        return None
    numbers = [item.number for item in items]
    reasons = (_naming("number", numbers), Reason("several_customers", {}), Reason("exact", {}))
    return _Ranked(6, Match(None, shares, 0, False, reasons))


def _pays(received: Received, found: list[Found], index: Index) -> _Ranked | None:
    """The plainest of readings: items of one customer are named, each once, and paid is exactly what is open on them.

    The same as `_settle` would say, without looking for what else could be meant: nothing else is as good.
    """
    first = index.items[found[0].ids[0]]
    items, total, level = [], 0, found[0].level
    for name in found:
        item = index.items[name.ids[0]]
        open_ = index.open[item.id]
        if len(name.ids) > 1 or open_ <= 0 or item.customer != first.customer or item.currency != received.currency:
            return None
        items.append(item)
        total += open_
        level = min(level, name.level)
    if total != received.amount:
        return None
    if len(items) > 1:
        if level == Level.ORDER or len({item.id for item in items}) < len(items):
            return None
        items.sort(key=_age)
    standing = _standing(received, first.customer, index)
    doubts = _doubts(received, first.customer, standing, level, index)
    reasons = (*_by_which(found, index), Reason("exact", {}), *doubts)
    shares = tuple([Share(item.id, index.open[item.id]) for item in items])
    sure = _may_book(level, standing, exact=True, paid=False) and not _contradicted(doubts)
    return _Ranked(5, Match(first.customer, shares, 0, sure, reasons))


def _doubts(received: Received, customer: int, standing: _Standing, level: Level, index: Index) -> list[Reason]:
    """What speaks against a reading by number."""
    doubts = []
    if standing == _Standing.OTHER:
        if received.name:
            doubts.append(Reason("other_name", {"name": received.name}))
        if other := _owes_this(received, customer, index):
            doubts.append(Reason("whose_else", {"numbers": other.number}))
    if level == Level.FAINT:
        doubts.append(Reason("faint_number", {}))
    return doubts


def _owes_this(received: Received, customer: int, index: Index) -> OpenItem | None:
    """An item of exactly this amount that the payer owes, who is known and is another customer: a number mistyped."""
    payers = index.with_iban(received.iban) or {name.customer for name in index.names.like(received.name)}
    for payer in sorted(payers - {customer}):
        if items := index.of_amount(payer, received.currency, received.amount):
            return items[0]
    return None


def _contradicted(doubts: Iterable[Reason]) -> bool:
    return any(doubt.rule == "whose_else" for doubt in doubts)


def _settle(received: Received, customer: int, found: list[Found], index: Index, *, alone: bool) -> _Ranked:
    """What the payment does to the named items of one customer; sure only when nothing speaks against it."""
    amount, currency = received.amount, received.currency
    named = [name for name in (_of_customer(name, customer, index) for name in found) if name.ids]
    items = index.oldest_first({number for name in named for number in name.ids})
    reasons = _by_which(named, index)
    if not alone:
        reasons.append(Reason("several_customers", {}))
    usable = [item for item in items if item.currency == currency]
    if not usable:
        reasons.append(Reason("other_currency", {"currency": items[0].currency}))
        return _Ranked(2, Match(customer, (), amount, False, tuple(reasons)))
    open_ = [(item, index.open[item.id]) for item in usable]
    paid = [item.number for item, left in open_ if not left]
    if paid:
        reasons.append(_naming("already_paid", paid))
    invoices = [item for item, left in open_ if left > 0]
    credits_named = [item for item, left in open_ if left < 0]
    if not invoices:
        reasons.append(Reason("no_item", {}))
        return _Ranked(2, Match(customer, (), amount, False, tuple(reasons)))

    exact, chosen = _exactly(amount, invoices, credits_named, index, customer, currency, one_number=len(named) == 1)
    if exact:
        shares = tuple([Share(item.id, index.open[item.id]) for item in exact])
        used = [item.number for item in exact if index.open[item.id] < 0]
        reasons += [_naming("credit", used)] if used else []
        reasons.append(Reason("exact", {}) if chosen else Reason("one_of_several", {}))
        unapplied = 0
    elif (early := _with_discount(received, [*invoices, *credits_named], index)) and not paid:
        exact, shares, unapplied = invoices, early, 0
        off = sum(share.let_off for share in early)
        reasons.append(Reason("discount", {"off": Money(off, currency)}))
    else:
        shares, unapplied, reason = _in_order(received, invoices, credits_named, index)
        used = [item.number for item in credits_named if any(share.item == item.id for share in shares)]
        reasons += [_naming("credit", used)] if used else []
        reasons.append(reason)

    level = _least(named, usable)
    standing = _standing(received, customer, index)
    doubts = _doubts(received, customer, standing, level, index)
    reasons += doubts
    sure = alone and chosen and _may_book(level, standing, exact=bool(exact), paid=bool(paid))
    shared = any(len({index.items[number].number for number in name.ids}) > 1 for name in named)
    sure = sure and not _contradicted(doubts) and (bool(exact) or not shared)
    weight = 5 if exact else 2 if standing == _Standing.OTHER else 4
    return _Ranked(weight, Match(customer, shares, unapplied, sure, tuple(reasons)))


def _with_discount(received: Received, items: list[OpenItem], index: Index) -> tuple[Share, ...]:
    """The shares when the payment is exactly what is open less the discounts that are still in time."""
    offs = [_discount(item, received, index) for item in items]
    if not any(offs) or sum(index.open[item.id] for item in items) - sum(offs) != received.amount:
        return ()
    return tuple(Share(item.id, index.open[item.id] - off, off) for item, off in zip(items, offs, strict=True))


def _discount(item: OpenItem, received: Received, index: Index) -> int:
    """What is let off an item that this payment pays whole: nothing of one that was paid in part, or out of time."""
    if item.discount_percent is None or item.discount_until is None or received.booked_on is None:
        return 0
    whole = index.open[item.id] == item.total > 0
    return discount(item.total, item.discount_percent) if whole and received.booked_on <= item.discount_until else 0


def _of_customer(name: Found, customer: int, index: Index) -> Found:
    """What a name names of this customer's."""
    if len(name.ids) == 1 and index.items[name.ids[0]].customer == customer:
        return name
    return name._replace(ids=tuple(number for number in name.ids if index.items[number].customer == customer))


def _by_which(named: list[Found], index: Index) -> list[Reason]:
    """The numbers named, one reason for each rule they were found by."""
    if len(named) == 1 and len(named[0].ids) == 1:
        return [_naming(named[0].by, [index.items[named[0].ids[0]].number])]
    numbers: dict[str, dict[str, None]] = {}
    for name in named:
        under = numbers.setdefault(name.by, {})
        for number in name.ids:
            under[index.items[number].number] = None
    return [_naming(rule, list(written)) for rule, written in numbers.items()]


def _least(named: list[Found], items: list[OpenItem]) -> Level:
    """How surely the least sure of the items was named."""
    levels = {name.level for name in named}
    if len(levels) == 1:
        return levels.pop()
    return min(max(name.level for name in named if item.id in name.ids) for item in items)


def _may_book(level: Level, standing: _Standing, *, exact: bool, paid: bool) -> bool:
    """Whether a number alone is enough: the less it says, the more amount and payer must agree."""
    if level == Level.ORDER:
        return exact and standing == _Standing.KNOWN
    if exact:
        return level >= Level.PLAIN or standing > _Standing.OTHER
    if paid:
        return False
    return standing >= {Level.CLEAR: _Standing.UNKNOWN, Level.PLAIN: _Standing.KNOWN}.get(level, 3)


def _exactly(
    amount: int,
    invoices: list[OpenItem],
    credits_named: list[OpenItem],
    index: Index,
    customer: int,
    currency: str,
    *,
    one_number: bool,
) -> tuple[list[OpenItem], bool]:
    """The items whose open amounts are together exactly the payment, and whether there is only one such choice."""
    total = sum(index.open[item.id] for item in invoices)
    if total == amount:
        return invoices, True
    if credits_named and total + sum(index.open[item.id] for item in credits_named) == amount:
        return [*invoices, *credits_named], True
    if one_number:  # instalments share their invoice's number
        single = [item for item in invoices if index.open[item.id] == amount]
        if single:
            return single[:1], len(single) == 1
    if amount < total:
        notes = [item for item in index.of_customer(customer, currency) if index.open[item.id] < 0]
        choices = [
            list(choice) for choice in _choices(notes) if sum(index.open[i.id] for i in choice) == amount - total
        ]
        if choices:
            return [*invoices, *choices[0]], len(choices) == 1
    return [], True


def _choices(notes: list[OpenItem]) -> Iterator[tuple[OpenItem, ...]]:
    """Each credit note, each two, all: what a person would try; more would explain any amount."""
    yield from ((item,) for item in notes)
    if len(notes) <= 12:
        yield from combinations(notes, 2)
    if len(notes) > 2:
        yield tuple(notes)


def _in_order(
    received: Received, invoices: list[OpenItem], credits_named: list[OpenItem], index: Index
) -> tuple[tuple[Share, ...], int, Reason]:
    """Credit notes named are used up, then the oldest due invoice is paid first; what is left over stays unapplied."""
    amount, currency = received.amount, received.currency
    credit = -sum(index.open[item.id] for item in credits_named)
    total = sum(index.open[item.id] for item in invoices)
    if credit >= total:  # more credit than invoices: nothing here says what was meant to be paid
        credit, credits_named = 0, []
    shares = [Share(item.id, index.open[item.id]) for item in credits_named]
    left = amount + credit
    for item in invoices:
        part = min(left, index.open[item.id])
        if part:
            shares.append(Share(item.id, part))
        left -= part
    if left:
        late = received.booked_on is not None and all(item.due < received.booked_on for item in invoices)
        rule = "interest" if late and left * _INTEREST <= total else "over"
        return tuple(shares), left, Reason(rule, {"rest": Money(left, currency)})
    rest = total - credit - amount
    rule = "fee" if _like_a_fee(rest, amount, currency) else "part"
    return tuple(shares), 0, Reason(rule, {"rest": Money(rest, currency)})


# A bank on the way keeps at most this, in whole units of the currency and as a part of what it passes on.
_FEE: Final = 50
_FEE_PART: Final = 20
# What is paid beyond an overdue invoice is like interest up to this part of it.
_INTEREST: Final = 10


def _like_a_fee(rest: int, amount: int, currency: str) -> bool:
    return 0 < rest <= _FEE * 10 ** exponent(currency) and rest * _FEE_PART <= amount


# --- more than the text could say ------------------------------------------------------------------------------------


def _more_than_named(received: Received, found: list[Found], index: Index) -> list[_Ranked]:
    """Readings of a text that names a run of invoices, or that the bank cut off: what is named and exactly the rest."""
    if not received.text:
        return []
    if several := _listed(received, index) or _run(received, index):
        return [several]
    owners = {index.items[number].customer for name in found for number in name.ids}
    if len(owners) > 1:
        return []
    named = index.oldest_first({number for name in found if name.level > Level.ORDER for number in name.ids})
    named = [item for item in named if index.open[item.id] > 0 and item.currency == received.currency]
    if bool(named) != bool(found):
        return []
    rest = received.amount - sum(index.open[item.id] for item in named)
    if rest <= 0:
        return []
    if (cut := _cut(received, named, rest, owners, index)) is not None:
        return [cut]
    return _unnamed_rest(received, named, index.items[found[-1].ids[0]], rest, index) if named else []


def _run(received: Received, index: Index) -> _Ranked | None:
    """The items from one number to another that one customer owes, when they are exactly what was paid."""
    run = index.numbers.run_in(received.text)
    if run is None:
        return None
    of = {
        customer: [
            item
            for item in index.of_customer(customer, received.currency)
            if index.open[item.id] > 0 and run.holds(item.number)
        ]
        for customer in {index.items[number].customer for number in run.ends}
    }
    return _the_one_that_fits("run", received, of, index)


def _listed(received: Received, index: Index) -> _Ranked | None:
    """The items of a list that writes its series once, when they are exactly what was paid."""
    listed = index.numbers.list_in(received.text)
    of: dict[int, list[OpenItem]] = {}
    for item in index.oldest_first({number for ids in listed for number in ids}):
        if item.currency == received.currency and index.open[item.id] > 0:
            of.setdefault(item.customer, []).append(item)
    return _the_one_that_fits(
        "number", received, {customer: items for customer, items in of.items() if len(items) == len(listed)}, index
    )


def _the_one_that_fits(rule: str, received: Received, of: Mapping[int, list[OpenItem]], index: Index) -> _Ranked | None:
    """The items of the one customer of whom they are exactly what was paid."""
    fitting = [
        (customer, items)
        for customer, items in of.items()
        if len(items) > 1 and sum(index.open[item.id] for item in items) == received.amount
    ]
    if len(fitting) != 1:
        return None
    ((customer, items),) = fitting
    standing = _standing(received, customer, index)
    doubts = _doubts(received, customer, standing, Level.CLEAR, index)
    reasons = (_naming(rule, [item.number for item in items]), Reason("exact", {}), *doubts)
    shares = tuple(Share(item.id, index.open[item.id]) for item in items)
    sure = standing > _Standing.OTHER
    return _Ranked(5, Match(customer, shares, 0, sure, reasons))


def _cut(received: Received, named: list[OpenItem], rest: int, owners: Collection[int], index: Index) -> _Ranked | None:
    """The one item whose number begins as the text ends and that is exactly the rest, of who is named or who paid."""
    customers = sorted(owners or _payers(received, index))
    there = {item.id for item in named}
    fitting = [
        (item, lost)
        for customer in customers
        for item in index.of_amount(customer, received.currency, rest)
        if item.id not in there and (lost := cut_off(item.number, received.text))
    ]
    if len(fitting) != 1:
        return None
    ((item, lost),) = fitting
    standing = _standing(received, item.customer, index)
    reasons = [_naming("number", [one.number for one in named])] if named else []
    reasons += [_naming("cut_number", [item.number]), Reason("exact", {})]
    reasons += _doubts(received, item.customer, standing, Level.CLEAR, index)
    shares = tuple(Share(one.id, index.open[one.id]) for one in (*named, item))
    sure = (standing == _Standing.KNOWN and (lost <= _MOST_LOST or bool(named))) or index.with_iban(received.iban) == {
        item.customer
    }
    return _Ranked(5, Match(item.customer, shares, 0, sure, tuple(reasons)))


_MOST_LOST: Final = 2  # letters or digits: a hundred numbers could be meant, and payer and amount tell which


def _payers(received: Received, index: Index) -> set[int]:
    """Whom account or name tell."""
    return index.with_iban(received.iban) or {name.customer for name in index.names.like(received.name)}


def _unnamed_rest(received: Received, named: list[OpenItem], last: OpenItem, rest: int, index: Index) -> list[_Ranked]:
    """What is named, and other items of the customer that are exactly the rest.

    Sure only where the bank has plainly cut a list, the payer is known, and nothing else makes the sum.
    """
    customer = named[0].customer
    there = {item.id for item in named}
    others = [item for item in index.of_customer(customer, received.currency) if item.id not in there]
    choices = _following(last, others, rest, index)
    choices += [choice for choice in _summing(others, rest, index) if choice not in choices]
    standing = _standing(received, customer, index)
    sure = len(choices) == 1 and standing == _Standing.KNOWN and _list_was_cut(received.text, named, others)
    sure = sure and (len(named) > 1 or not compact(received.text).endswith(compact(last.number)))
    sure = sure and _only_these({item.id for item in choices[0]}, others, index)
    rules = (_naming("number", [item.number for item in named]), Reason("rest_exact", {"n": len(choices)}))
    reasons = (*rules, *_doubts(received, customer, standing, Level.CLEAR, index))
    return [
        _Ranked(5, Match(customer, tuple(Share(i.id, index.open[i.id]) for i in (*named, *choice)), 0, sure, reasons))
        for choice in choices[:_MOST_CHOICES]
    ]


def _following(last: OpenItem, others: list[OpenItem], rest: int, index: Index) -> list[list[OpenItem]]:
    """The items whose numbers come next after the last one named, when so many of them are exactly the rest."""
    after = sorted(
        (item for item in others if index.open[item.id] > 0 and in_order(item.number) > in_order(last.number)),
        key=lambda item: in_order(item.number),
    )
    for many, total in enumerate(accumulate(index.open[item.id] for item in after), 1):
        if total >= rest:
            return [after[:many]] if total == rest and many > 1 else []
    return []


def _list_was_cut(text: str, named: list[OpenItem], others: list[OpenItem]) -> bool:
    """Whether the text is as long as banks let it be and ends within a list of numbers."""
    if len(text) not in _CUT_AT:
        return False
    together = compact(text)
    return (
        not text[-1].isalnum()
        or any(together.endswith(compact(item.number)) for item in named)
        or any(cut_off(item.number, text, 1) for item in others)
    )


def _only_these(chosen: Collection[int], items: list[OpenItem], index: Index) -> bool:
    """Whether none of the items chosen could be another one of the same amount."""
    left_out = {index.open[item.id] for item in items if item.id not in chosen}
    return not any(index.open[number] in left_out for number in chosen)


# Where banks cut: four lines of 35 characters, with the space at the end of a line taken away.
_CUT_AT: Final = frozenset((34, 35, 69, 70, 104, 105, 139, 140))
_MOST_CHOICES: Final = 3
_MOST_TRIED: Final = 24  # items of one customer of which two and three are added up


def _summing(items: list[OpenItem], amount: int, index: Index) -> list[list[OpenItem]]:
    """The items that are together exactly an amount: the first so many by due day or by number, or up to three."""
    positive = [item for item in items if index.open[item.id] > 0]
    opens = [index.open[item.id] for item in positive]
    choices: dict[tuple[int, ...], list[OpenItem]] = {}
    by_number = sorted(positive, key=lambda item: in_order(item.number))
    for ordered in (positive, by_number):
        for many, total in enumerate(accumulate(index.open[item.id] for item in ordered), 1):
            if total == amount:
                choices.setdefault(tuple(sorted(item.id for item in ordered[:many])), ordered[:many])
    if len(positive) <= _MOST_TRIED:
        for many in (1, 2, 3):
            for places in combinations(range(len(positive)), many):
                if sum([opens[place] for place in places]) == amount:
                    chosen = [positive[place] for place in places]
                    choices.setdefault(tuple(sorted(item.id for item in chosen)), chosen)
    if len(items) > len(positive) and sum(index.open[item.id] for item in items) == amount:
        choices.setdefault(tuple(sorted(item.id for item in items)), items)
    return list(choices.values())


# --- who seems to have paid ------------------------------------------------------------------------------------------


def _standing(received: Received, customer: int, index: Index) -> _Standing:
    owners = index.with_iban(received.iban)
    if customer in owners:
        return _Standing.KNOWN
    if received.name and index.names.of(customer, received.name):
        return _Standing.KNOWN
    if owners or (received.name and index.names.known(customer)):
        return _Standing.OTHER
    return _Standing.UNKNOWN


def _by_payer(received: Received, index: Index, named: Collection[int], unknown: str) -> list[_Ranked]:
    """Readings by who seems to have paid: the account first, then the tax number, then the name.

    None that settles other items than the text names is sure.
    """
    owners = index.with_iban(received.iban)
    evidence: dict[int, list[Reason]] = {
        customer: [Reason("iban", {"iban": received.iban})] for customer in sorted(owners)
    }
    for customer in sorted(index.with_tax_id(received.text)):
        evidence.setdefault(customer, []).append(Reason("tax_id", {}))
    if received.name:
        for name in index.names.like(received.name):
            reason = Reason("name", {"name": received.name, "known": name.shown})
            evidence.setdefault(name.customer, []).append(reason)
    for name in index.names.in_text(received.text):
        evidence.setdefault(name.customer, []).append(Reason("name_in_text", {"known": name.shown}))
    hinted = _hinted(received, evidence, index, unknown)
    if hinted and (not named or hinted.match.shares[0].item in named):
        return [hinted]
    readings = [_unsure(hinted)] if hinted else []
    readings += [
        reading
        for customer, reasons in evidence.items()
        for reading in _by_amount(received, customer, reasons, index, unknown)
    ]
    if named or len(owners) != 1:
        return readings
    (owner,) = owners
    explained = [reading for reading in readings if reading.match.shares]
    if len(explained) != 1 or explained[0].match.customer != owner:
        return readings
    rules = _rules(explained[0])
    if "unknown_number" in rules or _ALONE.isdisjoint(rules):
        return readings
    items, is_round = index.of_customer(owner, received.currency), received.amount % _ROUND == 0
    if "one_amount" in rules:
        untried = is_round and len(items) > _MOST_TRIED
        if untried or len(_summing(items, received.amount, index)) > 1:
            return readings
    elif "whole_balance" not in rules and not _only_these(
        {share.item for share in explained[0].match.shares}, items, index
    ):
        return readings
    if "sum_of" in rules and (is_round or len(items) > _FEW):
        return readings
    return [r._replace(match=r.match._replace(sure=True)) if r is explained[0] else r for r in readings]


_ALONE: Final = frozenset(("one_amount", "whole_balance", "oldest", "sum_of"))
# Sums that nothing but a known account speaks for: among few items only, and not of round amounts, which add up in
# many ways.
_FEW: Final = 8
_ROUND: Final = 10_00


def _rules(reading: _Ranked) -> set[str]:
    return {reason.rule for reason in reading.match.reasons}


def _hinted(received: Received, evidence: Mapping[int, list[Reason]], index: Index, unknown: str) -> _Ranked | None:
    """The one item of this amount of whoever seems to have paid whose last digits stand in the text: `fra 12`.

    Not while the text states a number that ends otherwise.
    """
    if not received.text:
        return None
    fitting = [
        (item, reasons)
        for customer, reasons in evidence.items()
        for item in index.of_amount(customer, received.currency, received.amount)
        if ends_with_one_of(item.number, received.text)
    ]
    if len(fitting) != 1:
        return None
    ((item, reasons),) = fitting
    if unknown and not ends_with_one_of(item.number, unknown):
        return None
    told = (*reasons, _naming("last_digits", [item.number]), Reason("exact", {}))
    return _Ranked(6, Match(item.customer, (Share(item.id, received.amount),), 0, True, told))


def _by_amount(received: Received, customer: int, reasons: list[Reason], index: Index, unknown: str) -> list[_Ranked]:
    """What a customer who seems to be the payer may have paid, told by the amount alone."""
    weight, amount, currency = len(reasons), received.amount, received.currency

    def reading(more: int, shares: tuple[Share, ...], told: Reason) -> _Ranked:
        doubts = [Reason("unknown_number", {"number": unknown})] if unknown else []
        if any(cut_off(index.items[share.item].number, received.text, 1) for share in shares):
            doubts = []  # the number was only cut off
        unapplied = amount - sum(share.amount for share in shares)
        return _Ranked(weight + more, Match(customer, shares, unapplied, False, (*reasons, told, *doubts)))

    if items := index.of_amount(customer, currency, amount):
        told = Reason("one_amount", {}) if len(items) == 1 else Reason("same_amounts", {"n": len(items)})
        return [reading(2, (Share(item.id, amount),), told) for item in items[:_MOST_CHOICES]]
    open_items = index.of_customer(customer, currency)
    if index.owed(customer, currency) == amount:
        shares = tuple(Share(item.id, index.open[item.id]) for item in open_items)
        return [reading(1, shares, Reason("whole_balance", {}))]
    if choices := _summing(open_items, amount, index):
        oldest = len(choices) == 1 and choices[0] == open_items[: len(choices[0])]
        told = Reason("oldest", {}) if oldest else Reason("sum_of", {"n": len(choices)})
        return [
            reading(1, tuple(Share(item.id, index.open[item.id]) for item in choice), told)
            for choice in choices[:_MOST_CHOICES]
        ]
    for item in open_items:
        if early := _with_discount(received, [item], index):
            off = Money(early[0].let_off, currency)
            return [reading(1, early, Reason("discount", {"off": off}))]
    near = [item for item in open_items if _like_a_fee(index.open[item.id] - amount, amount, currency)]
    if len(near) == 1:
        rest = Money(index.open[near[0].id] - amount, currency)
        return [reading(0, (Share(near[0].id, amount),), Reason("fee", {"rest": rest}))]
    return [reading(-1, (), Reason("no_item", {}))]


def _naming(rule: str, numbers: list[str]) -> Reason:
    return Reason(rule, {"n": len(numbers), "numbers": ", ".join(numbers)})


def told_by_ledger(received: Received, in_ledger: Index) -> Match | None:
    """The items a ledger calls paid and this payment names, when it is exactly what pays them."""
    best = next(iter(match(received, in_ledger)), None)
    if best is None or not best.sure or best.unapplied or best.reasons[0].rule not in ("number", "reference"):
        return None
    whole = all(share.amount == in_ledger.open[share.item] for share in best.shares)
    return best if whole else None


def _names_all(text: str, numbers: tuple[str, ...]) -> bool:
    """Whether a text names each of these numbers in full."""
    named = Numbers()
    for place, number in enumerate(numbers):
        named.add(place, number, "")
    found, _ = named.in_text(text)
    there = {place for one in found if one.level >= Level.PLAIN for place in one.ids}
    return bool(numbers) and len(there) == len(numbers)


class PastPayments:
    """Payments booked earlier, arranged for finding the one that comes back; told of each one that did (`book`)."""

    def __init__(self, payments: Iterable[PastPayment]) -> None:
        self.payments: dict[int, PastPayment] = {}
        self._by_end_to_end: dict[str, list[int]] = {}
        self._by_reference: dict[str, list[int]] = {}
        self._by_amount: dict[tuple[str, int], list[int]] = {}
        for payment in payments:
            self.add(payment)

    def add(self, payment: PastPayment) -> None:
        """A payment just booked may come back within the same file."""
        self.payments[payment.id] = payment
        if payment.end_to_end:
            self._by_end_to_end.setdefault(payment.end_to_end, []).append(payment.id)
        if payment.reference:
            self._by_reference.setdefault(fold_number(payment.reference), []).append(payment.id)
        self._by_amount.setdefault((payment.currency, payment.amount), []).append(payment.id)

    def book(self, reversal: Reversal) -> None:
        """This payment has come back; it cannot come back again."""
        del self.payments[reversal.payment]

    def like(self, received: Received) -> Iterator[tuple[str, list[PastPayment]]]:
        """The payments that could be meant, rule by rule, the surest rule first, the newest payment first."""
        by_amount = self._still_there(self._by_amount.get((received.currency, -received.amount), ()))
        if received.end_to_end:
            yield "return_end_to_end", self._still_there(self._by_end_to_end.get(received.end_to_end, ()))
        if received.reference:
            yield "return_reference", self._still_there(self._by_reference.get(fold_number(received.reference), ()))
        if received.iban:
            account = _account(received.iban)
            yield "return_iban", [payment for payment in by_amount if _account(payment.iban) == account]
        if received.text:
            yield "return_number", [payment for payment in by_amount if _names_all(received.text, payment.numbers)]
        if received.name:
            yield "return_name", [payment for payment in by_amount if same_name(payment.name, received.name)]

    def _still_there(self, numbers: Iterable[int]) -> list[PastPayment]:
        there = [self.payments[number] for number in numbers if number in self.payments]
        return sorted(there, key=lambda payment: (payment.booked_on, payment.id), reverse=True)


def match_return(received: Received, past: PastPayments) -> tuple[Reversal, ...]:
    """Which earlier payments a negative movement may take back, the best first.

    Sure when exactly one payment has this identifier, reference or account, and exactly this amount; a name and an
    amount are only a proposal. Nothing is proposed that is smaller than what came back.
    """
    if received.amount >= 0:
        return ()
    for rule, payments in past.like(received):
        fitting = [
            payment
            for payment in payments
            if payment.currency == received.currency and payment.amount >= -received.amount
        ]
        if not fitting:
            continue
        exact = [payment for payment in fitting if payment.amount == -received.amount]
        candidates = exact or fitting
        sure = len(exact) == 1 and rule != "return_name"
        reasons = [Reason(rule, {})]
        if len(candidates) > 1:
            reasons.append(Reason("return_several", {"n": len(candidates)}))
        if not exact:
            reasons.append(Reason("return_part", {}))
        return tuple(
            Reversal(payment.id, -received.amount, sure, tuple(reasons)) for payment in candidates[:_MOST_SHOWN]
        )
    return ()

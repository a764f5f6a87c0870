"""Makes two customers one, when a person says that they are the same, and two again when that was a mistake.

Every row that points at the one points at the other from then on; nothing that was said, booked or agreed is lost. How
the rows stood is kept beside, so that it can be undone to the letter as long as nothing since rests on both.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db import models, transaction
from django.db.models import Max, Q

from amable.agreements.models import Dispute, DisputeItem, Plan, PlanItem, Promise, PromiseItem
from amable.banking.models import BankLine, PayerAccount, Proposal
from amable.core.delivery import IN_HAND, OPEN, State
from amable.core.duplicates import RefusedError, differing_tax_ids
from amable.core.money import Money
from amable.core.payer_names import same_name
from amable.core.receivables import open_amount
from amable.correspondence.models import Message, MessageItem
from amable.correspondence.outbox import TO_CUSTOMERS
from amable.dunning.actions import MONEY, TOLD
from amable.dunning.models import Ask, Hold, Look
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import queries
from amable.ledger.actions import books, how_settled, look_again
from amable.ledger.corrections import CONTACT, also_refused
from amable.ledger.intake import Came
from amable.ledger.models import Allocation, Apart, Contact, Correction, Customer, Item, Merged, Note, Payment
from amable.organisation.bulk import these
from amable.organisation.models import Creditor

# What points at a customer and can point at another instead.
MOVED: Final = (Item, Payment, Note, Promise, Dispute, Plan, Hold, Message, BankLine, PayerAccount, Merged)
# What there is one of for each customer, or for each customer and something else.
ONE_EACH: Final = (Contact, Correction, Ask, Look, Apart)
# What points at an item.
ABOUT_ITEMS: Final = (Allocation, MessageItem, PromiseItem, DisputeItem, PlanItem, Proposal)

_TOGETHER: Final = (
    ("tax_id",), ("kind",), ("country", "region", "timezone"), ("segment",), ("address",),
    ("manager_name", "manager_email"), ("payment_method",),
)  # fmt: skip
_AGREED: Final = ((Promise, PromiseItem, "promise"), (Dispute, DisputeItem, "dispute"), (Plan, PlanItem, "plan"))
_OF_TWIN: Final = ("allocated", "open", "cycle", "settled_on", "settled_in_run", "settled_by")
_COMPARED: Final = ("currency", "total", "ledger_open", "allocated", "open", "cycle")


@dataclass(slots=True)
class _Kept:
    """How the rows stood before, by the names of their models; all of it JSON values.

    `moved` are the numbers of rows that changed their customer, `aside` rows that were taken out, `made` the numbers of
    rows put in. `facts` is what was filled in of the customer that stays, and `people` of its contacts (by number):
    what stood and what stands. `last_payment` is the highest number a payment had.
    """

    customer: dict[str, Any]
    last_payment: int
    moved: dict[str, list[int]] = field(default_factory=dict)
    aside: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    made: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    facts: dict[str, list[Any]] = field(default_factory=dict)
    people: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    twins: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> str:
        """All of it as text."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, ensure_ascii=False)


# --- one customer ----------------------------------------------------------------------------------------------------


@transaction.atomic
def merge(stays: Customer, goes: Customer, *, today: date, now: datetime, by: str) -> Merged:
    """Say that a customer is the same as another, which stays; raises RefusedError where they cannot be one."""
    creditor = stays.creditor
    books(creditor)
    stays, goes = _both(creditor, stays, goes)
    if differing_tax_ids(stays.tax_id, goes.tax_id):
        raise RefusedError("tax_ids", one=stays.tax_id, other=goes.tax_id)
    _decide_anew(creditor, [stays.pk, goes.pk], today)
    highest = Payment.objects.filter(creditor=creditor).aggregate(highest=Max("pk"))["highest"]
    kept = _Kept(_plain(goes), highest or 0)
    _join_twins(creditor, stays, goes, kept)
    for model in MOVED:
        mine = model.objects.filter(creditor=creditor, customer=goes.pk)
        kept.moved[model.__name__] = list(mine.order_by("pk").values_list("pk", flat=True))
        mine.update(customer=stays.pk)
    _join_people(stays, goes, kept)
    _join_facts(stays, goes, kept, now, by)
    _join_others(creditor, stays, goes, kept)
    goes.delete()
    merged = Merged.objects.create(
        creditor=creditor, customer=stays, was=kept.customer["id"], key=goes.key, keyed_by=goes.keyed_by,
        name=goes.name, tax_id=goes.tax_id, merged_on=today, merged_at=now, merged_by=by, kept=kept.as_json(),
    )  # fmt: skip
    facts: dict[str, object] = {"customer": stays.pk, "was": merged.was, "merged": merged.pk}
    facts |= {"items": len(kept.moved["Item"]), "payments": len(kept.moved["Payment"]), "twins": len(kept.twins)}
    personal = {"by": by, "key": goes.key, "name": goes.name} | ({"tax_id": goes.tax_id} if goes.tax_id else {})
    log.record(creditor, [Event("customer.merged", today, facts, personal)])
    look_again(creditor, [stays.pk], today)
    return merged


def _both(creditor: Creditor, stays: Customer, goes: Customer) -> tuple[Customer, Customer]:
    if stays.pk == goes.pk:
        raise RefusedError("same")
    rows = Customer.objects.select_for_update().filter(creditor=creditor, pk__in=[stays.pk, goes.pk]).order_by("pk")
    found = {customer.pk: customer for customer in rows}
    if len(found) != 2:
        raise RefusedError("gone")
    return found[stays.pk], found[goes.pk]


def _decide_anew(creditor: Creditor, customers: Collection[int], today: date) -> None:
    """Take back what was proposed or approved for them and has not left: it was decided for others than they are now.

    Raises RefusedError when a message is just leaving.
    """
    waiting = Message.objects.select_for_update().filter(creditor=creditor, customer__in=these(customers))
    listed = list(waiting.filter(state__in=OPEN | IN_HAND).order_by("pk").values_list("pk", "key", "slot", "state"))
    if any(state in IN_HAND for *_, state in listed):
        raise RefusedError("leaving")
    decided = [(pk, key) for pk, key, slot, _ in listed if not slot.startswith((MONEY, TOLD))]
    ids = these([pk for pk, _ in decided])
    MessageItem.objects.filter(creditor=creditor, message__in=ids).update(withdrawn=True)
    Message.objects.filter(creditor=creditor, pk__in=ids).update(state=State.WITHDRAWN)
    told = ({"message": key, "rules": ["customers_joined"]} for _, key in decided)
    log.record(creditor, [Event("message.withdrawn", today, facts) for facts in told])


# --- the same invoice at both ----------------------------------------------------------------------------------------


def _join_twins(creditor: Creditor, stays: Customer, goes: Customer, kept: _Kept) -> None:
    """Make one of each item that the ledger gave to both; that the amounts agree is asked before anything changes."""
    mine, theirs = (
        {(item.source, item.number, item.instalment): item for item in items}
        for items in (Item.objects.filter(creditor=creditor, customer=one) for one in (stays, goes))
    )
    twins = [(mine[identity], theirs[identity]) for identity in theirs if identity in mine]
    for one, other in twins:
        if (one.currency, one.total) != (other.currency, other.total):
            amounts = {"one": Money(one.total, one.currency), "other": Money(other.total, other.currency)}
            raise RefusedError("invoices_differ", number=one.number, **amounts)
        if abs(one.allocated + other.allocated) > abs(one.total):
            raise RefusedError("paid_twice", number=one.number)
    for one, other in twins:
        fresher = other if one.missing_since and not other.missing_since else one  # the ledger's present word
        kept.twins.append(_join_items(fresher, one if fresher is other else other, kept))


def _join_items(item: Item, twin: Item, kept: _Kept) -> dict[str, Any]:
    """What was set against the twin, said and agreed of it is the item's; how they stood."""
    creditor = item.creditor_id
    facts: dict[str, Any] = {"stays": item.pk, "goes": _plain(twin), "before": _some(item, _OF_TWIN), "rows": {}}
    told = MessageItem.objects.filter(creditor=creditor, item=item, withdrawn=False)
    said = set(told.values_list("step", "cycle", "occurrence"))
    facts["occurrences"] = {}
    for row in MessageItem.objects.filter(creditor=creditor, item=twin, withdrawn=False).order_by("pk"):
        before = row.occurrence
        while (row.step, row.cycle, row.occurrence) in said:  # the customer was told twice
            row.occurrence += 1
        said.add((row.step, row.cycle, row.occurrence))
        if row.occurrence != before:
            facts["occurrences"][str(row.pk)] = before
            row.save(update_fields=("occurrence",))
    of_item = Proposal.objects.filter(creditor=creditor, item=item).values("line")
    _set_aside(Proposal.objects.filter(creditor=creditor, item=twin, line__in=of_item), kept)
    for model in ABOUT_ITEMS:
        mine = model.objects.filter(creditor=creditor, item=twin.pk)
        facts["rows"][model.__name__] = list(mine.order_by("pk").values_list("pk", flat=True))
        mine.update(item=item.pk)
    twin.delete()
    _settle(item, twin)
    facts["after"] = _some(item, _COMPARED)
    return facts


def _settle(item: Item, twin: Item) -> None:
    """What is open of an item on which the money of two stands."""
    was_open = item.open != 0
    item.allocated += twin.allocated
    item.cycle = max(item.cycle, twin.cycle)
    item.open = open_amount(item.total, item.ledger_open, item.allocated)
    if was_open and item.open == 0:
        paid = Payment.objects.filter(creditor=item.creditor_id, allocation__item=item, allocation__reversed=False)
        last = paid.order_by("-received_on", "-pk").first()
        if last is not None:
            item.settled_on, item.settled_in_run, item.settled_by = last.received_on, last.in_run, how_settled(last)
    item.save(update_fields=_OF_TWIN)


# --- what is known of them -------------------------------------------------------------------------------------------


def _join_people(stays: Customer, goes: Customer, kept: _Kept) -> None:
    """Contacts: one for each role. Where both have one, that of who stays counts, and what it lacks is filled in."""
    known = {one.role: one for one in Contact.objects.filter(creditor=stays.creditor_id, customer=stays)}
    for other in Contact.objects.filter(creditor=stays.creditor_id, customer=goes).order_by("pk"):
        mine = known.get(other.role)
        if mine is None:
            kept.moved.setdefault("Contact", []).append(other.pk)
            Contact.objects.filter(creditor=stays.creditor_id, pk=other.pk).update(customer=stays.pk)
            continue
        filled = _filled(mine, other)
        if filled:
            kept.people[str(mine.pk)] = {name: [getattr(mine, name), value] for name, value in filled.items()}
            Contact.objects.filter(creditor=stays.creditor_id, pk=mine.pk).update(**filled)
        _set_aside(Contact.objects.filter(creditor=stays.creditor_id, pk=other.pk), kept)


def _filled(mine: Contact, other: Contact) -> dict[str, str]:
    """What a contact lacks and the other's has: all of it where nobody could be reached, else only of one person."""
    reachable = bool(mine.email or mine.phone)
    names = (mine.name, other.name)
    if reachable and all(names) and not same_name(*names):
        return {}
    lacking = ("name", "email", "phone") if reachable else ("email", "phone")
    filled = {name: getattr(other, name) for name in lacking if not getattr(mine, name) and getattr(other, name)}
    if not reachable and filled and other.name:
        filled["name"] = other.name
    return {name: value for name, value in filled.items() if value != getattr(mine, name)}


def _join_facts(stays: Customer, goes: Customer, kept: _Kept, now: datetime, by: str) -> None:
    """Fill in what nobody knew of who stays. Whatever channel one of them refused is refused, whatever ledgers say."""
    filled = {
        name: getattr(goes, name)
        for names in _TOGETHER
        if not any(getattr(stays, name) for name in names)
        for name in names
        if getattr(goes, name)
    }
    if goes.pause_until and (stays.pause_until is None or stays.pause_until < goes.pause_until):
        filled["pause_until"] = goes.pause_until
    refused = also_refused(stays.opt_out, goes.opt_out, "")
    if refused != stays.opt_out:
        filled["opt_out"] = refused
    kept.facts = {name: [_json(getattr(stays, name)), _json(value)] for name, value in filled.items()}
    Customer.objects.filter(creditor=stays.creditor_id, pk=stays.pk).update(**filled)
    corrected = {one.field: one for one in Correction.objects.filter(creditor=stays.creditor_id, customer=goes)}
    standing = {one.field: one for one in Correction.objects.filter(creditor=stays.creditor_id, customer=stays)}
    _set_aside(Correction.objects.filter(creditor=stays.creditor_id, customer=goes), kept)
    wanted = {name: value for name, value in filled.items() if name in corrected or name == "opt_out"}
    billing = Contact.objects.filter(creditor=stays.creditor_id, customer=stays, role="billing").first()
    for name, (_, value) in kept.people.get(str(billing.pk), {}).items() if billing else ():
        if f"{CONTACT}{name}" in corrected:
            wanted[f"{CONTACT}{name}"] = value
    for name, value in wanted.items():
        before = standing.get(name)
        ledger = before.ledger if before else _stood(name, stays, kept, billing)
        if before:
            _set_aside(Correction.objects.filter(creditor=stays.creditor_id, pk=before.pk), kept)
        author = corrected.get(name)
        made = Correction.objects.create(
            creditor_id=stays.creditor_id, customer_id=stays.pk, field=name, value=value, ledger=ledger,
            written_at=author.written_at if author else now, written_by=author.written_by if author else by,
        )  # fmt: skip
        kept.made["Correction"].append(made.pk)


def _stood(name: str, stays: Customer, kept: _Kept, billing: Contact | None) -> str:
    """What stood in a field before, which is what the ledger says of it."""
    if name.startswith(CONTACT) and billing is not None:
        return str(kept.people[str(billing.pk)][name.removeprefix(CONTACT)][0])
    return str(getattr(stays, name))


def _join_others(creditor: Creditor, stays: Customer, goes: Customer, kept: _Kept) -> None:
    """What there is one of: the last look of who goes, a reminder asked for on a day, and who is somebody else."""
    _set_aside(Look.objects.filter(creditor=creditor, customer=goes), kept)
    asked = Ask.objects.filter(creditor=creditor, customer=stays).values("day")
    _set_aside(Ask.objects.filter(creditor=creditor, customer=goes, day__in=asked), kept)
    rest = Ask.objects.filter(creditor=creditor, customer=goes)
    kept.moved["Ask"] = list(rest.order_by("pk").values_list("pk", flat=True))
    rest.update(customer=stays.pk)
    told = list(Apart.objects.filter(Q(one=goes) | Q(other=goes), creditor=creditor).order_by("pk"))
    _set_aside(Apart.objects.filter(creditor=creditor, pk__in=[one.pk for one in told]), kept)
    for apart in told:
        another = apart.other_id if apart.one_id == goes.pk else apart.one_id
        if another != stays.pk:
            one, other = sorted((another, stays.pk))
            said = {"said_at": apart.said_at, "said_by": apart.said_by}
            made, is_new = Apart.objects.get_or_create(
                creditor=creditor, one_id=one, other_id=other, defaults=said
            )  # fmt: skip
            kept.made["Apart"] += [made.pk] if is_new else []


# --- two again -------------------------------------------------------------------------------------------------------


class Obstacle(NamedTuple):
    """What came since and rests on both, so that they cannot be parted: `desk.duplicates.refused.<rule>`."""

    rule: str
    params: Mapping[str, object]


@transaction.atomic
def undo(merged: Merged, *, today: date, by: str) -> Customer:
    """Take back that two customers are one: every row is as it was, and what came since is whose it is.

    Raises RefusedError with the first of the `obstacles`.
    """
    creditor = merged.creditor
    books(creditor)
    found = Merged.objects.filter(creditor=creditor, pk=merged.pk).first()
    if found is None:
        raise RefusedError("undone_before")
    for obstacle in obstacles(found):
        raise RefusedError(obstacle.rule, **obstacle.params)
    _decide_anew(creditor, [found.customer_id], today)
    back = _Parting(found)
    back.part(today)
    facts: dict[str, object] = {"customer": found.customer_id, "was": found.was, "merged": found.pk}
    log.record(
        creditor, [Event("customer.parted", today, facts, {"by": by, "key": found.key, "name": found.name})]
    )  # fmt: skip
    look_again(creditor, [found.customer_id, found.was], today)
    return Customer.objects.get(creditor=creditor, pk=found.was)


def obstacles(merged: Merged) -> list[Obstacle]:
    """Everything that stands in the way of parting them again, to be undone first or to be lived with."""
    return list(_Parting(merged).obstacles())


class _Parting:
    """What of the rows of a merged customer is whose."""

    def __init__(self, merged: Merged) -> None:
        self.merged, self.creditor, self.stays = merged, merged.creditor, merged.customer_id
        self.kept = _Kept(**json.loads(merged.kept))
        self.came = Came(**json.loads(merged.came))
        self.items = {*self.kept.moved["Item"], *self.came.items}
        self.twins = {twin["stays"]: twin for twin in self.kept.twins}
        self.with_twins: dict[str, set[int]] = defaultdict(set)
        for twin in self.kept.twins:
            for name, rows in twin["rows"].items():
                self.with_twins[name].update(rows)

    def obstacles(self) -> Iterator[Obstacle]:
        later = Merged.objects.filter(creditor=self.creditor, customer=self.stays, pk__gt=self.merged.pk)
        for name in later.order_by("-pk").values_list("name", flat=True):
            yield Obstacle("merged_since", {"name": name})
        for name in Customer.objects.filter(creditor=self.creditor, key=self.merged.key).values_list("name", flat=True):
            yield Obstacle("key_taken", {"key": self.merged.key, "name": name})
        yield from self._changed_twins()
        yield from self._money()
        yield from self._messages()
        for parent, child, name in _AGREED:
            mixed = [pk for pk, sides in self._sides(parent, child, name).items() if len(sides) > 1]
            if mixed:
                yield Obstacle(f"{name}_since", {"n": len(mixed)})

    def _changed_twins(self) -> Iterator[Obstacle]:
        items = Item.objects.filter(creditor=self.creditor).in_bulk(self.twins)
        for number, twin in self.twins.items():
            item = items.get(number)
            if item is None or _some(item, _COMPARED) != twin["after"]:
                yield Obstacle("invoice_changed", {"number": twin["goes"]["number"]})

    def _money(self) -> Iterator[Obstacle]:
        """Payments set against what is the other's; and such as came since with a rest that may be of either."""
        theirs = set(self.kept.moved["Payment"])
        mine = Allocation.objects.filter(creditor=self.creditor, payment__customer=self.stays)
        rows = mine.exclude(pk__in=these(self.with_twins["Allocation"])).values_list("payment_id", "item_id")
        crossing = {payment for payment, item in rows if (payment in theirs) != (item in self.items)}
        since = Payment.objects.filter(creditor=self.creditor, customer=self.stays, pk__gt=self.kept.last_payment)
        crossing.update(since.filter(reversed_on=None).exclude(unapplied=0).values_list("pk", flat=True))
        listed = Payment.objects.filter(creditor=self.creditor, pk__in=these(crossing)).order_by("received_on", "pk")
        for payment in listed:
            yield Obstacle("paid_since", {"amount": Money(payment.amount, payment.currency), "on": payment.received_on})

    def _messages(self) -> Iterator[Obstacle]:
        """What customers were told of the other's items, and what is just leaving."""
        mine = Message.objects.filter(creditor=self.creditor, customer=self.stays)
        if mine.filter(state__in=IN_HAND).exists():
            yield Obstacle("leaving", {})
        sides = self._sides(Message, MessageItem, "message")
        crossing = [pk for pk, found in sides.items() if found != {self._is_theirs(Message, pk)}]
        told = mine.filter(pk__in=these(crossing), act__in=TO_CUSTOMERS).exclude(state__in=[*OPEN, State.WITHDRAWN])
        for message in told.exclude(rehearsal=True).order_by("day", "pk"):
            yield Obstacle("written_since", {"on": message.day, "subject": message.subject})

    def _is_theirs(self, model: type[models.Model], number: int) -> bool:
        return number in self._moved(model)

    def _moved(self, model: type[models.Model]) -> Collection[int]:
        return self.kept.moved[model.__name__]

    def _sides(self, parent: type[Any], child: type[Any], name: str) -> dict[int, set[bool]]:
        """Of what each promise, message or so is, as far as it is about items that are not all its own.

        True stands for the customer that went.
        """
        rows = child.objects.filter(creditor=self.creditor, **{f"{name}__customer": self.stays})
        rows = rows.exclude(pk__in=these(self.with_twins[child.__name__]))
        if child is MessageItem:
            rows = rows.filter(withdrawn=False)
        theirs = set(self._moved(parent))
        sides: dict[int, set[bool]] = defaultdict(set)
        for number, item in rows.values_list(f"{name}_id", "item_id"):
            sides[number].add(item in self.items)
        return {number: found for number, found in sides.items() if found != {number in theirs}}

    def part(self, today: date) -> None:
        """Put everything back."""
        merged, kept = self.merged, self.kept
        row = kept.customer | {"key": merged.key, "keyed_by": merged.keyed_by, "review_on": today.isoformat()}
        _put_back(Customer, [row])
        moved = kept.moved | {"Item": [*self.items]}
        for model in (*MOVED, Contact, Ask):
            mine = model.objects.filter(creditor=self.creditor, customer=self.stays)
            mine.filter(pk__in=these(moved.get(model.__name__, []))).update(customer=merged.was)
        self._part_twins()
        self._part_what_came()
        Correction.objects.filter(creditor=self.creditor, pk__in=kept.made.get("Correction", [])).delete()
        Apart.objects.filter(creditor=self.creditor, pk__in=kept.made.get("Apart", [])).delete()
        self._put_aside_back()
        self._as_they_were()
        merged.delete()

    def _part_twins(self) -> None:
        for twin in self.kept.twins:
            _put_back(Item, [twin["goes"]])
            for model in ABOUT_ITEMS:
                rows = model.objects.filter(creditor=self.creditor, item=twin["stays"])
                rows.filter(pk__in=these(twin["rows"][model.__name__])).update(item=twin["goes"]["id"])
            for number, occurrence in twin["occurrences"].items():
                MessageItem.objects.filter(creditor=self.creditor, pk=int(number)).update(occurrence=occurrence)
            before = _row(Item, twin["before"])
            Item.objects.filter(creditor=self.creditor, pk=twin["stays"]).update(**before)

    def _part_what_came(self) -> None:
        """What was agreed, asked or proposed since about the other's items alone is the other's."""
        for parent, child, name in (*_AGREED, (Message, MessageItem, "message"), (BankLine, Proposal, "line")):
            sides = self._sides(parent, child, name)
            wholly = [number for number, found in sides.items() if found == {True}]
            parent.objects.filter(creditor=self.creditor, pk__in=these(wholly), customer=self.stays).update(
                customer=self.merged.was
            )

    def _put_aside_back(self) -> None:
        aside = self.kept.aside
        for model in (Contact, Correction, Ask, Look):
            _put_back(model, aside.get(model.__name__, []))
        waiting = BankLine.objects.filter(creditor=self.creditor, state="proposed").values_list("pk", flat=True)
        proposals = aside.get("Proposal", [])
        there = set(waiting.filter(pk__in=[row["line_id"] for row in proposals]))
        _put_back(Proposal, [row for row in proposals if row["line_id"] in there])
        for row in aside.get("Apart", []):
            self._part_from(row)

    def _part_from(self, row: dict[str, Any]) -> None:
        """That somebody else is somebody else, also when they were merged into another since."""
        another = row["other_id"] if row["one_id"] == self.merged.was else row["one_id"]
        another = queries.stand_for(self.creditor, [another]).get(another, another)
        if Customer.objects.filter(creditor=self.creditor, pk=another).exists() and another != self.merged.was:
            one, other = sorted((another, self.merged.was))
            said = _row(Apart, {name: row[name] for name in ("id", "said_at", "said_by")})
            Apart.objects.get_or_create(creditor=self.creditor, one_id=one, other_id=other, defaults=said)

    def _as_they_were(self) -> None:
        """What the other brought of who stays goes again, unless a person or its own ledger said otherwise since."""
        for facts, people in ((self.came.facts, self.came.people), (self.kept.facts, self.kept.people)):
            _take_out(Customer.objects.filter(creditor=self.creditor, pk=self.stays), facts)
            for number, filled in people.items():
                _take_out(Contact.objects.filter(creditor=self.creditor, pk=int(number)), filled)


def _take_out(rows: models.QuerySet[Any], filled: Mapping[str, Sequence[Any]]) -> None:
    for row in rows:
        stood = {name: was for name, (was, now) in filled.items() if _json(getattr(row, name)) == now}
        rows.update(**_row(rows.model, stood))


# --- two customers ---------------------------------------------------------------------------------------------------


@transaction.atomic
def tell_apart(one: Customer, other: Customer, *, today: date, now: datetime, by: str) -> bool:
    """Remember that two who look alike are two. False when that was said before."""
    creditor = one.creditor
    first, second = sorted((one, other), key=lambda customer: customer.pk)
    if first.pk == second.pk:
        raise RefusedError("same")
    _, is_new = Apart.objects.get_or_create(
        creditor=creditor, one=first, other=second, defaults={"said_at": now, "said_by": by}
    )  # fmt: skip
    if is_new:
        facts = {"customer": first.pk, "other": second.pk}
        log.record(creditor, [Event("customer.told_apart", today, facts, {"by": by})])
    return is_new


@transaction.atomic
def ask_again(apart: Apart, *, today: date, by: str) -> None:
    """Forget that two are two: they are listed again where they look alike."""
    facts = {"customer": apart.one_id, "other": apart.other_id}
    creditor = apart.creditor
    apart.delete()
    log.record(creditor, [Event("customer.asked_again", today, facts, {"by": by})])


# --- rows as values --------------------------------------------------------------------------------------------------


def _set_aside(rows: models.QuerySet[Any], kept: _Kept) -> None:
    kept.aside[rows.model.__name__] += [_plain(row) for row in rows.order_by("pk")]
    rows.delete()


def _put_back(model: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    model.objects.bulk_create([model(**_row(model, row)) for row in rows])


def _plain(row: models.Model) -> dict[str, Any]:
    return _some(row, [column.attname for column in row._meta.concrete_fields])


def _some(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: _json(getattr(row, name)) for name in names}


def _json(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, str)) else _as_text(value)


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _row(model: type[models.Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that were JSON, as the columns have them."""
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return {name: columns[name].to_python(value) for name, value in values.items()}

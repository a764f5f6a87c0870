"""What was agreed with a batch of customers, by item, as planning and the desk ask for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from django.db.models import Q

from amable.agreements.models import Dispute, DisputeItem, Plan, PlanInstalment, PlanItem, Promise, PromiseItem
from amable.core.agreements import Instalment, left_of, next_instalment
from amable.organisation.bulk import Question, these
from amable.organisation.models import Creditor


class Stated(NamedTuple):
    """The part of a promise that is about an item, and what of it is still to come."""

    promise: int
    customer: int
    item: int
    on: date
    noted: date
    left: int


@dataclass(slots=True)
class PlanStanding:
    """How far a plan has come: what was paid on its items since, and the first instalment not covered by it."""

    customer: int
    items: tuple[int, ...]
    instalments: tuple[Instalment, ...]
    paid: int

    @property
    def next(self) -> Instalment | None:
        """The instalment that is waited for."""
        return next_instalment(self.instalments, self.paid)


@dataclass(slots=True)
class Agreed:
    """What stands for a batch: promises by item, the newest last; the disputed part by item, None for all of it."""

    promises: dict[int, list[Stated]] = field(default_factory=lambda: defaultdict(list))
    disputed: dict[int, int | None] = field(default_factory=dict)
    plans: dict[int, PlanStanding] = field(default_factory=dict)


class _PartPromised(NamedTuple):
    """What of an item was promised, and how far it has come since."""

    promise_id: int
    promise__customer_id: int
    item_id: int
    promise__on: date
    promise__noted_on: date
    amount: int
    open_then: int
    item__open: int


class _PartDisputed(NamedTuple):
    """What of an item is contested: all that is open without an amount."""

    item_id: int
    amount: int | None


class _Owner(NamedTuple):
    """Whose plan it is."""

    pk: int
    customer_id: int


class _InPlan(NamedTuple):
    """An item a plan is about."""

    plan_id: int
    item_id: int
    open_then: int
    item__open: int


class _Due(NamedTuple):
    """An instalment of a plan."""

    plan_id: int
    due_on: date
    amount: int


_PROMISED: Final = Question(
    _PartPromised,
    lambda creditor, ids: PromiseItem.objects.filter(
        creditor=creditor, promise__customer__in=these(ids), promise__ended_at=None
    ).order_by("promise_id", "item_id"),
)
_DISPUTED: Final = Question(
    _PartDisputed,
    lambda creditor, ids: DisputeItem.objects.filter(creditor=creditor, dispute__customer__in=these(ids)).filter(
        Q(dispute__outcome="") | Q(dispute__outcome="upheld", dispute__credited_at=None)
    ),
)
_OWNERS: Final = Question(
    _Owner,
    lambda creditor, ids: Plan.objects.filter(creditor=creditor, customer__in=these(ids), ended_at=None).order_by("pk"),
)
_IN_PLANS: Final = Question(
    _InPlan, lambda creditor, plans: PlanItem.objects.filter(creditor=creditor, plan__in=these(plans))
)
_INSTALMENTS: Final = Question(
    _Due,
    lambda creditor, plans: PlanInstalment.objects.filter(creditor=creditor, plan__in=these(plans)).order_by("due_on"),
)


def agreed(creditor: Creditor, customers: Collection[int]) -> Agreed:
    """What was agreed with these customers and not ended by a person."""
    found = Agreed()
    for promise, customer, item, on, noted, amount, then, now in _PROMISED.ask(creditor, customers):
        found.promises[item].append(Stated(promise, customer, item, on, noted, left_of(amount, then, now)))
    for item, part in _DISPUTED.ask(creditor, customers):
        before = found.disputed.get(item, 0)
        found.disputed[item] = None if part is None or before is None else before + part
    for plan in plans(creditor, customers).values():
        for item in plan.items:
            found.plans[item] = plan
    return found


def plans(creditor: Creditor, customers: Collection[int]) -> dict[int, PlanStanding]:
    """The plans of these customers that nobody ended, by number."""
    owners = {owner.pk: owner.customer_id for owner in _OWNERS.ask(creditor, customers)}
    if not owners:
        return {}
    items: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for plan, item, then, now in _IN_PLANS.ask(creditor, owners):
        items[plan].append((item, then - now))
    instalments: dict[int, list[Instalment]] = defaultdict(list)
    for plan, on, amount in _INSTALMENTS.ask(creditor, owners):
        instalments[plan].append(Instalment(on, amount))
    return {
        plan: PlanStanding(
            customer,
            tuple(item for item, _ in items[plan]),
            tuple(instalments[plan]),
            sum(paid for _, paid in items[plan]),
        )
        for plan, customer in owners.items()
    }


def promises_of(creditor: Creditor, customer: int) -> list[Promise]:
    """Every promise of a customer, the newest first."""
    return list(Promise.objects.filter(creditor=creditor, customer=customer).order_by("-pk"))


def disputes_of(creditor: Creditor, customer: int) -> list[Dispute]:
    """Every dispute of a customer, the newest first."""
    return list(Dispute.objects.filter(creditor=creditor, customer=customer).order_by("-pk"))

"""Knows believable values for every field of a wording, and every branch a wording can take with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Final

from amable.core.kindness import Facts
from amable.core.languages import say, show_date, show_money
from amable.core.money import Money, to_minor
from amable.core.wording import Template

_ADDRESS: Final = "pagos@talleres.example"
_MOST_CHOICES: Final = 12  # fields with two values whose combinations are all tried; beyond, each is tried alone

# What goes with a flag and is never empty when it is set, or is printed without asking.
_GOES_WITH: Final = (
    "legal.",
    "interest.",
    "compensation.",
    "dispute.undisputed",
    "invoice.balance",
    "invoice.due_date",
)
_PRINTED_BY_SMS: Final = ("invoice.number",)


def _money(amount: str, language: str) -> str:
    return show_money(Money(to_minor(Decimal(amount), "EUR"), "EUR"), language)


@lru_cache(maxsize=8)
def _values(language: str) -> dict[str, object]:
    def money(amount: str) -> str:
        return _money(amount, language)

    def day(month: int, of_month: int) -> str:
        return show_date(date(2026, month, of_month), language)

    def words(name: str) -> str:
        return say(f"example.{name}", language)

    return {
        "contact.name": "Ana Ruiz",
        "customer.name": "Talleres Hermanos Ruiz, S.L.",
        "customer.tax_id": "B12345674",
        "customer.address": "Calle Mayor 1, 46001 Valencia",
        "customer.email": _ADDRESS,
        "customer.is_consumer": False,
        "invoice.number": "F-2026-0117",
        "invoice.issue_date": day(2, 1),
        "invoice.due_date": day(3, 3),
        "invoice.total": money("1500"),
        "invoice.balance": money("1210"),
        "invoice.description": words("description"),
        "invoice.attached": True,
        "invoice.is_settled": True,
        "invoice.is_due_today": True,
        "invoice.sent_on": day(2, 1),
        "days_overdue": 14,
        "items": _items(language, credit=True),
        "oldest.number": "F-2026-0117",
        "oldest.due_date": day(3, 3),
        "oldest.balance": money("1210"),
        "oldest.days_overdue": 14,
        "next_due.number": "F-2026-0117",
        "next_due.due_date": day(3, 3),
        "next_due.is_due_today": True,
        "total_due": money("2380"),
        "statement_date": day(3, 17),
        "reply_by_date": day(3, 24),
        "notice.deadline_date": day(4, 1),
        "pay_link": "https://pay.example/i/7Q2",
        "payment.iban": "ES91 2100 0418 4502 0005 1332",
        "payment.amount": money("290"),
        "payment.date": day(3, 16),
        "delivery.case": "arrived",
        "method.current": say("wording.method.transfer", language),
        "method.offered": say("wording.method.card", language),
        "terms.text": say("wording.terms", language, n=30),
        "discount.percent": say("wording.percent", language, percent="2"),
        "discount.until": day(2, 10),
        "discount.amount": money("24.20"),
        "discount.balance": money("1185.80"),
        "plan.count": 2,
        "plan.instalments": [
            {"number": 1, "due_date": day(4, 1), "amount": money("605")},
            {"number": 2, "due_date": day(5, 1), "amount": money("605")},
        ],
        "plan.total": money("1210"),
        "promise.amount": money("1210"),
        "promise.date": day(3, 10),
        "dispute.reason": words("dispute"),
        "dispute.answer_by": day(3, 24),
        "dispute.is_partial": True,
        "dispute.undisputed_amount": money("1000"),
        "history.messages_sent": 2,
        "history.last_sent": day(3, 10),
        "interest.applies": True,
        "interest.amount": money("9.12"),
        "interest.rate_text": say("wording.percent", language, percent="10.15"),
        "interest.from_date": day(3, 4),
        "interest.to_date": day(3, 17),
        "compensation.applies": True,
        "compensation.amount": money("40"),
        "legal.basis": words("legal_basis"),
        "company.name": "Maderas Albufera, S.L.",
        "company.tax_id": "B76543214",
        "company.address": "Avenida del Puerto 2, 46021 Valencia",
        "sender.name": "Lucía Ferrer",
        "sender.email": "lucia@albufera.example",
        "sender.phone": "+34 960 000 000",
        "sender.signature": words("signature"),
        "account_manager.name": "Marta Gil",
    }


def values(language: str, *, several: bool = False) -> dict[str, object]:
    """A believable value for every field there is, formatted for a reader of the language, of one or several items."""
    found = dict(_values(language))
    if several:  # two of the items have a discount
        found |= {"discount.amount": _money("48.40", language), "discount.balance": _money("2331.60", language)}
    return found


def _items(language: str, *, credit: bool) -> list[dict[str, object]]:
    def row(number: str, due: date, amount: str, late: int) -> dict[str, object]:
        shown = _money(amount, language)
        discounted = "–" if late == 0 else _money("1185.80", language)
        until = "–" if late == 0 else show_date(date(2026, 2, 10), language)
        return {
            "number": number,
            "due_date": show_date(due, language),
            "balance": shown,
            "amount": shown,
            "days_overdue": late,
            "promise_date": show_date(date(2026, 3, 10), language),
            "discount_until": until,
            "discounted": discounted,
        }

    rows = [row("F-2026-0117", date(2026, 3, 3), "1210", 14), row("F-2026-0120", date(2026, 3, 3), "1210", 14)]
    return [*rows, row("A-9", date(2026, 3, 5), "-40", 0)] if credit else rows


def _others(field: str, language: str) -> tuple[object, ...]:
    """Values that change no more than an ending; each is tried once, with everything else as usual."""
    rows = _items(language, credit=True)
    return {
        "days_overdue": (1, 2, 20, 101, 121),
        "oldest.days_overdue": (1, 2, 20, 101, 121),
        "items": (rows[:1], rows * 10),
        "delivery.case": ("not_sent", "glitch"),
        "history.messages_sent": (0, 1, 5, 21),
        "sender.signature": ("",),
    }.get(field, ())


def branches(template: Template) -> Iterator[dict[str, object]]:
    """Sets of values that take a wording through every branch: all combinations of its flags and empty fields."""
    fields = (*template.required, *template.optional)
    usual = values(template.language, several=template.multi)
    base = {field: usual[field] for field in fields}
    choices = {field: _choices(template, field, usual[field]) for field in fields}
    if sum(len(found) > 1 for found in choices.values()) <= _MOST_CHOICES:
        for chosen in product(*choices.values()):
            yield dict(zip(choices, chosen, strict=True))
    else:
        yield base
        yield {field: found[-1] for field, found in choices.items()}
        yield from (base | {field: found[-1]} for field, found in choices.items() if len(found) > 1)
    for field in fields:
        yield from (base | {field: other} for other in _others(field, template.language))


def _choices(template: Template, field: str, value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (True, False)
    if field in template.required or _others(field, template.language) or field.startswith(_GOES_WITH):
        return (value,)
    if template.channel == "sms" and field in _PRINTED_BY_SMS:
        return (value,)
    return (value, "")


def facts(given: Mapping[str, object], stage: str = "early_payment_discount") -> Facts:
    """Facts under which a wording of the stage, filled with these values, has nothing to answer for."""
    attached = bool(given.get("invoice.attached"))
    return Facts(
        given,
        consumer=bool(given.get("customer.is_consumer")),
        document_known=attached,
        document_travels=attached,
        charges=frozenset(name for name in ("interest", "compensation") if given.get(f"{name}.applies")),
        discount=stage.startswith("early_payment_discount"),
        recipients=(_ADDRESS,),
        allowed=frozenset((_ADDRESS,)),
    )

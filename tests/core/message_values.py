"""Values for a message, and every branch its wording can take."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from amable.core.kindness import Facts
from amable.core.wording import Template

ITEM = {"number": "F-2026-0117", "due_date": "3 March 2026", "balance": "€1,210.00", "days_overdue": 14}
CREDIT = {"number": "A-9", "due_date": "5 March 2026", "balance": "-€40.00", "days_overdue": 0}
INSTALMENT = {"number": 1, "due_date": "1 April 2026", "amount": "€605.00"}

VALUES: dict[str, object] = {
    "contact.name": "Ana Ruiz",
    "customer.name": "Talleres Hermanos Ruiz, S.L.",
    "customer.tax_id": "B12345674",
    "customer.address": "Calle Mayor 1, 46001 Valencia",
    "customer.email": "pagos@talleres.example",
    "customer.is_consumer": False,
    "invoice.number": "F-2026-0117",
    "invoice.issue_date": "1 February 2026",
    "invoice.due_date": "3 March 2026",
    "invoice.total": "€1,500.00",
    "invoice.balance": "€1,210.00",
    "invoice.description": "Six oak tables and twelve chairs",
    "invoice.attached": True,
    "invoice.is_settled": True,
    "invoice.is_due_today": True,
    "invoice.sent_on": "1 February 2026",
    "days_overdue": 14,
    "items": [row | {"amount": row["balance"]} for row in (ITEM, ITEM | {"number": "F-2026-0120"}, CREDIT)],
    "oldest.number": "F-2026-0117",
    "oldest.due_date": "3 March 2026",
    "oldest.balance": "€1,210.00",
    "oldest.days_overdue": 14,
    "next_due.number": "F-2026-0117",
    "next_due.due_date": "3 March 2026",
    "next_due.is_due_today": True,
    "total_due": "€2,380.00",
    "statement_date": "17 March 2026",
    "reply_by_date": "24 March 2026",
    "notice.deadline_date": "1 April 2026",
    "pay_link": "https://pay.example/i/7Q2",
    "payment.iban": "ES91 2100 0418 4502 0005 1332",
    "payment.amount": "€290.00",
    "payment.date": "16 March 2026",
    "delivery.case": "arrived",
    "method.current": "bank transfer",
    "method.offered": "card",
    "terms.text": "30 days from the invoice date",
    "plan.count": 2,
    "plan.instalments": [INSTALMENT, INSTALMENT | {"number": 2, "due_date": "1 May 2026"}],
    "plan.total": "€1,210.00",
    "promise.amount": "€1,210.00",
    "promise.date": "10 March 2026",
    "dispute.reason": "two chairs are missing",
    "dispute.answer_by": "24 March 2026",
    "dispute.is_partial": True,
    "dispute.undisputed_amount": "€1,000.00",
    "history.messages_sent": 2,
    "history.last_sent": "10 March 2026",
    "interest.applies": True,
    "interest.amount": "€9.12",
    "interest.rate_text": "10.15 %",
    "interest.from_date": "4 March 2026",
    "interest.to_date": "17 March 2026",
    "compensation.applies": True,
    "compensation.amount": "€40.00",
    "legal.basis": "the Late Payment of Commercial Debts (Interest) Act 1998",
    "company.name": "Maderas Albufera, S.L.",
    "company.tax_id": "B76543214",
    "company.address": "Avenida del Puerto 2, 46021 Valencia",
    "sender.name": "Lucía Ferrer",
    "sender.email": "lucia@albufera.example",
    "sender.phone": "+34 960 000 000",
    "sender.signature": "Credit control",
    "account_manager.name": "Marta Gil",
}

_ROWS = [row | {"amount": row["balance"]} for row in (ITEM, ITEM, CREDIT)]

# Values that change no more than an ending; each is tried once, with everything else as above.
OTHERS: dict[str, tuple[object, ...]] = {
    "days_overdue": (1, 2, 20, 101, 121),
    "oldest.days_overdue": (1, 2, 20, 101, 121),
    "items": (_ROWS[:1], _ROWS * 10),
    "delivery.case": ("not_sent", "glitch"),
    "history.messages_sent": (0, 1, 5, 21),
    "sender.signature": ("",),
}

# Optional fields that go with a flag and are never empty when it is set, or that the texts print without asking.
_GOES_WITH = ("legal.", "interest.", "compensation.", "dispute.undisputed", "invoice.balance", "invoice.due_date")
_PRINTED_BY_SMS = ("invoice.number",)


def branches(template: Template) -> Iterator[dict[str, object]]:
    """Sets of values that take the wording through every branch, all combinations of its flags and empty fields."""
    fields = (*template.required, *template.optional)
    base = {field: VALUES[field] for field in fields}
    choices = [_choices(template, field) for field in fields]
    for values in product(*choices):
        yield dict(zip(fields, values, strict=True))
    for field in fields:
        yield from (base | {field: other} for other in OTHERS.get(field, ()))


def _choices(template: Template, field: str) -> tuple[object, ...]:
    value = VALUES[field]
    if isinstance(value, bool):
        return (True, False)
    if field in template.required or field in OTHERS or field.startswith(_GOES_WITH):
        return (value,)
    if template.channel == "sms" and field in _PRINTED_BY_SMS:
        return (value,)
    return (value, "")


def facts(values: dict[str, object]) -> Facts:
    """Facts under which a built-in wording has nothing to answer for."""
    return Facts(
        values,
        consumer=bool(values.get("customer.is_consumer")),
        document_known=bool(values.get("invoice.attached")),
        document_travels=bool(values.get("invoice.attached")),
        charges=frozenset(name for name in ("interest", "compensation") if values.get(f"{name}.applies")),
        recipients=("pagos@talleres.example",),
        allowed=frozenset(("pagos@talleres.example",)),
    )

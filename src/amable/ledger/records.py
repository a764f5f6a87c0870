"""What the records of a ledger say of customers and items, before any of it becomes a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from anyascii import anyascii
from babel.numbers import get_territory_currencies

from amable.core.customer_keys import Who
from amable.core.days import Calendar, terms_end
from amable.core.money import TooPreciseError, exponent, known, to_minor
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord

_DIRECT_DEBIT: Final = ("direct debit", "direct_debit", "domicilia", "prelevement", "debit direct", "debitare directa")
_DIRECT_DEBIT_WORKING_DAYS: Final = 5  # time for the creditor's own collection to be booked or sent back

# What a row may say of its customer; what stands together is believed together.
_SAID_OF_CUSTOMER: Final = (
    ("customer_id",), ("customer_name",), ("tax_id",), ("kind",), ("language",), ("country", "region", "timezone"),
    ("segment",), ("address",), ("account_manager", "account_manager_email"), ("payment_method",),
    ("contact_name", "email", "phone"),
)  # fmt: skip


_told: Final = attrgetter(*(name for names in _SAID_OF_CUSTOMER for name in names), "opt_out", "pause_until", "columns")


class Amounts(NamedTuple):
    """What an item is about, in minor units."""

    currency: str
    total: int
    open: int


def amounts(record: ItemRecord, currency: str, today: date | None = None) -> Amounts | Complaint:
    """The amounts of a record, or why they cannot be right; `currency` is that of a row that names none.

    `today` is the day of the run: nothing can have been settled after it. None looks back from after all of it.
    """
    currency = record.currency or currency

    def wrong(rule: str, name: str, value: str, **params: object) -> Complaint:
        return Complaint(rule, record.line, name, value, params, item=record.invoice_number)

    if not known(currency):
        return wrong("currency_unknown", "currency", record.currency)
    try:
        found = Amounts(currency, to_minor(record.total, currency), to_minor(record.open_amount, currency))
    except TooPreciseError:
        return wrong("amount_too_precise", "total", str(record.total), currency=currency)
    if record.settled_date is not None:
        if today is not None and record.settled_date > today:
            days = {"settled": record.settled_date.isoformat(), "today": today.isoformat()}
            return wrong("settled_in_future", "settled_date", days["settled"], **days)
        found = found._replace(open=0)
    if found.total * found.open < 0 or abs(found.open) > abs(found.total):
        return wrong("open_exceeds_total", "open_amount", str(record.open_amount), total=str(record.total))
    if max(abs(found.total), abs(found.open)) >= 10**15:
        return wrong("amount_too_large", "total", str(record.total))
    return found


def due_on(record: ItemRecord) -> date:
    """The day an item falls due: as stated, else by its terms."""
    if record.due_date is not None:
        return record.due_date
    assert record.issue_date is not None, "a reader yields a due date, or an issue date with terms"
    assert record.terms_days is not None, "a reader yields a due date, or an issue date with terms"
    return terms_end(record.issue_date, record.terms_days)


def by_direct_debit(record: ItemRecord) -> bool:
    """Whether the creditor collects the item itself."""
    method = anyascii(record.payment_method).lower()
    return any(word in method for word in _DIRECT_DEBIT)


_WAYS: Final = {
    "debit": _DIRECT_DEBIT,
    "card": ("card", "tarjeta", "carte"),
    "transfer": ("transfer", "virement", "wire", "ordin de plata"),
}


def pays_by(method: str) -> str:
    """The way of paying a ledger names: `debit`, `card` or `transfer`; empty for any other, and for none."""
    word = anyascii(method).lower()
    return next((way for way, words in _WAYS.items() if any(known in word for known in words)), "")


def collected_by(due: date, creditor_calendar: Calendar) -> date:
    """The day by which the outcome of the creditor's own collection is known."""
    return creditor_calendar.add(due, _DIRECT_DEBIT_WORKING_DAYS)


def addresses(email: str) -> tuple[str, ...]:
    """The email addresses of a contact, as the ledger has them."""
    return tuple(part.strip() for part in email.split(",") if part.strip())


def refused(opt_out: frozenset[str]) -> frozenset[str]:
    """The channels a customer does not want."""
    return opt_out | {"email", "sms", "letter", "call"} if "all" in opt_out else opt_out


@lru_cache(maxsize=256)
def minimum(amount: Decimal, currency: str) -> int:
    """What is too little to ask for, in minor units."""
    return int(amount.scaleb(exponent(currency)))


def together(before: ItemRecord, record: ItemRecord) -> ItemRecord:
    """What two rows say of the same customer: the later one where both speak; a refusal or a pause in either stands."""
    if _told(before) == _told(record):
        return record
    filled: dict[str, object] = {}
    for names in _SAID_OF_CUSTOMER:
        if not any(getattr(record, name) for name in names):
            filled |= {name: value for name in names if (value := getattr(before, name))}
    if set(before.opt_out) - set(record.opt_out):
        filled["opt_out"] = tuple(dict.fromkeys((*before.opt_out, *record.opt_out)))
    if before.pause_until and (record.pause_until is None or record.pause_until < before.pause_until):
        filled["pause_until"] = before.pause_until
    if before.columns != record.columns:
        filled["columns"] = before.columns | record.columns if before.columns and record.columns else frozenset()
    return replace(record, **filled) if filled else record  # type: ignore[arg-type]


def who(record: ItemRecord) -> Who:
    """What a record says of who owes."""
    return Who(record.customer_id, record.tax_id, record.customer_name)


@lru_cache(maxsize=256)
def currency_of(country: str) -> str:
    """The currency of a country, for a ledger that names none."""
    current = get_territory_currencies(country)
    return str(current[0]) if current else ""

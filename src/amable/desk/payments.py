"""Payments: what was received, from whom, what it paid; and money that came otherwise than by the bank."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from amable.banking.models import BankLine
from amable.banking.queries import shown
from amable.core.allocating import RefusedError, Room, fill, room
from amable.core.languages import say, show_amount
from amable.core.money import Money, exponent, from_minor, known
from amable.core.typed_amounts import read_amount
from amable.desk import exports
from amable.desk.door import Here, back, show, tell, to
from amable.desk.money_forms import Choice, customers_like, day, number, ours, pages, query, typed_shares
from amable.ledger import actions, queries
from amable.ledger.models import Allocation, Customer, Item, Payment

_ROWS: Final = 50
KINDS: Final = ("all", "unapplied", "hand", "reversed")
_KEY: Final = re.compile(r"[0-9a-f]{32}")
_LARGEST: Final = 10**15  # in minor units, as for the lines of a bank


def _asked(request: HttpRequest, here: Here) -> QuerySet[Payment]:
    """The payments that are looked for, among those in sight."""
    asked = request.GET
    return queries.payments(
        here.creditor,
        None if here.sees_all else here.customers,
        kind=asked.get("kind", ""),
        since=day(asked.get("since", "")),
        until=day(asked.get("until", "")),
        text=asked.get("q", ""),
    )


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The payments, the newest first."""
    listed = Paginator(_asked(request, here), _ROWS).get_page(request.GET.get("page"))
    kind = request.GET.get("kind", "all")
    return show(
        request,
        here,
        "payments.html",
        booked=queries.with_items(here.creditor, list(listed)),
        listed=listed,
        kind=kind,
        tabs=[(name, query(request.GET, kind=name, page="")) for name in KINDS],
        narrowed=any(request.GET.get(name) for name in ("q", "since", "until")),
        beside=pages(request.GET, listed),
        export=query(request.GET, page=""),
    )


_COLUMNS: Final = (
    "received", "customer_key", "customer", "currency", "amount", "paid", "unapplied", "means", "payer", "account",
    "returned",
)  # fmt: skip


def export(request: HttpRequest, here: Here) -> HttpResponse:
    """The same as a table for a spreadsheet."""
    heading = [say(f"desk.money.column_{name}", here.language) for name in _COLUMNS]
    return exports.csv(f"payments-{here.today.isoformat()}", heading, _rows(request, here), here.language)


def _rows(request: HttpRequest, here: Here) -> Iterator[list[exports.Cell]]:
    found = _asked(request, here)
    for batch in Paginator(found, 1000):
        for one in queries.with_items(here.creditor, list(batch)):
            payment = one.payment
            paid = "; ".join(f"{item.number} {from_minor(item.amount, payment.currency)}" for item in one.paid)
            yield [
                payment.received_on,
                payment.customer.key,
                payment.customer.name,
                payment.currency,
                from_minor(payment.amount, payment.currency),
                paid,
                from_minor(payment.unapplied, payment.currency),
                say(f"desk.money.means_{payment.means or 'bank'}", here.language),
                payment.payer,
                payment.account,
                payment.reversed_on,
            ]


# --- one payment -----------------------------------------------------------------------------------------------------


def _payment(here: Here, payment: int) -> Payment:
    found = Payment.objects.filter(creditor=here.creditor, customer__in=here.customers).select_related("customer")
    return get_object_or_404(found, pk=payment)


def payment(request: HttpRequest, here: Here, payment: int) -> HttpResponse:
    """One payment: what it paid, what of it is still unapplied cash, and where it came from."""
    return _one(request, here, _payment(here, payment))


def _one(
    request: HttpRequest,
    here: Here,
    found: Payment,
    *,
    typed: Mapping[int, str] | None = None,
    wrong: Mapping[int, str] | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    (one,) = queries.with_items(here.creditor, [found])
    lines = BankLine.objects.filter(creditor=here.creditor, payment=found.part_of_id or found.pk)
    came = shown(here.creditor, list(lines.filter(state__in=("booked", "reversal")).order_by("pk")))
    choices: list[Choice] = []
    if found.unapplied and not found.reversed_on:
        choices = _choices(here, found.customer, found.currency, typed or {}, wrong or {})
    facts = {"one": one, "lines": came, "choices": choices, "refusal": refusal, "exponent": exponent(found.currency)}
    return show(request, here, "payment.html", status, **facts)


def _choices(
    here: Here, customer: Customer, currency: str, typed: Mapping[int, str], wrong: Mapping[int, str]
) -> list[Choice]:
    """What the customer owes, with what was typed beside it."""
    mine = here.customers.filter(pk=customer.pk)
    listed = queries.items_with_room(here.creditor, mine, currency=currency, most=200)
    return [Choice(item, typed.get(item.pk, ""), wrong.get(item.pk, "")) for item in listed]


def apply(request: HttpRequest, here: Here, payment: int) -> HttpResponse:
    """Use what is unapplied for items."""
    found = _payment(here, payment)
    typed, shares, wrong = typed_shares(request, here, found.currency)
    if wrong:
        return _one(request, here, found, typed=typed, wrong=wrong, status=422)
    try:
        actions.apply_cash(found, shares=ours(here, shares), today=here.today, by=here.by)
    except RefusedError as why:
        return _one(request, here, found, typed=typed, refusal=_why(here, why), status=422)
    tell(request, here, "money.told_applied", amount=Money(sum(shares.values()), found.currency))
    return back(request, here, "payment", payment=found.pk)


def release(request: HttpRequest, here: Here, payment: int) -> HttpResponse:
    """Take what the payment gave to an item off it again, or to all of them (no `item`)."""
    found = _payment(here, payment)
    given = Allocation.objects.filter(creditor=here.creditor, payment=found, reversed=False)
    if one := number(request.POST.get("item", "")):
        given = given.filter(item=one)
    shares = dict(given.values_list("item_id", "amount"))

    def do() -> None:
        actions.release(found, shares=shares, today=here.today, by=here.by)
        tell(request, here, "money.told_released", amount=Money(sum(shares.values()), found.currency))

    return _act(request, here, found, do)


def remove(request: HttpRequest, here: Here, payment: int) -> HttpResponse:
    """Undo a payment recorded by hand."""
    found = _payment(here, payment)

    def do() -> None:
        actions.remove_payment(found, today=here.today, by=here.by)
        tell(request, here, "money.told_removed", amount=Money(found.amount, found.currency))

    return _act(request, here, found, do, "payments")


def _act(
    request: HttpRequest, here: Here, found: Payment, do: Callable[[], None], then: str = "payment"
) -> HttpResponse:
    try:
        do()
    except RefusedError as why:
        messages.error(request, _why(here, why))
        return HttpResponse(status=303, headers={"Location": to(here, "payment", payment=found.pk)})
    return back(request, here, then, **({"payment": found.pk} if then == "payment" else {}))


def _why(here: Here, refused: RefusedError) -> str:
    return say(f"allocation.{refused.rule}", here.language, **refused.params)


# --- money that did not come by the bank -----------------------------------------------------------------------------


def new(request: HttpRequest, here: Here) -> HttpResponse:
    """Whose payment is to be recorded."""
    text = request.GET.get("q", "")
    return show(request, here, "payment_new.html", q=text, found=customers_like(here, text))


class _Received(forms.Form):
    """What came, when and how."""

    received_on = forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    amount = forms.CharField(max_length=30, widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}))
    currency = forms.ChoiceField()
    means = forms.ChoiceField()
    note = forms.CharField(max_length=500, required=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=32)

    def __init__(self, here: Here, currencies: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.here, self.minor = here, 0
        for name in ("received_on", "amount", "currency", "means", "note"):
            self.fields[name].label = say(f"desk.money.field_{name}", here.language)
        self.fields["note"].help_text = say("desk.money.hint_note", here.language)
        self.fields["currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]
        self.fields["means"].choices = [  # type: ignore[attr-defined]
            (means, say(f"desk.money.means_{means}", here.language)) for means in actions.MEANS
        ]

    def clean(self) -> dict[str, Any]:
        """The amount in the currency that was chosen."""
        cleaned = super().clean() or {}
        typed, currency = str(cleaned.get("amount", "")), str(cleaned.get("currency", ""))
        if typed and known(currency):
            minor = read_amount(typed, currency, self.here.language)
            if minor is None or not 0 < minor < _LARGEST:
                self.add_error("amount", say("desk.money.not_an_amount", self.here.language, typed=typed))
            self.minor = minor or 0
        on = cleaned.get("received_on")
        if on and on > self.here.today:
            self.add_error("received_on", say("allocation.not_yet", self.here.language, on=on))
        if not _KEY.fullmatch(str(cleaned.get("key", ""))):
            self.add_error(None, say("desk.refused_do_forged", self.here.language))
        return cleaned


def record(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """Record money of one customer, and what it pays."""
    whose = get_object_or_404(here.customers, pk=customer)
    owed = Item.objects.filter(creditor=here.creditor, customer=whose).exclude(open=0)
    currencies = sorted({*owed.order_by().values_list("currency", flat=True).distinct(), *_own(here)})
    if request.method != "POST":
        asked = request.GET.get("currency", "")
        first = asked if asked in currencies else _first(owed, currencies)
        fresh = {"received_on": here.today, "currency": first, "means": "cash", "key": secrets.token_hex(16)}
        return _recording(request, here, whose, _Received(here, currencies, initial=fresh), first)
    form = _Received(here, currencies, request.POST)
    currency = request.POST.get("currency", "")
    currency = currency if currency in currencies else currencies[0]
    typed, shares, wrong = typed_shares(request, here, currency)
    if not form.is_valid() or wrong:
        return _recording(request, here, whose, form, currency, typed=typed, wrong=wrong, status=422)
    do = request.POST.get("do", "")
    if do in ("fill", "show"):
        filled = _oldest_first(here, whose, currency, form.minor) if do == "fill" else {}
        return _recording(request, here, whose, form, currency, typed=filled)
    facts = form.cleaned_data
    money = actions.Money(
        f"hand-{facts['key']}", whose.pk, facts["received_on"], currency, form.minor, "", "", facts["means"],
        facts["note"],
    )  # fmt: skip
    try:
        made = actions.record_payment(whose, money, shares=ours(here, shares), today=here.today, by=here.by)
    except RefusedError as why:
        return _recording(request, here, whose, form, currency, typed=typed, refusal=_why(here, why), status=422)
    told = say("desk.money.told_recorded", here.language, amount=Money(made.amount, made.currency), customer=whose.name)
    messages.success(request, told, extra_tags=to(here, "payment_remove", payment=made.pk))
    return back(request, here, "payments")


def _own(here: Here) -> list[str]:
    """The currency of the creditor's own bank, where it gave any statements."""
    codes = BankLine.objects.filter(creditor=here.creditor).order_by().values_list("currency", flat=True).distinct()
    return [code for code in codes if known(code)] or ["EUR"]


def _first(owed: QuerySet[Item], currencies: list[str]) -> str:
    """The currency of what falls due first."""
    first = owed.order_by("due_on", "pk").values_list("currency", flat=True).first()
    return first or ("EUR" if "EUR" in currencies else currencies[0])


def _oldest_first(here: Here, whose: Customer, currency: str, minor: int) -> dict[int, str]:
    mine = here.customers.filter(pk=whose.pk)
    rooms = tuple(
        Room(item.pk, whose.pk, item.number, currency, min(item.open, room(item.total, item.allocated)))
        for item in queries.items_with_room(here.creditor, mine, currency=currency, most=200)
        if item.open > 0
    )
    shares = fill(minor, rooms)
    return {item: show_amount(Money(share, currency), here.language) for item, share in shares.items()}


def _recording(
    request: HttpRequest,
    here: Here,
    whose: Customer,
    form: _Received,
    currency: str,
    *,
    typed: Mapping[int, str] | None = None,
    wrong: Mapping[int, str] | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    choices = _choices(here, whose, currency, typed or {}, wrong or {})
    facts = {"customer": whose, "form": form, "choices": choices, "currency": currency, "refusal": refusal}
    return show(request, here, "payment_record.html", status, exponent=exponent(currency), **facts)

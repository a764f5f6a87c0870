"""Money in: the lines of the bank that need a person, what they were booked for, and what undoes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from amable.banking import actions, queries
from amable.banking.actions import DecidedError
from amable.banking.models import BankLine, PayerAccount, Statement
from amable.banking.queries import Shown
from amable.core.allocating import RefusedError, Room, fill, room
from amable.core.languages import say, show_amount
from amable.core.money import Money, exponent
from amable.core.typed_amounts import read_amount
from amable.desk.door import Here, back, moment_of, show, tell, to
from amable.desk.money_forms import Choice, customers_like, day, number, ours, pages, query, typed_shares
from amable.ledger import queries as ledger
from amable.ledger.models import Item, Payment
from amable.organisation.roles import May

_ROWS: Final = 50
_LATELY: Final = 10  # booked lines below those that wait


def in_sight(here: Here) -> QuerySet[BankLine]:
    """The lines this member of staff sees: an account manager those of their own customers."""
    return queries.lines(here.creditor, None if here.sees_all else here.customers)


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """What needs a person first, then what was booked lately; or the lines that are looked for."""
    asked = request.GET
    wanted: dict[str, Any] = {
        "account": asked.get("account", ""),
        "since": day(asked.get("since", "")),
        "until": day(asked.get("until", "")),
        "minor": read_amount(asked.get("amount", ""), "EUR", here.language),
        "text": asked.get("q", ""),
    }
    kind = asked.get("kind", "waiting")
    kind = kind if kind in queries.KINDS else "waiting"
    every = in_sight(here)
    found = queries.matching_lines(every, **wanted)
    order = ("booked_on", "pk") if kind == "waiting" else ("-booked_on", "-pk")
    listed = Paginator(queries.matching_lines(found, kind=kind).order_by(*order), _ROWS).get_page(asked.get("page"))
    narrowed = any(value not in ("", None) for value in wanted.values())
    lately: list[Shown] = []
    if kind == "waiting" and not narrowed:
        booked = every.filter(state="booked").order_by("-booked_on", "-pk")
        lately = queries.shown(here.creditor, list(booked[:_LATELY]))
    monday = here.today - timedelta(days=here.today.weekday())
    received = ledger.payments(here.creditor, None if here.sees_all else here.customers)
    counts = queries.counts(found)
    lines = queries.shown(here.creditor, list(listed))
    return show(
        request,
        here,
        "money.html",
        shown=lines,
        sure=here.may(May.RUN) and any(one.is_sure for one in lines),
        listed=listed,
        kind=kind,
        tabs=[(name, counts[name], query(asked, kind=name, page="")) for name in queries.KINDS],
        lately=lately,
        accounts=queries.accounts(here.creditor),
        narrowed=narrowed,
        week=ledger.came_in(received, monday),
        month=ledger.came_in(received, here.today.replace(day=1)),
        waiting=queries.waiting(every),
        waits=queries.counts(every)["waiting"],
        beside=pages(asked, listed),
        path=request.get_full_path(),
    )


def statements(request: HttpRequest, here: Here) -> HttpResponse:
    """The statements taken in, with what their balances say."""
    found = Statement.objects.filter(creditor=here.creditor)
    if not here.sees_all:
        found = found.filter(pk__in=in_sight(here).values("statement"))
    found = found.order_by("-closing_on", "-pk")
    listed = Paginator(found, _ROWS).get_page(request.GET.get("page"))
    ids = [one.pk for one in listed]
    shown = queries.statements(found.filter(pk__in=ids))
    return show(request, here, "statements.html", shown=shown, listed=listed, beside=pages(request.GET, listed))


# --- one line --------------------------------------------------------------------------------------------------------


def line(request: HttpRequest, here: Here, line: int) -> HttpResponse:
    """One line: what it is, what it seems to pay, and the items it may be divided among."""
    found = _line(here, line)
    if "other" in request.GET:
        return _divide(request, here, found, {}, rest_for=None)
    shares = actions.proposed(found)
    return _divide(request, here, found, shares, rest_for=found.customer_id)


def _line(here: Here, line: int) -> BankLine:
    return get_object_or_404(in_sight(here), pk=line)


def _divide(
    request: HttpRequest,
    here: Here,
    found: BankLine,
    shares: Mapping[int, int],
    *,
    rest_for: int | None,
    typed: Mapping[int, str] | None = None,
    wrong: Mapping[int, str] | None = None,
    refusal: str = "",
    search: str = "",
    status: int = 200,
) -> HttpResponse:
    """The line with a form to divide it; what was typed stays."""
    (shown,) = queries.shown(here.creditor, [found])
    typed = typed or {item: show_amount(Money(share, found.currency), here.language) for item, share in shares.items()}
    chosen = _choices(here, found.currency, typed, wrong or {})
    beside = _beside(here, found, chosen, rest_for, search)
    owners = list({choice.item.customer_id: choice.item.customer for choice in (*chosen, *beside)}.values())
    if rest_for and rest_for not in {owner.pk for owner in owners}:
        owners += list(here.customers.filter(pk=rest_for))
    return show(
        request,
        here,
        "line.html",
        status,
        shown=shown,
        exponent=exponent(found.currency),
        chosen=chosen,
        beside=beside,
        owners=owners,
        rest_for=rest_for,
        refusal=refusal,
        search=search,
        back_to=queries.could_come_back(found) if found.amount < 0 and shown.is_open else [],
        other="other" in request.GET,
        customers=customers_like(here, request.GET.get("whose", "")),
        whose=request.GET.get("whose", ""),
    )


def _choices(here: Here, currency: str, typed: Mapping[int, str], wrong: Mapping[int, str]) -> list[Choice]:
    """The items beside which something stands."""
    if not typed:
        return []
    items = ledger.items_with_room(here.creditor, here.customers, currency=currency, among=list(typed))
    return [Choice(item, typed[item.pk], wrong.get(item.pk, "")) for item in items]


def _beside(
    here: Here, found: BankLine, chosen: list[Choice], rest_for: int | None, search: str, most: int = 40
) -> list[Choice]:
    """What else could be chosen: what is looked for, else what else the customers in question owe."""
    there = {choice.item.pk for choice in chosen}
    if search:
        minor = read_amount(search, found.currency, here.language)
        items = ledger.items_with_room(
            here.creditor, here.customers, currency=found.currency, text=search, minor=minor, most=most
        )
    else:
        whose = {choice.item.customer_id for choice in chosen} | ({rest_for} if rest_for else set())
        if not whose:
            minor = abs(found.amount)
            same = Item.objects.filter(creditor=here.creditor, customer__in=here.customers, open=minor)
            items = list(same.filter(currency=found.currency).select_related("customer").order_by("due_on")[:most])
        else:
            items = ledger.items_with_room(
                here.creditor, here.customers.filter(pk__in=whose), currency=found.currency, most=most
            )
    return [Choice(item, "", "") for item in items if item.pk not in there]


def items(request: HttpRequest, here: Here, line: int) -> HttpResponse:
    """The items that are looked for, as rows to choose from: the answer to every letter typed."""
    found = _line(here, line)
    listed = _beside(here, found, [], found.customer_id, request.GET.get("search", ""))
    return show(request, here, "parts/items_to_choose.html", choices=listed, currency=found.currency, nothing=True)


def book(request: HttpRequest, here: Here, line: int) -> HttpResponse:
    """Book the line as it was divided; or look for other items first, with what was typed kept."""
    found = _line(here, line)
    typed, shares, wrong = typed_shares(request, here, found.currency)
    rest_for = number(request.POST.get("rest_for", ""))
    if rest_for is not None and not here.customers.filter(pk=rest_for).exists():
        raise Http404
    search = request.POST.get("search", "")
    do = request.POST.get("do", "")
    if do == "fill" and rest_for:
        shares = _oldest_first(here, found, rest_for)
        return _divide(request, here, found, shares, rest_for=rest_for)
    if do == "search" or wrong:
        status = 200 if do == "search" else 422
        return _divide(
            request, here, found, {}, rest_for=rest_for, typed=typed, wrong=wrong, search=search, status=status
        )
    remember = None
    if request.POST.get("remember"):
        owners = set(ledger.rooms(here.creditor, ours(here, shares)).values())
        whose = {owner.customer for owner in owners} | ({rest_for} if rest_for else set())
        remember = whose.pop() if len(whose) == 1 else None
    try:
        payments = actions.book(
            found,
            shares=ours(here, shares),
            rest_for=rest_for,
            remember=remember,
            seen=request.POST.get("seen", ""),
            today=here.today,
            now=here.now,
            by=here.by,
        )
    except DecidedError as decided:
        return _decided(request, here, decided)
    except RefusedError as why:
        refusal = say(f"allocation.{why.rule}", here.language, **why.params)
        return _divide(
            request, here, found, {}, rest_for=rest_for, typed=typed, refusal=refusal, search=search, status=422
        )
    _booked(request, here, found, payments)
    return back(request, here, "money")


def _oldest_first(here: Here, found: BankLine, customer: int) -> dict[int, int]:
    whose = here.customers.filter(pk=customer)
    listed = ledger.items_with_room(here.creditor, whose, currency=found.currency)
    rooms = (Room(one.pk, customer, one.number, one.currency, min(one.open, room(one.total, one.allocated)))
             for one in listed if one.open > 0)  # fmt: skip
    return fill(found.amount, tuple(rooms))


def confirm(request: HttpRequest, here: Here, line: int) -> HttpResponse:
    """Book the line as it is proposed."""
    found = _line(here, line)

    def do(seen: str) -> None:
        payments = actions.confirm(found, seen=seen, today=here.today, now=here.now, by=here.by)
        _booked(request, here, found, payments)

    return _act(request, here, found, do)


def confirm_lot(request: HttpRequest, here: Here) -> HttpResponse:
    """Book the lines that are marked as they are proposed; the words that tell of it take the lot back."""
    marked = dict(_marked(one) for one in request.POST.getlist("line")[:_ROWS])
    lines = in_sight(here).filter(pk__in=marked).order_by("booked_on", "pk")
    seen = {line: marked[line.pk] for line in lines}
    booked = actions.confirm_all(seen, today=here.today, now=here.now, by=here.by)
    if booked:
        undo = f"{to(here, 'lines_undo')}?{urlencode({'at': here.now.isoformat()})}"
        tell(request, here, "money.told_lot", n=len(booked), undo=undo)
    if rest := len(marked) - len(booked):
        tell(request, here, "money.told_lot_rest", n=rest, level=messages.WARNING)
    return back(request, here, "money")


def _marked(text: str) -> tuple[int, str]:
    """A marked line with what was seen of it."""
    pk, _, seen = text.partition(":")
    return number(pk) or 0, seen


def undo_lot(request: HttpRequest, here: Here) -> HttpResponse:
    """Take back what one booked in one go; what somebody changed since stays as it is."""
    moment = moment_of(request.GET.get("at", ""))
    booked = in_sight(here).filter(state="booked", decided_by=here.by)
    lot = list(booked.filter(decided_at=moment).order_by("pk")[:_ROWS]) if moment else []
    undone = actions.undo_all(lot, today=here.today, by=here.by)
    level = messages.SUCCESS if undone else messages.WARNING
    tell(request, here, "money.told_lot_undone" if undone else "money.told_lot_gone", n=len(undone), level=level)
    return back(request, here, "money")


def leave(request: HttpRequest, here: Here, line: int) -> HttpResponse:
    """The line is not from a customer."""
    found = _line(here, line)

    def do(seen: str) -> None:
        actions.leave(found, seen=seen, today=here.today, now=here.now, by=here.by)
        _told(request, here, found, "money.told_left", amount=Money(found.amount, found.currency))

    return _act(request, here, found, do)


def take_back(request: HttpRequest, here: Here, line: int) -> HttpResponse:
    """The line takes a payment back."""
    found = _line(here, line)
    chosen = number(request.POST.get("payment", ""))
    payment = get_object_or_404(Payment, creditor=here.creditor, customer__in=here.customers, pk=chosen)

    def do(seen: str) -> None:
        actions.take_back(found, payment, seen=seen, today=here.today, now=here.now, by=here.by)
        _told(request, here, found, "money.told_returned", amount=Money(payment.amount, payment.currency))

    return _act(request, here, found, do)


def undo(request: HttpRequest, here: Here, line: int) -> HttpResponse:
    """Take back what was decided; asked from the line, or from the words that told of the decision."""
    found = _line(here, line)

    def do(seen: str) -> None:
        actions.undo(found, seen=seen, today=here.today, by=here.by)
        tell(request, here, "money.told_undone", amount=Money(abs(found.amount), found.currency))

    return _act(request, here, found, do)


def whose(request: HttpRequest, here: Here, line: int) -> HttpResponse:
    """Say whose the payer's account is."""
    found = _line(here, line)
    chosen = number(request.POST.get("customer", ""))
    customer = get_object_or_404(here.customers, pk=chosen)

    def do(seen: str) -> None:
        n = actions.say_whose(found, customer, seen=seen, today=here.today, now=here.now, by=here.by)
        tell(request, here, "money.told_learned", customer=customer.name, n=n)

    return _act(request, here, found, do)


def forget(request: HttpRequest, here: Here, account: int) -> HttpResponse:
    """Take back whose an account is."""
    known = get_object_or_404(PayerAccount, creditor=here.creditor, customer__in=here.customers, pk=account)
    tell(request, here, "money.told_forgotten", customer=known.customer.name)
    actions.forget(known, today=here.today, by=here.by)
    return back(request, here, "money")


def _act(request: HttpRequest, here: Here, found: BankLine, do: Callable[[str], None]) -> HttpResponse:
    """Do what a person decided, or say why it cannot be; nothing is changed then."""
    seen = request.POST.get("seen") or request.GET.get("seen", "")
    try:
        do(seen)
    except DecidedError as decided:
        return _decided(request, here, decided)
    except RefusedError as why:
        messages.error(request, say(f"allocation.{why.rule}", here.language, **why.params))
        return HttpResponse(status=303, headers={"Location": to(here, "line", line=found.pk)})
    return back(request, here, "money")


def _decided(request: HttpRequest, here: Here, decided: DecidedError) -> HttpResponse:
    """Somebody was quicker: say who and what, and show the line as it is now."""
    line_ = decided.line
    what = say(f"desk.money.state_{line_.state}", here.language)
    key = "desk.money.decided_by" if line_.decided_by else "desk.money.decided"
    messages.warning(request, say(key, here.language, who=line_.decided_by, what=what))
    return HttpResponse(status=303, headers={"Location": to(here, "line", line=line_.pk)})


def _booked(request: HttpRequest, here: Here, found: BankLine, payments: list[Payment]) -> None:
    amount = Money(found.amount, found.currency)
    names = ", ".join(dict.fromkeys(payment.customer.name for payment in payments))
    _told(request, here, found, "money.told_booked", amount=amount, customer=names)


def _told(request: HttpRequest, here: Here, found: BankLine, key: str, **params: object) -> None:
    """Say what became of the line, with a way to undo it."""
    found.refresh_from_db()
    where = f"{to(here, 'line_undo', line=found.pk)}?{urlencode({'seen': actions.version(found)})}"
    messages.success(request, say(f"desk.{key}", here.language, **params), extra_tags=where)

"""Takes bank statements in: each movement once, sure matches booked, money sent back taken back, the rest proposed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter

from django.db import transaction
from django.db.models import F, Max, Min, Q, QuerySet

from amable.banking import continuity
from amable.banking.continuity import Kept
from amable.banking.fingerprints import fingerprints
from amable.banking.models import BankLine, PayerAccount, Proposal
from amable.banking.models import Statement as KeptStatement
from amable.core import matching
from amable.core.matching import OpenItem, PastPayment, PastPayments, Payer, Received
from amable.core.money import Money, TooPreciseError, known, to_minor
from amable.core.payer_names import same_name
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import actions as ledger
from amable.ledger.models import Allocation, Customer, Item, Merged, Payment, Taken
from amable.ledger.records import currency_of
from amable.organisation.bulk import insert, numbers, these, update
from amable.organisation.models import Creditor
from amable.plugs.bank import Statement
from amable.plugs.complaint import Complaint

LARGEST = 10**15  # in minor units: no payment, and it still fits a database's integer
LEDGER_TELLS_AFTER = 7  # days after which a later ledger is believed about money that nobody matched
_LINE = (
    "creditor", "statement", "fingerprint", "booked_on", "currency", "amount", "kind", "name", "iban", "text",
    "reference", "end_to_end", "bank_reference", "state", "reasons", "in_run",
)  # fmt: skip
_MATCHED = ("state", "customer_id", "payment_id", "reasons", "in_run", "before")
_RETURNS = 400  # days of payments that may still come back (a SEPA direct debit: 13 months)


@dataclass(slots=True)
class TakenIn:
    """What became of the bank files; a complaint comes with the digest of its file."""

    lines: int = 0
    known_already: int = 0
    booked: int = 0
    proposed: int = 0
    unknown: int = 0
    reversed: int = 0
    complaints: list[tuple[str, Complaint]] = field(default_factory=list)


def take_statements(creditor: Creditor, files: Sequence[tuple[str, Sequence[Statement]]], today: date) -> TakenIn:
    """Take the statements of some files (each with its digest) in, then match what is new.

    The same statement again, or one that overlaps it, adds nothing; two genuine payments alike in one file are two.
    """
    taken = TakenIn()
    with transaction.atomic():
        ledger.books(creditor)
        _leave_to_ledger(creditor, today)
        digests = [digest for digest, _ in files]
        Taken.objects.bulk_create(
            [Taken(creditor=creditor, kind="bank", digest=digest, day=today) for digest in digests],
            ignore_conflicts=True,
        )
        before = set(
            KeptStatement.objects.filter(creditor=creditor, file_digest__in=digests).values_list("file_digest", "place")
        )
        new: list[Kept] = []
        for digest, statements in files:
            for place, statement in enumerate(statements):
                if (digest, place) in before:
                    taken.known_already += len(statement.lines)
                else:
                    before.add((digest, place))
                    new.append(_keep(creditor, digest, place, statement, today, taken))
        taken.complaints += continuity.gaps(creditor, new)
        alike, told = continuity.alike(creditor, new)
        taken.complaints += told
        _match_new(creditor, today, taken, alike)
    return taken


def _leave_to_ledger(creditor: Creditor, today: date) -> None:
    """Money nobody matched stops holding demands once a later ledger has had time to show what it paid.

    A ledger counts from the day its very bytes were first seen: the same file again tells nothing new. What was left
    is in the evidence, and what a payment had without an item is its amount less its allocations.
    """
    ledgers = Taken.objects.filter(creditor=creditor, kind="ledger").values("digest").annotate(first=Min("day"))
    newest = ledgers.aggregate(newest=Max("first"))["newest"]
    if newest is None:
        return
    before = newest - timedelta(days=LEDGER_TELLS_AFTER)
    lines = BankLine.objects.filter(creditor=creditor, state__in=("proposed", "unknown"), in_run__lte=before)
    payments = Payment.objects.filter(creditor=creditor, in_run__lte=before).exclude(unapplied=0)
    left = [{"line": line.fingerprint, "amount": line.amount, "currency": line.currency} for line in lines]
    left += [{"payment": p.external_id, "amount": p.unapplied, "currency": p.currency} for p in payments]
    log.record(creditor, [Event("money.left", today, facts) for facts in left])
    held = Proposal.objects.filter(creditor=creditor, line__in=lines).values_list("item__customer_id", flat=True)
    ledger.look_again(
        creditor,
        {*held, *filter(None, (line.customer_id for line in lines)), *(p.customer_id for p in payments)},
        today,
    )
    lines.update(state="left")
    payments.update(unapplied=0)


def _keep(creditor: Creditor, digest: str, place: int, statement: Statement, today: date, taken: TakenIn) -> Kept:
    """Keep a statement and the movements that are new; one without a currency is in that of the creditor's country."""
    meant = statement.currency or currency_of(creditor.country)
    if any(not line.currency for line in statement.lines):
        lines = tuple(line if line.currency else replace(line, currency=meant) for line in statement.lines)
        statement = replace(statement, currency=meant, lines=tuple(line for line in lines if line.currency))
        if len(statement.lines) < len(lines):
            params: dict[str, object] = {"account": statement.account or "–"}
            taken.complaints.append((digest, Complaint("bank_no_currency", params=params)))
    kept = KeptStatement.objects.create(
        creditor=creditor,
        file_digest=digest,
        place=place,
        account=statement.account,
        number=statement.number,
        currency=statement.currency[:3],
        opening=_balance(statement.opening),
        closing=_balance(statement.closing),
        closing_on=statement.closing_on,
    )
    prints = fingerprints(statement)
    before = _seen_before(creditor, [fingerprint for fingerprint, _ in prints])
    rows = []
    for fingerprint, line in prints:
        if fingerprint in before:
            continue
        try:
            minor = to_minor(line.amount, line.currency) if known(line.currency) else None
        except TooPreciseError:
            minor = None
        if minor is None or abs(minor) >= LARGEST:
            value = f"{line.amount} {line.currency}"
            taken.complaints.append((digest, Complaint("bank_amount", None, "amount", value)))
            continue
        rows.append((
            creditor.pk, kept.pk, fingerprint, line.booked_on, line.currency, minor, line.kind, line.name, line.iban,
            line.text, line.reference, line.end_to_end, line.bank_reference, "new", "", today,
        ))  # fmt: skip
    insert(BankLine, _LINE, rows)
    taken.lines += len(rows)
    taken.known_already += len(before)
    return Kept(digest, kept, frozenset(before))


def _balance(amount: Decimal | None) -> Decimal | None:
    """A balance as it is kept, None when no account can have it."""
    return amount if amount is not None and abs(amount) < LARGEST else None


def _seen_before(creditor: Creditor, fingerprints: Sequence[str]) -> set[str]:
    """Which of these movements were taken in before, asked in parts: a database takes only so many values at once."""
    found: set[str] = set()
    for start in range(0, len(fingerprints), 1000):
        asked = BankLine.objects.filter(creditor=creditor, fingerprint__in=fingerprints[start : start + 1000])
        found.update(asked.values_list("fingerprint", flat=True))
    return found


def _match_new(creditor: Creditor, today: date, taken: TakenIn, alike: Collection[str]) -> None:
    """Match what nobody looked at yet; movements `alike` to known ones (by fingerprint) are put to a person."""
    lines = list(_to_match(creditor, today).order_by("booked_on", "id").select_related("statement"))
    if not lines:
        return
    index = _index(creditor)
    in_ledger = _booked_by_ledger(creditor, min(line.booked_on for line in lines))
    past = _past(creditor, today)
    bookings = _Bookings(creditor, today, iter(numbers(Payment, len(lines))))
    events: list[Event] = []
    for line in lines:
        if line.amount > 0 and line.kind == "payment":
            _receive(line, index, in_ledger, past, bookings, today, taken, events, unsure=line.fingerprint in alike)
        elif line.kind == "return" or line.amount < 0:
            _take_back(line, past, index, bookings, today, taken, events)
        else:
            line.state = "other"
    bookings.write()
    update(BankLine, _MATCHED, map(attrgetter(*_MATCHED, "creditor_id", "id"), lines))
    insert(Proposal, ("creditor", "line", "item", "amount", "let_off"), bookings.proposals)
    log.record(creditor, events)
    _look_again(creditor, lines, today)


@dataclass(slots=True)
class _Bookings:
    """What the lines so far have booked and proposed; written before money is taken back, so that it is there."""

    creditor: Creditor
    today: date
    numbers: Iterator[int]
    waiting: list[ledger.Booking] = field(default_factory=list)
    proposals: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def write(self) -> None:
        """Write what waits."""
        ledger.allocate(self.creditor, self.waiting, self.today)
        self.waiting.clear()


def _look_again(creditor: Creditor, lines: Sequence[BankLine], today: date) -> None:
    """Whoever a movement was booked for, taken back from, or is proposed to."""
    ids = [line.pk for line in lines]
    proposed = Proposal.objects.filter(creditor=creditor, line__in=these(ids)).values_list(
        "item__customer_id", flat=True
    )
    ledger.look_again(creditor, {*proposed, *filter(None, (line.customer_id for line in lines))}, today)


def _to_match(creditor: Creditor, today: date) -> QuerySet[BankLine]:
    """Movements nobody looked at yet; and when the ledger brought new items, payments that nobody was known to owe."""
    lines = BankLine.objects.filter(creditor=creditor)
    if Item.objects.filter(creditor=creditor, first_seen_on=today).exists():
        return lines.filter(Q(state="new") | Q(state="unknown", amount__gt=0, kind="payment"))
    return lines.filter(state="new")


def account(iban: str) -> str:
    """An account as accounts are compared: in capitals, without spaces."""
    return "".join(iban.split()).upper()


def _booked_by_ledger(creditor: Creditor, since: date) -> matching.Index:
    """Items the ledger lately called paid, with what no movement accounts for yet: the bank tells of the same money."""
    since -= timedelta(days=LEDGER_TELLS_AFTER)
    settled = Item.objects.filter(creditor=creditor, open=0, total__gt=F("allocated"), settled_on__gte=since)
    items = [_open_item(item)._replace(open=item.total - item.allocated) for item in settled.order_by("pk")]
    return matching.Index(items, _payers(creditor) if items else [])


OPEN_ITEM = (
    "id", "customer_id", "number", "currency", "open", "due_on", "total", "po_number", "payment_reference",
    "discount_percent", "discount_until",
)  # fmt: skip


def _open_item(item: Item) -> OpenItem:
    return OpenItem(
        item.pk, item.customer_id, item.number, item.currency, item.open, item.due_on, item.total, item.po_number,
        item.payment_reference, item.discount_percent, item.discount_until,
    )  # fmt: skip


def _index(creditor: Creditor) -> matching.Index:
    open_items = Item.objects.filter(creditor=creditor).exclude(open=0)
    items = [OpenItem(*row) for row in open_items.values_list(*OPEN_ITEM).iterator()]
    return matching.Index(items, _payers(creditor))


def _payers(creditor: Creditor) -> list[Payer]:
    """Every customer with the names and accounts it paid under; what a person said of an account goes first.

    Those of a customer that was merged into another are the other's.
    """
    said = dict(PayerAccount.objects.filter(creditor=creditor).values_list("iban", "customer_id"))
    stated: dict[int, list[str]] = defaultdict(list)
    for iban, whose in said.items():
        stated[whose].append(iban)
    paid_before: dict[int, set[tuple[str, str]]] = defaultdict(set)
    booked = BankLine.objects.filter(creditor=creditor, state="booked", customer__isnull=False)
    for customer, name, iban in booked.values_list("customer_id", "name", "iban").iterator():
        paid_before[customer].add((name, iban))
    merged: dict[int, list[tuple[str, str]]] = defaultdict(list)
    listed = Merged.objects.filter(creditor=creditor).order_by("pk")
    for customer, name, tax_id in listed.values_list("customer_id", "name", "tax_id"):
        merged[customer].append((name, tax_id))
    payers = []
    for customer, name, tax_id in Customer.objects.filter(creditor=creditor).values_list("id", "name", "tax_id"):
        before = paid_before.get(customer, ())
        others = merged.get(customer, ())
        called = [name, *(other for other, _ in others)]
        names = tuple(dict.fromkeys([*called, *sorted(payer for payer, _ in before if payer)]))
        # An accountant pays for many: only an account in the customer's own name is learned as theirs.
        own = {
            iban
            for payer, iban in before
            if iban and account(iban) not in said and any(same_name(payer, one) for one in called)
        }
        accounts = [*sorted(own), *stated[customer]]
        number = tax_id or next((other for _, other in others if other), "")
        payers.append(Payer(customer, names, tuple(accounts), number))
    return payers


def _past(creditor: Creditor, today: date) -> PastPayments:
    booked = BankLine.objects.filter(
        creditor=creditor,
        state="booked",
        payment__reversed_on=None,
        booked_on__gte=today - timedelta(days=_RETURNS),
    )
    paid: dict[int, list[str]] = defaultdict(list)
    given = Allocation.objects.filter(creditor=creditor, payment__bankline__in=booked, reversed=False)
    for payment, number in given.order_by("pk").values_list("payment_id", "item__number").iterator():
        paid[payment].append(number)
    return PastPayments(
        _past_payment(line, tuple(paid[line.payment_id or 0])) for line in booked.order_by("booked_on", "id")
    )


def _past_payment(line: BankLine, numbers: tuple[str, ...]) -> PastPayment:
    assert line.payment_id is not None, "a booked line has a payment"
    return PastPayment(
        line.payment_id,
        line.customer_id,
        line.amount,
        line.currency,
        line.booked_on,
        line.name,
        line.iban,
        line.reference,
        line.end_to_end,
        numbers,
    )


def received_by(line: BankLine) -> Received:
    """A line as matching sees it."""
    return Received(
        line.amount, line.currency, line.name, line.iban, line.text, line.reference, line.end_to_end, line.booked_on
    )


def _receive(
    line: BankLine,
    index: matching.Index,
    in_ledger: matching.Index,
    past: PastPayments,
    bookings: _Bookings,
    today: date,
    taken: TakenIn,
    events: list[Event],
    *,
    unsure: bool,
) -> None:
    """Money in: booked when sure, else proposed to a person, with whose it probably is."""
    found = matching.match(received_by(line), index)
    if not (found and found[0].sure) and (told := matching.told_by_ledger(received_by(line), in_ledger)):
        found, index = (told,), in_ledger
    if not found:
        line.state = "unknown"
        taken.unknown += 1
        return
    best = found[0]
    if unsure:
        best = best._replace(sure=False, reasons=(*best.reasons, matching.Reason("told_otherwise", {})))
    line.customer_id = best.customer
    line.reasons = kept_reasons(best.reasons)
    if best.sure and best.customer is not None:
        index.book(best)
        shares = {share.item: share.amount for share in best.shares}
        money = ledger.Money(
            line.fingerprint,
            best.customer,
            line.booked_on,
            line.currency,
            line.amount,
            line.name,
            line.statement.account,
        )
        line.payment_id = next(bookings.numbers)
        let_off = {share.item: share.let_off for share in best.shares if share.let_off}
        bookings.waiting.append(ledger.Booking(line.payment_id, money, shares, best.unapplied, let_off=let_off))
        line.state = "booked"
        past.add(_past_payment(line, tuple(index.items[share.item].number for share in best.shares)))
        taken.booked += 1
        facts = {"line": line.fingerprint, "items": sorted(shares.items()), "unapplied": best.unapplied}
        facts |= {"amount": line.amount, "currency": line.currency, "booked_on": line.booked_on.isoformat()}
        facts |= {"let_off": sorted(let_off.items())} if let_off else {}
        events.append(Event("payment.booked", today, facts, {"payer": line.name, "iban": line.iban}))
        return
    line.state, line.in_run = "proposed", today
    taken.proposed += 1
    bookings.proposals += [(line.creditor_id, line.pk, *share) for share in best.shares]


def _take_back(
    line: BankLine,
    past: PastPayments,
    index: matching.Index,
    bookings: _Bookings,
    today: date,
    taken: TakenIn,
    events: list[Event],
) -> None:
    """Money out: an earlier payment sent back reopens what it paid; anything else is no business of ours."""
    line.state = "other"
    if line.kind != "return":
        return
    found = matching.match_return(received_by(line), past)
    if not found:
        line.state = "unknown"
        taken.unknown += 1
        return
    best = found[0]
    bookings.write()
    payment = Payment.objects.get(creditor=line.creditor_id, pk=best.payment)
    line.customer_id = payment.customer_id
    line.reasons = kept_reasons(best.reasons)
    if not best.sure:
        line.state = "proposed"
        taken.proposed += 1
        return
    past.book(best)
    line.before = kept_before(line, "proposed", ledger.standing(payment))
    reopened = ledger.reverse(payment, line.booked_on)
    for item in reopened:
        index.reopen(_open_item(item))
    line.state, line.payment = "reversal", payment
    taken.reversed += 1
    facts = {"line": line.fingerprint, "payment": payment.pk, "items": [item.pk for item in reopened]}
    events.append(Event("payment.reversed", today, facts | {"amount": line.amount, "currency": line.currency}))


def kept_before(line: BankLine, state: str, stood: ledger.Stood | None = None) -> str:
    """What a line is, as JSON to keep while it is something else; with how a payment stood that it takes back."""
    facts = {
        "state": state,
        "customer": line.customer_id,
        "reasons": line.reasons,
        "in_run": line.in_run.isoformat(),
        "decided_by": line.decided_by,
        "decided_at": line.decided_at.isoformat() if line.decided_at else "",
        "before": line.before,
    }
    return json.dumps(facts | ({"stood": stood._asdict()} if stood else {}), ensure_ascii=False)


def kept_reasons(reasons: Iterable[matching.Reason]) -> str:
    """The reasons of a match as they are kept: rules with their parameters."""
    return json.dumps(
        [
            [reason.rule, {name: list(p) if isinstance(p, Money) else p for name, p in reason.params.items()}]
            for reason in reasons
        ],
        ensure_ascii=False,
    )

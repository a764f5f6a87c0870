"""Takes bank statements in: each movement once, sure matches booked, money sent back taken back, the rest proposed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256

from django.db import transaction

from amable.banking.models import BankLine, Proposal
from amable.banking.models import Statement as KeptStatement
from amable.core import matching
from amable.core.matching import OpenItem, PastPayment, PastPayments, Payer, Received
from amable.core.money import Money, TooPreciseError, known, to_minor
from amable.core.payer_names import same_name
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import actions as ledger
from amable.ledger.models import Customer, Item, Payment, Taken
from amable.organisation.models import Creditor
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint

LEDGER_TELLS_AFTER = 7  # days after which a later ledger is believed about money that nobody matched
_RETURNS = 400  # days of payments that may still come back (a SEPA direct debit: 13 months)


@dataclass(slots=True)
class TakenIn:
    """What became of the bank files."""

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
        _leave_to_ledger(creditor, today)
        digests = [digest for digest, _ in files]
        Taken.objects.bulk_create(
            [Taken(creditor=creditor, kind="bank", digest=digest, day=today) for digest in digests],
            ignore_conflicts=True,
        )
        before = set(
            KeptStatement.objects.filter(creditor=creditor, file_digest__in=digests).values_list("file_digest", "place")
        )
        for digest, statements in files:
            for place, statement in enumerate(statements):
                if (digest, place) in before:
                    taken.known_already += len(statement.lines)
                else:
                    _keep(creditor, digest, place, statement, today, taken)
        _match_new(creditor, today, taken)
    return taken


def _leave_to_ledger(creditor: Creditor, today: date) -> None:
    """Money nobody matched stops holding demands once a later ledger has had time to show what it paid."""
    newest = Taken.objects.filter(creditor=creditor, kind="ledger").order_by("-day").values_list("day", flat=True)
    if not newest:
        return
    before = newest[0] - timedelta(days=LEDGER_TELLS_AFTER)
    BankLine.objects.filter(creditor=creditor, state="proposed", in_run__lte=before).update(state="left")
    Payment.objects.filter(creditor=creditor, in_run__lte=before).exclude(unapplied=0).update(unapplied=0)


def _keep(creditor: Creditor, digest: str, place: int, statement: Statement, today: date, taken: TakenIn) -> None:
    kept = KeptStatement.objects.create(
        creditor=creditor,
        file_digest=digest,
        place=place,
        account=statement.account[:60],
        number=statement.number[:60],
        currency=statement.currency[:3],
        opening=statement.opening,
        closing=statement.closing,
        closing_on=statement.closing_on,
    )
    seen: Counter[str] = Counter()
    prints: list[tuple[str, StatementLine]] = []
    for line in statement.lines:
        base = _base(statement.account, line)
        seen[base] += 1
        prints.append((sha256(f"{base}|{seen[base]}".encode()).hexdigest(), line))
    fingerprints = [fingerprint for fingerprint, _ in prints]
    before = set(
        BankLine.objects.filter(creditor=creditor, fingerprint__in=fingerprints).values_list("fingerprint", flat=True)
    )
    rows = []
    for fingerprint, line in prints:
        if fingerprint in before:
            taken.known_already += 1
            continue
        try:
            minor = to_minor(line.amount, line.currency) if known(line.currency) else None
        except TooPreciseError:
            minor = None
        if minor is None:
            value = f"{line.amount} {line.currency}"
            taken.complaints.append((digest[:12], Complaint("bank_amount", None, "amount", value)))
            continue
        rows.append(
            BankLine(
                creditor=creditor,
                statement=kept,
                fingerprint=fingerprint,
                booked_on=line.booked_on,
                currency=line.currency,
                amount=minor,
                kind=line.kind,
                name=line.name[:500],
                iban=line.iban[:60],
                text=line.text,
                reference=line.reference[:200],
                end_to_end=line.end_to_end[:200],
                bank_reference=line.bank_reference[:200],
                state="new",
                in_run=today,
            )
        )
    BankLine.objects.bulk_create(rows, batch_size=500)
    taken.lines += len(rows)


def _base(account: str, line: StatementLine) -> str:
    """What tells one movement from another, apart from how many alike came before it in the statement."""
    return "|".join(
        (
            account,
            line.booked_on.isoformat(),
            format(line.amount.normalize(), "f"),
            line.currency,
            line.name,
            line.iban,
            line.text,
            line.reference,
            line.end_to_end,
            line.bank_reference,
        )
    )


def _match_new(creditor: Creditor, today: date, taken: TakenIn) -> None:
    lines = list(BankLine.objects.filter(creditor=creditor, state="new").order_by("booked_on", "id"))
    if not lines:
        return
    index = _index(creditor)
    past = _past(creditor, today)
    events: list[Event] = []
    for line in lines:
        if line.amount > 0 and line.kind == "payment":
            _receive(creditor, line, index, past, today, taken, events)
        elif line.kind == "return" or line.amount < 0:
            _take_back(line, past, index, today, taken, events)
        else:
            line.state = "other"
        line.save(update_fields=("state", "customer", "payment", "reasons"))
    log.record(creditor, events)


def _index(creditor: Creditor) -> matching.Index:
    open_items = Item.objects.filter(creditor=creditor).exclude(open=0)
    items = [
        OpenItem(*row)
        for row in open_items.values_list(
            "id", "customer_id", "number", "currency", "open", "due_on", "total", "po_number"
        ).iterator()
    ]
    paid_before: dict[int, set[tuple[str, str]]] = defaultdict(set)
    booked = BankLine.objects.filter(creditor=creditor, state="booked", customer__isnull=False)
    for customer, name, iban in booked.values_list("customer_id", "name", "iban").iterator():
        paid_before[customer].add((name, iban))
    payers = []
    for customer, name, tax_id in Customer.objects.filter(creditor=creditor).values_list("id", "name", "tax_id"):
        before = paid_before.get(customer, ())
        names = tuple(dict.fromkeys([name, *sorted(payer for payer, _ in before if payer)]))
        # An accountant pays for many: only an account in the customer's own name is learned as theirs.
        accounts = sorted({iban for payer, iban in before if iban and same_name(payer, name)})
        payers.append(Payer(customer, names, tuple(accounts), tax_id))
    return matching.Index(items, payers)


def _past(creditor: Creditor, today: date) -> PastPayments:
    booked = BankLine.objects.filter(
        creditor=creditor,
        state="booked",
        payment__reversed_on=None,
        booked_on__gte=today - timedelta(days=_RETURNS),
    )
    return PastPayments(_past_payment(line) for line in booked.order_by("booked_on", "id"))


def _past_payment(line: BankLine) -> PastPayment:
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
    )


def _received(line: BankLine) -> Received:
    return Received(line.amount, line.currency, line.name, line.iban, line.text, line.reference, line.end_to_end)


def _receive(
    creditor: Creditor,
    line: BankLine,
    index: matching.Index,
    past: PastPayments,
    today: date,
    taken: TakenIn,
    events: list[Event],
) -> None:
    """Money in: booked when sure, else proposed to a person, with whose it probably is."""
    found = matching.match(_received(line), index)
    if not found:
        line.state = "unknown"
        taken.unknown += 1
        return
    best = found[0]
    line.customer_id = best.customer
    line.reasons = _reasons(best.reasons)
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
        line.payment = ledger.allocate(creditor, money, shares, best.unapplied, today)
        line.state = "booked"
        past.add(_past_payment(line))
        taken.booked += 1
        facts = {"line": line.fingerprint, "items": sorted(shares.items()), "unapplied": best.unapplied}
        facts |= {"amount": line.amount, "currency": line.currency, "booked_on": line.booked_on.isoformat()}
        events.append(Event("payment.booked", today, facts, {"payer": line.name, "iban": line.iban}))
        return
    line.state = "proposed"
    taken.proposed += 1
    Proposal.objects.bulk_create(
        [
            Proposal(creditor=creditor, line=line, item_id=share.item, amount=share.amount)
            for share in best.shares
            if share.amount > 0
        ]
    )


def _take_back(
    line: BankLine, past: PastPayments, index: matching.Index, today: date, taken: TakenIn, events: list[Event]
) -> None:
    """Money out: an earlier payment sent back reopens what it paid; anything else is no business of ours."""
    line.state = "other"
    if line.kind != "return":
        return
    found = matching.match_return(_received(line), past)
    if not found:
        line.state = "unknown"
        taken.unknown += 1
        return
    best = found[0]
    payment = Payment.objects.get(pk=best.payment)
    line.customer_id = payment.customer_id
    line.reasons = _reasons(best.reasons)
    if not best.sure:
        line.state = "proposed"
        taken.proposed += 1
        return
    past.book(best)
    reopened = ledger.reverse(payment, line.booked_on)
    for item in reopened:
        index.reopen(item.pk, item.open)
    line.state, line.payment = "reversal", payment
    taken.reversed += 1
    facts = {"line": line.fingerprint, "payment": payment.pk, "items": [item.pk for item in reopened]}
    events.append(Event("payment.reversed", today, facts | {"amount": line.amount, "currency": line.currency}))


def _reasons(reasons: Iterable[matching.Reason]) -> str:
    """The reasons of a match as they are kept: rules with their parameters."""
    return json.dumps(
        [
            [reason.rule, {name: list(p) if isinstance(p, Money) else p for name, p in reason.params.items()}]
            for reason in reasons
        ],
        ensure_ascii=False,
    )

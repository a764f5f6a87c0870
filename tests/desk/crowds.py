"""Many rows of everything a page shows: of customers and what they owe, of what was said, booked, given and agreed.

What the desk's people do one at a time is done here by the same actions; what comes by the thousand is written in bulk.
The plan of the day is a real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import transaction

from amable.agreements import actions as agreements
from amable.banking.models import BankLine, PayerAccount, Proposal, Statement
from amable.core.agreements import Ground, instalments_of
from amable.core.finding import foldable, folded_number
from amable.correspondence.models import DeliveryEvent, EditedWords, Message, MessageItem, WordingVersion
from amable.dunning import holds, procedures
from amable.dunning.models import ProcedureVersion, TaskOutcome
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import notes
from amable.ledger.models import Allocation, Contact, Customer, Item, Payment
from amable.organisation.bulk import insert, numbers
from amable.organisation.models import Member, User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.work import duties
from amable.work.models import File, Job, Rejection
from tests.contexts.office import STARTER
from tests.desk.desks import LATE, Desk, own_name

_OPEN = 4  # items a customer owes
_SETTLED = 2  # and has paid
_STATES = ("booked", "proposed", "unknown", "booked", "reversal", "booked", "other")
_BY = "marta@turia.example"


class Size(NamedTuple):
    """How many of each: customers, of them written to today, of them asked about, messages said before, bank lines.

    `few` of everything else; `of_one` of everything about the one customer, line, message and file pages are asked for.
    """

    customers: int
    planned: int
    asked: int
    said: int
    lines: int
    few: int
    of_one: int


def so_many(count: int) -> Size:
    """The same number of everything."""
    return Size(4 * count, count, count, count, len(_STATES) * count, count, count)


def grow(desk: Desk, size: Size) -> None:
    """Add so many rows to a desk with everything."""
    with acting_for(desk.creditor):
        crowd = _Crowd(desk, size)
        for part in (crowd.book, crowd.agreed, crowd.plan, crowd.answered, crowd.said, crowd.bank, crowd.rest):
            with transaction.atomic():
                part()
        log.seal(desk.creditor)


class _Crowd:
    def __init__(self, desk: Desk, size: Size) -> None:
        self.desk, self.size, self.creditor, self.now = desk, size, desk.creditor, desk.now
        self.today = desk.now.date()
        self.first = Customer.objects.filter(creditor=self.creditor).count()
        self.one = Customer.objects.get(creditor=self.creditor, key="C-1")
        self.settled: list[tuple[int, int]] = []
        self.open: list[tuple[int, int]] = []

    @property
    def stated(self) -> dict[str, Any]:
        return {"today": self.today, "now": self.now, "by": _BY}

    # --- the book

    def book(self) -> None:
        """Customers with a contact, what they owe and what they have paid."""
        ids = numbers(Customer, self.size.customers)
        insert(Customer, _CUSTOMER, (self._customer(pk, n) for n, pk in enumerate(ids, self.first)))
        insert(
            Contact,
            ("creditor", "customer", "role", "name", "email", "phone"),
            (
                (self.creditor.pk, pk, "billing", f"Ana {n}", f"ana{n}@kunde.example", "+34 96 555 01 03")
                for n, pk in enumerate(ids, self.first)
            ),
        )
        rows = [row for place, pk in enumerate(ids) for row in self._items(pk, place, self.first + place)]
        few = self.size.of_one
        # Of the one: what is late, then what there is to agree on.
        dues = [LATE] * few + [self.today + timedelta(days=30)] * 3 * few
        rows += [self._item(self.one.pk, f"V-{self.first}-{n}", LATE, 9_00, "EUR", settled_on=LATE) for n in range(few)]
        rows += [self._item(self.one.pk, f"U-{self.first}-{n}", due, 10_00 + n, "EUR") for n, due in enumerate(dues)]
        with_numbers = list(zip(numbers(Item, len(rows)), rows, strict=True))
        insert(Item, ("id", *_ITEM), ((pk, *row) for pk, row in with_numbers))
        place = _ITEM.index("open")
        for pk, row in with_numbers:
            (self.open if row[place] else self.settled).append((pk, row[1]))
        self.to_agree_on = [pk for pk, row in with_numbers[-3 * few :] if row[1] == self.one.pk]
        Customer.objects.filter(creditor=self.creditor, pk=self.one.pk).update(review_on=self.today)

    def _customer(self, pk: int, n: int) -> tuple[object, ...]:
        name = f"{_TRADES[n % len(_TRADES)]} {_PLACES[n // 7 % len(_PLACES)]} {n}, S.L."
        manager = n % 20
        return (
            pk, self.creditor.pk, f"M-{n:06}", "id", name, foldable(name), f"B{n:08}", "", "es", "ES", "VC", "",
            ("", "key", "small")[n % 3], "Calle Mayor 1, Valencia", f"Manager {manager}", f"m{manager}@turia.example",
            "", "", self.today,
        )  # fmt: skip

    def _items(self, customer: int, place: int, n: int) -> Iterator[tuple[object, ...]]:
        """Of those written to today one item is late; of those asked about one fell due yesterday."""
        currency = "RON" if n % 20 == 19 else "EUR"
        planned, asked = self.size.planned, self.size.asked
        for nth in range(_OPEN):
            due, more = self.today + timedelta(days=10 + 5 * nth + n % 60), {}
            if place < planned and not nth:
                due = LATE
            elif planned <= place < planned + asked and not nth:
                due = self.today - timedelta(days=1)
            elif place >= planned + asked and n % 3 == 0:
                due, more = self.today - timedelta(days=1 + (n + 37 * nth) % 200), {"disputed": True}
            elif place >= planned + asked and n % 3 == 1:
                promised = self.today + timedelta(days=1 + n % 20)
                due, more = self.today - timedelta(days=3 + n % 40), {"promised_on": promised}
            yield self._item(customer, f"F-{n}-{nth}", due, 10_00 + (n * 31 + nth) % 900_00, currency, **more)
        for nth in range(_SETTLED):
            due = self.today - timedelta(days=60 + (n + nth) % 200)
            paid = due + timedelta(days=n % 30)
            yield self._item(customer, f"P-{n}-{nth}", due, 10_00 + n % 500_00, currency, settled_on=paid)

    def _item(
        self, customer: int, number: str, due: date, amount: int, currency: str, *, disputed: bool = False,
        promised_on: date | None = None, settled_on: date | None = None,
    ) -> tuple[object, ...]:  # fmt: skip
        left = 0 if settled_on else amount
        how = json.dumps({"rule": "paid.ledger", "date": settled_on.isoformat(), "amount": 0}) if settled_on else ""
        return (
            self.creditor.pk, customer, "ledger", number, folded_number(number), "", "invoice", "", "", "Material",
            due - timedelta(days=30), due, currency, amount, left, 0, left, settled_on, settled_on, how, 1, disputed,
            promised_on, False, "", "", self.today,
        )  # fmt: skip

    # --- what people stated

    def agreed(self) -> None:
        """Of the one customer: holds, promises, disputes, plans and notes. Of others: holds."""
        few = self.size.of_one
        promised, contested, planned = (self.to_agree_on[start * few : (start + 1) * few] for start in range(3))
        about: dict[str, Any] = {"currency": "EUR", **self.stated}
        for n, item in enumerate(promised):
            agreements.promise(
                self.one, amount=5_00, on=self.today + timedelta(days=9), said_by=f"Ana {n}", items=[item], **about
            )
        for item in contested:
            agreements.dispute(self.one, ground=Ground.PRICE, note="Not agreed.", parts={item: 1_00}, **self.stated)
        for item in planned:
            left = Item.objects.values_list("open", flat=True).get(pk=item)
            halves = instalments_of(left, 2, self.today + timedelta(days=13), 7)
            agreements.plan(self.one, instalments=halves, note="In two halves", items=[item], **about)
        for n in range(few):
            notes.write(self.one, f"Call in the morning, {n}.", **self.stated)
            until = self.today + timedelta(days=2)
            held = holds.hold(self.one, until, "Moving house", self.today, self.now, by=_BY)
            holds.end(held, self.today, self.now, by=_BY)
        others = Customer.objects.filter(creditor=self.creditor).exclude(pk=self.one.pk).order_by("-pk")
        for other in others[: self.size.few]:
            holds.hold(other, self.today + timedelta(days=20), "On holiday", self.today, self.now, by=_BY)

    def plan(self) -> None:
        """Look at everybody whose day has come."""
        assert duties.look_again(self.creditor, lambda: self.now)

    def answered(self) -> None:
        """Words of people for messages of today, and tasks they tried and are asked again."""
        today = Message.objects.filter(creditor=self.creditor, day=self.today)
        edited = set(EditedWords.objects.filter(creditor=self.creditor).values_list("message_id", flat=True))
        mails = [
            pk for pk in today.filter(act="email").order_by("-pk").values_list("pk", flat=True) if pk not in edited
        ]
        insert(
            EditedWords,
            ("creditor", "message", "subject", "texts", "basis", "version", "edited_at", "edited_by", "outdated"),
            (
                (self.creditor.pk, pk, "In other words", json.dumps([]), "b" * 64, 1, self.now, _BY, bool(n % 2))
                for n, pk in enumerate(mails[: self.size.few])
            ),
        )
        tasks = list(today.filter(act="check").values_list("pk", flat=True)[: self.size.few])
        insert(
            TaskOutcome,
            ("creditor", "message", "outcome", "note", "said_on", "phone", "again_on", "told_at", "told_by"),
            ((self.creditor.pk, pk, "no_answer", "", None, "", self.today, self.now, _BY) for pk in tasks),
        )

    # --- what was said before

    def said(self) -> None:
        """Messages of the days before, most of which arrived; some of them to the one customer."""
        theirs = {customer: item for item, customer in self.open}
        mine = [item for item, customer in self.settled if customer == self.one.pk]  # what is planned today stays so
        whose = list(theirs.items())
        count = self.size.said
        about = [whose[n * 7 % len(whose)] for n in range(count)]
        about[: self.size.of_one] = [(self.one.pk, mine[n % len(mine)]) for n in range(min(self.size.of_one, count))]
        ids = numbers(Message, count)
        insert(Message, ("id", *_MESSAGE), (self._said(pk, n, about[n][0]) for n, pk in enumerate(ids)))
        insert(
            MessageItem,
            ("creditor", "message", "item", "step", "cycle", "occurrence", "section", "amount", "withdrawn"),
            (
                (
                    self.creditor.pk,
                    pk,
                    about[n][1],
                    "early_late",
                    1 + n // 30_000,
                    100 + n % 30_000,
                    "overdue",
                    10_00,
                    False,
                )
                for n, pk in enumerate(ids)
            ),
        )
        told = Message.objects.filter(creditor=self.creditor, act="email", customer=self.one, day=self.today).first()
        assert told is not None, "the one is written to today"
        insert(
            DeliveryEvent,
            ("creditor", "message", "kind", "recipient", "at", "origin", "said"),
            (
                (self.creditor.pk, told.pk, "delayed", "ana@miro.example", self.now, f"event-{self.first}-{n}", "")
                for n in range(self.size.of_one)
            ),
        )

    def _said(self, pk: int, n: int, customer: int) -> tuple[object, ...]:
        key = sha256(f"said {self.first} {n}".encode()).hexdigest()[:16]
        ago = timedelta(days=(60 if customer == self.one.pk else 1) + n % 60)
        day, at = self.today - ago, self.now - ago
        state = ("bounced", "rejected", "unknown")[n // 50 % 3] if n % 50 == 0 else "accepted"
        return (
            pk, self.creditor.pk, customer, day, "demand.EUR", key, "email", "early_late", "early_late.1", "es", "EUR",
            10_00, False, state, "", False, f"{key}@turia.example", f"Factura {n} pendiente", at,
            f"mail/{day}-{key}.eml", "", "email", at, at,
        )  # fmt: skip

    # --- money

    def bank(self) -> None:
        """Statements with lines of every state; what was booked has its payment, and an item it paid."""
        few, count = self.size.few, self.size.lines
        statements = numbers(Statement, few)
        insert(
            Statement,
            ("id", "creditor", "account", "number", "currency", "closing_on", "file_digest", "place"),
            (
                (pk, self.creditor.pk, f"ES91000{n % 3}", str(n), "EUR", self.today, f"{self.first}", n)
                for n, pk in enumerate(statements)
            ),
        )
        line = BankLine.objects.filter(creditor=self.creditor, state="proposed").earliest("pk")
        self.reasons = line.reasons
        ids = numbers(BankLine, count)
        booked = [n for n in range(count) if _STATES[n % len(_STATES)] == "booked"]
        payments = dict(zip(booked, numbers(Payment, len(booked)), strict=True))
        paid = {n: self.settled[place % len(self.settled)] for place, n in enumerate(booked)}
        insert(
            Payment,
            ("id", "creditor", "customer", "external_id", "received_on", "currency", "amount", "unapplied", "payer",
             "account", "in_run"),
            (
                (payments[n], self.creditor.pk, paid[n][1], f"p-{self.first}-{n}", self._day(n), "EUR", 50_00,
                 20_00 if n % 3 else 0, "Talleres", "", self._day(n))
                for n in booked
            ),
        )  # fmt: skip
        insert(
            Allocation,
            ("creditor", "payment", "item", "amount", "reversed"),
            ((self.creditor.pk, payments[n], paid[n][0], 30_00, False) for n in booked),
        )
        insert(BankLine, _LINE, (self._line(pk, n, statements[n % few], payments, paid) for n, pk in enumerate(ids)))
        proposed = [n for n in range(count) if _STATES[n % len(_STATES)] == "proposed"]
        shares = [(self.creditor.pk, ids[n], self.open[n % len(self.open)][0], 10_00) for n in proposed]
        known = set(Proposal.objects.filter(line=line).values_list("item_id", flat=True))
        free = [item for item, _ in self.open if item not in known][: self.size.of_one]
        insert(
            Proposal,
            ("creditor", "line", "item", "amount"),
            [share for share in shares if share[1] != line.pk]
            + [(self.creditor.pk, line.pk, item, 1_00) for item in free],
        )
        insert(
            PayerAccount,
            ("creditor", "iban", "customer", "said_by", "said_at"),
            ((self.creditor.pk, f"ES{self.first + n:022}", self.one.pk, _BY, self.now) for n in range(few)),
        )

    def _day(self, n: int) -> date:
        return self.today - timedelta(days=n % 40)

    def _line(
        self, pk: int, n: int, statement: int, payments: dict[int, int], paid: dict[int, tuple[int, int]]
    ) -> tuple[object, ...]:
        state = _STATES[n % len(_STATES)]
        whose = paid[n][1] if n in paid else self.open[n % len(self.open)][1] if state == "proposed" else None
        amount = -50_00 if state == "reversal" else 50_00 + n % 1000
        kind = "return" if state == "reversal" else "payment"
        name = f"{_TRADES[n % len(_TRADES)]} {n}"
        reasons = self.reasons if state == "proposed" else ""
        return (
            pk, self.creditor.pk, statement, f"f-{self.first}-{n}", self._day(n), "EUR", amount, kind, name,
            f"ES{self.first + n:022}", f"pago factura {n}", "", "", "", state, whose, payments.get(n), reasons,
            self._day(n),
        )  # fmt: skip

    # --- the rest

    def rest(self) -> None:
        """Files with their jobs, versions of texts, staff, and what stands on record."""
        few, creditor = self.size.few, self.creditor
        file = File.objects.filter(creditor=creditor).earliest("pk")
        place = Rejection.objects.filter(creditor=creditor, file=file).count()
        insert(
            Rejection,
            ("creditor", "file", "place", "line", "field", "value", "rule", "params"),
            (
                (creditor.pk, file.pk, place + n, 4 + n, "total", "?", "amount_unreadable",
                 json.dumps({"heading": "Total", "value": "?"}))
                for n in range(few)
            ),
        )  # fmt: skip
        found = json.dumps(
            {"kind": "ledger", "rows": 1, "questions": [], "settings": {}, "understood": [], "items": []}
        )
        ids = numbers(File, few)
        insert(
            File,
            ("id", "creditor", "name", "size", "digest", "day", "given_at", "given_by", "kind", "lines", "whole",
             "rows", "rejected", "asks", "taken_by", "leads_to", "taken_at", "waits"),
            (
                (pk, creditor.pk, f"abril-{n}.csv", 1, f"{self.first + n:064}", self.today, self.now, _BY, "ledger", "",
                 True, 1, 0, 0, "", "", self.now if n % 2 else None, False)
                for n, pk in enumerate(ids)
            ),
        )  # fmt: skip
        insert(
            Job,
            ("creditor", "kind", "file", "given", "asked_by", "asked_at", "begun_at", "ended_at", "outcome", "done",
             "total", "stage", "settled", "result", "failure", "token", "tries"),
            (
                (creditor.pk, "file", pk, "{}", _BY, self.now, self.now, self.now, "done", 0, 0, "", True, found, "",
                 "", 1)
                for pk in ids
            ),
        )  # fmt: skip
        self._texts()
        for n in range(few):
            user = User.objects.create(email=f"colleague{self.first + n}@turia.example", name="Pau", language="es")
            Member.objects.create(creditor=creditor, user=user, role=Role.CONTROLLER)
        log.record(
            creditor,
            [
                Event("customer.held", self.today, {"customer": self.one.pk, "until": str(self.today)}, {"by": _BY})
                for _ in range(few)
            ],
        )

    def _texts(self) -> None:
        creditor = self.creditor
        name = own_name(creditor)
        text = WordingVersion.objects.filter(creditor=creditor, wording=name).latest("number").text
        before = WordingVersion.objects.filter(creditor=creditor, wording=name).count()
        insert(
            WordingVersion,
            ("creditor", "language", "wording", "number", "text", "made_at", "made_by", "note"),
            ((creditor.pk, "es", name, before + n, text, self.now, _BY, "") for n in range(1, self.size.of_one + 1)),
        )
        latest = ProcedureVersion.objects.filter(creditor=creditor).latest("number")
        insert(
            ProcedureVersion,
            ("creditor", "number", "digest", "name", "made_at", "made_by", "note"),
            (
                (creditor.pk, latest.number + n, latest.digest, latest.name, self.now, _BY, "")
                for n in range(1, self.size.of_one + 1)
            ),
        )
        for _ in range(self.size.of_one):
            procedures.begin(creditor, STARTER, begun_from="starter", now=self.now, by=_BY)


_TRADES = ("Talleres", "Panadería", "Bodegas", "Asesoría", "Hostal", "Cristalería", "Imprenta")
_PLACES = ("Requena", "Sagunto", "Gandía", "Alzira", "Xàtiva")
_CUSTOMER: Sequence[str] = (
    "id", "creditor", "key", "keyed_by", "name", "folded", "tax_id", "kind", "language", "country", "region",
    "timezone", "segment", "address", "manager_name", "manager_email", "opt_out", "payment_method", "review_on",
)  # fmt: skip
_ITEM: Sequence[str] = (
    "creditor", "customer", "source", "number", "folded", "instalment", "kind", "applies_to", "po_number",
    "description", "issued_on", "due_on", "currency", "total", "ledger_open", "allocated", "open", "settled_on",
    "settled_in_run", "settled_by", "cycle", "disputed", "promised_on", "direct_debit", "duplicate_of", "pdf_path",
    "first_seen_on",
)  # fmt: skip
_MESSAGE: Sequence[str] = (
    "creditor", "customer", "day", "slot", "key", "act", "step", "wording", "language", "currency", "demanded",
    "before_due", "state", "reason", "rehearsal", "message_id", "subject", "leaves_at", "path", "blob", "channel",
    "offered_at", "settled_at",
)  # fmt: skip
_LINE: Sequence[str] = (
    "id", "creditor", "statement", "fingerprint", "booked_on", "currency", "amount", "kind", "name", "iban", "text",
    "reference", "end_to_end", "bank_reference", "state", "customer", "payment", "reasons", "in_run",
)  # fmt: skip

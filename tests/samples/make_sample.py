"""Writes the sample creditor of `amable demo` into `src/amable/sample`, always the same bytes (`make samples`).

Tuesday 2026-03-17, the week of Fallas: Thursday 19 is a holiday in Valencia, the creditor is closed on Wednesday 18,
and in Ireland it is Saint Patrick's Day. What each customer is there for, and the verdict expected that day (the rows
of `sample_expected.csv` are written from `plans`):

    43000001  due in seven days, another far off              sent step.due_7 · not_yet
    43000002  due in three days                               sent step.due_3
    43000003  due today                                       sent step.due_today
    43000004  one day late                                    task step.check
    43000005  two invoices in grace                           not_yet grace
    43000006  fourth working day                              sent step.early_late
    43000007  late after an early message                     sent step.late_late (first)
    43000008  late after two URGENT messages                  sent step.late_late (third)
    43000009  three URGENT messages, paused in between        task step.call
    43000010  three URGENT messages, a promise broken         task step.call
    43000011  called a week ago, paused in between            task step.meeting
    43000012  called a week ago, a promise broken             task step.meeting
    43000013  more than 30 days late, a large amount          escalated (asked since 12 March)
    43000014  more than 30 days late, everything tried        escalated step.formal_notice
    43000015  old, below the minimum of a formal notice       escalated procedure.ended
    43000016  three invoices in one message                   sent, sent, sent
    43000017  a credit note beside an invoice                 sent, sent
    43000018  net credit                                      held hold.net_credit
    43000019  a part paid yesterday by bank                   sent step.early_late for the rest
    43000020  paid yesterday                                  paid, thank-you
    43000021  one payment for three invoices                  paid, paid, paid, thank-you
    43000022  more money than owed, without a reference       held
    43000023  a direct debit sent back by the bank            open again: task, held or sent
    43000024  a promise until Friday                          held hold.promised
    43000025  one invoice disputed, one not                   held hold.disputed · sent step.early_late
    43000026  a consumer                                      sent step.early_late, after eight in the morning
    43000027  refuses email                                   task hold.channel_refused
    43000028  paused until 31 March                           held hold.paused
    43000029  no email address                                task hold.no_contact
    43000030  new, and no region known                        sent step.due_7
    43000031  Romania, in RON                                 sent step.early_late
    43000032  two currencies                                  sent in RON · moved in EUR
    43000033  France, due in three days                       sent step.due_3
    43000034  France, habitually late, due in ten days        sent step.due_7, three days earlier
    43000035  Ireland, a pause that ends on a holiday         moved calendar.holiday
    43000036  England, due today                              sent step.due_today
    43000037  3.20 left after a bank fee                      held hold.minimum
    43000038  direct debit on its way                         held hold.direct_debit
    43000039  the third of four instalments                   sent step.early_late · not_yet
    43000040  the invoice came back undelivered               task hold.not_delivered
    43000041  a row with 31 February                          rejected · not_yet
    43000042  written to twice this week                      moved cap.messages · task step.check
    43000043  two months old and new to us                    sent step.early_late
    43000044  France, fourth working day                      sent step.early_late
    43000045  England, fourth working day                     sent step.early_late
    43000046  and the others                                  not_yet

In the bank: a payment by nobody we know, the returned direct debit and its fee, and the creditor's own payments.
The accountant books a bank line on the second working day after it; until then the ledger shows the item open.
Names, tax ids and accounts are made up: company numbers of a province `00`, banks `9999` and `XMPL`, test domains.
"""

from __future__ import annotations

import csv
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path
from xml.sax.saxutils import escape

from anyascii import anyascii
from stdnum import iban as ibans
from stdnum.es import ccc, cif
from stdnum.fr import tva
from stdnum.gb import vat as gb_vat
from stdnum.ie import vat as ie_vat
from stdnum.ro import cui

from amable.sample import TODAY

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "src" / "amable" / "sample"
CUSTOMERS = HERE / "sample_customers.csv"
EXPECTED = HERE / "sample_expected.csv"

ONE_DAY = timedelta(days=1)
BANK_FROM = date(2026, 1, 30)
BANK_UNTIL = date(2026, 3, 16)
HOLIDAYS = {date(2026, 3, 18), date(2026, 3, 19)}  # on which the creditor's accountant does not work
CENT = Decimal("0.01")

# How late invoices are settled, as counted in a real ledger of 2,466 (the shape only).
DAYS_LATE = {
    0: 1589, 1: 61, 2: 65, 3: 51, 4: 62, 5: 69, 6: 56, 7: 55, 8: 49, 9: 38, 10: 33, 11: 46, 12: 33, 13: 32, 14: 31,
    15: 22, 16: 27, 17: 21, 18: 19, 19: 16, 20: 10, 21: 14, 22: 7, 23: 13, 24: 11, 25: 8, 26: 4, 27: 6, 28: 2, 29: 3,
    30: 5, 31: 1, 32: 1, 33: 1, 34: 3, 37: 1, 45: 1,
}  # fmt: skip

MANAGERS = {
    "marta": ("Marta Ferrer Soler", "marta.ferrer@hornosymasas.example"),
    "vicent": ("Vicent Lloret Peris", "vicent.lloret@hornosymasas.example"),
    "ioana": ("Ioana Munteanu", "ioana.munteanu@hornosymasas.example"),
}

# What is sold: words in es, ro, fr, en; the least and the most it costs before tax.
GOODS = {
    "maintenance": (("Mantenimiento mensual de hornos", "Întreținere lunară a cuptoarelor",
                     "Entretien mensuel des fours", "Monthly oven maintenance"), 180, 640),
    "parts": (("Recambios para amasadora", "Piese de schimb pentru malaxor", "Pièces détachées pour pétrin",
               "Spare parts for dough mixer"), 45, 380),
    "revision": (("Revisión anual de la cámara de fermentación", "Revizia anuală a camerei de dospire",
                  "Révision annuelle de la chambre de pousse", "Annual service of the proving chamber"), 210, 520),
    "repair": (("Reparación de horno rotativo", "Reparație cuptor rotativ", "Réparation d’un four rotatif",
                "Repair of rotary oven"), 150, 980),
    "training": (("Formación en el obrador", "Instruire în laborator", "Formation au fournil",
                  "Training at the bakery"), 250, 400),
    "mixer": (("Batidora planetaria de 40 litros", "Mixer planetar de 40 de litri", "Batteur planétaire de 40 litres",
               "Planetary mixer, 40 litres"), 2900, 4200),
    "oven": (("Horno de pisos de tres cámaras", "Cuptor cu trei camere", "Four à sole à trois chambres",
              "Three-deck oven"), 9500, 16000),
}  # fmt: skip
USUAL = ("maintenance",) * 5 + ("parts",) * 4 + ("revision", "repair", "repair", "training", "mixer")
WORDS = ("es", "ro", "fr", "en")


@dataclass
class Customer:
    """Who owes. `history` is the number of settled invoices, all closed by `until`: the day from which nothing of the
    past may disturb what was planned for them."""

    id: str
    name: str
    contact: str
    email: str
    phone: str
    address: str
    language: str
    country: str
    region: str
    manager: str
    terms: int
    history: int
    until: date
    form: str = "B"
    segment: str = "regular"
    kind: str = "business"
    method: str = "transfer"
    opt_out: str = ""
    tax_id: str = ""
    iban: str = ""


@dataclass
class Item:
    """An invoice or credit note with the days on which its facts became known."""

    customer: Customer
    issued: date
    due: date
    total: Decimal
    goods: str = "maintenance"
    text: str = ""
    currency: str = "EUR"
    settled: date | None = None
    closed_from: date | None = None
    known_from: date | None = None
    part: tuple[date, Decimal] | None = None  # a part paid on a day
    promise: tuple[date, date] | None = None  # known from, promised for
    dispute: date | None = None
    pause: tuple[date, date] | None = None  # known from, until
    delivered: str = ""
    instalment: str = ""
    same_as: Item | None = None  # the invoice an instalment is of
    applies_to: Item | None = None
    po: str = ""
    pdf: bool = False
    bad_due: str = ""
    quoted: bool = True  # whether the payer quotes the number
    alone: bool = True  # whether it is paid by a transfer of its own
    outcome: str = ""
    rule: str = ""
    note: str = ""
    number: str = ""


@dataclass
class Line:
    """One entry of the bank: a payment, or several in a batch."""

    day: date
    parts: list[Part]
    code: str  # family and subfamily
    currency: str = "EUR"
    info: str = ""
    reversal: bool = False

    @property
    def amount(self) -> Decimal:
        return sum((part.amount for part in self.parts), Decimal(0))


@dataclass
class Part:
    """One payment; `amount` is negative for money out."""

    amount: Decimal
    name: str = ""
    iban: str = ""
    text: str = ""
    end_to_end: str = ""
    mandate: str = ""
    reason: str = ""


UNTIL = {
    "quiet": date(2026, 1, 29),
    "calm": date(2026, 2, 24),
    "busy": date(2026, 3, 12),
    "debit": date(2026, 2, 10),
}
PHONES = {
    "ES": "+34 960 000 {:03}", "RO": "+40 210 000 {:03}", "FR": "+33 5 36 49 00 {:02}", "IE": "+353 20 910 0{:03}",
    "GB": "+44 20 7946 0{:03}",
}  # fmt: skip
ZONES = {"RO": "Europe/Bucharest", "FR": "Europe/Paris", "IE": "Europe/Dublin", "GB": "Europe/London"}


# --- who ---------------------------------------------------------------------------------------------------------


def customers() -> list[Customer]:
    """The customers of `sample_customers.csv`, with tax ids and accounts that check and belong to nobody."""
    with CUSTOMERS.open(encoding="utf-8", newline="") as lines:
        told = list(csv.DictReader(lines, delimiter=";"))
    found = []
    for place, about in enumerate(told, 1):
        country, form, until = about["country"], about["form"], about["until"]
        found.append(
            Customer(
                id=f"430{place:05}",
                name=about["name"],
                contact=about["contact"],
                email=f"{about['mailbox']}.example" if about["mailbox"] else "",
                phone=PHONES[country].format(place),
                address=about["address"],
                language=about["language"],
                country=country,
                region=about["region"],
                manager=about["manager"],
                terms=int(about["terms"]),
                history=int(about["history"]),
                until=UNTIL[until],
                form=form,
                segment=about["segment"],
                kind="consumer" if form == "person" else "business",
                method="direct_debit" if until == "debit" else "transfer",
                tax_id=tax_id(form, place),
                iban=account(country, place),
            )
        )
    return found


def tax_id(form: str, place: int) -> str:
    """A tax id whose check digit is right and which was never given out."""
    if form == "person":
        return "00000000T"
    if form == "RO":
        return "RO" + _checked(f"9000000{place:02}", cui.is_valid)
    if form == "FR":
        siren = _checked(f"000000{place:02}", tva.siren.is_valid)
        return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"
    if form == "IE":
        number = f"00000{place:02}"
        return f"IE{number}{ie_vat.calc_check_digit(number)}"
    if form == "GB":
        return "GB" + next(n for check in range(100) if gb_vat.is_valid(n := f"99900{place:02}{check:02}"))
    return _checked(f"{form}0000{place:03}", cif.is_valid)


def _checked(start: str, valid: Callable[[str], bool]) -> str:
    return next(start + digit for digit in "0123456789ABCDEFGHIJ" if valid(start + digit))


def account(country: str, place: int) -> str:
    """An account of a bank that does not exist, with its check digits."""
    if country == "ES":
        bank, number = "99990001", f"{place:010}"
        own = bank + ccc.calc_check_digits(f"{bank}00{number}") + number
    elif country == "FR":
        bank, number = "9999900001", f"{place:011}"
        own = f"{bank}{number}{97 - (89 * 99999 + 15 * 1 + 3 * place) % 97:02}"
    elif country == "RO":
        own = f"XMPL{place:016}"
    else:
        own = f"XMPL990000{place:08}"
    return country + ibans.calc_check_digits(f"{country}00{own}") + own


# --- what was planned for them -----------------------------------------------------------------------------------


def plans(everyone: dict[str, Customer]) -> list[Item]:
    """Every item that is still open today, or was paid yesterday, with the verdict expected for it."""
    items: list[Item] = []

    def owed(place: int, due: str, total: str, outcome: str, rule: str = "", **more: object) -> Item:
        customer = everyone[f"430{place:05}"]
        on = date.fromisoformat(f"2026-{due}")
        issued = more.pop("issued", None) or on - timedelta(days=customer.terms)
        item = Item(customer, issued, on, Decimal(total), outcome=outcome, rule=rule, **more)  # type: ignore[arg-type]
        items.append(item)
        return item

    def later(place: int, *dues: str) -> None:
        for due in dues:
            goods = ("maintenance", "repair", "parts")[len(items) % 3]
            owed(place, due, "0", "not_yet", "step.later", goods=goods)

    owed(1, "03-24", "423.50", "sent", "step.due_7", pdf=True)
    owed(2, "03-20", "254.10", "sent", "step.due_3", goods="parts")
    owed(3, "03-17", "786.50", "sent", "step.due_today", goods="repair", pdf=True)
    owed(4, "03-16", "338.80", "task", "step.check")
    owed(5, "03-12", "512.65", "not_yet", "grace", goods="revision")
    owed(5, "03-13", "96.80", "not_yet", "grace", goods="parts")
    owed(6, "03-11", "1064.80", "sent", "step.early_late", goods="repair", pdf=True)
    owed(7, "03-06", "592.90", "sent", "step.late_late", pdf=True)
    owed(8, "02-27", "447.70", "sent", "step.late_late", goods="revision", note="third")
    owed(9, "02-17", "684.86", "task", "step.call", pause=(date(2026, 3, 4), date(2026, 3, 12)))
    owed(10, "02-17", "375.10", "task", "step.call", promise=(date(2026, 3, 4), date(2026, 3, 10)))
    owed(11, "02-16", "290.40", "task", "step.meeting", goods="parts", pause=(date(2026, 2, 28), date(2026, 3, 5)))
    owed(12, "02-16", "459.80", "task", "step.meeting", promise=(date(2026, 2, 28), date(2026, 3, 3)))
    owed(13, "02-06", "18450.08", "escalated", "escalation.waiting", goods="oven", pdf=True, po="PC-20417")
    owed(14, "02-10", "1331.00", "escalated", "step.formal_notice", goods="repair")
    owed(15, "01-16", "96.80", "escalated", "procedure.ended", goods="parts")
    owed(16, "03-06", "726.00", "sent", "step.late_late", pdf=True)
    owed(16, "03-06", "181.50", "sent", "step.late_late", goods="parts", pdf=True)
    owed(16, "03-24", "363.00", "sent", "step.due_7|listed.item", goods="revision")
    billed = owed(17, "03-11", "1210.00", "sent", "step.early_late", goods="repair", po="4500118820")
    owed(17, "03-09", "-242.00", "sent", "listed.credit", issued=date(2026, 3, 9), goods="parts", applies_to=billed)
    owed(18, "03-11", "181.50", "held", "hold.net_credit", goods="parts")
    owed(18, "03-02", "-300.08", "held", "hold.net_credit", issued=date(2026, 3, 2), goods="training")
    owed(19, "03-11", "2420.00", "sent", "step.early_late", goods="mixer", part=(BANK_UNTIL, Decimal("1000.00")))
    owed(20, "03-11", "532.40", "paid", "", settled=BANK_UNTIL, note="thank-you")
    for due, total in (("03-05", "338.80"), ("03-09", "205.70"), ("03-12", "871.20")):
        owed(21, due, total, "paid", "", settled=BANK_UNTIL, alone=False, note="one payment for three")
    owed(22, "03-11", "605.00", "held", "", goods="revision", note="750.00 came without a reference")
    owed(23, "03-10", "417.45", "task|held|sent", "", note="direct debit sent back")
    owed(24, "03-03", "641.30", "held", "hold.promised", promise=(date(2026, 3, 11), date(2026, 3, 20)))
    owed(25, "02-24", "350.90", "held", "hold.disputed", goods="repair", dispute=date(2026, 3, 2))
    owed(25, "03-11", "229.90", "sent", "step.early_late", goods="parts")
    owed(26, "03-11", "302.50", "sent", "step.early_late", goods="repair", note="a consumer")
    owed(27, "03-24", "193.60", "task", "hold.channel_refused", goods="parts")
    for due, total in (("02-24", "260.15"), ("03-11", "145.20")):
        owed(28, due, total, "held", "hold.paused", pause=(date(2026, 2, 20), date(2026, 3, 31)))
    owed(29, "03-24", "278.30", "task", "hold.no_contact")
    owed(30, "03-24", "302.50", "sent", "step.due_7", goods="training", note="new, no region")
    owed(31, "03-11", "2950.00", "sent", "step.early_late", currency="RON", pdf=True)
    owed(32, "03-11", "1875.00", "sent", "step.early_late", currency="RON", goods="parts")
    owed(32, "03-24", "640.00", "moved", "cap.day", goods="repair")
    owed(33, "03-20", "585.00", "sent", "step.due_3", pdf=True)
    owed(34, "03-27", "312.00", "sent", "step.due_7", goods="parts", note="ten days before due")
    owed(35, "03-03", "495.00", "moved", "calendar.holiday", pause=(date(2026, 3, 6), TODAY))
    owed(36, "03-17", "720.00", "sent", "step.due_today", pdf=True)
    owed(37, "02-18", "1203.20", "held", "hold.minimum", goods="repair", part=(date(2026, 2, 18), Decimal("1200.00")))
    owed(38, "03-17", "508.20", "held", "hold.direct_debit")
    oven: Item | None = None
    for count, (due, settled, outcome, rule) in enumerate(
        (
            ("01-11", date(2026, 1, 12), "", ""),
            ("02-11", date(2026, 2, 11), "", ""),
            ("03-11", None, "sent", "step.early_late"),
            ("04-11", None, "not_yet", "step.later"),
        ),
        1,
    ):
        part = owed(
            39, due, "3630.00", outcome, rule, issued=date(2025, 12, 11), goods="oven", settled=settled,
            instalment=str(count), same_as=oven, po="OC-7731", pdf=count == 3,
        )  # fmt: skip
        oven = oven or part
    owed(
        40, "04-15", "266.20", "task", "hold.not_delivered", delivered="no", issued=date(2026, 3, 16), known_from=TODAY
    )
    owed(41, "02-28", "121.00", "rejected", "", goods="parts", bad_due="31/02/2026")
    later(41, "04-15")
    owed(42, "03-11", "484.00", "moved", "cap.messages")
    owed(42, "03-16", "157.30", "task", "step.check", goods="parts")
    owed(43, "01-16", "412.00", "sent", "step.early_late", known_from=TODAY, goods="repair", note="new to us")
    owed(44, "03-11", "448.00", "sent", "step.early_late", pdf=True)
    owed(45, "03-11", "390.00", "sent", "step.early_late")
    for place in (1, 3, 4, 6, 13, 17, 20, 21, 26, 33, 36, 44, 45):
        later(place, f"04-{3 + place % 13:02}")
    later(46, "03-27", "04-09", "04-13")
    later(47, "03-30", "04-14")
    later(48, "04-02", "05-04")
    return items


# --- the past ------------------------------------------------------------------------------------------------------


def history(everyone: Iterable[Customer], chance: random.Random) -> list[Item]:
    """What was invoiced and paid before, as late as customers are."""
    everyone = list(everyone)
    lateness = _lateness(sum(customer.history for customer in everyone))
    habitual = [days for days in lateness if 11 <= days <= 30][-6:]
    for days in habitual:
        lateness.remove(days)
    chance.shuffle(lateness)
    items = []
    for customer in everyone:
        if customer.method == "direct_debit":
            items += _debited(customer, chance)
            continue
        mine = habitual if customer.id == "43000034" else [lateness.pop() for _ in range(customer.history)]
        items += _paid(customer, mine, chance)
    return items


def _lateness(count: int) -> list[int]:
    """So many days late, spread evenly over the real distribution."""
    every = [days for days, seen in DAYS_LATE.items() for _ in range(seen)]
    return [every[(2 * place + 1) * len(every) // (2 * count)] for place in range(count)]


def _paid(customer: Customer, lateness: list[int], chance: random.Random) -> Iterator[Item]:
    currency = "RON" if customer.id == "43000031" else "EUR"
    settled = customer.until - timedelta(days=chance.randrange(0, 12))
    for left, late in zip(range(len(lateness), 0, -1), lateness, strict=True):
        if settled.weekday() > 4:
            settled -= timedelta(days=settled.weekday() - 4)
        due = settled - timedelta(days=late) if late else settled + timedelta(days=chance.choice((0, 0, 1, 2, 5)))
        item = Item(
            customer,
            due - timedelta(days=customer.terms),
            due,
            Decimal(0),
            chance.choice(USUAL[:-3] if customer.kind == "consumer" else USUAL),
            currency=currency,
            settled=settled,
            quoted=chance.random() > 0.15,
        )
        yield item
        longest = max(18, (settled - date(2025, 5, 1)).days // left)  # over about a year
        settled -= timedelta(days=chance.randrange(longest - 10, longest))


def _debited(customer: Customer, chance: random.Random) -> list[Item]:
    """What is collected by direct debit on the tenth of a month, or the Monday after."""
    days = [date(2025, 11, 10), date(2025, 12, 10), date(2026, 1, 12), date(2026, 2, 10)]
    if customer.id == "43000038":
        days.append(date(2026, 3, 10))
    return [
        Item(customer, day - timedelta(days=30), day, Decimal(0), chance.choice(USUAL[:9]), settled=day, alone=False)
        for day in days
    ]


def romania(everyone: dict[str, Customer]) -> list[Item]:
    """What came in on the account in RON, whose statement comes twice a month."""
    return [
        Item(everyone[id_], due - timedelta(days=30), due, Decimal(total), "parts", currency="RON", settled=settled)
        for id_, due, total, settled in (
            ("43000031", date(2026, 2, 10), "1420.00", date(2026, 2, 12)),
            ("43000031", date(2026, 2, 24), "2310.00", date(2026, 2, 26)),
            ("43000032", date(2026, 3, 10), "960.00", date(2026, 3, 12)),
        )
    ]


RON_CLOSINGS = (date(2026, 2, 13), date(2026, 2, 27), date(2026, 3, 13))


def finish(items: list[Item], chance: random.Random) -> list[Item]:
    """Amounts, words, numbers in the order of issue, and the day on which the ledger learns of a payment."""
    for item in items:
        words, least, most = GOODS[item.goods]
        item.text = words[WORDS.index(item.customer.language)]
        if item.instalment:
            item.text += f", {item.instalment}/4"
        if not item.total:
            base = Decimal(chance.randrange(least * 20, most * 20)) / 20
            rate = Decimal("1.21") if item.customer.country == "ES" else Decimal(1)
            item.total = (base * rate * (5 if item.currency == "RON" else 1)).quantize(CENT, ROUND_HALF_UP)
        if item.settled:
            seen = next((day for day in RON_CLOSINGS if day >= item.settled), item.settled)
            item.closed_from = booked(seen if item.currency == "RON" and item.settled > BANK_FROM else item.settled)
        if not item.po and item.customer.segment == "key" and item.total > 0:
            item.po = f"PC-{chance.randrange(20000, 29999)}"
        if not item.delivered and item.customer.email and chance.random() < 0.7:
            item.delivered = shown(item.issued)
    items.sort(key=lambda item: (item.issued, item.customer.id, item.due, item.total))
    counts = {("F", 2025): 117, ("F", 2026): 0, ("R", 2025): 3, ("R", 2026): 0}
    for item in items:
        if item.same_as is None:
            series = ("F" if item.total > 0 else "R", item.issued.year)
            counts[series] += 1
            item.number = f"{series[0]}-{series[1]}-{counts[series]:04}"
    for item in items:
        if item.same_as is not None:
            item.number = item.same_as.number
    return items


def booked(day: date) -> date:
    """The day from which the accountant's ledger shows a payment: the second working day after it."""
    for _ in range(2):
        day += ONE_DAY
        while day.weekday() > 4 or day in HOLIDAYS:
            day += ONE_DAY
    return day


# --- the ledger ----------------------------------------------------------------------------------------------------


def row(item: Item) -> dict[str, str]:
    """An item with the whole truth about it; what was known when is in the last columns."""
    customer = item.customer
    manager, manager_email = MANAGERS[customer.manager]
    part_on, part = item.part or (None, Decimal(0))
    return {
        "customer_id": customer.id,
        "customer_name": customer.name,
        "contact_name": customer.contact,
        "email": customer.email,
        "phone": customer.phone,
        "address": customer.address,
        "language": customer.language,
        "country": customer.country,
        "region": customer.region,
        "timezone": ZONES.get(customer.country, ""),
        "kind": customer.kind,
        "tax_id": customer.tax_id,
        "segment": customer.segment,
        "account_manager": manager,
        "account_manager_email": manager_email,
        "opt_out": "email" if customer.id == "43000027" else "",
        "pause_until": shown(item.pause[1]) if item.pause else "",
        "payment_method": customer.method,
        "invoice_number": item.number,
        "instalment": item.instalment,
        "applies_to": item.applies_to.number if item.applies_to else "",
        "po_number": item.po,
        "description": item.text,
        "issue_date": shown(item.issued),
        "due_date": item.bad_due or shown(item.due),
        "terms_days": str(customer.terms) if item.total > 0 and not item.instalment else "",
        "currency": item.currency,
        "total": figure(item.total),
        "settled_date": shown(item.settled) if item.settled else "",
        "disputed": "yes" if item.dispute else "",
        "promise_date": shown(item.promise[1]) if item.promise else "",
        "delivered_date": item.delivered,
        "pdf": f"invoices/{item.number}.pdf" if item.pdf else "",
        "known_from": (item.known_from or item.issued).isoformat(),
        "closed_from": item.closed_from.isoformat() if item.closed_from else "",
        "part_from": booked(part_on).isoformat() if part_on else "",
        "part_open": figure(item.total - part) if part_on else "",
        "promise_from": item.promise[0].isoformat() if item.promise else "",
        "dispute_from": item.dispute.isoformat() if item.dispute else "",
        "pause_from": item.pause[0].isoformat() if item.pause else "",
    }


def shown(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def figure(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


# --- the bank ------------------------------------------------------------------------------------------------------

QUOTES = {
    "es": ("FRA {}", "PAGO FACTURA {}", "S/FRA {}", "{}"),
    "ro": ("Plata factura {}", "CV factura {}"),
    "fr": ("REGLEMENT FACTURE {}", "FACT {}"),
    "en": ("INVOICE {}", "PAYMENT {}"),
}
UNQUOTED = {"es": "PAGO FACTURA", "ro": "Plata factura", "fr": "VIREMENT", "en": "PAYMENT"}

# day, amount, to whom, for what, family and subfamily
SPENT = (
    ("01-30", "12480.35", "", "NOMINAS ENERO", "ICDT/SALA"),
    ("01-30", "4105.77", "TESORERIA GENERAL SEGURIDAD SOCIAL", "SEGUROS SOCIALES DICIEMBRE", "RDDT/ESDD"),
    ("02-02", "1850.00", "INMUEBLES PATRAIX SL", "ALQUILER NAVE FEBRERO", "ICDT/ESCT"),
    ("02-05", "3267.00", "ACEROS DE BURJASSOT SL", "FRA 26/118", "ICDT/ESCT"),
    ("02-11", "412.18", "ENERGIA EJEMPLO SA", "SUMINISTRO ELECTRICO", "RDDT/ESDD"),
    ("02-20", "5928.40", "FORNI ROMAGNA SPA", "FATTURA 412", "ICDT/ESCT"),
    ("02-27", "12480.35", "", "NOMINAS FEBRERO", "ICDT/SALA"),
    ("02-27", "4120.12", "TESORERIA GENERAL SEGURIDAD SOCIAL", "SEGUROS SOCIALES ENERO", "RDDT/ESDD"),
    ("03-02", "1850.00", "INMUEBLES PATRAIX SL", "ALQUILER NAVE MARZO", "ICDT/ESCT"),
    ("03-06", "36.00", "", "COMISION MANTENIMIENTO", "MDOP/CHRG"),
    ("03-11", "397.64", "ENERGIA EJEMPLO SA", "SUMINISTRO ELECTRICO", "RDDT/ESDD"),
    ("03-13", "2178.00", "ACEROS DE BURJASSOT SL", "FRA 26/301", "ICDT/ESCT"),
)


def own_account(number: str) -> str:
    bank = "99990002"
    own = bank + ccc.calc_check_digits(f"{bank}00{number}") + number
    return "ES" + ibans.calc_check_digits(f"ES00{own}") + own


def bank_lines(items: list[Item], chance: random.Random) -> list[Line]:
    """Every movement from BANK_FROM to BANK_UNTIL."""
    lines = []
    together: dict[tuple[str, date], list[Item]] = defaultdict(list)
    collected: dict[date, list[Item]] = defaultdict(list)
    for item in items:
        if item.part:
            on, amount = item.part
            text = f"A CUENTA FRA {item.number}" if on == BANK_UNTIL else f"FRA {item.number}"
            lines.append(Line(on, [received(item.customer, amount, text)], "RCDT/ESCT"))
        if item.settled and BANK_FROM <= item.settled <= BANK_UNTIL:
            if item.customer.method == "direct_debit":
                collected[item.settled].append(item)
            elif not item.alone:
                together[item.customer.id, item.settled].append(item)
            else:
                lines.append(Line(item.settled, [received(item.customer, item.total, quote(item, chance))], "RCDT/ESCT",
                                  item.currency))  # fmt: skip
        if item.customer.id == "43000023" and not item.settled:
            collected[item.due].append(item)
            sent_back = debited(item, -1)
            sent_back.reason = "AM04"
            lines.append(Line(BANK_UNTIL, [sent_back], "IDDT/UPDD", info="DEVOLUCION ADEUDO", reversal=True))
            fee = Part(Decimal("-4.50"), text="COMISION DEVOLUCION ADEUDO")
            lines.append(Line(BANK_UNTIL, [fee], "MDOP/CHRG"))
        if item.customer.id == "43000022" and not item.settled:
            sum_ = received(item.customer, Decimal("750.00"), "TRANSFERENCIA A SU FAVOR")
            lines.append(Line(BANK_UNTIL, [sum_], "RCDT/ESCT"))
    for (_, day), paid in together.items():
        text = "FRAS " + " ".join(item.number for item in paid)
        total = sum((item.total for item in paid), Decimal(0))
        lines.append(Line(day, [received(paid[0].customer, total, text)], "RCDT/ESCT"))
    for day, debits in collected.items():
        lines.append(Line(day, [debited(item, 1) for item in debits], "IDDT/ESDD", info="REMESA ADEUDOS SEPA"))
    stranger = Part(Decimal("1815.00"), "INVERSIONES ALTAIR 2020 SL", account("ES", 990), "PAGO PEDIDO MARZO")
    lines.append(Line(BANK_UNTIL, [stranger], "RCDT/ESCT"))
    for on, amount, name, text, code in SPENT:
        payee = account("ES", 900 + len(name)) if name else ""
        lines.append(Line(date.fromisoformat(f"2026-{on}"), [Part(-Decimal(amount), name, payee, text)], code))
    return sorted(lines, key=lambda line: (line.day, line.code, line.amount))


def received(customer: Customer, amount: Decimal, text: str) -> Part:
    return Part(amount, bank_name(customer.name), customer.iban, text)


def debited(item: Item, sign: int) -> Part:
    customer = item.customer
    mandate = f"MND-{customer.id}"
    text = f"FACTURA {item.number}"
    return Part(sign * item.total, bank_name(customer.name), customer.iban, text, f"AD-{item.number}", mandate)


def quote(item: Item, chance: random.Random) -> str:
    language = item.customer.language
    words = chance.choice(QUOTES[language])
    if not item.quoted:
        return UNQUOTED[language]
    return words.format(item.number + (f" PLAZO {item.instalment}/4" if item.instalment else ""))


def bank_name(name: str) -> str:
    """As a bank writes it: capitals, no accents, no stops."""
    return " ".join(anyascii(name).upper().replace(".", "").replace(",", "").replace("'", " ").split())


def statements(lines: list[Line]) -> Iterator[tuple[str, str]]:
    """File name and text of a statement for each working day, and of the account in RON twice a month."""
    balance, number, day = Decimal("61274.18"), 21, BANK_FROM
    while day <= BANK_UNTIL:
        if day.weekday() < 5:
            mine = [line for line in lines if line.day == day and line.currency == "EUR"]
            text = statement(own_account("0000000100"), "EUR", number, day, day, balance, mine)
            yield f"statement-{day}.xml", text
            balance += sum((line.amount for line in mine), Decimal(0))
            number += 1
        day += ONE_DAY
    balance, since = Decimal("8912.40"), BANK_FROM
    for number, closing in enumerate(RON_CLOSINGS, 3):
        mine = [line for line in lines if since < line.day <= closing and line.currency == "RON"]
        yield (
            f"statement-ron-{closing}.xml",
            statement(own_account("0000000278"), "RON", number, mine[0].day, closing, balance, mine),
        )
        balance += sum((line.amount for line in mine), Decimal(0))
        since = closing


def statement(
    iban: str, currency: str, number: int, opened: date, closed: date, balance: Decimal, lines: list[Line]
) -> str:
    """One camt.053.001.02 document with one statement."""
    after = balance + sum((line.amount for line in lines), Decimal(0))
    entries = "".join(entry(line, f"{closed:%Y%m%d}{iban[-4:]}{place:04}") for place, line in enumerate(lines, 1))
    made = f"{closed}T23:30:00+01:00"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">
<BkToCstmrStmt>
<GrpHdr><MsgId>XMPL{closed:%Y%m%d}{iban[-4:]}</MsgId><CreDtTm>{made}</CreDtTm></GrpHdr>
<Stmt>
<Id>{iban[-4:]}{closed:%Y}{number:05}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><LglSeqNb>{number}</LglSeqNb>
<CreDtTm>{made}</CreDtTm>
<FrToDt><FrDtTm>{opened}T00:00:00+01:00</FrDtTm><ToDtTm>{closed}T23:59:59+01:00</ToDtTm></FrToDt>
<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy>
<Ownr><Nm>HORNOS Y MASAS DEL TURIA SL</Nm></Ownr><Svcr><FinInstnId><BIC>XMPLESVVXXX</BIC></FinInstnId></Svcr></Acct>
{held("OPBD", balance, currency, opened)}
{held("CLBD", after, currency, closed)}
{entries}</Stmt>
</BkToCstmrStmt>
</Document>
"""


def held(kind: str, amount: Decimal, currency: str, day: date) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{money(amount, currency)}<Dt><Dt>{day}</Dt></Dt></Bal>"


def money(amount: Decimal, currency: str) -> str:
    direction = "CRDT" if amount >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{abs(amount):.2f}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'


def entry(line: Line, reference: str) -> str:
    family, detail = line.code.split("/")
    domain = "ACMT" if family == "MDOP" else "PMNT"
    code = (
        f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{detail}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    )
    count = len(line.parts)
    batch = (
        f"<Btch><NbOfTxs>{count}</NbOfTxs>{money(line.amount, line.currency).replace('Amt', 'TtlAmt')}</Btch>"
        if count > 1
        else ""
    )
    parts = "".join(payment(part, line) for part in line.parts)
    return (
        f"<Ntry>{money(line.amount, line.currency)}"
        + ("<RvslInd>true</RvslInd>" if line.reversal else "")
        + f"<Sts>BOOK</Sts><BookgDt><Dt>{line.day}</Dt></BookgDt><ValDt><Dt>{line.day}</Dt></ValDt>"
        + f"<AcctSvcrRef>{reference}</AcctSvcrRef>{code}\n<NtryDtls>{batch}{parts}</NtryDtls>"
        + (f"<AddtlNtryInf>{line.info}</AddtlNtryInf>" if line.info else "")
        + "</Ntry>\n"
    )


def payment(part: Part, line: Line) -> str:
    """One payment of an entry. In a return the roles stay those of the payment sent back."""
    amount = f'<Amt Ccy="{line.currency}">{abs(part.amount):.2f}</Amt>'
    mandate = f"<MndtId>{part.mandate}</MndtId>" if part.mandate else ""
    side = "Dbtr" if part.amount > 0 or line.reversal else "Cdtr"
    party = f"<{side}><Nm>{escape(part.name)}</Nm></{side}>" if part.name else ""
    party += f"<{side}Acct><Id><IBAN>{part.iban}</IBAN></Id></{side}Acct>" if part.iban else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{part.end_to_end or 'NOTPROVIDED'}</EndToEndId>{mandate}</Refs>"
        f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
        + (f"<RltdPties>{party}</RltdPties>" if party else "")
        + f"<RmtInf><Ustrd>{escape(part.text)}</Ustrd></RmtInf>"
        + (f"<RtrInf><Rsn><Cd>{part.reason}</Cd></Rsn></RtrInf>" if part.reason else "")
        + "</TxDtls>"
    )


# --- the creditor and the invoices ---------------------------------------------------------------------------------

CREDITOR = """\
# Who is owed, and who signs. Copy this file and put your own data in it.
name: Hornos y Masas del Turia
legal_name: Hornos y Masas del Turia, S.L.
address: |
  Carrer dels Forners, 14
  46014 València
tax_id: {tax_id}
email: administracion@hornosymasas.example
phone: +34 960 000 900
iban: {iban}
bic: XMPLESVVXXX

# What is left out here follows from the country: the language (es) and the time zone (Europe/Madrid).
country: ES
region: VC

# Besides weekends and public holidays: single days, ranges, and 12-24 for every year.
closed_days:
  - 2026-03-18
  - 2026-04-13
  - 2026-08-03 to 2026-08-21
  - 12-24
  - 12-31

pay_link: https://pagos.hornosymasas.example/{{invoice}}

sender:
  name: Marta Ferrer Soler
  email: cobros@hornosymasas.example
  phone: +34 960 000 901
  signature: Administración y cobros

# Less than this, added up per customer, is not asked for.
minimum: 5
"""

LABELS = {
    "es": ("Factura", "Fecha", "Vencimiento", "Cliente", "NIF", "Concepto", "Importe", "Base", "IVA 21 %", "Total",
           "Forma de pago: transferencia a", "Su pedido"),
    "ro": ("Factură", "Data", "Scadența", "Client", "Cod fiscal", "Descriere", "Valoare", "Bază", "Taxare inversă",
           "Total", "Plata prin transfer în contul", "Comanda dvs."),
    "fr": ("Facture", "Date", "Échéance", "Client", "N° TVA", "Désignation", "Montant", "Base", "Autoliquidation",
           "Total", "Règlement par virement sur", "Votre commande"),
    "en": ("Invoice", "Date", "Due", "Customer", "VAT no.", "Description", "Amount", "Net", "VAT 0 % (export)",
           "Total", "Payment by transfer to", "Your order"),
}  # fmt: skip


def page(item: Item, tax: str, iban: str) -> str:
    """An invoice in Typst: one page, one font, so that the file stays small."""
    said = [f"[{_plain(label)}]" for label in LABELS[item.customer.language]]
    title, dated, due, to, number, what, worth, net, rate, total, pay, order = said
    customer = item.customer
    base = (item.total / Decimal("1.21")).quantize(CENT, ROUND_HALF_UP) if customer.country == "ES" else item.total

    def amount(value: Decimal) -> str:
        return f"[{figure(value)} {item.currency}]"

    purchase = f"#{order}: {_plain(item.po)} \\" if item.po else ""
    return f"""#set document(date: none, title: "{item.number}")
#set page(paper: "a4", margin: 2.2cm)
#set text(font: "Libertinus Serif", size: 11pt, lang: "{customer.language}")
Hornos y Masas del Turia, S.L. \\ Carrer dels Forners, 14, 46014 València \\ NIF {tax}
#v(1cm)
#text(size: 18pt)[#{title} {item.number}]

#{dated}: {shown(item.issued)} \\
#{due}: {shown(item.due)} \\
{purchase}
#v(5mm)
#{to}: {_plain(customer.name)} \\ {_plain(customer.address)} \\ #{number}: {customer.tax_id}
#v(8mm)
#table(columns: (1fr, auto), align: (left, right), stroke: 0.4pt, inset: 6pt,
  {what}, {worth},
  [{_plain(item.text)}], {amount(base)},
  {net}, {amount(base)},
  {rate}, {amount(item.total - base)},
  {total}, {amount(item.total)})
#v(8mm)
#{pay} {iban} (XMPLESVVXXX), {item.number}
"""


def _plain(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "#*_$@<>[]\\`~" else sign for sign in text)


def write_invoices(items: list[Item], tax: str) -> None:
    """The PDFs, when Typst is installed; without it those that stand are kept."""
    try:
        import typst
    except ImportError:
        print("invoices left as they are: install typst to make them again")
        return
    folder = SAMPLE / "invoices"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    numbers = {"EUR": own_account("0000000100"), "RON": own_account("0000000278")}
    for item in items:
        if item.pdf:
            source = page(item, tax, ibans.format(numbers[item.currency]))
            pdf = typst.compile(source.encode(), ignore_system_fonts=True, pdf_tags=False)
            (folder / f"{item.number}.pdf").write_bytes(pdf)


# --- all of it -----------------------------------------------------------------------------------------------------


def story() -> tuple[list[Item], list[Line]]:
    """Every item in the order of the ledger, and every movement at the bank."""
    chance = random.Random(20260317)
    everyone = {customer.id: customer for customer in customers()}
    items = history(everyone.values(), chance) + romania(everyone) + plans(everyone)
    return finish(items, chance), bank_lines(items, chance)


def files() -> dict[Path, str]:
    """Path and text of every file but the PDFs."""
    items, lines = story()
    tax = tax_id("B", 900)
    texts = {
        SAMPLE / "creditor.yaml": CREDITOR.format(tax_id=tax, iban=ibans.format(own_account("0000000100"))),
        SAMPLE / "ledger-full.csv": table([row(item) for item in items], ";"),
        EXPECTED: table([expected(item) for item in items if item.outcome], ","),
    }
    for name, text in statements(lines):
        texts[SAMPLE / "statements" / name] = text
    return texts


def expected(item: Item) -> dict[str, str]:
    """The verdict expected on TODAY; several outcomes or rules are joined by `|`, an empty rule is left open."""
    return {
        "customer_id": item.customer.id,
        "invoice": item.number,
        "instalment": item.instalment,
        "outcome": item.outcome,
        "rule": item.rule,
        "note": item.note,
    }


def table(rows: list[dict[str, str]], delimiter: str) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    shutil.rmtree(SAMPLE / "statements", ignore_errors=True)
    (SAMPLE / "statements").mkdir()
    for path, text in files().items():
        path.write_text(text, "utf-8")
    write_invoices(story()[0], tax_id("B", 900))


if __name__ == "__main__":
    main()

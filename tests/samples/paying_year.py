"""A year of one creditor's money, made up: customers, invoices, and payments as people and banks write them.

Each payment keeps beside it what it truly pays and by which habit it was written. Nothing here knows how payments are
matched: texts are what payers and their banks write in Spanish, Romanian, French and English.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from anyascii import anyascii
from stdnum import luhn
from stdnum.be import ogm_vcs
from stdnum.ch import esr
from stdnum.iso7064 import mod_97_10

FIRST_DAY: Final = date(2025, 1, 1)
DAYS: Final = 365

# How many of a hundred payments are written by each habit.
SHARES: Final = {
    "number": 26.6,  # one invoice, its number as printed
    "number odd": 14.0,  # without zeros, series or separators, in small letters, with spaces
    "several numbers": 9.0,
    "range": 1.0,  # from this invoice to that one
    "cut at 35": 2.5,
    "cut at 140": 0.5,
    "RF reference": 4.0,  # ISO 11649, made of the number
    "national reference": 7.0,  # as it was printed on the invoice
    "end-to-end": 2.0,
    "order number": 1.5,
    "account, one item": 7.0,  # nothing in the text; often an account that paid before
    "account, several items": 2.0,
    "name only": 1.5,  # no account, no number
    "equal amounts": 0.8,  # several items of the amount, and nothing says which
    "like-named customers": 0.5,
    "part": 3.0,
    "over": 1.0,
    "discount": 2.0,
    "bank fee": 1.3,
    "interest": 1.0,
    "credit note named": 0.8,
    "credit note not named": 0.8,
    "wrong number": 0.8,
    "another customer's number": 0.4,
    "parent pays": 2.5,
    "factor pays": 1.5,
    "accountant pays": 0.6,
    "for another's invoice too": 0.6,
    "pays twice": 1.0,
    "sent back": 1.5,  # a payment, or our direct debit, returned by the bank
    "from nobody": 1.3,
}


class Customer(NamedTuple):
    """Who owes, and how it pays; from the accounts of `known` it has paid in earlier years."""

    id: int
    name: str
    language: str
    tax_id: str
    ibans: tuple[str, ...]
    parent: tuple[str, str]  # who pays for it, and from which account; empty when it pays itself
    known: tuple[str, ...]


class Issued(NamedTuple):
    """An invoice, or a credit note below zero; `reference` is what it asks the payer to quote."""

    id: int
    customer: int
    number: str
    issued: date
    due: date
    total: int
    order: str
    reference: str
    discount_percent: Decimal | None
    discount_until: date | None


class Paid(NamedTuple):
    """A movement, and the truth about it: what it pays by item, what it lets off, or which payment it takes back.

    `truth` is empty for money that pays nothing there is. `whose` is None for money from nobody.
    """

    day: date
    amount: int
    name: str
    iban: str
    text: str
    reference: str
    end_to_end: str
    habit: str
    whose: int | None
    truth: tuple[tuple[int, int], ...]
    let_off: int = 0
    takes_back: int | None = None  # its place among the payments


@dataclass(slots=True)
class Year:
    """All of it, in the order of days."""

    customers: list[Customer]
    items: list[Issued]
    payments: list[Paid] = field(default_factory=list)


# --- who owes ---------------------------------------------------------------------------------------------------------

_FIRST: Final = {
    "es": "María José Carmen Antonio Manuel Lucía Francisco Íñigo Begoña Javier Núria Jordi Rocío Ángel",
    "ro": "Ion Maria Andrei Elena Ștefan Ioana Gheorghe Mihai Țuțu Cristina Florin Raluca Vasile Anca",
    "fr": "Jean Marie Pierre Hélène François Chloé Benoît Élodie Luc Aurélie Gérard Noémie",
    "en": "John Mary Oliver Emily Harry Sophie George Grace Liam Aoife Sean Fiona",
}
_LAST: Final = {
    "es": "García Pérez Núñez Muñoz López Fernández Ibáñez Gutiérrez Peña Ortiz Zabala Sáez Vidal Ferrer Rubio Castaño "
    "Echeverría Bañuelos Domínguez Prieto",
    "ro": "Popescu Ionescu Țăran Șerban Dumitrescu Munteanu Stănescu Rădulescu Cojocaru Bălan Constantinescu Moldovan "
    "Crăciun Văduva Lungu Dănilă",
    "fr": "Martin Lefèvre Dupont Bérenger Gauthier Rousseau Lemaître Fabre Chevalier Besançon Moreau Perrin Noël "
    "Girard Boucher",
    "en": "Smith Jones Taylor Brown Walsh O'Brien Murphy Clarke Hughes Bennett Fletcher Whitaker Doyle Barnes",
}
_TRADE: Final = {
    "es": (
        "Panadería|Talleres|Construcciones|Bar|Ferretería|Gestoría|Transportes|Clínica|Muebles|Carnicería|"
        "Instalaciones|Viveros|Restaurante|Hotel|Librería|Suministros Industriales|Electricidad|Autoescuela"
    ),
    "ro": (
        "Construct|Trans|Agro|Comerț|Panificație|Mobila|Instal|Farmacia|Auto|Service|Design|Consulting|Restaurant|"
        "Pensiunea|Grup Industrial|Tehnic"
    ),
    "fr": (
        "Boulangerie|Garage|Établissements|Menuiserie|Société Générale de Travaux|Transports|Pharmacie|Hôtel|"
        "Maçonnerie|Plomberie|Imprimerie|Librairie|Pépinières|Ateliers"
    ),
    "en": (
        "Bakery|Garage|Building Services|Joinery|Haulage|Pharmacy|The Crown Hotel|Plumbing & Heating|Printers|"
        "Engineering|Catering|Nurseries|Motors|Electrical"
    ),
}
_PLACE: Final = {
    "es": "Valencia Sevilla Burgos Gijón Cádiz León Mérida Vigo Alcalá Murcia Elche Soria Teruel Lugo",
    "ro": "Cluj Iași Brașov Timiș Sibiu Oradea Arad Galați Suceava Bacău Pitești Deva",
    "fr": "Lyon Nantes Béziers Orléans Angers Nîmes Rennes Colmar Pau Limoges Évreux Sète",
    "en": "Leeds York Bath Derby Exeter Dublin Cork Truro Oxford Ripon Kent Galway",
}
_FORM: Final = {
    "es": ("S.L.", "SL", "S.A.", "S.L.U.", "S. Coop.", "C.B."),
    "ro": ("SRL", "S.R.L.", "SA", "PFA"),
    "fr": ("SARL", "SAS", "SA", "EURL"),
    "en": ("Ltd", "Limited", "plc", "LLP"),
}
_BANKS: Final = {
    "es": ("ES", "2100", "0182", "0049", "2085", "1465"),
    "ro": ("RO", "BTRL", "RNCB", "INGB", "BRDE", "RZBR"),
    "fr": ("FR", "30004", "30002", "10278", "20041", "30066"),
    "en": ("GB", "NWBK", "BARC", "LOYD", "HBUK", "MIDL"),
}
_IBAN_LENGTH: Final = {"ES": 24, "RO": 24, "FR": 27, "GB": 22}


_SINCE_LAST_YEAR: Final = 0.85  # of the customers have paid before the year begins

# A creditor numbers its invoices in one of these ways, with the year and a running number.
NUMBERINGS: Final[dict[str, Callable[[int, int], str]]] = {
    "series": lambda year, n: f"F-{year}/{n:04d}",
    "letters": lambda _, n: f"ALF {n:06d}",
    "long": lambda year, n: f"INV-{year}-{n:06d}",
    "year": lambda year, n: f"{year}/{n}",
    "digits": lambda year, n: f"{year}{n:05d}",
    "short": lambda _, n: f"{1000 + n}",
}

# What stands around a number: {n} the number, {name} the payer, {day} the day of the invoice, {own} the payer's number.
_AROUND_ONE: Final = {
    "es": (
        "PAGO FACTURA {n}|Pago fra. {n}|FRA {n}|{n}|FACTURA {n} {name}|Fact. {n} de fecha {day}|PAGO S/FRA {n}|"
        "N/PAGO SU FACTURA {n}|TRANSFERENCIA INMEDIATA {n} GRACIAS|Concepto: factura nº {n}|pag. fact. {n} n/ref {own}|"
        "TRANSF. DE {name} CONCEPTO {n}|abono factura {n}|Factura {n}, un saludo|CTA {own} FRA {n}"
    ),
    "ro": (
        "Plata factura {n}|CV FACTURA {n} DIN {day}|c/v fact {n}|PLATA FF {n}|contravaloare fact. nr. {n}|"
        "OP {own} FACT {n}|achitat fact. nr. {n}/{day}|Plată factura fiscală nr. {n}|plata cf fact {n}|{n}|"
        "PLATA FACTURA SERIA {n}|{name} plata {n}|ordin plata {own} factura {n}"
    ),
    "fr": (
        "Règlement facture n° {n}|REGLT FACT {n}|FACT {n} DU {day}|vir fact. {n} merci|PAIEMENT {n}|RGLT FA {n}|"
        "VIR SEPA {name} FACTURE {n}|Règlement de votre facture {n}|{n}|VIREMENT {name} {n} REF {own}|facture : {n}"
    ),
    "en": (
        "INV {n}|Payment for invoice {n}|invoice no. {n}|{name} {n}|Inv# {n} thanks|PMT {n}|BILL {n}|{n}|"
        "your ref {n} our ref {own}|FPI {name} {n}|invoice {n} dated {day}|PO {own} INV {n}"
    ),
}
_AROUND_SEVERAL: Final = {
    "es": "PAGO FACTURAS {n}|FRAS {n}|Fras. {n} {name}|pago de sus facturas {n}|{n}|REMESA {own} FRAS {n}",
    "ro": "Plata facturi {n}|CV FACT {n}|c/v facturilor {n}|OP {own} FACTURI {n}|{n}|plata ff {n} {name}",
    "fr": "Règlement factures {n}|REGLT FACT {n}|VIR FACTURES {n} {name}|{n}|fact. {n} merci",
    "en": "Invoices {n}|INV {n}|payment inv {n} thanks|{n}|{name} INVS {n}|remittance {own}: {n}",
}
_LAST_JOINED: Final = {
    "es": (", ", " y ", " + ", "; ", " / "),
    "ro": (", ", " si ", " + ", "; ", " și "),
    "fr": (", ", " et ", " + ", " ; ", " & "),
    "en": (", ", " and ", " + ", "; ", " & "),
}
_FROM_TO: Final = {
    "es": ("de la {a} a la {b}", "{a} a {b}", "{a} al {b}", "{a} hasta {b}", "{a} - {b}"),
    "ro": ("{a} la {b}", "de la {a} la {b}", "{a} pana la {b}", "{a} - {b}"),
    "fr": ("{a} à {b}", "de {a} a {b}", "{a} au {b}", "{a} - {b}"),
    "en": ("{a} to {b}", "{a} - {b}", "{a} thru {b}", "from {a} to {b}"),
}
_NOTHING_SAID: Final = {
    "es": "TRANSFERENCIA|TRANSFERENCIA RECIBIDA|pago|PAGO PENDIENTE|TRASPASO|GRACIAS|saldo cuenta|Pago {month}||"
    "TRANSF. A SU FAVOR|ORDEN DE PAGO {own}",
    "ro": "plata|PLATA MARFA|VIRAMENT|incasare|OP {own}||plata servicii luna {month}|conform contract|DECONTARE",
    "fr": "VIREMENT|VIR SEPA RECU|règlement|REGLEMENT {month}||VIR INST|paiement fournisseur|VIREMENT DE {name}",
    "en": "PAYMENT|BACS|thanks|FASTER PAYMENT|account settlement||{month} payment|BGC {own}|{name}",
}
_LONG_BEFORE: Final = {
    "es": (
        "TRANSFERENCIA RECIBIDA FACTURA ",
        "Pago pendiente mes {month} fra ",
        "ORDENANTE {name} FRA ",
        "PAGO FACT. ",
    ),
    "ro": ("CONTRAVALOARE FACTURA NR ", "plata conform factura fiscala ", "PLATA {name} FACT ", "PLATA FACTURI "),
    "fr": ("VIREMENT RECU REGLEMENT FACTURE ", "REGLEMENT DE VOTRE FACTURE ", "VIR {name} FACT ", "FACTURES "),
    "en": ("PAYMENT OF YOUR INVOICE NUMBER ", "FASTER PAYMENT REF INV ", "{name} INVOICE ", "INVOICES "),
}
_SENT_BACK: Final = {
    "es": ("DEVOLUCION TRANSFERENCIA", "DEV. RECIBO {name}", "DEVOLUCION ADEUDO {n}", "Retrocesión {n}"),
    "ro": ("RETUR PLATA", "REFUZ INCASARE DIRECTA {name}", "STORNO INCASARE {n}", "Returnare {n}"),
    "fr": ("REJET PRLV", "REJET DE PRELEVEMENT {name}", "RETOUR VIREMENT {n}", "IMPAYE {n}"),
    "en": ("RETURNED PAYMENT", "UNPAID DIRECT DEBIT {name}", "REVERSAL {n}", "RTN {n}"),
}
_ACCOUNTANTS: Final = ("Gestoría Ruiz", "Expert Conta SRL", "Cabinet Morel", "Ledger & Sons")
_FACTORS: Final = (
    ("BNP PARIBAS FACTOR", "FR7630004000031234567890143"),
    ("Santander Factoring", "ES9121000418450200051332"),
)
_NOBODY: Final = {
    "es": (
        ("AGENCIA TRIBUTARIA", "DEVOLUCION IVA 303 4T"),
        ("", "LIQUIDACION INTERESES 2025"),
        ("Marta Gil", "lotería"),
    ),
    "ro": (
        ("TREZORERIA", "RESTITUIRE TVA 2025"),
        ("", "DOBANDA CONT CURENT"),
        ("ASIGURARI SA", "despagubire dosar 4471"),
    ),
    "fr": (("DGFIP", "REMBOURSEMENT TVA 2025 CA3"), ("", "INTERETS CREDITEURS"), ("MAIF", "SINISTRE 250114873")),
    "en": (("HMRC", "VAT REPAY 250114"), ("", "GROSS INTEREST"), ("AVIVA", "CLAIM 88213 SETTLEMENT")),
}
_MONTHS: Final = {
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}


def make(
    *, customers: int = 2_000, items: int = 20_000, payments: int = 12_000, numbering: str = "series", seed: int = 2025
) -> Year:
    """The same year each time."""
    return _Maker(random.Random(seed), NUMBERINGS[numbering]).year(customers, items, payments)


class _Maker:
    """What is owed on a day, and how it comes to be paid."""

    def __init__(self, chance: random.Random, numbered: Callable[[int, int], str]) -> None:
        self.chance = chance
        self.numbered = numbered
        self.world = Year([], [])
        self.numbers: dict[str, int] = {}
        self.open: dict[int, int] = {}  # by item, what is open on it
        self.waiting: list[int] = []  # open invoices, the oldest first
        self.of: dict[int, list[int]] = {}  # by customer, its open items
        self.alike: list[int] = []  # customers who share their name with another
        self.came_back: set[int] = set()
        self.day = FIRST_DAY

    def year(self, customers: int, items: int, payments: int) -> Year:
        for number in range(customers):
            self.world.customers.append(self._customer(number))
        coming = self._items(items)
        self.world.items = sorted(coming, key=lambda item: (item.issued, item.id))
        self.numbers = {item.number: item.id for item in self.world.items}
        self.world.items.sort(key=lambda item: item.id)
        by_day: dict[date, list[Issued]] = {}
        for item in self.world.items:
            by_day.setdefault(item.issued, []).append(item)
        begun = 14
        for n in range(DAYS):
            self.day = FIRST_DAY + timedelta(n)
            for item in by_day.get(self.day, ()):
                self.open[item.id] = item.total
                self.of.setdefault(item.customer, []).append(item.id)
                if item.total > 0:
                    self.waiting.append(item.id)
            if n >= begun:
                upto = payments * (n - begun + 1) // (DAYS - begun)
                while len(self.world.payments) < upto:
                    self._pay()
        return self.world

    # --- who owes

    def _customer(self, number: int) -> Customer:
        chance = self.chance
        language = chance.choices(("es", "ro", "fr", "en"), (40, 25, 20, 15))[0]
        if number and chance.random() < 0.012:  # two customers of one name, in two towns
            other = self.world.customers[chance.randrange(number)]
            name, language = other.name, other.language
            self.alike += [other.id, number]
        elif chance.random() < 0.2:
            first = chance.choice(_FIRST[language].split())
            if language == "es":
                name = f"{first} {self._last(language)} {self._last(language)}"
            else:
                name = f"{first} {chance.choice(_FIRST[language].split())} {self._last(language)}"
        else:
            name = f"{chance.choice(_TRADE[language].split('|'))} {self._last(language)}"
            if chance.random() < 0.9:
                name += f" {chance.choice((chance.choice(_PLACE[language].split()), self._last(language)))}"
            if chance.random() < 0.3:
                name += f" {chance.choice(('2000', 'Norte', 'Plus', 'Global', 'Nova', 'Hermanos', 'Gold', 'Rapid'))}"
            name += f" {chance.choice(_FORM[language])}"
        tax_id = f"{chance.choice('ABJ')}{self._digits(8)}" if language == "es" else self._digits(8)
        ibans = tuple(self._iban(language) for _ in range(1 + (chance.random() < 0.1)))
        parent = ("", "")
        if chance.random() < 0.06:
            parent = (
                f"{chance.choice(_LAST[language].split())} Group Holding {chance.choice(_FORM[language])}",
                self._iban(language),
            )
        known = ibans[:1] if chance.random() < _SINCE_LAST_YEAR else ()
        return Customer(number, name, language, tax_id, ibans, parent, known)

    def _last(self, language: str) -> str:
        return self.chance.choice(_LAST[language].split())

    def _digits(self, n: int) -> str:
        return "".join(self.chance.choice(string.digits) for _ in range(n))

    def _iban(self, language: str) -> str:
        country, *banks = _BANKS[language]
        bank = self.chance.choice(banks)
        body = bank + self._digits(_IBAN_LENGTH[country] - 4 - len(bank))
        return f"{country}{mod_97_10.calc_check_digits(f'{body}{country}')}{body}"

    # --- what is owed

    def _items(self, wanted: int) -> list[Issued]:
        """Monthly fees that repeat, and invoices of any amount; a few customers have many."""
        chance = self.chance
        rows: list[tuple[date, int, int]] = []
        for customer in self.world.customers:
            if chance.random() < 0.22:
                fee = chance.choice((50_00, 60_50, 99_00, 100_00, 121_00, 150_00, 242_00, 300_00, 500_00))
                since = chance.randrange(8)
                rows += [
                    (date(2025, month + 1, 1 + chance.randrange(4)), customer.id, fee) for month in range(since, 12)
                ]
        weights = [chance.paretovariate(1.3) for _ in self.world.customers]
        rest = max(0, wanted - len(rows))
        for customer_id in chance.choices(range(len(weights)), weights, k=rest):
            day = FIRST_DAY + timedelta(chance.randrange(345))
            rows.append((day, customer_id, self._amount()))
        rows.sort(key=lambda row: row[0])
        issued = []
        for number, (day, customer_id, amount) in enumerate(rows[:wanted]):
            credit = chance.random() < 0.02
            issued.append(self._issued(number, customer_id, day, -(amount // 300 * 100 + 50) if credit else amount))
        return issued

    def _amount(self) -> int:
        net = int(10 ** self.chance.uniform(3.3, 6.2))
        if self.chance.random() < 0.25:
            return max(net // 50_00, 1) * 50_00
        return int((Decimal(net) * Decimal("1.21")).quantize(Decimal(1), ROUND_HALF_UP))

    def _issued(self, number: int, customer: int, day: date, total: int) -> Issued:
        chance = self.chance
        written = self.numbered(day.year, number + 1)
        percent = (
            chance.choice((Decimal(2), Decimal(3), Decimal("1.5"))) if total > 0 and chance.random() < 0.08 else None
        )
        order = ""
        if chance.random() < 0.2:
            order = chance.choice(
                (f"PO-{self._digits(5)}", f"45{self._digits(8)}", f"PED/{day.year}/{self._digits(4)}")
            )
        return Issued(
            number, customer, f"R{written}" if total < 0 else written, day,
            day + timedelta(chance.choice((15, 30, 30, 60))), total, order,
            self._asked(number) if total > 0 and chance.random() < 0.3 else "",
            percent, day + timedelta(10) if percent else None,
        )  # fmt: skip

    def _asked(self, number: int) -> str:
        """A reference to quote, in the form of one country or another."""
        kind = self.chance.randrange(7)
        if kind == 0:
            body = f"{7_000_000 + number:010d}"
            return str(ogm_vcs.format(body + ogm_vcs.calc_check_digits(body)))
        if kind == 1:
            body = f"{100_000 + number}"
            return body + _finnish_check(body)
        if kind == 2:
            body = f"{8_800_000_000 + number}"
            return body + luhn.calc_check_digit(body)
        if kind == 3:
            body = f"2100000000{number:016d}"
            return str(esr.format(body + esr.calc_check_digit(body)))
        if kind == 4:
            return _rf(f"{self._digits(4)}{number:06d}")
        if kind == 5:
            return f"SI00 {self._digits(4)}-{number:06d}"
        return f"{self._digits(3)}{number:07d}{self._digits(2)}"

    # --- how it is paid

    def _pay(self) -> None:
        habits: dict[str, Callable[[str], Paid | None]] = {
            "several numbers": self._several, "range": self._range, "cut at 35": self._cut_at_35,
            "cut at 140": self._cut_at_140, "national reference": self._national, "order number": self._order,
            "account, several items": self._unnamed_several, "equal amounts": self._equal,
            "like-named customers": self._like_named, "part": self._part, "over": self._over,
            "discount": self._discount, "bank fee": self._fee, "interest": self._interest,
            "credit note named": self._credit, "credit note not named": self._credit, "wrong number": self._mistyped,
            "another customer's number": self._of_another, "parent pays": self._parent, "factor pays": self._factor,
            "accountant pays": self._accountant, "for another's invoice too": self._for_two, "pays twice": self._twice,
            "sent back": self._sent_back, "from nobody": self._nobody,
        }  # fmt: skip
        habit = self.chance.choices(list(SHARES), list(SHARES.values()))[0]
        for _ in range(200):
            if paid := habits.get(habit, self._one)(habit):
                self._book(paid)
                return
        paid = self._one("number")
        while paid is None:
            paid = self._one("number")
        self._book(paid)

    def _book(self, paid: Paid) -> None:
        self.world.payments.append(paid)
        if paid.takes_back is not None:
            for item, share in self.world.payments[paid.takes_back].truth:
                self._reopen(item, share)
            if let_off := self.world.payments[paid.takes_back].let_off:
                self._reopen(self.world.payments[paid.takes_back].truth[0][0], let_off)
            return
        for item, share in paid.truth:
            self._take(item, share)
        if paid.let_off:
            self._take(paid.truth[0][0], paid.let_off)

    def _take(self, item: int, share: int) -> None:
        self.open[item] -= share
        if not self.open[item]:
            self.of[self.world.items[item].customer].remove(item)

    def _reopen(self, item: int, share: int) -> None:
        if not self.open[item]:
            self.of[self.world.items[item].customer].append(item)
            if share > 0:
                self.waiting.insert(0, item)
        self.open[item] += share

    def _pick(self) -> Issued:
        """An open invoice, rather an old one, that was issued some days ago."""
        while True:
            place = int(len(self.waiting) * self.chance.random() ** 1.8)
            item = self.world.items[self.waiting[place]]
            if self.open[item.id] <= 0:
                self.waiting.pop(place)
            elif item.issued <= self.day - timedelta(3) or self.chance.random() < 0.1:
                return item

    def _others(self, item: Issued) -> list[Issued]:
        """The customer's other open invoices, the oldest first."""
        there = (self.world.items[other] for other in sorted(self.of[item.customer]) if other != item.id)
        return [other for other in there if other.total > 0]

    def _whose(self, item: Issued) -> Customer:
        return self.world.customers[item.customer]

    def _paid(
        self, habit: str, items: list[Issued], text: str, *, amount: int | None = None, reference: str = "",
        end_to_end: str | None = None, name: str | None = None, iban: str | None = None, let_off: int = 0,
    ) -> Paid:  # fmt: skip
        """A payment of all that is open on these items, or of this amount of it."""
        whose = self._whose(items[0])
        left = amount if amount is not None else sum(self.open[item.id] for item in items)
        truth = []
        total, rest = left, left - sum(min(self.open[item.id], 0) for item in items)
        for item in items:
            share = min(rest, self.open[item.id]) if item.total > 0 else self.open[item.id]
            rest -= share if item.total > 0 else 0
            truth.append((item.id, share))
        return Paid(
            self.day, total, self._name(whose) if name is None else name,
            self._account(whose) if iban is None else iban, self._sent(text),
            reference, self._own_id() if end_to_end is None else end_to_end, habit, whose.id, tuple(truth), let_off,
        )  # fmt: skip

    def _sent(self, text: str) -> str:
        """As it arrives: SEPA carries 140 characters, and many a bank no accents and no small letters."""
        if self.chance.random() < 0.5:
            text = anyascii(text)
            if self.chance.random() < 0.6:
                text = text.upper()
        return text[:140].strip()

    def _name(self, customer: Customer) -> str:
        chance, name = self.chance, customer.name
        kind = chance.random()
        if kind < 0.2:
            return name
        name = anyascii(name).upper()
        if kind < 0.3:
            name = " ".join(name.split()[:-1]) if len(name.split()) > 2 else name
        elif kind < 0.36:
            words = name.split()
            name = " ".join([*words[1:], words[0]])
        elif kind < 0.4:
            lost = chance.randrange(len(name))
            name = name[:lost] + name[lost + 1 :]
        elif kind < 0.5:
            name = name.replace(".", "").replace(",", "")
        return name[:35] if chance.random() < 0.5 else name[:27] if chance.random() < 0.2 else name

    def _account(self, customer: Customer) -> str:
        return "" if self.chance.random() < 0.08 else self.chance.choice(customer.ibans)  # some statements name none

    def _own_id(self) -> str:
        kind = self.chance.random()
        if kind < 0.6:
            return "NOTPROVIDED"
        if kind < 0.75:
            return ""
        return self.chance.choice((f"{self.day:%Y%m%d}-{self._digits(4)}", f"PAY{self._digits(7)}", self._digits(12)))

    def _fill(self, pattern: str, customer: Customer, number: str = "", day: date | None = None) -> str:
        on = day or self.day
        written = on.strftime(self.chance.choice(("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%y", "%d%m%Y")))
        month = _MONTHS[customer.language].split()[on.month - 1]
        name = anyascii(customer.name).upper()
        return pattern.format(
            n=number, name=name, day=written, own=self._digits(self.chance.randint(3, 6)), month=month
        )

    def _around(self, item: Issued, number: str, *, several: bool = False) -> str:
        customer = self._whose(item)
        patterns = (_AROUND_SEVERAL if several else _AROUND_ONE)[customer.language].split("|")
        return self._fill(self.chance.choice(patterns), customer, number, item.issued)

    def _oddly(self, number: str) -> str:
        """A number as somebody in a hurry types it."""
        chance = self.chance
        groups = _groups(number)
        kind = chance.random()
        if kind < 0.12:
            return number.lower()
        if kind < 0.34:
            return chance.choice((" ", "", ".", " - ", "-", "/")).join(groups)
        if kind < 0.62:
            groups = [group.lstrip("0") or "0" if group.isdigit() else group for group in groups]
            return chance.choice(("-", "/", " ", "")).join(groups)
        if kind < 0.8 and len(groups) > 1 and groups[0].isalpha():
            return chance.choice(("/", "-", " ")).join(groups[1:])
        if kind < 0.9:
            return groups[-1].lstrip("0")
        if kind < 0.95 and len(groups) > 1 and groups[-2] == "2025":
            return chance.choice(("/", "-")).join([*groups[:-2], "25", groups[-1]])
        return number.replace("-", "–").replace("/", " / ")

    def _one(self, habit: str) -> Paid | None:
        item = self._pick()
        customer = self._whose(item)
        if habit == "number odd":
            return self._paid(habit, [item], self._around(item, self._oddly(item.number)))
        if habit == "RF reference":
            reference = _rf("".join(_groups(item.number)))
            return self._structured(habit, item, reference, " ".join(reference[at : at + 4] for at in range(0, 25, 4)))
        if habit == "end-to-end":
            number = self.chance.choice((item.number, "".join(_groups(item.number))))
            return self._paid(habit, [item], self._nothing(customer), end_to_end=number)
        if habit == "account, one item":
            return self._paid(habit, [item], self._nothing(customer))
        if habit == "name only":
            return self._paid(habit, [item], self._nothing(customer), iban="")
        return self._paid(habit, [item], self._around(item, item.number))

    def _nothing(self, customer: Customer) -> str:
        return self._fill(self.chance.choice(_NOTHING_SAID[customer.language].split("|")), customer)

    def _structured(self, habit: str, item: Issued, reference: str, grouped: str) -> Paid:
        kind = self.chance.random()
        if kind < 0.6:
            return self._paid(
                habit, [item], self._nothing(self._whose(item)) if kind < 0.2 else "", reference=reference
            )
        written = self.chance.choice((reference, grouped.strip()))
        return self._paid(
            habit, [item], self.chance.choice(("{}", "REF {}", "/ROC/{}", "{} {}")).format(written, self._digits(3))
        )

    def _national(self, habit: str) -> Paid | None:
        item = self._pick()
        if not item.reference:
            return None
        together = "".join(sign for sign in item.reference if sign.isalnum())
        grouped = item.reference
        if "/" in grouped:
            grouped = self.chance.choice(("+++{}+++", "***{}***", "{}")).format(grouped)
        elif grouped.isdigit():
            grouped = " ".join(grouped[max(at - 5, 0) : at] for at in range(len(grouped) % 5 or 5, len(grouped) + 1, 5))
        return self._structured(habit, item, together, grouped)

    def _order(self, habit: str) -> Paid | None:
        item = self._pick()
        if not item.order:
            return None
        words = {"es": "su pedido {}", "ro": "comanda {}", "fr": "commande {}", "en": "PO {}"}
        return self._paid(habit, [item], words[self._whose(item).language].format(item.order))

    def _list(self, items: list[Issued], joined: str | None = None) -> str:
        """Several numbers, now and then only the last groups after the first."""
        chance, language = self.chance, self._whose(items[0]).language
        written = [item.number if chance.random() < 0.8 else self._without_separators(item.number) for item in items]
        if chance.random() < 0.2:
            written = [written[0], *(_groups(item.number)[-1] for item in items[1:])]
        between = joined or chance.choice((", ", ",", " ", "; ", "-", " + ", " / "))
        last = joined or (chance.choice(_LAST_JOINED[language]) if chance.random() < 0.5 else between)
        return between.join(written[:-1]) + last + written[-1]

    def _without_separators(self, number: str) -> str:
        return self.chance.choice(("", " ", "-")).join(_groups(number))

    def _several(self, habit: str) -> Paid | None:
        item = self._pick()
        others = self._others(item)
        if not others:
            return None
        items = [item, *self.chance.sample(others, min(len(others), self.chance.choice((1, 1, 2, 3))))]
        return self._paid(habit, items, self._around(item, self._list(items), several=True))

    def _range(self, habit: str) -> Paid | None:
        item = self._pick()
        run = sorted([item, *self._others(item)], key=lambda one: one.id)
        first = run.index(item)
        items = run[first : first + self.chance.randint(3, 5)]
        if len(items) < 3:
            return None
        a, b = items[0].number, items[-1].number
        if self.chance.random() < 0.5:
            b = _groups(b)[-1]
        written = self.chance.choice(_FROM_TO[self._whose(item).language]).format(a=a, b=b)
        return self._paid(habit, items, self._around(item, written, several=True))

    def _cut_at_35(self, habit: str) -> Paid | None:
        item = self._pick()
        items = [item, *self._others(item)[: self.chance.randint(1, 3)]]
        customer = self._whose(item)
        before = self._fill(self.chance.choice(_LONG_BEFORE[customer.language]), customer)
        if self.chance.random() < 0.5:
            items = [item]
        text = before + ", ".join(one.number for one in items)
        return self._paid(habit, items, text[:35]) if len(text) > 35 else None

    def _cut_at_140(self, habit: str) -> Paid | None:
        item = self._pick()
        items = [item, *self._others(item)[: self.chance.randint(7, 14)]]
        text = self._around(item, ", ".join(one.number for one in items), several=True)
        return self._paid(habit, items, text) if len(text) > 140 else None

    def _unnamed_several(self, habit: str) -> Paid | None:
        item = self._pick()
        others = self._others(item)
        if not others:
            return None
        run = sorted([item, *others], key=lambda one: (one.due, one.id))
        items = run if self.chance.random() < 0.4 else run[: self.chance.randint(2, 3)]
        return self._paid(habit, items, self._nothing(self._whose(item)))

    def _equal(self, habit: str) -> Paid | None:
        item = self._pick()
        same = [one for one in self._others(item) if self.open[one.id] == self.open[item.id]]
        if not same:
            return None
        oldest = min([item, *same], key=lambda one: (one.due, one.id))
        return self._paid(habit, [oldest], self._nothing(self._whose(item)))

    def _like_named(self, habit: str) -> Paid | None:
        customer = self.chance.choice(self.alike) if self.alike else None
        items = [self.world.items[item] for item in self.of.get(customer, ())] if customer is not None else []
        items = [item for item in items if item.total > 0]
        if not items:
            return None
        item = self.chance.choice(items)
        return self._paid(habit, [item], self._nothing(self._whose(item)), iban=self.chance.choice((None, "")))

    def _part(self, habit: str) -> Paid | None:
        item = self._pick()
        amount = int(self.open[item.id] * self.chance.uniform(0.3, 0.8)) // 10_00 * 10_00
        return self._paid(habit, [item], self._around(item, item.number), amount=amount) if amount else None

    def _over(self, habit: str) -> Paid | None:
        item = self._pick()
        amount = self.open[item.id] + self.chance.choice((1, 10, 50, 1_00, 10_00, 100_00))
        return self._paid(habit, [item], self._around(item, item.number), amount=amount)

    def _discount(self, habit: str) -> Paid | None:
        near = [item for item in self.waiting[-400:] if self.open[item] == self.world.items[item].total]
        items = [self.world.items[item] for item in near]
        items = [item for item in items if item.discount_until is not None and item.discount_until >= self.day]
        if not items:
            return None
        item = self.chance.choice(items)
        assert item.discount_percent is not None, "a day of its discount comes with its percentage"
        off = int((item.total * item.discount_percent / 100).quantize(Decimal(1), ROUND_HALF_UP))
        if not off:
            return None
        amount = item.total - off
        return self._paid(habit, [item], self._around(item, item.number), amount=amount, let_off=off)

    def _fee(self, habit: str) -> Paid | None:
        item = self._pick()
        amount = self.open[item.id] - self.chance.choice((3_50, 5_00, 9_00, 12_50, 15_00, 20_00, 25_00))
        return self._paid(habit, [item], self._around(item, item.number), amount=amount) if amount > 20_00 else None

    def _interest(self, habit: str) -> Paid | None:
        item = self._pick()
        late = (self.day - item.due).days
        if late < 10:
            return None
        extra = self.open[item.id] * 8 * late // 36_500
        return (
            self._paid(habit, [item], self._around(item, item.number), amount=self.open[item.id] + extra)
            if extra
            else None
        )

    def _credit(self, habit: str) -> Paid | None:
        item = self._pick()
        notes = [self.world.items[one] for one in self.of[item.customer] if self.world.items[one].total < 0]
        if not notes or self.open[item.id] + self.open[notes[0].id] <= 0:
            return None
        number = item.number
        if habit == "credit note named":
            number += self.chance.choice((" - ", " menos abono ", " less ", " MOINS AVOIR ")) + notes[0].number
        return self._paid(habit, [item, notes[0]], self._around(item, number))

    def _mistyped(self, habit: str) -> Paid | None:
        item = self._pick()
        groups = _groups(item.number)
        last, place = groups[-1], self.chance.randrange(len(groups[-1]))
        if self.chance.random() < 0.5 and len(last) > 1:
            place = max(place, 1)
            typed = last[: place - 1] + last[place] + last[place - 1] + last[place + 1 :]
        else:
            typed = last[:place] + self.chance.choice(string.digits) + last[place + 1 :]
        number = item.number[: -len(last)] + typed
        known = self.numbers.get(number)
        if known is not None and self.world.items[known].customer == item.customer:
            return None
        return self._paid(habit, [item], self._around(item, number))

    def _of_another(self, habit: str) -> Paid | None:
        item, other = self._pick(), self._pick()
        if other.customer == item.customer:
            return None
        return self._paid(habit, [item], self._around(item, other.number))

    def _parent(self, habit: str) -> Paid | None:
        item = self._pick()
        name, iban = self._whose(item).parent
        if not name:
            return None
        number = item.number if self.chance.random() < 0.7 else self._oddly(item.number)
        return self._paid(habit, [item], self._around(item, number), name=anyascii(name).upper(), iban=iban)

    def _factor(self, habit: str) -> Paid | None:
        item = self._pick()
        items = [item, *self._others(item)[: self.chance.choice((0, 0, 1))]]
        name, iban = self.chance.choice(_FACTORS)
        return self._paid(
            habit,
            items,
            f"{', '.join(one.number for one in items)} {self._name(self._whose(item))}",
            name=name,
            iban=iban,
        )

    def _accountant(self, habit: str) -> Paid | None:
        item = self._pick()
        customer = self._whose(item)
        words = {
            "es": "PAGO FRA {month} {name}",
            "ro": "PLATA {name} FACT {month}",
            "fr": "REGLT {name} {month}",
            "en": "{name} {month} INVOICE",
        }
        return self._paid(
            habit, [item], self._fill(words[customer.language], customer), name=self.chance.choice(_ACCOUNTANTS),
            iban="ES7921000813610123456789",
        )  # fmt: skip

    def _for_two(self, habit: str) -> Paid | None:
        item, other = self._pick(), self._pick()
        if other.customer == item.customer:
            return None
        return self._paid(habit, [item, other], self._around(item, f"{item.number}, {other.number}", several=True))

    def _twice(self, habit: str) -> Paid | None:
        if not self.world.payments:
            return None
        place = self._lately(40)
        before = self.world.payments[place]
        if (
            before.habit not in ("number", "number odd", "several numbers", "national reference")
            or place in self.came_back
        ):
            return None
        return before._replace(day=self.day, habit=habit, truth=())

    def _lately(self, days: int) -> int:
        n = len(self.world.payments)
        return max(0, n - 1 - self.chance.randrange(1, 1 + max(1, n * days // DAYS)))

    def _sent_back(self, habit: str) -> Paid | None:
        if not self.world.payments:
            return None
        place = self._lately(50)
        before = self.world.payments[place]
        if before.amount <= 0 or not before.truth or place in self.came_back or before.day == self.day:
            return None
        if any(abs(share) > abs(self.world.items[item].total - self.open[item]) for item, share in before.truth):
            return None
        self.came_back.add(place)
        assert before.whose is not None, "what pays an item is somebody's"
        customer = self.world.customers[before.whose]
        numbers = ", ".join(self.world.items[item].number for item, _ in before.truth)
        text = self._fill(self.chance.choice(_SENT_BACK[customer.language]), customer, numbers)
        known = self.chance.random()
        return Paid(
            self.day, -before.amount, before.name, before.iban if known < 0.7 else "", text, "",
            before.end_to_end if known < 0.5 or known > 0.9 else "", habit, before.whose, (), 0, place,
        )  # fmt: skip

    def _nobody(self, habit: str) -> Paid | None:
        language = self.chance.choice(("es", "ro", "fr", "en"))
        name, text = self.chance.choice(_NOBODY[language])
        amount = self.open[self._pick().id] if self.chance.random() < 0.2 else self._amount()
        return Paid(self.day, amount, name, self._iban(language) if name else "", text, "", "", habit, None, ())


def _groups(number: str) -> list[str]:
    """The letters and the digits of a number, apart."""
    groups: list[str] = []
    for sign in number:
        if not sign.isalnum():
            groups.append("")
        elif groups and groups[-1] and groups[-1][-1].isdigit() == sign.isdigit():
            groups[-1] += sign
        else:
            groups.append(sign)
    return [group for group in groups if group]


def _rf(body: str) -> str:
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"


def _finnish_check(body: str) -> str:
    """The last digit of a Finnish reference: weights 7, 3, 1 from the right."""
    weighed = sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(reversed(body)))
    return str(-weighed % 10)

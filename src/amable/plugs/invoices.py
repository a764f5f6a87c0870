"""Ledgers and invoices: what a reader of items, or of the invoices themselves, must yield."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

from amable.plugs.complaint import Complaint


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One row of a ledger, in our words. Empty text and None mean that the file does not say.

    `total` and `open_amount` are signed; a negative item is a credit note. A missing open amount equals the total,
    a missing total the open amount: `total_stated` is then false, for what is open today is less than the total once
    something was paid. `discount_percent` of the total is let off when it is paid by `discount_until`; both are there,
    or neither. `delivered` is a day, True (delivered, day unknown), False (known not to have been delivered,
    or bounced) or None.

    `columns` names the fields that the file speaks of at all, filled or empty in this row: what it has no column for
    is not known to be otherwise than before. Empty when a file of this kind speaks of every field.

    A row with `once` is an invoice as it was issued, not a ledger: it says what was owed on that day and nothing of
    what was paid since, so an item that is known already keeps its amounts. `original` is the digest of the document
    that was kept to be attached again.
    """

    line: int
    customer_id: str
    customer_name: str
    invoice_number: str
    due_date: date | None
    terms_days: int | None
    total: Decimal
    open_amount: Decimal
    contact_name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    language: str = ""
    country: str = ""
    region: str = ""
    timezone: str = ""
    kind: str = ""
    tax_id: str = ""
    segment: str = ""
    account_manager: str = ""
    account_manager_email: str = ""
    opt_out: tuple[str, ...] = ()
    pause_until: date | None = None
    payment_method: str = ""
    instalment: str = ""
    applies_to: str = ""
    po_number: str = ""
    description: str = ""
    issue_date: date | None = None
    currency: str = ""
    settled_date: date | None = None
    discount_percent: Decimal | None = None
    discount_until: date | None = None
    disputed: bool = False
    promise_date: date | None = None
    delivered: date | bool | None = None
    pdf: Path | None = None
    total_stated: bool = True
    columns: frozenset[str] = frozenset()
    once: bool = False
    original: str = ""

    def speaks_of(self, name: str) -> bool:
        """Whether the file would say this fact: if it does and the field is empty, there is no such fact any more."""
        return not self.columns or name in self.columns


@dataclass(frozen=True, slots=True)
class Party:
    """A seller or buyer as an invoice describes it. Empty text means that it does not say.

    `tax_ids` are all its numbers, the one for VAT first; `other_names` those it also goes by. `address` has one line a
    line, `country` is ISO 3166 alpha-2. `email` is that of the contact, `electronic_address` the mailbox that invoices
    are delivered to.
    """

    name: str
    tax_ids: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    address: str = ""
    country: str = ""
    contact: str = ""
    email: str = ""
    phone: str = ""
    electronic_address: str = ""

    @property
    def tax_id(self) -> str:
        """The number it is known by to the tax office, empty when it states none."""
        return next(iter(self.tax_ids), "")


class Instalment(NamedTuple):
    """A part of what is to be paid, and by when; None where the invoice does not say."""

    due_date: date | None
    amount: Decimal


class EarlyPayment(NamedTuple):
    """A discount for paying early: so many percent until a day or within so many days; `basis` where it is stated."""

    percent: Decimal
    until: date | None = None
    days: int | None = None
    basis: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """What one e-invoice says, in our words; its amounts as they are printed there.

    `kind` is `invoice` or `credit_note`, by what the document calls itself: either may have either sign. `payable`
    is what the customer is asked for, not the total: it may be less (prepaid, tax withheld), zero or negative. It
    is None in profiles that state only the total. `signed` where credit notes of its syntax carry a minus. `terms`
    are the payment terms in words, `term_days` those stated as a number counted from `term_start` (the issue date
    when None); `notes` are other texts, where terms may stand too. `document` is a PDF that came inside;
    `attachment_too_large` when one was too large to be kept. `at` is the place in a file of several invoices, from
    1.
    """

    kind: str
    number: str
    issue_date: date | None
    currency: str
    total: Decimal | None
    payable: Decimal | None
    seller: Party
    buyer: Party
    due_date: date | None = None
    prepaid: Decimal | None = None
    terms: str = ""
    term_days: int | None = None
    term_start: date | None = None
    notes: tuple[str, ...] = ()
    instalments: tuple[Instalment, ...] = ()
    early_payment: tuple[EarlyPayment, ...] = ()
    accounts: tuple[str, ...] = ()
    payment_references: tuple[str, ...] = ()
    preceding: tuple[str, ...] = ()
    replaces: bool = False
    signed: bool = False
    direct_debit: bool = False
    po_number: str = ""
    description: str = ""
    document: bytes = field(default=b"", repr=False)
    attachment_too_large: bool = False
    at: int | None = None


class EInvoiceReader(Protocol):
    """A reader of one syntax of e-invoices."""

    def recognises(self, data: bytes) -> bool:
        """Whether the content, not the name, is of this syntax; also when it is broken further on."""
        ...

    def read(self, data: bytes) -> list[Invoice | Complaint]:
        """The invoices of the file, and a complaint for each that cannot be used. Never raises for bad input."""
        ...


class Column(NamedTuple):
    """One of our columns in somebody's table: its heading there, by what it was known, and one of its values.

    `why` is `map`, `ours` (our own name), `name` (guessed from it), `values`, `group` (a row above the items) or
    `sheet` (its name, or what stands above its table).
    """

    heading: str
    column: str
    why: str
    sample: str


@dataclass(frozen=True, slots=True)
class Understood:
    """How a table that is not in our own words was understood; `map_lines` say the same as a map.

    `left_out` counts the rows that are no items, by why: `above` the headings, `totals`, `notes`, `groups`, `repeated`
    headings, further `lines` of an invoice, `void` drafts and cancelled invoices; beside them how many are `paid`,
    which are kept with nothing open. `sheet` names the sheets that were read so. `headings` are all there are, in their
    order, and `first_rows` the first rows below them, for whoever checks which heading is which.
    """

    columns: tuple[Column, ...]
    left_alone: tuple[str, ...] = ()
    sheet: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    map_lines: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    first_rows: tuple[tuple[str, ...], ...] = ()


Progress = Callable[[int, int, str], object]


def unwatched(done: int, total: int, stage: str) -> None:
    """Nobody waits to hear how far the reading is."""


class InvoiceReader(Protocol):
    """A reader of one kind of ledger or invoice file."""

    def recognises(self, data: bytes) -> bool:
        """Whether the content, not the name, is of this kind."""
        ...

    def read(
        self, data: bytes, *, folders: Sequence[Path], heading_map: dict[str, str], progress: Progress = unwatched
    ) -> list[ItemRecord | Complaint | Understood]:
        """The items of the file, and a complaint for every row that cannot be used. Never raises for bad input.

        `progress` is told, every few hundred of them, how many of how many lines were read (`lines`), then how many
        rows were understood (`checking`). Whoever waits may end the reading by raising from it.

        `folders` are the only places below which a `pdf` may lie; `heading_map` holds the lines of a map (see
        `core.ledger_map`). Where headings were guessed or mapped, the first answer says how they were understood. A
        complaint with answers is a question: nothing of the file may land before it is answered.
        """
        ...

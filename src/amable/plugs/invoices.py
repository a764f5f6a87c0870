"""Ledgers and invoices: what a reader of items must yield."""

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

    def speaks_of(self, name: str) -> bool:
        """Whether the file would say this fact: if it does and the field is empty, there is no such fact any more."""
        return not self.columns or name in self.columns


class Column(NamedTuple):
    """One of our columns in somebody's table: its heading there, by what it was known, and one of its values.

    `why` is `map`, `ours` (our own name), `name` (guessed from it), `values` or `group` (a row above the items).
    """

    heading: str
    column: str
    why: str
    sample: str


@dataclass(frozen=True, slots=True)
class Understood:
    """How a table that is not in our own words was understood; `map_lines` say the same as a map.

    `left_out` counts the rows that are no items, by why: `above` the headings, `totals`, `notes`, `groups`, `repeated`
    headings, further `lines` of an invoice, `void` drafts and cancelled invoices. `headings` are all there are, in
    their order, and `first_rows` the first rows below them, for whoever checks which heading is which.
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

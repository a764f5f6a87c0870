"""Ledgers and invoices: what a reader of items must yield."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from amable.plugs.complaint import Complaint


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One row of a ledger, in our words. Empty text and None mean that the file does not say.

    `total` and `open_amount` are signed; a negative item is a credit note. A missing open amount equals the total,
    a missing total the open amount: `total_stated` is then false, for what is open today is less than the total once
    something was paid. `delivered` is a day, True (delivered, day unknown), False (known not to have been delivered,
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
    disputed: bool = False
    promise_date: date | None = None
    delivered: date | bool | None = None
    pdf: Path | None = None
    total_stated: bool = True
    columns: frozenset[str] = frozenset()

    def speaks_of(self, name: str) -> bool:
        """Whether the file would say this fact: if it does and the field is empty, there is no such fact any more."""
        return not self.columns or name in self.columns


class InvoiceReader(Protocol):
    """A reader of one kind of ledger or invoice file."""

    def recognises(self, data: bytes) -> bool:
        """Whether the content, not the name, is of this kind."""
        ...

    def read(
        self, data: bytes, *, folders: Sequence[Path], heading_map: dict[str, str]
    ) -> list[ItemRecord | Complaint]:
        """The items of the file, and a complaint for every row that cannot be used. Never raises for bad input.

        `folders` are the only places below which a `pdf` may lie; `heading_map` says which heading of this file is
        which of our columns.
        """
        ...

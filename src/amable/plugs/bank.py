"""Bank files: what a reader of statements must yield."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from amable.plugs.complaint import Complaint


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement on an account, a batch entry already split into its payments.

    `amount` is signed from the account holder's side: money in is positive. `kind` is `payment` for money in,
    `return` for a payment or direct debit sent back, `charge` for the bank's own fees, `debit` for other money out.
    `text` is the free remittance text, `reference` the structured creditor reference, `end_to_end` the payer's own.
    `bank_reference` identifies the movement at the bank; it may be empty or shared by the parts of a batch.
    """

    booked_on: date
    amount: Decimal
    currency: str
    kind: str
    valued_on: date | None = None
    name: str = ""
    iban: str = ""
    text: str = ""
    reference: str = ""
    end_to_end: str = ""
    bank_reference: str = ""
    return_reason: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement or report of one account, as the bank wrote it."""

    account: str
    currency: str
    number: str
    lines: tuple[StatementLine, ...]
    opening: Decimal | None = None
    closing: Decimal | None = None
    closing_on: date | None = None

    @property
    def differs(self) -> Decimal | None:
        """What lies between the closing balance and opening balance with all lines; None without both balances."""
        if self.opening is None or self.closing is None:
            return None
        return self.closing - self.opening - sum((line.amount for line in self.lines), Decimal(0))


class BankReader(Protocol):
    """A reader of one kind of bank file."""

    def recognises(self, data: bytes) -> bool:
        """Whether the content, not the name, is of this kind."""
        ...

    def read(self, data: bytes, told: Mapping[str, str] | None = None) -> list[Statement | Complaint]:
        """The statements of the file, and a complaint for all that cannot be used. Never raises for bad input.

        `told` are lines of a map, for formats that do not say everything themselves (`dates: day first`).
        """
        ...

"""Finding plugs: anyone's package registers one by an entry point in the group of its kind."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import cast

from amable.plugs.bank import BankReader
from amable.plugs.channel import Channel
from amable.plugs.invoices import InvoiceReader


@cache
def _loaded(group: str) -> dict[str, object]:
    return {point.name: point.load()() for point in sorted(entry_points(group=group), key=lambda p: p.name)}


def channels() -> dict[str, Channel]:
    """Every channel installed, by name."""
    return cast("dict[str, Channel]", _loaded("amable.channels"))


def bank_readers() -> dict[str, BankReader]:
    """Every reader of bank files installed, by name."""
    return cast("dict[str, BankReader]", _loaded("amable.bank"))


def invoice_readers() -> dict[str, InvoiceReader]:
    """Every reader of ledgers and invoices installed, by name."""
    return cast("dict[str, InvoiceReader]", _loaded("amable.invoices"))

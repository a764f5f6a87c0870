"""Finding plugs: anyone's package registers one by an entry point in the group of its kind."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib.metadata import entry_points
from typing import cast

from amable.plugs.bank import BankReader
from amable.plugs.channel import Binder, Call, Channel, Reach, Way
from amable.plugs.containers import Container
from amable.plugs.invoices import EInvoiceReader, InvoiceReader
from amable.plugs.mailboxes import Mailbox
from amable.plugs.transport import Transport


@cache
def _loaded(group: str) -> dict[str, object]:
    return {point.name: point.load()() for point in sorted(entry_points(group=group), key=lambda p: p.name)}


def channels() -> dict[str, Channel]:
    """Every channel installed that carries a message, by name."""
    return cast("dict[str, Channel]", _loaded("amable.channels"))


def calls() -> dict[str, Call]:
    """Every way installed to reach a contact by speaking, by name."""
    return cast("dict[str, Call]", _loaded("amable.calls"))


def transports() -> dict[str, Transport]:
    """Every way installed to hand a finished mail over, by name."""
    return cast("dict[str, Transport]", _loaded("amable.transports"))


def mailboxes() -> dict[str, Mailbox]:
    """Every way installed to read a mailbox, by name."""
    return cast("dict[str, Mailbox]", _loaded("amable.mailboxes"))


def binder() -> Binder:
    """What puts the letters of a day into one file."""
    return cast("Binder", _loaded("amable.binders")["letters"])


def ways_to(contact: Reach, among: Collection[str] | None = None) -> frozenset[str]:
    """The names of the channels and calls that reach a contact, of all there are or of some: asking costs time."""
    ways: dict[str, Way] = {**channels(), **calls()}
    asked = ways if among is None else among
    return frozenset(name for name, way in ways.items() if name in asked and way.reaches(contact))


def bank_readers() -> dict[str, BankReader]:
    """Every reader of bank files installed, by name."""
    return cast("dict[str, BankReader]", _loaded("amable.bank"))


def invoice_readers() -> dict[str, InvoiceReader]:
    """Every reader of ledgers and invoices installed, by name."""
    return cast("dict[str, InvoiceReader]", _loaded("amable.invoices"))


def einvoice_readers() -> dict[str, EInvoiceReader]:
    """Every reader of e-invoices installed, by name."""
    return cast("dict[str, EInvoiceReader]", _loaded("amable.einvoices"))


def containers() -> dict[str, Container]:
    """Everything installed that opens files which carry others, by name."""
    return cast("dict[str, Container]", _loaded("amable.containers"))

"""The letters of a day as they go to the printer and the post: one file to print, and a register of what is posted."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from amable.cli.tables import write, write_table
from amable.core import postal
from amable.core.cells import Figure
from amable.core.delivery import State
from amable.core.languages import say
from amable.core.money import from_minor
from amable.correspondence.models import Message, MessageItem
from amable.evidence.models import Blob
from amable.ledger.models import Contact
from amable.organisation.models import Creditor
from amable.plugs.loading import binder

_LINES: Final = tuple(f"address_{n}" for n in range(1, postal.MOST_LINES + 1))
COLUMNS: Final = (
    "customer_id", "customer", "invoices", "currency", "amount", "file", "pages", *_LINES, "tracking_number",
)  # fmt: skip
_BY_HAND: Final = "tracking_number"
PRINTED: Final = "print.pdf"
REGISTER: Final = "register.csv"
_TO_POST: Final = (State.PROPOSED, State.ACCEPTED)  # drafts in a folder; handed over to be printed


def set_earlier_aside(folder: Path, today: date) -> None:
    """The print run of an earlier day moves to `earlier/letters/`, named by the day of the letters it lists."""
    place, aside = folder / "letters", folder / "earlier" / "letters"
    days = [Path(file).name[:10] for file in _typed(place / REGISTER)]
    if not days or days[0] >= today.isoformat():
        return
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (PRINTED, REGISTER):  # the register last: it is what tells the day
        if (place / name).exists():
            (place / name).replace(aside / f"{days[0]}-{name}")


def write_print_run(place: Path, creditor: Creditor, today: date) -> None:
    """Write the letters of the day as one PDF and their register; neither where there is no letter today.

    Tracking numbers typed into the register of the day are kept when it is written again.
    """
    printed, register = place / PRINTED, place / REGISTER
    of_today = Message.objects.filter(creditor=creditor, day=today, state__in=_TO_POST, path__startswith="letters/")
    letters = list(of_today.select_related("customer").order_by("customer__key", "path"))
    if not letters:
        printed.unlink(missing_ok=True)
        register.unlink(missing_ok=True)
        return
    blobs = dict(
        Blob.objects.filter(creditor=creditor, digest__in=[m.blob for m in letters]).values_list("digest", "data")
    )
    title = say("letter.print_run", creditor.language, date=today)
    whole = [bytes(blobs[message.blob]) for message in letters]
    bound = binder().bind(whole, title=title, language=creditor.language, day=today)
    write(printed, bound.data)
    write_table(register, COLUMNS, _rows(creditor, letters, bound.pages, _typed(register)))


def _rows(
    creditor: Creditor, letters: Sequence[Message], pages: Sequence[int], typed: dict[str, str]
) -> list[tuple[object, ...]]:
    customers = [message.customer_id for message in letters]
    billing = Contact.objects.filter(creditor=creditor, customer__in=customers, role="billing")
    contacts = {contact.customer_id: contact for contact in billing}
    numbers: dict[int, list[str]] = defaultdict(list)
    about = MessageItem.objects.filter(creditor=creditor, message__in=letters).exclude(section="credit")
    for message_id, number in about.order_by("item__due_on", "item").values_list("message_id", "item__number"):
        if number not in numbers[message_id]:
            numbers[message_id].append(number)
    rows: list[tuple[object, ...]] = []
    first = 1
    for message, count in zip(letters, pages, strict=True):
        customer = message.customer
        assert customer is not None, "a letter is to a customer"
        contact = contacts.get(customer.pk)
        country = customer.country or creditor.country
        abroad = postal.abroad(country, creditor.country, creditor.language)
        window = postal.block(
            customer.name, contact.name if contact else "", customer.address, message.language, abroad=abroad
        )
        rows.append(
            (
                customer.key,
                customer.name,
                " ".join(numbers[message.pk]),
                message.currency,
                Figure(from_minor(message.demanded, message.currency)),
                message.path,
                str(first) if count == 1 else f"{first}–{first + count - 1}",
                *(window + [""] * len(_LINES))[: len(_LINES)],
                typed.get(message.path, ""),
            )
        )
        first += count
    return rows


def _typed(register: Path) -> dict[str, str]:
    """The tracking number of each letter, by its file, as the register stands: ours, or as a spreadsheet saved it."""
    try:
        data = register.read_bytes()
    except OSError:
        return {}
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    lines = text.splitlines()
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    rows = csv.DictReader(lines, delimiter=delimiter)
    return {row["file"]: row.get(_BY_HAND) or "" for row in rows if row.get("file")}

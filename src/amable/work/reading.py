"""Reads ledgers and bank files: what is in them, what of it cannot be used, and nothing of it kept yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from amable.core.languages import say
from amable.plugs.bank import BankReader, Statement
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord, Progress, Understood, unwatched
from amable.plugs.loading import bank_readers, invoice_readers

LARGEST_FILE: Final = 200 * 2**20  # bytes
NO_CURRENCY: Final = "XXX"  # ISO 4217 for none; stands in until a creditor says which


@dataclass(slots=True)
class Input:
    """What was read: records and statements with the file they come from, and every complaint."""

    records: list[tuple[str, ItemRecord]] = field(default_factory=list)
    statements: list[tuple[str, list[Statement]]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    complaints: list[tuple[str, Complaint]] = field(default_factory=list)
    bank_files: dict[str, str] = field(default_factory=dict)  # name by digest
    understood: list[tuple[str, Understood]] = field(default_factory=list)
    whole: bool = True  # every ledger file could be read, so that an item it lacks is really missing

    @property
    def questions(self) -> list[tuple[str, Complaint]]:
        """What must be answered before anything of the files may land."""
        return [(file, complaint) for file, complaint in self.complaints if complaint.answers]

    @property
    def rejected(self) -> set[str]:
        """The invoice numbers of rows that could not be used: those items are not missing."""
        return {complaint.item for _, complaint in self.complaints if complaint.item}


def begun(headings: Mapping[str, str]) -> Input:
    """Nothing read yet; a map may say that the ledgers are additions only."""
    return Input(whole=headings.get("ledger", "").strip().casefold() != "additions")


def read_ledger(
    name: str,
    data: bytes,
    headings: dict[str, str],
    folders: Sequence[Path],
    given: Input,
    *,
    progress: Progress = unwatched,
) -> None:
    """Add what a ledger says; `folders` are the only places below which a PDF it names may lie."""
    reader = next((reader for reader in invoice_readers().values() if reader.recognises(data)), None)
    if reader is None:
        given.complaints.append((name, Complaint("ledger_not_recognised")))
        given.whole = False
        return
    for found in reader.read(data, folders=folders, heading_map=headings, progress=progress):
        if isinstance(found, ItemRecord):
            given.records.append((name, found))
        elif isinstance(found, Understood):
            given.understood.append((name, found))
        else:
            given.complaints.append((name, found))
            given.whole = given.whole and found.line is not None
    given.digests.append(sha256(data).hexdigest())


def read_bank(name: str, data: bytes, given: Input, told: Mapping[str, str] | None = None) -> None:
    """Add what a bank file says, `told` being lines of a map; a statement that does not add up is used, and said."""
    reader = bank_reader(data)
    if reader is None:
        given.complaints.append((name, Complaint("bank_not_recognised")))
        return
    statements: list[Statement] = []
    for found in reader.read(data, told):
        if isinstance(found, Statement):
            statements.append(found)
            if found.differs:
                given.complaints.append((name, _does_not_add_up(found)))
        else:
            given.complaints.append((name, found))
    digest = sha256(data).hexdigest()
    given.statements.append((digest, statements))
    given.bank_files[digest] = name


def _does_not_add_up(statement: Statement) -> Complaint:
    currency = f" {statement.currency}" if statement.currency else ""
    balances = {name: f"{getattr(statement, name):f}{currency}" for name in ("opening", "closing", "differs")}
    return Complaint(
        "bank_differs", value=balances["differs"], params={"account": statement.account or "–", **balances}
    )


def bank_reader(data: bytes) -> BankReader | None:
    """Who reads this as a bank file, None when nobody does."""
    return next((reader for reader in bank_readers().values() if reader.recognises(data)), None)


def in_words(complaint: Complaint, language: str) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    why, advice = (say(f"{kind}.{complaint.rule}", language, **complaint.params) for kind in ("complaint", "advice"))
    return why, advice

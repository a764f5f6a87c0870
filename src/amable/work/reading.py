"""Reads ledgers, e-invoices and bank files: what is in them, what of it cannot be used, and nothing of it kept yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from amable.core import ledger_map, strange_xml
from amable.core.languages import say
from amable.plugs.bank import BankReader, Statement
from amable.plugs.complaint import Complaint
from amable.plugs.containers import Container, Enclosed
from amable.plugs.invoices import EInvoiceReader, Invoice, ItemRecord, Progress, Understood, unwatched
from amable.plugs.loading import bank_readers, containers, einvoice_readers, invoice_readers

LARGEST_FILE: Final = 160 * 2**20  # bytes: a ledger of a million items, a bank's file of 250,000 movements
NO_CURRENCY: Final = "XXX"  # ISO 4217 for none; stands in until a creditor says which
_DEEPEST: Final = 4  # a PDF in an archive in an archive, dropped with others
# What may come out of a file, over all that is inside what is inside it: real ones pack up to ten to one.
_ROOM: Final = 64 * 2**20  # bytes
_RATIO: Final = 16
_SIGNATURE: Final = "Signature"


class Document(NamedTuple):
    """An e-invoice, the file it came in (`archive.zip/4021.xml`) and the PDF that shows it to people, if any."""

    file: str
    invoice: Invoice
    picture: bytes


@dataclass(slots=True)
class Input:
    """What was read: records, e-invoices and statements with the file they come from, and every complaint.

    `invoices` are what e-invoices say; `work.invoicing` makes records of them once the creditor is known, and puts the
    documents to be kept into `originals`, by their digest. `terms` are the days that a map says for those without.
    """

    records: list[tuple[str, ItemRecord]] = field(default_factory=list)
    invoices: list[Document] = field(default_factory=list)
    originals: dict[str, bytes] = field(default_factory=dict)
    statements: list[tuple[str, list[Statement]]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)  # of ledgers
    invoice_digests: list[str] = field(default_factory=list)  # of files with e-invoices, archives as a whole
    complaints: list[tuple[str, Complaint]] = field(default_factory=list)
    bank_files: dict[str, str] = field(default_factory=dict)  # name by digest
    understood: list[tuple[str, Understood]] = field(default_factory=list)
    ledgers: int = 0
    terms: int | None = None
    whole: bool = True  # every ledger file could be read, so that an item it lacks is really missing

    @property
    def questions(self) -> list[tuple[str, Complaint]]:
        """What must be answered before anything of the files may land."""
        return [(file, complaint) for file, complaint in self.complaints if complaint.answers]

    @property
    def notices(self) -> list[tuple[str, Complaint]]:
        """What a person should know though nothing is wrong."""
        return [(file, complaint) for file, complaint in self.complaints if complaint.notice]

    @property
    def rejected(self) -> set[str]:
        """The invoice numbers of rows that could not be used: those items are not missing."""
        return {complaint.item for _, complaint in self.complaints if complaint.item}


def begun(headings: Mapping[str, str]) -> Input:
    """Nothing read yet; a map may say that the ledgers are additions only."""
    return Input(whole=headings.get("ledger", "").strip().casefold() != "additions")


def read(
    name: str,
    data: bytes,
    headings: dict[str, str],
    folders: Sequence[Path],
    given: Input,
    *,
    progress: Progress = unwatched,
) -> None:
    """Add what any file says, found by its content: e-invoices, a ledger, a bank file, or several in an archive.

    `folders` are the only places below which a PDF that a ledger names may lie.
    """
    if len(data) > LARGEST_FILE:
        given.complaints.append((name, Complaint("file_too_large", params={"limit": LARGEST_FILE // 2**20})))
        given.whole = False
        return
    before = len(given.invoices)
    if (told := ledger_map.read(headings, ())).terms:
        given.terms = int(told.terms)
    for file, what in unfolded(name, data):
        if isinstance(what, Complaint):
            given.complaints.append((file, what))
        elif (reader := _einvoice_reader(what.data)) is not None:
            _read_einvoice(file, what, reader, given)
        elif bank_reader(what.data) is not None:
            read_bank(file, what.data, given)
        elif strange_xml.looks_like_xml(what.data):
            given.complaints.append((file, _strange(what.data)))
        else:
            _read_rows(file, what.data, headings, folders, given, progress)
    if len(given.invoices) > before:
        given.invoice_digests.append(sha256(data).hexdigest())


class Unfolded(NamedTuple):
    """A file, or a complaint about one, by its name with those of the archives around it."""

    file: str
    what: Enclosed | Complaint


@dataclass(slots=True)
class _Room:
    """How many bytes may still come out of a file."""

    most: int
    left: int

    def take(self, size: int) -> bool:
        self.left -= size
        return self.left >= 0


def unfolded(name: str, data: bytes, depth: int = _DEEPEST, room: _Room | None = None) -> Iterator[Unfolded]:
    """The file itself, or what is in it; a PDF in which nothing is an e-invoice says so."""
    container = _container(data)
    if container is None:
        yield Unfolded(name, Enclosed(name, data))
        return
    if not depth:
        yield Unfolded(name, Complaint("archive_too_deep"))
        return
    most = _ROOM + _RATIO * len(data)
    room = room or _Room(most, most)
    shown = False
    beside: list[Unfolded] = []
    for one in container.open(data):
        if isinstance(one, Complaint):
            yield Unfolded(name, one)
        elif room.left < 0:
            return
        elif not room.take(len(one.data)):
            yield Unfolded(name, Complaint("archive_too_large", params={"limit": room.most // 2**20}))
            return
        elif not one.picture:
            yield from unfolded(f"{name}/{one.name}" if one.name else name, one.data, depth - 1, room)
        elif _einvoice_reader(one.data) is not None:
            shown = True
            yield Unfolded(name, one)
        else:
            beside.append(Unfolded(name, one))
    if beside and not shown:
        yield Unfolded(name, Complaint("pdf_plain"))


def readable(name: str, data: bytes) -> bool:
    """Whether somebody here reads this or something in it as a ledger, an e-invoice or a bank file."""
    return any(isinstance(what, Enclosed) and _has_reader(what.data) for _, what in unfolded(name, data))


def _has_reader(data: bytes) -> bool:
    if _einvoice_reader(data) is not None or bank_reader(data) is not None:
        return True
    if strange_xml.looks_like_xml(data):
        return False
    return any(reader.recognises(data) for reader in invoice_readers().values())


def _strange(data: bytes) -> Complaint:
    found = strange_xml.read(data)
    if found.large:
        return Complaint("xml_too_large", params={"limit": LARGEST_FILE // 2**20})
    if found.doctype:
        return Complaint("xml_doctype")
    if found.encoding:
        return Complaint("xml_encoding")
    if found.broken_at is not None:
        return Complaint("xml_broken", params={"at": found.broken_at})
    if found.root == _SIGNATURE:
        return Complaint("not_ours_signature", notice=True)
    return Complaint("not_ours", value=found.root[:100], params={"root": found.root[:100]}, notice=True)


def _container(data: bytes) -> Container | None:
    return next((one for one in containers().values() if one.recognises(data)), None)


def _einvoice_reader(data: bytes) -> EInvoiceReader | None:
    return next((reader for reader in einvoice_readers().values() if reader.recognises(data)), None)


def _read_einvoice(name: str, given_file: Enclosed, reader: EInvoiceReader, given: Input) -> None:
    for found in reader.read(given_file.data):
        if isinstance(found, Invoice):
            given.invoices.append(Document(name, found, given_file.picture or found.document))
        else:
            given.complaints.append((name, found))


def _read_rows(
    name: str,
    data: bytes,
    headings: dict[str, str],
    folders: Sequence[Path],
    given: Input,
    progress: Progress,
) -> None:
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
            given.whole = given.whole and (found.line is not None or found.notice)
    given.digests.append(sha256(data).hexdigest())
    given.ledgers += 1


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
    return placed(why, complaint.params, language), advice


def placed(why: str, params: Mapping[str, object], language: str) -> str:
    """What is wrong, with the sheet where there are several; the door names file and line."""
    return say("import.in_sheet", language, name=params["sheet"], why=why) if "sheet" in params else why

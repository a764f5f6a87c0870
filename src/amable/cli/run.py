"""`amable run`: from a ledger and bank files to today's mails, with a reason for every open item."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from amable.cli import understanding
from amable.cli.speaking import RefusedError, language, today_in
from amable.cli.workplace import meant, working_in
from amable.core import creditor as creditor_file
from amable.core import document, own_wordings, procedure, wording
from amable.core.languages import say
from amable.core.matching import fold_number
from amable.core.procedure import COURTESIES, MESSAGES, Act, Procedure
from amable.core.procedure_check import stages
from amable.core.wording import Gap, Library, Template
from amable.dunning.starters import shipped
from amable.plugs.channel import Reach
from amable.plugs.complaint import Complaint
from amable.plugs.loading import channels
from amable.work import invoicing, reading
from amable.work.reading import LARGEST_FILE, Input

_EARLIEST = 2000
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Errand:
    """What the run is asked to do, as far as it can be told before anything is read."""

    ledgers: tuple[Path, ...]
    banks: tuple[Path, ...]
    described: creditor_file.Creditor | None
    procedure: Procedure
    procedure_text: str
    as_of: str
    outbox: Path
    headings: dict[str, str]
    folders: tuple[Path, ...]
    map_file: Path | None = None
    additions: bool = False
    wordings: Library | None = None


def command(arguments: argparse.Namespace) -> int:
    """Run, print the day, and return the exit code."""
    errand = Errand(
        ledgers=tuple(arguments.ledger),
        banks=tuple(arguments.bank),
        described=creditor_of(arguments.creditor),
        **_procedure(arguments.procedure),
        as_of=arguments.as_of or "",
        outbox=arguments.outbox,
        headings=read_map(arguments.map),
        folders=tuple(filter(None, [arguments.files])),
        map_file=arguments.map,
        additions=arguments.additions,
        wordings=wordings_of(arguments.wordings),
    )
    _nothing_lacks(errand)
    return run(errand)


def run(errand: Errand, *, quiet: bool = False) -> int:
    """Do the errand; `quiet` prints nothing (the demo's history)."""
    given = read_input(errand.ledgers, errand.banks, errand.headings, errand.folders, errand.map_file)
    given.whole = given.whole and not errand.additions
    if not quiet:
        understanding.show_guesses(given.understood)
    with working_in(errand.outbox):
        return _work(errand, given, quiet=quiet)


def _work(errand: Errand, given: Input, *, quiet: bool) -> int:
    # What touches rows is imported once the database is chosen.
    from amable.banking import intake as banking  # noqa: PLC0415
    from amable.cli import folder, summary  # noqa: PLC0415
    from amable.dunning import actions, notices  # noqa: PLC0415
    from amable.dunning.dossier import setting  # noqa: PLC0415
    from amable.evidence import log  # noqa: PLC0415
    from amable.ledger import intake, originals  # noqa: PLC0415
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415

    creditor, today, now = _begun(errand)
    make_items(creditor, given, errand.map_file)
    with acting_for(creditor):
        actions.close_days_before(creditor, today, written=lambda path: (errand.outbox / path).exists())
        creditor.last_run_on, creditor.last_run_at, creditor.last_written_on = today, now, None
        creditor.save(update_fields=("last_run_on", "last_run_at", "last_written_on"))
        originals.keep(creditor, given.originals)
        records = (intake.Sourced(file, record) for file, record in given.records)
        taken = intake.take_ledger(creditor, records, given.digests, today, whole=given.whole, rejected=given.rejected)
        intake.note_taken(creditor, "einvoice", given.invoice_digests, today)
        money = banking.take_statements(creditor, given.statements, today)
        about_money = [(given.bank_files[digest], complaint) for digest, complaint in money.complaints]
        complaints = [one for one in given.complaints if not one[1].notice] + taken.complaints + about_money
        used = actions.remember_procedure(creditor, errand.procedure_text)
        actions.look_at_all_by_new_rules(creditor, used, today)
        with summary.progress(len(given.records), quiet=quiet) if given.records else nullcontext(lambda n: None) as on:
            done = actions.review(creditor, errand.procedure, today, now, progress=on, wordings=errand.wordings)
        notices.write(creditor, today, now)
        log.record_run(
            creditor,
            today,
            now,
            used,
            [*given.digests, *given.invoice_digests],
            [digest for digest, _ in given.statements],
        )
        head = log.seal(creditor)
        gate = actions.stale_data(setting(creditor, errand.procedure, today))
        folder.write_day(errand.outbox, creditor, today)
        tally = summary.Tally(today)
        rows = folder.verdict_rows(creditor, today, gate, errand.procedure)
        folder.write_why(errand.outbox, creditor, today, tally.counting(rows))
        folder.write_rejected(errand.outbox, complaints, creditor.language)
        creditor.last_written_on = today
        creditor.save(update_fields=("last_written_on",))
        if not quiet:
            summary.show(errand.outbox, creditor, today, gate, tally, done, len(complaints), head)
            show_notices(given.notices)
    return 1 if complaints else 0


# --- what the run is asked to do -------------------------------------------------------------------------------------


def _begun(errand: Errand) -> tuple[Any, date, datetime | None]:
    """The creditor of this folder, the day and the moment of the run; nothing is written when the run is refused.

    The creditor is the one described now, the one known from an earlier run, or a placeholder. A bare date after a
    moment of the same day is that moment: the morning is over.
    """
    from amable.organisation.actions import install  # noqa: PLC0415
    from amable.organisation.models import Sending  # noqa: PLC0415
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415

    known = meant()
    if known is not None:
        with acting_for(known):
            if Sending.objects.filter(creditor=known).exists():
                raise RefusedError("sends_itself", folder=errand.outbox)
    described = errand.described or (creditor_file.placeholder(language()) if known is None else None)
    zone = described.timezone if described else known.timezone if known else ""
    today, now = _moment(errand.as_of, zone)
    if known is not None:
        _not_earlier(known, today, now)
        if now is None and known.last_run_on == today:
            now = known.last_run_at
        if errand.described is not None and not known.placeholder:
            not_another(known, errand.described)
    if described is None:
        return known, today, now
    return install(described, placeholder=errand.described is None, known=known), today, now


def not_another(known: Any, described: creditor_file.Creditor) -> None:
    """A folder is one creditor's: another's file would continue its history under the other's name and account."""
    if known.tax_id and described.tax_id:
        another = fold_number(known.tax_id) != fold_number(described.tax_id)
    else:
        another = known.name != described.name and known.iban != described.iban
    if another:
        raise RefusedError("other_creditor", known=known.name, described=described.name)


def creditor_of(path: Path | None) -> creditor_file.Creditor | None:
    """The creditor of a file; refuses it with everything that is wrong, in words."""
    if path is None:
        return None
    try:
        described = creditor_file.read(text_of(path))
    except creditor_file.CreditorError as error:
        details = tuple(
            say("cli.line", language(), line=p.line, sentence=say(f"creditor.{p.rule}", language(), **p.params))
            for p in error.problems
        )
        raise RefusedError("creditor_unusable", file=path, details=details) from error
    if not channels()["email"].reaches(Reach(email=described.sender.email)):
        details = (say("cli.sender_address", language(), value=described.sender.email),)
        raise RefusedError("creditor_unusable", file=path, details=details)
    return described


def _procedure(path: Path | None) -> dict[str, Any]:
    return {"procedure": procedure_of(path), "procedure_text": text_of(path) if path else shipped()}


def procedure_of(path: Path | None) -> Procedure:
    """The procedure of a file, or the starter."""
    return checked_procedure(text_of(path) if path else shipped(), str(path or "starter"))


def checked_procedure(text: str, name: str) -> Procedure:
    """The procedure of a text; refuses it with everything that is wrong, in words."""
    try:
        found = procedure.read(text)
    except procedure.ProcedureError as error:
        details = tuple(
            say("cli.line", language(), line=p.line, sentence=say(f"procedure.{p.rule}", language(), **p.params))
            for p in error.problems
        )
        raise RefusedError("procedure_unusable", file=name, details=details) from error
    for step in (*found.steps, *found.courtesies):
        channel = "sms" if step.act is Act.SMS else "email"
        if (step.act in MESSAGES or step.act in COURTESIES) and not wording.speaks(step.wording, channel):
            sentence = say("procedure.wording", language(), step=step.id, value=step.wording)
            raise RefusedError("procedure_unusable", file=name, details=(sentence,))
    return found


def wording_files(folder: Path) -> list[Path]:
    """The wordings in a folder and those below it."""
    try:
        return sorted(path for path in folder.rglob("*.md") if path.is_file())
    except OSError as error:
        raise RefusedError("file_unreadable", file=folder, why=error.strerror or "") from error


def wordings_of(folder: Path | None) -> Library:
    """Our wordings and those of a folder, each of which must be fit for use; refused with everything that is wrong."""
    if folder is None:
        return wording.library()
    paths = wording_files(folder)
    if not paths:
        raise RefusedError("no_wordings", folder=folder)
    own: dict[tuple[str, str], tuple[Template, Path]] = {}
    details: list[str] = []
    for path in paths:
        examined = own_wordings.examine(text_of(path), path.stem)
        for problem in examined.problems:
            if problem.blocks:
                sentence = say(problem.key, language(), **problem.params)
                place = {"file": path.relative_to(folder), "line": str(problem.line)}
                details.append(
                    say("templates.problem", language(), rule=problem.key.partition(".")[2], sentence=sentence, **place)
                )
        if (template := examined.template) is None:
            continue
        key = template.id, template.language
        if key in own:
            other = own[key][1].relative_to(folder)
            details.append(say("templates.twice", language(), file=path.relative_to(folder), other=other))
        own[key] = template, path
    if details:
        raise RefusedError("wordings_unusable", folder=folder, details=tuple(details))
    return wording.with_own(template for template, _ in own.values())


def gap_in_words(gap: Gap) -> str:
    """A message nobody could write, in words."""
    whom = say(f"templates.{gap.variant}", language())
    return say("templates.gap", language(), stage=gap.stage, language=gap.language, whom=whom)


def _nothing_lacks(errand: Errand) -> None:
    """A run whose procedure could come to a message without words does not begin."""
    lacking = wording.gaps(stages(errand.procedure), errand.wordings or wording.library())
    if lacking:
        raise RefusedError("wordings_lacking", details=tuple(map(gap_in_words, lacking)))


def read_map(path: Path | None) -> dict[str, str]:
    """The lines of a map; none when it is yet to be written."""
    if path is None or not path.exists():
        return {}
    try:
        entries = document.parse(text_of(path)).value
    except document.UnreadableError as error:
        raise RefusedError("map_unusable", file=path, line=error.line) from error
    if not isinstance(entries, dict) or not all(isinstance(entry.value, str) for entry in entries.values()):
        raise RefusedError("map_unusable", file=path, line=1)
    return {heading: str(entry.value) for heading, entry in entries.items()}


def text_of(path: Path) -> str:
    """The text of a file, which must be UTF-8."""
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError("file_not_utf8", file=path) from error


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RefusedError("file_too_large", file=path, n=LARGEST_FILE // 2**20)
        return path.read_bytes()
    except OSError as error:
        raise RefusedError("file_unreadable", file=path, why=error.strerror or "") from error


def _moment(as_of: str, zone: str) -> tuple[date, datetime | None]:
    """The day of the run and, when an hour was named, its moment in the creditor's zone."""
    if not as_of:
        return today_in(zone), None
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError as error:
        raise RefusedError("as_of_unreadable", value=as_of) from error
    if not _EARLIEST <= moment.year <= today_in(zone).year + 1:  # a slip would shut the folder for every real day
        raise RefusedError("as_of_unlikely", value=as_of)
    if len(as_of) == len("2026-03-17"):
        return moment.date(), None
    aware = moment.replace(tzinfo=ZoneInfo(zone)) if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone))
    return aware.date(), aware


def _not_earlier(creditor: Any, today: date, now: datetime | None) -> None:
    """A run may not go back behind the last one."""
    last, at = creditor.last_run_on, creditor.last_run_at
    if last and (today < last or (today == last and now and at and now < at)):
        raise RefusedError("as_of_earlier", language=creditor.language, day=today, last=last)


# --- reading files ---------------------------------------------------------------------------------------------------


def read_input(
    ledgers: Sequence[Path],
    banks: Sequence[Path],
    headings: dict[str, str],
    folders: Sequence[Path] = (),
    map_file: Path | None = None,
) -> Input:
    """Read every file; refuse when there is nothing at all to work on."""
    given = read_ledgers(ledgers, headings, folders, map_file)
    _read_banks(banks, given, headings)
    return given


def read_banks(banks: Sequence[Path], headings: dict[str, str]) -> Input:
    """Read bank files alone."""
    given = Input()
    _read_banks(banks, given, headings)
    return given


def _read_banks(banks: Sequence[Path], given: Input, told: dict[str, str]) -> None:
    for path in banks:
        reading.read_bank(path.name, _bytes(path), given, told)


def read_ledgers(
    ledgers: Sequence[Path], headings: dict[str, str], folders: Sequence[Path] = (), map_file: Path | None = None
) -> Input:
    """Read ledgers and save how they were understood; refuse a question nobody answered, and files without a row."""
    given = reading.begun(headings)
    for path in ledgers:
        among = (path.resolve().parent, *(folder.resolve() for folder in folders))
        reading.read(path.name, _bytes(path), headings, among, given)
    saved = understanding.save(map_file, given.understood, given.complaints)
    _ask(given, map_file, saved=saved)
    if not (given.records or given.invoices or given.statements):
        first = next(iter(given.complaints), None)
        if first is None:
            raise RefusedError("ledger_empty", file=ledgers[0])
        raise RefusedError("ledger_unusable", file=first[0], details=in_words(given.complaints[:10]))
    return given


def make_items(creditor: Any, given: Input, map_file: Path | None) -> None:
    """Make items of the e-invoices, now that the creditor is known; refuse a question nobody answered."""
    invoicing.make_items(creditor, given)
    _ask(given, map_file, saved=False)


def _ask(given: Input, map_file: Path | None, *, saved: bool) -> None:
    if asked := given.questions:
        raise RefusedError("ledger_question", details=understanding.question(asked, map_file, saved=saved))


def show_notices(notices: Sequence[tuple[str, Complaint]]) -> None:
    """Print what a person should know though nothing is wrong."""
    if not notices:
        return
    print(say("import.notices", language(), n=len(notices)))
    for sentence in in_words(notices[:_LISTED]):
        print(f"  {sentence}")
    if len(notices) > _LISTED:
        print(f"  … ({len(notices) - _LISTED})")


def in_words(complaints: Sequence[tuple[str, Complaint]]) -> tuple[str, ...]:
    """Each complaint with its place, what is wrong and what to do."""
    spoken = language()
    return tuple(
        " ".join((f"{file}{f':{complaint.line}' if complaint.line else ''}:", *reading.in_words(complaint, spoken)))
        for file, complaint in complaints
    )

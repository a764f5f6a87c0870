"""`amable import`: takes ledgers and bank statements in, or with `--dry-run` only says what they would change."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from amable.cli import in_json, speaking, understanding
from amable.cli.run import in_words, make_items, read_banks, read_input, read_map, show_notices
from amable.cli.sending import at_work, folder_of, whoever
from amable.cli.speaking import RefusedError, language, today_in
from amable.cli.workplace import meant, working_in
from amable.core import creditor as creditor_file
from amable.core.languages import say, show_money, show_number
from amable.core.money import Money
from amable.plugs.complaint import Complaint
from amable.server.database import kept_in
from amable.work.invoicing import Whose
from amable.work.reading import NO_CURRENCY, Input

if TYPE_CHECKING:
    from amable.ledger.effects import Effect
    from amable.organisation.models import Creditor
    from amable.work.taking import Landed

_LISTED = 20
_EFFECTS = ("new", "settled_new", "changed", "settled", "reopened", "missing", "same")


def command(arguments: argparse.Namespace) -> int:
    """Read, compare, keep it unless it is a dry run, and print; 1 when a row or value could not be used."""
    arguments.ledger = [file for path in arguments.ledger for file in _files(path)]
    if not arguments.ledger and (arguments.dry_run or not arguments.bank):
        raise RefusedError("import_what")
    if arguments.json and not arguments.dry_run:
        raise RefusedError("import_json")
    outbox = arguments.outbox or arguments.data
    if arguments.dry_run and outbox and not kept_in(outbox):
        raise RefusedError("no_outbox", folder=outbox)
    written = bool(arguments.map and not arguments.map.exists())
    folders = tuple(filter(None, [arguments.files]))
    headings = read_map(arguments.map)
    if arguments.json:
        return _print_json(arguments, headings, folders, outbox)
    if arguments.ledger:
        given = read_input(arguments.ledger, arguments.bank, headings, folders, arguments.map)
    else:
        given = read_banks(arguments.bank, headings)
    given.whole = given.whole and not arguments.additions
    if arguments.dry_run:
        with _beside(outbox) as folder, working_in(folder):
            landed = _tried(given, arguments)
    else:
        with at_work(arguments) as creditor:
            make_items(creditor, given, arguments.map)
            landed = _land(creditor, given, folder_of(arguments))
    spoken = language()
    print(say("import.title" if arguments.dry_run else "import.taken", spoken))
    print()
    understanding.show(given.understood)
    if landed.effect is not None:
        _show(landed.effect, given, spoken)
    rejected = [one for one in landed.complaints if not one[1].notice]
    show_notices(given.notices)
    if rejected:
        _show_rejected(rejected)
    if arguments.dry_run:
        _show_statements(given, spoken)
    if landed.money is not None:
        print(say("import.booked", spoken, n=landed.money.booked))
    if written and arguments.map.exists():
        print(say("import.map_saved", spoken, file=arguments.map))
    return 1 if rejected else 0


def _files(path: Path) -> list[Path]:
    """The file, or those of a folder and the folders below it; hidden ones are nobody's invoices."""
    if not path.is_dir():
        return [path]
    found = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts)]


def _land(creditor: Creditor, given: Input, folder: Path) -> Landed:
    """Take everything in, bring today's plan into line with it, and list what could not be used."""
    from amable.cli.folder import write_rejected  # noqa: PLC0415 - once the database is chosen
    from amable.work import taking  # noqa: PLC0415

    landed = taking.land(creditor, given, today_in(creditor.timezone), by=whoever())
    taking.in_line(creditor, speaking.now)
    if rejected := [one for one in landed.complaints if not one[1].notice]:
        write_rejected(folder, rejected, creditor.language)
    return landed


@contextmanager
def _beside(outbox: Path | None) -> Iterator[Path]:
    """The folder to compare with: the one named, or an empty one that is thrown away."""
    if outbox is not None:
        yield outbox
        return
    with tempfile.TemporaryDirectory(prefix="amable-") as folder:
        yield Path(folder)


def _tried(given: Input, arguments: argparse.Namespace) -> Landed:
    """What taking the ledgers in would change."""
    from django.db import transaction  # noqa: PLC0415 - once the database is chosen

    from amable.organisation.actions import install  # noqa: PLC0415
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415
    from amable.work import taking  # noqa: PLC0415

    with transaction.atomic():
        creditor = meant(arguments.creditor_ref) or install(creditor_file.placeholder(language()), placeholder=True)
        make_items(creditor, given, arguments.map)
        with acting_for(creditor):
            effect = taking.tried(creditor, given, today_in(creditor.timezone))
        transaction.set_rollback(True)
    return taking.Landed(effect, None, effect.complaints)


def _print_json(
    arguments: argparse.Namespace, headings: dict[str, str], folders: tuple[Path, ...], outbox: Path | None
) -> int:
    """Print what was understood of every file; nothing is compared and nothing kept."""
    given = in_json.read([*arguments.ledger, *arguments.bank], headings, folders)
    whose = Whose(terms=given.terms)
    if outbox is not None:
        with working_in(outbox):
            creditor = meant(arguments.creditor_ref)
            whose = Whose.of(creditor, given) if creditor is not None else whose
    return in_json.print_all(given, whose, language())


def _show_statements(given: Input, spoken: str) -> None:
    for digest, statements in given.statements:
        for one in statements:
            n, file = len(one.lines), given.bank_files[digest]
            print(say("import.statement", spoken, n=n, file=file, account=one.account))


def _show(effect: Effect, given: Input, spoken: str) -> None:
    print(say("import.read", spoken, n=len(given.records)))
    print(say("import.customers", spoken, n=effect.customers))
    if effect.new_customers:
        print(say("import.new_customers", spoken, n=effect.new_customers))
    print(say("import.complete" if given.whole else "import.additions", spoken))
    print()
    _table(effect, spoken)
    print()
    if effect.spellings:
        print(say("import.spellings", spoken, n=len(effect.spellings)))
        _list([" = ".join(spelt[:6]) for spelt in effect.spellings])
    if effect.alike:
        print(say("import.alike", spoken, n=len(effect.alike)))
        _list([" ≠ ".join(pair) for pair in effect.alike])


def _show_rejected(complaints: Sequence[tuple[str, Complaint]]) -> None:
    print(say("import.rejected", language(), n=len(complaints)))
    _list(in_words(complaints[: _LISTED + 1]), len(complaints))


def _table(effect: Effect, spoken: str) -> None:
    """How many items, and how much in each currency, would be new, changed, settled, missing or as before."""
    currencies = sorted(effect.sums)
    rows = [("", "", *(_name(currency, spoken) for currency in currencies))]
    for what in _EFFECTS:
        if effect.items[what] or what in ("new", "changed", "settled", "missing"):
            sums = (_money(effect.sums[currency][what], currency, spoken) for currency in currencies)
            rows.append((say(f"import.{what}", spoken), show_number(effect.items[what], spoken), *sums))
    total = (_money(effect.sums[currency]["open"], currency, spoken) for currency in currencies)
    rows.append((say("import.open", spoken), "", *total))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        print(("  " + "  ".join(cells)).rstrip())


def _name(currency: str, spoken: str) -> str:
    return say("import.no_currency", spoken) if currency == NO_CURRENCY else currency


def _money(minor: int, currency: str, spoken: str) -> str:
    return show_money(Money(minor, currency), spoken).replace("¤", "").strip() if minor else "–"


def _list(lines: Sequence[str], count: int | None = None) -> None:
    for line in lines[:_LISTED]:
        print(f"  {line}")
    if (count or len(lines)) > _LISTED:
        print(f"  … ({(count or len(lines)) - _LISTED})")
    print()

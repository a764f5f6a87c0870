"""`amable import`: takes ledgers and bank statements in, or with `--dry-run` only says what they would change."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from amable.cli import speaking, understanding
from amable.cli.run import Input, in_words, read_banks, read_input, read_map
from amable.cli.sending import at_work, folder_of, whoever
from amable.cli.speaking import RefusedError, language, today_in
from amable.cli.workplace import working_in
from amable.core import creditor as creditor_file
from amable.core.languages import say, show_money, show_number
from amable.core.money import Money
from amable.core.payer_names import Names
from amable.plugs.complaint import Complaint
from amable.server.database import kept_in

if TYPE_CHECKING:
    from amable.organisation.models import Creditor

_NO_CURRENCY = "XXX"  # ISO 4217 for none; stands in until a creditor says which
_LISTED = 20
_MOST_NAMES = 5_000  # more than that are not compared with each other
_EFFECTS = ("new", "settled_new", "changed", "settled", "reopened", "missing", "same")


class _Was(NamedTuple):
    """An item as it stands: what is open in which currency, whether it is missing, and everything else of it."""

    open: int
    currency: str
    missing: bool
    rest: tuple[object, ...]


@dataclass(slots=True)
class _Effect:
    """What would become of the items: how many and how much by currency, and of the customers."""

    items: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    customers: int = 0
    new_customers: int = 0
    spellings: list[tuple[str, ...]] = field(default_factory=list)
    alike: list[tuple[str, str]] = field(default_factory=list)
    complaints: list[tuple[str, Complaint]] = field(default_factory=list)
    booked: int | None = None  # movements of bank statements that were booked against items


def command(arguments: argparse.Namespace) -> int:
    """Read, compare, keep it unless it is a dry run, and print; 1 when a row or value could not be used."""
    if not arguments.ledger and (arguments.dry_run or not arguments.bank):
        raise RefusedError("import_what")
    outbox = arguments.outbox or arguments.data
    if arguments.dry_run and outbox and not kept_in(outbox):
        raise RefusedError("no_outbox", folder=outbox)
    written = bool(arguments.map and not arguments.map.exists())
    folders = tuple(filter(None, [arguments.files]))
    headings = read_map(arguments.map)
    if arguments.ledger:
        given = read_input(arguments.ledger, arguments.bank, headings, folders, arguments.map)
    else:
        given = read_banks(arguments.bank)
    given.whole = given.whole and not arguments.additions
    if arguments.dry_run:
        with _beside(outbox) as folder, working_in(folder):
            effect = _tried(given)
    else:
        with at_work(arguments) as creditor:
            effect = _land(creditor, given, folder_of(arguments))
    spoken = language()
    print(say("import.title" if arguments.dry_run else "import.taken", spoken))
    print()
    understanding.show(given.understood)
    if given.records:
        _show(effect, given, spoken)
    elif effect.complaints:
        _show_rejected(effect)
    if effect.booked is not None:
        print(say("import.booked", spoken, n=effect.booked))
    if written and arguments.map.exists():
        print(say("import.map_saved", spoken, file=arguments.map))
    return 1 if effect.complaints else 0


def _land(creditor: Creditor, given: Input, folder: Path) -> _Effect:
    """Take everything in, bring today's plan into line with it, and list what could not be used."""
    from amable.banking import intake as banking  # noqa: PLC0415 - once the database is chosen
    from amable.banking.models import BankLine  # noqa: PLC0415
    from amable.cli.folder import write_rejected  # noqa: PLC0415
    from amable.evidence import log  # noqa: PLC0415
    from amable.work import duties  # noqa: PLC0415
    from amable.work.waking import wake  # noqa: PLC0415

    day = today_in(creditor.timezone)
    booked = BankLine.objects.filter(creditor=creditor, state="booked")
    count = booked.count()
    effect = _effect(creditor, given) if given.records else _Effect(complaints=list(given.complaints))
    money = banking.take_statements(creditor, given.statements, day)
    effect.complaints += [(given.bank_files[digest], complaint) for digest, complaint in money.complaints]
    if given.statements:
        effect.booked = booked.count() - count
    facts = {"ledgers": given.digests, "statements": [digest for digest, _ in given.statements]}
    log.record(creditor, [log.Event("files.taken", day, facts, {"by": whoever()})])
    log.seal(creditor)
    duties.look_again(creditor, speaking.now)
    wake(creditor)
    if effect.complaints:
        write_rejected(folder, effect.complaints, creditor.language)
    return effect


@contextmanager
def _beside(outbox: Path | None) -> Iterator[Path]:
    """The folder to compare with: the one named, or an empty one that is thrown away."""
    if outbox is not None:
        yield outbox
        return
    with tempfile.TemporaryDirectory(prefix="amable-") as folder:
        yield Path(folder)


def _tried(given: Input) -> _Effect:
    """Take the ledgers in, look at the difference, and undo it all."""
    from django.db import transaction  # noqa: PLC0415 - once the database is chosen

    from amable.organisation.actions import install  # noqa: PLC0415
    from amable.organisation.models import Creditor  # noqa: PLC0415
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415

    with transaction.atomic():
        creditor = Creditor.objects.first() or install(creditor_file.placeholder(language()), placeholder=True)
        with acting_for(creditor):
            effect = _effect(creditor, given)
        transaction.set_rollback(True)
    return effect


def _effect(creditor: Creditor, given: Input) -> _Effect:
    """Take the ledgers in and say what became of the items and the customers."""
    from amable.ledger import intake  # noqa: PLC0415 - once the database is chosen
    from amable.ledger.models import Customer  # noqa: PLC0415
    from amable.ledger.records import who  # noqa: PLC0415

    effect = _Effect()
    sourced = [
        intake.Sourced(file, record if record.currency or creditor.country else replace(record, currency=_NO_CURRENCY))
        for file, record in given.records
    ]
    customers = set(Customer.objects.filter(creditor=creditor).values_list("pk", flat=True))
    before = _items(creditor)
    today = today_in(creditor.timezone)
    rejected = {complaint.item for _, complaint in given.complaints if complaint.item}
    taken = intake.take_ledger(creditor, sourced, given.digests, today, whole=given.whole, rejected=rejected)
    after = _items(creditor)
    effect.complaints = given.complaints + taken.complaints
    _compare(before, after, effect)
    told = dict(Customer.objects.filter(creditor=creditor).values_list("key", "pk"))
    keys = intake.keys_of(creditor, (one.record for one in sourced))
    names: dict[str, dict[str, None]] = defaultdict(dict)
    for one in sourced:
        names[keys.key(who(one.record))[0]].setdefault(one.record.customer_name)
    effect.customers = len(names)
    effect.new_customers = len({told[key] for key in names if key in told} - customers)
    _compare_names(names, effect)
    return effect


def _items(creditor: Creditor) -> dict[tuple[object, ...], _Was]:
    """Every item of the ledger as it stands."""
    from amable.ledger.intake import SOURCE  # noqa: PLC0415
    from amable.ledger.models import Item  # noqa: PLC0415

    facts = (
        "due_on",
        "issued_on",
        "total",
        "disputed",
        "promised_on",
        "delivered",
        "po_number",
        "description",
        "applies_to",
    )
    rows: Iterable[Any] = Item.objects.filter(creditor=creditor, source=SOURCE).values_list(
        "customer_id", "number", "instalment", "open", "currency", "missing_since", *facts
    )
    return {row[:3]: _Was(row[3], row[4], row[5] is not None, row[6:]) for row in rows}


def _compare(
    before: Mapping[tuple[object, ...], _Was], after: Mapping[tuple[object, ...], _Was], effect: _Effect
) -> None:
    for key, now in after.items():
        was = before.get(key)
        what = _what_became(was, now)
        amount = was.open if was is not None and what == "settled" else now.open
        effect.items[what] += 1
        effect.sums[now.currency][what] += amount
        effect.sums[now.currency]["open"] += now.open


def _what_became(was: _Was | None, now: _Was) -> str:
    if was is None:
        return "new" if now.open else "settled_new"
    if was.open != now.open and not (was.open and now.open):
        return "reopened" if now.open else "settled"
    if now.missing:
        return "missing" if not was.missing else "same"
    return "same" if was == now else "changed"


def _compare_names(names: Mapping[str, Mapping[str, None]], effect: _Effect) -> None:
    """Names taken for one customer, and names so alike that somebody should look, though they were kept apart."""
    spoken = {key: [name for name in spelt if name] for key, spelt in names.items()}
    effect.spellings = [tuple(spelt) for spelt in spoken.values() if len(spelt) > 1]
    if len(spoken) > _MOST_NAMES:
        return
    known = Names()
    keys = list(spoken)
    for number, key in enumerate(keys):
        for name in spoken[key][:1]:
            for like in known.like(name):
                effect.alike.append((like.shown, name))
            known.add(number, name)


def _show(effect: _Effect, given: Input, spoken: str) -> None:
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
    if effect.complaints:
        _show_rejected(effect)


def _show_rejected(effect: _Effect) -> None:
    print(say("import.rejected", language(), n=len(effect.complaints)))
    _list(in_words(effect.complaints[: _LISTED + 1]), len(effect.complaints))


def _table(effect: _Effect, spoken: str) -> None:
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
    return say("import.no_currency", spoken) if currency == _NO_CURRENCY else currency


def _money(minor: int, currency: str, spoken: str) -> str:
    return show_money(Money(minor, currency), spoken).replace("¤", "").strip() if minor else "–"


def _list(lines: Sequence[str], count: int | None = None) -> None:
    for line in lines[:_LISTED]:
        print(f"  {line}")
    if (count or len(lines)) > _LISTED:
        print(f"  … ({(count or len(lines)) - _LISTED})")
    print()

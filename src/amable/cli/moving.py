"""`amable move-to`: copies what a data folder knows into an empty PostgreSQL database, where everything goes on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amable.cli import speaking
from amable.cli.sending import folder_of, show_brakes, today, whoever
from amable.cli.speaking import RefusedError, language
from amable.cli.up import only_one
from amable.cli.workplace import working_in
from amable.core.languages import say
from amable.server import database, instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amable.evidence.log import Fault
    from amable.organisation.models import Creditor

_TARGET = "target"


def command(arguments: argparse.Namespace) -> int:
    """Copy, compare, and only then let messages leave from there; 1 when the record had faults, which came along."""
    folder = folder_of(arguments)
    there = _there(arguments.url)
    if not (folder / "amable.sqlite3").is_file():
        raise RefusedError("move_nothing", folder=folder)
    with database.naming(arguments.url):
        database.read_settings()
    with database.naming(""), only_one(folder), working_in(folder):
        here = database.sqlite(folder / "amable.sqlite3")
        faults = {creditor.pk: _sealed(creditor) for creditor in _each_creditor()}
        database.connect(there, alias=_TARGET)
        _check(there)
        count = _copy(there)
        database.connect(there)
        if faults != {creditor.pk: _sealed(creditor) for creditor in _each_creditor()}:
            raise RefusedError("move_differs", details=("evidence",))
        database.connect(here)
        _stop_here()
        database.connect(there)
        print(say("move.done", language(), n=count, database=there["NAME"]))
        _go_on_there(folder)
    faulty = [fault for found in faults.values() for fault in found]
    if faulty:
        print(say("move.faults", language()))
    for fault in faulty:
        print(f"  {say(f'evidence.{fault.rule}', language(), place=fault.place)}")
    print(say("move.next", language(), folder=folder))
    return 1 if faulty else 0


def _there(url: str) -> dict[str, Any]:
    """Django's description of the address; refuses what is none of a PostgreSQL."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise RefusedError("move_where", url=url)
    if not database.can_postgresql():
        raise RefusedError("scale_missing")
    found = database.from_url(url)
    if not found.get("NAME"):
        raise RefusedError("move_where", url=url)
    return found


def _check(there: dict[str, Any]) -> None:
    """Refuse a database that cannot be reached, that is not empty, or whose row policies we would pass by."""
    from django.db import Error, connections  # noqa: PLC0415 - once the database is chosen

    from amable.server import copying  # noqa: PLC0415

    try:
        with connections[_TARGET].cursor() as cursor:
            cursor.execute("SELECT rolsuper OR rolbypassrls, current_user FROM pg_roles WHERE rolname = current_user")
            beyond, user = cursor.fetchone()
        if beyond:
            raise RefusedError("move_superuser", user=user)
        database.bring_up_to_date(_TARGET)
    except Error as error:
        raise RefusedError("move_unreachable", database=there["NAME"], why=str(error).partition("\n")[0]) from error
    if not copying.is_empty(_TARGET):
        raise RefusedError("move_not_empty", database=there["NAME"])


def _copy(there: dict[str, Any]) -> int:
    """Copy every row, with a switch on the copy that nothing leaves from it yet. Returns how many there are."""
    from django.db.models import Q  # noqa: PLC0415 - once the database is chosen

    from amable.organisation.models import Sending  # noqa: PLC0415
    from amable.server import copying  # noqa: PLC0415

    now = speaking.now()

    def hold_back(creditor: int) -> None:
        free = Sending._base_manager.using(_TARGET).filter(Q(stopped_at=None) | Q(stopped_because="moved"))
        free.filter(creditor=creditor).update(stopped_at=now, stopped_because="moved")

    try:
        return sum(copying.copy("default", _TARGET, before_commit=hold_back).values())
    except copying.RowError as error:
        raise RefusedError("move_row", table=error.table, why=error.why) from error
    except copying.DifferentError as error:
        details = tuple(f"{table}: {n} / {m}" for table, n, m in error.tables)
        raise RefusedError("move_differs", details=details) from error


def _each_creditor() -> Iterator[Creditor]:
    """Every creditor in turn, acted for."""
    from amable.organisation.models import Creditor  # noqa: PLC0415 - once the database is chosen
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415

    for creditor in Creditor.objects.order_by("pk"):
        with acting_for(creditor):
            yield creditor


def _sealed(creditor: Creditor) -> list[Fault]:
    """Seal the record and say what is wrong with it."""
    from amable.evidence import log  # noqa: PLC0415 - once the database is chosen

    log.seal(creditor)
    return log.verify(creditor)


def _stop_here() -> None:
    """Nothing leaves from the folder's own database any more."""
    from amable.dunning import brakes  # noqa: PLC0415 - once the database is chosen
    from amable.evidence import log  # noqa: PLC0415

    for creditor in _each_creditor():
        brakes.move(creditor, today(creditor), speaking.now(), by=whoever())
        log.seal(creditor)


def _go_on_there(folder: Path) -> None:
    """What was free to leave here is free to leave there; what somebody had stopped stays so."""
    from amable.dunning import brakes  # noqa: PLC0415 - once the database is chosen
    from amable.evidence import log  # noqa: PLC0415
    from amable.organisation.models import Sending  # noqa: PLC0415

    name = instance.instance(folder)
    for creditor in _each_creditor():
        sending = Sending.objects.filter(creditor=creditor).first()
        if sending is None:
            continue
        if sending.stopped_because == "moved":
            brakes.resume(creditor, today(creditor), speaking.now(), by=whoever(), instance=name)
        else:
            Sending.objects.filter(creditor=creditor).update(instance=name)
        log.seal(creditor)
    for creditor in _each_creditor():
        if Sending.objects.filter(creditor=creditor).exists():
            show_brakes(creditor)

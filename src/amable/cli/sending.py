"""What the commands share that work where messages leave by themselves: the folder, the creditor, the switch."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast
from zoneinfo import ZoneInfo

from amable.cli import speaking
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import meant, working_in
from amable.core.languages import say
from amable.server import instance
from amable.server.database import kept_in

if TYPE_CHECKING:
    from datetime import date

    from amable.organisation.models import Creditor


def folder_of(arguments: argparse.Namespace) -> Path:
    """The data folder a command names, else the user's own."""
    return Path(arguments.data) if arguments.data else instance.default_folder()


@contextmanager
def at_work(arguments: argparse.Namespace, *, opened: bool = True) -> Iterator[Creditor]:
    """Open the data folder beside others who work there, act for its creditor, and notice a copy of it."""
    folder = folder_of(arguments)
    if not kept_in(folder):
        raise RefusedError("not_configured", folder=folder)
    with working_in(folder, beside_others=True):
        from amable.organisation.models import Sending  # noqa: PLC0415 - once the database is chosen
        from amable.organisation.tenancy import acting_for  # noqa: PLC0415

        creditor = meant(arguments.creditor_ref)
        if creditor is None:
            raise RefusedError("not_configured", folder=folder)
        with acting_for(creditor):
            if not Sending.objects.filter(creditor=creditor).exists():
                raise RefusedError("not_configured", folder=folder)
            if opened:
                look_around(creditor, folder)
            yield creditor


def look_around(creditor: Creditor, folder: Path) -> str:
    """Notice a copied or older database, or a strange clock: then sending stops. Returns what names this place."""
    from amable.dunning import brakes  # noqa: PLC0415

    here = instance.instance(folder)
    brakes.opened(
        creditor, today(creditor), speaking.now(), instance=here, newest=instance.remembered(here, creditor.ref)
    )
    return here


def today(creditor: Creditor) -> date:
    """The creditor's date."""
    return speaking.today_in(creditor.timezone)


def whoever() -> str:
    """Who gives a command, as the machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def show_brakes(creditor: Creditor) -> None:
    """Say what keeps messages from leaving just now, if anything does."""
    from amable.dunning import brakes  # noqa: PLC0415
    from amable.organisation.models import Sending  # noqa: PLC0415

    sending = Sending.objects.select_related("creditor").get(creditor=creditor)
    found = brakes.brakes(sending, today(creditor), speaking.now()) + brakes.oddities(sending)
    for brake in found:
        print(in_words(brake.rule, brake.params))


def in_words(rule: str, params: Mapping[str, object]) -> str:
    """The sentence of a brake."""
    return say(f"brake.{rule}", language(), **params)


T = TypeVar("T")


def here(value: T, creditor: Creditor) -> T:
    """A moment on the creditor's clock; anything else as it is."""
    return cast("T", value.astimezone(ZoneInfo(creditor.timezone))) if isinstance(value, datetime) else value

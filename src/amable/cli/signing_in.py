"""`amable sign-in-link`: lets somebody in once; before anybody has an account, the link that makes the owner."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from amable.cli import speaking
from amable.cli.sending import folder_of, whoever
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import working_in
from amable.core.languages import say
from amable.server import keys
from amable.server.database import kept_in

if TYPE_CHECKING:
    from amable.organisation.models import User


def command(arguments: argparse.Namespace) -> int:
    """Print the link. Whoever can open the data folder, or has its key, may let people in."""
    folder = folder_of(arguments)
    if not kept_in(folder):
        raise RefusedError("no_desk", folder=folder)
    with working_in(folder, beside_others=True):
        from django.conf import settings  # noqa: PLC0415 - once the database is chosen

        keys.use_key_of(folder)
        address = settings.ADDRESS or "http://127.0.0.1:8765"
        if not arguments.email:
            if not (link := first_link(address)):
                raise RefusedError("link_for_whom")
            print(say("sending.first_link", language(), link=link))
            return 0
        user = _somebody(arguments.email)
        if arguments.lost_second_factor:
            _without_second_factor(user)
            print(say("sending.second_factor_taken", language()))
        print(say("sending.sign_in_link", language(), link=address + _link_of(user)))
    return 0


def first_link(address: str) -> str:
    """The link that makes the owner, while nobody has an account; then empty."""
    from django.conf import settings  # noqa: PLC0415

    from amable.desk import first  # noqa: PLC0415
    from amable.organisation.models import User  # noqa: PLC0415

    return "" if User.objects.exists() else (settings.ADDRESS or address) + first.link()


def _somebody(email: str) -> User:
    from amable.organisation.models import User  # noqa: PLC0415

    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise RefusedError("nobody_of_that_address", value=email)
    return user


def _without_second_factor(user: User) -> None:
    from amable.evidence import staff  # noqa: PLC0415

    staff.rescue(user, speaking.now(), by=whoever())


def _link_of(user: User) -> str:
    from amable.desk.entering import link_for  # noqa: PLC0415

    return link_for(user)

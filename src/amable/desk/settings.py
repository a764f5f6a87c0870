"""The settings: a card for each thing that can be set, for those who may."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse

from amable.core.languages import say
from amable.desk.door import Here, show, to
from amable.organisation.models import Sending
from amable.organisation.roles import May


class Card(NamedTuple):
    """A page of the settings: its route, its picture, who may open it. Its words are `desk.settings.<word>`."""

    route: str
    word: str
    icon: str
    may: May = May.OWN


# One line each; a page that is added stands here, with its two sentences (`…_about` says what it is for).
CARDS: Final = (
    Card("settings-company", "company", "building-2"),
    Card("settings-mailbox", "mailbox", "mail"),
    Card("sources", "sources", "folder-input"),
    Card("staff", "staff", "users-round"),
    Card("channels", "channels", "send"),
    Card("calendars", "calendars", "calendar-days"),
    Card("brakes", "brakes", "octagon-pause"),
    Card("audit", "audit", "scroll-text"),
)


class Shown(NamedTuple):
    """A card as it is drawn."""

    title: str
    about: str
    address: str
    icon: str


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """All cards this member of staff may open."""
    cards = [
        Shown(
            say(f"desk.settings.{card.word}", here.language),
            say(f"desk.settings.{card.word}_about", here.language),
            to(here, card.route),
            card.icon,
        )
        for card in CARDS
        if here.may(card.may)
    ]
    owns_all = here.member.user.is_superuser
    sending = Sending.objects.filter(creditor=here.creditor).first()
    return show(request, here, "settings.html", cards=cards, owns_all=owns_all, sending=sending)

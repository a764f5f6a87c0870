"""Where files come from by themselves: the watched folder, how it goes there, and what came last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse

from amable.core.languages import say, show_time
from amable.core.seals import seen
from amable.desk.amending import Settings
from amable.desk.door import Here, back, show, tell, to
from amable.desk.spoken import here_and_now
from amable.evidence import settings
from amable.evidence.settings import MeanwhileError
from amable.organisation.models import Creditor
from amable.work import sources, watched_folder
from amable.work.models import Arrival, Inbox, Mail, Watch
from amable.work.watched_folder import Refusal

_SHOWN: Final = 20
_FIELDS: Final = ("watched_folder",)


class Folder(Settings):
    """The folder that is watched; empty for none."""

    watched_folder = forms.CharField(
        required=False, max_length=1000, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, creditor: Creditor, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._creditor = creditor

    def clean_watched_folder(self) -> str:
        """A folder that can be watched, by its full path; the one there is need not be there just now."""
        given: str = self.cleaned_data["watched_folder"].strip()
        if given in ("", self._creditor.watched_folder):
            return given
        found = watched_folder.chosen(given, self._creditor)
        if isinstance(found, Refusal):
            raise forms.ValidationError(here_and_now(f"arrival.folder_{found.rule}", **found.params))
        return str(found)


class Going(NamedTuple):
    """How it goes at a place: what is wrong there in words, empty when nothing is, and when it was looked at last."""

    fault: str
    looked_at: datetime | None


class Came(NamedTuple):
    """A file that came, for the list: `address` is its page, empty where none was kept."""

    name: str
    source: str
    at: datetime
    outcome: str
    place: str
    address: str


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The places as they are set, how it goes there, and what came last; the folder is changed here."""
    creditor = here.creditor
    if request.method != "POST":
        return _show(request, here, Folder(creditor, initial=_now(creditor)))
    form = Folder(creditor, request.POST)
    if not form.is_valid():
        return _show(request, here, form, 422)
    try:
        changed = settings.change(
            creditor, (creditor,), form.cleaned_data, seen=request.POST.get("seen", ""), today=here.today, by=here.by
        )
    except MeanwhileError as error:
        creditor.refresh_from_db()
        return _show(request, here, form, 409, meanwhile=error.by, now=creditor.watched_folder)
    if changed:
        creditor.refresh_from_db()
        watched_folder.changed(creditor, here.now)
        tell(request, here, "sources.watched" if creditor.watched_folder else "sources.unwatched")
    else:
        tell(request, here, "settings.same")
    return back(request, here, "sources")


def _now(creditor: Creditor) -> dict[str, object]:
    return settings.values((creditor,), _FIELDS)


def _show(request: HttpRequest, here: Here, form: Folder, status: int = 200, **more: object) -> HttpResponse:
    going = {source: _going(here, source) for source in sources.SOURCES}
    return show(
        request, here, "sources.html", status, form=form, seen=seen(_now(here.creditor)), going=going,
        came=_came(here), inbox=Inbox.objects.filter(creditor=here.creditor).first(), **more,
    )  # fmt: skip


def _going(here: Here, source: str) -> Going:
    watch = Watch.objects.filter(creditor=here.creditor, source=source).first()
    fault = next((one for one in sources.faults(here.creditor) if one.source == source), None)
    return Going(told_fault(here, fault) if fault else "", watch.looked_at if watch else None)


def told_fault(here: Here, fault: sources.Fault) -> str:
    """Why a place cannot be looked at, and when it is tried again."""
    again = show_time(fault.again_at.astimezone(here.zone), here.language)
    return f"{words_of(fault.rule, fault.params, here.language)} {say('arrival.again_at', here.language, at=again)}"


def words_of(rule: str, params: Mapping[str, object], language: str) -> str:
    """Why a place cannot be looked at, with what a server said where it is not the whole reason."""
    why = say(f"arrival.fault_{rule}", language, **params)
    said = params.get("said") if rule != "mail_folder" else ""
    return f"{why} {say('arrival.server_said', language, said=said)}" if said else why


def _came(here: Here) -> list[Came]:
    """The newest files, and messages nobody could read."""
    newest = Arrival.objects.filter(creditor=here.creditor).order_by("-pk")[:_SHOWN]
    unread = Mail.objects.filter(creditor=here.creditor).exclude(fault="").order_by("-pk")[:_SHOWN]
    came = [_told_file(here, one) for one in newest] + [_told_mail(here, one) for one in unread]
    return sorted(came, key=lambda one: one.at, reverse=True)[:_SHOWN]


def _told_file(here: Here, one: Arrival) -> Came:
    address = to(here, "file", file=one.file_id) if one.file_id else ""
    place = one.place if "/" in one.place else ""
    return Came(one.name, one.source, one.came_at, one.outcome or "working", place, address)


def _told_mail(here: Here, one: Mail) -> Came:
    assert one.why is not None
    rule, params = one.why
    return Came(
        one.subject, "mailbox", one.looked_at, "failed", say(f"desk.sources.mail_{rule}", here.language, **params), ""
    )

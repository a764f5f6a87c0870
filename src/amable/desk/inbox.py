"""The mailbox whose attachments are taken: set, tried at once, and kept when it lets us in."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from amable.core.mailbox import HERE, is_server
from amable.core.seals import changed_since, seen
from amable.core.senders import listed
from amable.desk.door import Here, back, show, tell
from amable.desk.sources import words_of
from amable.desk.spoken import Spoken, here_and_now
from amable.evidence import log
from amable.evidence.log import Event
from amable.organisation import sealed
from amable.plugs.transport import Encryption
from amable.work import sources, watched_mailbox
from amable.work.models import Inbox
from amable.work.sources import FaultError

_PORTS: Final = {"tls": 993, "starttls": 143, "none": 143}
_FACTS: Final = ("server", "port", "encryption", "user", "password_from", "folder", "senders", "by_itself")


class Form(Spoken, forms.Form):
    """How the mailbox is reached, which folder of it is looked into, and whose mail is read."""

    area: ClassVar[str] = "inbox"

    server = forms.CharField(max_length=253, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    encryption = forms.ChoiceField()
    port = forms.IntegerField(min_value=1, max_value=65535, required=False)
    user = forms.CharField(max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    password = forms.CharField(
        max_length=500, required=False, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    folder = forms.CharField(max_length=200, required=False)
    senders = forms.CharField(max_length=10_000, widget=forms.Textarea(attrs={"rows": 4}))
    by_itself = forms.BooleanField(required=False)

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        ways = [(one.value, here_and_now(f"desk.inbox.way_{one}")) for one in (Encryption.TLS, Encryption.STARTTLS)]
        ways.append((Encryption.NONE.value, here_and_now("desk.mailbox.way_none")))
        self.fields["encryption"].choices = ways  # type: ignore[attr-defined]

    def clean_server(self) -> str:
        """The name of a server."""
        given: str = self.cleaned_data["server"].strip()
        if not is_server(given):
            raise forms.ValidationError(here_and_now("mailbox.server", value=given))
        return given

    def clean_user(self) -> str:
        """A name that fits on a line of its own."""
        return _line(self.cleaned_data["user"])

    def clean_password(self) -> str:
        """The same of a password."""
        return _line(self.cleaned_data["password"])

    def clean_folder(self) -> str:
        """The folder, INBOX where none is named; never one of ours, into which messages are put aside."""
        given = _line(self.cleaned_data["folder"].strip()) or watched_mailbox.INBOX
        if given.casefold().endswith(tuple(f"{sign}{one}" for sign in "/." for one in ("done", "failed"))):
            raise forms.ValidationError(here_and_now("desk.inbox.wrong_folder"))
        return given

    def clean_senders(self) -> str:
        """A line for each address and domain."""
        known, wrong = listed(self.cleaned_data["senders"])
        if wrong:
            raise forms.ValidationError(here_and_now("desk.inbox.wrong_senders", value=wrong[0][:100]))
        return "\n".join(known)

    def clean(self) -> dict[str, Any]:
        """Without encryption only on this machine; the usual port where none is named."""
        given = super().clean() or {}
        way = given.get("encryption", "tls")
        if way == Encryption.NONE and given.get("server", "").strip("[]") not in HERE:
            self.add_error("encryption", here_and_now("desk.mailbox.none_elsewhere"))
        given["port"] = given.get("port") or _PORTS.get(way, 993)
        return given


def _line(text: str) -> str:
    if not text.isprintable():
        raise forms.ValidationError(here_and_now("desk.inbox.wrong_signs"))
    return text


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The mailbox as it is kept; what is filled in is tried, and kept when it lets us in."""
    inbox = Inbox.objects.filter(creditor=here.creditor).first()
    if request.method != "POST":
        shown = _facts(inbox) if inbox else {"encryption": "tls", "folder": watched_mailbox.INBOX}
        return _show(request, here, Form(initial=shown), inbox)
    form = Form(request.POST)
    if changed_since(request.POST.get("seen", ""), _facts(inbox)):
        return _show(request, here, form, inbox, 409, meanwhile=True)
    if not form.is_valid():
        return _show(request, here, form, inbox, 422)
    given = form.cleaned_data
    kept = _kept_password(inbox, given)
    if not kept:
        form.add_error("password", here_and_now("desk.mailbox.password_missing"))
        return _show(request, here, form, inbox, 422)
    facts = {name: given[name] for name in _FACTS if name != "password_from"} | {"password_from": kept}
    wanted = Inbox(creditor=here.creditor, since=inbox.since if inbox else here.today, **facts)
    try:
        watched_mailbox.opened(wanted).close()
    except FaultError as error:
        return _show(request, here, form, inbox, 422, failure=words_of(error.rule, error.params, here.language))
    with transaction.atomic():
        before = _facts(inbox)
        Inbox.objects.update_or_create(creditor=here.creditor, defaults={**facts, "since": wanted.since})
        _record(here, sorted(name for name in _FACTS if before.get(name) != facts[name]))
        watched_mailbox.look_anew(here.creditor)
        sources.look_soon(here.creditor, watched_mailbox.SOURCE, here.now)
    tell(request, here, "inbox.works")
    return back(request, here, "sources")


def end(request: HttpRequest, here: Here) -> HttpResponse:
    """Read the mailbox no more. What came stays as it is."""
    with transaction.atomic():
        count, _ = Inbox.objects.filter(creditor=here.creditor).delete()
        if count:
            _record(here, ["mailbox"])
            sources.let_be(here.creditor, watched_mailbox.SOURCE)
            watched_mailbox.closed(here.creditor, here.now)
    tell(request, here, "inbox.ended")
    return back(request, here, "sources")


def _record(here: Here, names: list[str]) -> None:
    fields = [f"inbox_{name}" for name in names]
    if fields:
        log.record(here.creditor, [Event("settings.changed", here.today, {"fields": fields}, {"by": here.by})])


def _facts(inbox: Inbox | None) -> dict[str, object]:
    return {name: getattr(inbox, name) for name in _FACTS} if inbox else dict.fromkeys(_FACTS, "")


def _kept_password(inbox: Inbox | None, given: dict[str, Any]) -> str:
    """Where the password is kept: typed now, or before for the same server and user; never shown to another."""
    if given["password"]:
        return f"sealed:{sealed.seal(given['password'])}"
    same = inbox is not None and (inbox.server, inbox.user) == (given["server"], given["user"])
    return inbox.password_from if inbox is not None and same else ""


def _show(
    request: HttpRequest, here: Here, form: Form, inbox: Inbox | None, status: int = 200, **more: object
) -> HttpResponse:
    return show(request, here, "inbox.html", status, form=form, inbox=inbox, seen=seen(_facts(inbox)), **more)

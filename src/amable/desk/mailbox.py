"""The mailbox messages leave through: chosen, tried at once with a mail to whoever tries, and kept when it works."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from amable.core import providers
from amable.core.checkup import Checked, Verdict
from amable.core.languages import say, sentences
from amable.core.mailbox import HERE, PORTS, is_server
from amable.core.seals import changed_since, seen
from amable.desk import steps
from amable.desk.door import Here, back, show, tell
from amable.desk.spoken import Spoken, here_and_now
from amable.dunning import setting_up
from amable.organisation import sealed
from amable.organisation.models import Sending
from amable.plugs.transport import Encryption, Login
from amable.work import examination, mailboxes, names, trying

_OWN: Final = "own"
_TYPED: Final = "mailbox_typed"  # a password typed for a try that failed, sealed, in the session of who typed it
_TYPED_FOR: Final = timedelta(minutes=10)


class Mailbox(Spoken, forms.Form):
    """Which mailbox, and how its server is reached; a common provider's server need not be known."""

    area: ClassVar[str] = "mailbox"

    provider = forms.ChoiceField(widget=forms.RadioSelect)
    user = forms.CharField(max_length=254, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    password = forms.CharField(
        max_length=500, required=False, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    server = forms.CharField(max_length=253, required=False)
    port = forms.IntegerField(min_value=1, max_value=65535, required=False)
    encryption = forms.ChoiceField(required=False)
    testing = forms.BooleanField(required=False)
    test_to = forms.EmailField(max_length=254, required=False)

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = providers.providers(country)
        listed = [(one.key, one.name) for one in self.known]
        own = (_OWN, here_and_now("desk.mailbox.own"))
        self.fields["provider"].choices = [*listed, own]  # type: ignore[attr-defined]
        ways = [(one.value, here_and_now(f"desk.mailbox.way_{one}")) for one in Encryption]
        self.fields["encryption"].choices = ways  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A provider's server stands for itself; of a server of one's own everything is checked that can be."""
        given = super().clean() or {}
        chosen = next((one for one in self.known if one.key == given.get("provider")), None)
        if chosen is not None:
            given |= {"server": chosen.server, "port": chosen.port, "encryption": chosen.encryption}
            for name in ("server", "port", "encryption"):
                self.errors.pop(name, None)
            if not given.get("user"):
                self.add_error("user", here_and_now("desk.mailbox.user_missing"))
        else:
            self._own_server(given)
        if given.get("testing") and not given.get("test_to") and "test_to" not in self.errors:
            self.add_error("test_to", here_and_now("desk.mailbox.test_to_missing"))
        return given

    def _own_server(self, given: dict[str, Any]) -> None:
        server = given.get("server", "").strip()
        encryption = given["encryption"] = given.get("encryption") or Encryption.STARTTLS.value
        if not server:
            self.add_error("server", here_and_now("desk.mailbox.server_missing"))
        elif not is_server(server):
            self.add_error("server", here_and_now("mailbox.server", value=server))
        elif encryption == Encryption.NONE and server.strip("[]") not in HERE:
            self.add_error("encryption", here_and_now("desk.mailbox.none_elsewhere"))
        given["server"] = server
        given["port"] = given.get("port") or PORTS[encryption]


def facts_of(sending: Sending) -> dict[str, object]:
    """What two people could change at the same time; the password counts, and is not shown."""
    names_of = ("server", "port", "encryption", "user", "password_from", "test_to")
    return {name: getattr(sending, name) for name in names_of}


def _initial(here: Here, sending: Sending) -> dict[str, object]:
    found: dict[str, object] = {
        "user": sending.user or here.creditor.sender_email,
        "testing": bool(sending.test_to),
        "test_to": sending.test_to or here.by,
        "encryption": sending.encryption,
    }
    if sending.server:
        known = providers.provider_of(sending.server, here.creditor.country) or _OWN
        found |= {"provider": known, "server": sending.server, "port": sending.port, "user": sending.user}
    return found


class Trial(NamedTuple):
    """A stage of a try, for the list: whether it went well, went wrong, or was not come to."""

    title: str
    verdict: str


def _trials(failure: trying.Failure | None, language: str) -> list[Trial]:
    stages = list(trying.Stage)
    ended = stages.index(failure.stage) if failure else len(stages)
    verdicts = [("ok" if place < ended else "bad" if place == ended else "open") for place in range(len(stages))]
    return [Trial(say(f"desk.mailbox.stage_{one}", language), how) for one, how in zip(stages, verdicts, strict=True)]


class Told(NamedTuple):
    """A finding of the examination in words."""

    verdict: Verdict
    sentence: str


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The mailbox, changed later."""
    return _edit(request, here, "settings_mailbox.html", then="settings-mailbox")


def step(request: HttpRequest, here: Here) -> HttpResponse:
    """The same within the guided start; it can be skipped."""
    if request.method == "POST" and "skip" in request.POST:
        steps.passed(here, "mailbox")
        return redirect(steps.next_address(here, "mailbox"))
    return _edit(request, here, "start_mailbox.html", then="")


def check(request: HttpRequest, here: Here) -> HttpResponse:
    """Examine the mailbox as it is kept, and what receivers find out about the sender's name."""
    sending = Sending.objects.select_related("creditor").get(creditor=here.creditor)
    form = Mailbox(initial=_initial(here, sending), country=here.creditor.country)
    selector = request.POST.get("selector", "").strip()[:63]
    domain = here.creditor.sender_email.rpartition("@")[2].lower()
    found = [
        examination.mailbox(sending, here.now),
        *examination.names(domain, names.texts, selector=selector),
    ]
    told = [Told(one.verdict, _in_words(one, here.language)) for one in found]
    return _show(request, here, "settings_mailbox.html", form, sending, checked=told, selector=selector)


def _in_words(checked: Checked, language: str) -> str:
    """The sentence of a finding; where the command line has another way out than the desk, that of the desk."""
    key = f"desk.mailbox.checked_{checked.check}_{checked.rule}"
    known = key if key in sentences(language) else f"doctor.{checked.check}.{checked.rule}"
    sentence = say(known, language, **checked.params)
    if checked.because is not None:
        because, places = checked.because
        sentence += " " + say(because, language, **places)
    return sentence


def _edit(request: HttpRequest, here: Here, template: str, *, then: str) -> HttpResponse:
    sending = Sending.objects.select_related("creditor").get(creditor=here.creditor)
    if request.method != "POST":
        form = Mailbox(initial=_initial(here, sending), country=here.creditor.country)
        return _show(request, here, template, form, sending)
    form = Mailbox(request.POST, country=here.creditor.country)
    was = request.POST.get("seen", "")
    if newer := changed_since(was, facts_of(sending)):
        return _show(request, here, template, form, sending, 409, newer=_newer(form, sending, newer))
    if not form.is_valid():
        return _show(request, here, template, form, sending, 422)
    given = form.cleaned_data
    kept = _kept_password(request, here.now, sending, given)
    if given["user"] and not kept:
        form.add_error("password", say("desk.mailbox.password_missing", here.language))
        return _show(request, here, template, form, sending, 422)
    login = _login(sending, given, kept)
    if isinstance(login, mailboxes.SecretError):
        form.add_error("password", say(f"mailbox.{login.rule}", here.language, **login.params))
        return _show(request, here, template, form, sending, 422)
    failure = trying.try_out(login, _greeting(here))
    if failure is not None:
        if given["password"]:
            request.session[_TYPED] = [kept, here.now.isoformat()]
        return _show(request, here, template, form, sending, 422, failure=_why(failure, here.language),
                     trials=_trials(failure, here.language))  # fmt: skip
    facts = {
        "server": given["server"], "port": given["port"], "encryption": given["encryption"], "user": given["user"],
        "password_from": kept if given["user"] else "", "test_to": given["test_to"] if given["testing"] else "",
    }  # fmt: skip
    with transaction.atomic():
        current = Sending.objects.select_related("creditor").select_for_update(of=("self",)).get(creditor=here.creditor)
        if newer := changed_since(was, facts_of(current)):
            return _show(request, here, template, form, current, 409, newer=_newer(form, current, newer))
        setting_up.use_mailbox(current, facts, today=here.today, by=here.by)
    request.session.pop(_TYPED, None)
    tell(request, here, "mailbox.works", address=here.by)
    return back(request, here, then) if then else redirect(steps.next_address(here, "mailbox"))


def _newer(form: Mailbox, sending: Sending, changed: list[str]) -> list[tuple[str, str]]:
    """What somebody else changed meanwhile, by its label; of a password only that it is another."""
    facts = facts_of(sending)
    shown: list[tuple[str, str]] = []
    for name in changed:
        label = str(form.fields["password" if name == "password_from" else name].label)
        value = here_and_now("desk.mailbox.password_another") if name == "password_from" else str(facts[name])
        shown.append((label, value or "–"))
    return shown


def _kept_password(request: HttpRequest, now: datetime, sending: Sending, given: dict[str, Any]) -> str:
    """Where the password is kept that is to be used: typed now, a moment ago, or before for the same mailbox.

    What is stored is never shown to another server or for another user than it was entered for.
    """
    if given["password"]:
        return f"sealed:{sealed.seal(given['password'])}"
    if typed := request.session.get(_TYPED):
        kept, at = typed
        if now - datetime.fromisoformat(at) < _TYPED_FOR:
            return str(kept)
    same = (sending.server, sending.user) == (given["server"], given["user"])
    return sending.password_from if same else ""


def _login(sending: Sending, given: dict[str, Any], kept: str) -> Login | mailboxes.SecretError:
    try:
        password = mailboxes.secret(kept) if given["user"] else ""
    except mailboxes.SecretError as error:
        return error
    way = Encryption(given["encryption"])
    return Login(given["server"], given["port"], way, given["user"], password, sending.authority)


def _greeting(here: Here) -> Any:
    creditor = here.creditor
    return trying.letter(
        sender=(creditor.sender_name, creditor.sender_email),
        to=here.by,
        subject=say("desk.mailbox.mail_subject", here.language, creditor=creditor.name),
        text=say("desk.mailbox.mail_text", here.language, creditor=creditor.name, address=creditor.sender_email),
        now=here.now,
    )


class Why(NamedTuple):
    """A failure in words: what it means with what to do, and what the server said."""

    sentence: str
    said: str


def _why(failure: trying.Failure, language: str) -> Why:
    key = f"transport.{failure.why}" if failure.why else "desk.mailbox.refused_mail"
    return Why(say(key, language), failure.said)


def _show(
    request: HttpRequest,
    here: Here,
    template: str,
    form: Mailbox,
    sending: Sending,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    listed = {"steps": steps.listed("mailbox", here)} if template.startswith("start") else {}
    known = [
        {"provider": one, "about": say(f"desk.provider.{one.key}", here.language)}
        for one in providers.providers(here.creditor.country)
    ]
    facts: dict[str, Any] = {
        "form": form,
        "sending": sending,
        "seen": seen(facts_of(sending)),
        "has_password": bool(sending.password_from),
        "providers": known,
        "domain": here.creditor.sender_email.rpartition("@")[2],
    }
    return show(request, here, template, status, **facts, **listed, **more)

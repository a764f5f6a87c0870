"""The company that is owed: who it is, how it is paid and who signs, at the start and whenever that changes."""

from __future__ import annotations

from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from typing import Any, ClassVar, Final, NamedTuple

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from amable.core import creditor as core
from amable.core import wording
from amable.core.finding import letters, words_of
from amable.core.languages import LANGUAGES
from amable.core.seals import changed_since, seen
from amable.core.tax_numbers import is_plausible
from amable.desk import steps
from amable.desk.door import Here, back, show, tell
from amable.desk.following import tell_saved
from amable.desk.refusals import not_allowed
from amable.desk.spoken import Spoken, here_and_now
from amable.dunning import setting_up, starters
from amable.organisation import actions
from amable.organisation.models import Creditor, Member, User
from amable.organisation.tenancy import acting_for
from amable.work.duties import today_of
from amable.work.house import HOUSE, House

_LONG: Final = 300
# Where the reading of the file has no field of its own for what is missing.
_MEANT: Final = {"timezone_missing": "timezone", "language_missing": "language", "country_missing": "country"}


def _text(length: int = _LONG, *, required: bool = False, **attributes: str) -> forms.CharField:
    return forms.CharField(max_length=length, required=required, widget=forms.TextInput(attrs=attributes))


class Company(Spoken, forms.Form):
    """What a creditor says of itself. What the form does not ask stays as it is."""

    area: ClassVar[str] = "company"

    name = _text(required=True, autocomplete="organization")
    legal_name = _text()
    country = forms.ChoiceField()
    region = _text(60, list="regions")
    address = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": "3"}))
    tax_id = _text(60)
    tax_id_kept = forms.BooleanField(required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(required=False)
    iban = _text(60, autocomplete="off", spellcheck="false")
    bic = _text(20, autocomplete="off", spellcheck="false")
    pay_link = _text(1000, inputmode="url")
    minimum = _text(12, inputmode="decimal")
    terms = _text(8, inputmode="numeric")
    sender_name = _text(required=True, autocomplete="name")
    sender_email = forms.EmailField(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    sender_phone = _text(60, autocomplete="tel")
    sender_signature = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": "2"}))
    email = forms.EmailField(max_length=254, required=False)
    phone = _text(60)

    def __init__(self, *args: Any, kept: Creditor | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.closed = list(kept.closed_days) if kept else []
        self.usual = kept.tax_id if kept else ""  # what was given before is not asked about again
        self.described: core.Creditor | None = None
        self.asks_about_tax_id = False
        choose = ("", here_and_now("desk.company.choose"))
        self.fields["country"].choices = [choose, *core.countries(get_language() or "en")]  # type: ignore[attr-defined]
        own = ("", here_and_now("desk.company.timezone_own"))
        self.fields["timezone"].choices = [own, *((zone, zone) for zone in core.zones())]  # type: ignore[attr-defined]

    def clean_region(self) -> str:
        """The code of a region given by its name; one whose holidays nobody knows is asked about, never passed over."""
        given: str = self.cleaned_data["region"]
        country = self.cleaned_data.get("country", "")
        if not given or not country:
            return given
        known = regions(country)
        code = given.upper().removeprefix(f"{country}-")
        if code in known.values():
            return code
        typed = _words(given)
        named = {known[name] for name in known if _words(name) <= typed}  # Comunidad de Madrid is Madrid
        if len(named) == 1:
            return named.pop()
        if not known:
            return code  # it is only for the time zone there
        names = {" ".join(sorted(_words(name))): name for name in known}
        near = get_close_matches(" ".join(sorted(typed)), names, 1, 0.6)
        key = "desk.company.region_near" if near else "desk.company.region_unknown"
        raise forms.ValidationError(here_and_now(key, value=given, near=names[near[0]] if near else ""))

    def clean(self) -> dict[str, Any]:
        """Read as the creditor file is, so that both know the same rules; each problem stands at its field."""
        given = super().clean() or {}
        self._read(given)
        number, country = given.get("tax_id", ""), given.get("country", "")
        if number != self.usual and not is_plausible(number, country):
            self.asks_about_tax_id = True
            if not given.get("tax_id_kept"):
                self.add_error("tax_id", here_and_now("desk.company.tax_id_wrong", value=number))
        return given

    def _read(self, given: dict[str, Any]) -> None:
        fields = {name: given.get(name, "") for name in FIELDS} | {"closed_days": self.closed}
        try:
            self.described = core.of_fields(fields)
        except core.CreditorError as error:
            names = list(fields)
            for problem in error.problems:
                name = _MEANT.get(problem.rule) or names[problem.line - 1]
                key = f"desk.company.{problem.rule}" if problem.rule in _MEANT else f"creditor.{problem.rule}"
                if name not in self.errors:
                    self.add_error(name if name in self.fields else None, here_and_now(key, **problem.params))


FIELDS: Final = tuple(name for name in Company.base_fields if name != "tax_id_kept")


@lru_cache(maxsize=64)
def regions(country: str) -> dict[str, str]:
    """The regions of a country that have public holidays of their own: code by each of their names."""
    found = getattr(import_module("holidays"), country, None)
    codes = {code for code in getattr(found, "subdivisions", ()) if code.isupper() or code.isdigit()}
    aliases = getattr(found, "subdivisions_aliases", {})
    names = {name: code for name, code in aliases.items() if code in codes and len(name) > 3}
    return names | {code: code for code in codes - set(names.values())}


def _words(name: str) -> frozenset[str]:
    """What a region is called by, without its accents and the words that any may have."""
    return frozenset(words_of(letters(name))) - _OF_ANY


_OF_ANY: Final = frozenset(("de", "del", "la", "el", "y", "and", "the", "of"))


def facts_of(creditor: Creditor) -> dict[str, str]:
    """What the form shows of a creditor."""
    found = {name: str(getattr(creditor, name)) for name in FIELDS}
    minimum = Decimal(creditor.minimum)
    terms = "" if creditor.terms is None else str(creditor.terms)
    return found | {"minimum": f"{minimum.normalize():f}", "terms": terms}


class Newer(NamedTuple):
    """What somebody else wrote meanwhile."""

    label: str
    value: str


def _newer(form: Company, kept: dict[str, str], was: str) -> list[Newer]:
    changed = changed_since(was, kept)
    return [Newer(str(form.fields[name].label), kept[name] or "–") for name in changed]


class Signature(NamedTuple):
    """How a mail ends, as the built-in wordings end it, in each language."""

    signoffs: dict[str, str]
    signoff: str


def signature(language: str) -> Signature:
    """The end of a mail in the language of the company."""
    signoffs = {one: wording.library()["early_late", one][0].signoff for one in LANGUAGES}
    return Signature(signoffs, signoffs[language if language in signoffs else "en"])


def _drawn(form: Company, newer: list[Newer], was: str) -> dict[str, Any]:
    country = form["country"].value() or ""
    return {
        "form": form,
        "newer": newer,
        "seen": was,
        "signature": signature(form["language"].value() or "en"),
        "regions": sorted(regions(country)) if country else [],
    }


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The company, changed later."""
    return _edit(request, here, "settings_company.html", then="settings-company")


def step(request: HttpRequest, here: Here) -> HttpResponse:
    """The same within the guided start."""
    return _edit(request, here, "start_company.html", then="")


def _edit(request: HttpRequest, here: Here, template: str, *, then: str) -> HttpResponse:
    listed = {} if then else {"steps": steps.listed("company", here)}
    kept = facts_of(here.creditor)
    if request.method != "POST":
        form = Company(initial=kept, kept=here.creditor)
        return show(request, here, template, **_drawn(form, [], seen(kept)), **listed)
    form = Company(request.POST, kept=here.creditor)
    changed: list[str] | None = None
    with transaction.atomic():
        creditor = Creditor.objects.select_for_update().get(pk=here.creditor.pk)
        kept = facts_of(creditor)
        newer = _newer(form, kept, request.POST.get("seen", ""))
        if form.is_valid() and not newer and form.described is not None:
            changed = setting_up.describe(creditor, form.described, today=here.today, by=here.by)
    if changed is not None:
        if changed:
            tell_saved(request, here)
        elif then:
            tell(request, here, "settings.unchanged")
        return back(request, here, then) if then else redirect(steps.next_address(here, "company"))
    status = 409 if newer else 422
    return show(request, here, template, status, **_drawn(form, newer, seen(kept)), **listed)


def another(request: HttpRequest) -> HttpResponse:
    """A new creditor, for whoever owns the installation; the first one is made here too."""
    user = User.objects.filter(pk=request.user.pk or 0, is_superuser=True).first()
    if not request.user.is_authenticated:
        return redirect("account_login")
    if user is None:
        return not_allowed(request)
    first = not Member.objects.filter(user=user).exists()
    facts: dict[str, Any] = {"steps": steps.listed("company", None), "first": first}
    if request.method != "POST":
        country = {"es": "ES", "fr": "FR", "ro": "RO"}.get(user.language, "")
        initial = {
            "sender_name": user.name, "sender_email": user.email, "language": user.language, "country": country,
            "minimum": str(core.DEFAULT_MINIMUM),
        }  # fmt: skip
        form = Company(initial=initial, kept=None)
        return render(request, "desk/start_company.html", facts | _drawn(form, [], ""))
    form = Company(request.POST, kept=None)
    if not form.is_valid() or form.described is None:
        return render(request, "desk/start_company.html", facts | _drawn(form, [], ""), status=422)
    house: House = request.META[HOUSE]
    now = house.clock()
    with transaction.atomic():
        creditor = actions.add(form.described, owner=user)
        with acting_for(creditor):
            today = today_of(creditor, now)
            setting_up.begin(creditor, starters.shipped(), today, now, instance=house.instance, by=user.email)
    return redirect(steps.begins(creditor))

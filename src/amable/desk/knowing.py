"""What people know of a customer: contacts, channels and language beside the ledger's word, and notes."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from django import forms
from django.contrib.messages import INFO, WARNING
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse

from amable.core.languages import LANGUAGES, say
from amable.desk.customer import found
from amable.desk.door import Here, back, show, tell
from amable.desk.fields import line, text
from amable.ledger import notes
from amable.ledger.corrections import BILLING, ROLES, correct, name_contact, take_ledgers_word
from amable.ledger.models import Contact, Correction, Customer, Note
from amable.ledger.records import addresses

CHANNELS: Final = ("email", "sms", "letter", "call")
_OTHERS: Final = tuple(role for role in ROLES if role != BILLING)
_PERSON: Final = ("name", "email", "phone")


class ContactsForm(forms.Form):
    """Who is written to, how, in which language; and who else there is."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, here: Here, *given: Any, **facts: Any) -> None:
        super().__init__(*given, **facts)
        self.here = here
        words = here.language
        for role in ROLES:
            for name in _PERSON:
                hint = say("desk.contacts.emails_hint", words) if (role, name) == (BILLING, "email") else ""
                self.fields[f"{role}_{name}"] = line(say(f"desk.contacts.{name}", words), hint, required=False)
        self.fields["language"] = forms.ChoiceField(
            label=say("desk.contacts.language", words),
            choices=[(one, say(f"desk.contacts.in.{one}", words)) for one in LANGUAGES],
        )  # fmt: skip
        self.fields["refused"] = forms.MultipleChoiceField(
            label=say("desk.contacts.refused", words), help_text=say("desk.contacts.refused_hint", words),
            required=False, choices=[(one, say(f"desk.contacts.by.{one}", words)) for one in CHANNELS],
            widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Addresses that can be written to."""
        given: dict[str, Any] = self.cleaned_data
        for role in ROLES:
            for address in addresses(given.get(f"{role}_email", "")):
                try:
                    validate_email(address)
                except forms.ValidationError:
                    wrong = say("desk.contacts.no_address", self.here.language, value=address[:80])
                    self.add_error(f"{role}_email", wrong)
        return given

    def people(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of each role."""
        return [(role, [self[f"{role}_{name}"] for name in _PERSON]) for role in ROLES]


def contacts(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """Show and correct them."""
    it = found(here, customer)
    stands = _standing(it)
    seen = _digest(stands)
    form = ContactsForm(here, request.POST or None, initial=stands | {"seen": seen})
    newer = False
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        newer = given["seen"] != seen
        if not newer:
            _save(here, it, given, stands)
            tell(request, here, "contacts.done")
            return back(request, here, "customer", customer=it.pk)
        form.data = again = request.POST.copy()
        again["seen"] = seen  # sent again, it is meant with the newer state in sight
    corrected = Correction.objects.filter(creditor=here.creditor, customer=it).order_by("field")
    facts = {"customer": it, "form": form, "newer": newer, "stands": stands, "corrections": list(corrected)}
    return show(request, here, "contacts.html", 409 if newer else 422 if form.is_bound else 200, **facts)


def _standing(customer: Customer) -> dict[str, Any]:
    known = {one.role: one for one in Contact.objects.filter(creditor=customer.creditor_id, customer=customer)}
    stands: dict[str, Any] = {
        f"{role}_{name}": getattr(known[role], name) if role in known else "" for role in ROLES for name in _PERSON
    }
    refused = [one for one in customer.opt_out.split(",") if one]
    refused = list(CHANNELS) if "all" in refused else refused
    return stands | {"language": customer.language, "refused": refused}


def _digest(stands: dict[str, Any]) -> str:
    return sha256(repr(sorted(stands.items())).encode()).hexdigest()[:16]


def _save(here: Here, customer: Customer, given: dict[str, Any], stands: dict[str, Any]) -> None:
    facts = {"language": given["language"]}
    if sorted(given["refused"]) != sorted(stands["refused"]):
        kept = [one for one in customer.opt_out.split(",") if one and one not in (*CHANNELS, "all")]
        facts["opt_out"] = ",".join((*kept, *given["refused"]))
    billing = {name: given[f"{BILLING}_{name}"].strip() for name in _PERSON}
    correct(customer, facts=facts, contact=billing, today=here.today, now=here.now, by=here.by)
    for role in _OTHERS:
        person = {name: given[f"{role}_{name}"].strip() for name in _PERSON}
        if any(person[name] != stands[f"{role}_{name}"] for name in _PERSON):
            name_contact(customer, role, **person, today=here.today, by=here.by)


def ledgers_word(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """Let the ledger say one field again."""
    it = found(here, customer)
    taken = take_ledgers_word(it, request.POST.get("field", "")[:20], today=here.today, by=here.by)
    tell(request, here, "contacts.ledger" if taken else "agree.ended_before", level=INFO)
    return back(request, here, "customer_contacts", customer=it.pk)


# --- notes -----------------------------------------------------------------------------------------------------------


class NoteForm(forms.Form):
    """A note; `before` is what it said when its writer began to change it."""

    before = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def __init__(self, here: Here, *given: Any, **facts: Any) -> None:
        super().__init__(*given, **facts)
        self.fields["text"] = text(say("desk.notes.text", here.language))


def note(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """Write a note."""
    it = found(here, customer)
    form = NoteForm(here, request.POST)
    if form.is_valid():
        notes.write(it, form.cleaned_data["text"], today=here.today, now=here.now, by=here.by)
        tell(request, here, "notes.done")
        return back(request, here, "customer", customer=it.pk)
    return show(request, here, "note.html", 422, customer=it, form=form, note=None)


def change_note(request: HttpRequest, here: Here, note: int) -> HttpResponse:
    """Write one's own note differently; others' are theirs."""
    mine = Note.objects.filter(creditor=here.creditor, pk=note, customer__in=here.customers.values("pk"))
    it = mine.select_related("customer__creditor").first()
    if it is None:
        raise Http404
    if it.written_by != here.by:
        if request.method == "POST":
            tell(request, here, "notes.of_others", level=WARNING)
            return back(request, here, "customer", customer=it.customer_id)
        return show(request, here, "note.html", customer=it.customer, note=it, form=None)
    form = NoteForm(here, request.POST or None, initial={"text": it.text, "before": it.text})
    newer = ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        before = given["before"].replace("\r\n", "\n")
        if notes.change(it, given["text"].replace("\r\n", "\n"), before, today=here.today, now=here.now, by=here.by):
            tell(request, here, "notes.done")
            return back(request, here, "customer", customer=it.customer_id)
        newer = it.text
        form.data = again = request.POST.copy()
        again["before"] = it.text
    status = 409 if newer else 422 if form.is_bound else 200
    return show(request, here, "note.html", status, customer=it.customer, form=form, note=it, newer=newer)

"""What a creditor says of itself: held to the rules of the creditor file, on the record, never overwritten unseen."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from amable.evidence.models import Entry, Personal
from amable.organisation.models import Creditor
from amable.organisation.tenancy import acting_for
from tests.desk.desks import Desk


class Fields(HTMLParser):
    """The fields of a page as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.within = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and name and given.get("type") != "checkbox":
            self.found[name] = given.get("value") or ""
        elif tag in ("select", "textarea"):
            self.within = name
            self.found[name] = ""
        elif tag == "option" and "selected" in given:
            self.found[self.within] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.within and self.lasttag == "textarea":
            self.found[self.within] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self.within = ""


def form(desk: Desk) -> dict[str, str]:
    answer = desk.get("settings-company", "owner")
    assert answer.status_code == 200
    found = Fields(answer.content.decode()).found
    found["address"] = found["address"].strip("\r\n")
    found["sender_signature"] = found["sender_signature"].strip("\r\n")
    return found


def save(desk: Desk, **changes: str) -> Any:
    return desk.post("settings-company", form(desk) | changes, "owner")


def kept(desk: Desk) -> Creditor:
    return Creditor.objects.get(pk=desk.creditor.pk)


def test_saving_what_is_there_changes_nothing(desk: Desk) -> None:
    before = Creditor.objects.filter(pk=desk.creditor.pk).values().get()
    assert save(desk).status_code == 303
    assert Creditor.objects.filter(pk=desk.creditor.pk).values().get() == before
    with acting_for(desk.creditor):
        assert not Entry.objects.filter(kind="settings.changed").exists()


def test_what_changed_is_on_the_record_by_name_with_who_changed_it(desk: Desk) -> None:
    assert save(desk, sender_name="Eva Soler", iban="ES79 2100 0813 6101 2345 6789").status_code == 303
    assert (kept(desk).sender_name, kept(desk).iban) == ("Eva Soler", "ES7921000813610123456789")
    with acting_for(desk.creditor):
        entry = Entry.objects.get(kind="settings.changed")
        assert json.loads(entry.body)["fields"] == ["iban", "sender_name"]
        assert Personal.objects.get(entry=entry).value == desk.member("owner").user.email
        assert "Eva" not in entry.body


def test_closed_days_are_left_as_they_were(desk: Desk) -> None:
    Creditor.objects.filter(pk=desk.creditor.pk).update(closed_days=["2026-08-03", "12-24"])
    assert save(desk, phone="+34 960 000 009").status_code == 303
    assert kept(desk).closed_days == ["2026-08-03", "12-24"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("iban", "ES91 2100 0418 4502 0005 1333", "check digits"),
        ("bic", "NOPE", "not a BIC"),
        ("tax_id", "B12345678", "does not look like a tax number"),
        ("region", "Valencia", "Do you mean Valenciana?"),
        ("region", "Atlantis", "with holidays of its own"),
        ("pay_link", "http://pay.example/x", "not a secure payment address"),
        ("minimum", "a lot", "not an amount"),
        ("sender_email", "nobody", "address that mail can go to"),
        ("name", "", "required"),
        ("country", "US", "several time zones"),
    ],
)
def test_a_slip_is_said_at_its_field_and_nothing_is_saved(desk: Desk, field: str, value: str, said: str) -> None:
    before = Creditor.objects.filter(pk=desk.creditor.pk).values().get()
    given = {field: value, "timezone": "", "phone": "+34 960 999 999"}
    if field == "country":
        given |= {"region": "", "tax_id": ""}
    answer = save(desk, **given)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert "+34 960 999 999" in page  # what else was typed is still there
    assert Creditor.objects.filter(pk=desk.creditor.pk).values().get() == before


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Comunitat Valenciana", "VC"), ("comunidad valenciana", "VC"), ("es-vc", "VC"), ("Región de Murcia", "MC"),
     ("Comunidad Foral de Navarra", "NC"), ("Cataluna", "CT"), ("Catalunya", "CT"), ("Castilla-La Mancha", "CM"),
     ("Castilla y Leon", "CL"), ("La Rioja", "RI"), ("Principado de Asturias", "AS")],
)  # fmt: skip
def test_a_region_is_known_by_whatever_people_call_it(desk: Desk, typed: str, code: str) -> None:
    assert save(desk, region=typed).status_code == 303
    assert kept(desk).region == code


def test_an_unusual_tax_number_is_kept_when_somebody_says_that_it_is_right(desk: Desk) -> None:
    assert save(desk, tax_id="B12345678").status_code == 422
    assert save(desk, tax_id="B12345678", tax_id_kept="on").status_code == 303
    assert kept(desk).tax_id == "B12345678"


def test_a_tax_number_of_the_union_or_of_an_unknown_country_is_no_slip(desk: Desk) -> None:
    assert save(desk, tax_id="FR40303265045").status_code == 303
    assert save(desk, country="TV", region="", timezone="", tax_id="whatever 7").status_code == 303


def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(desk: Desk) -> None:
    typed = form(desk) | {"sender_name": "Eva Soler"}
    assert save(desk, phone="+34 960 111 111").status_code == 303
    answer = desk.post("settings-company", typed, "owner")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "+34 960 111 111" in page
    assert 'value="Eva Soler"' in page
    assert kept(desk).phone == "+34 960 111 111"
    again = Fields(page).found | {"phone": "+34 960 111 111", "address": typed["address"]}
    again["sender_signature"] = typed["sender_signature"]
    assert desk.post("settings-company", again, "owner").status_code == 303  # seen, and meant
    assert (kept(desk).sender_name, kept(desk).phone) == ("Eva Soler", "+34 960 111 111")

"""Likely duplicates at the desk: a pair is shown, merged, undone, or said to be two, by those who may."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from amable.core.languages import LANGUAGES, say
from amable.correspondence.models import Message
from amable.ledger.models import Apart, Customer, Merged
from amable.organisation.models import User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.plugs.invoices import ItemRecord
from tests.conftest import Home
from tests.contexts.books import row
from tests.desk.desks import LATE, Desk, opened


def twin() -> ItemRecord:
    """The workshop again, under another number and without a tax id."""
    return row(
        "F-9001", "310.50", customer_id="C-9", customer_name="TALLERES MIRO SL", tax_id="", due_date=LATE,
        email="taller@miro.example", contact_name="Pere Miró",
    )  # fmt: skip


@pytest.fixture
def desk(database: Home, turia: object) -> Desk:
    return opened(database.folder, turia, twin())  # type: ignore[arg-type]


def numbers(desk: Desk) -> tuple[int, int]:
    with acting_for(desk.creditor):
        found = dict(Customer.objects.filter(key__in=("C-1", "C-9")).values_list("key", "pk"))
    return found["C-1"], found.get("C-9", 0)


def text(client: Client, address: str) -> str:
    return client.get(address, follow=True).content.decode()


def merge(desk: Desk, client: Client) -> None:
    one, other = numbers(desk)
    answer = client.post(desk.address("duplicates_merge"), {"stays": one, "goes": other})
    assert (answer.status_code, answer.headers["Location"]) == (303, desk.address("duplicates"))


def proposed(desk: Desk) -> list[str]:
    with acting_for(desk.creditor):
        found = Message.objects.filter(act="email", state="proposed").select_related("customer").order_by("pk")
        return [one.customer.key for one in found if one.customer]


@pytest.mark.parametrize("role", [Role.OWNER, Role.CONTROLLER])
def test_a_pair_is_merged_and_undone(desk: Desk, role: Role) -> None:
    client = desk.client(role)
    shown = text(client, desk.address("duplicates"))
    for word in ("TALLERES MIRO SL", "taller@miro.example", "€310.50", "same name"):
        assert word in shown, word
    assert proposed(desk) == ["C-1", "C-9"]
    merge(desk, client)
    assert proposed(desk) == ["C-1"]
    shown = text(client, desk.address("duplicates"))
    assert "TALLERES MIRO SL is now a part of Talleres Miró, S.L." in shown
    assert "No customer looks like another" in shown
    with acting_for(desk.creditor):
        merged = Merged.objects.get()
    assert f'action="{desk.address("duplicates_undo", merged=merged.pk)}"' in shown
    stays = desk.address("customer", customer=numbers(desk)[0])
    assert client.get(desk.address("customer", customer=merged.was)).headers["Location"] == stays
    assert "Also known as" in text(client, stays)
    assert stays in text(client, f"{desk.address('search')}?q=C-9")
    if role is Role.OWNER:
        assert "Merged another customer into this one" in text(client, desk.address("audit"))
    client.post(desk.address("duplicates_undo", merged=merged.pk))
    assert "are two customers again" in text(client, desk.address("duplicates"))
    assert proposed(desk) == ["C-1", "C-9"]


def test_two_customers_are_not_asked_about_again(desk: Desk) -> None:
    client = desk.client()
    one, other = numbers(desk)
    client.post(desk.address("duplicates_two"), {"one": other, "other": one})
    shown = text(client, desk.address("duplicates"))
    assert "Same customer" not in shown
    assert "Said to be two" in shown
    with acting_for(desk.creditor):
        apart = Apart.objects.get()
        assert apart.said_by == f"controller@{desk.creditor.ref}.example"
    client.post(desk.address("duplicates_again", apart=apart.pk))
    assert "Same customer" in text(client, desk.address("duplicates"))


def test_what_stands_in_the_way_is_said(desk: Desk) -> None:
    client = desk.client()
    with acting_for(desk.creditor):
        Customer.objects.filter(key="C-9").update(tax_id="B46000009")
    merge(desk, client)
    shown = text(client, desk.address("duplicates"))
    assert "Their tax ids differ (B46999996 and B46000009)" in shown
    with acting_for(desk.creditor):
        assert Merged.objects.count() == 0
        Customer.objects.filter(key="C-9").update(tax_id="")
    merge(desk, client)
    with acting_for(desk.creditor):
        merged = Merged.objects.get()
        Customer.objects.create(creditor=desk.creditor, key="C-9", keyed_by="id", name="Horno Ana", language="es")
    client.post(desk.address("duplicates_undo", merged=merged.pk))
    assert "The number C-9 is now that of Horno Ana" in text(client, desk.address("duplicates"))


@pytest.mark.parametrize(
    "given", [{}, {"stays": "x", "goes": "1"}, {"stays": "9" * 30, "goes": "²"}, {"stays": "99999"}]
)
def test_a_form_that_names_nobody_finds_nothing(desk: Desk, given: dict[str, str]) -> None:
    client = desk.client()
    assert client.post(desk.address("duplicates_merge"), given).status_code == 404
    assert client.post(desk.address("duplicates_two"), given).status_code == 404


def test_nobody_else_may(desk: Desk) -> None:
    one, other = numbers(desk)
    for role in (Role.MANAGER, Role.VIEWER):
        client = desk.client(role)
        assert client.get(desk.address("duplicates")).status_code == 403
        assert client.post(desk.address("duplicates_merge"), {"stays": one, "goes": other}).status_code == 403
        assert desk.address("duplicates") not in text(client, desk.address("customers"))
    assert desk.address("duplicates") in text(desk.client(), desk.address("customers"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_readers_language(desk: Desk, language: str) -> None:
    client = desk.client()
    User.objects.filter(email__startswith="controller@").update(language=language)
    shown = text(client, desk.address("duplicates"))
    assert say("desk.duplicates.merge", language) in shown
    assert not re.search(r"desk\.duplicates\.", shown)

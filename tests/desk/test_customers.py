"""Customers, items and the search as people use them at the desk."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amable.agreements.models import Dispute, Plan, Promise
from amable.dunning import book
from amable.dunning.models import Hold
from amable.ledger.models import Contact, Customer, Item, Note
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from tests.contexts.books import row, take
from tests.desk.desks import LATE, Desk, known, managed

NASTY = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk where people stated something about the first customer."""
    with acting_for(desk.creditor):
        managed(desk.creditor)
        known(desk.creditor)
    return desk


def number(desk: Desk, key: str = "C-1") -> int:
    with acting_for(desk.creditor):
        return Customer.objects.get(key=key).pk


def text(desk: Desk, name: str, query: str = "", role: str = Role.CONTROLLER, **places: Any) -> str:
    answer = desk.client(role).get(desk.address(name, **places) + query)
    assert answer.status_code == 200
    return answer.content.decode("utf-8-sig")


def post(desk: Desk, name: str, data: dict[str, Any], role: str = Role.CONTROLLER, **places: Any) -> str:
    """Send a form and follow it; what the page says."""
    client = desk.client(role)
    answer = client.post(desk.address(name, **places), data)
    if answer.status_code == 303:
        answer = client.get(answer.headers["Location"])
    return answer.content.decode()


def items_of(desk: Desk, key: str = "C-1") -> list[int]:
    with acting_for(desk.creditor):
        return list(Customer.objects.get(key=key).item_set.values_list("pk", flat=True))


# --- what is in sight ------------------------------------------------------------------------------------------------


def test_an_account_manager_sees_only_their_own_customers_anywhere(desk: Desk) -> None:
    for name, query in (("customers", ""), ("items", ""), ("items_export", "?as=csv"), ("search", "?q=F-1002")):
        assert "Forn Sant Pau" in text(desk, name, query)
        assert "Forn Sant Pau" not in text(desk, name, query, Role.MANAGER)
    for name in ("customer", "customer_contacts", "customer_promise"):
        assert desk.get(name, Role.MANAGER, customer=number(desk, "C-2")).status_code == 404


def test_the_list_adds_up_what_is_owed_and_what_is_late(desk: Desk) -> None:
    shown = text(desk, "customers")
    foot = shown[shown.index("<tfoot>") :]
    assert "620.00" in foot  # 500 late and 120 to come
    assert "500.00" in foot


def test_each_item_of_a_customer_is_added_up_once(desk: Desk) -> None:
    with acting_for(desk.creditor):
        take(desk.creditor, row("F-1009", "30.00"), row("F-1010", "4.00"), today=desk.now.date(), whole=False)
    for query in ("", "?sort=name", "?sort=next", "?currency=EUR", "?overdue=1", "?everybody=1", "?text=miro"):
        shown = text(desk, "customers", query)
        line = shown[shown.index("Talleres Miró") :]
        assert "534.00" in line[: line.index("</tr>")], query


def test_every_customer_stands_on_one_page_of_the_list_whatever_it_is_sorted_by(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some owe in two currencies, one nothing; pages hold two."""
    with acting_for(desk.creditor):
        take(desk.creditor, row("F-1009", "30.00"), row("F-1010", "4.00", currency="RON"), today=desk.now.date(),
             whole=False)  # fmt: skip
        Customer.objects.create(creditor=desk.creditor, key="C-77", name="Nobody Yet", folded=" nobody yet")
        names = set(Customer.objects.values_list("name", flat=True))
        owing = set(Item.objects.exclude(open=0).values_list("customer__name", "currency"))
    monkeypatch.setattr(book, "PAGE", 2)
    for everybody in (False, True):
        for sort in book.CUSTOMER_SORTS:
            for falling in (False, True):
                seen: list[tuple[str, str]] = []
                page = 1
                while True:
                    want = book.CustomersWanted(everybody=everybody, sort=sort, falling=falling, page=page)
                    with acting_for(desk.creditor):
                        found = book.customers(desk.creditor, None, want, desk.now.date())
                    seen += [(line.customer.name, line.balance.currency) for line in found.lines]
                    if (page - 1) * 2 + found.shown >= found.count:
                        break
                    page += 1
                wanted = owing | {(name, "") for name in names - {name for name, _ in owing} if everybody}
                assert sorted(seen) == sorted(wanted), (everybody, sort, falling)


@pytest.mark.parametrize(
    ("query", "found"),
    [("?text=miro", True), ("?text=MIRÓ+talleres", True), ("?text=c-1", True), ("?text=forn", False),
     ("?overdue=1", True), ("?held=1", False), ("?currency=EUR", True), ("?currency=RON", False)],
)  # fmt: skip
def test_the_list_is_filtered(desk: Desk, query: str, found: bool) -> None:
    assert ("Talleres Miró" in text(desk, "customers", query)) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [("?text=f1001", True), ("?text=F+1001", True), ("?text=miro", True), ("?status=settled", False),
     ("?bucket=d30", True), ("?bucket=d60", False), ("?least=400&most=600", True), ("?least=500,01", False),
     ("?to=2026-03-09", False), ("?from=2026-03-10&to=2026-03-10", True), ("?status=overdue", True)],
)  # fmt: skip
def test_items_are_filtered(desk: Desk, query: str, found: bool) -> None:
    assert ("F-1001" in text(desk, "items", query)) is found


@pytest.mark.parametrize("typed", ["miro", "Talleres Miró, S.L.", "C-1", "B46999996", "f1001", "F/1001", "500,00",
                                   "500.00", "ana@miro.example", "telephone"])  # fmt: skip
def test_the_one_search_finds(desk: Desk, typed: str) -> None:
    found = desk.client().get(desk.address("search"), {"q": typed}).content.decode()
    assert f"/customers/{number(desk)}" in found


# --- files for spreadsheets ------------------------------------------------------------------------------------------


def test_a_file_holds_no_formula_and_numbers_stay_numbers(desk: Desk) -> None:
    with acting_for(desk.creditor):
        Customer.objects.filter(key="C-1").update(name=NASTY)
    (line,) = [line for line in text(desk, "items_export", "?as=csv").splitlines() if "F-1001" in line]
    assert f"""C-1,"'{NASTY.replace('"', '""')}",F-1001""" in line
    assert ",500.00,500.00," in line
    data = desk.client().get(desk.address("items_export") + "?as=xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    (cells,) = [cells for cells in sheet.iter_rows(min_row=2) if cells[2].value == "F-1001"]
    assert (cells[1].value, cells[1].data_type) == (NASTY, "s")
    assert (cells[9].value, cells[9].data_type) == (500, "n")


def test_a_file_has_what_is_filtered(desk: Desk) -> None:
    assert "F-1002" not in text(desk, "items_export", "?as=csv&status=overdue")


# --- what a person states --------------------------------------------------------------------------------------------


def test_a_promise_is_recorded_as_written(desk: Desk) -> None:
    given = {"amount": "1.234,50", "on": "2026-03-20", "said_by": "Ana", "items": items_of(desk)}
    assert "more than that" in post(desk, "customer_promise", given, customer=number(desk))
    post(desk, "customer_promise", given | {"amount": "300,50"}, customer=number(desk))
    with acting_for(desk.creditor):
        (made,) = Promise.objects.filter(ended_at=None)
    assert (made.amount, made.on, made.said_by) == (30_050, date(2026, 3, 20), "Ana")


def test_a_dispute_and_a_plan_are_recorded(desk: Desk) -> None:
    key, items = number(desk), items_of(desk)
    post(desk, "customer_dispute", {"items": items, "part": "100", "ground": "price", "note": "x"}, customer=key)
    plan = {"items": items, "number": 3, "first": "2026-03-31", "every": "30", "other": "", "note": ""}
    post(desk, "customer_plan", plan, customer=key)
    with acting_for(desk.creditor):
        assert Dispute.objects.filter(outcome="").count() == 1
        parts = Plan.objects.get(ended_at=None).planinstalment_set.order_by("due_on")
        assert [(part.due_on.isoformat(), part.amount) for part in parts] == [
            ("2026-03-31", 16_667), ("2026-04-30", 16_667), ("2026-05-31", 16_666),
        ]  # fmt: skip


def test_instalments_of_their_own_are_read_line_by_line(desk: Desk) -> None:
    plan = {"items": items_of(desk), "number": 3, "first": "2026-03-31", "every": "30", "note": ""}
    said = post(desk, "customer_plan", plan | {"other": "2026-03-31 200\nsoon 300"}, customer=number(desk))
    assert "soon 300" in said
    post(desk, "customer_plan", plan | {"other": "2026-03-31 200\n2026-04-15 300,00"}, customer=number(desk))
    with acting_for(desk.creditor):
        assert Plan.objects.get(ended_at=None).planinstalment_set.count() == 2


def test_a_pause_ends_when_somebody_ends_it(desk: Desk) -> None:
    post(desk, "customer_pause", {"until": "2026-03-25", "because": "On holiday"}, customer=number(desk))
    assert "On holiday" in text(desk, "customer", customer=number(desk))
    with acting_for(desk.creditor):
        (hold,) = Hold.objects.filter(ended_at=None)
    post(desk, "hold_end", {}, hold=hold.pk)
    assert "already" in post(desk, "hold_end", {}, hold=hold.pk)


def test_another_customers_item_is_not_promised(desk: Desk) -> None:
    given = {"amount": "10", "on": "2026-03-20", "said_by": "Ana", "items": items_of(desk, "C-2")}
    desk.client().post(desk.address("customer_promise", customer=number(desk)), given)
    with acting_for(desk.creditor):
        assert not Promise.objects.filter(ended_at=None).exists()


# --- two people at once ----------------------------------------------------------------------------------------------


def contacts(desk: Desk, **changes: str) -> dict[str, str]:
    """The form as somebody opened it, with what they changed."""
    page = text(desk, "customer_contacts", customer=number(desk))
    fields = re.findall(
        r'<input type="(?:text|hidden)" name="((?:billing|approver|escalation|copy)_\w+|seen)"([^>]*)', page
    )
    given = {
        name: unescape(found[1]) if (found := re.search(r'value="([^"]*)"', rest)) else "" for name, rest in fields
    }
    return given | {"language": "es"} | changes


def test_contacts_that_changed_meanwhile_are_shown_and_nothing_is_lost(desk: Desk) -> None:
    one, other = contacts(desk, billing_phone="+34 600 000 001"), contacts(desk, billing_name="Eva")
    key = number(desk)
    assert desk.post("customer_contacts", one, customer=key).status_code == 303
    answer = desk.post("customer_contacts", other, customer=key)
    assert answer.status_code == 409
    assert "Eva" in answer.content.decode()
    assert "+34 600 000 001" in answer.content.decode()
    with acting_for(desk.creditor):
        assert Contact.objects.get(customer=key).name == "Ana Miró"


def test_a_corrected_contact_stands_on_the_page_beside_the_ledgers(desk: Desk) -> None:
    key = number(desk)
    desk.post("customer_contacts", contacts(desk, billing_email="pagos@miro.example"), customer=key)
    with acting_for(desk.creditor):
        take(desk.creditor, row(due_date=LATE, email="otra@miro.example"), whole=False)
    shown = text(desk, "customer_contacts", customer=key)
    assert "pagos@miro.example" in shown
    assert "otra@miro.example" in shown


def test_a_note_is_changed_by_its_writer_only(desk: Desk) -> None:
    key = number(desk)
    post(desk, "customer_note", {"text": "Likes Tuesdays"}, customer=key)
    with acting_for(desk.creditor):
        note = Note.objects.get(text="Likes Tuesdays").pk
    assert "Only who wrote" in post(desk, "note", {"text": "x", "before": "Likes Tuesdays"}, Role.OWNER, note=note)
    answer = desk.post("note", {"text": "Mine", "before": "something older"}, note=note)
    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()
    post(desk, "note", {"text": "Likes Mondays", "before": "Likes Tuesdays"}, note=note)
    with acting_for(desk.creditor):
        assert Note.objects.get(pk=note).text == "Likes Mondays"


# --- many ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["customers", "items", "search"])
def test_a_page_asks_no_more_of_the_database_when_the_book_is_larger(desk: Desk, name: str) -> None:
    def asked() -> int:
        client = desk.client()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(desk.address(name), {"q": "F-1"})
        return len(queries)

    before = asked()
    with acting_for(desk.creditor):
        many = [row(f"F-2{n:03}", customer_id=f"D-{n}", customer_name=f"Bar {n}", tax_id="", due_date=LATE)
                for n in range(60)]  # fmt: skip
        take(desk.creditor, *many, whole=False)
    assert asked() <= before


def test_a_long_list_has_pages(desk: Desk) -> None:
    with acting_for(desk.creditor):
        many = [row(f"F-2{n:03}", customer_id=f"D-{n}", customer_name=f"Bar {n}", tax_id="", due_date=LATE)
                for n in range(60)]  # fmt: skip
        take(desk.creditor, *many, whole=False)
    first, second = text(desk, "items"), text(desk, "items", "?page=2")
    assert first.count("data-open") == 50
    assert second.count("data-open") == 12


@pytest.mark.parametrize("falling", [False, True])
def test_items_by_customer_are_in_the_order_of_names_page_by_page(
    desk: Desk, falling: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "PAGE", 3)
    with acting_for(desk.creditor):
        names = ("Zapatería Ñ", "Ábaco", "ábaco", "Miró", "Forn")  # two fold to the same name
        rows = [
            row(f"S-{n}-{k}", customer_id=f"S-{n}", customer_name=name, due_date=LATE - timedelta(days=n + k))
            for n, name in enumerate(names)
            for k in range(1 + 3 * (n == 3))  # one fills more than a page
        ]
        take(desk.creditor, *rows, today=desk.now.date(), whole=False)
        for want in (book.ItemsWanted(sort="customer"), book.ItemsWanted(sort="customer", status="all", text="S-")):
            whole = book.wanted_items(desk.creditor, None, want, desk.now.date()).select_related("customer")
            found = sorted(whole, key=lambda one: (one.customer_id, one.pk))
            found.sort(key=lambda one: one.customer.folded, reverse=falling)
            pages = [
                book.items(desk.creditor, None, replace(want, falling=falling, page=page), desk.now.date()).items
                for page in range(1, len(found) // 3 + 3)
            ]
            assert [one.pk for page in pages for one in page] == [one.pk for one in found]
            assert [len(page) for page in pages[: len(found) // 3]] == [3] * (len(found) // 3)
            assert pages[-1] == []

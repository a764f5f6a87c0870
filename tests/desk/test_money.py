"""Money in at the desk: lines decided, divided, left and undone; payments recorded by hand, listed and taken out."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from amable.banking import actions as banking
from amable.banking.models import BankLine, PayerAccount
from amable.ledger import actions as ledger
from amable.ledger.models import Allocation, Customer, Item, Payment
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from tests.contexts.books import customer, item, paid, receive, row, take
from tests.desk.desks import NOON, Desk, managed, money_in
from tests.material import material

TODAY = NOON.date()


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk with money to explain."""
    with acting_for(desk.creditor):
        managed(desk.creditor)
        money_in(desk.creditor)
    return desk


def line(desk: Desk, amount: str, text: str = "", **facts: Any) -> BankLine:
    """A movement that came this morning."""
    with acting_for(desk.creditor):
        receive(desk.creditor, paid(amount, text, **({"name": "Inversiones Altair", "iban": ""} | facts)), file=text)
        return BankLine.objects.latest("pk")


def fresh(desk: Desk, line: BankLine) -> BankLine:
    with acting_for(desk.creditor):
        return BankLine.objects.get(pk=line.pk)


def seen(desk: Desk, line: BankLine) -> str:
    return banking.version(fresh(desk, line))


def act(desk: Desk, name: str, line: BankLine, role: str = Role.CONTROLLER, **data: Any) -> HttpResponse:
    return desk.post(name, {"seen": seen(desk, line)} | data, role, line=line.pk)


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def number(desk: Desk, name: str) -> int:
    with acting_for(desk.creditor):
        return item(name).pk


def open_of(desk: Desk, name: str) -> int:
    with acting_for(desk.creditor):
        return item(name).open


def test_a_proposal_is_confirmed_from_the_list_and_undone_from_what_is_told(desk: Desk) -> None:
    one = line(desk, "500.00", name="Talleres Miro")
    page = text(desk.get("money"))
    assert "F-1001" in page
    assert "Exactly one open item of this customer has this amount." in page
    client = desk.client()
    client.post(desk.address("line_confirm", line=one.pk), {"seen": seen(desk, one)})
    assert open_of(desk, "F-1001") == 0
    told = text(client.get(desk.address("money")))
    assert "€500.00 booked for Talleres Miró, S.L." in told
    (undo,) = re.findall(r'action="([^"]+/undo\?seen=[^"]+)"', told)
    client.post(undo.replace("&amp;", "&"))
    assert (open_of(desk, "F-1001"), fresh(desk, one).state) == (500_00, "proposed")


@pytest.fixture
def sure(desk: Desk) -> list[BankLine]:
    """Two movements that name an invoice and its amount; they were booked unasked, and somebody took that back."""
    lines = [
        line(desk, "500.00", "Factura F-1001", name="Talleres Miró"),
        line(desk, "120.00", "Factura F-1002", name="Forn Sant Pau"),
    ]
    with acting_for(desk.creditor):
        for one in lines:
            if one.state == "booked":
                banking.undo(one, seen=banking.version(one), today=TODAY, by="marta")
    return [fresh(desk, one) for one in lines]


def boxes(page: str) -> list[str]:
    return re.findall(r'name="line" value="([^"]+)"', page)


def test_sure_proposals_are_confirmed_together_and_undone_together(desk: Desk, sure: list[BankLine]) -> None:
    client = desk.client()
    marked = boxes(text(client.get(desk.address("money"))))
    assert [int(one.partition(":")[0]) for one in marked] == [one.pk for one in sure]
    answer = client.post(desk.address("lines_confirm"), {"line": marked})
    assert (open_of(desk, "F-1001"), open_of(desk, "F-1002")) == (0, 0)
    told = text(client.get(answer.headers["Location"]))
    assert "2 movements booked as proposed." in told
    (undo,) = re.findall(r'action="([^"]+/money/undo\?at=[^"]+)"', told)
    desk.client(Role.OWNER).post(undo)  # what is another's is not theirs to take back in one go
    assert open_of(desk, "F-1001") == 0
    client.post(undo)
    assert (open_of(desk, "F-1001"), open_of(desk, "F-1002")) == (500_00, 120_00)
    assert [fresh(desk, one).state for one in sure] == ["proposed", "proposed"]
    client.post(undo)
    assert "Nothing of it could be undone" in text(client.get(desk.address("money")))


def test_what_somebody_decided_meanwhile_stays_and_is_said(desk: Desk, sure: list[BankLine]) -> None:
    client = desk.client()
    marked = boxes(text(client.get(desk.address("money"))))
    act(desk, "line_leave", sure[0], Role.OWNER)
    answer = client.post(desk.address("lines_confirm"), {"line": marked})
    told = text(client.get(answer.headers["Location"]))
    assert "One movement booked as proposed." in told
    assert "One was decided by somebody meanwhile" in told
    assert fresh(desk, sure[0]).state == "other"
    assert (open_of(desk, "F-1001"), open_of(desk, "F-1002")) == (500_00, 0)


def test_the_lot_taken_back_leaves_what_was_changed_since(desk: Desk, sure: list[BankLine]) -> None:
    client = desk.client()
    answer = client.post(desk.address("lines_confirm"), {"line": boxes(text(client.get(desk.address("money"))))})
    (undo,) = re.findall(r'action="([^"]+/money/undo\?at=[^"]+)"', text(client.get(answer.headers["Location"])))
    act(desk, "line_undo", sure[0])
    act(desk, "line_leave", sure[0])
    client.post(undo)
    assert [fresh(desk, one).state for one in sure] == ["other", "proposed"]


def test_what_is_not_sure_cannot_be_marked_and_nonsense_books_nothing(desk: Desk) -> None:
    one = line(desk, "500.00", name="Talleres Miro")
    page = text(desk.get("money"))
    assert not boxes(page)
    for marked in ([], ["x"], [f"{one.pk}"], ["999999999999999999:proposed"], [":"]):
        assert desk.post("lines_confirm", {"line": marked}).status_code == 303
    for at in ("", "?at=x", "?at=2026-03-17", "?at=2026-13-45T99:00", "?at=2026-03-17T11:00:00"):
        assert desk.client().post(desk.address("lines_undo") + at).status_code == 303
    assert fresh(desk, one).state == "proposed"


def test_a_line_is_divided_with_amounts_as_people_write_them(desk: Desk) -> None:
    one = line(desk, "520.00", "dos")
    shares = {f"share-{number(desk, 'F-1001')}": "450", f"share-{number(desk, 'F-1002')}": "70.00"}
    assert act(desk, "line_book", one, do="book", **shares).status_code == 303
    assert (open_of(desk, "F-1001"), open_of(desk, "F-1002")) == (50_00, 50_00)
    with acting_for(desk.creditor):
        assert sorted(Payment.objects.filter(reversed_on=None).values_list("amount", flat=True)) == [70_00, 450_00]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("600", "Only €500.00 is open on F-1001."),
        ("1.2345", "“1.2345” is no amount we can read for certain."),
        ("abc", "“abc” is no amount we can read for certain."),
    ],
)
def test_what_cannot_be_booked_is_said_and_what_was_typed_stays(desk: Desk, typed: str, told: str) -> None:
    one = line(desk, "620.00", "dos")
    share = f"share-{number(desk, 'F-1001')}"
    answer = act(desk, "line_book", one, do="book", **{share: typed})
    assert answer.status_code == 422
    assert told in text(answer)
    assert f'name="{share}" value="{typed}"' in text(answer)
    assert fresh(desk, one).state == "unknown"


def _customer(desk: Desk, key: str = "C-1") -> int:
    with acting_for(desk.creditor):
        return customer(key).pk


def test_searching_without_javascript_keeps_what_was_typed(desk: Desk) -> None:
    one = line(desk, "620.00", "dos")
    share = f"share-{number(desk, 'F-1001')}"
    page = text(act(desk, "line_book", one, do="search", search="forn pau", **{share: "450"}))
    assert f'name="{share}" value="450"' in page
    assert "F-1002" in page


@pytest.mark.parametrize("search", ["F-1002", "1002", "forn", "120.00", "120"])
def test_an_item_is_found_by_number_customer_or_amount(desk: Desk, search: str) -> None:
    one = line(desk, "620.00", "dos")
    found = text(desk.client().get(desk.address("line_items", line=one.pk), {"search": search}))
    assert "F-1002" in found
    assert "F-1001" not in found


def test_the_second_of_two_is_told_what_the_first_did(desk: Desk) -> None:
    one = line(desk, "500.00", name="Talleres Miro")
    before = seen(desk, one)
    act(desk, "line_confirm", one)
    client = desk.client(Role.OWNER)
    answer = client.post(desk.address("line_leave", line=one.pk), {"seen": before})
    told = text(client.get(answer.headers["Location"]))
    assert f"controller@{desk.creditor.ref}.example was quicker: this line is now “Booked”" in told
    assert fresh(desk, one).state == "booked"


def test_a_line_is_left_and_taken_up_again(desk: Desk) -> None:
    one = line(desk, "500.00", "dos")
    act(desk, "line_leave", one)
    assert fresh(desk, one).state == "other"
    act(desk, "line_undo", one)
    assert fresh(desk, one).state == "unknown"


def test_an_account_is_said_to_be_a_customers_and_forgotten(desk: Desk) -> None:
    one = line(desk, "120.00", "dos", iban="ES9121000418450200051332")
    act(desk, "line_whose", one, customer=_customer(desk, "C-2"))
    assert fresh(desk, one).state == "proposed"
    with acting_for(desk.creditor):
        known = PayerAccount.objects.get(iban="ES9121000418450200051332")
    desk.post("account_forget", {}, account=known.pk)
    assert fresh(desk, one).state == "unknown"


def test_an_account_manager_sees_lines_and_payments_of_their_own_customers(desk: Desk) -> None:
    own = line(desk, "500.00", name="Talleres Miro")
    nobodys = line(desk, "1.00", "dos")
    page = text(desk.get("money", Role.MANAGER))
    assert "Talleres Miro" in page
    assert "Inversiones Altair" not in page
    assert desk.get("line", Role.MANAGER, line=own.pk).status_code == 200
    assert desk.get("line", Role.MANAGER, line=nobodys.pk).status_code == 404
    assert act(desk, "line_confirm", own, Role.MANAGER).status_code == 403
    with acting_for(desk.creditor):
        theirs = _cash(desk, customer("C-2"), 5_00)
    assert desk.get("payment", Role.MANAGER, payment=theirs.pk).status_code == 404
    assert "Forn Sant Pau" not in text(desk.get("payments", Role.MANAGER))
    assert "Forn Sant Pau" not in text(desk.get("payments_export", Role.MANAGER))


def test_a_viewer_finds_nothing_to_press(desk: Desk) -> None:
    one = line(desk, "500.00", name="Talleres Miro")
    for page in (desk.get("money", Role.VIEWER), desk.get("line", Role.VIEWER, line=one.pk)):
        main = text(page).partition("<main")[2].partition("</main>")[0]
        assert "Talleres Mir" in main
        assert 'method="post"' not in main


# --- payments --------------------------------------------------------------------------------------------------------


def _cash(desk: Desk, of: Customer, minor: int, **facts: Any) -> Payment:
    identity = f"cash {Payment.objects.count()}"
    money = ledger.Money(identity, of.pk, TODAY, "EUR", minor, "", "", "cash", **facts)
    return ledger.record_payment(of, money, shares={}, today=TODAY, by="lucia")


def _recording(desk: Desk) -> tuple[str, dict[str, str]]:
    address = desk.address("payment_record", customer=_customer(desk, "C-2"))
    (key,) = re.findall(r'name="key" value="([0-9a-f]{32})"', text(desk.client().get(address)))
    return address, {"received_on": "2026-03-16", "currency": "EUR", "means": "cash", "note": "recibo 7", "key": key}


def test_cash_is_recorded_once_however_often_the_form_is_sent(desk: Desk) -> None:
    address, facts = _recording(desk)
    facts |= {"amount": "150", f"share-{number(desk, 'F-1002')}": "120", "do": "record"}
    for _ in range(2):
        assert desk.client().post(address, facts).status_code == 303
    with acting_for(desk.creditor):
        payment = Payment.objects.get(note="recibo 7")
        assert (payment.amount, payment.unapplied, payment.received_on) == (150_00, 30_00, date(2026, 3, 16))
        assert json.loads(item("F-1002").settled_by)["rule"] == "paid.by_hand"
    desk.post("payment_remove", {}, payment=payment.pk)
    assert open_of(desk, "F-1002") == 120_00


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"amount": "0"}, "is no amount we can read for certain"),
        ({"amount": "12.345"}, "is no amount we can read for certain"),
        ({"amount": "10", "received_on": "2026-03-18"}, "has not come yet"),
        ({"amount": "10", "currency": "XXX"}, "XXX"),
    ],
)
def test_a_payment_that_cannot_be_is_said(desk: Desk, facts: dict[str, str], told: str) -> None:
    address, given = _recording(desk)
    answer = desk.client().post(address, given | facts | {"do": "record"})
    assert answer.status_code == 422
    assert told in text(answer)


def test_the_oldest_are_filled_in_when_asked(desk: Desk) -> None:
    address, given = _recording(desk)
    page = text(desk.client().post(address, given | {"amount": "100", "do": "fill"}))
    assert f'name="share-{number(desk, "F-1002")}" value="100.00"' in page
    assert open_of(desk, "F-1002") == 120_00


def test_unapplied_cash_is_used_later_and_taken_off_again(desk: Desk) -> None:
    with acting_for(desk.creditor):
        payment = _cash(desk, customer("C-2"), 150_00)
    shares = {f"share-{number(desk, 'F-1002')}": "120.00"}
    assert desk.post("payment_apply", shares, payment=payment.pk).status_code == 303
    assert open_of(desk, "F-1002") == 0
    too_much = {f"share-{number(desk, 'F-1002')}": "31"}
    assert desk.post("payment_apply", too_much, payment=payment.pk).status_code == 422
    desk.post("payment_release", {"item": number(desk, "F-1002")}, payment=payment.pk)
    with acting_for(desk.creditor):
        assert Payment.objects.get(pk=payment.pk).unapplied == 150_00
        assert not Allocation.objects.filter(payment=payment).exists()


def test_the_export_is_shown_by_a_spreadsheet_and_never_run(desk: Desk) -> None:
    formulas = material("strings/csv_formula.txt").read_text("utf-8").splitlines()
    with acting_for(desk.creditor):
        for name in formulas[:20]:
            if name.strip():
                Customer.objects.filter(key="C-2").update(name=name)
                break
        _cash(desk, customer("C-2"), 5_00)
    answer = desk.get("payments_export")
    listed = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert listed[0][0] == "Received"
    assert not [cell for one in listed for cell in one if cell[:1] in "=+-@" and cell[:1] and not _figure(cell)]


def _figure(cell: str) -> bool:
    return bool(re.fullmatch(r"-?\d+\.\d\d", cell))


# --- a large book ----------------------------------------------------------------------------------------------------


def test_the_pages_ask_as_much_of_the_database_whatever_is_listed(desk: Desk) -> None:
    def asked(name: str, **query: str) -> int:
        client = desk.client()
        client.get(desk.address(name), query)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(desk.address(name), query).status_code == 200
        return len(queries)

    pages: list[tuple[str, dict[str, str]]] = [
        ("money", {}), ("money", {"kind": "booked"}), ("payments", {}), ("payments_export", {}), ("statements", {}),
    ]  # fmt: skip
    with acting_for(desk.creditor):
        take(desk.creditor, *(row(f"G-{n}", "10.00") for n in range(60)), whole=False, today=TODAY)
        receive(desk.creditor, paid("10.00", "G-0"), file="one")
    few = [asked(name, **query) for name, query in pages]
    with acting_for(desk.creditor):
        many = [paid("10.00", f"G-{n}") for n in range(1, 60)] + [paid(f"{n}.01", f"x{n}") for n in range(30)]
        receive(desk.creditor, *many, file="many")
        assert Item.objects.filter(open=0).count() == 60
    assert [asked(name, **query) for name, query in pages] == few
    assert max(few) < 35

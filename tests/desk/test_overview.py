"""The overview as a controller, an account manager and a person with two desks read it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amable.agreements import actions as agreements
from amable.correspondence.models import Message, MessageItem
from amable.desk import remembering
from amable.desk.charts import Column, Part, Rect, Row, columns, rows
from amable.dunning import holds
from amable.ledger.models import Customer, Item
from amable.organisation.models import Creditor, Member
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.plugs.invoices import ItemRecord
from tests.conftest import Home
from tests.contexts.books import paid, receive, row, take
from tests.desk.desks import LATE, NOON, Desk, managed, neighbour, opened

TODAY = NOON.date()
HOTEL: dict[str, Any] = {
    "customer_id": "C-9",
    "customer_name": "Hôtel <b>Núñez</b>",
    "tax_id": "B46000009",
    "email": "",
}


@pytest.fixture
def desk(database: Home, turia: Creditor) -> Desk:
    """Two customers late, one not yet due, one paid late; one owes in two currencies."""
    more = (
        row("F-2001", "900.00", due_date=date(2025, 11, 30), issue_date=date(2025, 10, 31), **HOTEL),
        row("F-2002", "40.00", currency="RON", due_date=date(2026, 2, 1), **HOTEL),
    )
    desk = opened(database.folder, turia, *more)
    with acting_for(turia):
        Customer.objects.filter(key="C-1").update(segment="key")
        managed(turia)
        Customer.objects.filter(key="C-9").update(manager_email="")
    return desk


def text(desk: Desk, query: str = "", role: str = Role.CONTROLLER) -> str:
    """What the page says, without its marks."""
    answer = desk.client(role).get(desk.address("overview") + query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", raw(desk, query, role))))


def raw(desk: Desk, query: str = "", role: str = Role.CONTROLLER) -> str:
    return desk.client(role).get(desk.address("overview") + query).content.decode()


def test_what_is_owed_and_how_old_it_is(desk: Desk) -> None:
    page = text(desk)
    # 500.00 a week late, 120.00 not due, 900.00 late since November: 1,400.00 of 1,520.00 is 92%.
    assert "As of 17 March 2026, in EUR." in page
    assert "€1,400.00 of the €1,520.00 owed is overdue (92%), €900.00 of it by more than 90 days." in page
    assert "€40" not in page


def test_currencies_are_never_added_up(desk: Desk) -> None:
    page = text(desk, "?currency=RON")
    assert re.search(r"RON\s?40.00 of the RON\s?40.00 owed is overdue \(100%\)", page)
    assert "1,520" not in page


def test_filters_are_words_in_the_address(desk: Desk) -> None:
    page = text(desk, "?segment=key")
    assert "€500.00 of the €500.00 owed is overdue" in page
    assert "Only the segment “key”." in page
    manager = f"{Role.MANAGER}@{desk.creditor.ref}.example"
    assert "€500.00 of the €500.00 owed is overdue" in text(desk, f"?manager={manager}")
    assert "Nothing is owed." in text(desk, "?segment=nobody&currency=EUR")


def test_an_account_manager_sees_own_customers_only(desk: Desk) -> None:
    page = text(desk, role=Role.MANAGER)
    assert "€500.00 of the €500.00 owed is overdue" in page
    assert "Only your own customers." in page
    assert "Núñez" not in page
    assert "By account manager" not in page
    # Nor by asking for somebody else's.
    assert "Núñez" not in text(desk, "?manager=", role=Role.MANAGER)
    assert "Nothing is owed." in text(desk, "?manager=other@turia.example&currency=EUR", role=Role.MANAGER)


def test_who_to_call_first_and_why(desk: Desk) -> None:
    page = raw(desk)
    assert "Hôtel &lt;b&gt;Núñez&lt;/b&gt;" in page
    assert "<b>Núñez" not in page
    order = [page.index(name) for name in ("Hôtel &lt;b&gt;", "Talleres Miró")]
    assert order == sorted(order)  # 900 x 90 days before 500 x 7
    assert "Forn Sant Pau" not in page[page.index("call-first") : page.index('class="panels"')]
    assert "How they usually pay is not known yet." in page


def test_nobody_is_called_who_is_held_or_promised(desk: Desk) -> None:
    with acting_for(desk.creditor):
        hotel, ana = Customer.objects.get(key="C-9"), Customer.objects.get(key="C-1")
        holds.hold(hotel, TODAY + timedelta(days=5), "On holiday", TODAY, NOON, by="marta")
        item = Item.objects.get(customer=ana)
        agreements.promise(ana, amount=500_00, on=TODAY + timedelta(days=3), said_by="Ana", currency="EUR",
                           items=[item.pk], today=TODAY, now=NOON, by="marta")  # fmt: skip
    page = text(desk)
    assert "Nobody: what is overdue is promised, disputed, paused or being paid by a plan, or there is none." in page
    assert "1 promise is still open; none has had its day yet." in page


def test_who_does_not_want_calls_is_not_called(desk: Desk) -> None:
    with acting_for(desk.creditor):
        Customer.objects.filter(key="C-9").update(opt_out="sms,call")
        Customer.objects.filter(key="C-1").update(opt_out="email")
    calls = raw(desk).partition('id="call-first"')[2].partition('class="panels"')[0]
    assert "Talleres Miró" in calls
    assert "Núñez" not in calls


def test_money_is_put_down_to_the_word_before_it(desk: Desk) -> None:
    with acting_for(desk.creditor):
        item = Item.objects.get(number="F-1001")
        told(item, "late_late", date(2026, 3, 11))
        receive(desk.creditor, paid("500.00", "F-1001", on=date(2026, 3, 16)), today=TODAY)
        item.refresh_from_db()
        assert item.open == 0
    page = text(desk)
    assert "€500.00 has come in for invoices since 17 December 2025; 100% of it after a word of ours." in page
    assert "with €500.00, typically 5 days later." in page
    assert "The one invoice settled in the last three months was paid 6 days late." in page


def told(item: Item, step: str, day: date) -> None:
    """A reminder about an item that left on a day."""
    message = Message.objects.create(
        creditor=item.creditor, customer=item.customer, day=day, slot=f"{step} {day}", key=f"{item.pk}{step}",
        act="email", step=step, language="es", state="accepted", path=step, blob="0" * 64,
    )  # fmt: skip
    MessageItem.objects.create(
        creditor=item.creditor, message=message, item=item, step=step, cycle=1, occurrence=1, section="late",
        amount=item.open,
    )  # fmt: skip


def test_months_gone_come_from_what_was_billed_and_paid(desk: Desk) -> None:
    with acting_for(desk.creditor):
        receive(desk.creditor, paid("500.00", "F-1001", on=date(2026, 3, 16)), today=TODAY)
    page = raw(desk)
    trend = page.partition('id="trend"')[2].partition("</section>")[0]
    lines = [re.findall(r"<td[^>]*>([^<]*)</td>", line) for line in re.findall(r"<tr>(.*?)</tr>", trend)[1:]]
    by_month = {line[0]: line[1:4] for line in lines}
    assert by_month["Today"][:2] == ["1,020.00", "900.00"]
    # F-1001 (500.00) was issued on 2 January and due in March, F-2001 in October and due in November.
    assert by_month["February 2026"] == ["1,400.00", "900.00", "64%"]
    assert by_month["December 2025"] == ["900.00", "900.00", "100%"]
    assert by_month["October 2025"] == ["900.00", "–", "0%"]
    assert by_month["September 2025"] == ["–", "–", "0%"]


def test_a_part_payment_counts_from_its_own_month(desk: Desk) -> None:
    with acting_for(desk.creditor):
        receive(desk.creditor, paid("200.00", "F-1001", on=date(2026, 3, 16)), today=TODAY)
        assert Item.objects.get(number="F-1001").open == 300_00
    trend = raw(desk).partition('id="trend"')[2].partition("</section>")[0]
    february = re.search(r"<td>February 2026</td>\s*<td class=\"n\">([^<]*)<", trend)
    assert february
    assert february[1] == "1,400.00"


def test_days_sales_outstanding_says_how_it_was_worked_out(desk: Desk) -> None:
    page = text(desk)
    # 1,520 owed; billed 120 in March, nothing in February, 500 in January, nothing in two months, 900 in October:
    # 17 + 28 + 31 + 31 + 30 + 31 days.
    assert "What is owed is what was billed in the last 168 days (count-back)." in page
    # The simple measure: 1,520 over the 620 of 107 days.
    assert "By the simple measure it is 262 days: €1,520.00 owed, over €620.00 billed in 107 days" in page
    assert "rather too high than too low" in page


def test_another_desk_of_the_same_person_is_shown_apart(desk: Desk) -> None:
    other = neighbour(desk.creditor)
    assert "Ferretería del Segura" not in text(desk)
    Member.objects.create(creditor=other.creditor, user=desk.member().user, role=Role.MANAGER)
    page = text(desk)
    assert "Ferretería del Segura" in page
    other.creditor.second_factor = True
    other.creditor.save()
    elsewhere = raw(desk).partition('id="elsewhere"')[2]
    assert "Ferretería del Segura" in elsewhere
    assert "EUR" not in elsewhere


def test_on_paper_every_table_is_open(desk: Desk) -> None:
    page = raw(desk, "?paper=1&segment=key")
    assert page.count('<details class="more" open>') == page.count('<details class="more"') > 3
    assert "?segment=key" in unescape(page)
    assert 'class="more" open' not in raw(desk)


def test_a_desk_without_a_book_says_what_to_do(database: Home, turia: Creditor) -> None:
    page = text(Desk(turia))
    assert "Nothing to add up yet" in page
    assert 'class="panels"' not in page


def test_each_chart_has_its_sentence_and_its_table(desk: Desk) -> None:
    page = raw(desk)
    for panel in re.findall(r'<section class="card panel".*?</section>', page, re.S):
        if 'role="img"' in panel:
            assert re.search(r"<title id=\"[^\"]+\">[^<]+</title><desc id=\"[^\"]+\">[^<]+</desc>", panel)
            assert "<table>" in panel
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_as_many_questions_for_many_items_as_for_few(desk: Desk) -> None:
    client, address = desk.client(), desk.address("overview")
    client.get(address)

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as few:
            assert client.get(address).status_code == 200
        return len(few)

    before = asked()
    with acting_for(desk.creditor):
        records = [_bakery(n) for n in range(40)]
        take(desk.creditor, *records, whole=False)
    assert asked() == before


def _bakery(n: int) -> ItemRecord:
    """One of the late invoices of nine bakeries."""
    who = {"customer_id": f"M-{n % 9}", "customer_name": f"Forn {n % 9}", "tax_id": f"B4700000{n % 9}"}
    return row(f"M-{n}", "75.00", due_date=LATE - timedelta(days=n), issue_date=LATE - timedelta(days=60 + n), **who)


def test_a_large_book_is_added_up_once_until_something_happens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_LARGE", 0)
    assert "€1,400.00 of the €1,520.00" in text(desk)
    with CaptureQueriesContext(connection) as again:
        raw(desk)
    assert not [one for one in again if "substr" in one["sql"] or "to_char" in one["sql"]]
    assert "€500.00 of the €500.00" in text(desk, role=Role.MANAGER)
    assert "€500.00 of the €500.00" in text(desk, "?segment=key")
    with acting_for(desk.creditor):
        receive(desk.creditor, paid("500.00", "F-1001", on=date(2026, 3, 16)), today=TODAY)
    assert "€900.00 of the €1,020.00" in text(desk)


def test_columns_stand_on_each_other_and_hang_below_zero() -> None:
    drawing = columns([Column("a", [Part(50, "x"), Part(50, "y")]), Column("b", [Part(-20, "x")])])
    first, second, below = drawing.rects
    assert first.y + first.height == drawing.base
    assert second.y + second.height == first.y
    assert below.y == drawing.base
    assert all(rect.y >= 0 and rect.y + rect.height <= drawing.height for rect in drawing.rects)
    assert columns([]).rects == []


def test_bars_take_their_share_of_the_width() -> None:
    drawing = rows(
        [Row("a", "100", [Part(100, "x"), Part(25, "y")]), Row("b", "50", [Part(50, "x"), Part(0, "y")])], nested=True
    )
    assert [(rect.x, rect.width) for rect in drawing.rects] == [(0, 400), (0, 100), (0, 200)]
    side = rows([Row("a", "4", [Part(1, "x"), Part(3, "y")])])
    assert side.rects == [Rect(0, 19, 100, 10, "x"), Rect(100, 19, 300, 10, "y")]
    assert rows([]).height == 0

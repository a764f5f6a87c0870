"""A messy ledger at the desk in a real browser: dropped, asked about, corrected, taken in; and by keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.sample_desk import SampleDesk

LEDGERS = Path(__file__).resolve().parents[1] / "samples" / "ledgers"


def numbers() -> set[str]:
    """The invoices of the book."""
    from amable.ledger.models import Item
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    with acting_for(Creditor.objects.get()):
        return set(Item.objects.values_list("number", flat=True))


def drop(page: Page, file: Path) -> None:
    """Choose a file as one drops it; it is sent and read without another click."""
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_url(re.compile(r"/files/\d+$"))


def test_a_messy_ledger_from_the_drop_to_the_book(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller")
    page.get_by_role("link", name="Files").click()
    drop(page, LEDGERS / "ask_dates.csv")
    page.get_by_role("heading", name="One question first").wait_for()
    page.get_by_label("Day first: 05/06/2026 is 5 June 2026").check()
    page.get_by_role("button", name="Answer and read again").click()
    page.get_by_role("heading", name="What would change").wait_for()
    before = numbers()
    assert "117" not in before
    assert not page.get_by_label("The complete ledger").is_checked()  # much would be missing: a person says which
    page.get_by_label("Additions only").check()
    page.get_by_role("button", name="Take it in").click()
    page.get_by_text("Taken in by Marta Gil").wait_for()
    assert numbers() - before == {"117", "133"}
    page.get_by_role("link", name="To the files").click()
    page.get_by_role("row", name="ask_dates.csv").get_by_text("Taken in").wait_for()


def test_a_heading_is_corrected_by_keyboard_and_the_file_let_go(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "owner")
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url("**/files")
    drop(page, LEDGERS / "holded.xlsx")
    page.get_by_role("heading", name="What would change").wait_for()
    choice = page.get_by_role("combobox", name="Descripción")
    choice.focus()
    choice.press("Home")  # left alone
    for _ in range(60):
        if page.evaluate("document.activeElement.textContent.trim()") == "Read again like this":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.get_by_role("heading", name="What would change").wait_for()
    assert page.get_by_role("combobox", name="Descripción").input_value() == "ignore"
    before = numbers()
    page.get_by_role("button", name="Let it go").click()
    page.get_by_text("was let go").first.wait_for()
    assert numbers() == before


@pytest.mark.parametrize("javascript", [True, False])
def test_long_work_shows_how_far_it_is_and_the_page_stays(
    desk: SampleDesk, browser: Browser, javascript: bool, tmp_path: Path
) -> None:
    ledger = tmp_path / "largo.csv"
    rows = (f"Cliente {n % 4000} SL;L-{n};08/01/2026;27/06/2026;10,00;10,00" for n in range(20_000))
    ledger.write_text("\n".join(["Cliente;Nº factura;F. factura;Vto.;Importe;Pdte.", *rows]), "utf-8")
    page = desk.come_in(browser, "controller", java_script_enabled=javascript)
    page.goto(desk.page("files"))
    page.locator("input[type=file]").set_input_files(ledger)
    if not javascript:
        page.get_by_role("button", name="Read the file").click()
    page.wait_for_url(re.compile(r"/files/\d+$"))
    page.locator("progress").wait_for()
    address = page.url
    page.goto(desk.page("today"))  # meanwhile everything else answers
    page.goto(address)
    if javascript:
        page.get_by_text(re.compile(r"of 20,000")).first.wait_for(timeout=60_000)
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_text("Reading was stopped").wait_for(timeout=60_000)
    else:
        assert page.get_by_role("button", name="Stop", exact=True).is_visible()


def test_a_bank_statement_is_taken_in_at_once(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller", "es")
    page.goto(desk.page("files"))
    statements = Path(__file__).resolve().parents[2] / "src" / "amable" / "sample" / "statements"
    drop(page, max(statements.glob("*.xml"), key=lambda path: path.name[-14:]))
    page.get_by_text("Por confirmar").wait_for()

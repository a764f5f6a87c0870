"""A controller explains the day's money: with the mouse, with the keyboard alone, and on second thoughts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.sample_desk import SampleDesk


def test_a_line_is_confirmed_and_undone_by_keyboard(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller")
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/money")
    expect(page.get_by_text("2 lines need you")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator("#told")).to_contain_text("€750.00 booked for Pizzería Da Marco, S.L.")
    expect(page.get_by_text("One line needs you")).to_be_visible()
    expect(page.locator("[data-list] tr[data-here]")).to_contain_text("INVERSIONES ALTAIR")  # the next one is at hand
    page.keyboard.press("l")
    expect(page.get_by_text("Every payment has found its invoice")).to_be_visible()
    page.locator("#told form button").last.click()
    expect(page.get_by_text("One line needs you")).to_be_visible()


def test_an_unknown_payment_is_divided_while_searching(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller")
    page.goto(desk.page("money"))
    page.get_by_role("row", name="INVERSIONES ALTAIR").get_by_role("link", name="Choose").click()
    search = page.get_by_label("Find an invoice by number, customer or amount")
    expect(search).to_be_focused()
    search.press_sequentially("pizzeria")
    first = page.locator("#beside tr", has_text="F-2026-0058")
    first.get_by_role("button", name="All").click()
    expect(page.locator("#chosen tr")).to_have_count(1)
    expect(page.locator("[data-rest]")).to_have_text("1,210.00")
    search.fill("restauracion")
    expect(page.locator("#beside tr").first).to_contain_text("Restauración Mediterránea")
    expect(page.locator("#chosen tr")).to_have_count(1)  # what was chosen stays
    page.locator("#beside input").first.fill("1000")
    expect(page.locator("[data-rest]")).to_have_text("210.00")
    page.get_by_role("button", name="Book it so").click()
    expect(page.get_by_role("alert")).to_contain_text("210.00 is left over")
    page.get_by_label("Whose is what is left over?").select_option(label="Pizzería Da Marco, S.L.")
    page.get_by_role("button", name="Book it so").click()
    page.wait_for_url("**/money")
    expect(page.locator("#told")).to_contain_text("booked for Restauración Mediterránea, S.L., Pizzería Da Marco, S.L.")


def test_cash_is_recorded_from_the_list_of_payments(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller", "es")
    page.goto(desk.page("payments"))
    page.keyboard.press("n")
    page.get_by_label("¿Quién pagó?").fill("pizzeria")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Pizzería Da Marco, S.L.").click()
    page.get_by_label("Importe", exact=True).fill("700,00")
    page.get_by_role("button", name="Todo").first.click()
    expect(page.locator("[data-rest]")).to_have_text("95,00")
    page.get_by_role("button", name="Anotarlo").click()
    expect(page.locator("#told")).to_contain_text("700,00 € de Pizzería Da Marco, S.L., anotado.")
    expect(page.locator("[data-list] tbody tr").first).to_contain_text("F-2026-0058")

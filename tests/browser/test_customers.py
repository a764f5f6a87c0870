"""A controller's way through customers: found by the keyboard, promised to, noted, and found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.sample_desk import SampleDesk


def test_a_promise_by_the_keyboard_alone(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller")
    page.keyboard.press("/")
    page.keyboard.type("malvarrosa")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    page.locator("main h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/*")
    assert "Gran Hotel Malvarrosa" in page.locator("h1").inner_text()
    page.get_by_role("link", name="Promise").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/promise")
    page.get_by_label("Amount in EUR").fill("1,000.50")
    page.get_by_label("To be paid by").fill("2026-03-27")
    page.get_by_label("Who said it").fill("Dolors, by phone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/*")
    assert "Promised: €1,000.50 by 27 March 2026." in page.locator("main").inner_text()
    page.locator("#note").fill("Asks for Dolors")
    page.get_by_role("button", name="Add note").click()
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type("dolors")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    assert "Asks for Dolors" in page.locator("main").inner_text()


def test_the_list_is_walked_by_keys(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser)
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/customers")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("tbody tr").nth(1).locator("[data-open]").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/*")
    assert page.locator("h1").inner_text() == second

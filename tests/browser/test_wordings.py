"""The editor of wordings in a real browser: a reminder changed while its preview follows, warned about, and saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_procedures import reach

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.sample_desk import SampleDesk


def cursor_after(page: Page, words: str) -> None:
    page.locator("#body").evaluate(
        "(one, words) => { const at = one.value.indexOf(words) + words.length;"
        " one.focus(); one.setSelectionRange(at, at); }",
        words,
    )


def test_a_reminder_in_spanish_is_changed_with_the_keyboard(desk: SampleDesk, browser: Browser) -> None:
    from playwright.sync_api import expect

    page = desk.come_in(browser, "controller", "es", viewport={"width": 1280, "height": 900})
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_url("**/wordings")
    for _ in range(4):  # the fourth of the procedure: the first reminder after the due date
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/wordings/es/early_late")
    paper = page.frame_locator("#seen iframe[sandbox]")
    expect(page.locator("#seen")).to_contain_text("sale hoy")
    expect(paper.locator("body")).to_contain_text("Quizá se haya pasado por alto")
    reach(page, page.locator("#body"))
    # As one types, the preview follows and the check speaks.
    cursor_after(page, "Quizá se haya pasado por alto")
    page.keyboard.type(" entre tantos papeles")
    expect(paper.locator("body")).to_contain_text("entre tantos papeles")
    cursor_after(page, "entre tantos papeles")
    page.keyboard.type(". PAGUE hoy")
    expect(page.locator("#seen .wrong-line")).to_contain_text("PAGUE")
    reach(page, page.locator("#save"))
    page.keyboard.press("Enter")
    expect(page.locator(".banner[role=alert]")).to_contain_text("No se ha guardado")
    body = page.locator("#body")
    assert "PAGUE hoy" in body.input_value()
    body.fill(body.input_value().replace(". PAGUE hoy", ""))
    expect(page.locator("#seen .kind-line")).to_be_visible()
    # A field is put where the cursor is.
    cursor_after(page, "Gracias por su atención")
    page.locator("[data-insert='{{ company.name }}']").click()
    expect(body).to_have_value(re.compile(r"atención\{\{ company\.name \}\}"))
    body.fill(body.input_value().replace("atención{{ company.name }}", "atención"))
    reach(page, page.locator("#note"))
    page.keyboard.type("Así hablamos")
    page.keyboard.press("Enter")
    page.wait_for_url("**/wordings/es/early_late")
    expect(page.locator("#told")).to_contain_text("mensaje")
    expect(page.locator("#told")).to_contain_text("de hoy")
    expect(page.locator("main")).to_contain_text("Así hablamos")
    expect(paper.locator("body")).to_contain_text("entre tantos papeles")
    page.locator("button", has_text="Volver al nuestro").click()
    expect(page.locator("#told")).to_contain_text("Vuelve a usarse el nuestro")


@pytest.mark.parametrize("width", [1280, 390])
def test_without_javascript_a_button_shows_the_preview(desk: SampleDesk, browser: Browser, width: int) -> None:
    page = desk.come_in(browser, "controller", java_script_enabled=False, viewport={"width": width, "height": 900})
    page.goto(desk.page("wording", spoken="en", wording="late_late"))
    body = page.locator("#body")
    body.fill(body.input_value().replace("Thank you", "Many thanks"))
    page.locator("#show-it").click()
    assert "Many thanks" in page.frame_locator("#seen iframe[sandbox]").locator("body").inner_text()
    assert "Many thanks" in page.locator("#body").input_value()

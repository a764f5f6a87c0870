"""A controller's way through the overview: by the keyboard, filtered, with the figures behind a chart, on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.sample_desk import SampleDesk


def test_from_the_keyboard_to_the_customer_to_call(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/overview")
    assert page.locator("h1").inner_text() == "Overview"
    page.keyboard.press("j")
    first = page.locator("tbody tr[data-here] [data-open]").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/*")
    assert page.locator("h1").inner_text() == first


def test_a_filter_is_a_word_in_the_address_and_stays_on_paper(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller")
    page.goto(desk.page("overview"))
    page.get_by_label("Segment", exact=True).select_option("key")
    page.wait_for_url("**segment=key**")
    assert "Only the segment “key”." in page.locator(".page-head").inner_text()
    page.locator("#ageing ~ details > summary").click()
    assert page.locator("#ageing ~ details tfoot").is_visible()
    page.keyboard.press("p")
    page.wait_for_url("**paper=1**")
    assert "Only the segment “key”." in page.locator(".page-head").inner_text()
    assert not page.locator(".side").is_visible()
    assert page.locator("details.more:not([open])").count() == 0
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.get_by_role("button", name="Print").click()
    assert page.title() == "printed"
    page.get_by_role("link", name="Back to the desk").click()
    page.wait_for_load_state()
    assert page.locator(".side").is_visible()


def test_a_chart_says_what_it_shows_and_fits_a4(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "owner", "es")
    page.goto(desk.page("overview") + "?paper=1")
    chart = page.get_by_role("img", name="Antigüedad de la deuda")
    assert "está vencido" in chart.locator("desc").text_content()  # type: ignore[operator]
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})  # what A4 leaves between its margins
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    panels = page.locator(".panel").all()
    assert panels
    assert not [one.inner_text() for one in panels if one.evaluate("it => it.scrollWidth > it.clientWidth + 1")]

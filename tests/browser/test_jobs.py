"""Long work in a real browser: its page stays usable while it goes on, and it is followed without JavaScript too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.sample_desk import SampleDesk


def before_switching_on(desk: SampleDesk, browser: Browser, *, script: bool) -> Page:
    """A draft that changes something, on the page that says what it would change."""
    page = desk.come_in(browser, "controller", java_script_enabled=script)
    page.goto(desk.page("procedures"))
    page.locator(".page-head form button").click()
    page.wait_for_url("**/procedures/drafts/*")
    text = page.locator("#text").input_value()
    page.locator("#text").fill(text.replace("4 to 5 working days after due", "2 to 3 working days after due"))
    page.locator("#save-text").click()
    page.locator("#text", has_text="2 to 3 working days after due").wait_for()
    page.goto(re.split(r"[?#]", page.url)[0] + "/effect")
    return page


def test_what_is_typed_meanwhile_stays(desk: SampleDesk, browser: Browser) -> None:
    page = before_switching_on(desk, browser, script=True)
    page.locator("#note").fill("They asked for it")
    page.locator("#effect .lead").wait_for()  # it began by itself, and brought what it came to
    assert "messages and tasks" in page.locator("#effect .lead").inner_text()
    assert page.locator("#note").input_value() == "They asked for it"
    assert page.url.endswith("/effect")
    page.locator("#work-out").focus()
    page.keyboard.press("Enter")
    page.locator("#effect progress").wait_for()
    page.locator("#effect .lead").wait_for()
    assert page.locator("#note").input_value() == "They asked for it"


def test_it_is_followed_without_javascript(desk: SampleDesk, browser: Browser) -> None:
    page = before_switching_on(desk, browser, script=False)
    page.locator("#work-out").click()
    for _ in range(200):
        if page.locator("#effect .lead").count():
            break
        page.locator("#effect .job a.button").click()  # “See how far it is”
    assert "messages and tasks" in page.locator("#effect .lead").inner_text()

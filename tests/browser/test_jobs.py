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


def test_sure_proposals_are_marked_and_confirmed_with_the_keyboard_only(desk: SampleDesk, browser: Browser) -> None:
    from amable.banking import actions
    from amable.banking.models import BankLine
    from amable.banking.queries import shown
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    creditor = Creditor.objects.get()
    with acting_for(creditor):  # what was booked unasked is taken back: it waits, as sure as before
        booked = list(BankLine.objects.filter(state="booked").order_by("-pk")[:12])
        actions.undo_all(booked, today=desk.clock().date(), by="marta")
        sure = sum(one.is_sure for one in shown(creditor, list(BankLine.objects.filter(state="proposed"))))
    assert sure > 1
    page = desk.come_in(browser, "controller")
    page.goto(desk.page("money"))
    boxes = page.locator("input[name=line]")
    assert boxes.count() == sure
    for _ in range(60):
        page.keyboard.press("j")
        if page.locator("tr[data-here] input[name=line]").count():
            page.keyboard.press("x")
        if page.locator("input[name=line]:checked").count() == 2:
            break
    page.locator(".bulk", has_text="2").wait_for()
    page.keyboard.press("a")
    page.locator(".told", has_text="2 movements booked as proposed").wait_for()
    assert boxes.count() == sure - 2
    page.locator(".told form button").click()
    page.locator(".told", has_text="2 movements wait again").wait_for()
    assert boxes.count() == sure

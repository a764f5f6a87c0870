"""The builder in a real browser: five steps with the keyboard only, their effect, switched on, and gone back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from tests.browser.sample_desk import SampleDesk


def reach(page: Page, wanted: Locator, key: str = "Tab", most: int = 400) -> None:
    """Go there with the keyboard alone."""
    for _ in range(most):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"the keyboard does not come to {wanted}")


def press(page: Page, wanted: Locator) -> None:
    wanted.focus()  # tested by `reach` where it matters; here it spares hundreds of tabs
    page.keyboard.press("Enter")


def text(page: Page) -> str:
    return page.locator("#text").input_value()


def names(page: Page) -> list[str]:
    return re.findall(r"- step: (\w+)", text(page))


def test_five_steps_with_the_keyboard_only(desk: SampleDesk, browser: Browser) -> None:
    from playwright.sync_api import expect

    page = desk.come_in(browser, "controller", viewport={"width": 1280, "height": 860})
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/procedures")
    before = page.locator("#in-force").inner_text()
    reach(page, page.locator("#shipped-gentle ~ form button, [aria-labelledby=shipped-gentle] form button"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/procedures/drafts/*")
    # The text alone first: three steps are left, and a comment.
    page.locator("#text").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(
        "# ours\nprocedure: gentle\nversion: 1\nsteps:\n  - step: due_7\n    when: 7 days before due\n"
        "    wording: gentle_before_due\n  - step: early_late\n    when: 6 to 8 working days after due\n"
        "  - step: thank_you\n    do: thanks\n    when: on payment\n"
    )
    press(page, page.locator("#save-text"))
    expect(page.locator(".step")).to_have_count(3)
    press(page, page.locator("#add-call"))
    expect(page.locator(".step")).to_have_count(4)
    press(page, page.locator("#add-email"))
    expect(page.locator(".step")).to_have_count(5)
    assert names(page) == ["due_7", "early_late", "call", "reminder", "thank_you"]
    # The new one stands open, the keyboard at its head; Alt and an arrow move it before the call.
    summary = page.locator("#sum-reminder-0")
    assert summary.evaluate("one => one === document.activeElement")
    page.keyboard.press("Alt+ArrowUp")
    page.locator(".step").nth(2).locator("#sum-reminder-0").wait_for()
    assert names(page) == ["due_7", "early_late", "reminder", "call", "thank_you"]
    # Its words and its day.
    press(page, summary)
    page.locator("#f2-low").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("4")
    reach(page, page.locator("#f2-wording"))
    page.keyboard.type("after the due date (urgent")
    press(page, page.locator("#save-reminder-0"))
    expect(page.locator("#text")).to_have_value(re.compile("when: 4 working days after the step before"))
    assert "wording: late_late" in text(page)
    assert text(page).startswith("# ours\n")
    page.locator("#top-procedure").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("patience")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("patience")
    # What it would change, then on.
    press(page, page.locator("a.button.primary", has_text="Before switching on"))
    page.wait_for_url("**/effect")
    page.locator(".lead").wait_for()
    assert re.search(r"this changes \d+ messages and tasks", page.locator(".lead").inner_text())
    reach(page, page.locator("#note"))
    page.keyboard.type("We know each other")
    reach(page, page.locator("#switch-on"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/procedures")
    assert page.locator("#in-force").inner_text() == "patience"
    assert "We know each other" in page.locator("main").inner_text()
    # And back.
    reach(page, page.locator("form[action$='/back'] button").first)
    page.keyboard.press("Enter")
    expect(page.locator("#in-force")).to_have_text(before)


@pytest.mark.parametrize("script", [True, False])
def test_a_change_shows_in_the_text_with_and_without_javascript(
    desk: SampleDesk, browser: Browser, *, script: bool
) -> None:
    page = desk.come_in(browser, "controller", java_script_enabled=script)
    page.goto(desk.page("procedures"))
    page.locator(".page-head form button").click()
    page.wait_for_url("**/procedures/drafts/*")
    page.locator("#sum-due_3-0").click()
    page.locator("#f1-low").fill("4")
    page.locator("#save-due_3-0").click()
    page.locator("#sum-due_3-0", has_text="4 days before the due date").wait_for()
    assert "when: 4 days before due" in text(page)
    page.locator("#down-due_3-0").click()
    page.locator(".step").nth(2).locator("#sum-due_3-0").wait_for()
    assert names(page)[:3] == ["due_7", "due_today", "due_3"]
    assert "To correct" in page.locator(".step").nth(2).inner_text()


def test_a_step_is_dragged(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller", viewport={"width": 1280, "height": 1400})
    page.goto(desk.page("procedures"))
    page.locator(".page-head form button").click()
    page.wait_for_url("**/procedures/drafts/*")
    assert names(page)[7:9] == ["call", "meeting"]
    page.locator("#step-8 .dot").drag_to(page.locator("#step-7"))
    page.locator("#step-7 #sum-meeting-0").wait_for()
    assert names(page)[7:9] == ["meeting", "call"]

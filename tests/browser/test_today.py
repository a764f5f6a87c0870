"""A controller's morning in a browser: with the mouse, and with nothing but the keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from amable.correspondence.models import EditedWords, Message
from amable.organisation.models import Creditor
from amable.organisation.tenancy import acting_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.sample_desk import SampleDesk


def states() -> dict[str, str]:
    """Where each message of the day stands."""
    with acting_for(Creditor.objects.get()):
        today = Message.objects.filter(day="2026-03-17", act__in=("email", "letter", "thanks"))
        return dict(today.exclude(state__in=("withdrawn", "said")).values_list("key", "state"))


def test_a_morning_with_the_keyboard_alone(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller", "es")
    keys = page.keyboard
    keys.press("j")
    keys.press("j")
    key = str(page.locator("tr[data-here]").get_attribute("data-row"))
    keys.press("a")
    page.locator(f'tr[data-row="{key}"] [data-key="u"]').wait_for()
    assert states()[key] == "approved"
    assert page.locator("tr[data-here]").get_attribute("data-row") == key  # the place in the list is kept
    keys.press("u")
    page.locator(f'tr[data-row="{key}"] [data-key="a"]').wait_for()
    assert states()[key] == "proposed"
    keys.press("e")
    page.wait_for_url("**/edit")
    page.locator("textarea").last.focus()
    keys.press("Control+End")
    keys.type(" Un saludo muy cordial.")
    page.locator("#words button.primary").focus()
    keys.press("Enter")
    page.wait_for_url(f"**/messages/{key}")
    with acting_for(Creditor.objects.get()):
        assert "muy cordial" in EditedWords.objects.get().texts[-1]
    assert "muy cordial" in page.frame_locator("iframe.paper").locator("body").inner_text()


def test_some_are_selected_and_approved_and_the_toast_takes_it_back(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "owner", "en")
    boxes = page.locator("tbody input[type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(2).check()
    assert page.locator(".bulk [data-count]").inner_text() == "2"
    page.locator(".bulk button.primary").click()
    page.locator(".told form button").click()
    page.locator(".told li", has_text="taken back").wait_for()
    assert set(states().values()) == {"proposed"}


def test_sending_is_stopped_and_resumed(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "owner", "fr")
    page.locator(".day .button.danger").click()
    page.wait_for_url("**/stop-sending*")
    page.keyboard.type("Prix erronés")
    page.keyboard.press("Enter")
    page.locator(".banner", has_text="Prix erronés").locator("a.button").click()
    page.locator("main form button.primary").click()
    page.wait_for_url("**/today")
    assert page.locator(".banner", has_text="Prix erronés").count() == 0


def test_what_a_call_came_to_is_noted_from_the_list(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "controller", "en")
    before = page.locator("#tasks + .tasks > li").count()
    call = page.locator(".tasks > li", has=page.locator("strong", has_text=re.compile("^Call "))).first
    who = call.locator("strong").inner_text()
    call.locator("summary").click()
    call.get_by_text("Voicemail").click()
    assert page.locator("#outcome-voicemail").is_checked()
    assert page.locator(".brief h2").count() > 3
    page.locator("main form button.primary").click()
    page.wait_for_url("**/today")
    assert before
    assert page.locator(".tasks > li", has_text=who).count() == 0


def test_the_day_works_without_javascript(desk: SampleDesk, browser: Browser) -> None:
    page = desk.come_in(browser, "owner", "ro", java_script_enabled=False)
    page.locator("tbody .acts button").first.click()
    page.wait_for_url("**/today")
    assert list(states().values()).count("approved") == 1

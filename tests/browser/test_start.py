"""From an empty folder to a first plan, as a person goes: by the link from the machine, one thing a page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import findings
from tests.servers.smtp import MailServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.sample_desk import SampleDesk

PASSWORD = "cuatro gatos verdes"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SampleDesk]:
    """A desk on a folder with nothing in it, on the morning of 17 March 2026."""
    from tests.browser.sample_desk import serving

    if os.environ.get("DATABASE_URL"):
        pytest.skip("the pages are looked at on SQLite")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps an event loop in this thread
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    with serving(folder) as desk:
        yield desk


def opened(browser: Browser, desk: SampleDesk, language: str = "en", **context: object) -> Page:
    """The first page, by its link."""
    from amable.desk import first

    page = browser.new_context(locale=language, base_url=desk.address, **context).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(15_000)
    page.goto(desk.address + first.link())
    return page


def go_on(page: Page, to: str) -> None:
    page.locator("main form").last.locator("button").first.click()
    page.wait_for_url(f"**/{to}")
    assert findings(page) == []


def say_who(page: Page) -> None:
    page.fill("[name=name]", "Lucía Soler")
    page.fill("[name=email]", "lucia@turia.example")
    page.fill("[name=password]", PASSWORD)
    page.locator("main button").click()
    page.wait_for_url("**/company")


def say_which_company(page: Page) -> None:
    page.fill("[name=name]", "Ferretería del Turia")
    page.select_option("[name=country]", "ES")
    page.fill("[name=tax_id]", "B12345674")
    page.fill("[name=iban]", "ES91 2100 0418 4502 0005 1332")
    page.locator("main button.primary").click()
    page.wait_for_url("**/start/mailbox")


def test_from_nothing_to_a_plan(browser: Browser, empty: SampleDesk) -> None:
    page = opened(browser, empty)
    assert findings(page) == []
    say_who(page)
    assert findings(page) == []

    # A slip in the account and one in the tax number: both are said at once, and nothing typed is lost.
    page.fill("[name=name]", "Ferretería del Turia")
    page.select_option("[name=country]", "ES")
    page.fill("[name=tax_id]", "B12345678")
    page.fill("[name=iban]", "ES91 2100 0418 4502 0005 1333")
    page.fill("[name=sender_signature]", "Accounts")
    assert page.locator("[data-mirrors=sender_signature]").inner_text() == "Accounts"
    page.select_option("[name=language]", "es")
    assert page.locator("[data-signoff]").inner_text() != "Kind regards,"
    page.locator("main button.primary").click()
    page.locator(".wrong").first.wait_for()
    assert "tax number" in page.locator("#id_tax_id_error").inner_text()
    assert "IBAN" in page.locator("#id_iban_error").inner_text()
    assert page.input_value("[name=sender_signature]") == "Accounts"
    say_which_company(page)
    assert findings(page) == []

    # The mailbox is tried at once: first where nobody listens, then where somebody does.
    with MailServer() as mail:
        page.check("[name=provider][value=own]")
        page.fill("[name=user]", "")
        page.fill("[name=server]", "localhost")
        page.select_option("[name=encryption]", "none")
        page.fill("[name=port]", "9")
        page.locator("main button.primary").click()
        page.locator(".tried").wait_for()
        assert "cannot be reached" in page.locator(".tried").inner_text()
        assert findings(page) == []
        page.fill("[name=port]", str(mail.port))
        page.locator("main button.primary").click()
        page.wait_for_url("**/start/ledger")
        (received,) = mail.messages
        assert received.recipients == ("lucia@turia.example",)
        assert "It works" in page.locator("#told").inner_text()

    go_on(page, "start/bank")  # skipped, for now
    go_on(page, "start/procedure")
    page.check("#procedure-gentle")
    page.locator("main button.primary").click()
    page.wait_for_url("**/start/plan")
    assert "no open invoice yet" in page.locator("main").inner_text()

    # Left, and taken up again: where the address of the desk leads is where it goes on.
    page.goto(empty.address)
    page.wait_for_url("**/start/plan")

    take_sample(page, empty)
    page.goto(page.url)
    page.locator("[name=make]").click()
    page.get_by_text(re.compile(r"\d messages? would leave today")).wait_for()
    assert findings(page) == []
    assert page.locator("tbody tr").count() > 3
    page.locator("main form").last.locator("button").first.click()
    page.wait_for_url("**/today")
    assert page.locator(".start-left").count() == 0


def take_sample(page: Page, desk: SampleDesk) -> None:
    """Download the sample ledger from its page, and bring it in as the command does."""
    from amable.cli.run import read_input
    from amable.ledger import intake
    from amable.organisation.models import Creditor, Sending
    from amable.organisation.tenancy import acting_for
    from amable.work import duties

    creditor = Creditor.objects.get()
    file = desk.folder / "sample-ledger.csv"
    file.write_text(page.request.get(desk.page("start-sample-ledger")).text(), "utf-8")
    given = read_input((file,), (), {})
    assert given.complaints == []
    with acting_for(creditor):
        records = (intake.Sourced(name, record) for name, record in given.records)
        intake.take_ledger(creditor, records, given.digests, duties.today_of(creditor, desk.clock()))
        sending = Sending.objects.get(creditor=creditor)
        assert duties.procedure_of(creditor, sending).name == "gentle"


def test_the_same_by_keyboard_on_a_phone_in_french(browser: Browser, empty: SampleDesk) -> None:
    page = opened(browser, empty, "fr", viewport={"width": 390, "height": 844}, color_scheme="dark")
    assert "1 sur 7" in page.locator("main").inner_text()
    page.focus("[name=name]")
    for word in ("Lucía Soler", "lucia@turia.example", PASSWORD):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/company")
    page.focus("[name=name]")
    page.keyboard.type("Quincaillerie du Canal")
    page.keyboard.press("Enter")
    page.wait_for_url("**/start/mailbox")
    assert findings(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    page.locator("[name=skip]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/start/ledger")
    assert findings(page) == []


def test_without_javascript_all_of_it_works(browser: Browser, empty: SampleDesk) -> None:
    page = opened(browser, empty, java_script_enabled=False)
    say_who(page)
    say_which_company(page)
    page.locator("[name=skip]").click()
    for step in ("bank", "procedure"):
        page.locator("main form").last.locator("button").first.click()
        page.wait_for_url(f"**/start/{step}")
    page.locator("main form").last.locator("button").first.click()
    page.wait_for_url("**/start/plan")

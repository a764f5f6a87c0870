"""In a real browser nothing that data says is done: no dialog, no script, no address of elsewhere asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amable.organisation.models import Creditor
from amable.organisation.tenancy import acting_for
from tests.browser.views import views
from tests.desk.hostile import batches, lines
from tests.desk.hostile_rows import write_over

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

    from tests.browser.sample_desk import SampleDesk

SHOWN = (
    "today", "customers", "customer", "customer-contacts", "customer-promise", "items", "search", "messages", "message",
    "message-edit", "message-record", "message-hold", "task", "money", "line-proposed", "line-unknown", "statements",
    "payments", "payment", "files", "file-rejected", "procedures", "wordings", "wording", "settings", "staff",
    "audit-all", "settings-company", "calendars", "profile",
)  # fmt: skip
_LISTEN = """
for (const name of ["alert", "confirm", "prompt", "print", "open", "eval"])
  window[name] = () => console.error("ran: " + name);
addEventListener("securitypolicyviolation", event => console.error("refused: " + event.violatedDirective));
"""


def listened_to(page: Page, address: str) -> list[str]:
    """What a page does that it should not, as it comes."""
    found: list[str] = []

    def said(line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            found.append(f"{page.url}: {line.text[:200]}")

    def asked(request: Request) -> None:
        if not request.url.startswith((address, "data:")):
            found.append(f"{page.url}: asked {request.url[:200]}")

    page.on("console", said)
    page.on("request", asked)
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    page.on("dialog", lambda dialog: (found.append(f"{page.url}: {dialog.message}"), dialog.dismiss()))
    page.on("popup", lambda other: found.append(f"{page.url}: opened {other.url}"))
    page.context.add_init_script(_LISTEN)
    return found


def test_pages_of_hostile_rows_do_nothing(desk: SampleDesk, browser: Browser) -> None:
    pages = views(desk)
    page = desk.come_in(browser, "owner", "en")
    found = listened_to(page, desk.address)
    creditor = Creditor.objects.get()
    with acting_for(creditor):
        write_over(creditor, batches(9_000), 0)
    for name in SHOWN:
        page.goto(pages[name])
        page.locator("main").wait_for()
        assert page.locator("canary, main script, main iframe:not(.paper)").count() == 0, name
    assert found == []
    page.context.close()


def test_what_is_typed_is_shown_and_does_nothing(desk: SampleDesk, browser: Browser) -> None:
    """The worst of them by the keyboard: looked for, noted, and read again in the note and in the toast."""
    page = desk.come_in(browser, "owner", "en")
    found = listened_to(page, desk.address)
    worst = [line for line in lines() if "<" in line and "alert" in line and line.isprintable()][::12]
    customer = views(desk)["customer"]
    page.goto(desk.page("stop"))
    page.get_by_label("Why").fill(worst[0][:290])
    page.keyboard.press("Enter")
    page.locator(".banner").first.wait_for()
    assert worst[0][:290] in page.locator(".banner").first.inner_text()
    for line in worst:
        page.goto(desk.page("search"))
        page.locator("main input[type=search], header input[type=search], input[type=search]").first.fill(line[:200])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/search?" in url)
    page.goto(customer)
    page.locator("textarea[name=text]").fill("\n".join(worst)[:3_900])
    with page.expect_navigation():
        page.locator("form:has(textarea[name=text]) button").click()
    assert worst[1] in page.locator("main").inner_text()
    assert found == []
    page.context.close()

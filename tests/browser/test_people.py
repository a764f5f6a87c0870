"""A person's way in: invited, a password, an app with codes, a passkey, and back again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.browser.chromium import findings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.sample_desk import SampleDesk

ANA = "ana@turia.example"
WORDS = "cuatro tornillos y medio"


def code(secret: str) -> str:
    import time

    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    now = int(time.time())  # noqa: TID251 - the server's clock for codes is the real one
    return str(format_hotp_value(hotp_value(secret, now // 30)))


def newcomer(desk: SampleDesk, browser: Browser) -> Page:
    """Somebody an owner has just invited, in a browser of their own, with their password chosen."""
    owner = desk.come_in(browser, "owner")
    owner.goto(desk.page("staff"))
    owner.get_by_label("Email address").fill(ANA)
    owner.get_by_label("Role", exact=True).select_option("controller")
    owner.get_by_label("Language").select_option("en")
    owner.get_by_role("button", name="Invite").click()
    link = owner.get_by_label("Link", exact=True).input_value()
    owner.context.close()
    context = browser.new_context(locale="en", base_url=desk.address.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(link.replace("127.0.0.1", "localhost"))
    assert not findings(page)
    page.get_by_label("Your name").fill("Ana Peris")
    page.get_by_label("New password", exact=True).fill(WORDS)
    page.get_by_label("New password, once more").fill(WORDS)
    page.keyboard.press("Enter")
    page.wait_for_url("**/today")
    return page


def again(page: Page) -> None:
    """Show once more that it is they, where that is asked."""
    if page.get_by_role("heading", name="Is it still you?").is_visible():
        page.get_by_label("Password", exact=True).fill(WORDS)
        page.keyboard.press("Enter")


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Email address").wait_for()


def test_from_an_invitation_to_a_second_factor_and_back_in(desk: SampleDesk, browser: Browser) -> None:
    page = newcomer(desk, browser)
    page.get_by_role("link", name="Ana Peris").click()
    page.get_by_role("link", name="Set up").click()
    again(page)
    secret = page.locator("code.secret").inner_text()
    assert not findings(page)
    page.get_by_label("The six digits").fill(code(secret))
    page.keyboard.press("Enter")
    codes = page.locator("pre.codes").inner_text().split()
    assert len(codes) == 10
    assert not findings(page)
    sign_out(page)
    page.get_by_label("Email address").fill(ANA)
    page.get_by_label("Password", exact=True).fill(WORDS)
    page.keyboard.press("Enter")
    page.get_by_label("Code").fill(codes[0])
    assert not findings(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/today")
    page.context.close()


def test_a_passkey_is_added_named_lets_in_and_goes(desk: SampleDesk, browser: Browser) -> None:
    page = newcomer(desk, browser)
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    facts = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": facts})
    page.get_by_role("link", name="Ana Peris").click()
    page.get_by_role("link", name="Add a passkey").click()
    again(page)
    page.get_by_label("What you call it").fill("Ana's laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    sign_out(page)
    page.get_by_role("button", name="With a passkey").click()
    page.wait_for_url("**/today")
    page.get_by_role("link", name="Ana Peris").click()
    page.get_by_role("link", name=re.compile("Rename")).click()
    if page.get_by_role("heading", name="Is it still you?").is_visible():
        page.get_by_label("Password", exact=True).fill(WORDS)
        page.keyboard.press("Enter")
    page.get_by_label("What you call it").fill("Laptop of the office")
    page.keyboard.press("Enter")
    page.get_by_text("Laptop of the office").first.wait_for()
    page.get_by_role("link", name=re.compile("Remove")).click()
    page.get_by_role("button", name="Remove the passkey").click()
    page.get_by_text("The passkey is removed.").wait_for()
    assert page.get_by_text("Laptop of the office").count() == 0
    assert not wrong
    page.context.close()


def test_a_passkey_that_does_not_come_about_says_so(desk: SampleDesk, browser: Browser) -> None:
    page = browser.new_context(base_url=desk.address.replace("127.0.0.1", "localhost"), locale="en").new_page()
    page.goto("/account/login/")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    facts = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**facts, "isUserVerified": False}})
    page.get_by_role("button", name="With a passkey").click()
    page.get_by_text("That did not work").wait_for()
    page.context.close()


def test_an_owner_changes_a_role_by_keyboard_and_reads_of_it(desk: SampleDesk, browser: Browser) -> None:
    newcomer(desk, browser).context.close()
    page = desk.come_in(browser, "owner")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/settings")
    page.get_by_role("link", name="Staff").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Role of Ana Peris").focus()
    page.keyboard.press("v")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The role of Ana Peris is changed.").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/settings")
    page.get_by_role("link", name="Who did what").click()
    page.get_by_text("Changed the role of Ana Peris from Credit controller to Viewer").wait_for()
    page.get_by_role("button", name="Prove it").click()
    page.get_by_text("The record is whole").wait_for()
    page.context.close()

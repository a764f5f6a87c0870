"""A controller's working day from sign-in to sign-out: with the mouse, with nothing but the keyboard, and shorter."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from amable.core.languages import say
from tests.browser.test_procedures import reach
from tests.browser.test_today import states

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.sample_desk import SampleDesk

DESKTOP = {"width": 1280, "height": 860}


@pytest.fixture
def statement(tmp_path: Path) -> Path:
    """What the bank says this morning: somebody paid an invoice in full, without naming it, from a new account."""
    text = files("amable.sample").joinpath("statements/statement-2026-03-12.xml").read_text()
    for old, new in (
        ("2026-03-12", "2026-03-17"), ("20260312", "20260317"), ("00050", "00053"), (">50<", ">53<"),
        ("442.80", "447.70"), ("COOPERATIVA PANADERA DEL TURIA COOP V", "CONFITERIA TRIANA SL"),
        ("ES7999990001410000000021", "ES9121000418450200051332"), ("FRA F-2026-0071", "PAGO FACTURA"),
    ):  # fmt: skip
        text = text.replace(old, new)
    (tmp_path / "statement.xml").write_text(text)
    return tmp_path / "statement.xml"


def row(page: Page, number: int) -> str:
    """The key of a message in the list of today."""
    return str(page.locator("tr[data-row]").nth(number).get_attribute("data-row"))


def waiting(page: Page, language: str) -> None:
    """The first sentence of the day says what really waits."""
    n = list(states().values()).count("proposed")
    expect(page.locator(".in-words")).to_contain_text(say("desk.today.wait", language, n=n))


def signed_out(page: Page, desk: SampleDesk) -> None:
    """Nothing opens any more without signing in."""
    page.wait_for_url("**/account/login/**")
    page.goto(desk.page("today"))
    page.wait_for_url("**/account/login/**")


def test_a_day_with_the_mouse(desk: SampleDesk, browser: Browser, statement: Path) -> None:
    page = desk.come_in(browser, "controller", viewport=DESKTOP)
    told = page.locator("#told")
    waiting(page, "en")

    # A message is read as its customer will see it, and given a warmer word.
    read = row(page, 1)
    page.locator(f'tr[data-row="{read}"] [data-open]').click()
    page.wait_for_url(f"**/messages/{read}")
    page.get_by_role("link", name="Edit").click()
    text = page.locator("textarea").last
    text.fill(text.input_value() + " Un abrazo a todo el equipo.")
    page.get_by_role("button", name="Keep these words").click()
    page.wait_for_url(f"**/messages/{read}")
    expect(page.frame_locator("iframe.paper").locator("body")).to_contain_text("Un abrazo")

    # One customer is left in peace for a while; the others are written to, after a second thought.
    page.get_by_role("link", name="Today").first.click()
    held = row(page, 2)
    page.locator(f'tr[data-row="{held}"] [data-key="h"]').click()
    page.get_by_label("Why?").fill("Their oven broke down; we speak on Monday.")
    page.get_by_role("button", name="Hold").click()
    page.wait_for_url("**/today")
    expect(told).to_contain_text("is not written to before 24 March 2026")
    assert held not in states()
    page.get_by_role("button", name=re.compile("^Approve 2")).click()
    told.locator("form button").click()
    expect(told).to_contain_text("taken back")
    assert set(states().values()) == {"proposed"}
    page.get_by_role("button", name=re.compile("^Approve 2")).click()
    expect(told).to_contain_text("approved. They leave in 10 minutes at the earliest.")
    assert set(states().values()) == {"approved"}

    # A call that nobody answered.
    call = page.locator(".tasks > li", has=page.locator("strong", has_text=re.compile("^Call "))).first
    who = call.locator("strong").inner_text()
    call.locator("summary").click()
    call.get_by_role("link", name="Voicemail").click()
    page.get_by_role("button", name="Record").click()
    page.wait_for_url("**/today")
    expect(page.locator(".tasks strong", has_text=who)).to_have_count(0)

    # The bank: what could mean two things is confirmed by a person.
    page.get_by_role("link", name="Files").click()
    page.locator("input[type=file]").set_input_files(statement)
    page.wait_for_url(re.compile(r"/files/\d+$"))
    page.get_by_text("Taken in by Marta Gil").wait_for()
    page.get_by_role("link", name="Money in", exact=True).click()
    page.get_by_role("row", name="CONFITERIA TRIANA").first.get_by_role("button", name="Confirm").click()
    expect(told).to_contain_text("€447.70 booked for Confitería Triana, S.L.")

    # Somebody calls: found, promised, noted.
    page.get_by_label("Search", exact=True).fill("malvarrosa")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Gran Hotel Malvarrosa").first.click()
    page.get_by_role("link", name="Promise").click()
    page.get_by_label("Amount in EUR").fill("1,000.50")
    page.get_by_label("To be paid by").fill("2026-03-27")
    page.get_by_label("Who said it").fill("Dolors, by phone")
    page.get_by_role("button", name="Record the promise").click()
    expect(page.locator("main")).to_contain_text("Promised: €1,000.50 by 27 March 2026.")
    page.locator("#note").fill("Asks for Dolors")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#notes .note")).to_contain_text("Asks for Dolors")
    page.get_by_role("button", name="Sign out").click()
    signed_out(page, desk)


def test_a_day_with_the_keyboard_alone(desk: SampleDesk, browser: Browser, statement: Path) -> None:
    page = desk.come_in(browser, "controller", "es", viewport=DESKTOP)
    keys, told = page.keyboard, page.locator("#told")
    waiting(page, "es")

    read, held = row(page, 0), row(page, 1)
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url(f"**/messages/{read}")
    keys.press("e")
    page.wait_for_url("**/edit")
    reach(page, page.locator("textarea").last)
    keys.press("Control+End")
    keys.type(" Un abrazo a todo el equipo.")
    reach(page, page.locator("#words button.primary"))
    keys.press("Enter")
    page.wait_for_url(f"**/messages/{read}")

    keys.press("g")
    keys.press("t")
    page.wait_for_url("**/today")
    keys.press("j")
    keys.press("j")
    keys.press("h")
    page.wait_for_url(f"**/messages/{held}/hold")
    keys.type("Se les ha roto el horno; hablamos el lunes.")  # the cursor stands there
    reach(page, page.locator("main form button.primary"))
    keys.press("Enter")
    page.wait_for_url("**/today")
    expect(told).to_contain_text("antes del 24 de marzo de 2026")
    assert held not in states()
    reach(page, page.locator(".day button.primary"))
    keys.press("Enter")
    reach(page, told.locator("form button").last, "Shift+Tab")
    keys.press("Enter")
    expect(told).to_contain_text("Se retiró la aprobación")
    reach(page, page.locator(".day button.primary"))
    keys.press("Enter")
    expect(told).to_contain_text("mensajes aprobados")
    assert set(states().values()) == {"approved"}

    call = page.locator(".tasks > li", has=page.locator("strong", has_text=re.compile("^Llamar a "))).first
    who = call.locator("strong").inner_text()
    reach(page, call.locator("summary"))
    keys.press("Enter")
    reach(page, call.get_by_role("link", name="Buzón de voz"))
    keys.press("Enter")
    page.wait_for_url("**/outcome?outcome=voicemail")
    reach(page, page.locator("main form button.primary"))
    keys.press("Enter")
    page.wait_for_url("**/today")
    expect(page.locator(".tasks strong", has_text=who)).to_have_count(0)

    keys.press("g")
    keys.press("f")
    page.wait_for_url("**/files")
    with page.expect_file_chooser() as chooser:  # asked of the page first: a key may come sooner than what is asked
        reach(page, page.locator("input[type=file]"))
        keys.press("Space")
    chooser.value.set_files(statement)
    page.wait_for_url(re.compile(r"/files/\d+$"))
    page.get_by_text("Incorporado por Marta Gil").wait_for()
    keys.press("g")
    keys.press("b")
    page.wait_for_url("**/money")
    for _ in range(page.locator("[data-list] tbody tr").count()):
        keys.press("j")
        if "CONFITERIA TRIANA" in page.locator("tr[data-here]").inner_text():
            break
    keys.press("c")
    expect(told).to_contain_text("Confitería Triana, S.L.")

    keys.press("/")
    keys.type("malvarrosa")
    keys.press("Enter")
    page.wait_for_url("**/search?*")
    reach(page, page.get_by_role("link", name="Gran Hotel Malvarrosa").first)
    keys.press("Enter")
    page.wait_for_url("**/customers/*")
    reach(page, page.get_by_role("link", name="Promesa"))
    keys.press("Enter")
    page.wait_for_url("**/promise")
    reach(page, page.get_by_label("Quién lo dijo"))
    keys.type("Dolors, por teléfono")
    keys.press("Enter")
    page.wait_for_url("**/customers/*")
    expect(page.locator("main")).to_contain_text("Dolors, por teléfono")
    reach(page, page.locator("#note"))
    keys.type("Preguntar por Dolors")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("#notes .note")).to_contain_text("Preguntar por Dolors")
    reach(page, page.get_by_role("button", name="Cerrar sesión"))
    keys.press("Enter")
    signed_out(page, desk)


@pytest.mark.parametrize("language", ["ro", "fr"])
def test_a_short_day(desk: SampleDesk, browser: Browser, language: str) -> None:
    page = desk.come_in(browser, "controller", language, viewport={"width": 390, "height": 844})
    told = page.locator("#told")
    waiting(page, language)
    key = row(page, 0)
    page.locator(f'tr[data-row="{key}"] [data-key="a"]').click()
    page.locator(f'tr[data-row="{key}"] [data-key="u"]').click()
    expect(told).to_contain_text(say("desk.today.unapproved", language, n=1))
    assert states()[key] == "proposed"
    page.locator(f'tr[data-row="{key}"] .who a').click()
    page.wait_for_url("**/customers/*")
    page.locator("#note").fill("Dolors")
    page.get_by_role("button", name=say("desk.notes.save", language)).click()
    expect(page.locator("#notes .note")).to_contain_text("Dolors")
    for name in ("today", "customers", "items", "messages", "money", "procedures", "wordings", "files", "settings"):
        page.goto(desk.page(name))
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert not re.findall(r"\b(?:desk|story|hold|step|stepname)\.[a-z_]+", page.locator("body").inner_text())
    page.locator("[data-nav]").click()
    page.get_by_role("button", name=say("desk.sign_out", language)).click()
    signed_out(page, desk)

"""Every page as people see it: in nobody's way (axe), with nothing from elsewhere, not wider than a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import findings
from tests.browser.views import views

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.sample_desk import SampleDesk

WIDTHS = {"desktop": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_in_anybodys_way(desk: SampleDesk, browser: Browser, width: str) -> None:
    """In light and dark, which are other colours and nothing else."""
    page = desk.come_in(browser, viewport=WIDTHS[width])
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    found = {}
    for name, address in views(desk).items():
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(address)
        against = findings(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            against.append("wider than the window")
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        against += [f"dark: {one}" for one in findings(page, colours_only=True)]
        if against:
            found[name] = against
    assert not found
    assert not wrong
    assert not [url for url in asked if not url.startswith((desk.address, "data:"))]

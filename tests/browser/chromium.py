"""The Chromium of this machine, and axe, which finds what keeps people from using a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_QUIET = (
    "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-sandbox", "--disable-dev-shm-usage",
)  # fmt: skip


def _program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def is_missing() -> str:
    """What to install so that pages can be looked at; empty when nothing is missing."""
    if not find_spec("playwright"):
        return "playwright is not installed: pip install -e '.[dev]'"
    return "" if _program() else "no Chromium on this machine: install the package chromium"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Running, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


_ALL = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_OF_COLOURS = ("color-contrast", "link-in-text-block")


def findings(page: Page, *, colours_only: bool = False) -> list[str]:
    """What axe has against the page as it is shown now: rule, and the places it means."""
    from axe_playwright_python.sync_playwright import Axe

    chosen = {"type": "rule", "values": _OF_COLOURS} if colours_only else {"type": "tag", "values": _ALL}
    found = Axe().run(page, options={"runOnly": chosen, "resultTypes": ["violations"]})
    return [
        f"{one['id']}: {', '.join(node['html'][:160] for node in one['nodes'][:4])}"
        for one in found.response["violations"]
    ]

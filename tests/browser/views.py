"""The pages that are looked at, by the name of their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.sample_desk import SampleDesk


def views(desk: SampleDesk) -> dict[str, str]:
    """Where each of them is."""
    return {
        "sign-in": f"{desk.address}/account/login/",
        "today": desk.page("today"),
        "start-company": desk.page("start-company"),
        "start-mailbox": desk.page("start-mailbox"),
        "start-ledger": desk.page("start-ledger"),
        "start-bank": desk.page("start-bank"),
        "start-procedure": desk.page("start-procedure"),
        "start-plan": desk.page("start-plan"),
        "settings": desk.page("settings"),
        "settings-company": desk.page("settings-company"),
        "settings-mailbox": desk.page("settings-mailbox"),
    }

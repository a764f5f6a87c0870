"""The pages that are looked at, by the name of their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.sample_desk import SampleDesk


def views(desk: SampleDesk) -> dict[str, str]:
    """Where each of them is."""
    return {
        "sign-in": f"{desk.address}/account/login/",
        "forgotten": f"{desk.address}/account/forgotten/",
        "sign-out": f"{desk.address}/account/logout/",
        "first-password": f"{desk.address}/account/password/set/",
        "app": f"{desk.address}/account/2fa/totp/activate/",
        "passkey": f"{desk.address}/account/2fa/passkeys/add/",
        "second-factor": f"{desk.address}/account/second-factor/",
        "today": desk.page("today"),
        "profile": desk.page("profile"),
        "staff": desk.page("staff"),
        "channels": desk.page("channels"),
        "calendars": desk.page("calendars"),
        "brakes": desk.page("brakes"),
        "audit": desk.page("audit"),
        "audit-all": desk.page("audit") + "?all=1&area=message",
        "audit-none": desk.page("audit") + "?customer=nobody-of-this-name",
    }

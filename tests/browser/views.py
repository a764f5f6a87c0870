"""The pages that are looked at, by the name of their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.sample_desk import SampleDesk


def views(desk: SampleDesk) -> dict[str, str]:
    """Where each of them is."""
    from django_scopes import scopes_disabled

    from amable.banking.models import BankLine

    with scopes_disabled():
        waiting = BankLine.objects.filter(state__in=("proposed", "unknown"))
        proposed, unknown = (waiting.filter(state=state).order_by("pk")[0] for state in ("proposed", "unknown"))
        returned = BankLine.objects.filter(state="reversal").order_by("pk")[0]
    return {
        "sign-in": f"{desk.address}/account/login/",
        "today": desk.page("today"),
        "money": desk.page("money"),
        "money-booked": desk.page("money") + "?kind=booked",
        "money-filtered": desk.page("money") + "?kind=other&q=suministro",
        "money-none": desk.page("money") + "?q=nobody+like+this",
        "line-proposed": desk.page("line", line=proposed.pk),
        "line-unknown": desk.page("line", line=unknown.pk) + "?other&whose=panaderia",
        "line-returned": desk.page("line", line=returned.pk),
        "statements": desk.page("statements"),
        "payments": desk.page("payments"),
        "payments-none": desk.page("payments") + "?kind=hand",
        "payment": desk.page("payment", payment=returned.payment_id),
        "payment-new": desk.page("payment_new") + "?q=pizz",
        "payment-record": desk.page("payment_record", customer=proposed.customer_id),
    }

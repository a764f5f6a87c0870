"""The pages that are looked at, by the name of their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.sample_desk import SampleDesk


def views(desk: SampleDesk) -> dict[str, str]:
    """Where each of them is."""
    from amable.ledger.models import Customer, Item
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    with acting_for(Creditor.objects.get()):
        late = Item.objects.filter(open__gt=0).order_by("due_on").values_list("customer_id", flat=True)[0]
        settled = Customer.objects.exclude(item__open__gt=0).order_by("pk").first()
    return {
        "sign-in": f"{desk.address}/account/login/",
        "today": desk.page("today"),
        "customers": desk.page("customers"),
        "customers-none": desk.page("customers") + "?text=nobody-of-this-name",
        "customer": desk.page("customer", customer=late),
        "customer-settled": desk.page("customer", customer=settled.pk if settled else late),
        "customer-chase": desk.page("customer_chase", customer=late),
        "customer-pause": desk.page("customer_pause", customer=late),
        "customer-promise": desk.page("customer_promise", customer=late),
        "customer-dispute": desk.page("customer_dispute", customer=late),
        "customer-plan": desk.page("customer_plan", customer=late),
        "customer-contacts": desk.page("customer_contacts", customer=late),
        "items": desk.page("items"),
        "items-filtered": desk.page("items") + "?status=overdue&bucket=d30&from=2026-01-01",
        "search": desk.page("search") + "?q=2026",
        "search-none": desk.page("search") + "?q=zzzz",
    }

"""Which address of the desk shows what. Each route below a creditor says what it asks for (see `door`)."""

from __future__ import annotations

from django.urls import path

from amable.desk import agreeing, customer, customers, entering, items, knowing, searching, today
from amable.desk.door import at
from amable.organisation.roles import May

app_name = "desk"

urlpatterns = [
    path("", entering.home, name="home"),
    path("enter/<int:number>/<str:token>", entering.enter, name="enter"),
    # today
    at("today", today.page, "today"),
    # customers and items
    at("search", searching.page, "search"),
    at("items", items.page, "items"),
    at("items/export", items.export, "items_export"),
    at("customers", customers.page, "customers"),
    at("customers/<int:customer>", customer.page, "customer"),
    at("customers/<int:customer>/chase", agreeing.chase, "customer_chase", may=May.RUN, writes=True),
    at("customers/<int:customer>/pause", agreeing.pause, "customer_pause", may=May.CARE, writes=True),
    at("customers/<int:customer>/promise", agreeing.promise, "customer_promise", may=May.CARE, writes=True),
    at("customers/<int:customer>/dispute", agreeing.dispute, "customer_dispute", may=May.CARE, writes=True),
    at("customers/<int:customer>/plan", agreeing.plan, "customer_plan", may=May.CARE, writes=True),
    at("customers/<int:customer>/contacts", knowing.contacts, "customer_contacts", may=May.CARE, writes=True),
    at(
        "customers/<int:customer>/ledgers-word",
        knowing.ledgers_word,
        "ledgers_word",
        may=May.CARE,
        reads=False,
        writes=True,
    ),
    at("customers/<int:customer>/notes", knowing.note, "customer_note", may=May.CARE, reads=False, writes=True),
    at("notes/<int:note>", knowing.change_note, "note", may=May.CARE, writes=True),
    at("holds/<int:hold>/end", agreeing.end_hold, "hold_end", may=May.CARE, reads=False, writes=True),
    at("promises/<int:promise>/end", agreeing.end_promise, "promise_end", may=May.CARE, reads=False, writes=True),
    at("disputes/<int:dispute>", agreeing.resolve, "dispute", may=May.CARE, writes=True),
    at(
        "disputes/<int:dispute>/credited", agreeing.credited, "dispute_credited", may=May.CARE, reads=False, writes=True
    ),
    at("plans/<int:plan>/end", agreeing.end_plan, "plan_end", may=May.CARE, reads=False, writes=True),
    # messages
    # procedures
    # wordings
    # money
    # overview
    # files
    # settings
]

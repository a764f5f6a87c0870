"""Which address of the desk shows what. Each route below a creditor says what it asks for (see `door`)."""

from __future__ import annotations

from django.urls import path

from amable.desk import company, entering, first, mailbox, settings, start, today
from amable.desk.door import at
from amable.organisation.roles import May

app_name = "desk"

urlpatterns = [
    path("", entering.home, name="home"),
    path("enter/<int:number>/<str:token>", entering.enter, name="enter"),
    path("start/<str:token>", first.page, name="first"),
    path("company", company.another, name="another"),
    # the guided start
    at("start", start.resume, "start", may=May.OWN),
    at("start/company", company.step, "start-company", may=May.OWN, writes=True),
    at("start/mailbox", mailbox.step, "start-mailbox", may=May.OWN, writes=True),
    at("start/ledger", start.ledger_step, "start-ledger", may=May.OWN, writes=True),
    at("start/sample-ledger.csv", start.sample_ledger, "start-sample-ledger", may=May.OWN),
    at("start/bank", start.bank_step, "start-bank", may=May.OWN, writes=True),
    at("start/procedure", start.procedure_step, "start-procedure", may=May.OWN, writes=True),
    at("start/plan", start.plan_step, "start-plan", may=May.OWN, writes=True),
    # today
    at("today", today.page, "today"),
    # customers and items
    # messages
    # procedures
    # wordings
    # money
    # overview
    # files
    # settings
    at("settings", settings.page, "settings"),
    at("settings/company", company.page, "settings-company", may=May.OWN, writes=True),
    at("settings/mailbox", mailbox.page, "settings-mailbox", may=May.OWN, writes=True),
    at("settings/mailbox/check", mailbox.check, "settings-mailbox-check", may=May.OWN, reads=False, writes=True),
]

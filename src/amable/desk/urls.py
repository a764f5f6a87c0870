"""Which address of the desk shows what. Each route below a creditor says what it asks for (see `door`)."""

from __future__ import annotations

from django.urls import path

from amable.desk import (
    agreeing,
    changing,
    company,
    customer,
    customers,
    entering,
    files,
    first,
    items,
    jobs,
    knowing,
    mailbox,
    messages,
    procedures,
    searching,
    settings,
    start,
    switch,
    today,
)
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
    at("today/approve", today.approve, "approve", may=May.RUN, reads=False, writes=True),
    at("today/unapprove", today.unapprove, "unapprove", may=May.RUN, reads=False, writes=True),
    at("today/send-now", today.send_now, "send_now", may=May.RUN, reads=False, writes=True),
    at("today/accept-odd", today.accept_odd, "accept_odd", may=May.RUN, reads=False, writes=True),
    at("stop-sending", switch.stop, "stop", may=May.RUN, writes=True),
    at("resume-sending", switch.resume, "resume", may=May.RUN, writes=True),
    at("tasks/<slug:task>/outcome", changing.outcome, "outcome", may=May.CARE, writes=True),
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
    at("messages", messages.listed, "messages"),
    at("messages/<slug:message>", messages.page, "message"),
    at("messages/<slug:message>/html", messages.html, "message_html"),
    at("messages/<slug:message>/document", messages.document, "message_document"),
    at("messages/<slug:message>/parts/<int:part>", messages.attachment, "message_part"),
    at("messages/<slug:message>/bytes", messages.exact, "message_bytes"),
    at("messages/<slug:message>/record", messages.record, "message_record"),
    at("messages/<slug:message>/edit", changing.edit, "edit", may=May.RUN, writes=True),
    at("messages/<slug:message>/hold", changing.hold, "hold", may=May.CARE, writes=True),
    at("messages/<slug:message>/resolve", messages.resolve, "resolve", may=May.RUN, reads=False, writes=True),
    # procedures
    at("procedures", procedures.page, "procedures"),
    at("procedures/begin", procedures.begin, "procedure_begin", may=May.RUN, reads=False, writes=True),
    at("procedures/drafts/<int:draft>", procedures.draft, "draft", may=May.RUN),
    at(
        "procedures/drafts/<int:draft>/change", procedures.change, "draft_change", may=May.RUN, reads=False, writes=True
    ),
    at(
        "procedures/drafts/<int:draft>/discard",
        procedures.discard,
        "draft_discard",
        may=May.RUN,
        reads=False,
        writes=True,
    ),
    at(
        "procedures/drafts/<int:draft>/restore",
        procedures.restore,
        "draft_restore",
        may=May.RUN,
        reads=False,
        writes=True,
    ),
    at("procedures/drafts/<int:draft>/effect", procedures.effect, "draft_effect", may=May.RUN),
    at("procedures/drafts/<int:draft>/calendar", procedures.calendar, "draft_calendar", may=May.RUN),
    at("procedures/drafts/<int:draft>/replay", procedures.replay, "draft_replay", may=May.RUN),
    at(
        "procedures/drafts/<int:draft>/switch-on",
        procedures.switch_on,
        "draft_switch_on",
        may=May.RUN,
        reads=False,
        writes=True,
    ),
    at("procedures/versions/<int:version>", procedures.version, "procedure_version"),
    at(
        "procedures/versions/<int:version>/back",
        procedures.go_back,
        "procedure_back",
        may=May.RUN,
        reads=False,
        writes=True,
    ),
    # wordings
    # money
    # overview
    # files
    at("files", files.listed, "files", may=May.RUN),
    at("files/drop", files.drop, "file_drop", may=May.RUN, reads=False, writes=True, limit=files.LIMIT),
    at("files/<int:file>", files.page, "file", may=May.RUN),
    at("files/<int:file>/how", files.how, "file_how", may=May.RUN, reads=False, writes=True),
    at("files/<int:file>/again", files.again, "file_again", may=May.RUN, reads=False, writes=True),
    at("files/<int:file>/take", files.take, "file_take", may=May.RUN, reads=False, writes=True),
    at("files/<int:file>/leave", files.leave, "file_leave", may=May.RUN, reads=False, writes=True),
    at("files/<int:file>/rejected.csv", files.rejected, "file_rejected", may=May.RUN),
    at("jobs/<int:job>", jobs.page, "job", may=May.RUN),
    at("jobs/<int:job>/cancel", jobs.cancel, "job_cancel", may=May.RUN, reads=False, writes=True),
    # settings
    at("settings", settings.page, "settings"),
    at("settings/company", company.page, "settings-company", may=May.OWN, writes=True),
    at("settings/mailbox", mailbox.page, "settings-mailbox", may=May.OWN, writes=True),
    at("settings/mailbox/check", mailbox.check, "settings-mailbox-check", may=May.OWN, reads=False, writes=True),
]

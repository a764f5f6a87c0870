"""Which address of the desk shows what. Each route below a creditor says what it asks for (see `door`)."""

from __future__ import annotations

from django.urls import path

from amable.desk import changing, entering, messages, switch, today
from amable.desk.door import at
from amable.organisation.roles import May

app_name = "desk"

urlpatterns = [
    path("", entering.home, name="home"),
    path("enter/<int:number>/<str:token>", entering.enter, name="enter"),
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
    # wordings
    # money
    # overview
    # files
    # settings
]

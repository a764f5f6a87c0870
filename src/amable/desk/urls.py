"""Which address of the desk shows what. Each route below a creditor says what it asks for (see `door`)."""

from __future__ import annotations

from django.urls import path

from amable.desk import entering, procedures, today
from amable.desk.door import at
from amable.organisation.roles import May

app_name = "desk"

urlpatterns = [
    path("", entering.home, name="home"),
    path("enter/<int:number>/<str:token>", entering.enter, name="enter"),
    # today
    at("today", today.page, "today"),
    # customers and items
    # messages
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
    # settings
]

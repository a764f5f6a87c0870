"""Which address of the desk shows what. Each route below a creditor says what it asks for (see `door`)."""

from __future__ import annotations

from django.urls import path

from amable.desk import entering, procedures, today, wordings
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
    at("wordings", wordings.page, "wordings"),
    at("wordings/parity", wordings.parity, "wordings_parity"),
    at("wordings/export", wordings.export, "wordings_export"),
    at("wordings/import", wordings.take_in, "wordings_file", may=May.RUN, writes=True, limit=wordings.LARGEST),
    at("wordings/new", wordings.new, "wording_new", may=May.RUN),
    at("wordings/look", wordings.look, "wording_look", may=May.RUN, reads=False, writes=True),
    at("wordings/save", wordings.save, "wording_save", may=May.RUN, reads=False, writes=True),
    at("wordings/paper", wordings.paper, "wording_paper"),
    at("wordings/letter", wordings.letter, "wording_letter"),
    at(
        "wordings/versions/<int:wording_version>/back",
        wordings.go_back,
        "wording_back",
        may=May.RUN,
        reads=False,
        writes=True,
    ),
    at("wordings/<str:spoken>/<str:wording>", wordings.one, "wording"),
    at(
        "wordings/<str:spoken>/<str:wording>/take-away",
        wordings.take_away,
        "wording_take_away",
        may=May.RUN,
        reads=False,
        writes=True,
    ),
    # money
    # overview
    # files
    # settings
]

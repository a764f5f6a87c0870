"""Which address of the desk shows what. Each route below a creditor says what it asks for (see `door`)."""

from __future__ import annotations

from django.urls import path

from amable.desk import audit, brakes, calendars, channels, entering, profile, staff, today
from amable.desk.door import at
from amable.organisation.roles import May

app_name = "desk"

urlpatterns = [
    path("", entering.home, name="home"),
    path("enter/<int:number>/<str:token>", entering.enter, name="enter"),
    path("welcome/<int:number>/<str:token>", entering.welcome, name="welcome"),
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
    at("settings", staff.settings, "settings", may=May.OWN),
    at("settings/staff", staff.page, "staff", may=May.OWN, writes=True),
    at(
        "settings/staff/second-factor",
        staff.ask_second_factor,
        "ask_second_factor",
        may=May.OWN,
        reads=False,
        writes=True,
    ),
    at("settings/staff/<int:member>/role", staff.change_role, "change_role", may=May.OWN, reads=False, writes=True),
    at("settings/staff/<int:member>/remove", staff.remove, "remove_member", may=May.OWN, reads=False, writes=True),
    at("settings/staff/<int:member>/link", staff.help_in, "help_in", may=May.OWN, reads=False, writes=True),
    at(
        "settings/staff/<int:member>/second-factor",
        staff.take_second_factor,
        "take_second_factor",
        may=May.OWN,
        reads=False,
        writes=True,
    ),
    at("settings/channels", channels.page, "channels", may=May.OWN),
    at("settings/calendars", calendars.page, "calendars", may=May.OWN, writes=True),
    at("settings/brakes", brakes.page, "brakes", may=May.OWN, writes=True),
    at("settings/audit", audit.page, "audit", may=May.OWN),
    at("settings/audit/export", audit.export, "audit_export", may=May.OWN),
    at("settings/audit/verify", audit.verify, "audit_verify", may=May.OWN, reads=False, writes=True),
    # one's own page
    at("profile", profile.page, "profile", writes=True),
    at("profile/sessions", profile.end_sessions, "end_sessions", reads=False, writes=True),
]

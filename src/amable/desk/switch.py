"""The switch that keeps everything from leaving, always in reach, and the way back."""

from __future__ import annotations

from typing import Final

from django.contrib import messages as told
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from amable.core.languages import say
from amable.desk.door import Here, back, show, tell, to
from amable.dunning import brakes
from amable.organisation.models import Sending
from amable.work.house import HOUSE, House
from amable.work.waking import wake

LONGEST: Final = 300


def stop(request: HttpRequest, here: Here) -> HttpResponse:
    """Nothing leaves from now on, also not what is in hand already; asked for its reason, which may be left out."""
    if request.method != "POST":
        return show(request, here, "stop.html", longest=LONGEST)
    because = " ".join(
        request.POST.get("because", "").split()
    )  # however long: nothing may keep the switch from working
    because = because or say("sending.no_reason", here.language)
    brakes.stop(here.creditor, here.today, here.now, by=here.by, because=because)
    tell(request, here, "switch.stopped")
    return back(request, here, "today")


def resume(request: HttpRequest, here: Here) -> HttpResponse:
    """Let messages leave again, once a person has seen what would leave at once."""
    sending = Sending.objects.select_related("creditor").filter(creditor=here.creditor).first()
    if sending is None or sending.stopped_at is None:
        if request.method == "POST":
            tell(request, here, "switch.not_stopped")
        return redirect(to(here, "today"))
    house: House = request.META[HOUSE]
    if request.method != "POST":
        return _ask(request, here, sending)
    if brakes.doubtful(sending) and not request.POST.get("sure"):
        tell(request, here, "switch.sure_needed", level=told.ERROR)
        return _ask(request, here, sending, 409)
    house.begin_anew(here.creditor.ref)
    place = house.instance or sending.instance
    brakes.resume(here.creditor, here.today, here.now, by=here.by, instance=place)
    wake(here.creditor)
    tell(request, here, "switch.resumed")
    return back(request, here, "today")


def _ask(request: HttpRequest, here: Here, sending: Sending, status: int = 200) -> HttpResponse:
    """Why it was stopped, and what would leave at once."""
    (why, *_) = brakes.brakes(sending, here.today, here.now)
    return show(
        request,
        here,
        "resume.html",
        status,
        why=say(f"desk.brake.{why.rule}", here.language, **why.params),
        doubtful=brakes.doubtful(sending),
        waiting=say("desk.switch.waiting", here.language, **brakes.waiting(sending, here.today, here.now)),
    )

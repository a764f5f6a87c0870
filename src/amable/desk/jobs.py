"""Long work as people see it: what it is at, how far, how to stop it, and the page that shows what it came to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse

from amable.core.languages import say, show_number
from amable.desk.door import Here, back, show, tell, to
from amable.work import jobs
from amable.work.files import BY_ITSELF
from amable.work.models import Job

# Where each kind of job shows what it came to.
_LEADS: Final[Mapping[str, Callable[[Here, Job], str]]] = {
    "file": lambda here, job: to(here, "file", file=job.file_id),
    "take": lambda here, job: to(here, "file", file=job.file_id),
    "effect": lambda here, job: to(here, "draft_effect", draft=job.facts["draft"]),
    "replay": lambda here, job: f"{to(here, 'draft_replay', draft=job.facts['draft'])}?days={job.facts['days']}",
    "plan": lambda here, job: to(here, job.facts["then"]),
}
# What one that was stopped leaves behind, where it is something.
_LEFT: Final = {"plan": "cancelled_plan"}
_PART = re.compile(r"[a-z][a-z-]{0,30}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A job in words. `state` is `waiting`, `working`, `stopping`, `done`, `cancelled` or `failed`."""

    pk: int
    title: str
    state: str
    sentence: str
    done: int
    total: int
    stage: str
    stoppable: bool
    by: str
    leads: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "cancelled", "failed")


def shown(here: Here, job: Job) -> Shown:
    """The job in the reader's words."""
    state = job.outcome or ("stopping" if job.cancel_asked_at else "working" if job.begun_at else "waiting")
    title = say(f"desk.job.kind_{job.kind}", here.language, file=job.file.name if job.file else "")
    leads = _LEADS[job.kind](here, job)
    return Shown(
        job.pk,
        title,
        state,
        _sentence(here, job, state),
        job.done,
        job.total,
        job.stage,
        job.stoppable,
        say(f"desk.files.by_{job.asked_by}", here.language) if job.asked_by in BY_ITSELF else job.asked_by,
        leads,
    )


def _sentence(here: Here, job: Job, state: str) -> str:
    language = here.language
    if state == "failed":
        rule, params = job.why_failed
        return say(f"desk.job.failed_{rule}", language, **params)
    if state == "waiting":
        ahead = jobs.before(job)
        return say("desk.job.waiting_behind", language, n=ahead) if ahead else say("desk.job.waiting", language)
    if state != "working":
        left = _LEFT.get(job.kind, state) if state == "cancelled" else state
        return say(f"desk.job.{left}", language)
    stage = say(f"desk.job.stage_{job.stage or 'beginning'}", language)
    if not job.total:
        return stage
    counts = {"done": show_number(job.done, language), "total": show_number(job.total, language)}
    return say("desk.job.counted", language, stage=stage, **counts)


def page(request: HttpRequest, here: Here, job: int) -> HttpResponse:
    """How far a job is; asked for by its own part of a page, only that part, or the way to what it came to.

    Where what it comes to stands on the same page, only that place is brought anew (`into`), and on a page where
    people do something else it only says so (`stay`): nobody is disturbed in what they write or mark meanwhile.
    """
    found = shown(here, _found(here, job))
    if not request.headers.get("HX-Request"):
        return show(request, here, "job.html", job=found)
    into, stay = request.GET.get("into", ""), "stay" in request.GET
    into = into if _PART.fullmatch(into) else ""
    response = show(request, here, "parts/job.html", job=found, into=into, stay=stay)
    if stay:
        return response
    if found.ended and into:
        place = f"#{into}"
        wanted = {"path": found.leads, "target": place, "select": place, "swap": "outerHTML show:none"}
        response["HX-Location"] = json.dumps(wanted)
    elif found.state == "done":
        response["HX-Redirect"] = found.leads
    elif found.ended:
        response["HX-Refresh"] = "true"
    return response


def cancel(request: HttpRequest, here: Here, job: int) -> HttpResponse:
    """Stop a job."""
    found = _found(here, job)
    if found.stoppable:
        jobs.cancel(found, now=here.now)
        tell(request, here, "files.told_stopping")
    else:
        tell(request, here, "files.told_too_late")
    return back(request, here, "job", job=job)


def _found(here: Here, job: int) -> Job:
    found = Job.objects.filter(creditor=here.creditor, pk=job).select_related("file").first()
    if found is None:
        raise Http404
    return found

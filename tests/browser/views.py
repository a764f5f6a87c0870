"""The pages that are looked at, by the name of their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.sample_desk import SampleDesk


def views(desk: SampleDesk) -> dict[str, str]:
    """Where each of them is."""
    return {
        "sign-in": f"{desk.address}/account/login/",
        "today": desk.page("today"),
        "procedures": desk.page("procedures"),
        **_of_a_draft(desk),
        "wordings": desk.page("wordings"),
        "wordings-none": desk.page("wordings") + "?show=own&channel=task",
        "wordings-parity": desk.page("wordings_parity"),
        "wordings-file": desk.page("wordings_file"),
        "wording": desk.page("wording", spoken="es", wording="early_late"),
        "wording-several": desk.page("wording", spoken="fr", wording="late_late_multi"),
        "wording-sms": desk.page("wording", spoken="es", wording="sms_late"),
        "wording-call": desk.page("wording", spoken="ro", wording="call_script"),
        "wording-own": _own_wording(desk),
        "wording-new": desk.page("wording_new") + "?from=es/early_late",
    }


def _of_a_draft(desk: SampleDesk) -> dict[str, str]:
    """The pages of a draft that changes something, of one that is wrong, and of a version."""
    from datetime import UTC, datetime

    from amable.dunning import procedures
    from amable.dunning.models import ProcedureDraft, ProcedureVersion
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    creditor = Creditor.objects.get()
    moment = datetime(2026, 3, 17, 8, 30, tzinfo=UTC)
    with acting_for(creditor):
        if not ProcedureDraft.objects.exists():
            text = procedures.shipped("starter").replace("4 to 5 working days", "2 to 3 working days")
            procedures.begin(creditor, text, begun_from="starter", now=moment, by="marta@turia.example")
            wrong = text.replace("7 days before due", "a week before")
            procedures.begin(creditor, wrong, begun_from="starter", now=moment, by="marta@turia.example")
        draft, wrong_one = ProcedureDraft.objects.order_by("pk")[:2]
        version = ProcedureVersion.objects.order_by("-pk").first()
    pages = {
        "procedure-draft": desk.page("draft", draft=draft.pk),
        "procedure-step": desk.page("draft", draft=draft.pk) + "?open=4",
        "procedure-wrong": desk.page("draft", draft=wrong_one.pk),
        "procedure-effect": desk.page("draft_effect", draft=draft.pk) + "?look=1",
        "procedure-calendar": desk.page("draft_calendar", draft=draft.pk) + "?amount=1250&due=2026-04-30",
        "procedure-which": desk.page("draft_calendar", draft=draft.pk) + "?number=F-2026",
        "procedure-replay": desk.page("draft_replay", draft=draft.pk) + "?days=90",
    }
    return pages | ({"procedure-version": desk.page("procedure_version", version=version.pk)} if version else {})


def _own_wording(desk: SampleDesk) -> str:
    """The page of a wording that was changed twice."""
    from datetime import UTC, datetime

    from amable.core import wording_text
    from amable.correspondence import wordings
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    creditor, moment = Creditor.objects.get(), datetime(2026, 3, 17, 8, 30, tzinfo=UTC)
    with acting_for(creditor):
        if not wordings.versions(creditor, "es", "due_today"):
            ours = wording_text.ours("es", "due_today")
            for text in (ours.replace("Buenos días, ", "Hola, "), ours.replace("Buenos días, ", "Buenas, ")):
                saving = wordings.Saving(moment.date(), moment, "marta@turia.example", "Así hablamos en la tienda")
                seen = wordings.digest(wordings.text_of(creditor, "es", "due_today"))
                wordings.save(creditor, "es", "due_today", text, saving, seen=seen)
    return desk.page("wording", spoken="es", wording="due_today")

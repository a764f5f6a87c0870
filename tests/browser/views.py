"""The pages that are looked at, by the name of their picture."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.sample_desk import SampleDesk

_LEDGERS = Path(__file__).resolve().parents[1] / "samples" / "ledgers"
_WRONG = (
    "Cliente;Nº factura;Vto.;Importe;Pdte.\nBar Sol;A-1;2026-03-25;90,00;90,00\nBar Luna;A-2;;1.0.0;x\n"
    "Bar Luna;;2026-13-45;10,00;10,00\n"
)
_FILES = {
    **{name: (_LEDGERS / name).read_bytes() for name in ("holded.xlsx", "ask_dates.csv", "no_ledger.csv")},
    "con errores.csv": _WRONG.encode(),
    "extracto.xml": max(
        (one for one in files("amable.sample").joinpath("statements").iterdir()), key=lambda one: one.name[-14:]
    ).read_bytes(),
}


def views(desk: SampleDesk) -> dict[str, str]:
    """Where each of them is."""
    given = {name: desk.page("file", file=desk.file(data, name)) for name, data in _FILES.items()}
    return {
        "sign-in": f"{desk.address}/account/login/",
        "forgotten": f"{desk.address}/account/forgotten/",
        "sign-out": f"{desk.address}/account/logout/",
        "first-password": f"{desk.address}/account/password/set/",
        "app": f"{desk.address}/account/2fa/totp/activate/",
        "passkey": f"{desk.address}/account/2fa/passkeys/add/",
        "second-factor": f"{desk.address}/account/second-factor/",
        "today": desk.page("today"),
        **_of_messages(desk),
        **_of_money(desk),
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
        "overview": desk.page("overview"),
        "overview-filtered": desk.page("overview") + "?currency=RON&segment=key",
        "overview-paper": desk.page("overview") + "?paper=1",
        "files": desk.page("files"),
        "file-ready": given["holded.xlsx"],
        "file-asks": given["ask_dates.csv"],
        "file-rejected": given["con errores.csv"],
        "file-unusable": given["no_ledger.csv"],
        "file-bank": given["extracto.xml"],
        "start-company": desk.page("start-company"),
        "start-mailbox": desk.page("start-mailbox"),
        "start-ledger": desk.page("start-ledger"),
        "start-bank": desk.page("start-bank"),
        "start-procedure": desk.page("start-procedure"),
        "start-plan": desk.page("start-plan"),
        "settings": desk.page("settings"),
        "profile": desk.page("profile"),
        "sources": desk.page("sources"),
        "inbox": desk.page("inbox"),
        "staff": desk.page("staff"),
        "channels": desk.page("channels"),
        "calendars": desk.page("calendars"),
        "brakes": desk.page("brakes"),
        "audit": desk.page("audit"),
        "audit-all": desk.page("audit") + "?all=1&area=message",
        "audit-none": desk.page("audit") + "?customer=nobody-of-this-name",
        "settings-company": desk.page("settings-company"),
        "settings-mailbox": desk.page("settings-mailbox"),
        **_of_customers(desk),
    }


def _of_customers(desk: SampleDesk) -> dict[str, str]:
    """The pages of all customers, of one who is late and of one who owes nothing."""
    from amable.ledger.models import Customer, Item
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    with acting_for(Creditor.objects.get()):
        late = Item.objects.filter(open__gt=0).order_by("due_on").values_list("customer_id", flat=True)[0]
        settled = Customer.objects.exclude(item__open__gt=0).order_by("pk").first()
    return {
        "customers": desk.page("customers"),
        "customers-none": desk.page("customers") + "?text=nobody-of-this-name",
        "customer": desk.page("customer", customer=late),
        "customer-settled": desk.page("customer", customer=settled.pk if settled else late),
        "customer-chase": desk.page("customer_chase", customer=late),
        "customer-pause": desk.page("customer_pause", customer=late),
        "customer-promise": desk.page("customer_promise", customer=late),
        "customer-dispute": desk.page("customer_dispute", customer=late),
        "customer-plan": desk.page("customer_plan", customer=late),
        "customer-contacts": desk.page("customer_contacts", customer=late),
        "items": desk.page("items"),
        "items-filtered": desk.page("items") + "?status=overdue&bucket=d30&from=2026-01-01",
        "search": desk.page("search") + "?q=2026",
        "search-none": desk.page("search") + "?q=zzzz",
    }


def _of_a_draft(desk: SampleDesk) -> dict[str, str]:
    """The pages of a draft that changes something, of one that is wrong, and of a version."""
    from datetime import UTC, datetime

    from amable.dunning import procedures, starters
    from amable.dunning.models import ProcedureDraft, ProcedureVersion
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    creditor = Creditor.objects.get()
    moment = datetime(2026, 3, 17, 8, 30, tzinfo=UTC)
    with acting_for(creditor):
        if not ProcedureDraft.objects.exists():
            text = starters.shipped().replace("4 to 5 working days", "2 to 3 working days")
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


def _of_messages(desk: SampleDesk) -> dict[str, str]:
    """Today's other faces, the messages and what is done to them."""
    proposed, task = _of_today("email"), _of_today("check")
    return {
        "today-filtered": desk.page("today") + "?show=mine&language=fr",
        "messages": desk.page("messages"),
        "messages-none": desk.page("messages") + "?text=nobody+is+called+so",
        "message": desk.page("message", message=proposed),
        "message-left": desk.page("message", message=_left()),
        "message-record": desk.page("message_record", message=proposed),
        "message-edit": desk.page("edit", message=proposed),
        "message-hold": desk.page("hold", message=proposed),
        "task": desk.page("outcome", task=task),
        "stop-sending": desk.page("stop"),
    }


def _of_today(act: str) -> str:
    """The key of the first message, or task, of today."""
    from amable import sample
    from amable.correspondence.models import Message
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    with acting_for(Creditor.objects.get()):
        of_today = Message.objects.filter(day=sample.TODAY, act=act).exclude(state="withdrawn").order_by("pk")
        return str(of_today.values_list("key", flat=True)[0])


def _left() -> str:
    """The key of the newest message that counts as sent."""
    from amable.correspondence.models import Message
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    with acting_for(Creditor.objects.get()):
        return str(Message.objects.filter(state="said", act="email").order_by("-pk").values_list("key", flat=True)[0])


def _of_money(desk: SampleDesk) -> dict[str, str]:
    """Bank lines of each kind, and payments."""
    from django_scopes import scopes_disabled

    from amable.banking.models import BankLine

    with scopes_disabled():
        waiting = BankLine.objects.filter(state__in=("proposed", "unknown"))
        proposed, unknown = (waiting.filter(state=state).order_by("pk")[0] for state in ("proposed", "unknown"))
        returned = BankLine.objects.filter(state="reversal").order_by("pk")[0]
    return {
        "money": desk.page("money"),
        "money-booked": desk.page("money") + "?kind=booked",
        "money-filtered": desk.page("money") + "?kind=other&q=suministro",
        "money-none": desk.page("money") + "?q=nobody+like+this",
        "line-proposed": desk.page("line", line=proposed.pk),
        "line-unknown": desk.page("line", line=unknown.pk) + "?other&whose=panaderia",
        "line-returned": desk.page("line", line=returned.pk),
        "statements": desk.page("statements"),
        "payments": desk.page("payments"),
        "payments-none": desk.page("payments") + "?kind=hand",
        "payment": desk.page("payment", payment=returned.payment_id),
        "payment-new": desk.page("payment_new") + "?q=pizz",
        "payment-record": desk.page("payment_record", customer=proposed.customer_id),
    }


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

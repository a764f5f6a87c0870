"""Procedures at the desk: built by forms or as text, looked at before they are switched on, and gone back from."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from amable.core import procedure_text
from amable.core.procedure import read
from amable.correspondence.models import Message
from amable.dunning import effects, past_book, procedures
from amable.dunning.models import ProcedureDraft, ProcedureVersion
from amable.evidence.models import Entry, Personal
from amable.ledger.models import Customer
from amable.organisation.models import Sending
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from tests.contexts.books import row
from tests.contexts.office import NOON, STARTER
from tests.desk.desks import NOWHERE, Desk
from tests.desk.test_jobs import work
from tests.material import material


class _Form(HTMLParser):
    """The fields of the builder's form as a browser without JavaScript would send them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.fields: dict[str, list[str]] = {}
        self.inside, self.select, self.area = False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == "builder"
        if not self.inside:
            return
        name = given.get("name", "")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.fields.setdefault(name, []).append(given.get("value", ""))
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in given or self.select not in self.fields):
            self.fields[self.select] = [given.get("value", "")]
        elif tag == "textarea":
            self.area = name
            self.fields[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.fields[self.area][0] += data


class Builder:
    """A person at the builder: what they see in the form, and what they do with it."""

    def __init__(self, desk: Desk, draft: ProcedureDraft, role: str = Role.CONTROLLER) -> None:
        self.desk, self.draft, self.client = desk, draft, desk.client(role)
        self.look()

    def look(self) -> None:
        self.page = self.client.get(self.desk.address("draft", draft=self.draft.pk)).content.decode()
        form = _Form()
        form.feed(self.page)
        self.fields = form.fields

    def press(self, button: str, **typed: Any) -> HttpResponse:
        """Fill in, press a button, and look at what came back."""
        data: dict[str, Any] = self.fields | {name.replace("__", "-"): value for name, value in typed.items()}
        answer = self.client.post(self.desk.address("draft_change", draft=self.draft.pk), data | {"do": button})
        if answer.status_code == 303:
            self.look()
        return answer

    def set(self, place: int, button: str = "save", **values: Any) -> HttpResponse:
        return self.press(button, **{f"{place}__{name}": value for name, value in values.items()})

    @property
    def text(self) -> str:
        with acting_for(self.desk.creditor):
            self.draft.refresh_from_db()
            return self.draft.text


@pytest.fixture
def builder(desk: Desk) -> Builder:
    with acting_for(desk.creditor):
        draft = procedures.begin(desk.creditor, STARTER, begun_from="starter", now=NOON, by="lucia@turia.example")
    return Builder(desk, draft)


def lines_changed(before: str, after: str) -> list[str]:
    return [f"{sign}{line.strip()}" for sign, line in procedures.changed_lines(before, after) if sign in "+-"]


def test_a_look_and_a_save_change_nothing(builder: Builder) -> None:
    assert builder.press("save").status_code == 303
    assert builder.text == STARTER
    assert builder.draft.edition == 1


def test_a_form_change_shows_in_the_text_and_nothing_else_changes(builder: Builder) -> None:
    builder.set(4, low="2", high="3")
    assert lines_changed(STARTER, builder.text) == [
        "-when: 4 to 5 working days after due", "+when: 2 to 3 working days after due",
    ]  # fmt: skip
    assert builder.fields["4-low"] == ["2"]


def test_a_change_of_the_text_shows_in_the_form(builder: Builder) -> None:
    builder.press("save", text=STARTER.replace("7 days before due", "9 days before due  # holidays"))
    assert builder.fields["0-low"] == ["9"]
    builder.set(0, low="10")
    assert "when: 10 days before due  # holidays" in builder.text


def test_text_and_form_changed_together_are_both_kept(builder: Builder) -> None:
    text = STARTER.replace("  - step: due_7\n    when: 7 days before due\n    wording: gentle_before_due\n", "")
    builder.press("save", text=text, **{"4-low": "2", "4-high": "3", "limit-spacing": "4"})
    assert "due_7" not in builder.text
    assert "when: 2 to 3 working days after due" in builder.text
    assert read(builder.text).limits.spacing == 4


def test_every_part_of_a_step_can_be_set(builder: Builder) -> None:
    builder.set(
        5, anchor="step:early_late", occurrence="1", low="4", high="", unit="days", repeat="2", again_low="5",
        again_high="7", again_unit="working", minimum="150.50", days_late="8", segments="bars, hotels",
        countries="es", relationship="regular", presumes=["check", "early_late"], wording="late_late",
    )  # fmt: skip
    step = read(builder.text).step("late_late")
    assert step is not None
    fields = procedure_text.steps(builder.text)[5].fields
    assert fields["when"] == "4 days after early_late 1"
    assert fields["again"] == "5 to 7 working days after the last message"
    assert step.only.segments == {"bars", "hotels"}
    assert step.presumes == ("check", "early_late")
    assert (str(step.only.minimum), step.only.days_late, step.only.relationship) == ("150.50", 8, "regular")


def test_a_step_is_switched_off_and_on(builder: Builder) -> None:
    del builder.fields["4-switched"]
    builder.press("save")
    step = read(builder.text).step("early_late")
    assert step is not None
    assert not step.switched_on
    builder.set(4, switched="on")
    assert read(builder.text).steps[4].switched_on


def test_what_a_step_does_changes_with_words_that_fit(builder: Builder) -> None:
    builder.set(1, act="sms")
    assert procedure_text.steps(builder.text)[1].fields["wording"] == "sms_late"
    builder.set(1, act="call")
    assert "wording" not in procedure_text.steps(builder.text)[1].fields


def test_steps_are_added_moved_duplicated_and_removed_and_a_change_is_undone(builder: Builder) -> None:
    names = [step.id for step in read(STARTER).steps]
    builder.press("add:call")
    assert [step.id for step in read(builder.text).steps] == [*names, "call_2"]
    builder.press(f"move:{len(names)}:8")
    assert [step.id for step in read(builder.text).steps][8:10] == ["call_2", "meeting"]
    builder.press("copy:4")
    assert read(builder.text).steps[5].wording == "early_late"
    builder.press("remove:0")
    assert "due_7" not in builder.text
    builder.press("undo")
    assert "due_7" in builder.text


def test_a_wrong_draft_is_kept_with_its_problems_beside_their_step_and_not_switched_on(builder: Builder) -> None:
    builder.set(0, low="seven")
    assert "when: seven days before due" in builder.text
    page = unescape(builder.page)
    step = page[page.index('id="step-0"') : page.index('id="step-1"')]
    assert "“seven days before due” does not say when the step “due_7” comes" in step
    assert "One thing is to be corrected." in page
    before = in_force(builder.desk)
    answer = builder.client.post(
        builder.desk.address("draft_switch_on", draft=builder.draft.pk), {"edition": builder.draft.edition}
    )
    assert answer.status_code == 303
    assert in_force(builder.desk) == before


def test_a_text_that_is_no_document_is_kept_too(builder: Builder) -> None:
    text = STARTER.replace("steps:", "steps: [")
    builder.press("save", text=text)
    assert builder.text == text
    assert "cannot be read just now" in builder.page
    builder.press("save", text=STARTER)
    assert builder.fields["0-low"] == ["7"]


def in_force(desk: Desk) -> str:
    with acting_for(desk.creditor):
        return procedures.text_in_force(desk.creditor)


# --- two people ------------------------------------------------------------------------------------------------------


def test_of_two_people_nobodys_change_is_lost(builder: Builder) -> None:
    other = Builder(builder.desk, builder.draft, Role.OWNER)
    other.set(0, low="10")
    answer = builder.set(4, low="2", high="3")
    assert answer.status_code == 200
    page = unescape(answer.content.decode())
    assert "owner@" in page
    assert "first reminder before the due date: 10 days before the due date, instead of 7 days" in page
    assert "2 to 3 working days after the due date" in page
    assert "when: 10 days before due" in builder.text
    assert "2 to 3 working days" not in builder.text


def test_a_draft_that_changed_since_it_was_looked_at_is_not_switched_on(builder: Builder) -> None:
    seen = builder.draft.edition
    builder.set(4, low="2", high="3")
    before = in_force(builder.desk)
    builder.client.post(builder.desk.address("draft_switch_on", draft=builder.draft.pk), {"edition": seen})
    assert in_force(builder.desk) == before


# --- switching on ----------------------------------------------------------------------------------------------------


def switch_on(builder: Builder, note: str = "") -> HttpResponse:
    with acting_for(builder.desk.creditor):
        builder.draft.refresh_from_db()
    return builder.client.post(
        builder.desk.address("draft_switch_on", draft=builder.draft.pk),
        {"edition": builder.draft.edition, "note": note},
    )


def proposed(desk: Desk) -> list[str]:
    with acting_for(desk.creditor):
        return sorted(Message.objects.filter(state="proposed", customer__isnull=False).values_list("step", flat=True))


def test_switching_on_decides_today_anew_and_is_on_record(builder: Builder) -> None:
    assert proposed(builder.desk) == ["early_late"]
    builder.set(4, low="6", high="")
    switch_on(builder, note="Ana asked for patience")
    assert "6 working days" in in_force(builder.desk)
    assert proposed(builder.desk) == []
    with acting_for(builder.desk.creditor):
        version = ProcedureVersion.objects.latest("number")
        entry = Entry.objects.get(kind="procedure.switched_on")
        assert (version.number, version.note) == (2, "Ana asked for patience")
        assert version.digest in entry.body
        assert "6 working days after due" in entry.body
        assert "Ana" not in entry.body
        assert Personal.objects.get(entry=entry, field="by").value == builder.desk.member().user.email
        assert Sending.objects.get().planned_on == builder.desk.now.date()


def test_going_back_is_one_click_and_a_version_of_its_own(builder: Builder) -> None:
    builder.set(4, low="6", high="")
    switch_on(builder)
    with acting_for(builder.desk.creditor):
        first = ProcedureVersion.objects.get(number=1)
    builder.client.post(builder.desk.address("procedure_back", version=first.pk))
    assert in_force(builder.desk) == STARTER
    assert proposed(builder.desk) == ["early_late"]
    with acting_for(builder.desk.creditor):
        assert list(ProcedureVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


def test_what_was_in_force_before_versions_were_counted_can_be_gone_back_to(builder: Builder) -> None:
    with acting_for(builder.desk.creditor):
        ProcedureVersion.objects.all().delete()
    builder.set(4, low="6", high="")
    switch_on(builder)
    page = builder.client.get(builder.desk.address("procedures")).content.decode()
    assert "Before versions were counted" in page


def test_a_draft_put_aside_can_be_taken_back(builder: Builder) -> None:
    builder.client.post(builder.desk.address("draft_discard", draft=builder.draft.pk))
    page = builder.client.get(builder.desk.address("procedures")).content.decode()
    assert builder.desk.address("draft_restore", draft=builder.draft.pk) in page
    builder.client.post(builder.desk.address("draft_restore", draft=builder.draft.pk))
    with acting_for(builder.desk.creditor):
        builder.draft.refresh_from_db()
        assert builder.draft.discarded_at is None


# --- what it would change --------------------------------------------------------------------------------------------


def test_the_effect_is_what_both_procedures_decide(builder: Builder) -> None:
    rules = read(STARTER)
    with acting_for(builder.desk.creditor):
        steps: list[tuple[int, int]] = []
        same = effects.effect(
            builder.desk.creditor, rules, rules, NOON.date(), lambda done, of: steps.append((done, of))
        )
        assert (same.differing, same.changed, same.customers, steps) == (0, [], 2, [(0, 2), (2, 2)])
        late = read(STARTER.replace("4 to 5 working days after due", "6 working days after due"))
        found = effects.effect(builder.desk.creditor, rules, late, NOON.date())
        assert [one.name for one in found.changed] == ["Talleres Miró, S.L."]
        assert (found.now["today"]["messages"], found.then["today"]["messages"]) == (1, 0)
        assert found.differing > 0


def test_whoever_waits_can_stop_the_work(builder: Builder) -> None:
    class Stopped(Exception):  # noqa: N818
        pass

    def stop(done: int, of: int) -> None:
        raise Stopped

    with acting_for(builder.desk.creditor), pytest.raises(Stopped):
        effects.effect(builder.desk.creditor, read(STARTER), read(STARTER), NOON.date(), stop)


def test_the_page_before_switching_on_names_the_customer(builder: Builder) -> None:
    builder.set(4, low="6", high="")
    address = builder.desk.address("draft_effect", draft=builder.draft.pk)
    assert builder.client.post(address).status_code == 303
    work(builder.desk)
    page = builder.client.get(address)
    words = unescape(page.content.decode())
    assert "friendly reminder after the due date: 6 working days after the due date, instead of 4 to 5" in words
    assert "Talleres Miró, S.L." in words
    assert "Forn Sant Pau" not in words


def test_the_calendar_of_an_invoice_follows_the_draft(builder: Builder) -> None:
    address = builder.desk.address("draft_calendar", draft=builder.draft.pk)
    known = unescape(builder.client.get(address, {"number": "F-1001"}).content.decode())
    assert "F-1001 of Talleres Miró, S.L." in known
    assert "17 March 2026" in known
    invented = builder.client.get(address, {"amount": "1250", "due": "2026-04-30"}).content.decode()
    assert "23 April 2026" in invented
    several = builder.client.get(address, {"number": "F-1"}).content.decode()
    assert "F-1002" in several
    nothing = unescape(builder.client.get(address, {"number": "X-9"}).content.decode())
    assert "No open invoice has the number “X-9”" in nothing
    for amount, due in (
        ("a lot", "2026-04-30"),
        ("1250", "30.02.2026"),
        ("1e999999", "2026-04-30"),
        ("1", "9999-12-31"),
    ):
        wrong = builder.client.get(address, {"amount": amount, "due": due})
        assert "That is not an amount" in wrong.content.decode()


def test_a_replay_knows_when_invoices_were_paid(builder: Builder) -> None:
    creditor = builder.desk.creditor
    with acting_for(creditor):
        from tests.contexts.office import Office

        Sending.objects.all().delete()
        office = Office(creditor, NOWHERE)
        day = NOON.date()
        office.plan(row("F-900", "80.00", customer_id="C-9", customer_name="Bar Nou", tax_id="B46000009",
                        issue_date=day - timedelta(days=60), due_date=day - timedelta(days=30), open_amount=Decimal(0),
                        settled_date=day - timedelta(days=10)), row(due_date=day - timedelta(days=7)))  # fmt: skip
        first, last = day - timedelta(days=40), day - timedelta(days=1)
        found = past_book.replayed(creditor, read(STARTER), first, last)
        assert Customer.objects.filter(key="C-9").exists()
    assert (found.paid, found.would.reached) == (1, 1)
    assert found.would.messages > 3
    assert found.really.messages == 0


# --- who may, and what people type -----------------------------------------------------------------------------------


def test_a_viewer_sees_the_procedure_and_no_drafts(desk: Desk) -> None:
    page = desk.get("procedures", Role.VIEWER).content.decode()
    assert "friendly reminder after the due date" in page
    assert "Drafts" not in page
    assert '<form method="post"' not in page.replace('action="/account/logout/"', "").split("<main")[1]


def test_where_messages_are_drafts_nothing_is_switched_on(desk: Desk) -> None:
    with acting_for(desk.creditor):
        Sending.objects.all().delete()
        draft = ProcedureDraft.objects.get()
    client = desk.client()
    client.post(desk.address("draft_switch_on", draft=draft.pk), {"edition": draft.edition})
    assert "each run is given its procedure" in client.get(desk.address("procedures")).content.decode()


def nasty() -> list[str]:
    """The lines people and machines type that break what is not careful."""
    files = ("xss_polyglots.txt", "xss_rsnake.txt", "ssti.txt", "sql_polyglots.txt", "crlf.txt", "csv_formula.txt")
    found = [
        line for name in files for line in material("strings", name).read_text("utf-8", "replace").splitlines()[:8]
    ]
    return [*found, *(line for line in json.loads(material("strings", "blns.json").read_text("utf-8"))[::90] if line)]


def test_nothing_typed_breaks_the_builder_or_runs_in_it(builder: Builder) -> None:
    client: Client = builder.client
    address = builder.desk.address("draft_change", draft=builder.draft.pk)
    for line in nasty():
        typed = {"0-segments": line[:300], "0-name": line[:40], "0-low": line[:3], "top-procedure": line[:100]}
        answer = client.post(address, builder.fields | typed | {"do": "save"})
        assert answer.status_code in (200, 303, 400), line
        page = client.get(builder.desk.address("draft", draft=builder.draft.pk)).content.decode()
        assert "<script>alert" not in page, line
        builder.look()
        client.post(address, builder.fields | {"text": STARTER, "do": "save"})
        builder.look()
        answer = client.post(
            address, builder.fields | {"text": f"procedure: x\nsteps:\n  - step: {line}\n", "do": "save"}
        )
        assert answer.status_code in (200, 303, 400), line
        builder.look()
        client.post(address, builder.fields | {"text": STARTER, "do": "save"})
        builder.look()

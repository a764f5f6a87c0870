"""Who did what: every kind of entry has its sentence, filters find, and a change to the record is seen."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import amable
from amable.core.languages import LANGUAGES, sentences
from amable.correspondence.models import Message
from amable.dunning import holds
from amable.evidence import log, reading
from amable.evidence.log import Event
from amable.evidence.models import Entry
from amable.ledger.models import Customer
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from tests.desk.desks import Desk

_SAID = re.compile(
    r"Event\(\s*\"([a-z]+\.[a-z_]+)\"|_record\([\w.]+, \"([a-z]+\.[a-z_]+)\"|_KIND: Final = \"([a-z.]+)\""
)
_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "evidence-entries.md"


def held(desk: Desk, because: str = "On holiday", by: str = "lucia@turia.example", key: str = "C-2") -> Customer:
    with acting_for(desk.creditor):
        customer = Customer.objects.get(key=key)
        holds.hold(customer, desk.now.date() + timedelta(days=9), because, desk.now.date(), desk.now, by=by)
        return customer


def page(desk: Desk, query: str = "") -> str:
    return str(desk.client(Role.OWNER).get(f"{desk.address('audit')}?{query}").content.decode())


def test_every_kind_that_is_recorded_has_its_sentence_and_its_line_in_the_reference() -> None:
    code = "\n".join(path.read_text("utf-8") for path in Path(amable.__file__).parent.rglob("*.py"))
    recorded = {kind for found in _SAID.findall(code) for kind in found if kind}
    documented = set(re.findall(r"^\| `([a-z_.]+)`", _PAGE.read_text("utf-8"), re.MULTILINE))
    assert len(recorded) > 15, "the way entries are recorded has changed"
    assert recorded - set(reading.kinds()) == set(), "say in core/sentences/*/record.yaml what it tells"
    assert documented == set(reading.kinds())


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_entry_of_every_kind_is_shown(desk: Desk, language: str) -> None:
    with acting_for(desk.creditor):
        log.record(desk.creditor, [Event(kind, desk.now.date(), {}, {"by": "x"}) for kind in reading.kinds()])
    client = desk.client(Role.OWNER)
    user = desk.member(Role.OWNER).user
    user.language = language
    user.save()
    shown = client.get(desk.address("audit"), {"all": "1"}).content.decode()
    for area in reading.areas():
        assert f"record.area_{area}" in sentences(language)
    assert "record.entry" not in shown


def test_who_did_what_to_whom_and_why(desk: Desk) -> None:
    customer = held(desk, because="<b>On holiday</b>", by=desk.member(Role.CONTROLLER).user.email)
    shown = page(desk)
    assert all(
        text in shown for text in ("Controller", "Held the customer", customer.name, "&lt;b&gt;On holiday&lt;/b&gt;")
    )
    assert "Looked at the customer" not in shown, "what Amable does by itself is asked for"
    assert "Looked at the customer" in page(desk, "all=1")


def test_filters_find_by_person_area_day_and_customer(desk: Desk) -> None:
    held(desk, because="first reason", by="ana@turia.example")
    held(desk, because="second reason", by="bea@turia.example", key="C-1")
    desk.later(days=3)
    with acting_for(desk.creditor):
        approved = {"message": Message.objects.get(customer__key="C-1").key, "by": "carla@turia.example"}
        log.record(desk.creditor, [Event("message.approved", desk.now.date(), approved)])

    def found(query: str) -> set[str]:
        shown = page(desk, query)
        return {word for word in ("first reason", "second reason", "Approved a message") if word in shown}

    assert found("by=ana@turia.example") == {"first reason"}
    assert found("by=carla@turia.example") == {"Approved a message"}
    assert found("area=customer") == {"first reason", "second reason"}
    assert found(f"since={desk.now.date()}") == {"Approved a message"}
    assert found(f"until={desk.now.date()}&area=message") == {"Approved a message"}
    assert found("customer=Sant+Pau") == {"first reason"}
    with acting_for(desk.creditor):
        name = Message.objects.get(customer__key="C-1").customer.name
    assert found(f"customer={name}") == {"second reason", "Approved a message"}
    assert found("by=nobody&since=nonsense&before=x") == set()


def test_older_entries_are_a_click_away_and_cost_no_more(desk: Desk) -> None:
    with acting_for(desk.creditor):
        customer = Customer.objects.get(key="C-2")
        facts = {"customer": customer.pk}
        for count in range(120):
            log.record(
                desk.creditor, [Event("customer.held", desk.now.date(), facts, {"by": "x", "because": f"no {count}."})]
            )
    client = desk.client(Role.OWNER)
    client.get(desk.address("audit"))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        shown = client.get(desk.address("audit")).content.decode()
    assert len(asked) < 25
    assert ("no 119." in shown, "no 70." in shown, "no 69." in shown) == (True, True, False)
    older = re.search(r'href="(\?before=\d+)"', shown)
    assert older
    shown = client.get(desk.address("audit") + older[1]).content.decode()
    assert ("no 70." in shown, "no 69." in shown, "no 20." in shown) == (False, True, True)


def test_the_table_for_a_spreadsheet_runs_nothing(desk: Desk) -> None:
    held(desk, because="=1+1")
    answer = desk.client(Role.OWNER).get(desk.address("audit_export"), {"area": "customer"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert "'=1+1" in rows[1]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_the_record_is_proved_and_a_change_is_seen(desk: Desk) -> None:
    held(desk)
    client = desk.client(Role.OWNER)
    assert "The record is whole" in client.post(desk.address("audit_verify"), follow=True).content.decode()
    with acting_for(desk.creditor), connection.cursor() as cursor:
        last = Entry.objects.order_by("-seq").first()
        assert last
        cursor.execute(
            "DROP TRIGGER entry_unchanged" + (" ON evidence_entry" if connection.vendor == "postgresql" else "")
        )
        cursor.execute("UPDATE evidence_entry SET body = %s WHERE id = %s", ['{"customer":1', last.pk])
    shown = client.post(desk.address("audit_verify"), follow=True).content.decode()
    assert "The record is whole" not in shown
    assert f"{last.seq} customer.held" in shown
    assert client.get(desk.address("audit"), {"customer": "Sant"}).status_code == 200


def test_nobody_but_an_owner_reads_it(desk: Desk) -> None:
    for role in (Role.CONTROLLER, Role.MANAGER, Role.VIEWER):
        assert desk.get("audit", role).status_code == 403
        assert desk.get("audit_export", role).status_code == 403

"""Everything of a folder goes to PostgreSQL: no row is lost, the record stays whole, and only one place sends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from amable.cli import main, speaking
from amable.core import creditor as core
from amable.core.delivery import State
from amable.correspondence import outbox
from amable.correspondence.models import Message
from amable.dunning import actions, brakes
from amable.dunning.starters import shipped
from amable.evidence import log
from amable.evidence.models import Entry
from amable.ledger.models import Customer
from amable.organisation.actions import install
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.server.database import close_database, naming, open_database
from amable.work import duties, mailboxes
from tests.conftest import Home
from tests.contexts.books import row, take
from tests.servers.smtp import MailServer
from tests.stories.world import CREDITOR

pytestmark = pytest.mark.postgres

NOW = datetime(2026, 3, 17, 8, 10, tzinfo=UTC)  # a Tuesday, ten past nine in Valencia
TODAY = date(2026, 3, 17)
OTHER = CREDITOR.replace("Ferretería del Turia", "Panadería Núñez")


@pytest.fixture
def folder(home: Home, migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of two creditors; the first has a plan that was approved, and part of it has left."""
    monkeypatch.setattr(speaking, "now", lambda: NOW)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = tmp_path / "data"
    place.mkdir(mode=0o700)
    shutil.copyfile(migrated_file, place / "amable.sqlite3")
    with naming(""), MailServer() as server:
        open_database(place)
        begin(server.port)
        close_database()
    return place


def begin(port: int) -> None:
    creditor = install(core.read(CREDITOR), placeholder=False)
    another = Creditor.objects.get(pk=creditor.pk)
    another.pk, another.ref, another.name, another.closed_days = None, "panaderia", "Panadería", ["2026-08-15"]
    another.save()
    with acting_for(another):
        take(another, row("F-9", customer_id="P-1", customer_name="Ștefan Țurcanu"), today=TODAY)
        log.record(another, [log.Event("files.taken", TODAY, {}, {"by": "Ana"})])
    with acting_for(creditor):
        rows = [row(f"F-{n}", customer_id=f"C-{n}", customer_name=f"Talleres {n}") for n in range(8)]
        take(creditor, *rows, today=TODAY)
        Customer.objects.create(creditor=creditor, key="gone", keyed_by="id", name="Gone", language="es").delete()
        Sending.objects.create(
            creditor=creditor, server="localhost", port=port, encryption="none", per_minute=3, undo_minutes=0,
            procedure=actions.remember_procedure(creditor, shipped()), trusted_at=NOW, seen_at=NOW,
        )  # fmt: skip
        assert duties.plan(creditor, lambda: NOW)
        approve(creditor)
        send(creditor)


def approve(creditor: Creditor) -> None:
    proposed = list(Message.objects.filter(state=State.PROPOSED).values_list("pk", flat=True))
    outbox.approve(creditor, proposed, NOW, by="ana", undo=timedelta(0))


def send(creditor: Creditor, now: datetime = NOW) -> None:
    kept = mailboxes.connect(Sending.objects.get(creditor=creditor))
    try:
        duties.send(creditor, lambda: now, kept)
    finally:
        for one in kept:
            one.close()


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    with naming(""):
        open_database(folder)
        yield
        close_database()


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of ours, by creditor."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for creditor in Creditor.objects.order_by("pk"):
        with acting_for(creditor):
            for model in apps.get_models(include_auto_created=True):
                if model._meta.app_label == "procrastinate":
                    continue
                rows = model._base_manager.order_by("pk")
                if any(field.name == "creditor" for field in model._meta.fields):
                    rows = rows.filter(creditor=creditor)
                values = rows.values_list(*(field.attname for field in model._meta.concrete_fields))
                found[f"{creditor.ref} {model._meta.db_table}"] = [tuple(map(plain, one)) for one in values]
    return found


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return bytes(value) if isinstance(value, memoryview) else value


def test_no_row_is_lost_and_the_record_stays_whole(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with in_folder(folder):
        for creditor in Creditor.objects.order_by("pk"):
            with acting_for(creditor):
                log.seal(creditor)
        before = everything()
    url = os.environ["DATABASE_URL"]
    assert main(["move-to", url, "--data", str(folder)]) == 0, capsys.readouterr()
    open_database(folder)
    after = everything()
    turia, panaderia = Creditor.objects.order_by("pk")
    changed = {
        f"{turia.ref} {table}"
        for table in ("organisation_sending", "evidence_entry", "evidence_personal", "evidence_head")
    }
    assert {table for table in before if before[table] != after[table]} == changed
    for table in (f"{turia.ref} evidence_entry", f"{turia.ref} evidence_personal"):
        assert after[table][: len(before[table])] == before[table]
    assert len(before[f"{panaderia.ref} evidence_personal"]) == 1
    for creditor in (turia, panaderia):
        with acting_for(creditor):
            assert log.verify(creditor) == []
    with acting_for(turia):
        added = Entry.objects.order_by("-seq").values_list("kind", flat=True)[:1]
        assert list(added) == ["sending.resumed"]


def test_what_waited_leaves_from_there_and_only_from_there(folder: Path) -> None:
    url = os.environ["DATABASE_URL"]
    assert main(["move-to", url, "--data", str(folder)]) == 0
    with in_folder(folder):
        creditor = Creditor.objects.order_by("pk")[0]
        with acting_for(creditor):
            [brake] = brakes.brakes(Sending.objects.get(), TODAY, NOW)
            assert brake.rule == "stopped.moved"
            assert brakes.doubtful(Sending.objects.get())
            send(creditor, NOW + timedelta(hours=1))
            assert Message.objects.filter(state=State.ACCEPTED).count() == 1
    open_database(folder)
    creditor = Creditor.objects.order_by("pk")[0]
    with acting_for(creditor), MailServer() as server:
        Sending.objects.update(port=server.port)
        assert brakes.brakes(Sending.objects.get(), TODAY, NOW) == []
        send(creditor, NOW + timedelta(hours=1))
        assert len(server.messages) == 1
        assert Message.objects.filter(state=State.ACCEPTED).count() == 2


def test_numbers_of_rows_go_on_as_they_would_have(folder: Path) -> None:
    with in_folder(folder):
        creditor = Creditor.objects.order_by("pk")[0]
        with acting_for(creditor):
            last = Customer.objects.order_by("-pk")[0].pk
    assert main(["move-to", os.environ["DATABASE_URL"], "--data", str(folder)]) == 0
    open_database(folder)
    with acting_for(creditor):
        new = Customer.objects.create(creditor=creditor, key="new", keyed_by="id", name="New", language="es")
        assert new.pk == last + 2  # one was deleted, and its number is not used again


def test_a_database_that_holds_something_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = os.environ["DATABASE_URL"]
    open_database(folder)
    install(core.read(OTHER), placeholder=False)
    close_database()
    assert main(["move-to", url, "--data", str(folder)]) == 2
    assert "holds a creditor already" in capsys.readouterr().err
    with in_folder(folder):
        creditor = Creditor.objects.order_by("pk")[0]
        with acting_for(creditor):
            assert Sending.objects.get().stopped_at is None


def test_what_a_person_stopped_stays_stopped_there(folder: Path) -> None:
    with in_folder(folder):
        creditor = Creditor.objects.order_by("pk")[0]
        with acting_for(creditor):
            brakes.stop(creditor, TODAY, NOW, by="ana", because="holidays")
    main(["move-to", os.environ["DATABASE_URL"], "--data", str(folder)])
    open_database(folder)
    with acting_for(creditor):
        assert Sending.objects.get().stopped_because == "holidays"
    with in_folder(folder), acting_for(creditor):
        assert Sending.objects.get().stopped_because == "moved"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///x", "no address of a PostgreSQL"),
        ("postgres://nobody@localhost:1/none", "cannot be used"),
        ("postgres://", "no address of a PostgreSQL"),
    ],
)
def test_an_address_of_nothing_is_refused(
    folder: Path, url: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["move-to", url, "--data", str(folder)]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_in_which_somebody_is_at_work_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from amable.cli.up import only_one

    with only_one(folder):
        assert main(["move-to", os.environ["DATABASE_URL"], "--data", str(folder)]) == 2
    assert "at work" in capsys.readouterr().err


def test_a_row_that_postgresql_cannot_keep_leaves_nothing_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with in_folder(folder):
        creditor = Creditor.objects.order_by("pk")[0]
        with acting_for(creditor):
            Customer.objects.filter(key="C-1").update(region="longer than it may be")
    assert main(["move-to", os.environ["DATABASE_URL"], "--data", str(folder)]) == 2
    assert "ledger_customer" in capsys.readouterr().err
    open_database(folder)
    assert Creditor.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_customer")
        assert cursor.fetchone() == (0,)

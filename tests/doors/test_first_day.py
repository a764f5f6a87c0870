"""`amable up` on an empty folder: the desk is there, a link makes the owner, and duties begin by themselves."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from amable.dunning.starters import shipped
from amable.server.database import open_database
from tests.conftest import Home
from tests.doors.office import PASSWORD, Office, office, up
from tests.stories.world import CREDITOR


@pytest.fixture
def empty(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return office(tmp_path, home.folder, monkeypatch)


def link_in(printed: str) -> str:
    found = re.search(r"/start/\S+", printed)
    return found[0] if found else ""


def test_the_desk_is_served_before_there_is_a_creditor_and_work_begins_once_there_is_one(empty: Office) -> None:
    with up(empty, "--listen", "127.0.0.1:0") as running:
        address = running.address()
        assert running.ask(address, "/readyz")[0] == 200
        assert running.process.stdout is not None
        link = link_in(running.process.stdout.readline())
        assert running.ask(address, link)[0] == 200
        (empty.files / "us.yaml").write_text(CREDITOR)
        assert empty.give("configure", "--creditor", empty.files / "us.yaml") == 0
        until = time.monotonic() + 60
        while "amable_last_plan_timestamp_seconds{" not in running.ask(address, "/metrics")[1]:
            assert time.monotonic() < until, "the creditor was not taken up"
            time.sleep(0.2)
        assert running.stop() == 0
    assert "Nothing is to be sent yet" in running.printed


def test_the_link_is_printed_as_long_as_nobody_has_an_account(
    empty: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert empty.give("sign-in-link") == 0
    assert "/start/" in capsys.readouterr().out
    assert empty.give("sign-in-link", "ana@turia.example") == 2
    assert "Nobody signs in with ana@turia.example" in capsys.readouterr().err
    open_database(empty.data)
    from amable.organisation.models import User

    User.objects.create_user("ana@turia.example", PASSWORD)
    assert empty.give("sign-in-link") == 2
    assert "for whom" not in capsys.readouterr().out
    assert empty.give("sign-in-link", "Ana@turia.example") == 0
    assert "/enter/" in capsys.readouterr().out


def test_an_only_owner_who_lost_the_second_factor_is_let_in_by_the_machine(
    empty: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty.files / "us.yaml").write_text(CREDITOR)
    assert empty.give("configure", "--creditor", empty.files / "us.yaml") == 0
    open_database(empty.data)
    from allauth.mfa.models import Authenticator

    from amable.evidence.models import Entry, Personal
    from amable.organisation.models import Creditor, Member, User
    from amable.organisation.roles import Role
    from amable.organisation.tenancy import acting_for

    creditor = Creditor.objects.get()
    ana = User.objects.create_user("ana@turia.example", PASSWORD)
    with acting_for(creditor):
        Member.objects.create(creditor=creditor, user=ana, role=Role.OWNER)
    Authenticator.objects.create(user=ana, type=Authenticator.Type.TOTP, data={"secret": "x"})

    assert empty.give("sign-in-link", "ana@turia.example") == 0
    assert Authenticator.objects.filter(user=ana).exists()
    assert empty.give("sign-in-link", "ana@turia.example", "--lost-second-factor") == 0
    assert not Authenticator.objects.filter(user=ana).exists()
    said = capsys.readouterr().out
    assert "second factor was taken off" in said
    assert said.count("/enter/") == 2
    with acting_for(creditor):
        entry = Entry.objects.get(kind="staff.second_factor_taken")
        assert Personal.objects.get(entry=entry, field="member").value == "ana@turia.example"


def test_with_several_creditors_a_command_wants_to_know_for_whom(
    empty: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty.files / "us.yaml").write_text(CREDITOR)
    assert empty.give("configure", "--creditor", empty.files / "us.yaml") == 0
    open_database(empty.data)
    from amable.dunning import setting_up
    from amable.organisation.models import Creditor, Sending
    from amable.organisation.tenancy import acting_for

    one = Creditor.objects.get()
    other = Creditor.objects.get()
    other.pk, other.ref, other.name = None, "second", "Segunda"
    other.save()
    with acting_for(one):
        rules = Sending.objects.get().procedure
    with acting_for(other):
        setting_up.begin(other, shipped(), empty.now.date(), empty.now, instance="")
        assert Sending.objects.get(creditor=other).procedure == rules
    capsys.readouterr()
    assert empty.give("status") == 2
    refusal = capsys.readouterr().err
    assert "several creditors" in refusal
    assert f"{one.ref}  {one.name}" in refusal
    assert empty.give("status", "--for", "third") == 2
    assert "No creditor here has the reference third" in capsys.readouterr().err
    assert empty.give("status", "--for", "second") == 1  # nobody has seen a plan of it
    assert "Segunda" in capsys.readouterr().out

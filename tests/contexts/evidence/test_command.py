"""`amable evidence verify`: what it says and how it exits, on a real folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from amable.cli import main
from amable.organisation.models import Creditor
from amable.organisation.tenancy import acting_for
from amable.server.database import close_database, open_database
from tests.conftest import Home
from tests.stories.world import Business

_KEPT = {
    "sqlite": ("DROP TRIGGER entry_unchanged", "DROP TRIGGER entry_kept", "DROP TRIGGER blob_unchanged"),
    "postgresql": (
        "DROP TRIGGER entry_unchanged ON evidence_entry",
        "DROP TRIGGER entry_kept ON evidence_entry",
        "DROP TRIGGER blob_unchanged ON evidence_blob",
    ),
}


@pytest.fixture
def folder(home: Home, tmp_path: Path) -> Path:
    """The folder of two days of a creditor."""
    business = Business(tmp_path, home.folder)
    business.owes("F-1", "500.00", "2026-03-10")
    for day in ("2026-03-17", "2026-03-18"):
        assert business.run(day).code == 0
    return home.folder


def verify(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["evidence", "verify", "--outbox", str(folder)])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def touch(folder: Path, *statements: str) -> None:
    """Change the database behind Amable's back, its triggers taken away."""
    open_database(folder)
    with scopes_disabled():
        creditor = Creditor.objects.get()
    with acting_for(creditor), connection.cursor() as cursor:
        for statement in (*_KEPT[connection.vendor], *statements):
            cursor.execute(statement)
    close_database()


def test_a_whole_record_says_so_with_its_head(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verify(folder, capsys)
    assert code == 0
    assert "none changed, removed or reordered" in said
    assert verify(folder, capsys) == (code, said)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE evidence_entry SET body = body || ' ' WHERE seq = 2", "or one before it was removed or reordered: 2 "),
        ("DELETE FROM evidence_entry WHERE seq = 2", "Entries are missing at 2 – 2."),
        ("UPDATE evidence_personal SET value = 'Eva'", "A personal value was changed at entry"),
        ("DELETE FROM evidence_blob", "The bytes of a message are gone: entry"),
        ("UPDATE evidence_head SET seq = seq + 1", "does not match its head"),
        ("UPDATE evidence_entry SET seq = NULL WHERE seq = 1", "1 entries are not sealed"),
    ],
)
def test_what_was_touched_is_said_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str], statement: str, sentence: str
) -> None:
    first = "DELETE FROM evidence_personal" if statement.startswith("DELETE FROM evidence_entry") else "SELECT 1"
    touch(folder, first, statement)
    code, said = verify(folder, capsys)
    assert code == 1
    assert sentence in said


def test_a_folder_without_a_record_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    code, said = verify(tmp_path / "nowhere", capsys)
    assert code == 2
    assert "nowhere" in said
    assert not (tmp_path / "nowhere").exists()


def test_a_record_of_nobody_is_refused(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(home.folder, capsys)[0] == 2

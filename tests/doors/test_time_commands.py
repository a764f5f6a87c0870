"""Looking into the past and the future by the command: what is printed, what is written, and what stays as it was."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from amable.cli import main
from tests.conftest import Home
from tests.past import ledger, write
from tests.stories.world import Business

COLUMNS = ["date", "customer_id", "customer", "invoice", "step", "outcome", "rule"]
OVERDUE = {"early_late", "late_late", "sms"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")


@pytest.fixture
def business(home: Home, tmp_path: Path) -> Business:
    """A creditor with an empty ledger and an outbox."""
    place = tmp_path / "files"
    place.mkdir()
    return Business(place, home.folder)


@pytest.fixture
def replayed(tmp_path: Path) -> Callable[..., tuple[int, Path]]:
    """The year's ledger, and the command on it."""
    written = write(tmp_path / "ledger.csv", ledger(300))

    def call(*more: str, out: str = "replay.csv", command: str = "replay") -> tuple[int, Path]:
        path = tmp_path / out
        arguments = [command, "--ledger", str(written), "--from", "2025-01-01", "--to", "2025-12-31"]
        return main([*arguments, "--out", str(path), *more]), path

    return call


# --- replay ---------------------------------------------------------------------------------------------------


def test_a_replay_writes_a_row_for_each_thing_said_and_says_what_it_assumes(
    replayed: Callable[..., tuple[int, Path]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, path = replayed()
    printed = capsys.readouterr().out
    assert code == 0
    said = rows(path)
    assert list(said[0]) == COLUMNS
    assert [row["date"] for row in said] == sorted(row["date"] for row in said)
    assert "Amable wrote from the first day on" in printed
    assert f"{len(said)} rows" in printed.replace(",", "")


def test_every_row_agrees_with_the_ledger_it_came_from(replayed: Callable[..., tuple[int, Path]]) -> None:
    _, path = replayed()
    items = {record.invoice_number: record for record in ledger(300)}
    said = [row for row in rows(path) if row["outcome"] == "sent" and items[row["invoice"]].total > 0]
    assert len(said) > 200
    for row in said:
        item, day = items[row["invoice"]], date.fromisoformat(row["date"])
        assert not item.disputed
        assert row["customer_id"] == item.customer_id
        assert item.settled_date is None or day < item.settled_date
        assert item.due_date is not None
        assert row["step"] not in OVERDUE or day > item.due_date


def test_a_replay_run_twice_writes_the_same_bytes(replayed: Callable[..., tuple[int, Path]]) -> None:
    _, one = replayed(out="one.csv")
    _, two = replayed(out="two.csv")
    assert one.read_bytes() == two.read_bytes()


def test_a_procedure_of_ones_own_is_replayed(replayed: Callable[..., tuple[int, Path]], tmp_path: Path) -> None:
    only = tmp_path / "only.yaml"
    only.write_text(
        "procedure: only\nsteps:\n  - step: due_7\n    when: 7 days before due\n    wording: gentle_before_due\n"
    )
    _, path = replayed("--procedure", str(only))
    assert {row["step"] for row in rows(path) if row["outcome"] == "sent"} <= {"due_7", "listed"}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--from", "01/02/2025"), "is not a day"),
        (("--from", "2026-02-01"), "comes before the first"),
        (("--ledger", "nowhere.csv"), "cannot be read"),
    ],
)
def test_a_replay_that_cannot_be_made_is_refused_in_a_sentence(
    replayed: Callable[..., tuple[int, Path]], more: tuple[str, str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, path = replayed(*more)
    assert code == 2
    assert sentence in capsys.readouterr().err
    assert not path.exists()


def test_a_year_of_2500_invoices_is_replayed_in_less_than_twenty_seconds(tmp_path: Path) -> None:
    written = write(tmp_path / "ledger.csv", ledger(2500))
    before = time.process_time()
    arguments = ["replay", "--ledger", str(written), "--from", "2025-01-01", "--to", "2025-12-31"]
    assert main([*arguments, "--out", str(tmp_path / "replay.csv")]) == 0
    assert time.process_time() - before < 20


# --- compare --------------------------------------------------------------------------------------------------


def test_two_procedures_on_the_same_past(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = write(tmp_path / "ledger.csv", ledger(200))
    quiet = tmp_path / "quiet.yaml"
    quiet.write_text("procedure: quiet\nsteps:\n  - step: early_late\n    when: 20 days after due\n")
    loud = tmp_path / "loud.yaml"
    loud.write_text(
        "procedure: loud\nsteps:\n  - step: due_7\n    when: 7 days before due\n    wording: gentle_before_due\n"
    )
    dates = ["--from", "2025-01-01", "--to", "2025-12-31"]
    assert main(["compare", str(quiet), str(loud), "--ledger", str(written), *dates]) == 0
    printed = capsys.readouterr().out
    figures = {line.rsplit(None, 2)[0]: line.rsplit(None, 2)[1:] for line in printed.splitlines() if line.strip()}
    messages = figures["messages to customers"]
    assert int(messages[0]) < int(messages[1])
    assert "not how the customers would have answered" in printed


def test_a_procedure_against_itself_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = write(tmp_path / "ledger.csv", ledger(100))
    own = tmp_path / "own.yaml"
    own.write_text(
        "procedure: own\nsteps:\n  - step: due_7\n    when: 7 days before due\n    wording: gentle_before_due\n"
    )
    dates = ["--from", "2025-01-01", "--to", "2025-12-31"]
    main(["compare", str(own), str(own), "--ledger", str(written), *dates])
    table = capsys.readouterr().out.split("\n\n")[1].splitlines()[1:]
    assert len(table) == 8
    for line in table:
        label_and_a, b = line.rsplit("  ", 1)
        assert label_and_a.rstrip().endswith(b.strip())


# --- rehearse -------------------------------------------------------------------------------------------------


def state(folder: Path) -> dict[str, str]:
    """Every file of a folder by its digest; the database by its rows, for SQLite may tidy its own pages."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".sqlite3", ".sqlite3-wal", ".sqlite3-shm")
    }


def test_what_will_leave_is_what_then_leaves(
    business: Business,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A rehearsal from one day says what the runs of the following days really write."""
    business.owes("F-1", "500.00", "2026-03-03")
    business.owes(
        "F-2", "700.00", "2026-03-24", customer_id="C-2", customer_name="Hornos Vidal, S.L.", email="a@v.example"
    )
    business.run("2026-03-02")
    before = state(business.outbox)
    assert (
        main(["rehearse", "--outbox", str(business.outbox), "--days", "30", "--out", str(tmp_path / "next.csv")]) == 0
    )
    printed = capsys.readouterr().out
    assert state(business.outbox) == before
    assert "Nothing in the folder was changed" in printed
    foreseen = {
        (row["date"], row["invoice"], row["step"])
        for row in rows(tmp_path / "next.csv")
        if row["outcome"] in ("sent", "task", "escalated")
    }
    happened = set()
    day = date(2026, 3, 2)
    while day <= date(2026, 4, 1):
        for invoice, why in business.run(day.isoformat()).why.items():
            if why["outcome"] in ("sent", "task", "escalated") and why["message"]:
                happened.add((day.isoformat(), invoice, why["step"]))
        day += timedelta(days=1)
    assert len(happened) > 8
    assert foreseen == happened


def test_the_procedure_of_the_last_run_is_rehearsed(
    business: Business, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = tmp_path / "only.yaml"
    only.write_text("procedure: only\nsteps:\n  - step: due_3\n    when: 3 days before due\n    wording: due_today\n")
    business.owes("F-1", "500.00", "2026-03-20")
    business.run("2026-03-02", "--procedure", str(only))
    assert main(["rehearse", "--outbox", str(business.outbox), "--days", "18"]) == 0
    printed = capsys.readouterr().out
    assert "second reminder before the due date" in printed
    assert "first reminder before the due date" not in printed


def test_a_folder_without_a_record_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["rehearse", "--outbox", str(tmp_path / "nothing")]) == 2
    assert "There is no record" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_a_folder_that_was_never_run_is_refused(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", "--outbox", str(home.folder)]) == 2
    assert "Nothing has been recorded yet" in capsys.readouterr().err


# --- simulate -------------------------------------------------------------------------------------------------


def test_a_simulation_shows_every_temperament_and_is_the_same_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--payers", "60", "--seed", "5"]) == 0
    first = capsys.readouterr().out
    main(["simulate", "--payers", "60", "--seed", "5"])
    assert capsys.readouterr().out == first
    assert "punctual" in first
    assert "short of cash" in first
    assert "The payers are invented" in first


def test_a_simulation_needs_two_payers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--payers", "1"]) == 2
    assert "at least two payers" in capsys.readouterr().err


def test_a_rehearsal_of_no_days_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "amable.sqlite3").touch()
    assert main(["rehearse", "--outbox", str(tmp_path), "--days", "0"]) == 2
    assert "--days" in capsys.readouterr().err

"""What `amable import --dry-run` says, that it writes nothing, and how a map answers a question for good."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.plugs.test_messy_ledgers import FOLDER
from tests.stories.world import Business, Day


def effect(day: Day) -> dict[str, tuple[str, ...]]:
    """The table of the effect: its rows by their first words, each with its count and its sums."""
    rows = [line.split("  ") for line in day.printed.splitlines() if line.startswith("  ")]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    return {row[0]: tuple(row[1:]) for row in cells if row}


def content(outbox: Path) -> tuple[list[str], list[str]]:
    """Everything a folder holds: its files, and the rows of its database."""
    with closing(sqlite3.connect(outbox / "amable.sqlite3")) as database:
        rows = list(database.iterdump())
    return sorted(str(path) for path in outbox.rglob("*") if not path.name.endswith(("-wal", "-shm"))), rows


def imports(business: Business, *more: str | Path) -> Day:
    return business.call(["import", *map(str, more), "--dry-run"])


def test_the_effect_is_told_and_nothing_is_written(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")
    for number in (1, 2, 3, 4):
        business.owes(f"F-{number}", f"{number}00.00", "2026-03-30")
    business.run("2026-03-17")
    business.items[0]["open_amount"] = "0.00"
    business.items[1]["due_date"] = "2026-04-10"
    del business.items[2]
    business.owes("F-9", "45.50", "2026-03-30", customer_id="C-2", customer_name="Bar Sol")
    before = content(business.outbox) if (business.outbox / "amable.sqlite3").exists() else None

    day = imports(business, business.ledger(), "--outbox", business.outbox)

    assert day.code == 0
    told = effect(day)
    assert told["new"] == ("1", "€45.50")
    assert told["settled"] == ("1", "€100.00")
    assert told["changed"] == ("1", "€200.00")
    assert told["missing"] == ("1", "€300.00")
    assert told["as before"] == ("1", "€400.00")
    assert "1 customer is new." in day.printed
    if before:
        assert content(business.outbox) == before
    assert business.run("2026-03-18").why["F-9"]


def test_additions_never_make_an_item_missing(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")
    business.owes("F-1", "100.00", "2026-03-30")
    business.run("2026-03-17")
    business.items.clear()
    business.owes("F-2", "200.00", "2026-03-30")
    assert effect(imports(business, business.ledger(), "--outbox", business.outbox))["missing"][0] == "1"
    told = imports(business, business.ledger(), "--outbox", business.outbox, "--additions")
    assert effect(told)["missing"][0] == "0"
    lines = business.place / "additions.yaml"
    lines.write_text("ledger: additions\n", "utf-8")
    assert (
        effect(imports(business, business.ledger(), "--outbox", business.outbox, "--map", lines))["missing"][0] == "0"
    )
    day = business.run("2026-03-18", "--map", str(lines))
    assert {number: row["outcome"] for number, row in day.why.items()} == {"F-1": "not_yet", "F-2": "not_yet"}


def test_a_question_stops_everything_and_the_line_it_names_answers_it(business: Business, tmp_path: Path) -> None:
    ledger, lines = tmp_path / "ask_dates.csv", tmp_path / "map.yaml"
    shutil.copy(FOLDER / ledger.name, ledger)
    asked = business.call(["run", "--ledger", str(ledger), "--outbox", str(business.outbox), "--as-of", "2026-03-17"])
    assert asked.code == 2
    assert "dates: day first" in asked.said
    assert "dates: month first" in asked.said

    assert imports(business, ledger, "--map", lines).code == 2
    assert lines.read_text("utf-8").splitlines()[:3] == [
        "# dates: day first", "# dates: month first", "Customer: customer_name",
    ]  # fmt: skip
    lines.write_text(lines.read_text("utf-8").replace("# dates: day first", "dates: day first"), "utf-8")
    saved = lines.read_text("utf-8")
    assert imports(business, ledger, "--map", lines).code == 0
    assert lines.read_text("utf-8") == saved


def test_a_map_that_is_not_there_is_written_once(business: Business, tmp_path: Path) -> None:
    lines = tmp_path / "map.yaml"
    assert imports(business, FOLDER / "smartbill.xlsx", "--map", lines).code == 0
    saved = lines.read_text("utf-8")
    assert "Rest de incasat (RON): open_amount" in saved
    assert "Nr. crt.: ignore" in saved
    assert imports(business, FOLDER / "smartbill.xlsx", "--map", lines).code == 0
    assert lines.read_text("utf-8") == saved


@pytest.mark.parametrize(
    "name", ["holded.xlsx", "contasol.xls", "libreoffice.ods", "quickbooks.csv", "unicode_text.csv"]
)
def test_a_ledger_nobody_prepared_runs_with_no_options(business: Business, name: str) -> None:
    creditor = business.place / "creditor.yaml"
    creditor.write_text(business.creditor, "utf-8")
    day = business.call(
        ["run", "--ledger", str(FOLDER / name), "--creditor", str(creditor), "--outbox", str(business.outbox),
         "--as-of", "2026-03-31"]
    )  # fmt: skip
    assert day.code == 0
    assert sum(1 for row in day.why.values() if row["outcome"] != "paid") == 7
    assert "open_amount" in day.printed


def test_an_import_takes_in_only_where_messages_leave_by_themselves(business: Business) -> None:
    refused = business.call(["import", str(FOLDER / "holded.xlsx"), "--data", str(business.outbox)])
    assert refused.code == 2
    assert "amable configure" in refused.said


def test_spellings_and_look_alikes_are_listed(
    business: Business, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")
    ledger = tmp_path / "names.csv"
    ledger.write_text(
        "Cliente;Factura;Vence;Saldo\nPanadería Núñez, S.L.;1;2026-03-31;1,50\nNUÑEZ PANADERIA SL;2;2026-03-31;2,50\n"
        "Panadería Nuñes, S.L.;3;2026-03-31;3,50\n",
        "utf-8",
    )
    day = imports(business, ledger)
    assert "They are of 2 customers." in day.printed
    assert "Panadería Núñez, S.L. = NUÑEZ PANADERIA SL" in day.printed
    assert "Panadería Núñez, S.L. ≠ Panadería Nuñes, S.L." in day.printed

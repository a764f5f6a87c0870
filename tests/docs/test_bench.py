"""The benches run, and what they compare is the same work: as many rows written, every payment matched, none wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"
ROWS = ("messages", "message", "messageitem", "look", "entry")


def bench(name: str, folder: Path, *sizes: str) -> list[dict[str, Any]]:
    """The rows of a bench at a small size."""
    found = folder / "bench.json"
    given = [sys.executable, str(BENCH / f"{name}.py"), *sizes, "--rounds", "1", "--json", str(found)]
    done = subprocess.run(given, env=os.environ | {"DATABASE_URL": ""}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in found.read_text("utf-8").splitlines()]


def test_our_planning_writes_as_many_rows_as_the_floor(tmp_path: Path) -> None:
    rows = bench("planning", tmp_path, "--invoices", "2000")
    for load, messages in (("backlog", 500), ("daily", 20)):
        floor, ours = (row for row in rows if row["load"] == load)
        assert {name: ours[name] for name in ROWS} == {name: floor[name] for name in ROWS}
        assert ours["messages"] == messages


def test_every_mail_and_letter_is_written(tmp_path: Path) -> None:
    mails = bench("composing", tmp_path, "--mails", "20")
    assert {row["mails"] for row in mails if row["part"].startswith("whole")} == {20}
    letters = bench("letters", tmp_path, "--letters", "2")
    assert {row["letters"] for row in letters if row["case"] == "ours" and "letters" in row} == {2}


def test_every_message_is_accepted(tmp_path: Path) -> None:
    rows = bench("sending", tmp_path, "--messages", "40")
    assert {row["accepted"] for row in rows if row["kind"] == "near"} == {40}
    assert {row["case"] for row in rows if row["kind"] == "away" and row["accepted"] == row["messages"]} == {
        "ours",
        "ours ×8",
    }


def test_no_payment_is_booked_wrong(tmp_path: Path) -> None:
    rows = bench("matching", tmp_path, "--invoices", "4000", "--payments", "500")
    ours = {row["part"]: row for row in rows if row["case"] == "ours"}
    assert ours["references"]["right"] == ours["references"]["n"] > 400
    assert ours["names"]["booked wrong"] == 0


def test_every_movement_of_every_bank_format_is_read(tmp_path: Path) -> None:
    rows = bench("statements", tmp_path, "--megabytes", "1", "--lines", "200")
    read = {row["part"]: row["lines"] for row in rows if row["case"] == "ours"}
    assert {read[name] for name in ("mt940", "norma43", "ofx", "table")} == {200}
    assert read["camt"] == next(row["lines"] for row in rows if (row["case"], row["part"]) == ("floor", "camt")) > 1000


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("einvoices", ("--invoices", "50")),
        ("importing", ("--rows", "200")),
        ("receiving", ("--invoices", "400", "--payments", "100")),
        ("replaying", ("--invoices", "50")),
    ],
)
def test_the_others_run(name: str, sizes: tuple[str, ...], tmp_path: Path) -> None:
    assert any(row["case"] == "ours" for row in bench(name, tmp_path, *sizes))

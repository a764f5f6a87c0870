"""Only customers whose day has come are looked at; whoever is not would have read, and heard, the same."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

from amable import sample
from amable.cli.demo import _errand
from amable.cli.run import run
from amable.cli.workplace import working_in
from tests.conftest import Home

DAYS = [day for n in range(44) if (day := sample.FIRST_DAY + timedelta(days=n)).weekday() < 5]


def test_the_sample_reads_the_same_when_everybody_is_looked_at_every_day(home: Home, tmp_path: Path) -> None:
    due, everybody = home.folder, home.fresh()
    looked: dict[str, int] = {"due": 0, "everybody": 0}
    for day in DAYS:
        run(_errand(due, day), quiet=True)
        look_at_everybody(everybody)
        run(_errand(everybody, day), quiet=True)
        assert told(due) == told(everybody), day
        assert mails(due) == mails(everybody), day
        looked["due"] += customers_looked_at(due, day)
        looked["everybody"] += customers_looked_at(everybody, day)
    assert looked["due"] < looked["everybody"] * 0.8


def look_at_everybody(folder: Path) -> None:
    with working_in(folder):
        from amable.organisation.models import Creditor

        Creditor.objects.update(looked_by="")


def customers_looked_at(folder: Path, day: date) -> int:
    with working_in(folder):
        from django_scopes import scopes_disabled

        from amable.dunning.models import Look

        with scopes_disabled():
            return Look.objects.filter(day=day).count()


def told(folder: Path) -> list[dict[str, str]]:
    """why.csv; the day of the next look may be a later one, when nothing can change before it."""
    text = (folder / "why.csv").read_text("utf-8-sig")
    return [{name: row[name] for name in row if name != "next_look"} for row in csv.DictReader(io.StringIO(text))]


def mails(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for kind in ("mail", "tasks", "staff") for path in (folder / kind).glob("*.*")}

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


def test_the_sample_reads_the_same_when_everybody_is_looked_at_every_day(home: Home) -> None:
    due, looks = sample_days(home.folder, everybody=False)
    all_of_them, all_looks = sample_days(home.fresh(), everybody=True)
    for day, one, other in zip(DAYS, due, all_of_them, strict=True):
        assert one == other, day
    assert 0 < looks < all_looks * 0.8


def sample_days(folder: Path, *, everybody: bool) -> tuple[list[tuple[list[dict[str, str]], dict[str, bytes]]], int]:
    """What the folder said and wrote on each day of the sample, and how many customers were looked at for it."""
    days, looks = [], 0
    for day in DAYS:
        if everybody:
            look_at_everybody(folder)
        run(_errand(folder, day), quiet=True)
        days.append((told(folder), mails(folder)))
        looks += customers_looked_at(folder, day)
    return days, looks


def look_at_everybody(folder: Path) -> None:
    with working_in(folder):
        from amable.organisation.models import Creditor

        Creditor.objects.update(looked_by="")


def customers_looked_at(folder: Path, day: date) -> int:
    with working_in(folder):
        from amable.dunning.models import Look
        from amable.organisation.models import Creditor
        from amable.organisation.tenancy import acting_for

        with acting_for(Creditor.objects.get()):
            return int(Look.objects.filter(day=day).count())


def told(folder: Path) -> list[dict[str, str]]:
    """why.csv; the day of the next look may be a later one, when nothing can change before it."""
    text = (folder / "why.csv").read_text("utf-8-sig")
    return [{name: row[name] for name in row if name != "next_look"} for row in csv.DictReader(io.StringIO(text))]


def mails(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for kind in ("mail", "tasks", "staff") for path in (folder / kind).glob("*.*")}

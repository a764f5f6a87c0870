"""`amable templates`, and a run with wordings of one's own: what is listed, what is refused, what a customer reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amable.cli import main
from amable.core import wording
from tests.conftest import Home
from tests.stories.world import Business, text


def ours(name: str = "early_late", language: str = "es") -> str:
    return (Path(wording.__file__).parent / "wordings" / language / f"{name}.md").read_text("utf-8")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a wording of one's own."""
    folder = tmp_path / "wordings" / "es"
    folder.mkdir(parents=True)
    for name in ("early_late", "early_late.b", "early_late.c"):
        mine = ours(name).replace("Gracias por su ayuda.", "Gracias por su atención.")
        (folder / f"{name}.md").write_text(mine.replace("Hola, {%", "Buenas tardes, {%"), "utf-8")
    return tmp_path / "wordings"


@pytest.fixture
def business(home: Home, tmp_path: Path) -> Business:
    """A creditor with an empty ledger and an outbox."""
    place = tmp_path / "files"
    place.mkdir()
    return Business(place, home.folder)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")


def test_every_stage_is_listed_with_whom_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "list", "--json"]) == 0
    listed = {one["stage"]: one for one in json.loads(capsys.readouterr().out)}
    assert listed["late_late"]["variants"] == ["any", "new", "regular"]
    assert listed["late_late"]["languages"] == ["en", "es", "ro", "fr"]
    assert listed["late_late"]["several"] is True
    assert listed["sms_late"]["channel"] == "sms"
    assert main(["templates", "list"]) == 0
    assert "early_payment_discount" in capsys.readouterr().out


def test_a_preview_reads_as_the_customer_would_read_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["templates", "preview", "early_payment_discount", "--language", "fr"]) == 0
    shown = capsys.readouterr().out.replace("\xa0", " ").replace("\u202f", " ")
    assert shown.startswith("Objet : Facture F-2026-0117 : escompte de 2 %")
    assert "1 185,80 €" in shown
    assert "{" not in shown
    assert main(["templates", "preview", "late_late", "--language", "ro", "--multi", "--variant", "regular"]) == 0
    assert "Ne-am înțeles întotdeauna bine" in capsys.readouterr().out
    page = tmp_path / "page.html"
    assert main(["templates", "preview", "statement", "--language", "en", "--html", str(page)]) == 0
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_stage_there_is_not_is_answered_with_one_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "preview", "early_lat", "--language", "en"]) == 2
    assert "early_late" in capsys.readouterr().err
    assert main(["templates", "preview", "statement", "--variant", "new", "--language", "en"]) == 2
    assert "email/any" in capsys.readouterr().err


def test_a_wording_that_threatens_is_refused_with_its_line(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "check", str(own)]) == 0
    capsys.readouterr()
    path = own / "es" / "early_late.md"
    path.write_text(path.read_text("utf-8").replace("Gracias por su atención.", "Pague ya. Gracias."), "utf-8")
    line = next(n for n, words in enumerate(path.read_text("utf-8").split("\n"), 1) if "Pague ya" in words)
    assert main(["templates", "check", str(path)]) == 1
    assert f"{path}:{line}: no-forbidden-phrase.pressure: " in capsys.readouterr().out


def test_a_gap_in_the_procedure_is_shown_and_counts(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (own / "es").glob("early_late*.md"):
        path.write_text(path.read_text("utf-8").replace("variant: any", "variant: new").replace(
            "variant: regular", "variant: new"), "utf-8")  # fmt: skip
    assert main(["templates", "check", str(own)]) == 1
    shown = capsys.readouterr().out
    assert "early_late (es): there are no words for regular customers" in shown
    assert "3/0" in shown


def test_a_run_speaks_in_ones_own_words(business: Business, own: Path) -> None:
    business.owes("F-1", "500.00", "2026-03-10")
    day = business.run("2026-03-17", "--wordings", str(own))
    assert day.outcome("F-1") == ("sent", "step.early_late")
    assert "Gracias por su atención." in text(day.mail)


def test_a_run_with_unkind_or_missing_words_does_not_begin(business: Business, own: Path) -> None:
    business.owes("F-1", "500.00", "2026-03-10")
    path = own / "es" / "early_late.md"
    path.write_text(path.read_text("utf-8").replace("Gracias por su atención.", "Es su último aviso."), "utf-8")
    refused = business.run("2026-03-17", "--wordings", str(own))
    assert refused.code == 2
    assert "último aviso" in refused.said
    assert "es/early_late.md:" in refused.said
    assert not (business.outbox / "why.csv").exists()
    empty = own / "empty"
    empty.mkdir()
    assert business.run("2026-03-17", "--wordings", str(empty)).code == 2


def test_the_same_wording_twice_is_refused(business: Business, own: Path) -> None:
    business.owes("F-1", "500.00", "2026-03-10")
    (own / "early_late.md").write_text(ours(), "utf-8")
    refused = business.run("2026-03-17", "--wordings", str(own))
    assert refused.code == 2
    assert "es/early_late.md" in refused.said


def test_our_own_wordings_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "check"]) == 0
    assert "thank_you_multi" in capsys.readouterr().out

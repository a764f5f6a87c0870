"""The watched folder: every file answered once, put away with its report, and none of them lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections

from amable import sample
from amable.banking.models import BankLine
from amable.ledger.models import Item
from amable.organisation.models import Creditor
from amable.organisation.tenancy import acting_for
from amable.work import arriving, files, jobs, sources, watched_folder
from amable.work.models import Arrival, File, FilePart, Watch
from amable.work.reading import LARGEST_FILE
from amable.work.watched_folder import Refusal
from tests.contexts.office import NOON

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
LEDGER = (
    "Cliente;Nº factura;F. factura;Vto.;Importe;Pdte.\n"
    "Forn de la Plaça, S.L.;0117;08/01/2026;27/02/2026;1.210,00;1.210,00\n"
    "Talleres Turia, S.A.;0133;02/03/2026;25/03/2026;2.000,00;1.500,00\n"
    "Bar Sol;0140;02/03/2026;;90,00;=1+1\n"
)
BANK = (SAMPLES / "bank" / "norma43" / "sepa.n43").read_bytes()


class Watched:
    """A creditor's watched folder, looked at by a clock of ours."""

    def __init__(self, creditor: Creditor, folder: Path) -> None:
        self.creditor, self.folder, self.now = creditor, folder, NOON
        folder.mkdir()
        chosen = watched_folder.chosen(str(folder), creditor)
        assert chosen == folder
        creditor.watched_folder = str(chosen)
        creditor.save()
        watched_folder.changed(creditor, self.now)

    def clock(self) -> datetime:
        return self.now

    def put(self, name: str, data: str | bytes = LEDGER) -> Path:
        place = self.folder / name
        place.write_bytes(data.encode() if isinstance(data, str) else data)
        return place

    def look(self) -> None:
        """One look, and the work it asked for."""
        self.now += timedelta(minutes=1)
        sources.look(self.creditor, self.clock)
        jobs.do_all(self.creditor, self.clock)

    def answer(self) -> None:
        """As many looks as a file needs: it is seen, it has not changed, it is read, it is put away."""
        for _ in range(5):
            self.look()

    def lies(self) -> set[str]:
        """What lies in the folder and below, but for reports."""
        found = (one.relative_to(self.folder) for one in self.folder.rglob("*") if one.is_file() or one.is_symlink())
        return {
            str(one) for one in found if not (one.suffix == ".txt" and one.parts[0] in ("done", "failed", "waiting"))
        }

    def report(self, name: str) -> str:
        return (self.folder / f"{name}.txt").read_text("utf-8")


@pytest.fixture
def watched(acting: Creditor, tmp_path: Path) -> Watched:
    return Watched(acting, tmp_path / "incoming")


def test_a_statement_is_taken_in_and_put_away_with_its_report(watched: Watched) -> None:
    watched.put("extracto.n43", BANK)
    watched.answer()
    assert watched.lies() == {"done/extracto.n43"}
    assert (watched.folder / "done" / "extracto.n43").read_bytes() == BANK
    told = watched.report("done/extracto.n43")
    assert "Incorporado automáticamente el 17 de marzo de 2026" in told
    assert "movimientos nuevos" in told
    assert BankLine.objects.exists()
    assert File.objects.get().taken_by == "folder"


def test_a_file_that_grows_is_left_until_it_has_stopped(watched: Watched) -> None:
    for n in range(3):
        watched.put("extracto.n43", BANK[: 80 * n])
        watched.look()
    assert not Arrival.objects.exists()
    watched.put("extracto.n43", BANK)
    watched.answer()
    assert watched.lies() == {"done/extracto.n43"}


def test_the_first_ledger_of_its_kind_waits_and_the_next_is_taken_in_as_a_person_said(watched: Watched) -> None:
    watched.put("pendientes.csv")
    watched.answer()
    assert watched.lies() == {"waiting/pendientes.csv"}
    told = watched.report("waiting/pendientes.csv")
    assert "es la primera vez que llega un libro de facturas con estos encabezados" in told
    assert "Vto. → " in told
    assert "línea 4" in told
    assert not Item.objects.exists()

    files.take_in(File.objects.get(), whole=True, by="lucia@turia.example", now=watched.now)
    watched.answer()
    assert watched.lies() == {"done/pendientes.csv"}
    assert "Incorporado por lucia@turia.example" in watched.report("done/pendientes.csv")
    assert not (watched.folder / "waiting" / "pendientes.csv.txt").exists()

    watched.put("pendientes.csv", LEDGER.replace("1.500,00", "700,00"))
    watched.answer()
    assert watched.lies() == {"done/pendientes.csv", "done/pendientes (2).csv"}
    assert Item.objects.get(number="0133").open == 70_000
    assert "cambiadas: 1  700,00" in watched.report("done/pendientes (2).csv")


def test_a_ledger_that_lacks_most_of_what_was_open_waits_again(watched: Watched) -> None:
    watched.put("a.csv", "".join(LEDGER.splitlines(keepends=True)[:3]))
    watched.answer()
    files.take_in(File.objects.get(), whole=True, by="lucia", now=watched.now)
    watched.answer()
    watched.put("b.csv", LEDGER.splitlines()[0] + "\nNueva, S.L.;0200;02/03/2026;25/03/2026;10,00;10,00\n")
    watched.answer()
    assert "waiting/b.csv" in watched.lies()
    assert "podría ser solo una parte" in watched.report("waiting/b.csv")
    assert not Item.objects.filter(number="0200").exists()


def test_a_question_waits_at_the_desk_and_is_named_in_the_report(watched: Watched) -> None:
    watched.put("ask_dates.csv", (SAMPLES / "ledgers" / "ask_dates.csv").read_bytes())
    watched.answer()
    assert watched.lies() == {"waiting/ask_dates.csv"}
    assert "1 pregunta" in watched.report("waiting/ask_dates.csv")


def test_what_was_found_while_somebody_looked_is_what_is_answered(watched: Watched) -> None:
    """A job may end between two questions: its file is never judged by what stood in it before."""
    watched.put("ask_dates.csv", (SAMPLES / "ledgers" / "ask_dates.csv").read_bytes())
    watched.look()
    watched.now += timedelta(minutes=1)
    sources.look(watched.creditor, watched.clock)
    before = Arrival.objects.select_related("file").get()
    jobs.do_all(watched.creditor, watched.clock)
    assert arriving.outcome(before, watched.now) == "waiting"
    assert before.file is not None
    assert before.file.asks == 1


def test_what_nobody_takes_in_within_a_week_is_answered_and_still_there(watched: Watched) -> None:
    watched.put("pendientes.csv")
    watched.answer()
    files.let_go(File.objects.get(), now=watched.now)
    watched.answer()
    assert watched.lies() == {"failed/pendientes.csv"}
    assert "alguien descartó el archivo" in watched.report("failed/pendientes.csv")


def test_a_folder_of_mixed_files_has_every_answer(watched: Watched, tmp_path: Path) -> None:
    (statement, *_) = sample.unpack(tmp_path / "sample", sample.TODAY).statements
    watched.put("camt.xml", statement.read_bytes())
    watched.put("norma43.n43", BANK)
    watched.put("ledger.csv")
    watched.put("scan.pdf", b"%PDF-1.7\n")
    watched.put("empty.csv", b"")
    watched.put("notes.md", "Dear all,\nplease find\n")
    watched.put("evil\nname\x1b[31m.csv", "x\n")
    watched.put("ledger.csv.part")
    watched.put("~$ledger.xlsx")
    (watched.folder / "below").mkdir()
    (watched.folder / "below" / "ledger.csv").write_text(LEDGER, "utf-8")
    (watched.folder / "link.csv").symlink_to("/etc/hostname")
    watched.answer()
    assert watched.lies() == {
        "done/camt.xml", "done/norma43.n43", "waiting/ledger.csv", "failed/scan.pdf", "failed/empty.csv",
        "failed/notes.md", "failed/evil_name_[31m.csv", "ledger.csv.part", "~$ledger.xlsx", "below/ledger.csv",
        "link.csv",
    }  # fmt: skip
    for name in ("scan.pdf", "empty.csv", "notes.md", "evil_name_[31m.csv"):
        told = watched.report(f"failed/{name}")
        assert "No incorporado" in told
        assert all(line.isprintable() or "\u00a0" in line for line in told.splitlines())
    before = Arrival.objects.count(), set(watched.folder.rglob("*"))
    watched.answer()
    assert (Arrival.objects.count(), set(watched.folder.rglob("*"))) == before


def test_the_same_bytes_again_say_when_they_were_taken(watched: Watched) -> None:
    watched.put("extracto.n43", BANK)
    watched.answer()
    lines = BankLine.objects.count()
    watched.put("copia.n43", BANK)
    watched.answer()
    assert watched.lies() == {"done/extracto.n43", "done/copia.n43"}
    assert "el 17 de marzo de 2026 ya se incorporó" in watched.report("done/copia.n43")
    assert BankLine.objects.count() == lines
    assert File.objects.count() == 1


def test_a_name_that_was_used_is_used_again_for_other_bytes_without_writing_over(watched: Watched) -> None:
    for n in range(3):
        watched.put("x.csv", f"nothing {n}\n")
        watched.answer()
    assert watched.lies() == {"failed/x.csv", "failed/x (2).csv", "failed/x (3).csv"}
    assert (watched.folder / "failed" / "x.csv").read_text() == "nothing 0\n"


@pytest.mark.parametrize("step", ["arrive", "outcome", "report", "replace"])
def test_a_process_killed_at_any_step_takes_it_once(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class KilledError(BaseException):
        pass

    def after(real: Callable[..., object]) -> Callable[..., object]:
        def killed(*given: object, **more: object) -> object:
            real(*given, **more)
            monkeypatch.undo()
            raise KilledError

        return killed

    target = {
        "arrive": (watched_folder, "_take"), "outcome": (watched_folder, "_free_place"),
        "replace": (watched_folder, "_moved"), "report": (watched_folder, "_write_report"),
    }[step]  # fmt: skip
    monkeypatch.setattr(*target, after(getattr(*target)))
    watched.put("extracto.n43", BANK)
    with pytest.raises(KilledError):
        watched.answer()
    sources.orphaned(watched.creditor)
    watched.answer()
    assert watched.lies() == {"done/extracto.n43"}
    assert "Incorporado automáticamente" in watched.report("done/extracto.n43")
    assert (File.objects.count(), Arrival.objects.count()) == (1, 1)
    assert BankLine.objects.filter(statement__file_digest=File.objects.get().digest).count() == BankLine.objects.count()


def test_two_workers_that_look_at_once_take_it_once(watched: Watched) -> None:
    for n in range(4):
        watched.put(f"{n}.csv", f"nothing {n}\n")
    watched.look()
    watched.now += timedelta(minutes=1)
    begin = threading.Barrier(2)

    def look() -> None:
        try:
            with acting_for(watched.creditor):
                begin.wait()
                sources.look(watched.creditor, watched.clock)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(look) for _ in range(2)]:
            done.result()
    assert Arrival.objects.count() == 4
    watched.answer()
    assert watched.lies() == {f"failed/{n}.csv" for n in range(4)}


def test_two_that_hold_the_folder_at_once_still_take_it_once(watched: Watched) -> None:
    """A lease may run out while a slow disk is read: the row decides."""
    watched.put("extracto.n43", BANK)
    with watched_folder._opened(watched.creditor.watched_folder) as folder:
        (found,) = folder.files()
        for _ in range(2):
            watched_folder._take(watched.creditor, folder, found, watched.now)
    assert (Arrival.objects.count(), File.objects.count()) == (1, 1)


def test_a_file_too_large_is_answered_once_without_being_read(watched: Watched) -> None:
    with (watched.folder / "huge.csv").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    watched.answer()
    assert watched.lies() == {"failed/huge.csv"}
    assert f"supera los {LARGEST_FILE // 2**20} MB" in watched.report("failed/huge.csv")
    assert not FilePart.objects.exists()


def test_a_file_that_cannot_be_read_is_answered_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(watched_folder, "_copied", refused)
    watched.put("closed.csv")
    watched.answer()
    assert watched.lies() == {"failed/closed.csv"}
    assert "no se puede leer (Permission denied)" in watched.report("failed/closed.csv")
    assert Arrival.objects.count() == 1


def test_a_file_that_cannot_be_moved_is_not_answered_every_minute(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*given: object, **more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    watched.put("x.csv", "nothing\n")
    with monkeypatch.context() as patch:
        patch.setattr(watched_folder.os, "replace", refused)
        watched.answer()
        watched.answer()
    assert watched.lies() == {"x.csv"}
    assert "sigue donde se encontró" in watched.report("failed/x.csv")
    assert Arrival.objects.count() == 1


def test_a_file_replaced_while_it_was_read_is_a_file_of_its_own(watched: Watched) -> None:
    watched.put("extracto.n43", BANK)
    watched.look()
    watched.now += timedelta(minutes=1)
    sources.look(watched.creditor, watched.clock)
    watched.put("extracto.n43", "nothing\n")
    jobs.do_all(watched.creditor, watched.clock)
    watched.answer()
    assert watched.lies() == {"failed/extracto.n43"}
    assert "otro archivo con el mismo nombre" in watched.report("done/extracto.n43")


def test_a_folder_that_is_gone_is_told_and_tried_again_with_growing_pauses(watched: Watched) -> None:
    away = watched.folder.rename(watched.folder.with_name("away"))
    pauses = []
    for _ in range(5):
        watched.now = Watch.objects.get().next_at + timedelta(seconds=1)
        sources.look(watched.creditor, watched.clock)
        pauses.append(Watch.objects.get().next_at - watched.now)
    assert pauses == [timedelta(minutes=n) for n in (1, 5, 15, 60, 60)]
    (fault,) = sources.faults(watched.creditor)
    assert (fault.rule, fault.times) == ("folder", 5)
    away.rename(watched.folder)
    watched.put("extracto.n43", BANK)
    watched.now += timedelta(hours=1)
    watched.answer()
    assert watched.lies() == {"done/extracto.n43"}
    assert not list(sources.faults(watched.creditor))


def test_our_folders_are_never_links(watched: Watched, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (watched.folder / "done").rmdir()
    (watched.folder / "done").symlink_to(tmp_path / "elsewhere")
    watched.put("extracto.n43", BANK)
    watched.answer()
    assert [fault.rule for fault in sources.faults(watched.creditor)] == ["folder"]
    assert not list((tmp_path / "elsewhere").iterdir())
    assert "extracto.n43" in watched.lies()


def test_which_folders_are_refused(acting: Creditor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(path: Path | str, **more: object) -> str:
        found = watched_folder.chosen(str(path), acting, **more)  # type: ignore[arg-type]
        return found.rule if isinstance(found, Refusal) else ""

    mine, theirs, data = (tmp_path / name for name in ("mine", "theirs", "data"))
    for one in (mine, theirs / "below", data / "below"):
        one.mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "round").symlink_to(data)
    facts = {"name": "Panadería", "language": "es", "country": "ES", "timezone": "Europe/Madrid", "sender_name": "L"}
    Creditor.objects.create(ref="pan", sender_email="l@pan.example", watched_folder=str(theirs), **facts)
    assert rule(mine) == ""
    assert rule("incoming") == "relative"
    assert rule("/tmp/\x00") == "relative"
    assert rule(tmp_path / "none") == "missing"
    assert rule(tmp_path / "file") == "no_folder"
    assert [rule(one) for one in (theirs, theirs / "below")] == ["taken"] * 2
    assert [rule(one, data=[data]) for one in (data, data / "below", tmp_path / "round", tmp_path, "/")] == ["data"] * 5
    monkeypatch.setattr(watched_folder.os, "access", lambda *given, **more: False)
    assert rule(mine) == "unwritable"


def test_another_folder_begins_anew_and_the_one_before_stays_as_it_is(watched: Watched, tmp_path: Path) -> None:
    watched.put("pendientes.csv")
    watched.answer()
    watched.put("late.csv", "nothing\n")
    watched.look()
    before = watched.lies()
    other = tmp_path / "other"
    other.mkdir()
    watched.creditor.watched_folder = str(other)
    watched.creditor.save()
    watched_folder.changed(watched.creditor, watched.now)
    files.let_go(File.objects.get(name="pendientes.csv"), now=watched.now)
    watched.answer()
    assert watched.lies() == before
    (other / "late.csv").write_text("nothing\n")
    watched.answer()
    assert (other / "failed" / "late.csv").exists()


def test_a_look_that_breaks_off_forgets_nothing(watched: Watched) -> None:
    """What was seen and not yet whole when a look broke off is seen again."""
    watched.put("a.csv", "nothing\n")
    watched.look()
    sources.look(watched.creditor, watched.clock, stopping=lambda: True)
    watched.answer()
    assert watched.lies() == {"failed/a.csv"}

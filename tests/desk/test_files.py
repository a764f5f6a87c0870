"""Files at the desk: dropped, read as a job, asked about, taken in, stopped, and nothing of it twice or lost."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from openpyxl import Workbook

from amable import sample
from amable.adapters.invoices.spreadsheet import COLUMNS
from amable.banking.models import BankLine, Statement
from amable.desk.files import FIELDS
from amable.evidence.models import Entry
from amable.ledger.models import Customer, Item, Taken
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.work import files, jobs
from amable.work.files import look_inside, take
from amable.work.jobs import Cancelled
from amable.work.models import File, FilePart, HeadingMap, Job, Rejection
from tests.desk.desks import Desk
from tests.material import material

LEDGERS = Path(__file__).resolve().parents[1] / "samples" / "ledgers"
SMALL = (
    "Cliente;Nº factura;F. factura;Vto.;Importe;Pdte.\n"
    "Forn de la Plaça, S.L.;0117;08/01/2026;27/02/2026;1.210,00;1.210,00\n"
    "Talleres Turia, S.A.;0133;02/03/2026;25/03/2026;2.000,00;1.500,00\n"
    "Bar Sol;0140;02/03/2026;;90,00;=1+1\n"
)


def dropped(
    desk: Desk, data: str | bytes = SMALL, name: str = "pendientes.csv", role: str = "controller", **more: str
) -> File:
    """A file as somebody drops it, with nobody at work on it yet."""
    given = SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)
    answer = desk.client(role).post(desk.address("file_drop"), {"file": given, **more})
    assert answer.status_code == 303
    with acting_for(desk.creditor):
        return File.objects.get(pk=int(answer.headers["Location"].rpartition("/")[2]))


def work(desk: Desk) -> int:
    """Do what waits, as the process beside the desk does."""
    with acting_for(desk.creditor):
        return jobs.do_all(desk.creditor, desk.moment)


def read(desk: Desk, data: str | bytes = SMALL, **more: str) -> File:
    file = dropped(desk, data, **more)
    work(desk)
    return file


def seen(desk: Desk, file: File) -> dict[str, Any]:
    with acting_for(desk.creditor):
        job = files.latest(file, of=files.LOOK, done=True)
        assert job is not None
        return {"seen": str(job.pk), **job.found}


def page(desk: Desk, file: File, role: str = "controller") -> str:
    answer = desk.get("file", role, file=file.pk)
    assert answer.status_code == 200
    return answer.content.decode()


def taken(desk: Desk, file: File, whole: str = "additions") -> HttpResponse:
    answer = desk.post("file_take", {"seen": seen(desk, file)["seen"], "whole": whole}, file=file.pk)
    work(desk)
    return answer


def numbers(desk: Desk) -> set[str]:
    with acting_for(desk.creditor):
        return set(Item.objects.values_list("number", flat=True))


def test_our_columns_are_those_of_the_reader() -> None:
    assert sorted(name for names in FIELDS.values() for name in names) == sorted(COLUMNS)


def test_nothing_lands_before_a_person_has_seen_it(desk: Desk) -> None:
    before = numbers(desk)
    file = dropped(desk)
    assert "Begins in a moment." in page(desk, file)
    assert work(desk) == 1
    shown = page(desk, file)
    assert numbers(desk) == before
    assert "What would change" in shown
    assert "Talleres Turia, S.A." in shown
    assert "25 Mar 2026" in shown
    assert "€1,500.00" in shown
    assert "2 of the 2 items open so far are not in this file." in shown
    taken(desk, file)
    assert numbers(desk) == before | {"0117", "0133"}
    with acting_for(desk.creditor):
        file.refresh_from_db()
        assert (file.rows, file.rejected, file.taken_by) == (2, 2, desk.member().user.email)
        assert not FilePart.objects.exists()
        entry = Entry.objects.get(kind="files.taken")
        assert json.loads(entry.body)["by"] == file.taken_by
    assert "Taken in by Controller" in page(desk, file)


def test_the_plan_of_today_takes_a_taken_ledger_into_account(desk: Desk) -> None:
    file = read(desk, SMALL.replace("27/02/2026", "10/03/2026"))
    taken(desk, file)
    with acting_for(desk.creditor):
        assert Sending.objects.get().planned_on == desk.now.date()
        assert not Customer.objects.filter(review_on__lte=desk.now.date()).exists()


def test_a_complete_ledger_says_what_would_be_missing_and_a_large_part_is_never_assumed(desk: Desk) -> None:
    file = read(desk)
    shown = page(desk, file)
    assert "2 open items it does not show count as missing" in shown
    assert 'value="complete" id="complete" required>' in shown  # nothing is chosen for them
    assert desk.post("file_take", {"seen": seen(desk, file)["seen"]}, file=file.pk).status_code == 303
    assert work(desk) == 0
    taken(desk, file, "complete")
    with acting_for(desk.creditor):
        assert Item.objects.filter(missing_since=desk.now.date()).count() == 2


def test_a_question_is_asked_with_the_files_own_example_and_answered(desk: Desk) -> None:
    file = read(desk, (LEDGERS / "ask_dates.csv").read_bytes(), name="ask_dates.csv")
    shown = page(desk, file)
    assert "One question first" in shown
    assert "Day first: " in shown
    assert "Take it in" not in shown
    told = seen(desk, file)
    answer = desk.post("file_how", {"seen": told["seen"], "answer-0": "0"}, file=file.pk)
    assert answer.status_code == 303
    work(desk)
    assert "Take it in" in page(desk, file)
    with acting_for(desk.creditor):
        file.refresh_from_db()
        assert file.map_lines["dates"] == "day first"


@pytest.mark.parametrize(
    "name", ["ask_amounts.csv", "ask_dates.csv", "ask_heading.csv", "ask_sheet.xlsx", "ask_terms.csv"]
)
def test_each_kind_of_question_can_be_answered_at_the_desk(desk: Desk, name: str) -> None:
    file = read(desk, (LEDGERS / name).read_bytes(), name=name)
    asked = seen(desk, file)
    assert asked["questions"]
    for place in range(len(asked["questions"])):
        assert f'name="answer-{place}"' in page(desk, file)
    desk.post("file_how", {"seen": asked["seen"], "answer-0": "0"}, file=file.pk)
    work(desk)
    again = seen(desk, file)
    assert not again["questions"]
    assert again["rows"]


def test_what_does_not_say_when_it_falls_due_has_the_companys_own_terms_which_is_said(desk: Desk) -> None:
    Creditor.objects.filter(pk=desk.creditor.pk).update(terms=15)
    file = read(desk, SMALL.replace("=1+1", "90,00") + "Bar Luna;0141;;;80,00;80,00\n")
    assert "were given 15 days from their date of issue" in page(desk, file)
    taken(desk, file)
    with acting_for(desk.creditor):
        assert Item.objects.get(number="0140").due_on == date(2026, 3, 17)
        assert Item.objects.get(number="0133").due_on == date(2026, 3, 25)
        assert not Item.objects.filter(number="0141").exists()
    whole = (LEDGERS / "ask_terms.csv").read_bytes()
    assert not seen(desk, read(desk, whole, name="ask_terms.csv"))["questions"]


def test_a_heading_can_be_taken_for_another_column(desk: Desk) -> None:
    file = read(desk)
    told = seen(desk, file)
    headings = [one["heading"] for one in told["understood"][0]["headings"]]
    form = {f"column-{n}": one["column"] for n, one in enumerate(told["understood"][0]["headings"])}
    form[f"column-{headings.index('Nº factura')}"] = "po_number"
    desk.post("file_how", {"seen": told["seen"], **form}, file=file.pk)
    work(desk)
    assert "Invoice number" in page(desk, file)
    again = seen(desk, file)
    assert again["questions"] or not again["rows"]


def test_what_was_said_is_remembered_for_the_next_file_with_the_same_headings(desk: Desk) -> None:
    file = read(desk)
    desk.post("file_how", {"seen": seen(desk, file)["seen"], "currency": "usd", "dates": "day first"}, file=file.pk)
    work(desk)
    taken(desk, file)
    with acting_for(desk.creditor):
        assert Item.objects.get(number="0117").currency == "USD"
        assert HeadingMap.objects.count() == 1
    following = read(desk, SMALL.replace("0133", "0199"), role="owner")
    shown = page(desk, following)
    assert "Read as Controller said" in shown
    assert seen(desk, following)["settings"]["currency"] == "USD"


def test_two_people_who_say_how_to_read_it_do_not_lose_each_others_choices(desk: Desk) -> None:
    file = read(desk)
    told = seen(desk, file)
    desk.post("file_how", {"seen": told["seen"], "column-0": "contact_name"}, role="owner", file=file.pk)
    work(desk)
    answer = desk.post("file_how", {"seen": told["seen"], "column-5": "paid_amount"}, file=file.pk)
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "owner@" in shown or "Owner" in shown
    assert '<option value="paid_amount" selected>' in shown
    assert "now: " in shown
    assert work(desk) == 0
    later = seen(desk, file)
    assert later["seen"] != told["seen"]
    assert f'name="seen" value="{later["seen"]}"' in shown


def test_a_reading_that_was_replaced_cannot_be_taken_in(desk: Desk) -> None:
    file = read(desk)
    told = seen(desk, file)
    desk.post("file_how", {"seen": told["seen"], "currency": "USD"}, role="owner", file=file.pk)
    work(desk)
    desk.post("file_take", {"seen": told["seen"], "whole": "additions"}, file=file.pk)
    assert work(desk) == 0
    assert "0117" not in numbers(desk)


def test_the_very_same_file_is_not_doubled(desk: Desk) -> None:
    first = read(desk)
    assert dropped(desk, role="owner") == first
    assert work(desk) == 0
    taken(desk, first)
    with acting_for(desk.creditor):
        items = list(Item.objects.order_by("pk").values())
    again = read(desk)
    assert again != first
    assert "was taken in on 17 March 2026 already" in page(desk, again)
    taken(desk, again)
    assert "Nothing is new" in page(desk, again)
    with acting_for(desk.creditor):
        assert list(Item.objects.order_by("pk").values()) == items
        assert Taken.objects.filter(digest=first.digest).count() == 1


def test_bad_rows_are_listed_and_downloaded_without_a_formula(desk: Desk) -> None:
    file = read(desk, SMALL.replace("2.000,00", "=cmd|x"))
    answer = desk.get("file_rejected", file=file.pk)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][0] == "Line"
    assert [row[0] for row in rows[1:]] == ["3", "4", "4"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    shown = page(desk, file)
    assert "3 rows or values could not be used" in shown
    assert "due_date" not in shown.partition('id="rejections"')[2]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.csv", b""),
        ("scan.pdf", b"%PDF-1.7\n"),
        ("notes.txt", b"Dear all,\nplease find\n"),
        ("headings.csv", b"Customer,Invoice,Due,Total\n"),
        ("bank.xml", b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><x/></Document>"),
    ],
)  # fmt: skip
def test_a_file_without_anything_to_use_says_why_and_can_be_let_go(desk: Desk, name: str, data: bytes) -> None:
    file = read(desk, data, name=name)
    shown = page(desk, file)
    assert "Nothing in this file can be used as it is." in shown
    with acting_for(desk.creditor):
        assert Rejection.objects.filter(file=file).exists()
    desk.post("file_leave", {}, file=file.pk)
    assert "was let go" in page(desk, file)
    with acting_for(desk.creditor):
        assert not FilePart.objects.exists()
        assert not Taken.objects.filter(digest=file.digest).exists()


def test_a_workbook_with_a_password_says_so(desk: Desk) -> None:
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + bytes(4096)
    file = read(desk, locked, name="locked.xlsx")
    with acting_for(desk.creditor):
        assert Rejection.objects.get(file=file).rule in ("workbook_locked", "workbook_unreadable")
    assert "Nothing in this file can be used as it is." in page(desk, file)


def test_bank_statements_are_taken_in_at_once_and_counted(desk: Desk, tmp_path: Path) -> None:
    (first, *_) = sample.unpack(tmp_path, sample.TODAY).statements
    data = first.read_bytes()
    file = read(desk, data, name="extracto.xml")
    shown = page(desk, file)
    assert "To confirm" in shown
    assert "new movement" in shown
    again = read(desk, data + b"\n", name="otra vez.xml")
    assert "0 new movements." in page(desk, again)


def test_a_stopped_reading_leaves_nothing_and_can_be_begun_again(desk: Desk) -> None:
    file = dropped(desk)
    with acting_for(desk.creditor):
        job = Job.objects.get(file=file)
    desk.post("job_cancel", {}, job=job.pk)
    assert work(desk) == 0
    assert "Reading was stopped" in page(desk, file)
    desk.post("file_again", {}, file=file.pk)
    assert work(desk) == 1
    assert "What would change" in page(desk, file)


def test_a_reading_stopped_at_its_very_end_is_stopped(desk: Desk) -> None:
    """The page said that it would be: nobody is then shown what it came to all the same."""
    file = dropped(desk)
    with acting_for(desk.creditor):
        job = Job.objects.get(file=file)
        Job.objects.filter(pk=job.pk).update(token="held", lease_until=desk.now, begun_at=desk.now)
        job.refresh_from_db()
        told: list[str] = []

        class Late(jobs.Progress):
            def __call__(self, done: int, total: int, stage: str) -> None:  # too soon after the last to be told
                told.append(stage)
                jobs.cancel(job, now=desk.now)

        with pytest.raises(Cancelled):
            look_inside(desk.creditor, job, Late(job, desk.moment, lambda: False))
    assert told[-1] == "comparing"


@pytest.mark.parametrize(
    ("stage", "workbook"),  # the sheets of a workbook are read in one piece
    [("lines", False), ("checking", False), ("comparing", False), ("checking", True)],
)
def test_each_stage_of_a_reading_is_counted_and_can_be_stopped(desk: Desk, stage: str, workbook: bool) -> None:
    headings = ("Cliente", "Nº factura", "F. factura", "Vto.", "Importe", "Pdte.")
    rows = [(f"Cliente {n} SL", f"N-{n}", "08/01/2026", "27/06/2026", "10,00", "10,00") for n in range(2500)]
    text = "\n".join(";".join(row) for row in [headings, *rows])
    file = dropped(desk, as_workbook([headings, *rows]) if workbook else text)
    with acting_for(desk.creditor):
        job = Job.objects.get(file=file)
        Job.objects.filter(pk=job.pk).update(token="held", lease_until=desk.now, begun_at=desk.now)
        job.refresh_from_db()
        told: list[tuple[int, int, str]] = []

        class Stopping(jobs.Progress):
            def __call__(self, done: int, total: int, at: str) -> None:
                told.append((done, total, at))
                if done and at == stage:
                    jobs.cancel(job, now=desk.now)
                self._told = float("-inf")
                super().__call__(done, total, at)

        with pytest.raises(Cancelled):
            look_inside(desk.creditor, job, Stopping(job, desk.moment, lambda: False))
        done, total, at = told[-1]
        assert (at, total) == (stage, 2500)
        assert 0 < done < total
        assert not Item.objects.filter(number__startswith="N-").exists()


def as_workbook(rows: list[tuple[str, ...]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Pendientes")
    for row in rows:
        sheet.append(row)
    page = io.BytesIO()
    book.save(page)
    return page.getvalue()


def test_an_import_stopped_while_it_reads_has_taken_nothing_in(desk: Desk) -> None:
    rows = "".join(f"Cliente {n} SL;N-{n};08/01/2026;27/06/2026;10,00;10,00\n" for n in range(1500))
    file = read(desk, SMALL.splitlines()[0] + "\n" + rows)
    desk.post("file_take", {"seen": seen(desk, file)["seen"], "whole": "additions"}, file=file.pk)
    with acting_for(desk.creditor):
        job = Job.objects.get(kind=files.TAKE)
        Job.objects.filter(pk=job.pk).update(token="held", lease_until=desk.now, begun_at=desk.now)
        job.refresh_from_db()

        class Stopping(jobs.Progress):
            def __call__(self, done: int, total: int, stage: str) -> None:
                if done:
                    jobs.cancel(job, now=desk.now)
                self._told = float("-inf")
                super().__call__(done, total, stage)

        with pytest.raises(Cancelled):
            take(desk.creditor, job, Stopping(job, desk.moment, lambda: False))
        jobs._end(job, desk.now, "cancelled")
        assert not Item.objects.filter(number__startswith="N-").exists()
        assert not Entry.objects.filter(kind="files.stopped").exists()
    assert "Stopped after" not in page(desk, file)


def test_a_stopped_import_says_what_landed_and_the_rest_follows(desk: Desk) -> None:
    rows = "".join(f"Cliente {n} SL;N-{n};08/01/2026;27/06/2026;10,00;10,00\n" for n in range(2500))
    file = read(desk, SMALL.splitlines()[0] + "\n" + rows)
    desk.post("file_take", {"seen": seen(desk, file)["seen"], "whole": "additions"}, file=file.pk)
    with acting_for(desk.creditor):
        job = Job.objects.get(kind=files.TAKE)
        Job.objects.filter(pk=job.pk).update(token="held", lease_until=desk.now, begun_at=desk.now)
        job.refresh_from_db()
        told: list[tuple[int, int, str]] = []

        class Stopping(jobs.Progress):
            def __call__(self, done: int, total: int, stage: str) -> None:
                told.append((done, total, stage))
                if done and stage == "taking":
                    jobs.cancel(job, now=desk.now)
                self._told = float("-inf")
                super().__call__(done, total, stage)

        with pytest.raises(Cancelled):
            take(desk.creditor, job, Stopping(job, desk.moment, lambda: False))
        jobs._end(job, desk.now, "cancelled")
        assert told[-1] == (1000, 2500, "taking")
        assert Item.objects.filter(number__startswith="N-").count() == 1000
        assert Entry.objects.filter(kind="files.stopped").count() == 1
        assert not Taken.objects.filter(digest=file.digest).exists()
    assert "Stopped after 1,000 rows." in page(desk, file)
    taken(desk, file)
    with acting_for(desk.creditor):
        assert Item.objects.filter(number__startswith="N-").count() == 2500


def test_a_job_whose_worker_died_is_taken_up_again_and_given_up_after_three_times(desk: Desk) -> None:
    file = dropped(desk)
    with acting_for(desk.creditor):
        assert jobs._take(desk.creditor, desk.now) is not None
        assert not jobs.waiting(desk.creditor, desk.now)
        desk.later(seconds=41)
        assert work(desk) == 1
        assert Job.objects.get(file=file).outcome == "done"
        jobs.ask(desk.creditor, files.LOOK, {}, by="ana", now=desk.now, file=file)
        for _ in range(3):
            assert jobs._take(desk.creditor, desk.now) is not None
            desk.later(seconds=41)
    assert work(desk) == 0
    assert "broke off three times" in page(desk, file)


def test_a_fault_of_ours_is_told_in_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs.KINDS, files.LOOK, jobs._Kind(lambda *_: {"x": 1 / 0}, True))
    file = dropped(desk)
    work(desk)
    assert "Something went wrong on our side." in page(desk, file)


def test_the_part_of_a_page_asks_again_and_leads_to_the_result(desk: Desk) -> None:
    file = dropped(desk)
    with acting_for(desk.creditor):
        job = Job.objects.get(file=file)
    client = desk.client()
    address = desk.address("job", job=job.pk)
    part = client.get(address, HTTP_HX_REQUEST="true")
    assert 'hx-trigger="every ' in part.content.decode()
    assert "HX-Redirect" not in part.headers
    work(desk)
    done = client.get(address, HTTP_HX_REQUEST="true")
    assert done.headers["HX-Redirect"] == desk.address("file", file=file.pk)
    assert desk.address("file", file=file.pk) in client.get(address).content.decode()


def test_the_list_tells_how_new_the_book_is_and_what_was_given(desk: Desk) -> None:
    shown = desk.get("files").content.decode()
    assert "By the command line" in shown
    file = read(desk)
    taken(desk, file)
    read(desk, "nothing\n", name="x.csv")
    shown = desk.get("files").content.decode()
    assert shown.count("pendientes.csv") == 1
    assert "Taken in" in shown
    assert "17 Mar 2026" in shown
    assert "Not usable" in shown


def test_a_file_nobody_took_in_is_let_go_after_a_week(desk: Desk) -> None:
    file = read(desk)
    desk.later(days=8)
    dropped(desk, "another\n")
    with acting_for(desk.creditor):
        file.refresh_from_db()
        assert file.left_at is not None
        assert not FilePart.objects.filter(file=file).exists()


def test_afterwards_one_goes_on_where_one_came_from(desk: Desk) -> None:
    today = desk.address("today")
    file = read(desk, next=today)
    taken(desk, file)
    assert f'href="{today}"' in page(desk, file).partition("<main")[2]
    elsewhere = dropped(desk, "x\n", next="https://elsewhere.example/")
    assert elsewhere.leads_to == ""


def test_a_form_without_a_file_is_told_so(desk: Desk) -> None:
    client = desk.client()
    answer = client.post(desk.address("file_drop"), {})
    assert answer.headers["Location"] == desk.address("files")
    assert "No file was chosen." in client.get(desk.address("files")).content.decode()


def test_a_stranger_cannot_fill_the_disk(desk: Desk) -> None:
    from django.test import Client

    from amable.work.house import HOUSE

    stranger = Client(SERVER_NAME="localhost", **{HOUSE: desk.house})
    answer = stranger.post(desk.address("file_drop"), CONTENT_LENGTH=str(2**20))
    assert answer.status_code == 413


def test_hostile_cells_headings_and_names_are_shown_as_text(desk: Desk) -> None:
    bad = [line for line in material("strings", "xss_rsnake.txt").read_text("utf-8", "replace").splitlines() if line][
        :60
    ]
    data = io.StringIO()
    table = csv.writer(data, delimiter=";")
    table.writerow(["Cliente", "Nº factura", "Vto.", "Pdte.", *bad[:5]])
    table.writerows([line, f"X-{n}", "2026-03-25", "10,00", *bad[:5]] for n, line in enumerate(bad))
    file = read(desk, data.getvalue(), name="<script>alert(1)</script>.csv")
    shown = page(desk, file)
    for line in bad:
        if "<" in line and len(line) < 40:
            assert line not in shown.partition("<main")[2]
    assert "<script>alert(1)" not in shown
    assert "<script>alert(1)" not in desk.get("files").content.decode()
    assert desk.get("file_rejected", file=file.pk).status_code == 200


def test_the_list_asks_no_more_of_the_database_for_more_files(desk: Desk) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for more in (1, 30):
        for n in range(more):
            dropped(desk, f"file {more} {n}\n", name=f"{n}.csv")
        work(desk)
        client = desk.client()
        with CaptureQueriesContext(connection) as asked:
            assert client.get(desk.address("files")).status_code == 200
        counts.append(len(asked))
    assert counts[1] == counts[0]


@pytest.mark.parametrize("sample", ["norma43/sepa.n43", "mt940/german.sta", "ofx/french.ofx", "table/caixabank.csv"])
def test_a_statement_of_any_format_is_taken_in_at_once(desk: Desk, sample: str) -> None:
    data = (LEDGERS.parent / "bank" / sample).read_bytes()
    file = read(desk, data, name="from the bank")
    assert seen(desk, file)["kind"] == "bank"
    with acting_for(desk.creditor):
        file.refresh_from_db()
        assert file.taken_at is not None
        assert BankLine.objects.filter(statement__file_digest=file.digest).count() in (3, 4)
        assert {line.currency for line in BankLine.objects.all()} == {"EUR"}
    assert "from the bank" in page(desk, file)


def test_a_table_that_cannot_tell_its_days_lands_nothing_and_says_so(desk: Desk) -> None:
    file = read(desk, (LEDGERS.parent / "bank" / "table" / "ask_dates.csv").read_bytes(), name="statement.csv")
    with acting_for(desk.creditor):
        assert not Statement.objects.filter(file_digest=file.digest).exists()
    assert "can be read with the day or the month first" in page(desk, file)


def test_what_a_statement_lacks_is_told_with_its_day_and_money(desk: Desk) -> None:
    for opening, closing, day in (("10", "20", "0316"), ("30", "30", "0318")):
        told = f":20:S\n:25:DE1\n:28C:1\n:60F:C26{day}EUR{opening},00\n:62F:C26{day}EUR{closing},00\n-\n"
        entry = f":61:26{day}{day}C10,00NMSC\n:86:X\n" if opening != closing else ""
        file = read(desk, told.replace(":62F:", f"{entry}:62F:"), name="statement.sta")
    shown = page(desk, file)
    assert "the one until 16 March 2026 ended with €20.00, this one begins with €30.00" in shown

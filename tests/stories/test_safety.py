"""What happens when Amable is run twice, killed half-way, given other files, or given hostile ones."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from amable.server.database import close_database, open_database
from tests.conftest import Home
from tests.material import material
from tests.stories.world import PDF, Business, Line, camt, html, read_mail, text


def folder_bytes(folder: Path) -> dict[str, bytes]:
    """Every file of an outbox but the database, whose bytes say nothing to people."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("amable.sqlite3")
    }


def busy(business: Business) -> None:
    """A ledger with a bit of everything."""
    for n in range(40):
        business.owes(
            f"FV26-{n:04}",
            f"{100 + n}.50",
            f"2026-0{1 + n % 4}-{1 + n % 27:02}",
            customer_id=f"C-{n // 3}",
            customer_name=f"Talleres {n // 3}, S.L.",
            email=f"pagos@cliente{n // 3}.example",
            language=("es", "ro", "en", "fr")[n // 3 % 4],
            country=("ES", "RO", "GB", "FR")[n // 3 % 4],
            region="",
        )
    business.receives("2026-03-16", "100.50", "FV26-0000", name="Talleres 0")
    business.receives("2026-03-16", "750.00", "sin referencia", name="Talleres 4 SL")
    business.receives("2026-03-16", "12.00", "gracias", name="Desconocido")


def test_run_twice_adds_nothing(business: Business) -> None:
    busy(business)
    first = business.run("2026-03-17", bank="2026-03-16")
    before = folder_bytes(business.outbox)
    second = business.run("2026-03-17", bank="2026-03-16")
    assert folder_bytes(business.outbox) == before
    assert first.printed == second.printed  # the head of the evidence chain among it
    assert len(before) > 15


def test_two_days_keep_the_first_apart(business: Business) -> None:
    busy(business)
    first = business.run("2026-03-17", bank="2026-03-16")
    names = [path.name for path in (business.outbox / "mail").iterdir()]
    assert first.mails
    business.run("2026-03-18", bank="2026-03-17")
    assert not any(path.name.startswith("2026-03-17") for path in (business.outbox / "mail").iterdir())
    assert sorted(names) == sorted(path.name for path in (business.outbox / "earlier" / "mail").iterdir())


def test_killed_at_fifty_moments_and_run_again_equals_a_clean_run(
    business: Business, home: Home, request: pytest.FixtureRequest
) -> None:
    kills = 50 if request.config.getoption("--db") == "sqlite" else 10
    busy(business)
    business.run("2026-03-17", bank="2026-03-16")
    clean = folder_bytes(business.outbox)
    business.outbox = home.fresh()
    started = time.monotonic()
    business.run("2026-03-17", bank="2026-03-16")
    took = time.monotonic() - started
    chance = random.Random(17)
    killed = 0
    for _ in range(kills):
        business.outbox = home.fresh()
        child = os.fork()
        if child == 0:  # pragma: no cover - dies
            business.run("2026-03-17", bank="2026-03-16")
            os._exit(0)
        time.sleep(chance.random() * took)
        os.kill(child, signal.SIGKILL)
        killed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert business.run("2026-03-17", bank="2026-03-16").code == 0
        assert folder_bytes(business.outbox) == clean
        assert business.call(["evidence", "verify", "--outbox", str(business.outbox)]).code == 0
    assert killed > kills / 3


def test_what_a_cut_off_run_never_wrote_was_never_said(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    business.owes("FV26-0101", "500.00", "2026-02-02", customer_id="C-2")
    first = business.run("2026-03-17")
    # The power went after the database was written and before the second mail was.
    (business.outbox / first.why["FV26-0101"]["message"]).unlink()
    open_database(business.outbox)
    from amable.organisation.models import Creditor

    Creditor.objects.update(last_written_on=None)
    close_database()

    second = business.run("2026-03-18")
    assert second.outcome("FV26-0100")[0] == "not_yet"
    assert second.outcome("FV26-0101") == ("sent", "step.early_late")


def test_a_payment_later_the_same_day_withdraws_the_message_with_its_reason(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    morning = business.run("2026-03-17", bank="2026-03-16")
    (mail,) = (business.outbox / "mail").iterdir()
    assert morning.outcome("FV26-0100")[0] == "sent"

    business.receives("2026-03-17", "500.00", "FV26-0100", name="TALLERES MIRO SL")
    noon = business.run("2026-03-17", bank="2026-03-17")

    assert noon.outcome("FV26-0100")[0] == "paid"
    assert not mail.exists()
    withdrawn = business.outbox / "withdrawn" / mail.name
    assert read_mail(withdrawn)["Subject"]
    assert "TALLERES MIRO SL" in withdrawn.with_name(f"{mail.name}.why.txt").read_text("utf-8")
    assert "FV26-0100" in noon.mail["Subject"]  # the thanks


def test_a_changed_creditor_file_recomposes_under_the_same_name(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    before = business.run("2026-03-17").mail
    (path,) = (business.outbox / "mail").iterdir()
    business.creditor = business.creditor.replace("Lucía Soler", "Marta Gil")
    after = business.run("2026-03-17").mail
    assert [path] == list((business.outbox / "mail").iterdir())
    assert after["Message-ID"] == before["Message-ID"]
    assert "Marta Gil" in after["From"]


def test_the_outbox_is_its_owners_alone_and_names_no_customer(business: Business) -> None:
    busy(business)
    business.owes("X-0001", "50.00", "2026-02-01", customer_id="", tax_id="", customer_name="Señor Morosini")
    business.run("2026-03-17", bank="2026-03-16")
    assert business.outbox.stat().st_mode & 0o777 == 0o700
    names = [path.name.lower() for path in business.outbox.rglob("*")]
    assert not any("talleres" in name or "morosini" in name for name in names)


def test_a_pdf_travels_only_from_the_ledgers_folder(business: Business, tmp_path: Path) -> None:
    (business.place / "F.pdf").write_bytes(PDF)
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(PDF)
    (business.place / "link.pdf").symlink_to(secret)
    (business.place / "no.pdf").write_bytes(b"root:x:0:0")
    for n, pdf in enumerate(("F.pdf", "../secret.pdf", str(secret), "link.pdf", "no.pdf", "/etc/passwd")):
        business.owes(f"FV26-020{n}", "100.00", "2026-02-02", customer_id=f"P{n}", pdf=pdf)
    day = business.run("2026-03-17")
    assert day.code == 1
    assert [row["field"] for row in day.rows("rejected.csv")] == ["pdf"] * 5
    attached = {
        number: [part.get_filename() for part in day.carrier(number).iter_attachments() if part.get_filename()]
        for number in day.why
    }
    assert attached.pop("FV26-0200") == ["FV26-0200.pdf"]
    assert not any("FV26-020" in name for names in attached.values() for name in names)


def test_every_mail_is_complete_for_any_mail_program(business: Business) -> None:
    busy(business)
    day = business.run("2026-03-17", bank="2026-03-16")
    assert {mail["Content-Language"] for mail in day.mails} == {"es", "ro", "en", "fr"}
    seen = set()
    for mail in day.mails:
        assert mail["X-Unsent"] == "1"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["From"] == "Lucía Soler <cobros@turia.example>"
        assert mail["Message-ID"] not in seen
        seen.add(mail["Message-ID"])
        assert text(mail).strip()
        assert "<html" in html(mail)


def test_the_record_verifies_and_shows_where_it_was_touched(business: Business) -> None:
    busy(business)
    business.run("2026-03-17", bank="2026-03-16")
    verify = ["evidence", "verify", "--outbox", str(business.outbox)]
    assert business.call(verify).code == 0
    touch(business.outbox, "UPDATE evidence_entry SET body = body || ' ' WHERE seq = 3")
    touched = business.call(verify)
    assert touched.code == 1
    assert "3 " in touched.printed


def touch(folder: Path, statement: str) -> None:
    """What somebody with the keys to the database could do, once the triggers are out of the way."""
    open_database(folder)
    from django.db import connection

    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    table = " ON evidence_entry" if connection.vendor == "postgresql" else ""
    with acting_for(Creditor.objects.get()), connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER entry_unchanged{table}")
        cursor.execute(statement)
    close_database()


STRINGS = ("crlf.txt", "csv_formula.txt", "ssti.txt", "path_traversal.txt", "xss_polyglots.txt", "xss_rsnake.txt",
           "sql_generic.txt", "sql_polyglots.txt", "open_redirect.txt", "xxe_fuzzing.txt")  # fmt: skip


def hostile() -> list[str]:
    lines = [line for name in STRINGS for line in material("strings", name).read_text("utf-8").splitlines()]
    return [line for line in [*lines, *json.loads(material("strings", "blns.json").read_text("utf-8"))] if line]


@pytest.mark.parametrize("fields", [("customer_name", "description"), ("invoice_number", "contact_name")])
def test_hostile_values_are_only_ever_values(business: Business, fields: tuple[str, ...]) -> None:
    values = hostile()
    business.hostile = True
    for n, value in enumerate(values):
        row = {"customer_id": f"H{n}", "email": f"h{n}@hostil.example"} | dict.fromkeys(fields, value)
        number = row.pop("invoice_number", f"FV26-{n:04}")
        business.owes(number, "100.00", "2026-02-02", **row)
    day = business.run("2026-03-17", bank="2026-03-16")
    assert day.code in (0, 1)
    assert "Traceback" not in day.said
    wanted = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type", "content-language",
              "auto-submitted", "x-auto-response-suppress", "x-unsent", "content-transfer-encoding"}  # fmt: skip
    for mail in day.mails:
        assert {name.lower() for name in mail} <= wanted
        assert "7777777" not in text(mail)
        assert "<script" not in html(mail).lower()
    assert len(day.mails) > len(values) / 2
    for name in ("why.csv", "rejected.csv"):
        for row in day.rows(name):
            for column, cell in row.items():
                if column not in ("total", "open_amount", "days_late"):
                    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (name, cell)
    accounted = len(day.rows("why.csv")) + len({row["line"] for row in day.rows("rejected.csv")})
    assert accounted >= len(values) * 0.99


def test_a_bank_file_that_is_none_is_said_and_the_day_goes_on(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    (business.place / "no.xml").write_text("<html/>", "utf-8")
    day = business.run("2026-03-17", "--bank", str(business.place / "no.xml"))
    assert day.code == 1
    assert day.rows("rejected.csv")[0]["file"] == "no.xml"
    assert len(day.mails) == 1


def test_old_bank_data_holds_what_is_overdue(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    business.owes("FV26-0101", "500.00", "2026-03-18", customer_id="C-2", issue_date="2026-03-15")
    business.banks = True
    day = business.run("2026-03-17", bank="2026-03-06")
    assert day.outcome("FV26-0100") == ("held", "gate.stale_data")
    assert day.why["FV26-0101"]["outcome"] in ("sent", "not_yet")
    assert not any("FV26-0100" in mail["Subject"] for mail in day.mails)


def test_the_same_statement_twice_and_a_return(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    business.receives("2026-03-13", "500.00", "FV26-0100", name="TALLERES MIRO SL", end_to_end="E2E-77")
    assert business.run("2026-03-16", bank="2026-03-13").outcome("FV26-0100")[0] == "paid"
    assert "FV26-0100" not in business.run("2026-03-17", bank="2026-03-16").why
    business.receives("2026-03-17", "-500.00", "devolución", returned=True, end_to_end="E2E-77", name="TALLERES MIRO")
    back = business.run("2026-03-18", bank="2026-03-17")
    assert back.why["FV26-0100"]["open_amount"] == "500.00"
    assert any("FV26-0100" in task or "Talleres Miró" in task for task in back.tasks)


def test_no_files_at_all_is_one_clear_sentence(business: Business) -> None:
    day = business.call(["run", "--ledger", str(business.place / "none.csv"), "--outbox", str(business.outbox)])
    assert day.code == 2
    assert "none.csv" in day.said
    assert len(day.said.strip().splitlines()) == 1


def test_the_statement_of_the_story_is_one_a_bank_would_write() -> None:
    assert camt([Line("2026-03-16", "1.00", "<x> & y")], "2026-03-16").count("&amp;") == 1


def test_an_evening_run_does_not_take_back_what_left_in_the_morning(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    morning = business.run("2026-03-17").mail
    evening = business.run("2026-03-17T20:30")
    assert evening.outcome("FV26-0100")[0] == "sent"
    assert evening.mail.as_bytes() == morning.as_bytes()
    assert business.run("2026-03-18").outcome("FV26-0100")[0] == "not_yet"


def test_a_bare_date_after_an_evening_is_still_the_evening(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    assert business.run("2026-03-17T20:30").outcome("FV26-0100")[0] == "moved"
    assert business.run("2026-03-17").outcome("FV26-0100")[0] == "moved"


def test_another_creditors_file_is_refused_and_changes_nothing(business: Business) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    mine = business.run("2026-03-17")
    before = folder_bytes(business.outbox)
    business.creditor = business.creditor.replace("B46123454", "B96999999").replace("Ferretería", "Panadería")
    theirs = business.run("2026-03-18")
    assert mine.code == 0
    assert theirs.code == 2
    assert folder_bytes(business.outbox) == before


@pytest.mark.parametrize("as_of", ["2962-03-17", "0001-01-01", "9999-12-31", "tomorrow"])
def test_a_day_nobody_means_is_refused(business: Business, as_of: str) -> None:
    business.owes("FV26-0100", "500.00", "2026-02-02")
    day = business.run(as_of)
    assert day.code == 2
    assert len(day.said.strip().splitlines()) == 1
    assert business.run("2026-03-17").code == 0


def test_a_credit_note_set_against_an_invoice_in_the_ledger_is_no_payment(business: Business) -> None:
    invoice = business.owes("FV26-0100", "100.00", "2026-02-02")
    business.run("2026-03-10")
    invoice["open_amount"] = "0.00"
    business.owes("FV26-0101", "80.00", "2026-05-02")
    day = business.run("2026-03-11")
    assert day.outcome("FV26-0100") == ("paid", "paid.ledger")
    assert not day.mails

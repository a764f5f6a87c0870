"""By which way a customer is written to: email, else a letter, else a person is asked; and text messages."""

from __future__ import annotations

import csv
import os
import random
import signal
import time
from pathlib import Path

from tests.conftest import Home
from tests.pages import codes, pages_text, pdf_text
from tests.stories.test_safety import folder_bytes
from tests.stories.world import IBAN, Business, Day

ADDRESS = "Calle Mayor 5, 2º B, 46001 Valencia"


def neighbours(business: Business) -> None:
    """Five customers, each to be reached in a way of their own."""
    business.owes("F-1", "500.00", "2026-03-03", customer_id="MAIL", address=ADDRESS, phone="612 345 678")
    business.owes("F-2", "250.00", "2026-03-03", customer_id="POST", email="", contact_name="", address=ADDRESS)
    business.owes("F-3", "80.50", "2026-03-03", customer_id="NOMAIL", opt_out="email", address=ADDRESS)
    business.owes("F-4", "90.00", "2026-03-03", customer_id="PHONE", email="", phone="612 345 678")
    business.owes("F-5", "70.00", "2026-03-03", customer_id="NOBODY", email="")
    business.owes("F-6", "60.00", "2026-03-03", customer_id="SHUT", opt_out="email, letter", address=ADDRESS)


def register(day: Day) -> list[dict[str, str]]:
    return day.rows("letters/register.csv")


def test_each_customer_is_written_to_by_the_way_that_is_left(business: Business) -> None:
    neighbours(business)

    day = business.run("2026-03-17")

    assert day.why["F-1"]["message"].startswith("mail/")
    assert "carta" not in day.why["F-1"]["reason"]
    for invoice, why in (("F-2", "no se conoce ninguna dirección"), ("F-3", "no quiere correos electrónicos")):
        assert day.outcome(invoice) == ("sent", "step.early_late")
        assert day.why[invoice]["message"].startswith("letters/")
        assert why in day.why[invoice]["reason"]
    assert day.outcome("F-4") == ("task", "hold.no_contact")
    assert day.outcome("F-5") == ("task", "hold.no_contact")
    assert day.outcome("F-6") == ("task", "hold.channel_refused")
    assert len(day.mails) == 1
    assert len(list((business.outbox / "letters").glob("2026-*.pdf"))) == 2
    assert not (business.outbox / "sms").exists()
    assert "2 cartas" in day.printed or "2 letters" in day.printed


def test_a_letter_asks_for_the_open_amount_and_its_code_pays_it(business: Business) -> None:
    neighbours(business)
    day = business.run("2026-03-17")
    data = (business.outbox / day.why["F-2"]["message"]).read_bytes()
    words = pdf_text(data).replace("\xa0", " ")
    window = ("Talleres Miró, S.L.", "Calle Mayor 5, 2º B", "46001 Valencia")
    for said in (*window, "F-2", "250,00 €", "Valencia, 17 de marzo de 2026", "ES91 2100 0418 4502 0005 1332"):
        assert said in words, said
    assert "A la atención" not in words  # no contact is known
    (code,) = codes(data)
    assert code.splitlines()[5:8] == ["Ferretería del Turia, S.L.", IBAN, "EUR250.00"]
    assert code.splitlines()[-1] == "F-2"


def test_the_print_run_holds_every_letter_in_the_order_of_its_register(business: Business) -> None:
    neighbours(business)
    for n in range(40):  # a letter of several pages
        business.owes(f"G-{n}", "10.00", "2026-03-03", customer_id="LONG", email="", address=ADDRESS)

    rows = register(business.run("2026-03-17"))

    assert [row["customer_id"] for row in rows] == ["LONG", "NOMAIL", "POST"]
    assert [row["pages"] for row in rows] == ["1–2", "3", "4"]
    assert [row["amount"] for row in rows] == ["400.00", "80.50", "250.00"]
    assert rows[2]["invoices"] == "F-2"
    assert len(rows[0]["invoices"].split()) == 40
    assert [rows[2][f"address_{n}"] for n in (1, 2, 3, 4)] == [
        "Talleres Miró, S.L.",
        "Calle Mayor 5, 2º B",
        "46001 Valencia",
        "",
    ]
    assert {row["tracking_number"] for row in rows} == {""}
    whole = pages_text((business.outbox / "letters" / "print.pdf").read_bytes())
    assert len(whole) == 4
    assert "F-3" in whole[2]
    assert "F-2" in whole[3]
    for row in rows:
        assert (business.outbox / row["file"]).is_file()


def test_run_twice_adds_nothing_and_keeps_the_tracking_numbers_typed(business: Business) -> None:
    neighbours(business)
    business.run("2026-03-17")
    before = folder_bytes(business.outbox)
    business.run("2026-03-17")
    assert folder_bytes(business.outbox) == before

    # Somebody notes the number in a Spanish spreadsheet, which saves with semicolons in its own encoding.
    path = business.outbox / "letters" / "register.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    rows[1][-1] = "CD123456785ES"
    with path.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    assert [row["tracking_number"] for row in register(business.run("2026-03-17"))] == ["CD123456785ES", ""]

    business.run("2026-03-18")
    assert not list((business.outbox / "letters").iterdir())
    aside = business.outbox / "earlier" / "letters"
    assert {path.name for path in aside.iterdir()} >= {"2026-03-17-print.pdf", "2026-03-17-register.csv"}
    assert "CD123456785ES" in (aside / "2026-03-17-register.csv").read_text("utf-8-sig")
    assert len(list(aside.iterdir())) == 4


def test_killed_while_it_writes_letters_and_run_again_equals_a_clean_run(business: Business, home: Home) -> None:
    neighbours(business)
    business.run("2026-03-17")
    clean = folder_bytes(business.outbox)
    business.outbox = home.fresh()
    started = time.monotonic()
    business.run("2026-03-17")
    took = time.monotonic() - started
    chance = random.Random(5)
    for _ in range(6):
        business.outbox = home.fresh()
        child = os.fork()
        if child == 0:  # pragma: no cover - dies
            business.run("2026-03-17")
            os._exit(0)
        time.sleep(took * (0.4 + 0.6 * chance.random()))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        business.run("2026-03-17")
        assert folder_bytes(business.outbox) == clean


def test_an_address_given_later_the_same_day_takes_the_letter_back(business: Business) -> None:
    row = business.owes("F-2", "250.00", "2026-03-03", email="", address=ADDRESS)
    business.run("2026-03-17")
    row["email"] = "ana@miro.example"
    day = business.run("2026-03-17")
    assert day.why["F-2"]["message"].startswith("mail/")
    assert not list((business.outbox / "letters").iterdir())
    (why,) = (business.outbox / "withdrawn").glob("*.pdf.why.txt")
    assert "otra vía" in why.read_text("utf-8")


def test_a_payment_is_thanked_for_by_letter_where_there_is_no_email(business: Business) -> None:
    business.owes("F-2", "250.00", "2026-03-03", email="", address=ADDRESS, issue_date="2026-02-01")
    business.receives("2026-03-16", "250.00", "F-2", name="TALLERES MIRO SL")
    day = business.run("2026-03-17", bank="2026-03-16")
    assert day.outcome("F-2") == ("paid", "paid.bank")
    words = pdf_text((business.outbox / day.why["F-2"]["message"]).read_bytes())
    assert "ES91" not in words
    assert "?" not in words


def test_a_name_our_typefaces_cannot_show_becomes_a_task(business: Business) -> None:
    business.owes("F-2", "250.00", "2026-03-03", email="", address=ADDRESS, customer_name="北京贸易 S.L.")
    day = business.run("2026-03-17")
    assert day.outcome("F-2") == ("task", "wording.refused")
    assert "北" in day.why["F-2"]["reason"]
    assert not (business.outbox / "letters").exists()
    (task,) = day.tasks
    assert "北" in task


SMS = """
procedure: texts
version: 1
steps:
  - step: early_late
    when: 4 to 5 working days after due
  - step: sms
    do: sms
    when: 2 working days after early_late
    wording: sms_late
limits:
  days between messages: 1
"""


def with_texts(business: Business, as_of: str) -> Day:
    path: Path = business.place / "texts.yaml"
    path.write_text(SMS, "utf-8")
    return business.run(as_of, "--procedure", str(path))


def test_a_text_message_leaves_to_a_mobile_by_day(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-03-09", customer_id="MOBILE", phone="612 34 56 78")
    business.owes("F-2", "500.00", "2026-03-09", customer_id="LANDLINE", phone="960 123 456")
    with_texts(business, "2026-03-17")

    day = with_texts(business, "2026-03-23")

    assert day.outcome("F-1") == ("sent", "step.sms")
    assert day.why["F-2"]["step"] != "sms"
    (path,) = (business.outbox / "sms").iterdir()
    assert day.why["F-1"]["message"] == f"sms/{path.name}"
    head, _, text = path.read_text("utf-8").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    assert fields["To"] == "+34612345678"
    assert fields["Alphabet"].startswith("UCS-2 (")  # for the í of the creditor's own name, which fits in two
    assert fields["Segments"] == "2"
    assert fields["Not-Before"].startswith("2026-03-23T08:")
    assert fields["Not-After"] == "2026-03-23T21:00+01:00"
    assert text.startswith("Ferretería del Turia: factura F-1 (500,00 €)")
    assert "\n" not in text

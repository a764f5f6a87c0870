"""Whole lives of invoices, told in order, through the command and with real files."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from itertools import pairwise

from tests.stories.world import Business, text


def test_a_payment_in_the_bank_file_is_thanked_for_and_nothing_is_demanded(business: Business) -> None:
    business.owes("F-100", "500.00", "2026-03-03", issue_date="2026-02-01")
    business.receives("2026-03-16", "500.00", "Pago factura F-100", name="TALLERES MIRO SL")

    day = business.run("2026-03-17", bank="2026-03-16")

    assert day.code == 0
    assert day.outcome("F-100") == ("paid", "paid.bank")
    row = day.why["F-100"]
    assert row["open_amount"] == "0.00"
    assert row["next_look"] == ""
    assert "TALLERES MIRO SL" in row["reason"]
    assert "500,00" in row["reason"].replace("\xa0", " ")
    assert "16 de marzo de 2026" in row["reason"]
    thanks = day.carrier("F-100")
    assert "F-100" in thanks["Subject"]
    assert "500,00 €" in text(thanks)
    assert "?" not in text(thanks)
    assert len(day.mails) == 1
    assert "F-100" not in business.run("2026-03-18", bank="2026-03-17").why


def test_a_part_payment_leaves_the_rest_to_be_asked_for(business: Business) -> None:
    business.owes("F-100", "500.00", "2026-03-10")
    business.receives("2026-03-16", "200.00", "F-100 a cuenta", name="TALLERES MIRO SL")

    day = business.run("2026-03-17", bank="2026-03-16")

    assert day.outcome("F-100") == ("sent", "step.early_late")
    assert day.why["F-100"]["open_amount"] == "300.00"
    assert "300,00 €" in text(day.mail)
    assert "500,00" not in text(day.mail)


def test_a_holiday_of_the_recipients_region_moves_the_message(business: Business) -> None:
    # San José, 19 March, is a holiday in the Valencian Community and not in Madrid.
    fresh = {"issue_date": "2026-03-17"}
    business.owes("F-1", "500.00", "2026-03-19", customer_id="V", region="VC", **fresh)
    business.owes("F-2", "500.00", "2026-03-19", customer_id="M", region="MD", customer_name="Arco, S.A.", **fresh)

    wednesday = business.run("2026-03-18")
    assert wednesday.outcome("F-1") == ("sent", "step.due_today")
    assert "19 de marzo de 2026" in wednesday.carrier("F-1")["Subject"]
    assert wednesday.why["F-2"]["outcome"] == "not_yet"

    thursday = business.run("2026-03-19")
    assert thursday.outcome("F-2") == ("sent", "step.due_today")
    assert "hoy" in thursday.carrier("F-2")["Subject"]


def test_an_overdue_message_due_on_a_holiday_moves_to_the_next_working_day(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-02-02", region="VC")
    moved = business.run("2026-03-19")
    assert moved.outcome("F-1") == ("moved", "calendar.holiday")
    assert moved.why["F-1"]["next_look"] == "2026-03-20"
    assert not moved.mails
    assert business.run("2026-03-20").outcome("F-1")[0] == "sent"


def test_a_run_in_the_evening_waits_for_the_morning(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-02-02")

    evening = business.run("2026-03-17T20:30")
    assert evening.outcome("F-1") == ("moved", "hours.quiet")
    assert evening.why["F-1"]["next_look"] == "2026-03-18"
    assert not evening.mails

    morning = business.run("2026-03-18")
    leaves = parsedate_to_datetime(morning.mail["Date"])
    assert (leaves.date(), leaves.hour) == (date(2026, 3, 18), 5)
    assert leaves.minute % 5
    assert leaves.utcoffset() == timedelta(hours=1)


def test_a_run_during_the_day_leaves_at_once_in_the_recipients_zone(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-02-02", country="RO", region="")
    leaves = parsedate_to_datetime(business.run("2026-03-17T10:12").mail["Date"])
    assert leaves.isoformat() == "2026-03-17T11:12:00+02:00"


def test_five_overdue_invoices_a_credit_note_and_a_part_payment_travel_in_one_message(business: Business) -> None:
    for n in range(1, 6):
        business.owes(f"FV26-010{n}", f"{n}00.00", f"2026-02-0{n + 1}")
    business.owes("AB26-0001", "-50.00", "2026-02-20")
    business.receives("2026-03-16", "30.00", "a cuenta de FV26-0102", name="TALLERES MIRO SL")

    day = business.run("2026-03-17", bank="2026-03-16")

    said = text(day.mail)
    for amount in ("100,00 €", "170,00 €", "300,00 €", "400,00 €", "500,00 €", "-50,00 €"):
        assert amount in said, amount
    assert "200,00" not in said
    assert "1.420,00 €" in said
    assert {day.why[f"FV26-010{n}"]["outcome"] for n in range(1, 6)} == {"sent"}
    assert day.outcome("AB26-0001") == ("sent", "listed.credit")
    assert day.why["FV26-0102"]["open_amount"] == "170.00"
    assert day.why["AB26-0001"]["open_amount"] == "-50.00"
    asked = sum(Decimal(day.why[name]["open_amount"]) for name in day.why)
    assert asked == Decimal("1420.00")


def test_a_customer_in_net_credit_hears_nothing(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-02-02")
    business.owes("A-1", "-500.00", "2026-02-20")
    day = business.run("2026-03-17")
    assert not day.mails
    assert day.outcome("F-1") == ("held", "hold.net_credit")
    assert day.outcome("A-1") == ("held", "hold.net_credit")


def test_a_promise_until_friday_and_a_disputed_invoice_rest(business: Business) -> None:
    business.owes("F-1", "100.00", "2026-02-02", promise_date="2026-03-20")
    business.owes("F-2", "200.00", "2026-02-03", disputed="sí")
    rest = business.owes("F-3", "300.00", "2026-02-04")

    tuesday = business.run("2026-03-17", bank="2026-03-16")
    assert tuesday.outcome("F-1") == ("held", "hold.promised")
    assert tuesday.outcome("F-2") == ("held", "hold.disputed")
    assert tuesday.outcome("F-3")[0] == "sent"
    said = text(tuesday.mail)
    assert "300,00 €" in said
    # Held items are named with their reason and are not part of the request.
    assert "F-1" in said
    assert "20 de marzo de 2026" in said
    assert "F-2" in said
    assert "600,00" not in said

    rest |= {"open_amount": "0.00", "settled_date": "2026-03-19"}
    # Monday is the first working day after the promise; only its bank data tells whether it was kept.
    assert business.run("2026-03-23", bank="2026-03-20").outcome("F-1") == ("held", "hold.promised")
    assert business.run("2026-03-24", bank="2026-03-23").outcome("F-1")[0] == "sent"


def test_before_and_after_the_due_date_across_a_holiday(business: Business) -> None:
    manager = {"account_manager": "Vicent Ferrer", "account_manager_email": "vicent@turia.example"}
    business.owes("F-1", "500.00", "2026-03-22", issue_date="2026-02-17", **manager)  # a Sunday
    outcomes = {}
    day = date(2026, 3, 10)
    while day <= date(2026, 3, 27):
        if day.weekday() < 5:
            today = business.run(day.isoformat())
            outcomes[day.isoformat()] = today.outcome("F-1")
            told = [mail for mail in today.staff if "vicent@turia.example" in mail["To"]]
            assert bool(told) == (outcomes[day.isoformat()][0] in ("sent", "task")), day
            assert all("Talleres Miró" in text(mail) for mail in told)
            assert not any("vicent" in (mail["To"] + (mail["Bcc"] or "")) for mail in today.mails)
        day += timedelta(days=1)
    spoken = {day: rule for day, (outcome, rule) in outcomes.items() if outcome in ("sent", "task")}
    assert spoken == {
        "2026-03-13": "step.due_7",
        "2026-03-18": "step.due_3",  # the 19th is San José
        "2026-03-20": "step.due_today",
        "2026-03-23": "step.check",
        "2026-03-26": "step.early_late",
    }


def test_the_check_is_a_task_and_no_mail(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-03-16", issue_date="2026-02-17")
    day = business.run("2026-03-17")
    assert day.outcome("F-1") == ("task", "step.check")
    assert not day.mails
    (task,) = day.tasks
    assert "F-1" in task
    assert "Talleres Miró" in task
    assert day.why["F-1"]["message"].startswith("tasks/2026-03-17-c-1-")


def test_missed_days_are_caught_up_once_with_the_newest_step(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-03-13", issue_date="2026-02-17")
    assert business.run("2026-03-05").outcome("F-1")[0] == "not_yet"
    # 6 March (seven days before) to 10 March (three days before) were missed.
    late = business.run("2026-03-11")
    assert late.outcome("F-1") == ("sent", "step.due_3")
    assert len(late.mails) == 1
    assert business.run("2026-03-12").outcome("F-1")[0] == "not_yet"


def test_an_old_invoice_never_written_about_begins_softly_and_becomes_urgent_in_its_time(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-01-16", issue_date="2026-01-02")
    subjects = {}
    day = date(2026, 3, 17)  # sixty days late
    while day <= date(2026, 4, 3):
        today = business.run(day.isoformat())
        subjects |= {day.isoformat(): mail["Subject"] for mail in today.mails}
        day += timedelta(days=1)
    first, *later = subjects.values()
    assert "URGENTE" not in first
    assert later
    assert all(subject.startswith("URGENTE") for subject in later)
    days = [date.fromisoformat(day) for day in subjects]
    assert all((after - before).days >= 3 for before, after in pairwise(days))


def test_an_earlier_day_is_refused(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-03-20")
    assert business.run("2026-03-17").code == 0
    earlier = business.run("2026-03-16")
    assert earlier.code == 2
    assert "17" in earlier.said
    assert "Traceback" not in earlier.said


def test_a_rehearsal_never_counts_as_said(business: Business) -> None:
    business.owes("F-1", "500.00", "2026-01-16")
    rehearsed = business.run("2026-03-17", known=False)
    assert rehearsed.outcome("F-1") == ("sent", "step.early_late")
    assert "--creditor" in rehearsed.printed
    again = business.run("2026-03-18")
    assert again.outcome("F-1") == ("sent", "step.early_late")
    assert business.run("2026-03-19").outcome("F-1")[0] != "sent"

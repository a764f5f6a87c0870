"""A planned message in words and bytes: fields, blocks, attachments, the code to pay with, and what withholds it."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import date, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from amable.core import creditor as core
from amable.core.languages import LANGUAGES
from amable.core.money import Money
from amable.core.planning import Act, Kind, Line, Named, Planned, Receipt, Section
from amable.correspondence import composing
from amable.correspondence.composing import Composed, ItemFacts, Occasion, Recipient, Withheld, compose
from amable.organisation.actions import install
from amable.organisation.models import Creditor
from tests.cast import procedure
from tests.core.test_qr import scanned
from tests.pages import pdf_text
from tests.stories.world import CREDITOR, IBAN, PDF, html, text

TODAY = date(2026, 3, 17)
ANA = Recipient(
    "C-1", "Talleres Miró, S.L.", "Ana Miró", ("ana@miro.example",), "es", "ES", consumer=False, regular=None
)
INVOICE = ItemFacts(
    "F-1001", Kind.INVOICE, "Material de obra", date(2026, 1, 2), date(2026, 3, 3), 500_00, 500_00, "EUR"
)
SECOND = replace(INVOICE, number="F-1002", due_on=date(2026, 3, 5), total=120_00, open=120_00)
CREDIT = replace(INVOICE, number="AB-7", kind=Kind.CREDIT_NOTE, total=-50_00, open=-50_00)
CASH = ItemFacts("2026-03-10", Kind.UNAPPLIED, "", TODAY, TODAY, -30_00, -30_00, "EUR")


@pytest.fixture
def creditor(turia: Creditor) -> Creditor:
    return turia


def overdue(item: int, amount: int) -> Line:
    return Line(item, amount, Section.OVERDUE, "early_late", 1)


def demand(*lines: Line, step: str = "early_late", currency: str = "EUR", **more: object) -> Planned:
    """A demand of the sum of its lines, what falls due soon left out."""
    listed = lines or (overdue(1, 500_00),)
    demanded = sum(line.amount for line in listed if line.section is not Section.DUE_SOON)
    return Planned(Act.EMAIL, step, currency, listed, demanded, reply_by=date(2026, 3, 20), **more)  # type: ignore[arg-type]


def occasion(creditor: Creditor, planned: Planned | None = None, **facts: object) -> Occasion:
    planned = planned or demand()
    step = procedure().step(planned.step) or procedure().thanks
    assert step is not None
    given = {
        "recipient": ANA,
        "items": {1: INVOICE, 2: SECOND, 3: CREDIT, -4: CASH},
        "key": "0123456789abcdef",
        "today": TODAY,
        "leaves_at": datetime(2026, 3, 17, 5, 7, tzinfo=ZoneInfo("Europe/Madrid")),
        "allowed": frozenset({"ana@miro.example"}),
    }
    return Occasion(planned, step, creditor, **(given | facts))  # type: ignore[arg-type]


def written(found: Composed | Withheld) -> EmailMessage:
    assert isinstance(found, Composed), found
    message = email.message_from_bytes(found.data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def refused(found: Composed | Withheld) -> list[str]:
    assert isinstance(found, Withheld)
    return [finding.rule for finding in found.findings]


def attached(message: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_content() for part in message.iter_attachments()}


# --- fields and headers ----------------------------------------------------------------------------------------------


def test_the_same_occasion_gives_the_same_bytes(creditor: Creditor) -> None:
    assert compose(occasion(creditor)) == compose(occasion(creditor))


def test_a_reminder_says_what_is_owed_to_whom_and_how_to_pay(creditor: Creditor) -> None:
    mail = written(compose(occasion(creditor)))
    words = text(mail)
    assert mail["To"] == "Ana Miró <ana@miro.example>"
    assert mail["From"] == "Lucía Soler <cobros@turia.example>"
    assert mail["Message-ID"] == "<0123456789abcdef@turia.example>"
    assert mail["Date"] == "Tue, 17 Mar 2026 05:07:00 +0100"
    assert "F-1001" in mail["Subject"]
    for said in ("Ana", "F-1001", "500,00 €", "3 de marzo de 2026", "ES91 2100 0418 4502 0005 1332", "Lucía Soler"):
        assert said in words, said
    assert mail["X-Unsent"] == "1"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", ["due_7", "due_3", "due_today", "early_late", "late_late"])
def test_every_step_speaks_every_language(creditor: Creditor, language: str, step: str) -> None:
    before = step.startswith("due")
    line = Line(1, 500_00, Section.DUE_SOON if before else Section.OVERDUE, step, 1)
    planned = replace(demand(line, step=step), demanded=500_00)
    day = date(2026, 3, 3) if step == "due_today" else date(2026, 2, 24) if before else TODAY
    mail = written(compose(occasion(creditor, planned, recipient=replace(ANA, language=language), today=day)))
    assert mail["Content-Language"] == language
    assert "F-1001" in mail["Subject"]


def test_a_customer_without_a_person_is_greeted_by_its_name(creditor: Creditor) -> None:
    mail = written(compose(occasion(creditor, recipient=replace(ANA, contact=""))))
    assert "Talleres Miró, S.L." in text(mail).splitlines()[0]
    assert "Talleres Miró, S.L." in mail["To"]


def test_a_reminder_goes_to_every_address_of_the_contact(creditor: Creditor) -> None:
    both = ("ana@miro.example", "eva@miro.example")
    mail = written(compose(occasion(creditor, recipient=replace(ANA, emails=both), allowed=frozenset(both))))
    assert [address.addr_spec for address in mail["To"].addresses] == list(both)


def test_an_address_that_is_not_the_customers_withholds_the_message(creditor: Creditor) -> None:
    """The recipient was put together from one row and the addresses from another: then nothing leaves."""
    stranger = replace(ANA, emails=("ana@miro.example", "bob@rival.example"))
    assert refused(compose(occasion(creditor, recipient=stranger))) == ["right-recipient"]
    assert refused(compose(occasion(creditor, allowed=frozenset()))) == ["right-recipient"]


def test_later_messages_stand_in_the_thread(creditor: Creditor) -> None:
    thread = tuple(f"{n:016x}@turia.example" for n in range(14))
    mail = written(compose(occasion(creditor, thread=thread)))
    assert mail["In-Reply-To"] == f"<{thread[-1]}>"
    assert mail["References"].split() == [f"<{known}>" for known in thread[-10:]]
    assert written(compose(occasion(creditor)))["References"] is None


def test_nobody_reads_the_same_words_twice(creditor: Creditor) -> None:
    had: tuple[str, ...] = ()
    for _ in range(2):
        found = compose(occasion(creditor, recipient=replace(ANA, regular=True, had=had)))
        assert isinstance(found, Composed)
        assert found.wording not in had
        had = (*had, found.wording)


# --- what stands in a demand -----------------------------------------------------------------------------------------


def test_several_invoices_stand_in_a_table_the_oldest_first(creditor: Creditor) -> None:
    mail = written(compose(occasion(creditor, demand(overdue(2, 120_00), overdue(1, 500_00)))))
    words = text(mail)
    assert "620,00 €" in words
    assert words.index("F-1001") < words.index("F-1002")
    assert "F-1001" in mail["Subject"]


def test_a_credit_note_is_shown_and_taken_off(creditor: Creditor) -> None:
    credit = Line(3, -50_00, Section.CREDIT, "listed", 1)
    words = text(written(compose(occasion(creditor, demand(overdue(1, 500_00), credit)))))
    assert all(said in words for said in ("450,00 €", "500,00 €", "-50,00 €", "AB-7"))


def test_money_without_an_invoice_is_shown_as_such(creditor: Creditor) -> None:
    cash = Line(-4, -30_00, Section.CREDIT, "listed", 1)
    words = text(written(compose(occasion(creditor, demand(overdue(1, 500_00), overdue(2, 120_00), cash)))))
    assert "590,00 €" in words
    assert "-30,00 €" in words
    assert "2026-03-10" not in words  # the day it came is no document's number


def test_what_is_disputed_is_left_out_and_named(creditor: Creditor) -> None:
    part = Named(1, "hold.disputed_part", {"amount": Money(100_00, "EUR")})
    words = text(written(compose(occasion(creditor, demand(overdue(1, 400_00), named=(part,))))))
    assert "400,00 €" in words
    assert "100,00 €" in words
    assert "500,00" not in words


def test_what_is_promised_is_named_with_its_day(creditor: Creditor) -> None:
    promised = Named(2, "hold.promised", {"day": date(2026, 3, 27)})
    words = text(written(compose(occasion(creditor, demand(overdue(1, 500_00), named=(promised,))))))
    assert "F-1002" in words
    assert "27 de marzo de 2026" in words


def test_what_falls_due_soon_stands_apart_and_is_not_demanded(creditor: Creditor) -> None:
    soon = replace(SECOND, due_on=date(2026, 3, 20))
    planned = demand(overdue(1, 500_00), Line(2, 120_00, Section.DUE_SOON, "listed", 1))
    mail = written(compose(occasion(creditor, planned, items={1: INVOICE, 2: soon})))
    words = text(mail)
    assert "120,00 €" in words
    assert "20 de marzo de 2026" in words
    assert "620,00" not in words


def test_a_demand_opens_with_thanks_for_what_came_in(creditor: Creditor) -> None:
    receipts = (Receipt("EUR", 80_00, date(2026, 3, 16), (9,)),)
    words = text(written(compose(occasion(creditor, demand(thanks=receipts)))))
    assert words.index("80,00 €") < words.index("500,00 €")


def test_thanks_ask_for_nothing(creditor: Creditor) -> None:
    settled = (Line(1, 0, Section.SETTLED, "thank_you", 1),)
    receipts = (Receipt("EUR", 500_00, date(2026, 3, 16), (1,)),)
    planned = Planned(Act.THANKS, "thank_you", "EUR", settled, thanks=receipts)
    mail = written(compose(occasion(creditor, planned, items={1: replace(INVOICE, open=0)})))
    assert "500,00 €" in text(mail)
    assert "?" not in text(mail)
    assert attached(mail) == {}
    assert "cid:" not in html(mail)


@pytest.mark.parametrize(
    ("language", "words_of_it"),
    [
        ("es", "Nuestro recordatorio del 16 de marzo de 2026 y su pago se cruzaron"),
        ("en", "Our reminder of 16 March 2026 and your payment crossed"),
        ("ro", "Mesajul nostru din 16 martie 2026 și plata dumneavoastră s-au intersectat"),
        ("fr", "Notre rappel du 16 mars 2026 et votre règlement se sont croisés"),
    ],
)
def test_thanks_take_back_a_message_that_crossed_the_payment(
    creditor: Creditor, language: str, words_of_it: str
) -> None:
    day = date(2026, 3, 16)
    settled = (Line(1, 0, Section.SETTLED, "thank_you", 1),)
    paid = Planned(
        Act.THANKS, "thank_you", "EUR", settled, thanks=(Receipt("EUR", 500_00, date(2026, 3, 15), (1,), crossed=day),)
    )
    recipient = replace(ANA, language=language)
    thanks = text(written(compose(occasion(creditor, paid, items={1: replace(INVOICE, open=0)}, recipient=recipient))))
    assert thanks.count(words_of_it) == 1
    assert thanks.index("500") < thanks.index(words_of_it)
    another = demand(thanks=(Receipt("EUR", 80_00, date(2026, 3, 15), (9,), crossed=day),))
    words = text(written(compose(occasion(creditor, another, recipient=recipient))))
    assert words.index("80") < words.index(words_of_it) < words.index("F-1001")


def test_another_currency_is_shown_as_its_own_and_has_no_code(creditor: Creditor) -> None:
    dollars = replace(INVOICE, currency="USD")
    mail = written(compose(occasion(creditor, demand(currency="USD"), items={1: dollars})))
    assert "500,00 US$" in text(mail)
    assert "cid:" not in html(mail)


# --- the code to pay with --------------------------------------------------------------------------------------------


def code(creditor: Creditor, planned: Planned, **facts: object) -> list[str] | None:
    """The lines of the QR code of a message, None when it has none."""
    mail = written(compose(occasion(creditor, planned, **facts)))
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    if not pictures:
        return None
    (picture,) = pictures
    assert f"cid:{str(picture['Content-ID']).strip('<>')}" in html(mail)
    return scanned(picture.get_content()).text.split("\n")


def test_the_code_pays_exactly_what_is_asked_for(creditor: Creditor) -> None:
    credit = Line(3, -50_00, Section.CREDIT, "listed", 1)
    lines = code(creditor, demand(overdue(1, 400_00), overdue(2, 120_00), credit))
    assert lines is not None
    assert lines[5:8] == ["Ferretería del Turia, S.L.", IBAN, "EUR470.00"]
    assert lines[-1] == "F-1001 F-1002"


def test_the_code_quotes_the_oldest_when_all_do_not_fit(creditor: Creditor) -> None:
    items = {n: replace(INVOICE, number=f"FACTURA-{n:04}") for n in range(1, 20)}
    lines = code(creditor, demand(*(overdue(n, 10_00) for n in items)), items=items)
    assert lines is not None
    assert (lines[7], lines[-1]) == ("EUR190.00", "FACTURA-0001")


def test_without_an_account_there_is_no_code(creditor: Creditor) -> None:
    creditor.iban = ""
    creditor.pay_link = "https://pay.example/{invoice}"
    assert code(creditor, demand()) is None


def test_the_link_to_pay_names_the_invoice(creditor: Creditor) -> None:
    creditor.pay_link = "https://pay.example/{invoice}?r={reference}"
    odd = replace(INVOICE, number="F/1 ?&")
    words = text(written(compose(occasion(creditor, items={1: odd}))))
    assert "https://pay.example/F%2F1%20%3F%26" in words
    assert "r=RF" in text(written(compose(occasion(creditor))))


# --- documents -------------------------------------------------------------------------------------------------------


def document(folder: Path, name: str, size: int = len(PDF)) -> str:
    path = folder / name
    path.write_bytes(PDF + b"\0" * (size - len(PDF)))
    return str(path)


def test_the_documents_of_what_is_asked_for_travel(creditor: Creditor, tmp_path: Path) -> None:
    items = {
        1: replace(INVOICE, pdf_path=document(tmp_path, "one.pdf")),
        2: replace(SECOND, pdf_path=document(tmp_path, "two.pdf")),
        3: replace(CREDIT, pdf_path=document(tmp_path, "credit.pdf")),
    }
    lines = (overdue(2, 120_00), overdue(1, 500_00), Line(3, -50_00, Section.CREDIT, "listed", 1))
    mail = written(compose(occasion(creditor, demand(*lines), items=items)))
    assert attached(mail) == {"F-1001.pdf": PDF, "F-1002.pdf": PDF}


def test_documents_travel_as_far_as_mailboxes_take_them(creditor: Creditor, tmp_path: Path) -> None:
    large = 8 * 2**20
    items = {
        n: replace(INVOICE, number=f"F-{n}", due_on=date(2026, 3, n), pdf_path=document(tmp_path, f"{n}.pdf", large))
        for n in (1, 2, 3)
    }
    items[3] = replace(items[3], pdf_path=document(tmp_path, "small.pdf"))
    mail = written(compose(occasion(creditor, demand(*(overdue(n, 10_00) for n in items)), items=items)))
    assert sorted(attached(mail)) == ["F-1.pdf", "F-3.pdf"]


@pytest.mark.parametrize("change", ["gone", "no longer a PDF", "grown", "a folder"])
def test_a_document_that_is_not_what_it_was_withholds_the_message(
    creditor: Creditor, tmp_path: Path, change: str
) -> None:
    path = Path(document(tmp_path, "one.pdf", 11 * 2**20 if change == "grown" else len(PDF)))
    if change == "no longer a PDF":
        path.write_bytes(b"root:x:0:0")
    if change in ("gone", "a folder"):
        path.unlink()
    if change == "a folder":
        path.mkdir()
    items = {1: replace(INVOICE, pdf_path=str(path))}
    assert refused(compose(occasion(creditor, items=items))) == ["attach-invoice.missing"]


# --- who writes ------------------------------------------------------------------------------------------------------


def test_keys_tell_creditor_customer_day_and_slot_apart(creditor: Creditor) -> None:
    other = Creditor(ref="other")
    asked = [
        (creditor, "C-1", TODAY, "thanks"), (other, "C-1", TODAY, "thanks"), (creditor, "C-2", TODAY, "thanks"),
        (creditor, "C-1", date(2026, 3, 18), "thanks"), (creditor, "C-1", TODAY, "demand.EUR"),
    ]  # fmt: skip
    assert len({composing.message_key(*one) for one in asked}) == len(asked)


def test_a_sender_with_a_very_long_domain(creditor: Creditor) -> None:
    domain = ".".join(["a" * 60] * 4)
    kept = install(core.read(CREDITOR.replace("cobros@turia.example", f"c@{domain}.es")), placeholder=False)
    assert composing.identifier(kept, "k" * 16).endswith(f"@{domain}.es")
    assert isinstance(compose(occasion(kept)), Composed)


# --- other ways than email -------------------------------------------------------------------------------------------


def test_a_letter_never_says_today_for_it_is_read_on_another_day(creditor: Creditor) -> None:
    facts = {"items": {1: replace(INVOICE, due_on=TODAY)}, "recipient": replace(ANA, address="Sol 1, 27001 Lugo")}
    due = demand(Line(1, 500_00, Section.DUE_SOON, "due_today", 1), step="due_today")
    due = replace(due, demanded=500_00)
    assert "hoy" in str(written(compose(occasion(creditor, due, **facts)))["Subject"])
    letter = compose(occasion(creditor, replace(due, channel=Act.LETTER), **facts))
    assert isinstance(letter, Composed)
    words = pdf_text(letter.data)
    assert "hoy" not in words.lower().split()
    assert "17 de marzo de 2026" in words


def test_a_letter_offers_the_copy_a_mail_would_bring(creditor: Creditor, tmp_path: Path) -> None:
    document = tmp_path / "F-1001.pdf"
    document.write_bytes(PDF)
    facts = {
        "items": {1: replace(INVOICE, pdf_path=str(document))},
        "recipient": replace(ANA, address="Sol 1, 27001 Lugo"),
    }
    assert attached(written(compose(occasion(creditor, **facts))))
    letter = compose(occasion(creditor, demand(channel=Act.LETTER), **facts))
    assert isinstance(letter, Composed)
    assert "adjunt" not in pdf_text(letter.data)
    assert letter.message_id == ""
    assert letter.to == ("Talleres Miró, S.L.", "A la atención de Ana Miró", "Sol 1", "27001 Lugo")


def test_a_text_message_about_several_invoices_names_their_sum(creditor: Creditor) -> None:
    several = demand(overdue(1, 500_00), overdue(2, 120_00), channel=Act.SMS)
    step = replace(procedure().step("sms"), switched_on=True)  # type: ignore[type-var]
    asked = replace(occasion(creditor, several, recipient=replace(ANA, phone="612 345 678", country="ES")), step=step)
    found = compose(asked)
    assert isinstance(found, Composed)
    text_of_it = found.data.decode().partition("\n\n")[2]
    assert "620,00" in text_of_it
    assert "varias facturas" in text_of_it
    assert found.wording == "sms_late_multi"

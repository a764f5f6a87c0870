"""Composing mails: what our mail writer costs beside writing the same bytes directly, and beside the standard library.

  mime        one message out of its finished words: text and HTML, in English and in French, with and without a PDF
  whole mail  everything a mail costs: wording, kindness check, payment code, message

The floor joins prepared header lines and base64 bodies and checks nothing. Ours encodes headers, chooses encodings,
folds and refuses; what it writes is parsed back by the standard library in tests/plugs. Every case runs in a process
of its own.

  python bench/composing.py --mails 10000
"""

from __future__ import annotations

import argparse
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from measure import Clock, compare, measure, report

DAY = date(2026, 3, 17)
MOMENT = datetime(2026, 3, 17, 5, 7, tzinfo=ZoneInfo("Europe/Madrid"))
NAMES = {"en": "Anna Brown", "fr": "Hélène Lefèvre"}
GOODS = ("Material", "Tornillería y anclajes", "Chapas galvanizadas, 2 mm", "Herramienta eléctrica para taller")
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 156
CREDITOR = """
name: Ferretería Turia
country: ES
region: VC
language: es
timezone: Europe/Madrid
iban: ES9121000418450200051332
sender: {name: Lucía Ferrer, email: lucia@turia.example}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    cases = {"floor": floor, "ours": ours, "email.message": standard, "whole mail": whole}
    figures = measure(cases, (given.mails,), given.rounds)
    compare(figures, over="floor")
    print(f"composing {given.mails:,} mails")
    report(figures, given.json, mails=given.mails)


def floor(clock: Clock, mails: int) -> None:
    _each(clock, mails, _direct)


def ours(clock: Clock, mails: int) -> None:
    from amable.adapters.channels.email import Email
    from amable.plugs.channel import Address, Attachment, Draft

    email = Email()

    def write(n: int, language: str, text: str, html: str, pdf: bytes) -> bytes:
        files = (Attachment("reminder.pdf", "application/pdf", pdf),) if pdf else ()
        draft = Draft(
            f"{n:032x}", Address("Lucía Ferrer", "lucia@turia.example"),
            (Address(f"{NAMES[language]} {n}", f"c{n}@example.com"),), _subject(n, language), text, html, language,
            MOMENT, f"{n:032x}@turia.example", attachments=files,
        )  # fmt: skip
        return email.compose(draft).data

    _each(clock, mails, write)


def standard(clock: Clock, mails: int) -> None:
    def write(n: int, language: str, text: str, html: str, pdf: bytes) -> bytes:
        message = EmailMessage()
        message["From"] = "Lucía Ferrer <lucia@turia.example>"
        message["To"] = f"{NAMES[language]} {n} <c{n}@example.com>"
        message["Subject"] = _subject(n, language)
        message["Date"] = format_datetime(MOMENT)
        message["Message-ID"] = f"<{n:032x}@turia.example>"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        if pdf:
            message.add_attachment(pdf, maintype="application", subtype="pdf", filename="reminder.pdf")
        return message.as_bytes()

    _each(clock, mails // 10, write, times=10)


def whole(clock: Clock, mails: int) -> None:
    """`correspondence.composing.compose` of an overdue reminder; customers, amounts, days, numbers all differ."""
    from amable.core.procedure import Act

    with occasions(Act.EMAIL) as occasion:
        from amable.correspondence.composing import Composed, compose

        for language in NAMES:
            compose(occasion(mails, language))
            asked = [occasion(n, language) for n in range(mails)]
            with clock(f"whole {language}") as noted:
                written = [compose(one) for one in asked]
                noted["mails"] = sum(isinstance(one, Composed) for one in written)


@contextmanager
def occasions(channel: Any) -> Iterator[Callable[[int, str], Any]]:
    """What gives the n-th occasion to write about one to four overdue invoices, in a language and by a channel."""
    with tempfile.TemporaryDirectory(prefix="amable-bench-") as folder:
        from amable.server.database import close_database, open_database

        open_database(Path(folder))
        from amable.cli.run import procedure_of
        from amable.core import creditor as core
        from amable.core.planning import Kind, Line, Planned, Section
        from amable.core.procedure import Act
        from amable.correspondence.composing import ItemFacts, Occasion, Recipient
        from amable.organisation.actions import install

        creditor = install(core.read(CREDITOR), placeholder=False)
        step = procedure_of(None).step("early_late")
        assert step is not None

        def occasion(n: int, language: str) -> Occasion:
            email = f"c{n}@example.com"
            items = {place: invoice(n, place) for place in range(1, 2 + n % 4)}
            lines = tuple(Line(place, item.open, Section.OVERDUE, step.id, 1) for place, item in items.items())
            asked = sum(line.amount for line in lines)
            planned = Planned(Act.EMAIL, step.id, "EUR", lines, asked, reply_by=date(2026, 3, 20), channel=channel)
            to = Recipient(
                f"C-{n}", f"Talleres {n}", f"{NAMES[language]} {n}" if n % 3 else "", (email,), language,
                "FR" if language == "fr" else "GB", consumer=False, regular=(None, True, False)[n % 3],
                address=f"{n} rue de la Paix, 75002 Paris",
            )  # fmt: skip
            return Occasion(planned, step, creditor, to, items, f"{n:016x}", DAY, MOMENT, frozenset({email}))

        def invoice(n: int, place: int) -> ItemFacts:
            due = date(2026, 3, 13) - timedelta(days=(n * 7 + place * 5) % 30)
            amount = 5_000 + (n * 7919 + place * 104_729) % 2_000_000
            number, goods = f"F-{n}-{place}", GOODS[(n + place) % len(GOODS)]
            return ItemFacts(number, Kind.INVOICE, goods, due - timedelta(days=30), due, amount, amount, "EUR")

        yield occasion
        close_database()


def _each(clock: Clock, mails: int, write: Callable[[int, str, str, str, bytes], bytes], times: int = 1) -> None:
    """The same messages for every way of writing them; of a slow way a part, counted `times` as much."""
    for language in NAMES:
        text, html = _words(language)
        for name, pdf in (("", b""), (" and PDF", PDF)):
            write(0, language, text, html, pdf)
            with clock(f"{language}{name}") as noted:
                for _ in range(times):
                    for n in range(mails):
                        size = len(write(n, language, text, html, pdf))
                noted["bytes"] = size


def _words(language: str) -> tuple[str, str]:
    said = {
        "en": "we hope you are well. According to our records the invoices below are past their due date.",
        "fr": "nous espérons que vous allez bien. Selon nos écritures, l’échéance des factures est dépassée.",
    }[language]
    lines = "\n".join(said for _ in range(6))
    row = "<tr><td>F-1</td><td style='text-align:right'>3 March 2026</td><td>€500.00</td></tr>"
    page = "".join(f"<p style='margin:0 0 16px;font:16px/1.5 sans-serif'>{said}</p>" for _ in range(6))
    return lines, f"<!doctype html><html lang={language}><body>\n{page}\n<table>{row * 5}</table>\n</body></html>"


def _subject(n: int, language: str) -> str:
    return f"Invoice F-{n}: a reminder" if language == "en" else f"Facture F-{n} échue : petit rappel"


def _direct(n: int, language: str, text: str, html: str, pdf: bytes) -> bytes:
    outer, inner = b"=_m%032x" % n, b"=_a%032x" % n
    file = b""
    if pdf:
        kind = b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="reminder.pdf"\r\n'
        file = b"--%s\r\n%sContent-Transfer-Encoding: base64\r\n\r\n%s\r\n" % (outer, kind, _base64(pdf))
    body = b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n"
    return b"".join((
        b"From: Lucia Ferrer <lucia@turia.example>\r\nTo: C %d <c%d@example.com>\r\nSubject: F-%d\r\n" % (n, n, n),
        b"Message-ID: <%032x@turia.example>\r\nDate: Tue, 17 Mar 2026 05:07:00 +0100\r\nMIME-Version: 1.0\r\n" % n,
        b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n--%s\r\n' % (outer, outer),
        b'Content-Type: multipart/alternative; boundary="%s"\r\n\r\n' % inner,
        b"--%s\r\n" % inner, body % (b"plain", _base64(text.encode())),
        b"--%s\r\n" % inner, body % (b"html", _base64(html.encode())), b"--%s--\r\n" % inner,
        file, b"--%s--\r\n" % outer,
    ))  # fmt: skip


def _base64(data: bytes) -> bytes:
    encoded = b64encode(data)
    return b"\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76))


if __name__ == "__main__":
    main()

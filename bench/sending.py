"""Sending: claim, decide again, compose, hand over, record, for each message in the strict order, and what less costs.

  floor        planned by one statement, claims of 100, a sandboxed Jinja template whose CSS is inlined, bytes joined by
               hand, smtplib, a state and an event row afterwards, 100 at a time: no second decision, no kindness check,
               no payment code, and what is in hand when the process dies is lost from sight
  floor stdlib the same, written by email.message
  prebuilt     ready bytes offered by our transport, nothing recorded
  ours         `Dispatch`: everything, each message marked and settled in transactions of its own
  ours ×8      the same over eight connections
  letters      ours, for customers who are written to by letter, beside a floor that claims 100, sets a plain letter
               for each (bench/letters.py: window, table, a code of its own), keeps its bytes in a row and records it;
               as PDF 1.7 and, "floor archivable", as PDF/A-2a and PDF/UA-1, which is what ours is; ours sets several
               at once where there are processors for it, so by the clock it is faster than by the processor

The sink is a process of its own beside the sender; with --pin both share one processor (not for letters), as waking
another costs more than a message. A second sink is 25 ms away. One invoice a customer, one message each.

  python bench/sending.py --messages 2000 --pin
  python bench/sending.py --messages 2000 --postgres
"""

from __future__ import annotations

import argparse
import os
import smtplib
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import planning
from composing import CREDITOR
from letters import ARCHIVABLE, plain
from measure import Clock, compare, measure, report
from sink import listening

TODAY = planning.TODAY
NOON = datetime(2026, 3, 17, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
AWAY = 25  # milliseconds
WARM = 20  # messages handed over before the clock starts: by then every wording, calendar and connection was used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true", help="ours on PostgreSQL instead of SQLite")
    parser.add_argument("--pin", action="store_true", help="sender and sink on one processor")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    processors = os.sched_getaffinity(0)
    about = {"database": "PostgreSQL" if given.postgres else "SQLite", "pinned": given.pin}
    with tempfile.TemporaryDirectory(prefix="amable-bench-") as folder, planning._server(given.postgres) as server:
        paper = {"floor": plain_letters, "floor archivable": archivable, "ours": letters}
        for part, cases, count, delay in (
            ("near", {"floor": floor, "floor stdlib": stdlib, "prebuilt": prebuilt, "ours": ours}, given.messages, 0),
            ("away", {"ours": ours, "ours ×8": eight}, max(800, given.messages // 10), AWAY),
            ("letters", paper, max(4, given.messages // 10), 0),
        ):
            here = Path(folder) / part
            if given.pin:
                os.sched_setaffinity(0, processors if part == "letters" else {max(processors)})
            with listening(delay) as port:
                sizes = (here, server, count, port)
                measure({"book": book}, (here, server, count + WARM, port, part), 1)
                figures = measure(cases, sizes, given.rounds)
            for figure in figures:
                figure.notes["a second"] = round(figure.notes["accepted"] / figure.wall_s)
                figure.notes["CPU ms each"] = round(figure.cpu_s / figure.notes["accepted"] * 1000, 2)
            compare(figures, over=next(iter(cases)), by="wall_s")
            print(f"{part}: {count:,} messages, {about['database']}")
            report(figures, given.json, kind=part, messages=count, **about)
            print()


# --- the book --------------------------------------------------------------------------------------------------------


def book(clock: Clock, folder: Path, postgres: str, count: int, port: int, part: str) -> None:
    """So many customers with one overdue invoice each, planned and approved; without an email where letters are."""
    if postgres:
        planning._create(postgres, folder.name, "template1")
    planning._open(folder, f"{postgres}/{folder.name}" if postgres else "")
    from amable.core import creditor as core
    from amable.correspondence import outbox
    from amable.correspondence.models import Message
    from amable.dunning import actions, brakes
    from amable.organisation.actions import install
    from amable.organisation.models import Sending
    from amable.organisation.tenancy import acting_for
    from amable.server.database import close_database
    from amable.work import duties

    creditor = install(core.read(CREDITOR), placeholder=False)
    with acting_for(creditor):
        _fill(creditor.pk, count, letters=part == "letters")
        rules = actions.remember_procedure(creditor, planning_text())
        most = 10**8
        Sending.objects.create(
            creditor=creditor, server="127.0.0.1", port=port, encryption="none", procedure=rules, per_minute=most,
            per_minute_and_domain=most, daily_cap=most, undo_minutes=0, seen_at=NOON,
        )  # fmt: skip
        morning = NOON.replace(hour=4)
        assert duties.plan(creditor, lambda: morning)
        proposed = Message.objects.filter(creditor=creditor, state="proposed").values_list("pk", flat=True)
        approved = outbox.approve(creditor, list(proposed), morning, by="bench", undo=timedelta())
        assert approved == count, approved
        Message.objects.filter(creditor=creditor, customer=None).delete()  # the digest is no part of this
        brakes.trust(creditor, morning)
    planning._settle()
    close_database()


def planning_text() -> str:
    from amable.dunning.starters import shipped

    return shipped()


def _fill(creditor: int, count: int, *, letters: bool) -> None:
    from django.db import connection, transaction

    with transaction.atomic():
        planning._insert(
            connection,
            "ledger_customer",
            "id, creditor_id, key, keyed_by, name, tax_id, kind, language, country, region, timezone, segment, address,"
            " manager_name, manager_email, opt_out, payment_method, review_on",
            (
                (n, creditor, f"C-{n:06}", "id", f"Talleres {n}, S.L.", f"B{n:08}", "", language, country, region, "",
                 "", f"Calle {n}, 46003 Valencia", "", "", "", "", TODAY)
                for n in range(1, count + 1)
                for country, region, language in [planning.PLACES[n % len(planning.PLACES)]]
            ),
        )  # fmt: skip
        planning._insert(
            connection,
            "ledger_contact",
            "creditor_id, customer_id, role, name, email, phone",
            (
                (creditor, n, "billing", f"Ana {n}", "" if letters else f"ana{n}@kunde{n % 50}.example", "")
                for n in range(1, count + 1)
            ),
        )
        planning._insert(
            connection,
            "ledger_item",
            "creditor_id, customer_id, source, number, instalment, kind, applies_to, po_number, description, issued_on,"
            " due_on, currency, total, ledger_open, allocated, open, settled_by, cycle, disputed, direct_debit,"
            " duplicate_of, pdf_path, first_seen_on",
            (
                (creditor, n, "ledger", f"F-{n}", "", "invoice", "", "", "Material", due - timedelta(days=60), due,
                 "EUR", amount, amount, 0, amount, "", 1, False, False, "", "", TODAY)
                for n in range(1, count + 1)
                for due in [TODAY - timedelta(days=9 + n % 20)]
                for amount in [1000 + (n * 31) % 90000]
            ),
        )  # fmt: skip


# --- ours ------------------------------------------------------------------------------------------------------------


def ours(clock: Clock, folder: Path, postgres: str, count: int, port: int) -> None:
    """One connection."""
    _dispatch(clock, folder, postgres, count, port, connections=1)


def eight(clock: Clock, folder: Path, postgres: str, count: int, port: int) -> None:
    """Eight connections."""
    _dispatch(clock, folder, postgres, count, port, connections=8)


def letters(clock: Clock, folder: Path, postgres: str, count: int, port: int) -> None:
    """Letters, handed over to be printed."""
    _dispatch(clock, folder, postgres, count, port, connections=1)


def _dispatch(clock: Clock, folder: Path, postgres: str, count: int, port: int, *, connections: int) -> None:
    _copy(folder, postgres)
    from amable.dunning.dispatch import Dispatch
    from amable.organisation.models import Creditor, Sending
    from amable.organisation.tenancy import acting_for
    from amable.work import duties, mailboxes

    creditor = Creditor.objects.get()
    with acting_for(creditor):
        Sending.objects.update(port=port, connections=connections)
        sending = Sending.objects.get()
        kept = mailboxes.connect(sending)
        start = time.monotonic()

        def now() -> datetime:
            return NOON + timedelta(seconds=time.monotonic() - start)

        rules = duties.procedure_of(creditor, sending)
        first = Dispatch(creditor, rules, now, kept, wordings=duties.wordings_of(creditor))
        warm = sum(first.batch(sending, TODAY, limit=WARM, channel=way).states.total() for way in ("email", "letter"))
        assert warm == WARM, warm
        with clock("send") as noted:
            done = duties.send(creditor, now, kept)
        noted["accepted"] = done.sent.states["accepted"]
        assert noted["accepted"] == count, done
        for connection in kept:
            connection.close()


def _copy(folder: Path, postgres: str) -> None:
    """A database as the book was made, for one case of one round."""
    place = Path(tempfile.mkdtemp(dir=folder))
    if postgres:
        planning._create(postgres, place.name, folder.name)
        planning._open(place, f"{postgres}/{place.name}")
        return
    with sqlite3.connect(folder / "amable.sqlite3") as source, sqlite3.connect(place / "amable.sqlite3") as copy:
        source.backup(copy)
    planning._open(place, "")


# --- the floors ------------------------------------------------------------------------------------------------------

_STYLE = """
body { font-family: Arial, Helvetica, sans-serif; font-size: 15px; line-height: 1.5; color: #222 }
h1 { font-size: 20px; margin: 0 0 12px } p { margin: 0 0 12px }
table.open { border-collapse: collapse; width: 100% }
table.open th { text-align: left; border-bottom: 2px solid #333; padding: 6px }
table.open td { border-bottom: 1px solid #ddd; padding: 6px }
td.sum, th.sum { text-align: right } .total { font-weight: bold }
.pay { display: inline-block; background: #0a5; color: #fff; padding: 10px 18px; text-decoration: none }
.small { font-size: 12px; color: #777 }
"""
_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{{ subject }}</title><style>@STYLE@</style></head><body>
<h1>{{ subject }}</h1><p>Dear {{ contact }},</p><p>we have not seen your payment of {{ total }} {{ currency }} yet.
Perhaps it is on its way; if so, please disregard this message, and thank you.</p>
<table class="open"><tr><th>Invoice</th><th>Due</th><th class="sum">Days late</th><th class="sum">Open</th></tr>
{% for i in invoices %}<tr><td>{{ i.number }}</td><td>{{ i.due }}</td><td class="sum">{{ i.late }}</td>
<td class="sum">{{ i.amount }} {{ i.currency }}</td></tr>{% endfor %}
<tr class="total"><td colspan="3">Total</td><td class="sum">{{ total }} {{ currency }}</td></tr></table>
<p>Please transfer it by {{ deadline }} with reference {{ reference }}. If something is not right with the invoice,
answer this message and we will look into it at once.</p>
{% if pay_url %}<p><a class="pay" href="{{ pay_url }}">Pay by card</a></p>{% endif %}
<p>Kind regards,<br>{{ sender }}</p><p class="small">{{ legal }}</p></body></html>""".replace("@STYLE@", _STYLE)


def floor(clock: Clock, folder: Path, postgres: str, count: int, port: int) -> None:
    """The whole run at floor cost, its bytes joined by hand."""
    _floor(clock, count, port, _direct)


def stdlib(clock: Clock, folder: Path, postgres: str, count: int, port: int) -> None:
    """The same, its bytes written by email.message."""
    _floor(clock, count, port, _by_email_message)


def _floor(clock: Clock, count: int, port: int, build: Any) -> None:
    from css_inline import CSSInliner
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    page = ImmutableSandboxedEnvironment(autoescape=True).from_string(_PAGE)
    inliner = CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)
    with tempfile.TemporaryDirectory(prefix="amable-bench-") as place:
        c = _actions(Path(place), count)
        with clock("send") as noted:
            _plan(c)
            server = smtplib.SMTP("127.0.0.1", port)
            sent = 0
            while claimed := _claim(c):
                for n, number, due, cents, email in claimed:
                    amount = f"{cents / 100:.2f}"
                    invoice = {"number": number, "due": due, "late": 10, "amount": amount, "currency": "EUR"}
                    html = page.render(
                        subject=f"Reminder {n}", contact=f"Ana {n}", total=amount, currency="EUR", invoices=[invoice],
                        deadline="2026-03-30", reference="RF18 5390 0754 7034", sender="Lucía", legal="Turia, S.L.",
                        pay_url=f"https://pay.example.com/t/{n:032x}",
                    )  # fmt: skip
                    text = f"Dear Ana {n},\n\nthis invoice is overdue: {number}\n" * 3
                    server.sendmail("billing@example.com", [email], build(inliner.inline(html), text, n, email))
                _record(c, claimed)
                sent += len(claimed)
            server.quit()
        noted["accepted"] = sent
        c.close()


def _actions(place: Path, count: int) -> sqlite3.Connection:
    """A database of so many overdue invoices."""
    c = sqlite3.connect(place / "floor.sqlite3")
    c.execute("PRAGMA journal_mode=WAL")
    c.execute("PRAGMA synchronous=NORMAL")
    c.execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY, number TEXT, due TEXT, cents INT, email TEXT)")
    c.execute("CREATE TABLE action (invoice INTEGER PRIMARY KEY, state TEXT)")
    c.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, action INT, kind TEXT, at TEXT, data TEXT)")
    c.execute("CREATE INDEX todo ON action (invoice) WHERE state = 'planned'")
    rows = [(n, f"F-{n}", str(TODAY), 1000 + n * 31 % 90000, f"ana{n}@kunde.example") for n in range(count)]
    c.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?, ?)", rows)
    c.commit()
    return c


def _plan(c: sqlite3.Connection) -> None:
    c.execute("INSERT INTO action SELECT id, 'planned' FROM invoice WHERE due <= ?", (str(TODAY),))
    c.commit()


def _claim(c: sqlite3.Connection) -> list[tuple[int, str, str, int, str]]:
    claimed = c.execute(
        "UPDATE action SET state = 'sending' WHERE invoice IN"
        " (SELECT invoice FROM action WHERE state = 'planned' ORDER BY invoice LIMIT 100) RETURNING invoice"
    ).fetchall()
    c.commit()
    if not claimed:
        return []
    numbers = [number for (number,) in claimed]
    given = (min(numbers), max(numbers))
    return c.execute("SELECT * FROM invoice WHERE id BETWEEN ? AND ? ORDER BY id", given).fetchall()


def _record(c: sqlite3.Connection, done: Sequence[tuple[Any, ...]]) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    c.executemany("UPDATE action SET state = 'sent' WHERE invoice = ?", [(row[0],) for row in done])
    c.executemany("INSERT INTO event (action, kind, at) VALUES (?, 'sent', ?)", [(row[0], at) for row in done])
    c.commit()


def _direct(html: str, text: str, n: int, email: str) -> bytes:
    from base64 import encodebytes

    head = (
        f"From: Lucia <billing@example.com>\r\nTo: <{email}>\r\nSubject: Reminder {n}\r\n"
        f"Date: Tue, 17 Mar 2026 11:00:00 +0100\r\nMessage-ID: <{n}.abc@example.com>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="=_b"\r\n\r\n'
    )
    part = "--=_b\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    bodies = [
        (part % kind).encode() + encodebytes(body.encode()).replace(b"\n", b"\r\n")
        for kind, body in (("plain", text), ("html", html))
    ]
    return head.encode() + b"".join(bodies) + b"--=_b--\r\n"


def _by_email_message(html: str, text: str, n: int, email: str) -> bytes:
    from email.message import EmailMessage
    from email.policy import SMTP

    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "Lucia <billing@example.com>", email, f"Reminder {n}"
    message["Date"], message["Message-ID"] = NOON, f"<{n}.abc@example.com>"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def prebuilt(clock: Clock, folder: Path, postgres: str, count: int, port: int) -> None:
    """Ready bytes, by our transport."""
    from amable.plugs.loading import transports
    from amable.plugs.transport import Accepted, Encryption, Envelope, Login

    data = _direct("x" * 3300, "y" * 600, 1, "ana@kunde.example")
    connection = transports()["smtp"].connect(Login("127.0.0.1", port, Encryption.NONE))
    with clock("send") as noted:
        receipts = [
            connection.deliver(Envelope(str(n), "billing@example.com", (f"ana{n}@kunde.example",), data))
            for n in range(count)
        ]
    noted["accepted"] = sum(isinstance(receipt, Accepted) for receipt in receipts)
    connection.close()


def plain_letters(clock: Clock, folder: Path, postgres: str, count: int, port: int) -> None:
    """The run with letters at floor cost: each a plain one as PDF 1.7, its bytes kept in a row."""
    _plain_letters(clock, count, ())


def archivable(clock: Clock, folder: Path, postgres: str, count: int, port: int) -> None:
    """The same as PDF/A-2a and PDF/UA-1."""
    _plain_letters(clock, count, ARCHIVABLE)


def _plain_letters(clock: Clock, count: int, standards: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="amable-bench-") as place, plain(standards) as write:
        c = _actions(Path(place), count)
        c.execute("CREATE TABLE letter (action INTEGER PRIMARY KEY, data BLOB)")
        with clock("send") as noted:
            _plan(c)
            sent = 0
            while claimed := _claim(c):
                for n, number, due, cents, _email in claimed:
                    data = write(n, [(number, due, "10", f"{cents / 100:.2f}")])
                    c.execute("INSERT INTO letter VALUES (?, ?)", (n, data))
                _record(c, claimed)
                sent += len(claimed)
        noted["accepted"] = sent
        c.close()


if __name__ == "__main__":
    main()

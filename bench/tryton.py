"""Tryton's dunning as a peer: which of so many overdue lines are due for a reminder, and the mails about them.

Needs a Python that has trytond, trytond_account_dunning_email and proteus from PyPI; the database is SQLite. Parties
are made by its models, posted moves of two lines by SQL through its own connection, all of them due, 5 to 18 days
overdue. Its wizards "Create Dunnings" and, for --mails of them, "Process Dunnings" are timed, each in a process of its
own and with asserts off (PYTHONOPTIMIZE=1): with them on its cost grows with the square of the lines. Beside them stand
our planning of a first run of as many invoices, and our sending of as many mails (bench/sending.py, SQLite). The sink
takes whatever comes. Seconds are of the processor: a busy machine changes them little.

  python bench/tryton.py --python ../tryton/bin/python --lines 10000 --mails 1000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sink import listening

MODULES = "account_dunning_email"
NAME = "peer"
LEVELS = (5, 20, 40, 60)  # days overdue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="the Python that has Tryton")
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--mails", type=int, default=1_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--phase", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.phase:
        {"fill": fill, "create": create, "process": process}[given.phase](given.folder, given.lines)
        return
    if not given.python:
        parser.exit(0, "Tryton was not given (--python): nothing to compare with.\n")
    planning = {"tryton": _tryton(given.python, given.lines, "create"), "ours": _planning(given.lines)}
    mailing = {"tryton": _tryton(given.python, given.mails, "create", "process"), "ours": _mailing(given.mails)}
    _report(f"planning {given.lines:,} overdue invoices, SQLite", "lines", planning, given.json)
    _report(f"from {given.mails:,} overdue invoices to as many mails, SQLite", "mails", mailing, given.json)


def _report(title: str, what: str, rows: dict[str, dict[str, Any]], json_: Path | None) -> None:
    print(title)
    for who, row in rows.items():
        print(f"{who:8} {row['cpu_s']:9.2f} CPU s {row['done'] / row['cpu_s']:12,.0f} {what} a CPU s")
        if json_:
            with json_.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"bench": "tryton", "what": what, "who": who} | row) + "\n")
    theirs, ours = rows["tryton"], rows["ours"]
    print(f"times Tryton: {theirs['cpu_s'] / theirs['done'] / ours['cpu_s'] * ours['done']:.1f}")


def _tryton(python: str, lines: int, *phases: str) -> dict[str, Any]:
    """What its wizards take together, one after the other, over a new database of so many lines."""
    with tempfile.TemporaryDirectory(prefix="amable-bench-") as folder, listening(0) as port:
        (Path(folder) / f"{NAME}.sqlite").touch()
        (Path(folder) / "trytond.conf").write_text(
            f"[database]\nuri = sqlite://\npath = {folder}\n"
            f"[email]\nfrom = billing@example.com\nuri = smtp://127.0.0.1:{port}\n"
        )
        (Path(folder) / "password").write_text("admin\n")
        admin = [str(Path(python).parent / "trytond-admin"), "-c", f"{folder}/trytond.conf", "-d", NAME]
        subprocess.run(
            [*admin, "--email", "a@example.com", "-l", "en", "--activate-dependencies", "-u", MODULES],
            check=True, env=os.environ | {"TRYTONPASSFILE": f"{folder}/password"}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        answers = [
            subprocess.run(
                [python, __file__, "--phase", phase, "--folder", folder, "--lines", str(lines)],
                check=True, env=os.environ | {"PYTHONOPTIMIZE": "1"}, stdout=subprocess.PIPE, text=True,
            ).stdout
            for phase in ("fill", *phases)
        ]  # fmt: skip
    found = [json.loads(answer.splitlines()[-1]) for answer in answers[1:]]
    return {"cpu_s": sum(one["cpu_s"] for one in found), "done": found[-1]["done"]}


def _planning(lines: int) -> dict[str, Any]:
    rows = _bench("planning.py", "--invoices", str(lines), "--loads", "backlog", "--rounds", "3")
    return {"cpu_s": next(row["cpu_s"] for row in rows if row["case"] == "ours"), "done": lines}


def _mailing(mails: int) -> dict[str, Any]:
    """Sending them, and planning as many."""
    rows = _bench("sending.py", "--messages", str(mails), "--rounds", "1", "--pin")
    sent = next(row for row in rows if row["case"] == "ours" and row["kind"] == "near")
    return {"cpu_s": sent["cpu_s"] + _planning(mails)["cpu_s"], "done": sent["accepted"]}


def _bench(program: str, *sizes: str) -> list[dict[str, Any]]:
    with tempfile.NamedTemporaryFile(suffix=".json") as found:
        command = [sys.executable, str(Path(__file__).with_name(program)), *sizes, "--json", found.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return [json.loads(line) for line in Path(found.name).read_text("utf-8").splitlines()]


# --- inside Tryton's Python ------------------------------------------------------------------------------------------


def fill(folder: str, lines: int) -> None:
    """A company with a procedure of four levels, parties, and posted moves that are all overdue."""
    import datetime as dt
    from decimal import Decimal

    config = _connect(folder)
    from proteus import Model
    from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
    from trytond.modules.company.tests.tools import create_company, get_company
    from trytond.transaction import Transaction

    create_company(config=config)
    create_chart(config=config)
    year = create_fiscalyear()
    year.save()
    year.click("create_period")
    procedure = Model.get("account.dunning.procedure")(name="Procedure")
    for place, days in enumerate(LEVELS, 1):
        level = procedure.levels.new()
        level.sequence, level.overdue = place, dt.timedelta(days)
        level.send_email, level.email_from = True, "billing@example.com"
    procedure.save()
    company, accounts, today = get_company(), get_accounts(), dt.date.today()
    period = next(p for p in year.periods if p.start_date <= today <= p.end_date)
    (journal,) = Model.get("account.journal").find([("code", "=", "REV")])
    with Transaction().start(config.database_name, config.user, context=config.context) as transaction:
        party, move, line = (config.pool.get(n) for n in ("party.party", "account.move", "account.move.line"))
        count = max(1, lines // 4)
        made = [
            {
                "name": f"Customer {n}",
                "dunning_procedure": procedure.id,
                "contact_mechanisms": [("create", [{"type": "email", "value": f"ana{n}@kunde.example"}])],
            }
            for n in range(count)
        ]
        parties = [one.id for start in range(0, count, 500) for one in party.create(made[start : start + 500])]
        cursor, moves, entries = transaction.connection.cursor(), move.__table__(), line.__table__()
        for start in range(0, lines, 500):
            heads, rows = [], []
            for n in range(start, min(lines, start + 500)):
                day, amount = today - dt.timedelta(5 + n % 14), Decimal(100 + n % 900)
                common = [n + 1, f"M{n:07}", period.id, journal.id, period.start_date, period.start_date]
                heads.append([*common, "posted", company.id])
                owed = [amount, Decimal(0), parties[n % count], day, "valid"]
                rows.append([n + 1, accounts["receivable"].id, *owed])
                rows.append([n + 1, accounts["revenue"].id, Decimal(0), amount, None, None, "valid"])
            cursor.execute(*moves.insert(
                [moves.id, moves.number, moves.period, moves.journal, moves.date, moves.post_date, moves.state,
                 moves.company], heads))  # fmt: skip
            cursor.execute(*entries.insert(
                [entries.move, entries.account, entries.debit, entries.credit, entries.party, entries.maturity_date,
                 entries.state], rows))  # fmt: skip
        transaction.commit()


def create(folder: str, lines: int) -> None:
    """The wizard over everything; prints its CPU seconds and what it made."""
    import datetime as dt
    import time

    _connect(folder)
    from proteus import Model, Wizard

    before = time.process_time()
    wizard = Wizard("account.dunning.create")
    wizard.form.date = dt.date.today()
    wizard.execute("create_")
    taken = time.process_time() - before
    print(json.dumps({"cpu_s": taken, "done": len(Model.get("account.dunning").find([("state", "=", "draft")]))}))


def process(folder: str, lines: int) -> None:
    """The wizard that writes to all of them; prints its CPU seconds and how many mails it recorded."""
    import time

    _connect(folder)
    from proteus import Model, Wizard

    drafts = Model.get("account.dunning").find([("state", "=", "draft")])
    before = time.process_time()
    Wizard("account.dunning.process", drafts).execute("process")
    taken = time.process_time() - before
    print(json.dumps({"cpu_s": taken, "done": len(Model.get("ir.email").find([]))}))


def _connect(folder: str):
    from proteus import config

    return config.set_trytond(database=f"sqlite:///{NAME}", config_file=f"{folder}/trytond.conf")


if __name__ == "__main__":
    main()

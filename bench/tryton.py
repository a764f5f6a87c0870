"""Tryton's dunning on the same question, as a peer: which of so many overdue lines are due for a reminder?

Needs a Python that has trytond, trytond_account_dunning and proteus from PyPI; the database is SQLite. Parties are made
by its models, posted moves of two lines by SQL through its own connection, all of them due, 5 to 18 days overdue. Only
its wizard "Create Dunnings" is timed, in a process of its own and with asserts off (PYTHONOPTIMIZE=1): with them on its
cost grows with the square of the lines. Beside it stands our planning of a first run of as many invoices.

  python bench/tryton.py --python ../tryton/bin/python --lines 10000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MODULES = "account_dunning"
NAME = "peer"
LEVELS = (5, 20, 40, 60)  # days overdue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="the Python that has Tryton")
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--phase", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.phase:
        {"fill": fill, "create": create}[given.phase](given.folder, given.lines)
        return
    if not given.python:
        parser.exit(0, "Tryton was not given (--python): nothing to compare with.\n")
    theirs = _tryton(given)
    ours = _ours(given.lines)
    rows = [{"who": "tryton", "cpu_s": theirs["cpu_s"], "lines": theirs["dunnings"]}, {"who": "ours"} | ours]
    print(f"planning {given.lines:,} overdue invoices, SQLite")
    for row in rows:
        rate = row["lines"] / row["cpu_s"]
        print(f"{row['who']:8} {row['cpu_s']:9.2f} CPU s {rate:12,.0f} lines a CPU s")
        if given.json:
            with given.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row | {"bench": "tryton"}) + "\n")
    print(f"times Tryton: {theirs['cpu_s'] / ours['cpu_s'] * ours['lines'] / theirs['dunnings']:.1f}")


def _tryton(given: argparse.Namespace) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="amable-bench-") as folder:
        (Path(folder) / f"{NAME}.sqlite").touch()
        (Path(folder) / "trytond.conf").write_text(f"[database]\nuri = sqlite://\npath = {folder}\n")
        (Path(folder) / "password").write_text("admin\n")
        admin = [str(Path(given.python).parent / "trytond-admin"), "-c", f"{folder}/trytond.conf", "-d", NAME]
        subprocess.run(
            [*admin, "--email", "a@example.com", "-l", "en", "--activate-dependencies", "-u", MODULES],
            check=True, env=os.environ | {"TRYTONPASSFILE": f"{folder}/password"}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        answers = [
            subprocess.run(
                [given.python, __file__, "--phase", phase, "--folder", folder, "--lines", str(given.lines)],
                check=True, env=os.environ | {"PYTHONOPTIMIZE": "1"}, stdout=subprocess.PIPE, text=True,
            ).stdout
            for phase in ("fill", "create")
        ]  # fmt: skip
    found: dict[str, float] = json.loads(answers[-1].splitlines()[-1])
    return found


def _ours(lines: int) -> dict[str, float]:
    with tempfile.NamedTemporaryFile(suffix=".json") as found:
        sizes = ["--invoices", str(lines), "--loads", "backlog", "--rounds", "3", "--json", found.name]
        planning = str(Path(__file__).with_name("planning.py"))
        subprocess.run([sys.executable, planning, *sizes], check=True, stdout=subprocess.DEVNULL)
        rows = [json.loads(line) for line in Path(found.name).read_text("utf-8").splitlines()]
    return {"cpu_s": next(row["cpu_s"] for row in rows if row["case"] == "ours"), "lines": lines}


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
    procedure.save()
    company, accounts, today = get_company(), get_accounts(), dt.date.today()
    period = next(p for p in year.periods if p.start_date <= today <= p.end_date)
    (journal,) = Model.get("account.journal").find([("code", "=", "REV")])
    with Transaction().start(config.database_name, config.user, context=config.context) as transaction:
        party, move, line = (config.pool.get(n) for n in ("party.party", "account.move", "account.move.line"))
        count = max(1, lines // 4)
        made = [{"name": f"Customer {n}", "dunning_procedure": procedure.id} for n in range(count)]
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
    print(json.dumps({"cpu_s": taken, "dunnings": len(Model.get("account.dunning").find([("state", "=", "draft")]))}))


def _connect(folder: str):
    from proteus import config

    return config.set_trytond(database=f"sqlite:///{NAME}", config_file=f"{folder}/trytond.conf")


if __name__ == "__main__":
    main()

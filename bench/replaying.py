"""`amable replay` of one year of a creditor's ledger: reading, history, and a decision for every customer and day.

No floor: the figure itself is the goal, 2,500 invoices of a year in under 20 seconds. The ledger is that of the tests
(`tests/past.py`): most customers pay a little late, some not at all.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from pathlib import Path

from measure import Clock, measure, report


def replayed(clock: Clock, invoices: int) -> None:
    """The command as a person gives it."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests import past

    from amable.cli import main as amable

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        past.write(Path("ledger.csv"), past.ledger(invoices))
        said = io.StringIO()
        with clock("replay") as noted, contextlib.redirect_stdout(said):
            code = amable(
                [
                    "replay",
                    "--ledger",
                    "ledger.csv",
                    "--from",
                    str(past.FIRST),
                    "--to",
                    str(past.LAST),
                    "--out",
                    "said.csv",
                ]
            )
        noted |= {
            "n": invoices,
            "exit code": code,
            "said": len(Path("said.csv").read_text(encoding="utf-8").splitlines()),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=2_500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="append a line of JSON to this file")
    asked = parser.parse_args()
    figures = measure({"ours": replayed}, (asked.invoices,), asked.rounds)
    report(figures, asked.json, invoices=asked.invoices)


if __name__ == "__main__":
    main()

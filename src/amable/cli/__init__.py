"""The command line: `amable ...`, one file a command. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from amable import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 done with something to look at, 2 nothing could be done."""
    arguments = _parser().parse_args(argv)
    from amable.cli.speaking import RefusedError, refuse  # noqa: PLC0415 - so that --help stays quick

    try:
        return _commands()[arguments.command](arguments)
    except RefusedError as error:
        refuse(error)
        return 2
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        refuse(RefusedError("stopped"))
        return 2
    except Exception as error:
        if os.environ.get("AMABLE_DEBUG"):
            raise
        refuse(RefusedError("unexpected", error=f"{type(error).__name__}: {error}"))
        return 2


def _commands() -> dict[str, Callable[[argparse.Namespace], int]]:
    from amable.cli import demo, evidence, importing, procedure, run  # noqa: PLC0415

    return {
        "run": run.command,
        "demo": demo.command,
        "import": importing.command,
        "procedure": procedure.command,
        "evidence": evidence.command,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="amable", description="Kind, persistent credit control on your own machine.")
    parser.add_argument("--version", action="version", version=f"amable {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="see a day of a sample creditor, with a year of history behind it")
    demo.add_argument("--outbox", type=Path, help="the folder to write to (default: amable-demo here)")

    run = commands.add_parser("run", help="from a ledger and bank files to today's mails, with a reason for every item")
    run.add_argument(
        "--ledger", type=Path, nargs="+", required=True, metavar="FILE", help="the open items (CSV, XLSX, XLS, ODS)"
    )
    run.add_argument("--bank", type=Path, nargs="+", default=[], metavar="FILE", help="bank statements (camt)")
    run.add_argument("--creditor", type=Path, metavar="FILE", help="who is owed and who signs (YAML)")
    run.add_argument("--as-of", metavar="DATE|MOMENT", help="the day to work for: 2026-03-17 or 2026-03-17T20:30")
    run.add_argument("--outbox", type=Path, required=True, metavar="DIR", help="where everything is written and kept")
    run.add_argument("--procedure", type=Path, metavar="FILE", help="a dunning procedure (default: the starter)")
    _reading(run)
    run.add_argument("--files", type=Path, metavar="DIR", help="where the PDFs of the invoices lie")

    importing = commands.add_parser("import", help="read ledgers, say how they are understood and what would change")
    importing.add_argument("ledger", type=Path, nargs="+", metavar="FILE", help="ledgers (CSV, XLSX, XLS, ODS)")
    importing.add_argument("--dry-run", action="store_true", help="show the effect and write nothing (needed for now)")
    importing.add_argument("--outbox", type=Path, metavar="DIR", help="compare with what this folder knows")
    _reading(importing)

    procedure = commands.add_parser("procedure", help="check a procedure, or see the calendar an invoice would get")
    verbs = procedure.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="say what is wrong with a procedure, in words")
    check.add_argument("file", type=Path, metavar="FILE")
    show = verbs.add_parser("show", help="the days on which an invoice would be written about")
    show.add_argument("file", type=Path, metavar="FILE", nargs="?", help="(default: the starter)")
    show.add_argument("--due", metavar="DATE", help="the due date of the invoice (default: 30 days from today)")
    show.add_argument("--country", default="", metavar="CC", help="the customer's country, as in ES")
    show.add_argument("--region", default="", metavar="RR", help="the customer's region, as in VC")

    evidence = commands.add_parser("evidence", help="the record of what was known, decided and written")
    evidence_verbs = evidence.add_subparsers(dest="verb", required=True, metavar="VERB")
    verify = evidence_verbs.add_parser("verify", help="prove that nothing was changed, removed or reordered")
    verify.add_argument("--outbox", type=Path, required=True, metavar="DIR")
    return parser


def _reading(command: argparse.ArgumentParser) -> None:
    """How ledgers are read, the same for every command that reads them."""
    command.add_argument("--map", type=Path, metavar="FILE", help="which heading is which column; written if not there")
    command.add_argument("--additions", action="store_true", help="the ledgers hold new items only: none is missing")

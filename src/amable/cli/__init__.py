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
    from amable.cli import (  # noqa: PLC0415
        approve,
        backup,
        compare,
        configure,
        demo,
        doctor,
        evidence,
        hold,
        importing,
        moving,
        plan,
        procedure,
        rehearse,
        replay,
        resolve,
        restore,
        run,
        send,
        signing_in,
        simulate,
        status,
        switch,
        templates,
        up,
        watch,
        worker,
    )

    return {
        "run": run.command,
        "demo": demo.command,
        "import": importing.command,
        "procedure": procedure.command,
        "templates": templates.command,
        "evidence": evidence.command,
        "replay": replay.command,
        "rehearse": rehearse.command,
        "compare": compare.command,
        "simulate": simulate.command,
        "configure": configure.command,
        "plan": plan.command,
        "approve": approve.command,
        "hold": hold.command,
        "send": send.command,
        "status": status.command,
        "resolve": resolve.command,
        "stop-sending": switch.stop,
        "resume-sending": switch.resume,
        "up": up.command,
        "watch": watch.command,
        "doctor": doctor.command,
        "backup": backup.command,
        "restore": restore.command,
        "worker": worker.command,
        "sign-in-link": signing_in.command,
        "move-to": moving.command,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="amable", description="Kind, persistent credit control on your own machine.")
    parser.add_argument("--version", action="version", version=f"amable {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="see a day of a sample creditor, with a year of history behind it")
    demo.add_argument("--outbox", type=Path, help="the folder to write to (default: amable-demo here)")
    demo.add_argument(
        "--serve", action=argparse.BooleanOptionalAction, help="show its desk as well (default: when on a terminal)"
    )
    _listening(demo)

    run = commands.add_parser("run", help="from a ledger and bank files to today's mails, with a reason for every item")
    run.add_argument(
        "--ledger", type=Path, nargs="+", required=True, metavar="FILE", help="the open items (CSV, XLSX, XLS, ODS)"
    )
    run.add_argument("--bank", type=Path, nargs="+", default=[], metavar="FILE", help="bank statements")
    run.add_argument("--creditor", type=Path, metavar="FILE", help="who is owed and who signs (YAML)")
    run.add_argument("--as-of", metavar="DATE|MOMENT", help="the day to work for: 2026-03-17 or 2026-03-17T20:30")
    run.add_argument("--outbox", type=Path, required=True, metavar="DIR", help="where everything is written and kept")
    run.add_argument("--procedure", type=Path, metavar="FILE", help="a dunning procedure (default: the starter)")
    _reading(run)
    run.add_argument("--wordings", type=Path, metavar="DIR", help="wordings of your own, beside or instead of ours")
    run.add_argument("--files", type=Path, metavar="DIR", help="where the PDFs of the invoices lie")

    importing = commands.add_parser("import", help="take any files in, or see what they would change")
    importing.add_argument(
        "ledger",
        type=Path,
        nargs="*",
        metavar="FILE",
        help="ledgers, e-invoices, statements, or folders of them: found by their content",
    )
    importing.add_argument("--bank", type=Path, nargs="+", default=[], metavar="FILE", help="bank statements")
    importing.add_argument("--dry-run", action="store_true", help="show the effect of ledgers and write nothing")
    importing.add_argument("--json", action="store_true", help="with --dry-run: what each document says, one a line")
    importing.add_argument(
        "--outbox", type=Path, metavar="DIR", help="with --dry-run: compare with what this folder knows"
    )
    importing.add_argument("--files", type=Path, metavar="DIR", help="where the PDFs of the invoices lie")
    _reading(importing)
    _data(importing)
    _whose(importing)

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
    _sending(commands)
    _templates(commands)
    _time(commands)
    return parser


def _data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", type=Path, metavar="DIR", help="the data folder (default: AMABLE_DATA, else your own)"
    )


def _whose(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--for", dest="creditor_ref", default="", metavar="REF", help="of which creditor, where there are several"
    )


def _listening(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--listen", metavar="HOST:PORT", help="where the desk is (default: 127.0.0.1:8765; “off”: nowhere)"
    )


def _sending(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands for messages that leave by themselves."""
    configure = commands.add_parser("configure", help="who is owed, by which procedure, and through which mailbox")
    configure.add_argument("--creditor", type=Path, metavar="FILE", help="who is owed and who signs (YAML)")
    configure.add_argument("--procedure", type=Path, metavar="FILE", help="a dunning procedure (default: the starter)")
    configure.add_argument(
        "--wordings", type=Path, metavar="DIR", help="wordings of your own, beside or instead of ours"
    )
    configure.add_argument("--mailbox", type=Path, metavar="FILE", help="the mailbox messages leave through (YAML)")
    configure.add_argument("--plan-at", metavar="HH:MM", help="when the plan of a day is made (default: 04:00)")
    configure.add_argument(
        "--undo-minutes", type=int, metavar="N", help="how long an approval can be undone (default: 10)"
    )
    configure.add_argument(
        "--daily-cap", type=int, metavar="N", help="messages to customers a day at most (default: 50)"
    )
    configure.add_argument("--test-to", metavar="ADDRESS", help="test mode: everything to this address; '' ends it")
    configure.add_argument("--heartbeat", metavar="URL", help="an address called after each plan; '' for none")
    plan = commands.add_parser("plan", help="make today's plan and show it, or see what a later day would bring")
    plan.add_argument("--as-of", metavar="DATE", help="a day to come, as 2026-03-17")
    plan.add_argument("--show", metavar="MESSAGE", help="one message as it would leave now, by its key")
    plan.add_argument("--json", action="store_true", help="as JSON")
    approve = commands.add_parser("approve", help="let what is planned for today leave")
    approve.add_argument("message", nargs="*", metavar="MESSAGE", help="its key, as “amable plan” shows it")
    approve.add_argument("--all", action="store_true", help="everything that is planned for today")
    approve.add_argument("--customer", nargs="+", metavar="ID", help="what is for these customers")
    approve.add_argument("--undo", action="store_true", help="take the approval back")
    approve.add_argument("--anyway", action="store_true", help="also when the plan is an odd one")
    hold = commands.add_parser("hold", help="do not write to a customer before a day")
    hold.add_argument("customer", metavar="ID", help="the customer's number in the ledger")
    hold.add_argument("--until", metavar="DATE", help="the day from which on they may be written to again")
    hold.add_argument("--because", metavar="REASON", help="why, in your words")
    hold.add_argument("--release", action="store_true", help="end it now")
    send = commands.add_parser("send", help="hand over what was approved and is due, once")
    send.add_argument("--now", action="store_true", help="without the time in which an approval can be undone")
    status = commands.add_parser("status", help="what waits, what left, what nobody knows the fate of, what is stopped")
    status.add_argument("--json", action="store_true", help="as JSON")
    resolve = commands.add_parser("resolve", help="say what became of a message of unknown fate")
    resolve.add_argument("message", metavar="MESSAGE", help="its key, as “amable status” shows it")
    fate = resolve.add_mutually_exclusive_group(required=True)
    fate.add_argument("--arrived", action="store_true", help="it arrived")
    fate.add_argument("--send-again", dest="arrived", action="store_false", help="it did not: offer it once more")
    stop = commands.add_parser("stop-sending", help="let nothing leave any more, at once")
    stop.add_argument("--because", metavar="REASON", help="why, in your words")
    resume = commands.add_parser("resume-sending", help="let messages leave again")
    resume.add_argument("--confirm", action="store_true", help="also after a copy, a restore or a strange clock")
    up = commands.add_parser("up", help="serve the desk, plan every night and send in the day, until told to stop")
    _listening(up)
    watch = commands.add_parser("watch", help="take in what is put into a folder; without one, say how it stands")
    watch.add_argument("folder", nargs="?", default="", metavar="DIR", help="its full path, on the machine of “up”")
    watch.add_argument("--off", action="store_true", help="watch no folder any more")
    doctor = commands.add_parser("doctor", help="look for what keeps messages from leaving and arriving; 1 when wrong")
    doctor.add_argument("--dkim-selector", metavar="NAME", help="the name your mail provider signs by")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    backup = commands.add_parser("backup", help="write all there is into one file, also while messages leave")
    backup.add_argument("file", type=Path, metavar="FILE", help="a file that is not there yet")
    restore = commands.add_parser("restore", help="go back to a backup; nothing leaves until somebody confirms")
    restore.add_argument("file", type=Path, metavar="FILE", help="what “amable backup” wrote")
    restore.add_argument(
        "--replace", action="store_true", help="keep the database that is there beside the restored one"
    )
    worker = commands.add_parser("worker", help="the same on PostgreSQL, as one of several processes or machines")
    worker.add_argument("--concurrency", type=int, default=4, metavar="N", help="jobs done at once (default: 4)")
    move = commands.add_parser("move-to", help="copy everything to an empty PostgreSQL database and go on from there")
    move.add_argument("url", metavar="URL", help="its address, as postgres://user@host/name")
    for command in (up, worker):
        command.add_argument(
            "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="(default: info)"
        )
    link = commands.add_parser("sign-in-link", help="a link that lets somebody in once, without a password")
    link.add_argument("email", nargs="?", default="", metavar="EMAIL", help="who (nobody yet: the link for the owner)")
    link.add_argument("--lost-second-factor", action="store_true", help="take their second factor off, too")
    for_one = (configure, plan, approve, hold, send, status, resolve, stop, resume, watch, doctor)
    for command in for_one:
        _whose(command)
    for command in (*for_one, up, backup, restore, worker, move, link):
        _data(command)


def _templates(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that show and check wordings."""
    templates = commands.add_parser("templates", help="the wordings of the messages, and whether your own may be used")
    verbs = templates.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="which wordings there are: for what, on which channel, for whom")
    listing.add_argument("--json", action="store_true", help="as JSON")
    check = verbs.add_parser("check", help="hold wordings to every rule, in every branch; 1 when something blocks")
    check.add_argument(
        "file", type=Path, nargs="*", metavar="FILE", help="files or folders (default: the built-in ones)"
    )
    check.add_argument(
        "--procedure", type=Path, metavar="FILE", help="whose steps must have words (default: the starter)"
    )
    preview = verbs.add_parser("preview", help="a wording as a customer would read it, with example values")
    preview.add_argument("stage", metavar="STAGE", help="as in “amable templates list”: early_late")
    preview.add_argument("--language", choices=("en", "es", "ro", "fr"), help="(default: yours)")
    preview.add_argument("--variant", choices=("any", "new", "regular"), help="for whom it is meant")
    preview.add_argument("--multi", action="store_true", help="of several invoices at once")
    preview.add_argument("--channel", choices=("email", "letter", "sms", "call", "task"), help="only on this channel")
    preview.add_argument("--html", type=Path, metavar="FILE", help="write the page a mail program shows")
    for verb in (listing, preview):
        verb.add_argument("--wordings", type=Path, metavar="DIR", help="with wordings of your own")


def _reading(command: argparse.ArgumentParser) -> None:
    """How ledgers are read, the same for every command that reads them."""
    command.add_argument("--map", type=Path, metavar="FILE", help="which heading is which column; written if not there")
    command.add_argument("--additions", action="store_true", help="the ledgers hold new items only: none is missing")


def _time(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that look into the past and the future."""
    replay = commands.add_parser("replay", help="what would have been said, had Amable written from the first day")
    _past(replay)
    replay.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the rows are written (CSV)")
    replay.add_argument("--procedure", type=Path, metavar="FILE", help="a dunning procedure (default: the starter)")

    rehearse = commands.add_parser("rehearse", help="what will leave in the coming days, if nobody pays or answers")
    rehearse.add_argument("--outbox", type=Path, required=True, metavar="DIR", help="the folder, which stays as it is")
    rehearse.add_argument("--days", type=int, default=30, metavar="N", help="how many days ahead (default: 30)")
    rehearse.add_argument("--out", type=Path, metavar="FILE", help="where a row for each item is written (CSV)")
    rehearse.add_argument("--procedure", type=Path, metavar="FILE", help="a procedure (default: that of the last run)")

    compare = commands.add_parser("compare", help="two procedures on the same past, side by side")
    compare.add_argument("a", type=Path, metavar="PROCEDURE_A", help="a dunning procedure")
    compare.add_argument("b", type=Path, metavar="PROCEDURE_B", help="another")
    _past(compare)

    simulate = commands.add_parser("simulate", help="how long invented payers take to pay, and how often they hear")
    simulate.add_argument("--procedure", type=Path, metavar="A", help="a dunning procedure (default: the starter)")
    simulate.add_argument("--against", type=Path, metavar="B", help="another, to compare it with")
    simulate.add_argument("--payers", type=int, default=400, metavar="N", help="payers to invent (default: 400)")
    simulate.add_argument("--seed", type=int, default=1, metavar="S", help="which payers they are (default: 1)")


def _past(parser: argparse.ArgumentParser) -> None:
    """Which past, and who owes."""
    parser.add_argument("--ledger", type=Path, nargs="+", required=True, metavar="FILE", help="the items (CSV)")
    parser.add_argument("--bank", type=Path, nargs="+", default=[], metavar="FILE", help="bank statements")
    parser.add_argument("--creditor", type=Path, metavar="FILE", help="who is owed (YAML)")
    parser.add_argument("--map", type=Path, metavar="FILE", help="which heading of the ledger is which column (YAML)")
    parser.add_argument("--from", dest="first", required=True, metavar="DATE", help="the first day, as 2025-01-01")
    parser.add_argument("--to", dest="last", required=True, metavar="DATE", help="the last day")

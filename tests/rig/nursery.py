"""Starts commands of Amable as processes of their own, with a clock that says another day, and dying where told to.

It has everything loaded, so that a start takes as long as the database needs to open: it can be killed two hundred
times in minutes. It reads lines of JSON and answers each with one.
"""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from typing import Any

import django
from django.db.migrations.loader import MigrationLoader

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amable.server.settings")
django.setup()

from amable import cli  # noqa: E402
from amable.adapters.transports.smtp import Patience, Smtp, SmtpConnection  # noqa: E402
from amable.cli import approve, configure, folder, importing, plan, send, speaking, status, switch, up  # noqa: E402, F401
from amable.correspondence import outbox  # noqa: E402
from amable.organisation import calendars  # noqa: E402
from amable.plugs import loading  # noqa: E402
from amable.plugs.transport import Envelope, Login, Receipt  # noqa: E402
from amable.work import embedded, mailboxes  # noqa: E402
from tests.rig.house import MOMENT, TONGUES  # noqa: E402


def live(order: dict[str, Any]) -> int:
    """Be one command, from its arguments to its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(order["env"])
    out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (1, 2):
        os.dup2(out, number)
    since, rate, moment = order["since"], order["rate"], datetime.fromisoformat(order["moment"])
    speaking.now = lambda: moment + timedelta(seconds=(time.monotonic() - since) * rate)
    where, _, after = order["dies"].partition(":")
    died = dying(int(after or 0))
    embedded._AFTER_A_FAULT = 0.5
    transport = Dying(Patience(**order["patience"]), died if where == "answered" else lambda: None)
    mailboxes.transports = lambda: {"smtp": transport}  # type: ignore[assignment]
    if where == "settled":
        settle = outbox.settle

        def settled(*args: Any) -> Any:
            state = settle(*args)
            died()
            return state

        outbox.settle = settled  # type: ignore[assignment]
    try:
        return cli.main(order["argv"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def dying(after: int) -> Callable[[], None]:
    """What to call at a place in the code: dies there once it was there so often."""
    left = after

    def here() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return here


class Dying(Smtp):
    """The mail transport, with a word in between the server's answer and its being committed."""

    def __init__(self, patience: Patience, answered: Callable[[], None]) -> None:
        super().__init__(patience)
        self.patience, self.answered = patience, answered

    def connect(self, login: Login) -> SmtpConnection:
        answered = self.answered

        class Connection(SmtpConnection):
            def deliver(self, envelope: Envelope) -> Receipt:
                receipt = super().deliver(envelope)
                answered()
                return receipt

        return Connection(login, self.patience)


def start(order: dict[str, Any]) -> int:
    """The number of the process that is the command."""
    number = os.fork()
    if number:
        return number
    code = 70
    try:
        code = live(order)
    finally:
        os._exit(code)


def ended(number: int, seconds: float) -> int | None:
    """The exit code of a process, negative for a signal; None when it still lives after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        found, how = os.waitpid(number, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(how)
        if time.monotonic() >= until:
            return None
        time.sleep(0.002)


def main() -> None:
    # What every sender reads or compiles as it begins is read once for all of them.
    with redirect_stdout(io.StringIO()):
        cli.main(["templates", "check"])
    for _, country in TONGUES:
        calendars.public(country, "", MOMENT.year - 1, MOMENT.year + 1)
    loading.channels()
    MigrationLoader(None)
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer = ended(order["wait"], order["seconds"]) if "wait" in order else start(order)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

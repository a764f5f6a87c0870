"""Runs a command of Amable as if it had been started at another moment: `at.py MOMENT SINCE COMMAND...`.

SINCE is when it was that moment, in seconds since 1970, so that several processes have the same clock.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta

from amable.cli import main, speaking


def run(moment: str, since: str, *command: str) -> int:
    beginning, seconds = datetime.fromisoformat(moment), float(since)
    speaking.now = lambda: beginning + timedelta(seconds=time.time() - seconds)  # noqa: TID251 - a clock of its own
    return main(command)


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))

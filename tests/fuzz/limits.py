"""`make limits`: every hostile file read in a process of its own: its seconds, memory, connections and opened files.

Seconds are of the processor, and with those of the child that reads an XLS; memory is what was held at most beside the
bytes of the file. A file that is refused must be so within 2 s and 200 MB. `--only` names some by a part of their name.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

SECONDS = 2.0
MEMORY = 200  # MiB
_PATIENCE = 120  # seconds on the clock, after which a file counts as one that hangs
_MOST_MEMORY = 6 * 2**30  # bytes: what the machine can spare
_OURS = tuple(
    str(Path(path).resolve())
    for path in (*sysconfig.get_paths().values(), sys.base_prefix, Path(__file__).parents[2] / "src", "/proc/self")
)
_APART = "amable.adapters.workbooks"


class Measured(NamedTuple):
    """What reading a file took, and what was said of it."""

    seconds: float
    memory: int
    outside: list[str]
    said: dict[str, int]
    failed: str = ""

    @property
    def wrong(self) -> str:
        """What of it must not be, in words; nothing where all is well."""
        return "; ".join(
            told
            for told, holds in (
                (self.failed, bool(self.failed)),
                (f"{self.seconds:.1f} s", self.seconds > SECONDS),
                (f"{self.memory} MB", self.memory > MEMORY),
                (", ".join(self.outside), bool(self.outside)),
            )
            if holds
        )


def measured(data: bytes) -> Measured:
    """The file read in a process of its own, which nothing that goes wrong there can harm."""
    with tempfile.NamedTemporaryFile(prefix="amable-") as file:
        file.write(data)
        file.flush()
        command = [sys.executable, "-m", "tests.fuzz.limits", "--read", file.name]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return Measured(_PATIENCE, 0, [], {}, "no answer")
    if ran.returncode:
        return Measured(0, 0, [], {}, (ran.stderr.strip().splitlines() or [f"ended by {-ran.returncode}"])[-1][:200])
    return Measured(**json.loads(ran.stdout))


# --- the process of its own ------------------------------------------------------------------------------------------


def _read(path: Path) -> Measured:
    from tests.fuzz.answering import answered

    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = path.read_bytes()
    _warm()
    outside: list[str] = []
    sys.addaudithook(lambda event, given: _heard(event, given, outside))
    held, began = _memory("VmRSS"), _seconds()
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak is counted from here
    found = answered(data)
    seconds, peak = _seconds() - began, _memory("VmHWM")
    said = Counter(complaint.rule for _, complaint in found.complaints)
    said["records"] = len(found.records)
    said["movements"] = sum(len(one.lines) for _, statements in found.statements for one in statements)
    return Measured(round(seconds, 2), peak - held, outside, dict(+said))


def _warm() -> None:
    """What is loaded once costs no file its time and memory, and is no file opened outside."""
    from tests.fuzz import hostile
    from tests.fuzz.answering import answered
    from tests.plugs.test_einvoices import ubl

    for data in (
        ubl(), b"a,b\n1,2\n", hostile.CAMT + hostile.ENTRY + hostile.CAMT_END, hostile.xlsx(), hostile.MT940,
        hostile.BANK_TABLE + b"16/03/2026;;x;1,00;\n", hostile.envelope(b"\x04\x01A"),
    ):  # fmt: skip
        answered(data)


def _heard(event: str, given: tuple[Any, ...], outside: list[str]) -> None:
    if event == "open" and isinstance(given[0], str | bytes):
        path = os.path.realpath(os.fsdecode(given[0]))
        if not path.startswith(_OURS):
            outside.append(f"opened {path}")
    elif event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request", "os.exec", "os.system"):
        outside.append(f"{event} {given[1:]!r}")
    elif event == "subprocess.Popen" and _APART not in given[1]:
        outside.append(f"started {given[1]!r}")


def _memory(name: str) -> int:
    line = next(one for one in Path("/proc/self/status").read_text("ascii").splitlines() if one.startswith(name))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if name == "VmHWM" else 0
    return max(int(line.split()[1]), children) // 1024


def _seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> int:
    """Measure, print a table, and return 1 when anything was too slow, too large, outside, or without an answer."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.limits")
    parser.add_argument("--only", default="")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read:
        print(json.dumps(_read(asked.read)._asdict()))
        return 0
    from tests.fuzz.hostile import ALL

    wrong = 0
    for name, make in ALL.items():
        if asked.only.casefold() not in name.casefold():
            continue
        data = make()
        one = measured(data)
        wrong += bool(one.wrong)
        said = ", ".join(f"{rule} {count}" for rule, count in list(one.said.items())[:4])
        mark = f"  <- {one.wrong}" if one.wrong else ""
        print(f"{name:44} {len(data) / 1e6:6.1f} MB {one.seconds:6.2f} s {one.memory:5} MB  {said}{mark}", flush=True)
    print(f"{wrong} files went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

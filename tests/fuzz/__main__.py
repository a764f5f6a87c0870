"""`make fuzz`: changes real files for some minutes and keeps every change that was met with anything but an answer.

What is kept goes to tests/samples/hostile, where the suite reads it ever after; there is one file a kind of failure.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from hashlib import sha256
from pathlib import Path
from random import Random

from tests.fuzz.answering import answered
from tests.fuzz.changing import changed
from tests.material import DATA

SAMPLES = Path(__file__).parents[1] / "samples"
HOSTILE = SAMPLES / "hostile"
SECONDS = 2.0
LARGEST = 200 * 2**20  # bytes more than at the beginning


def seeds() -> list[bytes]:
    """Every real file of these kinds there is, and our own samples."""
    folders = (SAMPLES / "einvoices", SAMPLES / "ledgers", HOSTILE, DATA / "einvoice", DATA / "bank")
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.read_bytes() for path in files if path.stat().st_size < 300_000]


def main() -> int:
    """Fuzz, print what was found, and return 1 when anything was."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=20260317)
    asked = parser.parse_args()
    random, files = Random(asked.seed), seeds()
    HOSTILE.mkdir(exist_ok=True)
    answered(files[0])  # what is loaded once costs no file its time
    began, memory = time.monotonic(), _memory()
    failures: dict[str, str] = {}
    count = 0
    while time.monotonic() - began < asked.minutes * 60:
        data = changed(random.choice(files), random.choice(files), random)
        count += 1
        if failure := _failure(data):
            kept = HOSTILE / f"{sha256(failure.encode()).hexdigest()[:12]}.bin"
            if failure not in failures:
                failures[failure] = kept.name
                kept.write_bytes(data)
                print(f"{kept.name}: {failure}", flush=True)
    grown = _memory() - memory
    print(
        f"{count} files in {time.monotonic() - began:.0f} s, {len(failures)} kinds of failure, {grown // 2**20} MB more"
    )
    return 1 if failures or grown > LARGEST else 0


def _failure(data: bytes) -> str:
    began = time.process_time()
    try:
        answered(data)
    except Exception as error:  # noqa: BLE001 - whatever a user would have seen
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else ""
        return f"{type(error).__name__} at {place}"
    seconds = time.process_time() - began
    return f"more than {SECONDS} s" if seconds > SECONDS else ""


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())

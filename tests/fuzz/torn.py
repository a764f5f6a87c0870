"""`make torn`: every real file cut off after each thousandth byte, each piece met with an answer in time."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.answering import answered
from tests.fuzz.limits import SECONDS
from tests.material import DATA

SAMPLES = Path(__file__).parents[1] / "samples"


def files() -> list[Path]:
    """Every real file of the kinds that are read, and our samples."""
    folders = (DATA / "einvoice", DATA / "bank", SAMPLES / "einvoices", SAMPLES / "ledgers", SAMPLES / "bank")
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def pieces(data: bytes, *, step: int = 1000) -> Iterator[bytes]:
    """What is left of a file that was cut off."""
    return (data[:length] for length in range(0, len(data), step))


def main() -> int:
    """Read every piece of every file, print what went wrong, and return 1 when anything did."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.torn")
    parser.add_argument("--step", type=int, default=1000)
    asked = parser.parse_args()
    count, wrong, slowest = 0, 0, 0.0
    for path in files():
        for piece in pieces(path.read_bytes(), step=asked.step):
            count += 1
            began = time.process_time()
            try:
                answered(piece)
            except Exception as error:  # noqa: BLE001 - whatever a user would have seen
                wrong += 1
                print(f"{path.name} after {len(piece)} bytes: {type(error).__name__}: {error}", flush=True)
            seconds = time.process_time() - began
            slowest = max(slowest, seconds)
            if seconds > SECONDS:
                wrong += 1
                print(f"{path.name} after {len(piece)} bytes: {seconds:.1f} s", flush=True)
    print(f"{count} pieces, {wrong} went wrong, the slowest took {slowest:.2f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Does every fault to Amable and prints what each came to: `make crash`; `make crash KILLS=20` is the short form."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amable.server.settings")
django.setup()

from tests.rig import meanwhile, processes, rounds  # noqa: E402
from tests.rig.house import Rig  # noqa: E402
from tests.rig.results import Result, table  # noqa: E402

LONG = 200  # kills; with fewer, every other fault is done in its short form


@dataclass(frozen=True)
class Fault:
    """A fault, and how often it is done in the long form and in the short one."""

    do: Callable[[Rig, int], Result]
    often: int
    short: int

    @property
    def name(self) -> str:
        return self.do.__name__

    def result(self, rig: Rig, often: int) -> Result:
        """What it came to; where the rig itself fails, that is what is wrong."""
        try:
            return self.do(rig, often)
        except Exception:  # noqa: BLE001 - the other faults are done all the same
            return Result(self.name, often, wrong=[traceback.format_exc()])


FAULTS = (
    Fault(processes.c1_random_kills, 200, 20),
    Fault(processes.c2_killed_before_the_commit, 50, 5),
    Fault(processes.c3_silence_after_the_dot, 100, 10),
    Fault(processes.c4_several_senders, 20, 1),
    Fault(rounds.c5_run_a_thousand_times, 1000, 30),
    Fault(processes.c6_database_locked, 35, 3),
    Fault(processes.c6_disk_full, 5, 1),
    Fault(processes.c6_read_only, 5, 1),
    Fault(processes.c7_power_cut, 50, 5),
    Fault(processes.c8_copied, 5, 1),
    Fault(processes.c8_restored, 4, 2),
    Fault(processes.c9_upgraded, 3, 1),
    Fault(processes.c9_three_days_down, 5, 1),
    Fault(processes.c10_an_old_ledger, 1000, 120),
    Fault(meanwhile.c11_poison, 9, 3),
    Fault(rounds.m1_not_now, 4, 1),
    Fault(rounds.m2_never, 4, 1),
    Fault(rounds.m3_no_way_in, 1, 1),
    Fault(rounds.m4_one_of_three, 2, 2),
    Fault(rounds.m5_sixty_a_minute, 5000, 140),
    Fault(meanwhile.e2_events_in_any_order, 100, 16),
    Fault(meanwhile.e4_paid_meanwhile, 5, 1),
    Fault(meanwhile.e7_the_clock_jumps, 1, 1),
    Fault(meanwhile.e7_begun_at_another_time, 1, 1),
    Fault(meanwhile.e12_edited_meanwhile, 3, 1),
)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=LONG)
    parser.add_argument("fault", nargs="*", help="only these, by the beginning of their names: c1, m5")
    chosen = parser.parse_args(argv)
    print(f"seed {processes.SEED}", flush=True)
    done: list[tuple[Result, float]] = []
    with tempfile.TemporaryDirectory(prefix="amable-rig-") as place:
        rig = Rig(Path(place) / "rig")
        for fault in FAULTS:
            if chosen.fault and not fault.name.startswith(tuple(f"{name}_" for name in chosen.fault)):
                continue
            often = fault.short if chosen.kills < LONG else fault.often
            if fault.do is processes.c1_random_kills:
                often = chosen.kills
            began = time.monotonic()
            result = fault.result(rig, often)
            done.append((result, time.monotonic() - began))
            print(f"{result.fault}: {'pass' if result.passed else 'FAIL'} ({done[-1][1]:.0f} s)", flush=True)
            for what in result.wrong:
                print(f"  {what}", flush=True)
        rig.close()
    print()
    print("\n".join(table(done)))
    print(f"\n{sum(took for _, took in done):.0f} s")
    return 0 if all(result.passed for result, _ in done) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

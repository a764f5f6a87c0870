"""C4: two to eight workers on one queue, killed, stopped and asked to end at random. Nothing twice, nothing forgotten.

  python -m tests.rig.workers                              20 runs of 5,000 messages, about half an hour
  python -m tests.rig.workers --messages 300 --seeds 1 2   a short one

What a run is made of follows from its seed: how many workers there are, how many jobs each does at once, how slow the
mail server is, and what happens to one of the workers. Prints one row a run; exits with 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.rig.scene import TODAY, Scene, create, postgresql

HAPPENINGS = ("nothing", "ended", "killed", "replaced")
TAKEN_OVER_IN = 60  # seconds after which the range of a killed worker is done by another
STOPPED_IN = 2.0  # seconds


@dataclass(slots=True)
class Row:
    """One run: what it was, what came of it, and what was promised and did not hold."""

    name: str
    figures: dict[str, object]
    broken: list[str] = field(default_factory=list)

    def hold(self, what: str, *, true: bool) -> None:
        if not true:
            self.broken.append(what)

    def __str__(self) -> str:
        figures = "  ".join(f"{name} {value}" for name, value in self.figures.items())
        return f"{'FAIL' if self.broken else 'pass'}  {self.name:28}  {figures}  {'; '.join(self.broken)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 21)))
    parser.add_argument("--only", choices=("crowd", "speed", "range", "switch"))
    given = parser.parse_args()
    runs: dict[str, Callable[[str], Iterable[Row]]] = {
        "crowd": lambda server: (crowd(server, given.messages, seed) for seed in given.seeds),
        "speed": lambda server: speed(server, given.messages),
        "range": lambda server: [killed_in_a_range(server, max(given.messages, 3000))],  # several batches
        "switch": lambda server: [switched_off(server, given.messages)],
    }
    broken = False
    with postgresql() as server:
        for name, run in runs.items():
            if given.only in (None, name):
                for row in run(server):
                    print(row, flush=True)
                    broken |= bool(row.broken)
    return int(broken)


def crowd(server: str, messages: int, seed: int) -> Row:
    """Everything leaves once, whatever happens to one of the workers."""
    chance = Random(seed)
    count, concurrency = chance.randint(2, 8), chance.randint(1, 3)
    connections, delay = chance.randint(2, 8), chance.choice((0, 0.005, 0.02))
    happening = HAPPENINGS[seed % len(HAPPENINGS)]
    facts = {"workers": count, "jobs": concurrency, "connections": connections, "delay": delay, "happened": happening}
    row = Row(f"C4 seed {seed}", facts)
    with _scene(server, f"crowd{seed}", delay, connections, concurrency) as scene:
        scene.owe(messages)
        scene.plan()
        workers = scene.work(count)
        moment = chance.randint(messages // 20, messages // 2)
        scene.until(lambda: len(scene.server.messages) >= moment)
        unknown = 0
        if happening in ("killed", "replaced"):
            workers[0].send_signal(signal.SIGKILL)
            unknown = concurrency  # one message for each connection it had
        if happening == "ended":
            row.hold("SIGTERM ended it cleanly", true=scene.end(workers[0]) == [0])
        if happening == "replaced":
            scene.work(1)
        took = scene.until(lambda: scene.open() == 0, most=1800)
        scene.end(*scene.workers[1:])
        states, arrived = scene.states(), scene.left()
        row.figures |= {"s": round(took, 1), "accepted": states["accepted"], "in doubt": states["handed_over"]}
        row.hold("twice", true=max(arrived.values()) == 1)
        row.hold("lost", true=messages - states["accepted"] <= unknown and len(arrived) >= states["accepted"])
        row.hold("in doubt", true=states["handed_over"] + states["unknown"] <= unknown)
        row.hold("deadlocks", true=scene.deadlocks() == 0)
        row.hold("failed jobs", true=scene.failed_jobs() == 0)
        row.hold("the record", true=scene.faults() == [])
    return row


def speed(server: str, messages: int) -> Iterator[Row]:
    """One worker beside four and eight, each with one job at once, against a mail server far away."""
    alone = 0.0
    for count in (1, 4, 8):
        with _scene(server, f"speed{count}", 0.05, 8, 1) as scene:
            scene.owe(messages)
            scene.plan()
            scene.work(count)
            scene.until(lambda scene=scene: len(scene.server.messages) >= messages // 20)
            began, before = time.monotonic(), len(scene.server.messages)
            scene.until(lambda scene=scene: len(scene.server.messages) >= messages * 19 // 20, most=3600)
            a_second = (len(scene.server.messages) - before) / (time.monotonic() - began)
            alone = alone or a_second
            row = Row(f"C4 speed, {count} workers", {"messages/s": round(a_second, 1), "×": round(a_second / alone, 2)})
            scene.until(lambda scene=scene: scene.open() == 0)
            scene.end()
            row.hold("twice", true=max(scene.left().values()) == 1)
            row.hold("deadlocks", true=scene.deadlocks() == 0)
        yield row


def killed_in_a_range(server: str, messages: int) -> Row:
    """The range of a killed worker is looked at by another within a minute, and nothing is proposed twice."""
    row = Row("C4 killed in a range", {})
    with _scene(server, "range", 0, 1, 1) as scene:
        scene.owe(messages)
        victim = scene.work(1)[0]
        scene.until(lambda: scene.ask("SELECT count(*) FROM dunning_look")[0][0] > messages // 10)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        scene.work(1)
        left = messages - scene.ask("SELECT count(*) FROM dunning_look")[0][0]
        held = scene.ask("SELECT count(*) FROM dunning_range WHERE first >= 0 AND done_at IS NULL")[0][0]
        begun = scene.until(lambda: messages - scene.ask("SELECT count(*) FROM dunning_look")[0][0] < left)
        scene.until(lambda: scene.ask("SELECT planned_on FROM organisation_sending") == [(TODAY,)])
        row.figures |= {"ranges left": held, "customers left": left, "taken over in s": round(begun, 1)}
        row.hold("taken over", true=held > 0 and left > 0 and begun < TAKEN_OVER_IN)
        row.hold("once each", true=scene.states() == {"proposed": messages})
        scene.until(lambda: scene.ask("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"
                                      " AND task_name = 'look_at_range'") == [(0,)])  # fmt: skip
        scene.end(scene.workers[1])
    return row


def switched_off(server: str, messages: int) -> Row:
    """Nothing leaves later than two seconds after the switch, of any worker."""
    row = Row("C4 stop switch", {})
    with _scene(server, "switch", 0.05, 4, 2) as scene:
        scene.owe(messages)
        scene.plan()
        scene.work(4)
        scene.until(lambda: len(scene.server.messages) > messages // 10)
        stopped = scene.stop()
        time.sleep(2 * STOPPED_IN)
        scene.end()
        after = [one.at - stopped for one in scene.server.messages if one.at > stopped]
        row.figures |= {"before": len(scene.server.messages) - len(after), "after": len(after)}
        row.figures["last after s"] = round(max(after, default=0.0), 3)
        row.hold("later than 2 s", true=not [late for late in after if late > STOPPED_IN])
        row.hold("still waiting", true=scene.states()["approved"] > 0)
    return row


@contextmanager
def _scene(server: str, name: str, delay: float, connections: int, concurrency: int) -> Iterator[Scene]:
    url = create(server, name)
    with (
        tempfile.TemporaryDirectory(prefix="amable-rig-") as folder,
        Scene(url, Path(folder), delay=delay, connections=connections, concurrency=concurrency) as scene,
    ):
        yield scene


if __name__ == "__main__":
    sys.exit(main())

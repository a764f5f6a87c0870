"""Measures cases side by side: each in a process of its own, rounds interleaved, medians of CPU seconds and peak MiB.

A case is a function of the module level that takes a `Clock` and the sizes; what it does outside `with clock(part)`
is preparation and is not counted:

    def ours(clock, rows):
        data = make(rows)
        with clock("read") as noted:
            noted["found"] = len(read(data))

    figures = measure({"floor": floor, "ours": ours}, (100_000,), rounds=3)
    compare(figures, over="floor")
    report(figures, arguments.json, rows=100_000)

CPU seconds are of the process and of the children it waited for; the work of a database server is not among them.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

Case = Callable[..., None]


@dataclass(slots=True)
class Figure:
    """One part of one case: medians over the rounds, and what the last round noted (counts, ratios)."""

    case: str
    part: str
    cpu_s: float
    wall_s: float
    peak_mib: int
    notes: dict[str, Any] = field(default_factory=dict)


class Clock:
    """Times the parts of a case."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, float, float, dict[str, Any]]] = []

    @contextmanager
    def __call__(self, part: str) -> Iterator[dict[str, Any]]:
        notes: dict[str, Any] = {}
        wall, cpu = time.perf_counter(), _cpu()
        yield notes
        self.parts.append((part, _cpu() - cpu, time.perf_counter() - wall, notes))


def measure(cases: Mapping[str, Case], sizes: Sequence[Any] = (), rounds: int = 3) -> list[Figure]:
    """Run every case once a round, one after the other, so that a busy minute of the machine falls on all of them."""
    runs: dict[tuple[str, str], list[tuple[float, float, int, dict[str, Any]]]] = {}
    for _ in range(rounds):
        for name, case in cases.items():
            parts, peak = _alone(name, case, sizes)
            for part, cpu, wall, notes in parts:
                runs.setdefault((name, part), []).append((cpu, wall, peak, notes))
    return [
        Figure(case, part, *(statistics.median(run[place] for run in taken) for place in range(3)), taken[-1][3])
        for (case, part), taken in runs.items()
    ]


def compare(figures: Sequence[Figure], over: str) -> None:
    """Note on each figure how many times the CPU seconds of the case `over`, in its part of the same name, it took."""
    floors = {figure.part: figure.cpu_s for figure in figures if figure.case == over}
    for figure in figures:
        if figure.case != over and floors.get(figure.part):
            figure.notes[f"times {over}"] = round(figure.cpu_s / floors[figure.part], 2)


def report(figures: Sequence[Figure], to: Path | None = None, **about: Any) -> None:
    """Print the figures as a table; with `to`, append each to that file as a line of JSON, `about` (sizes) with it."""
    rows = [
        {
            "case": figure.case,
            "part": figure.part,
            "cpu_s": f"{figure.cpu_s:.3f}",
            "wall_s": f"{figure.wall_s:.3f}",
            "peak_mib": f"{figure.peak_mib:.0f}",
        }
        | {name: str(value) for name, value in figure.notes.items()}
        for figure in figures
    ]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    widths = {name: max(len(name), *(len(row.get(name, "")) for row in rows)) for name in columns}
    for row in [{name: name for name in columns}, *rows]:
        cells = (
            row.get(name, "").ljust(widths[name]) if name in {"case", "part"} else row.get(name, "").rjust(widths[name])
            for name in columns
        )
        print("  ".join(cells).rstrip())
    if to is not None:
        with to.open("a", encoding="utf-8") as file:
            for figure in figures:
                row = {"case": figure.case, "part": figure.part, "cpu_s": round(figure.cpu_s, 4)}
                row |= {"wall_s": round(figure.wall_s, 4), "peak_mib": figure.peak_mib, **about, **figure.notes}
                file.write(json.dumps(row) + "\n")


def peak_mib() -> int:
    """The most memory this process has held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would begin with what the parent held
        held = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(held.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _alone(name: str, case: Case, sizes: Sequence[Any]) -> tuple[list[tuple[str, float, float, dict[str, Any]]], int]:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_in_child, args=(case, tuple(sizes), there), name=name)
    process.start()
    there.close()
    try:
        answer: tuple[list[tuple[str, float, float, dict[str, Any]]], int] = here.recv()
    except EOFError:
        raise SystemExit(f"The case {name} ended without an answer; what went wrong stands above.") from None
    finally:
        process.join()
    return answer


def _in_child(case: Case, sizes: tuple[Any, ...], answer: Connection) -> None:
    clock = Clock()
    case(clock, *sizes)
    answer.send((clock.parts, peak_mib()))

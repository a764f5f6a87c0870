"""What a fault came to, and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Result:
    """A fault that was done so often. `wrong` says what did not hold; what is promised held when it is empty."""

    fault: str
    often: int
    lost: int = 0
    twice: int = 0
    unknown: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.wrong and not self.lost and not self.twice


def table(results: Sequence[tuple[Result, float]]) -> list[str]:
    """A line a fault, with how many seconds it took."""
    head = ("fault", "often", "lost", "twice", "unknown", "seconds", "")
    cells = [
        (
            r.fault,
            str(r.often),
            str(r.lost),
            str(r.twice),
            str(r.unknown),
            f"{took:.0f}",
            "pass" if r.passed else "FAIL",
        )
        for r, took in results
    ]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) if place in (0, 6) else cell.rjust(width) for place, (cell, width) in row)
        for row in (enumerate(zip(line, widths, strict=True)) for line in (head, *cells))
    ]

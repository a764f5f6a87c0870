"""What a web request finds of the process that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from amable.work.watching import Fault

HOUSE: Final = "amable.house"  # its place in the environment of a request


@dataclass(frozen=True, slots=True)
class House:
    """The process at work: its clock, and which of its duties do not show that they live.

    `instance` names where the database is opened (see `dunning.brakes.resume`), empty where nobody knows; `begin_anew`
    forgets what was remembered of a creditor's record beside the database, given its ref.
    """

    clock: Callable[[], datetime]
    silent: Callable[[], list[Fault]]
    instance: str = ""
    begin_anew: Callable[[str], object] = lambda ref: None

"""What each member of staff may do at the desk of a creditor."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Who a member of staff is there. An account manager sees the customers that are theirs, and no others."""

    OWNER = "owner"
    CONTROLLER = "controller"
    MANAGER = "manager"
    VIEWER = "viewer"


class May(StrEnum):
    """What a page or an action asks for.

    `SEE` reads; `CARE` speaks for single customers (a hold, a note, what a call came to); `RUN` lets messages leave,
    books money, changes procedures and wordings; `OWN` changes the creditor, its mailbox and its staff.
    """

    SEE = "see"
    CARE = "care"
    RUN = "run"
    OWN = "own"


GRANTED: Final[Mapping[Role, frozenset[May]]] = {
    Role.OWNER: frozenset(May),
    Role.CONTROLLER: frozenset({May.SEE, May.CARE, May.RUN}),
    Role.MANAGER: frozenset({May.SEE, May.CARE}),
    Role.VIEWER: frozenset({May.SEE}),
}

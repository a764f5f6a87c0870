"""What may become of a message, from its proposal to the mailbox it reached.

    proposed → approved → claimed → handed over → accepted → delivered
                                               ↘ refused (offered again), rejected, unknown, bounced

A message in hand may have left: whoever finds it there after a crash cannot know, and nobody offers it again unasked.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a message stands. `said` is a draft that counts as sent, or a task done before its mail left."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    CLAIMED = "claimed"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SAID = "said"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


# What may still be replaced by deciding again: nobody was told.
OPEN: Final = frozenset({State.PROPOSED, State.APPROVED})
# Somebody is at work on it.
IN_HAND: Final = frozenset({State.CLAIMED, State.HANDED_OVER})
# Waits to be offered, by the moment it is due.
CLAIMABLE: Final = frozenset({State.APPROVED, State.REFUSED})
# The customer was told, is being told, or may have been: it counts as said.
SAID: Final = frozenset(
    {
        State.SAID,
        State.HANDED_OVER,
        State.REFUSED,
        State.UNKNOWN,
        State.ACCEPTED,
        State.DELAYED,
        State.DELIVERED,
        State.COMPLAINED,
    }
)

# What a delivery event makes of a message that left, the gravest last: the order in which they are heard is not the
# order in which they happened, so what is graver stands.
_GRAVITY: Final = (
    State.HANDED_OVER,
    State.UNKNOWN,
    State.ACCEPTED,
    State.DELAYED,
    State.DELIVERED,
    State.BOUNCED,
    State.COMPLAINED,
)
EVENTS: Final = frozenset({State.ACCEPTED, State.DELAYED, State.DELIVERED, State.BOUNCED, State.COMPLAINED})


def after(state: State, event: State) -> State:
    """What a message that left is after hearing of an event: the same whatever the order of several."""
    if state not in _GRAVITY:
        return state
    return max(state, event, key=_GRAVITY.index)


# How long after a temporary refusal a message is offered again; growing, as RFC 5321 4.5.4.1 advises.
_GAPS: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
GIVEN_UP_AFTER: Final = timedelta(hours=24)


def offered_again(tries: int, since_first: timedelta) -> timedelta | None:
    """How long to wait after so many tries, None when it is given up: a day after the first."""
    gap = _GAPS[min(tries, len(_GAPS)) - 1]
    return gap if since_first + gap <= GIVEN_UP_AFTER else None

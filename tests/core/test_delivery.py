"""What may become of a message: the same whatever the order in which it is heard."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.delivery import CLAIMABLE, EVENTS, IN_HAND, OPEN, SAID, State, after, offered_again

LEFT = (State.HANDED_OVER, State.UNKNOWN, State.ACCEPTED)


def test_all_orders_of_five_events_give_one_state() -> None:
    assert len(EVENTS) == 5
    for began in LEFT:
        ends = set()
        for order in permutations(EVENTS):
            state = began
            for event in order:
                state = after(state, event)
            ends.add(state)
        assert ends == {State.COMPLAINED}


@given(st.sampled_from(LEFT), st.lists(st.sampled_from(sorted(EVENTS)), max_size=8), st.randoms())
def test_some_events_in_any_order_and_twice_give_the_same(began: State, events: list[State], chance: object) -> None:
    def heard(order: list[State]) -> State:
        state = began
        for event in order:
            state = after(state, event)
        return state

    shuffled = [*events, *events]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert heard(shuffled) == heard(events)


def test_a_message_that_never_left_hears_nothing() -> None:
    for state in (State.PROPOSED, State.APPROVED, State.WITHDRAWN, State.REJECTED, State.CLAIMED):
        assert after(state, State.DELIVERED) is state


def test_unknown_is_known_once_something_is_heard() -> None:
    assert after(State.UNKNOWN, State.DELIVERED) is State.DELIVERED
    assert after(State.BOUNCED, State.DELIVERED) is State.BOUNCED


def test_nothing_is_both_open_and_said() -> None:
    assert not OPEN & SAID
    assert State.CLAIMED not in SAID
    assert {State.REJECTED, State.BOUNCED, State.WITHDRAWN} & SAID == set()
    assert set() == CLAIMABLE & IN_HAND


def test_gaps_grow_up_to_an_hour_and_end_after_a_day() -> None:
    gaps, since = [], timedelta()
    while (gap := offered_again(len(gaps) + 1, since)) is not None:
        gaps.append(gap)
        since += gap
    assert gaps[:4] == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)]
    assert set(gaps[4:]) == {timedelta(hours=1)}
    assert timedelta(hours=23) < since <= timedelta(hours=24)


@pytest.mark.parametrize("tries", [1, 2, 50])
def test_a_day_after_the_first_offer_it_is_given_up(tries: int) -> None:
    assert offered_again(tries, timedelta(hours=24)) is None

"""Faults done to real processes on a real file, beside a mail server that writes down what it takes.

Each is a function that does the fault so often, and says what it came to. The names are those of `docs/explanation/safety.md`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from tests.rig.books import Books, rows, unsettled
from tests.rig.house import House, Rig, Running
from tests.rig.results import Result

SEED = 20260317
_IN_TIME, _AT_A_POINT = 0, 1
_POINTS = ("data", "body", "dot", "250", "answered", "settled")


def until(done: Callable[[], bool], what: str, seconds: float = 180) -> None:
    """Wait for it; a fault of the rig's if it never comes."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


def finish(house: House) -> None:
    """Let everything leave that can."""
    running = house.start("up")
    until(lambda: not unsettled(house.folder), "everything is settled")
    running.end()


def keys_of(house: House) -> set[str]:
    return {row.key for row in rows(house.folder) if row.state == "approved"}


# --- killed ----------------------------------------------------------------------------------------------------------


def c1_random_kills(rig: Rig, often: int) -> Result:
    """The sender is killed at random moments, and before and after DATA, the final dot, the 250 and the commit."""
    chance = Random(SEED)
    with rig.house() as house:
        house.plan(25 * often)
        keys, books = keys_of(house), Books(house)
        for kill in range(often):
            left = unsettled(house.folder)
            after = min(chance.randint(0, 2 * left // (often - kill)), left - 1)
            if kill % 2:
                die_at(house, _POINTS[kill // 2 % len(_POINTS)], after)
            else:
                die_some_time(house, after, chance)
            books.compare()
            if books.unknown > kill + 1:
                books.say(f"{books.unknown} of unknown fate after {kill + 1} kills")
        finish(house)
        books.close(keys)
        return Result("C1 killed at random", often, books.lost, books.twice, books.unknown, books.wrong)


def die_some_time(house: House, after: int, chance: Random) -> None:
    """Killed a moment after so many messages; now and then while it begins."""
    running = house.start("up")
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0, 0.5))
    else:
        before = len(house.sink.read())
        until(lambda: len(house.sink.read()) >= before + after or not unsettled(house.folder), "messages leave")
        time.sleep(chance.uniform(0, 0.05))
    running.kill()


def die_at(house: House, point: str, after: int) -> None:
    """Killed at a point of the conversation, or of the code, of the message that follows so many others."""
    if point in {"answered", "settled"}:
        died(house.start("up", dies=f"{point}:{after}"))
        return
    running = house.start("up")
    house.sink.tell({"kill": running.number, "at": point, "after": after})
    died(running)


def died(running: Running) -> None:
    code = running.wait()
    assert code == -9, (code, running.out.read_text("utf-8"))


def c2_killed_before_the_commit(rig: Rig, often: int) -> Result:
    """The sender is killed when it has heard 250 and not committed it: unknown, and never sent again by itself."""
    with rig.house() as house:
        house.plan(4 * often)
        keys, books = keys_of(house), Books(house)
        for kill in range(often):
            died(house.start("up", dies="answered:2"))
            (held,) = [row for row in books.compare() if row.state == "handed_over"]
            if held.message_id not in books.taken():
                books.say(f"in hand before it was taken: {held.key}")
            if books.unknown != kill:
                books.say(f"{books.unknown} of unknown fate after {kill} starts")
        finish(house)
        house.later(hours=2)
        house.call("send")
        books.close(keys)
        if books.unknown != often:
            books.say(f"{books.unknown} of unknown fate, not {often}")
        return Result("C2 killed between 250 and commit", often, books.lost, books.twice, books.unknown, books.wrong)


def c3_silence_after_the_dot(rig: Rig, often: int) -> Result:
    """The server takes the message and never says so: unknown, and not sent again by itself, that day or the next."""
    with rig.house() as house:
        house.patience = dict(house.patience) | {"verdict": 0.2}
        house.plan(often)
        keys, books = keys_of(house), Books(house)
        house.sink.tell({"silent": True})
        finish(house)
        house.sink.tell({"silent": False})
        for hours in (3, 20):  # the same day, and the next
            house.later(hours=hours)
            house.call("plan")
            house.call("send")
        books.close(keys)
        listed = house.status()["unknown"]
        if not all(one["server"] and one["offered_at"] and one["message_id"] for one in listed):
            books.say("it is not told where and when a message was lost from sight")
        if books.unknown != len(keys):
            books.say(f"{books.unknown} of unknown fate, not {len(keys)}")
        return Result("C3 silence after the final dot", often, books.lost, books.twice, books.unknown, books.wrong)

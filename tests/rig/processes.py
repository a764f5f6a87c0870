"""Faults done to real processes on a real file, beside a mail server that writes down what it takes.

Each is a function that does the fault so often, and says what it came to.
"""

from __future__ import annotations

import gzip
import os
import signal
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit

from tests.rig.books import Books, message_id, rows, states, unsettled, waiting
from tests.rig.house import House, Rig, Running
from tests.rig.results import Result

SEED = 20260317
_POINTS = ("data", "body", "dot", "250", "answered", "settled")
_SPARE = 100  # messages, so that there is one to die at however many left before the last kill


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
    until(lambda: running.begun() and not unsettled(house.folder), "everything is settled")
    running.end()


def keys_of(house: House) -> set[str]:
    return {row.key for row in rows(house.folder) if row.state == "approved"}


# --- killed ----------------------------------------------------------------------------------------------------------


def c1_random_kills(rig: Rig, often: int) -> Result:
    """The sender is killed at random moments, and before and after DATA, the final dot, the 250 and the commit."""
    chance = Random(SEED)
    with rig.house() as house:
        house.plan(25 * often + _SPARE)
        keys, books = keys_of(house), Books(house)
        for kill in range(often):
            left = waiting(house.folder)
            after = min(chance.randint(0, 2 * max(0, left - _SPARE) // (often - kill)), left - 1)
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
        died(house, house.start("up", dies=f"{point}:{after}"))
        return
    running = house.start("up")
    house.sink.tell({"kill": running.number, "at": point, "after": after})
    died(house, running)


def died(house: House, running: Running) -> None:
    code = running.wait()
    assert code == -9, (code, states(house.folder), running.out.read_text("utf-8"))


def c2_killed_before_the_commit(rig: Rig, often: int) -> Result:
    """The sender is killed when it has heard 250 and not committed it: unknown, and never sent again by itself."""
    with rig.house() as house:
        house.plan(4 * often)
        keys, books = keys_of(house), Books(house)
        for kill in range(often):
            died(house, house.start("up", dies="answered:2"))
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


# --- several at once -------------------------------------------------------------------------------------------------


def c4_several_senders(rig: Rig, often: int) -> Result:
    """Two `amable send` and an `amable up` at once, on one file."""
    twice = unknown = lost = 0
    wrong: list[str] = []
    for _ in range(often):
        with rig.house() as house:
            house.plan(60)
            keys, books = keys_of(house), Books(house)
            commands = [house.start(name) for name in ("send", "up", "send")]
            until(lambda house=house: not unsettled(house.folder), "everything is settled")  # type: ignore[misc]
            until(lambda up=commands[1]: up.begun(), "it is at work")  # type: ignore[misc]
            commands.pop(1).end()
            codes = [command.wait() for command in commands]
            books.close(keys)
            if codes != [0, 0] or books.unknown:
                books.say(f"a sender failed: {codes}, {books.unknown} of unknown fate")
            twice, lost, unknown = twice + books.twice, lost + books.lost, unknown + books.unknown
            wrong += books.wrong
    return Result("C4 several senders at once", often, lost, twice, unknown, wrong)


# --- a database that cannot be written -------------------------------------------------------------------------------


def c6_database_locked(rig: Rig, often: int) -> Result:
    """Another writer holds the file for so many seconds: nothing leaves that is not committed, then it goes on."""
    with rig.house() as house:
        house.plan(200)
        keys, books = keys_of(house), Books(house)
        running = house.start("up")
        until(lambda: len(house.sink.read()) > 5, "messages leave")
        with closing(sqlite3.connect(house.folder / "amable.sqlite3", timeout=30, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            held = len(house.sink.read())
            time.sleep(often)
            if len(house.sink.read()) > held + 1:
                books.say("a message left while nothing could be committed")
            writer.execute("COMMIT")
        settle_all(house, running, books, keys)
        return Result("C6 database locked (seconds)", often, books.lost, books.twice, books.unknown, books.wrong)


def settle_all(house: House, running: Running, books: Books, keys: set[str]) -> None:
    """It goes on by itself; what was in hand just then is settled by the next start at the latest."""
    until(lambda: unsettled(house.folder) <= 1, "it goes on by itself")
    running.end()
    finish(house)
    books.close(keys)
    if books.unknown > 1:
        books.say(f"{books.unknown} of unknown fate")


def c6_disk_full(rig: Rig, often: int) -> Result:
    """No file may grow any more: nothing leaves that is not committed, it is told, and goes on when there is room."""
    lost = twice = unknown = 0
    wrong: list[str] = []
    for _ in range(often):
        with rig.house() as house:
            house.rate = 20  # what could not be put back is free again after a minute
            house.plan(200)
            keys, books = keys_of(house), Books(house)
            running = house.start("up")
            until(lambda house=house: len(house.sink.read()) > 5, "messages leave")  # type: ignore[misc]
            prlimit(running.number, RLIMIT_FSIZE, (65536, RLIM_INFINITY))
            until(lambda running=running: told(running), "it is told")  # type: ignore[misc]
            held = len(house.sink.read())
            time.sleep(1)
            if len(house.sink.read()) > held:
                books.say("a message left while nothing could be committed")
            prlimit(running.number, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
            settle_all(house, running, books, keys)
            lost, twice, unknown, wrong = (
                lost + books.lost,
                twice + books.twice,
                unknown + books.unknown,
                wrong + books.wrong,
            )
    return Result("C6 disk full", often, lost, twice, unknown, wrong)


def told(running: Running) -> bool:
    """Whether it said that something does not work."""
    return "will be tried again" in running.out.read_text("utf-8")


def c6_read_only(rig: Rig, often: int) -> Result:
    """The file may only be read: nothing leaves, and it is said in a sentence; then it goes on."""
    with rig.house() as house:
        house.plan(20)
        keys, books = keys_of(house), Books(house)
        for _ in range(often):
            for file in house.folder.iterdir():
                file.chmod(0o400)
            running = house.start("send")
            code, said = running.wait(), running.out.read_text("utf-8")
            for file in house.folder.iterdir():
                file.chmod(0o600)
            if code != 2 or "readonly" not in said or "Traceback" in said:
                books.say(f"not said in a sentence: {code} {said[-300:]}")
            if house.sink.read():
                books.say("a message left while nothing could be committed")
        finish(house)
        books.close(keys)
        return Result("C6 file read-only", often, books.lost, books.twice, books.unknown, books.wrong)


# --- images, copies, old states --------------------------------------------------------------------------------------


def c7_power_cut(rig: Rig, often: int) -> Result:
    """The files as they are on disk at random moments: each image starts, and sends only what had not left by then."""
    chance = Random(SEED)
    wrong: list[str] = []
    unknown = lost = twice = 0
    with rig.house() as house, ExitStack() as images:
        house.env["AMABLE_INSTANCE"] = "one and the same"
        house.plan(6 * often)
        keys = keys_of(house)
        running = house.start("up")
        taken = []
        for place in range(often):
            until(lambda place=place: len(house.sink.read()) > 5 * place, "messages leave")  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.03))
            os.kill(running.number, signal.SIGSTOP)
            taken.append((images.enter_context(rig.image(house)), {message_id(mail) for mail in house.sink.read()}))
            os.kill(running.number, signal.SIGCONT)
        running.end()
        for image, before in taken:
            image.env["AMABLE_INSTANCE"] = "one and the same"
            image.configure()
            finish(image)
            after = [message_id(mail) for mail in image.sink.read()]
            found = [row for row in rows(image.folder) if not row.slot.startswith("task.told.")]
            doubtful = {row.message_id for row in found if row.state == "unknown"}
            twice += len(after) - len(set(after)) + len(before & set(after))
            lost += len({row.message_id for row in found if row.key in keys} - before - set(after) - doubtful)
            unknown += len(doubtful)
            if len(doubtful) > 1 or {row.key for row in found if row.state in {"accepted", "unknown"}} != keys:
                wrong.append(f"{len(doubtful)} of unknown fate, {states(image.folder)}")
            books = Books(image)
            books.follow_the_chain()
            wrong += books.wrong
    return Result("C7 power cut", often, lost, twice, unknown, wrong)


def c8_copied(rig: Rig, often: int) -> Result:
    """A copy of the folder elsewhere sends nothing before a person confirms; the original goes on."""
    wrong: list[str] = []
    with rig.house() as house:
        house.plan(20)
        for _ in range(often):
            with rig.image(house) as copy:
                copy.configure()
                wrong += held_until_confirmed(copy, "stopped.copied")
                if len(copy.sink.read()) != 21:
                    wrong.append(f"confirmed, and {len(copy.sink.read())} left")
        finish(house)
        if len(house.sink.read()) != 21:
            wrong.append(f"{len(house.sink.read())} left from the original")
    return Result("C8 a copy of the folder", often, wrong=wrong)


def c8_restored(rig: Rig, often: int) -> Result:
    """An older state of the file is put back: nothing leaves before a person confirms, whoever sent before."""
    wrong: list[str] = []
    for place in range(often):
        with rig.house() as house:
            house.plan(20)
            old = (house.folder / "amable.sqlite3").read_bytes()
            finish(house) if place % 2 else house.call("send")
            for name in ("amable.sqlite3-wal", "amable.sqlite3-shm"):
                (house.folder / name).unlink(missing_ok=True)
            (house.folder / "amable.sqlite3").write_bytes(old)
            house.sink.read().clear()
            wrong += held_until_confirmed(house, "stopped.older")
    return Result("C8 an old state put back", often, wrong=wrong)


def held_until_confirmed(house: House, brake: str) -> list[str]:
    """What is wrong when nothing should leave until a person confirms it, and then everything."""
    wrong: list[str] = []
    running = house.start("up")
    time.sleep(2)
    running.end()
    house.call("send")
    if brake not in house.status()["brakes"]:
        wrong.append(f"{brake} is not shown")
    said = house.call("resume-sending", code=2)
    if "20" not in said and "21" not in said:
        wrong.append(f"it is not said how much would leave: {said}")
    house.call("send")
    if house.sink.read():
        wrong.append(f"{len(house.sink.read())} left unconfirmed")
    house.call("resume-sending", "--confirm")
    house.call("send")
    if not house.sink.read():
        wrong.append("confirmed, and nothing left")
    return wrong


# --- beginnings ------------------------------------------------------------------------------------------------------

# A folder as 0.1 left it on 17 March 2026: six invoices of `House.row`, due every other day from 3 March, and a run.
BEFORE_SENDING = Path(__file__).with_name("before_sending.sqlite3.gz")


def c9_upgraded(rig: Rig, often: int) -> Result:
    """A folder with drafts becomes one that sends: they count as said, and each invoice hears once a day at most."""
    wrong: list[str] = []
    twice = 0
    for _ in range(often):
        with rig.house() as house:
            (house.folder / "amable.sqlite3").write_bytes(gzip.decompress(BEFORE_SENDING.read_bytes()))
            house.ledger(6)
            house.configure()
            a_day(house)
            if again := asked(house):
                wrong.append(f"drafts of the same day left once more: {again}")
            house.later(hours=72)
            a_day(house)
            for _ in range(5):
                twice += max(asked(house).values(), default=1) - 1
                house.sink.mails.clear()
                house.later(hours=24)
                a_day(house)
            told = steps_said(house)
            if set(told) != {f"C-{n}" for n in range(6)} or any(
                steps.count("early_late") != 1 for steps in told.values()
            ):
                wrong.append(f"an invoice was forgotten, or heard a step twice: {told}")
            house.call("evidence", "verify")
    return Result("C9 upgraded with drafts", often, twice=twice, wrong=wrong)


def c9_three_days_down(rig: Rig, often: int) -> Result:
    """Approved, and then nothing runs for 72 hours: one reminder for each invoice, none forgotten, no burst."""
    wrong: list[str] = []
    twice = lost = 0
    for _ in range(often):
        with rig.house() as house:
            house.plan(30)
            house.later(hours=72)
            running = house.start("up")
            until(lambda house=house: len(asked(house)) == 30, "what was approved leaves")  # type: ignore[misc]
            running.end()
            a_day(house)
            counted = asked(house)
            lost += 30 - len(counted)
            twice += sum(counted.values()) - len(counted)
            if {row.day for row in rows(house.folder) if row.state == "accepted"} != {"2026-03-20"}:
                wrong.append("what left was not planned with the facts of its day")
    return Result("C9 three days down", often, lost, twice, wrong=wrong)


def a_day(house: House) -> None:
    """A plan, approved and sent."""
    house.call("plan")
    house.start("approve", "--all", "--anyway").wait()
    house.call("send")


def asked(house: House) -> Counter[str]:
    """How many mails each customer got."""
    return Counter(mail.to[0] for mail in house.sink.read() if mail.to[0] in house.owed)


def steps_said(house: House) -> dict[str, list[str]]:
    """What each customer was told, drafts included."""
    said = "SELECT c.key, m.step FROM correspondence_message m JOIN ledger_customer c ON c.id = m.customer_id"
    with closing(sqlite3.connect(house.folder / "amable.sqlite3")) as database:
        found: dict[str, list[str]] = defaultdict(list)
        for customer, step in database.execute(f"{said} WHERE m.act = 'email' AND m.state IN ('said', 'accepted')"):
            found[customer].append(step)
    return found


def c10_an_old_ledger(rig: Rig, often: int) -> Result:
    """A first start with so many invoices overdue for years: nothing unapproved, then fifty a day and no more."""
    wrong: list[str] = []
    with rig.house() as house:
        house.configure("--undo-minutes", "0")
        house.call("import", str(house.ledger(often, issue_date="2023-02-01", due_date="2023-03-03")))
        running = house.start("up")
        time.sleep(3)
        running.end()
        house.call("plan")
        house.call("send")
        owing = [mail for mail in house.sink.read() if mail.to[0] in house.owed]
        if owing or "untrusted" not in house.status()["brakes"]:
            wrong.append(f"{len(owing)} left before anybody saw the plan")
        house.call("approve", "--all", "--anyway")
        for day in (1, 2):
            house.call("send")
            owing = [mail for mail in house.sink.read() if mail.to[0] in house.owed]
            if len(owing) != min(50 * day, often) or "cap" not in house.status()["brakes"]:
                wrong.append(f"{len(owing)} left by day {day}: {house.status()}")
            house.later(hours=24)
            house.call("plan")
            approving = house.start("approve", "--all", "--anyway")
            approving.wait()
        addresses = [mail.to[0] for mail in owing]
        twice = len(addresses) - len(set(addresses))
    return Result("C10 a first start on an old ledger", often, twice=twice, wrong=wrong)

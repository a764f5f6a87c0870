"""Several workers on one PostgreSQL, as real processes: nothing twice, nothing forgotten, whoever is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.conftest import Home
from tests.rig.scene import TODAY, Scene

pytestmark = [pytest.mark.postgres, pytest.mark.rig]


@pytest.fixture
def scene(home: Home) -> Iterator[Scene]:
    with Scene(os.environ["DATABASE_URL"], home.folder, delay=0.01, connections=3) as scene:
        yield scene


def test_three_workers_hand_everything_over_once(scene: Scene) -> None:
    scene.owe(300)
    scene.plan()
    workers = scene.work(3)
    scene.until(lambda: scene.states()["accepted"] == 300)
    assert scene.end() == [0] * len(workers)
    scene.check(sent=300)
    assert scene.failed_jobs() == 0


def test_a_worker_that_is_killed_leaves_nothing_undone_and_nothing_twice(scene: Scene) -> None:
    scene.owe(120)
    scene.plan()
    first, *_ = scene.work(2)
    scene.until(lambda: len(scene.server.messages) > 20)
    first.send_signal(signal.SIGKILL)
    # What it had only claimed is handed over by the other; what it was telling the server just then is unknown.
    scene.until(lambda: scene.states()["accepted"] + scene.states()["handed_over"] == 120)
    scene.end(scene.workers[1])
    states = scene.states()
    assert states["handed_over"] <= 1
    arrived = scene.left()
    assert max(arrived.values()) == 1
    assert len(arrived) >= states["accepted"]


def test_the_plan_of_a_killed_worker_is_finished_by_another(scene: Scene) -> None:
    scene.owe(3000)
    victim, other = scene.work(2)
    looked = "SELECT count(*) FROM dunning_look"
    scene.until(lambda: scene.ask(looked) > [(0,)])
    [(held,)] = scene.ask("SELECT count(*) FROM dunning_range WHERE lease_until IS NOT NULL")
    assert held
    for worker in (victim, other):  # whichever of them is at it
        worker.send_signal(signal.SIGKILL)
    assert scene.ask(looked) < [(3000,)]
    scene.work(1)
    scene.until(lambda: scene.ask("SELECT planned_on FROM organisation_sending") == [(TODAY,)])
    assert scene.states() == {"proposed": 3000}
    assert scene.ask("SELECT count(*) FROM correspondence_messageitem WHERE NOT withdrawn") == [(3000,)]


def test_the_stop_switch_reaches_every_worker_at_once(scene: Scene) -> None:
    scene.owe(400)
    scene.plan()
    scene.work(3)
    scene.until(lambda: len(scene.server.messages) > 40)
    stopped = scene.stop()
    scene.end()
    assert [one for one in scene.server.messages if one.at > stopped + 2] == []
    assert scene.states()["approved"] > 0
    assert max(scene.left().values()) == 1

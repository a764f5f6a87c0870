"""The desk of the sample's creditor: six weeks of its days really run, today's plan waiting, all roles on its staff."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from unittest.mock import patch
from zoneinfo import ZoneInfo

from amable import sample
from amable.cli import main, speaking
from amable.server.database import close_database, open_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MORNING = datetime(2026, 3, 17, 9, 10, tzinfo=ZoneInfo("Europe/Madrid"))


class SampleDesk:
    """The desk at `address`, on the sample's morning and later; `at` moves the clock."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = folder, ""
        self.at, self.since = MORNING, time.monotonic()

    def clock(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.since)

    def link(self, role: str = "owner", language: str = "en") -> str:
        """The address that lets somebody of this role in."""
        from amable.desk.entering import link_for
        from amable.organisation.models import Creditor, Member, User

        creditor = Creditor.objects.get()
        names = {"owner": "Lucía Soler", "controller": "Marta Gil", "manager": "Jorge Vidal", "viewer": "Elena Mas"}
        user, _ = User.objects.get_or_create(email=f"{role}.{language}@turia.example", defaults={"name": names[role]})
        if not user.password:
            user.set_unusable_password()
            user.save()
        User.objects.filter(pk=user.pk).update(language=language)
        Member.objects.get_or_create(creditor=creditor, user=user, defaults={"role": role})
        return self.address + link_for(User.objects.get(pk=user.pk))

    def come_in(self, browser: Browser, role: str = "owner", language: str = "en", **context: object) -> Page:
        """A browser of their own, signed in and before Today."""
        page = browser.new_context(locale=language, base_url=self.address, **context).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(60_000)  # a busy machine is no failure
        page.goto(self.link(role, language))
        page.locator("main button").click()
        page.wait_for_url("**/today")
        return page

    def file(self, data: bytes, name: str, *, by: str = "owner.en@turia.example") -> int:
        """A file somebody dropped, once it was read; its number."""
        from django.core.files.uploadedfile import SimpleUploadedFile

        from amable.organisation.models import Creditor
        from amable.organisation.tenancy import acting_for
        from amable.work import files
        from amable.work.models import Job

        creditor = Creditor.objects.get()
        with acting_for(creditor):
            file, _ = files.keep(creditor, name, SimpleUploadedFile(name, data), by=by, now=self.clock())
            while Job.objects.filter(file=file, ended_at=None).exists():
                time.sleep(0.1)
            return int(file.pk)

    def page(self, name: str, **places: object) -> str:
        """The address of a page of the creditor's."""
        from django.urls import reverse

        from amable.organisation.models import Creditor

        return self.address + reverse(f"desk:{name}", kwargs={"creditor": Creditor.objects.get().ref, **places})


def reached(folder: Path) -> Path:
    """Run the sample's days up to yesterday, then set its creditor up to send by itself, and plan today."""
    from amable.cli import demo
    from amable.cli.run import run

    with patch.dict(os.environ, {"AMABLE_LANGUAGE": "en"}), patch.object(speaking, "now", lambda: MORNING):
        os.environ.pop("AMABLE_DATA", None)
        before: set[Path] = set()
        for day in demo._days(sample.FIRST_DAY, sample.TODAY):
            if day.weekday() < 5 and day < sample.TODAY:
                errand = demo._errand(folder, day)
                run(replace(errand, banks=tuple(path for path in errand.banks if path not in before)), quiet=True)
                before |= set(errand.banks)
        today = sample.unpack(folder / "input", sample.TODAY)
        data = ["--data", str(folder)]
        assert main(["configure", "--creditor", str(today.creditor), *data]) == 0
        assert main(["import", str(today.ledger), "--bank", *map(str, today.statements), *data]) in (0, 1)
        assert main(["plan", *data]) == 0
    return folder


@contextmanager
def at_work(desk: SampleDesk) -> Iterator[None]:
    """Somebody who does what people ask for, as beside every desk."""
    from amable.work.embedded import Embedded

    work = Embedded(desk.clock, remember=lambda *_: None, handed_over=lambda *_: None)
    thread = Thread(target=work.do_jobs)
    thread.start()
    try:
        yield
    finally:
        work.stop()
        thread.join()


@contextmanager
def serving(folder: Path) -> Iterator[SampleDesk]:
    """Open the folder and answer requests until the work within is done."""
    open_database(folder)
    from amable.server import keys
    from amable.server.wsgi import listening
    from amable.work.house import House

    keys.use_key_of(folder)
    desk = SampleDesk(folder)
    try:
        with at_work(desk), listening(House(desk.clock, list), "127.0.0.1", 0) as address:
            desk.address = address
            yield desk
    finally:
        close_database()

"""`amable watch`: which folder is watched for files, set, shown or ended."""

from __future__ import annotations

import argparse

from amable.cli import speaking
from amable.cli.sending import at_work, folder_of, here, today, whoever
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say


def command(arguments: argparse.Namespace) -> int:
    """Watch a folder, watch none, or say how it stands; 1 when it cannot be looked at or files wait for a person."""
    if arguments.folder and arguments.off:
        raise RefusedError("watch_both")
    with at_work(arguments) as creditor:
        from amable.core.seals import seen  # noqa: PLC0415 - once the database is chosen
        from amable.evidence import settings  # noqa: PLC0415
        from amable.work import sources, watched_folder  # noqa: PLC0415
        from amable.work.models import Arrival  # noqa: PLC0415
        from amable.work.watched_folder import Refusal  # noqa: PLC0415

        spoken = language()
        if arguments.folder or arguments.off:
            wanted = ""
            if arguments.folder:
                found = watched_folder.chosen(arguments.folder, creditor, data=[folder_of(arguments)])
                if isinstance(found, Refusal):
                    told = say(f"arrival.folder_{found.rule}", spoken, **found.params)
                    raise RefusedError("not_watched", details=(told,))
                wanted = str(found)
            new, before = {"watched_folder": wanted}, {"watched_folder": creditor.watched_folder}
            if settings.change(creditor, (creditor,), new, seen=seen(before), today=today(creditor), by=whoever()):
                creditor.refresh_from_db()
                watched_folder.changed(creditor, speaking.now())
        if not creditor.watched_folder:
            print(say("watch.none", spoken, creditor=creditor.name))
            return 0
        print(say("watch.now", spoken, creditor=creditor.name, folder=creditor.watched_folder))
        wrong = False
        for fault in sources.faults(creditor):
            wrong = True
            print(say(f"arrival.fault_{fault.rule}", spoken, **fault.params))
            print(say("watch.again_at", spoken, moment=here(fault.again_at, creditor)))
        if waiting := Arrival.objects.filter(creditor=creditor, outcome="waiting", put_at=None).count():
            print(say("watch.waiting", spoken, n=waiting))
    return 1 if wrong or waiting else 0

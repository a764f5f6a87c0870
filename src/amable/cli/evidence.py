"""`amable evidence verify`: proves that nothing of the record was changed, removed or reordered."""

from __future__ import annotations

import argparse
import os

from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import meant, working_in
from amable.core.languages import say


def command(arguments: argparse.Namespace) -> int:
    """Verify the record of an outbox folder; 1 when anything is wrong, with the place."""
    if not (os.environ.get("DATABASE_URL") or (arguments.outbox / "amable.sqlite3").is_file()):
        raise RefusedError("no_outbox", folder=arguments.outbox)
    with working_in(arguments.outbox):
        return _verify()


def _verify() -> int:
    from amable.dunning import proof  # noqa: PLC0415
    from amable.evidence.models import Head  # noqa: PLC0415
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415

    creditor = meant()
    if creditor is None:
        raise RefusedError("nothing_recorded")
    with acting_for(creditor):
        faults = proof.faults(creditor)
        head = Head.objects.filter(creditor=creditor).first()
    for fault in faults:
        print(say(f"evidence.{fault.rule}", language(), place=fault.place))
    if faults:
        return 1
    print(say("evidence.whole", language(), n=head.seq if head else 0, head=head.digest if head else ""))
    return 0

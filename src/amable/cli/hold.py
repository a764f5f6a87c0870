"""`amable hold`: a stated reason not to write to a customer before a day; or the end of one."""

from __future__ import annotations

import argparse
from datetime import date

from amable.cli import speaking
from amable.cli.sending import at_work, today, whoever
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say


def command(arguments: argparse.Namespace) -> int:
    """Hold a customer, or let go of them."""
    until = _day(arguments.until) if arguments.until else None
    if not arguments.release and (until is None or not (arguments.because or "").strip()):
        raise RefusedError("hold_needs")
    with at_work(arguments) as creditor:
        from amable.dunning import holds  # noqa: PLC0415 - once the database is chosen
        from amable.ledger import queries  # noqa: PLC0415
        from amable.work import duties  # noqa: PLC0415

        customer = queries.by_key(creditor, arguments.customer)
        if customer is None:
            raise RefusedError("no_such_customer", customer=arguments.customer)
        now, day = speaking.now(), today(creditor)
        if arguments.release:
            count = holds.release(customer, day, now, by=whoever())
            print(say("sending.released", language(), n=count, customer=customer.name))
        elif until is not None:
            if until <= day:
                raise RefusedError("hold_in_the_past", day=until)
            holds.hold(customer, until, arguments.because.strip(), day, now, by=whoever())
            print(say("sending.held", language(), customer=customer.name, day=until))
        duties.look_again(creditor, speaking.now)
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RefusedError("as_of_unreadable", value=text) from error

"""What whoever calls should know is gathered for all of them at once, and only for those who are called."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from amable.core.planning import Line, Planned, Section
from amable.core.procedure import Act
from amable.dunning.background import Backgrounds
from amable.dunning.dossier import gather, setting
from amable.ledger.models import Customer
from amable.organisation.models import Creditor
from tests.cast import procedure
from tests.contexts.books import DAY, TODAY, live, paid, row


def test_the_questions_do_not_grow_with_the_customers(acting: Creditor) -> None:
    others = [
        row(f"G-{n}", customer_id=f"D-{n}", customer_name=f"Taller {n}", tax_id="", email=f"t{n}@taller.example")
        for n in range(12)
    ]
    live(acting, row(due_date=TODAY - 7 * DAY), *others)
    later = TODAY + 3 * DAY
    live(acting, today=later, bank=[paid("50.00", "F-1001", on=later)])
    it = setting(acting, procedure(), later + DAY)
    everybody = list(Customer.objects.order_by("pk"))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        Backgrounds(it, everybody)
    assert len(asked) == 3
    with CaptureQueriesContext(connection) as asked:
        nobody = Backgrounds(it, [])
    assert len(asked) == 0
    assert not nobody.spoken


def test_the_last_words_and_payments_are_there_the_newest_first(acting: Creditor) -> None:
    live(acting, row(due_date=TODAY - 7 * DAY))
    later = TODAY + 3 * DAY
    live(acting, today=later, bank=[paid("50.00", "F-1001", on=later)])
    it = setting(acting, procedure(), later + DAY)
    (ana,) = Customer.objects.all()
    (known,) = gather(it, [ana])
    (owed,) = (item for item in known.dossier.items if item.open > 0)
    call = Planned(Act.CALL, "call", "", (Line(owed.id, owed.open, Section.OVERDUE, "call", 1),))
    found = Backgrounds(it, [ana]).of(ana, known.dossier, call)
    assert [spoken.step for spoken in found.spoken] == ["early_late"]
    assert found.spoken[0].day == TODAY
    assert [(day, amount.minor) for day, amount in found.payments] == [(later, 50_00)]
    assert (found.written, found.written_on) == (1, TODAY)
    assert found.since is not None

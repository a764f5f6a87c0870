"""The switch: whose reason stands when there are two."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from amable.dunning import brakes
from amable.evidence.models import Entry
from amable.organisation.models import Creditor, Sending

NOW, TODAY = datetime(2026, 3, 17, 9, 10, tzinfo=UTC), date(2026, 3, 17)


def stopped(creditor: Creditor, *reasons: str) -> str:
    for reason in reasons:
        brakes.stop(creditor, TODAY, NOW, by="ana", because=reason)
    return Sending.objects.get(creditor=creditor).stopped_because


@pytest.mark.parametrize("doubt", ["copied", "older", "clock", "restored"])
def test_a_doubt_of_ours_weighs_more_than_a_persons_reason(acting: Creditor, doubt: str) -> None:
    Sending.objects.create(creditor=acting, server="localhost")
    assert stopped(acting, "stocktaking", doubt) == doubt
    assert brakes.doubtful(Sending.objects.get(creditor=acting))
    assert stopped(acting, "later", "restored", "copied") == doubt  # the first doubt stands
    assert Entry.objects.filter(creditor=acting, kind="sending.stopped").count() == 2


def test_a_persons_first_reason_stands(acting: Creditor) -> None:
    Sending.objects.create(creditor=acting, server="localhost")
    assert stopped(acting, "stocktaking", "holidays") == "stocktaking"

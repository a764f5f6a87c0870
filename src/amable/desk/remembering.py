"""What was added up for a large book, kept in this process for as long as nothing happens to the book.

Whatever changes a book is recorded in the same transaction, so the newest entry of the record tells one state from
another. On PostgreSQL one may be written before a newer one and be seen after it: nothing is kept for long.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Final, TypeVar

from django.db import connection

from amable.desk.door import Here
from amable.evidence.models import Entry
from amable.ledger.models import Item

T = TypeVar("T")

_LARGE: Final = 5_000  # items; fewer are added up anew each time
_MOST: Final = 64
_SECONDS: Final = 600
_kept: OrderedDict[Hashable, Any] = OrderedDict()
_lock: Final = Lock()


def remembered(here: Here, what: Hashable, work: Callable[[], T]) -> T:
    """What `work` finds, or found for the same book: `what` names all it depends on but the book and who reads."""
    newest = Item.objects.filter(creditor=here.creditor).order_by("-pk").values_list("pk", flat=True).first()
    if not newest or newest < _LARGE:
        return work()
    state = Entry.objects.filter(creditor=here.creditor).order_by("-pk").values_list("pk", flat=True).first()
    sight = "" if here.sees_all else here.by
    while_ = int(here.now.timestamp()) // _SECONDS
    key = (connection.settings_dict["NAME"], here.creditor.pk, state, sight, here.language, while_, what)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            known: T = _kept[key]
            return known
    found = work()
    with _lock:
        _kept[key] = found
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return found

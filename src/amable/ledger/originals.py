"""The documents that came with invoices, kept to be attached again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from amable.ledger.models import Original
from amable.organisation.bulk import insert
from amable.organisation.models import Creditor

_NAMED: Final = "original:"


def name(digest: str) -> str:
    """What an item writes where another has the path of its document."""
    return f"{_NAMED}{digest}"


def keep(creditor: Creditor, documents: Mapping[str, bytes]) -> None:
    """Keep documents by their digest; the same one once."""
    rows = ((creditor.pk, digest, data) for digest, data in documents.items())
    insert(Original, ("creditor", "digest", "data"), rows, unless_known=True)


def find(creditor: Creditor, path: str) -> bytes | None:
    """The document an item names; None when it names a path, or what is no longer there."""
    if not path.startswith(_NAMED):
        return None
    kept = Original.objects.filter(creditor=creditor, digest=path.removeprefix(_NAMED)).values_list("data", flat=True)
    found = kept.first()
    return None if found is None else bytes(found)


def is_kept(path: str) -> bool:
    """Whether this names a document that is kept, and is no path."""
    return path.startswith(_NAMED)

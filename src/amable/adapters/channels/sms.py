"""Text messages: to which number, when they may arrive, how many segments they take, and their exact text."""

from __future__ import annotations

from datetime import time
from typing import Final

from amable.adapters.telephones import number
from amable.core import sms
from amable.plugs.channel import Draft, Parcel, Reach, UnfitError

_LATEST: Final = time(21)  # where the recipient is; the earliest moment is the draft's own


class NoMobileError(ValueError):
    """No text message reaches this number. Whoever composes has asked `reaches` before."""


class Sms:
    """Short texts for a mobile, in one segment or two."""

    def reaches(self, contact: Reach) -> bool:
        """Whether the number is one that a mobile may have."""
        found = number(contact.phone, contact.country) if contact.phone else None
        return found is not None and found.mobile

    def compose(self, draft: Draft) -> Parcel:
        """A short head, an empty line and the exact text in UTF-8, without a line end after it.

        Raises NoMobileError for a number that does not reach, UnfitError for a text of more than two segments.
        """
        found = number(draft.phone, draft.country)
        if found is None or not found.mobile:
            raise NoMobileError(draft.phone)
        counted = sms.count(draft.text)
        n = len(counted.parts)
        if n > sms.MOST_SEGMENTS:
            raise UnfitError("sms-segments", {"n": n, "limit": sms.MOST_SEGMENTS})
        name = " ".join(draft.to[0].name.split()) if draft.to else ""
        latest = draft.leaves_at.replace(hour=_LATEST.hour, minute=0, second=0)
        head = (
            ("To", found.e164),
            ("Name", name),
            ("Not-Before", draft.leaves_at.isoformat(timespec="minutes")),
            ("Not-After", latest.isoformat(timespec="minutes")),
            ("Segments", str(n)),
            ("Alphabet", f"{counted.alphabet} ({counted.units}/{counted.room})"),
        )
        lines = [f"{label}: {value}" for label, value in head if value]
        return Parcel("\n".join([*lines, "", draft.text]).encode("utf-8", "replace"), ".txt")

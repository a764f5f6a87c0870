"""Calls: who can be rung up, and the sheet that lies beside the telephone."""

from __future__ import annotations

from amable.adapters import typeset
from amable.adapters.telephones import number
from amable.plugs.channel import Parcel, Reach, Sheet


class Call:
    """A person who rings up, with one page in hand."""

    def reaches(self, contact: Reach) -> bool:
        """Whether there is a number that can be dialled."""
        return bool(contact.phone) and number(contact.phone, contact.country) is not None

    def print(self, sheet: Sheet) -> Parcel:
        """The sheet as a PDF of one A4 page: set smaller when it is long, then with its longest table cut, and said."""
        return Parcel(typeset.sheet(sheet), ".pdf")

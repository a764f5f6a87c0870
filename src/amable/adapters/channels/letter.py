"""Letters: whether a contact has a postal address, and the page that shows it in the window of an envelope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from amable.adapters import typeset
from amable.adapters.print_run import bind
from amable.core import postal
from amable.plugs.channel import Bound, Draft, Parcel, Reach


class NoPaperError(ValueError):
    """A draft without what a letter shows. Whoever composes for this channel gives it."""


class Letter:
    """A4 pages as PDF/A-2a and PDF/UA-1, to be printed, folded at the marks and posted."""

    def reaches(self, contact: Reach) -> bool:
        """Whether there is an address of at least a street and a town."""
        return postal.deliverable(contact.address)

    def compose(self, draft: Draft) -> Parcel:
        """The letter, dated on the day it leaves. Raises UnfitError when our fonts lack one of its letters."""
        if draft.paper is None:
            raise NoPaperError(draft.key)
        page = typeset.letter(draft.paper, draft.subject, draft.sender.name, draft.language, draft.leaves_at.date())
        return Parcel(page, ".pdf")

    def bind(self, letters: Sequence[bytes], *, title: str, language: str, day: date) -> Bound:
        """The letters in one PDF, tagged and archivable like each of them."""
        return bind(letters, title=title, language=language, day=day)

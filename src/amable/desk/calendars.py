"""The calendar of the creditor: where it works, its clock, and the days on which it writes to nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from amable.core import creditor as core
from amable.core import days as core_days
from amable.desk import amending
from amable.desk.door import Here
from amable.desk.spoken import here_and_now
from amable.organisation import calendars

_SHOWN: Final = 8
_AHEAD: Final = timedelta(days=400)


class Free(NamedTuple):
    """A day on which the creditor does not work; a closed day of its own has no name."""

    day: date
    name: str


class Calendar(amending.Settings):
    """Where and when the creditor works. Closed days are text, a line each, as a creditor file has them."""

    country = forms.ChoiceField()
    region = forms.CharField(required=False, max_length=6)
    timezone = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}))
    closed_days = forms.CharField(required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}))

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)
        country.choices = core.countries(get_language() or "en")

    @classmethod
    def of(cls, rows: Sequence[amending.Row]) -> Mapping[str, object]:
        """Closed days one after the other stand on one line."""
        shown = super().of(rows)
        closed = shown["closed_days"]
        assert isinstance(closed, list)
        return {**shown, "closed_days": "\n".join(core.in_stretches(closed))}

    def clean(self) -> None:
        """All four together: a region is one of its country."""
        given = self.cleaned_data
        if self.errors:
            return
        try:
            place = core.read_place(given["country"], given["region"], given["timezone"], given["closed_days"])
        except core.CreditorError as error:
            for problem in error.problems:
                field = next(
                    (name for name in self.fields if problem.rule.startswith(name.removesuffix("_days"))), None
                )
                self.add_error(field, here_and_now(f"creditor.{problem.rule}", **problem.params))
        else:
            self.cleaned_data = place._asdict()


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The calendar, and the next days it makes free."""
    return amending.page(
        request, here, "calendars", Calendar, (here.creditor,), free=_free(here),
        zones=core.zones(),
    )  # fmt: skip


def working_days(here: Here) -> core_days.Calendar:
    """The days on which the creditor works, its own closed ones taken out, for a year ahead."""
    years = (here.today.year, (here.today + _AHEAD).year)
    public = calendars.public(here.creditor.country, here.creditor.region, *years, here.language)
    return calendars.with_closed(public, here.creditor.closed_days, *years)


def _free(here: Here) -> list[Free]:
    """The next days off that are no weekend."""
    ours = working_days(here)
    days = sorted(day for day in ours.holidays if here.today <= day <= here.today + _AHEAD)
    return [Free(day, ours.holidays[day]) for day in days[:_SHOWN]]

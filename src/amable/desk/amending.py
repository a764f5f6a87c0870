"""A page of settings that two people may have open at once: nobody's change is lost, nobody's typing either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from amable.core.seals import seen
from amable.desk.door import Here, show, tell, to
from amable.desk.following import tell_saved
from amable.desk.spoken import Spoken
from amable.evidence import settings
from amable.evidence.settings import MeanwhileError
from amable.organisation.models import Creditor, Sending

Row = Creditor | Sending


class Settings(Spoken, forms.Form):
    """A form of settings."""

    area: ClassVar[str] = "settings"

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Mapping[str, object]:
        """What the fields show of the rows."""
        return {name: getattr(row, name) for row in rows for name in _of(row, cls)}

    def settings(self) -> Mapping[str, object]:
        """What the fields say the rows should be."""
        return self.cleaned_data


def _of(row: Row, form: type[Settings]) -> list[str]:
    names = {field.name for field in row._meta.get_fields()}
    return [name for name in form.base_fields if name in names]


def page(
    request: HttpRequest, here: Here, name: str, kind: type[Settings], rows: Sequence[Row], **facts: object
) -> HttpResponse:
    """Show settings and change them: template and route are called `name`."""
    seal, meanwhile = seen(settings.values(rows, kind.base_fields)), ""
    form = kind(request.POST if request.method == "POST" else None, initial=kind.of(rows))
    if request.method == "POST" and form.is_valid():
        try:
            changed = settings.change(
                here.creditor, rows, form.settings(), seen=request.POST.get("seen", ""), today=here.today, by=here.by
            )
        except MeanwhileError as error:
            for row in rows:
                row.refresh_from_db()
            seal, meanwhile = seen(settings.values(rows, kind.base_fields)), error.by
        else:
            if changed:
                tell_saved(request, here)
            else:
                tell(request, here, "settings.same")
            return redirect(to(here, name))
    now = kind(initial=kind.of(rows)) if meanwhile else None
    return show(request, here, f"{name}.html", form=form, seen=seal, meanwhile=meanwhile, now=now, **facts)

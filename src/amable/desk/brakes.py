"""The brakes: when plans are made, how much may leave, and what keeps it from leaving, each with its present effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse

from amable.correspondence import outbox
from amable.desk import amending
from amable.desk.door import Here, show
from amable.desk.spoken import here_and_now
from amable.dunning import brakes
from amable.organisation.models import Sending
from amable.plugs.channel import Reach
from amable.plugs.loading import channels


class Brakes(amending.Settings):
    """What a creditor sets."""

    plan_at = forms.TimeField(widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    undo_minutes = forms.IntegerField(min_value=0, max_value=24 * 60)
    daily_cap = forms.IntegerField(min_value=0, max_value=1_000_000)
    minimum = forms.DecimalField(min_value=Decimal(0), max_digits=12, decimal_places=3)
    per_minute = forms.IntegerField(min_value=1, max_value=60_000)
    per_minute_and_domain = forms.IntegerField(min_value=1, max_value=60_000)
    test_to = forms.CharField(required=False, max_length=254, widget=forms.EmailInput)
    heartbeat = forms.CharField(required=False, max_length=500, widget=forms.URLInput)

    @classmethod
    def of(cls, rows: Sequence[amending.Row]) -> Mapping[str, object]:
        """A round minimum without its zeros."""
        shown = super().of(rows)
        return {**shown, "minimum": f"{Decimal(str(shown['minimum'])).normalize():f}"}

    def clean_test_to(self) -> str:
        """An address mail can go to."""
        given: str = self.cleaned_data["test_to"].strip()
        if given and not channels()["email"].reaches(Reach(email=given)):
            raise forms.ValidationError(here_and_now("desk.settings.wrong_address"))
        return given

    def clean_heartbeat(self) -> str:
        """A web address."""
        given: str = self.cleaned_data["heartbeat"].strip()
        if given and not given.startswith(("https://", "http://")):
            raise forms.ValidationError(here_and_now("desk.settings.wrong_web_address"))
        return given


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """What is set, what holds now, and why nothing leaves where nothing does."""
    sending = Sending.objects.filter(creditor=here.creditor).select_related("creditor").first()
    if sending is None:
        return show(request, here, "brakes.html", form=None)
    holding = [brake.rule.partition(".")[0] for brake in brakes.brakes(sending, here.today, here.now)]
    return amending.page(
        request, here, "brakes", Brakes, (sending, here.creditor), sending=sending, brakes=holding,
        left=outbox.left_today(here.creditor, here.today),
    )  # fmt: skip

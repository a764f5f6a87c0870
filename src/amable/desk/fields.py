"""Fields of forms as people fill them: amounts however written, days from a calendar, texts a database can keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django import forms

from amable.core.finding import amounts_of, minors
from amable.core.languages import say, show_amount, show_money, show_short_date
from amable.core.money import Money
from amable.ledger.models import Item

LONGEST_TEXT: Final = 4_000


def day(label: str, hint: str = "", *, first: date | None = None, required: bool = True) -> forms.DateField:
    """A day, chosen from the browser's calendar."""
    attributes: dict[str, Any] = {"type": "date"} | ({"min": first.isoformat()} if first else {})
    return forms.DateField(
        label=label,
        help_text=hint,
        required=required,
        widget=forms.DateInput(attrs=attributes, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )


def line(label: str, hint: str = "", *, required: bool = True, most: int = 300) -> forms.CharField:
    """A line of text."""
    return forms.CharField(label=label, help_text=hint, required=required, max_length=most)


def text(label: str, hint: str = "", *, required: bool = True) -> forms.CharField:
    """A few lines of text."""
    return forms.CharField(
        label=label, help_text=hint, required=required, max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 3})
    )


class Amount(forms.CharField):
    """An amount in minor units of a currency, however written: `1.234,50`, `1,234.50`, `1234.5`."""

    def __init__(self, language: str, currency: str, **given: Any) -> None:
        super().__init__(max_length=30, **given)
        self.language, self.currency = language, currency
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> int | None:
        """The minor units; what could be two amounts is asked again, never guessed."""
        typed = super().clean(value)
        if not typed:
            return None
        found = {minor for one in amounts_of(typed) if (minor := minors(one, self.currency)) is not None}
        if len(found) == 1:
            return found.pop()
        rule = "two_amounts" if found else "no_amount"
        raise forms.ValidationError(say(f"desk.fields.{rule}", self.language, value=typed[:30], currency=self.currency))

    def prepare_value(self, value: Any) -> Any:
        """As the reader writes it."""
        return show_amount(Money(value, self.currency), self.language) if isinstance(value, int) else value


class Items(forms.TypedMultipleChoiceField):
    """Items of a customer to choose from, each with its amount and due date."""

    def __init__(self, items: Sequence[Item], language: str, **given: Any) -> None:
        choices = [(str(item.pk), _shown(item, language)) for item in items]
        super().__init__(coerce=int, choices=choices, widget=forms.CheckboxSelectMultiple, **given)


def _shown(item: Item, language: str) -> str:
    amount = show_money(Money(item.open, item.currency), language)
    return say("desk.agree.item", language, number=item.number, amount=amount, due=_short(item.due_on, language))


def _short(on: date, language: str) -> str:
    return show_short_date(on, language)


def currencies(items: Iterable[Item]) -> list[str]:
    """The currencies of some items, the first one's first."""
    return list(dict.fromkeys(item.currency for item in items))

"""What every template of the desk can say: sentences, amounts, days, icons and addresses."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from lucide.templatetags.lucide import lucide

from amable.core import languages
from amable.core.money import Money
from amable.desk.door import to as address_of
from amable.desk.pages import Page, listed
from amable.organisation.roles import May

register = template.Library()


def _language() -> str:
    return get_language() or "en"


@register.simple_tag
def say(key: str, **params: object) -> str:
    """A sentence of ours in the reader's language: `{% say "desk.leaving" n=3 %}`."""
    return languages.say(key, _language(), **params)


@register.simple_tag
def money(minor: int, currency: str) -> str:
    """An amount with its currency."""
    return languages.show_money(Money(minor, currency), _language())


@register.simple_tag
def figure(minor: int, currency: str) -> str:
    """An amount in a column of one currency: without its sign, zero as a dash."""
    return languages.show_amount(Money(minor, currency), _language()) if minor else "–"


@register.filter
def number(count: int) -> str:
    """A count with the reader's grouping."""
    return languages.show_number(count, _language())


@register.filter
def day(value: date | None) -> str:
    """A day in full: 17 March 2026."""
    return languages.show_date(value, _language()) if value else ""


@register.filter
def short_day(value: date | None) -> str:
    """A day in a table: 17 Mar 2026."""
    return languages.show_short_date(value, _language()) if value else ""


@register.filter
def at_ends(address: str) -> SafeString:
    """A mail address that goes on in the next line after its @, not within a word."""
    return SafeString("@<wbr>".join(escape(part) for part in address.split("@")))


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | None) -> str:
    """A moment on the creditor's clock, with its day."""
    return languages.show_moment(_here(context, value), _language()) if value else ""


@register.simple_tag(takes_context=True)
def clock(context: Context, value: datetime | None) -> str:
    """The time of day on the creditor's clock."""
    return languages.show_time(_here(context, value), _language()) if value else ""


def _here(context: Context, value: datetime) -> datetime:
    here = context.get("here")
    return value.astimezone(here.zone if here else ZoneInfo("UTC"))


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture that says nothing a word beside it does not say."""
    return _drawn(str(name))


@lru_cache(maxsize=256)
def _drawn(name: str) -> SafeString:
    return SafeString(lucide(name, size=None, **{"class": "icon", "aria-hidden": "true", "focusable": "false"}))


@register.simple_tag(takes_context=True)
def to(context: Context, name: str, **places: Any) -> str:
    """The address of a page of the same creditor: `{% to "customer" pk=3 %}`."""
    return address_of(context["here"], name, **places)


@register.simple_tag(takes_context=True)
def pages(context: Context) -> list[Page]:
    """The pages in the list at the side, for who reads."""
    return listed(context["here"], context["request"].path)


@register.simple_tag(takes_context=True)
def may(context: Context, what: str) -> bool:
    """Whether the reader may: `{% may "run" as runs %}`."""
    return bool(context["here"].may(May(what)))


@register.simple_tag
def quick() -> SafeString:
    """For a form whose answer takes the page's place without loading it anew; without JavaScript it is a plain form."""
    return SafeString(
        'hx-boost="true" hx-target="#main" hx-select="#main" hx-swap="outerHTML show:none" hx-select-oob="#told"'
    )

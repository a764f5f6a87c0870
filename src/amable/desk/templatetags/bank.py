"""Why a line of the bank seems to pay what it does, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.translation import get_language

from amable.core.languages import say
from amable.core.money import Money
from amable.core.paying import show_iban, valid_iban

register = template.Library()


@register.filter
def iban(account: str) -> str:
    """An account in the groups of four in which people read one; what is no IBAN stays as the bank wrote it."""
    return show_iban(account) if valid_iban(account) else account


@register.simple_tag
def match_reason(rule: str, params: Mapping[str, object]) -> str:
    """The sentence of a reason as it is kept: an amount among its parameters is a pair."""
    shown = {name: Money(*value) if isinstance(value, list) else value for name, value in params.items()}
    if isinstance(shown.get("iban"), str):
        shown["iban"] = iban(str(shown["iban"]))
    return say(f"match.{rule}", get_language() or "en", **shown)

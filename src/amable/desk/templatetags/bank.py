"""Why a line of the bank seems to pay what it does, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.translation import get_language

from amable.core.languages import say
from amable.core.money import Money

register = template.Library()


@register.simple_tag
def match_reason(rule: str, params: Mapping[str, object]) -> str:
    """The sentence of a reason as it is kept: an amount among its parameters is a pair."""
    shown = {name: Money(*value) if isinstance(value, list) else value for name, value in params.items()}
    return say(f"match.{rule}", get_language() or "en", **shown)

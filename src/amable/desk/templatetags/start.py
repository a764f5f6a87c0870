"""How much of the guided start lies ahead of who reads."""

from __future__ import annotations

from django import template
from django.template import Context

from amable.desk import steps

register = template.Library()


@register.simple_tag(takes_context=True)
def start_left(context: Context) -> int:
    """How many steps are left; none for whoever has no part in it."""
    return steps.left(context["here"])

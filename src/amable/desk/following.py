"""Says that settings were saved, and has today's plan follow them: what they change is never seen a day late."""

from __future__ import annotations

from django.http import HttpRequest

from amable.desk.door import Here, tell
from amable.work import planning


def tell_saved(request: HttpRequest, here: Here) -> None:
    """Settings of the creditor are other ones now."""
    followed = planning.follow(here.creditor, lambda: here.now, by=here.by)
    ending = "_following" if followed.job else "_followed" if followed.at_once else ""
    tell(request, here, f"settings.saved{ending}")

"""The pages that are looked at, by the name of their picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.sample_desk import SampleDesk


def views(desk: SampleDesk) -> dict[str, str]:
    """Where each of them is."""
    proposed, task = _of_today("email"), _of_today("check")
    return {
        "sign-in": f"{desk.address}/account/login/",
        "today": desk.page("today"),
        "today-filtered": desk.page("today") + "?show=mine&language=fr",
        "messages": desk.page("messages"),
        "messages-none": desk.page("messages") + "?text=nobody+is+called+so",
        "message": desk.page("message", message=proposed),
        "message-left": desk.page("message", message=_left()),
        "message-record": desk.page("message_record", message=proposed),
        "message-edit": desk.page("edit", message=proposed),
        "message-hold": desk.page("hold", message=proposed),
        "task": desk.page("outcome", task=task),
        "stop-sending": desk.page("stop"),
    }


def _of_today(act: str) -> str:
    """The key of the first message, or task, of today."""
    from amable import sample
    from amable.correspondence.models import Message
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    with acting_for(Creditor.objects.get()):
        of_today = Message.objects.filter(day=sample.TODAY, act=act).exclude(state="withdrawn").order_by("pk")
        return str(of_today.values_list("key", flat=True)[0])


def _left() -> str:
    """The key of the newest message that counts as sent."""
    from amable.correspondence.models import Message
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    with acting_for(Creditor.objects.get()):
        return str(Message.objects.filter(state="said", act="email").order_by("-pk").values_list("key", flat=True)[0])

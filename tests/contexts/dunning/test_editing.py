"""A person's own words: they leave as they were written, for the message they were written for, and for no other."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from amable.core import rewording
from amable.core.rewording import Words
from amable.correspondence.composing import Worded
from amable.correspondence.models import EditedWords, Message
from amable.dunning import editing
from amable.evidence.models import Entry, Personal
from amable.organisation.models import Creditor, Sending
from amable.work import duties
from tests.contexts.books import TODAY, paid, receive
from tests.contexts.office import BY_ITSELF, LATE, Office
from tests.servers.smtp import MailServer

MINE = "Dear Ana, this one I wrote myself."


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as listening:
        yield listening


@pytest.fixture
def office(acting: Creditor, server: MailServer) -> Office:
    return Office(acting, server)


def written(office: Office, message: Message) -> Words:
    """The words a message has, ours or somebody's."""
    rules = duties.procedure_of(office.creditor, Sending.objects.get())
    planned = editing.planned_now(office.creditor, rules, message, office.now, None)
    assert planned is not None
    worded = planned.words(None)
    assert isinstance(worded, Worded)
    return rewording.words_of(worded.rendered)


def edit(office: Office, message: Message, seen: int = 0, text: str = MINE, by: str = "marta") -> editing.Kept:
    words = written(office, message)
    mine = words._replace(texts=(*words.texts[:-1], f"{words.texts[-1]}\n\n{text}"))
    return editing.keep(office.creditor, message, mine, TODAY, office.now, seen=seen, by=by)


def sent(office: Office) -> list[str]:
    """Where the messages to customers stand after one pass over the outbox."""
    office.send()
    return office.states()


def text_of(data: bytes) -> str:
    mail = message_from_bytes(data, policy=default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


def test_what_was_edited_is_what_leaves_and_the_record_says_by_whom(office: Office) -> None:
    (message,) = office.plan(LATE)
    assert edit(office, message).done
    assert office.approve() == 1
    assert sent(office) == ["accepted"]
    (received,) = office.to_customers()
    assert MINE in text_of(received.data)
    (entry,) = Entry.objects.filter(kind="message.edited")
    assert dict(Personal.objects.filter(entry=entry).values_list("field", "value"))["by"] == "marta"


def test_words_for_a_larger_sum_do_not_leave_for_a_smaller_one_and_the_message_waits_again(office: Office) -> None:
    (message,) = office.plan(LATE)
    assert edit(office, message).done
    assert office.approve() == 1
    receive(office.creditor, paid("100.00", "F-1001"))
    assert sent(office) == ["proposed"]
    assert office.to_customers() == []
    assert EditedWords.objects.get().outdated
    assert Entry.objects.filter(kind="message.edit_set_aside").count() == 1
    assert office.approve() == 1
    assert sent(office) == ["accepted"]
    (received,) = office.to_customers()
    assert MINE not in text_of(received.data)


def test_nobody_overwrites_what_another_wrote_meanwhile(office: Office) -> None:
    (message,) = office.plan(LATE)
    assert edit(office, message, by="marta").done
    second = edit(office, message, by="jorge", text="And this is mine.")
    assert not second.done
    assert second.newer is not None
    assert second.newer.edited_by == "marta"
    assert MINE in EditedWords.objects.get().texts[-1]
    assert edit(office, message, seen=second.newer.version, by="jorge").done


def test_words_dropped_and_written_anew_are_not_taken_for_the_first_ones(office: Office) -> None:
    (message,) = office.plan(LATE)
    assert edit(office, message).done
    assert editing.discard(office.creditor, message, TODAY, office.now, seen=1, by="jorge")
    assert not edit(office, message, seen=1).done
    assert edit(office, message, seen=2).done


def test_what_has_left_is_no_longer_changed(office: Office) -> None:
    (message,) = office.plan(LATE)
    words = written(office, message)
    assert office.approve() == 1
    assert sent(office) == ["accepted"]
    kept = editing.keep(office.creditor, message, words, TODAY, office.now, seen=0, by="marta")
    assert (kept.done, kept.newer) == (False, None)
    assert not EditedWords.objects.exists()


def test_an_approval_of_somebody_s_words_is_not_one_of_ours_the_day_after(acting: Creditor, server: MailServer) -> None:
    office = Office(acting, server, undo_minutes=60)
    (message,) = office.plan(LATE)
    assert edit(office, message).done
    assert office.approve() == 1
    Sending.objects.update(server="")  # it does not leave today
    office.later(days=1)
    assert office.plan() != []
    assert set(Message.objects.filter(day=office.today, act="email").values_list("state", flat=True)) == {"proposed"}


def test_a_procedure_that_approves_by_itself_sends_somebody_s_words_too(acting: Creditor, server: MailServer) -> None:
    office = Office(acting, server, BY_ITSELF, undo_minutes=30)
    office.plan(LATE)
    message = Message.objects.get(act="email")
    assert message.state == "approved"
    assert edit(office, message).done
    office.later(minutes=31)
    assert sent(office) == ["accepted"]
    assert any(MINE in text_of(one.data) for one in office.to_customers())

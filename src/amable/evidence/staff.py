"""Who joins and leaves the staff of a creditor and what they may do there, each change with its entry in the record.

It stands here, and not in `organisation`, because the record stands above the rows it speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from amable.evidence import log
from amable.evidence.log import Event
from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for


class StaffError(Exception):
    """A change that is refused; the sentence is `desk.staff.refused_<rule>`."""

    def __init__(self, rule: str, **params: object) -> None:
        super().__init__(rule)
        self.rule, self.params = rule, params


def invite(creditor: Creditor, email: str, *, role: Role, language: str, today: date, by: str) -> Member:
    """Take somebody on the staff by their address. Raises StaffError where they are on it.

    Somebody new has no password yet and comes in by a link; who signs in here already goes on doing so.
    """
    with transaction.atomic():
        _staff_of(creditor)
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            user = User.objects.create_user(email.lower(), language=language)
        elif Member.objects.filter(creditor=creditor, user=user).exists():
            raise StaffError("already", member=user.get_full_name())
        member = Member.objects.create(creditor=creditor, user=user, role=role)
        _record(creditor, "staff.invited", today, by, user, role=role)
    return member


def change_role(member: Member, *, to: Role, was: str, today: date, by: str) -> None:
    """Let a member of staff do more or less, if they still have the role the person who asks has seen."""
    with transaction.atomic():
        now = _staff_of(member.creditor).get(member.pk)
        if now != was:
            raise StaffError("meanwhile", member=member.user.get_full_name())
        if now == to:
            return
        _keep_an_owner(member)
        Member.objects.filter(pk=member.pk).update(role=to)
        _record(member.creditor, "staff.role_changed", today, by, member.user, role=to, was=was)


def remove(member: Member, *, today: date, by: str) -> None:
    """Let somebody go: from the next click on nothing opens any more, and who works nowhere else is signed out."""
    with transaction.atomic():
        _staff_of(member.creditor)
        _keep_an_owner(member)
        Member.objects.filter(pk=member.pk).delete()
        if not Member.objects.filter(user=member.user).exists():
            end_sessions(member.user)
        _record(member.creditor, "staff.removed", today, by, member.user, role=member.role)


def help_in(member: Member, *, today: date, by: str) -> None:
    """Remember that a link was made by which this member of staff can choose a new password.

    Whoever holds the link can be them: so it is refused for those who work for another creditor too.
    """
    if not works_here_only(member):
        raise StaffError("elsewhere", member=member.user.get_full_name())
    _record(member.creditor, "staff.link_made", today, by, member.user)


def take_second_factor(member: Member, *, today: date, by: str) -> None:
    """Let somebody in again who lost their telephone: they sign in by password alone, until they set up another."""
    if not works_here_only(member):
        raise StaffError("elsewhere", member=member.user.get_full_name())
    with transaction.atomic():
        _without_second_factor(member.user)
        _record(member.creditor, "staff.second_factor_taken", today, by, member.user)


def rescue(user: User, now: datetime, *, by: str) -> None:
    """The same on the machine itself, for somebody no owner can help: each creditor they work for has it on record."""
    with transaction.atomic():
        _without_second_factor(user)
        for creditor, today in _workplaces(user, now):
            with acting_for(creditor):
                _record(creditor, "staff.second_factor_taken", today, by, user)


def _without_second_factor(user: User) -> None:
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)


def ask_second_factor(creditor: Creditor, *, asked: bool, today: date, by: str) -> None:
    """Ask a second factor of everybody on the staff, or of nobody any more."""
    with transaction.atomic():
        if Creditor.objects.filter(pk=creditor.pk).exclude(second_factor=asked).update(second_factor=asked):
            log.record(creditor, [Event("staff.second_factor_asked", today, {"asked": asked}, {"by": by})])


def signed_in(user: User, now: datetime, *, by_way_of: Sequence[str], address: str) -> None:
    """Remember a sign-in at each creditor whose staff they are; `address` is where from."""
    for creditor, today in _workplaces(user, now):
        personal = {"by": user.email, "address": address}
        with acting_for(creditor):
            log.record(creditor, [Event("staff.signed_in", today, {"ways": list(by_way_of)}, personal)])


def _workplaces(user: User, now: datetime) -> list[tuple[Creditor, date]]:
    """The creditors whose staff they are, each with its day."""
    creditors = [member.creditor for member in Member.objects.filter(user=user).select_related("creditor")]
    return [(creditor, now.astimezone(ZoneInfo(creditor.timezone)).date()) for creditor in creditors]


def works_here_only(member: Member) -> bool:
    """Whether nobody else would be concerned by what an owner here does with their way in."""
    return not Member.objects.filter(user=member.user_id).exclude(pk=member.pk).exists()


def end_sessions(user: User) -> None:
    """Sign somebody out wherever they are signed in."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def _staff_of(creditor: Creditor) -> dict[int, str]:
    """The role of each member of staff, by number; whoever else changes them waits until we are done."""
    Creditor.objects.select_for_update().get(pk=creditor.pk)
    return dict(Member.objects.filter(creditor=creditor).values_list("pk", "role"))


def _keep_an_owner(member: Member) -> None:
    owners = Member.objects.filter(creditor=member.creditor_id, role=Role.OWNER)
    if list(owners.values_list("pk", flat=True)) == [member.pk]:
        raise StaffError("last_owner", member=member.user.get_full_name())


def _record(creditor: Creditor, kind: str, today: date, by: str, user: User, **facts: object) -> None:
    log.record(creditor, [Event(kind, today, facts, {"by": by, "member": user.email})])

"""The staff: invited by a link, with a role, helped in again, and gone at a word; never without an owner."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from amable.evidence import log
from amable.evidence.models import Entry, Personal
from amable.ledger.models import Customer
from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from tests.desk.desks import Desk, neighbour

ANA = "ana@turia.example"
WORDS = "cuatro tornillos y medio"


def invited(desk: Desk, client: Client, email: str = ANA, role: str = Role.CONTROLLER) -> str:
    """The link an owner is shown for somebody new."""
    given = {"email": email, "role": role, "language": "es"}
    page = client.post(desk.address("staff"), given, follow=True).content.decode()
    found = re.search(r'value="(http://localhost/welcome/[^"]+)"', page)
    assert found, page
    return found[1].removeprefix("http://localhost")


def recorded(desk: Desk, kind: str) -> list[tuple[str, dict[str, str]]]:
    """The bodies of a kind, each with its personal values."""
    with acting_for(desk.creditor):
        return [
            (entry.body, dict(Personal.objects.filter(entry=entry).values_list("field", "value")))
            for entry in Entry.objects.filter(kind=kind).order_by("pk")
        ]


def told(client: Client, answer: Any) -> str:
    return str(client.get(answer.headers["Location"], follow=True).content.decode())


def test_who_is_invited_chooses_a_password_and_works_here(desk: Desk) -> None:
    owner = desk.client(Role.OWNER)
    link = invited(desk, owner)
    assert link not in owner.get(desk.address("staff")).content.decode(), "it is shown once"
    ana = desk.stranger()
    assert ana.post(link, {"name": "Ana Peris", "password1": WORDS, "password2": WORDS}).status_code == 302
    page = ana.get("/", follow=True).content.decode()
    assert 'lang="es"' in page
    assert "Ana Peris" in page
    assert ana.get(desk.address("staff")).status_code == 403
    ((body, personal),) = recorded(desk, "staff.invited")
    assert '"role":"controller"' in body
    assert personal == {"by": desk.member(Role.OWNER).user.email, "member": ANA}
    assert WORDS not in str(recorded(desk, "staff.signed_in"))
    assert link not in str(list(User.objects.values_list()))


def test_nobody_is_invited_twice(desk: Desk) -> None:
    owner = desk.client(Role.OWNER)
    invited(desk, owner)
    page = owner.post(
        desk.address("staff"), {"email": ANA.upper(), "role": "viewer", "language": "en"}
    ).content.decode()
    assert "is on the staff already" in page
    assert Member.objects.get(user__email=ANA).role == Role.CONTROLLER


def test_who_signs_in_here_already_is_given_no_link_that_an_owner_could_use(desk: Desk) -> None:
    theirs = neighbour(desk.creditor)
    person = theirs.member(Role.OWNER).user
    owner = desk.client(Role.OWNER)
    page = owner.post(desk.address("staff"), {"email": person.email, "role": "viewer", "language": "en"}, follow=True)
    assert "/welcome/" not in page.content.decode()
    member = Member.objects.get(creditor=desk.creditor, user=person)
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    for name in ("help_in", "take_second_factor"):
        answer = owner.post(desk.address(name, member=member.pk))
        assert "also works for another creditor" in told(owner, answer)
    assert Authenticator.objects.filter(user=person).exists()
    assert recorded(desk, "staff.link_made") == []


def test_a_role_holds_from_the_next_click(desk: Desk) -> None:
    controller, owner = desk.client(Role.CONTROLLER), desk.client(Role.OWNER)
    member = desk.member(Role.CONTROLLER)
    assert controller.get(desk.address("audit")).status_code == 403
    owner.post(desk.address("change_role", member=member.pk), {"role": "owner", "was": "controller"})
    assert controller.get(desk.address("audit")).status_code == 200
    ((body, _),) = recorded(desk, "staff.role_changed")
    assert ('"role":"owner"' in body, '"was":"controller"' in body) == (True, True)


def test_of_two_who_change_a_role_at_once_the_second_is_told(desk: Desk) -> None:
    member, owner = desk.member(Role.CONTROLLER), desk.client(Role.OWNER)
    owner.post(desk.address("change_role", member=member.pk), {"role": "manager", "was": "controller"})
    answer = owner.post(desk.address("change_role", member=member.pk), {"role": "viewer", "was": "controller"})
    assert "has just changed the role" in told(owner, answer)
    assert Member.objects.get(pk=member.pk).role == Role.MANAGER


@pytest.mark.parametrize("action", ["change_role", "remove_member"])
def test_there_is_always_an_owner(desk: Desk, action: str) -> None:
    owner, member = desk.client(Role.OWNER), desk.member(Role.OWNER)
    answer = owner.post(desk.address(action, member=member.pk), {"role": "viewer", "was": "owner"})
    assert "is the only owner" in told(owner, answer)
    assert Member.objects.get(pk=member.pk).role == Role.OWNER
    another = User.objects.create_user("second@turia.example")
    Member.objects.create(creditor=desk.creditor, user=another, role=Role.OWNER)
    owner.post(desk.address(action, member=member.pk), {"role": "viewer", "was": "owner"})
    assert not Member.objects.filter(pk=member.pk, role=Role.OWNER).exists()


def test_who_is_removed_is_out_at_once(desk: Desk) -> None:
    controller, owner = desk.client(Role.CONTROLLER), desk.client(Role.OWNER)
    assert controller.get(desk.address("today")).status_code == 200
    owner.post(desk.address("remove_member", member=desk.member(Role.CONTROLLER).pk))
    assert controller.get(desk.address("today")).headers["Location"].startswith("/account/login/"), "signed out"
    assert owner.get(desk.address("today")).status_code == 200


def test_who_is_removed_here_stays_signed_in_elsewhere(desk: Desk) -> None:
    theirs = neighbour(desk.creditor)
    member = desk.member(Role.CONTROLLER)
    Member.objects.create(creditor=theirs.creditor, user=member.user, role=Role.VIEWER)
    controller = desk.client(Role.CONTROLLER)
    assert controller.get(theirs.address("today")).status_code == 200
    desk.client(Role.OWNER).post(desk.address("remove_member", member=member.pk))
    assert [controller.get(one.address("today")).status_code for one in (desk, theirs)] == [404, 200]


def test_who_forgot_their_password_is_helped_by_an_owner(desk: Desk) -> None:
    owner, member = desk.client(Role.OWNER), desk.member(Role.CONTROLLER)
    page = owner.post(desk.address("help_in", member=member.pk), follow=True).content.decode()
    found = re.search(r"/welcome/[^\"]+", page)
    assert found
    assert desk.stranger().post(found[0], {"name": "C", "password1": WORDS, "password2": WORDS}).status_code == 302
    assert len(recorded(desk, "staff.link_made")) == 1


def test_who_lost_their_telephone_is_helped_by_an_owner(desk: Desk) -> None:
    owner, member = desk.client(Role.OWNER), desk.member(Role.CONTROLLER)
    TOTP.activate(member.user, "JBSWY3DPEHPK3PXP")
    owner.post(desk.address("take_second_factor", member=member.pk))
    assert not Authenticator.objects.filter(user=member.user).exists()
    assert len(recorded(desk, "staff.second_factor_taken")) == 1


def test_a_second_factor_can_be_asked_of_everybody(desk: Desk) -> None:
    owner, controller = desk.client(Role.OWNER), desk.client(Role.CONTROLLER)
    answer = owner.post(desk.address("ask_second_factor"), {"asked": "1"})
    assert "your own second factor first" in told(owner, answer)
    TOTP.activate(desk.member(Role.OWNER).user, "JBSWY3DPEHPK3PXP")
    owner.post(desk.address("ask_second_factor"), {"asked": "1"})
    assert Creditor.objects.get(pk=desk.creditor.pk).second_factor
    for method in (controller.get, controller.post):
        assert method(desk.address("profile")).headers["Location"] == "/account/second-factor/"
    assert controller.get("/account/second-factor/").status_code == 200
    TOTP.activate(desk.member(Role.CONTROLLER).user, "JBSWY3DPEHPK3PXP")
    assert controller.get(desk.address("profile")).status_code == 200


def test_how_many_customers_are_an_account_managers_own(desk: Desk) -> None:
    with acting_for(desk.creditor):
        Customer.objects.filter(key="C-2").update(manager_email=desk.member(Role.MANAGER).user.email.upper())
    assert "1 customer of their own" in desk.get("staff", Role.OWNER).content.decode()


def test_a_long_list_of_people_comes_in_pages(desk: Desk) -> None:
    for n in range(60):
        one = User.objects.create(email=f"many{n:02}@luz.example", name=f"Zoe {n:02}")
        Member.objects.create(creditor=desk.creditor, user=one, role=Role.VIEWER)
    owner = desk.client(Role.OWNER)
    first, second = (owner.get(f"{desk.address('staff')}?page={page}").content.decode() for page in (1, 2))
    assert ("Zoe 00" in first, "Zoe 59" in first) == (True, False)
    assert ("Zoe 00" in second, "Zoe 59" in second) == (False, True)
    last = Member.objects.get(user__name="Zoe 59")
    asked = {"role": "controller", "was": "viewer", "next": f"{desk.address('staff')}?page=2"}
    assert owner.post(desk.address("change_role", member=last.pk), asked).headers["Location"] == asked["next"]


def test_names_with_anything_in_them_are_shown_and_do_nothing(desk: Desk) -> None:
    User.objects.filter(pk=desk.member(Role.CONTROLLER).user_id).update(name='"><script>alert(1)</script>{{ 7|add:7 }}')
    page = desk.get("staff", Role.OWNER).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7|add:7 }}" in page


def test_the_record_of_all_this_is_whole(desk: Desk) -> None:
    invited(desk, desk.client(Role.OWNER))
    with acting_for(desk.creditor):
        log.seal(desk.creditor)
        assert log.verify(desk.creditor) == []

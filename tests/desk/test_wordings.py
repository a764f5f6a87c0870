"""Wordings at the desk: changed with a preview, kept from doing harm, gone back from, and taken in and out as files."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from amable.core import own_wordings, wording_text
from amable.correspondence import wordings
from amable.correspondence.models import StoredWording, WordingVersion
from amable.dunning import trying
from amable.evidence.models import Entry
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.work import duties
from tests.contexts.office import NOON
from tests.desk.desks import Desk, own_name, worded

OURS = wording_text.ours("es", "early_late")
KIND = wording_text.body_of(OURS).replace("Quizá se haya pasado por alto", "Quizá se les haya pasado")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk with a wording of its own."""
    with acting_for(desk.creditor):
        worded(desk.creditor)
    return desk


def typed(body: str = KIND, **other: Any) -> dict[str, Any]:
    """The form as a browser sends it for the first reminder in Spanish."""
    subject = "Factura {{ invoice.number }}: pendiente desde el {{ invoice.due_date }}"
    form = {"language": "es", "name": "early_late", "subject": subject, "body": body, "variant": "any", "note": ""}
    return form | {"seen": wordings.digest(OURS)} | other


def page(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def in_force(desk: Desk, name: str = "early_late", language: str = "es") -> str:
    with acting_for(desk.creditor):
        return wordings.text_of(desk.creditor, language, name)


def save(desk: Desk, body: str = KIND, **other: Any) -> HttpResponse:
    return desk.post("wording_save", typed(body, **other))


def test_a_saved_wording_is_a_version_and_what_leaves_today_speaks_in_it(desk: Desk) -> None:
    answer = save(desk, note="Así hablamos")
    assert answer.status_code == 303
    assert wording_text.body_of(in_force(desk)) == KIND
    with acting_for(desk.creditor):
        [version] = wordings.versions(desk.creditor, "es", "early_late")
        library = duties.wordings_of(desk.creditor)
        entry = Entry.objects.filter(creditor=desk.creditor, kind="wording.changed").latest("pk")
    assert (version.number, version.made_by, version.note) == (
        1,
        f"controller@{desk.creditor.ref}.example",
        "Así hablamos",
    )
    assert "les haya pasado" in next(one for one in library["early_late", "es"] if one.id == "early_late").body
    assert "early_late" in str(entry.body)
    shown = page(desk.client().get(answer.headers["Location"]))
    assert "1 message of today" in shown
    assert "This is what Talleres Hermanos Ruiz" in shown or "is to get today" in shown


def test_our_head_stays_as_it_is_when_only_words_change(desk: Desk) -> None:
    save(desk)
    before, after = OURS.split("\n"), in_force(desk).split("\n")
    assert [line for line in after if line not in before] == [line for line in KIND.split("\n") if line not in OURS]


def test_what_blocks_is_refused_with_everything_typed(desk: Desk) -> None:
    answer = save(desk, KIND + "\nPague inmediatamente!!! {{ invoice.nmber }}")
    shown = page(answer)
    assert answer.status_code == 200
    assert "Not saved" in shown
    assert "There is no field “invoice.nmber”. Did you mean “invoice.number”?" in shown
    assert "Pague inmediatamente!!! {{ invoice.nmber }}" in shown
    assert in_force(desk) == OURS


def test_a_warning_is_asked_about_once_and_saved_when_it_is_said_again(desk: Desk) -> None:
    body = KIND.replace("; si ya la ha pagado, no tenga en cuenta este mensaje", "")
    shown = page(save(desk, body))
    assert "worth a second look" in shown
    assert in_force(desk) == OURS
    sure = re.search(r'name="sure" value="(\w+)"', shown)
    assert sure
    assert save(desk, body + " Gracias.", sure=sure[1]).status_code == 200  # other words are asked about again
    assert save(desk, body, sure=sure[1]).status_code == 303
    assert wording_text.body_of(in_force(desk)) == body


def test_the_slower_of_two_loses_nothing_and_overwrites_nothing(desk: Desk) -> None:
    save(desk)
    mine = KIND.replace("se les haya pasado", "se les haya traspapelado")
    shown = page(save(desk, mine))
    assert f"controller@{desk.creditor.ref}.example saved another text meanwhile" in shown
    assert "traspapelado" in shown
    assert "se les haya pasado" in in_force(desk)
    seen = re.search(r'name="seen" value="(\w+)"', shown[shown.index('id="editor"') :])
    assert seen
    assert save(desk, mine, seen=seen[1]).status_code == 303
    assert "traspapelado" in in_force(desk)


def test_a_change_that_leaves_somebody_without_words_is_refused(desk: Desk) -> None:
    own = wording_text.ours("es", "thank_you")
    template = own_wordings.examine(own, "thank_you").template
    assert template
    form = {"language": "es", "name": "thank_you", "subject": template.subject, "variant": "regular", "note": ""}
    form |= {"body": wording_text.body_of(own), "seen": wordings.digest(own)}
    shown = page(desk.post("wording_save", form))
    assert "somebody could not be written to any more" in shown
    assert "new customers" in shown
    assert in_force(desk, "thank_you") == own


def test_one_goes_back_to_an_earlier_version_and_to_ours(desk: Desk) -> None:
    save(desk)
    second = KIND.replace("se les haya pasado", "se les haya traspapelado")
    save(desk, second, seen=wordings.digest(in_force(desk)))
    with acting_for(desk.creditor):
        first = WordingVersion.objects.get(creditor=desk.creditor, wording="early_late", number=1)
    desk.post("wording_back", {"seen": wordings.digest(in_force(desk))}, wording_version=first.pk)
    assert wording_text.body_of(in_force(desk)) == KIND
    places = {"spoken": "es", "wording": "early_late"}
    desk.post("wording_take_away", {"seen": "something older"}, **places)
    assert wording_text.body_of(in_force(desk)) == KIND
    desk.post("wording_take_away", {"seen": wordings.digest(in_force(desk))}, **places)
    assert in_force(desk) == OURS
    with acting_for(desk.creditor):
        numbers = [one.number for one in wordings.versions(desk.creditor, "es", "early_late")]
    assert numbers == [4, 3, 2, 1]


def test_a_variant_is_added_and_removed_and_told_where_it_lacks(desk: Desk) -> None:
    shown = page(desk.client().get(desk.address("wording_new") + "?from=es/early_late"))
    assert 'value="early_late.own1"' in shown
    new = {"source": "es/early_late", "name": "early_late.own1", "seen": wordings.digest("")}
    assert "choose another name" in page(save(desk, **(new | {"name": "early_late"})))
    assert "small letters" in page(save(desk, **(new | {"name": "../early"})))
    assert save(desk, **new).status_code == 303
    assert in_force(desk, "early_late.own1")
    assert "early_late.own1" in page(desk.get("wordings_parity"))
    seen = wordings.digest(in_force(desk, "early_late.own1"))
    desk.post("wording_take_away", {"seen": seen}, spoken="es", wording="early_late.own1")
    assert in_force(desk, "early_late.own1") == ""


def test_the_preview_follows_what_is_typed_and_keeps_nothing(desk: Desk) -> None:
    client = desk.client()
    answer = client.post(
        desk.address("wording_look"), typed(KIND + "\n\nHasta pronto."), headers={"HX-Request": "true"}
    )
    shown = page(answer)
    assert "<html" not in shown
    assert "Hasta pronto." in shown
    address = re.search(r'src="([^"]+paper[^"]+)"', shown)
    assert address
    paper = client.get(address[1])
    assert "Hasta pronto." in paper.content.decode()
    assert "sandbox" in paper.headers["Content-Security-Policy"]
    assert "script" not in paper.headers["Content-Security-Policy"]
    letter = client.get(address[1].replace("/paper", "/letter"))
    assert letter.content.startswith(b"%PDF")
    assert client.get(address[1][:-3] + "abc").content == b""
    assert in_force(desk) == OURS
    with acting_for(desk.creditor):
        assert not StoredWording.objects.filter(creditor=desk.creditor, name="es/early_late.md").exists()


def test_a_viewer_reads_and_an_account_manager_sees_own_customers_only(desk: Desk) -> None:
    shown = page(desk.get("wording", Role.VIEWER, spoken="es", wording="early_late"))
    assert "is to get today" in shown
    assert 'name="body"' not in shown
    assert "is to get today" not in page(desk.get("wording", Role.MANAGER, spoken="es", wording="early_late"))


def test_files_go_out_and_come_in_again(desk: Desk) -> None:
    save(desk)
    packed = desk.get("wordings_export").content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert sorted(archive.namelist()) == sorted(["es/early_late.md", f"es/{own_name(desk.creditor)}.md"])
    changed = in_force(desk).replace("se les haya pasado", "se les haya traspapelado")
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w") as archive:
        archive.writestr("palabras/es/early_late.md", changed)
    answer = desk.client().post(
        desk.address("wordings_file"), {"file": SimpleUploadedFile("ours.zip", again.getvalue())}
    )
    assert answer.status_code == 303
    assert in_force(desk) == changed


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("early_late.md", OURS.replace("Hola,", "PAGUE ¡¡YA!! {{ x.y }}").encode(), "line "),
        ("broken.zip", b"PK\x03\x04 nothing", "cannot be read"),
        ("early_late.md", "ñ".encode("latin-1"), "UTF-8"),
        ("Carta Nueva.md", OURS.encode(), "named in small letters"),
        ("notes.zip", b"PK\x05\x06" + bytes(18), "no wording in it"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing_and_says_why(desk: Desk, name: str, data: bytes, said: str) -> None:
    shown = page(desk.client().post(desk.address("wordings_file"), {"file": SimpleUploadedFile(name, data)}))
    assert "Nothing was taken" in shown
    assert said in shown
    assert in_force(desk) == OURS


def test_what_configure_gives_has_versions_too(desk: Desk) -> None:
    save(desk)
    with acting_for(desk.creditor):
        given = {"casa/es/early_late.md": in_force(desk).replace("Hola", "Buenas")}
        wordings.replace_all(desk.creditor, given, wordings.Saving(NOON.date(), NOON, ""))
        texts = [one.text for one in wordings.versions(desk.creditor, "es", "early_late")]
        gone = wordings.versions(desk.creditor, "es", own_name(desk.creditor))[0]
    assert len(texts) == 2
    assert "Buenas" in in_force(desk)
    assert gone.text == ""
    assert save(desk, seen=wordings.digest(in_force(desk))).status_code == 303  # the desk changes the same row
    with acting_for(desk.creditor):
        assert StoredWording.objects.get(creditor=desk.creditor).name == "casa/es/early_late.md"


def test_who_gets_it_today_is_offered_first(desk: Desk) -> None:
    with acting_for(desk.creditor):
        from amable.core.procedure_check import read
        from amable.dunning import procedures
        from amable.ledger.models import Customer

        rules = read(procedures.text_in_force(desk.creditor))
        template = own_wordings.examine(OURS, "early_late").template
        assert rules
        assert template
        mine = Customer.objects.filter(creditor=desk.creditor)
        first = trying.candidates(rules, template, mine, NOON.date())[0]
        due = trying.waiting(rules, template, mine, NOON.date()).get()
    assert due.customer_id == first.pk

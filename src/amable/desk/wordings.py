"""Wordings: which there are, what is missing, one of them with its preview as it is typed, and files in and out."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from amable.core import own_wordings, wording, wording_text
from amable.core.languages import LANGUAGES, say
from amable.core.procedure import Procedure
from amable.core.procedure_check import read, stages
from amable.correspondence import composing, wordings
from amable.correspondence.models import WordingVersion
from amable.correspondence.wordings import ChangedMeanwhileError, Saving, UnfitError
from amable.desk import wording_pages as sheets
from amable.desk.door import Here, back, show, tell, to
from amable.desk.wording_pages import Sheet
from amable.dunning import procedures, trying
from amable.plugs.channel import UnfitError as UnprintableError

LARGEST: Final = 4 * 2**20  # bytes of a file with wordings
_MOST_FILES: Final = 1000
_PAPER: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox; base-uri 'none'"
)


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """All stages, those of the procedure first, with filters."""
    rules, library = _rules(here), wordings.in_force(here.creditor)
    own = wordings.own(here.creditor)
    listed = sheets.rows(here, rules, library, own)
    wanted = {name: request.GET.get(name, "") for name in ("channel", "show")}
    shown = [row for row in listed if _wanted(row, wanted["show"]) and wanted["channel"] in ("", row.channel)]
    return show(
        request, here, "wordings.html",
        rows=shown, wanted=wanted, channels=sheets.CHANNELS, own=len(own), languages=sheets.LANGUAGE_NAMES.items(),
        lacking=[sheets.gap_words(gap, here.language) for gap in _lacking(rules, library)],
    )  # fmt: skip


def _wanted(row: sheets.Row, what: str) -> bool:
    """Whether a filter lets a row through."""
    if what == "used":
        return row.used
    if what == "own":
        return row.own > 0
    return what != "problems" or bool(row.warnings or row.lacking)


def _rules(here: Here) -> Procedure | None:
    """The procedure in force."""
    return read(procedures.text_in_force(here.creditor))


def _lacking(rules: Procedure | None, library: wording.Library) -> list[wording.Gap]:
    return wording.gaps(stages(rules), library) if rules else []


def parity(request: HttpRequest, here: Here) -> HttpResponse:
    """What is missing, stage by stage and language by language; made to be printed."""
    rules, library = _rules(here), wordings.in_force(here.creditor)
    return show(
        request, here, "wordings_parity.html",
        rows=sheets.parity(here, rules, library), languages=sheets.LANGUAGE_NAMES.items(),
        lone=sheets.lone(here, wordings.own(here.creditor)), name=rules.name if rules else "",
        lacking=[sheets.gap_words(gap, here.language) for gap in _lacking(rules, library)],
    )  # fmt: skip


# --- one wording -----------------------------------------------------------------------------------------------------


def one(request: HttpRequest, here: Here, spoken: str, wording: str) -> HttpResponse:
    """A wording: its text, its preview on a customer, its versions."""
    sheet = _sheet(here, spoken, wording)
    return _editor(request, here, sheet, seen=wordings.digest(sheet.text), given=request.GET.dict())


def _sheet(here: Here, language: str, name: str) -> Sheet:
    """A wording in force; 404 when there is none of that name."""
    text = wordings.text_of(here.creditor, language, name)
    if not text:
        raise Http404
    return Sheet(language, name, text)


def _editor(
    request: HttpRequest, here: Here, sheet: Sheet, /, *, seen: str, given: dict[str, str], **facts: Any
) -> HttpResponse:
    """The page of a wording, as it stands or as it was typed; only its right half where htmx asked."""
    rules, library = _rules(here), wordings.in_force(here.creditor)
    own = wordings.own(here.creditor)
    tried = sheets.facts(here, rules, sheet, given.get("customer", ""), given.get("find", "").strip()[:100])
    seen_facts = {
        "sheet": sheet, "look": sheets.look(here, rules, sheet, tried["customer"]), "find": given.get("find", "")[:100],
        **tried,
    }  # fmt: skip
    if request.headers.get("HX-Request") and facts.get("part"):
        return show(request, here, "parts/wording_seen.html", **seen_facts)
    standing = own_wordings.examine(
        wordings.text_of(here.creditor, sheet.language, sheet.name) or sheet.text, sheet.name
    ).template
    if standing is None:
        raise Http404
    fields = {
        "subject": given["subject"] if "subject" in given else sheets.subject_of(sheet.text, sheet.name),
        "body": given["body"] if "body" in given else wording_text.body_of(sheet.text),
        "variant": given.get("variant") or standing.variant,
        "note": given.get("note", ""),
    }
    new = facts.pop("new", False)
    facts = {"conflict": None} | facts
    mine = own.get((sheet.language, sheet.name))
    return show(
        request, here, "wording.html",
        **seen_facts, fields=fields, seen=seen, new=new, standing=standing, mine=mine,
        ours=wording_text.ours(sheet.language, sheet.name), source=given.get("source", ""),
        title=sheets.stage_name(standing.stage, here.language), spoken=sheets.LANGUAGE_NAMES[sheet.language],
        siblings={} if new else sheets.siblings(here, standing, library, own),
        variants=[(one, one == fields["variant"]) for one in sheets.VARIANTS], palette=sheets.palette(here, sheet),
        beside=sheets.beside(here, sheet, library),
        versions=[] if new else _versions(here, sheet), **facts,
    )  # fmt: skip


def _versions(here: Here, sheet: Sheet) -> list[dict[str, Any]]:
    """The versions, each with how it differs from the one before it."""
    listed = wordings.versions(here.creditor, sheet.language, sheet.name)
    ours = wording_text.ours(sheet.language, sheet.name)
    texts = [one.text or ours for one in listed]
    before = [*texts[1:], ours][: len(texts)]
    return [
        {"version": one, "current": place == 0, "lines": procedures.changed_lines(was, text)}
        for place, (one, text, was) in enumerate(zip(listed, texts, before, strict=True))
    ]


def new(request: HttpRequest, here: Here) -> HttpResponse:
    """Another variant, or the same in another language, begun from a wording there is."""
    language, _, name = request.GET.get("from", "").partition("/")
    spoken = request.GET.get("to", language)
    if not (language and name and spoken in LANGUAGES):
        return HttpResponse(status=302, headers={"Location": to(here, "wordings")})
    sheet = _sheet(here, language, name)
    template = own_wordings.examine(sheet.text, name).template
    if template is None:
        raise Http404
    library = wordings.in_force(here.creditor)
    called = name if spoken != language else sheets.free_name(template.stage, language, library)
    text = wording_text.rewritten(
        sheet.text, language=spoken, subject=template.subject, body=wording_text.body_of(sheet.text),
        variant=template.variant,
    )  # fmt: skip
    given = {"source": f"{language}/{name}"}
    return _editor(request, here, Sheet(spoken, called, text), seen=wordings.digest(""), given=given, new=True)


def look(request: HttpRequest, here: Here) -> HttpResponse:
    """What was typed, checked and filled in; nothing is kept."""
    sheet, is_new = _typed(request, here)
    seen = request.POST.get("seen", "")
    return _editor(request, here, sheet, seen=seen, given=request.POST.dict(), part=True, new=is_new)


def _typed(request: HttpRequest, here: Here) -> tuple[Sheet, bool]:
    """What somebody typed, on the head of the wording in force or of the one it was begun from; whether it is new."""
    form = request.POST
    language, name = form.get("language", ""), form.get("name", "").strip()
    if language not in LANGUAGES or "subject" not in form or "body" not in form:
        raise Http404
    is_new = bool(form.get("source"))
    source_language, _, source = form.get("source", "").partition("/")
    base = _sheet(here, source_language, source) if is_new else _sheet(here, language, name)
    variant = form.get("variant", "")
    text = wording_text.rewritten(
        base.text, language=language, subject=form["subject"], body=form["body"],
        variant=variant if variant in sheets.VARIANTS else "any",
    )  # fmt: skip
    return Sheet(language, name, text), is_new


def save(request: HttpRequest, here: Here) -> HttpResponse:
    """Put what was typed in force; what must not be, or was changed meanwhile, comes back with everything typed."""
    sheet, is_new = _typed(request, here)
    given, seen = request.POST.dict(), request.POST.get("seen", "")

    def again(**facts: Any) -> HttpResponse:
        return _editor(request, here, sheet, seen=facts.pop("seen", seen), given=given, new=is_new, **facts)

    if is_new and not wording_text.is_name(sheet.name):
        return again(refused="name")
    if is_new and wordings.text_of(here.creditor, sheet.language, sheet.name):
        return again(refused="taken")
    examined = wordings.examined_as(sheet.text, sheet.language, sheet.name)
    if not examined.usable:
        return again(refused="unfit")
    if examined.problems and request.POST.get("sure") != wordings.digest(sheet.text):
        return again(asked=wordings.digest(sheet.text))
    if not is_new and wordings.text_of(here.creditor, sheet.language, sheet.name) == sheet.text:
        tell(request, here, "wordings.unchanged")
        return _to_one(here, sheet.language, sheet.name)
    try:
        version = wordings.save(
            here.creditor, sheet.language, sheet.name, sheet.text, _saving(request, here), seen=seen
        )
    except ChangedMeanwhileError:
        newer = wordings.text_of(here.creditor, sheet.language, sheet.name)
        latest = next(iter(wordings.versions(here.creditor, sheet.language, sheet.name)), None)
        lines = procedures.changed_lines(newer, sheet.text)
        return again(conflict=lines, seen=wordings.digest(newer), who=latest.made_by if latest else "")
    except UnfitError as error:
        return again(refused="lacking", lacking=[sheets.gap_words(gap, here.language) for gap in error.lacking])
    _tell_saved(request, here, sheet, version)
    return _to_one(here, sheet.language, sheet.name)


def _to_one(here: Here, language: str, name: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": to(here, "wording", spoken=language, wording=name)})


def _saving(request: HttpRequest, here: Here, note: str = "") -> Saving:
    rules = _rules(here)
    note = note or " ".join(request.POST.get("note", "").split())
    return Saving(here.today, here.now, here.by, note, tuple(stages(rules)) if rules else ())


def _tell_saved(request: HttpRequest, here: Here, sheet: Sheet, version: WordingVersion) -> None:
    """What was saved, and how many messages of today may speak in these words."""
    rules = _rules(here)
    template = own_wordings.examine(sheet.text, sheet.name).template
    leaving = trying.waiting(rules, template, here.customers, here.today).count() if rules and template else 0
    tell(request, here, "wordings.saved_today" if leaving else "wordings.saved", version=version.number, n=leaving)


def take_away(request: HttpRequest, here: Here, spoken: str, wording: str) -> HttpResponse:
    """Go back to ours, or take a variant of one's own away."""
    _sheet(here, spoken, wording)
    seen = request.POST.get("seen", "")
    note = say("desk.wordings.taken_away_note", here.creditor.language)
    try:
        wordings.take_away(here.creditor, spoken, wording, _saving(request, here, note), seen=seen)
    except ChangedMeanwhileError:
        tell(request, here, "wordings.looked_at_older", level=messages.ERROR)
        return _to_one(here, spoken, wording)
    except UnfitError as error:
        what = "; ".join(sheets.gap_words(gap, here.language) for gap in error.lacking)
        tell(request, here, "wordings.would_lack", level=messages.ERROR, what=what)
        return _to_one(here, spoken, wording)
    ours = wording_text.ours(spoken, wording)
    tell(request, here, "wordings.ours_again" if ours else "wordings.removed")
    return _to_one(here, spoken, wording) if ours else back(request, here, "wordings")


def go_back(request: HttpRequest, here: Here, wording_version: int) -> HttpResponse:
    """Put an earlier version in force again, as a new one."""
    found = get_object_or_404(WordingVersion, creditor=here.creditor, pk=wording_version)
    key = found.language, found.wording
    note = say("desk.wordings.back_note", here.creditor.language, version=found.number)
    saving, seen = _saving(request, here, note), request.POST.get("seen", "")
    try:
        if found.text:
            version = wordings.save(here.creditor, *key, found.text, saving, seen=seen)
            _tell_saved(request, here, Sheet(*key, found.text), version)
        else:
            wordings.take_away(here.creditor, *key, saving, seen=seen)
            tell(request, here, "wordings.ours_again")
    except ChangedMeanwhileError:
        tell(request, here, "wordings.looked_at_older", level=messages.ERROR)
    except UnfitError as error:
        what = [sheets.gap_words(gap, here.language) for gap in error.lacking]
        what += [sheets.problem_words(problem, here.language) for problem in error.problems]
        tell(request, here, "wordings.would_lack", level=messages.ERROR, what="; ".join(what))
    if not wordings.text_of(here.creditor, *key):
        return back(request, here, "wordings")
    return _to_one(here, *key)


# --- how it looks ----------------------------------------------------------------------------------------------------


def paper(request: HttpRequest, here: Here) -> HttpResponse:
    """A wording as a mail program shows it, in a frame of its own where nothing runs."""
    found = _fitted(request, here)
    html = ""
    if isinstance(found, trying.Fitting):
        html = found.tried.html
        if found.tried.picture:
            data = b64encode(found.tried.picture).decode()
            html = html.replace(f"cid:{found.tried.content_id}", f"data:image/png;base64,{data}")
    elif found is not None:
        html = wording.as_html(found)
    return HttpResponse(html, headers={"Content-Security-Policy": _PAPER})


def letter(request: HttpRequest, here: Here) -> HttpResponse:
    """A wording as the letter it would be."""
    found = _fitted(request, here)
    if not isinstance(found, trying.Fitting):
        return HttpResponse(status=302, headers={"Location": to(here, "wordings")})
    try:
        data = composing.try_on_paper(found.occasion, found.tried.rendered)
    except UnprintableError as error:
        return show(request, here, "wording_unprintable.html", why=say(f"kindness.{error.rule}", here.language,
                                                                       **error.params))  # fmt: skip
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": "inline"})


def _fitted(request: HttpRequest, here: Here) -> trying.Fitting | wording.Rendered | None:
    """The wording an address carries, filled in; None when it is not one of ours or cannot be filled."""
    carried = sheets.unpacked(here, request.GET.get("seen", ""))
    if carried is None:
        return None
    sheet, pk = carried
    rules, template = _rules(here), own_wordings.examine(sheet.text, sheet.name).template
    customer = here.customers.filter(pk=pk).first()
    if template is None or (pk and customer is None):
        return None
    try:
        if customer is not None and rules is not None:
            return trying.fit(here.creditor, rules, template, customer.pk, here.now, here.today)
        return sheets.with_examples(template)
    except (wording.MissingFieldError, wording.RefusedError):
        return None


# --- files -----------------------------------------------------------------------------------------------------------


def export(request: HttpRequest, here: Here) -> HttpResponse:
    """The creditor's own wordings as files in a ZIP, as `--wordings` takes them; with `all`, ours as well."""
    texts = {key: one.row.text for key, one in wordings.own(here.creditor).items()}
    if request.GET.get("all"):
        named = ((t.language, t.id) for group in wording.library().values() for t in group)
        texts = {key: wording_text.ours(*key) for key in named} | texts
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for (language, name), text in sorted(texts.items()):
            entry = zipfile.ZipInfo(f"{language}/{name}.md", here.now.astimezone(here.zone).timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    name = f"wordings-{here.today.isoformat()}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(packed.getvalue(), content_type="application/zip", headers=headers)


def take_in(request: HttpRequest, here: Here) -> HttpResponse:
    """Take wordings in from a ZIP or single files; all of them, or none with everything that is wrong."""
    if request.method != "POST":
        return show(request, here, "wordings_file.html", wrong=[])
    given = request.FILES.getlist("file")
    texts, wrong = _read(given, here)
    if not wrong and texts:
        try:
            count = wordings.take_in(here.creditor, texts, _saving(request, here))
        except UnfitError as error:
            wrong = [sheets.gap_words(gap, here.language) for gap in error.lacking]
        else:
            tell(request, here, "wordings.taken_in", n=count)
            return back(request, here, "wordings")
    if not wrong:
        wrong = [say("desk.wordings.no_files", here.language)]
    return show(request, here, "wordings_file.html", wrong=wrong)


def _read(given: list[Any], here: Here) -> tuple[dict[wordings.Key, str], list[str]]:
    """The wordings of files that were sent, and what is wrong with them, each with its file and line."""
    texts: dict[wordings.Key, str] = {}
    wrong: list[str] = []
    for path, data in _unpacked(given):
        try:
            text = wording_text.tidy(data.decode("utf-8-sig")) if data is not None else ""
        except UnicodeDecodeError:
            wrong.append(say("desk.wordings.not_utf8", here.language, file=path))
            continue
        name = wordings.name_of(path)
        if data is None or not wording_text.is_name(name):
            key = "unreadable_file" if data is None else "bad_name"
            wrong.append(say(f"desk.wordings.{key}", here.language, file=path))
            continue
        examined = own_wordings.examine(text, name)
        wrong += [
            say("desk.wordings.in_file", here.language, file=path, line=problem.line,
                what=say(problem.key, here.language, **problem.params))
            for problem in examined.problems if problem.blocks
        ]  # fmt: skip
        if examined.template is None:
            continue
        key_ = examined.template.language, name
        if key_ in texts:
            wrong.append(say("desk.wordings.twice", here.language, file=path))
        texts[key_] = text
    return texts, wrong


def _unpacked(given: list[Any]) -> list[tuple[str, bytes | None]]:
    """Every wording in what was sent, with its path; None for one that cannot be read, or is far too large."""
    found: list[tuple[str, bytes | None]] = []
    for file in given:
        if not file.name.lower().endswith(".zip"):
            found.append((file.name, file.read()))
            continue
        try:
            with zipfile.ZipFile(file) as archive:
                listed = [one for one in archive.infolist() if one.filename.endswith(".md")]
                for one in listed[:_MOST_FILES]:
                    found.append((one.filename, archive.read(one) if one.file_size <= 2**18 else None))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError):
            found.append((file.name, None))
    return found

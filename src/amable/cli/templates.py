"""`amable templates list|check|preview`: which wordings there are, whether one's own may be used, and how one reads."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from amable.cli.run import gap_in_words, procedure_of, text_of, wording_files, wordings_of
from amable.cli.speaking import RefusedError, language
from amable.cli.tables import write
from amable.core import examples, own_wordings, wording
from amable.core.languages import LANGUAGES, say
from amable.core.own_wordings import Examined
from amable.core.procedure import Procedure
from amable.core.procedure_check import stages
from amable.core.wording import Gap, Library, Template


def command(arguments: argparse.Namespace) -> int:
    """List, check or preview wordings."""
    if arguments.verb == "list":
        return _list(wordings_of(arguments.wordings), as_json=arguments.json)
    if arguments.verb == "check":
        return _check(arguments.file, arguments.procedure)
    return _preview(arguments)


# --- list ------------------------------------------------------------------------------------------------------------


def _list(wordings: Library, *, as_json: bool) -> int:
    stages = sorted({stage for stage, _ in wordings if not stage.endswith("_multi")})
    found = [_described(stage, wordings) for stage in stages]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    names = ("stage", "channel", "languages", "variants", "several")
    rows = [[_cell(one[name]) for name in names] for one in found]
    _print_table([say(f"templates.column.{name}", language()) for name in names], rows)
    return 0


def _described(stage: str, wordings: Library) -> dict[str, object]:
    """A stage: its channel, in which languages it speaks, for whom, and whether of several invoices at once too."""
    groups = [wordings[stage, spoken] for spoken in LANGUAGES if (stage, spoken) in wordings]
    variants = {template.variant for group in groups for template in group}
    return {
        "stage": stage,
        "channel": groups[0][0].channel,
        "languages": [spoken for spoken in LANGUAGES if (stage, spoken) in wordings],
        "variants": [variant for variant in ("any", "new", "regular") if variant in variants],
        "several": (f"{stage}_multi", LANGUAGES[0]) in wordings,
        "wordings": sum(map(len, groups)),
    }


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return say(f"templates.{'yes' if value else 'no'}", language())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = [list(headings), *map(list, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(headings))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


# --- check -----------------------------------------------------------------------------------------------------------


def _check(given: Sequence[Path], procedure_file: Path | None) -> int:
    procedure = procedure_of(procedure_file)
    if given:
        paths = [path for one in given for path in (wording_files(one) if one.is_dir() else [one])]
        examined = [(path, own_wordings.examine(text_of(path), path.stem)) for path in paths]
        problems = _print_problems(examined)
        own = [one.template for _, one in examined if one.template is not None and one.usable]
        wordings = wording.with_own(own)
        shown = len(paths)
    else:
        ours = [template for group in wording.library().values() for template in group]
        problems = _print_ours(ours)
        wordings, shown = wording.library(), len(ours)
    lacking = wording.gaps(stages(procedure), wordings)
    _print_parity(procedure, wordings, lacking)
    if problems or lacking:
        return 1
    print(say("templates.fine", language(), n=shown))
    return 0


def _print_problems(examined: Iterable[tuple[Path, Examined]]) -> int:
    """Each problem with its file, line, rule and sentence; how many of them block."""
    blocking = 0
    for path, found in examined:
        for problem in found.problems:
            sentence = say(problem.key, language(), **problem.params)
            kind = "problem" if problem.blocks else "warning"
            rule = problem.key.partition(".")[2]
            place = {"file": path, "line": str(problem.line), "rule": rule, "sentence": sentence}
            print(say(f"templates.{kind}", language(), **place))
            blocking += problem.blocks
    return blocking


def _print_ours(ours: Iterable[Template]) -> int:
    """What is wrong with our own wordings and where the languages differ: nothing, unless something is broken."""
    lines = [f"{t.language}/{t.id}: {problem.key}" for t in ours for problem in own_wordings.judge(t) if problem.blocks]
    lines = [*dict.fromkeys(lines), *wording.parity()]
    for line in lines:
        print(line)
    return len(lines)


def _print_parity(procedure: Procedure, wordings: Library, lacking: Sequence[Gap]) -> None:
    """For every step, channel and language: how many wordings a new and a regular customer can get, of one or more."""
    print(say("templates.parity", language(), name=procedure.name))
    rows = []
    for stage in dict.fromkeys(stages(procedure)):
        cells = []
        for spoken in LANGUAGES:
            group = wordings.get((stage, spoken), ())
            new, regular = (sum(t.variant in ("any", who) for t in group) for who in ("new", "regular"))
            cells.append(f"{new}/{regular}")
        rows.append([stage, wording.library()[stage, LANGUAGES[0]][0].channel, *cells])
    headings = [say(f"templates.column.{name}", language()) for name in ("stage", "channel")]
    _print_table([*headings, *LANGUAGES], rows)
    for gap in lacking:
        print(gap_in_words(gap))


# --- preview ---------------------------------------------------------------------------------------------------------


def _preview(arguments: argparse.Namespace) -> int:
    template = _chosen(arguments, wordings_of(arguments.wordings))
    rendered = wording.render(template, examples.values(template.language, several=template.multi))
    if arguments.html:
        write(arguments.html, wording.as_html(rendered).encode())
        print(say("templates.written", language(), file=arguments.html))
        return 0
    if template.subject:
        print(say("templates.subject", template.language, subject=wording.plain(rendered.subject)))
        print()
    print(wording.as_text(rendered).rstrip("\n"))
    return 0


def _chosen(arguments: argparse.Namespace, wordings: Library) -> Template:
    """The wording to show; refused with what there is instead when there is none like that."""
    spoken = arguments.language or language()
    stage = f"{arguments.stage.removesuffix('_multi')}_multi" if arguments.multi else arguments.stage
    group = wordings.get((stage, spoken), ())
    if not group:
        known = sorted({stage for stage, _ in wordings if not stage.endswith("_multi") or arguments.multi})
        near = get_close_matches(stage, known, 3, 0.4) or known[:3]
        raise RefusedError("stage_unknown", stage=stage, near=", ".join(near))
    fitting = [
        template
        for template in group
        if template.variant == (arguments.variant or template.variant)
        and template.channel == (arguments.channel or template.channel)
    ]
    if not fitting:
        found = ", ".join(dict.fromkeys(f"{template.channel}/{template.variant}" for template in group))
        raise RefusedError("variant_unknown", stage=stage, found=found)
    return fitting[0]

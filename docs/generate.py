"""Writes into the reference what the code itself knows, so that no page falls behind: `make docs`.

A page keeps its own prose; what stands between `<!-- generated: name -->` and `<!-- end -->` is written by the function
of that name. A test fails when a committed page differs from what this would write.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import yaml

from amable import cli
from amable.adapters import vocabulary
from amable.core import procedure, wording
from amable.core.languages import LANGUAGES, sentences
from amable.core.procedure import Limits, Procedure

REFERENCE = Path(__file__).parent / "reference"
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_STARTERS = ("starter", "gentle", "firm")


def pages() -> dict[Path, str]:
    """Every page of the reference as it should be."""
    return {page: _fresh(page.read_text("utf-8")) for page in sorted(REFERENCE.glob("*.md"))}


def _fresh(text: str) -> str:
    return _PART.sub(lambda part: f"{part[1]}\n{_tidy(PARTS[part[2]]())}\n\n{part[3]}", text)


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip()


# --- the parts -------------------------------------------------------------------------------------------------------


def commands() -> str:
    """Each command with its options, read from the parser itself."""
    return "\n".join(_command("amable", "", cli._parser()))


def _command(name: str, help_: str, parser: argparse.ArgumentParser) -> list[str]:
    choices = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    options = [a for a in parser._actions if a not in choices and not isinstance(a, argparse._HelpAction)]
    lines: list[str] = ["", f"## {name}", "", f"{_capital(help_)}.", ""] if not choices else [""]
    if options and not choices:
        lines += [_table(("option", "", "meaning"), map(_option, options)), ""]
    for choice in choices:
        about = {action.dest: action.help or "" for action in choice._choices_actions}
        for verb, child in choice.choices.items():
            lines += _command(f"{name} {verb}", about[verb], child)
    return lines


def _option(action: argparse.Action) -> tuple[str, str, str]:
    value = str(action.metavar or action.dest.upper())
    if action.nargs in ("+", "*"):
        value += " …"
    written = f"{action.option_strings[0]} {value}" if action.option_strings else value
    needed = bool(action.required) and action.nargs not in ("?", "*")
    return f"`{written}`", "needed" if needed else "", action.help or ""


def starter() -> str:
    """The starter procedure, word for word."""
    return _yaml("amable.dunning", "starters", "starter.yaml")


def sample_creditor() -> str:
    """The creditor file of the demo, word for word."""
    return _yaml("amable.sample", "creditor.yaml")


def limits() -> str:
    """The limits of a procedure, and what the three that ship say."""
    ours = [_procedure(name).limits for name in _STARTERS]
    defaults = {field.name: field.default for field in fields(Limits)}
    rows = [
        (f"`{words}`", str(defaults[name]), *(str(getattr(one, name)) for one in ours))
        for words, name in procedure.LIMIT_KEYS.items()
    ]
    return _table(("limit", "when not given", *_STARTERS), rows)


def ledger_words() -> str:
    """What people write for yes, no and the like, in the four languages."""
    groups: Mapping[str, Mapping[str, Iterable[str]]] = {
        "yes and no": {"yes": vocabulary._YES, "no": vocabulary._NO},
        "`delivered_date`": {"delivered": vocabulary._DELIVERED, "not delivered": vocabulary._NOT_DELIVERED},
        "`status`": _inverted(vocabulary._STATES.items()),
        "`kind`": _inverted(vocabulary._KINDS.items()),
        "`opt_out`": _inverted((w, c) for w, found in vocabulary._CHANNEL_WORDS.items() for c in found),
    }
    rows = [
        (group, meaning, ", ".join(sorted(words)))
        for group, meanings in groups.items()
        for meaning, words in meanings.items()
    ]
    return _table(("where", "meaning", "written as"), rows)


def rules() -> str:
    """Every rule of a verdict with its English sentence, below the headings of the catalogue."""
    known = sentences("en")
    lines: list[str] = []
    rows: list[tuple[str, str]] = []
    for line in files("amable.core").joinpath("sentences", "en", "reasons.yaml").read_text("utf-8").splitlines():
        if line.startswith("# ") and not lines and not rows and line.endswith("."):
            continue  # the sentence the file opens with
        if line.startswith("# "):
            lines += [_table(("rule", "sentence"), rows), ""] if rows else []
            rows = []
            lines += [f"### {line.removeprefix('# ')}", ""]
        elif found := re.match(r"([a-z][\w.]*):", line):
            rows.append((f"`{found[1]}`", _other(known[found[1]])))
    return "\n".join([*lines, _table(("rule", "sentence"), rows)])


def rejections() -> str:
    """Everything a reader can say about input, with its advice."""
    known = sentences("en")
    rows = [
        (f"`{key.removeprefix('complaint.')}`", _other(text), _other(known[key.replace("complaint.", "advice.", 1)]))
        for key, text in known.items()
        if key.startswith("complaint.")
    ]
    return _table(("rule", "what is wrong", "what to do"), sorted(rows))


def wordings() -> str:
    """The wordings that ship: their stage, and how many variants each language has."""
    found = wording.library()
    stages = sorted({stage for stage, _ in found})
    rows = []
    for stage in stages:
        ours = found[stage, "en"]
        variants = ", ".join(f"`{template.id}` ({template.variant})" for template in ours)
        count = {len(found.get((stage, language), ())) for language in LANGUAGES}
        rows.append((f"`{stage}`", ours[0].channel, variants, "/".join(map(str, sorted(count)))))
    return _table(("stage", "channel", "wordings (for whom)", "in each language"), rows)


def kindness_rules() -> str:
    """The rules every message is held to."""
    page = yaml.safe_load(files("amable.core").joinpath("tone", "rules.yaml").read_text("utf-8"))
    rows = [(f"`{rule['id']}`", _severity(rule["severity"]), _stages(rule), rule["why"]) for rule in page["rules"]]
    return _table(("rule", "when broken", "stages", "why"), rows)


def _severity(word: str) -> str:
    return {"error": "withheld", "warn": "a warning"}.get(word, "by its list")


def _stages(rule: Mapping[str, object]) -> str:
    stages = rule["stages"]
    said = ", ".join(stages) if isinstance(stages, list) else str(stages)
    left_out = rule.get("except")
    return f"{said} except {', '.join(left_out)}" if isinstance(left_out, list) else said


PARTS: Mapping[str, Callable[[], str]] = {
    part.__name__: part
    for part in (
        commands, starter, sample_creditor, limits, ledger_words, rules, rejections, wordings, kindness_rules
    )
}  # fmt: skip


# --- writing ---------------------------------------------------------------------------------------------------------


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headings)} |", f"| {' | '.join('---' for _ in headings)} |"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _yaml(package: str, *path: str) -> str:
    return f"```yaml\n{files(package).joinpath(*path).read_text('utf-8')}```\n"


def _procedure(name: str) -> Procedure:
    return procedure.read(files("amable.dunning").joinpath("starters", f"{name}.yaml").read_text("utf-8"))


def _inverted(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word, meaning in pairs:
        found.setdefault(meaning, []).append(word)
    return found


def _other(sentence: str | Mapping[str, str]) -> str:
    return sentence if isinstance(sentence, str) else sentence["other"]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def main() -> None:
    for page, text in pages().items():
        page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

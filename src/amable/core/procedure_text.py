"""Changes single values of a procedure's text and leaves every other character, comments and order too, as it was.

A person may write the text, and a form may change it; neither destroys what the other wrote. What is changed is found
by the places PyYAML gives to each value. Where a text is written so that a value cannot be changed alone, nothing is
done (`ByHandError`): every change is read back, and kept only if it did what was asked and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import yaml

from amable.core.document import Entry, UnreadableError, parse
from amable.core.procedure import COURTESIES, MESSAGES

ONLY: Final = ("minimum", "days late", "segments", "countries", "relationship")  # within `only`
FIELDS: Final = ("step", "do", "when", "wording", "again", "repeat", "presumes", *ONLY, "switched")
_KEYS: Final = ("step", "do", "when", "wording", "again", "repeat", "presumes", "only", "switched")
_TOP: Final = ("procedure", "version", "approval", "steps", "limits")
_UNSAID: Final = {"do": "email", "repeat": "1", "switched": "on"}
_SPEAKING: Final = MESSAGES | COURTESIES
_PLAIN: Final = re.compile(r"[^\W_][\w ./-]*(?<! )")
_BREAKS: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class ByHandError(ValueError):
    """The text is written so that this cannot be changed alone; a person can, in the text."""


class Written(NamedTuple):
    """A step as it is written: its values by FIELDS, as text and only those that stand there, and its lines from 1."""

    fields: Mapping[str, str]
    first: int
    last: int

    def meaning(self, name: str) -> str:
        """The value of a field, also of one that is not written."""
        return self.fields.get(name, unsaid(name, self.fields))


def unsaid(name: str, fields: Mapping[str, str]) -> str:
    """What a field means that is not written."""
    if name == "wording" and fields.get("do", "email") in _SPEAKING:
        return fields.get("step", "")
    return _UNSAID.get(name, "")


def tidy(text: str) -> str:
    """A text as it is kept: with plain ends of lines, and one at the end."""
    return _BREAKS.sub("\n", text).rstrip("\n") + "\n"


def steps(text: str) -> list[Written]:
    """The steps as they are written, right or wrong; raises UnreadableError for what is no document."""
    return [
        Written(_flat(entry), place.dash + 1, place.last + 1)
        for entry, place in zip(_listed(text), _Text(text).places(), strict=True)
    ]


def top(text: str) -> dict[str, str]:
    """The values beside the steps and limits: name, version, approval, as far as they are written."""
    found = parse(text).value
    entries = found if isinstance(found, Mapping) else {}
    return {name: _words(entry) for name, entry in entries.items() if name in ("procedure", "version", "approval")}


def limits(text: str) -> dict[str, str]:
    """The limits as far as they are written."""
    found = parse(text).value
    entry = found.get("limits") if isinstance(found, Mapping) else None
    if entry is None or not isinstance(entry.value, Mapping):
        return {}
    return {name: _words(value) for name, value in entry.value.items()}


# --- changes ---------------------------------------------------------------------------------------------------------


def changed(text: str, place: int, wanted: Mapping[str, str]) -> str:
    """A step with these values by FIELDS; an empty one is taken out. Whoever refers to it by name follows its name."""
    before = steps(text)
    old = before[place].fields
    name, new_name = old.get("step", ""), wanted.get("step", old.get("step", ""))
    merged = {**old, **wanted}
    changes: dict[str, str] = {}
    for field, value in wanted.items():
        if value != old.get(field, "") and (field in old or value != unsaid(field, merged)):
            changes[field] = value
    if changes:
        wished = {key: value for key, value in {**old, **changes}.items() if value}
        expected = [wished if at == place else step.fields for at, step in enumerate(before)]
        text = _checked(text, _Text(text).with_step(place, changes), expected)
    if name and new_name and name != new_name and [step.fields.get("step") for step in before].count(name) == 1:
        text = _following(text, name, new_name)
    return text


def _following(text: str, name: str, new_name: str) -> str:
    """References to a step of this name lead to its new one."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    for place, step in enumerate(steps(text)):
        follows: dict[str, str] = {}
        if word.search(step.fields.get("presumes", "")):
            listed = [part.strip() for part in step.fields["presumes"].split(",")]
            follows["presumes"] = ", ".join(new_name if part == name else part for part in listed)
        if re.search(rf"after (the deadline of )?{re.escape(name)}\b", step.fields.get("when", "")):
            follows["when"] = word.sub(new_name, step.fields["when"])
        if follows:
            text = changed(text, place, follows)
    return text


def added(text: str, at: int, fields: Mapping[str, str]) -> str:
    """One step more, before the one at this place."""
    before = [step.fields for step in steps(text)]
    new = {name: value for name, value in fields.items() if value}
    return _checked(text, _Text(text).with_new(at, new), [*before[:at], new, *before[at:]])


def removed(text: str, place: int) -> str:
    """One step less; a comment above it stays, as it may speak of others too."""
    before = [step.fields for step in steps(text)]
    return _checked(text, _Text(text).without(place), before[:place] + before[place + 1 :])


def moved(text: str, place: int, to: int) -> str:
    """A step in another place, with the comment directly above it."""
    before = [step.fields for step in steps(text)]
    after = before[:place] + before[place + 1 :]
    after.insert(to, before[place])
    return text if place == to else _checked(text, _Text(text).with_moved(place, to), after)


def duplicated(text: str, place: int, name: str) -> str:
    """The same step again after itself, under another name."""
    found = steps(text)[place]
    fields = {**found.fields, "step": name}
    if wording := found.meaning("wording"):
        fields["wording"] = wording
    return added(text, place + 1, fields)


def with_top(text: str, wanted: Mapping[str, str]) -> str:
    """The text with these values beside its steps (`procedure`, `version`, `approval`)."""
    old = top(text)
    changes = {name: value for name, value in wanted.items() if value != old.get(name, "")}
    if not changes:
        return text
    new = _Text(text).with_top(changes)
    if _readable(new) and top(new) == {k: v for k, v in {**old, **changes}.items() if v} and _same_but_top(text, new):
        return new
    raise ByHandError


def with_limits(text: str, wanted: Mapping[str, str]) -> str:
    """The text with these limits."""
    old = limits(text)
    changes = {name: value for name, value in wanted.items() if value and value != old.get(name)}
    if not changes:
        return text
    new = _Text(text).with_limits(changes)
    if not _readable(new) or limits(new) != {**old, **changes} or top(new) != top(text):
        raise ByHandError
    if [step.fields for step in steps(new)] != [step.fields for step in steps(text)]:
        raise ByHandError
    return new


def _checked(before: str, after: str, expected: Sequence[Mapping[str, str]]) -> str:
    """The new text, if its steps are what they should be and all else is as before."""
    if not _readable(after) or [step.fields for step in steps(after)] != list(expected):
        raise ByHandError
    if top(after) != top(before) or limits(after) != limits(before):
        raise ByHandError
    return after


def _same_but_top(before: str, after: str) -> bool:
    return [s.fields for s in steps(before)] == [s.fields for s in steps(after)] and limits(before) == limits(after)


def _readable(text: str) -> bool:
    try:
        parse(text)
    except UnreadableError:
        return False
    return True


# --- values ----------------------------------------------------------------------------------------------------------


def _listed(text: str) -> Sequence[Entry]:
    found = parse(text).value
    entry = found.get("steps") if isinstance(found, Mapping) else None
    return entry.value if entry is not None and isinstance(entry.value, tuple) else ()


def _flat(entry: Entry) -> dict[str, str]:
    """The values of a step, those of `only` among them."""
    if not isinstance(entry.value, Mapping):
        return {}
    found: dict[str, str] = {}
    for key, child in entry.value.items():
        if key == "only" and isinstance(child.value, Mapping):
            found |= {name: _words(value) for name, value in child.value.items()}
        else:
            found[key] = _words(child)
    return found


def _words(entry: Entry) -> str:
    """A value as one line of text; a list as people write one."""
    if isinstance(entry.value, str):
        return entry.value.strip()
    children = entry.value.values() if isinstance(entry.value, Mapping) else entry.value
    return ", ".join(_words(child) for child in children)


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


# --- lines -----------------------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """Where a step stands, in lines from 0: the comment directly above it, its hyphen, its last line."""

    comment: int
    dash: int
    last: int
    node: yaml.Node


class _Text:
    """The lines of a text and the nodes that stand on them."""

    def __init__(self, text: str) -> None:
        parse(text)  # refuses what is nested too deeply, before anything recurses into it
        self.lines = _broken(text)
        if self.lines and not self.lines[-1].endswith("\n"):
            self.lines[-1] += "\n"
        self.root = yaml.compose(text, Loader=_Loader)

    def value(self, key: str) -> tuple[yaml.Node, yaml.Node] | None:
        """A key beside the steps, with its value."""
        if not isinstance(self.root, yaml.MappingNode):
            return None
        return next(((name, value) for name, value in self.root.value if name.value == key), None)

    def places(self) -> list[_Place]:
        """Where each step stands."""
        found = self.value("steps")
        if found is None or not isinstance(found[1], yaml.SequenceNode):
            return []
        column = found[1].start_mark.column
        listed: list[_Place] = []
        for node in found[1].value:
            dash = node.start_mark.line
            if not found[1].flow_style:
                while dash > 0 and not self.lines[dash][column:].startswith("-"):
                    dash -= 1
            above = dash
            while above > 0 and self.lines[above - 1].lstrip(" ").startswith("#"):
                above -= 1
            listed.append(_Place(above, dash, _last(node), node))
        return listed

    def block(self) -> list[_Place]:
        """The same, where each step stands on lines of its own."""
        found = self.value("steps")
        if found is not None and isinstance(found[1], yaml.SequenceNode) and found[1].flow_style:
            raise ByHandError
        return self.places()

    def joined(self) -> str:
        return "".join(self.lines)

    # steps

    def with_step(self, place: int, changes: Mapping[str, str]) -> str:
        where = self.block()[place]
        node = where.node
        if not isinstance(node, yaml.MappingNode):
            raise ByHandError
        flat = {**_flat(_entry(node)), **changes}
        keyed = {key: value for key, value in changes.items() if key not in ONLY}
        if changes.keys() & set(ONLY):
            keyed["only"] = _only(flat)
        first = node.value[0][0].value if node.value else ""
        if node.flow_style or not keyed.get(first, "x"):
            fields = {key: value for key, value in flat.items() if value}
            fresh = _fresh(self.column(where), fields)
            comments = self.comments(node, self.column(where))
            self.lines[where.dash : where.last + 1] = [*comments, *fresh]
        else:
            self.edit(node, keyed, _KEYS)
        return self.joined()

    def with_new(self, at: int, fields: Mapping[str, str]) -> str:
        listed = self.block()
        if listed:
            column = self.column(listed[0])
            line = listed[at - 1].last + 1 if at else listed[0].comment
            self.lines[line:line] = _fresh(column, fields)
            return self.joined()
        found = self.value("steps")
        if found is None:
            self.lines += ["\n", "steps:\n", *_fresh(2, fields)]
        else:
            line = found[1].start_mark.line + 1
            self.lines[line:line] = _fresh(2, fields)
        return self.joined()

    def without(self, place: int) -> str:
        where = self.block()[place]
        del self.lines[where.dash : where.last + 1]
        return self.joined()

    def with_moved(self, place: int, to: int) -> str:
        listed = self.block()
        where = listed[place]
        mine = self.lines[where.comment : where.last + 1]
        line = listed[to].last + 1 if to > place else listed[to].comment
        if to > place:
            self.lines[line:line] = mine
            del self.lines[where.comment : where.last + 1]
        else:
            del self.lines[where.comment : where.last + 1]
            self.lines[line:line] = mine
        return self.joined()

    def column(self, where: _Place) -> int:
        """How far a step's hyphen is indented."""
        line = self.lines[where.dash]
        return len(line) - len(line.lstrip(" "))

    # what stands beside the steps

    def with_top(self, changes: Mapping[str, str]) -> str:
        if not isinstance(self.root, yaml.MappingNode) or self.root.flow_style or not self.root.value:
            raise ByHandError
        self.edit(self.root, changes, _TOP)
        return self.joined()

    def with_limits(self, changes: Mapping[str, str]) -> str:
        found = self.value("limits")
        if found is None:
            if not isinstance(self.root, yaml.MappingNode) or self.root.flow_style:
                raise ByHandError
            self.lines += ["\n", "limits:\n", *(f"  {key}: {_scalar(value)}\n" for key, value in changes.items())]
            return self.joined()
        if not isinstance(found[1], yaml.MappingNode) or found[1].flow_style:
            raise ByHandError
        self.edit(found[1], changes, tuple(changes))
        return self.joined()

    # values of a mapping

    def edit(self, node: yaml.MappingNode, changes: Mapping[str, str], order: Sequence[str]) -> None:
        """Change, add or take out (when empty) values of a mapping that stands on lines of its own."""
        column = node.value[0][0].start_mark.column
        slices: list[tuple[int, int, list[str]]] = []
        known: dict[str, int] = {}
        for name, value in node.value:
            first, last = name.start_mark.line, _last(value)
            known[name.value] = last + 1
            if name.value not in changes:
                continue
            head = self.lines[first][: name.start_mark.column]
            comments = self.comments(value, column) if last > first else []
            new = changes[name.value]
            if not new:
                tail = self.tail(value, name)
                slices.append((first, last + 1, [*comments, *([" " * column + tail.strip() + "\n"] if tail else [])]))
                continue
            tail = self.tail(value, name) if last == first else ""
            slices.append((first, last + 1, [*comments, f"{head}{name.value}: {_value(name.value, new)}{tail}\n"]))
        for key in (key for key in order if changes.get(key) and key not in known):
            before = [known[other] for other in order[: order.index(key)] if other in known]
            at = max(before) if before else max(known.values()) if key not in _TOP else _first_line(node)
            slices.append((at, at, [" " * column + f"{key}: {_value(key, changes[key])}\n"]))
        for _, (first, end, fresh) in sorted(enumerate(slices), key=lambda one: (one[1][0], one[0]), reverse=True):
            self.lines[first:end] = fresh

    def tail(self, value: yaml.Node, name: yaml.Node) -> str:
        """The comment behind a value."""
        if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
            return ""
        line = value.end_mark.line if value.end_mark.line == _last(value) else name.start_mark.line
        rest = self.lines[line][value.end_mark.column :].rstrip("\n")
        return f"  {rest.strip()}" if rest.lstrip(" ,]}").startswith("#") else ""

    def comments(self, node: yaml.Node, column: int) -> list[str]:
        """The comments within a value, each on a line of its own."""
        found: dict[int, str] = {}
        for line in range(node.start_mark.line, _last(node) + 1):
            if self.lines[line].lstrip(" ").startswith("#"):
                found[line] = self.lines[line].strip()
        for leaf in _leaves(node):
            rest = self.lines[leaf.end_mark.line][leaf.end_mark.column :].lstrip(" ,]}").strip()
            if rest.startswith("#"):
                found[leaf.end_mark.line] = rest
        return [" " * column + found[line] + "\n" for line in sorted(found)]


def _value(key: str, value: str) -> str:
    return value if key == "only" else _scalar(value)


def _only(fields: Mapping[str, str]) -> str:
    """The conditions of a step on one line; empty when it has none."""
    given = [f"{name}: {_scalar(fields[name])}" for name in ONLY if fields.get(name)]
    return f"{{{', '.join(given)}}}" if given else ""


def _fresh(column: int, fields: Mapping[str, str]) -> list[str]:
    """A step written from its values alone."""
    keyed = {**{key: value for key, value in fields.items() if key not in ONLY}, "only": _only(fields)}
    order = [*_KEYS, *(key for key in keyed if key not in _KEYS)]
    written = [f"{key}: {_value(key, keyed[key])}\n" for key in order if keyed.get(key)]
    return [" " * column + ("- " if place == 0 else "  ") + line for place, line in enumerate(written)]


def _last(node: yaml.Node) -> int:
    """The last line that something of a value stands on."""
    if isinstance(node, yaml.ScalarNode):
        ends = node.end_mark.line
        return ends - 1 if node.style in ("|", ">") and ends > node.start_mark.line else ends
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.line)
    child = node.value[-1]
    return _last(child[1] if isinstance(child, tuple) else child)


def _first_line(node: yaml.MappingNode) -> int:
    return int(node.value[0][0].start_mark.line)


def _leaves(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.ScalarNode):
        if node.style not in ("|", ">"):
            yield node
        return
    for child in node.value:
        for one in child if isinstance(child, tuple) else (child,):
            yield from _leaves(one)


def _entry(node: yaml.Node) -> Entry:
    """A node as the document has it; its depth and aliases were looked at before."""
    if isinstance(node, yaml.ScalarNode):
        return Entry(str(node.value), 0)
    if isinstance(node, yaml.SequenceNode):
        return Entry(tuple(_entry(child) for child in node.value), 0)
    return Entry({str(key.value): _entry(child) for key, child in node.value}, 0)


def _broken(text: str) -> list[str]:
    """The lines as YAML ends them."""
    found, start = [], 0
    for end in _BREAKS.finditer(text):
        found.append(text[start : end.end()])
        start = end.end()
    return [*found, text[start:]] if start < len(text) else found

"""Knows which part of Jinja a wording may use: fields, if, for over a list, comparisons. All else is refused unread.

A wording may be a user's own, so nothing in it may reach Python: the text is parsed, every node is compared with a
short list, and values are looked up in plain mappings only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NoReturn

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from amable.core.marked import mark

LONGEST: Final = 20_000  # characters of a wording
_LONGEST_RESULT: Final = 1_000_000
_DEEPEST: Final = 24

_LISTS: Final[Mapping[str, frozenset[str]]] = {
    "items": frozenset(
        ("number", "due_date", "balance", "days_overdue", "amount", "promise_date", "discount_until", "discounted")
    ),
    "plan.instalments": frozenset(("number", "due_date", "amount")),
}
_FLAG: Final = re.compile(r".*\.(?:is_\w+|attached|applies)")
_COMPARISONS: Final = frozenset(("eq", "ne", "gt", "gteq", "lt", "lteq"))
_FOREIGN: Final = re.compile(r"[{}]|@\(|<%|\[\[")  # places of other programs, which would be sent as they stand


class RefusedError(ValueError):
    """A wording cannot be used; `wording.refused.<rule>` is the sentence, `line` is counted from 1."""

    def __init__(self, rule: str, line: int, **params: object) -> None:
        super().__init__(f"{rule} (line {line})")
        self.rule, self.line, self.params = rule, line, params


class MissingFieldError(ValueError):
    """A value the wording needs was not given, or is empty; `field` is its name."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class _Environment(SandboxedEnvironment):
    """Fields come out of mappings, never out of Python objects, and `%` is for whole numbers only."""

    intercepted_binops = frozenset(("%",))

    def getattr(self, obj: object, attribute: str) -> object:
        if not isinstance(obj, Mapping) or attribute not in obj:
            raise MissingFieldError(attribute)
        return obj[attribute]

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        if isinstance(left, int) and isinstance(right, int):
            return left % right
        raise TypeError(operator)


def _environment() -> _Environment:
    environment = _Environment(undefined=StrictUndefined, finalize=mark, autoescape=False, cache_size=0)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


_ENVIRONMENT: Final = _environment()


def vet(source: str, allowed: Collection[str], line: int = 1) -> frozenset[str]:
    """The fields a wording uses; raises RefusedError for a construct outside the list or a field not `allowed`.

    `line` is the line of the file the source begins on.
    """
    if len(source) > LONGEST:
        raise RefusedError("too_long", line, n=LONGEST)
    try:
        tree = _ENVIRONMENT.parse(source)
        return frozenset(_Vetting(frozenset(allowed), line).block(tree.body, {}, 0))
    except TemplateSyntaxError as error:
        raise RefusedError("syntax", line + error.lineno - 1) from error
    except RecursionError as error:
        raise RefusedError("too_deep", line) from error


class _Vetting:
    """One walk through a parsed wording. `loops` maps a loop variable to the list it runs over."""

    def __init__(self, allowed: frozenset[str], line: int) -> None:
        self.allowed, self.line = allowed, line

    def block(self, body: list[nodes.Node], loops: dict[str, str], depth: int) -> Iterator[str]:
        for node in body:
            yield from self.statement(node, loops, depth)

    def statement(self, node: nodes.Node, loops: dict[str, str], depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            self.refuse("too_deep", node)
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                yield from self.output(child, loops)
        elif isinstance(node, nodes.If):
            yield from self.condition(node.test, loops, depth)
            yield from self.block(node.body, loops, depth + 1)
            yield from self.block(list(node.elif_), loops, depth + 1)
            yield from self.block(node.else_, loops, depth + 1)
        elif isinstance(node, nodes.For):
            yield from self.loop(node, loops, depth)
        else:
            self.refuse("construct", node)

    def loop(self, node: nodes.For, loops: dict[str, str], depth: int) -> Iterator[str]:
        name = _dotted(node.iter)
        if loops or name not in _LISTS or not isinstance(node.target, nodes.Name):
            self.refuse("construct", node)
        variable = node.target.name
        taken = any(field.split(".")[0] == variable for field in self.allowed)
        if node.else_ or node.test or node.recursive or taken or variable.startswith("_"):
            self.refuse("construct", node)
        yield self.known(name, node)
        yield from self.block(node.body, {variable: name}, depth + 1)

    def output(self, node: nodes.Node, loops: dict[str, str]) -> Iterator[str]:
        if isinstance(node, nodes.TemplateData):
            if found := _FOREIGN.search(node.data):
                line = node.lineno + node.data.count("\n", 0, found.start())
                raise RefusedError("foreign", self.line + line - 1, text=found[0])
            return
        for name in self.field(node, loops):
            if name in _LISTS or _FLAG.fullmatch(name):
                self.refuse("unprintable", node, field=name)
            yield name

    def condition(self, node: nodes.Node, loops: dict[str, str], depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            self.refuse("too_deep", node)
        if isinstance(node, nodes.And | nodes.Or):
            yield from self.condition(node.left, loops, depth + 1)
            yield from self.condition(node.right, loops, depth + 1)
        elif isinstance(node, nodes.Not):
            yield from self.condition(node.node, loops, depth + 1)
        elif isinstance(node, nodes.Compare):
            if any(operand.op not in _COMPARISONS for operand in node.ops):
                self.refuse("construct", node)
            for side in (node.expr, *(operand.expr for operand in node.ops)):
                yield from self.operand(side, loops)
        else:
            yield from self.field(node, loops)

    def operand(self, node: nodes.Node, loops: dict[str, str]) -> Iterator[str]:
        if isinstance(node, nodes.Const):
            if type(node.value) not in (int, str):
                self.refuse("construct", node)
        elif isinstance(node, nodes.Mod):
            divisor = node.right
            if not isinstance(divisor, nodes.Const) or type(divisor.value) is not int or divisor.value < 1:
                self.refuse("construct", node)
            yield from self.field(node.left, loops)
        else:
            yield from self.field(node, loops)

    def field(self, node: nodes.Node, loops: dict[str, str]) -> Iterator[str]:
        name = _dotted(node)
        if not name:
            self.refuse("construct", node)
        root, _, part = name.partition(".")
        if root not in loops:
            yield self.known(name, node)
        elif part not in _LISTS[loops[root]]:
            self.refuse("field", node, field=name)

    def known(self, name: str, node: nodes.Node) -> str:
        if name not in self.allowed:
            self.refuse("field", node, field=name)
        return name

    def refuse(self, rule: str, node: nodes.Node, **params: object) -> NoReturn:
        raise RefusedError(rule, self.line + node.lineno - 1, **params)


def _dotted(node: nodes.Node) -> str:
    """`invoice.number` of a field with at most one dot; empty for anything else or a name beginning with `_`."""
    if isinstance(node, nodes.Name):
        return "" if node.name.startswith("_") else node.name
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        hidden = node.attr.startswith("_") or node.node.name.startswith("_")
        return "" if hidden else f"{node.node.name}.{node.attr}"
    return ""


def compiled(source: str) -> Template:
    """A vetted wording made ready to be filled."""
    try:
        return _ENVIRONMENT.from_string(source)
    except (TemplateError, SyntaxError, RecursionError, MemoryError) as error:
        raise RefusedError("syntax", 1) from error


def fill(template: Template, values: Mapping[str, object]) -> str:
    """The text with every value merged between marks. `values` are `nested`.

    Raises MissingFieldError for a row without a part the text names, RefusedError when text is compared with a number
    or the result grows beyond a megabyte.
    """
    pieces: list[str] = []
    size = 0
    try:
        for piece in template.root_render_func(template.new_context(dict(values), shared=True)):
            pieces.append(piece)
            size += len(piece)
            if size > _LONGEST_RESULT:
                raise RefusedError("too_long", 1, n=_LONGEST_RESULT)
    except TypeError as error:
        raise RefusedError("comparison", 1) from error
    return "".join(pieces)


def nested(values: Mapping[str, object]) -> dict[str, object]:
    """Values keyed by field, dots and all, as a text asks for them: `invoice.number` lies in `invoice`."""
    found: dict[str, object] = {}
    for name, value in values.items():
        root, dot, part = name.partition(".")
        if not dot:
            found[root] = value
            continue
        group = found.setdefault(root, {})
        if isinstance(group, dict):
            group[part] = value
    return found

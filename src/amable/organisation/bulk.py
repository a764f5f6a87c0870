"""Writes many rows at once: `executemany` on SQLite, one statement over arrays on PostgreSQL.

Twenty times quicker than model instances where a day proposes a quarter of a million messages. Nothing here adds the
creditor to a row, as the scoped managers do not either: every row brings its own. Constraints, triggers and row
policies hold as for any other statement.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from inspect import signature
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django_scopes import scope
from django_scopes.exceptions import ScopeError
from django_scopes.state import get_scope

_BATCH = 2000

Row = Sequence[Any]
T = TypeVar("T")
R = TypeVar("R", bound=NamedTuple)


def insert(
    model: type[models.Model], fields: Sequence[str], rows: Iterable[Row], *, unless_known: bool = False
) -> None:
    """Insert rows of these fields, in their order. With `unless_known`, one that breaks a unique key is left out."""
    end = " ON CONFLICT DO NOTHING" if unless_known else ""
    _write(model, fields, rows, end)


def upsert(model: type[models.Model], unique: Sequence[str], changing: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows of the unique fields and the changing ones; of a row that is there already, change the latter."""
    key = ", ".join(_columns(model, unique))
    news = ", ".join(f"{column} = excluded.{column}" for column in _columns(model, changing))
    _write(model, (*unique, *changing), rows, f" ON CONFLICT ({key}) DO UPDATE SET {news}")


def update(model: type[models.Model], changing: Sequence[str], rows: Iterable[Row]) -> None:
    """Change rows by their number: each brings the values of the changing fields, its creditor's number and its own."""
    table, columns = model._meta.db_table, _columns(model, changing)
    if connection.vendor == "postgresql":
        news = ", ".join(f"{column} = fresh.{column}" for column in columns)
        kinds = _arrays(model, (*changing, "creditor", "id"))
        statement = (
            f"UPDATE {table} SET {news} FROM unnest({kinds}) AS fresh({', '.join(columns)}, creditor_id, id)"  # noqa: S608
            f" WHERE {table}.id = fresh.id AND {table}.creditor_id = fresh.creditor_id"
        )
    else:
        news = ", ".join(f"{column} = %s" for column in columns)
        statement = f"UPDATE {table} SET {news} WHERE creditor_id = %s AND id = %s"  # noqa: S608
    _execute(statement, model, (*changing, "creditor", "id"), rows)


def numbers(model: type[models.Model], count: int) -> Sequence[int]:
    """The numbers of so many rows yet to be inserted in this transaction, so that others can name them before."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            following = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, %s)"  # noqa: S608
            cursor.execute(following, [count])
            return [number for (number,) in cursor.fetchall()]
        cursor.execute(f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'")  # noqa: S608
        last = cursor.fetchone()
        return range(last[0] + 1 if last else 1, (last[0] if last else 0) + count + 1)


def these(numbers: Collection[int] | _Place) -> RawSQL:
    """Numbers of rows for a condition, as one parameter: Django takes longer over a list than the database does."""
    return _listed(numbers, "bigint")


def those(texts: Collection[str] | _Place) -> RawSQL:
    """Texts for a condition, as one parameter."""
    return _listed(texts, "text")


def _listed(values: Collection[Any] | _Place, kind: str) -> RawSQL:
    value = replace(values.value, listed=True) if isinstance(values, _Place) else _in_one(values)
    if connection.vendor == "postgresql":
        return RawSQL(f"SELECT unnest(%s::{kind}[])", (value,))  # noqa: S611 - of two kinds named here
    return RawSQL("SELECT value FROM json_each(%s)", (value,))


def _in_one(values: Collection[Any]) -> Any:
    """A list as one parameter."""
    return list(values) if connection.vendor == "postgresql" else json.dumps(list(values))


def batched(rows: Iterable[T], size: int = _BATCH) -> Iterator[list[T]]:
    """The same in lists of so many."""
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


class Question(Generic[R]):
    """A query that is asked again and again, each time with other values; it answers with tuples of one kind.

    Django takes several times longer to build a query than a database to answer it, so this one is built once for each
    kind of database, by a function that gets a place for each value: a number, a text, a day, or a list for `these` or
    `those`. A condition must not depend on the values otherwise. As everywhere, only rows of the creditor that is acted
    for are found.

    The fields of `into` name the columns; none may be a moment or JSON. The driver already yields days and truth
    values: Django would ask each of them again whether it is one. Only decimals SQLite knows as floats; two places of
    what is written are kept whole by them.
    """

    def __init__(self, into: type[R], build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.into, self.build = into, build
        self.built: dict[str, _Built] = {}

    def ask(self, *values: object) -> list[R]:
        """What is found with these values, in the order of the places."""
        built = self.built.get(connection.vendor) or self._built()
        acting_for = get_scope().get("creditor")
        if acting_for is None:
            raise ScopeError("Nobody is acted for.")
        given = [getattr(value, "pk", value) for value in (acting_for, *values)]
        with connection.cursor() as cursor:
            cursor.execute(built.statement, [p.of(given) if isinstance(p, _Value) else p for p in built.parameters])
            read = cursor.fetchall()
        if built.decimals:
            read = [_with_decimals(row, built.decimals) for row in read]
        return list(map(self.into._make, read))

    def _built(self) -> _Built:
        acting_for, *places = map(_Place, range(len(signature(self.build).parameters) + 1))
        with scope(creditor=acting_for):
            found = self.build(*places).values_list(*self.into._fields)
        statement, parameters = found.query.sql_with_params()
        fields = enumerate(self.into._fields)
        decimals = [n for n, name in fields if connection.vendor == "sqlite" and _is_decimal(found.model, name)]
        built = self.built[connection.vendor] = _Built(statement, parameters, decimals)
        return built


class _Built(NamedTuple):
    statement: str
    parameters: Sequence[Any]
    decimals: Sequence[int]  # the places of columns that come as floats


@dataclass(frozen=True, slots=True)
class _Value:
    """A parameter yet to come, by its number."""

    number: int
    listed: bool = False

    def of(self, given: Sequence[Any]) -> Any:
        return _in_one(given[self.number]) if self.listed else given[self.number]


class _Place(RawSQL):
    """Where a value will stand in a condition."""

    def __init__(self, number: int) -> None:
        self.value = _Value(number)
        super().__init__("%s", (self.value,))


def _is_decimal(model: type[models.Model], name: str) -> bool:
    return name != "pk" and "__" not in name and isinstance(_field(model, name), models.DecimalField)


def _with_decimals(row: Row, places: Sequence[int]) -> Row:
    if all(row[place] is None for place in places):
        return row
    return [Decimal(str(v)) if place in places and v is not None else v for place, v in enumerate(row)]


@lru_cache(maxsize=4096)
def _day(raw: bytes) -> date:
    return date.fromisoformat(raw.decode("ascii"))


sqlite3.register_converter("date", _day)  # Python's own for SQLite is deprecated from 3.12 on


def _write(model: type[models.Model], fields: Sequence[str], rows: Iterable[Row], end: str) -> None:
    _execute(f"{_inserting(model, tuple(fields), connection.vendor)}{end}", model, fields, rows)


@lru_cache(maxsize=256)
def _inserting(model: type[models.Model], fields: tuple[str, ...], vendor: str) -> str:
    if vendor == "postgresql":
        values = f"SELECT * FROM unnest({_arrays(model, fields)})"  # noqa: S608
    else:
        values = f"VALUES ({', '.join('%s' for _ in fields)})"
    return f"INSERT INTO {model._meta.db_table} ({', '.join(_named(model, fields))}) {values}"


def _execute(statement: str, model: type[models.Model], fields: Sequence[str], rows: Iterable[Row]) -> None:
    ready = _ready(model, fields)
    with connection.cursor() as cursor:
        for batch in batched(rows):
            usable = [_prepared(row, ready) for row in batch] if ready else batch
            if connection.vendor == "postgresql":
                cursor.execute(statement, [list(column) for column in zip(*usable, strict=True)])
            else:
                cursor.executemany(statement, usable)


def _prepared(row: Row, ready: Sequence[tuple[int, Callable[[Any], Any]]]) -> Row:
    values = list(row)
    for place, prepare in ready:
        values[place] = prepare(values[place])
    return values


def _ready(model: type[models.Model], fields: Sequence[str]) -> list[tuple[int, Callable[[Any], Any]]]:
    """The places of values that the database wants in another form, and what gives it to them."""
    return _preparing(model, tuple(fields), connection.vendor)


@lru_cache(maxsize=256)
def _preparing(
    model: type[models.Model], fields: tuple[str, ...], vendor: str
) -> list[tuple[int, Callable[[Any], Any]]]:
    found = ((place, _field(model, name)) for place, name in enumerate(fields))
    ready: list[tuple[int, Callable[[Any], Any]]] = []
    for place, field in found:
        prepare = partial(field.get_db_prep_save, connection=connection)
        if isinstance(field, models.DateTimeField):
            ready.append((place, lru_cache(maxsize=64)(prepare)))  # a batch has few moments
        elif isinstance(field, models.BinaryField):
            ready.append((place, prepare))
    return ready


def _columns(model: type[models.Model], fields: Sequence[str]) -> tuple[str, ...]:
    return _named(model, tuple(fields))


@lru_cache(maxsize=256)
def _named(model: type[models.Model], fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(_field(model, name).column) for name in fields)


def _arrays(model: type[models.Model], fields: Sequence[str]) -> str:
    """A placeholder of an array for each column, of its kind without a length: a cast to one cuts in silence."""
    kinds = (str(_field(model, name).db_type(connection)).partition("(")[0] for name in fields)
    return ", ".join(f"%s::{kind}[]" for kind in kinds)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), f"{name} is no column of {model.__name__}"
    return field

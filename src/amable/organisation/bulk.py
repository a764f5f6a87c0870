"""Writes many rows at once: `executemany` on SQLite, one statement over arrays on PostgreSQL.

Twenty times quicker than model instances where a day proposes a quarter of a million messages. Nothing here adds the
creditor to a row, as the scoped managers do not either: every row brings its own. Constraints, triggers and row
policies hold as for any other statement.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

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


def these(numbers: Collection[int]) -> RawSQL:
    """Numbers of rows for a condition, as one parameter: Django takes longer over a list than the database does."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", (list(numbers),))
    return RawSQL("SELECT value FROM json_each(%s)", (json.dumps(list(numbers)),))


def batched(rows: Iterable[T], size: int = _BATCH) -> Iterator[list[T]]:
    """The same in lists of so many."""
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


def rows(found: QuerySet[Any, Any], into: type[R]) -> list[R]:
    """What a query finds as tuples of one kind, whose fields name the columns. Not for moments or JSON.

    The driver already yields days and truth values: Django would ask each of them again whether it is one. Only
    decimals SQLite knows as floats; two places of what is written are kept whole by them.
    """
    statement, values = found.values_list(*into._fields).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        read = cursor.fetchall()
    decimals = [place for place, name in enumerate(into._fields) if _is_decimal(found.model, name)]
    if connection.vendor == "sqlite" and decimals:
        read = [_with_decimals(row, decimals) for row in read]
    return list(map(into._make, read))


def _is_decimal(model: type[models.Model], name: str) -> bool:
    return name != "pk" and isinstance(_field(model, name), models.DecimalField)


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

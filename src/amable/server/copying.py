"""Copies every row of one database into another, empty one, table by table, and says what came across.

It goes over the registry of models, so that a table added later comes along. Numbers stay as they are, rows are read
and written in batches, and each creditor's go under its row policy, which is why a plain role can do it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DataError, connections, models, transaction

from amable.organisation.models import Creditor, User

_BATCH: Final = 1000
_QUEUE: Final = "procrastinate"  # jobs are no facts, and the other engine has none


class RowError(Exception):
    """A row that the other database cannot keep: of which table, and why."""

    def __init__(self, table: str, why: str) -> None:
        super().__init__(f"{table}: {why}")
        self.table, self.why = table, why


class DifferentError(Exception):
    """The copy is not like the original: the tables, each with its number of rows here and there."""

    def __init__(self, tables: list[tuple[str, int, int]]) -> None:
        super().__init__(", ".join(table for table, _, _ in tables))
        self.tables = tables


def is_empty(alias: str) -> bool:
    """Whether a database has its tables and nothing in them: every other row hangs on a creditor or a person."""
    return not Creditor.objects.using(alias).exists() and not User.objects.using(alias).exists()


def copy(source: str, target: str, *, before_commit: Callable[[int], object]) -> dict[str, int]:
    """Copy everything in one transaction, and compare it value by value; how many rows each table has.

    Raises RowError or DifferentError and leaves nothing behind. `before_commit` may change the rows of each creditor
    (given by its number) while nobody else sees them yet.
    """
    creditors = list(Creditor.objects.using(source).order_by("pk").values_list("pk", flat=True))
    counts: dict[str, int] = {}
    different: list[tuple[str, int, int]] = []
    with transaction.atomic(using=source), transaction.atomic(using=target):
        for made_by_migrating in (Permission, ContentType):
            made_by_migrating.objects.using(target).all().delete()
        for model in _models():
            here: list[tuple[int, str]] = []
            there: list[tuple[int, str]] = []
            for creditor in creditors if _has_creditor(model) else [None]:
                _act_for(creditor, target)
                _copy_rows(model, creditor, source, target)
                here.append(_summary(model, creditor, source))
                there.append(_summary(model, creditor, target))
            table = model._meta.db_table
            counts[table] = sum(count for count, _ in here)
            if here != there:
                different.append((table, counts[table], sum(count for count, _ in there)))
            _continue_numbers(model, source, target)
        if different:
            raise DifferentError(different)
        for creditor in creditors:
            _act_for(creditor, target)
            before_commit(creditor)
    return counts


def _models() -> Iterator[type[models.Model]]:
    """Every table of ours and of the Django apps we use. Their order does not matter: references are checked last."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label != _QUEUE and model._meta.managed and not model._meta.proxy:
            yield model


def _has_creditor(model: type[models.Model]) -> bool:
    return any(field.name == "creditor" for field in model._meta.concrete_fields)


def _rows(model: type[models.Model], creditor: int | None, alias: str) -> Iterator[tuple[Any, ...]]:
    names = [field.attname for field in model._meta.concrete_fields]
    found = model._base_manager.using(alias).order_by("pk")
    if creditor is not None:
        found = found.filter(creditor=creditor)
    return found.values_list(*names).iterator(chunk_size=_BATCH)


def _copy_rows(model: type[models.Model], creditor: int | None, source: str, target: str) -> None:
    connection = connections[target]
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    places = ", ".join("%s" for _ in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
    batch: list[list[Any]] = []
    with connection.cursor() as cursor:
        for row in _rows(model, creditor, source):
            batch.append([f.get_db_prep_save(value, connection) for f, value in zip(fields, row, strict=True)])
            if len(batch) == _BATCH:
                _insert(cursor, statement, batch, model)
                batch.clear()
        if batch:
            _insert(cursor, statement, batch, model)


def _insert(cursor: Any, statement: str, batch: list[list[Any]], model: type[models.Model]) -> None:
    try:
        cursor.executemany(statement, batch)
    except (DataError, ValueError) as error:  # SQLite keeps longer texts than it was told, and any character
        raise RowError(model._meta.db_table, str(error).partition("\n")[0]) from error


def _summary(model: type[models.Model], creditor: int | None, alias: str) -> tuple[int, str]:
    """How many rows there are, and a digest of every value of theirs."""
    digest, count = sha256(), 0
    for row in _rows(model, creditor, alias):
        digest.update(repr([_plain(value) for value in row]).encode())
        count += 1
    return count, digest.hexdigest()


def _plain(value: Any) -> Any:
    """A value as both databases give it."""
    if isinstance(value, memoryview):
        return bytes(value)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _continue_numbers(model: type[models.Model], source: str, target: str) -> None:
    """Number the next row as the original would, which does not use the numbers of rows that are gone again."""
    key = model._meta.pk
    if not isinstance(key, models.AutoField):
        return
    with connections[source].cursor() as cursor:
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        (last,) = cursor.fetchone() or (0,)
    table = connections[target].ops.quote_name(model._meta.db_table)
    with connections[target].cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)", [table, key.column, max(1, last), last > 0]
        )


def _act_for(creditor: int | None, target: str) -> None:
    """Name the creditor to the row policies of the other database, until the transaction ends."""
    with connections[target].cursor() as cursor:
        cursor.execute("SELECT set_config('amable.creditor', %s, true)", ["" if creditor is None else str(creditor)])

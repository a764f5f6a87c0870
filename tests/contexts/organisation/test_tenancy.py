"""Rows of one creditor are out of another's sight and reach, whatever a query says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django_scopes import scopes_disabled
from django_scopes.exceptions import ScopeError

from amable.banking.models import BankLine
from amable.evidence.models import Entry
from amable.ledger import queries
from amable.ledger.models import Customer
from amable.organisation.models import Creditor, Member
from amable.organisation.tenancy import acting_for

DAY = date(2026, 3, 17)
# Who is on whose staff is asked before anybody acts for a creditor, so these rows are not of one.
ROWS = [
    model
    for model in apps.get_models()
    if model is not Member and any(field.name == "creditor" for field in model._meta.fields)
]


@pytest.fixture
def other(turia: Creditor) -> Creditor:
    """A second creditor of the same installation, with a customer."""
    facts = {"name": "Panadería", "language": "es", "country": "ES", "timezone": "Europe/Madrid", "sender_name": "L"}
    panaderia = Creditor.objects.create(ref="panaderia", sender_email="l@pan.example", **facts)
    with acting_for(panaderia):
        add_customer(panaderia)
    return panaderia


@pytest.fixture
def policies(turia: Creditor) -> Iterator[None]:
    assert connection.vendor == "postgresql"
    with scopes_disabled():
        yield


def add_customer(creditor: Creditor, key: str = "C-1") -> Customer:
    return Customer.objects.create(creditor=creditor, key=key, keyed_by="id", name="Ana", language="es")


def rows(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_there_are_rows_to_protect() -> None:
    assert len(ROWS) >= 25


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_no_query_without_a_creditor(turia: Creditor, model: type[models.Model]) -> None:
    with pytest.raises(ScopeError):
        model.objects.count()  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_every_unique_key_begins_with_the_creditor(model: type[models.Model]) -> None:
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            assert constraint.fields[0] == "creditor"
    assert not [field.name for field in model._meta.fields if field.unique and field.name not in ("id", "creditor")]


def test_a_question_built_for_one_creditor_is_answered_to_another_with_its_own_rows(
    turia: Creditor, other: Creditor
) -> None:
    with acting_for(turia):
        ours = add_customer(turia, key="C-9")
    with acting_for(other):
        theirs = Customer.objects.get()
    for creditor, own in ((turia, ours), (other, theirs), (turia, ours)):
        with acting_for(creditor):
            assert [row.key for row in queries.customers(creditor, [ours.pk, theirs.pk])] == [own.key]
            assert queries.customers(creditor, []) == []
    with acting_for(turia):
        assert queries.customers(other, [ours.pk, theirs.pk]) == []
    with pytest.raises(ScopeError):
        queries.customers(turia, [ours.pk])


def test_another_creditors_rows_are_not_seen_nor_changed(turia: Creditor, other: Creditor) -> None:
    with acting_for(turia):
        assert Customer.objects.count() == 0
        assert Customer.objects.filter(creditor=other).count() == 0
        assert Customer.objects.filter(creditor=other).update(name="Eva") == 0
        assert Customer.objects.filter(creditor=other).delete()[0] == 0
    with acting_for(other):
        assert Customer.objects.get().name == "Ana"


def test_two_creditors_may_use_the_same_identifiers(turia: Creditor, other: Creditor) -> None:
    with acting_for(turia):
        add_customer(turia)
        assert Customer.objects.get().creditor_id == turia.pk


def test_acting_for_another_within_ends_where_it_began(turia: Creditor, other: Creditor) -> None:
    with acting_for(turia):
        add_customer(turia, "T-1")
        with acting_for(other):
            assert Customer.objects.get().key == "C-1"
        assert Customer.objects.get().key == "T-1"
        assert rows("SELECT key FROM ledger_customer ORDER BY key")[-1:] == [("T-1",)]


def test_an_error_ends_the_acting(turia: Creditor, other: Creditor) -> None:
    with pytest.raises(LookupError), acting_for(turia):
        raise LookupError
    with pytest.raises(ScopeError):
        Customer.objects.count()


# --- the policies of PostgreSQL, with every scope of Django's switched off --------------------------------------------


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_every_table_has_its_policy_and_obeys_it_itself(policies: None, model: type[models.Model]) -> None:
    table = model._meta.db_table
    [(enabled, forced)] = rows(
        f"SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = '{table}'::regclass"
    )
    assert (enabled, forced) == (True, True)
    assert rows(f"SELECT count(*) FROM pg_policies WHERE tablename = '{table}'") == [(1,)]


def test_we_connect_as_a_plain_role(policies: None) -> None:
    assert rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [(False, False)]


def test_nobody_acted_for_sees_nothing(policies: None, other: Creditor) -> None:
    assert rows("SELECT * FROM ledger_customer") == []
    assert Customer.objects.count() == 0


def test_raw_sql_sees_only_ones_own(policies: None, turia: Creditor, other: Creditor) -> None:
    with acting_for(turia):
        assert rows("SELECT * FROM ledger_customer") == []
        assert rows(f"SELECT * FROM ledger_customer WHERE creditor_id = {other.pk}") == []
    with acting_for(other):
        assert len(rows("SELECT * FROM ledger_customer")) == 1


def test_raw_sql_changes_only_ones_own(policies: None, turia: Creditor, other: Creditor) -> None:
    with acting_for(turia), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_customer SET name = 'Eva'")
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM ledger_customer")
        assert cursor.rowcount == 0


def test_nothing_can_be_inserted_for_another(policies: None, turia: Creditor, other: Creditor) -> None:
    with acting_for(turia):
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            add_customer(other, "C-2")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Entry.objects.bulk_create([Entry(creditor=other, kind="forged", day=DAY, body="{}")])


def test_nothing_can_be_given_away(policies: None, turia: Creditor, other: Creditor) -> None:
    with acting_for(turia):
        add_customer(turia, "T-1")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Customer.objects.filter(key="T-1").update(creditor=other)


def test_a_join_shows_nothing_of_another(policies: None, turia: Creditor, other: Creditor) -> None:
    with acting_for(turia):
        joined = f"SELECT c.name FROM {BankLine._meta.db_table} b RIGHT JOIN ledger_customer c ON c.id = b.customer_id"
        assert rows(joined) == []

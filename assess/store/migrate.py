"""How does a database get the tables, and does it have them? Alembic, without a file of its own.

Every command looks whether its database has the newest tables. Alembic is imported by those alone
that change or compare tables: it takes longer to import than such a look.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, MetaData, inspect, text
from sqlalchemy.exc import DBAPIError

from assess.store import tables
from assess.store.engines import engine_for

if TYPE_CHECKING:
    from alembic.config import Config

ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('assess:tables', 0))")
HERE = Path(__file__).parent / "migrations"


def upgrade(url: str, metadata: MetaData = tables.metadata) -> None:
    """Bring a database to the newest tables, from empty or from any earlier state."""
    from alembic import command

    with moving(url, metadata) as config:
        command.upgrade(config, "head")


@contextmanager
def moving(url: str, metadata: MetaData = tables.metadata) -> Iterator[Config]:
    """Alembic at work on a database; all of it is kept at the end, or nothing.

    SQLite changes some tables by writing them anew and dropping the old one, which the rows that
    point at it would forbid. So their keys are asked afterwards, all of them, and not at each step
    (https://www.sqlite.org/lang_altertable.html, section 7). RuntimeError where one points nowhere.
    Who comes at the same time waits, and then finds it done.
    """
    engine = engine_for(url)
    try:
        with engine.connect().execution_options(writes=True) as connection:
            sqlite = connection.dialect.name == "sqlite"
            if sqlite:  # before a transaction begins; within one it does nothing
                connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
            # Ours, begun before Alembic looks: on SQLite it would end one after each migration.
            connection.begin()
            if not sqlite:
                connection.execute(ALONE)
            yield _config(connection, metadata)
            if sqlite and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                raise RuntimeError(f"rows that point nowhere, and nothing was kept: {lost[:5]}")
            connection.commit()
    finally:
        engine.dispose()


def revision(message: str, metadata: MetaData = tables.metadata) -> tuple[Path, bool]:
    """Write the next migration; its file, and whether a difference was found to write into it.

    What the code's tables have is compared with what all migrations make, in a database made for
    it: no installation has to be there, and none is touched. Its number follows the newest, for by
    numbers it is told which of two is newer.
    """
    from alembic import command
    from alembic.script import Script

    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/migrated.sqlite3"
        upgrade(url, metadata)
        differs = bool(differences(url, metadata))
        engine = engine_for(url)
        try:
            with engine.connect() as connection:
                script = command.revision(
                    _config(connection, metadata),
                    message=message,
                    autogenerate=True,
                    rev_id=f"{int(newest()) + 1:04}",
                )
        finally:
            engine.dispose()
    if not isinstance(script, Script):
        raise TypeError("one migration was asked for")
    return Path(script.path), differs


def differences(url: str, metadata: MetaData = tables.metadata) -> list[str]:
    """Where the tables in the code and those in the database differ; empty when they match."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = engine_for(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return [str(d) for d in compare_metadata(context, metadata)]
    finally:
        engine.dispose()


def heads() -> list[str]:
    """The newest migrations by what each says it follows; a healthy history has one."""
    from alembic.script import ScriptDirectory

    return list(ScriptDirectory(str(HERE)).get_heads())


def numbers() -> set[str]:
    """Every migration, by the numbers of their files."""
    return {file.name.partition("_")[0] for file in (HERE / "versions").glob("[0-9]*.py")}


def newest() -> str:
    """The newest of them."""
    return max(numbers())


def at(engine: Engine) -> str | None:
    """The migration that a database is at, None when it has no tables."""
    with engine.connect() as connection:
        return of(connection)


def of(connection: Connection) -> str | None:
    """The same, as this connection sees it."""
    if not inspect(connection).has_table("alembic_version"):  # Alembic's own, with one row
        return None
    at: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return at


def why_others(at: str | None) -> str | None:
    """Why this version cannot work on tables that are at a migration; None where it can."""
    if at == newest():
        return None
    if at is not None and at > newest():
        return f"The database has tables of a newer version (migration {at}): install that version."
    return "The database has older (or other) tables than this version: run `assess db upgrade`."


def why_not_serve(url: str) -> str | None:
    """Why nobody is to be served from this database; None also where it does not answer now.

    It may be starting just as we are, and whoever comes meanwhile is told that it is away.
    """
    engine = engine_for(url)
    try:
        return why_others(at(engine))
    except DBAPIError:
        return None
    finally:
        engine.dispose()


def is_unmarked(engine: Engine) -> bool:
    """Whether a database has our tables, but no row that says which migration they are of."""
    ours = set(tables.metadata.tables)
    return at(engine) is None and not ours.isdisjoint(inspect(engine).get_table_names())


def is_empty(engine: Engine) -> bool:
    """Whether a database holds no table at all."""
    return not inspect(engine).get_table_names()


def _config(connection: Connection, metadata: MetaData) -> Config:
    from alembic.config import Config

    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config

"""The tables' versions: a database is brought to this gateway's by the steps in `migrations`, each once and in order."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from gateway.store.database import reading, writing
from gateway.store.errors import StoreGone

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x5711  # any number will do, as long as nobody else takes it


def migrate(engine: Engine) -> None:
    """Bring the tables to this version; processes that start together do it one after the other.

    StoreGone if the database cannot be used, also where it was made by a later version.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    with reading(engine) as connection:
        if _present(connection) == set(script.get_heads()):
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":  # SQLite has one writer anyway
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        _check_known(_present(connection), script)
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")


def _present(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _check_known(present: set[str], script: ScriptDirectory) -> None:
    later = present - {step.revision for step in script.walk_revisions()}
    if later:
        raise StoreGone(
            f"the database is of a later version ({', '.join(sorted(later))}); "
            "do: run that version of the gateway, or restore the backup made before it"
        )

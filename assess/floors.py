"""What does every process stand on? Database, clock and the doors of neighbours; no page.

Commands and the worker stand on this alone and wait for no page; `assess.app` puts the site on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Flask

from assess import store
from assess.actions.context import Context
from assess.bank.specification import INVIGILATED
from assess.clock import Clock, DatabaseClock
from assess.settings import Settings
from assess.store.engines import (
    SAVES,
    configuration,
    impatient,
    planned_once,
    prepared,
    shortened,
)
from assess.store.standing import Gate
from assess.store.tables import metadata
from assess.web import pdf
from invigilation import admission
from invigilation.store import roster

TABLES = metadata
"""Every table, those of neighbours among them: whoever imports this module has them all."""

ROOM = Gate(roster.seat, admission.why_not_start, admission.why_not_wait, admission.plain)
"""The door of the invigilated room."""


def gates(settings: Settings) -> Mapping[str, Gate]:
    """Doors of neighbours, by name. Without the room, tests that are sat in it stay shut."""
    return {INVIGILATED: ROOM} if settings.room else {}


def demonstrate(
    context: Context, people: Mapping[str, int], framework: str, statement: str, zone: str
) -> None:
    """The room's part of a demonstration."""
    from invigilation.actions import demo  # only here: no process but one needs it

    demo.fill(context, people, framework, statement, zone)


def bare(settings: Settings, clock: Clock | None = None) -> Flask:
    """An application without a page, for those who serve none."""
    return lay(Flask("assess"), settings, clock)


def lay(app: Flask, settings: Settings, clock: Clock | None = None) -> Flask:
    """Put the floors below the pages into an application, and give it back."""
    app.config.update(configuration(settings.database_url))
    store.db.init_app(app)
    with app.app_context():
        prepared(store.db.engine)
        for engine in store.db.engines.values():
            impatient(engine)
            shortened(engine)
        if (saves := store.db.engines.get(SAVES)) is not None:
            planned_once(saves)
    app.extensions["assess.settings"] = settings
    app.extensions["assess.clock"] = clock or DatabaseClock(_database_time(app))
    app.extensions["assess.gates"] = gates(settings)
    app.extensions["assess.pdf"] = pdf.why_not
    app.extensions["assess.demonstrations"] = (demonstrate,) if settings.room else ()
    return app


def _database_time(app: Flask) -> Callable[[], datetime]:
    def read() -> datetime:
        with app.app_context():
            return store.time()

    return read

"""How do tests let deeds race? By threads at a barrier, or by whole processes at one."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from multiprocessing.synchronize import Barrier
from typing import Any, TypeVar

from flask import Flask
from psycopg import Cursor
from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from assess import store
from tests.services import wait_until

Result = TypeVar("Result")
WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
    "WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
)
HELD_UP = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
PATIENCE = 120.0  # seconds for a process to come to the barrier, on a machine that is busy


def at_once(app: Flask, *deeds: Callable[[], Result]) -> list[Result]:
    """Do the deeds in threads that set off together; what each gave, in their order."""
    barrier = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Result]) -> Result:
        with app.app_context():
            barrier.wait(PATIENCE)
            return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result() for future in [pool.submit(run, deed) for deed in deeds]]


def one_by_one(
    app: Flask,
    what: str,
    *deeds: Callable[[], Result],
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Result]:
    """Let deeds queue in this order for what is dealt with alone, then let them all go on.

    For PostgreSQL: what a deed read before it queued is out of date for all but the first, and
    after a deed that is done `meanwhile` for this one too.
    """

    def run(deed: Callable[[], Any]) -> Any:
        with app.app_context():
            return deed()

    with ThreadPoolExecutor(len(deeds) + 1) as pool:
        with store.write() as session:
            store.alone(session, what)
            going = []
            for number, deed in enumerate(deeds, start=1):
                going.append(pool.submit(run, deed))
                wait_until(partial(_queue_is, session, number), "nobody queues")
            pool.submit(run, meanwhile).result(PATIENCE)
        return [one.result(PATIENCE) for one in going]


def woven(
    app: Flask,
    deed: Callable[[], Result],
    at: str,
    meanwhile: Callable[[], Any],
    time: int = 1,
) -> tuple[Result, Any]:
    """Do a deed, and before its `time`-th statement that holds `at` another one, to its end.

    If that waits for the first, it goes on when that is done; where the first has no such
    statement it comes after it. What both gave. For PostgreSQL: on SQLite one begins when the
    other has ended.
    """
    going: list[Future[Any]] = []
    seen: list[str] = []
    mine = threading.get_ident()

    def run() -> Any:
        with app.app_context():
            return meanwhile()

    def comes(query: Any) -> None:
        if threading.get_ident() == mine and at in str(query):
            seen.append(str(query))
            if len(seen) == time:
                going.append(pool.submit(run))
                wait_until(lambda: going[0].done() or _one_waits(looking), "it hangs")

    class Noting(Cursor[Any]):
        def execute(self, query: Any, *values: Any, **how: Any) -> Any:
            comes(query)
            return super().execute(query, *values, **how)

    def noted(connection: Any, *_: Any) -> None:
        def ask(statement: str, values: Any) -> Any:
            comes(statement)
            return asks(statement, values)

        connection.cursor_factory, asks, connection.ask = Noting, connection.ask, ask

    store.dispose()
    event.listen(store.db.engine, "connect", noted)
    try:
        with ThreadPoolExecutor(1) as pool, store.db.engine.connect() as looking:
            done = deed()
            return done, (going[0] if going else pool.submit(run)).result(PATIENCE)
    finally:
        event.remove(store.db.engine, "connect", noted)
        store.dispose()  # no connection that notes is left


def _one_waits(looking: Connection) -> bool:
    with looking.begin():
        return bool(looking.scalar(HELD_UP))


def _queue_is(session: Session, number: int) -> bool:
    return bool(session.scalar(WAITING) == number)


def _run(
    url: str, now: datetime, barrier: Barrier, deed: Callable[..., Any], arguments: Sequence[Any]
) -> Any:
    from assess import floors, store
    from assess.clock import HeldClock
    from assess.settings import Settings

    app = floors.bare(Settings.for_tests(database_url=url), HeldClock(now))
    with app.app_context():
        barrier.wait(PATIENCE)
        try:
            return deed(app, *arguments)
        finally:
            store.dispose()


_barrier: Barrier


def _keep(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _work(url: str, now: datetime, deed: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    return _run(url, now, _barrier, deed, arguments)


def processes(
    url: str, now: datetime, *deeds: tuple[Callable[..., Any], Sequence[Any]]
) -> list[Any]:
    """Do `deed(app, *arguments)` in a process each, all setting off together; what each gave."""
    method = multiprocessing.get_context("forkserver")
    method.set_forkserver_preload(["assess.floors"])
    with method.Pool(len(deeds), _keep, (method.Barrier(len(deeds)),)) as pool:
        begun = [pool.apply_async(_work, (url, now, deed, given)) for deed, given in deeds]
        return [one.get(PATIENCE) for one in begun]

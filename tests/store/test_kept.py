"""Is a deed done, and said to be, where the connection is lost at its COMMIT?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from assess import store
from assess.actions import attempts, people
from assess.store import kept
from assess.store.attempts import Attempt
from assess.store.people import Person
from tests.builders import World

END = text("SELECT pg_terminate_backend(:pid, 10000)")


@pytest.fixture
def database_kind() -> str:
    """SQLite has no connection to lose."""
    return "postgresql"


@contextmanager
def lost(*, done: bool) -> Iterator[None]:
    """Lose the connection of whoever writes meanwhile: before its COMMIT, or before the answer."""

    def at_commit(session: Session) -> None:
        proxy: Any = session.connection().connection
        driver = proxy.dbapi_connection
        its_own = driver.commit

        def commit() -> None:
            if done:
                its_own()
            with store.db.engine.connect() as other:
                other.execute(END, {"pid": driver.info.backend_pid})
            driver.execute("SELECT 1")

        driver.commit = commit

    event.listen(Session, "before_commit", at_commit)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", at_commit)


def test_a_deed_whose_answer_was_lost_is_done_and_says_all_that_it_says_once(built: World) -> None:
    administrator = built.context("administrator")
    with lost(done=True):
        added = people.add(administrator, "Fresh Comer", "fresh", ["candidate"])
    assert isinstance(added, people.Added), added
    built.make_ready()
    device = built.log_in("candidate")
    with lost(done=True):
        begun = attempts.start(device, built.test, affirmed=True)
    assert isinstance(begun, attempts.Started), begun
    with store.read() as session:
        assert session.scalar(select(Attempt.id)) == begun.attempt_id


def test_a_deed_that_was_not_done_is_not_said_to_be(built: World) -> None:
    administrator = built.context("administrator")
    with lost(done=False), pytest.raises(OperationalError) as raised:
        people.add(administrator, "Fresh Comer", "fresh", ["candidate"])
    assert kept.is_unsure(raised.value)
    with store.read() as session:
        found = select(func.count()).where(Person.username == "fresh")
        assert session.scalar(found) == 0

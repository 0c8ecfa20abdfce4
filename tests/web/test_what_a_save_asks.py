"""How often does a save ask others? PostgreSQL once and Redis not at all, counted on the wire.

Pages of an attempt ask more often; how often is held too.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import event, text

from assess.app import create_app
from assess.settings import Settings
from assess.store import db
from tests.builders import World
from tests.compiled import once
from tests.web.candidate_builders import Browser, Player, started

WARM = 7  # from the sixth time on the driver keeps a statement prepared
SAVES = 5


@pytest.fixture
def database_kind() -> str:
    """SQLite lies in the process: there is nobody to ask."""
    return "postgresql"


def test_a_save_asks_postgresql_once_and_redis_not_at_all(
    built: World, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings.for_tests(database_url=database_url, redis_url=redis_url, floods=True)
    app = once(create_app(settings, built.clock))
    world = replace(built, app=app)
    wire = tmp_path / "wire"
    with wire.open("wb") as file, redis.Redis.from_url(redis_url) as client:

        def listen(connection: Any, *_: object) -> None:
            connection.pgconn.trace(file.fileno())

        with app.app_context():
            engines = list(app.extensions["sqlalchemy"].engines.values())
        for engine in engines:
            event.listen(engine, "checkout", listen)
        browser = Browser(world, "candidate")
        player = Player(world, browser, started(world, browser))
        player.fetch()
        for number in range(1, WARM + 1):
            assert player.save(1, number % 4, sequence=number).status_code == 200
        before = trips(wire)
        # Most of what a page costs is asking: held here so that none comes to ask more.
        asked = {}
        for path in ("/assessments", f"/attempts/{player.attempt}/questions/1"):
            for _ in range(WARM):
                now = trips(wire)
                assert browser.get(path).status_code == 200
            asked[path.split("/")[1]] = trips(wire) - now
        assert asked == {"assessments": 5, "attempts": 7}
        before = trips(wire)
        number_of_redis = client.connection_pool.connection_kwargs["db"]
        with client.monitor() as heard:
            for number in range(WARM + 1, WARM + SAVES + 1):
                assert player.save(1, number % 4, sequence=number).status_code == 200
            client.echo("over")
            commands = []
            for one in heard.listen():
                # A new connection, like that of the echo, chooses its database first.
                chosen = int(one["db"]) == int(number_of_redis)
                if chosen and not one["command"].startswith(("SELECT", "CLIENT")):
                    commands.append(one["command"])
                    if one["command"].startswith("ECHO"):
                        break
        assert before > WARM  # the wire was heard: a log-in and a start ask more than once
        assert trips(wire) - before == SAVES
        assert commands == ["ECHO over"]
        for engine in engines:
            engine.dispose()


def trips(wire: Path) -> int:
    """How often the database was ready for the next question."""
    return wire.read_text(errors="replace").count("ReadyForQuery")


def test_a_save_on_a_connection_that_the_database_has_ended_is_saved_all_the_same(
    built: World,
) -> None:
    browser = Browser(built, "candidate")
    player = Player(built, browser, started(built, browser))
    player.fetch()
    assert player.save(1, 2).status_code == 200
    with built.app.app_context(), db.engine.connect() as own:
        own.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert player.save(1, 3, sequence=2).status_code == 200
    assert player.fetch()["answers"]["1"] == {"sequence": 2, "answer": [3]}

"""Is every acknowledged answer in the record, whatever is killed, sent twice or out of order?

Candidates answer over HTTP while workers, the whole site, PostgreSQL and Redis are killed with
SIGKILL and come back, and the clock of the site's host jumps. What is checked is a record of every
acknowledgement, not the last values: those would hide a loss. `make faults` does it with 10,000
answers; here a few do, and everything happens once.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, text

from benchmarks.client import Browser
from tests.faults.broken import Site
from tests.faults.players import Player, Record, until_answered
from tests.services import Folder

ANSWERS = int(os.environ.get("ASSESS_FAULTS", "120"))
TIMES = max(1, ANSWERS // 1000)  # that each fault strikes
CANDIDATES = 4
STALE = 10**6  # the sequence of what only a device that was taken over sends
CHANCE = random.Random(7)  # noqa: S311 - whom it hits is no secret

# In CI on the database that many hosts share; in full on both.
KINDS = ("sqlite", "postgresql") if "ASSESS_FAULTS" in os.environ else ("postgresql",)


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """The site on servers of its own, which nobody else needs."""
    folder = Folder()
    try:
        made = Site(request.param, folder, CANDIDATES, CHANCE)
        yield made
        made.close()
    finally:
        folder.close()


async def enter(site: Site, record: Record) -> list[Player]:
    """Everybody logs in and starts."""
    players = []
    for name in site.world.names:
        browser = Browser(site.port)
        await browser.log_in(name)
        await browser.start(site.world.test)
        players.append(Player(browser, record, CHANCE))
    return players


async def play(site: Site, players: list[Player], record: Record) -> None:
    """Everybody answers until so many are acknowledged, and on the way everything happens."""
    names = list(site.faults()) * TIMES
    CHANCE.shuffle(names)
    moments = sorted(CHANCE.randrange(ANSWERS // 10, ANSWERS) for _ in names)
    going = True

    async def answer(player: Player) -> None:
        while going:
            await player.step()

    async def strike() -> None:
        nonlocal going
        try:
            for moment, name in zip(moments, names, strict=True):
                while len(record.acknowledged) < moment:
                    await asyncio.sleep(0.001)
                await site.strike(name)
            while len(record.acknowledged) < ANSWERS:
                await asyncio.sleep(0.001)
        finally:
            going = False

    async with asyncio.TaskGroup() as group:
        group.create_task(strike())
        for player in players:
            group.create_task(answer(player))


async def look_in(site: Site, player: Player) -> None:
    """Somebody who is logged in opens a page while the database is away: words, no traceback."""
    mine = player.browser
    other = Browser(site.port, dict(mine.cookies))
    page = await other.send("GET", "/assessments")
    assert (page.status, page.headers["retry-after"]) == (503, "5"), page.body
    assert page.headers["content-type"].startswith("text/html")
    assert b'data-code="E-BUSY"' in page.body
    await other.close()


async def finish(site: Site, players: list[Player]) -> None:
    """A device is taken over and goes on; then everybody hands in, twice."""
    for player in players:
        await player.counting()
    stale = players[0].browser
    second = Browser(site.port)
    await second.log_in(site.world.names[0])
    second.attempt = stale.attempt
    taken = (await second.send("POST", f"/api/attempts/{stale.attempt}/takeover")).json()
    second.token, second.writer = taken["token"], taken["writer"]
    refused = await until_answered(stale, "answers", place=1, sequence=STALE, answer=[1])
    assert (refused.status, refused.json()["code"]) == (409, "W-TAKEOVER")
    browsers = [second, *(player.browser for player in players[1:])]
    for browser in browsers:
        assert (await until_answered(browser, "hand-in")).status == 200
        assert (await until_answered(browser, "hand-in")).json()["code"] == "E-CLOSED"
    for browser in (stale, *browsers):
        await browser.close()


def test_no_acknowledged_answer_is_lost_whatever_is_killed(site: Site) -> None:
    record = Record()

    async def all_of_it() -> None:
        players = await enter(site, record)
        site.during_outage = lambda: look_in(site, players[0])  # type: ignore[method-assign]
        await play(site, players, record)
        await finish(site, players)

    began = datetime.now(UTC)
    asyncio.run(all_of_it())
    ended = datetime.now(UTC)
    assert len(record.acknowledged) >= ANSWERS
    assert site.met == Counter(list(site.faults()) * TIMES)

    engine = create_engine(site.url)
    with engine.connect() as connection:
        forms = {
            row.id: _list(row.form)
            for row in connection.execute(text("SELECT id, form FROM attempts"))
        }
        rows = connection.execute(text("SELECT * FROM answers")).all()
        figures = [_count(connection, table) for table in ("attempts", "marks", "answers")]
        stale = _count(connection, f"answers WHERE sequence = {STALE}")
    engine.dispose()
    stored = {
        (row.attempt_id, row.place, row.writer, row.sequence): [
            forms[row.attempt_id][row.place - 1][2].index(own) for own in _list(row.options)
        ]
        for row in rows
    }
    lost = {k for k, chosen in record.acknowledged.items() if stored.get(k) != [chosen]}
    assert lost == set()
    # One attempt and one mark for each candidate, no answer twice, none of a stale writer.
    assert figures == [CANDIDATES, CANDIDATES, len(stored)]
    assert stale == 0
    # Whatever the clock of the site's host said: when it was is what the database says.
    moments = [_moment(row.received_at) for row in rows]
    assert began - timedelta(seconds=1) <= min(moments) <= max(moments) <= ended
    print(
        f"{site.kind}: {len(record.acknowledged)} acknowledged, {len(lost)} lost, "
        f"{record.later} told to come again, {dict(site.met)}"
    )


def _count(connection: Connection, what: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def _list(value: object) -> list[object]:
    """A column of JSON, which SQLite gives as text."""
    found = json.loads(value) if isinstance(value, str) else value
    assert isinstance(found, list)
    return found


def _moment(value: object) -> datetime:
    """A column of moments, which SQLite gives as text without a zone."""
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)

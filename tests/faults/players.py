"""Who answers while everything breaks, over what lines, and what was each of them promised?

Packets come late, twice, at the same time, in halves and in the wrong order.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from benchmarks.client import Answer, Browser

QUESTIONS = 20
LOST = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
PATIENCE = 120.0  # seconds for one answer to arrive: whatever is killed comes back long before
PAUSE = 0.02  # seconds between the halves of a slow packet
AGAIN = 0.1  # seconds until it is sent again

Key = tuple[int, int, int, int]  # attempt, place, writer, sequence


class Slow(Browser):
    """A line on which a request arrives in two parts."""

    async def put(self, writer: asyncio.StreamWriter, raw: bytes) -> None:
        """The first half, and a little later the other."""
        writer.write(raw[: len(raw) // 2])
        await writer.drain()
        await asyncio.sleep(PAUSE)
        writer.write(raw[len(raw) // 2 :])


@dataclass(slots=True)
class Record:
    """Every acknowledgement, and how often the site said that it could not now."""

    acknowledged: dict[Key, int] = field(default_factory=dict)
    later: int = 0

    def busy(self, answer: Answer) -> None:
        """Note a 5xx, which must be the one that says in plain words when to come again."""
        assert answer.status == 503, (answer.status, answer.body)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["code"] == "E-BUSY"
        self.later += 1


async def until_answered(
    browser: Browser, what: str, record: Record | None = None, **content: object
) -> Answer:
    """Ask again until somebody answers, as the player does; a server that is away is no answer."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            answer = await browser.tell(what, **content)
        except LOST:
            await browser.close()
        else:
            if answer.status < 500:
                return answer
            (record or Record()).busy(answer)
        await asyncio.sleep(AGAIN)
    raise TimeoutError(what)


@dataclass(slots=True)
class Player:
    """One candidate at one device, with a second and a slow line to the same site."""

    browser: Browser
    record: Record
    chance: random.Random
    sequence: int = 0

    async def step(self) -> None:
        """Answer one question or two, over a line that is as good as chance has it."""
        luck = self.chance.random()
        if luck < 0.1:  # the later packet is there first
            first, second = self._next(), self._next()
            await self._send(self.browser, *second)
            await self._send(self.browser, *first)
            return
        key, chosen = self._next()
        if luck < 0.2:  # twice at the same time
            await asyncio.gather(
                self._send(self.browser, key, chosen),
                self._send(self._line(Browser), key, chosen),
            )
        elif luck < 0.3:  # in two halves
            await self._send(self._line(Slow), key, chosen)
        else:
            await self._send(self.browser, key, chosen)
        if luck > 0.9:  # and an old one once more, long after
            old = self.chance.choice([k for k in self.record.acknowledged if k[0] == key[0]])
            await self._send(self.browser, old, self.record.acknowledged[old])

    def _next(self) -> tuple[Key, int]:
        self.sequence += 1
        mine = self.browser
        # Two that overtake each other now and then answer the same question.
        place = (self.sequence // 2) % QUESTIONS + 1
        return (mine.attempt, place, mine.writer, self.sequence), self.chance.randrange(4)

    def _line(self, kind: type[Browser]) -> Browser:
        mine = self.browser
        line = kind(mine.port, dict(mine.cookies), mine.csrf, mine.attempt, mine.token)
        line.writer = mine.writer
        return line

    async def _send(self, line: Browser, key: Key, chosen: int) -> None:
        sent = {"place": key[1], "sequence": key[3], "answer": [chosen]}
        answer = await until_answered(line, "answers", self.record, **sent)
        assert answer.status == 200, answer.body
        self.record.acknowledged[key] = chosen
        if line is not self.browser:
            await line.close()

    async def counting(self) -> None:
        """What counts on the server is the last answer to each question, in whatever order."""
        latest: dict[str, tuple[int, int]] = {}
        for (attempt, place, _, sequence), chosen in self.record.acknowledged.items():
            if attempt == self.browser.attempt:
                latest[str(place)] = max(latest.get(str(place), (0, 0)), (sequence, chosen))
        path = f"/api/attempts/{self.browser.attempt}/form"
        form = (await self.browser.get(path, "application/json")).json()
        assert {
            place: (one["sequence"], one["answer"][0]) for place, one in form["answers"].items()
        } == latest

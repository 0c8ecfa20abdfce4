"""A candidate's browser over HTTP, so small that a thousand of them leave the server its time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from benchmarks.world import PASSWORD

TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')
CLOSED = (ConnectionError, asyncio.IncompleteReadError)


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class Browser:
    """One connection that is kept, cookies, and the tokens of one attempt."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    attempt: int = 0
    token: str = ""
    writer: int = 1
    requests: int = 0
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def send(
        self, method: str, path: str, body: bytes = b"", kind: str = "", accept: str = "text/html"
    ) -> Answer:
        """One request; once more on a new connection where the server had closed the old one."""
        head = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Accept: {accept}",
            "Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
        ]
        if method == "POST":
            head += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
            head += [f"X-CSRFToken: {self.csrf}"] if self.csrf else []
        raw = "\r\n".join(head).encode() + b"\r\n\r\n" + body
        fresh = self._reader is None or self._reader.at_eof()
        try:
            return await self._once(raw)
        except CLOSED:
            if fresh:
                raise
            await self.close()
            return await self._once(raw)

    async def _once(self, raw: bytes) -> Answer:
        if self._reader is None or self._reader.at_eof():
            await self.close()
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._reader, self._writer
        assert writer is not None  # noqa: S101
        await self.put(writer, raw)
        answer = reading(await reader.readuntil(b"\r\n\r\n"), self.cookies)
        answer.body = await reader.readexactly(int(answer.headers.get("content-length", 0)))
        if answer.headers.get("connection", "").lower() == "close":
            await self.close()
        self.requests += 1
        return answer

    async def put(self, writer: asyncio.StreamWriter, raw: bytes) -> None:
        """Send a request's bytes."""
        writer.write(raw)

    async def close(self) -> None:
        """Give the connection up."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def get(self, path: str, accept: str = "text/html") -> Answer:
        """Open an address, and go where it leads."""
        answer = await self.send("GET", path, accept=accept)
        while answer.status in {302, 303}:
            answer = await self.send("GET", answer.headers["location"], accept=accept)
        return answer

    async def post(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        data = urlencode({"csrf_token": self.csrf, **fields}).encode()
        return await self.send("POST", path, data, "application/x-www-form-urlencoded")

    async def tell(self, what: str, **content: object) -> Answer:
        """Send JSON about the attempt."""
        body = json.dumps({"token": self.token, "writer": self.writer, **content}).encode()
        path = f"/api/attempts/{self.attempt}/{what}"
        return await self.send("POST", path, body, "application/json", "application/json")

    async def log_in(self, name: str) -> None:
        """Log in, and see my assessments."""
        page = await self.get("/login")
        self.csrf = _token(page)
        answer = await self.post("/login", username=name, password=PASSWORD)
        expect(answer, 302)
        self.csrf = _token(await self.get(answer.headers["location"])) or self.csrf

    async def start(self, test: int) -> None:
        """Read what will happen, start, and fetch the form."""
        self.csrf = _token(await self.get(f"/tests/{test}/start")) or self.csrf
        await self.begin(test)
        await self.fetch()

    async def begin(self, test: int) -> None:
        """Start, and see the first page."""
        answer = await self.post(f"/tests/{test}/attempts", affirmed="yes")
        expect(answer, 302)
        found = re.search(r"/attempts/(\d+)", answer.headers["location"])
        assert found is not None, answer.headers["location"]  # noqa: S101
        self.attempt = int(found.group(1))
        self.csrf = _token(await self.get(answer.headers["location"])) or self.csrf

    async def fetch(self) -> int:
        """The form; how many questions it has."""
        answer = await self.get(f"/api/attempts/{self.attempt}/form", "application/json")
        form = expect(answer, 200).json()
        self.token, self.writer = form["token"], form["writer"]
        return int(form["length"])

    async def save(self, place: int, sequence: int, option: int) -> float:
        """Save an answer; seconds until it was acknowledged."""
        began = time.perf_counter()
        answer = await self.tell("answers", place=place, sequence=sequence, answer=[option])
        expect(answer, 200)
        return time.perf_counter() - began

    async def hand_in(self) -> None:
        """Hand in, and see the result."""
        done = expect(await self.tell("hand-in"), 200).json()
        expect(await self.get(done["result"]), 200)


def reading(head: bytes, cookies: dict[str, str]) -> Answer:
    """The head of an answer, still without its body; cookies go where the others are."""
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "set-cookie":
            key, _, rest = value.strip().partition("=")
            cookies[key] = rest.partition(";")[0]
        elif name:
            headers[name.lower()] = value.strip()
    return Answer(int(first.split()[1]), headers, b"")


def _token(page: Answer) -> str:
    found = TOKEN.search(page.body)
    return found.group(1).decode() if found else ""


def expect(answer: Answer, status: int) -> Answer:
    """The answer, if it has this status."""
    if answer.status != status:
        raise RuntimeError(f"{answer.status}, not {status}: {answer.body[:400]!r}")
    return answer

"""What do candidates wait for a save when all of them answer? As little load as makes the load.

One thread, raw sockets and epoll: the server shares the machine with whoever asks it, so what a
request costs here is taken from it. The bytes of a request are prepared but for its numbers. Each
answer is looked at: its status, and that it acknowledges the very sequence that was sent.
"""

from __future__ import annotations

import heapq
import json
import random
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.client import Browser

OPTIONS = 4
GOOD = b"HTTP/1.1 200"
LENGTH = b"content-length:"
END = b"\r\n\r\n"


@dataclass(slots=True)
class Line:
    """One device: its connection, the bytes of its requests, and what it waits for."""

    port: int
    head: bytes  # up to the length of the body
    body: bytes  # up to the place
    sequence: int
    due: float = 0.0
    sent: float = 0.0
    waiting: bytes = b""  # the request that has no answer yet
    answer: bytes = b""
    socket: socket.socket | None = field(default=None, repr=False)

    def request(self, places: int) -> bytes:
        """The bytes of the next save."""
        self.sequence += 1
        body = self.body + b'"place": %d, "sequence": %d, "answer": [%d]}' % (
            self.sequence % places + 1,
            self.sequence,
            self.sequence % OPTIONS,
        )
        return b"%b%d\r\n\r\n%b" % (self.head, len(body), body)


def of_attempt(browser: Browser, sequence: int) -> Line:
    """The device of a candidate whose attempt is open; `sequence`: beyond all it has used."""
    told = {"token": browser.token, "writer": browser.writer}
    path = f"/api/attempts/{browser.attempt}/answers"
    return _line(browser, path, json.dumps(told)[:-1].encode() + b", ", sequence)


def of_floor(browser: Browser) -> Line:
    """A device at the floor (`benchmarks/floor.py`), which has entered."""
    return _line(browser, "/save", b"{", 0)


def _line(browser: Browser, path: str, body: bytes, sequence: int) -> Line:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Accept: application/json",
        f"Cookie: {cookies}",
        "Content-Type: application/json",
        *([f"X-CSRFToken: {browser.csrf}"] if browser.csrf else []),
        "Content-Length: ",
    ]
    return Line(browser.port, "\r\n".join(lines).encode(), body, sequence)


@dataclass(slots=True)
class Played:
    """Seconds that each save took, what went wrong, and the seconds that asking cost here."""

    took: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cpu: float = 0.0


def play(
    lines: Sequence[Line],
    every: float,
    seconds: float,
    seed: int,
    places: int = 20,
    most: int | None = None,
) -> Played:
    """Each device saves every so many seconds, half as soon to half as late; 0: by turns, at once.

    `most`: how many saves are under way at the most.
    """
    played, chance = Played(), random.Random(seed)  # noqa: S311 - pauses, no secrets
    poll, by_number = select.epoll(), {}
    began, cpu = time.perf_counter(), time.process_time()
    end = began + seconds
    due = [(began + chance.random() * every, index) for index in range(len(lines))]
    heapq.heapify(due)
    under_way, most = 0, len(lines) if most is None else most

    def send(line: Line) -> None:
        if line.socket is None:
            line.socket = socket.create_connection(("127.0.0.1", line.port))
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            by_number[line.socket.fileno()] = line
            poll.register(line.socket, select.EPOLLIN)
        line.answer = b""
        line.socket.send(line.waiting)

    def closed(line: Line) -> None:
        assert line.socket is not None  # noqa: S101
        del by_number[line.socket.fileno()]
        poll.unregister(line.socket)
        line.socket.close()
        line.socket = None

    def done(line: Line, now: float) -> None:
        nonlocal under_way
        said, line.waiting = line.answer, b""
        under_way -= 1
        if said.startswith(GOOD) and _acknowledges(said, line.sequence):
            played.took.append(now - line.sent)
        else:
            played.errors.append(repr(said[:200]))
        pause = every * (0.5 + chance.random()) if every else 0.0
        heapq.heappush(due, (max(now, line.due + pause), numbers[id(line)]))

    numbers = {id(line): index for index, line in enumerate(lines)}
    while True:
        now = time.perf_counter()
        while due and due[0][0] <= now and now < end and under_way < most:
            line = lines[heapq.heappop(due)[1]]
            line.due = line.sent = now
            line.waiting = line.request(places)
            under_way += 1
            send(line)
            now = time.perf_counter()
        if now >= end and not under_way:
            break
        full = under_way == most or now >= end  # then only answers are waited for
        wait = 1.0 if full else max(0.0, min(due[0][0] if due else end, end) - now)
        for number, _ in poll.poll(wait):
            line = by_number[number]
            assert line.socket is not None  # noqa: S101
            try:
                came = line.socket.recv(65536)
            except ConnectionError:
                came = b""
            if not came:
                closed(line)
                if line.waiting and not line.answer:
                    send(line)  # an idle connection was closed as the request went out
                elif line.waiting:
                    done(line, time.perf_counter())
                continue
            line.answer += came
            if line.waiting and _whole(line.answer):
                done(line, time.perf_counter())
    for line in list(by_number.values()):
        closed(line)
    played.cpu = time.process_time() - cpu
    return played


def _acknowledges(answer: bytes, sequence: int) -> bool:
    """Whether an answer is about this sequence, whatever white space its JSON has."""
    plain = answer.replace(b": ", b":")
    return b'"sequence":%d,' % sequence in plain or b'"sequence":%d}' % sequence in plain


def _whole(answer: bytes) -> bool:
    """Whether an answer has come to its end."""
    head, end, body = answer.partition(END)
    if not end:
        return False
    at = head.lower().find(LENGTH)
    length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return len(body) >= length

"""How does a request come to a thread? The thread itself waits for it, at one door for all.

gunicorn's own worker waits in one thread, hands each request to another of a pool, and has it
handed back: two more threads awake, a queue and a pipe for every request, which is two fifths of
what it takes beside the application. Here all threads of a worker wait at one epoll. What comes
wakes one of them, who answers it and goes on waiting. Everything else is gunicorn's: how requests
are read, answers written, limits held, and what a signal means
(`docs/decisions/0090-threads-that-wait-themselves.md`).
"""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from gunicorn.workers.base import Worker  # type: ignore[import-untyped]
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    DEFAULT_WORKER_DATA_TIMEOUT,
    STOP_KEEPALIVE_LINGER,
    TConn,
    ThreadWorker,
)

LOOK = 1.0  # seconds between two looks at what is idle, and whether it is time to stop
SHORT = 0.1  # seconds between two while we stop, and where the system has no room
MUCH = 65_536  # bytes
FULL = (errno.EMFILE, errno.ENFILE)
ONCE = select.EPOLLIN | select.EPOLLONESHOT  # one thread is told, and nobody until it says so


class Threads(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker of threads, but for how a request comes to one."""

    def init_process(self) -> None:
        """Make the door, then load the application and run."""
        self._door = select.epoll()
        self._listening: dict[int, Any] = {}  # sockets that let somebody in, by their number
        self._open: set[TConn] = set()
        self._numbered: dict[int, TConn] = {}  # whose socket has, or had last, which number
        # Whoever takes a connection out of these two has it, and nobody else.
        self.keepalived_conns: set[TConn] = set()  # wait for a request; gunicorn looks how many
        self._parting: set[TConn] = set()  # are told that no more comes, until they have heard
        self._ended: list[TConn] = []
        self._over = False
        Worker.init_process(self)

    def handle_exit(self, _signal: int, _frame: FrameType | None) -> None:
        """Stop when what is under way is answered; the signal itself wakes the main thread."""
        self.alive = False

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at once."""
        Worker.handle_quit(self, sig, frame)

    def run(self) -> None:
        """Let the threads answer until it is time to stop, then finish what is under way."""
        for _ in range(self.cfg.threads):
            threading.Thread(target=self._wait, daemon=True).start()
        while self.alive and self.is_parent_alive():
            self._listen(len(self._open) < self.worker_connections)
            self._look(time.monotonic(), LOOK)
        self.alive = False
        self._listen(False)
        now = time.monotonic()
        linger, end = now + STOP_KEEPALIVE_LINGER, now + self.cfg.graceful_timeout
        while self._open and now < end:
            self._look(now if now < linger else float("inf"), SHORT)
            now = time.monotonic()
        self._over = True
        for listening in self.sockets:
            listening.close()

    def _look(self, now: float, patience: float) -> None:
        """Say that we live; end what was idle for too long; wait, or until a signal comes."""
        self.notify()
        for ended in self._ended:  # nobody is told of their numbers any more
            ended.close()
        self._ended.clear()
        for waiting in (self.keepalived_conns, self._parting):
            for one in waiting.copy():
                if one.timeout <= now and taken(one, waiting):
                    self._open.discard(one)
                    with suppress(OSError, ValueError):
                        self._door.unregister(one.sock)
                        one.sock.shutdown(socket.SHUT_RDWR)
                    self._ended.append(one)
        ready, _, _ = select.select([self.PIPE[0]], [], [], patience)
        if ready:
            with suppress(OSError):
                os.read(self.PIPE[0], 64)

    def _listen(self, listening: bool) -> None:
        """Let new connections in, or leave them with the system until there is room."""
        for one in self.sockets:
            number = one.fileno()
            if listening and number not in self._listening:
                one.setblocking(False)
                self._listening[number] = one
                self._door.register(number, select.EPOLLIN)
            elif not listening and self._listening.pop(number, None) is not None:
                self._door.unregister(number)

    def _wait(self) -> None:
        """What each thread does all its life."""
        while not self._over:
            for number, _ in self._door.poll(LOOK, 1):
                try:
                    self._see_to(number)
                except Exception:
                    self.log.exception("a thread of a worker goes on after this")

    def _see_to(self, number: int) -> None:
        """Do what is to be done about a socket where something has come."""
        if (listening := self._listening.get(number)) is not None:
            self._accept(listening)
        elif (one := self._numbered.get(number)) is None:
            return
        elif taken(one, self.keepalived_conns):
            self._answer(one)
        elif taken(one, self._parting):
            self._hear(one)

    def _accept(self, listening: Any) -> None:
        try:
            connection, address = listening.accept()
        except OSError as error:  # another was quicker, or whoever came has gone
            if error.errno in FULL:
                time.sleep(SHORT)
            return
        one = TConn(self.cfg, connection, address, listening.getsockname())
        one.data_ready = True  # whoever is told of it need not look
        self._open.add(one)
        self._numbered[connection.fileno()] = one
        patience = DEFAULT_WORKER_DATA_TIMEOUT + self.cfg.keepalive
        self._leave(one, self.keepalived_conns, patience, new=True)
        if len(self._open) >= self.worker_connections:
            self._listen(False)

    def _answer(self, one: TConn) -> None:
        """Answer what has come by a connection, and wait for more by it, or part."""
        try:
            goes_on = self.handle(one)
            while goes_on and one.parser.unreader.buf.getvalue():
                goes_on = self.handle(one)  # the next request was read with this one
        except BaseException:
            self.log.exception("a request raised what none may")
            goes_on = False
        if goes_on:
            self._leave(one, self.keepalived_conns, self.cfg.keepalive)
            return
        # To close at once could cost the other side the end of the answer (RFC 9112, 9.6).
        one.timeout = time.monotonic() + STOP_KEEPALIVE_LINGER
        try:
            one.sock.setblocking(False)
            one.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(one)
        else:
            self._hear(one)

    def _hear(self, one: TConn) -> None:
        """Read past what comes by a connection that is told to end, until the other side ends."""
        try:
            goes_on = bool(one.sock.recv(MUCH))
        except BlockingIOError:
            goes_on = True
        except OSError:
            goes_on = False
        if goes_on:
            self._leave(one, self._parting, max(0, one.timeout - time.monotonic()))
        else:
            self._end(one)

    def _end(self, one: TConn) -> None:
        self._open.discard(one)
        one.close()

    def _leave(self, one: TConn, where: set[TConn], patience: float, *, new: bool = False) -> None:
        """Let whoever is free be told of what comes next by this connection."""
        one.timeout = time.monotonic() + patience
        where.add(one)  # first, for somebody may be told of it at once
        with suppress(OSError, ValueError):  # the main thread has ended it already: we stop
            (self._door.register if new else self._door.modify)(one.sock, ONCE)


def taken(one: TConn, where: set[TConn]) -> bool:
    """Whether it was there, and is ours now."""
    try:
        where.remove(one)
    except KeyError:
        return False
    return True

"""Sealing the journal and verifying its chain."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

from assess import store
from assess.journal import Verdict
from assess.journal import verify as verify_chain
from assess.store import journal

DUTY = "assess:seal"


def seal(now: datetime, *, everywhere: bool = False) -> int:
    """Seal what waits, if nobody else is at it; says how many entries were.

    Looked for by reading: to go through a million entries keeps nobody from writing to SQLite.
    """
    with store.read() as session:
        first = journal.first_unsealed(session, everywhere=everywhere)
    if first is None:
        return 0
    with store.write() as session:
        if not store.exclusive(session, DUTY):
            return 0
        return journal.seal(session, now, first)


def verify(known: Iterable[str] = ()) -> Verdict:
    """Walk the whole chain and name the first bad entry; `known` are heads of it from before."""
    with store.read() as session:
        unsealed = journal.unsealed(session)
        with closing(journal.chain(session)) as chain:
            return verify_chain(chain, unsealed, known)

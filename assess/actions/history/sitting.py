"""How does a simulated attempt go? Drawn, answered by ability, handed in and marked, as all are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from assess.actions import closing, dealing, pools
from assess.actions.history.admission import Sitting
from assess.actions.history.plan import Sitter
from assess.delivery.answering import Saved
from assess.delivery.attempt import Move
from assess.delivery.eligibility import Closed
from assess.psychometrics import simulate
from assess.reasons import Refused
from assess.store import attempts, banks, encounters, journal, marks
from assess.store.attempts import Attempt
from assess.store.pools import Turn

ABILITY = (0.4, 1.0)  # mean and SD: the author expects 0 of somebody just about ready


def sit(session: Session, sittings: Sequence[Sitting], rng: np.random.Generator) -> None:
    """Attempts from the draw to the mark: each step for all of them, so that few statements do."""
    dealt = [_dealt(session, sitting) for sitting in sittings]
    rows = [row for row, _ in dealt]
    session.add_all(rows)
    session.flush()
    # Read at once what marking asks for one attempt after another.
    banks.contents(session, {one.version for row in rows for one in row.drawn()})
    answered = [_answers(one.sitter, row, rng) for one, row in zip(sittings, rows, strict=True)]
    attempts.insert_answers(session, zip(rows, (saves for saves, _ in answered), strict=True))
    with journal.together(session):
        for sitting, (row, turn), (saves, ended) in zip(sittings, dealt, answered, strict=True):
            source = sitting.sitter.stage.source
            dealing.record_start(session, sitting.context, row, source, turn)
            after = replace(sitting.context, now=ended)
            closing.settle(session, after, row, source.version, Move.HAND_IN, ended, saves)
    passed = marks.passes(session, [row.id for row in rows])
    for sitting, row, (_, ended) in zip(sittings, rows, answered, strict=True):
        sitting.sitter.sat.append(row)
        sitting.sitter.closed.append(Closed(row.ordinal, ended, passed[row.id]))


def _dealt(session: Session, sitting: Sitting) -> tuple[Attempt, Turn]:
    """An open attempt, not stored yet, and the turn it was drawn in."""
    judgement, stage, context = sitting.judgement, sitting.sitter.stage, sitting.context
    if judgement.reasons:
        raise RuntimeError(f"a simulated candidate may not start: {judgement.reasons}")
    turn = pools.turn(session, context, stage.source.pool_id, context.centre)
    # Each candidate of this history sits one test only, so this is all they have met of its bank.
    met = encounters.met(one.form for one in sitting.sitter.sat)
    row = dealing.deal(context, stage.test, sitting.person, judgement, stage.source, turn, met)
    if isinstance(row, Refused):
        raise RuntimeError(f"no form for a simulated candidate: {row.reasons}")
    dealing.open_(row, context)
    return row, turn


def _answers(
    sitter: Sitter, row: Attempt, rng: np.random.Generator
) -> tuple[tuple[Saved, ...], datetime]:
    """What a candidate of a chance ability answers, and when they hand in."""
    if sitter.ability is None:
        sitter.ability = float(rng.normal(*ABILITY))
    drawn = row.drawn()
    took = np.clip(rng.lognormal(3.7, 0.5, len(drawn)), 6, 120)  # seconds a question
    at, saves = sitter.moment, []
    for place, (one, seconds) in enumerate(zip(drawn, took, strict=True), start=1):
        at += timedelta(seconds=float(seconds))
        answer = simulate.respond(rng, sitter.ability, sitter.stage.models[one.version])
        if answer:
            saves.append(Saved(place, 1, 1, answer, at))
    return tuple(saves), at + timedelta(seconds=20)

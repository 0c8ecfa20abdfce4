"""Learning from the answers how hard a test's questions are, and drawing by that from now on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from assess import store
from assess.actions import pools
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.journal import Event
from assess.psychometrics import borderline, distinct, irt, responses
from assess.psychometrics.borderline import Nothing
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import banks, calibrations, live_items, packed, roles_held, specifications
from assess.store.banks import Bank
from assess.store.calibrations import Calibration, CalibrationRequest
from assess.store.specifications import SpecificationVersion, Test


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration, and the pool that was made by it."""

    number: int
    model: str
    attempts: int
    items: int
    own: int  # items with answers of their own; the others have their outcome's mean
    pool: int
    balanced: bool


LEASE = timedelta(minutes=5)  # after so long in silence a worker is taken to have died
SIGNS = timedelta(seconds=1)  # between two signs of life


def ask(context: Context, name: str) -> int | Refused:
    """Ask for a calibration, which the worker does. Twice is once while the first is not done."""
    if not context.may(Role.AUTHOR):
        return wrong_role()
    with store.write() as session:
        test = specifications.by_name(session, context.centre, name)
        if test is None or specifications.published(session, test.id) is None:
            return not_found()
        store.alone(session, f"calibrating:{test.id}")
        there = calibrations.last_request(session, test.id)
        if there is not None and there.done_at is None:
            return there.id
        assert context.actor is not None  # noqa: S101 - the operator needs no worker
        row = CalibrationRequest(
            centre_id=context.centre,
            test_id=test.id,
            asked_by=context.actor,
            asked_at=context.now,
            steps=0,
            reasons=[],
        )
        session.add(row)
        session.flush()
        record(session, context, Event.CALIBRATION_ASKED, {"test": test.id, "request": row.id})
        return row.id


def work(context: Context, clock: Callable[[], datetime]) -> int:
    """Do one calibration that was asked for, on behalf of who asked; says how many were done.

    `clock` says the time of the signs of life that are left with the request meanwhile.
    """
    with store.read() as session:
        if not calibrations.is_any_waiting(session, context.now, LEASE):
            return 0
    with store.write() as session:
        row = calibrations.claim(session, context.now, LEASE)
        if row is None:
            return 0
        number, name = row.id, session.get_one(Test, row.test_id).name
        acting = replace(
            context,
            centre=row.centre_id,
            actor=row.asked_by,
            roles=roles_held.roles_of(session, row.asked_by, context.now),
        )
    told = context.now

    def tell(step: int, _objective: float, _change: float) -> None:
        nonlocal told
        now = clock()
        if now - told >= SIGNS:
            told = now
            with store.write() as session:
                row = session.get_one(CalibrationRequest, number)
                row.seen_at, row.steps = now, step

    done = calibrate(acting, name, tell)
    with store.write() as session:
        row = session.get_one(CalibrationRequest, number)
        row.done_at = clock()
        if isinstance(done, Refused):
            row.reasons = [[r.code.value, dict(r.values), r.who.value] for r in done.reasons]
        else:
            made = calibrations.newest(session, row.test_id)
            row.calibration_id = None if made is None else made.id
    return 1


def why_not(row: CalibrationRequest) -> tuple[Reason, ...]:
    """Why a request led to nothing; empty while it is under way, and where it did."""
    return tuple(Reason(Code(code), values, who=Helper(who)) for code, values, who in row.reasons)


def calibrate(
    context: Context, name: str, progress: irt.Progress | None = None
) -> Calibrated | Refused:
    """Estimate the difficulties of a test's questions, and make the next pool with them.

    Refused [E-FEW] where the answers do not suffice, and [E-BLUEPRINT] where the bank cannot serve
    the specification any more. The epoch closes: the next draw is from the new pool.
    """
    if not context.may(Role.AUTHOR):
        return wrong_role()
    # The estimation takes seconds: nobody who writes waits for it.
    with store.read() as session:
        test = specifications.by_name(session, context.centre, name)
        version = None if test is None else specifications.published(session, test.id)
        if test is None or version is None:
            return not_found()
        row = _estimated(session, context, test, version, progress)
    with store.write() as session:
        if isinstance(row, Refused):
            return refuse(session, context, Event.CALIBRATED, row)
        store.alone(session, pools.drawing(test.id))
        # Asked under the lock: somebody may have published another version during the estimation.
        version = specifications.published(session, test.id)
        if version is None:
            return not_found()
        bank = session.get_one(Bank, test.bank_id)
        specification = version.specification()
        if reasons := pools.why_not_draw(session, specification, bank):
            refused = Refused(Code.BLUEPRINT, reasons, 409)
            return refuse(session, context, Event.CALIBRATED, refused)
        row.number = calibrations.newest_number(session, test.id) + 1
        session.add(row)
        session.flush()
        facts = {"test": test.id, "number": row.number, "attempts": row.attempts}
        record(session, context, Event.CALIBRATED, facts)
        pools.close_epochs(session, context, version.id)
        pool = pools.make(session, context, version, bank)
        return Calibrated(
            number=row.number,
            model=row.model,
            attempts=row.attempts,
            items=len(row.versions),
            own=int((row.weights > 0).sum()),
            pool=pool.number,
            balanced=pool.calibration_id == row.id,
        )


def _estimated(
    session: Session,
    context: Context,
    test: Test,
    version: SpecificationVersion,
    progress: irt.Progress | None,
) -> Calibration | Refused:
    """What the first attempts at a test say of the versions shown and of those drawn now."""
    rows = packed.read(session, test_id=test.id)
    specification = version.specification()
    drawable = {row.id for row in live_items.live(session, test.bank_id, specification)}
    listed = sorted(drawable.union(distinct.different(rows.versions).tolist()))
    outcomes = {
        number: one.outcome or "" for number, (_, one) in banks.labels(session, listed).items()
    }
    stratum = np.unique([outcomes.get(number, "") for number in listed], return_inverse=True)[1]
    answers = responses.from_forms(rows.length, rows.versions, rows.options, rows.scores, listed)
    cut = specification.cut / specification.length
    found = borderline.of_answers(answers, stratum, cut, progress)
    if found is Nothing.TOO_FEW:
        return Refused.of(
            Code.FEW,
            who=Helper.NOBODY,
            test=test.name,
            need=borderline.ENOUGH,
            have=rows.length.size,
        )
    if found is Nothing.NOT_CONVERGED:
        return Refused.of(Code.FEW, who=Helper.NOBODY, what="not_converged", test=test.name)
    if isinstance(found, Nothing):
        return Refused.of(Code.FEW, who=Helper.AUTHOR, what="no_borderline", test=test.name)
    said = found.calibration
    known = said.thousandths >= 0
    spread = 1000 * (said.high - said.low)[known] / (2 * 1.96)
    return Calibration(
        centre_id=test.centre_id,
        test_id=test.id,
        number=0,  # until it is stored
        model=found.model,
        attempts=answers.attempts,
        cut=_thousandths(cut),
        ability=round(1000 * said.ability),
        versions=calibrations.packed(np.array(listed)[known]),
        difficulties=calibrations.packed(said.thousandths[known]),
        errors=calibrations.packed(spread),
        weights=calibrations.packed(1000 * said.own[known]),
        made_by=context.actor,
        made_at=context.now,
    )


def moved(newest: Calibration | None, version: SpecificationVersion | None) -> float | None:
    """The share of marks that passes by now, where a calibration was made for another one.

    None also where only full marks pass: of those nothing can be estimated.
    """
    if newest is None or version is None:
        return None
    asked = version.specification()
    share = asked.cut / asked.length
    return None if share == 1 or _thousandths(share) == newest.cut else share


def _thousandths(share: float) -> int:
    return round(1000 * share)

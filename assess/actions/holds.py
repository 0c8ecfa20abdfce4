"""Keeping a person from starting tests, and readmitting them: each by somebody, for a reason."""

from __future__ import annotations

from sqlalchemy.orm import Session

from assess import store
from assess.actions import mail
from assess.actions.approvals import too_long
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.delivery import readiness
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import holds, marks, people, specifications
from assess.store.holds import Hold
from assess.store.people import Person

MAY = (Role.ADMINISTRATOR, Role.QUALITY)


def place(
    context: Context, person_id: int, test_id: int | None, words: str, *, results: bool = False
) -> int | Refused:
    """Keep a person from a test, or from all; says the hold's number. What is open goes on.

    With `results`, what they have sat and will hand in is held back from them too.
    """
    if not context.may(*MAY):
        return wrong_role()
    with store.write() as session:
        person = people.get(session, context.centre, person_id)
        if person is None:
            return not_found()
        if test_id is not None and specifications.get(session, context.centre, test_id) is None:
            return not_found()
        # Whoever starts locks themselves: it happens before this, or sees this done.
        people.locked(session, person_id)
        reasons = _why_not(context, person_id, words)
        # One that lets results be read is no hindrance to one that keeps them back.
        there = [h for h in holds.in_force(session, person_id) if h.results or not results]
        if test_id in {hold.test_id for hold in there}:
            reasons += (Reason(Code.NOT_NEEDED, {"what": "held"}),)
        if reasons:
            return refuse(session, context, Event.HOLD_PLACED, _refused(reasons))
        row = Hold(
            centre_id=context.centre,
            person_id=person_id,
            test_id=test_id,
            results=results,
            words=words.strip(),
            placed_by=context.actor,
            placed_at=context.now,
        )
        session.add(row)
        session.flush()
        facts: dict[str, Fact] = {
            "hold": row.id,
            "person": person_id,
            "test": test_id,
            "results": results,
        }
        record(session, context, Event.HOLD_PLACED, facts, {"words": row.words})
        return row.id


def lift(context: Context, hold_id: int, words: str) -> Refused | None:
    """Readmit the person: the hold is over from now on."""
    if not context.may(*MAY):
        return wrong_role()
    with store.write() as session:
        row = holds.get(session, context.centre, hold_id)
        if row is None:
            return not_found()
        people.locked(session, row.person_id)
        reasons = _why_not(context, row.person_id, words)
        if row.lifted_at is not None:
            reasons += (Reason(Code.NOT_NEEDED, {"what": "lifted"}),)
        if reasons:
            return refuse(session, context, Event.HOLD_LIFTED, _refused(reasons))
        row.lifting, row.lifted_by, row.lifted_at = words.strip(), context.actor, context.now
        session.flush()
        facts: dict[str, Fact] = {"hold": row.id, "person": row.person_id, "test": row.test_id}
        record(session, context, Event.HOLD_LIFTED, facts, {"words": row.lifting})
        if row.results:
            _tell(session, context, row)
    return None


def _tell(session: Session, context: Context, hold: Hold) -> None:
    """Tell the person by mail of each result that came while it was held back.

    By this hold, or by another before it that was lifted while this one was in force.
    """
    person = session.get_one(Person, hold.person_id)
    every = {test.id: test for _, test in marks.since(session, person.id, person.created_at)}
    for test in every.values():
        if hold.test_id not in (None, test.id):
            continue
        since = holds.kept_since(session, hold, test.id)
        for attempt_id, of in marks.since(session, person.id, since):
            if of.id == test.id:
                deed = f"{attempt_id}-{hold.id}"
                mail.put_result(session, context, person, test, attempt_id, deed)


def _refused(reasons: tuple[Reason, ...]) -> Refused:
    done = any(reason.code is Code.NOT_NEEDED for reason in reasons)  # by somebody else, perhaps
    return Refused(reasons[0].code, reasons, 409 if done else 422)


def _why_not(context: Context, person_id: int, words: str) -> tuple[Reason, ...]:
    own = (Reason(Code.SELF, {"what": "own"}, who=Helper.QUALITY),)
    about = own if context.actor == person_id else ()
    return (*about, *readiness.why_not_words(words), *too_long(words))

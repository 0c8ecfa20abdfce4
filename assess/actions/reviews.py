"""Deciding about a question: approved, returned, taken back, suspended, resumed, retired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy.orm import Session

from assess import store
from assess.actions import items, pools
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.bank import lifecycle, review
from assess.bank.lifecycle import DRAWABLE, STANDING, Move, State
from assess.delivery.messages import sent_again
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import banks, drafts, reviews, specifications
from assess.store.banks import Bank, ItemVersion

EVENTS: Mapping[Move, Event] = MappingProxyType(
    {
        Move.WITHDRAW: Event.ITEM_WITHDRAWN,
        Move.RETURN: Event.ITEM_RETURNED,
        Move.APPROVE: Event.ITEM_APPROVED,
        Move.SUSPEND: Event.ITEM_SUSPENDED,
        Move.RESUME: Event.ITEM_RESUMED,
        Move.RETIRE: Event.ITEM_RETIRED,
    }
)
"""The moves that somebody decides, each with its entry in the journal."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The version is in another state now."""

    item_id: int
    number: int
    state: State


def approve(context: Context, item_id: int, number: int, words: str = "") -> Decided | Refused:
    """Let a version in review go live; the one before it is superseded.

    Refused [E-FOUREYES] to whoever wrote it, and [E-BLUEPRINT] where a published test could no
    longer be drawn. Every published test of the bank gets its next pool.
    """
    return _decide(context, item_id, number, Move.APPROVE, words)


def give_back(context: Context, item_id: int, number: int, words: str) -> Decided | Refused:
    """Return a version in review to its author, with words; it is a draft again."""
    return _decide(context, item_id, number, Move.RETURN, words)


def withdraw(context: Context, item_id: int, number: int, words: str = "") -> Decided | Refused:
    """Take a version back from review, to work on it again."""
    return _decide(context, item_id, number, Move.WITHDRAW, words)


def suspend(context: Context, item_id: int, number: int, words: str) -> Decided | Refused:
    """Keep a live version out of new forms until somebody resumes it; attempts under way go on.

    Refused [E-BLUEPRINT] where a published test could no longer be drawn.
    """
    return _decide(context, item_id, number, Move.SUSPEND, words)


def resume(context: Context, item_id: int, number: int, words: str = "") -> Decided | Refused:
    """Let a suspended version go live again: as an approval, never of one's own work."""
    return _decide(context, item_id, number, Move.RESUME, words)


def retire(context: Context, item_id: int, number: int, words: str) -> Decided | Refused:
    """Take a version out of use for good; its answers and statistics are kept.

    Refused [E-BLUEPRINT] where a published test could no longer be drawn.
    """
    return _decide(context, item_id, number, Move.RETIRE, words)


def comment(context: Context, item_id: int, number: int, words: str) -> Refused | None:
    """Say something about a version to whoever works on it.

    A page that is sent again, because the answer to the first try was slow, says nothing anew.
    """
    if not context.may(Role.AUTHOR, Role.REVIEWER):
        return wrong_role()
    with store.write() as session:
        item = banks.item(session, context.centre, item_id)
        if item is None:
            return not_found()
        version = reviews.version(session, item.id, number)
        if version is None:
            return _no_version()
        if why := review.why_not_say(words):
            return Refused(Code.FIELD, why, 422)
        items.alone(session, context, session.get_one(Bank, item.bank_id))
        told = reviews.story(session, item.id)
        last = told[0].remark if told else None
        if (
            last is not None
            and (last.version_id, last.person_id, last.move) == (version.id, context.actor, None)
            and sent_again(words, context.now, last.words, last.at)
        ):
            return None
        _tell(session, context, version, None, words)
        facts = {"item": item_id, "version": version.id}
        record(session, context, Event.ITEM_COMMENTED, facts)
        return None


class _Undo(Exception):  # noqa: N818 - it carries a refusal out of the transaction
    def __init__(self, refused: Refused) -> None:
        self.refused = refused


def _decide(
    context: Context, item_id: int, number: int, move: Move, words: str
) -> Decided | Refused:
    if not context.may(*review.MAKERS[move]):
        return wrong_role()
    try:
        return _decided(context, item_id, number, move, words)
    except _Undo as undo:
        with store.write() as session:
            return refuse(session, context, EVENTS[move], undo.refused)


def _decided(
    context: Context, item_id: int, number: int, move: Move, words: str
) -> Decided | Refused:
    with store.write() as session:
        item = banks.item(session, context.centre, item_id)
        if item is None:
            return not_found()
        bank = session.get_one(Bank, item.bank_id)
        items.alone(session, context, bank)
        version = reviews.version(session, item.id, number)
        if version is None:
            return refuse(session, context, EVENTS[move], _no_version())
        to = lifecycle.after(State(version.state), move)
        if isinstance(to, Refused):
            now = Reason(Code.STATE, {"what": "item_moved", "state": version.state})
            return refuse(session, context, EVENTS[move], Refused(Code.STATE, (now,), 409))
        writers = reviews.writers_of(session, version)
        if why := review.why_not(move, context.actor, writers, words):
            code = why[0].code
            status = 403 if code is Code.FOUR_EYES else 422
            return refuse(session, context, EVENTS[move], Refused(code, why, status))
        if why := _move(session, context, bank, version, to):
            raise _Undo(Refused(Code.BLUEPRINT, why, 409))
        _tell(session, context, version, move, words)
        facts = {"item": item.id, "version": version.id, "state": to.value}
        record(session, context, EVENTS[move], facts)
        if to is State.RETURNED and drafts.of_item(session, item.id) is None:
            items.draft_from(session, context, item, version)
        return Decided(item.id, version.number, to)


def _no_version() -> Refused:
    return Refused.of(Code.STATE, who=Helper.YOU, what="no_version")


def _move(
    session: Session, context: Context, bank: Bank, version: ItemVersion, to: State
) -> tuple[Reason, ...]:
    """Put a version into its next state, and every published test of the bank on its next pool.

    Gives every reason why one of them could no longer be drawn; the change is then to be undone.
    """
    before = State(version.state)
    if to is State.LIVE:
        for other in banks.versions_of(session, version.item_id):
            if other.id != version.id and State(other.state) in STANDING:
                other.state = State.SUPERSEDED.value
        session.flush()  # at most one is live, at every statement
    version.state = to.value
    session.flush()
    if DRAWABLE.isdisjoint({before, to}):
        return ()
    reasons = pools.renew(session, context, bank)
    if not reasons:
        return ()
    names = ", ".join(
        test.name
        for test in specifications.of_bank(session, bank.id)
        if (published := specifications.published(session, test.id)) is not None
        and pools.why_not_draw(session, published.specification(), bank)
    )
    breaks = Reason(Code.BLUEPRINT, {"what": "breaks_tests", "tests": names}, who=Helper.AUTHOR)
    return (breaks, *reasons)


def _tell(
    session: Session, context: Context, version: ItemVersion, move: Move | None, words: str
) -> None:
    reviews.remark(
        session,
        version,
        person=context.actor,
        move=move,
        words=words.strip(),
        now=context.now,
    )

"""Writing a question: a working copy begun, saved, thrown away, submitted to a reviewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from assess import store
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.bank import drafting, lifecycle, review
from assess.bank.drafting import Draft
from assess.bank.items import Content
from assess.bank.kinds import KINDS
from assess.bank.lifecycle import Move, State
from assess.bank.problems import because, shown
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import banks, drafts, frameworks, people, reviews
from assess.store.banks import Bank, Item, ItemVersion
from assess.store.drafts import ItemDraft

LONGEST_IDENTIFIER = 200  # characters


@dataclass(frozen=True, slots=True)
class Begun:
    """There is a working copy; `before` says that it was there already."""

    item_id: int
    before: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """The working copy says what was sent. The next save names this revision."""

    revision: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Submitted:
    """A version waits for a reviewer."""

    number: int


@dataclass(frozen=True, slots=True)
class Discarded:
    """The working copy is gone; `item` says whether the item is still there."""

    bank_id: int
    item: bool


def alone(session: Session, context: Context, bank: Bank) -> None:
    """Keep everybody else from changing what is in a bank until this deed ends."""
    store.alone(session, f"bank:{context.centre}:{bank.name}")


def begin_new(context: Context, bank_id: int, identifier: str, kind: str) -> Begun | Refused:
    """Begin a new item of a bank, known by an identifier that nobody has used there."""
    if not context.may(Role.AUTHOR):
        return wrong_role()
    name = " ".join(identifier.split())
    with store.write() as session:
        bank = banks.get(session, context.centre, bank_id)
        if bank is None:
            return not_found()
        if why := _why_not_named(name, kind):
            return Refused(Code.FIELD, why, 422)
        alone(session, context, bank)
        if banks.by_identifier(session, bank.id, name) is not None:
            taken = Reason(Code.TAKEN, {"what": "identifier", "field": "identifier"})
            return Refused(Code.TAKEN, (taken,), 409)
        item = Item(
            centre_id=context.centre, bank_id=bank.id, identifier=name, created_at=context.now
        )
        session.add(item)
        session.flush()
        _begin(session, context, item, drafting.blank(kind), None, ())
        return Begun(item.id, before=False)


def begin(context: Context, item_id: int) -> Begun | Refused:
    """Begin to work on an item: the version it stands for stays as it is meanwhile.

    Refused [E-STATE] while a version is in review. Where a working copy is there, it is the one.
    """
    if not context.may(Role.AUTHOR):
        return wrong_role()
    with store.write() as session:
        found = _found(session, context, item_id)
        if found is None:
            return not_found()
        item, bank = found
        alone(session, context, bank)
        if drafts.of_item(session, item.id) is not None:
            return Begun(item.id, before=True)
        if reviews.in_state(session, item.id, State.REVIEW) is not None:
            waits = Reason(Code.STATE, {"what": "in_review"}, who=Helper.AUTHOR)
            return refuse(session, context, Event.ITEM_DRAFTED, Refused(Code.STATE, (waits,), 409))
        base = reviews.in_state(session, item.id, *lifecycle.STANDING) or next(
            iter(banks.versions_of(session, item.id)), None
        )
        if base is None:
            return not_found()  # an item has a version or a draft; this one went just now
        draft_from(session, context, item, base)
        return Begun(item.id, before=False)


def draft_from(session: Session, context: Context, item: Item, base: ItemVersion) -> None:
    """Make a working copy of a version; who wrote what was never approved wrote the copy too."""
    writers = reviews.writers_of(session, base) if reviews.came_back(session, base) else ()
    draft = drafting.of(Content.from_document(base.content))
    _begin(session, context, item, draft, base, tuple(writers))


def _begin(
    session: Session,
    context: Context,
    item: Item,
    draft: Draft,
    base: ItemVersion | None,
    writers: tuple[int, ...],
) -> None:
    begun_by = context.actor if base is None or not writers else base.author_id
    session.add(
        ItemDraft(
            centre_id=item.centre_id,
            bank_id=item.bank_id,
            item_id=item.id,
            base_id=None if base is None else base.id,
            document=draft.as_document(),
            writers=sorted(writers),
            revision=1,
            begun_by=begun_by,
            begun_at=context.now,
            saved_by=begun_by,
            saved_at=context.now,
        )
    )
    session.flush()
    facts = {"item": item.id, "base": None if base is None else base.id}
    record(session, context, Event.ITEM_DRAFTED, facts)


def save(context: Context, item_id: int, draft: Draft, revision: int) -> Saved | Refused:
    """Keep what an author has typed, half done or wrong. No entry is made of a save.

    Refused [E-EDITED] where somebody saved after the revision that this was typed over: nothing is
    lost in silence. What says the same as the working copy is no save.
    """
    if not context.may(Role.AUTHOR):
        return wrong_role()
    with store.write() as session:
        found = _found(session, context, item_id)
        if found is None:
            return not_found()
        row = drafts.held(session, item_id)
        if row is None:
            return _no_draft()
        document = draft.as_document()
        if row.document == document:
            return Saved(row.revision, row.saved_at)
        if row.revision != revision:
            return _edited(session, row)
        row.document = document
        row.revision += 1
        row.saved_by, row.saved_at = context.actor, context.now
        if context.actor is not None and context.actor not in row.writers:
            row.writers = sorted([*row.writers, context.actor])
        return Saved(row.revision, row.saved_at)


def discard(context: Context, item_id: int, revision: int | None = None) -> Discarded | Refused:
    """Throw a working copy away, and with it an item that never had a version.

    Refused [E-EDITED] where somebody saved after the revision that was looked at.
    """
    if not context.may(Role.AUTHOR):
        return wrong_role()
    with store.write() as session:
        found = _found(session, context, item_id)
        if found is None:
            return not_found()
        item, bank = found
        alone(session, context, bank)
        row = drafts.held(session, item.id)
        if row is None:
            return refuse(session, context, Event.ITEM_DISCARDED, _no_draft())
        if revision is not None and row.revision != revision:
            by, at = _saved_by(session, row), row.saved_at
            kept = Refused.of(Code.EDITED, who=Helper.YOU, what="discard", by=by, at=at)
            return refuse(session, context, Event.ITEM_DISCARDED, kept)
        record(session, context, Event.ITEM_DISCARDED, {"item": item.id, "revision": row.revision})
        there = bool(banks.versions_of(session, item.id))
        drafts.discard(session, row)
        return Discarded(bank.id, there)


def submit(context: Context, item_id: int, revision: int, words: str = "") -> Submitted | Refused:
    """Make the working copy an immutable version in review.

    Refused [E-MALFORMED] [E-UNKNOWN-OUTCOME] with everything that is still in the way, and
    [E-STATE] where nothing differs from the version in use.
    """
    if not context.may(*review.MAKERS[Move.SUBMIT]):
        return wrong_role()
    with store.write() as session:
        found = _found(session, context, item_id)
        if found is None:
            return not_found()
        item, bank = found
        alone(session, context, bank)
        row = drafts.held(session, item.id)
        if row is None:
            return refuse(session, context, Event.ITEM_SUBMITTED, _no_draft())
        if row.revision != revision:
            return _edited(session, row)
        content, why = drafting.content(row.draft())
        why += why_not_placed(session, bank, content.outcome) + review.too_long(words)
        if shared := banks.shared_stems(session, bank, [content.stem]):
            held = {"what": "one_shared", "bank": next(iter(shared.values()))}
            why += (Reason(Code.PURPOSE, held, who=Helper.YOU),)
        if why:
            return refuse(session, context, Event.ITEM_SUBMITTED, Refused(Code.MALFORMED, why, 422))
        standing = reviews.in_state(session, item.id, *lifecycle.STANDING)
        if standing is not None and standing.digest == content.digest():
            same = Reason(Code.STATE, {"what": "nothing_changed"}, who=Helper.YOU)
            return Refused(Code.STATE, (same,), 409)
        versions = banks.versions_of(session, item.id)
        writers = {*row.writers, *({context.actor} - {None})}
        version = reviews.submit(
            session,
            item,
            content,
            number=versions[0].number + 1 if versions else 1,
            author=context.actor,
            writers=writers,
            now=context.now,
        )
        reviews.remark(
            session,
            version,
            person=context.actor,
            move=Move.SUBMIT,
            words=words.strip(),
            now=context.now,
        )
        drafts.discard(session, row)
        facts: dict[str, Fact] = {"item": item.id, "version": version.id}
        facts["digest"] = version.digest
        record(session, context, Event.ITEM_SUBMITTED, facts)
        return Submitted(version.number)


def why_not_placed(session: Session, bank: Bank, outcome: str | None) -> tuple[Reason, ...]:
    """The reason [E-UNKNOWN-OUTCOME] why no question of this bank can stand at this outcome."""
    framework = frameworks.load(session, bank.framework_id)
    if outcome is None or (framework is not None and framework.holds_questions(outcome)):
        return ()
    if banks.has_outcome(session, bank.id, outcome):
        return ()
    if framework is None:
        values = {"outcome": shown(outcome)}
        return (because(Code.UNKNOWN_OUTCOME, "outcome_without_framework", values),)
    named = {"outcome": shown(outcome), "framework": framework.id}
    return (because(Code.UNKNOWN_OUTCOME, "outcome_unknown", named),)


def places(session: Session, bank: Bank) -> frozenset[str]:
    """The paths at which a question of this bank may stand."""
    framework = frameworks.load(session, bank.framework_id)
    there = frozenset(banks.outcomes_of(session, bank.id))
    if framework is None:
        return there
    return there | {node.path for node in framework.nodes if framework.holds_questions(node.path)}


def _found(session: Session, context: Context, item_id: int) -> tuple[Item, Bank] | None:
    item = banks.item(session, context.centre, item_id)
    return None if item is None else (item, session.get_one(Bank, item.bank_id))


def _edited(session: Session, row: ItemDraft) -> Refused:
    why = Reason(Code.EDITED, {"by": _saved_by(session, row), "at": row.saved_at}, who=Helper.YOU)
    return Refused(Code.EDITED, (why,), 409)


def _saved_by(session: Session, row: ItemDraft) -> str:
    saved_by = people.get(session, row.centre_id, row.saved_by or 0)
    return "-" if saved_by is None else saved_by.name


def _no_draft() -> Refused:
    return Refused.of(Code.STATE, who=Helper.YOU, what="no_draft")


def _why_not_named(name: str, kind: str) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if not name or len(name) > LONGEST_IDENTIFIER or not name.isprintable():
        found.append(Reason(Code.FIELD, {"what": "identifier", "field": "identifier"}))
    if kind not in KINDS:
        found.append(Reason(Code.FIELD, {"what": "kind", "field": "kind"}))
    return tuple(found)

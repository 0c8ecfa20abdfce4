"""Importing a file into a bank: report first, then all or nothing. Setting a bank's signposts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from assess import store
from assess.actions import pools
from assess.actions.context import Context, not_found, record, refuse, wrong_role
from assess.bank import importing
from assess.bank.formats.lines import FileRefused
from assess.bank.formats.rows import Row
from assess.bank.importing import Plan
from assess.bank.lifecycle import State
from assess.delivery.signposts import read_signposts
from assess.journal import Event, Fact
from assess.reasons import Code, Helper, Refused
from assess.roles import Role
from assess.store import banks, frameworks, outcome_signposts, reviews
from assess.store.banks import HIGH_STAKES, Bank, Known, NewVersion

LONGEST_NAME = 200  # characters of a bank's name
Progress = Callable[[int, int], None]  # (done, of)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do when it was a dry run or a row was refused."""

    plan: Plan
    written: bool
    bank_id: int | None


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be imported, into which bank, and how strictly."""

    rows: Iterable[Row]
    bank: str
    file: str
    framework: str | None = None
    purpose: str | None = None  # of a bank that is made; None: as it is, or high-stakes
    state: str = "live"
    dry_run: bool = False
    skip_refused: bool = False
    seen: str | None = None  # the digest of the plan that was shown; another is not carried out


class _Undo(Exception):  # noqa: N818 - it carries a refusal out of the transaction
    def __init__(self, refused: Refused) -> None:
        self.refused = refused


def bring_in(
    context: Context, what: Import, progress: Progress = lambda done, of: None
) -> Imported | Refused:
    """Weigh a file against a bank and, if nothing is refused, write all of it.

    The bank is made when it is new. Nothing at all is written when a row is refused (unless
    `skip_refused`), on a dry run, or when a published specification could no longer be drawn.
    The file is read and weighed before the transaction begins: nobody waits for it. What
    an author brings in waits for a reviewer [E-FOUREYES]; whoever runs the service may make it live
    at once.
    """
    if not context.may(Role.AUTHOR):
        return wrong_role()
    if context.actor is not None and what.state == State.LIVE.value:
        return Refused.of(Code.FOUR_EYES, who=Helper.AUTHOR)
    if not what.bank.strip() or len(what.bank) > LONGEST_NAME or not what.bank.isprintable():
        return Refused.of(Code.FIELD, status=422, who=Helper.YOU, field="bank", what="name")
    try:
        with store.read() as session:
            bank = banks.by_name(session, context.centre, what.bank)
            if (problem := _why_not_this_bank(session, context, what, bank)) is not None:
                return problem
            framework_id = _framework_id(session, what, bank)
            known = {} if bank is None else banks.known(session, bank.id)
            framework = frameworks.load(session, framework_id)
        digests = {identifier: k.digests for identifier, k in known.items()}
        plan = importing.plan(what.rows, digests, framework, what.bank)
        if what.dry_run or (plan.refused and not what.skip_refused):
            return Imported(plan, False, None if bank is None else bank.id)
        if what.seen is not None and plan.digest() != what.seen:
            return Refused.of(Code.BUSY, who=Helper.YOU, what="bank_changed")
        with store.write() as session:
            return _write(session, context, what, plan, known, framework_id, progress)
    except FileRefused as refused:
        return refused.refused
    except _Undo as undo:
        with store.write() as session:
            return refuse(session, context, Event.BANK_IMPORTED, undo.refused)


def _write(
    session: Session,
    context: Context,
    what: Import,
    plan: Plan,
    known: dict[str, Known],
    framework_id: int | None,
    progress: Progress,
) -> Imported:
    store.alone(session, f"bank:{context.centre}:{what.bank}")
    bank = banks.by_name(session, context.centre, what.bank)
    if ({} if bank is None else banks.known(session, bank.id)) != known:
        # Somebody changed the bank after it was weighed: the plan no longer holds.
        raise _Undo(Refused.of(Code.BUSY, who=Helper.YOU, what="bank_changed"))
    if bank is None:
        bank = _make(session, context, what, framework_id)
    elif bank.framework_id is None:
        bank.framework_id = framework_id
    contents = [p.content for p in (*plan.created, *plan.changed) if p.content is not None]
    # Practice banks and high-stakes banks share no question: who practised would know the test.
    if shared := banks.shared_stems(session, bank, [content.stem for content in contents]):
        stem, other = next(iter(shared.items()))
        raise _Undo(
            Refused.of(
                Code.PURPOSE,
                who=Helper.YOU,
                stem=stem[:100],
                bank=other,
                count=len(shared),
            )
        )
    versions = []
    for planned in (*plan.created, *plan.changed):
        if planned.content is None or planned.identifier is None:
            continue
        there = known.get(planned.identifier)
        versions.append(
            NewVersion(planned.identifier, planned.content)
            if there is None
            else NewVersion(planned.identifier, planned.content, there.item_id, there.number + 1)
        )
    for done in banks.add(
        session, bank, versions, state=what.state, author=context.actor, now=context.now
    ):
        progress(done, len(versions))
    if context.actor is not None and versions:
        names = [version.identifier for version in versions]
        reviews.brought_in(
            session, bank, names, person=context.actor, words=what.file, now=context.now
        )
    if versions and what.state == "live" and (reasons := pools.renew(session, context, bank)):
        raise _Undo(Refused(Code.BLUEPRINT, reasons, 409))
    if versions:
        facts: dict[str, Fact] = {"bank": bank.id, "state": what.state, **plan.counts}
        record(session, context, Event.BANK_IMPORTED, facts, {"file": what.file})
    return Imported(plan, True, bank.id)


def _framework_id(session: Session, what: Import, bank: Bank | None) -> int | None:
    if what.framework is not None and (row := frameworks.by_key(session, what.framework)):
        return row.id
    return None if bank is None else bank.framework_id


def _why_not_this_bank(
    session: Session, context: Context, what: Import, bank: Bank | None
) -> Refused | None:
    if what.framework is not None and frameworks.by_key(session, what.framework) is None:
        known = ", ".join(f.key for f in frameworks.every(session)) or "-"
        return Refused.of(
            Code.FIELD,
            status=422,
            who=Helper.YOU,
            field="framework",
            what="unknown",
            found=what.framework,
            allowed=known,
        )
    if bank is None:
        return None
    if what.purpose is not None and bank.purpose != what.purpose:
        return Refused.of(
            Code.FIELD, who=Helper.YOU, field="purpose", what="fixed", found=bank.purpose
        )
    theirs = frameworks.load(session, bank.framework_id)
    if what.framework is not None and theirs is not None and theirs.id != what.framework:
        return Refused.of(
            Code.FIELD, who=Helper.YOU, field="framework", what="fixed", found=theirs.id
        )
    return None


def _make(session: Session, context: Context, what: Import, framework_id: int | None) -> Bank:
    bank = Bank(
        centre_id=context.centre,
        name=what.bank,
        purpose=what.purpose or HIGH_STAKES,
        framework_id=framework_id,
        created_at=context.now,
    )
    session.add(bank)
    session.flush()
    record(session, context, Event.BANK_CREATED, {"bank": bank.id, "purpose": bank.purpose})
    return bank


def set_signposts(context: Context, bank_name: str, text: str) -> int | Refused:
    """Replace a bank's signposts by those of a CSV text; says how many there are."""
    if not context.may(Role.AUTHOR):
        return wrong_role()
    with store.write() as session:
        bank = banks.by_name(session, context.centre, bank_name)
        if bank is None:
            return not_found()
        signposts = read_signposts(text, frameworks.load(session, bank.framework_id))
        if isinstance(signposts, Refused):
            return signposts
        outcome_signposts.put(session, bank, signposts)
        facts = {"bank": bank.id, "signposts": len(signposts)}
        record(session, context, Event.SIGNPOSTS_SET, facts)
        return len(signposts)

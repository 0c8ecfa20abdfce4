"""Publishing a specification: proved feasible, frozen into a pool, open to candidates."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from assess import store
from assess.actions import pools
from assess.actions.context import Context, record, refuse, wrong_role
from assess.bank.freshness import Fresh
from assess.bank.publishing import Proof, why_not_practise
from assess.bank.specification import INVIGILATED, Specification
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused
from assess.roles import Role
from assess.store import banks, live_items, people, programmes, proofs, specifications
from assess.store.banks import PRACTICE, Bank
from assess.store.specifications import SpecificationVersion, Test


@dataclass(frozen=True, slots=True)
class _Sound:
    """What may be published: where it belongs, what is in force there, and the proof."""

    bank: Bank
    programme_id: int | None
    test: Test | None
    before: SpecificationVersion | None
    proof: Proof


@dataclass(frozen=True, slots=True)
class Published:
    """A specification is in force. `changed` is False when it said the same before.

    `witness` is a form that the bank can make, by the identifiers of its items.
    """

    test_id: int
    number: int
    changed: bool
    fresh: Fresh
    witness: tuple[str, ...]


def publish(
    context: Context, specification: Specification, *, after: int | None = None
) -> Published | Refused:
    """Put a specification in force, as the next version of the test with its name.

    Refused [E-BLUEPRINT] with every reason when the bank cannot serve it. Attempts under way keep
    the version and the pool they began with. `after` is the version that it was written over, 0
    for a new test, None where nobody asks: where another is in force now it is refused, [E-EDITED]
    or [E-TAKEN], so that nobody undoes what they have not seen.
    """
    if not context.may(Role.AUTHOR):
        return wrong_role()
    # What cannot be served may take seconds to see: they are spent before anybody waits for us.
    with store.read() as session:
        foreseen = _judge(session, context, specification, after)
    with store.write() as session:
        if isinstance(foreseen, Refused):
            return _refused(session, context, foreseen)
        store.alone(session, f"bank:{context.centre}:{specification.bank}")
        store.alone(session, f"test:{context.centre}:{specification.name}")
        judged = _judge(session, context, specification, after)
        if isinstance(judged, Refused):
            return _refused(session, context, judged)
        bank, programme_id, proof = judged.bank, judged.programme_id, judged.proof
        test, before = judged.test, judged.before
        names = live_items.identifiers(session, proof.witness or ())
        witness = tuple(sorted(names.values()))
        if test is None:
            test = Test(
                centre_id=context.centre,
                bank_id=bank.id,
                programme_id=programme_id,
                name=specification.name,
                title=specification.title,
                gates=[],
                practice=bank.purpose == PRACTICE,
                created_at=context.now,
            )
            session.add(test)
            session.flush()
        store.alone(session, pools.drawing(test.id))
        if (
            before is not None
            and before.digest == specification.digest()
            and test.programme_id == programme_id
        ):
            return Published(test.id, before.number, False, proof.fresh, witness)
        test.title, test.programme_id = specification.title, programme_id
        others = [gate for gate in test.gates if gate != INVIGILATED]
        test.gates = [*others, INVIGILATED] if specification.invigilated else others
        if before is not None:
            before.state = "superseded"
            pools.close_epochs(session, context, before.id)
        version = SpecificationVersion(
            centre_id=context.centre,
            test_id=test.id,
            number=specifications.newest_number(session, test.id) + 1,
            state="published",
            document=specification.as_document(),
            digest=specification.digest(),
            published_by=context.actor,
            published_at=context.now,
        )
        session.add(version)
        session.flush()
        record(
            session,
            context,
            Event.SPECIFICATION_PUBLISHED,
            {"test": test.id, "number": version.number, "digest": version.digest},
        )
        pools.make(session, context, version, bank)
        return Published(test.id, version.number, True, proof.fresh, witness)


def _judge(
    session: Session, context: Context, specification: Specification, after: int | None
) -> _Sound | Refused:
    """Whether this may be published as things are now, or every reason why not."""
    test = specifications.by_name(session, context.centre, specification.name)
    before = None if test is None else specifications.published(session, test.id)
    if after is not None and (why := _overtaken(session, before, specification, after)):
        return Refused(why.code, (why,), 409)
    reasons, bank, programme_id = _places(session, context, specification)
    if bank is None:
        return Refused(Code.BLUEPRINT, reasons, 409)
    proof = proofs.prove(session, bank, specification)
    reasons += proof.reasons
    if bank.purpose == PRACTICE:
        reasons += why_not_practise(specification)
    if not reasons:
        reasons += pools.why_not_found(session, specification, bank, proof)
    if test is not None and test.bank_id != bank.id:
        values = {"what": "bank_fixed", "test": test.name}
        reasons += (Reason(Code.BLUEPRINT, values, who=Helper.AUTHOR),)
    if reasons:
        return Refused(Code.BLUEPRINT, reasons, 409)
    return _Sound(bank, programme_id, test, before, proof)


def _refused(session: Session, context: Context, refused: Refused) -> Refused:
    """The same; that the bank cannot serve it is written down."""
    if refused.code is Code.BLUEPRINT:
        return refuse(session, context, Event.SPECIFICATION_PUBLISHED, refused)
    return refused


def _overtaken(
    session: Session, before: SpecificationVersion | None, specification: Specification, after: int
) -> Reason | None:
    """Why this may not follow the version in force: who wrote it had another one before them."""
    if before is None or before.number == after or before.digest == specification.digest():
        return None
    if not after:
        return Reason(Code.TAKEN, {"what": "test", "field": "name"}, who=Helper.YOU)
    publisher = people.get(session, before.centre_id, before.published_by or 0)
    by = "-" if publisher is None else publisher.name
    return Reason(
        Code.EDITED,
        {
            "what": "specification",
            "by": by,
            "number": before.number,
            "at": before.published_at,
        },
        who=Helper.YOU,
    )


def _places(
    session: Session, context: Context, specification: Specification
) -> tuple[tuple[Reason, ...], Bank | None, int | None]:
    """The bank and the programme that a specification names, and what is wrong with the names."""
    reasons: list[Reason] = []
    bank = banks.by_name(session, context.centre, specification.bank)
    if bank is None:
        there = ", ".join(b.name for b, _ in banks.of_centre(session, context.centre)) or "-"
        values = {"what": "bank_unknown", "found": specification.bank, "allowed": there}
        reasons.append(Reason(Code.BLUEPRINT, values, who=Helper.AUTHOR))
    if specification.programme is None:
        return tuple(reasons), bank, None
    programme = programmes.by_name(session, context.centre, specification.programme)
    if programme is None:
        names = ", ".join(p.name for p in programmes.of_centre(session, context.centre)) or "-"
        values = {"what": "programme_unknown", "found": specification.programme, "allowed": names}
        reasons.append(Reason(Code.BLUEPRINT, values, who=Helper.ADMINISTRATOR))
        return tuple(reasons), bank, None
    return tuple(reasons), bank, programme.id

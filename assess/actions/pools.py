"""Freezing what a specification draws from, and committing to the seeds of its draws."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from assess import seeds, store
from assess.actions.context import Context, record
from assess.bank import cells
from assess.bank.publishing import Proof
from assess.bank.specification import Specification
from assess.delivery import difficulty
from assess.delivery import draw as delivery
from assess.delivery.draw import Cell, Entry, commitment
from assess.delivery.draw import Pool as Frozen
from assess.delivery.pool import NOT_ENOUGH_DATA
from assess.journal import Event
from assess.reasons import Reason
from assess.store import calibrations, live_items, pools, proofs, specifications
from assess.store.banks import Bank, ItemVersion
from assess.store.calibrations import Calibration
from assess.store.pools import Epoch, Pool, Turn
from assess.store.specifications import SpecificationVersion

KEPT = 32  # pools in memory: they never change, so none is ever stale


def drawing(test_id: int) -> str:
    """What a start goes beside, and whoever changes what a test draws from does alone."""
    return f"drawing:{test_id}"


def why_not_draw(session: Session, specification: Specification, bank: Bank) -> tuple[Reason, ...]:
    """Every reason why the bank, as it is now, cannot serve the specification."""
    proof = proofs.prove(session, bank, specification)
    return proof.reasons or why_not_found(session, specification, bank, proof)


def why_not_found(
    session: Session, specification: Specification, bank: Bank, proof: Proof
) -> tuple[Reason, ...]:
    """E-BLUEPRINT where there are forms, but a draw hardly finds one."""
    if not proof.cells.enemies:
        return ()
    sorted_out, entries = gather(session, specification, bank)
    return delivery.why_not_found(freeze(specification, "", sorted_out, entries, None)[0])


def make(session: Session, context: Context, version: SpecificationVersion, bank: Bank) -> Pool:
    """Freeze the next pool of a published specification, and commit to its first seed."""
    specification = version.specification()
    sorted_out, entries = gather(session, specification, bank)
    calibration = calibrations.newest(session, version.test_id)
    frozen, used = freeze(specification, version.digest, sorted_out, entries, calibration)
    pool = Pool(
        centre_id=version.centre_id,
        specification_id=version.id,
        number=pools.newest_number(session, version.id) + 1,
        document=frozen.as_document(),
        calibration_id=None if used is None else used.id,
        fingerprint=frozen.fingerprint(),
        made_at=context.now,
    )
    session.add(pool)
    session.flush()
    record(
        session,
        context,
        Event.POOL_MADE,
        {
            "specification": version.id,
            "pool": pool.id,
            "fingerprint": pool.fingerprint,
            "target": None if frozen.band is None else frozen.band.target,
            "half": None if frozen.band is None else frozen.band.half,
            "unbalanced": frozen.unbalanced,
            "calibration": None if used is None else used.number,
        },
    )
    open_epoch(session, context, pool.id, version.centre_id)
    return pool


def gather(
    session: Session,
    specification: Specification,
    bank: Bank,
    known: Mapping[int, int] | None = None,
) -> tuple[cells.Cells, dict[int, Entry]]:
    """The live items of a bank in the cells of a specification, and what a draw knows of each.

    `known` stands in place of the authors' estimates, by item, where it is given.
    """
    entries: dict[int, Entry] = {}
    facts = []
    for row in live_items.live(session, bank.id, specification):
        entry, fact = _entry(row), row.facts()
        if known is not None:
            entry = replace(entry, difficulty=known.get(row.item_id))
            fact = replace(fact, difficulty=known.get(row.item_id))
        entries[row.item_id] = entry
        facts.append(fact)
    numbers = live_items.numbers(session, bank.id, specification.enemies)
    return cells.sort_out(specification, facts, numbers), entries


def freeze(
    specification: Specification,
    digest: str,
    sorted_out: cells.Cells,
    entries: Mapping[int, Entry],
    calibration: Calibration | None,
) -> tuple[Frozen, Calibration | None]:
    """What a specification draws from, balanced where enough is known, and the calibration used."""
    pool = Frozen(
        specification=digest,
        cells=tuple(_cells(sorted_out, entries)),
        shuffle_questions=specification.shuffle_questions,
        enemies=tuple(tuple(sorted(group)) for group in sorted_out.enemies),
    )
    if specification.band is None:
        return pool, None
    listed = [cell.listed for cell in pool.cells]
    counts = [cell.count for cell in pool.cells]
    if calibration is not None:
        found = calibration.by_version()
        values = difficulty.settled([[found.get(v) for v in one.versions] for one in listed])
        if values is not None:
            return _balanced(pool, values, counts, specification.band), calibration
    values = difficulty.settled([[entry.difficulty for entry in one] for one in listed])
    if values is not None:
        return _balanced(pool, values, counts, specification.band), None
    return replace(pool, unbalanced=NOT_ENOUGH_DATA), None


def _balanced(
    pool: Frozen, values: Sequence[Sequence[int]], counts: Sequence[int], share: int
) -> Frozen:
    """The pool with these difficulties and the band about what a form of them can expect."""
    return replace(
        pool,
        cells=tuple(
            replace(cell, entries=cell.listed.with_difficulties(own))
            for cell, own in zip(pool.cells, values, strict=True)
        ),
        band=difficulty.band(counts, values, share),
        unbalanced="",
    )


def _cells(sorted_out: cells.Cells, entries: Mapping[int, Entry]) -> Iterator[Cell]:
    numbers = count(1)  # of the pool: what has one number is drawn together, in whatever cell
    for place, quota in enumerate(sorted_out.quotas):
        case_of = {
            item: number
            for case, number in zip(sorted_out.cases(place), numbers, strict=False)
            for item in case
        }
        drawn = [
            replace(entries[one.item], set=case_of.get(one.item, 0))
            for one in sorted_out.items[place]
        ]
        yield Cell(quota.outcome, quota.count, drawn, quota.narrowed)


def _entry(row: ItemVersion) -> Entry:
    content = row.content
    return Entry(
        item=row.item_id,
        version=row.id,
        options=len(content["options"]) if content["shuffle"] else 0,
        difficulty=content["expected_facility"],
    )


def open_epoch(session: Session, context: Context, pool_id: int, centre: int) -> Epoch:
    """Begin a new epoch: its seed is committed to in the journal before its first use."""
    seed = seeds.seed()
    epoch = Epoch(
        centre_id=centre,
        pool_id=pool_id,
        number=pools.newest_epoch_number(session, pool_id) + 1,
        commitment=commitment(seed),
        sealed_seed=pools.encrypt(seed, context.settings.seed_key),
        draws=0,
        opened_at=context.now,
    )
    session.add(epoch)
    session.flush()
    record(
        session,
        context,
        Event.SEED_COMMITTED,
        {"pool": pool_id, "epoch": epoch.number, "commitment": epoch.commitment},
    )
    return epoch


def turn(session: Session, context: Context, pool_id: int, centre: int) -> Turn:
    """The next draw from a pool, counted in its epoch, which is locked; a new one when used up."""
    if (found := pools.turn(session, pool_id, context.now)) is not None:
        return found
    store.alone(session, f"epochs:{pool_id}")  # of two who find it used up, one opens the next
    if (found := pools.turn(session, pool_id, context.now)) is None:
        pools.close(session, pool_id, context.now)
        open_epoch(session, context, pool_id, centre)
        found = pools.turn(session, pool_id, context.now)
    assert found is not None  # noqa: S101 - it was opened a moment ago
    return found


def renew(session: Session, context: Context, bank: Bank) -> tuple[Reason, ...]:
    """After a change of a bank: the next pool for every published specification that uses it.

    Gives every reason why one of them could no longer be drawn; the caller then undoes the change.
    """
    for test in specifications.of_bank(session, bank.id):
        store.alone(session, drawing(test.id))
        version = specifications.published(session, test.id)
        if version is None:
            continue
        if reasons := why_not_draw(session, version.specification(), bank):
            return reasons
        close_epochs(session, context, version.id)
        make(session, context, version, bank)
    return ()


def close_epochs(session: Session, context: Context, specification_id: int) -> None:
    """Close the epochs of a specification's pools: a newer pool takes over."""
    for epoch in _open_epochs(session, specification_id):
        epoch.closed_at = epoch.closed(context.now) or context.now
    session.flush()


def _open_epochs(session: Session, specification_id: int) -> Iterable[Epoch]:
    return session.scalars(
        select(Epoch)
        .join(Pool, Pool.id == Epoch.pool_id)
        .where(Pool.specification_id == specification_id, Epoch.closed_at.is_(None))
    )


_kept: OrderedDict[str, Frozen] = OrderedDict()
_lock = Lock()


def frozen(session: Session, pool_id: int, fingerprint: str) -> Frozen:
    """A pool as the draw knows it, from memory when it was used before."""
    with _lock:
        if fingerprint in _kept:
            _kept.move_to_end(fingerprint)
            return _kept[fingerprint]
    document = session.scalars(select(Pool.document).where(Pool.id == pool_id)).one()
    pool = Frozen.from_document(document)
    if pool.fingerprint() != fingerprint:
        raise ValueError(f"pool {pool_id} does not match its fingerprint")
    with _lock:
        _kept[fingerprint] = pool
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return pool

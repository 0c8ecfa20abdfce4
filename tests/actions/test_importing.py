"""Is an import all or nothing, and do tests and attempts live through it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import func, select

from assess import store
from assess.actions import banks, draws, reviews
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import tables
from assess.store.attempts import Attempt
from assess.store.banks import Bank, ItemVersion
from assess.store.pools import Epoch, Pool
from tests.builders import HEADER, World, bank, csv, question

JOURNAL = {"journal_entries", "journal_details", "journal_seals"}
BAD = "bad-1,single_choice,award/U1/1,Stem?,A,B,C,D,E,,,,,"


def counts() -> dict[str, int]:
    """How many rows each table has, but for the journal."""
    with store.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in tables.metadata.tables.items()
            if name not in JOURNAL
        }


def states(identifier: str) -> list[tuple[int, str]]:
    """Number and state of every version of an item."""
    with store.read() as session:
        rows = session.execute(
            select(ItemVersion.number, ItemVersion.state)
            .join(tables.banks.Item, tables.banks.Item.id == ItemVersion.item_id)
            .where(tables.banks.Item.identifier == identifier)
            .order_by(ItemVersion.number)
        )
        return [(number, state) for number, state in rows]


def bring_in(built: World, text: str, **changes: object) -> banks.Imported:
    """Import as whoever runs the service."""
    done = banks.bring_in(built.context(), bank(text, **changes))
    assert isinstance(done, banks.Imported), done
    return done


def refused(built: World, text: str, **changes: object) -> Refused:
    """Import as whoever runs the service, and be refused."""
    done = banks.bring_in(built.context(), bank(text, **changes))
    assert isinstance(done, Refused), done
    return done


def of(done: banks.Imported) -> Mapping[str, int]:
    """The counts that are not nought."""
    return {name: count for name, count in done.plan.counts.items() if count}


def test_one_bad_row_and_nothing_at_all_is_written(built: World) -> None:
    before = counts()
    new = "\n".join([HEADER, question(7, "1"), BAD, question(8, "1")])
    done = bring_in(built, new)
    assert (done.written, of(done)) == (False, {"created": 2, "refused": 1})
    assert [(p.where, p.reason.code) for p in done.plan.problems] == [("line 3", Code.MALFORMED)]
    assert counts() == before


def test_one_bad_row_and_no_new_bank_is_made(built: World) -> None:
    before = counts()
    done = bring_in(built, f"{HEADER}\n{BAD}", bank="A new bank")
    assert (done.written, done.bank_id) == (False, None)
    assert counts() == before


def test_the_rest_is_imported_when_that_is_asked_for(built: World) -> None:
    new = "\n".join([HEADER, question(7, "1"), BAD, question(8, "1")])
    done = bring_in(built, new, skip_refused=True)
    assert (done.written, of(done)) == (True, {"created": 2, "refused": 1})
    assert states("q1-7") == states("q1-8") == [(1, "live")]
    assert states("bad-1") == []


def test_a_dry_run_reports_and_writes_nothing(built: World) -> None:
    before = counts()
    done = bring_in(built, csv(9), dry_run=True)
    assert (done.written, of(done)) == (False, {"created": 6, "changed": 2, "unchanged": 10})
    assert counts() == before


def test_the_same_file_again_changes_nothing(built: World) -> None:
    with store.read() as session:
        before = (
            counts(),
            session.scalar(select(func.count()).select_from(tables.journal.JournalEntry)),
        )
    done = bring_in(built, csv())
    assert of(done) == {"unchanged": 12}
    with store.read() as session:
        after = (
            counts(),
            session.scalar(select(func.count()).select_from(tables.journal.JournalEntry)),
        )
    assert after == before


def test_a_changed_item_becomes_the_next_version_and_the_pool_is_renewed(built: World) -> None:
    built.make_ready()
    device = built.log_in("candidate")
    attempt = built.start(device)
    with store.read() as session:
        form = session.get_one(Attempt, attempt).form
    head, *rows = csv().replace("Stem", "Clearer stem").splitlines()
    every = [f"{head},shuffle", *(f"{row},{'no' if row[1] == '2' else ''}" for row in rows)]
    done = bring_in(built, "\n".join(every))
    assert of(done) == {"changed": 12}
    assert states("q1-1") == [(1, "superseded"), (2, "live")]
    with store.read() as session:
        pools = session.scalars(select(Pool).order_by(Pool.number)).all()
        open_ = session.scalars(select(Epoch.pool_id).where(Epoch.closed_at.is_(None))).all()
        kept = session.get_one(Attempt, attempt)
    assert [p.number for p in pools] == [1, 2]
    assert list(open_) == [pools[1].id]
    assert (kept.form, kept.pool_id) == (form, pools[0].id)
    built.answer(device, attempt)
    built.hand_in(device, attempt)
    built.make_ready("candidate.two")
    second = built.start(built.log_in("candidate.two"))
    with store.read() as session:
        row = session.get_one(Attempt, second)
        found = session.scalars(select(ItemVersion).where(ItemVersion.state == "live"))
        shuffled = {version.id: version.content["shuffle"] for version in found}
    assert row.pool_id == pools[1].id
    assert list(shuffled.values()).count(False) == 6
    for dealt in row.drawn():
        assert sorted(dealt.order) == ([0, 1, 2, 3] if shuffled[dealt.version] else [])
    for one in (attempt, second):
        replayed = draws.replay(built.context(), one)
        assert isinstance(replayed, draws.Replayed)
        assert replayed.differences == ()


def test_what_waits_for_review_leaves_the_live_version_and_the_pool_alone(built: World) -> None:
    done = bring_in(built, csv().replace("Stem", "Clearer stem"), state="review")
    assert of(done) == {"changed": 12}
    assert states("q1-1") == [(1, "live"), (2, "review")]
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Pool)) == 1


def test_an_import_that_would_break_a_published_test_is_refused_whole(built: World) -> None:
    before = counts()
    moved = csv().replace("award/U1/1", "award/U1/2")
    done = refused(built, moved)
    assert (done.code, {r.code for r in done.reasons}) == (Code.BLUEPRINT, {Code.BLUEPRINT})
    assert done.reasons[0].values["outcome"] == "award/U1/1"
    assert counts() == before
    assert states("q1-1") == [(1, "live")]


def test_a_bank_stays_practice_or_high_stakes(built: World) -> None:
    before = counts()
    done = refused(built, csv(), purpose="practice")
    assert (done.reasons[0].code, done.reasons[0].values["what"]) == (Code.FIELD, "fixed")
    assert counts() == before
    own = csv().replace("Stem", "Practice stem")
    made = bring_in(built, own, bank="For practice", purpose="practice")
    assert made.written
    done = refused(built, own, bank="For practice", purpose="high-stakes")
    assert done.reasons[0].values["found"] == "practice"
    with store.read() as session:
        found = session.execute(select(Bank.name, Bank.purpose).order_by(Bank.id)).all()
    assert [tuple(row) for row in found] == [
        ("Small bank", "high-stakes"),
        ("For practice", "practice"),
    ]


def test_a_framework_that_is_not_there_is_named_beside_those_that_are(built: World) -> None:
    done = refused(built, csv(), framework="nothing")
    assert dict(done.reasons[0].values) == {
        "field": "framework",
        "what": "unknown",
        "found": "nothing",
        "allowed": "award",
    }


def test_a_bank_needs_a_name_that_can_be_shown(built: World) -> None:
    before = counts()
    for name in ("", "   ", "x" * 201, "a\x00b", "a\nb"):
        assert refused(built, csv(), bank=name).reasons[0].code is Code.FIELD
    assert counts() == before


def test_only_authors_import(built: World) -> None:
    before = counts()
    for role in Role:
        if role is Role.AUTHOR:
            continue
        done = banks.bring_in(built.context(role.value.replace("-", ".")), bank(csv(9)))
        assert isinstance(done, Refused)
        assert done.code is Code.ROLE
    assert counts() == before


def test_what_an_author_brings_in_waits_for_somebody_else(built: World) -> None:
    before = counts()
    changed = csv().replace("Stem", "Clearer stem")
    assert refused_to(built, bank(changed)).code is Code.FOUR_EYES
    assert counts() == before
    done = banks.bring_in(built.context("author"), bank(changed, state="review"))
    assert isinstance(done, banks.Imported), done
    item = waiting_item(built)
    built.add("both", Role.AUTHOR, Role.REVIEWER)
    mine = banks.bring_in(
        built.context("both"), bank(csv().replace("Stem", "Plainer stem"), state="review")
    )
    assert isinstance(mine, banks.Imported), mine
    # Who brought it in wrote it, whatever other roles they hold.
    for who, code in (("both", Code.FOUR_EYES), ("reviewer", None)):
        said = reviews.approve(built.context(who), item, 3)
        assert (said.code if isinstance(said, Refused) else None) is code


def test_what_was_seen_is_what_is_brought_in(built: World) -> None:
    author = built.context("author")
    changed = bank(csv().replace("Stem", "Clearer stem"), state="review")
    shown = banks.bring_in(author, replace(changed, dry_run=True))
    assert isinstance(shown, banks.Imported)
    other = bank(csv().replace("Stem", "Plainer stem"), state="review", seen=shown.plan.digest())
    assert refused_to(built, other).code is Code.BUSY
    # Nor over what a colleague wrote meanwhile, which nobody saw it take the place of.
    theirs = bank(csv().replace("Stem", "Plainer stem"), state="review")
    assert isinstance(banks.bring_in(author, theirs), banks.Imported)
    late = bank(csv().replace("Stem", "Clearer stem"), state="review", seen=shown.plan.digest())
    assert refused_to(built, late).code is Code.BUSY


def refused_to(built: World, what: banks.Import) -> Refused:
    """Import as an author, and be refused."""
    done = banks.bring_in(built.context("author"), what)
    assert isinstance(done, Refused), done
    return done


def waiting_item(built: World) -> int:
    """An item with a version that waits for a reviewer."""
    with store.read() as session:
        return session.scalars(
            select(ItemVersion.item_id).where(ItemVersion.state == "review").limit(1)
        ).one()


def test_another_centre_has_banks_of_its_own(built: World) -> None:
    done = banks.bring_in(built.context("author.there"), bank(csv(), state="review"))
    assert isinstance(done, banks.Imported)
    assert of(done) == {"created": 12}
    with store.read() as session:
        rows = session.execute(
            select(Bank.centre_id, func.count(ItemVersion.id))
            .join(ItemVersion, ItemVersion.bank_id == Bank.id)
            .group_by(Bank.centre_id)
            .order_by(Bank.centre_id)
        ).all()
    assert [tuple(r) for r in rows] == [
        (built.centres["here"], 12),
        (built.centres["there"], 12),
    ]

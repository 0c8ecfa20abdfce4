"""Does a question go live only through somebody else, and leave only where a test can spare it?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from assess import store
from assess.actions import banks as imports
from assess.actions import items, reviews
from assess.bank import drafting
from assess.bank.drafting import Draft
from assess.bank.items import Content
from assess.bank.lifecycle import Move, State
from assess.journal import Event
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import banks, drafts, item_search
from assess.store import reviews as rows
from assess.store.banks import ItemVersion
from assess.store.drafts import ItemDraft
from assess.store.journal import JournalEntry
from assess.store.pools import Pool
from tests.builders import World, bank, csv

WHY = "The key is no longer right."


@pytest.fixture
def second(built: World) -> str:
    """Somebody who writes and reviews."""
    built.add("second", Role.AUTHOR, Role.REVIEWER)
    return "second"


def known(name: str = "q1-1") -> int:
    """The number of an item."""
    with store.read() as session:
        item = session.scalar(select(banks.Item.id).where(banks.Item.identifier == name))
    assert item is not None
    return item


def states(name: str = "q1-1") -> list[tuple[int, str]]:
    """The versions of an item with their states, oldest first."""
    with store.read() as session:
        return [(v.number, v.state) for v in reversed(banks.versions_of(session, known(name)))]


def typed(item: int) -> tuple[Draft, int]:
    """What the working copy of an item says, and its revision."""
    with store.read() as session:
        row = drafts.of_item(session, item)
        assert row is not None
        return row.draft(), row.revision


def write(built: World, who: str = "author", name: str = "q1-1", stem: str = "Asked anew?") -> int:
    """Begin or go on with a draft of an item and save a new stem; the revision."""
    item = known(name)
    begun = items.begin(built.context(who), item)
    assert isinstance(begun, items.Begun), begun
    draft, revision = typed(item)
    saved = items.save(built.context(who), item, replace(draft, stem=stem), revision)
    assert isinstance(saved, items.Saved), saved
    return saved.revision


def submit(built: World, who: str = "author", name: str = "q1-1", stem: str = "Asked anew?") -> int:
    """Write and submit; the number of the version in review."""
    revision = write(built, who, name, stem)
    done = items.submit(built.context(who), known(name), revision, "Please look at the stem.")
    assert isinstance(done, items.Submitted), done
    return done.number


def codes(done: object) -> set[Code]:
    """The codes of a refusal's reasons."""
    assert isinstance(done, Refused), done
    return {r.code for r in done.reasons}


def pools() -> int:
    """How many pools there are."""
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(Pool)) or 0


def journalled(event: Event) -> int:
    """How many entries of this event there are."""
    with store.read() as session:
        counted = select(func.count()).where(JournalEntry.event == event.value)
        return session.scalar(counted) or 0


def test_an_edited_item_goes_live_through_somebody_else_and_the_live_one_stays_until_then(
    built: World,
) -> None:
    number = submit(built)
    assert states() == [(1, "live"), (2, "review")]
    assert pools() == 1
    done = reviews.approve(built.context("reviewer"), known(), number)
    assert done == reviews.Decided(known(), 2, State.LIVE)
    assert states() == [(1, "superseded"), (2, "live")]
    assert pools() == 2
    with store.read() as session:
        told = rows.story(session, known())
        assert drafts.of_item(session, known()) is None
    assert [(t.remark.move, t.name, t.number) for t in told] == [
        ("approve", "Reviewer", 2),
        ("submit", "Author", 2),
    ]
    for event in (Event.ITEM_DRAFTED, Event.ITEM_SUBMITTED, Event.ITEM_APPROVED):
        assert journalled(event) == 1, event


def test_nobody_approves_what_they_wrote(built: World, second: str) -> None:
    number = submit(built, second)
    refused = reviews.approve(built.context(second), known(), number)
    assert codes(refused) == {Code.FOUR_EYES}
    assert isinstance(refused, Refused)
    assert refused.status == 403
    assert states() == [(1, "live"), (2, "review")]
    assert journalled(Event.DEED_REFUSED) == 1


def test_whoever_saved_a_draft_that_another_submitted_does_not_approve_it(
    built: World, second: str
) -> None:
    write(built, second, stem="A first try?")
    number = submit(built, "author", stem="Asked anew?")
    assert codes(reviews.approve(built.context(second), known(), number)) == {Code.FOUR_EYES}


def test_the_file_of_a_bank_changes_nothing_where_a_question_is_being_worked_on(
    built: World, second: str
) -> None:
    number = submit(built)
    assert made(built, csv()) == 0  # the version in use says so; the one in review is left alone
    done = reviews.give_back(built.context("reviewer"), known(), number, WHY)
    assert isinstance(done, reviews.Decided), done
    assert made(built, csv()) == 0
    assert states() == [(1, "live"), (2, "returned")]
    assert made(built, csv().replace("Stem 1 of outcome 1?", "Asked anew?")) == 1
    assert states() == [(1, "superseded"), (2, "returned"), (3, "live")]


def made(built: World, text: str) -> int:
    """How many new versions an import of this text makes."""
    done = imports.bring_in(built.context(), bank(text))
    assert isinstance(done, imports.Imported), done
    assert done.written
    return len(done.plan.created) + len(done.plan.changed)


def test_a_returned_version_keeps_its_writers_when_another_goes_on_with_it(
    built: World, second: str
) -> None:
    number = submit(built, second)
    reviewer = built.context("reviewer")
    returned = reviews.give_back(reviewer, known(), number, "Option B is right too.")
    assert isinstance(returned, reviews.Decided)
    assert states() == [(1, "live"), (2, "returned")]
    number = submit(built, "author", stem="Asked once more?")
    assert codes(reviews.approve(built.context(second), known(), number)) == {Code.FOUR_EYES}
    assert isinstance(reviews.approve(reviewer, known(), number), reviews.Decided)
    assert states() == [(1, "superseded"), (2, "returned"), (3, "live")]


def test_what_was_retired_before_anybody_approved_it_keeps_its_writers(
    built: World, second: str
) -> None:
    with store.read() as session:
        shelf = session.get_one(banks.Item, known()).bank_id
    begun = items.begin_new(built.context(second), shelf, "new", "single_choice")
    assert isinstance(begun, items.Begun), begun
    with store.read() as session:
        version = banks.versions_of(session, known())[0]
    like = drafting.of(Content.from_document(version.content))
    assert isinstance(
        items.save(built.context(second), begun.item_id, replace(like, stem="New?"), 1), items.Saved
    )
    number = submit(built, second, "new", "Quite new?")
    reviewer = built.context("reviewer")
    assert isinstance(reviews.give_back(reviewer, begun.item_id, number, WHY), reviews.Decided)
    assert isinstance(items.discard(built.context("author"), begun.item_id), items.Discarded)
    assert isinstance(reviews.retire(reviewer, begun.item_id, number, WHY), reviews.Decided)
    again = items.begin(built.context("author"), begun.item_id)
    assert isinstance(again, items.Begun), again
    done = items.submit(built.context("author"), begun.item_id, 1)
    assert isinstance(done, items.Submitted), done
    refused = reviews.approve(built.context(second), begun.item_id, done.number)
    assert codes(refused) == {Code.FOUR_EYES}


def test_the_database_refuses_an_approval_by_a_writer_and_to_change_what_was_said(
    built: World, second: str
) -> None:
    number = submit(built, second)
    with store.read() as session:
        version = rows.version(session, known(), number)
    assert version is not None
    with pytest.raises(DatabaseError, match="nobody approves"), store.write() as session:
        rows.remark(
            session,
            version,
            person=built.persons[second],
            move=Move.APPROVE,
            words="",
            now=built.clock.now(),
        )
    for statement in (
        "UPDATE item_remarks SET words = 'x'",
        "DELETE FROM item_remarks",
        "UPDATE version_writers SET person_id = person_id",
        "DELETE FROM version_writers",
    ):
        with pytest.raises(DatabaseError, match="never changed"), store.write() as session:
            session.execute(text(statement))


def test_a_version_is_returned_with_words_and_is_a_draft_of_its_author_again(built: World) -> None:
    number = submit(built)
    reviewer = built.context("reviewer")
    refused = reviews.give_back(reviewer, known(), number, " ")
    assert codes(refused) == {Code.FIELD}
    done = reviews.give_back(reviewer, known(), number, "Which customer is meant?")
    assert isinstance(done, reviews.Decided)
    draft, _ = typed(known())
    assert draft.stem == "Asked anew?"
    with store.read() as session:
        mine = drafts.of_person(session, built.centres["here"], built.persons["author"])
        said = rows.sent_back(session, mine[0][0].base_id or 0)
    assert said is not None
    assert said.words == "Which customer is meant?"


def test_an_author_takes_a_version_back_and_works_on(built: World) -> None:
    number = submit(built)
    refused = items.begin(built.context("author"), known())
    assert codes(refused) == {Code.STATE}
    assert isinstance(reviews.withdraw(built.context("author"), known(), number), reviews.Decided)
    assert typed(known())[0].stem == "Asked anew?"
    assert codes(reviews.approve(built.context("reviewer"), known(), number)) == {Code.STATE}


def test_a_save_over_what_another_saved_is_refused_and_the_same_again_is_not(
    built: World, second: str
) -> None:
    author, item = built.context("author"), known()
    items.begin(author, item)
    draft, revision = typed(item)
    mine = replace(draft, stem="Mine?")
    saved = items.save(author, item, mine, revision)
    assert isinstance(saved, items.Saved)
    assert items.save(author, item, mine, revision) == saved  # the reply was lost
    theirs = items.save(built.context(second), item, replace(draft, stem="Theirs?"), revision)
    assert codes(theirs) == {Code.EDITED}
    assert typed(item)[0].stem == "Mine?"
    assert codes(items.submit(built.context(second), item, revision)) == {Code.EDITED}


def test_what_is_malformed_or_unplaced_in_the_framework_is_not_submitted(built: World) -> None:
    author, item = built.context("author"), known()
    items.begin(author, item)
    draft, revision = typed(item)
    bad = replace(draft, stem=" ", facility="many", outcome="award/U9/1")
    saved = items.save(author, item, bad, revision)
    assert isinstance(saved, items.Saved)
    refused = items.submit(author, item, saved.revision)
    assert codes(refused) == {Code.MALFORMED, Code.UNKNOWN_OUTCOME}
    assert isinstance(refused, Refused)
    whats = {str(r.values["what"]) for r in refused.reasons}
    assert whats == {"no_stem", "facility_not_per_cent", "outcome_unknown"}
    assert states() == [(1, "live")]


def test_a_draft_that_says_what_is_in_use_is_not_submitted(built: World) -> None:
    author, item = built.context("author"), known()
    items.begin(author, item)
    assert codes(items.submit(author, item, typed(item)[1])) == {Code.STATE}


def test_a_new_item_begins_as_a_draft_and_goes_live(built: World) -> None:
    author = built.context("author")
    with store.read() as session:
        shelf = banks.by_name(session, built.centres["here"], "Small bank")
    assert shelf is not None
    begun = items.begin_new(author, shelf.id, "  new   one ", "single_choice")
    assert isinstance(begun, items.Begun)
    assert codes(items.begin_new(author, shelf.id, "new one", "single_choice")) == {Code.TAKEN}
    assert codes(items.begin_new(author, shelf.id, " ", "essay")) == {Code.FIELD}
    with store.read() as session:
        with_content = session.get_one(ItemVersion, 1).content
        listed, total = item_search.page(
            session, shelf.id, item_search.Search(state="draft"), 0, 25
        )
    assert (total, listed[0].item.identifier, listed[0].version) == (1, "new one", None)
    draft, revision = typed(begun.item_id)
    from assess.bank import drafting

    filled = replace(drafting.of(Content.from_document(with_content)), stem="Quite new?")
    saved = items.save(author, begun.item_id, filled, revision)
    assert isinstance(saved, items.Saved)
    done = items.submit(author, begun.item_id, saved.revision)
    assert done == items.Submitted(1)
    approved = reviews.approve(built.context("reviewer"), begun.item_id, 1)
    assert isinstance(approved, reviews.Decided)
    assert draft.kind == "single_choice"


def test_a_file_may_fill_an_item_that_was_only_a_draft(built: World) -> None:
    with store.read() as session:
        shelf = banks.by_name(session, built.centres["here"], "Small bank")
    assert shelf is not None
    begun = items.begin_new(built.context("author"), shelf.id, "q1-7", "single_choice")
    assert isinstance(begun, items.Begun)
    done = imports.bring_in(built.context(), bank(csv(7)))
    assert isinstance(done, imports.Imported), done
    assert states("q1-7") == [(1, "live")]


def test_a_draft_thrown_away_takes_an_item_with_it_that_was_nothing_else(built: World) -> None:
    author = built.context("author")
    with store.read() as session:
        shelf = banks.by_name(session, built.centres["here"], "Small bank")
    assert shelf is not None
    begun = items.begin_new(author, shelf.id, "new one", "multiple_response")
    assert isinstance(begun, items.Begun)
    assert items.discard(author, begun.item_id) == items.Discarded(shelf.id, item=False)
    write(built)
    assert items.discard(author, known()) == items.Discarded(shelf.id, item=True)
    assert codes(items.discard(author, known())) == {Code.STATE}
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(ItemDraft)) == 0
        assert banks.by_identifier(session, shelf.id, "new one") is None


def test_a_suspended_item_is_drawn_no_more_until_a_reviewer_resumes_it(
    built: World, second: str
) -> None:
    author = built.context("author")
    assert codes(reviews.suspend(author, known(), 1, "")) == {Code.FIELD}
    assert isinstance(reviews.suspend(author, known(), 1, WHY), reviews.Decided)
    assert states() == [(1, "suspended")]
    assert pools() == 2
    assert reviews.resume(author, known(), 1) == Refused.of(Code.ROLE, status=403)
    assert isinstance(reviews.resume(built.context(second), known(), 1), reviews.Decided)
    assert states() == [(1, "live")]
    assert pools() == 3


def test_an_import_takes_the_place_of_what_is_suspended_or_in_review(built: World) -> None:
    number = submit(built)
    assert isinstance(reviews.suspend(built.context("author"), known(), 1, WHY), reviews.Decided)
    done = imports.bring_in(built.context(), bank(csv().replace("Stem", "Imported stem")))
    assert isinstance(done, imports.Imported)
    assert states() == [(1, "superseded"), (number, "superseded"), (3, "live")]


def test_what_a_published_test_needs_is_neither_retired_nor_moved_away(built: World) -> None:
    author, reviewer = built.context("author"), built.context("reviewer")
    for n in range(1, 5):
        done = reviews.retire(author, known(f"q1-{n}"), 1, WHY)
        assert isinstance(done, reviews.Decided), done
    before = pools()
    for deed in (reviews.retire, reviews.suspend):
        refused = deed(author, known("q1-5"), 1, WHY)
        assert codes(refused) == {Code.BLUEPRINT}
        assert isinstance(refused, Refused)
        assert refused.reasons[0].values["tests"] == "T1"
    item = known("q1-5")
    items.begin(author, item)
    draft, revision = typed(item)
    saved = items.save(author, item, replace(draft, outcome="award/U1/2"), revision)
    assert isinstance(saved, items.Saved)
    assert isinstance(items.submit(author, item, saved.revision), items.Submitted)
    assert codes(reviews.approve(reviewer, item, 2)) == {Code.BLUEPRINT}
    assert states("q1-5") == [(1, "live"), (2, "review")]
    assert pools() == before
    with store.read() as session:
        told = rows.story(session, item)
    assert [t.remark.move for t in told] == ["submit"]


def test_a_comment_is_kept_with_its_version(built: World) -> None:
    number = submit(built)
    assert reviews.comment(built.context("reviewer"), known(), number, "Nice distractors.") is None
    assert codes(reviews.comment(built.context("reviewer"), known(), number, " ")) == {Code.FIELD}
    refused = reviews.comment(built.context("reviewer"), known(), number, "x" * 5001)
    assert codes(refused) == {Code.FIELD}
    with store.read() as session:
        told = rows.story(session, known())
    assert (told[0].remark.move, told[0].remark.words) == (None, "Nice distractors.")
    # The page was slow, and is sent again.
    assert reviews.comment(built.context("reviewer"), known(), number, "Nice distractors.") is None
    with store.read() as session:
        assert len(rows.story(session, known())) == len(told)


def test_another_centres_author_finds_nothing_and_others_may_not(built: World) -> None:
    number = submit(built)
    there, candidate = built.context("author.there"), built.context("candidate")
    item = known()
    deeds = (
        lambda who: items.begin(who, item),
        lambda who: items.save(who, item, Draft("single_choice"), 1),
        lambda who: items.submit(who, item, 1),
        lambda who: items.discard(who, item),
        lambda who: reviews.withdraw(who, item, number),
        lambda who: reviews.suspend(who, item, 1, WHY),
        lambda who: reviews.comment(who, item, 1, WHY),
    )
    for deed in deeds:
        assert codes(deed(there)) == {Code.NOT_FOUND}
        assert codes(deed(candidate)) == {Code.ROLE}
    assert codes(reviews.approve(built.context("author"), item, number)) == {Code.ROLE}


def test_a_question_of_a_practice_bank_is_not_submitted_to_one_of_high_stakes(
    built: World,
) -> None:
    practice = csv().replace("Stem 1 of outcome 1?", "Practised before?").replace("Stem", "Other")
    done = imports.bring_in(
        built.context(), bank(practice, bank="For practice", purpose="practice")
    )
    assert isinstance(done, imports.Imported), done
    author, revision = built.context("author"), write(built, stem="Practised before?")
    refused = items.submit(author, known_here(built), revision)
    assert codes(refused) == {Code.PURPOSE}


def known_here(built: World) -> int:
    """The number of the first item of the small bank, where another bank has it too."""
    with store.read() as session:
        shelf = banks.by_name(session, built.centres["here"], "Small bank")
        assert shelf is not None
        item = banks.by_identifier(session, shelf.id, "q1-1")
    assert item is not None
    return item.id

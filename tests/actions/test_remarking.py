"""A mark is looked at by a person on request: given, never taken, both marks kept."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from assess import store
from assess.actions import remarking, specifications, timekeeping
from assess.bank.specification import Quota
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import marks
from assess.store.journal import JournalEntry
from assess.store.marks import MarkRow
from assess.store.remarking import MarkReview
from tests import builders
from tests.actions import racing
from tests.actions.test_races import codes
from tests.builders import World

WORDS = "Question two has two right answers."
REASON = "The wording of the question allows the other reading as well."


def asked(built: World, right: int = 2) -> tuple[int, int]:
    """A failed attempt and the wish to have it looked at."""
    attempt = built.sit(right=right)
    done = remarking.ask(built.context("candidate"), attempt, WORDS)
    assert isinstance(done, int), done
    return attempt, done


def test_asking_needs_words_a_marked_attempt_of_ones_own_and_happens_once(built: World) -> None:
    attempt = built.sit(right=0)
    candidate = built.context("candidate")
    assert codes(remarking.ask(candidate, attempt, "no")) == {Code.REASON}
    assert codes(remarking.ask(built.context("candidate.two"), attempt, WORDS)) == {Code.NOT_FOUND}
    assert isinstance(remarking.ask(candidate, attempt, WORDS), int)
    assert codes(remarking.ask(candidate, attempt, WORDS)) == {Code.ASKED}


def test_an_open_attempt_has_no_mark_to_look_at(built: World) -> None:
    built.make_ready()
    attempt = built.start(built.log_in("candidate"))
    assert codes(remarking.ask(built.context("candidate"), attempt, WORDS)) == {Code.STATE}


def test_a_person_gives_marks_with_a_reason_and_both_marks_stay(built: World) -> None:
    attempt, review = asked(built)
    quality = built.context("quality")
    assert codes(remarking.mark_again(quality, review, {3, 4}, "ok")) == {Code.REASON}
    assert codes(remarking.mark_again(quality, review, {99}, REASON)) == {Code.PLACE}
    assert isinstance(remarking.mark_again(quality, review, {3, 4}, REASON), int)
    with store.read() as session:
        rows = session.scalars(select(MarkRow).order_by(MarkRow.number)).all()
        assert [(r.number, r.score, r.passed, r.rule) for r in rows] == [
            (1, 2000, False, "marking/1"),
            (2, 4000, True, "person/1"),
        ]
        assert marks.passes(session, [attempt]) == {attempt: True}
        counting = marks.newest(session, attempt)
        assert counting is not None and counting.number == 2  # noqa: PT018
        wish = session.get_one(MarkReview, review)
        assert (wish.reason, wish.decided_by) == (REASON, built.persons["quality"])
        entry = session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).first()
        assert entry is not None
        assert (entry.event, entry.facts["before"], entry.facts["after"]) == (
            "attempt:mark-again",
            2000,
            4000,
        )
    assert codes(remarking.mark_again(quality, review, set(), REASON)) == {Code.DECIDED}
    assert codes(remarking.ask(built.context("candidate"), attempt, WORDS)) == {Code.DECIDED}


def test_a_question_counts_again_for_the_quota_that_it_was_drawn_for(built: World) -> None:
    quotas = (Quota("award/U1", 3, 3), Quota("award/U1/1", 1, 1, kind="multiple_response"))
    changed = builders.specification(quotas=quotas)
    assert not isinstance(specifications.publish(built.context(), changed), Refused)
    attempt, review = asked(built, right=0)
    done = remarking.mark_again(built.context("quality"), review, {1, 2, 3, 4}, REASON)
    assert isinstance(done, int), done
    with store.read() as session:
        counted = session.scalars(select(MarkRow.outcomes).order_by(MarkRow.number)).all()
        assert [[(path, out_of) for path, _, out_of, _, _ in one] for one in counted] == [
            [("award/U1", 3), ("award/U1/1", 1)]
        ] * 2
        assert marks.passes(session, [attempt]) == {attempt: True}


def test_all_may_stay_as_it_is_and_a_first_attempt_stays_one(built: World) -> None:
    quality = built.context("quality")
    built.make_ready()
    void = built.start(built.log_in("candidate"))
    assert timekeeping.void(quality, void, REASON) is None  # which taught nothing
    _, review = asked(built)
    assert isinstance(remarking.mark_again(quality, review, set(), REASON), int)
    with store.read() as session:
        told = session.execute(select(MarkRow.score, MarkRow.ordinal).order_by(MarkRow.number))
        assert [tuple(row) for row in told] == [(2000, 1), (2000, 1)]


def test_neither_oneself_nor_the_tutor_looks_at_the_mark(built: World) -> None:
    _, review = asked(built)
    for who in ("candidate", "tutor"):
        plain = built.context(who)
        both = replace(plain, roles=plain.roles | {Role.QUALITY})
        assert codes(remarking.mark_again(plain, review, {3}, REASON)) == {Code.ROLE}
        assert codes(remarking.mark_again(both, review, {3}, REASON)) == {Code.SELF}
    built.add("quality.there", Role.QUALITY, centre="there")
    assert codes(remarking.mark_again(built.context("quality.there"), review, {3}, REASON)) == {
        Code.NOT_FOUND
    }


def test_of_two_reviews_at_once_one_stands(built: World) -> None:
    _, review = asked(built)
    quality = built.context("quality")
    done = racing.at_once(
        built.app, *[lambda: remarking.mark_again(quality, review, {3}, REASON)] * 2
    )
    assert sorted(isinstance(d, int) for d in done) == [False, True]
    assert [codes(d) for d in done if isinstance(d, Refused)] == [{Code.DECIDED}]

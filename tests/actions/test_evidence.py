"""Late answers wait for somebody's decision: accepted or left out, once, and nobody loses by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from assess import store
from assess.actions import attempts, evidence, proof, saving
from assess.delivery import form
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import attempts as rows
from assess.store import banks
from assess.store import evidence as kept
from assess.store.journal import JournalEntry
from assess.store.marks import MarkRow
from tests.actions import racing
from tests.actions.test_races import codes
from tests.builders import World

WHY = "The network of the centre was down from five to eleven."


def shown(attempt: int, place: int, right: bool) -> list[str]:
    """What a browser sends at a place for a right or a wrong answer."""
    with store.read() as session:
        drawn = session.get_one(rows.Attempt, attempt).drawn()[place - 1]
        content = banks.contents(session, [drawn.version])[drawn.version]
    wrong = tuple(k for k in range(len(content.options)) if k not in content.key)[:1]
    return [str(k) for k in form.own_to_shown(drawn.order, content.key if right else wrong)]


def late(built: World, who: str = "candidate") -> tuple[int, int]:
    """An attempt whose time ran out, and its last late answer.

    In time: 1 and 2 right. Late: 1 wrong, 3 and 4 right.
    """
    built.make_ready(who)
    device = built.log_in(who)
    attempt = built.start(device)
    for place in (1, 2):
        built.save(device, attempt, place, *shown(attempt, place, True))
    built.clock.advance(timedelta(minutes=30) + built.grace + timedelta(seconds=1))
    for place, right in ((1, False), (3, True), (4, True)):
        done = built.save(device, attempt, place, *shown(attempt, place, right), sequence=2)
        assert codes(done) == {Code.LATE}
    attempts.time_up(built.now(device), attempt, built.persons[who])
    return attempt, last(attempt)


def last(attempt: int) -> int:
    """The number of an attempt's newest evidence."""
    with store.read() as session:
        return kept.of_attempt(session, attempt)[-1].id


def marked(attempt: int) -> list[tuple[int, int, bool, str]]:
    """Number, score, whether passed and rule of every mark of an attempt."""
    with store.read() as session:
        found = session.scalars(
            select(MarkRow).where(MarkRow.attempt_id == attempt).order_by(MarkRow.number)
        )
        return [(row.number, row.score, row.passed, row.rule) for row in found]


def test_accepted_late_answers_make_another_mark_and_nobody_is_worse_off(built: World) -> None:
    attempt, newest = late(built)
    quality = built.context("quality")
    with store.read() as session:
        (waiting,) = kept.undecided(session, built.centres["here"])
        assert (waiting.attempt.id, waiting.late, waiting.superseded) == (attempt, 3, 0)
        assert kept.undecided(session, built.centres["there"]) == []
    assert codes(evidence.accept(quality, attempt, newest, "ok")) == {Code.REASON}
    done = evidence.accept(quality, attempt, newest, f" {WHY} ")
    assert isinstance(done, int), done
    assert marked(attempt) == [(1, 2000, False, "marking/1"), (2, 4000, True, "late/1")]
    with store.read() as session:
        assert kept.undecided(session, built.centres["here"]) == []
        (decision,) = kept.decisions(session, attempt)
        assert (decision.accepted, decision.words) == (True, WHY)
        assert decision.decided_by == built.persons["quality"]
        entry = session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).first()
        assert entry is not None
        told = [entry.facts[key] for key in ("accepted", "lower", "before", "after", "answers")]
        assert (entry.event, told) == ("attempt:decide-late", [True, False, 2000, 4000, 3])
    assert codes(evidence.leave_out(quality, attempt, newest, WHY)) == {Code.DECIDED}


def test_a_late_answer_may_cost_a_mark_only_where_that_is_said(built: World) -> None:
    attempt, newest = late(built)
    for until in (newest - 1, newest):  # what came while the page was read waits for the next
        done = evidence.accept(built.context("quality"), attempt, until, WHY, lower=True)
        assert isinstance(done, int), done
    assert [score for _, score, *_ in marked(attempt)] == [2000, 2000, 3000]


def test_what_is_left_out_changes_no_mark_and_what_comes_later_waits_again(built: World) -> None:
    attempt, newest = late(built)
    quality = built.context("quality")
    assert isinstance(evidence.leave_out(quality, attempt, newest, WHY), int)
    assert len(marked(attempt)) == 1
    device = built.log_in("candidate")
    built.save(device, attempt, 2, *shown(attempt, 2, False), sequence=7)
    with store.read() as session:
        (again,) = kept.waiting(session, attempt)
        assert not again.unbroken
    # Only what waits is decided about: the answers left out before stay out.
    assert isinstance(evidence.accept(quality, attempt, last(attempt), WHY, lower=True), int)
    assert [score for _, score, *_ in marked(attempt)] == [2000, 1000]
    with store.read() as session:  # as the drill of a backup sees it
        found = proof.prove(session, lambda *_: None)
    assert (found.receipts, found.problems, found.bad) == (1, (), 0)


def test_who_decides_is_of_the_quality_team_and_neither_oneself_nor_the_tutor(
    built: World,
) -> None:
    attempt, newest = late(built)
    for who in ("candidate", "tutor"):
        promoted = replace(built.context(who), roles=frozenset({Role.QUALITY}))
        assert codes(evidence.accept(promoted, attempt, newest, WHY)) == {Code.SELF}
    assert codes(evidence.accept(built.context("author"), attempt, newest, WHY)) == {Code.ROLE}
    built.add("quality.there", Role.QUALITY, centre="there")
    there = built.context("quality.there")
    assert codes(evidence.accept(there, attempt, newest, WHY)) == {Code.NOT_FOUND}
    assert len(marked(attempt)) == 1


def test_answers_of_a_device_that_was_taken_over_are_never_accepted(built: World) -> None:
    quality = built.context("quality")
    built.make_ready()
    first, second = built.log_in("candidate"), built.log_in("candidate")
    attempt = built.start(first)
    assert codes(evidence.leave_out(quality, attempt, 1, WHY)) == {Code.STATE}
    built.save(first, attempt, 2, *shown(attempt, 2, True))
    assert attempts.take_over(built.now(second), attempt) == attempt
    with store.read() as session:
        row = session.get_one(rows.Attempt, attempt)
        device = saving.sitting(session, row, first.session_id or 0, 1)

    def bring(*unsent: tuple[int, int, bool]) -> object:
        """The journal of the first device, in the session of the second."""
        entries = [saving.Entry(p, s, shown(attempt, p, right)) for p, s, right in unsent]
        now, number = built.clock.now(), second.session_id or 0
        return saving.keep_journal(device, number, entries, now, built.grace)

    superseded, late = saving.Outcome.SUPERSEDED, saving.Outcome.LATE
    there = saving.Outcome.ALREADY
    assert bring((2, 1, True), (1, 1, True), (3, 1, True)) == [there, superseded, superseded]
    built.save(second, attempt, 4, *shown(attempt, 4, True), writer=2)
    built.hand_in(second, attempt)
    newest = last(attempt)
    assert codes(evidence.accept(quality, attempt, newest, WHY)) == {Code.NOT_NEEDED}
    assert isinstance(evidence.leave_out(quality, attempt, newest - 1, WHY), int)
    # Handed in is over, although time was left. What comes now is late, and may be accepted: where
    # neither the device after it nor what was accepted already has a higher number.
    for unsent in ([(3, 3, True), (4, 2, False)], [(3, 2, False)]):
        assert bring(*unsent) == [late] * len(unsent)
        done = evidence.accept(quality, attempt, last(attempt), WHY, lower=True)
        assert isinstance(done, int), done
    assert [score for _, score, *_ in marked(attempt)] == [2000, 3000, 3000]
    with store.read() as session:
        found = kept.of_attempt(session, attempt)
    told = [(one.place, one.sequence, one.unbroken) for one in found]
    assert told[:2] == [(1, 1, True), (3, 1, True)]
    # The numbers of the device after it fill no gap; what was late before, and came, leaves none.
    assert told[2:] == [(3, 3, False), (4, 2, False), (3, 2, True)]
    assert {one.session_id for one in found} == {second.session_id}
    assert codes(evidence.leave_out(quality, built.sit("candidate.two"), 1, WHY)) == {
        Code.NOT_NEEDED
    }


def test_of_two_decisions_at_once_one_stands(built: World) -> None:
    attempt, newest = late(built)
    quality = built.context("quality")
    deeds = (
        lambda: evidence.accept(quality, attempt, newest, WHY),
        lambda: evidence.leave_out(quality, attempt, newest, WHY),
    )
    done = racing.at_once(built.app, *deeds)
    assert sorted(isinstance(one, int) for one in done) == [False, True]
    assert [codes(one) for one in done if isinstance(one, Refused)] == [{Code.DECIDED}]
    assert len(marked(attempt)) == 1 + isinstance(done[0], int)

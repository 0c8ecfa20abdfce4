"""Is an answer that was said to be saved on the disk, and is everything else refused?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from assess import jobs, store
from assess.actions import attempts, closing, people, saving, sessions
from assess.actions.context import Context
from assess.delivery import answering
from assess.delivery.form import shown_to_own
from assess.reasons import Code, Refused
from assess.store import attempts as rows
from assess.store import evidence
from assess.store.attempts import Answer, Attempt
from assess.store.journal import JournalEntry
from tests.beginnings import Begin
from tests.builders import World

HOSTILE = (
    "4",
    "-1",
    "+1",
    "01",
    "1.0",
    " 1",
    "1\x00",
    "\u0661",
    "1; DROP TABLE answers",
    "9" * 400,
    1,
    None,
    True,
    ["1"],
    {"1": 1},
)


class Sitting:
    """A candidate in the middle of an attempt."""

    def __init__(self, built: World, started: tuple[Context, int] | None = None) -> None:
        self.world = built
        self.device, self.attempt = started or built.set_out()

    def row(self) -> Attempt:
        """The attempt as it lies in the database."""
        with store.read() as session:
            return session.get_one(Attempt, self.attempt)

    def single(self) -> int:
        """The place of a question of the form that takes one answer."""
        with store.read() as session:
            row = session.get_one(Attempt, self.attempt)
            found = rows.Attempt.drawn(row)
            from assess.store import banks

            contents = banks.contents(session, [q.version for q in found])
        return next(
            place for place, q in enumerate(found, 1) if contents[q.version].kind == "single_choice"
        )

    def answers(self) -> list[tuple[int, int, int, tuple[int, ...]]]:
        """(place, writer, sequence, shown positions) of every stored answer, in order."""
        drawn = self.row().drawn()
        with store.read() as session:
            stored = session.scalars(
                select(Answer).order_by(Answer.place, Answer.writer, Answer.sequence)
            )
            return [
                (a.place, a.writer, a.sequence, shown(drawn[a.place - 1].order, a.options))
                for a in stored
            ]


def shown(order: tuple[int, ...], options: list[int]) -> tuple[int, ...]:
    """At which positions these options of the version stood."""
    return tuple(sorted(order.index(o) for o in options))


@pytest.fixture
def sitting(built: World, begin: Begin) -> Sitting:
    """A candidate in the middle of an attempt."""
    return Sitting(built, begin("set out", built.set_out))


def code(done: object) -> Code:
    """The code of a refusal."""
    assert isinstance(done, Refused), done
    return done.code


def test_the_same_save_again_is_acknowledged_and_stored_once(sitting: Sitting) -> None:
    save = sitting.world.save
    first = save(sitting.device, sitting.attempt, 1, "2")
    sitting.world.clock.advance(timedelta(seconds=3))
    assert save(sitting.device, sitting.attempt, 1, "2") == first == saving.Saved(1, 1, True)
    assert sitting.answers() == [(1, 1, 1, (2,))]


def test_the_same_number_with_another_answer_is_refused_and_the_first_stays(
    sitting: Sitting,
) -> None:
    save = sitting.world.save
    place = sitting.single()
    save(sitting.device, sitting.attempt, place, "2")
    again = save(sitting.device, sitting.attempt, place, "3")
    assert code(again) is Code.CONFLICT
    assert isinstance(again, Refused)
    assert again.status == 409
    assert sitting.answers() == [(place, 1, 1, (2,))]


def test_the_highest_number_counts_in_whatever_order_the_saves_arrive(sitting: Sitting) -> None:
    place = sitting.single()
    for sequence, position in ((3, "3"), (1, "1"), (2, "2")):
        sitting.world.save(sitting.device, sitting.attempt, place, position, sequence=sequence)
    sitting.world.save(sitting.device, sitting.attempt, place % 4 + 1, "0", sequence=1)
    sitting.world.save(sitting.device, sitting.attempt, place % 4 + 1, sequence=2)
    drawn = sitting.row().drawn()
    with store.read() as session:
        counting = answering.latest(rows.answers(session, sitting.attempt))
    assert counting[place].answer == shown_to_own(drawn[place - 1].order, (3,))
    assert counting[place % 4 + 1].answer == ()


def test_after_a_takeover_the_device_before_can_only_read(sitting: Sitting) -> None:
    world, place = sitting.world, sitting.single()
    world.save(sitting.device, sitting.attempt, place, "1", sequence=7)
    second = world.log_in("candidate")
    assert attempts.take_over(second, sitting.attempt) == sitting.attempt
    late = world.save(sitting.device, sitting.attempt, place, "2", sequence=8)
    assert code(late) is Code.TAKEOVER
    assert code(attempts.hand_in(sitting.device, sitting.attempt)) is Code.TAKEOVER
    as_if = world.save(sitting.device, sitting.attempt, place, "2", writer=2)
    assert code(as_if) is Code.TAKEOVER
    stale = world.save(second, sitting.attempt, place, "2", writer=1)
    assert code(stale) is Code.TAKEOVER
    kept = world.save(second, sitting.attempt, place, "3", writer=2, sequence=7)
    assert kept == saving.Saved(place, 7, True)  # each writer counts on its own
    assert sitting.answers() == [(place, 1, 7, (1,)), (place, 2, 7, (3,))]
    with store.read() as session:
        counting = answering.latest(rows.answers(session, sitting.attempt))
    assert counting[place].writer == 2


def test_the_device_before_still_hears_that_its_own_save_is_on_the_disk(
    sitting: Sitting,
) -> None:
    world, place = sitting.world, sitting.single()
    first = world.save(sitting.device, sitting.attempt, place, "1")
    attempts.take_over(world.log_in("candidate"), sitting.attempt)
    assert world.save(sitting.device, sitting.attempt, place, "1") == first


def test_taking_over_on_the_same_device_changes_nothing(sitting: Sitting) -> None:
    assert attempts.take_over(sitting.device, sitting.attempt) == sitting.attempt
    assert sitting.row().writer == 1


def test_an_ended_session_saves_nothing(sitting: Sitting) -> None:
    sessions.log_out(sitting.device)
    refused = sitting.world.save(sitting.device, sitting.attempt, 1, "1")
    assert code(refused) is Code.SIGNED_OUT
    assert sitting.answers() == []
    with store.read() as session:
        assert evidence.of_attempt(session, sitting.attempt) == []


def test_whose_role_is_over_saves_nothing_from_that_moment_on(built: World) -> None:
    built.clock.set(datetime(2026, 3, 2, 23, 50, tzinfo=UTC))
    administrator, candidate = built.context("administrator"), built.persons["candidate"]
    last = {"candidate": date(2026, 3, 2)}
    assert people.set_roles(administrator, candidate, ["candidate"], last) is None
    sitting = Sitting(built)
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    built.clock.set(midnight - timedelta(microseconds=1))
    assert isinstance(built.save(sitting.device, sitting.attempt, 1, "1"), saving.Saved)
    built.clock.set(midnight)
    assert code(built.save(sitting.device, sitting.attempt, 2, "1")) is Code.SIGNED_OUT
    assert [a[0] for a in sitting.answers()] == [1]


@pytest.mark.parametrize("seconds", [10, 45])
def test_until_the_grace_is_over_a_save_counts_and_a_microsecond_later_not(
    built: World, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = built.app.extensions
    assert held["assess.settings"].grace_seconds == 10
    monkeypatch.setitem(
        held, "assess.settings", replace(held["assess.settings"], grace_seconds=seconds)
    )
    sitting = Sitting(built)
    deadline = sitting.row().deadline
    assert deadline is not None
    last = deadline + timedelta(seconds=seconds)
    assert jobs.close_attempts(sitting.world.app, last) == 0
    sitting.world.clock.set(last)
    assert sitting.world.save(sitting.device, sitting.attempt, 1, "1") == saving.Saved(1, 1, True)
    sitting.world.clock.set(last + timedelta(microseconds=1))
    late = sitting.world.save(sitting.device, sitting.attempt, 2, "1")
    assert code(late) is Code.LATE
    assert [a[0] for a in sitting.answers()] == [1]


def test_handing_in_is_possible_as_long_as_a_save_is(sitting: Sitting) -> None:
    deadline = sitting.row().deadline
    assert deadline is not None
    sitting.world.clock.set(deadline + sitting.world.grace)
    sitting.world.hand_in(sitting.device, sitting.attempt)
    row = sitting.row()
    assert (row.closed_by, row.closed_at) == ("hand_in", deadline + sitting.world.grace)


def test_handing_in_later_closes_at_the_deadline(sitting: Sitting) -> None:
    deadline = sitting.row().deadline
    assert deadline is not None
    sitting.world.clock.set(deadline + sitting.world.grace + timedelta(microseconds=1))
    sitting.world.hand_in(sitting.device, sitting.attempt)
    row = sitting.row()
    assert (row.closed_by, row.closed_at, row.state) == ("time_up", deadline, "marked")
    again = attempts.hand_in(sitting.world.now(sitting.device), sitting.attempt)
    assert code(again) is Code.CLOSED
    with store.read() as session:
        last = session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).first()
    assert last is not None
    assert (last.event, last.facts["code"]) == ("deed:refuse", "E-CLOSED")


def test_after_the_hand_in_nothing_is_taken(sitting: Sitting) -> None:
    sitting.world.save(sitting.device, sitting.attempt, 1, "1")
    sitting.world.hand_in(sitting.device, sitting.attempt)
    save = sitting.world.save(sitting.device, sitting.attempt, 2, "1")
    assert code(save) is Code.CLOSED
    assert code(attempts.flag(sitting.device, sitting.attempt, 1, True)) is Code.CLOSED
    assert code(attempts.take_over(sitting.device, sitting.attempt)) is Code.CLOSED
    assert code(attempts.hand_in(sitting.device, sitting.attempt)) is Code.CLOSED
    assert [a[0] for a in sitting.answers()] == [1]


def test_another_candidate_finds_no_such_attempt(sitting: Sitting) -> None:
    other = sitting.world.log_in("candidate.two")
    assert other.session_id is not None
    sitting.world.save(sitting.device, sitting.attempt, 1, "1")
    with store.read() as session:
        row = session.get_one(Attempt, sitting.attempt)
        known = saving.sitting(session, row, other.session_id, 1)
    deeds: list[object] = [
        saving.keep(known, saving.Entry(1, 1, ["1"]), other.now, other.settings.grace),
        sitting.world.save(other, sitting.attempt, 1, "1"),
        attempts.hand_in(other, sitting.attempt),
        attempts.take_over(other, sitting.attempt),
        attempts.flag(other, sitting.attempt, 1, True),
    ]
    for done in deeds:
        assert isinstance(done, Refused)
        assert (done.code, done.status) == (Code.NOT_FOUND, 404)
    assert sitting.answers() == [(1, 1, 1, (1,))]


def test_a_place_outside_the_form_is_not_found(sitting: Sitting) -> None:
    for place in (0, -1, 5, 15, 1 << 40):
        done = sitting.world.save(sitting.device, sitting.attempt, place, "1")
        assert code(done) is Code.NOT_FOUND, place
        assert code(attempts.flag(sitting.device, sitting.attempt, place, True)) is Code.NOT_FOUND


def test_what_is_no_answer_is_refused_whatever_was_sent(sitting: Sitting) -> None:
    place = sitting.single()
    for value, count in [*((value, 1) for value in HOSTILE), ("1", 2), ("1", 30), ("1", 5000)]:
        done = sitting.world.save(sitting.device, sitting.attempt, place, *[value] * count)
        assert code(done) is Code.ANSWER, value
    done = sitting.world.save(sitting.device, sitting.attempt, place, "0", "1")
    assert code(done) is Code.ANSWER, "two answers to a question that takes one"
    assert sitting.answers() == []


def test_numbers_of_saves_that_no_browser_of_ours_sends_are_refused(sitting: Sitting) -> None:
    for key in ({"sequence": 0}, {"sequence": -1}, {"writer": 0}, {"sequence": 1 << 63}):
        done = sitting.world.save(sitting.device, sitting.attempt, 1, "1", **key)
        assert code(done) is Code.ANSWER, key
    assert sitting.answers() == []


def test_a_flag_set_or_taken_twice_does_no_harm(sitting: Sitting) -> None:
    for flagged in (True, True, False, False, True):
        assert attempts.flag(sitting.device, sitting.attempt, 3, flagged) is None
        with store.read() as session:
            assert rows.flags(session, sitting.attempt) == (
                frozenset({3}) if flagged else frozenset()
            )


def test_the_receipt_stands_for_all_the_answers(sitting: Sitting) -> None:
    place = sitting.single()
    sitting.world.save(sitting.device, sitting.attempt, place, "1")
    sitting.world.save(sitting.device, sitting.attempt, place, "2", sequence=2)
    receipt = sitting.world.hand_in(sitting.device, sitting.attempt).receipt
    with store.read() as session:
        row = session.get_one(Attempt, sitting.attempt)
        digest = answering.digest(rows.answers(session, sitting.attempt))
    assert row.answers_digest == digest
    assert receipt == row.receipt == closing.receipt(row)


def test_a_context_of_the_operator_may_not_answer_for_a_candidate(sitting: Sitting) -> None:
    operator: Context = sitting.world.context()
    with pytest.raises(AssertionError):
        sitting.world.save(operator, sitting.attempt, 1, "1")

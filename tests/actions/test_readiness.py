"""Advice, withdrawal, agreed days, waivers and extra attempts: decided, recorded, and raced."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from assess import store
from assess.actions import allowances, approvals, attempts, notes, specifications
from assess.bank.specification import Window
from assess.journal import Event
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import allowances as rows
from assess.store.allowances import Kind
from assess.store.approvals import Approval, ApprovalRequest
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from assess.store.notes import Note
from tests.actions import racing
from tests.actions.test_eligibility import fail, why_not
from tests.actions.test_races import ROUNDS, codes, void
from tests.builders import World, specification

ADVICE = "Read the pages on moments of truth first."
WHY = "The fire alarm went off in the last ten minutes."


def asked(built: World, who: str = "candidate") -> int:
    """A request that waits."""
    done = approvals.ask(built.context(who), built.test)
    assert isinstance(done, int), done
    return done


def approval(built: World) -> int:
    """The newest approval."""
    with store.read() as session:
        return session.scalars(select(Approval.id).order_by(Approval.id.desc())).first() or 0


def events(built: World) -> list[str]:
    """What the journal holds, oldest first."""
    with store.read() as session:
        return list(session.scalars(select(JournalEntry.event).order_by(JournalEntry.id)))


def test_not_yet_answers_the_request_with_advice_and_the_candidate_may_ask_again(
    built: World,
) -> None:
    request = asked(built)
    assert codes(approvals.advise(built.context("tutor"), request, "  ")) == {Code.REASON}
    assert approvals.advise(built.context("tutor"), request, f" {ADVICE} ") == request
    with store.read() as session:
        row = session.get_one(ApprovalRequest, request)
        assert (row.advice, row.advised_by) == (ADVICE, built.persons["tutor"])
    assert events(built)[-1] == "approval:advise"
    assert codes(approvals.advise(built.context("tutor"), request, ADVICE)) == {Code.DECIDED}
    done = approvals.approve(built.context("tutor"), request, ["practice"], "All is well now.")
    assert codes(done) == {Code.DECIDED}
    assert asked(built) > request


def test_what_is_another_tutors_is_not_found(built: World) -> None:
    built.add("colleague", Role.TUTOR)
    test, candidate, first = built.test, built.persons["candidate"], date(2026, 4, 1)
    request = asked(built)
    for who in ("tutor.there", "colleague"):
        other = built.context(who)
        for done in (
            approvals.advise(other, request, ADVICE),
            approvals.approve(other, request, ["practice"], WHY),
            allowances.agree(other, test, candidate, first),
        ):
            assert codes(done) == {Code.NOT_FOUND}
    given = approvals.approve(built.context("tutor"), request, ["practice"], WHY)
    assert isinstance(given, int)
    assert codes(approvals.withdraw(built.context("colleague"), given, WHY)) == {Code.NOT_FOUND}


def test_an_approval_is_withdrawn_with_a_reason_until_the_start(built: World) -> None:
    built.make_ready()
    tutor = built.context("tutor")
    assert codes(approvals.withdraw(tutor, approval(built), "no")) == {Code.REASON}
    assert codes(approvals.withdraw(built.context("tutor.there"), approval(built), WHY)) == {
        Code.NOT_FOUND
    }
    assert why_not(built) == {}
    done = approvals.withdraw(tutor, approval(built), WHY)
    assert isinstance(done, Refused)
    assert (codes(done), done.status) == ({Code.STARTED}, 409)


def test_a_withdrawn_approval_opens_nothing_and_another_can_be_asked_for(built: World) -> None:
    built.make_ready()
    assert approvals.withdraw(built.context("tutor"), approval(built), WHY) == approval(built)
    assert why_not(built)[Code.APPROVAL].values["what"] == "withdrawn"
    done = approvals.withdraw(built.context("tutor"), approval(built), WHY)
    assert isinstance(done, Refused)
    assert (codes(done), done.status) == ({Code.DECIDED}, 409)
    built.approve()
    assert why_not(built) == {}


def test_of_a_start_and_a_withdrawal_at_once_one_is_done(built: World) -> None:
    built.make_ready()
    for round_ in range(ROUNDS):
        device, tutor, number = built.log_in("candidate"), built.context("tutor"), approval(built)
        deeds = (
            lambda device=device: attempts.start(device, built.test, affirmed=True),
            lambda tutor=tutor, number=number: approvals.withdraw(tutor, number, WHY),
        )
        began, withdrawn = racing.at_once(built.app, *deeds)
        if isinstance(began, attempts.Started):
            assert codes(withdrawn) == {Code.STARTED}, round_
            void(began.attempt_id)
        else:
            assert withdrawn == number, round_
            assert codes(began) == {Code.APPROVAL}
        built.approve()


def test_a_waiver_is_somebody_elses_decision_with_a_reason_and_lifts_one_wait(
    built: World,
) -> None:
    fail(built)
    built.approve()
    candidate, test = built.persons["candidate"], built.test
    assert set(why_not(built)) == {Code.COOL}
    quality = built.context("quality")
    assert codes(allowances.allow(quality, test, candidate, Kind.WAIVER, "ok")) == {Code.REASON}
    for who in ("candidate", "tutor"):
        plain = built.context(who)
        both = replace(plain, roles=plain.roles | {Role.QUALITY})
        for actor, code in ((plain, Code.ROLE), (both, Code.SELF)):
            assert codes(allowances.allow(actor, test, candidate, Kind.WAIVER, WHY)) == {code}
    assert isinstance(allowances.allow(quality, test, candidate, Kind.WAIVER, WHY), int)
    assert events(built)[-1] == "allowance:give"
    again = allowances.allow(quality, test, candidate, Kind.WAIVER, WHY)
    assert codes(again) == {Code.NOT_NEEDED}
    assert why_not(built) == {}


def test_an_extra_attempt_is_given_when_all_are_used(built: World) -> None:
    candidate, quality = built.persons["candidate"], built.context("quality")
    for _ in range(3):
        early = allowances.allow(quality, built.test, candidate, Kind.EXTRA_ATTEMPT, WHY)
        assert codes(early) == {Code.NOT_NEEDED}
        fail(built)
        built.clock.advance(timedelta(days=3))
        quality = built.context("quality")
    asked_ = approvals.ask(built.context("candidate"), built.test)
    assert codes(asked_) == {Code.ATTEMPTS}
    done = allowances.allow(quality, built.test, candidate, Kind.EXTRA_ATTEMPT, WHY)
    assert isinstance(done, int), done
    fail(built)
    built.clock.advance(timedelta(days=3))
    assert why_not(built)[Code.ATTEMPTS].values["allowed"] == 4


def test_an_attempt_that_a_new_specification_takes_away_can_be_allowed_again(built: World) -> None:
    for _ in range(2):
        fail(built)
        built.clock.advance(timedelta(days=3))
    candidate, quality = built.persons["candidate"], built.context("quality")
    for number in (2, 1):
        done = specifications.publish(built.context(), specification(attempts=number))
        assert not isinstance(done, Refused), done
        assert Code.ATTEMPTS in why_not(built)
        more = allowances.allow(quality, built.test, candidate, Kind.EXTRA_ATTEMPT, WHY)
        assert isinstance(more, int), more
    built.approve()
    assert why_not(built) == {}


def test_of_two_equal_decisions_at_once_one_stands(built: World) -> None:
    fail(built)
    quality, candidate = built.context("quality"), built.persons["candidate"]
    done = racing.at_once(
        built.app,
        *[lambda: allowances.allow(quality, built.test, candidate, Kind.WAIVER, WHY)] * 2,
    )
    assert sorted(type(d) is int for d in done) == [False, True]
    assert [codes(d) for d in done if isinstance(d, Refused)] == [{Code.NOT_NEEDED}]


def test_another_centres_candidate_is_not_found(built: World) -> None:
    there, quality = built.persons["candidate.there"], built.context("quality")
    done = allowances.allow(quality, built.test, there, Kind.WAIVER, WHY)
    assert codes(done) == {Code.NOT_FOUND}
    assert codes(allowances.agree(built.context("tutor"), built.test, there, date(2026, 4, 1))) == {
        Code.NOT_FOUND
    }
    assert codes(notes.write(built.context("tutor"), there, "A note.")) == {Code.NOT_FOUND}


@pytest.fixture
def weeks(built: World) -> World:
    """The small world, whose test may be taken within six weeks from an agreed day."""
    done = specifications.publish(built.context(), specification(window=Window(weeks=6)))
    assert not isinstance(done, Refused), done
    return built


def test_the_first_day_is_agreed_moved_until_it_comes_and_then_stands(weeks: World) -> None:
    weeks.make_ready()
    candidate, tutor = weeks.persons["candidate"], weeks.context("tutor")
    assert why_not(weeks)[Code.WINDOW].values["what"] == "unagreed"
    for wrong in (None, date(2026, 3, 1), date(2030, 1, 1)):
        assert codes(allowances.agree(tutor, weeks.test, candidate, wrong)) == {Code.FIELD}
    for day in (date(2026, 3, 9), date(2026, 3, 4), date(2026, 3, 4)):
        assert allowances.agree(tutor, weeks.test, candidate, day) is None
    assert events(weeks).count(Event.DATE_AGREED) == 2  # a second press is no second agreement
    assert why_not(weeks)[Code.WINDOW].values["what"] == "before"
    weeks.clock.advance(timedelta(days=2))
    assert allowances.agree(weeks.context("tutor"), weeks.test, candidate, day) is None
    late = allowances.agree(weeks.context("tutor"), weeks.test, candidate, date(2026, 3, 20))
    assert codes(late) == {Code.STARTED}
    assert why_not(weeks) == {}
    with store.read() as session:
        facts = session.scalars(select(Attempt)).one().facts
        assert facts["opens"] == "2026-03-04T00:00:00+00:00"
        assert facts["closes"] == "2026-04-15T00:00:00+01:00"
        assert rows.agreed(session, weeks.test, candidate) == date(2026, 3, 4)


def test_the_window_closes_for_those_who_have_not_started(weeks: World) -> None:
    weeks.make_ready()
    tutor, candidate = weeks.context("tutor"), weeks.persons["candidate"]
    assert allowances.agree(tutor, weeks.test, candidate, date(2026, 3, 2)) is None
    weeks.clock.advance(timedelta(days=43))
    assert why_not(weeks)[Code.WINDOW].values["what"] == "after"


def test_another_period_is_allowed_after_one_is_over_and_its_day_agreed_anew(weeks: World) -> None:
    candidate, test = weeks.persons["candidate"], weeks.test
    standing = []

    def allow(who: str = "quality") -> set[Code]:
        done = allowances.allow(weeks.context(who), test, candidate, Kind.PERIOD, WHY)
        return set() if isinstance(done, int) else codes(done)

    def agree(day: date) -> None:
        assert allowances.agree(weeks.context("tutor"), test, candidate, day) is None

    weeks.make_ready()
    for _twice in range(2):
        assert allow() == {Code.NOT_NEEDED}
        agree(weeks.clock.now().date())
        assert allow() == {Code.NOT_NEEDED}  # it is going on
        weeks.clock.advance(timedelta(days=43))
        assert allow("tutor") == {Code.ROLE}
        standing.append(why_not(weeks)[Code.WINDOW].values["what"])
        assert allow() == set()
        standing.append(why_not(weeks)[Code.WINDOW].values["what"])
    agree(weeks.clock.now().date())
    weeks.approve()
    assert standing == ["after", "unagreed"] * 2
    assert why_not(weeks) == {}


def test_a_day_is_agreed_only_where_weeks_count_from_it(built: World) -> None:
    done = allowances.agree(
        built.context("tutor"), built.test, built.persons["candidate"], date(2026, 3, 9)
    )
    assert codes(done) == {Code.NOT_NEEDED}


def test_a_note_is_kept_as_it_was_written(built: World) -> None:
    tutor, candidate = built.context("tutor"), built.persons["candidate"]
    assert codes(notes.write(tutor, candidate, " \n")) == {Code.FIELD}
    assert isinstance(notes.write(tutor, candidate, " Works nights; prefers mornings. "), int)
    with store.read() as session:
        assert session.scalars(select(Note.words)).all() == ["Works nights; prefers mornings."]
    assert events(built)[-1] == "note:write"

"""May a candidate start? Each rule through the deeds and the tables, to the second."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from assess import store
from assess.actions import (
    approvals,
    attempts,
    people,
    programmes,
    reviews,
    specifications,
)
from assess.actions import items as writing
from assess.reasons import Code, Reason, Refused
from assess.store import drafts
from assess.store import programmes as programme_rows
from assess.store import specifications as tests
from assess.store.approvals import Approval
from assess.store.attempts import Attempt
from assess.store.banks import Item
from tests.builders import World, specification

SECOND = timedelta(seconds=1)
TWO_DAYS = timedelta(hours=48)


def why_not(built: World, who: str = "candidate", *, affirmed: bool = True) -> dict[Code, Reason]:
    """Try to start; the reasons by code, empty when it began."""
    done = attempts.start(built.context(who), built.test, affirmed=affirmed)
    if not isinstance(done, Refused):
        return {}
    assert (done.code, done.status) == (Code.GATE, 403)
    return {r.code: r for r in done.reasons}


def fail(built: World) -> int:
    """Sit and fail; the attempt's number."""
    return built.sit(right=0) if not _signed(built) else _again(built, right=0)


def _signed(built: World) -> bool:
    with store.read() as session:
        person = built.persons["candidate"]
        return programme_rows.last_signature(session, built.programme, person) is not None


def _again(built: World, right: int | None) -> int:
    built.approve()
    device = built.log_in("candidate")
    attempt = built.start(device)
    built.answer(device, attempt, right)
    built.hand_in(device, attempt)
    return attempt


def items(attempt: int) -> set[int]:
    """The items of an attempt's form."""
    with store.read() as session:
        return {q.item for q in session.get_one(Attempt, attempt).drawn()}


def test_all_that_is_missing_is_said_together(built: World) -> None:
    found = why_not(built, affirmed=False)
    assert set(found) == {Code.SIGN, Code.APPROVAL, Code.AFFIRM}
    with store.read() as session:
        assert session.scalars(select(Attempt)).all() == []


def test_signed_and_approved_a_candidate_may_start(built: World) -> None:
    programmes.sign(built.context("candidate"), built.programme, 1, "candidate")
    assert set(why_not(built)) == {Code.APPROVAL}
    built.approve()
    assert why_not(built) == {}


def test_without_the_affirmation_nothing_begins(built: World) -> None:
    built.make_ready()
    assert set(why_not(built, affirmed=False)) == {Code.AFFIRM}


def test_a_wrong_name_under_the_statement_is_no_signature(built: World) -> None:
    acting = built.context("candidate")
    done = programmes.sign(acting, built.programme, 1, "Somebody Else")
    assert isinstance(done, Refused)
    assert [r.code for r in done.reasons] == [Code.SIGN_NAME]
    done = programmes.sign(acting, built.programme, 2, "  CANDIDATE ")
    assert isinstance(done, Refused)
    assert [r.code for r in done.reasons] == [Code.SIGN_VERSION]
    assert isinstance(
        programmes.sign(acting, built.programme, 1, "  CANDIDATE "), programmes.Signed
    )


def test_a_new_version_of_the_statement_is_to_be_signed_anew(built: World) -> None:
    built.make_ready()
    again = programmes.publish_statement(built.context(), built.programme, "New words.")
    assert again == 2
    found = why_not(built)
    assert {code: dict(r.values) for code, r in found.items()} == {
        Code.SIGN: {"what": "changed", "version": 2, "signed": 1}
    }
    programmes.sign(built.context("candidate"), built.programme, 2, "Candidate")
    assert why_not(built) == {}


def test_the_same_words_published_again_are_no_new_version(built: World) -> None:
    with store.read() as session:
        words = programme_rows.current_statement(session, built.programme)
    assert words is not None
    assert programmes.publish_statement(built.context(), built.programme, words.words) == 1


def test_nobody_is_asked_what_they_wrote_or_decided_about(built: World) -> None:
    built.make_ready()
    administrator = built.context("administrator")
    candidate, judge = built.persons["candidate"], built.persons["candidate.two"]
    assert people.set_roles(administrator, candidate, ["candidate", "author"]) is None
    assert people.set_roles(administrator, judge, ["candidate", "reviewer"]) is None
    assert Code.SELF not in why_not(built, "candidate.two")  # the role alone keeps nobody away
    author = built.context("candidate")
    with store.read() as session:
        item = session.scalars(select(Item).order_by(Item.id).limit(1)).one().id
    assert isinstance(writing.begin(author, item), writing.Begun)
    with store.read() as session:
        row = drafts.of_item(session, item)
        assert row is not None
        draft, revision = replace(row.draft(), stem="Asked anew?"), row.revision
    saved = writing.save(author, item, draft, revision)
    assert isinstance(saved, writing.Saved)
    done = writing.submit(author, item, saved.revision, "Plainer.")
    assert isinstance(done, writing.Submitted)
    assert isinstance(
        reviews.approve(built.context("candidate.two"), item, done.number), reviews.Decided
    )
    assert Code.SELF in why_not(built, "candidate.two")
    assert people.set_roles(administrator, candidate, ["candidate"]) is None
    assert {code: r.values["what"] for code, r in why_not(built).items()} == {
        Code.SELF: "own_questions"
    }


def test_an_approval_serves_one_attempt(built: World) -> None:
    fail(built)
    built.clock.advance(TWO_DAYS)
    assert {code: dict(r.values) for code, r in why_not(built).items()} == {
        Code.APPROVAL: {"what": "used"}
    }
    built.approve()
    assert why_not(built) == {}


def test_an_approval_ends_after_fourteen_days_to_the_second(built: World) -> None:
    built.make_ready()
    with store.read() as session:
        expires = session.scalars(select(Approval.expires_at)).one()
    built.clock.set(expires)
    found = why_not(built)
    assert set(found) == {Code.APPROVAL}
    assert found[Code.APPROVAL].values["what"] == "expired"
    built.clock.set(expires - SECOND)
    assert why_not(built) == {}


def test_a_tutor_approves_only_their_own_candidates(built: World) -> None:
    programmes.sign(built.context("candidate"), built.programme, 1, "Candidate")
    asked = approvals.ask(built.context("candidate"), built.test)
    assert isinstance(asked, int)
    words = "Eight of ten in practice."
    for who in ("author", "tutor.there", "candidate"):
        done = approvals.approve(built.context(who), asked, ["practice"], words)
        assert isinstance(done, Refused)
        assert done.code is Code.NOT_FOUND
    done = approvals.approve(built.context("tutor"), asked, [], "short")
    assert isinstance(done, Refused)
    assert {r.code for r in done.reasons} == {Code.BASIS}
    assert set(why_not(built)) == {Code.APPROVAL}


def test_the_wait_after_a_fail_is_forty_eight_hours_to_the_second_over_the_change_of_clocks(
    built: World,
) -> None:
    built.clock.set(datetime(2026, 3, 28, 11, 59, 40, tzinfo=UTC))  # the clocks change at night
    attempt = fail(built)
    built.approve()
    with store.read() as session:
        closed = session.get_one(Attempt, attempt).closed_at
    assert closed is not None
    opens = closed + TWO_DAYS
    built.clock.set(opens - SECOND)
    found = why_not(built)
    assert set(found) == {Code.COOL}
    until = found[Code.COOL].until
    assert until is not None
    assert until == opens
    # By the wall clock it is an hour later: an hour of the night was left out.
    assert (closed.hour, until.hour) == (12, 13)
    built.clock.set(opens)
    assert why_not(built) == {}


def test_three_failed_attempts_are_all_there_are(built: World) -> None:
    for _ in range(3):
        fail(built)
        built.clock.advance(TWO_DAYS)
    found = why_not(built)
    assert dict(found[Code.ATTEMPTS].values) == {"what": "used_up", "passed": 0, "allowed": 3}
    asked = approvals.ask(built.context("candidate"), built.test)
    assert isinstance(asked, Refused)
    assert Code.ATTEMPTS in {r.code for r in asked.reasons}


def test_after_a_pass_there_is_no_other_attempt(built: World) -> None:
    built.sit()
    built.clock.advance(TWO_DAYS)
    found = why_not(built)
    assert list(found) == [Code.ATTEMPTS]
    assert dict(found[Code.ATTEMPTS].values) == {"what": "passed", "passed": 1}


def test_another_centres_test_is_not_found(built: World) -> None:
    done = attempts.start(built.context("candidate.there"), built.test, affirmed=True)
    assert isinstance(done, Refused)
    assert (done.code, done.status) == (Code.NOT_FOUND, 404)


def test_somebody_who_is_not_registered_finds_no_test(built: World) -> None:
    done = attempts.start(built.context("author"), built.test, affirmed=True)
    assert isinstance(done, Refused)
    assert done.code is Code.NOT_FOUND


def test_somebody_deactivated_does_not_start(built: World) -> None:
    built.make_ready()
    people.set_active(built.context("administrator"), built.persons["candidate"], False)
    assert set(why_not(built)) == {Code.INACTIVE}


def test_a_gate_that_nobody_registered_is_shut(built: World) -> None:
    built.make_ready()
    with store.write() as session:
        test = tests.get(session, built.centres["here"], built.test)
        assert test is not None
        test.gates = ["invigilated-room"]
    found = why_not(built)
    assert {code: dict(r.values) for code, r in found.items()} == {
        Code.UNKNOWN_GATE: {"gate": "invigilated-room"}
    }


def test_while_unseen_items_suffice_no_attempt_shares_one_with_another(built: World) -> None:
    met: list[set[int]] = []
    for _ in range(3):  # six items an outcome, two of each in a form
        met.append(items(fail(built)))
        built.clock.advance(TWO_DAYS)
    assert [len(form) for form in met] == [4, 4, 4]
    assert len(set.union(*met)) == 12


def test_when_all_items_are_seen_the_least_recently_seen_come_again(built: World) -> None:
    changed = specifications.publish(built.context("author"), specification(attempts=None))
    assert not isinstance(changed, Refused)
    met = []
    for _ in range(5):
        met.append(items(fail(built)))
        built.clock.advance(TWO_DAYS)
    assert met[3] == met[0]
    assert met[4] == met[1]


def test_what_the_decision_stood_on_is_kept_with_the_attempt(built: World) -> None:
    attempt = built.sit()
    with store.read() as session:
        row = session.get_one(Attempt, attempt)
        published = tests.published(session, built.test)
    assert published is not None
    assert row.facts == {
        "signed_version": 1,
        "current_version": 1,
        "approval": row.approval_id,
        "closed_attempts": 0,
        "extra_attempts": 0,
        "waived": None,
        "opens": None,
        "closes": None,
        "extra_percent": 0,
        "rest_seconds": 0,
        "specification": published.id,
    }
    assert row.state == "marked"

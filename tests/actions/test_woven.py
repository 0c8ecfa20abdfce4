"""Another's whole deed between two statements of one: all ends as if they had come in turn."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from assess import store
from assess.actions import (
    allowances,
    approvals,
    arrangements,
    banks,
    centres,
    enrolment,
    frameworks,
    messages,
    people,
    programmes,
    remarking,
    resting,
    sessions,
)
from assess.actions.saving import Saved
from assess.delivery import people_file
from assess.delivery.arrangements import Proposal
from assess.delivery.registration import Entry
from assess.reasons import Code
from assess.roles import Role
from assess.store import programmes as rows
from assess.store import sessions as session_rows
from assess.store.allowances import Kind
from assess.store.approvals import Approval
from assess.store.journal import JournalEntry
from assess.store.mail import Mail
from assess.store.people import Person
from assess.store.programmes import Registration
from tests.actions import racing
from tests.actions.test_races import codes
from tests.builders import FRAMEWORK, PASSWORD, World, bank, csv

WHY = "Nobody could read question three on that screen."
FILE = b"""username,name,roles,programme,group,tutor
newcomer,New Comer,candidate,Small award,Group one,tutor
candidate,Candidate,tutor,Small award,Group one,tutor.two
"""


@pytest.fixture
def database_kind() -> str:
    """On SQLite one writes at a time."""
    return "postgresql"


def registration(built: World) -> Registration:
    """The candidate's registration as it stands."""
    with store.read() as session:
        found = rows.registration(session, built.programme, built.persons["candidate"])
    assert found is not None
    return found


def test_what_a_file_of_people_changes_nobody_else_changes_meanwhile(built: World) -> None:
    built.add("tutor.two", Role.TUTOR)
    who, tutor = built.persons["candidate"], built.persons["tutor"]
    administrator, operator = built.context("administrator"), built.context()
    place, other = registration(built), Entry("Group nine", "en")

    def by_hand() -> list[object]:
        return [
            people.set_roles(administrator, who, ["candidate", "author"]),
            programmes.change_registration(administrator, place.id, tutor, other),
        ]

    lines = people_file.read(BytesIO(FILE))
    done, meanwhile = racing.woven(
        built.app, lambda: enrolment.bring_in(operator, lines), "INSERT INTO people", by_hand
    )
    assert isinstance(done, enrolment.BroughtIn), done
    assert meanwhile == [None, None]
    assert built.context("candidate").roles == {Role.CANDIDATE, Role.AUTHOR}
    place = registration(built)
    assert (place.tutor_id, place.group) == (tutor, "Group nine")


def test_a_name_that_a_file_takes_at_the_same_moment_is_taken(built: World) -> None:
    administrator, operator = built.context("administrator"), built.context()
    lines = people_file.read(BytesIO(FILE.replace(b"tutor.two", b"tutor")))
    done, added = racing.woven(
        built.app,
        lambda: enrolment.bring_in(operator, lines),
        "INSERT INTO roles_held",
        lambda: people.add(administrator, "Other", "newcomer", ["candidate"], PASSWORD),
    )
    assert isinstance(done, enrolment.BroughtIn), done
    assert codes(added) == {Code.TAKEN}
    with store.read() as session:
        last = select(JournalEntry.facts).order_by(JournalEntry.id.desc()).limit(1)
        facts = {"deed": "person:add", "code": "E-FIELD", "reasons": "E-TAKEN"}
        assert session.scalar(last) == facts


def test_a_message_reaches_the_tutor_that_its_candidate_has_by_then(built: World) -> None:
    other = built.add("tutor.two", Role.TUTOR)
    with store.write() as session:
        session.get_one(Person, other).email = "two@example.org"
    place, candidate = registration(built), built.context("candidate")
    assert isinstance(messages.write(candidate, place.id, "May I ask you something?"), int)
    moved, written = racing.woven(
        built.app,
        lambda: programmes.change_registration(
            built.context("administrator"), place.id, other, Entry("Group one", "en")
        ),
        "INSERT INTO mails",
        lambda: messages.write(candidate, place.id, "And something else?"),
    )
    assert moved is None
    assert isinstance(written, int), written
    with store.read() as session:
        assert session.scalars(select(Mail.person_id)).all() == [other, other]


def test_who_is_approved_while_they_ask_again_has_not_asked_again(built: World) -> None:
    candidate, tutor = built.context("candidate"), built.context("tutor")
    number = approvals.ask(candidate, built.test)
    assert isinstance(number, int), number
    words = "Eight of ten in practice."
    again, given = racing.woven(
        built.app,
        lambda: approvals.ask(candidate, built.test),
        "SELECT approval_requests",
        lambda: approvals.approve(tutor, number, ["practice"], words),
    )
    assert codes(again) == {Code.ASKED}
    assert isinstance(given, int), given


def test_a_wait_is_not_lifted_after_an_attempt_that_is_passed_by_then(built: World) -> None:
    attempt = built.sit("candidate", 2)
    number = remarking.ask(built.context("candidate"), attempt, WHY)
    assert isinstance(number, int), number
    quality, who = built.context("quality"), built.persons["candidate"]
    allowed, marked = racing.woven(
        built.app,
        lambda: allowances.allow(quality, built.test, who, Kind.WAIVER, WHY),
        "t.practice, t.programme_id, t.gates",  # of a judgement: there is one
        lambda: remarking.mark_again(quality, number, [3], WHY),
        time=2,
    )
    assert isinstance(allowed, int), allowed
    assert isinstance(marked, int), marked


def test_an_answer_counts_whoever_writes_down_that_a_rest_break_is_over(built: World) -> None:
    who = built.persons["candidate"]
    rest = Proposal("rest_breaks", "15", WHY, "A letter of the doctor.")
    assert isinstance(arrangements.arrange(built.context(), who, rest), int)
    built.make_ready()
    device = built.log_in("candidate")
    attempt = built.start(device)
    assert resting.begin(built.now(device), attempt) is None
    built.clock.advance(timedelta(minutes=16))
    now = built.clock.now()
    saved, ended = racing.woven(
        built.app,
        lambda: built.save(device, attempt, 1, "1"),
        "FROM attempts",  # the look whether the break is over
        lambda: resting.end_over(now, who, attempt),
        time=2,
    )
    assert ended is True
    assert isinstance(saved, Saved), saved


def test_who_has_another_tutor_by_then_is_not_found_by_the_one_before(built: World) -> None:
    other = built.add("tutor.two", Role.TUTOR)
    built.approve()
    place, tutor = registration(built), built.context("tutor")
    with store.read() as session:
        (number,) = session.scalars(select(Approval.id))
    withdrawn, moved = racing.woven(
        built.app,
        lambda: approvals.withdraw(tutor, number, WHY),
        "FOR NO KEY UPDATE",
        lambda: programmes.change_registration(
            built.context("administrator"), place.id, other, Entry("Group one")
        ),
    )
    assert codes(withdrawn) == {Code.NOT_FOUND}
    assert moved is None
    day = built.clock.now().date()
    agreed, moved = racing.woven(
        built.app,
        lambda: allowances.agree(
            built.context("tutor.two"), built.test, built.persons["candidate"], day
        ),
        "FOR NO KEY UPDATE",
        lambda: programmes.change_registration(
            built.context("administrator"), place.id, tutor.actor or 0, Entry("Group one")
        ),
    )
    assert codes(agreed) == {Code.NOT_FOUND}
    assert moved is None


NEW = "quiet-lamp-under-the-stairs"


def test_a_first_password_has_to_be_changed_whoever_changes_the_one_before(built: World) -> None:
    administrator = built.context("administrator")
    fresh = people.add(administrator, "Fresh Comer", "fresh", ["candidate"])
    assert isinstance(fresh, people.Added)
    built.persons["fresh"] = fresh.person_id
    given, changed = racing.woven(
        built.app,
        lambda: people.reset_password(administrator, fresh.person_id),
        "UPDATE people",
        lambda: sessions.change_password(built.context("fresh"), fresh.password, NEW),
    )
    assert isinstance(given, people.Added), given
    assert codes(changed) == {Code.PASSWORD}
    with store.read() as session:
        assert session.get_one(Person, fresh.person_id).must_change_password


def test_who_logs_in_while_their_centre_is_closed_is_not_in_when_it_opens(built: World) -> None:
    settings, now = built.app.extensions["assess.settings"], built.clock.now()
    operator = built.context()
    began, closed = racing.woven(
        built.app,
        lambda: sessions.log_in(settings, now, "candidate", PASSWORD, "Test browser"),
        "INSERT INTO sessions",
        lambda: centres.change(operator, "here", active=False),
    )
    assert isinstance(began, sessions.LoggedIn), began
    assert closed is None
    assert centres.change(operator, "here", active=True) is None
    with store.read() as session:
        assert session_rows.signed_in(session, sessions.hash_token(began.token), now) is None


def test_no_question_comes_into_a_practice_bank_and_another_at_once(built: World) -> None:
    author, operator = built.context("author"), built.context()
    practice = bank(
        csv().replace("Stem", "New"), bank="Exercises", purpose="practice", state="review"
    )
    brought, other = racing.woven(
        built.app,
        lambda: banks.bring_in(author, practice),
        "INSERT INTO items",
        lambda: banks.bring_in(operator, bank(csv().replace("Stem 5", "New 5"))),
    )
    assert isinstance(brought, banks.Imported), brought
    assert codes(other) == {Code.PURPOSE}


def test_a_framework_that_two_load_at_once_is_loaded_once(built: World) -> None:
    text, operator = FRAMEWORK.replace("id: award", "id: other"), built.context()
    done = racing.woven(
        built.app,
        lambda: frameworks.load(operator, text),
        "INSERT INTO frameworks",
        lambda: frameworks.load(operator, text),
    )
    assert [one.changed for one in done if isinstance(one, frameworks.Loaded)] == [True, False]

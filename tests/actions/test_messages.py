"""Do the two of a registration reach each other, nobody else them, and is nobody forgotten?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from assess import jobs, store
from assess.actions import approvals, centres, messages, notes, people
from assess.delivery.messages import LONGEST, MOST_UNANSWERED, SAME_WITHIN, Urgency, urgency
from assess.reasons import Code, Refused
from assess.store import approvals as requests
from assess.store import mail as outbox
from assess.store import messages as rows
from assess.store import programmes
from assess.store.journal import JournalEntry
from tests.builders import World

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
IN_ORDER = select(JournalEntry).order_by(JournalEntry.id)


@pytest.fixture
def talk(built: World) -> int:
    """The registration of the candidate."""
    with store.read() as session:
        row = programmes.registration(session, built.programme, built.persons["candidate"])
    assert row is not None
    return row.id


def said(built: World, who: str, talk: int, words: str = "May I ask you something?") -> int:
    """Somebody writes."""
    done = messages.write(built.context(who), talk, words)
    assert isinstance(done, int), done
    return done


def open_to(built: World) -> list[tuple[int, int]]:
    """What waits for the tutor: the first message, and how many."""
    with store.read() as session:
        found = rows.of_tutor(session, built.centres["here"], built.persons["tutor"], 9)
    return [(one.number, one.count) for one in found]


def test_a_message_waits_from_the_first_that_has_no_answer_until_the_tutor_writes(
    built: World, talk: int
) -> None:
    first = said(built, "candidate", talk)
    built.clock.advance(SECOND)
    said(built, "candidate", talk, "And something else.")
    assert open_to(built) == [(first, 2)]
    said(built, "tutor", talk, "Of course.")
    assert open_to(built) == []
    third = said(built, "candidate", talk, "Thank you.")
    assert open_to(built) == [(third, 1)]
    with store.read() as session:
        written = [(author.name, m.words) for m, author in rows.of_registration(session, talk)]
        entry = session.scalars(IN_ORDER).all()[-1]
    assert written[0] == ("Candidate", "May I ask you something?")
    assert (len(written), written[2][0]) == (4, "Tutor")
    assert (entry.event, entry.facts["registration"]) == ("message:write", talk)
    assert "Thank you." not in str(entry.facts)


def test_nobody_but_the_two_finds_a_conversation(built: World, talk: int) -> None:
    for who in ("candidate.two", "quality", "administrator", "tutor.there", "candidate.there"):
        refused = messages.write(built.context(who), talk, "Let me in.")
        assert isinstance(refused, Refused)
        assert (refused.status, refused.code) == (404, Code.NOT_FOUND)


def test_a_message_has_words_not_too_many_and_ten_may_wait(built: World, talk: int) -> None:
    acting = built.context("candidate")
    for words in (" \n ", "x" * (LONGEST + 1)):
        refused = messages.write(acting, talk, words)
        assert isinstance(refused, Refused)
        assert (refused.status, refused.code) == (422, Code.FIELD)
    for number in range(MOST_UNANSWERED):
        said(built, "candidate", talk, f"Question {number}.")
    refused = messages.write(acting, talk, "One more.")
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code) == (409, Code.ASKED)
    said(built, "tutor", talk, "x" * LONGEST)
    said(built, "candidate", talk)


def test_a_request_is_late_after_a_day_and_overdue_after_two(built: World) -> None:
    now = built.clock.now()
    assert urgency(now - DAY + SECOND, now) is Urgency.WAITING
    assert urgency(now - DAY, now) is Urgency.LATE
    assert urgency(now - 2 * DAY + SECOND, now) is Urgency.LATE
    assert urgency(now - 2 * DAY, now) is Urgency.OVERDUE


def told(built: World) -> list[tuple[str, str]]:
    """To whom a mail about an overdue answer waits to be sent, and what it says."""
    with store.read() as session:
        found = [m for m in outbox.unsent(session, 100) if m.kind == "overdue"]
    return [(m.address, m.body or "") for m in found]


def test_after_two_days_the_quality_team_is_told_once_of_each_that_waits(
    built: World, talk: int
) -> None:
    operator = built.context()
    for who in ("quality", "administrator"):
        address = f"{who}@example.org"
        assert people.change(operator, built.persons[who], who, None, address) is None
    said(built, "candidate", talk, "A secret between us.")
    asked = approvals.ask(built.context("candidate.two"), built.test)
    assert isinstance(asked, int)
    assert jobs.tell_overdue(built.app, built.clock.now() + 2 * DAY - SECOND) == 0
    built.clock.advance(2 * DAY)
    assert jobs.tell_overdue(built.app, built.clock.now()) == 2
    assert jobs.tell_overdue(built.app, built.clock.now()) == 0
    assert [address for address, _ in told(built)] == ["quality@example.org"] * 2
    body = told(built)[0][1]
    assert "Candidate has waited since Monday 2 March 2026 at 11:00" in body
    assert "secret" not in body
    with store.read() as session:
        before, there = built.clock.now() - 2 * DAY, built.centres["there"]
        late = rows.late(session, before, built.centres["here"], limit=9)
        assert rows.late(session, before, built.centres["here"], limit=1) == late[:1]
        assert rows.late(session, before, there, limit=9) == []
        events = [e.event for e in session.scalars(IN_ORDER)]
    assert [(one.candidate.name, one.test is None) for one in late] == [
        ("Candidate", True),
        ("Candidate Two", False),
    ]
    assert events.count("answer:overdue") == 2
    # Once answered, a new message is a new request with two days of its own.
    said(built, "tutor", talk, "Here I am.")
    said(built, "candidate", talk, "At last.")
    assert jobs.tell_overdue(built.app, built.clock.now() + 2 * DAY - SECOND) == 0
    assert jobs.tell_overdue(built.app, built.clock.now() + 2 * DAY) == 1


def test_who_has_left_waits_for_nobody_until_they_are_let_in_again(built: World, talk: int) -> None:
    operator, quality = built.context(), built.persons["quality"]
    assert people.change(operator, quality, "Quality", None, "q@example.org") is None
    first = said(built, "candidate", talk)
    assert isinstance(approvals.ask(built.context("candidate.two"), built.test), int)

    def waits() -> tuple[int, int, int, int]:
        """What the tutor has to answer, messages and requests; what is overdue, and newly told."""
        with store.read() as session:
            late = rows.late(session, now - 2 * DAY, built.centres["here"], limit=9)
            asked = requests.queue(session, built.persons["tutor"], 9)
            assert requests.count(session, built.persons["tutor"]) == len(asked)
        return len(open_to(built)), len(asked), len(late), jobs.tell_overdue(built.app, now)

    now = built.clock.advance(2 * DAY)
    for who in ("candidate", "candidate.two"):
        people.set_active(built.context(), built.persons[who], False)
    assert waits() == (0, 0, 0, 0)
    for who in ("candidate", "candidate.two"):
        people.set_active(built.context(), built.persons[who], True)
    assert centres.change(replace(operator, now=now), "here", active=False) is None
    assert waits() == (1, 1, 2, 0)
    assert centres.change(replace(operator, now=now), "here", active=True) is None
    assert waits() == (1, 1, 2, 2)
    assert open_to(built) == [(first, 1)]
    assert len(told(built)) == 2


def test_where_nobody_holds_the_quality_role_the_administrators_are_told(
    built: World, talk: int
) -> None:
    operator = built.context()
    assert people.set_roles(operator, built.persons["quality"], ["author"]) is None
    administrator = built.persons["administrator"]
    assert people.change(operator, administrator, "Ada", None, "ada@example.org") is None
    said(built, "candidate", talk)
    assert jobs.tell_overdue(built.app, built.clock.now() + 2 * DAY) == 1
    assert [address for address, _ in told(built)] == ["ada@example.org"]


def test_what_is_sent_twice_is_written_once(built: World, talk: int) -> None:
    first = said(built, "tutor", talk, "Come on Monday.")
    built.clock.advance(SAME_WITHIN - SECOND)
    assert said(built, "tutor", talk, "Come on Monday. ") == first
    built.clock.advance(SECOND)
    assert said(built, "tutor", talk, "Come on Monday.") != first
    said(built, "candidate", talk, "Yes.")
    assert said(built, "tutor", talk, "Good.") != said(built, "candidate", talk, "Good.")
    tutor, who = built.context("tutor"), built.persons["candidate"]
    note = notes.write(tutor, who, "Ready soon.")
    assert notes.write(tutor, who, "Ready soon.") == note
    assert notes.write(tutor, who, "Ready now.") != note

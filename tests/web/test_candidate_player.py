"""Sitting a test by form post and by script: nothing is lost, nothing is said to be saved that is
not, and nobody but the candidate on their one device answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assess import store
from assess.actions import specifications as publishing
from assess.bank.resources import Resource
from assess.reasons import Refused
from assess.store import attempts, specifications
from tests.builders import World
from tests.web.candidate_builders import Browser, checked, codes, field, started

HUGE = 10**30
GOALS = (  # from which place, what was pressed, where it leads
    (2, "next", "questions/3"),
    (2, "previous", "questions/1"),
    (1, "previous", "questions/1"),
    (4, "next", "review"),
    (1, "review", "review"),
    (1, "4", "questions/4"),
    (1, "5", "questions/1"),
    (3, "0", "questions/3"),
    (3, "-1", "questions/3"),
    (3, "https://example.org/", "questions/3"),
    (3, str(HUGE), "questions/3"),
    (3, "٤", "questions/3"),
    (3, "", "questions/3"),
)
NO_ANSWERS: tuple[dict[str, object], ...] = (
    {"answer": "4"},
    {"answer": "-1"},
    {"answer": "x"},
    {"answer": "00"},
    {"answer": "٠"},
    {"answer": "1.0"},
    {"answer": ["1", "1"]},
    {"answer": ["0", "1"]},
    {"answer": ["0", "1", "2", "3", "4"]},
    {"answer": "1", "sequence": "0"},
    {"answer": "1", "sequence": "-3"},
    {"answer": "1", "sequence": str(HUGE)},
    {"answer": "1", "sequence": ""},
    {"answer": "1", "writer": "one"},
)


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def me(here: World) -> Browser:
    """The candidate's browser."""
    return Browser(here, "candidate")


def form_of(page: str, **changes: object) -> dict[str, object]:
    """What the form of a question page sends."""
    return {"writer": field(page, "writer"), "sequence": field(page, "sequence")} | changes


def rows(attempt: int) -> int:
    """How many answers are on the disk."""
    with store.read() as session:
        return len(attempts.answers(session, attempt))


def single(me: Browser, attempt: int) -> int:
    """A place with a single choice."""
    for place in range(1, 5):
        page = me.get(f"/attempts/{attempt}/questions/{place}").text
        if "govuk-radios__input" in page.partition("<template")[0]:
            return place
    raise AssertionError("a form without a single choice")


def test_a_question_page_has_its_parts(here: World, me: Browser) -> None:
    attempt = started(here, me)
    page = me.get(f"/attempts/{attempt}/questions/2")
    assert page.status_code == 200
    assert "Question 2 of 4" in page.text
    assert 'data-left="1800"' in page.text
    assert "30 minutes" in page.text
    assert page.text.count("not answered") >= 4
    assert page.headers["Cache-Control"] == "no-store"


def test_an_answer_is_saved_by_a_form_and_shown_again(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    answer = me.post(path, form_of(me.get(path).text, answer="2", go="next"))
    assert (answer.status_code, answer.location) == (302, f"/attempts/{attempt}/questions/2")
    page = me.get(path).text
    assert checked(page) == ["2"]
    assert field(page, "sequence") == "2"
    assert rows(attempt) == 1


def test_saving_goes_where_it_was_asked_to_and_nowhere_else(here: World, me: Browser) -> None:
    attempt = started(here, me)
    for saves, (place, go, goal) in enumerate(GOALS, start=1):
        path = f"/attempts/{attempt}/questions/{place}"
        answer = me.post(path, form_of(me.get(path).text, answer="0", go=go))
        assert (answer.status_code, answer.location) == (302, f"/attempts/{attempt}/{goal}"), go
        assert rows(attempt) == saves


def test_an_answer_can_be_cleared(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/{single(me, attempt)}"
    me.post(path, form_of(me.get(path).text, answer="1", go=""))
    page = me.get(path).text
    assert "Clear my answer" in page
    me.post(path, form_of(page, answer="1", go="clear"))
    assert checked(me.get(path).text) == []
    assert rows(attempt) == 2


def test_a_question_is_flagged_and_the_flag_taken_away(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/3"
    answer = me.post(path, form_of(me.get(path).text, answer="1", go="flag"))
    assert answer.location == path
    page = me.get(path).text
    assert ">answered, flagged<" in page
    assert checked(page) == ["1"]
    review = me.get(f"/attempts/{attempt}/review").text
    assert "Flagged: 1" in review
    me.post(path, form_of(page, answer="1", go="unflag"))
    assert ">answered, flagged<" not in me.get(path).text


def test_what_is_no_answer_is_refused_and_what_was_saved_stays(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/{single(me, attempt)}"
    me.post(path, form_of(me.get(path).text, answer="2", go=""))
    honest = form_of(me.get(path).text)
    for sent in NO_ANSWERS:
        page = me.post(path, honest | sent)
        assert page.status_code == 422, sent
        assert "E-ANSWER" in codes(page.text)
        assert "<title>Error: Question" in page.text
        assert checked(page.text) == ["2"]
        answer = me.send(path, honest | sent)
        assert answer.status_code == 422, sent
        assert answer.json is not None
        assert answer.json["code"] == "E-ANSWER"
        assert rows(attempt) == 1


def test_the_same_save_again_is_acknowledged_and_written_once(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    sent = form_of(me.get(path).text, answer="3")
    assert [me.send(path, sent).status_code for _ in range(3)] == [302, 302, 302]
    assert me.post(path, sent | {"go": "next"}).status_code == 302
    assert rows(attempt) == 1


def test_the_same_number_with_another_answer_shows_both(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    before = me.get(path).text
    me.post(path, form_of(before, answer="3", go=""))
    page = me.post(path, form_of(before, answer="0", go="next"))
    assert page.status_code == 409
    assert "E-SAVE-CONFLICT" in codes(page.text)
    assert "In the record:" in page.text
    assert checked(page.text) == ["0"]
    assert rows(attempt) == 1
    assert me.send(path, form_of(before, answer="0")).status_code == 409
    # What was sent is one press away from being saved.
    me.post(path, form_of(page.text, answer="0", go=""))
    assert checked(me.get(path).text) == ["0"]


def test_an_old_answer_sent_again_is_not_called_saved_when_a_newer_one_counts(
    here: World, me: Browser
) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    first = form_of(me.get(path).text, answer="3")
    me.send(path, first)
    me.send(path, form_of(me.get(path).text, answer="1"))
    answer = me.send(path, first)
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["code"] == "E-SAVE-CONFLICT"
    assert checked(me.get(path).text) == ["1"]


def test_a_form_without_its_token_saves_nothing(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    sent = form_of(me.get(path).text, answer="3", csrf_token="")
    assert me.post(path, sent).status_code == 403
    assert rows(attempt) == 0


def test_another_device_is_asked_before_it_takes_over(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    mine = form_of(me.get(path).text, answer="3")
    other = Browser(here, "candidate")
    page = other.get(path)
    assert page.status_code == 200
    assert "This test is open on another device" in page.text
    assert "Stem" not in page.text
    assert other.send(path, mine).status_code == 409

    answer = other.post(f"/attempts/{attempt}/continue")
    assert (answer.status_code, answer.location) == (302, f"/attempts/{attempt}")
    page = other.get(path)
    assert field(page.text, "writer") == "2"

    late = me.post(path, mine)
    assert late.status_code == 409
    assert "W-TAKEOVER" in codes(late.text)
    assert "option 4" in late.text
    assert "Continue here" in late.text
    assert rows(attempt) == 0
    handed = me.post(f"/attempts/{attempt}/hand-in")
    assert handed.status_code == 409
    assert "W-TAKEOVER" in codes(handed.text)


def test_going_on_opens_the_first_question_without_an_answer(here: World, me: Browser) -> None:
    attempt = started(here, me)
    for place in (1, 2, 4):
        path = f"/attempts/{attempt}/questions/{place}"
        me.post(path, form_of(me.get(path).text, answer="0"))
    answer = me.get(f"/attempts/{attempt}")
    assert answer.location == f"/attempts/{attempt}/questions/3"
    path = f"/attempts/{attempt}/questions/3"
    me.post(path, form_of(me.get(path).text, answer="0"))
    assert me.get(f"/attempts/{attempt}").location == f"/attempts/{attempt}/review"


def test_at_the_end_no_question_is_shown_and_late_seconds_still_count(
    here: World, me: Browser
) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    sent = form_of(me.get(path).text, answer="3")
    here.clock.advance(timedelta(minutes=30))
    for asked in (path, f"/attempts/{attempt}/review", f"/attempts/{attempt}/result"):
        page = me.get(asked)
        assert page.status_code == 200
        assert "Time is up" in page.text
        assert "Stem" not in page.text
        assert page.headers["Refresh"] == f"12; url=/attempts/{attempt}/result"
    here.clock.advance(timedelta(seconds=10))
    assert me.send(path, sent).status_code == 302
    assert rows(attempt) == 1


def test_after_the_grace_whatever_page_is_asked_for_closes_the_attempt(
    here: World, me: Browser
) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    me.send(path, form_of(me.get(path).text, answer="3"))
    here.clock.advance(timedelta(minutes=30, seconds=10, milliseconds=1))
    answer = me.get(path)
    assert (answer.status_code, answer.location) == (302, f"/attempts/{attempt}/result")
    page = me.get(answer.location)
    assert page.status_code == 200
    assert "The time was up on Monday 2 March 2026 at 11:30" in page.text


def test_an_answer_that_comes_too_late_is_said_to_be_lost_not_dropped_in_silence(
    here: World, me: Browser
) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    sent = form_of(me.get(path).text, answer="3", go="next")
    here.clock.advance(timedelta(minutes=31))
    answer = me.send(path, sent)
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["code"] == "E-LATE"
    page = me.post(path, sent)
    assert page.status_code == 409
    assert "E-LATE" in codes(page.text)
    assert "Question 1: option 4" in page.text
    assert f"/attempts/{attempt}/result" in page.text
    assert rows(attempt) == 0
    again = me.post(path, sent)  # meanwhile it is closed; it came late all the same
    assert again.status_code == 409
    assert "E-LATE" in codes(again.text)


def test_going_on_after_the_time_leads_to_the_result(here: World, me: Browser) -> None:
    attempt = started(here, me)
    other = Browser(here, "candidate")
    here.clock.advance(timedelta(minutes=31))
    answer = other.post(f"/attempts/{attempt}/continue")
    assert answer.status_code == 302
    assert other.get(answer.location).location == f"/attempts/{attempt}/result"
    assert other.post(f"/attempts/{attempt}/continue").status_code == 409


def test_a_place_beyond_the_form_is_not_found(here: World, me: Browser) -> None:
    attempt = started(here, me)
    for place in (0, 5, 999_999, HUGE):
        path = f"/attempts/{attempt}/questions/{place}"
        assert me.get(path).status_code == 404
        answer = me.post(path, {"answer": "0", "writer": "1", "sequence": "1"})
        assert answer.status_code in ((404, 405) if place == HUGE else (404,))
    assert rows(attempt) == 0


def test_an_ended_session_saves_nothing(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    sent = form_of(me.get(path).text, answer="3")
    me.post("/logout")
    assert me.send(path, sent).status_code == 403
    assert rows(attempt) == 0


def test_an_open_book_lies_beside_every_question(here: World, me: Browser) -> None:
    with store.read() as session:
        version = specifications.published(session, here.test)
    assert version is not None
    book = (Resource("The <law>", "Section 1."), Resource("A guide", url="https://example.org/g"))
    changed = replace(version.specification(), resources=book)
    done = publishing.publish(here.context("author"), changed)
    assert not isinstance(done, Refused), done
    attempt = started(here, me)
    for path in ("questions/1", "questions/4", "review"):
        page = me.get(f"/attempts/{attempt}/{path}").text
        assert "The &lt;law&gt;" in page
        assert "Section 1." in page
        assert 'href="https://example.org/g" target="_blank" rel="noopener noreferrer"' in page

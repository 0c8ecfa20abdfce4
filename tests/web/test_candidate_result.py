"""Handing in, and what is told at once: the words, the outcomes, what to revise, the receipt."""

from __future__ import annotations

import hashlib
import html
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from assess import store
from assess.actions import remarking, timekeeping
from assess.actions import specifications as specs
from assess.bank.specification import Feedback, Quota
from assess.reasons import Refused
from assess.store import attempts
from tests.builders import World, specification
from tests.web.candidate_builders import (
    JSON,
    Browser,
    codes,
    contents,
    field,
    right,
    started,
)

# What differs between databases is tested with the deeds; pages are tested on one.


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def me(here: World) -> Browser:
    """The candidate's browser."""
    return Browser(here, "candidate")


def answered(me: Browser, attempt: int, rightly: int, wrongly: int) -> None:
    """Answer so many questions rightly and then so many wrongly, by the pages."""
    for place in range(1, rightly + wrongly + 1):
        path = f"/attempts/{attempt}/questions/{place}"
        page = me.get(path).text
        key = right(attempt, place)
        other = next(str(n) for n in range(4) if str(n) not in key)
        sent = {
            "writer": field(page, "writer"),
            "sequence": field(page, "sequence"),
            "answer": key if place <= rightly else other,
            "go": "next",
        }
        assert me.post(path, sent).status_code == 302


def handed_in(me: Browser, attempt: int) -> str:
    """Hand in and read the result."""
    answer = me.post(f"/attempts/{attempt}/hand-in")
    assert (answer.status_code, answer.location) == (302, f"/attempts/{attempt}/result")
    page = me.get(answer.location)
    assert page.status_code == 200
    return html.unescape(page.text)


def words(page: str) -> str:
    """The result's own words."""
    found = re.search(r"data-result>([^<]*)<", page)
    assert found is not None
    return found.group(1)


def test_the_review_lists_what_is_open_and_says_that_there_is_no_way_back(
    here: World, me: Browser
) -> None:
    attempt = started(here, me)
    answered(me, attempt, 1, 1)
    page = me.get(f"/attempts/{attempt}/review").text
    assert "Not answered: 2" in page
    assert "cannot undo" in page
    for place in (3, 4):
        assert page.count(f'href="/attempts/{attempt}/questions/{place}"') >= 2
    assert "Hand in for good" in page


def test_a_pass_says_pass_and_lists_nothing_to_look_at_again(here: World, me: Browser) -> None:
    attempt = started(here, me)
    answered(me, attempt, 4, 0)
    page = handed_in(me, attempt)
    assert words(page) == "Pass"
    assert "You scored 4 of 4" in page
    assert "Questions to look at again" not in page
    assert "What comes next" not in page
    assert "Marked automatically; you may ask for a person to review it" in page


def test_a_fail_says_why_each_choice_was_wrong_and_never_which_was_right(
    here: World, me: Browser
) -> None:
    attempt = started(here, me)
    answered(me, attempt, 1, 2)
    page = handed_in(me, attempt)
    assert words(page) == "Not yet passed"
    assert "You scored 1 of 4. To pass you need 3" in page
    held = contents(attempt)
    for place, content in enumerate(held, start=1):
        assert (content.stem in page) == (place > 1)
        for option in content.options:
            if option.correct:
                assert option.text not in page
                assert option.rationale not in page
    # Of each wrongly answered question the option chosen and why it is wrong, and no other.
    for content in held[1:3]:
        assert sum(option.text in page for option in content.options) == 1
        assert sum(option.rationale in page for option in content.options) == 1
        assert content.revise in page
    assert "You did not answer." in page
    assert "Read this" in page


def test_the_next_attempt_opens_two_days_later_by_the_centres_clock(
    here: World, me: Browser
) -> None:
    attempt = started(here, me)
    page = handed_in(me, attempt)
    assert "Your next attempt opens on Wednesday 4 March 2026 at 11:00." in page
    here.clock.advance(timedelta(hours=48))
    page = Browser(here, "candidate").get(f"/attempts/{attempt}/result").text
    assert "Your next attempt opens" not in page
    assert "No date stands in the way" in page


def test_the_minimum_in_each_outcome_is_shown(here: World, me: Browser) -> None:
    attempt = started(here, me)
    page = handed_in(me, attempt)
    assert page.count("Not yet met") == 2
    assert "0 of 2" in page
    assert "1 Greet a customer" in page


def test_the_receipt_can_be_computed_again_from_the_line_on_the_page(
    here: World, me: Browser
) -> None:
    attempt = started(here, me)
    page = handed_in(me, attempt)
    shown = re.search(r"data-receipt>([0-9a-f]{64})<", page)
    line = re.search(r"data-receipt-line>([^<]*)<", page)
    assert shown is not None
    assert line is not None
    assert hashlib.sha256(line.group(1).encode()).hexdigest() == shown.group(1)
    with store.read() as session:
        row = session.get_one(attempts.Attempt, attempt)
    assert row.receipt == shown.group(1)
    assert json.loads(line.group(1))["answers"] == row.answers_digest


def test_who_ended_an_attempt_is_said_as_it_was(here: World, me: Browser) -> None:
    attempt = started(here, me)
    reason = "The building was cleared; nobody could come back."
    assert timekeeping.stop(here.context("invigilator"), attempt, reason) is None
    page = me.get(f"/attempts/{attempt}/result").text
    assert 'data-closed="stop"' in page
    assert "Your test was ended for you on Monday 2 March 2026" in page
    assert "You handed in" not in page


def test_handing_in_twice_leads_to_the_one_result(here: World, me: Browser) -> None:
    attempt = started(here, me)
    handed_in(me, attempt)
    again = me.post(f"/attempts/{attempt}/hand-in")
    assert again.status_code == 409
    assert "E-CLOSED" in codes(again.text)
    assert f"/attempts/{attempt}/result" in again.text


def test_after_hand_in_no_question_is_shown_and_no_answer_taken(here: World, me: Browser) -> None:
    attempt = started(here, me)
    path = f"/attempts/{attempt}/questions/1"
    page = me.get(path).text
    handed_in(me, attempt)
    for asked in ("", "/questions/1", "/review"):
        assert me.get(f"/attempts/{attempt}{asked}").location == f"/attempts/{attempt}/result"
    sent = {"writer": "1", "sequence": field(page, "sequence"), "answer": "2"}
    late = me.post(path, sent)
    assert late.status_code == 409
    assert "E-CLOSED" in codes(late.text)
    assert "Question 1: option 3" in late.text
    assert not any(option.text in late.text for option in contents(attempt)[0].options)
    malformed = me.post(path, sent | {"answer": "nonsense"})
    assert malformed.location == f"/attempts/{attempt}/result"
    assert me.send(path, sent).status_code == 409


def test_there_is_no_result_before_the_hand_in(here: World, me: Browser) -> None:
    attempt = started(here, me)
    answer = me.get(f"/attempts/{attempt}/result")
    assert (answer.status_code, answer.location) == (302, f"/attempts/{attempt}")


@pytest.mark.parametrize("level", list(Feedback))
def test_a_level_shows_what_it_says_and_no_more(here: World, level: Feedback) -> None:
    lower = specification(feedback=level, feedback_reason="A small bank.")
    assert not isinstance(specs.publish(here.context(), lower), Refused)
    me = Browser(here, "candidate")
    attempt = started(here, me)
    answered(me, attempt, 1, 1)
    page = handed_in(me, attempt)
    held = contents(attempt)
    assert ("Read this" in page) == (level is not Feedback.OUTCOME)
    wrong = level in (Feedback.WRONG, Feedback.KEYS)
    assert (held[1].stem in page) == wrong
    keys = [option for option in held[1].options if option.correct]
    assert all((option.text in page) == (level is Feedback.KEYS) for option in keys)
    if not wrong:
        assert not any(option.text in page for content in held for option in content.options)


def test_the_second_attempt_has_no_question_of_the_first(here: World, me: Browser) -> None:
    first = started(here, me)
    handed_in(me, first)
    here.clock.advance(timedelta(hours=48))
    again = Browser(here, "candidate")
    assert codes(again.get("/assessments").text) == {"E-APPROVAL"}
    second = started(here, again)
    page = again.get(f"/attempts/{first}/result").text
    assert f'data-under-way><a class="govuk-link" href="/attempts/{second}"' in page
    assert "No date stands in the way" not in page
    stems = [{content.stem for content in contents(attempt)} for attempt in (first, second)]
    assert not stems[0] & stems[1]


def test_an_earlier_result_is_silent_about_what_is_asked_again_now(
    here: World, me: Browser
) -> None:
    quotas = (Quota("award/U1/1", 5), Quota("award/U1/2", 5))  # of six: the next form repeats some
    many = specification(quotas=quotas, cool_down_hours=(), feedback=Feedback.KEYS)
    assert not isinstance(specs.publish(here.context(), many), Refused)
    first = started(here, me)
    whole = handed_in(me, first)
    review = remarking.ask(here.context("candidate"), first, "Question 1 has two right answers.")
    assert isinstance(review, int)
    why = "Only the answer about keys is right: handbook, page 4."
    assert isinstance(remarking.mark_again(here.context("quality"), review, set(), why), int)
    assert why in me.get(f"/attempts/{first}/result").text
    second = started(here, me)
    during = html.unescape(me.get(f"/attempts/{first}/result").text)
    asked = {content.stem for content in contents(second)}
    assert "data-asked-again" in during
    assert why not in during
    for content in contents(first):
        told = {content.stem, *(option.rationale for option in content.options if option.correct)}
        assert all(text in whole for text in told)
        assert all((text in during) == (content.stem not in asked) for text in told)
    handed_in(me, second)
    after = html.unescape(me.get(f"/attempts/{first}/result").text)
    assert all(content.stem in after for content in contents(first))
    assert "data-asked-again" not in after
    assert why in after


def test_marks_wait_that_would_tell_how_an_answer_stands_in_an_open_test(
    here: World, me: Browser
) -> None:
    quotas = (Quota("award/U1/1", 6, 1), Quota("award/U1/2", 6))  # all that there is, in both tests
    many = specification(quotas=quotas, cut=12, feedback=Feedback.OUTCOME, feedback_reason="Few.")
    assert not isinstance(specs.publish(here.context(), many), Refused)
    under_way = started(here, me)
    other = specs.publish(here.context(), replace(many, name="T2"))
    assert not isinstance(other, Refused)
    here.test = other.test_id
    here.clock.advance(timedelta(minutes=1))
    beside = started(here, me)
    answered(me, beside, 1, 0)
    page = handed_in(me, beside)
    assert "data-marks-wait" in page
    assert "You scored" not in page
    assert "Marks by outcome" not in page
    told = me.get(f"/attempts/{beside}/result", headers=JSON).get_json()
    assert (told["score"], told["outcomes"], told["topics"]) == (None, [], [])
    stated = me.post(f"/attempts/{beside}/statement")
    assert (stated.status_code, codes(stated.text)) == (409, {"E-OPEN-ATTEMPT"})
    assert "some of these questions in another attempt" in stated.text
    # What is begun after the mark neither ends the wait nor makes one.
    third = specs.publish(here.context(), replace(many, name="T3"))
    assert not isinstance(third, Refused)
    here.test = third.test_id
    here.clock.advance(timedelta(minutes=1))
    started(here, me)
    assert "data-marks-wait" in me.get(f"/attempts/{beside}/result").text
    handed_in(me, under_way)
    assert "You scored 1 of 12" in me.get(f"/attempts/{beside}/result").text
    assert me.post(f"/attempts/{beside}/statement").status_code == 302

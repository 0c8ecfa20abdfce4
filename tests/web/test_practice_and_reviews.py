"""Practice on the pages; asking for a review of a mark, and giving one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from assess import store
from assess.actions import banks, specifications
from assess.bank.specification import Quota
from assess.reasons import Refused
from assess.store import banks as banked
from assess.store.attempts import Attempt
from tests.actions.test_practice import other_words, practice
from tests.builders import World, bank, csv
from tests.web.candidate_builders import Browser, codes

WORDS = "Question two has two right answers."
QUOTAS = (Quota("award/U1/1", 2, 0), Quota("award/U1/2", 2, 0))
REASON = "The wording of the question allows the other reading as well."


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def practised(here: World) -> World:
    """The small world with a practice bank and its published test."""
    what = bank(other_words(csv()), bank="Practice bank", purpose="practice")
    for done in (
        banks.bring_in(here.context(), what),
        specifications.publish(here.context(), practice(title="Try it", quotas=QUOTAS)),
    ):
        assert not isinstance(done, Refused), done
    return here


def sit_practice(here: World) -> tuple[Browser, str]:
    """Practise through the pages: start without affirming, answer nothing, hand in."""
    me = Browser(here, "candidate")
    page = me.get("/assessments").text
    found = re.search(r'href="(/tests/(\d+)/start)"', page)
    assert found is not None
    start = me.get(found.group(1)).text
    assert "This is practice" in start
    assert "I affirm" not in start
    answer = me.post(f"/tests/{found.group(2)}/attempts")
    assert answer.status_code == 302, answer.text
    attempt = re.search(r"/attempts/(\d+)/", answer.location)
    assert attempt is not None
    me.post(f"/attempts/{attempt.group(1)}/hand-in", {"sure": "yes"})
    return me, attempt.group(1)


def test_practice_stands_apart_and_is_open_at_once(practised: World) -> None:
    page = Browser(practised, "candidate").get("/assessments").text
    assert page.index("First test") < page.index("They count for nothing") < page.index("Try it")


def test_practice_shows_the_right_answers_and_their_reasons(practised: World) -> None:
    me, attempt = sit_practice(practised)
    page = me.get(f"/attempts/{attempt}/result").text
    assert "The right answer" in page
    assert "Rationale B of" in page
    assert "This was practice." in page
    assert "Ask for a review" not in page
    assert "What comes next" not in page
    # No outcome asks for a least number: none is called met where nothing was right.
    assert "To pass you need 3." in page
    assert "At least" not in page
    assert ">Met<" not in page


def test_the_tutor_sees_practice_by_outcome_with_the_request(practised: World) -> None:
    sit_practice(practised)
    practised.make_ready("candidate.two")
    tutor = Browser(practised, "tutor")
    page = tutor.get(f"/cohort/{practised.persons['candidate']}").text
    assert "Practice by outcome" in page
    assert page.count("0 of 2") == 2
    assert "Try it" not in page
    assert "T1-practice" not in tutor.get("/cohort").text


def test_practice_leaves_the_quality_team_nothing_to_decide(practised: World) -> None:
    sit_practice(practised)
    page = Browser(practised, "quality").get(f"/decisions/{practised.persons['candidate']}").text
    assert "First test" in page
    assert "Try it" not in page


def test_practice_has_no_report(practised: World) -> None:
    sit_practice(practised)
    author = Browser(practised, "author")
    page = author.get("/tests").text
    found = re.search(r'href="(/tests/(\d+))">T1-practice', page)
    assert found is not None, page
    report = author.get(f"{found.group(1)}/report").text
    assert "Practice enters no statistics" in report
    assert "Population" not in report


def test_a_candidate_asks_and_a_person_answers_with_both_marks_kept(here: World) -> None:
    attempt = here.sit(right=1)
    me = Browser(here, "candidate")
    address = f"/attempts/{attempt}/review"
    answer = me.post(address, {"words": "no"})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-REASON"})
    assert me.post(address, {"words": WORDS}).status_code == 302
    assert 'data-review="waiting"' in me.get(f"/attempts/{attempt}/result").text
    again = me.post(address, {"words": WORDS})
    assert (again.status_code, codes(again.text)) == (409, {"E-ASKED"})

    quality = Browser(here, "quality")
    found = re.search(r'href="(/mark-reviews/\d+)"', quality.get("/mark-reviews").text)
    assert found is not None
    assert "1 waiting" in quality.get("/").text
    page = quality.get(found.group(1)).text
    assert WORDS in page
    assert page.count('name="given"') == 3
    assert len(re.findall("0 of 2 in “[^”]+”, 1 needed", page)) == 1
    with store.read() as session:
        drawn = session.get_one(Attempt, attempt).drawn()
        content = banked.contents(session, [question.version for question in drawn])
    listed = re.findall(r"<li>(Option[^<]*?)(?: <strong|</li>)", page)
    shown = [content[one.version].options[own].text for one in drawn for own in one.order]
    assert listed == shown  # "the second option" is the second here too
    answer = quality.post(found.group(1), {"given": "3", "reason": "x"})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-REASON"})
    given = re.findall(r'name="given" type="checkbox" value="(\d+)"', page)
    answer = quality.post(found.group(1), {"given": given, "reason": REASON})
    assert (answer.status_code, answer.location) == (302, "/mark-reviews")
    assert codes(quality.get(found.group(1)).text) == {"E-DECIDED"}
    assert "waiting" not in quality.get("/").text

    page = me.get(f"/attempts/{attempt}/result").text
    assert 'data-review="done"' in page
    assert REASON in page
    assert ">Pass<" in page


def test_a_review_says_of_an_attempt_whose_time_was_up_that_nobody_handed_it_in(
    here: World,
) -> None:
    here.make_ready()
    device = here.log_in("candidate")
    attempt = here.start(device)
    here.clock.advance(timedelta(minutes=31))
    me = Browser(here, "candidate")
    me.get(f"/attempts/{attempt}/result")
    me.post(f"/attempts/{attempt}/review", {"words": WORDS})
    quality = Browser(here, "quality")
    found = re.search(r'href="(/mark-reviews/\d+)"', quality.get("/mark-reviews").text)
    assert found is not None
    assert "1, closed on Monday 2 March 2026 at 11:30, not handed in" in quality.get(found[1]).text


def test_the_candidates_tutor_and_other_centres_do_not_review(here: World) -> None:
    attempt = here.sit(right=2)
    Browser(here, "candidate").post(f"/attempts/{attempt}/review", {"words": WORDS})
    assert Browser(here, "tutor").get("/mark-reviews").status_code == 403
    assert (
        Browser(here, "candidate.two")
        .post(f"/attempts/{attempt}/review", {"words": WORDS})
        .status_code
        == 404
    )

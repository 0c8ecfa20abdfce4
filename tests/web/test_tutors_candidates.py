"""A tutor's candidates: the cohort, one candidate by outcome, not yet, withdrawing, notes, days."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from assess import store, wording
from assess.actions import approvals, people, programmes, specifications
from assess.bank.specification import Window
from assess.delivery.readiness import ANSWERED_WITHIN
from assess.delivery.registration import Entry
from assess.reasons import Refused
from assess.store import allowances
from assess.store import approvals as rows
from assess.store import programmes as programme_rows
from assess.store.notes import Note
from assess.web.tutor import candidates
from tests.actions.test_races import void
from tests.builders import World, specification
from tests.web.candidate_builders import Browser, codes

ADVICE = "Read the pages on moments of truth first."


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def me(here: World) -> Browser:
    """The tutor's browser."""
    return Browser(here, "tutor")


def ask(here: World) -> int:
    """The candidate signs and asks; the number of the request."""
    acting = here.context("candidate")
    programmes.sign(acting, here.programme, 1, "Candidate")
    asked = approvals.ask(acting, here.test)
    assert isinstance(asked, int), asked
    return asked


def newest(here: World) -> int:
    """The newest approval."""
    with store.read() as session:
        return (
            session.scalars(select(rows.Approval.id).order_by(rows.Approval.id.desc())).first() or 0
        )


def page_of(here: World) -> str:
    """The address of the candidate's page."""
    return f"/cohort/{here.persons['candidate']}"


def test_the_cohort_says_where_each_candidate_stands_with_each_test(
    here: World, me: Browser
) -> None:
    page = me.get("/cohort").text
    assert "Small award: Group one" in page
    assert page.count("Not taken yet") == 2
    request = ask(here)
    page = me.get("/cohort").text
    assert "Waits for you" in page
    assert "govuk-tag--red" not in page
    here.clock.advance(ANSWERED_WITHIN)
    me = Browser(here, "tutor")
    page = me.get("/cohort").text
    assert "Waits for you: answer today" in page
    assert "govuk-tag--red" in page
    approvals.approve(here.context("tutor"), request, ["practice"], "Nine of ten, twice.")
    assert ">Approved<" in " ".join(me.get("/cohort").text.split()).replace("> ", ">").replace(
        " <", "<"
    )
    device = here.log_in("candidate")
    attempt = here.start(device)
    void(attempt)
    assert "1 attempt" not in me.get("/cohort").text
    here.approve()
    here.hand_in(device, here.start(device))
    page = me.get("/cohort").text
    assert "Not yet passed" in page
    assert "1 attempt" in page


def test_who_has_left_or_is_registered_no_more_stands_behind_those_who_are_there(
    here: World, me: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(here)
    here.clock.advance(ANSWERED_WITHIN)
    me = Browser(here, "tutor")
    people.set_active(here.context(), here.persons["candidate"], False)
    page = me.get("/cohort").text
    now, behind = page.split("Small award: Group one (past)")
    assert ("Candidate Two" in now, "Candidate Two" in behind) == (True, False)
    assert (f'href="{page_of(here)}"' in now, f'href="{page_of(here)}"' in behind) == (False, True)
    assert "Waits for you" not in page
    monkeypatch.setattr(candidates, "MOST", 1)
    page = me.get("/cohort").text
    assert "Candidate Two" in page
    assert "There are more past candidates than this page shows." in page
    with store.read() as session:
        assert programme_rows.groups(session, here.programme, here.clock.now()) == {"Group one": 1}
        two = programme_rows.registration(session, here.programme, here.persons["candidate.two"])
    assert two is not None
    last = Entry("Group one", ends=here.clock.now().date())
    operator, tutor = here.context(), here.persons["tutor"]
    assert programmes.change_registration(operator, two.id, tutor, last) is None
    here.clock.advance(2 * ANSWERED_WITHIN)
    page = Browser(here, "tutor").get("/cohort").text
    assert page.count("Small award: Group one") == page.count("Small award: Group one (past)") == 1


def test_another_tutor_and_another_centre_do_not_find_the_candidate(here: World) -> None:
    assert Browser(here, "tutor.there").get(page_of(here)).status_code == 404
    assert "No candidate is registered with you" in Browser(here, "tutor.there").get("/cohort").text


def test_earlier_attempts_are_shown_by_outcome_and_no_question_of_them(
    here: World, me: Browser
) -> None:
    here.sit(right=1)
    page = me.get(page_of(here)).text
    assert "Attempt 1: Not yet passed" in page
    assert "1 Greet a customer" in page
    assert "of 2" in page
    assert "Stem" not in page
    assert "Option" not in page


def test_not_yet_needs_advice_and_shows_it_to_the_candidate(here: World, me: Browser) -> None:
    request = ask(here)
    answer = me.post(f"/readiness/{request}/not-yet", {"advice": "no"})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-REASON"})
    answer = me.post(f"/readiness/{request}/not-yet", {"advice": ADVICE})
    assert (answer.status_code, answer.location) == (302, "/readiness")
    candidate = Browser(here, "candidate").get("/assessments").text
    assert ADVICE in candidate
    assert "Ask for approval" in candidate
    assert "Answered “not yet”" in me.get(page_of(here)).text


def test_an_approval_is_withdrawn_on_a_page_of_its_own(here: World, me: Browser) -> None:
    here.make_ready()
    address = f"/approvals/{newest(here)}/withdraw"
    assert address in me.get(page_of(here)).text
    assert "Withdraw the approval for Candidate" in me.get(address).text
    answer = me.post(address, {"words": ""})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-REASON"})
    assert me.post(address, {"words": "The wrong test was approved."}).status_code == 302
    again = me.post(address, {"words": "The wrong test was approved."})
    assert (again.status_code, codes(again.text)) == (409, {"E-DECIDED"})
    assert "This approval was withdrawn on" in again.text
    assert codes(me.get(address).text) == {"E-DECIDED"}
    assert "withdrawn on" in me.get("/readiness").text
    assert "E-APPROVAL" in codes(Browser(here, "candidate").get("/assessments").text)


def test_a_started_attempt_keeps_its_approval(here: World, me: Browser) -> None:
    here.make_ready()
    here.start(here.log_in("candidate"))
    address = f"/approvals/{newest(here)}/withdraw"
    assert codes(me.get(address).text) == {"E-STARTED"}
    answer = me.post(address, {"words": "The wrong test was approved."})
    assert (answer.status_code, codes(answer.text)) == (409, {"E-STARTED"})


def test_a_note_is_kept_and_an_empty_one_refused(here: World, me: Browser) -> None:
    address = f"{page_of(here)}/notes"
    answer = me.post(address, {"words": "  "})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-FIELD"})
    assert me.post(address, {"words": "Works nights."}).status_code == 302
    assert "Works nights." in me.get(page_of(here)).text
    assert "Works nights." not in Browser(here, "candidate").get("/assessments").text
    with store.read() as session:
        assert session.scalars(select(Note.words)).all() == ["Works nights."]


def test_a_day_is_agreed_for_a_test_whose_weeks_count_from_it(here: World, me: Browser) -> None:
    done = specifications.publish(here.context(), specification(window=Window(weeks=6)))
    assert not isinstance(done, Refused), done
    assert "First day agreed with the candidate" in me.get(page_of(here)).text
    address = f"{page_of(here)}/tests/{here.test}/date"
    for wrong in (("31", "2", "2026"), ("", "", ""), ("1", "3", "2026")):
        day, month, year = wrong
        form = {"starts_on-day": day, "starts_on-month": month, "starts_on-year": year}
        answer = me.post(address, form)
        assert (answer.status_code, codes(answer.text)) == (422, {"E-FIELD"}), wrong
        for name, typed in form.items():  # nothing is to be typed twice
            field = re.search(rf'<input[^>]* name="{name}"[^>]*>', answer.text)
            assert field is not None
            assert f'value="{typed}"' in field[0]
    form = {"starts_on-day": "9", "starts_on-month": "3", "starts_on-year": "2026"}
    assert me.post(address, form).status_code == 302
    assert (
        "Monday 9 March 2026 at 00:00 to Monday 20 April 2026 at 00:00"
        in me.get(page_of(here)).text
    )
    here.clock.advance(timedelta(days=8))  # the day has begun: it cannot be agreed anew
    page = Browser(here, "tutor").get(page_of(here)).text
    assert "Monday 9 March 2026 at 00:00" in page
    assert "First day agreed with the candidate" not in page
    here.clock.advance(timedelta(days=42))
    over = Browser(here, "tutor").get(page_of(here)).text
    assert "Monday 9 March 2026 at 00:00 to Monday 20 April 2026 at 00:00. The quality" in over
    quality, decisions = Browser(here, "quality"), f"/decisions/{here.persons['candidate']}"
    assert "Allow another period" in quality.get(decisions).text
    form = {"kind": "another-period", "words": "Ill for all six weeks: letter of 4 May."}
    assert quality.post(f"{decisions}/tests/{here.test}", form).status_code == 302
    assert "Another period" in quality.get(decisions).text
    page = Browser(here, "tutor").get(page_of(here)).text
    assert "Ill for all six weeks" in page
    assert "First day agreed with the candidate" in page


def test_the_quality_team_decides_with_a_reason_and_the_tutor_cannot(here: World) -> None:
    here.sit(right=0)
    here.clock.advance(timedelta(hours=1))
    quality = Browser(here, "quality")
    assert ">candidate</span>" in quality.get("/decisions?words=candi").text  # for a hold
    assert "No candidate of your centre" in quality.get("/decisions?words=nobody").text
    address = f"/decisions/{here.persons['candidate']}"
    page = quality.get(address).text
    assert "Lift the break that runs now" in page
    assert "data-read-keys" not in page
    for held in (["candidate", "author"], ["candidate"]):
        person, administrator = here.persons["candidate"], here.context("administrator")
        assert people.set_roles(administrator, person, held) is None
    day = wording.day(here.clock.now().date())
    assert f"Author, {day} to {day}" in quality.get(address).text
    decide = f"{address}/tests/{here.test}"
    answer = quality.post(decide, {"kind": "waiver", "words": "no"})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-REASON"})
    assert quality.post(decide, {"kind": "other", "words": "A reason."}).status_code == 422
    reason = "The fire alarm went off in the last ten minutes."
    assert quality.post(decide, {"kind": "waiver", "words": reason}).status_code == 302
    page = quality.get(address).text
    assert reason in page
    assert "Nothing to decide now" in page
    answer = quality.post(decide, {"kind": "waiver", "words": reason})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-ATTEMPTS", "E-NOT-NEEDED"})
    assert Browser(here, "tutor").get(address).status_code == 403
    with store.read() as session:
        rows_ = allowances.decisions(session, here.test, here.persons["candidate"])
    assert [row.kind for row in rows_] == ["waiver"]
    assert "Break lifted" in Browser(here, "tutor").get(page_of(here)).text


def test_the_way_of_appeal_is_open_to_all_and_linked_from_every_page(here: World) -> None:
    page = Browser(here, None).get("/appeals")
    assert page.status_code == 200
    assert "Ask for a review" in page.text
    assert 'href="/appeals"' in Browser(here, "candidate").get("/assessments").text

"""The way of a candidate: what is open and why not, the statement, asking, starting."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from assess import store
from assess.actions import allowances, arrangements, programmes
from assess.actions.specifications import publish
from assess.bank.specification import Quota
from assess.delivery.arrangements import Proposal
from assess.reasons import Refused
from assess.store import attempts
from assess.store.allowances import Kind
from tests.builders import World, specification
from tests.web.candidate_builders import Browser, codes, started

HUGE = 10**30

# What differs between databases is tested with the deeds; pages are tested on one.


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def me(here: World) -> Browser:
    """The candidate's browser."""
    return Browser(here, "candidate")


def test_a_card_gives_every_reason_at_once_with_its_code(here: World, me: Browser) -> None:
    page = me.get("/assessments")
    assert page.status_code == 200
    assert codes(page.text) == {"E-SIGN", "E-APPROVAL"}
    assert "Not available yet" in page.text
    assert "First test" in page.text
    assert "30 minutes" in page.text
    assert "0 used, 3 left" in page.text
    assert "Your tutor is Tutor." in page.text


def test_a_card_offers_only_what_can_be_done_now(here: World, me: Browser) -> None:
    page = me.get("/assessments").text
    assert "Read and sign the statement" in page
    assert "Ask for approval" in page
    assert f"/tests/{here.test}/start" not in page
    here.make_ready()
    page = me.get("/assessments").text
    assert "Ready to start" in page
    assert f"/tests/{here.test}/start" in page
    assert "Ask for approval" not in page
    assert codes(page) == set()


def test_while_a_tutor_is_asked_nobody_is_offered_to_ask_again(here: World, me: Browser) -> None:
    assert me.post(f"/tests/{here.test}/approval").status_code == 302
    page = me.get("/assessments").text
    assert "You asked for approval on" in page
    assert "Ask your tutor for approval when" not in page
    assert f'action="/tests/{here.test}/approval"' not in page
    again = me.post(f"/tests/{here.test}/approval")
    assert again.status_code == 409
    assert "E-ASKED" in codes(again.text)


def test_an_attempt_under_way_is_gone_on_with_from_its_card(here: World, me: Browser) -> None:
    attempt = started(here, me)
    page = me.get("/assessments").text
    assert "In progress" in page
    assert f'href="/attempts/{attempt}"' in page
    assert codes(page) == {"E-OPEN-ATTEMPT"}
    assert "1 used, 2 left" in page


def test_after_a_fail_the_card_says_when_the_next_attempt_opens(here: World, me: Browser) -> None:
    attempt = here.sit("candidate", right=0)
    page = me.get("/assessments").text
    assert "Not yet passed" in page
    assert codes(page) == {"E-COOL", "E-APPROVAL"}
    assert f"/attempts/{attempt}/result" in page
    # Handed in some seconds after eleven: at eleven they would still be turned away.
    assert "opens on Wednesday 4 March 2026 at 11:01" in page
    assert "This clears on Wednesday 4 March 2026 at 11:01" in page


def test_an_attempt_more_that_was_allowed_is_counted_as_left(here: World, me: Browser) -> None:
    assert not isinstance(publish(here.context(), specification(attempts=1)), Refused)
    attempt = here.sit("candidate", right=0)
    result = f"/attempts/{attempt}/result"
    assert "No attempt is left." in me.get(result).text
    who, quality = here.persons["candidate"], here.context("quality")
    done = allowances.allow(quality, here.test, who, Kind.EXTRA_ATTEMPT, "The network failed.")
    assert isinstance(done, int), done
    assert "No attempt is left." not in me.get(result).text
    assert "1 used, 1 left" in me.get("/assessments").text


def test_after_a_pass_nothing_is_left_to_clear(here: World, me: Browser) -> None:
    here.sit("candidate")
    page = me.get("/assessments").text
    assert 'data-state="passed"' in page
    assert codes(page) == {"E-ATTEMPTS"}
    assert "Ask for approval" not in page


def test_a_candidate_registered_on_nothing_is_told_what_would_put_tests_here(here: World) -> None:
    page = Browser(here, "candidate.there").get("/assessments")
    assert page.status_code == 200
    assert "app-empty" in page.text
    assert "not registered on a programme yet" in page.text


def test_the_list_closes_what_is_over(here: World, me: Browser) -> None:
    attempt = started(here, me)
    here.clock.advance(timedelta(minutes=31))
    me = Browser(here, "candidate")
    assert "Not yet passed" in me.get("/assessments").text
    with store.read() as session:
        assert session.get_one(attempts.Attempt, attempt).state == "marked"


def test_the_statement_is_signed_by_the_typed_name(here: World, me: Browser) -> None:
    path = f"/programmes/{here.programme}/statement"
    page = me.get(path).text
    assert "All the work I hand in is my own." in page
    assert "Version 1" in page
    answer = me.post(path, {"name": "  candidate ", "version": "1"})
    assert (answer.status_code, answer.location) == (302, path)
    page = me.get(path).text
    assert "Signed by candidate on Monday 2 March 2026 at 11:00, version 1." in page
    assert 'name="name"' not in page
    assert "E-SIGN" not in codes(me.get("/assessments").text)


def test_another_name_is_refused_beside_the_field_and_kept(here: World, me: Browser) -> None:
    path = f"/programmes/{here.programme}/statement"
    page = me.post(path, {"name": "Somebody <Else>", "version": "1"})
    assert page.status_code == 422
    assert "E-SIGN-NAME" in codes(page.text)
    assert "<title>Error: " in page.text
    assert 'value="Somebody &lt;Else&gt;"' in page.text
    assert 'aria-describedby="name-hint name-error"' in page.text


def test_a_text_that_changed_while_it_was_read_is_shown_and_not_signed(
    here: World, me: Browser
) -> None:
    path = f"/programmes/{here.programme}/statement"
    programmes.publish_statement(here.context(), here.programme, "A **new** text.\n\n- one\n- two")
    page = me.post(path, {"name": "Candidate", "version": "1"})
    assert page.status_code == 422
    assert codes(page.text) == {"E-SIGN-VERSION"}
    assert "A <strong>new</strong> text." in page.text
    assert 'name="version" value="2"' in page.text
    assert me.post(path, {"name": "Candidate", "version": "2"}).status_code == 302


def test_both_faults_of_a_signature_are_said_together(here: World, me: Browser) -> None:
    path = f"/programmes/{here.programme}/statement"
    page = me.post(path, {"name": "", "version": "nonsense"})
    assert page.status_code == 422
    assert codes(page.text) == {"E-SIGN-NAME", "E-SIGN-VERSION"}


def test_a_changed_statement_is_signed_anew(here: World, me: Browser) -> None:
    path = f"/programmes/{here.programme}/statement"
    me.post(path, {"name": "Candidate", "version": "1"})
    programmes.publish_statement(here.context(), here.programme, "A new text.")
    assert "since you signed version 1" in me.get(path).text
    assert "E-SIGN" in codes(me.get("/assessments").text)


def test_the_page_before_the_start_says_what_will_happen(here: World, me: Browser) -> None:
    here.make_ready()
    page = me.get(f"/tests/{here.test}/start")
    assert page.status_code == 200
    for said in (
        "Candidate",
        "First test",
        "30 minutes",
        "3 of 4, and at least 1 in each outcome",
        "3, this one included",
        "cannot be paused",
    ):
        assert said in page.text
    assert "Affirm, and start the test" in page.text


def test_a_start_by_its_address_is_refused_with_every_reason(here: World, me: Browser) -> None:
    page = me.get(f"/tests/{here.test}/start")
    assert page.status_code == 403
    assert codes(page.text) == {"E-GATE", "E-SIGN", "E-APPROVAL"}
    page = me.post(f"/tests/{here.test}/attempts", {"affirmed": "yes"})
    assert page.status_code == 403
    assert codes(page.text) == {"E-GATE", "E-SIGN", "E-APPROVAL"}
    answer = me.send(f"/tests/{here.test}/attempts", {"affirmed": "yes"})
    assert answer.status_code == 403
    assert answer.json is not None
    assert [r["code"] for r in answer.json["reasons"]] == ["E-SIGN", "E-APPROVAL"]


def test_a_start_without_affirming_asks_for_it_at_the_statement(here: World, me: Browser) -> None:
    here.make_ready()
    page = me.post(f"/tests/{here.test}/attempts", {"affirmed": "on"})
    assert page.status_code == 403
    assert codes(page.text) == {"E-AFFIRM"}
    assert 'id="affirmed-error"' in page.text
    with store.read() as session:
        assert not attempts.of_test(session, here.test, here.persons["candidate"])


def test_a_start_under_other_terms_than_were_read_shows_them_first(
    here: World, me: Browser
) -> None:
    here.make_ready()
    start, path = f"/tests/{here.test}/start", f"/tests/{here.test}/attempts"

    def read(page: str) -> dict[str, str]:
        found = re.search(r'name="announced" value="([^"]+)"', page)
        assert found is not None
        return {"affirmed": "yes", "announced": found[1]}

    before = read(me.get(start).text)
    shorter = specification(minutes=20, quotas=(Quota("award/U1/1", 2, 2), Quota("award/U1/2", 2)))
    assert not isinstance(publish(here.context(), shorter), Refused)
    page = me.post(path, before)
    assert page.status_code == 403
    assert codes(page.text) == {"E-EDITED"}
    assert "20 minutes" in page.text
    assert re.search(
        r"3 of 4, and at least:\s+<ul [^>]+><li>2 of 2 in “1 [^<]+”</li></ul>", page.text
    )
    with store.read() as session:
        assert not attempts.of_test(session, here.test, here.persons["candidate"])
    # The same for who has more time by now than they were told.
    before = read(page.text)
    more = Proposal("extra_time", "25", "", "A letter of 3 May.")
    done = arrangements.arrange(here.context("administrator"), here.persons["candidate"], more)
    assert isinstance(done, int)
    page = me.post(path, before)
    assert codes(page.text) == {"E-EDITED"}
    assert "25 minutes" in page.text
    assert me.post(path, read(page.text)).status_code == 302


def test_a_second_click_on_start_begins_no_second_attempt(here: World, me: Browser) -> None:
    attempt = started(here, me)
    again = me.post(f"/tests/{here.test}/attempts", {"affirmed": "yes"})
    for answer in (again, me.get(f"/tests/{here.test}/start")):
        assert answer.status_code == 403
        assert "E-OPEN-ATTEMPT" in codes(answer.text)
        assert f'href="/attempts/{attempt}"' in answer.text  # the way on, for who pressed Back
    with store.read() as session:
        assert len(attempts.of_test(session, here.test, here.persons["candidate"])) == 1


def test_what_is_not_there_is_not_found(here: World, me: Browser) -> None:
    for number in (0, 999_999, HUGE):
        for path in (f"/programmes/{number}/statement", f"/tests/{number}/start"):
            assert me.get(path).status_code == 404
        for path in (
            f"/programmes/{number}/statement",
            f"/tests/{number}/approval",
            f"/tests/{number}/attempts",
        ):
            answer = me.post(path, {"affirmed": "yes", "name": "Candidate"})
            assert answer.status_code in ((404, 405) if number == HUGE else (404,))

"""A rest break by the pages and by JSON: no question meanwhile, and staff see when it was."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from assess.actions import arrangements, remarking
from assess.delivery.arrangements import Proposal
from tests.builders import World
from tests.web.candidate_builders import Browser, codes, contents, field, right, started

MINUTE = timedelta(minutes=1)
SEEN = "Letter of 3 May, in the file."


@pytest.fixture
def me(built: World) -> Browser:
    """The browser of a candidate with fifteen minutes of rest breaks."""
    proposal = Proposal("rest_breaks", "15", "When the back hurts.", SEEN)
    arrangements.arrange(built.context(), built.persons["candidate"], proposal)
    return Browser(built, "candidate")


def test_by_pages_alone_one_rests_and_goes_on_and_no_question_is_seen_meanwhile(
    built: World, me: Browser
) -> None:
    attempt = started(built, me)
    at = f"/attempts/{attempt}"
    page = me.get(f"{at}/questions/1").text
    key = {"writer": field(page, "writer"), "sequence": field(page, "sequence")}
    answer = {"answer": right(attempt, 1), "go": "rest", **key}
    saved = me.post(f"{at}/questions/1", answer)
    asked = f"{at}/rest?question=1"
    assert saved.location == asked
    ask = me.get(asked).text
    assert "You have 15 minutes left for rest breaks" in ask
    assert f'href="{at}/questions/1"' in ask
    assert f'action="{asked}"' in ask
    assert me.post(asked).location == asked

    stems = [content.stem for content in contents(attempt)]
    for path, back in (("", ""), ("/questions/2", "?question=2"), ("/review", "")):
        assert me.get(at + path).location == f"{at}/rest{back}"
    resting = me.get(asked)
    assert resting.headers["Refresh"] == f"901; url={at}/questions/1"
    assert f'action="{at}/rest/end?question=1"' in resting.text
    late = me.post(f"{at}/questions/2", {"answer": "1", **key})
    assert (late.status_code, codes(late.text)) == (409, {"E-STATE"})
    assert "was not saved: Question 2: option 2" in late.text
    assert not any(stem in page for stem in stems for page in (resting.text, late.text))
    assert me.get(f"/api{at}/form").status_code == 409

    # On another device: the break is ended there, and the test goes on there.
    built.clock.advance(4 * MINUTE)
    other = Browser(built, "candidate")
    assert "You began it on another device" in other.get(f"{at}/rest").text
    assert other.post(f"{at}/rest/end?question=2").location == f"{at}/questions/2"
    assert other.get(at).location == f"{at}/questions/2"
    assert "open on another device" in me.get(f"{at}/questions/2").text

    other.post(f"{at}/rest")
    built.clock.advance(11 * MINUTE)  # its minutes are used up
    for used in (other.get(f"{at}/rest"), other.post(f"{at}/rest")):
        assert (used.status_code, codes(used.text)) == (409, {"E-REST"})
        assert f'href="{at}"' in used.text
    finish = other.get(f"{at}/finish").text
    assert "15 minutes for rest breaks in this attempt, and 0 seconds of it left" in finish
    assert "by itself after 11 minutes" in finish
    assert "When the back hurts. (Candidate)" in finish
    other.post(f"{at}/hand-in")
    try_it = me.get("/try").text
    assert "Rest breaks: 15 minutes in each attempt. When the back hurts." in try_it
    wish = remarking.ask(built.context("candidate"), attempt, "Question two is unclear.")
    seen = Browser(built, "quality").get(f"/mark-reviews/{wish}").text
    told = Browser(built, "tutor").get(f"/cohort/{built.persons['candidate']}").text
    for page in (seen, told):
        assert "Rest break by arrangement: 11:00:00 to 11:04:00, 4 minutes" in page
        assert "Rest break by arrangement: 11:04:00 to 11:15:00, 11 minutes" in page


def test_the_player_is_told_how_the_break_and_the_clock_stand(built: World, me: Browser) -> None:
    attempt = started(built, me)
    at = f"/api/attempts/{attempt}"

    def told(answer: object) -> tuple[object, ...]:
        said = json.loads(answer.text)  # type: ignore[attr-defined]
        names = ("state", "seconds_left", "resting", "rest_left")
        return tuple(said[name] for name in names)

    assert told(me.get(f"{at}/time")) == ("open", 1800, False, 900)
    built.clock.advance(5 * MINUTE)
    assert told(me.tell(f"{at}/rest", {})) == ("paused", 1500, True, 900)
    built.clock.advance(10 * MINUTE)
    assert told(me.get(f"{at}/time")) == ("paused", 1500, True, 300)
    assert told(me.tell(f"{at}/rest/end", {})) == ("open", 1500, False, 300)
    me.tell(f"{at}/rest", {})
    built.clock.advance(6 * MINUTE)
    assert told(me.get(f"{at}/time")) == ("open", 1440, False, 0)
    refused = me.tell(f"{at}/rest", {})
    assert (refused.status_code, json.loads(refused.text)["code"]) == (409, "E-REST")


def test_an_administrator_records_how_many_minutes(built: World) -> None:
    staff = Browser(built, "administrator")
    path = f"/people/{built.persons['candidate']}/arrangements"
    form = {"kind": "rest_breaks", "minutes": "121", "evidence": SEEN}
    wrong = staff.post(path, form)
    assert (wrong.status_code, codes(wrong.text)) == (422, {"E-FIELD"})
    assert staff.post(path, form | {"minutes": "20"}).status_code == 302
    assert "Rest breaks: 20 minutes in each attempt" in staff.get(path).text

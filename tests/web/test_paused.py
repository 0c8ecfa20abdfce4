"""A test that somebody has paused, by its pages: said so, nothing of it seen, back by itself."""

from __future__ import annotations

from assess.actions import timekeeping
from tests.builders import World
from tests.web.candidate_builders import JSON, Browser, codes, contents, field, right, started


def test_whatever_page_of_a_paused_test_is_asked_for_says_so_and_asks_again(built: World) -> None:
    me = Browser(built, "candidate")
    attempt = started(built, me)
    at = f"/attempts/{attempt}"
    page = me.get(f"{at}/questions/2").text
    key = {"writer": field(page, "writer"), "sequence": field(page, "sequence")}
    staff = built.context("invigilator")
    assert timekeeping.pause(staff, attempt, "The fire alarm rings.") is None

    looked = {path: me.get(at + path) for path in ("", "/questions/2", "/review")}
    sent = me.post(f"{at}/questions/2", {"answer": right(attempt, 2), "go": "next", **key})
    handed_in = me.post(f"{at}/hand-in")
    stems = [content.stem for content in contents(attempt)]
    for answer in (*looked.values(), sent, handed_in):
        assert (answer.status_code, codes(answer.text)) == (409, {"E-STATE"})
        assert "Your test is paused" in answer.text
        assert not any(stem in answer.text for stem in stems)
    for path, answer in looked.items():
        # Only without a script does the page come anew: it would be read aloud from its beginning.
        assert f'<noscript><meta http-equiv="refresh" content="5; url={at}{path}">' in answer.text
        assert "Refresh" not in answer.headers
    assert f'content="5; url={at}/questions/2"' in sent.text
    assert me.get(f"{at}/waiting/state?paused=").get_json()["moved"] is None
    assert me.get(f"{at}/waiting/state").get_json()["moved"] == at
    assert "was not saved: Question 2: option" in sent.text
    assert me.get(f"{at}/result").location == at
    assert me.get(at, headers=JSON).get_json()["code"] == "E-STATE"

    assert timekeeping.resume(built.context("invigilator"), attempt, "All are back.") is None
    assert me.get(f"{at}/waiting/state?paused=").get_json()["moved"] == at
    assert stems[1] in me.get(f"{at}/questions/2").text

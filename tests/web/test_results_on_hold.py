"""While somebody holds a result back, nothing tells the candidate what it is; then all is there."""

from __future__ import annotations

import re

import pytest

from assess import store
from assess.actions import holds
from assess.reasons import Refused
from assess.store import holds as rows
from tests.builders import World
from tests.web.candidate_builders import JSON, Browser, codes

WORDS = "A telephone was found; the recording is looked at."


def keep_back(world: World, test: int | None, *, results: bool = True) -> int:
    """Place a hold on the candidate as the quality team does; its number."""
    placed = holds.place(
        world.context("quality"), world.persons["candidate"], test, WORDS, results=results
    )
    assert not isinstance(placed, Refused), placed
    return placed


@pytest.mark.parametrize("right", [0, None], ids=["failed", "passed"])
def test_a_result_on_hold_is_told_nowhere_and_released_it_is_there(
    built: World, right: int | None
) -> None:
    attempt = built.sit("candidate", right=right)
    me = Browser(built, "candidate")
    shown = me.get(f"/attempts/{attempt}/result").text
    assert me.post(f"/attempts/{attempt}/statement").status_code == 302
    statement = me.get(f"/attempts/{attempt}/statement").text
    code = re.search(r"data-code-of-statement>([^<]+)<", statement)
    assert code is not None

    hold = keep_back(built, None if right == 0 else built.test)
    page = me.get(f"/attempts/{attempt}/result")
    assert page.status_code == 200
    assert codes(page.text) == {"I-HELD"}
    assert "Your result is on hold" in page.text
    assert "You handed in on" in page.text
    for kept in ("data-receipt>", "data-receipt-line>"):
        found = re.search(rf"{kept}[^<]+<", page.text)
        assert found is not None
        assert found[0] in shown
    asked = me.get(f"/attempts/{attempt}/result", headers=JSON)
    assert (asked.status_code, asked.get_json()["code"]) == (423, "I-HELD")
    mine = me.get("/assessments").text
    assert 'data-state="held"' in mine
    assert codes(mine) == {"E-HELD"}
    assert me.get(f"/attempts/{attempt}/finish").status_code == 200
    progress = me.get(f"/programmes/{built.programme}/progress").text
    assert 'data-state="held"' in progress
    for text in (page.text, mine, progress, me.get(f"/tests/{built.test}/start").text):
        for told in ("Pass<", "Not yet passed", "You have passed", "opens on", "You scored"):
            assert told not in text
    for refused in (
        me.post(f"/attempts/{attempt}/statement"),
        me.get(f"/attempts/{attempt}/statement"),
        me.get(f"/attempts/{attempt}/statement.pdf"),
        me.post(f"/attempts/{attempt}/review", {"words": "Question 2 has two right answers."}),
    ):
        assert refused.status_code in {409, 423}
        assert "I-HELD" in codes(refused.text)
    asked = me.post(f"/tests/{built.test}/approval")
    assert (asked.status_code, codes(asked.text)) == (409, {"E-ASKED", "E-HELD"})
    assert "You do not need to ask" not in asked.text
    assert me.get(f"/attempts/{attempt}/receipt.json").status_code == 200
    somebody = Browser(built, None)
    token = somebody.token_of("/verify")
    typed = {"csrf_token": token, "code": code[1], "name": "Candidate"}
    verified = somebody.post("/verify", typed).text
    assert 'data-verified="held"' in verified
    assert "data-result>" not in verified

    assert holds.lift(built.context("quality"), hold, "Nothing was found on it.") is None
    assert me.get(f"/attempts/{attempt}/result").text.count("data-result>") == 1
    assert me.get(f"/attempts/{attempt}/statement").status_code == 200


def test_a_hold_that_keeps_no_results_back_shows_them_and_the_page_places_either(
    built: World,
) -> None:
    attempt = built.sit("candidate")
    keep_back(built, built.test, results=False)
    me = Browser(built, "candidate")
    assert "You scored" in me.get(f"/attempts/{attempt}/result").text
    progress = me.get(f"/programmes/{built.programme}/progress").text
    assert 'data-state="held"' not in progress
    staff = Browser(built, "quality")
    sent = {"username": "candidate", "results": "yes", "words": WORDS}
    # Also on the test that is held already: only the results of it can be read.
    for test, status in (("T1", 302), ("T1", 409), ("*", 302)):
        assert staff.post("/holds", sent | {"test": test}).status_code == status
    with store.read() as session:
        placed = rows.in_force(session, built.persons["candidate"])
    assert [(hold.test_id, hold.results) for hold in placed] == [
        (built.test, False),
        (built.test, True),
        (None, True),
    ]
    assert "held back" in staff.get("/holds").text

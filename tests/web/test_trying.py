"""Trying settings: shown as the address asks, by the player itself, and stored nowhere."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from assess import store
from assess.actions import arrangements
from assess.delivery.arrangements import Proposal
from assess.store.journal import JournalEntry
from tests.builders import World
from tests.web.candidate_builders import Browser


@pytest.fixture
def me(built: World) -> Browser:
    """The candidate's browser."""
    return Browser(built, "candidate")


def root(page: str) -> str:
    """The tag of the root element."""
    return page[page.index("<html") : page.index(">", page.index("<html"))]


def test_what_is_tried_is_shown_on_these_pages_only_and_kept_nowhere(
    built: World, me: Browser
) -> None:
    seen = "Letter of 3 May, in the file."
    arrangements.arrange(
        built.context(), built.persons["candidate"], Proposal("colours", "blue", "", seen)
    )
    for path in ("/try", "/account", "/account/password", "/accessibility", "/appeals", "/verify"):
        assert "app-colours--blue" in root(me.get(path).text)
    with store.read() as session:
        before = session.scalar(select(func.count(JournalEntry.id)))
    tried = "?colours=green&spacing=wider&text_size="
    for path in ("/try", "/try/questions/3", "/try/review"):
        page = root(me.get(path + tried).text)
        assert "app-colours--green" in page
        assert "app-spacing--wider" in page
        assert "app-text" not in page
    assert "app-colours--blue" in root(me.get("/assessments?colours=green").text)
    for nonsense in ("mauve", "green%22 onload", "%00"):
        page = me.get(f"/try?colours={nonsense}").text
        assert "app-colours" not in root(page)
    with store.read() as session:
        assert session.scalar(select(func.count(JournalEntry.id))) == before


def test_the_samples_lead_on_by_their_buttons_and_to_nothing_else(me: Browser) -> None:
    page = me.get("/try/questions/1?colours=green")
    assert "Which of these is a day of the week?" in page.text
    for place, go, goal in (
        (1, "next", "/try/questions/2"),
        (2, "previous", "/try/questions/1"),
        (4, "next", "/try/review"),
        (2, "4", "/try/questions/4"),
        (2, "9", "/try/questions/2"),
    ):
        answer = me.get(f"/try/questions/{place}?answer=1&colours=green&go={go}")
        assert (answer.status_code, answer.location) == (302, f"{goal}?colours=green")
    for place in (0, 5):
        assert me.get(f"/try/questions/{place}").status_code == 404
    form = json.loads(me.get("/try/form").text)
    assert [one["control"] for one in form["questions"]] == [
        "radios",
        "checkboxes",
        "radios",
        "radios",
    ]

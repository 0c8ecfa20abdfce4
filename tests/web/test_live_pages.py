"""Does the board of a room keep itself as the server says, in a real browser?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from invigilation.actions import roster
from tests.builders import PASSWORD, World
from tests.conftest import Served
from tests.entering import enter
from tests.rooms import Room, room

HURRY = "{ const set = setTimeout; window.setTimeout = (f, t) => set(f, Math.min(t, 200)); }"


@pytest.fixture
def made(built: World, served: Served) -> Room:
    """A sitting with two candidates on its roster, behind a port."""
    assert built.app is served.app
    return room(built, "candidate", "candidate.two")


def test_the_board_shows_attendance_in_its_colour_and_keeps_saying_that_the_roster_changed(
    made: Room, served: Served, page: Page
) -> None:
    enter(page.context, served.url, "invigilator", PASSWORD)
    page.add_init_script(HURRY)
    page.goto(f"{served.url}/sittings/{made.sitting}")
    said = page.locator("[data-live-said]")
    tag = page.locator(f"[data-live-text=attendance-{made.entries['candidate']}]")
    expect(tag).to_have_class(re.compile("govuk-tag--yellow"))
    made.admit("candidate")
    expect(tag).to_have_text("Present")
    expect(tag).to_have_class("govuk-tag govuk-tag--green")
    expect(page.locator("tr", has_text="Present")).to_contain_text("since 11:00")

    done = roster.take_off(made.invigilator, made.sitting, made.entries["candidate.two"])
    assert isinstance(done, str)
    expect(said).to_contain_text("The roster has changed.")
    page.context.set_offline(True)
    expect(said).to_contain_text("No connection")
    page.context.set_offline(False)
    expect(said).not_to_contain_text("No connection")
    expect(said).to_contain_text("The roster has changed.")

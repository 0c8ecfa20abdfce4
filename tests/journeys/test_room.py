"""A room from the roster to the report: an invigilator, one who waits, a latecomer, one absent."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from assess import store
from assess.store import banks, people
from assess.store.attempts import Attempt
from invigilation.sittings import NOTICE
from tests.journeys.conftest import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

Enter = Callable[..., "Page"]
Look = Callable[["Page", str], None]


def stems(stage: Stage, who: str) -> list[str]:
    """The stems of the form that is sealed for somebody, which only the server knows."""
    with stage.served.app.app_context(), store.read() as session:
        person = people.by_username(session, who)
        assert person is not None
        row = session.query(Attempt).filter_by(candidate_id=person.id, state="prepared").one()
        contents = banks.contents(session, [q.version for q in row.drawn()])
        return [contents[q.version].stem for q in row.drawn()]


def to_the_waiting_room(stage: Stage, page: Page, name: str) -> None:
    """From the card of the test to the page on which one waits."""
    page.goto(f"{stage.url}/assessments")
    page.get_by_role("button", name="Go to the waiting room").click()
    expect(page.locator("main")).to_contain_text(f"I am {name}")
    page.get_by_role("button", name="Affirm, and go to the waiting room").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Please wait")


def record(page: Page, name: str, seen: str, method: str | None, save: str) -> None:
    """Record of the candidate on the page whether they are here, and how that is known."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    page.get_by_label(seen, exact=True).check()
    if method is not None:
        page.get_by_label(method).check()
    page.get_by_role("button", name=save, exact=True).click()


@pytest.mark.one_database("postgresql")
def test_a_room_is_admitted_released_and_closed(stage: Stage, person: Enter, look: Look) -> None:
    clock = stage.served.clock
    invigilator, ben = person("invigilator"), person("candidate2")

    # One sitting today. Its candidate sees where and when, goes there, and waits.
    invigilator.goto(f"{stage.url}/sittings")
    look(invigilator, "room-sittings")
    invigilator.get_by_role("button", name="Open a sitting").click()
    invigilator.get_by_role("button", name="Open the sitting").click()
    expect(invigilator.locator("[data-code=E-FIELD]").first).to_be_visible()
    look(invigilator, "room-new")
    invigilator.goto(f"{stage.url}/sittings")
    invigilator.get_by_role("link", name="Civic Centre, room 2").click()
    look(invigilator, "room-roster")
    invigilator.get_by_role("button", name="Add candidates").click()
    invigilator.get_by_label("Name, log-in name or group").fill("Ben")
    invigilator.keyboard.press("Enter")
    expect(invigilator.get_by_role("button", name="Show everybody")).to_be_visible()
    look(invigilator, "room-choose")
    invigilator.get_by_role("link", name="Civic Centre, room 2").click()
    ben.goto(f"{stage.url}/assessments")
    card = ben.locator("li.app-card", has_text="in the room")
    expect(card.locator("[data-code=E-ADMIT]")).to_contain_text("Civic Centre, room 2")
    look(ben, "room-card")
    ben.get_by_role("button", name="Go to the waiting room").click()
    look(ben, "room-start")
    to_the_waiting_room(stage, ben, "Ben Kowalski")
    expect(ben.locator("[data-live-text=said]")).to_contain_text("not admitted by an invigilator")
    look(ben, "room-waiting")
    # A browser that is too old for the script has the page's own button.
    old = ben.context.new_page()
    old.add_init_script("delete AbortSignal.timeout")
    old.goto(ben.url)
    expect(old.get_by_role("button", name="Look again")).to_be_visible()
    old.close()
    secret = stems(stage, "candidate2")
    address = ben.url.removesuffix("/waiting")
    for path in ("questions/1", "review", "result"):
        ben.goto(f"{address}/{path}")
        assert not any(stem in ben.content() for stem in secret)
    ben.goto(f"{address}/waiting")

    # Nobody is admitted, so nothing is released; then identity is checked, one by one.
    invigilator.get_by_role("button", name="Release the test").click()
    expect(invigilator.locator("[data-code=E-ADMIT]").first).to_be_visible()
    invigilator.goto(f"{stage.url}/sittings")
    invigilator.get_by_role("link", name="Civic Centre, room 2").click()
    invigilator.get_by_role("link", name="Ben Kowalski").click()
    invigilator.get_by_label("Present", exact=True).check()
    invigilator.get_by_role("button", name="Save and next candidate").click()
    expect(invigilator.locator("[data-code=E-IDENTITY]").first).to_be_visible()
    look(invigilator, "room-identity")
    record(
        invigilator, "Ben Kowalski", "Present", "Staff or student card", "Save and next candidate"
    )
    record(invigilator, "Chloe Davies", "Absent", None, "Save and next candidate")
    expect(invigilator.get_by_role("heading", level=1)).to_contain_text("Daniel Adeyemi")
    expect(ben.locator("[data-live-text=said]")).to_contain_text("not released to the room yet")

    # Release: the first question comes by itself, and its clock starts then.
    invigilator.get_by_role("link", name="Civic Centre, room 2").click()
    look(invigilator, "room-before-release")
    invigilator.get_by_role("button", name="Release the test").click()
    look(invigilator, "room-release-early")  # before its time: asked once more
    invigilator.get_by_role("button", name="Release the test now").click()
    expect(invigilator.locator("main")).to_contain_text("The test is released.")
    clock.advance(NOTICE)
    expect(ben.get_by_role("heading", level=1)).to_contain_text("Question 1 of 14")
    assert secret[0] in ben.content()
    expect(ben.locator("[data-clock][data-all='2250']")).to_be_visible()  # a quarter more time
    expect(invigilator.get_by_text("At work, until 11:37")).to_be_visible()
    look(invigilator, "room-at-work")
    invigilator.get_by_role("link", name="Clock of Ben").click()
    look(invigilator, "room-clock")
    giving = invigilator.get_by_role("form", name="Give time")
    expect(giving.get_by_label("Why")).to_be_visible()
    invigilator.go_back()
    ben.locator("input[name=answer]").first.check()
    expect(ben.locator("[data-player-said]")).to_have_text("Saved.")
    ben.get_by_role("button", name="Review and hand in").click()
    ben.get_by_role("button", name="Hand in for good").click()
    expect(ben.locator("[data-result]")).to_have_text("Not yet passed")

    # A latecomer, whose browser runs no scripts, has all of the time.
    clock.advance(timedelta(minutes=40))
    daniel = person("candidate4", scripts=False)
    to_the_waiting_room(stage, daniel, "Daniel Adeyemi")
    invigilator.reload()
    invigilator.get_by_role("link", name="Daniel Adeyemi", exact=True).click()
    record(invigilator, "Daniel Adeyemi", "Present", "I know them in person", "Save")
    expect(invigilator.locator("tr", has_text="Daniel")).to_contain_text("came late")
    daniel.get_by_role("button", name="Look again").click()
    daniel.get_by_role("button", name="Show the first question").click()
    expect(daniel.get_by_role("heading", level=1)).to_contain_text("Question 1 of 14")
    expect(daniel.locator("[data-clock-line]")).to_contain_text("30 minutes")

    # Closing waits for the last one; then the report is fixed.
    invigilator.get_by_role("button", name="Close the sitting").click()
    expect(invigilator.locator("[data-code=E-OPEN]")).to_contain_text("still at work: 1")
    look(invigilator, "room-open-work")
    clock.advance(timedelta(minutes=31))
    invigilator.reload()
    invigilator.get_by_label("Note for the report").fill("A drill next door at 11:50. No effect.")
    invigilator.get_by_role("button", name="Close the sitting for good").click()
    expect(invigilator.locator("main")).to_contain_text("A drill next door")
    expect(invigilator.locator("tr", has_text="Chloe")).to_contain_text("Absent")
    expect(invigilator.locator("tr", has_text="Daniel")).to_contain_text("time was up")
    expect(invigilator.locator("[data-digest]")).to_have_text(re.compile(r"^[0-9a-f]{64}$"))
    look(invigilator, "room-report")
    invigilator.goto(f"{stage.url}/sittings")
    look(invigilator, "room-closed")

"""Is a test sat by keyboard alone, through a lost connection, a killed tab and two devices?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from assess import store
from assess.actions import approvals, demo, programmes
from assess.actions.context import Context
from assess.delivery import answering, form
from assess.reasons import Refused
from assess.store import attempts, people, specifications
from assess.store.attempts import Attempt
from tests.journeys.conftest import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

LENGTH = 14
CUT_AT, KILLED_AT, MOVED_AT = 5, 8, 11  # questions
SAID = "[data-player-said]"
LATER = "{ const now = Date.now; Date.now = () => now() + 5 * 3600 * 1000; }"


@pytest.mark.one_database
def test_a_whole_test_by_keyboard_through_all_that_can_break(
    stage: Stage, person: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    with stage.served.app.app_context():
        test = let_in(stage)
    page = person("candidate")
    page.goto(f"{stage.url}/try?colours=cream&spacing=wide")
    look(page, "candidate-try")
    by_key(page, "Show the sample questions")
    page.get_by_role("heading", name="Question 1 of 4").wait_for()
    look(page, "candidate-try-question")

    page.goto(f"{stage.url}/tests/{test}/start")
    by_key(page, "Affirm, and start the test")
    expect(page.locator(SAID)).to_have_text("Your answers are saved as you choose them.")
    attempt = int(page.url.split("/attempts/")[1].split("/")[0])
    look(page, "candidate-player")

    for place in range(1, LENGTH + 1):
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Question {place} of")
        if place == CUT_AT:
            page.context.set_offline(True)
        if place == KILLED_AT:
            page = killed(page)
            expect(page.locator(".app-navigator__place--answered")).to_have_count(place - 1)
            expect(page.locator(SAID)).to_have_text("Saved.")
            with stage.served.app.app_context():
                assert shown(attempt) == {n: (n % 2,) for n in range(1, place)}
            # The device's clock is moved: the time that is left is the server's all the same.
            stage.served.clock.advance(timedelta(minutes=15))
            page.evaluate(LATER)
            expect(page.locator("[data-clock-said]")).to_have_text("15 minutes left")
        if place == MOVED_AT:
            page = moved(page, person, stage, attempt, look)
        answer(page, place)
        if CUT_AT <= place < KILLED_AT:
            expect(page.locator(SAID)).to_contain_text("Saved on this device.")
        if place == CUT_AT:
            look(page, "candidate-no-connection")
        if place == MOVED_AT - 1:
            expect(page.locator(SAID)).to_have_text("Saved.")  # no other is on its way
        page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Review and hand in")).to_be_focused()
    expect(page.get_by_role("heading", name="Not answered: 0")).to_be_visible()
    look(page, "candidate-last-look")
    by_key(page, "Hand in for good")
    expect(page.locator("[data-receipt]")).to_be_visible()
    with stage.served.app.app_context():
        assert shown(attempt) == {n: (n % 2,) for n in range(1, LENGTH + 1)}


def let_in(stage: Stage) -> int:
    """Sign, ask and approve as the candidate and the tutor do; the test's number."""
    settings = stage.served.app.extensions["assess.settings"]
    with store.read() as session:
        one = people.by_username(session, "candidate")
        tutor = people.by_username(session, "tutor")
        assert one is not None
        assert tutor is not None
        test = specifications.by_name(session, one.centre_id, demo.TEST)
    assert test is not None
    assert test.programme_id is not None
    context = Context(stage.served.clock.now(), settings, one.centre_id)
    programmes.sign(replace(context, actor=one.id), test.programme_id, 1, "Amina Yusuf")
    asked = approvals.ask(replace(context, actor=one.id), test.id)
    assert not isinstance(asked, Refused), asked
    words = "Nine of ten in practice."
    given = approvals.approve(replace(context, actor=tutor.id), asked, ["practice"], words)
    assert not isinstance(given, Refused), given
    return test.id


def by_key(page: Page, name: str, press: str = "Enter") -> None:
    """Go to a control by the tabulator and use it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        there = page.evaluate(
            "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
        )
        if there.startswith(name):
            page.keyboard.press(press)
            return
    raise AssertionError(f"{name} is not reached by the tabulator")


def answer(page: Page, place: int) -> None:
    """By keyboard: the first option of even questions, the second of the others."""
    for _ in range(12):
        if page.evaluate("document.activeElement.name === 'answer'"):
            break
        page.keyboard.press("Tab")
    expect(page.locator("[name=answer]").first).to_be_focused()
    if place % 2:
        radio = page.locator("[name=answer]").first.get_attribute("type") == "radio"
        page.keyboard.press("ArrowDown" if radio else "Tab")
    if not page.locator("[name=answer]:focus").is_checked():
        page.keyboard.press("Space")
    expect(page.locator("[name=answer]:checked")).to_have_count(1)


def killed(page: Page) -> Page:
    """The tab ends as it is; the network is back; another tab opens the same address."""
    context, address = page.context, page.url
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(address)
    return again


def moved(
    page: Page, person: Callable[..., Page], stage: Stage, attempt: int, look: Callable[..., None]
) -> Page:
    """Another device takes over; the first one, which was cut off, may only read from now on."""
    page.context.set_offline(True)
    answer(page, MOVED_AT)
    expect(page.locator(SAID)).to_contain_text("Saved on this device.")
    other = person("candidate", width=360)
    other.goto(f"{stage.url}/attempts/{attempt}")
    look(other, "candidate-elsewhere")
    by_key(other, "Continue here")
    other.wait_for_url(f"**/questions/{MOVED_AT}")
    expect(other.locator(SAID)).to_have_text("Your answers are saved as you choose them.")
    page.context.set_offline(False)
    notice = page.locator("main [data-code=W-TAKEOVER]")
    expect(notice).to_contain_text("Kept as evidence, and offered on the device that answers now:")
    expect(page.locator("[name=answer]").first).to_be_disabled()
    look(page, "candidate-taken-over")

    other.reload()
    expect(other.locator("[data-offer]")).to_contain_text("On the device before")
    look(other, "candidate-offer")
    by_key(other, "Leave it")
    expect(other.locator("[data-offer]")).to_have_count(0)
    return other


def shown(attempt: int) -> dict[int, tuple[int, ...]]:
    """By place, the answer that counts, in shown positions."""
    with store.read() as session:
        drawn = session.get_one(Attempt, attempt).drawn()
        counting = answering.latest(attempts.answers(session, attempt))
    return {
        place: form.own_to_shown(drawn[place - 1].order, save.answer)
        for place, save in counting.items()
    }

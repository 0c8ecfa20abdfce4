"""The player in a real browser: saving while one chooses, no network, the clock, no script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from assess import store
from assess.delivery import answering, form
from assess.store import attempts
from tests.builders import PASSWORD, World
from tests.conftest import Served

# What differs between databases is tested with the deeds; scripts are tested on one.


@pytest.fixture
def here(built: World, served: Served) -> World:
    """A small world behind a port, with a candidate who may start."""
    assert built.app is served.app
    built.make_ready()
    return built


def start(page: Page, url: str) -> int:
    """Log in and start by the pages; the attempt's number."""
    page.goto(f"{url}/login")
    page.get_by_label("Log-in name").fill("candidate")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{url}/assessments")
    page.get_by_role("button", name="Start First test").click()
    page.get_by_label("I affirm the statement").check()
    page.get_by_role("button", name="Start the test").click()
    page.wait_for_url("**/questions/1")
    found = re.search(r"/attempts/(\d+)/", page.url)
    assert found is not None
    return int(found.group(1))


def shown(attempt: int, place: int) -> tuple[int, ...]:
    """The answer that counts at a place, in shown positions."""
    with store.read() as session:
        row = session.get_one(attempts.Attempt, attempt)
        counting = answering.latest(attempts.answers(session, attempt))[place]
    return form.own_to_shown(row.drawn()[place - 1].order, counting.answer)


def test_an_answer_is_saved_when_it_is_chosen_and_kept_while_there_is_no_network(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    said = page.locator("[data-player-said]")
    options = page.locator('input[name="answer"]')
    options.nth(1).check()
    expect(said).to_have_text("Saved.")
    assert shown(attempt, 1) == (1,)
    here_square = page.locator(".app-navigator__place--current")
    expect(here_square).to_have_accessible_name("Question 1, answered")

    page.get_by_role("button", name="Flag this question").click()
    expect(page.get_by_role("button", name="Take the flag away")).to_be_visible()
    expect(here_square).to_have_accessible_name("Question 1, answered, flagged")

    page.context.set_offline(True)
    single = options.first.get_attribute("type") == "radio"
    options.nth(2).check()
    expect(said).to_contain_text("Not saved yet: no connection. We keep trying.")
    page.get_by_role("button", name="Save and next").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 1 of 4")
    assert shown(attempt, 1) == (1,)

    page.context.set_offline(False)
    page.wait_for_url("**/questions/2")
    assert shown(attempt, 1) == ((2,) if single else (1, 2))


def test_the_clock_is_hidden_and_shown_and_ends_the_test_by_the_servers_time(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    time = page.locator("[data-clock-time]")
    expect(time).to_have_text(re.compile(r"(30:00|29:5\d)"))
    page.get_by_role("button", name="Hide the time").click()
    expect(time).to_be_hidden()
    page.reload()
    expect(time).to_be_hidden()
    page.get_by_role("button", name="Show the time").click()

    served.clock.advance(timedelta(minutes=21))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-clock-said]")).to_have_text("9 minutes left")
    expect(time).to_have_text(re.compile(r"(9:00|8:5\d)"))

    served.clock.advance(timedelta(minutes=9, seconds=11))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-clock-said]")).to_have_text("Time is up. Your test is being closed.")
    page.wait_for_url(f"**/attempts/{attempt}/result")
    expect(page.locator("[data-result]")).to_have_text("Not yet passed")


def test_without_a_script_everything_works_by_its_buttons(
    here: World, served: Served, browser: Chromium
) -> None:
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    attempt = start(page, served.url)
    for place in (1, 2):
        page.locator('input[name="answer"]').nth(place).check()
        page.get_by_role("button", name="Save and next").click()
        page.wait_for_url(f"**/questions/{place + 1}")
    page.locator('input[name="answer"]').first.check()
    page.get_by_role("button", name="Question 1, answered").click()
    page.wait_for_url("**/questions/1")
    assert [shown(attempt, place) for place in (1, 2, 3)] == [(1,), (2,), (0,)]
    page.get_by_role("button", name="Flag this question").click()
    page.get_by_role("button", name="Review and hand in").click()
    expect(page.get_by_role("heading", name="Not answered: 1")).to_be_visible()
    expect(page.get_by_role("heading", name="Flagged: 1")).to_be_visible()
    page.get_by_role("button", name="Hand in for good").click()
    page.wait_for_url(f"**/attempts/{attempt}/result")
    expect(page.locator("[data-receipt]")).to_have_text(re.compile("[0-9a-f]{64}"))
    plain.close()

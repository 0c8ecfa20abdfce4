"""Is whoever is logged in told in time that their session ends, and is nothing left on the page?"""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, Route, expect

from tests.builders import PASSWORD, World
from tests.conftest import Served
from tests.entering import enter
from tests.journeys.looking import look
from tests.web.candidate_builders import Browser, started
from tests.web.test_account import is_out
from tests.web.test_author_writing import item

ASKED = "/account/session"
JSON = {"Accept": "application/json"}
HURRY = "{ const set = setInterval; window.setInterval = (f) => set(f, 100); }"
SEEN = "document.dispatchEvent(new Event('visibilitychange'))"


def left(browser: Browser) -> int | None:
    """In how many seconds the session ends, as its page is told."""
    seconds: int | None = browser.get(ASKED, headers=JSON).get_json()["seconds_left"]
    return seconds


def wait(served: Served, page: Page, minutes: int) -> None:
    """Let so many minutes pass, on the server and on this device."""
    served.clock.advance(timedelta(minutes=minutes))
    page.evaluate(f"{{ const now = Date.now; Date.now = () => now() + {minutes} * 60000; }}")


def test_to_ask_how_long_a_session_lasts_is_no_use_of_it_and_to_stay_is(built: World) -> None:
    browser = Browser(built, "tutor")
    built.clock.advance(timedelta(minutes=59))
    assert left(browser) == 60
    assert left(browser) == 60
    stayed = browser.post(ASKED).get_json()
    mine = {"person": built.persons["tutor"]}
    assert stayed == mine | {"seconds_left": 3600, "can_stay": True}
    for _ in range(12):  # used all the time, it lasts twelve hours and no longer
        built.clock.advance(timedelta(minutes=55))
        browser.get("/account")
    assert browser.post(ASKED).get_json() == mine | {"seconds_left": 60, "can_stay": False}
    built.clock.advance(timedelta(minutes=1))
    assert browser.get(ASKED, headers=JSON).status_code == 403
    assert is_out(browser)
    assert 'data-code="E-SIGNED-OUT"' in browser.get("/login").text
    # While its candidate reads in a test, a session does not end at all.
    sitting = Browser(built, "candidate")
    started(built, sitting)
    assert left(sitting) is None


def test_a_warning_comes_in_time_and_its_button_is_reached_by_key(
    built: World, served: Served, page: Page
) -> None:
    enter(page.context, served.url, "tutor", PASSWORD)
    page.add_init_script(HURRY)
    page.goto(f"{served.url}/cohort")
    other = page.context.new_page()
    other.goto(f"{served.url}/account")
    soon = page.get_by_role("dialog", name="You will be logged out soon")
    expect(soon).to_have_count(0)
    wait(served, page, 56)
    expect(soon).to_contain_text("You will be logged out in 4 minutes.")
    expect(soon.get_by_role("button")).to_have_text("Stay logged in")
    expect(soon.get_by_role("button")).to_be_focused()
    look(page, "session-soon")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Enter")
    expect(soon).to_have_count(0)
    wait(served, page, 58)
    page.evaluate(SEEN)
    expect(soon).to_contain_text("2 minutes")
    wait(served, page, 3)
    page.wait_for_url("**/login?next=%2Fcohort")
    other.evaluate(SEEN)  # it has waited for an hour, or somebody has logged out in the tab before
    other.wait_for_url("**/login?next=%2Faccount")
    expect(page.locator("[data-code=E-SIGNED-OUT]")).to_be_visible()

    enter(page.context, served.url, "tutor", PASSWORD)
    other.goto(f"{served.url}/cohort")
    enter(page.context, served.url, "candidate", PASSWORD)
    other.evaluate(SEEN)
    other.wait_for_url("**/assessments")  # it was of somebody else
    page.goto(f"{served.url}/account/password")
    page.locator("#old").fill("what was typed")
    wait(served, page, 61)
    over = page.get_by_role("dialog", name="You are logged out")
    expect(over.get_by_role("link", name="Log in again (in a new tab)")).to_be_focused()
    look(page, "session-over")
    over.get_by_role("button", name="Back to the page").click()
    expect(page.locator("#old")).to_have_value("what was typed")
    enter(page.context, served.url, "tutor", PASSWORD)
    page.evaluate(SEEN)
    page.wait_for_url(f"{served.url}/")  # what was typed is not theirs


def test_what_was_sent_too_late_goes_from_the_page_when_somebody_else_logs_in(
    built: World, served: Served, page: Page
) -> None:
    enter(page.context, served.url, "author", PASSWORD)
    page.goto(f"{served.url}/items/{item(built)}")
    page.locator("#words").fill("What is meant by it?")
    served.clock.advance(timedelta(minutes=61))
    with page.expect_event("load"):
        page.get_by_role("button", name="Add the comment").click()
    expect(page.locator("[data-again]")).to_contain_text("What is meant by it?")
    page.evaluate(SEEN)
    enter(page.context, served.url, "candidate", PASSWORD)
    page.evaluate(SEEN)
    page.wait_for_url("**/assessments")


def test_whoever_logs_in_again_goes_on_and_is_warned_the_next_time_too(
    served: Served, page: Page
) -> None:
    enter(page.context, served.url, "tutor", PASSWORD)
    page.add_init_script(HURRY)
    late: list[Route] = []
    page.route("**/start.js*", lambda route: late.append(route), times=1)
    with page.expect_request("**/start.js*"):
        page.goto(f"{served.url}/account/password", wait_until="commit")
    page.locator("#old").fill("what was typed")
    with page.expect_event("load"):
        late[0].continue_()  # typed on a slow line, before the script was there
    wait(served, page, 61)
    over = page.get_by_role("dialog", name="You are logged out")
    expect(over).to_be_visible()
    enter(page.context, served.url, "tutor", PASSWORD)
    page.evaluate(SEEN)
    expect(over).to_have_count(0)
    wait(served, page, 56)
    page.get_by_role("button", name="Stay logged in").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#old")).to_have_value("what was typed")

"""The player in a real browser: nothing that was answered is lost, whatever happens to the page.

What differs between databases is tested with the deeds; scripts are tested on one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, Route, expect
from werkzeug.serving import make_server

from assess import store
from assess.actions import arrangements, timekeeping
from assess.app import create_app
from assess.delivery import answering, form
from assess.delivery.arrangements import Proposal
from assess.store import attempts, evidence
from tests.builders import PASSWORD, World
from tests.conftest import Served
from tests.entering import enter
from tests.journeys.looking import look

SAID = "[data-player-said]"
SPOKEN = "[data-part=spoken]"
LISTEN = """window.heard = [];
new MutationObserver(() => heard.push(document.querySelector("[data-part=spoken]").textContent))
    .observe(document.querySelector("[data-part=spoken]"), { childList: true });"""
HURRY = "{ const set = setTimeout; window.setTimeout = (f, t) => set(f, Math.min(t, 200)); }"
# Half a minute has passed, by every clock.
LATER = """for (const one of [Date, performance]) {
    const now = one.now.bind(one);
    one.now = () => now() + 31000;
}"""
# What the keyboard has come to, where it is not to be seen.
COVERED = """(() => {
    const one = document.activeElement;
    const { left, top, width, height } = one.getBoundingClientRect();
    const seen = document.elementFromPoint(left + width / 2, top + height / 2);
    return one.contains(seen) ? [] : [one.textContent];
})()"""


@pytest.fixture
def here(built: World, served: Served) -> World:
    """A small world behind a port, with a candidate who may start."""
    assert built.app is served.app
    built.make_ready()
    return built


@pytest.fixture
def device(browser: Chromium) -> Iterator[Callable[[], Page]]:
    """A function that gives a tab of another device."""
    contexts: list[BrowserContext] = []

    def another() -> Page:
        contexts.append(browser.new_context())
        contexts[-1].set_default_timeout(10_000)
        return contexts[-1].new_page()

    yield another
    for context in contexts:
        context.close()


def log_in(page: Page, url: str) -> None:
    """Log in by the page."""
    page.goto(f"{url}/login")
    page.get_by_label("Log-in name").fill("candidate")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()


def start(page: Page, url: str) -> int:
    """Come in and start by the pages; the attempt's number."""
    enter(page.context, url, "candidate", PASSWORD)
    return begin(page, url)


def begin(page: Page, url: str) -> int:
    """Start by the pages; the attempt's number."""
    page.goto(f"{url}/assessments")
    page.get_by_role("button", name="Start First test").click()
    page.get_by_role("button", name="Start the test").click()
    page.wait_for_url("**/questions/1", wait_until="commit")
    found = re.search(r"/attempts/(\d+)/", page.url)
    assert found is not None
    return int(found.group(1))


def ready(page: Page) -> None:
    """Wait until the script has the form."""
    expect(page.locator(SAID)).to_have_text("Your answers are saved as you choose them.")


def stored(attempt: int) -> list[answering.Saved]:
    """Every answer on the disk, in the order in which it came."""
    with store.read() as session:
        rows = session.query(attempts.Answer).filter_by(attempt_id=attempt)
        return [
            answering.Saved(r.place, r.writer, r.sequence, tuple(r.options), r.received_at)
            for r in rows.order_by(attempts.Answer.id)
        ]


def shown(attempt: int) -> dict[int, tuple[int, ...]]:
    """By place, the answer that counts, in shown positions."""
    with store.read() as session:
        drawn = session.get_one(attempts.Attempt, attempt).drawn()
        counting = answering.latest(attempts.answers(session, attempt))
    return {
        place: form.own_to_shown(drawn[place - 1].order, save.answer)
        for place, save in counting.items()
    }


def choose(page: Page, position: int) -> None:
    """Choose one option of the question that is shown, and no other."""
    for box in page.locator("input[type=checkbox]:checked").all():
        box.uncheck()
    page.locator('input[name="answer"]').nth(position).check()


def test_without_a_connection_one_goes_on_and_all_arrives_in_order_after_a_killed_tab(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    ready(page)
    said = page.locator(SAID)
    choose(page, 1)
    expect(said).to_have_text("Saved.")
    page.get_by_role("button", name="Flag this question").click()
    expect(page.locator(".app-navigator__place--current")).to_have_accessible_name(
        "Question 1, answered, flagged"
    )
    page.get_by_role("button", name="Save and next").click()
    page.wait_for_url("**/questions/2")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page).to_have_title(re.compile("^Question 2 of 4 – First test"))

    page.context.set_offline(True)
    expect(said).to_have_attribute("data-code", "I-OFFLINE")
    choose(page, 0)
    expect(said).to_contain_text("Saved on this device. There is no connection.")
    choose(page, 2)
    for place, position in ((3, 3), (4, 0)):
        page.get_by_role("button", name="Save and next").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Question {place} of 4")
        choose(page, position)
        expect(said).to_contain_text("Saved on this device.")
    page.get_by_role("button", name="Flag this question").click()
    assert kept(page) > 0  # to be read, it waits until the flag is written
    assert set(shown(attempt)) == {1}

    # The tab is killed; another one of the same browser has all of it, and so has the server.
    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(f"{served.url}/attempts/{attempt}/questions/2")
    expect(again.locator(SAID)).to_have_text("Saved.")
    expect(again.locator('input[name="answer"]').nth(2)).to_be_checked()
    expect(again.locator(".app-navigator__place--answered")).to_have_count(4)
    expect(again.locator(".app-navigator__place--flagged")).to_contain_text(["1", "4"])
    assert {place: answer[-1] for place, answer in shown(attempt).items()} == {
        1: 1,
        2: 2,
        3: 3,
        4: 0,
    }
    later = [save for save in stored(attempt) if save.place > 1]
    assert [save.place for save in later] == sorted(save.place for save in later)
    for place in (2, 3, 4):
        numbers = [save.sequence for save in later if save.place == place]
        assert numbers == list(range(1, len(numbers) + 1))


@contextmanager
def listening(app: Flask, port: int = 0) -> Iterator[int]:
    """The application behind a port, until the block ends."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield int(server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_ends_and_begins_anew_gets_all_answers_in_their_order(
    built: World, page: Page
) -> None:
    built.make_ready()
    said = page.locator(SAID)
    with listening(built.app) as port:
        attempt = start(page, f"http://127.0.0.1:{port}")
        ready(page)
        choose(page, 0)
        expect(said).to_have_text("Saved.")
    for position in (1, 2, 3):
        choose(page, position)
        expect(said).to_contain_text("Saved on this device.")
    page.get_by_role("button", name="Save and next").click()
    page.get_by_role("button", name="Flag this question").click()
    choose(page, 1)
    another = create_app(built.app.extensions["assess.settings"], built.clock)
    with listening(another, port):
        with page.expect_response("**/flags"):
            page.evaluate("dispatchEvent(new Event('online'))")
        expect(said).to_have_text("Saved.")
        rows = [(save.place, save.sequence) for save in stored(attempt)]
        assert [number for place, number in rows if place == 1] == [
            *range(1, sum(place == 1 for place, _ in rows) + 1)
        ]
        assert rows == sorted(rows)
        assert {place: answer[-1] for place, answer in shown(attempt).items()} == {1: 3, 2: 1}
        with store.read() as session:
            assert attempts.flags(session, attempt) == {2}
        page.goto("about:blank")
    with another.app_context():
        store.dispose()


def test_handing_in_waits_for_what_has_not_arrived_and_leaves_nothing_on_the_device(
    here: World, served: Served, page: Page
) -> None:
    page.add_init_script(HURRY)
    attempt = start(page, served.url)
    ready(page)
    page.context.set_offline(True)
    choose(page, 1)
    expect(page.locator(SAID)).to_contain_text("Saved on this device.")
    page.get_by_role("button", name="Review and hand in").click()
    page.wait_for_url("**/review")
    expect(page.get_by_role("heading", name="Not answered: 3")).to_be_visible()
    page.get_by_role("button", name="Hand in for good").click()
    said = page.locator("[data-last-said]")
    expect(said).to_contain_text("Not handed in yet: there is no connection.")
    expect(page.get_by_role("button", name="Hand in for good")).to_be_focused()
    page.get_by_role("button", name="Do not hand in yet").click()
    expect(said).to_contain_text("Saved on this device.")
    expect(page.get_by_role("button", name="Hand in for good")).to_be_focused()
    page.keyboard.press("Enter")
    expect(said).to_contain_text("Not handed in yet")
    assert stored(attempt) == []

    sent: list[int] = []
    page.on("response", lambda one: sent.append(one.status) if "/hand-in" in one.url else None)
    # The way is free again, and the server too busy for answers alone: the hand-in waits for them.
    page.route("**/answers", lambda route: route.fulfill(status=503), times=2)
    late: list[Route] = []
    page.route("**/hand-in", lambda route: late.append(route))
    with page.expect_request("**/hand-in"):
        page.context.set_offline(False)
    # It has left, and the line is slow: nobody is promised that it can be called off.
    expect(page.get_by_role("button", name="Do not hand in yet")).to_be_hidden()
    late[0].continue_()
    page.wait_for_url("**/result")
    expect(page.locator("[data-receipt]")).to_be_visible()
    assert sent == [200]  # once: a second would be refused, and on record
    assert len(stored(attempt)) == 1
    assert kept(page) == 0
    page.go_back()
    page.wait_for_url("**/result")  # what is over is not shown from memory


def test_a_page_whose_script_has_not_begun_sends_nothing_before_what_waits(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    ready(page)
    context = page.context
    context.set_offline(True)
    choose(page, 1)
    choose(page, 2)
    expect(page.locator(SAID)).to_contain_text("Saved on this device.")
    page.close()
    context.set_offline(False)
    context.add_init_script(HURRY)
    again = context.new_page()
    again.route("**/form", lambda route: route.abort())
    again.goto(f"{served.url}/attempts/{attempt}/review")
    again.get_by_role("button", name="Hand in for good").click()
    expect(again.locator("[data-last-said]")).to_have_text("Saving…")
    assert stored(attempt) == []
    again.unroute("**/form")
    again.wait_for_url("**/result")
    assert shown(attempt) == {1: (2,)}


def kept(page: Page) -> int:
    """How many answers and writers this device still holds."""
    held: int = page.evaluate(
        """() => new Promise((done) => {
            const opening = indexedDB.open("assess-answers");
            opening.onsuccess = () => {
                const all = opening.result.transaction(["entries", "writers"]);
                const counts = ["entries", "writers"].map((name) => all.objectStore(name).count());
                all.oncomplete = () => {
                    opening.result.close();
                    done(counts[0].result + counts[1].result);
                };
            };
        })"""
    )
    return held


def test_two_tabs_of_one_device_give_no_number_twice_and_show_the_same(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    ready(page)
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    page.context.set_offline(True)
    for tab, position in ((page, 0), (other, 1), (page, 2), (other, 3)):
        choose(tab, position)
        expect(tab.locator(SAID)).to_contain_text("Saved on this device.")
    expect(page.locator('input[name="answer"]').nth(3)).to_be_checked()
    page.context.set_offline(False)
    for tab in (page, other):
        expect(tab.locator(SAID)).to_have_text("Saved.")
    numbers = [save.sequence for save in stored(attempt)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert shown(attempt)[1] == (3,)

    # What refuses all that is sent leaves the page as it is: it would come back, time and again.
    no = {"code": "E-CSRF", "reasons": []}
    page.route("**/answers", lambda route: route.fulfill(status=403, json=no))
    options = page.locator('input[name="answer"]')
    options.first.dispatch_event("click")  # the page may be another before a mouse is lifted
    expect(page.get_by_role("link", name="Log in again")).to_be_visible()
    expect(page.locator("legend")).to_be_visible()
    page.unroute("**/answers")
    page.reload()
    expect(page.locator(SAID)).to_have_text("Saved.")

    # Whoever logs out in one of them leaves no question on the screen in the other.
    other.get_by_role("button", name="Log out").click()
    other.wait_for_url("**/login")
    options.nth(1).dispatch_event("click")
    page.wait_for_url(re.compile(r"/login\?next=.*/questions/1$"))
    expect(page.locator("[data-sat]")).to_be_visible()  # of an answer that could not be sent
    page.get_by_label("Log-in name").fill("candidate")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("[data-leftover]")).to_be_visible()  # the last answer is kept as evidence


def test_a_device_that_was_taken_over_reads_and_what_it_had_not_sent_is_offered(
    here: World, served: Served, page: Page, device: Callable[[], Page]
) -> None:
    page.add_init_script(HURRY)
    attempt = start(page, served.url)
    ready(page)
    choose(page, 0)
    expect(page.locator(SAID)).to_have_text("Saved.")
    page.context.set_offline(True)
    choose(page, 1)
    expect(page.locator(SAID)).to_contain_text("Saved on this device.")

    other = device()
    other.context.add_init_script(HURRY)
    enter(other.context, served.url, "candidate", PASSWORD)
    other.goto(f"{served.url}/attempts/{attempt}")
    other.get_by_role("button", name="Continue here").click()
    ready(other)
    # What it has not sent is handed over, if not at once.
    page.route("**/journal", lambda route: route.fulfill(status=503), times=2)
    page.context.set_offline(False)
    notice = page.locator("[data-code=W-TAKEOVER]")
    expect(notice).to_contain_text("Kept as evidence")
    expect(notice).to_contain_text(re.compile("Question 1: Option"))
    expect(page.locator('input[name="answer"]').first).to_be_disabled()
    expect(page.get_by_role("heading", level=1)).to_be_focused()  # where it was can have none
    page.get_by_role("button", name="Next question").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 2 of 4")
    assert shown(attempt)[1] == (0,)

    # Wherever the other device is, it is told which question has an answer waiting.
    other.route("**/offers", lambda route: route.abort(), times=1)  # asked for until it is told
    other.goto(f"{served.url}/attempts/{attempt}/questions/3")
    told = other.locator("[data-notice=offers]")
    expect(told).to_contain_text("On the device before")
    told.get_by_role("link", name="Question 1").click()
    expect(other.locator("[data-offer]")).to_be_visible()
    expect(told).to_have_count(0)
    other.get_by_role("button", name="Leave it").click()
    expect(other.locator("[data-offer]")).to_have_count(0)
    with other.expect_response("**/offers"):
        other.reload()
    ready(other)
    expect(other.locator("[data-offer]")).to_have_count(0)  # what was left is asked once
    other.evaluate("sessionStorage.clear()")
    other.reload()
    expect(other.locator(SPOKEN)).to_contain_text("On the device before, another answer")
    other.get_by_role("button", name="Take this answer").click()
    expect(other.locator('input[name="answer"]').nth(1)).to_be_focused()
    expect(other.locator(SAID)).to_have_text("Saved.")
    expect(other.locator("[data-offer]")).to_have_count(0)
    assert shown(attempt)[1] == (1,)
    assert stored(attempt)[-1].writer == 2


def test_what_a_device_before_still_holds_outlives_the_hand_in(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    ready(page)
    context = page.context
    page.route("**/api/**", lambda route: route.abort())
    choose(page, 1)
    expect(page.locator(SAID)).to_contain_text("Saved on this device.")

    # The same browser goes on with another log-in, while journals find nobody who takes them.
    tries: list[str] = []

    def busy(route: Route) -> None:
        tries.append(again.url)
        if sum(one.endswith("/result") for one in tries) > 1:
            route.continue_()
        else:
            route.fulfill(status=503, body="<h1>Busy</h1>")

    context.clear_cookies()
    context.add_init_script(HURRY)
    again = context.new_page()
    again.route("**/journal", busy)
    log_in(again, served.url)
    again.goto(f"{served.url}/attempts/{attempt}")
    again.get_by_role("button", name="Continue here").click()
    ready(again)
    choose(page, 2)  # the tab of before has not heard of it: what it says is shown nowhere else
    expect(page.locator(SAID)).to_contain_text("Saved on this device.")
    boxes = page.locator("input[type=checkbox]").count() > 0  # then the first is cleared before
    page.close()
    again.get_by_role("button", name="Review and hand in").click()
    expect(again.get_by_role("heading", name="Not answered: 4")).to_be_visible()
    again.get_by_role("button", name="Hand in for good").click()
    again.wait_for_url("**/result")
    expect(again.get_by_text("Answers that were still on this device")).to_be_visible()
    assert [(one.place, one.writer) for one in held(attempt)] == [(1, 1)] * (2 + boxes)
    assert kept(again) == 0


def test_on_a_slow_line_a_choice_waits_for_the_script_and_it_for_the_questions_ever_longer(
    here: World, served: Served, page: Page
) -> None:
    late: list[Route] = []
    page.route("**/player.js*", lambda route: late.append(route), times=1)
    with page.expect_request("**/player.js*"):
        attempt = start(page, served.url)
    choose(page, 1)
    option = page.locator('input[name="answer"]').nth(1)
    stands = option.bounding_box()
    late[0].continue_()
    expect(page.locator(SAID)).to_have_text("Saved.")
    expect(option).to_be_checked()
    assert option.bounding_box() == stands  # nothing moves under a finger that comes down
    assert shown(attempt) == {1: (1,)}
    # Whatever is given less than 40 seconds here has none: the line is that slow. Browsers have
    # two names for what is given up then.
    page.add_init_script(
        "{ const limit = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = (t) =>"
        " t < 20000 ? AbortSignal.abort() : limit(t < 40000 ? 0 : t); }" + HURRY
    )
    page.goto(f"{served.url}/attempts/{attempt}")
    ready(page)
    choose(page, 2)  # so is what is saved
    expect(page.locator(SAID)).to_have_text("Saved.")


def test_a_browser_that_is_too_old_for_the_script_works_by_the_buttons(
    here: World, served: Served, page: Page
) -> None:
    # As Safari is before its version 16.
    page.add_init_script(
        "delete AbortSignal.timeout; delete HTMLFormElement.prototype.requestSubmit"
    )
    attempt = start(page, served.url)
    choose(page, 1)
    page.get_by_role("button", name="Save and next").click()
    page.wait_for_url("**/questions/2")
    assert shown(attempt) == {1: (1,)}


def held(attempt: int) -> list[evidence.LateAnswer]:
    """The answers that are evidence."""
    with store.read() as session:
        return list(evidence.of_attempt(session, attempt))


def test_what_stands_in_the_page_of_a_conflict_is_saved_by_going_on(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    ready(page)
    page.context.add_init_script(HURRY)
    other = page.context.new_page()
    other.route("**/form", lambda route: route.abort())  # its script cannot begin yet
    other.goto(page.url)
    # Without a connection a button waits for the script, which finds what was chosen.
    page.context.set_offline(True)
    choose(other, 3)
    other.get_by_role("button", name="Save and next").click()
    expect(other.locator(SAID)).to_have_text("Saving…")
    page.context.set_offline(False)
    other.unroute("**/form")
    other.wait_for_url("**/questions/2")
    expect(other.locator(SAID)).to_have_text("Saved.")
    assert shown(attempt)[1] == (3,)

    other.route("**/form", lambda route: route.abort())
    other.goto(page.url)
    choose(page, 1)
    expect(page.locator(SAID)).to_have_text("Saved.")
    choose(other, 2)
    other.get_by_role("button", name="Save and next").click()
    expect(other.get_by_text("Just sent, not saved:")).to_be_visible()
    other.unroute("**/form")
    ready(other)
    expect(other.locator('input[name="answer"]').nth(2)).to_be_checked()
    other.get_by_role("button", name="Save and next").click()
    expect(other.locator(SAID)).to_have_text("Saved.")
    assert shown(attempt)[1] == (2,)


def test_the_clock_is_the_servers_whatever_the_device_says_and_ends_the_test(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    ready(page)
    time = page.locator("[data-clock-time]")
    expect(time).to_have_text(re.compile(r"(30:00|29:5\d)"))
    page.get_by_role("button", name="Hide the time").click()
    expect(time).to_be_hidden()
    page.goto(f"{served.url}/try")
    page.get_by_role("button", name="Show the sample questions").click()
    expect(time).to_be_visible()  # another test, perhaps of another candidate, has its clock
    page.keyboard.press("Tab")  # the link that skips to the content comes, and moves no answer
    page.get_by_label("Tuesday").check()
    # Where letters are large it covers nothing that the keyboard comes to from below.
    page.set_viewport_size({"width": 800, "height": 600})
    page.goto(f"{served.url}/try/questions/1?text_size=largest&spacing=wider")
    expect(page.get_by_role("button", name="Hide the time")).to_be_visible()
    page.get_by_role("link", name="Accessibility").focus()
    for _ in range(7):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(COVERED) == []
    # Nor is the page where they are chosen wider than the narrowest screen.
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(f"{served.url}/try?text_size=largest&spacing=wider")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{served.url}/attempts/{attempt}/questions/1")
    expect(time).to_be_hidden()
    page.get_by_role("button", name="Show the time").click()
    ready(page)

    # The device's clock jumps by three hours: the server is asked, and nothing else changes.
    served.clock.advance(timedelta(minutes=21))
    page.evaluate("{ const now = Date.now; Date.now = () => now() + 3 * 3600 * 1000; }")
    expect(page.locator("[data-clock-said]")).to_have_text("9 minutes left")
    expect(time).to_have_text(re.compile(r"(9:00|8:5\d)"))

    # Said aloud when they are reached: five minutes, and one; nothing stands there when it is old.
    back = "document.dispatchEvent(new Event('visibilitychange'))"
    for minutes, said in ((4, "5 minutes left"), (2, ""), (2, "1 minute left")):
        served.clock.advance(timedelta(minutes=minutes))
        page.evaluate(back)
        expect(page.locator("[data-clock-said]")).to_have_text(said)
        expect(page.locator("[data-clock]")).to_have_class(re.compile("app-clock--last"))

    # Without a connection at the end the page stays, and says what it waits for.
    page.context.set_offline(True)
    served.clock.advance(timedelta(minutes=1, seconds=11))
    page.evaluate(
        "{ const n = performance.now.bind(performance); performance.now = () => n() + 61000; }"
    )
    expect(page.locator("[data-clock-said]")).to_have_text("Time is up. Your test is being closed.")
    expect(page.locator('input[name="answer"]').first).to_be_disabled()
    expect(page.locator(SAID)).to_contain_text("Time is up, and there is no connection.")
    page.context.set_offline(False)
    page.wait_for_url(f"**/attempts/{attempt}/result")
    expect(page.locator("[data-result]")).to_have_text("Not yet passed")


def test_a_paused_test_is_covered_and_goes_on_with_the_time_it_had(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    ready(page)
    time, legend = page.locator("[data-clock-time]"), page.locator("legend")
    look_up = "document.dispatchEvent(new Event('visibilitychange'))"
    staff = here.context("invigilator")
    page.evaluate(LISTEN)
    for position in (0, 1, 0):
        choose(page, position)
        expect(page.locator(SAID)).to_have_text("Saved.")
    assert timekeeping.pause(staff, attempt, "Somebody is unwell.") is None
    page.evaluate(look_up)
    expect(legend).to_be_hidden()
    assert timekeeping.resume(here.context("invigilator"), attempt, "They are well.") is None
    page.evaluate(look_up)
    expect(page.locator('input[name="answer"]').first).to_be_focused()
    # Aloud it is said when it is new: not at each answer, and not only when the test stands still.
    assert page.evaluate("heard") == ["Saved.", "Your test goes on."]
    assert timekeeping.pause(staff, attempt, "The fire alarm rings.") is None
    page.evaluate(  # the page hears of it half a minute later
        "{ const n = performance.now.bind(performance); performance.now = () => n() + 30000; }"
    )
    page.evaluate(look_up)
    expect(page.locator("[data-notice=paused]")).to_contain_text("Your test is paused.")
    expect(legend).to_be_hidden()
    expect(time).to_have_text(re.compile(r"(30:00|29:5\d)"))
    served.clock.advance(timedelta(minutes=20))
    page.reload()
    expect(page.get_by_role("heading", name="Your test is paused")).to_be_visible()
    look(page, "paused")
    assert timekeeping.resume(here.context("invigilator"), attempt, "All are back.") is None
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 1 of 4")  # by itself
    expect(page.locator("[data-notice=paused]")).to_have_count(0)
    expect(legend).to_be_visible()
    expect(time).to_have_text(re.compile(r"(30:00|29:5\d)"))
    choose(page, 1)
    expect(page.locator(SAID)).to_have_text("Saved.")
    assert timekeeping.credit(staff, attempt, 600, "The alarm was loud.") is None
    page.evaluate(LATER)  # whoever only reads hears of it too
    given = re.compile("You have been given more time. (40|39) minutes left")
    expect(page.locator("[data-clock-said]")).to_have_text(given)


def test_what_comes_late_from_a_device_waits_for_a_decision(
    here: World, served: Served, page: Page, device: Callable[[], Page]
) -> None:
    page.add_init_script(HURRY)
    attempt = start(page, served.url)
    ready(page)
    busy: list[bool] = []
    # Long before it is needed: what the page sends while Chromium learns of a route passes it by.
    page.route("**/answers", lambda it: it.fulfill(status=503) if busy else it.continue_())
    page.context.set_offline(True)
    choose(page, 1)
    expect(page.locator(SAID)).to_contain_text("Saved on this device.")
    served.clock.advance(timedelta(minutes=31))
    # The server says that the time is up, and is too busy for the answer: the page waits with it.
    busy.append(True)
    page.context.set_offline(False)
    expect(page.locator(SAID)).to_contain_text("still on this device only: 1. They")
    page.unroute("**/answers")
    page.wait_for_url(f"**/attempts/{attempt}/result")
    assert stored(attempt) == []
    (late,) = held(attempt)
    assert (late.cause, late.place, late.sequence) == ("late", 1, 1)
    assert kept(page) == 0
    page.reload()
    expect(page.locator("[data-late=waiting]")).to_contain_text("1 answer reached us after")
    look(page, "result-with-late-answers")
    page.get_by_role("link", name="Where your time went").click()
    look(page, "finish")

    quality = device()
    enter(quality.context, served.url, "quality", PASSWORD)
    quality.goto(f"{served.url}/late-answers")
    look(quality, "late-answers")
    quality.locator(".app-card__title a").click()
    quality.get_by_label("Let them count", exact=True).check()
    quality.get_by_role("button", name="Record the decision").click()
    look(quality, "late-answers-without-a-reason")
    quality.get_by_label("Your reason").fill("The network was down for ten minutes.")
    quality.get_by_role("button", name="Record the decision").click()
    expect(quality.get_by_text("Nothing is waiting.")).to_be_visible()
    page.goto(f"{served.url}/attempts/{attempt}/result")
    expect(page.locator("[data-late=accepted]")).to_be_visible()

    quality.goto(f"{served.url}/holds")
    quality.get_by_label("Log-in name of the candidate").fill("candidate")
    quality.get_by_label("Keep results back too").check()
    quality.get_by_label("Why", exact=True).fill("A telephone was found afterwards.")
    quality.get_by_role("button", name="Place the hold").click()
    look(quality, "holds")
    page.reload()
    expect(page.locator("[data-result]")).to_have_text("Result on hold")
    look(page, "result-on-hold")


def test_without_a_script_everything_works_by_its_buttons(
    here: World, served: Served, browser: Chromium
) -> None:
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    log_in(page, served.url)
    attempt = begin(page, served.url)
    for place in (1, 2):
        page.locator('input[name="answer"]').nth(place).check()
        page.get_by_role("button", name="Save and next").click()
        page.wait_for_url(f"**/questions/{place + 1}")
    page.locator('input[name="answer"]').first.check()
    page.get_by_role("button", name="Question 1, answered").click()
    page.wait_for_url("**/questions/1")
    assert shown(attempt) == {1: (1,), 2: (2,), 3: (0,)}
    page.get_by_role("button", name="Flag this question").click()
    page.get_by_role("button", name="Review and hand in").click()
    expect(page.get_by_role("heading", name="Not answered: 1")).to_be_visible()
    expect(page.get_by_role("heading", name="Flagged: 1")).to_be_visible()
    page.get_by_role("button", name="Hand in for good").click()
    page.wait_for_url(f"**/attempts/{attempt}/result")
    expect(page.locator("[data-receipt]")).to_have_text(re.compile("[0-9a-f]{64}"))
    plain.close()


JOURNAL: Any = """async (name) => {
    const { openJournal } = await import(name);
    const one = await openJournal(7);
    await one.begin(1, "t", [[3, 4]]);
    await Promise.all([one.add(3, [0]), one.add(3, [1]), one.add(5, [2])]);
    const tab = await openJournal(7);
    await tab.begin(1, "t", [[3, 4]]);
    await Promise.all([tab.add(3, [2]), one.add(3, [3])]);
    const waiting = (await tab.waiting()).map(({ place, sequence }) => [place, sequence]);
    const kept = one.kept;
    // Another writer begins anew; what the one before has not sent can still be handed over.
    await tab.begin(2, "u", []);
    const before = (await tab.before()).map(({ writer, token, entries }) =>
        [writer, token, entries.length]);
    await tab.done((await tab.waiting(1)).slice(0, 4));
    const left = (await tab.waiting(1)).length;
    // A device that keeps nothing: memory does, and says so.
    IDBObjectStore.prototype.add = () => { throw new DOMException("full", "QuotaExceededError"); };
    const loose = await tab.add(3, [1]);
    const told = [tab.kept, tab.loose, loose.sequence, (await tab.waiting()).length];
    await tab.clear();
    return { waiting, kept, before, left, told, cleared: (await one.waiting(1)).length };
}"""


OPENED: Any = """async (name) => {
    const { openJournal } = await import(name);
    const open = indexedDB.open.bind(indexedDB);
    window.taken = new Promise((done) => {
        indexedDB.open = (...which) => {
            const request = open(...which);
            request.addEventListener("success", () => {
                request.result.addEventListener("close", done);
            });
            return request;
        };
    });
    window.journal = await openJournal(8);
    await journal.begin(1, "t", []);
    await journal.add(3, [0]);
}"""
AFTERWARDS: Any = """async () => {
    await window.taken;
    const all = async () =>
        (await journal.waiting()).map(({ place, sequence, answer }) => [place, sequence, answer]);
    await journal.add(3, [1]);
    const waiting = (await all()).sort();
    await journal.done(await journal.waiting());
    await journal.add(3, [2]);
    return { waiting, again: await all(), kept: journal.kept };
}"""

# A tab that sleeps has its turn to send and never gives it back; what is no refusal of ours passes.
# What an answer may not become is handed in as a journal, which becomes evidence.
SENDING: Any = """async (name) => {
    const { Refusal, deliver, makeSender } = await import(name);
    navigator.locks.request("sending", () => new Promise(() => {}));
    const patience = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (time) => patience(Math.min(time, 100));
    const [waits, said] = [[{ place: 1, sequence: 1, answer: [0] }], []];
    const journal = { waiting: async () => [...waits], done: async () => waits.pop() };
    const hand = async () => ({ outcomes: [{ outcome: "saved" }] });
    const tell = (state) => state !== "outcome" && said.push(state);
    await makeSender({ journal, name: "sending", hand, tell }).send();
    const became = async (code) => {
        const ask = async (address) => {
            if (address === "answer") throw new Refusal(409, { code });
            return { outcomes: [{ outcome: address }] };
        };
        const entries = [{ place: 1, sequence: 1, answer: [0] }];
        const to = { answers: "answer", journal: "journal" };
        return (await deliver(ask, to, { writer: 1, token: "t", entries })).outcomes[0].outcome;
    };
    for (const code of ["E-SAVE-CONFLICT", "E-LATE", "W-TAKEOVER", "E-WRITER", "E-CLOSED"])
        said.push(await became(code));
    const own = { code: "E-CLOSED", reasons: [] };
    return [...said, new Refusal(408, {}).passes, new Refusal(409, own).passes];
}"""


def test_the_journal_numbers_across_tabs_and_says_what_it_cannot_keep(
    served: Served, browser: Chromium
) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{served.url}/login")
    assert page.evaluate(JOURNAL, "/static/player/journal.js") == {
        "waiting": [[3, 5], [3, 6], [5, 1], [3, 7], [3, 8]],
        "kept": True,
        "before": [[1, "t", 5]],
        "left": 1,
        "told": [False, 1, 1, 1],
        "cleared": 0,
    }
    # The browser takes its database away under the page, as some do while a device sleeps.
    page.reload()
    page.evaluate(OPENED, "/static/player/journal.js")
    wiping = {"origin": served.url, "storageTypes": "indexeddb"}
    context.new_cdp_session(page).send("Storage.clearDataForOrigin", wiping)
    assert page.evaluate(AFTERWARDS) == {
        "waiting": [[3, 1, [0]], [3, 2, [1]]],
        "again": [[3, 3, [2]]],
        "kept": True,
    }
    assert page.evaluate(SENDING, "/static/player/sender.js") == [
        *("saving", "saved"),
        *("conflict", "evidence-late", "journal", "journal", "journal"),
        *(True, False),
    ]
    context.close()


SOON = """{
    const set = AbortSignal.timeout;
    AbortSignal.timeout = (time) => set.call(AbortSignal, time < 5000 ? 100 : time);
}"""
OPENS_NEVER = "indexedDB.open = () => new EventTarget();"
ANSWERS_NEVER = """
    const silent = () => new Proxy(new EventTarget(), { get: () => silent });
    IDBDatabase.prototype.transaction = silent;
"""


def test_a_device_whose_database_never_answers_works_from_memory(
    here: World, served: Served, page: Page
) -> None:
    attempt = start(page, served.url)
    for position, silence in ((0, OPENS_NEVER), (2, ANSWERS_NEVER)):
        tab = page.context.new_page()
        tab.add_init_script(SOON + silence)
        tab.goto(page.url)
        ready(tab)
        choose(tab, position)
        expect(tab.locator(SAID)).to_have_text("Saved.")
        assert shown(attempt)[1] == (position,)
        tab.context.set_offline(True)
        choose(tab, position + 1)
        expect(tab.locator(SAID)).to_contain_text("leave this page open")
        tab.context.set_offline(False)
        expect(tab.locator(SAID)).to_have_text("Saved.")
        assert shown(attempt)[1] == (position + 1,)
        if silence == OPENS_NEVER:
            tab.close()

    # Nobody is logged in any more, and what is in this page alone is not lost with it: it is read.
    tab.context.set_offline(True)
    choose(tab, 1)
    expect(tab.locator(SAID)).to_contain_text("leave this page open")
    tab.context.clear_cookies()
    tab.context.set_offline(False)
    notice = tab.locator("[data-notice=signed-out]")
    expect(notice).to_contain_text("Still on this device:")
    expect(notice).to_contain_text(re.compile("Question 1: Option"))
    expect(notice.get_by_role("link", name="Log in again")).to_be_visible()
    expect(tab.locator("legend")).to_be_hidden()
    assert shown(attempt)[1] == (3,)


def test_a_rest_break_hides_the_questions_and_ends_by_a_button_or_by_itself(
    here: World, served: Served, page: Page
) -> None:
    proposal = Proposal("rest_breaks", "15", "", "Letter of 3 May, in the file.")
    assert isinstance(
        arrangements.arrange(here.context(), here.persons["candidate"], proposal), int
    )
    attempt = start(page, served.url)
    ready(page)
    time, legend = page.locator("[data-clock-time]"), page.locator("legend")
    resting = page.get_by_role("heading", name="You are having a rest break")
    opener = page.get_by_role("button", name="Take a rest break")
    page.locator("input[name=answer]").first.press("Enter")  # goes on, and rests nobody
    page.get_by_role("button", name="Save and previous").click()
    page.context.set_offline(True)
    choose(page, 0)
    opener.click()
    expect(page.get_by_text("You have 15 minutes left for rest breaks")).to_be_visible()
    page.get_by_role("button", name="Begin the rest break").click()
    failed = page.get_by_text("The break has not begun, and your clock is running")
    expect(failed).to_be_visible()
    expect(page.get_by_role("button", name="Begin the rest break")).to_be_focused()
    page.context.set_offline(False)
    look(page, "rest-asked")
    page.get_by_role("button", name="Begin the rest break").click()
    expect(resting).to_be_focused()
    assert shown(attempt) == {1: (0,)}  # what was chosen before is on record first
    expect(legend).to_be_hidden()
    expect(page.locator(".app-navigator")).to_be_hidden()
    look(page, "resting")

    # Whoever loads the page gets no question, and goes on from there.
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("heading", name="You are having a rest break")).to_be_visible()
    look(other, "rest-page")
    served.clock.advance(timedelta(minutes=6))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-part=rest-clock]")).to_have_text(re.compile(r"(9:0\d|8:5\d)"))
    page.get_by_role("button", name="End the break and go on").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(time).to_have_text(re.compile(r"(30:00|29:5\d|29:4\d)"))
    expect(page.locator("[data-part=rest-left]")).to_have_text("(9 minutes left)")
    choose(page, 1)
    expect(page.locator(SAID)).to_have_text("Saved.")

    # The next one ends by itself, here as there, although there is no connection.
    opener.click()
    page.get_by_role("button", name="Begin the rest break").click()
    expect(resting).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="End the break and go on").click()
    expect(page.get_by_text("There is no connection. The break goes on")).to_be_visible()
    served.clock.advance(timedelta(minutes=9))
    page.evaluate(
        "{ const now = performance.now.bind(performance);"
        " performance.now = () => now() + 9 * 60 * 1000 + 1000; }"
    )
    expect(legend).to_be_visible()
    choose(page, 2)
    expect(page.locator(SAID)).to_contain_text("Saved on this device.")
    page.context.set_offline(False)
    expect(page.locator(SAID)).to_have_text("Saved.")
    expect(page.locator("[data-part=rest-left]")).to_have_text("Your rest breaks are used up.")
    expect(opener).to_be_hidden()
    assert shown(attempt) == {1: (2,)}
    page.get_by_role("link", name="How my time is counted").click()
    expect(page.locator("[data-entry=resume]").last).to_contain_text("by itself after 9 minutes")

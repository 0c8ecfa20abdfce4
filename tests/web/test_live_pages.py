"""Do pages that ask the server by themselves go on after what befalls them, in a real browser?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from assess import store
from assess.roles import Role
from assess.store import drafts
from invigilation.actions import roster
from tests.builders import PASSWORD, World
from tests.conftest import Served
from tests.entering import enter
from tests.rooms import Room, room
from tests.web.test_author_writing import item

# What a browser keeps of a page that was closed, and how it puts that into the same page anew.
KEPT = """() => [...document.querySelectorAll("textarea, input[type=text]")]
  .filter((field) => field.value !== field.defaultValue).map(({ id, value }) => [id, value])"""
PUT_BACK = """(kept) => {
  for (const [id, value] of kept) {
    const field = document.getElementById(id);
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""
HURRY = "{ const set = setTimeout; window.setTimeout = (f, t) => set(f, Math.min(t, 200)); }"
# Whatever is given less than twenty seconds has none: the line is that slow.
SLOWLY = """{ const limit = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = (t) => t < 20000 ? AbortSignal.abort() : limit(t); }"""


@pytest.fixture
def made(built: World, served: Served) -> Room:
    """A sitting with two candidates on its roster, behind a port."""
    assert built.app is served.app
    return room(built, "candidate", "candidate.two")


def test_the_board_shows_attendance_in_its_colour_and_keeps_saying_that_the_roster_changed(
    made: Room, served: Served, page: Page
) -> None:
    enter(page.context, served.url, "invigilator", PASSWORD)
    page.add_init_script(HURRY + SLOWLY)
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
    expect(said).to_contain_text("the roster has changed")
    page.context.set_offline(True)
    expect(said).to_contain_text("No connection")
    page.context.set_offline(False)
    expect(said).not_to_contain_text("No connection")
    expect(said).to_contain_text("the roster has changed")


def test_whoever_waits_is_shown_the_first_question_though_the_server_is_away_at_the_release(
    made: Room, served: Served, page: Page
) -> None:
    made.admit("candidate")
    _device, attempt = made.enter("candidate")
    enter(page.context, served.url, "candidate", PASSWORD)
    page.add_init_script(HURRY)
    page.goto(f"{served.url}/attempts/{attempt}/waiting")
    begin, tried = f"{served.url}/attempts/{attempt}/begin", []

    def meet(route: Route) -> None:
        tried.append(route.request.url)
        if len(tried) == 1:
            route.abort()
        elif len(tried) == 2:  # as nginx answers for a site that starts anew
            route.fulfill(status=503, body="busy")
        else:
            route.continue_()

    page.route(begin, meet)
    made.release()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 1 of 4")
    assert tried == [begin] * 3


def test_a_draft_goes_on_saving_when_its_author_has_logged_in_again_in_another_tab(
    built: World, served: Served, page: Page
) -> None:
    enter(page.context, served.url, "author", PASSWORD)
    page.add_init_script(HURRY)
    one = item(built)
    page.goto(f"{served.url}/items/{one}")
    late: list[Route] = []
    page.route("**/draft.js*", lambda route: late.append(route), times=1)
    with page.expect_request("**/draft.js*"):
        page.get_by_role("button", name="Edit this question").click()
    said = page.locator("[data-draft-said]")
    stem = page.get_by_label("Question", exact=True)
    stem.fill("What was typed first?")
    late[0].continue_()  # typed on a slow line, before the script was there
    expect(page.locator(".app-preview")).to_contain_text("What was typed first?")
    expect(said).to_have_text("Saved as you type.")

    page.context.clear_cookies()
    stem.fill("What was typed while logged out?")
    expect(said).to_contain_text("log in in another tab")
    with page.expect_response(re.compile("/login")):  # it asks once more who is logged in
        page.get_by_role("button", name="Save the draft").last.click()
    expect(said).to_contain_text("log in in another tab")
    expect(stem).to_have_value("What was typed while logged out?")
    enter(page.context, served.url, "author", PASSWORD)
    stem.fill("What was typed at last?")
    expect(said).to_have_text("Saved as you type.")
    expect(page.locator(".app-preview")).to_contain_text("What was typed at last?")
    # A save whose reply is lost on its way is not taken for somebody else's.
    page.route("**/draft", lambda route: late.append(route), times=1)
    with page.expect_request("**/draft"):
        stem.fill("What was saved, and nobody heard of?")
    stem.fill("What was typed meanwhile?")
    late[-1].fetch()
    late[-1].abort()
    expect(page.locator(".app-preview")).to_contain_text("What was typed meanwhile?")
    # Its author stops a page that is too slow to come, and goes on.
    page.route("**/draft", lambda route: route.abort("aborted"), times=1)
    page.get_by_role("button", name="Save the draft").last.click()
    stem.fill("What was typed after all?")
    expect(page.locator(".app-preview")).to_contain_text("What was typed after all?")
    page.get_by_role("button", name="Save the draft").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("q1-1")
    with store.read() as session:
        row = drafts.of_item(session, one)
        assert row is not None
        assert row.draft().stem == "What was typed after all?"


def test_what_an_author_typed_is_not_saved_by_whoever_logs_in_after_them(
    built: World, served: Served, page: Page
) -> None:
    """Nor is it theirs to read: the page makes way."""
    built.add("another.author", Role.AUTHOR)
    enter(page.context, served.url, "author", PASSWORD)
    one = item(built)
    page.goto(f"{served.url}/items/{one}")
    page.get_by_role("button", name="Edit this question").click()
    said = page.locator("[data-draft-said]")
    page.context.clear_cookies()
    page.get_by_label("Question", exact=True).fill("What was typed while logged out?")
    expect(said).to_contain_text("log in in another tab")
    enter(page.context, served.url, "another.author", PASSWORD)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_url(f"{served.url}/")
    with store.read() as session:
        row = drafts.of_item(session, one)
        assert row is not None
        assert row.saved_by == built.persons["author"]
        assert row.draft().stem != "What was typed while logged out?"


def test_a_draft_of_a_page_that_is_opened_again_is_saved_unless_it_was_written_on_since(
    built: World, served: Served, page: Page
) -> None:
    enter(page.context, served.url, "author", PASSWORD)
    page.add_init_script(HURRY)
    one = item(built)
    page.goto(f"{served.url}/items/{one}")
    page.get_by_role("button", name="Edit this question").click()
    said, stem = page.locator("[data-draft-said]"), page.get_by_label("Question", exact=True)
    preview = page.locator(".app-preview")
    stem.fill("What was typed in the first window?")
    expect(preview).to_contain_text("in the first window?")
    kept = page.evaluate(KEPT)

    page.reload()  # what a browser kept that was killed before the save
    page.evaluate(PUT_BACK, [[i, v.replace("typed", "not yet saved")] for i, v in kept])
    expect(preview).to_contain_text("What was not yet saved in the first window?")
    kept = page.evaluate(KEPT)
    page.reload()
    stem.fill("What was typed in the second window?")
    expect(preview).to_contain_text("in the second window?")
    expect(said).to_have_text("Saved as you type.")

    page.reload()
    page.evaluate(PUT_BACK, kept)
    expect(page.locator("[data-draft-refused]")).to_be_visible()
    expect(stem).to_have_value("What was not yet saved in the first window?")
    page.reload()
    expect(stem).to_have_value("What was typed in the second window?")
    assert page.evaluate(KEPT) == []  # nothing was typed here: what comes is as new as it can be


def test_nobody_who_types_already_is_taken_to_the_errors_when_the_script_comes(
    built: World, served: Served, page: Page
) -> None:
    enter(page.context, served.url, "tutor", PASSWORD)
    page.goto(f"{served.url}/account/password")
    page.locator("[data-govuk-password-input-init]").first.wait_for()
    late: list[Route] = []
    page.route("**/govuk-frontend*", lambda route: late.append(route))
    errors = page.locator(".govuk-error-summary")
    for types in (True, False):
        with page.expect_request("**/govuk-frontend*"):
            page.locator("main form button[type=submit]").click()
        errors.wait_for()
        if types:
            page.locator("#new").press_sequentially("What is typed")
        late.pop().continue_()
        expect(errors).to_have_attribute("data-govuk-error-summary-init", "")
        expect(page.locator("#new") if types else errors).to_be_focused()

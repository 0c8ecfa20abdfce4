"""A candidate's way from the log-in to a second, better result, and what the author then sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from assess import store
from assess.store import attempts, banks, people
from assess.store.attempts import Attempt
from tests.journeys.conftest import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from assess.bank.items import Content

Enter = Callable[..., "Page"]
Look = Callable[["Page", str], None]
LENGTH = 14


def sheet(stage: Stage, ordinal: int) -> tuple[list[int], list[Content]]:
    """The items and contents of the candidate's form, which only the server knows."""
    with stage.served.app.app_context(), store.read() as session:
        person = people.by_username(session, "candidate")
        assert person is not None
        row = next(
            a
            for a in session.query(Attempt).filter_by(candidate_id=person.id)
            if a.ordinal == ordinal
        )
        drawn = row.drawn()
        contents = banks.contents(session, [q.version for q in drawn])
        assert attempts.of_candidate(session, person.id, row.id) is not None
        return [q.item for q in drawn], [contents[q.version] for q in drawn]


def answer(page: Page, content: Content, *, right: bool) -> None:
    """Choose on the page what is right, or one thing that is wrong."""
    wrong = next(k for k in range(len(content.options)) if k not in content.key)
    for k in content.key if right else (wrong,):
        page.get_by_label(content.options[k].text, exact=True).check()


def prepare(stage: Stage, tutor: Page, candidate: Page, look: Look) -> None:
    """The candidate asks, the tutor approves with a basis."""
    candidate.goto(f"{stage.url}/assessments")
    candidate.get_by_role("button", name="Ask for approval").click()
    expect(candidate.locator("main")).to_contain_text("You asked for approval")
    tutor.goto(f"{stage.url}/readiness")
    look(tutor, "tutor-queue")
    card = tutor.locator("li.app-card", has_text="Amina Yusuf")
    card.get_by_role("link").first.click()
    tutor.get_by_role("button", name="Approve").click()
    expect(tutor.locator("[data-code=E-BASIS]").first).to_be_visible()
    look(tutor, "tutor-basis-missing")
    tutor.get_by_label("Practice questions").check()
    tutor.get_by_label("In your own words").fill("Nine of ten in practice, and we talked it over.")
    tutor.get_by_role("button", name="Approve").click()
    expect(tutor.locator("main")).to_contain_text("Amina Yusuf")


def begin(stage: Stage, page: Page, look: Look) -> None:
    """Confirm the name and the statement, and start."""
    page.goto(f"{stage.url}/assessments")
    page.get_by_role("button", name="Start The basics").click()
    expect(page.locator("main")).to_contain_text("Amina Yusuf")
    look(page, "candidate-start")
    page.get_by_role("button", name="Start the test").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 1 of 14")


def test_a_candidate_fails_learns_why_returns_and_passes(
    stage: Stage, person: Enter, look: Look
) -> None:
    candidate, tutor = person("candidate"), person("tutor")
    candidate.goto(stage.url)
    look(candidate, "home")

    # Nothing is open yet, and every reason is said at once; starting by address is refused too.
    candidate.goto(f"{stage.url}/assessments")
    look(candidate, "candidate-not-available")
    assert codes(candidate) == {"E-SIGN", "E-APPROVAL"}
    address = candidate.locator("[data-test]").first.get_attribute("data-test")
    refused = candidate.goto(f"{stage.url}/tests/{address}/start")
    assert refused is not None
    assert refused.status == 403
    assert codes(candidate) >= {"E-SIGN", "E-APPROVAL"}
    look(candidate, "candidate-refused")

    # Sign: the wrong name first.
    candidate.goto(f"{stage.url}/assessments")
    candidate.get_by_role("button", name="Read and sign the statement").click()
    candidate.get_by_label("Type your name to sign").fill("Somebody Else")
    candidate.get_by_role("button", name="Sign the statement").click()
    expect(candidate.locator("[data-code=E-SIGN-NAME]").first).to_be_visible()
    look(candidate, "candidate-sign")
    candidate.get_by_label("Type your name to sign").fill("amina  yusuf")
    candidate.get_by_role("button", name="Sign the statement").click()
    expect(candidate.locator("main")).to_contain_text("Signed by")

    # First attempt: wrong nearly throughout, by the buttons, with a flag and a way back.
    prepare(stage, tutor, candidate, look)
    begin(stage, candidate, look)
    first_items, contents = sheet(stage, 1)
    look(candidate, "candidate-question")
    for place, content in enumerate(contents, start=1):
        expect(candidate.get_by_role("heading", level=1)).to_contain_text(f"Question {place} of")
        answer(candidate, content, right=place == 1)
        if place == 3:
            candidate.get_by_role("button", name="Flag this question").click()
            expect(candidate.get_by_role("button", name="Take the flag away")).to_be_visible()
        if place < LENGTH:
            candidate.get_by_role("button", name="Save and next").click()
    # The last answer was never sent by a button: it saves itself.
    expect(candidate.locator("[data-player-said]")).to_have_text("Saved.")
    candidate.reload()
    assert candidate.locator("input[name=answer]:checked").count() == 1
    candidate.get_by_role("button", name="Review and hand in").click()
    expect(candidate.locator("[data-flagged]")).to_contain_text("Question 3")
    look(candidate, "candidate-review")
    candidate.get_by_role("button", name="Hand in for good").click()

    # At once: the exact words, what was wrong and why, what to revise, when the next one opens.
    expect(candidate.locator("[data-result]")).to_have_text("Not yet passed")
    expect(candidate.locator("[data-receipt]")).to_have_text(re.compile(r"^[0-9a-f]{64}$"))
    expect(candidate.locator("[data-opens]")).to_contain_text("Wednesday 4 March 2026")
    assert candidate.locator("section.app-review[aria-labelledby^=wrong]").count() == LENGTH - 1
    look(candidate, "candidate-result-not-yet")
    candidate.emulate_media(media="print")  # on paper it says whose it is
    expect(candidate.get_by_role("link", name="Amina Yusuf")).to_have_css("color", "rgb(0, 0, 0)")
    expect(candidate.get_by_role("button", name="Log out")).to_be_hidden()
    candidate.emulate_media(media="screen")
    shown = candidate.locator("main").inner_text()
    for place, content in enumerate(contents, start=1):
        if place > 1:
            assert content.stem in shown
            assert content.revise in shown
            chosen = next(k for k in range(len(content.options)) if k not in content.key)
            assert content.options[chosen].rationale in shown
            assert not any(content.options[k].rationale in shown for k in content.key)

    # Too early; then the wait is over, with a second approval.
    prepare(stage, tutor, candidate, lambda page, name: None)
    candidate.goto(f"{stage.url}/assessments")
    assert codes(candidate) == {"E-COOL"}
    look(candidate, "candidate-cool-down")
    stage.served.clock.advance(timedelta(hours=48))
    candidate.goto(stage.url)  # the old session has ended in the two days
    log_in(candidate, "candidate")
    begin(stage, candidate, lambda page, name: None)
    second_items, contents = sheet(stage, 2)
    assert set(first_items).isdisjoint(second_items)
    for place, content in enumerate(contents, start=1):
        answer(candidate, content, right=True)
        name = "Save and next" if place < LENGTH else "Save and review"
        candidate.get_by_role("button", name=name).click()
    candidate.get_by_role("button", name="Hand in for good").click()
    expect(candidate.locator("[data-result]")).to_have_text("Pass")
    look(candidate, "candidate-result-pass")
    show_to_others(candidate, look)


def show_to_others(candidate: Page, look: Look) -> None:
    """The statement of the result, checked as a stranger would, and the receipt."""
    candidate.get_by_text("How to check the receipt").click()
    with candidate.expect_download() as told:
        candidate.get_by_role("link", name="Download the receipt").click()
    receipt = told.value.path().read_text(encoding="utf-8")
    candidate.get_by_role("button", name="Statement of result").click()
    expect(candidate.locator("[data-result]")).to_have_text("Pass")
    look(candidate, "candidate-statement-of-result")
    expect(candidate.get_by_role("button", name="Download the PDF")).to_be_visible()
    candidate.locator("main a[href*='/verify']").click()
    candidate.get_by_label("Name of the person").fill("Somebody Else")
    candidate.get_by_role("button", name="Check the statement").click()
    expect(candidate.locator("[data-code=E-NO-STATEMENT]").first).to_be_visible()
    look(candidate, "verify-refused")
    candidate.get_by_label("Name of the person").fill("amina yusuf")
    candidate.get_by_role("button", name="Check the statement").click()
    expect(candidate.locator("[data-verified=holds]")).to_contain_text("Pass")
    look(candidate, "verify-holds")
    candidate.goto(candidate.url.replace("/verify", "/receipt"))
    look(candidate, "receipt-check")
    candidate.get_by_label("Receipt").fill(receipt)
    candidate.get_by_role("button", name="Check the receipt").click()
    expect(candidate.locator("[data-receipt-holds]")).to_be_visible()


@pytest.mark.one_database
@pytest.mark.history
def test_an_author_goes_from_the_tests_to_an_item_that_needs_a_look(
    stage: Stage, person: Enter, look: Look
) -> None:
    author = person("author")
    author.goto(f"{stage.url}/tests")
    look(author, "author-tests")
    author.get_by_role("link", name="report", exact=False).first.click()
    expect(author.locator("main")).to_contain_text("130")
    look(author, "author-report")
    author.get_by_role("link", name="M02-2.4-01").first.click()
    expect(author.get_by_role("heading", level=1)).to_contain_text("M02-2.4-01")
    look(author, "author-item")
    author.goto(f"{stage.url}/banks")
    look(author, "author-banks")
    author.get_by_role("link", name="CSP demo M02").click()
    look(author, "author-bank")


def log_in(page: Page, who: str) -> None:
    """Log in on a page that shows the log-in form."""
    from tests.journeys.conftest import PASSWORD

    page.get_by_label("Log-in name").fill(who)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()


def codes(page: Page) -> set[str]:
    """The message codes that a page shows in its main part."""
    found = page.locator("main [data-code]").evaluate_all("e => e.map(x => x.dataset.code)")
    return {code for code in found if code != "E-GATE"}

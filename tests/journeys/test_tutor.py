"""A tutor's day: the queue, not yet with advice, approve, withdraw; and a decision of quality."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PASSWORD, Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

Enter = Callable[..., "Page"]
Look = Callable[["Page", str], None]
ADVICE = "Read the pages on moments of truth, then try the practice questions again."
QUESTION = "Why was my approval withdrawn? I am sure that the result was mine."
WITHDRAWN = "The practice result belonged to somebody else."


@pytest.mark.one_database("postgresql")
def test_a_tutor_advises_approves_withdraws_and_another_centre_finds_nothing(
    stage: Stage, person: Enter, look: Look
) -> None:
    candidate, tutor = person("candidate"), person("tutor")
    ask(candidate, stage)

    # The queue leads to the candidate's page and to the request.
    tutor.goto(f"{stage.url}/readiness")
    tutor.get_by_role("link", name="Amina Yusuf").first.click()
    tutor.get_by_role("button", name="Answer: not yet").click()
    expect(tutor.locator("[data-code=E-REASON]").first).to_be_visible()
    tutor.get_by_label("What should they do first?").fill(ADVICE)
    tutor.get_by_role("button", name="Answer: not yet").click()
    expect(tutor.locator("main")).to_contain_text("Your advice is recorded")

    # The candidate reads it and asks again; this time it is an approval, taken back in time.
    candidate.goto(f"{stage.url}/assessments")
    expect(candidate.locator("[data-advice]").first).to_contain_text(ADVICE)
    look(candidate, "candidate-advice")
    ask(candidate, stage)
    tutor.goto(f"{stage.url}/readiness")
    tutor.get_by_role("link", name="Amina Yusuf").first.click()
    tutor.get_by_label("Practice questions").check()
    tutor.get_by_label("In your own words").fill("Nine of ten in practice, and we talked it over.")
    tutor.get_by_role("button", name="Approve for one attempt").click()
    tutor.get_by_role("link", name="Candidates").click()
    expect(tutor.locator("main")).to_contain_text("Approved")
    look(tutor, "tutor-cohort")
    tutor.get_by_role("link", name="Amina Yusuf").click()
    tutor.get_by_label("Write a note").fill("Works nights; mornings suit her best.")
    tutor.get_by_role("button", name="Keep the note").click()
    expect(tutor.locator("main")).to_contain_text("Works nights")
    look(tutor, "tutor-candidate")
    address = tutor.url
    tutor.get_by_role("link", name="Withdraw the approval").first.click()
    tutor.get_by_label("Why?").fill(WITHDRAWN)
    look(tutor, "tutor-withdraw")
    tutor.get_by_role("button", name="Withdraw the approval").click()
    expect(tutor.locator("main")).to_contain_text("The approval is withdrawn")
    candidate.goto(f"{stage.url}/assessments")
    expect(candidate.locator("[data-code=E-APPROVAL]").first).to_contain_text("withdrawn")

    # The candidate asks why; the question waits in the queue until it is answered.
    candidate.get_by_role("link", name="Write to your tutor").first.click()
    candidate.get_by_label("Write to your tutor").fill(QUESTION)
    candidate.get_by_role("button", name="Send").click()
    expect(candidate.locator("[data-waiting]")).to_contain_text("You have waited")
    stage.served.clock.advance(timedelta(hours=25))
    tutor.goto(stage.url)  # the old session has ended in the day
    log_in(tutor, "tutor")
    tutor.goto(f"{stage.url}/readiness")
    expect(tutor.locator("[data-urgency=late]").first).to_contain_text("answer today")
    look(tutor, "tutor-queue-message")
    tutor.locator("[data-message]").get_by_role("link").click()
    tutor.get_by_label("Your answer").fill("Come and see me, and bring your notes.")
    tutor.get_by_role("button", name="Send").click()
    expect(tutor.locator("main")).to_contain_text("bring your notes")
    look(tutor, "tutor-messages")
    candidate.goto(stage.url)
    log_in(candidate, "candidate")
    candidate.get_by_role("link", name="your tutor wrote on").first.click()
    look(candidate, "candidate-messages")

    # A tutor of another centre finds neither the candidate nor a trace of them.
    other = person("tutor.south")
    answer = other.goto(address)
    assert answer is not None
    assert answer.status == 404
    expect(other.locator("main")).not_to_contain_text("Amina")

    # The quality team sees that nothing is to be decided.
    stage.served.clock.advance(timedelta(hours=25))
    quality = person("quality")
    quality.goto(f"{stage.url}/overdue")
    expect(quality.locator("[data-overdue=request]")).to_contain_text("Ben Kowalski")
    look(quality, "quality-overdue")
    quality.get_by_role("link", name="Decisions").first.click()
    look(quality, "quality-decisions")
    quality.get_by_label("Find a candidate by name").fill("amina")
    quality.get_by_role("button", name="Find").click()
    quality.get_by_role("link", name="Amina Yusuf").click()
    expect(quality.locator("main")).to_contain_text("Nothing to decide")
    look(quality, "quality-candidate")
    quality.goto(f"{stage.url}/appeals")
    look(quality, "appeals")


def log_in(page: Page, who: str) -> None:
    """Log in again on the page that asks for it."""
    page.get_by_label("Log-in name").fill(who)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()


def ask(candidate: Page, stage: Stage) -> None:
    """Ask for approval for the first test that can be asked for."""
    candidate.goto(f"{stage.url}/assessments")
    candidate.get_by_role("button", name="Ask for approval").first.click()
    expect(candidate.locator("main")).to_contain_text("You asked for approval")

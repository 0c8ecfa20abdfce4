"""An author improves a question, a reviewer sends it back and then approves it, and it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

Enter = Callable[..., "Page"]
Look = Callable[["Page", str], None]
IDENTIFIER = "M02-2.1-01"
STEM = "A housing association is writing its terms. What is NOT customer satisfaction, or is it?"
LETTERS = "M02-letters-" + 180 * "x"  # no name is so long that it widens a page
FILE = f"""id,kind,outcome,stem,A,B,C,D,key
{LETTERS},single_choice,csp-demo/M02/2.1,Which opening is kind?,Dear Mr Ali,To all,Sir,Hi,A
""".encode()
BETTER = "Which definition of customer satisfaction should a housing association use?"


@pytest.mark.one_database("postgresql")
def test_a_question_is_improved_returned_approved_and_another_suspended(
    stage: Stage, person: Enter, look: Look
) -> None:
    author, reviewer = person("author"), person("reviewer")
    for page, name in ((author, "author-waiting"), (reviewer, "reviewer-waiting")):
        page.goto(f"{stage.url}/reviews")
        look(page, name)

    # A file of questions: what it would do, what could be worded better, then all of it.
    author.goto(f"{stage.url}/banks")
    author.get_by_role("button", name="Bring in a file").click()
    look(author, "author-import")
    author.get_by_role("button", name="See what it would do").click()
    expect(author.locator("#file-error")).to_be_visible()
    author.get_by_label("A file of questions").set_input_files(
        {"name": "letters.csv", "mimeType": "text/csv", "buffer": FILE}
    )
    author.get_by_label("Bank", exact=True).fill("CSP demo M02")
    author.get_by_role("button", name="See what it would do").click()
    expect(author.locator("[data-end=created] dd")).to_have_text("1")
    expect(author.locator("[data-advice]").first).to_be_visible()
    look(author, "author-import-plan")
    author.get_by_role("button", name="Bring all of it in").click()
    expect(author.locator("main")).to_contain_text("1 question waits for a reviewer.")
    author.get_by_role("link", name="M02-letters").click()
    expect(author.get_by_role("heading", level=1)).to_have_text(LETTERS)
    assert author.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # From the list to the draft; the preview and the advice follow what is typed.
    author.goto(f"{stage.url}/banks")
    author.get_by_role("link", name="CSP demo M02", exact=True).click()
    author.get_by_label("Words in the question").fill(IDENTIFIER)
    author.get_by_role("button", name="Search").click()
    assert "words=M02-2.1-01" in author.url
    look(author, "author-bank-searched")
    author.get_by_role("link", name=IDENTIFIER).click()
    author.get_by_role("button", name="Edit this question").click()
    expect(author.get_by_role("heading", level=1)).to_contain_text(IDENTIFIER)
    author.get_by_label("Question", exact=True).fill(STEM)
    preview = author.locator(".app-preview")
    expect(preview).to_contain_text(STEM)
    expect(author.locator("[data-draft-said]")).to_have_text("Saved as you type.")
    look(author, "author-draft")
    author.get_by_label("What to revise").fill("")
    expect(author.locator("[data-advice=missing_revise]")).to_be_visible()
    author.get_by_label("Text of option A").fill("")
    expect(author.locator("[data-in-the-way]")).to_contain_text("Option A has no text.")
    author.get_by_role("button", name="Submit for review").click()
    expect(author.locator("#text-0-error")).to_be_visible()
    look(author, "author-draft-refused")
    author.get_by_label("Text of option A").fill("How closely staff kept to the procedure")
    author.get_by_label("A word to the reviewer").fill("The stem is shorter.")
    author.get_by_role("button", name="Submit for review").click()
    expect(author.locator("main")).to_contain_text("waits for a reviewer.")
    look(author, "author-in-review")

    # The reviewer returns it: not without words.
    reviewer.goto(f"{stage.url}/reviews")
    reviewer.get_by_role("link", name=IDENTIFIER).click()
    expect(reviewer.locator("[data-part=stem] ins")).not_to_have_count(0)
    look(reviewer, "reviewer-review")
    reviewer.get_by_role("button", name="Return").click()
    expect(reviewer.locator("#words-error")).to_be_visible()
    look(reviewer, "reviewer-words-missing")
    reviewer.get_by_label("What do you say to it?").fill("Ask it plainly, please.")
    reviewer.get_by_role("button", name="Return").click()
    expect(reviewer.locator("main")).to_contain_text("returned to its author")

    # The author reads why, improves it by keyboard alone, and it goes live.
    author.goto(f"{stage.url}/reviews")
    expect(author.locator("main")).to_contain_text("Ask it plainly, please.")
    author.get_by_role("link", name=IDENTIFIER).press("Enter")
    expect(author.locator("[data-sent-back]")).to_contain_text("Ask it plainly, please.")
    author.get_by_label("Question", exact=True).fill(BETTER)
    expect(preview).to_contain_text(BETTER)
    author.get_by_role("button", name="Submit for review").press("Enter")
    reviewer.goto(f"{stage.url}/reviews")
    reviewer.get_by_role("link", name=IDENTIFIER).press("Enter")
    reviewer.get_by_role("button", name="Approve").press("Enter")
    expect(reviewer.locator("main")).to_contain_text("The version is live")
    reviewer.goto(f"{stage.url}/banks")
    reviewer.get_by_role("link", name="CSP demo M02", exact=True).click()
    reviewer.get_by_role("link", name=IDENTIFIER).click()
    expect(reviewer.locator("main")).to_contain_text(BETTER)
    look(reviewer, "reviewer-item")
    reviewer.get_by_role("link", name="What has changed between versions").click()
    look(reviewer, "reviewer-differences")

    # Taking it out warns first.
    reviewer.go_back()
    reviewer.get_by_role("link", name="Suspend").click()
    expect(reviewer.locator("main")).to_contain_text("What it does to published tests")
    look(reviewer, "reviewer-suspend")
    reviewer.get_by_label("Why?").fill("It was seen in an online group.")
    reviewer.get_by_role("button", name="Suspend it").click()
    expect(reviewer.locator("main")).to_contain_text("No new test draws it.")


@pytest.mark.one_database
def test_without_javascript_a_question_is_written_by_buttons(stage: Stage, person: Enter) -> None:
    author = person("author", scripts=False)
    author.goto(f"{stage.url}/banks")
    author.get_by_role("link", name="CSP demo M02", exact=True).click()
    author.get_by_role("button", name="New question").click()
    author.get_by_label("Identifier").fill("M02-new")
    author.get_by_label("Multiple response").check()
    author.get_by_role("button", name="Write it").click()
    author.get_by_label("Question", exact=True).fill("Which two are greetings?")
    for letter, text in zip("ABCD", ("Hello", "Good morning", "A chair", "Seven"), strict=True):
        author.get_by_label(f"Text of option {letter}").fill(text)
    for letter in "AB":
        author.get_by_label(f"This is right option {letter}").check()
    author.get_by_role("button", name="Add an option").click()
    expect(author.get_by_label("Text of option E")).to_be_visible()
    expect(author.locator(".app-preview")).to_contain_text("Good morning")
    author.get_by_role("button", name="Take out option E").click()
    author.get_by_role("button", name="Submit for review").click()
    expect(author.locator("main")).to_contain_text("waits for a reviewer.")

"""How does an author write a question, and a reviewer read it, page by page?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkzeug.datastructures import MultiDict

from assess import store
from assess.actions import reviews
from assess.roles import Role
from assess.store import banks, drafts
from assess.web.author import reviewing
from tests.builders import World
from tests.web.author_scene import ONE, author, said

if TYPE_CHECKING:
    import pytest
    from flask.testing import FlaskClient

__all__ = ["author"]


def shelf(built: World) -> int:
    """The number of the small bank."""
    with store.read() as session:
        found = banks.by_name(session, built.centres["here"], "Small bank")
    assert found is not None
    return found.id


def item(built: World, name: str = "q1-1") -> int:
    """The number of an item."""
    with store.read() as session:
        found = banks.by_identifier(session, shelf(built), name)
    assert found is not None
    return found.id


def revision(one: int) -> str:
    """The revision of an item's draft."""
    with store.read() as session:
        row = drafts.of_item(session, one)
    assert row is not None
    return str(row.revision)


def typed(one: int, go: str, **changes: str | None) -> MultiDict[str, str]:
    """What a browser sends from the form of a draft; a change to None leaves the field out."""
    values: dict[str, str | None] = {
        "revision": revision(one),
        "kind": "single_choice",
        "options": "3",
        "stem": "Which of these is a greeting?",
        "text-0": "Good morning",
        "text-1": "Seven",
        "text-2": "A chair",
        "correct": "0",
        "rationale-0": "It is said on meeting.",
        "rationale-1": "It is a number.",
        "rationale-2": "It is sat on.",
        "outcome": ONE,
        "level": "recall",
        "facility": "85",
        "revise": "Chapter 1",
        "shuffle": "yes",
        "scoring": "exact",
        "set": "",
        "stimulus": "",
        "go": go,
    }
    for name, value in changes.items():
        values[name.replace("_", "-") if name[-1].isdigit() else name] = value
    sent: MultiDict[str, str] = MultiDict()
    for name, value in values.items():
        if value is not None:
            sent.add(name, value)
    return sent


def begun(client: FlaskClient, built: World, name: str = "q1-1") -> int:
    """Begin a draft of an item; the item's number."""
    one = item(built, name)
    answer = client.post(f"/items/{one}/drafts")
    assert answer.headers["Location"] == f"/items/{one}/draft"
    return one


def submitted(client: FlaskClient, built: World, name: str = "q1-1") -> int:
    """Write a version of an item and submit it; the item's number."""
    one = begun(client, built, name)
    answer = client.post(f"/items/{one}/draft", data=typed(one, "submit", words="Please look."))
    assert answer.headers["Location"] == f"/items/{one}/review"
    return one


def test_a_new_question_is_named_written_previewed_and_submitted(
    built: World, author: FlaskClient
) -> None:
    page = f"/banks/{shelf(built)}/items/new"
    assert "Identifier" in said(author.get(page))
    refused = author.post(page, data={"identifier": "q1-1", "kind": "single_choice"})
    assert refused.status_code == 409
    assert 'data-code="E-TAKEN"' in refused.text
    assert "Another question of this bank has this identifier" in said(refused)
    refused = author.post(page, data={"identifier": " ", "kind": "essay"})
    assert refused.status_code == 422
    made = author.post(page, data={"identifier": "q1-new", "kind": "single_choice"})
    one = item(built, "q1-new")
    assert made.headers["Location"] == f"/items/{one}/draft"
    empty = author.get(f"/items/{one}/draft")
    assert "The question has no text" in said(empty) or 'data-code="E-MALFORMED"' in empty.text
    assert empty.text.count('name="text-') == 4
    saved = author.post(f"/items/{one}/draft", data=typed(one, "save"))
    assert saved.headers["Location"] == f"/items/{one}/draft#preview"
    words = said(author.get(f"/items/{one}/draft"))
    assert "As candidates see it" in words
    assert "Which of these is a greeting? Choose one answer. Good morning Seven A chair" in words
    assert "Nothing is in the way of submitting it." in words
    assert "not submitted yet" in said(built.client("reviewer").get(f"/items/{one}"))
    assert "Not submitted yet" in said(author.get(f"/banks/{shelf(built)}?state=draft"))
    done = author.post(f"/items/{one}/draft", data=typed(one, "submit"))
    assert done.headers["Location"] == f"/items/{one}/review"
    assert "waits for a reviewer" in said(author.get(f"/items/{one}/review"))


def test_options_are_added_moved_taken_out_and_the_kind_is_changed_by_buttons(
    built: World, author: FlaskClient
) -> None:
    one = begun(author, built)

    def after(go: str, **changes: str | None) -> tuple[list[str], str]:
        answer = author.post(f"/items/{one}/draft", data=typed(one, go, **changes))
        assert answer.status_code == 302, answer.text
        with store.read() as session:
            row = drafts.of_item(session, one)
        assert row is not None
        return [o.text for o in row.draft().options], row.draft().kind

    three = ["Good morning", "Seven", "A chair"]
    assert after("add") == ([*three, ""], "single_choice")
    assert after("up:2") == (["Good morning", "A chair", "Seven"], "single_choice")
    assert after("remove:0") == (["Seven", "A chair"], "single_choice")
    assert after("up:0") == (three, "single_choice")
    assert after("remove:9") == (three, "single_choice")
    assert after("kind:multiple_response") == (three, "multiple_response")
    page = author.get(f"/items/{one}/draft").text
    assert page.count('type="checkbox" id="correct-') == 3
    assert 'value="partial"' in page
    assert after("kind:essay") == (three, "single_choice")


def test_what_is_in_the_way_stands_beside_its_field_when_it_is_submitted(
    built: World, author: FlaskClient
) -> None:
    one = begun(author, built)
    bad = typed(one, "submit", stem="", correct=None, text_1="", facility="many", set="Case")
    refused = author.post(f"/items/{one}/draft", data=bad)
    assert refused.status_code == 422
    summary = refused.text.partition("govuk-error-summary__list")[2].partition("</ul>")[0]
    fields = re.findall(r'href="#([^"]*)"', summary)
    assert set(fields) == {"stem", "correct-0", "text-1", "facility", "stimulus"}
    for field in fields:
        assert f'id="{field}"' in refused.text, field
    assert "Error: Edit q1-1" in refused.text
    assert 'value="many"' in refused.text


def test_the_script_gets_the_part_that_changes_and_hears_of_a_refusal(
    built: World, author: FlaskClient
) -> None:
    built.add("second", Role.AUTHOR)
    one = begun(author, built)
    sent = typed(one, "auto", stem="Why <b>not</b>?", rationale_2="")
    answer = author.post(f"/items/{one}/draft", data=sent)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert f'data-revision="{revision(one)}"' in answer.text
    assert "Why &lt;b&gt;not&lt;/b&gt;?" in answer.text
    assert 'data-advice="negative_stem"' in answer.text
    assert 'data-advice="missing_rationale"' in answer.text
    late = typed(one, "auto", stem="Mine?", revision="1")
    refused = built.client("second").post(f"/items/{one}/draft", data=late)
    assert refused.status_code == 409
    assert 'data-code="E-EDITED"' in refused.text
    assert "<html" not in refused.text


def test_two_who_write_at_once_see_what_differs_and_decide(
    built: World, author: FlaskClient
) -> None:
    built.add("second", Role.AUTHOR)
    one = begun(author, built)
    old = revision(one)
    author.post(f"/items/{one}/draft", data=typed(one, "save"))
    second = built.client("second")
    theirs = typed(one, "save", stem="Which of those is a greeting?", revision=old)
    refused = second.post(f"/items/{one}/draft", data=theirs)
    assert refused.status_code == 409
    words = said(refused)
    assert "Author saved this draft on Monday 2 March 2026" in words
    assert "removed: these added: those" in words
    again = typed(one, "save", stem="Which of those is a greeting?")
    assert second.post(f"/items/{one}/draft", data=again).status_code == 302


def test_a_reviewer_reads_what_has_changed_and_approves(built: World, author: FlaskClient) -> None:
    one = submitted(author, built)
    reviewer = built.client("reviewer")
    assert "q1-1" in said(reviewer.get("/reviews"))
    assert "q1-1" not in said(built.client("author.there").get("/reviews"))
    words = said(reviewer.get(f"/items/{one}/review"))
    assert "What changes against version 1" in words
    assert "Option D (taken out)" in words
    assert "Please look." in words
    assert "A Good morning Key It is said on meeting." in words
    done = reviewer.post(f"/items/{one}/review/approve", data={"version": "2", "words": ""})
    assert done.headers["Location"] == "/reviews"
    words = said(reviewer.get("/reviews"))
    assert "The version is live" in words
    assert "Nothing waits for your review" in words
    assert "Version 2 Live" in said(author.get(f"/items/{one}"))
    late = reviewer.post(f"/items/{one}/review/approve", data={"version": "2"})
    assert late.status_code == 409
    assert "its state is “live”" in said(late)


def test_what_waits_is_bounded_and_the_page_says_so(
    built: World, author: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewing, "MOST", 1)
    longest, later = submitted(author, built), submitted(author, built, "q1-2")
    for who, others in ((author, False), (built.client("reviewer"), True)):
        page = who.get("/reviews").text
        assert f"/items/{longest}/review" in page
        assert f"/items/{later}/review" not in page
        assert "More questions wait than this page shows" in page
        assert ("To be read by you" in page) is others
        assert ("Waiting for me 2 waiting" in said(who.get("/"))) is others


def test_a_version_is_returned_with_words_only_and_comes_back_to_its_author(
    built: World, author: FlaskClient
) -> None:
    one = submitted(author, built)
    reviewer = built.client("reviewer")
    refused = reviewer.post(f"/items/{one}/review/return", data={"version": "2", "words": " "})
    assert refused.status_code == 422
    assert 'id="words-error"' in refused.text
    done = reviewer.post(
        f"/items/{one}/review/return", data={"version": "2", "words": "Who asks whom?"}
    )
    assert done.status_code == 302
    words = said(author.get("/reviews"))
    assert "Returned to you q1-1 Returned Who asks whom?" in words
    assert "Waiting for me 1 waiting" in said(author.get("/"))
    assert "Who asks whom?" in said(author.get(f"/items/{one}/draft"))
    assert "q1-1" in said(author.get(f"/banks/{shelf(built)}?state=returned"))


def test_whoever_wrote_it_is_told_that_somebody_else_approves(built: World) -> None:
    built.add("second", Role.AUTHOR, Role.REVIEWER)
    second = built.client("second")
    one = submitted(second, built)
    page = second.get(f"/items/{one}/review")
    assert 'data-code="E-FOUREYES"' in page.text
    assert "review/approve" not in page.text
    refused = second.post(f"/items/{one}/review/approve", data={"version": "2"})
    assert refused.status_code == 403
    assert 'data-code="E-FOUREYES"' in refused.text
    back = second.post(f"/items/{one}/review/withdraw", data={"version": "2"})
    assert back.headers["Location"] == f"/items/{one}/draft"
    assert "You took it back." in said(second.get("/reviews"))


def test_a_comment_stands_with_the_question_and_an_empty_one_is_refused(
    built: World, author: FlaskClient
) -> None:
    one = submitted(author, built)
    sent = {"version": "2", "words": "Look at B.", "from": "review"}
    assert author.post(f"/items/{one}/comments", data=sent).status_code == 302
    assert "Look at B." in said(author.get(f"/items/{one}/review"))
    assert author.post(f"/items/{one}/comments", data={**sent, "words": ""}).status_code == 422
    on_item = {"version": "1", "words": "An old one."}
    answer = author.post(f"/items/{one}/comments", data=on_item)
    assert answer.headers["Location"] == f"/items/{one}#story"
    empty = author.post(f"/items/{one}/comments", data={"version": "1", "words": " "})
    assert empty.status_code == 422
    assert 'href="#words"' in empty.text  # on the page that it was written on
    assert "Comment on version 1" in said(empty)
    assert "Comment version 1, Author" in said(author.get(f"/items/{one}"))


def test_suspending_warns_and_a_reviewer_brings_it_back(built: World, author: FlaskClient) -> None:
    one = item(built)
    words = said(author.get(f"/items/{one}/suspend"))
    assert "T1 2 6 5 3 2" in words
    assert "candidates may then meet a question again, on attempt 3" in words
    refused = author.post(f"/items/{one}/suspend", data={"version": "1", "words": ""})
    assert refused.status_code == 422
    assert 'id="words-error"' in refused.text
    done = author.post(f"/items/{one}/suspend", data={"version": "1", "words": "Leaked."})
    assert done.headers["Location"] == f"/items/{one}"
    assert "Version 1 Suspended" in said(author.get(f"/items/{one}"))
    reviewer = built.client("reviewer")
    assert "Make it live again" in said(reviewer.get(f"/items/{one}"))
    assert reviewer.post(f"/items/{one}/resume", data={"version": "1"}).status_code == 302
    assert "Version 1 Live" in said(reviewer.get(f"/items/{one}"))


def test_retiring_what_a_published_test_needs_is_refused_on_the_page_and_by_the_deed(
    built: World, author: FlaskClient
) -> None:
    for n in range(1, 5):
        done = reviews.retire(built.context("author"), item(built, f"q1-{n}"), 1, "Worn out.")
        assert isinstance(done, reviews.Decided)
    one = item(built, "q1-5")
    page = author.get(f"/items/{one}/retire")
    assert 'data-code="E-BLUEPRINT"' in page.text
    assert "T1:" in said(page)
    assert "Retire it for good" not in page.text
    refused = author.post(f"/items/{one}/retire", data={"version": "1", "words": "Worn out."})
    assert refused.status_code == 409
    assert 'data-code="E-BLUEPRINT"' in refused.text
    assert "Version 1 Live" in said(author.get(f"/items/{one}"))


def test_versions_are_compared_word_by_word(built: World, author: FlaskClient) -> None:
    one = submitted(author, built)
    words = said(author.get(f"/items/{one}/differences"))
    assert "q1-1: version 1 and version 2" in words
    assert "Option D (taken out)" in words
    same = author.get(f"/items/{one}/differences?from=1&to=1")
    assert "They say the same." in said(same)
    assert author.get(f"/items/{one}/differences?from=7").status_code == 404


def test_a_draft_is_thrown_away_only_after_a_question(built: World, author: FlaskClient) -> None:
    one = begun(author, built)
    asked = author.get(f"/items/{one}/draft/discard")
    assert "Throw the draft of q1-1 away?" in said(asked)
    assert 'name="revision" value="1"' in asked.text
    # What somebody saved after the question was asked was not what it was about.
    saved = author.post(f"/items/{one}/draft", data={"stem": "Another?", "revision": "1"})
    assert saved.status_code == 302
    stale = author.post(f"/items/{one}/draft/discard", data={"revision": "1"})
    assert (stale.status_code, stale.text.count("E-EDITED") > 0) == (409, True)
    assert "It is not thrown away." in said(stale)
    done = author.post(f"/items/{one}/draft/discard", data={"revision": "2"})
    assert done.headers["Location"] == f"/items/{one}"
    gone = author.get(f"/items/{one}/draft")
    assert gone.headers["Location"] == f"/items/{one}"
    assert author.post(f"/items/{one}/draft/discard").status_code == 409
    assert "Edit this question" in said(author.get(f"/items/{one}"))


def test_a_button_with_an_endless_number_does_no_harm(built: World, author: FlaskClient) -> None:
    one = item(built)
    author.post(f"/items/{one}/drafts")
    for go in ("up", "remove"):
        answer = author.post(f"/items/{one}/draft", data=typed(one, f"{go}:{'9' * 5_000}"))
        assert answer.status_code == 302

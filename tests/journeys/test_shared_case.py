"""Is a shared case beside its question where there is room, above it where not, and there after?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from assess import store
from assess.actions import approvals, attempts, banks, demo, programmes
from assess.actions.context import Context
from assess.bank.formats import tabular
from assess.reasons import Refused
from assess.store import banks as bank_rows
from assess.store import people, specifications
from tests.journeys.conftest import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

CASE = (
    "Mrs Chowdhury telephones the repairs line of a housing association at ten past nine.\n\n"
    "Her boiler stopped on Friday. The form she filled in on Saturday gave her a number, but "
    "nobody has rung. Her mother, who is 84, is staying with her. She says that she does not want "
    "to be a nuisance, and that a neighbour told her to ask for “somebody senior”. The system "
    "shows two reports for her address: the one of Saturday, and one of August that was closed "
    "the same day without a visit."
)


def share_a_case(context: Context) -> int:
    """Let every question of the bank belong to one set; the number of one of them."""
    data = (files("assess") / "data" / "banks" / "m02.csv").read_bytes()
    rows = [
        replace(row, content=replace(row.content, set="S1", stimulus=CASE))
        for row in tabular.read(BytesIO(data), "m02.csv")
        if row.content is not None
    ]
    done = banks.bring_in(context, banks.Import(rows, "CSP demo M02", "m02.csv", demo.FRAMEWORK))
    assert not isinstance(done, Refused), done
    assert done.bank_id is not None
    with store.read() as session:
        return bank_rows.known(session, done.bank_id)["M02-2.1-01"].item_id


def start(context: Context, person: int, tutor: int) -> int:
    """Sign, ask, approve and start as the candidate does; the attempt's number."""
    with store.read() as session:
        test = specifications.by_name(session, context.centre, demo.TEST)
    assert test is not None
    assert test.programme_id is not None
    theirs = replace(context, actor=person)
    programmes.sign(theirs, test.programme_id, 1, "Amina Yusuf")
    asked = approvals.ask(theirs, test.id)
    assert not isinstance(asked, Refused), asked
    approving = replace(context, actor=tutor)
    given = approvals.approve(approving, asked, ["practice"], "Nine of ten in practice.")
    assert not isinstance(given, Refused), given
    done = attempts.start(theirs, test.id, affirmed=True)
    assert not isinstance(done, Refused), done
    return done.attempt_id


@pytest.mark.one_database
def test_a_case_is_read_beside_its_question_and_again_beside_what_was_wrong(
    stage: Stage, person: Callable[..., Page], look: Callable[[Page, str], None]
) -> None:
    app, clock = stage.served.app, stage.served.clock
    with app.app_context():
        with store.read() as session:
            one = people.by_username(session, "candidate")
            tutor = people.by_username(session, "tutor")
        assert one is not None
        assert tutor is not None
        context = Context(clock.now(), app.extensions["assess.settings"], one.centre_id)
        item = share_a_case(context)
        attempt = start(context, one.id, tutor.id)
    page = person("candidate")
    page.goto(f"{stage.url}/attempts/{attempt}")
    page.get_by_role("button", name="Continue here").click()
    case = page.get_by_role("region", name="Read this first")
    expect(case).to_contain_text("does not want to be a nuisance")
    assert page.locator("[name=answer]").first.is_visible()
    stem = page.locator("legend")
    # Indented code, and columns with tabs between them, are shown as they were written.
    for written in (stem, case.locator("p"), page.locator(".app-options label").first):
        expect(written).to_have_css("white-space", "pre-wrap")
    expect(page.locator("[data-player-said]")).to_have_text(
        "Your answers are saved as you choose them."
    )
    page.get_by_role("button", name="Review and hand in").click()
    expect(page.get_by_role("heading", name="Review and hand in")).to_be_focused()
    page.get_by_role("link", name="Go back to the questions").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()  # the case was read before
    for width, beside in ((1280, True), (320, False)):
        page.set_viewport_size({"width": width, "height": 900})
        box, asked = case.bounding_box(), stem.bounding_box()
        assert box is not None
        assert asked is not None
        assert (box["x"] + box["width"] <= asked["x"]) is beside
        assert (box["y"] + box["height"] <= asked["y"]) is not beside
    look(page, "candidate-question-of-a-set")
    page.goto(f"{stage.url}/attempts/{attempt}/review")
    page.get_by_role("button", name="Hand in for good").click()
    again = page.get_by_role("group", name="What you read first").first
    expect(again).to_contain_text("does not want to be a nuisance")
    look(page, "candidate-result-of-a-set")
    author = person("author")
    author.goto(f"{stage.url}/items/{item}")
    expect(author.get_by_role("region", name="Shared case of the set S1")).to_be_visible()
    look(author, "author-item-of-a-set")

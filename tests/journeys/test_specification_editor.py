"""An author asks for too much, is told while typing, mends it, and sees what candidates meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Dialog, expect

from tests.journeys.conftest import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

Enter = Callable[..., "Page"]
Look = Callable[["Page", str], None]


@pytest.mark.one_database
def test_the_panel_follows_what_is_typed_and_the_forecast_comes_before_publishing(
    stage: Stage, person: Enter, look: Look
) -> None:
    author = person("author")
    author.goto(f"{stage.url}/tests")
    author.get_by_role("link", name="M02 – The basics").click()
    author.get_by_role("button", name="Change the specification").click()
    late: list[Route] = []
    author.route("**/quotas.js*", lambda route: late.append(route), times=1)
    with author.expect_request("**/quotas.js*"):
        author.get_by_role("button", name="Add a narrower quota").click()
    quota = author.get_by_role("group", name="Narrower quota 1")
    quota.get_by_label("Outcome").select_option(index=1)
    quota.get_by_label("Level").select_option("apply")
    quota.get_by_label("Questions").fill("9")
    late[0].continue_()  # typed on a slow line, before the script was there
    way = author.locator("[data-in-the-way]")
    expect(way).to_contain_text("needs 9 live questions")
    look(author, "author-specification-refused")
    way.get_by_role("link").first.click()
    expect(quota.get_by_label("Questions")).to_be_focused()
    quota.get_by_label("Questions").fill("8")
    way.get_by_role("link").first.focus()  # the answer comes when the keyboard is in the panel
    expect(way).to_contain_text("needs 8 live questions")
    expect(way.get_by_role("link").first).to_be_focused()
    quota.get_by_label("Questions").fill("1")
    expect(author.locator("[data-ready]")).to_be_visible()
    author.context.set_offline(True)
    quota.get_by_label("Questions").fill("9")
    expect(author.locator("[data-specification-lost]")).to_contain_text("of before")
    author.context.set_offline(False)
    quota.get_by_label("Questions").fill("1")
    expect(author.locator("[data-specification-lost]")).to_be_hidden()
    opens = author.get_by_label("Opens", exact=True)
    author.evaluate("delete Element.prototype.checkVisibility")  # as in Safari before 17.4
    opens.press_sequentially("12032026")  # a day without a time, of which a browser sends nothing
    author.get_by_role("button", name="Forecast").click()
    expect(opens).to_be_focused()
    opens.fill("")
    author.get_by_role("button", name="Forecast").click()
    expect(author.locator("[data-balanced]")).to_be_visible()
    look(author, "author-specification-forecast")
    answers = [Dialog.accept, Dialog.dismiss]  # nothing is published: leave, or stay after all?
    author.on("dialog", lambda dialog: answers.pop()(dialog))
    for _twice in range(2):
        author.get_by_role("link", name="M02", exact=True).click()
    author.get_by_role("link", name="Fairness").click()
    assert answers == []
    expect(author.get_by_role("heading", name="Were the forms fair?")).to_be_visible()
    look(author, "author-fairness")
    author.get_by_role("link", name="M02", exact=True).click()
    author.get_by_role("link", name="Draws").click()
    expect(author.get_by_text("Nothing was drawn")).to_be_visible()  # and its month is over
    look(author, "author-draws")

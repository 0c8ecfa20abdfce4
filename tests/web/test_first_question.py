"""How far is it from logging in to the first question, in presses, requests and bytes?

Counted in a real browser that has nothing yet, with all that comes over the wire, heads included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect

from tests.builders import World
from tests.conftest import Served
from tests.web.test_player_script import log_in, ready

MOST_PRESSES = 2
MOST_REQUESTS = 8
MOST_BYTES = 50 * 1024


@dataclass(slots=True)
class Wire:
    """What a tab has asked a server for, by number of the request, and how many bytes came."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    came: int = 0

    @classmethod
    def of(cls, page: Page) -> Wire:
        """Listen to a tab from now on, with nothing in its cache."""
        wire, ear = cls(), page.context.new_cdp_session(page)

        def ask(said: dict[str, Any]) -> None:
            if "redirectResponse" in said:
                wire.came += int(said["redirectResponse"]["encodedDataLength"])
            wire.asked.append((said["requestId"], said["request"]["url"]))

        def come(said: dict[str, Any]) -> None:
            wire.came += int(said["encodedDataLength"])

        def was_here(said: dict[str, Any]) -> None:
            if said.get("response", {"fromDiskCache": True})["fromDiskCache"]:
                wire.asked = [one for one in wire.asked if one[0] != said["requestId"]]

        ear.on("Network.requestWillBeSent", ask)
        ear.on("Network.loadingFinished", come)
        ear.on("Network.requestServedFromCache", was_here)
        ear.on("Network.responseReceived", was_here)
        ear.send("Network.enable")
        ear.send("Network.clearBrowserCache")
        return wire


def fresh(context: BrowserContext, browser: Chromium) -> Page:
    """A tab of a browser that knows who is logged in, and nothing else."""
    another = browser.new_context()
    another.add_cookies(context.cookies())  # type: ignore[arg-type]
    return another.new_page()


def test_the_first_question_is_two_presses_and_eight_requests_away(
    built: World, served: Served, page: Page, browser: Chromium
) -> None:
    built.make_ready()
    log_in(page, served.url)
    tab = fresh(page.context, browser)
    wire, presses = Wire.of(tab), 0
    tab.goto(f"{served.url}/assessments")
    for name in ("Start First test", "Affirm, and start the test"):
        tab.get_by_role("button", name=name).click()
        presses += 1
    ready(tab)
    expect(tab.locator("legend")).to_be_visible()
    assert presses <= MOST_PRESSES
    assert len(wire.asked) <= MOST_REQUESTS, wire.asked
    assert wire.came <= MOST_BYTES, wire.came

    # By a link that leads to the question itself, as after a killed tab.
    straight = fresh(page.context, browser)
    wire = Wire.of(straight)
    straight.goto(tab.url)
    ready(straight)
    assert len(wire.asked) <= MOST_REQUESTS / 2, wire.asked
    for one in (tab, straight):
        one.context.close()

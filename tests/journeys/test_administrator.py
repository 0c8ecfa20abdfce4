"""An administrator's day: a file of people, a registration, an arrangement, a role, a statement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PASSWORD, Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

Enter = Callable[..., "Page"]
Look = Callable[["Page", str], None]
AWARD = "Customer Service Professionals"
SEEN = "Letter of the educational psychologist of 3 May, in the paper file."
HEAD = "username,name,roles,programme,group,tutor,needs\n"
LINES = [f"new{n},Newcomer {n},candidate,{AWARD},Autumn,tutor,none\n" for n in range(21)]
FILE = HEAD + "".join(LINES) + "second,Ruth Adler,administrator,,,,\n"


@pytest.mark.one_database
def test_an_administrator_brings_people_in_arranges_and_asks_a_second_one(
    stage: Stage, person: Enter, look: Look, tmp_path: Path
) -> None:
    me = person("administrator")
    me.goto(f"{stage.url}/people")

    # A file with a bad line is refused whole; put right, it is done whole.
    me.get_by_role("button", name="Bring in a file").click()
    look(me, "import-form")
    bad = tmp_path / "bad.csv"
    bad.write_text(FILE + f"odd,Odd One,,{AWARD},Autumn,candidate,\n", encoding="utf-8")
    show(me, bad)
    expect(me.locator("tr[data-state=refused]")).to_contain_text("Nobody who can be the tutor")
    expect(me.get_by_role("button", name="Do all of this")).to_have_count(0)
    look(me, "import-refused")
    me.get_by_role("link", name="Another file").click()
    good = tmp_path / "good.csv"
    good.write_text(FILE, encoding="utf-8")
    show(me, good)
    expect(me.locator("[data-code=W-GROUP]")).to_contain_text("Group Autumn has 21 candidates")
    look(me, "import-plan")
    # Many first passwords take their time, and are shown once: a second press meanwhile is none.
    me.clock.install()
    press_thrice(me, "Do all of this", (20, 60))
    expect(me.locator("h1")).to_have_text("The file is brought in")
    first = me.locator("[data-password]").last.text_content()
    look(me, "import-done")

    # The programme shows everybody with their progress; one registration is put right.
    me.get_by_role("link", name="Programmes").click()
    look(me, "programmes")
    me.get_by_role("link", name=AWARD, exact=True).click()
    expect(me.locator("main")).to_contain_text("0 of 9 modules passed")
    look(me, "programme")
    me.get_by_label("Group").select_option("Autumn")
    me.get_by_role("button", name="Show").click()
    expect(me.locator("#count")).to_have_text("21 candidates")
    me.get_by_role("link", name="Newcomer 20").click()
    me.get_by_label("Yes", exact=True).check()
    me.get_by_label("If yes").fill("More time to read.")
    look(me, "registration")
    press_thrice(me, "Save the registration", (5, 15))  # so may any other, on a slow line
    expect(me.locator("main")).to_contain_text("More time to read.")

    # An arrangement, on the person's page.
    me.get_by_role("link", name="Newcomer 20").click()
    look(me, "person")
    me.get_by_role("link", name="Arrangements and their evidence").click()
    me.get_by_role("link", name="Extra time").click()
    me.get_by_role("button", name="Approve and record").click()
    expect(me.locator("#percent-error")).to_be_visible()
    look(me, "arrangement-errors")
    me.get_by_label("Per cent").fill("25")
    me.get_by_label("Evidence").fill(SEEN)
    me.get_by_role("button", name="Approve and record").click()
    expect(me.locator("main")).to_contain_text("25 per cent")
    look(me, "arrangements")

    # A new programme, and a new text of the old one's statement.
    me.goto(f"{stage.url}/programmes/new")
    look(me, "programme-form")
    me.get_by_role("link", name="Programmes").first.click()
    me.get_by_role("link", name=AWARD, exact=True).click()
    me.get_by_role("link", name="Version 1").click()
    words = me.get_by_label("The text")
    words.fill(words.input_value() + "\n\nI know where to read how to appeal.")
    me.get_by_role("button", name="Look at it first").click()
    expect(me.locator("[data-preview]")).to_contain_text("how to appeal")
    look(me, "statements")
    me.get_by_role("button", name="Publish as version 2").click()
    expect(me.locator("main")).to_contain_text("Version 2 is in force")
    me.get_by_role("link", name="Centre", exact=True).click()
    look(me, "centre")

    # A quality role for oneself: a second administrator decides.
    me.goto(f"{stage.url}/roles")
    me.get_by_label("Internal quality assurer").check()
    me.get_by_label("Why do you need it?").fill("I stand in for Helen until Easter.")
    me.get_by_role("button", name="Ask for the role").click()
    expect(me.locator("main")).to_contain_text("Another administrator decides: Ruth Adler.")
    look(me, "roles")
    second = newcomer(person, stage, "second", first or "")
    second.goto(f"{stage.url}/roles")
    look(second, "roles-second")
    second.get_by_role("button", name="Give the role to Joan Murphy").click()
    expect(second.locator("main")).to_contain_text("The role is given.")
    me.goto(f"{stage.url}/account")
    expect(me.locator("main")).to_contain_text("Internal quality assurer")

    # The candidate with large text and extra time sees both, and how far they are.
    ben = person("candidate2")
    ben.goto(stage.url)
    expect(ben.locator("html")).to_have_class("govuk-template app-text--large")
    expect(ben.locator("main")).to_contain_text("with your 25 per cent extra time")
    look(ben, "candidate-large-text")
    ben.evaluate("document.documentElement.classList.add('app-spacing--wider')")
    assert ben.evaluate(NARROW) == []
    ben.get_by_role("link", name="My progress").first.click()
    expect(ben.locator("main")).to_contain_text("0 of 9 modules passed")
    look(ben, "candidate-progress")


# Texts, buttons among them, whose letters stand closer than they should by the size of each.
NARROW = """[...document.querySelectorAll("p, h2, dd, button")].filter((one) => {
    const { fontSize, letterSpacing } = getComputedStyle(one);
    return Math.abs(parseFloat(letterSpacing) / parseFloat(fontSize) - 0.12) > 0.001;
}).map((one) => one.textContent)"""


def show(me: Page, file: Path) -> None:
    """Hand a file in, to see what it would do."""
    me.get_by_label("A CSV file").set_input_files(file)
    me.get_by_role("button", name="See what it would do").click()
    me.get_by_role("heading", name="Line by line").wait_for()


def press_thrice(me: Page, name: str, seconds: tuple[int, int]) -> None:
    """Press a button, and again after so many seconds each: the first press gets no answer."""
    me.evaluate(
        "window.sends = 0; addEventListener('submit', (e) => sends++ || e.preventDefault())"
    )
    button = me.get_by_role("button", name=name)
    for passing in seconds:
        button.click()
        me.clock.fast_forward(1000 * passing)
        assert me.evaluate("sends") == 1
    button.click()


def newcomer(person: Enter, stage: Stage, who: str, first: str) -> Page:
    """Log in with a first password and change it; the tab of somebody who was just added."""
    page = person("reviewer")  # a browser of their own; whoever is in it logs out first
    page.goto(stage.url)
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Log-in name").fill(who)
    page.get_by_label("Password", exact=True).fill(first)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("The password that you were given", exact=True).fill(first)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Choose your own password").click()
    page.get_by_role("link", name="People").first.wait_for()
    return page

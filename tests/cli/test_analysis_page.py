"""Is the page of an analysis readable for everybody, by itself, on a desk and on a phone?"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assess.cli.itemreport import figures, page
from assess.psychometrics import analysis, scenario
from assess.psychometrics.analysis import Asked, Grouping, Timing
from assess.psychometrics.report import ItemKey
from assess.psychometrics.scenario import Scenario
from assess.psychometrics.simulate import SINGLE, stream
from tests.journeys.looking import look

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

ASKED = Scenario(attempts=1500, items=6, length=5, cells=1, wrong_key=1, dif=1, drift=1)


def test_the_page_says_all_in_words_pictures_and_tables(
    context: BrowserContext, tmp_path: Path
) -> None:
    made = scenario.simulated(stream(4), ASKED)
    items = [
        ItemKey(f"question {k}", SINGLE, ASKED.options, model.key)
        for k, model in enumerate(made.plan.items)
    ]
    groups = ["south" if focal else "north" for focal in made.group.tolist()]
    days = made.day.astype(np.int64)
    asked = Asked("2pl", cut=3, group=Grouping("region", groups), time=Timing("day", days))
    found = analysis.analyse(made.responses, items, {"which": "all attempts"}, asked).document
    file = tmp_path / "report.html"
    file.write_text(page.html(found, "A simulated test"), encoding="utf-8")
    tab = context.new_page()
    asked_for: list[str] = []
    tab.on("request", lambda request: asked_for.append(request.url))
    tab.goto(file.as_uri())
    assert tab.get_by_role("heading", level=1).inner_text() == "A simulated test"
    assert tab.get_by_role("heading", name="Wrong key suspected").is_visible()
    pictures = tab.get_by_role("img").count()
    assert pictures >= 7
    # Every picture has its name, and its figures as a table that opens.
    assert tab.locator("figure > details").count() == pictures
    # Nobody gets half a mark less than none, and letters drawn for paper stand on white.
    marks = tab.get_by_alt_text("Chart: Marks.")
    drawn = b64decode(str(marks.get_attribute("src")).partition(",")[2]).decode()
    assert re.findall(r">([−\d.]+)</text>", drawn)[:6] == ["0", "1", "2", "3", "4", "5"]
    tab.emulate_media(forced_colors="active", color_scheme="dark")
    assert marks.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
    tab.emulate_media(forced_colors="none", color_scheme="light")
    tab.get_by_text("The figures of “Marks” as a table").click()
    assert tab.get_by_role("columnheader", name="Attempts").first.is_visible()
    look(tab, "analysis")
    assert asked_for == [file.as_uri()]


def test_groups_and_windows_with_few_answers_are_not_compared_on_the_page() -> None:
    made = scenario.simulated(stream(4), replace(ASKED, attempts=300, dif=0, drift=0))
    items = [ItemKey(f"question {k}", SINGLE, 0, ()) for k in range(ASKED.items)]
    groups = ["south" if k % 4 == 0 else "north" for k in range(300)]
    days = Timing("day", np.arange(300))
    asked = Asked("2pl", group=Grouping("region", groups), time=days)
    found = analysis.analyse(made.responses, items, {}, asked).document
    compared = [entry["dif"][0] for entry in found["items"]]
    assert any(one["delta"] is not None and one["class"] for one in compared)
    assert all(one["guard"] for one in compared)
    text = page.html(found, "Few")
    assert text.count("nothing is said, since the answers to every item are too few") == 2
    assert "dif-0-title" not in text
    assert "drift-title" not in text
    guard = found["items"][0]["irt"]["guard"]
    assert guard.endswith("< 500")
    assert f"model: {guard}" in unescape(text)


def test_half_of_the_items_take_no_longer_than_the_chart_of_times_says() -> None:
    seconds = ((10, "all"), (90, "facility"), (400, "n"))
    items = [{"shows": shows, "time": {"median": median}} for median, shows in seconds]
    chart = figures.times({"items": items})
    assert chart is not None
    assert chart.sentence.startswith("Half of the items take 10 seconds or less")
    assert sum(row["n"] for row in chart.rows) == 2

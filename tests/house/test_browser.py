"""Does the browser of the tests reach the whole application, on both databases?"""

from __future__ import annotations

from playwright.sync_api import Page

from tests.conftest import START, Served


def test_the_application_answers_a_real_browser(served: Served, page: Page) -> None:
    answer = page.goto(served.url)
    assert answer is not None
    assert answer.ok
    assert page.title()
    style = page.request.get(f"{served.url}/static/vendor/assess.css")
    assert style.headers["content-type"].startswith("text/css")


def test_the_clock_of_the_application_stands_still(served: Served) -> None:
    assert served.app.extensions["assess.clock"].now() == served.clock.now() == START

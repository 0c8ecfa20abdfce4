"""The start page for every role, the accessibility statement, the health check."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy.exc import OperationalError

from assess import store
from assess.actions import approvals, people, programmes
from assess.roles import Role
from tests.builders import World
from tests.web.candidate_builders import Browser

UNBUILT = {Role.EXTERNAL_VERIFIER, Role.HEAD_OF_CENTRE}


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


def in_main(page: str) -> str:
    """What stands in the main part of a page."""
    return page.partition("<main")[2].partition("</main>")[0]


def test_the_start_page_asks_a_stranger_to_log_in(here: World) -> None:
    answer = Browser(here, None).get("/")
    assert (answer.status_code, answer.location) == (302, "/login")


def test_every_role_has_a_card_and_no_link_is_dead(here: World) -> None:
    for role in set(Role) - {Role.CANDIDATE}:
        me = Browser(here, role.value.replace("-", "."))
        page = in_main(me.get("/").text)
        assert page.count('class="app-card ') + page.count('class="app-card"') == 1, role
        assert "Hello " in page
        links = set(re.findall(r'href="(/[^"]*)"', page)) - {"/account"}
        assert bool(links) == (role not in UNBUILT), role
        assert ("nothing is waiting for you here" in page) == (role in UNBUILT)
        for link in links | {"/account"}:
            assert me.get(link).status_code == 200, (role, link)


def test_a_candidate_begins_at_their_assessments(here: World) -> None:
    answer = Browser(here, "candidate").get("/")
    assert (answer.status_code, answer.location) == (302, "/assessments")


def test_somebody_with_all_roles_has_all_cards(here: World) -> None:
    for role in Role:
        assert here.add(f"x.{role.value}", role)
    here.add("everything", *Role)
    page = in_main(Browser(here, "everything").get("/").text)
    assert page.count("<h2") == len(Role)
    assert page.count(">Overdue requests<") == 2
    assert ">Waiting for me<" in Browser(here, "reviewer").get("/").text.partition("<main")[2]


def test_somebody_without_a_role_is_told_who_can_give_one(here: World) -> None:
    assert people.set_roles(here.context(), here.persons["author"], []) is None
    assert "You have no role at your centre yet" in Browser(here, "author").get("/").text


def test_a_tutor_sees_how_many_wait(here: World) -> None:
    me = Browser(here, "tutor")
    assert "waiting</strong>" not in me.get("/").text
    for n, who in enumerate(("candidate", "candidate.two"), 1):
        acting = here.context(who)
        programmes.sign(acting, here.programme, 1, who.replace(".", " ").title())
        assert isinstance(approvals.ask(acting, here.test), int)
        assert f"{n} waiting</strong>" in me.get("/").text


def test_a_name_with_markup_is_shown_as_it_is_written(here: World) -> None:
    context = here.context()
    added = people.add(context, "<b>Ann</b> %(name)s", "ann", [Role.QUALITY], "x-long-password-9")
    assert isinstance(added, people.Added)
    browser = Browser(here, None)
    browser._token = browser.token_of("/login")
    browser.post("/login", {"username": "ann", "password": "x-long-password-9"})
    page = browser.get("/").text
    assert "Hello &lt;b&gt;Ann&lt;/b&gt; %(name)s" in page
    assert "<b>Ann" not in page


def test_the_accessibility_statement_is_open_to_all(here: World) -> None:
    for browser in (Browser(here, None), Browser(here, "quality")):
        answer = browser.get("/accessibility")
        assert answer.status_code == 200
        assert "WCAG) 2.2, level AA" in answer.text
        assert "up to 400 % and" in answer.text
    assert "Tell your centre, Here" in answer.text


def test_the_health_check_asks_the_database_each_time(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> datetime:
        raise OperationalError("SELECT 1", {}, Exception("no answer"))

    assert Browser(here, None).get("/health").status_code == 200
    monkeypatch.setattr(store, "time", gone)
    assert Browser(here, None).get("/health").status_code == 503


def test_the_health_check_tells_machines_the_time_and_nothing_else(here: World) -> None:
    answer = Browser(here, None).get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "time": "2026-03-02T11:00:00+00:00"}


def test_pages_have_titles_of_their_own(here: World) -> None:
    me = Browser(here, "administrator")
    paths = ("/", "/account", "/account/password", "/people", "/people/new", "/accessibility")
    titles = set()
    for path in paths:
        page = me.get(path).text
        assert page.count("<h1") == 1, path
        titles.add(page.partition("<title>")[2].partition("</title>")[0])
    assert len(titles) == len(paths)

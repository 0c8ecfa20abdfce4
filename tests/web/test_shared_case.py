"""Is the case that a set of questions shares shown wherever one of its questions is?"""

from __future__ import annotations

import html
import re

import pytest

from assess import store
from assess.actions import banks as deeds
from assess.reasons import Refused
from assess.store import banks
from tests.builders import World, bank, csv
from tests.web.candidate_builders import Browser, started

CASE = "A <tenant> telephones about damp.\n\nHer neighbour wrote last week."
LABEL = re.compile(r'aria-labelledby="([^"]*stimulus[^"]*)"')


@pytest.fixture
def here(built: World) -> World:
    """A small world in which every question of outcome 1 belongs to a set."""
    head, *rows = csv().splitlines()
    text = "\n".join(
        [f"{head},set,stimulus", *(f'{row},{set_of(row)},"{case_of(row)}"' for row in rows)]
    )
    done = deeds.bring_in(built.context(), bank(text))
    assert not isinstance(done, Refused), done
    assert done.written, done.plan.problems
    return built


def set_of(row: str) -> str:
    return "case-one" if row.startswith("q1-") else ""


def case_of(row: str) -> str:
    return CASE if row.startswith("q1-") else ""


def test_only_the_questions_of_a_set_show_its_case_above_the_stem(here: World) -> None:
    me = Browser(here, "candidate")
    attempt = started(here, me)
    pages = [me.get(f"/attempts/{attempt}/questions/{place}").text for place in range(1, 5)]
    shared = [page for page in pages if "of outcome 1?" in page]
    assert len(shared) == 2
    for page in pages:
        assert (html.escape(CASE) in page) == (page in shared)
        assert "case-one" not in page
    for page in shared:
        assert page.index(html.escape(CASE)) < page.index("of outcome 1?")
        label = LABEL.search(page)
        assert label is not None
        assert f'id="{label.group(1)}" tabindex="-1">Read this first<' in page


def test_the_case_stands_in_the_list_of_questions_to_look_at_again(here: World) -> None:
    me = Browser(here, "candidate")
    attempt = started(here, me)
    me.post(f"/attempts/{attempt}/hand-in")
    page = me.get(f"/attempts/{attempt}/result").text
    assert page.count(html.escape(CASE)) == 2
    assert "case-one" not in page
    labels = LABEL.findall(page)
    assert len(labels) == len(set(labels)) == 2
    assert all(f'id="{label}"' in page for label in labels)


def test_an_author_sees_the_case_and_the_name_of_its_set(here: World) -> None:
    author = here.client("author")
    with store.read() as session:
        shelf = banks.by_name(session, here.centres["here"], "Small bank")
        assert shelf is not None
        known = banks.known(session, shelf.id)
    page = author.get(f"/items/{known['q1-1'].item_id}").text
    assert html.escape(CASE) in page
    assert "case-one" in page
    alone = author.get(f"/items/{known['q2-1'].item_id}").text
    assert "stimulus" not in alone

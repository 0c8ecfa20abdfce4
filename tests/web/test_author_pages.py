"""What do an author, a reviewer and everybody else see of banks, items and tests?"""

from __future__ import annotations

from dataclasses import replace

from flask.testing import FlaskClient

from assess import store
from assess.actions import banks as deeds
from assess.reasons import Refused
from assess.store import banks
from tests.builders import HEADER, World, bank, csv, question
from tests.web.author_scene import author, said

__all__ = ["author"]

READ = (
    "/banks",
    "/banks/{bank}",
    "/items/{item}",
    "/tests",
    "/tests/{test}",
    "/tests/{test}/report",
)
WRITE = (
    "/specifications/new",
    "/specifications/new?bank={bank}",
    "/tests/{test}/specification",
)


def address(built: World, page: str) -> str:
    """The address of a page on the objects of the centre here."""
    with store.read() as session:
        shelf = banks.by_name(session, built.centres["here"], "Small bank")
        assert shelf is not None
        item = banks.known(session, shelf.id)["q1-1"].item_id
    return page.format(bank=shelf.id, item=item, test=built.test)


def test_an_author_sees_every_page(built: World, author: FlaskClient) -> None:
    titles = set()
    for page in (*READ, *WRITE):
        answer = author.get(address(built, page))
        assert answer.status_code == 200, page
        assert answer.text.count("<h1") == 1, page
        assert "style=" not in answer.text, page
        titles.add(answer.text.partition("<title>")[2].partition("</title>")[0])
    assert len(titles) == len((*READ, *WRITE))


def test_a_reviewer_reads_and_is_offered_no_publishing(built: World) -> None:
    reviewer = built.client("reviewer")
    for page in READ:
        answer = reviewer.get(address(built, page))
        assert answer.status_code == 200, page
        assert "New specification" not in answer.text
        assert "Change the specification" not in answer.text


def test_another_centres_lists_are_empty_and_say_what_fills_them(built: World) -> None:
    stranger = built.client("author.there")
    for page in ("/banks", "/specifications/new"):
        assert 'href="/banks/import"' in stranger.get(page).text
    assert "There are no tests yet" in stranger.get("/tests").text
    assert "Small bank" not in stranger.get("/banks").text


NOWHERE = (
    "/banks/99",
    "/items/99999",
    "/tests/99",
    "/tests/99/report",
    "/tests/99/specification",
    "/specifications/new?bank=99",
    "/specifications/new?bank=",
    "/specifications/new?bank=one",
    "/specifications/new?bank=-1",
    "/specifications/new?bank=9223372036854775808",
    "/banks/9223372036854775808",
    "/items/99999999999999999999999999",
    "/tests/{test}?version=2",
    "/tests/{test}?version=x",
    "/items/{item}?version=0",
)


def test_what_is_not_there_is_not_found(built: World, author: FlaskClient) -> None:
    for where in NOWHERE:
        answer = author.get(address(built, where))
        assert answer.status_code == 404, where
        assert 'data-code="E-NOT-FOUND"' in answer.text


def test_a_bank_is_searched_by_words_outcome_and_state(built: World, author: FlaskClient) -> None:
    page = address(built, "/banks/{bank}")

    def found(query: str) -> int:
        return author.get(f"{page}?{query}").text.count('<th scope="row"')

    assert found("") == 12
    assert found("words=STEM+3+of") == 2
    assert found("words=q1-2") == 1
    assert found("outcome=award/U1/2") == 6
    assert found("outcome=award/U1/2&words=Stem+3") == 1
    assert found("outcome=-") == 0
    assert found("state=live") == 12
    assert found("state=draft") == 0
    assert found("words=%25") == 0
    assert found("words=_") == 0
    assert found("words=/") == 0
    rows = HEADER + "\n" + question(1, "1").replace("Stem", "It’s\u00a0in Éire –")
    assert not isinstance(deeds.bring_in(built.context(), bank(rows)), Refused)
    assert found("words=it's+in") == 1  # as a keyboard writes it
    assert found("words=ire+-+1+of") == 1
    assert found("words=its+in") == 0
    for words in ("Éire", "éire", "ÉIRE"):
        assert found(f"words={words}") == 1, words


def test_a_page_number_that_is_none_still_shows_items(built: World, author: FlaskClient) -> None:
    for page in ("0", "-1", "x", "99", "99999999999999999999", "1&page=2", ""):
        answer = author.get(address(built, "/banks/{bank}") + f"?page={page}")
        assert answer.status_code == 200, page
        assert "1 to 12 of 12 items" in said(answer), page


def test_a_search_without_a_hit_says_so_and_leads_back(built: World, author: FlaskClient) -> None:
    answer = author.get(address(built, "/banks/{bank}") + "?words=zebra&state=nonsense")
    assert "No item fits this search" in said(answer)
    assert "Show all items" in said(answer)


def test_page_two_keeps_the_search_and_names_that_are_the_frameworks_own_do_no_harm(
    built: World, author: FlaskClient
) -> None:
    done = deeds.bring_in(built.context(), bank(csv(30)))
    assert not isinstance(done, Refused)
    page = address(built, "/banks/{bank}")
    first = author.get(f"{page}?words=stem&_external=1&_anchor=x&endpoint=y&bank_id=9")
    assert "1 to 25 of 60 items" in said(first)
    assert f"{page}?words=stem&amp;page=2" in first.text
    assert "51 to 60 of 60 items" in said(author.get(f"{page}?words=stem&page=9"))


def test_an_item_shows_its_key_in_words_its_reasons_and_advice(
    built: World, author: FlaskClient
) -> None:
    words = said(author.get(address(built, "/items/{item}")))
    assert "Stem 1 of outcome 1?" in words
    assert "B Option B of 1-1 Key Rationale B of 1-1" in words
    assert "A Option A of 1-1 Distractor Rationale A of 1-1" in words
    assert "What to revise Chapter 1" in words
    assert "Outcome 1 Greet a customer" in words


def test_an_items_versions_are_listed_and_the_live_one_is_shown(
    built: World, author: FlaskClient
) -> None:
    changed = csv().replace("Stem 1 of outcome 1?", "Stem 1 rewritten?")
    done = deeds.bring_in(built.context(), bank(changed))
    assert not isinstance(done, Refused)
    where = address(built, "/items/{item}")
    assert "Stem 1 rewritten?" in author.get(where).text
    old = said(author.get(f"{where}?version=1"))
    assert "Stem 1 of outcome 1?" in old
    assert "Version 1 Superseded" in old


def test_an_item_that_says_nothing_gets_advice_and_words_for_what_is_missing(
    built: World, author: FlaskClient
) -> None:
    rows = "id,stem,A,B,key\nbare,Which is right?,This,That,A\n"
    what = bank(rows, bank="Bare bank", framework=None)
    done = deeds.bring_in(built.context(), replace(what, purpose="practice"))
    assert not isinstance(done, Refused)
    with store.read() as session:
        shelf = banks.by_name(session, built.centres["here"], "Bare bank")
        assert shelf is not None
        item = banks.known(session, shelf.id)["bare"].item_id
    page = author.get(f"/items/{item}")
    assert 'data-advice="missing_rationale"' in page.text
    assert "Not placed: no test can draw it" in said(page)
    assert "Bare bank Practice" in said(author.get("/banks"))
    empty = author.get(f"/specifications/new?bank={shelf.id}")
    assert "No live item of this bank is placed at an outcome" in said(empty)


def test_the_list_of_tests_says_what_is_in_force(built: World, author: FlaskClient) -> None:
    words = said(author.get("/tests"))
    assert "T1 – First test Small bank 1 4 30 0 Report" in words
    assert "New specification" in words


def test_the_page_of_a_test_shows_quotas_live_items_and_what_is_sure(
    built: World, author: FlaskClient
) -> None:
    words = said(author.get(f"/tests/{built.test}"))
    assert "1 Greet a customer 2 1 6" in words
    assert "Fresh attempts 3" in words
    assert "Hours to wait after a failed attempt 48" in words
    assert "By a tutor, valid for 14 days" in words

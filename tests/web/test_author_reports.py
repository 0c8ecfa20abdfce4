"""Do the pages show of a report what the number of answers allows, and no more?"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from flask.testing import FlaskClient

from assess import store
from assess.actions.banks import bring_in
from assess.reasons import Refused
from assess.store import banks
from assess.web.author import distribution
from tests.builders import World, bank, csv
from tests.recorded import Paper, record, versions
from tests.web.author_scene import author, said

__all__ = ["author"]

RIGHT, WRONG, OTHER = (1,), (0,), (2,)


def sat(n: int) -> list[Paper]:
    """Four questions each: half know the first three, and believe in option A of the fourth.

    So the fourth has a wrong key; nobody ever chooses option D of anything.
    """
    one, two, three, fourth = [*versions("/1")[:2], *versions("/2")[:2]]
    able = [(one, RIGHT), (two, RIGHT), (three, RIGHT), (fourth, WRONG)]
    weak = [(one, WRONG), (two, OTHER), (three, WRONG), (fourth, RIGHT)]
    middling = [(one, RIGHT), (two, WRONG), (three, OTHER), (fourth, OTHER)]
    kinds = (able, weak, able, middling)
    return [Paper(kinds[k % 4], passed=k % 2 == 0) for k in range(n)]


def item(built: World, version: int) -> str:
    """The address of the item behind a version."""
    with store.read() as session:
        return f"/items/{banks.labels(session, [version])[version][0].id}"


@pytest.mark.parametrize(
    ("n", "guard", "shown", "hidden"),
    [
        (29, "29 of 30 needed", (), ("Facility, the mean", "Corrected point", "Who chose")),
        (57, "57 of 100 needed", ("Facility, the mean",), ("Corrected point", "Who chose")),
        (199, "199 of 200 needed", ("Facility, the mean", "Corrected point"), ("Who chose",)),
        (200, "", ("Facility, the mean", "Corrected point", "Who chose"), ("Too few",)),
    ],
)
def test_an_item_shows_what_its_answers_suffice_for(
    built: World,
    author: FlaskClient,
    n: int,
    guard: str,
    shown: tuple[str, ...],
    hidden: tuple[str, ...],
) -> None:
    record(built, sat(n))
    words = said(author.get(item(built, versions("/2")[1])))
    assert guard in words
    assert f"Population: {n} first attempts at the tests of bank Small bank" in words
    for piece in shown:
        assert piece in words
    for piece in hidden:
        assert piece not in words


def test_a_test_with_few_attempts_shows_their_number_and_no_more(
    built: World, author: FlaskClient
) -> None:
    assert "Nobody has handed in an attempt yet" in said(author.get(f"/tests/{built.test}/report"))
    record(built, sat(29))
    words = said(author.get(f"/tests/{built.test}/report"))
    assert "Too few attempts yet for figures of the test: 29 of 30 needed." in words
    assert "Mean mark" not in words
    assert "0 of 12 items have the 200 answers that a flag needs" in words


def test_forms_that_share_few_questions_say_nothing_of_reliability_and_luck_yet(
    built: World, author: FlaskClient
) -> None:
    # 36 attempts at two of ten questions: eight answers to the most, seven to the others.
    drawn = [*versions("/1")[:5], *versions("/2")[:5]]
    pairs = [(drawn[k % 10], drawn[(k + 1 + k // 10) % 10]) for k in range(36)]
    found = [
        Paper([(one, RIGHT), (two, (WRONG, RIGHT)[k % 2])]) for k, (one, two) in enumerate(pairs)
    ]
    record(built, found)
    words = said(author.get(f"/tests/{built.test}/report"))
    assert "Mean mark 1.50" in words
    assert "half of all answers are to items with" in words
    for hidden in ("Reliability (alpha)", "Standard error", "Luck of the draw", "Alpha"):
        assert hidden not in words


def test_the_figures_of_a_test_are_those_of_its_marks(built: World, author: FlaskClient) -> None:
    papers = sat(40)
    papers[0] = replace(papers[0], passed=False)
    record(built, [*papers, Paper([(versions("/1")[0], RIGHT)], ordinal=2)])
    words = said(author.get(f"/tests/{built.test}/report"))
    # Marks 3, 1, 3, 1 in turn; every second passes, but for one with a mark too few in an outcome.
    assert "Attempts (N) 40 Mean mark 2.00 Standard deviation 1.01 Pass rate 48 %" in words
    assert "1 attempt reached the cut score and did not pass: it missed the least number" in words
    assert re.search(r"Alpha: 95 % interval −?0\.\d\d to 0\.\d\d\. Alpha is adjusted", words)
    assert "Population: 40 first attempts at T1, marked between" in words
    assert "Left out: 1 later attempt, 0 void attempts." in words
    assert "1 20 50 %" in words
    assert "3 (cut score) 20 50 %" in words
    assert "Attempts 40" not in words
    assert "T1 – First test Small bank 1 4 30 41 Report" in said(author.get("/tests"))


def test_a_flag_leads_to_its_item_in_one_click(built: World, author: FlaskClient) -> None:
    record(built, sat(240))
    fourth = versions("/2")[1]
    page = author.get(f"/tests/{built.test}/report")
    assert "items need a look" in said(page)
    link = item(built, fourth)
    flagged = re.findall(r'<div class="app-review">.*?</div>', page.text, re.DOTALL)
    (its,) = [part for part in flagged if f'href="{link}?version=1"' in part]
    assert 'data-flag="wrong_key"' in its
    assert "Threshold: 0.05. Source: " in its
    shown = author.get(f"{link}?version=1")
    assert 'data-flag="wrong_key"' in shown.text
    assert "Option A looks right and is not the key" in said(shown)
    rows = page.text.partition("items-caption")[2].partition("<tbody")[2].split("<tr")[1:]
    marked = ["app-table__row--flagged" in row for row in rows]
    assert marked == sorted(marked, reverse=True)
    assert any(marked)


def test_a_flag_of_a_version_that_was_replaced_asks_for_no_look(
    built: World, author: FlaskClient
) -> None:
    record(built, sat(240))
    before = said(author.get(f"/tests/{built.test}/report"))
    found = re.search(r"(\d+) items need a look", before)
    assert found is not None
    # The author mends the one with the wrong key.
    mended = csv().replace("Stem 2 of outcome 2?", "Mended stem 2 of outcome 2?")
    done = bring_in(built.context(), bank(mended))
    assert not isinstance(done, Refused)
    assert done.written
    page = author.get(f"/tests/{built.test}/report")
    left = int(found[1]) - 1
    assert f"{left} item{'s need' if left > 1 else ' needs'} a look" in said(page)
    rows = page.text.partition("items-caption")[2].split("<tr")[1:]
    (old,) = [row for row in rows if "v1 (superseded)" in row]
    assert "q2-2" in old
    assert rows.index(old) == len(rows) - 1


def test_no_page_of_a_report_says_who_answered(built: World, author: FlaskClient) -> None:
    record(built, sat(40))
    for page in (f"/tests/{built.test}/report", item(built, versions("/1")[0])):
        text = author.get(page).text
        assert "Somebody Recorded" not in text
        assert "sat-" not in text
        assert "pseudonym" not in text


def test_the_spread_counts_whole_marks_and_knows_the_cut() -> None:
    bars = distribution.bars([0, 2999, 3000, 3000, 4000], 4, [3])
    assert [(bar.least, bar.most, bar.n) for bar in bars] == [
        (0, 0, 1),
        (1, 1, 0),
        (2, 2, 1),
        (3, 3, 2),
        (4, 4, 1),
    ]
    assert [bar.length for bar in bars] == [50, 0, 50, 100, 50]
    assert [bar.cut for bar in bars] == [False, False, False, True, False]
    assert [bar.reached for bar in bars] == [False, False, False, True, True]


def test_a_long_test_has_few_bars_that_hold_every_mark() -> None:
    scores = [1000 * mark for mark in range(101)]
    bars = distribution.bars(scores, 100, [60])
    assert len(bars) <= distribution.MOST_BARS
    assert sum(bar.n for bar in bars) == 101
    assert (bars[0].least, bars[-1].most) == (0, 100)
    assert all(one.most + 1 == two.least for one, two in pairwise(bars))


def test_without_attempts_there_is_no_spread() -> None:
    assert distribution.bars([], 0, []) == ()

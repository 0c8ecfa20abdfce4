"""Can a specification be published by the form, and does a hostile form do any harm?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from assess import store
from assess.actions import banks as deeds
from assess.actions import forecasts, pools
from assess.actions import specifications as specs
from assess.bank.specification import Feedback, Quota, Specification
from assess.delivery import second_draw
from assess.reasons import Reason, Refused
from assess.store import banks, specifications
from assess.web.author.narrower import balance, texts_of
from tests.builders import World, bank, csv
from tests.builders import specification as first
from tests.web.author_scene import (
    ONE,
    TWO,
    author,
    codes,
    form,
    publish,
    said,
)

__all__ = ["author"]


def in_force(built: World, name: str = "T1") -> tuple[int, Specification]:
    """The published version of a test: its number and what it says."""
    with store.read() as session:
        test = specifications.by_name(session, built.centres["here"], name)
        assert test is not None
        version = specifications.published(session, test.id)
        assert version is not None
        return version.number, version.specification()


def bank_id(built: World) -> int:
    """The number of the small bank."""
    with store.read() as session:
        found = banks.by_name(session, built.centres["here"], "Small bank")
        assert found is not None
        return found.id


def test_the_form_holds_what_is_in_force_and_publishing_it_unchanged_changes_nothing(
    built: World, author: FlaskClient
) -> None:
    page = author.get(f"/tests/{built.test}/specification")
    assert 'name="minutes" type="text" value="30"' in page.text
    assert f'name="count:{ONE}" value="2"' in page.text
    assert "Questions in a test: 4" in said(page)
    answer = author.post(page.request.path, data=form(), follow_redirects=True)
    assert "Nothing has changed: version 1 stays in force." in said(answer)
    assert in_force(built) == (1, first())


def test_a_feasible_change_becomes_the_next_version(built: World, author: FlaskClient) -> None:
    answer = publish(
        author,
        built,
        title="First test, longer",
        minutes="45",
        cut="4",
        attempts="",
        cool_down_hours=" 24, 168 ,",
        approval=None,
        approval_days="7",
        feedback="topic",
        feedback_reason="The bank is small.",
        shuffle_questions=None,
        count1="3",
        minimum2="0",
        programme="",
    )
    assert answer.status_code == 302
    number, now = in_force(built)
    assert number == 2
    assert now.title == "First test, longer"
    assert (now.minutes, now.cut, now.attempts, now.cool_down_hours) == (45, 4, None, (24, 168))
    assert (now.approval, now.approval_days, now.shuffle_questions) == (False, 7, False)
    assert (now.feedback, now.feedback_reason) == (Feedback.TOPIC, "The bank is small.")
    assert [(q.outcome, q.count, q.minimum) for q in now.quotas] == [(ONE, 3, 1), (TWO, 2, 0)]
    assert now.programme is None
    page = author.get(answer.location)
    assert "Version 2 is published." in said(page)
    assert "sure of 2 attempts without a question seen before" in said(page)
    assert "Version 1 Superseded" in said(page)
    assert "Version 1 Superseded" in said(author.get(f"{answer.location}?version=1"))


def test_a_new_test_is_made_of_a_bank(built: World, author: FlaskClient) -> None:
    where = f"/specifications/new?bank={bank_id(built)}"
    assert "2 Answer a question" in said(author.get(where))
    filled = form(name="T2", cut="2", count2="", minimum2="", not_assessed=TWO)
    for _press in "ab":  # the second finds its own test, and no other of that name
        answer = author.post(where, data=filled)
        assert answer.status_code == 302, answer.text
    assert "version 1 stays in force" in said(author.get(answer.location))
    number, made = in_force(built, "T2")
    assert (number, made.not_assessed, made.length, made.bank) == (1, (TWO,), 2, "Small bank")


def test_a_name_that_is_taken_makes_no_version_of_the_other_test(
    built: World, author: FlaskClient
) -> None:
    filled = form(name="T1", minutes="31")
    answer = author.post(f"/specifications/new?bank={bank_id(built)}", data=filled)
    assert answer.status_code == 409
    assert codes(answer) == {"name": "E-TAKEN"}
    assert in_force(built)[0] == 1


def test_the_form_of_a_test_does_not_rename_it(built: World, author: FlaskClient) -> None:
    publish(author, built, name="T9", minutes="31")
    assert in_force(built)[1].minutes == 31


NOT_DRAWABLE = (
    ({"count1": "7"}, "count-0"),  # six live items
    ({"minimum2": "3"}, "minimum-1"),
    ({"count2": "", "minimum2": ""}, "count-1"),  # of a unit that is touched
    ({"count2": "2", "not_assessed": TWO}, "apart-1"),
    ({"cut": "0"}, "cut"),
    ({"cut": "5"}, "cut"),
    ({"count1": "", "minimum1": "", "count2": "0", "minimum2": "0"}, "count-0"),
    ({"feedback": "outcome"}, "feedback_reason"),
    ({"programme": "Another award"}, "programme"),
    ({"count:award/U1/9": "2"}, "count-2"),  # has left the framework, or never was there
)


def test_what_cannot_be_drawn_is_refused_beside_its_field(
    built: World, author: FlaskClient
) -> None:
    for changes, field in NOT_DRAWABLE:
        answer = publish(author, built, **changes)
        assert answer.status_code == 409, changes
        assert codes(answer).get(field) == "E-BLUEPRINT", changes
        assert "<title>Error: " in answer.text
        assert f'id="{field}"' in answer.text
    assert in_force(built) == (1, first())


def test_every_reason_is_given_at_once_with_titles_in_place_of_paths(
    built: World, author: FlaskClient
) -> None:
    answer = publish(author, built, count1="9", minimum2="3", cut="40")
    assert set(codes(answer)) == {"count-0", "minimum-1", "cut"}
    assert "1 Greet a customer needs 9 live questions; the bank has 6." in said(answer)
    assert "Questions in a test: 11" in said(answer)


NO_NUMBERS = ("abc", "-1", "1.5", "10000000000000000000000", "１２", "0x10", "")


def test_what_is_no_number_is_refused_and_shown_again(built: World, author: FlaskClient) -> None:
    for text in NO_NUMBERS:
        answer = publish(author, built, minutes=text, cut=text)
        assert answer.status_code == 422, text
        assert codes(answer) == {"minutes": "E-MALFORMED", "cut": "E-MALFORMED"}, text
        assert f'value="{text}"' in answer.text or not text
    assert in_force(built) == (1, first())


HOSTILE = (
    ("minutes", "1441", "minutes"),
    ("attempts", "0", "attempts"),
    ("attempts", "many", "attempts"),
    ("approval_days", "0", "approval_days"),
    ("cool_down_hours", "48, soon", "cool_down_hours"),
    ("cool_down_hours", "48,,2", "cool_down_hours"),
    ("cool_down_hours", "-48", "cool_down_hours"),
    ("cool_down_hours", "1," * 60, "cool_down_hours"),
    ("count1", "two", "count-0"),
    ("count1", "501", "count-0"),
    ("count1", "-2", "count-0"),
    ("minimum1", "-1", "minimum-0"),
    ("minimum2", "x", "minimum-1"),
    ("title", "", "title"),
    ("title", "x" * 201, "title"),
    ("feedback", "everything", "feedback"),
    ("feedback_reason", "x" * 1001, "feedback_reason"),
    ("programme", "x" * 101, "programme"),
    ("not_assessed", "x" * 500 + "y", "apart-2"),
)


def test_a_hostile_value_is_refused_beside_its_field(built: World, author: FlaskClient) -> None:
    for name, text, field in HOSTILE:
        answer = publish(author, built, **{name: text})
        assert answer.status_code in (409, 422), (name, text)
        assert field in codes(answer), (name, text)
    assert in_force(built) == (1, first())


def test_nobody_undoes_a_version_that_they_have_not_seen(built: World, author: FlaskClient) -> None:
    where = f"/tests/{built.test}/specification"
    assert 'name="after" value="1"' in author.get(where).text
    assert publish(author, built, after="1", minutes="45").status_code == 302
    late = publish(author, built, after="1", title="Another title")
    assert late.status_code == 409
    assert codes(late) == {"form": "E-EDITED"}
    assert "published version 2 of this test on" in said(late)
    assert 'value="Another title"' in late.text
    assert in_force(built)[1].minutes == 45
    # Having been told, an author may decide; what says the same as the version in force is none.
    assert 'name="after" value="2"' in late.text
    assert publish(author, built, after="2", title="Another title").status_code == 302
    assert publish(author, built, after="1", title="Another title").status_code == 302
    assert in_force(built)[0] == 3
    taken = author.post(f"/specifications/new?bank={bank_id(built)}", data=form(name="T1"))
    assert codes(taken) == {"name": "E-TAKEN"}
    assert "Your centre has a test of this name already." in said(taken)


def test_a_name_that_is_not_plain_is_refused(built: World, author: FlaskClient) -> None:
    where = f"/specifications/new?bank={bank_id(built)}"
    for name in ("<script>", "", "a" * 61, "T 2", "../T2", "Ţ2"):
        answer = author.post(where, data=form(name=name))
        assert answer.status_code == 422, name
        assert codes(answer) == {"name": "E-MALFORMED"}, name
        assert "<script>" not in answer.text.partition("<main")[2].partition("</main")[0]


def test_an_empty_form_is_refused_with_all_that_is_missing(
    built: World, author: FlaskClient
) -> None:
    answer = author.post(f"/tests/{built.test}/specification", data={})
    assert answer.status_code == 422
    assert {"title", "minutes", "cut", "feedback"} <= set(codes(answer))


def test_of_a_repeated_field_the_first_counts(built: World, author: FlaskClient) -> None:
    assert publish(author, built, minutes=["31", "99"], count1=["2", "6"]).status_code == 302
    assert in_force(built)[1].minutes == 31
    assert in_force(built)[1].quotas[0].count == 2


def test_thousands_of_outcomes_that_are_none_are_refused(built: World, author: FlaskClient) -> None:
    many: MultiDict[str, str] = form()
    for n in range(1500):
        many.add(f"count:nowhere/{n}", "1")
    answer = author.post(f"/tests/{built.test}/specification", data=many)
    assert answer.status_code in (400, 409, 413, 422)
    assert in_force(built) == (1, first())


def test_the_form_asks_for_its_token(built: World, author: FlaskClient) -> None:
    page = author.get(f"/tests/{built.test}/specification")
    assert 'name="csrf_token"' in page.text


def test_a_window_is_typed_kept_and_shown_again(built: World, author: FlaskClient) -> None:
    opens, closes = "2026-12-01T09:00", "2026-12-18T17:00"
    assert publish(author, built, opens=opens, closes=closes).status_code == 302
    window = in_force(built)[1].window
    assert window is not None
    assert window.as_document() == {"opens": "2026-12-01 09:00", "closes": "2026-12-18 17:00"}
    page = author.get(f"/tests/{built.test}/specification").text
    assert f'value="{opens}"' in page
    assert f'value="{closes}"' in page
    for wrong, field in (
        ({"opens": "tomorrow"}, "opens"),
        ({"opens": closes, "closes": opens}, "closes"),
        ({"opens": opens, "weeks": "6"}, "weeks"),
    ):
        answer = publish(author, built, **wrong)
        assert answer.status_code in (409, 422), wrong
        assert f'href="#{field}"' in answer.text, wrong


def test_an_open_book_is_typed_kept_and_shown_again(built: World, author: FlaskClient) -> None:
    typed = "# The law\r\nSection 1.\r\n\r\nSection 2.\r\n# A guide\r\nhttps://example.org/guide"
    assert publish(author, built, resources=typed).status_code == 302
    law, guide = in_force(built)[1].resources
    assert (law.title, law.text, law.url) == ("The law", "Section 1.\n\nSection 2.", "")
    assert (guide.title, guide.text, guide.url) == ("A guide", "", "https://example.org/guide")
    page = author.get(f"/tests/{built.test}/specification").text
    assert "# The law\nSection 1.\n\nSection 2.\n\n# A guide\nhttps://example.org/guide" in page
    answer = publish(author, built, resources="Words without a title")
    assert answer.status_code == 422
    assert 'href="#resources"' in answer.text


def narrower(**changes: str) -> MultiDict[str, str]:
    """The form with one narrower quota: a question of outcome one, of several answers."""
    cell = {"cells": "1", "cell-0-outcome": ONE, "cell-0-count": "1"}
    return form(**{"band": "1", "cut": "3", **cell, "cell-0-kind": "multiple_response", **changes})


def test_a_narrower_quota_is_typed_checked_published_and_shown_again(
    built: World, author: FlaskClient
) -> None:
    where = f"/tests/{built.test}/specification"
    checked = author.post(where, data=narrower(go="check", questions="5"))
    assert checked.status_code == 200
    assert "data-ready" in checked.text
    assert in_force(built)[0] == 1
    answer = author.post(where, data=narrower(questions="5"))
    assert answer.status_code == 302, codes(answer)
    now = in_force(built)[1]
    assert (now.band, now.questions, now.length) == (10, 5, 5)
    assert [(q.outcome, q.count, q.kind) for q in now.quotas] == [
        (ONE, 2, None),
        (TWO, 2, None),
        (ONE, 1, "multiple_response"),
    ]
    page = author.get(answer.location)
    assert "A form that the bank can make:" in said(page)
    assert "Multiple response" in said(page)
    again = author.get(where)
    assert 'name="cell-0-count" type="text" value="1"' in again.text
    assert author.post(where, data=narrower(go="add")).text.count("Narrower quota 2") > 0
    assert "Narrower quota 1" not in said(author.post(where, data=narrower(go="remove:0")))


def test_identifiers_with_commas_stay_whole_between_semicolons() -> None:
    groups = (("q1,a", "q2"), ("x", "y, z", "w"))
    texts = texts_of(first(enemies=groups))
    assert balance(texts)["enemies"] == [list(group) for group in groups]
    assert balance({**texts, "enemies": "q1, q2,q3"})["enemies"] == [["q1", "q2", "q3"]]


def test_the_panel_says_while_one_types_what_stands_in_the_way(
    built: World, author: FlaskClient
) -> None:
    where = f"/tests/{built.test}/specification"
    state = author.post(where, data=narrower(go="live", **{"cell-0-count": "2"}, title=""))
    assert state.status_code == 200
    assert "<main" not in state.text
    assert 'href="#cell-0-count"' in state.text
    assert "needs 2 live questions; in this quota: 1." in said(state)
    enemies = author.post(where, data=narrower(go="live", enemies="q1-1; q1-2\nq2-1;q2-2"))
    assert "data-witness" in enemies.text
    knot = "; ".join(f"q{outcome}-{n}" for outcome in "12" for n in range(1, 7))
    tied = author.post(where, data=narrower(go="live", enemies=knot))
    assert "cannot be met together" in said(tied)
    assert "(not narrowed) asks for" in said(tied)
    second = {"cell-1-outcome": ONE, "cell-1-count": "5", "cell-1-low": "1"}
    other = author.post(where, data=narrower(go="live", cells="2", **second))
    assert 'href="#cell-1-count"' in other.text
    assert "(Expected facility 1 to 100 %) needs 5 live questions" in said(other)
    for name, text, field in (
        ("band", "wide", "band"),
        ("band", "20", "band"),
        ("enemies", "alone", "enemies"),
        ("enemies", "q1-1; q1-l2", "enemies"),
        ("cell-0-level", "know", "cell-0-level"),
        ("cell-0-low", "120", "cell-0-low"),
        ("questions", "9", "questions"),
    ):
        answer = author.post(where, data=narrower(**{name: text}))
        assert answer.status_code in (409, 422), (name, text)
        assert field in codes(answer), (name, text, codes(answer))
    assert "“Band of difficulty” is 10.1 per cent; it must be from 0.1 to 10." in said(
        author.post(where, data=narrower(band="10.1"))
    )
    assert "“Band of difficulty” is 0.25 per cent; it may have at most one decimal" in said(
        author.post(where, data=narrower(band="0.25"))
    )


def test_a_test_whose_forms_trying_hardly_finds_is_not_published(
    built: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Thirty enemies in a ring, of which a form needs fifteen: there are two such forms, one of
    # every second question, among 155 million lots of fifteen.
    done = deeds.bring_in(built.context(), bank(csv(30), bank="Ring"))
    assert not isinstance(done, Refused)
    names = [f"q1-{n}" for n in range(1, 31)]
    ring = first(
        name="T2",
        bank="Ring",
        cut=8,
        quotas=(Quota(ONE, 15),),
        not_assessed=(TWO,),
        enemies=tuple(zip(names, [*names[1:], names[0]], strict=True)),
    )
    monkeypatch.setattr(second_draw, "MORE_TRIES", 200)  # in vain, as 5,000 are
    judge = pools.why_not_found

    def while_others_write(*of: Any) -> tuple[Reason, ...]:
        with store.write():  # refused inside a deed: nobody waits while it is judged
            return judge(*of)

    with monkeypatch.context() as patched:
        patched.setattr(pools, "why_not_found", while_others_write)
        refused = specs.publish(built.context(), ring)
    assert isinstance(refused, Refused)
    assert [reason.values["what"] for reason in refused.reasons] == ["hardly_found"]
    assert (refused.reasons[0].values["failed"], refused.status) == (8, 409)
    with store.read() as session:
        tried = forecasts.tried(session, built.context(), ring)
        ring_bank = banks.by_name(session, built.centres["here"], "Ring")
        assert ring_bank is not None
        # Whoever changes the bank of a published test hears the same.
        assert pools.why_not_draw(session, ring, ring_bank) == refused.reasons
    assert isinstance(tried, Refused)
    assert tried.reasons == refused.reasons
    path = replace(ring, enemies=ring.enemies[:2])
    assert not isinstance(specs.publish(built.context(), path), Refused)


def test_what_candidates_will_meet_is_said_before_and_after_publishing(
    built: World, author: FlaskClient
) -> None:
    where = f"/tests/{built.test}/specification"
    ahead = author.post(where, data=form(go="forecast", band="1"))
    assert "data-forecast" in ahead.text
    assert "Not balanced: not enough data." in said(ahead)
    assert in_force(built)[0] == 1
    page = author.get(f"/tests/{built.test}/forecast?candidates=30&passing=50")
    assert "for 30 candidates of whom 50 in a hundred pass" in said(page)
    assert page.text.count("app-chart__picture") == page.text.count("data-chart=") == 2
    fourth = author.post(where, data=form(go="forecast", attempts="4")).text
    again = fourth.partition('data-chart="again"')[2].partition("</figure>")[0]
    assert re.findall(r"(\d+\.\d)\s%", again) == ["0.0", "0.0", "0.0", "100.0"]
    assert "33.3 %" in said(page)  # two of six: what two candidates share
    assert "After about 2 first attempts half of the items" in said(page)  # a third, 56 %, ...
    assert "after about 8 nearly all (95 %)" in said(page)
    assert "again from attempt 4 on: 3 attempts are fresh" in said(page)
    # A borderline candidate has three right of four: each item is shown to one of twelve.
    assert "what to revise 0.00 0 % No Questions answered wrongly" in said(page)
    assert "without keys 1.00 93 % No Questions" in said(page)
    assert "with their keys 1.00 93 % Yes" in said(page)
    assert ">100\N{NO-BREAK SPACE}%</text>" in page.text  # where the track of a chart ends
    pairs = re.compile(r"Pairs that share a fifth or more ([\d.]+) %")
    few = author.get(f"/tests/{built.test}/forecast?candidates=2&passing=50")
    shares = [found[1] for found in map(pairs.search, map(said, (page, few))) if found]
    assert shares[0] == shares[1] != "100.0"  # of all forms drawn, not of one pair
    fair = f"/tests/{built.test}/fairness"
    assert "Nobody has been given a form" in said(author.get(fair))
    built.sit("candidate.two")
    report = author.get(fair)
    assert "1 form, 1 of them of a first attempt" in said(report)
    assert "candidate.two" not in report.text


def test_of_many_quotas_that_cannot_be_met_each_is_looked_at_a_few_times(
    built: World, author: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Quota] = []
    narrowed = Quota.__dict__["narrowed"].fget  # a part of a quota's label

    def counted(quota: Quota) -> object:
        looked.append(quota)
        return narrowed(quota)

    monkeypatch.setattr(Quota, "narrowed", property(counted))
    many = 60
    cells = {"cells": str(many)}
    for k in range(many):
        cells |= {f"cell-{k}-outcome": ONE, f"cell-{k}-count": "9", f"cell-{k}-low": str(k)}
    state = author.post(f"/tests/{built.test}/specification", data=narrower(go="live", **cells))
    assert said(state).count("needs 9 live questions") >= 20
    assert len(looked) < 50 * many  # with each quota beside each, for each reason: 70,000

"""A tutor's queue: who waits and how long, approving on a basis, every refusal."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from assess import store
from assess.actions import approvals, messages, programmes
from assess.roles import Role
from assess.store import approvals as rows
from assess.store.programmes import Registration
from assess.web.tutor import readiness
from tests.builders import World
from tests.web.candidate_builders import Browser, codes

BASIS = {"kinds": ["practice", "discussion"], "words": "Nine of ten in practice, twice."}


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def me(here: World) -> Browser:
    """The tutor's browser."""
    return Browser(here, "tutor")


def ask(here: World, who: str = "candidate") -> str:
    """Let a candidate sign and ask; the address of the request."""
    acting = here.context(who)
    programmes.sign(acting, here.programme, 1, who.replace(".", " ").title())
    asked = approvals.ask(acting, here.test)
    assert isinstance(asked, int), asked
    return f"/readiness/{asked}"


def given(here: World) -> list[rows.Approval]:
    """All approvals in the record."""
    with store.read() as session:
        return list(session.scalars(select(rows.Approval)))


def test_an_empty_queue_says_what_would_fill_it(me: Browser) -> None:
    page = me.get("/readiness").text
    assert "Nobody is waiting." in page
    assert "You have given no approval yet." in page


def test_requests_stand_in_the_order_of_their_age(here: World) -> None:
    ask(here, "candidate.two")
    assert "Waiting less than a minute<" in Browser(here, "tutor").get("/readiness").text
    here.clock.advance(timedelta(hours=3))
    ask(here)
    here.clock.advance(timedelta(minutes=30))
    page = Browser(here, "tutor").get("/readiness").text
    assert page.index("Candidate Two") < page.index(">Candidate<span")
    assert "Waiting 3 hours<" in page
    assert "Waiting 30 minutes<" in page
    assert "T1: First test" in page
    assert "govuk-tag--red" not in page


def test_after_a_day_a_request_asks_to_be_answered_today(here: World) -> None:
    ask(here)
    here.clock.advance(timedelta(days=1, seconds=-1))
    me = Browser(here, "tutor")
    page = me.get("/readiness").text
    assert "Waiting 23 hours<" in page
    assert "govuk-tag--red" not in page
    here.clock.advance(timedelta(seconds=1))
    page = me.get("/readiness").text
    assert "Waiting 1 day: answer today" in page
    assert "govuk-tag--red" in page
    here.clock.advance(timedelta(days=1))
    page = Browser(here, "tutor").get("/readiness").text
    assert "Waiting 2 days: the quality team was told" in page


def test_earlier_attempts_are_told_by_their_outcome_and_nothing_more(here: World) -> None:
    here.sit(right=1)
    here.clock.advance(timedelta(hours=49))
    address = ask(here)
    me = Browser(here, "tutor")
    assert "<dd>1: Not yet passed</dd>" in me.get("/readiness").text
    page = me.get(address).text
    assert "<li>Not yet passed</li>" in page
    for secret in ("Stem", "Option", "1 of 4", "Rationale"):
        assert secret not in page


def test_a_tutor_approves_on_a_basis(here: World, me: Browser) -> None:
    address = ask(here)
    page = me.get(address).text
    assert "Is Candidate ready?" in page
    assert "ends after 14 days" in page
    answer = me.post(address, BASIS)
    assert (answer.status_code, answer.location) == (302, "/readiness")
    page = me.get("/readiness").text
    assert "The approval is recorded." in page
    assert "Nobody is waiting." in page
    assert "Practice questions" in page
    assert "Nine of ten in practice, twice." in page
    assert "Monday 16 March 2026 at 11:00" in page
    [approval] = given(here)
    assert approval.basis == ["discussion", "practice"]
    assert approval.tutor_id == here.persons["tutor"]


def test_an_approval_without_a_basis_is_refused_beside_its_fields(here: World, me: Browser) -> None:
    address = ask(here)
    for form, beside in (
        ({}, {"kinds": "E-BASIS", "words": "E-BASIS"}),
        ({"kinds": ["practice"]}, {"words": "E-BASIS"}),
        ({"kinds": ["practice"], "words": "  ok   "}, {"words": "E-BASIS"}),
        ({"words": BASIS["words"]}, {"kinds": "E-BASIS"}),
        ({"kinds": ["practice", "<b>"], "words": BASIS["words"]}, {"kinds": "E-BASIS"}),
        ({"kinds": ["practice"], "words": "x" * 2001}, {"words": "E-FIELD"}),
        ({"kinds": ["practice"], "words": "x" * 500_000}, {"words": "E-FIELD"}),
    ):
        answer = me.post(address, dict(form))
        assert answer.status_code == 422
        assert "<title>Error: " in answer.text
        found = dict(re.findall(r'id="(\w+)-error" class="[^"]*" data-code="([^"]+)"', answer.text))
        assert found == beside
        assert all(f'href="#{field}"' in answer.text for field in beside)
    assert given(here) == []


def test_what_was_typed_stays_and_is_never_markup(here: World, me: Browser) -> None:
    address = ask(here)
    answer = me.post(address, {"words": "</textarea><script>alert(1)</script>"})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    me.post(address, {"kinds": ["other"], "words": "<script>alert(1)</script>"})
    assert "<script>alert" not in me.get("/readiness").text
    answer = me.post(ask(here, "candidate.two"), {"kinds": ["practice"], "words": "nul \0 nul nul"})
    assert answer.status_code == 400
    assert codes(answer.text) == {"E-NUL"}


def test_a_line_break_counts_as_one_character(here: World, me: Browser) -> None:
    answer = me.post(ask(here), {"kinds": ["practice"], "words": "x\r\n" * 1000})
    assert answer.status_code == 302


def test_the_same_kind_twice_is_one_kind(here: World, me: Browser) -> None:
    form = {"kinds": ["practice", "practice"], "words": BASIS["words"]}
    assert me.post(ask(here), form).status_code == 302
    assert given(here)[0].basis == ["practice"]


def test_a_request_is_answered_once(here: World, me: Browser) -> None:
    address = ask(here)
    assert me.post(address, BASIS).status_code == 302
    answer = me.post(address, BASIS)
    assert (answer.status_code, codes(answer.text)) == (409, {"E-DECIDED"})
    assert "was not recorded" not in answer.text
    page = me.get(address)
    assert page.status_code == 200
    assert codes(page.text) == {"E-DECIDED"}
    assert "Approve for one attempt" not in page.text
    assert len(given(here)) == 1


def test_nobody_approves_their_own_readiness(here: World) -> None:
    both = here.add("both", Role.TUTOR, Role.CANDIDATE)
    tutor = here.persons["tutor"]
    done = programmes.register(here.context(), here.programme, both, tutor, "Group one")
    assert isinstance(done, int), done
    with store.write() as session:  # no deed would: the bar stands at the approval all the same
        session.get_one(Registration, done).tutor_id = both
    address = ask(here, "both")
    me = Browser(here, "both")
    page = me.get(address)
    assert codes(page.text) == {"E-SELF"}
    assert "Approve for one attempt" not in page.text
    answer = me.post(address, BASIS)
    assert answer.status_code == 422
    assert "E-SELF" in codes(answer.text)
    assert given(here) == []


def test_another_tutors_request_is_not_found(here: World) -> None:
    address = ask(here)
    here.add("tutor.two", Role.TUTOR)
    here.add("tutor.author", Role.TUTOR, Role.AUTHOR)
    for who in ("tutor.there", "tutor.two", "tutor.author"):
        other = Browser(here, who)
        assert "Nobody is waiting." in other.get("/readiness").text
        for answer in (other.get(address), other.post(address, BASIS)):
            assert answer.status_code == 404
            assert codes(answer.text) == {"E-NOT-FOUND"}
            assert "Candidate" not in answer.text.replace("Candidates", "")
    for number in (0, 999_999, 10**30):
        assert other.get(f"/readiness/{number}").status_code == 404
        assert other.post(f"/readiness/{number}", BASIS).status_code == 404
    assert given(here) == []


def test_a_refusal_has_a_shape_for_machines(here: World, me: Browser) -> None:
    answer = me.send(ask(here), {})
    assert answer.status_code == 422
    assert answer.json is not None
    assert [r["code"] for r in answer.json["reasons"]] == ["E-BASIS", "E-BASIS"]


def test_a_long_queue_shows_the_longest_waits_and_says_how_many_there_are(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(here, "candidate.two")
    here.clock.advance(timedelta(minutes=1))
    ask(here)
    monkeypatch.setattr(readiness, "MOST", 1)
    me = Browser(here, "tutor")
    page = me.get("/readiness").text
    assert "Candidate Two" in page
    assert ">Candidate<span" not in page
    assert "Shown are the 1 that have waited longest, of 2." in page
    assert "2 waiting" in me.get("/").text


def test_after_a_change_of_tutors_neither_is_told_what_is_of_the_other(here: World) -> None:
    here.make_ready()
    with store.read() as session:
        registration = session.scalars(
            select(Registration).where(Registration.candidate_id == here.persons["candidate"])
        ).one()
    me = Browser(here, "tutor")
    link = f'href="/cohort/{here.persons["candidate"]}"'
    assert link in me.get("/readiness").text
    for tutor in ("quality", "tutor"):
        with store.write() as session:
            row = session.get_one(Registration, registration.id)
            row.tutor_id = here.persons[tutor]
        if tutor == "quality":
            page = me.get("/readiness").text
            assert "Eight of ten in practice." in page
            assert link not in page  # it would not be found
            assert isinstance(
                messages.write(here.context("quality"), registration.id, "Well done."), int
            )
    page = me.get(f"/cohort/{here.persons['candidate']}").text
    assert "their tutor before you wrote last" in page

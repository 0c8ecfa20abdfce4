"""Messages on the pages of the two, the age of what waits, and where mails lead."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from assess import store
from assess.actions import approvals, messages
from assess.delivery.mailing import PATHS
from assess.store import programmes
from assess.web.public import waiting
from tests.builders import World
from tests.conftest import START
from tests.web.candidate_builders import Browser, codes

DAY = timedelta(days=1)
BEGAN = START


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def talk(here: World) -> int:
    """The registration of the candidate."""
    with store.read() as session:
        row = programmes.registration(session, here.programme, here.persons["candidate"])
    assert row is not None
    return row.id


def tags(page: str) -> list[str]:
    """How urgent the requests of a page are, in their order."""
    return re.findall(r'data-urgency="(\w+)"', page)


def test_a_candidate_asks_and_reads_the_answer_where_the_tutor_wrote_it(
    here: World, talk: int
) -> None:
    me, tutor = Browser(here, "candidate"), Browser(here, "tutor")
    mine, theirs = f"/registrations/{talk}/messages", f"/cohort/messages/{talk}"
    assert mine in me.get("/assessments").text
    empty = me.post(mine, {"words": "  "})
    assert (empty.status_code, codes(empty.text)) == (422, {"E-FIELD"})
    assert "Your text: something is needed here." in empty.text
    long = me.post(mine, {"words": "x" * 2001})
    assert (long.status_code, codes(long.text)) == (422, {"E-FIELD"})
    assert me.post(mine, {"words": "What is <b>meant</b>\r\nby chapter two?"}).location == mine
    page = tutor.get("/readiness").text
    assert theirs in page
    assert tags(page) == ["waiting"]
    asked = tutor.get(theirs).text
    assert "What is &lt;b&gt;meant&lt;/b&gt;\nby chapter two?" in asked
    assert "has waited for an answer since Monday 2 March 2026 at 11:00" in asked
    assert theirs in tutor.get(f"/cohort/{here.persons['candidate']}").text
    assert tutor.post(theirs, {"words": "The part on queues."}).location == theirs
    assert "The part on queues." in me.get(mine).text
    assert "your tutor wrote on 2 March 2026" in me.get("/assessments").text
    assert tags(tutor.get("/readiness").text) == []


def test_what_waits_is_red_after_a_day_and_with_the_quality_team_after_two(
    here: World, talk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.make_ready("candidate.two")  # registers nothing new: signs and is approved
    assert isinstance(messages.write(here.context("candidate"), talk, "A secret."), int)
    assert isinstance(approvals.ask(here.context("candidate"), here.test), int)
    for after, tag, late in (
        (DAY - timedelta(seconds=1), "waiting", 0),
        (DAY, "late", 0),
        (2 * DAY, "overdue", 2),
    ):
        here.clock.advance(after - (here.clock.now() - BEGAN))
        assert tags(Browser(here, "tutor").get("/readiness").text) == [tag, tag]
        page = html.unescape(Browser(here, "quality").get("/overdue").text)
        assert len(re.findall("data-overdue=", page)) == late
        assert "A secret." not in page
    assert "2 days" in page
    mine = Browser(here, "candidate").get(f"/registrations/{talk}/messages").text
    assert 'data-waiting="overdue"' in mine
    assert "data-overdue" in Browser(here, "administrator").get("/overdue").text
    for who in ("quality", "administrator"):
        assert "2 waiting" in Browser(here, who).get("/").text
    monkeypatch.setattr(waiting, "MOST", 1)
    assert "more than 1 waiting" in Browser(here, "quality").get("/").text
    assert "data-overdue" not in Browser(here, "administrator.there").get("/overdue").text


def test_the_eleventh_message_without_an_answer_is_refused(here: World, talk: int) -> None:
    me = Browser(here, "candidate")
    address = f"/registrations/{talk}/messages"
    for number in range(10):
        assert me.post(address, {"words": f"Question {number}"}).status_code == 302
    refused = me.post(address, {"words": "Hello?"})
    assert (refused.status_code, codes(refused.text)) == (409, {"E-ASKED"})


def test_every_mail_leads_to_a_page_that_is_there(here: World) -> None:
    router = here.app.url_map.bind("localhost")
    for kind, path in PATHS.items():
        endpoint, _ = router.match(path.format(number=7), method="GET")
        assert endpoint, kind


def test_an_address_is_given_and_taken_away_on_the_persons_page(here: World) -> None:
    me = Browser(here, "administrator")
    person = here.persons["candidate"]
    details = f"/people/{person}/details"
    refused = me.post(details, {"name": "Ann", "email": "ann at home"})
    assert (refused.status_code, codes(refused.text)) == (422, {"E-FIELD"})
    assert "ann at home" in refused.text
    assert me.post(details, {"name": "Ann", "email": " ann@example.org "}).status_code == 302
    assert "ann@example.org" in me.get(f"/people/{person}").text
    assert me.post(details, {"name": "Ann", "email": ""}).status_code == 302
    assert "ann@example.org" not in me.get(f"/people/{person}").text

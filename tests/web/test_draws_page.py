"""Can an epoch be closed and verified by the page, by whom, and what does a refusal say?"""

from __future__ import annotations

import json
import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from assess import jobs, store
from assess.store.journal import JournalEntry
from tests.builders import World
from tests.core.delivery.test_verify_draw import differing
from tests.web.author_scene import author, said

__all__ = ["author"]

SEVEN = {"reason": "Appeal 7, second stage"}


def events() -> list[str]:
    """What the journal holds, oldest first."""
    with store.read() as session:
        return list(session.scalars(select(JournalEntry.event).order_by(JournalEntry.id)))


def test_an_epoch_whose_month_is_over_is_closed_though_nobody_has_drawn_since(
    built: World,
) -> None:
    where = f"/tests/{built.test}/draws"
    built.sit("candidate.two", right=0)
    built.clock.advance(timedelta(days=30))
    late = built.client("author")
    assert "Open, until Thursday 2 April 2026 at 12:00 at the latest" in said(late.get(where))
    assert late.post(f"{where}/1/file").status_code == 409
    built.clock.advance(timedelta(days=100))
    late = built.client("author")
    told = said(late.get(where))
    assert "Thursday 2 April 2026 at 12:00" in told
    assert "at the latest" not in told
    assert "Close epoch" not in told
    file = late.post(f"{where}/1/file")
    assert differing(json.loads(file.data)) == []
    assert json.loads(file.data)["closed"] == "2026-04-02T11:00:00+00:00"
    built.sit("candidate", right=0)
    assert "Thursday 2 April 2026 at 12:00" in said(late.get(where))


def test_an_epoch_is_closed_for_a_reason_and_its_file_verifies(
    built: World, author: FlaskClient
) -> None:
    where = f"/tests/{built.test}/draws"
    built.sit("candidate.two", right=0)
    page = author.get(where)
    assert "Not while it is open" in said(page)
    early = author.post(f"{where}/1/file")
    assert early.status_code == 409
    assert 'data-code="E-EPOCH"' in early.text
    for reason in ("", "why"):
        again = author.post(f"{where}/close", data={"reason": reason})
        assert again.status_code == 422
        assert 'href="#reason"' in again.text
        assert 'data-code="E-REASON"' in again.text
    done = author.post(f"{where}/close", data=SEVEN, follow_redirects=True)
    assert "Epoch 1 is closed. The next draw opens another." in said(done)
    assert "Why?" not in said(done)  # none is open
    assert author.post(f"{where}/close", data=SEVEN).status_code == 409
    assert author.post(f"{where}/9/file").status_code == 409
    file = author.post(f"{where}/1/file")
    assert file.headers["Content-Disposition"] == "attachment; filename=T1-epoch-1.json"
    document = json.loads(file.data)
    assert (len(document["draws"]), differing(document)) == (1, [])
    shown = said(author.get(where))
    assert document["commitment"] in shown
    for what, value in (("Commitment", "commitment"), ("Pool", "pool_fingerprint")):
        entry = rf"{what} in the journal, entry \d+ of [^:]+:\d\d[^:]*: {document[value]}"
        assert re.search(entry, shown), (what, shown)
    found = events()
    assert found.count("epoch:close") == found.count("seed:tell") == 1
    assert found.count("deed:refuse") >= 4


def test_which_questions_are_on_a_form_is_not_told_while_it_is_sat(
    built: World, author: FlaskClient
) -> None:
    built.make_ready()
    device = built.log_in("candidate")
    attempt = built.start(device)
    where = f"/tests/{built.test}/draws"
    author.post(f"{where}/close", data=SEVEN)
    assert "When 1 attempt under way is over" in said(author.get(where))
    told = author.post(f"{where}/1/file", headers={"Accept": "application/json"})
    assert told.status_code == 409
    assert told.json is not None
    (reason,) = told.json["reasons"]
    assert reason["code"] == "E-EPOCH"
    assert "1 are still being sat" in reason["what"]
    assert reason["until"] is not None
    built.hand_in(device, attempt)
    assert author.post(f"{where}/1/file").status_code == 200


def test_an_estimation_is_asked_for_by_a_button_and_done_by_the_worker(
    built: World, author: FlaskClient
) -> None:
    where = f"/tests/{built.test}/draws"
    assert "Nothing was estimated from answers yet" in said(author.get(where))
    for _ in range(2):
        page = author.post(f"{where}/calibrate", follow_redirects=True)
        assert "It begins in some seconds." in said(page)
        assert "Estimate from the answers" not in said(page)
    assert jobs.calibrate(built.app, built.clock.now()) == 1
    assert jobs.calibrate(built.app, built.clock.now()) == 0
    page = author.get(where)
    assert 'data-code="E-FEW"' in page.text
    assert "A calibration needs 200 first attempts that count; T1 has 0." in said(page)
    assert "Estimate from the answers" in said(page)
    assert built.client("quality").post(f"{where}/calibrate").status_code == 403
    found = events()
    assert found.count("test:ask-calibration") == 1
    assert "test:calibrate" not in found


def test_the_quality_team_may_and_others_may_not(built: World) -> None:
    where = f"/tests/{built.test}/draws"
    quality = built.client("quality")
    assert "Close epoch 1 now" in said(quality.get(where))
    assert quality.post(f"{where}/close", data=SEVEN).status_code == 302
    for who, status in (("reviewer", 403), ("external.verifier", 403), ("author.there", 404)):
        client = built.client(who)
        assert client.get(where).status_code == status
        assert client.post(f"{where}/1/file").status_code == status

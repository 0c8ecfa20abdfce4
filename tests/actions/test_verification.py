"""Can an outsider draw the forms of a closed epoch again, and is the seed kept until then?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from assess import store
from assess.actions import attempts as deeds
from assess.actions import calibrations, draws, history, specifications, verification
from assess.actions.pools import drawing
from assess.bank.specification import BAND
from assess.delivery import second_draw
from assess.delivery.draw import Pool as Frozen
from assess.delivery.draw import Seen
from assess.reasons import Code, Refused
from assess.store import calibrations as calibration_rows
from assess.store import encounters
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from assess.store.pools import Epoch, Pool
from assess.store.specifications import published
from tests.actions import racing
from tests.builders import World, specification
from tests.core.delivery.test_verify_draw import differing

NAME = "T1"


def document(built: World, number: int | None = None) -> dict[str, Any]:
    found = verification.document(built.context(), NAME, number)
    assert not isinstance(found, Refused), found
    again: dict[str, Any] = json.loads(json.dumps(found))
    return again


def refused(done: object) -> tuple[Code, object]:
    assert isinstance(done, Refused), done
    return done.code, done.reasons[0].values.get("what")


def test_a_closed_epoch_verifies_and_an_open_one_is_not_told(built: World) -> None:
    context, name = built.context(), NAME
    built.sit(right=0)
    told = verification.document(context, name, 1)
    assert refused(told) == (Code.EPOCH, "open")
    assert isinstance(told, Refused)
    assert told.reasons[0].until is not None  # it says until when
    assert refused(verification.close(context, name, "why")) == (Code.REASON, None)
    assert verification.close(context, name, "Appeal 7: was the form drawn at random?") == 1
    assert refused(verification.close(context, name, "The very same appeal")) == (
        Code.EPOCH,
        "none_open",
    )
    built.make_ready("candidate.two")
    later = built.start(built.log_in("candidate.two"))  # in a new epoch, whose seed is not told
    first = document(built)
    assert (first["epoch"], len(first["draws"]), first["draws_counted"]) == (1, 1, 1)
    assert differing(first) == []
    assert "Candidate" not in json.dumps(first)
    assert refused(verification.document(context, name, 2)) == (Code.EPOCH, "open")
    assert refused(verification.document(context, name, 3)) == (Code.EPOCH, "unknown")
    listed = verification.epochs(context, name)
    assert not isinstance(listed, Refused)
    assert [(one.number, one.draws, one.closed is None) for one in listed] == [
        (1, 1, False),
        (2, 1, True),
    ]
    # What an outsider compares the file with comes out of the journal.
    seed_entry, pool_entry = listed[0].seed_entry, listed[0].pool_entry
    assert seed_entry is not None
    assert pool_entry is not None
    assert seed_entry.facts["commitment"] == first["commitment"]
    assert pool_entry.facts["fingerprint"] == first["pool_fingerprint"]
    with store.read() as session:
        assert session.get_one(Attempt, later).label == "assess-draw/2"
        events = session.scalars(select(JournalEntry.event)).all()
    assert events.count("epoch:close") == events.count("seed:tell") == 1
    other = replace(context, settings=replace(context.settings, seed_key="another-key-" * 4))
    assert refused(verification.document(other, name, 1)) == (Code.EPOCH, "other_key")


def every_form_verifies(built: World) -> None:
    """Some hundred forms of several attempts agree; one changed number is found.

    `python -m benchmarks.verification` does the same with ten thousand, by the commands.
    """
    found = document(built, 1)
    assert len(found["draws"]) > 220
    assert {draw["ordinal"] for draw in found["draws"]} == {1, 2, 3}
    assert differing(found) == []
    again = next(draw for draw in found["draws"] if draw["ordinal"] == 3)
    again["history"][0][1] += 1
    assert f"history of attempt {again['attempt']}" in differing(found)


def test_a_draw_that_finds_no_form_is_refused_and_is_no_draw_of_its_epoch(
    built: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.make_ready()
    device = built.log_in("candidate")
    with monkeypatch.context() as patched:  # enemies so entangled that no try keeps them apart
        patched.setattr(second_draw, "choose", lambda *told: None)
        done = deeds.start(device, built.test, affirmed=True)
    assert refused(done) == (Code.BLUEPRINT, "no_form")
    with store.read() as session:
        assert session.scalar(select(func.count(Attempt.id))) == 0
        last = select(JournalEntry).order_by(JournalEntry.id.desc()).limit(1)
        assert session.scalars(last).one().facts["code"] == "E-BLUEPRINT"
    built.hand_in(device, built.start(device))
    assert verification.close(built.context(), NAME, "Appeal 7: was it drawn at random?") == 1
    assert differing(document(built)) == []


def test_nobody_who_writes_waits_while_the_draws_of_an_epoch_are_read(
    built: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.sit(right=0)
    assert verification.close(built.context(), NAME, "Appeal 7: was it drawn at random?") == 1
    read, written = verification._draws, []

    def slowly(*told: Any) -> list[dict[str, Any]]:
        with store.write() as session:  # on SQLite there is one turn to write, for everybody
            written.append(session.scalar(text("SELECT 1")))
        return read(*told)

    monkeypatch.setattr(verification, "_draws", slowly)
    assert len(document(built)["draws"]) == 1
    assert written == [1]


def test_histories_read_together_are_those_read_one_by_one(built: World) -> None:
    built.sit(right=0)
    built.clock.advance(timedelta(hours=49))
    built.sit(right=0)
    with store.read() as session:
        rows = session.scalars(select(Attempt).order_by(Attempt.id)).all()
        together = encounters.Histories(session, rows[0].bank_id)
        assert len(rows) == 2
        for row in (*rows, rows[-1]):
            alone = encounters.history(session, row.candidate_id, row.bank_id, before=row.id)
            assert together.before(row.candidate_id, row.id) == alone
    forms = [[(7, 1, ()), (8, 1, ())], [(8, 2, ())], [(9, 1, ())]]
    assert encounters.met(forms) == {7: Seen(1, 1), 8: Seen(2, 2), 9: Seen(1, 3)}


def test_another_centres_test_is_not_there(built: World) -> None:
    there = built.context("author.there")
    for done in (
        verification.epochs(there, NAME),
        verification.close(there, NAME, "For a good reason"),
        verification.document(there, NAME, None),
        calibrations.calibrate(there, NAME),
    ):
        assert isinstance(done, Refused)
        assert done.code is Code.NOT_FOUND


def test_a_calibration_needs_answers_and_then_makes_the_next_pool(built: World) -> None:
    author = built.context("author")
    few = calibrations.calibrate(author, NAME)
    assert refused(few)[0] is Code.FEW
    assert isinstance(few, Refused)
    assert (few.reasons[0].values["have"], few.reasons[0].values["need"]) == (0, 200)
    assert refused(calibrations.calibrate(built.context("tutor"), NAME))[0] is Code.ROLE
    now = built.clock.now()
    history.simulate_history(
        built.context(),
        [history.Plan(NAME, 210, attempts=3)],
        history.Past(now - timedelta(days=20), now - timedelta(days=1), seed=3),
        built.persons["tutor"],
    )
    asked = calibrations.ask(author, NAME)
    assert asked == calibrations.ask(author, NAME)  # twice is once
    assert calibrations.work(built.context(), built.clock.now) == 1
    assert calibrations.work(built.context(), built.clock.now) == 0
    every_form_verifies(built)
    with store.read() as session:
        request = calibration_rows.last_request(session, built.test)
        assert request is not None
        assert (request.id, request.reasons) == (asked, [])
        assert request.calibration_id is not None
        done = session.get_one(calibration_rows.Calibration, request.calibration_id)
        assert (done.number, done.model, done.attempts, len(done.versions)) == (1, "1pl", 210, 12)
        assert done.made_by == built.persons["author"]
        row = calibration_rows.newest(session, built.test)
        assert row is not None
        pools = session.scalars(select(Pool).order_by(Pool.id)).all()
        frozen = [Frozen.from_document(pool.document) for pool in pools]
        before, after = frozen
        assert [pool.calibration_id for pool in pools] == [None, row.id]
        assert before.unbalanced == "not_enough_data"  # the authors of this bank said nothing
        found = row.by_version()
    target = 0.0
    for cell in after.cells:
        assert [entry.difficulty for entry in cell.entries] == [
            found[entry.version] for entry in cell.entries
        ]
        target += 2 * sum(e.difficulty or 0 for e in cell.entries) / len(cell.entries)
    assert after.band is not None
    assert abs(after.band.target - target) < 1
    assert after.band.half == BAND * after.length
    # The borderline candidate can expect the cut: three of four marks.
    assert after.band.target == pytest.approx(3000, abs=60)
    built.make_ready()
    attempt = built.start(built.log_in("candidate"))
    with store.read() as session:
        drawn = session.get_one(Attempt, attempt)
        assert (drawn.pool_id, drawn.expected is None) == (pools[1].id, False)
    replayed = draws.replay(built.context(), attempt)
    assert isinstance(replayed, draws.Replayed)
    assert not replayed.differences
    if store.db.engine.dialect.name == "postgresql":
        # Somebody publishes another version while a calibration waits to make its pool.
        racing.one_by_one(
            built.app,
            drawing(built.test),
            lambda: specifications.publish(author, specification(cut=2)),
            lambda: calibrations.calibrate(author, NAME),
        )
        with store.read() as session:
            open_ = session.scalars(
                select(Pool).join(Epoch, Epoch.pool_id == Pool.id).where(Epoch.closed_at.is_(None))
            ).all()
            in_force = published(session, built.test)
            assert in_force is not None
        assert [(pool.specification_id, pool.number) for pool in open_] == [(in_force.id, 2)]

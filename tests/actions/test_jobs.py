"""Are the duties that nobody watches done once, also when they run late, twice, or in vain?"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from assess import jobs, store
from assess.actions import journal, sessions
from assess.reasons import Refused
from assess.store import engines
from assess.store.attempts import Attempt
from assess.store.engines import engine_for
from assess.store.marks import MarkRow
from tests.builders import World
from tests.services import wait_until

MOMENT = timedelta(microseconds=1)


def begun(built: World) -> int:
    """An attempt with one answer, left alone."""
    built.make_ready()
    device = built.log_in("candidate")
    attempt = built.start(device)
    built.save(device, attempt, 1, "1")
    return attempt


def test_failed_log_ins_are_kept_as_long_as_they_can_lock_a_name(built: World) -> None:
    settings = built.app.extensions["assess.settings"]
    for name in ("candidate", "nobody"):
        done = sessions.log_in(settings, built.clock.now(), name, "a guess", "a test")
        assert isinstance(done, Refused)
    last = built.clock.now() + 2 * timedelta(minutes=settings.login_lock_minutes)
    assert jobs.forget_log_ins(built.app, last) == 0
    assert jobs.forget_log_ins(built.app, last + MOMENT) == 2
    assert jobs.forget_log_ins(built.app, last + MOMENT) == 0


def test_an_attempt_left_alone_closes_at_its_deadline_however_late_that_is_seen(
    built: World,
) -> None:
    attempt = begun(built)
    with store.read() as session:
        deadline = session.get_one(Attempt, attempt).deadline
    assert deadline is not None
    assert jobs.close_attempts(built.app, deadline + built.grace) == 0
    assert jobs.close_attempts(built.app, deadline + timedelta(days=3)) == 1
    assert jobs.close_attempts(built.app, deadline + timedelta(days=3)) == 0
    with store.read() as session:
        row = session.get_one(Attempt, attempt)
        marks = session.scalar(select(func.count()).select_from(MarkRow))
    assert (row.state, row.closed_by, row.closed_at) == ("marked", "time_up", deadline)
    assert row.receipt is not None
    assert marks == 1


def test_an_attempt_closes_as_soon_as_no_answer_can_arrive_any_more(built: World) -> None:
    attempt = begun(built)
    with store.read() as session:
        deadline = session.get_one(Attempt, attempt).deadline
    assert deadline is not None
    assert jobs.close_attempts(built.app, deadline + built.grace + MOMENT) == 1


def test_an_attempt_that_cannot_be_marked_keeps_no_other_open(
    built: World, caplog: pytest.LogCaptureFixture
) -> None:
    bad = begun(built)
    with store.write() as session:
        row = session.get_one(Attempt, bad)
        row.form = [[item, 10**6, order] for item, _, order in row.form]
    built.clock.advance(timedelta(minutes=1))
    built.make_ready("candidate.two")
    good = built.start(built.log_in("candidate.two"))
    built.clock.advance(timedelta(hours=1))
    assert jobs.close_attempts(built.app, built.clock.now()) == 1
    assert f"attempt {bad} could not be closed" in caplog.text
    with store.read() as session:
        states = {n: session.get_one(Attempt, n).state for n in (bad, good)}
    assert states == {bad: "open", good: "marked"}


def test_an_attempt_that_somebody_holds_is_passed_over_and_its_device_told_later(
    built: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite locks all of it")
    monkeypatch.setattr(engines, "BUSY_MILLISECONDS", 20)
    store.dispose()  # connections learn of it when they are made
    built.make_ready()
    device = built.log_in("candidate")
    held = built.start(device)
    built.make_ready("candidate.two")
    other = built.start(built.log_in("candidate.two"))
    with ExitStack() as stack:
        stack.callback(store.dispose)
        engine = engine_for(database_url)
        stack.callback(engine.dispose)
        somebody = stack.enter_context(engine.connect())
        somebody.execute(select(Attempt.id).where(Attempt.id == held).with_for_update())
        with pytest.raises(DBAPIError) as told:
            built.save(device, held, 2, "1")
        assert engines.locked(told.value)
        built.clock.advance(timedelta(hours=1))
        assert jobs.close_attempts(built.app, built.clock.now()) == 1
    with store.read() as session:
        states = {n: session.get_one(Attempt, n).state for n in (held, other)}
    assert states == {held: "open", other: "marked"}
    assert jobs.close_attempts(built.app, built.clock.now()) == 1


def test_the_worker_does_every_duty_and_stops_when_told(built: World) -> None:
    attempt = begun(built)
    built.clock.advance(timedelta(hours=1))

    def done() -> bool:
        with store.read() as session:
            marked = session.get_one(Attempt, attempt).state == "marked"
        return marked and journal.verify().unsealed == 0

    stop = threading.Event()
    worker = threading.Thread(target=jobs.run, args=(built.app, stop))
    worker.start()
    try:
        wait_until(done, "the worker does not do its duties")
    finally:
        stop.set()
        worker.join()
    assert journal.verify().bad_entry is None


def test_a_database_that_does_not_answer_is_met_again_at_the_next_turn(
    built: World, caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([False, True])

    def do(_app: object, _now: object) -> int:
        if next(answers):
            return 3
        raise OperationalError("SELECT 1", {}, Exception("no answer"))

    duty = jobs.Duty("look", 1.0, do)
    assert jobs.once(built.app, duty) == 0
    assert "look: " in caplog.text
    assert jobs.once(built.app, duty) == 3

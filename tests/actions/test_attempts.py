"""An attempt from approval to mark, through the deeds, on both databases."""

from __future__ import annotations

from assess import store
from assess.actions import attempts
from assess.reasons import Code, Refused
from assess.store import marks
from tests.builders import World


def test_a_candidate_who_answers_everything_rightly_passes(built: World) -> None:
    attempt = built.sit()
    with store.read() as session:
        mark = marks.newest(session, attempt)
    assert mark is not None
    assert (mark.score, mark.out_of, mark.passed) == (4000, 4, True)


def test_a_second_start_while_one_is_open_is_refused(built: World) -> None:
    built.make_ready()
    context = built.log_in("candidate")
    built.start(context)
    again = attempts.start(context, built.test, affirmed=True)
    assert isinstance(again, Refused)
    assert Code.OPEN_ATTEMPT in {r.code for r in again.reasons}

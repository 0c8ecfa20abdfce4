"""Practice is open at once, teaches, counts for nothing, and shares no question with the tests."""

from __future__ import annotations

import pytest

from assess import store
from assess.actions import attempts, banks, remarking, specifications
from assess.bank.specification import Feedback, Specification, Window
from assess.reasons import Code, Refused
from assess.store import banks as bank_rows
from assess.store import cohorts, encounters, marks, packed
from assess.store import specifications as tests
from assess.store.attempts import Attempt
from tests.actions.test_races import codes
from tests.beginnings import Begin
from tests.builders import World, bank, csv, specification


def practice(**changes: object) -> Specification:
    """The specification of a practice test."""
    values: dict[str, object] = {
        "name": "T1-practice",
        "bank": "Practice bank",
        "approval": False,
        "attempts": None,
        "cool_down_hours": (),
        "feedback": Feedback.KEYS,
    }
    return specification(**{**values, **changes})


def other_words(text: str) -> str:
    """The same bank with stems of its own."""
    return text.replace("Stem ", "Try ")


@pytest.fixture
def practised(built: World, begin: Begin) -> World:
    """The small world with a practice bank and its published test."""

    def publish() -> int:
        done = banks.bring_in(
            built.context(), bank(other_words(csv()), bank="Practice bank", purpose="practice")
        )
        assert not isinstance(done, Refused), done
        assert done.written
        published = specifications.publish(built.context(), practice())
        assert not isinstance(published, Refused), published
        return published.test_id

    built.test = begin("practice", publish)
    return built


def sit(world: World, right: int | None = None) -> int:
    """Practise once."""
    device = world.log_in("candidate")
    done = attempts.start(device, world.test, affirmed=False)
    assert not isinstance(done, Refused), done
    world.answer(device, done.attempt_id, right)
    world.hand_in(device, done.attempt_id)
    return done.attempt_id


def test_practice_needs_no_signature_no_approval_no_break_and_goes_on_after_a_pass(
    practised: World,
) -> None:
    for right in (0, 4, 2):
        attempt = sit(practised, right)
    asked = remarking.ask(practised.context("candidate"), attempt, "I do not agree with this.")
    assert codes(asked) == {Code.NOT_NEEDED}  # practice has no mark that a person looks at


def test_practice_stands_by_outcome_for_the_tutor_and_in_no_statistics(practised: World) -> None:
    sit(practised, 0)
    attempt = sit(practised, 4)
    candidate = practised.persons["candidate"]
    with store.write() as session:  # as where an answer that came late was let count
        row, mark = session.get_one(Attempt, attempt), marks.newest(session, attempt)
        assert mark is not None
        said = tests.version(session, row.specification_id).specification()
        contents = bank_rows.contents(session, [one.version for one in row.drawn()])
        same = marks.as_mark(mark, row.drawn(), contents, said)
        marks.save(session, row, same, [10] * same.out_of, practised.clock.now(), number=2)
    with store.read() as session:
        lines = cohorts.practised(session, candidate, practised.programme)
        assert [(line.outcome, line.score, line.out_of) for line in lines] == [
            ("award/U1/1", 2000, 4),
            ("award/U1/2", 2000, 4),
        ]
        test = tests.get(session, practised.centres["here"], practised.test)
        assert test is not None
        assert test.practice
        small = bank_rows.by_name(session, practised.centres["here"], "Small bank")
        assert small is not None
        assert not packed.read(session, bank_id=small.id).length.size
        assert encounters.history(session, candidate, test.bank_id)
        assert not encounters.history(session, candidate, small.id)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"approval": True}, "approval"),
        ({"attempts": 3}, "attempts"),
        ({"cool_down_hours": (48,)}, "cool_down_hours"),
        ({"window": Window(weeks=2)}, "window"),
        ({"feedback": Feedback.WRONG}, "feedback"),
        ({"invigilated": True}, "invigilated"),
    ],
)
def test_a_practice_test_that_holds_back_cannot_be_published(
    practised: World, changes: dict[str, object], field: str
) -> None:
    done = specifications.publish(practised.context(), practice(**changes))
    assert isinstance(done, Refused)
    assert [(r.values["what"], r.values["field"]) for r in done.reasons] == [
        ("practice_terms", field)
    ]


def test_a_question_of_a_high_stakes_bank_does_not_get_into_a_practice_bank(
    built: World,
) -> None:
    done = banks.bring_in(built.context(), bank(csv(), bank="Practice bank", purpose="practice"))
    assert codes(done) == {Code.PURPOSE}
    assert isinstance(done, Refused)
    assert (done.reasons[0].values["bank"], done.reasons[0].values["count"]) == ("Small bank", 12)
    with store.read() as session:
        assert bank_rows.by_name(session, built.centres["here"], "Practice bank") is None

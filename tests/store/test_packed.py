"""Are the packed marks of many forms read as they were stored, on either database?"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from assess import store
from assess.bank.kinds import pack
from assess.delivery.marking import Mark, Scored
from assess.store import marks, packed
from assess.store.attempts import Attempt
from assess.store.packed import PackedMarks
from tests.builders import World
from tests.recorded import Paper, record, versions

RIGHT, WRONG = (1,), (0,)


def read(built: World) -> PackedMarks:
    with store.read() as session:
        return packed.read(session, test_id=built.test)


def forms(rows: PackedMarks) -> list[tuple[object, ...]]:
    """Every form and its mark, in order of what was shown."""
    ends = np.cumsum(rows.length)[:-1]
    columns = (np.split(c, ends) for c in (rows.versions, rows.options, rows.scores))
    packs = zip(*columns, strict=True)
    numbers = zip(rows.score, rows.out_of, rows.cut, rows.passed, strict=True)
    return sorted(
        (*(part.tolist() for part in pack), *(one.item() for one in number))
        for pack, number in zip(packs, numbers, strict=True)
    )


def test_forms_of_any_length_come_back_by_test_and_by_bank(
    built: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "AT_ONCE", 2)
    one, two, three, *_ = versions()
    papers = [
        Paper([(one, RIGHT), (two, WRONG)]),
        Paper([(three, RIGHT), (one, ()), (two, RIGHT)], passed=False),
        Paper([(two, RIGHT), (one, WRONG)]),
        Paper([(three, WRONG), (one, RIGHT)]),
        Paper([(three, WRONG)], passed=False),
    ]
    record(built, [*papers, Paper([(one, RIGHT)], ordinal=2), Paper([(two, RIGHT)], state="void")])
    expected = sorted(
        (
            [version for version, _ in paper.answers],
            [pack(answer) for _, answer in paper.answers],
            [1000 * (answer == RIGHT) for _, answer in paper.answers],
            sum(1000 * (answer == RIGHT) for _, answer in paper.answers),
            len(paper.answers),
            3,
            paper.passed,
        )
        for paper in papers
    )
    assert forms(read(built)) == expected
    with store.read() as session:
        bank = session.scalars(select(Attempt.bank_id)).first()
        assert forms(packed.read(session, bank_id=bank)) == expected


def again(built: World, seconds: list[int]) -> None:
    """Mark the first attempt once more, full marks this time."""
    with store.write() as session:
        attempt = session.scalars(select(Attempt)).one()
        question = Scored(1, versions()[0], versions()[0], "", 1000, 2, True, True)
        mark = Mark(1000, 1, 1, True, (), (question,))
        marks.save(session, attempt, mark, seconds, built.clock.now() + timedelta(days=1), number=2)


def test_a_later_mark_of_an_attempt_stands_for_the_earlier(built: World) -> None:
    record(built, [Paper([(versions()[0], WRONG)], passed=False)])
    again(built, [10])
    assert forms(read(built)) == [([versions()[0]], [2], [1000], 1000, 1, 1, True)]


def test_no_marks_are_no_rows(built: World) -> None:
    assert read(built).length.size == 0
    assert read(built).passed.size == 0


def test_columns_that_do_not_fit_each_other_are_refused(built: World) -> None:
    record(built, [Paper([(version, RIGHT) for version in versions()[:3]])])
    with store.write() as session:
        row = marks.newest(session, session.scalars(select(Attempt.id)).one())
        assert row is not None
        values = {c.name: getattr(row, c.name) for c in marks.MarkRow.__table__.columns}
        # As many bytes in all as three forms of two questions.
        odd = {
            "versions": row.versions[:1],
            "options": row.options[:2],
            "number": 2,
        }
        del values["id"]
        session.add(marks.MarkRow(**{**values, **odd}))
    with pytest.raises(ValueError, match="not equally long"):
        read(built)

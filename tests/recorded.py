"""Attempts that are marked already, put into the tables as hand-in leaves them, by the hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

from sqlalchemy import func, select

from assess import store
from assess.bank.kinds import KINDS, Answer, pack
from assess.delivery.marking import Mark, Scored
from assess.store import banks, marks, pools, specifications
from assess.store.attempts import Attempt
from assess.store.banks import Item, ItemVersion
from assess.store.people import Person
from assess.store.pools import Epoch
from tests.builders import World


@dataclass(frozen=True, slots=True)
class Paper:
    """What one candidate was shown, by item version, and chose.

    One whose `ordinal` is not 1 is of the candidate of the paper before it.
    """

    answers: Sequence[tuple[int, Answer]]
    ordinal: int = 1
    state: str = "marked"
    passed: bool = True
    cancelled: bool = False  # nobody has seen a question, and there is no mark


def versions(outcome: str = "") -> list[int]:
    """The item versions of the small bank, of one outcome or of all, by identifier."""
    with store.read() as session:
        rows = session.scalars(
            select(ItemVersion).join(Item).order_by(Item.identifier, ItemVersion.number)
        )
        return [row.id for row in rows if str(row.outcome).endswith(outcome)]


def record(here: World, papers: Sequence[Paper], test: int | None = None) -> None:
    """Store these papers, each of a candidate of its own or of the one before, a minute apart."""
    with store.write() as session:
        row = specifications.get(session, here.centres["here"], test or here.test)
        assert row is not None
        published = specifications.published(session, row.id)
        assert published is not None
        pool = pools.newest(session, published.id)
        assert pool is not None
        epoch = session.scalars(select(Epoch).where(Epoch.pool_id == pool[0])).first()
        assert epoch is not None
        contents = banks.contents(session, {v for p in papers for v, _ in p.answers})
        now = here.clock.now()
        before = session.scalars(select(func.count()).select_from(Person)).one()
        people = [
            Person(
                centre_id=row.centre_id,
                username=f"sat-{before + n}",
                name=f"Somebody Recorded {before + n}",
                pseudonym=f"pseudonym-{before + n}",
                password_hash=None,
                must_change_password=False,
                active=True,
                created_at=now,
            )
            for n in range(sum(paper.ordinal == 1 for paper in papers))
        ]
        session.add_all(people)
        session.flush()
        whose = accumulate(int(paper.ordinal == 1) for paper in papers)
        attempts = [
            Attempt(
                centre_id=row.centre_id,
                test_id=row.id,
                bank_id=row.bank_id,
                specification_id=published.id,
                pool_id=pool[0],
                epoch_id=epoch.id,
                candidate_id=people[number - 1].id,
                ordinal=paper.ordinal,
                state=paper.state,
                facts={},
                form=[],
                form_fingerprint="",
                history_fingerprint="",
                label="assess-draw/2",
                rest_seconds=0,
                seconds=1800,
                prepared_at=now,
                opened_at=None if paper.cancelled else now,
                deadline=None if paper.cancelled else now + timedelta(minutes=30),
                closed_at=None if paper.cancelled else now,
                writer=1,
            )
            for number, paper in zip(whose, papers, strict=True)
        ]
        session.add_all(attempts)
        session.flush()
        for n, (attempt, paper) in enumerate(zip(attempts, papers, strict=True)):
            scored = []
            for place, (version, answer) in enumerate(paper.answers, start=1):
                content = contents[version]
                score = KINDS[content.kind].score(content, answer)
                scored.append(
                    Scored(
                        place=place,
                        item=version,
                        version=version,
                        outcome=content.outcome or "",
                        score=score,
                        option_mask=pack(answer),
                        answered=bool(answer),
                        correct=score == 1000,
                    )
                )
            mark = Mark(
                score=sum(s.score for s in scored),
                out_of=len(scored),
                cut=3,
                passed=paper.passed,
                outcomes=(),
                questions=tuple(scored),
            )
            if attempt.closed_at is not None:
                marks.save(session, attempt, mark, [10] * len(scored), now + timedelta(minutes=n))

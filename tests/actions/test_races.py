"""Two at the same moment: who wins, and what does the other hear?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import func, select, text

from assess import store
from assess.actions import (
    approvals,
    attempts,
    banks,
    journal,
    passwords,
    people,
    programmes,
    sessions,
)
from assess.actions.context import Context
from assess.actions.saving import Saved
from assess.bank import specification
from assess.delivery import answering
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import attempts as rows
from assess.store import people as person_rows
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry, JournalSeal
from assess.store.marks import MarkRow
from assess.store.pools import Epoch, Pool
from assess.store.sessions import LoginFailure, SignIn
from tests.actions import racing
from tests.builders import PASSWORD, World, bank, csv

ROUNDS = 6


def void(attempt: int) -> None:
    """Take an attempt out of the way, so that the next round can begin."""
    with store.write() as session:
        session.get_one(Attempt, attempt).state = "void"


def codes(done: object) -> set[Code]:
    """The codes of a refusal's reasons."""
    assert isinstance(done, Refused), done
    return {r.code for r in done.reasons}


def test_of_two_starts_at_once_one_begins_and_the_other_hears_of_it(built: World) -> None:
    built.make_ready()
    device = built.log_in("candidate")
    for round_ in range(ROUNDS):
        done = racing.at_once(
            built.app, *[lambda: attempts.start(device, built.test, affirmed=True)] * 2
        )
        began = [d for d in done if isinstance(d, attempts.Started)]
        refused = [d for d in done if isinstance(d, Refused)]
        assert (len(began), len(refused)) == (1, 1), round_
        assert refused[0].code is Code.GATE
        assert codes(refused[0]) == {Code.OPEN_ATTEMPT}
        void(began[0].attempt_id)
        with store.write() as session:
            session.execute(text("UPDATE attempts SET approval_id = NULL"))


def start(app: Flask, test: int, actor: int, centre: int, now: datetime) -> str:
    """Start in a process of its own; the codes of the refusal, or that it began."""
    context = Context(now, app.extensions["assess.settings"], centre, actor)
    done = attempts.start(context, test, affirmed=True)
    if isinstance(done, Refused):
        return " ".join(sorted(codes(done)))
    return "began"


def test_of_two_processes_that_start_at_once_one_begins(built: World) -> None:
    built.make_ready()
    url, now = built.app.extensions["assess.settings"].database_url, built.clock.now()
    deed = (start, (built.test, built.persons["candidate"], built.centres["here"], now))
    assert sorted(racing.processes(url, now, deed, deed)) == ["E-OPEN-ATTEMPT", "began"]
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1


def test_an_entry_of_a_candidate_does_not_wait_for_a_deed_that_holds_them(built: World) -> None:
    if store.db.engine.dialect.name != "postgresql":
        return  # one writes at a time there
    acting = built.context("candidate")

    def refused() -> object:
        with built.app.app_context():
            return programmes.sign(acting, built.programme, 1, "Somebody Else")

    with ThreadPoolExecutor(1) as pool:
        with store.write() as session:
            person_rows.locked(session, built.persons["candidate"])
            done = pool.submit(refused).result(30)  # a deadlock, where it holds what we want next
        assert isinstance(done, Refused)


def test_of_two_hand_ins_at_once_one_is_marked(built: World) -> None:
    for username in ("candidate", "candidate.two"):
        built.make_ready(username)
        device = built.log_in(username)
        attempt = built.start(device)
        built.answer(device, attempt)
        now = built.now(device)
        done = racing.at_once(
            built.app,
            *[lambda now=now, attempt=attempt: attempts.hand_in(now, attempt)] * 3,
        )
        refused = [d for d in done if isinstance(d, Refused)]
        assert [codes(d) for d in refused] == [{Code.CLOSED}] * 2
        with store.read() as session:
            marks = select(func.count()).where(MarkRow.attempt_id == attempt)
            assert session.scalar(marks) == 1


def test_an_answer_that_was_acknowledged_is_among_those_handed_in(built: World) -> None:
    built.make_ready()
    device = built.log_in("candidate")
    for round_ in range(ROUNDS):
        attempt = built.start(device)
        acknowledged: list[int] = []

        def saving(attempt: int = attempt, acknowledged: list[int] = acknowledged) -> None:
            for sequence in range(1, 9):
                if isinstance(built.save(device, attempt, 1, "1", sequence=sequence), Saved):
                    acknowledged.append(sequence)

        def handing_in(attempt: int = attempt) -> None:
            built.save(device, attempt, 2, "1")
            built.hand_in(device, attempt)

        racing.at_once(built.app, saving, handing_in)
        with store.read() as session:
            row = session.get_one(Attempt, attempt)
            stored = rows.answers(session, attempt)
        assert [s.sequence for s in stored if s.place == 1] == acknowledged, round_
        assert row.answers_digest == answering.digest(stored), round_
        built.clock.advance(timedelta(hours=49))
        with store.write() as session:  # the next round begins from nothing
            session.execute(text("UPDATE attempts SET state = 'void', approval_id = NULL"))


def test_two_candidates_who_start_when_an_epoch_is_used_up_both_begin(built: World) -> None:
    for username in ("candidate", "candidate.two"):
        built.make_ready(username)
    first, second = built.log_in("candidate"), built.log_in("candidate.two")
    for round_ in range(ROUNDS):
        with store.write() as session:
            session.execute(text("UPDATE epochs SET draws = 1000 WHERE closed_at IS NULL"))
        done = racing.at_once(
            built.app,
            lambda: attempts.start(first, built.test, affirmed=True),
            lambda: attempts.start(second, built.test, affirmed=True),
        )
        assert [type(d) for d in done] == [attempts.Started] * 2, (round_, done)
        with store.write() as session:
            session.execute(text("UPDATE attempts SET state = 'void', approval_id = NULL"))
            epochs = session.scalars(select(Epoch).order_by(Epoch.number)).all()
        assert [e.number for e in epochs] == list(range(1, round_ + 3))
        assert [e.draws for e in epochs if e.closed_at is None] == [2]


def test_a_start_beside_an_import_draws_from_a_pool_that_is_in_force(built: World) -> None:
    built.make_ready()
    device, author = built.log_in("candidate"), built.context()
    for round_ in range(ROUNDS):
        changed = bank(csv().replace("Stem", f"Stem of round {round_}"))
        began, imported = racing.at_once(
            built.app,
            lambda: attempts.start(device, built.test, affirmed=True),
            lambda changed=changed: banks.bring_in(author, changed),  # type: ignore[misc]
        )
        assert isinstance(began, attempts.Started), began
        assert isinstance(imported, banks.Imported), imported
        with store.write() as session:
            session.execute(text("UPDATE attempts SET state = 'void', approval_id = NULL"))
            newest = session.scalars(select(Pool.id).order_by(Pool.number.desc())).first()
            epochs = session.scalars(select(Epoch).where(Epoch.closed_at.is_(None))).all()
        assert [e.pool_id for e in epochs] == [newest], round_


def test_a_statement_signed_twice_at_once_is_one_signature(built: World) -> None:
    signer = built.context("candidate")
    done = racing.at_once(
        built.app, *[lambda: programmes.sign(signer, built.programme, 1, "Candidate")] * 4
    )
    assert len(set(done)) == 1, done
    assert isinstance(done[0], programmes.Signed)
    with store.read() as session:
        assert session.scalar(text("SELECT count(*) FROM signatures")) == 1


def test_an_approval_asked_for_or_given_twice_at_once_is_one(built: World) -> None:
    asking, tutor = built.context("candidate"), built.context("tutor")
    asked = racing.at_once(built.app, *[lambda: approvals.ask(asking, built.test)] * 3)
    numbers = [a for a in asked if isinstance(a, int)]
    assert len(numbers) == 1, asked
    assert [codes(a) for a in asked if isinstance(a, Refused)] == [{Code.ASKED}] * 2
    words = "Eight of ten in practice."
    given = racing.at_once(
        built.app, *[lambda: approvals.approve(tutor, numbers[0], ["practice"], words)] * 3
    )
    assert len([g for g in given if isinstance(g, int)]) == 1, given
    assert [codes(g) for g in given if isinstance(g, Refused)] == [{Code.DECIDED}] * 2


def test_a_person_added_twice_at_once_is_there_once(built: World) -> None:
    administrator = built.context("administrator")
    for round_ in range(4):
        name = f"new.person.{round_}"

        def adding(name: str = name) -> people.Added | Refused:
            return people.add(administrator, "New Person", name, [Role.TUTOR.value])

        done = racing.at_once(built.app, adding, adding)
        assert len([d for d in done if isinstance(d, people.Added)]) == 1
        assert [codes(d) for d in done if isinstance(d, Refused)] == [{Code.TAKEN}]


def test_roles_given_twice_at_once_are_held_once(built: World) -> None:
    administrator, tutor = built.context("administrator"), built.persons["tutor"]
    wanted = [Role.TUTOR.value, Role.AUTHOR.value]
    done = racing.at_once(built.app, *[lambda: people.set_roles(administrator, tutor, wanted)] * 3)
    assert done == [None] * 3
    assert built.context("tutor").roles == {Role.TUTOR, Role.AUTHOR}


def test_a_candidate_registered_twice_at_once_is_registered_once(built: World) -> None:
    operator, who = built.context(), built.add("newcomer", Role.CANDIDATE)
    tutor = built.persons["tutor"]
    done = racing.at_once(
        built.app, *[lambda: programmes.register(operator, built.programme, who, tutor, "x")] * 3
    )
    assert len(set(done)) == 1
    assert isinstance(done[0], int)


def test_many_wrong_passwords_at_once_do_not_slip_past_the_lock(built: World) -> None:
    settings, now = built.app.extensions["assess.settings"], built.clock.now()

    def knock() -> object:
        return sessions.log_in(settings, now, "candidate", "not-the-password", "x")

    done = racing.at_once(built.app, *[knock] * 10)
    assert sorted(code for d in done for code in codes(d)) == ["E-LOGIN"] * 5 + ["E-LOGIN-LOCK"] * 5
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(LoginFailure)) == 5
        assert session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_a_password_that_is_reset_meanwhile_lets_nobody_in_and_is_not_changed(built: World) -> None:
    if store.db.engine.dialect.name != "postgresql":
        return  # one writes at a time there
    device, settings = built.log_in("candidate"), built.app.extensions["assess.settings"]
    queue = f"login:{sessions._hash_name(settings, 'candidate')}"
    administrator, who = built.context("administrator"), built.persons["candidate"]
    for coming_in in (
        lambda: sessions.log_in(settings, built.clock.now(), "candidate", PASSWORD, "x"),
        lambda: sessions.change_password(device, PASSWORD, "another-staple-battery-7"),
    ):
        with store.write() as session:
            hashed = passwords.hash_of(PASSWORD, settings)
            session.get_one(person_rows.Person, who).password_hash = hashed
        (done,) = racing.one_by_one(
            built.app,
            queue,
            coming_in,
            meanwhile=lambda: people.reset_password(administrator, who),
        )
        assert isinstance(done, Refused), done
    with store.read() as session:
        left = select(func.count()).where(SignIn.person_id == who, SignIn.ended_at.is_(None))
        assert session.scalar(left) == 0


def seal(_app: Flask, now: datetime, rounds: int) -> int:
    """Write an entry and seal, again and again; how many this process sealed."""
    from assess.journal import Event
    from assess.store import journal as entries

    sealed = 0
    for number in range(rounds):
        with store.write() as session:
            facts = {"number": number}
            entries.record(session, Event.DEMO_FILLED, at=now, centre=None, actor=None, facts=facts)
        sealed += journal.seal(now)
    return sealed


def test_sealers_in_two_processes_make_one_chain(built: World) -> None:
    url, now = built.app.extensions["assess.settings"].database_url, built.clock.now()
    sealed = sum(racing.processes(url, now, *[(seal, (now, 25))] * 2))
    sealed += journal.seal(now)
    with store.read() as session:
        entries = session.scalar(select(func.count()).select_from(JournalEntry))
        seals = session.scalars(select(JournalSeal.place).order_by(JournalSeal.place)).all()
    assert sealed == entries == len(seals)
    assert list(seals) == list(range(1, len(seals) + 1))
    verdict = journal.verify()
    assert (verdict.bad_entry, verdict.unsealed) == (None, 0)


def test_a_specification_published_twice_at_once_is_one_version(built: World) -> None:
    from assess.actions import specifications
    from tests.builders import specification as changed

    author = built.context("author")
    wanted: specification.Specification = changed(cut=2)
    done = racing.at_once(built.app, *[lambda: specifications.publish(author, wanted)] * 3)
    assert {d.number for d in done if not isinstance(d, Refused)} == {2}, done
    assert not [d for d in done if isinstance(d, Refused)]

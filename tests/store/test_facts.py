"""Is the same known of a candidate and a test by whatever way it is asked, on both databases?"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from assess import store
from assess.actions import allowances, arrangements, holds, programmes, specifications
from assess.bank.specification import Window
from assess.delivery.arrangements import Proposal
from assess.reasons import Refused
from assess.store import banks, cursor, facts, frameworks, starting
from assess.store import specifications as tests
from assess.store.allowances import Allowed, Kind
from assess.store.facts import Facts
from assess.store.people import Person
from assess.store.standing import judge, weigh
from tests import builders
from tests.builders import World


def known(built: World, who: str = "candidate") -> tuple[Facts, ...]:
    """All tests of a candidate's programmes; each the same as when it is asked about alone."""
    person, now = built.persons[who], built.clock.now()
    with store.look() as look, store.read() as read, store.write() as deed:
        found = tuple(facts.of_person(look, person, now))
        for one in found:
            for session in (look, read, deed):
                assert facts.of_test(session, person, one.test.id, now) == one
            judged = judge(
                read, {}, read.get_one(tests.Test, one.test.id), read.get_one(Person, person), now
            )
            assert judged == weigh(look, {}, one, person, now)
    return found


def sure(done: object) -> None:
    assert not isinstance(done, Refused), done


def published(built: World, **changes: object) -> None:
    """A test, or the next version of one."""
    sure(specifications.publish(built.context(), builders.specification(**changes)))


def test_what_is_known_of_a_candidate_does_not_depend_on_how_it_is_asked(built: World) -> None:
    published(built, name="T2", title="Second test")
    first, other = known(built)
    assert (first.test.name, other.test.name) == ("T1", "T2")
    assert (first.signed, first.approval, first.asked, first.attempts) == (None, None, None, ())
    built.make_ready()
    first, other = known(built)
    assert first.signed == other.signed == 1
    assert first.approval is not None and not first.approval.used  # noqa: PT018
    assert other.approval is None
    assert first.asked is not None and not first.asked.waiting  # noqa: PT018
    device = built.log_in("candidate")
    attempt = built.start(device)
    assert known(built)[0].attempts[0].passed is None
    built.hand_in(device, attempt)
    first, other = known(built)
    assert [(a.id, a.state, a.passed) for a in first.attempts] == [(attempt, "marked", False)]
    assert first.approval is not None and first.approval.used  # noqa: PT018
    assert other.attempts == ()
    assert first.version is not None and other.version is not None  # noqa: PT018
    assert first.version.id != other.version.id


def test_what_one_candidate_did_in_one_test_bears_on_no_other(built: World) -> None:
    """Nor what was decided there, and of several decisions the newest counts."""
    operator, tutor, quality = built.context(), built.context("tutor"), built.context("quality")
    person, today = built.persons["candidate"], built.clock.now().date()
    other = programmes.create(operator, "Other award", "award")
    assert isinstance(other, int)
    programmes.publish_statement(operator, other, "All of this is mine, too.")
    programmes.register(operator, other, person, built.persons["tutor"], "Group one")
    published(built, window=Window(weeks=6))
    published(built, name="T2", title="Second test")
    published(built, name="T3", title="Third test", programme="Other award")
    for day in (today + timedelta(days=9), today):
        sure(allowances.agree(tutor, built.test, person, day))
    built.sit(right=0)
    words = "The wait was the fault of the centre."
    sure(allowances.allow(quality, built.test, person, Kind.WAIVER, words))
    built.clock.advance(timedelta(days=1))
    built.approve()
    sure(holds.place(quality, person, built.test, "A case is being looked into."))
    first, beside, elsewhere = known(built)
    assert (first.allowed.starts_on, len(first.attempts), len(first.holds)) == (today, 1, 1)
    assert first.asked is not None and first.asked.at == built.clock.now()  # noqa: PT018
    assert first.approval is not None and not first.approval.used  # noqa: PT018
    assert (first.signed, beside.signed, elsewhere.signed) == (1, 1, None)
    of_two = known(built, "candidate.two")
    assert [one.signed for one in of_two] == [None, None]
    for one in (beside, elsewhere, *of_two):
        assert (one.approval, one.asked, one.attempts, one.holds) == (None, None, (), ())
        assert one.allowed == Allowed(None, 0, None)


def test_a_decision_a_hold_and_an_arrangement_are_known_where_they_bear(built: World) -> None:
    published(built, name="T2", title="Second test")
    built.sit(right=0)
    person = built.persons["candidate"]
    quality, administrator = built.context("quality"), built.context("administrator")
    words = "The wait was the fault of the centre."
    sure(allowances.allow(quality, built.test, person, Kind.WAIVER, words))
    sure(holds.place(quality, person, None, "A case is being looked into.", results=True))
    sure(
        arrangements.arrange(
            administrator,
            person,
            Proposal("extra_time", "25", "A quarter more.", "A letter of the doctor, in the file."),
        )
    )
    first, other = known(built)
    assert (first.allowed.waived, other.allowed.waived) == (1, None)
    assert [hold.all for hold in first.holds] == [hold.all for hold in other.holds] == [True]
    assert [(a.kind, a.value) for a in other.arrangements] == [("extra_time", "25")]
    built.clock.advance(timedelta(days=1))
    assert known(built)[0].holds[0].placed_at == first.holds[0].placed_at


def test_nothing_is_known_of_a_test_at_another_centre(built: World) -> None:
    stranger, now = built.persons["candidate.there"], built.clock.now()
    with store.look() as look:
        assert facts.of_test(look, stranger, built.test, now) is None
        assert facts.of_person(look, stranger, now) == ()
        assert facts.registrations(look, stranger) == []


def test_whatever_is_looked_up_by_many_names_may_be_looked_up_by_none(built: World) -> None:
    with store.look() as look, store.write() as deed:
        for session in (look, deed):
            assert frameworks.titles(session, []) == {}
            assert frameworks.titles(session, ["award/U1/1", "nowhere"])["nowhere"] == "nowhere"
            assert banks.contents(session, []) == {}
            for wanted in ([], [built.test], [0]):
                among, values = cursor.among(session, wanted)
                rows = cursor.ask(
                    session, f"SELECT id FROM tests WHERE id {among}", {"wanted": values}
                )
                assert [number for (number,) in rows] == [one for one in wanted if one]


def test_the_door_of_a_start_knows_what_the_tables_say_and_holds_both_locks(built: World) -> None:
    here, person = built.centres["here"], built.persons["candidate"]
    held = (
        "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() "
        "AND (locktype = 'advisory' OR relation = CAST('people' AS regclass) "
        "AND mode = 'RowShareLock')"
    )
    with store.write() as session:
        found = starting.door(session, here, built.test, person, "drawing:one")
        assert found is not None
        test, who = found
        row, one = session.get_one(tests.Test, built.test), session.get_one(Person, person)
        assert (test.id, test.bank_id, test.practice) == (row.id, row.bank_id, row.practice)
        assert (who.id, who.centre_id, who.pseudonym) == (one.id, one.centre_id, one.pseudonym)
        if cursor.dialect(session) == cursor.POSTGRESQL:
            assert cursor.ask(session, held, {}) == [(2,)]
        assert starting.door(session, built.centres["there"], built.test, person, "one") is None


def test_no_judgement_goes_through_a_whole_table_of_what_candidates_did(built: World) -> None:
    values = {"person": 1, "test": 1, "now": ""}
    with store.read() as session:
        if cursor.dialect(session) == cursor.POSTGRESQL:
            return  # its plans depend on how much there is; the indexes are the same
        for statement in (facts.OF_TEST, facts.MANY_OF_TEST):
            plan = [
                row[3] for row in cursor.ask(session, f"EXPLAIN QUERY PLAN {statement}", values)
            ]
            assert plan
            assert [line for line in plan if line.startswith("SCAN ")] == []


def test_what_a_candidate_wrote_is_looked_up_by_the_candidate_however_much_others_did(
    built: World,
) -> None:
    author, values = built.persons["author"], {"person": built.persons["candidate"], "test": 1}
    with store.write() as session:
        explain, versions = "EXPLAIN QUERY PLAN ", "SEARCH written USING"
        if cursor.dialect(session) == cursor.POSTGRESQL:
            explain, versions = "EXPLAIN ", " on item_versions written"
            session.execute(text("SET LOCAL session_replication_role = replica"))
            wrote = (
                "INSERT INTO version_writers (centre_id, version_id, person_id) "
                "SELECT 1, 1000000 + n, :author FROM generate_series(1, 20000) AS n"
            )
            session.execute(text(wrote), {"author": author})
            session.execute(text("ANALYZE version_writers"))
        plan = "\n".join(map(str, cursor.ask(session, explain + facts.OF_TEST, values)))
        assert 0 < plan.index("ix_version_writers_person_id") < plan.index(versions)
        session.rollback()


def test_a_row_may_be_looked_at_before_anything_was_asked_by_the_orm() -> None:
    """As by the first request of a process: the ORM knows nothing of its classes until then."""

    class Apart(DeclarativeBase):
        pass

    class Thing(Apart):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    thing = cursor.seen(Thing, [("id", int), ("name", str)], ("1", "one"))  # type: ignore[type-var]
    assert (thing.id, thing.name) == (1, "one")

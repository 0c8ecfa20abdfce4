"""Registering, changing, arranging, roles until a day, a second administrator, a file of people."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from assess import store
from assess.actions import arrangements, attempts, enrolment, people, programmes, roles
from assess.actions.context import Context
from assess.delivery import people_file
from assess.delivery.arrangements import Proposal
from assess.delivery.registration import Conditions, Entry
from assess.journal import Event
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import arrangements as arrangement_rows
from assess.store import facts, roles_held
from assess.store import people as person_rows
from assess.store import programmes as rows
from assess.store.arrangements import Arrangement, InForce
from assess.store.attempts import Attempt
from assess.store.journal import JournalEntry
from tests.actions import racing
from tests.builders import World

SEEN = "Letter of the educational psychologist, in the file."
INSTANT = timedelta(microseconds=1)


def codes(done: object) -> list[tuple[Code, object]]:
    """Code and cause of each reason of a refusal."""
    assert isinstance(done, Refused), done
    return [(r.code, r.values.get("what")) for r in done.reasons]


def entries(event: Event) -> int:
    """How often a deed stands in the journal."""
    with store.read() as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(JournalEntry)
                .where(JournalEntry.event == event.value)
            )
            or 0
        )


def registered(built: World, who: str) -> rows.Registration:
    """Somebody's registration on the small award."""
    with store.read() as session:
        found = rows.registration(session, built.programme, built.persons[who])
    assert found is not None
    return found


def born(built: World, who: str, day: date) -> None:
    """Say when somebody was born."""
    name = who.title()
    assert (
        people.change(built.context("administrator"), built.persons[who], name, day, None) is None
    )


def register(built: World, who: str, **more: object) -> int | Refused:
    """Register somebody on the small award, as its administrator."""
    tutor = built.persons["tutor"]
    acting = built.context("administrator")
    return programmes.register(
        acting,
        built.programme,
        built.persons[who],
        tutor,
        "Two",
        **more,  # type: ignore[arg-type]
    )


def test_a_candidate_too_young_for_the_programme_is_not_registered(built: World) -> None:
    built.add("young", Role.CANDIDATE)
    acting = built.context("administrator")
    asked = Conditions(minimum_age=16, last_registration=date(2026, 3, 2), months=6)
    assert programmes.change(acting, built.programme, "Small award", asked) is None
    assert codes(register(built, "young")) == [(Code.AGE, "unborn")]
    born(built, "young", date(2010, 3, 3))
    assert codes(register(built, "young")) == [(Code.AGE, "young")]
    later = register(built, "young", needs="", language="gd", starts=date(2026, 3, 3))
    assert isinstance(later, int)
    today, tutor = Entry("Two", "gd", ends=date(2026, 9, 2), needs=""), built.persons["tutor"]
    assert codes(programmes.change_registration(acting, later, tutor, today)) == [
        (Code.AGE, "young")
    ]
    born(built, "young", date(2010, 3, 2))
    assert programmes.change_registration(acting, later, tutor, today) is None
    row = registered(built, "young")
    assert (row.language, row.needs, row.group) == ("gd", "", "Two")
    assert row.ends_at is not None
    assert row.ends_at.isoformat() == "2026-09-02T23:00:00+00:00"  # summer time by then
    built.add("late", Role.CANDIDATE)
    born(built, "late", date(2000, 1, 1))
    built.clock.advance(timedelta(days=1))
    assert codes(register(built, "late")) == [(Code.AGE, "late")]


def test_only_candidates_are_registered_and_only_with_a_tutor_who_is_another(built: World) -> None:
    both = built.add("both", Role.CANDIDATE, Role.TUTOR)
    acting, programme = built.context("administrator"), built.programme
    author, tutor = built.persons["author"], built.persons["tutor"]
    assert codes(programmes.register(acting, programme, author, tutor, "A")) == [
        (Code.FIELD, "no_candidate")
    ]
    assert codes(programmes.register(acting, programme, both, author, "A")) == [
        (Code.FIELD, "no_tutor")
    ]
    assert codes(programmes.register(acting, programme, both, both, "A")) == [
        (Code.SELF, "own_tutor")
    ]


def test_a_registration_that_has_not_begun_or_is_over_opens_no_test(built: World) -> None:
    acting = built.context("administrator")
    row = registered(built, "candidate")
    tutor, today = built.persons["tutor"], date(2026, 3, 2)
    tomorrow = today + timedelta(days=1)
    built.make_ready()
    for entry in (Entry("A", starts=tomorrow), Entry("A", ends=today)):
        assert programmes.change_registration(acting, row.id, tutor, entry) is None
        built.clock.advance(timedelta(hours=13) if entry.ends else timedelta(0))  # to midnight
        context = built.log_in("candidate")
        done = attempts.start(context, built.test, affirmed=True)
        assert isinstance(done, Refused)
        (reason,) = done.reasons
        what = "over" if entry.ends else "before"
        assert (reason.code, reason.values["what"]) == (Code.NOT_REGISTERED, what)
        assert (reason.until is None) == bool(entry.ends)
    assert entries(Event.REGISTRATION_CHANGED) == 2
    acting, device = built.now(acting), built.now(context)
    begun = Entry("A", starts=tomorrow)  # this very moment
    assert programmes.change_registration(acting, row.id, tutor, begun) is None
    assert isinstance(attempts.start(device, built.test, affirmed=True), attempts.Started)


def test_everything_of_a_programme_is_the_administrators_and_their_centres(built: World) -> None:
    row = registered(built, "candidate")
    for who, status in (("tutor", 403), ("administrator.there", 404)):
        acting = built.context(who)
        person, tutor = built.persons["candidate"], built.persons["tutor"]
        deeds: list[object] = [
            programmes.change(acting, built.programme, "Mine", Conditions()),
            programmes.register(acting, built.programme, person, tutor, "A"),
            programmes.change_registration(acting, row.id, tutor, Entry("A")),
            programmes.publish_statement(acting, built.programme, "Mine."),
            arrangements.arrange(acting, person, Proposal("reader", "", "", SEEN)),
            arrangements.end(acting, person, 1),
            people.change(acting, person, "Mine", None, None),
        ]
        for done in deeds:
            assert isinstance(done, Refused)
            assert done.status == status, (who, done)
    assert codes(enrolment.look(built.context("tutor"), [])) == [(Code.ROLE, None)]
    assert codes(programmes.create(built.context("tutor"), "Mine", "award")) == [(Code.ROLE, None)]


def test_a_new_text_of_the_statement_is_signed_anew(built: World) -> None:
    built.make_ready()
    acting = built.context("administrator")
    assert programmes.publish_statement(acting, built.programme, " Another text.\r\n") == 2
    assert programmes.publish_statement(acting, built.programme, "Another text.") == 2
    assert codes(programmes.publish_statement(acting, built.programme, " ")) == [
        (Code.FIELD, "empty")
    ]
    context = built.log_in("candidate")
    assert (Code.SIGN, "changed") in codes(attempts.start(context, built.test, affirmed=True))
    signed = programmes.sign(context, built.programme, 2, "Candidate")
    assert isinstance(signed, programmes.Signed)
    assert isinstance(attempts.start(context, built.test, affirmed=True), attempts.Started)


def arrange(built: World, *proposal: object, who: str = "candidate") -> int:
    """Record an arrangement as the administrator."""
    made = Proposal(*proposal)  # type: ignore[arg-type]
    done = arrangements.arrange(built.context("administrator"), built.persons[who], made)
    assert isinstance(done, int), done
    return done


def in_force(built: World) -> list[Arrangement]:
    """What applies to the candidate now: a start, a page and a judgement say the same."""
    person, now = built.persons["candidate"], built.clock.now()
    with store.read() as session:
        found = arrangement_rows.in_force(session, person, now)
        said = [InForce(row.kind, row.value, row.words, row.ends_at) for row in found]
        assert list(arrangement_rows.applying(session, person, now)) == said
        judged = facts.of_test(session, person, built.test, now)
    assert judged is not None
    assert list(judged.arrangements) == said
    return list(found)


def test_extra_time_is_applied_by_itself_from_its_first_day_to_its_last(built: World) -> None:
    first, last = date(2026, 3, 3), date(2026, 3, 9)
    arrange(built, "extra_time", "25", "", SEEN, first, last)

    def percent() -> int:
        return arrangement_rows.extra_of(in_force(built))

    assert percent() == 0
    built.clock.advance(timedelta(hours=13) - INSTANT)
    assert percent() == 0
    built.clock.advance(INSTANT)
    assert percent() == 25
    built.make_ready()
    attempt = built.start(built.log_in("candidate"))
    with store.read() as session:
        row = session.get_one(Attempt, attempt)
    assert row.seconds == 30 * 60 * 125 // 100
    assert row.deadline is not None
    assert row.opened_at is not None
    assert row.deadline - row.opened_at == timedelta(seconds=row.seconds)
    assert row.facts["extra_percent"] == 25
    built.clock.advance(timedelta(days=7) - INSTANT)
    assert percent() == 25
    built.clock.advance(INSTANT)
    assert percent() == 0


def test_another_arrangement_of_the_kind_takes_the_place_of_the_one_before(built: World) -> None:
    person, acting = built.persons["candidate"], built.context("administrator")
    before = arrange(built, "extra_time", "10", "", SEEN)
    after = arrange(built, "extra_time", "50", "", SEEN, date(2026, 3, 4))
    reader = arrange(built, "reader", "", "", SEEN)

    def now() -> set[int]:
        return {row.id for row in in_force(built)}

    assert now() == {before, reader}
    built.clock.advance(timedelta(days=2))
    assert now() == {after, reader}
    acting = built.now(acting)
    assert arrangements.end(acting, person, reader) is None
    assert arrangements.end(acting, person, reader) is None
    assert now() == {after}
    assert (entries(Event.ARRANGED), entries(Event.ARRANGEMENT_ENDED)) == (3, 1)


def test_what_is_arranged_today_is_in_force_alone_also_where_a_change_was_planned(
    built: World,
) -> None:
    arrange(built, "extra_time", "50", "", SEEN)
    arrange(built, "extra_time", "25", "", SEEN, date(2026, 4, 1))
    arrange(built, "extra_time", "10", "", SEEN)
    for days in (0, 60):
        built.clock.advance(timedelta(days=days))
        assert [row.value for row in in_force(built)] == ["10"]


def test_two_administrators_who_arrange_at_once_leave_one_in_force(built: World) -> None:
    acting, person = built.context("administrator"), built.persons["candidate"]
    proposal = Proposal("extra_time", "25", "", SEEN)
    done = racing.at_once(built.app, *[lambda: arrangements.arrange(acting, person, proposal)] * 3)
    assert all(isinstance(d, int) for d in done)
    with store.read() as session:
        assert len(arrangement_rows.in_force(session, person, built.clock.now())) == 1


def test_nobody_arranges_anything_for_themselves(built: World) -> None:
    own = built.persons["administrator"]
    done = arrangements.arrange(
        built.context("administrator"), own, Proposal("extra_time", "25", "", SEEN)
    )
    assert codes(done) == [(Code.SELF, "own_arrangement")]


def test_a_role_ends_by_itself_and_can_be_given_again(built: World) -> None:
    acting, who = built.context("administrator"), built.persons["tutor"]
    wanted = ["tutor", "external-verifier"]
    last = {"external-verifier": date(2026, 3, 3)}
    assert codes(people.set_roles(acting, who, wanted, {"tutor": date(2026, 3, 1)})) == [
        (Code.FIELD, "over")
    ]
    assert people.set_roles(acting, who, wanted, last) is None
    assert built.context("tutor").roles == {Role.TUTOR, Role.EXTERNAL_VERIFIER}
    built.clock.advance(timedelta(hours=37))  # to midnight after the third
    assert built.context("tutor").roles == {Role.TUTOR}
    acting = built.now(acting)
    again = {"external-verifier": date(2026, 3, 31)}
    assert people.set_roles(acting, who, wanted, again) is None
    assert built.context("tutor").roles == {Role.TUTOR, Role.EXTERNAL_VERIFIER}
    with store.read() as session:
        ends = roles_held.held_by(session, who, built.clock.now())
    assert str(ends[Role.EXTERNAL_VERIFIER]) == "2026-03-31 23:00:00+00:00"


def ask(built: World, who: str = "administrator") -> int:
    """Ask for the role of quality."""
    words = "I stand in for Helen until Easter."
    done = roles.ask(built.context(who), "quality", date(2026, 4, 1), words)
    assert isinstance(done, int), done
    return done


def test_a_quality_role_for_oneself_takes_a_second_administrator(built: World) -> None:
    built.add("second", Role.ADMINISTRATOR)
    words = "I stand in for Helen until Easter."
    assert codes(roles.ask(built.context("tutor"), "quality", None, words)) == [(Code.ROLE, None)]
    request = ask(built)
    assert built.context("administrator").roles == {Role.ADMINISTRATOR}
    assert codes(roles.decide(built.context("administrator"), request, True)) == [
        (Code.SELF, "own_request")
    ]
    assert codes(roles.decide(built.context("administrator.there"), request, True)) == [
        (Code.NOT_FOUND, None)
    ]
    assert codes(roles.decide(built.context("tutor"), request, True)) == [(Code.ROLE, None)]
    assert roles.decide(built.context("second"), request, True) is None
    acting = built.context("administrator")
    assert acting.roles == {Role.ADMINISTRATOR, Role.QUALITY}
    assert codes(roles.ask(acting, "quality", None, words)) == [(Code.ASKED, "role_held")]
    with store.read() as session:
        ends = roles_held.held_by(session, built.persons["administrator"], built.clock.now())
    assert str(ends[Role.QUALITY]) == "2026-04-01 23:00:00+00:00"
    assert codes(roles.decide(built.context("second"), request, False)) == [(Code.DECIDED, None)]


def test_a_request_that_is_declined_gives_nothing_and_may_be_made_again(built: World) -> None:
    built.add("second", Role.ADMINISTRATOR)
    request = ask(built)
    again = roles.ask(built.context("administrator"), "quality", None, "Please, once more.")
    assert codes(again) == [(Code.ASKED, "role_waits")]
    assert entries(Event.DEED_REFUSED) == 1
    assert roles.decide(built.context("second"), request, False) is None
    assert built.context("administrator").roles == {Role.ADMINISTRATOR}
    later = ask(built)
    assert later != request
    assert codes(roles.ask(built.context("administrator"), "tutor", date(2026, 1, 1), "no")) == [
        (Code.FIELD, "empty"),
        (Code.FIELD, "short"),
        (Code.FIELD, "over"),
    ]
    built.clock.advance(timedelta(days=31))  # the day is over until which it was wanted
    second = built.context("second")
    assert codes(roles.decide(second, later, True)) == [(Code.FIELD, "over")]
    assert roles.decide(second, later, False) is None


def test_two_who_decide_at_once_decide_once(built: World) -> None:
    built.add("second", Role.ADMINISTRATOR)
    built.add("third", Role.ADMINISTRATOR)
    request = ask(built)
    contexts = [built.context(who) for who in ("second", "third")]
    done = racing.at_once(built.app, *[_deciding(c, request) for c in contexts])
    assert sorted(d is None for d in done) == [False, True]
    assert entries(Event.ROLE_DECIDED) == 1


def _deciding(context: Context, request: int) -> Callable[[], Refused | None]:
    return lambda: roles.decide(context, request, True)


HEAD = "username,name,roles,programme,group,tutor,needs\n"
FILE = (
    HEAD
    + "ann,Ann Lee,,Small award,Three,tutor,none\n"
    + "candidate,,author,Small award,Three,,A reader\n"
    + "tutor,Tutor,,,,,\n"
)


def rows_of(text: str) -> tuple[people_file.Row, ...]:
    """The lines of a file."""
    return people_file.read(io.BytesIO(text.encode()))


def test_a_file_of_people_is_brought_in_whole_and_again_changes_nothing(built: World) -> None:
    acting = built.context("administrator")
    seen = enrolment.look(acting, rows_of(FILE))
    assert not isinstance(seen, Refused)
    assert [line.state.value for line in seen.lines] == ["added", "changed", "unchanged"]
    with store.read() as session:
        assert person_rows.by_username(session, "ann") is None  # looking writes nothing
    done = enrolment.bring_in(acting, rows_of(FILE), seen.digest())
    assert isinstance(done, enrolment.BroughtIn)
    ((username, name, password),) = done.passwords
    assert (username, name) == ("ann", "Ann Lee")
    assert len(password) > 12
    with store.read() as session:
        ann = person_rows.by_username(session, "ann")
        assert ann is not None
        built.persons["ann"] = ann.id
    assert ann.must_change_password
    assert built.context("ann").roles == {Role.CANDIDATE}
    assert built.context("candidate").roles == {Role.CANDIDATE, Role.AUTHOR}
    assert (registered(built, "ann").group, registered(built, "ann").needs) == ("Three", "")
    assert registered(built, "candidate").needs == "A reader"
    again = enrolment.bring_in(acting, rows_of(FILE))
    assert isinstance(again, enrolment.BroughtIn)
    assert again.passwords == ()
    assert {line.state.value for line in again.plan.lines} == {"unchanged"}
    assert (entries(Event.PERSON_ADDED), entries(Event.PEOPLE_IMPORTED)) == (15, 2)
    assert (entries(Event.ROLE_GIVEN), entries(Event.PERSON_CHANGED)) == (1, 0)
    moved = "username,name,born_on,email\ncandidate,Carla Lee,2001-02-03,carla@example.org\n"
    assert isinstance(enrolment.bring_in(acting, rows_of(moved)), enrolment.BroughtIn)
    with store.read() as session:
        carla = person_rows.by_username(session, "candidate")
    assert carla is not None
    assert (carla.name, carla.born_on) == ("Carla Lee", date(2001, 2, 3))
    assert carla.email == "carla@example.org"
    assert (entries(Event.ROLE_GIVEN), entries(Event.PERSON_CHANGED)) == (1, 1)


def test_one_bad_line_keeps_the_whole_file_out(built: World) -> None:
    acting = built.context("administrator")
    bad = FILE + "bob,Bob,,No such award,Three,tutor,\ncandidate.there,X,tutor,,,,\n"
    done = enrolment.bring_in(acting, rows_of(bad + "administrator,,quality,,,,\n"))
    assert codes(done) == [
        (Code.FIELD, "unknown"),
        (Code.TAKEN, "elsewhere"),
        (Code.SELF, "quality_role"),
    ]
    with store.read() as session:
        assert person_rows.by_username(session, "ann") is None
    assert built.context("candidate").roles == {Role.CANDIDATE}


def test_a_file_that_would_now_do_something_else_is_not_brought_in(built: World) -> None:
    acting = built.context("administrator")
    row = registered(built, "candidate")
    # What the file says already; and other words than those that it was to replace.
    for needs, before in (("A reader", None), ("A scribe", "A lamp")):
        shown = Entry("Three" if before else row.group, needs=before)
        assert programmes.change_registration(acting, row.id, row.tutor_id, shown) is None
        seen = enrolment.look(acting, rows_of(FILE))
        assert not isinstance(seen, Refused)
        changed = Entry("Three", needs=needs)
        assert programmes.change_registration(acting, row.id, row.tutor_id, changed) is None
        done = enrolment.bring_in(acting, rows_of(FILE), seen.digest())
        assert codes(done) == [(Code.BUSY, "people_changed")], needs
    with store.read() as session:
        assert person_rows.by_username(session, "ann") is None


def test_nobody_is_brought_in_whose_first_password_cannot_be_kept(built: World) -> None:
    given: list[str] = []

    def full(passwords: enrolment.Given) -> None:
        given.extend(username for username, _, _ in passwords)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        enrolment.bring_in(built.context("administrator"), rows_of(FILE), keep=full)
    assert given == ["ann"]
    with store.read() as session:
        assert person_rows.by_username(session, "ann") is None


def test_the_same_file_brought_in_twice_at_once_adds_everybody_once(built: World) -> None:
    acting, read = built.context("administrator"), rows_of(FILE)
    done = racing.at_once(built.app, *[lambda: enrolment.bring_in(acting, read)] * 2)
    whole = [d for d in done if isinstance(d, enrolment.BroughtIn)]
    assert len(whole) >= 1
    assert sum(len(d.passwords) for d in whole) == 1
    with store.read() as session:
        assert person_rows.by_username(session, "ann") is not None


def test_what_a_file_says_of_needs_is_no_fact_of_the_chain(built: World) -> None:
    acting = replace(built.context("administrator"))
    assert isinstance(enrolment.bring_in(acting, rows_of(FILE)), enrolment.BroughtIn)
    with store.read() as session:
        facts = session.scalars(
            select(JournalEntry.facts).where(JournalEntry.event == Event.REGISTRATION_CHANGED.value)
        ).all()
    assert facts
    assert "reader" not in str(facts)

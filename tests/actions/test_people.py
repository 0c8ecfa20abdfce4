"""Who may do what with whose account, and who is kept out?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from zxcvbn import matching, zxcvbn

from assess import store
from assess.actions import centres, passwords, people, sessions
from assess.reasons import Code, Reason, Refused
from assess.roles import QUALITY_ROLES, Role
from assess.store import people as rows
from assess.store import roles_held
from assess.store import sessions as session_rows
from assess.store.people import Person
from assess.store.sessions import LoginFailure
from tests.builders import PASSWORD, World

LOCK = timedelta(minutes=15)


def reasons(done: object) -> list[Reason]:
    """The reasons of a refusal."""
    assert isinstance(done, Refused), done
    return list(done.reasons)


def codes(done: object) -> set[Code]:
    """The codes of a refusal's reasons."""
    return {r.code for r in reasons(done)}


def try_(built: World, username: str, password: str = "not-the-password") -> object:
    """Knock at the door now."""
    settings = built.app.extensions["assess.settings"]
    return sessions.log_in(settings, built.clock.now(), username, password, "Test browser")


def alive(built: World, token: str) -> bool:
    """Whether a session still vouches for its person."""
    with store.read() as session:
        return (
            session_rows.signed_in(session, sessions.hash_token(token), built.clock.now())
            is not None
        )


def test_only_an_administrator_adds_people_and_changes_roles(built: World) -> None:
    for role in Role:
        if role is Role.ADMINISTRATOR:
            continue
        acting = built.context(role.value.replace("-", "."))
        deeds: list[object] = [
            people.add(acting, "Some Body", "some.body", ["tutor"]),
            people.set_roles(acting, built.persons["tutor"], ["candidate"]),
            people.set_active(acting, built.persons["tutor"], False),
            people.reset_password(acting, built.persons["tutor"]),
        ]
        for done in deeds:
            assert isinstance(done, Refused)
            assert (done.code, done.status) == (Code.ROLE, 403), role
    assert built.context("tutor").roles == {Role.TUTOR}


def test_an_administrator_finds_nobody_of_another_centre(built: World) -> None:
    acting = built.context("administrator.there")
    deeds: list[object] = [
        people.set_roles(acting, built.persons["tutor"], ["candidate"]),
        people.set_active(acting, built.persons["tutor"], False),
        people.reset_password(acting, built.persons["tutor"]),
    ]
    assert [codes(d) for d in deeds] == [{Code.NOT_FOUND}] * 3
    assert built.context("tutor").roles == {Role.TUTOR}


def test_a_role_is_held_at_ones_own_centre(built: World) -> None:
    added = people.add(built.context("administrator.there"), "Some Body", "some.body", ["tutor"])
    assert isinstance(added, people.Added)
    with store.read() as session:
        assert session.get_one(Person, added.person_id).centre_id == built.centres["there"]
        held = session.scalars(
            select(roles_held.RoleHeld).where(roles_held.RoleHeld.person_id == added.person_id)
        ).one()
        assert (held.centre_id, held.role) == (built.centres["there"], "tutor")
        assert held.given_by == built.persons["administrator.there"]


def test_nobody_gives_themselves_a_quality_role(built: World) -> None:
    acting, own = built.context("administrator"), built.persons["administrator"]
    for role in sorted(QUALITY_ROLES):
        done = people.set_roles(acting, own, [Role.ADMINISTRATOR.value, role.value])
        said = [(r.code, r.values) for r in reasons(done)]
        assert said == [(Code.SELF, {"what": "quality_role"})]
        assert built.context("administrator").roles == {Role.ADMINISTRATOR}
        assert people.set_roles(acting, built.persons["tutor"], ["tutor", role.value]) is None
        assert built.context("tutor").roles == {Role.TUTOR, role}


def test_an_administrator_cannot_lock_themselves_out(built: World) -> None:
    acting, own = built.context("administrator"), built.persons["administrator"]
    assert codes(people.set_roles(acting, own, ["tutor"])) == {Code.SELF}
    assert codes(people.set_active(acting, own, False)) == {Code.SELF}
    assert built.context("administrator").roles == {Role.ADMINISTRATOR}


def test_a_role_taken_stays_in_the_record(built: World) -> None:
    acting, who = built.context("administrator"), built.persons["tutor"]
    assert people.set_roles(acting, who, ["author"]) is None
    assert people.set_roles(acting, who, ["tutor"]) is None
    built.clock.advance(timedelta(minutes=1))
    later = built.now(acting)
    assert people.set_roles(later, who, ["author"]) is None
    with store.read() as session:
        held = session.execute(
            select(roles_held.RoleHeld.role, roles_held.RoleHeld.taken_at)
            .where(roles_held.RoleHeld.person_id == who)
            .order_by(roles_held.RoleHeld.id)
        ).all()
    assert [tuple(row) for row in held] == [
        ("tutor", acting.now),
        ("author", acting.now),
        ("tutor", later.now),
        ("author", None),
    ]
    assert built.context("tutor.there").roles == {Role.TUTOR}  # of nobody else it is taken


def test_everything_wrong_with_a_new_person_is_said_at_once(built: World) -> None:
    acting = built.context("administrator")
    done = people.add(acting, "  ", "two words", [], None, date(2030, 1, 1), "nowhere")
    said = {(r.values["field"], r.values["what"]) for r in reasons(done)}
    assert said == {
        ("name", "empty"),
        ("username", "space"),
        ("roles", "empty"),
        ("born_on", "implausible"),
        ("email", "no_address"),
    }
    done = people.add(acting, "x" * 201, "y" * 201, ["king"])
    said = {(r.values["field"], r.values["what"]) for r in reasons(done)}
    assert said == {("name", "long"), ("username", "long"), ("roles", "unknown")}


def test_a_log_in_name_is_one_persons_whatever_its_case_and_centre(built: World) -> None:
    done = people.add(built.context("administrator.there"), "Other", " TUTOR ", ["tutor"])
    assert codes(done) == {Code.TAKEN}


def test_a_new_person_must_change_the_password_that_was_made_for_them(built: World) -> None:
    born, email = date(1990, 5, 6), "some.body@example.org"
    acting = built.context("administrator")
    done = people.add(acting, "Some Body", "some.body", ["tutor"], None, born, email)
    assert isinstance(done, people.Added)
    assert isinstance(try_(built, "some.body", done.password), sessions.LoggedIn)
    with store.read() as session:
        person = session.get_one(Person, done.person_id)
    assert person.must_change_password
    assert (person.born_on, person.email) == (born, email)


def test_deactivation_ends_every_session_and_shuts_the_door(built: World) -> None:
    tokens = []
    for _ in range(2):
        done = try_(built, "tutor", PASSWORD)
        assert isinstance(done, sessions.LoggedIn)
        tokens.append(done.token)
    acting = built.context("administrator")
    assert people.set_active(acting, built.persons["tutor"], False) is None
    assert [alive(built, t) for t in tokens] == [False, False]
    assert codes(try_(built, "tutor", PASSWORD)) == {Code.LOGIN}
    assert people.set_active(acting, built.persons["tutor"], True) is None
    assert [alive(built, t) for t in tokens] == [False, False]
    assert isinstance(try_(built, "tutor", PASSWORD), sessions.LoggedIn)


def test_a_closed_centre_is_left_by_everybody_and_lets_nobody_in_until_it_opens(
    built: World,
) -> None:
    here, there = try_(built, "tutor", PASSWORD), try_(built, "tutor.there", PASSWORD)
    assert isinstance(here, sessions.LoggedIn)
    assert isinstance(there, sessions.LoggedIn)
    assert centres.change(built.context(), "here", active=False) is None
    assert [alive(built, one.token) for one in (here, there)] == [False, True]
    assert codes(try_(built, "tutor", PASSWORD)) == {Code.LOGIN}
    assert isinstance(try_(built, "tutor.there", PASSWORD), sessions.LoggedIn)
    assert centres.change(built.context(), "here", active=True) is None
    assert not alive(built, here.token)
    assert isinstance(try_(built, "tutor", PASSWORD), sessions.LoggedIn)


def test_a_reset_ends_every_session_and_the_old_password(built: World) -> None:
    before = try_(built, "tutor", PASSWORD)
    assert isinstance(before, sessions.LoggedIn)
    done = people.reset_password(built.context("administrator"), built.persons["tutor"])
    assert isinstance(done, people.Added)
    assert not alive(built, before.token)
    assert codes(try_(built, "tutor", PASSWORD)) == {Code.LOGIN}
    assert isinstance(try_(built, "tutor", done.password), sessions.LoggedIn)
    with store.read() as session:
        assert session.get_one(Person, done.person_id).must_change_password


def test_a_session_belongs_to_who_began_it(built: World) -> None:
    mine, theirs = built.log_in("tutor"), built.log_in("author")
    assert theirs.session_id is not None
    assert codes(sessions.end(mine, theirs.session_id)) == {Code.NOT_FOUND}
    assert mine.session_id is not None
    assert sessions.end(mine, mine.session_id) == 1


@pytest.mark.parametrize(
    ("password", "what"),
    [
        ("", "short"),
        ("nine char", "short"),
        ("x" * 201, "long"),
        ("password123", "guessable"),
        ("aaaaaaaaaaaaaaaa", "guessable"),
        ("tutor2026!", "guessable"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, what: str) -> None:
    said = passwords.why_not(password, ("Tutor", "tutor"))
    assert [(r.code, r.values["what"]) for r in said] == [(Code.PASSWORD_WEAK, what)]


def test_a_change_of_password_says_everything_and_changes_nothing(built: World) -> None:
    device = built.log_in("tutor")
    done = sessions.change_password(device, "wrong", "wrong")
    whats = {(r.code, r.values["what"]) for r in reasons(done)}
    assert whats == {(Code.PASSWORD, "wrong"), (Code.PASSWORD_WEAK, "short")}
    done = sessions.change_password(device, PASSWORD, PASSWORD)
    assert [(r.code, r.values["what"]) for r in reasons(done)] == [(Code.PASSWORD_WEAK, "same")]
    assert isinstance(try_(built, "tutor", PASSWORD), sessions.LoggedIn)


def test_a_change_of_password_ends_all_other_sessions(built: World) -> None:
    other = try_(built, "tutor", PASSWORD)
    assert isinstance(other, sessions.LoggedIn)
    device = built.log_in("tutor")
    assert sessions.change_password(device, PASSWORD, "another-quiet-battery-7") is None
    assert not alive(built, other.token)
    with store.read() as session:
        left = session_rows.sessions_of(session, built.persons["tutor"])
        assert [s.id for s in left] == [device.session_id]
    assert codes(try_(built, "tutor", PASSWORD)) == {Code.LOGIN}


def test_no_password_takes_long_to_judge_and_signs_for_letters_hide_no_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = []

    def counted(password: str, user_inputs: list[object]) -> object:
        assert len(password) <= passwords.JUDGED
        table = matching.relevant_l33t_subtable(password, matching.L33T_TABLE)
        readings.append(len(matching.enumerate_l33t_subs(table)))
        return zxcvbn(password, user_inputs=user_inputs)

    monkeypatch.setattr("zxcvbn.zxcvbn", counted)
    every = "".join(dict.fromkeys(sign for signs in matching.L33T_TABLE.values() for sign in signs))
    for password in (every, every[::-1] * 9, "1|({" * 20, "|1({[<!7" * 20):
        passwords.why_not(password, ())
    assert max(readings) <= 12  # all signs at once have hundreds
    for weak in ("p4$$w0rd1!2@", "1234567890", "31.12.1999!", "qwerty!@4$"):
        assert passwords.why_not(weak, ("Candidate",)), weak
    assert not passwords.why_not("xK9$mQ2!vL7@", ())


@pytest.mark.parametrize("username", ["tutor", "nobody.at.all"])
def test_five_failures_lock_a_name_known_or_not_for_a_quarter_of_an_hour(
    built: World, username: str
) -> None:
    for _ in range(5):
        assert codes(try_(built, username)) == {Code.LOGIN}
    locked = try_(built, f" {username.upper()} ", PASSWORD)
    assert [(r.code, r.until) for r in reasons(locked)] == [
        (Code.LOGIN_LOCK, built.clock.now() + LOCK)
    ]
    built.clock.advance(LOCK - timedelta(microseconds=1))
    assert codes(try_(built, username, PASSWORD)) == {Code.LOGIN_LOCK}
    built.clock.advance(timedelta(microseconds=1))
    done = try_(built, username, PASSWORD)
    assert isinstance(done, sessions.LoggedIn) == (username == "tutor")


def test_the_lock_lasts_from_the_last_failure_also_when_the_first_is_long_ago(
    built: World,
) -> None:
    for _ in range(5):
        assert codes(try_(built, "tutor")) == {Code.LOGIN}
        built.clock.advance(timedelta(minutes=3))
    until = built.clock.now() + timedelta(minutes=12)
    built.clock.set(until - timedelta(microseconds=1))
    locked = try_(built, "tutor", PASSWORD)
    assert [(r.code, r.until) for r in reasons(locked)] == [(Code.LOGIN_LOCK, until)]
    built.clock.set(until)
    assert isinstance(try_(built, "tutor", PASSWORD), sessions.LoggedIn)


def test_after_a_lock_the_count_begins_anew(built: World) -> None:
    for _ in range(5):
        try_(built, "tutor")
    built.clock.advance(LOCK)
    for _ in range(5):
        assert codes(try_(built, "tutor")) == {Code.LOGIN}
    assert codes(try_(built, "tutor")) == {Code.LOGIN_LOCK}


def test_the_lock_is_in_the_database_and_a_success_clears_the_count(built: World) -> None:
    for _ in range(4):
        try_(built, "tutor")
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(LoginFailure)) == 4
        assert "tutor" not in set(session.scalars(select(LoginFailure.name_hash)))
    assert isinstance(try_(built, "tutor", PASSWORD), sessions.LoggedIn)
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(LoginFailure)) == 0


def test_a_password_is_hashed_anew_at_a_log_in_when_the_settings_ask_for_more(built: World) -> None:
    more = replace(built.context().settings, argon2_time=2)
    for _ in range(2):
        done = sessions.log_in(more, built.context().now, "tutor", PASSWORD, "a browser")
        assert not isinstance(done, Refused)
        with store.read() as session:
            person = rows.by_username(session, "tutor")
            assert person is not None
            assert person.password_hash is not None
            assert not passwords.outdated(person.password_hash, more)

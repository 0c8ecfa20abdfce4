"""Logging in and out, ending sessions, changing one's password."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from assess import seeds, store
from assess.actions import passwords
from assess.actions.context import Context, not_found, record, refuse
from assess.delivery import accounts
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused
from assess.settings import Settings
from assess.store import attempts, journal, sessions
from assess.store.people import Person
from assess.store.sessions import LoginFailure, SignedIn, SignIn

SEEN_EVERY = timedelta(minutes=1)  # how exactly "last seen" is kept


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session has begun; `token` goes into the browser's cookie and nowhere else."""

    token: str
    person_id: int


def log_in(
    settings: Settings, now: datetime, username: str, password: str, device: str
) -> LoggedIn | Refused:
    """Begin a session, or refuse without saying whether the name or the password was wrong.

    After `login_tries` failures within `login_lock_minutes` a name is locked, known or not, for as
    long again from the last of them; the count is in the database, so that all hosts agree.
    """
    name = accounts.log_in_name(username)
    hashed = _hash_name(settings, name)
    with store.look() as session:
        if locked := _locked(_failures(session, hashed, now, settings), now, settings):
            return locked
        known = sessions.account(session, name)
    good = passwords.matches(None if known is None else known.password_hash, password, settings)
    with store.write() as session:
        # Again, alone with the name: many tries at once must not slip past the count together.
        store.alone(session, f"login:{hashed}")
        failures = _failures(session, hashed, now, settings)
        if locked := _locked(failures, now, settings):
            return locked
        person = sessions.account(session, name, held=True)
        if good and person is not None and person != known:  # given another password meanwhile
            good = passwords.matches(person.password_hash, password, settings)
        if person is None or not good or not person.active:
            session.add(LoginFailure(name_hash=hashed, at=now))
            locks = _locked([*failures, now], now, settings) is not None
            lock = timedelta(minutes=settings.login_lock_minutes)
            journal.record(
                session,
                Event.LOGIN_LOCKED if locks else Event.LOGIN_FAILED,
                at=now,
                centre=None if person is None else person.centre_id,
                actor=None,
                facts={"failures": sum(at > now - lock for at in failures) + 1},
                details=None if person is None else {"username": name},
            )
            return Refused.of(Code.LOGIN, status=403, who=Helper.YOU)
        if failures:
            sessions.forget_failures(session, hashed)
        if person.password_hash and passwords.outdated(person.password_hash, settings):
            anew = passwords.hash_of(password, settings)
            session.execute(update(Person).where(Person.id == person.id).values(password_hash=anew))
        token = seeds.token()
        sessions.begin_session(session, person, hash_token(token), device[:200], now)
        context = Context(now, settings, person.centre_id, person.id)
        record(session, context, Event.SESSION_STARTED)
        return LoggedIn(token, person.id)


def hash_token(token: str) -> str:
    """What the table holds of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def sits_since(
    session: Session, person_id: int, settings: Settings, now: datetime
) -> datetime | None:
    """Since when somebody sits a test, so that no session of theirs ends; None: they do not.

    A form that waits for its release, or a clock that stands, keeps sessions as long as one may
    last at all: a sitting that nobody closes would keep a device open to whoever comes.
    """
    standing = now - timedelta(hours=settings.session_hours)
    return attempts.sits_since(session, person_id, now - settings.grace, standing)


def expired(
    signed_in: SignedIn, settings: Settings, now: datetime, sits_since: datetime | None = None
) -> bool:
    """Whether a session has come to its end by itself; not while its person sits a test.

    `sits_since`: when the attempt under way was begun. One that was begun after the session had
    come to its end lets nobody in again, at a device that was left behind.
    """
    end = ends(signed_in, settings)
    return now >= end and (sits_since is None or sits_since >= end)


def ends(signed_in: SignedIn, settings: Settings) -> datetime:
    """When a session comes to its end by itself, if it is used no more."""
    idle = signed_in.seen_at + timedelta(minutes=settings.idle_minutes)
    return min(idle, ends_at_last(signed_in, settings))


def ends_at_last(signed_in: SignedIn, settings: Settings) -> datetime:
    """When a session comes to its end, however much it is used."""
    return signed_in.created_at + timedelta(hours=settings.session_hours)


def seen(signed_in: SignedIn, now: datetime) -> SignedIn:
    """Note that a session is in use, at most once a minute. No entry: it is not a deed."""
    if now - signed_in.seen_at < SEEN_EVERY:
        return signed_in
    with store.write() as session:
        session.execute(update(SignIn).where(SignIn.id == signed_in.session_id).values(seen_at=now))
    return replace(signed_in, seen_at=now)


def forget(context: Context) -> int:
    """Delete failed log-ins that can lock nobody any more. No entry: they are in the journal."""
    with store.write() as session:
        return sessions.forget_failures_before(session, _since(context.now, context.settings))


def log_out(context: Context) -> None:
    """End the session that asks for it."""
    with store.write() as session:
        if context.actor is not None and sessions.end_sessions(
            session, context.actor, context.now, only=context.session_id
        ):
            record(session, context, Event.SESSION_ENDED, {"sessions": 1})


def end(context: Context, session_id: int) -> int | Refused:
    """End one of one's own sessions, on another device perhaps. Ending twice is ending once."""
    with store.write() as session:
        assert context.actor is not None  # noqa: S101 - the route lets only signed-in people come
        ended = sessions.end_sessions(session, context.actor, context.now, only=session_id)
        if not ended and not sessions.is_of(session, context.actor, session_id):
            return not_found()
        if ended:
            record(session, context, Event.SESSION_ENDED, {"sessions": ended})
        return ended


def end_others(context: Context) -> int:
    """End all one's sessions but the one that asks for it; says how many there were."""
    with store.write() as session:
        assert context.actor is not None  # noqa: S101
        ended = sessions.end_sessions(session, context.actor, context.now, but=context.session_id)
        if ended:
            record(session, context, Event.SESSION_ENDED, {"sessions": ended})
        return ended


def change_password(
    context: Context, old: str, new: str, token: str | None = None
) -> Refused | None:
    """Change one's own password and end all one's other sessions.

    The session that asks goes on, under another `token` if one is given: whoever has a copy of the
    cookie from before is out too.

    A wrong old one counts as a failure to log in, and locks the name like these: nobody guesses it
    at a device that somebody has left.
    """
    assert context.actor is not None  # noqa: S101
    settings, now = context.settings, context.now
    with store.read() as session:
        person = session.get_one(Person, context.actor)
        hashed_name = _hash_name(settings, person.username)
        if locked := _locked(_failures(session, hashed_name, now, settings), now, settings):
            return locked
    reasons: list[Reason] = []
    good = passwords.matches(person.password_hash, old, settings)
    if not good:
        reasons.append(Reason(Code.PASSWORD, {"what": "wrong"}, who=Helper.YOU))
    if good and old == new:
        reasons.append(Reason(Code.PASSWORD_WEAK, {"what": "same"}, who=Helper.YOU))
    reasons += passwords.why_not(new, (person.name, person.username))
    hashed = None if reasons else passwords.hash_of(new, settings)
    with store.write() as session:
        store.alone(session, f"login:{hashed_name}")  # many tries at once, as in `log_in`
        if locked := _locked(_failures(session, hashed_name, now, settings), now, settings):
            return locked
        held = sessions.account(session, person.username, held=True)
        if good and (held is None or held.password_hash != person.password_hash):
            good = False  # it was reset meanwhile: what was typed is no longer theirs
            reasons.append(Reason(Code.PASSWORD, {"what": "wrong"}, who=Helper.YOU))
        if good:
            sessions.forget_failures(session, hashed_name)
        else:
            session.add(LoginFailure(name_hash=hashed_name, at=now))
        if reasons:
            refused = Refused(Code.PASSWORD, tuple(reasons), 422)
            return refuse(session, context, Event.PASSWORD_CHANGED, refused)
        session.execute(
            update(Person)
            .where(Person.id == context.actor)
            .values(password_hash=hashed, must_change_password=False)
        )
        if token is not None:
            session.execute(
                update(SignIn)
                .where(SignIn.id == context.session_id)
                .values(token_hash=hash_token(token))
            )
        ended = sessions.end_sessions(session, context.actor, context.now, but=context.session_id)
        record(session, context, Event.PASSWORD_CHANGED, {"sessions_ended": ended})
    return None


def _hash_name(settings: Settings, name: str) -> str:
    """What the table of failures holds of a log-in name."""
    return hashlib.sha256(f"login:{settings.secret_key}:{name}".encode()).hexdigest()


def _failures(
    session: Session, hashed: str, now: datetime, settings: Settings
) -> Sequence[datetime]:
    """The failures that may lock a name now, oldest first."""
    return sessions.failures_since(session, hashed, _since(now, settings))


def _since(now: datetime, settings: Settings) -> datetime:
    """Since when failures may lock a name: twice the time that a lock lasts."""
    return now - 2 * timedelta(minutes=settings.login_lock_minutes)


def _locked(failures: Sequence[datetime], now: datetime, settings: Settings) -> Refused | None:
    """Whether a name is locked by its failures, oldest first, of twice the time that a lock lasts.

    Twice: the first of the failures that locked it may be that long ago when the lock ends.
    """
    lock = timedelta(minutes=settings.login_lock_minutes)
    last = failures[-settings.login_tries :]
    if len(last) < settings.login_tries or last[-1] - last[0] >= lock or now >= last[-1] + lock:
        return None
    until = last[-1] + lock
    return Refused.of(Code.LOGIN_LOCK, status=423, until=until, who=Helper.ADMINISTRATOR)

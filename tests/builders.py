"""A small world to test in, built through the same deeds as everybody's: centre, people, test."""

from __future__ import annotations

import contextvars
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.testing import FlaskClient

from assess import store
from assess.actions import (
    approvals,
    attempts,
    banks,
    closing,
    frameworks,
    people,
    programmes,
    saving,
    sessions,
)
from assess.actions import specifications as specs
from assess.actions.context import Context
from assess.bank.formats import tabular
from assess.bank.specification import Quota, Specification
from assess.clock import HeldClock
from assess.delivery import form
from assess.reasons import Refused
from assess.roles import Role
from assess.settings import Settings
from assess.store import attempts as rows
from assess.store import banks as bank_rows
from assess.store import people as person_rows
from assess.store import roles_held
from assess.store import sessions as session_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "correct-horse-battery-9"
FRAMEWORK = """
schema: framework/1
id: award
title: A small award
issuer: Test
kind: award
code: null
level: null
credit: null
language: en-GB
published: null
source: {document: none, rights: MIT}
units_label: module
groups:
- {id: modules, title: Modules, role: mandatory, units: [U1]}
rules: []
units:
- code: U1
  number: 1
  title: First unit
  group: modules
  assessed: true
  outcomes:
  - {code: '1', text: Greet a customer}
  - {code: '2', text: Answer a question}
"""
STATEMENT = "All the work I hand in is my own."


def question(number: int, outcome: str, kind: str = "single_choice") -> str:
    """A row of the tabular format: option B is right (B and D of a multiple response)."""
    key = "B" if kind == "single_choice" else "B;D"
    cells = [
        f"q{outcome}-{number}",
        kind,
        f"award/U1/{outcome}",
        f"Stem {number} of outcome {outcome}?",
        *(f"Option {letter} of {outcome}-{number}" for letter in "ABCD"),
        key,
        *(f"Rationale {letter} of {outcome}-{number}" for letter in "ABCD"),
        f"Chapter {outcome}",
    ]
    return ",".join(cells)


HEADER = "id,kind,outcome,stem,A,B,C,D,key,rationale_A,rationale_B,rationale_C,rationale_D,revise"


def csv(each: int = 6, last: str = "multiple_response") -> str:
    """A bank of two outcomes, `each` items of both; the last of each outcome is of another kind."""
    lines = [HEADER]
    for outcome in "12":
        for n in range(1, each + 1):
            lines.append(question(n, outcome, last if n == each else "single_choice"))
    return "\n".join(lines) + "\n"


class Apart(FlaskClient):
    """A browser whose requests see nothing of the test's own application context."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request from an empty context, as a server would."""
        return contextvars.Context().run(super().open, *args, **kwargs)


@dataclass(slots=True)
class World:
    """Two centres; at the first everybody, a programme, a bank and a published test `T1`.

    `homes`: the centres of those of whom it was asked.
    """

    app: Flask
    clock: HeldClock
    centres: dict[str, int] = field(default_factory=dict)
    persons: dict[str, int] = field(default_factory=dict)
    programme: int = 0
    test: int = 0
    homes: dict[str, int] = field(default_factory=dict)

    @property
    def grace(self) -> timedelta:
        """How long after the deadline an answer counts here."""
        settings: Settings = self.app.extensions["assess.settings"]
        return settings.grace

    def context(self, who: str | None = None, session_id: int | None = None) -> Context:
        """The surroundings of a deed by this person, or by the operator, now."""
        settings = self.app.extensions["assess.settings"]
        gates = self.app.extensions["assess.gates"]
        if who is None:
            return Context(self.clock.now(), settings, self.centres["here"], gates=gates)
        now, person = self.clock.now(), self.persons[who]
        with store.read() as session:
            if who not in self.homes:
                self.homes[who] = session.get_one(person_rows.Person, person).centre_id
            roles = roles_held.roles_of(session, person, now)
        return Context(now, settings, self.homes[who], person, session_id, roles, gates)

    def add(self, username: str, *roles: Role, centre: str = "here") -> int:
        """Add a person; their log-in name is also their name, capitalised."""
        context = self.context()
        context = Context(context.now, context.settings, self.centres[centre])
        name = username.replace(".", " ").title()
        done = people.add(context, name, username, [r.value for r in roles], PASSWORD)
        assert not isinstance(done, Refused), done
        self.persons[username] = done.person_id
        self.homes[username] = self.centres[centre]
        return done.person_id

    def log_in(self, who: str) -> Context:
        """Begin a session for a person, and say the surroundings of their deeds."""
        settings = self.app.extensions["assess.settings"]
        done = sessions.log_in(settings, self.clock.now(), who, PASSWORD, "Test browser")
        assert not isinstance(done, Refused), done
        with store.read() as session:
            token = sessions.hash_token(done.token)
            signed_in = session_rows.signed_in(session, token, self.clock.now())
        assert signed_in is not None
        return self.context(who, signed_in.session_id)

    def client(self, who: str) -> FlaskClient:
        """A browser of this person, logged in through the log-in page, without CSRF tokens."""
        self.app.config["WTF_CSRF_ENABLED"] = False
        client = self.app.test_client()
        answer = client.post("/login", data={"username": who, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    def make_ready(self, who: str = "candidate") -> None:
        """Sign, ask, approve: nothing stands between this candidate and a start."""
        acting = self.context(who)
        signed = programmes.sign(acting, self.programme, 1, who.replace(".", " ").title())
        assert not isinstance(signed, Refused), signed
        self.approve(who)

    def set_out(self, who: str = "candidate") -> tuple[Context, int]:
        """Clear the way for a candidate and start: their surroundings, and the attempt."""
        self.make_ready(who)
        device = self.log_in(who)
        return device, self.start(device)

    def start(self, context: Context) -> int:
        """Start an attempt; its number."""
        done = attempts.start(context, self.test, affirmed=True)
        assert not isinstance(done, Refused), done
        return done.attempt_id

    def answer(self, context: Context, attempt: int, right: int | None = None) -> None:
        """Answer every question: the first `right` rightly (default all), the rest wrongly."""
        with store.read() as session:
            row = session.get_one(rows.Attempt, attempt)
            contents = bank_rows.contents(session, [q.version for q in row.drawn()])
        for place, drawn in enumerate(row.drawn(), start=1):
            content = contents[drawn.version]
            wrong = tuple(k for k in range(len(content.options)) if k not in content.key)[:1]
            answer = content.key if right is None or place <= right else wrong
            shown = form.own_to_shown(drawn.order, answer)
            self.clock.advance(timedelta(seconds=5))
            values = [str(k) for k in shown]
            done = saving.save(self.now(context), attempt, place, values, 1, 1)
            assert not isinstance(done, Refused), done

    def now(self, context: Context) -> Context:
        """The same surroundings at the present moment of the clock."""
        return replace(context, now=self.clock.now())

    def save(
        self, context: Context, attempt: int, place: int, *values: object, **key: int
    ) -> saving.Saved | Refused:
        """Save shown positions now, as the first device and for the first time unless told."""
        writer, sequence = key.get("writer", 1), key.get("sequence", 1)
        return saving.save(self.now(context), attempt, place, values, writer, sequence)

    def hand_in(self, context: Context, attempt: int) -> closing.HandedIn:
        """Hand an attempt in now."""
        done = attempts.hand_in(self.now(context), attempt)
        assert not isinstance(done, Refused), done
        return done

    def approve(self, who: str = "candidate") -> None:
        """Ask and be approved, now."""
        asked = approvals.ask(self.context(who), self.test)
        assert not isinstance(asked, Refused), asked
        words = "Eight of ten in practice."
        given = approvals.approve(self.context("tutor"), asked, ["practice"], words)
        assert not isinstance(given, Refused), given

    def sit(self, who: str = "candidate", right: int | None = None) -> int:
        """A whole attempt from approval to mark; its number."""
        context, attempt = self.set_out(who)
        self.answer(context, attempt, right)
        self.hand_in(context, attempt)
        return attempt


@contextmanager
def world(app: Flask, clock: HeldClock, each: int = 6) -> Iterator[World]:
    """A world inside the application's context."""
    app.test_client_class = Apart
    with app.app_context():
        built = World(app, clock)
        settings = app.extensions["assess.settings"]
        nowhere = Context(clock.now(), settings, 0)
        for code in ("here", "there"):
            built.centres[code] = people.add_centre(nowhere, code, code.title(), "Europe/London")
        for role in Role:
            built.add(role.value.replace("-", "."), role)
        built.add("candidate.two", Role.CANDIDATE)
        for role in (Role.CANDIDATE, Role.TUTOR, Role.AUTHOR, Role.ADMINISTRATOR):
            built.add(f"{role.value}.there", role, centre="there")
        publish(built, each)
        yield built


def publish(built: World, each: int = 6, **changes: object) -> None:
    """Load the small award and publish `T1`: two questions of each outcome, cut 3."""
    operator = built.context()
    loaded = frameworks.load(operator, FRAMEWORK)
    assert not isinstance(loaded, Refused), loaded
    programme = programmes.create(operator, "Small award", "award")
    assert isinstance(programme, int)
    built.programme = programme
    programmes.publish_statement(operator, programme, STATEMENT)
    for who in ("candidate", "candidate.two"):
        programmes.register(
            operator, programme, built.persons[who], built.persons["tutor"], "Group one"
        )
    done = banks.bring_in(operator, bank(csv(each)))
    assert not isinstance(done, Refused), done
    assert done.written, done.plan.problems
    told = banks.set_signposts(
        operator, "Small bank", "outcome,title,text\naward/U1/1,Read this,Chapter one.\n"
    )
    assert not isinstance(told, Refused), told
    published = specs.publish(operator, specification(**changes))
    assert not isinstance(published, Refused), published
    built.test = published.test_id


def bank(text: str, **changes: object) -> banks.Import:
    """An import of this text into the small bank."""
    rows_ = list(tabular.read(BytesIO(text.encode()), "bank.csv"))
    values = {"bank": "Small bank", "file": "bank.csv", "framework": "award"} | changes
    return banks.Import(rows=rows_, **values)  # type: ignore[arg-type]


def specification(**changes: object) -> Specification:
    """The specification of `T1`, with changes."""
    values: dict[str, object] = {
        "name": "T1",
        "title": "First test",
        "bank": "Small bank",
        "minutes": 30,
        "cut": 3,
        "quotas": (Quota("award/U1/1", 2, 1), Quota("award/U1/2", 2, 1)),
        "attempts": 3,
        "cool_down_hours": (48,),
        "programme": "Small award",
    } | changes
    return Specification(**values)  # type: ignore[arg-type]

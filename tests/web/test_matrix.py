"""Every route, tried by everybody, on their own and on others' objects: nothing slips through.

The cells come from the URL map: a new route, or a new kind of object in an address, fails this
test until the tables below say whose it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from assess import store
from assess.actions import approvals, arrangements, holds, remarking, roles
from assess.delivery.arrangements import Proposal
from assess.roles import Role
from assess.store import banks, item_search, programmes, roles_held
from assess.store.approvals import Approval
from assess.web import access
from tests.builders import PASSWORD, World
from tests.rooms import room

NOBODY = "nobody"
PEOPLE = (
    NOBODY,
    *(role.value.replace("-", ".") for role in Role),
    "candidate.two",
    "candidate.there",
    "tutor.there",
    "author.there",
    "administrator.there",
    "invigilator.there",
)
HERE = frozenset(PEOPLE) - {p for p in PEOPLE if p.endswith(".there")} - {NOBODY}
REGISTERED = frozenset({"candidate", "candidate.two"})
OWNERS: dict[tuple[str, str], frozenset[str]] = {
    ("candidate", "attempt_id"): frozenset({"candidate"}),
    ("candidate", "test_id"): REGISTERED,
    ("candidate", "programme_id"): REGISTERED,
    ("api", "attempt_id"): frozenset({"candidate"}),
    ("candidate", "registration_id"): frozenset({"candidate"}),
    ("author", "bank_id"): HERE,
    ("author", "item_id"): HERE,
    ("author", "test_id"): HERE,
    ("tutor", "request_id"): frozenset({"tutor"}),
    ("tutor", "approval_id"): frozenset({"tutor"}),
    ("tutor", "candidate_id"): frozenset({"tutor"}),
    ("tutor", "test_id"): HERE,
    ("tutor", "registration_id"): frozenset({"tutor"}),
    ("quality", "candidate_id"): HERE,
    ("quality", "attempt_id"): HERE,
    ("quality", "test_id"): HERE,
    ("quality", "review_id"): HERE,
    ("quality", "hold_id"): HERE,
    ("administrator", "person_id"): HERE,
    ("administrator", "programme_id"): HERE,
    ("administrator", "registration_id"): HERE,
    ("administrator", "arrangement_id"): HERE,
    ("administrator", "role_request_id"): HERE,
    ("room", "sitting_id"): HERE,
    ("room", "entry_id"): HERE,
    ("account", "session_id"): frozenset({"candidate"}),
}
"""Who may see the object that an address names, by blueprint and argument."""

DEVICE = {"token": "none of ours", "writer": 1}
BODIES: dict[str, dict[str, object]] = {
    "api.save": {**DEVICE, "place": 1, "sequence": 1, "answer": [1]},
    "api.journal": {**DEVICE, "entries": []},
    "api.flag": {"place": 1, "flagged": True},
    "api.hand_in": {**DEVICE},
}
"""What the API is sent: it says that a shape is wrong before it looks for an object."""

FINE = frozenset({200, 302, 409, 422, 423})
"""Answers to somebody who may come, with nothing in the form that they send."""

WITH_PLACE = {"place": 1, "filename": "start.js", "epoch": 1}
NAMES_A_BANK = frozenset({"author.publish_new", "author.new_specification"})
"""Routes whose object is named behind the question mark."""


@dataclass(slots=True)
class Cells:
    """The world in which cells are tried, and the number of each kind of object."""

    built: World
    objects: dict[str, int]
    clients: dict[str, FlaskClient]
    roles: dict[str, frozenset[Role]] = field(default_factory=dict)

    def client(self, who: str) -> FlaskClient:
        """A browser of this person, with a session of its own that is there."""
        if who == NOBODY:
            return self.built.app.test_client()
        if who not in self.clients:
            self.clients[who] = self.built.client(who)
        return self.clients[who]

    def roles_of(self, who: str) -> frozenset[Role]:
        """The roles of this person; whatever is tried here, they stay the same."""
        if who not in self.roles:
            with store.read() as session:
                held = roles_held.roles_of(session, self.built.persons[who], self.built.clock.now())
            self.roles[who] = held
        return self.roles[who]


@pytest.fixture
def cells(built: World) -> Cells:
    """A world with an open attempt, a waiting request, and a session of each kind."""
    built.add("leaver", Role.CANDIDATE)
    built.add("invigilator.there", Role.INVIGILATOR, centre="there")
    made = room(built, "candidate.two")
    sat = built.sit("candidate.two", right=0)
    built.make_ready("candidate")
    context = built.log_in("candidate")
    attempt = built.start(context)
    asked = approvals.ask(built.context("candidate.two"), built.test)
    assert isinstance(asked, int)
    with store.read() as session:
        bank = banks.by_name(session, built.centres["here"], "Small bank")
        assert bank is not None
        items, _ = item_search.page(session, bank.id, item_search.Search(), 0, 1)
        approval = session.scalars(select(Approval.id)).first() or 0
    review = remarking.ask(built.context("candidate.two"), sat, "Question two is unclear.")
    assert isinstance(review, int)
    objects = {
        "review_id": review,
        "hold_id": held(built),
        "attempt_id": attempt,
        "test_id": built.test,
        "programme_id": built.programme,
        "bank_id": bank.id,
        "item_id": items[0].item.id,
        "request_id": asked,
        "approval_id": approval,
        "candidate_id": built.persons["candidate"],
        "person_id": built.persons["leaver"],
        "registration_id": registered(built),
        "arrangement_id": arranged(built),
        "role_request_id": asked_for_a_role(built),
        "session_id": context.session_id or 0,
        "sitting_id": made.sitting,
        "entry_id": made.entries["candidate.two"],
    }
    return Cells(built, objects, {})


def registered(built: World) -> int:
    """The registration of the first candidate."""
    with store.read() as session:
        row = programmes.registration(session, built.programme, built.persons["candidate"])
    assert row is not None
    return row.id


def held(built: World) -> int:
    """A hold on whoever leaves."""
    done = holds.place(built.context(), built.persons["leaver"], None, "A letter has come back.")
    assert isinstance(done, int), done
    return done


def arranged(built: World) -> int:
    """An arrangement of whoever leaves."""
    proposal = Proposal("reader", "", "", "Letter of 3 May, in the file.")
    done = arrangements.arrange(built.context(), built.persons["leaver"], proposal)
    assert isinstance(done, int), done
    return done


def asked_for_a_role(built: World) -> int:
    """The request of an administrator for a role of quality."""
    built.add("second", Role.ADMINISTRATOR)
    done = roles.ask(built.context("second"), "quality", None, "I stand in for Helen.")
    assert isinstance(done, int), done
    return done


def test_every_route_answers_everybody_as_its_audience_and_owner_say(cells: Cells) -> None:
    wrong: list[str] = []
    tried = 0
    all_of_them = routes(cells)
    for rule, method, address in all_of_them:
        for who in PEOPLE:
            expected = expectation(cells, rule, method, who)
            got = ask(cells, rule, method, address, who, expected)
            tried += 1
            if got not in expected:
                wrong.append(f"{method} {rule.rule} as {who}: {got}, not {sorted(expected)}")
    assert wrong == []
    assert tried == len(all_of_them) * len(PEOPLE)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_every_route_answers_on_postgresql_too_whoever_may_come(cells: Cells) -> None:
    """What pages read goes through no deed: each is asked here once on the other database."""
    wrong: list[str] = []
    for rule, method, address in routes(cells):
        expected, who = next(
            (expected, who)
            for who in PEOPLE
            if (expected := expectation(cells, rule, method, who)) >= FINE
        )
        got = ask(cells, rule, method, address, who, expected)
        if got not in expected:
            wrong.append(f"{method} {rule.rule} as {who}: {got}")
    assert wrong == []


def routes(cells: Cells) -> list[tuple[Rule, str, str]]:
    """Every route with each of its methods, and the address by which it is asked for our objects.

    In an order in which all find their objects whole.
    """
    with cells.built.app.test_request_context():
        found = [
            (rule, method, address_of(rule, cells.objects))
            for rule in cells.built.app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]
    # What ends sessions, bars people or takes them off comes last.
    last = ("end", "activate", "take-off")
    return sorted(found, key=lambda r: (r[1] == "POST", any(word in r[0].rule for word in last)))


def address_of(rule: Rule, objects: dict[str, int]) -> str:
    """The address of a route that names these objects."""
    built = rule.build({name: WITH_PLACE.get(name) or objects[name] for name in rule.arguments})
    assert built is not None
    return built[1]


def ask(
    cells: Cells, rule: Rule, method: str, address: str, who: str, expected: frozenset[int]
) -> int:
    """What this person gets."""
    query = {"bank": cells.objects["bank_id"]} if rule.endpoint in NAMES_A_BANK else None
    # Who is barred hears the same in JSON, for a third of the work.
    barred = who != NOBODY and (expected == {403} or (expected == {404} and method == "GET"))
    headers = {"Accept": "application/json"} if barred else None
    body, open_ = BODIES.get(rule.endpoint), cells.client(who).open
    with open_(address, method=method, query_string=query, headers=headers, json=body) as answer:
        answer.get_data()
    if rule.endpoint in {"account.log_out", "account.log_in"}:
        cells.clients.pop(who, None)
    return answer.status_code


def expectation(cells: Cells, rule: Rule, method: str, who: str) -> frozenset[int]:
    """The answers that are right for somebody at a route; the API leads nobody to a page."""
    blueprint = rule.endpoint.partition(".")[0]
    owners = frozenset(PEOPLE)
    for name in rule.arguments - WITH_PLACE.keys():
        owners &= OWNERS[blueprint, name]
    if rule.endpoint in NAMES_A_BANK:
        owners &= OWNERS["author", "bank_id"]
    audience = access.audience(cells.built.app, rule.endpoint)
    assert audience is not None, rule.endpoint
    if audience == access.ANYONE:
        return FINE | {403}  # the log-in page answers an empty name with 403
    if who == NOBODY:
        return frozenset({302}) if method == "GET" and blueprint != "api" else frozenset({403})
    roles = cells.roles_of(who)
    if audience != access.SIGNED_IN and roles.isdisjoint(audience):
        return frozenset({403})
    if who not in owners:
        return frozenset({404})
    # A start by somebody who may not yet is a 403 of another kind: the gates', with its reasons.
    return FINE | {403} if Role.CANDIDATE in audience else FINE


def test_nobody_is_sent_to_the_log_in_page_of_another_site(built: World) -> None:
    client = built.app.test_client()
    built.app.config["WTF_CSRF_ENABLED"] = False
    for goal in ("//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil"):
        answer = client.post(
            "/login",
            query_string={"next": goal},
            data={"username": "candidate", "password": PASSWORD},
        )
        assert answer.headers["Location"] == "/assessments"


def test_another_candidates_attempt_is_not_found_and_says_nothing_of_it(cells: Cells) -> None:
    attempt = cells.objects["attempt_id"]
    answer = cells.client("candidate.two").get(f"/attempts/{attempt}/questions/1")
    nowhere = cells.client("candidate.two").get("/attempts/999999/questions/1")
    assert answer.status_code == nowhere.status_code == 404
    assert answer.text.count("E-NOT-FOUND") == nowhere.text.count("E-NOT-FOUND") > 0
    assert "Stem" not in answer.text

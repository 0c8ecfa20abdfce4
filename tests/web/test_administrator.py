"""The people of a centre: finding, adding, roles, closing accounts, first passwords."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

import pytest

from assess import store
from assess.actions import people as deeds
from assess.actions import sessions
from assess.reasons import Code, Refused
from assess.roles import Role
from assess.store import people, roles_held
from tests.builders import PASSWORD, World
from tests.conftest import START
from tests.web.candidate_builders import Browser, codes

ANN = {"name": "Ann  Lee", "username": " Ann.Lee ", "roles": ["candidate", "tutor"]}


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def me(here: World) -> Browser:
    """The administrator's browser."""
    return Browser(here, "administrator")


def named(username: str) -> people.Person | None:
    """The person with this log-in name, from the record."""
    with store.read() as session:
        return people.by_username(session, username)


def roles_of(person: int) -> set[str]:
    """The roles that a person holds, from the record."""
    with store.read() as session:
        return {r.value for r in roles_held.roles_of(session, person, START)}


def seen(page: str) -> str:
    """The roles as the page of a person showed them."""
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def beside(page: str) -> dict[str, str]:
    """The message codes on a page by the field that they stand beside."""
    return dict(re.findall(r'id="(\w+)-error" class="[^"]*" data-code="([^"]+)"', page))


def names(page: str) -> list[str]:
    """The names in the list of people, in order."""
    return re.findall(r'<a class="govuk-link" href="/people/\d+">([^<]*)</a>', page)


def first_password(page: str) -> str:
    """The password on the page that shows it once."""
    found = re.search(r'id="first-password">([^<]+)<', page)
    assert found is not None
    return found.group(1)


def lets_in(here: World, who: str, password: str) -> bool:
    """Whether the door opens."""
    browser = Browser(here, None)
    browser._token = browser.token_of("/login")
    answer = browser.post("/login", {"username": who, "password": password})
    return answer.status_code == 302


def test_the_list_holds_the_people_of_the_centre_by_name(here: World, me: Browser) -> None:
    page = me.get("/people").text
    found = names(page)
    assert found == sorted(found)
    assert set(found) >= {"Candidate", "Candidate Two", "Head Of Centre"}
    assert not any("There" in name for name in found)
    assert f"{len(found)} people" in page
    assert "Internal quality assurer" in page


def test_people_are_found_by_a_part_of_their_name_or_log_in_name(here: World, me: Browser) -> None:
    here.add("per_cent", Role.CANDIDATE)
    here.add("ann.o'brien", Role.CANDIDATE)
    for words, found in (
        ("candidate", ["Candidate", "Candidate Two"]),
        ("  CANDIDATE   TWO ", ["Candidate Two"]),
        ("candidate.two", ["Candidate Two"]),
        ("r_c", ["Per_Cent"]),
        ("%", []),
        ("_", ["Per_Cent"]),
        ("\\", []),
        ("'; DROP TABLE people; --", []),
        ("there", []),
        ("x" * 3000, []),
    ):
        answer = me.get("/people", query_string={"q": words})
        assert answer.status_code == 200
        assert names(answer.text) == found, words
    for words in ("o'brien", "Ann O\u2019Brien"):  # as a keyboard writes it, and a telephone
        assert me.get("/people", query_string={"q": words}).text.count("ann.o&#39;brien") == 1
    page = me.get("/people", query_string={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page
    assert "Nobody at your centre is called" in page


def test_a_long_list_comes_in_pages(here: World, me: Browser) -> None:
    for number in range(40):
        here.add(f"x{number:02}", Role.CANDIDATE)
    first, second = (me.get(f"/people?q=x&page={n}").text for n in (1, 2))
    everybody = names(first) + names(second)
    assert len(names(first)) == 25
    assert everybody == sorted(set(everybody))
    assert "/people?q=x&amp;page=2" in first
    assert "Next page" in first
    assert 'aria-label="Page 1"' in second
    assert "page 1 of 2" in first
    assert 'aria-current="page"' in second
    for odd in ("0", "-1", "x", "9" * 40, "٢", ""):
        assert me.get("/people", query_string={"page": odd}).status_code == 200
    assert names(me.get("/people?q=x&page=99999999").text) == names(second)
    assert me.get("/people?page=%00").status_code == 400


def test_a_person_is_added_with_a_first_password_that_is_shown_once(
    here: World, me: Browser
) -> None:
    answer = me.post("/people/new", ANN)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Ann Lee is added" in answer.text
    assert "How to hand it over" in answer.text
    password = first_password(answer.text)
    ann = named("ann.lee")
    assert ann is not None
    assert (ann.name, ann.centre_id, ann.must_change_password) == (
        "Ann Lee",
        here.centres["here"],
        True,
    )
    assert roles_of(ann.id) == {"candidate", "tutor"}
    page = me.get(f"/people/{ann.id}").text
    assert password not in page
    assert "First password, still to be changed" in page
    assert "<h1" in page
    assert "Never" in page
    assert lets_in(here, "ann.lee", password)


def test_what_is_missing_or_wrong_is_said_beside_its_field(here: World, me: Browser) -> None:
    for form, found in (
        ({}, {"name": "E-FIELD", "username": "E-FIELD", "roles": "E-FIELD"}),
        (ANN | {"name": "   "}, {"name": "E-FIELD"}),
        (ANN | {"name": "x" * 201}, {"name": "E-FIELD"}),
        (ANN | {"name": "x" * 500_000}, {"name": "E-FIELD"}),
        (ANN | {"username": "ann lee"}, {"username": "E-FIELD"}),
        (ANN | {"username": "x" * 201}, {"username": "E-FIELD"}),
        (ANN | {"roles": []}, {"roles": "E-FIELD"}),
        (ANN | {"roles": ["root"]}, {"roles": "E-FIELD"}),
        (ANN | {"username": "CANDIDATE"}, {"username": "E-TAKEN"}),
        (ANN | {"username": "candidate.there"}, {"username": "E-TAKEN"}),
    ):
        answer = me.post("/people/new", dict(form))
        assert answer.status_code == 422
        assert "<title>Error: Add a person" in answer.text
        assert beside(answer.text) == found
        assert all(f'href="#{field}"' in answer.text for field in found)
    assert "Name: something is needed here." in me.post("/people/new", {}).text
    assert "“Roles” holds a choice" in me.post("/people/new", ANN | {"roles": ["root"]}).text
    for who, ours in (("candidate.two", True), ("candidate.there", False)):
        taken = me.post("/people/new", ANN | {"username": who}).text
        assert ("give a new one on their own page" in taken) is ours, who
        assert ("Candidate Two has this log-in name" in taken) is ours, who
    assert named("ann.lee") is None


def test_what_was_typed_stays_in_the_form(here: World, me: Browser) -> None:
    page = me.post("/people/new", ANN | {"username": "", "name": '"><b>Ann'}).text
    assert 'value="&#34;&gt;&lt;b&gt;Ann"' in page
    assert "<b>Ann" not in page
    assert len(re.findall(r'name="roles"[^>]* checked', page)) == 2


def test_a_name_with_markup_is_never_markup(here: World, me: Browser) -> None:
    markup = {"name": "<script>alert(1)</script> %(x)s {{ 7*7 }}", "username": "<i>m</i>"}
    answer = me.post("/people/new", ANN | markup)
    assert answer.status_code == 200
    person = named("<i>m</i>")
    assert person is not None
    for page in (answer.text, me.get("/people").text, me.get(f"/people/{person.id}").text):
        assert "<script>alert" not in page
        assert "<i>m" not in page
        assert "%(x)s {{ 7*7 }}" in page


def test_a_character_that_cannot_be_stored_is_refused(here: World, me: Browser) -> None:
    for field in ("name", "username", "roles"):
        answer = me.post("/people/new", ANN | {field: "a\0b"})
        assert answer.status_code == 400
        assert codes(answer.text) == {"E-NUL"}
    assert named("ann.lee") is None


def test_the_same_role_twice_is_one_role(here: World, me: Browser) -> None:
    assert me.post("/people/new", ANN | {"roles": ["tutor", "tutor"]}).status_code == 200
    ann = named("ann.lee")
    assert ann is not None
    answer = me.post(f"/people/{ann.id}/roles", {"roles": ["author", "author"]})
    assert answer.status_code == 302
    assert roles_of(ann.id) == {"author"}


def test_the_page_of_a_person_says_what_is_known(here: World) -> None:
    Browser(here, "candidate")
    Browser(here, "candidate")
    here.clock.advance(timedelta(minutes=10))
    page = Browser(here, "administrator").get(f"/people/{here.persons['candidate']}").text
    for words in ("Candidate", "On 2 devices", "Monday 2 March 2026 at 11:00", "Their own"):
        assert words in page
    here.clock.advance(timedelta(hours=2))
    page = Browser(here, "administrator").get(f"/people/{here.persons['candidate']}").text
    assert "devices" not in page


def test_roles_are_given_and_taken(here: World, me: Browser) -> None:
    person = here.persons["candidate"]
    address = f"/people/{person}/roles"
    answer = me.post(address, {"roles": ["candidate", "author"]})
    assert (answer.status_code, answer.location) == (302, f"/people/{person}")
    assert "The roles are changed." in me.get(f"/people/{person}").text
    assert roles_of(person) == {"candidate", "author"}
    assert me.post(address, {}).status_code == 302
    assert roles_of(person) == set()
    assert "No role" in me.get(f"/people/{person}").text
    answer = me.post(address, {"roles": ["root"]})
    assert answer.status_code == 422
    assert beside(answer.text) == {"roles": "E-FIELD"}


def test_an_administrator_neither_rises_nor_falls_by_their_own_hand(
    here: World, me: Browser
) -> None:
    myself = here.persons["administrator"]
    for roles in (["administrator", "quality"], ["candidate"], []):
        answer = me.post(f"/people/{myself}/roles", {"roles": roles})
        assert answer.status_code == 422
        assert beside(answer.text) == {"roles": "E-SELF"}
        assert re.search("second administrator|Ask another administrator", answer.text)
    answer = me.post(f"/people/{myself}/deactivate")
    assert answer.status_code == 409
    assert codes(answer.text) == {"E-SELF"}
    assert roles_of(myself) == {"administrator"}
    page = me.get(f"/people/{myself}").text
    assert "Close the account" not in page
    assert "This is your own account." in page
    answer = me.post(f"/people/{myself}/roles", {"roles": ["administrator", "author"]})
    assert answer.status_code == 302


def test_a_closed_account_is_out_at_once_and_can_be_opened_again(here: World, me: Browser) -> None:
    person = here.persons["candidate"]
    candidate = Browser(here, "candidate")
    assert me.post(f"/people/{person}/deactivate").location == f"/people/{person}"
    assert "The account is closed." in me.get(f"/people/{person}").text
    assert candidate.get("/account").status_code == 302
    assert not lets_in(here, "candidate", PASSWORD)
    assert "Closed" in me.get("/people?q=candidate").text
    assert me.post(f"/people/{person}/activate").status_code == 302
    assert "Closed" not in me.get("/people?q=candidate").text
    assert lets_in(here, "candidate", PASSWORD)


def test_a_new_password_is_shown_once_and_ends_what_was_before(here: World, me: Browser) -> None:
    person = here.persons["candidate"]
    candidate = Browser(here, "candidate")
    answer = me.post(f"/people/{person}/password")
    assert answer.status_code == 200
    password = first_password(answer.text)
    assert "A new password for Candidate" in answer.text
    assert candidate.get("/account").status_code == 302
    assert not lets_in(here, "candidate", PASSWORD)
    assert lets_in(here, "candidate", password)
    assert password not in me.get(f"/people/{person}").text


def test_another_centres_person_is_not_found(here: World, me: Browser) -> None:
    theirs = here.persons["candidate.there"]
    absent = me.get("/people/999999").text
    for number in (theirs, 0, 999_999, 10**30):
        answers = [me.get(f"/people/{number}")]
        for deed in ("roles", "deactivate", "activate", "password"):
            answers.append(me.post(f"/people/{number}/{deed}", {"roles": ["tutor"]}))
        for answer in answers:
            assert answer.status_code == 404
            assert codes(answer.text) == {"E-NOT-FOUND"}
            assert "candidate.there" not in answer.text
    plain = re.compile(r'(?:nonce|value|data-csrf)="[^"]*"')
    assert plain.sub("", me.get(f"/people/{theirs}").text) == plain.sub("", absent)
    assert roles_of(theirs) == {"candidate"}
    assert lets_in(here, "candidate.there", PASSWORD)


def test_a_refusal_has_a_shape_for_machines(here: World, me: Browser) -> None:
    answer = me.send("/people/new", {})
    assert answer.status_code == 422
    assert answer.json is not None
    assert {r["code"] for r in answer.json["reasons"]} == {"E-FIELD"}
    answer = me.send(f"/people/{here.persons['administrator']}/roles", {})
    assert answer.json is not None
    assert answer.json["reasons"][0]["code"] == "E-SELF"


def test_people_are_found_and_let_in_however_their_accents_are_typed(built: World) -> None:
    added = deeds.add(built.context(), "Zoë Özil", "zoë", ["tutor"], PASSWORD)
    assert not isinstance(added, Refused)
    me = Browser(built, "administrator")
    apart = unicodedata.normalize("NFD", "zoë")
    for words in ("zoë", "ZOË", "özil", "ÖZIL", apart):
        assert "Zoë Özil</a>" in me.get("/people", query_string={"q": words}).text, words
    settings = built.app.extensions["assess.settings"]
    entered = sessions.log_in(settings, built.clock.now(), apart, PASSWORD, "Telephone")
    assert not isinstance(entered, Refused)
    taken = deeds.add(built.context(), "Another", apart, ["tutor"], PASSWORD)
    assert isinstance(taken, Refused)
    assert taken.reasons[0].code is Code.TAKEN


def test_a_role_that_somebody_else_gave_meanwhile_is_not_taken_unnoticed(
    here: World, me: Browser
) -> None:
    who = here.persons["candidate.two"]
    stale = seen(me.get(f"/people/{who}").text)
    assert deeds.set_roles(here.context(), who, ["candidate", "tutor"]) is None
    form = {"roles": ["candidate", "invigilator"], "seen": stale}
    mistaken = me.post(f"/people/{who}/roles", form | {"until-candidate": "soon"})
    assert (mistaken.status_code, seen(mistaken.text)) == (422, stale)
    refused = me.post(f"/people/{who}/roles", form)
    assert (refused.status_code, beside(refused.text)) == (409, {"roles": "E-CHANGED"})
    assert roles_of(who) == {"candidate", "tutor"}
    again = form | {"seen": seen(refused.text), "roles": ["candidate", "tutor", "invigilator"]}
    for _twice in range(2):  # what is so already is no reason
        assert me.post(f"/people/{who}/roles", again).status_code == 302
    assert roles_of(who) == {"candidate", "tutor", "invigilator"}

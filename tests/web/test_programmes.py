"""The administrator's other pages: programmes, registrations, arrangements, roles, files."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import delete

from assess import store
from assess.actions import arrangements, programmes
from assess.delivery.arrangements import Proposal
from assess.roles import Role
from assess.store import people as person_rows
from assess.store import programmes as rows
from assess.store.roles_held import RoleHeld
from tests.builders import World
from tests.web.candidate_builders import Browser, codes

SEEN = "Letter of the educational psychologist, in the file."


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


@pytest.fixture
def me(here: World) -> Browser:
    """The administrator's browser."""
    return Browser(here, "administrator")


def seen(page: str) -> str:
    """What the form on a page was filled from, as it sends it back."""
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def beside(page: str) -> dict[str, str]:
    """The message codes on a page by the field that they stand beside."""
    return dict(re.findall(r'id="([\w-]+)-error" class="[^"]*" data-code="([^"]+)"', page))


def registration(here: World, who: str) -> rows.Registration:
    """Somebody's registration on the small award."""
    with store.read() as session:
        found = rows.registration(session, here.programme, here.persons[who])
    assert found is not None
    return found


def entry(here: World, **more: str) -> dict[str, str]:
    """A filled form of a registration."""
    tutor = str(here.persons["tutor"])
    return {
        "programme": str(here.programme),
        "tutor": tutor,
        "group": "Two",
        "language": "cy",
        "asked": "none",
    } | more


def test_a_candidate_is_registered_and_asked_what_they_need(here: World, me: Browser) -> None:
    here.add("newcomer", Role.CANDIDATE)
    address = f"/people/{here.persons['newcomer']}/register"
    assert "Group one (2)" in me.get(address).text
    answer = me.post(address, {})
    assert answer.status_code == 422
    assert set(beside(answer.text)) == {"programme", "tutor", "asked"}
    answer = me.post(address, entry(here, asked="some", starts="soon"))
    assert beside(answer.text) == {"needs": "E-FIELD", "starts": "E-FIELD"}
    assert 'value="soon"' in answer.text
    # Two groups that look the same would be two groups.
    answer = me.post(address, entry(here, group="Two\u200b"))
    assert beside(answer.text) == {"group": "E-FIELD"}
    answer = me.post(address, entry(here, asked="none", needs="A reader."))
    assert (beside(answer.text), "A reader." in answer.text) == ({"asked": "E-FIELD"}, True)
    answer = me.post(address, entry(here, asked="some", needs="A reader.", ends="2026-12-31"))
    assert answer.status_code == 302
    row = registration(here, "newcomer")
    page = me.get(f"/registrations/{row.id}").text
    for words in ("A reader.", "Welsh", "31 December 2026", "0 of 1 module passed", "Not taken"):
        assert words in page
    assert "already" in me.get(address).text
    # The same once more is no harm; another wish does not pass for done, and can be put in place.
    twice = me.post(address, entry(here, asked="some", needs="A reader.", ends="2026-12-31"))
    assert (twice.status_code, twice.location) == (302, answer.location)
    late = me.post(address, entry(here, asked="some", needs="A scribe."))
    assert (late.status_code, codes(late.text) >= {"E-CHANGED"}) == (409, True)
    assert "A reader." in late.text.partition("Change the registration")[0]
    assert f'action="/registrations/{row.id}"' in late.text
    again = entry(here, asked="some", needs="A scribe.", seen=seen(late.text))
    assert me.post(answer.location, again | {"group": "Gru\u0308n"}).status_code == 302
    found = registration(here, "newcomer")
    assert (found.needs, found.group) == ("A scribe.", "Gr\u00fcn")  # as from a file
    theirs = Browser(here, "newcomer").get(f"/programmes/{here.programme}/progress").text
    assert "A scribe." in theirs


def test_needs_that_were_written_down_are_not_dropped_in_silence(here: World, me: Browser) -> None:
    row = registration(here, "candidate")
    address, needs = f"/registrations/{row.id}", {"needs": "Larger print."}
    assert row.needs is None  # nobody asked: a file said nothing of it, perhaps
    for asked in ("", "none"):
        answer = me.post(address, entry(here, asked=asked) | needs)
        assert beside(answer.text) == {"asked": "E-FIELD"}, asked
        assert "Larger print." in answer.text
    assert me.post(address, entry(here, asked="some") | needs).status_code == 302
    # What is needed no longer may be left where it stood.
    assert me.post(address, entry(here, asked="none") | needs).status_code == 302
    assert registration(here, "candidate").needs == ""


def test_a_new_centre_is_told_what_has_to_be_there_first(here: World) -> None:
    boss = Browser(here, "administrator.there")
    address = f"/people/{here.persons['candidate.there']}/register"
    assert "Your centre delivers no programme yet." in boss.get(address).text
    added = boss.post("/programmes/new", {"name": "Theirs", "framework": "award"})
    assert added.status_code == 302, added.text
    form = {"name": "Theirs", "framework": "award"}
    assert boss.post("/programmes/new", form).location == added.location  # pressed twice
    unseen = boss.post("/programmes/new", form | {"name": "Theirs\ufeff"})
    assert beside(unseen.text) == {"name": "E-FIELD"}
    other = boss.post("/programmes/new", form | {"months": "12"})
    assert (other.status_code, beside(other.text)) == (409, {"name": "E-TAKEN"})
    assert 'value="12"' in other.text
    assert "Nobody at your centre is a tutor yet." not in boss.get(address).text
    with store.write() as session:
        session.execute(delete(RoleHeld).where(RoleHeld.role == Role.TUTOR.value))
    assert "Nobody at your centre is a tutor yet." in boss.get(address).text


def test_who_is_too_young_is_refused_with_the_day_on_which_they_are_not(
    here: World, me: Browser
) -> None:
    here.add("young", Role.CANDIDATE)
    form = {"name": "Small award", "minimum_age": "16", "months": "12"}
    assert me.post(f"/programmes/{here.programme}/edit", form).status_code == 302
    address = f"/people/{here.persons['young']}/register"
    answer = me.post(address, entry(here))
    assert answer.status_code == 422
    assert codes(answer.text) >= {"E-AGE"}
    assert f'href="/people/{here.persons["young"]}/details"' in answer.text
    details = f"/people/{here.persons['young']}/details"
    answer = me.post(details, {"name": "Young", "born_on": "1.1.2090"})
    assert beside(answer.text) == {"born_on": "E-FIELD"}
    assert me.post(details, {"name": "Young", "born_on": "3/3/2010"}).status_code == 302
    answer = me.post(address, entry(here))
    assert "Tuesday 3 March 2026" in answer.text
    made = me.post(address, entry(here, starts="3/3/2026"))
    assert made.status_code == 302
    answer = me.post(made.location, entry(here, starts="2/3/2026"))
    assert (answer.status_code, codes(answer.text) >= {"E-AGE"}) == (422, True)
    assert 'id="born_on"' in answer.text


def test_a_group_of_more_than_twenty_is_warned_of(here: World, me: Browser) -> None:
    for number in range(18):
        who = f"x{number}"
        here.add(who, Role.CANDIDATE)
        person, tutor = here.persons[who], here.persons["tutor"]
        programmes.register(here.context(), here.programme, person, tutor, "Group one")
    assert "W-GROUP" not in codes(me.get(f"/programmes/{here.programme}").text)
    here.add("one.more", Role.CANDIDATE)
    address = f"/people/{here.persons['one.more']}/register"
    answer = me.post(address, entry(here, group="Group one"))
    assert answer.status_code == 302
    assert "Group Group one has 21 candidates." in me.get(answer.location).text
    page = me.get(f"/programmes/{here.programme}").text
    assert "W-GROUP" in codes(page)
    assert "21 candidates" in page


def test_progress_shows_each_module_and_no_grade(here: World) -> None:
    here.sit("candidate", right=0)
    candidate = Browser(here, "candidate")
    address = f"/programmes/{here.programme}/progress"
    page = candidate.get(address).text
    assert 'data-state="not-yet-passed"' in page
    assert "There is no grade for the award as a whole" in page
    here.clock.advance(timedelta(hours=49))
    here.sit("candidate")
    page = Browser(here, "candidate").get(address).text
    assert 'data-state="passed"' in page
    assert "The module is passed" in page
    row = registration(here, "candidate")
    again = Browser(here, "administrator")
    assert "The module is passed" in again.get(f"/registrations/{row.id}").text
    assert "The module is passed" in again.get(f"/programmes/{here.programme}").text
    assert Browser(here, "candidate.there").get(address).status_code == 404


def test_a_registration_is_put_right_and_ended(here: World, me: Browser) -> None:
    row = registration(here, "candidate")
    address = f"/registrations/{row.id}"
    answer = me.post(address, entry(here, tutor="", group=""))
    assert beside(answer.text) == {"tutor": "E-FIELD"}
    answer = me.post(address, entry(here, group=""))
    assert beside(answer.text) == {"group": "E-FIELD"}
    assert me.post(address, entry(here, ends="2026-03-02")).status_code == 302
    here.clock.advance(timedelta(days=1))
    me = Browser(here, "administrator")
    assert "not within the period" in me.get(address).text
    page = Browser(here, "candidate").get("/assessments").text
    assert "E-NOT-REGISTERED" in codes(page)


def test_a_statement_is_looked_at_then_published_then_signed_anew(here: World, me: Browser) -> None:
    here.make_ready()
    address = f"/programmes/{here.programme}/statements"
    text = "I do **all** my work myself.\r\n\r\n- really"
    page = me.post(address, {"words": text, "look": "yes"})
    assert page.status_code == 200
    assert "<strong>all</strong>" in page.text
    assert "<li>really</li>" in page.text
    with store.read() as session:
        assert len(rows.statements(session, here.programme)) == 1
    assert beside(me.post(address, {"words": " "}).text) == {"words": "E-FIELD"}
    assert me.post(address, {"words": text}).status_code == 302
    page_now = me.get(address).text
    assert "Version 2 is in force." in page_now
    assert "Publish as version 3" in page_now
    assert me.post(address, {"words": text, "after": "2"}).status_code == 302
    page_now = me.get(address).text
    assert "Nothing has changed: version 2 stays in force." in page_now
    assert "Candidates sign it anew" not in page_now
    assert "E-SIGN" in codes(Browser(here, "candidate").get("/assessments").text)


def test_a_programme_is_added_with_its_conditions(here: World, me: Browser) -> None:
    answer = me.post("/programmes/new", {"name": "", "minimum_age": "x", "months": "999"})
    assert set(beside(answer.text)) == {"framework", "minimum_age"}
    form = {"name": "Second", "framework": "award", "months": "999"}
    assert beside(me.post("/programmes/new", form).text) == {"months": "E-FIELD"}
    form = {"name": " Second  award ", "framework": "award", "last_registration": "1/9/2026"}
    answer = me.post("/programmes/new", form)
    assert answer.status_code == 302
    page = me.get(answer.location).text
    assert "1 September 2026" in page
    assert "Second award" in me.get("/programmes").text
    address = f"{answer.location}/edit"
    assert beside(me.post(address, {"name": "Small award"}).text) == {"name": "E-TAKEN"}
    assert me.post(address, {"name": "Third award"}).status_code == 302
    assert "Third award" in me.get("/programmes").text


def test_arrangements_are_recorded_shown_and_ended(here: World, me: Browser) -> None:
    address = f"/people/{here.persons['candidate']}/arrangements"
    answer = me.post(address, {})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-FIELD"})
    assert 'name="evidence"' not in me.get(f"{address}?kind=massage").text
    assert 'name="percent"' in me.get(f"{address}?kind=extra_time").text
    answer = me.post(address, {"kind": "reader"})
    assert set(beside(answer.text)) == {"evidence"}
    answer = me.post(address, {"kind": "extra_time", "percent": "500", "evidence": SEEN})
    assert beside(answer.text) == {"percent": "E-FIELD"}
    form = {"kind": "extra_time", "percent": "25", "evidence": SEEN}
    for _twice in range(2):
        assert me.post(address, form).status_code == 302
        here.clock.advance(timedelta(seconds=2))
    assert me.post(address, {"kind": "colours", "colours": "dark", "evidence": SEEN}).status_code
    form = {"kind": "text_size", "text_size": "larger", "evidence": SEEN}
    assert me.post(address, form).status_code == 302
    page = me.get(address).text
    assert page.count("In force") == 3
    assert page.count(SEEN) == 3
    assert "by Administrator" in page
    here.make_ready()
    candidate = Browser(here, "candidate")
    start = candidate.get(f"/tests/{here.test}/start").text
    assert "37 minutes 30 seconds (with your 25 per cent extra time)" in start
    assert 'class="govuk-template app-text--larger app-colours--dark"' in start
    assert "37 minutes 30 seconds" in candidate.get("/assessments").text
    assert "Extra time: 25 per cent" in candidate.get("/account").text
    assert "app-colours" not in Browser(here, "candidate.two").get("/assessments").text
    found = re.search(r'action="(/people/\d+/arrangements/\d+/end)"', page)
    assert found is not None
    assert me.post(found.group(1)).status_code == 302
    assert me.get(address).text.count("In force") == 2


def test_no_arrangement_is_put_out_of_its_place_by_who_has_not_looked_at_it(
    here: World, me: Browser
) -> None:
    address = f"/people/{here.persons['candidate']}/arrangements"
    form = {"kind": "extra_time", "percent": "25", "evidence": SEEN}
    mine = form | {"seen": seen(me.get(f"{address}?kind=extra_time").text)}
    assert me.post(address, form | {"percent": "50"}).status_code == 302  # a colleague's
    here.clock.advance(timedelta(seconds=2))
    mistaken = me.post(address, mine | {"percent": "much"})
    assert (mistaken.status_code, seen(mistaken.text)) == (422, mine["seen"])
    refused = me.post(address, mine)
    assert (refused.status_code, codes(refused.text)) == (409, {"E-CHANGED"})
    assert "Extra time: 50 per cent" in refused.text
    assert 'value="25"' in refused.text
    other = {"kind": "reader", "evidence": SEEN, "seen": mine["seen"]}
    assert me.post(address, other).status_code == 302  # nobody else has arranged a reader
    assert me.post(address, mine | {"seen": seen(refused.text)}).status_code == 302
    assert "Extra time: 25 per cent" in me.get(address).text


def test_an_arrangement_that_makes_room_later_is_not_called_over_before(
    here: World, me: Browser
) -> None:
    person, operator = here.persons["candidate"], here.context()
    for month in (4, 5):
        proposal = Proposal("reader", "", "", SEEN, date(2026, month, 1))
        assert isinstance(arrangements.arrange(operator, person, proposal), int)
    page = me.get(f"/people/{person}/arrangements").text
    assert page.count("Not begun yet") == 2
    assert "Friday 1 May 2026 at 00:00, when another begins" in page
    assert "ended on" not in page


def test_an_arrangement_is_found_under_its_own_person_only(here: World, me: Browser) -> None:
    made = arrangements.arrange(
        here.context(), here.persons["candidate"], Proposal("reader", "", "", SEEN)
    )
    other = here.persons["candidate.two"]
    assert me.post(f"/people/{other}/arrangements/{made}/end").status_code == 404
    theirs = here.persons["candidate.there"]
    assert me.get(f"/people/{theirs}/arrangements").status_code == 404
    own = me.get(f"/people/{here.persons['administrator']}/arrangements").text
    assert "another administrator records" in own


def test_a_role_is_given_until_a_day(here: World, me: Browser) -> None:
    person = here.persons["tutor"]
    form = {"roles": ["tutor", "author"], "until-author": "31/3/2026", "until-tutor": "x"}
    answer = me.post(f"/people/{person}/roles", form)
    assert beside(answer.text) == {"until-tutor": "E-FIELD"}
    assert 'value="31/3/2026"' in answer.text
    form["until-tutor"] = ""
    assert me.post(f"/people/{person}/roles", form).status_code == 302
    assert "Author until 31 March 2026" in me.get(f"/people/{person}").text
    here.clock.advance(timedelta(days=30))
    assert Browser(here, "tutor").get("/banks").status_code == 403


def test_a_quality_role_for_oneself_waits_for_a_second_administrator(
    here: World, me: Browser
) -> None:
    here.add("second", Role.ADMINISTRATOR)
    answer = me.post("/roles", {"role": "tutor", "until": "x"})
    assert beside(answer.text) == {"until": "E-FIELD"}
    assert set(beside(me.post("/roles", {}).text)) == {"role", "words"}
    form = {"role": "quality", "words": "I stand in for Helen until Easter."}
    assert me.post("/roles", form).status_code == 302
    assert beside(me.post("/roles", form).text) == {"role": "E-ASKED"}
    mine = me.get("/roles").text
    assert "Another administrator decides: Second." in mine
    assert 'name="decision"' not in mine
    second = Browser(here, "second")
    found = re.search(r'action="(/roles/\d+)"', second.get("/roles").text)
    assert found is not None
    answer = me.post(found.group(1), {"decision": "give"})
    assert answer.status_code == 409
    assert codes(answer.text) == {"E-SELF"}
    unsaid = second.post(found.group(1), {"decision": "perhaps"})
    assert (unsaid.status_code, codes(unsaid.text)) == (409, {"E-FIELD"})
    assert second.post(found.group(1), {"decision": "give"}).status_code == 302
    assert Role.QUALITY in here.context("administrator").roles
    assert second.post(found.group(1), {"decision": "give"}).status_code == 409


def test_an_administrator_sees_their_own_centre(here: World, me: Browser) -> None:
    page = me.get("/centre").text
    assert "Europe/London" in page
    assert "Small award" in page
    assert "There" not in page


FILE = (
    "username,name,programme,group,tutor,needs\n"
    "ann,Ann Lee,Small award,Three,tutor,none\n"
    "candidate,,Small award,Three,,\n"
    "tutor,Tutor,,,,\n"
)


def send(me: Browser, text: str | bytes) -> str:
    """Send a file and read the page that says what it would do."""
    data = text if isinstance(text, bytes) else text.encode()
    answer = me.post("/people/import", {"file": (io.BytesIO(data), "people.csv")})
    assert answer.status_code in (200, 422)
    return answer.text


def hidden(page: str, name: str) -> str:
    """The value of a hidden field, as a browser would send it."""
    from html import unescape

    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found is not None
    return unescape(found.group(1)).replace("\n", "\r\n")


def test_a_file_is_shown_line_by_line_then_brought_in_whole(here: World, me: Browser) -> None:
    assert "First day. Without it: today." in me.get("/people/import").text
    page = send(me, FILE)
    assert re.findall(r'<tr class="[^"]*" data-state="(\w+)"', page) == [
        "added",
        "changed",
        "unchanged",
    ]
    for words in (
        "Add Ann Lee as candidate.",
        "Register on Small award: group Three, tutor tutor, without an end.",
        "On Small award: move from group Group one to Three.",
        "Nothing has been written yet.",
    ):
        assert words in page
    form = {"digest": hidden(page, "digest"), "text": hidden(page, "text")}
    answer = me.post("/people/import/do", form)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "1 added, 1 changed, 1 as they were." in answer.text
    assert len(re.findall("data-password", answer.text)) == 1
    assert registration(here, "candidate").group == "Three"
    assert "There is nothing to do." in send(me, FILE)
    twice = me.post("/people/import/do", form)  # before the first answer came, perhaps
    assert (twice.status_code, codes(twice.text)) == (409, {"E-BUSY"})
    assert "First passwords stood on the page that answered" in twice.text


def test_a_bad_line_keeps_the_file_out_and_says_why(here: World, me: Browser) -> None:
    page = send(me, FILE + "bob,Bob,Elsewhere,Three,tutor,\n")
    assert "<title>Error: " in page
    assert "says “Elsewhere”, which is not known here" in page
    assert "Do all of this" not in page
    form = {"digest": "x", "text": FILE + "bob,Bob,Elsewhere,Three,tutor,\n"}
    answer = me.post("/people/import/do", form)
    assert answer.status_code == 422
    with store.read() as session:
        assert person_rows.by_username(session, "ann") is None


def test_a_plan_that_is_no_longer_true_is_shown_again(here: World, me: Browser) -> None:
    page = send(me, FILE)
    me.post(f"/registrations/{registration(here, 'candidate').id}", entry(here, group="Three"))
    form = {"digest": hidden(page, "digest"), "text": hidden(page, "text")}
    answer = me.post("/people/import/do", form)
    assert answer.status_code == 409
    assert codes(answer.text) >= {"E-BUSY"}
    again = {"digest": hidden(answer.text, "digest"), "text": form["text"]}
    assert me.post("/people/import/do", again).status_code == 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "E-MALFORMED"),
        (b"\xff\xfe", "E-MALFORMED"),
        (b"name\nAnn\n", "E-MALFORMED"),
        (b"username\n" + b"x" * 400_000, "E-FILE"),
        (b"username,name,roles\n" + b"".join(b"u%d,U,tutor\n" % n for n in range(301)), "E-FILE"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(me: Browser, data: bytes, code: str) -> None:
    page = send(me, data)
    assert set(codes(page)) == {code}
    assert beside(page) == {"file": code}


def test_what_somebody_else_changed_meanwhile_is_not_undone_unnoticed(
    here: World, me: Browser
) -> None:
    who, row = here.persons["candidate"], registration(here, "candidate")
    forms = {
        f"/people/{who}/details": {"name": "Candidate", "born_on": "", "email": "a@example.org"},
        f"/registrations/{row.id}": entry(here, group="Two"),
        f"/programmes/{here.programme}/edit": {"name": "Small award", "months": "12"},
    }
    theirs = {"name": "Candy Date", "group": "Three", "months": "6"}
    slips = {"born_on": "32.1.2001", "ends": "soon", "minimum_age": "old"}
    for address, mine in forms.items():
        stale = mine | {"seen": seen(me.get(address).text)}
        other = {name: value for name, value in theirs.items() if name in mine}
        if "months" in mine:
            del other["name"]  # there it is the programme's
        assert me.post(address, mine | other).status_code == 302
        # A mistake that is put right first shows nobody what has changed.
        mistaken = me.post(address, stale | slips)
        assert (mistaken.status_code, seen(mistaken.text)) == (422, stale["seen"]), address
        refused = me.post(address, stale)
        assert (refused.status_code, refused.text.count("E-CHANGED") > 0) == (409, True), address
        for value in other.values():  # how it stands now is there to be looked at
            assert value in refused.text
        for name in mine.keys() & {"name", "email", "group", "months"}:  # beside what was typed
            assert f'name="{name}"' in refused.text
            assert re.search(rf'name="{name}"[^>]* value="{mine[name]}"', refused.text), name
        assert me.post(address, mine | other | {"seen": stale["seen"]}).status_code == 302  # is so
        assert me.post(address, mine | {"seen": seen(refused.text)}).status_code == 302
    assert registration(here, "candidate").group == "Two"


def test_a_statement_is_not_published_over_one_that_its_writer_has_not_seen(
    here: World, me: Browser
) -> None:
    address = f"/programmes/{here.programme}/statements"
    mine = {"words": "All of it is my own work, and nobody else's.", "after": "1"}
    assert 'name="after" value="1"' in me.get(address).text
    theirs = "All the work I hand in is my own, and I say whose words I use."
    assert programmes.publish_statement(here.context(), here.programme, theirs) == 2
    assert 'name="after" value="1"' in me.post(address, mine | {"look": "yes"}).text
    assert 'name="after" value="1"' in me.post(address, mine | {"words": " "}).text
    refused = me.post(address, mine)
    assert (refused.status_code, beside(refused.text)) == (409, {"words": "E-CHANGED"})
    assert mine["words"].replace("'", "&#39;") in refused.text  # nothing typed is lost
    assert theirs in refused.text  # among the versions
    assert 'name="after" value="2"' in refused.text
    assert me.post(address, mine | {"after": "2"}).status_code == 302

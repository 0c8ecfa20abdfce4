"""The pages of a sitting, and of those who wait for it: what they say, refuse and never send."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from assess import store
from assess.actions import arrangements, programmes, timekeeping
from assess.delivery.arrangements import Proposal
from assess.reasons import Refused
from assess.roles import Role
from assess.settings import Settings
from assess.store import specifications
from assess.store.attempts import Attempt
from invigilation.sittings import NOTICE
from invigilation.store import sittings as rows
from tests import worlds
from tests.builders import World
from tests.rooms import BEGINS_IN, Room, publish, room
from tests.web.candidate_builders import JSON, Browser, codes

SECRETS = ("Stem", "Option", "Rationale", "Chapter")


@pytest.fixture
def made(built: World) -> Room:
    """A sitting with two candidates on its roster."""
    return room(built, "candidate", "candidate.two")


@pytest.fixture
def me(built: World) -> Browser:
    """The invigilator's browser."""
    return Browser(built, "invigilator")


def sealed(made: Room) -> tuple[Browser, int]:
    """A candidate who waits: their browser and the attempt."""
    made.enter("candidate")
    browser = Browser(made.built, "candidate")
    work = made.line("candidate").work
    assert work is not None
    return browser, work.attempt_id


def fields(**changes: str) -> dict[str, str]:
    """The form of a new sitting."""
    form = {"place": "Room 5", "day": "2", "month": "3", "year": "2026", "time": "14:30"}
    return form | changes


def beside(page: str) -> dict[str, str]:
    """The code of the error beside each field."""
    return dict(re.findall(r'id="(\w+)-error" class="[^"]*" data-code="([^"]+)"', page))


def test_an_invigilator_opens_a_sitting_by_the_clock_of_the_centre(
    built: World, me: Browser
) -> None:
    page = me.get("/sittings").text
    assert "No sitting is planned." in page
    assert "No published test is sat with an invigilator." in me.get("/sittings/new").text
    test = publish(built)
    built.clock.advance(timedelta(minutes=20))
    page = me.get("/sittings/new").text
    assert 'value="12:00"' in page  # the full hour in an hour's time
    answer = me.post("/sittings/new", fields(test=str(test), day="30", time="14.30"))
    assert answer.status_code == 302
    assert answer.location.endswith("/roster")
    page = me.get("/sittings").text
    assert "Room 5" in page
    assert "Monday 30 March 2026 at 14:30" in page  # summer time began the day before


def test_a_sitting_without_a_place_a_test_or_a_moment_is_refused_beside_its_fields(
    built: World, me: Browser
) -> None:
    test = str(publish(built))
    for form, expected in (
        (fields(test=test, place=" "), {"place"}),
        (fields(test=""), {"test"}),
        (fields(test=str(built.test)), {"test"}),
        (fields(test="9" * 19), {"test"}),
        (fields(test=test, day="31", month="2"), {"begins"}),
        (fields(test=test, month="May"), {"begins"}),
        (fields(test=test, time="25:00"), {"begins"}),
        (fields(test=test, time="14:30\n"), set()),
        (fields(test=test, day="29", time="01:30"), {"begins"}),  # the clocks skip this hour
        (fields(test=test, year="2025"), {"begins"}),
        (fields(test=test, year="2٠26"), {"begins"}),
        (fields(test=test, place="", time=""), {"place", "begins"}),
        ({}, {"place", "begins"}),
    ):
        answer = me.post("/sittings/new", form)
        assert set(beside(answer.text)) == expected, form
        assert answer.status_code == (422 if expected else 302)
    assert all(f'href="#{field}"' in answer.text for field in ("place", "begins"))
    assert "“Place” is too long" in me.post("/sittings/new", fields(place="x" * 300)).text


def test_the_roster_is_made_by_hand(built: World, me: Browser) -> None:
    made = room(built)
    address = f"/sittings/{made.sitting}/roster"
    page = me.get(address).text
    assert "2 candidates of the programme" in page
    assert "Candidate Two" not in me.get(f"{address}?q=nobody").text
    page = me.get(f"{address}?q=TWO").text
    assert "1 candidate of the programme" in page
    one = str(built.persons["candidate"])
    more = {"go": "search", "q": "TWO", "candidate": one}  # who is ticked stays ticked
    shown = (("search", "TWO", "1 candidate of the"), ("search", "nobody", "is called “nobody”"))
    for go, words, said in (*shown, ("all", "TWO", "2 candidates of the")):
        answer = me.post(address, more | {"q": words, "go": go})
        assert (answer.status_code, said in answer.text) == (200, True)
        assert re.search(rf'value="{one}" checked', answer.text)
    answer = me.post(address, {})
    assert answer.status_code == 409
    assert beside(answer.text) == {"candidate": "E-ROSTER"}
    chosen = [str(built.persons["candidate"]), str(built.persons["candidate.two"])]
    answer = me.post(address, {"candidate": chosen})
    assert answer.location == f"/sittings/{made.sitting}"
    page = me.get(answer.location).text
    assert "2 candidates are put on the roster." in page
    assert page.count("Not recorded</strong>") == 2
    assert "on this roster" in me.get(address).text
    answer = me.post(address, {"candidate": chosen})
    assert (answer.status_code, beside(answer.text)) == (409, {"candidate": "E-ROSTER"})
    assert me.post(address, {"candidate": ["x", "9" * 19, "-1"]}).status_code == 409
    entry = made.line("candidate").entry.id
    answer = me.post(f"{address}/{entry}/take-off")
    assert answer.location == f"/sittings/{made.sitting}"
    assert "Candidate is taken off the roster." in me.get(answer.location).text
    theirs = f"{address}/{entry}"
    assert me.post(f"{theirs}/take-off").location == f"/sittings/{made.sitting}"
    for again in (
        me.get(theirs),
        me.post(theirs, {"seen": "absent"}),
        me.get(f"{theirs}/time"),
        me.post(f"{theirs}/time", {"deed": "pause", "words": "The alarm rang for ten minutes."}),
    ):
        assert (again.status_code, codes(again.text)) == (409, {"E-ROSTER"})
        assert "Candidate was taken off this roster." in again.text


def test_attendance_is_recorded_with_an_identity_check(made: Room, me: Browser) -> None:
    one, two = made.entries["candidate"], made.entries["candidate.two"]
    address = f"/sittings/{made.sitting}/roster/{one}"
    page = me.get(address).text
    assert "Save and next candidate" in page
    assert beside(page) == {}
    for form, expected in (
        ({}, {"seen": "E-FIELD"}),
        ({"seen": "here"}, {"method": "E-IDENTITY"}),
        ({"seen": "<b>", "method": "known"}, {"seen": "E-FIELD"}),
        ({"seen": "here", "method": "other", "words": "ok"}, {"words": "E-IDENTITY"}),
        ({"seen": "turned-away"}, {"words": "E-IDENTITY"}),
        ({"seen": "absent", "words": "x" * 1001}, {"words": "E-FIELD"}),
    ):
        answer = me.post(address, form)
        assert (answer.status_code, beside(answer.text)) == (422, expected)
        assert "<title>Error: " in answer.text
        assert form.get("words", "") in answer.text  # nothing is to be typed twice
    answer = me.post(address, {"seen": "here", "method": "known"})
    assert answer.location == f"/sittings/{made.sitting}#entry-{one}"
    answer = me.post(address, {"seen": "here", "method": "photo-id", "go": "next"})
    assert answer.location == f"/sittings/{made.sitting}/roster/{two}"
    page = me.get(answer.location).text
    assert "Candidate: Present." in page
    assert "Save and next candidate" not in page  # this is the last one
    answer = me.post(answer.location, {"seen": "absent", "go": "back"})
    assert answer.location == f"/sittings/{made.sitting}#entry-{two}"
    ticked = r'value="([\w-]+)"[^>]* checked'
    assert re.findall(ticked, me.get(f"/sittings/{made.sitting}/roster/{two}").text) == ["absent"]
    assert re.findall(ticked, me.get(address).text) == ["here", "photo-id"]
    # Two invigilators at one door: what one has recorded, the other does not undo unseen.
    shown = re.findall(r'name="after" value="(\d+)"', me.get(address).text)
    turned = {"seen": "turned-away", "words": "Another person's card.", "after": "0"}
    stale = me.post(address, turned)
    assert (stale.status_code, beside(stale.text)) == (409, {"seen": "E-CHANGED"})
    assert re.findall(r'name="after" value="(\d+)"', stale.text) == shown
    assert "Another person&#39;s card." in stale.text
    assert me.post(address, {"seen": "here", "method": "photo-id", "after": "0"}).status_code == 302
    # What is recorded already, by the first of two presses perhaps, is not recorded again.
    assert re.findall(r'name="after" value="(\d+)"', me.get(address).text) == shown
    page = me.get(f"/sittings/{made.sitting}").text
    assert "since 11:00" in page
    assert "very late" not in page
    assert ">Absent</strong>" in page


def test_whoever_is_very_late_is_admitted_by_a_tick(made: Room, me: Browser) -> None:
    made.admit("candidate")
    made.release()
    made.built.clock.advance(BEGINS_IN + timedelta(minutes=31))
    address = f"/sittings/{made.sitting}/roster/{made.entries['candidate.two']}"
    assert "data-very-late" in me.get(address).text
    form = {"seen": "here", "method": "known"}
    answer = me.post(address, form)
    assert beside(answer.text) == {"all_the_same": "W-VERYLATE"}
    assert me.post(address, form | {"all_the_same": "yes"}).status_code == 302
    assert "very late" in me.get(f"/sittings/{made.sitting}").text


def test_a_candidate_waits_and_no_byte_of_an_item_is_sent(made: Room, me: Browser) -> None:
    browser = Browser(made.built, "candidate")
    page = browser.get("/assessments").text
    assert {"E-SIGN", "E-ADMIT"} <= codes(page)
    made.enter("candidate")
    browser = Browser(made.built, "candidate")
    work = made.line("candidate").work
    assert work is not None
    attempt = work.attempt_id
    sent = []
    for path in (
        "/assessments",
        f"/attempts/{attempt}",
        f"/attempts/{attempt}/waiting",
        f"/attempts/{attempt}/waiting/state",
        f"/attempts/{attempt}/questions/1",
        f"/attempts/{attempt}/review",
        f"/attempts/{attempt}/result",
        f"/api/attempts/{attempt}/form",
        f"/api/attempts/{attempt}/time",
        f"/api/attempts/{attempt}/offers",
    ):
        answer = browser.get(path)
        sent.append((path, answer.text))
        if answer.status_code == 302:
            assert answer.location == f"/attempts/{attempt}/waiting"
    for path, form in (
        (f"/attempts/{attempt}/begin", {}),
        (f"/attempts/{attempt}/questions/1", {"answer": "1", "writer": "1", "sequence": "1"}),
        (f"/attempts/{attempt}/hand-in", {}),
        (f"/attempts/{attempt}/continue", {}),
        (f"/tests/{made.test}/attempts", {"affirmed": "yes"}),
    ):
        answer = browser.post(path, form)
        assert answer.status_code in {302, 403, 409}
        sent.append((path, answer.text))
    for who in (me, Browser(made.built, "tutor")):
        sent.append(("the room", who.get(f"/sittings/{made.sitting}").text))
    for path, text in sent:
        assert not any(secret in text for secret in SECRETS), path
    seen = Proposal("extra_time", "25", "", "Their school's letter, shown at the door.")
    acting, person = made.built.context("administrator"), made.built.persons["candidate"]
    assert isinstance(arrangements.arrange(acting, person, seen), int)
    page = browser.get(f"/attempts/{attempt}/waiting").text
    assert "37 minutes 30 seconds" in page
    assert "You are not admitted by an invigilator yet." in page
    assert "Look again" in page
    assert re.search(r"data-live-begin\s+hidden", page)
    with store.read() as session:
        assert session.get_one(Attempt, attempt).opened_at is None


def test_the_waiting_page_asks_again_and_hears_304_until_something_changes(made: Room) -> None:
    browser, attempt = sealed(made)
    address = f"/attempts/{attempt}/waiting/state"

    def ask(tag: str = "") -> tuple[int, dict[str, object], str]:
        answer = browser.get(address, headers=JSON | ({"If-None-Match": tag} if tag else {}))
        told = answer.json if answer.status_code == 200 else {}
        assert told is not None
        return answer.status_code, told, answer.headers.get("ETag", "")

    status, told, tag = ask()
    assert (status, told["begin_in"], told["moved"]) == (200, None, None)
    made.built.clock.advance(timedelta(seconds=2))
    assert ask(tag)[0] == 304
    made.admit("candidate")
    status, told, tag = ask(tag)
    assert status == 200
    assert "admitted by an invigilator" in str(told["texts"])
    assert told["begin_in"] is None
    made.release()
    made.built.clock.advance(-NOTICE)
    status, told, tag = ask(tag)
    assert (status, told["begin_in"]) == (200, NOTICE.total_seconds())
    made.built.clock.advance(timedelta(seconds=2))
    assert ask(tag)[0] == 304  # the moment is the same, only nearer
    made.built.clock.advance(NOTICE)
    status, told, _ = ask(tag)
    assert (status, told["begin_in"]) == (200, 0.0)
    answer = browser.post(f"/attempts/{attempt}/begin")
    assert answer.location == f"/attempts/{attempt}/questions/1"
    assert "Stem" in browser.get(answer.location).text
    assert ask()[1]["moved"] == f"/attempts/{attempt}"
    assert browser.get(f"/attempts/{attempt}/waiting").location == f"/attempts/{attempt}"


def test_without_a_script_the_page_shows_a_button_when_the_test_is_released(made: Room) -> None:
    made.admit("candidate")
    browser, attempt = sealed(made)
    answer = browser.post(f"/attempts/{attempt}/begin")
    assert answer.status_code == 403
    assert "Please wait" in answer.text
    made.release()
    page = browser.get(f"/attempts/{attempt}/waiting").text
    assert "Show the first question" in page
    assert not re.search(r"data-live-begin\s+hidden", page)
    assert browser.post(f"/attempts/{attempt}/begin").status_code == 302


def test_the_start_page_leads_to_the_waiting_room(made: Room) -> None:
    made.enter("candidate.two")  # another one: this one has not entered
    browser = Browser(made.built, "candidate")
    browser.post(f"/programmes/{made.built.programme}/statement", {"name": "Candidate"})
    acting = made.built.context("candidate")
    from assess.actions import programmes

    assert not isinstance(programmes.sign(acting, made.built.programme, 1, "Candidate"), Refused)
    page = browser.get("/assessments").text
    assert f"/tests/{made.test}/start" in page
    assert "Go to the waiting room" in page
    page = browser.get(f"/tests/{made.test}/start").text
    assert "What you wait for" in page
    assert "E-ADMIT" in codes(page)
    answer = browser.post(f"/tests/{made.test}/attempts", {"affirmed": "yes"})
    assert re.fullmatch(r"/attempts/\d+/waiting", answer.location)
    page = browser.get("/assessments").text
    assert 'data-state="waiting"' in page
    assert "E-OPEN-ATTEMPT" not in codes(page)


def test_the_sitting_s_page_hears_of_changes(made: Room, me: Browser) -> None:
    address = f"/sittings/{made.sitting}/state"
    first = me.get(address, headers=JSON)
    tag = first.headers["ETag"]
    assert me.get(address, headers=JSON | {"If-None-Match": tag}).status_code == 304
    made.enter("candidate")
    second = me.get(address, headers=JSON | {"If-None-Match": tag})
    assert first.json is not None
    assert second.json is not None
    entry = made.entries["candidate"]
    assert second.json["texts"][f"work-{entry}"] == "Waiting"
    assert second.json["texts"]["figure-waiting"] == "1"
    assert second.json["shape"] == first.json["shape"]
    made.admit("candidate")
    made.release()
    third = me.get(address, headers=JSON)
    assert third.json is not None
    assert third.json["shape"] != first.json["shape"]


def test_a_sitting_is_released_and_closed_by_pages(made: Room, me: Browser) -> None:
    place = f"/sittings/{made.sitting}"
    answer = me.post(f"{place}/release")
    assert (answer.status_code, codes(answer.text)) == (409, {"E-ADMIT"})
    assert me.get(f"{place}/report").location == place  # there is none yet
    made.admit("candidate")
    browser, attempt = sealed(made)
    asked = me.post(f"{place}/release")  # twenty minutes before its time
    assert "1 candidate is present and gets the first question at once." in asked.text
    assert "Not released" in me.get(place).text
    assert me.post(f"{place}/release", {"sure": "yes"}).location == place
    page = me.get(place).text
    assert "At 11:00, by Invigilator." in page
    assert "delivered in a few seconds" in page
    made.built.clock.advance(NOTICE)
    browser.post(f"/attempts/{attempt}/begin")
    me.post(f"{place}/release")  # from a page that a colleague has open since before
    page = me.get(place).text
    assert "The test was released before, at 11:00." in page
    assert "At work, until 11:30" in page
    told = dict(re.findall(r'"figure-(\w+)">(\d+)<', page))
    figures = ("all", "unset", "admitted", "waiting", "working", "done")
    assert [told[name] for name in figures] == ["2", "1", "1", "0", "1", "0"]
    answer = me.get(f"{place}/close")
    assert codes(answer.text) == {"E-OPEN"}
    answer = me.post(f"{place}/close", {"note": "<script>alert(1)</script>"})
    assert answer.status_code == 409
    assert "<script>alert" not in answer.text
    made.built.clock.advance(timedelta(minutes=31))
    entry = made.entries["candidate.two"]
    me = Browser(made.built, "invigilator")
    me.post(f"{place}/roster/{entry}", {"seen": "absent"})
    answer = me.post(f"{place}/close", {"note": "Quiet.\n<b>No</b> incident."})
    assert answer.location == f"{place}/report"
    page = me.get(answer.location).text
    for words in ("Quiet.", "&lt;b&gt;No&lt;/b&gt;", "time was up", "Did not begin", "photo card"):
        assert words in page
    assert re.findall(r"<dd>(\d+)</dd>", page) == ["2", "1", "0", "1", "0"]
    assert re.findall(r'scope="row"[^>]*>([^<]+)<', page) == ["Candidate", "Candidate Two"]
    assert page.count("11:00 by Invigilator") == 2  # set down and released
    assert me.get(f"{place}/close").location == f"{place}/report"
    assert "Its record is fixed." in me.get(f"{place}/roster/{entry}").text
    assert (
        me.get(f"{place}/roster").location == f"{place}/report"
    )  # nobody is to be chosen any more
    stale = me.post(f"{place}/roster/{entry}/take-off")
    assert codes(stale.text) == {"E-CLOSED"}  # and nothing about recording attendance
    assert (
        '<h1 class="govuk-heading-l">This sitting is closed</h1>' in me.post(f"{place}/close").text
    )
    page = me.get(place).text
    assert "Read the report" in page
    told = dict(re.findall(r'"figure-(\w+)">(\d+)<', page))
    assert [told[name] for name in ("waiting", "working", "done")] == ["0", "0", "1"]
    assert "Room 4" in me.get("/sittings").text


def test_the_report_names_every_attempt_of_who_sits_the_test_again_at_once(built: World) -> None:
    made = room(built, "candidate", cool_down_hours=())
    made.admit("candidate")
    made.release()
    built.test, sat = made.test, []
    programmes.sign(built.context("candidate"), built.programme, 1, "Candidate")
    for _ in range(2):
        device = built.log_in("candidate")
        sat.append(built.start(device))
        given = timekeeping.credit(made.invigilator, sat[-1], 300, "They waited for a chair.")
        assert given is None
        built.hand_in(device, sat[-1])
        publish(built, minutes=45, cool_down_hours=())  # the second is sat in this version
    assert isinstance(made.close(), int)
    with store.read() as session:
        fixed = rows.report(session, made.sitting)
    assert fixed is not None
    assert fixed.document["test"]["version"] == 2
    (line,) = fixed.document["roster"]
    assert [*(one["attempt"] for one in line["earlier"]), line["attempt"]] == sat
    shown = Browser(built, "invigilator").get(f"/sittings/{made.sitting}/report").text
    assert shown.count(", handed in") == 2
    clocks = shown.partition('id="clocks"')[2]
    assert clocks.count("Time given: 5 minutes") == clocks.count("They waited for a chair.") == 2
    assert clocks.count(", Invigilator") == 2


def test_nobody_sees_the_sitting_in_which_they_sit(built: World) -> None:
    from assess.actions import programmes

    both = built.add("both", Role.INVIGILATOR, Role.CANDIDATE)
    programmes.register(built.context(), built.programme, both, built.persons["tutor"], "Group one")
    made = room(built, "both", "candidate")
    browser = Browser(built, "both")
    place = f"/sittings/{made.sitting}"
    entry = made.entries["candidate"]
    for path in ("", "/state", "/roster", f"/roster/{entry}", f"/roster/{entry}/time", "/close"):
        answer = browser.get(place + path)
        assert (answer.status_code, codes(answer.text)) == (403, {"E-SELF"})
        assert "Candidate</th>" not in answer.text
    for path in ("/release", "/roster", f"/roster/{entry}", f"/roster/{entry}/take-off", "/close"):
        assert browser.post(place + path, {"seen": "absent"}).status_code == 403
    stopping = {"deed": "pause", "words": "The alarm rang for ten minutes."}
    answer = browser.post(f"{place}/roster/{entry}/time", stopping)
    assert (answer.status_code, codes(answer.text)) == (403, {"E-SELF"})


def test_an_entry_of_another_sitting_is_not_found(made: Room, me: Browser) -> None:
    made.built.clock.advance(timedelta(minutes=1))
    other = room(made.built)  # at another time than the first
    address = f"/sittings/{other.sitting}/roster/{made.entries['candidate']}"
    assert me.get(address).status_code == 404
    assert me.post(address, {"seen": "absent"}).status_code == 404
    assert me.post(f"{address}/take-off").status_code == 404
    assert me.get(f"{address}/time").status_code == 404
    stopping = {"deed": "pause", "words": "The alarm rang for ten minutes."}
    assert me.post(f"{address}/time", stopping).status_code == 404
    mine = f"/sittings/{made.sitting}/roster/{made.entries['candidate']}/time"
    assert me.get(mine).status_code == 200
    assert codes(me.post(mine, stopping).text) == {"E-STATE"}  # nothing has begun


def test_an_author_says_on_the_form_that_a_test_is_sat_in_a_room(built: World) -> None:
    author = Browser(built, "author")
    address = f"/tests/{built.test}/specification"
    page = author.get(address).text
    ticked = re.findall(r'<input[^>]*name="(\w+)"[^>]*checked', page)
    assert "approval" in ticked
    assert "invigilated" not in ticked
    form = {
        "title": "First test",
        "programme": "Small award",
        "minutes": "30",
        "cut": "3",
        "attempts": "3",
        "cool_down_hours": "48",
        "approval_days": "14",
        "feedback": "wrong",
        "shuffle_questions": "yes",
        "invigilated": "yes",
        "count:award/U1/1": "2",
        "count:award/U1/2": "2",
    }
    assert author.post(address, form).status_code == 302
    with store.read() as session:
        test = specifications.get(session, built.centres["here"], built.test)
    assert test is not None
    assert test.gates == ["invigilated"]
    page = author.get(address).text
    assert "invigilated" in re.findall(r'<input[^>]*name="(\w+)"[^>]*checked', page)


def test_without_the_room_there_are_no_pages_of_it(database_url: str) -> None:
    app = worlds.pages(Settings.for_tests(database_url=database_url, room=False))
    assert not any(rule.rule.startswith("/sittings") for rule in app.url_map.iter_rules())
    assert app.extensions["assess.gates"] == {}

"""The door and one's own account: log-in and its lock, sessions, passwords, hostile input."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

import assess
from assess import store
from assess.actions import people, timekeeping
from assess.clock import HeldClock
from assess.reasons import Refused
from assess.roles import Role
from assess.store.journal import JournalEntry
from assess.web import again as kept
from assess.web.account import devices
from tests.builders import PASSWORD, World
from tests.web.candidate_builders import TOKEN, Browser, Player, codes, started

if TYPE_CHECKING:
    from werkzeug.test import TestResponse


NEW = "quiet-lamp-under-the-stairs"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
EDGE = CHROME + " Edg/126.0.2592.87"

# What differs between databases is tested with the deeds, except the lock, which counts there.


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


def opened(here: World) -> Browser:
    """A browser at the log-in page, with its token."""
    browser = Browser(here, None)
    browser._token = browser.token_of("/login")
    return browser


def at_the_door(
    here: World, who: str, password: str, browser: Browser | None = None
) -> TestResponse:
    """One try to log in; the answer."""
    return (browser or opened(here)).post("/login", {"username": who, "password": password})


def logged_in(here: World, who: str, device: str, password: str = PASSWORD) -> Browser:
    """A browser of this kind in which somebody is logged in."""
    browser = opened(here)
    answer = browser.post(
        "/login",
        {"username": who, "password": password},
        headers={"User-Agent": device},
    )
    assert answer.status_code == 302, answer.text
    browser._token = browser.token_of("/account")
    return browser


def is_out(browser: Browser) -> bool:
    """Whether this browser is not logged in any more."""
    answer = browser.get("/account")
    return answer.status_code == 302 and answer.location.startswith("/login")


def test_the_log_in_leads_to_the_start_page(here: World) -> None:
    page = Browser(here, None).get("/login")
    assert page.status_code == 200
    assert 'autocomplete="current-password"' in page.text
    assert "Error" not in page.text
    answer = at_the_door(here, "  Candidate ", PASSWORD)
    # One page is all that a candidate comes for; who holds more roles begins at the page of all.
    assert (answer.status_code, answer.location) == (302, "/assessments")
    answer = at_the_door(here, "tutor", PASSWORD)
    assert (answer.status_code, answer.location) == (302, "/")


def test_somebody_who_is_logged_in_is_not_asked_again(here: World) -> None:
    me = Browser(here, "candidate")
    answer = me.get("/login?next=/account")
    assert (answer.status_code, answer.location) == (302, "/account")


def test_a_wrong_name_and_a_wrong_password_look_the_same(here: World) -> None:
    def said(who: str) -> str:
        answer = at_the_door(here, who, "wrong")
        assert answer.status_code == 403
        text = TOKEN.sub("", answer.text.replace(who, "NAME"))
        return re.sub(r'nonce="[^"]*"', "", text)

    known, unknown = said("candidate"), said("nobody.at.all")
    assert known == unknown
    assert codes(known) == {"E-LOGIN"}
    assert "<title>Error: Log in" in known
    assert "The log-in name or the password is not right." in known


def test_a_closed_account_looks_like_a_wrong_password(here: World) -> None:
    assert people.set_active(here.context(), here.persons["candidate"], False) is None
    answer = at_the_door(here, "candidate", PASSWORD)
    assert answer.status_code == 403
    assert codes(answer.text) == {"E-LOGIN"}


@pytest.mark.parametrize("who", ["candidate", "nobody.at.all"])
def test_the_sixth_try_is_locked_for_a_quarter_of_an_hour(here: World, who: str) -> None:
    browser = opened(here)
    for _ in range(5):
        assert at_the_door(here, who, "wrong", browser).status_code == 403
    with store.read() as session:
        knocked = select(JournalEntry.event, JournalEntry.facts).where(
            JournalEntry.event.startswith("login:")
        )
        entries = [(event, facts["failures"]) for event, facts in session.execute(knocked)]
    assert sorted(entries) == [*(("login:fail", n) for n in range(1, 5)), ("login:lock", 5)]
    answer = at_the_door(here, who.upper(), PASSWORD, browser)
    assert answer.status_code == 423
    assert codes(answer.text) == {"E-LOGIN-LOCK"}
    assert "You can try again from Monday 2 March 2026 at 11:15." in answer.text
    here.clock.advance(timedelta(minutes=15, seconds=-1))
    assert at_the_door(here, who, PASSWORD, browser).status_code == 423
    here.clock.advance(timedelta(seconds=1))
    answer = at_the_door(here, who, PASSWORD, browser)
    assert answer.status_code == (302 if who == "candidate" else 403)


def test_a_lock_tells_the_time_of_the_service_before_a_centre_is_known(
    here: World, clock: HeldClock
) -> None:
    clock.set(clock.now().replace(month=7))
    for _ in range(5):
        at_the_door(here, "candidate", "wrong")
    assert "Thursday 2 July 2026 at 12:15" in at_the_door(here, "candidate", PASSWORD).text


def test_the_lock_of_one_name_does_not_touch_another(here: World) -> None:
    for _ in range(6):
        at_the_door(here, "candidate", "wrong")
    assert at_the_door(here, "tutor", PASSWORD).status_code == 302


def test_a_log_in_that_succeeds_begins_the_count_anew(here: World) -> None:
    for _ in range(2):
        for _ in range(4):
            assert at_the_door(here, "candidate", "wrong").status_code == 403
        assert at_the_door(here, "candidate", PASSWORD).status_code == 302
        assert at_the_door(here, "tutor", "wrong").status_code == 403
    for _ in range(3):  # whose count nobody else's log-in has ended
        assert at_the_door(here, "tutor", "wrong").status_code == 403
    assert at_the_door(here, "tutor", PASSWORD).status_code == 423


def test_a_refused_log_in_has_a_shape_for_machines(here: World) -> None:
    browser = opened(here)
    answer = browser.send("/login", {"username": "candidate", "password": "wrong"})
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["code"] == "E-LOGIN"


ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\r\nX-Evil: 1",
    "//[",
    "javascript:alert(1)",
    "evil",
    "",
    "/\u202ex",
)


def test_the_log_in_never_leads_to_another_place(here: World) -> None:
    for goal in ELSEWHERE:
        answer = opened(here).post(
            "/login",
            {"username": "candidate", "password": PASSWORD},
            query_string={"next": goal},
        )
        assert (answer.status_code, answer.location) == (302, "/assessments"), goal
        assert "X-Evil" not in answer.headers


def test_the_log_in_leads_back_to_where_one_wanted_to_go(here: World) -> None:
    answer = Browser(here, None).get("/people?q=ann&page=2")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/people?q%3Dann%26page%3D2"
    browser = opened(here)
    answer = browser.post(answer.location, {"username": "administrator", "password": PASSWORD})
    assert answer.location == "/people?q=ann&page=2"
    # So it does where a session has ended by itself; but what one had open is of no use to another.
    here.clock.advance(timedelta(hours=1))
    left = browser.get("/people?q=ann").location
    browser._token = browser.token_of(left)
    for who, goal in (("tutor", "/"), ("administrator", "/people?q=ann")):
        with browser._client.session_transaction() as cookie:
            before = dict(cookie)
        answer = browser.post(left, {"username": who, "password": PASSWORD})
        assert answer.location == goal
        with browser._client.session_transaction() as cookie:
            cookie.clear()
            cookie.update(before)


def test_somebody_who_is_not_logged_in_can_send_nothing(here: World) -> None:
    browser = opened(here)
    for path in ("/logout", "/account/password", "/account/sessions/end-others"):
        answer = browser.post(path)
        assert answer.status_code == 403
        assert codes(answer.text) == {"E-SIGNED-OUT"}
    assert browser.send("/account/password", {}).status_code == 403


def test_what_was_written_while_the_session_ended_can_be_sent_after_logging_in(here: World) -> None:
    me = Browser(here, "administrator")
    written = {"name": 'A "new" programme', "framework": "", "token": "kept" * 200}
    path, ours = "/programmes/new", {"Sec-Fetch-Site": "same-origin"}

    def hidden(page: str) -> dict[str, str]:
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
        return {name: unescape(text) for name, text in found}

    def shown(page: str) -> str:
        return unescape(
            re.sub("<[^>]+>", "", page.partition("data-again>")[2].partition("</dl>")[0])
        )

    old = me._token
    me.post("/logout")
    for answer in (me.post(path, written, headers={"Sec-Fetch-Site": "cross-site"}), me.post(path)):
        assert "Send it again" not in answer.text
    lost = me.post(path, written, headers=ours)
    assert codes(lost.text) == {"E-SIGNED-OUT"}
    assert {n: t for n, t in hidden(lost.text).items() if n != "csrf_token"} == written
    assert shown(lost.text).split() == ["Name", "A", '"new"', "programme", "Token", "kept" * 200]
    assert "in your name" not in lost.text
    me.post(
        "/login",
        {"csrf_token": me.token_of("/login"), "username": "administrator", "password": PASSWORD},
    )
    stale = me.post(path, written | {"csrf_token": old}, headers=ours)
    assert codes(stale.text) == {"E-CSRF"}
    assert "in your name, Administrator:" in stale.text
    sent = me.post(path, hidden(stale.text), headers=ours)
    assert 'value="A &#34;new&#34; programme"' in sent.text  # the form, which asks for a framework
    secret = me.post("/account/password", {"csrf_token": old, "new": "a b c"}, headers=ours)
    assert "a b c" not in secret.text


def test_what_was_written_for_a_deed_that_cannot_be_done_is_there_to_be_copied(here: World) -> None:
    me, ours = Browser(here, "administrator"), {"Sec-Fetch-Site": "same-origin"}
    page, written = "http://localhost/holds", "The letter came <back>\nunopened."
    form = {"lifting": written, "text-0": "An option.", "text": "username,name", "go": "lift"}
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):
        assert "unopened" not in me.post("/holds/999/lift", form, headers=headers).text
    lost = me.post("/holds/999/lift", form, headers=ours | {"Referer": page})
    assert (lost.status_code, codes(lost.text)) == (404, {"E-NOT-FOUND"})
    told = re.findall("<dd.*?</dd>", lost.text.partition("data-again>")[2], re.DOTALL)
    assert [unescape(re.sub("<[^>]+>", "", one)) for one in told] == [written, "An option."]
    assert "Send it again" not in lost.text
    assert f'href="{page}"' in lost.text
    assert "unopened" not in me.post("/account/password", {"reason": written}, headers=ours).text


AREAS = re.compile(
    r'(?:govukTextarea|counted)\(\{[^{}]*"name": "([\w-]+)"'
    r'|paragraph\("([\w-]+)"|<textarea[^>]* name="([\w-]+)'
)
ALWAYS_AGAIN = frozenset({"receipt", "enemies", "resources", "feedback_reason"})
"""Text areas of forms that every refusal shows again."""


def test_every_text_area_holds_what_is_kept_when_a_deed_cannot_be_done() -> None:
    root = Path(assess.__file__).parents[1]
    pages = [page for of in ("assess", "invigilation") for page in (root / of).rglob("*.html")]
    found = {"".join(names) for page in pages for names in AREAS.findall(page.read_text("utf-8"))}
    assert found - kept.WRITTEN == ALWAYS_AGAIN


def test_a_refusal_leads_back_to_the_page_whose_form_was_sent(here: World) -> None:
    me = Browser(here, "administrator")
    for page, leads in (
        ("http://localhost/people?q=an", True),
        ("http://localhost/people/import/do", False),  # nobody opens it, a form is sent there
        ("http://elsewhere/people", False),
        ("http://[", False),
    ):
        text = me.post("/people/999/activate", headers={"Referer": page}).text
        assert ("Go back to the page before" in text) == leads, page
        assert (f'href="{page}"' in text) == leads


def test_logging_out_ends_the_session_on_the_server(here: World) -> None:
    me = Browser(here, "candidate")
    kept = me._client.get_cookie("assess")
    assert kept is not None
    answer = me.post("/logout")
    assert (answer.status_code, answer.location) == (302, "/login")
    assert "You are logged out." in me.get("/login").text
    thief = Browser(here, None)
    thief._client.set_cookie("assess", kept.value)
    assert is_out(thief)


def test_the_account_shows_who_one_is_and_where_one_is_logged_in(here: World) -> None:
    here.clock.advance(timedelta(minutes=-20))
    logged_in(here, "candidate", SAFARI)
    here.clock.advance(timedelta(minutes=20))
    me = logged_in(here, "candidate", CHROME)
    page = me.get("/account").text
    for words in ("Candidate", "candidate", "Here", "Chrome on Windows", "Safari on an iPhone"):
        assert words in page
    assert page.count("This device") == 1
    assert page.index("Chrome on Windows") < page.index("Safari on an iPhone")
    assert "Monday 2 March 2026 at 10:40" in page


def test_one_session_can_be_ended_and_all_others(here: World) -> None:
    me, phone, library = (logged_in(here, "candidate", d) for d in (CHROME, SAFARI, FIREFOX))
    other = re.search(
        r'Safari on an iPhone.*?action="(/account/sessions/\d+/end)"',
        me.get("/account").text,
        re.DOTALL,
    )
    assert other is not None
    assert me.post(other.group(1)).status_code == 302
    assert is_out(phone)
    assert not is_out(library)
    assert me.post(other.group(1)).status_code == 302  # out is out, whoever pressed first
    assert library.post(other.group(1).replace("/end", "0/end")).status_code == 404
    assert me.post("/account/sessions/end-others").status_code == 302
    assert is_out(library)
    assert "all other devices" in me.get("/account").text


def test_nobody_ends_somebody_elses_session(here: World) -> None:
    victim = logged_in(here, "tutor", CHROME)
    me = logged_in(here, "candidate", CHROME)
    for number in range(6):
        me.post(f"/account/sessions/{number}/end")
        if is_out(me):
            me = logged_in(here, "candidate", CHROME)
    assert not is_out(victim)
    answer = me.post(f"/account/sessions/{10**30}/end")
    assert answer.status_code == 404


def test_a_session_that_ran_out_is_not_listed_any_more(here: World) -> None:
    logged_in(here, "candidate", SAFARI)
    here.clock.advance(timedelta(minutes=60))
    page = logged_in(here, "candidate", CHROME).get("/account").text
    assert "iPhone" not in page


def test_a_session_that_ran_out_stays_over_when_its_owner_begins_a_test_elsewhere(
    here: World,
) -> None:
    library = logged_in(here, "candidate", FIREFOX)
    here.clock.advance(timedelta(minutes=60))
    assert is_out(library)
    home = Browser(here, "candidate")
    attempt = started(here, home)
    assert is_out(library)
    assert library.get(f"/attempts/{attempt}/questions/1").status_code == 302
    assert "Firefox" not in home.get("/account").text
    # The one that began the test does not end while it lasts.
    here.clock.advance(timedelta(minutes=29))
    phone = logged_in(here, "candidate", SAFARI)
    assert not is_out(phone)
    # While its clock stands it may be forgotten, and keeps no device open for good.
    stopped = here.context("invigilator")
    assert timekeeping.pause(stopped, attempt, "The alarm has rung.") is None
    for hours, over in ((11, False), (1, True)):
        here.clock.advance(timedelta(hours=hours))
        assert is_out(phone) == over
    phone = logged_in(here, "candidate", SAFARI)
    assert timekeeping.resume(here.context("invigilator"), attempt, "All are back again.") is None
    assert phone.get(f"/attempts/{attempt}/questions/1").status_code == 200


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (CHROME, ("Chrome", "Windows")),
        (EDGE, ("Edge", "Windows")),
        (FIREFOX, ("Firefox", "Linux")),
        (SAFARI, ("Safari", "an iPhone")),
        ("Mozilla/5.0 (Macintosh) SEB/3.4", ("Safe Exam Browser", "a Mac")),
        ("<script>Windows", (None, "Windows")),
        ("curl/8.5.0", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_browser_is_named_in_plain_words(
    device: str, said: tuple[str | None, str | None]
) -> None:
    assert (devices.browser(device), devices.system(device)) == said


def test_a_browser_that_calls_itself_something_odd_is_an_unknown_browser(here: World) -> None:
    assert "Unknown browser" in logged_in(here, "candidate", "curl/8.5.0").get("/account").text
    page = logged_in(here, "candidate", "<script>Windows").get("/account").text
    assert "Unknown browser on Windows" in page
    assert "<script>Windows" not in page


def test_the_rules_of_a_password_are_said_before(here: World) -> None:
    page = Browser(here, "candidate").get("/account/password").text
    assert "at least 10 characters" in page
    assert page.count('autocomplete="new-password"') == 2
    for field in ("Present password", "New password", "New password again"):
        assert f'aria-label="Show: {field}"' in page
    assert codes(page) == set()


BAD_PASSWORDS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("wrong", NEW, NEW, {"old": "E-PASSWORD"}),
    ("wrong", "short", "short", {"old": "E-PASSWORD", "new": "E-PASSWORD-WEAK"}),
    (PASSWORD, "short", "short", {"new": "E-PASSWORD-WEAK"}),
    (PASSWORD, "passwordpassword", "passwordpassword", {"new": "E-PASSWORD-WEAK"}),
    (PASSWORD, "candidate2026", "candidate2026", {"new": "E-PASSWORD-WEAK"}),
    (PASSWORD, "x y" * 100, "x y" * 100, {"new": "E-PASSWORD-WEAK"}),
    (PASSWORD, PASSWORD, PASSWORD, {"new": "E-PASSWORD-WEAK"}),
    (PASSWORD, NEW, NEW + "x", {"again": "E-PASSWORD"}),
    (PASSWORD, "", "", {"new": "E-PASSWORD-WEAK"}),
    ("", "", "x", {"again": "E-PASSWORD"}),
)


def test_a_password_that_cannot_be_taken_says_why_beside_its_field(here: World) -> None:
    me = Browser(here, "candidate")
    for old, new, again, beside in BAD_PASSWORDS:
        answer = me.post("/account/password", {"old": old, "new": new, "again": again})
        assert answer.status_code == 422
        assert "<title>Error: Change your password" in answer.text
        found = dict(re.findall(r'id="(\w+)-error" class="[^"]*" data-code="([^"]+)"', answer.text))
        assert found == beside, new
        assert all(f'href="#{field}"' in answer.text for field in beside)
        for secret in (old, new, again):
            assert len(secret) < 6 or f'value="{secret}"' not in answer.text
    assert at_the_door(here, "candidate", PASSWORD).status_code == 302


def test_the_old_password_is_guessed_no_more_often_than_at_the_door(here: World) -> None:
    me = Browser(here, "candidate")
    told = [
        me.post("/account/password", {"old": old, "new": NEW, "again": NEW})
        for old in (*(f"guess {n}" for n in range(5)), PASSWORD)
    ]
    assert [answer.status_code for answer in told] == [422] * 5 + [423]
    assert re.search(r'id="old-error" class="[^"]*" data-code="E-LOGIN-LOCK"', told[-1].text)
    assert at_the_door(here, "candidate", PASSWORD).status_code == 423
    here.clock.advance(timedelta(minutes=15))
    answer = me.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert answer.status_code == 302


def test_a_refused_password_has_a_shape_for_machines(here: World) -> None:
    me = Browser(here, "candidate")
    answer = me.send("/account/password", {"old": PASSWORD, "new": "short", "again": "other"})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["reasons"][0]["what"] == "The two new passwords are not the same."


def test_a_new_password_ends_all_other_sessions(here: World) -> None:
    me, phone = (logged_in(here, "candidate", d) for d in (CHROME, SAFARI))
    answer = me.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert (answer.status_code, answer.location) == (302, "/account")
    assert is_out(phone)
    assert not is_out(me)
    assert at_the_door(here, "candidate", PASSWORD).status_code == 403
    assert at_the_door(here, "candidate", NEW).status_code == 302


def test_a_new_password_puts_a_copied_cookie_out_and_keeps_what_is_open(here: World) -> None:
    me, thief = Browser(here, "candidate"), Browser(here, None)
    player = Player(here, me, started(here, me))
    player.fetch()
    cookie = me._client.get_cookie("assess")
    assert cookie is not None
    thief._client.set_cookie("assess", cookie.value)
    assert not is_out(thief)
    answer = me.post("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert answer.status_code == 302
    assert is_out(thief)
    assert not is_out(me)
    # The page of the test has the form token and the session that it had; what waits on the
    # device is taken, and the form is there to go on.
    assert player.journal((1, 1, [2])) == ["saved"]
    assert player.fetch()["answers"] == {"1": {"sequence": 1, "answer": [2]}}


def test_with_a_first_password_one_can_only_choose_ones_own(here: World) -> None:
    added = people.add(here.context(), "Ann Lee", "ann", [Role.ADMINISTRATOR, Role.CANDIDATE])
    assert not isinstance(added, Refused)
    browser = opened(here)
    answer = browser.post("/login", {"username": "ann", "password": added.password})
    assert answer.status_code == 302
    for path in ("/", "/account", "/people", "/people/new", "/assessments", "/login"):
        answer = browser.get(path)
        assert answer.status_code == 302, path
        assert answer.location in {"/account/password", "/"}, path
    browser._token = browser.token_of("/account/password")
    assert "Somebody else knows the password" in browser.get("/account/password").text
    answer = browser.post("/people/new", {"name": "X", "username": "x", "roles": "candidate"})
    assert answer.location == "/account/password"
    mine = {"old": added.password, "new": NEW, "again": NEW}
    assert browser.post("/account/password", mine).location == "/"
    assert "Hello Ann Lee" in browser.get("/").text


def test_hostile_input_at_the_door_is_answered_calmly(here: World) -> None:
    browser = opened(here)
    answer = at_the_door(here, '"><script>alert(1)</script>', "x", browser)
    assert answer.status_code == 403
    assert "<script>alert" not in answer.text
    assert "<script>alert(1)</script>" in unescape(answer.text)
    assert at_the_door(here, "a" * 30_000, "b" * 30_000, browser).status_code == 403
    answer = at_the_door(here, "a\0b", "x", browser)
    assert answer.status_code == 400
    assert codes(answer.text) == {"E-NUL"}
    assert Browser(here, None).get("/login?next=%00").status_code == 400
    assert at_the_door(here, "a" * 2_000_000, "x", browser).status_code == 413
    assert browser.post("/login", {}).status_code == 403
    assert "'; DROP" in unescape(at_the_door(here, "'; DROP TABLE people", "x").text)


def test_a_form_without_its_token_is_not_taken(here: World) -> None:
    browser = Browser(here, None)
    answer = browser.post("/login", {"username": "candidate", "password": PASSWORD})
    assert answer.status_code == 403
    assert codes(answer.text) == {"E-CSRF"}
    assert browser.get("/account").status_code == 302

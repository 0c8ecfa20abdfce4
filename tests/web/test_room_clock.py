"""The page of one candidate's clock: which form does what, and what a stale page does not."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from assess import store
from assess.store.ledger import TimeLine
from invigilation.sittings import NOTICE
from tests.builders import World
from tests.rooms import BEGINS_IN, room
from tests.web.candidate_builders import Browser, codes

WHY = "The alarm rang for ten minutes."


def clock_of(built: World) -> tuple[Browser, str]:
    """An invigilator, and the address of the clock of a candidate at work."""
    made = room(built, "candidate", "candidate.two")  # who is not the first on the roster
    made.admit("candidate.two")
    made.enter("candidate.two")
    made.release()
    built.clock.advance(BEGINS_IN + NOTICE)
    candidate = Browser(built, "candidate.two")
    work = made.line("candidate.two").work
    assert work is not None
    assert candidate.post(f"/attempts/{work.attempt_id}/begin").status_code == 302
    entry = made.entries["candidate.two"]
    return Browser(built, "invigilator"), f"/sittings/{made.sitting}/roster/{entry}/time"


def forms(page: str) -> list[str]:
    """The forms of the page's main part."""
    return re.findall(r"<form.*?</form>", page.partition("<main")[2], re.DOTALL)


def test_enter_in_the_field_of_the_minutes_gives_them_and_stops_no_clock(built: World) -> None:
    me, clock = clock_of(built)
    page = me.get(clock)
    assert page.status_code == 200
    (giving,) = [form for form in forms(page.text) if 'name="minutes"' in form]
    # Enter presses the first button of the field's form.
    assert re.findall(r'value="(pause|rest|resume|credit)"', giving) == ["credit"]


def test_the_same_minutes_are_given_once_whoever_else_gives_them(built: World) -> None:
    me, clock = clock_of(built)
    found = re.search(r'name="seen" value="(\d+)"', me.get(clock).text)
    assert found is not None
    form = {"deed": "credit", "minutes": "10", "words": WHY, "seen": found[1]}
    assert me.post(clock, form).status_code == 302
    mistaken = me.post(clock, form | {"words": "Why"})
    assert (mistaken.status_code, f'name="seen" value="{found[1]}"' in mistaken.text) == (422, True)
    again = me.post(clock, form)
    assert again.status_code == 409
    assert codes(again.text) == {"E-CHANGED"}
    assert WHY in again.text.split('id="words"')[1]
    fresh = re.search(r'name="seen" value="(\d+)"', again.text)
    assert fresh is not None
    assert int(fresh[1]) == int(found[1]) + 1
    built.clock.advance(timedelta(seconds=1))
    assert me.post(clock, form | {"seen": fresh[1]}).status_code == 302


def test_no_clock_is_stopped_twice_or_started_from_a_page_that_is_out_of_date(
    built: World,
) -> None:
    me, clock = clock_of(built)

    def shown() -> dict[str, str]:
        """What the form to stop or start says that its reader has seen."""
        (form,) = [f for f in forms(me.get(clock).text) if "stop-or-start" in f]
        return dict(re.findall(r'name="(seen)" value="(\d+)"', form))

    running = shown()
    assert me.post(clock, {"deed": "pause", "words": WHY} | running).status_code == 302
    standing = shown()
    again = me.post(clock, {"deed": "rest", "words": "A break by arrangement."} | running)
    assert (again.status_code, codes(again.text)) == (409, {"E-CHANGED"})
    assert "A break by arrangement." in again.text.split('id="words"')[1]
    assert "Let the clock run again" in again.text
    for deed in ("resume", "pause"):
        assert me.post(clock, {"deed": deed, "words": WHY} | shown()).status_code == 302
    stale = me.post(clock, {"deed": "resume", "words": WHY} | standing)
    assert (stale.status_code, codes(stale.text)) == (409, {"E-CHANGED"})
    assert "Let the clock run again" in stale.text


def test_each_button_does_its_own_deed_and_says_so(built: World) -> None:
    me, clock = clock_of(built)
    for deed, said in (
        ("pause", "The clock of Candidate Two stands still."),
        ("resume", "The clock of Candidate Two runs again."),
        ("rest", "The rest break of Candidate Two has begun."),
        ("credit", "Candidate Two has more time."),
    ):
        built.clock.advance(timedelta(minutes=1))
        answer = me.post(clock, {"deed": deed, "minutes": "7", "words": WHY})
        assert answer.location == clock
        assert said in me.get(clock).text
    page = me.get(clock.partition("/roster")[0]).text
    assert "Paused" in page
    assert 'data-live-text="figure-working">1<' in page  # resting or not, nobody has finished
    for deed, minutes, why, fields in (
        ("stop", "7", WHY, ["deed"]),
        ("credit", "12345", WHY, ["minutes"]),
        ("credit", "ten", WHY, ["minutes"]),
        ("credit", "7", "", ["words"]),
    ):
        answer = me.post(clock, {"deed": deed, "minutes": minutes, "words": why})
        assert answer.status_code == 422
        assert re.findall(r'href="#(deed|minutes|words)"', answer.text) == fields
    with store.read() as session:
        lines = session.scalars(select(TimeLine).order_by(TimeLine.id)).all()
    assert [(line.entry, line.seconds) for line in lines] == [
        ("base", 1800), ("pause", 0), ("resume", 0), ("rest", 0), ("credit", 420),
    ]  # fmt: skip

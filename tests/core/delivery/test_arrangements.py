"""Which arrangements may be recorded, and how much extra time do they give?"""

from __future__ import annotations

from datetime import date

import pytest

from assess.delivery import arrangements, timing
from assess.delivery.arrangements import Arranged, Kind, Proposal

TODAY = date(2026, 3, 2)
SEEN = "Letter of the educational psychologist, in the file."


def whys(proposal: Proposal, approver: int | None = 2) -> list[tuple[object, object]]:
    """Field and cause of each reason."""
    found = arrangements.why_not_record(proposal, 1, approver, TODAY)
    return [(r.values["field"], r.values["what"]) for r in found]


@pytest.mark.parametrize(
    "proposal",
    [
        Proposal("extra_time", "25", "", SEEN),
        Proposal("extra_time", " 25 % ", "", SEEN),
        Proposal("rest_breaks", " 15 ", "", SEEN),
        Proposal("rest_breaks", "120", "Ten minutes in each hour.", SEEN),
        Proposal("colours", "cream", "", SEEN),
        Proposal("text_size", "larger", "", SEEN),
        Proposal("reader", "", "", SEEN),
        Proposal("separate_room", "", "", SEEN, TODAY, TODAY),
        Proposal("language", "bfi", "", SEEN),
    ],
)
def test_every_kind_can_be_recorded(proposal: Proposal) -> None:
    assert whys(proposal) == []


@pytest.mark.parametrize(
    ("proposal", "found"),
    [
        (Proposal("", "", "", SEEN), [("kind", "empty")]),
        (Proposal("massage", "", "", SEEN), [("kind", "unknown")]),
        (Proposal("extra_time", "0", "", SEEN), [("percent", "range")]),
        (Proposal("extra_time", "101", "", SEEN), [("percent", "range")]),
        (Proposal("extra_time", "٢٥", "", SEEN), [("percent", "range")]),
        (Proposal("extra_time", "12.5", "", SEEN), [("percent", "range")]),
        (Proposal("colours", "", "", SEEN), [("colours", "empty")]),
        (Proposal("colours", "mauve", "", SEEN), [("colours", "unknown")]),
        (Proposal("rest_breaks", "", "Ten minutes.", SEEN), [("minutes", "range")]),
        (Proposal("rest_breaks", "0", "", SEEN), [("minutes", "range")]),
        (Proposal("rest_breaks", "121", "", SEEN), [("minutes", "range")]),
        (Proposal("reader", "", "", "seen"), [("evidence", "short")]),
        (Proposal("reader", "", "x" * 2001, SEEN), [("words", "long")]),
        (Proposal("reader", "", "", SEEN, TODAY, date(2026, 3, 1)), [("ends", "before_start")]),
    ],
)
def test_what_is_wrong_is_said_of_its_field(
    proposal: Proposal, found: list[tuple[str, str]]
) -> None:
    assert whys(proposal) == found


def test_nobody_approves_their_own_arrangement() -> None:
    assert whys(Proposal("reader", "", "", SEEN), approver=1) == [("kind", "own_arrangement")]
    assert whys(Proposal("reader", "", "", SEEN), approver=None) == []


def test_extra_time_is_what_the_arrangement_in_force_says() -> None:
    assert arrangements.extra_percent([]) == 0
    found = [Arranged(Kind.READER, ""), Arranged(Kind.EXTRA_TIME, "25")]
    assert arrangements.extra_percent(found) == 25
    assert timing.seconds_allowed(30, 25) == 37 * 60 + 30


def test_rest_breaks_are_what_the_arrangement_in_force_says_in_minutes() -> None:
    of_the_room = Arranged(Kind.REST_BREAKS, "")  # from before minutes were recorded
    assert arrangements.rest_seconds([of_the_room, Arranged(Kind.EXTRA_TIME, "25")]) == 0
    assert arrangements.rest_seconds([Arranged(Kind.REST_BREAKS, "15")]) == 900
    assert [r.values["what"] for r in arrangements.why_no_rest(0, 0)] == ["none"]
    assert [r.values["what"] for r in arrangements.why_no_rest(900, 0)] == ["used"]
    assert arrangements.why_no_rest(900, 1) == ()

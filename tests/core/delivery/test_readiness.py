"""Who may approve, on what basis, and how long it holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assess.delivery import readiness
from assess.delivery.readiness import TITLES, BasisKind
from assess.reasons import Code

WORDS = "Scored 12 of 14 in practice."


def why(
    tutor: int = 5, kinds: tuple[str, ...] = ("practice",), words: str = WORDS
) -> list[tuple[Code, object]]:
    found = readiness.why_not_approve(tutor, 9, {5, 6}, kinds, words)
    return [(reason.code, reason.values.get("what")) for reason in found]


def test_a_tutor_with_a_basis_may_approve() -> None:
    assert why() == []
    assert why(kinds=tuple(BasisKind)) == []


def test_nobody_approves_themselves_even_as_their_own_tutor() -> None:
    assert why(tutor=9) == [(Code.SELF, None)]
    found = readiness.why_not_approve(9, 9, {9}, {"practice"}, WORDS)
    assert [reason.code for reason in found] == [Code.SELF]


def test_another_candidate_s_tutor_may_not() -> None:
    assert why(tutor=7) == [(Code.ROLE, "not_their_tutor")]


def test_a_basis_has_a_kind_that_is_known() -> None:
    assert why(kinds=()) == [(Code.BASIS, "no_kind")]
    assert why(kinds=("practice", "a feeling")) == [(Code.BASIS, "kind_unknown")]


@pytest.mark.parametrize(("words", "enough"), [("123456789", False), ("1234567890", True)])
def test_a_basis_has_words_of_ten_characters_without_the_spaces_around(
    words: str, enough: bool
) -> None:
    assert why(words=f"  {words}\n") == ([] if enough else [(Code.BASIS, "words_short")])


def test_all_reasons_come_together() -> None:
    assert why(tutor=9, kinds=(), words="ok") == [
        (Code.SELF, None),
        (Code.BASIS, "no_kind"),
        (Code.BASIS, "words_short"),
    ]


def test_an_approval_can_be_withdrawn_until_the_start() -> None:
    words = "The wrong test was approved."
    assert readiness.why_not_withdraw(False, words) == ()
    assert [r.code for r in readiness.why_not_withdraw(True, words)] == [Code.STARTED]
    assert [r.code for r in readiness.why_not_withdraw(True, "no")] == [Code.STARTED, Code.REASON]


def test_not_yet_needs_advice_and_is_never_for_oneself() -> None:
    assert readiness.why_not_advise(1, 2, "Read section two again.") == ()
    assert [r.code for r in readiness.why_not_advise(1, 1, "Read section two.")] == [Code.SELF]
    assert readiness.why_not_advise(1, 2, "  long enough  ") == ()
    assert [dict(r.values) for r in readiness.why_not_advise(1, 2, "not now  ")] == [
        {"need": 10, "have": 7}
    ]


def test_fourteen_days_are_fourteen_times_24_hours_over_a_change_of_the_clocks() -> None:
    given = datetime(2026, 3, 20, 12, 0, tzinfo=ZoneInfo("Europe/London"))
    end = readiness.expires(given, 14)
    assert end - given.astimezone(UTC) == timedelta(hours=14 * 24)


def test_every_kind_has_a_title() -> None:
    assert set(TITLES) == set(BasisKind)
    assert all(TITLES.values())

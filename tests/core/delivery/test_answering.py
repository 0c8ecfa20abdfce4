"""What a browser may send, and which saved answer counts."""

from __future__ import annotations

import hashlib
import itertools
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess.bank.items import MAX_OPTIONS
from assess.bank.kinds import KINDS
from assess.delivery import answering
from assess.delivery.answering import Saved
from assess.reasons import Code, Helper, Refused

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("values", [[], [""], ()])
def test_nothing_clears_the_answer(kind: str, values: list[str]) -> None:
    assert answering.parse(values, 4, kind) == ()


def test_positions_come_back_in_ascending_order() -> None:
    assert answering.parse(["2"], 4, "single_choice") == (2,)
    assert answering.parse(["3", "0"], 4, "multiple_response") == (0, 3)
    assert answering.parse(["0", "1", "2", "3"], 4, KINDS["multiple_response"]) == (0, 1, 2, 3)
    every = range(MAX_OPTIONS)  # of the longest question, all ticked, from the last to the first
    sent = [str(position) for position in reversed(every)]
    assert answering.parse(sent, MAX_OPTIONS, "multiple_response") == tuple(every)


@pytest.mark.parametrize(
    "value",
    [
        "-1",
        "+1",
        "4",
        "99",
        "100",
        "9" * 5000,
        "1.0",
        "1e0",
        "0x1",
        "01",
        " 1",
        "1 ",
        "1\n",
        "1\0",
        "a",
        "None",
        "\u0661",  # Arabic-Indic one
        "\uff11",  # full-width one
        "\u00b9",  # superscript one
        "\ud800",
        1,
        True,
        None,
        1.0,
        b"1",
        ["1"],
    ],
)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_value_that_is_no_position_is_refused(value: object, kind: str) -> None:
    refused = answering.parse([value], 4, kind)
    assert isinstance(refused, Refused)
    assert refused.code is Code.ANSWER
    assert refused.status == 422
    [reason] = refused.reasons
    assert reason.values == {"what": "value_unreadable", "options": 4}
    assert reason.who is Helper.YOU


@pytest.mark.parametrize(
    ("values", "kind", "what"),
    [
        (["1", "1"], "multiple_response", "value_repeated"),
        (["1", "1"], "single_choice", "value_repeated"),
        (["0", "1"], "single_choice", "too_many_choices"),
        (["0"] * 10_000, "multiple_response", "too_many_choices"),
        (["", ""], "multiple_response", "value_unreadable"),
        (["", "1"], "single_choice", "value_unreadable"),
        ("12", "multiple_response", "value_unreadable"),
        ("", "single_choice", "value_unreadable"),
    ],
)
def test_values_that_do_not_fit_together_are_refused(
    values: list[str], kind: str, what: str
) -> None:
    refused = answering.parse(values, 4, kind)
    assert isinstance(refused, Refused)
    assert refused.reasons[0].values["what"] == what


anything = st.lists(
    st.text(max_size=4) | st.integers(-2, 30).map(str) | st.none() | st.integers(), max_size=30
)


@given(anything, st.integers(2, 26), st.sampled_from(sorted(KINDS)))
def test_whatever_is_sent_is_an_answer_of_the_kind_or_refused(
    values: list[object], options: int, kind: str
) -> None:
    parsed = answering.parse(values, options, kind)
    if isinstance(parsed, Refused):
        assert parsed.code is Code.ANSWER
    else:
        assert KINDS[kind].well_formed_answer(options, parsed)


SAVES = [
    Saved(1, 1, 1, (0,), NOW),
    Saved(1, 1, 2, (1,), NOW + timedelta(seconds=5)),
    Saved(1, 2, 1, (2,), NOW + timedelta(seconds=3)),
    Saved(2, 1, 9, (3,), NOW),
    Saved(2, 1, 10, (), NOW),
]


def test_the_highest_writer_and_then_the_highest_sequence_counts_in_whatever_order_they_come() -> (
    None
):
    for saves in itertools.permutations(SAVES):
        counting = answering.latest(saves)
        assert list(counting) == [1, 2]
        assert counting[1].answer == (2,)  # the second device, though it saved earlier
        assert counting[2].answer == ()  # cleared at last


def test_the_same_save_twice_is_one() -> None:
    assert answering.latest([SAVES[0], SAVES[0]]) == {1: SAVES[0]}


def test_two_answers_with_one_number_are_a_broken_record() -> None:
    with pytest.raises(ValueError, match="place 1: writer 1, sequence 1"):
        answering.latest([SAVES[0], replace(SAVES[0], answer=(3,))])


def test_the_digest_is_over_all_rows_whatever_their_order_and_zone() -> None:
    moved = [
        replace(save, received=save.received.astimezone(ZoneInfo("Asia/Tokyo"))) for save in SAVES
    ]
    assert answering.digest(SAVES[::-1]) == answering.digest(moved) == answering.digest(SAVES)


@pytest.mark.parametrize(
    "other",
    [
        replace(SAVES[0], place=3),
        replace(SAVES[0], writer=3),
        replace(SAVES[0], sequence=3),
        replace(SAVES[0], answer=(0, 1)),
        replace(SAVES[0], received=NOW + timedelta(microseconds=1)),
    ],
)
def test_any_change_of_a_row_changes_the_digest(other: Saved) -> None:
    assert answering.digest([other, *SAVES[1:]]) != answering.digest(SAVES)
    assert answering.digest(SAVES[1:]) != answering.digest(SAVES)


def test_the_digest_has_the_bytes_it_promises() -> None:
    moment = int(NOW.timestamp()) * 1_000_000
    raw = b"assess-answers/1\0" + struct.pack(">I", 1)
    raw += struct.pack(">IIQQq", 4, 2, 7, 0b1001, moment)
    assert answering.digest([Saved(4, 2, 7, (0, 3), NOW)]) == hashlib.sha256(raw).hexdigest()

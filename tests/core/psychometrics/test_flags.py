"""Is every flaw named with its numbers, none without the certainty, and none on too few?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from assess.psychometrics import flags, guards
from assess.psychometrics.flags import ItemFacts, OptionFacts


def option(
    number: int | None,
    *,
    key: bool = False,
    n: int = 100,
    r: float | None = -0.2,
    conditional_r: float | None = 0.0,
    share_high: float = 0.3,
    wrong_share_high: float = 0.4,
) -> OptionFacts:
    return OptionFacts(
        number, key, n, n / 500, share_high, r, 200, n, wrong_share_high, conditional_r
    )


SOUND = ItemFacts(
    kind="single_choice",
    n=500,
    facility=0.6,
    facility_interval=(0.56, 0.64),
    r=0.35,
    r_interval=(0.27, 0.43),
    options=[
        option(0, key=True, n=300, r=0.35),
        option(1),
        option(2, n=70),
        option(None, n=30, r=-0.3, conditional_r=None),
    ],
)


def with_option(facts: ItemFacts, place: int, changed: OptionFacts) -> ItemFacts:
    options = list(facts.options)
    options[place] = changed
    return replace(facts, options=options)


def codes(facts: ItemFacts) -> list[str]:
    return [flag.code for flag in flags.flags(facts)]


def test_a_sound_item_has_no_flag() -> None:
    assert flags.flags(SOUND) == ()
    assert flags.watch(SOUND) == ()


@pytest.mark.parametrize(
    ("low", "raised"), [(0.949, False), (0.95, False), (0.951, True), (0.99, True)]
)
def test_too_easy_needs_the_whole_interval_above_95_in_100(low: float, raised: bool) -> None:
    facts = replace(SOUND, facility=0.99, facility_interval=(low, 0.998))
    assert ("too_easy" in codes(facts)) is raised


@pytest.mark.parametrize(("high", "raised"), [(0.201, False), (0.2, False), (0.199, True)])
def test_too_hard_needs_the_whole_interval_below_20_in_100(high: float, raised: bool) -> None:
    facts = replace(SOUND, kind="multiple_response", facility=0.15, facility_interval=(0.1, high))
    assert ("too_hard" in codes(facts)) is raised


@pytest.mark.parametrize(("high", "raised"), [(0.151, False), (0.15, False), (0.149, True)])
def test_weak_needs_the_whole_interval_below_015(high: float, raised: bool) -> None:
    facts = replace(SOUND, r=0.05, r_interval=(-0.05, high))
    assert ("weak" in codes(facts)) is raised


def test_a_wrong_key_names_both_options_and_their_numbers() -> None:
    facts = with_option(SOUND, 0, option(0, key=True, n=60, r=-0.21))
    facts = with_option(facts, 1, option(1, n=300, r=0.38, conditional_r=0.5))
    facts = with_option(facts, 2, option(2, n=70, r=0.3))  # a rival too, but not the best
    first = flags.flags(facts)[0]
    assert (first.code, first.option) == ("wrong_key", 1)
    assert first.sentence == (
        "Option B looks right and is not the key: 60 % of 500 chose it, and they do better on "
        "their other questions (r = 0.38) than those who chose the key A (r = −0.21). "
        "Check the key."
    )


def test_the_option_suspected_as_the_key_is_not_called_a_second_key_too() -> None:
    facts = with_option(SOUND, 0, option(0, key=True, n=60, r=-0.21))
    facts = with_option(facts, 1, option(1, n=300, r=0.38, conditional_r=0.5))
    assert "second_key" not in codes(facts)


def test_a_distractor_better_than_005_but_worse_than_the_key_is_no_wrong_key() -> None:
    assert "wrong_key" not in codes(with_option(SOUND, 1, option(1, r=0.3)))


def test_a_distractor_whose_interval_reaches_down_to_005_is_no_wrong_key() -> None:
    facts = with_option(SOUND, 0, option(0, key=True, r=0.0))
    assert "wrong_key" not in codes(with_option(facts, 1, option(1, r=0.13)))
    assert "wrong_key" in codes(with_option(facts, 1, option(1, r=0.14)))


def test_in_a_multiple_response_the_weakest_key_is_what_a_distractor_is_compared_with() -> None:
    facts = replace(SOUND, kind="multiple_response")
    facts = with_option(facts, 2, option(2, key=True, n=150, r=-0.1))
    facts = with_option(facts, 1, option(1, n=200, r=0.3))
    first = flags.flags(facts)[0]
    assert first.code == "wrong_key"
    assert "the key C (r = −0.10)" in first.sentence


@pytest.mark.parametrize(
    ("n", "r", "whole", "raised"),
    [
        (20, 0.25, 0.0, True),
        (19, 0.25, 0.0, False),
        (100, 0.24, 0.0, False),
        (100, 0.25, 0.0, True),
        (100, 0.25, -0.1, True),
        (100, 0.25, -0.11, False),  # the able turn away from it
    ],
)
def test_a_second_key_needs_20_choosers_and_three_and_a_half_standard_errors_among_wrong(
    n: int, r: float, whole: float, raised: bool
) -> None:
    # 3.5 / sqrt(200 wrong answers) is 0.2475
    facts = with_option(SOUND, 1, option(1, n=n, r=whole, conditional_r=r))
    assert ("second_key" in codes(facts)) is raised


@pytest.mark.parametrize(
    ("r", "wrong", "raised"), [(0.14, 690, False), (0.14, 700, True), (0.1, 4000, False)]
)
def test_the_smaller_a_second_key_is_the_surer_it_must_be(
    r: float, wrong: int, raised: bool
) -> None:
    changed = replace(option(1, r=0.0, conditional_r=r), wrong=wrong)
    assert ("second_key" in codes(with_option(SOUND, 1, changed))) is raised


def test_a_dead_distractor_is_passed_over_by_all_and_by_those_who_go_wrong() -> None:
    dead = option(2, n=0, share_high=0.0077, wrong_share_high=0.019)
    (flag,) = flags.flags(with_option(SOUND, 2, dead))
    assert (flag.code, flag.option) == ("dead_distractor", 2)
    assert flag.sentence.startswith("Nobody of 500 chose option C, and 200 answered wrongly.")
    of_an_easy_item = replace(dead, wrong_share_high=0.12)
    assert codes(with_option(SOUND, 2, of_an_easy_item)) == []
    assert codes(with_option(SOUND, 2, replace(dead, share_high=0.051))) == []


def test_those_who_omit_are_no_distractor() -> None:
    omitted = option(None, n=0, r=0.5, share_high=0.01, wrong_share_high=0.01)
    assert codes(with_option(SOUND, 3, omitted)) == []


def test_below_guessing_is_two_standard_errors_under_one_in_the_options() -> None:
    # Three options, 500 answers: 1/3 - 2 * 0.02108 = 0.2912
    assert "below_guessing" in codes(replace(SOUND, facility=0.291))
    assert "below_guessing" not in codes(replace(SOUND, facility=0.292))
    several = replace(SOUND, kind="multiple_response", facility=0.1)
    assert "below_guessing" not in codes(several)


@pytest.mark.parametrize(("n", "raised"), [(199, False), (200, True)])
def test_no_flag_below_200_answers(n: int, raised: bool) -> None:
    facts = replace(SOUND, n=n, facility=0.99, facility_interval=(0.96, 0.998))
    assert bool(flags.flags(facts)) is raised
    assert bool(flags.watch(replace(facts, facility_interval=(0.9, 0.998)))) is raised


def test_what_is_nothing_when_rounded_has_no_sign() -> None:
    assert [flags.number(value) for value in (-0.004, 0.004, -0.006)] == ["0.00", "0.00", "−0.01"]


def test_every_flag_carries_its_limit_and_source_and_a_number() -> None:
    worst = replace(
        SOUND, facility=0.1, facility_interval=(0.08, 0.12), r=-0.1, r_interval=(-0.2, 0.0)
    )
    worst = with_option(worst, 0, option(0, key=True, n=50, r=-0.3))
    worst = with_option(worst, 1, option(1, n=300, r=0.4))
    found = flags.flags(worst)
    assert [flag.code for flag in found] == ["wrong_key", "below_guessing", "too_hard", "weak"]
    for flag in found:
        assert flag.source
        assert any(character.isdigit() for character in flag.sentence)
        assert flag.sentence.endswith(".")


def test_what_is_past_the_milder_limit_only_is_watched_and_not_flagged() -> None:
    facts = replace(SOUND, facility=0.92, facility_interval=(0.89, 0.94), r=0.18)
    assert flags.flags(facts) == ()
    assert [w.code for w in flags.watch(facts)] == ["easy", "low_discrimination"]
    hard = replace(facts, kind="multiple_response", facility=0.25, facility_interval=(0.2, 0.3))
    assert [w.code for w in flags.watch(hard)] == ["hard", "low_discrimination"]
    weak = replace(SOUND, kind="multiple_response", r=0.05, r_interval=(-0.05, 0.14))
    for facility, interval in ((0.99, (0.96, 0.998)), (0.1, (0.08, 0.12))):
        flagged = replace(weak, facility=facility, facility_interval=interval)
        assert len(flags.flags(flagged)) == 2
        assert flags.watch(flagged) == ()


@pytest.mark.parametrize(
    ("n", "shows", "guard"),
    [
        (0, "n", "too few: 0 < 30"),
        (29, "n", "too few: 29 < 30"),
        (30, "facility", "too few: 30 < 100"),
        (57, "facility", "too few: 57 < 100"),
        (99, "facility", "too few: 99 < 100"),
        (100, "discrimination", "too few: 100 < 200"),
        (199, "discrimination", "too few: 199 < 200"),
        (200, "all", None),
    ],
)
def test_guards(n: int, shows: str, guard: str | None) -> None:
    assert guards.shows(n) == shows
    assert guards.guard(n) == guard


def test_a_key_that_only_the_weak_choose_betrays_a_small_r_in_a_multiple_response() -> None:
    facts = replace(SOUND, kind="multiple_response")
    facts = with_option(facts, 2, option(2, key=True, n=40, r=-0.15))
    missing = with_option(facts, 1, option(1, n=470, r=0.04))
    assert codes(missing)[0] == "wrong_key"
    assert "wrong_key" not in codes(replace(missing, kind="single_choice"))
    assert "wrong_key" not in codes(with_option(facts, 1, option(1, n=30, r=0.04)))


def test_who_may_earn_a_part_of_a_mark_is_not_said_to_have_it_right() -> None:
    easy = replace(SOUND, facility=0.97, facility_interval=(0.96, 0.98))
    (whole,), (part,) = flags.flags(easy), flags.flags(replace(easy, kind="multiple_response"))
    assert whole.sentence.startswith("97.0 % of 500 got it right (95 % interval")
    assert part.sentence.startswith("500 candidates earned 97.0 % of its marks (95 % interval")

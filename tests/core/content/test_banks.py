"""Is every question of the demonstration well made, on its own and beside all others?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from statistics import fmean

import pytest

from assess.bank.items import Content, Level
from assess.bank.wording import advice, repeated_stems
from tests.core.content import demo

FILES = [(module, practice) for module in demo.MODULES for practice in (False, True)]
NEAR_DUPLICATE = 0.5  # ours: share of content words that two stems have in common
BANNED = re.compile(
    r"\b(?:all|none|both|neither) of (?:the )?(?:above|these|options)\b"
    r"|\b(?:trick|obviously|stupid|silly|crazy|housewife|mankind|manpower|whilst|utilise)\b"
    r"|\b(?:organiz|recogniz|behavior|color|center|favor|honor|apologiz)\w*",
    re.IGNORECASE,
)
ABSOLUTE = re.compile(r"\b(?:only|always|never|must|every|alone|cannot|nothing|nobody)\b", re.I)


@pytest.fixture(params=FILES, ids=lambda file: demo.path_of(*file).stem)
def file(request: pytest.FixtureRequest) -> tuple[str, bool]:
    """A module, and whether its practice bank is meant."""
    module, practice = request.param
    return str(module), bool(practice)


@pytest.fixture
def items(file: tuple[str, bool]) -> Mapping[str, Content]:
    """The questions of the file by identifier."""
    return demo.questions(*file)


def test_a_multiple_response_says_how_many_to_choose(items: Mapping[str, Content]) -> None:
    words = {2: "Choose two.", 3: "Choose three."}
    for name, item in items.items():
        if item.kind == "multiple_response":
            assert item.stem.endswith(words[len(item.key)]), name
        else:
            assert len(item.key) == 1, name
            assert item.stem.endswith("?"), name


def test_single_choice_has_four_options_and_multiple_response_four_or_five(
    items: Mapping[str, Content],
) -> None:
    for name, item in items.items():
        assert len(item.options) in ((4,) if item.kind == "single_choice" else (4, 5)), name


def test_every_option_has_a_rationale_of_its_own_that_is_a_sentence(
    items: Mapping[str, Content],
) -> None:
    for item in items.values():
        rationales = [option.rationale for option in item.options]
        assert len(set(rationales)) == len(rationales)
        for rationale in rationales:
            assert len(rationale.split()) >= 8, rationale
            assert rationale.endswith("."), rationale


def test_a_distractors_rationale_does_not_quote_the_key(items: Mapping[str, Content]) -> None:
    """The usual feedback shows it to a candidate who may meet the question again."""
    for item in items.values():
        keys = [item.options[index].text.lower() for index in item.key]
        for option in item.options:
            if not option.correct:
                assert not any(
                    re.search(rf"\b{re.escape(key)}\b", option.rationale.lower()) for key in keys
                ), option.rationale


def test_every_question_says_what_to_revise_its_level_and_its_estimate(
    items: Mapping[str, Content],
) -> None:
    for name, item in items.items():
        assert 3 <= len(item.revise.split()) <= 15, item.revise
        assert item.level is not None, name
        assert item.expected_facility is not None, name
        assert 350 <= item.expected_facility <= 920, name


def test_keys_are_about_as_long_as_distractors(items: Mapping[str, Content]) -> None:
    ratios = []
    for name, item in items.items():
        keys = [len(option.text) for option in item.options if option.correct]
        wrong = [len(option.text) for option in item.options if not option.correct]
        ratios.append(fmean(keys) / fmean(wrong))
        assert ratios[-1] < 1.3, name
    assert 0.9 < fmean(ratios) < 1.1


def test_absolute_words_do_not_give_distractors_away(items: Mapping[str, Content]) -> None:
    texts = [option for item in items.values() for option in item.options]
    share = {
        correct: fmean(
            bool(ABSOLUTE.search(option.text)) for option in texts if option.correct is correct
        )
        for correct in (True, False)
    }
    assert share[False] - share[True] < 0.08


def test_keys_are_spread_evenly_over_the_places(items: Mapping[str, Content]) -> None:
    assert _uneven(items) < demo.CHI_SQUARE_3


def test_no_three_questions_in_a_row_have_their_key_in_the_same_place(
    items: Mapping[str, Content],
) -> None:
    keys = [item.key[0] for item in demo.single_choice(items)]
    assert all(len(set(keys[start : start + 3])) > 1 for start in range(len(keys) - 2))


def test_the_service_has_no_advice_on_the_wording(items: Mapping[str, Content]) -> None:
    assert {name: advice(item) for name, item in items.items() if advice(item)} == {}


def test_stems_and_options_are_short_enough_to_read_under_stress(
    items: Mapping[str, Content],
) -> None:
    for name, item in items.items():
        assert len(item.stem.split()) <= 60, name
        assert max(len(option.text.split()) for option in item.options) <= 18, name


def test_no_phrase_is_used_that_tricks_or_slights(file: tuple[str, bool]) -> None:
    for row in demo.table(*file):
        for text in row.values():
            assert not BANNED.search(text), (row["id"], text)


def test_cells_hold_no_stray_white_space(file: tuple[str, bool]) -> None:
    for row in demo.table(*file):
        assert None not in row
        for text in row.values():
            assert text == " ".join(text.split()), row["id"]


@pytest.mark.parametrize("practice", [False, True], ids=["banks", "practice"])
def test_over_all_files_neither_place_nor_length_nor_echo_tells_the_key(practice: bool) -> None:
    items = {
        name: item
        for module in demo.MODULES
        for name, item in demo.questions(module, practice).items()
    }
    single = len(demo.single_choice(items))
    assert _uneven(items) < demo.CHI_SQUARE_3
    assert demo.at_least(_longest(items), single) > demo.RARE
    # Nor so seldom that "never the longest" would be a rule worth knowing.
    assert demo.at_most(_longest(items), single) > demo.RARE
    assert demo.at_least(_echoes(items), single) > demo.RARE


@pytest.mark.parametrize("module", demo.MODULES)
def test_in_no_module_does_length_or_echo_tell_the_key(module: str) -> None:
    items = demo.questions(module)
    single = len(demo.single_choice(items))
    assert demo.at_least(_longest(items), single) > demo.RARE
    assert demo.at_most(_longest(items), single) > demo.RARE
    assert demo.at_least(_echoes(items), single) > demo.RARE


def test_no_two_stems_of_any_two_files_are_nearly_the_same() -> None:
    items = demo.all_questions()
    words = {name: demo.content_words(item.stem) for name, item in items.items()}
    for one, other in combinations(words, 2):
        overlap = len(words[one] & words[other]) / len(words[one] | words[other])
        assert overlap < NEAR_DUPLICATE, (one, other)
    assert repeated_stems((name, item.stem) for name, item in items.items()) == ()


def test_judging_is_estimated_to_be_harder_than_recalling_and_applying() -> None:
    mean = {
        level: fmean(
            item.expected_facility or 0
            for module in demo.MODULES
            for item in demo.questions(module).values()
            if item.level is level
        )
        for level in Level
    }
    assert mean[Level.JUDGE] < min(mean[Level.RECALL], mean[Level.APPLY])


def _uneven(items: Mapping[str, Content]) -> float:
    """The chi-square of how often a key stands in each of four places."""
    single = demo.single_choice(items)
    places = Counter(item.key[0] for item in single)
    expected = len(single) / 4
    return sum((places[place] - expected) ** 2 / expected for place in range(4))


def _longest(items: Mapping[str, Content]) -> int:
    """How often the key alone is the longest option."""
    return sum(
        len(item.options[item.key[0]].text)
        > max(len(option.text) for option in item.options if not option.correct)
        for item in demo.single_choice(items)
    )


def _echoes(items: Mapping[str, Content]) -> int:
    """How often the key shares more words with the stem than any distractor does."""
    found = 0
    for item in demo.single_choice(items):
        stem = demo.content_words(item.stem)
        shared = [len(demo.content_words(option.text) & stem) for option in item.options]
        key = shared.pop(item.key[0])
        found += key > max(shared)
    return found

"""Is every module served: questions for each outcome, sets, practice, signposts, a test to sit?"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from statistics import fmean, pstdev

import pytest

from assess.bank.items import Content
from assess.bank.publishing import prove
from assess.bank.specification import Feedback
from assess.delivery.signposts import read_signposts
from assess.reasons import Refused
from tests.banks import facts_of
from tests.core.content import demo

EACH = 8  # questions on an outcome
PRACTICE = {"M02": 20}  # the first test that anybody sits; of the others there are ten
# Forms without a question of an earlier one. Two outcomes need five of their eight to fill a test.
FRESH = {"M02": 4, "M05": 4, "M06": 4, "M08": 4, "M03": 2, "M04": 2, "M10": 2, "M07": 1, "M09": 1}
LEANS = re.compile(
    r"\b(?:(?:previous|last|next|other|first|second) question|question (?:before|above|below)"
    r"|your answer to)\b",
    re.IGNORECASE,
)

every_module = pytest.mark.parametrize("module", demo.MODULES)


def test_forty_one_outcomes_have_328_questions_and_every_identifier_is_used_once() -> None:
    assert sum(len(demo.outcomes_of(module)) for module in demo.MODULES) == 41
    assert sum(len(demo.questions(module)) for module in demo.MODULES) == 328
    rows = [
        row["id"]
        for module in demo.MODULES
        for practice in (False, True)
        for row in demo.table(module, practice)
    ]
    assert len(set(rows)) == len(rows) == len(demo.all_questions())


@every_module
def test_every_outcome_has_eight_questions(module: str) -> None:
    counts = Counter(item.outcome for item in demo.questions(module).values())
    assert counts == dict.fromkeys(demo.outcomes_of(module), EACH)


@every_module
def test_identifiers_say_module_and_outcome(module: str) -> None:
    for name, item in demo.questions(module).items():
        code = str(item.outcome).rpartition("/")[2]
        assert re.fullmatch(rf"{module}-{re.escape(code)}-0[1-8]", name)


@every_module
def test_every_outcome_has_a_multiple_response_and_most_questions_are_single_choice(
    module: str,
) -> None:
    items = demo.questions(module)
    several = [item for item in items.values() if item.kind == "multiple_response"]
    assert {item.outcome for item in several} == set(demo.outcomes_of(module))
    assert len(items) / 8 <= len(several) <= len(items) / 4


@every_module
def test_levels_are_a_mix(module: str) -> None:
    items = demo.questions(module).values()
    levels = Counter(item.level for item in items)
    assert len(levels) == 3
    assert min(levels.values()) >= len(items) / 8
    assert max(levels.values()) <= len(items) / 2


@every_module
def test_expected_facilities_spread_and_agree_with_the_cut(module: str) -> None:
    known = [item.expected_facility or 0 for item in demo.questions(module).values()]
    assert pstdev(known) >= 80
    # They are the estimates of an Angoff panel of one: their mean is where the cut belongs.
    test = demo.specification(module)
    assert fmean(known) == pytest.approx(1000 * test.cut / test.length, abs=40)


def test_sets_are_whole_and_every_module_but_the_second_has_one() -> None:
    sets: dict[str, list[Content]] = defaultdict(list)
    for module in demo.MODULES:
        for item in demo.questions(module).values():
            if item.set:
                assert re.fullmatch(rf"{module}-S[1-9]", item.set)
                sets[item.set].append(item)
    assert {name[:3] for name in sets} == set(demo.MODULES) - {"M02"}
    for name, items in sets.items():
        assert 2 <= len(items) <= 3, name
        assert len({item.outcome for item in items}) == 1, name
        assert len({item.stimulus for item in items}) == 1, name
        assert 60 <= len(items[0].stimulus.split()) <= 140, name
    assert len({items[0].stimulus for items in sets.values()}) == len(sets)


def test_no_question_leans_on_another() -> None:
    for name, item in demo.all_questions().items():
        assert not LEANS.search(f"{item.stimulus} {item.stem}"), name


@every_module
def test_practice_is_apart_and_touches_every_outcome(module: str) -> None:
    items = demo.questions(module, practice=True)
    assert list(items) == [
        f"{module}-P-{number:02d}" for number in range(1, PRACTICE.get(module, 10) + 1)
    ]
    assert {item.outcome for item in items.values()} == set(demo.outcomes_of(module))
    assert not any(item.set for item in items.values())
    kept = {text for item in demo.questions(module).values() for text in _texts(item)}
    assert not kept & {text for item in items.values() for text in _texts(item)}


def _texts(item: Content) -> set[str]:
    """The stem and the key of a question: who has practised neither has been told nothing."""
    return {item.stem, *(option.text for option in item.options if option.correct)}


@every_module
def test_every_outcome_has_signposts_and_no_link_in_them(module: str) -> None:
    text = (demo.BANKS / f"{module.lower()}-signposts.csv").read_text("utf-8")
    signposts = read_signposts(text, demo.framework())
    assert not isinstance(signposts, Refused)
    counts = Counter(signpost.outcome for signpost in signposts)
    assert set(counts) == set(demo.outcomes_of(module))
    assert set(counts.values()) <= {1, 2}
    assert len({signpost.title for signpost in signposts}) == len(signposts)
    for signpost in signposts:
        assert not re.search(r"https?:|www\.", signpost.text)
        assert 20 <= len(signpost.text.split()) <= 90, signpost.title


@every_module
def test_the_test_can_be_published_and_says_what_it_is(module: str) -> None:
    test = demo.specification(module)
    live = Counter(str(item.outcome) for item in demo.questions(module).values())
    proof = prove(test, facts_of(live), demo.framework())
    assert proof.reasons == ()
    assert (proof.fresh.attempts, proof.fresh.exact) == (FRESH[module], True)
    unit = next(node for node in demo.framework().nodes if node.code == module)
    assert (test.name, test.title, test.bank) == (module, unit.title, f"CSP demo {module}")
    assert test.attempts == (3 if FRESH[module] > 2 else 2)
    assert test.cool_down_hours == (48,)
    assert test.feedback is Feedback.WRONG
    assert {quota.outcome for quota in test.quotas} == set(demo.outcomes_of(module))
    for quota in test.quotas:
        assert quota.minimum == (1 if quota.count == 2 else 2)
    assert test.cut == round(0.7 * test.length)
    assert 1.9 * test.length <= test.minutes <= 2.5 * test.length

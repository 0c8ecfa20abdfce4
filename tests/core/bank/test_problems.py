"""Has every problem an English sentence, and does every sentence use the values it is given?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import assess
from assess.bank.problems import SAYS, problem, shown

CATALOGUE = Path(assess.__file__).parent / "translations/en/LC_MESSAGES/problems.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def test_every_problem_has_a_sentence_with_its_own_values() -> None:
    with CATALOGUE.open("rb") as file:
        sentences = {str(m.id): str(m.string) for m in read_po(file) if m.id}
    assert {what.removesuffix(":one") for what in sentences} == set(SAYS)
    for what, sentence in sentences.items():
        names = SAYS[what.removesuffix(":one")]
        assert set(PLACEHOLDER.findall(sentence)) == set(names), what
        assert sentence % dict.fromkeys(names, "x"), what


@pytest.mark.parametrize("what", [{"what": "no_such"}, {"what": "no_stem", "found": 1}])
def test_a_problem_that_the_table_does_not_know_raises(what: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="does not carry"):
        problem(**what)


@pytest.mark.parametrize(
    "value",
    ["a" * 200, "\0\ud800\n", 1 << 40_000, ["x"] * 9, {"a": 1}, None, 1.5],
    ids=["long", "unprintable", "huge", "list", "mapping", "nothing", "fraction"],
)
def test_a_wrong_value_is_shown_short_and_printable(value: object) -> None:
    said = shown(value)
    assert len(said) <= 80
    assert said.isprintable()

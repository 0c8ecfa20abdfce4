"""What looks the same to a reader counts as the same, and what shows nothing counts as empty."""

from __future__ import annotations

import pytest

from assess.bank.appearance import is_blank, look
from assess.bank.items import group_names


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("No", "No\u200b", True),
        ("co\u00adoperate", "cooperate", True),
        ("no way", " no\u00a0 way\n", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("don't", "don\u2019t", True),
        ("\u22121", "-1", True),
        ("Aa", "aa", False),
        ("x\u00b2", "x2", False),
        ("if x:\n    y()\n    z()", "if x:\n    y()\nz()", False),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u062e", False),
    ],
)
def test_two_texts_look_the_same_or_not(one: str, other: str, same: bool) -> None:
    assert (look(one) == look(other)) is same


@pytest.mark.parametrize("text", ["", " \n", "\u00a0\u00ad", "\u200d", "\u200e \u2800"])
def test_a_text_that_shows_nothing_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(f"{text}.")


def test_one_name_of_a_group_is_one_group_however_it_was_typed() -> None:
    assert group_names("re\u00adfunds; case\u00a01;refunds ; case\n1;\u200b") == (
        "case 1",
        "refunds",
    )

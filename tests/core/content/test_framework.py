"""Is the demonstration's award whole, original and in plain files, its statement too?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assess.bank.outcomes import Framework, read_framework
from tests.core.content import demo

OUTCOMES_OF_MODULES = (3, 7, 3, 3, 6, 6, 2, 9, 2, 3)


def test_the_framework_has_ten_modules_and_forty_four_outcomes() -> None:
    framework = demo.framework()
    assert framework.id == "csp-demo"
    assert framework.counts["units"] == 10
    assert framework.counts["outcomes"] == 44
    paths = [node.path for node in framework.nodes if node.kind == "outcome"]
    assert paths == [
        f"csp-demo/M{module:02d}/{module}.{outcome}"
        for module, count in enumerate(OUTCOMES_OF_MODULES, start=1)
        for outcome in range(1, count + 1)
    ]


def test_the_introduction_alone_is_not_assessed() -> None:
    units = [node for node in demo.framework().nodes if node.kind == "unit"]
    assert [node.code for node in units if not node.assessed] == ["M01"]


def test_the_framework_shares_no_wording_with_the_award_it_is_modelled_on() -> None:
    model = Path(__file__).parents[3] / "../shared/data/frameworks/award-csp.yaml"
    if not model.exists():
        pytest.skip("the award's file is not beside this repository")
    award = read_framework(model.read_text("utf-8"))
    assert isinstance(award, Framework)
    theirs = {node.title.casefold() for node in award.nodes}
    assert not theirs & {node.title.casefold() for node in demo.framework().nodes}
    assert [node.code for node in award.nodes if node.kind == "outcome"] == [
        node.code for node in demo.framework().nodes if node.kind == "outcome"
    ]


def test_the_statement_says_what_it_has_to_say() -> None:
    text = (demo.DATA / "statement.md").read_text("utf-8")
    assert 150 <= len(text.split()) <= 250
    for word in ("every learning activity", "every test", "my own", "malpractice", "appeal"):
        assert word in text


@pytest.mark.parametrize("path", sorted(demo.DATA.rglob("*.*")), ids=lambda path: path.name)
def test_files_are_plain_utf_8_with_line_feeds(path: Path) -> None:
    raw = path.read_bytes()
    text = raw.decode("utf-8")
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert "\r" not in text
    assert text.endswith("\n")
    assert not re.search(r"[ \t]\n|[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f]", text)

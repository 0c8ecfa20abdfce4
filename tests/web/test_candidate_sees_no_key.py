"""No byte that leaves the server before hand-in depends on a key, a rationale or a score."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from io import BytesIO

import pytest

from assess.actions import banks, frameworks, programmes, specifications
from assess.bank.formats import tabular
from assess.bank.items import Content, Level
from assess.bank.specification_file import read_specification
from assess.reasons import Refused
from assess.store import banks as bank_rows
from tests.builders import World
from tests.web.candidate_builders import Browser, contents, field, started

DATA = files("assess") / "data"

# What differs between databases is tested with the deeds; pages are tested on one.


@pytest.fixture
def here(built: World) -> World:
    """A world with the demonstration's test of fourteen questions."""
    operator = built.context()
    framework = (DATA / "frameworks" / "csp-demo.yaml").read_text(encoding="utf-8")
    assert not isinstance(frameworks.load(operator, framework), Refused)
    name = "Customer Service Professionals"
    programme = programmes.create(operator, name, "csp-demo")
    assert isinstance(programme, int)
    programmes.publish_statement(operator, programme, "All of it is mine.")
    people = built.persons
    programmes.register(operator, programme, people["candidate"], people["tutor"], "One")
    table = (DATA / "banks" / "m02.csv").read_bytes()
    rows = list(tabular.read(BytesIO(table), "m02.csv"))
    what = banks.Import(rows, "CSP demo M02", "m02.csv", framework="csp-demo")
    assert not isinstance(banks.bring_in(operator, what), Refused)
    text = (DATA / "specifications" / "M02.yaml").read_text(encoding="utf-8")
    specification = read_specification(text)
    assert not isinstance(specification, Refused)
    published = specifications.publish(operator, specification)
    assert not isinstance(published, Refused), published
    built.programme, built.test = programme, published.test_id
    return built


def test_no_page_of_an_attempt_holds_a_rationale_a_level_or_a_number_of_the_author(
    here: World,
) -> None:
    me = Browser(here, "candidate")
    attempt = started(here, me)
    questions = contents(attempt)
    assert len(questions) == 14
    answer = me.get(f"/attempts/{attempt}/review")
    pages = [answer.text]
    for place, content in enumerate(questions, start=1):
        page = me.get(f"/attempts/{attempt}/questions/{place}").text
        pages.append(page)
        page = re.sub(r"(?s)<template.*?</template>", "", page)
        values = re.findall(r'type="(?:radio|checkbox)" value="([^"]*)"', page)
        assert values == [str(n) for n in range(len(content.options))]
        # Nothing else on the page tells one option from another.
        inputs = re.findall(r"<input class=\"govuk-(?:radios|checkboxes)__input\"[^>]*>", page)
        assert {re.sub(r'id="answer(-\d+)?"|value="\d+"', "", box) for box in inputs} == {
            re.sub(r'id="answer(-\d+)?"|value="\d+"', "", inputs[0])
        }
    sent = me.send(
        f"/attempts/{attempt}/questions/1", {"writer": "1", "sequence": "1", "answer": "0"}
    )
    pages += [sent.text, *(me.get(f"/api/attempts/{attempt}/{name}").text for name in API)]
    every = "\n".join(still(page) for page in pages)
    plain = every.replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")
    for content in questions:
        for option in content.options:
            assert not option.rationale or option.rationale not in plain
        assert not content.revise or content.revise not in plain
        assert (content.outcome or "?") not in plain
    marks = " ".join(re.findall(r"<[^>]*>", plain)).lower().replace("app-navigator__key", "")
    for word in ("rationale", "correct", "key", "facility", "expected", "level", "csp-demo"):
        assert word not in marks


def test_a_page_is_byte_for_byte_the_same_whatever_the_key_is(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = Browser(here, "candidate")
    attempt = started(here, me)
    paths = [f"/attempts/{attempt}/questions/{place}" for place in range(1, 15)]
    paths.append(f"/api/attempts/{attempt}/form")
    before = [still(me.get(path).text) for path in paths]
    honest = bank_rows.contents

    def other_key(session: object, versions: Iterable[int]) -> dict[int, Content]:
        found = honest(session, versions)  # type: ignore[arg-type]
        return {version: rotated(content) for version, content in found.items()}

    monkeypatch.setattr(bank_rows, "contents", other_key)
    assert [still(me.get(path).text) for path in paths] == before


API = ("form", "time", "offers")


def rotated(content: Content) -> Content:
    """The same question with the key on the next option, and other words about it."""
    last = content.options[-1]
    keys = [last.correct, *(option.correct for option in content.options[:-1])]
    return replace(
        content,
        options=tuple(
            replace(option, correct=key, rationale=f"Other words {key}")
            for option, key in zip(content.options, keys, strict=True)
        ),
        level=Level.JUDGE,
        expected_facility=1,
        revise="Other words",
    )


def still(page: str) -> str:
    """A page without what is drawn anew for each reply: the nonce and the token."""
    page = re.sub(r'nonce="[^"]*"|"token": ?"[^"]*"', "", page)
    return page.replace(field(page, "csrf_token"), "") if "csrf_token" in page else page

"""Late answers on the pages: what the quality team sees and decides, what the candidate is told."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from assess.actions import holds
from tests.actions.test_evidence import WHY, last, late, shown
from tests.builders import World
from tests.web.candidate_builders import Browser, codes, contents


def test_late_answers_wait_are_seen_without_key_or_mark_and_decided(built: World) -> None:
    attempt, _ = late(built)
    me, quality = Browser(built, "candidate"), Browser(built, "quality")
    result, address = f"/attempts/{attempt}/result", f"/late-answers/{attempt}"
    page = me.get(result).text
    assert 'data-late="waiting"' in page
    assert "3 answers reached us after your test had ended." in page
    assert f'href="/attempts/{attempt}/finish"' in page

    assert f'href="{address}"' in quality.get("/late-answers").text
    assert "1 waiting" in quality.get("/").text  # one attempt, however many answers
    page = html.unescape(quality.get(address).text)
    undecided = page
    assert page.count("data-late=") == 3
    assert "Received on 2 March 2026 at 11:30:11 from device 1." in page
    assert page.count("Its journal is broken") == 2  # at 3 and 4 the first number never came
    for place, content in enumerate(contents(attempt), start=1):
        assert (content.stem in page) == (place != 2)
        chosen = place in {1, 3, 4}  # at 1 also the right one, in time
        for option in content.options:
            assert option.rationale not in page
            if option.correct:
                assert (option.text in page) == chosen
    assert not [told for told in ("of 4", "– right", "Pass", "needed") if told in page]

    # A review that was opened before they count says nothing of a mark that nobody has seen.
    me.post(f"/attempts/{attempt}/review", {"words": WHY})
    found = re.search(r'href="(/mark-reviews/\d+)"', quality.get("/mark-reviews").text)
    assert found is not None
    assert 'name="seen" value="1"' in quality.get(found[1]).text

    answer = quality.post(address, {"last": "1", "words": WHY})
    assert (answer.status_code, codes(answer.text)) == (422, {"E-FIELD"})
    sent = {"decision": "better", "last": str(last(attempt)), "words": "x"}
    answer = quality.post(address, sent)
    assert (answer.status_code, codes(answer.text)) == (422, {"E-REASON"})
    answer = quality.post(address, sent | {"words": WHY})
    assert (answer.status_code, answer.location) == (302, "/late-answers")
    assert "they count" in quality.get("/late-answers").text
    review = {"seen": "1", "reason": WHY}
    answer = quality.post(found[1], review)
    assert (answer.status_code, codes(answer.text)) == (409, {"E-CHANGED"})
    assert WHY in answer.text
    assert 'name="seen" value="2"' in answer.text
    assert quality.post(found[1], review | {"seen": "2"}).status_code == 302
    assert "waiting" not in quality.get("/").text
    page = quality.get(address).text
    assert 'data-decided="accepted"' in page
    assert 'name="decision"' not in page
    for more in (0, 1):  # also where another answer has come, but these are decided
        if more:
            device = built.log_in("candidate")
            built.save(device, attempt, 2, sequence=7)
        first = re.findall(r'name="first" value="(\d+)"', undecided)
        stale = sent | {"words": WHY, "first": first[0], "last": str(last(attempt))}
        answer = quality.post(address, stale)
        assert (answer.status_code, codes(answer.text)) == (409, {"E-DECIDED"}), more

    page = me.get(result).text
    assert 'data-late="accepted"' in page
    assert WHY in page
    assert ">Pass<" in page


def test_the_quality_team_is_told_what_came_after_the_result_could_be_read(built: World) -> None:
    attempt, _ = late(built)
    me, quality = Browser(built, "candidate"), Browser(built, "quality")
    address = f"/late-answers/{attempt}"
    assert "data-after-result" not in quality.get(address).text
    held, person = built.context("quality"), built.persons["candidate"]
    hold = holds.place(held, person, None, "A telephone rang.", results=True)
    assert isinstance(hold, int)

    def give(sequence: int) -> None:
        """Say the right answer to a question that the result page calls wrong."""
        built.clock.advance(timedelta(minutes=1))
        sent = {"writer": "1", "sequence": str(sequence), "answer": shown(attempt, 3, True)}
        assert me.post(f"/attempts/{attempt}/questions/3", sent).status_code == 409

    give(3)  # nothing could be read yet
    page = quality.get(address).text
    assert "data-after-result" not in page
    assert holds.lift(built.now(held), hold, "It was the telephone.") is None
    assert "Questions to look at again" in me.get(f"/attempts/{attempt}/result").text
    give(4)
    page = quality.get(address).text
    assert "From 2 March 2026 at 11:31:11 on the candidate could read the result" in page
    assert page.count("It came after the result could be read.") == 1
    assert "Its journal is unbroken up to here." in page

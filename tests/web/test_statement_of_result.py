"""The statement of a result and the receipt: what they say, and what others learn by checking."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
from pathlib import Path

import pypdf
import pytest

from assess import store
from assess.actions import closing, people, programmes, remarking
from assess.actions import specifications as specs
from assess.actions.programmes import NONE
from assess.bank.specification import Feedback, Quota
from assess.reasons import Refused
from assess.store import attempts, statements_of_result
from assess.web import pdf
from tests.builders import World, specification
from tests.web.candidate_builders import Browser, codes, contents, right, started
from tools import check_receipt, find_pango

NAME = "Candidate"


@pytest.fixture
def here(built: World) -> World:
    """A small world."""
    return built


def sat(here: World, me: Browser, rightly: int) -> int:
    """An attempt with so many right answers, the others wrong, handed in; its number."""
    attempt = started(here, me)
    for place in range(1, 5):
        key = right(attempt, place)
        wrong = [next(str(n) for n in range(4) if str(n) not in key)]
        chosen = key if place <= rightly else wrong
        sent = {"writer": "1", "sequence": "1", "answer": chosen, "go": "next"}
        assert me.post(f"/attempts/{attempt}/questions/{place}", sent).status_code == 302
    assert me.post(f"/attempts/{attempt}/hand-in").status_code == 302
    return attempt


def stated(me: Browser, attempt: int) -> tuple[str, str]:
    """Ask for the statement; its page and its code."""
    answer = me.post(f"/attempts/{attempt}/statement")
    assert (answer.status_code, answer.location) == (302, f"/attempts/{attempt}/statement")
    page = html.unescape(me.get(answer.location).text)
    found = re.search(r"data-code-of-statement>([^<]*)<", page)
    assert found is not None
    return page, found.group(1)


def text_of(document: bytes) -> str:
    """The words of a PDF file, with one space between them."""
    reader = pypdf.PdfReader(io.BytesIO(document))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def checked(code: str, name: str, here: World) -> tuple[int, str]:
    """What a stranger is told of a code and a name."""
    stranger = Browser(here, None)
    stranger._token = stranger.token_of("/verify")
    answer = stranger.post("/verify", {"code": code, "name": name})
    return answer.status_code, html.unescape(answer.text)


@pytest.mark.parametrize("level", list(Feedback))
def test_no_byte_of_result_statement_or_receipt_is_beyond_the_level(
    here: World, level: Feedback
) -> None:
    lower = specification(feedback=level, feedback_reason="A small bank.")
    assert not isinstance(specs.publish(here.context(), lower), Refused)
    me = Browser(here, "candidate")
    attempt = sat(here, me, 1)
    held = contents(attempt)
    page, code = stated(me, attempt)
    result = html.unescape(me.get(f"/attempts/{attempt}/result").text)
    told = me.get(f"/attempts/{attempt}/result", headers={"Accept": "application/json"}).text
    made = me.get(f"/attempts/{attempt}/statement.pdf").data
    others = [
        page,
        text_of(made),
        me.get(f"/attempts/{attempt}/receipt.json").text,
        checked(code, NAME, here)[1],
    ]
    wrong = level in (Feedback.WRONG, Feedback.KEYS)
    for place, content in enumerate(held, start=1):
        shown = wrong and place > 1
        for answer in (result, told):
            assert (content.stem in answer) == shown, (level, place)
        for option in content.options:
            chosen = shown and sum(o.text in result for o in content.options) and not option.correct
            may = (option.correct and shown and level is Feedback.KEYS) or bool(chosen)
            for answer in (result, told):
                assert option.text not in answer or may, (level, place, option.text)
                assert not option.rationale or option.rationale not in answer or may
        for answer in others:
            assert content.stem not in answer
            assert not any(option.text in answer for option in content.options)
            assert not any(o.rationale and o.rationale in answer for o in content.options)
            assert not content.revise or content.revise not in answer
    assert ("Chapter one." in result) == ("Chapter one." in told) == (level is not Feedback.OUTCOME)


@pytest.mark.parametrize(("least", "told"), [((0, 1), ["–", "Not yet met"]), ((0, 0), [])])
def test_no_outcome_is_called_met_of_which_nothing_is_asked(
    here: World, least: tuple[int, int], told: list[str]
) -> None:
    quotas = tuple(Quota(f"award/U1/{n}", 2, one) for n, one in enumerate(least, start=1))
    assert not isinstance(specs.publish(here.context(), specification(quotas=quotas)), Refused)
    me = Browser(here, "candidate")
    page, code = stated(me, sat(here, me, 0))
    for text in (page, checked(code, NAME, here)[1]):
        assert re.findall(r">(–|Met|Not yet met)</td>", text) == told
        assert ("3 marks of 4, and the least number asked for" in text) == any(least)


def test_a_statement_says_what_the_centre_may_tell_and_its_pdf_is_tagged(here: World) -> None:
    me = Browser(here, "candidate")
    attempt = sat(here, me, 4)
    page, code = stated(me, attempt)
    made = me.get(f"/attempts/{attempt}/statement.pdf")
    assert made.mimetype == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(made.data))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"  # type: ignore[index]
    assert "/StructTreeRoot" in root  # type: ignore[operator]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert b"pdfuaid" in reader.trailer["/Root"]["/Metadata"].get_data()  # type: ignore[index]
    said = text_of(made.data)
    for where in (page, said):
        for fact in (
            *("Candidate", "Here", "Small award", "T1: First test", "Pass", "2 March 2026", code),
            *("3 marks of 4", "rule marking/1", "1 Greet a customer", "Met"),
        ):
            assert fact in where, fact
    assert "4 of 4" not in page + said
    assert "Handed in" not in page + said  # time may have been up, or the test been ended
    # Asked for again it is the same one, whatever test and programme are called by then.
    renamed = programmes.change(here.context("administrator"), here.programme, "Large award", NONE)
    assert renamed is None
    changed = specification(title="Another test", programme="Large award")
    assert not isinstance(specs.publish(here.context(), changed), Refused)
    assert stated(me, attempt)[1] == code
    for where in (stated(me, attempt)[0], checked(code, NAME, here)[1]):
        assert "T1: First test" in where
        assert "Small award" in where


def test_a_stranger_learns_only_what_code_and_name_together_confirm(here: World) -> None:
    me = Browser(here, "candidate")
    attempt = sat(here, me, 1)
    _, code = stated(me, attempt)
    assert len(code.replace("-", "")) == 20
    status, page = checked(f" {code.replace('-', ' ').upper()} ", "  cAndidate ", here)
    assert (status, 'data-verified="holds"' in page) == (200, True)
    assert "Not yet passed" in page
    assert "1 of 4" not in page
    wrong = [checked(code, "Somebody Else", here), checked("k7wd-p3fa-x9mm-2qtr-h4sb", NAME, here)]
    for status, page in wrong:
        assert status == 404
        assert codes(page) == {"E-NO-STATEMENT"}
        assert "Small award" not in page
        assert "First test" not in page
    assert checked("", "", here)[0] == 422


def test_after_another_mark_a_statement_no_longer_holds_and_a_new_one_does(here: World) -> None:
    me = Browser(here, "candidate")
    attempt = sat(here, me, 2)
    _, before = stated(me, attempt)
    review = remarking.ask(here.context("candidate"), attempt, "Question three is unclear.")
    assert isinstance(review, int)
    done = remarking.mark_again(here.context("quality"), review, {3}, "Both answers can be right.")
    assert isinstance(done, int), done
    assert 'data-verified="replaced"' in checked(before, NAME, here)[1]
    assert "Not yet passed" not in checked(before, NAME, here)[1]
    page = me.get(f"/attempts/{attempt}/statement").text
    assert 'data-statement="replaced"' in page
    refused = me.get(f"/attempts/{attempt}/statement.pdf")
    assert (refused.status_code, codes(refused.text)) == (409, {"E-STATE"})
    _, after = stated(me, attempt)
    assert after != before
    assert "rule person/1" in checked(after, NAME, here)[1]
    # Under a new name there is a new statement; the one before still says the old name.
    operator = here.context()
    assert people.change(operator, here.persons["candidate"], "Ann New", None, None) is None
    _, renamed = stated(me, attempt)
    assert renamed != after
    assert checked(renamed, "Ann New", here)[0] == checked(after, NAME, here)[0] == 200
    assert people.change(operator, here.persons["candidate"], NAME, None, None) is None
    assert stated(Browser(here, "candidate"), attempt)[1] == after


def test_there_is_no_statement_before_the_mark_nor_of_another_candidate(here: World) -> None:
    me = Browser(here, "candidate")
    attempt = started(here, me)
    for path in ("statement", "statement.pdf"):
        assert me.get(f"/attempts/{attempt}/{path}").location == f"/attempts/{attempt}/result"
        assert Browser(here, "candidate.two").get(f"/attempts/{attempt}/{path}").status_code == 404
    early = me.post(f"/attempts/{attempt}/statement")
    assert (early.status_code, codes(early.text)) == (409, {"E-STATE"})
    assert me.get(f"/attempts/{attempt}/receipt.json").status_code == 409
    with store.read() as session:
        assert statements_of_result.newest(session, attempt) is None


def test_where_pango_is_missing_the_page_says_so_and_the_log_what_to_install(
    here: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    me = Browser(here, "candidate")
    attempt = sat(here, me, 4)
    stated(me, attempt)
    pdf.why_not.cache_clear()
    monkeypatch.setattr(pdf, "LIBRARIES", ("libnowhere-1.0.so.0",))
    try:
        page = me.get(f"/attempts/{attempt}/statement").text
        assert "E-PDF" in codes(page)
        assert "statement.pdf" not in page
        refused = me.get(f"/attempts/{attempt}/statement.pdf")
        assert (refused.status_code, codes(refused.text)) == (503, {"E-PDF"})
        assert "apt install libpango" in caplog.text
    finally:
        pdf.why_not.cache_clear()


def test_no_pdf_shows_boxes_in_place_of_letters_that_no_typeface_has(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    me, person = Browser(here, "candidate"), here.persons["candidate"]
    attempt = sat(here, me, 4)
    rare = "Ann \U00012f90"  # Cypro-Minoan
    assert people.change(here.context(), person, rare, None, None) is None
    page, _ = stated(me, attempt)
    assert rare in page
    assert "E-PDF" in codes(page)
    refused = me.get(f"/attempts/{attempt}/statement.pdf")
    assert (refused.status_code, codes(refused.text)) == (503, {"E-PDF"})
    assert "U+12F90" in caplog.text


def test_what_is_looked_for_before_the_tests_is_what_pdf_files_need() -> None:
    assert find_pango.LIBRARIES == pdf.LIBRARIES
    assert all(package in pdf.MISSING for package in find_pango.PACKAGES)


def test_a_receipt_is_compared_with_itself_and_with_the_record(
    here: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    me = Browser(here, "candidate")
    attempt = sat(here, me, 2)
    file = me.get(f"/attempts/{attempt}/receipt.json").text
    document = json.loads(file)
    assert hashlib.sha256(document["line"].encode()).hexdigest() == document["receipt"]
    path = tmp_path / "receipt.json"
    path.write_text(file, encoding="utf-8")
    assert check_receipt.main([str(path)]) == 0
    path.write_text(file.replace(document["receipt"], "0" * 64), encoding="utf-8")
    assert check_receipt.main([str(path)]) == 1
    assert check_receipt.main([str(tmp_path / "nowhere")]) == 2
    assert "The receipt is good." in capsys.readouterr().out

    stranger = Browser(here, None)
    stranger._token = stranger.token_of("/receipt")

    def told(receipt: str, code: str = "") -> tuple[int, str]:
        answer = stranger.post("/receipt", {"receipt": receipt, "code": code})
        return answer.status_code, html.unescape(answer.text)

    for sent in ((file,), (document["line"], document["receipt"].upper())):
        status, page = told(*sent)
        assert (status, "data-receipt-holds" in page) == (200, True)
        assert not {"Candidate", "First test", "Small award"} & set(re.findall(r"[\w ]+", page))
    forged = document["line"].replace(document["parts"]["answers"], "f" * 64)
    other = json.dumps({"attempt": attempt + 1000})
    for line, what in (
        (document["line"].replace("2026", "2027"), "does not belong"),
        ("[" * 3000, "not the text"),
        ('{"attempt": true}', "not the text"),
        ('{"attempt": "1"}', "not the text"),
        ("", "Receipt"),
        ("{" * 5000, "4000"),
    ):
        status, page = told(line, document["receipt"])
        assert status == 422, line[:20]
        assert what in page
    # A line that was made up hashes well, and the record knows nothing of it; nor of nobody's.
    answers = {told(line, hashlib.sha256(line.encode()).hexdigest()) for line in (forged, other)}
    assert {status for status, _ in answers} == {404}
    assert all("E-RECEIPT" in codes(page) for _, page in answers)


def test_a_receipt_no_longer_holds_when_an_answer_was_changed_behind_our_back(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = Browser(here, "candidate")
    attempt = sat(here, me, 2)
    file = me.get(f"/attempts/{attempt}/receipt.json").text
    honest = attempts.answers

    def one_less(session: object, number: int) -> object:
        return honest(session, number)[:-1]  # type: ignore[arg-type]

    monkeypatch.setattr(attempts, "answers", one_less)
    stranger = Browser(here, None)
    stranger._token = stranger.token_of("/receipt")
    assert stranger.post("/receipt", {"receipt": file}).status_code == 404
    with store.read() as session:
        row = session.get_one(attempts.Attempt, attempt)
    assert closing.receipt(row) == row.receipt

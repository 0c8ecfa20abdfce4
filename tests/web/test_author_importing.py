"""A file of questions on the page: looked at first, then brought in whole, for a reviewer."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug import formparser
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from assess import store
from assess.store.banks import Bank, ItemVersion
from assess.web.author.bringing_in import LARGEST
from tests.builders import HEADER, World, csv, question
from tests.web.author_scene import author, codes, said

__all__ = ["author"]

BAD = "bad-1,single_choice,award/U1/1,Stem?,A,B,C,D,E,,,,,"


def look(
    client: FlaskClient, text: str | bytes, name: str = "new.csv", **fields: str
) -> TestResponse:
    """Send a file, to see what it would do."""
    data = text.encode() if isinstance(text, str) else text
    values = {"bank": "Small bank", "framework": "award", "purpose": "high-stakes"} | fields
    # Put together here: for a large one the client makes a file of its own, and leaves it open.
    boundary, body = encode_multipart({**values, "file": FileStorage(BytesIO(data), name)})
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post("/banks/import", data=body, content_type=kind)


def do(client: FlaskClient, shown: TestResponse, **changes: str) -> TestResponse:
    """Press the button below what was shown."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    return client.post("/banks/import/do", data=hidden | changes, follow_redirects=True)


def in_review() -> int:
    """How many versions wait for a reviewer."""
    with store.read() as session:
        return len(session.scalars(select(ItemVersion).where(ItemVersion.state == "review")).all())


def counts(page: TestResponse) -> dict[str, int]:
    """The figures at the head of the page."""
    found = re.findall(r'data-end="(\w+)"><dt>[^<]*</dt><dd>(\d+)</dd>', page.text)
    return {end: int(count) for end, count in found if count != "0"}


def test_a_file_is_looked_at_and_then_brought_in_for_a_reviewer(
    built: World, author: FlaskClient
) -> None:
    text = "\n".join([csv().replace("Stem 1 ", "Clearer stem 1 "), question(7, "1")])
    text = text.replace("Rationale A of 1-7", "")
    shown = look(author, text)
    assert counts(shown) == {"created": 1, "changed": 2, "unchanged": 10}
    assert 'data-advice="missing_rationale"' in shown.text
    assert in_review() == 0
    page = do(author, shown)
    assert "wait for a reviewer" in said(page)
    assert in_review() == 3
    waiting = built.client("reviewer").get("/reviews").text
    review = re.search(r"/items/\d+/review", waiting)
    assert review is not None
    assert "new.csv" in built.client("reviewer").get(review.group()).text
    # Brought in again the file changes nothing.
    assert "There is nothing to do" in said(look(author, text))


def test_a_refused_question_keeps_the_file_out_and_says_where(
    built: World, author: FlaskClient
) -> None:
    shown = look(author, "\n".join([HEADER, question(7, "1"), BAD]))
    assert counts(shown) == {"created": 1, "refused": 1}
    assert "line 3" in shown.text
    assert "Bring all of it in" not in shown.text


def test_of_a_long_list_the_rare_is_shown_and_how_much_is_left_out(
    built: World, author: FlaskClient
) -> None:
    plain = [question(n, "1").replace(",Chapter 1", ",") for n in range(7, 110)]
    alike = question(110, "1").replace("Option A of 1-110", "Option B of 1-110")
    bad = [BAD.replace("bad-1", f"bad-{n}") for n in range(102)]
    shown = look(author, "\n".join([HEADER, *plain, alike, *bad]))
    assert 'data-advice="equal_options"' in shown.text
    assert re.findall(r'data-cut="(\d+)"', shown.text) == ["102", "104"]
    assert "The first 100 of 104 are shown." in said(shown)


def test_a_new_bank_has_a_framework_and_a_purpose(built: World, author: FlaskClient) -> None:
    text = csv().replace("Stem", "Practice stem")
    shown = look(author, text, bank="Own practice", purpose="practice")
    assert "New bank: Own practice" in said(shown)
    do(author, shown)
    with store.read() as session:
        made = session.scalars(select(Bank).where(Bank.name == "Own practice")).one()
        assert (made.purpose, made.framework_id is None) == ("practice", False)


def test_an_empty_bank_is_made_to_write_in(built: World, author: FlaskClient) -> None:
    form = {"bank": "From nothing", "framework": "award", "purpose": "practice"}
    assert codes(author.post("/banks/new", data=form | {"bank": " "})) == {"bank": "E-FIELD"}
    assert codes(author.post("/banks/new", data=form | {"framework": "x"})) == {
        "framework": "E-FIELD"
    }
    made = author.post("/banks/new", data=form)
    assert made.status_code == 302
    assert "Write its first question" in said(author.get(made.location))
    written = author.post(f"{made.location}/items/new", data={"identifier": "n-1"})
    assert written.status_code == 302
    again = author.post("/banks/new", data=form | {"purpose": "high-stakes"})
    assert again.location == made.location
    with store.read() as session:
        bank = session.scalars(select(Bank).where(Bank.name == "From nothing")).one()
        assert (bank.purpose, bank.framework_id is None) == ("practice", False)


def test_bad_input_is_refused_beside_its_field(
    built: World, author: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No file goes by a disk, which may be full.
    monkeypatch.setattr(formparser, "SpooledTemporaryFile", None)
    assert codes(look(author, b"x" * 900_000)) == {"file": "E-FILE"}
    assert codes(look(author, b"")) == {"file": "E-MALFORMED"}
    assert codes(look(author, b"", name="")) == {"file": "E-FIELD"}
    assert "There is no question in the file" in said(look(author, HEADER))
    assert codes(look(author, csv(), bank=" ")) == {"bank": "E-FIELD"}
    assert codes(look(author, csv(), bank="New", framework="nowhere")) == {"framework": "E-FIELD"}
    for data in (b"\x1f\x8b\x08", b"<quiz>", b"a,b\n1,2", b"\xff\xfe\x00", b"x" * (LARGEST + 1)):
        answer = look(author, data)
        assert answer.status_code == 422, data[:10]
        assert list(codes(answer)) == ["file"]
    shown = look(author, csv(9))
    assert do(author, shown, data="no base64!").status_code == 422
    changed = do(author, shown, seen="another")
    assert changed.status_code == 409
    assert "E-BUSY" in changed.text
    assert in_review() == 0


def test_what_has_changed_since_the_look_is_told_and_a_second_press_too(
    built: World, author: FlaskClient
) -> None:
    mine = csv(3).replace("Stem", "My stem")
    shown = look(author, mine, bank="Drill", purpose="practice")
    # A colleague makes a bank of this name, for tests that count.
    theirs = {"bank": "Drill", "framework": "award", "purpose": "high-stakes"}
    assert author.post("/banks/new", data=theirs).status_code == 302
    late = do(author, shown)
    assert (late.status_code, in_review()) == (409, 0)
    assert "Somebody changed this bank" in said(late)
    assert do(author, late).status_code == 200
    again = do(author, late)
    assert (again.status_code, in_review()) == (409, 6)
    assert "All that the file says has come in since" in said(again)


def test_what_is_typed_is_never_markup(built: World, author: FlaskClient) -> None:
    text = "\n".join([HEADER, question(7, "1").replace("Stem", "<b>Stem"), BAD])
    shown = look(author, text, name="<i>.csv", bank="<u>bank")
    assert "<u>bank" not in shown.text
    assert "<i>.csv" not in shown.text

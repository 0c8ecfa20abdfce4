"""The player's JSON: saved or not and why, one writer, late journals, no key in any byte."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from assess.web.api import shapes
from tests.builders import World
from tests.web.candidate_builders import Browser, Player, contents, refused


def test_the_form_says_all_that_the_player_needs_and_nothing_of_the_key(player: Player) -> None:
    player.save(2, 1, sequence=4)
    player.post("flags", place=3, flagged=True)
    answer = player.get("form")
    form = player.said(answer)
    assert form["length"] == len(form["questions"]) == 4
    assert (form["state"], form["writer"], form["seconds_left"]) == ("open", 1, 1800)
    assert form["answers"] == {"2": {"sequence": 4, "answer": [1]}}
    assert form["flags"] == [3]
    for shown, content in zip(form["questions"], contents(player.attempt), strict=True):
        assert shown["stem"] == content.stem
        assert sorted(shown["options"]) == sorted(option.text for option in content.options)
        assert shown.keys() == {
            "place", "kind", "control", "choose", "stem", "options", "stimulus"
        }  # fmt: skip
        for option in content.options:
            assert option.rationale not in answer.text
    words = answer.text.lower()
    assert not any(word in words for word in ("key", "rationale", "score", "version", "item"))


def test_a_save_is_acknowledged_once_it_is_there_and_again_and_never_with_other_content(
    player: Player,
) -> None:
    told = player.said(player.save(1, 2))
    assert told == {"saved": True, "place": 1, "sequence": 1, "seconds_left": 1800}
    assert player.said(player.save(1, 2)) == told
    assert refused(player.save(1, 3)) == (409, "E-SAVE-CONFLICT")
    assert player.fetch()["answers"]["1"] == {"sequence": 1, "answer": [2]}


WRONG: tuple[dict[str, object], ...] = (
    {"answer": [True]}, {"answer": ["1"]}, {"answer": [-1]}, {"answer": 1}, {"answer": [26]},
    {"answer": [1.0]}, {"answer": None}, {"place": 0}, {"place": "1"}, {"sequence": 0},
    {"sequence": 1 << 31}, {"writer": 0}, {"another": 1}, {"place": {"$gt": 0}},
)  # fmt: skip


def test_what_has_another_shape_is_refused_and_not_repeated(player: Player) -> None:
    for wrong in WRONG:
        answer = player.post("answers", **{**player.key(1, 1), "answer": [1], **wrong})
        assert refused(answer) == (422, "E-FIELD"), wrong
        assert json.loads(answer.text)["fields"][0].startswith(next(iter(wrong)))
    for body in (b"", b"[]", b"null", b"{", b'{"answer": "\\u0000"}', b"\xff"):
        address = f"/api/attempts/{player.attempt}/answers"
        answer = player.browser.tell(address, body)
        assert answer.status_code in {400, 422}, body
        assert answer.mimetype == "application/problem+json"
    assert player.fetch()["answers"] == {}


def test_what_is_no_answer_to_its_question_is_refused(player: Player) -> None:
    assert refused(player.save(1, 4)) == (422, "E-ANSWER")
    assert refused(player.save(1, 1, 1)) == (422, "E-ANSWER")
    assert refused(player.save(99, 1)) == (404, "E-NOT-FOUND")


def test_a_token_works_in_its_session_for_its_attempt_and_its_writer_alone(player: Player) -> None:
    other = Browser(player.world, "candidate.two")
    stranger = Player(player.world, other, player.attempt)
    stranger.token = player.token
    assert refused(stranger.save(1, 1)) == (404, "E-NOT-FOUND")
    again = Player(player.world, Browser(player.world, "candidate"), player.attempt)
    again.token = player.token
    assert refused(again.save(1, 1)) == (409, "E-WRITER")
    assert refused(player.save(1, 1, token=player.token[:-8] + "AAAAAAAA")) == (409, "E-WRITER")
    assert refused(player.save(1, 1, writer=2)) == (409, "E-WRITER")
    nobody = Browser(player.world, None)
    stolen = Player(player.world, nobody, player.attempt)
    stolen.token = player.token
    assert refused(stolen.save(1, 1)) == (403, "E-SIGNED-OUT")
    player.browser._token = "another"
    assert refused(player.save(1, 1)) == (403, "E-CSRF")


def test_an_ended_session_saves_nothing_by_its_token(player: Player) -> None:
    token = player.token
    player.browser.post("/logout")
    player.token = token
    assert refused(player.save(1, 1))[0] == 403


def test_a_device_that_was_taken_over_leaves_evidence_that_the_next_may_take_up(
    player: Player,
) -> None:
    assert player.said(player.save(1, 1))["saved"]
    second = Player(player.world, Browser(player.world, "candidate"), player.attempt)
    assert refused(second.get("form")) == (409, "W-TAKEOVER")
    assert not second.said(second.get("time"))["writer_is_me"]
    told = second.said(second.post("takeover"))
    second.token, second.writer = told["token"], told["writer"]
    assert told["writer"] == 2

    assert refused(player.save(1, 2, sequence=2)) == (409, "W-TAKEOVER")
    unsent = ((1, 1, [1]), (1, 2, [2]), (2, 1, [3]), (3, 1, [0]))
    expected = ["already", *["evidence-superseded"] * 3]
    assert player.journal(*unsent) == player.journal(*unsent) == expected
    assert refused(player.get("offers")) == (409, "W-TAKEOVER")

    def offered() -> list[tuple[int, list[int]]]:
        found = second.said(second.get("offers"))["offers"]
        return [(one["place"], one["answer"]) for one in found]

    assert offered() == [(1, [2]), (2, [3]), (3, [0])]
    second.save(1, 2, sequence=3)  # taken up
    second.save(3, 1, sequence=2)  # answered anew: the offer is over
    assert offered() == [(2, [3])]
    assert refused(player.post("hand-in", token=player.token, writer=1)) == (409, "W-TAKEOVER")
    done = second.said(second.post("hand-in", token=second.token, writer=2))
    assert len(done["receipt"]) == 64
    assert second.browser.get(done["result"]).status_code == 200
    assert refused(second.save(2, 1, sequence=9)) == (409, "E-CLOSED")


def test_what_comes_after_the_end_is_kept_and_does_not_count(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = player.world.app.extensions
    monkeypatch.setitem(held, "assess.settings", replace(held["assess.settings"], grace_seconds=25))
    player.save(1, 1)
    player.world.clock.advance(timedelta(minutes=30, seconds=25))
    assert player.said(player.save(2, 1))["seconds_left"] == 0
    player.world.clock.advance(timedelta(microseconds=1))
    late = player.save(3, 1)
    assert refused(late) == (409, "E-LATE")
    assert json.loads(late.text)["kept"] is True
    assert refused(player.save(3, 2)) == (409, "E-SAVE-CONFLICT")
    assert refused(player.get("form")) == (409, "E-LATE")
    assert player.said(player.get("time"))["state"] == "marked"
    assert player.journal((1, 1, [1]), (3, 1, [1]), (4, 2, [1])) == [
        "already",
        "evidence-late",
        "evidence-late",
    ]
    assert refused(player.save(4, 1, sequence=3)) == (409, "E-LATE")


def test_a_journal_with_something_that_is_no_answer_is_refused_whole(player: Player) -> None:
    entries = [
        {"place": 1, "sequence": 1, "answer": [1]},
        {"place": 2, "sequence": 1, "answer": [9]},
    ]
    answer = player.post("journal", token=player.token, writer=1, entries=entries)
    assert refused(answer) == (422, "E-ANSWER")
    assert player.fetch()["answers"] == {}
    assert player.journal((1, 1, [1]), (1, 2, [2]), (1, 2, [3])) == ["saved", "saved", "conflict"]


def test_the_description_is_openapi_3_1_and_names_every_address(built: World) -> None:
    answer = built.app.test_client().get("/api/openapi.json")
    told = json.loads(answer.text)
    assert told["openapi"].startswith("3.1")
    with built.app.test_request_context():
        rules = {
            rule.rule.replace("<int:attempt_id>", "{attempt_id}")
            for rule in built.app.url_map.iter_rules()
            if rule.endpoint.startswith("api.")
        }
    assert set(told["paths"]) == rules
    save = told["paths"]["/api/attempts/{attempt_id}/answers"]["post"]
    assert {"200", "409", "422"} <= set(save["responses"])


def test_the_description_says_how_each_refusal_looks_that_is_served(player: Player) -> None:
    told = json.loads(player.browser.get("/api/openapi.json").text)
    parts = told["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(told)))
    assert named <= parts.keys()
    assert "HTTPError" not in parts
    saving = told["paths"]["/api/attempts/{attempt_id}/answers"]["post"]
    assert saving["security"] == [{"session": [], "csrf": []}]
    address = f"/api/attempts/{player.attempt}/answers"
    right = {**player.key(1, 1), "answer": [1]}
    answers = [
        player.save(1, 9),
        player.post("answers", **{**right, "another": 1}),
        player.post("answers", **{**right, "token": "\0"}),
        player.browser.tell(address, b"{"),
        player.browser.tell(address, b"0" * 2_000_000),
        player.browser.post(address, {"answer": "1"}),
        Player(player.world, Browser(player.world, "candidate.two"), player.attempt).save(1, 1),
        player.world.app.test_client().post(address, json=right),
    ]
    assert player.save(2, 1).status_code == 200
    answers.append(player.save(2, 2, sequence=1))
    statuses = set()
    for answer in answers:
        statuses.add(answer.status_code)
        response = saving["responses"][str(answer.status_code)]
        assert list(response["content"]) == [answer.mimetype], answer.text
        assert response["content"][answer.mimetype]["schema"]["$ref"].endswith("/Problem")
        shapes.Problem.model_validate_json(answer.text)
    assert {400, 403, 404, 409, 413, 422} <= statuses

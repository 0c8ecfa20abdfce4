"""An open attempt for the player's script: its form, the time, flags, taking over, handing in."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions import attempts as deeds
from assess.actions import resting, saving
from assess.actions.context import not_found
from assess.bank.items import Content
from assess.delivery import answering, evidence, form, timing
from assess.delivery import ledger as rules
from assess.delivery.attempt import LIVE, Move, State, after
from assess.reasons import Code, Helper, Refused
from assess.roles import Role
from assess.store import attempts, banks, ledger, specifications
from assess.store import evidence as held
from assess.store.attempts import Attempt
from assess.web import access, packing, signing, tokens
from assess.web.api import shapes
from assess.web.api.blueprint import REFUSALS, bp, plain, refuse


@bp.get("/attempts/<int:attempt_id>/form")
@access.only(Role.CANDIDATE)
@packing.packable
@bp.output(shapes.Form, description="All that the player needs; fetched once.")
@bp.doc(responses=REFUSALS)
def fetch(attempt_id: int) -> Response:
    """The questions of an open attempt as shown, and what was answered; for who may write."""
    with store.look() as read:
        row = _mine(read, attempt_id)
        if isinstance(row, Refused):
            return refuse(row)
        assert row.deadline is not None  # noqa: S101 - an open attempt has one: a check holds it
        drawn = row.drawn()
        contents = banks.contents(read, [q.version for q in drawn])
        saves = attempts.answers(read, row.id)
        title, version = specifications.sat(read, row.test_id, row.specification_id)
        flags = attempts.flags(read, row.id)
    now = signing.now()
    numbers: dict[int, int] = {}
    for one in saves:
        numbers[one.place] = max(one.sequence, numbers.get(one.place, 0))
    return plain(
        {
            "attempt": row.id,
            "title": title,
            "state": row.state,
            "writer": row.writer,
            "token": _token(row, contents),
            "now": now.isoformat(),
            "seconds_left": timing.seconds_left(now, row.deadline),
            "seconds": row.seconds,
            "deadline": row.deadline.isoformat(),
            "length": len(drawn),
            "open_book": open_book(version),
            "questions": [
                question(form.question(place, len(drawn), one, contents[one.version]))
                for place, one in enumerate(drawn, 1)
            ],
            "answers": {
                str(place): {
                    "sequence": numbers[place],
                    "answer": list(form.own_to_shown(drawn[place - 1].order, one.answer)),
                }
                for place, one in answering.latest(saves).items()
            },
            "flags": sorted(flags),
        }
    )


@bp.get("/attempts/<int:attempt_id>/time")
@access.only(Role.CANDIDATE)
@bp.output(shapes.TimeOut)
@bp.doc(responses=REFUSALS)
def time(attempt_id: int) -> Response:
    """How much time is left; asking closes what is over: a rest break, an attempt."""
    return _told(attempt_id)


def _told(attempt_id: int) -> Response:
    """How the time of an attempt stands. While it is paused: what the clock stands at."""
    row = _woken(attempt_id)
    if row is None:
        return refuse(not_found())
    now, state = signing.now(), row.state
    if (
        State(state) is State.OPEN
        and row.deadline is not None
        and not timing.accepts(now, row.deadline, signing.settings().grace)
        and deeds.time_up(signing.context(), row.id, current_user.person_id) is not None
    ):
        state = State.MARKED.value
    left, rest_left = 0, 0
    paused = State(state) is State.PAUSED
    if State(state) in LIVE and row.opened_at is not None:
        left = 0 if row.deadline is None else timing.seconds_left(now, row.deadline)
        if paused or row.rest_seconds:
            with store.look() as read:
                lines = ledger.of_attempt(read, row)
            if row.deadline is not None:  # nobody begins a break whose clock somebody else stopped
                rest_left = rules.rest_left(lines, row.rest_seconds, now)
            if paused:
                left = rules.remaining(lines, row.opened_at, now) // rules.SECOND
    return plain(
        {
            "now": now.isoformat(),
            "seconds_left": left,
            "state": state,
            "writer_is_me": row.writer_session_id == current_user.session_id,
            "resting": row.resting,
            "rest_left": rest_left,
        }
    )


@bp.post("/attempts/<int:attempt_id>/rest")
@access.only(Role.CANDIDATE)
@bp.output(shapes.TimeOut)
@bp.doc(responses=REFUSALS)
def rest(attempt_id: int) -> Response:
    """Begin a rest break by arrangement: the clock stands, and no answer is taken."""
    refused = resting.begin(signing.context(), attempt_id)
    return _told(attempt_id) if refused is None else refuse(refused)


@bp.post("/attempts/<int:attempt_id>/rest/end")
@access.only(Role.CANDIDATE)
@bp.output(shapes.TimeOut)
@bp.doc(responses=REFUSALS)
def end_rest(attempt_id: int) -> Response:
    """End the rest break before its minutes are used up."""
    refused = resting.end(signing.context(), attempt_id)
    return _told(attempt_id) if refused is None else refuse(refused)


@bp.post("/attempts/<int:attempt_id>/flags")
@access.only(Role.CANDIDATE)
@bp.input(shapes.FlagIn)
@bp.output(shapes.FlagOut)
@bp.doc(responses=REFUSALS)
def flag(attempt_id: int, json_data: shapes.FlagIn) -> Response:
    """Flag a question to come back to, or take the flag away."""
    place, flagged = json_data.place, json_data.flagged
    refused = deeds.flag(signing.context(), attempt_id, place, flagged)
    return plain({"place": place, "flagged": flagged}) if refused is None else refuse(refused)


@bp.post("/attempts/<int:attempt_id>/takeover")
@access.only(Role.CANDIDATE)
@bp.output(shapes.WriterOut)
@bp.doc(responses=REFUSALS)
def take_over(attempt_id: int) -> Response:
    """Go on with an attempt here; the device before can only read from now on."""
    done = deeds.take_over(signing.context(), attempt_id)
    if isinstance(done, Refused):
        return refuse(done)
    with store.look() as read:
        row = _mine(read, attempt_id)
        if isinstance(row, Refused):  # another device was quicker
            return refuse(row)
        contents = banks.contents(read, [q.version for q in row.drawn()])
    return plain({"writer": row.writer, "token": _token(row, contents)})


@bp.get("/attempts/<int:attempt_id>/offers")
@access.only(Role.CANDIDATE)
@bp.output(shapes.OffersOut)
@bp.doc(responses=REFUSALS)
def offers(attempt_id: int) -> Response:
    """What devices before did not send in time; taken up by saving it."""
    with store.look() as read:
        row = _mine(read, attempt_id)
        if isinstance(row, Refused):
            return refuse(row)
        drawn = row.drawn()
        found = evidence.offers(
            [one.held() for one in held.of_attempt(read, row.id)],
            attempts.answers(read, row.id),
            row.writer,
        )
    return plain(
        {
            "offers": [
                {
                    "place": one.place,
                    "answer": list(form.own_to_shown(drawn[one.place - 1].order, one.answer)),
                    "writer": one.writer,
                    "sequence": one.sequence,
                    "received": one.received.isoformat(),
                }
                for one in found
            ]
        }
    )


@bp.post("/attempts/<int:attempt_id>/hand-in")
@access.only(Role.CANDIDATE)
@bp.input(shapes.HandInIn)
@bp.output(shapes.HandedInOut, description="Closed for good, and marked.")
@bp.doc(responses=REFUSALS)
def hand_in(attempt_id: int, json_data: shapes.HandInIn) -> Response:
    """Hand in for good; the receipt stands for all the answers."""
    device = tokens.unseal(signing.settings().secret_key, session["_user_id"], json_data.token)
    with store.look() as read:
        row = attempts.of_candidate(read, current_user.person_id, attempt_id)
    if row is None:
        return refuse(not_found())
    if device is None or (device.attempt_id, device.writer) != (attempt_id, json_data.writer):
        return refuse(Refused.of(Code.WRITER, who=Helper.YOU))
    sits = State(row.state) is State.OPEN or row.resting
    if sits and row.writer != json_data.writer:
        return refuse(Refused.of(Code.TAKEOVER, who=Helper.YOU))
    done = deeds.hand_in(signing.context(), attempt_id)
    if isinstance(done, Refused):
        return refuse(done)
    result = url_for("candidate.result", attempt_id=attempt_id)
    return plain({"receipt": done.receipt, "result": result})


def question(shown: form.Question) -> dict[str, object]:
    """A question as the player gets it."""
    return {
        "place": shown.place,
        "kind": shown.kind,
        "control": shown.control,
        "choose": _(shown.instruction),
        "stem": shown.stem,
        "options": list(shown.options),
        "stimulus": {"text": shown.stimulus} if shown.stimulus else None,
    }


def open_book(version: specifications.Published) -> list[dict[str, str]]:
    """What the test lays beside its questions."""
    found = version.specification().resources
    return [{"title": r.title, "text": r.text, "url": r.url} for r in found]


def _woken(attempt_id: int) -> Attempt | None:
    """My attempt; a rest break whose minutes are used up is over."""
    with store.look() as read:
        row = attempts.of_candidate(read, current_user.person_id, attempt_id)
    if row is None or not row.resting:
        return row
    resting.end_over(signing.now(), current_user.person_id, attempt_id)
    with store.look() as read:
        return attempts.of_candidate(read, current_user.person_id, attempt_id)


def _mine(read: Session, attempt_id: int) -> Attempt | Refused:
    """My open attempt, if this session may write now."""
    row = attempts.of_candidate(read, current_user.person_id, attempt_id)
    if row is None:
        return not_found()
    state = State(row.state)
    if row.resting:
        return Refused.of(Code.STATE, who=Helper.YOU, what="resting")
    if state is not State.OPEN:
        refused = after(state, Move.HAND_IN)
        assert isinstance(refused, Refused)  # noqa: S101 - only an open attempt is handed in
        return refused
    if row.deadline is None or not timing.is_open(signing.now(), row.deadline):
        return Refused.of(Code.LATE, who=Helper.NOBODY)
    if row.writer_session_id != current_user.session_id:
        return Refused.of(Code.TAKEOVER, who=Helper.YOU)
    return row


def _token(row: Attempt, contents: Mapping[int, Content]) -> str:
    device = saving.Sitting(
        row.id,
        row.candidate_id,
        current_user.session_id,
        row.writer,
        tuple(
            saving.Shown(contents[q.version].kind, len(contents[q.version].options), q.order)
            for q in row.drawn()
        ),
    )
    return tokens.seal(signing.settings().secret_key, session["_user_id"], device)

"""Is my answer saved? One answer as it is chosen, or all that a device kept while it was alone.

A save that is as it should be does not come here (`assess/web/shortcut.py`): all others do, to be
told why, or to be saved after all.
"""

from __future__ import annotations

from flask import Response, current_app
from flask_login import current_user

from assess import store
from assess.actions import saving as deeds
from assess.actions.context import not_found
from assess.actions.saving import Entry, Sitting
from assess.reasons import Code, Helper, Refused
from assess.roles import Role
from assess.store import attempts
from assess.web import access, limits, signing, tokens
from assess.web.api import shapes
from assess.web.api.blueprint import REFUSALS, bp, plain, refuse


@bp.post("/attempts/<int:attempt_id>/answers")
@access.only(Role.CANDIDATE)
@bp.input(shapes.AnswerIn)
@bp.output(shapes.SavedOut, description="It is on the disk; the same save again says the same.")
@bp.doc(responses=REFUSALS)
def save(attempt_id: int, json_data: shapes.AnswerIn) -> Response:
    """Save the answer to a question."""
    device = _device(attempt_id, json_data)
    if isinstance(device, Refused):
        return refuse(device)
    limits.count_answers(current_app, device.person_id, attempt_id)
    entry = Entry(json_data.place, json_data.sequence, [str(p) for p in json_data.answer])
    done = deeds.keep(device, entry, signing.now(), signing.settings().grace)
    if isinstance(done, Refused):
        return refuse(done, **({"kept": True} if done.code is Code.LATE else {}))
    return plain(
        {
            "saved": True,
            "place": done.place,
            "sequence": done.sequence,
            "seconds_left": done.seconds_left,
        }
    )


@bp.post("/attempts/<int:attempt_id>/journal")
@access.only(Role.CANDIDATE)
@bp.input(shapes.JournalIn)
@bp.output(shapes.OutcomesOut, description="What became of each entry; none is dropped.")
@bp.doc(responses=REFUSALS)
def journal(attempt_id: int, json_data: shapes.JournalIn) -> Response:
    """Take a device's whole journal at once, in order. It may come after its session has ended."""
    secret = signing.settings().secret_key
    device = tokens.unseal(secret, None, json_data.token)
    if device is None or device.person_id != current_user.person_id:
        device = None
    if device is None or (device.attempt_id, device.writer) != (attempt_id, json_data.writer):
        return refuse(_not_this_device(attempt_id))
    limits.count_answers(current_app, device.person_id, attempt_id, len(json_data.entries))
    entries = [Entry(e.place, e.sequence, [str(p) for p in e.answer]) for e in json_data.entries]
    done = deeds.keep_journal(
        device, current_user.session_id, entries, signing.now(), signing.settings().grace
    )
    if isinstance(done, Refused):
        return refuse(done)
    return plain(
        {
            "outcomes": [
                {"place": e.place, "sequence": e.sequence, "outcome": outcome.value}
                for e, outcome in zip(entries, done, strict=True)
            ]
        }
    )


def _device(attempt_id: int, told: shapes.AnswerIn) -> Sitting | Refused:
    """The device whose token this is, in the session that it was made for."""
    device = tokens.unseal(signing.settings().secret_key, current_user.get_id(), told.token)
    if device is None or (device.attempt_id, device.writer) != (attempt_id, told.writer):
        return _not_this_device(attempt_id)
    return device


def _not_this_device(attempt_id: int) -> Refused:
    """The token was made for another attempt, session or writer, or by nobody of ours."""
    with store.read() as session:
        row = attempts.of_candidate(session, current_user.person_id, attempt_id)
    return not_found() if row is None else Refused.of(Code.WRITER, who=Helper.YOU)

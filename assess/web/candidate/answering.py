"""Is my answer saved? What a page's own form sends, where no script does it (`web/api/saving`)."""

from __future__ import annotations

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions import attempts as deeds
from assess.actions import saving
from assess.actions.saving import Saved
from assess.delivery import answering, form
from assess.reasons import Code, Helper, Refused
from assess.roles import Role
from assess.store import attempts, banks
from assess.web import access, limits, problems, signing
from assess.web.candidate import attempt as player
from assess.web.candidate import resting, sitting
from assess.web.candidate.blueprint import bp
from assess.web.candidate.numbers import whole

FLAGS = {"flag": True, "unflag": False}


@bp.post("/attempts/<int:attempt_id>/questions/<int:place>")
@access.only(Role.CANDIDATE)
def answer(attempt_id: int, place: int) -> ResponseReturnValue:
    """Save my answer, flag the question or not, and go where I asked."""
    context, go = signing.context(), request.form.get("go", "")
    values = [] if go == "clear" else request.form.getlist("answer")
    limits.count_answers(current_app, current_user.person_id, attempt_id)
    writer, sequence = (whole(request.form.get(name, "")) for name in ("writer", "sequence"))
    done: Saved | Refused | None = saving.save(context, attempt_id, place, values, writer, sequence)
    if isinstance(done, Saved):
        done = _overtaken(attempt_id, values, done, writer)
    if done is None and go in FLAGS:
        done = deeds.flag(context, attempt_id, place, FLAGS[go])
    if done is not None:
        return _not_saved(attempt_id, place, values, done)
    return redirect(_goal(attempt_id, place, go))


def _overtaken(attempt_id: int, values: list[str], saved: Saved, writer: int) -> Refused | None:
    """A conflict, when a newer answer of another content counts: two tabs, or a page from before.

    The save itself was right (the very same answer is on the disk), but to call this one saved
    would be to let a candidate believe that it counts.
    """
    with store.read() as session:
        row = attempts.of_candidate(session, current_user.person_id, attempt_id)
        assert row is not None  # noqa: S101 - it has just taken an answer
        counting = answering.latest(attempts.answers(session, row.id))[saved.place]
        question = row.drawn()[saved.place - 1]
        content = banks.contents(session, [question.version])[question.version]
    sent = answering.parse(values, len(content.options), content.kind)
    assert not isinstance(sent, Refused)  # noqa: S101 - it has just been saved
    newer = (counting.writer, counting.sequence) > (writer, saved.sequence)
    if not newer or counting.answer == form.shown_to_own(question.order, sent):
        return None
    return Refused.of(Code.CONFLICT, who=Helper.YOU, place=saved.place)


def _goal(attempt_id: int, place: int, go: str) -> str:
    """Where to go after saving. Whatever is no place of the form stays at the question."""
    with store.read() as session:
        row = attempts.of_candidate(session, current_user.person_id, attempt_id)
    length = len(row.form) if row is not None else place
    if go == "rest":
        return url_for("candidate.rest", attempt_id=attempt_id, question=place)
    if go == "review" or (go == "next" and place == length):
        return url_for("candidate.review", attempt_id=attempt_id)
    wanted = {"next": place + 1, "previous": place - 1}.get(go) or whole(go)
    at = wanted if 1 <= wanted <= length else place
    return url_for("candidate.question", attempt_id=attempt_id, place=at)


def _not_saved(
    attempt_id: int, place: int, values: list[str], refused: Refused
) -> ResponseReturnValue:
    """Say that an answer is not saved, why, and what it was: nothing is lost in silence."""
    if problems.wants_json():
        return problems.answer(refused)
    match refused.code:
        case Code.CONFLICT:
            return player.page(attempt_id, place, refused, _shown(values))
        case Code.ANSWER:
            return player.page(attempt_id, place, refused)
        case Code.TAKEOVER:
            return sitting.elsewhere(attempt_id, refused, _positions(place, values))
        case Code.STATE if (row := resting.under_way(attempt_id)) is not None:
            return resting.page(row, refused, _positions(place, values))
        case Code.STATE if (row := sitting.stopped(attempt_id)) is not None:
            return sitting.paused(row, place, _positions(place, values))
        case Code.CLOSED | Code.LATE:
            sitting.find(attempt_id)  # closes it, if its time is over
            return sitting.closed(attempt_id, refused, _positions(place, values))
        case _:
            return problems.answer(refused)


def _shown(values: list[str]) -> tuple[int, ...]:
    """The shown positions of values that the deed has found to be an answer."""
    return tuple(sorted(int(value) for value in values if value))


def _positions(place: int, values: list[str]) -> str:
    """What was sent, by number: after the end no option's text is shown by this way."""
    chosen = ", ".join(str(position + 1) for position in _shown(values))
    if not chosen:
        return str(_("Question %(place)d: no answer", place=place))
    return str(_("Question %(place)d: option %(chosen)s", place=place, chosen=chosen))

"""How do my settings look in a test? Sample questions in the player itself; nothing is stored."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.bank.kinds import KINDS
from assess.delivery.arrangements import FORMS
from assess.delivery.form import Question
from assess.roles import Role
from assess.store import arrangements
from assess.web import access, arranged, problems, signing
from assess.web.candidate import player
from assess.web.candidate.blueprint import bp
from assess.web.candidate.numbers import whole
from assess.web.candidate.questions import Paper, Place

SECONDS = 600  # of the sample's clock, which ends nothing


@bp.get("/try")
@access.only(Role.CANDIDATE)
def try_settings() -> str:
    """What is arranged for me, other sizes, spacings and colours to try, and sample questions."""
    with store.read() as session:
        mine = arrangements.in_force(session, current_user.person_id, signing.now())
    return render_template(
        "candidate/try.html",
        arrangements=mine,
        rest_seconds=arrangements.rest_of(mine),
        choices={kind: FORMS[kind].values for kind in arranged.CLASSES},
        chosen=arranged.mine(),
        chosen_settings=_settings(),
    )


@bp.get("/try/questions/<int:place>")
@access.only(Role.CANDIDATE)
def try_question(place: int) -> ResponseReturnValue:
    """A sample question. Without a script the buttons lead on, and forget what was chosen."""
    questions = samples()
    if not 1 <= place <= len(questions):
        return problems.answer(not_found())
    if "go" in request.args:
        return redirect(_goal(place, len(questions), request.args["go"]))
    question = questions[place - 1]
    return _page(
        "candidate/question.html",
        sheet={"question": question, "writer": "", "sequence": ""},
        chosen=(),
        address=_place_of(place),
    )


@bp.get("/try/review")
@access.only(Role.CANDIDATE)
def try_review() -> str:
    """Where a test would be handed in."""
    return _page("candidate/review.html", q=player.BLANK)


@bp.get("/try/form")
@access.only(Role.CANDIDATE)
def try_form() -> ResponseReturnValue:
    """The sample questions, as the player gets those of a test."""
    questions = [
        asdict(one)
        | {
            "choose": _(one.instruction),
            "stimulus": {"text": one.stimulus} if one.stimulus else None,
        }
        for one in samples()
    ]
    return jsonify(questions=questions, answers={}, flags=[])


def samples() -> tuple[Question, ...]:
    """A question of each way to answer, one on a case, and a long one; none is of any bank."""
    single, multiple = "single_choice", "multiple_response"
    rows = (
        (
            single,
            _("This is a sample. Which of these is a day of the week?"),
            (_("April"), _("Tuesday"), _("Winter"), _("Midnight")),
            "",
        ),
        (
            multiple,
            _("This is a sample with more than one answer. Which of these are colours?"),
            (_("Blue"), _("A chair"), _("Green"), _("A spoon")),
            "",
        ),
        (
            single,
            _("This sample has a text to read first. When does the library open on Saturdays?"),
            (_("At nine"), _("At ten"), _("At half past one"), _("Not at all")),
            _(
                "The library in Mill Street opens at nine from Monday to Friday, and at ten on "
                "Saturdays. On Sundays it is closed.\n\nWhoever wants to use the reading room "
                "asks at the desk. It closes half an hour before the library does."
            ),
        ),
        (
            single,
            _(
                "This sample is longer than most questions, to show how much of a long text fits "
                "on your screen with your settings. A person asks you the way to the station, and "
                "says that their train leaves in a quarter of an hour. You know two ways: one is "
                "short but has steps, the other is longer and level. Which of these is a question?"
            ),
            (
                _("Take the short way, and mind the steps by the bridge when it has rained."),
                _("Would the steps be a difficulty for you?"),
                _("The level way takes about ten minutes, and passes the market."),
            ),
            "",
        ),
    )
    return tuple(
        Question(
            place,
            len(rows),
            kind,
            stem,
            options,
            KINDS[kind].instruction,
            KINDS[kind].control,
            case,
        )
        for place, (kind, stem, options, case) in enumerate(rows, start=1)
    )


def _page(template: str, **more: object) -> str:
    places = tuple(Place(one.place, answered=False, flagged=False) for one in samples())
    return render_template(
        template,
        paper=Paper(0, _("Sample questions"), places, SECONDS, SECONDS),
        deadline=None,
        place_of=_place_of,
        words_of=player.words(),
        sample=True,
        chosen_settings=_settings(),
        errors_by_field={},
        **more,
    )


def _settings() -> dict[str, Any]:
    """What is tried out, for the next address."""
    return {kind.value: value for kind, value in arranged.mine().items()}


def _place_of(place: int | str) -> str:
    if place == player.REVIEW:
        return url_for("candidate.try_review", **_settings())
    return url_for("candidate.try_question", place=place, **_settings())


def _goal(place: int, length: int, go: str) -> str:
    if go == player.REVIEW or (go == "next" and place == length):
        return _place_of(player.REVIEW)
    wanted = {"next": place + 1, "previous": place - 1}.get(go) or whole(go)
    return _place_of(wanted if 1 <= wanted <= length else place)

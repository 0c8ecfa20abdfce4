"""What have my tutor and I written to each other, and what do I want to ask?"""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from assess.actions import messages as deeds
from assess.reasons import Refused
from assess.roles import Role
from assess.web import access, pages, problems, signing, talking
from assess.web.candidate.blueprint import bp


@bp.get("/registrations/<int:registration_id>/messages", endpoint="messages")
@access.only(Role.CANDIDATE)
def conversation(registration_id: int) -> ResponseReturnValue:
    """The messages between me and my tutor of a programme."""
    return _page(registration_id)


@bp.post("/registrations/<int:registration_id>/messages")
@access.only(Role.CANDIDATE)
def write_message(registration_id: int) -> ResponseReturnValue:
    """Write to my tutor."""
    words = pages.typed_words("words")
    done = deeds.write(signing.context(), registration_id, words)
    if isinstance(done, Refused):
        again = problems.on_the_form(done)
        return _page(registration_id, words, done) if again else problems.answer(done)
    flash(_("Your message is sent. Your tutor sees it now."), "success")
    return redirect(url_for("candidate.messages", registration_id=registration_id))


def _page(
    registration_id: int, typed: str = "", refused: Refused | None = None
) -> ResponseReturnValue:
    template = "candidate/messages.html"
    return talking.page(template, registration_id, as_tutor=False, typed=typed, refused=refused)

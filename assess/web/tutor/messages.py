"""What have this candidate and I written to each other, and what do I answer?"""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from assess.actions import messages as deeds
from assess.reasons import Refused
from assess.web import pages, problems, signing, talking
from assess.web.tutor.blueprint import bp, tutors


@bp.get("/cohort/messages/<int:registration_id>", endpoint="messages")
@tutors
def conversation(registration_id: int) -> ResponseReturnValue:
    """The messages between me and a candidate of mine."""
    return _page(registration_id)


@bp.post("/cohort/messages/<int:registration_id>")
@tutors
def write_message(registration_id: int) -> ResponseReturnValue:
    """Answer my candidate, or write to them first."""
    words = pages.typed_words("words")
    done = deeds.write(signing.context(), registration_id, words)
    if isinstance(done, Refused):
        again = problems.on_the_form(done)
        return _page(registration_id, words, done) if again else problems.answer(done)
    flash(_("Your message is sent. The candidate sees it now."), "success")
    return redirect(url_for("tutor.messages", registration_id=registration_id))


def _page(
    registration_id: int, typed: str = "", refused: Refused | None = None
) -> ResponseReturnValue:
    template = "tutor/messages.html"
    return talking.page(template, registration_id, as_tutor=True, typed=typed, refused=refused)

"""How is a conversation between a candidate and their tutor shown, to either of the two?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.delivery.messages import LONGEST, urgency
from assess.reasons import Refused
from assess.store import messages, people, programmes
from assess.store.messages import Message
from assess.store.people import Person
from assess.web import pages, problems, signing


def page(
    template: str, registration_id: int, *, as_tutor: bool, typed: str, refused: Refused | None
) -> ResponseReturnValue:
    """The conversation of a registration of mine, with what was typed where it was refused."""
    with store.read() as session:
        found = programmes.registered(session, current_user.centre_id, registration_id)
        mine = found is not None and current_user.person_id == (
            found[0].tutor_id if as_tutor else found[0].candidate_id
        )
        if found is None or not mine:
            return problems.answer(not_found())
        registration, programme, candidate = found
        tutor = people.get(session, current_user.centre_id, registration.tutor_id)
        written = messages.of_registration(session, registration_id)
    waiting = _waiting(written)
    shown = render_template(
        template,
        registration=registration,
        programme=programme,
        candidate=candidate,
        tutor=tutor,
        written=written,
        since=waiting,
        urgency=None if waiting is None else urgency(waiting, signing.now()),
        longest=LONGEST,
        typed=typed,
        reasons=pages.by_field(refused.reasons if refused else ()),
    )
    return shown, 200 if refused is None else refused.status


def _waiting(written: Sequence[tuple[Message, Person]]) -> datetime | None:
    """Since when the candidate has waited for an answer; None where nobody waits."""
    since = None
    for message, _ in written:
        since = (since or message.written_at) if message.from_candidate else None
    return since

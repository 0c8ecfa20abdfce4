"""Which of a person's sessions still let somebody in? Those that ended or ran out do not count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy.orm import Session

from assess.actions import sessions
from assess.store import sessions as rows
from assess.store.sessions import SignedIn, SignIn
from assess.web import signing


def of(session: Session, person_id: int) -> Sequence[SignIn]:
    """The person's sessions in use, last seen first, by the rule that the door itself follows."""
    sits_since = sessions.sits_since(session, person_id, signing.settings(), signing.now())
    return [
        row
        for row in rows.sessions_of(session, person_id)
        # The rule looks at two moments, which a row of the table has as well.
        if not sessions.expired(
            cast("SignedIn", row), signing.settings(), signing.now(), sits_since
        )
    ]

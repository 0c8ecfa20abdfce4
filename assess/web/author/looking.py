"""How will a candidate see a question, and what would its author like to know of it?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from assess.bank import wording
from assess.bank.items import Content
from assess.bank.wording import Advice
from assess.delivery import form
from assess.delivery.draw import Drawn
from assess.delivery.form import Question
from assess.store import reviews

NOT_DRAWN = Drawn(item=0, version=0, order=())
TO_COME = "…"


@dataclass(frozen=True, slots=True)
class Labels:
    """What the parts of a question are called on an author's page."""

    parts: dict[str, str]
    values: dict[str, str]


def question(content: Content) -> Question:
    """The question as the player shows it, options in the author's order; "…" is still to come."""
    found = form.question(1, 1, NOT_DRAWN, content)
    return replace(
        found,
        stem=found.stem or TO_COME,
        options=tuple(option or TO_COME for option in found.options),
    )


def advice(
    content: Content, session: Session | None = None, bank_id: int = 0, item_id: int = 0
) -> tuple[Advice, ...]:
    """Advice on a question; with a session also on how it stands beside others of its bank."""
    found = wording.advice(content)
    if session is None or not content.stem:
        return found
    if same := reviews.same_stem(session, bank_id, item_id, content):
        said = _("Another question asks the same: %(names)s.", names=", ".join(same))
        found += (Advice("repeated_stem", str(said)),)
    if other := reviews.other_cases(session, bank_id, item_id, content):
        said = _(
            "The shared case reads otherwise in other questions of its set: %(names)s.",
            names=", ".join(other),
        )
        found += (Advice("other_case", str(said)),)
    return found


def labels() -> Labels:
    """The names of the parts of a question and of their values, in the reader's language."""
    return Labels(
        parts={
            "kind": _("Kind"),
            "set": _("Set"),
            "stimulus": _("Shared case"),
            "stem": _("Question"),
            "option": _("Option"),
            "key": _("Right or wrong"),
            "rationale": _("Why"),
            "outcome": _("Outcome"),
            "level": _("Level"),
            "facility": _("Expected facility"),
            "revise": _("What to revise"),
            "shuffle": _("Options shuffled"),
            "scoring": _("Scoring"),
            "enemies": _("Enemies"),
        },
        values={
            "recall": _("Recall"),
            "apply": _("Apply"),
            "judge": _("Judge"),
            "exact": _("All or nothing"),
            "partial": _("Partial credit"),
        },
    )

"""Which text size and colours are arranged for me? Every page of a candidate keeps to them."""

from __future__ import annotations

from flask_login import current_user

from assess import store
from assess.delivery.arrangements import FORMS, Kind
from assess.store import arrangements
from assess.web import signing
from assess.web.candidate.blueprint import bp

CLASSES = {Kind.TEXT_SIZE: "app-text", Kind.COLOURS: "app-colours"}


@bp.context_processor
def arranged() -> dict[str, str]:
    """The classes of the root element; none for who has no such arrangement."""
    if not current_user.is_authenticated:
        return {}
    with store.read() as session:
        found = arrangements.in_force(session, current_user.person_id, signing.now())
    classes = [
        f"{CLASSES[Kind(one.kind)]}--{one.value}"
        for one in found
        if one.kind in CLASSES and one.value in FORMS[Kind(one.kind)].values
    ]
    return {"arranged": " ".join(classes)}

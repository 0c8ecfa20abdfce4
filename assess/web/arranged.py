"""Which text size, spacing and colours are mine? Every page that a candidate sees keeps to them.

The pages for trying them out show what the address asks for instead; nothing of that is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, g, request
from flask_login import current_user

from assess import store
from assess.delivery.arrangements import FORMS, Kind
from assess.store import arrangements
from assess.store.arrangements import InForce
from assess.web import signing

CLASSES = {
    Kind.TEXT_SIZE: "app-text",
    Kind.SPACING: "app-spacing",
    Kind.COLOURS: "app-colours",
}
"""What a page can keep to by itself, and the class that does it, before its value."""

TRYING = "/try"  # where the address says what is shown


def keep(pages: Blueprint) -> None:
    """Let these pages keep to what is arranged for whoever reads them."""
    pages.context_processor(arranged)


def arranged() -> dict[str, str]:
    """The classes of the root element; none for who has no such arrangement."""
    if not current_user.is_authenticated:
        return {}
    return {"arranged": " ".join(f"{CLASSES[kind]}--{value}" for kind, value in mine().items())}


def known(in_force: Sequence[InForce]) -> None:
    """What is in force for whoever asks: a page that has loaded it says so here."""
    g.arrangements = in_force


def mine() -> Mapping[Kind, str]:
    """What this page keeps to, by kind: what is in force, or what is being tried out."""
    if "arrangements" not in g:
        with store.look() as session:
            known(arrangements.applying(session, current_user.person_id, signing.now()))
    found: Sequence[InForce] = g.arrangements
    values = {Kind(one.kind): one.value for one in found}
    if request.path == TRYING or request.path.startswith(f"{TRYING}/"):
        values |= {kind: request.args[kind] for kind in CLASSES if kind.value in request.args}
    return {kind: values[kind] for kind in CLASSES if values.get(kind) in FORMS[kind].values}

"""Beside the specification form: can the bank make what is asked for so far?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from assess.bank import specification_file as rules
from assess.bank.publishing import Proof
from assess.bank.specification import SCHEMA, Specification
from assess.reasons import Refused
from assess.store import live_items, proofs
from assess.store.banks import Bank
from assess.web import pages
from assess.web.author import complaints, narrowing
from assess.web.author.complaint import Complaint
from assess.web.author.form import Form

BESIDE = frozenset({"cut_above_length", "cut_below_one", "feedback_reason_missing"})
"""Reasons about other parts of the form, which may not be filled in yet."""


@dataclass(frozen=True, slots=True)
class Line:
    """A quota: its outcome and narrowing in words, how many it asks for, has, and has elsewhere."""

    title: str
    narrowed: str
    need: int
    have: int
    elsewhere: int


@dataclass(frozen=True, slots=True)
class State:
    """What is known of the form so far; `proof` is None where it cannot be read."""

    proof: Proof | None
    lines: tuple[Line, ...]
    witness: tuple[str, ...]
    in_the_way: tuple[Complaint, ...]


def specification(bank: Bank, form: Form) -> Specification | Refused:
    """What the form asks to be drawn, whatever else is not filled in yet."""
    whole = form.document(bank.name)
    kept = {key: whole[key] for key in rules.SHORT_KEYS if key in whole}
    cut = whole.get("cut")
    usable = isinstance(cut, int) and 0 < cut <= rules.MAX_COUNT * rules.MAX_QUOTAS
    kept["cut"] = cut if usable else 1
    others = {"schema": SCHEMA, "name": "x", "title": "-", "minutes": 1}
    return rules.read({**others, **kept})


def state(session: Session, bank: Bank, form: Form) -> State:
    """What the bank can do with the form as it is."""
    read = specification(bank, form)
    zone = pages.zone()
    if isinstance(read, Refused):
        return State(None, (), (), complaints.complaints(read.reasons, form, zone))
    proof = proofs.prove(session, bank, read)
    titles = {row.path: row.title for row in form.rows}
    lines = tuple(
        Line(
            titles.get(quota.outcome, quota.outcome),
            narrowing.words(quota),
            quota.count,
            len(items),
            elsewhere,
        )
        for quota, items, elsewhere in zip(
            proof.cells.quotas, proof.cells.items, proof.cells.elsewhere, strict=True
        )
    )
    reasons = [one for one in proof.reasons if one.values.get("what") not in BESIDE]
    names = live_items.identifiers(session, proof.witness or ())
    witness = tuple(sorted(names.values()))
    return State(proof, lines, witness, complaints.complaints(reasons, form, zone))

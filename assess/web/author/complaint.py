"""What is wrong beside which field of an author's form?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Complaint:
    """A reason beside a field; `field` is the id of its first control, or of the form for none."""

    field: str
    code: str
    what: str


def by_field(found: Iterable[Complaint]) -> dict[str, Complaint]:
    """The first complaint about each field."""
    first: dict[str, Complaint] = {}
    for complaint in found:
        first.setdefault(complaint.field, complaint)
    return first

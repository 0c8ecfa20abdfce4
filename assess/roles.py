"""Who may do what: the roles of product.md, as values."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A person's capacity within their centre. One person may hold several."""

    CANDIDATE = "candidate"
    TUTOR = "tutor"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    INVIGILATOR = "invigilator"
    QUALITY = "quality"
    EXTERNAL_VERIFIER = "external-verifier"
    HEAD_OF_CENTRE = "head-of-centre"
    ADMINISTRATOR = "administrator"


QUALITY_ROLES = frozenset({Role.QUALITY, Role.EXTERNAL_VERIFIER, Role.HEAD_OF_CENTRE})
"""Roles that an administrator may not give themselves alone."""

"""What is a quota narrowed to, in words an author reads?"""

from __future__ import annotations

from flask_babel import gettext as _

from assess.bank.items import Level
from assess.bank.kinds import KINDS
from assess.bank.specification import Quota, Sets


def levels() -> dict[str, str]:
    """What each level is called."""
    return {
        Level.RECALL.value: _("Recall"),
        Level.APPLY.value: _("Apply"),
        Level.JUDGE.value: _("Judge"),
    }


def sets() -> dict[str, str]:
    """What each way to take shared cases is called."""
    return {
        Sets.WHOLE.value: _("Shared cases, each as a whole"),
        Sets.ALONE.value: _("Only questions without a shared case"),
    }


def headings() -> dict[str, str]:
    """What the fields of a narrower quota are called."""
    return {
        "outcome": _("Outcome"),
        "count": _("Questions"),
        "minimum": _("At least right"),
        "kind": _("Kind"),
        "level": _("Level"),
        "low": _("Expected facility from"),
        "high": _("to"),
        "set": _("Shared cases"),
    }


def words(quota: Quota) -> str:
    """The narrowing of a quota in one line, empty for none."""
    said = []
    if quota.kind is not None:
        said.append(_(KINDS[quota.kind].title))
    if quota.level is not None:
        said.append(levels()[quota.level.value])
    if quota.difficulty is not None:
        low, high = (f"{one / 10:g}" for one in quota.difficulty)
        said.append(_("Expected facility %(low)s to %(high)s %%", low=low, high=high))
    if quota.set is not None:
        said.append(sets()[quota.set.value])
    return ", ".join(map(str, said))

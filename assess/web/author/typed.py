"""What does the form of a draft hold, and beside which field does each reason stand?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from werkzeug.datastructures import MultiDict

from assess import wording
from assess.bank import drafting
from assess.bank.drafting import TEXTS, Draft, Typed
from assess.bank.items import LETTERS, MAX_OPTIONS
from assess.bank.kinds import KINDS
from assess.reasons import Reason
from assess.web.author.complaint import Complaint

FIRST_OPTION = "text-0"
FIELD: Mapping[str, str] = MappingProxyType(
    {
        "no_stem": "stem",
        "one_shared": "stem",
        "stem_too_long": "stem",
        "too_few_options": FIRST_OPTION,
        "too_many_options": FIRST_OPTION,
        "no_key": "correct-0",
        "one_key_needed": "correct-0",
        "level_unknown": "level",
        "scoring_unknown": "scoring",
        "facility_not_share": "facility",
        "facility_not_per_cent": "facility",
        "set_without_stimulus": "stimulus",
        "stimulus_without_set": "set",
        "outcome_unknown": "outcome",
        "outcome_without_framework": "outcome",
        "words_needed": "words",
        "words_long": "words",
    }
)
"""Beside which field a problem of the whole question stands."""


def sent(values: MultiDict[str, str], kind: str) -> Draft:
    """The draft as it was sent, texts as they were typed; of a repeated field the first counts."""
    count = whole(values.get("options", ""))
    correct = set(values.getlist("correct"))
    texts = {name: _plain(values.get(name, "")) for name in TEXTS if name != "kind"}
    scoring = texts.pop("scoring") or KINDS[kind].scorings[0]
    return Draft(
        kind=kind,
        options=tuple(
            Typed(
                _plain(values.get(f"text-{place}", "")),
                str(place) in correct,
                _plain(values.get(f"rationale-{place}", "")),
            )
            for place in range(min(count, MAX_OPTIONS))
        ),
        shuffle="shuffle" in values,
        scoring=scoring,
        **texts,
    )


def whole(text: str) -> int:
    """A whole number that a page of ours put into a form; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def changed(draft: Draft, go: str) -> Draft:
    """The draft after the button that was pressed, where that changes it."""
    name, _, which = go.partition(":")
    place = whole(which)
    deeds: Mapping[str, Callable[[], Draft]] = {
        "add": lambda: drafting.with_option(draft),
        "remove": lambda: drafting.without_option(draft, place),
        "up": lambda: drafting.with_option_earlier(draft, place),
        "kind": lambda: drafting.as_kind(draft, which) if which in KINDS else draft,
    }
    return deeds[name]() if name in deeds else draft


def complaints(reasons: Iterable[Reason], zone: str) -> tuple[Complaint, ...]:
    """Each reason as the form shows it."""
    return tuple(_complaint(reason, zone) for reason in reasons)


def _complaint(reason: Reason, zone: str) -> Complaint:
    what = str(reason.values.get("what", ""))
    column = str(reason.values.get("column", ""))
    field = FIELD.get(what) or _column(what, column)
    words = wording.words(reason, zone)
    return Complaint(field, words.code, words.what)


def _column(what: str, column: str) -> str:
    """The id of the field that a column of the file format stands for."""
    if column.startswith("rationale_"):
        return f"rationale-{LETTERS.index(column[-1])}"
    if len(column) == 1:
        return f"text-{LETTERS.index(column)}"
    return column or "draft"


def _plain(text: str) -> str:
    """Line ends as everywhere else: browsers send a form with others."""
    return text.replace("\r\n", "\n").replace("\r", "\n")

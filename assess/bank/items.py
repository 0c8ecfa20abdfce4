"""What is a question? The content of one item version, as a value that never changes.

Content is what an author wrote: kind, stem, options with their rationales, what it measures and
how it is marked. Who wrote it, when, and whether it is live is kept with the item version by the
store. Whether the content is well formed is asked of its kind (`kinds.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from assess.bank import appearance, canonical

EXACT = "exact"
PARTIAL = "partial"
SCORINGS = (EXACT, PARTIAL)

FACILITY_SCALE = 1000  # facilities and scores are whole thousandths
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_OPTIONS = len(LETTERS)
DOCUMENT_KEYS = (
    "kind",
    "stem",
    "options",
    "outcome",
    "level",
    "expected_facility",
    "revise",
    "shuffle",
    "scoring",
)
FILLED_KEYS = ("set", "stimulus", "enemies")  # stand in a document only where they are filled
OPTION_KEYS = ("text", "correct", "rationale")


class Level(StrEnum):
    """What the question asks of a candidate: to recall, to apply, or to judge."""

    RECALL = "recall"
    APPLY = "apply"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer offered. `rationale` says why it is right, or why somebody may be wrong here."""

    text: str
    correct: bool
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What one item version asks and what it is worth; options in the author's own order.

    `outcome` is a path in a framework (or `BANK/category/sub`), None while the item is unplaced.
    `expected_facility` is the author's estimate of the share of candidates just about ready who
    answer correctly, in whole thousandths (0 to 1000). `revise` says what to read or do again.
    `shuffle` is False where the order of options carries meaning. `set` names the set of questions
    on one shared case, whose text is `stimulus`; both are empty for a question on its own.
    `enemies` are names of groups of questions of which one form holds one at the most, ascending.
    """

    kind: str
    stem: str
    options: tuple[Option, ...]
    outcome: str | None = None
    level: Level | None = None
    expected_facility: int | None = None
    revise: str = ""
    shuffle: bool = True
    scoring: str = EXACT
    set: str = ""
    stimulus: str = ""
    enemies: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[int, ...]:
        """Indices of the correct options, ascending."""
        return tuple(index for index, option in enumerate(self.options) if option.correct)

    def as_document(self) -> dict[str, object]:
        """The content in plain JSON types, keys in the same order and, but for three, the same.

        `set`, `stimulus` and `enemies` stand only where they are filled: a question on its own
        keeps the digest it had before there were any.
        """
        document: dict[str, object] = {
            "kind": self.kind,
            "stem": self.stem,
            "options": [
                {"text": option.text, "correct": option.correct, "rationale": option.rationale}
                for option in self.options
            ],
            "outcome": self.outcome,
            "level": None if self.level is None else self.level.value,
            "expected_facility": self.expected_facility,
            "revise": self.revise,
            "shuffle": self.shuffle,
            "scoring": self.scoring,
        }
        filled = (self.set, self.stimulus, list(self.enemies))
        return document | {k: v for k, v in zip(FILLED_KEYS, filled, strict=True) if v}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Content:
        """The content that `as_document` wrote.

        Raises ValueError where keys are missing or unknown, or a value has another type. It reads
        what this program stored; files from outside go through `formats`.
        """
        _expect_keys(document, (*DOCUMENT_KEYS, *(key for key in FILLED_KEYS if key in document)))
        options = document["options"]
        if not isinstance(options, list | tuple):
            raise ValueError("options: a list is needed")
        level = _text_or_none(document, "level")
        facility = document["expected_facility"]
        if facility is not None and (isinstance(facility, bool) or not isinstance(facility, int)):
            raise ValueError("expected_facility: a whole number or null is needed")
        return cls(
            kind=_text(document, "kind"),
            stem=_text(document, "stem"),
            options=tuple(_option(option) for option in options),
            outcome=_text_or_none(document, "outcome"),
            level=None if level is None else Level(level),
            expected_facility=facility,
            revise=_text(document, "revise"),
            shuffle=_truth(document, "shuffle"),
            scoring=_text(document, "scoring"),
            set=_text(document, "set") if "set" in document else "",
            stimulus=_text(document, "stimulus") if "stimulus" in document else "",
            enemies=_texts(document, "enemies") if "enemies" in document else (),
        )

    def digest(self) -> str:
        """SHA-256 of the canonical JSON of the document: equal content, equal digest."""
        return canonical.digest(self.as_document())


def letter(index: int) -> str:
    """The letter of the option at `index` in the author's own order: 0 is A.

    Raises IndexError beyond Z.
    """
    return LETTERS[index]


def _option(document: object) -> Option:
    if not isinstance(document, Mapping):
        raise ValueError("option: an object is needed")
    _expect_keys(document, OPTION_KEYS)
    return Option(
        _text(document, "text"), _truth(document, "correct"), _text(document, "rationale")
    )


def _expect_keys(document: Mapping[str, object], keys: tuple[str, ...]) -> None:
    if set(document) != set(keys):
        raise ValueError(f"keys {sorted(document)} where {sorted(keys)} are needed")


def _text(document: Mapping[str, object], key: str) -> str:
    value = document[key]
    if not isinstance(value, str):
        raise ValueError(f"{key}: text is needed")
    return value


def _text_or_none(document: Mapping[str, object], key: str) -> str | None:
    return None if document[key] is None else _text(document, key)


def _texts(document: Mapping[str, object], key: str) -> tuple[str, ...]:
    values = document[key]
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise ValueError(f"{key}: a list of texts is needed")
    return tuple(values)


def group_names(text: str) -> tuple[str, ...]:
    """The names of groups of enemies in a text such as `case 1; refunds`: ascending, each once.

    As they look: two spellings of one name would let enemies meet.
    """
    return tuple(sorted({name for part in text.split(";") if (name := appearance.in_line(part))}))


def _truth(document: Mapping[str, object], key: str) -> bool:
    value = document[key]
    if not isinstance(value, bool):
        raise ValueError(f"{key}: true or false is needed")
    return value

"""What has an author typed so far, and which question would it be?

A draft keeps texts as they were typed, half done or wrong; `content` reads them, and says what is
still in the way of submitting. Every change makes a new draft.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from assess.bank import kinds
from assess.bank.items import (
    EXACT,
    FACILITY_SCALE,
    MAX_OPTIONS,
    Content,
    Level,
    Option,
    group_names,
)
from assess.bank.kinds import KINDS
from assess.bank.problems import problem, shown
from assess.reasons import Reason

FIRST_OPTIONS = 4  # empty options of a new question
PER_CENT = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]))?\s*%?")
TEXTS = (
    "kind",
    "stem",
    "outcome",
    "level",
    "facility",
    "revise",
    "scoring",
    "set",
    "stimulus",
    "enemies",
)


@dataclass(frozen=True, slots=True)
class Typed:
    """An option as typed."""

    text: str = ""
    correct: bool = False
    rationale: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was typed or ticked here."""
        return not (self.text.strip() or self.rationale.strip() or self.correct)


@dataclass(frozen=True, slots=True)
class Draft:
    """A question in the making. `facility` is in per cent, as typed; empty texts say nothing."""

    kind: str
    stem: str = ""
    options: tuple[Typed, ...] = ()
    outcome: str = ""
    level: str = ""
    facility: str = ""
    revise: str = ""
    shuffle: bool = True
    scoring: str = EXACT
    set: str = ""
    stimulus: str = ""
    enemies: str = ""

    def as_document(self) -> dict[str, object]:
        """The draft in plain JSON types."""
        return {
            **{name: getattr(self, name) for name in TEXTS},
            "shuffle": self.shuffle,
            "options": [
                {"text": o.text, "correct": o.correct, "rationale": o.rationale}
                for o in self.options
            ],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Draft:
        """The draft that `as_document` wrote. Raises KeyError or TypeError for anything else."""
        options = document["options"]
        if not isinstance(options, list):
            raise TypeError("options: a list is needed")
        return cls(
            options=tuple(
                Typed(str(o["text"]), bool(o["correct"]), str(o["rationale"])) for o in options
            ),
            shuffle=bool(document["shuffle"]),
            # A draft kept before there was such a field says nothing in it.
            **{name: str(document.get(name, "")) for name in TEXTS},
        )


def blank(kind: str) -> Draft:
    """A new question of this kind. Raises KeyError for no kind of ours."""
    return Draft(KINDS[kind].name, options=(Typed(),) * FIRST_OPTIONS)


def of(content: Content) -> Draft:
    """The draft that would make this content."""
    facility = content.expected_facility
    return Draft(
        kind=content.kind,
        stem=content.stem,
        options=tuple(Typed(o.text, o.correct, o.rationale) for o in content.options),
        outcome=content.outcome or "",
        level="" if content.level is None else content.level.value,
        facility="" if facility is None else f"{facility / 10:.1f}".removesuffix(".0"),
        revise=content.revise,
        shuffle=content.shuffle,
        scoring=content.scoring,
        set=content.set,
        stimulus=content.stimulus,
        enemies="; ".join(content.enemies),
    )


def content(draft: Draft) -> tuple[Content, tuple[Reason, ...]]:
    """The question that a draft would be, and every reason [E-MALFORMED] why it is none yet.

    Options at the end in which nothing was typed do not count.
    """
    why: list[Reason] = []
    options = list(draft.options)
    while options and options[-1].empty:
        options.pop()
    read = Content(
        kind=draft.kind,
        stem=draft.stem.strip(),
        options=tuple(Option(o.text.strip(), o.correct, o.rationale.strip()) for o in options),
        outcome=draft.outcome or None,
        level=_level(draft.level, why),
        expected_facility=_facility(draft.facility, why),
        revise=draft.revise.strip(),
        shuffle=draft.shuffle,
        scoring=draft.scoring,
        set=draft.set.strip(),
        stimulus=draft.stimulus.strip(),
        enemies=group_names(draft.enemies),
    )
    return read, (*kinds.malformed(read), *why)


def with_option(draft: Draft) -> Draft:
    """One more empty option, as long as there are letters."""
    if len(draft.options) >= MAX_OPTIONS:
        return draft
    return replace(draft, options=(*draft.options, Typed()))


def without_option(draft: Draft, place: int) -> Draft:
    """The option at `place` (from 0) taken away; nothing where there is none."""
    kept = (o for k, o in enumerate(draft.options) if k != place)
    return replace(draft, options=tuple(kept))


def with_option_earlier(draft: Draft, place: int) -> Draft:
    """The option at `place` (from 0) exchanged with the one before it, where there is one."""
    if not 0 < place < len(draft.options):
        return draft
    options = list(draft.options)
    options[place - 1], options[place] = options[place], options[place - 1]
    return replace(draft, options=tuple(options))


def as_kind(draft: Draft, kind: str) -> Draft:
    """The same question asked as another kind, marked as that kind can be."""
    scoring = draft.scoring if draft.scoring in KINDS[kind].scorings else EXACT
    return replace(draft, kind=kind, scoring=scoring)


def _level(text: str, why: list[Reason]) -> Level | None:
    if not text:
        return None
    if text in tuple(Level):
        return Level(text)
    why.append(problem("level_unknown", found=shown(text), allowed=", ".join(Level)))
    return None


def _facility(text: str, why: list[Reason]) -> int | None:
    """Thousandths of a share in per cent; a comma may stand for the point."""
    text = text.strip()
    if not text:
        return None
    found = PER_CENT.fullmatch(text)
    share = int(found[1]) * 10 + int(found[2] or 0) if found else FACILITY_SCALE + 1
    if share > FACILITY_SCALE:
        why.append(problem("facility_not_per_cent", found=shown(text)))
        return None
    return share

"""What question does one row of a table hold, and what is wrong with it?

CSV and JSON lines have the same columns (`docs/formats.md`); only the spelling of a few values
differs. Both are brought to `Cells` here, and from there to a question by one set of rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from assess.bank import kinds
from assess.bank.items import (
    EXACT,
    FACILITY_SCALE,
    LETTERS,
    MAX_OPTIONS,
    Content,
    Level,
    Option,
    group_names,
    letter,
)
from assess.bank.problems import problem, shown
from assess.reasons import Reason

MAX_IDENTIFIER = 200  # characters
NO_QUESTION = frozenset({"category", "description"})  # kinds of rows that hold no question
YES_NO = {"yes": True, "true": True, "no": False, "false": False}
SHARE = re.compile(r"[01](?:[.,][0-9]{1,20})?|[.,][0-9]{1,20}")
BETWEEN_KEYS = re.compile(r"[\s;,]+")
BETWEEN_CATEGORIES = "/"
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: a question, or what is wrong with it, or nothing to import (`skipped`).

    `where` is the place in the file, such as "line 12". `content` is None where there is any
    problem; its outcome is still None, for `outcome_text` and `category` say where it belongs.
    """

    where: str
    identifier: str | None
    content: Content | None
    category: tuple[str, ...]
    outcome_text: str | None
    problems: tuple[Reason, ...]
    skipped: bool


@dataclass(slots=True)
class Cells:
    """The values of one row while it is read, and the problems found so far."""

    identifier: str = ""
    kind: str = ""
    outcome: str = ""
    category: tuple[str, ...] = ()
    stem: str = ""
    options: list[str] = field(default_factory=list)
    rationales: list[str] = field(default_factory=list)
    key: object = ""
    level: str = ""
    facility: str = ""
    revise: str = ""
    shuffle: object = ""
    scoring: str = ""
    set: str = ""
    stimulus: str = ""
    enemies: str = ""
    problems: list[Reason] = field(default_factory=list)


def refused(where: str, *problems: Reason) -> Row:
    """A row of which nothing can be read."""
    return Row(where, None, None, (), None, problems, False)


def from_cells(where: str, cells: Cells) -> Row:
    """The row that these values make."""
    found = cells.problems
    identifier = _identifier(cells.identifier, found)
    if cells.kind.casefold() in NO_QUESTION and not found:
        return Row(where, identifier, None, cells.category, None, (), True)
    for name, text in (("category", "/".join(cells.category)), ("outcome", cells.outcome)):
        if UNSTORABLE.search(text):
            found.append(problem("nul", column=name))
    content = _content(cells)
    found.extend(
        reason
        for reason in kinds.malformed(content)
        # A key that could not be read was already named: do not say there is none.
        if not (reason.values["what"] == "no_key" and _key_named(found))
    )
    return Row(
        where,
        identifier,
        None if found else content,
        cells.category,
        cells.outcome or None,
        tuple(found),
        False,
    )


def _identifier(text: str, found: list[Reason]) -> str | None:
    if not text:
        found.append(problem("no_identifier"))
        return None
    if len(text) > MAX_IDENTIFIER:
        found.append(problem("identifier_too_long", found=len(text), allowed=MAX_IDENTIFIER))
        return None
    if UNSTORABLE.search(text):
        found.append(problem("nul", column="id"))
        return None
    if not text.isprintable():  # two that look alike would be two questions
        found.append(problem("identifier_unseen", found=shown(text)))
        return None
    return text


def _content(cells: Cells) -> Content:
    """The question, with stand-ins where a value could not be read and was noted."""
    found = cells.problems
    options = [one_text(text) for text in cells.options]
    rationales = [one_text(text) for text in cells.rationales]
    for index in range(len(options), len(rationales)):
        if rationales[index]:
            name = letter(index) if index < MAX_OPTIONS else str(index + 1)
            found.append(problem("rationale_without_option", column=f"rationale_{name}"))
            break  # one tells it all, and a file may hold thousands
    rationales += [""] * (len(options) - len(rationales))
    key = _key(cells.key, len(options), found)
    kind = cells.kind.casefold() or ("multiple_response" if len(key) > 1 else "single_choice")
    return Content(
        kind=kind,
        stem=one_text(cells.stem),
        options=tuple(
            Option(text, index in key, rationale)
            for index, (text, rationale) in enumerate(zip(options, rationales, strict=False))
        ),
        level=_level(cells.level, found),
        expected_facility=_facility(cells.facility, found),
        revise=one_text(cells.revise),
        shuffle=_truth("shuffle", cells.shuffle, True, found),
        scoring=cells.scoring.casefold() or EXACT,
        set=cells.set,
        stimulus=one_text(cells.stimulus),
        enemies=group_names(cells.enemies),
    )


def one_text(text: str) -> str:
    """The text without white space around it, its lines ending in LF whatever the file's did."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _key(value: object, options: int, found: list[Reason]) -> frozenset[int]:
    """The indices of the correct options: of letters in a text, or of indices and letters."""
    named = (
        [part for part in BETWEEN_KEYS.split(value) if part] if isinstance(value, str) else value
    )
    if isinstance(named, int) and not isinstance(named, bool):
        named = [named]
    if not isinstance(named, list) or len(named) > MAX_OPTIONS:
        found.append(problem("key_not_read", found=shown(value)))
        return frozenset()
    key: set[int] = set()
    for one in named:
        index = _index(one)
        if index is None:
            found.append(problem("key_not_read", found=shown(one)))
        elif not 0 <= index < options:
            allowed = f"A–{letter(min(options, MAX_OPTIONS) - 1)}" if options else "–"
            found.append(problem("key_outside_options", found=shown(one), allowed=allowed))
        elif index in key:
            found.append(problem("key_repeated", found=shown(one)))
        else:
            key.add(index)
    return frozenset(key)


def _index(one: object) -> int | None:
    if isinstance(one, int) and not isinstance(one, bool):
        return one
    if isinstance(one, str) and len(one) == 1 and one.isascii() and one.isalpha():
        return LETTERS.index(one.upper())
    return None


def _key_named(found: list[Reason]) -> bool:
    return any(str(reason.values["what"]).startswith("key_") for reason in found)


def _level(text: str, found: list[Reason]) -> Level | None:
    if not text:
        return None
    try:
        return Level(text.casefold())
    except ValueError:
        found.append(problem("level_unknown", found=shown(text), allowed=", ".join(Level)))
        return None


def _facility(text: str, found: list[Reason]) -> int | None:
    """Whole thousandths of a share such as 0.65, the nearest, ties to even.

    A comma may stand for the point: spreadsheets that put semicolons between cells write one.
    """
    if not text:
        return None
    share = Decimal(text.replace(",", ".")) if SHARE.fullmatch(text) else Decimal(-1)
    if not 0 <= share <= 1:
        found.append(problem("facility_not_share", found=shown(text)))
        return None
    return int((share * FACILITY_SCALE).to_integral_value(ROUND_HALF_EVEN))


def _truth(column: str, value: object, default: bool, found: list[Reason]) -> bool:
    if isinstance(value, bool):
        return value
    if value == "":
        return default
    known = YES_NO.get(value.casefold()) if isinstance(value, str) else None
    if known is None:
        found.append(problem("yes_or_no_needed", column=column, found=shown(value)))
        return default
    return known


def categories(text: str) -> tuple[str, ...]:
    """The names in a text such as `business/marketing`."""
    return tuple(name for part in text.split(BETWEEN_CATEGORIES) if (name := part.strip()))


def without_notes(names: Mapping[str, object]) -> dict[str, object]:
    """The columns that are read: those whose names begin with `_` are the author's own notes."""
    return {name: value for name, value in names.items() if not name.startswith("_")}

"""What would an import do? Every row of a file, weighed before anything is written.

created + changed + unchanged + skipped + refused = the rows of the file. Identity is the file's
own identifier: reading the same file again leaves everything unchanged, and never doubles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from assess.bank import kinds, wording
from assess.bank.formats.lines import FileRefused
from assess.bank.formats.rows import Row
from assess.bank.items import Content
from assess.bank.outcomes import Framework
from assess.bank.problems import because, problem, shown
from assess.bank.wording import Advice
from assess.reasons import Code, Reason

MAX_REFUSED = 10_000  # rows; beyond it the file is no bank, and a report would fill the memory
MAX_NOTICED = 1_000  # pieces of advice of one kind kept in full; all are counted
INSTEAD_OF_SLASH = "-"


@dataclass(frozen=True, slots=True)
class Planned:
    """One row and what it holds. Content stands with its outcome; None when skipped or refused.

    `before` holds the digests of what the bank says of it already.
    """

    identifier: str | None
    content: Content | None
    where: str
    before: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused, and where it stands."""

    where: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Noticed:
    """Advice on one question of the file. It refuses nothing."""

    where: str
    identifier: str
    advice: Advice


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do, row by row, with every problem.

    `unplaced` counts the questions that would be kept without an outcome. `advice` counts advice
    by its code; `noticed` holds the first thousand pieces of each kind. `repeated_stems` holds
    groups of identifiers whose stems are the same.
    """

    created: tuple[Planned, ...]
    changed: tuple[Planned, ...]
    unchanged: tuple[Planned, ...]
    skipped: tuple[Planned, ...]
    refused: tuple[Planned, ...]
    problems: tuple[Problem, ...]
    unplaced: int
    advice: Mapping[str, int]
    noticed: tuple[Noticed, ...]
    repeated_stems: tuple[tuple[str, ...], ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows end in which way; they add up to the rows of the file."""
        return {
            "created": len(self.created),
            "changed": len(self.changed),
            "unchanged": len(self.unchanged),
            "skipped": len(self.skipped),
            "refused": len(self.refused),
        }

    def digest(self) -> str:
        """What the plan would write, and in place of what, as a SHA-256.

        Who has seen one plan does not do another.
        """
        seen = sha256()
        for end in (self.created, self.changed, self.refused):
            for one in end:
                held = "" if one.content is None else one.content.digest()
                seen.update(repr((one.identifier, held, sorted(one.before))).encode())
            seen.update(b"-")
        return seen.hexdigest()


def plan(
    rows: Iterable[Row],
    known: Mapping[str, Collection[str]],
    framework: Framework | None,
    bank_name: str,
) -> Plan:
    """Weigh the rows against what the bank holds; nothing is written.

    `known` maps the identifiers of the bank to the digests of what they say. With a
    framework each outcome must be found in it; without one, categories become paths
    `BANK/category/sub`. Raises FileRefused where `rows` does, and where more than 10,000 rows are
    refused.
    """
    ends: dict[str, list[Planned]] = {
        end: [] for end in ("created", "changed", "unchanged", "skipped", "refused")
    }
    problems: list[Problem] = []
    places: dict[str, str] = {}
    sets: dict[str, tuple[str, str]] = {}  # of each set, where it began and with which stimulus
    stems: list[tuple[str, str]] = []
    counted: Counter[str] = Counter()
    noticed: list[Noticed] = []
    unplaced = 0
    for row in rows:
        content, why = _weigh(row, places, sets, framework, bank_name)
        if row.identifier is not None:
            places.setdefault(row.identifier, row.where)
        if why or content is None or row.identifier is None:
            end = "refused" if why else "skipped"
            ends[end].append(Planned(row.identifier, None, row.where))
            problems.extend(Problem(row.where, reason) for reason in why)
            if len(ends["refused"]) > MAX_REFUSED:
                first = problems[0].where
                raise FileRefused(problem("rows_refused", allowed=MAX_REFUSED, first=first))
            continue
        there = known.get(row.identifier)
        ends[_end(there, content)].append(
            Planned(row.identifier, content, row.where, frozenset(there or ()))
        )
        unplaced += content.outcome is None
        stems.append((row.identifier, content.stem))
        for advice in wording.advice(content):
            counted[advice.code] += 1
            if counted[advice.code] <= MAX_NOTICED:
                noticed.append(Noticed(row.where, row.identifier, advice))
    repeated = wording.repeated_stems(stems)
    if repeated:
        counted["repeated_stem"] = sum(len(group) for group in repeated)
    return Plan(
        created=tuple(ends["created"]),
        changed=tuple(ends["changed"]),
        unchanged=tuple(ends["unchanged"]),
        skipped=tuple(ends["skipped"]),
        refused=tuple(ends["refused"]),
        problems=tuple(problems),
        unplaced=unplaced,
        advice=dict(counted),
        noticed=tuple(noticed),
        repeated_stems=repeated,
    )


def _end(known: Collection[str] | None, content: Content) -> str:
    if known is None:
        return "created"
    return "unchanged" if content.digest() in known else "changed"


def _weigh(
    row: Row,
    places: Mapping[str, str],
    sets: dict[str, tuple[str, str]],
    framework: Framework | None,
    bank_name: str,
) -> tuple[Content | None, tuple[Reason, ...]]:
    """The content of a row at its place in the framework, or why it is refused; or neither.

    The first row of a set is noted in `sets`; the others carry its stimulus, or are refused.
    """
    why = list(row.problems)
    if row.identifier is not None and row.identifier in places:
        values = {"identifier": row.identifier, "first": places[row.identifier]}
        why.append(because(Code.DUPLICATE, "identifier_repeated", values))
    content = row.content
    if content is not None:
        if content.set:
            first, stimulus = sets.setdefault(content.set, (row.where, content.stimulus))
            if stimulus != content.stimulus:
                said = shown(content.set)
                why.append(problem("set_stimulus_differs", set=said, first=first))
        found = place(row.outcome_text, row.category, framework, bank_name)
        if isinstance(found, Reason):
            why.append(found)
        else:
            content = replace(content, outcome=found)
            if found is not None:
                # Only the outcome is new, so only it can make a sound question malformed.
                why.extend(kinds.malformed(content))
    return (None, tuple(why)) if why else (content, ())


def place(
    outcome: str | None,
    category: tuple[str, ...],
    framework: Framework | None,
    bank_name: str,
) -> str | Reason | None:
    """The path at which a question belongs; None where it must wait, unplaced.

    A Reason [E-UNKNOWN-OUTCOME] where an outcome is named that the framework does not have, or
    that nobody can look up because no framework was given.
    """
    if outcome is not None:
        if framework is None:
            values = {"outcome": shown(outcome)}
            return because(Code.UNKNOWN_OUTCOME, "outcome_without_framework", values)
        path = framework.resolve(outcome)
        if path is None or not framework.holds_questions(path):
            values = {"outcome": shown(outcome), "framework": framework.id}
            return because(Code.UNKNOWN_OUTCOME, "outcome_unknown", values)
        return path
    if framework is None and category:
        return "/".join(name.replace("/", INSTEAD_OF_SLASH) for name in (bank_name, *category))
    return None

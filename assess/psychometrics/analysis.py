"""What do these answers say, with everything that was asked for? One call from answers to report.

The command, a notebook and the service get the same document, schema item-report/1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import comparisons, report
from assess.psychometrics.comparisons import Block
from assess.psychometrics.report import ItemKey
from assess.psychometrics.responses import FULL, Responses

Model = Literal["none", "1pl", "2pl", "3pl"]
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which group each attempt belongs to: `labels`, "" where not known; `name` of the property.

    Every other group is compared with `reference`, or with the largest.
    """

    name: str
    labels: Sequence[str]
    reference: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """When each attempt was made: `day` int64[attempts] in any whole unit; `name` of the property.

    Drift is looked for between `windows` equally full parts of that time.
    """

    name: str
    day: NDArray[np.int64]
    windows: int = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compute beside the classical statistics; by default nothing."""

    model: Model = "none"
    cut: float | None = None  # in marks
    group: Grouping | None = None
    time: Timing | None = None
    rng: np.random.Generator | None = None  # for how many would be named as guessing in error


def _silent(step: str, done: int, of: int | None) -> None:
    """No progress is shown."""


def analyse(
    responses: Responses,
    items: Sequence[ItemKey],
    population: Mapping[str, object],
    asked: Asked,
    progress: Progress = _silent,
) -> dict[str, Any]:
    """The report on these answers; `items` in the order of `responses.versions`.

    `progress` is told the step, how much of it is done, and of how much (None: not known).
    Raises ValueError, saying what and where, for what does not fit the answers.
    """
    progress("Classical statistics", 0, None)
    passed = None if asked.cut is None else (marks(responses) >= asked.cut).tolist()
    document = report.item_report(responses, items, population, passed)
    if asked.group is not None:
        progress("Differences between groups", 0, None)
        group = asked.group
        found = comparisons.groups(responses, group.name, group.labels, group.reference)
        _place(document, "dif", found)
    if asked.time is not None:
        progress("Change in time", 0, None)
        time = asked.time
        _place(document, "drift", comparisons.time(responses, time.name, time.day, time.windows))
    if responses.item.size != responses.attempts * responses.items:
        _place(document, "exposure", comparisons.shown(responses))
    if responses.milliseconds is not None:
        progress("Rapid guessing", 0, None)
        _place(document, "effort", comparisons.rapid(responses, asked.rng))
    return document


def marks(responses: Responses) -> NDArray[np.float64]:
    """The mark of each attempt, float64[attempts]."""
    points = np.bincount(
        responses.attempt, weights=responses.points(), minlength=responses.attempts
    )
    return points / FULL


def _place(document: dict[str, Any], name: str, block: Block) -> None:
    document[name] = block.test
    for entry, values, flags in zip(document["items"], block.items, block.flags, strict=True):
        entry[name] = values
        entry["flags"] += [asdict(flag) for flag in flags]

"""What do these answers say, with everything that was asked for? One call from answers to report.

The command, a notebook and the service get the same document, schema item-report/1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import comparisons, modelled, report
from assess.psychometrics.cells import Cells
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

    Drift is looked for between `windows` equally full parts of that time. `dates`: the days are
    those of the calendar, by `date.toordinal`, and are said as such.
    """

    name: str
    day: NDArray[np.int64]
    windows: int = 2
    dates: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compute beside the classical statistics; by default nothing."""

    model: Model = "none"
    weak_priors: bool = False  # of the model, for items with few answers
    cut: float | None = None  # in marks
    group: Grouping | None = None
    time: Timing | None = None
    rng: np.random.Generator | None = None  # for how many would be named as guessing in error


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """`document` of schema item-report/1; `attempts` columns by attempt, float64[attempts].

    The columns: mark, full (marks of the form), items, and what was asked for: eap, eap_se, wle,
    wle_se, effort; nan where there is no value.
    """

    document: dict[str, Any]
    attempts: dict[str, NDArray[np.float64]]


def _silent(step: str, done: int, of: int | None) -> None:
    """No progress is shown."""


def analyse(
    responses: Responses,
    items: Sequence[ItemKey],
    population: Mapping[str, object],
    asked: Asked,
    progress: Progress = _silent,
) -> Analysis:
    """The report on these answers; `items` in the order of `responses.versions`.

    `progress` is told the step, how much of it is done, and of how much (None: not known).
    Raises ValueError, saying what and where, for what does not fit the answers.
    """
    progress("Classical statistics", 0, None)
    passed = None if asked.cut is None else (marks(responses) >= asked.cut).tolist()
    document: dict[str, Any] = report.item_report(responses, items, population, passed, asked.cut)
    columns = _sat(responses)
    if asked.model != "none":
        found = modelled.modelled(
            responses,
            items,
            asked.model,
            cut=asked.cut,
            weak_priors=asked.weak_priors,
            progress=lambda done, _value, _step: progress(f"Fitting the {asked.model}", done, None),
        )
        _place(document, "irt", found.block)
        document["test"]["reliability"] += found.reliability
        document["test"]["decisions"] += found.decisions
        columns |= found.attempts
    if asked.group is not None:
        progress("Differences between groups", 0, None)
        group = asked.group
        compared = comparisons.groups(responses, group.name, group.labels, group.reference)
        _place(document, "dif", compared)
    if asked.time is not None:
        progress("Change in time", 0, None)
        time = asked.time
        drifted = comparisons.time(responses, time.name, time.day, time.windows, dates=time.dates)
        _place(document, "drift", drifted)
    if responses.item.size != responses.attempts * responses.items:
        _place(document, "exposure", comparisons.shown(responses))
    if responses.milliseconds is not None:
        progress("Rapid guessing", 0, None)
        block, columns["effort"] = comparisons.rapid(responses, asked.rng)
        _place(document, "effort", block)
        _place(document, "times", comparisons.seconds(responses), "time")
    return Analysis(document, columns)


def classical(
    data: Cells,
    items: Sequence[ItemKey],
    population: Mapping[str, object],
    cut: float | None = None,
    progress: Progress = _silent,
) -> Analysis:
    """The same of cells, without a model, groups or times: no answer is looked at by itself."""
    progress("Classical statistics", 0, None)
    passed = None if cut is None else data.total / FULL >= cut
    document: dict[str, Any] = report.item_report(data, items, population, passed, cut)
    if not data.complete:
        _place(document, "exposure", comparisons.shown(data))
    columns = {
        "mark": data.total / FULL,
        "full": data.sums(data.maximum[data.item]).astype(np.float64),
        "items": data.length.astype(np.float64),
    }
    return Analysis(document, columns)


def marks(responses: Responses) -> NDArray[np.float64]:
    """The mark of each attempt, float64[attempts]."""
    return _by_attempt(responses, responses.points()) / FULL


def _sat(responses: Responses) -> dict[str, NDArray[np.float64]]:
    """What each attempt was shown and got."""
    full = np.ones(responses.items) if responses.maximum is None else responses.maximum
    return {
        "mark": marks(responses),
        "full": _by_attempt(responses, full[responses.item]),
        "items": np.diff(responses.bounds()).astype(np.float64),
    }


def _by_attempt(responses: Responses, values: NDArray[Any]) -> NDArray[np.float64]:
    sums = np.bincount(responses.attempt, weights=values, minlength=responses.attempts)
    return sums.astype(np.float64)


def _place(document: dict[str, Any], name: str, block: Block, item_name: str | None = None) -> None:
    document[name] = block.test
    for entry, values, flags in zip(document["items"], block.items, block.flags, strict=True):
        entry[item_name or name] = values
        entry["flags"] += [asdict(flag) for flag in flags]

"""What do groups and time say about each item, as plain values and sentences for a report?

Findings become flags: of an item that favours a group, of one that has become easier or harder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import dif, drift, effort, exposure, flags, times
from assess.psychometrics.cells import Cells
from assess.psychometrics.classical import Z95
from assess.psychometrics.dif import DifTable, Pass
from assess.psychometrics.flags import Flag
from assess.psychometrics.responses import Responses

ETS = "Dorans & Holland 1993: ETS classes of Mantel-Haenszel D"
CURVES = "Dorans & Kulick 1986: distances between groups from 0.05 on are looked into"
WORKING = "Working choice: docs/psychometrics.md"
MANY, ROUNDS = 500_000, 5
TIMES = ("mean", "p10", "median", "p90", "right", "wrong")
Values = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """What a report gets: a value for the test, one for each item, and each item's flags."""

    test: Values
    items: list[Any]
    flags: list[list[Flag]]


def groups(
    responses: Responses, name: str, labels: Sequence[str], reference: str | None = None
) -> Block:
    """Differential item functioning; `labels` one an attempt, "" where not known.

    Each other group is compared with the reference: the named one, else 0 where groups are 0 and
    1, else the largest. A number is called by the property too: "minority 1". Raises ValueError
    where there are fewer than two groups or the reference does not occur.
    """
    known = Counter(label for label in labels if label)
    if not known:
        raise ValueError(f"the group {name!r} is not known of any attempt")
    if reference is None:
        plain = max(sorted(known), key=lambda label: known[label], default="")
        reference = "0" if known.keys() == {"0", "1"} else plain
    sides = dif.groups_of(labels, reference)

    def called(label: object) -> str:
        return f"{name} {label}" if str(label).lstrip("-").isdecimal() else str(label)

    named = called(reference)
    tables = {called(focal): dif.table(responses, side) for focal, side in sides.items()}
    compared = [
        {
            "focal": focal,
            "n_reference": table.reference,
            "n_focal": table.focal,
            "criterion": table.criterion.value,
            "suspects": int(table.suspects.sum()),
            "flagged": int((table.uniform | table.non_uniform).sum()),
        }
        for focal, table in tables.items()
    ]
    return Block(
        {"group": name, "reference": named, "comparisons": compared},
        [[_dif(t, focal, k) for focal, t in tables.items()] for k in range(responses.items)],
        [
            [flag for focal, t in tables.items() for flag in _dif_flags(t, named, focal, k)]
            for k in range(responses.items)
        ],
    )


def time(
    responses: Responses,
    name: str,
    day: NDArray[np.integer],
    windows: int = 2,
    *,
    dates: bool = False,
) -> Block:
    """Drift of every item; `day` int[attempts], with `dates` days of the calendar by their ordinal.

    Raises ValueError as `drift.table` does.
    """
    table = drift.table(responses, day, windows)

    def said(number: int) -> int | str:
        return date.fromordinal(number).isoformat() if dates else number

    looked = [
        {"attempts": w.attempts, "first": said(w.first_day), "last": said(w.last_day)}
        for w in table.windows
    ]
    test = {
        "time": name,
        "first": said(int(day.min())),
        "last": said(int(day.max())),
        "windows": windows,
        "later": looked,
        "flagged": int(table.drifted.sum()),
    }
    items = [_drift(table, k, said) for k in range(responses.items)]
    return Block(test, items, [_drift_flags(values) for values in items])


def rapid(
    responses: Responses, rng: np.random.Generator | None = None
) -> tuple[Block, NDArray[np.float64]]:
    """Rapid guessing, and the effort of each attempt, float64[attempts], nan where not known.

    With `rng` also the share of attempts that would be named in error, by simulation.

    Raises ValueError where the answers have no times.
    """
    table = effort.table(responses)
    few = responses.item.size <= MANY  # many answers say enough in one round
    test = {
        "rapid": table.rapid,
        "judged": int(table.judged.sum()),
        "attempts": int((table.judged >= effort.ATTEMPT_FROM).sum()),
        "low_effort": int(table.flagged.sum()),
        "limit": effort.LOW_EFFORT,
        "rapid_right": table.rapid_right,
        "rapid_right_interval": None
        if table.rapid_right_interval is None
        else list(table.rapid_right_interval),
        "other_right": table.other_right,
        "false_positives": None
        if rng is None
        else effort.false_positives(rng, responses, ROUNDS if few else 1),
    }
    items = [
        {
            "threshold": _value(limit / 1000),
            "two_humps": bool(humps),
            "rapid_share": _value(share),
        }
        for limit, humps, share in zip(
            table.thresholds.milliseconds,
            table.thresholds.two_humps,
            table.rapid_share,
            strict=True,
        )
    ]
    return Block(test, items, [[] for _ in items]), table.effort


def seconds(responses: Responses) -> Block:
    """How long answers take. Raises ValueError where the answers have no times."""
    sums = times.time_sums(responses)
    if sums is None:
        raise ValueError("the answers have no times")
    table = times.table(sums)
    test = {"n": int(table.n.sum()), "seconds": float(sums.time.value.sum()) / 1000}
    items = [
        {"n": int(n)} | {name: _value(value) for name, value in zip(TIMES, values, strict=True)}
        for n, *values in zip(*table, strict=True)
    ]
    return Block(test, items, [[] for _ in items])


def shown(responses: Responses | Cells) -> Block:
    """How often each item was shown, and how much two forms have in common."""
    table = exposure.table(responses)
    test = {
        "unused": table.unused,
        "skewness": table.skewness,
        "overlap": table.overlap,
        "overlap_share": table.overlap_share,
        "overlap_spread": table.overlap_spread.tolist(),
        "sampled": table.sampled,
    }
    items = [
        {"rate": _value(rate), "rate_interval": _pair(low, high)}
        for rate, low, high in zip(table.rate, table.low, table.high, strict=True)
    ]
    return Block(test, items, [[] for _ in items])


def _dif(table: DifTable, focal: str, k: int) -> Values:
    flagged = [
        name
        for name, found in (("uniform", table.uniform[k]), ("non_uniform", table.non_uniform[k]))
        if found
    ]
    return {
        "focal": focal,
        "class": str(table.ets[k]) or None,
        **_of_pass(table.purified, k),
        "mh_p_adjusted": _value(table.p_adjusted[k]),
        "non_uniform_p_adjusted": _value(table.p_non_uniform_adjusted[k]),
        "n_reference": int(table.purified.mantel_haenszel.n_reference[k]),
        "n_focal": int(table.purified.mantel_haenszel.n_focal[k]),
        "flagged": flagged,
        "guard": table.guards[k],
        "unpurified": _of_pass(table.first, k),
        "reason": table.reasons[k],
    }


def _of_pass(one: Pass, k: int) -> Values:
    mh, regression = one.mantel_haenszel, one.logistic
    return {
        "delta": _value(mh.delta[k]),
        "delta_se": _value(mh.delta_se[k]),
        "delta_interval": _interval(mh.delta[k], mh.delta_se[k]),
        "mh_alpha": _value(mh.alpha[k]),
        "mh_chi2": _value(mh.chi2[k]),
        "mh_p": _value(mh.p[k]),
        "difference": _value(mh.difference[k]),
        "logistic_chi2": _value(regression.chi2[k]),
        "logistic_p": _value(regression.p[k]),
        "uniform_chi2": _value(regression.chi2_uniform[k]),
        "non_uniform_chi2": _value(regression.chi2_nonuniform[k]),
        "delta_r2": _value(regression.delta_r2[k]),
    }


def _dif_flags(table: DifTable, reference: str, focal: str, k: int) -> list[Flag]:
    mh = table.purified.mantel_haenszel
    answers = f"{int(mh.n_focal[k])} and {int(mh.n_reference[k])} answers"
    found = []
    if table.uniform[k]:
        delta, difference = float(mh.delta[k]), float(mh.difference[k])
        size = f"D = {flags.number(delta)}, " if isfinite(delta) else ""
        sentence = (
            f"{'Harder' if difference < 0 else 'Easier'} for {focal} than for {reference} of equal "
            f"ability: {flags.percent(abs(difference))} of full marks ({size}ETS class "
            f"{table.ets[k]}; {answers}). Look for words or a setting that one group knows better."
        )
        found.append(Flag("dif", sentence, None, dif.MODERATE, ETS))
    if table.non_uniform[k]:
        sentence = (
            f"It separates strong from weak candidates differently among {focal} and {reference} "
            f"({answers}). Look at who chooses which option in each group."
        )
        found.append(Flag("dif_non_uniform", sentence, None, dif.CURVES_APART, CURVES))
    return found


def _drift(table: drift.DriftTable, k: int, said: Callable[[int], int | str]) -> Values:
    change, last = table.change, table.windows[-1].mantel_haenszel
    known = bool(change.last_day[k] >= 0)
    return {
        "delta": _value(last.delta[k]),
        "delta_se": _value(last.delta_se[k]),
        "delta_interval": _interval(last.delta[k], last.delta_se[k]),
        "mh_chi2": _value(last.chi2[k]),
        "mh_p": _value(last.p[k]),
        "class": str(table.windows[-1].ets[k]) or None,
        "statistic": _value(change.statistic[k]),
        "p": _value(change.p[k]),
        "p_adjusted": _value(change.p_adjusted[k]),
        "changed_after": said(int(change.last_day[k])) if known else None,
        "before": _value(change.before[k]),
        "after": _value(change.after[k]),
        "flagged": bool(table.drifted[k]),
        "guard": table.guards[k],
        "reason": None if known else "the scores of equally able candidates do not vary in time",
    }


def _drift_flags(values: Mapping[str, Any]) -> list[Flag]:
    if not values["flagged"]:
        return []
    size = values["after"] - values["before"]
    easier = size > 0
    ask = "Has it become known?" if easier else "Has what is taught, or the key, changed?"
    sentence = (
        f"{'Easier' if easier else 'Harder'} for equally able candidates after "
        f"{values['changed_after']}, by {flags.percent(abs(size))} of full marks. {ask}"
    )
    return [Flag("drift", sentence, None, drift.CHANGE_FROM, WORKING)]


def _pair(low: float, high: float) -> list[float] | None:
    return [float(low), float(high)] if isfinite(low) and isfinite(high) else None


def _interval(value: float, se: float) -> list[float] | None:
    if not (isfinite(value) and isfinite(se)):
        return None
    return [float(value - Z95 * se), float(value + Z95 * se)]


def _value(number: float) -> float | None:
    return float(number) if isfinite(number) else None

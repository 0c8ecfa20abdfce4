"""What can an author and a head of centre read from these answers? The report as one document.

`item_report` gives plain JSON types, schema item-report/1 (docs/item-report-schema.json).
Everything that can be computed is given, with "guard" beside it where the answers are too few
for a page to show it; null stands for what cannot be computed, its cause under "reasons".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import (
    classical,
    coding,
    distractors,
    flags,
    guards,
    precision,
    reliability,
)
from assess.psychometrics.cells import Cells
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.reliability import Components, MarkSums
from assess.psychometrics.responses import FULL, NOT_REACHED, Responses

SCHEMA = "item-report/1"
FIFTHS = 5  # ability groups of a trace line
OMITTED = "omitted"  # the option row of those who left the item empty

Passed = Sequence[bool] | NDArray[np.bool_]
Values = Mapping[str, Any]  # of one item, by name of the column


@dataclass(frozen=True, slots=True)
class ItemKey:
    """What the report has to know of an item version: what to call it, its kind, its key.

    `item` is the caller's label and names the version, such as "hand-washing v2"; `kind`
    "single_choice" or "multiple_response" (other kinds get no guessing rule); `key` the own
    indices of the correct options. Without options (scores only): n_options 0, key ().
    `labels` are what the options are called where they are not called by their index; None
    among them is an index that no option has.
    """

    item: str
    kind: str
    n_options: int
    key: tuple[int, ...]
    labels: tuple[int | str | None, ...] | None = None

    def label(self, option: int) -> int | str | None:
        """What option `option` is called in the report."""
        return option if self.labels is None else self.labels[option]


def item_report(
    responses: Responses | Cells,
    items: Sequence[ItemKey],
    population: Mapping[str, object],
    passed: Passed | None = None,
    cut: float | None = None,
) -> dict[str, Any]:
    """The report on these answers; `items` in the order of `responses.versions`, or of the cells.

    `population` says which attempts these are (and "excluded"): it is printed as it comes,
    after the counts. `passed` holds one value an attempt; `cut`, in marks, is where decisions
    are judged. Raises ValueError where `items` or `passed` do not fit the answers.
    """
    if len(items) != responses.items:
        raise ValueError(f"{len(items)} items are described, {responses.items} are in the answers")
    if passed is not None and len(passed) != responses.attempts:
        raise ValueError(f"{len(passed)} pass marks for {responses.attempts} attempts")
    width, length = max((key.n_options for key in items), default=0), responses.longest
    data = responses if isinstance(responses, Cells) else coding.coded(responses)
    raw = classical.raw_sums(data)
    facility = classical.facility_millionths(raw)
    adjusted = classical.adjusted_sums(data, facility, width, length)
    sums = reliability.mark_sums(data, facility)
    # Who was shown nothing has neither passed nor failed.
    sat = None if isinstance(responses, Cells) else np.diff(responses.bounds()) > 0
    if passed is not None and sat is not None:
        passed = np.asarray(passed, np.bool_)[sat]
    marks = reliability.table(sums, 0 if sat is None else int(sat.sum()) - sums.n)
    within = reliability.alpha_interval(sums, marks.alpha)
    coefficients, parts = precision.coefficients(data, raw, sums, marks)
    item_table, option_table = classical.table(raw, adjusted), distractors.table(adjusted)
    lines = distractors.traces(adjusted, raw.maximum, FIFTHS)
    # Whole columns as lists, None where there is no value: a million numbers tested one by one
    # would take longer than all the statistics.
    columns = {
        **{name: _nested(column) for name, column in item_table._asdict().items()},
        "maximum": raw.maximum.tolist(),
        "not_reached": _not_reached(responses),
        "standardised_r": _nested(_standardised(data, facility, sums, parts, item_table.r)),
        "alpha_if_deleted": _nested(reliability.alpha_if_deleted(raw, sums)),
        "trace": _nested(lines.facility),
    }
    option_columns = {
        **{name: _nested(column) for name, column in option_table._asdict().items()},
        "trace": _nested(lines.share),
    }
    return {
        "schema": SCHEMA,
        "population": {
            "attempts": responses.attempts,
            "responses": int((data.cell if data is responses else responses.item).size),
            "items": responses.items,
            "excluded": 0,
            **population,
        },
        "test": {
            **_test(marks, passed),
            "alpha_interval": None if within is None else list(within),
            **_drawn(sums, raw, parts),
            "reliability": coefficients,
            "variance": precision.variance(parts),
            "distribution": distribution(responses),
            "csem": precision.conditional_errors(data),
            **_decisions(data, cut, marks.alpha or parts.generalisability),
        },
        "items": [
            _item(
                key,
                {name: column[place] for name, column in columns.items()},
                {name: column[place] for name, column in option_columns.items()},
            )
            for place, key in enumerate(items)
        ],
        "irt": None,
        "dif": None,
        "drift": None,
        "exposure": None,
        "times": None,
        "effort": None,
    }


def distribution(responses: Responses | Cells) -> list[dict[str, int]]:
    """How many attempts got each whole mark, parts of a mark dropped, from least to most."""
    if isinstance(responses, Cells):
        return _distribution(responses.total)
    if not responses.item.size:
        return []
    total = np.bincount(responses.attempt, weights=responses.points(), minlength=responses.attempts)
    sat = np.diff(responses.bounds()) > 0
    return _distribution(total[sat].astype(np.int64))


def _distribution(total: Ints) -> list[dict[str, int]]:
    if not total.size:
        return []
    counted = np.bincount(total // FULL)
    least = int(np.flatnonzero(counted)[0])
    return [{"mark": mark, "n": n} for mark, n in enumerate(counted[least:].tolist(), start=least)]


def _rows(key: ItemKey) -> list[int | None]:
    """The options that the report has a row for; None is of those who omitted the item."""
    if not key.n_options:
        return []
    return [*(k for k in range(key.n_options) if key.label(k) is not None), None]


def _facts(key: ItemKey, of: Values, by_option: Values) -> flags.ItemFacts:
    """What the flags are raised by: the values of one item, and of its options."""
    low, high, r_low, r_high = (of[x] for x in ("facility_low", "facility_high", "r_low", "r_high"))
    return flags.ItemFacts(
        key.kind,
        of["n"],
        of["facility"],
        None if low is None or high is None else (low, high),
        of["r"],
        None if r_low is None or r_high is None else (r_low, r_high),
        [
            flags.OptionFacts(
                option,
                option in key.key,
                by_option["n"][k],
                by_option["share"][k],
                by_option["share_high"][k],
                by_option["r"][k],
                by_option["wrong"],
                by_option["wrong_n"][k],
                by_option["wrong_share_high"][k],
                None if option is None else by_option["conditional_r"][k],
                None if option is None or key.labels is None else str(key.label(option)),
            )
            for option in _rows(key)
            for k in (-1 if option is None else option,)
        ],
    )


def _item(key: ItemKey, of: Values, by_option: Values) -> dict[str, Any]:
    """An item's entry, from the values of the item and lists of those of its options.

    The last of each list is of those who omitted it, however many options the item has.
    """
    n = of["n"]
    fact = _facts(key, of, by_option) if n >= guards.FLAGS_FROM else None  # the rest have no flag
    counts, shares, rs, conditional, traces = (
        by_option[name] for name in ("n", "share", "r", "conditional_r", "trace")
    )
    return {
        "item": key.item,
        "kind": key.kind,
        "maximum": of["maximum"],
        "n": n,
        "not_reached": of["not_reached"],
        "guard": guards.guard(n),
        "shows": guards.shows(n).value,
        "facility": of["facility"],
        "facility_interval": _pair(of["facility_low"], of["facility_high"]),
        "discrimination": of["r"],
        "discrimination_se": of["r_se"],
        "discrimination_interval": _pair(of["r_low"], of["r_high"]),
        "raw_rest_r": of["raw_r"],
        "standardised_r": of["standardised_r"],
        "upper_lower": of["upper_lower"],
        "alpha_if_deleted": of["alpha_if_deleted"],
        "trace": of["trace"],
        "options": [
            {
                "option": OMITTED if option is None else key.label(option),
                "key": option in key.key,
                "n": counts[k],
                "share": shares[k],
                "r": rs[k],
                "conditional_r": None if option is None else conditional[k],
                "trace": traces[k],
            }
            for option in _rows(key)
            for k in (-1 if option is None else option,)
        ],
        "flags": [] if fact is None else [asdict(flag) for flag in flags.flags(fact)],
        "watch": [] if fact is None else [asdict(flag) for flag in flags.watch(fact)],
        "irt": None,
        "dif": [],
        "drift": None,
        "exposure": None,
        "time": None,
        "effort": None,
        "reasons": _item_reasons(n, of["facility"], of["r"]),
    }


def _item_reasons(n: int, facility: float | None, r: float | None) -> dict[str, str]:
    """Why a value is null: {name of the value: cause}."""
    if not n:
        return {"facility": "nobody was shown it", "discrimination": "nobody was shown it"}
    if r is not None:
        return {}
    if n < 2:
        return {"discrimination": "one answer has no correlation"}
    if facility in (0.0, 1.0):
        return {"discrimination": "everybody got the same score"}
    return {"discrimination": "the item's scores or the rest scores do not vary"}


def _test(marks: reliability.MarkTable, passed: Passed | None) -> dict[str, object]:
    reasons: dict[str, str] = {}
    rate, interval, why_no_rate = _pass_rate(passed)
    if not marks.n:
        reasons["mean"] = "there are no attempts"
    if marks.n < 2:
        reasons["sd"] = "fewer than two attempts"
    if why_no_rate is not None:
        reasons |= {"pass_rate": why_no_rate}
    if marks.why_no_alpha is not None:
        reasons["alpha"] = reasons["sem"] = marks.why_no_alpha
    few = marks.n < guards.FACILITY_FROM
    return {
        "n": marks.n,
        "guard": f"too few: {marks.n} < {guards.FACILITY_FROM}" if few else None,
        "length": [marks.shortest, marks.longest],
        "mean": marks.mean,
        "sd": marks.sd,
        "min": marks.least,
        "max": marks.most,
        "pass_rate": rate,
        "pass_rate_interval": interval,
        "alpha": marks.alpha,
        "sem": marks.sem,
        "reasons": reasons,
    }


def _drawn(sums: MarkSums, raw: classical.RawSums, parts: Components) -> dict[str, object]:
    """The luck of the draw, and whether items have answers enough for it and for alpha.

    Both rest on the facilities of all items, which are shown from as many answers on.
    """
    luck = reliability.draw_luck(sums, raw, parts)
    typical = reliability.answers_an_item(raw)
    few = typical < guards.FACILITY_FROM
    return {
        "draw_luck": {"sd": luck.sd, "share_of_variance": luck.share},
        "answers_an_item": typical,
        "answers_guard": f"too few: {typical} < {guards.FACILITY_FROM}" if few else None,
    }


def _decisions(data: Cells, cut: float | None, value: float | None) -> dict[str, Any]:
    """The rows of decisions at the cut, and why there are none."""
    if cut is None:
        return {"decisions": [], "no_decisions": "no cut was given"}
    rows, why = precision.at_cut(data, cut, value)
    return {"decisions": rows, "no_decisions": why}


def _standardised(
    data: Cells, facility: Ints, sums: MarkSums, parts: Components, r: Floats
) -> Floats:
    """r on rest scores standardised within form length; r itself where all are equally long."""
    if sums.shortest == sums.longest:
        return r
    return classical.standardised_sums(data, facility, reliability.scale(sums, parts)).r()


def _pass_rate(
    passed: Passed | None,
) -> tuple[float | None, list[float] | None, str | None]:
    """The share that passed, its 95 % interval, and why there is none."""
    if passed is None:
        return None, None, "no pass marks were handed in"
    if not len(passed):
        return None, None, "there are no attempts"
    rate = int(np.count_nonzero(passed)) / len(passed)
    low, high = classical.wilson(np.array([rate]), np.array([len(passed)]))
    return rate, [float(low[0]), float(high[0])], None


def _not_reached(responses: Responses | Cells) -> list[int]:
    """By item in how many attempts it stood behind the last answer; cells are without these."""
    if isinstance(responses, Cells):
        return [0] * responses.items
    behind = responses.item[responses.option == NOT_REACHED]
    counted: list[int] = np.bincount(behind, minlength=responses.items).tolist()
    return counted


def _nested(numbers: Floats | Ints) -> list[Any]:
    """Arrays of any depth as lists, None for nan."""
    missing = np.isnan(numbers)
    if not missing.any():
        plain: list[Any] = numbers.tolist()
        return plain
    values = numbers.astype(object)
    values[missing] = None
    nested: list[Any] = values.tolist()
    return nested


def _pair(low: float | None, high: float | None) -> list[float] | None:
    return None if low is None or high is None else [low, high]

"""Is an item harder for one group than for equally able candidates of another?

Mantel-Haenszel with the ETS delta scale and classes, standardised differences, and logistic
regression beside it. Matched as `matching` says, once more without the suspects (purified), and
the p values of all items adjusted together (Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57,
289-300), so that a bank of a thousand items does not make fifty findings by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from assess.psychometrics import logistic, matching
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.logistic import Logistic
from assess.psychometrics.matching import FOCAL, NEITHER, REFERENCE, Criterion, Groups, MatchedSums
from assess.psychometrics.responses import FULL, Responses

DELTA = -2.35  # Holland & Thayer 1985, ETS RR-85-43: log odds on the ETS delta scale
MODERATE, LARGE = 1.0, 1.5  # of |delta|: Dorans & Holland 1993, in Holland & Wainer, DIF, 35-66
# Of the standardised difference in standard deviations, items with partial credit: Zwick, Thayer
# & Mazzeo 1997, GRE Board Report 93-10P.
MODERATE_SD, LARGE_SD = 0.17, 0.25
# Of the mean distance between the groups' curves: Dorans & Kulick 1986, J. Educ. Meas. 23, 355-368
# look into standardised differences from 0.05 on. (No limit is taken on Nagelkerke's R squared:
# at 0.035, after Jodoin & Gierl 2001, simulated slopes of 1.5 against 0.6 go unseen.)
CURVES_APART = 0.05
LEVEL = 0.05
ONE_SIDED = 1.6448536269514722  # the 95 % point of the standard normal
FOCAL_FROM, ALL_FROM = 100, 500  # answers to an item before it is judged: working choices
MOST_SUSPECTS = 0.5  # of the items: with more left out, what is left is no common scale


class MantelHaenszel(NamedTuple):
    """By item, float64[items] unless said otherwise; nan where there is no value.

    `chi2` with the continuity correction (none with partial credit: Mantel 1963) and its `p`;
    `alpha` the common odds ratio, above 1 where the item favours the reference group; `delta`
    = -2.35 ln(alpha), below 0 where it is harder for the focal group, with its standard error;
    `difference` the standardised one, focal less reference in full scores at the focal group's
    levels, `sd` the standard deviation of the item's scores; `n_reference`, `n_focal` int64
    answers that were compared: of levels at which both groups answered. With partial credit alpha
    and delta are nan.
    """

    chi2: Floats
    p: Floats
    chi2_uncorrected: Floats
    alpha: Floats
    delta: Floats
    delta_se: Floats
    difference: Floats
    sd: Floats
    n_reference: Ints
    n_focal: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """Both analyses on one criterion."""

    mantel_haenszel: MantelHaenszel
    logistic: Logistic


@dataclass(frozen=True, slots=True, eq=False)
class DifTable:
    """The findings, arrays of items in the order of `responses.versions`.

    `first` matched on all items, `purified` without the `suspects` (bool[items]; the studied
    item itself always counts on a total); the same object where there are none. From `purified`:
    `ets` "A", "B", "C" or "" (no value), `p_adjusted` of Mantel-Haenszel, `p_non_uniform_adjusted`
    of the logistic product. `uniform`, `non_uniform` bool[items]: the findings, with enough
    answers, a size beyond negligible and an adjusted p below 0.05. `guards`: None, or such as
    "too few: 57 < 100". `reference`, `focal`: attempts.
    """

    criterion: Criterion
    reference: int
    focal: int
    first: Pass
    purified: Pass
    suspects: NDArray[np.bool_]
    ets: NDArray[np.str_]
    p_adjusted: Floats
    p_non_uniform_adjusted: Floats
    uniform: NDArray[np.bool_]
    non_uniform: NDArray[np.bool_]
    guards: list[str | None]
    reasons: list[str | None]


def table(responses: Responses, group: Groups, criterion: Criterion | None = None) -> DifTable:
    """Differential item functioning of every item; `group` int8[attempts] 0, 1 or -1 (neither).

    Without `criterion` the total where all sat one form and items are right or wrong, else the
    regressed rest score. Raises ValueError for a group that does not fit or has nobody.
    """
    compared = responses.reached()
    criterion = criterion or matching.criterion_for(compared)
    first = judged(matching.matched(compared, group, criterion))
    suspects = _suspects(first)
    purified = first
    if suspects.any():
        purified = judged(matching.matched(compared, group, criterion, ~suspects))
    mh, regression = purified.mantel_haenszel, purified.logistic
    guards = guards_of(mh.n_reference, mh.n_focal)
    enough = np.array([guard is None for guard in guards], dtype=np.bool_)
    ets = ets_classes(mh)
    p, p_product = adjusted(mh.p), adjusted(regression.p_nonuniform)
    return DifTable(
        criterion,
        int((group == REFERENCE).sum()),
        int((group == FOCAL).sum()),
        first,
        purified,
        suspects,
        ets,
        p,
        p_product,
        enough & (p < LEVEL) & np.isin(ets, ("B", "C")),
        enough & (p_product < LEVEL) & (regression.unsigned >= CURVES_APART),
        guards,
        _reasons(mh),
    )


def groups_of(labels: Sequence[object], reference: object | None = None) -> dict[object, Groups]:
    """One comparison for each focal label: int8[attempts] for `table`.

    `labels` one an attempt, None or "" where not known; the reference is the named label, or the
    most frequent (the first in order among equals). Raises ValueError where the reference does
    not occur or there is only one group.
    """
    known = [label for label in labels if label is not None and label != ""]
    counts = {label: known.count(label) for label in sorted(set(known), key=str)}
    if reference is None:
        reference = max(counts, key=lambda label: counts[label], default=None)
    if reference not in counts:
        raise ValueError(f"nobody is in the reference group {reference!r}")
    if len(counts) < 2:
        raise ValueError(f"all are in one group, {reference!r}: there is nothing to compare")
    return {
        focal: np.array(
            [REFERENCE if x == reference else FOCAL if x == focal else NEITHER for x in labels],
            dtype=np.int8,
        )
        for focal in counts
        if focal != reference
    }


def judged(sums: MatchedSums) -> Pass:
    """Both analyses from the merged sums."""
    return Pass(mantel_haenszel(sums), logistic.regression(sums))


def mantel_haenszel(sums: MatchedSums) -> MantelHaenszel:
    """Mantel-Haenszel statistics from the merged sums.

    Mantel & Haenszel 1959, J. Natl. Cancer Inst. 22, 719-748; with partial credit Mantel 1963,
    J. Am. Stat. Assoc. 58, 690-700; variance of ln(alpha): Phillips & Holland 1987, Biometrics
    43, 425-431.
    """
    n, x, xx = sums.n.astype(np.float64), sums.x / FULL, sums.xx / FULL**2
    both = (n > 0).all(axis=2)
    n_r, n_f = np.where(both, n[..., 0], 0.0), np.where(both, n[..., 1], 0.0)
    x_r, x_f = np.where(both, x[..., 0], 0.0), np.where(both, x[..., 1], 0.0)
    all_n, all_x = n_r + n_f, x_r + x_f
    all_xx = np.where(both, xx.sum(axis=2), 0.0)
    binary = sums.xx.sum(axis=(1, 2)) == sums.x.sum(axis=(1, 2)) * FULL
    with np.errstate(divide="ignore", invalid="ignore"):
        surplus = np.where(both, x_r - n_r * all_x / all_n, 0.0).sum(axis=1)
        variance = np.where(
            both, n_r * n_f * (all_n * all_xx - all_x**2) / (all_n**2 * (all_n - 1)), 0.0
        ).sum(axis=1)
        variance = np.where(variance > 0, variance, np.nan)
        corrected = np.maximum(np.abs(surplus) - np.where(binary, 0.5, 0.0), 0.0) ** 2 / variance
        alpha, log_variance = _odds_ratio(x_r, n_r - x_r, x_f, n_f - x_f, all_n)
        usable = binary & (alpha > 0) & np.isfinite(alpha)
        alpha = np.where(usable, alpha, np.nan)
        weighted = np.where(both, n_f * (x_f / n_f - x_r / n_r), 0.0).sum(axis=1)
        total = n.sum(axis=(1, 2))
        mean = x.sum(axis=(1, 2)) / total
        sd = np.sqrt(np.maximum(xx.sum(axis=(1, 2)) / total - mean**2, 0.0))
        return MantelHaenszel(
            corrected,
            special.chdtrc(1, corrected),
            surplus**2 / variance,
            alpha,
            DELTA * np.log(alpha),
            np.where(usable, -DELTA * np.sqrt(log_variance), np.nan),
            weighted / n_f.sum(axis=1),
            sd,
            n_r.sum(axis=1).astype(np.int64),
            n_f.sum(axis=1).astype(np.int64),
        )


def _odds_ratio(a: Floats, b: Floats, c: Floats, d: Floats, n: Floats) -> tuple[Floats, Floats]:
    """The common odds ratio and the variance of its logarithm from cells [items, levels]."""
    n = np.where(n > 0, n, np.nan)
    ad, bc = np.nansum(a * d / n, axis=1), np.nansum(b * c / n, axis=1)
    alpha: Floats = ad / bc
    ratio = alpha[:, None]
    spread = np.nansum((a * d + ratio * b * c) * (a + d + ratio * (b + c)) / n**2, axis=1)
    return alpha, spread / (2 * ad**2)


def ets_classes(mh: MantelHaenszel) -> NDArray[np.str_]:
    """ETS classes, str[items]: "A" negligible, "B" moderate, "C" large, "" where no value is.

    A: |delta| < 1 or not significantly different from 0; C: |delta| >= 1.5 and significantly
    above 1; B otherwise. With partial credit by |difference| / sd: B above 0.17, C above 0.25.
    """
    size = np.abs(mh.delta)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(mh.difference) / mh.sd
        large = (size >= LARGE) & (size - MODERATE > ONE_SIDED * mh.delta_se)
        partial = np.isnan(size)
        large = np.where(partial, relative > LARGE_SD, large)
        small = np.where(partial, relative <= MODERATE_SD, size < MODERATE) | ~(mh.p < LEVEL)
    chosen = np.where(small, "A", np.where(large, "C", "B"))
    return np.where(np.isnan(mh.p), "", chosen)


def adjusted(p: Floats) -> Floats:
    """Benjamini & Hochberg's adjusted p values; nan stays nan and does not count."""
    result = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")[::-1]]
    rank = np.arange(order.size, 0, -1)
    result[order] = np.minimum(np.minimum.accumulate(p[order] * order.size / rank), 1.0)
    return result


def guards_of(n_reference: Ints, n_focal: Ints) -> list[str | None]:
    """By item: None, or what is too few to judge it."""
    return [
        f"too few: {f} < {FOCAL_FROM}"
        if f < FOCAL_FROM
        else f"too few: {r} < {FOCAL_FROM}"
        if r < FOCAL_FROM
        else f"too few: {r + f} < {ALL_FROM}"
        if r + f < ALL_FROM
        else None
        for r, f in zip(n_reference.tolist(), n_focal.tolist(), strict=True)
    ]


def _suspects(first: Pass) -> NDArray[np.bool_]:
    """Items that the second criterion leaves out; none where they would be half of the items."""
    found = (first.mantel_haenszel.p < LEVEL) | (first.logistic.p < LEVEL)
    return found if found.mean() < MOST_SUSPECTS else np.zeros_like(found)


def _reasons(mh: MantelHaenszel) -> list[str | None]:
    """By item: why there is no chi-square, or no odds ratio."""
    reasons: list[str | None] = []
    for r, f, p, alpha, sd in zip(
        *(column.tolist() for column in (mh.n_reference, mh.n_focal, mh.p, mh.alpha, mh.sd)),
        strict=True,
    ):
        if not r or not f:
            reasons.append("no equally able candidates of both groups answered it")
        elif not sd > 0:
            reasons.append("everybody got the same score")
        elif np.isnan(p):
            reasons.append("the groups share no level of ability on which scores vary")
        elif np.isnan(alpha):
            reasons.append("the odds ratio is not defined: partial credit, or an empty cell")
        else:
            reasons.append(None)
    return reasons

"""Do the answers behave as the item response model says, item by item and candidate by candidate?

Three looks at an item:

* infit and outfit: mean squared residuals, 1 where the model holds, weighted by information or
  not (Wright and Masters 1982);
* for any design, sparse ones above all: each answer is predicted from the candidate's *other*
  answers. Given these it is right with a known chance, so that over groups of like predictions
  the squared standardised sums of residuals add up to a chi-square;
* on one complete form, S-X2 of Orlando and Thissen 2000 (Appl. Psychol. Meas. 24, 50-64).

And at a candidate: lz* of Snijders 2001 (Psychometrika 66, 331-342), the standardised
log-likelihood of the answers corrected for the ability being estimated; far below 0 is odd.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from assess.psychometrics import calibration, expected, patterns, scoring
from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.expected import Curves
from assess.psychometrics.patterns import Chunk, Part
from assess.psychometrics.responses import Responses
from assess.psychometrics.scoring import Abilities

GROUPS = 10  # of predictions of one item
SMALLEST = 5.0  # right and wrong answers to be expected in a group
TIED = 1e-9  # predictions no further apart are equal
SURE = 1e-4  # a chance this near to 0 or 1 is held off, lest one answer decide outfit


class MeanSquares(NamedTuple):
    """By item, float64[items]; nan where nobody with an estimated ability answered."""

    infit: Floats
    outfit: Floats
    infit_z: Floats
    outfit_z: Floats
    n: Ints


class ItemFit(NamedTuple):
    """Chi-squares by item; nan where there are no degrees of freedom. `df` int64[items]."""

    chi2: Floats
    df: Ints
    p: Floats


class PersonFit(NamedTuple):
    """lz* and its lower-tail probability, float64[attempts]; nan where nothing can be said."""

    lz: Floats
    p: Floats


def mean_squares(
    responses: Responses | Part, curves: Curves, abilities: Abilities | None = None
) -> MeanSquares:
    """Infit and outfit, with Wilson and Hilferty's z.

    Residuals are from the prediction by the candidate's other answers: their mean squares are 1
    under the model, however short the forms. With `abilities` they are at these, as other
    programs have it; an ability estimated with the answer itself makes them smaller (0.87
    instead of 1 for the outfit of forms of 20).
    """
    part, chance = predicted(responses, curves)
    if abilities is not None:
        chance = _at(part, curves, abilities.theta)
    known = np.isfinite(chance)
    item, p = part.item[known], np.clip(chance[known], SURE, 1 - SURE)
    square = (part.right[known] - p) ** 2
    spread = p * (1 - p)
    # The fourth central moment of an answer, for the spread of the mean squares.
    fourth = spread * (1 - 3 * spread)
    n, squares, spreads, ratios, of_infit, of_outfit = (
        np.bincount(item, weights=term, minlength=curves.a.size)
        for term in (
            None,
            square,
            spread,
            square / spread,
            fourth - spread**2,
            fourth / spread**2 - 1,
        )
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        infit, outfit = squares / spreads, ratios / n
        sd_infit, sd_outfit = np.sqrt(of_infit) / spreads, np.sqrt(of_outfit) / n
    return MeanSquares(infit, outfit, _cube(infit, sd_infit), _cube(outfit, sd_outfit), n)


def predicted(responses: Responses | Part, curves: Curves, nodes: int = 61) -> tuple[Part, Floats]:
    """Each answer's chance of being right given the candidate's other answers: float64[n].

    In the order of the part that is returned too; nan for items not counted.
    """
    part = _part(responses)
    grid = expected.nodes(nodes)
    table = expected.rounded(curves.log_chances(grid.theta))
    inverse = np.exp(-table)
    chance = np.empty(part.category.size)

    def step(share: Sequence[Chunk]) -> None:
        for chunk in share:
            weight, _ = expected.posterior(expected.likelihoods(chunk, table, grid))
            edges = part.edges[chunk.first : chunk.first + chunk.rows + 1]
            row = np.repeat(np.arange(chunk.rows), np.diff(edges))
            category = part.category[edges[0] : edges[-1]]
            # Without this answer the posterior is the present one over its likelihood.
            odds = np.empty(category.size)
            for start in range(0, category.size, patterns.ROWS):
                block = slice(start, start + patterns.ROWS)
                odds[block] = np.einsum("nq,nq->n", weight[row[block]], inverse[category[block]])
            given = 1 / odds
            chance[edges[0] : edges[-1]] = np.where(category & 1 == 0, given, 1 - given)

    expected.spread(step, list(part.chunks()))
    chance[~curves.counted[part.item]] = np.nan
    return part, chance


def by_prediction(responses: Responses | Part, curves: Curves, parameters: int) -> ItemFit:
    """Chi-square of each item in up to GROUPS groups of like predictions, for any design.

    `parameters`: estimated of each item (1, 2 or 3), taken off the degrees of freedom.
    """
    part, chance = predicted(responses, curves)
    size = curves.a.size
    known = np.flatnonzero(np.isfinite(chance))
    item, p = part.item[known], chance[known]
    x = part.right[known].astype(np.float64)
    order = np.lexsort((p, item))
    item, p, x = item[order], p[order], x[order]
    n = np.bincount(item, minlength=size)
    # As many groups as leave room for SMALLEST right and wrong ones to be expected in each.
    least = np.minimum(
        np.bincount(item, weights=p, minlength=size),
        np.bincount(item, weights=1 - p, minlength=size),
    )
    groups = np.clip((least / (2 * SMALLEST)).astype(np.int64), 1, GROUPS)
    # Equal predictions stay together: whoever they are of, they stand in the order of the data.
    fresh = np.ones(item.size, dtype=np.bool_)
    fresh[1:] = (np.diff(p) > TIED) | (np.diff(item) > 0)
    first = np.maximum.accumulate(np.where(fresh, np.arange(item.size), 0))
    rank = first - (np.cumsum(n) - n)[item]
    cell = item.astype(np.int64) * GROUPS + rank * groups[item] // n[item]
    cells = size * GROUPS
    residual = np.bincount(cell, weights=x - p, minlength=cells)
    spread = np.bincount(cell, weights=p * (1 - p), minlength=cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = np.where(spread > 0, residual**2 / spread, 0.0)
    chi2 = square.reshape(size, GROUPS).sum(axis=1)
    filled = (spread > 0).reshape(size, GROUPS).sum(axis=1)
    return _judged(chi2, filled - parameters)


def person_fit(
    responses: Responses | Part, curves: Curves, abilities: Abilities | None = None
) -> PersonFit:
    """lz* of every attempt at its WLE (or the WLEs that are handed in)."""
    part = _part(responses)
    theta = (scoring.weighted_likelihood(part, curves) if abilities is None else abilities).theta
    lz = np.full(part.attempts, np.nan)

    def step(share: Sequence[Chunk]) -> None:
        for chunk in share:
            answers = scoring.answered(part, curves, chunk)
            p, first, second = answers.curve(np.nan_to_num(theta[chunk.span]))
            p = np.clip(p, 1e-12, 1 - 1e-12)
            spread = p * (1 - p)
            w = np.log(p) - np.log1p(-p)
            r = first / spread
            total = answers.by_attempt
            with np.errstate(divide="ignore", invalid="ignore"):
                information = total(first * r)
                c = total(first * w) / information
                # Warm's estimate solves sum (x - P) r + J / (2 I) = 0.
                offset = total(second * r) / (2 * information)
                own = w - c[answers.row] * r
                value = total((answers.x - p) * w) + c * offset
                lz[chunk.span] = value / np.sqrt(total(own**2 * spread))

    expected.spread(step, list(part.chunks()))
    lz[~(np.isfinite(theta) & np.isfinite(lz))] = np.nan
    return PersonFit(lz, special.ndtr(lz))


def s_x2(responses: Responses | Part, curves: Curves, parameters: int, nodes: int = 61) -> ItemFit:
    """S-X2: shares of right answers by number right, observed and expected under the model.

    Raises ValueError unless every attempt has an answer to every counted item. A number right
    that one candidate has, or where less than one right or wrong answer is expected, is taken
    together with a neighbour.
    """
    part = _part(responses)
    at = np.flatnonzero(curves.counted)
    if part.category.size != part.attempts * at.size or not curves.counted[part.item].all():
        raise ValueError("S-X2 needs one form, answered completely by everybody")
    grid = expected.nodes(nodes)
    weight = np.exp(grid.log_weight)
    chance = curves.chance(grid.theta)[at].T  # [nodes, items]
    total = weight @ calibration.score_chances(chance)
    right = np.bincount(part.attempt[part.right], minlength=part.attempts)
    n = np.bincount(right, minlength=at.size + 1)
    both = part.item.astype(np.int64) * (at.size + 1) + right[part.attempt]
    cells = np.bincount(both[part.right], minlength=curves.a.size * (at.size + 1))
    observed = cells.reshape(-1, at.size + 1)
    chi2, df = np.zeros(curves.a.size), np.zeros(curves.a.size, dtype=np.int64)
    for k, item in enumerate(at):
        others = calibration.score_chances(np.delete(chance, k, axis=1))
        given = ((weight * chance[:, k]) @ others)[:-1] / total[1:-1]
        table = _merged(n[1:-1], observed[item, 1:-1], given)
        chi2[item] = float(((table[:, 0] - table[:, 1]) ** 2 / table[:, 1]).sum())
        chi2[item] += float(((table[:, 2] - table[:, 3]) ** 2 / table[:, 3]).sum())
        df[item] = len(table) - parameters
    return _judged(chi2, df)


def _merged(n: Ints, right: Ints, given: Floats) -> Floats:
    """Right observed, right expected, wrong observed, wrong expected: [groups, 4]."""
    rows = np.column_stack((right, n * given, n - right, n * (1 - given)))[n > 0]
    for single in (True, False):
        while len(rows) > 2:
            poor = rows[:, 0] + rows[:, 2] <= 1 if single else (rows[:, [1, 3]] < 1).any(axis=1)
            if not poor.any():
                break
            k = int(poor.argmax())
            beside = [j for j in (k - 1, k + 1) if 0 <= j < len(rows)]
            to = min(beside, key=lambda j: rows[j, 0] + rows[j, 2])
            rows[to] += rows[k]
            rows = np.delete(rows, k, axis=0)
    return rows


def _at(part: Part, curves: Curves, theta: Floats) -> Floats:
    """Each answer's chance of being right at the candidate's ability: float64[n]."""
    chance = np.full(part.category.size, np.nan)
    for chunk in part.chunks():
        span = slice(part.edges[chunk.first], part.edges[chunk.first + chunk.rows])
        answers = scoring.answered(part, curves, chunk)
        chance[span][curves.counted[part.category[span] >> 1]] = answers.curve(theta[chunk.span])[0]
    return chance


def _cube(mean_square: Floats, sd: Floats) -> Floats:
    """Wilson and Hilferty's cube root: about a standard normal deviate under the model."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((np.cbrt(mean_square) - 1) * (3 / sd) + sd / 3)


def _judged(chi2: Floats, df: Ints) -> ItemFit:
    with np.errstate(invalid="ignore"):
        p = np.where(df > 0, special.chdtrc(np.maximum(df, 1), chi2), np.nan)
    return ItemFit(np.where(df > 0, chi2, np.nan), np.maximum(df, 0), p)


def _part(responses: Responses | Part) -> Part:
    return responses if isinstance(responses, Part) else patterns.part(responses)

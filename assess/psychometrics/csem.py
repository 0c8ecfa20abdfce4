"""How exact is a mark of this height? The conditional standard error of measurement.

An attempt's answers are taken for a sample of all answers that could have been asked for: the
variance of its mark is K/(K-1) times the sum of squares of its K answers about their mean
(R. L. Brennan, Raw-score conditional standard errors of measurement in generalizability theory,
Appl. Psychol. Meas. 22 (1998), 307-331). For right-or-wrong items that is F. M. Lord's binomial
m(K-m)/(K-1) for m right of K; it needs no such items, and no equal forms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assess.psychometrics import coding, exact
from assess.psychometrics.cells import Cells
from assess.psychometrics.exact import Ints, Total
from assess.psychometrics.responses import FULL, MOST_MARKS, Responses


@dataclass(frozen=True, slots=True, eq=False)
class ErrorSums:
    """By whole mark (parts of a mark dropped), [2001]: attempts, and the sum of the variances of
    their marks in thousandths squared, each rounded to a whole number. Merges by `+`."""

    n: Ints
    variance: Total

    def __add__(self, other: ErrorSums) -> ErrorSums:
        return ErrorSums(self.n + other.n, self.variance + other.variance)


@dataclass(frozen=True, slots=True)
class ConditionalError:
    """The standard error, in marks, of the marks from `mark` up to the next whole one; n attempts.

    Where forms are equal and items are right or wrong, n may be 0: the formula needs nobody.
    """

    mark: int
    n: int
    sem: float


def error_sums(answers: Responses | Cells) -> ErrorSums:
    """The sums of these attempts; those of fewer than two answers are left out."""
    data = answers if isinstance(answers, Cells) else coding.coded(answers)
    k = data.length.astype(np.int64)
    told = k > 1
    squares = data.sums(data.points * data.points)[told]
    total, k = data.total[told], k[told]
    # Within a millionth of a mark squared; rounded, so that sums of parts are exact.
    variance = (2 * (k * squares - total * total) + (k - 1)) // (2 * (k - 1))
    mark = total // FULL
    size = MOST_MARKS + 1
    return ErrorSums(exact.counts(mark, size), exact.totals(mark, variance, size))


def table(sums: ErrorSums) -> list[ConditionalError]:
    """The standard error at every whole mark that occurs, ascending."""
    met = np.flatnonzero(sums.n)
    sem = np.sqrt(sums.variance.value[met] / sums.n[met]) / FULL
    rows = zip(met.tolist(), sums.n[met].tolist(), sem.tolist(), strict=True)
    return [ConditionalError(*row) for row in rows]


def lord(length: int, sums: ErrorSums | None = None) -> list[ConditionalError]:
    """Lord's binomial standard errors of 0..length right of `length` right-or-wrong items.

    `sums` tell how many attempts have each mark.
    """
    if length < 2:
        return []
    mark = np.arange(length + 1)
    sem = np.sqrt(mark * (length - mark) / (length - 1))
    n = np.zeros(length + 1, np.int64) if sums is None else sums.n[: length + 1]
    rows = zip(mark.tolist(), n.tolist(), sem.tolist(), strict=True)
    return [ConditionalError(*row) for row in rows]


def conditional_errors(answers: Responses | Cells) -> list[ConditionalError]:
    """The table for these attempts: Lord's at every mark where items are right or wrong and the
    forms equally long, else at the marks that occur."""
    data = answers if isinstance(answers, Cells) else coding.coded(answers)
    sums = error_sums(data)
    binary = bool((data.full | (data.points == 0)).all() and (data.maximum == 1).all())
    if binary and data.length.size and (data.length == data.longest).all():
        return lord(data.longest, sums)
    return table(sums)

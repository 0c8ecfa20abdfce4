"""How far can a mark be trusted when each candidate sat another form?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assess.psychometrics import cells, classical, exact, guards
from assess.psychometrics.cells import Cells
from assess.psychometrics.exact import Floats, Ints, Total
from assess.psychometrics.responses import FULL, LONGEST_FORM, Responses

POINT = FULL * classical.MICRO  # millionths in one mark


@dataclass(frozen=True, slots=True, eq=False)
class MarkSums:
    """Exact sums over attempts, scores in millionths of a mark; merges by `+`.

    `t` raw total, `a` adjusted total, `f` sum of the facilities of the form's items, `e` the
    adjusted score of one answer. `by_length`, `t_by_length`, ... [501]: how many attempts answer
    so many items, and sums over these alone. Attempts without answers are left out.
    """

    n: int
    shortest: int
    longest: int
    least: int
    most: int
    t: Total
    tt: Total
    a: Total
    aa: Total
    f: Total
    ff: Total
    ee: Total
    by_length: Ints
    tt_by_length: Total
    a_by_length: Total
    aa_by_length: Total

    def __add__(self, other: MarkSums) -> MarkSums:
        if not self.n or not other.n:
            return self if self.n else other
        return MarkSums(
            self.n + other.n,
            min(self.shortest, other.shortest),
            max(self.longest, other.longest),
            min(self.least, other.least),
            max(self.most, other.most),
            self.t + other.t,
            self.tt + other.tt,
            self.a + other.a,
            self.aa + other.aa,
            self.f + other.f,
            self.ff + other.ff,
            self.ee + other.ee,
            self.by_length + other.by_length,
            self.tt_by_length + other.tt_by_length,
            self.a_by_length + other.a_by_length,
            self.aa_by_length + other.aa_by_length,
        )


@dataclass(frozen=True, slots=True)
class MarkTable:
    """Statistics of the test, marks and SDs in marks; None where there is no value.

    `alpha` is the adjusted alpha; `sem` = SD of the adjusted totals * sqrt(1 - alpha);
    `luck_sd` = SD of the forms' expected marks, `luck_share` its part of the marks' variance.
    """

    n: int
    shortest: int
    longest: int
    mean: float | None
    sd: float | None
    least: float | None
    most: float | None
    alpha: float | None
    sem: float | None
    luck_sd: float | None
    luck_share: float | None
    why_no_alpha: str | None


def mark_sums(answers: Responses | Cells, facility: Ints) -> MarkSums:
    """The sums of these attempts, given the facilities of the whole (millionths, [items])."""
    data = answers if isinstance(answers, Cells) else cells.coded(answers)
    t = data.total * classical.MICRO
    a = classical.adjusted_totals(data, facility)
    f = t - a
    one = np.zeros(t.size, dtype=np.int8)
    length = data.length

    def total(values: Ints) -> Total:
        return exact.totals(one, values, 1)

    def scale(marks: MarkSums, of: Components) -> classical.Scale:
    """What makes adjusted totals of forms of different length comparable.

    Mean and SD of each length as observed where 30 attempts have it, else 0 and as the variance
    components have it. The commonest length keeps its spread.
    """
    n = marks.by_length.astype(np.float64)
    length = np.arange(n.size)
    a, aa = marks.a_by_length.value, marks.aa_by_length.value
    person, residual = of.person or 0.0, of.residual or 0.0
    expected = POINT * np.sqrt(length**2 * person + length * residual)
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.sqrt(np.maximum(aa - a * a / n, 0) / (n - 1))
        observed = (n >= guards.FACILITY_FROM) & (sd > 0)
        sd = np.where(observed, sd, expected)
        factor = np.where(sd > 0, 1024 * sd[int(n.argmax())] / sd, 0.0)
        middle = np.where(observed, a / n, 0.0)
    most = 1 << 15  # a form of one question beside one of 500
    return classical.Scale(
        np.rint(middle).astype(np.int64), np.rint(np.minimum(factor, most)).astype(np.int64)
    )

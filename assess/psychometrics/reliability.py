"""How far can a mark be trusted when each candidate sat another form?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assess.psychometrics import cells, classical, exact
from assess.psychometrics.cells import Cells
from assess.psychometrics.exact import Ints, Total
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

    def by_length(values: Ints) -> Total:
        return exact.totals(length, values, LONGEST_FORM + 1)

    e = classical.own(data, facility)
    return MarkSums(
        int(t.size),
        int(length.min()) if t.size else 0,
        data.longest,
        int(t.min()) if t.size else 0,
        int(t.max()) if t.size else 0,
        total(t),
        total(t * t),
        total(a),
        total(a * a),
        total(f),
        total(f * f),
        exact.whole(data.n).times(e).times(e).grouped(np.zeros(e.size, np.int8), 1),
        exact.counts(length, LONGEST_FORM + 1),
        by_length(t * t),
        by_length(a),
        by_length(a * a),
    )


def table(sums: MarkSums) -> MarkTable:
    """The test statistics from the merged sums."""
    if not sums.n:
        return MarkTable(
            0, 0, 0, None, None, None, None, None, None, None, None, "there are no attempts"
        )
    sd_t, sd_a, sd_f = (
        _sd(sums.n, square, plain)
        for square, plain in ((sums.tt, sums.t), (sums.aa, sums.a), (sums.ff, sums.f))
    )
    alpha, why = _alpha(sums)
    return MarkTable(
        sums.n,
        sums.shortest,
        sums.longest,
        float(sums.t.value[0]) / sums.n / POINT,
        sd_t,
        sums.least / POINT,
        sums.most / POINT,
        alpha,
        None if alpha is None or sd_a is None else sd_a * max(1 - alpha, 0.0) ** 0.5,
        sd_f,
        (sd_f / sd_t) ** 2 if sd_f is not None and sd_t else None,
        why,
    )


def _alpha(sums: MarkSums) -> tuple[float | None, str | None]:
    """K/(K-1) * (1 - sum of e*e / sum of A*A): Cronbach's alpha where all sat one form."""
    if sums.shortest != sums.longest:
        return None, f"the forms differ in length ({sums.shortest} to {sums.longest} questions)"
    if sums.longest < 2:
        return None, "a form of one question has no internal consistency"
    spread = float(sums.aa.value[0])
    if sums.n < 2 or not spread:
        return None, "all marks are as expected: nothing varies"
    k = sums.longest
    return k / (k - 1) * (1 - float(sums.ee.value[0]) / spread), None


def _sd(n: int, square: Total, plain: Total) -> float | None:
    """The sample standard deviation (n - 1) in marks; None below two attempts."""
    if n < 2:
        return None
    # Python integers: the difference of two large sums is taken without rounding.
    ss, s = _whole(square), _whole(plain)
    return float(((n * ss - s * s) / (n * (n - 1))) ** 0.5 / POINT)


def _whole(total: Total) -> int:
    return (int(total.high[0]) << exact.BITS) + int(total.low[0])

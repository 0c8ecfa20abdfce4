"""How far can a mark be trusted when each candidate sat another form?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from assess.psychometrics import classical, coding, exact, guards
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

    `n` attempts, with those that were shown a form and answered nothing. `alpha` is the adjusted
    alpha; `sem` = SD of the adjusted totals * sqrt(1 - alpha).
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
    why_no_alpha: str | None


def mark_sums(answers: Responses | Cells, facility: Ints) -> MarkSums:
    """The sums of these attempts, given the facilities of the whole (millionths, [items])."""
    data = answers if isinstance(answers, Cells) else coding.coded(answers)
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


def table(sums: MarkSums, blank: int = 0) -> MarkTable:
    """The test statistics from the merged sums.

    `blank`: attempts that are not in them since they reached no item of their form. Their marks
    are 0, and count as such; of the items they say nothing.
    """
    n = sums.n + blank
    if not n:
        return MarkTable(0, 0, 0, None, None, None, None, None, None, "there are no attempts")
    sd_t, sd_a = _sd(n, sums.tt, sums.t), _sd(sums.n, sums.aa, sums.a)
    alpha, why = _alpha(sums)
    return MarkTable(
        n,
        sums.shortest,
        sums.longest,
        float(sums.t.value[0]) / n / POINT,
        sd_t,
        0.0 if blank else sums.least / POINT,
        sums.most / POINT,
        alpha,
        None if alpha is None or sd_a is None else sd_a * max(1 - alpha, 0.0) ** 0.5,
        why,
    )


@dataclass(frozen=True, slots=True)
class Luck:
    """SD of the forms' expected marks, and its part of the marks' variance; None: no value."""

    sd: float | None
    share: float | None


def draw_luck(marks: MarkSums, raw: classical.RawSums, of: Components) -> Luck:
    """How much forms differ in expected mark, from the merged sums.

    Expected marks are sums of estimated facilities, whose errors spread them too: of s*s/n each, as
    far as they are not the same for all forms, and of the candidate's own answers, which are in
    all facilities of the form. What these would give alone is taken off (measured in
    docs/psychometrics.md).
    """
    seen, whole = _sd(marks.n, marks.ff, marks.f), _sd(marks.n, marks.tt, marks.t)
    if seen is None:
        return Luck(None, None)
    shown = raw.rest.n > 0
    n, x, xx = (v[shown] for v in (raw.rest.n, raw.rest.x.value, raw.rest.xx.value))
    some = n > 1
    variance = np.full(n.size, np.nan)
    variance[some] = (xx[some] - x[some] ** 2 / n[some]) / (n[some] - 1) / FULL**2
    variance[~some] = variance[some].mean() if some.any() else 0.0
    alone = (variance.sum() - (n * variance).sum() / marks.n) / marks.n
    together = (of.person or 0.0) * ((n.size / marks.n) ** 2 - (1 / n).sum() / marks.n)
    true = max(seen**2 - alone - together, 0.0)
    return Luck(float(true**0.5), float(true / whole**2) if whole else None)


def answers_an_item(raw: classical.RawSums) -> int:
    """Half of all answers are to items of so many answers or more; 0 without answers."""
    n = np.sort(raw.rest.n)
    upto = np.cumsum(n)
    return int(n[np.searchsorted(upto, upto[-1] / 2)]) if n.size else 0


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


def alpha_interval(marks: MarkSums, alpha: float | None) -> tuple[float, float] | None:
    """The 95 % interval of alpha, from the merged sums; None without alpha.

    L. S. Feldt, D. J. Woodruff and F. A. Salih, Statistical inference for coefficient alpha,
    Appl. Psychol. Meas. 11 (1987), 93-103, formulas 6 and 7. Simulated in docs/psychometrics.md,
    for random forms too.
    """
    if alpha is None:
        return None
    between = marks.n - 1
    low, high = (
        1 - (1 - alpha) * float(special.fdtri(between, between * (marks.longest - 1), part))
        for part in (0.975, 0.025)
    )
    return low, high


def _sd(n: int, square: Total, plain: Total) -> float | None:
    """The sample standard deviation (n - 1) in marks; None below two attempts."""
    if n < 2:
        return None
    # Python integers: the difference of two large sums is taken without rounding.
    ss, s = _whole(square), _whole(plain)
    return float(((n * ss - s * s) / (n * (n - 1))) ** 0.5 / POINT)


def _whole(total: Total) -> int:
    return (int(total.high[0]) << exact.BITS) + int(total.low[0])


@dataclass(frozen=True, slots=True)
class Components:
    """Variance components of one answer, in marks squared: p x i, or items drawn by person.

    `person`: true differences between candidates; `item`: differences in difficulty;
    `residual`: all else. `length`: harmonic mean of the forms' lengths. A negative estimate is
    set to 0. `generalisability` compares candidates on equally hard forms, `dependability`
    (phi) on forms drawn at random from all items, luck of the draw included; `sem` is the
    standard error of a mark on such a form. None where there is no value, `why` says why.
    """

    person: float | None
    item: float | None
    residual: float | None
    length: float | None
    generalisability: float | None
    dependability: float | None
    sem: float | None
    why: str | None


def components(marks: MarkSums, raw: classical.RawSums) -> Components:
    """Variance components from the merged sums, by analogous analysis of variance.

    R. L. Brennan, Generalizability Theory (2001), ch. 7, after Henderson's method 1: sums of
    squares of persons, items and answers are set equal to what unbalanced data let expect.
    On one form these are the mean squares of the two-way layout, and generalisability is alpha.
    """
    length = np.arange(marks.by_length.size)
    by_item = raw.rest.n.astype(np.float64)
    answers, persons, items = by_item.sum(), float(marks.n), float((by_item > 0).sum())
    if persons < 2 or items < 2 or answers < persons + items:
        return _nothing("too few attempts or items to tell candidates from questions")
    sat = marks.by_length > 0
    mean = raw.rest.x.value.sum() / answers
    # Sums of squares less the correction for the mean, in thousandths of a mark.
    correction = answers * mean * mean
    of_persons = (marks.tt_by_length.value[sat] / length[sat]).sum() / classical.MICRO**2
    shown = by_item > 0
    of_items = (raw.rest.x.value[shown] ** 2 / by_item[shown]).sum()
    squares = np.array([of_persons, of_items, raw.rest.xx.value.sum()]) - correction
    k_person = (marks.by_length * length.astype(np.float64) ** 2).sum() / answers
    k_item = (by_item**2).sum() / answers
    expected = np.array(
        [
            [answers - k_person, persons - k_item, persons - 1],
            [items - k_person, answers - k_item, items - 1],
            [answers - k_person, answers - k_item, answers - 1],
        ]
    )
    if np.linalg.cond(expected) > 1e12:
        return _nothing("the forms do not overlap: candidates cannot be told from questions")
    solved = np.linalg.solve(expected, squares) / FULL**2
    person, item, residual = (max(float(part), 0.0) for part in solved)
    harmonic = persons / float((marks.by_length[sat] / length[sat]).sum())
    if not person + item + residual:
        return _nothing("all marks are equal: nothing varies")
    return Components(
        person,
        item,
        residual,
        harmonic,
        person / (person + residual / harmonic) if person + residual else None,
        person / (person + (item + residual) / harmonic),
        float((harmonic * (item + residual)) ** 0.5),
        None,
    )


def _nothing(why: str) -> Components:
    return Components(None, None, None, None, None, None, None, why)


def alpha_if_deleted(raw: classical.RawSums, marks: MarkSums) -> Floats:
    """Alpha of the form without each item, float64[items]; nan unless all sat one form.

    From the item variances and their covariances with the rest of the form.
    """
    rest = raw.rest
    items = rest.n.size
    if items < 3 or marks.n < 2 or marks.shortest != items:
        return np.full(items, np.nan)
    n = float(marks.n)

    def covariance(xy: Total, x: Total, y: Total) -> Floats:
        return np.asarray((n * xy.value - x.value * y.value) / (n * (n - 1)))

    variance, of_rest = covariance(rest.xx, rest.x, rest.x), covariance(rest.cc, rest.c, rest.c)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = (items - 1) / (items - 2) * (1 - (variance.sum() - variance) / of_rest)
    return np.where(of_rest > 0, alpha, np.nan)


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

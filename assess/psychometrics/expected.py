"""Given item parameters, how many candidates of each ability answered each item rightly?

The E-step of Bock and Aitkin 1981 (Psychometrika 46, 443-459): every attempt is spread over the
nodes of a quadrature by its posterior. All sums are exact: log-probabilities are rounded to
multiples of 2**-32 and posterior weights to whole 2**-32ths, so that every sum is one of integers
below 2**53, and any partition of the attempts, in any order, gives the same bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assess.psychometrics.exact import Floats, Ints
from assess.psychometrics.patterns import Chunk, Forms, Part

WHOLE = float(1 << 32)  # a weight of one, and one unit of log-probability
LOGLIK = float(1 << 24)  # a unit of log-likelihood in the sum over attempts
IMPOSSIBLE = -60.0  # log-probabilities end here: no sum over a form leaves the exact range
TOGETHER = 128  # chunks whose whole weights float64 adds exactly (128 * 16384 * 2**32 = 2**53)
VANISHING = -250.0  # log-likelihood in the middle, from which on the largest is taken out
SPAN = 2048  # attempts at a time where forms are few
MOST_THREADS = 8

Work = TypeVar("Work")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Equally spaced abilities with the weights of a standard normal population.

    `theta`, `log_weight`: float64[count], symmetric about 0; weights add up to 1.
    """

    theta: Floats
    log_weight: Floats

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return int(self.theta.size)

    @property
    def half_step(self) -> float:
        """Half the distance of two nodes: theta is this times `place`."""
        return float(self.theta[-1]) / (self.count - 1)

    @property
    def place(self) -> Floats:
        """The nodes as whole numbers -(count - 1), ..., count - 1 in steps of two."""
        return np.arange(1 - self.count, self.count, 2, dtype=np.float64)


def nodes(count: int, reach: float = 6.0) -> Nodes:
    """`count` (at least 11) nodes from -reach to reach standard deviations."""
    if count < 11:
        raise ValueError(f"{count} nodes are too few: 11 is the least")
    theta = np.linspace(-reach, reach, count)
    log_weight = -theta * theta / 2
    return Nodes(theta, log_weight - np.log(np.exp(log_weight).sum()))


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """P(right) = c + (1 - c) / (1 + exp(-(a * theta + d))), float64[items] each.

    `counted` bool[items]: items that take part; the answers to others say nothing.
    """

    a: Floats
    d: Floats
    c: Floats
    counted: NDArray[np.bool_]

    def logit(self, theta: Floats) -> Floats:
        """a * theta + d at every ability: [items, abilities]."""
        return np.asarray(self.a[:, None] * theta + self.d[:, None])

    def chance(self, theta: Floats) -> Floats:
        """P(right) at every ability: [items, abilities]."""
        with np.errstate(over="ignore"):
            p = 1 / (1 + np.exp(-self.logit(theta)))
        return np.asarray(self.c[:, None] + (1 - self.c[:, None]) * p)

    def log_chances(self, theta: Floats) -> Floats:
        """log P of the categories of `patterns`, [2 * items, abilities]; 0 where not counted."""
        z = self.logit(theta)
        wrong = -np.logaddexp(0.0, z)
        right = wrong + z
        if self.c.any():
            c = self.c[:, None]
            with np.errstate(divide="ignore"):
                right = np.where(c > 0, np.logaddexp(np.log(c), np.log1p(-c) + right), right)
            wrong = np.log1p(-c) + wrong
        both = np.stack((right, wrong), axis=1).reshape(-1, theta.size)
        both[~np.repeat(self.counted, 2)] = 0.0
        return np.asarray(np.maximum(both, IMPOSSIBLE))


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What the E-step leaves of the answers; merges by `+`. Weights are whole 2**-32ths.

    `shown` int64[items, nodes]: candidates at each node that were shown the item; `right`
    int64[items]: right answers; `right_place` int64[items]: the places of the nodes of those who
    answered rightly; `right_at` int64[items, nodes] the same by node, where it was asked for.
    `loglik` in 2**-24ths.
    """

    attempts: int
    loglik: int
    shown: Ints
    right: Ints
    right_place: Ints
    right_at: Ints | None

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.attempts + other.attempts,
            self.loglik + other.loglik,
            self.shown + other.shown,
            self.right + other.right,
            self.right_place + other.right_place,
            None
            if self.right_at is None or other.right_at is None
            else self.right_at + other.right_at,
        )


def sums(part: Part, curves: Curves, grid: Nodes) -> Sums:
    """The sums of one part of the attempts."""
    table = rounded(curves.log_chances(grid.theta))

    def step(share: Sequence[Chunk]) -> tuple[int, Ints]:
        cells = np.zeros(table.shape, dtype=np.int64)
        loglik = 0
        for start in range(0, len(share), TOGETHER):
            running = np.zeros(table.shape)
            for chunk in share[start : start + TOGETHER]:
                weight, evidence = whole_posterior(likelihoods(chunk, table, grid))
                running += chunk.category.T @ weight
                loglik += int(np.rint(evidence * LOGLIK).astype(np.int64).sum())
            cells += running.astype(np.int64)
        return loglik, cells

    done = spread(step, list(part.chunks()))
    cells = sum((cells for _, cells in done), np.zeros(table.shape, dtype=np.int64))
    right = cells[0::2]
    return Sums(
        part.attempts,
        sum(loglik for loglik, _ in done),
        right + cells[1::2],
        right.sum(axis=1),
        right @ grid.place.astype(np.int64),
        right,
    )


@dataclass(frozen=True, slots=True, eq=False)
class FormLikelihoods:
    """Likelihoods where few forms were sat and nobody guesses (c = 0).

    With logits linear in ability, the answers of an attempt enter its likelihood only through
    the sums of a and of d over its right answers, beside what its form gives to all its takers.
    """

    forms: Forms
    theta: Floats
    a: Floats
    d: Floats
    of_form: Floats

    def of(self, span: slice, room: Floats | None = None) -> tuple[Floats, sparse.csr_matrix]:
        """Logarithms as of `likelihoods` (in `room` where given), and the right answers."""
        right = self.forms.rows(span)
        logs = (
            np.empty((right.shape[0], self.theta.size)) if room is None else room[: right.shape[0]]
        )
        np.multiply((right @ self.a)[:, None], self.theta, out=logs)
        logs += (right @ self.d)[:, None]
        one = len(self.of_form) == 1
        logs += self.of_form if one else self.of_form[self.forms.form[span]]
        return logs, right


def form_likelihoods(forms: Forms, curves: Curves, grid: Nodes) -> FormLikelihoods:
    """What the likelihoods of all attempts have in common."""
    table = rounded(curves.log_chances(grid.theta)[1::2])
    return FormLikelihoods(
        forms,
        grid.theta,
        np.where(curves.counted, rounded(curves.a), 0.0),
        np.where(curves.counted, rounded(curves.d), 0.0),
        forms.shown.astype(np.float64) @ table + grid.log_weight,
    )


def form_sums(part: Part, forms: Forms, curves: Curves, grid: Nodes) -> Sums:
    """The same sums from few forms; `right_at` is None."""
    every = form_likelihoods(forms, curves, grid)
    places = grid.place

    def step(share: Sequence[slice]) -> tuple[int, Ints, Ints]:
        at_form = np.zeros((len(forms.shown), grid.count), dtype=np.int64)
        place = np.zeros(part.items, dtype=np.int64)
        loglik = 0
        room = np.empty((SPAN, grid.count))  # one for all spans: fresh memory is dear
        for span in share:
            logs, right = every.of(span, room)
            weight, evidence = whole_posterior(logs)
            at_form += _by_form(weight, forms.form[span], len(forms.shown))
            # Not by BLAS, whose own threads would get in the way of these.
            of_attempt = np.einsum("aq,q->a", weight, places)
            place += (right.T @ of_attempt).astype(np.int64)
            loglik += int(np.rint(evidence * LOGLIK).astype(np.int64).sum())
        return loglik, at_form, place

    done = spread(step, spans(part))
    at_form = sum((at for _, at, _ in done), np.zeros((len(forms.shown), grid.count), np.int64))
    return Sums(
        part.attempts,
        sum(loglik for loglik, _, _ in done),
        forms.shown.T.astype(np.int64) @ at_form,
        forms.right_counts << 32,
        sum((place for _, _, place in done), np.zeros(part.items, dtype=np.int64)),
        None,
    )


def spans(part: Part, size: int = SPAN) -> list[slice]:
    """The attempts of a part, `size` at a time."""
    firsts = range(0, part.attempts, size)
    return [slice(first, min(first + size, part.attempts)) for first in firsts]


def rounded(values: Floats) -> Floats:
    """Values as multiples of 2**-32, which float64 adds exactly up to 2**20."""
    return np.asarray(np.rint(values * WHOLE) / WHOLE)


def likelihoods(chunk: Chunk, table: Floats, grid: Nodes) -> Floats:
    """Log of the chance of a chunk's answers and of being at each node: [attempts, nodes]."""
    logs: Floats = chunk.category @ table
    logs += grid.log_weight
    return logs


def whole_posterior(logs: Floats) -> tuple[Floats, Floats]:
    """As `posterior`, with weights in whole 2**-32ths."""
    weight, evidence = posterior(logs, WHOLE)
    np.rint(weight, out=weight)
    return weight, evidence


def posterior(logs: Floats, total: float = 1.0) -> tuple[Floats, Floats]:
    """Posterior weights that add up to `total`, [attempts, nodes], and log evidence, [attempts].

    From the logarithms of `likelihoods`, which are overwritten. They are at most 0: only where
    they are so low that all of a row might vanish its largest is taken out first.
    """
    top = np.zeros(len(logs))
    low = np.flatnonzero(logs[:, logs.shape[1] // 2] < VANISHING)
    if low.size:
        top[low] = logs[low].max(axis=1)
        logs[low] -= top[low, None]
    np.exp(logs, out=logs)
    sums = logs.sum(axis=1)
    logs *= (total / sums)[:, None]
    return logs, np.log(sums) + top


def spread(step: Callable[[Sequence[Work]], Done], work: Sequence[Work]) -> list[Done]:
    """`step` on shares of the work, one thread a processor; numpy works outside Python's lock."""
    threads = max(1, min(processors(), len(work)))
    shares = [work[k::threads] for k in range(threads)]
    if threads == 1:
        return [step(shares[0])]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(step, shares))


def processors() -> int:
    """How many processors this process may use, at most MOST_THREADS."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(MOST_THREADS, len(allowed(0)) if allowed else os.cpu_count() or 1)


def _by_form(weight: Floats, form: NDArray[np.int32], count: int) -> Ints:
    if count == 1:
        return np.asarray(weight.sum(axis=0), dtype=np.int64)[None]
    member = np.zeros((count, form.size))
    member[form, np.arange(form.size)] = 1.0
    return (member @ weight).astype(np.int64)

"""Which forms would many candidates be given: thousands drawn at once, by the rules of the draw.

The rules are those of `docs/decisions/0004-the-draw.md`: quotas, then fewest seen and longest ago,
then the band, then uniform. Here they are arrays and a generator of numbers, for figures; the
draws that candidates get are integer arithmetic on a secret stream (`assess/delivery/draw.py`),
and a test compares the two. What arrays cannot settle in some tries, that draw settles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics.exact import Ints

SETTLED = 500  # first forms that are drawn by the draw itself, at the most
TRIES = 64  # rounds in which forms outside the band are drawn anew
FEW = 64  # items of a quota that are ordered as a whole, where looking for some takes longer
UNKNOWN = -1  # stands for no difficulty
ROWS = 500  # candidates whose histories lie in memory at once


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a form is drawn from. Items are numbered from 0.

    `cells`: of each quota the items, int[...]; `counts`: how many it draws. `expected` int[items]:
    the borderline candidate's expected mark in thousandths, UNKNOWN for nothing known. `band`: the
    target and the half width of a form's sum, thousandths, None for forms that are not balanced.
    `enemies`: groups of items of which a form holds one at the most. `whole`: some quota draws
    whole cases, which only the draw itself can do.
    """

    cells: tuple[Ints, ...]
    counts: tuple[int, ...]
    expected: Ints
    band: tuple[int, int] | None = None
    enemies: tuple[Ints, ...] = ()
    whole: bool = False

    @property
    def length(self) -> int:
        """Questions of a form."""
        return sum(self.counts)

    def inside(self, forms: Ints) -> NDArray[np.bool_]:
        """Which forms int[n, length] lie in the band: bool[n]; all where there is none."""
        if self.band is None:
            return np.ones(len(forms), dtype=bool)
        target, half = self.band
        return np.asarray(np.abs(self.expected[forms].sum(axis=1) - target) <= half)

    def apart(self, forms: Ints) -> NDArray[np.bool_]:
        """In which forms enemies do not meet: bool[n]."""
        fine = np.ones(len(forms), dtype=bool)
        for group in self.enemies:
            fine &= np.isin(forms, group).sum(axis=1) <= 1
        return fine


@dataclass(slots=True, eq=False)
class Histories:
    """What `n` candidates have met: how often, and in which of their attempts last; [n, items]."""

    times: NDArray[np.int16]
    last: NDArray[np.int16]

    @classmethod
    def empty(cls, n: int, items: int) -> Histories:
        """Nobody has met anything."""
        return cls(np.zeros((n, items), dtype=np.int16), np.zeros((n, items), dtype=np.int16))

    def meet(self, forms: Ints, attempt: int) -> None:
        """Note that each candidate was given the form of their row."""
        rows = np.arange(len(forms))[:, None]
        self.times[rows, forms] += 1
        self.last[rows, forms] = attempt


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Forms int[n, length], and whether each lies in the band."""

    forms: Ints
    inside: NDArray[np.bool_]


Settle = Callable[[Histories, int, bool], tuple[list[int], bool]]
"""Draws the form of one row of histories by the draw itself: its items, and whether inside.

The third argument says whether the band counts.
"""


@dataclass(slots=True, eq=False)
class Drawer:
    """Draws forms of a plan; `settle` is asked for those that tries do not find."""

    plan: Plan
    rng: np.random.Generator
    settle: Settle

    def unbalanced(self, n: int) -> Ints:
        """`n` first forms without regard to the band: int[n, length]."""
        if self.plan.whole:
            plain = Histories.empty(1, self.plan.expected.size)
            return np.array([self.settle(plain, 0, False)[0] for _ in range(n)], dtype=np.int64)
        forms = self._forms(n, None)
        for _ in range(TRIES):
            again = np.flatnonzero(~self.plan.apart(forms))
            if not again.size:
                break
            forms[again] = self._forms(again.size, None)
        return forms[self.plan.apart(forms)]

    def first(self, n: int) -> Drawn:
        """The first forms of `n` candidates."""
        return self._balanced(n, None)

    def next(self, histories: Histories) -> Drawn:
        """The next forms of candidates with these histories."""
        return self._balanced(len(histories.times), histories)

    def _balanced(self, n: int, histories: Histories | None) -> Drawn:
        plan = self.plan
        forms = np.zeros((n, plan.length), dtype=np.int64)
        inside = np.zeros(n, dtype=bool)
        pending = np.arange(n)
        for _ in range(0 if plan.whole else TRIES):
            if not pending.size:
                break
            tried = self._forms(pending.size, histories, pending)
            good = plan.apart(tried) & plan.inside(tried)
            forms[pending[good]] = tried[good]
            inside[pending[good]] = True
            pending = pending[~good]
        nobody = Histories.empty(1, plan.expected.size)
        # Where no form lies in the band, all are left. First forms are all drawn alike, so those
        # that the draw gives may stand for the rest.
        asked = pending if histories is not None else pending[:SETTLED]
        for row in asked.tolist():
            met, at = (nobody, 0) if histories is None else (histories, row)
            forms[row], inside[row] = self.settle(met, at, True)
        if (rest := pending[asked.size :]).size:
            alike = self.rng.choice(asked, rest.size)
            forms[rest], inside[rest] = forms[alike], inside[alike]
        return Drawn(forms, inside)

    def _forms(
        self, n: int, histories: Histories | None, rows: Ints | None = None
    ) -> NDArray[np.int64]:
        parts = []
        for items, count in zip(self.plan.cells, self.plan.counts, strict=True):
            if histories is None or rows is None:
                parts.append(items[_some(self.rng, n, items.size, count)])
                continue
            times = histories.times[np.ix_(rows, items)].astype(np.float64)
            last = histories.last[np.ix_(rows, items)]
            # Fewest times first, then longest ago, then by chance: one number that orders them.
            rank = times * 4096.0 + last + self.rng.random(times.shape)
            parts.append(items[_least(rank, count)])
        return np.concatenate(parts, axis=1)


def _some(rng: np.random.Generator, n: int, size: int, count: int) -> NDArray[np.int64]:
    """`count` different places below `size` for each of `n` rows, all sets equally likely."""
    if size <= FEW or count * 4 > size:
        return _least(rng.random((n, size)), count)
    found = rng.integers(size, size=(n, count))
    while True:
        ordered = np.sort(found, axis=1)
        again = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not again.size:
            return found
        found[again] = rng.integers(size, size=(again.size, count))


def _least(rank: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The places of the `count` smallest numbers of each row."""
    if count >= rank.shape[1]:
        return np.broadcast_to(np.arange(rank.shape[1]), rank.shape).copy()
    return np.argpartition(rank, count - 1, axis=1)[:, :count]

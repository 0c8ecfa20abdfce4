"""What would candidates of known ability answer? Responses with known parameters and flaws.

Chance of knowing the answer: P = g + (1 - g) / (1 + exp(-(a * ability + d))), ability standard
normal: the 2PL in slope-intercept form, with a lower asymptote g. Who does not know omits with
the item's chance of it, or errs: among single choices towards the other options in proportion
to their attractiveness; in a multiple response by one or two errors (a true option missed or a
false one taken) in proportion to it. `respond` answers one question, `respond_all` a long
column of them; both follow the same model. The dice are always handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np
from numpy.typing import NDArray

SINGLE, MULTIPLE = "single_choice", "multiple_response"
TWO_ERRORS = 0.5  # of the multiple responses that err, the part that makes two errors


def stream(seed: int) -> np.random.Generator:
    """The dice of a simulation that is to come out the same again: the same seed, the same data."""
    return np.random.default_rng(seed)


@dataclass(frozen=True, slots=True)
class ItemModel:
    """How candidates answer one item version; option numbers are the version's own.

    `key`: the published key; `truth`: the options that those who know choose (the same unless
    the key is wrong). `attractiveness`: one weight an option of being chosen (or, for a true
    option of a multiple response, missed) by those who err; 0 is never. `lure` takes the part
    `lured` of those who know: a second right answer. Raises ValueError for what cannot be.
    """

    kind: str
    key: tuple[int, ...]
    attractiveness: tuple[float, ...]
    a: float = 1.0
    d: float = 0.5
    guessing: float = 0.0
    truth: tuple[int, ...] = ()
    lure: int | None = None
    lured: float = 0.0
    omitting: float = 0.0

    def __post_init__(self) -> None:
        options = range(len(self.attractiveness))
        if not self.truth:
            object.__setattr__(self, "truth", self.key)
        named = {*self.key, *self.truth} | ({self.lure} if self.lure is not None else set())
        if self.kind not in (SINGLE, MULTIPLE):
            raise ValueError(f"no model for the kind {self.kind!r}")
        if not self.key or not named <= set(options):
            raise ValueError("key, truth and lure must be among the options")
        if self.kind == SINGLE and (len(self.key) != 1 or len(self.truth) != 1):
            raise ValueError("a single choice has one key and one truth")
        if min(self.attractiveness) < 0 or not all(
            0 <= chance <= 1 for chance in (self.guessing, self.lured, self.omitting)
        ):
            raise ValueError("a weight is negative, or a chance outside 0 to 1")
        if sum(w for k, w in enumerate(self.attractiveness) if self.errs(k)) <= 0:
            raise ValueError("those who do not know have nothing to choose")

    def errs(self, option: int) -> bool:
        """Whether somebody who errs may be wrong about this option."""
        return self.kind == MULTIPLE or option not in self.truth

    @property
    def weights(self) -> tuple[float, ...]:
        """The weight of an error on each option."""
        return tuple(w if self.errs(k) else 0.0 for k, w in enumerate(self.attractiveness))


def ordinary(
    rng: np.random.Generator, kind: str, n_options: int, key: tuple[int, ...]
) -> ItemModel:
    """An item without flaws: a moderate slope and difficulty, distractors of unequal appeal."""
    return ItemModel(
        kind,
        key,
        tuple(float(w) for w in rng.uniform(0.6, 1.4, n_options)),
        a=float(np.clip(rng.lognormal(0.15, 0.25), 0.7, 2.2)),
        d=float(np.clip(rng.normal(0.7, 0.6), -0.6, 2.0)),
        omitting=0.02,
    )


def with_wrong_key(model: ItemModel) -> ItemModel:
    """The same item with a key that is not what those who know choose.

    A single choice gets its first other option as the key; of a multiple response the first
    key is exchanged for the first option outside it.
    """
    other = next(k for k in range(len(model.attractiveness)) if k not in model.truth)
    return replace(model, key=tuple(sorted({*model.truth[1:], other})), truth=model.truth)


def with_dead_option(model: ItemModel, option: int) -> ItemModel:
    """The same item with a distractor nobody chooses."""
    weights = list(model.attractiveness)
    weights[option] = 0.0
    return replace(model, attractiveness=tuple(weights))


def very_easy(model: ItemModel) -> ItemModel:
    """The same item with nearly everybody knowing it (about 99 in 100)."""
    return replace(model, a=1.0, d=5.0)


def respond(rng: np.random.Generator, ability: float, item: ItemModel) -> tuple[int, ...]:
    """One candidate's answer to one item: own option numbers, ascending; () is omitted."""
    knows = item.guessing + (1 - item.guessing) / (1 + exp(-(item.a * ability + item.d)))
    if rng.random() < knows:
        lured = item.lure is not None and rng.random() < item.lured
        return (item.lure,) if lured and item.lure is not None else item.truth
    if item.omitting and rng.random() < item.omitting:
        return ()
    weights = list(item.weights)
    first = _pick(rng, weights)
    if item.kind == SINGLE:
        return (first,)
    chosen = set(item.truth) ^ {first}
    weights[first] = 0.0
    if rng.random() < TWO_ERRORS and any(weights):
        twice = chosen ^ {_pick(rng, weights)}
        chosen = twice or chosen
    return tuple(sorted(chosen))


def respond_all(
    rng: np.random.Generator,
    ability: NDArray[np.float64],
    items: Sequence[ItemModel],
    attempt: NDArray[np.integer],
    item: NDArray[np.integer],
) -> NDArray[np.int32]:
    """Answers as bit masks, int32[n], of attempt[k] (ability[attempt[k]]) to items[item[k]]."""
    a, d, guessing, omitting, lured = (
        np.array([getattr(m, name) for m in items])
        for name in ("a", "d", "guessing", "omitting", "lured")
    )
    width = max(len(m.attractiveness) for m in items)
    weights = np.array([(*m.weights, *[0.0] * (width - len(m.weights))) for m in items])
    truth = np.array([mask(m.truth) for m in items], dtype=np.int32)
    lure = np.array([0 if m.lure is None else 1 << m.lure for m in items], dtype=np.int32)
    multiple = np.array([m.kind == MULTIPLE for m in items])
    n = item.size
    g = guessing[item]
    knows = rng.random(n) < g + (1 - g) / (1 + np.exp(-(a[item] * ability[attempt] + d[item])))
    right = np.where((rng.random(n) < lured[item]) & (lure[item] > 0), lure[item], truth[item])
    left = weights[item]
    first = _pick_all(rng, left)
    error = np.int32(1) << first
    left[np.arange(n), first] = 0.0
    once = np.where(multiple[item], truth[item] ^ error, error)
    more = multiple[item] & (rng.random(n) < TWO_ERRORS) & (left.sum(axis=1) > 0)
    twice = once ^ (np.int32(1) << _pick_all(rng, left))
    wrong = np.where(more & (twice > 0), twice, once)
    # A multiple response whose only true option is missed leaves nothing chosen: omitted.
    wrong = np.where(rng.random(n) < omitting[item], 0, wrong)
    return np.where(knows, right, wrong).astype(np.int32)


def exact_scores(
    option: NDArray[np.int32], items: Sequence[ItemModel], item: NDArray[np.integer]
) -> NDArray[np.int16]:
    """Scores in thousandths by the published keys, all or nothing: int16[n]."""
    key = np.array([mask(m.key) for m in items], dtype=np.int32)
    return np.where(option == key[item], 1000, 0).astype(np.int16)


def draw(
    rng: np.random.Generator, attempts: int, items: int, cells: int, each: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Random forms: `each` of the items of every cell (items split evenly): attempt, item.

    Both int64[attempts * cells * each]. Raises ValueError where the cells do not come out even.
    """
    size, rest = divmod(items, cells)
    if rest or each > size:
        raise ValueError(f"{items} items do not make {cells} cells to draw {each} from")
    order = np.argsort(rng.random((attempts, cells, size)), axis=2)[:, :, :each]
    item = order + (np.arange(cells) * size)[None, :, None]
    return np.repeat(np.arange(attempts), cells * each), item.reshape(-1)


def mask(options: tuple[int, ...]) -> int:
    """The bit mask of these options."""
    return sum(1 << k for k in options)


def _pick(rng: np.random.Generator, weights: list[float]) -> int:
    point = rng.random() * sum(weights)
    last = 0
    for k, weight in enumerate(weights):
        if weight > 0:
            last = k
            point -= weight
            if point < 0:
                return k
    return last  # rounding left a crumb beyond the last weight


def _pick_all(rng: np.random.Generator, weights: NDArray[np.float64]) -> NDArray[np.int32]:
    edges = np.cumsum(weights, axis=1)
    total = edges[:, -1]
    # Strictly below the total, or rounding could pick an option without weight.
    point = np.minimum(rng.random(len(weights)) * total, np.nextafter(total, 0.0))
    # Without any weight left the caller ignores the pick; it only has to be an option.
    picked = np.minimum((point[:, None] >= edges).sum(axis=1), weights.shape[1] - 1)
    return np.asarray(picked, dtype=np.int32)

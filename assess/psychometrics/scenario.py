"""What would the answers of a whole examination look like, with which flaws planted where?

A `Scenario` says how many attempts, items and flaws; `planned` makes the items, `batches` the
answers of some thousand attempts at a time, `simulated` all of them as `Responses`. Each answer
follows `simulate.ItemModel`; an item that works differently for a group, or from a day on, has
another model there. The same dice give the same data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assess.psychometrics import responses as data
from assess.psychometrics import simulate
from assess.psychometrics.responses import NOT_REACHED, Responses
from assess.psychometrics.simulate import SINGLE, ItemModel

MODELS = ("1pl", "2pl", "3pl")
ATTEMPTS_AT_ONCE = 20_000
# The flaws that can be planted, each on items of its own, in this order.
FLAWS = (
    *("wrong_key", "second_key", "dif", "non_uniform_dif", "drift"),
    *("no_discrimination", "too_easy", "too_hard"),
)
FARTHEST = 10  # standard deviations: beyond this nobody is right, or everybody
FLAT, EASY, HARD = 0.03, 4.2, -3.6  # slope; d with slope 1
# Of items that drift, at least and at most: what 98 % get right cannot become easier by anything
# that matters, nor an item that hardly depends on ability.
ROOM = (0.8, 1.0)  # slope, d
WEAKEST_FOCAL = 0.4  # of the slope, for the focal group, where DIF is not uniform
RAPID = (0.7, 0.35)  # mean and SD of the log seconds of a rapid guess: about two seconds
SECONDS = (3.3, 0.35)  # of an item's log seconds: about half a minute
SPEED, UNEVEN = 0.25, 0.4  # SDs of log seconds between candidates, and between their answers
MOST_UNREACHED = 0.4  # of the form, where an attempt runs out of time


@dataclass(frozen=True, slots=True)
class Scenario:
    """How large the examination is and what is wrong with it. Raises ValueError, saying all.

    Every form has `length` of the `items`, equally many from each of `cells` cells; all items on
    one form where length = items. `impact`: how far the focal group's mean ability lies below 0,
    the reference group's; SD 1 in both. Sizes of `dif` and `drift` in difficulty: harder for the
    focal group, easier from `drift_day` of `days` on. `second_key_share` of those who know choose
    the second key. `rapid` and `hurried`: the shares of attempts that guess rapidly on the second
    half, or run out of time. `wrong_key` to `too_hard`: how many items.
    """

    attempts: int = 8000
    items: int = 160
    length: int = 20
    cells: int = 20
    options: int = 4
    model: str = "2pl"
    focal: float = 0.5
    impact: float = 0.0
    days: int = 90
    wrong_key: int = 0
    second_key: int = 0
    second_key_share: float = 0.45
    dif: int = 0
    non_uniform_dif: int = 0
    dif_size: float = 0.9
    drift: int = 0
    drift_size: float = 1.5
    drift_day: int = 60
    no_discrimination: int = 0
    too_easy: int = 0
    too_hard: int = 0
    rapid: float = 0.0
    hurried: float = 0.0
    omitting: float = 0.0

    def __post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise ValueError("; ".join(problems))

    def _problems(self) -> Iterator[str]:
        if self.attempts < 1 or self.items < 1 or self.length < 1 or self.cells < 1:
            yield "attempts, items, length and cells are at least 1"
            return
        if self.items % self.cells or self.length % self.cells:
            yield f"{self.items} items and {self.length} a form do not divide by {self.cells} cells"
        if not self.length <= self.items or self.length > data.LONGEST_FORM:
            yield f"a form has at most {min(self.items, data.LONGEST_FORM)} items here"
        if not 2 <= self.options <= data.MOST_OPTIONS:
            yield f"an item has 2 to {data.MOST_OPTIONS} options"
        if self.second_key and self.options < 3:
            yield "a second key needs a third option"
        if self.model not in MODELS:
            yield f"the model is one of {', '.join(MODELS)}"
        for name in ("focal", "second_key_share", "rapid", "hurried", "omitting"):
            if not 0 <= getattr(self, name) <= 1:
                yield f"{name} is a share from 0 to 1"
        for name in ("impact", "dif_size", "drift_size"):
            if not abs(getattr(self, name)) <= FARTHEST:
                yield f"{name} is a number of standard deviations, at most {FARTHEST} either way"
        if self.days < 1:
            yield "there is at least one day"
        planted = [getattr(self, flaw) for flaw in FLAWS]
        if min(planted) < 0:
            yield "a number of flaws is not negative"
        if sum(planted) > self.items:
            yield f"{sum(planted)} flaws do not fit on {self.items} items"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The items of a scenario. `models` may hold more than one an item.

    `model_of` int64[items, 2, 2]: the index in `models` by item, group (0 reference, 1 focal)
    and time (0 before the drift's day, 1 from it on). `planted`: item numbers by flaw, in the
    order of FLAWS. `seconds` float64[items]: the mean log seconds of an answer.
    """

    scenario: Scenario
    models: tuple[ItemModel, ...]
    model_of: NDArray[np.int64]
    planted: dict[str, list[int]]
    seconds: NDArray[np.float64]

    @property
    def items(self) -> list[ItemModel]:
        """Each item as the reference group meets it on the first day."""
        return [self.models[k] for k in self.model_of[:, 0, 0].tolist()]


class Batch(NamedTuple):
    """Some attempts, numbered from `first`: columns by attempt, and by answer in form order."""

    first: int
    ability: NDArray[np.float64]
    group: NDArray[np.int8]
    day: NDArray[np.int32]
    rapid: NDArray[np.bool_]
    attempt: NDArray[np.int64]
    item: NDArray[np.int64]
    option: NDArray[np.int32]
    score: NDArray[np.int16]
    milliseconds: NDArray[np.int32]
    position: NDArray[np.int16]


class Simulated(NamedTuple):
    """All answers, and by attempt: group int8, day int32, true ability float64, rapid bool."""

    plan: Plan
    responses: Responses
    group: NDArray[np.int8]
    day: NDArray[np.int32]
    ability: NDArray[np.float64]
    rapid: NDArray[np.bool_]


def planned(rng: np.random.Generator, scenario: Scenario) -> Plan:
    """Items for this scenario; difficulties: mean -0.5, SD 0.5 between cells and 0.7 in them."""
    n, options = scenario.items, scenario.options
    b = np.repeat(rng.normal(-0.5, 0.5, scenario.cells), n // scenario.cells)
    b += rng.normal(0.0, 0.7, n)
    a = np.ones(n) if scenario.model == "1pl" else rng.lognormal(0.0, 0.3, n)
    guessing = rng.uniform(0.1, 0.3, n) if scenario.model == "3pl" else np.zeros(n)
    key = rng.integers(0, options, n)
    appeal = rng.uniform(0.6, 1.4, (n, options))
    models = [
        ItemModel(
            SINGLE,
            (int(key[i]),),
            tuple(appeal[i].tolist()),
            a=float(a[i]),
            d=float(-a[i] * b[i]),
            guessing=float(guessing[i]),
            omitting=scenario.omitting,
        )
        for i in range(n)
    ]
    chosen = iter(rng.permutation(n).tolist())
    planted = {flaw: sorted(next(chosen) for _ in range(getattr(scenario, flaw))) for flaw in FLAWS}
    model_of = np.tile(np.arange(n)[:, None, None], (1, 2, 2))
    for flaw, items in planted.items():
        for i in items:
            _plant(scenario, flaw, i, models, model_of)
    return Plan(scenario, tuple(models), model_of, planted, rng.normal(SECONDS[0], SECONDS[1], n))


def _plant(
    scenario: Scenario, flaw: str, i: int, models: list[ItemModel], model_of: NDArray[np.int64]
) -> None:
    """Spoil item i: change its model, or add another for a group or a time."""
    item = models[i]
    match flaw:
        case "wrong_key":
            models[i] = simulate.with_wrong_key(item)
        case "second_key":
            lure = (item.key[0] + 1) % scenario.options
            models[i] = replace(
                item, a=1.3, d=max(item.d, -0.5), lure=lure, lured=scenario.second_key_share
            )
        case "dif":
            models.append(replace(item, d=item.d - item.a * scenario.dif_size))
            model_of[i, 1, :] = len(models) - 1
        case "non_uniform_dif":
            models[i] = replace(item, a=1.5, d=0.0)
            models.append(replace(item, a=1.5 * WEAKEST_FOCAL, d=0.0))
            model_of[i, 1, :] = len(models) - 1
        case "drift":
            models[i] = item = replace(item, a=max(item.a, ROOM[0]), d=min(item.d, ROOM[1]))
            models.append(replace(item, d=item.d + item.a * scenario.drift_size))
            model_of[i, :, 1] = len(models) - 1
        case "no_discrimination":
            models[i] = replace(item, a=FLAT)
        case "too_easy":
            models[i] = replace(item, a=1.0, d=EASY)
        case "too_hard":
            models[i] = replace(item, a=1.0, d=HARD, guessing=0.0)


def batches(
    rng: np.random.Generator, plan: Plan, at_once: int = ATTEMPTS_AT_ONCE
) -> Iterator[Batch]:
    """The answers, in batches of attempts; the batch size is part of what the dice decide."""
    for first in range(0, plan.scenario.attempts, at_once):
        yield _batch(rng, plan, first, min(at_once, plan.scenario.attempts - first))


def simulated(rng: np.random.Generator, scenario: Scenario) -> Simulated:
    """Items and answers at once, as tests and notebooks want them."""
    plan = planned(rng, scenario)
    parts = list(batches(rng, plan))
    columns = [np.concatenate(column) for column in list(zip(*parts, strict=True))[1:]]
    ability, group, day, rapid, attempt, item, option, score, milliseconds, position = columns
    answers = data.from_arrays(
        attempt,
        item,
        score,
        option,
        versions=np.arange(scenario.items),
        attempts=scenario.attempts,
        milliseconds=milliseconds,
        position=position,
    )
    return Simulated(plan, answers, group, day, ability, rapid)


def _batch(rng: np.random.Generator, plan: Plan, first: int, attempts: int) -> Batch:
    scenario = plan.scenario
    length = scenario.length
    group = (rng.random(attempts) < scenario.focal).astype(np.int8)
    day = rng.integers(0, scenario.days, attempts, dtype=np.int32)
    ability = rng.standard_normal(attempts) - scenario.impact * group
    rapid = rng.random(attempts) < scenario.rapid
    form = _forms(rng, scenario, attempts)
    place = np.tile(np.arange(length, dtype=np.int16), attempts)
    here = np.repeat(np.arange(attempts), length)
    item = form.reshape(-1)
    late = (day >= scenario.drift_day).astype(np.int64)
    model = plan.model_of[item, group[here], late[here]]
    option = simulate.respond_all(rng, ability, plan.models, here, model)
    log_seconds = (
        plan.seconds[item]
        - rng.normal(0.0, SPEED, attempts)[here]
        + rng.normal(0.0, UNEVEN, item.size)
    )
    guessed = rapid[here] & (place >= length // 2)
    blind = np.int32(1) << rng.integers(0, scenario.options, item.size, dtype=np.int32)
    option = np.where(guessed, blind, option)
    log_seconds = np.where(guessed, rng.normal(*RAPID, item.size), log_seconds)
    reached = np.where(
        rng.random(attempts) < scenario.hurried,
        length - np.ceil(rng.random(attempts) * MOST_UNREACHED * length),
        length,
    )
    unseen = place >= np.maximum(reached, 1)[here]
    option = np.where(unseen, np.int32(NOT_REACHED), option)
    score = simulate.exact_scores(option, plan.models, model)
    milliseconds = np.rint(np.exp(log_seconds) * 1000).astype(np.int32)
    milliseconds[unseen] = data.NO_TIME
    return Batch(
        *(first, ability, group, day, rapid, here + first, item, option, score, milliseconds),
        place,
    )


def _forms(rng: np.random.Generator, scenario: Scenario, attempts: int) -> NDArray[np.int64]:
    """Forms int64[attempts, length]: drawn without replacement in each cell, then shuffled.

    Floyd's way of drawing (Bentley & Floyd 1987, Commun. ACM 30, 754-757): one throw an item
    drawn, however large the cell.
    """
    size, each = scenario.items // scenario.cells, scenario.length // scenario.cells
    drawn = np.empty((attempts, scenario.cells, each), dtype=np.int64)
    for k, last in enumerate(range(size - each, size)):
        throw = rng.integers(0, last + 1, (attempts, scenario.cells))
        there = (drawn[:, :, :k] == throw[:, :, None]).any(axis=2)
        drawn[:, :, k] = np.where(there, last, throw)
    drawn += (np.arange(scenario.cells) * size)[None, :, None]
    forms = drawn.reshape(attempts, -1)
    return rng.permuted(forms, axis=1)

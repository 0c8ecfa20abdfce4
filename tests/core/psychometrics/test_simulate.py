"""Do simulated candidates answer as the model says, one question at a time and all at once?"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from assess.psychometrics import simulate
from assess.psychometrics.simulate import MULTIPLE, SINGLE, ItemModel

MODELS = [
    ItemModel(SINGLE, (2,), (1.0, 0.5, 1.0, 0.0), a=1.2, d=0.3, omitting=0.1),
    ItemModel(SINGLE, (0,), (1.0, 1.0, 1.0), a=0.8, d=-0.5, guessing=0.3, lure=1, lured=0.4),
    ItemModel(MULTIPLE, (0, 3), (1.0, 0.2, 0.0, 0.7, 1.0), a=1.0, d=0.0, omitting=0.05),
    ItemModel(MULTIPLE, (1,), (1.0, 1.0), a=1.0, d=-1.0),
]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("ability", [-1.0, 1.5])
def test_one_at_a_time_and_all_at_once_follow_the_same_model(
    model: ItemModel, ability: float
) -> None:
    n = 6000
    rng = np.random.default_rng(11)
    single = Counter(simulate.mask(simulate.respond(rng, ability, model)) for _ in range(n))
    zeros = np.zeros(n, dtype=np.int64)
    column = simulate.respond_all(rng, np.array([ability]), [model], zeros, zeros)
    together = Counter(column.tolist())
    for answer in single.keys() | together.keys():
        p = (single[answer] + together[answer]) / (2 * n)
        # Six standard errors of the difference: chance alone never gets there.
        limit = 6 * (2 * p * (1 - p) / n) ** 0.5
        assert abs(single[answer] - together[answer]) / n <= limit


def test_the_share_who_know_is_that_of_the_model() -> None:
    n = 20_000
    model = ItemModel(SINGLE, (1,), (1.0, 1.0, 1.0), a=1.3, d=0.4, guessing=0.2)
    rng = np.random.default_rng(12)
    zeros = np.zeros(n, dtype=np.int64)
    column = simulate.respond_all(rng, np.array([0.7]), [model], zeros, zeros)
    p = 0.2 + 0.8 / (1 + np.exp(-(1.3 * 0.7 + 0.4)))
    assert (column == 2).mean() == pytest.approx(p, abs=0.015)


def test_a_dead_option_is_never_chosen() -> None:
    rng = np.random.default_rng(13)
    model = simulate.with_dead_option(simulate.ordinary(rng, SINGLE, 4, (0,)), 2)
    zeros = np.zeros(5000, dtype=np.int64)
    column = simulate.respond_all(rng, np.array([-3.0]), [model], zeros, zeros)
    assert not (column == 4).any()
    assert all(2 not in simulate.respond(rng, -3.0, model) for _ in range(2000))


def test_a_wrong_key_leaves_the_crowd_where_the_truth_is() -> None:
    rng = np.random.default_rng(14)
    model = simulate.with_wrong_key(simulate.ordinary(rng, SINGLE, 4, (2,)))
    assert model.key == (0,)
    assert model.truth == (2,)
    chosen = Counter(simulate.respond(rng, 3.0, model) for _ in range(500))
    assert chosen.most_common(1)[0][0] == (2,)


def test_a_wrong_key_of_a_multiple_response_exchanges_one_option() -> None:
    model = simulate.with_wrong_key(ItemModel(MULTIPLE, (0, 3), (1.0,) * 5))
    assert (model.key, model.truth) == ((1, 3), (0, 3))


def test_a_very_easy_item_is_known_by_nearly_everybody() -> None:
    rng = np.random.default_rng(15)
    model = simulate.very_easy(simulate.ordinary(rng, SINGLE, 4, (0,)))
    abilities = rng.standard_normal(4000)
    column = simulate.respond_all(
        rng, abilities, [model], np.arange(4000), np.zeros(4000, dtype=np.int64)
    )
    assert (column == 1).mean() > 0.98


def test_the_same_dice_give_the_same_answers() -> None:
    runs = [
        [simulate.respond(np.random.default_rng(3), 0.2, model) for model in MODELS]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_a_drawn_form_has_the_asked_number_of_each_cell_and_no_item_twice() -> None:
    attempt, item = simulate.draw(np.random.default_rng(1), 50, 56, 7, 2)
    for form in item.reshape(50, 14):
        assert len(set(form.tolist())) == 14
        assert np.bincount(form // 8).tolist() == [2] * 7
    assert attempt.tolist() == np.repeat(np.arange(50), 14).tolist()
    with pytest.raises(ValueError, match="do not make"):
        simulate.draw(np.random.default_rng(1), 50, 55, 7, 2)


@pytest.mark.parametrize(
    ("kind", "key", "weights", "sentence"),
    [
        ("essay", (0,), (1.0, 1.0), "no model for the kind 'essay'"),
        (SINGLE, (2,), (1.0, 1.0), "must be among the options"),
        (SINGLE, (0, 1), (1.0, 1.0), "one key"),
        (SINGLE, (0,), (1.0, 0.0), "nothing to choose"),
        (SINGLE, (0,), (1.0, -1.0), "negative"),
    ],
)
def test_an_item_that_cannot_be_is_refused(
    kind: str, key: tuple[int, ...], weights: tuple[float, ...], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        ItemModel(kind, key, weights)

"""Do simulated examinations have the forms, flaws and times that were asked for?"""

from __future__ import annotations

import numpy as np
import pytest

from assess.psychometrics import scenario
from assess.psychometrics.responses import NO_TIME, NOT_REACHED, OMITTED
from assess.psychometrics.scenario import FLAWS, Scenario


def test_every_form_has_the_same_number_from_each_cell_and_no_item_twice() -> None:
    asked = Scenario(attempts=300, items=60, length=12, cells=4)
    drawn = scenario.simulated(np.random.default_rng(1), asked).responses
    forms = drawn.item.reshape(300, 12)
    assert all(len(set(form)) == 12 for form in forms.tolist())
    assert (np.sort(forms // 15, axis=1) == np.repeat(np.arange(4), 3)).all()
    shown = np.bincount(drawn.item, minlength=60)
    # 60 items shown 60 times on average: eight standard deviations are never reached.
    assert abs(shown - 60).max() < 8 * (300 * 0.2 * 0.8) ** 0.5


def test_the_same_dice_give_the_same_data() -> None:
    asked = Scenario(attempts=200, rapid=0.1, hurried=0.1, dif=3, model="3pl")
    one, same = (scenario.simulated(np.random.default_rng(5), asked) for _ in range(2))
    assert one.plan.planted == same.plan.planted
    assert one.responses.option.tolist() == same.responses.option.tolist()
    assert one.responses.milliseconds is not None
    assert same.responses.milliseconds is not None
    assert one.responses.milliseconds.tolist() == same.responses.milliseconds.tolist()


def test_each_flaw_is_on_items_of_its_own_and_shows_in_their_models() -> None:
    asked = Scenario(attempts=1, **dict.fromkeys(FLAWS, 3))  # type: ignore[arg-type]
    plan = scenario.planned(np.random.default_rng(2), asked)
    flawed = [item for items in plan.planted.values() for item in items]
    assert len(set(flawed)) == len(flawed) == 3 * len(FLAWS)
    items, other = plan.items, [plan.models[k] for k in plan.model_of[:, 1, 1].tolist()]
    assert all(items[i].key != items[i].truth for i in plan.planted["wrong_key"])
    assert all(items[i].lured == 0.45 for i in plan.planted["second_key"])
    assert all(items[i].a < 0.1 for i in plan.planted["no_discrimination"])
    for i in plan.planted["dif"]:
        assert (other[i].d - items[i].d) / items[i].a == pytest.approx(-0.9)
        assert plan.model_of[i, 1, 0] == plan.model_of[i, 1, 1] != plan.model_of[i, 0, 1]
    for i in plan.planted["drift"]:
        assert (other[i].d - items[i].d) / items[i].a == pytest.approx(1.5)
        assert plan.model_of[i, 0, 1] == plan.model_of[i, 1, 1] != plan.model_of[i, 1, 0]
    sound = np.setdiff1d(np.arange(160), flawed)
    assert (plan.model_of[sound] == sound[:, None, None]).all()


def test_the_focal_group_lies_lower_by_the_impact() -> None:
    asked = Scenario(attempts=20_000, items=10, length=1, cells=1, focal=0.3, impact=0.5)
    drawn = scenario.simulated(np.random.default_rng(3), asked)
    assert drawn.group.mean() == pytest.approx(0.3, abs=0.02)
    apart = drawn.ability[drawn.group == 0].mean() - drawn.ability[drawn.group == 1].mean()
    assert apart == pytest.approx(0.5, abs=0.1)


def test_rapid_guessers_take_seconds_for_their_second_half_and_are_right_by_chance() -> None:
    asked = Scenario(attempts=2000, items=40, length=20, cells=20, rapid=0.5)
    drawn = scenario.simulated(np.random.default_rng(4), asked)
    answers = drawn.responses
    assert answers.seconds is not None
    assert answers.position is not None
    guessed = drawn.rapid[answers.attempt] & (answers.position >= 10)
    assert np.median(answers.seconds[guessed]) == pytest.approx(2.0, abs=0.1)
    assert np.median(answers.seconds[~guessed]) > 15
    assert answers.score[guessed].mean() == pytest.approx(250, abs=20)


def test_who_runs_out_of_time_has_not_reached_the_end_of_the_form() -> None:
    asked = Scenario(attempts=400, items=40, length=20, cells=20, hurried=1.0, omitting=0.3)
    answers = scenario.simulated(np.random.default_rng(6), asked).responses
    unseen = (answers.option == NOT_REACHED).reshape(400, 20)
    assert (unseen.sum(axis=1) >= 1).all()
    assert (unseen.sum(axis=1) <= 8).all()
    assert (np.diff(unseen.astype(int), axis=1) >= 0).all()
    assert answers.milliseconds is not None
    assert (answers.milliseconds[unseen.ravel()] == NO_TIME).all()
    assert (answers.option == OMITTED).any()
    assert not answers.score[answers.option <= OMITTED].any()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"attempts": 0}, "at least 1"),
        ({"items": 30, "length": 20, "cells": 20}, "do not divide by 20 cells"),
        ({"items": 20, "length": 40}, "at most 20 items"),
        ({"model": "4pl"}, "one of 1pl, 2pl, 3pl"),
        ({"rapid": 1.5}, "rapid is a share"),
        ({"dif": 100, "drift": 100}, "200 flaws do not fit on 160 items"),
        ({"dif": -1}, "not negative"),
        ({"options": 2, "second_key": 1}, "needs a third option"),
        ({"days": 0}, "at least one day"),
        ({"impact": float("nan")}, "impact is a number of standard deviations"),
        ({"dif": 1, "dif_size": float("inf")}, "dif_size is a number"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Scenario(**settings)  # type: ignore[arg-type]

"""What do authors and candidates read of a balanced test: before, and after its forms are given?"""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from assess import store
from assess.actions import banks, forecasts, specifications
from assess.psychometrics import forms
from assess.reasons import Refused
from assess.store import calibrations
from assess.store.banks import ItemVersion
from assess.store.calibrations import Calibration
from assess.store.specifications import Test
from tests.builders import World, bank, csv, specification
from tests.web.author_scene import author, form, publish, said
from tests.web.candidate_builders import Browser

__all__ = ["author"]


def know(built: World, *thousandths: int) -> None:
    """Tell of the six items of each outcome how many of a thousand borderline candidates know."""
    head, *lines = csv(last="single_choice").splitlines()
    told = [f"{line},{thousandths[k % 6] / 1000}" for k, line in enumerate(lines)]
    done = banks.bring_in(built.context(), bank("\n".join([f"{head},expected_facility", *told])))
    assert not isinstance(done, Refused), done
    assert done.written, done.plan.problems


def test_forms_outside_the_band_are_counted_and_named_and_each_candidate_is_told(
    built: World, author: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "SETTLED", 20)  # for the time of it: no figure here rests on more
    where = f"/tests/{built.test}/fairness"
    know(built, 600, 600, 600, 600, 600, 600)
    even = built.sit("candidate")
    report = author.get(where)
    assert "1 form, 1 of them of a first attempt" in said(report)
    assert "data-none-outside" in report.text
    assert "Forms outside the band None." in said(report)
    told = said(Browser(built, "candidate").get(f"/attempts/{even}/result"))
    assert "Your test was as hard as it is meant to be for everybody." in told
    # Sums of 1200, 1800 and 2400 about a target of 1600: no form can lie in the band.
    know(built, 900, 300, 300, 300, 300, 300)
    uneven = built.sit("candidate.two")
    report = author.get(where)
    assert "Outside the band 1" in said(report)
    assert f"{uneven} 1 0.20" in said(report)  # attempt, which of its candidate, marks above
    assert "Candidate Two" not in said(report)
    told = said(Browser(built, "candidate.two").get(f"/attempts/{uneven}/result"))
    assert "your test was as near as possible to what is meant for everybody" in told


def test_publishing_says_how_many_forms_lie_in_the_band_and_what_is_conditional(
    built: World, author: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = author.get(publish(author, built, minutes="31").location)
    assert "Not balanced: not enough data." in said(plain)
    know(built, 600, 600, 600, 600, 600, 600)
    page = author.get(publish(author, built, minutes="32").location)
    assert "Forms inside the band, by attempt: 100.0 %, 100.0 %, 100.0 %." in said(page)
    assert "Conditional" not in said(page)
    monkeypatch.setattr(forecasts, "countable", lambda _pool: False)
    page = author.get(publish(author, built, cut="4", attempts="", enemies="q1-1; q1-2").location)
    assert "Conditional: its forms are tried, not counted" in said(page)
    # Without a limit: the two attempts that are fresh, and the one after them.
    assert "by attempt: 100.0 %, 100.0 %, 100.0 %. Conditional" in said(page)
    forecast = author.get(f"/tests/{built.test}/forecast")
    assert "data-conditional" in forecast.text
    # Where only full marks pass nobody is borderline, and forms are balanced all the same.
    assert "data-balanced" in forecast.text
    assert 'data-chart="band"' in forecast.text
    assert "without keys 1.60" in said(forecast)


def test_the_editor_forecasts_by_the_calibration_that_publishing_goes_by(
    built: World, author: FlaskClient
) -> None:
    def calibrated(number: int, known: int, difficulty: int) -> None:
        with store.write() as session:
            live = select(ItemVersion.id).where(ItemVersion.state == "live")
            versions = list(session.scalars(live))[:known]
            test = session.get_one(Test, built.test)
            row = Calibration(
                centre_id=test.centre_id,
                test_id=test.id,
                number=number,
                model="1pl",
                attempts=300,
                cut=750,
                ability=0,
                versions=calibrations.packed(versions),
                **{
                    name: calibrations.packed([value for _ in versions])
                    for name, value in (
                        ("difficulties", difficulty),
                        ("errors", 10),
                        ("weights", 900),
                    )
                },
                made_at=built.clock.now(),
            )
            session.add(row)

    calibrated(1, known=12, difficulty=700)
    ahead = author.post(f"/tests/{built.test}/specification", data=form(go="forecast"))
    # Of the pool's own difficulties: the borderline candidate expects the cut score, 3.00.
    assert "reckoned to be, 2.80 marks can be expected on each, 0.0" in said(ahead)
    assert "It is the chance to reach the cut score" in said(ahead)
    alone = form(go="forecast", minimum1="0", minimum2="0")
    ahead = author.post(f"/tests/{built.test}/specification", data=alone)
    assert "A borderline candidate's chance to pass" in said(ahead)
    assert "the chance to reach the cut score" not in said(ahead)
    page = author.get(publish(author, built, minutes="31").location)
    assert "Forms inside the band, by attempt: 100.0 %" in said(page)
    draws = f"/tests/{built.test}/draws"
    assert "data-moved" not in author.get(draws).text
    publish(author, built, cut="2")
    other = specifications.publish(built.context(), specification(name="T2"))
    assert not isinstance(other, Refused)  # whose pool is newer, and none of this test's
    told = "made for a cut score of 75.0 % of the marks; by now 50.0 % are needed. Estimate anew"
    assert told in said(author.get(draws))
    # The next one knows less than three quarters of the questions of an outcome.
    calibrated(2, known=8, difficulty=500)
    page = author.get(publish(author, built, minutes="32").location)
    assert "Not balanced: not enough data." in said(page)
    assert "Forms are not balanced by it" in said(author.get(draws))

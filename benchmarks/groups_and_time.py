"""How often do DIF, drift and effort find what is there, and what is not? Prints docs' figures.

Run from the repository's root: `python -m benchmarks.groups_and_time`. About a minute.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from assess.psychometrics import dif, drift, effort, scenario
from assess.psychometrics.dif import DifTable
from assess.psychometrics.responses import from_arrays
from assess.psychometrics.scenario import Scenario, Simulated

LEVEL = 0.05


def main() -> None:
    """Print the four studies."""
    dif_level()
    dif_power()
    drift_level_and_power()
    effort_level()


def histories(seed: int, rounds: int, asked: Scenario) -> list[Simulated]:
    """Independent examinations of one scenario."""
    streams = np.random.default_rng(seed).spawn(rounds)
    return [scenario.simulated(stream, asked) for stream in streams]


def dif_level() -> None:
    """The share of sound items with p < 0.05, and of findings."""
    print("DIF, no item differs: share with p < 0.05 (corrected, uncorrected, uniform, product)")
    for attempts, items, impact, model in (
        (8000, 160, 0.0, "2pl"),
        (8000, 160, 0.5, "2pl"),
        (8000, 160, 1.0, "2pl"),
        (8000, 160, 0.5, "3pl"),
        (40000, 160, 0.5, "2pl"),
    ):
        rounds = 12 if attempts < 20000 else 5
        asked = Scenario(attempts=attempts, items=items, impact=impact, model=model)
        tables = [dif.table(h.responses, h.group) for h in histories(1, rounds, asked)]
        tests: tuple[Callable[[DifTable], NDArray[np.float64]], ...] = (
            lambda t: t.first.mantel_haenszel.p,
            lambda t: special.chdtrc(1, t.first.mantel_haenszel.chi2_uncorrected),
            lambda t: t.first.logistic.p_uniform,
            lambda t: t.first.logistic.p_nonuniform,
        )
        shares = [np.mean([np.mean(test(t) < LEVEL) for t in tables]) for test in tests]
        found = sum(int((t.uniform | t.non_uniform).sum()) for t in tables)
        print(
            f"  {attempts} x 20 of {items}, impact {impact}, {model}: "
            + " ".join(f"{share:.3f}" for share in shares)
            + f"; findings {found} of {rounds * items}"
        )


def dif_power() -> None:
    """The share of planted items found."""
    print("DIF planted: found of planted, wrong findings of sound items")
    for size in (0.6, 0.9, 1.2):
        asked = Scenario(attempts=8000, dif=8, dif_size=size, impact=0.3)
        _found("dif", f"harder by {size}", histories(2, 10, asked))
    asked = Scenario(attempts=8000, non_uniform_dif=8, impact=0.3)
    _found("non_uniform_dif", "slope 0.6 for 1.5", histories(3, 10, asked))


def _found(flaw: str, name: str, drawn: list[Simulated]) -> None:
    found = planted = wrong = sound = 0
    for one in drawn:
        table = dif.table(one.responses, one.group)
        at, flagged = one.plan.planted[flaw], table.uniform | table.non_uniform
        found += int(flagged[at].sum())
        planted += len(at)
        wrong += int(flagged.sum() - flagged[at].sum())
        sound += one.responses.items - len(at)
    print(f"  {name}: {found} of {planted}, wrong {wrong} of {sound}")


def drift_level_and_power() -> None:
    """The level of the cumulative sum, and the share of planted items found."""
    print("Drift, none there: share with p < 0.05, findings")
    for days, impact in ((90, 0.0), (6, 0.0), (90, 0.8)):
        asked = Scenario(attempts=8000, days=days, impact=impact)
        p, found = [], 0
        for one in histories(4, 8, asked):
            # With impact the less able half comes first.
            day = one.day + (days * (1 - one.group) if impact else 0)
            table = drift.table(one.responses, day)
            p.append(table.change.p)
            found += int(table.drifted.sum())
        share = np.mean(np.concatenate(p) < LEVEL)
        print(f"  {days} days, cohorts {impact} apart: {share:.3f}, findings {found} of {8 * 160}")
    print("Drift planted from day 60 of 90: found of planted, wrong, median days off")
    for size in (0.5, 1.0, 1.5):
        asked = Scenario(attempts=8000, drift=8, drift_size=size)
        seen = planted = wrong = 0
        off: list[float] = []
        for one in histories(5, 8, asked):
            table, at = drift.table(one.responses, one.day), one.plan.planted["drift"]
            seen += int(table.drifted[at].sum())
            planted += len(at)
            wrong += int(table.drifted.sum() - table.drifted[at].sum())
            off += abs(table.change.last_day[at] - 59).tolist()
        print(f"  easier by {size}: {seen} of {planted}, wrong {wrong}, {np.median(off):.0f}")


def effort_level() -> None:
    """The share of honest attempts flagged, by how uneven their times are."""
    print("Rapid guessing, nobody guesses: flagged, and as `false_positives` foretells")
    rng = np.random.default_rng(6)
    attempts, length = 20000, 20
    for speed, uneven in ((0.25, 0.4), (0.4, 0.5), (0.5, 0.7), (0.6, 0.8)):
        log_time = rng.normal(3.3, 0.35, length) - rng.normal(0, speed, attempts)[:, None]
        log_time = log_time + rng.normal(0, uneven, (attempts, length))
        answers = from_arrays(
            np.repeat(np.arange(attempts), length),
            np.tile(np.arange(length), attempts),
            np.zeros(attempts * length, dtype=np.int64),
            milliseconds=np.rint(1000 * np.exp(log_time)).astype(np.int64).ravel(),
        )
        came, foretold = effort.table(answers).flagged.mean(), effort.false_positives(rng, answers)
        print(f"  SD of log time {speed} between, {uneven} within: {came:.4f}, {foretold:.4f}")
    print("Rapid guessing planted: found, wrong of honest attempts")
    for share in (0.005, 0.02, 0.1):
        one = scenario.simulated(rng, Scenario(attempts=20000, rapid=share))
        flagged = effort.table(one.responses).flagged
        print(
            f"  {share}: {int(flagged[one.rapid].sum())} of {int(one.rapid.sum())}, "
            f"wrong {int(flagged[~one.rapid].sum())} of {int((~one.rapid).sum())}"
        )


if __name__ == "__main__":
    main()

"""What will a test's forms be like for those who sit it, by drawing thousands of them?

Nothing is stored: a forecast reads a frozen pool, of a published test or of a specification that
is only being tried, and hands arrays to `psychometrics/forecast.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from assess import store
from assess.actions import pools as freezing
from assess.actions.context import Context
from assess.bank.publishing import FALSIFIES, Proof
from assess.bank.specification import Feedback, Specification
from assess.delivery.draw import History, Pool, Seen, Stream, countable, draw, why_not_found
from assess.psychometrics import forecast as figures
from assess.psychometrics.exact import Floats
from assess.psychometrics.forecast import Course, Overlap, Spread
from assess.psychometrics.forms import UNKNOWN, Drawer, Histories, Plan
from assess.reasons import Code, Helper, Reason, Refused
from assess.store import banks, calibrations, live_items, pools, proofs, specifications

FORMS = 20_000  # forms behind the figures of a first attempt, whatever the cohort
FORMS_BY_THE_DRAW = 500  # where each takes a draw of its own
CELLS = 60_000_000  # numbers that are drawn for all forms together, at the most
COURSE = 4_000_000  # candidates times items that are followed over all attempts
MOST_ATTEMPTS = 6  # of which the course is shown where the specification has no limit
Show = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What is forecast: the specification, its frozen pool, and what is proved of it.

    `items` are the items of `plan`, by their number there; `names` their identifiers. `exact`:
    every form that the rules allow is equally likely; else only those found by trying are.
    """

    specification: Specification
    pool: Pool
    plan: Plan
    items: tuple[int, ...]
    names: Mapping[int, str]
    proof: Proof
    exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """The figures. `balanced` is None where forms are not balanced, and `unbalanced` says why.

    Where only full marks pass nobody is borderline: then `naive`, `balanced` and `chance` are None.
    `exposed` and `course.met` are float64[drawable items of the plan]. `acceptance` is the share
    of unbalanced forms that lie in the band. `overlap` is that of the candidates asked about;
    `fifth_or_more` the chance that two of any number share so much, over all forms drawn.
    """

    ground: Ground
    candidates: int
    pass_rate: float
    naive: Spread | None
    balanced: Spread | None
    unbalanced: str
    acceptance: float | None
    exposed: Floats
    overlap: Overlap | None
    fifth_or_more: float
    expected_overlap: float
    course: Course
    chance: Floats | None

    @property
    def items(self) -> tuple[int, ...]:
        """The items that can be drawn, in the order of `exposed`."""
        return tuple(self.ground.items[k] for k in figures.drawable(self.ground.plan).tolist())


def published(session: Session, context: Context, name: str) -> Ground | Refused:
    """The newest pool of a published test, by its name. Refused [E-404] where there is none."""
    test = specifications.by_name(session, context.centre, name)
    version = None if test is None else specifications.published(session, test.id)
    bank = None if test is None else banks.get(session, context.centre, test.bank_id)
    newest = None if version is None else pools.newest(session, version.id)
    if version is None or bank is None or newest is None:
        reason = Reason(Code.NOT_FOUND, {"found": name}, who=Helper.YOU)
        return Refused(Code.NOT_FOUND, (reason,), 404)
    specification = version.specification()
    pool = freezing.frozen(session, *newest)
    return ground(session, specification, pool, proofs.prove(session, bank, specification))


def tried(
    session: Session,
    context: Context,
    specification: Specification,
    facilities: Mapping[str, int] | None = None,
    test_id: int | None = None,
) -> Ground | Refused:
    """The pool that a specification would have now; nothing is stored.

    `facilities` stand, by the items' identifiers, for what is known of them in thousandths; without
    them the newest calibration of the test counts, else the authors' estimates. Refused
    [E-BLUEPRINT] with every reason where the bank is unknown or no form can be made.
    """
    bank = banks.by_name(session, context.centre, specification.bank)
    if bank is None:
        there = ", ".join(b.name for b, _ in banks.of_centre(session, context.centre)) or "-"
        values = {"what": "bank_unknown", "found": specification.bank, "allowed": there}
        reason = Reason(Code.BLUEPRINT, values, who=Helper.AUTHOR)
        return Refused(Code.BLUEPRINT, (reason,), 409)
    known, live = None, None
    if facilities is not None:
        numbers = live_items.numbers(session, bank.id, [facilities])
        known = {numbers[one]: value for one, value in facilities.items() if one in numbers}
        if not known:
            values = {"what": "difficulties_unknown", "bank": bank.name}
            reason = Reason(Code.BLUEPRINT, values, who=Helper.YOU)
            return Refused(Code.BLUEPRINT, (reason,), 409)
        # What a quota is narrowed to goes by them as well, so it is they that are proved.
        facts = live_items.live_facts(session, bank.id, specification)
        live = [replace(one, difficulty=known.get(one.item)) for one in facts]
    proof = proofs.prove(session, bank, specification, live)
    if proof.witness is None or not specification.quotas:
        return Refused(Code.BLUEPRINT, proof.reasons, 409)
    calibration = None if test_id is None else calibrations.newest(session, test_id)
    sorted_out, entries = freezing.gather(session, specification, bank, known)
    digest = specification.digest()
    pool, _ = freezing.freeze(specification, digest, sorted_out, entries, calibration)
    if hardly := why_not_found(pool):
        return Refused(Code.BLUEPRINT, hardly, 409)
    if known is not None:
        # Difficulties from outside were found for somebody else than the borderline candidate.
        raw = _plan(pool)
        chance = figures.borderline(raw, specification.cut)
        if chance is not None:
            moved = np.rint(chance * figures.THOUSAND).astype(int).tolist()
            items = [entry.item for cell in pool.cells for entry in cell.listed]
            for item, difficulty in zip(items, moved, strict=True):
                entries[item] = replace(entries[item], difficulty=difficulty)
            pool, _ = freezing.freeze(specification, digest, sorted_out, entries, None)
    return ground(session, specification, pool, proof)


def ground(session: Session, specification: Specification, pool: Pool, proof: Proof) -> Ground:
    """A frozen pool as a forecast needs it."""
    items = tuple(entry.item for cell in pool.cells for entry in cell.listed)
    names = live_items.identifiers(session, items)
    return Ground(specification, pool, _plan(pool), items, names, proof, countable(pool))


def _plan(pool: Pool) -> Plan:
    """A pool as arrays, its items numbered in the order of its cells."""
    entries = [entry for cell in pool.cells for entry in cell.listed]
    place = {entry.item: k for k, entry in enumerate(entries)}
    ends = np.cumsum([len(cell.listed) for cell in pool.cells])
    cells = [
        np.arange(end - len(cell.listed), end) for cell, end in zip(pool.cells, ends, strict=True)
    ]
    return Plan(
        cells=tuple(cells),
        counts=tuple(cell.count for cell in pool.cells),
        expected=np.array(
            [UNKNOWN if one.difficulty is None else one.difficulty for one in entries],
            dtype=np.int64,
        ),
        band=None if pool.band is None else (pool.band.target, pool.band.half),
        enemies=tuple(np.array([place[i] for i in group]) for group in pool.enemies),
        whole=any(entry.set for entry in entries),
    )


def drawer(ground: Ground, seed: int) -> Drawer:
    """Draws forms of a pool; the draw itself settles what tries do not find."""
    place = {item: k for k, item in enumerate(ground.items)}
    key = hashlib.sha256(f"assess-forecast {seed}".encode()).digest()
    unbalanced = replace(ground.pool, band=None)
    asked = 0

    def settle(histories: Histories, row: int, banded: bool) -> tuple[list[int], bool]:
        nonlocal asked
        asked += 1
        met = np.flatnonzero(histories.times[row]).tolist()
        history: History = {
            ground.items[k]: Seen(int(histories.times[row, k]), int(histories.last[row, k]))
            for k in met
        }
        pool = ground.pool if banded else unbalanced
        drawn = draw(pool, history, Stream(key, f"forecast {asked}", 1))
        if isinstance(drawn, Refused):
            # Where forms are only tried, enemies may bar every try: such a start is refused. It
            # counts as outside the band; in its place stands a form that does not mind sight, or
            # the one by which it was proved that there are forms.
            drawn = draw(pool, {}, Stream(key, f"forecast {asked}", 2))
            if not isinstance(drawn, Refused):
                return [place[one.item] for one in drawn.questions], False
            if ground.proof.witness is None:
                raise ValueError("a pool that was proved feasible refuses a form")
            return [place[item] for item in ground.proof.witness], False
        return [place[one.item] for one in drawn.questions], drawn.in_band is not False

    return Drawer(ground.plan, np.random.default_rng(seed), settle)


def forecast(
    ground: Ground,
    candidates: int,
    seed: int = 1,
    pass_rate: float = 0.0,
    show: Show | None = None,
) -> Forecast:
    """The forecast for so many candidates, of whom at each attempt `pass_rate` pass and stop."""
    plan, specification = ground.plan, ground.specification
    draws = drawer(ground, seed)
    n = max(candidates, FORMS_BY_THE_DRAW if plan.whole else _affordable(plan))
    plain = draws.unbalanced(n)
    given = draws.first(n).forms
    chance = figures.borderline(plan, specification.cut)
    exposed = figures.first_exposure(plan, plain, given)
    attempts = min(specification.attempts or ground.proof.fresh.attempts + 1, MOST_ATTEMPTS)
    banded = plan.band is not None
    any_two = figures.overlap(given, plan.expected.size, np.random.default_rng(seed))
    return Forecast(
        ground=ground,
        candidates=candidates,
        pass_rate=pass_rate,
        naive=figures.spread(chance, plain, specification.cut),
        balanced=figures.spread(chance, given, specification.cut) if banded else None,
        unbalanced=ground.pool.unbalanced,
        acceptance=float(plan.inside(plain).mean()) if banded and len(plain) else None,
        exposed=exposed,
        overlap=figures.overlap(given[:candidates], plan.expected.size, draws.rng),
        fifth_or_more=0.0 if any_two is None else any_two.fifth_or_more,
        expected_overlap=figures.expected_overlap(plan, exposed),
        course=figures.course(draws, _cohort(plan, candidates), attempts, pass_rate, show),
        chance=chance,
    )


def _cohort(plan: Plan, candidates: int) -> int:
    """How many candidates are followed over their attempts: fewer where the bank is large."""
    return max(1, min(candidates, 2_000, max(100, COURSE // max(plan.expected.size, 1))))


def _affordable(plan: Plan) -> int:
    drawn = sum(min(cell.size, 64) + 4 * n for cell, n in zip(plan.cells, plan.counts, strict=True))
    return max(1_000, min(FORMS, CELLS // max(drawn, 1)))


def document(found: Forecast) -> dict[str, object]:
    """The figures as `assess draw simulate --json` gives them (docs/draw-simulation.md)."""
    plan = found.ground.plan
    least, most = (float(f(found.exposed)) for f in (np.min, np.max))
    balanced: dict[str, object] | None = None
    if plan.band is not None:
        target, half = (one / figures.THOUSAND for one in plan.band)
        balanced = _spread(found.balanced) | {
            "band": {"target": target, "half_width": half},
            "acceptance": found.acceptance,
        }
    shared = found.overlap
    return {
        "naive": _spread(found.naive),
        "balanced": balanced,
        **({} if balanced is not None else {"reason": why_unbalanced(found)}),
        "exposure": {
            "min": least,
            "max": most,
            "max_over_min": most / least if least else None,
        },
        "overlap": {
            "mean": None if shared is None else shared.mean,
            "forecast": found.expected_overlap,
            "share_fifth_or_more": None if shared is None else shared.fifth_or_more,
        },
        "in_band_by_attempt": list(found.course.in_band) if balanced is not None else [],
        "fresh_attempts_guaranteed": found.ground.proof.fresh.attempts,
    }


def why_unbalanced(found: Forecast) -> str:
    """Why forms are not balanced, as a command says it."""
    return {
        "not_enough_data": "not balanced: not enough data",
    }.get(found.unbalanced, "not balanced: the specification asks for no band")


def _spread(spread: Spread | None) -> dict[str, object]:
    return {
        "expected_score_sd": None if spread is None else spread.expected_score_sd,
        "borderline_pass": {
            "p05": None if spread is None else spread.p05,
            "p50": None if spread is None else spread.p50,
            "p95": None if spread is None else spread.p95,
        },
    }


@dataclass(frozen=True, slots=True)
class Reveals:
    """What a feedback level costs the bank: questions that one sitting shows again, by mean, and

    the share of the items that all candidates together have been shown again after their first
    attempts; `keys` says whether with their keys.
    """

    level: Feedback
    questions: float
    of_bank: float
    keys: bool


def reveals(found: Forecast) -> tuple[Reveals, ...]:
    """What each level of feedback would reveal; the borderline candidate stands for all.

    Where nobody is borderline it goes by what is known of the items; where nothing is, each is
    taken to be answered wrongly as often as the cut score allows.
    """
    ground, plan = found.ground, found.ground.plan
    cut = ground.specification.cut / plan.length
    right = found.chance
    if right is None:
        known = plan.expected / figures.THOUSAND
        right = np.where(known < 0, cut, known)
    wrong = found.exposed * (1 - right[figures.drawable(plan)])
    share = figures.shown_after(wrong, found.candidates)
    return tuple(
        Reveals(
            level,
            float(wrong.sum()) if shows else 0.0,
            share if shows else 0.0,
            level is Feedback.KEYS,
        )
        for level in Feedback
        for shows in [level.rank >= Feedback.WRONG.rank]
    )


def run(
    context: Context,
    what: str | Specification,
    candidates: int,
    seed: int,
    facilities: Mapping[str, int] | None = None,
    show: Show | None = None,
) -> Forecast | Refused:
    """The forecast of a published test, by its name, or of a specification that is tried.

    A specification is refused [E-BLUEPRINT] also where forms can be made, but what it says of them
    cannot be meant: a cut score above their length, a length that they do not have.
    """
    with store.read() as session:
        if isinstance(what, str):
            found = published(session, context, what)
            if isinstance(found, Ground) and facilities is not None:
                found = tried(session, context, found.specification, facilities)
        else:
            found = tried(session, context, what, facilities)
            if isinstance(found, Ground):
                wrong = [one for one in found.proof.reasons if one.values["what"] in FALSIFIES]
                found = Refused(Code.BLUEPRINT, tuple(wrong), 409) if wrong else found
    if isinstance(found, Refused):
        return found
    return forecast(found, candidates, seed, show=show)

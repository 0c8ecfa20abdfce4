"""What does a forecast say on a page: figures, and charts with their figures beside them?"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np
from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions import forecasts
from assess.actions.context import not_found
from assess.actions.forecasts import Forecast, Ground, Reveals
from assess.bank.specification import Feedback
from assess.delivery.pool import NOT_ENOUGH_DATA
from assess.psychometrics import forecast as figures
from assess.reasons import Refused
from assess.store import specifications
from assess.store.banks import Bank
from assess.store.specifications import Test
from assess.web import problems, signing
from assess.web.author import panel
from assess.web.author.blueprint import KEY, bp, readers
from assess.web.author.figures import share
from assess.web.author.form import Form

CANDIDATES, MOST_CANDIDATES = 200, 5_000
PASSING = 70  # per cent who pass at each attempt, where nobody says otherwise
KEPT = 64  # forecasts in memory: a pool never changes, so none is ever stale
BINS = 10
NARROWEST = 0.002  # of a bar's range: two tenths of a per cent
HALF, MOST = 0.5, 0.95
LEAST = 0.0005  # a share that is not said to be 0.0 %


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its label, from where to where it goes (0 to 1), and its figure."""

    label: str
    start: float
    end: float
    figure: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: what it shows, how its labels and figures are headed, and its bars.

    `full` says what a bar as long as its track means; the track begins at nought.
    """

    name: str
    title: str
    sentence: str
    label: str
    figure: str
    bars: tuple[Bar, ...]
    full: str


@dataclass(frozen=True, slots=True)
class View:
    """A forecast as a page shows it."""

    forecast: Forecast
    charts: tuple[Chart, ...]
    reveals: tuple[Reveals, ...]
    levels: dict[str, str]
    most: tuple[tuple[str, str], ...]
    least: tuple[tuple[str, str], ...]
    half_after: int
    used_up_after: int
    pass_rate: int


@bp.get(f"/tests/<{KEY}:test_id>/forecast", endpoint="forecast")
@readers
def of_test(test_id: int) -> ResponseReturnValue:
    """What candidates of a published test will meet, for so many of them."""
    candidates = _asked("candidates", 2, MOST_CANDIDATES, CANDIDATES)
    passing = _asked("passing", 0, 100, PASSING)
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
        if test is None:
            return problems.answer(not_found())
        ground = forecasts.published(session, signing.context(), test.name)
        if isinstance(ground, Refused):
            return problems.answer(ground)
    return render_template(
        "author/forecast.html",
        test=test,
        forecast=_view(ground, candidates, passing),
        candidates=candidates,
        passing=passing,
    )


def of_form(session: Session, bank: Bank, test: Test | None, filled: Form) -> View | None:
    """The forecast of a form that is not published yet; None where no form can be made.

    `test` is what it is to be a version of, so that the newest calibration counts.
    """
    read = panel.specification(bank, filled)
    if isinstance(read, Refused):
        return None
    test_id = None if test is None else test.id
    ground = forecasts.tried(session, signing.context(), read, test_id=test_id)
    return None if isinstance(ground, Refused) else _view(ground, CANDIDATES, PASSING)


def said(test_id: int) -> str:
    """In a sentence or two: how fair the forms of a test are that was just published."""
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
        assert test is not None  # noqa: S101 - it was published a moment ago
        ground = forecasts.published(session, signing.context(), test.name)
    if isinstance(ground, Refused):
        return ""
    if ground.pool.band is None:
        few = ground.pool.unbalanced == NOT_ENOUGH_DATA
        return str(_("Not balanced: not enough data.") if few else _("Not balanced."))
    course = _view(ground, CANDIDATES, PASSING).forecast.course.in_band
    shares = ", ".join(share(part, 1) for part in course)
    told = _("Forms inside the band, by attempt: %(shares)s.", shares=shares)
    if ground.exact:
        return str(told)
    return f"{told} " + str(
        _(
            "Conditional: its forms are tried, not counted; not every form in the band need be "
            "equally likely."
        )
    )


_seen: OrderedDict[tuple[object, ...], Forecast] = OrderedDict()
_lock = Lock()


def _view(ground: Ground, candidates: int, passing: int) -> View:
    key = (ground.pool.fingerprint(), ground.specification.digest(), candidates, passing)
    with _lock:
        found = _seen.get(key)
    if found is None:
        found = forecasts.forecast(ground, candidates, pass_rate=passing / 100)
        with _lock:
            _seen[key] = found
            while len(_seen) > KEPT:
                _seen.popitem(last=False)
    order = np.argsort(-found.course.met, kind="stable").tolist()
    names = [ground.names[item] for item in found.items]
    met = [(names[k], share(found.course.met[k], 1)) for k in order]
    return View(
        forecast=found,
        charts=tuple(_charts(found)),
        reveals=forecasts.reveals(found),
        levels=_levels(),
        most=tuple(met[:BINS]),
        least=tuple(reversed(met[-BINS:])),
        half_after=_sittings(found, HALF),
        used_up_after=_sittings(found, MOST),
        pass_rate=passing,
    )


def _charts(found: Forecast) -> list[Chart]:
    charts = []
    spreads = [(_("Not balanced"), found.naive), (_("Balanced"), found.balanced)]
    ranges = tuple(
        Bar(
            str(name),
            spread.p05,
            spread.p95,
            _(
                "%(low)s to %(high)s, middle %(middle)s",
                low=share(spread.p05, 0),
                high=share(spread.p95, 0),
                middle=share(spread.p50, 0),
            ),
        )
        for name, spread in spreads
        if spread is not None
    )
    if ranges:
        charts.append(
            Chart(
                "chance",
                _("A borderline candidate's chance to pass"),
                _(
                    "From the luckiest to the unluckiest forms, without the outer 5 per cent on "
                    "either side. The shorter the bar, the fairer. It is the chance to reach the "
                    "cut score; what outcomes ask for at least is left out."
                )
                if found.ground.specification.has_minima
                else _(
                    "From the luckiest to the unluckiest forms, without the outer 5 per cent on "
                    "either side. The shorter the bar, the fairer."
                ),
                _("Forms"),
                _("Chance to pass"),
                ranges,
                share(1, 0),
            )
        )
    course = found.course
    if found.ground.plan.band is not None:
        said = _(
            "How many of a hundred first, second and later forms are as hard as the published band "
            "allows. The others are the nearest that there are, and are counted."
        )
        title = _("Forms inside the band, by attempt")
        charts.append(_by_attempt("band", title, said, _("In the band"), course.in_band))
    if any(part >= LEAST for part in course.repeats):
        said = _(
            "How many of a hundred questions of a first, second or later form its candidate has "
            "met in an attempt before. New ones come first."
        )
        title = _("Questions met before, by attempt")
        charts.append(_by_attempt("again", title, said, _("Met before"), course.repeats))
    charts.append(_exposure(found))
    shown = [
        (step, figures.shown_after(found.exposed, step))
        for step in figures.STEPS
        if step <= max(100, found.candidates)
    ]
    charts.append(
        Chart(
            "used",
            _("How much of the bank has been seen"),
            _("The share of the items that somebody has met, after so many first attempts."),
            _("Sittings"),
            _("Items seen"),
            tuple(Bar(format_decimal(n), 0.0, v, share(v, 0)) for n, v in shown),
            share(1, 0),
        )
    )
    return charts


def _by_attempt(name: str, title: str, said: str, label: str, shares: tuple[float, ...]) -> Chart:
    bars = tuple(Bar(str(k), 0.0, part, share(part, 1)) for k, part in enumerate(shares, start=1))
    return Chart(name, title, said, _("Attempt"), label, bars, share(1, 0))


def _exposure(found: Forecast) -> Chart:
    """Items by the share of candidates who meet them, over all of their attempts."""
    met = found.course.met
    low, high = float(met.min()), float(met.max())
    # No narrower than its label can say: where all are met alike, one bar says it.
    bins = min(BINS, max(1, int((high - low) / NARROWEST)))
    counts, edges = np.histogram(met, bins=bins, range=(low, high + 1e-9))
    most = max(int(counts.max()), 1)
    bars = tuple(
        Bar(
            "–".join(dict.fromkeys(f"{100 * share:.1f}" for share in (low, high))) + " %",
            0.0,
            count / most,
            str(ngettext("%(num)s item", "%(num)s items", count)),
        )
        for count, low, high in zip(
            counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True
        )
    )
    return Chart(
        "exposure",
        _("How many candidates meet an item"),
        _(
            "Over all attempts of %(candidates)s candidates, of whom %(passing)s in a hundred pass "
            "each time and stop.",
            candidates=format_decimal(found.candidates),
            passing=round(found.pass_rate * 100),
        ),
        _("Of all candidates"),
        _("Items"),
        bars,
        format_decimal(most),
    )


def _sittings(found: Forecast, share: float) -> int:
    """After how many first attempts somebody has met so much of the bank; 0: after too many."""
    low, high = 1, 1 << 24
    if figures.shown_after(found.exposed, high) < share:
        return 0
    while low < high:
        middle = (low + high) // 2
        if figures.shown_after(found.exposed, middle) >= share:
            high = middle
        else:
            low = middle + 1
    return low


def _levels() -> dict[str, str]:
    return {
        Feedback.OUTCOME.value: _("Result for each outcome"),
        Feedback.TOPIC.value: _("Outcomes, and what to revise"),
        Feedback.WRONG.value: _("Questions answered wrongly, without keys"),
        Feedback.KEYS.value: _("Questions answered wrongly, with their keys"),
    }


def _asked(name: str, least: int, most: int, default: int) -> int:
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        return default
    return min(max(int(text), least), most)

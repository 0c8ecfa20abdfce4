"""Quotas and enemies, sight, the band, chance: held against an enumeration of every form.

Chance is that of fixed seeds, so the outcome of each test is the same every time.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from assess.delivery import counting, draw, second_draw, units
from assess.delivery.draw import Band, Cell, Draw, Entry, History, Pool, Seen, Stream
from assess.psychometrics import calibration
from assess.reasons import Code, Refused
from tests import chances

SEED = bytes(range(32))
DIGEST = "ab" * 32
Form = frozenset[int]


def drawn(pool: Pool, history: History, candidate: str = "ann") -> Draw:
    form = draw.draw(pool, history, Stream(SEED, candidate, 1))
    assert isinstance(form, Draw), form
    return form


def allowed(pool: Pool, history: History) -> list[Form]:
    """Every form that may be given, found by looking at every choice of items there is."""
    entries = {entry.item: entry for cell in pool.cells for entry in cell.entries}
    sets: dict[int, set[int]] = {}
    for entry in entries.values():
        if entry.set:
            sets.setdefault(entry.set, set()).add(entry.item)
    choices = [
        itertools.combinations([entry.item for entry in cell.entries], cell.count)
        for cell in pool.cells
    ]
    forms = [frozenset(itertools.chain(*one)) for one in itertools.product(*choices)]
    forms = [
        form
        for form in forms
        if all(len(form & one) in (0, len(one)) for one in sets.values())
        and all(len(form & set(group)) < 2 for group in pool.enemies)
    ]
    ranks = sorted({(s.times, s.last) for item, s in history.items() if item in entries})

    def sight(form: Form) -> list[int]:
        met = Counter((s.times, s.last) for i in form if (s := history.get(i)) is not None)
        return [len(form) - met.total(), *(met[rank] for rank in ranks)]

    best = max(map(sight, forms), default=[])
    forms = [form for form in forms if sight(form) == best]
    if pool.band is None or not forms:
        return forms
    off = {form: abs(score(form, entries) - pool.band.target) for form in forms}
    reach = max(min(off.values()), pool.band.half)
    return [form for form in forms if off[form] <= reach]


def score(form: Form, entries: Mapping[int, Entry]) -> int:
    return sum(entries[item].difficulty or 0 for item in form)


def situation(chance: random.Random) -> tuple[Pool, dict[int, Seen]]:
    """A small pool with sets (some across cells), enemies and a band, or without; a history."""
    cells, first = [], 1
    for number in range(chance.randint(1, 3)):
        size = chance.randint(2, 6)
        entries = [
            Entry(
                first + i,
                100 + first + i,
                2,
                chance.choice((200, 400, 450, 500, 700, 900)),
                chance.choice((0, 0, 0, 1, 2)),
            )
            for i in range(size)
        ]
        cells.append(Cell(f"u/{number}", chance.randint(1, min(3, size)), entries))
        first += size
    share = chance.choice((0, 0.3, 0.8))
    history = {
        item: Seen(chance.randint(1, 2), chance.randint(1, 3))
        for item in range(1, first + 2)
        if chance.random() < share
    }
    length = sum(cell.count for cell in cells)
    enemies = tuple(
        tuple(chance.sample(range(1, first), min(chance.randint(2, 3), first - 1)))
        for _ in range(chance.randint(0, 3))
    )
    bands = (Band(length * 500, 50), Band(length * 550, 0), Band(0, 50), Band(0, length * 1000))
    band = chance.choice((None, *bands))
    return Pool(DIGEST, tuple(cells), chance.random() < 0.5, enemies, band), history


@pytest.mark.parametrize("tries", [0, 2, 100])
def test_whatever_the_pool_and_the_history_a_form_is_one_of_those_allowed(
    tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_draw, "TRIES", tries)
    chance = random.Random(tries)  # noqa: S311 - no secret
    refused = 0
    for number in range(120):
        pool, history = situation(chance)
        forms = allowed(pool, history)
        for k in range(4):
            form = draw.draw(pool, history, Stream(SEED, f"{number}-{k}", 1))
            if not forms:
                assert isinstance(form, Refused)
                refused += 1
                continue
            assert isinstance(form, Draw)
            items = [one.item for one in form.questions]
            assert len(items) == pool.length
            assert frozenset(items) in forms
            if pool.band is not None:
                entries = {e.item: e for cell in pool.cells for e in cell.entries}
                assert form.expected == score(frozenset(items), entries)
                assert form.in_band == (form.expected in pool.band)
            else:
                assert form.expected is form.in_band is None
    assert 0 < refused < 240  # sets and enemies often leave no form of such small pools


@pytest.mark.parametrize("tries", [0, 100])
def test_every_form_allowed_is_equally_likely(tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By counting as by trying: over many pools the p values of chi-square are uniform."""
    monkeypatch.setattr(second_draw, "TRIES", tries)
    chance = random.Random(7)  # noqa: S311 - no secret
    p: list[float] = []
    while len(p) < 25:
        pool, history = situation(chance)
        forms = allowed(pool, history)
        if not 2 <= len(forms) <= 25:
            continue
        counted = Counter(
            frozenset(one.item for one in drawn(pool, history, f"{len(p)}-{k}").questions)
            for k in range(12 * len(forms))
        )
        assert set(counted) <= set(forms)
        p.append(chances.of_even_counts(counted[form] for form in forms))
    assert min(p) > 0.001
    assert chances.of_even_values(p) > 0.01


TWO = Pool(
    DIGEST,
    (
        Cell("u/0", 2, [Entry(i, i, 0, 100 * i) for i in range(1, 7)]),
        Cell("u/1", 1, [Entry(i, i, 0, 500) for i in range(7, 11)]),
    ),
    shuffle_questions=False,
)


def test_enemies_never_meet_even_where_the_unseen_ones_are_enemies() -> None:
    pool = Pool(DIGEST, TWO.cells, enemies=((5, 6), (1, 7)))
    history = {item: Seen(1, 1) for item in (1, 2, 3, 4)}  # unseen in the first cell: 5 and 6
    found = {
        frozenset(one.item for one in drawn(pool, history, f"{k}").questions) for k in range(300)
    }
    assert found == set(allowed(pool, history))
    assert all(len(form & {5, 6}) == 1 for form in found)


def test_a_set_comes_whole_and_its_questions_stay_together() -> None:
    cells = (
        Cell("u/0", 4, [Entry(i, i, 0, None, 9 if i in (2, 4, 6) else 0) for i in range(1, 8)]),
    )
    pool = Pool(DIGEST, cells)
    seen = set()
    for k in range(60):
        items = [one.item for one in drawn(pool, {}, f"{k}").questions]
        whole = {2, 4, 6} <= set(items)
        assert whole or not {2, 4, 6} & set(items)
        if whole:
            first = items.index(2)
            assert items[first : first + 3] == [2, 4, 6]
        seen.add(whole)
    assert seen == {True, False}


def test_no_form_in_the_band_gives_the_nearest_and_says_so() -> None:
    pool = Pool(DIGEST, TWO.cells, band=Band(9000, 10))
    form = drawn(pool, {})
    assert {one.item for one in form.questions} > {5, 6}
    assert (form.expected, form.in_band) == (1600, False)


def test_sets_and_enemies_that_leave_no_form_refuse_the_draw() -> None:
    pool = Pool(DIGEST, (Cell("u/0", 2, [Entry(1, 1, 0), Entry(2, 2, 0)]),), enemies=((1, 2),))
    refused = draw.draw(pool, {}, Stream(SEED, "ann", 1))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status) == (Code.BLUEPRINT, 409)
    assert [reason.values["what"] for reason in refused.reasons] == ["no_form"]


def test_enemies_too_entangled_to_count_are_kept_apart_by_trying() -> None:
    chance = random.Random(3)  # noqa: S311 - no secret
    cells = tuple(
        Cell(f"u/{c}", 3, [Entry(30 * c + i, i, 0, 500) for i in range(30)]) for c in range(4)
    )
    pairs = tuple((item, chance.choice(range(120))) for item in range(120))
    pool = Pool(DIGEST, cells, enemies=pairs, band=Band(6000, 10))
    assert draw.account(pool) == draw.Account(exact=False, forms=None, acceptance=None)
    assert not draw.countable(pool)
    assert draw.why_not_found(pool) == ()  # each of the trials finds a form
    for k in range(20):
        items = {one.item for one in drawn(pool, {}, f"{k}").questions}
        assert all(len(items & set(group)) < 2 for group in pool.enemies)


def too_long_to_count() -> tuple[Pool, dict[int, Seen]]:
    """Thirty outcomes of eight items, two each; three attempts left two enemies of the first."""
    chance = random.Random(4)  # noqa: S311 - no secret
    cells = tuple(
        Cell(f"u/{c}", 2, [Entry(8 * c + i, 1, 0, chance.randrange(300, 950)) for i in range(1, 9)])
        for c in range(30)
    )
    pool = Pool(DIGEST, cells, enemies=((1, 2),), band=Band(30 * 1_250, 200))
    return pool, {item: Seen(1, 1 + (item - 3) // 2) for item in range(3, 9)}


def test_who_has_met_all_but_enemies_is_given_a_form_of_a_test_too_long_to_count() -> None:
    pool, history = too_long_to_count()
    form = drawn(pool, history)
    first = {one.item for one in form.questions if one.item < 9}
    assert first in ({1, 3}, {1, 4}, {2, 3}, {2, 4})  # one not met, and one met longest ago
    assert form.in_band


@pytest.mark.parametrize("tries", [1, 50])
def test_where_sums_are_not_counted_a_form_is_found_wherever_there_is_one(
    tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_draw, "MORE_TRIES", tries)
    monkeypatch.setattr(second_draw, "_table", lambda *_: None)
    chance = random.Random(tries)  # noqa: S311 - no secret
    given: Counter[bool] = Counter()
    for number in range(150):
        pool, history = situation(chance)
        forms = allowed(replace(pool, band=None, unbalanced=""), history)
        form = draw.draw(pool, history, Stream(SEED, f"{number}", 1))
        assert isinstance(form, Draw) == bool(forms)
        if isinstance(form, Draw):
            assert frozenset(one.item for one in form.questions) in forms
        given[bool(forms)] += 1
    assert min(given[True], given[False]) > 20


def test_an_account_says_how_many_forms_there_are_and_what_share_lies_in_the_band() -> None:
    pool = Pool(DIGEST, TWO.cells, enemies=((5, 6), (1, 7)), band=Band(1200, 150))
    unbound = Pool(DIGEST, TWO.cells, enemies=((5, 6), (1, 7)))
    inside, every = len(allowed(pool, {})), len(allowed(unbound, {}))
    assert draw.account(pool) == draw.Account(True, every, inside / every)
    assert draw.account(unbound) == draw.Account(True, every, None)
    assert draw.countable(pool)
    two = (Cell("u/0", 2, [Entry(1, 1, 0, 500), Entry(2, 2, 0, 500)]),)
    none = Pool(DIGEST, two, enemies=((1, 2),), band=Band(1000, 0))
    assert draw.account(none) == draw.Account(True, 0, None)
    # Two cases that are enemies, and that no form has room for.
    cases = (Cell("u/0", 2, [Entry(i, i, 0, None, i // 3) for i in range(1, 9)]),)
    assert draw.account(Pool(DIGEST, cases, enemies=((3, 6),))) == draw.Account(True, 1, None)


def test_counting_gives_up_where_it_would_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    # Three times two of which all are needed, which leaves three states; a set too large for them.
    two = [((0, 0),), ((0, 1),)]
    elements = [counting.Alike(((0, 1),), 1, two, {0: ((0, 1), ())}, (2,), 8) for _ in range(3)]
    elements.append(counting.Alike(((0, 3),), 1, [()], {0: ((0,), ())}, (2,), 8))

    def counted(limited: bool) -> bool:
        return counting.table(elements, (2,), 8, 100, limited) is not None

    monkeypatch.setattr(counting, "MOST_WORK", 5000)  # 22 steps, and 28 products, of 100 bits
    assert counted(limited=True)
    monkeypatch.setattr(counting, "MOST_WORK", 4999)
    assert not counted(limited=True)
    assert counted(limited=False)
    monkeypatch.undo()
    monkeypatch.setattr(counting, "MOST_STEPS", 22)
    assert counted(limited=True)
    monkeypatch.setattr(counting, "MOST_STEPS", 21)
    assert not counted(limited=True)


def test_numbers_of_forms_are_of_the_size_that_the_record_says() -> None:
    for entries, count, bits in ((9, 4, 8), (10, 4, 16), (10, 9, 16), (16, 2, 8)):
        cells = (Cell("u/0", count, [Entry(i, i, 0, 50 * i) for i in range(1, entries + 1)]),)
        assert units.of(Pool(DIGEST, cells)).size == bits
        banded = units.of(Pool(DIGEST, cells, band=Band(500, 10)))
        assert banded.size == bits * (count * 50 * (entries - 1) + 1)


def test_a_pool_too_large_to_count_gives_the_nearest_of_what_was_tried() -> None:
    """57 cells of 246 items, a band of a thousandth of a mark: counting took minutes."""
    rng = random.Random(5)  # noqa: S311 - no secret
    cells = tuple(
        Cell(
            f"u/{c}",
            2,
            [Entry(246 * c + i, 246 * c + i, 4, rng.randrange(1, 999)) for i in range(246)],
        )
        for c in range(57)
    )
    pool = Pool(DIGEST, cells, band=Band(57 * 1_000, 1))
    assert draw.account(pool) == draw.Account(exact=False, forms=None, acceptance=None)
    assert not draw.countable(pool)
    assert draw.countable(replace(pool, band=None))  # without sums it takes little
    found = drawn(pool, {}, "c")
    assert found.expected is not None
    assert abs(found.expected - pool.band.target) < 20 if pool.band else False


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_band_takes_four_fifths_of_the_luck_and_leaves_exposure_even(seed: int) -> None:
    """Ten outcomes of twelve items, two each; the chances of a borderline candidate to pass."""
    rng = np.random.default_rng(seed)
    chances = 1 / (1 + np.exp(-rng.normal(0.3, 1.1, (10, 12))))
    thousandths = np.rint(1000 * chances).astype(int)
    cells = tuple(
        Cell(f"u/{c}", 2, [Entry(12 * c + i, 1, 0, int(d)) for i, d in enumerate(row)])
        for c, row in enumerate(thousandths)
    )
    target = round(2 * thousandths.mean(axis=1).sum())
    naive = Pool(DIGEST, cells)
    balanced = Pool(DIGEST, cells, band=Band(target, 200))
    spread, exposure = [], []
    for pool in (naive, balanced):
        forms = [
            [one.item for one in drawn(pool, {}, f"{k}").questions]
            for k in range(1500 if pool is balanced else 600)
        ]
        passing = calibration.pass_chance(chances.ravel()[np.array(forms)], round(target / 1000))
        low, high = np.percentile(passing, (5, 95))
        spread.append(float(high - low))
        times = np.bincount(np.array(forms).ravel(), minlength=120)
        # Of 1,500 draws a share of 1/6 counts 250 +- 14: take that chance off the spread.
        true = np.sqrt(max(times.var() - 1500 / 6 * 5 / 6, 0)) if pool is balanced else 0
        exposure.append(float(true))
    assert spread[1] <= 0.2 * spread[0]
    assert exposure[1] / 250 < 0.07  # 2.5 standard deviations to each side are max/min 1.4

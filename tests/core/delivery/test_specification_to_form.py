"""From a specification to a form: narrowed quotas, cases, enemies, histories and the band together.

Random banks are asked by random specifications; each form is held against all that the words of the
specification allow, found by looking at every choice of items, without cells, pools and units.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assess.actions.pools import freeze
from assess.bank.cells import Facts, sort_out
from assess.bank.items import Level
from assess.bank.specification import Quota, Sets, Specification
from assess.bank.specification_file import read_blueprint
from assess.delivery import draw
from assess.delivery.draw import Draw, Entry, History, Seen, Stream
from assess.reasons import Refused

SEED = bytes(range(32))
BASE = read_blueprint("{bank: b, cut: 1, quotas: [{outcome: a, count: 1}]}")
KINDS = ("single_choice", "multiple_response")


@dataclass(frozen=True)
class Situation:
    """A specification, the live items of its bank, and what a candidate has met of them."""

    specification: Specification
    live: list[Facts]
    history: dict[int, Seen]


def situation(chance: random.Random) -> Situation:
    """Up to three quotas on nested outcomes, up to eleven items."""
    quotas: dict[str, Quota] = {}
    for _ in range(chance.randint(1, 3)):
        one = Quota(
            chance.choice(("u", "u/1", "u/2")),
            chance.choice((1, 2, 2)),
            kind=chance.choice((None, None, None, *KINDS)),
            level=chance.choice((None, None, None, Level.APPLY)),
            difficulty=chance.choice((None, None, None, (0, 500), (400, 1000))),
            set=chance.choice((None, Sets.WHOLE, Sets.WHOLE, Sets.ALONE)),
        )
        quotas[one.label] = one
    live = [
        Facts(
            item,
            where,
            chance.choice((KINDS[0], KINDS[0], *KINDS)),
            chance.choice(("apply", "apply", "recall")),
            chance.choice((200, 400, 500, 500, 700)),
            # Two cases on each outcome, which by chance are whole, torn, or not there.
            chance.choice(("", "", f"{where} s", f"{where} t", "s")),
            tuple(name for name in "xy" if chance.random() < 0.15),
        )
        for item in range(1, chance.randint(9, 15))
        for where in [chance.choice(("u", "u/1", "u/1/k", "u/2"))]
    ]
    assert not isinstance(BASE, Refused)
    asked = replace(
        BASE,
        quotas=tuple(quotas.values()),
        enemies=(("q1", "q2"),) if chance.random() < 0.2 else (),
        band=chance.choice((None, 5, 40, 200)),
    )
    share = chance.choice((0, 0.3, 0.7))
    history = {
        one.item: Seen(chance.randint(1, 2), chance.randint(1, 3))
        for one in live
        if chance.random() < share
    }
    return Situation(asked, live, history)


def fits(quota: Quota, one: Facts) -> bool:
    """Whether an item is what a quota asks for."""
    low, high = quota.difficulty or (0, 1000)
    return (
        f"{one.outcome}/".startswith(f"{quota.outcome}/")
        and quota.kind in (None, one.kind)
        and (quota.level is None or quota.level.value == one.level)
        and low <= (one.difficulty or 0) <= high
        and (quota.set is None or (quota.set is Sets.WHOLE) == (one.set != ""))
    )


def allowed(it: Situation) -> list[frozenset[int]]:
    """Every form that the specification allows this candidate."""
    quotas, live = it.specification.quotas, it.live
    narrow = sorted(
        range(len(quotas)),
        key=lambda k: (-quotas[k].outcome.count("/"), -len(quotas[k].narrowing), k),
    )
    home = {one.item: next((k for k in narrow if fits(quotas[k], one)), None) for one in live}
    cases = {
        name: {one.item for one in live if one.set == name} for name in {one.set for one in live}
    }
    torn = {
        one.item
        for one in live
        if (k := home[one.item]) is not None
        and quotas[k].set is Sets.WHOLE
        and {home[i] for i in cases[one.set]} != {k}
    }
    drawable = {i: k for i, k in home.items() if k is not None and i not in torn}
    choices = [
        itertools.combinations([i for i, at in drawable.items() if at == k], quota.count)
        for k, quota in enumerate(quotas)
    ]
    groups = [{one.item for one in live if name in one.enemies} for name in "xy"]
    groups += [{1, 2} for _ in it.specification.enemies]
    whole = [
        case
        for name, case in cases.items()
        if name
        and any(quotas[k].set is Sets.WHOLE for i in case if (k := drawable.get(i)) is not None)
    ]
    forms = [frozenset(itertools.chain(*one)) for one in itertools.product(*choices)]
    forms = [
        form
        for form in forms
        if all(len(form & group) < 2 for group in groups)
        and all(form & case in (frozenset(), case) for case in whole)
    ]
    return nearest(it, best(forms, it.history, drawable), drawable)


def best(
    forms: Sequence[frozenset[int]], history: History, drawable: dict[int, int]
) -> list[frozenset[int]]:
    """Those with the most unseen items, then with the most of the least and longest ago seen."""
    ranks = sorted({(s.times, s.last) for item, s in history.items() if item in drawable})

    def sight(form: frozenset[int]) -> list[int]:
        met = Counter((history[i].times, history[i].last) for i in form if i in history)
        return [len(form) - met.total(), *(met[rank] for rank in ranks)]

    most = max(map(sight, forms), default=[])
    return [form for form in forms if sight(form) == most]


def nearest(
    it: Situation, forms: list[frozenset[int]], drawable: dict[int, int]
) -> list[frozenset[int]]:
    """Those in the band about the mean form, else those nearest to it."""
    if it.specification.band is None or not forms:
        return forms
    known = {one.item: one.difficulty or 0 for one in it.live}
    target = 0.0
    for k, quota in enumerate(it.specification.quotas):
        own = [known[i] for i, at in drawable.items() if at == k]
        target += quota.count * sum(own) / len(own)
    half = it.specification.band * it.specification.length
    off = {form: abs(sum(known[i] for i in form) - int(target + 0.5)) for form in forms}
    reach = max(half, min(off.values()))
    return [form for form in forms if off[form] <= reach]


def test_a_form_is_one_of_those_that_the_specification_allows_and_each_of_them_comes() -> None:
    chance = random.Random(5)  # noqa: S311 - no secret
    seen: Counter[str] = Counter()
    for number in range(400):
        it = situation(chance)
        forms = allowed(it)
        found = sort_out(it.specification, it.live, {"q1": 1, "q2": 2})
        if any(len(c) < q.count for c, q in zip(found.items, found.quotas, strict=True)):
            assert not forms
            continue
        entries = {one.item: Entry(one.item, one.item, 2, one.difficulty) for one in it.live}
        pool, _ = freeze(it.specification, "ab" * 32, found, entries, None)
        drawn = [
            draw.draw(pool, it.history, Stream(SEED, f"{number}-{k}", 1))
            for k in range(40 if 1 < len(forms) < 5 else 3)
        ]
        given = {frozenset(q.item for q in one.questions) for one in drawn if isinstance(one, Draw)}
        assert given <= set(forms)
        if len(drawn) > 3:
            assert given == set(forms)  # 40 draws miss one of four with a chance of 1 in 10,000
        assert all(isinstance(one, Draw) == bool(forms) for one in drawn)
        kept = {
            "narrowed": any(quota.narrowing for quota in found.quotas),
            "cases": any(quota.set is Sets.WHOLE for quota in found.quotas),
            "enemies": bool(found.enemies),
            "band": pool.band is not None,
            "met": bool(it.history),
        }
        seen.update(name for name, there in kept.items() if there and forms)
        seen["all"] += all(kept.values()) and bool(forms)
        seen["none"] += not forms
    assert min(seen[name] for name in ("narrowed", "cases", "enemies", "band", "met")) > 30, seen
    assert seen["all"] >= 3, seen  # all of it at once
    assert seen["none"] > 3, seen

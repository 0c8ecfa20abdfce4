"""To which quota does each live item belong? Every item to one at the most, so cells never overlap.

An item fits a quota when it stands at the quota's outcome or below it and is what the quota is
narrowed to. Where it fits several it belongs to the most specific: the deepest outcome, then the
most narrowings, then the one declared first (`docs/decisions/0025-one-cell-an-item.md`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assess.bank.items import Content
from assess.bank.specification import Quota, Sets, Specification


@dataclass(frozen=True, slots=True)
class Facts:
    """What a specification may ask of a live item; `item` is its number in the store.

    `difficulty` is the expected facility in thousandths, None where nobody has said. `set` is the
    shared case it belongs to, empty for none; `enemies` are the names of the groups of which one
    form holds one item at the most.
    """

    item: int
    outcome: str
    kind: str = "single_choice"
    level: str | None = None
    difficulty: int | None = None
    set: str = ""
    enemies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """The items of each quota, in the order of the quotas, each in ascending order of item.

    `enemies` are groups of two items or more, all of them in cells, of which a form holds one at
    the most. `elsewhere` counts, for each quota, the items that fit it but belong to a more
    specific one; `broken` the items of shared cases that it would have to tear apart.
    """

    quotas: tuple[Quota, ...]
    items: tuple[tuple[Facts, ...], ...]
    enemies: tuple[frozenset[int], ...]
    elsewhere: tuple[int, ...]
    broken: tuple[int, ...]

    def cases(self, place: int) -> tuple[tuple[int, ...], ...]:
        """What the quota at `place` draws together: whole cases, each by its items.

        Empty where it draws its items one by one.
        """
        if self.quotas[place].set is not Sets.WHOLE:
            return ()
        found: dict[str, list[int]] = {}
        for one in self.items[place]:
            found.setdefault(one.set, []).append(one.item)
        return tuple(tuple(items) for _, items in sorted(found.items()))


class Placing:
    """Finds the quota of an item; made once for many items."""

    def __init__(self, quotas: Sequence[Quota]) -> None:
        self.quotas = quotas
        self._at: dict[str, list[int]] = {}
        for place in sorted(range(len(quotas)), key=lambda k: (-len(quotas[k].narrowing), k)):
            self._at.setdefault(quotas[place].outcome, []).append(place)

    def fitting(self, facts: Facts) -> list[int]:
        """The places of all quotas that the item fits, most specific first."""
        return [k for k in self.standing(facts.outcome) if _fits(self.quotas[k], facts)]

    def standing(self, outcome: str) -> list[int]:
        """The places of the quotas at this path and above it, whatever they are narrowed to."""
        found: list[int] = []
        path = outcome
        while path:
            found += self._at.get(path, ())
            path = path.rpartition("/")[0]
        return found

    def covers(self, outcome: str) -> bool:
        """Whether any quota stands at this path or above it."""
        path = outcome
        while path and path not in self._at:
            path = path.rpartition("/")[0]
        return bool(path)


def counts_for(placing: Placing, content: Content) -> Quota | None:
    """The quota that a question was drawn for; None where none stands at its outcome or above.

    Not the nearest outcome: where the quota that stands there is narrowed to something else, the
    question was drawn for one above it. One that no quota would draw counts for the nearest.
    """
    level = None if content.level is None else content.level.value
    facts = Facts(
        0, content.outcome or "", content.kind, level, content.expected_facility, content.set
    )
    found = placing.fitting(facts) or placing.standing(facts.outcome)
    return placing.quotas[found[0]] if found else None


def _fits(quota: Quota, facts: Facts) -> bool:
    if quota.kind is not None and facts.kind != quota.kind:
        return False
    if quota.level is not None and facts.level != quota.level:
        return False
    if quota.difficulty is not None:
        low, high = quota.difficulty
        if facts.difficulty is None or not low <= facts.difficulty <= high:
            return False
    return quota.set is None or (quota.set is Sets.WHOLE) == bool(facts.set)


def sort_out(
    specification: Specification, live: Iterable[Facts], identifiers: Mapping[str, int]
) -> Cells:
    """The cells of a specification with the live items of its bank.

    `identifiers` gives the number of each item that the specification names as an enemy; those it
    does not know are no live items and stand in nobody's way.
    """
    quotas = specification.quotas
    placing = Placing(quotas)
    items: list[list[Facts]] = [[] for _ in quotas]
    elsewhere = [0] * len(quotas)
    homes: dict[str, set[int | None]] = {}  # of each shared case, the places of its items
    groups: dict[str, set[int]] = {}
    whole = any(quota.set is Sets.WHOLE for quota in quotas)
    for one in live:
        fitting = placing.fitting(one)
        for place in fitting[1:]:
            elsewhere[place] += 1
        if one.set and whole:
            homes.setdefault(one.set, set()).add(fitting[0] if fitting else None)
        if not fitting:
            continue
        items[fitting[0]].append(one)
        for name in one.enemies:
            groups.setdefault(name, set()).add(one.item)
    broken = [0] * len(quotas)
    for place, quota in enumerate(quotas):
        if quota.set is Sets.WHOLE:
            kept = [one for one in items[place] if homes[one.set] == {place}]
            broken[place] = len(items[place]) - len(kept)
            items[place] = kept
    for cell in items:
        cell.sort(key=lambda one: one.item)
    drawable = {one.item for cell in items for one in cell}
    named = [
        {identifiers[one] for one in group if one in identifiers} for group in specification.enemies
    ]
    enemies = {frozenset(group & drawable) for group in (*groups.values(), *named)}
    return Cells(
        quotas,
        tuple(tuple(cell) for cell in items),
        tuple(sorted((g for g in enemies if len(g) > 1), key=sorted)),
        tuple(elsewhere),
        tuple(broken),
    )

"""How likely is what was counted, where chance is fair? Without scipy.stats, long to import."""

from __future__ import annotations

from collections.abc import Iterable

from scipy import special


def of_even_counts(counts: Iterable[int]) -> float:
    """The p value of Pearson's chi-square, where every count is expected to be the same."""
    seen = list(counts)
    even = sum(seen) / len(seen)
    return float(special.chdtrc(len(seen) - 1, sum((n - even) ** 2 for n in seen) / even))


def of_even_values(values: Iterable[float]) -> float:
    """The p value of Kolmogorov and Smirnov, where values are spread evenly over [0, 1].

    Twice that of one side, which is the exact one as far as both sides are never far off at once:
    within a thousandth of it where it is below 0.1.
    """
    seen = sorted(values)
    n = len(seen)
    far = max(max((k + 1) / n - value, value - k / n) for k, value in enumerate(seen))
    return min(1.0, 2 * float(special.smirnov(n, far)))

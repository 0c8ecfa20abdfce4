"""How far can marks and decisions be trusted, as rows for a report?

Every coefficient comes with its kind and its n; what has no value has a sentence instead.
"""

from __future__ import annotations

from typing import Any

from assess.psychometrics import csem, decisions, omega, reliability
from assess.psychometrics.cells import Cells
from assess.psychometrics.classical import RawSums
from assess.psychometrics.reliability import Components, MarkSums, MarkTable
from assess.psychometrics.responses import FULL

Rows = list[dict[str, Any]]


def coefficients(
    data: Cells, raw: RawSums, sums: MarkSums, marks: MarkTable
) -> tuple[Rows, Components]:
    """The reliability of the marks in every way that these answers allow, and its components."""
    parts = reliability.components(sums, raw)
    rows: Rows = [_row("alpha_adjusted", marks.alpha, sums.n, marks.why_no_alpha)]
    if data.complete:
        binary = bool((data.full | (data.points == 0)).all())
        if binary and marks.alpha is not None:
            # On one form of right-or-wrong items alpha is Kuder and Richardson's formula 20.
            rows.append(_row("kr20", marks.alpha, sums.n))
        products = omega.products(data)
        if products is not None:
            found = omega.one_factor(products)
            if isinstance(found, str):
                rows.append(_row("omega", None, products.n, found))
            else:
                why = None if found.converged else "the one-factor model did not converge"
                for kind, value in (
                    ("omega", found.omega),
                    ("omega_standardised", found.omega_standardised),
                ):
                    rows.append(_row(kind, value if found.converged else None, products.n, why))
    rows.append(_row("generalisability", parts.generalisability, sums.n, parts.why))
    rows.append(_row("dependability", parts.dependability, sums.n, parts.why))
    return rows, parts


def variance(parts: Components) -> dict[str, float | None]:
    """The variance components of one answer, in marks squared, and the error they leave."""
    return {
        "person": parts.person,
        "item": parts.item,
        "residual": parts.residual,
        "length": parts.length,
        "sem": parts.sem,
    }


def conditional_errors(data: Cells) -> Rows:
    """The standard error at each mark, in marks."""
    return [{"mark": row.mark, "n": row.n, "sem": row.sem} for row in csem.conditional_errors(data)]


def at_cut(data: Cells, cut: float, value: float | None) -> tuple[Rows, str | None]:
    """Livingston and Lewis's consistency and accuracy at a cut in marks, or why there are none.

    `value`: the reliability that the decisions rest on.
    """
    full = data.sums(data.maximum[data.item])
    if not full.size:
        return [], "there are no attempts"
    if full.min() != full.max():
        return [], f"forms are worth {full.min()} to {full.max()} marks: one cut has no one meaning"
    if value is None:
        return [], "there is no reliability to rest on"
    found = decisions.livingston_lewis(data.total / FULL, value, cut, float(full.max()))
    if isinstance(found, str):
        return [], found
    row = {
        "method": "livingston_lewis",
        "cut": cut,
        "accuracy": found.accuracy,
        "consistency": found.consistency,
        "kappa": found.kappa,
    }
    return [row], None


def _row(kind: str, value: float | None, n: int, why: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "value": value, "n": n, "reason": None if value is not None else why}

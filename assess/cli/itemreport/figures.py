"""Which charts does a report have, and what does each of them say?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assess.cli.itemreport import charts
from assess.cli.itemreport.charts import Column, Figure
from assess.psychometrics.flags import percent
from assess.psychometrics.report import OMITTED

MOST_RANGES = 20  # rows of a chart of intervals
BARS = 15
MOST_COMPARISONS = 4

Document = Mapping[str, Any]


def of_test(document: Document) -> list[Figure]:
    """The charts of the test as a whole, those for which there are figures."""
    makers = (marks, item_map, csem, information, abilities, drift, times)
    drawn = [figure for figure in (make(document) for make in makers) if figure is not None]
    return drawn + differences(document)


def marks(document: Document) -> Figure | None:
    """How the marks are spread."""
    test = document["test"]
    rows = test["distribution"]
    if len(rows) < 2:
        return None
    step = -(-len(rows) // (2 * BARS))  # long tests get bars of several marks
    grouped = [
        {"mark": part[0]["mark"] + (step - 1) / 2, "n": sum(row["n"] for row in part)}
        for part in (rows[k : k + step] for k in range(0, len(rows), step))
    ]
    figure = charts.bars(
        "marks",
        "Marks",
        f"{test['n']:,} attempts got {test['min']:g} to {test['max']:g} marks, "
        f"{test['mean']:.2f} on average.",
        grouped,
        Column("mark", "Mark"),
        Column("n", "Attempts"),
        bin_of=step,
        whole=True,
    )
    return charts.with_rows(figure, rows)


def item_map(document: Document) -> Figure | None:
    """How hard each item is, and whether it tells the able from the others."""
    rows = [
        {
            "item": entry["item"],
            "facility": entry["facility"],
            "r": entry["discrimination"],
            "flagged": bool(entry["flags"]),
        }
        for entry in document["items"]
        if entry["shows"] in ("discrimination", "all") and entry["discrimination"] is not None
    ]
    if len(rows) < 2:
        return None
    flagged = sum(row["flagged"] for row in rows)
    return charts.cloud(
        "item-map",
        "Facility and discrimination",
        f"Each point is an item; {flagged or 'none'} of {len(rows)} "
        f"{'has' if flagged == 1 else 'have'} a flag (triangles).",
        rows,
        Column("facility", "Facility", 3),
        Column("r", "Discrimination (r)", 3),
        Column("item", "Item"),
    )


def csem(document: Document) -> Figure | None:
    """How far a mark can be trusted at each height."""
    rows = document["test"].get("csem") or []
    if len(rows) < 3:
        return None
    peak = max(rows, key=lambda row: row["sem"])
    return charts.lines(
        "csem",
        "Standard error of a mark",
        f"How far a mark may lie from the candidate's true score: most at {peak['mark']:g} marks "
        f"({peak['sem']:.2f}).",
        rows,
        Column("mark", "Mark"),
        Column("sem", "Standard error, in marks", 2),
    )


def information(document: Document) -> Figure | None:
    """Where on the scale of ability the test measures well."""
    irt = document["irt"]
    rows = (irt or {}).get("information") or []
    if not rows:
        return None
    peak = max(rows, key=lambda row: row["information"])
    return charts.lines(
        "information",
        "Test information",
        f"A form measures best at an ability of {peak['theta']:.1f}, with a standard error of "
        f"{peak['se']:.2f}.",
        rows,
        Column("theta", "Ability (theta)", 1),
        Column("information", "Information of a form", 2),
        y_domain=(0.0, 1.05 * peak["information"]),
    )


def abilities(document: Document) -> Figure | None:
    """How difficulties lie beside abilities."""
    rows = (document["irt"] or {}).get("map") or []
    if not rows:
        return None
    long = [
        {"theta": row["theta"], "what": what, "share": row[field]}
        for what, field in (("attempts", "attempts"), ("items", "items"))
        for row in rows
    ]
    return charts.lines(
        "abilities",
        "Abilities and difficulties",
        "Where the attempts and the items' difficulties (b) lie on one scale, as shares of each.",
        long,
        Column("theta", "Theta", 1),
        Column("share", "Share", 3),
        Column("what", "Of"),
        strong=("attempts",),
    )


def differences(document: Document) -> list[Figure]:
    """Which items favour a group among candidates equally able: a chart for each comparison."""
    found = document["dif"]
    compared = [] if not found else found["comparisons"][:MOST_COMPARISONS]
    drawn = (_difference(document, place, one) for place, one in enumerate(compared))
    return [figure for figure in drawn if figure is not None]


def _difference(document: Document, place: int, comparison: Document) -> Figure | None:
    rows = [
        {"item": entry["item"], **values, "flagged": values["class"] == "C"}
        for entry in document["items"]
        if (values := _delta(entry["dif"][place])) is not None
    ]
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: abs(row["delta"]), reverse=True)[:MOST_RANGES]
    focal, reference = comparison["focal"], document["dif"]["reference"]
    return charts.ranges(
        f"dif-{place}",
        f"{focal} against {reference}",
        f"Mantel-Haenszel D in ETS delta units with 95 % intervals, the {len(rows)} largest. Below "
        f"0 an item is harder for {focal} than for {reference} of equal ability. Class C stands "
        "out.",
        rows,
        Column("item", "Item"),
        Column("delta", "D (delta)", 2),
    )


def drift(document: Document) -> Figure | None:
    """Which items became easier or harder."""
    if not document["drift"]:
        return None
    rows = [
        {"item": entry["item"], **values, "flagged": entry["drift"]["flagged"]}
        for entry in document["items"]
        if (values := _delta(entry["drift"])) is not None
    ]
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: abs(row["delta"]), reverse=True)[:MOST_RANGES]
    return charts.ranges(
        "drift",
        "Last part of the time against the first",
        f"Mantel-Haenszel D in delta units with 95 % intervals, the {len(rows)} largest. Above 0 "
        "an item became easier for equally able candidates. Flagged items stand out.",
        rows,
        Column("item", "Item"),
        Column("delta", "D (delta)", 2),
    )


def times(document: Document) -> Figure | None:
    """How long the items take."""
    medians = sorted(
        entry["time"]["median"]
        for entry in document["items"]
        if entry["shows"] != "n" and (entry["time"] or {}).get("median")
    )
    if len(medians) < 2:
        return None
    step = _round_step((medians[-1] - medians[0]) / BARS)
    counted: dict[int, int] = {}
    for median in medians:
        counted[int(median // step)] = counted.get(int(median // step), 0) + 1
    rows = [
        {"seconds": (k + 0.5) * step, "n": counted.get(k, 0)}
        for k in range(min(counted), max(counted) + 1)
    ]
    return charts.bars(
        "times",
        "Response times",
        f"Half of the items take {medians[(len(medians) - 1) // 2]:.0f} seconds or less (medians "
        "of their answers).",
        rows,
        Column("seconds", "Median seconds", 1),
        Column("n", "Items"),
        bin_of=step,
    )


def of_item(place: int, entry: Document) -> Figure | None:
    """Who chooses each option of an item: shares by fifths of ability."""
    if entry["shows"] != "all":
        return None
    rows = [
        {"option": name(option), "group": k, "share": share}
        for option in entry["options"]
        for k, share in enumerate(option.get("trace") or [], start=1)
        if option["n"] and share is not None
    ]
    if not rows:
        return _facilities(place, entry)
    keys = [name(option) for option in entry["options"] if option["key"]]
    return charts.lines(
        f"trace-{place}",
        "Who chooses each option",
        "Shares of each option among five groups of equal size, from the lowest (1) to the highest "
        f"(5) on the other questions{_key_sentence(entry)}.",
        rows,
        Column("group", "Fifth by ability"),
        Column("share", "Share", 3),
        Column("option", "Option"),
        y_domain=(0.0, 1.0),
        points=True,
        strong=keys,
    )


def _facilities(place: int, entry: Document) -> Figure | None:
    """How an item of marks alone is answered by fifths of ability."""
    rows = [
        {"group": k, "share": share}
        for k, share in enumerate(entry["trace"], start=1)
        if share is not None
    ]
    if len(rows) < 2:
        return None
    return charts.lines(
        f"trace-{place}",
        "Marks by ability",
        "Mean share of the marks among five groups of equal size, from the lowest (1) to the "
        "highest (5) on the other questions.",
        rows,
        Column("group", "Fifth by ability"),
        Column("share", "Share of the marks", 3),
        y_domain=(0.0, 1.0),
        points=True,
    )


def name(option: Document) -> str:
    """What the page calls an option."""
    if option["option"] == OMITTED:
        return "omitted"
    return f"{option['option']} (key)" if option["key"] else str(option["option"])


def _key_sentence(entry: Document) -> str:
    traces = [option["trace"] for option in entry["options"] if option["key"] and option["trace"]]
    if len(traces) != 1 or traces[0][0] is None or traces[0][-1] is None:
        return ""
    lowest, highest = percent(traces[0][0]), percent(traces[0][-1])
    return f"; {lowest} of the lowest group and {highest} of the highest choose the key"


def _delta(found: Document | None) -> dict[str, Any] | None:
    """D with its interval and class, where there is one and answers enough to show it."""
    if not found or found["guard"] or found["delta"] is None or not found["delta_interval"]:
        return None
    low, high = found["delta_interval"]
    return {"delta": found["delta"], "low": low, "high": high, "class": found.get("class")}


def _round_step(step: float) -> float:
    """The next of 0.5, 1, 2, 5, 10, 20, ..."""
    for one in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        if step <= one:
            return float(one)
    return step

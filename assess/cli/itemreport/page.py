"""What does a report look like on a page of its own, that needs nothing else to be read?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from itertools import count
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from assess.cli import shell
from assess.cli.itemreport import charts, figures
from assess.psychometrics.flags import percent
from assess.psychometrics.guards import Shows, allows

NONE = "–"
MOST_LISTED = 1000  # items in the table of the page
MOST_DETAILED = 40  # items with a section of their own, and a chart

SECTIONS = (
    ("summary", "Summary"),
    ("flags", "What to look at"),
    ("test", "The test"),
    ("irt", "Item response model"),
    ("dif", "Differences between groups"),
    ("drift", "Change in time"),
    ("times", "Time and effort"),
    ("items", "Items"),
    ("one-by-one", "Items one by one"),
    ("method", "How to read this"),
)
# The gravest first, as the rules of the flags are.
HEADINGS = {
    "wrong_key": "Wrong key suspected",
    "second_key": "A second answer may be right",
    "below_guessing": "Below blind guessing",
    "too_hard": "Too hard",
    "too_easy": "Too easy",
    "weak": "Weak discrimination",
    "dif": "Unlike for equally able groups",
    "dif_non_uniform": "Separates differently in two groups",
    "drift": "Changed in time",
    "misfit": "Does not keep to the model",
    "dead_distractor": "Distractors nobody takes",
}
WORDS = {
    "alpha_adjusted": "alpha, adjusted for the forms",
    "generalisability": "generalisability, forms equally hard",
    "dependability": "dependability, luck of the draw included",
    "kr20": "KR-20",
    "omega": "omega (one factor)",
    "omega_standardised": "omega of standardised items",
    "empirical_irt": "of abilities (EAP), by the model",
    "sem": "standard error of a mark",
    "1pl": "One-parameter model (1PL: a common slope)",
    "2pl": "Two-parameter model (2PL)",
    "3pl": "Three-parameter model (3PL)",
    "livingston_lewis": "Livingston and Lewis",
    "rudner": "Rudner",
}

Steps = Callable[[int, int], None]


def html(document: Mapping[str, Any], title: str, progress: Steps = lambda done, of: None) -> str:
    """The page for a report of schema item-report/1: no script, nothing loaded, to be kept.

    `progress` is told how many charts are drawn, of how many.
    """
    items = document["items"]
    listed, detailed = _gravest(items, MOST_LISTED), _gravest(items, MOST_DETAILED)
    traces = (figures.of_item(place, items[place]) for place in detailed)
    drawn = [*figures.of_test(document), *(figure for figure in traces if figure is not None)]
    done = count(1)

    def draw(figure: charts.Figure) -> str:
        picture = charts.picture(figure)
        progress(next(done), len(drawn))
        return picture

    environment = Environment(
        loader=PackageLoader("assess.cli.itemreport", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": _percent, "interval": interval}
    style = (resources.files("assess.cli.itemreport") / "page.css").read_text(encoding="utf-8")
    kind, value = _best_reliability(document["test"]["reliability"])
    return environment.get_template("page.html").render(
        title=title,
        style=Markup(style),  # noqa: S704 - a file of this package
        report=document,
        figures={figure.name: figure for figure in drawn},
        draw=draw,
        listed=listed,
        unlisted=len(items) - len(listed),
        detailed=detailed,
        undetailed=len(items) - len(detailed),
        findings=_findings(items),
        flagged=[place for place, entry in enumerate(items) if entry["flags"]],
        few_dif=_too_few(entry["dif"] for entry in items),
        few_drift=[one["guard"] for entry in items if (one := entry["drift"]) and one["guard"]],
        reliability=value,
        reliability_kind=kind,
        sections=_sections(document, bool(detailed)),
        shows=_shows,
        counted=shell.counted,
        words=WORDS,
    )


def gravity(code: str) -> int:
    """The rank of a flag's code, 0 the gravest."""
    codes = list(HEADINGS)
    return codes.index(code) if code in codes else len(codes)


def number(value: float | None, decimals: int = 2) -> str:
    """A number with a fixed count of decimals and a true minus; a dash where there is none."""
    if value is None:
        return NONE
    return f"{value:z,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def interval(ends: list[float] | None, decimals: int = 2) -> str:
    """An interval as "0.31 to 0.42"; nothing where there is none."""
    return "" if ends is None else f"{number(ends[0], decimals)} to {number(ends[1], decimals)}"


def _percent(share: float | None) -> str:
    return NONE if share is None else percent(share)


def _shows(entry: Mapping[str, Any], what: str) -> bool:
    """Whether there are answers enough to show this of an item."""
    return allows(Shows(entry["shows"]), Shows(what))


def _gravest(items: Sequence[Mapping[str, Any]], most: int) -> list[int]:
    """The places of so many items in their order, chosen by the gravest flags."""
    return sorted(sorted(range(len(items)), key=lambda k: worst(items[k]))[:most])


def worst(entry: Mapping[str, Any]) -> int:
    """The rank of an item by its gravest flag."""
    return min((gravity(flag["code"]) for flag in entry["flags"]), default=len(HEADINGS) + 1)


def _findings(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The flags of all items by their code, the gravest code first."""
    found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {code: [] for code in HEADINGS}
    for place, entry in enumerate(items):
        for flag in entry["flags"]:
            found.setdefault(flag["code"], []).append((place, flag))
    return [
        {"heading": HEADINGS.get(code, code.replace("_", " ")), "found": places}
        for code, places in found.items()
        if places
    ]


def _too_few(compared: Iterable[Sequence[Mapping[str, Any]]]) -> list[list[str]]:
    """By comparison of groups, what stands in the way of the items that it says nothing of."""
    return [
        [one["guard"] for one in by_item if one["guard"]] for by_item in zip(*compared, strict=True)
    ]


def _best_reliability(rows: Sequence[Mapping[str, Any]]) -> tuple[str, float | None]:
    """The first coefficient that has a value, where alpha has none."""
    known = ((WORDS.get(row["kind"], row["kind"]), row["value"]) for row in rows)
    return next((pair for pair in known if pair[1] is not None), ("", None))


def _sections(document: Mapping[str, Any], detailed: bool) -> list[tuple[str, str]]:
    """The headings of this report, each with its anchor."""
    there = {
        "irt": document["irt"],
        "dif": document["dif"],
        "drift": document["drift"],
        "times": document["times"] or document["effort"],
        "one-by-one": detailed,
    }
    return [(name, heading) for name, heading in SECTIONS if there.get(name, True)]

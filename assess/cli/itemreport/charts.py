"""What do the figures of a report look like? Vega-Lite documents, drawn here as SVG.

The SVG has no script and nothing to load; it stands in the page as an image that needs no file.
Every chart says in a sentence what it shows, and its figures stand beside it as a table.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

BRAND, LINE, INK, MUTED = "#0b4f6c", "#d5dee3", "#0b0c0c", "#484e52"
FLAGGED = "#b3430f"  # 5.4 to 1 on white
OTHERS = (FLAGGED, "#5b7f3a", "#7a4b9a", "#00757d", "#8a6a00", "#6b6b6b", "#a02c5a")
WIDTH, HEIGHT = 440, 250  # so narrow that the letters can be read on a phone
MOST_NAMED = 12  # points with their names beside them; more would lie on each other
Rows = Sequence[Mapping[str, Any]]

CONFIG: dict[str, Any] = {
    "aria": False,  # the figure as a whole has a name; its parts are in the table
    "background": None,
    "font": "sans-serif",
    "axis": {
        "labelFontSize": 13,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": LINE,
        "domainColor": MUTED,
        "tickColor": MUTED,
    },
    "legend": {"labelFontSize": 13, "titleFontSize": 13, "orient": "bottom", "labelLimit": 200},
    "view": {"stroke": None},
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table beside a chart: the field, its heading, how many decimals."""

    field: str
    heading: str
    decimals: int | None = None  # None: as it is


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, the sentence that says what it shows, and its figures as a table."""

    name: str
    title: str
    sentence: str
    spec: Mapping[str, Any]
    columns: tuple[Column, ...]
    rows: Rows


def picture(figure: Figure) -> str:
    """The chart as the address of an image that holds all of itself (a data URI of SVG)."""
    # Loaded here: it brings a whole drawing engine, which most commands never need.
    import vl_convert

    spec = {"width": WIDTH, "height": HEIGHT, "config": CONFIG, **figure.spec}
    drawn = vl_convert.vegalite_to_svg(spec)
    return f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"


def quantity(
    field: str, title: str, domain: tuple[float, float] | None = None, **more: Any
) -> dict[str, Any]:
    """A channel for numbers; without a domain the axis fits them and need not begin at zero."""
    scale: dict[str, Any] = {"zero": False, "nice": True} if domain is None else {"domain": domain}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, **more}


def bars(
    name: str,
    title: str,
    sentence: str,
    rows: Rows,
    x: Column,
    y: Column,
    bin_of: float = 1.0,
    *,
    whole: bool = False,
) -> Figure:
    """How often each number occurs; `rows` have the middle of each bar in field x.

    `whole`: no number between whole ones stands below the bars.
    """
    half = bin_of / 2
    drawn = [{"from": r[x.field] - half, "to": r[x.field] + half, "n": r[y.field]} for r in rows]
    spec = {
        "data": {"values": drawn},
        "mark": {"type": "bar", "color": BRAND, "binSpacing": 1},
        "encoding": {
            "x": quantity(
                "from",
                x.heading,
                _ends(drawn),
                bin={"binned": True},
                axis={"tickMinStep": 1} if whole else {},
            ),
            "x2": {"field": "to"},
            "y": {**quantity("n", y.heading), "scale": {"zero": True}},
        },
    }
    return Figure(name, title, sentence, spec, (x, y), rows)


def _ends(drawn: Rows) -> tuple[float, float]:
    return drawn[0]["from"], drawn[-1]["to"]


def lines(
    name: str,
    title: str,
    sentence: str,
    rows: Rows,
    x: Column,
    y: Column,
    by: Column | None = None,
    *,
    y_domain: tuple[float, float] | None = None,
    points: bool = False,
    strong: Iterable[str] = (),
) -> Figure:
    """Lines of y over x, one for each value of `by`; those named in `strong` are thicker."""
    encoding: dict[str, Any] = {
        "x": quantity(x.field, x.heading, axis={"tickMinStep": 1} if points else {}),
        "y": quantity(y.field, y.heading, y_domain),
    }
    mark: dict[str, Any] = {"type": "line", "strokeWidth": 2.5, "color": BRAND}
    if points:
        mark["point"] = {"filled": True, "size": 45}
    if by is not None:
        names = list(dict.fromkeys(str(row[by.field]) for row in rows))
        thick = set(strong)
        # Told apart without colour too. One legend for all three, since they say the same.
        others = cycle(OTHERS)
        ranges_: dict[str, list[Any]] = {
            "color": [BRAND if name in thick else next(others) for name in names],
            "strokeDash": [
                [1, 0] if name in thick else DASHES[k % len(DASHES)] for k, name in enumerate(names)
            ],
            "strokeWidth": [4 if name in thick else 2 for name in names],
        }
        for channel, values in ranges_.items():
            encoding[channel] = {
                "field": by.field,
                "type": "nominal",
                "title": by.heading,
                "sort": names,
                "scale": {"domain": names, "range": values},
                "legend": {"symbolType": "stroke", "symbolSize": 400, "symbolStrokeWidth": 2.5},
            }
    columns = (x, y) if by is None else (by, x, y)
    spec = {"data": {"values": list(rows)}, "mark": mark, "encoding": encoding}
    return Figure(name, title, sentence, spec, columns, rows)


DASHES = ([6, 3], [2, 2], [8, 3, 2, 3], [1, 3], [10, 4], [4, 1], [3, 5], [12, 2, 2, 2])


def cloud(
    name: str, title: str, sentence: str, rows: Rows, x: Column, y: Column, label: Column
) -> Figure:
    """A point for each row; those with "flagged" stand out by colour and shape, with names."""
    marked = [row for row in rows if row["flagged"]]
    channels = {"x": quantity(x.field, x.heading, (0, 1)), "y": quantity(y.field, y.heading)}
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": [row for row in rows if not row["flagged"]]},
            "mark": {"type": "point", "filled": True, "color": BRAND, "opacity": 0.55, "size": 35},
            "encoding": channels,
        },
        {
            "data": {"values": marked},
            "mark": {
                "type": "point",
                "shape": "triangle-up",
                "filled": True,
                "color": FLAGGED,
                "opacity": 1,
                "size": 90,
            },
            "encoding": channels,
        },
    ]
    if len(marked) <= MOST_NAMED:
        layers.append(
            {
                "data": {"values": marked},
                "mark": {"type": "text", "dy": -10, "fontSize": 12, "color": INK},
                "encoding": {**channels, "text": {"field": label.field}},
            }
        )
    return Figure(name, title, sentence, {"layer": layers}, (label, x, y), rows)


def ranges(
    name: str, title: str, sentence: str, rows: Rows, label: Column, value: Column
) -> Figure:
    """A point with its interval ("low", "high") for each row, one below the other."""
    order = [str(row[label.field]) for row in rows]
    y = {
        "field": label.field,
        "type": "nominal",
        "sort": order,
        "title": None,
        "axis": {"labelLimit": 150, "grid": True},
    }
    strong = {"condition": {"test": "datum.flagged", "value": FLAGGED}, "value": BRAND}
    spec = {
        "height": {"step": 22},
        "data": {"values": list(rows)},
        "layer": [
            {
                "data": {"values": [{"zero": 0}]},
                "mark": {"type": "rule", "color": MUTED},
                "encoding": {"x": {"field": "zero", "type": "quantitative"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "y": y,
                    "x": quantity("low", value.heading),
                    "x2": {"field": "high"},
                    "color": strong,
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"y": y, "x": quantity(value.field, value.heading), "color": strong},
            },
        ],
    }
    columns = (
        label,
        value,
        Column("low", "from", value.decimals),
        Column("high", "to", value.decimals),
    )
    return Figure(name, title, sentence, spec, columns, rows)


def with_rows(figure: Figure, rows: Rows) -> Figure:
    """The same chart with a finer table beside it."""
    return replace(figure, rows=rows)

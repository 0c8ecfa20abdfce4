"""What may a candidate see of a question?

`Question` has no field that could hold a key, a rationale or a score, and templates of the
attempt are given nothing else: what is not there cannot leak. Positions are what the page speaks
of (0 for the option shown first); `Answer` is what is stored (the version's own option numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

from assess.bank.items import Content
from assess.bank.kinds import KINDS, Answer
from assess.delivery.draw import Drawn


@dataclass(frozen=True, slots=True)
class Question:
    """One question as shown: its `place` among `of` (from 1), wording, options in shown order.

    `instruction` says how to answer; `control` is how a page asks: "radios" or "checkboxes".
    `stimulus` is the case that the question is about, shown before it; mostly there is none.
    """

    place: int
    of: int
    kind: str
    stem: str
    options: tuple[str, ...]
    instruction: str
    control: str
    stimulus: str = ""


def question(place: int, of: int, drawn: Drawn, content: Content) -> Question:
    """The question at `place` of a form. ValueError when the draw does not fit the content.

    A version never changes once it is live, so a misfit means that the wrong content was handed in.
    """
    order = drawn.order or tuple(range(len(content.options)))
    if sorted(order) != list(range(len(content.options))):
        raise ValueError(
            f"version {drawn.version}: an order of {len(order)} for {len(content.options)} options"
        )
    kind = KINDS[content.kind]
    return Question(
        place=place,
        of=of,
        kind=content.kind,
        stem=content.stem,
        options=tuple(content.options[own].text for own in order),
        instruction=kind.instruction,
        control=kind.control,
        stimulus=content.stimulus,
    )


def shown_to_own(order: tuple[int, ...], positions: tuple[int, ...]) -> Answer:
    """The version's own option numbers behind shown `positions`, ascending.

    An empty order is the version's own order. Positions come from `answering.parse`, which lets
    through only those that were shown.
    """
    return tuple(sorted(order[position] if order else position for position in positions))


def own_to_shown(order: tuple[int, ...], answer: Answer) -> tuple[int, ...]:
    """The shown positions of an answer, ascending: what to tick when the page is shown again."""
    return tuple(sorted(order.index(own) if order else own for own in answer))

"""In which order, and under which words, do outcomes stand on an author's page?"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from assess.bank.outcomes import Framework
from assess.store import frameworks


def ordered(paths: Iterable[str], framework: Framework | None) -> list[str]:
    """The paths in the order of the framework; those it does not know come last, by path."""
    places = {} if framework is None else {node.path: n for n, node in enumerate(framework.nodes)}
    return sorted(set(paths), key=lambda path: (places.get(path, len(places)), path))


def listed(
    session: Session, paths: Iterable[str], framework: Framework | None
) -> list[tuple[str, str]]:
    """The paths, ordered, each with its code and title."""
    there = ordered(paths, framework)
    titles = frameworks.titles(session, there)
    return [(path, titles[path]) for path in there]


def code(path: str | None) -> str:
    """The last step of a path: what an author calls an outcome in a narrow column."""
    return "" if path is None else path.rpartition("/")[2]

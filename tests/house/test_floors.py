"""Is each power held on one floor only: to commit, to tell the time, to throw dice?"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests import source

DICE = (
    "assess/actions/forecasts.py",
    "assess/seeds.py",
    "assess/actions/history/",
    "assess/psychometrics/simulate.py",
)


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call: `datetime.now`, `store.write`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, source.spelt(node.func)


@cache
def called() -> list[tuple[str, int, str]]:
    """File, line and dotted name of every call of the program, spelt out once for all rules."""
    return [
        (path, line, name) for path, tree in source.files().items() for line, name in calls(tree)
    ]


def breaches(is_breach: Callable[[str], bool], *allowed: str) -> list[str]:
    """Where a call is made outside the files and folders that may."""
    return [
        f"{path}:{line} {name}"
        for path, line, name in called()
        if not path.startswith(allowed) and is_breach(name)
    ]


def is_opening(name: str) -> bool:
    """Whether this call opens a deed."""
    return name in {"store.write", "base.write"}


def is_committing(name: str) -> bool:
    """Whether this call ends a transaction by hand."""
    return name.endswith((".commit", ".rollback", ".begin_nested")) or (
        name.endswith(".begin") and "engine" in name
    )


def is_asking_the_time(name: str) -> bool:
    """Whether this call asks for the time of day of a host."""
    return name in {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "datetime.datetime.now",
        "date.today",
        "time.time",
        "time.time_ns",
        "func.now",
        "func.current_timestamp",
    }


def is_throwing_dice(name: str) -> bool:
    """Whether this call draws something that nobody can foresee, or opens a stream of chance."""
    return name.startswith(("secrets.", "random.", "uuid.", "os.urandom", "np.random."))


def test_only_actions_write() -> None:
    assert breaches(is_opening, "assess/actions/", "invigilation/actions/") == []


def test_nobody_imports_the_door_for_writing_by_itself() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in source.files().items()
        if path != "assess/store/__init__.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module in {"assess.store", "assess.store.base"}
        and any(alias.name == "write" for alias in node.names)
    ]
    assert found == []


def test_nobody_commits_by_hand_but_the_doors() -> None:
    # `write()` itself begins the one transaction of a deed, and its end commits it. Saves on
    # SQLite share transactions, without a session. `read()` ends one that may not write. How the
    # drivers do what they are told is in `libpq` and `sqlite`.
    doors = ("base.py", "libpq.py", "migrate.py", "sqlite.py", "wires.py")
    assert breaches(is_committing, *(f"assess/store/{door}" for door in doors)) == []


def test_nobody_asks_a_host_for_its_time_for_the_databases_counts() -> None:
    assert breaches(is_asking_the_time) == []


def test_only_seeds_throws_dice_and_only_simulations_open_a_stream_of_chance() -> None:
    assert breaches(is_throwing_dice, *DICE) == []
    assert breaches(lambda name: name.startswith("secrets."), "assess/seeds.py") == []


@pytest.mark.parametrize(
    ("breach", "line"),
    [
        (is_opening, "with store.write() as session: pass"),
        (is_committing, "session.commit()"),
        (is_committing, "db.session.rollback()"),
        (is_asking_the_time, "datetime.now(UTC)"),
        (is_asking_the_time, "time.time()"),
        (is_throwing_dice, "secrets.token_bytes(8)"),
        (is_throwing_dice, "np.random.default_rng()"),
    ],
)
def test_a_breach_would_be_seen(breach: Callable[[str], bool], line: str) -> None:
    assert any(breach(name) for _, name in calls(ast.parse(line)))

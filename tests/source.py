"""The program's files as trees, each parsed once for all tests of a worker that look at them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@cache
def files() -> dict[str, ast.Module]:
    """What each file of the program says, by its path from the project's folder."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("assess", "invigilation")
        for path in sorted((ROOT / package).rglob("*.py"))
    }


def spelt(node: ast.expr) -> str:
    """A name as it is written, with its dots: `datetime.now`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=of, attr=name):
            return f"{spelt(of)}.{name}"
    return ast.unparse(node)

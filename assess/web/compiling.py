"""What of a page is settled when its template is compiled? The texts that are written in it.

Pages are compiled for one language: `_("Hand in")` is then as much part of the page as what stands
around it, and Jinja makes one piece of both. A page of questions looked up eighty texts before.
Texts that are chosen while a page is made are looked up as ever (`templating.texts`). A second
language needs a second environment with its own `catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

NAMES = frozenset({"_", "gettext"})
THEIRS = ("Error", "Important", "Success")
"""What components of the design system say unless they are told: before a message of an error, and
above a notice. All else that one of ours says, it is told."""


class Texts(NodeTransformer):
    """Puts texts into the tree of a template; `said`: what a text is in the language of it."""

    def __init__(self, said: Callable[[str], str]) -> None:
        self._said = said

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - so the visitor asks
        """A text without values as it is, one with values as a pattern for these."""
        self.generic_visit(node)
        text = _written(node)
        if text is None:
            return node
        said, where = self._said(text), {"lineno": node.lineno, "environment": node.environment}
        if not node.kwargs:
            plain = str(Markup(said) % {}) if "%" in said else said  # noqa: S704 - ours
            return nodes.TemplateData(plain, **where)
        values = [
            nodes.Pair(nodes.Const(one.key, **where), one.value, **where) for one in node.kwargs
        ]
        return nodes.Mod(nodes.TemplateData(said, **where), nodes.Dict(values, **where), **where)


class Theirs(NodeTransformer):
    """Puts what components of the design system say by themselves into their templates."""

    def __init__(self, said: Callable[[str], str]) -> None:
        self._said = said

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802 - so the visitor asks
        """A word of theirs as it is in the language of the page."""
        if node.value not in THEIRS:
            return node
        return nodes.Const(self._said(node.value), lineno=node.lineno, environment=node.environment)


def _written(node: nodes.Call) -> str | None:
    """The text that a call looks up, if it stands in the template."""
    called = node.node
    if not isinstance(called, nodes.Name) or called.name not in NAMES:
        return None
    if node.dyn_args is not None or node.dyn_kwargs is not None or len(node.args) != 1:
        return None
    text = node.args[0]
    return text.value if isinstance(text, nodes.Const) and isinstance(text.value, str) else None

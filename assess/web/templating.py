"""What does Jinja do for each text, call and import of a page that our pages can do without?

A page of ours looks up some sixty texts, makes some two hundred calls, and imports the macros of
the design system a dozen times. What is said here leaves out of each what none of them needs.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from babel import support
from flask.templating import Environment
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Macro
from markupsafe import Markup

PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType, type})
ASKS = "jinja_pass_arg"  # what Jinja's decorators put on a function that wants its surroundings


class Surroundings(Context):
    """A context that calls plain functions at once.

    Jinja's own looks at each callable for decorators in two places, and catches StopIteration,
    which no function of ours raises into a page.
    """

    def call(self, called: Any, *args: Any, **more: Any) -> Any:
        """Call a function, method or macro of a template."""
        kind = type(called)
        if kind is Macro:
            more.pop("_block_vars", None)
            more.pop("_loop_vars", None)
            return called.__call__(self.eval_ctx, *args, **more)
        if kind in PLAIN and not hasattr(called, ASKS):
            more.pop("_block_vars", None)
            more.pop("_loop_vars", None)
            return called(*args, **more)
        return super().call(called, *args, **more)


class Pages(Environment):
    """Flask's environment for pages whose templates have no globals of their own."""

    context_class = Surroundings

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of all templates: one dictionary, which is copied and compared as such."""
        return super().make_globals(d) if d else self.globals


def texts(catalogue: Callable[[], support.NullTranslations]) -> dict[str, Callable[..., str]]:
    """The functions that look up texts for a template, in a request's catalogue.

    As Jinja's new style has it: texts are markup, values put into them are escaped.
    """

    @pass_eval_context
    def gettext(asked: EvalContext, text: str, **values: Any) -> str:
        here = catalogue()
        if not asked.autoescape:
            return here.ugettext(text) % values
        made: dict[str, Markup] = here.__dict__.setdefault("made", {})  # lives as long as it does
        found = made.get(text)
        if found is None:
            found = made[text] = Markup(here.ugettext(text))  # noqa: S704 - ours
        return found % values if values or "%" in found else found

    @pass_eval_context
    def ngettext(asked: EvalContext, one: str, many: str, num: int, **values: Any) -> str:
        said = catalogue().ungettext(one, many, num)
        said = Markup(said) if asked.autoescape else said  # noqa: S704 - ours
        return said % {"num": num, **values}

    return {"gettext": gettext, "_": gettext, "ngettext": ngettext}

"""What does Jinja do for each text, call and import of a page that our pages can do without?

A page of ours looks up some sixty texts, makes some two hundred calls, and imports the macros of
the design system a dozen times. What is said here leaves out of each what none of them needs.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from babel import support
from flask.sansio.app import App
from flask.templating import Environment
from jinja2 import nodes
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Macro
from markupsafe import Markup

from assess.web import compiling

PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType, type})
# How the names of macros begin that look at nothing but what they are given: those of the design
# system, and ours. No two templates of ours have one of the same name.
PURE = ("govuk", "plain_")
GOVUK = "govuk_frontend_jinja"  # the design system's templates
LEAVES = frozenset({str, Markup, int, bool, float, type(None)})
TEXTS = frozenset({str, Markup})
NUMBERS = frozenset({int, bool, type(None)})
LONG = 200  # characters: what somebody has written is not kept in mind
MOST_MADE = 2048
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
            if not more and called.name and called.name.startswith(PURE):
                return _component(called, self.eval_ctx, args)
            return called.__call__(self.eval_ctx, *args, **more)
        if kind in PLAIN and not hasattr(called, ASKS):
            more.pop("_block_vars", None)
            more.pop("_loop_vars", None)
            return called(*args, **more)
        return super().call(called, *args, **more)


def _component(macro: Macro, where: EvalContext, args: tuple[Any, ...]) -> str:
    """What a macro that looks at nothing else makes of these values, made once.

    The same buttons and headings come again in every page. Whatever is given but plain values is
    not remembered.
    """
    kinds = tuple(map(type, args))
    key: tuple[Any, ...]
    if NUMBERS.issuperset(kinds):
        key = (macro.name, where.autoescape, kinds, args)
    else:
        try:
            key = (macro.name, where.autoescape, *[_plain(value) for value in args])
        except TypeError:
            return macro.__call__(where, *args)
    kept: dict[tuple[Any, ...], str] = where.environment.made  # type: ignore[attr-defined]
    made = kept.get(key)
    if made is None:
        made = macro.__call__(where, *args)
        if len(kept) >= MOST_MADE:
            kept.clear()
        kept[key] = made
    return made


def _plain(value: Any) -> Any:
    """A value by which what was made of it can be found again; TypeError for what is not plain.

    Its type belongs to it: markup is not escaped once more, and 1 is not true.
    """
    kind = type(value)
    if kind is dict:
        return (dict, *[(name, _plain(one)) for name, one in value.items()])
    if kind is list or kind is tuple:
        return (kind, *[_plain(one) for one in value])
    if kind in LEAVES and (kind not in TEXTS or len(value) < LONG):
        return kind, value
    raise TypeError(kind)


class Pages(Environment):
    """Flask's environment for pages whose templates have no globals of their own."""

    context_class = Surroundings
    catalogue: support.NullTranslations = support.NullTranslations()
    """The texts of the language of these pages; in English they are as they are written."""

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self.made: dict[tuple[Any, ...], str] = {}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """A template with its texts put in."""
        tree = super()._parse(source, name, filename)
        words = compiling.Theirs if (name or "").startswith(f"{GOVUK}/") else compiling.Texts
        words(self.catalogue.ugettext).visit(tree)
        return tree

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals of all templates: one dictionary, which is copied and compared as such."""
        return super().make_globals(d) if d else self.globals


def addresses(build: Callable[..., str], within: Callable[[], str]) -> Callable[..., str]:
    """The function that gives a template the address of an endpoint, each built once.

    Kept are those of files and of endpoints that take no values: there are as many as the
    templates name. `within`: the path under which the site of this request lies.
    """
    built: dict[tuple[str, str, str | None], str] = {}

    def url_for(endpoint: str, **values: Any) -> str:
        name = values.get("filename")
        if len(values) > (name is not None) or endpoint.startswith("."):
            return build(endpoint, **values)
        key = (within(), endpoint, name)
        found = built.get(key)
        if found is None:
            if len(built) >= MOST_MADE:
                built.clear()
            found = built[key] = build(endpoint, **values)
        return found

    return url_for


def texts(catalogue: Callable[[], support.NullTranslations]) -> dict[str, Callable[..., str]]:
    """The functions that look up texts for a template, in a request's catalogue.

    As Jinja's new style has it: texts are markup, values put into them are escaped. All templates
    are pages.
    """

    def gettext(text: str, **values: Any) -> str:
        here = catalogue()
        made: dict[str, Markup] = here.__dict__.setdefault("made", {})  # lives as long as it does
        found = made.get(text)
        if found is None:
            found = made[text] = Markup(here.ugettext(text))  # noqa: S704 - ours
        return found % values if values or "%" in found else found

    def ngettext(one: str, many: str, num: int, **values: Any) -> str:
        said = Markup(catalogue().ungettext(one, many, num))  # noqa: S704 - ours
        return said % {"num": num, **values}

    return {"gettext": gettext, "_": gettext, "ngettext": ngettext}

"""How is a YAML document from outside read without being led astray?

Plain data only: no tags, no aliases (a few lines of them unfold to gigabytes), no repeated key,
no nesting beyond measure. Dates stay text, so that a document is always plain JSON.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from assess.bank.problems import problem, shown
from assess.reasons import Code, Reason, Refused

MAX_DEPTH = 40  # nested lists and mappings
UNREADABLE = 422
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class _StoppedError(Exception):
    """Reading ended at something a document may not hold."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.values["what"])
        self.reason = reason


class _Loader(yaml.SafeLoader):
    """The safe loader, less aliases, dates and odd numbers, with a limit of depth."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node; aliases and bottomless nesting end the reading."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs give it no type
        line = event.start_mark.line + 1
        if self.check_event(yaml.AliasEvent):
            raise _StoppedError(problem("yaml_alias", line=line))
        if self.depth >= MAX_DEPTH:
            raise _StoppedError(problem("yaml_too_deep", line=line, allowed=MAX_DEPTH))
        self.depth += 1
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
        finally:
            self.depth -= 1
        if isinstance(node, yaml.ScalarNode) and _UNSTORABLE.search(node.value):
            raise _StoppedError(problem("yaml_character", line=node.start_mark.line + 1))
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys are text and stand once."""
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if not key or key in seen:
                line = key_node.start_mark.line + 1
                raise _StoppedError(problem("yaml_key_repeated", line=line, key=shown(key)))
            seen.add(key)
        return {
            key_node.value: self.construct_object(value_node, deep=True)
            for key_node, value_node in node.value
        }


_PLAIN = tuple(
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq")
)
# Numbers as people write them. To YAML 1.1 010 is eight and 24:00 are 1,440: here both are text.
_NUMBERS = {
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(?:0|[1-9][0-9]*)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$|[-+]?[0-9]+[eE][-+]?[0-9]+$"
        r"|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
    ),
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in resolvers if tag in _PLAIN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: build for tag, build in yaml.SafeLoader.yaml_constructors.items() if tag in (*_PLAIN, None)
}
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_mapping)


def load(text: str, limit: int) -> dict[str, object] | Refused:
    """The mapping that a YAML text holds; `limit` is the longest text read, in characters.

    Refused [E-FILE] with the line and column where the text is broken, or holds what no document
    may hold.
    """
    if len(text) > limit:
        return refuse(problem("document_too_large", found=len(text), allowed=limit))
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        document = loader.get_single_data()
    except _StoppedError as stopped:
        return refuse(stopped.reason)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return refuse(problem("yaml_broken", line=line, column=column))
    except yaml.reader.ReaderError as error:
        place = error.position if isinstance(error.position, int) else 0
        before = text[:place]
        line, column = before.count("\n") + 1, place - (before.rfind("\n") + 1) + 1
        return refuse(problem("yaml_broken", line=line, column=column))
    except (ValueError, LookupError, OverflowError, RecursionError):
        # The loader's own constructors: a number of thousands of digits, a tag on no such value.
        return refuse(problem("yaml_value"))
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(document, dict):
        return refuse(problem("document_no_mapping"))
    return document


def refuse(*reasons: Reason) -> Refused:
    """A document that is refused for these reasons."""
    return Refused(Code.FILE, reasons, UNREADABLE)

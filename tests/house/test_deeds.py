"""Does every deed make an entry in the journal?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assess.journal import Event
from tests import source

RECORDED = {("context", "record"), ("context", "record_new"), ("journal", "record")}
SILENT = {
    "items.save",  # what is half done: its submission is a deed
    "journal.seal",  # the seals are the journal
    "refusals.note",  # a refusal, which is no deed
    "saving._keep_evidence",  # answers: the decision about them is a deed
    "sessions.forget",
    "sessions.seen",
}

Named = tuple[str, str]  # (module, function); "" for a function of the same module


def called(node: ast.AST) -> Iterator[Named]:
    """What is called in it by a plain name, or by a name of a module."""
    for call in ast.walk(node):
        match call:
            case ast.Call(func=ast.Name(id=name)):
                yield "", name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
                yield module, name


def told(node: ast.AST) -> Iterator[str]:
    """The events that are named in it, other than those of deeds that are refused."""
    match node:
        case ast.Call(func=ast.Name(id="refuse")):
            return
        case ast.Attribute(value=ast.Name(id="Event"), attr=name):
            yield name
    for child in ast.iter_child_nodes(node):
        yield from told(child)


class Deeds:
    """The functions of both floors of deeds, what each of them calls, and all events they tell."""

    def __init__(self) -> None:
        self.calls: dict[Named, set[Named]] = {}
        self.events: set[str] = set()
        for floor in ("assess/actions", "invigilation/actions"):
            for path, tree in source.files().items():
                folder, _, name = path.rpartition("/")
                if folder == floor and not name.startswith("_"):
                    self._read(name.removesuffix(".py"), tree)

    def _read(self, module: str, tree: ast.Module) -> None:
        lent: dict[str, Named] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                home = (node.module or "").rpartition(".")[2]
                lent |= {one.asname or one.name: (home, one.name) for one in node.names}
        self.events |= set(told(tree))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self.calls[module, node.name] = {
                    (lent[of][1] if of in lent else of, name) if of else lent.get(name, (of, name))
                    for of, name in called(node)
                }

    def records(self, deed: Named, seen: set[Named]) -> bool:
        """Whether it makes an entry, itself or by what it calls; a refusal's entry is another."""
        seen.add(deed)
        found = self.calls[deed]
        on = {(of or deed[0], name) for of, name in found} & self.calls.keys() - seen
        return bool(found & RECORDED) or any(
            self.records(one, seen) for one in on if one[1] != "refuse"
        )


def test_every_deed_makes_an_entry() -> None:
    deeds = Deeds()
    silent = {
        ".".join(deed)
        for deed, found in deeds.calls.items()
        if ("store", "write") in found and not deeds.records(deed, set())
    }
    assert silent == SILENT


def test_every_event_is_told_by_some_deed() -> None:
    assert {event.name for event in Event} - Deeds().events == set()

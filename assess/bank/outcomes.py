"""What is there to be learned? A framework's units, outcomes and statements, named by path.

The path `FRAMEWORK/UNIT[/OUTCOME[/STATEMENT]]` is the identity of a node, never its text: two
outcomes of one award may say the same words. The file's schema is in `docs/framework-file.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from assess.bank import canonical
from assess.bank.fields import Fields
from assess.bank.formats import documents
from assess.bank.problems import problem, shown
from assess.reasons import Reason, Refused

SCHEMA = "framework/1"
MAX_DOCUMENT = 5_000_000  # characters
MAX_LIST = 5_000  # entries of one list
MAX_CODE = 60  # characters
MAX_PATH = 200  # characters of a path: four codes, no two of which are longest
MAX_TITLE = 300  # characters of the title of a framework
MAX_LANGUAGE = 20  # characters of a tag
MAX_COUNT = 1_000_000
FRAMEWORK, UNIT, OUTCOME, STATEMENT = "framework", "unit", "outcome", "statement"


@dataclass(frozen=True, slots=True)
class Node:
    """One place in a framework. `position` runs from 0 among the nodes of one parent.

    `kind` is framework, unit, outcome or statement. `assessed` is False for a unit that is not
    assessed, and for everything under it.
    """

    path: str
    parent: str | None
    kind: str
    code: str
    title: str
    assessed: bool
    position: int


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework as read: its nodes in document order, its counts, and the whole document.

    `digest` is SHA-256 of the canonical JSON of `document`, so a changed file shows.
    """

    id: str
    title: str
    kind: str
    issuer: str
    language: str
    digest: str
    nodes: tuple[Node, ...]
    counts: Mapping[str, int]
    document: Mapping[str, object]
    _by_path: Mapping[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_path", {node.path: node for node in self.nodes})

    def node(self, path: str) -> Node | None:
        """The node at a full path, None where there is none."""
        return self._by_path.get(path)

    def resolve(self, text: str) -> str | None:
        """The full path that a text names: a full path, or one without the framework's id."""
        path = text.strip().strip("/")
        for candidate in (path, f"{self.id}/{path}"):
            if candidate in self._by_path:
                return candidate
        return None

    def holds_questions(self, path: str) -> bool:
        """Outcomes and statements do; a unit only where the framework has nothing below it."""
        node = self._by_path.get(path)
        if node is None or node.kind == FRAMEWORK:
            return False
        return node.kind != UNIT or all(other.parent != path for other in self.nodes)

    def lineage(self, path: str) -> Iterator[str]:
        """The path and those above it, nearest first; nothing for a path that is not here."""
        node = self.node(path)
        while node is not None:
            yield node.path
            node = self.node(node.parent) if node.parent is not None else None

    def unit_of(self, path: str) -> str | None:
        """The path of the unit that a node stands in (or is), None above units."""
        return next(
            (above for above in self.lineage(path) if self._by_path[above].kind == UNIT), None
        )


def read_framework(text: str) -> Framework | Refused:
    """The framework of a YAML text. Refused [E-FILE] with every problem and where it is.

    The file's own `counts` are checked against what it holds.
    """
    document = documents.load(text, MAX_DOCUMENT)
    if isinstance(document, Refused):
        return document
    if document.get("schema") != SCHEMA:
        found = shown(document.get("schema", ""))
        return documents.refuse(problem("schema_unknown", found=found, allowed=SCHEMA))
    problems: list[Reason] = []
    fields = Fields(document, "", problems)
    identifier = fields.code("id", MAX_CODE)
    nodes = tuple(_nodes(fields, identifier))
    _check_groups(fields)
    counts = _counts(fields, nodes)
    if len(nodes) == 1:
        problems.append(problem("value_empty", where="units"))
    for path, times in Counter(node.path for node in nodes).items():
        if times > 1:
            problems.append(problem("value_repeated", where="units", found=shown(path)))
    longest = max(len(node.path) for node in nodes)
    if longest > MAX_PATH:
        problems.append(problem("value_too_long", where="units", found=longest, allowed=MAX_PATH))
    kind, issuer = fields.text("kind", limit=100), fields.text("issuer", limit=200)
    language = fields.text("language", limit=MAX_LANGUAGE)
    try:
        digest = canonical.digest(document)
    except ValueError:
        problems.append(problem("yaml_value"))
    if problems:
        return documents.refuse(*problems)
    return Framework(
        identifier, nodes[0].title, kind, issuer, language, digest, nodes, counts, document
    )


def _nodes(fields: Fields, root: str) -> Iterator[Node]:
    """Every node in document order, parents first."""
    yield Node(root, None, FRAMEWORK, root, fields.text("title", limit=MAX_TITLE), True, 0)
    for place, unit in enumerate(fields.mappings("units", MAX_LIST)):
        code, assessed = unit.code("code", MAX_CODE), unit.truth("assessed", True)
        path = f"{root}/{code}"
        yield Node(path, root, UNIT, code, unit.text("title"), assessed, place)
        for number, outcome in enumerate(unit.mappings("outcomes", MAX_LIST, needed=False)):
            yield from _outcome(outcome, path, assessed, number)


def _outcome(outcome: Fields, unit: str, assessed: bool, place: int) -> Iterator[Node]:
    code = outcome.code("code", MAX_CODE)
    path = f"{unit}/{code}"
    yield Node(path, unit, OUTCOME, code, outcome.text("text"), assessed, place)
    for number, statement in enumerate(outcome.mappings("statements", MAX_LIST, needed=False)):
        below = statement.code("code", MAX_CODE)
        title = statement.text("text")
        yield Node(f"{path}/{below}", path, STATEMENT, below, title, assessed, number)


def _check_groups(fields: Fields) -> None:
    """Groups and units name each other, and only each other."""
    units = {unit.raw("code") for unit in _silent(fields).mappings("units", MAX_LIST)}
    groups: set[object] = set()
    for group in fields.mappings("groups", MAX_LIST, needed=False):
        groups.add(group.text("id", limit=100))
        for unit in group.texts("units", MAX_LIST):
            if unit not in units:
                fields.problems.append(
                    problem("group_unit_missing", where=group.at("units"), unit=shown(unit))
                )
    for row in _silent(fields).mappings("units", MAX_LIST):
        named = row.raw("group")
        if named is not None and named not in groups:
            fields.problems.append(
                problem("unit_group_missing", where=row.at("group"), group=shown(named))
            )


def _silent(fields: Fields) -> Fields:
    """The same fields for a second reading, whose problems were noted in the first."""
    return Fields(dict(fields.items()), "", [])


def _counts(fields: Fields, nodes: tuple[Node, ...]) -> dict[str, int]:
    """What the file holds, counted; noted where it differs from what the file declares."""
    counted = dict(_counted(fields, nodes))
    declared = fields.mapping("counts")
    check = partial(_compare, fields.problems)
    for key, value in declared.items():
        if key == "statements_by_kind":
            kinds = declared.mapping(key)
            for kind, number in kinds.items():
                check(kinds.at(kind), number, counted.get(f"statements_{kind}", 0))
        elif key in counted:
            check(declared.at(key), value, counted[key])
        else:
            fields.problems.append(
                problem("key_unknown", where=declared.at(shown(key)), allowed=", ".join(counted))
            )
    return counted


def _compare(problems: list[Reason], where: str, declared: object, found: int) -> None:
    if isinstance(declared, bool) or declared != found:
        problems.append(
            problem("count_differs", where=where, declared=shown(declared), found=found)
        )


def _counted(fields: Fields, nodes: tuple[Node, ...]) -> Iterator[tuple[str, int]]:
    silent = _silent(fields)
    kinds = Counter(node.kind for node in nodes)
    units = list(silent.mappings("units", MAX_LIST))
    yield "groups", sum(1 for _ in silent.mappings("groups", MAX_LIST, needed=False))
    yield "units", kinds[UNIT]
    yield "units_detailed", sum(1 for unit in units if unit.raw("outcomes"))
    yield "outcomes", kinds[OUTCOME]
    yield "statements", kinds[STATEMENT]
    for key in ("evidence", "indicative_content"):
        lists = [unit.raw(key) for unit in units]
        yield key, sum(len(entry) for entry in lists if isinstance(entry, list))
    yield "common_evidence", sum(1 for _ in silent.mapping("common_evidence").items())
    yield "node_ids", kinds[UNIT] + kinds[OUTCOME] + kinds[STATEMENT]
    by_kind: Counter[str] = Counter()
    for unit in units:
        for outcome in unit.mappings("outcomes", MAX_LIST, needed=False):
            for statement in outcome.mappings("statements", MAX_LIST, needed=False):
                by_kind[statement.text("kind", "")] += 1
    for kind, number in by_kind.items():
        yield f"statements_{kind}", number

"""Are frameworks read whole, and is every fault in a file named with its place?"""

from __future__ import annotations

from pathlib import Path

import pytest

from assess.bank.outcomes import Framework, read_framework
from assess.reasons import Code, Refused

SHARED = Path(__file__).resolve().parents[3] / "../shared/data/frameworks"
SMALL = """
schema: framework/1
id: small
title: A small award
kind: award
issuer: Nobody
language: en-GB
published: 2015-09-01
groups:
- {id: all, title: All, role: mandatory, units: [U1, U2]}
units:
- code: U1
  title: First
  assessed: true
  group: all
  outcomes:
  - code: '1.1'
    text: Know it
    statements:
    - {code: K1, kind: knowledge, text: this}
    - {code: K2, kind: knowledge, text: that}
  - code: '1.10'
    text: Know it
- code: U2
  title: Introduction
  assessed: false
  outcomes:
  - {code: '2.1', text: Begin}
counts:
  groups: 1
  units: 2
  outcomes: 3
  statements: 2
  statements_by_kind: {knowledge: 2}
  node_ids: 7
"""


def read(text: str) -> Framework:
    found = read_framework(text)
    assert isinstance(found, Framework), found
    return found


def whats(text: str) -> list[tuple[object, object]]:
    found = read_framework(text)
    assert isinstance(found, Refused)
    assert found.code is Code.FILE
    return [(reason.values["what"], reason.values.get("where")) for reason in found.reasons]


@pytest.mark.parametrize(
    ("name", "units", "outcomes", "statements"),
    [
        ("award-csp", 10, 44, 0),
        ("sqa-fe6v35", 1, 2, 10),
        ("pearson-svq4", 19, 63, 425),
        ("cg-4430-04", 33, 57, 364),
    ],
)
def test_a_public_framework_is_read_whole(
    name: str, units: int, outcomes: int, statements: int
) -> None:
    path = SHARED / f"{name}.yaml"
    if not path.exists():
        pytest.skip("the shared framework files are not beside this repository")
    framework = read(path.read_text("utf-8"))
    kinds = [node.kind for node in framework.nodes]
    assert framework.id == name
    assert [kinds.count(kind) for kind in ("framework", "unit", "outcome", "statement")] == [
        1,
        units,
        outcomes,
        statements,
    ]
    assert len({node.path for node in framework.nodes}) == len(framework.nodes)
    if name == "award-csp":
        one, two = framework.node("award-csp/M05/5.2"), framework.node("award-csp/M08/8.3")
        assert one is not None
        assert two is not None
        assert one.title == two.title
        assert one != two


def test_nodes_come_parents_first_with_their_place_among_siblings() -> None:
    framework = read(SMALL)
    assert [(node.path, node.parent, node.position) for node in framework.nodes] == [
        ("small", None, 0),
        ("small/U1", "small", 0),
        ("small/U1/1.1", "small/U1", 0),
        ("small/U1/1.1/K1", "small/U1/1.1", 0),
        ("small/U1/1.1/K2", "small/U1/1.1", 1),
        ("small/U1/1.10", "small/U1", 1),
        ("small/U2", "small", 1),
        ("small/U2/2.1", "small/U2", 0),
    ]
    assert [node.path for node in framework.nodes if not node.assessed] == [
        "small/U2",
        "small/U2/2.1",
    ]


def test_a_path_is_found_with_and_without_the_name_of_the_framework() -> None:
    framework = read(SMALL)
    assert framework.resolve(" U1/1.1 ") == framework.resolve("small/U1/1.1") == "small/U1/1.1"
    assert framework.resolve("1.1") is None
    assert framework.unit_of("small/U1/1.1/K2") == "small/U1"
    assert framework.unit_of("small") is None


def test_a_path_that_no_column_holds_is_refused() -> None:
    deep = SMALL.replace("id: small", f"id: {'s' * 60}").replace("U1", "U" * 60)
    assert read(deep).resolve(f"{'U' * 60}/1.1/K1") is not None
    deep = deep.replace("'1.1'", f"'{'1' * 60}'").replace("K1", "K" * 60)
    assert ("value_too_long", "units") in whats(deep)


def test_a_date_stays_text_and_the_digest_follows_the_document_not_its_layout() -> None:
    framework = read(SMALL)
    assert framework.document["published"] == "2015-09-01"
    assert read("# a remark\n" + SMALL).digest == framework.digest
    assert read(SMALL.replace("Begin", "Start")).digest != framework.digest


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ("schema: framework/1", "schema: framework/2", "schema_unknown", None),
        ("id: small", "id: a/b", "code_has_slash", "id"),
        ("title: A small award\n", "", "key_missing", "title"),
        ("'1.10'", "1.10", "value_code_needed", "units[1].outcomes[2].code"),
        ("'1.10'", "'1.1'", "value_repeated", "units"),
        ("'1.10'", f"'{'1' * 61}'", "value_too_long", "units[1].outcomes[2].code"),
        ("title: A small award", f"title: {'A' * 301}", "value_too_long", "title"),
        ("language: en-GB", "language: en-GB-x-more-than-any", "value_too_long", "language"),
        ("assessed: true", "assessed: maybe", "value_truth_needed", "units[1].assessed"),
        ("text: Begin", "text: ''", "value_empty", "units[2].outcomes[1].text"),
        ("outcomes: 3", "outcomes: 4", "count_differs", "counts.outcomes"),
        ("knowledge: 2", "knowledge: 3", "count_differs", "counts.statements_by_kind.knowledge"),
        ("node_ids: 7", "pages: 7", "key_unknown", "counts.pages"),
        ("[U1, U2]", "[U1, U3]", "group_unit_missing", "groups[1].units"),
        ("group: all", "group: some", "unit_group_missing", "units[1].group"),
        ("published: 2015-09-01", "published: .nan", "yaml_value", None),
    ],
)
def test_a_fault_in_a_framework_is_named_with_its_place(
    old: str, new: str, what: str, where: str | None
) -> None:
    assert SMALL.count(old) == 1
    assert (what, where) in whats(SMALL.replace(old, new))


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("a: [", "yaml_broken", 1),
        ("a: 1\nb\0: 2", "yaml_broken", 2),
        ("a: &x [1]\nb: *x", "yaml_alias", 2),
        ("a: 1\nb: 2\na: 3", "yaml_key_repeated", 3),
        ("a:\n  " + "[" * 50, "yaml_too_deep", 2),
        ('a: 1\nb: "\\0"', "yaml_character", 2),
        ("a: !!python/object:os.system x", "yaml_broken", 1),
        ("a: !!binary aGk=", "yaml_broken", 1),
        ("a: !!int ''", "yaml_value", None),
        ("a: " + "9" * 5_000, "yaml_value", None),
        ("- a", "document_no_mapping", None),
        ("", "document_no_mapping", None),
        ("a: 1\n---\nb: 2", "yaml_broken", 2),
        ("#" * 5_000_001, "document_too_large", None),
    ],
)
def test_yaml_that_is_broken_or_leads_astray_is_refused(
    text: str, what: str, line: int | None
) -> None:
    found = read_framework(text)
    assert isinstance(found, Refused)
    (reason,) = found.reasons
    assert reason.values["what"] == what
    assert reason.values.get("line") == line

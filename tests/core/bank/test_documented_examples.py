"""Are the examples in the documentation of our formats read as the documentation says?"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from assess.bank.formats import rows, tabular
from assess.bank.outcomes import Framework, read_framework
from assess.bank.specification import Specification
from assess.bank.specification_file import KEYS, read_specification

DOCS = Path(__file__).resolve().parents[3] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def example(name: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", page(name), re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("language", ["csv", "json"])
def test_the_examples_of_a_table_are_read_without_a_problem(language: str) -> None:
    data = io.BytesIO(example("formats.md", language).encode())
    kinds = [row.content and row.content.kind for row in tabular.read(data, "example")]
    assert kinds == ["single_choice", "multiple_response"]


def test_every_column_of_a_table_is_documented() -> None:
    text = page("formats.md")
    assert [name for name in tabular.JSON_KEYS if f"`{name}`" not in text] == []
    assert [name for name in rows.NO_QUESTION if f"`{name}`" not in text] == []


def test_the_example_of_a_specification_is_read_and_every_key_documented() -> None:
    assert isinstance(read_specification(example("specification-file.md", "yaml")), Specification)
    text = page("specification-file.md")
    assert [key for key in KEYS if f"| `{key}` |" not in text] == []


def test_the_example_of_a_framework_is_read_with_its_counts() -> None:
    text = example("framework-file.md", "yaml")
    assert isinstance(read_framework(text), Framework)

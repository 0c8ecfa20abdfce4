"""Scripts that import modules travel with them inside, and nothing is joined wrongly in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from assess.web import modules

STATIC = Path(modules.__file__).parent / "static"


def test_every_script_of_ours_can_be_joined() -> None:
    scripts = [path for path in STATIC.rglob("*.js") if path.parent.name != "vendor"]
    assert len(scripts) > 5
    for path in scripts:
        source = path.read_text(encoding="utf-8")
        if modules.imports(source):
            text = modules.joined(path)
            assert "\nimport " not in text
            assert text.count("\nexport ") == source.count("\nexport ")


def test_a_module_that_two_import_comes_once_and_first(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text(
        '// One.\nimport { f } from "./two.js";\nimport { g, H } from "./three-a.js";\n'
        "f(g, H); // Go.\n"
    )
    (tmp_path / "two.js").write_text(
        'import { g } from "./three-a.js";\nconst own = 1;\n'
        "/** Is *\n * two. */\n/* Not. */ const two = 2;\n"
        "export const f = () => {\n  // Three.\n  g(own);\n};\n"
    )
    (tmp_path / "three-a.js").write_text(
        "const own = 2;\nexport async function g() {}\nexport class H {}\n"
    )
    assert modules.joined(tmp_path / "one.js") == (
        "const module_three_a = (() => {\n"
        "const own = 2;\nasync function g() {}\nclass H {}\n"
        "return { g, H };\n})();\n"
        "const module_two = (() => {\n"
        "const { g } = module_three_a;\nconst own = 1;\n"
        "/* Not. */ const two = 2;\nconst f = () => {\n  g(own);\n};\n"
        "return { f };\n})();\n"
        "const { f } = module_two;\nconst { g, H } = module_three_a;\nf(g, H); // Go.\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        'import f from "./two.js";\n',
        'import { f as g } from "./two.js";\n',
        "export default 1;\n",
        "export const f = `\n// no comment\n`;\n",
        "const a = 1;\nexport { a };\n",
        'import { one } from "./one.js";\nexport const f = one;\n',
    ],
)
def test_what_cannot_be_joined_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.js").write_text('import { f } from "./two.js";\nexport const one = f;\n')
    (tmp_path / "two.js").write_text(text)
    with pytest.raises(modules.CannotJoinError):
        modules.joined(tmp_path / "one.js")

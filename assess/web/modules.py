"""How do the modules of a script travel? As one file, with each module still apart from the others.

A script that imports modules beside it (`import { name } from "./module.js";`) is sent with them
inside: each becomes a function that is called once and gives what the module exports. A browser
asks once instead of five times; the files stay what they are, and work one by one too.

Only the plain forms of import and export are known, each at the beginning of a line; any other is
an error, so that nothing is joined wrongly in silence. Lines of comment stay behind: they are a
fifth of what would travel.
"""

from __future__ import annotations

import re
from pathlib import Path

IMPORT = re.compile(r'^import \{ (\w+(?:, \w+)*) \} from "\./([\w-]+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function) (\w+))", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:(?!\*/)(?:.|\n))*\*/)\n", re.MULTILINE)
OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class CannotJoinError(Exception):
    """A module has a form that is not known here, or imports itself."""


def imports(text: str) -> bool:
    """Whether a script imports modules that stand beside it."""
    return IMPORT.search(text) is not None


def joined(path: Path) -> str:
    """A script with all modules that it imports from beside it, directly or not.

    Raises CannotJoinError, and OSError for a module that is not there.
    """
    modules: dict[str, str] = {}
    script = _body(path, modules, ())
    return "".join([*modules.values(), script])


def _body(path: Path, modules: dict[str, str], within: tuple[str, ...]) -> str:
    """The text of a script; adds what it imports to `modules`, those that others need first."""
    text = path.read_text(encoding="utf-8")
    if any(line.count("`") % 2 for line in text.splitlines()):
        raise CannotJoinError(f"{path.name}: a text over several lines, which may look like code")
    text = COMMENT.sub("", text)
    for _, name in IMPORT.findall(text):
        if name in within:
            raise CannotJoinError(f"{path.name} imports {name}.js, which imports it")
        if name not in modules:
            part = _body(path.with_name(f"{name}.js"), modules, (*within, name))
            given = ", ".join(EXPORT.findall(part))
            modules[name] = (
                f"const module_{_word(name)} = (() => {{\n"
                f"{EXPORT.sub('', part)}return {{ {given} }};\n}})();\n"
            )
    text = IMPORT.sub(lambda m: f"const {{ {m[1]} }} = module_{_word(m[2])};\n", text)
    if (other := OTHER.search(EXPORT.sub("", text))) is not None:
        raise CannotJoinError(f"{path.name}: {other[0]}")
    return text


def _word(name: str) -> str:
    return name.replace("-", "_")

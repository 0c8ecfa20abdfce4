"""Does every link in the documents lead somewhere? Files, and headings inside them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import unquote

from tools.project_files import known

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
ELSEWHERE = ("http://", "https://", "mailto:")


def documents(root: Path) -> list[Path]:
    """Every Markdown file of the project."""
    return [path for name in known(root, "*.md") if (path := root / name).exists()]


def anchors(text: str) -> set[str]:
    """What a link may name after `#` in this document: its headings, as forges write them."""
    names: set[str] = set()
    for heading in HEADING.findall(re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.M | re.S)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        name, again = plain, 0
        while name in names:
            again += 1
            name = f"{plain}-{again}"
        names.add(name)
    return names


def broken(root: Path) -> list[str]:
    """One sentence for each link that leads nowhere; addresses on the web are not asked."""
    said = []
    for document in documents(root):
        text = document.read_text(encoding="utf-8")
        for target in LINK.findall(CODE.sub("", text)):
            if target.startswith(ELSEWHERE):
                continue
            path, _, anchor = unquote(target).partition("#")
            goal = document if not path else (document.parent / path)
            where = document.relative_to(root)
            if not goal.exists():
                said.append(f"{where}: {target} is not there")
            elif goal.suffix == ".md" and anchor and anchor not in anchors(goal.read_text("utf-8")):
                said.append(f"{where}: {target}: no such heading")
    return said


def main() -> int:
    """Print what is broken. The exit is 1 when anything is."""
    said = broken(ROOT)
    print("\n".join(said), end="\n" if said else "")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())

"""What may a candidate keep open beside the questions of an open-book test?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assess.bank.fields import Fields
from assess.bank.problems import problem, shown

MOST = 20
LONGEST_TITLE = 200  # characters
LONGEST_TEXT = 20_000  # characters
LONGEST_URL = 2_000  # characters
KEYS = ("title", "text", "url")
URL = re.compile(r"https?://[^\s/@]+(/\S*)?", re.ASCII)  # no user name that hides the real host
HEADING = "# "
LIKE_HEADING = re.compile(r"^\\*# ", re.MULTILINE)  # in a text: typed with one backslash more
ESCAPED = re.compile(r"\\+# ")


@dataclass(frozen=True, slots=True)
class Resource:
    """A text that stands in the player itself, or a page elsewhere: one of the two is filled."""

    title: str
    text: str = ""
    url: str = ""

    def as_document(self) -> dict[str, object]:
        """What a YAML file holds of it."""
        return {"title": self.title, **({"url": self.url} if self.url else {"text": self.text})}


def read(fields: Fields) -> tuple[Resource, ...]:
    """The resources of a specification document; what is wrong with them is noted in `fields`."""
    found = []
    for row in fields.mappings("resources", MOST, needed=False):
        row.only(KEYS)
        one = Resource(
            row.text("title", limit=LONGEST_TITLE),
            row.text("text", "", limit=LONGEST_TEXT),
            row.text("url", "", limit=LONGEST_URL),
        )
        if bool(one.text) == bool(one.url):
            row.problems.append(problem("resource_text_or_url", where=row.at("text")))
        if one.url and not URL.fullmatch(one.url):
            row.problems.append(problem("url_needed", where=row.at("url"), found=shown(one.url)))
        found.append(one)
    return tuple(found)


def typed(text: str) -> list[dict[str, object]]:
    r"""The documents of resources as an author types them on a page.

    A line `# Title` begins a resource, what follows is its text; a text that is nothing but an
    address is its url. Words before the first title make a resource without one, which `read`
    refuses: nothing typed is dropped. A text has a line that begins with `# ` as `\# `.
    """
    parts: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(HEADING):
            parts.append((line.removeprefix(HEADING).strip(), []))
        elif parts:
            parts[-1][1].append(line[1:] if ESCAPED.match(line) else line)
        elif line.strip():
            parts.append(("", [line]))
    documents: list[dict[str, object]] = []
    for title, lines in parts:
        body = "\n".join(lines).strip()
        key = "url" if URL.fullmatch(body) else "text"
        documents.append({"title": title, key: body})
    return documents


def as_typed(resources: Iterable[Resource]) -> str:
    """The text that an author would type for these resources."""
    return "\n\n".join(
        f"{HEADING}{one.title}\n{one.url or _escaped(one.text)}" for one in resources
    )


def _escaped(text: str) -> str:
    return LIKE_HEADING.sub(r"\\\g<0>", text)

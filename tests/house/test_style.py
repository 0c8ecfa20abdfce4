"""Every class of the design system that a template uses is in the style sheet that is built."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STYLE = ROOT / "assess" / "web" / "static" / "vendor" / "assess.css"
CLASS = re.compile(r"(?<![\w./-])govuk-(?:!-)?[a-z][a-z0-9-]*(?:__[a-z-]+)?(?:--[a-z0-9-]+)?(?!\w)")
NO_CLASS = re.compile(
    r"data-module=\S+|--govuk-\S+|\w*(?:import|from)\b.*|govuk-frontend[\w.-]*|govuk-\w+/"
)
# Names that the design system's own templates write too, and styles nowhere.
UNSTYLED = re.compile(r"govuk-(table__(head|body|row|caption--s)|checkboxes|radios|tag--blue|.*-$)")

FORCED = re.compile(r"@media ?\(forced-colors: active\)\{((?:[^{}]*\{[^{}]*\})*)\}")
SHAPE = re.compile(r"<(?:rect|text|circle|line) [^>]*>")


def test_no_template_uses_a_class_that_the_style_sheet_lacks() -> None:
    style = STYLE.read_text(encoding="utf-8").replace("\\", "")
    styled = set(re.findall(r"\.(govuk-[\w!-]+)", style))
    used: dict[str, str] = {}
    for folder in ("assess", "invigilation"):
        for path in (ROOT / folder).rglob("templates/**/*.html"):
            for name in CLASS.findall(NO_CLASS.sub("", path.read_text(encoding="utf-8"))):
                used.setdefault(name, path.name)
    assert len(used) > 50
    missing = {n: p for n, p in used.items() if n not in styled and not UNSTYLED.fullmatch(n)}
    assert not missing, sorted(missing)


def test_what_a_template_draws_is_seen_where_colours_are_forced() -> None:
    """The colours of a drawing are not forced by themselves: on black ours would hardly be seen."""
    style = STYLE.read_text(encoding="utf-8")
    forced = set(re.findall(r"\.[\w-]+", "".join(FORCED.findall(style))))
    for folder in ("assess", "invigilation"):
        for path in (ROOT / folder).rglob("templates/**/*.html"):
            for shape in SHAPE.findall(path.read_text(encoding="utf-8")):
                named = {f".{name}" for name in re.findall(r'class="([\w-]+)"', shape)}
                assert 'fill="' not in shape, f"{path.name}: {shape}"
                assert named & forced, f"{path.name}: {shape}"

"""On what was somebody logged in? A browser's own long description, in a few plain words."""

from __future__ import annotations

# Looked for in this order: most browsers also claim to be those that stand further down.
BROWSERS = (
    ("SEB/", "Safe Exam Browser"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "a Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
)


def browser(device: str) -> str | None:
    """The browser's name, where the description holds one that is known."""
    return next((name for sign, name in BROWSERS if sign in device), None)


def system(device: str) -> str | None:
    """What it runs on, to be put after "on", where the description says so."""
    return next((name for sign, name in SYSTEMS if sign in device), None)

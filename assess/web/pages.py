"""What do all pages share? Navigation by role, dates in full, addresses of files, form fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import support
from flask import Flask, g, has_request_context, request
from flask_babel import get_translations, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from assess import wording
from assess.delivery import calendar
from assess.reasons import Code, Reason, Refused
from assess.roles import Role
from assess.settings import Settings
from assess.web import files, templating
from assess.web.headers import nonce

PER_PAGE = 25
MOST_WORDS = 5_000  # characters looked at: beyond any that are taken
MANY = 10_000_000  # rows; a page number beyond this is a mistake
DIGITS = 19  # as many are beyond the key of any row

MODULES = ("vendor/govuk-frontend.min.js", "session.js")
"""Scripts that others ask for: a map gives each the address that names its content."""

Entry = tuple[str, str, tuple[Role, ...], tuple[str, ...]]

NAVIGATION: tuple[Entry, ...] = (
    ("My assessments", "candidate.assessments", (Role.CANDIDATE,), ("/",)),
    ("Readiness", "tutor.queue", (Role.TUTOR,), ("/readiness", "/approvals")),
    ("Candidates", "tutor.cohort", (Role.TUTOR,), ("/cohort",)),
    ("Decisions", "quality.decisions", (Role.QUALITY,), ("/decisions",)),
    ("Reviews", "quality.reviews", (Role.QUALITY,), ("/mark-reviews",)),
    ("Late answers", "quality.late_answers", (Role.QUALITY,), ("/late-answers",)),
    ("Holds", "quality.all_holds", (Role.QUALITY, Role.ADMINISTRATOR), ("/holds",)),
    (
        "Overdue requests",
        "quality.overdue",
        (Role.QUALITY, Role.ADMINISTRATOR),
        ("/overdue",),
    ),
    ("Waiting for me", "author.waiting", (Role.AUTHOR, Role.REVIEWER), ("/reviews",)),
    ("Banks", "author.banks", (Role.AUTHOR, Role.REVIEWER), ("/banks", "/items")),
    ("Tests", "author.tests", (Role.AUTHOR, Role.REVIEWER), ("/tests", "/specifications")),
    ("People", "administrator.people", (Role.ADMINISTRATOR,), ("/people", "/roles")),
    (
        "Programmes",
        "administrator.programmes",
        (Role.ADMINISTRATOR,),
        ("/programmes", "/registrations"),
    ),
    ("Centre", "administrator.centre", (Role.ADMINISTRATOR,), ("/centre",)),
)
"""What stands at the top of the page, for whom, and at which addresses it is on.

Its words are looked up when a page is made, as all texts are."""


def zone() -> str:
    """The name of the time zone in which moments are shown."""
    return str(getattr(g, "zone", "UTC"))


def page_number() -> int:
    """The page asked for in the address, from 1; whatever is no number is the first."""
    text = request.args.get("page", "1")
    plain = text.isascii() and text.isdecimal() and len(text) < 9
    return min(max(int(text), 1), MANY) if plain else 1


def number(field: str) -> int | None:
    """The whole number that a field of the form names; None where it names none."""
    return whole(request.form.get(field, ""))


def whole(text: str) -> int | None:
    """The whole number that a text is, in plain digits and not too many; None where it is none."""
    plain = text.isascii() and text.isdecimal() and len(text) < DIGITS
    return int(text) if plain else None


def by_field(reasons: tuple[Reason, ...] | list[Reason]) -> dict[str, wording.Words]:
    """The words of reasons by the form field they belong to ("" for none), first of each.

    The words call a field as people do, not by its name in the form.
    """
    names = _names_of_fields()
    found: dict[str, wording.Words] = {}
    for reason in reasons:
        field = str(reason.values.get("field", ""))
        if field in names:
            reason = replace(reason, values={**reason.values, "field": names[field]})
        found.setdefault(field, wording.words(reason, zone()))
    return found


def called(field: str) -> str:
    """What people call a field of a form, as well as its name can tell."""
    plain = field.replace("-", " ").replace("_", " ")
    return _names_of_fields().get(field, plain[:1].upper() + plain[1:])


def _names_of_fields() -> dict[str, str]:
    return {
        "code": _("Code"),
        "decision": _("Your decision"),
        "file": _("File"),
        "minutes": _("Minutes to give"),
        "name": _("Name"),
        "note": _("Note for the report"),
        "place": _("Place"),
        "reason": _("Your reason"),
        "receipt": _("Receipt"),
        "test": _("Test"),
        "words": _("Your text"),
    }


def typed_words(field: str) -> str:
    """The words of a text area as they were typed, cut where nobody takes more."""
    return request.form.get(field, "").replace("\r\n", "\n")[:MOST_WORDS]


def seen(field: str, now: str, refused: Refused | None) -> str:
    """What a form says of what its reader has looked at, so that two moments can be compared.

    Who puts a mistake right has not looked at what was changed meanwhile, and is told of it by the
    next try; who was told [E-CHANGED] has, and so has who opens the form.
    """
    told = refused is None or refused.code is Code.CHANGED
    return now if told else request.form.get(field, now)


def about(field: str, reasons: Iterable[Reason]) -> list[Reason]:
    """The reasons, each beside this field of the form."""
    return [replace(reason, values={**reason.values, "field": field}) for reason in reasons]


def age(waited: timedelta) -> str:
    """Whole days, hours or minutes, whichever is the largest there is."""
    minutes = max(0, int(waited.total_seconds() // 60))
    if minutes >= 24 * 60:
        return str(ngettext("%(num)s day", "%(num)s days", minutes // (24 * 60)))
    if minutes >= 60:
        return str(ngettext("%(num)s hour", "%(num)s hours", minutes // 60))
    if minutes == 0:
        return str(_("less than a minute"))
    return str(ngettext("%(num)s minute", "%(num)s minutes", minutes))


def register(app: Flask, settings: Settings, neighbours: Sequence[Entry] = ()) -> None:
    """Give the templates what all of them use; `neighbours` stand in the navigation too."""
    navigation = (*NAVIGATION, *neighbours)
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    # A page looks up a hundred texts: the catalogue of its language is found once for all of them.
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined]
    texts = templating.texts(_catalogue)
    app.jinja_env.globals.update(texts)
    said = texts["gettext"]
    address_of = templating.addresses(app.url_for, _within)
    app.jinja_env.globals["url_for"] = address_of

    def pages_of(role: Role) -> list[dict[str, str]]:
        """What the navigation holds for a role: name, address, endpoint, in the same order."""
        return [
            {"text": said(text), "href": address_of(goal), "goal": goal}
            for text, goal, roles, _places in navigation
            if role in roles
        ]

    app.jinja_env.globals["pages_of"] = pages_of
    loader = app.jinja_loader
    assert loader is not None  # noqa: S101 - Flask makes one for every application
    theirs = PrefixLoader({templating.GOVUK: PackageLoader(templating.GOVUK)})
    app.jinja_loader = ChoiceLoader([loader, theirs])
    folder = Path(str(app.static_folder))

    @app.before_request
    def zone_of_nobody() -> None:
        """Until somebody is known, moments are shown in the installation's zone."""
        g.zone = settings.timezone

    @app.url_defaults
    def with_digest(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values:
            values["v"] = files.digest(folder / values["filename"])

    @app.template_filter("moment")
    def moment(at: datetime, where: str | None = None) -> str:
        return wording.moment(at, where or zone())

    @app.template_filter("from_when")
    def from_when(at: datetime) -> str:
        """A moment from which on something may be done, in whole minutes: never too early."""
        return wording.moment(wording.in_time(at), zone())

    @app.template_filter("day")
    def day(at: datetime | date, where: str | None = None) -> str:
        """A date, or the day of a moment at the centre (or in the zone given), in full."""
        here = where or zone()
        return wording.day(calendar.day_of(at, here) if isinstance(at, datetime) else at)

    @app.template_filter("last_day")
    def last_day(ends_at: datetime) -> str:
        """The last day of a period that ends before a moment, in full."""
        return wording.day(calendar.last_day(ends_at, zone()))

    @app.template_filter("second")
    def second(at: datetime) -> str:
        """The time of day at the centre, to the second."""
        return at.astimezone(ZoneInfo(zone())).strftime("%H:%M:%S")

    @app.template_filter("marks")
    def marks(thousandths: int) -> str:
        """Thousandths of a mark as marks: 3000 is 3, 2500 is 2.5."""
        return f"{thousandths / 1000:.3f}".rstrip("0").rstrip(".")

    @app.template_filter("duration")
    def duration(seconds: int) -> str:
        minutes, rest = divmod(max(0, seconds), 60)
        said = [ngettext("%(num)s minute", "%(num)s minutes", minutes)] if minutes else []
        if rest or not said:
            said.append(ngettext("%(num)s second", "%(num)s seconds", rest))
        return " ".join(said)

    def modules() -> dict[str, str]:
        """Addresses of scripts that others ask for, by the names that these use."""
        return {
            app.url_for("static", filename=name, v=None): address_of("static", filename=name)
            for name in MODULES
        }

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {
            "nonce": nonce(),
            "service": settings.name,
            "brand_colour": settings.colour,
            "modules": modules,
            "navigation": _navigation(navigation, address_of, said),
            "Code": Code,
            "Role": Role,
            "demo": not settings.production,
        }


def _catalogue() -> support.NullTranslations:
    """The texts of this request's language."""
    found: support.NullTranslations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = get_translations()
    return found


def _within() -> str:
    """The path under which the site of this request lies."""
    return request.script_root if has_request_context() else ""


def _navigation(
    entries: Sequence[Entry], address_of: Callable[..., str], said: Callable[..., str]
) -> list[dict[str, Any]]:
    # The person and the request themselves: each look through a proxy would cost some calls.
    user, asked = current_user._get_current_object(), request._get_current_object()  # type: ignore[attr-defined]
    if not user.is_authenticated:
        return []
    endpoint, blueprint, path = asked.endpoint, asked.blueprint, asked.path
    return [
        {
            "text": said(text),
            "href": address_of(goal),
            "current": endpoint == goal,
            "active": blueprint == goal.partition(".")[0] and path.startswith(within),
        }
        for text, goal, roles, within in entries
        if not user.roles.isdisjoint(roles)
    ]

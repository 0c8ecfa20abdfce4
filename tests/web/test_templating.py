"""Do pages say the same although less is done for each text, call and component of them?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel import support
from flask import Flask, g
from markupsafe import Markup

from assess.roles import Role
from assess.web import templating
from tests.builders import World

ROOT = Path(__file__).resolve().parents[2]
BUTTON = (
    '{% from "govuk_frontend_jinja/components/button/macro.html" import govukButton %}'
    "{{ govukButton({'text': text, 'preventDoubleClick': once}) }}"
)
INSET = (
    '{% from "govuk_frontend_jinja/components/inset-text/macro.html" import govukInsetText %}'
    "{% call govukInsetText({}) %}<p>{{ text }}</p>{% endcall %}"
)


MACRO = '{%% from "govuk_frontend_jinja/components/%s/macro.html" import %s %%}{{ %s(%s) }}'
COUNTED = (
    '{% from "forms.html" import counted %}'
    "{{ counted({'name': 'words', 'maxlength': 20, 'label': {'text': 'L'}}) }}"
)


class Loud(support.NullTranslations):
    """A language that quotes all that is looked up."""

    def ugettext(self, message: str) -> str:
        return f"«{message}»"


@pytest.fixture
def app(built: World) -> Flask:
    """The application whose templates these are."""
    built.app.jinja_env.made.clear()  # type: ignore[attr-defined]
    return built.app


def kept(app: Flask) -> dict[object, str]:
    """What its pages have made once."""
    pages = app.jinja_env
    assert isinstance(pages, templating.Pages)
    return pages.made  # type: ignore[return-value]


def shown(app: Flask, source: str, **values: object) -> str:
    """What a template makes of these values."""
    return app.jinja_env.from_string(source).render(**values)


def test_a_component_is_made_once_for_the_same_values_and_anew_for_others(app: Flask) -> None:
    first = shown(app, BUTTON, text="Go <on>", once=True)
    assert "Go &lt;on&gt;" in first
    assert 'data-prevent-double-click="true"' in first
    assert len(kept(app)) == 1
    assert shown(app, BUTTON, text="Go <on>", once=True) == first
    assert len(kept(app)) == 1
    # Markup is no text, and 1 is not true, although Python takes each for the other.
    assert "Go <on>" in shown(app, BUTTON, text=Markup("Go <on>"), once=True)
    assert 'data-prevent-double-click="1"' in shown(app, BUTTON, text="Go <on>", once=1)
    assert shown(app, BUTTON, text="Go <on>", once=True) == first


def test_what_somebody_has_written_and_what_is_no_plain_value_is_not_kept(app: Flask) -> None:
    class Words:
        def __str__(self) -> str:
            return "<said>"

    assert "&lt;said&gt;" in shown(app, BUTTON, text=Words(), once=True)
    assert "x" * 300 in shown(app, BUTTON, text="x" * 300, once=True)
    assert "<p>a &amp; b</p>" in shown(app, INSET, text="a & b")
    assert kept(app) == {}


def test_texts_are_markup_and_what_is_put_into_them_is_escaped(app: Flask) -> None:
    with app.test_request_context():
        assert shown(app, "{{ _('My progress') }}") == "My progress"
        assert shown(app, "{{ _('Start: %(title)s', title=t) }}", t="<b>") == "Start: &lt;b&gt;"
        assert shown(app, "{{ _('100%%') }}") == "100%"
        said = "{{ ngettext('%(num)d day of %(who)s', '%(num)d days of %(who)s', n, who='<i>') }}"
        assert shown(app, said, n=2) == "2 days of &lt;i&gt;"


def test_a_cookie_that_comes_again_holds_what_it_held(app: Flask) -> None:
    with app.test_request_context() as context:
        signed = app.session_interface.get_signing_serializer(app).dumps({"list": ["one"]})  # type: ignore[attr-defined]
        cookie = f"{app.config['SESSION_COOKIE_NAME']}={signed}"
    for _ in range(2):
        with app.test_request_context(headers={"Cookie": cookie}) as context:
            assert context.session["list"] == ["one"]
            context.session["list"].append("two")


def test_a_text_that_stands_in_a_template_is_part_of_it(app: Flask) -> None:
    # Without a request there is no catalogue to ask: what is shown was there before.
    assert shown(app, "<p>{{ _('Hand in') }}</p>{{ _('100%%') }}") == "<p>Hand in</p>100%"
    said = "{{ _('Question %(place)d of %(of)s', place=p, of='<b>') }}"
    assert shown(app, said, p=3) == "Question 3 of &lt;b&gt;"
    assert shown(app, "{% set t = _('A <b>') %}{{ t }}{{ _('C') if no else _('D') }}") == "A <b>D"
    assert 'type="submit"' in shown(app, BUTTON.replace("text,", "_('Go & on'),"), once=True)


def test_a_text_chosen_while_a_page_is_made_is_looked_up(app: Flask) -> None:
    with app.test_request_context():
        assert shown(app, "{{ _(t) }}", t="My progress") == "My progress"


def test_pages_are_compiled_for_the_one_language_there_is(app: Flask) -> None:
    """Whoever adds a second one makes an environment for it: `assess/web/compiling.py`."""
    with app.test_request_context():
        assert [str(one) for one in app.extensions["babel"].instance.list_translations()] == ["en"]


def test_what_the_design_system_says_by_itself_is_in_the_language_of_the_page(app: Flask) -> None:
    loud = templating.Pages(app)
    loud.catalogue, loud.loader = Loud(), app.jinja_env.loader
    loud.filters, loud.globals = app.jinja_env.filters, app.jinja_env.globals

    def said(component: str, macro: str, params: str) -> str:
        return loud.from_string(MACRO % (component, macro, macro, params)).render()

    assert "«Error»:" in said("error-message", "govukErrorMessage", "{'text': 'Late'}")
    assert "«Success»" in said(
        "notification-banner", "govukNotificationBanner", "{'type': 'success'}"
    )
    assert "«Important»" in said("notification-banner", "govukNotificationBanner", "{}")
    counted = loud.from_string(COUNTED).render()
    assert "«You can enter up to 20 characters»" in counted
    assert re.findall(r'data-i18n\.([\w.-]+)="«[^"]*»"', counted) == [
        "characters-under-limit.one",
        "characters-under-limit.other",
        "characters-at-limit",
        "characters-over-limit.one",
        "characters-over-limit.other",
    ]


def test_the_navigation_is_looked_up_as_all_texts_are(app: Flask) -> None:
    with app.test_request_context():
        g.catalogue = Loud()
        pages_of: Any = app.jinja_env.globals["pages_of"]
        assert [one["text"] for one in pages_of(Role.TUTOR)] == ["«Readiness»", "«Candidates»"]


def test_an_address_is_built_once_for_each_place_where_the_site_lies(app: Flask) -> None:
    source = "{{ url_for('public.home') }} {{ url_for('candidate.result', attempt_id=n) }}"
    with app.test_request_context():
        assert shown(app, source, n=1) == "/ /attempts/1/result"
        assert shown(app, source, n=2) == "/ /attempts/2/result"
    with app.test_request_context(environ_overrides={"SCRIPT_NAME": "/exams"}):
        assert shown(app, source, n=2) == "/exams/ /exams/attempts/2/result"
    with app.test_request_context():
        assert shown(app, source, n=1) == "/ /attempts/1/result"


def test_no_two_templates_have_a_macro_of_their_own_that_is_made_once_by_one_name() -> None:
    folders = (ROOT / "assess/web/templates", ROOT / "invigilation/web/templates")
    named = [
        name
        for folder in folders
        for path in folder.rglob("*.html")
        for name in re.findall(r"{%-? *macro (plain_\w+)", path.read_text())
    ]
    assert sorted(set(named)) == sorted(named) != []

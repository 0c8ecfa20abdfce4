"""Do pages say the same although less is done for each text, call and component of them?"""

from __future__ import annotations

import pytest
from flask import Flask
from markupsafe import Markup

from assess.web import templating
from tests.builders import World

BUTTON = (
    '{% from "govuk_frontend_jinja/components/button/macro.html" import govukButton %}'
    "{{ govukButton({'text': text, 'preventDoubleClick': once}) }}"
)
INSET = (
    '{% from "govuk_frontend_jinja/components/inset-text/macro.html" import govukInsetText %}'
    "{% call govukInsetText({}) %}<p>{{ text }}</p>{% endcall %}"
)


@pytest.fixture
def app(built: World) -> Flask:
    """The application whose templates these are."""
    templating._made.clear()
    return built.app


def shown(app: Flask, source: str, **values: object) -> str:
    """What a template makes of these values."""
    return app.jinja_env.from_string(source).render(**values)


def test_a_component_is_made_once_for_the_same_values_and_anew_for_others(app: Flask) -> None:
    first = shown(app, BUTTON, text="Go <on>", once=True)
    assert "Go &lt;on&gt;" in first
    assert 'data-prevent-double-click="true"' in first
    assert len(templating._made) == 1
    assert shown(app, BUTTON, text="Go <on>", once=True) == first
    assert len(templating._made) == 1
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
    assert templating._made == {}


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

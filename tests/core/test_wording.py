"""Has every reason that the source can give words, and does every sentence get its values?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import assess
from assess import wording
from assess.actions import passwords
from assess.bank.problems import SAYS
from assess.delivery import answering, eligibility, readiness, statement
from assess.delivery.attempt import Move, State, after
from assess.delivery.terms import Terms
from assess.reasons import Code, Helper, Reason, Refused, Value
from tests import source

HOME = Path(assess.__file__).parent
CATALOGUE = HOME / "translations/en/LC_MESSAGES/reasons.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
NOON = datetime(2026, 7, 1, 11, 30, tzinfo=UTC)
LONDON = "Europe/London"
APART = {"until", "status", "who"}  # of Refused.of: no values

# Where `what` is not written beside the reason: everything that the function can say.
ELSEWHERE: dict[Code, tuple[dict[str, str | int | datetime], ...]] = {
    Code.PASSWORD_WEAK: tuple(
        {"what": what, "allowed": 10} for what in ("same", "short", "long", "guessable")
    ),
    Code.NOT_FOUND: ({"what": "command"},),
    Code.HELD: tuple({"what": what, "since": NOON} for what in ("all", "test")),
    Code.ANSWER: tuple(
        {"what": what, "options": 4}
        for what in ("value_unreadable", "value_repeated", "too_many_choices")
    ),
    Code.FIELD: (
        {"what": "empty", "field": "x"},
        {"what": "before_start", "field": "x"},
        {"what": "implausible", "field": "x"},
        {"what": "unknown", "field": "x", "found": "y", "allowed": "z"},
        {"what": "long", "field": "x", "allowed": 10},
        {"what": "short", "field": "x", "need": 10},
        {"what": "range", "field": "x", "least": 1, "most": 10},
        {"what": "no_date", "field": "x"},
        {"what": "no_number", "field": "x"},
        {"what": "no_tutor", "field": "x"},
        {"what": "no_candidate", "field": "x"},
    ),
    Code.WILL: tuple(
        {"what": what, **dict.fromkeys(names.split(), "x")}
        for what, names in (
            ("person", "name roles"),
            ("name", "before name"),
            ("birth", "day"),
            ("birth_again", "before day"),
            ("email", "email"),
            ("email_again", "before email"),
            ("roles", "roles"),
            ("registration", "programme group tutor ends"),
            ("registration_open", "programme group tutor"),
            ("group", "programme before group"),
            ("tutor", "programme before tutor"),
            ("language", "programme before language"),
            ("starts", "programme day"),
            ("starts_again", "programme before day"),
            ("ends", "programme day"),
            ("ends_again", "programme before day"),
            ("needs", "programme"),
            ("needs_again", "programme before"),
        )
    ),
}


@dataclass(frozen=True)
class Given:
    """A place in the source that gives a reason: its code, and the names of its values."""

    where: str
    code: Code
    what: str | None
    names: frozenset[str]

    def reason(self) -> Reason:
        values: dict[str, str | int | datetime] = dict.fromkeys(self.names, "x")
        return Reason(self.code, values | ({"what": self.what} if self.what else {}))


def _given() -> Iterator[Given]:
    """Every reason written out in the source; those with another `what` are in ELSEWHERE."""
    for path, tree in source.files().items():
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.args):
            code = call.args[0]
            if not (isinstance(code, ast.Attribute) and source.spelt(code.value) == "Code"):
                continue
            name = source.spelt(call.func)
            if name == "Reason":
                facts = _facts(tree, call)
            elif name == "Refused.of":
                facts = {k.arg: k.value for k in call.keywords if k.arg and k.arg not in APART}
            else:
                continue
            what = facts.pop("what", None)
            if what is not None and not isinstance(what, ast.Constant):
                assert Code[code.attr] in ELSEWHERE, f"{path}:{call.lineno}"
                continue
            yield Given(
                f"{path}:{call.lineno}",
                Code[code.attr],
                str(what.value) if isinstance(what, ast.Constant) else None,
                frozenset(facts),
            )


def _facts(tree: ast.Module, call: ast.Call) -> dict[str, ast.expr]:
    """The values of `Reason(code, values)`: a dict written there, or given a name just before."""
    said = [k.value for k in call.keywords if k.arg == "values"] + list(call.args[1:2])
    if not said:
        return {}
    found: ast.expr | None = said[0]
    if isinstance(found, ast.Name):
        before = [
            (node.lineno, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign | ast.AnnAssign)
            and node.lineno < call.lineno
            and source.spelt(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            == found.id
        ]
        found = max(before, key=lambda b: b[0])[1] if before else None
    assert isinstance(found, ast.Dict), ast.unparse(call)
    return {
        str(k.value): v
        for k, v in zip(found.keys, found.values, strict=True)
        if isinstance(k, ast.Constant)
    }


@cache
def given_reasons() -> tuple[Given, ...]:
    """Every reason written out in the source; read once, and by nobody who does not ask."""
    return tuple(_given())


def _sentences() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


def test_the_source_was_really_read() -> None:
    assert len(given_reasons()) > 50
    codes = {given.code for given in given_reasons()}
    assert {Code.COOL, Code.APPROVAL, Code.LOGIN_LOCK, Code.TAKEN, Code.BLUEPRINT} <= codes


def test_every_reason_in_the_source_has_words() -> None:
    keys = wording.codes()
    for given in given_reasons():
        words = wording.words(given.reason())
        assert words.what != given.code.value, given
        assert "%(" not in words.what + words.do, given
        if given.what:
            own = {f"{given.code.value}.{given.what}", given.what}
            assert keys & own, f"{given}: words of its own"


def test_every_code_has_words_and_a_heading() -> None:
    keys = wording.codes()
    used = {g.code for g in given_reasons()}
    for code in Code:
        assert code.value in keys
        assert f"{code.value}:title" in keys or code in used, code
        assert wording.title(Refused(code, ())), code


@pytest.mark.parametrize(
    ("code", "values"),
    [(code, values) for code, several in ELSEWHERE.items() for values in several],
)
def test_every_reason_with_a_computed_cause_has_words(
    code: Code, values: dict[str, str | int | datetime]
) -> None:
    assert f"{code.value}.{values['what']}" in wording.codes()
    assert "%(" not in wording.words(Reason(code, values)).what


@pytest.mark.parametrize(("need", "said"), [(1, "1 live question;"), (2, "2 live questions;")])
def test_one_thing_that_is_needed_is_said_as_one(need: int, said: str) -> None:
    values: dict[str, Value] = {"what": "quota_short", "outcome": "1.1", "need": need, "have": 0}
    assert said in wording.words(Reason(Code.BLUEPRINT, values)).what


def test_every_sentence_gets_the_values_that_it_needs() -> None:
    """A placeholder that no rule fills would show a bare code to a person."""
    for key, sentence in _sentences().items():
        needed = set(PLACEHOLDER.findall(sentence))
        if not needed:
            continue
        code, _, what = key.partition(":")[0].partition(".")
        passed = [
            {*g.names, *(["what"] if g.what else [])}
            for g in given_reasons()
            if (g.code.value == code and (g.what or "") == what) or g.what == code
        ] + [
            set(values)
            for c, several in ELSEWHERE.items()
            for values in several
            if c.value == code and values["what"] == what
        ]
        assert any(needed <= names for names in passed), key


def test_no_sentence_is_said_for_a_cause_that_no_rule_gives() -> None:
    given = given_reasons()
    whats = {f"{g.code.value}.{g.what}" for g in given if g.what} | {g.what for g in given}
    whats |= {f"{c.value}.{v['what']}" for c, several in ELSEWHERE.items() for v in several}
    helpers = {f"who:{h.value}" for h in Helper if h is not Helper.NOBODY}
    known = {code.value for code in Code} | whats | helpers | {"any"}
    for key in _sentences():
        assert key in helpers or key.partition(":")[0] in known, key


def test_the_sentences_do_not_shadow_those_of_the_problems_of_files() -> None:
    assert not set(_sentences()) & set(SAYS)


@pytest.mark.parametrize("helper", [h for h in Helper if h is not Helper.NOBODY])
def test_every_helper_is_named(helper: Helper) -> None:
    assert wording.words(Reason(Code.GATE, who=helper)).help


def test_nobody_is_named_where_nobody_can_help() -> None:
    assert wording.words(Reason(Code.GATE)).help == ""


def test_all_reasons_of_a_candidate_come_in_words_with_dates_in_full() -> None:
    terms = Terms("M02", 30, 1, (48,), True, NOON.replace(month=6), NOON, LONDON)
    standing = eligibility.Standing(
        active=False,
        centre_active=False,
        registered=False,
        published=False,
        signed_version=1,
        current_version=2,
        approval=eligibility.Approval(NOON, NOON, used=False),
        closed_attempts=(eligibility.Closed(1, NOON, passed=False),),
        open_attempt=None,
    )
    said = [wording.words(r, LONDON) for r in eligibility.why_not_start(terms, standing, NOON)]
    assert len({w.what for w in said}) == len(said) >= 8
    assert all(w.what != w.code for w in said)
    approval = next(w for w in said if w.code == Code.APPROVAL)
    assert approval.what == "Your approval ended on Wednesday 1 July 2026 at 12:30."
    cool = next(w for w in said if w.code == Code.COOL)
    assert cool.until == "Friday 3 July 2026 at 12:30"
    assert "2026" not in cool.what


def test_the_rules_of_signing_approving_answering_and_moving_speak() -> None:
    reasons = [
        *statement.why_not_sign("", "Ann", 1, 2),
        *statement.why_not_affirm(False),
        *readiness.why_not_approve(1, 1, {1}, [], ""),
        *readiness.why_not_approve(1, 2, set(), ["no such"], ""),
        *readiness.why_not_withdraw(True, ""),
        *readiness.why_not_advise(1, 1, ""),
        *passwords.why_not("short", ()),
        *passwords.why_not("passwordpassword", ()),
        *passwords.why_not("x" * 201, ()),
    ]
    for refused in (
        answering.parse(["9"], 4, "single_choice"),
        answering.parse(["1", "1"], 4, "single_choice"),
        answering.parse(["1", "2"], 4, "single_choice"),
        after(State.CLOSED, Move.HAND_IN),
        after(State.PREPARED, Move.HAND_IN),
    ):
        assert isinstance(refused, Refused)
        assert wording.title(refused)
        reasons += refused.reasons
    for reason in reasons:
        words = wording.words(reason)
        assert words.what != words.code
        assert "%(" not in words.what


def test_a_moment_is_shown_in_the_zone_of_the_centre() -> None:
    reason = Reason(Code.DECIDED, {"answered": NOON}, NOON)
    assert "Wednesday 1 July 2026 at 12:30" in wording.words(reason, LONDON).what
    assert wording.words(reason, "America/New_York").until == "Wednesday 1 July 2026 at 07:30"


def test_whoever_comes_when_they_were_told_is_not_too_early() -> None:
    for late in (timedelta(microseconds=1), timedelta(seconds=59)):
        reason = Reason(Code.LOGIN_LOCK, until=NOON + late)
        assert wording.words(reason, LONDON).until == "Wednesday 1 July 2026 at 12:31"


def test_an_unknown_language_speaks_english() -> None:
    assert wording.words(Reason(Code.LOGIN), language="cy").what.startswith("The log-in name")

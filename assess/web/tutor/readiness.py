"""Judging readiness: who waits for this tutor's approval, and on what basis it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from assess import store
from assess.actions import approvals
from assess.actions.context import not_found
from assess.delivery import marking, messages, readiness
from assess.delivery.attempt import State
from assess.delivery.messages import Urgency
from assess.reasons import Code, Reason, Refused
from assess.store import approvals as rows
from assess.store import attempts, cohorts, frameworks, marks, specifications
from assess.store import messages as talk
from assess.store.approvals import ApprovalRequest
from assess.store.cohorts import Practised
from assess.store.people import Person
from assess.store.specifications import Test
from assess.web import pages, problems, signing
from assess.web.tutor.blueprint import bp, tutors

MOST = 50  # requests, and as many conversations, on the page; those answered make room
LAST_GIVEN = 10  # approvals shown below the queue
ON_THE_FORM = frozenset(
    {Code.BASIS, Code.FIELD, Code.REASON}
)  # reasons that another try can put right


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request as a tutor sees it: how old, and how earlier attempts ended, in words."""

    request: ApprovalRequest
    person: Person
    test: Test
    age: str
    urgency: Urgency
    earlier: tuple[str, ...]
    practice: tuple[Practised, ...]
    titles: Mapping[str, str]


@bp.get("/readiness")
@tutors
def queue() -> str:
    """Requests and messages that wait for this tutor, oldest first; the approvals given last."""
    with store.read() as session:
        me, here = current_user.person_id, current_user.centre_id
        waiting = [_waiting(session, *row) for row in rows.queue(session, me, MOST)]
        asking = talk.of_tutor(session, here, me, MOST)
        all_waiting, all_asking = rows.count(session, me), talk.count(session, here, me)
        given = rows.given_by(session, me, LAST_GIVEN)
        mine = cohorts.mine(session, me, [person.id for _, person, _ in given])
    now = signing.now()
    return render_template(
        "tutor/queue.html",
        waiting=waiting,
        asking=[(o, pages.age(now - o.since), messages.urgency(o.since, now)) for o in asking],
        all_waiting=all_waiting,
        all_asking=all_asking,
        given=given,
        mine=mine,
        titles=readiness.TITLES,
    )


@bp.route("/readiness/<int:request_id>", methods=["GET", "POST"])
@tutors
def judge(request_id: int) -> ResponseReturnValue:
    """One request: approve the candidate for one attempt, on a basis."""
    if request.method == "GET":
        return _form(request_id)
    kinds = list(dict.fromkeys(request.form.getlist("kinds")))
    words = pages.typed_words("words")
    done = approvals.approve(signing.context(), request_id, kinds, words)
    if isinstance(done, Refused):
        again = problems.on_the_form(done, ON_THE_FORM)
        return _form(request_id, kinds, words, refused=done) if again else problems.answer(done)
    flash(_("The approval is recorded. The candidate can see it now."), "success")
    return redirect(url_for("tutor.queue"))


@bp.post("/readiness/<int:request_id>/not-yet")
@tutors
def not_yet(request_id: int) -> ResponseReturnValue:
    """Answer one request with "not yet", and what to do first."""
    advice = pages.typed_words("advice")
    done = approvals.advise(signing.context(), request_id, advice)
    if isinstance(done, Refused):
        again = problems.on_the_form(done, ON_THE_FORM)
        return _form(request_id, advice=advice, refused=done) if again else problems.answer(done)
    flash(_("Your advice is recorded. The candidate can read it now and ask again."), "success")
    return redirect(url_for("tutor.queue"))


def _form(
    request_id: int,
    kinds: Sequence[str] = (),
    words: str = "",
    advice: str | None = None,
    refused: Refused | None = None,
) -> ResponseReturnValue:
    with store.read() as session:
        found = rows.shown_to(session, current_user.person_id, request_id)
        if found is None or found[0].centre_id != current_user.centre_id:
            return problems.answer(not_found())
        waiting = _waiting(session, *found)
        version = specifications.published(session, waiting.test.id)
    page = render_template(
        "tutor/judge.html",
        waiting=waiting,
        days=None if version is None else version.specification().approval_days,
        own=waiting.person.id == current_user.person_id,
        titles=readiness.TITLES,
        longest=approvals.LONGEST_WORDS,
        kinds=kinds,
        words=words,
        advice=advice,
        reasons=pages.by_field(
            [_beside(r, advice is not None) for r in refused.reasons] if refused else []
        ),
    )
    return page, 200 if refused is None else refused.status


def _beside(reason: Reason, advising: bool) -> Reason:
    """The reason with the field of the form that it is about."""
    about_words = reason.code is Code.FIELD or reason.values.get("what") == "words_short"
    field = "advice" if advising else "words" if about_words else "kinds"
    return replace(reason, values={**reason.values, "field": field})


def _waiting(session: Session, asked: ApprovalRequest, person: Person, test: Test) -> Waiting:
    sat = attempts.of_test(session, test.id, person.id)
    passed = marks.passes(session, [a.id for a in sat])
    practice = tuple(_practised(session, person, test))
    return Waiting(
        asked,
        person,
        test,
        pages.age(signing.now() - asked.asked_at),
        messages.urgency(asked.asked_at, signing.now()),
        tuple(
            str(_(marking.WORDS[passed[a.id]])) if a.id in passed else _unmarked(State(a.state))
            for a in sat
        ),
        practice,
        frameworks.titles(session, [line.outcome for line in practice]),
    )


def _practised(session: Session, person: Person, test: Test) -> list[Practised]:
    """How practice went in the outcomes that this test draws from."""
    version = specifications.published(session, test.id)
    if version is None or test.programme_id is None:
        return []
    drawn = [quota.outcome for quota in version.specification().quotas]
    return [
        line
        for line in cohorts.practised(session, person.id, test.programme_id)
        if any(f"{line.outcome}/".startswith(f"{path}/") for path in drawn)
    ]


def _unmarked(state: State) -> str:
    return str(_("Does not count") if state is State.VOID else _("Not finished"))

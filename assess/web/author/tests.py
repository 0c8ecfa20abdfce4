"""Which tests has the centre, and what does each version of their specification ask for?"""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions.context import not_found
from assess.store import banks, frameworks, programmes, proofs, reports, specifications
from assess.web import problems
from assess.web.author import narrowing, outcomes
from assess.web.author.blueprint import KEY, bp, readers


@bp.get("/tests", endpoint="tests")
@readers
def every_test() -> str:
    """The centre's tests, each with what is in force."""
    with store.read() as session:
        tests = specifications.of_centre(session, current_user.centre_id)
        published = specifications.published_of_centre(session, current_user.centre_id)
        names = {bank.id: bank.name for bank, _ in banks.of_centre(session, current_user.centre_id)}
        attempts = reports.handed_in(session, current_user.centre_id)
    rows = [
        (test, version, None if version is None else version.specification())
        for test in tests
        for version in [published.get(test.id)]
    ]
    return render_template("author/tests.html", rows=rows, banks=names, attempts=attempts)


@bp.get(f"/tests/<{KEY}:test_id>", endpoint="test")
@readers
def one_test(test_id: int) -> ResponseReturnValue:
    """A version of a test's specification, the published one by default, and the list of all."""
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
        if test is None:
            return problems.answer(not_found())
        versions = specifications.versions_of(session, test.id)
        asked = request.args.get("version", "")
        wanted = [v for v in versions if str(v.number) == asked or not asked]
        version = next((v for v in wanted if v.state == "published"), next(iter(wanted), None))
        if version is None:
            return problems.answer(not_found())
        bank = banks.get(session, current_user.centre_id, test.bank_id)
        specification = version.specification()
        proof = None if bank is None else proofs.prove(session, bank, specification)
        framework = frameworks.load(session, None if bank is None else bank.framework_id)
        paths = [quota.outcome for quota in specification.quotas]
        apart = outcomes.listed(session, specification.not_assessed, framework)
        titles = frameworks.titles(session, paths)
        programme = (
            None
            if test.programme_id is None
            else programmes.get(session, current_user.centre_id, test.programme_id)
        )
    return render_template(
        "author/test.html",
        test=test,
        bank=bank,
        programme=programme,
        version=version,
        versions=versions,
        specification=specification,
        titles=titles,
        narrowed=narrowing.words,
        not_assessed=apart,
        fresh=0 if proof is None else proof.fresh.attempts,
        proof=proof,
    )

"""Were the forms of a test fair: the report after the event, beside the forecast?"""

from __future__ import annotations

import numpy as np
from flask import render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from assess import store
from assess.actions import fairness
from assess.actions.context import not_found
from assess.store import forms, specifications
from assess.web import problems
from assess.web.author.blueprint import KEY, bp, readers

MOST = 10  # items whose exposure differs most from the forecast


@bp.get(f"/tests/<{KEY}:test_id>/fairness", endpoint="fairness")
@readers
def report(test_id: int) -> ResponseReturnValue:
    """The fairness report of a test, over the forms of its newest pool that was drawn from."""
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
        if test is None:
            return problems.answer(not_found())
        found = fairness.of_test(session, test)
        all_outside = forms.ever_outside(session, test.id)
    unlike = []
    if found is not None and found.first:
        off = np.abs(found.exposed - found.ahead.exposed)
        names = found.ground.names
        unlike = [
            (names[found.ahead.items[k]], float(found.exposed[k]), float(found.ahead.exposed[k]))
            for k in np.argsort(-off, kind="stable")[:MOST].tolist()
        ]
    return render_template(
        "author/fairness.html", test=test, found=found, all_outside=all_outside, unlike=unlike
    )

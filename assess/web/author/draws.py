"""Which epochs does a test have, and how are their draws shown to be honest, and made fair?"""

from __future__ import annotations

import json

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import store, wording
from assess.actions import calibrations
from assess.actions import verification as deeds
from assess.actions.context import not_found
from assess.reasons import Reason, Refused
from assess.roles import Role
from assess.store import calibrations as rows
from assess.store import pools, specifications
from assess.web import access, pages, problems, signing
from assess.web.author.blueprint import KEY, bp, writers

panel = access.only(Role.AUTHOR, Role.QUALITY)
"""Open to whoever answers for a test's draws: its authors, and the team that decides appeals."""


@bp.get(f"/tests/<{KEY}:test_id>/draws", endpoint="draws")
@panel
def draws(test_id: int) -> ResponseReturnValue:
    """The epochs of a test, each with its commitment, and what can be done about them."""
    return _page(test_id)


@bp.post(f"/tests/<{KEY}:test_id>/draws/close", endpoint="close_epoch")
@panel
def close(test_id: int) -> ResponseReturnValue:
    """Close the open epoch, so that its draws can be verified now."""
    if (name := _name(test_id)) is None:
        return problems.answer(not_found())
    done = deeds.close(signing.context(), name, pages.typed_words("reason"))
    if isinstance(done, Refused):
        return _page(test_id, done) if problems.on_the_form(done) else problems.answer(done)
    flash(_("Epoch %(number)s is closed. The next draw opens another.", number=done), "success")
    return redirect(url_for("author.draws", test_id=test_id))


@bp.post(f"/tests/<{KEY}:test_id>/draws/<int:epoch>/file", endpoint="verification_file")
@panel
def file(test_id: int, epoch: int) -> ResponseReturnValue:
    """What an outsider needs to draw every form of a closed epoch again."""
    if (name := _name(test_id)) is None:
        return problems.answer(not_found())
    done = deeds.document(signing.context(), name, epoch)
    if isinstance(done, Refused):
        return problems.answer(done)
    answer = current_app.response_class(
        json.dumps(done, separators=(",", ":")) + "\n", mimetype="application/json"
    )
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}-epoch-{epoch}.json")
    return answer


@bp.post(f"/tests/<{KEY}:test_id>/draws/calibrate", endpoint="calibrate")
@writers
def calibrate(test_id: int) -> ResponseReturnValue:
    """Ask for difficulties estimated from the answers; the worker does it."""
    if (name := _name(test_id)) is None:
        return problems.answer(not_found())
    done = calibrations.ask(signing.context(), name)
    if isinstance(done, Refused):
        return problems.answer(done)
    return redirect(url_for("author.draws", test_id=test_id))


def _name(test_id: int) -> str | None:
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
    return None if test is None else test.name


def _words(reason: Reason) -> wording.Words:
    return wording.words(reason, pages.zone())


def _page(test_id: int, refused: Refused | None = None) -> ResponseReturnValue:
    with store.read() as session:
        test = specifications.get(session, current_user.centre_id, test_id)
        if test is None:
            return problems.answer(not_found())
        asked = rows.last_request(session, test.id)
        newest = rows.newest(session, test.id)
        made = pools.newest_made(session, test.id)
        version = specifications.published(session, test.id)
    found = deeds.epochs(signing.context(), test.name)
    if isinstance(found, Refused):
        return problems.answer(found)
    by_it = newest is not None and made is not None and made.calibration_id == newest.id
    page = render_template(
        "author/draws.html",
        test=test,
        epochs=found[::-1],
        asked=asked,
        why_not=[] if asked is None else [_words(one) for one in calibrations.why_not(asked)],
        newest=newest,
        by_it=by_it,
        moved=calibrations.moved(newest, version) if by_it else None,
        open=next((one for one in found if one.closed is None), None),
        reasons=pages.by_field(pages.about("reason", refused.reasons if refused else ())),
        reason=pages.typed_words("reason"),
        longest=pages.MOST_WORDS,
    )
    return page, 200 if refused is None else refused.status

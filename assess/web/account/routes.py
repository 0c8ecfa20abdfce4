"""Logging in and out, changing one's password, listing and ending one's sessions."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from assess import seeds, store, wording
from assess.actions import passwords, sessions
from assess.reasons import Code, Helper, Reason, Refused
from assess.store import arrangements
from assess.web import access, arranged, cookies, in_use, pages, problems, signing
from assess.web.account import devices

bp = Blueprint("account", __name__)
arranged.keep(bp)
LONGEST = 300  # characters of a name or password that are looked at
BESIDE = {Code.PASSWORD: "old", Code.LOGIN_LOCK: "old", Code.PASSWORD_WEAK: "new"}


@bp.route("/login", methods=["GET", "POST"])
@access.anyone
def log_in() -> ResponseReturnValue:
    """Log in, then go where one wanted to go; not to what somebody else has left open here."""
    goal = _inside(request.args.get("next", ""))
    if request.method == "GET":
        if current_user.is_authenticated:
            return redirect(goal)
        was = Reason(Code.SIGNED_OUT, who=Helper.YOU) if cookies.whose(cookie) else None
        out = None if was is None else wording.words(was, str(signing.zone()))
        sat = "/attempts/" in goal  # from a test, which may hold what could not be sent
        return render_template("account/login.html", reasons={}, username="", out=out, sat=sat)
    username = request.form.get("username", "")[:LONGEST]
    done = sessions.log_in(
        signing.settings(),
        signing.now(),
        username,
        request.form.get("password", "")[:LONGEST],
        request.user_agent.string,
    )
    if isinstance(done, Refused):
        if problems.wants_json():
            return problems.answer(done)
        # Nobody is known yet, so neither is a centre: its moments come in the zone of the service.
        reasons = {"username": wording.words(done.reasons[0], str(signing.zone()))}
        page = render_template("account/login.html", reasons=reasons, username=username)
        return page, done.status
    if cookies.whose(cookie) not in (None, cookies.of(done.person_id)):
        goal = url_for("public.home")
    signing.begin(done.token)
    # Straight to where the page that everybody begins at would send them.
    return redirect((access.first_page() if goal == url_for("public.home") else None) or goal)


@bp.post("/logout")
@access.signed_in
def log_out() -> ResponseReturnValue:
    """Log out: the session ends on the server, not only in the browser."""
    sessions.log_out(signing.context())
    signing.end()
    flash(_("You are logged out."))
    return redirect(url_for("account.log_in"))


@bp.get("/account")
@access.signed_in
def show() -> str:
    """One's account: name, roles, and where one is logged in."""
    with store.read() as session:
        mine = in_use.of(session, current_user.person_id)
        in_force = arrangements.in_force(session, current_user.person_id, signing.now())
    return render_template(
        "account/show.html", sessions=mine, device=_device, arrangements=in_force
    )


@bp.get("/account/session")
@access.signed_in
def session_left() -> ResponseReturnValue:
    """How long the session lasts. To ask is not to use it: see `signing.ASKING`."""
    return _lasts()


@bp.post("/account/session")
@access.signed_in
def stay() -> ResponseReturnValue:
    """Stay logged in: to have sent this is the use that a session waits for."""
    return _lasts()


@bp.route("/account/password", methods=["GET", "POST"])
@access.signed_in
def password() -> ResponseReturnValue:
    """Change one's password; the first one must be changed before anything else."""
    if request.method == "GET":
        return _password_form()
    old, new, again = (request.form.get(n, "")[:LONGEST] for n in ("old", "new", "again"))
    first, token = current_user.must_change_password, seeds.token()
    refused: Refused | None
    if new == again:
        refused = sessions.change_password(signing.context(), old, new, token)
    else:
        refused = Refused.of(
            Code.PASSWORD, status=422, who=Helper.YOU, what="differ", field="again"
        )
    if refused is not None:
        return problems.answer(refused) if problems.wants_json() else _password_form(refused)
    signing.go_on(token)
    flash(_("Your password is changed. You are logged out on all other devices."), "success")
    return redirect(url_for("public.home" if first else "account.show"))


@bp.post("/account/sessions/<int:session_id>/end")
@access.signed_in
def end(session_id: int) -> ResponseReturnValue:
    """End one of one's sessions."""
    ended = sessions.end(signing.context(), session_id)
    if isinstance(ended, Refused):
        return problems.answer(ended)
    flash(_("You are logged out on that device."), "success")
    return redirect(url_for("account.show"))


@bp.post("/account/sessions/end-others")
@access.signed_in
def end_others() -> ResponseReturnValue:
    """End all one's other sessions."""
    sessions.end_others(signing.context())
    flash(_("You are logged out on all other devices."), "success")
    return redirect(url_for("account.show"))


def _lasts() -> ResponseReturnValue:
    """Whose session it is, the seconds until it ends (None in a test), whether use defers that."""
    signed_in, settings = current_user.signed_in, signing.settings()
    with store.look() as session:
        since = sessions.sits_since(session, signed_in.person_id, settings, signing.now())
    defers = sessions.ends(signed_in, settings) < sessions.ends_at_last(signed_in, settings)
    left = signing.session_left() if since is None else None
    return jsonify(person=signed_in.person_id, seconds_left=left, can_stay=defers)


def _password_form(refused: Refused | None = None) -> ResponseReturnValue:
    reasons = [] if refused is None else refused.reasons
    beside = [replace(r, values={"field": BESIDE[r.code], **r.values}) for r in reasons]
    page = render_template(
        "account/password.html", reasons=pages.by_field(beside), shortest=passwords.SHORTEST
    )
    return page, 200 if refused is None else refused.status


def _device(described: str) -> str:
    browser, system = devices.browser(described), devices.system(described)
    said = browser or str(_("Unknown browser"))
    return str(_("%(browser)s on %(system)s", browser=said, system=system)) if system else said


def _inside(goal: str) -> str:
    """An address of this service to go on to; anything else is the start page."""
    home = url_for("public.home")
    if not goal.startswith("/") or goal.startswith("//") or not goal.isprintable() or "\\" in goal:
        return home
    try:
        parts = urlsplit(goal)
    except ValueError:
        return home
    return home if parts.scheme or parts.netloc else goal

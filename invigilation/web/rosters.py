"""Who is to sit here, and who of them is here? Choosing candidates, recording attendance."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from assess import store
from assess.reasons import Code, Refused
from assess.store import specifications
from assess.store.people import Person
from assess.store.programmes import Registration
from assess.web import pages, problems, signing
from invigilation import presence
from invigilation.actions import attendance, duty
from invigilation.actions import roster as deeds
from invigilation.actions.attendance import Said
from invigilation.presence import ADMITTED, Lateness
from invigilation.store import roster
from invigilation.store.roster import Line
from invigilation.store.sittings import Sitting
from invigilation.web import words
from invigilation.web.blueprint import bp, find, invigilators

MOST = 50  # candidates offered at once: more are found by typing more of the name
LONGEST_SEARCH = 200  # characters
LONGEST = 5_000  # characters of the words that are looked at: beyond any that are taken
ON_THE_FORM = frozenset({Code.FIELD, Code.IDENTITY, Code.VERY_LATE, Code.STARTED, Code.CHANGED})


@bp.get("/sittings/<int:sitting_id>/roster")
@invigilators
def choose(sitting_id: int) -> ResponseReturnValue:
    """Look for candidates of the programme by name, log-in name or group, and choose some."""
    return _choice(sitting_id)


@bp.post("/sittings/<int:sitting_id>/roster")
@invigilators
def add(sitting_id: int) -> ResponseReturnValue:
    """Put the chosen candidates on the roster, or look for more of them."""
    sent = map(pages.whole, request.form.getlist("candidate"))
    chosen = [number for number in sent if number is not None]
    if request.form.get("go") in {"search", "all"}:
        return _choice(sitting_id, chosen)
    done = deeds.add(signing.context(), sitting_id, chosen)
    if isinstance(done, Refused):
        again = all(r.values.get("field") == "candidate" for r in done.reasons)
        if again and not problems.wants_json():
            return _choice(sitting_id, chosen, done)
        return problems.answer(done)
    flash(
        ngettext(
            "%(num)d candidate is put on the roster.",
            "%(num)d candidates are put on the roster.",
            done,
        ),
        "success",
    )
    return redirect(url_for("room.sitting", sitting_id=sitting_id))


@bp.post("/sittings/<int:sitting_id>/roster/<int:entry_id>/take-off")
@invigilators
def take_off(sitting_id: int, entry_id: int) -> ResponseReturnValue:
    """Take a candidate off the roster of whom nothing is recorded yet."""
    done = deeds.take_off(signing.context(), sitting_id, entry_id)
    if isinstance(done, Refused):
        return problems.answer(done)
    flash(_("%(name)s is taken off the roster.", name=done), "success")
    return redirect(url_for("room.sitting", sitting_id=sitting_id))


@bp.route("/sittings/<int:sitting_id>/roster/<int:entry_id>", methods=["GET", "POST"])
@invigilators
def record(sitting_id: int, entry_id: int) -> ResponseReturnValue:
    """One candidate: are they here, who are they, how do I know?"""
    if request.method == "GET":
        return _record(sitting_id, entry_id)
    said = Said(
        seen=request.form.get("seen", "")[:LONGEST],
        method=request.form.get("method", "")[:LONGEST],
        words=request.form.get("words", "").replace("\r\n", "\n")[:LONGEST],
        all_the_same=request.form.get("all_the_same") == "yes",
        after=pages.number("after"),
    )
    done = attendance.say(signing.context(), sitting_id, entry_id, said)
    if isinstance(done, Refused):
        again = all(r.code in ON_THE_FORM for r in done.reasons) and not problems.wants_json()
        return _record(sitting_id, entry_id, said, done) if again else problems.answer(done)
    state = _(presence.TITLES[done.attendance])
    flash(_("%(name)s: %(state)s.", name=done.name, state=state), "success")
    following = _next(sitting_id, entry_id) if request.form.get("go") == "next" else None
    if following is not None:
        return redirect(url_for("room.record", sitting_id=sitting_id, entry_id=following))
    return redirect(url_for("room.sitting", sitting_id=sitting_id, _anchor=f"entry-{entry_id}"))


def _choice(
    sitting_id: int, chosen: Sequence[int] = (), refused: Refused | None = None
) -> ResponseReturnValue:
    words = "" if request.form.get("go") == "all" else request.values.get("q", "")
    typed = " ".join(words.split())[:LONGEST_SEARCH]
    with store.read() as session:
        sitting = find(session, sitting_id)
        if isinstance(sitting, Refused):
            return problems.answer(sitting, journalled=False)
        if sitting.closed_at is not None:
            return redirect(url_for("room.report", sitting_id=sitting_id))
        test = specifications.get(session, sitting.centre_id, sitting.test_id)
        shown: list[tuple[Person, Registration]] = []
        count = searched = 0
        if test is not None and test.programme_id is not None:
            of = (session, sitting.centre_id, test.programme_id, sitting.begins_at)
            found, count = roster.registered(*of, typed, limit=MOST)
            # Who was ticked before another search stays ticked, and in sight.
            others = set(chosen) - {person.id for person, _ in found}
            kept, _count = roster.registered(*of, only=sorted(others))
            shown, searched = [*kept, *found], len(found)
        taken = roster.current_of(session, sitting.test_id, [person.id for person, _ in shown])
    page = render_template(
        "room/choose.html",
        sitting=sitting,
        test=test,
        typed=typed,
        found=shown,
        searched=searched,
        count=count,
        taken=taken,
        chosen=frozenset(chosen),
        errors_by_field=pages.by_field(refused.reasons) if refused else {},
    )
    return page, 200 if refused is None else refused.status


def _record(
    sitting_id: int, entry_id: int, said: Said | None = None, refused: Refused | None = None
) -> ResponseReturnValue:
    with store.read() as session:
        sitting = find(session, sitting_id)
        if isinstance(sitting, Refused):
            return problems.answer(sitting, journalled=False)
        line = roster.line(session, sitting, entry_id)
        if line is None:
            why = duty.why_no_line(session, sitting, entry_id)
            return problems.answer(why, journalled=why.code is Code.NOT_FOUND)
        test = specifications.get(session, sitting.centre_id, sitting.test_id)
        version = specifications.published(session, sitting.test_id)
    minutes = presence.HOUR if version is None else version.specification().minutes
    page = render_template(
        "room/record.html",
        sitting=sitting,
        test=test,
        line=line,
        said=said or _said_before(line),
        after=pages.seen("after", str(0 if line.record is None else line.record.id), refused),
        state=words.attendance(line),
        tag=words.TAGS[line.attendance],
        work=words.work(line),
        methods=presence.METHODS,
        longest=presence.LONGEST_WORDS,
        very_late=_very_late(sitting, line, minutes),
        more=_next(sitting_id, entry_id) is not None,
        errors_by_field=pages.by_field(refused.reasons) if refused else {},
    )
    return page, 200 if refused is None else refused.status


def _said_before(line: Line) -> Said:
    """What the form shows at first: what was recorded last."""
    if line.record is None:
        return Said("")
    here = line.attendance in ADMITTED
    seen = "here" if here else line.record.state
    return Said(seen, line.record.method or "", line.record.words)


def _very_late(sitting: Sitting, line: Line, minutes: int) -> bool:
    """Whether somebody who is admitted now would be very late."""
    if line.attendance in ADMITTED:
        return False
    late = presence.lateness(signing.now(), sitting.course.began_at, minutes)
    return late is Lateness.VERY_LATE


def _next(sitting_id: int, entry_id: int) -> int | None:
    """The next entry of the roster of which nothing is recorded, from this one on and around."""
    with store.read() as session:
        sitting = find(session, sitting_id)
        if isinstance(sitting, Refused):
            return None
        lines = roster.lines(session, sitting)
    here = next((k for k, line in enumerate(lines) if line.entry.id == entry_id), 0)
    around = lines[here + 1 :] + lines[:here]
    return next((line.entry.id for line in around if line.attendance is None), None)

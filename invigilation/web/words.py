"""What does the room call attendance and work, in a word or two?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from assess.delivery.attempt import Move, State
from assess.web import signing
from invigilation.presence import ADMITTED, TITLES, Attendance
from invigilation.store.roster import Line
from invigilation.web.blueprint import bp

TAGS = {
    None: "govuk-tag--yellow",
    Attendance.PRESENT: "govuk-tag--green",
    Attendance.LATE: "govuk-tag--blue",
    Attendance.ABSENT: "govuk-tag--grey",
    Attendance.TURNED_AWAY: "govuk-tag--red",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """How many of the roster are where."""

    all: int
    unset: int
    admitted: int
    waiting: int
    working: int
    done: int


@bp.app_template_filter("clock")
def clock(at: datetime) -> str:
    """The time of day by the clock of the centre."""
    return f"{at.astimezone(signing.zone()):%H:%M}"


def attendance(line: Line) -> str:
    """The attendance of a line, also where it is unset."""
    if line.attendance is None:
        return str(_("Not recorded"))
    return str(_(TITLES[line.attendance]))


def since(line: Line) -> str:
    """Since when somebody who is admitted is here; empty for others."""
    record = line.record
    if record is None or record.arrived_at is None:
        return ""
    said = str(_("since %(time)s", time=clock(record.arrived_at)))
    return f"{said}, {_('very late')}" if record.very_late else said


def work(line: Line) -> str:
    """How far the candidate's work is."""
    at = line.work
    if at is None:
        return str(_("Not begun"))
    match at.state:
        case State.PREPARED:
            return str(_("Waiting"))
        case State.OPEN if at.deadline is not None:
            return str(_("At work, until %(time)s", time=clock(at.deadline)))
        case State.PAUSED:
            return str(_("Paused"))
        case _ if at.closed_by == Move.TIME_UP.value:
            return str(_("Time was up"))
        case _:
            return str(_("Handed in"))


def figures(lines: list[Line]) -> Figures:
    """Count the roster."""
    states = [line.work.state for line in lines if line.work is not None]
    return Figures(
        all=len(lines),
        unset=sum(line.attendance is None for line in lines),
        admitted=sum(line.attendance in ADMITTED for line in lines),
        waiting=sum(state is State.PREPARED for state in states),
        working=sum(state in {State.OPEN, State.PAUSED} for state in states),
        done=sum(state in {State.CLOSED, State.MARKED} for state in states),
    )

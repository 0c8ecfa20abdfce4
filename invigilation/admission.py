"""Has an invigilator admitted this candidate to this test, and if not, what do they wait for?

The room's door. `assess` asks it through a gate that `assess/floors.py` hands in, and knows nothing
else of the room. No question leaves the server while there is a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from assess.reasons import Code, Helper, Reason, Value
from invigilation.presence import ADMITTED, Attendance

WAITING_ROOM = timedelta(hours=1)
"""How long before its beginning a sitting's candidates may have their forms sealed and wait."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A candidate's place on the roster of a sitting that is not closed.

    `attendance` is None while nobody has recorded it.
    """

    sitting: int
    entry: int
    place: str
    begins_at: datetime
    released_at: datetime | None
    attendance: Attendance | None


def why_not_start(seat: Seat | None, now: datetime) -> tuple[Reason, ...]:
    """Why the candidate is not let in now [E-ADMIT]; empty: admitted, and the test is released."""
    if seat is None:
        return (Reason(Code.ADMIT, {"what": "no_seat"}, who=Helper.INVIGILATOR),)
    if seat.attendance is Attendance.ABSENT:
        return (Reason(Code.ADMIT, {"what": "absent"}, who=Helper.INVIGILATOR),)
    if seat.attendance is Attendance.TURNED_AWAY:
        return (Reason(Code.ADMIT, {"what": "turned_away"}, who=Helper.INVIGILATOR),)
    if (early := _too_early(seat, now)) is not None:
        return (early,)
    if seat.attendance not in ADMITTED:
        values: dict[str, Value] = {
            "what": "not_seen",
            "place": seat.place,
            "begins": seat.begins_at,
        }
        return (Reason(Code.ADMIT, values, who=Helper.INVIGILATOR),)
    if seat.released_at is None:
        return (Reason(Code.ADMIT, {"what": "not_released"}, who=Helper.INVIGILATOR),)
    if now < seat.released_at:
        return (Reason(Code.ADMIT, {"what": "released_soon"}, seat.released_at),)
    return ()


def why_not_wait(seat: Seat | None, now: datetime) -> tuple[Reason, ...]:
    """Why the candidate may not even have a form sealed and wait for the release."""
    if seat is None or seat.attendance in {Attendance.ABSENT, Attendance.TURNED_AWAY}:
        return why_not_start(seat, now)
    early = _too_early(seat, now)
    return () if early is None else (early,)


def plain(seat: Seat | None) -> dict[str, int]:
    """What is kept with an attempt of its seat: by this the room knows whose work is whose."""
    return {} if seat is None else {"sitting": seat.sitting, "entry": seat.entry}


def _too_early(seat: Seat, now: datetime) -> Reason | None:
    """Before the waiting room opens; an admission or a release opens it early."""
    opens = seat.begins_at - WAITING_ROOM
    if now >= opens or seat.released_at is not None or seat.attendance in ADMITTED:
        return None
    values: dict[str, Value] = {"what": "planned", "place": seat.place, "begins": seat.begins_at}
    return Reason(Code.ADMIT, values, opens, Helper.NOBODY)

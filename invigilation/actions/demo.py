"""What has the demonstration of the room? A test that is sat in it, and one sitting today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import TypeVar
from zoneinfo import ZoneInfo

from assess.actions import programmes, specifications
from assess.actions.context import Context
from assess.bank.specification_file import read_specification
from assess.reasons import Refused
from assess.roles import Role
from invigilation.actions import roster, sittings

PROGRAMME = "Customer Service Professionals, in the room"
SPECIFICATION = "M02R.yaml"
PLACE = "Civic Centre, room 2"
CANDIDATES = {
    "candidate2": "Ben Kowalski",
    "candidate3": "Chloe Davies",
    "candidate4": "Daniel Adeyemi",
}
"""Who is on the roster, by log-in name; all of them have signed."""

SOON = timedelta(minutes=20)
QUARTER = timedelta(minutes=15)
Done = TypeVar("Done")


def fill(
    context: Context, people: Mapping[str, int], framework: str, statement: str, zone: str
) -> None:
    """Add the room to a demonstration; `people` are the numbers of its accounts by log-in name."""
    programme = _sure(programmes.create(context, PROGRAMME, framework))
    version = _sure(programmes.publish_statement(context, programme, statement))
    for username, name in CANDIDATES.items():
        one = people[username]
        _sure(programmes.register(context, programme, one, people["tutor"], "Room 2"))
        _sure(programmes.sign(replace(context, actor=one), programme, version, name))
    text = files("assess").joinpath("data", "specifications", SPECIFICATION)
    asked = _sure(read_specification(text.read_text(encoding="utf-8")))
    published = _sure(specifications.publish(context, asked))
    acting = replace(context, actor=people["invigilator"], roles=frozenset({Role.INVIGILATOR}))
    begins = today(context.now, ZoneInfo(zone))
    sitting = _sure(sittings.open_(acting, published.test_id, PLACE, begins))
    _sure(roster.add(acting, sitting, [people[username] for username in CANDIDATES]))


def today(now: datetime, zone: ZoneInfo) -> datetime:
    """The quarter of an hour that begins in twenty minutes or a little later, still today."""
    wall = (now + SOON).astimezone(zone)
    past = timedelta(minutes=wall.minute % 15, seconds=wall.second, microseconds=wall.microsecond)
    begins = now + SOON + (QUARTER - past if past else past)
    return begins if begins.astimezone(zone).date() == now.astimezone(zone).date() else now


def _sure(done: Done | Refused) -> Done:
    """What a deed of the demonstration did; its own data are never refused."""
    if isinstance(done, Refused):
        raise RuntimeError(f"the demonstration was refused: {done}")
    return done

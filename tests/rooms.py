"""A room to test in: a test `R1` that is sat in it, a sitting of today, two candidates on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from assess import store
from assess.actions import attempts, programmes, specifications, waiting
from assess.actions.attempts import Started, Waiting
from assess.actions.context import Context
from assess.reasons import Refused
from invigilation.actions import attendance, closing, roster, sittings
from invigilation.actions.attendance import Said
from invigilation.sittings import NOTICE
from invigilation.store import roster as rows
from invigilation.store import sittings as sitting_rows
from invigilation.store.roster import Line
from tests.builders import World, specification

BEGINS_IN = timedelta(minutes=20)
HERE = Said("here", "photo-id")


@dataclass(slots=True)
class Room:
    """The sitting and its roster, with what the people in it do."""

    built: World
    test: int
    sitting: int
    entries: dict[str, int] = field(default_factory=dict)

    @property
    def invigilator(self) -> Context:
        """The surroundings of the invigilator's deeds, now."""
        return self.built.context("invigilator")

    def put(self, *who: str) -> None:
        """Put candidates on the roster."""
        done = roster.add(self.invigilator, self.sitting, [self.built.persons[w] for w in who])
        assert done == len(who), done
        for line in self.lines():
            self.entries[line.person.username] = line.entry.id

    def admit(self, *who: str) -> None:
        """Record that these are here, by a photo card."""
        for one in who:
            done = attendance.say(self.invigilator, self.sitting, self.entries[one], HERE)
            assert not isinstance(done, Refused), done

    def say(self, who: str, said: Said) -> attendance.Recorded | Refused:
        """Record what is said of a candidate."""
        return attendance.say(self.invigilator, self.sitting, self.entries[who], said)

    def release(self) -> None:
        """Release the test, and let the moment come."""
        done = sittings.release(self.invigilator, self.sitting)
        assert not isinstance(done, Refused), done
        self.built.clock.advance(NOTICE)

    def enter(self, who: str) -> tuple[Context, int]:
        """Sign where it is missing, log in, and have a form sealed; surroundings and attempt."""
        acting = self.built.context(who)
        name = who.replace(".", " ").title()
        assert not isinstance(programmes.sign(acting, self.built.programme, 1, name), Refused)
        device = self.built.log_in(who)
        done = attempts.start(device, self.test, affirmed=True)
        assert isinstance(done, Waiting), done
        return device, done.attempt_id

    def begin(self, device: Context, attempt: int) -> None:
        """Be shown the first question."""
        done = waiting.begin(self.built.now(device), attempt)
        assert isinstance(done, Started), done

    def close(self, note: str = "") -> int | Refused:
        """Close the sitting."""
        return closing.close(self.invigilator, self.sitting, note)

    def lines(self) -> list[Line]:
        """The roster as it stands."""
        with store.read() as session:
            sitting = sitting_rows.get(session, self.built.centres["here"], self.sitting)
            assert sitting is not None
            return rows.lines(session, sitting)

    def line(self, who: str) -> Line:
        """One candidate's line."""
        return next(line for line in self.lines() if line.person.username == who)


def publish(built: World, **changes: object) -> int:
    """Publish `R1`, which is sat in a room and needs no approval; its number."""
    asked: dict[str, object] = {
        "name": "R1",
        "title": "Test in a room",
        "approval": False,
        "invigilated": True,
    }
    done = specifications.publish(built.context(), specification(**(asked | changes)))
    assert not isinstance(done, Refused), done
    return done.test_id


def room(built: World, *who: str, **changes: object) -> Room:
    """A sitting of `R1` that begins in twenty minutes, with these on its roster."""
    test = publish(built, **changes)
    begins = built.clock.now() + BEGINS_IN
    done = sittings.open_(built.context("invigilator"), test, "Room 4", begins)
    assert not isinstance(done, Refused), done
    made = Room(built, test, done)
    if who:
        made.put(*who)
    return made

"""Where a finish time comes from: the arithmetic on moments against a clock that ticks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from assess.delivery import ledger
from assess.delivery.ledger import Entry, Line

LONDON = ZoneInfo("Europe/London")
SPRING = datetime(2026, 3, 29, 0, 40, tzinfo=UTC)  # the clocks go on at 01:00 UTC
AUTUMN = datetime(2026, 10, 25, 0, 40, tzinfo=UTC)  # and back, so that an hour comes twice
TERM = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

# What happens, and how many seconds later the next thing does. A lost connection and a take-over
# are among it: they are no lines, and change nothing.
HAPPENING = st.tuples(
    st.sampled_from(["pause", "rest", "own-rest", "resume", "credit", "disconnect", "take-over"]),
    st.integers(0, 900),
    st.integers(1, 600),
)


@dataclass
class Ticking:
    """A clock that ticks second by second, written without the ledger."""

    left: int
    running: bool = True
    to_rest: int | None = None  # seconds until a rest break of one's own ends by itself
    rested: int = 0

    def tick(self) -> None:
        """A second passes."""
        if self.running:
            self.left -= 1
        elif self.to_rest is not None:
            self.rested += 1
            self.to_rest -= 1
            if self.to_rest == 0:
                self.running, self.to_rest = True, None

    def happen(self, what: str, amount: int) -> None:
        """Something happens between two seconds."""
        if what == "credit":
            self.left += amount
        if what in {"pause", "rest", "own-rest"} and self.running:
            self.running = False
            self.to_rest = amount if what == "own-rest" else None
        if what == "resume":
            self.running, self.to_rest = True, None


def simulated(left: int, happenings: list[tuple[str, int, int]], seconds: int) -> Ticking:
    """The clock after so many seconds: it counts down, and looks at each what has happened."""
    at, due = 0, []
    for what, after, amount in happenings:
        at += after
        due.append((at, what, amount))
    clock = Ticking(left)
    for second in range(seconds + 1):
        if second:
            clock.tick()
        for moment, what, amount in due:
            if moment == second:
                clock.happen(what, amount)
    return clock


@given(
    opened=st.sampled_from([SPRING, AUTUMN, TERM]),
    base=st.integers(1, 1800),
    extra=st.integers(0, 450),
    happenings=st.lists(HAPPENING, max_size=8),
    later=st.integers(0, 900),
)
def test_what_is_left_and_when_it_ends_are_what_a_ticking_clock_says(
    opened: datetime, base: int, extra: int, happenings: list[tuple[str, int, int]], later: int
) -> None:
    # The ledger is handed the moments as a centre writes them, over the change of the clocks.
    lines = [Line(Entry.BASE, opened.astimezone(LONDON), base)]
    lines += [Line(Entry.EXTRA, opened.astimezone(LONDON), extra)] if extra else []
    at = opened
    for what, after, amount in happenings:
        at += timedelta(seconds=after)
        if what in set(Entry):
            seconds = amount if what in {"credit", "own-rest"} else 0
            lines.append(Line(Entry(what), at.astimezone(LONDON), seconds))
    now = at + timedelta(seconds=later)
    clock = simulated(base + extra, happenings, (now - opened) // SECOND)
    assert ledger.remaining(lines, opened, now) == timedelta(seconds=clock.left)
    finish = ledger.deadline(lines, opened)
    # From now on nothing happens any more: time is up when what is left has passed.
    if clock.running:
        assert finish == now + timedelta(seconds=clock.left)
    elif clock.to_rest is not None:
        assert finish == now + timedelta(seconds=clock.to_rest + clock.left)
    else:
        assert finish is None
    assert ledger.steps(lines, opened)[-1].finish == finish
    assert ledger.rest_left(lines, 10**6, now) == 10**6 - clock.rested
    # What is written down late, with the moment at which a break ended, changes nothing.
    stop = ledger.own_rest(lines)
    if stop is not None and stop.to is not None and stop.to <= now:
        written = [*lines, Line(Entry.RESUME, stop.to)]
        assert ledger.deadline(written, opened) == finish
        assert ledger.own_rest(written) is None


def test_each_line_is_shown_with_the_finish_time_that_it_leads_to() -> None:
    minute = timedelta(minutes=1)
    lines = [
        Line(Entry.BASE, TERM, 1800),
        Line(Entry.EXTRA, TERM, 450),
        Line(Entry.PAUSE, TERM + 10 * minute),
        Line(Entry.RESUME, TERM + 17 * minute),
        Line(Entry.CREDIT, TERM + 20 * minute, 120),
    ]
    steps = ledger.steps(lines, TERM)
    after = [step.finish and (step.finish - TERM) / minute for step in steps]
    assert after == [30, 37.5, None, 44.5, 46.5]
    assert [step.stood for step in steps] == [0 * minute] * 3 + [7 * minute, 0 * minute]


def test_a_rest_break_of_ones_own_is_over_after_its_seconds_or_when_it_is_ended() -> None:
    minute = timedelta(minutes=1)
    lines = [Line(Entry.BASE, TERM, 1800), Line(Entry.OWN_REST, TERM + 10 * minute, 300)]
    during, over = TERM + 12 * minute, TERM + 15 * minute
    stop = ledger.own_rest(lines)
    assert stop is not None
    assert (stop.since, stop.to) == (TERM + 10 * minute, over)
    assert ledger.deadline(lines, TERM) == TERM + 35 * minute
    assert ledger.remaining(lines, TERM, during) == 20 * minute
    assert [ledger.rest_left(lines, 400, at) for at in (during, over)] == [280, 100]
    early = [*lines, Line(Entry.RESUME, during)]
    late = [*lines, Line(Entry.RESUME, over)]
    assert [step.by_itself for step in ledger.steps(early, TERM)] == [False] * 3
    assert [step.by_itself for step in ledger.steps(late, TERM)] == [False, False, True]
    assert [ledger.steps(way, TERM)[-1].stood / minute for way in (early, late)] == [2, 5]
    assert ledger.deadline(early, TERM) == TERM + 32 * minute
    assert ledger.rest_left(early, 400, over) == 280


def test_a_stop_within_a_stop_and_a_resume_of_a_running_clock_change_nothing() -> None:
    lines = [Line(Entry.BASE, TERM, 60), Line(Entry.RESUME, TERM + SECOND)]
    assert ledger.deadline(lines, TERM) == TERM + 60 * SECOND
    lines += [Line(Entry.PAUSE, TERM + 2 * SECOND), Line(Entry.REST, TERM + 9 * SECOND)]
    assert ledger.deadline(lines, TERM) is None
    lines += [Line(Entry.RESUME, TERM + 12 * SECOND)]
    assert ledger.deadline(lines, TERM) == TERM + 70 * SECOND

"""Where a finish time comes from: the arithmetic on moments against a clock that ticks."""

from __future__ import annotations

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
    st.sampled_from(["pause", "rest", "resume", "credit", "disconnect", "take-over"]),
    st.integers(0, 900),
    st.integers(1, 600),
)


def simulated(
    base: int, extra: int, happenings: list[tuple[str, int, int]], seconds: int
) -> tuple[int, int | None]:
    """A clock that ticks second by second: what is left after so many, and when it came to 0.

    Written without the ledger: it counts down, and looks at each second what has happened.
    """
    at, due = 0, []
    for what, after, amount in happenings:
        at += after
        due.append((at, what, amount))
    left, running, ended = base + extra, True, None
    for second in range(seconds + 1):
        if second and running:
            left -= 1
        for moment, what, amount in due:
            if moment != second:
                continue
            if what == "credit":
                left += amount
            if what in {"pause", "rest"}:
                running = False
            if what == "resume":
                running = True
        if left <= 0 and ended is None and running:
            ended = second
    return left, ended


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
            given = amount if what == "credit" else 0
            lines.append(Line(Entry(what), at.astimezone(LONDON), given))
    now = at + timedelta(seconds=later)
    seconds = (now - opened) // SECOND
    left, _ = simulated(base, extra, happenings, seconds)
    assert ledger.remaining(lines, opened, now) == timedelta(seconds=left)
    finish = ledger.deadline(lines, opened)
    stands = [w for w, *_ in happenings if w in {"pause", "rest", "resume"}][-1:]
    if stands in (["pause"], ["rest"]):
        assert finish is None
    else:
        # From now on nothing happens any more: time is up when what is left has passed.
        assert finish == now + timedelta(seconds=left)
    assert ledger.steps(lines, opened)[-1].finish == finish


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


def test_a_stop_within_a_stop_and_a_resume_of_a_running_clock_change_nothing() -> None:
    lines = [Line(Entry.BASE, TERM, 60), Line(Entry.RESUME, TERM + SECOND)]
    assert ledger.deadline(lines, TERM) == TERM + 60 * SECOND
    lines += [Line(Entry.PAUSE, TERM + 2 * SECOND), Line(Entry.REST, TERM + 9 * SECOND)]
    assert ledger.deadline(lines, TERM) is None
    lines += [Line(Entry.RESUME, TERM + 12 * SECOND)]
    assert ledger.deadline(lines, TERM) == TERM + 70 * SECOND

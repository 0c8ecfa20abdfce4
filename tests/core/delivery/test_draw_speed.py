"""How long a draw takes from a small bank and from a million entries: measured, not judged."""

from __future__ import annotations

import statistics
import time

import pytest

from assess.delivery import draw
from assess.delivery.draw import Cell, Draw, Entries, Entry, Pool, Seen, Stream

CELLS = 7
DRAWS = 2000


@pytest.mark.bench
@pytest.mark.parametrize("met", [0, 28])
@pytest.mark.parametrize("size", [56, 1_000_000])
def test_fourteen_questions_of_four_options_are_drawn(size: int, met: int) -> None:
    each = size // CELLS
    starts = [1 + cell * each for cell in range(CELLS)]
    pool = Pool(
        "ab" * 32,
        tuple(
            Cell(f"u/{first}", 2, Entries(Entry(i, i, 4, 500) for i in range(first, first + each)))
            for first in starts
        ),
    )
    history = {first + i: Seen(1, 1) for first in starts for i in range(met // CELLS)}
    took = []
    for number in range(DRAWS):
        begun = time.perf_counter()
        form = draw.draw(pool, history, Stream(bytes(32), f"candidate-{number}", 1))
        took.append(time.perf_counter() - begun)
        assert isinstance(form, Draw)
    milliseconds = [1000 * seconds for seconds in statistics.quantiles(took, n=100)]
    print(
        f"\n{size:,} entries, {met} met before: median {milliseconds[49]:.3f} ms,"
        f" p99 {milliseconds[98]:.3f} ms"
    )

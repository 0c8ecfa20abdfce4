"""How are properties tried here? Without a clock: a busy machine fails no test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Half of what is usual, at each run; who changes a rule asks for more before it is merged, as in
# `make test ARGS=tests/core ASSESS_EXAMPLES=1000`.
EXAMPLES = int(os.environ.get("ASSESS_EXAMPLES", "50"))

settings.register_profile(
    "untimed",
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("untimed")

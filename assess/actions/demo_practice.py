"""The demonstration's practice: a small bank and an open test for each module."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from io import BytesIO

from assess.actions import banks
from assess.actions import specifications as specs
from assess.actions.context import Context
from assess.bank.formats import tabular
from assess.bank.specification import Feedback, Quota, Specification
from assess.reasons import Refused
from assess.store.banks import PRACTICE

MINUTES_EACH = 2
PASSING = 0.7  # of the marks: as in the tests that count


def load(context: Context, module: str, title: str, framework: str, programme: str) -> None:
    """Bring in the practice bank of a module and publish a test on half of it."""
    folder = files("assess") / "data" / "banks"
    file, name = f"{module.lower()}-practice.csv", f"CSP practice {module}"
    with (folder / file).open("rb") as stream:
        rows = list(tabular.read(BytesIO(stream.read()), file))
    what = banks.Import(rows=rows, bank=name, file=file, framework=framework, purpose=PRACTICE)
    done = banks.bring_in(context, what)
    if isinstance(done, Refused) or not done.written:
        raise RuntimeError(f"the demonstration's practice was refused: {done}")
    signposts = (folder / f"{module.lower()}-signposts.csv").read_text(encoding="utf-8")
    held = Counter(
        planned.content.outcome
        for planned in done.plan.created
        if planned.content is not None and planned.content.outcome is not None
    )
    quotas = tuple(Quota(outcome, (count + 1) // 2) for outcome, count in sorted(held.items()))
    length = sum(quota.count for quota in quotas)
    specification = Specification(
        name=f"{module}-practice",
        title=f"Practice: {title}",
        bank=name,
        minutes=MINUTES_EACH * length,
        cut=round(PASSING * length),
        quotas=quotas,
        attempts=None,
        cool_down_hours=(),
        approval=False,
        feedback=Feedback.KEYS,
        programme=programme,
    )
    for result in (
        banks.set_signposts(context, name, signposts),
        specs.publish(context, specification),
    ):
        if isinstance(result, Refused):
            raise RuntimeError(f"the demonstration's practice was refused: {result}")

"""The demonstration's practice: a small bank and an open test for each module."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from io import BytesIO

from assess import store
from assess.actions import attempts, banks
from assess.actions import specifications as specs
from assess.actions.context import Context
from assess.bank.formats import tabular
from assess.bank.specification import Feedback, Quota, Specification
from assess.delivery.answering import Saved
from assess.reasons import Refused
from assess.store import attempts as answers
from assess.store import banks as item_rows
from assess.store import specifications as tests
from assess.store.attempts import Attempt
from assess.store.banks import PRACTICE

MINUTES_EACH = 2
PACE = timedelta(seconds=40)  # between two answers
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


def practise(context: Context, module: str, wrong_places: int) -> None:
    """Let the actor practise once, all right but for the last places, through the deeds."""
    started = context.now
    with store.read() as session:
        test = tests.by_name(session, context.centre, f"{module}-practice")
    if test is None:
        raise LookupError(f"{module}-practice")
    begun = attempts.start(context, test.id, affirmed=False)
    if not isinstance(begun, attempts.Started):
        raise RuntimeError(f"the demonstration may not practise: {begun}")
    with store.write() as session:
        row = session.get_one(Attempt, begun.attempt_id)
        drawn = row.drawn()
        contents = item_rows.contents(session, [question.version for question in drawn])
        saves = [
            Saved(place, 1, 1, contents[question.version].key, started + place * PACE)
            for place, question in enumerate(drawn[: len(drawn) - wrong_places], start=1)
        ]
        answers.insert_answers(session, [(row, saves)])
    done = attempts.hand_in(replace(context, now=started + (len(drawn) + 1) * PACE), row.id)
    if isinstance(done, Refused):
        raise RuntimeError(f"the demonstration could not hand in: {done}")

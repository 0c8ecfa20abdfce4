"""Filling an empty database with a demonstration: two centres, everybody's account, real tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files
from io import BytesIO
from typing import TypeVar

from sqlalchemy import func, select

from assess import store
from assess.actions import (
    approvals,
    banks,
    demo_people,
    demo_practice,
    demo_reviews,
    frameworks,
    history,
    people,
    programmes,
)
from assess.actions import specifications as specs
from assess.actions.context import Context, record
from assess.bank.formats import tabular
from assess.bank.specification_file import read_specification
from assess.journal import Event
from assess.reasons import Refused
from assess.roles import Role
from assess.store import programmes as programme_rows
from assess.store import specifications as test_rows
from assess.store.centres import Centre
from assess.store.journal import JournalEntry

CENTRES = (("northgate", "Northgate Council"), ("southbank", "Southbank Housing"))
PROGRAMME = "Customer Service Professionals"
FRAMEWORK = "csp-demo"
MODULES = tuple(f"M{number:02d}" for number in range(2, 11))  # module 1 is not assessed
TEST = MODULES[0]  # the one with the longest history, and the one that somebody waits for
CANDIDATES = 2300  # of the first test
OTHERS = 300  # of each other test, at the most
SEED = 20_02
AGO = timedelta(days=400)  # when the demonstration's history begins
UNTIL = timedelta(days=3)  # how long ago it ends
FLAWS = history.Flaws(wrong_key="M02-2.4-01", dead_option="M02-2.6-01", very_easy="M02-2.1-03")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody in the demonstration."""

    username: str
    name: str
    role: Role
    centre: str


ACCOUNTS = (
    Account("candidate", "Amina Yusuf", Role.CANDIDATE, "northgate"),
    Account("candidate2", "Ben Kowalski", Role.CANDIDATE, "northgate"),
    Account("candidate3", "Chloe Davies", Role.CANDIDATE, "northgate"),
    Account("candidate4", "Daniel Adeyemi", Role.CANDIDATE, "northgate"),
    Account("tutor", "Grace Okafor", Role.TUTOR, "northgate"),
    Account("author", "Rhys Morgan", Role.AUTHOR, "northgate"),
    Account("reviewer", "Meera Shah", Role.REVIEWER, "northgate"),
    Account("invigilator", "Tom Fraser", Role.INVIGILATOR, "northgate"),
    Account("quality", "Helen Clarke", Role.QUALITY, "northgate"),
    Account("verifier", "Samuel Wright", Role.EXTERNAL_VERIFIER, "northgate"),
    Account("head", "Priya Nair", Role.HEAD_OF_CENTRE, "northgate"),
    Account("administrator", "Joan Murphy", Role.ADMINISTRATOR, "northgate"),
    Account("candidate.south", "Leila Hassan", Role.CANDIDATE, "southbank"),
    Account("tutor.south", "Iain Mackay", Role.TUTOR, "southbank"),
    Account("author.south", "Nia Evans", Role.AUTHOR, "southbank"),
    Account("administrator.south", "Omar Aziz", Role.ADMINISTRATOR, "southbank"),
)
TUTORS = {"northgate": "tutor", "southbank": "tutor.south"}
Done = TypeVar("Done")
Progress = Callable[[str, int, int], None]  # (what, done, of)
Neighbour = Callable[[Context, Mapping[str, int], str, str, str], None]
"""What a neighbour adds: it is told the surroundings of deeds at the first centre, everybody's
number by log-in name, the framework, the words of the statement, and the centre's time zone."""


class NotEmptyError(Exception):
    """The database holds data that are not the demonstration's."""


def is_filled() -> bool:
    """Whether the demonstration is there, whole. NotEmptyError when anything else is."""
    with store.read() as session:
        filled = session.scalar(
            select(func.count())
            .select_from(JournalEntry)
            .where(JournalEntry.event == Event.DEMO_FILLED.value)
        )
        centres = session.scalars(select(Centre.code)).all()
    if filled:
        return True
    if centres:
        raise NotEmptyError
    return False


def fill(
    context: Context,
    password: str,
    candidates: int = CANDIDATES,
    progress: Progress = lambda what, done, of: None,
    modules: Sequence[str] = MODULES,
    neighbours: Sequence[Neighbour] = (),
) -> None:
    """Fill an empty database; every account gets the same password.

    `candidates` have sat the test of module 2 in a simulated past, and as many, but no more than
    300, each of the others. `modules` are those whose banks and tests are there, module 2 always.
    """
    modules = [TEST, *(one for one in modules if one != TEST)]
    then = replace(context, now=context.now - AGO)
    centres = {
        code: people.add_centre(then, code, name, context.settings.timezone)
        for code, name in CENTRES
    }
    persons: dict[str, int] = {}
    for done, account in enumerate(ACCOUNTS, start=1):
        at = replace(then, centre=centres[account.centre])
        added = people.add(at, account.name, account.username, [account.role.value], password)
        persons[account.username] = _sure(added).person_id
        progress("Accounts", done, len(ACCOUNTS))
    _sure(frameworks.load(then, _text("frameworks", "csp-demo.yaml")))
    for code, centre in centres.items():
        at = replace(then, centre=centre)
        programme = _sure(programmes.create(at, PROGRAMME, FRAMEWORK))
        _sure(programmes.publish_statement(at, programme, _text("statement.md")))
        for account in ACCOUNTS:
            if account.centre == code and account.role is Role.CANDIDATE:
                tutor = persons[TUTORS[code]]
                one = persons[account.username]
                _sure(programmes.register(at, programme, one, tutor, "Spring"))
    north = replace(then, centre=centres["northgate"])
    for done, module in enumerate(modules, start=1):
        _bank(north, module)
        specification = _sure(read_specification(_text("specifications", f"{module}.yaml")))
        _sure(specs.publish(north, specification))
        demo_practice.load(north, module, specification.title, FRAMEWORK, PROGRAMME)
        progress("Banks and tests", done, len(modules))
    simulated = 0
    if candidates:
        others = min(candidates, OTHERS)
        simulated = history.simulate_history(
            north,
            [
                history.Plan(TEST, candidates, FLAWS),
                *(history.Plan(module, others) for module in modules[1:]),
            ],
            history.Past(then.now + timedelta(days=1), context.now - UNTIL, SEED),
            _sure(people.add(north, "Past Tutor", "tutor.past", [Role.TUTOR.value])).person_id,
            lambda done, of: progress("Simulated history", done, of),
        )
    _waiting(context, centres["northgate"], persons["candidate2"])
    here = replace(context, centre=centres["northgate"])
    demo_people.fill(here, persons)
    demo_reviews.fill(here, persons["author"], persons["reviewer"], f"CSP demo {TEST}")
    for neighbour in neighbours:
        neighbour(here, persons, FRAMEWORK, _text("statement.md"), context.settings.timezone)
    with store.write() as session:
        record(session, here, Event.DEMO_FILLED, {"simulated": simulated})


def _bank(context: Context, module: str) -> None:
    name, file = f"CSP demo {module}", f"{module.lower()}.csv"
    with (files("assess") / "data" / "banks" / file).open("rb") as stream:
        rows = list(tabular.read(BytesIO(stream.read()), file))
    what = banks.Import(rows=rows, bank=name, file=file, framework=FRAMEWORK)
    done = _sure(banks.bring_in(context, what))
    if not done.written:
        raise RuntimeError(f"the demonstration's bank was refused: {done.plan.problems[:3]}")
    _sure(banks.set_signposts(context, name, _text("banks", f"{module.lower()}-signposts.csv")))


def _waiting(context: Context, centre: int, person: int) -> None:
    """The second candidate has signed, practised and asks: the tutor's queue is not empty."""
    asking = replace(context, centre=centre, actor=person, now=context.now - timedelta(hours=5))
    with store.read() as session:
        test = test_rows.by_name(session, centre, TEST)
        programme = programme_rows.by_name(session, centre, PROGRAMME)
        if test is None or programme is None:
            raise LookupError(TEST)
    _sure(programmes.sign(asking, programme.id, 1, "Ben Kowalski"))
    for hours, wrong in ((30, 4), (6, 2)):
        earlier = replace(asking, now=context.now - timedelta(hours=hours))
        demo_practice.practise(earlier, TEST, wrong)
    _sure(approvals.ask(asking, test.id))


def _text(*path: str) -> str:
    return files("assess").joinpath("data", *path).read_text(encoding="utf-8")


def _sure(done: Done | Refused) -> Done:
    """What a deed of the demonstration did; its own data are never refused."""
    if isinstance(done, Refused):
        raise RuntimeError(f"the demonstration was refused: {done}")
    return done

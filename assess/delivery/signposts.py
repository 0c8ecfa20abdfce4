"""What is a candidate told after hand-in, and what should they revise?

Four levels, each showing all that the one below shows: the outcomes; the topics to revise with
their signposts; the questions not answered rightly, without their keys; the keys as well. What a
level does not show is not in its result at all, so that no page can show it by mistake.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assess.bank.formats.lines import delimiter
from assess.bank.items import Content
from assess.bank.kinds import MAX_OUTCOME, Answer
from assess.bank.outcomes import Framework
from assess.bank.problems import because, shown
from assess.bank.specification import Feedback
from assess.delivery.draw import Drawn
from assess.delivery.marking import Mark, OutcomeMark, Scored
from assess.reasons import Code, Reason, Refused, Value

NOT_ANSWERED = "You did not answer."
INCOMPLETE = "Some of the answers that apply were not chosen."
NO_RATIONALE = "This is not the right answer here."

COLUMNS = ("outcome", "title", "text")
MAX_FILE = 1_000_000  # characters
LIMITS = {"outcome": MAX_OUTCOME, "title": 200, "text": 5_000}  # characters


@dataclass(frozen=True, slots=True)
class Signpost:
    """What to read, watch or do for an outcome."""

    outcome: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """How an outcome went: `score` in thousandths of a mark, `out_of` and `minimum` in marks."""

    outcome: str
    title: str
    score: int
    out_of: int
    minimum: int
    met: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """An outcome in which marks were lost, and where to read on."""

    outcome: str
    title: str
    met: bool
    signposts: tuple[Signpost, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A question that did not get its full mark: what was chosen, why that is wrong, what to do.

    `chosen` are the texts of the options chosen, in the order shown. `keys` and `key_rationales`
    (one for each key, empty where none was written) are filled at the level `keys` only.
    `stimulus` is the case that the question was about, if any.
    """

    place: int
    stem: str
    chosen: tuple[str, ...]
    why: tuple[str, ...]
    revise: str
    keys: tuple[str, ...] = ()
    key_rationales: tuple[str, ...] = ()
    stimulus: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """All that a candidate is told: `score` in thousandths of a mark, `out_of`, `cut` in marks.

    `asked_again`: the candidate is being asked some of these questions now. `wrong` is silent about
    those, whether they were right or not. `marks_wait`: the mark came meanwhile and would tell how
    they stand, so that score, outcomes and topics wait with them.
    """

    level: Feedback
    words: str
    passed: bool
    score: int | None
    out_of: int
    cut: int
    outcomes: tuple[OutcomeLine, ...]
    topics: tuple[Topic, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    asked_again: bool = False
    marks_wait: bool = False


def marks_wait(drawn: Sequence[Drawn], asked: Mapping[int, datetime], marked_at: datetime) -> bool:
    """Whether a mark of this form came while some of its items were being asked, since then."""
    return any(one.item in asked and asked[one.item] < marked_at for one in drawn)


def feedback(
    level: Feedback,
    mark: Mark,
    drawn: Sequence[Drawn],
    contents: Mapping[int, Content],
    answers: Mapping[int, Answer],
    signposts: Sequence[Signpost],
    titles: Mapping[str, str],
    asked: Collection[int] = (),
    *,
    waits: bool = False,
) -> Result:
    """What `level` shows of a marked attempt.

    `drawn`, `contents` (by version) and `answers` (by place, own order) are those that were marked;
    `titles` are those of the outcomes, by path (the path itself where one is missing). Topics are
    the outcomes in which marks were lost, those below their minimum first. Nothing is said of
    questions on the items that are `asked`: those of an attempt under way; nor of marks that are to
    wait (`marks_wait`).
    """
    told = mark.questions if level.rank >= Feedback.WRONG.rank else ()
    shown = [one for one in told if one.item not in asked]
    return Result(
        level=level,
        words=mark.words,
        passed=mark.passed,
        score=None if waits else mark.score,
        out_of=mark.out_of,
        cut=mark.cut,
        outcomes=tuple(
            OutcomeLine(
                one.outcome,
                titles.get(one.outcome, one.outcome),
                one.score,
                one.out_of,
                one.minimum,
                one.met,
            )
            for one in (() if waits else mark.outcomes)
        ),
        topics=()
        if waits or level.rank < Feedback.TOPIC.rank
        else _topics(mark, signposts, titles),
        wrong=tuple(
            _wrong(
                one,
                drawn[one.place - 1],
                contents[one.version],
                answers.get(one.place, ()),
                with_keys=level is Feedback.KEYS,
            )
            for one in shown
            if not one.correct
        ),
        asked_again=len(shown) < len(told),
        marks_wait=waits,
    )


def _topics(
    mark: Mark, signposts: Sequence[Signpost], titles: Mapping[str, str]
) -> tuple[Topic, ...]:
    def topic(one: OutcomeMark) -> Topic:
        own = tuple(signpost for signpost in signposts if signpost.outcome == one.outcome)
        return Topic(one.outcome, titles.get(one.outcome, one.outcome), one.met, own)

    return tuple(topic(one) for one in sorted(mark.outcomes, key=lambda one: one.met) if one.short)


def _wrong(
    scored: Scored, drawn: Drawn, content: Content, answer: Answer, *, with_keys: bool
) -> Wrong:
    order = drawn.order or tuple(range(len(content.options)))
    options = [(own, content.options[own]) for own in order]
    chosen = [option for own, option in options if own in answer]
    keys = [option for _, option in options if option.correct] if with_keys else []
    if not answer:
        why: tuple[str, ...] = (NOT_ANSWERED,)
    else:
        why = tuple(option.rationale or NO_RATIONALE for option in chosen if not option.correct)
    return Wrong(
        place=scored.place,
        stem=content.stem,
        chosen=tuple(option.text for option in chosen),
        why=why or (INCOMPLETE,),
        revise=content.revise,
        keys=tuple(option.text for option in keys),
        key_rationales=tuple(option.rationale for option in keys),
        stimulus=content.stimulus,
    )


def read_signposts(text: str, framework: Framework | None = None) -> tuple[Signpost, ...] | Refused:
    """The signposts of a CSV text with the columns outcome, title and text, in any order.

    An outcome may have several. With a framework, outcomes are resolved to their full paths.
    Refused (422) with E-FILE and every problem: `what` as in `bank/problems.py`, `where` the line.
    """
    if len(text) > MAX_FILE:
        return _refuse([_because("document_too_large", found=len(text), allowed=MAX_FILE)])
    text = text.removeprefix("\N{BYTE ORDER MARK}")
    between = delimiter(text.partition("\n")[0])
    reader = csv.reader(io.StringIO(text, ""), delimiter=between, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if sorted(header) != sorted(COLUMNS):
            wanted, found = ", ".join(COLUMNS), shown(", ".join(header))
            return _refuse([_because("header_missing", columns=wanted, found=found)])
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        return _refuse([_at(reader.line_num, _because("csv_broken"))])
    problems: list[Reason] = []
    signposts: list[Signpost] = []
    for line, row in rows:
        if len(row) != len(header):
            differ = _because("fields_differ", found=len(row), allowed=len(header))
            problems.append(_at(line, differ))
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
        signpost = Signpost(_resolved(cells["outcome"], framework), cells["title"], cells["text"])
        problems.extend(_problems(line, cells, framework))
        if signpost in signposts:
            repeated = _because("value_repeated", where=f"line {line}", found=shown(signpost.title))
            problems.append(repeated)
        signposts.append(signpost)
    return _refuse(problems) if problems else tuple(signposts)


def _problems(line: int, cells: Mapping[str, str], framework: Framework | None) -> list[Reason]:
    """What is wrong with one row."""
    found = []
    for name, value in cells.items():
        where = f"line {line}, {name}"
        if not value:
            found.append(_because("value_empty", where=where))
        if "\0" in value:
            found.append(_because("value_nul", where=where))
        if len(value) > LIMITS[name]:
            long = _because("value_too_long", where=where, found=len(value), allowed=LIMITS[name])
            found.append(long)
    outcome = cells["outcome"]
    if framework is not None and outcome and framework.resolve(outcome) is None:
        values = {"outcome": shown(outcome), "framework": framework.id}
        found.append(_at(line, because(Code.UNKNOWN_OUTCOME, "outcome_unknown", values)))
    return found


def _resolved(outcome: str, framework: Framework | None) -> str:
    path = framework.resolve(outcome) if framework is not None else None
    return path or outcome


def _because(what: str, **values: Value) -> Reason:
    return because(Code.FILE, what, values)


def _at(line: int, reason: Reason) -> Reason:
    return Reason(reason.code, {**reason.values, "where": f"line {line}"}, who=reason.who)


def _refuse(problems: list[Reason]) -> Refused:
    return Refused(Code.FILE, tuple(problems), status=422)

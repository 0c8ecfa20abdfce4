"""What does a statement of result say, who may have one, and is a code with a name genuine?

A statement says what a centre may tell others of one attempt: whose it is, which test and when,
Pass or Not yet passed, the cut score and the rule it was counted by, and which outcomes are met.
No score, no question, no answer and no key stand in it, so that it may be shown to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assess.delivery import statement
from assess.delivery.attempt import State
from assess.delivery.marking import WORDS
from assess.reasons import Code, Helper, Reason

LONGEST_CODE = 60  # characters looked at: of a code with whatever stands between its groups


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a statement of result says; `cut` and `out_of` in marks.

    `outcomes` are titles, each with whether its minimum is met, None where it has none. `holds` is
    false once the record says something else: the attempt was marked again, or does not count any
    more. `held` is true while somebody holds the result back: then nobody is told what it says.
    """

    name: str
    code: str
    issued_at: datetime
    centre: str
    zone: str
    programme: str | None
    test: str
    title: str
    attempt: int
    closed_at: datetime
    passed: bool
    cut: int
    out_of: int
    rule: str
    specification: int
    outcomes: tuple[tuple[str, bool | None], ...]
    holds: bool
    held: bool = False

    @property
    def least(self) -> bool:
        """Whether a pass asks for a least number in any outcome."""
        return any(met is not None for _, met in self.outcomes)

    @property
    def words(self) -> str:
        """Pass, or Not yet passed."""
        return WORDS[self.passed]


def why_not_issue(state: State, practice: bool, held: bool) -> tuple[Reason, ...]:
    """E-STATE before there is a mark that counts; E-NOT-NEEDED for practice: it proves nothing;
    I-HELD while the result is held back.
    """
    if practice:
        return (Reason(Code.NOT_NEEDED, {"what": "practice_statement"}, who=Helper.NOBODY),)
    if state is not State.MARKED:
        return (Reason(Code.STATE, {"what": "no_result"}, who=Helper.NOBODY),)
    return (Reason(Code.RESULT_HELD, who=Helper.QUALITY),) if held else ()


def plain_code(typed: str) -> str:
    """A code as it is kept, however it was typed: small letters and digits, in groups of four."""
    kept = "".join(c for c in typed[:LONGEST_CODE].lower() if c.isascii() and c.isalnum())
    return "-".join(kept[begin : begin + 4] for begin in range(0, len(kept), 4))


def is_called(name: str, typed: str) -> bool:
    """Whether this is the name on a statement; capitals, spaces and dashes do not count."""
    return bool(typed.strip()) and statement.same(typed) == statement.same(name)

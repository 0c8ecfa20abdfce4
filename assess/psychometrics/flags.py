"""What is wrong with this item, in a sentence its author can act on?

A flag is raised when the far end of the 95 % interval is past the limit, so chance alone
seldom raises one. `watch` names what is past a milder limit, without that certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from assess.psychometrics import classical, guards

SINGLE, MULTIPLE = "single_choice", "multiple_response"
PROMETRIC = "Prometric, Internal Psychometric Guidelines for Classical Test Theory"
SIMULATED = "Measured on simulated answers: docs/psychometrics.md"
TOO_EASY, TOO_HARD = 0.95, 0.20  # Prometric, table 2: above and below are not acceptable
EASY, HARD = 0.90, 0.30  # the same: outside .30 to .89 possibly unacceptable
WEAK = 0.15  # Moodle marks a discriminative efficiency under 15 % as dubious
LOW = 0.20  # Prometric, table 1: discrimination above .20 is wanted
WRONG_KEY_R = 0.05  # simulated: planted wrong keys lie near 0.4, clean distractors below 0
# Many options are tried, so that the smaller a correlation, the surer it must be: of 500 options
# that say nothing, one is beyond 3.7 standard errors in one report of twenty. (At 3, one report in
# three named a sound item.)
SECOND_KEY_R, SECOND_KEY_Z = 0.15, 3.5
SMALL_SECOND_KEY_R, SMALL_SECOND_KEY_Z = 0.10, 3.7
# The able do not turn away from an option that is right: simulated, planted ones lie above -0.08
# over all candidates. Distractors that draw those who know a little, and lose those who know, do
# not: there the correlation among wrong answers alone misleads.
SECOND_KEY_PLAIN_R = -0.10
SECOND_KEY_CHOOSERS = 20
DEAD_SHARE = 0.05  # fewer than 5 % of examinees: Tarrant, Ware & Mohammed 2009, BMC Med. Educ. 9:40
# An easy item leaves few to choose any distractor (Raymond, Stevens & Bucak 2019, Adv. Health
# Sci. Educ. 24): so those who went wrong must pass it over too. The tenth is a working choice.
DEAD_SHARE_OF_WRONG = 0.10


@dataclass(frozen=True, slots=True)
class OptionFacts:
    """One option: the version's own index, or None for those who omitted the item."""

    option: int | None
    key: bool
    n: int
    share: float | None
    share_high: float | None  # upper end of the 95 % interval
    r: float | None
    wrong: int  # wrong answers to the item
    wrong_n: int  # those of them that chose the option
    wrong_share_high: float | None  # of wrong_n / wrong
    conditional_r: float | None
    label: str | None = None  # what it is called where not by the letter of its index

    @property
    def name(self) -> str:
        """What a sentence calls it: "A" for the first option, or its label."""
        return self.label if self.label is not None else letter(self.option or 0)


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One item's statistics; None where there is no value."""

    kind: str
    n: int
    facility: float | None
    facility_interval: tuple[float, float] | None
    r: float | None
    r_interval: tuple[float, float] | None
    options: Sequence[OptionFacts]


@dataclass(frozen=True, slots=True)
class Flag:
    """A finding: its code, the sentence, the option it is about, the limit and its source."""

    code: str
    sentence: str
    option: int | None
    limit: float
    source: str


Rule = Callable[[ItemFacts], Iterator[Flag]]


def flags(item: ItemFacts) -> tuple[Flag, ...]:
    """Every flag of the item, the gravest first; none below 200 answers."""
    if item.n < guards.FLAGS_FROM:
        return ()
    return tuple(flag for rule in RULES for flag in rule(item))


def watch(item: ItemFacts) -> tuple[Flag, ...]:
    """What is worth a look though no flag is raised; none below 200 answers."""
    if item.n < guards.FLAGS_FROM or item.facility is None:
        return ()
    raised = {flag.code for flag in flags(item)}
    found = []
    got = _got(item, item.facility)
    if item.facility > EASY and "too_easy" not in raised:
        found.append(_plain("easy", f"{got}: it is easy.", EASY))
    if item.facility < HARD and "too_hard" not in raised:
        found.append(_plain("hard", f"{got}: it is hard.", HARD))
    if item.r is not None and item.r < LOW and "weak" not in raised:
        sentence = f"It separates strong from weak candidates little (r = {number(item.r)})."
        found.append(_plain("low_discrimination", sentence, LOW))
    return tuple(found)


def letter(option: int) -> str:
    """What an author calls the version's own option: A for 0, B for 1."""
    return ascii_uppercase[option]


def number(value: float | None) -> str:
    """A number with two decimals, as a page holds it: its sign is no hyphen, 0.00 has none.

    A dash where there is none.
    """
    return "–" if value is None else f"{value:z.2f}".replace("-", "−")


def percent(share: float, decimals: int | None = None) -> str:
    """A share as every page and report writes it: "61 %".

    Where nobody says how many decimals, one near the ends and none between.
    """
    if decimals is None:
        decimals = 1 if share < 0.095 or share > 0.905 else 0
    return f"{100 * share:.{decimals}f} %"


def _wrong_key(item: ItemFacts) -> Iterator[Flag]:
    keys = [o for o in item.options if o.key and o.r is not None]
    suspect = _suspect(item)
    if suspect is None or suspect.option is None or not keys:
        return
    weakest = min(keys, key=lambda o: o.r or 0.0)
    yield Flag(
        "wrong_key",
        f"Option {suspect.name} looks right and is not the key: "
        f"{percent(suspect.share or 0.0)} of {item.n} chose it, and they do better on their other "
        f"questions (r = {number(suspect.r)}) than those who chose the key "
        f"{weakest.name} (r = {number(weakest.r)}). Check the key.",
        suspect.option,
        WRONG_KEY_R,
        SIMULATED,
    )


def _suspect(item: ItemFacts) -> OptionFacts | None:
    """The distractor whose choosers do best, if they surely do better than those of a key."""
    keys = [(o.r, o) for o in item.options if o.key and o.r is not None]
    if not keys:
        return None
    key_r, key = min(keys, key=lambda ranked: ranked[0])
    # Nearly all who sit a multiple response take a true option, so its r is small though it is
    # missing from the key; but then an option in the key is one the weak choose, and fewer do.
    spoilt = item.kind == MULTIPLE and key_r + _margin(key_r, item.n) < 0
    rivals = [
        (o.r, o)
        for o in _distractors(item)
        if o.r is not None
        and o.r > key_r
        and (o.r - _margin(o.r, item.n) > WRONG_KEY_R or (spoilt and o.r > 0 and o.n > key.n))
    ]
    return max(rivals, key=lambda rival: rival[0])[1] if rivals else None


def _second_key(item: ItemFacts) -> Iterator[Flag]:
    suspect = _suspect(item)
    for o in _distractors(item):
        r = o.conditional_r
        if o is suspect or o.option is None or r is None or o.wrong_n < SECOND_KEY_CHOOSERS:
            continue
        if item.kind == SINGLE and (o.r is None or o.r < SECOND_KEY_PLAIN_R):
            continue
        sure = SECOND_KEY_Z if r > SECOND_KEY_R else SMALL_SECOND_KEY_Z
        if r > SMALL_SECOND_KEY_R and r * o.wrong**0.5 > sure:
            yield Flag(
                "second_key",
                f"Option {o.name} may be right too: among the {o.wrong} who answered "
                f"wrongly, the {o.wrong_n} who chose it do better on their other questions than "
                f"the rest (r = {number(r)}). Make it clearly wrong, or accept it.",
                o.option,
                SMALL_SECOND_KEY_R,
                SIMULATED,
            )


def _below_guessing(item: ItemFacts) -> Iterator[Flag]:
    # What blind guessing gives is plain only where exactly one option is chosen.
    choices = sum(1 for o in item.options if o.option is not None)
    if item.kind != SINGLE or choices < 2 or item.facility is None:
        return
    guess = 1 / choices
    limit = guess - 2 * (guess * (1 - guess) / item.n) ** 0.5
    if item.facility < limit:
        yield Flag(
            "below_guessing",
            f"{percent(item.facility)} of {item.n} got it right, fewer than blind guessing among "
            f"{choices} options would give ({percent(guess)}). Check the key, then the wording.",
            None,
            limit,
            "Arithmetic: 1/options less two standard errors",
        )


def _too_easy(item: ItemFacts) -> Iterator[Flag]:
    if item.facility_interval and item.facility and item.facility_interval[0] > TOO_EASY:
        yield _plain(
            "too_easy",
            f"{_got(item, item.facility)} ({_interval(item.facility_interval)}): more than "
            f"{percent(TOO_EASY)} tells candidates hardly apart. Make the distractors more "
            "plausible, or keep it on purpose.",
            TOO_EASY,
        )


def _too_hard(item: ItemFacts) -> Iterator[Flag]:
    if item.facility_interval and item.facility_interval[1] < TOO_HARD:
        yield _plain(
            "too_hard",
            f"{_got(item, item.facility or 0.0)} ({_interval(item.facility_interval)}), less than "
            f"{percent(TOO_HARD)}. Check the key and whether it is taught; simplify the wording or "
            "retire it.",
            TOO_HARD,
        )


def _weak(item: ItemFacts) -> Iterator[Flag]:
    if item.r_interval and item.r is not None and item.r_interval[1] < WEAK:
        low, high = item.r_interval
        yield Flag(
            "weak",
            f"Those who do well on their other questions hardly do better on this one "
            f"(r = {number(item.r)}, 95 % interval {number(low)} to {number(high)}, n = {item.n}; "
            f"wanted: at least {WEAK:.2f}). Look for an ambiguous stem or a defensible distractor.",
            None,
            WEAK,
            "Moodle, quiz statistics report: discriminative efficiency under 15 % is dubious",
        )


def _dead_distractor(item: ItemFacts) -> Iterator[Flag]:
    for o in _distractors(item):
        if o.option is None or o.share_high is None or o.wrong_share_high is None:
            continue
        if o.share_high < DEAD_SHARE and o.wrong_share_high < DEAD_SHARE_OF_WRONG:
            chose = "Nobody" if not o.n else f"Only {o.n} ({percent(o.n / item.n)})"
            yield Flag(
                "dead_distractor",
                f"{chose} of {item.n} chose option {o.name}, and {o.wrong} answered "
                f"wrongly. Replace it with a mistake people make, or drop it.",
                o.option,
                DEAD_SHARE,
                "Tarrant, Ware & Mohammed 2009: chosen by fewer than 5 % of examinees",
            )


RULES: tuple[Rule, ...] = (
    _wrong_key,
    _second_key,
    _below_guessing,
    _too_hard,
    _too_easy,
    _weak,
    _dead_distractor,
)


def _distractors(item: ItemFacts) -> Iterator[OptionFacts]:
    return (o for o in item.options if o.option is not None and not o.key)


def _got(item: ItemFacts, facility: float) -> str:
    """The facility in words: where parts of a mark may be earned it says nothing of how many."""
    if item.kind == SINGLE:
        return f"{percent(facility)} of {item.n} got it right"
    return f"{item.n} candidates earned {percent(facility)} of its marks"


def _margin(r: float, n: int) -> float:
    """Half the 95 % interval of a correlation."""
    se: float = (1 - r * r) / (n - 1) ** 0.5
    return classical.Z95 * se


def _interval(ends: tuple[float, float]) -> str:
    return f"95 % interval {percent(ends[0])} to {percent(ends[1])}"


def _plain(code: str, sentence: str, limit: float) -> Flag:
    return Flag(code, sentence, None, limit, PROMETRIC)

"""What does a file of people do, said line by line before anything is written?"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest

from assess import wording
from assess.bank.formats.lines import FileRefused
from assess.delivery import enrolment, people_file
from assess.delivery.enrolment import Known, Person, Place, Plan, State
from assess.delivery.registration import Conditions, Entry
from assess.reasons import Code
from assess.roles import Role

TODAY = date(2026, 3, 2)
TUTOR = Person("Grace", None, frozenset({Role.TUTOR}))
AMINA = Person("Amina", None, frozenset({Role.CANDIDATE}))
KNOWN = Known(
    people={"grace": TUTOR, "amina": AMINA, "joan": Person("Joan", None, frozenset())},
    elsewhere=frozenset({"leila"}),
    programmes={"Award": Conditions(months=12), "Adult": Conditions(minimum_age=18)},
    places={("Award", "amina"): Place("grace", Entry("Spring"))},
    groups={("Award", "Spring"): 20},
    actor="joan",
)
HEAD = "username,name,roles,born_on,programme,group,tutor,language,starts,ends,needs"


def planned(*lines: str, known: Known = KNOWN, head: str = HEAD) -> Plan:
    """The plan of a file with these lines."""
    text = "\n".join((head, *lines))
    rows = people_file.read(io.BytesIO(text.encode()))
    return enrolment.plan(rows, known, TODAY, "Europe/London")


def said(plan: Plan, line: int = 0) -> list[str]:
    """What the plan says of a line, in words."""
    found = plan.lines[line]
    return [wording.words(r).what for r in (*found.will, *found.reasons)]


def codes(plan: Plan, line: int = 0) -> list[tuple[Code, object]]:
    """The reasons why a line cannot be done."""
    return [(r.code, r.values.get("what")) for r in plan.lines[line].reasons]


def test_a_newcomer_with_a_registration_is_said_in_full() -> None:
    plan = planned("Ann.Lee,Ann Lee,,3/4/2001,Award,Spring,grace,cy,,,none")
    assert said(plan) == [
        "Add Ann Lee as candidate.",
        "Set the date of birth to 3 April 2001.",
        "Register on Award: group Spring, tutor grace, until 2 March 2027.",
    ]
    (line,) = plan.lines
    assert (line.username, line.state, line.is_new) == ("ann.lee", State.ADDED, True)
    assert line.place == Place("grace", Entry("Spring", "cy", None, date(2027, 3, 2), needs=""))
    assert not plan.refused


def test_the_same_file_again_changes_nothing() -> None:
    plan = planned("amina,Amina,candidate,,Award,Spring,grace,,,,", "grace,,,,,,,,,,")
    assert [line.state for line in plan.lines] == [State.UNCHANGED] * 2
    assert plan.counts[State.UNCHANGED] == 2
    assert said(plan) == []
    told = replace(AMINA, born_on=date(2001, 4, 3), email="amina@example.org")
    known = replace(KNOWN, people={**KNOWN.people, "amina": told})
    lines = "amina,,,,,,,,,,,", "amina,Amina,,3/4/2001,,,,,,,,amina@example.org"
    plan = planned(*lines, known=known, head=f"{HEAD},email")
    assert [line.state for line in plan.lines] == [State.UNCHANGED] * 2
    renamed = planned("amina,Amina Yusuf,,,,,,,,,", known=known).lines[0]
    assert renamed.person == replace(told, name="Amina Yusuf")


def test_a_registration_that_is_over_stands_in_nobodys_way_and_begins_no_earlier_than_it_may() -> (
    None
):
    over = Place("grace", Entry("Spring", ends=date(2026, 1, 31)), date(2025, 2, 1))
    ahead = Place("grace", Entry("Spring", starts=date(2026, 3, 9)), date(2026, 3, 1))
    known = replace(
        KNOWN,
        people={**KNOWN.people, "amina": replace(AMINA, born_on=date(2008, 3, 9))},
        places={("Award", "amina"): over, ("Adult", "amina"): ahead},
    )
    lines = ("amina,,,,Award,Spring,grace,,,,", "amina,,,,Adult,Spring,grace,,,,")
    assert {x.state for x in planned(*lines, known=known).lines} == {State.UNCHANGED}
    assert codes(planned("amina,,,,Award,,,,,31/1/2025,", known=known)) == [
        (Code.FIELD, "before_start")
    ]
    assert codes(planned("amina,,,,Adult,,,,8/3/2026,,", known=known)) == [(Code.AGE, "young")]
    moved = planned("amina,,,,Award,A,,,,,", "amina,,,,Adult,A,,,,,", known=known)
    for line, before in zip(moved.lines, (over, ahead), strict=True):
        assert line.place == replace(before, entry=replace(before.entry, group="A"))


def test_a_line_says_each_thing_that_it_changes() -> None:
    gone = replace(TUTOR, active=False)
    known = replace(KNOWN, people={**KNOWN.people, "lin": TUTOR, "gone": gone})
    line = "amina,,quality,,Award,Spring,lin,cy,9/3/2026,,,amina@example.org"
    plan = planned(line, known=known, head=f"{HEAD},email")
    assert said(plan) == [
        "Add to their roles: quality.",
        "Set the e-mail address to amina@example.org.",
        "On Award: the tutor is lin in place of grace.",
        "On Award: the language of assessment is Welsh in place of English.",
        "On Award: the first day is 9 March 2026.",
    ]
    assert plan.lines[0].new_roles == (Role.QUALITY,)
    assert plan.lines[0].is_registered
    # What stands there already is named: another may have set it while the file was looked at.
    person = replace(KNOWN.people["amina"], email="amina@example.com", born_on=date(2000, 1, 2))
    entry = Entry("Spring", "en", date(2026, 3, 1), date(2027, 3, 2), "A lamp")
    place = replace(KNOWN.places["Award", "amina"], entry=entry)
    full = replace(
        known, people={**known.people, "amina": person}, places={("Award", "amina"): place}
    )
    line = "amina,,,2000-01-03,Award,,,,2026-03-09,2027-01-31,A reader,amina@example.org"
    assert said(planned(line, known=full, head=f"{HEAD},email")) == [
        "Change the date of birth from 2 January 2000 to 3 January 2000.",
        "Change the e-mail address from amina@example.com to amina@example.org.",
        "On Award: the first day is 9 March 2026 in place of 1 March 2026.",
        "On Award: the last day is 31 January 2027 in place of 2 March 2027.",
        "On Award: what the candidate needs is recorded anew, in place of “A lamp”.",
    ]
    assert codes(planned("amina,,,,Award,,gone,,,,", known=known)) == [(Code.FIELD, "no_tutor")]
    assert not planned("joan,,author,,,,,,,,").refused  # of oneself only the quality roles are


def test_what_a_line_does_not_say_stays_as_it_is() -> None:
    plan = planned("amina,,,,Award,Autumn,,,,31/12/2026,A reader")
    assert said(plan) == [
        "On Award: move from group Spring to Autumn.",
        "On Award: the last day is 31 December 2026.",
        "On Award: what the candidate needs is recorded anew.",
    ]
    assert plan.lines[0].place == Place(
        "grace", Entry("Autumn", "en", None, date(2026, 12, 31), "A reader")
    )


def test_roles_are_added_and_never_taken() -> None:
    plan = planned("amina,Amina Yusuf,Tutor; External Verifier,,,,,,,,")
    assert said(plan) == [
        "Change the name from Amina to Amina Yusuf.",
        "Add to their roles: external-verifier, tutor.",
    ]
    assert plan.lines[0].person is not None
    assert Role.CANDIDATE in plan.lines[0].person.roles


def test_a_tutor_may_stand_below_their_candidates() -> None:
    plan = planned("a,A,,,Award,Spring,t,,,,", "t,T,tutor")  # Excel leaves empty cells out
    assert not plan.refused
    assert plan.newcomers == ("a", "t")


def test_one_person_may_be_registered_on_two_programmes() -> None:
    plan = planned("a,A,,1/1/2000,Award,S,grace,,,,", "a,,,2000-01-01,Adult,S,grace,,,,")
    assert [line.state for line in plan.lines] == [State.ADDED, State.CHANGED]
    assert plan.newcomers == ("a",)


@pytest.mark.parametrize(
    "other",
    ["a,Ann,,,Adult,S,grace,,,,", "a,,,2/1/2000,Adult,S,grace,,,,", "A,Ann,tutor,,,,,,,,"],
)
def test_two_people_are_not_brought_in_under_one_log_in_name(other: str) -> None:
    plan = planned("a,A,,1/1/2000,Award,S,grace,,,,", other)
    assert codes(plan, 1) == [(Code.DUPLICATE, "person_contradicts")]
    assert plan.refused


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (",A,candidate,,,,,,,,", [(Code.FIELD, "empty")]),
        ("a b,A,candidate,,,,,,,,", [(Code.FIELD, "space")]),
        ("a,,candidate,,,,,,,,", [(Code.FIELD, "empty")]),
        ("a,A,,,,,,,,,", [(Code.FIELD, "empty")]),
        ("a,A,king,,,,,,,,", [(Code.FIELD, "unknown")]),
        ("a,A,candidate,soon,,,,,,,", [(Code.FIELD, "no_date")]),
        ("a,A,candidate,1/1/2030,,,,,,,", [(Code.FIELD, "implausible")]),
        ("leila,A,candidate,,,,,,,,", [(Code.TAKEN, "elsewhere")]),
        ("joan,,quality,,,,,,,,", [(Code.SELF, "quality_role")]),
        ("a,A,,,Nowhere,S,grace,,,,", [(Code.FIELD, "unknown")]),
        ("a,A,,,,S,grace,,,,", [(Code.FIELD, "empty")]),
        ("amina,,,,,,,,,31/12/2026,", [(Code.FIELD, "empty")]),
        ("amina,,,,,,,,,,A reader", [(Code.FIELD, "empty")]),
        ("amina,,,,,,,cy,,,", [(Code.FIELD, "empty")]),
        ("a,A,,,Award,,grace,,,,", [(Code.FIELD, "empty")]),
        ("a,A,,,Award,S,amina,,,,", [(Code.FIELD, "no_tutor")]),
        ("a,A,,,Award,S,,,,,", [(Code.FIELD, "no_tutor")]),
        ("a,A,candidate;tutor,,Award,S,a,,,,", [(Code.SELF, "own_tutor")]),
        ("grace,,,,Award,S,joan,,,,", [(Code.FIELD, "no_tutor"), (Code.FIELD, "no_candidate")]),
        ("a,A,,,Award,S,grace,xx,,,", [(Code.FIELD, "unknown")]),
        ("a,A,,,Adult,S,grace,,,,", [(Code.AGE, "unborn")]),
        ("a,A,,1/1/2010,Adult,S,grace,,,,", [(Code.AGE, "young")]),
        ("a,A,,,Award,S,grace,,,1/1/2026,", [(Code.FIELD, "before_start")]),
        ("a,A,candidate,,,,,,,,,,more", [(Code.MALFORMED, "fields_differ")]),
    ],
)
def test_a_line_that_cannot_be_done_says_why(line: str, found: list[tuple[Code, str]]) -> None:
    plan = planned(line)
    assert codes(plan) == found
    assert plan.refused
    assert plan.lines[0].will == ()


def test_the_same_registration_twice_in_a_file_is_refused_where_it_stands_again() -> None:
    plan = planned("a,A,,,Award,S,grace,,,,", "a,A,,,Award,T,grace,,,,")
    assert codes(plan, 1) == [(Code.DUPLICATE, "line_repeated")]
    assert "line 2" in said(plan, 1)[0]


def test_a_group_that_grows_beyond_twenty_is_warned_of() -> None:
    (warning,) = planned("a,A,,,Award,Spring,grace,,,,").warnings
    assert (warning.code, warning.values["size"]) == (Code.GROUP, 21)
    assert planned("amina,,,,Award,Spring,grace,,,,").warnings == ()
    exchanged = planned("amina,,,,Award,Autumn,,,,,", "a,A,,,Award,Spring,grace,,,,")
    assert exchanged.warnings == ()


def test_another_world_gives_another_plan() -> None:
    line = "amina,Amina,,,Award,Autumn,grace,,,,"
    before = planned(line)
    assert before.digest() == planned(line).digest()
    moved = {("Award", "amina"): Place("grace", Entry("Summer"))}
    assert planned(line, known=replace(KNOWN, places=moved)).digest() != before.digest()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_cells_may_stand_apart_as_spreadsheets_write_them(delimiter: str) -> None:
    head = delimiter.join(("Log-in name", "Name", "Date of birth", "Roles", "", ""))
    text = (
        f"\ufeff{head}\r\na{delimiter}A{delimiter}1.2.2000{delimiter}candidate{delimiter * 2}\r\n"
    )
    (row,) = people_file.read(io.BytesIO(text.encode()))
    assert (row.number, row["username"], row["born_on"]) == (2, "a", "1.2.2000")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "file_empty"),
        ("\n\n", "file_empty"),
        ("name,roles\nA,tutor", "header_missing"),
        ("username,shoe size\na,44", "header_unknown"),
        ("username,name,Name\na,A,A", "header_repeated"),
        ('username,name\na,"A', "csv_unclosed"),
        ("username,name\na,\0", "header_broken"),
    ],
)
def test_a_file_that_is_no_table_of_people_is_refused_as_a_whole(text: str, what: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        people_file.read(io.BytesIO(text.encode()))
    assert [r.values["what"] for r in refusal.value.refused.reasons] == [what]

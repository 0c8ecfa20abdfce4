"""Does every column hold what the rules let through? SQLite would, PostgreSQL refuses."""

from __future__ import annotations

import pytest
from sqlalchemy import String
from sqlalchemy.orm import InstrumentedAttribute

from assess.bank import kinds, outcomes
from assess.bank.formats import rows
from assess.delivery import accounts, mailing, registration, signposts
from assess.store.banks import Item, ItemVersion
from assess.store.frameworks import Framework, FrameworkNode
from assess.store.outcome_signposts import OutcomeSignpost
from assess.store.people import Person
from assess.store.programmes import Registration


@pytest.mark.parametrize(
    ("column", "most"),
    [
        (Framework.key, outcomes.MAX_CODE),
        (Framework.title, outcomes.MAX_TITLE),
        (Framework.language, outcomes.MAX_LANGUAGE),
        (FrameworkNode.code, outcomes.MAX_CODE),
        (FrameworkNode.path, outcomes.MAX_PATH),
        (Item.identifier, rows.MAX_IDENTIFIER),
        (ItemVersion.outcome, kinds.MAX_OUTCOME),
        (OutcomeSignpost.outcome, signposts.LIMITS["outcome"]),
        (OutcomeSignpost.title, signposts.LIMITS["title"]),
        (Person.name, accounts.LONGEST_NAME),
        (Person.username, accounts.LONGEST_NAME),
        (Person.email, mailing.LONGEST_ADDRESS),
        (Registration.group, registration.LONGEST_GROUP),
    ],
    ids=str,
)
def test_a_column_holds_the_longest_that_its_rule_allows(
    column: InstrumentedAttribute[str | None], most: int
) -> None:
    kept = column.type
    assert isinstance(kept, String)
    assert kept.length is not None
    assert most <= kept.length


def test_no_outcome_of_a_framework_is_too_long_for_a_question_or_a_quota() -> None:
    assert outcomes.MAX_PATH <= kinds.MAX_OUTCOME

"""What can be proved of a specification with the bank as it is now?"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from sqlalchemy.orm import Session

from assess.bank import publishing
from assess.bank.cells import Facts
from assess.bank.publishing import Proof
from assess.bank.specification import Specification
from assess.store import frameworks, live_items
from assess.store.banks import Bank


def prove(
    session: Session,
    bank: Bank,
    specification: Specification,
    live: Iterable[Facts] | None = None,
) -> Proof:
    """The proof for a bank; `live` in place of its live items, where they are loaded already."""
    return publishing.prove(
        specification,
        live_items.live_facts(session, bank.id, specification) if live is None else live,
        frameworks.load(session, bank.framework_id),
        identifiers=live_items.numbers(session, bank.id, specification.enemies),
        names=partial(live_items.identifiers, session),
        stopwatch=time.monotonic,
    )

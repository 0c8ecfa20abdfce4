"""What waits for the author and the reviewer of the demonstration: one of each kind of thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from assess import store
from assess.actions import items, reviews
from assess.actions.context import Context
from assess.bank.drafting import Draft, Typed
from assess.reasons import Refused
from assess.roles import Role
from assess.store import banks, drafts

CHANGED, RETURNED, NEW = "M02-2.2-02", "M02-2.3-02", "M02-2.2-20"
CLEARER = (
    "Nobody can choose which council collects their council tax. Why does excellent service from "
    "the council tax office still matter to those who pay it?"
)
PLAINER = (
    "Mr Hussain was spoken to rudely at a library. He writes about it in a large online group of "
    "local people. Why does this matter so much to the library?"
)
FIRST_WORDS = "Ms Lewis rings a housing office for the third time about the same repair."


def fill(context: Context, author: int, reviewer: int, bank_name: str) -> None:
    """A changed question in review, another returned with words, and a new one half written.

    `context` is of the bank's centre. LookupError where a question is not there.
    """
    writing = replace(context, actor=author, roles=frozenset({Role.AUTHOR}))
    reading = replace(context, actor=reviewer, roles=frozenset({Role.REVIEWER}))
    with store.read() as session:
        bank = banks.by_name(session, context.centre, bank_name)
    if bank is None:
        raise LookupError(bank_name)

    then = replace(writing, now=context.now - timedelta(hours=30))
    one = _item(bank.id, RETURNED)
    number = _submit(then, one, PLAINER, "4,000 gave the answer away.")
    later = replace(reading, now=context.now - timedelta(hours=26))
    words = "“Large” still does. Could the case leave the size of the group out altogether?"
    _sure(reviews.give_back(later, one, number, words))

    then = replace(writing, now=context.now - timedelta(hours=4))
    words = "Shorter, and “nobody” is plainer than “people cannot”."
    _submit(then, _item(bank.id, CHANGED), CLEARER, words)

    then = replace(writing, now=context.now - timedelta(hours=1))
    begun = items.begin_new(then, bank.id, NEW, "single_choice")
    if isinstance(begun, Refused):
        raise RuntimeError(f"the demonstration was refused: {begun}")
    options = (Typed("She has to explain everything again each time", True), Typed(), Typed())
    draft = Draft("single_choice", stem=FIRST_WORDS, options=options)
    _sure(items.save(then, begun.item_id, draft, 1))


def _submit(context: Context, item_id: int, stem: str, words: str) -> int:
    _sure(items.begin(context, item_id))
    with store.read() as session:
        row = drafts.of_item(session, item_id)
    if row is None:
        raise LookupError(item_id)
    draft = replace(row.draft(), stem=stem)
    saved = items.save(context, item_id, draft, row.revision)
    if isinstance(saved, Refused):
        raise RuntimeError(f"the demonstration was refused: {saved}")
    done = items.submit(context, item_id, saved.revision, words)
    if isinstance(done, Refused):
        raise RuntimeError(f"the demonstration was refused: {done}")
    return done.number


def _item(bank_id: int, identifier: str) -> int:
    with store.read() as session:
        found = banks.by_identifier(session, bank_id, identifier)
    if found is None:
        raise LookupError(identifier)
    return found.id


def _sure(done: object) -> None:
    """The demonstration's own data are never refused."""
    if isinstance(done, Refused):
        raise RuntimeError(f"the demonstration was refused: {done}")

"""Writing a note on a candidate of one's own."""

from __future__ import annotations

from assess import store
from assess.actions.approvals import too_long
from assess.actions.context import Context, not_found, record, refuse
from assess.delivery.messages import sent_again
from assess.journal import Event
from assess.reasons import Code, Helper, Reason, Refused, Value
from assess.store import notes, programmes
from assess.store.notes import Note


def write(context: Context, candidate_id: int, words: str) -> int | Refused:
    """Keep a tutor's note on their candidate; says its number. It is never changed.

    A page that is sent again, because the answer to the first try was slow, writes nothing anew.
    """
    assert context.actor is not None  # noqa: S101 - the route lets only tutors come
    with store.write() as session:
        mine = [
            registration
            for registration, _ in programmes.registrations_of(session, candidate_id)
            if registration.tutor_id == context.actor and registration.centre_id == context.centre
        ]
        if not mine:
            return not_found()
        reasons = list(too_long(words))
        if not words.strip():
            empty: dict[str, Value] = {"field": "words", "what": "empty"}
            reasons.append(Reason(Code.FIELD, empty, who=Helper.YOU))
        if reasons:
            refused = Refused(Code.FIELD, tuple(reasons), 422)
            return refuse(session, context, Event.NOTE_WRITTEN, refused)
        store.alone(session, f"notes:{candidate_id}")
        for before, author in notes.of_candidate(session, candidate_id)[:1]:
            own = author.id == context.actor
            if own and sent_again(words, context.now, before.words, before.written_at):
                return before.id
        row = Note(
            centre_id=context.centre,
            candidate_id=candidate_id,
            author_id=context.actor,
            words=words.strip(),
            written_at=context.now,
        )
        session.add(row)
        session.flush()
        facts = {"note": row.id, "candidate": candidate_id}
        record(session, context, Event.NOTE_WRITTEN, facts, {"words": row.words})
        return row.id

"""Does every mail leave at least once, tell no mark, and never hold up a deed?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from assess import jobs, store
from assess.actions import (
    approvals,
    attempts,
    evidence,
    holds,
    mail,
    messages,
    people,
    post,
    programmes,
    remarking,
    specifications,
)
from assess.actions.context import Context
from assess.delivery import mailing
from assess.delivery.mailing import Kind
from assess.reasons import Refused
from assess.roles import Role
from assess.settings import Settings, Tls
from assess.store import mail as outbox
from assess.store import programmes as registrations
from assess.store.approvals import Approval
from assess.store.journal import JournalEntry
from assess.store.mail import Mail
from assess.store.people import Person
from tests import smtp
from tests.actions.test_evidence import WHY, late
from tests.builders import World, specification
from tests.smtp import Mailbox


@pytest.fixture
def server() -> Iterator[Mailbox]:
    """A mail server without encryption."""
    with smtp.running() as box:
        yield box


def reached(built: World, **addresses: str) -> World:
    """The world in which these people have an address."""
    for who, address in addresses.items():
        done = people.change(built.context(), built.persons[who], who.title(), None, address)
        assert done is None
    return built


def through(built: World, box: Mailbox, **more: object) -> Context:
    """The worker's surroundings, with this mail server."""
    values: dict[str, object] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": box.port,
        "smtp_tls": Tls.NONE,
        "mail_from": "assess@centre.example",
        **more,
    }
    settings: Settings = replace(built.app.extensions["assess.settings"], **values)
    return Context(built.clock.now(), settings, 0)


def waiting() -> list[Mail]:
    """Every mail of the outbox, oldest first."""
    with store.read() as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def put(built: World, number: int) -> None:
    """Another mail to the tutor, due now."""
    with store.write() as session:
        tutor = session.get_one(Person, built.persons["tutor"])
        mail.put(session, built.context(), Kind.RESULT, tutor, number, test="First test")


def asked(built: World) -> int:
    """The candidate asks for approval: their tutor is told by mail."""
    done = approvals.ask(built.context("candidate"), built.test)
    assert isinstance(done, int)
    return done


@pytest.mark.parametrize(
    "unfit", [{"smtp_host": "mail..example"}, {"smtp_user": "me", "smtp_password": "geheimnüß"}]
)
def test_a_server_that_cannot_be_asked_is_said_beside_the_mail(
    unfit: dict[str, str], built: World, server: Mailbox
) -> None:
    reached(built, tutor="grace@example.org")
    asked(built)
    assert mail.send(through(built, server, **unfit)) == 0
    (one,) = waiting()
    assert one.tries == 1
    assert one.error is not None
    assert one.error.startswith("Unicode")
    assert "geheim" not in one.error


def test_those_who_would_notice_are_told_who_was_given_a_way_in_by_somebody_else(
    built: World,
) -> None:
    reached(built, candidate="ann@example.org", quality="q@example.org")
    built.add("second.quality", Role.QUALITY)
    who, administrator = built.persons, built.context("administrator")

    def told() -> set[tuple[str, str]]:
        """Kind and address of the mails since the last look."""
        found = {(one.kind, one.address) for one in waiting()[len(seen) :]}
        seen.extend(waiting()[len(seen) :])
        return found

    seen: list[Mail] = []
    assert told() == {("checker-given", "q@example.org")}
    assert "Assess gave Second Quality a role" in str(seen[0].body)
    people.reset_password(administrator, who["candidate"])
    assert told() == {("password-reset", "ann@example.org")}
    assert "Administrator gave you a new first password" in str(seen[-1].body)
    people.reset_password(administrator, who["second.quality"])
    assert told() == {("checker-reset", "q@example.org")}
    assert people.change(administrator, who["quality"], "Quality", None, None) is None
    assert told() == {("address-changed", "q@example.org")}
    people.reset_password(administrator, who["quality"])
    assert told() == set()


def test_nobody_is_kept_from_being_told_by_an_account_that_is_closed_or_a_role_that_is_taken_first(
    built: World,
) -> None:
    reached(built, tutor="t@example.org", quality="q@example.org")
    administrator, tutor, checker = (
        built.context("administrator"),
        built.persons["tutor"],
        built.persons["quality"],
    )
    people.set_active(administrator, tutor, False)
    people.reset_password(administrator, tutor)
    people.change(administrator, tutor, "Tutor", None, "elsewhere@example.org")
    people.set_active(administrator, tutor, True)
    said = [(one.kind, one.address) for one in waiting()]
    assert said == [("password-reset", "t@example.org"), ("address-changed", "t@example.org")]

    people.set_active(administrator, checker, False)
    built.add("made.up", Role.QUALITY)
    people.set_active(administrator, checker, True)
    built.clock.advance(timedelta(seconds=1))
    people.set_roles(built.context("administrator"), checker, [])
    taken = [(one.kind, one.address) for one in waiting()[2:]]
    assert taken == [("checker-taken", "q@example.org")] * 2
    assert "Administrator took" in str(waiting()[2].body)
    assert str(waiting()[2].body).count("/\n") == 1  # a page that everybody may open


def test_a_result_that_is_held_back_is_told_when_the_hold_is_lifted(built: World) -> None:
    reached(built, candidate="ann@example.org")
    person, quality = built.persons["candidate"], built.context("quality")
    built.make_ready()
    device = built.log_in("candidate")
    attempt = built.start(device)
    why = "A telephone rang in the room."
    holds.place(quality, built.persons["candidate.two"], None, why, results=True)
    hold = holds.place(quality, person, built.test, why, results=True)
    assert isinstance(hold, int)
    built.hand_in(device, attempt)
    built.clock.advance(timedelta(minutes=1))
    quality = built.context("quality")
    other = holds.place(quality, person, None, "Another telephone rang as well.", results=True)
    assert isinstance(other, int)
    for number, told in ((hold, 0), (other, 1)):
        assert holds.lift(built.context("quality"), number, "It was the telephone.") is None
        assert sum(one.kind == Kind.RESULT.value for one in waiting()) == told
    body = waiting()[-1].body
    assert body is not None
    assert f"/attempts/{attempt}/result" in body
    built.clock.advance(timedelta(days=1))
    later = holds.place(built.context("quality"), person, built.test, why, results=True)
    assert isinstance(later, int)
    # Of another test, which nothing keeps back, the result is told at once, and only once.
    second = specifications.publish(built.context(), specification(name="T2", approval=False))
    assert not isinstance(second, Refused)
    began = attempts.start(built.now(device), second.test_id, affirmed=True)
    assert isinstance(began, attempts.Started), began
    start_only = holds.place(built.context("quality"), person, second.test_id, why)
    assert isinstance(start_only, int)
    built.hand_in(device, began.attempt_id)
    for number in (later, start_only):
        words = "What is told is not told again."
        assert holds.lift(built.context("quality"), number, words) is None
    assert sum(one.kind == Kind.RESULT.value for one in waiting()) == 2


def test_what_waits_for_a_tutor_is_told_to_the_next_one(built: World) -> None:
    reached(built, tutor="grace@example.org")
    candidate, other = built.persons["candidate"], built.add("tutor.two", Role.TUTOR)
    assert people.change(built.context(), other, "Ada", None, "ada@example.org") is None
    with store.read() as session:
        row = registrations.registration(session, built.programme, candidate)
        assert row is not None
        entry = programmes.entry_of(row, "Europe/London")
    device = built.context("candidate")
    assert isinstance(approvals.ask(device, built.test), int)
    assert isinstance(messages.write(device, row.id, "May I?"), int)
    for who in (other, built.persons["tutor"], other):  # each is told of it once
        changed = programmes.change_registration(built.context("administrator"), row.id, who, entry)
        assert changed is None
    assert [(one.address, one.subject) for one in waiting()] == [
        ("grace@example.org", "Candidate asks for your approval"),
        ("grace@example.org", "Candidate has written to you"),
        ("ada@example.org", "Candidate asks for your approval"),
        ("ada@example.org", "Candidate has written to you"),
    ]
    # What is answered waits for nobody, and nobody waits who is barred.
    assert isinstance(messages.write(built.context("tutor.two"), row.id, "You may."), int)
    third = built.add("tutor.three", Role.TUTOR)
    assert people.change(built.context(), third, "Eve", None, "eve@example.org") is None
    assert (
        programmes.change_registration(built.context("administrator"), row.id, third, entry) is None
    )
    told = [one.subject for one in waiting() if one.address == "eve@example.org"]
    assert told == ["Candidate asks for your approval"]
    assert people.set_active(built.context(), candidate, False) is None
    fourth = built.add("tutor.four", Role.TUTOR)
    assert people.change(built.context(), fourth, "Joan", None, "joan@example.org") is None
    acting = built.context("administrator")
    assert programmes.change_registration(acting, row.id, fourth, entry) is None
    assert not [one for one in waiting() if one.address == "joan@example.org"]


def test_each_decision_is_told_to_the_other_one_and_no_mail_says_a_mark(
    built: World, server: Mailbox
) -> None:
    reached(built, candidate="ann@example.org", tutor="grace@example.org")
    built.sit(right=1)
    assert mail.send(through(built, server)) == 3
    assert mail.send(through(built, server)) == 0
    said = [(m["To"], m["Subject"]) for m in server.got]
    assert said == [
        ("grace@example.org", "Candidate asks for your approval"),
        ("ann@example.org", "Your tutor has approved you for First test"),
        ("ann@example.org", "Your result for First test is ready"),
    ]
    for one in server.got:
        text = str(one.get_content())
        assert one["From"] == "Assess <assess@centre.example>"
        assert one["Auto-Submitted"] == "auto-generated"
        assert one["Message-ID"].endswith("@localhost>")
        assert "http://127.0.0.1:8000/" in text
        for secret in ("Pass", "Not yet passed", "1 of 4", "Eight of ten"):
            assert secret not in text
    rows = waiting()
    assert all(m.sent_at and m.subject is None and m.body is None for m in rows)
    with store.read() as session:
        entries = session.scalars(select(JournalEntry).order_by(JournalEntry.id)).all()
        events = [e.event for e in entries[-3:]]
    assert events == ["mail:send"] * 3
    built.approve()
    with store.read() as session:
        newest = session.scalars(select(Approval.id).order_by(Approval.id.desc())).first()
    assert approvals.withdraw(built.context("tutor"), newest or 0, "They ask for time.") == newest
    assert mail.send(through(built, server)) == 3
    assert server.got[-1]["Subject"] == "Your approval for First test was withdrawn"


def test_another_mark_of_the_same_attempt_is_told_like_the_first(built: World) -> None:
    reached(built, candidate="ann@example.org")
    attempt, newest = late(built)
    quality = built.context("quality")
    assert isinstance(evidence.accept(quality, attempt, newest, WHY), int)
    review = remarking.ask(built.context("candidate"), attempt, WHY)
    assert isinstance(review, int)
    assert isinstance(remarking.mark_again(quality, review, {1}, WHY), int)
    results = [one.body or "" for one in waiting() if one.kind == Kind.RESULT.value]
    assert [f"/attempts/{attempt}/result" in body for body in results] == [True] * 3


def test_nobody_without_an_address_is_written_to(built: World) -> None:
    built.sit(right=4)
    assert waiting() == []


def test_a_refused_deed_leaves_no_mail(built: World) -> None:
    reached(built, tutor="grace@example.org")
    asked(built)
    assert isinstance(approvals.ask(built.context("candidate"), built.test), Refused)
    assert len(waiting()) == 1


def test_a_server_that_is_away_is_tried_later_and_later_and_then_given_up_for_all_to_see(
    built: World, caplog: pytest.LogCaptureFixture
) -> None:
    reached(built, tutor="grace@example.org")
    asked(built)
    with smtp.running() as gone:
        pass
    for wait in mailing.WAITS:
        assert mail.send(through(built, gone)) == 0
        (row,) = waiting()
        assert row.due_at == built.clock.now() + wait
        assert "ConnectionRefusedError" in (row.error or "")
        built.clock.advance(wait - timedelta(seconds=1))
        mail.send(through(built, gone))
        assert waiting()[0].tries == row.tries  # a second too early
        built.clock.advance(timedelta(seconds=1))
    mail.send(through(built, gone))
    (row,) = waiting()
    assert (row.given_up_at, row.tries) == (built.clock.now(), len(mailing.WAITS) + 1)
    assert "is given up after 8 tries" in caplog.text
    with smtp.running() as back:
        built.clock.advance(timedelta(days=9))
        assert mail.send(through(built, back)) == 0
        for number in (1, 2):  # neither what was given up goes with another, nor what went
            put(built, number)
            assert mail.send(through(built, back)) == 1
            built.clock.advance(mail.LEASE)
        assert mail.retry(built.context()) == [row.id]
        assert mail.send(through(built, back)) == 1
        assert back.got[2]["Message-ID"] == row.message_id
        assert mail.retry(built.context(), [row.id]) == []


def test_a_mail_whose_acknowledgement_was_lost_goes_again_with_the_same_name(
    built: World, server: Mailbox
) -> None:
    reached(built, tutor="grace@example.org")
    asked(built)
    put(built, 1)
    server.drops = 1
    assert mail.send(through(built, server)) == 0
    assert [one.tries for one in waiting()] == [1, 0]  # the second is at no fault
    assert mail.send(through(built, server)) == 1  # the first waits for its turn
    built.clock.advance(mailing.WAITS[0])
    assert mail.send(through(built, server)) == 1
    first, _, again = server.got
    assert first["Message-ID"] == again["Message-ID"]


def test_a_worker_that_died_with_mails_in_its_hands_keeps_them_for_a_while_only(
    built: World, server: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached(built, tutor="grace@example.org")
    asked(built)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mail, "_send", killed)
        with pytest.raises(KeyboardInterrupt):
            mail.send(through(built, server))
    assert mail.send(through(built, server)) == 0  # another worker leaves them alone
    built.clock.advance(mail.LEASE)
    assert mail.send(through(built, server)) == 1


def test_a_mail_that_went_while_the_database_was_away_goes_once(
    built: World, server: Mailbox
) -> None:
    reached(built, tutor="grace@example.org")
    asked(built)

    def away(_session: Session, *_: object) -> None:
        if server.got:
            raise OperationalError("UPDATE", {}, Exception("no answer"))

    event.listen(Session, "before_commit", away)
    try:
        for _ in range(2):  # one sends, and the next cannot mark it either
            with pytest.raises(OperationalError):
                mail.send(through(built, server))
    finally:
        event.remove(Session, "before_commit", away)
    built.clock.advance(mail.LEASE)
    assert mail.send(through(built, server)) == 0
    (one,) = waiting()
    assert (one.sent_at, one.body) == (built.clock.now(), None)
    assert len(server.got) == 1


def test_an_address_that_is_refused_for_good_is_given_up_at_once_and_holds_up_no_other(
    built: World, server: Mailbox
) -> None:
    reached(built, candidate="nobody@example.org", tutor="grace@example.org")
    server.answers = {"nobody@example.org": b"550 no such user", "grace@example.org": b"451 later"}
    asked(built)
    built.approve("candidate.two")
    reached(built, tutor="grace.two@example.org")
    with store.write() as session:
        kind = Kind.RESULT
        candidate = session.get_one(Person, built.persons["candidate"])
        mail.put(session, built.context(), kind, candidate, 1, test="First test")
        mail.put(session, built.context(), kind, candidate, 1, test="First test")
    assert [m.address for m in waiting()] == ["grace@example.org"] * 3 + ["nobody@example.org"]
    assert mail.send(through(built, server)) == 0
    later, *_, never = waiting()
    assert (later.given_up_at, later.tries) == (None, 1)
    assert never.given_up_at is not None
    assert never.error == "550 no such user"
    reached(built, candidate="ann@example.org")
    told = waiting()[-1]
    assert (told.kind, told.address) == ("address-changed", "nobody@example.org")
    mail.send(through(built, server))
    assert mail.retry(built.context()) == [never.id, told.id]
    mail.send(through(built, server))
    (one,) = server.got  # where its reader is found by now; what warns of that goes where it did
    assert (one["To"], one["Subject"]) == ("ann@example.org", "Your result for First test is ready")
    assert mail.forget(built.context(), [later.id, never.id, told.id, told.id + 1]) == [told.id]
    assert mail.forget(built.context(), [told.id]) == []
    assert mail.retry(built.context(), [told.id]) == []
    last = waiting()[-1]
    assert (last.subject, last.body, last.given_up_at) == (None, None, built.clock.now())
    with store.read() as session:
        assert outbox.given_up(session) == []
        assert last.id not in {one.id for one in outbox.unsent(session, 9)}


def test_the_way_to_the_server_is_encrypted_before_anything_is_said(
    built: World, tmp_path: Path
) -> None:
    reached(built, tutor="grace@example.org")
    asked(built)
    pem = smtp.certificate(tmp_path)
    more = {"smtp_tls": Tls.STARTTLS, "smtp_user": "me", "smtp_password": "secret"}
    with smtp.running(pem) as box:
        assert mail.send(through(built, box, **more)) == 0  # nobody vouches for this server
        assert box.logged_in == []
        assert "CERTIFICATE_VERIFY_FAILED" in (waiting()[0].error or "")
        built.clock.advance(mailing.WAITS[0])
        assert mail.send(through(built, box, smtp_ca=pem, **more)) == 1
        assert box.logged_in == ["\0me\0secret"]
    with smtp.running() as plain:
        asked_again = Context(built.clock.now(), built.app.extensions["assess.settings"], 0)
        with pytest.raises(post.NotNow), post.opened(through(built, plain, **more).settings):
            pass
        assert plain.logged_in == []
    assert asked_again.settings.smtp_host is None


def test_without_a_server_the_worker_writes_mails_to_its_console(
    built: World, caplog: pytest.LogCaptureFixture
) -> None:
    reached(built, tutor="grace@example.org")
    asked(built)
    assert jobs.send_mail(built.app, built.clock.now()) == 1
    assert "Subject: Candidate asks for your approval" in caplog.text
    assert "To: grace@example.org" in caplog.text

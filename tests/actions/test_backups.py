"""Is a backup whole, is it proved to be, and does nothing half-written ever bear its name?"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, make_url, text

from assess import jobs, store
from assess.actions import backups, journal
from assess.actions.backups import Finding, Taken
from assess.actions.context import Context
from assess.journal import Event
from assess.roles import Role
from assess.settings import Settings
from assess.store import backups as folders
from assess.store import journal as rows
from assess.store import postgres_copies, sqlite_copies
from assess.store.backups import BackupError
from assess.store.fingerprints import Show
from tests.beginnings import Begin
from tests.builders import World
from tests.services import Services, programs

TABLES, GUARDS, RECEIPTS, JOURNAL = "tables", "guards", "receipts", "journal"
# What concerns folders, files and nights is the same on both databases, and quicker on one.
FOLDERS = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
UNLOCK = {
    "sqlite": "DROP TRIGGER {table}_frozen_{deed}",
    "postgresql": "ALTER TABLE {table} DISABLE TRIGGER USER",
}


def quiet(_what: str, _done: int, _of: int | None) -> None:
    """Nobody watches."""


@pytest.fixture
def sat(built: World, begin: Begin) -> World:
    """A world with an attempt handed in, another still open, and a journal that is sealed."""

    def sit() -> None:
        built.sit(right=2)
        device, attempt = built.set_out("candidate.two")
        built.save(device, attempt, 1, "1")
        journal.seal(built.clock.now())

    begin("sat and sealed", sit)
    return built


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where backups go; nobody has made it yet."""
    return tmp_path / "some" / "backups"


def context(built: World, **changes: object) -> Context:
    """The surroundings of the operator, who has told where PostgreSQL's programs are."""
    settings: Settings = built.app.extensions["assess.settings"]
    told = {"pg_bin": programs()} | changes
    return Context(built.clock.now(), replace(settings, **told), 0)  # type: ignore[arg-type]


def take(built: World, folder: Path, show: Show = quiet, **changes: object) -> Taken:
    """Take a backup now."""
    return backups.take(context(built, **changes), folder, show)


def names(folder: Path) -> list[str]:
    """What lies in a folder, but for the lock."""
    return sorted(p.name for p in folder.iterdir() if p.name != ".lock") if folder.exists() else []


@pytest.fixture
def place(services: Services, database_kind: str, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """A function that gives the address of a place for a database: empty, or not there."""
    urls: list[str] = []

    def new() -> str:
        urls.append(services.empty(database_kind, tmp_path))
        return urls[-1]

    yield new
    for url in urls:
        services.drop(url)


def found(engine: Engine, taken: Taken) -> dict[str, Finding]:
    """What a check says, by what was looked at."""
    return {f.what: f for f in backups.check(engine, taken.manifest, quiet)}


@contextmanager
def restored(taken: Taken, url: str) -> Iterator[Engine]:
    """The backup in a place of its own, open to be changed."""
    backups.restore_here(taken.path, url, programs(), quiet)
    with backups.here(url) as engine:
        yield engine


def test_a_backup_restored_without_a_server_is_proved_to_hold_every_answer_and_the_chain(
    sat: World, services: Services, database_kind: str, folder: Path, tmp_path: Path
) -> None:
    taken = take(sat, folder)
    assert names(folder) == ["assess-20260302T110020Z"] == [taken.path.name]
    into = services.workshop() if database_kind == "postgresql" else tmp_path / "into"
    copy = backups.restore(taken.path, into, programs(), quiet)
    with backups.opened(copy, programs()) as engine:
        done = found(engine, taken)
    assert all(f.good for f in done.values()), done
    assert taken.manifest.tables["answers"].rows == 5
    assert "1 computed again from 4 answers (of 5;" in done[RECEIPTS].said
    assert f"head {journal.verify().head}" in done[JOURNAL].said
    assert names(into) == [copy.name]
    with pytest.raises(BackupError, match="already there"):
        backups.restore(taken.path, into, programs(), quiet)
    with backups.opened(copy, programs()) as engine:  # it is as good as it was
        assert all(f.good for f in found(engine, taken).values())


def test_a_restored_installation_goes_on_where_the_other_was(
    sat: World, make: Callable[[Settings], Flask], place: Callable[[], str], folder: Path
) -> None:
    taken = take(sat, folder)
    url = place()
    backups.restore_here(taken.path, url, programs(), quiet)
    other = make(replace(sat.app.extensions["assess.settings"], database_url=url))
    with other.app_context():
        again = World(other, sat.clock, sat.centres, sat.persons, sat.programme, sat.test)
        again.clock.advance(timedelta(days=3))
        again.sit()
        journal.seal(again.clock.now())
        assert journal.verify().bad_entry is None
        assert journal.verify().sealed > taken.manifest.sealed
        store.dispose()


def test_what_is_written_meanwhile_is_not_in_the_backup_and_spoils_nothing(
    sat: World, place: Callable[[], str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_copies, "PAGES", 16)
    written = iter(range(1000))

    def meanwhile(what: str, _done: int, _of: int | None) -> None:
        if what.startswith("Copying"):
            sat.add(f"late.{next(written)}", Role.TUTOR)

    people = people_of(store.db.engine)
    taken = take(sat, folder, meanwhile)
    assert people_of(store.db.engine) == people + next(written) > people
    with restored(taken, place()) as engine:
        assert all(f.good for f in found(engine, taken).values())
        assert people_of(engine) == people


def people_of(engine: Engine) -> int:
    """How many people a database knows."""
    with engine.connect() as connection:
        count: int = connection.exec_driver_sql("SELECT count(*) FROM people").scalar_one()
    return count


def change(engine: Engine, kind: str, *changes: tuple[str, str]) -> None:
    """Change a copy as somebody with the whole database could; each change with what it unlocks."""
    with engine.begin() as connection:
        for locked, statement in changes:
            if locked:
                table, _, deed = locked.partition(" ")
                connection.execute(text(UNLOCK[kind].format(table=table, deed=deed)))
            connection.execute(text(statement))


def test_every_way_in_which_a_copy_differs_is_named(
    sat: World, database_kind: str, place: Callable[[], str], folder: Path
) -> None:
    taken = take(sat, folder)
    with restored(taken, place()) as engine:
        change(
            engine,
            database_kind,
            ("answers delete", "DELETE FROM answers WHERE place = 2"),
            ("marks update", "UPDATE marks SET score = 4000"),
            ("journal_seals delete", "DELETE FROM journal_seals WHERE place = 3"),
            ("", "DROP INDEX uq_attempts_live"),
            ("", "CREATE TABLE more (n INTEGER PRIMARY KEY)"),
        )
        done = found(engine, taken)
    for said in ("answers has 4 rows in place of 5", "marks has other rows", "more is new"):
        assert said in done[TABLES].said
    assert "index uq_attempts_live" in done[GUARDS].said
    assert "trigger " in done[GUARDS].said
    assert "its answers are not those that were handed in" in done[RECEIPTS].said
    assert "seal 3 is missing" in done[JOURNAL].said
    assert not any(done[what].good for what in (TABLES, GUARDS, RECEIPTS, JOURNAL))


@FOLDERS
def test_a_chain_cut_short_and_a_receipt_written_anew_are_named(
    sat: World, database_kind: str, place: Callable[[], str], folder: Path
) -> None:
    taken = take(sat, folder)
    with restored(taken, place()) as engine:
        end = f"WHERE place = {taken.manifest.sealed}"
        change(
            engine,
            database_kind,
            ("journal_seals delete", f"DELETE FROM journal_seals {end}"),
            (
                "",
                "DROP TRIGGER attempts_closed" + (" ON attempts" * (database_kind != "sqlite")),
            ),
            ("", "UPDATE attempts SET receipt = 'x' WHERE receipt IS NOT NULL"),
        )
        done = found(engine, taken)
    assert "its receipt is not the one that these facts give" in done[RECEIPTS].said
    assert done[JOURNAL].said.startswith("ends at ")
    assert not done[JOURNAL].good


@FOLDERS
def test_a_mark_that_nobody_gave_and_an_attempt_that_is_gone_are_named_in_any_backup(
    sat: World, place: Callable[[], str], folder: Path
) -> None:
    names = "centre_id, attempt_id, test_id, bank_id, specification_id, ordinal, out_of, cut"
    packed = "outcomes, rule, marked_at, versions, options, scores, seconds, places"
    with store.write() as session:  # no trigger keeps anybody from adding a row
        session.execute(
            text(
                f"INSERT INTO marks ({names}, {packed}, number, score, passed) "
                f"SELECT {names}, {packed}, 2, 4000, 1 FROM marks"
            )
        )
    taken = take(sat, folder)
    with restored(taken, place()) as engine:
        done = found(engine, taken)
        assert done[TABLES].good  # the manifest is of what was there
        assert done[RECEIPTS].said.endswith("not those that the journal says were given")
        forgotten = ("", "UPDATE attempts SET receipt = NULL"), ("", "DROP TRIGGER attempts_closed")
        change(engine, "sqlite", *reversed(forgotten))
        done = found(engine, taken)
    assert done[RECEIPTS].said.endswith("it was handed in, and no receipt of it is here")
    assert not done[RECEIPTS].good


@FOLDERS
def test_a_backup_of_another_version_is_compared_but_its_chain_is_not_said_to_be_good(
    sat: World, place: Callable[[], str], folder: Path
) -> None:
    taken = take(sat, folder)
    older = replace(taken.manifest, migration="0001")
    with restored(taken, place()) as engine:
        done = {f.what: f for f in backups.check(engine, older, quiet)}
    assert done[TABLES].good
    assert not done[JOURNAL].good
    assert "has the tables of 0001" in done[JOURNAL].said


class Stopped(Exception):  # noqa: N818 - an interruption, not an error
    """Somebody pressed Ctrl-C."""


def stop_at(step: str) -> Show:
    """Stop whatever is done when it comes to this step."""

    def show(what: str, _done: int, _of: int | None) -> None:
        if what.startswith(step):
            raise Stopped

    return show


@FOLDERS
@pytest.mark.parametrize("step", ["Copying", "Reading answers"])
def test_a_backup_that_is_interrupted_leaves_nothing(sat: World, folder: Path, step: str) -> None:
    with pytest.raises(Stopped):
        take(sat, folder, stop_at(step))
    assert names(folder) == []
    assert take(sat, folder).path.exists()


@FOLDERS
def test_what_a_killed_backup_left_is_no_backup_and_is_cleared_by_the_next(
    sat: World, folder: Path
) -> None:
    left = folder / ".part-killed"
    left.mkdir(parents=True)
    (left / "assess.sqlite3").write_bytes(b"half")
    with pytest.raises(BackupError, match="there is no backup here"):
        backups.last(folder)
    taken = take(sat, folder)
    assert names(folder) == [taken.path.name]
    assert backups.last(folder) == taken.path


def test_a_restore_that_is_interrupted_leaves_nothing(
    sat: World, services: Services, database_kind: str, place: Callable[[], str], folder: Path
) -> None:
    taken = take(sat, folder)
    into = services.workshop()
    at = stop_at("Copying" if database_kind == "sqlite" else "Restoring tables")
    with pytest.raises(Stopped):
        backups.restore(taken.path, into, programs(), at)
    assert names(into) == []
    url = place()
    with pytest.raises(Stopped):
        backups.restore_here(taken.path, url, programs(), at)
    with restored(taken, url) as engine:  # the place is as empty as it was
        assert all(f.good for f in found(engine, taken).values())


def test_a_backup_is_restored_to_no_place_that_holds_something(sat: World, folder: Path) -> None:
    taken = take(sat, folder)
    url = sat.app.extensions["assess.settings"].database_url
    with pytest.raises(BackupError, match=r"already there|not empty"):
        backups.restore_here(taken.path, url, programs(), quiet)
    other = "sqlite:///x" if url.startswith("postgresql") else "postgresql+psycopg://x/y"
    with pytest.raises(BackupError, match="this installation stands on"):
        backups.restore_here(taken.path, other, programs(), quiet)


@FOLDERS
def test_a_file_that_was_changed_is_not_restored(sat: World, folder: Path, tmp_path: Path) -> None:
    taken = take(sat, folder)
    file = taken.path / taken.manifest.file
    with file.open("r+b") as there:
        there.seek(file.stat().st_size // 2)
        there.write(b"!")
    with pytest.raises(BackupError, match="changed or damaged"):
        backups.restore(taken.path, tmp_path / "into", programs(), quiet)
    assert names(tmp_path / "into") == []


def test_a_backup_holds_no_secret_of_the_settings(sat: World, folder: Path) -> None:
    taken = take(sat, folder)
    file = taken.path / taken.manifest.file
    held = file.read_bytes()
    if taken.manifest.database == "postgresql":
        command = [str(programs() / "pg_restore"), "--file=-", str(file)]
        held = subprocess.run(command, check=True, capture_output=True).stdout
        assert b"COPY public.answers" in held
    settings = sat.app.extensions["assess.settings"]
    for secret in (settings.secret_key, settings.seed_key):
        assert secret.encode() not in held


@FOLDERS
def test_the_newest_backups_are_kept_and_nothing_else_is_touched(sat: World, folder: Path) -> None:
    (folder / "assess-notes").mkdir(parents=True)
    taken = [take(sat, folder, backups_kept=2) for _ in range(3)]
    sat.clock.advance(timedelta(seconds=1))
    taken.append(take(sat, folder, backups_kept=2))
    stamp = taken[0].path.name
    assert [t.path.name for t in taken[:3]] == [stamp, f"{stamp}-2", f"{stamp}-3"]
    assert [list(t.removed) for t in taken] == [[], [], [stamp], [f"{stamp}-2"]]
    assert len(names(folder)) == 3
    assert "assess-notes" in names(folder)


@FOLDERS
def test_two_at_once_do_not_write_into_one_folder(sat: World, folder: Path) -> None:
    def second(_what: str, _done: int, _of: int | None) -> None:
        with pytest.raises(BackupError, match="another backup is being written"):
            take(sat, folder)

    take(sat, folder, second)
    assert len(names(folder)) == 1


@FOLDERS
def test_the_folder_and_its_files_are_for_their_owner_only(sat: World, folder: Path) -> None:
    taken = take(sat, folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert taken.path.stat().st_mode & 0o077 == 0
    for file in taken.path.iterdir():
        assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"schema": "backup/1"}', '{"schema": "x"}'])
def test_a_folder_without_a_good_manifest_is_no_backup(manifest: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(BackupError, match="manifest"):
        folders.read(tmp_path)


@FOLDERS
def test_a_manifest_that_names_another_file_is_refused(sat: World, folder: Path) -> None:
    path = take(sat, folder).path / "manifest.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"file": "../../somewhere"}))
    with pytest.raises(BackupError, match="not a manifest"):
        folders.read(path.parent)


def test_programs_that_are_too_old_or_missing_are_said_to_be(
    sat: World, database_kind: str, folder: Path, tmp_path: Path
) -> None:
    if database_kind == "sqlite":
        pytest.skip("SQLite needs no program")
    with pytest.raises(BackupError, match=r"of version 16 and the server of 18.*ASSESS_PG_BIN"):
        take(sat, folder, pg_bin=programs(16))
    with pytest.raises(BackupError, match=r"pg_dump is not to be found in .*ASSESS_PG_BIN"):
        take(sat, folder, pg_bin=tmp_path)
    assert names(folder) == []


def test_a_password_stands_in_no_command_line() -> None:
    url = make_url("postgresql+psycopg://joan:s3cret@db.example:5433/assess?sslmode=require")
    said, env = postgres_copies.whereabouts(url)
    assert "s3cret" not in said
    assert env["PGPASSWORD"] == "s3cret"
    for part in ("user=joan", "host=db.example", "port=5433", "dbname=assess", "sslmode=require"):
        assert part in said


NIGHT = time(2, 30)


@pytest.mark.parametrize(
    ("now", "since"),
    [
        ("2026-03-02T02:29:59Z", "2026-03-01T02:30:00Z"),
        ("2026-03-02T02:30:00Z", "2026-03-02T02:30:00Z"),
        ("2026-03-02T23:00:00Z", "2026-03-02T02:30:00Z"),
        # On 29 March the clocks go on at one: half past two is half past one in UTC.
        ("2026-03-29T01:29:59Z", "2026-03-28T02:30:00Z"),
        ("2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"),
        # On 25 October they go back at one in UTC.
        ("2026-10-25T02:29:59Z", "2026-10-24T01:30:00Z"),
        ("2026-10-25T02:30:00Z", "2026-10-25T02:30:00Z"),
    ],
)
def test_a_night_begins_by_the_clock_on_the_wall(now: str, since: str) -> None:
    began = backups.began(datetime.fromisoformat(now), NIGHT, "Europe/London")
    assert began == datetime.fromisoformat(since)


@pytest.mark.parametrize("moment", ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"])
def test_a_night_begins_also_where_the_wall_never_shows_the_time(moment: str) -> None:
    began = backups.began(datetime.fromisoformat(moment), time(1, 30), "Europe/London")
    assert began <= datetime.fromisoformat(moment)


def test_of_all_hosts_one_is_told_to_take_the_backup_of_a_night(built: World) -> None:
    acting = context(built)
    assert [backups.claim(acting) for _ in range(3)] == [True, False, False]
    lost = replace(acting, now=acting.now + backups.TRY_AGAIN)
    assert [backups.claim(lost) for _ in range(2)] == [True, False]
    tomorrow = replace(acting, now=acting.now + timedelta(days=1))
    assert backups.claim(tomorrow)


@pytest.fixture
def worker(built: World, folder: Path) -> Iterator[World]:
    """The world, whose worker is to take backups."""
    before = built.app.extensions["assess.settings"]
    built.app.extensions["assess.settings"] = context(built, backups=folder).settings
    yield built
    built.app.extensions["assess.settings"] = before
    built.app.extensions.pop(jobs.STOPPING, None)


@FOLDERS
def test_the_worker_takes_one_backup_a_night_and_makes_up_for_one_that_was_missed(
    worker: World, folder: Path
) -> None:
    now = worker.clock.now()  # eleven in the morning: last night's is missing
    turns = [0, 1, 14 * 60, 15 * 60 + 1, 16 * 60, 3 * 24 * 60, 3 * 24 * 60 + 1]
    done = [jobs.back_up(worker.app, now + timedelta(minutes=m)) for m in turns]
    assert done == [1, 0, 0, 1, 0, 1, 0]
    assert len(names(folder)) == 3


@FOLDERS
def test_a_clock_that_was_set_back_keeps_no_backup_from_being_taken_nor_its_age_from_being_said(
    worker: World, folder: Path
) -> None:
    then = worker.clock.now()
    far = worker.clock.advance(timedelta(days=300))
    assert jobs.back_up(worker.app, far) == 1
    worker.clock.set(then)
    assert backups.why_worry(folder, then) == (
        f"the newest in {folder} is of {far:%Y-%m-%d %H:%M} UTC, and now it is "
        f"{then:%Y-%m-%d %H:%M}: was the clock set back? Move it elsewhere: it is taken for the "
        "newest until then, also by a drill"
    )
    assert [jobs.back_up(worker.app, then) for _ in range(2)] == [1, 0]


def test_a_backup_by_hand_is_not_the_one_of_the_night(worker: World, folder: Path) -> None:
    take(worker, folder)
    assert jobs.back_up(worker.app, worker.clock.now()) == 1


@FOLDERS
def test_without_a_folder_no_backup_is_taken(built: World) -> None:
    assert jobs.back_up(built.app, built.clock.now()) == 0


@FOLDERS
def test_a_backup_that_fails_is_said_and_tried_again_within_the_hour(
    worker: World, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.mkdir()
    folder.write_text("in the way")
    now = worker.clock.now()
    assert jobs.back_up(worker.app, now) == 0
    assert "no backup was taken" in caplog.text
    folder.unlink()
    assert jobs.back_up(worker.app, now + timedelta(minutes=59)) == 0
    assert jobs.back_up(worker.app, now + timedelta(minutes=60)) == 1


@FOLDERS
def test_a_worker_told_to_stop_leaves_a_backup_undone_and_nothing_of_it(
    worker: World, folder: Path
) -> None:
    stopping = threading.Event()
    stopping.set()
    worker.app.extensions[jobs.STOPPING] = stopping
    assert jobs.back_up(worker.app, worker.clock.now()) == 0
    assert names(folder) == []


@FOLDERS
def test_a_backup_is_on_record_with_the_digest_of_its_manifest(sat: World, folder: Path) -> None:
    taken = take(sat, folder)
    with store.read() as session:
        now = sat.clock.now()
        entries = rows.between(session, Event.BACKUP_TAKEN, now, now)
    assert [e.facts["manifest"] for e in entries] == [taken.sha256]
    assert folders.digest_of(taken.path / "manifest.json") == taken.sha256

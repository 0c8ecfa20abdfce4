"""Taking a backup, putting one back, and proving that what was put back is the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.orm import Session

from assess import __version__, store
from assess.actions import proof
from assess.actions.context import Context, record
from assess.journal import Event, Fact
from assess.journal import verify as verify_chain
from assess.store import backups, fingerprints, journal, migrate, postgres_copies, sqlite_copies
from assess.store.backups import BackupError, Manifest
from assess.store.fingerprints import Show

DUTY = "assess:backup"
OLD = timedelta(days=2)  # a newest backup of this age says that nights were missed
TRY_AGAIN = timedelta(hours=1)  # after a night's backup was begun and has not come to its end


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was taken: where, what it says, and what was removed for it."""

    path: Path
    manifest: Manifest
    sha256: str  # of the manifest: with it, nobody can change both unseen
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to be proved: what it is, what was found, and whether it is proved good.

    `known` False: this version cannot look at it, so it is neither good nor bad.
    """

    what: str
    said: str
    good: bool = True
    known: bool = True


def take(context: Context, folder: Path, show: Show, *, nightly: bool = False) -> Taken:
    """Copy the database, as it is at one moment, into a new folder inside this one.

    Those who write meanwhile are not kept waiting. Raises BackupError when it cannot be done;
    then nothing is left behind.
    """
    settings = context.settings
    with _said(), backups.writing(folder, context.now) as place:
        with fingerprints.snapshot(store.db.engine) as connection:
            manifest = _copy(connection, context, place.part, show)
        sha256 = backups.put(place.part, manifest)
    with _said():
        removed = backups.prune(folder, settings.backups_kept)
    if manifest.migration == migrate.newest():  # before an upgrade there may be no such table yet
        facts: dict[str, Fact] = {"backup": place.path.name, "manifest": sha256, "nightly": nightly}
        with store.write() as session:
            record(session, context, Event.BACKUP_TAKEN, facts)
    return Taken(place.path, manifest, sha256, tuple(removed))


def _copy(connection: Connection, context: Context, part: Path, show: Show) -> Manifest:
    """Copy what a connection sees, and say what it is: both of the same moment."""
    migration = migrate.of(connection)
    if migration is None:
        raise BackupError("The database is empty: there is nothing to take a backup of.")
    kind = connection.dialect.name
    file = part / backups.FILES[kind]
    if kind == "sqlite":
        sqlite_copies.copy(connection, file, show)
    else:
        postgres_copies.copy(connection, file, context.settings.pg_bin, show)
    with Session(connection) as session:
        sealed, head = journal.end(session)
        unsealed = journal.unsealed(session)
    return Manifest(
        taken_at=context.now,
        assess=__version__,
        database=kind,
        server=fingerprints.server(connection),
        migration=migration,
        file=file.name,
        bytes=file.stat().st_size,
        sha256=backups.digest_of(file),
        sealed=sealed,
        unsealed=unsealed,
        head=head,
        tables=fingerprints.of_tables(connection, show),
        guards=tuple(fingerprints.guards(connection)),
    )


def claim(context: Context) -> bool:
    """Whether tonight's backup is due and now ours to take; no other host is told so as well.

    A night begins at the time of day in the settings. A backup that was begun and has not ended
    within an hour is taken for lost.
    """
    settings = context.settings
    night = began(context.now, settings.backup_at, settings.timezone)
    with store.write() as session:
        store.alone(session, DUTY)
        # What a clock has written that went ahead and was set back is of no night before that.
        until = context.now + TRY_AGAIN
        taken = journal.between(session, Event.BACKUP_TAKEN, night, until)
        if any(entry.facts["nightly"] for entry in taken):
            return False
        begun = journal.between(session, Event.BACKUP_BEGUN, night, until)
        if begun and context.now - begun[-1].at < TRY_AGAIN:
            return False
        record(session, context, Event.BACKUP_BEGUN)
        return True


def began(now: datetime, at: time, zone: str) -> datetime:
    """The last moment, now at the latest, at which the clock on the wall showed this time."""
    local = now.astimezone(ZoneInfo(zone))
    for day in (local.date(), local.date() - timedelta(days=1)):
        # Compared in UTC: where clocks change, the wall shows some times twice and some never.
        if (moment := datetime.combine(day, at, local.tzinfo).astimezone(UTC)) <= now:
            return moment
    raise AssertionError("a day has passed and no hour of it")


def last(folder: Path) -> Path:
    """The newest backup in a folder. Raises BackupError where there is none."""
    found = backups.find(folder)
    if not found:
        raise BackupError(f"{folder}: there is no backup here.")
    return found[-1]


def why_worry(folder: Path, now: datetime) -> str | None:
    """What is wrong with the backups in a folder; None when the newest is fresh enough."""
    found = backups.find(folder)
    if not found:
        return f"there is none in {folder} yet"
    taken_at = backups.read(found[-1]).taken_at
    newest = f"the newest in {folder} is of {taken_at:%Y-%m-%d %H:%M} UTC"
    if now - taken_at > OLD:
        return f"{newest}, older than two nights"
    if taken_at - now > TRY_AGAIN:
        return (
            f"{newest}, and now it is {now:%Y-%m-%d %H:%M}: was the clock set back? Move it "
            "elsewhere: it is taken for the newest until then, also by a drill"
        )
    return None


def restore(backup: Path, into: Path, pg_bin: Path | None, show: Show) -> Path:
    """Put a backup into a folder, where it needs no server; what was made there.

    SQLite: the file `assess.sqlite3`. PostgreSQL: the folder `postgresql`, a cluster of its own.
    Raises BackupError when it cannot be done; then nothing is left behind.
    """
    manifest = backups.read(backup)
    with _said():
        into.mkdir(mode=backups.PRIVATE, parents=True, exist_ok=True)
        show("Reading the backup", 0, None)
        backups.prove(backup, manifest)
        file = backup / manifest.file
        if manifest.database == "sqlite":
            target = into / manifest.file
            sqlite_copies.restore(file, target, show)
            return target
        return postgres_copies.restore_apart(file, into, pg_bin, show, len(manifest.tables))


def restore_here(backup: Path, url: str, pg_bin: Path | None, show: Show) -> None:
    """Put a backup into the database of an installation, which has to be empty, or not there.

    Raises BackupError when it cannot be done; then the database is as empty as before.
    """
    manifest, here = backups.read(backup), make_url(url)
    if here.get_backend_name() != manifest.database:
        raise BackupError(
            f"{backup} is of {manifest.database}, and this installation stands on "
            f"{here.get_backend_name()} (ASSESS_DATABASE_URL)."
        )
    with _said():
        show("Reading the backup", 0, None)
        backups.prove(backup, manifest)
        if manifest.database == "sqlite":
            sqlite_copies.restore(backup / manifest.file, sqlite_copies.file_of(url), show)
        else:
            file, tables = backup / manifest.file, len(manifest.tables)
            postgres_copies.restore(file, here, pg_bin, show, tables)


@contextmanager
def opened(restored: Path, pg_bin: Path | None) -> Iterator[Engine]:
    """An engine on what `restore` made; the server of PostgreSQL runs as long as the block."""
    if restored.is_dir():
        with postgres_copies.opened(restored, pg_bin) as engine:
            yield engine
    else:
        with sqlite_copies.opened(restored) as engine:
            yield engine


@contextmanager
def here(url: str) -> Iterator[Engine]:
    """An engine on the database of an installation."""
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def check(engine: Engine, manifest: Manifest, show: Show) -> tuple[Finding, ...]:
    """Prove that a restored database is what the manifest says, every answer and the chain with it.

    Every table by count and digest; triggers, indexes and constraints by name; digest and receipt
    of every attempt that was handed in, computed again from its answers; the chain of the journal
    from its beginning to the head that the manifest names.
    """
    with fingerprints.snapshot(engine) as connection:
        found = [
            _tables(manifest, fingerprints.of_tables(connection, show)),
            _guards(manifest, fingerprints.guards(connection)),
        ]
        if engine.dialect.name == "sqlite":
            show("Looking for damage", 0, None)
            damage = sqlite_copies.damage(connection)
            found.append(Finding("pages", "; ".join(damage) or "no damage", not damage))
        if manifest.migration != (newest := migrate.newest()):
            said = (
                f"not looked at: the backup has the tables of {manifest.migration}, and this "
                f"version those of {newest}. Check it with version {manifest.assess}, or bring "
                "the copy up with `assess db upgrade` and run `assess journal verify` on it"
            )
            unknown = (Finding(what, said, False, known=False) for what in ("receipts", "journal"))
            return (*found, *unknown)
        with Session(connection) as session:
            found.append(_receipts(manifest, proof.prove(session, show)))
            show("Walking the chain", 0, None)
            found.append(_chain(manifest, session))
    return tuple(found)


def _tables(manifest: Manifest, there: dict[str, fingerprints.Fingerprint]) -> Finding:
    said = []
    for name in sorted(manifest.tables.keys() | there.keys()):
        was, now = manifest.tables.get(name), there.get(name)
        if was is None or now is None:
            said.append(f"{name} is {'new' if was is None else 'missing'}")
        elif was.rows != now.rows:
            said.append(f"{name} has {now.rows:,} rows in place of {was.rows:,}")
        elif was != now:
            said.append(f"{name} has other rows")
    good = f"{len(there)} with {manifest.rows:,} rows, each as in the manifest"
    return Finding("tables", "; ".join(said) or good, not said)


def _guards(manifest: Manifest, there: list[str]) -> Finding:
    missing = sorted(set(manifest.guards) - set(there))
    if missing:
        names = ", ".join(name.rpartition(" ")[0] for name in missing)
        return Finding("guards", f"missing or changed: {names}", False)
    return Finding("guards", f"all {len(manifest.guards)} triggers, indexes and constraints")


def _receipts(manifest: Manifest, done: proof.Proof) -> Finding:
    if done.bad:
        more = f" and {done.bad - len(done.problems)} more" * (done.bad > len(done.problems))
        return Finding("receipts", "; ".join(done.problems) + more, False)
    all_answers = manifest.tables["answers"].rows
    return Finding(
        "receipts",
        f"{done.receipts:,} computed again from {done.answers:,} answers "
        f"(of {all_answers:,}; the others are of attempts not handed in)",
    )


def _chain(manifest: Manifest, session: Session) -> Finding:
    with closing(journal.chain(session)) as chain:
        verdict = verify_chain(chain, journal.unsealed(session))
    if verdict.bad_entry is not None:
        return Finding("journal", f"entry {verdict.bad_entry}: {verdict.problem}", False)
    if (verdict.sealed, verdict.unsealed, verdict.head) != (
        manifest.sealed,
        manifest.unsealed,
        manifest.head,
    ):
        return Finding("journal", f"ends at {verdict.head}, not at {manifest.head}", False)
    sealed, unsealed = f"{verdict.sealed:,} sealed", f"{verdict.unsealed:,} not yet"
    return Finding("journal", f"{sealed}, {unsealed}; head {verdict.head}")


@contextmanager
def _said() -> Iterator[None]:
    """What the disk says is wrong, as a BackupError."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{error.filename or 'the disk'}: {error.strerror}.") from error

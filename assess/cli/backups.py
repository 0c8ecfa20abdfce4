"""`assess backup` and `assess restore`: a copy of everything, and the proof that it is one."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from assess.cli import shell
from assess.cli.shell import Shell

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from assess.actions.backups import Finding, Taken
    from assess.store.backups import Manifest
    from assess.store.fingerprints import Show

FOLDER = click.Path(file_okay=False, path_type=Path)
TERMINATED = 128 + signal.SIGTERM
THE_RECORD = frozenset({"receipts", "journal"})
"""Findings that may be bad in a copy that is true, because the database itself was changed."""


@click.command()
@click.argument("folder", type=FOLDER, required=False, metavar="[DIR]")
@shell.json_option
@click.pass_obj
def backup(obj: Shell, folder: Path | None, as_json: bool) -> None:
    """Copy the database into a new folder inside DIR [default: ASSESS_BACKUPS], while it is used.

    A backup holds everything that the database holds, and a manifest with counts and digests of
    all tables and the head of the journal's chain. It does not hold the secrets of the settings:
    without ASSESS_SEED_KEY no draw can be replayed. Keep that one apart, and keep it.

    Of the backups in DIR the newest are kept, as many as ASSESS_BACKUPS_KEPT says.
    """
    from assess.actions import backups as deeds
    from assess.actions.context import Context
    from assess.store import sqlite_copies
    from assess.store.backups import BackupError

    settings = obj.settings
    folder = folder or settings.backups
    if folder is None:
        shell.fail("say where to: assess backup DIR, or set ASSESS_BACKUPS.")
    with _ending(), shell.steps() as show:
        if settings.database_url.startswith("sqlite"):
            file = sqlite_copies.file_of(settings.database_url)
            if not file.exists():
                raise BackupError(f"{file}: there is no database (ASSESS_DATABASE_URL).")
        with obj.app(ready=False) as app:
            now = app.extensions["assess.clock"].now()
            taken = deeds.take(Context(now, settings, 0), folder, show)
    if as_json:
        shell.print_json(_of(taken))
    else:
        _say(taken)


@click.command()
@click.argument(
    "backup", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False
)
@click.option("--into", type=FOLDER, metavar="DIR", help="Make a copy in this folder.")
@click.option("--here", is_flag=True, help="Fill this installation's own database; it is empty.")
@click.option("--check", is_flag=True, help="Prove that what was restored is what was backed up.")
@shell.json_option
@click.pass_obj
def restore(
    obj: Shell, backup: Path | None, into: Path | None, here: bool, check: bool, as_json: bool
) -> None:
    """Put a BACKUP back: into a folder, or into this installation's empty database.

    BACKUP is the folder of one, or a folder of many, of which the newest is taken [default:
    ASSESS_BACKUPS]. With --into, a backup of SQLite becomes the file DIR/assess.sqlite3, one of
    PostgreSQL the folder DIR/postgresql, a cluster of its own: no server has to be there, and
    none that is there is touched. With --check alone the copy is made in a temporary folder,
    proved, and removed: a drill.

    --check compares every table with the manifest, by count and digest; computes receipts again
    from the answers of every attempt handed in; and walks the chain of the journal. Exit code 1
    when anything differs or, in a backup with older tables, cannot be looked at.
    """
    from assess.actions import backups as deeds
    from assess.store import backups

    if into is not None and here:
        raise click.UsageError("--into and --here are two ways; choose one.")
    if into is None and not (here or check):
        raise click.UsageError("Say where to: --into DIR, or --here; or --check alone for a drill.")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_ending())
        show = stack.enter_context(shell.steps())
        source = _chosen(obj, backup)
        manifest = backups.read(source)
        if into is None and not here:
            drill = tempfile.TemporaryDirectory(prefix="assess-drill-")
            place = Path(stack.enter_context(drill))
        else:
            place = into or Path()
        made = _restore(obj, source, place, here, show)
        engine = stack.enter_context(_opened(obj, made)) if check else None
        found = () if engine is None else deeds.check(engine, manifest, show)
    kept = None if into is None else made
    if as_json:
        shell.print_json(_found(source, kept, found, check))
    else:
        _tell(source, manifest, kept, found, check)
    sys.exit(0 if all(f.good for f in found) else shell.REFUSED)


def _chosen(obj: Shell, backup: Path | None) -> Path:
    """The backup that is meant."""
    from assess.actions import backups as deeds
    from assess.store import backups

    folder = backup or obj.settings.backups
    if folder is None:
        raise backups.BackupError("say which: assess restore BACKUP, or set ASSESS_BACKUPS.")
    return folder if (folder / backups.MANIFEST).exists() else deeds.last(folder)


def _restore(obj: Shell, source: Path, place: Path, here: bool, show: Show) -> Path | None:
    """Put it back; what was made, or None for the installation's own database."""
    from assess.actions import backups as deeds

    if here:
        deeds.restore_here(source, obj.settings.database_url, obj.settings.pg_bin, show)
        return None
    return deeds.restore(source, place, obj.settings.pg_bin, show)


@contextlib.contextmanager
def _opened(obj: Shell, made: Path | None) -> Iterator[Engine]:
    """An engine on what was restored."""
    from assess.actions import backups as deeds

    if made is None:
        with deeds.here(obj.settings.database_url) as engine:
            yield engine
    else:
        with deeds.opened(made, obj.settings.pg_bin) as engine:
            yield engine


@contextlib.contextmanager
def _ending() -> Iterator[None]:
    """End the command in a sentence when it cannot go on, and tidily when it is told to stop."""
    from sqlalchemy.exc import OperationalError

    from assess.store.backups import BackupError

    def stop(_number: int, _frame: object) -> NoReturn:
        sys.exit(TERMINATED)  # by way of every `finally`

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except BackupError as error:
        shell.fail(str(error))
    except OperationalError as error:
        said = str(error.orig).splitlines()[0]
        shell.fail(f"the database does not answer: {said}")
    finally:
        signal.signal(signal.SIGTERM, before)


def _of(taken: Taken) -> dict[str, Any]:
    return {
        "backup": str(taken.path),
        "manifest": taken.sha256,
        "bytes": taken.manifest.bytes,
        "tables": {name: table.rows for name, table in taken.manifest.tables.items()},
        "journal": {
            "sealed": taken.manifest.sealed,
            "unsealed": taken.manifest.unsealed,
            "head": taken.manifest.head,
        },
        "removed": list(taken.removed),
    }


def _say(taken: Taken) -> None:
    manifest = taken.manifest
    rows = {name: manifest.tables[name].rows for name in ("attempts", "answers", "marks")}
    what = ", ".join(f"{count:,} {name}" for name, count in rows.items())
    click.echo(f"{taken.path}")
    click.echo(
        f"{manifest.bytes / 1e6:,.1f} MB: {manifest.rows:,} rows in {len(manifest.tables)} tables, "
        f"among them {what}."
    )
    click.echo(f"Journal:  {manifest.sealed:,} sealed, {manifest.unsealed:,} not yet")
    click.echo(f"Head:     {manifest.head}")
    click.echo(f"Manifest: {taken.sha256}")
    if taken.removed:
        click.echo(f"Removed:  {', '.join(taken.removed)}")


def _found(
    source: Path, made: Path | None, found: tuple[Finding, ...], check: bool
) -> dict[str, Any]:
    return {
        "backup": str(source),
        "restored": None if made is None else str(made),
        "checked": check,
        "good": all(f.good for f in found) if check else None,
        "findings": [{"what": f.what, "good": f.good, "said": f.said} for f in found],
    }


def _tell(
    source: Path, manifest: Manifest, made: Path | None, found: tuple[Finding, ...], check: bool
) -> None:
    click.echo(f"{source}, taken {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC")
    if made is not None:
        click.echo(f"Restored: {made}")
    for finding in found:
        state = "good" if finding.good else "BAD" if finding.known else "unknown"
        click.echo(f"{finding.what:<10} {state}: {finding.said}")
    if check:
        bad = {f.what for f in found if not f.good and f.known}
        if all(f.good for f in found):
            click.echo("Everything is there.")
        elif not bad:
            click.echo("What was looked at is as it was backed up; the rest is not proved.")
        elif bad <= THE_RECORD:
            click.echo("The copy is what was backed up: what is bad was so in the database before.")
        else:
            click.echo("This copy is NOT what was backed up.")

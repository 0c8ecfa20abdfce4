"""`assess db ...` and `assess check`: the tables, and whether everything is in order."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime, timedelta

import click

from assess.cli import shell
from assess.cli.shell import Shell

IDLE = timedelta(minutes=15)  # of an entry without a seal: the slowest is found in ten
AHEAD = timedelta(seconds=10)  # of an entry before it is said: hosts agree within a fraction of one


@click.group()
def db() -> None:
    """The database's tables."""


@db.command()
@click.pass_obj
def upgrade(obj: Shell) -> None:
    """Bring the database to the newest tables, from empty or from any earlier version."""
    from assess.store import migrate

    with obj.app(ready=False):
        shell.reach()
        shell.not_newer()
        shell.marked()
        migrate.upgrade(obj.settings.database_url)
    click.echo(f"The database has the newest tables ({migrate.newest()}).")


@db.command("check")
@click.pass_obj
def check_tables(obj: Shell) -> None:
    """Say where the tables differ from the code. Exit code 1 when they do."""
    from assess.store import migrate

    with obj.app(ready=False):
        shell.reach()
        differences = migrate.differences(obj.settings.database_url)
    for difference in differences:
        click.echo(difference)
    if len(heads := migrate.heads()) != 1:
        differences.append("heads")
        click.echo(f"{len(heads)} newest migrations; there must be one.")
    if not differences:
        click.echo("Tables and code match.")
    sys.exit(shell.REFUSED if differences else 0)


@db.command()
@click.option("-m", "--message", required=True, help="What changes, in a few words.")
@click.pass_obj
def revision(obj: Shell, message: str) -> None:
    """Write the next migration: what the code's tables have and no migration makes yet."""
    from assess.store import migrate

    with obj.app(ready=False):  # makes known the tables of the room as well
        path, differs = migrate.revision(message)
    click.echo(path)
    if not differs:
        shell.say("No difference was found: write into it what it is to change.")


@click.command()
@click.pass_obj
def check(obj: Shell) -> None:
    """Look at settings, database, Redis, backups, mail, PDF, journal; exit code 1 for a fault."""
    from assess import store
    from assess.actions import journal
    from assess.store import mail, migrate, pools

    settings = obj.settings
    good = True

    def tell(what: str, problem: str | None) -> None:
        nonlocal good
        good = good and problem is None
        click.echo(f"{what:<10} {'good' if problem is None else problem}")

    tell("settings", None)
    with obj.app(ready=False) as app:
        try:
            at = migrate.at(store.db.engine)
            behind = at != migrate.newest()
            tell("database", _why_behind(at) if behind else _why_not_written())
        except Exception as error:
            tell("database", f"no answer: {str(error).splitlines()[0]}")
            behind = True
        if settings.production and not behind:
            from assess.actions import demo

            with suppress(demo.NotEmptyError):
                known = "those of the demonstration are here, and all have one password"
                tell("accounts", known if demo.is_filled() else None)
        if not behind:
            with store.read() as session:
                shut = pools.shut(session, settings.seed_key)
            epochs = shell.counted(shut, "open epoch")
            other = f"of another ASSESS_SEED_KEY in {epochs}: nobody can start there"
            tell("seeds", other if shut else None)
        if not behind:
            now = app.extensions["assess.clock"].now()
            tell("clock", _why_ahead(now))
            tell("worker", _why_idle(now))
        if settings.redis_url is None:
            click.echo("redis      not used")
        else:
            from assess.store import live

            problem = live.why_no_answer(settings.redis_url)
            tell("redis", None if problem is None else f"no answer: {problem}")
        if settings.backups is None:
            click.echo("backup     not taken by itself (ASSESS_BACKUPS)")
        elif not behind:
            from assess.actions import backups
            from assess.store.backups import BackupError

            try:
                now = app.extensions["assess.clock"].now()
                tell("backup", backups.why_worry(settings.backups, now))
            except BackupError as error:
                tell("backup", str(error))
        if not behind:
            if settings.smtp_host is None:
                click.echo("mail       to the console (ASSESS_SMTP_HOST)")
            with store.read() as session:
                lost = len(mail.given_up(session))
            if lost or settings.smtp_host is not None:
                tell("mail", f"{lost} given up: see `assess mail list`" if lost else None)
        if (missing := app.extensions["assess.pdf"]()) is not None:
            click.echo(f"pdf        not made: {missing}")
        else:
            tell("pdf", None)
        if not behind:
            verdict = journal.verify()
            bad = verdict.bad_entry
            tell("journal", None if bad is None else f"entry {bad}: {verdict.problem}")
    sys.exit(0 if good else shell.REFUSED)


def _why_behind(at: str | None) -> str:
    """What is to be done about tables of another version than ours."""
    from assess.store import migrate

    if at is not None and at > migrate.newest():
        return f"at {at}, of a newer version: install that one"
    return f"at {at or 'nothing'}: run `assess db upgrade`"


def _why_not_written() -> str | None:
    """Why nothing could be written now, though the database answers."""
    from assess import store

    return "it only reads for now: nothing can be saved" if store.only_reads() else None


def _why_ahead(now: datetime) -> str | None:
    """Why time is not to be trusted: something happened later than now."""
    from assess import store
    from assess.store import journal

    with store.read() as session:
        last = journal.last_at(session)
    if last is None or last - now < AHEAD:
        return None
    return (
        f"the newest entry of the journal is of {last:%Y-%m-%d %H:%M:%S} UTC, and now it is "
        f"{now:%H:%M:%S}: was the database's clock set back? Restart, and look for attempts that "
        "were closed early"
    )


def _why_idle(now: datetime) -> str | None:
    """Why no worker seems to run: an entry that should have been sealed long ago is not."""
    from assess import store
    from assess.store import journal

    with store.read() as session:
        since = journal.unsealed_since(session)
    if since is None or now - since < IDLE:
        return None
    return (
        f"has sealed nothing of the journal since {since:%Y-%m-%d %H:%M} UTC: does one run? "
        "Without it no attempt is closed by itself, and no mail and no backup is made"
    )

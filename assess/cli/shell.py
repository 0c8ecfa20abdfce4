"""What do all commands share? The application when it is needed, refusals in words, progress.

What takes long to import is imported by those who use it: a help text needs none of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click

from assess.reasons import Code, Reason, Refused
from assess.settings import Settings, SettingsError, from_environment

if TYPE_CHECKING:
    from flask import Flask

    from assess.actions.context import Context

REFUSED, WRONG_USE = 1, 2  # exit codes
FIRST_CENTRE = ("main", "My centre")


class Shell:
    """The surroundings of a command: settings and application, made when first asked for."""

    def __init__(
        self, application: Callable[[Settings], Flask], worker: Callable[[Flask], None]
    ) -> None:
        self._application = application
        self.worker = worker
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        """The settings; all their problems are said at once, and end the command."""
        if self._settings is None:
            try:
                self._settings = from_environment()
            except SettingsError as error:
                for problem in error.problems:
                    say(f"assess: {problem}")
                sys.exit(WRONG_USE)
        return self._settings

    @contextmanager
    def app(self, *, ready: bool = True) -> Iterator[Flask]:
        """An application with its context, on a database that has the newest tables."""
        from assess import store

        folder_of(self.settings)
        app = self._application(self.settings)
        with app.app_context():
            try:
                if ready:
                    _ready(self.settings)
                yield app
            finally:
                store.dispose()

    @contextmanager
    def context(self, centre: str | None = None) -> Iterator[Context]:
        """The surroundings of a deed by the operator, for a centre (the first one by default)."""
        from assess import store
        from assess.actions.context import Context
        from assess.store import centres

        with self.app() as app:
            now = app.extensions["assess.clock"].now()
            with store.read() as session:
                row = centres.first(session) if centre is None else centres.by_code(session, centre)
            if row is None and centre is not None:
                fail(f"There is no centre with the code {centre!r}.")
            if row is None:
                from assess.actions import people

                nowhere = Context(now, self.settings, 0)
                number = people.add_centre(nowhere, *FIRST_CENTRE, self.settings.timezone)
            else:
                number = row.id
            yield Context(now, self.settings, number, gates=app.extensions["assess.gates"])


def folder_of(settings: Settings) -> None:
    """Make the folder that a SQLite database lies in."""
    settings.instance.mkdir(parents=True, exist_ok=True)


def reach() -> None:
    """End the command in a sentence when the database of this application does not answer."""
    from sqlalchemy.exc import DBAPIError

    from assess import store

    try:
        with store.db.engine.connect():
            pass
    except DBAPIError as error:
        said = str(error.orig).splitlines()[0].rstrip(".")
        fail(f"the database does not answer: {said}. Look at ASSESS_DATABASE_URL.")


def _ready(settings: Settings) -> None:
    """See that the database has the newest tables; an empty one gets them now."""
    from assess import store
    from assess.store import migrate

    reach()
    engine = store.db.engine
    if migrate.is_empty(engine):
        say("The database is empty: making its tables.")
        migrate.upgrade(settings.database_url)
    elif (why := migrate.why_others(migrate.at(engine))) is not None:
        fail(why)


def not_newer() -> None:
    """End the command when a newer version has changed the tables: nothing here can."""
    from assess import store
    from assess.store import migrate

    at = migrate.at(store.db.engine)
    if at is not None and at > migrate.newest() and (why := migrate.why_others(at)) is not None:
        fail(why)


def marked() -> None:
    """End the command when nothing, or nothing we know, says which tables the database has."""
    from assess import store
    from assess.store import migrate

    engine = store.db.engine
    if (at := migrate.at(engine)) is not None and at not in migrate.numbers():
        fail(
            f"The database says that its tables are of migration {at!r}, which no version of "
            "Assess has: look whether ASSESS_DATABASE_URL names the right one; if so, restore a "
            "backup into an empty one."
        )
    if migrate.is_unmarked(engine):
        fail(
            "The database has tables of Assess, but its table alembic_version does not say of "
            "which migration: restore a backup into an empty database. Only where `assess db "
            "check` finds no difference may you write the row yourself: version_num = "
            f"'{migrate.newest()}'."
        )


def say(text: str) -> None:
    """A line for a person, on standard error: standard output is for results."""
    click.echo("\n".join(map(printable, text.split("\n"))), err=True)


def fail(text: str, code: int = REFUSED, where: str = "") -> NoReturn:
    """End the command with a line that says why; `where`: the file or the name it is about."""
    _problems([text], where)
    sys.exit(code)


def refuse(refused: Refused, where: str = "") -> NoReturn:
    """End the command with every reason in words; `where`: the file or the name they are about."""
    _problems(reasons(refused), where)
    sys.exit(REFUSED)


def _problems(lines: list[str], where: str) -> None:
    """Say what is wrong: as JSON on standard output, if the command was asked for JSON."""
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("as_json"):
        print_json({"problems": [{"where": where, "reason": line} for line in lines]})
        return
    for line in lines:
        say(f"assess: {where}: {line}" if where else f"assess: {line}")


def reasons(refused: Refused) -> list[str]:
    """Every reason of a refusal as a line: code, what, where, what to do."""
    return [sentence(r) for r in refused.reasons]


def sentence(reason: Reason) -> str:
    """A reason as a line."""
    from assess import wording

    if reason.code is Code.NOT_FOUND:  # a page has an address, a command was given a name
        reason = replace(reason, values={**reason.values, "what": "command"})
    said = wording.words(reason)
    where = reason.values.get("where")
    parts = [said.what, said.do]
    if where is not None and str(where) not in said.what:
        parts.insert(0, f"{where}:")
    return f"{' '.join(p for p in parts if p)} [{reason.code.value}]"


def counted(number: int, noun: str) -> str:
    """A number of things as a line says it: "1 attempt", "2,300 attempts"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def printable(text: str) -> str:
    """A text of somebody's as a terminal may have it: no letter of it moves or colours anything."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows below each other as they are: names are no markup. The first and last stand left."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, justify="left" if head in (heads[0], heads[-1]) else "right")
    for row in rows:
        table.add_row(*map(printable, row))
    Console(markup=False, emoji=False).print(table)


def print_json(document: object) -> None:
    """One JSON document, and nothing else, on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))


@contextmanager
def progress(total: int | None, text: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while something takes long; hands out `(done, of) -> None`."""
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
    )
    with bars.Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=total)

        def show(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        yield show


@contextmanager
def steps() -> Iterator[Callable[[str, int, int | None], None]]:
    """A line on standard error that says what is being done, and how far it is."""
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TextColumn("{task.fields[how]}"),
        bars.TimeElapsedColumn(),
    )
    shown = bars.Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    )
    with shown as bar:
        task = bar.add_task("", total=None, how="")

        def step(text: str, done: int, of: int | None) -> None:
            how = f"{done:,}" + ("" if of is None else f" of {of:,}") if done or of else ""
            bar.update(task, description=text, completed=done, total=of, how=how)

        yield step


@contextmanager
def reading(file: IO[bytes], size: int, text: str) -> Iterator[Callable[[], None]]:
    """A bar that follows how far a file has been read; hands out a function to be called often."""
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
    )
    with bars.Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=max(size, 1))
        # Nobody can say how much of a pipe has come.
        yield lambda: bar.update(task, completed=file.tell()) if file.seekable() else None


centre_option = click.option(
    "--centre", metavar="CODE", help="Act for this centre (default: the first one)."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)


class _File(click.Path):
    """A file that is there; `-` is what comes by standard input.

    `again`: it is read more than once. What comes by a pipe is kept in a file until the command
    ends, for a pipe gives its beginning to whoever reads first.
    """

    def __init__(self, *, again: bool = False) -> None:
        super().__init__(exists=True, dir_okay=False, readable=True)
        self._again = again

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        path = Path(str(super().convert("/dev/stdin" if value == "-" else value, param, ctx)))
        if not self._again or ctx is None or path.is_file():
            return str(path)
        from shutil import copyfileobj
        from tempfile import TemporaryDirectory

        kept = Path(ctx.with_resource(TemporaryDirectory())) / path.name
        with path.open("rb") as pipe, kept.open("wb") as file:
            copyfileobj(pipe, file)
        return str(kept)


FILE, READ_AGAIN = _File(), _File(again=True)


def text_of(path: str) -> str:
    """The text of a file in UTF-8, or the end of the command."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"not UTF-8 text (byte {error.start + 1} cannot be read).", where=path)
    except OSError as error:
        fail(f"{error.strerror}.", where=path)

"""What does this installation need to know? One frozen value, read from the environment.

All problems are reported at once. Secrets have no default in production; elsewhere they are made
once and kept in the instance folder, so that they survive restarts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assess import addresses, seeds

SHORTEST_SECRET = 32  # characters: 128 bits even when it is written in hexadecimal
PREFIX = "ASSESS_"
_COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?|[a-zA-Z]+", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", re.ASCII)


LEAST = {
    "port": 1,
    "workers": 1,
    "threads": 1,
    "idle_minutes": 10,  # a use is noted once a minute; five minutes before the end one is asked
    "session_hours": 1,
    "login_tries": 1,
    "login_lock_minutes": 1,
    "argon2_memory_kib": 8,
    "argon2_time": 1,
    "backups_kept": 1,
    "smtp_port": 1,
}
"""The least that each of these numbers may be."""

A_YEAR = 8_766  # hours
MOST = {
    "port": 65_535,
    "smtp_port": 65_535,
    "idle_minutes": A_YEAR * 60,
    "session_hours": A_YEAR,
    "login_lock_minutes": A_YEAR * 60,
    "argon2_memory_kib": 4_194_304,  # 4 GiB; a log-in with more fails, or takes the machine with it
    "argon2_time": 1_000,
    "grace_seconds": 300,  # more would be time to answer in
}
"""The most that each of these may be: beyond, no calendar and no machine can follow."""


class Mode(StrEnum):
    """Where the installation runs."""

    DEMO = "demo"
    PRODUCTION = "production"


class Tls(StrEnum):
    """How the way to the mail server is kept secret."""

    STARTTLS = "starttls"  # plain at first, then encrypted, or not at all
    TLS = "tls"  # from the first byte
    NONE = "none"


class SettingsError(Exception):
    """The environment cannot be used; `problems` holds one sentence for each cause."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration. Each field is the variable ASSESS_<NAME> of the environment.

    What is secret, or may hold a password, is in no text that is made of it.
    """

    mode: Mode = Mode.DEMO
    instance: Path = Path("instance")
    database_url: str = field(repr=False)
    redis_url: str | None = field(default=None, repr=False)
    secret_key: str = field(repr=False)  # signs the session cookie
    seed_key: str = field(repr=False)  # encrypts the seeds of draws at rest
    name: str = "Assess"
    colour: str = "#0b4f6c"  # of the masthead
    public_origin: str | None = None  # e.g. https://assess.example.org; behind a proxy
    proxies: int = 0  # how many trusted proxies add X-Forwarded-* headers
    timezone: str = "Europe/London"  # of a centre that names none
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 8
    idle_minutes: int = 60  # a session without a request ends; not during an open attempt
    session_hours: int = 12  # a session ends in any case
    login_tries: int = 5  # failures before a name is locked
    login_lock_minutes: int = 15
    argon2_memory_kib: int = 19_456  # OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1
    argon2_time: int = 2
    grace_seconds: int = 10  # after the deadline, in which an answer sent in time may arrive
    floods: bool = True  # limit requests per address
    backups: Path | None = None  # folder of the nightly backups; none are taken without
    backups_kept: int = 14  # older ones are removed
    backup_at: time = time(2)  # of day, in the time zone above
    pg_bin: Path | None = None  # folder of PostgreSQL's programs, where they are not in PATH
    smtp_host: str | None = None  # mails go to the console without
    smtp_port: int = 587  # RFC 6409: submission; 465 with TLS from the first byte
    smtp_tls: Tls = Tls.STARTTLS
    smtp_user: str | None = None
    smtp_password: str | None = field(default=None, repr=False)
    smtp_ca: Path | None = None  # a file of certificates to trust, where the system's do not do
    mail_from: str | None = None  # whom mails are from
    room: bool = False  # pages and door of the invigilated room; on in a demonstration

    @property
    def secure(self) -> bool:
        """Whether cookies are for https only."""
        return (self.public_origin or "").startswith("https://")

    @property
    def grace(self) -> timedelta:
        """How long after the deadline an answer may arrive and still count."""
        return timedelta(seconds=self.grace_seconds)

    @property
    def origin(self) -> str:
        """What addresses in mails begin with, without a slash at the end."""
        return (self.public_origin or f"http://{self.listening}").rstrip("/")

    @property
    def listening(self) -> str:
        """Host and port as addresses have them: an IPv6 host stands in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def production(self) -> bool:
        """Whether real people's data may be here."""
        return self.mode is Mode.PRODUCTION

    @classmethod
    def for_tests(cls, **overrides: Any) -> Self:
        """Settings for a test: fixed secrets and a cheap password hash."""
        values: dict[str, Any] = {
            "database_url": "sqlite://",
            "secret_key": "test-secret-key-" * 4,
            "seed_key": "test-seed-key-16" * 4,
            "argon2_memory_kib": 256,
            "argon2_time": 1,
            "floods": False,
            "room": True,
        }
        return cls(**(values | overrides))


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises SettingsError with every problem found."""
    env = dict(os.environ if environ is None else environ)
    problems: list[str] = []
    values: dict[str, Any] = {}

    known = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    for variable, f in known.items():
        if (text := env.get(variable, "").strip()) == "":
            continue
        try:
            values[f.name] = _READERS.get(str(f.type), str)(text)
        except ValueError as error:
            problems.append(f"{variable}={text!r}: {error}")

    for name, least in LEAST.items():
        if values.get(name, least) < least:
            problems.append(f"{PREFIX}{name.upper()} must be at least {least}.")
    for name, most in MOST.items():
        if values.get(name, most) > most:
            problems.append(f"{PREFIX}{name.upper()} must be at most {most}.")

    mode = values.get("mode", Mode.DEMO)
    instance: Path = values.get("instance", Path("instance"))
    if mode is Mode.PRODUCTION:
        for name in ("database_url", "secret_key", "seed_key", "public_origin"):
            if name not in values:
                problems.append(f"{PREFIX}{name.upper()} must be set in production.")
        if not str(values.get("public_origin", "https://")).startswith("https://"):
            problems.append(f"{PREFIX}PUBLIC_ORIGIN must begin with https:// in production.")
    for name in ("secret_key", "seed_key"):
        if name in values and len(values[name]) < SHORTEST_SECRET:
            problems.append(
                f"{PREFIX}{name.upper()} is too short: at least {SHORTEST_SECRET} characters."
            )
    if "secret_key" in values and values["secret_key"] == values.get("seed_key"):
        problems.append(f"{PREFIX}SECRET_KEY and {PREFIX}SEED_KEY must differ.")
    if "database_url" in values:
        problems += addresses.of_database(values["database_url"])
    if "redis_url" in values:
        problems += addresses.of_redis(values["redis_url"])
    if "public_origin" in values:
        problems += addresses.of_site(values["public_origin"])
    if "colour" in values and not _COLOUR.fullmatch(values["colour"]):
        problems.append(f"{PREFIX}COLOUR must be a colour such as #0b4f6c.")
    problems += _mail_problems(values)
    try:
        ZoneInfo(values.get("timezone", "Europe/London"))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is none
        problems.append(f"{PREFIX}TIMEZONE={values['timezone']!r} is no known time zone.")
    if not problems and mode is not Mode.PRODUCTION:
        problems += _keep_secrets(instance, values)
    if problems:
        raise SettingsError(tuple(problems))

    if mode is not Mode.PRODUCTION:
        values.setdefault("room", True)
        values.setdefault(
            "database_url", f"sqlite:///{(instance / 'assess.sqlite3').resolve().as_posix()}"
        )
    settings = Settings(**values)
    return replace(settings, database_url=_with_driver(settings.database_url))


def _keep_secrets(instance: Path, values: dict[str, Any]) -> list[str]:
    """Add the secrets that are not set from files of the instance folder; why that cannot be."""
    try:
        for name in ("secret_key", "seed_key"):
            if name not in values:
                values[name] = _kept_secret(instance, name)
                if len(values[name]) < SHORTEST_SECRET:
                    return [
                        f"The secret in {instance / name} is not whole: put it back from a copy, "
                        "or remove the file where nothing stands on it yet."
                    ]
    except OSError as error:
        return [
            f"Secrets cannot be kept in {instance}: {error.strerror}. {PREFIX}INSTANCE names a "
            "folder that can be written to."
        ]
    return []


def _kept_secret(instance: Path, name: str) -> str:
    """A secret made once and kept in the instance folder, readable by its owner only.

    It has its name only when it is whole, so that a process that starts beside this one, or after
    it was killed, never takes a part of it.
    """
    path = instance / name
    instance.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        unfinished = instance / f".{name}.{os.getpid()}"
        try:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(seeds.token())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # of two at once, the first
                os.link(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path.read_text(encoding="ascii", errors="replace").strip()


def _mail_problems(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with the settings of mail, taken together."""
    found = []
    if "smtp_host" in values and "mail_from" not in values:
        found.append(f"{PREFIX}MAIL_FROM must be set where {PREFIX}SMTP_HOST is.")
    if "mail_from" in values and not _ADDRESS.fullmatch(values["mail_from"]):
        found.append(f"{PREFIX}MAIL_FROM must be a plain address such as assess@example.org.")
    if ("smtp_user" in values) != ("smtp_password" in values):
        found.append(f"{PREFIX}SMTP_USER and {PREFIX}SMTP_PASSWORD go together.")
    if "smtp_ca" in values and not os.path.isfile(values["smtp_ca"]):  # noqa: PTH113 - never raises
        found.append(f"{PREFIX}SMTP_CA: there is no file {values['smtp_ca']}.")
    away = values.get("smtp_host") not in {"localhost", "127.0.0.1", "::1"}
    if "smtp_password" in values and values.get("smtp_tls") is Tls.NONE and away:
        found.append(f"{PREFIX}SMTP_TLS=none would send the password in clear to another machine.")
    return found


def _with_driver(url: str) -> str:
    """Name the driver we ship, so that a plain postgresql:// works."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgresql", "postgres"} else url


def _flag(text: str) -> bool:
    if text.lower() in {"1", "yes", "true", "on"}:
        return True
    if text.lower() in {"0", "no", "false", "off"}:
        return False
    raise ValueError("say yes or no.")


def _natural(text: str) -> int:
    if text.isascii() and text.isdecimal():
        return int(text)
    raise ValueError("must be a whole number.")


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise ValueError("say demo or production.") from None


def _tls(text: str) -> Tls:
    try:
        return Tls(text)
    except ValueError:
        raise ValueError("say starttls, tls or none.") from None


def _time(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a wall clock has no zone
    except ValueError:
        raise ValueError("say a time of day such as 02:30.") from None


_READERS = {
    "bool": _flag,
    "int": _natural,
    "time": _time,
    "Mode": _mode,
    "Tls": _tls,
    "Path": Path,
    "Path | None": Path,
}

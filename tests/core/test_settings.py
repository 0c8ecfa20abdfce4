"""What is read from the environment, what is refused, and that secrets are kept."""

from __future__ import annotations

import stat
from datetime import time
from pathlib import Path

import pytest

from assess.actions.context import Context
from assess.settings import LEAST, MOST, Mode, Settings, SettingsError, Tls, from_environment
from tests.conftest import START

PRODUCTION = {
    "ASSESS_MODE": "production",
    "ASSESS_DATABASE_URL": "postgresql://assess@localhost/assess",
    "ASSESS_SECRET_KEY": "a" * 40,
    "ASSESS_SEED_KEY": "b" * 40,
    "ASSESS_PUBLIC_ORIGIN": "https://assess.example",
}


def problems(environ: dict[str, str]) -> str:
    """All that is wrong with an environment."""
    with pytest.raises(SettingsError) as caught:
        from_environment(environ)
    return str(caught.value)


def test_an_empty_environment_is_a_trial_on_sqlite_with_secrets_of_its_own(tmp_path: Path) -> None:
    environ = {"ASSESS_INSTANCE": str(tmp_path / "instance")}
    first, again = from_environment(environ), from_environment(environ)
    assert first == again
    assert first.mode is Mode.DEMO
    assert first.database_url.startswith("sqlite:///")
    assert first.secret_key != first.seed_key
    kept = tmp_path / "instance" / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_trial_says_which_secret_it_cannot_keep_or_trust(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = problems({"ASSESS_INSTANCE": str(tmp_path / "file")})
    assert "Secrets cannot be kept" in said
    assert "ASSESS_INSTANCE" in said
    (tmp_path / "seed_key").touch()  # as an older version left it when it was killed
    assert f"{tmp_path / 'seed_key'} is not whole" in problems({"ASSESS_INSTANCE": str(tmp_path)})


def test_no_sentence_about_an_address_holds_its_password() -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        for url in ("postgresql://u:hidden@h:x/y", "redis://u:hidden@h:x/y", "u:hidden@h"):
            assert "hidden" not in problems(PRODUCTION | {f"ASSESS_{name}": url})


def test_an_address_of_the_sixth_version_stands_in_brackets() -> None:
    settings = from_environment(PRODUCTION | {"ASSESS_HOST": "::1"})
    assert settings.listening == "[::1]:8000"


def test_production_has_no_default_secret_and_says_everything_that_is_missing() -> None:
    said = problems({"ASSESS_MODE": "production"})
    for name in ("DATABASE_URL", "SECRET_KEY", "SEED_KEY", "PUBLIC_ORIGIN"):
        assert f"ASSESS_{name} must be set in production" in said


def test_a_whole_production_environment_is_taken_and_names_the_driver() -> None:
    settings = from_environment(PRODUCTION)
    assert settings.production
    assert settings.secure
    assert settings.database_url == "postgresql+psycopg://assess@localhost/assess"


def test_backups_are_nightly_only_where_a_folder_for_them_is_named() -> None:
    assert from_environment(PRODUCTION).backups is None
    told = {"ASSESS_BACKUPS": "/srv/backups", "ASSESS_BACKUP_AT": "03:30"}
    settings = from_environment(PRODUCTION | told)
    assert (settings.backups, settings.backup_at) == (Path("/srv/backups"), time(3, 30))


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ASSESS_MODE", "testing", "say demo or production"),
        ("ASSESS_PORT", "eighty", "must be a whole number"),
        ("ASSESS_PORT", "²", "must be a whole number"),
        ("ASSESS_FLOODS", "perhaps", "say yes or no"),
        ("ASSESS_DATABASE_URL", "mysql://x/y", "must begin with postgresql:// or sqlite:///"),
        ("ASSESS_DATABASE_URL", "sqlite:", "must begin with postgresql:// or sqlite:///"),
        ("ASSESS_DATABASE_URL", "postgresql+asyncpg://x/y", "must begin with postgresql://"),
        ("ASSESS_DATABASE_URL", "postgresql://u@h:port/x", "cannot be read"),
        ("ASSESS_DATABASE_URL", "postgresql://u:p@[::1/x", "cannot be read"),
        ("ASSESS_DATABASE_URL", "sqlite://folder/x.sqlite3", "SQLite is a file here"),
        ("ASSESS_DATABASE_URL", "sqlite:///", "a database in memory"),
        ("ASSESS_DATABASE_URL", "sqlite:///:memory:", "a database in memory"),
        ("ASSESS_DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "a database in memory"),
        ("ASSESS_REDIS_URL", "http://x", "must begin with redis://"),
        ("ASSESS_REDIS_URL", "redis://h:port/0", "REDIS_URL cannot be read"),
        ("ASSESS_PUBLIC_ORIGIN", "https://", "an address without a path"),
        ("ASSESS_PUBLIC_ORIGIN", "https://assess.example/here", "an address without a path"),
        ("ASSESS_COLOUR", "red;}", "a colour such as"),
        ("ASSESS_SECRET_KEY", "short", "too short"),
        ("ASSESS_SEED_KEY", "a" * 40, "must differ"),
        ("ASSESS_PUBLIC_ORIGIN", "http://assess.example", "must begin with https://"),
        ("ASSESS_TIMEZONE", "Mars/Olympus", "no known time zone"),
        ("ASSESS_TIMEZONE", "Europe", "no known time zone"),
        ("ASSESS_BACKUP_AT", "25:00", "say a time of day"),
        ("ASSESS_SMTP_HOST", "mail.example", "ASSESS_MAIL_FROM must be set"),
        ("ASSESS_SMTP_TLS", "perhaps", "say starttls, tls or none"),
        ("ASSESS_SMTP_USER", "me", "go together"),
        ("ASSESS_SMTP_CA", "/nowhere/ca.pem", "there is no file /nowhere/ca.pem"),
        ("ASSESS_MAIL_FROM", "Assess <a@b.org>", "must be a plain address"),
        *(
            (f"ASSESS_{name.upper()}", "0", f"must be at least {least}")
            for name, least in LEAST.items()
        ),
        *(
            (f"ASSESS_{name.upper()}", str(most + 1), f"must be at most {most}.")
            for name, most in MOST.items()
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(variable: str, value: str, said: str) -> None:
    assert said in problems(PRODUCTION | {variable: value})


def test_a_password_of_the_mail_server_never_goes_in_clear_to_another_machine() -> None:
    mail = {
        "ASSESS_SMTP_HOST": "mail.example",
        "ASSESS_SMTP_USER": "me",
        "ASSESS_SMTP_PASSWORD": "secret",
        "ASSESS_MAIL_FROM": "assess@example.org",
    }
    assert from_environment(PRODUCTION | mail).smtp_tls is Tls.STARTTLS
    assert "in clear" in problems(PRODUCTION | mail | {"ASSESS_SMTP_TLS": "none"})
    near = {"ASSESS_SMTP_HOST": "localhost", "ASSESS_SMTP_TLS": "none"}
    assert from_environment(PRODUCTION | mail | near).smtp_host == "localhost"


def test_all_problems_come_together() -> None:
    said = problems(PRODUCTION | {"ASSESS_PORT": "x", "ASSESS_MODE": "y", "ASSESS_TIMEZONE": "z"})
    assert len(said.splitlines()) == 3


def test_no_text_made_of_the_settings_holds_a_secret() -> None:
    secret = "hidden-" * 8
    kept = Settings.for_tests(
        database_url=f"postgresql://me:{secret}@db/assess",
        redis_url=f"redis://:{secret}@cache/0",
        secret_key=secret,
        seed_key=secret,
        smtp_password=secret,
    )
    assert secret not in f"{kept} {kept!r} {Context(START, kept, 1)!r}"

"""How does a mail leave: through the mail server that is set, or onto the console?

The standard library speaks to the server (RFC 5321, submission RFC 6409). What it answers is sorted
into three: taken, not now, never.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol

from assess.settings import Settings, Tls
from assess.store.mail import Mail

log = logging.getLogger("assess.mail")
TIMEOUT = 20.0  # seconds to wait for each answer of the server
NOBODY = "assess@localhost"  # whom a mail on the console is from
REFUSED_FOR_GOOD = range(500, 600)  # RFC 5321, 4.2.1: a permanent negative reply


class NotNow(Exception):  # noqa: N818 - what the server says, no fault of ours
    """The server cannot be reached or does not take the mail now; another try may help."""


class Never(Exception):  # noqa: N818
    """The server does not take this mail, whatever is tried."""


class Post(Protocol):
    """An open way to somewhere mails go."""

    @property
    def lost(self) -> bool:
        """Whether nothing more can be sent by it."""
        ...

    def send(self, mail: Mail) -> None:
        """Hand a mail over. Raises NotNow or Never."""
        ...


def message(mail: Mail, sender: str, service: str) -> EmailMessage:
    """The mail as it goes over the line: plain text, marked as sent by a machine (RFC 3834)."""
    found = EmailMessage()
    found["From"] = f"{_quoted(service)} <{sender}>"
    found["To"] = mail.address
    found["Subject"] = mail.subject or ""
    found["Date"] = format_datetime(mail.created_at)
    found["Message-ID"] = mail.message_id
    found["Auto-Submitted"] = "auto-generated"
    found.set_content(mail.body or "")
    return found


class Console:
    """Writes mails where the worker's log goes: for trial, and where no server is set."""

    lost = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, mail: Mail) -> None:
        """Write the mail down."""
        sender = self._settings.mail_from or NOBODY
        log.warning("mail on the console:\n%s", message(mail, sender, self._settings.name))


class Server:
    """An open session with the mail server."""

    def __init__(self, session: smtplib.SMTP, settings: Settings) -> None:
        self._session, self._settings = session, settings

    @property
    def lost(self) -> bool:
        """Whether the line is cut: by the server (421, or without a word), or after a silence."""
        return self._session.sock is None

    def send(self, mail: Mail) -> None:
        """Hand the mail over; when this returns, the server has taken it."""
        sender = self._settings.mail_from or NOBODY
        try:
            self._session.send_message(message(mail, sender, self._settings.name))
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _sorted(code, said) from error
        except smtplib.SMTPDataError as error:
            raise _sorted(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotNow(_said(error)) from error
        except ValueError as error:  # a header that no server could take
            raise Never(_said(error)) from error


@contextmanager
def opened(settings: Settings) -> Iterator[Post]:
    """A way to where mails go. Raises NotNow where the server is away or lets us not in."""
    if settings.smtp_host is None:
        yield Console(settings)
        return
    try:
        session = _connected(settings, settings.smtp_host)
    except (smtplib.SMTPException, OSError, ValueError) as error:  # a name or password in no ASCII
        raise NotNow(_said(error)) from error
    try:
        yield Server(session, settings)
    finally:
        try:
            session.quit()
        except (smtplib.SMTPException, OSError):
            session.close()


def _connected(settings: Settings, host: str) -> smtplib.SMTP:
    if settings.smtp_tls is Tls.TLS:
        session: smtplib.SMTP = smtplib.SMTP_SSL(
            host, settings.smtp_port, timeout=TIMEOUT, context=_trusted(settings)
        )
    else:
        session = smtplib.SMTP(host, settings.smtp_port, timeout=TIMEOUT)
    try:
        if settings.smtp_tls is Tls.STARTTLS:
            session.starttls(context=_trusted(settings))
        if settings.smtp_user is not None and settings.smtp_password is not None:
            session.login(settings.smtp_user, settings.smtp_password)
    except BaseException:
        session.close()
        raise
    return session


def _trusted(settings: Settings) -> ssl.SSLContext:
    """Whom we believe. To read all authorities takes longer than to send a mail in clear."""
    return ssl.create_default_context(cafile=settings.smtp_ca)


def _sorted(code: int, said: bytes | str) -> NotNow | Never:
    words = f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return Never(words) if code in REFUSED_FOR_GOOD else NotNow(words)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _quoted(name: str) -> str:
    plain = "".join(c for c in name if c.isprintable() and c not in '"\\')
    return f'"{plain}"'

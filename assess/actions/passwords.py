"""Is this the person's password, and is a new one strong enough? Argon2id; nothing is kept clear.

Parameters: OWASP Password Storage Cheat Sheet (19 MiB, t=2, p=1), from the settings.
"""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from assess.reasons import Code, Helper, Reason
from assess.settings import Settings

SHORTEST = 10  # characters
LONGEST = 200  # characters; hashing takes any length, but a request must not be a megabyte
STRONG_ENOUGH = 3  # of 4 (zxcvbn): safely unguessable for whoever stole the hashes
JUDGED = 40  # characters: zxcvbn takes long over more, and more cannot make it weaker
FEW = 4  # signs that look like letters, of which zxcvbn tries every reading
LETTERS = str.maketrans("4@8({[<3691!|0$5+7%2", "aabcccceggiilossttxz")
NO_LETTERS = str.maketrans("@({[<!|$+%", "~" * 10)

# Hashing takes 19 MiB and a core; more at once than cores would only make everybody wait.
_SLOTS = threading.BoundedSemaphore(2)


@cache
def _hasher(memory: int, time: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time, memory_cost=memory, parallelism=1)


def _of(settings: Settings) -> PasswordHasher:
    return _hasher(settings.argon2_memory_kib, settings.argon2_time)


def hash_of(password: str, settings: Settings) -> str:
    """The hash to store."""
    with _SLOTS:
        return _of(settings).hash(password)


def matches(stored: str | None, password: str, settings: Settings) -> bool:
    """Whether the password is the stored one. Takes as long when there is none to compare with."""
    with _SLOTS:
        try:
            _of(settings).verify(stored if stored else _nobody(settings), password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None


def outdated(stored: str, settings: Settings) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _of(settings).check_needs_rehash(stored)


def why_not(password: str, about: tuple[str, ...]) -> tuple[Reason, ...]:
    """Every reason why this cannot be a person's password; `about`: their name and log-in name."""
    from zxcvbn import zxcvbn  # only here: its lists take long to import, and few set a password

    if len(password) < SHORTEST:
        return (_weak("short", SHORTEST),)
    if len(password) > LONGEST:
        return (_weak("long", LONGEST),)
    told = [word for text in about for word in (text, *text.replace("@", " ").split())]
    if any(zxcvbn(one, user_inputs=told)["score"] < STRONG_ENOUGH for one in _read(password)):
        return (_weak("guessable", SHORTEST),)
    return ()


def _read(password: str) -> tuple[str, ...]:
    """What of a password zxcvbn judges, none of which may be weak.

    It knows `@` for an `a`, and tries all readings of all such signs together: twenty of them took
    it half a minute. Where there are many, it judges the letters that they look like, and once
    more what they are if they are none: digits, which may be a date, and signs like any other.
    """
    judged = password[:JUDGED]
    if sum(ord(sign) in LETTERS for sign in set(judged)) <= FEW:
        return (judged,)
    return judged.translate(LETTERS), judged.translate(NO_LETTERS)


def _weak(what: str, allowed: int) -> Reason:
    return Reason(Code.PASSWORD_WEAK, {"what": what, "allowed": allowed}, who=Helper.YOU)


@cache
def _nobody(settings: Settings) -> str:
    """A hash that nobody's password has, so that an unknown name costs as much as a known one."""
    return _of(settings).hash("nobody's password")

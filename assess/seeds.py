"""Where chance and secrecy come from: the only caller of `secrets` in the project."""

from __future__ import annotations

import secrets

SEED_BYTES = 32


def seed() -> bytes:
    """A new secret seed for an epoch of draws: 32 unguessable bytes."""
    return secrets.token_bytes(SEED_BYTES)


def salt() -> bytes:
    """A new salt for a digest of personal details: 16 bytes."""
    return secrets.token_bytes(16)


def token() -> str:
    """A new unguessable token for a session: 256 bits, URL-safe text."""
    return secrets.token_urlsafe(32)


def nonce() -> bytes:
    """A number to be used once, with AES-GCM: 12 bytes."""
    return secrets.token_bytes(12)


def mask(length: int) -> bytes:
    """Random bytes to hide a text of this length behind, once."""
    return secrets.token_bytes(length)


def pseudonym() -> str:
    """A new pseudonymous identifier of a candidate: 128 bits, hexadecimal."""
    return secrets.token_hex(16)


ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no 0/o, 1/i/l: it is read aloud and typed


def verification_code() -> str:
    """A code that a statement of result bears: 20 letters and digits (about 99 bits), in fours."""
    return passphrase(groups=5)


def passphrase(groups: int = 4, size: int = 4) -> str:
    """A password to hand to a person, such as `k7wd-p3fa-x9mm-2qtr` (about 79 bits)."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(size)) for _ in range(groups))

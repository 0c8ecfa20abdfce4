"""What does the player carry, so that a save need not be looked up? A sealed token.

It names the attempt, its candidate, the session, the number of the writer, and what parsing an
answer needs: of each question the kind and the order in which its options are shown. It is
encrypted, not only signed: the order in which an author wrote the options can give keys away.

Bytes: `HEAD`, the last of which is the length of what follows: the names of the kinds, parted by
spaces. Then for each question the number of its kind among them, its number of options, and the
version's own option at each place shown. Sealed by AES-GCM under a key made of the secret key,
behind a nonce of 12 bytes; in the URL-safe alphabet of Base64.
"""

from __future__ import annotations

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from itsdangerous import BadData, URLSafeTimedSerializer

from assess import seeds
from assess.actions.saving import Shown, Sitting
from assess.web import form_tokens

LABEL = b"assess-sitting/1"
FORM = "wtf-csrf-token"  # Flask-WTF's name for what it signs
HEAD = struct.Struct(">QQQI16sH")
NONCE = 12  # bytes
LONGEST = 16_384  # characters: 200 questions of 26 options are below it


def seal(secret: str, cookie: str, sitting: Sitting) -> str:
    """The token of a device at work; it works in the session whose own token `cookie` is."""
    kinds = sorted({shown.kind for shown in sitting.questions})
    names = " ".join(kinds).encode()
    ids = (sitting.attempt_id, sitting.person_id, sitting.session_id, sitting.writer)
    content = bytearray(HEAD.pack(*ids, _bound(cookie), len(names)) + names)
    for shown in sitting.questions:
        order = shown.order or range(shown.options)
        content += bytes((kinds.index(shown.kind), shown.options, *order))
    nonce = seeds.nonce()
    return urlsafe_b64encode(nonce + _cipher(secret).encrypt(nonce, bytes(content), LABEL)).decode()


def unseal(secret: str, cookie: str | None, token: object) -> Sitting | None:
    """The device that a token was sealed for; None for whatever is not one of this session's.

    `cookie` None: of whichever session, for a journal may be brought by a later one.
    """
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST:
        return None
    try:
        found, bound = _open(secret, token)
    except (ValueError, InvalidTag):
        return None
    return found if cookie is None or bound == _bound(cookie) else None


def known_csrf(secret: str, sent: str, kept: object) -> bool:
    """Whether this form token is good for the session that keeps `kept`.

    It looks at what Flask-WTF looks at, without a request; whoever is told no may ask it still.
    """
    try:
        return isinstance(kept, str) and bool(sent) and _csrf(secret, sent) == kept
    except BadData:
        return False


@lru_cache(maxsize=4096)  # tokens that were signed here: the others raise
def _csrf(secret: str, sent: str) -> object:
    """What a form token names; nothing in it goes out of date: it lives as long as the session."""
    return URLSafeTimedSerializer(secret, salt=FORM).loads(form_tokens.unmasked(sent) or "")


@lru_cache(maxsize=2048)  # tokens that are good: the others raise
def _open(secret: str, token: str) -> tuple[Sitting, bytes]:
    sealed = urlsafe_b64decode(token)
    content = _cipher(secret).decrypt(sealed[:NONCE], sealed[NONCE:], LABEL)
    attempt, person, session, writer, bound, length = HEAD.unpack_from(content)
    at = HEAD.size + length
    kinds = content[HEAD.size : at].decode().split(" ")
    questions = []
    while at < len(content):
        kind, options = content[at : at + 2]
        order = tuple(content[at + 2 : at + 2 + options])
        questions.append(Shown(kinds[kind], options, order))
        at += 2 + options
    return Sitting(attempt, person, session, writer, tuple(questions)), bound


@lru_cache(maxsize=4)
def _cipher(secret: str) -> AESGCM:
    return AESGCM(hashlib.sha256(LABEL + secret.encode()).digest())


def _bound(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()[:16]

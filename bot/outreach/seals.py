"""Seals the passwords and tokens of mailboxes before they are stored, so that a copied database opens none of them.

Fernet (AES-128-CBC with HMAC-SHA256) under the keys of LOOKOUT_SECRET_KEYS: the first one seals, each of them opens.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from scoring.errors import InvalidInput
from scoring.mailboxes import Mailbox

NO_KEYS = (
    "LOOKOUT_SECRET_KEYS is not set, so the mailbox of {email} cannot be opened or kept. Make a key with "
    "`lookout mailbox key`, keep it apart from backups of the database, and set it."
)
BAD_KEY = "LOOKOUT_SECRET_KEYS: key {place} is no key. Make one with `lookout mailbox key`."
NOT_OURS = (
    "What opens the mailbox of {email} was sealed with a key that is not in LOOKOUT_SECRET_KEYS. Put that key back, or "
    "run `lookout mailbox add {email}` again."
)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens a mailbox: a password, or what Google or Microsoft gave us. Never printed."""

    password: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)


class Seals:
    """Closes and opens secrets; `InvalidInput` in sentences that show none."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [_key(key, place) for place, key in enumerate(keys, start=1)]

    def seal(self, email: str, secrets: Secrets) -> str:
        """The secrets of one mailbox, unreadable; they open for this address alone."""
        return self._fernet(email).encrypt(json.dumps({"email": _same(email)} | asdict(secrets)).encode()).decode()

    def open(self, mailbox: Mailbox) -> Secrets:
        """The secrets again; also refused when they were sealed for another mailbox."""
        try:
            inside = json.loads(self._fernet(mailbox.email).decrypt(mailbox.sealed.encode()))
        except InvalidToken:
            raise InvalidInput(NOT_OURS.format(email=mailbox.email)) from None
        if inside.pop("email", "") != _same(mailbox.email):
            raise InvalidInput(NOT_OURS.format(email=mailbox.email))
        return Secrets(**inside)

    def renewed(self, mailbox: Mailbox) -> str:
        """The same secrets, sealed with the newest key."""
        return self.seal(mailbox.email, self.open(mailbox))

    def _fernet(self, email: str) -> MultiFernet:
        if not self._keys:
            raise InvalidInput(NO_KEYS.format(email=email))
        return MultiFernet(self._keys)


def new_key() -> str:
    """A key nobody has seen before."""
    return Fernet.generate_key().decode()


def _key(text: str, place: int) -> Fernet:
    try:
        return Fernet(text)
    except ValueError:
        raise InvalidInput(BAD_KEY.format(place=place)) from None


def _same(email: str) -> str:
    return email.strip().lower()
